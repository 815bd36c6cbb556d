-- Time zones written as rules, like "CET-1CEST,M3.5.0,M10.5.0/3": what POSIX has for
-- the variable TZ, and what stands at the end of a time zone file for all years to come.

local calendar = require "slack.calendar"

local DAY <const>, HOUR <const> = 86400, 3600
-- Of the United States, for a zone with summer time that names no days.
local USUAL_RULES = ",M3.2.0,M11.1.0"

---@class slack.PosixTimeZone
---@field standard integer seconds east of Greenwich
---@field summer? integer the same in summer, if there is one
local PosixTimeZone = {}
PosixTimeZone.__index = PosixTimeZone
PosixTimeZone.__name = "slack.posix_time_zone"

-- Reading ---------------------------------------------------------------------------------

local function read_name(text, at)
  return text:match("^<[%w+-]+>()", at) or text:match("^%a%a%a+()", at)
end

-- Hours, with minutes and seconds perhaps, as seconds.
local function read_time(text, at)
  local sign, hours, after = text:match("^([+-]?)(%d%d?%d?)()", at)
  if not hours then
    return nil, at
  end
  local seconds = tonumber(hours) * HOUR
  for _, unit in ipairs { 60, 1 } do
    local digits, next_at = text:match("^:(%d%d)()", after)
    if not digits then
      break
    end
    seconds, after = seconds + tonumber(digits) * unit, next_at
  end
  return sign == "-" and -seconds or seconds, after
end

local function between(value, least, most)
  return value and value >= least and value <= most
end

local function read_day(text, at)
  local month, week, weekday, after = text:match("^M(%d+)%.(%d)%.(%d)()", at)
  if month then
    month, week, weekday = tonumber(month), tonumber(week), tonumber(weekday)
    if between(month, 1, 12) and between(week, 1, 5) and between(weekday, 0, 6) then
      return { month = month, week = week, weekday = weekday }, after
    end
    return nil
  end
  local mark, number
  mark, number, after = text:match("^(J?)(%d+)()", at)
  number = tonumber(number)
  if mark == "J" and between(number, 1, 365) then
    return { no_leap_day = number }, after
  elseif mark == "" and between(number, 0, 365) then
    return { day = number }, after
  end
end

local function read_rule(text, at)
  if text:sub(at, at) ~= "," then
    return nil
  end
  local rule, after = read_day(text, at + 1)
  if not rule then
    return nil
  end
  rule.time = 2 * HOUR
  if text:sub(after, after) == "/" then
    rule.time, after = read_time(text, after + 1)
  end
  return rule.time and rule, after
end

local function read_summer(self, text, at)
  local seconds
  seconds, at = read_time(text, at)
  self.summer = seconds and -seconds or self.standard + HOUR
  if at > #text then
    text, at = USUAL_RULES, 1
  end
  self.starts, at = read_rule(text, at)
  if self.starts then
    self.ends, at = read_rule(text, at)
  end
  return self.ends and at > #text
end

---@param text string
---@return slack.PosixTimeZone? zone nil when the text is none
function PosixTimeZone.parse(text)
  local self = setmetatable({}, PosixTimeZone)
  local at = read_name(text, 1)
  local west
  if at then
    west, at = read_time(text, at)
  end
  if not west then
    return nil
  end
  self.standard = -west
  if at > #text then
    return self
  end
  at = read_name(text, at)
  return at and read_summer(self, text, at) and self or nil
end

-- Using -----------------------------------------------------------------------------------

-- The day of a rule in a year, as a number.
local function day_of(rule, year)
  local first = calendar.day_number(year, 1, 1)
  if rule.day then
    return first + rule.day
  elseif rule.no_leap_day then
    local skipped = calendar.is_leap(year) and rule.no_leap_day >= 60
    return first + rule.no_leap_day - (skipped and 0 or 1)
  end
  local month = calendar.day_number(year, rule.month, 1)
  local day = month + (rule.weekday - calendar.weekday(month)) % 7 + 7 * (rule.week - 1)
  if day >= month + calendar.days_in_month(year, rule.month) then
    day = day - 7
  end
  return day
end

-- When clocks change in a year: a time of the clock before the change.
local function changes_of(self, year, into)
  into[#into + 1] = {
    at = day_of(self.starts, year) * DAY + self.starts.time - self.standard, offset = self.summer,
  }
  into[#into + 1] = {
    at = day_of(self.ends, year) * DAY + self.ends.time - self.summer, offset = self.standard,
    is_end = true,
  }
end

local function by_time(a, b)
  if a.at ~= b.at then
    return a.at < b.at
  end
  return a.is_end and not b.is_end -- summer that ends as the next one begins goes on
end

---How far the clocks are ahead at a time, since when, and until when.
---@param time number seconds since the epoch
---@return integer offset seconds east of Greenwich
---@return number? from
---@return number? till
function PosixTimeZone:period(time)
  if not self.summer then
    return self.standard
  end
  local year = calendar.date((time + self.standard) // DAY)
  local changes = {}
  for one = year - 1, year + 1 do
    changes_of(self, one, changes)
  end
  table.sort(changes, by_time)
  local last = 0
  while changes[last + 1] and changes[last + 1].at <= time do
    last = last + 1
  end
  return changes[last].offset, changes[last].at, changes[last + 1] and changes[last + 1].at
end

return PosixTimeZone
