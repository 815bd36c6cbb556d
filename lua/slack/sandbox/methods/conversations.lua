-- Methods that look at channels and their history, and open conversations.

local arguments = require "slack.sandbox.methods.arguments"
local merged = require "slack.merged"
local paging = require "slack.sandbox.methods.paging"
local permissions = require "slack.sandbox.permissions"

local in_channel, on_message = arguments.in_channel, arguments.on_message

---@type table<string, slack.sandbox.Method>
local methods = {}

local MAX_PEOPLE <const> = 8

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
  local found = {}
  for _, channel in ipairs(workspace.channel_list) do
    local is_hidden = without_archived and channel.is_archived
      or not workspace.can_see(channel, call.user_id)
    if types[permissions.kind_of(channel)] and not is_hidden and accept(channel) then
      local fields = workspace:describe_channel(channel, call.user_id)
      fields.num_members = not channel.is_im and workspace.count_members(channel) or nil
      table.insert(found, fields)
    end
  end
  return paging.by_cursor(found, call, CHANNELS)
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

methods["conversations.info"] = in_channel(function(workspace, call, channel)
  local fields = workspace:describe_channel(channel, call.user_id)
  if arguments.is_set(call.args.include_num_members) then
    fields.num_members = workspace.count_members(channel)
  end
  if arguments.is_set(call.args.include_locale) then
    fields.locale = "en-US"
  end
  return { channel = fields }
end)

-- The people whose ids are given, without the caller, whom Slack adds; each once.
local function people_of(workspace, call)
  local ids, seen = {}, { [call.user_id] = true }
  for id in tostring(call.args.users or ""):gmatch "[^,%s]+" do
    if not workspace.users[id] then
      return nil, "user_not_found"
    elseif workspace.users[id].deleted then
      return nil, "user_disabled"
    elseif not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  return ids
end

-- The conversation with some people, which is made when there is none yet.
local function conversation_with(workspace, call)
  local users = call.args.users
  if users == nil or users == "" then
    return nil, "users_list_not_supplied"
  end
  local ids, err = people_of(workspace, call)
  if not ids then
    return nil, err
  elseif #ids == 0 then
    return nil, "user_not_found"
  elseif #ids > MAX_PEOPLE then
    return nil, "too_many_users"
  elseif #ids > 1 then
    return workspace:group_channel(ids)
  elseif call.token_type ~= "user" and workspace.users[ids[1]].is_bot then
    return nil, "cannot_dm_bot"
  end
  return workspace:direct_channel(ids[1], call.user_id)
end

methods["conversations.open"] = function(workspace, call)
  local args = call.args
  local channel = args.channel and workspace.channels[tostring(args.channel)]
  if args.channel and not (channel and workspace.can_see(channel, call.user_id)) then
    return nil, "channel_not_found"
  elseif channel and not (channel.is_im or channel.is_mpim) then
    return nil, "method_not_supported_for_channel_type"
  elseif not channel then
    local err
    channel, err = conversation_with(workspace, call)
    if not channel then
      return nil, err
    end
  end
  local was_open = channel.is_open
  channel.is_open = true
  local has_all = arguments.is_set(args.return_im)
  return {
    channel = has_all and workspace:describe_channel(channel, call.user_id) or { id = channel.id },
    no_op = was_open or nil, already_open = was_open or nil,
  }
end

methods["conversations.close"] = in_channel(function(_, _, channel)
  if not (channel.is_im or channel.is_mpim) then
    return nil, "method_not_supported_for_channel_type"
  end
  local was_closed = not channel.is_open
  channel.is_open = nil
  return { no_op = was_closed or nil, already_closed = was_closed or nil }
end)

methods["conversations.mark"] = in_channel(function(_, call, channel)
  local ts = tostring(call.args.ts)
  if not channel.members[call.user_id] then
    return nil, "not_in_channel"
  elseif not (ts:find "^%d[%d.]*$" and tonumber(ts)) then
    return nil, "invalid_timestamp"
  end
  channel.last_read = channel.last_read or {}
  channel.last_read[call.user_id] = ts
  return {}
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

-- History is for members; times must be some.
local function refuse_history(call, channel)
  local args = call.args
  if not channel.members[call.user_id] then
    return "not_in_channel"
  elseif args.oldest and not tonumber(args.oldest) then
    return "invalid_ts_oldest"
  elseif args.latest and not (tonumber(args.latest) or args.latest == "now") then
    return "invalid_ts_latest"
  end
end

methods["conversations.history"] = in_channel(function(workspace, call, channel)
  local refusal = refuse_history(call, channel)
  if refusal then
    return nil, refusal
  end
  local found = in_range(call, channel.messages, function(message)
    return not message.thread_ts or message.thread_ts == message.ts
      or message.subtype == "thread_broadcast"
  end)
  local newest_first = {}
  for i = #found, 1, -1 do
    table.insert(newest_first, found[i])
  end
  local page, err = paging.by_cursor(newest_first, call, HISTORY)
  if page then
    page.pin_count = #workspace.pinned(channel)
  end
  return page, err
end)

methods["conversations.replies"] = on_message("ts", function(workspace, call, channel, root)
  local refusal = refuse_history(call, channel)
  if refusal then
    return nil, refusal
  elseif root.thread_ts and root.thread_ts ~= root.ts then -- a reply stands for its thread
    root = workspace.find_message(channel, root.thread_ts) or root
  end
  return paging.by_cursor(in_range(call, channel.messages, function(message)
    return message.ts == root.ts or message.thread_ts == root.ts
  end), call, REPLIES)
end, "thread_not_found")

return methods
