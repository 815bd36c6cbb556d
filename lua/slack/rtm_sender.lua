-- `app.rtm`: what goes out over RTM's connection. Messages go one a second, as Slack
-- wants it, and wait for Slack's reply.

local Message = require "slack.message"
local frames = require "slack.rtm_frames"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Seconds, as Slack wants it (protocol §17).
local MESSAGE_INTERVAL, TYPING_INTERVAL = 1, 3

local MAX_WAITING = 100 -- messages, which is their time in seconds
local REPLY_TIMEOUT = 10
local LATE_REPLIES = 2 -- seconds for those that are read after their connection's end

---A message on its way.
---@class slack.RtmEntry
---@field frame table
---@field text string the frame as JSON
---@field waiter slack.Waiter
---@field connection? integer on which it was sent

---@class slack.Rtm
---@field queue slack.RtmEntry[] not yet sent
---@field sent table<integer, slack.RtmEntry> by id, until their replies have come
---@field connection? integer that is ready
---@field state "closed"|"open"
local Rtm = {}
Rtm.__index = Rtm
Rtm.__name = "slack.rtm_sender"

---@class slack.RtmSenderSettings
---@field client fun(): slack.Client for what is done with a message that was sent
---@field timeout number seconds that messages wait for a connection
---@field clock? fun(): number
---@field after? fun(seconds: number, fn: function): slack.Timer

---@param settings slack.RtmSenderSettings
---@return slack.Rtm
function Rtm.new(settings)
  return setmetatable({
    client = settings.client, timeout = settings.timeout,
    clock = settings.clock or loop.now, after = settings.after or loop.after,
    queue = {}, sent = {}, typed = {}, timers = {}, last_id = 0, next_at = 0, state = "closed",
  }, Rtm)
end

local function check_self(self, name)
  if getmetatable(self) ~= Rtm then
    error(("app.rtm.%s: call it with a colon: app.rtm:%s(…)"):format(name, name), 3)
  end
end

-- Failing ------------------------------------------------------------------------------

local function is_open(self, name)
  if self.state == "closed" then
    return nil, frames.failure("closed", name .. ": the app is not running")
  end
  return true
end

local function not_connected(name)
  return nil, frames.failure("connection", name .. ": there is no connection just now")
end

local function write(self, text, wants_reply)
  self.core:send(self.connection, text, wants_reply)
end

-- Only one timer of a name is there at a time.
local function set_timer(self, name, seconds, fn)
  self.timers[name] = self.timers[name] or self.after(seconds, function()
    self.timers[name] = nil
    fn(self)
  end)
end

local function stop_timer(self, name)
  if self.timers[name] then
    self.timers[name]:cancel()
    self.timers[name] = nil
  end
end

-- Messages -----------------------------------------------------------------------------

local pump

local function give_up_queue(self)
  local entries = self.queue
  self.queue = {}
  for _, entry in ipairs(entries) do
    entry.waiter:resolve(nil, frames.failure("connection",
      ("send: there was no connection for %g s; the message was not sent"):format(self.timeout)))
  end
end

-- Ends the wait for the reply to an entry.
local function settle(self, entry, ...)
  self.sent[entry.frame.id] = nil
  if entry.timer then
    entry.timer:cancel()
    entry.timer = nil
  end
  entry.waiter:resolve(...)
end

local function settle_after(self, entry, seconds, code, message)
  if entry.timer then
    entry.timer:cancel()
  end
  entry.timer = self.after(seconds, function()
    entry.timer = nil
    settle(self, entry, nil, frames.failure(code, message))
  end)
end

local function send_first(self, now)
  local entry = table.remove(self.queue, 1)
  entry.connection = self.connection
  self.sent[entry.frame.id] = entry
  settle_after(self, entry, REPLY_TIMEOUT, "timeout", ("send: Slack has not replied for %d s: the "
    .. "message may have been posted or not"):format(REPLY_TIMEOUT))
  write(self, entry.text, true)
  self.next_at = now + MESSAGE_INTERVAL
end

-- Sends what may be sent, and comes back when the next may.
function pump(self)
  if not self.queue[1] then
    return
  elseif not self.connection then
    return set_timer(self, "patience", self.timeout, give_up_queue)
  end
  local now = self.clock()
  if now >= self.next_at then
    send_first(self, now)
  end
  if self.queue[1] then
    set_timer(self, "pace", math.max(self.next_at - now, 0), pump)
  end
end

-- Its task has been cancelled, or its time is over.
local function abandon(self, entry)
  settle(self, entry)
  for i, other in ipairs(self.queue) do
    if other == entry then
      table.remove(self.queue, i)
      return
    end
  end
end

local function new_id(self)
  self.last_id = self.last_id + 1
  return self.last_id
end

local function new_entry(self, message)
  local frame, err = frames.message(new_id(self), message)
  local text
  if frame then
    text, err = frames.encode(frame, "send")
  end
  return text and { frame = frame, text = text, waiter = tasks.waiter() }, err
end

---Sends a message and waits until Slack has taken it. One goes each second; those that
---come faster wait for their turn, also while there is no connection.
---@async
---@param message { channel: string, text: string, thread_ts: string?, reply_broadcast: boolean? }
---@return slack.Message? message
---@return slack.Error? err code "rtm_error" when Slack refuses it (number and text are
---  Slack's), "connection" when the connection ended before its reply, so that it may have
---  been posted or not; "timeout", "msg_too_long",
---  "too_large", "invalid_text", "queue_full", "closed"
function Rtm:send(message)
  check_self(self, "send")
  local problem = frames.message_problem(message)
  if problem then
    error("app.rtm:send: " .. problem, 2)
  end
  local ok, err = is_open(self, "send")
  if not ok then
    return nil, err
  elseif #self.queue >= MAX_WAITING then
    return nil, frames.failure("queue_full",
      ("send: %d messages wait already, of which one goes each second"):format(MAX_WAITING))
  end
  local entry
  entry, err = new_entry(self, message)
  if not entry then
    return nil, err
  end
  entry.waiter.on_abandon = function() abandon(self, entry) end
  table.insert(self.queue, entry)
  pump(self)
  return entry.waiter:await()
end

local function new_message(self, entry, reply)
  local frame, client = entry.frame, self.client()
  return Message.new(client, {
    ok = true, channel = frame.channel, ts = reply.ts,
    message = {
      type = "message", ts = reply.ts, text = reply.text or frame.text, thread_ts = frame.thread_ts,
    },
  }, frame.thread_ts)
end

local function refusal(reply)
  local given = type(reply.error) == "table" and reply.error or {}
  local err = frames.failure("rtm_error", ("send: Slack refuses the message: %s (code %s)"):format(
    tostring(given.msg or "no reason given"), tostring(given.code)))
  err.number, err.text, err.response = given.code, given.msg, reply
  return err
end

-- Other things for people ----------------------------------------------------------------

-- Those that were told long ago are told again if they are asked for.
local function forget_typed(self, now)
  for channel, at in pairs(self.typed) do
    if now - at >= TYPING_INTERVAL then
      self.typed[channel] = nil
    end
  end
end

---Shows that the bot is typing in a channel, for a few seconds or until it has sent a
---message. Calls within three seconds of one that was sent do nothing, as Slack wants it.
---@param channel string id
---@return boolean? sent
---@return slack.Error? err code "connection" or "closed"
function Rtm:typing(channel)
  check_self(self, "typing")
  if type(channel) ~= "string" or channel == "" then
    error("app.rtm:typing: id of a channel expected, got " .. (channel == "" and "an empty string"
      or type(channel)), 2)
  end
  local ok, err = is_open(self, "typing")
  if not ok then
    return nil, err
  elseif not self.connection then
    return not_connected "typing"
  end
  local now = self.clock()
  forget_typed(self, now)
  if self.typed[channel] then
    return false
  end
  local text
  text, err = frames.encode({ id = new_id(self), type = "typing", channel = channel }, "typing")
  if not text then
    return nil, err
  end
  self.typed[channel] = now
  write(self, text)
  return true
end

local function subscribe(self)
  local ids = json.list(table.move(self.subscribed, 1, #self.subscribed, 1, {}))
  local text, err = frames.encode({ id = new_id(self), type = "presence_sub", ids = ids },
    "presence_sub")
  if not text then
    return nil, err
  end
  if self.connection then
    write(self, text)
  end
  return true
end

---From now on presence_change events come for these people, and for no others; also on
---connections to come.
---@param ids string[] of users
---@return true? ok
---@return slack.Error? err code "too_large"
function Rtm:presence_sub(ids)
  check_self(self, "presence_sub")
  local problem = frames.ids_problem(ids)
  if problem then
    error("app.rtm:presence_sub: " .. problem, 2)
  end
  local before = self.subscribed
  self.subscribed = table.move(ids, 1, #ids, 1, {})
  local ok, err = subscribe(self)
  if not ok then
    self.subscribed = before
  end
  return ok, err
end

-- The transport tells ---------------------------------------------------------------------

---The app runs, though there may be no connection yet.
function Rtm:open()
  self.state = "open"
end

---@param core slack.core.socket_mode
---@param connection integer
function Rtm:connected(core, connection)
  self.core, self.connection, self.typed = core, connection, {}
  stop_timer(self, "patience")
  if self.subscribed then
    subscribe(self)
  end
  pump(self)
end

---Slack ends the connection: nothing more is sent on it.
---@param connection integer
function Rtm:pause(connection)
  if connection == self.connection then
    self.connection = nil
    pump(self)
  end
end

---The connection has ended. Its last replies may still lie in the mailbox.
---@param connection integer
function Rtm:lost(connection)
  self:pause(connection)
  for _, entry in pairs(self.sent) do
    if entry.connection == connection then
      settle_after(self, entry, LATE_REPLIES, "connection", "send: the connection ended before "
        .. "Slack replied: the message may have been posted or not")
    end
  end
end

---Slack's reply to a frame.
---@param reply table
function Rtm:reply(reply)
  local entry = self.sent[reply.reply_to]
  if not entry then
    return
  elseif reply.ok == true and type(reply.ts) == "string" then
    settle(self, entry, new_message(self, entry, reply))
  else
    settle(self, entry, nil, refusal(reply))
  end
end

---Nothing is sent any more.
function Rtm:close()
  self.state, self.connection, self.core = "closed", nil, nil
  for name in pairs(self.timers) do
    stop_timer(self, name)
  end
  local entries = self.queue
  self.queue = {}
  for _, entry in pairs(self.sent) do
    table.insert(entries, entry)
  end
  for _, entry in ipairs(entries) do
    settle(self, entry, nil, frames.failure("closed", "send: the app has been stopped"))
  end
end

return Rtm
