-- Everything that bots, apps, pages, errors and stores say at debug level, through
-- ordinary and bad times, searched for what nobody may read there.
local Process = require "support.process"
local Redis = require "support.redis"
local core = require "slack.core"
local files = require "support.files"
local form = require "slack.form"
local json = require "slack.json"
local live = require "support.live_app"
local logs = require "slack.log"
local oauth_app = require "support.oauth_app"
local sandbox = require "slack.sandbox"
local seen_here = require "support.seen"
local signed = require "support.signed"
local slack = require "slack"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local watched_store = require "support.watched_store"

local BOT = [[
local slack = require "slack"
local app = slack.app { log = "debug", proxy = "" }

app:message("hello", function(c) c:say "hi" end)
app:message("tell", function(c)
  c.log:info("the token is %s", os.getenv "SLACK_BOT_TOKEN")
  c.log:info("as a field of %s", c.client)
end)
app:message("raise", function() error("with " .. os.getenv "SLACK_BOT_TOKEN") end)
app:message("refused", function(c)
  local _, err = c.client.chat.postMessage { channel = "nowhere", text = "x" }
  error(err)
end)
app:command("/respond", function(c)
  c:ack()
  c:respond "by response_url"
  error "as if to https://hooks.slack.com/commands/T012345/678901234/aBcDeFgHiJkLmNoPqRsTuVwX"
end)
app:run()
]]

local function through_ordinary_and_bad_times(slack_here)
  slack_here:say { text = "hello" }
  slack_here:say { text = "tell" }
  slack_here:say { text = "raise" }
  slack_here:say { text = "refused" }
  assert(slack_here:wait_message { text = "hi" })
  slack_here:command { command = "/respond" }
  slack_here:fail("apps.connections.open", { status = 500, body = "an error page" })
  slack_here:connections()[1]:reset()
  slack_here:wait(function() return #slack_here:calls "apps.connections.open" > 2 end)
  slack_here:fail "apps.connections.open"
  slack_here:refuse_upgrades(409)
  local calls = #slack_here:calls "apps.connections.open"
  slack_here:connections()[1]:disconnect "refresh_requested"
  slack_here:wait(function() return #slack_here:calls "apps.connections.open" > calls + 1 end)
  slack_here:refuse_upgrades(0)
  assert(slack_here:wait_connections(1))
  slack_here:connections()[1]:send "no JSON but a token: xoxb-1234567890-abcdefghijkl"
  local last = slack_here:say { text = "hello" }
  assert(slack_here:wait_message { text = "hi", after = last.ts })
end

describe("what a bot writes at debug level", function()
  local output, secrets

  setup(function()
    local directory <close> = files.temporary()
    files.write(directory.path .. "/bot.lua", BOT)
    local slack_here <close> = assert(sandbox.start())
    secrets = {
      slack_here.bot_token, slack_here.app_token, "abcdefghijkl", "aBcDeFgHiJkLmNoPqRsTuVwX",
    }
    local open_connection = slack_here.socket.open_connection
    function slack_here.socket.open_connection(...)
      local url = open_connection(...)
      table.insert(secrets, url:match "ticket=(%x+)")
      return url
    end
    local bot <close> = Process.lua(directory.path .. "/bot.lua", {
      environment = {
        SLACK_API_URL = slack_here.api_url,
        SLACK_BOT_TOKEN = slack_here.bot_token,
        SLACK_APP_TOKEN = slack_here.app_token,
        SSL_CERT_FILE = slack_here.ca_file,
      },
    })
    assert(slack_here:wait_connections(2, 20), bot:output())
    through_ordinary_and_bad_times(slack_here)
    bot:signal()
    bot:wait()
    output = bot:output()
  end)

  it("tells of all of it", function()
    for _, told in ipairs { "DEBUG", "the token is", "raise", "channel_not_found",
      "hooks.slack.com", "reset", "409", "500" } do
      assert.truthy(output:find(told, 1, true), told .. " is not in:\n" .. output)
    end
  end)

  it("has no token, ticket or response URL in it (S224)", function()
    assert.truthy(#secrets >= 6)
    for _, secret in ipairs(secrets) do
      assert.is_nil(output:find(secret, 1, true), output)
    end
  end)
end)

-- Socket Mode ----------------------------------------------------------------------

local PASSWORD, HOOK <const> = "pr0xy-pa55word", "aBcDeFgHiJkLmNoPqRsTuVwX"

local function note_tickets(here, secrets)
  local open_connection = here.socket.open_connection
  function here.socket.open_connection(...)
    local url = open_connection(...)
    table.insert(secrets, url:match "ticket=(%x+)")
    return url
  end
end

-- What it answers, refuses and raises.
local function listen(app, here, add, secrets)
  app:use(function(c, next)
    c.log:debug("body %s from %s", json.encode(c.body), c.client)
    table.insert(secrets, c.response_url and c.response_url:match "%w+$" or nil)
    return next()
  end)
  app:message("hello", function(c) c:say "hi" end)
  app:message("raise", function() error("with " .. here.bot_token) end)
  app:message("table", function()
    error(setmetatable({}, { __tostring = function() return "with " .. here.app_token end }))
  end)
  app:message("refused", function(c)
    add(select(2, c.client.chat.postMessage({ channel = "nowhere" }, { token = "xoxb-1-refused" })))
  end)
  app:command("/respond", function(c)
    c:ack()
    for _ = 1, 6 do
      add(select(2, c:respond "again"))
    end
    error("at https://hooks.slack.com/commands/T012345/678901234/" .. HOOK)
  end)
end

local function through_good_and_bad_times(app, here, add)
  for _, text in ipairs { "hello", "raise", "table", "refused" } do
    here:say { user = "ada", channel = "general", text = text }
  end
  here:command { command = "/respond", user = "ada" }
  here:connections()[1]:send '{"envelope_id":"x","payload":"xoxb-1-in-broken-json'
  local opened = #here:calls "apps.connections.open"
  here:connections()[1]:disconnect "refresh_requested"
  live.wait(function() return #here:calls "apps.connections.open" > opened end)
  local whole = assert(here:wait_connections(2))
  here:refuse_upgrades(403)
  whole[1]:reset()
  live.wait(function() return #here:calls "apps.connections.open" > opened + 2 end)
  here:refuse_upgrades(0)
  live.wait(function() return app:stats().running == 0 end)
  here:fail("apps.connections.open", { error = "token_revoked" })
  assert(here:wait_connections(1))[1]:close()
  live.wait(function() return app.phase == "idle" end)
  add(app.fatal)
end

local function try_others(new_app, here, add)
  add(select(2, new_app { token = "xoxb-1-refused" }:start()))
  add(select(2, new_app { app_token = "xapp-1-refused" }:start()))
  local proxied = new_app {
    proxy = ("http://worker:%s@%s"):format(PASSWORD, here.url:match "//([^/]+)"), no_proxy = "",
  }
  local task = tasks.spawn(proxied.start, proxied) -- goes on trying
  task:join(0.2)
  proxied:stop()
  add { task:join(2) }
  for _, options in ipairs {
    { token = here.app_token }, { app_token = here.bot_token },
    { proxy = "x://a:" .. PASSWORD .. "@b" },
    { api_url = "http://a:" .. PASSWORD .. "@slack.example/" },
  } do
    add(select(2, pcall(new_app, options)))
  end
end

describe("what an app says", function()
  for _, format in ipairs { "text", "json" } do
    it("has no secret in it, as " .. format .. " (S224)", function()
      local seen = seen_here.new()
      local function add(value) seen:add(value) end
      live.run(function(here, new_app)
        local secrets = { here.bot_token, here.app_token, "in-broken-json", PASSWORD, HOOK,
          "xoxb-1-refused", "xapp-1-refused" }
        note_tickets(here, secrets)
        local function logging(options)
          options.log = { level = "debug", format = format, sink = seen:sink() }
          return new_app(options)
        end
        local app = logging { connections = 2 }
        listen(app, here, add, secrets)
        if format == "json" then -- in place of the log's own line
          app:on_error(function(_, _, failure) add("error in app:message" .. failure.traceback) end)
        end
        local task = tasks.spawn(app.run, app)
        live.wait(function() return app.phase == "running" end)
        assert(here:wait_connections(2))
        through_good_and_bad_times(app, here, add)
        add { select(2, task:join()) }
        try_others(logging, here, add)
        assert.is_true(#secrets >= 12)
        seen:check({ "error in app:message", "403", "token_revoked", "invalid_auth", "proxy",
          "c:respond" }, secrets)
      end, { log = logs.new { level = "off" } }) -- it is taken for a proxy, and says so
    end)
  end
end)

-- HTTP -----------------------------------------------------------------------------

local VERIFICATION, WORKFLOW <const> = "gIkuvaNzQIHg97ATvDxqgjtO", "xwfp-workflow-token"

local function signed_well_and_badly(url, seen, secrets)
  local function note(response)
    seen:add { response.status, response.body, response.headers }
    return response.status
  end
  local event = signed.event { type = "app_mention", user = "U1", channel = "C1", text = "x" }
  assert.equal(200, note(signed.post(url, event)))
  local now = tostring(os.time())
  for status, given in pairs {
    [401] = { secret = "a-secret-that-is-not-ours" },
    [400] = { headers = { ["Content-Encoding"] = "gzip" } },
    [405] = { method = "PUT" },
  } do
    table.insert(secrets, (core.sign(given.secret or signed.SECRET, now, event)))
    assert.equal(status, note(signed.post(url, event, given)))
  end
  assert.equal(400, note(signed.post(url, '{"token":"xoxb-1-in-broken-json')))
  assert.equal(400, note(signed.form(url, { payload = '["xoxb-1-in-broken-json"]' })))
  assert.equal(200, note(signed.post(url, signed.event {
    type = "function_executed", bot_access_token = WORKFLOW, function_execution_id = "Fx1",
  })))
  assert.equal(200, note(signed.command(url, "/fail", {
    token = VERIFICATION, response_url = "https://hooks.slack.com/commands/T1/2/" .. HOOK,
  })))
  assert.equal(404, note(signed.command(url, "/nobody", { token = VERIFICATION })))
  assert.equal(404, note(signed.interaction(url, { type = "nothing", token = VERIFICATION })))
  local origin = url:match "^(.*)/slack/events$"
  local private = {
    proxy = "", headers = { cookie = "session=s3ss10n-cookie", authorization = "Bearer b34r3r" },
  }
  for path, status in pairs {
    ["/raise?code=c0de-of-a-person"] = 500, ["/none?code=c0de-of-a-person"] = 404,
    ["/%zz?code=c0de-of-a-person"] = 400, ["/no/answer"] = 500, ["/ready"] = 200,
    ["/metrics"] = 200,
  } do
    assert.equal(status, note(assert(slack.fetch(origin .. path, private))))
  end
end

describe("what an app on HTTP says", function()
  for _, format in ipairs { "text", "json" } do
    it("has no secret in it, as " .. format .. " (S224)", function()
      local seen = seen_here.new()
      live.run(function(here, new_app)
        local secrets = { here.bot_token, signed.SECRET, "an-older-signing-secret", VERIFICATION,
          WORKFLOW, HOOK, "in-broken-json", "s3ss10n-cookie", "b34r3r", "c0de-of-a-person" }
        local app = new_app {
          transport = "http", signing_secret = { signed.SECRET, "an-older-signing-secret" },
          log = { level = "debug", format = format, sink = seen:sink() },
        }
        app:use(function(c, next)
          c.log:debug("body %s, headers %s", json.encode(c.body), json.encode(c.headers or {}))
          return next()
        end)
        app:event("app_mention", function() end)
        app:event("function_executed", function(c) error("with " .. c.event.bot_access_token) end)
        app:command("/fail", function(c)
          c.log:warn("answering at %s", c.response_url)
          error(c.body)
        end)
        app:route("GET", "/raise", function(c)
          c.log:info("asked with %s by %s", json.encode(c.query), json.encode(c.headers))
          error(("%s?code=%s with %s"):format(c.path, c.query.code, c.headers.authorization))
        end)
        app:route("GET", "/no/answer", function() return { here.bot_token, cookies = { 1 } } end)
        assert(app:start())
        signed_well_and_badly(app.http_server:url() .. "/slack/events", seen, secrets)
        live.wait(function() return app:stats().running == 0 end)
        app:stop()
        seen:check({ "its signature is wrong", "function_executed", "/nobody", "/raise",
          "no answer" }, secrets)
      end)
    end)
  end
end)

-- OAuth ----------------------------------------------------------------------------

-- Notes what goes to Slack and comes back that nobody may see.
local function note_calls(app, secrets)
  local client = app.client
  local call = client.call
  rawset(client, "call", function(self, method, args, options)
    for _, name in ipairs { "code", "code_verifier", "client_secret", "refresh_token" } do
      table.insert(secrets, args and args[name])
    end
    local answer, err = call(self, method, args, options)
    for _, part in ipairs { answer or {}, answer and answer.authed_user or {} } do
      for _, name in ipairs { "access_token", "refresh_token", "id_token" } do
        table.insert(secrets, part[name])
      end
    end
    return answer, err
  end)
end

-- What a visit begins with, which is for that browser alone.
local function begin(it, path, secrets)
  local response = assert(slack.fetch(it.url .. path, { follow = false, proxy = "" }))
  local url = response.redirect or response.body:match 'href="(https://[^"]+)"':gsub("&amp;", "&")
  local query = form.decode(url:match "%?(.*)$")
  local cookie = response.headers["set-cookie"]:match "^[^;]+"
  for _, name in ipairs { "state", "nonce" } do
    table.insert(secrets, query[name])
  end
  table.insert(secrets, cookie:match "=(.*)$")
  return query.state, cookie
end

local function come_back(it, path, fields, cookie, seen)
  local response = assert(slack.fetch(it.url .. path .. "?" .. form.encode(fields), {
    follow = false, proxy = "", headers = { cookie = cookie },
  }))
  seen:add { response.body, response.headers }
  return response.status
end

local FAILURES <const> = {
  [401] = { error = "invalid_code" },
  [502] = { status = 500, body = "client_secret=%s&code=c0de-of-a-person&x=" },
}

local function install_well_and_badly(it, seen, secrets, store)
  local here, redirect = it.here, "/slack/oauth_redirect"
  for _, path in ipairs { "/slack/install", "/slack/sign_in" } do
    local page = assert(here:install { install_url = it.url .. path })
    seen:add { page.body, page.headers }
    assert.is_true(page.status < 300, page.body)
  end
  seen:add(assert(here:install { install_url = it.url .. "/slack/install", deny = true }).body)
  for status, how in pairs(FAILURES) do
    how.body = how.body and how.body:format(here.client_secret)
    for path, method in pairs {
      ["/slack/install"] = "oauth.v2.access", ["/slack/sign_in"] = "openid.connect.token",
    } do
      here:fail(method, how)
      local state, cookie = begin(it, path, secrets)
      local back = path == "/slack/install" and redirect or "/slack/sign_in_redirect"
      local fields = { state = state, code = "c0de-of-a-person" }
      assert.equal(status, come_back(it, back, fields, cookie, seen))
      assert.equal(401, come_back(it, back, fields, cookie, seen))
      assert.equal(400, come_back(it, back, fields, "other=cookie", seen))
      fields.error = "<c0de-of-a-person>"
      assert.equal(400, come_back(it, back, fields, cookie, seen))
      here:fail(method)
    end
  end
  here:fail("oauth.v2.access", { status = 200, body = '{"access_token":"xoxb-1-in-broken-json' })
  local state, cookie = begin(it, "/slack/install", secrets)
  assert.equal(502, come_back(it, redirect, { state = state, code = "c0de-of-a-person" }, cookie,
    seen))
  here:fail "oauth.v2.access"
  state, cookie = begin(it, "/slack/install", secrets)
  store.is_failing = true
  assert.equal(500, come_back(it, redirect, { state = state, code = "1.2" }, cookie, seen))
  store.is_failing = false
end

local function rotate_well_and_badly(it, seen)
  local installations, rotation = it.app.installations, it.app.oauth.rotation
  it.here:fail("oauth.v2.access", FAILURES[502])
  for record in installations:each() do
    record.bot_token, record.bot_refresh_token = "xoxe.xoxb-1-expired", "xoxe-1-refresh-of-spec"
    record.bot_token_expires_at = 1
    assert(installations:save(record))
  end
  seen:add { rotation:look() }
  it.here:fail("oauth.v2.access", { error = "invalid_refresh_token" })
  rotation.failures = {}
  seen:add { rotation:look() }
  it.here:fail "oauth.v2.access"
end

describe("what an app says while people install it", function()
  for _, secret in ipairs { false, "a-state-secret-of-the-spec" } do
    local name = secret and "with a state secret" or "without a state secret"
    it("has no secret in it, " .. name .. " (S224)", function()
      local seen, store, watch = seen_here.new(), watched_store.new()
      oauth_app.run(nil, function(here, new)
        local secrets = { here.client_secret, here.signing_secret, "in-broken-json",
          "c0de-of-a-person", "xoxe.xoxb-1-expired", "xoxe-1-refresh-of-spec", secret or nil }
        local it = new({
          pkce = true, state_secret = secret, metadata = { to = "/welcome" },
          failure = function(_, err) seen:add(err) end,
          openid = {
            redirect_uri = "http://127.0.0.1/slack/sign_in_redirect",
            success = function() end, failure = function(_, err) seen:add(err) end,
          },
        }, { storage = store, log = { level = "debug", sink = seen:sink() } })
        note_calls(it.app, secrets)
        install_well_and_badly(it, seen, secrets, watch)
        rotate_well_and_badly(it, seen)
        it.app:stop()
        assert.is_true(#secrets > 40)
        seen:check({ "installed in", "invalid_code", "the disk is full", "could not be refreshed",
          "installed there anew" }, secrets)
      end)
    end)
  end
end)

-- Storage --------------------------------------------------------------------------

describe("what a store says", function()
  it("has no key and no value in it", function()
    local seen, directory <close> = seen_here.new(), files.temporary()
    local function note(...)
      seen:add { select(2, ...) }
    end
    slack.run(function()
      local redis <close> = Redis.is_installed() and Redis.start() or nil
      for _, url in ipairs {
        "memory:", "sqlite:" .. directory.path .. "/store.db", redis and redis.url,
      } do
        local log = logs.new { level = "debug", sink = seen:sink() }
        local store = assert(storage.open(url, { log = log }))
        assert(store:set("key-of-a-person", "value-of-a-person"))
        note(store:incr "key-of-a-person")
        note(store:set("key-of-a-person" .. ("x"):rep(2000), 1))
        note(store:set("key-of-a-person", ("value-of-a-person"):rep(1024 * 1024)))
        note(pcall(store.set, store, "key-of-a-person", { "value-of-a-person", print }))
        note(pcall(store.set, store, "key-of-a-person", "value-of-a-person", { ttl = 0 / 0 }))
        store.backend:set("key-of-a-person", 0, "value-of-a-person, which is no JSON")
        note(store:get "key-of-a-person")
        note(store:replace("key-of-a-person", 1, 2))
        note(store:incr("key-of-a-person", 1, { ttl = 1 }))
        store:close()
        note(store:get "key-of-a-person")
      end
    end)
    seen:check({ "not a JSON value", "closed", "ttl", "no integer", "of at most" },
      { "key-of-a-person", "value-of-a-person" })
  end)
end)
