-- Loops whose time is made up: waiting passes it at once.
local Loop = require "slack.loop"

local clock = {}

---@return slack.Loop loop, { now: number } time
function clock.loop()
  local time = { now = 1000 }
  local loop = Loop.new {
    clock = function()
      return time.now
    end,
    sleep = function(seconds)
      time.now = time.now + seconds
    end,
  }
  return loop, time
end

return clock
