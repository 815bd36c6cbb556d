-- What an app has to do with its other processes, from its start to its end: where its
-- storage is a Redis that they have in common, and it has an inbox. Without app.peers there is
-- nothing here to do but to make them.

local lazy = require "slack.lazy"
local Job = lazy "slack.job"
local Peers = lazy "slack.peers"
local Receiver = lazy "slack.roles"
local Relays = lazy "slack.relays"
local WaitRoutes = lazy "slack.wait_routes"
local core = require "slack.core"
local owner = lazy "slack.inbox.owner"

local M = {}

local META <const> = '{"kind":"peer"}'

-- Messages and entries go through the inbox.
---@class slack.InboxCarrier: slack.PeerCarrier
local Carrier = {}
Carrier.__index = Carrier

local function now()
  return math.floor(core.time() * 1000)
end

function Carrier:owners()
  return self.backend:inbox("owners", { now = now() })
end

function Carrier:send(name, text)
  return self.backend:inbox("send", { key = name, meta = META, value = text, now = now() })
end

---@async
---@param entry string
---@param name string
---@return boolean? moved false: that process is gone
---@return slack.Error? err
function Carrier:move(entry, name)
  return self.backend:inbox("move", { key = entry, value = name, now = now() })
end

-- Events ------------------------------------------------------------------------------------

local function run_move(job)
  local dispatch, c, entry = job.dispatch, job.c, job.entry
  local moved, err = job.carrier:move(entry, job.peer.name)
  if moved then
    dispatch.counts.moved = dispatch.counts.moved + 1
    dispatch.inbox:moved(entry)
  else
    if moved == false then
      dispatch.app.peers:doubt(job.peer)
    else
      dispatch.app.log:warn("an event could not be moved to the process %s, which waits for it: %s",
        owner.label(job.peer.name), err)
    end
    c.request.entry, c.is_taken = entry, nil
    dispatch:keep(c, job.is_refused)
  end
  job.completed = true
end

-- It is theirs from now on, unless that fails.
local function move(dispatch, carrier, c, peer, is_refused)
  local job = Job.new(dispatch, c)
  job.outcome, job.began = false, false -- it handles nothing itself
  job.carrier, job.peer, job.entry, job.is_refused = carrier, peer, c.request.entry, is_refused
  c.request.entry = false
  job:start(run_move)
end

-- To a peer that waits for it. What is not in the inbox stays here.
local function hand_over(self, carrier, c, peer, is_refused)
  local dispatch, request = self.dispatch, c.request
  if c.kind == "event" then
    if request.entry then
      request.is_moved = true
      move(dispatch, carrier, c, peer, is_refused)
    end
    return request.is_moved == true
  elseif request.acked or peer.is_silent or peer.is_doubtful then
    return false
  end
  request.is_moved = true
  self.relays:begin(c, function(tried) return not tried[peer] and peer or nil end,
    function() dispatch:keep(c, is_refused) end)
  return true
end

-- Life --------------------------------------------------------------------------------------

---Whether processes can have this in common.
---@param self slack.App
---@return boolean
local function is_shared(self)
  local store = self.storage
  return self.settings.inbox and store.is_shared ~= nil and store:is_shared() or false
end

---Makes what is needed, before anything can come.
---@param self slack.App
---@param name string of this process
function M.make(self, name)
  local dispatch = self.dispatch
  if not is_shared(self) then
    return
  end
  local carrier = setmetatable({ name = name, backend = self.storage.backend }, Carrier)
  self.peers = Peers.new {
    carrier = carrier, log = self.log:with { component = "peers" }, role = self.settings.role,
    lease = self.settings.inbox.lease,
  }
  self.relays = Relays.new(self, self.peers)
  dispatch.wait_routes = WaitRoutes.new(self.peers, dispatch, function(...)
    return hand_over(self, carrier, ...)
  end)
  if self.settings.role == "receiver" then
    dispatch.receiver = Receiver.new(self, self.peers, dispatch.wait_routes, self.relays)
  end
end

---Tells the others that it is there.
---@param self slack.App
function M.open(self)
  self.peers:open()
end

---Tells the others that it stops: they send nothing more.
---@async
---@param self slack.App
function M.leave(self)
  self.peers:leave()
end

---@param self slack.App
function M.close(self)
  local dispatch = self.dispatch
  self.peers:close()
  self.peers, self.relays = nil, nil
  dispatch.wait_routes, dispatch.receiver = false, false
end

---Adds what there is to tell to app:stats().
---@param self slack.App
---@param stats table
function M.add_stats(self, stats)
  stats.peers = self.peers:stats()
  for name, count in pairs(self.relays.counts) do
    stats.peers["deliveries_" .. name] = count
  end
end

return M
