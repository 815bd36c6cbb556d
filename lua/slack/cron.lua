-- Cron strings: "minute hour day-of-month month day-of-week", as crontab has them.

local Timetable = require "slack.timetable"
local calendar = require "slack.calendar"
local near_miss = require "slack.near_miss"

local M = {}

local function names(first, list)
  local values = {}
  for i, name in ipairs(list) do
    values[name] = first + i - 1
  end
  return values
end

local FIELDS = {
  { name = "minute", least = 0, most = 59 },
  { name = "hour", least = 0, most = 23 },
  { name = "day of month", least = 1, most = 31 },
  { name = "month", least = 1, most = 12, names = names(1, {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  }) },
  { name = "day of week", least = 0, most = 7, names = names(0, {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat",
  }) },
}

local SHORTHANDS = {
  ["@yearly"] = "0 0 1 1 *", ["@annually"] = "0 0 1 1 *", ["@monthly"] = "0 0 1 * *",
  ["@weekly"] = "0 0 * * 0", ["@daily"] = "0 0 * * *", ["@midnight"] = "0 0 * * *",
  ["@hourly"] = "0 * * * *",
}

-- Reading -----------------------------------------------------------------------------------

local function expected(field)
  local text = ("%d-%d"):format(field.least, field.most)
  if field.names then
    text = text .. (field.name == "month" and " or jan-dec" or " or sun-sat, 0 and 7 are Sunday")
  end
  return text .. ', "*", "a-b", "a-b/step" or a list of these expected'
end

local function read_value(field, text)
  local value = text:find "^%d%d?$" and math.tointeger(tonumber(text))
    or field.names and field.names[text:lower()]
  return value and value >= field.least and value <= field.most and value or nil
end

-- first, last and step of one item of a list.
local function read_range(field, item)
  local range, step = item:match "^([^/]+)/(%d+)$"
  range, step = range or item, tonumber(step or 1)
  if step < 1 or step > field.most then
    return nil
  elseif range == "*" then
    return field.least, math.min(field.most, field.name == "day of week" and 6 or 59), step
  end
  local first, last = range:match "^([%w]+)%-([%w]+)$"
  first, last = read_value(field, first or range), last and read_value(field, last)
  if not range:find("-", 1, true) then
    return first, step > 1 and field.most or first, step
  end
  return last and first, last, step
end

-- The values of a field; nil of one that is "*".
local function read_field(field, text, at)
  local values, position = {}, at
  for item, after in (text .. ","):gmatch "([^,]*),()" do
    local first, last, step = read_range(field, item)
    if not first then
      return nil, ("%s: %s, got %q (at character %d)"):format(field.name, expected(field), item,
        position)
    elseif last < first then
      return nil, ("%s: %q goes backwards (at character %d)"):format(field.name, item, position)
    end
    for value = first, last, step do
      values[field.name == "day of week" and value % 7 or value] = true
    end
    position = at + after - 1
  end
  return values
end

local function split(text)
  local parts = {}
  for at, part in text:gmatch "()(%S+)" do
    parts[#parts + 1] = { text = part, at = at }
  end
  return parts
end

local function count_problem(count)
  local advice = count == 6 and "; seconds are no field here: app:every takes \"10s\"" or ""
  return ("5 fields expected (minute, hour, day of month, month, day of week), got %d%s")
    :format(count, advice)
end

local function is_all(values, least, most)
  for value = least, most do
    if not values[value] then
      return false
    end
  end
  return true
end

local function times_of(minutes, hours)
  local times = {}
  for hour = 0, 23 do
    for minute = 0, hours[hour] and 59 or -1 do
      if minutes[minute] then
        times[#times + 1] = hour * 60 + minute
      end
    end
  end
  return times
end

-- Whether there is such a day in any year.
local function has_days(dates, months)
  for month = 1, 12 do
    for date = 1, calendar.days_in_month(2024, month) do
      if months[month] and dates[date] then
        return true
      end
    end
  end
  return false
end

local function table_of(sets, texts)
  local minutes, hours, dates, months, weekdays = table.unpack(sets)
  -- A field that begins with "*" names no days, as in crontab, a step behind it or not.
  local is_any_date, is_any_weekday = texts[3]:sub(1, 1) == "*", texts[5]:sub(1, 1) == "*"
  local every_hour = is_all(hours, 0, 23)
  return Timetable.new {
    times = every_hour and {} or times_of(minutes, hours), minutes = every_hour and minutes or nil,
    dates = not (is_any_date and is_all(dates, 1, 31)) and dates or nil,
    months = not is_all(months, 1, 12) and months or nil,
    weekdays = not (is_any_weekday and is_all(weekdays, 0, 6)) and weekdays or nil,
    is_either = not (is_any_date or is_any_weekday),
  }
end

---Whether a text is meant as one, and not as "5m" or "Mon 09:00".
---@param text string
---@return boolean
function M.is_like(text)
  return text:find "^%s*@" ~= nil or text:find "^%s*[%d*]%S*%s+[%d*]%S*%s" ~= nil
    and not text:find "%d:%d"
end

---@param text string
---@return slack.Timetable? timetable
---@return string? problem with the field and its place
function M.parse(text)
  local word = text:match "^%s*(@%S*)%s*$"
  if word == "@reboot" then
    return nil, "cron \"@reboot\": what is to be done at the start stands behind app:start"
  elseif word and not SHORTHANDS[word:lower()] then
    return nil, ("cron: unknown word %q%s"):format(word, near_miss(word, SHORTHANDS))
  end
  local parts, sets, texts = split(word and SHORTHANDS[word:lower()] or text), {}, {}
  if #parts ~= #FIELDS then
    return nil, ("cron %q: %s"):format(text, count_problem(#parts))
  end
  for i, field in ipairs(FIELDS) do
    local values, problem = read_field(field, parts[i].text, parts[i].at)
    if not values then
      return nil, ("cron %q: field %d, %s"):format(text, i, problem)
    end
    sets[i], texts[i] = values, parts[i].text
  end
  local timetable = table_of(sets, texts)
  if timetable.dates and not timetable.is_either and not has_days(sets[3], sets[4]) then
    return nil, ("cron %q: there is no such day in any year"):format(text)
  end
  return timetable
end

return M
