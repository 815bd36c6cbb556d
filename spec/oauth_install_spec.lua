local core = require "slack.core"
local errors = require "slack.errors"
local form = require "slack.form"
local oauth_app = require "support.oauth_app"
local slack = require "slack"

local COOKIE = "slack-app-oauth-state"
local SECRET = "a-state-secret-of-the-spec"

-- One request, without cookies but those given, and without following redirects.
local function get(url, cookie, options)
  local all = { follow = false, proxy = "", headers = { cookie = cookie } }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return assert(slack.fetch(url, all))
end

local function cookie_of(response)
  return response.headers["set-cookie"]:match "^([^;]+)"
end

-- What the install path sends a browser away with.
local function begin(it)
  local response = get(it.url .. "/slack/install")
  local url = response.redirect or response.body:match 'href="(https://[^"]+)"':gsub("&amp;", "&")
  return form.decode(url:match "%?(.*)$"), cookie_of(response), response
end

local function come_back(it, fields, cookie)
  return get(it.url .. "/slack/oauth_redirect?" .. form.encode(fields), cookie)
end

local function install(it, how)
  how = how or {}
  how.install_url = it.url .. "/slack/install"
  return assert(it.here:install(how))
end

local function only_installation(it)
  local found
  for record in it.app.installations:each() do
    assert.is_nil(found)
    found = record
  end
  return found
end

local function log_of(it)
  return table.concat(it.lines, "\n")
end

describe("the install path", function()
  it("is told of at the start, at the host where the cookie comes back", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      assert.matches("people install it at " .. it.url .. "/slack/install", log_of(it), 1, true)
      it = new { redirect_uri = "https://bot.example/p/slack/oauth_redirect" }
      assert.matches("people install it at https://bot.example/p/slack/install", log_of(it), 1,
        true)
    end)
  end)

  it("shows a page that leads to Slack (S061, S062)", function()
    oauth_app.run(nil, function(here, new)
      local it = new(nil, { name = "Bot <1>" })
      local _, _, response = begin(it)
      assert.same({ 200, "text/html; charset=utf-8", "no-store", "no-referrer" }, {
        response.status, response.headers["content-type"], response.headers["cache-control"],
        response.headers["referrer-policy"],
      })
      assert.matches("default%-src 'none'; .*form%-action 'none'; frame%-ancestors 'none'",
        response.headers["content-security-policy"])
      assert.same({ "DENY", "nosniff" },
        { response.headers["x-frame-options"], response.headers["x-content-type-options"] })
      assert.matches("<h1>Add Bot &lt;1&gt; to Slack</h1>", response.body, 1, true)
      assert.matches(('<a class="button" href="%soauth/v2/authorize?client_id=%s&amp;scope=')
        :format(here.url, here.client_id), response.body, 1, true)
      assert.not_matches("&scope", response.body, 1, true)
    end)
  end)

  it("names its one style sheet by the right digest", function()
    oauth_app.run(nil, function(_, new)
      local base64 = require "slack.base64"
      local _, _, response = begin(new())
      local style = response.body:match "<style>(.*)</style>"
      assert.matches("style-src 'sha256-" .. base64.encode(core.sha256(style)) .. "'",
        response.headers["content-security-policy"], 1, true)
      assert.matches("default-src 'none'", response.headers["content-security-policy"], 1, true)
    end)
  end)

  it("is where the error about a workspace without it leads", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local _, err = it.app:client_for { team_id = "T0STRANGE" }
      assert.equal("no authorization for T0STRANGE: the app is not installed there; "
        .. "that is done at " .. it.url .. "/slack/install", tostring(err))
    end)
  end)

  it("leads to Slack at once when that is asked for (S061)", function()
    oauth_app.run(nil, function(here, new)
      local it = new { direct = true }
      local _, cookie, response = begin(it)
      assert.equal(302, response.status)
      assert.equal(here.url .. "oauth/v2/authorize",
        response.redirect:match "^[^?]+")
      assert.matches("^" .. COOKIE:gsub("%-", "%%-") .. "=", cookie)
      assert.equal(200, install(it).status)
    end)
  end)

  it("asks for scopes, user scopes, a workspace, with a state (S074)", function()
    oauth_app.run(nil, function(here, new)
      local query = begin(new { scopes = "chat:write, commands", user_scopes = { "search:read" },
        team = "T024BE7LD" })
      assert.same({ here.client_id, "chat:write,commands", "search:read", "T024BE7LD" },
        { query.client_id, query.scope, query.user_scope, query.team })
      assert.is_true(#query.state >= 22 + 43)
      assert.is_nil(query.redirect_uri)
    end)
  end)

  it("gives another state and cookie each time, the cookie not to scripts", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local first, cookie, response = begin(it)
      local second, other = begin(it)
      assert.are_not.equal(first.state, second.state)
      assert.are_not.equal(cookie, other)
      assert.not_matches(first.state, cookie, 1, true)
      local line = response.headers["set-cookie"]
      for _, part in ipairs { "; Path=/", "; HttpOnly", "; Max-Age=600", "; SameSite=Lax" } do
        assert.matches(part, line, 1, true)
      end
      assert.not_matches("Secure", line)
    end)
  end)

  it("keeps the cookie off plain text but on this machine", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local function cookie_for(host)
        return get(it.url .. "/slack/install", nil, { headers = { host = host } })
          .headers["set-cookie"]
      end
      assert.matches("; Secure", cookie_for "bot.example.com", 1, true)
      assert.matches("; Secure", cookie_for "localhost.example.com", 1, true)
      assert.not_matches("; Secure", cookie_for "localhost:3000", 1, true)
      it.app.http_server.is_secure = true
      assert.matches("; Secure", cookie_for "localhost:3000", 1, true)
      it = new { redirect_uri = "https://bot.example.com/slack/oauth_redirect" }
      assert.matches("; Secure", cookie_for "localhost:3000", 1, true)
    end)
  end)

  it("takes no cookie that another host of the domain may have planted", function()
    local failed
    oauth_app.run(nil, function(_, new)
      local it = new {
        redirect_uri = "https://bot.example.com/slack/oauth_redirect", state_secret = SECRET,
        failure = function(_, err) failed = err.code end,
      }
      local query, cookie = begin(it)
      local name, value = cookie:match "^(.-)=(.*)$"
      assert.equal("__Host-" .. COOKIE, name) -- which browsers take from this host alone
      local fields = { state = query.state, code = "1.2" }
      assert.equal(400, come_back(it, fields, COOKIE .. "=" .. value).status)
      assert.equal("state_mismatch", failed)
      local response = come_back(it, fields, ("%s=planted; %s"):format(COOKIE, cookie))
      assert.equal("invalid_code", failed)
      assert.matches("__Host-" .. COOKIE .. "=; Path=/; Max-Age=0; HttpOnly; Secure",
        response.headers["set-cookie"], 1, true)
    end)
  end)

  it("shows a page of the program's own, which gets the URL (S062)", function()
    oauth_app.run(nil, function(_, new)
      local it = new { install_page = function(_, url) return "<p>go to " .. url .. "</p>" end }
      local response = get(it.url .. "/slack/install")
      assert.equal("text/html; charset=utf-8", response.headers["content-type"])
      assert.matches("^<p>go to https://localhost:%d+/oauth/v2/authorize%?client_id=[%d.]+&scope=",
        response.body)
      assert.matches(COOKIE, response.headers["set-cookie"], 1, true)
    end)
  end)

  it("lets before_install add headers and cookies, or stop it all (S070)", function()
    oauth_app.run(nil, function(_, new)
      local answer
      local it = new { before_install = function(c) return answer or c.query.go ~= "no" end }
      assert.equal(200, get(it.url .. "/slack/install").status)
      answer = { headers = { ["X-Plan"] = "gold" }, cookies = { { name = "plan", value = "1" } } }
      local response = get(it.url .. "/slack/install")
      assert.same({ 200, "gold" }, { response.status, response.headers["x-plan"] })
      assert.matches("plan=1", response.headers["set-cookie"], 1, true)
      assert.matches(COOKIE, response.headers["set-cookie"], 1, true)
      answer = { status = 402, text = "pay first" }
      response = get(it.url .. "/slack/install")
      assert.same({ 402, "pay first" }, { response.status, response.body })
      assert.is_nil(response.headers["set-cookie"])
      answer = "<p>pay first</p>"
      response = get(it.url .. "/slack/install")
      assert.same({ 200, "text/html; charset=utf-8", answer },
        { response.status, response.headers["content-type"], response.body })
      answer = nil
      assert.equal(403, get(it.url .. "/slack/install?go=no").status)
    end)
  end)

  it("uses up nothing for who only looks, and knows no path below (S084)", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local response = get(it.url .. "/slack/install", nil, { method = "HEAD" })
      assert.same({ 200, nil }, { response.status, response.headers["set-cookie"] })
      assert.equal(404, get(it.url .. "/slack/install/x").status)
      assert.equal(405, get(it.url .. "/slack/install", nil, { method = "POST" }).status)
      assert.same({}, it.app.storage:keys "oauth:")
    end)
  end)
end)

describe("an installation", function()
  it("keeps all that Slack tells (S076)", function()
    oauth_app.run(nil, function(here, new)
      local it = new {
        scopes = { "chat:write", "incoming-webhook" }, user_scopes = { "search:read" },
      }
      local page = install(it, { user = "ada" })
      assert.equal(200, page.status)
      local team, record = here.workspaces[1], only_installation(it)
      assert.same({
        team.team_id, "Moonbase", here.workspace.app_id, here.workspace.bot.id,
        here.workspace.bot.user_id, here.workspace:find_user("ada").id, "bot", false,
      }, {
        record.team_id, record.team_name, record.app_id, record.bot_id, record.bot_user_id,
        record.user_id, record.token_type, record.is_enterprise_install,
      })
      assert.same({ "chat:write", "incoming-webhook" }, { table.unpack(record.bot_scopes) })
      assert.same({ "search:read" }, { table.unpack(record.user_scopes) })
      assert.matches("^xoxb%-", record.bot_token)
      assert.matches("^xoxp%-", record.user_token)
      for _, name in ipairs { "url", "channel", "channel_id", "configuration_url" } do
        assert.is_string(record["incoming_webhook_" .. name])
      end
      assert.is_true(math.abs(record.installed_at - core.time()) < 60)
      assert.is_nil(record.enterprise_id)
    end)
  end)

  it("of an organization leads to where workspaces are added (S077)", function()
    oauth_app.run(nil, function(here, new)
      local it = new()
      local earth = here:add_workspace { enterprise = { id = "E0PLANETS1", name = "Planets" } }
      local page = install(it, { workspace = earth, org = true })
      local record = only_installation(it)
      assert.same({ true, "E0PLANETS1", "Planets", nil }, {
        record.is_enterprise_install, record.enterprise_id, record.enterprise_name,
        record.team_id,
      })
      assert.matches("^https://", record.enterprise_url)
      assert.matches(("manage/organization/apps/profile/%s/workspaces/add"):format(record.app_id),
        page.body, 1, true)
    end)
  end)

  it("may be a person's alone, by Slack's flow for that", function()
    oauth_app.run(nil, function(_, new)
      local it = new { scopes = false, user_scopes = "search:read", user_only = true }
      assert.equal(200, install(it, { user = "grace" }).status)
      local record = only_installation(it)
      assert.same({ nil, nil, "user" }, { record.bot_token, record.bot_id, record.token_type })
      assert.matches("^xoxp%-", record.user_token)
    end)
  end)

  it("proves with PKCE that the code is its own", function()
    oauth_app.run(nil, function(_, new)
      for _, secret in ipairs { false, SECRET } do
        local it = new { pkce = true, state_secret = secret }
        local query = begin(it)
        assert.same({ "S256", 43 }, { query.code_challenge_method, #query.code_challenge })
        assert.equal(200, install(it).status)
      end
    end)
  end)

  it("opens Slack, or the browser, and shows names as they are", function()
    oauth_app.run({ team_name = "<b>&\"'Moon" }, function(here, new)
      local page = install(new())
      assert.matches("&lt;b&gt;&amp;&quot;&#39;Moon", page.body, 1, true)
      assert.not_matches("<b>", page.body, 1, true)
      assert.matches(('href="slack://app?team=%s&amp;id=%s"'):format(here.workspaces[1].team_id,
        here.workspace.app_id), page.body, 1, true)
    end)
  end)

  it("hands metadata to every callback (S081)", function()
    oauth_app.run(nil, function(_, new)
      for _, secret in ipairs { false, SECRET } do
        local seen = {}
        local it = new {
          state_secret = secret,
          metadata = function(c) return { plan = c.query.plan or "none", list = {} } end,
          after_install = function(installation) seen.after = installation.metadata.plan end,
          success = function(_, installation)
            seen.success = installation.metadata.plan
            return "<p>welcome</p>"
          end,
          failure = function(_, err) seen.failure = err.metadata.plan end,
        }
        local page = it.here:install { install_url = it.url .. "/slack/install?plan=gold" }
        assert.equal("<p>welcome</p>", page.body)
        assert(it.here:install { install_url = it.url .. "/slack/install?plan=tin", deny = true })
        assert.same({ after = "gold", success = "gold", failure = "tin" }, seen)
        assert.equal("gold", only_installation(it).metadata.plan)
      end
    end)
  end)

  it("begins no more at once than there is room for, unless nothing is kept", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      it.app.oauth.installer.visits.states.max_kept = 2
      assert.same({ 200, 200, 503 }, {
        get(it.url .. "/slack/install").status, get(it.url .. "/slack/install").status,
        get(it.url .. "/slack/install").status,
      })
      it.app.oauth.installer.visits.states.clock = function() return core.time() + 601 end
      assert.equal(200, get(it.url .. "/slack/install").status)
      it = new { state_secret = SECRET }
      it.app.oauth.installer.visits.states.max_kept = 0
      assert.equal(200, get(it.url .. "/slack/install").status)
    end)
  end)

  it("refuses metadata that is too much for a URL", function()
    oauth_app.run(nil, function(_, new)
      for _, secret in ipairs { false, SECRET } do
        local it = new { state_secret = secret, metadata = ("x"):rep(1998) }
        assert.equal(200, install(it).status)
        assert.equal(1998, #only_installation(it).metadata)
        it = new { state_secret = secret, metadata = ("x"):rep(1999) }
        assert.equal(500, get(it.url .. "/slack/install").status)
        assert.matches("oauth.metadata: at most 2000 bytes", log_of(it), 1, true)
      end
    end)
  end)

  it("ends where after_install says so, and is not kept then (S072)", function()
    oauth_app.run(nil, function(_, new)
      local answer = false
      local it = new { after_install = function() return answer end }
      local page = install(it)
      assert.same({ 403, nil }, { page.status, only_installation(it) })
      assert.matches("<code>refused</code>", page.body, 1, true)
      answer = { redirect = "/sorry" }
      assert.equal(404, install(it).status)
      assert.is_nil(only_installation(it))
      answer = true
      assert.equal(200, install(it).status)
      assert.is_table(only_installation(it))
    end)
  end)

  it("names the function of the option in which something went wrong, and its place", function()
    oauth_app.run(nil, function(_, new)
      local it = new { before_install = function() error "no plan" end }
      assert.equal(500, get(it.url .. "/slack/install").status)
      assert.matches("error in oauth.before_install %(spec/oauth_install_spec.lua:%d+%): .-no plan",
        log_of(it))
      it = new { before_install = function() return 5 end }
      assert.equal(500, get(it.url .. "/slack/install").status)
      assert.matches("oauth.before_install %(spec/.-%): it returned a number; text,", log_of(it))
      it = new { after_install = function() return print end }
      assert.equal(500, install(it).status)
      assert.is_nil(only_installation(it))
      assert.matches("oauth.after_install %(spec/.-%): it returned a function", log_of(it))
      it = new { metadata = function() error "no data" end }
      assert.equal(500, get(it.url .. "/slack/install").status)
      assert.matches("error in oauth.metadata %(spec/", log_of(it))
      it = new { success = function() return 5 end }
      assert.matches("has been added", install(it).body)
      assert.matches("ERROR.-oauth.success %(spec/.-%): it returned a number", log_of(it))
    end)
  end)

  it("says which option is wrong when Slack does not know the app", function()
    oauth_app.run(nil, function(_, new)
      local it = new { client_secret = "wrong" }
      local page = install(it)
      assert.equal(500, page.status)
      assert.not_matches("Trying again", page.body)
      assert.matches("<code>bad_client_secret</code>", page.body, 1, true)
      assert.matches('check the option "oauth.client_secret" or SLACK_CLIENT_SECRET', log_of(it), 1,
        true)
    end)
  end)

  it("is told of in the log, without anything secret", function()
    oauth_app.run(nil, function(here, new)
      local it = new { user_scopes = "search:read" }
      local page = install(it, { user = "ada" })
      local text = log_of(it) .. page.body
      assert.matches(("installed in Moonbase (%s) by %s"):format(here.workspaces[1].team_id,
        here.workspace:find_user("ada").id), text, 1, true)
      local record, back = only_installation(it), page.hops[#page.hops].url
      local query = form.decode(back:match "%?(.*)$")
      for _, secret in ipairs {
        record.bot_token, record.user_token, here.client_secret, query.code, query.state,
      } do
        assert.not_matches(secret, text, 1, true)
      end
    end)
  end)
end)

for name, secret in pairs {
  ["kept in the storage"] = false, ["of the operator's secret"] = SECRET,
} do
  describe("a state " .. name, function()
    -- With what a browser would come back: a state, its cookie, a code that is none.
    local function run(fn)
      oauth_app.run(nil, function(_, new)
        local failed = {}
        local it = new {
          state_secret = secret,
          failure = function(_, err) table.insert(failed, err.code) end,
        }
        local query, cookie = begin(it)
        fn(it, query.state, cookie, failed)
      end)
    end

    it("is good once (S065)", function()
      run(function(it, state, cookie, failed)
        assert.equal(401, come_back(it, { state = state, code = "1.2" }, cookie).status)
        assert.equal(401, come_back(it, { state = state, code = "1.2" }, cookie).status)
        assert.same({ "invalid_code", "invalid_state" }, failed)
      end)
    end)

    it("is good for one of those who come at the same time", function()
      run(function(it, state, cookie, failed)
        local function back() return come_back(it, { state = state, code = "1.2" }, cookie) end
        assert(slack.all { back, back, back, back })
        table.sort(failed)
        assert.same({ "invalid_code", "invalid_state", "invalid_state", "invalid_state" }, failed)
      end)
    end)

    it("is good for ten minutes (S065)", function()
      run(function(it, state, cookie, failed)
        it.app.oauth.installer.visits.states.clock = function() return core.time() + 601 end
        assert.equal(401, come_back(it, { state = state, code = "1.2" }, cookie).status)
        assert.same({ "invalid_state" }, failed)
      end)
    end)

    it("is good in the browser that it was given to (S064)", function()
      run(function(it, state, cookie, failed)
        local query, other = begin(it)
        for _, foreign in ipairs { other, COOKIE .. "=", COOKIE .. "=" .. state, "a=b", "" } do
          local response = come_back(it, { state = state, code = "1.2" }, foreign)
          assert.same({ 400, nil }, { response.status, response.headers["set-cookie"] })
        end
        assert.equal(401, come_back(it, { state = query.state, code = "1.2" }, other).status)
        assert.equal(401, come_back(it, { state = state, code = "1.2" }, cookie).status)
        assert.same({ "state_mismatch", "state_mismatch", "state_mismatch", "state_mismatch",
          "state_mismatch", "invalid_code", "invalid_code" }, failed)
      end)
    end)

    it("is refused when a bit of it was changed, with its cookie changed alike (S066)", function()
      run(function(it, state, _, failed)
        local base64 = require "slack.base64"
        local function cookie_for(text)
          return COOKIE .. "=" .. base64.encode_url(core.sha256(text))
        end
        local body, mac = state:match "^(.*)%.(.*)$"
        local function flip(text)
          return (text:sub(1, 1) == "A" and "B" or "A") .. text:sub(2)
        end
        for _, text in ipairs {
          flip(body) .. "." .. mac, body .. "." .. flip(mac), body, body .. ".", "." .. mac,
          body .. "." .. mac .. ".x", ("x"):rep(8000) .. "." .. mac, "é.è",
        } do
          assert.equal(401, come_back(it, { state = text, code = "1.2" }, cookie_for(text)).status)
          assert.equal("invalid_state", table.remove(failed))
        end
        assert.equal(401, come_back(it, { state = state, code = "1.2" }, cookie_for(state)).status)
        assert.equal("invalid_code", table.remove(failed))
      end)
    end)

    it("takes its cookie with it", function()
      run(function(it, state, cookie)
        local response = come_back(it, { state = state, code = "1.2" }, cookie)
        assert.matches(COOKIE .. "=; Path=/; Max-Age=0", response.headers["set-cookie"], 1, true)
      end)
    end)
  end)
end

describe("the redirect path", function()
  it("leads, as the install path does, nowhere that its URL asks for", function()
    oauth_app.run(nil, function(here, new)
      local it, EVIL = new { direct = true }, "https://evil.example/"
      local wishes = { redirect_uri = EVIL, redirect_url = EVIL, return_to = EVIL, next = EVIL,
        url = EVIL, team = EVIL, client_id = EVIL, scope = EVIL }
      local response = assert(slack.fetch(it.url .. "/slack/install", {
        query = wishes, follow = false, headers = { ["X-Forwarded-Host"] = "evil.example" },
      }))
      assert.equal(here.url .. "oauth/v2/authorize", response.redirect:match "^[^?]+")
      assert.not_matches("evil", response.redirect, 1, true)
      wishes.error = "access_denied"
      response = come_back(it, wishes)
      assert.is_nil(response.redirect)
      assert.not_matches("evil", response.body, 1, true)
    end)
  end)

  it("says what happened when somebody cancels (S069)", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local page = install(it, { deny = true })
      assert.equal(200, page.status)
      assert.matches("<h1>Canceled</h1>", page.body, 1, true)
      assert.matches('href="/slack/install"', page.body, 1, true)
      assert.is_nil(only_installation(it))
      local query, cookie = begin(it)
      assert.equal(200, come_back(it, { error = "access_denied", state = query.state },
        cookie).status)
      assert.equal(401, come_back(it, { code = "1.2", state = query.state }, cookie).status)
    end)
  end)

  it("shows Slack's words, and nobody else's", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local response = come_back(it, { error = "invalid_scope" })
      assert.equal(400, response.status)
      assert.matches("<code>invalid_scope</code>", response.body, 1, true)
      for _, text in ipairs { "<script>alert(1)</script>", "call_555", ("a"):rep(65) } do
        response = come_back(it, { error = text, state = text, code = text })
        assert.matches("<code>unknown_error</code>", response.body, 1, true)
        assert.not_matches(text, response.body .. log_of(it), 1, true)
      end
    end)
  end)

  it("refuses who comes without a code or a state (S069)", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local query, cookie = begin(it)
      local response = come_back(it, { state = query.state }, cookie)
      assert.equal(401, response.status)
      assert.matches("<code>missing_code</code>", response.body, 1, true)
      response = come_back(it, { code = "1.2" }, cookie)
      assert.equal(400, response.status)
      assert.matches("<code>missing_state</code>", response.body, 1, true)
    end)
  end)

  it("takes installs that begin at Slack where that is allowed (S068)", function()
    oauth_app.run(nil, function(here, new)
      local it = new { allow_without_state = true }
      local function at_slack(state)
        return here:install { install_url = here.url .. "oauth/v2/authorize?" .. form.encode {
          client_id = here.client_id, scope = "chat:write", state = state,
        } }
      end
      assert.equal(200, at_slack().status)
      assert.equal(200, at_slack("").status)
      assert.is_table(only_installation(it))
      assert.equal(400, at_slack("invented.state").status)
      it = new()
      assert.equal(400, at_slack().status)
      assert.is_nil(only_installation(it))
    end)
  end)

  it("gives a code to Slack once, and says so when Slack refuses it", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local query, cookie = begin(it)
      local response = come_back(it, { state = query.state, code = "1.2.invented" }, cookie)
      assert.equal(401, response.status)
      assert.matches("<code>invalid_code</code>", response.body, 1, true)
      assert.matches("installing failed (invalid_code): oauth.v2.access", log_of(it), 1, true)
      assert.not_matches("1.2.invented", response.body .. log_of(it), 1, true)
    end)
  end)

  it("answers 502 when Slack cannot be asked, 500 when nothing can be kept", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local down = errors.new { code = "disk_full", message = "the disk is full" }
      it.app.installations.save = function() return nil, down end
      local page = install(it)
      assert.equal(500, page.status)
      assert.matches("ERROR.*installing failed %(disk_full%)", log_of(it))
      local query, cookie = begin(it)
      it.app.client.call = function() return nil, errors.new { code = "connection" } end
      local response = come_back(it, { state = query.state, code = "1.2" }, cookie)
      assert.equal(502, response.status)
      it.app.oauth.installer.visits.states.store = {
        set = function() return nil, down end, get = function() return nil, down end,
      }
      assert.equal(500, get(it.url .. "/slack/install").status)
    end)
  end)

  it("shows failures on a page of the program's own (S064)", function()
    oauth_app.run(nil, function(_, new)
      local seen
      local it = new {
        failure = function(_, err)
          seen = err.code
          return "<p>no: " .. err.code .. "</p>"
        end,
      }
      local response = come_back(it, { code = "1.2", state = "x" })
      assert.same({ 400, "<p>no: state_mismatch</p>", "state_mismatch" },
        { response.status, response.body, seen })
    end)
  end)

  it("shows pages that are given as text as they are", function()
    oauth_app.run(nil, function(_, new)
      local it = new { success = "<p>welcome</p>", failure = "<p>sorry</p>" }
      local page = install(it)
      assert.same({ 200, "<p>welcome</p>", "text/html; charset=utf-8" },
        { page.status, page.body, page.headers["content-type"] })
      local response = come_back(it, { code = "1.2", state = "x" })
      assert.same({ 400, "<p>sorry</p>" }, { response.status, response.body })
    end)
  end)

  it("gives pages of the program's own the status of what went wrong", function()
    oauth_app.run(nil, function(_, new)
      local answer = { html = "<p>no</p>", headers = { ["X-A"] = "b" } }
      local it = new { failure = answer }
      local response = come_back(it, { code = "1.2", state = "x" })
      assert.same({ 400, "<p>no</p>", "b" },
        { response.status, response.body, response.headers["x-a"] })
      answer.status = 418
      assert.equal(418, come_back(it, { code = "1.2", state = "x" }).status)
      it = new { failure = { redirect = "/help" } }
      assert.equal(302, come_back(it, { code = "1.2", state = "x" }).status)
    end)
  end)

  it("leaves a visit alone that another site interrupts", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      local query, cookie = begin(it)
      for _, fields in ipairs {
        { error = "access_denied" }, { error = "access_denied", state = "x" }, { code = "1.2" },
      } do
        assert.is_nil(come_back(it, fields, cookie).headers["set-cookie"])
      end
      assert.equal(401, come_back(it, { state = query.state, code = "1.2" }, cookie).status)
    end)
  end)

  it("writes one line about a hundred failures of one sort", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      for i = 1, 100 do
        come_back(it, { code = "1.2", state = "x" })
        come_back(it, { error = "error_" .. string.char(97 + i % 26) })
      end
      local _, mismatches = log_of(it):gsub("state_mismatch", "")
      local _, words = log_of(it):gsub("came back with the error error_", "")
      assert.same({ 1, 1 }, { mismatches, words })
    end)
  end)

  it("leaves the app without a token of its own, and says where there are some", function()
    oauth_app.run({}, function(_, new)
      local it = new()
      local _, err = it.app.client.chat.postMessage { channel = "C1", text = "x" }
      assert.equal("not_authed", err.code)
      assert.matches("app:client_for { team_id", err.message, 1, true)
      assert.not_matches("SLACK_BOT_TOKEN", err.message, 1, true)
      _, err = it.app.oauth:exchange "xoxb-foo"
      assert.matches("check the token that the call was given", err.message, 1, true)
      assert.matches("^spec/oauth_install_spec.lua:%d+: oauth:exchange: a token expected, got nil",
        select(2, pcall(function() it.app.oauth:exchange() end)))
    end)
  end)
end)
