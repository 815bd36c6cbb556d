-- What `make test` says at its end: spec/support/side_by_side and spec/support/tally.lua.
local files = require "support.files"
local lfs = require "lfs"

local HERE = lfs.currentdir()

-- Runs these specs as `make test` does, in a tree of their own; gives its output.
local function run(specs)
  local directory <close> = files.temporary()
  local path = directory.path
  assert(files.run(("cd '%s' && mkdir spec && ln -s '%s/lua' '%s/.busted' . && "
    .. "ln -s '%s/spec/support' spec"):format(path, HERE, HERE, HERE)))
  for name, text in pairs(specs) do
    files.write(("%s/spec/%s_spec.lua"):format(path, name), text)
  end
  local core = os.getenv "SLACK_CORE_DIR" or "build"
  local ok, output = files.run(("cd '%s' && unset TALLY REMARKS && SLACK_CORE_DIR='%s' "
    .. "spec/support/side_by_side 2 lua5.4 spec/support/busted.lua --output "
    .. "spec/support/tally.lua"):format(path, core:find "^/" and core or HERE .. "/" .. core))
  return output, ok
end

describe("the end of make test", function()
  it("says what failed, why something was skipped, and the sum", function()
    local specs = { good = 'it("is good", function() end)' }
    specs.bad = 'it("is bad", function() error "oh" end)'
    specs.lacking = [[
      for i = 1, 3 do it("needs it " .. i, function() pending "squid is not installed" end) end
    ]]
    local output, ok = run(specs)
    assert.is_false(ok)
    local last = output:match "\n%-%-%- all\n(.*)$"
    assert.matches("failed: is bad %(spec/bad_spec.lua:1%)\n", last)
    assert.matches("skipped: squid is not installed %(3%)\n", last)
    assert.matches("squid and haproxy come with: make deps%-ci\n", last)
    assert.matches("\n1 passed, 1 failed, 3 skipped\n$", last)
  end)

  it("is short where all went well, and before it stands how far it is", function()
    local specs = {}
    for i = 10, 23 do
      specs["good" .. i] = 'it("is good", function() end)'
    end
    local output, ok = run(specs)
    assert.is_true(ok, output)
    assert.matches("%-%-%- specs 1 to 12 of 14\n", output)
    assert.matches("%-%-%- specs 13 to 14 of 14\n", output)
    assert.matches("14 passed, 0 failed, 0 skipped\n$", output:match "\n%-%-%- all\n(.*)$")
    assert.falsy(output:find("failed:", 1, true) or output:find("skipped:", 1, true))
  end)
end)
