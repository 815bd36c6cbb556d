-- The task that takes entries out of the inbox while there is room for their handlers: those
-- of an earlier run or of processes that are gone, what came while Lua was behind, what failed
-- and is due again; with Redis all that comes.

local LogLimit = require "slack.log_limit"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Entries at a time, so that several processes share what waits; doubled as long as all of them
-- come, for a look is a transaction, and a store that is busy has few of these in a second.
local AT_ONCE, MOST_AT_ONCE = 64, 512
-- Seconds between two looks: where the store cannot be waited for, or there is no room.
local POLL = 1
-- The same for what other processes send, while there is no room for more.
local OWN_POLL = 0.05
-- Seconds before a store that failed is asked again, doubled up to the last.
local RETRY_FIRST, RETRY_LAST = 0.25, 5
local PERIOD = 60 -- seconds between two lines about the same failure

---@class slack.InboxClaims
---@field settings slack.InboxClaimsSettings
---@field is_stopping boolean
---@field is_crowded boolean it waits for room
---@field is_behind boolean the C side has not been told that nothing waits
local Claims = {}
Claims.__index = Claims
Claims.__name = "slack.inbox.claims"

---@class slack.InboxClaimsSettings
---@field ask slack.InboxAsk
---@field log slack.Logger
---@field block number seconds that the store may wait for entries; 0: it cannot
---@field room fun(): integer how many entries may come
---@field hand_out fun(texts: string[]) takes what came
---@field caught_up? fun() nothing waits any more
---@field only_own? boolean there is never room but for what others send to this process
---@field hears? fun(): boolean ask for that also while there is no room

---@param settings slack.InboxClaimsSettings
---@return slack.InboxClaims
function Claims.new(settings)
  return setmetatable({
    settings = settings, warnings = LogLimit.new(loop.now, PERIOD), is_stopping = false,
    is_crowded = false, is_behind = true, task = false, gate = false, is_woken = false,
    delay = RETRY_FIRST, at_once = AT_ONCE,
  }, Claims)
end

-- Waits so long, or until it is woken.
local function rest(self, seconds)
  if self.is_stopping or self.is_woken then
    self.is_woken = false
    return tasks.sleep(0)
  end
  self.gate = tasks.waiter()
  self.gate:await(seconds)
  self.gate, self.is_woken = false, false
end

local function tell(self, err)
  if not self.is_stopping and self.warnings:is_due(tostring(err.code)) then
    self.settings.log:warn("the inbox cannot be read, and will be asked again: %s", err)
  end
end

-- What it asks for, in seconds at most.
local function ask(self, limit, wait)
  local settings = self.settings
  local texts, err = settings.ask("claim", { limit = limit, wait = wait })
  if not texts then
    tell(self, err)
    local delay = self.delay
    self.delay = math.min(2 * delay, RETRY_LAST)
    return nil, delay
  end
  self.delay = RETRY_FIRST
  return settings.hand_out(texts)
end

-- Looks once; gives how long to rest then. Where the C side takes what comes itself as long as
-- nothing waits, it does so again after one more look, for what came during the last.
local function look(self, limit)
  local settings = self.settings
  local count, delay = ask(self, limit, settings.block)
  if not count then
    return delay
  end
  local is_more = count >= limit and limit == self.at_once
  self.at_once = is_more and math.min(2 * limit, MOST_AT_ONCE) or AT_ONCE
  if count >= limit or settings.block > 0 then
    return 0
  elseif settings.caught_up and self.is_behind then
    settings.caught_up()
    self.is_behind = false
    return 0
  end
  return POLL
end

-- Without room for deliveries: messages may say how some of those here go on.
local function hear(self)
  local settings = self.settings
  if not settings.hears or not settings.hears() then
    return POLL
  end
  local count, delay = ask(self, 0, 0)
  return count and OWN_POLL or delay
end

local function run(self)
  while not self.is_stopping do
    local limit = math.min(self.settings.room(), self.at_once)
    self.is_crowded = limit <= 0
    local pause
    if limit > 0 or self.settings.only_own then
      pause = look(self, math.max(limit, 0))
    else
      pause = hear(self)
    end
    if pause > 0 then
      rest(self, pause)
    else
      tasks.sleep(0)
    end
  end
  self.task = false
end

---Begins.
function Claims:start()
  self.task = tasks.spawn(run, self)
end

---Entries wait in the store, and the C side takes none until it is told of the last.
function Claims:fall_behind()
  self.is_behind = true
  self:wake()
end

---There may be something to take, or room again.
function Claims:wake()
  if self.gate then
    self.gate:resolve(true)
  else
    self.is_woken = true
  end
end

---Takes no more. What is on its way still comes.
function Claims:stop()
  self.is_stopping = true
  self:wake()
end

---Waits until nothing is on its way, at most so long.
---@async
---@param timeout number seconds
function Claims:wait_stopped(timeout)
  if self.task then
    self.task:join(timeout)
  end
end

---Ends at once.
function Claims:close()
  self.is_stopping = true
  if self.task then
    self.task:cancel()
    self.task = false
  end
end

return Claims
