-- When something is due by the clock: on which days, at which times of the day. Made
-- by cron.lua and at_times.lua.
--
-- A time that a day leaps over, when clocks are put forward, is due at the next moment
-- that there is; one that a day has twice is due at the first. What is due in every
-- hour goes by the hours that pass instead: by none of one that is leapt over, by both
-- of one that comes twice.

local calendar = require "slack.calendar"

local DAY <const>, HOUR <const>, MINUTE <const> = 86400, 3600, 60
-- Days that are looked through: 29 February is a Sunday every 28 years, and one may be
-- 40 years away where a year of a hundred has none.
local HORIZON = 41 * 366
-- Moments that are counted one by one; of more the last is looked for from these
-- seconds before.
local MOST_COUNTED = 1000
local LOOKS_BACK = { 3600, DAY, 40 * DAY, 400 * DAY }

---@class slack.Timetable
---@field times integer[] minutes of the day, in order
---@field minutes? table<integer, true> of every hour, in place of times
---@field dates? table<integer, true> days of the month
---@field has_last? boolean the last day of the month too
---@field months? table<integer, true>
---@field weekdays? table<integer, true> 0: Sunday
---@field is_either? boolean one of dates and weekdays is enough
---@field day? integer that day alone, as a number from 1970-01-01
local Timetable = {}
Timetable.__index = Timetable
Timetable.__name = "slack.timetable"

---@param parts table the fields
---@return slack.Timetable
function Timetable.new(parts)
  return setmetatable(parts, Timetable)
end

local function has_date(self, year, month, date)
  return self.dates[date] or self.has_last and date == calendar.days_in_month(year, month)
end

local function is_on(self, day, year, month, date)
  local by_date = not self.dates or has_date(self, year, month, date)
  local by_weekday = not self.weekdays or self.weekdays[calendar.weekday(day)]
  if self.is_either then
    return by_date or by_weekday
  end
  return by_date and by_weekday
end

-- The first of its days that is not before one; nil: there is none.
local function find_day(self, day)
  if self.day then
    return day <= self.day and self.day or nil
  end
  local limit = day + HORIZON
  while day < limit do
    local year, month, date = calendar.date(day)
    if self.months and not self.months[month] then
      day = day + calendar.days_in_month(year, month) - date + 1
    elseif is_on(self, day, year, month, date) then
      return day
    else
      day = day + 1
    end
  end
end

local function next_of_hours(self, after, zone)
  local offset = zone:period(after)
  local time = ((after + offset) // MINUTE + 1) * MINUTE - offset
  while true do
    local clock = time + zone:period(time)
    local day = find_day(self, clock // DAY)
    if not day then
      return nil
    elseif day > clock // DAY then
      time = math.max(zone:moment(day * DAY), time + MINUTE)
    elseif self.minutes[clock % HOUR // MINUTE] then
      return time
    else
      time = time + MINUTE
    end
  end
end

---The first moment later than a time.
---@param after number seconds since the epoch
---@param zone slack.TimeZone whose clocks count
---@return integer? time seconds since the epoch; nil: never again
function Timetable:next(after, zone)
  if self.minutes then
    local time = next_of_hours(self, after, zone)
    return time and math.tointeger(time)
  end
  local day = find_day(self, math.tointeger((after + zone:period(after)) // DAY))
  while day do
    for _, minute in ipairs(self.times) do
      local time = zone:moment(day * DAY + minute * MINUTE)
      if time > after then
        return math.tointeger(time)
      end
    end
    day = find_day(self, day + 1)
  end
end

local function walk(self, after, time, zone)
  local last, count = nil, 0
  local due = self:next(after, zone)
  while due and due <= time and count < MOST_COUNTED do
    last, count = due, count + 1
    due = self:next(due, zone)
  end
  return last, count, due ~= nil and due <= time
end

---The last moment that is not later than a time, of those later than another.
---@param after number
---@param time number
---@param zone slack.TimeZone
---@return integer? moment nil: there is none
---@return integer count how many there are; when they are very many, that many at least
function Timetable:last(after, time, zone)
  local last, count, is_more = walk(self, after, time, zone)
  for i = 1, is_more and #LOOKS_BACK or 0 do
    local found = walk(self, time - LOOKS_BACK[i], time, zone)
    if found then
      return found, count
    end
  end
  return last, count
end

return Timetable
