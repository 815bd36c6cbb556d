local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"
local json = require "slack.json"
local live_app = require "support.live_app"
local lua_slack = require "support.lua_slack"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local FILES = {
  ".env.example", ".gitignore", "README.md", "bot.lua", "handlers/hello.lua", "handlers/lunch.lua",
  "handlers/table.lua", "manifest.json", "spec/bot_spec.lua",
}

describe("lua-slack new", function()
  local directory

  before_each(function()
    directory = files.temporary()
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  local function new(...)
    return lua_slack.run(directory.path, { "new", ... })
  end

  it("makes a bot, and says what to do with it", function()
    local status, output = new "demo"
    assert.equal(0, status, output)
    for _, line in ipairs { "cd demo", "lua-slack sandbox", "lua5.4 spec/bot_spec.lua",
      "install -m 600 .env.example .env", "lua-slack run" } do
      assert.truthy(output:find("\n  " .. line .. "\n", 1, true), output)
    end
    local found = files.tree(directory.path .. "/demo")
    for i, path in ipairs(found) do
      found[i] = path:sub(#directory.path + 7)
    end
    table.sort(found)
    assert.same(FILES, found)
    assert.falsy(files.read(directory.path .. "/demo/README.md"):find "NAME")
  end)

  it("makes one whose manifest is that of `lua-slack manifest`", function()
    new "demo"
    local text = files.read(directory.path .. "/demo/manifest.json")
    local manifest = assert(json.decode(text))
    assert.same({ "demo", "/lunch" }, { manifest.display_information.name,
      manifest.features.slash_commands[1].command })
    local status, output = lua_slack.run(directory.path .. "/demo",
      { "manifest", "--diff", "manifest.json" })
    assert.equal(0, status, output)
    status, output = lua_slack.run(directory.path .. "/demo", { "manifest" })
    assert.same({ 0, text }, { status, output })
  end)

  it("makes one that answers in the local Slack", function()
    new "demo"
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local bot <close> = lua_slack.start(directory.path .. "/demo", { "run" }, {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SSL_CERT_FILE = here.ca_file,
      })
      assert(here:wait_connections(1, 20), bot:output())
      here:say { user = "ada", text = "hello" }
      assert(here:wait_message { text = "Hello, <@" }, bot:output())
      here:command { user = "ada", command = "/lunch" }
      live_app.wait(function() return here:view() end)
    end)
  end)

  it("makes one whose tests pass, in plain Lua and under busted", function()
    new "demo"
    local here = assert(io.popen "pwd"):read "l"
    for _, runner in ipairs { "", here .. "/spec/support/busted.lua " } do
      local ok, output = files.run(("cd %s/demo && LUA_PATH='%s' LUA_CPATH='%s' %s %s"
        .. "spec/bot_spec.lua"):format(directory.path, Process.absolute(package.path),
          Process.absolute(package.cpath), child.interpreter(), runner))
      assert.is_true(ok, output)
    end
  end)

  it("touches nothing that is there", function()
    files.write(directory.path .. "/demo", "precious")
    local status, output = new "demo"
    assert.same({ 1, "lua-slack new: demo is there already: nothing was touched\n" },
      { status, output })
    assert.equal("precious", files.read(directory.path .. "/demo"))
    status, output = lua_slack.run("/proc", { "new", "demo" })
    assert.equal(1, status)
    assert.matches("^lua%-slack new: demo: ", output)
  end)

  it("wants one name that Slack takes", function()
    for name, expected in pairs {
      ["a/b"] = "without slashes expected", [".."] = "of letters, digits", ["1a"] = "begins with",
      [("a"):rep(36)] = "at most 35 characters expected, as Slack has it, got 36",
    } do
      local status, output = new(name)
      assert.equal(2, status)
      assert.truthy(output:find(expected, 1, true), output)
    end
    assert.equal(2, (new()))
    assert.equal(2, (new("a", "b")))
    assert.same({}, files.list(directory.path, ""))
  end)
end)
