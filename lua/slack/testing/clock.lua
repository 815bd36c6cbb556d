-- The time of a test, and what goes by it: a loop of its own, os.time, os.date and the
-- environment. All of it stands in for what the process has only while the test does
-- something, so that tests do not see each other, and nothing of one is left behind.

local duration = require "slack.duration"
local loops = require "slack.loop"
local tasks = require "slack.tasks"

-- Monday, in the time zone of the machine: what is due "at 9:30 on weekdays" is soon.
local START = { year = 2026, month = 1, day = 5, hour = 9 }
-- Seconds by which a sum of fractions may miss the time that it means.
local SLIP = 1e-6
-- Steps in which an app that does not spin has come to rest.
local MAX_STEPS = 100000

---@class slack.testing.Clock
---@field loop slack.Loop
---@field seconds number since some time before the test
---@field environment table<string, string>
---@field on_error fun(text: string) what nobody else gets that was raised
local Clock = {}
Clock.__index = Clock
Clock.__name = "slack.testing.clock"

local system = os -- whose functions are ours while a test does something

local active -- the clock of the test that does something just now

-- Seconds since the epoch of what an option says; nil when it is no time.
local function read_time(value)
  if type(value) ~= "string" then
    return type(value) == "number" and value or nil
  end
  local year, month, day, rest = value:match "^(%d%d%d%d)-(%d%d)-(%d%d)(.*)$"
  local hour, minute, second = (rest or ""):match "^[T ](%d%d):(%d%d):?(%d*)$"
  if not year or not hour and rest ~= "" then
    return nil
  end
  return os.time {
    year = year, month = month, day = day, hour = hour or 0, min = minute or 0,
    sec = second ~= "" and second or 0,
  }
end

Clock.read_time = read_time

---@param start? number seconds since the epoch
---@param environment table<string, string>
---@return slack.testing.Clock
function Clock.new(start, environment)
  local self = setmetatable({ seconds = 1000, environment = environment }, Clock)
  self.offset = (start or os.time(START)) - self.seconds
  self.loop = loops.new {
    clock = function() return self.seconds end,
    wall = function() return self:now() end,
    sleep = function(seconds) self.seconds = self.seconds + seconds end,
  }
  self.loop.on_error = function(message) self.on_error(message, "") end
  return self
end

---Seconds since the epoch.
---@return number
function Clock:now()
  return self.offset + self.seconds
end

-- What programs ask -------------------------------------------------------------------

-- Programs may keep these under names of their own: one of each, for all tests.
local original = { time = os.time, date = os.date, getenv = os.getenv, exit = os.exit }

local function time(...)
  if active and select("#", ...) == 0 then
    return active:now() // 1 | 0
  end
  return original.time(...)
end

local function date(format, at, ...)
  return original.date(format, at or active and active:now() // 1 | 0 or nil, ...)
end

local function getenv(name)
  local value = active and active.environment[name]
  if value ~= nil then
    return value or nil
  end
  return original.getenv(name)
end

-- The other tests go on, and a status of 0 is not taken for their success.
local function exit(status, ...)
  if active then
    error(("the process would end here: os.exit(%s)"):format(tostring(status)), 2)
  end
  return original.exit(status, ...)
end

local Guard = {}

function Guard:__close()
  active = self.active
  loops.use(self.loop)
  system.time, system.date = self.time, self.date
  system.getenv, system.exit = self.getenv, self.exit
  tasks.on_error = self.on_error
end

---From now on the process goes by this clock, until what is given is closed.
---@return table guard
function Clock:enter()
  local before = {
    active = active, time = os.time, date = os.date, getenv = os.getenv, exit = os.exit,
    on_error = tasks.on_error, loop = loops.use(self.loop),
  }
  active = self
  system.time, system.date, system.getenv, system.exit = time, date, getenv, exit
  tasks.on_error = function(_, err, traceback) self.on_error(err, traceback) end
  return setmetatable(before, Guard)
end

---Whether the process goes by this clock just now.
---@return boolean
function Clock:is_active()
  return active == self
end

---Whether the caller is called by what this clock drives.
---@return boolean
function Clock:is_inside()
  return self.loop:is_stepping()
end

-- Passing time ------------------------------------------------------------------------

---Does all that can be done without time passing.
---@return boolean rests false: there is no end of it
function Clock:settle()
  local loop = self.loop
  for _ = 1, MAX_STEPS do
    loop:step(0)
    if loop:timeout() ~= 0 then
      return true
    end
  end
  return false
end

---Passes so many seconds, with all that is due in them at its time.
---@param seconds number
---@return boolean rests
function Clock:pass(seconds)
  local target = self.seconds + seconds
  while self:settle() do
    local next_at = self.loop.timers:next_at()
    if not next_at or next_at > target + SLIP then
      self.seconds = math.max(self.seconds, target)
      return true
    end
    self.seconds = math.max(self.seconds, next_at)
  end
  return false
end

---Passes as much time as a task needs to end, at most so much.
---@param task slack.Task
---@param seconds number
---@return boolean rests
function Clock:finish(task, seconds)
  local latest, rests = self.seconds + seconds, self:settle()
  while rests and not task:is_done() do
    local next_at = self.loop.timers:next_at()
    if not next_at or next_at > latest then
      return true
    end
    rests = self:pass(math.max(next_at - self.seconds, 0))
  end
  return rests
end

---It is of no use any more.
function Clock:close()
  self.loop:close()
end

---Seconds of "5m", "1h30m" or a number; nil for anything else.
---@param given any
---@return number?
function Clock.seconds_of(given)
  if type(given) == "string" then
    return (duration.parse(given))
  end
  return type(given) == "number" and given >= 0 and given < math.huge and given or nil
end

return Clock
