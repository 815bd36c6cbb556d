-- Methods about channels and their history.

local arguments = require "slack.sandbox.methods.arguments"
local merged = require "slack.merged"
local paging = require "slack.sandbox.methods.paging"

local in_channel, on_message = arguments.in_channel, arguments.on_message

---@type table<string, slack.sandbox.Method>
local methods = {}

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
  return channel.is_im and "im" or channel.is_private and "private_channel" or "public_channel"
end

local CHANNELS = {
  name = "channels", kind = "team", limit_error = "invalid_limit",
  key = function(channel) return channel.id end,
}

methods["conversations.list"] = function(workspace, call)
  local types = call.args.types or "public_channel"
  local without_archived = arguments.is_set(call.args.exclude_archived)
  local channels = {}
  for _, channel in ipairs(workspace.channel_list) do
    local is_hidden = without_archived and channel.is_archived
    if types:find(type_of(channel), 1, true) and not is_hidden then
      table.insert(channels, shown(workspace, channel))
    end
  end
  return paging.by_cursor(channels, call, CHANNELS)
end

methods["conversations.info"] = in_channel(function(workspace, _, channel)
  return { channel = shown(workspace, channel) }
end)

methods["conversations.open"] = function(workspace, call)
  local user = workspace.users[tostring(call.args.users or "")]
  if not user then
    return nil, call.args.users and "user_not_found" or "users_list_not_supplied"
  end
  return { channel = { id = workspace:direct_channel(user.id).id } }
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
  local found = {}
  for _, message in ipairs(messages) do
    local at = tonumber(message.ts)
    if at > oldest and at < latest and accept(message) then
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
