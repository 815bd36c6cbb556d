-- How many calls are handed to the client thread at a time, which has so many of them under way
-- to a host and keeps the others in line (max_requests). What waits here can still be held back
-- when Slack says "too many"; what waits there would run into it as well.
--
-- A place is taken for a call and given back by closing it. The object stands for each of its
-- places, so that they cost nothing.

local Fifo = require "slack.fifo"
local tasks = require "slack.tasks"

---@class slack.web_api.InFlight
---@field count integer
---@field most integer
---@field line slack.Fifo
---@field length integer of the line
local InFlight = {}
InFlight.__index = InFlight
InFlight.__name = "slack.web_api.in_flight"

-- Of a call that waits. Given to one that is cancelled meanwhile, it goes to the next.
local Place = {}

---@param most integer
---@return slack.web_api.InFlight
function InFlight.new(most)
  return setmetatable({ count = 0, most = most, line = Fifo.new(), length = 0 }, InFlight)
end

---@return boolean taken
function InFlight:take()
  if self.count < self.most then
    self.count = self.count + 1
    return true
  end
  return false
end

---Waits for a place.
---@async
function InFlight:await()
  local place <close> = setmetatable({ owner = self, is_given = false, is_taken = false }, Place)
  local waiter = tasks.waiter()
  waiter.on_abandon = function()
    self.line:remove(place)
    self.length = self.length - 1
  end
  place.waiter = waiter
  self.line:push(place)
  self.length = self.length + 1
  waiter:await()
  place.is_taken = true
end

function InFlight:give_back()
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

InFlight.__close = InFlight.give_back

function Place:__close()
  if self.is_given and not self.is_taken then
    self.owner:give_back()
  end
end

return InFlight
