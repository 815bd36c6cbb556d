-- Which listeners take a context.

local Failures = require "slack.failures"
local kinds = require "slack.kinds"

local trace = Failures.trace
local ANSWERED_ONCE = kinds.ANSWERED_ONCE

---The listeners found, in the order of registration.
---@class slack.Found
---@field [integer] slack.Listener
---@field matches table<integer, any[]> what their patterns captured
---@field done? table<slack.Listener, true> listeners to pass over
---@field named boolean whether there are listeners that name this very id
---@field failed? slack.Caught[] errors of predicates, whose listeners are not found

---@class slack.Matching
---@field spare? slack.Found to be used again
local Matching = {}
Matching.__index = Matching
Matching.__name = "slack.matching"

---@return slack.Matching
function Matching.new()
  return setmetatable({}, Matching)
end

local function note_failure(found, caught, listener)
  local failed = found.failed or {}
  failed[#failed + 1] = Failures.of(caught, listener)
  found.failed = failed
end

local function collect(c, listener, found)
  if found.done and found.done[listener] then
    return false
  end
  local ok, accepted, captures = true, true, nil
  if not listener.takes_all then
    ok, accepted, captures = xpcall(listener.accepts, trace, listener, c)
  end
  if not ok then
    note_failure(found, accepted, listener)
  elseif accepted then
    local n = #found + 1
    found[n] = listener
    found.matches[n] = captures
    return ANSWERED_ONCE[c.kind]
  end
  return false
end

---@param index slack.Index
---@param c slack.Context
---@param done? table<slack.Listener, true> listeners to pass over
---@return slack.Found
function Matching:find(index, c, done)
  -- While a predicate dispatches something itself, another list takes its place.
  local found = self.spare or { matches = {} }
  self.spare = nil
  found.done = done
  found.named = index:visit(c, collect, found)
  return found
end

---The list has been read and may be used again.
---@param found slack.Found
function Matching:give_back(found)
  local matches = found.matches
  for i = #found, 1, -1 do
    found[i], matches[i] = nil, nil
  end
  found.done, found.failed = nil, nil
  self.spare = found
end

return Matching
