local files = require "support.files"
local use_installed = require "support.use_installed"

-- LuaRocks leaves object files beside the sources, so it works on a copy.
local function copy_tree(path)
  assert(os.execute("cp -R Makefile lua src rockspec LICENSE README.md .busted " .. path))
end

-- The system's lua-cjson counts as a rock, so that nothing is downloaded.
local function configuration(path)
  files.write(path, [[
rocks_provided = { ["lua-cjson"] = "2.1.0-1" }
rocks_servers = {}
]])
  return path
end

describe("luarocks make", function()
  it("builds and installs the rock into a fresh tree, from where a bot runs", function()
    local source <close> = files.temporary()
    local tree <close> = files.temporary()
    copy_tree(source.path)

    local made, output = files.run((
      "cd %s && LUAROCKS_CONFIG=%s luarocks --lua-version 5.4 make --tree %s"
    ):format(source.path, configuration(source.path .. "/config.lua"), tree.path))
    assert.truthy(made, output)

    local ok, said = use_installed.run(tree.path)
    assert.truthy(ok, said)
    assert.truthy(said:find(tree.path .. "/lib/lua/5.4/slack/core.so", 1, true), said)
    assert.matches("answered\n$", said)

    ok, said = use_installed.command(tree.path .. "/bin/lua-slack", "version")
    assert.truthy(ok, said)
    assert.matches("^lua%-slack +%d", said)
  end)
end)
