local files = require "support.files"

-- What a rockspec says, as a table of its globals.
local function load_rockspec(path)
  local rockspec = {}
  assert(loadfile(path, "t", rockspec))()
  return rockspec
end

describe("rockspec", function()
  local rockspec = load_rockspec("rockspec/lua-slack-scm-1.rockspec")
  local core = rockspec.build.modules["slack.core"]

  it("builds every C source of src/ and no other", function()
    assert.same(files.list("src", "%.c$"), core.sources)
  end)

  it("names its Lua files by lying under lua/ alone, which LuaRocks copies whole", function()
    assert.same({ "lua/slack" }, files.list("lua", ""))
    for _, path in ipairs(files.tree("lua")) do
      if not path:find("lua/slack/sandbox/page/", 1, true) then -- with what browsers load
        assert.matches("%.lua$", path)
      end
    end
  end)

  it("defines what the Makefile defines", function()
    local makefile = files.read("Makefile")
    for _, define in ipairs(core.defines) do
      assert.truthy(makefile:find("-D" .. define, 1, true), define)
    end
  end)

  it("asks for libcurl by library alone, whose headers LuaRocks does not find on Debian", function()
    assert.same({ library = "curl" }, rockspec.external_dependencies.CURL)
  end)

  it("leaves what LuaRocks builds beside the sources out of git", function()
    local ignored = "\n" .. files.read ".gitignore"
    for _, line in ipairs { "/slack/", "*.o" } do -- slack/core.so and src/*.o
      assert.truthy(ignored:find("\n" .. line .. "\n", 1, true), line)
    end
  end)

  it("gives every external dependency its library directory", function()
    for name in pairs(rockspec.external_dependencies) do
      local wanted, given = "$(" .. name .. "_LIBDIR)", false
      for _, directory in ipairs(core.libdirs) do
        given = given or directory == wanted
      end
      assert.truthy(given, name)
    end
  end)
end)
