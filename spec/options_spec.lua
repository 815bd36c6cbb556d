local options = require "slack.options"
local slack = require "slack"

local BOT, APP = "xoxb-1-secret", "xapp-1-secret"

describe("slack.app", function()
  local function problem_of(given)
    local all = { token = BOT, app_token = APP }
    for name, value in pairs(given) do
      all[name] = value
    end
    local ok, message = pcall(function() slack.app(all) end)
    assert.is_false(ok)
    return message
  end

  it("is made from a bot token and an app token, without a signing secret (S001, S012)", function()
    local app = slack.app { token = BOT, app_token = APP, log = "off" }
    assert.equal("idle", app:stats().phase)
  end)

  it("names the option and the variable of a token that is missing (S002, S014, S032)", function()
    local getenv = os.getenv
    finally(function() os.getenv = getenv end) -- luacheck: ignore 122
    os.getenv = function() end -- luacheck: ignore 122
    local _, message = pcall(slack.app, { app_token = APP })
    assert.matches('option "token" is missing.*SLACK_BOT_TOKEN', message)
    _, message = pcall(slack.app, { token = BOT })
    assert.matches('option "app_token" is missing.*SLACK_APP_TOKEN', message)
  end)

  it("takes tokens from the environment", function()
    local getenv = os.getenv
    finally(function() os.getenv = getenv end) -- luacheck: ignore 122
    os.getenv = function(name) -- luacheck: ignore 122
      return ({ SLACK_BOT_TOKEN = BOT, SLACK_APP_TOKEN = APP })[name]
    end
    local read = assert(options.read())
    assert.same({ BOT, APP }, { read.token, read.app_token })
  end)

  it("raises at the caller's line", function()
    assert.matches("^spec/options_spec.lua:%d+: slack.app: ", problem_of { tokn = "x" })
    assert.matches("^spec/options_spec.lua:%d+: ", problem_of { insecure = 1 })
  end)

  it("suggests the name that was probably meant", function()
    assert.matches('"tokn"; did you mean "token"?', problem_of { tokn = "x" }, 1, true)
    assert.matches('did you mean "app_token"?', problem_of { appToken = "x" }, 1, true)
    assert.matches('did you mean "connections"?', problem_of { conections = 2 }, 1, true)
    assert.not_matches("did you mean", problem_of { banana = 1 })
  end)

  for name, case in pairs {
    token = { 5, "string expected, got 5" },
    app_token = { BOT, "app-level token (xapp-…) expected, this is a bot token" },
    api_url = { "slack.com", "URL" },
    scripts = { "no/such/folder", 'there is no directory "no/such/folder"' },
    connections = { 11, "integer from 1 to 10 expected, got 11" },
    transport = { "http", '"socket" expected' },
    timeout = { "30", "number" },
    ack_deadline = { 5, "from 0.01 to 3" },
    max_in_flight = { 0, "at least 1" },
    ignore_self = { "no", "boolean expected" },
    log = { "loud", '"debug" or "info"' },
    socket_mode = { { ping_intervall = 1 }, 'did you mean "ping_interval"' },
    name = { true, "string expected, got boolean" },
  } do
    it("refuses a wrong " .. name .. " and says what it expects", function()
      local message = problem_of { [name] = case[1] }
      assert.matches(name, message, 1, true)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("refuses options whose issue has not come", function()
    for _, name in ipairs { "storage", "oauth", "http", "workers", "signing_secret" } do
      assert.matches("unknown option \"" .. name, problem_of { [name] = {} }, 1, true)
    end
  end)

  it("never shows a token", function()
    for _, given in ipairs { { token = "xapp-1-hush" }, { app_token = "xoxb-1-hush" },
      { token = "xoxb-1 hush" } } do
      assert.not_matches("hush", problem_of(given), 1, true)
    end
  end)

  it("refuses plain text to another host unless told that this is meant", function()
    assert.matches("api_url", problem_of { api_url = "http://slack.example/api/" })
    assert.has_no.errors(function()
      slack.app {
        token = BOT, app_token = APP, api_url = "http://slack.example/api", insecure = true,
        log = "off",
      }
    end)
  end)

  it("logs to the logger it is given, at the level that has (S022)", function()
    local lines = {}
    local logger = require("slack.log").new {
      level = "warn", sink = function(line) table.insert(lines, line) end,
    }
    local app = slack.app { token = BOT, app_token = APP, log = logger }
    app.log:info("not wanted")
    app.log:warn("wanted")
    assert.equal(1, #lines)
    assert.equal("warn", app.log:level())
  end)

  it("shows the app's name in the log (S034)", function()
    local lines = {}
    local app = slack.app {
      token = BOT, app_token = APP, name = "deployer",
      log = { sink = function(line) table.insert(lines, line) end },
    }
    app.log:info("x")
    assert.matches("deployer", lines[1])
  end)

  it("shares nothing with another app (S033)", function()
    local one = slack.app { token = BOT, app_token = APP, log = "off" }
    local two = slack.app { token = BOT, app_token = APP, log = "off" }
    one:command("/x", function() end)
    one:state("n", 1)
    assert.same({ 1, 0 }, { one:stats().listeners, two:stats().listeners })
    assert.is_nil(two:state "n")
    assert.are_not.equal(one.client, two.client)
  end)

  it("says that it got a string where a number is expected", function()
    local _, problem = options.read { connections = "2" }
    assert.equal('option "connections": an integer from 1 to 10 expected, got string', problem)
  end)
end)
