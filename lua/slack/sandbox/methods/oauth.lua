-- Methods by which an app gets, keeps and gives back its tokens (protocol §15).

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"
local revocations = require "slack.sandbox.revocations"

---@type table<string, slack.sandbox.Method>
local methods = {}

local function join(scopes)
  return table.concat(scopes, ",")
end

local function place_fields(place)
  local organization = place.is_org and place or place.organization
  return {
    team = place.is_org and json.null or { id = place.id, name = place.team.name },
    enterprise = organization and { id = organization.id, name = organization.name } or json.null,
    is_enterprise_install = place.is_org or false,
  }
end

-- The fields of a token, into those of an answer.
local function add_token(answer, call, identity)
  answer.access_token, answer.token_type = identity.token, identity.type
  answer.scope = join(identity.scopes)
  if identity.expires_at then
    answer.expires_in = math.ceil(identity.expires_at - call.clock())
    answer.refresh_token = identity.refresh_token
  end
  return answer
end

-- What a refresh or an exchange is answered with.
local function flat(call, workspace, identity)
  local answer = add_token(place_fields(identity.place), call, identity)
  answer.app_id = workspace.app_id
  answer[identity.type == "bot" and "bot_user_id" or "user_id"] = identity.user_id
  return answer
end

local function refresh(workspace, call)
  local wrong = call.oauth:check_client(call.args, call.basic)
  if wrong then
    return nil, wrong
  end
  local identity = call.grants:refresh(tostring(call.args.refresh_token or ""))
  if not identity then
    return nil, "invalid_refresh_token"
  end
  return flat(call, workspace, identity)
end

local function has(scopes, wanted)
  for _, scope in ipairs(scopes) do
    if scope == wanted then
      return true
    end
  end
end

local function install(call, code)
  local request = code.request
  local organization = code.workspace.organization
  if organization and not code.place.is_org and call.grants.installations[organization.id] then
    return nil, "cannot_install_an_org_installed_app"
  end
  return call.grants:install(code.place, {
    scopes = request.scopes, user_id = code.user.id, user_scopes = request.user_scopes,
  })
end

local function exchange(kind)
  return function(workspace, call)
    local grant_type = call.args.grant_type
    if grant_type == "refresh_token" then
      return refresh(workspace, call)
    elseif grant_type and grant_type ~= "" and grant_type ~= "authorization_code" then
      return nil, "invalid_grant_type"
    end
    local code, err = call.oauth:spend(kind, call.args, call.basic)
    if not code then
      return nil, err
    end
    local installation, refused = install(call, code)
    if not installation then
      return nil, refused
    end
    local answer = place_fields(code.place)
    answer.app_id = workspace.app_id
    answer.authed_user = { id = code.user.id }
    if #code.request.user_scopes > 0 then
      add_token(answer.authed_user, call, installation.users[code.user.id])
    end
    if #code.request.scopes > 0 then
      add_token(answer, call, installation.bot)
      answer.bot_user_id = installation.bot.user_id
    end
    if has(code.request.scopes, "incoming-webhook") then
      answer.incoming_webhook = call.new_webhook(code.workspace)
    end
    return answer
  end
end

methods["oauth.v2.access"] = exchange "v2"
methods["oauth.v2.user.access"] = exchange "user"

methods["oauth.v2.exchange"] = function(workspace, call)
  local wrong = call.oauth:check_client(call.args, call.basic)
  if wrong then
    return nil, wrong
  end
  local identity, err = call.grants:exchange(call.token or "")
  if not identity then
    return nil, err
  end
  return flat(call, workspace, identity)
end

methods["auth.revoke"] = function(_, call)
  if arguments.is_set(call.args.test) then
    return { revoked = false }
  end
  revocations.revoke(call, call.identity)
  return { revoked = true }
end

methods["apps.uninstall"] = function(_, call)
  local wrong = call.oauth:check_client(call.args, call.basic)
  if wrong then
    return nil, wrong
  end
  local installation = call.identity.installation
  if not installation then
    return nil, "not_allowed_token_type"
  end
  revocations.uninstall(call, installation)
  return {}
end

return methods
