-- What is registered, as data: for those who show it, compare it, or write it down for
-- Slack.

local value_tests = require "slack.value_tests"

---One listener, route, or job of the schedule.
---@class slack.Listed
---@field kind string "command", "event", "message", "action", "shortcut", "view", "view_closed",
---  "options", "func", "any", "assistant", "schedule", "route"
---@field name string in words what it is for: "/deploy", "app_mention", 'every "5m"', "GET /x"
---@field constraints table<string, any> by field: texts as they are, or in lists; true, false;
---  patterns and functions as words in a table { pattern = }
---@field script? string the script that it belongs to; nil: the program
---@field file? string where it is written
---@field line? integer
---@field routes? { text: string, help: string? }[] of a command with routes, as written

local M = {}

-- What a test is made of, as far as it can be said.
local function as_data(wanted)
  if type(wanted) == "string" or type(wanted) == "boolean" then
    return wanted
  end
  return { pattern = (tostring(wanted):gsub(": 0x%x+$", "")) }
end

local function list_of(values)
  return values[2] == nil and values[1] or table.move(values, 1, #values, 1, {})
end

local function of_test(test)
  local wanted = test.wanted
  if wanted == nil then -- asked to be there or not
    return test.test == value_tests.compile(true)
  elseif type(wanted) == "table" and not value_tests.has_match(wanted) and wanted[1] then
    local values = {}
    for i, one in ipairs(wanted) do
      values[i] = as_data(one.wanted)
    end
    return values
  end
  return as_data(wanted)
end

local function constraints_of(listener)
  local found, key = {}, listener.key
  while key do
    found[key.field] = list_of(listener:values_of(key))
    key = key.next
  end
  for _, test in ipairs(listener.tests) do
    if found[test.field] == nil then
      found[test.field] = of_test(test)
    end
  end
  if listener.mention then
    found.mention = true
  end
  return found
end

local function place_of(entry, place)
  local file, line = place:match "^(.*):(%d+)$"
  entry.file, entry.line = file, math.tointeger(line)
  return entry
end

-- `"/deploy"` is /deploy; what has more to it stays as it was written.
local function name_of(what)
  what = what:sub(2)
  return what:match '^"([^"\\]*)"$' or what
end

local function routes_of(listener)
  local listed = type(listener.handler) == "table" and listener.handler.listed
  if not listed then
    return nil
  end
  local routes = {}
  for i, route in ipairs(listed) do
    routes[i] = { text = route.text, help = route.help }
  end
  return routes
end

---@param listener slack.Listener
---@return slack.Listed
function M.of_listener(listener)
  return place_of({
    kind = listener.method, name = name_of(listener.what),
    constraints = constraints_of(listener), script = listener.script,
    routes = routes_of(listener),
  }, listener:written_at())
end

local function of_route(route, script)
  return place_of({
    kind = "route", name = route:words(), constraints = {}, script = script,
  }, route.place)
end

local function of_schedule(entry)
  return place_of({
    kind = "schedule", name = ("%s %s"):format(entry.method, entry.text), constraints = {},
    script = entry.script,
  }, entry.place)
end

---All of one ledger, in the order of their registration.
---@param ledger slack.Ledger
---@param list? slack.Listed[] is added to
---@return slack.Listed[] list
function M.of_ledger(ledger, list)
  list = list or {}
  for _, listener in ipairs(ledger.listeners.list) do
    list[#list + 1] = M.of_listener(listener)
  end
  for _, route in ipairs(ledger.routes) do
    list[#list + 1] = of_route(route, ledger.script)
  end
  for _, entry in ipairs(ledger.schedules) do
    list[#list + 1] = of_schedule(entry)
  end
  return list
end

-- By what they are for alone: where a thing is written changes with every line above it.
local function key_of(entry)
  return entry.kind .. "\n" .. entry.name
end

local function not_in(list, other)
  local counts, left = {}, {}
  for _, entry in ipairs(other) do
    counts[key_of(entry)] = (counts[key_of(entry)] or 0) + 1
  end
  for _, entry in ipairs(list) do
    local count = counts[key_of(entry)] or 0
    if count == 0 then
      left[#left + 1] = entry
    else
      counts[key_of(entry)] = count - 1
    end
  end
  return left
end

---What differs between two lists.
---@param before slack.Listed[]
---@param after slack.Listed[]
---@return slack.Listed[] added
---@return slack.Listed[] removed
function M.difference(before, after)
  return not_in(after, before), not_in(before, after)
end

return M
