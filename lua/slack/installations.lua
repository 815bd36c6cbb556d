-- Where the app is installed, by whom, and with which tokens.
--
-- Every token has one home. In the store, below the prefix "installation:", where
-- PLACE is ENTERPRISE:TEAM with "-" for the one there is not:
--
--   place:PLACE          the latest install of anybody, with the bot's half
--   user:PLACE:USER      that user's own install, with the user's half
--   history:PLACE        who installed what and when, newest first, without tokens
--   team:TEAM            the place of a workspace that belongs to an organization
--   due:TIME:PLACE:USER  when a token expires; "-" in place of the user for the bot
--   lock:PLACE           held by whoever changes any of these
--   lock:work:NAME       of `lock`
--
-- A place is changed by one at a time of all that share the store; what is read
-- is always one whole value. Methods wait where the store does.

local StoreLock = require "slack.store_lock"
local completed = require "slack.storage.completed"
local deletion = require "slack.installation_deletion"
local errors = require "slack.errors"
local lookup = require "slack.installation_lookup"
local loop = require "slack.loop"
local records = require "slack.installation_record"

local place_key, user_key, history_key = records.place_key, records.user_key, records.history_key
local due_key, read = records.due_key, lookup.read

local PREFIX = "installation:"
local HISTORY_LENGTH = 20

---@class slack.InstallationQuery
---@field enterprise_id? string
---@field team_id? string
---@field user_id? string
---@field is_enterprise_install? boolean

---@class slack.Installations
---@field store slack.Store
---@field listeners fun(change: slack.InstallationChange)[]
local Installations = {}
Installations.__index = Installations
Installations.__name = "slack.installations"

---@class slack.InstallationChange
---@field what "saved"|"updated"|"deleted"|"dead"
---@field enterprise_id? string
---@field team_id? string
---@field user_id? string whose half it is about; nil when it is about the bot or all

local function whole_seconds()
  return math.floor(loop.time())
end

---@param store slack.Store
---@param options? { log?: slack.Logger, clock?: fun(): number } clock: seconds since the epoch
---@return slack.Installations
function Installations.new(store, options)
  local scope = completed.of(store):scope(PREFIX)
  return setmetatable({
    store = scope, locks = StoreLock.new(scope), listeners = {},
    clock = options and options.clock or whole_seconds, log = options and options.log,
  }, Installations)
end

---Calls fn(change) after each change made by this process.
---@param fn fun(change: slack.InstallationChange)
function Installations:on_change(fn)
  table.insert(self.listeners, fn)
end

local function announce(self, what, place, user_id)
  local change = {
    what = what, enterprise_id = place.enterprise_id, team_id = place.team_id, user_id = user_id,
  }
  for _, listener in ipairs(self.listeners) do
    listener(change)
  end
end

-- Finding ------------------------------------------------------------------------

---The latest install with a bot token that can be used, without anybody's user token.
---An install with user scopes alone is passed over.
---@async
---@param query slack.InstallationQuery
---@return slack.Installation? record nil without an err: there is none
---@return slack.Error? err of the store
---@return slack.Place? place
function Installations:find_bot(query)
  return lookup.bot(self, query)
end

---That user's own install, without the bot's half.
---@async
---@param query slack.InstallationQuery with a user_id
---@return slack.Installation? record
---@return slack.Error? err of the store
---@return slack.Place? place
function Installations:find_user(query)
  return lookup.user(self, query)
end

---The latest install of anybody, without user tokens, whether it brought a bot token
---or not.
---@async
---@param query slack.InstallationQuery
---@return slack.Installation? record
---@return slack.Error? err of the store
---@return slack.Place? place
function Installations:find_latest(query)
  return lookup.latest(self, query)
end

---The install that a query is about. With a user_id it is that user's own, else the
---latest of anybody; its bot's half is that of the latest install in any case.
---@async
---@param query slack.InstallationQuery
---@return slack.Installation? record nil without an err: there is none
---@return slack.Error? err of the store
function Installations:find(query)
  local latest, err = self:find_latest(query)
  if err then
    return nil, err
  end
  local user_id = query.user_id or latest and latest.user_id
  local own
  own, err = self:find_user {
    enterprise_id = query.enterprise_id, team_id = query.team_id, user_id = user_id,
    is_enterprise_install = query.is_enterprise_install,
  }
  if err then
    return nil, err
  elseif not query.user_id and latest then
    records.take_half(latest, "user", own)
    return latest
  elseif not own then
    return nil
  end
  local bot
  bot, err = self:find_bot(query)
  if err then
    return nil, err
  end
  records.take_half(own, "bot", bot or latest)
  return own
end

-- Saving -------------------------------------------------------------------------

-- What is to be stored at once, so that an installation is never kept by halves.
local function put(writes, key, value)
  writes[#writes + 1] = { key, value }
end

local function store_all(self, writes)
  local results, err = self.store:batch(function(b)
    for _, write in ipairs(writes) do
      b:set(write[1], write[2])
    end
  end)
  return results and true, err
end

-- An entry that is no longer true does no harm: who reads it looks at the record.
local function note_due(writes, place, user_id, expires_at)
  if expires_at then
    put(writes, due_key(place, user_id, expires_at), true)
  end
end

local function note_history(self, writes, place, record)
  local key = history_key(place)
  local list, err = self.store:get(key)
  if err then
    return nil, err
  end
  local entries = {
    {
      installed_at = record.installed_at, user_id = record.user_id, app_id = record.app_id,
      bot_scopes = record.bot_scopes, user_scopes = record.user_scopes,
      is_enterprise_install = record.is_enterprise_install,
    },
  }
  for _, entry in ipairs(type(list) == "table" and list or {}) do
    if #entries < HISTORY_LENGTH and type(entry) == "table" then
      table.insert(entries, entry)
    end
  end
  put(writes, key, entries)
  return true
end

-- What this install did not ask for again stays as it was: scopes only add up.
local function save_half(writes, key, half, record, known)
  local own = records.clean(record)
  records.take_half(own, half == "bot" and "user" or "bot")
  if own[half .. "_token"] then
    own[half .. "_installed_at"] = own.installed_at
  elseif known then
    records.take_half(own, half, known)
  end
  if half == "bot" then
    own.has_user_tokens = record.user_token ~= nil or known and known.has_user_tokens or nil
  end
  put(writes, key, own)
end

local function save_user(self, writes, place, record)
  local user_id = record.user_id
  if not records.is_id(user_id) then
    return true
  end
  local key = user_key(place, user_id)
  local known, err = read(self, key)
  if err then
    return nil, err
  end
  note_due(writes, place, user_id, record.user_token_expires_at)
  save_half(writes, key, "user", record, known)
  return true
end

local function save_latest(self, writes, place, record)
  local key = place_key(place)
  local known, err = read(self, key)
  if err then
    return nil, err
  end
  note_due(writes, place, nil, record.bot_token_expires_at)
  save_half(writes, key, "bot", record, known)
  return true
end

local function lock_of(self, place)
  return self.locks:acquire("lock:" .. place.path)
end

local function note_team(writes, place)
  if place.enterprise_id and place.team_id then
    put(writes, records.team_key(place), place.path)
  end
end

---Keeps an installation: as the latest of its place, and as its installer's own.
---@async
---@param record slack.Installation left as it is
---@return true? ok
---@return slack.Error? err
function Installations:save(record)
  local own = records.clean(record)
  local place = own and records.place_of(own)
  if not place or not (own.bot_token or own.user_token) then
    return nil, errors.new {
      code = "invalid_installation",
      message = "an installation needs a workspace or an organization, and a token",
    }
  end
  own.installed_at = own.installed_at or self.clock()
  own.bot_dead, own.user_dead = nil, nil
  local lock <close>, err = lock_of(self, place)
  if not lock then
    return nil, err
  end
  local writes, ok = {}
  for _, step in ipairs { save_user, save_latest, note_history } do
    ok, err = step(self, writes, place, own)
    if not ok then
      return nil, err
    end
  end
  note_team(writes, place)
  ok, err = store_all(self, writes)
  if not ok then
    return nil, err
  end
  announce(self, "saved", place)
  return true
end

-- One half -----------------------------------------------------------------------

local function key_of(place, user_id)
  return user_id and user_key(place, user_id) or place_key(place)
end

-- Reads one half's record, lets change(record) alter it, and writes it; all of it
-- while nobody else can.
local function change_half(self, where, what, change)
  local place, user_id = records.place_of(where), where.user_id
  if not place or user_id and not records.is_id(user_id) then
    return nil, errors.new { code = "not_installed", message = "no such installation" }
  end
  local lock <close>, err = lock_of(self, place)
  if not lock then
    return nil, err
  end
  local record
  record, err = read(self, key_of(place, user_id))
  if err then
    return nil, err
  elseif not record or not record[user_id and "user_token" or "bot_token"] then
    return nil, errors.new { code = "not_installed", message = "no such installation" }
  end
  local writes, ok = {}
  ok, err = change(record, user_id and "user" or "bot", place, writes)
  if not ok then
    return nil, err
  end
  put(writes, key_of(place, user_id), record)
  ok, err = store_all(self, writes)
  if not ok then
    return nil, err
  end
  announce(self, what, place, user_id)
  return record
end

---@class slack.TokenUpdate
---@field token string
---@field refresh_token? string
---@field expires_at? number seconds since the epoch
---@field scopes? string[]

---Replaces the tokens of one half of an installation, the bot's or, with a user_id,
---that user's, and nothing else. Refused when the refresh token they were got with is
---not the one that is kept: somebody else has been faster, or it was installed anew.
---@async
---@param where slack.InstallationQuery as `due` gives it
---@param refresh_token string the one that was used
---@param tokens slack.TokenUpdate
---@return slack.Installation? record with the new tokens
---@return slack.Error? err code "conflict" or "not_installed", or of the store
function Installations:update(where, refresh_token, tokens)
  return change_half(self, where, "updated", function(record, half, place, writes)
    if record[half .. "_refresh_token"] ~= refresh_token then
      return nil, errors.new {
        code = "conflict", message = "the tokens of this installation have changed meanwhile",
      }
    end
    record[half .. "_token"] = tokens.token
    record[half .. "_refresh_token"] = tokens.refresh_token or refresh_token
    record[half .. "_token_expires_at"] = tokens.expires_at
    record[half .. "_scopes"] = tokens.scopes or record[half .. "_scopes"]
    record[half .. "_dead"] = nil
    note_due(writes, place, where.user_id, tokens.expires_at)
    return true
  end)
end

---Notes that Slack refuses a token for good. It is not used again, until the app is
---installed anew. Nothing happens when another token is kept by now, or it was noted.
---@async
---@param where slack.InstallationQuery with a user_id: of that user's token
---@param token string the one that was refused
---@param reason string Slack's word
---@return slack.Installation? record
---@return slack.Error? err code "conflict" or "not_installed", or of the store
function Installations:mark_dead(where, token, reason)
  return change_half(self, where, "dead", function(record, half)
    if record[half .. "_token"] ~= token or record[half .. "_dead"] then
      return nil, errors.new {
        code = "conflict", message = "another token is kept by now, or it is known to be dead",
      }
    end
    record[half .. "_dead"] = reason
    return true
  end)
end

-- Deleting -----------------------------------------------------------------------

---@class slack.InstallationDeletion: slack.InstallationQuery
---@field user_id? string only this user's install and token
---@field bot_only? boolean only the bot's half
---@field before? number only what was installed up to then, in seconds since the epoch

---Deletes everything of one place, exactly as named: a workspace with its
---organization if it has one, or an organization's own install. Doing it twice is no
---mistake.
---@async
---@param query slack.InstallationDeletion
---@return boolean? deleted whether there was anything
---@return slack.Error? err of the store
function Installations:delete(query)
  local place = records.place_of(query)
  if not place or query.user_id and not records.is_id(query.user_id) then
    return false
  end
  local lock <close>, err = lock_of(self, place)
  if not lock then
    return nil, err
  end
  local deleted, problem = deletion.delete(self.store, function(key)
    return read(self, key)
  end, place, query)
  if deleted then
    announce(self, "deleted", place, query.user_id)
  end
  return deleted, problem
end

-- Looking over all ------------------------------------------------------------------

---Who installed the app there, and when: the latest first, at most 20.
---@async
---@param query slack.InstallationQuery
---@return table[]? entries with installed_at, user_id, app_id, bot_scopes, user_scopes
---@return slack.Error? err of the store
function Installations:history(query)
  for _, place in ipairs(lookup.places_for(query)) do
    local list, err = self.store:get(history_key(place))
    if err then
      return nil, err
    elseif type(list) == "table" then
      local entries = {}
      for _, entry in ipairs(list) do
        entries[#entries + 1] = records.clean(entry)
      end
      return entries
    end
  end
  return {}
end

---Where the app is installed.
---@async
---@return slack.Place[]? places
---@return slack.Error? err of the store
function Installations:list()
  local keys, err = self.store:keys "place:"
  if not keys then
    return nil, err
  end
  local places = {}
  for _, key in ipairs(keys) do
    places[#places + 1] = records.place_at(key:sub(#"place:" + 1))
  end
  return places
end

---Goes through all installations, each as `find` gives it without a user. What is
---deleted meanwhile is passed over. Raises the store's error: a loop hears of it in no
---other way.
---@async
---@return fun(): slack.Installation?
function Installations:each()
  local places, err = self:list()
  if not places then
    error(err, 0)
  end
  local i = 0
  return function()
    while places[i + 1] do
      i = i + 1
      local record, problem = self:find {
        enterprise_id = places[i].enterprise_id, team_id = places[i].team_id,
        is_enterprise_install = places[i].team_id == nil,
      }
      if problem then
        error(problem, 0)
      elseif record then
        return record
      end
    end
  end
end

---One half of an installation whose token expires.
---@class slack.DueToken: slack.InstallationQuery
---@field token string
---@field refresh_token string
---@field expires_at number
---@field user_id? string nil: it is the bot's

local function read_due(self, key)
  local time, path, user_id = key:match "^due:(%d+):([^:]+:[^:]+):([^:]+)$"
  local place = path and records.place_at(path)
  if not place then
    return nil
  end
  user_id = user_id ~= "-" and user_id or nil
  local record, err = read(self, key_of(place, user_id))
  if err then
    return nil, err
  end
  local half = user_id and "user_" or "bot_"
  local expires_at = record and record[half .. "token_expires_at"]
  if not expires_at or math.floor(expires_at) ~= tonumber(time) or record[half .. "dead"]
    or not record[half .. "token"] or not record[half .. "refresh_token"] then
    return nil
  end
  return {
    enterprise_id = place.enterprise_id, team_id = place.team_id, user_id = user_id,
    is_enterprise_install = place.team_id == nil, token = record[half .. "token"],
    refresh_token = record[half .. "refresh_token"], expires_at = expires_at,
  }
end

---The tokens that expire before that time, the soonest first. Only those are read.
---@async
---@param before number seconds since the epoch
---@return slack.DueToken[]? list
---@return slack.Error? err of the store
function Installations:due(before)
  local keys, err = self.store:keys "due:"
  if not keys then
    return nil, err
  end
  local list, last = {}, ("due:%012d:"):format(math.max(math.ceil(before), 0))
  for _, key in ipairs(keys) do
    if key >= last then
      break
    end
    local due
    due, err = read_due(self, key)
    if err then
      return nil, err
    elseif due then
      list[#list + 1] = due
    else
      self.store:delete(key) -- the token has been replaced, or is gone
    end
  end
  return list
end

---Waits for a lock that all processes with this store heed; for work on one
---installation that must be done once. Keep it in a to-be-closed variable.
---@async
---@param name string of the work
---@param options? { ttl?: number, wait?: number } seconds until it expires, 30; seconds to
---  wait, 15
---@return slack.StoreLock.Guard? guard
---@return slack.Error? err code "locked" when the time is over
function Installations:lock(name, options)
  return self.locks:acquire("lock:work:" .. name, options)
end

return Installations
