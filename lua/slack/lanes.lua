-- Turns for the handlers of one listener: in order for what has the same key, and no
-- more at a time than are wanted. What has to wait stands in a queue of its own, apart
-- from the room that max_in_flight gives.
--
-- Of each key the first ticket is at its head: it has its turn, or stands among the
-- ready ones until there is room. The others stand behind it. A key without tickets is
-- forgotten.

local lazy = require "slack.lazy"
local Fifo = require "slack.fifo"
local checks = require "slack.option_checks"
local delivery_keys = require "slack.delivery_keys"
local notice = lazy "slack.notice"
local tasks = require "slack.tasks"

local DEFAULT_QUEUE = 1000

---Listener options, in the table that says what a listener is for.
---@class slack.LaneOptions
---@field order? slack.DeliveryKey of what has the same, one handler runs after the other, in
---  the order in which it came; what has none (nil) need not wait
---@field concurrency? integer handlers of this listener at a time
---@field queue? integer deliveries that may wait for their turn, 1000; beyond that: overload
---@field overload? string|table|false|fun(c: slack.Context): string|table|nil what the person
---  gets to see then

---@class slack.Lanes
---@field key_of? fun(c: slack.Context): any
---@field room integer turns at a time
---@field limit integer of tickets that wait
---@field taken integer turns
---@field waiting integer tickets
---@field ready slack.Fifo tickets that wait for room alone
---@field behind table<any, slack.Fifo|true> by key: the tickets behind its head, if any
---@field overload? string|table|false|function
local Lanes = {}
Lanes.__index = Lanes
Lanes.__name = "slack.lanes"

-- The options, each with the check of its value: a problem in words, or nil.
---@type table<string, fun(value: any): string?>
Lanes.OPTIONS = {
  order = delivery_keys.check, concurrency = checks.integer_from(1),
  queue = checks.integer_from(0), overload = function(value) return notice.check(value) end,
}

---Whether the options that these name are what they should be. Other fields are passed over.
---@param options slack.LaneOptions|table
---@return true? ok
---@return string? problem it names the option
function Lanes.check(options)
  for _, name in ipairs { "order", "concurrency", "queue", "overload" } do
    local value = options[name]
    local problem = value ~= nil and Lanes.OPTIONS[name](value)
    if problem then
      return nil, name .. ": " .. problem .. checks.got(problem, value)
    end
  end
  if options.order ~= nil or options.concurrency ~= nil then
    return true
  end
  for _, name in ipairs { "queue", "overload" } do
    if options[name] ~= nil then
      return nil, name .. ": it goes with order or concurrency, and neither is given"
    end
  end
  return true
end

---@param options slack.LaneOptions|table checked
---@return slack.Lanes|false lanes false when none of the options is given
function Lanes.of(options)
  local order = options.order
  if order == nil and options.concurrency == nil then
    return false
  end
  return setmetatable({
    key_of = order and delivery_keys.of(order), room = options.concurrency or math.huge,
    limit = options.queue or DEFAULT_QUEUE, overload = options.overload,
    taken = 0, waiting = 0, ready = Fifo.new(), behind = {},
  }, Lanes)
end

-- Takes the place of other ones, which keep their tickets: who waits goes on waiting here.
local function renew(lanes, other)
  lanes.key_of, lanes.room = other.key_of, other.room
  lanes.limit, lanes.overload = other.limit, other.overload
  return lanes
end

local function name_of(listener)
  return listener.method .. listener.what
end

---When a script is loaded again, its listeners go on in the lanes of those before them that
---are for the same, so that turns hold from one to the other.
---@param before slack.Listener[]
---@param after slack.Listener[]
function Lanes.hand_over(before, after)
  local found = {}
  for i = #before, 1, -1 do
    local listener = before[i]
    if listener.lanes then
      local list = found[name_of(listener)] or {}
      list[#list + 1] = listener.lanes
      found[name_of(listener)] = list
    end
  end
  for _, listener in ipairs(after) do
    local list = listener.lanes and found[name_of(listener)]
    if list and list[1] then
      listener.plan.lanes = renew(table.remove(list), listener.lanes)
    end
  end
end

-- Tickets -------------------------------------------------------------------------------

---A turn, or a place in the queue for one. To be left in the end.
---@class slack.LaneTicket
---@field lanes slack.Lanes
---@field key any
---@field queue slack.Fifo|false where it waits
---@field has_turn boolean
---@field waiter slack.Waiter|false
local Ticket = {}
Ticket.__index = Ticket
Ticket.__name = "slack.lane_ticket"

local function grant(lanes, ticket)
  lanes.taken = lanes.taken + 1
  ticket.has_turn = true
  if ticket.waiter then
    ticket.waiter:resolve()
  end
end

local function stand(lanes, ticket, queue)
  lanes.waiting = lanes.waiting + 1
  ticket.queue = queue
  queue:push(ticket)
end

local function step_out(lanes, ticket)
  lanes.waiting = lanes.waiting - 1
  ticket.queue:remove(ticket)
  ticket.queue = false
end

-- The head of a key has gone: the next in its place, or the key is forgotten.
local function advance(lanes, key)
  local queue = lanes.behind[key]
  local ticket = queue ~= true and queue.first
  if not ticket then
    lanes.behind[key] = nil
    return
  end
  queue:remove(ticket)
  ticket.queue = lanes.ready
  lanes.ready:push(ticket)
end

local function fill(lanes)
  while lanes.taken < lanes.room and lanes.ready.first do
    local ticket = lanes.ready.first
    step_out(lanes, ticket)
    grant(lanes, ticket)
  end
end

local function behind_head(lanes, key)
  local queue = lanes.behind[key]
  if queue == true then
    queue = Fifo.new()
    lanes.behind[key] = queue
  end
  return queue
end

---A place for a delivery, in the order of the calls.
---@param c slack.Context
---@return slack.LaneTicket? ticket nil: as many as may wait already
function Lanes:ticket(c)
  local key = self.key_of and self.key_of(c)
  local is_head = key == nil or self.behind[key] == nil
  local is_free = is_head and self.taken < self.room and not self.ready.first
  if not is_free and self.waiting >= self.limit then
    return nil
  end
  local ticket = setmetatable({
    lanes = self, key = key, queue = false, has_turn = false, waiter = false,
  }, Ticket)
  if key ~= nil and is_head then
    self.behind[key] = true
  end
  if is_free then
    grant(self, ticket)
  else
    stand(self, ticket, is_head and self.ready or behind_head(self, key))
  end
  return ticket
end

---Waits for the turn. A wait that is cut off leaves the ticket to be left.
---@async
function Ticket:await()
  if not self.has_turn then
    self.waiter = tasks.waiter()
    self.waiter:await()
  end
end

---The turn has ended, or is not wanted any more. Further calls do nothing.
function Ticket:leave()
  local lanes = self.lanes
  if self.has_turn then
    self.has_turn = false
    lanes.taken = lanes.taken - 1
    if self.key ~= nil then
      advance(lanes, self.key)
    end
  elseif self.queue then
    local was_head = self.queue == lanes.ready and self.key ~= nil
    step_out(lanes, self)
    if was_head then
      advance(lanes, self.key)
    end
  else
    return
  end
  fill(lanes)
end

Ticket.__close = Ticket.leave

return Lanes
