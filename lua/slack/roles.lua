-- What a process of role "receiver" does with what has come: nothing of it is handled here.
-- Events are in the inbox already; commands and interactions go to a process that handles:
-- to the one that waits for them, else to each in turn.

local Context = require "slack.context"
local LogLimit = require "slack.log_limit"
local loop = require "slack.loop"
local payload = require "slack.payload"

-- Seconds between two lines that there is nobody to handle things.
local PERIOD <const> = 10

---@class slack.Receiver
---@field app slack.App
---@field peers slack.Peers
---@field routes slack.WaitRoutes
---@field relays slack.Relays
---@field turn integer number of the last peer whose turn it was
local Receiver = {}
Receiver.__index = Receiver
Receiver.__name = "slack.receiver"

---@param app slack.App
---@param peers slack.Peers
---@param routes slack.WaitRoutes
---@param relays slack.Relays
---@return slack.Receiver
function Receiver.new(app, peers, routes, relays)
  return setmetatable({
    app = app, peers = peers, routes = routes, relays = relays, turn = 0,
    warnings = LogLimit.new(loop.now, PERIOD),
  }, Receiver)
end

local function handles(peer, tried)
  return peer and peer.role ~= "receiver" and not peer.is_silent and not tried[peer]
end

-- Those that keep somebody waiting come last.
local function next_in_turn(self, tried, takes_doubtful)
  local list = self.peers.list
  for i = 1, #list do
    local number = (self.turn + i - 1) % #list + 1
    local peer = list[number]
    if handles(peer, tried) and (takes_doubtful or not peer.is_doubtful) then
      self.turn = number
      return list[number]
    end
  end
end

-- The deadline answers, where no status can say why.
local function nobody(self, c)
  local request = c.request
  request.has_nobody = true
  if request.entry then
    self.app.inbox:leave(request)
  end
  local is_due, more = self.warnings:is_due "nobody"
  if is_due then
    self.app.log:error("no worker is there, or none has room, to handle a %s%s", c.kind == "unknown"
      and "delivery" or c.kind, more > 0 and (": %d more like it since the last line"):format(more)
      or "")
  end
  if request.has_status then
    self.app.dispatch:refuse(request, "unavailable")
  end
end

local function refuse_unreadable(self, request)
  if request.has_status then
    self.app.dispatch:refuse(request, "undecodable")
  else
    request.acked = true
    request:ack(nil)
  end
end

---@param request slack.Request
function Receiver:request(request)
  local kind, part = payload.kind(request.body, request.came_as)
  if request.acked or kind == "event" then
    self.app.log:debug("a receiver handles no events: this one is for others")
    return request.entry and self.app.inbox:leave(request)
  elseif request.problem then
    return refuse_unreadable(self, request)
  end
  local c = Context.new(self.app, request, kind or "unknown", part or request.body)
  request.context = c
  self.relays:begin(c, function(tried)
    local peer = kind and self.routes:find(c)
    return handles(peer, tried) and peer or next_in_turn(self, tried)
      or next_in_turn(self, tried, true)
  end, function()
    nobody(self, c)
  end)
end

return Receiver
