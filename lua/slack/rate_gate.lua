-- Where calls of one method wait while Slack limits it.
--
-- It appears with the first "too many" and holds back every call of that
-- method. When the time is over calls go through one at a time in the order
-- they were made; once nobody waits any more it disappears.

local loop = require "slack.loop"
local tasks = require "slack.tasks"

---@class slack.RateGates
local RateGates = {}
RateGates.__index = RateGates
RateGates.__name = "slack.rate_gates"

---@return slack.RateGates
function RateGates.new()
  return setmetatable({ gates = {}, last_number = 0 }, RateGates)
end

-- A place in the line, from the call's begin to its end in whatever way.
---@class slack.RateTicket
local Ticket = {}
Ticket.__index = Ticket

local function remove(gate, ticket)
  for i, other in ipairs(gate.waiting) do
    if other == ticket then
      table.remove(gate.waiting, i)
      return
    end
  end
end

local function insert(gate, ticket)
  local waiting = gate.waiting
  local at = #waiting + 1
  while at > 1 and waiting[at - 1].number > ticket.number do
    at = at - 1
  end
  table.insert(waiting, at, ticket)
end

local function advance(gate)
  if gate.busy or loop.now() < gate.opens_at then
    return
  end
  local ticket = table.remove(gate.waiting, 1)
  if not ticket then
    gate.owner.gates[gate.key] = nil
    return
  end
  gate.busy = ticket
  ticket.waiter:resolve()
end

local function wait_turn(ticket, gate)
  local waiter = tasks.waiter()
  waiter.on_abandon = function()
    remove(gate, ticket)
  end
  ticket.waiter, ticket.gate = waiter, gate
  insert(gate, ticket)
  advance(gate)
  waiter:await()
end

---A place in the line of key, to be kept in a to-be-closed variable.
---@param key string
---@return slack.RateTicket
function RateGates:ticket(key)
  self.last_number = self.last_number + 1
  return setmetatable({ owner = self, key = key, number = self.last_number }, Ticket)
end

---Waits while calls are held back.
---@async
function Ticket:enter()
  local gate = self.owner.gates[self.key]
  if gate then
    wait_turn(self, gate)
  end
end

---Slack has said "too many": waits so many seconds and then for its turn.
---@async
---@param seconds number
function Ticket:hold(seconds)
  local gates = self.owner.gates
  local gate = gates[self.key]
  if not gate then
    gate = { owner = self.owner, key = self.key, waiting = {}, opens_at = 0 }
    gates[self.key] = gate
  end
  gate.opens_at = math.max(gate.opens_at, loop.now() + seconds)
  if gate.busy == self then
    gate.busy = nil
  end
  loop.after(seconds, advance, gate)
  wait_turn(self, gate)
end

function Ticket:__close()
  local gate = self.gate
  if gate and gate.busy == self then
    gate.busy = nil
    advance(gate)
  end
end

return RateGates
