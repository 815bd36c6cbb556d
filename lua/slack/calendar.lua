-- Days of the Gregorian calendar as numbers, and back. No time zones here.

local M = {}

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

---@param year integer
---@return boolean
function M.is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

---@param year integer
---@param month integer
---@return integer
function M.days_in_month(year, month)
  return month == 2 and M.is_leap(year) and 29 or MONTH_DAYS[month]
end

---The days from 1970-01-01 to a date.
---@param year integer
---@param month integer
---@param day integer
---@return integer
function M.day_number(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12 -- a year that begins with March ends with its leap day
  end
  local before = year * 365 + year // 4 - year // 100 + year // 400
  return before + (153 * (month - 3) + 2) // 5 + day - 719469
end

---The day of a date written as "2026-03-31".
---@param text string
---@return integer? number days from 1970-01-01; nil: there is no such day
function M.parse(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if year and month >= 1 and month <= 12 and day >= 1 and day <= M.days_in_month(year, month) then
    return M.day_number(year, month, day)
  end
end

---The date so many days after 1970-01-01.
---@param number integer
---@return integer year
---@return integer month
---@return integer day
function M.date(number)
  local days = number + 719468
  local era = days // 146097
  local of_era = days - era * 146097
  local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local month = (5 * of_year + 2) // 153
  local day = of_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

---The day of the week, 0 for Sunday.
---@param number integer days from 1970-01-01
---@return integer
function M.weekday(number)
  return (number + 4) % 7
end

return M
