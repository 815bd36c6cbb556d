-- Ids of buttons and views that conversations make themselves. They tell what comes for a
-- handler that waits from what comes too late: after a restart, for instance.

local core = require "slack.core"

local M = {}

local PREFIX = "lua_slack:"
local PATTERN = "^(" .. PREFIX .. "%x+)"
local ORIGIN_PATTERN = "^" .. PREFIX .. ("%x"):rep(16)

local process -- how ids of this process begin, from the first use on
local count = 0

---How all ids that this process makes begin.
---@return string
function M.origin()
  process = process or ("%s%016x"):format(PREFIX, (string.unpack("=j", core.random(8))))
  return process
end

---Whether ids of some process begin so.
---@param value any
---@return boolean
function M.is_origin(value)
  return type(value) == "string" and value:find(ORIGIN_PATTERN .. "$") ~= nil
end

---How the ids of the process begin that has made this one.
---@param id string
---@return string? origin
function M.origin_of(id)
  return id:match(ORIGIN_PATTERN)
end

---An id that no process has used before.
---@return string
function M.new()
  count = count + 1
  return ("%s%x"):format(M.origin(), count)
end

---Whether this process has made it.
---@param id string
---@return boolean
function M.is_ours(id)
  return M.origin_of(id) == M.origin()
end

---The one that another id begins with: `M.new() .. ":2"`.
---@param id any
---@return string? own
function M.of(id)
  return type(id) == "string" and id:match(PATTERN) or nil
end

return M
