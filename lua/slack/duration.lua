-- Spans of time as people write them.

local UNITS = { w = 604800, d = 86400, h = 3600, m = 60, s = 1, ms = 0.001 }
local RANKS = { w = 6, d = 5, h = 4, m = 3, s = 2, ms = 1 }

local M = {}

---The seconds of a text like "90s", "5m", "1h30m", "1.5h", "250ms": numbers with the
---units w, d, h, m, s and ms, the greatest first.
---@param text string
---@return number? seconds an integer when it is one; nil when the text is none
function M.parse(text)
  local seconds, rank, at = 0, math.huge, 1
  while at <= #text do
    local number, unit, after = text:match("^(%d[%d.]*)(%l+)()", at)
    number = tonumber(number)
    if not number or not UNITS[unit] or RANKS[unit] >= rank then
      return nil
    end
    seconds, rank, at = seconds + number * UNITS[unit], RANKS[unit], after
  end
  if at == 1 or seconds == math.huge then
    return nil
  end
  return math.tointeger(seconds) or seconds
end

return M
