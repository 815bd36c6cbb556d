-- What Slack delivers through one transport, whichever that is: the mailbox it
-- comes out of, which can be held back, and the answers that are owed to Slack,
-- with what is to be said when one of them comes late or not at all.
--
-- The C side numbers deliveries that want an answer in the order in which they
-- come, and answers by itself at the deadline. It says so by a notice, which may
-- be read before its delivery is, or after Lua has answered.

local LogLimit = require "slack.log_limit"
local core = require "slack.core"
local loop = require "slack.loop"

-- Marks of the mailbox: beyond them C takes nothing more from Slack. Before that a
-- handler may compute for many seconds and no ack is late.
local MARK_COUNT = 10000
local MARK_BYTES = 32 * 1024 * 1024

-- Seconds between two lines about what was answered before its handler began.
local PERIOD = 10

local WAITED = "It had waited %.1f s for its turn: other handlers kept Lua busy, or as many ran "
  .. "as may (option max_in_flight)"

---@class slack.Delivery: slack.Request
---@field transport slack.Transport
---@field number integer for the C side; 0: nothing is owed
---@field received number when it came
---@field taken? number when it came to Lua, of what wants an answer
---@field answered? number when Lua answered
---@field ack_deadline? number seconds, where it has another one than most

---@class slack.Deliveries
---@field owed table<integer, slack.Delivery> by number, until they are answered
---@field tardy table<integer, slack.Delivery> answered after their deadline, until that
---  is noticed
---@field expired table<integer, string> fates of what has not been taken yet
---@field last_number integer of what has been taken
---@field holding boolean
local Deliveries = {}
Deliveries.__index = Deliveries
Deliveries.__name = "slack.deliveries"

---@class slack.DeliveriesSettings
---@field dispatch slack.Dispatch
---@field log slack.Logger
---@field ack_deadline? number seconds
---@field take fun(source: integer, kind: string, ...) what comes out of the mailbox

---@param settings slack.DeliveriesSettings
---@return slack.Deliveries
function Deliveries.new(settings)
  return setmetatable({
    dispatch = settings.dispatch, log = settings.log, take = settings.take,
    ack_deadline = settings.ack_deadline or math.huge,
    owed = {}, tardy = {}, expired = {}, last_number = 0, holding = false, mailbox = false,
    warnings = LogLimit.new(loop.now, PERIOD),
  }, Deliveries)
end

-- The mailbox ------------------------------------------------------------------

---@return slack.core.mailbox for the C side
function Deliveries:open()
  self.mailbox = core.mailbox(MARK_COUNT, MARK_BYTES)
  loop.attach(self.mailbox, self.take)
  return self.mailbox
end

---Takes no more, so that the C side is held back.
function Deliveries:hold()
  if not self.holding and self.mailbox then
    self.holding = true
    loop.detach(self.mailbox)
  end
end

function Deliveries:go_on()
  if self.holding and self.mailbox then
    self.holding = false
    loop.attach(self.mailbox, self.take)
  end
end

---How many wait to be taken.
---@return integer
function Deliveries:waiting()
  return self.mailbox and (self.mailbox:load()) or 0
end

---Forgets whatever is left.
function Deliveries:close()
  if self.mailbox then
    if not self.holding then
      loop.detach(self.mailbox)
    end
    self.mailbox:close()
    self.mailbox = false
  end
  self.owed, self.tardy, self.expired, self.holding = {}, {}, {}, false
end

-- Answers ------------------------------------------------------------------------

-- Its deadline has passed before it was taken; that it came is handled all the same.
local function begin_expired(self, request, fate)
  self.expired[request.number] = nil
  request.acked = true
  if fate == "gone" then
    request.gone = true
    return self.dispatch:request(request)
  end
  request.deadline_passed = true
  local taken = request.taken
  self.dispatch:request(request)
  self.dispatch:deadline(request, WAITED:format(taken - request.received))
end

---Gives the dispatch a delivery that wants an answer.
---@param request slack.Delivery
function Deliveries:begin(request)
  local number = request.number
  self.last_number, request.taken = number, loop.now()
  local fate = self.expired[number]
  if fate then
    return begin_expired(self, request, fate)
  end
  self.owed[number] = request
  self.dispatch:request(request)
end

---Gives the dispatch what has come, whether it wants an answer or not, and puts down what
---else is known of it.
---@param request slack.Delivery
---@param entry? string its id in the inbox
---@param attempt? integer of a redelivery its number, from 1
---@param reason? string
function Deliveries:come(request, entry, attempt, reason)
  if attempt and attempt > 0 then
    request.retry = { number = attempt, reason = reason or "" }
  end
  if entry and not self.dispatch.inbox:take(request, entry) then
    return
  elseif request.number == 0 then
    return self.dispatch:request(request)
  end
  return self:begin(request)
end

---It was taken, but cannot be begun.
---@param number integer
---@return boolean is_owed whether an answer is still waited for
function Deliveries:pass_over(number)
  local is_owed = not self.expired[number]
  self.last_number = number
  self.expired[number] = nil
  return is_owed
end

---Lua has answered it.
---@param request slack.Delivery
function Deliveries:settle(request)
  self.owed[request.number] = nil
  request.answered = loop.now()
  local seconds = request.answered - request.received
  self.dispatch.measures:acked(request.transport.name, seconds)
  if seconds >= (request.ack_deadline or self.ack_deadline) then
    self.tardy[request.number] = request
  end
end

---Lua never will; nobody waits for it.
---@param request slack.Delivery
function Deliveries:forget(request)
  self.owed[request.number] = nil
end

-- Only a handler that computes keeps Lua from hearing of the deadline before it acks.
local function why_tardy(request)
  local waited = request.taken - request.received
  local busy = request.answered - request.taken
  if waited > busy then
    return WAITED:format(waited)
  end
  return ("Lua was busy with it for %.1f s, and nothing else ran meanwhile: ack first"):format(busy)
end

-- It is waiting now, but may have computed until after the deadline.
local function why_unheard(self, request)
  local late = loop.now() - request.received - (request.ack_deadline or self.ack_deadline)
  if late > 0.1 then
    return ("Lua was busy until %.1f s after the deadline: ack first"):format(late)
  end
end

---Lua had answered, but after the deadline.
---@param number integer
function Deliveries:late(number)
  local request = self.tardy[number]
  self.tardy[number] = nil
  if request then
    self.dispatch:deadline(request, why_tardy(request))
  else
    self.log:warn("an ack came just as its deadline passed: the answer was empty")
  end
end

-- Its handler has not begun.
local function on_expired(self, number, fate)
  self.expired[number] = fate
  if not self.holding or fate ~= "deadline" then
    return
  end
  local is_due, more = self.warnings:is_due "expired"
  if is_due then
    self.log:warn("a delivery was answered empty before its handler began, because as many "
      .. "handlers run as may (option max_in_flight)%s", more > 0 and ("; %d more since the last "
      .. "line"):format(more) or "")
  end
end

---The C side has given it up.
---@param number integer
---@param fate "deadline"|"gone"
---@return boolean known false: Lua had answered
function Deliveries:lost(number, fate)
  local request = self.owed[number]
  if request then
    self.owed[number] = nil
    if fate == "gone" then
      self.dispatch:gone(request)
    else
      self.dispatch:deadline(request, why_unheard(self, request))
    end
  elseif number > self.last_number then
    on_expired(self, number, fate)
  else
    return false
  end
  return true
end

return Deliveries
