-- Calls of the program's own functions in the option oauth. An error in one, or a
-- result that is of no use, is told by the function's name and place, not by those of
-- the route that called it.

local Listener = require "slack.listener"

-- What stands in for the route while its function runs.
---@class slack.oauth.Hook
---@field name string "oauth.before_install"
---@field place string
---@field path string of the route
local Hook = { __name = "slack.oauth.hook" }

function Hook:__tostring()
  return ("%s (%s)"):format(self.name, self.place)
end

local M = {}

-- What fn raises, or check finds wrong with its value, is an error of its own.
local function call(c, name, check, fn, ...)
  local route = c.listener
  c.listener = setmetatable({
    name = name, place = Listener.place_of(fn), path = route.path, script = route.script,
  }, Hook)
  local value = fn(...)
  local problem = check and check(value)
  if problem then
    error(problem, 0)
  end
  c.listener = route
  return value
end

-- Why a value is neither a page, nor a response, nor yes or no.
local function problem_of(value)
  local kind = type(value)
  if value ~= nil and kind ~= "boolean" and kind ~= "string" and kind ~= "table" then
    return ("it returned a %s; text, a response, true, false or nothing expected"):format(kind)
  end
end

---Calls a function of the program's own, which may wait.
---@async
---@param c slack.RouteContext
---@param name string of the option
---@param fn function
---@param ... any
---@return any value
function M.call(c, name, fn, ...)
  return call(c, name, nil, fn, ...)
end

---The same, of one whose value decides what happens.
---@async
---@param c slack.RouteContext
---@param name string
---@param fn function
---@param ... any
---@return any value
function M.decide(c, name, fn, ...)
  return call(c, name, problem_of, fn, ...)
end

---The page that one gives. A value that is none is told of: what it was to show has
---happened, and there is a page in its place.
---@async
---@param c slack.RouteContext
---@param log slack.Logger
---@param name string
---@param fn function
---@param ... any
---@return any page
function M.page(c, log, name, fn, ...)
  local value = call(c, name, nil, fn, ...)
  local problem = problem_of(value)
  if problem then
    log:error("%s (%s): %s", name, Listener.place_of(fn), problem)
    return nil
  end
  return value
end

return M
