-- Which events were handled, so that a redelivery does not repeat what was done
-- but makes up for what was not. Two generations bound both age and number: an
-- event is known for at least `age` seconds, unless more than `limit` others
-- come in that time.

local core = require "slack.core"

---@class slack.Dedupe
---@field clock fun(): number
---@field unfinished table<string, table|true> events whose handling failed: listeners that had
---  finished (finished.lua); true for none, as a table for each would cost memory
local Dedupe = {}
Dedupe.__index = Dedupe
Dedupe.__name = "slack.dedupe"

---@param clock fun(): number
---@param age? number seconds, 600: the last redelivery comes after about five minutes
---@param limit? integer 20,000
---@return slack.Dedupe
function Dedupe.new(clock, age, limit)
  limit = limit or 20000
  local ids = core.recent_ids(limit)
  return setmetatable({
    clock = clock, age = age or 600, limit = limit, since = clock(), ids = ids, add = ids.add,
    unfinished = {}, old_unfinished = {}, failures = 0, has_unfinished = false,
  }, Dedupe)
end

local function turn_unfinished(self)
  self.has_unfinished = self.failures > 0
  self.old_unfinished, self.unfinished, self.failures = self.unfinished, {}, 0
end

---Notes that an event is being handled.
---@param id string
---@return boolean go_on false: it was handled, or is being handled now
---@return table<string, true>? done listeners that had finished with it
function Dedupe:begin(id)
  local now = self.clock()
  if now - self.since >= self.age then
    self.since = now
    self.ids:turn()
    turn_unfinished(self)
  end
  if not self.add(self.ids, id) then
    return false
  elseif not self.has_unfinished then
    return true
  end
  local done = self.unfinished[id] or self.old_unfinished[id]
  if done then
    self.unfinished[id], self.old_unfinished[id] = nil, nil
  end
  return true, done ~= true and done or nil
end

---Notes that handling failed, wholly or for some listeners: a redelivery will
---be handled by the others.
---@param id string
---@param done? table<string, true>
function Dedupe:failed(id, done)
  self.ids:remove(id)
  if self.failures >= self.limit then
    turn_unfinished(self)
  end
  self.unfinished[id] = done or true
  self.failures, self.has_unfinished = self.failures + 1, true
end

return Dedupe
