-- The Socket Mode transport: what the socket thread reports becomes requests
-- for the dispatch, and their acks go back to it.

local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Marks of the mailbox: beyond them the sockets are read no further. Before
-- that a handler may compute for many seconds and no ack is late.
local MARK_COUNT = 10000
local MARK_BYTES = 32 * 1024 * 1024

local WAITED = "It had waited %.1f s for its turn: other handlers kept Lua busy, or as many ran "
  .. "as may (option max_in_flight)"

local TIMINGS = {
  "max_message", "open_timeout", "hello_timeout", "ping_interval", "pong_timeout",
  "backoff_first", "backoff_maximum", "stable_after", "drain_timeout", "stagger",
}

---@class slack.SocketRequest: slack.Request
---@field transport slack.SocketMode
---@field token integer of the ack ledger
---@field received number when it came
---@field taken number when it came to Lua
---@field answered? number
local Request = {}
Request.__index = Request
Request.__name = "slack.socket_mode.request"

---@class slack.SocketMode
---@field ready integer connections that are ready
---@field num_connections? integer what Slack counts
---@field owed table<integer, slack.SocketRequest> by token, until they are answered
---@field tardy table<integer, slack.SocketRequest> answered after their deadline, until that
---  is noticed
---@field expired table<integer, true> tokens acked at their deadline, of envelopes to come
---@field last_token integer of the envelopes taken, which come in the order of their tokens
local SocketMode = { name = "socket" }
SocketMode.__index = SocketMode
SocketMode.__name = "slack.socket_mode"

-- Acks -------------------------------------------------------------------------

local function settle(request)
  local transport = request.transport
  transport.owed[request.token] = nil
end

---@param text? string JSON
---@return true? ok
---@return slack.Error? err
function Request:ack(text)
  local transport = self.transport
  local core_socket = transport.core
  if not core_socket then
    return nil, errors.new { code = "closed", message = "the app has been stopped" }
  end
  local ok, message, code = core_socket:ack(self.token, text)
  if not ok then
    return nil, errors.new { code = code, message = message }
  end
  settle(self)
  self.answered = loop.now()
  transport.dispatch.app.measures:acked(transport.name, self.answered - self.received)
  if self.answered - self.received >= transport.ack_deadline then
    transport.tardy[self.token] = self
  end
  return true
end

---Leaves it unanswered: the person sees Slack's own error.
function Request:refuse()
  local core_socket = self.transport.core
  if core_socket then
    core_socket:forget(self.token)
  end
  settle(self)
end

-- Only a handler that computes keeps Lua from hearing of the deadline before it acks.
local function why_tardy(request)
  local waited = request.taken - request.received
  local busy = request.answered - request.taken
  if waited > busy then
    return WAITED:format(waited)
  end
  return ("Lua was busy with it for %.1f s, and nothing else ran meanwhile: ack first"):format(busy)
end

-- It is waiting now, but may have computed until after the deadline.
local function why_unheard(self, request)
  local late = loop.now() - request.received - self.ack_deadline
  if late > 0.1 then
    return ("Lua was busy until %.1f s after the deadline: ack first"):format(late)
  end
end

local function on_late(self, token)
  local request = self.tardy[token]
  self.tardy[token] = nil
  if request then
    self.dispatch:deadline(request, why_tardy(request))
  else
    self.log:warn("an ack came just as its deadline passed: the answer was empty")
  end
end

-- Its handler has not begun.
local function on_expired(self, token)
  self.expired[token] = true
  if self.holding then
    self.log:warn("an interaction was acked empty before its handler began, "
      .. "because as many handlers run as may (option max_in_flight)")
  end
end

-- The fate of acks that Lua has not settled.
local function on_ack(self, token, fate)
  local request = self.owed[token]
  if fate == "unsent" then
    self.log:warn("an ack could not be sent: no connection was left")
  elseif fate == "late" then
    on_late(self, token)
  elseif request then
    settle(request)
    self.dispatch:deadline(request, why_unheard(self, request))
  elseif token > self.last_token then -- its envelope has not been taken yet
    on_expired(self, token)
  end
end

-- Envelopes ------------------------------------------------------------------------

local function retry_of(attempt, reason)
  if attempt and attempt > 0 then
    return { number = attempt, reason = reason or "" }
  end
end

local function undecodable(self, kind, ack_token, message)
  self.log:warn("the payload of an envelope of type %q cannot be decoded: %s", kind, message)
  self.expired[ack_token] = nil
  if ack_token ~= 0 and self.core then
    self.core:ack(ack_token)
  end
end

local function begin_expired(self, request)
  self.expired[request.token] = nil
  request.acked, request.deadline_passed = true, true
  local taken = request.taken
  self.dispatch:request(request)
  self.dispatch:deadline(request, WAITED:format(taken - request.received))
end

local function on_envelope(self, kind, text, ack_token, _, attempt, reason, takes_payload, received)
  if ack_token ~= 0 then
    self.last_token = ack_token
  end
  local body, message = json.decode(text)
  if type(body) ~= "table" then
    return undecodable(self, kind, ack_token, message or "no object")
  end
  local request = setmetatable({
    transport = self, token = ack_token, body = body, retry = retry_of(attempt, reason),
    acked = ack_token == 0, takes_payload = takes_payload, received = received, taken = loop.now(),
  }, Request)
  if ack_token == 0 then
    self.dispatch:request(request)
  elseif self.expired[ack_token] then
    begin_expired(self, request)
  else
    self.owed[ack_token] = request
    self.dispatch:request(request)
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
  return setmetatable({
    settings = settings, log = settings.log:with { component = "socket_mode" },
    dispatch = settings.dispatch, on_fatal = settings.on_fatal,
    ack_deadline = settings.ack_deadline or math.huge,
    owed = {}, tardy = {}, expired = {}, last_token = 0, ready = 0, holding = false,
    started = tasks.waiter(), stopped = tasks.waiter(),
  }, SocketMode)
end

local function core_settings(self)
  local settings = self.settings
  local given = {
    api_url = settings.api_url, app_token = settings.app_token, net = settings.net,
    client = http.core_client(), log = settings.log:core(),
    notices = loop.mailbox(), events = self.events, source = self.source,
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
  self.events = core.mailbox(MARK_COUNT, MARK_BYTES)
  self.on_envelope = function(_, kind, ...)
    if kind == "envelope" then
      on_envelope(self, ...)
    end
  end
  loop.attach(self.events, self.on_envelope)
  local socket, message, code = core.socket_mode(core_settings(self))
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

---@return boolean
function SocketMode:is_ready()
  return self.ready > 0
end

---Takes no more events from the mailbox, so that the sockets are held back.
function SocketMode:hold()
  if not self.holding and self.events then
    self.holding = true
    loop.detach(self.events)
  end
end

function SocketMode:go_on()
  if self.holding and self.events then
    self.holding = false
    loop.attach(self.events, self.on_envelope)
  end
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
  return self.events and (self.events:load()) or 0
end

---Ends at once whatever is left.
function SocketMode:close()
  if self.core then
    self.core:close()
    self.core = nil
  end
  if self.events then
    if not self.holding then
      loop.detach(self.events)
    end
    self.events:close()
    self.events = nil
  end
  if self.source then
    loop.unregister(self.source)
    self.source = nil
  end
  self.owed, self.tardy, self.expired, self.ready = {}, {}, {}, 0
end

---@return table<string, number>
function SocketMode:stats()
  return self.core and self.core:stats() or { ready = 0, open = 0 }
end

return SocketMode
