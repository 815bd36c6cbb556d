-- An app in this process without a network, for what is measured on the Lua thread alone.

local App = require "slack.app"
local SocketMode = require "slack.socket_mode"
local core = require "slack.core"
local json = require "slack.json"
local options = require "slack.options"

local M = {}

local Request = { ack = function() return true end, refuse = function() end }
Request.__index = Request

---@return slack.App
function M.new()
  local app = assert(App.new(assert(options.read {
    token = "xoxb-bench", app_token = "xapp-bench", log = "error",
  })))
  local function post(arguments)
    return { ok = true, channel = arguments.channel, ts = "1700000000.000000" }
  end
  app.client = { chat = { postMessage = post } }
  app.identity = { user_id = "U05BOTUSR01", bot_user_id = "U05BOTUSR01", bot_id = "B05BOT" }
  return app
end

---Hands a decoded body to the app.
---@param app slack.App
---@param body table
---@param came_as slack.DeliveryKind
function M.deliver(app, body, came_as)
  app.dispatch:request(setmetatable({
    body = body, acked = came_as == "event", came_as = came_as,
  }, Request))
end

---@class bench.EventParts
---@field event string JSON
---@field event_id string
---@field rest string JSON of the payload with null in place of the event

---An event's payload as the socket thread takes it apart.
---@param payload string JSON
---@return bench.EventParts
function M.parts(payload)
  local envelope = core.scan_envelope('{"payload":' .. payload .. "}")
  local event = envelope.payload_event
  local first = payload:find(event, 1, true)
  return {
    event = event, event_id = envelope.payload_event_id,
    rest = payload:sub(1, first - 1) .. "null" .. payload:sub(first + #event),
  }
end

---An app and what takes an event as the socket thread hands it on: from here to the end of the
---handler all is the Lua thread's.
---@param listen fun(app: slack.App) registers its listeners
---@return fun(parts: bench.EventParts) take
---@return slack.App app
function M.transport(listen)
  local app = M.new()
  listen(app)
  local transport = SocketMode.new { log = app.log, dispatch = app.dispatch, api_url = "" }
  local take = transport:taker()
  return function(parts)
    take(0, "event", json.decode(parts.event), parts.event_id, parts.rest, 0)
  end, app
end

---The CPU seconds of fn() in a heap that has just been swept.
---@param fn fun()
---@return number
function M.seconds_of(fn)
  collectgarbage()
  collectgarbage()
  local began = os.clock()
  fn()
  return os.clock() - began
end

return M
