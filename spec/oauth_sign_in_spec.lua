local base64 = require "slack.base64"
local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"
local oauth_app = require "support.oauth_app"
local slack = require "slack"

local function sign_in_app(new, more)
  local got = {}
  local openid = {
    redirect_uri = "http://127.0.0.1/slack/sign_in_redirect",
    success = function(c, identity)
      got.identity, got.data = identity, c.data
      return { redirect = "/welcome" }
    end,
    failure = function(_, err)
      got.err = err
    end,
  }
  for name, value in pairs(more or {}) do
    openid[name] = value or nil
  end
  return new({ openid = openid }), got
end

local function sign_in(it, how)
  how = how or {}
  how.install_url = it.url .. "/slack/sign_in"
  return assert(it.here:install(how))
end

-- Has Slack answer with these claims instead of its own.
local function answer_with(it, change)
  local client = it.app.client
  local call = client.call
  rawset(client, "call", function(self, method, ...)
    local answer, err = call(self, method, ...)
    if method == "openid.connect.token" and answer then
      local head, body, signature = answer.id_token:match "^(.-)%.(.-)%.(.*)$"
      local claims = json.decode(base64.decode_url(body))
      claims = change(claims) or claims
      answer.id_token = type(claims) == "string" and claims
        or table.concat({ head, base64.encode_url(json.encode(claims)), signature }, ".")
    end
    return answer, err
  end)
end

describe("signing in with Slack", function()
  it("tells who it is, and installs nothing", function()
    oauth_app.run(nil, function(here, new)
      local it, got = sign_in_app(new)
      local page = sign_in(it, { user = "grace" })
      assert.equal(it.url .. "/welcome", page.url)
      local identity, grace = got.identity, here.workspace:find_user "grace"
      assert.same({ grace.id, here.workspaces[1].team_id, "grace@example.com", grace.real_name }, {
        identity.user_id, identity.team_id, identity.email, identity.name,
      })
      assert.matches("^https://", identity.picture)
      assert.matches("^xoxp%-", identity.access_token)
      assert.equal(here.client_id, identity.claims.aud)
      assert.is_nil(it.app.installations:each()())
      assert.not_matches(identity.access_token, table.concat(it.lines), 1, true)
    end)
  end)

  it("asks for a profile, with a state and a nonce of their own (S078)", function()
    oauth_app.run(nil, function(here, new)
      local it = sign_in_app(new, { team = "T024BE7LD" })
      local function ask()
        local response = assert(slack.fetch(it.url .. "/slack/sign_in",
          { follow = false, proxy = "" }))
        assert.equal(302, response.status)
        assert.matches("^slack%-app%-sign%-in%-state=[%w_-]+; Path=/; Max%-Age=600; HttpOnly",
          response.headers["set-cookie"])
        assert.equal(here.url .. "openid/connect/authorize", response.redirect:match "^[^?]+")
        return form.decode(response.redirect:match "%?(.*)$")
      end
      local first, second = ask(), ask()
      assert.same({ "code", here.client_id, "openid profile email", "T024BE7LD" },
        { first.response_type, first.client_id, first.scope, first.team })
      assert.are_not.equal(first.nonce, second.nonce)
      assert.are_not.equal(first.state, second.state)
      assert.not_matches(first.nonce, first.state, 1, true)
    end)
  end)

  it("takes a return once (S078)", function()
    oauth_app.run(nil, function(_, new)
      local it, got = sign_in_app(new)
      local page = sign_in(it)
      local back
      for _, hop in ipairs(page.hops) do
        back = hop.url:find "sign_in_redirect" and hop.url or back
      end
      got.identity = nil
      page = assert(page.browser:open(back))
      assert.same({ 400, "state_mismatch", nil }, { page.status, got.err.code, got.identity })
    end)
  end)

  it("does not take the state of an install, nor the other way round", function()
    oauth_app.run(nil, function(_, new)
      local it, got = sign_in_app(new)
      local response = assert(slack.fetch(it.url .. "/slack/install", { proxy = "" }))
      local state = form.decode(response.body:match 'authorize%?([^"]+)"':gsub("&amp;", "&")).state
      local cookie = base64.encode_url(core.sha256(state))
      response = assert(slack.fetch(it.url .. "/slack/sign_in_redirect?" .. form.encode {
        state = state, code = "1.2",
      }, { proxy = "", headers = { cookie = "slack-app-sign-in-state=" .. cookie } }))
      assert.same({ 401, "invalid_state" }, { response.status, got.err.code })
    end)
  end)

  it("shows a page when somebody cancels", function()
    oauth_app.run(nil, function(_, new)
      local it = sign_in_app(new, { failure = false })
      local page = sign_in(it, { deny = true })
      assert.equal(200, page.status)
      assert.matches("<h1>Canceled</h1>", page.body, 1, true)
      assert.matches('href="/slack/sign_in"', page.body, 1, true)
    end)
  end)

  local now = os.time()
  for name, change in pairs {
    ["from another issuer"] = function(claims) claims.iss = "https://slack.com.example" end,
    ["for another app"] = function(claims) claims.aud = "1.other" end,
    ["for several apps"] = function(claims) claims.aud = { claims.aud, "1.other" } end,
    ["for nobody"] = function(claims) claims.aud = nil end,
    ["that has expired"] = function(claims) claims.exp = now - 600 end,
    ["without an end"] = function(claims) claims.exp = nil end,
    ["from the future"] = function(claims) claims.iat = now + 3600 end,
    ["asked for by another (S078)"] = function(claims) claims.nonce = claims.nonce:reverse() end,
    ["without a nonce (S078)"] = function(claims) claims.nonce = nil end,
    ["of nobody"] = function(claims) claims["https://slack.com/team_id"] = nil end,
    ["that is no list of claims"] = function() return "e30.W10.x" end,
    ["that is no token"] = function() return "a.b" end,
    ["that is no JSON"] = function() return "e30." .. base64.encode_url "{" .. ".x" end,
  } do
    it("refuses an identity " .. name, function()
      oauth_app.run(nil, function(_, new)
        local it, got = sign_in_app(new)
        answer_with(it, change)
        local page = sign_in(it)
        assert.same({ 401, nil, "invalid_id_token" },
          { page.status, got.identity, got.err and got.err.code })
      end)
    end)
  end

  it("takes the issuer of the API that it asks, and an audience in a list", function()
    oauth_app.run(nil, function(here, new)
      local it, got = sign_in_app(new)
      answer_with(it, function(claims)
        claims.iss, claims.aud = here.url:gsub("/$", ""), { claims.aud }
      end)
      sign_in(it)
      assert.is_table(got.identity)
    end)
  end)
end)
