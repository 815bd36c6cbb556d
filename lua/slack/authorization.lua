-- Which token serves a request: the app's own, what the program's authorize gives, or
-- that of the installation it came to.
--
-- What was found out is kept for a minute, in memory: changes made by this process
-- count at once, those of others after that time. A burst of requests for one
-- workspace asks once.

local lazy = require "slack.lazy"
local AuthorizationCache = require "slack.authorization_cache"
local Clients = require "slack.clients"
local LogLimit = require "slack.log_limit"
local authorization_query = lazy "slack.authorization_query"
local errors = require "slack.errors"
local loop = require "slack.loop"
local payload = require "slack.payload"
local sources = lazy "slack.authorization_sources"
local tasks = require "slack.tasks"

-- Seconds: of what was found out, and of who a token belongs to, which never changes.
local DEFAULT_TTL, IDENTITY_TTL = 60, 3600
-- Refused tokens of which the log tells once.
local REFUSED_LIMIT = 1000

---@class slack.Authorization.Result
---@field bot_token? string
---@field bot_id? string
---@field bot_user_id? string
---@field bot_scopes? string[]
---@field user_token? string of who did it
---@field user_id? string whose user token it is
---@field user_scopes? string[]
---@field team_id? string
---@field enterprise_id? string
---@field is_enterprise_install? boolean
---@field installation? slack.Installation
---@field [string] any what else authorize gave

---@class slack.Authorization
---@field is_fixed boolean one token for everything
---@field authorize? fun(query: slack.AuthorizationQuery): slack.Authorization.Result?, any
---@field installations? slack.Installations
---@field rotation? slack.oauth.Rotation replaces tokens that have expired
local Authorization = {}
Authorization.__index = Authorization
Authorization.__name = "slack.authorization"

-- Tokens that Slack refuses ------------------------------------------------------------

local function where_of(token, owner)
  local is_bot = token == owner.bot_token
  local record = is_bot and owner.installation or owner.user_installation
  return record and {
    enterprise_id = record.enterprise_id, team_id = record.team_id,
    is_enterprise_install = record.is_enterprise_install, user_id = not is_bot and record.user_id
      or nil,
  }
end

local function tell(self, token, name, reason, consequence)
  if self.refused:is_due(token) then
    self.app.log:error("Slack refuses the token of %s for good (%s)%s", tostring(name), reason,
      consequence)
  end
end

-- It may have been refreshed meanwhile: then all is well.
local function mark_dead(self, token, where, reason)
  local record, err = self.installations:mark_dead(where, token, reason)
  if record then
    tell(self, token, where.team_id or where.enterprise_id, reason,
      ": it is not used again until the app is installed there anew")
  elseif err.code ~= "conflict" and err.code ~= "not_installed" then
    self.app.log:error("a dead installation could not be marked: %s", err)
  end
end

local function on_dead(self, token, owner, reason)
  self.identities:forget(function(_, key) return key == token end)
  self.clients:forget(token)
  if not owner then
    return -- of a function: it was meant for one run
  end
  self:forget { team_id = owner.team_id, enterprise_id = owner.enterprise_id }
  local where = self.installations and where_of(token, owner)
  if where then
    tasks.spawn(mark_dead, self, token, where, reason)
  else
    tell(self, token, owner.team_id or owner.enterprise_id, reason, "")
  end
end

local function on_expired(self, token, owner)
  if not owner then
    return
  end
  self:forget { team_id = owner.team_id, enterprise_id = owner.enterprise_id }
  local where = self.rotation and where_of(token, owner)
  if where then
    tasks.spawn(self.rotation.rotate, self.rotation, where, token)
  end
end

-- Making -------------------------------------------------------------------------------

---@param app slack.App
---@return slack.Authorization
function Authorization.new(app)
  local settings = app.settings
  local ttl = settings.authorization_cache or DEFAULT_TTL
  local self = setmetatable({
    app = app, authorize = settings.authorize,
    refused = LogLimit.new(loop.now, math.huge, REFUSED_LIMIT),
    is_fixed = not settings.authorize and not settings.oauth,
    clients = Clients.new(app),
    places = AuthorizationCache.new(ttl), people = AuthorizationCache.new(ttl),
    identities = AuthorizationCache.new(IDENTITY_TTL),
  }, Authorization)
  self.clients.on_dead = function(...) on_dead(self, ...) end
  self.clients.on_expired = function(...) on_expired(self, ...) end
  return self
end

---Takes tokens from these.
---@param installations slack.Installations
function Authorization:use(installations)
  self.installations = installations
  installations:on_change(function(change)
    self:forget(change)
  end)
  self:forget()
end

---Forgets what was found out about a workspace, or about an organization; without
---arguments, about all.
---@param about? { team_id?: string, enterprise_id?: string }
function Authorization:forget(about)
  local id = about and (about.team_id or about.enterprise_id)
  local mark = id and ":" .. id .. ":"
  local is_meant = mark and function(_, key)
    return key:find(mark, 1, true) ~= nil
  end
  self.places:forget(is_meant)
  self.people:forget(is_meant)
end

-- Asking -------------------------------------------------------------------------------

local function place_key(enterprise_id, team_id, is_enterprise_install)
  return (is_enterprise_install and "org:" or "team:") .. (enterprise_id or "-") .. ":"
    .. (team_id or "-") .. ":"
end

-- The fewest keys: an org-wide install is one, whichever workspace it serves.
local function installation_key(enterprise_id, team_id, is_enterprise_install)
  if is_enterprise_install and enterprise_id then
    team_id = nil
  end
  return place_key(enterprise_id, team_id, is_enterprise_install)
end

local function person_key(place, user_id)
  return place .. (user_id or "-") .. ":"
end

local function ask_function(self, key, query)
  return self.people:start(key, sources.of_function, self, query)
end

local function ask_installations(self, place, query)
  local key = ("%s%s:%s:%s:"):format(person_key(place, query.user_id),
    query.actor_enterprise_id or "-", query.actor_team_id or "-",
    query.authorizing_user_id or "-")
  return self.people:peek(key)
    or self.people:start(key, sources.of_installations, self, query, place)
end

local function ask(self, query)
  local enterprise_id, team_id = query.enterprise_id, query.team_id
  if not self.authorize then
    return ask_installations(self,
      installation_key(enterprise_id, team_id, query.is_enterprise_install), query)
  end
  local key = person_key(place_key(enterprise_id, team_id, query.is_enterprise_install),
    query.user_id)
  return self.people:peek(key) or ask_function(self, key, query)
end

-- Whether the person may belong to another workspace, and have a token of there.
local function is_foreign(body, team_id)
  local user = payload.as_table(body.user)
  return body.is_ext_shared_channel == true or user ~= nil and user.team_id ~= nil
    and user.team_id ~= team_id
end

---Begins to find out. What is known is there at once.
---@param body table
---@return slack.Flight flight with a slack.Authorization.Result, or nil and why not
function Authorization:lookup(body)
  local enterprise_id, team_id, is_enterprise_install = authorization_query.place(body)
  if self.authorize then
    local key = person_key(place_key(enterprise_id, team_id, is_enterprise_install),
      payload.user_id(body))
    return self.people:peek(key) or ask_function(self, key, authorization_query.of(body))
  end
  local place = installation_key(enterprise_id, team_id, is_enterprise_install)
  local known = self.places:peek(place)
  if known and (known.err or not known.value.has_user_tokens and not is_foreign(body, team_id)) then
    return known
  end
  return ask_installations(self, place, authorization_query.of(body))
end

---The authorization of a request.
---@async
---@param body table
---@return slack.Authorization.Result? authorization
---@return slack.Error? err code "not_installed", or "authorization_failed" with its cause
function Authorization:of(body)
  if self.is_fixed then
    return self.app.identity or {}
  end
  return self:lookup(body):wait(self.app.settings.timeout)
end

-- Clients ------------------------------------------------------------------------------

---The client for what an authorization gave.
---@param authorization slack.Authorization.Result
---@param function_token? string that came with a custom function
---@return slack.Client
function Authorization:client(authorization, function_token)
  if self.is_fixed then
    return function_token and self.app.client:with_token(function_token) or self.app.client
  elseif function_token then
    return self.clients:of(function_token)
  end
  local token = authorization.bot_token or authorization.user_token
    or authorization.authorizing_user_token
  return token and self.clients:of(token, authorization) or self.app.client
end

---The client of the person who did it, if they have granted the app a token.
---@param authorization slack.Authorization.Result
---@return slack.Client?
function Authorization:user_client(authorization)
  if self.is_fixed then
    return self.app.settings.token:find "^xox[ep].*p%-" and self.app.client or nil
  end
  local token = authorization.user_token
  return token and self.clients:of(token, authorization)
end

local CLIENT_QUERY = { team_id = true, enterprise_id = true, user_id = true }

local function check_client_query(query)
  if type(query) ~= "table" then
    return "a table with team_id, enterprise_id or both expected, got " .. type(query)
  end
  for name, value in pairs(query) do
    if not CLIENT_QUERY[name] then
      return ("unknown field %q; there are team_id, enterprise_id and user_id"):format(
        tostring(name))
    elseif type(value) ~= "string" or value == "" then
      return ("%s: string expected, got %s"):format(name, type(value))
    end
  end
  if not query.team_id and not query.enterprise_id then
    return "team_id or enterprise_id expected"
  end
end

local function other_workspace(identity, query)
  return query.team_id and identity.team_id and query.team_id ~= identity.team_id
end

local function fixed_client(self, query)
  if query.user_id then
    return nil, errors.new {
      code = "no_user_token", message = "app:client_for: this app has one token, and no user's",
    }
  elseif other_workspace(self.app.identity or {}, query) then
    return nil, errors.new {
      code = "not_installed",
      message = "app:client_for: this app has one token, which is of another workspace",
    }
  end
  return self.app.client
end

---A client for a workspace or an organization; with a user_id, with that user's token.
---@async
---@param query { team_id?: string, enterprise_id?: string, user_id?: string }
---@return slack.Client? client
---@return slack.Error? err code "not_installed", "no_user_token" or "authorization_failed"
function Authorization:client_for(query)
  local problem = check_client_query(query)
  if problem then
    error("app:client_for: " .. problem, 3)
  elseif self.is_fixed then
    return fixed_client(self, query)
  end
  local authorization, err = ask(self, {
    enterprise_id = query.enterprise_id, team_id = query.team_id, user_id = query.user_id,
    is_enterprise_install = query.team_id == nil,
  }):wait(self.app.settings.timeout)
  if not authorization then
    return nil, err
  elseif not query.user_id then
    return self:client(authorization)
  elseif not authorization.user_token then
    return nil, errors.new {
      code = "no_user_token",
      message = "app:client_for: this user has granted the app no token there",
    }
  end
  return self:user_client(authorization)
end

return Authorization
