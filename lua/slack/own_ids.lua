-- Ids of buttons and views that conversations make themselves. They tell what comes for a
-- handler that waits from what comes too late: after a restart, for instance.

local core = require "slack.core"

local M = {}

local PREFIX = "lua_slack:"
local PATTERN = "^(" .. PREFIX .. "%x+)"

local process -- names this process, from the first use on
local count = 0

---An id that no process has used before.
---@return string
function M.new()
  process = process or ("%016x"):format((string.unpack("=j", core.random(8))))
  count = count + 1
  return ("%s%s%x"):format(PREFIX, process, count)
end

---The one that another id begins with: `M.new() .. ":2"`.
---@param id any
---@return string? own
function M.of(id)
  return type(id) == "string" and id:match(PATTERN) or nil
end

return M
