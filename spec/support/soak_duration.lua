-- How long `make soak` takes, as people write it.
local duration = require "slack.duration"

local M = {}

---@param text string "90s", "30m", "2h", "1h30m"; "2": hours
---@return number? seconds nil: it is no time
function M.parse(text)
  local hours = tonumber(text)
  local seconds = hours and hours * 3600 or duration.parse(text)
  return seconds and seconds > 0 and seconds < math.huge and seconds or nil
end

return M
