-- What was found out for a key, kept for a while, and found out once for all who ask
-- at the same time.

local Generations = require "slack.generations"
local errors = require "slack.errors"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

---@class slack.AuthorizationCache
---@field ttl number seconds that a value is good for
---@field known slack.Generations flights that are done
---@field flights table<string, slack.Flight> questions that are being answered now
---@field epoch integer goes up with whatever is forgotten
local Cache = {}
Cache.__index = Cache
Cache.__name = "slack.authorization_cache"

---One question and, once it is done, its answer.
---@class slack.Flight
---@field done boolean
---@field value any
---@field err any
---@field until_time? number when the answer goes stale
---@field cache slack.AuthorizationCache
---@field key string
local Flight = {}
Flight.__index = Flight
Flight.__name = "slack.flight"

-- Whoever asks from now on begins anew.
local function give_up(flight, timeout)
  local flights = flight.cache.flights
  if flights[flight.key] == flight then
    flights[flight.key] = nil
  end
  return nil, errors.new {
    code = "timeout", message = ("no authorization: no answer within %g seconds"):format(timeout),
  }
end

---Waits for the answer.
---@async
---@param timeout? number seconds
---@return any value
---@return any err code "timeout" when the time is over
function Flight:wait(timeout)
  if not self.done then
    local waiter = tasks.waiter()
    self.waiters = self.waiters or {}
    table.insert(self.waiters, waiter)
    waiter:await(timeout)
    if not self.done then
      return give_up(self, timeout)
    end
  end
  return self.value, self.err
end

local function land(flight, value, err)
  flight.done, flight.value, flight.err = true, value, err
  local waiters = flight.waiters
  flight.waiters = nil
  for _, waiter in ipairs(waiters or {}) do
    waiter:resolve(true)
  end
end

---@param ttl number seconds
---@param limit? integer 10,000
---@return slack.AuthorizationCache
function Cache.new(ttl, limit)
  return setmetatable({
    ttl = ttl, known = Generations.new(limit or 10000), flights = {}, epoch = 0,
  }, Cache)
end

---The answer that is known, as a flight that is done.
---@param key string
---@return slack.Flight? flight
function Cache:peek(key)
  local flight = self.known:get(key)
  if flight and loop.now() < flight.until_time then
    return flight
  end
end

local function raised(err)
  if errors.is(err) then
    return err
  end
  return errors.new { code = "error", message = tostring(err), cause = err }
end

local function perform(self, key, flight, load, ...)
  local epoch = self.epoch
  local ok, value, err, ttl = pcall(load, ...)
  if not ok then
    value, err, ttl = nil, raised(value), 0
  end
  if self.flights[key] == flight then
    self.flights[key] = nil
  end
  ttl = math.min(ttl or self.ttl, self.ttl)
  if ttl > 0 and self.epoch == epoch then
    flight.until_time = loop.now() + ttl
    self.known:put(key, flight)
  end
  land(flight, value, err)
end

local function new_flight(self, key)
  local flight = setmetatable({ done = false, cache = self, key = key }, Flight)
  if self.ttl > 0 then
    self.flights[key] = flight
  end
  return flight
end

---Begins to find out, unless somebody does already. Outside of tasks it may be done
---when this returns.
---@param key string
---@param load fun(...): value: any, err: any, ttl: number? how; may wait
---@return slack.Flight
function Cache:start(key, load, ...)
  local flight = self.flights[key]
  if not flight then
    flight = new_flight(self, key)
    tasks.spawn(perform, self, key, flight, load, ...)
  end
  return flight
end

---The answer: known, or found out now, by the calling task. That must not be one that
---can be cancelled, as others may come to wait for it: another flight, for instance.
---@async
---@param key string
---@param load fun(...): value: any, err: any, ttl: number?
---@return any value
---@return any err
function Cache:fetch(key, load, ...)
  local flight = self:peek(key) or self.flights[key]
  if not flight then
    flight = new_flight(self, key)
    perform(self, key, flight, load, ...)
  end
  return flight:wait()
end

---Forgets answers. Those that are being found out now go to who waits for them, and
---are not kept.
---@param is_meant? fun(flight: slack.Flight, key: string): boolean nil: all
function Cache:forget(is_meant)
  self.epoch = self.epoch + 1
  self.flights = {}
  self.known:clear(is_meant)
end

return Cache
