-- The other processes of an app, which share its Redis: who of them lives, and messages
-- between them, as small JSON objects:
--
--   hello   role, origin (how its own ids begin), asks: whoever gets one forgets what it knew
--           of the sender, and answers with a hello of its own where that is asked for
--   bye     it stops
--   ping    wants a pong: whether the other one still reads
--
-- and whatever others register with on(). All have v, the sender's version of this, and from,
-- its name. What is not known, fields as well as types, is passed over: of two versions that
-- run side by side the older one does not hear the rest. A new meaning gets a new name.
--
-- A process is a peer from its hello on, until it says bye, its lease has run out or a message
-- to it finds nobody. One that reads nothing for long is silent: nothing more is sent to it but
-- a ping now and then, so that no messages pile up for it.

local LogLimit = require "slack.log_limit"
local json = require "slack.json"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"
local owner = require "slack.inbox.owner"
local peer_sending = require "slack.peer_sending"
local tasks = require "slack.tasks"

-- Looks at who lives, in each lease.
local LOOKS <const> = 3
-- Seconds after which one that has been met by name only is looked for again, at first.
local SOON <const> = 0.5
-- Seconds between two lines about the same, and for which a bye is waited for.
local PERIOD <const>, BYE_TIMEOUT <const> = 600, 0.5
-- Bytes of a name.
local MAX_NAME <const> = 512

---@class slack.Peer another process
---@field name string
---@field role? string
---@field origin? string how its own ids begin
---@field version integer
---@field met_in integer the look in which it was met
---@field unheard integer messages sent since it was heard of
---@field is_silent boolean
---@field is_doubtful? boolean it has kept somebody waiting, and has not been heard of since
---@field is_behind? boolean it has missed something, and is to be told all anew
---@field is_gone? boolean

---What carries messages.
---@class slack.PeerCarrier
---@field name string of this process
---@field owners async fun(self): string[]?, slack.Error? names of the others that live
---@field send async fun(self, name: string, text: string): boolean?, slack.Error? false: it is gone

---@class slack.Peers
---@field name string of this process
---@field list slack.Peer[] in the order in which they were met
---@field by_name table<string, slack.Peer>
---@field by_origin table<string, slack.Peer>
---@field leaving table<string, slack.Peer> have said bye, and may still end what they have
---@field looks integer at who lives
---@field has_looked boolean that is known
---@field is_cut boolean nobody can be told anything, for now
---@field counts { sent: integer, received: integer, failed: integer, ignored: integer }
local Peers = {}
Peers.__index = Peers
Peers.__name = "slack.peers"

for name, method in pairs(peer_sending) do
  Peers[name] = method
end

---Who wants to know of peers.
---@class slack.PeerWatcher
---@field told? fun(self): table[] messages for whoever gets a hello
---@field met? fun(self, peer: slack.Peer) it has said hello: what was known of it is void
---@field left? fun(self, peer: slack.Peer) it is no peer any more, but may still end what it has
---@field died? fun(self, peer: slack.Peer) it has ended

-- Who there is ------------------------------------------------------------------------------

local function tell_watchers(self, event, peer)
  for _, watcher in ipairs(self.watchers) do
    if watcher[event] then
      watcher[event](watcher, peer)
    end
  end
end

local function remove(self, peer)
  if peer.is_gone then
    return
  end
  peer.is_gone = true
  self.by_name[peer.name], self.by_origin[peer.origin] = nil, nil
  for i, other in ipairs(self.list) do
    if other == peer then
      table.remove(self.list, i)
      break
    end
  end
  self.log:debug("the process %s is no peer any more", owner.label(peer.name))
  tell_watchers(self, "left", peer)
end

function Peers:_bury(peer)
  self.leaving[peer.name] = nil
  remove(self, peer)
  tell_watchers(self, "died", peer)
end

local function add(self, name, message)
  local peer = self.by_name[name]
  if not peer then
    peer = { name = name, unheard = 0, is_silent = false }
    self.by_name[name] = peer
    table.insert(self.list, peer)
    self.log:debug("the process %s is a peer now", owner.label(name))
  end
  peer.role, peer.version, peer.met_in = message.role, message.v, self.looks
  self.by_origin[peer.origin or ""] = nil
  peer.origin = message.origin
  self.by_origin[peer.origin] = peer
  return peer
end

function Peers:_warn(about, format, ...)
  if self.warnings:is_due(about) then
    self.log:warn(format, ...)
  end
end

-- Says hello, and all that goes with it.
local function greet(self, name, asks)
  self.greeted[name] = true
  self:tell(name, {
    type = "hello", role = self.role, origin = own_ids.origin(), asks = asks or nil,
  })
  for _, watcher in ipairs(self.watchers) do
    for _, message in ipairs(watcher.told and watcher:told() or {}) do
      self:tell(name, message)
    end
  end
end

-- Receiving ---------------------------------------------------------------------------------

-- Types that say themselves how the sender stands.
local MEETS = { hello = true, bye = true }

local handlers = {}

function handlers.hello(self, _, message)
  if not own_ids.is_origin(message.origin) then
    return false
  elseif self.is_leaving then
    return nil
  end
  local peer = add(self, message.from, message)
  tell_watchers(self, "met", peer)
  if message.asks then
    greet(self, peer.name, false)
  end
end

function handlers.bye(self, peer)
  if peer then
    self.leaving[peer.name] = peer
    remove(self, peer)
  end
end

function handlers.ping(self, _, message)
  self:tell(message.from, { type = "pong" })
end

function handlers.pong() end

local function is_sound(message)
  local from = type(message) == "table" and message.from
  return type(from) == "string" and from ~= "" and #from <= MAX_NAME
    and type(message.type) == "string" and math.type(message.v) == "integer" and message.v > 0
end

local function ignore(self, about, format, ...)
  self.counts.ignored = self.counts.ignored + 1
  self:_warn(about, format, ...)
end

-- Whoever sends something lives, and reads.
local function note_heard(self, message)
  local peer = self.by_name[message.from]
  if peer then
    peer.unheard, peer.is_doubtful = 0, nil
    if peer.is_silent then
      peer.is_silent = false
      greet(self, peer.name, true)
    end
  elseif not MEETS[message.type] and not self.is_leaving and not self.greeted[message.from]
    and not self.leaving[message.from] then
    greet(self, message.from, true)
  end
  return peer
end

---Takes a message from another process.
---@param text string
function Peers:receive(text)
  if not self.is_open then
    return
  end
  local message = json.decode(text)
  if not is_sound(message) then
    return ignore(self, "malformed", "a message of another process cannot be read, and is ignored")
  end
  local handler = self.handlers[message.type]
  local peer = note_heard(self, message)
  self.counts.received = self.counts.received + 1
  if not handler then
    ignore(self, "unknown", "the process %s, whose version of the protocol is %d, sends messages "
      .. "of a type that is not known here: they are ignored", owner.label(message.from), message.v)
  elseif handler(self, peer, message) == false then
    ignore(self, "malformed", "a message of the process %s is not what it should be, and is "
      .. "ignored", owner.label(message.from))
  end
end

-- Life ---------------------------------------------------------------------------------------

local function compare(self, owners, look)
  local alive = {}
  for _, name in ipairs(owners) do
    alive[name] = true
  end
  for i = #self.list, 1, -1 do
    local peer = self.list[i]
    if not alive[peer.name] and peer.met_in < look then -- it had its lease before it said hello
      self:_bury(peer)
    elseif peer.is_silent then
      self:tell(peer.name, { type = "ping" })
    elseif peer.is_behind then
      peer.is_behind = nil
      greet(self, peer.name, false)
    end
  end
  for name, peer in pairs(self.leaving) do
    if not alive[name] then
      self:_bury(peer)
    end
  end
  for _, name in ipairs(owners) do
    if not self.by_name[name] and not self.leaving[name] then
      greet(self, name, true)
    end
  end
end

local function look_in(self, seconds)
  self.timer:cancel()
  self.timer = loop.after(seconds, self.look_again, self)
end

-- A process may have its lease a little before it can be told anything, and says nothing yet.
local function look_soon(self, owners)
  for _, name in ipairs(owners) do
    if not self.by_name[name] and not self.leaving[name] then
      look_in(self, self.soon)
      self.soon = math.min(2 * self.soon, self.period)
      return
    end
  end
  self.soon = SOON
end

-- Asks who lives.
local function look(self)
  self.looks = self.looks + 1
  local number = self.looks
  local owners, err = self.carrier:owners()
  if not self.is_open then
    return
  elseif owners then
    self.has_looked, self.greeted, self.is_cut = true, {}, false
    compare(self, owners, number)
    look_soon(self, owners)
  else
    self.is_cut = true
    look_in(self, SOON)
    self:_warn("owners", "which other processes of the app there are cannot be found out: %s", err)
  end
end

local function look_again(self)
  self.timer = loop.after(self.period, look_again, self)
  tasks.spawn(look, self)
end

---@class slack.PeersSettings
---@field carrier slack.PeerCarrier
---@field log slack.Logger
---@field lease number seconds
---@field role? string

---@param settings slack.PeersSettings
---@return slack.Peers
function Peers.new(settings)
  local self = setmetatable({
    carrier = settings.carrier, name = settings.carrier.name, role = settings.role,
    log = settings.log, period = settings.lease / LOOKS, looks = 0, has_looked = false,
    is_open = false, is_leaving = false, is_cut = false, list = {}, by_name = {}, by_origin = {},
    handlers = {}, watchers = {}, greeted = {}, leaving = {}, soon = SOON, look_again = look_again,
    warnings = LogLimit.new(loop.now, PERIOD),
    counts = { sent = 0, received = 0, failed = 0, ignored = 0 },
  }, Peers)
  for type, handler in pairs(handlers) do
    self:on(type, handler)
  end
  return self
end

---Calls handler(peers, peer, message) with the messages of a type; peer is nil where the sender
---has not said hello. It gives false for a message that is not what it should be.
---@param type string
---@param handler fun(self: slack.Peers, peer: slack.Peer?, message: table): false?
function Peers:on(type, handler)
  self.handlers[type] = handler
end

---It may be gone: others are better for what comes, until it is heard of.
---@param peer slack.Peer
function Peers:doubt(peer)
  peer.is_doubtful = true
  self:tell(peer.name, { type = "ping" })
end

---@param watcher slack.PeerWatcher
function Peers:watch(watcher)
  table.insert(self.watchers, watcher)
end

---Says hello to those that live, from now on also to those that come.
function Peers:open()
  self.is_open, self.is_leaving = true, false
  look_again(self)
end

---Tells the others that it stops: nothing more is sent here.
---@async
function Peers:leave()
  self.is_leaving = true
  self:tell_all({ type = "bye" }):wait(BYE_TIMEOUT)
end

function Peers:close()
  self.is_open, self.has_looked = false, false
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
  for i = #self.list, 1, -1 do
    remove(self, self.list[i])
  end
  self.leaving = {}
end

---@return table<string, integer>
function Peers:stats()
  local stats = { live = #self.list }
  for name, count in pairs(self.counts) do
    stats[name] = count
  end
  return stats
end

return Peers
