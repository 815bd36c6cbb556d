-- States: what goes to Slack with a person and has to come back with the same one.
--
-- The text of a state is `body.mac`. Without a secret of the operator's the body is
-- a random id, and what it stands for is in the storage until it is taken out,
-- once. With one the body carries everything, and the storage only remembers which
-- have been used. Either way it is bound to the browser by a cookie that holds its
-- digest, so that nobody can have another person finish what he began.

local base64 = require "slack.base64"
local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"

local LIFETIME = 600 -- seconds
local ID_BYTES = 18
local SECRET_BYTES = 32
-- What a state carries travels in a URL.
local MAX_DATA = 2000
-- Kept ones that this process makes within a lifetime: anybody can ask for them.
local MAX_KEPT = 50000
-- Longer ones were not made here.
local MAX_TEXT = 4096

---@class slack.oauth.States
---@field lifetime integer seconds
---@field max_kept integer
local States = { lifetime = LIFETIME, max_kept = MAX_KEPT }
States.__index = States
States.__name = "slack.oauth.states"

---@class slack.oauth.StatesOptions
---@field store slack.Store
---@field purpose string a state of one purpose is none of another
---@field secret? string of the operator's; else one that all who share the storage share
---@field clock? fun(): number seconds since the epoch

---@param options slack.oauth.StatesOptions
---@return slack.oauth.States
function States.new(options)
  return setmetatable({
    store = options.store, purpose = options.purpose, clock = options.clock or loop.time,
    secret = options.secret, is_stateless = options.secret ~= nil, kept = 0, kept_since = 0,
  }, States)
end

-- The first process that needs a secret makes it for all.
local function secret_of(self)
  if self.secret then
    return self.secret
  end
  local secret, err = self.store:get "secret"
  if not secret and not err then
    local added
    added, err = self.store:add("secret", base64.encode_url(core.random(SECRET_BYTES)))
    if added ~= nil then
      secret, err = self.store:get "secret"
    end
  end
  if type(secret) ~= "string" then
    return nil, err or errors.new { code = "storage", message = "the storage lost its secret" }
  end
  self.secret = secret
  return secret
end

local function mac(self, secret, body)
  return base64.encode_url(core.hmac_sha256(secret, "state\0" .. self.purpose .. "\0" .. body))
end

local function digest(text)
  return base64.encode_url(core.sha256(text))
end

-- Whether one more may be put into the storage.
local function has_room(self)
  local now = self.clock()
  if now - self.kept_since >= LIFETIME or now < self.kept_since then
    self.kept, self.kept_since = 0, now
  end
  self.kept = self.kept + 1
  return self.kept <= self.max_kept
end

local function keep(self, id, entry)
  if not has_room(self) then
    return nil, errors.new {
      code = "too_many_states", message = ("more than %d visits have begun in ten minutes: with "
        .. "oauth.state_secret there is no limit"):format(self.max_kept),
    }
  end
  return self.store:set("state:" .. id, entry, { ttl = LIFETIME })
end

local function problem_of(data)
  if data == nil then
    return nil
  end
  local text, problem = json.encode(data)
  if not text then
    return problem
  elseif #text > MAX_DATA then
    return ("at most %d bytes of JSON expected"):format(MAX_DATA)
  end
end

---@class slack.oauth.State
---@field text string for the URL
---@field cookie string for the browser
---@field id string
---@field data any what it was made with

---A new state.
---@async
---@param data any a JSON value
---@return slack.oauth.State?
---@return slack.Error? err
function States:issue(data)
  local secret, err = secret_of(self)
  if not secret then
    return nil, err
  end
  local id = base64.encode_url(core.random(ID_BYTES))
  local problem = problem_of(data)
  if problem then
    return nil, errors.new { code = "metadata", message = "oauth.metadata: " .. problem }
  end
  local entry = { id = id, data = data, expires = math.floor(self.clock()) + LIFETIME }
  local body = id
  if self.is_stateless then
    body = base64.encode_url(json.encode(entry))
  else
    local ok
    ok, err = keep(self, id, entry)
    if not ok then
      return nil, err
    end
  end
  local text = body .. "." .. mac(self, secret, body)
  return { text = text, cookie = digest(text), id = id, data = data }
end

local function invalid(message)
  return nil, errors.new { code = "invalid_state", message = message }
end

-- The entry that a genuine body stands for, which nobody else gets afterwards.
local function take(self, body)
  if not self.is_stateless then
    local key = "state:" .. body
    local entry, err = self.store:get(key)
    if not entry then
      return nil, err
    end
    local deleted
    deleted, err = self.store:delete(key)
    return deleted and entry, err
  end
  local entry = json.decode(base64.decode_url(body) or "")
  if type(entry) ~= "table" or self.clock() >= (tonumber(entry.expires) or 0) then
    return nil
  end
  local is_first, err = self.store:add("used:" .. entry.id, true, { ttl = LIFETIME })
  return is_first and entry, err
end

---What a state that came back was made with; a second time it is unknown.
---@async
---@param text string
---@param cookie? string
---@return slack.oauth.State?
---@return slack.Error? err code "state_mismatch": it is not this browser's; "invalid_state":
---  not ours, used, or too old; others: the storage failed
function States:consume(text, cookie)
  if type(cookie) ~= "string" or not core.is_equal(cookie, digest(text)) then
    return nil, errors.new {
      code = "state_mismatch", message = "the state is not the one that this browser was given; "
        .. "was it begun in another browser, or at another host name?",
    }
  end
  local secret, err = secret_of(self)
  if not secret then
    return nil, err
  end
  local body, given = text:match "^([^.]+)%.([^.]+)$"
  if not body or #text > MAX_TEXT or not core.is_equal(given, mac(self, secret, body)) then
    return invalid "the state is not one of ours"
  end
  local entry
  entry, err = take(self, body)
  if err then
    return nil, err
  elseif not entry or self.clock() >= entry.expires then
    return invalid "the state is unknown, used or expired"
  end
  local data = entry.data
  return { text = text, id = entry.id, data = data ~= json.null and data or nil }
end

---A value that only who has the secret can tell from the state: a nonce, a PKCE
---verifier. So none of them needs to be kept.
---@async
---@param state slack.oauth.State
---@param name string
---@return string? value 43 characters
---@return slack.Error? err
function States:derive(state, name)
  local secret, err = secret_of(self)
  if not secret then
    return nil, err
  end
  return base64.encode_url(core.hmac_sha256(secret, name .. "\0" .. self.purpose .. "\0"
    .. state.id))
end

return States
