-- The Socket Mode transport: what the socket thread reports becomes requests
-- for the dispatch, and their acks go back to it.

local SocketTransport = require "slack.socket_transport"
local core = require "slack.core"
local errors = require "slack.errors"
local event_body = require "slack.event_body"
local json = require "slack.json"

local setmetatable = setmetatable -- for every event

-- Slack takes acks of less than this many bytes.
local MAX_ACK = 20480

---@class slack.SocketRequest: slack.Delivery number is the token of the ack ledger
---@field transport slack.SocketMode
local Request = { max_ack = MAX_ACK }
Request.__index = Request
Request.__name = "slack.socket_mode.request"

---@class slack.SocketMode: slack.SocketTransport
---@field settings slack.SocketModeSettings
local SocketMode = SocketTransport.class {
  name = "socket", label = "Socket Mode", component = "socket_mode",
  new_core = core.socket_mode,
}

---@class slack.SocketModeSettings: slack.SocketTransportSettings
---@field app_token string
---@field connections? integer

---@param settings slack.SocketModeSettings
---@return slack.SocketMode
function SocketMode.new(settings)
  return SocketTransport.new(SocketMode, settings)
end

function SocketMode:own_settings()
  local settings = self.settings
  return {
    app_token = settings.app_token, connections = settings.connections,
    ack_deadline = settings.ack_deadline, inbox = settings.inbox,
  }
end

-- Acks -------------------------------------------------------------------------

---@param text? string JSON
---@return true? ok
---@return slack.Error? err
function Request:ack(text)
  local transport = self.transport
  local core_socket = transport.core
  if not core_socket then
    return nil, errors.new { code = "closed", message = "the app has been stopped" }
  end
  local ok, message, code = core_socket:ack(self.number, text)
  if not ok then
    return nil, errors.new { code = code, message = message, limit = MAX_ACK }
  end
  transport.deliveries:settle(self)
  return true
end

---Leaves it unanswered: the person sees Slack's own error. What nobody is there to
---answer for is acked empty.
---@param why? string
function Request:refuse(why)
  if (why == "unauthorized" or why == "undecodable") and self:ack(nil) then
    return
  end
  local core_socket = self.transport.core
  if core_socket then
    core_socket:forget(self.number)
  end
  self.transport.deliveries:forget(self)
end

function SocketMode:notice(kind, token, fate)
  if kind ~= "ack" then
    return
  elseif fate == "unsent" then
    self.log:warn("an ack could not be sent: no connection was left")
  elseif fate == "late" then
    self.deliveries:late(token)
  else
    self.deliveries:lost(token, fate)
  end
end

-- Envelopes ------------------------------------------------------------------------

-- Other types are of no kind, or of one that is not known yet.
local CAME_AS = { events_api = "event", slash_commands = "command", interactive = "interaction" }

-- Of events of one transport, to which no answer is owed any more.
local function event_class(self)
  return {
    __name = Request.__name,
    __index = event_body.index(setmetatable({
      transport = self, number = 0, came_as = "event", takes_payload = false,
    }, Request)),
  }
end

local function on_envelope(self, kind, text, ack_token, _, attempt, reason, takes_payload,
  received, entry)
  local body, problem = json.decode(text)
  if type(body) ~= "table" then
    body, problem = {}, problem or "no object"
  end
  -- Tables of the size that they need: of an event with its context eight fields.
  local request = ack_token == 0 and {
    transport = self, number = 0, body = body, came_as = CAME_AS[kind], acked = true,
    takes_payload = takes_payload, received = received,
  } or {
    transport = self, number = ack_token, body = body, came_as = CAME_AS[kind], acked = false,
    takes_payload = takes_payload, received = received,
    context = false, taken = false, answered = false, acked_by = false,
  }
  setmetatable(request, Request)
  if problem then
    request.problem = problem
  end
  return self.deliveries:come(request, entry, attempt, reason)
end

---What takes the messages of the mailbox. Called for every event: no argument is passed on
---twice.
---@return fun(source: integer, what: string, ...)
function SocketMode:taker()
  local dispatch, Event = self.dispatch, event_class(self)
  return function(_, what, event, event_id, rest, received, entry, attempt, reason, time, id)
    if what ~= "event" then
      return on_envelope(self, event, event_id, rest, received, entry, attempt, reason, time, id)
    elseif not event then
      return on_envelope(self, "events_api", rest, 0, "", attempt or 0, reason, false, received,
        entry)
    end
    local request = setmetatable({ -- eight fields: with one more it is twice as large
      event = event, event_id = event_id, rest = rest, received = received,
      acked = true, held = false, context = false,
      body = nil, -- room for it
    }, Event)
    if entry or attempt then
      return self.deliveries:come(request, entry, attempt, reason)
    end
    return dispatch:request(request)
  end
end

return SocketMode
