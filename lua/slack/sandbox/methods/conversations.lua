-- Methods about channels and their history.

local arguments = require "slack.sandbox.methods.arguments"
local merged = require "slack.merged"
local paging = require "slack.sandbox.methods.paging"

local in_channel, on_message = arguments.in_channel, arguments.on_message

---@type table<string, slack.sandbox.Method>
local methods = {}

local MAX_PEOPLE <const> = 8

-- Without what only the workspace itself needs to know.
local function shown(workspace, channel)
  local fields = {}
  for key, value in pairs(channel) do
    fields[key] = value
  end
  fields.messages, fields.members, fields.ephemeral = nil, nil, nil
  fields.is_member = channel.members[workspace.bot.user_id] == true
  fields.num_members = 0
  for _ in pairs(channel.members) do
    fields.num_members = fields.num_members + 1
  end
  return fields
end

local function type_of(channel)
  return channel.is_im and "im" or channel.is_mpim and "mpim"
    or channel.is_private and "private_channel" or "public_channel"
end

local CHANNELS = {
  name = "channels", kind = "team", limit_error = "invalid_limit",
  key = function(channel) return channel.id end,
}

local TYPES = { public_channel = true, private_channel = true, im = true, mpim = true }

-- The types that are asked for; nil when one is none.
local function types_of(call)
  local types = {}
  for word in tostring(call.args.types or "public_channel"):gmatch "[^,%s]+" do
    if not TYPES[word] then
      return nil
    end
    types[word] = true
  end
  return types
end

-- A page of the channels of some types that accept(channel) takes.
local function list_channels(workspace, call, accept)
  local types = types_of(call)
  if not types then
    return nil, "invalid_types"
  end
  local without_archived = arguments.is_set(call.args.exclude_archived)
  local channels = {}
  for _, channel in ipairs(workspace.channel_list) do
    local is_hidden = without_archived and channel.is_archived
    if types[type_of(channel)] and not is_hidden and accept(channel) then
      table.insert(channels, shown(workspace, channel))
    end
  end
  return paging.by_cursor(channels, call, CHANNELS)
end

methods["conversations.list"] = function(workspace, call)
  return list_channels(workspace, call, function() return true end)
end

-- Those that a person, by default the caller, is in.
methods["users.conversations"] = function(workspace, call)
  local user_id = call.args.user or call.user_id
  if not workspace.users[user_id] then
    return nil, "user_not_found"
  end
  return list_channels(workspace, call, function(channel) return channel.members[user_id] end)
end

methods["conversations.info"] = in_channel(function(workspace, _, channel)
  return { channel = shown(workspace, channel) }
end)

-- The people whose ids are given, without the bot, whom Slack adds; each once.
local function people_of(workspace, users)
  local ids, seen = {}, { [workspace.bot.user_id] = true }
  for id in users:gmatch "[^,%s]+" do
    if not workspace.users[id] then
      return nil
    elseif not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  return ids
end

methods["conversations.open"] = function(workspace, call)
  local args = call.args
  local channel = args.channel and workspace.channels[tostring(args.channel)]
  if args.channel and not channel then
    return nil, "channel_not_found"
  elseif not channel then
    local users = tostring(args.users or "")
    local ids = people_of(workspace, users)
    if users == "" then
      return nil, "users_list_not_supplied"
    elseif not ids or #ids == 0 then
      return nil, "user_not_found"
    elseif #ids > MAX_PEOPLE then
      return nil, "too_many_users"
    end
    channel = #ids == 1 and workspace:direct_channel(ids[1]) or workspace:group_channel(ids)
  end
  local has_all = arguments.is_set(args.return_im)
  return { channel = has_all and shown(workspace, channel) or { id = channel.id } }
end

methods["conversations.join"] = in_channel(function(workspace, _, channel)
  channel.members[workspace.bot.user_id] = true
  return { channel = shown(workspace, channel) }
end)

local MEMBERS = {
  name = "members", kind = "user", limit_error = "invalid_limit",
  key = function(id) return id end,
}

methods["conversations.members"] = in_channel(function(_, call, channel)
  local members = {}
  for id in pairs(channel.members) do
    table.insert(members, id)
  end
  table.sort(members)
  return paging.by_cursor(members, call, MEMBERS)
end)

local function without_metadata(message)
  if not message.metadata then
    return message
  end
  local copy = merged(message)
  copy.metadata = nil
  return copy
end

local function in_range(call, messages, accept)
  local oldest, latest = tonumber(call.args.oldest) or 0, tonumber(call.args.latest) or math.huge
  local with_metadata = arguments.is_set(call.args.include_all_metadata)
  local is_inclusive = arguments.is_set(call.args.inclusive)
  local found = {}
  for _, message in ipairs(messages) do
    local at = tonumber(message.ts)
    local is_within = at > oldest and at < latest or is_inclusive and (at == oldest or at == latest)
    if is_within and accept(message) then
      table.insert(found, with_metadata and message or without_metadata(message))
    end
  end
  return found
end

-- Where a page of messages goes on: the message that the cursor names may have been deleted,
-- and others may have come.
local function find_from(is_there)
  return function(messages, ts)
    local from = tonumber(ts)
    for position, message in ipairs(from and messages or {}) do
      if is_there(tonumber(message.ts), from) then
        return position
      end
    end
    return from and #messages + 1
  end
end

local HISTORY = {
  name = "messages", kind = "next_ts", has_more = true,
  key = function(message) return message.ts end,
  find = find_from(function(at, from) return at <= from end),
}
local REPLIES = merged(HISTORY, {
  find = find_from(function(at, from) return at >= from end),
})

methods["conversations.history"] = in_channel(function(_, call, channel)
  local found = in_range(call, channel.messages, function(message)
    return not message.thread_ts or message.thread_ts == message.ts
      or message.subtype == "thread_broadcast"
  end)
  local newest_first = {}
  for i = #found, 1, -1 do
    table.insert(newest_first, found[i])
  end
  return paging.by_cursor(newest_first, call, HISTORY)
end)

methods["conversations.replies"] = on_message("ts", function(_, call, channel, root)
  return paging.by_cursor(in_range(call, channel.messages, function(message)
    return message.ts == root.ts or message.thread_ts == root.ts
  end), call, REPLIES)
end, "thread_not_found")

return methods
