-- One message that is written bit by bit: by Slack's streaming methods, or, where these
-- are refused, by posting it and updating it.

local Content = require "slack.stream_content"
local Message = require "slack.message"
local retry = require "slack.retry"

-- Seconds between two calls that Slack's limits leave room for in the long run: more
-- than 100 appends a minute, more than 50 updates.
local GAPS = { streamed = 0.6, edited = 1.2 }

---@class slack.StreamTarget
---@field client slack.Client
---@field channel string
---@field thread_ts? string
---@field recipient_user_id? string
---@field recipient_team_id? string
---@field task_display_mode? "timeline"|"plan"

---@class slack.StreamMessage
---@field mode "streamed"|"edited"
---@field ts? string nil: nothing is written yet
---@field is_streamed? boolean it has begun as a stream
---@field content slack.StreamContent what Slack has taken
local StreamMessage = {}
StreamMessage.__index = StreamMessage
StreamMessage.__name = "slack.stream_message"

---@param target slack.StreamTarget
---@param mode "streamed"|"edited"
---@return slack.StreamMessage
function StreamMessage.new(target, mode)
  return setmetatable({ target = target, mode = mode, content = Content.new() }, StreamMessage)
end

---@return number seconds
function StreamMessage:gap()
  return GAPS[self.mode]
end

-- Text alone goes as text.
local function add_chunks(arguments, chunks)
  local texts = {}
  for i, chunk in ipairs(chunks) do
    if chunk.type ~= "markdown_text" then
      arguments.chunks = chunks
      return arguments
    end
    texts[i] = chunk.text
  end
  arguments.markdown_text = texts[1] and table.concat(texts)
  return arguments
end

local function start(self, chunks)
  local target = self.target
  local answer, err = target.client.chat.startStream(add_chunks({
    channel = target.channel, thread_ts = target.thread_ts,
    recipient_user_id = target.recipient_user_id, recipient_team_id = target.recipient_team_id,
    task_display_mode = target.task_display_mode,
  }, chunks))
  if answer then
    self.ts, self.is_streamed = answer.ts, true
  end
  return answer, err
end

local function append(self, chunks)
  return self.target.client.chat.appendStream(add_chunks({
    channel = self.target.channel, ts = self.ts,
  }, chunks))
end

-- The whole of it, in place of what is there.
local function edit(self, content, closing)
  local target = self.target
  local arguments = content:arguments(closing and closing.blocks)
  arguments.channel, arguments.metadata = target.channel, closing and closing.metadata
  if self.ts then
    arguments.ts = self.ts
    return target.client.chat.update(arguments)
  end
  arguments.thread_ts = target.thread_ts
  local answer, err = target.client.chat.postMessage(arguments)
  if answer then
    self.ts = answer.ts
  end
  return answer, err
end

---Adds to it; what failed is not in it.
---@async
---@param chunks slack.Chunk[] that fit
---@return true? ok
---@return slack.Error? err
function StreamMessage:write(chunks)
  local content = self.content:plus(chunks)
  local answer, err
  if self.mode == "edited" then
    answer, err = edit(self, content)
  else
    answer, err = (self.ts and append or start)(self, chunks)
  end
  if not answer then
    return nil, err
  end
  self.content = content
  return true
end

---@class slack.StreamClosing
---@field blocks? table[]
---@field metadata? table

local function stop(self, chunks, closing)
  return self.target.client.chat.stopStream(add_chunks({
    channel = self.target.channel, ts = self.ts, blocks = closing.blocks,
    metadata = closing.metadata,
  }, chunks))
end

---Adds to it and ends it; streamed, it must have begun.
---@async
---@param chunks slack.Chunk[] that fit; may be none
---@param closing slack.StreamClosing
---@return slack.Message? message
---@return slack.Error? err
function StreamMessage:finish(chunks, closing)
  local content = self.content:plus(chunks)
  local answer, err
  if self.mode == "edited" then
    if self.ts and #chunks == 0 and not closing.blocks and not closing.metadata then
      return self:message()
    end
    answer, err = edit(self, content, closing)
  else
    answer, err = stop(self, chunks, closing)
  end
  if not answer then
    return nil, err
  end
  self.content = content
  return self:message(answer)
end

---@param answer? table of the last call
---@return slack.Message
function StreamMessage:message(answer)
  local target = self.target
  return Message.new(target.client, {
    ts = self.ts, channel = target.channel, message = answer and answer.message,
  }, target.thread_ts)
end

---Ends it as it stands, whatever becomes of that.
---@async
function StreamMessage:abandon()
  if self.is_streamed then
    stop(self, {}, {})
  end
end

---From now on it is written anew as a whole: what Slack made of the last call is not
---known, or it takes no more.
---@async
function StreamMessage:become_edited()
  self:abandon()
  self.mode = "edited"
end

-- Why a stream cannot begin, where an ordinary message could not either, or where the
-- program is wrong.
local FATAL = {
  account_inactive = true, channel_not_found = true, invalid_arguments = true,
  invalid_auth = true, invalid_blocks = true, invalid_chunks = true, is_archived = true,
  missing_scope = true, not_authed = true, not_in_channel = true, thread_not_found = true,
  token_expired = true, token_revoked = true,
}

---What can be done about a failure.
---@param err slack.Error
---@return "wait"|"stopped"|"ended"|"conflict"|"full"|"unknown"|"refused"|"fatal"
function StreamMessage:judge(err)
  local code = err.code
  if retry.is_rate_limit(err) then
    return "wait"
  elseif code == "stopped_by_user" then
    return "stopped"
  elseif code == "message_not_in_streaming_state" and self.ts then
    return "ended" -- a message that has not begun cannot have been
  elseif code == "streaming_state_conflict" then
    return "conflict"
  elseif code == "msg_too_long" or code == "msg_blocks_too_long" then
    return "full"
  elseif retry.is_worthwhile(err, true) then
    local is_unsent = retry.is_worthwhile(err, false)
    return not is_unsent and self.ts and self.mode == "streamed" and "unknown" or "fatal"
  elseif self.mode == "streamed" and not self.ts and not FATAL[code] then
    return "refused"
  end
  return "fatal"
end

return StreamMessage
