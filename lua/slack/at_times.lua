-- Times as people write them: "09:00", "Mon 09:00", "Mon-Fri 09:00,17:30", "1st 08:00",
-- "last 18:00", "2026-12-24 18:00".

local Timetable = require "slack.timetable"
local calendar = require "slack.calendar"

local M = {}

local DAYS = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }

local FORMS = '"09:00", "Mon 09:00", "Mon-Fri 09:00,17:30", "1st 08:00", "last 18:00", '
  .. '"2026-12-24 18:00" or a cron string'

-- By its first three letters, and as many more as there are.
local function weekday_of(text)
  text = text:lower()
  for i, name in ipairs(DAYS) do
    if #text >= 3 and name:sub(1, #text) == text then
      return i - 1
    end
  end
end

local function read_weekdays(item, into)
  local first, last = item:match "^(%a+)%-(%a+)$"
  first, last = weekday_of(first or item), weekday_of(last or item)
  if not first or not last then
    return false
  end
  for day = first, last < first and last + 7 or last do -- Fri-Mon goes over the week's end
    into[day % 7] = true
  end
  return true
end

local function read_date(item, timetable)
  if item:lower() == "last" then
    timetable.has_last = true
    return true
  end
  local date = tonumber(item:lower():match "^(%d%d?)%l%l$")
  local ending = item:lower():match "%l%l$"
  if not date or date < 1 or date > 31 or not ("st nd rd th"):find(ending, 1, true) then
    return false
  end
  timetable.dates[math.tointeger(date)] = true
  return true
end

local function read_days(text, timetable)
  if text:find "^%d%d%d%d%-" then
    timetable.day = calendar.parse(text)
    return timetable.day ~= nil
  end
  local weekdays, dates = {}, {}
  timetable.dates = dates
  for item in (text .. ","):gmatch "([^,]*)," do
    if not read_weekdays(item, weekdays) and not read_date(item, timetable) then
      return false
    end
  end
  local has_dates = next(dates) or timetable.has_last
  timetable.dates = has_dates and dates or nil
  timetable.weekdays = next(weekdays) and weekdays or nil
  timetable.is_either = has_dates and timetable.weekdays ~= nil
  return true
end

local function read_times(text, times)
  for item in (text .. ","):gmatch "([^,]*)," do
    local hour, minute = item:match "^(%d%d?):(%d%d)$"
    hour, minute = math.tointeger(hour), math.tointeger(minute)
    if not hour or hour > 23 or minute > 59 then
      return false, item
    end
    times[#times + 1] = hour * 60 + minute
  end
  table.sort(times)
  return true
end

---@param text string
---@return slack.Timetable? timetable
---@return string? problem
function M.parse(text)
  local days, clock = text:match "^%s*(%S-)%s*(%d%d?:[%d:,]*)%s*$"
  if not clock then
    return nil, ("when: %s expected, got %q"):format(FORMS, text)
  end
  local timetable = { times = {} }
  local ok, item = read_times(clock, timetable.times)
  if not ok then
    return nil, ("when: a time from 00:00 to 23:59 expected, got %q in %q"):format(item, text)
  elseif days ~= "" and not read_days(days, timetable) then
    return nil, ("when: days like Mon, Mon-Fri, 1st, last or 2026-12-24 expected, got %q in %q")
      :format(days, text)
  end
  return Timetable.new(timetable)
end

return M
