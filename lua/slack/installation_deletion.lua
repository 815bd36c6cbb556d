-- What goes when an installation, or a part of it, is deleted. The caller holds the
-- lock of the place.

local records = require "slack.installation_record"

local place_key, user_key, history_key = records.place_key, records.user_key, records.history_key

local M = {}

-- One deletion.
---@class slack.InstallationDeleting
---@field store slack.Store
---@field read fun(key: string): slack.Installation?, slack.Error?
---@field place slack.Place
---@field before? number
---@field count integer what was deleted
---@field kept integer what is of a fresh install

-- What came after that time is of a fresh install. Slack's times are whole seconds.
local function is_fresh(since, before)
  return before ~= nil and since ~= nil and math.floor(since) > before
end

local function delete_key(self, key)
  local was, err = self.store:delete(key)
  if was == nil then
    return nil, err
  end
  return true, nil, was
end

local function delete_user(self, user_id)
  local key = user_key(self.place, user_id)
  local own, err = self.read(key)
  if err then
    return nil, err
  elseif own and is_fresh(own.user_installed_at or own.installed_at, self.before) then
    self.kept = self.kept + 1
    return true
  end
  local ok, problem, was = delete_key(self, key)
  self.count = self.count + (was and 1 or 0)
  return ok, problem
end

-- The bot's half; the rest of the record stays while there are users.
local function delete_bot(self)
  local key = place_key(self.place)
  local latest, err = self.read(key)
  if err then
    return nil, err
  elseif not latest or not latest.bot_token then
    return true
  elseif is_fresh(latest.bot_installed_at or latest.installed_at, self.before) then
    self.kept = self.kept + 1
    return true
  end
  self.count = self.count + 1
  records.take_half(latest, "bot")
  return self.store:set(key, latest)
end

local function delete_users(self)
  local prefix = user_key(self.place, "")
  local keys, err = self.store:keys(prefix)
  if not keys then
    return nil, err
  end
  for _, key in ipairs(keys) do
    local ok
    ok, err = delete_user(self, key:sub(#prefix + 1))
    if not ok then
      return nil, err
    end
  end
  return true
end

-- Nothing is left of a place where nothing was kept.
local function sweep(self)
  if self.kept > 0 then
    return true
  end
  local place = self.place
  local keys = { place_key(place), history_key(place) }
  if place.team_id then
    keys[#keys + 1] = records.team_key(place)
  end
  for _, key in ipairs(keys) do
    local ok, err = delete_key(self, key)
    if not ok then
      return nil, err
    end
  end
  return true
end

local function delete(self, query)
  if query.user_id then
    return delete_user(self, query.user_id)
  end
  local ok, err = delete_bot(self)
  if not ok or query.bot_only then
    return ok, err
  end
  ok, err = delete_users(self)
  if not ok then
    return nil, err
  end
  return sweep(self)
end

---@async
---@param store slack.Store
---@param read fun(key: string): slack.Installation?, slack.Error?
---@param place slack.Place
---@param query slack.InstallationDeletion
---@return boolean? deleted whether there was anything
---@return slack.Error? err of the store
function M.delete(store, read, place, query)
  local self = {
    store = store, read = read, place = place, before = query.before, count = 0, kept = 0,
  }
  local ok, err = delete(self, query)
  if not ok then
    return nil, err
  end
  return self.count > 0
end

return M
