-- Slack's side and the app's, of what is delivered in a test: in place of a connection. The
-- rules of acks are those of a real one: a deadline, a limit of bytes, one answer.

local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Bytes that an ack has fewer than, over Socket Mode and over HTTP.
local MAX_ACK = { socket = 20480, http = 1024 * 1024 }
local CAME_AS = { events_api = "event", slash_commands = "command", interactive = "interaction" }
-- Seconds before an event that was refused is delivered again.
local RETRY_DELAYS = { 0, 60, 300 }

-- A delivery, as Slack sees it ------------------------------------------------------------

---@class slack.testing.Delivery
---@field kind "events_api"|"interactive"|"slash_commands"
---@field payload table
---@field ack any json.null when it was empty
---@field acked boolean by the app itself, in time
---@field was_late boolean its deadline came first, and answered empty
---@field refused? string why the app has not answered
local Delivery = {}
Delivery.__index = Delivery
Delivery.__name = "slack.testing.delivery"

---Waits for the app's answer.
---@async
---@param timeout? number seconds
---@return any ack nil, "timeout" when there is none
function Delivery:await_ack(timeout)
  if not self.is_settled then
    self.waiter = tasks.waiter()
    self.waiter:await(timeout)
  end
  if self.ack == nil then
    return nil, "timeout"
  end
  return self.ack
end

---@return number? seconds
function Delivery:ack_time()
  return self.acked_at and self.acked_at - self.began
end

local function settle(self, ack)
  if self.is_settled then
    return
  end
  self.is_settled, self.ack, self.acked_at = true, ack, ack ~= nil and loop.now() or nil
  if self.timer then
    self.timer:cancel()
  end
  if self.waiter then
    self.waiter:resolve(true)
  end
end

-- The same, as the app sees it ------------------------------------------------------------

---@class slack.testing.Request: slack.Request
local Request = {}
Request.__index = Request
Request.__name = "slack.testing.request"

function Request:ack(text)
  local delivery = self.delivery
  if text and #text >= self.max_ack then
    return nil, errors.new { code = "too_large", message = "too large", limit = self.max_ack }
  end
  delivery.acked = true
  settle(delivery, text and json.decode(text) or json.null)
  return true
end

function Request:refuse(why)
  local delivery = self.delivery
  if not self.has_status and (why == "unauthorized" or why == "undecodable") then
    return self:ack(nil)
  end
  delivery.refused = why
  settle(delivery, nil)
  if self.held and not self.no_retry then
    delivery.side:deliver_again(delivery)
  end
end

-- The app had until now.
local function on_deadline(request)
  local delivery = request.delivery
  if not delivery.is_settled then
    delivery.was_late = true
    settle(delivery, json.null)
    delivery.side.app.dispatch:deadline(request)
  end
end

-- What delivers ---------------------------------------------------------------------------

---In place of slack.sandbox.Socket, and of a transport of the app.
---@class slack.testing.Side: slack.Transport
---@field app slack.App
---@field name "socket"|"http"|"rtm"
---@field connections table[] there is one, as long as the app runs
---@field on_listen fun() the app starts
---@field on_open fun(app: slack.App) it is reached from now on
local Side = { connections = { {} } }
Side.__index = Side
Side.__name = "slack.testing.side"

---@return slack.testing.Side
function Side.new()
  return setmetatable({ name = "socket", held = {}, is_held = false, is_open = false }, Side)
end

function Side.on_listen() end
function Side.on_open() end

---The app is reached by this from its start on.
---@param app slack.App
function Side:serve(app)
  self.app, self.name = app, app.settings.transport == "http" and "http" or "socket"
  local http = app.settings.http
  self.holds_events = self.name == "http" and http and http.answer_events == "handled" or false
  app.transports.listen = function()
    self.on_listen()
    return true
  end
  app.transports.open = function(transports)
    transports[1], self.is_open = self, true
    self.on_open(app)
    return true
  end
end

local function start(request)
  local self = request.delivery.side
  if self.is_held then
    return table.insert(self.held, request)
  elseif not request.acked or request.held then
    request.delivery.timer = loop.after(self.app.settings.ack_deadline, on_deadline, request)
  end
  self.app.dispatch:request(request)
end

local function new_request(self, delivery, options)
  local is_event = delivery.kind == "events_api"
  local is_held = is_event and self.holds_events
  return setmetatable({
    delivery = delivery, received = loop.now(), came_as = CAME_AS[delivery.kind],
    body = assert(json.decode(assert(json.encode(delivery.payload)))),
    acked = is_event, held = is_held or nil, has_status = self.name == "http" or nil,
    takes_payload = options.accepts_response_payload or false, max_ack = MAX_ACK[self.name],
    retry = delivery.attempt > 0 and { number = delivery.attempt, reason = "http_error" }
      or options.retry,
  }, Request)
end

local function send(delivery)
  local self = delivery.side
  local request = new_request(self, delivery, delivery.options)
  if request.acked and not request.held then
    delivery.acked = true
    settle(delivery, json.null)
  end
  loop.defer(start, request)
end

---Delivers a payload to the app.
---@param kind "events_api"|"interactive"|"slash_commands"
---@param payload table
---@param options? table
---@return slack.testing.Delivery
function Side:deliver(kind, payload, options)
  local delivery = setmetatable({
    side = self, kind = kind, payload = payload, options = options or {}, attempt = 0,
    began = loop.now(), acked = false, was_late = false, is_settled = false,
  }, Delivery)
  if self.is_open then
    send(delivery)
  else
    delivery.refused = "closed"
    settle(delivery, nil)
  end
  return delivery
end

---An event that was answered with a failure comes again, as Slack does it.
---@param delivery slack.testing.Delivery
function Side:deliver_again(delivery)
  local delay = RETRY_DELAYS[delivery.attempt + 1]
  if delay and self.is_open then
    delivery.attempt, delivery.is_settled = delivery.attempt + 1, false
    loop.after(delay, send, delivery)
  end
end

-- As a transport --------------------------------------------------------------------------

function Side.open()
  return true
end

function Side.wait_ready()
  return true
end

function Side:is_ready()
  return self.is_open
end

function Side:hold()
  self.is_held = true
end

function Side:go_on()
  local held = self.held
  self.is_held, self.held = false, {}
  for _, request in ipairs(held) do
    loop.defer(start, request)
  end
end

function Side:waiting()
  return #self.held
end

function Side:finish()
  self.is_open = false
end

local function close_rtm(app)
  if app.rtm then
    app.rtm:close()
  end
end

function Side.wait_stopped() end

function Side:close()
  self.is_open = false
  close_rtm(self.app)
end

function Side.stats()
  return { ready = 1, open = 1 }
end

return Side
