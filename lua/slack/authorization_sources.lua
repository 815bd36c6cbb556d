-- How an authorization is found out: from the program's authorize, or from the
-- installations. Both give a result, or nil and why not, and for how many seconds
-- that may be believed.

local errors = require "slack.errors"
local merged = require "slack.merged"
local near_miss = require "slack.near_miss"
local option_checks = require "slack.option_checks"

-- Somebody may install the app any moment, and a store may come back.
local ABSENT_TTL, FAILURE_TTL = 5, 1

local M = {}

local function place_name(query)
  return tostring(query.team_id or query.enterprise_id or "an unknown workspace")
end

local function failed(query, cause)
  return errors.new {
    code = "authorization_failed", cause = cause,
    message = ("no authorization for %s: %s"):format(place_name(query), tostring(cause)),
  }
end

local function not_installed(query, why)
  return errors.new {
    code = "not_installed",
    message = ("no authorization for %s: %s"):format(place_name(query),
      why or "the app is not installed there"),
  }
end

-- Who the bot is -------------------------------------------------------------------------

local function test_token(self, token, authorization)
  local answer, err = self.clients:of(token, authorization).auth.test()
  if not answer then
    return nil, err, FAILURE_TTL
  end
  return { bot_id = answer.bot_id, user_id = answer.user_id }
end

-- Without its ids the bot would take its own messages for other people's.
local function complete(self, query, authorization)
  local token = authorization.bot_token
  if not token or authorization.bot_id and authorization.bot_user_id then
    return authorization
  end
  local identity, err = self.identities:fetch(token, test_token, self, token, authorization)
  if not identity then
    return nil, failed(query, err), FAILURE_TTL
  end
  authorization.bot_id = authorization.bot_id or identity.bot_id
  authorization.bot_user_id = authorization.bot_user_id or identity.user_id
  return authorization
end

-- authorize ------------------------------------------------------------------------------

local function text_fields_problem(given)
  for _, name in ipairs { "bot_token", "user_token", "bot_id", "bot_user_id" } do
    local value = given[name]
    if value ~= nil and (type(value) ~= "string" or value:find "[%s%c]") then
      return ("authorize: %s: a string without spaces expected"):format(name)
    end
  end
  for _, name in ipairs { "bot_token", "user_token" } do
    local problem = given[name] and option_checks.web_token(given[name])
    if problem then
      return ("authorize: %s: %s"):format(name, problem)
    end
  end
end

-- What else authorize gives is the program's own, but for what a token was meant to be.
local function token_problem(given, has_own_token)
  if given.bot_token or given.user_token then
    return nil
  end
  for name in pairs(given) do
    local near = name == "token" and '; did you mean "bot_token"?'
      or near_miss(name, { bot_token = true, user_token = true })
    if near ~= "" then
      return ("authorize: unknown field %q%s"):format(tostring(name), near)
    end
  end
  if not has_own_token then
    return "authorize: bot_token or user_token expected, got a table with neither"
  end
end

-- The app's own token takes the place of the one that was not given.
local function with_own_identity(self, authorization)
  local identity = self.app.identity
  if not authorization.bot_token and not authorization.user_token and identity then
    authorization.bot_id = authorization.bot_id or identity.bot_id
    authorization.bot_user_id = authorization.bot_user_id or identity.bot_user_id
  end
end

---What the program's authorize says.
---@async
---@param self slack.Authorization
---@param query slack.AuthorizationQuery
---@return slack.Authorization.Result? authorization
---@return slack.Error? err
---@return number? ttl
function M.of_function(self, query)
  local ok, given, err = pcall(self.authorize, query)
  if not ok then
    return nil, failed(query, given), FAILURE_TTL
  elseif given == nil or given == false then
    if err ~= nil then
      return nil, failed(query, err), FAILURE_TTL
    end
    return nil, not_installed(query, "authorize gave nothing"), ABSENT_TTL
  elseif type(given) ~= "table" then
    return nil, failed(query, "authorize: a table expected, got " .. type(given)), FAILURE_TTL
  end
  local problem = text_fields_problem(given)
    or token_problem(given, self.app.settings.token ~= nil)
  if problem then
    return nil, failed(query, problem), FAILURE_TTL
  end
  local authorization = merged(given)
  authorization.team_id = authorization.team_id or query.team_id
  authorization.enterprise_id = authorization.enterprise_id or query.enterprise_id
  if authorization.is_enterprise_install == nil then
    authorization.is_enterprise_install = query.is_enterprise_install
  end
  with_own_identity(self, authorization)
  return complete(self, query, authorization)
end

-- Installations ---------------------------------------------------------------------------

local function of_record(record)
  local is_live = not record.bot_dead
  return {
    bot_token = is_live and record.bot_token or nil, bot_id = record.bot_id,
    bot_user_id = record.bot_user_id, bot_scopes = record.bot_scopes,
    team_id = record.team_id, enterprise_id = record.enterprise_id,
    is_enterprise_install = record.is_enterprise_install or false,
    has_user_tokens = record.has_user_tokens, installation = record,
  }
end

local function install_advice(app)
  local origin = app.oauth and app.http_server and app.http_server:url()
  return origin and "the app is not installed there; that is done at "
    .. app.oauth:install_url(origin) or nil
end

local function nothing_usable(self, query, record)
  local why = record and record.bot_dead and ("Slack refused its token (%s): the app must be "
    .. "installed there anew"):format(record.bot_dead)
  return nil, not_installed(query, why or install_advice(self.app)), ABSENT_TTL
end

-- Two apps that share a storage by mistake take each other's place.
local function is_of_other_app(query, record)
  return query.app_id ~= nil and record.app_id ~= nil and query.app_id ~= record.app_id
end

local function of_other_app(query, record)
  return nil, not_installed(query, ("what is kept of it is another app's (%s, not %s): each app "
    .. "needs a storage of its own"):format(record.app_id, query.app_id)), ABSENT_TTL
end

-- A token that has expired is replaced before it is used.
local function renewed(self, record, half)
  if not self.rotation or not record[half .. "_token"] or record[half .. "_dead"] then
    return record
  end
  return self.rotation:fresh(record, half)
end

-- Of the place, whoever did it.
local function of_place(self, query)
  if not self.installations then
    return nil, failed(query, "the app's storage is open from app:start on"), FAILURE_TTL
  end
  local record, err = self.installations:find_bot(query)
  if not record and not err then
    record, err = self.installations:find_latest(query)
  end
  if record and is_of_other_app(query, record) then
    return of_other_app(query, record)
  elseif record then
    record, err = renewed(self, record, "bot")
  end
  if err then
    return nil, failed(query, err), FAILURE_TTL
  elseif not record or not record.has_user_tokens and (record.bot_dead or not record.bot_token) then
    return nothing_usable(self, query, record)
  end
  return complete(self, query, of_record(record))
end

local function live_user(self, query, enterprise_id, team_id, user_id)
  if not user_id then
    return nil
  end
  local record, err = self.installations:find_user {
    enterprise_id = enterprise_id, team_id = team_id, user_id = user_id,
    is_enterprise_install = query.is_enterprise_install,
  }
  if not record or not record.user_token or record.user_dead
    or is_of_other_app(query, record) then
    return nil, err
  end
  record, err = renewed(self, record, "user")
  if err and err.code == "token_dead" then
    return nil -- this person has to grant it anew; the bot can do its part
  end
  return record, err
end

-- Who did it may have granted a token here, or in the workspace they come from.
local function find_person(self, query)
  local record, err = live_user(self, query, query.enterprise_id, query.team_id, query.user_id)
  local actor_team_id = query.actor_team_id
  if not record and not err and actor_team_id and actor_team_id ~= query.team_id then
    record, err = self.installations:find_user {
      enterprise_id = query.actor_enterprise_id, team_id = actor_team_id, user_id = query.user_id,
    }
    record = record and record.user_token and not record.user_dead
      and not is_of_other_app(query, record) and record or nil
  end
  return record, err
end

local function add_person(authorization, record)
  authorization.user_token, authorization.user_id = record.user_token, record.user_id
  authorization.user_scopes, authorization.user_installation = record.user_scopes, record
end

local function with_person(self, query, place)
  local authorization = merged(place)
  local record, err = find_person(self, query)
  if record then
    add_person(authorization, record)
  elseif not err and not place.bot_token then
    record, err = live_user(self, query, query.enterprise_id, query.team_id,
      query.authorizing_user_id)
    authorization.authorizing_user_token = record and record.user_token
    authorization.user_installation = record
  end
  if err then
    return nil, failed(query, err), FAILURE_TTL
  elseif not place.bot_token and not record then
    return nothing_usable(self, query, place.installation)
  end
  return authorization
end

---What the installations say.
---@async
---@param self slack.Authorization
---@param query slack.AuthorizationQuery
---@param key string of the place
---@return slack.Authorization.Result? authorization
---@return slack.Error? err
---@return number? ttl 0: what is known of the place says all
function M.of_installations(self, query, key)
  local place, err = self.places:fetch(key, of_place, self, query)
  if not place then
    return nil, err, 0
  end
  local is_from_elsewhere = query.actor_team_id and query.actor_team_id ~= query.team_id
  if not place.has_user_tokens and not is_from_elsewhere then
    return place, nil, 0
  end
  return with_person(self, query, place)
end

return M
