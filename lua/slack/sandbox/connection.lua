-- One WebSocket of the app at the local Slack, and all that its peer can do to it.

local json = require "slack.json"

---What has connections: Socket Mode's side, or RTM's.
---@class slack.sandbox.Side
---@field server slack.core.http_server
---@field await fun(condition: fun(): boolean, timeout: number?): boolean
---@field connections slack.sandbox.Connection[] open ones, oldest first
---@field by_id table<integer, slack.sandbox.Connection>
---@field trace slack.sandbox.Trace
---@field on_text fun(self, connection: slack.sandbox.Connection, text: string, at: number)

---One WebSocket of the app.
---@class slack.sandbox.Connection
---@field id integer
---@field target string path and query it was opened with
---@field opened_at number seconds (core.monotonic), taken when the frame arrived
---@field closed_at number?
---@field close_code integer? 1006 when it went without a close frame
---@field pongs { at: number, data: string }[]
---@field pings { at: number, data: string }[] from the app
---@field acks? { envelope_id: string, payload: any, at: number, text: string }[]
---@field socket slack.sandbox.Side whose it is
local Connection = {}
Connection.__index = Connection
Connection.__name = "slack.sandbox.connection"

---The app has opened one.
---@param class table this one, or one made from it
---@param side slack.sandbox.Side
---@return slack.sandbox.Connection
function Connection.open(class, side, id, target, at)
  local connection = setmetatable({
    id = id,
    socket = side,
    target = target,
    opened_at = at,
    pongs = {},
    pings = {},
  }, class)
  side.by_id[id] = connection
  table.insert(side.connections, connection)
  return connection
end

local function on_closed(side, connection, code, at)
  connection.closed_at, connection.close_code = at, code
  side.by_id[connection.id] = nil
  for position, other in ipairs(side.connections) do
    if other == connection then
      table.remove(side.connections, position)
      break
    end
  end
  side.trace:add {
    kind = "disconnect", way = "in", name = "closed", summary = ("code %d"):format(code or 1006),
    body = { code = code, seconds = at - connection.opened_at, connections = #side.connections },
  }
end

---Something has happened on one of a side's connections.
---@param side slack.sandbox.Side
function Connection.happen(side, id, happening, data, close_code, at)
  local connection = side.by_id[id]
  if not connection then
    return
  elseif happening == "text" then
    side:on_text(connection, data, at)
  elseif happening == "pong" or happening == "ping" then
    table.insert(connection[happening .. "s"], { at = at, data = data })
  elseif happening == "closed" then
    on_closed(side, connection, close_code, at)
  end
end

function Connection:act(act, data, number)
  if not self.closed_at then
    self.socket.server:act(self.id, act, data, number)
  end
end

---Sends a frame: text as it is, a table as JSON.
---@param frame string|table
---@param fragments? integer how many pieces it is cut into
function Connection:send(frame, fragments)
  self:act("text", type(frame) == "table" and assert(json.encode(frame)) or frame, fragments)
end

---@param data? string
function Connection:ping(data)
  self:act("ping", data or "Ping from localhost")
end

---Puts these very bytes on the wire.
---@param bytes string
function Connection:raw(bytes)
  self:act("raw", bytes)
end

---Stops reading: nothing is answered any more, the TCP connection stays.
---@param on? boolean false: go on reading
function Connection:silence(on)
  self.silent = on ~= false
  self:act("silence", nil, self.silent and 1 or 0)
end

---TCP reset.
function Connection:reset()
  self:act("reset")
end

---Close handshake.
---@param code? integer 1000
---@param reason? string
function Connection:close(code, reason)
  self:act("close", reason, code or 1000)
end

---Says that this connection is about to end, as Slack does (protocol §2.6).
---@param reason "warning"|"refresh_requested"|"link_disabled"|"too_many_websockets"|string
function Connection:disconnect(reason)
  self.leaving = true
  local frame = { type = "disconnect", reason = reason, debug_info = { host = "localhost" } }
  self.socket.trace:add {
    kind = "disconnect", way = "out", name = "disconnect", summary = reason, body = frame,
  }
  self:send(frame)
end

---Waits until it has gone.
---@async
---@param timeout? number seconds
---@return boolean closed
function Connection:wait_closed(timeout)
  return self.socket.await(function() return self.closed_at ~= nil end, timeout)
end

return Connection
