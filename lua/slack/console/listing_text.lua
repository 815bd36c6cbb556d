-- What is registered and loaded, in lines that read as one.

local sorted_keys = require "slack.sorted_keys"

local M = {}

-- Shown as it is, without quotes.
local Lines = { __name = "slack.console.lines" }

function Lines:__tostring()
  return self[1] and table.concat(self, "\n") or "none"
end

---@param app slack.App
---@return string[] lines which tostring makes one text of
function M.listeners(app)
  local lines = setmetatable({}, Lines)
  for i, entry in ipairs(app:listeners()) do
    lines[i] = ("%s %s%s"):format(entry.kind, entry.name,
      entry.file and (" (%s:%d)"):format(entry.file, entry.line) or "")
  end
  return lines
end

---@param app slack.App
---@return string[] lines which tostring makes one text of
function M.scripts(app)
  local lines = setmetatable({}, Lines)
  local scripts = app.scripts
  local generations = scripts and scripts:stats().generations or {}
  for i, name in ipairs(sorted_keys(generations)) do
    lines[i] = ("%s: generation %d"):format(name, generations[name])
  end
  for _, problem in ipairs(scripts and scripts:problems() or {}) do
    lines[#lines + 1] = ("%s: not loaded: %s"):format(problem.script, problem.message)
  end
  return lines
end

return M
