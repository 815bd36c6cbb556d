local options = require "slack.options"
local slack = require "slack"

local BOT, APP, SECRET = "xoxb-1-secret", "xapp-1-secret", "hush-hush"

-- Reads options where the environment is just that.
local function read_in(environment, given)
  local getenv = os.getenv
  os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
  local read, problem = options.read(given)
  os.getenv = getenv -- luacheck: ignore 122
  return read, problem
end

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

  it("names the option and the variable of what is missing (S002, S014, S032)", function()
    for _, case in ipairs {
      { { app_token = APP }, 'option "token" is missing.*SLACK_BOT_TOKEN.*oauth or authorize' },
      { { token = BOT }, 'option "app_token" is missing.*SLACK_APP_TOKEN.*SLACK_SIGNING_SECRET' },
      { { token = BOT, app_token = APP, transport = "http" },
        'option "signing_secret" is missing.*transport "http" needs.*SLACK_SIGNING_SECRET' },
      { { token = BOT, signing_secret = SECRET, transport = "both" },
        'option "app_token" is missing.*transport "both" needs.*SLACK_APP_TOKEN' },
      { { signing_secret = SECRET }, 'option "token" is missing' },
      { { token = BOT, signing_secret = SECRET, port = 3000 },
        'unknown option "port"; it belongs in "http": http = { port = … }' },
      { { token = BOT, signing_secret = SECRET, client_id = "1" },
        'unknown option "client_id"; it belongs in "oauth"' },
      { { token = BOT, signing_secret = SECRET, storage = "bot.db" },
        'did you mean "sqlite:bot.db"?' },
    } do
      local read, problem = read_in({}, case[1])
      assert.is_nil(read)
      assert.matches(case[2], problem)
    end
  end)

  it("takes tokens, secret and transport from the environment", function()
    local read = assert(read_in {
      SLACK_BOT_TOKEN = BOT, SLACK_APP_TOKEN = APP, SLACK_SIGNING_SECRET = SECRET,
      SLACK_TRANSPORT = "both",
    })
    assert.same({ BOT, APP, SECRET, "both" },
      { read.token, read.app_token, read.signing_secret, read.transport })
  end)

  it("names the variable that is wrong", function()
    for name, value in pairs {
      SLACK_BOT_TOKEN = APP, SLACK_APP_TOKEN = BOT, SLACK_SIGNING_SECRET = "two words",
      SLACK_TRANSPORT = "carrier pigeon", PORT = "http",
    } do
      local environment = {
        SLACK_BOT_TOKEN = BOT, SLACK_APP_TOKEN = APP, SLACK_SIGNING_SECRET = SECRET,
        SLACK_TRANSPORT = "both", [name] = value,
      }
      local _, problem = read_in(environment)
      assert.matches("environment variable " .. name .. ": ", problem, 1, true)
      assert.not_matches("hush", problem)
      local is_shown = name == "SLACK_TRANSPORT" or name == "PORT"
      assert.equal(is_shown, problem:find(("got %q"):format(value), 1, true) ~= nil)
    end
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
    assert.matches('"clientId"; it belongs in "oauth": oauth = { client_id = … }',
      problem_of { clientId = "x" }, 1, true)
  end)

  it("says of names that Bolt has what they are here", function()
    for name, here in pairs {
      botToken = '"token"', logLevel = 'log = "debug"', customRoutes = "app:route",
      socketMode = 'transport = "socket"',
      processBeforeResponse = 'answer_events = "handled"', installationStore = '"storage"',
    } do
      assert.matches(('unknown option "%s"; here it is '):format(name), problem_of { [name] = "x" },
        1, true)
      assert.matches(here, problem_of { [name] = "x" }, 1, true)
    end
  end)

  for name, case in pairs {
    token = { 5, "string expected, got 5" },
    app_token = { BOT, "app-level token (xapp-…) expected, this is a bot token" },
    api_url = { "slack.com", "URL" },
    scripts = { "no/such/folder", 'there is no directory "no/such/folder"' },
    watch = { "often", 'true, false or "poll" expected' },
    connections = { 11, "integer from 1 to 10 expected, got 11" },
    transport = { "pigeon", '"socket", "http", "both" or "rtm" expected' },
    signing_secret = { "", "it is empty" }, -- (S009)
    storage = { "mongodb:", '"sqlite:PATH" or "redis://HOST" expected' },
    authorize = { "x", "function expected" },
    oauth = { 1, "table expected" },
    timeout = { "30", "number" },
    ack_deadline = { 5, "from 0.01 to 3" },
    max_in_flight = { 0, "at least 1" },
    ignore_self = { "no", "boolean expected" },
    log = { "loud", '"debug", "info"' },
    socket_mode = { { ping_intervall = 1 }, 'did you mean "ping_interval"' },
    name = { true, "string expected, got boolean" },
  } do
    it("refuses a wrong " .. name .. " and says what it expects", function()
      local message = problem_of { [name] = case[1] }
      assert.matches(name, message, 1, true)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("refuses times of Socket Mode that are none", function()
    for name, value in pairs { ping_interval = math.huge, stagger = 1e9, pong_timeout = 0 } do
      local message = problem_of { socket_mode = { [name] = value } }
      assert.matches("socket_mode." .. name, message, 1, true)
      assert.matches("a number from 0.* to 1e%+08 expected", message)
    end
  end)

  it("takes several signing secrets, none of them empty or none at all (S009, S010)", function()
    local read = assert(options.read { token = BOT, signing_secret = { "old", "new" } })
    assert.same({ "old", "new" }, read.signing_secret)
    assert.matches("the list is empty", problem_of { signing_secret = {} })
    for _, none in ipairs { false, require("slack.json").null } do
      assert.matches("string or a list", problem_of { signing_secret = none })
    end
    assert.matches('"signing_secret": number 2: it is empty',
      problem_of { signing_secret = { "old", "" } })
    assert.matches("this is a bot token", problem_of { signing_secret = BOT })
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

  it("refuses a Web API with a user, a query or a fragment in its URL, unseen", function()
    for _, url in ipairs { "https://hush@slack.example/", "https://a:hush@b/api/",
      "https://slack.example/api?key=hush", "https://slack.example/#hush" } do
      local problem = problem_of { api_url = url }
      assert.matches('option "api_url": a URL with a host and a path alone expected', problem, 1,
        true)
      assert.not_matches("hush", problem, 1, true)
    end
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

  describe("chooses the transport", function()
    local function chosen(given)
      local all = { token = BOT }
      for name, value in pairs(given) do
        all[name] = value
      end
      local read = assert(read_in({}, all))
      return { read.transport, read.http ~= nil }
    end

    it("by what is given, Socket Mode first", function()
      assert.same({ "socket", false }, chosen { app_token = APP })
      assert.same({ "http", true }, chosen { signing_secret = SECRET })
      assert.same({ "socket", false }, chosen { app_token = APP, signing_secret = SECRET })
    end)

    it("as it is told", function()
      local all = { app_token = APP, signing_secret = SECRET, transport = "both" }
      assert.same({ "both", true }, chosen(all))
      all.transport = "http"
      assert.same({ "http", true }, chosen(all))
    end)

    it("and has an HTTP side in Socket Mode only when told of one (S016)", function()
      assert.same({ "socket", true }, chosen { app_token = APP, http = {} })
      local both = { app_token = APP, signing_secret = SECRET, http = { port = 4000 } }
      for _, transport in ipairs { "socket", "http", "both" } do
        both.transport, both.token = transport, BOT
        assert.equal(4000, read_in({}, both).http.port)
      end
    end)
  end)

  describe("whose tokens", function()
    it("may come from authorize instead of a token, which then is a stand-in (S042)", function()
      local authorize = function() end
      assert.equal(authorize, read_in({}, { app_token = APP, authorize = authorize }).authorize)
      assert.is_table(read_in({}, { app_token = APP, authorize = authorize, token = BOT }))
    end)

    local OAUTH = { client_id = "1.2", client_secret = "hush", state_secret = "hush-says-the-spec",
      scopes = { "chat:write" } }

    it("come from one place: oauth excludes authorize and a token (S004, S005)", function()
      local given = { app_token = APP, oauth = OAUTH }
      local _, problem = read_in({ SLACK_BOT_TOKEN = BOT }, given)
      assert.matches('"oauth" and "token" exclude.*unset SLACK_BOT_TOKEN', problem)
      given.token = BOT
      _, problem = read_in({}, given)
      assert.matches('"oauth" and "token" exclude', problem)
      assert.not_matches("unset", problem)
      given.token, given.authorize = nil, function() end
      _, problem = read_in({}, given)
      assert.matches('"oauth" and "authorize" exclude', problem)
    end)

    it("come from oauth, which needs an HTTP side", function()
      assert.is_table(assert(read_in({}, { app_token = APP, oauth = OAUTH })).http)
    end)

    local URI = "https://bot.example/slack/oauth_redirect"
    for name, case in pairs {
      ["/x"] = { { install_path = "/x", redirect_path = "/x" },
        "oauth.install_path", "oauth.redirect_path" },
      ["/health"] = { { install_path = "/health" }, "http.health", "oauth.install_path" },
      ["/slack/events"] = { { redirect_path = "/slack/events" },
        "http.path", "oauth.redirect_path" },
      ["/slack/install"] = {
        { redirect_uri = URI, openid = { success = print, sign_in_path = "/slack/install" } },
        "oauth.install_path", "oauth.openid.sign_in_path",
      },
    } do
      it("come from pages at paths that nothing else takes: not " .. name, function()
        local oauth = case[1]
        for field, value in pairs(OAUTH) do
          oauth[field] = value
        end
        local _, problem = read_in({}, { signing_secret = SECRET, oauth = oauth })
        assert.equal(("options %q and %q name the same path %q"):format(case[2], case[3], name),
          problem)
      end)
    end
  end)

  describe("http", function()
    local function http_of(http, environment)
      local read, problem = read_in(environment or {},
        { token = BOT, signing_secret = SECRET, http = http })
      return read and read.http, problem
    end

    it("has defaults for all that is not given", function()
      local http = assert(http_of { port = 0 })
      assert.same({ "0.0.0.0", 0, "/slack/events", "received", "/health" },
        { http.host, http.port, http.path, http.answer_events, http.health })
    end)

    it("listens on PORT where the environment has one, unless told otherwise (S016)", function()
      assert.equal(3000, http_of().port)
      assert.equal(8080, http_of({}, { PORT = "8080" }).port)
      assert.equal(81, http_of({ port = 81 }, { PORT = "8080" }).port)
    end)

    it("does not look at PORT when nothing listens", function()
      assert.is_table(read_in({ PORT = "none" }, { token = BOT, app_token = APP }))
    end)

    it("may switch off each of its own pages", function()
      assert.is_false(http_of({ metrics = false }).metrics)
    end)

    for name, case in pairs {
      ["a port"] = { { port = 70000 }, '"http.port": an integer from 0 to 65535 expected' },
      ["a path"] = { { path = "events" }, '"http.path": a path that begins with /' },
      ["a path with a query"] = { { path = "/a?b" }, "characters that need no encoding" },
      ["no paths"] = { { path = {} }, '"http.path": it has no path' },
      ["an unknown use of a path"] = { { path = { event = "/e" } }, 'did you mean "events"?' },
      ["a path used twice"] = { { health = "/slack/events" },
        '"http.path" and "http.health" name the same path' },
      ["half a certificate"] = { { tls = { cert = "README.md" } },
        'option "http.tls.key" is missing' },
      ["a certificate that is not there"] = { { tls = { cert = "no.pem", key = "README.md" } },
        '"http.tls.cert": there is no file "no.pem"' },
      ["a key in place of its file"] = {
        { tls = { cert = "README.md", key = "-----BEGIN PRIVATE KEY-----\nMIIEhush\n" } },
        'option "http.tls.key": the path of a file expected, not what is in it' },
      ["a key in one line in place of its file"] = {
        { tls = { cert = "README.md", key = "-----BEGIN PRIVATE KEY-----\\nMIIEhush\\n" } },
        'option "http.tls.key": the path of a file expected, not what is in it' },
      ["a moment to answer"] = { { answer_events = "later" }, '"received" or "handled" expected' },
      ["no time"] = { { idle_timeout = 0 }, '"http.idle_timeout": an integer of at least 1' },
      ["a misspelt name"] = { { max_conections = 5 }, 'did you mean "max_connections"?' },
    } do
      it("refuses " .. name, function()
        local http, problem = http_of(case[1])
        assert.is_nil(http)
        assert.matches(case[2], problem, 1, true)
      end)
    end

    it("says for each path what it is for", function()
      local http_options = require "slack.http_options"
      assert.same({ { path = "/e", kinds = { "event", "command", "interaction" } } },
        http_options.served_paths "/e")
      assert.same({
        { path = "/click", kinds = { "command", "interaction" } },
        { path = "/event", kinds = { "event" } },
      }, http_options.served_paths {
        events = "/event", commands = "/click", interactions = "/click", options = "/click",
      })
    end)
  end)
end)
