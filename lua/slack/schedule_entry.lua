-- One thing that is done again and again, or at a time: what app:every and app:at
-- were given, and when it is due.

local Listener = require "slack.listener"
local TimeZone = require "slack.time_zone"
local at_times = require "slack.at_times"
local checks = require "slack.option_checks"
local cron = require "slack.cron"
local duration = require "slack.duration"

local LEAST <const>, MOST <const> = 0.01, 1e9 -- seconds of an interval

---@class slack.ScheduleOptions
---@field tz? string "Europe/Berlin", "UTC", or rules; the variable TZ or the system's otherwise
---@field first? number of an interval: seconds from the start to the first run; the interval
---@field grace? number seconds that a run may be late; a later one is skipped. None: any
---@field each_worker? boolean with the option workers: in each of them, not in the first alone

---@class slack.ScheduleEntry
---@field method "every"|"at"
---@field text string what was given
---@field interval? number seconds
---@field timetable? slack.Timetable in place of an interval
---@field zone? slack.TimeZone of the timetable
---@field options slack.ScheduleOptions
---@field handler fun(c: slack.Context): any
---@field place string
---@field script? string
---@field key string the same for entries that differ in their handlers alone
---@field state slack.ScheduleState shared with the entry that takes its place
---@field ledger? slack.Ledger
local ScheduleEntry = {}
ScheduleEntry.__index = ScheduleEntry
ScheduleEntry.__name = "slack.schedule_entry"

---@class slack.ScheduleState
---@field due? number when it is due next: of an interval on the clock of slack.loop, of a
---  timetable seconds since the epoch; nil: not planned
---@field latest? number the latest time of day that was seen
---@field is_running boolean
---@field missed integer times that were due since the last run began, and skipped

local OPTIONS = {
  tz = { check = checks.of_type "string" },
  first = { check = checks.number_from(0, MOST) },
  grace = { check = checks.number_from(0) },
  each_worker = { check = checks.of_type "boolean" },
}

-- Reading -----------------------------------------------------------------------------------

local EVERY = '"30s", "5m", "1h30m", seconds or a cron string'

local function read_cron(self, text)
  local problem
  self.timetable, problem = cron.parse(text)
  return problem
end

local function read_interval(self, interval)
  if type(interval) == "string" then
    if cron.is_like(interval) then
      return read_cron(self, interval)
    elseif at_times.parse(interval) then
      return ("interval: %s expected, got %q: use app:at"):format(EVERY, interval)
    end
    self.interval = duration.parse(interval)
  else
    self.interval = type(interval) == "number" and interval or nil
  end
  if not self.interval then
    return ("interval: %s expected, got %s"):format(EVERY,
      type(interval) == "string" and ("%q"):format(interval) or type(interval))
  elseif not (self.interval >= LEAST and self.interval <= MOST) then
    return ("interval: from %g seconds to %g expected, got %s"):format(LEAST, MOST,
      tostring(interval))
  end
end

local function read_times(self, text)
  if type(text) ~= "string" then
    return ('when: a text like "Mon 09:00" or a cron string expected, got %s'):format(type(text))
  elseif cron.is_like(text) then
    return read_cron(self, text)
  elseif duration.parse(text) then
    return ("when: a time of day expected, got %q: use app:every"):format(text)
  end
  local problem
  self.timetable, problem = at_times.parse(text)
  return problem
end

local READERS = { every = read_interval, at = read_times }

local function read_options(self, options)
  if type(options) ~= "table" then
    return ("options: table expected, got %s"):format(type(options))
  end
  local problem = checks.all(options, OPTIONS, "")
  if problem then
    return problem
  elseif self.interval and options.tz then
    return 'option "tz": an interval goes by no clock'
  elseif self.timetable and options.first then
    return 'option "first": only an interval has it'
  end
  self.options = options
end

local function read_zone(self)
  local problem
  if self.timetable then
    self.zone, problem = TimeZone.load(self.options.tz)
  end
  return problem and (self.options.tz and 'option "tz": ' or "TZ: ") .. problem
end

local function key_of(self)
  local options = self.options
  return table.concat({ tostring(self.script), self.method, self.text, tostring(options.tz),
    tostring(options.first), tostring(options.grace), tostring(options.each_worker) }, "\n")
end

---@param method "every"|"at"
---@param script? string
---@param when any
---@param ... any [options,] handler
---@return slack.ScheduleEntry? entry
---@return string? problem what is wrong with the arguments
function ScheduleEntry.new(method, script, when, ...)
  local options, handler = ...
  if select("#", ...) < 2 then
    options, handler = {}, options
  end
  local self = setmetatable({
    method = method, script = script, options = {},
    text = type(when) == "string" and ("%q"):format(when) or tostring(when),
    state = { is_running = false, missed = 0 },
  }, ScheduleEntry)
  local problem = READERS[method](self, when) or read_options(self, options) or read_zone(self)
  if problem then
    return nil, problem
  elseif not Listener.is_callable(handler) then
    return nil, "handler: function expected, got "
      .. (handler == nil and "nothing" or type(handler))
  end
  self.handler, self.place, self.key = handler, Listener.place_of(handler), key_of(self)
  return self
end

---Like `app:every "5m" (handlers/remind.lua:3)`.
function ScheduleEntry:__tostring()
  return ("app:%s %s (%s)"):format(self.method, self.text, self.place)
end

-- When it is due ------------------------------------------------------------------------------

---Plans its first run.
---@param now number on its clock
function ScheduleEntry:plan(now)
  local state = self.state
  state.latest = now
  if self.interval then
    state.due = now + (self.options.first or self.interval)
  else
    state.due = self.timetable:next(now, self.zone)
  end
end

---The moment that is to be run for now, the last of those that are over; plans the next.
---@param now number on its clock, not before state.due
---@return number due on its clock
---@return integer skipped earlier ones
function ScheduleEntry:take_due(now)
  local state = self.state
  if self.interval then
    local skipped = (now - state.due) // self.interval
    local due = state.due + skipped * self.interval
    state.due = due + self.interval
    return due, math.tointeger(skipped)
  end
  local due, count = self.timetable:last(state.due - 1, now, self.zone)
  state.due = self.timetable:next(due, self.zone)
  return due, count - 1
end

-- The handle -----------------------------------------------------------------------------------

---It is due no more; a run that has begun ends as it would.
---@return boolean removed false: it was before
function ScheduleEntry:remove()
  local list = self.ledger and self.ledger.schedules or {}
  for i, entry in ipairs(list) do
    if entry == self then
      table.remove(list, i)
      if not self.ledger.is_retired then
        self.registrar:_on_change()
      end
      return true
    end
  end
  return false
end

---When it is due next, as seconds since the epoch.
---@return integer? time nil: the app does not run, another worker does it, or it is due no more
function ScheduleEntry:next_at()
  local schedule = self.schedule
  return schedule and schedule:time_of(self, self.state.due)
end

return ScheduleEntry
