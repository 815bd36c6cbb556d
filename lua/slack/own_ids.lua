-- Ids of buttons and views that conversations make themselves. They tell what comes for a
-- handler that waits from what comes too late: after a restart, for instance.

local core = require "slack.core"

local M = {}

local PREFIX = "lua_slack:"
local PATTERN = "^(" .. PREFIX .. "%x+)"

local process -- how ids of this process begin, from the first use on
local count = 0

local function prefix()
  process = process or ("%s%016x"):format(PREFIX, (string.unpack("=j", core.random(8))))
  return process
end

---An id that no process has used before.
---@return string
function M.new()
  count = count + 1
  return ("%s%x"):format(prefix(), count)
end

---Whether this process has made it.
---@param id string
---@return boolean
function M.is_ours(id)
  return id:sub(1, #prefix()) == prefix()
end

---The one that another id begins with: `M.new() .. ":2"`.
---@param id any
---@return string? own
function M.of(id)
  return type(id) == "string" and id:match(PATTERN) or nil
end

return M
