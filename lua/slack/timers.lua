-- Timers in a binary heap, ordered by time and, at the same time, by age.
-- A timer knows its place, so that cancelling one (every answered request
-- does) takes it out at once.

---@class slack.Timers
---@field count integer
---@field made integer how many were ever made
local Timers = {}
Timers.__index = Timers
Timers.__name = "slack.timers"

---@class slack.Timer
---@field at number when it is due, on the loop's clock
local Timer = {}
Timer.__index = Timer
Timer.__name = "slack.timer"

---@return slack.Timers
function Timers.new()
  return setmetatable({ count = 0, made = 0 }, Timers)
end

local function is_before(a, b)
  return a.at < b.at or (a.at == b.at and a.number < b.number)
end

local function sift_up(heap, timer, place)
  while place > 1 do
    local parent = heap[place // 2]
    if not is_before(timer, parent) then
      break
    end
    heap[place] = parent
    parent.place = place
    place = place // 2
  end
  heap[place] = timer
  timer.place = place
end

local function sift_down(heap, timer, place)
  local count = heap.count
  while true do
    local child = 2 * place
    if child > count then
      break
    end
    if child < count and is_before(heap[child + 1], heap[child]) then
      child = child + 1
    end
    if not is_before(heap[child], timer) then
      break
    end
    heap[place] = heap[child]
    heap[place].place = place
    place = child
  end
  heap[place] = timer
  timer.place = place
end

local function take_out(heap, timer)
  local place, last = timer.place, heap[heap.count]
  heap[heap.count] = nil
  heap.count = heap.count - 1
  timer.place = nil
  if last == timer then
    return
  end
  if place > 1 and is_before(last, heap[place // 2]) then
    sift_up(heap, last, place)
  else
    sift_down(heap, last, place)
  end
end

---@param at number
---@param fn fun(arg: any)
---@param arg any
---@return slack.Timer
function Timers:add(at, fn, arg)
  local number = self.made + 1
  local timer = setmetatable({ at = at, number = number, fn = fn, arg = arg, heap = self }, Timer)
  self.made = number
  self.count = self.count + 1
  sift_up(self, timer, self.count)
  return timer
end

---When the next timer is due, or nil when there is none.
---@return number?
function Timers:next_at()
  local first = self[1]
  return first and first.at
end

---The same timers in a heap as large as they need; this one is of no use any more.
---@return slack.Timers
function Timers:moved()
  local new = setmetatable({ count = self.count, made = self.made }, Timers)
  for i = 1, self.count do
    local timer = self[i]
    new[i], timer.heap = timer, new
  end
  return new
end

---Takes out the first timer that is due and is not younger than `newest`.
---@param now number
---@param newest integer
---@return slack.Timer?
function Timers:take_due(now, newest)
  local first = self[1]
  if first and first.at <= now and first.number <= newest then
    take_out(self, first)
    return first
  end
end

---Forgets the timer; its function will not run. Cancelling twice, or after it ran, does nothing.
function Timer:cancel()
  if self.place then
    take_out(self.heap, self)
  end
  self.fn, self.arg = nil, nil
end

return Timers
