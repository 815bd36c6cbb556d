local child = require "support.child"
local files = require "support.files"
local live_app = require "support.live_app"
local lua_slack = require "support.lua_slack"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

-- `lua-slack run …` in a folder with these files.
local function run(words, list, environment)
  local directory <close> = files.temporary()
  for name, text in pairs(list) do
    files.write(directory.path .. "/" .. name, text)
  end
  return lua_slack.run(directory.path, { "run", table.unpack(words) }, environment)
end

local function says(expected, words, list, environment)
  local status, output = run(words, list, environment)
  assert.truthy(output:find(expected, 1, true), output)
  return status, output
end

local PRINT = "print(os.getenv 'NAME', arg[0], ...) os.exit(5)"

describe("lua-slack run", function()
  it("runs bot.lua, with its arguments, and ends as it does", function()
    local status, output = run({ "--", "one", "--two" }, { ["bot.lua"] = PRINT })
    assert.same({ 5, "nil\tbot.lua\tone\t--two\n" }, { status, output })
  end)

  it("takes the environment from .env, where it has not the variable already", function()
    local list = { ["bot.lua"] = PRINT, [".env"] = "export NAME='from the file' # there" }
    local _, output = run({}, list)
    assert.matches("^from the file\t", output)
    _, output = run({}, list, { NAME = "own" })
    assert.matches("^own\t", output)
    list.other = "NAME=other"
    _, output = run({ "--env", "other" }, list)
    assert.matches("^other\t", output)
  end)

  it("gives the environment to the C side, too", function()
    local status = says("127.0.0.1", {}, {
      [".env"] = "HTTPS_PROXY=http://127.0.0.1:1",
      ["bot.lua"] = [[
        local answer, err = require("slack").fetch("https://nowhere.invalid/")
        print(err)
        os.exit(3)]],
    })
    assert.equal(3, status)
  end)

  it("names file and line of what is no environment, and not what stands there", function()
    local list = { ["bot.lua"] = PRINT, [".env"] = "A=1\nhunter2 secret\n" }
    local status, output = says(".env:2: NAME=VALUE expected", {}, list)
    assert.equal(2, status)
    assert.falsy(output:find "hunter2")
    assert.equal(2, (says("there is no file none", { "--env=none" }, list)))
  end)

  it("says what is missing, and where it should stand", function()
    local bot = "require('slack').app():run()"
    says("there is no .env: make one with SLACK_BOT_TOKEN=", {}, { ["bot.lua"] = bot })
    says("there is no .env: install -m 600 .env.example .env, and fill in SLACK_BOT_TOKEN=", {},
      { ["bot.lua"] = bot, [".env.example"] = "" })
    says(".env does not have it: add SLACK_APP_TOKEN=", {},
      { ["bot.lua"] = bot, [".env"] = "SLACK_BOT_TOKEN=xoxb-1" })
    local status = says(".env:2 leaves it empty: SLACK_APP_TOKEN=", {},
      { ["bot.lua"] = bot, [".env"] = "SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=" })
    assert.equal(1, status)
  end)

  it("says where to start a bot whose scripts lie beside it", function()
    local directory <close> = files.temporary()
    os.execute(("mkdir -p '%s/my/handlers'"):format(directory.path))
    files.write(directory.path .. "/my/bot.lua", [[
      require("slack").app { token = "xoxb-1", app_token = "xapp-1", scripts = "handlers" }:run()]])
    local status, output = lua_slack.run(directory.path, { "run", "my/bot.lua" })
    assert.equal(1, status)
    assert.matches("\nit is looked for in the working directory: cd my\n$", output)
  end)

  it("says what is wrong with the bot, with its own lines only", function()
    says("lua-slack: there is no file bot.lua: name the bot's file, or make a bot by "
      .. "`lua-slack new NAME`\n", {}, {})
    says("lua-slack: bot.lua:1: unexpected symbol near '='", {}, { ["bot.lua"] = "x = = 1" })
    says("lua-slack: bot.lua makes no app", {}, { ["bot.lua"] = "return 1" })
    local status, output = says("lua-slack: ./model.lua:1: it fell", {}, {
      ["bot.lua"] = "require 'model'", ["model.lua"] = "error 'it fell'",
    })
    assert.equal(1, status)
    assert.matches("\n%s+bot.lua:1: in main chunk", output)
    assert.falsy(output:find("slack/command", 1, true), output)
  end)

  it("tells of a script that does not load where the bot's log is silent", function()
    local directory <close> = files.temporary()
    os.execute(("mkdir '%s/handlers'"):format(directory.path))
    local script = directory.path .. "/handlers/hello.lua"
    files.write(script, "local app = ...")
    files.write(directory.path .. "/bot.lua", [[
      os.exit(require("slack").app { scripts = "handlers", log = "off" }:run() or 1)]])
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local bot <close> = lua_slack.start(directory.path, { "run" }, {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SSL_CERT_FILE = here.ca_file,
      })
      assert(here:wait_connections(1, 20), bot:output())
      files.write(script, "local app = = 1")
      live_app.wait(function() return bot:output():find "lua%-slack: hello.lua does not load" end)
      assert.matches("generation 1 stays: handlers/hello.lua:1: unexpected symbol", bot:output())
      files.write(script, "local app = ... -- again")
      live_app.wait(function() return bot:output():find "hello.lua loads again: generation 2" end)
    end)
  end)

  it("runs no bot when it is called wrongly", function()
    for line, expected in pairs {
      ["bot.lua one"] = 'got "one", too; arguments of the bot stand behind --',
      ["--log=wran"] = 'did you mean "warn"?',
      ["--evn=x"] = 'there is no option "--evn"; did you mean "--env"?',
    } do
      local words = {}
      for word in line:gmatch "%S+" do
        table.insert(words, word)
      end
      assert.equal(2, (says(expected, words, { ["bot.lua"] = PRINT })))
    end
  end)

  it("sets no variable whose name or value the system could not hold", function()
    local ok = child.run [[
      local core = require "slack.core"
      core.set_environment("LUA_SLACK_SPEC", "set")
      assert(os.getenv "LUA_SLACK_SPEC" == "set")
      assert(not pcall(core.set_environment, "A=B", "c"))
      assert(not pcall(core.set_environment, "", "c"))
      assert(not pcall(core.set_environment, "A", "b\0c"))
    ]]
    assert.is_true(ok)
  end)
end)
