-- Methods about messages and reactions.

local arguments = require "slack.sandbox.methods.arguments"

local in_channel, on_message, structure =
  arguments.in_channel, arguments.on_message, arguments.structure

---@type table<string, slack.sandbox.Method>
local methods = {}

local MAX_TEXT = 40000
local MAX_MARKDOWN = 12000

-- The content of a message: at least one of text, blocks, attachments.
local function content(call)
  local args = call.args
  local fields, err, more = arguments.blocks(args.blocks)
  if not fields then
    return nil, err, more
  end
  local markdown = args.markdown_text
  if markdown and (args.text or args.blocks) then
    return nil, "markdown_text_conflict"
  elseif markdown and (utf8.len(markdown) or #markdown) > MAX_MARKDOWN then
    return nil, "msg_too_long"
  end
  fields.attachments = structure(args.attachments)
  fields.metadata = structure(args.metadata)
  fields.text = args.text and tostring(args.text):sub(1, MAX_TEXT) or args.markdown_text or ""
  if fields.text == "" and not fields.blocks and not fields.attachments then
    return nil, "no_text"
  end
  return fields
end

-- The app posts, as its bot or, with a person's token, in that person's name.
local function from_app(workspace, call, fields)
  for key, value in pairs(workspace:bot_fields()) do
    fields[key] = value
  end
  fields.user = call.user_id
  return fields
end

methods["chat.postMessage"] = in_channel(function(workspace, call, channel)
  if channel.is_archived then
    return nil, "is_archived"
  elseif not channel.members[call.user_id] then
    return nil, "not_in_channel"
  end
  local fields, err, more = content(call)
  if not fields then
    return nil, err, more
  end
  local thread_ts = call.args.thread_ts
  if thread_ts and not workspace.find_message(channel, thread_ts) then
    return nil, "thread_not_found"
  end
  fields.thread_ts = thread_ts
  fields.reply_broadcast = arguments.is_set(call.args.reply_broadcast)
  local message = workspace:post(channel, from_app(workspace, call, fields))
  return { channel = channel.id, ts = message.ts, message = message }
end, true)

methods["chat.postEphemeral"] = in_channel(function(workspace, call, channel)
  if not channel.members[tostring(call.args.user)] then
    return nil, "user_not_in_channel"
  end
  local fields, err, more = content(call)
  if not fields then
    return nil, err, more
  end
  local message = from_app(workspace, call, fields)
  message = workspace:show_ephemeral(channel, call.args.user, message)
  return { message_ts = message.ts }
end, true)

methods["chat.update"] = on_message("ts", function(workspace, call, channel, message)
  if message.bot_id ~= workspace.bot.id then
    return nil, "cant_update_message"
  end
  local stream = workspace:stream_of(message.ts)
  if stream and stream.state == "streaming" then
    return nil, "streaming_state_conflict"
  end
  local fields, err, more = content(call)
  if not fields then
    return nil, err, more
  end
  if call.args.blocks then
    message.blocks = nil -- an empty list takes the blocks away
  end
  if fields.attachments and #fields.attachments == 0 then
    message.attachments, fields.attachments = nil, nil
  end
  workspace:change(channel, message, fields)
  return { channel = channel.id, ts = message.ts, text = message.text, message = message }
end)

methods["chat.delete"] = on_message("ts", function(workspace, _, channel, message)
  if message.bot_id ~= workspace.bot.id then
    return nil, "cant_delete_message"
  end
  workspace:remove(channel, message.ts)
  return { channel = channel.id, ts = message.ts }
end)

methods["chat.getPermalink"] = on_message("message_ts", function(workspace, _, channel, message)
  local path = ("archives/%s/p%s"):format(channel.id, message.ts:gsub("%.", ""))
  return {
    channel = channel.id,
    permalink = ("https://%s.slack.com/%s"):format(workspace.team.domain, path),
  }
end)

local function reaction(change, failure)
  return on_message("timestamp", function(workspace, call, channel, message)
    local name = call.args.name
    if not name or name == "" then
      return nil, "no_reaction"
    elseif not workspace[change](workspace, channel, message, name, call.user_id) then
      return nil, failure
    end
    return {}
  end)
end

methods["reactions.add"] = reaction("react", "already_reacted")
methods["reactions.remove"] = reaction("unreact", "no_reaction")

methods["reactions.get"] = on_message("timestamp", function(_, _, channel, message)
  return { type = "message", channel = channel.id, message = message }
end)

return methods
