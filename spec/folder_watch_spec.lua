local FolderWatch = require "slack.folder_watch"

-- In place of slack.core.file_watch: notices that the spec makes, numbers in their order.
local function new_watch()
  local watch = { added = {}, removed = {}, notices = {} }
  function watch:add(path)
    if self.refuses then
      return nil, self.refuses
    end
    table.insert(self.added, path)
    return #self.added
  end
  function watch:remove(number) table.insert(self.removed, number) end
  function watch:take()
    return table.unpack(table.remove(self.notices, 1) or {})
  end
  return watch
end

describe("a folder that is watched", function()
  local watch, folder, warnings

  before_each(function()
    watch, warnings = new_watch(), {}
    folder = FolderWatch.new(watch, { warn = function(_, ...)
      table.insert(warnings, string.format(...))
    end })
  end)

  -- A look that comes to these directories: identity -> path below the folder.
  local function look(directories)
    folder:begin_look()
    for identity, prefix in pairs(directories) do
      folder:add("bot/" .. prefix, prefix, identity)
    end
    folder:end_look()
  end

  local function take(...)
    watch.notices = { ... }
    folder:take()
  end

  it("has each directory watched once, and those no more that are not found again", function()
    look { top = "" }
    look { top = "", sub = "sub/" }
    assert.same({ "bot/", "bot/sub/" }, watch.added)
    assert.same({}, watch.removed)
    look { top = "" }
    assert.same({ 2 }, watch.removed)
    look { top = "", sub = "again/" }
    assert.same({ "bot/", "bot/sub/", "bot/again/" }, watch.added)
  end)

  it("knows files that were written and closed as whole, until the next look is over", function()
    look { top = "", sub = "sub/" }
    local sub = folder.prefixes[1] == "sub/" and 1 or 2
    take({ sub, "a.lua", "changed", false }, { sub, "new", "changed", true },
      { 3 - sub, "b.lua", "removed", false }, { 7, "of none.lua", "changed", false })
    assert.same({ ["sub/a.lua"] = true }, folder.whole)
    look { top = "", sub = "sub/" }
    assert.same({}, folder.whole)
  end)

  it("has a directory watched anew when its watch has ended", function()
    look { top = "" }
    take { 1, "", "gone", true }
    look { top = "" }
    assert.same({ "bot/", "bot/" }, watch.added)
  end)

  it("says once which directory sends no notices", function()
    watch.refuses = "no space"
    look { top = "" }
    look { top = "" }
    assert.is_true(folder.has_gaps)
    assert.same({ "bot/ sends no notices of changes, and is looked at often instead: no space" },
      warnings)
    watch.refuses = nil
    look { top = "" }
    assert.is_false(folder.has_gaps)
  end)
end)
