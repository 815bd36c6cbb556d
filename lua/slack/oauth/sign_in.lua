-- Sign in with Slack (OpenID Connect): who somebody is, and nothing installed.

local Visits = require "slack.oauth.visits"
local base64 = require "slack.base64"
local core = require "slack.core"
local errors = require "slack.errors"
local exchange = require "slack.oauth.exchange"
local hooks = require "slack.oauth.hooks"
local json = require "slack.json"
local pages = require "slack.oauth.pages"
local payload = require "slack.payload"
local urls = require "slack.oauth.urls"

local text = payload.text_of

local COOKIE = "slack-app-sign-in-state"
local CALL = { timeout = 10, retries = 2 }
-- Seconds that the clocks here and at Slack may differ.
local SKEW = 120
local SLACK = "https://slack.com"

---@class slack.Identity
---@field user_id string
---@field team_id string
---@field email? string
---@field name? string
---@field picture? string
---@field claims table all that Slack said
---@field access_token string for openid.connect.userInfo

---@class slack.oauth.SignIn
local SignIn = {}
SignIn.__index = SignIn
SignIn.__name = "slack.oauth.sign_in"

---@param oauth slack.Oauth
---@return slack.oauth.SignIn
function SignIn.new(oauth)
  local settings = oauth.settings
  return setmetatable({
    oauth = oauth, settings = settings, openid = settings.openid,
    visits = Visits.new {
      app = oauth.app, store = oauth.store, purpose = "sign_in", cookie = COOKIE,
      secret = settings.state_secret, redirect_uri = settings.openid.redirect_uri,
      clock = oauth.clock,
    },
  }, SignIn)
end

local function fail(self, c, err)
  self.oauth:note(err, "signing in")
  local openid, response = self.openid, nil
  local status = pages.problem(err)
  if openid.failure then
    response = Visits.page(hooks.page(c, self.oauth.log, "oauth.openid.failure", openid.failure, c,
      err), status)
  end
  return self.visits:finish(c, response or pages.failure(err,
    urls.of_ours(openid.sign_in_path, openid.redirect_uri, openid.redirect_path)), err)
end

---The sign-in path: leads to Slack.
---@async
---@param c slack.RouteContext
---@return any response
function SignIn:begin(c)
  local states = self.visits.states
  local state, err = states:issue()
  local nonce
  if state then
    nonce, err = states:derive(state, "nonce")
  end
  if not nonce then
    err.stage = "storage"
    return fail(self, c, err)
  end
  local url = urls.sign_in(self.settings, self.oauth.api_url, state.text, nonce)
  return self.visits:send(c, state, pages.redirect(url))
end

-- The token ------------------------------------------------------------------------

local function invalid(message)
  return nil, errors.new { code = "invalid_id_token", message = message, stage = "exchange" }
end

local function claims_of(token)
  local body = type(token) == "string" and token:match "^[%w_-]+%.([%w_-]+)%.[%w_-]*$"
  local claims = json.decode(body and base64.decode_url(body) or "")
  return type(claims) == "table" and claims or nil
end

-- GovSlack names itself. Whatever else stands in for Slack, a company's gateway or the
-- local one, passes on what Slack says.
local function issuers(api_url)
  local origin = urls.origin(api_url)
  return { [origin] = true, [SLACK] = not origin:find "^https://slack%-gov%.com" or nil }
end

local function is_for(audience, client_id)
  if type(audience) ~= "table" then
    return audience == client_id
  end
  return audience[1] == client_id and audience[2] == nil
end

-- The signature is not looked at: the token came straight from Slack over a connection
-- whose certificate was checked, which OpenID Connect Core 1.0, 3.1.3.7 point 6, takes
-- in its place.
local function check(self, claims, nonce)
  local now = self.oauth.clock()
  local expires, issued = tonumber(claims.exp), tonumber(claims.iat)
  if not issuers(self.oauth.api_url)[claims.iss] then
    return invalid "the identity comes from somewhere else (iss)"
  elseif not is_for(claims.aud, self.settings.client_id) then
    return invalid "the identity is for another app (aud)"
  elseif not expires or now >= expires + SKEW then
    return invalid "the identity has expired (exp)"
  elseif not issued or issued > now + SKEW then
    return invalid "the identity is from the future (iat): check this machine's clock"
  elseif type(claims.nonce) ~= "string" or not core.is_equal(claims.nonce, nonce) then
    return invalid "the identity is not the one that was asked for (nonce)"
  end
  return true
end

local function identity_of(self, claims, answer)
  local origin = urls.origin(self.oauth.api_url)
  local function own(name)
    return text(claims[origin .. "/" .. name]) or text(claims[SLACK .. "/" .. name])
  end
  return {
    user_id = own "user_id" or text(claims.sub), team_id = own "team_id",
    email = text(claims.email), name = text(claims.name), picture = text(claims.picture),
    claims = claims, access_token = text(answer.access_token),
  }
end

-- Finishing ------------------------------------------------------------------------

local function ask(self, code)
  local settings = self.settings
  local answer, err = self.oauth.app.client:call("openid.connect.token", {
    client_id = settings.client_id, client_secret = settings.client_secret, code = code,
    grant_type = "authorization_code", redirect_uri = self.openid.redirect_uri,
  }, CALL)
  if not answer then
    err.stage, err.is_network = "exchange", exchange.is_network(err)
    return nil, err
  end
  return answer
end

local function identify(self, c)
  local code, state = self.visits:take(c)
  if not code then
    return nil, state
  end
  local nonce, err = self.visits.states:derive(state, "nonce")
  if not nonce then
    err.stage = "storage"
    return nil, err
  end
  local answer
  answer, err = ask(self, code)
  if not answer then
    return nil, err
  end
  local claims = claims_of(answer.id_token)
  if not claims then
    return invalid "the answer has no identity in it"
  end
  local ok
  ok, err = check(self, claims, nonce)
  if not ok then
    return nil, err
  end
  local identity = identity_of(self, claims, answer)
  if not identity.user_id or not identity.team_id then
    return invalid "the identity is nobody's"
  end
  return identity
end

---The redirect path.
---@async
---@param c slack.RouteContext
---@return any response
function SignIn:finish(c)
  local identity, err = identify(self, c)
  if not identity then
    return fail(self, c, err)
  end
  local response = Visits.page(hooks.page(c, self.oauth.log, "oauth.openid.success",
    self.openid.success, c, identity))
  return self.visits:finish(c, response or { status = 204 })
end

return SignIn
