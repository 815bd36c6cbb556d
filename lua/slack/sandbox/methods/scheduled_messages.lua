-- Methods about messages that are posted later.

local arguments = require "slack.sandbox.methods.arguments"
local content = require "slack.sandbox.methods.content"
local paging = require "slack.sandbox.methods.paging"

local in_channel = arguments.in_channel

local MAX_AHEAD <const> = 120 * 24 * 3600 -- seconds
-- No more than so many in a channel within so many seconds.
local MOST <const>, WITHIN <const> = 30, 5 * 60
local LAST_MINUTE <const> = 60 -- seconds before its time, when nothing can be changed any more

---@type table<string, slack.sandbox.Method>
local methods = {}

local function is_crowded(call, channel, post_at)
  local count = 0
  for _, one in ipairs(call.scheduled.list) do
    if one.channel == channel and math.abs(one.post_at - post_at) < WITHIN then
      count = count + 1
    end
  end
  return count >= MOST
end

local function time_problem(call, channel, post_at)
  local now = call.clock()
  if not post_at then
    return "invalid_time"
  elseif post_at <= now then
    return "time_in_past"
  elseif post_at > now + MAX_AHEAD then
    return "time_too_far"
  elseif is_crowded(call, channel, post_at) then
    return "restricted_too_many"
  end
end

methods["chat.scheduleMessage"] = in_channel(function(workspace, call, channel)
  local post_at = math.tointeger(tonumber(call.args.post_at))
  local problem = content.barred(call, channel) or time_problem(call, channel, post_at)
  if problem then
    return nil, problem
  end
  local fields, err, more = content.of(call)
  if not fields then
    return nil, err, more
  end
  fields.thread_ts = call.args.thread_ts
  fields.reply_broadcast = arguments.is_set(call.args.reply_broadcast)
  local one = call.scheduled:add {
    workspace = workspace, channel = channel, post_at = post_at, user_id = call.user_id,
    fields = content.from_app(workspace, call, fields),
  }
  return {
    channel = channel.id, scheduled_message_id = one.id, post_at = post_at,
    message = {
      text = fields.text, blocks = fields.blocks, attachments = fields.attachments,
      username = fields.username, bot_id = fields.bot_id, type = "delayed_message",
    },
  }
end, true)

methods["chat.deleteScheduledMessage"] = in_channel(function(_, call, channel)
  local id = tostring(call.args.scheduled_message_id)
  for _, one in ipairs(call.scheduled.list) do
    if one.id == id and one.channel == channel and one.user_id == call.user_id
      and one.post_at - call.clock() > LAST_MINUTE then
      call.scheduled:remove(id, channel)
      return {}
    end
  end
  return nil, "invalid_scheduled_message_id"
end, true)

local LISTING = {
  name = "scheduled_messages", kind = "scheduled", key = function(one) return one.id end,
}

methods["chat.scheduledMessages.list"] = function(workspace, call)
  local args = call.args
  local channel = args.channel and workspace.channels[tostring(args.channel)]
  if args.channel and not channel then
    return nil, "invalid_channel"
  end
  local oldest, latest = tonumber(args.oldest) or 0, tonumber(args.latest) or math.huge
  local found = {}
  for _, one in ipairs(call.scheduled.list) do
    if one.workspace == workspace and one.user_id == call.user_id
      and (not channel or one.channel == channel)
      and one.post_at >= oldest and one.post_at <= latest then
      table.insert(found, {
        id = one.id, channel_id = one.channel.id, post_at = one.post_at,
        date_created = one.date_created, text = one.fields.text,
      })
    end
  end
  return paging.by_cursor(found, call, LISTING)
end

return methods
