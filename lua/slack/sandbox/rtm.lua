-- The local Slack's side of RTM: URLs that work once and for half a minute, flat events,
-- replies to what the app sends, and the ways in which the real one ends a connection.

local Connection = require "slack.sandbox.connection"
local Trace = require "slack.sandbox.trace"
local core = require "slack.core"
local json = require "slack.json"
local merged = require "slack.merged"
local new_id = require "slack.sandbox.new_id"

local PREFIX = "/websocket/"
local URL_LIFETIME = 30 -- seconds
local MAX_CHARACTERS, MAX_FRAME = 4000, 16 * 1024

-- Events that only the Events API has.
local NOT_HERE = {
  app_home_opened = true, app_mention = true, app_uninstalled = true, function_executed = true,
  tokens_revoked = true, assistant_thread_started = true, assistant_thread_context_changed = true,
  link_shared = true,
}

---One connection of the app over RTM.
---@class slack.sandbox.RtmConnection: slack.sandbox.Connection
---@field workspace slack.sandbox.Workspace
---@field frames table[] what the app has sent, with `at`
---@field batches boolean one event may tell of several people's presence
---@field subscribed string[] users whose presence is told
local RtmConnection = setmetatable({}, { __index = Connection })
RtmConnection.__index = RtmConnection
RtmConnection.__name = "slack.sandbox.rtm_connection"

---Says that this connection is about to end.
function RtmConnection:goodbye()
  self.socket.trace:add { kind = "disconnect", way = "out", name = "goodbye" }
  self:send { type = "goodbye", source = "gateway_server" }
end

-- A delivery that nothing acks.
---@class slack.sandbox.RtmDelivery
---@field connections slack.sandbox.RtmConnection[] that it went to
local Delivery = {}
Delivery.__index = Delivery
Delivery.__name = "slack.sandbox.rtm_delivery"

---@return any payload json.null: over RTM it is delivered when it is sent
function Delivery.await_ack()
  return json.null
end

---@return number
function Delivery.ack_time()
  return 0
end

---@class slack.sandbox.Rtm: slack.sandbox.Side
---@field connections slack.sandbox.RtmConnection[] open ones, oldest first
---@field url_lifetime number seconds; of URLs that are used later Slack says that they expired
---@field hello boolean false: say nothing to those that connect
---@field replies boolean false: leave what the app sends without a reply
local Rtm = {}
Rtm.__index = Rtm
Rtm.__name = "slack.sandbox.rtm"

---@class slack.sandbox.RtmOptions
---@field server slack.core.http_server
---@field url string "wss://localhost:PORT"
---@field await fun(condition: fun(): boolean, timeout: number?): boolean
---@field trace slack.sandbox.Trace
---@field hello? boolean

---@param options slack.sandbox.RtmOptions
---@return slack.sandbox.Rtm
function Rtm.new(options)
  return setmetatable({
    server = options.server, url = options.url, await = options.await, trace = options.trace,
    hello = options.hello ~= false, replies = true, url_lifetime = URL_LIFETIME,
    connections = {}, by_id = {}, tickets = {},
  }, Rtm)
end

---A WebSocket URL that works once, and not for long.
---@param workspace slack.sandbox.Workspace
---@param user_id string whose token it is
---@param batches boolean one event may tell of the presence of several people
---@return string url
function Rtm:open_connection(workspace, user_id, batches)
  local target = PREFIX .. new_id "":lower() .. new_id "":lower()
  self.tickets[target] = {
    workspace = workspace, user_id = user_id, batches = batches, made_at = core.monotonic(),
  }
  self.server:admit(target)
  return self.url .. target
end

-- Connections ------------------------------------------------------------------------

---Greets a connection, which makes it ready for events.
---@param connection slack.sandbox.RtmConnection
function Rtm.say_hello(connection)
  connection:send {
    type = "hello", fast_reconnect = false, region = "local", start = true, host_id = "localhost",
  }
  connection.ready = true
  connection.socket.trace:add {
    kind = "hello", way = "out", name = "hello", summary = "RTM", body = { type = "hello" },
  }
end

local function on_open(self, ticket, id, target, at)
  self.tickets[target] = nil
  local connection = Connection.open(RtmConnection, self, id, target, at)
  connection.workspace, connection.user_id = ticket.workspace, ticket.user_id
  connection.batches, connection.frames, connection.subscribed = ticket.batches, {}, {}
  if at - ticket.made_at > self.url_lifetime then
    connection:send { type = "error", error = { code = 1, msg = "Socket URL has expired" } }
    connection:close()
  elseif self.hello then
    self.say_hello(connection)
  end
end

---Takes a message of kind "websocket", if it is of a connection here.
---@return boolean taken
function Rtm:on_message(id, happening, data, close_code, at)
  local ticket = happening == "open" and self.tickets[data]
  if ticket then
    on_open(self, ticket, id, data, at)
  elseif not self.by_id[id] then
    return false
  else
    Connection.happen(self, id, happening, data, close_code, at)
  end
  return true
end

---Waits until so many connections are greeted.
---@async
---@param count? integer 1
---@param timeout? number seconds
---@return boolean ready
function Rtm:wait_ready(count, timeout)
  return self.await(function()
    local ready = 0
    for _, connection in ipairs(self.connections) do
      ready = ready + (connection.ready and 1 or 0)
    end
    return ready >= (count or 1)
  end, timeout)
end

-- Events -----------------------------------------------------------------------------

---Tells the app of an event on every connection to that workspace, but for the one that
---it came from.
---@param workspace slack.sandbox.Workspace
---@param event table
---@return slack.sandbox.RtmDelivery? delivery nil when there is no connection to tell
function Rtm:tell(workspace, event)
  if not self.connections[1] or NOT_HERE[event.type] then
    return nil
  end
  local told = {}
  for _, connection in ipairs(self.connections) do
    if connection.ready and connection.workspace == workspace then
      table.insert(told, connection)
      if connection ~= self.origin then
        connection:send(event)
      end
    end
  end
  if told[1] then
    local text = assert(json.encode { type = "rtm", payload = event })
    self.trace:add {
      kind = "envelope", way = "out", name = Trace.name_of("events_api", event), text = text,
      summary = "RTM",
    }
  end
  return told[1] and setmetatable({ connections = told }, Delivery)
end

-- What the app sends -------------------------------------------------------------------

local function refuse(message, code)
  return nil, { code = code or 2, msg = message }
end

local function check_message(connection, frame)
  local channel = connection.workspace.channels[frame.channel]
  if type(frame.text) ~= "string" or frame.text == "" then
    return refuse "message text is missing"
  elseif (utf8.len(frame.text) or #frame.text) > MAX_CHARACTERS then
    return refuse "message is too long"
  elseif not channel or not channel.members[connection.user_id] then
    return refuse("channel_not_found", -1)
  elseif frame.thread_ts and not connection.workspace.find_message(channel, frame.thread_ts) then
    return refuse("thread_not_found", -1)
  end
  return channel
end

local FRAMES = {}

function FRAMES.message(self, connection, frame)
  local channel, err = check_message(connection, frame)
  if not channel then
    return { ok = false, reply_to = frame.id, error = err }
  end
  self.origin = connection
  local message = connection.workspace:post(channel, merged(connection.workspace:bot_fields(), {
    user = connection.user_id, text = frame.text, thread_ts = frame.thread_ts,
    reply_broadcast = frame.reply_broadcast,
  }))
  self.origin = nil
  return { ok = true, reply_to = frame.id, ts = message.ts, text = message.text }
end

function FRAMES.ping(_, _, frame)
  local pong = merged(frame, { type = "pong", reply_to = frame.id })
  pong.id = nil
  return pong
end

function FRAMES.typing() end

local function tell_presence(connection, ids)
  if connection.batches and ids[1] then
    connection:send { type = "presence_change", users = ids, presence = "active" }
    return
  end
  for _, id in ipairs(ids) do
    connection:send { type = "presence_change", user = id, presence = "active" }
  end
end

function FRAMES.presence_sub(_, connection, frame)
  connection.subscribed = frame.ids
  tell_presence(connection, frame.ids)
end

function FRAMES.presence_query(_, connection, frame)
  tell_presence(connection, frame.ids)
end

function Rtm:on_text(connection, text, at)
  local frame = json.decode(text)
  if #text > MAX_FRAME or type(frame) ~= "table" or not FRAMES[frame.type] then
    return connection:close(#text > MAX_FRAME and 1009 or 1008)
  end
  table.insert(connection.frames, merged(frame, { at = at }))
  if frame.type ~= "ping" then
    self.trace:add { kind = "call", way = "in", name = "RTM " .. frame.type, text = text }
  end
  local reply = FRAMES[frame.type](self, connection, frame)
  if reply and (self.replies or frame.type == "ping") then
    connection:send(reply)
  end
end

return Rtm
