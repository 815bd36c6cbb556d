-- slack.limit: middleware that lets through so much for each person, channel, thread or
-- workspace in a span of time.
--
-- Of each key the times are kept at which something was let through, as many as may be in
-- the span: in no span of that length are there more. The number of keys is bounded, and
-- those not met for longest are forgotten first.

local Generations = require "slack.generations"
local checks = require "slack.option_checks"
local delivery_keys = require "slack.delivery_keys"
local duration = require "slack.duration"
local loop = require "slack.loop"
local near_miss = require "slack.near_miss"
local notice = require "slack.notice"
local sorted_keys = require "slack.sorted_keys"

-- Times kept in all at most, 16 bytes each, and keys.
local MOST_TIMES, MOST_KEYS = 1000000, 20000
local MOST_COUNT = 10000

local M = {}

---@class slack.LimitOptions
---@field per slack.DeliveryKey nil from a function: no limit
---@field count integer how much is let through, at most 10,000
---@field seconds number|string in so many seconds, or in a span as "5m"
---@field message? string|table|false|fun(c: slack.Context, seconds: number): string|table|nil
---  what the person gets to see, false for nothing; a function is given the seconds after
---  which something is let through again

-- Checks -----------------------------------------------------------------------------

local function check_seconds(value)
  local seconds = type(value) == "string" and duration.parse(value) or value
  if type(seconds) ~= "number" or not (seconds > 0 and seconds < math.huge) then
    return 'seconds, or a span as "5m", expected'
      .. (type(value) == "string" and (", got %q"):format(value) or "")
  end
end

local function check_message(value)
  return value ~= nil and notice.check(value) or nil
end

local OPTIONS = {
  per = delivery_keys.check, count = checks.integer_from(1, MOST_COUNT),
  seconds = check_seconds, message = check_message,
}

local function problem_of(options)
  if type(options) ~= "table" then
    return "a table expected, as { per = \"user\", count = 5, seconds = 60 }, got " .. type(options)
  elseif options == package.loaded["slack"] then
    return "call it with a dot, not with a colon"
  end
  for name in pairs(options) do
    if not OPTIONS[name] then
      return ("unknown option %q%s (known are %s)"):format(tostring(name),
        near_miss(name, OPTIONS), table.concat(sorted_keys(OPTIONS), ", "))
    end
  end
  for _, name in ipairs(sorted_keys(OPTIONS)) do
    local value = options[name]
    local problem = OPTIONS[name](value)
    if problem then
      return ("option %q: %s%s"):format(name, problem, checks.got(problem, value))
    end
  end
end

-- Counting ----------------------------------------------------------------------------

---@class slack.Limit
local Limit = {}
Limit.__index = Limit

-- Times stand in a ring: at `next` is the oldest of as many as may be.
local function times_of(self, key)
  local times = self.keys:get(key)
  if not times then
    times = { next = 1, told_at = -math.huge }
    self.keys:put(key, times)
  end
  return times
end

-- Seconds to wait until something may be let through; nil: that is now, and is counted.
local function wait_for(self, times)
  local now, oldest = self.clock(), times[times.next]
  if oldest and now - oldest < self.seconds then
    return oldest + self.seconds - now
  end
  times[times.next] = now
  times.next = times.next % self.count + 1
end

-- Telling -------------------------------------------------------------------------------

local function default_message(seconds)
  local whole = math.ceil(seconds)
  local span = whole == 1 and "1 second" or whole < 120 and whole .. " seconds"
    or whole <= 7200 and math.ceil(whole / 60) .. " minutes" or math.ceil(whole / 3600) .. " hours"
  return ("That is too much at once. Please try again in %s."):format(span)
end

-- Nobody has to be told the same at each event; a person who asks gets an answer.
local function content_for(self, c, times, seconds)
  local message = self.message
  if c.kind == "event" then
    local now = self.clock()
    if not message or now - times.told_at < self.seconds then
      return nil
    end
    times.told_at = now
  end
  if message == nil then
    return default_message(seconds)
  end
  return notice.content(message, c, seconds)
end

local function pass(self, c, next)
  local key = self.key_of(c)
  if key == nil then
    return next()
  end
  local times = times_of(self, key)
  local seconds = wait_for(self, times)
  if not seconds then
    return next()
  end
  c.log:debug("slack.limit: not let through, for %.1f s", seconds)
  notice.show(c, content_for(self, c, times, seconds))
end

---A middleware that lets through no more than `count` for each person, channel, thread or
---team (or for what a function gives) in `seconds`. The rest goes no further: who sent a command or
---clicked is told when to try again; events are passed over in silence unless a message is
---given, which is shown to the person once in the span.
---@param options slack.LimitOptions
---@param clock? fun(): number seconds, for specs
---@return fun(c: slack.Context, next: fun(): any): any
function M.new(options, clock)
  local problem = problem_of(options)
  if problem then
    error("slack.limit: " .. problem, 2)
  end
  local seconds = options.seconds
  local self = setmetatable({
    key_of = delivery_keys.of(options.per), count = options.count, message = options.message,
    seconds = type(seconds) == "string" and duration.parse(seconds) or seconds,
    clock = clock or loop.now,
    keys = Generations.new(math.max(2, math.min(MOST_KEYS, MOST_TIMES // options.count))),
  }, Limit)
  return function(c, next)
    return pass(self, c, next)
  end
end

return M
