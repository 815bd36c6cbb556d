-- Messages of a local Slack that are to be posted later, by its clock.

local loop = require "slack.loop"
local new_id = require "slack.sandbox.new_id"

-- Seconds: the clock may be another than the loop's, and jump.
local LONGEST_WAIT <const> = 3600

---@class slack.sandbox.ScheduledMessage
---@field id string
---@field workspace slack.sandbox.Workspace
---@field channel table
---@field post_at integer seconds since the epoch
---@field date_created integer
---@field user_id string whose token it was
---@field fields table of the message

---@class slack.sandbox.Scheduled
---@field list slack.sandbox.ScheduledMessage[] the next one first
local Scheduled = {}
Scheduled.__index = Scheduled
Scheduled.__name = "slack.sandbox.scheduled"

---@param clock fun(): number
---@param changed fun() a message has been posted
---@return slack.sandbox.Scheduled
function Scheduled.new(clock, changed)
  return setmetatable({ clock = clock, changed = changed, list = {}, timer = false }, Scheduled)
end

local function post(one)
  local channel = one.channel
  if not channel.is_archived and channel.members[one.user_id] then
    one.workspace:post(channel, one.fields)
  end
end

-- Waits for the next one.
local function arm(self)
  if self.timer then
    self.timer:cancel()
    self.timer = false
  end
  local next_one = self.list[1]
  if next_one and not self.stopped then
    local seconds = math.max(next_one.post_at - self.clock(), 0)
    self.timer = loop.after(math.min(seconds, LONGEST_WAIT), function()
      self.timer = false
      self:post_due()
    end)
  end
end

---Posts what its time has come for.
---@return integer count
function Scheduled:post_due()
  local count = 0
  while self.list[1] and self.list[1].post_at <= self.clock() do
    post(table.remove(self.list, 1))
    count = count + 1
  end
  arm(self)
  if count > 0 then
    self.changed()
  end
  return count
end

---@param one slack.sandbox.ScheduledMessage without its id
---@return slack.sandbox.ScheduledMessage
function Scheduled:add(one)
  one.id = new_id "Q"
  one.date_created = math.floor(self.clock())
  table.insert(self.list, one)
  table.sort(self.list, function(a, b)
    if a.post_at ~= b.post_at then
      return a.post_at < b.post_at
    end
    return a.id < b.id
  end)
  arm(self)
  return one
end

---@param id string
---@param channel table
---@return slack.sandbox.ScheduledMessage? taken out
function Scheduled:remove(id, channel)
  for position, one in ipairs(self.list) do
    if one.id == id and one.channel == channel then
      table.remove(self.list, position)
      arm(self)
      return one
    end
  end
end

function Scheduled:stop()
  self.stopped = true
  arm(self)
end

return Scheduled
