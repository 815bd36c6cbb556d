-- What the scripts tell others about their loads: those that asked to be told, and whoever
-- asks which of them have a text that did not load.

local core = require "slack.core"
local sorted_keys = require "slack.sorted_keys"

---What became of a script.
---@class slack.ScriptReport
---@field kind "loaded"|"reloaded"|"removed"|"failed"|"recovered" recovered: it had failed
---@field script string path below the folder
---@field generation? integer that is there now; of "failed": that stays
---@field file? string of "failed": where the mistake is, a module perhaps
---@field line? integer
---@field message? string file, line and text
---@field added? slack.Listed[] listeners that have come
---@field removed? slack.Listed[] listeners that are gone
---@field seconds? number from the first look at the change

---A script whose last text did not load.
---@class slack.ScriptProblem
---@field script string
---@field file? string
---@field line? integer
---@field message string
---@field at number seconds since the epoch
---@field kept? integer the generation that goes on

---@class slack.ScriptReports
---@field failed table<string, slack.ScriptProblem> by script
---@field listeners table<function, true>
local ScriptReports = {}
ScriptReports.__index = ScriptReports
ScriptReports.__name = "slack.script_reports"

---@param logger slack.Logger
---@return slack.ScriptReports
function ScriptReports.new(logger)
  return setmetatable({ log = logger, failed = {}, listeners = {} }, ScriptReports)
end

---@param fn fun(report: slack.ScriptReport)
---@return fun() unsubscribe
function ScriptReports:subscribe(fn)
  if type(fn) ~= "function" then
    error("scripts:subscribe: function expected, got " .. type(fn), 3)
  end
  local entry = { fn = fn }
  self.listeners[entry] = true
  return function()
    self.listeners[entry] = nil
  end
end

---@return slack.ScriptProblem[]
function ScriptReports:problems()
  local list = {}
  for i, name in ipairs(sorted_keys(self.failed)) do
    list[i] = self.failed[name]
  end
  return list
end

local function tell(self, report)
  local entries = {}
  for entry in pairs(self.listeners) do
    entries[#entries + 1] = entry
  end
  for _, entry in ipairs(entries) do
    local ok, message = pcall(entry.fn, report)
    if not ok then
      self.log:error("a function of scripts:subscribe failed: %s", tostring(message))
    end
  end
end

-- The file below the folder and the line that a message begins with, if it does.
local function place_in(message, folder)
  local prefix = folder .. "/"
  if message:sub(1, #prefix) == prefix then
    local file, line = message:sub(#prefix + 1):match "^([^\n:]+):(%d+): "
    return file, math.tointeger(line)
  end
end

---@param name string of the script
---@param message string
---@param folder string
---@param kept? integer
function ScriptReports:fail(name, message, folder, kept)
  local file, line = place_in(message, folder)
  self.failed[name] = {
    script = name, file = file or name, line = line, message = message, at = core.time(),
    kept = kept,
  }
  tell(self, {
    kind = "failed", script = name, generation = kept, file = file or name, line = line,
    message = message,
  })
end

---@param report slack.ScriptReport of a script that is there, or is there no more
function ScriptReports:succeed(report)
  if report.kind ~= "removed" and self.failed[report.script] then
    report.kind = "recovered"
  end
  self.failed[report.script] = nil
  tell(self, report)
end

return ScriptReports
