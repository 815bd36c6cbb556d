-- Messages to other processes: the methods of slack.Peers that send. To a process that reads
-- nothing for long none goes but a ping.

local json = require "slack.json"
local owner = require "slack.inbox.owner"
local tasks = require "slack.tasks"

local VERSION <const> = 1
-- Messages after which a sign of life is asked for, and after which none are sent without one.
local PING_AFTER <const>, SILENT_AFTER <const> = 100, 500
-- Seconds until something is sent again that must come.
local INSIST_AFTER <const> = 1

---@class slack.Peers
local M = {}

-- Whether it is no use, as nobody reads there.
local function count_unheard(self, peer)
  peer.unheard = peer.unheard + 1
  if peer.unheard == PING_AFTER then
    self:tell(peer.name, { type = "ping" })
  elseif peer.unheard > SILENT_AFTER and not peer.is_silent then
    peer.is_silent = true
    self:_warn(peer.name, "the process %s reads none of its messages: it gets no more until it "
      .. "does", owner.label(peer.name))
  end
  return peer.is_silent
end

local function note_failure(self, peer, err)
  self.counts.failed = self.counts.failed + 1
  if peer then
    peer.is_behind = true
  end
  self.is_cut = self.is_cut or err.code ~= "full"
  if self.is_open then
    self:_warn("send", "other processes of the app cannot be reached: %s", err)
  end
end

-- What goes to several is encoded once.
local function encoded(self, message)
  if not message.text then
    message.v, message.from = VERSION, self.name
    message = { type = message.type, text = assert(json.encode(message)) }
  end
  return message
end

---@async
---@param name string of the process
---@param message table with its type
---@return boolean? sent false: that process is gone, or reads nothing
---@return slack.Error? err
function M:send(name, message)
  local peer = self.by_name[name]
  if not self.is_open then
    return false
  elseif peer and count_unheard(self, peer) and message.type ~= "ping" then
    peer.is_behind = true
    return false
  end
  local sent, err = self.carrier:send(name, encoded(self, message).text)
  if sent then
    self.counts.sent, self.is_cut = self.counts.sent + 1, false
  elseif sent == nil then
    note_failure(self, peer, err)
  elseif peer then
    self:_bury(peer)
  end
  return sent, err
end

---The same without waiting: in the order of the calls.
---@param name string
---@param message table
function M:tell(name, message)
  tasks.spawn(self.send, self, name, message)
end

local function send_until(self, name, message)
  while self:send(name, message) == nil and self.is_open do
    tasks.sleep(INSIST_AFTER)
  end
end

---The same, again and again until it is sent or nobody is there.
---@param name string
---@param message table
function M:insist(name, message)
  tasks.spawn(send_until, self, name, message)
end

-- A message on its way to several.
---@class slack.PeerBatch
---@field left integer
---@field waiters slack.Waiter[]
local Batch = {}
Batch.__index = Batch

local function send_one(self, name, message, batch)
  self:send(name, message)
  batch.left = batch.left - 1
  if batch.left == 0 then
    for _, waiter in ipairs(batch.waiters) do
      waiter:resolve(true)
    end
  end
end

---Tells all peers, in the order of the calls.
---@param message table with its type
---@return slack.PeerBatch batch
function M:tell_all(message)
  local batch = setmetatable({ left = #self.list, waiters = {} }, Batch)
  message = encoded(self, message)
  for _, peer in ipairs { table.unpack(self.list) } do
    tasks.spawn(send_one, self, peer.name, message, batch)
  end
  return batch
end

---Waits until all have it, or cannot have it.
---@async
---@param timeout number seconds
function Batch:wait(timeout)
  if self.left > 0 then
    local waiter = tasks.waiter()
    table.insert(self.waiters, waiter)
    waiter:await(timeout)
  end
end

return M
