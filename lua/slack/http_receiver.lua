-- The HTTP transport: what the server thread lets in from Slack becomes requests
-- for the dispatch, and their acks go back as HTTP answers.

local Deliveries = require "slack.deliveries"
local core = require "slack.core"
local errors = require "slack.errors"
local event_body = require "slack.event_body"
local json = require "slack.json"
local loop = require "slack.loop"

-- Slack names no limit here; more than this is a mistake.
local MAX_ACK = 1024 * 1024

-- Slack waits longer for the step of a workflow, of which it may be that the person does.
local STEP_FACTOR <const> = 2

local STATUS_OF_REFUSAL = {
  unmatched = 404, unauthorized = 401, undecodable = 400, failed = 500, unavailable = 503,
}

local NO_HEADERS = {}
local JSON_HEADERS = { "Content-Type", "application/json" }
local NO_RETRY_HEADERS = { "X-Slack-No-Retry", "1" }

---@class slack.HttpDelivery: slack.Delivery number is the one of the HTTP request
---@field transport slack.HttpReceiver
---@field headers string lines as received
---@field held boolean an event that is answered when its handlers have ended
---@field no_retry? boolean a refusal asks Slack not to deliver it again
local Request = { has_status = true, max_ack = MAX_ACK }
Request.__index = Request
Request.__name = "slack.http_receiver.request"

---@class slack.HttpReceiver
---@field core? slack.core.http_receiver the gate for the server
---@field server? slack.HttpServer
---@field deliveries slack.Deliveries
local HttpReceiver = { name = "http" }
HttpReceiver.__index = HttpReceiver
HttpReceiver.__name = "slack.http_receiver"

-- Answers ------------------------------------------------------------------------

-- Nobody waits any more for what is not owed.
local function answer(request, status, headers, text)
  local deliveries = request.transport.deliveries
  if deliveries.owed[request.number] == request then
    request.transport.server:respond(request.number, status, headers, text)
    deliveries:settle(request)
  end
end

---@param text? string JSON
---@return true? ok
---@return slack.Error? err
function Request:ack(text)
  if not self.transport.server then
    return nil, errors.new { code = "closed", message = "the app has been stopped" }
  elseif text and #text >= MAX_ACK then
    return nil, errors.new {
      code = "too_large", message = "the answer is too large", limit = MAX_ACK,
    }
  end
  answer(self, 200, text and JSON_HEADERS or NO_HEADERS, text or "")
  return true
end

---Answers with a status that says no more than that.
---@param why "unmatched"|"unauthorized"|"failed"|"undecodable"|"unavailable"
function Request:refuse(why)
  if self.transport.server then
    -- There is no use in more deliveries of what no listener is for, or nobody can read.
    local is_final = self.no_retry or why == "undecodable" or self.held and why == "unmatched"
    answer(self, STATUS_OF_REFUSAL[why], is_final and NO_RETRY_HEADERS or NO_HEADERS, "")
  end
end

-- An event, to which no answer is owed any more.
local Event = { __name = Request.__name }
Event.__index = event_body.index(setmetatable({
  number = 0, came_as = "event",
}, Request))

local function on_ack(self, number, fate)
  if not self.deliveries:lost(number, fate) and fate == "deadline" then
    self.deliveries:late(number)
  end
end

-- Deliveries -----------------------------------------------------------------------

-- Lua has fallen behind, so the C side has left the answer to us: now there is room.
local function answer_event(self, number)
  if self.deliveries:pass_over(number) and self.server then
    self.server:respond(number, 200, NO_HEADERS, "")
  end
  return 0
end

local function is_step(body)
  return type(body.event) == "table" and body.event.type == "function_executed"
end

local function on_whole(self, number, kind, body, retry_number, retry_reason, headers, received,
  entry)
  local is_event = kind == "event"
  local request = setmetatable({
    transport = self, number = number, body = body, came_as = kind,
    acked = is_event, held = is_event and number ~= 0, headers = headers, received = received,
  }, Request)
  if kind ~= "command" then
    local message
    request.body, message = json.decode(body)
    if type(request.body) ~= "table" then
      request.body, request.problem = {}, message or "no object"
    end
  end
  if request.held and is_step(request.body) then
    request.ack_deadline = STEP_FACTOR * self.deliveries.ack_deadline
  end
  return self.deliveries:come(request, entry, retry_number, retry_reason)
end

-- Makes what takes the messages of the mailbox. Called for every event: no argument is passed
-- on twice.
local function taker(self)
  local dispatch, holds_events = self.dispatch, self.settings.holds_events
  return function(_, what, number, kind, body, retry_number, retry_reason, headers, received, entry,
    event, event_id)
    if what ~= "delivery" then
      return
    elseif number ~= 0 and kind == "event" and not holds_events then
      number = answer_event(self, number)
    end
    if not event or number ~= 0 then
      return on_whole(self, number, kind, body, retry_number, retry_reason, headers, received,
        entry)
    end
    local request = setmetatable({
      transport = self, event = event, event_id = event_id, rest = body, received = received,
      headers = headers, acked = true, held = false, context = false,
      body = nil, -- room for it
    }, Event)
    if entry or retry_number > 0 then
      return self.deliveries:come(request, entry, retry_number, retry_reason)
    end
    return dispatch:request(request)
  end
end

-- Life -------------------------------------------------------------------------

---@class slack.HttpReceiverSettings
---@field signing_secret string|string[]
---@field paths { path: string, kinds: string[] }[]
---@field log slack.Logger
---@field dispatch slack.Dispatch
---@field ack_deadline? number
---@field holds_events? boolean
---@field inbox? slack.core.inbox where events are put before they are answered

---@param settings slack.HttpReceiverSettings
---@return slack.HttpReceiver
function HttpReceiver.new(settings)
  local self = setmetatable({
    settings = settings, log = settings.log:with { component = "http_receiver" },
    dispatch = settings.dispatch,
  }, HttpReceiver)
  self.deliveries = Deliveries.new {
    dispatch = self.dispatch, log = self.log, ack_deadline = settings.ack_deadline,
    take = taker(self),
  }
  return self
end

local function secrets_of(settings)
  local secret = settings.signing_secret
  return type(secret) == "table" and secret or { secret }
end

---Makes the gate for a server; nothing comes before that serves, and deliveries are
---turned away until they are waited for.
---@return true? ok
---@return slack.Error? err
function HttpReceiver:open()
  local settings = self.settings
  self.source = loop.register(function(kind, ...)
    if kind == "ack" then
      on_ack(self, ...)
    end
  end)
  local receiver, message, code = core.http_receiver {
    secrets = secrets_of(settings), paths = settings.paths, ack_deadline = settings.ack_deadline,
    step_deadline = settings.ack_deadline and STEP_FACTOR * settings.ack_deadline,
    holds_events = settings.holds_events, deliveries = self.deliveries:open(),
    notices = loop.mailbox(), source = self.source, log = settings.log:core(),
    inbox = settings.inbox,
  }
  if not receiver then
    self:close()
    return nil, errors.new { code = code, message = "the HTTP receiver: " .. message }
  end
  self.core = receiver
  receiver:admit(false)
  return true
end

---The server that has the gate listens now, and takes the answers.
---@param server slack.HttpServer
function HttpReceiver:serve(server)
  self.server = server
end

---Lets deliveries in from now on.
---@return true
function HttpReceiver:wait_ready()
  self.core:admit(true)
  self.is_admitting = true
  return true
end

---Takes nothing more for now; the server answers 503 when too much waits.
function HttpReceiver:hold()
  self.deliveries:hold()
end

function HttpReceiver:go_on()
  self.deliveries:go_on()
end

---What is still on its way in is turned away with 503; what has come is answered.
function HttpReceiver:finish()
  if self.core then
    self.core:admit(false)
  end
end

---Whoever made the server ends it.
function HttpReceiver.wait_stopped() end

---How many deliveries wait to be dispatched.
---@return integer
function HttpReceiver:waiting()
  return self.deliveries:waiting()
end

---Ends at once whatever is left.
function HttpReceiver:close()
  self.server, self.is_admitting = nil, nil
  if self.core then
    self.core:close()
    self.core = nil
  end
  self.deliveries:close()
  if self.source then
    loop.unregister(self.source)
    self.source = nil
  end
end

---Whether deliveries can come.
---@return boolean
function HttpReceiver:is_ready()
  return self.server ~= nil and self.is_admitting == true
end

---@return table<string, any>
function HttpReceiver:stats()
  return self.core and self.core:stats() or {}
end

return HttpReceiver
