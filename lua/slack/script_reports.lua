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
---@field traceback? string of what raised it
---@field added? slack.Listed[] listeners that have come
---@field removed? slack.Listed[] listeners that are gone
---@field seconds? number from the first look at the change

---A script whose last text did not load.
---@class slack.ScriptProblem
---@field script string
---@field file? string
---@field line? integer
---@field message string file, line and text
---@field traceback? string
---@field at number seconds since the epoch
---@field kept? integer the generation that goes on

---@class slack.ScriptReports
---@field failed table<string, slack.ScriptProblem> by script
---@field listeners table<table, true>
---@field reloads integer scripts loaded, again or not, and removed
---@field failures integer
local ScriptReports = {}
ScriptReports.__index = ScriptReports
ScriptReports.__name = "slack.script_reports"

---@param logger slack.Logger
---@return slack.ScriptReports
function ScriptReports.new(logger)
  return setmetatable({
    log = logger, failed = {}, listeners = {}, reloads = 0, failures = 0,
  }, ScriptReports)
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

-- The file below the folder and the line that a message begins with, if it does. Lua shortens
-- long names to "..." and their end.
local function place_in(message, folder)
  local path, line = message:match "^([^\n]-):(%d+): "
  local prefix = folder .. "/"
  if not path then
    return nil
  elseif path:sub(1, #prefix) == prefix then
    return path:sub(#prefix + 1), math.tointeger(line)
  end
  local rest = path:match "^%.%.%.(.*)$"
  for i = 2, rest and #prefix or 0 do
    local left = #prefix - i + 1
    if rest:sub(1, left) == prefix:sub(i) then
      return rest:sub(left + 1), math.tointeger(line)
    end
  end
end

-- The text, and the traceback behind it, if there is one.
local function split(text)
  local message, traceback = text:match "^(.-)\n(stack traceback:.*)$"
  return message or text, traceback
end

local function log_failures(self, failed, kept)
  local by_message = {}
  for _, name in ipairs(sorted_keys(failed)) do
    local first_line = failed[name]:match "^[^\n]*"
    local names = by_message[first_line] or {}
    by_message[first_line] = names
    names[#names + 1] = name
  end
  for _, first_line in ipairs(sorted_keys(by_message)) do
    local names = by_message[first_line]
    local stays = kept[names[1]]
    self.log:error("%s %s not loaded%s: %s", table.concat(names, ", "),
      #names == 1 and "was" or "were",
      not stays and "" or #names == 1 and ("; generation %d stays"):format(stays)
        or "; what they were stays", failed[names[1]])
  end
end

---Scripts did not load.
---@param failed table<string, string> message by script
---@param kept table<string, integer> generations that stay
---@param folder string
function ScriptReports:fail(failed, kept, folder)
  log_failures(self, failed, kept)
  for _, name in ipairs(sorted_keys(failed)) do
    local message, traceback = split(failed[name])
    local file, line = place_in(message, folder)
    self.failures = self.failures + 1
    self.failed[name] = {
      script = name, file = file or name, line = line, message = message, traceback = traceback,
      at = core.time(), kept = kept[name],
    }
    tell(self, {
      kind = "failed", script = name, generation = kept[name], file = file or name, line = line,
      message = message, traceback = traceback,
    })
  end
end

local function log_difference(self, report)
  for _, sign in ipairs { "removed", "added" } do
    for _, entry in ipairs(report[sign]) do
      self.log:debug("%s: %s %s %s", report.script, sign, entry.kind, entry.name)
    end
  end
end

local function log_success(self, report, before, after, left)
  local lasting = left == 0 and "" or left == 1 and "; 1 handler goes on on the old code"
    or ("; %d handlers go on on the old code"):format(left)
  if report.kind == "removed" then
    self.log:info("removed %s: %d -> 0 listeners%s", report.script, before, lasting)
  else
    self.log:info("%s %s: generation %d, %d -> %d listeners, %.1f ms%s", report.kind,
      report.script, report.generation, before, after, report.seconds * 1000, lasting)
  end
  log_difference(self, report)
end

---A script is there, or is there no more.
---@param report slack.ScriptReport
---@param before integer listeners
---@param after integer
---@param left integer handlers that go on on what was there
function ScriptReports:succeed(report, before, after, left)
  local name = report.script
  if report.kind ~= "removed" then
    report.kind = self.failed[name] and "recovered" or report.kind
  end
  self.failed[name] = nil
  self.reloads = self.reloads + 1
  log_success(self, report, before, after, left)
  tell(self, report)
end

---Nothing is known of any script any more.
function ScriptReports:forget()
  self.failed = {}
end

return ScriptReports
