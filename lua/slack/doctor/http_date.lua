-- The date of an HTTP header as seconds since the epoch.

local calendar = require "slack.calendar"

local MONTHS = {}
for number, name in ipairs { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
  "Nov", "Dec" } do
  MONTHS[name] = number
end

---@param text string "Sun, 06 Nov 1994 08:49:37 GMT"
---@return integer? seconds since the epoch
return function(text)
  local day, month, year, hour, minute, second =
    text:match "^%a+, (%d%d) (%a+) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not MONTHS[month] then
    return nil
  end
  return calendar.day_number(tonumber(year), MONTHS[month], tonumber(day)) * 86400
    + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
end
