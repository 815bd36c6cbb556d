-- Slack's limits, shared by all processes that have one store: what one of them uses up, or is
-- refused, the others know.
--
-- For each bucket the store has two times, of which each process computes what is free: when
-- the next call is due at the pace, and when a pause is over. A process takes places out of it
-- by moving the first one on, which only succeeds if it still is what was read. To ask for
-- each call would cost a few round trips each time. So a process leases places, as many as
-- calls wait, or, while it uses up what it leases, twice as many as before, up to a tenth of a
-- burst. A lease ends after seconds, used up or not; so long it may take until a process
-- notices another's pause. What costs no limit is leased by time alone.
--
-- When the store fails each process keeps to the whole limit by itself, and asks again later.

local LogLimit = require "slack.log_limit"
local base64 = require "slack.base64"
local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local LEASE = 2
-- For the store's answer; and for how long it is left alone when that fails.
local TIMEOUT = 1.5
local LEFT_ALONE = 5
local LOG_PERIOD = 60
-- Others that change the same bucket in the meantime.
local MAX_ATTEMPTS = 10
local MOST_IN_KEY = 100
local PART_OF_BURST = 10
-- No pause is longer (pacing.lua): what says so comes from a clock that is wrong, by years
-- perhaps.
local LONGEST_PAUSE = 3600

---@class slack.web_api.SharedLimits
---@field store slack.Store
---@field failed_until number until when it is left alone
local SharedLimits = {}
SharedLimits.__index = SharedLimits
SharedLimits.__name = "slack.web_api.shared_limits"

---@param store slack.Store
---@param stats slack.web_api.Stats
---@return slack.web_api.SharedLimits
function SharedLimits.new(store, stats)
  return setmetatable({
    store = store, stats = stats, log_limit = LogLimit.new(loop.now, LOG_PERIOD),
    clock = store.clock or loop.time, failed_until = 0,
  }, SharedLimits)
end

local function digest(text)
  return base64.encode_url(core.sha256(text)):sub(1, 24)
end

-- What is free ---------------------------------------------------------------------

-- Times are whole microseconds, which JSON keeps exactly.
local function micro(seconds)
  return math.ceil(seconds * 1e6)
end

-- Changes what is stored: change(due, opens_at, now) gives both anew, or nil, and a result.
local function update(self, key, change, bucket)
  for _ = 1, MAX_ATTEMPTS do
    local old, err = self.store:get(key)
    if err then
      return nil, err
    end
    local now, old_opens_at = micro(self.clock()), old and old[2] or 0
    if old_opens_at > now + micro(LONGEST_PAUSE) then
      old_opens_at = 0
    end
    local due, opens_at, result = change(old and old[1] or 0, old_opens_at, now, bucket)
    if not due then
      return result
    end
    local options = { ttl = math.max(due, opens_at, now) // 1000000 - now // 1000000 + 1 }
    local done
    if old then
      done, err = self.store:replace(key, old, { due, opens_at }, options)
    else
      done, err = self.store:add(key, { due, opens_at }, options)
    end
    if done then
      return result
    elseif err then
      return nil, err
    end
  end
  return { places = 0, wait = 0.05 * math.random() }
end

local function take_places(due, opens_at, now, bucket)
  if opens_at > now then
    return nil, nil, { places = 0, wait = (opens_at - now) / 1e6 }
  elseif bucket.interval == 0 then
    return nil, nil, { places = math.huge }
  end
  local interval, slack = micro(bucket.interval), micro(bucket.slack)
  local latest = now + slack + interval
  if due > latest then -- by a clock that is ahead of this one
    return latest, opens_at, { places = 0, wait = bucket.interval }
  end
  due = math.max(due, now)
  local free = (now + slack - due) // interval + 1
  if free <= 0 then
    return nil, nil, { places = 0, wait = (due - slack - now) / 1e6 }
  end
  local places = math.min(free, bucket.lease.wanted)
  return due + places * interval, opens_at, { places = places }
end

local function note_pause(due, opens_at, now, bucket)
  opens_at = math.max(opens_at, now + micro(bucket.lease.pause_seconds))
  return math.max(due, opens_at + micro(bucket.slack)), opens_at, true
end

-- Leases -----------------------------------------------------------------------------

-- What one process may use of one bucket.
---@class slack.web_api.Lease
---@field places number that are left
---@field ends_at number when they are void
---@field opens_at number when it is of use to ask again
---@field chunk integer places that it asks for ahead, up to `most`
local Lease = {}
Lease.__index = Lease
Lease.__name = "slack.web_api.lease"

---@param bucket slack.web_api.Bucket
---@param workspace string a secret
---@param kind string
---@param key string
---@return slack.web_api.Lease
function SharedLimits:lease(bucket, workspace, kind, key)
  return setmetatable({
    shared = self, bucket = bucket,
    key = ("pacing:%s:%s:%s"):format(digest(workspace), kind,
      #key > MOST_IN_KEY and digest(key) or key),
    most = math.max(math.floor(bucket.slack / math.max(bucket.interval, 1e-6)) // PART_OF_BURST, 1),
    places = 0, ends_at = 0, opens_at = 0, chunk = 1, is_asking = false,
  }, Lease)
end

---@param now number
function Lease:is_working(now)
  return now >= self.shared.failed_until
end

---@param now number
function Lease:is_live(now)
  return self.is_asking or self.places > 0 and now < self.ends_at
end

---@param now number
---@return boolean
function Lease:take(now)
  if self.places > 0 and now < self.ends_at then
    self.places = self.places - 1
    return true
  end
  return false
end

local function fail(self, err)
  local shared, now = self.shared, loop.now()
  shared.failed_until = now + LEFT_ALONE
  if shared.log_limit:is_due "store" then
    shared.stats:log():warn("Slack's limits are not shared for now, as the storage fails: %s", err)
  end
end

-- Within the time that it may take.
local function ask_store(self, change)
  local fine, result, err = pcall(tasks.timeout, TIMEOUT, update, self.shared, self.key, change,
    self.bucket)
  if not fine or not result then
    fail(self, fine and err or result)
    return nil
  end
  return result
end

local function renew(self)
  local bucket = self.bucket
  self.chunk = self.places == 0 and self.ends_at > 0 and math.min(self.chunk * 2, self.most) or 1
  self.wanted = bucket.is_narrow and 1 or math.max(self.chunk, bucket.length)
  local result = ask_store(self, take_places)
  local now = loop.now()
  self.is_asking = false
  if result then
    self.places, self.ends_at = result.places, now + LEASE
    self.opens_at = now + (result.wait or 0)
  end
  bucket:advance()
  if not self.is_asking then
    bucket:tell_waiting(now)
  end
end

---When the next call may go; nil: the store is asked, and the bucket advances then.
---@param now number
---@return number?
function Lease:ready_at(now)
  if self.places > 0 and now < self.ends_at then
    return now
  elseif not self.is_asking and now < self.opens_at then
    return self.opens_at
  elseif not self.is_asking then
    self.is_asking = true
    tasks.spawn(renew, self)
  end
end

---Tells the others of a pause.
---@param seconds number
function Lease:pause(seconds)
  self.places, self.chunk, self.pause_seconds = 0, 1, seconds
  if self:is_working(loop.now()) then
    tasks.spawn(ask_store, self, note_pause)
  end
end

return SharedLimits
