local files = require "support.files"
local lua_paths = require "slack.command.lua_paths"

describe("where Lua finds lua-slack", function()
  local directory

  before_each(function()
    directory = files.temporary()
    for _, path in ipairs { "/share/slack/init.lua", "/lib/slack/core.so", "/bin/lua-slack" } do
      assert(os.execute(("mkdir -p '%s'"):format((directory.path .. path):match "^(.*)/")))
      files.write(directory.path .. path, "")
    end
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  it("is told to the shell where only the script finds it, beside itself", function()
    local root = directory.path
    local line = lua_paths.export(root .. "/bin/../share/?/init.lua;/nowhere/?.lua",
      root .. "/bin/../lib/?.so;/nowhere/?.so")
    assert.equal(("export LUA_PATH='ROOT/share/?.lua;ROOT/share/?/init.lua;;' "
      .. "LUA_CPATH='ROOT/lib/?.so;;'"):gsub("ROOT", root), line)
  end)

  it("is not told where Lua looks there by itself", function()
    local root = directory.path
    assert.is_nil(lua_paths.export(root .. "/bin/../share/?/init.lua;" .. root
      .. "/share/?/init.lua", root .. "/lib/?.so"))
  end)
end)
