-- When a call may be made: by the limits that Slack has (limits.lua), and by what it has
-- answered. There is a bucket for each method and workspace, and one for each channel that is
-- posted to; a call that posts passes its channel's, then its method's.
--
-- A post that is refused with "too many" pauses its channel: a message a second is by far the
-- tightest limit, and Slack does not say which one it was. Should a post to another channel
-- be refused meanwhile, it is the workspace's: then the method pauses everywhere.

local lazy = require "slack.lazy"
local Bucket = require "slack.web_api.bucket"
local LogLimit = require "slack.log_limit"
local Semaphore = require "slack.semaphore"
local errors = require "slack.errors"
local limits = require "slack.web_api.limits"
local loop = require "slack.loop"
local shared_limits = lazy "slack.web_api.shared_limits"

local POSTING = limits.POSTING
-- Whatever Slack or a proxy says. Sooner than this nothing is asked again.
local LONGEST_PAUSE = 3600
-- Buckets up to which idle ones are not looked for.
local FEW = 256
-- The client thread's own limit, and how many times as many calls it is handed, so that it
-- never runs out of them. What waits here can still be held back when Slack says "too many";
-- what waits there would run into it as well.
local MAX_REQUESTS, HANDED_OVER = 16, 4
-- Seconds that are no wait: so long it may take to ask a store.
local SHORT = 0.02
-- Seconds between two lines about one limit.
local LOG_PERIOD = 60

---@class slack.web_api.Pacing
---@field limits slack.web_api.Limits|false false: no limits but those that Slack tells of
---@field scopes table<string, slack.web_api.Scope> by workspace
---@field in_flight slack.Semaphore
---@field pauses integer so far
---@field count integer of buckets
---@field sweep_at integer count at which idle ones are forgotten
---@field shared? slack.web_api.SharedLimits
local Pacing = {}
Pacing.__index = Pacing
Pacing.__name = "slack.web_api.pacing"

---@class slack.web_api.Scope
---@field methods table<string, slack.web_api.Bucket>
---@field channels table<string, slack.web_api.Bucket>
---@field refused_channel? string whose bucket pauses
---@field refused_until? number

---What a call must have for its turn; the fields below `args` are kept here.
---@class slack.web_api.Paced
---@field name string of the method
---@field workspace string what its limits are counted by
---@field args? table
---@field max_wait number seconds
---@field waited number seconds so far
---@field number? integer

---@param options? boolean|slack.PacingOptions
---@param stats slack.web_api.Stats
---@param max_requests? number under way to a host at a time, 16
---@return slack.web_api.Pacing
function Pacing.new(options, stats, max_requests)
  local self = setmetatable({
    limits = options and limits.new(options ~= true and options or nil) or false,
    scopes = {}, count = 0, sweep_at = FEW, last_number = 0, pauses = 0, stats = stats,
    shared = false, log_limit = LogLimit.new(loop.now, LOG_PERIOD),
    in_flight = Semaphore.new(HANDED_OVER * (max_requests or MAX_REQUESTS)),
  }, Pacing)
  if self.limits and self.limits.options.store then
    self:share(self.limits.options.store)
  end
  return self
end

-- Buckets -----------------------------------------------------------------------

local function sweep_list(list, now)
  local left = 0
  for key, bucket in pairs(list) do
    if bucket:is_idle(now) then
      list[key] = nil
    else
      left = left + 1
    end
  end
  return left
end

-- An idle bucket is like a new one: to forget it costs nothing but making it again.
local function sweep(self)
  local now, count = loop.now(), 0
  for workspace, scope in pairs(self.scopes) do
    local left = sweep_list(scope.methods, now) + sweep_list(scope.channels, now)
    if left == 0 then
      self.scopes[workspace] = nil
    end
    count = count + left
  end
  self.count, self.sweep_at = count, math.max(FEW, 2 * count)
end

---What has been used up is free again, where nothing waits or is paused: as if a while had
---passed. For tests, in which people take no time.
function Pacing:refill()
  local now = loop.now()
  for _, scope in pairs(self.scopes) do
    for _, list in pairs { scope.methods, scope.channels } do
      for _, bucket in pairs(list) do
        bucket.due = bucket.length == 0 and math.min(bucket.due, now) or bucket.due
      end
    end
  end
  sweep(self)
end

local function add(self, call, kind, key, pace)
  if self.count >= self.sweep_at then
    sweep(self)
  end
  local scope = self.scopes[call.workspace]
  if not scope then
    scope = { methods = {}, channels = {} }
    self.scopes[call.workspace] = scope
  end
  local bucket = Bucket.new(pace)
  if self.shared then
    bucket.lease = self.shared:lease(bucket, call.workspace, kind, key)
  end
  scope[kind][key] = bucket
  self.count = self.count + 1
  return bucket
end

local function method_bucket(self, call)
  local scope = self.scopes[call.workspace]
  local bucket = scope and scope.methods[call.name]
  if not bucket and self.limits then
    local pace = self.limits:of(call.name)
    bucket = pace and add(self, call, "methods", call.name, pace)
  end
  return bucket
end

local function channel_of(call)
  local argument = POSTING[call.name]
  local channel = argument and call.args and call.args[argument]
  return type(channel) == "string" and channel or nil
end

local function channel_bucket(self, call)
  local channel = channel_of(call)
  if not channel then
    return nil
  end
  local scope = self.scopes[call.workspace]
  local bucket = scope and scope.channels[channel]
  if not bucket and self.limits and self.limits.per_channel then
    bucket = add(self, call, "channels", channel, self.limits.per_channel)
  end
  return bucket
end

-- Turns -------------------------------------------------------------------------

local function too_late(call, seconds)
  return errors.new {
    code = "ratelimited", method = call.name, retry_after = seconds,
    message = ("%s: its turn would come in %.3g s, and it may wait for %g s in all (max_wait)")
      :format(call.name, seconds, call.max_wait),
  }
end

local function tell_begin(self, call, seconds, reason)
  local stats = self.stats
  if reason == "pacing" and seconds > 1 and self.log_limit:is_due(call.name) then
    stats:log():info("%s: calls wait to keep to Slack's limit, now %.1f s", call.name, seconds)
  end
  if seconds > 0 then
    stats:waits(call.name, seconds, reason)
  end
end

local function tell_end(self, seconds, reason)
  if seconds >= SHORT then
    self.stats:waited(seconds, reason)
  end
end

-- Waits in the line of one bucket. Gives an error when that takes too long.
local function await(self, call, bucket, turn)
  local now = loop.now()
  local seconds, left = bucket:wait_of_next(now), call.max_wait - call.waited
  if seconds > left or left <= 0 and not bucket.lease then
    return too_late(call, seconds)
  end
  local reason = (bucket.is_narrow or now < bucket.opens_at) and "ratelimited" or "pacing"
  turn.until_at, turn.on_wait = now + left, nil
  if seconds > 0 or not bucket.lease then
    tell_begin(self, call, seconds, reason)
  else -- the store is to be asked first
    turn.on_wait = function(longer)
      tell_begin(self, call, longer, reason)
    end
  end
  local late = bucket:await(turn)
  local waited = loop.now() - now
  call.waited = call.waited + waited
  tell_end(self, waited, reason)
  return late and too_late(call, math.max(late - loop.now(), 0)) or nil
end

-- channel: nil when it need not wait for that one.
local function wait_turn(self, call, channel)
  local turn <close> = Bucket.new_turn(call.number)
  local err = channel and await(self, call, channel, turn)
  local method = not err and method_bucket(self, call)
  if method and not method:take(loop.now()) then
    err = await(self, call, method, turn)
  end
  if err then
    return nil, err
  end
  return turn:keep()
end

-- Passes its buckets. Gives a turn if it had to wait.
local function pass(self, call)
  if not self.limits and self.count == 0 then
    return nil
  end
  local channel, now = channel_bucket(self, call), loop.now()
  if channel and not channel:take(now) then
    return wait_turn(self, call, channel)
  end
  local method = method_bucket(self, call)
  if method and not method:take(now) then
    return wait_turn(self, call)
  end
end

-- Gives false when a pause has come meanwhile: then it may be about what was passed.
local function await_place(self)
  local pauses = self.pauses
  self.in_flight:await()
  if pauses ~= self.pauses then
    self.in_flight:give_back()
    return false
  end
  return true
end

---Waits until the call may be made. Gives what is to be closed when it is over.
---@async
---@param call slack.web_api.Paced
---@return slack.web_api.Turn|slack.Semaphore|nil
---@return slack.Error? err code "ratelimited": it would take too long
function Pacing:enter(call)
  if not call.number then
    self.last_number = self.last_number + 1
    call.number = self.last_number
  end
  local in_flight = self.in_flight
  if not self.limits and self.count == 0 and in_flight:take() then
    return in_flight
  end
  while true do
    local turn <close>, err = pass(self, call)
    if err then
      return nil, err
    elseif in_flight:take() or await_place(self) then
      return turn and turn:keep(in_flight) or in_flight
    end
  end
end

-- The bucket that a "too many" is about.
local function refused_bucket(self, call, seconds, now)
  local channel = channel_of(call)
  local bucket = channel and (channel_bucket(self, call)
    or add(self, call, "channels", channel, false))
  local scope = self.scopes[call.workspace]
  if bucket and (scope.refused_channel == channel or now >= (scope.refused_until or now)) then
    scope.refused_channel, scope.refused_until = channel, now + seconds
    return bucket
  end
  return method_bucket(self, call) or add(self, call, "methods", call.name, false)
end

---Slack has refused a call with "too many": holds back what it is about.
---@param call slack.web_api.Paced
---@param seconds number that Slack asks for
---@param goes_on boolean the call waits, and is made again
function Pacing:pause(call, seconds, goes_on)
  local now = loop.now()
  seconds = math.min(seconds, LONGEST_PAUSE)
  self.pauses = self.pauses + 1
  if refused_bucket(self, call, seconds, now):pause(seconds, now) then
    self.stats:log():warn("%s: rate limited, %s %g s", call.name,
      goes_on and "going on in" or "this call is not made again, others wait", seconds)
  end
end

local function set_shared(self, shared)
  self.shared = shared
  for workspace, scope in pairs(self.scopes) do
    for kind, list in pairs { methods = scope.methods, channels = scope.channels } do
      for key, bucket in pairs(list) do
        bucket.lease = shared and shared:lease(bucket, workspace, kind, key)
        bucket:advance()
      end
    end
  end
end

---From now on the limits are shared with all processes that have the same store.
---@param store slack.Store
function Pacing:share(store)
  if self.limits then
    set_shared(self, shared_limits.new(store, self.stats))
  end
end

---The store is about to be closed: if it is this one, limits are this process' own again.
---@param store slack.Store
function Pacing:unshare(store)
  if self.shared and self.shared.store == store then
    set_shared(self, false)
  end
end

---How many calls wait now.
---@return integer
function Pacing:waiting()
  local count = self.in_flight.length
  for _, scope in pairs(self.scopes) do
    for _, list in pairs { scope.methods, scope.channels } do
      for _, bucket in pairs(list) do
        count = count + bucket.length
      end
    end
  end
  return count
end

return Pacing
