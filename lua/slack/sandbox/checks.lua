-- Checks of what a program asks of the local Slack: unknown names, wrong types and
-- what is missing raise at the line of the caller.

local near_miss = require "slack.near_miss"

local M = {}

local function kind_of(value, expected)
  return expected == "integer" and math.type(value) or type(value)
end

-- What is wrong with the fields, or nil.
local function problem_of(given, known, needed)
  if type(given) ~= "table" then
    return "a table expected, got " .. type(given)
  end
  for name, value in pairs(given) do
    local expected = known[name]
    if not expected then
      return ("unknown field %q%s"):format(tostring(name), near_miss(name, known))
    elseif expected ~= "any" and kind_of(value, expected) ~= expected then
      return ("field %q: %s expected, got %s"):format(name, expected, type(value))
    end
  end
  for _, name in ipairs(needed) do
    if given[name] == nil then
      return ("field %q is missing"):format(name)
    end
  end
end

---What is wrong with the fields of a table, or nil.
---@param given any
---@param known table<string, string> type of each field
---@return string?
function M.problem(given, known)
  return problem_of(given, known, {})
end

---What is wrong with an option, or nil.
---@param name any
---@param value any
---@param known table<string, string> type of each option
---@return string?
function M.option_problem(name, value, known)
  local expected = known[name]
  if not expected then
    return ("unknown option '%s'%s"):format(tostring(name), near_miss(name, known))
  elseif expected ~= "any" and type(value) ~= expected then
    return ("option '%s': %s expected, got %s"):format(name, expected, type(value))
  end
end

---Fields of a call, blamed on a caller further up.
---@param level integer as for error, counted from the caller of this
---@param name string of the function
---@param given any
---@param known table<string, string> type of each field
---@param ... string names of those that must be there
function M.raise_at(level, name, given, known, ...)
  local problem = problem_of(given, known, { ... })
  if problem then
    error(("sandbox:%s: %s"):format(name, problem), level + 1)
  end
end

---Fields of a call; to be called by the function that the program called.
---@param name string of the function
---@param given any
---@param known table<string, string> type of each field
---@param ... string names of those that must be there
function M.fields(name, given, known, ...)
  M.raise_at(3, name, given, known, ...)
end

---The type of an argument.
---@param name string of the function and the argument
---@param value any
---@param expected string
function M.type(name, value, expected)
  if type(value) ~= expected then
    error(("sandbox:%s: %s expected, got %s"):format(name, expected, type(value)), 3)
  end
end

local FAILURE = {
  error = "string", status = "integer", retry_after = "number", body = "string",
  content_type = "string", delay = "number", drop = "boolean", times = "integer",
}

local function failure_problem(how)
  if type(how) == "string" then
    return ("a table expected, got a string: { error = %q }?"):format(how)
  end
  local problem = problem_of(how, FAILURE, {})
  if problem then
    return problem
  elseif not (how.error or how.status or how.body or how.delay or how.drop) then
    return "one of error, status, body, delay and drop is needed"
  elseif how.status and (how.status < 200 or how.status > 599) then
    return ('field "status": an HTTP status from 200 to 599 expected, got %d'):format(how.status)
  elseif how.times and how.times < 1 then
    return ('field "times": at least 1 expected, got %d'):format(how.times)
  elseif how.delay and not (how.delay >= 0 and how.delay < math.huge) then
    return ('field "delay": seconds expected, got %g'):format(how.delay)
  end
end

---Arguments of sandbox:fail.
---@param method any
---@param how any
function M.failure(method, how)
  local problem
  if type(method) ~= "string" or not (method == "*" or method:find "^%a[%w.]*$") then
    problem = ("the name of a method or \"*\" expected, got %s"):format(tostring(method))
  elseif how ~= nil then
    problem = failure_problem(how)
  end
  if problem then
    error("sandbox:fail: " .. problem, 3)
  end
end

return M
