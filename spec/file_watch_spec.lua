local core = require "slack.core"
local files = require "support.files"

local function all_changes(watch)
  local changes = {}
  local directory, name, what, is_directory = watch:take()
  while directory do
    changes[#changes + 1] = ("%s %s%s"):format(what, name, is_directory and "/" or "")
    directory, name, what, is_directory = watch:take()
  end
  return changes
end

describe("file_watch", function()
  local watch, directory, path

  before_each(function()
    directory = files.temporary()
    path = directory.path
    watch = assert(core.file_watch())
    assert(watch:add(path))
  end)

  after_each(function()
    watch:close()
    getmetatable(directory).__close()
  end)

  it("is readable while changes wait", function()
    local poller, ready = core.poller(), {}
    assert(poller:add(watch:fd()))
    assert.equal(0, poller:wait(0, ready))
    files.write(path .. "/a.lua", "return 1")
    assert.equal(1, poller:wait(0, ready))
    all_changes(watch)
    assert.equal(0, poller:wait(0, ready))
    poller:close()
  end)

  it("reports a file as changed when it was written and closed, not before", function()
    local file = assert(io.open(path .. "/a.lua", "w"))
    file:write("half")
    file:flush()
    assert.same({ "created a.lua" }, all_changes(watch))
    file:close()
    assert.same({ "changed a.lua" }, all_changes(watch))
  end)

  it("reports a link, of which nothing more is to come", function()
    os.execute(("ln -s elsewhere.lua '%s/a.lua'"):format(path))
    assert.same({ "created a.lua" }, all_changes(watch))
  end)

  for name, save in pairs {
    ["writing it again"] = function(target)
      files.write(target, "new")
    end,
    ["renaming a new file over it"] = function(target)
      files.write(target .. ".tmp", "new")
      os.rename(target .. ".tmp", target)
    end,
    ["moving it to a backup and writing a new one"] = function(target)
      os.rename(target, target .. "~")
      files.write(target, "new")
    end,
    ["removing it and writing a new one"] = function(target)
      os.remove(target)
      files.write(target, "new")
    end,
  } do
    it("sees an editor save a file by " .. name, function()
      files.write(path .. "/a.lua", "old")
      all_changes(watch)
      save(path .. "/a.lua")
      local last
      for _, change in ipairs(all_changes(watch)) do
        last = change:find("a.lua", 1, true) and change:sub(-5) == "a.lua" and change or last
      end
      assert.equal("changed a.lua", last)
    end)
  end

  it("reports what is deleted or moved away", function()
    files.write(path .. "/a.lua", "")
    files.write(path .. "/b.lua", "")
    all_changes(watch)
    local elsewhere <close> = files.temporary()
    os.remove(path .. "/a.lua")
    os.rename(path .. "/b.lua", elsewhere.path .. "/b.lua")
    assert.same({ "gone a.lua", "gone b.lua" }, all_changes(watch))
  end)

  it("reports directories as they come and go", function()
    os.execute("mkdir " .. path .. "/sub")
    os.execute("rmdir " .. path .. "/sub")
    assert.same({ "changed sub/", "gone sub/" }, all_changes(watch))
  end)

  it("tells directories apart by their numbers, and forgets one", function()
    os.execute("mkdir " .. path .. "/sub")
    local number = assert(watch:add(path .. "/sub"))
    all_changes(watch)
    files.write(path .. "/sub/b.lua", "")
    assert.same({ number, "b.lua", "created", false }, { watch:take() })
    assert.same({ number, "b.lua", "changed", false }, { watch:take() })
    watch:remove(number)
    files.write(path .. "/sub/b.lua", "")
    assert.same({}, all_changes(watch))
    watch:remove(number)
  end)

  it("reports that a watched directory itself has gone", function()
    os.execute("mkdir " .. path .. "/sub")
    local number = assert(watch:add(path .. "/sub"))
    all_changes(watch)
    os.execute("rmdir " .. path .. "/sub")
    assert.same({ number, "", "gone", true }, { watch:take() })
    assert.same({ "gone sub/" }, all_changes(watch))
  end)

  it("says that changes were lost when there were too many", function()
    local limit = tonumber(files.read("/proc/sys/fs/inotify/max_queued_events"))
    if limit > 20000 then
      pending("the queue of this system is too long to fill here")
      return
    end
    local one, other = path .. "/one", path .. "/other"
    files.write(one, "")
    for _ = 1, limit // 2 + 10 do
      os.rename(one, other)
      one, other = other, one
    end
    local overflows = 0
    local number = watch:take()
    while number do
      overflows = overflows + (number == -1 and 1 or 0)
      number = watch:take()
    end
    assert.equal(1, overflows)
  end)

  it("says why a directory cannot be watched", function()
    local number, message, code = watch:add(path .. "/none")
    assert.is_nil(number)
    assert.equal(path .. "/none: No such file or directory", message)
    assert.equal("system", code)
    files.write(path .. "/file", "")
    assert.is_nil((watch:add(path .. "/file")))
  end)

  it("raises after it was closed", function()
    watch:close()
    watch:close()
    assert.error_matches(function()
      watch:take()
    end, "has been closed")
  end)
end)

describe("core.stat", function()
  it("tells whose a file is, and who else may use it", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/own"
    assert.is_true(core.make_directory(path, true))
    local _, kind, mode, owner = core.stat(path)
    assert.same({ "directory", tonumber("700", 8), core.user_id() }, { kind, mode, owner })
    local made, message, code = core.make_directory(path, true)
    assert.is_nil(made)
    assert.matches("own: File exists", message)
    assert.equal("system", code)
  end)

  it("gives another stamp when a file was saved, and the same when not", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/a.lua"
    assert.is_nil((core.stat(path)))
    files.write(path, "one")
    local stamp, kind = core.stat(path)
    assert.equal("file", kind)
    assert.equal(stamp, (core.stat(path)))
    files.write(path .. ".new", "two")
    os.rename(path .. ".new", path)
    assert.not_equal(stamp, (core.stat(path)))
    assert.equal("directory", select(2, core.stat(directory.path)))
    assert.equal("other", select(2, core.stat("/dev/null")))
  end)
end)

describe("core.list_directory", function()
  it("gives the names in a directory, sorted", function()
    local directory <close> = files.temporary()
    for _, name in ipairs { "c.lua", "a.lua", ".hidden", "b" } do
      files.write(directory.path .. "/" .. name, "")
    end
    assert.same({ ".hidden", "a.lua", "b", "c.lua" }, core.list_directory(directory.path))
  end)

  it("says why a directory cannot be read", function()
    local names, message = core.list_directory("/nonexistent")
    assert.is_nil(names)
    assert.equal("/nonexistent: No such file or directory", message)
  end)
end)
