-- Which listeners take a context.

local Failures = require "slack.failures"
local Index = require "slack.index"
local constraints = require "slack.constraints"
local finished = require "slack.finished"
local kinds = require "slack.kinds"

local trace, accept = Failures.trace, constraints.accept
local place, visit = Index.place, Index.visit
local ANSWERED_ONCE = kinds.ANSWERED_ONCE

---The listeners found, in the order of registration.
---@class slack.Found
---@field [integer] slack.Listener
---@field count integer
---@field matches table<integer, any[]> what their patterns captured
---@field done table<string, true>|false listeners to pass over (finished.lua)
---@field was_done boolean whether there were such
---@field is_consumed boolean one of them takes it for itself
---@field named boolean whether there are listeners that name this very id
---@field first_only? boolean whether one is enough
---@field failed slack.Caught[]|false errors of predicates, whose listeners are not found

---@class slack.Matching
---@field spare slack.Found|false to be used again
local Matching = {}
Matching.__index = Matching
Matching.__name = "slack.matching"

---@return slack.Matching
function Matching.new()
  return setmetatable({ spare = false }, Matching)
end

local function new_found()
  return {
    count = 0, matches = {}, done = false, was_done = false, is_consumed = false, named = false,
    first_only = false, failed = false,
  }
end

local function note_failure(found, caught, listener)
  local failed = found.failed or {}
  failed[#failed + 1] = Failures.of(caught, listener)
  found.failed = failed
end

-- What an assistant takes is nobody else's.
local function keep_consumers(found)
  local matches, kept = found.matches, 0
  for i = 1, found.count do
    local listener, captures = found[i], matches[i]
    found[i], matches[i] = nil, nil
    if listener.plan.consumes then
      kept = kept + 1
      found[kept], matches[kept] = listener, captures
    end
  end
  found.count = kept
end

local function collect(c, listener, found)
  local plan = listener.plan
  if not plan.ledger then
    return false -- it has been removed meanwhile
  elseif found.done and finished.has(found.done, listener) then
    found.was_done = true
    return false
  end
  local ok, accepted, captures = true, plan.takes, nil
  if not accepted then
    if plan.may_raise then
      ok, accepted, captures = xpcall(accept, trace, plan, c)
    else
      accepted, captures = accept(plan, c)
    end
  elseif accepted ~= true then
    accepted = accepted(c.payload)
  end
  if not ok then
    note_failure(found, accepted, listener)
  elseif accepted then
    local n = found.count + 1
    found.count, found[n] = n, listener
    if captures then
      found.matches[n] = captures
    end
    if plan.consumes then
      found.is_consumed = true
    end
    return found.first_only
  end
  return false
end

-- While a predicate dispatches something itself, another list takes its place.
local function take_list(self)
  local found = self.spare or new_found()
  self.spare = false
  return found
end

-- What no other took is for those that listen to anything.
local function add_any(found, index, c)
  if index:has_any() and not found.failed and not found.was_done then
    found.first_only = not c.request.acked -- as there is one answer to give
    visit(index, c, collect, found, "any")
  end
end

---The listeners that take it, or else those that listen to anything.
---@param index slack.Index
---@param c slack.Context
---@param done? table<string, true> listeners to pass over (finished.lua)
---@return slack.Found found to be given back, or kept
function Matching:list(index, c, done)
  local found, kind = take_list(self), c.kind
  if done then
    found.done = done
  end
  found.first_only = ANSWERED_ONCE[kind]
  found.named = kind ~= "unknown" and visit(index, c, collect, found, kind)
  if found.is_consumed then
    keep_consumers(found)
  elseif found.count == 0 then
    add_any(found, index, c)
  end
  return found
end

-- Where there is no listener for its id, or the only one does not take it.
local function list_without(self, index, c, named)
  local found = take_list(self)
  found.named = named
  add_any(found, index, c)
  return found
end

---The same, for what most often is one that is all alone for its id.
---@param index slack.Index
---@param c slack.Context
---@param done? table<string, true>
---@return slack.Listener? only
---@return any[]? captures
---@return slack.Found? found where it is not that
function Matching:find(index, c, done)
  local kind, listener, named = c.kind, nil, false
  if kind ~= "unknown" and not done then
    listener, named = place(index, c, kind)
  end
  if not (listener or done) then
    return nil, nil, list_without(self, index, c, named)
  end
  local plan = listener and listener.plan
  if not plan or plan.may_raise then
    return nil, nil, Matching.list(self, index, c, done)
  end
  local takes, captures = plan.takes, nil
  if not takes then
    takes, captures = accept(plan, c)
  elseif takes ~= true then
    takes = takes(c.payload)
  end
  if takes then
    return listener, captures
  end
  return nil, nil, list_without(self, index, c, named)
end

---The list has been read and may be used again.
---@param found slack.Found
function Matching:give_back(found)
  local matches = found.matches
  for i = found.count, 1, -1 do
    found[i], matches[i] = nil, nil
  end
  found.count, found.done, found.was_done = 0, false, false
  found.is_consumed, found.failed = false, false
  self.spare = found
end

return Matching
