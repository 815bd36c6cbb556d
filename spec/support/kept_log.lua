-- A log of which every line is kept.
local logs = require "slack.log"

local KeptLog = {}
KeptLog.__index = KeptLog

---@param level? slack.LogLevel "debug"
---@return { log: slack.Log, lines: string[] } self
function KeptLog.new(level)
  local self = setmetatable({ lines = {} }, KeptLog)
  self.log = logs.new {
    level = level or "debug",
    sink = function(line)
      table.insert(self.lines, line)
    end,
  }
  return self
end

---How many lines have this in them.
---@param pattern string
---@param is_plain? boolean it is a text
---@return integer
function KeptLog:count(pattern, is_plain)
  local count = 0
  for _, line in ipairs(self.lines) do
    count = count + (line:find(pattern, 1, is_plain) and 1 or 0)
  end
  return count
end

return KeptLog
