-- A context's part for answers that are written while they are made: c:stream.

local lazy = require "slack.lazy"
local calls = require "slack.context_calls"
local checks = require "slack.option_checks"
local errors = require "slack.errors"
local loop = require "slack.loop"
local payload = require "slack.payload"
local tasks = require "slack.tasks"
local wait_filters = require "slack.wait_filters"
local Stream = lazy "slack.stream"

local check_self, told, text_of = calls.check_self, calls.told, payload.text_of

---@class slack.StreamingOptions
---@field channel? string elsewhere; then with thread_ts
---@field thread_ts? string
---@field recipient_user_id? string whose answer it is, outside of direct conversations
---@field recipient_team_id? string
---@field task_display_mode? "timeline"|"plan"
---@field buffer? integer characters that are sent at once, 256
---@field interval? number seconds that fewer wait, 0.6

---@class slack.Context
local methods = {}

local OPTIONS = {
  channel = { check = checks.of_type "string" }, thread_ts = { check = checks.of_type "string" },
  recipient_user_id = { check = checks.of_type "string" },
  recipient_team_id = { check = checks.of_type "string" },
  task_display_mode = { check = checks.one_of("timeline", "plan") },
  buffer = { check = checks.number_from(1) }, interval = { check = checks.number_from(0) },
}

local function is_direct(channel)
  return channel:byte() == 68 -- "D"
end

-- In a channel Slack shows it to everybody, but counts it as one person's.
local function target_of(c, options)
  local channel = options.channel or c.channel_id
  local target = {
    client = c.client, channel = channel, task_display_mode = options.task_display_mode,
    thread_ts = options.thread_ts
      or not options.channel and (c.thread_ts or c.message_ts) or nil,
  }
  if not is_direct(channel) then
    target.recipient_user_id = options.recipient_user_id or c.user_id
    target.recipient_team_id = options.recipient_team_id or c.actor_team_id or c.team_id
  end
  return target
end

-- In an assistant's thread its end keeps what a first reply would.
local function keeper_of(c)
  local keeper = c.reply_keeper
  return keeper and {
    metadata = function() return keeper:metadata(c) end,
    posted = function() keeper:posted(c) end,
  }
end

-- The answers that are being written, so that a person can stop them.
---@class slack.RunningStreams
local Running = {}
Running.__index = Running

local function stopped_by_user()
  return errors.new {
    code = "stopped_by_user", message = "c:stream: the person has stopped the answer",
  }
end

-- The streams that are meant.
local function find_stopped(self, c)
  local event = c.payload
  local channel = text_of(event.channel) or text_of(event.channel_id)
  local named, found = {}, {}
  for _, ts in ipairs(payload.as_table(event.streaming_message_ts) or {}) do
    named[ts] = true
  end
  for stream in pairs(self.streams) do
    local target = stream._target
    local ts = stream._writer.ts
    if target.channel == channel and (named[ts] or target.thread_ts == c.thread_ts) then
      found[#found + 1] = stream
    end
  end
  return found
end

---Whether a stream of this process has been stopped.
---@param c slack.Context
---@return boolean
function Running:is_meant(c)
  return c.payload.type == "agent_session_stopped" and find_stopped(self, c)[1] ~= nil
end

---A person has stopped an answer: streams in that thread end.
---@param c slack.Context of an agent_session_stopped
function Running:note(c)
  c.is_seen_to = true
  for _, stream in ipairs(find_stopped(self, c)) do
    stream:_fail(stopped_by_user())
    self:note_end(stream)
  end
end

local WEAK = { __mode = "v" }

-- Of streams that nobody has ended, nor will.
local function forget_dropped(self, routes)
  for filter, its in pairs(self.filters) do
    if its.stream == nil then
      self.filters[filter] = nil
      routes:remove(filter)
    end
  end
end

-- Other processes are told, to which it may come that the person stops it.
local function add(self, c, stream)
  local routes, filter = self.dispatch.wait_routes, true
  if routes then
    forget_dropped(self, routes)
    filter = wait_filters.stream(c, stream._target)
    self.filters[filter] = setmetatable({ stream = stream }, WEAK)
    routes:add(filter)
  end
  self.streams[stream] = filter
end

local function is_ending(self)
  for stream in pairs(self.streams) do
    if stream:_is_ending() then
      return true
    end
  end
  return false
end

---Waits for the ends of those whose handlers were cut off: a message without its end
---looks for minutes as if something were still to come.
---@async
---@param timeout number seconds
function Running:wait_ended(timeout)
  local deadline = loop.now() + timeout
  while is_ending(self) and loop.now() < deadline do
    local waiter = tasks.waiter()
    self.waiter = waiter
    waiter:await(deadline - loop.now())
  end
  self.waiter = nil
end

function Running:note_end(stream)
  local filter, routes = self.streams[stream], self.dispatch.wait_routes
  if filter and routes then
    self.filters[filter] = nil
    routes:remove(filter)
  end
  self.streams[stream] = nil
  if self.waiter then
    self.waiter:resolve()
  end
end

local function running_in(dispatch)
  local running = dispatch.streams
  if not running then
    running = setmetatable({
      dispatch = dispatch, streams = setmetatable({}, { __mode = "k" }), filters = {},
    }, Running)
    dispatch.streams = running
  end
  return running
end

---An answer that people see while it is made, in the thread of the trigger, which
---begins with it if there is none: stream:append, stream:task, stream:finish. As a
---variable with <close> it ends with its block. Where Slack streams nothing it is an
---ordinary message that is updated.
---@param options? slack.StreamingOptions
---@return slack.Stream? stream
---@return slack.Error? err the trigger has no channel
function methods:stream(options)
  check_self(self, "stream")
  options = options or {}
  local problem = checks.argument(options, OPTIONS)
  if problem then
    error("c:stream: " .. problem, 2)
  elseif not (options.channel or self.channel_id) then
    return told(self, "c:stream", nil, errors.new {
      code = "no_channel",
      message = "c:stream: the trigger has no channel: give channel and thread_ts",
    })
  end
  local running = running_in(self.app.dispatch)
  local stream = Stream.new(target_of(self, options), {
    buffer = options.buffer, interval = options.interval, log = self.log,
    on_end = function(ended) running:note_end(ended) end,
    keeper = keeper_of(self),
  })
  add(running, self, stream)
  return stream
end

return { methods = methods }
