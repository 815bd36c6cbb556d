-- Whether all that a bot needs around it is there: one check after the other, each of which
-- says what it found, and what to do about what is wrong.
--
-- A check is { name =, run = function(case, report) end }: it looks at the case, and reports.
-- A new one is a new entry of the list below.

local core = require "slack.core"

---@class slack.doctor.Finding
---@field check string
---@field state "ok"|"warning"|"problem"
---@field message string what is so
---@field remedy? string what to do

---@class slack.doctor.Check
---@field name string
---@field run fun(case: slack.doctor.Case, report: slack.doctor.Report)

local M = {}

-- In the order in which they are worth reading: what is here, then what is far.
local GROUPS = {
  "slack.doctor.versions", "slack.doctor.program", "slack.doctor.tokens", "slack.doctor.network",
  "slack.doctor.scopes", "slack.doctor.http", "slack.doctor.storage", "slack.doctor.system",
}

---@class slack.doctor.Report
---@field findings slack.doctor.Finding[]
local Report = {}
Report.__index = Report
Report.__name = "slack.doctor.report"

local function add(self, state, message, remedy)
  table.insert(self.findings, {
    check = self.check, state = state, message = core.redact(message),
    remedy = remedy and core.redact(remedy),
  })
end

---@param message string
function Report:ok(message)
  add(self, "ok", message)
end

---Something that may be meant, or will matter one day.
---@param message string
---@param remedy string
function Report:warning(message, remedy)
  add(self, "warning", message, remedy)
end

---Something with which the bot does not work.
---@param message string
---@param remedy string
function Report:problem(message, remedy)
  add(self, "problem", message, remedy)
end

---All checks, in their order.
---@return slack.doctor.Check[]
function M.checks()
  local list = {}
  for _, group in ipairs(GROUPS) do
    for _, check in ipairs(require(group)) do
      list[#list + 1] = check
    end
  end
  return list
end

---Makes one check.
---@async
---@param check slack.doctor.Check
---@param case slack.doctor.Case
---@return slack.doctor.Finding[]
function M.run(check, case)
  local report = setmetatable({ findings = {}, check = check.name }, Report)
  check.run(case, report)
  return report.findings
end

return M
