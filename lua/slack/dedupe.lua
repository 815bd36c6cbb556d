-- Which events were handled, so that a redelivery does not repeat what was done
-- but makes up for what was not. Two generations bound both age and number: an
-- event is known for at least `age` seconds, unless more than `limit` others
-- come in that time.

local M = {}

---@class slack.Dedupe
local Dedupe = {}
Dedupe.__index = Dedupe
Dedupe.__name = "slack.dedupe"

---@param clock fun(): number
---@param age? number seconds, 600: the last redelivery comes after about five minutes
---@param limit? integer 20,000
---@return slack.Dedupe
function M.new(clock, age, limit)
  return setmetatable({
    clock = clock, age = age or 600, limit = limit or 20000,
    young = {}, old = {}, count = 0, since = clock(),
  }, Dedupe)
end

local function turn(self)
  local now = self.clock()
  if now - self.since >= self.age or self.count >= self.limit then
    self.old, self.young = self.young, {}
    self.count, self.since = 0, now
  end
end

---Notes that an event is being handled.
---@param id string
---@return boolean go_on false: it was handled, or is being handled now
---@return table<slack.Listener, true>? done listeners that had finished with it
function Dedupe:begin(id)
  local known = self.young[id]
  if known == nil then
    known = self.old[id]
  end
  if known == true then
    return false
  end
  turn(self)
  if self.young[id] == nil then
    self.count = self.count + 1
  end
  self.young[id] = true
  return true, known or nil
end

---Notes that handling failed, wholly or for some listeners: a redelivery will
---be handled by the others.
---@param id string
---@param done? table<slack.Listener, true>
function Dedupe:failed(id, done)
  if self.young[id] == true then
    self.young[id] = done or {}
  elseif self.old[id] == true then
    self.old[id] = done or {}
  end
end

return M
