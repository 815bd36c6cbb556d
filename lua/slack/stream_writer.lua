-- The messages of one stream, one after the other: what they hold, what Slack refuses,
-- and how it goes on after that without anything lost or said twice.

local StreamMessage = require "slack.stream_message"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Halves of a piece that Slack finds too long are tried down to this.
local SMALLEST <const> = 500
-- Times that the client's own patience with rate limits is asked for again.
local MAX_WAITS <const> = 5
local DEFAULT_WAIT <const>, CONFLICT_WAIT <const> = 30, 0.6 -- seconds

---@class slack.StreamWriter
---@field ts? string of the message that is being written
---@field messages slack.Message[] those that are ended
---@field next_at number when the next call may be made
---@field err? slack.Error why it has been stopped
local Writer = {}
Writer.__index = Writer
Writer.__name = "slack.stream_writer"

---@param target slack.StreamTarget
---@param options slack.StreamOptions
---@return slack.StreamWriter
function Writer.new(target, options)
  return setmetatable({
    target = target, log = options.log, interval = options.interval, messages = {}, next_at = 0,
    mode = target.thread_ts and "streamed" or "edited", waits = 0,
  }, Writer)
end

-- The message that is being written; a new one, after one was ended.
local function current(self)
  if not self.message then
    self.message = StreamMessage.new(self.target, self.mode)
  end
  return self.message
end

local function leave(self)
  local message = self.message
  self.message = nil
  if message and message.ts then
    table.insert(self.messages, message:message())
  end
end

-- Recovering --------------------------------------------------------------------------

-- The message takes no more: what did not go into it goes into the next of the thread.
local function go_on_in_next(self, chunks)
  local opener = self.message.content:reopening()
  leave(self)
  if #chunks == 0 then
    return true
  elseif opener ~= "" then
    table.insert(chunks, 1, { type = "markdown_text", text = opener })
  end
  return self:deliver(chunks)
end

local function may_wait(self, seconds)
  self.waits = self.waits + 1
  if self.waits > MAX_WAITS then
    return false
  end
  self.pause = tasks.waiter()
  self.pause:await(seconds)
  self.pause = nil
  return not self.err
end

local RECOVERIES = {}

function RECOVERIES.wait(self, _, chunks, err)
  if may_wait(self, err.retry_after or DEFAULT_WAIT) then
    return self:deliver(chunks)
  end
end

-- It was to be written anew, but has not been stopped.
function RECOVERIES.conflict(self, message, chunks)
  if may_wait(self, self.interval or CONFLICT_WAIT) then
    message:become_edited()
    return self:deliver(chunks)
  end
end

function RECOVERIES.ended(self, _, chunks)
  return go_on_in_next(self, chunks)
end

-- Slack's limit is lower than ours.
function RECOVERIES.full(self, message, chunks)
  if message.ts then
    message:abandon()
    return go_on_in_next(self, chunks)
  end
  local length = message.content:plus(chunks).length
  if length <= SMALLEST then
    return nil
  end
  local head, rest = message.content:split(chunks, length // 2)
  local ok, err = self:deliver(head)
  if not ok or not rest then
    return ok, err
  end
  return self:deliver(rest)
end

-- Whether the last piece is in the message is not known: all of it is written again.
function RECOVERIES.unknown(self, message, chunks)
  message:become_edited()
  return self:deliver(chunks)
end

function RECOVERIES.refused(self, message, chunks, err)
  self.log:info("c:stream: %s: ordinary messages take its place", err)
  self.mode, message.mode = "edited", "edited"
  return self:deliver(chunks)
end

local function recover(self, message, chunks, err)
  local recovery = RECOVERIES[message:judge(err)]
  if self.err then
    return nil, self.err
  elseif not recovery then
    return nil, err
  end
  local ok, later = recovery(self, message, chunks, err)
  return ok, not ok and (later or err) or nil
end

-- Writing -------------------------------------------------------------------------------

-- Ends a message that is full.
local function fill(self, message, head)
  if #head > 0 and not message.ts then
    local ok, err = message:write(head)
    if not ok then
      return recover(self, message, head, err)
    end
    head = {}
  end
  local ok, err = message:finish(head, {})
  if ok then
    leave(self)
    return true
  end
  return recover(self, message, head, err)
end

---Writes chunks, into as many messages as they need.
---@async
---@param chunks slack.Chunk[]
---@return true? ok
---@return slack.Error? err
function Writer:deliver(chunks)
  local message = current(self)
  if #chunks == 0 and message.ts then
    return true -- after a recovery; Slack refuses to append nothing
  end
  local head, rest = message.content:split(chunks)
  if rest then
    local ok, err = true, nil
    if #head > 0 or message.ts then
      ok, err = fill(self, message, head)
    end
    if not ok then
      return nil, err
    end
    return self:deliver(rest)
  end
  local ok, err = message:write(head)
  self.next_at = loop.now() + (self.interval or message:gap())
  self.ts = message.ts or self.ts
  if ok then
    self.waits = 0
    return true
  end
  return recover(self, message, head, err)
end

-- The message takes no more, or has been ended, not by us; only what closes it is left.
local function close_bare(message, verdict, closing, err)
  if not closing.blocks and not closing.metadata then
    if verdict == "full" then
      message:abandon()
    end
    return message:message()
  elseif verdict == "full" then
    return nil, err -- it would be too long for every other message as well
  end
  message.mode = "edited"
  return message:finish({}, closing)
end

local function finish_message(self, chunks, closing)
  local message = current(self)
  if message.mode == "streamed" and not message.ts then
    local ok, err = self:deliver(chunks)
    if not ok then
      return nil, err
    end
    return finish_message(self, {}, closing)
  end
  local result, err = message:finish(chunks, closing)
  if result then
    return result
  end
  local verdict = message:judge(err)
  if #chunks == 0 and (verdict == "ended" or verdict == "full") then
    return close_bare(message, verdict, closing, err)
  elseif verdict == "unknown" then
    message:become_edited()
    return finish_message(self, chunks, closing)
  end
  local ok, later = recover(self, message, chunks, err)
  if not ok then
    return nil, later
  end
  return finish_message(self, {}, closing)
end

---Writes the last chunks and ends the last message.
---@async
---@param chunks slack.Chunk[]
---@param closing slack.StreamClosing
---@return slack.Message? message nil without an error when there is none
---@return slack.Error? err
function Writer:finish(chunks, closing)
  if #chunks == 0 and not self.message and not closing.blocks then
    return self.messages[#self.messages]
  end
  local _, rest = current(self).content:split(chunks)
  if rest then
    local ok, err = self:deliver(chunks)
    if not ok then
      return nil, err
    end
    chunks = {}
  end
  local message, err = finish_message(self, chunks, closing)
  if message then
    leave(self)
    self.ts = message.ts
  end
  return message, err
end

---Nothing more is to be written.
---@param err slack.Error
function Writer:stop(err)
  self.err = err
  if self.pause then
    self.pause:resolve()
  end
end

---Ends the message as it stands: left to itself it would look for minutes as if more
---were to come.
---@async
function Writer:abandon()
  if self.message then
    self.message:abandon()
  end
end

return Writer
