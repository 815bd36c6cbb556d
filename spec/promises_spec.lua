-- Whatever the README promises names what would fail if it were not so: a spec, or a target of
-- the Makefile. A name alone shows nothing, so each is looked into.

local files = require "support.files"

local README = files.read "README.md"
local MAKEFILE = files.read "Makefile"

-- Chapter -> the fewest rows that it can have: a table that is not found has none.
local CHAPTERS = { Promises = 40, Security = 20 }

local function chapter_of(name)
  return assert(README:match("\n## " .. name .. "\n(.-)\n## "), "no chapter " .. name)
end

-- The rows of tables whose last column says what shows the first.
local function rows_of(name)
  local rows, is_shown = {}, false
  for line in chapter_of(name):gmatch "[^\n]+" do
    if not line:find "^|" then
      is_shown = false
    elseif line:find "| shown by |$" then
      is_shown = true
    elseif is_shown and not line:find "^| %-%-%-" then
      rows[#rows + 1] = { promise = line:match "^| (.-) |", shown = line:match "| ([^|]*) |$" }
    end
  end
  return rows
end

local function holds_tests(path, text)
  if path:find "%.c$" then
    return text:find "\nint main%(" ~= nil
  end
  return path:find "_spec%.lua$" ~= nil and text:find "%f[%w]it%(" ~= nil
end

local function check_link(path, row)
  local file <close> = io.open(path)
  assert.truthy(file, ("%s: there is no %s"):format(row.promise, path))
  assert.truthy(holds_tests(path, file:read "a"), ("%s: no test is in %s"):format(row.promise,
    path))
end

local function check_target(name, row)
  assert.truthy(MAKEFILE:find("\n" .. name:gsub("%-", "%%-") .. ":"),
    ("%s: there is no make %s"):format(row.promise, name))
end

for name, fewest in pairs(CHAPTERS) do
  describe("the README's chapter " .. name, function()
    local rows = rows_of(name)

    it("has a table of what it says and what shows it", function()
      assert.is_true(#rows >= fewest, ("%d rows"):format(#rows))
    end)

    it("names for each at least one test that is there", function()
      for _, row in ipairs(rows) do
        local count = 0
        for path in row.shown:gmatch "%]%(([^)]*)%)" do
          count = count + 1
          check_link(path, row)
        end
        for target in row.shown:gmatch "`make ([%w-]+)" do
          count = count + 1
          check_target(target, row)
        end
        assert.is_true(count > 0, row.promise)
      end
    end)

    it("says each once", function()
      local seen = {}
      for _, row in ipairs(rows) do
        assert.is_nil(seen[row.promise], row.promise)
        seen[row.promise] = true
      end
    end)
  end)
end
