-- One of Slack's limits, and the line of calls that wait for it.
--
-- Calls go through while they keep to the pace: one each `interval`, or sooner, up to
-- `slack` seconds ahead of that. All it takes is one time, `due`, when the next call is due
-- at that pace. After a "too many" nothing goes through until the pause is over; then calls
-- go one at a time, each when the one before has been answered, until nobody waits: so they
-- keep their order even if Slack says it again.

local Fifo = require "slack.fifo"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Seconds that a call waits longer than it may: for its turn at the same moment, or as long as
-- a store may take to answer.
local GRACE, GRACE_OF_STORE = 0.01, 2

---@class slack.web_api.Bucket
---@field interval number seconds; 0: no limit but for pauses
---@field slack number seconds
---@field due number when the next call is due at the pace
---@field opens_at number when the pause is over
---@field line slack.Fifo of turns that wait, in the order of their numbers
---@field length integer of the line
---@field is_narrow boolean one at a time
---@field busy? slack.web_api.Turn the one, while it is narrow
---@field lease? slack.web_api.Lease what this process may use of a limit that is shared
local Bucket = {}
Bucket.__index = Bucket
Bucket.__name = "slack.web_api.bucket"

---@param pace slack.web_api.Pace|false
---@param lease? slack.web_api.Lease
---@return slack.web_api.Bucket
function Bucket.new(pace, lease)
  return setmetatable({
    interval = pace and pace.interval or 0, slack = pace and pace.slack or 0,
    due = 0, opens_at = 0, line = Fifo.new(), length = 0, is_narrow = false, busy = false,
    timer = false, lease = lease or false,
  }, Bucket)
end

---Whether it is as if new, so that it can be forgotten.
---@param now number
function Bucket:is_idle(now)
  return self.length == 0 and not self.busy and self.due <= now and self.opens_at <= now
    and not (self.lease and self.lease:is_live(now))
end

-- Uses the place of one call up, where there is one.
local function use(self, now)
  local lease = self.lease
  if lease and lease:is_working(now) then
    return lease:take(now)
  elseif now < self.due - self.slack then
    return false
  end
  self.due = math.max(self.due, now) + self.interval
  return true
end

---Lets a call through that need not wait.
---@param now number
---@return boolean
function Bucket:take(now)
  return not self.busy and not self.line.first and now >= self.opens_at and use(self, now)
end

-- The seconds that a call waits which is the first of the line.
local function first_wait(self, now)
  local lease = self.lease
  if lease and lease:is_working(now) then
    return math.max(self.opens_at - now, lease.opens_at - now, 0)
  end
  return math.max(self.opens_at - now, self.due - self.slack - now, 0)
end

---Seconds until a call that comes now gets its turn, if those before it keep to the pace; at
---least so many, as what is free of a shared limit is not known here.
---@param now number
---@return number
function Bucket:wait_of_next(now)
  local lease, line = self.lease, self.length * self.interval
  if lease and lease:is_working(now) then
    line = math.max(line - self.slack, 0)
  end
  return first_wait(self, now) + line
end

-- Turns -------------------------------------------------------------------------

-- A call that has waited, or waits; it holds up narrow buckets until it is closed.
---@class slack.web_api.Turn
---@field number integer of the call: who came first goes first
---@field waiter slack.Waiter
---@field held slack.web_api.Bucket[]
---@field until_at number when it has waited too long
---@field on_wait? fun(seconds: number) told once it is known that it has to wait
---@field in_flight slack.Semaphore|false whose place it gives back as well
---@field is_kept boolean the next close is that of a function which hands it on
local Turn = {}
Turn.__index = Turn
Turn.__name = "slack.web_api.turn"

---@param number integer
---@param until_at number
---@return slack.web_api.Turn
function Bucket.new_turn(number, until_at)
  return setmetatable({
    number = number, until_at = until_at, held = {}, in_flight = false, is_kept = false,
  }, Turn)
end

local function stop_timer(self)
  if self.timer then
    self.timer:cancel()
    self.timer = false
  end
end

local function on_time(self)
  self.timer = false
  self:advance()
end

local function set_timer(self, at, now)
  if self.timer and self.timer_at ~= at then
    stop_timer(self)
  end
  if not self.timer then
    self.timer, self.timer_at = loop.after(at - now, on_time, self), at
  end
end

local function leave(self, turn)
  self.line:remove(turn)
  self.length = self.length - 1
  if self.length == 0 then
    stop_timer(self) -- nothing is left to keep a program running for
  end
end

local function enter(self, turn)
  local line = self.line
  local after = line.last
  if after and after.number > turn.number then -- sent back by Slack: near the front
    local before = line.first
    while before.number < turn.number do
      before = before.after
    end
    line:insert(turn, before)
  else
    line:push(turn)
  end
  self.length = self.length + 1
end

-- When the first of the line may go; nil when something else will tell.
local function next_at(self, now)
  if now < self.opens_at then
    return self.opens_at
  end
  local lease = self.lease
  if lease and lease:is_working(now) then
    return lease:ready_at(now)
  end
  return math.max(self.due - self.slack, now)
end

-- Those that would wait longer than they may.
local function refuse_late(self, at)
  local turn = self.line.first
  while turn and turn.until_at + GRACE < at do
    leave(self, turn)
    turn.waiter:resolve(at)
    turn = self.line.first
  end
  return turn
end

---Lets those through whose turn it is.
function Bucket:advance()
  if self.busy then
    return
  end
  while self.line.first and not self.busy do
    local now = loop.now()
    local at = next_at(self, now)
    if not at or (at > now and not refuse_late(self, at)) then
      return
    elseif at > now then
      return set_timer(self, at, now)
    end
    local turn = self.line.first
    leave(self, turn)
    use(self, now)
    if self.is_narrow then
      self.busy = turn
      table.insert(turn.held, self)
    end
    turn.waiter:resolve(false)
  end
  if not self.line.first then
    self.is_narrow = false
  end
end

---A store has said when there are places again: tells those who wait and have not heard of it.
---@param now number
function Bucket:tell_waiting(now)
  local seconds, told = first_wait(self, now), {}
  local turn = self.line.first
  while turn do
    if turn.on_wait then
      table.insert(told, { turn.on_wait, seconds })
      turn.on_wait = nil
    end
    seconds, turn = seconds + self.interval, turn.after
  end
  for _, each in ipairs(told) do -- not above: the line may change meanwhile
    each[1](each[2])
  end
end

---Waits for the turn of a call.
---@async
---@param turn slack.web_api.Turn
---@return number|false late when its turn would be, if that is too late
function Bucket:await(turn)
  local waiter = tasks.waiter()
  waiter.on_abandon = function()
    leave(self, turn)
    self:advance()
  end
  turn.waiter = waiter
  enter(self, turn)
  self:advance()
  local patience = turn.until_at - loop.now() + (self.lease and GRACE_OF_STORE or GRACE)
  local late = waiter:await(patience < math.huge and patience or nil)
  return late == nil and turn.until_at or late -- nil: the time is over
end

---Hands it on to the caller of a function in which it is to be closed.
---@param in_flight? slack.Semaphore in which the call has a place
---@return slack.web_api.Turn self
function Turn:keep(in_flight)
  self.is_kept, self.in_flight = true, in_flight or false
  return self
end

-- Gives the buckets free that it holds up.
function Turn:__close()
  if self.is_kept then
    self.is_kept = false
    return
  end
  for i, bucket in ipairs(self.held) do
    self.held[i] = nil
    bucket.busy = false
    bucket:advance()
  end
  if self.in_flight then
    self.in_flight:give_back()
    self.in_flight = false
  end
end

---Slack has said "too many": holds all calls back, and then lets them through one at a time,
---at the pace without what a burst may be ahead of it.
---@param seconds number
---@param now number
---@return boolean is_news false: it was known already
function Bucket:pause(seconds, now)
  local opens_at = now + seconds
  local is_news = now >= self.opens_at
  if opens_at > self.opens_at then
    self.opens_at = opens_at
    self.due = math.max(self.due, opens_at + self.slack)
    if self.lease then
      self.lease:pause(seconds)
    end
  end
  self.is_narrow = true
  return is_news
end

return Bucket
