-- How Slack reaches an app: the transports that its options ask for, and the HTTP
-- server that one of them, and routes, need. The list is empty while the app is idle.

local lazy = require "slack.lazy"
local HttpReceiver = lazy "slack.http_receiver"
local HttpServer = lazy "slack.http_server"
local SocketMode = lazy "slack.socket_mode"
local http_options = require "slack.http_options"

-- Where the counters of each stand in app:stats().
local STATS = { socket = "socket_mode", rtm = "rtm", http = "http" }

---@class slack.Transport
---@field name "socket"|"rtm"|"http"
---@field open fun(self): true?, slack.Error?
---@field wait_ready fun(self): true?, slack.Error? waits until deliveries can come
---@field is_ready fun(self): boolean
---@field hold fun(self) takes nothing more for now
---@field go_on fun(self)
---@field waiting fun(self): integer what has come and is not yet dispatched
---@field finish fun(self, grace: number) lets nothing new in
---@field wait_stopped fun(self, timeout: number)
---@field close fun(self)
---@field stats fun(self): table<string, any>

---@class slack.Transports
---@field [integer] slack.Transport
---@field app slack.App
local Transports = {}
Transports.__index = Transports
Transports.__name = "slack.transports"

---@param app slack.App
---@return slack.Transports
function Transports.new(app)
  local self = setmetatable({ app = app }, Transports)
  if app.settings.transport == "rtm" then
    app.rtm = require("slack.rtm_sender").new { -- loaded by apps that need it
      client = function() return app.client end, timeout = app.settings.timeout,
    }
  end
  return self
end

---Does as the dispatch says.
---@param dispatch slack.Dispatch
function Transports:obey(dispatch)
  dispatch.on_full = function() self:each "hold" end
  dispatch.on_room = function() self:each "go_on" end
end

---Calls a method of every transport.
---@param method string
function Transports:each(method, ...)
  for _, transport in ipairs(self) do
    transport[method](transport, ...)
  end
end

-- Opening ------------------------------------------------------------------------

---Loads what open needs besides the dispatch.
function Transports:load()
  if http_options.has_socket(self.app.settings) and self.app.settings.transport ~= "rtm" then
    lazy.load "slack.socket_mode"
  end
end

---Listens, where there is an HTTP side: who looks after the app can see it start.
---Deliveries are turned away until open.
---@return true? ok
---@return slack.Error? err
function Transports:listen()
  local app = self.app
  local options, http = app.settings, app.settings.http
  local receiver
  if not http then
    return true
  end
  if http_options.receives(options) then
    receiver = HttpReceiver.new {
      signing_secret = options.signing_secret, paths = http_options.served_paths(http.path),
      ack_deadline = options.ack_deadline, holds_events = http.answer_events == "handled",
      dispatch = app.dispatch, log = app.log, inbox = app.inbox and app.inbox.core,
    }
    self[#self + 1] = receiver
    local ok, err = receiver:open()
    if not ok then
      return nil, err
    end
  end
  app.http_server = HttpServer.new {
    app = app, options = http, gate = receiver and receiver.core, log = app.log,
  }
  if receiver then
    receiver:serve(app.http_server)
  end
  return app.http_server:open()
end

local function open_socket(self, on_fatal)
  local app, options = self.app, self.app.settings
  local settings = {
    api_url = options.api_url, net = app.net, log = app.log, dispatch = app.dispatch,
    ack_deadline = options.ack_deadline, timings = options.socket_mode, on_fatal = on_fatal,
  }
  local transport
  if options.transport == "rtm" then
    settings.token, settings.sender = options.token, app.rtm
    settings.identity = function() return app.identity end
    transport = require("slack.rtm").new(settings)
  else
    settings.app_token, settings.connections = options.app_token, options.connections
    settings.inbox = app.inbox and app.inbox.core
    transport = SocketMode.new(settings)
  end
  self[#self + 1] = transport
  return transport:open()
end

---Connects, lets deliveries in, and waits until deliveries can come on every way.
---@async
---@param on_fatal fun(err: slack.Error) when one has been given up later
---@return true? ok
---@return slack.Error? err
function Transports:open(on_fatal)
  local options = self.app.settings
  local ok, err = true, nil
  if http_options.has_socket(options) then
    ok, err = open_socket(self, on_fatal)
  end
  for i = 1, #self do
    if ok then
      ok, err = self[i]:wait_ready()
    end
  end
  return ok, err
end

---Where it listens for Slack's requests, for people; nil without HTTP.
---@return string?
function Transports:endpoint()
  local app = self.app
  local server, options = app.http_server, app.settings
  if not server then
    return nil
  elseif not http_options.receives(options) then
    return server:bound_url()
  end
  local paths = {}
  for i, served in ipairs(http_options.served_paths(options.http.path)) do
    paths[i] = served.path
  end
  return server:bound_url() .. table.concat(paths, " and ")
end

local NOT_OVER_RTM = { "command", "action", "options", "shortcut", "view" }

---Warns of listeners for what comes on no way.
function Transports:warn_of_deaf_listeners()
  local app, kinds = self.app, {}
  if app.settings.transport ~= "rtm" or http_options.receives(app.settings) then
    return
  end
  for _, kind in ipairs(NOT_OVER_RTM) do
    if app.dispatch.index:has(kind) then
      table.insert(kinds, kind)
    end
  end
  if kinds[1] then
    app.log:warn("RTM brings events only: listeners of these kinds are never called: %s; for them "
      .. "give http and signing_secret, too", table.concat(kinds, ", "))
  end
end

-- Closing ------------------------------------------------------------------------

---Lets nothing new in; what has come is still handled and answered.
---@param grace number seconds
function Transports:finish(grace)
  self:each("finish", grace)
  if self.app.http_server then
    self.app.http_server:finish()
  end
end

---How many deliveries wait to be dispatched.
---@return integer
function Transports:waiting()
  local count = 0
  for _, transport in ipairs(self) do
    count = count + transport:waiting()
  end
  return count
end

---Waits until the last answers are out and all connections closed.
---@async
---@param timeout number seconds
function Transports:wait_stopped(timeout)
  self:each("wait_stopped", timeout)
  if self.app.http_server then
    self.app.http_server:wait_finished(timeout)
  end
end

---Ends at once whatever is left.
function Transports:close()
  local app = self.app
  if app.http_server then
    app.http_server:close()
    app.http_server = nil
  end
  for i = #self, 1, -1 do
    local transport = self[i]
    self[i] = nil
    transport:close()
  end
end

---Whether deliveries can come on every way.
---@return boolean
function Transports:is_ready()
  for _, transport in ipairs(self) do
    if not transport:is_ready() then
      return false
    end
  end
  return self[1] ~= nil
end

---Adds the counters of each to what app:stats() gives.
---@param stats table
function Transports:add_stats(stats)
  for _, transport in ipairs(self) do
    stats[STATS[transport.name]] = transport:stats()
  end
  if self.app.http_server then
    stats.http_server = self.app.http_server:stats()
  end
end

return Transports
