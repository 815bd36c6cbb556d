-- The Socket Mode transport: what the socket thread reports becomes requests
-- for the dispatch, and their acks go back to it.

local Deliveries = require "slack.deliveries"
local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Slack takes acks of less than this many bytes.
local MAX_ACK = 20480

local TIMINGS = {
  "max_message", "open_timeout", "hello_timeout", "ping_interval", "pong_timeout",
  "backoff_first", "backoff_maximum", "stable_after", "drain_timeout", "stagger",
}

---@class slack.SocketRequest: slack.Delivery number is the token of the ack ledger
---@field transport slack.SocketMode
local Request = {}
Request.__index = Request
Request.__name = "slack.socket_mode.request"

---@class slack.SocketMode
---@field ready integer connections that are ready
---@field num_connections? integer what Slack counts
---@field deliveries slack.Deliveries
local SocketMode = { name = "socket" }
SocketMode.__index = SocketMode
SocketMode.__name = "slack.socket_mode"

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
  if why == "unauthorized" and self:ack(nil) then
    return
  end
  local core_socket = self.transport.core
  if core_socket then
    core_socket:forget(self.number)
  end
  self.transport.deliveries:forget(self)
end

local function on_ack(self, token, fate)
  if fate == "unsent" then
    self.log:warn("an ack could not be sent: no connection was left")
  elseif fate == "late" then
    self.deliveries:late(token)
  else
    self.deliveries:lost(token, fate)
  end
end

-- Envelopes ------------------------------------------------------------------------

local function undecodable(self, kind, ack_token, message)
  self.log:warn("the payload of an envelope of type %q cannot be decoded: %s", kind, message)
  if ack_token ~= 0 then
    self.deliveries:pass_over(ack_token)
    if self.core then
      self.core:ack(ack_token)
    end
  end
end

-- Other types are of no kind, or of one that is not known yet.
local CAME_AS = { events_api = "event", slash_commands = "command", interactive = "interaction" }

local function on_envelope(self, kind, text, ack_token, _, attempt, reason, takes_payload, received)
  local body, message = json.decode(text)
  if type(body) ~= "table" then
    return undecodable(self, kind, ack_token, message or "no object")
  end
  local request = setmetatable({
    transport = self, number = ack_token, body = body, came_as = CAME_AS[kind],
    retry = Deliveries.retry(attempt, reason),
    acked = ack_token == 0, takes_payload = takes_payload, received = received,
  }, Request)
  if ack_token == 0 then
    self.dispatch:request(request)
  else
    self.deliveries:begin(request)
  end
end

-- Connections ----------------------------------------------------------------------

-- The socket thread logs what happens to its connections.
local function on_connection(self, state, info)
  self.ready = info.ready or self.ready
  if state == "ready" then
    self.num_connections = info.num_connections
    self.started:resolve(true)
  elseif state == "stopped" then
    self.stopped:resolve(true)
  elseif state == "fatal" then
    local err = errors.new { code = info.code, message = "Socket Mode: " .. info.message }
    if not self.started:resolve(nil, err) then
      self.on_fatal(err)
    end
  end
end

-- Life -------------------------------------------------------------------------

---@class slack.SocketModeSettings
---@field app_token string
---@field api_url string
---@field net slack.core.net
---@field log slack.Logger
---@field dispatch slack.Dispatch
---@field connections? integer
---@field ack_deadline? number
---@field timings? table<string, number>
---@field on_fatal fun(err: slack.Error) when it has been given up after it had started

---@param settings slack.SocketModeSettings
---@return slack.SocketMode
function SocketMode.new(settings)
  local self = setmetatable({
    settings = settings, log = settings.log:with { component = "socket_mode" },
    dispatch = settings.dispatch, on_fatal = settings.on_fatal, ready = 0,
    started = tasks.waiter(), stopped = tasks.waiter(),
  }, SocketMode)
  self.deliveries = Deliveries.new {
    dispatch = self.dispatch, log = self.log, ack_deadline = settings.ack_deadline,
    take = function(_, kind, ...)
      if kind == "envelope" then
        on_envelope(self, ...)
      end
    end,
  }
  return self
end

local function core_settings(self, events)
  local settings = self.settings
  local given = {
    api_url = settings.api_url, app_token = settings.app_token, net = settings.net,
    client = http.core_client(), log = settings.log:core(),
    notices = loop.mailbox(), events = events, source = self.source,
    connections = settings.connections, ack_deadline = settings.ack_deadline,
  }
  for _, name in ipairs(TIMINGS) do
    given[name] = settings.timings and settings.timings[name]
  end
  return given
end

---Begins to connect.
---@return true? ok
---@return slack.Error? err
function SocketMode:open()
  self.source = loop.register(function(kind, ...)
    if kind == "connection" then
      on_connection(self, ...)
    elseif kind == "ack" then
      on_ack(self, ...)
    end
  end)
  local socket, message, code = core.socket_mode(core_settings(self, self.deliveries:open()))
  if not socket then
    self:close()
    return nil, errors.new { code = code, message = "Socket Mode: " .. message }
  end
  self.core = socket
  return true
end

---Waits until a connection is ready, for as long as it takes.
---@async
---@return true? ok
---@return slack.Error? err when there is no use in trying
function SocketMode:wait_ready()
  return self.started:await()
end

---Takes nothing more for now, so that the sockets are held back.
function SocketMode:hold()
  self.deliveries:hold()
end

function SocketMode:go_on()
  self.deliveries:go_on()
end

---Takes no more deliveries from Slack; what has come is still handled and acked.
---@param grace number seconds
function SocketMode:finish(grace)
  if self.core then
    self.core:stop(grace)
  end
  self.started:resolve(nil, errors.new { code = "stopped", message = "the app was stopped" })
end

---Waits until all connections are closed, at most so long.
---@async
---@param timeout number seconds
function SocketMode:wait_stopped(timeout)
  if self.core then
    self.stopped:await(timeout)
  end
end

---How many envelopes wait to be dispatched.
---@return integer
function SocketMode:waiting()
  return self.deliveries:waiting()
end

---Ends at once whatever is left.
function SocketMode:close()
  if self.core then
    self.core:close()
    self.core = nil
  end
  self.deliveries:close()
  if self.source then
    loop.unregister(self.source)
    self.source = nil
  end
  self.ready = 0
end

---Whether a connection is ready.
---@return boolean
function SocketMode:is_ready()
  return self.ready > 0
end

---@return table<string, number>
function SocketMode:stats()
  return self.core and self.core:stats() or { ready = 0, open = 0 }
end

return SocketMode
