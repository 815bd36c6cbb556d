-- Where to look for an installation. A query comes from a request: it may be about a
-- workspace, an organization, or both, and which of them has the app installed is
-- still to be found out.

local payload = require "slack.payload"
local records = require "slack.installation_record"

local M = {}

---Where to look for what a query is about, in this order: an org-wide install
---stands in the organization alone; an event of a workspace in an organization may
---belong to an install of either, or to one from before the workspace joined it.
---@param query slack.InstallationQuery
---@return slack.Place[]
local function places_for(query)
  local enterprise_id, team_id = query.enterprise_id, query.team_id
  if payload.is_organization(team_id) then
    enterprise_id, team_id = records.is_id(enterprise_id) and enterprise_id or team_id, nil
  end
  if not records.is_id(enterprise_id) then
    return { records.place(nil, team_id) }
  end
  local org = records.place(enterprise_id)
  if query.is_enterprise_install or not records.is_id(team_id) then
    return { org }
  end
  return { records.place(enterprise_id, team_id), org, records.place(nil, team_id) }
end
M.places_for = places_for

---What is kept under a key; what makes no sense is as if it were not there.
---@async
---@param self slack.Installations
---@param key string
---@return slack.Installation? record
---@return slack.Error? err of the store
local function read(self, key)
  local value, err = self.store:get(key)
  if err and err.code == "corrupt" then
    if self.log then
      self.log:warn("an installation cannot be read: %s", err)
    end
    return nil
  elseif value == nil then
    return nil, err
  end
  return records.clean(value)
end
M.read = read

-- The last place to look for a workspace of whose organization the query does not tell.
local function place_of_team(self, query)
  if query.enterprise_id or not records.is_id(query.team_id) then
    return nil
  end
  local path, err = self.store:get(records.team_key(query))
  return type(path) == "string" and records.place_at(path) or nil, err
end

local function read_at(self, place, key_of, is_wanted)
  local record, err = read(self, key_of(place))
  if record and (not is_wanted or is_wanted(record)) then
    return record
  end
  return nil, err
end

-- The first place that has what is wanted.
local function first_with(self, query, key_of, is_wanted)
  for _, place in ipairs(places_for(query)) do
    local record, err = read_at(self, place, key_of, is_wanted)
    if record or err then
      return record, err, place
    end
  end
  local place, err = place_of_team(self, query)
  if place then
    local record
    record, err = read_at(self, place, key_of, is_wanted)
    return record, err, place
  end
  return nil, err
end

local function has_live_bot(record)
  return record.bot_token ~= nil and not record.bot_dead
end

---@async
---@param self slack.Installations
---@param query slack.InstallationQuery
---@return slack.Installation? record
---@return slack.Error? err of the store
---@return slack.Place? place
function M.bot(self, query)
  return first_with(self, query, records.place_key, has_live_bot)
end

---@async
---@param self slack.Installations
---@param query slack.InstallationQuery with a user_id
---@return slack.Installation? record
---@return slack.Error? err of the store
---@return slack.Place? place
function M.user(self, query)
  local user_id = query.user_id
  if not records.is_id(user_id) then
    return nil
  end
  return first_with(self, query, function(place)
    return records.user_key(place, user_id)
  end)
end

---@async
---@param self slack.Installations
---@param query slack.InstallationQuery
---@return slack.Installation? record
---@return slack.Error? err of the store
---@return slack.Place? place
function M.latest(self, query)
  return first_with(self, query, records.place_key)
end

return M
