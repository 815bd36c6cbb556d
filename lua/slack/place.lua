-- Where a conversation goes on: in a workspace, a channel, a thread; and whether what
-- comes stands there.

local errors = require "slack.errors"

local M = {}

---@class slack.Place
---@field c slack.Context whose workspace it is
---@field channel_id? string nil: anywhere
---@field has_channel? boolean the channel was asked for: what has none is not there
---@field thread_ts? string of the thread that it is in
---@field root_ts? string else the message whose thread belongs to it
---@field in_threads? boolean instead of these: whether it must stand in a thread
---@field is_anywhere? boolean threads do not matter

-- Kinds of events that stand in a thread or do not; others do not tell.
local PLACED = { message = true, app_mention = true }

---The thread that something stands in; nil for the root of one, which stands in the
---channel.
---@param c slack.Context
---@return string? thread_ts
function M.thread_of(c)
  local thread_ts = c.thread_ts
  return thread_ts ~= c.message_ts and thread_ts or nil
end

---Where a message is posted that says nothing about it: where c:say posts.
---@param c slack.Context
---@param arguments table of chat.postMessage, changed here
function M.aim(c, arguments)
  if arguments.thread_ts == nil and arguments.channel == nil then
    arguments.thread_ts = M.thread_of(c)
  end
  arguments.thread_ts = arguments.thread_ts or nil
  arguments.channel = arguments.channel or c.channel_id
end

---@param name string of the call
---@return slack.Error
function M.no_channel(name)
  return errors.new {
    code = "no_channel",
    message = name .. ": the trigger has no channel: give one in the message, or a person's id "
      .. "for a direct message",
  }
end

-- Of what no request began (app:every) the workspace is that of the app's own token.
local function team_of(c)
  return c.team_id or c.authorization.team_id
end

-- One person may be in several workspaces, in an organization under the same id. What
-- an organization installed has one conversation with them per channel, wherever that
-- is seen from.
local function is_same_workspace(place, c)
  local own = place.c
  local team_id = team_of(own)
  if team_id == team_of(c) then
    return team_id ~= nil or own.enterprise_id == c.enterprise_id
  elseif place.channel_id == nil or place.channel_id ~= c.channel_id then
    return false
  end
  return own.enterprise_id ~= nil and own.enterprise_id == c.enterprise_id
    and own.is_enterprise_install and c.is_enterprise_install
end

local function rank_in_channel(place, c)
  local in_threads, own = place.in_threads, place.thread_ts
  local thread = M.thread_of(c)
  if place.is_anywhere then
    return 1
  elseif in_threads ~= nil then
    return in_threads == (thread ~= nil) and 1 or nil
  elseif own then
    if thread == own or not thread and c.message_ts == own then
      return 2
    end
    return not thread and c.kind ~= "action" and not PLACED[c.type] and 1 or nil
  elseif not thread then
    return 1
  end
  return thread == place.root_ts and 2 or nil
end

---How near something stands to a place: 2 in its thread, 1 in its channel, nil elsewhere.
---@param place slack.Place
---@param c slack.Context
---@return integer? rank
function M.rank(place, c)
  local channel_id, theirs = place.channel_id, c.channel_id
  if not is_same_workspace(place, c) then
    return nil
  elseif channel_id and channel_id ~= theirs then
    return theirs == nil and not place.has_channel and 1 or nil
  end
  return rank_in_channel(place, c)
end

return M
