-- One wait for one happening: somebody calls resolve, somebody awaits.

local loop = require "slack.loop"
local misuse = require "slack.misuse"
local scheduler = require "slack.scheduler"

local FOLDER = misuse.folder()
local unpack = table.unpack

---@class slack.Waiter
---@field on_abandon? fun(waiter: slack.Waiter) called when the wait ends otherwise: its
---  time is over or its task is cancelled; what was waited for can then be given up
---@field settled boolean
---@field timed_out? boolean
local Waiter = {}
Waiter.__index = Waiter
Waiter.__name = "slack.waiter"

---@return slack.Waiter
function Waiter.new()
  return setmetatable({ -- with all fields, as a table that grows costs more than it
    settled = false, task = false, timer = false, count = 0, value = false, on_abandon = false,
  }, Waiter)
end

local function settle(self)
  self.settled = true
  if self.timer then
    self.timer:cancel()
    self.timer = false
  end
  if self.task then
    scheduler.wake(self.task)
  end
end

---Ends the wait; its await gives the values. The first call counts.
---@return boolean first false: it was settled or given up before
function Waiter:resolve(...)
  if self.settled then
    return false
  end
  local count = select("#", ...)
  self.count = count
  if count == 1 then
    self.value = ...
  elseif count > 1 then
    self.value = { ... }
  end
  settle(self)
  return true
end

---The same for one value, which costs less.
---@param value any
---@return boolean first
function Waiter:give(value)
  if self.settled then
    return false
  end
  self.count, self.value = 1, value
  settle(self)
  return true
end

---Ends the wait without values, and tells on_abandon.
function Waiter:give_up()
  settle(self)
  if self.on_abandon then
    self:on_abandon()
  end
end

local function time_out(self)
  if not self.settled then
    self.timed_out = true
    self:give_up()
  end
end

local function outcome_of_wait(self)
  if self.timed_out then
    return nil, "timeout"
  elseif self.count == 1 then
    return self.value
  elseif self.count == 0 then
    return nil
  end
  return unpack(self.value, 1, self.count)
end

-- What was to be waited for is given up, so that nothing is left running.
local function refuse(self, message)
  self:give_up()
  misuse.raise(FOLDER, message)
end

-- Outside of tasks there is nothing to suspend: the loop is run from here.
local function block(self)
  while not self.settled do
    if loop.is_stepping() then
      refuse(self, "cannot wait in a callback of the loop: use slack.spawn")
    elseif not loop.is_alive() then
      refuse(self, "waiting for what can never happen: no timer, task or connection is left")
    end
    loop.step()
  end
end

---Waits for resolve; only the calling task is suspended. Outside of tasks the
---loop runs meanwhile.
---@async
---@param timeout? number seconds
---@return any ... the values of resolve; nil, "timeout" when the time is over
function Waiter:await(timeout)
  if not self.settled then
    local task = scheduler.current()
    if self.task then
      error("this waiter is awaited already", 2)
    end
    if task and not coroutine.isyieldable() then
      refuse(self, "cannot wait here: inside a C function that calls back, as table.sort and "
        .. "string.gsub do, or a __close while cancelled: wait before that")
    end
    if timeout then
      self.timer = loop.after(timeout, time_out, self)
    end
    if task then
      self.task = task
      local problem = scheduler.park(task, self)
      if problem then
        refuse(self, problem)
      end
    else
      block(self)
    end
  end
  return outcome_of_wait(self)
end

return Waiter
