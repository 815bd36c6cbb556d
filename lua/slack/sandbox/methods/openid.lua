-- Sign in with Slack: who somebody is (protocol §15.5).

local base64 = require "slack.base64"
local core = require "slack.core"
local json = require "slack.json"

---@type table<string, slack.sandbox.Method>
local methods = {}

local ISSUER = "https://slack.com"
local TOKEN_LIFE = 5 * 60

local function names(user)
  local given, family = user.real_name:match "^(%S+)%s+(.+)$"
  return given or user.real_name, family or ""
end

-- What is told of somebody.
local function claims_of(workspace, user)
  local given, family = names(user)
  return {
    sub = user.id,
    ["https://slack.com/user_id"] = user.id,
    ["https://slack.com/team_id"] = workspace.id,
    ["https://slack.com/team_name"] = workspace.team.name,
    ["https://slack.com/team_domain"] = workspace.team.domain,
    email = user.profile.email,
    email_verified = true,
    date_email_verified = user.updated,
    name = user.real_name,
    given_name = given,
    family_name = family,
    locale = "en-US",
    picture = "https://example.com/512.png",
  }
end

local function encode(value)
  return base64.encode_url(assert(json.encode(value)))
end

-- Its form is the real one's, its signature is invented: there is no key to check
-- it by.
local function identity_token(call, code, client_id)
  local claims = claims_of(code.workspace, code.user)
  local now = math.floor(call.clock())
  claims.iss, claims.aud, claims.nonce = ISSUER, client_id, code.request.nonce
  claims.iat, claims.exp, claims.auth_time = now, now + TOKEN_LIFE, now
  return table.concat({
    encode { typ = "JWT", alg = "RS256", kid = "local" }, encode(claims),
    base64.encode_url(core.random(256)),
  }, ".")
end

methods["openid.connect.token"] = function(_, call)
  local grant_type = call.args.grant_type
  if grant_type and grant_type ~= "authorization_code" then
    return nil, "invalid_grant_type"
  end
  local code, err = call.oauth:spend("openid", call.args, call.basic)
  if not code then
    return nil, err
  end
  local identity = call.grants:know(call.grants.new_token "xoxp", {
    type = "user", place = code.workspace, user_id = code.user.id,
    scopes = code.request.user_scopes,
  })
  return {
    access_token = identity.token,
    token_type = "Bearer",
    id_token = identity_token(call, code, call.oauth.settings.client_id),
    state = code.request.state,
  }
end

methods["openid.connect.userInfo"] = function(workspace, call)
  for _, scope in ipairs(call.identity.scopes) do
    if scope == "openid" then
      return claims_of(workspace, workspace.users[call.user_id])
    end
  end
  return nil, "missing_scope", { needed = "openid" }
end

return methods
