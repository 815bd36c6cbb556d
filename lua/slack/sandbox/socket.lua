-- The local Slack's side of Socket Mode: tickets, connections, deliveries and
-- their acks, and every way in which the real one can misbehave.

local Connection = require "slack.sandbox.connection"
local core = require "slack.core"
local json = require "slack.json"
local loop = require "slack.loop"

local MAX_CONNECTIONS = 10 -- of one app
local GONE_AFTER = 3 -- seconds without a connection, after which the app is not about to be back

-- A delivery -------------------------------------------------------------------

---One envelope, with its redeliveries.
---@class slack.sandbox.Delivery
---@field envelope table
---@field attempts { connection: slack.sandbox.Connection, at: number }[]
---@field acked_at number?
---@field is_lost? boolean it never set out: there is no app
---@field detail? string why, for people
---@field ack any payload of the ack; json.null when it had none
---@field record? table of the trace, about the last attempt
local Delivery = {}
Delivery.__index = Delivery
Delivery.__name = "slack.sandbox.delivery"

---Waits for the app's ack.
---@async
---@param timeout? number seconds, 5
---@return any payload json.null when the ack carried none; nil, "timeout" when none came, or
---  nil, "not_connected" when it never set out
function Delivery:await_ack(timeout)
  if self.is_lost then
    return nil, "not_connected"
  elseif self.socket.await(function() return self.acked_at ~= nil end, timeout) then
    return self.ack
  end
  return nil, "timeout"
end

---Seconds from the (first) sending to the ack.
---@return number?
function Delivery:ack_time()
  return self.acked_at and self.acked_at - self.attempts[1].at
end

-- The socket side --------------------------------------------------------------

---@class slack.sandbox.Socket
---@field connections slack.sandbox.Connection[] open ones, oldest first
---@field deliveries table<string, slack.sandbox.Delivery> by envelope_id
local Socket = {}
Socket.__index = Socket
Socket.__name = "slack.sandbox.socket"

---@class slack.sandbox.SocketOptions
---@field server slack.core.http_server
---@field url string "wss://localhost:PORT"
---@field app_id string
---@field trace slack.sandbox.Trace
---@field await fun(condition: fun(): boolean, timeout: number?): boolean
---@field log slack.Logger
---@field hello? boolean false: say nothing after the upgrade
---@field ping_interval? number seconds between the server's pings, 10
---@field ack_timeout? number seconds until an event is delivered again, 3
---@field retry_delays? number[] seconds before each redelivery, { 0, 60, 300 }
---@field connection_time? integer what hello announces, 3600

---@param options slack.sandbox.SocketOptions
---@return slack.sandbox.Socket
function Socket.new(options)
  local self = setmetatable({
    server = options.server,
    url = options.url,
    app_id = options.app_id,
    trace = options.trace,
    await = options.await,
    log = options.log,
    hello = options.hello ~= false,
    ping_interval = options.ping_interval or 10,
    ack_timeout = options.ack_timeout or 3,
    retry_delays = options.retry_delays or { 0, 60, 300 },
    connection_time = options.connection_time or 3600,
    connections = {},
    by_id = {},
    deliveries = {},
    waiting = {}, -- deliveries that no connection was there for
    turn = 0,
    timers = {},
  }, Socket)
  self:keep_pinging()
  return self
end

function Socket:after(seconds, fn)
  local timer
  timer = loop.after(seconds, function()
    self.timers[timer] = nil
    fn()
  end)
  self.timers[timer] = true
  return timer
end

function Socket:keep_pinging()
  self:after(self.ping_interval, function()
    for _, connection in ipairs(self.connections) do
      if not connection.silent then
        connection:ping()
      end
    end
    self:keep_pinging()
  end)
end

local function hex(bytes)
  local digits = {}
  for i = 1, bytes do
    digits[i] = ("%02x"):format(math.random(0, 255))
  end
  return table.concat(digits)
end

---A WebSocket URL that works once.
---@return string url
function Socket:open_connection()
  local target = ("/link/?ticket=%s&app_id=%s"):format(hex(16), self.app_id)
  self.server:admit(target)
  self.alive_at = core.monotonic()
  return self.url .. target
end

local function uuid()
  return ("%s-%s-%s-%s-%s"):format(hex(4), hex(2), hex(2), hex(2), hex(6))
end

-- Those that have not been told to go.
function Socket:staying()
  local staying = {}
  for _, connection in ipairs(self.connections) do
    if not connection.leaving then
      table.insert(staying, connection)
    end
  end
  return staying
end

function Socket:on_open(id, target, at)
  local connection = Connection.open(Connection, self, id, target, at)
  connection.acks = {}
  if #self:staying() > MAX_CONNECTIONS then
    connection:disconnect "too_many_websockets"
    connection:close()
  elseif self.hello then
    self:say_hello(connection)
  end
end

---Greets a connection, which makes it ready for deliveries.
---@param connection slack.sandbox.Connection
function Socket:say_hello(connection)
  connection:send {
    type = "hello",
    num_connections = #self.connections,
    connection_info = { app_id = self.app_id },
    debug_info = {
      host = "localhost",
      build_number = 1,
      approximate_connection_time = self.connection_time,
    },
  }
  self.trace:add {
    kind = "hello", way = "out", name = "hello",
    body = { type = "hello", num_connections = #self.connections },
  }
  connection.ready = true
  local waiting = self.waiting
  self.waiting = {}
  for _, delivery in ipairs(waiting) do
    self:send_delivery(delivery)
  end
end

function Socket:on_text(connection, text, at)
  local frame, err = json.decode(text)
  if type(frame) ~= "table" or type(frame.envelope_id) ~= "string" then
    self.log:warn("the app sent a frame that is no ack: %s", err or text)
    return
  end
  local payload = frame.payload
  if payload == nil then
    payload = json.null
  end
  table.insert(connection.acks, {
    envelope_id = frame.envelope_id,
    payload = payload,
    at = at,
    text = text,
  })
  local delivery = self.deliveries[frame.envelope_id]
  if delivery and not delivery.acked_at then
    delivery.acked_at, delivery.ack = at, payload
    self.trace:acked(delivery.record, at - delivery.record.sent_at, text)
    self.deliveries[frame.envelope_id] = nil
    if delivery.timer then
      delivery.timer:cancel()
      self.timers[delivery.timer] = nil
    end
  end
end

---Takes a message of kind "websocket".
function Socket:on_message(id, happening, data, close_code, at)
  self.alive_at = core.monotonic()
  if happening == "open" then
    self:on_open(id, data, at)
  else
    Connection.happen(self, id, happening, data, close_code, at)
  end
end

-- In turn, among those that have said hello and are not about to go.
function Socket:pick()
  local ready = {}
  for _, connection in ipairs(self.connections) do
    if connection.ready and not connection.leaving then
      table.insert(ready, connection)
    end
  end
  if #ready > 0 then
    self.turn = self.turn % #ready + 1
    return ready[self.turn]
  end
end

---@class slack.sandbox.DeliveryOptions
---@field accepts_response_payload? boolean
---@field connection? slack.sandbox.Connection where to send it; nil: in turn
---@field fragments? integer how many pieces the frame is cut into
---@field timeout? number over HTTP: seconds that the app has to answer
---@field retry? integer as which repetition an event comes, as if the ones before had failed
---@field outer? table of deliver_event: fields of the body that are to be otherwise

-- Whether no app is there, nor about to connect again.
local function is_deserted(self)
  return not self.connections[1]
    and (not self.alive_at or core.monotonic() - self.alive_at > GONE_AFTER)
end

---Delivers an envelope; an event that is not acked in time is delivered again. Events wait for
---an app that is not there; of what people do to it nothing comes.
---@param kind "events_api"|"interactive"|"slash_commands"|string
---@param payload table
---@param options? slack.sandbox.DeliveryOptions
---@return slack.sandbox.Delivery
function Socket:deliver(kind, payload, options)
  options = options or {}
  local delivery = setmetatable({
    socket = self,
    connection = options.connection,
    fragments = options.fragments,
    attempts = {},
    envelope = {
      type = kind,
      envelope_id = uuid(),
      accepts_response_payload = options.accepts_response_payload or false,
      payload = payload,
    },
  }, Delivery)
  if kind == "events_api" then
    delivery.envelope.retry_attempt = options.retry or 0
    delivery.envelope.retry_reason = options.retry and "timeout" or ""
  end
  if kind ~= "events_api" and not options.connection and is_deserted(self) then
    delivery.is_lost, delivery.detail = true, "the app is not connected"
    self.trace:kept(delivery.envelope, "not sent: the app is not connected")
    return delivery
  end
  self.deliveries[delivery.envelope.envelope_id] = delivery
  self:send_delivery(delivery)
  return delivery
end

function Socket:send_delivery(delivery)
  local connection = delivery.connection or self:pick()
  if not connection then
    table.insert(self.waiting, delivery)
    self.trace:kept(delivery.envelope, "the app is not connected: sent when it is")
    return
  end
  table.insert(delivery.attempts, { connection = connection, at = core.monotonic() })
  local text = assert(json.encode(delivery.envelope))
  delivery.record = self.trace:deliver("envelope", delivery.envelope, text)
  connection:send(text, delivery.fragments)
  if delivery.envelope.type == "events_api" then
    self:plan_retry(delivery)
  end
end

function Socket:plan_retry(delivery)
  local envelope = delivery.envelope
  local delay = self.retry_delays[envelope.retry_attempt + 1]
  if not delay then
    return
  end
  delivery.timer = self:after(self.ack_timeout + delay, function()
    delivery.connection = nil
    envelope.retry_attempt = envelope.retry_attempt + 1
    envelope.retry_reason = "timeout"
    self:send_delivery(delivery)
  end)
end

---Ends all timers; the server is closed by whoever made it.
function Socket:stop()
  for timer in pairs(self.timers) do
    timer:cancel()
  end
  self.timers = {}
end

return Socket
