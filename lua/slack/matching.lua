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
---@field first_only? boolean whether one is enough
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
  if found.done and found.done[listener] or not listener.ledger then
    return false -- it has been removed meanwhile
  end
  local ok, accepted, captures = true, true, nil
  if listener.may_raise then
    ok, accepted, captures = xpcall(listener.accepts, trace, listener, c)
  elseif not listener.takes_all then
    accepted, captures = listener:accepts(c)
  end
  if not ok then
    note_failure(found, accepted, listener)
  elseif accepted then
    local n = #found + 1
    found[n] = listener
    found.matches[n] = captures
    return found.first_only
  end
  return false
end

---@param index slack.Index
---@param c slack.Context
---@param done? table<slack.Listener, true> listeners to pass over
---@param kind? "any" the listeners for what no other takes, if not those of its kind
---@return slack.Found
function Matching:find(index, c, done, kind)
  -- While a predicate dispatches something itself, another list takes its place.
  local found = self.spare or { matches = {} }
  self.spare = nil
  found.done = done
  found.first_only = ANSWERED_ONCE[c.kind]
    or kind == "any" and c.kind ~= "event" and not c.request.acked
  found.named = index:visit(c, collect, found, kind)
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
