local Redis = require "support.redis"
local WebServer = require "support.web_server"
local child = require "support.child"
local command = require "slack.command"
local files = require "support.files"
local json = require "slack.json"
local local_slack = require "support.local_slack"
local tasks = require "slack.tasks"

describe("lua-slack doctor", function()
  local folder

  before_each(function()
    folder = files.temporary()
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  local function run(environment, ...)
    local written, complained = {}, {}
    local status = command.run({ "doctor", ... }, {
      write = function(text) written[#written + 1] = text end,
      complain = function(text) complained[#complained + 1] = text end,
      ask = function() end,
      environment = function(name) return environment[name] end,
    })
    return {
      status = status, written = table.concat(written), complained = table.concat(complained),
    }
  end

  local function bot(here, body, more)
    local path = folder.path .. "/bot.lua"
    files.write(path, ([[
local slack = require "slack"
local app = slack.app {
  token = %q, app_token = %q, api_url = %q, ca_file = %q, %s
}
%s
os.exit(app:run() or 1)
]]):format(here.bot_token, here.app_token, here.api_url, here.ca_file, more or "", body))
    return path
  end

  local function with_slack(fn)
    tasks.run(function()
      local here <close> = assert(local_slack.start())
      fn(here)
    end)
  end

  it("says which variable holds no root of a Web API", function()
    local path = folder.path .. "/bot.lua"
    files.write(path, [[
local slack = require "slack"
slack.app { token = "xoxb-1", app_token = "xapp-1" }:run()
]])
    for _, url in ipairs { "https://slack.example/api?key=x", "https://me@slack.example/api" } do
      local ok, output = files.run(([[
        export SLACK_API_URL='%s' LUA_PATH='%s' LUA_CPATH='%s'
        %s lua/slack/command/main.lua doctor %s]]):format(url, package.path, package.cpath,
        child.interpreter(), path))
      assert.is_false(ok)
      assert.matches("problem   program .-environment variable SLACK_API_URL: a URL with a host "
        .. "and a path alone expected", output)
    end
  end)

  it("finds nothing wrong with a bot for which all is there", function()
    with_slack(function(here)
      local ran = run({}, bot(here, [[app:message("hi", function(c) c:say "hello" end)]]))
      assert.equal("", ran.complained)
      assert.equal(0, ran.status, ran.written)
      for _, text in ipairs {
        "ok        program ", "ok        tokens             SLACK_BOT_TOKEN is a bot token\n",
        "ok        connection         ", "ok        authorities ", "ok        clock ",
        "ok        auth.test ", "ok        socket mode ", "ok        scopes ",
        "0 problems, ",
      } do
        assert.truthy(ran.written:find(text, 1, true), text .. "\n" .. ran.written)
      end
    end)
  end)

  it("names what is wrong, and what to do, and ends with 1", function()
    with_slack(function(here)
      here:revoke {}
      local ran = run({}, bot(here, "", "storage = 'sqlite:/nowhere/bot.db'"))
      assert.equal(1, ran.status)
      assert.matches("problem   auth.test +auth.test: %S+\n +%-> ", ran.written)
      assert.matches("problem   storage +there is no folder /nowhere for the store\n +%-> mkdir",
        ran.written)
      assert.matches("2 problems", ran.written)
    end)
  end)

  it("tells what a proxy answered to CONNECT", function()
    with_slack(function(here)
      local no_proxy <close> = WebServer.start(function() end)
      local ran = run({}, bot(here, "", ("proxy = 'http://ada:geheim@127.0.0.1:%d'"):format(
        no_proxy.port)))
      assert.equal(1, ran.status)
      assert.matches("problem   proxy +[^\n]*answered CONNECT with status 4%d%d", ran.written)
      assert.falsy(ran.written:find "geheim")
    end)
  end)

  it("shows no token, whatever it says", function()
    with_slack(function(here)
      for _, option in ipairs { "--json", "--env=" .. folder.path .. "/.env" } do
        files.write(folder.path .. "/.env", "")
        local ran = run({ SLACK_BOT_TOKEN = here.bot_token, SLACK_SIGNING_SECRET = "geheim" },
          bot(here, ""), option)
        local all = ran.written .. ran.complained
        for _, secret in ipairs { here.bot_token, here.app_token, "geheim" } do
          assert.falsy(all:find(secret, 1, true), all)
        end
      end
    end)
  end)

  it("says it in JSON for programs", function()
    with_slack(function(here)
      local ran = run({}, bot(here, ""), "--json")
      local said = assert(json.decode(ran.written))
      assert.equal(0, said.problems)
      local states = {}
      for _, finding in ipairs(said.checks) do
        states[finding.check] = finding.state
      end
      assert.same({ "ok", "ok", "ok" }, { states.program, states["auth.test"], states.scopes })
    end)
  end)

  it("goes on with the environment where there is no bot", function()
    with_slack(function(here)
      local ran = run({
        SLACK_API_URL = here.api_url, SSL_CERT_FILE = here.ca_file,
        SLACK_BOT_TOKEN = here.app_token, SLACK_APP_TOKEN = here.bot_token,
      }, folder.path .. "/none.lua")
      assert.equal(1, ran.status)
      assert.matches("problem   program +there is no file", ran.written)
      assert.matches("problem   tokens +SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped",
        ran.written)
    end)
  end)

  it("tells of scripts that do not load, and checks the others' needs", function()
    os.execute(("mkdir -p '%s/handlers'"):format(folder.path))
    files.write(folder.path .. "/handlers/bad.lua", "\nlocal = 1")
    files.write(folder.path .. "/handlers/good.lua",
      "local app = ...\napp:event('team_join', function(c) end)")
    with_slack(function(here)
      local ran = run({}, bot(here, "", ("scripts = %q"):format(folder.path .. "/handlers")))
      assert.equal(1, ran.status)
      assert.matches("problem   scripts +%S*bad.lua:2: ", ran.written)
      assert.matches("ok        auth.test", ran.written)
    end)
  end)

  if Redis.is_installed() then
    it("asks Redis what it is", function()
      local redis <close> = Redis.start()
      with_slack(function(here)
        local ran = run({}, bot(here, "", ("storage = %q"):format(redis.url)))
        assert.matches("warning   storage +what it was given .-\n +%-> CONFIG SET appendonly yes",
          ran.written)
        assert.equal(0, ran.status, ran.written)
      end)
    end)
  else
    pending("asks Redis what it is: " .. Redis.MISSING)
  end

  it("refuses what it does not understand", function()
    assert.equal(2, run({}, "a.lua", "b.lua").status)
    assert.equal(2, run({}, "--url=bot").status)
  end)
end)
