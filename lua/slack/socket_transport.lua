-- What Socket Mode and RTM have in common as transports: the socket thread's object,
-- its notices, the mailbox of deliveries, start and end. A class made from it says what
-- comes out of these.

local Deliveries = require "slack.deliveries"
local errors = require "slack.errors"
local http = require "slack.http"
local loop = require "slack.loop"
local merged = require "slack.merged"
local tasks = require "slack.tasks"

local TIMINGS = {
  "max_message", "open_timeout", "hello_timeout", "ping_interval", "pong_timeout",
  "backoff_first", "backoff_maximum", "stable_after", "drain_timeout", "stagger",
}

---@class slack.SocketTransport: slack.Transport
---@field label string for people
---@field component string in the log
---@field new_core fun(settings: table): slack.core.socket_mode?, string?, string?
---@field own_settings fun(self): table of the core, which are not those of all
---@field taker fun(self): fun(source: integer, kind: string, ...) makes what takes the messages
---  of the mailbox of deliveries
---@field notice fun(self, kind: string, ...) what else the socket thread says
---@field changed? fun(self, state: string, info: table) of a connection
---@field core? slack.core.socket_mode
---@field ready integer connections that are ready
---@field num_connections? integer what Slack counts
---@field deliveries slack.Deliveries
local SocketTransport = {}

---@class slack.SocketTransportSettings
---@field api_url string
---@field net slack.core.net
---@field log slack.Logger
---@field dispatch slack.Dispatch
---@field ack_deadline? number
---@field inbox? slack.core.inbox where events are put before they are acked
---@field timings? table<string, number>
---@field on_fatal fun(err: slack.Error) when it has been given up after it had started

---A class, to be completed.
---@param fields table
---@return table
function SocketTransport.class(fields)
  local class = merged(SocketTransport.methods, fields)
  class.__index = class
  class.__name = "slack." .. fields.component
  return class
end

---@param class table
---@param settings slack.SocketTransportSettings
---@return slack.SocketTransport
function SocketTransport.new(class, settings)
  local self = setmetatable({
    settings = settings, log = settings.log:with { component = class.component },
    dispatch = settings.dispatch, on_fatal = settings.on_fatal, ready = 0,
    started = tasks.waiter(), stopped = tasks.waiter(),
  }, class)
  self.deliveries = Deliveries.new {
    dispatch = self.dispatch, log = self.log, ack_deadline = settings.ack_deadline,
    take = self:taker(),
  }
  return self
end

local function core_settings(self, events)
  local settings, given = self.settings, self:own_settings()
  given.api_url, given.net = settings.api_url, settings.net
  given.client, given.log = http.core_client(), settings.log:core()
  given.notices, given.events, given.source = loop.mailbox(), events, self.source
  for _, name in ipairs(TIMINGS) do
    given[name] = settings.timings and settings.timings[name]
  end
  return given
end

-- The socket thread logs what happens to its connections.
local function on_connection(self, state, info)
  self.ready = info.ready or self.ready
  if state == "ready" then
    self.num_connections = info.num_connections
    self.started:resolve(true)
  elseif state == "stopped" then
    self.stopped:resolve(true)
  elseif state == "fatal" then
    local err = errors.new { code = info.code, message = self.label .. ": " .. info.message }
    if not self.started:resolve(nil, err) then
      self.on_fatal(err)
    end
  end
  if self.changed then
    self:changed(state, info)
  end
end

local methods = {}
SocketTransport.methods = methods

---Begins to connect.
---@return true? ok
---@return slack.Error? err
function methods:open()
  self.source = loop.register(function(kind, ...)
    if kind == "connection" then
      on_connection(self, ...)
    else
      self:notice(kind, ...)
    end
  end)
  local socket, message, code = self.new_core(core_settings(self, self.deliveries:open()))
  if not socket then
    self:close()
    return nil, errors.new { code = code, message = self.label .. ": " .. message }
  end
  self.core = socket
  return true
end

---Waits until a connection is ready, for as long as it takes.
---@async
---@return true? ok
---@return slack.Error? err when there is no use in trying
function methods:wait_ready()
  return self.started:await()
end

---Takes nothing more for now, so that the sockets are held back.
function methods:hold()
  self.deliveries:hold()
end

function methods:go_on()
  self.deliveries:go_on()
end

---Takes no more deliveries from Slack; what has come is still handled and acked.
---@param grace number seconds
function methods:finish(grace)
  if self.core then
    self.core:stop(grace)
  end
  self.started:resolve(nil, errors.new { code = "stopped", message = "the app was stopped" })
end

---Waits until all connections are closed, at most so long.
---@async
---@param timeout number seconds
function methods:wait_stopped(timeout)
  if self.core then
    self.stopped:await(timeout)
  end
end

---How many deliveries wait to be dispatched.
---@return integer
function methods:waiting()
  return self.deliveries:waiting()
end

---Ends at once whatever is left.
function methods:close()
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
function methods:is_ready()
  return self.ready > 0
end

---@return table<string, number>
function methods:stats()
  return self.core and self.core:stats() or { ready = 0, open = 0 }
end

return SocketTransport
