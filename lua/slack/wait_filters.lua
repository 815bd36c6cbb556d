-- What a handler waits for, as another process can be told: what has to be equal, in a table
-- that JSON can carry. Patterns, predicates and functions stay behind, so that what a filter
-- takes may not be what the wait takes; but what the wait takes, its filter does.

local kinds = require "slack.kinds"
local own_ids = require "slack.own_ids"
local place = require "slack.place"
local sorted_keys = require "slack.sorted_keys"

local GETTERS, INDEXED = kinds.GETTERS, kinds.INDEXED

local M = {}

---@class slack.WaitFilter
---@field kind slack.Kind
---@field id? string its own, or that of a view
---@field people? string[] of whom one has done it
---@field place? slack.Place|table where; its context has ids alone
---@field on? string ts of the message that it is about
---@field fields? table<string, string[]> values by field, of which one is there

-- Of messages there are so many that this alone finds nothing.
local COMMON = { message = true, app_mention = true }
local TEXT_TYPES = { "message", "app_mention" }

-- Making ------------------------------------------------------------------------------------

local function people_of(wait)
  if wait.user then
    return { wait.user }
  end
  return wait.people and sorted_keys(wait.people)
end

local function ids_of(c)
  return {
    team_id = c.team_id or c.authorization.team_id, enterprise_id = c.enterprise_id,
    is_enterprise_install = c.is_enterprise_install or nil,
  }
end

-- Of a question that is yet to be posted it is not known which thread belongs to it.
local function place_of(wait)
  return {
    channel_id = wait.channel_id, has_channel = wait.has_channel, thread_ts = wait.thread_ts,
    root_ts = wait.root_ts, in_threads = wait.in_threads,
    is_anywhere = wait.is_anywhere or wait.early and not wait.thread_ts or nil, c = ids_of(wait.c),
  }
end

-- The keys by which the index would find a listener are what has to be equal.
local function fields_of(wait)
  local fields = {}
  local key = wait.compiled and wait.compiled.key
  while key do
    if not key.is_text then
      fields[key.field] = { table.unpack(key) }
    end
    key = key.next
  end
  if not wait.compiled and wait.kind == "event" then
    fields.type = TEXT_TYPES -- c:ask
  end
  return next(fields) and fields
end

-- The first field by which it can be found.
local function naming_field(kind, fields)
  for _, name in ipairs(fields and INDEXED[kind] or {}) do
    if fields[name] and not (name == "type" and COMMON[fields.type[1]]) then
      return name
    end
  end
end

---What others are told of a wait.
---@param wait slack.Wait
---@return slack.WaitFilter? filter nil: there is nothing that it can be found by, or no need, as
---  its id says whose it is
function M.of(wait)
  if wait.id then
    return not own_ids.of(wait.id) and { kind = wait.kind, id = wait.id } or nil
  end
  local filter = {
    kind = wait.kind, people = people_of(wait), place = place_of(wait), on = wait.on,
    fields = fields_of(wait),
  }
  if filter.people or filter.on or filter.place.has_channel and filter.place.channel_id
    or naming_field(filter.kind, filter.fields) then
    return filter
  end
end

---The other event of a message that has been taken.
---@param c slack.Context
---@return slack.WaitFilter
function M.twin(c)
  return {
    kind = "event", on = c.message_ts, fields = { type = TEXT_TYPES },
    place = { channel_id = c.channel_id, has_channel = true, is_anywhere = true, c = ids_of(c) },
  }
end

---That a person stops an answer which is being written.
---@param c slack.Context
---@param target { channel: string, thread_ts: string? }
---@return slack.WaitFilter
function M.stream(c, target)
  return {
    kind = "event", fields = { type = { "agent_session_stopped" } },
    place = {
      channel_id = target.channel, has_channel = true, thread_ts = target.thread_ts,
      is_anywhere = not target.thread_ts or nil, c = ids_of(c),
    },
  }
end

-- Reading -----------------------------------------------------------------------------------

local function is_text(value)
  return value == nil or type(value) == "string"
end

local function are_texts(list)
  if type(list) ~= "table" or list[1] == nil then
    return false
  end
  for _, value in ipairs(list) do
    if type(value) ~= "string" then
      return false
    end
  end
  return true
end

local function is_place(value)
  if type(value) ~= "table" or type(value.c) ~= "table" then
    return false
  end
  value.c.authorization = {}
  return is_text(value.channel_id) and is_text(value.thread_ts) and is_text(value.root_ts)
    and is_text(value.c.team_id) and is_text(value.c.enterprise_id)
end

local function are_fields(kind, fields)
  if type(fields) ~= "table" then
    return false
  end
  for name, values in pairs(fields) do
    if not GETTERS[kind][name] or not are_texts(values) then
      return false
    end
  end
  return true
end

---Whether what another process has sent is a filter, which can be used from then on.
---@param value any
---@return boolean
function M.is_sound(value)
  if type(value) ~= "table" or not INDEXED[value.kind] then
    return false
  elseif value.id ~= nil then
    return type(value.id) == "string"
  end
  return is_place(value.place) and is_text(value.on)
    and (value.people == nil or are_texts(value.people))
    and (value.fields == nil or are_fields(value.kind, value.fields))
end

-- Finding -----------------------------------------------------------------------------------

---Where in an index it is found.
---@param filter slack.WaitFilter
---@return string name of what it is found by
---@return string[] keys
function M.keys(filter)
  if filter.id then
    return "id", { filter.id }
  elseif filter.people then
    return "user", filter.people
  elseif filter.on then
    return "on", { filter.on }
  elseif filter.place.has_channel and filter.place.channel_id then
    return "channel", { filter.place.channel_id }
  end
  local name = naming_field(filter.kind, filter.fields)
  return name or "none", name and filter.fields[name] or {}
end

---What the keys by that name are of what has come.
---@param name string
---@param c slack.Context
---@return any key
---@return any other
function M.keys_of(name, c)
  local part = c.payload
  if name == "id" then
    return part.root_view_id, part.external_id
  elseif name == "user" then
    return c.user_id
  elseif name == "on" then
    return c.message_ts
  elseif name == "channel" then
    return c.channel_id
  end
  local get = GETTERS[c.kind][name]
  if get then
    return get(part, c)
  end
end

local function contains(list, value)
  for i = 1, #list do
    if list[i] == value then
      return true
    end
  end
  return false
end

local function has_fields(filter, c)
  for name, values in pairs(filter.fields or {}) do
    local value, other = GETTERS[c.kind][name](c.payload, c)
    if not contains(values, value) and (other == nil or not contains(values, other)) then
      return false
    end
  end
  return true
end

---How near what has come is to what a filter is for (place.rank), nil when it is not for it.
---@param filter slack.WaitFilter sound
---@param c slack.Context of the same kind, found by one of its keys
---@return integer? rank
function M.rank(filter, c)
  if filter.id then
    return 2
  elseif filter.people and not contains(filter.people, c.user_id)
    or filter.on and filter.on ~= c.message_ts or not has_fields(filter, c) then
    return nil
  end
  return place.rank(filter.place, c)
end

return M
