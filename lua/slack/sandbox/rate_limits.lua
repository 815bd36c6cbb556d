-- The local Slack's rate limits, for whoever wants to see what they do: those of Slack, or the
-- program's own numbers. What is over them is answered with 429, and is not done.

local Bucket = require "slack.web_api.bucket"
local limits = require "slack.web_api.limits"

---@class slack.sandbox.RateLimits
---@field limits slack.web_api.Limits
---@field buckets table<string, table<string, slack.web_api.Bucket>> by what is limited, and who
---@field clock fun(): number
local RateLimits = {}
RateLimits.__index = RateLimits
RateLimits.__name = "slack.sandbox.rate_limits"

local check_limits = limits.check "rate_limits"

---@type slack.OptionCheck
function RateLimits.check(value)
  if type(value) == "table" and (value.store or value.share) then
    return "tiers, methods and per_channel are what it has"
  end
  return check_limits(value)
end

---@param option? boolean|slack.PacingOptions
---@param clock fun(): number seconds
---@return slack.sandbox.RateLimits
function RateLimits.new(option, clock)
  return setmetatable({
    limits = option and limits.new(option ~= true and option or nil) or false,
    buckets = {}, clock = clock,
  }, RateLimits)
end

local function bucket_of(self, what, who, pace)
  local list = self.buckets[what]
  if not list then
    list = {}
    self.buckets[what] = list
  end
  local bucket = list[who]
  if not bucket then
    bucket = Bucket.new(pace)
    list[who] = bucket
  end
  return bucket
end

---Counts a call that begins.
---@param method string
---@param who string a token, or the path of a webhook
---@param args? table
---@return integer? retry_after whole seconds, as Slack gives them; nil: it is within the limits
function RateLimits:take(method, who, args)
  if not self.limits then
    return nil
  end
  local now, argument = self.clock(), limits.POSTING[method]
  local channel = argument and args and args[argument]
  local pace, channel_pace = self.limits:of(method), channel and self.limits.per_channel
  local bucket = pace and bucket_of(self, method, who, pace)
  local other = channel_pace and bucket_of(self, tostring(channel), who, channel_pace)
  local wait = math.max(bucket and bucket:wait_of_next(now) or 0,
    other and other:wait_of_next(now) or 0)
  if wait > 0 then
    return math.ceil(wait)
  end
  if bucket then
    bucket:take(now)
  end
  if other then
    other:take(now)
  end
end

return RateLimits
