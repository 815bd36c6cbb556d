-- An answer that people see while it is being made: text, tasks and blocks are appended
-- as they come, and sent in few calls, one at a time, in order. What one message does
-- not hold, or Slack has ended, goes on in the next one.
--
-- append ──> queue ──> pump (a task while there is something to send) ──> writer

local StreamWriter = require "slack.stream_writer"
local chunks_of = require "slack.stream_chunks"
local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"
local misuse = require "slack.misuse"
local stream_text = require "slack.stream_text"
local tasks = require "slack.tasks"

-- Characters that are sent at once; fewer wait for more, so many seconds.
local BUFFER <const>, INTERVAL <const> = 256, 0.6
-- Characters in the queue at which append waits.
local FULL <const> = 24000
local FOLDER <const> = misuse.folder()

---@class slack.Stream
---@field ts? string of the message that is being written; nil before the first call
---@field channel string
---@field messages slack.Message[] all that it took, when it has ended
local Stream = {}
Stream.__index = Stream
Stream.__name = "slack.stream"

---@class slack.StreamPiece
---@field text? string Markdown; also as markdown_text
---@field blocks? table[]
---@field chunks? slack.Chunk[]

---@class slack.StreamTask
---@field title string
---@field id? string by which it is shown anew; its title
---@field status? "pending"|"in_progress"|"complete"|"error" "in_progress"
---@field details? string
---@field output? string
---@field sources? table[]

---@class slack.StreamEnd
---@field text? string
---@field blocks? table[] below the text
---@field metadata? table
---@field feedback? true|string|table two buttons to judge it: true, their action_id, the element

---@class slack.StreamOptions
---@field buffer? integer characters that are sent at once, 256
---@field interval? number seconds that fewer wait, 0.6
---@field log slack.Logger
---@field on_end? fun(stream: slack.Stream)
---@field keeper? { metadata: fun(): table?, posted: fun() } what to keep with the message, if
---  its end brings no metadata

---@param target slack.StreamTarget
---@param options slack.StreamOptions
---@return slack.Stream
function Stream.new(target, options)
  local writer = StreamWriter.new(target, options)
  return setmetatable({
    channel = target.channel, messages = writer.messages, _target = target, _options = options,
    _writer = writer, _queue = {}, _length = 0, _bytes = "", _state = "open",
    _is_left = false,
  }, Stream)
end

local function check_self(self, name)
  if getmetatable(self) ~= Stream then
    error(("stream.%s: call it with a colon: stream:%s(…)"):format(name, name), 3)
  end
end

-- Failing ---------------------------------------------------------------------------

local function wake(self, name)
  local waiters = self[name]
  self[name] = nil
  for _, waiter in ipairs(waiters or {}) do
    waiter:resolve()
  end
end

local function await(self, name, timeout)
  local waiter = tasks.waiter()
  self[name] = self[name] or {}
  table.insert(self[name], waiter)
  waiter:await(timeout)
end

local function cancel_timer(self)
  if self._timer then
    self._timer:cancel()
    self._timer = nil
  end
end

-- Nothing more is sent. Said once; every later call gives the error.
local function fail(self, err)
  if self._err then
    return
  end
  self._err, self._queue, self._length = err, {}, 0
  cancel_timer(self)
  if err.code == "stopped_by_user" then
    self._options.log:info("c:stream: the person has stopped the answer")
  else
    self._options.log:warn("c:stream failed: %s", err)
  end
  self._writer:stop(err)
  wake(self, "_gate")
  wake(self, "_room")
  if self._options.on_end then
    self._options.on_end(self)
  end
end

-- Something cannot be sent.
local function fail_for(self, problem)
  fail(self, errors.new { code = "failed", message = tostring(problem) })
end

local function give_up(self, err)
  fail(self, err)
  if self._err.code ~= "stopped_by_user" then
    self._writer:abandon()
  end
end

Stream._fail = fail -- ended from outside: nothing more is wanted

-- The pump ---------------------------------------------------------------------------

-- What comes while it waits is sent along.
local function pace(self)
  local seconds = self._writer.next_at - loop.now()
  if seconds > 0 and self._state == "open" and not self._err then
    await(self, "_gate", seconds)
  end
end

local function take(self)
  local chunks = self._queue
  for _, chunk in ipairs(chunks) do
    if chunk.parts then
      chunk.text, chunk.parts = table.concat(chunk.parts), nil
    end
  end
  self._queue, self._length = {}, 0
  wake(self, "_room")
  return chunks
end

local function send_queue(self)
  while true do
    pace(self)
    if self._state ~= "open" or self._err or #self._queue == 0 then
      return
    end
    local writer = self._writer
    local ok, err = writer:deliver(take(self))
    self.ts = writer.ts
    if not ok then
      give_up(self, err)
    end
  end
end

local function pump(self)
  local ok, problem = pcall(send_queue, self)
  if not ok then
    fail_for(self, problem)
  end
  self._is_pumping = nil
  wake(self, "_idle")
end

local function start_pump(self)
  cancel_timer(self)
  if not self._is_pumping then
    self._is_pumping = true
    tasks.spawn(pump, self)
  end
end

local function enqueue(self, chunks)
  local queue = self._queue
  for _, chunk in ipairs(chunks) do
    local last = queue[#queue]
    if chunk.type ~= "markdown_text" then
      queue[#queue + 1] = chunk
      self._is_urgent = true
    elseif last and last.parts then
      last.parts[#last.parts + 1] = chunk.text
    elseif chunk.text ~= "" then
      queue[#queue + 1] = { type = "markdown_text", parts = { chunk.text } } -- joined by take
    end
    self._length = self._length + (chunk.text and utf8.len(chunk.text) or 0)
  end
end

local function schedule(self)
  local options = self._options
  if self._is_pumping or #self._queue == 0 then
    return
  elseif self._is_urgent or self._length >= (options.buffer or BUFFER) then
    self._is_urgent = nil
    start_pump(self)
  elseif not self._timer then
    self._timer = loop.after(options.interval or INTERVAL, start_pump, self)
  end
end

-- Text is made whole: bytes of a character may come in two pieces.
local function make_whole(self, chunks)
  for _, chunk in ipairs(chunks) do
    if chunk.type == "markdown_text" then
      chunk.text, self._bytes = stream_text.clean(self._bytes .. chunk.text)
    end
  end
  return chunks
end

local function ended(self, name)
  if self._err then
    return nil, self._err
  end
  local err = errors.new {
    code = "finished", message = ("stream:%s: the stream has been finished"):format(name),
  }
  self._options.log:warn("%s", err)
  return nil, err
end

local function add(self, name, chunks)
  if self._err or self._state ~= "open" then
    return ended(self, name)
  end
  enqueue(self, make_whole(self, chunks))
  schedule(self)
  while self._length >= FULL and not self._err and self._is_pumping do
    await(self, "_room")
  end
  if self._err then
    return nil, self._err
  end
  return true
end

-- The public part --------------------------------------------------------------------

---Adds to the answer. Waits only when Slack is far behind.
---@async
---@param content string|slack.Chunk|slack.Chunk[]|slack.StreamPiece Markdown, or more than that
---@return true? ok
---@return slack.Error? err what ended it: code "finished", "stopped_by_user", Slack's words
function Stream:append(content)
  check_self(self, "append")
  local chunks, problem = chunks_of.content(content)
  if not chunks then
    misuse.raise(FOLDER, "stream:append: " .. problem) -- stream:pipe may have called
  end
  return add(self, "append", chunks)
end

---Adds all that an iterator gives, piece by piece, as a language model does. Ends before the
---iterator when nobody wants more of it.
---@async
---@param pieces fun(): any as stream:append takes them; nil ends it
---@return true? ok
---@return slack.Error? err what ended it, as of stream:append
function Stream:pipe(pieces)
  check_self(self, "pipe")
  if type(pieces) ~= "function" then
    error("stream:pipe: a function that gives the pieces expected, got " .. type(pieces), 2)
  end
  for piece in pieces do
    local ok, err = self:append(piece)
    if not ok then
      return nil, err
    end
  end
  return true
end

---Shows a step of the work, or how it stands now: the same id, or title, again.
---@async
---@param task slack.StreamTask
---@return true? ok
---@return slack.Error? err
function Stream:task(task)
  check_self(self, "task")
  local chunk, problem = chunks_of.task(task)
  if not chunk then
    error("stream:task: " .. problem, 2)
  end
  return add(self, "task", { chunk })
end

---Gives the tasks a title.
---@async
---@param title string
---@return true? ok
---@return slack.Error? err
function Stream:plan(title)
  check_self(self, "plan")
  if type(title) ~= "string" or title == "" then
    error("stream:plan: a title expected, got " .. type(title), 2)
  end
  return add(self, "plan", { { type = "plan_update", title = title } })
end

local function wait_until_idle(self)
  cancel_timer(self)
  wake(self, "_gate")
  while self._is_pumping do
    await(self, "_idle")
  end
end

-- What the pump has left goes with the end.
local function end_with(self, closing)
  local rest = stream_text.clean(self._bytes, true)
  self._bytes = ""
  enqueue(self, { { type = "markdown_text", text = rest } })
  if closing.blocks then
    closing.blocks = json.list(closing.blocks)
  end
  local writer = self._writer
  local message, err = writer:finish(take(self), closing)
  self.ts = writer.ts
  return message, err
end

local function complete(self, parts)
  wait_until_idle(self)
  if self._err then
    return nil, self._err
  end
  local keeper = not parts.metadata and self._options.keeper
  local kept = keeper and keeper.metadata()
  local message, err = end_with(self, {
    blocks = parts.blocks, metadata = parts.metadata or kept or nil,
  })
  if message and kept then
    keeper.posted()
  end
  self._state = "finished"
  if err then
    give_up(self, err)
    return nil, err
  elseif self._options.on_end then
    self._options.on_end(self)
  end
  return message
end

---Sends what is left and ends the answer.
---@async
---@param closing? string|slack.StreamEnd more text, or more than that
---@return slack.Message? message the last one; nil without an error when nothing was appended
---@return slack.Error? err what ended it before
function Stream:finish(closing)
  check_self(self, "finish")
  local parts, problem = chunks_of.closing(closing)
  if not parts then
    error("stream:finish: " .. problem, 2)
  elseif self._err or self._state ~= "open" then
    return ended(self, "finish")
  end
  enqueue(self, make_whole(self, parts.chunks))
  self._state = "finishing"
  -- A task of its own is not cut off with the handler.
  local ok, message, err = tasks.spawn(complete, self, parts):join()
  if not ok then
    fail_for(self, message)
    return nil, self._err
  end
  return message, err
end

---At the end of its block, also by an error: ends it with what there is.
function Stream:__close()
  if self._state == "open" and not self._err then
    if coroutine.isyieldable() or not tasks.current() then
      self:finish()
    else
      self._is_left = true
      tasks.spawn(self.finish, self)
    end
  end
end

---Whether its end is still to be sent, though its handler may be cut off.
---@return boolean
function Stream:_is_ending()
  return not self._err and (self._state == "finishing" or self._state == "open" and self._is_left)
end

return Stream
