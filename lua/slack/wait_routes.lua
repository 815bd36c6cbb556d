-- Conversations over several processes: what handlers wait for here is told to the peers, what
-- they wait for is known here, and what comes for one of them goes there.
--
--   waits   drop: numbers of waits that have ended; add: numbers with filters (wait_filters.lua)
--
-- What carries an id of lua-slack's own needs no telling: the id says which process made it.
-- Who waits here comes first; what was sent here is not sent on.

local filters = require "slack.wait_filters"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"

-- Waits in one message, and a bound on those of one process that are remembered.
local MOST_IN_MESSAGE <const>, MOST_OF_PEER <const> = 100, 100000
-- Seconds for which a question is kept back until the peers know who waits for its answer.
local TIMEOUT <const> = 1

---@class slack.WaitRoutes
---@field peers slack.Peers
---@field dispatch slack.Dispatch
---@field hand_over fun(c: slack.Context, peer: slack.Peer, is_refused: boolean): boolean whether
---  it is sent there
---@field own table<slack.Wait|slack.WaitFilter, integer> numbers of what is waited for here
---@field added table<slack.Wait|slack.WaitFilter, integer> what is yet to be told of it
---@field dropped integer[]
---@field kinds table<slack.Kind, table<string, table<any, table>>> filters of peers by what they
---  are found by, and key
---@field of_peer table<slack.Peer, { count: integer, filters: table<integer, table> }>
---@field has_peers boolean nothing is to be asked or told while there are none
local WaitRoutes = {}
WaitRoutes.__index = WaitRoutes
WaitRoutes.__name = "slack.wait_routes"

---@param peers slack.Peers
---@param dispatch slack.Dispatch
---@param hand_over fun(c: slack.Context, peer: slack.Peer, is_refused: boolean): boolean
---@return slack.WaitRoutes
function WaitRoutes.new(peers, dispatch, hand_over)
  local self = setmetatable({
    peers = peers, dispatch = dispatch, hand_over = hand_over, own = {}, made = 0, added = {},
    dropped = {}, is_due = false, batch = false, kinds = {}, of_peer = {}, heard = 0,
    has_peers = false,
  }, WaitRoutes)
  peers:on("waits", function(_, peer, message) return self:_waits(peer, message) end)
  peers:watch(self)
  return self
end

-- Telling -----------------------------------------------------------------------------------

-- As a wait is told, or as what it stands for.
local function filter_of(wait)
  return wait.c and filters.of(wait) or not wait.c and wait or nil
end

-- Messages that tell of waits, in the order in which they began.
local function messages(added, dropped)
  local list, numbers, by_number = {}, {}, {}
  for wait, number in pairs(added) do
    numbers[#numbers + 1], by_number[number] = number, wait
  end
  table.sort(numbers)
  local message
  for _, number in ipairs(numbers) do
    local filter = filter_of(by_number[number])
    if filter then
      if not message or #message.add == MOST_IN_MESSAGE then
        message = { type = "waits", add = {} }
        list[#list + 1] = message
      end
      table.insert(message.add, { number = number, filter = filter })
    end
  end
  if dropped[1] then
    list[1] = list[1] or { type = "waits" }
    list[1].drop = dropped
  end
  return list
end

-- Tells what has begun and ended since the last time.
local function flush(self)
  self.is_due = false
  if not next(self.added) and not self.dropped[1] then
    return
  end
  local list = messages(self.added, self.dropped)
  self.added, self.dropped = {}, {}
  for _, message in ipairs(list) do
    self.batch = self.peers:tell_all(message)
  end
end

local function flush_soon(self)
  if not self.is_due then
    self.is_due = true
    loop.defer(flush, self)
  end
end

---Somebody waits here now.
---@param wait slack.Wait|slack.WaitFilter
function WaitRoutes:add(wait)
  if wait.id and own_ids.of(wait.id) then
    return
  end
  self.made = self.made + 1
  self.own[wait] = self.made
  if self.has_peers then
    self.added[wait] = self.made
    flush_soon(self)
  end
end

---Nobody does any more.
---@param wait slack.Wait|slack.WaitFilter
function WaitRoutes:remove(wait)
  local number = self.own[wait]
  self.own[wait] = nil
  if self.added[wait] then
    self.added[wait] = nil
  elseif number and self.has_peers then
    table.insert(self.dropped, number)
    flush_soon(self)
  end
end

---Waits until all peers know of what is waited for: whoever is asked may answer to any of them.
---@async
function WaitRoutes:await_told()
  if self.has_peers then
    flush(self)
    if self.batch and not self.peers.is_cut then
      self.batch:wait(TIMEOUT)
    end
  end
end

---For who gets a hello: all there is.
---@return table[] messages
function WaitRoutes:told()
  return messages(self.own, {})
end

-- Hearing -----------------------------------------------------------------------------------

local function map_of(self, filter)
  local name, keys = filters.keys(filter)
  local kind = self.kinds[filter.kind]
  if not kind then
    kind = {}
    self.kinds[filter.kind] = kind
  end
  kind[name] = kind[name] or {}
  return kind, name, keys
end

local function put(self, filter)
  local kind, name, keys = map_of(self, filter)
  for _, key in ipairs(keys) do
    kind[name][key] = kind[name][key] or {}
    kind[name][key][filter] = true
  end
end

local function take_out(self, filter)
  local kind, name, keys = map_of(self, filter)
  for _, key in ipairs(keys) do
    local found = kind[name][key]
    if found then
      found[filter] = nil
      kind[name][key] = next(found) and found or nil
    end
  end
  kind[name] = next(kind[name]) and kind[name] or nil
  self.kinds[filter.kind] = next(kind) and kind or nil
end

local function drop(self, known, number)
  local filter = known.filters[number]
  if filter then
    known.filters[number] = nil
    known.count = known.count - 1
    take_out(self, filter)
  end
end

local function is_item(item)
  return type(item) == "table" and math.type(item.number) == "integer"
    and filters.is_sound(item.filter)
end

local function learn(self, peer, known, item)
  if not is_item(item) then
    return false
  end
  drop(self, known, item.number)
  if known.count < MOST_OF_PEER then
    self.heard = self.heard + 1
    item.filter.peer, item.filter.order = peer, self.heard
    known.filters[item.number], known.count = item.filter, known.count + 1
    put(self, item.filter)
  end
  return true
end

-- What one version cannot read, the other need not mean: the rest of the message counts.
function WaitRoutes:_waits(peer, message)
  local known = peer and self.of_peer[peer]
  if not known then
    return nil
  end
  local is_sound = true
  for _, number in ipairs(type(message.drop) == "table" and message.drop or {}) do
    drop(self, known, number)
  end
  for _, item in ipairs(type(message.add) == "table" and message.add or {}) do
    is_sound = learn(self, peer, known, item) and is_sound
  end
  return is_sound or false
end

---A peer has said hello: it is going to tell all.
---@param peer slack.Peer
function WaitRoutes:met(peer)
  self:left(peer)
  self.of_peer[peer], self.has_peers = { count = 0, filters = {} }, true
end

---@param peer slack.Peer
function WaitRoutes:left(peer)
  local known = self.of_peer[peer]
  if known then
    for number in pairs(known.filters) do
      drop(self, known, number)
    end
  end
  self.of_peer[peer] = nil
  self.has_peers = next(self.of_peer) ~= nil
  if not self.has_peers then
    self.added, self.dropped = {}, {}
  end
end

-- Finding -----------------------------------------------------------------------------------

local function better(filter, c, best, best_rank)
  local rank = filters.rank(filter, c)
  if rank and (not best or rank > best_rank
    or rank == best_rank and filter.order > best.order) then
    return filter, rank
  end
  return best, best_rank
end

local function search(found, c, best, best_rank)
  for filter in pairs(found or {}) do
    best, best_rank = better(filter, c, best, best_rank)
  end
  return best, best_rank
end

-- The process whose id it carries.
local function by_origin(self, c)
  local part, id = c.payload, nil
  if c.kind == "action" then
    id = own_ids.of(part.action_id)
  elseif c.kind == "view" then
    id = own_ids.of(part.external_id)
  end
  return id and self.peers.by_origin[own_ids.origin_of(id)]
end

---The peer that waits for what has come.
---@param c slack.Context
---@return slack.Peer?
function WaitRoutes:find(c)
  local peer = by_origin(self, c)
  local kind = self.kinds[c.kind]
  if peer or not kind then
    return peer
  end
  local best, rank
  for name, map in pairs(kind) do
    local key, other = filters.keys_of(name, c)
    best, rank = search(key ~= nil and map[key], c, best, rank)
    best, rank = search(other ~= nil and map[other], c, best, rank)
  end
  return best and best.peer
end

---Whether the process that has made an id of lua-slack's own lives; nil: that is not known.
---@param id string
---@return boolean?
function WaitRoutes:is_alive(id)
  if self.peers.by_origin[own_ids.origin_of(id)] then
    return true
  end
  return not self.peers.has_looked and nil
end

local function may_be_for_here(dispatch, c)
  local waits, streams = dispatch.waits, dispatch.streams
  return waits and waits:may_take(c) or streams and streams:is_meant(c)
end

---Offers what has come to the peers, where it has not come from one.
---@param c slack.Context
---@param is_refused? boolean nobody here wants it who waits; nil: who waits here comes first
---@return boolean taken
function WaitRoutes:offer(c, is_refused)
  local request = c.request
  if not self.has_peers or request.is_moved or self.peers.is_cut then
    return false
  end
  local peer = self:find(c)
  if not peer or not is_refused and may_be_for_here(self.dispatch, c) then
    return false
  end
  return self.hand_over(c, peer, is_refused == true)
end

return WaitRoutes
