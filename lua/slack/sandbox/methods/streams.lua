-- Methods that write a message bit by bit (protocol §11).

local Workspace = require "slack.sandbox.workspace"
local arguments = require "slack.sandbox.methods.arguments"
local block_checks = require "slack.sandbox.block_checks"

local in_channel, on_message, structure =
  arguments.in_channel, arguments.on_message, arguments.structure

---@type table<string, slack.sandbox.Method>
local methods = {}

-- Characters of one call, and of a message.
local MAX_PIECE <const>, MAX_TEXT <const> = 12000, 40000
local MAX_BLOCKS <const> = 50
local STATUSES = { pending = true, in_progress = true, complete = true, error = true }
local DISPLAY_MODES = { timeline = true, plan = true }

local function refuse(word, text)
  return nil, word, { response_metadata = { messages = { "[ERROR] " .. text } } }
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

-- What is wrong with a chunk, or nil.
local CHECKS = {
  markdown_text = function(chunk)
    return not is_text(chunk.text) and "missing required field: text" or nil
  end,
  task_update = function(chunk)
    if not is_text(chunk.id) or not is_text(chunk.title) then
      return "missing required field: " .. (is_text(chunk.id) and "title" or "id")
    elseif not STATUSES[chunk.status] then
      return "status must be one of pending, in_progress, complete, error"
    end
  end,
  plan_update = function(chunk)
    return not is_text(chunk.title) and "missing required field: title" or nil
  end,
  blocks = function(chunk)
    local blocks = chunk.blocks
    if type(blocks) ~= "table" or #blocks == 0 or #blocks > MAX_BLOCKS then
      return "blocks must have 1 to 50 items"
    end
    local refusal = block_checks.refusal { blocks = blocks }
    return refusal and table.concat(refusal.messages, "; ") or nil
  end,
}

local function check_chunks(chunks)
  for i, chunk in ipairs(chunks) do
    local check = type(chunk) == "table" and CHECKS[chunk.type]
    local problem = not check and "unknown type" or check and check(chunk)
    if problem then
      return nil, ("%s [json-pointer:/chunks/%d]"):format(problem, i - 1)
    end
  end
  return chunks
end

local function length_of(chunks)
  local length = 0
  for _, chunk in ipairs(chunks) do
    if chunk.type == "markdown_text" then
      length = length + (utf8.len(chunk.text) or #chunk.text)
    end
  end
  return length
end

-- The call's text and chunks as one list.
local function read_chunks(args)
  local text, chunks = args.markdown_text, {}
  if args.chunks ~= nil and args.chunks ~= "" then
    chunks = structure(args.chunks)
    if type(chunks) ~= "table" then
      return refuse("invalid_chunks", "must be a list [json-pointer:/chunks]")
    end
    local ok, problem = check_chunks(chunks)
    if not ok then
      return refuse("invalid_chunks", problem)
    end
  end
  if is_text(text) then
    chunks = table.move(chunks, 1, #chunks, 2, { { type = "markdown_text", text = text } })
  end
  if length_of(chunks) > MAX_PIECE then
    return nil, "msg_too_long"
  end
  return chunks
end

local function recipient_problem(workspace, channel, args)
  if channel.is_im then
    return nil
  elseif not args.recipient_user_id then
    return "missing_recipient_user_id"
  elseif not args.recipient_team_id then
    return "missing_recipient_team_id"
  elseif not workspace.users[args.recipient_user_id] then
    return "user_not_found"
  end
end

-- What keeps a stream from beginning here, as for refuse.
local function start_problem(workspace, call, channel)
  local args = call.args
  local root = args.thread_ts and workspace.find_message(channel, tostring(args.thread_ts))
  if channel.is_archived then
    return "is_archived"
  elseif not channel.members[call.user_id] then
    return "not_in_channel"
  elseif not args.thread_ts then
    return "invalid_arguments", "missing required field: thread_ts"
  elseif not root then
    return "thread_not_found", "there is no such message"
  elseif args.task_display_mode and not DISPLAY_MODES[args.task_display_mode] then
    return "invalid_arguments", "task_display_mode must be one of timeline, plan"
  end
  return recipient_problem(workspace, channel, args)
end

methods["chat.startStream"] = in_channel(function(workspace, call, channel)
  local word, text = start_problem(workspace, call, channel)
  if word then
    return refuse(word, text or word)
  end
  local chunks, err, more = read_chunks(call.args)
  if not chunks then
    return nil, err, more
  end
  local fields = workspace:bot_fields()
  fields.text, fields.thread_ts = "", call.args.thread_ts
  local message = workspace:post(channel, fields)
  workspace.write(workspace:begin_stream(channel, message), chunks)
  return { channel = channel.id, ts = message.ts }
end)

local REFUSALS = { stopped_by_user = "stopped_by_user" }

-- A method about a message that is being written.
local function on_stream(fn)
  return on_message("ts", function(workspace, call, channel, message)
    if message.bot_id ~= workspace.bot.id then
      return nil, "message_not_owned_by_app"
    end
    local stream = workspace:stream_of(message.ts)
    if not stream or stream.state ~= "streaming" then
      return nil, stream and REFUSALS[stream.state] or "message_not_in_streaming_state"
    end
    local chunks, err, more = read_chunks(call.args)
    if not chunks then
      return nil, err, more
    elseif utf8.len(message.text) + length_of(chunks) > MAX_TEXT then
      return nil, "msg_too_long"
    end
    return fn(workspace, call, stream, chunks, channel)
  end)
end

methods["chat.appendStream"] = on_stream(function(workspace, _, stream, chunks, channel)
  if #chunks == 0 then
    return nil, "no_text"
  end
  workspace.write(stream, chunks)
  return { channel = channel.id, ts = stream.message.ts }
end)

methods["chat.stopStream"] = on_stream(function(workspace, call, stream, chunks, channel)
  local message = stream.message
  local blocks = structure(call.args.blocks)
  local refusal = blocks and block_checks.refusal { blocks = blocks }
  if refusal then
    return nil, "invalid_blocks", { response_metadata = refusal }
  end
  workspace.write(stream, chunks)
  if blocks and #blocks > 0 then
    Workspace.identify(blocks)
    workspace.write(stream, { { type = "blocks", blocks = blocks } })
  end
  stream.state = "completed"
  workspace:change(channel, message, { metadata = structure(call.args.metadata) })
  return { channel = channel.id, ts = message.ts, message = message }
end)

return methods
