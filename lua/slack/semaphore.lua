-- Places, so many at a time; who finds none waits in line. A place that was taken is given back
-- by closing the semaphore: it stands for each of its places, so that they cost nothing.

local Fifo = require "slack.fifo"
local tasks = require "slack.tasks"

---@class slack.Semaphore
---@field count integer of those taken
---@field most number of places
---@field line slack.Fifo
---@field length integer of the line
local Semaphore = {}
Semaphore.__index = Semaphore
Semaphore.__name = "slack.semaphore"

-- Of one who waits. Given to one that is cancelled meanwhile, it goes to the next.
local Place = {}

---@param most number
---@return slack.Semaphore
function Semaphore.new(most)
  return setmetatable({ count = 0, most = most, line = Fifo.new(), length = 0 }, Semaphore)
end

---Takes a place if there is one.
---@return boolean taken
function Semaphore:take()
  if self.count < self.most then
    self.count = self.count + 1
    return true
  end
  return false
end

local function leave(waiter)
  local place = waiter.place
  local self = place.owner
  self.line:remove(place)
  self.length = self.length - 1
end

---Waits for a place.
---@async
function Semaphore:await()
  local waiter = tasks.waiter()
  local place <close> = setmetatable({ -- with all fields, as ten thousand may wait
    owner = self, waiter = waiter, is_given = false, is_taken = false, before = false,
    after = false,
  }, Place)
  waiter.on_abandon, waiter.place = leave, place
  self.line:push(place)
  self.length = self.length + 1
  waiter:await()
  place.is_taken = true
end

---Takes a place, and waits for one where there is none.
---@async
---@return slack.Semaphore place to be closed
function Semaphore:acquire()
  if not self:take() then
    self:await()
  end
  return self
end

---Gives a place back, to the first in line.
function Semaphore:give_back()
  local first = self.line.first
  if not first then
    self.count = self.count - 1
    return
  end
  self.line:remove(first)
  self.length = self.length - 1
  first.is_given = true
  first.waiter:resolve()
end

Semaphore.__close = Semaphore.give_back

function Place:__close()
  if self.is_given and not self.is_taken then
    self.owner:give_back()
  end
end

return Semaphore
