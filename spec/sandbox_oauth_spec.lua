local WebServer = require "support.web_server"
local base64 = require "slack.base64"
local client = require "slack.client"
local core = require "slack.core"
local form = require "slack.form"
local http = require "slack.http"
local json = require "slack.json"
local logs = require "slack.log"
local sandbox = require "support.local_slack"
local slack = require "slack"

local log = logs.new { level = "off" }

describe("sandbox OAuth", function()
  local here, app, query, now

  -- An app with an install page; what comes back to its redirect URI is noted.
  local function start(options, tls)
    now, query = 1767610800, nil
    options = options or {}
    options.log, options.clock = log, function() return now end
    here = assert(sandbox.start(options))
    app = WebServer.start(function(request)
      local path, text = request.target:match "^([^?]*)%??(.*)$"
      if path == "/install" then
        return 200, app.page, { "Content-Type", "text/html", "Set-Cookie", "state=s1; HttpOnly" }
      elseif path == "/back" then
        query = form.decode(text)
        return 200, "thanks; " .. (request.headers.cookie or "no cookie")
      end
      return 200
    end, { tls = tls })
    app.url = app.url:gsub("127%.0%.0%.1", "localhost")
    here:deliver_over_http(app.url .. "/slack/events")
  end

  local function authorize_url(fields, path)
    local all = {
      client_id = here.client_id, scope = "chat:write,commands", state = "s1",
      redirect_uri = app.url .. "/back",
    }
    for name, value in pairs(fields or {}) do
      all[name] = value or nil
    end
    return here.url .. (path or "oauth/v2/authorize") .. "?" .. form.encode(all)
  end

  -- What a method answers that needs no token.
  local function call(method, fields, headers)
    local all = { client_id = here.client_id, client_secret = here.client_secret }
    for name, value in pairs(fields) do
      all[name] = value or nil
    end
    return assert(slack.fetch(here.api_url .. method, {
      form = all, headers = headers, ca_file = here.ca_file, proxy = "",
    }):json())
  end

  local function api_of(token)
    return client.new {
      token = token, api_url = here.api_url, ca_file = here.ca_file, proxy = "", log = log,
      retries = 0,
    }
  end

  -- From the authorize page to the answer of the exchange.
  local function install(fields, how)
    how = how or {}
    how.install_url = authorize_url(fields, how.path)
    local method = how.method or "oauth.v2.access"
    how.path, how.method = nil, nil
    assert(here:install(how))
    return call(method, { code = query.code, redirect_uri = app.url .. "/back" })
  end

  after_each(function()
    here:stop()
    app:stop()
  end)

  describe("install", function()
    it("clicks through the app's page and the local Slack's, back to the app", function()
      start()
      app.page = ('<a href="%s">Add</a>'):format(authorize_url():gsub("&", "&amp;"))
      local page = assert(here:install { install_url = app.url .. "/install" })
      assert.same({ 200, "thanks; state=s1" }, { page.status, page.body })
      assert.equal("s1", query.state)
      assert.truthy(query.code)
      assert.equal("s1", page.browser:cookie("state").value)
    end)

    it("trusts the app's own certificate when it is given", function()
      start({}, {})
      local page = here:install { install_url = authorize_url(), ca_file = app.ca_file }
      assert.same({ 200, "s1" }, { page.status, query.state })
      local none, err = here:install { install_url = authorize_url() }
      assert.same({ nil, "tls" }, { none, err.code })
    end)

    it("tells the app when somebody cancels", function()
      start()
      assert(here:install { install_url = authorize_url(), deny = true })
      assert.same({ error = "access_denied", state = "s1" }, query)
    end)

    it("shows the app's page when there is nothing to click on", function()
      start()
      app.page = "closed"
      assert.equal("closed", here:install({ install_url = app.url .. "/install" }).body)
    end)

    for word, fields in pairs {
      invalid_client_id = { client_id = "1.2" },
      bad_redirect_uri = { redirect_uri = "https://example.com/back" },
      no_scopes = { scope = "" },
      invalid_code_challenge_method = { code_challenge = "x", code_challenge_method = "plain" },
    } do
      it("refuses with a page of its own: " .. word, function()
        start()
        local page = assert(here:install { install_url = authorize_url(fields) })
        assert.equal(400, page.status)
        assert.truthy(page.body:find(word, 1, true))
        assert.is_nil(query)
      end)
    end

    it("names the redirect_uri that it got, and those it allows", function()
      start()
      local function refused(uri)
        return here:install({ install_url = authorize_url { redirect_uri = uri } }).body
      end
      local page = refused "https://example.com/back"
      assert.matches("redirect_uri is https://example.com/back; allowed are URLs of this machine",
        page, 1, true)
      for _, host in ipairs { "127.0.0.10", "localhost1", "localhost:1@x.example", "[::1]0" } do
        assert.matches("redirect_uri is http://" .. host .. "/;",
          refused("http://" .. host .. "/"), 1, true)
      end
      here.redirect_urls = { "https://bot.example/a", "https://bot.example/b" }
      assert.matches("allowed are https://bot.example/a, https://bot.example/b",
        refused "https://example.com/back", 1, true)
    end)

    it("returns to registered URLs and what is below them only", function()
      start()
      here.redirect_urls = { app.url .. "/ba" }
      assert.equal(400, here:install({ install_url = authorize_url() }).status)
      here.redirect_urls = { app.url }
      assert.equal(200, here:install({ install_url = authorize_url() }).status)
      here.redirect_urls = { app.url .. "/back" }
      assert(here:install { install_url = authorize_url { redirect_uri = false } })
      assert.truthy(call("oauth.v2.access", { code = query.code }).ok)
    end)

    it("escapes what it shows", function()
      start()
      local page = assert(here:browser():open(authorize_url { scope = "<script>" }))
      assert.truthy(page.body:find("&lt;script&gt;", 1, true))
      assert.is_nil(page.body:find("<script>", 1, true))
    end)

    it("takes a decision once", function()
      start()
      local browser = here:browser()
      assert(browser:open(authorize_url()))
      local fields = {
        request = browser:hidden "request", decision = "allow",
        person = here.workspace.id .. " " .. here.workspace:find_user("ada").id,
      }
      assert.equal(200, browser:send(here.url .. "oauth/decision", fields).status)
      assert.equal(400, browser:send(here.url .. "oauth/decision", fields).status)
    end)
  end)

  describe("oauth.v2.access", function()
    it("installs the app: a bot's token that works there (protocol 15.3)", function()
      start { installed = false }
      local mars = here:add_workspace { team_name = "Mars" }
      local answer = install(nil, { workspace = mars, user = "grace" })
      assert.same({ "bot", "chat:write,commands", { id = mars.team_id, name = "Mars" }, json.null,
        false, { id = mars.workspace:find_user("grace").id }, mars.workspace.bot.user_id }, {
        answer.token_type, answer.scope, answer.team, answer.enterprise,
        answer.is_enterprise_install, answer.authed_user, answer.bot_user_id,
      })
      assert.is_nil(answer.expires_in)
      assert.equal(mars.team_id, assert(api_of(answer.access_token).auth.test {}).team_id)
      mars:say { text = "now the app hears" }
      assert.truthy(here:wait(function() return app.requests[2] end))
      assert.is_nil(here:installation())
    end)

    it("gives the same token again, with scopes that only add up", function()
      start()
      local first = install { scope = "chat:write" }
      local second = install { scope = "commands" }
      assert.equal(first.access_token, second.access_token)
      assert.truthy(second.scope:find("chat:write", 1, true))
    end)

    it("gives a person's token beside the bot's, or alone", function()
      start { installed = false }
      local both = install { user_scope = "search:read" }
      assert.same({ "search:read", "user" },
        { both.authed_user.scope, both.authed_user.token_type })
      local alone = install({ scope = false, user_scope = "search:read" }, { user = "grace" })
      assert.is_nil(alone.access_token)
      assert.equal("grace", assert(api_of(alone.authed_user.access_token).auth.test {}).user)
    end)

    it("installs for a whole organization, team null", function()
      start()
      local one = here:add_workspace { enterprise = { id = "E01", name = "Orbit" } }
      local answer = install(nil, { workspace = one, org = true })
      assert.same({ json.null, { id = "E01", name = "Orbit" }, true },
        { answer.team, answer.enterprise, answer.is_enterprise_install })
      local refused = install(nil, { workspace = one })
      assert.equal("cannot_install_an_org_installed_app", refused.error)
    end)

    it("brings an incoming webhook that posts", function()
      start()
      local hook = install({ scope = "incoming-webhook" }).incoming_webhook
      assert.equal("#general", hook.channel)
      assert(slack.webhook(hook.url, { ca_file = here.ca_file }):send "built")
      assert.equal("built", here:messages("general")[1].text)
      local _, err = slack.webhook(hook.url, { ca_file = here.ca_file }):send { blocks = nil }
      assert.equal("no_text", err.code)
    end)

    it("takes the client by Basic authentication too", function()
      start()
      assert(here:install { install_url = authorize_url() })
      local basic = "Basic " .. base64.encode(here.client_id .. ":" .. here.client_secret)
      assert.is_true(call("oauth.v2.access", {
        client_id = false, client_secret = false, code = query.code,
        redirect_uri = app.url .. "/back",
      }, { Authorization = basic }).ok)
    end)

    for word, change in pairs {
      invalid_client_id = { client_id = "1.2" },
      bad_client_secret = { client_secret = "wrong" },
      invalid_code = { code = "1.2.3" },
      bad_redirect_uri = { redirect_uri = "http://localhost/other" },
      invalid_grant_type = { grant_type = "password" },
      pkce_not_allowed = { code_verifier = "x" },
    } do
      it("refuses with " .. word, function()
        start()
        assert(here:install { install_url = authorize_url() })
        local fields = { code = query.code, redirect_uri = app.url .. "/back" }
        for name, value in pairs(change) do
          fields[name] = value
        end
        assert.equal(word, call("oauth.v2.access", fields).error)
      end)
    end

    it("takes a code once, and for ten minutes", function()
      start()
      install()
      local fields = { code = query.code, redirect_uri = app.url .. "/back" }
      assert.equal("invalid_code", call("oauth.v2.access", fields).error)
      assert(here:install { install_url = authorize_url() })
      fields.code = query.code
      now = now + 601
      assert.equal("invalid_code", call("oauth.v2.access", fields).error)
    end)

    it("checks the verifier of PKCE, and asks for no secret then", function()
      start()
      local challenge = base64.encode_url(core.sha256 "verifier")
      assert(here:install { install_url = authorize_url {
        code_challenge = challenge, code_challenge_method = "S256",
      } })
      local fields = {
        code = query.code, redirect_uri = app.url .. "/back", client_secret = false,
        code_verifier = "another",
      }
      assert.equal("invalid_code_verifier", call("oauth.v2.access", fields).error)
      fields.code_verifier = "verifier"
      assert.is_true(call("oauth.v2.access", fields).ok)
    end)
  end)

  it("has a flow for people only, which does not mix with the other", function()
    start()
    local how = { path = "oauth/v2_user/authorize", method = "oauth.v2.user.access" }
    local answer = install({ scope = "search:read" }, how)
    assert.equal("ada", assert(api_of(answer.authed_user.access_token).auth.test {}).user)
    how.path = "oauth/v2_user/authorize"
    assert.equal("oauth_authorization_url_mismatch", install(nil, how).error)
  end)

  describe("rotation", function()
    it("gives tokens that expire, and new ones for each refresh token, once", function()
      start { token_rotation = true }
      local first = install { user_scope = "search:read" }
      assert.matches("^xoxe%.xoxb%-1%-", first.access_token)
      assert.matches("^xoxe%.xoxp%-1%-", first.authed_user.access_token)
      assert.same({ 43200, 43200 }, { first.expires_in, first.authed_user.expires_in })
      now = now + 43200
      local _, err = api_of(first.access_token).auth.test {}
      assert.equal("token_expired", err.code)
      local fields = { grant_type = "refresh_token", refresh_token = first.refresh_token }
      local second = call("oauth.v2.access", fields)
      assert.same({ "bot", 43200, first.bot_user_id, first.team },
        { second.token_type, second.expires_in, second.bot_user_id, second.team })
      assert(api_of(second.access_token).auth.test {})
      assert.are_not.equal(first.refresh_token, second.refresh_token)
      assert.equal("invalid_refresh_token", call("oauth.v2.access", fields).error)
      fields.refresh_token = first.authed_user.refresh_token
      local user = call("oauth.v2.access", fields)
      assert.same({ "user", first.authed_user.id }, { user.token_type, user.user_id })
    end)

    it("refreshes nothing that was revoked, nor for strangers", function()
      start { token_rotation = true }
      local fields = {
        grant_type = "refresh_token", refresh_token = install().refresh_token,
        client_secret = "wrong",
      }
      assert.equal("bad_client_secret", call("oauth.v2.access", fields).error)
      fields.client_secret = nil
      here:uninstall()
      assert.equal("invalid_refresh_token", call("oauth.v2.access", fields).error)
    end)

    it("exchanges a lasting token, once", function()
      start()
      local fields = { token = here.bot_token }
      assert.equal("token_rotation_not_enabled", call("oauth.v2.exchange", fields).error)
      here.token_rotation = true
      local answer = call("oauth.v2.exchange", fields)
      assert.same({ "bot", 43200 }, { answer.token_type, answer.expires_in })
      assert(api_of(answer.access_token).auth.test {})
      assert.equal("token_revoked", call("oauth.v2.exchange", fields).error)
      fields.token = answer.access_token
      assert.equal("token_already_exchanged", call("oauth.v2.exchange", fields).error)
    end)
  end)

  describe("sign-in", function()
    local function sign_in(fields)
      fields = fields or {}
      fields.response_type = fields.response_type or "code"
      fields.scope, fields.nonce = fields.scope or "openid profile", "n1"
      assert(here:install {
        install_url = authorize_url(fields, "openid/connect/authorize"), user = "grace",
      })
      return call("openid.connect.token", {
        code = query and query.code or "none", redirect_uri = app.url .. "/back",
      })
    end

    it("tells who it is, for whom, and the nonce", function()
      start()
      local answer = sign_in()
      assert.same({ true, "Bearer" }, { answer.ok, answer.token_type })
      local text = answer.id_token:match "^[%w_-]+%.([%w_-]+)%.[%w_-]+$"
      local claims = json.decode(base64.decode_url(text))
      local id = here.workspace:find_user("grace").id
      assert.same({ "https://slack.com", here.client_id, id, id, here.workspace.id, "n1" }, {
        claims.iss, claims.aud, claims.sub, claims["https://slack.com/user_id"],
        claims["https://slack.com/team_id"], claims.nonce,
      })
      assert.is_true(claims.exp > now and claims.iat == now)
      local info = assert(api_of(answer.access_token).openid.connect.userInfo {})
      assert.same({ id, "grace@example.com" }, { info.sub, info.email })
    end)

    it("installs nothing", function()
      start { installed = false }
      sign_in()
      assert.is_nil(here:installation())
    end)

    it("is not for other requests", function()
      start()
      assert.equal("invalid_code", sign_in({ scope = "profile" }).error)
      assert.equal("invalid_code", sign_in({ response_type = "token" }).error)
      assert(here:install { install_url = authorize_url() })
      assert.equal("oauth_authorization_url_mismatch", call("openid.connect.token", {
        code = query.code, redirect_uri = app.url .. "/back",
      }).error)
      local _, err = api_of(here.bot_token).openid.connect.userInfo {}
      assert.equal("missing_scope", err.code)
    end)
  end)

  it("answers strange requests to its pages without harm", function()
    start()
    local net = assert(http.net { ca_file = here.ca_file, proxy = "" })
    for path, expected in pairs {
      ["oauth/decision"] = 400, ["oauth/decision?request=x&person=%00"] = 400,
      ["oauth/v2/authorize?%zz=%"] = 400, ["oauth/v2/nothing"] = 404,
      ["services/T/B/x"] = 404, ["app_redirect?team=x"] = 200,
    } do
      assert.equal(expected, assert(http.request { url = here.url .. path, net = net }).status)
    end
    assert.equal(405, assert(http.request {
      method = "PUT", url = here.url .. "oauth/v2/authorize", net = net,
    }).status)
  end)
end)
