-- Methods about messages.

local arguments = require "slack.sandbox.methods.arguments"
local content = require "slack.sandbox.methods.content"
local json = require "slack.json"

local in_channel, on_message = arguments.in_channel, arguments.on_message

---@type table<string, slack.sandbox.Method>
local methods = {}

-- The root of the thread that a message is for; a reply's thread is its root's.
local function find_root(workspace, channel, thread_ts)
  local message = workspace.find_message(channel, tostring(thread_ts))
  if message and message.thread_ts and message.thread_ts ~= message.ts then
    return workspace.find_message(channel, message.thread_ts)
  end
  return message
end

methods["chat.postMessage"] = in_channel(function(workspace, call, channel)
  local barred = content.barred(call, channel)
  if barred then
    return nil, barred
  end
  local fields, err, more = content.of(call, { is_cut = true })
  if not fields then
    return nil, err, more
  end
  local thread_ts = call.args.thread_ts
  local root = thread_ts and find_root(workspace, channel, thread_ts)
  if thread_ts and not root then
    return nil, "thread_not_found"
  end
  fields.thread_ts = root and root.ts
  fields.reply_broadcast = arguments.is_set(call.args.reply_broadcast)
  local message = workspace:post(channel, content.from_app(workspace, call, fields))
  return { channel = channel.id, ts = message.ts, message = message }
end, true)

methods["chat.meMessage"] = in_channel(function(workspace, call, channel)
  local barred = content.barred(call, channel)
  if barred then
    return nil, barred
  end
  local fields, err, more = content.of(call)
  if not fields then
    return nil, err, more
  end
  local message = content.from_app(workspace, call, { text = fields.text, subtype = "me_message" })
  message = workspace:post(channel, message)
  return { channel = channel.id, ts = message.ts }
end, true)

methods["chat.postEphemeral"] = in_channel(function(workspace, call, channel)
  if channel.is_archived then
    return nil, "is_archived"
  elseif not channel.members[call.user_id] then
    return nil, "not_in_channel"
  elseif not channel.members[tostring(call.args.user)] then
    return nil, "user_not_in_channel"
  end
  local fields, err, more = content.of(call)
  if not fields then
    return nil, err, more
  end
  fields.thread_ts = call.args.thread_ts
  local message = content.from_app(workspace, call, fields)
  message = workspace:show_ephemeral(channel, call.args.user, message)
  return { message_ts = message.ts }
end, true)

-- Whether the caller has written it: the bot, or the person whose token it is.
local function is_own(workspace, call, message)
  if call.token_type == "user" then
    return message.user == call.user_id
  end
  return message.bot_id == workspace.bot.id
    and (message.user == call.user_id or message.subtype == "bot_message")
end

-- The message as it is to be.
local function update(workspace, call, channel, message, fields)
  if call.args.blocks and not fields.blocks then -- an empty list takes them away
    fields.blocks = json.null
  end
  if fields.attachments and #fields.attachments == 0 then
    fields.attachments = json.null
  end
  workspace:change(channel, message, fields)
  if arguments.is_set(call.args.reply_broadcast) and message.thread_ts
    and message.thread_ts ~= message.ts then
    message.subtype = "thread_broadcast"
  end
  return { channel = channel.id, ts = message.ts, text = message.text, message = message }
end

methods["chat.update"] = on_message("ts", function(workspace, call, channel, message)
  if not is_own(workspace, call, message) or channel.is_archived
    or message.subtype == "tombstone" then
    return nil, "cant_update_message"
  end
  local stream = workspace:stream_of(message.ts)
  if stream and stream.state == "streaming" then
    return nil, "streaming_state_conflict"
  end
  -- metadata alone can be changed, too
  local fields, err, more = content.of(call, { can_be_empty = call.args.metadata ~= nil })
  if not fields then
    return nil, err, more
  elseif not (call.args.text or call.args.markdown_text or fields.blocks) then
    fields.text = nil
  end
  return update(workspace, call, channel, message, fields)
end)

methods["chat.delete"] = on_message("ts", function(workspace, call, channel, message)
  if not is_own(workspace, call, message) then
    return nil, "cant_delete_message"
  end
  workspace:remove(channel, message.ts)
  return { channel = channel.id, ts = message.ts }
end)

methods["chat.getPermalink"] = on_message("message_ts", function(workspace, _, channel, message)
  return { channel = channel.id, permalink = workspace:permalink(channel, message) }
end)

return methods
