-- Raises a mistake of the program's at the program's own line, however deep in one
-- of our folders it is noticed.

local core = require "slack.core"

---The folder of the file that calls this, for `misuse`.
---@class slack.misuse
local M = {}

---@return string folder
function M.folder()
  return debug.getinfo(2, "S").source:match "^(.*[/\\])" or ""
end

---@param folder string of the files whose caller is meant
---@param text string
function M.raise(folder, text)
  local level = 2
  local caller = debug.getinfo(level, "S")
  while caller and (caller.what == "C" or caller.source:sub(1, #folder) == folder) do
    level = level + 1
    caller = debug.getinfo(level, "S")
  end
  error(core.redact(text), level) -- it may say what was given, in the place of something else
end

return M
