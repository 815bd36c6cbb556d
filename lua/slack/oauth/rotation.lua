-- Token rotation: tokens that expire are replaced in good time, in the background.
--
-- A refresh token is of use once. So of all processes that share a storage one at a
-- time refreshes a token, after it has made sure that nobody else has done it, and
-- what it got is kept before anybody uses it. What cannot be helped: if this process
-- dies between Slack's answer and the write, the new tokens are lost, Slack refuses
-- the old refresh token, and the app has to be installed there anew.

local errors = require "slack.errors"
local exchange = require "slack.oauth.exchange"
local loop = require "slack.loop"
local raised = require "slack.raised"
local records = require "slack.installation_record"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

-- Seconds between two looks at what expires soon.
local LOOK_PERIOD = 300
-- A token with less left is refreshed before it is used.
local URGENT = 60
-- Refreshed side by side; Slack allows bursts, not floods.
local AT_ONCE = 4
-- Longer than a refresh can take.
local LOCK = { ttl = 60, wait = 30 }
local BACKOFF_FIRST, BACKOFF_MOST = 15, 900
-- When Slack does not say how long its "too many" holds.
local RATE_PAUSE = 30
-- Tries to keep what Slack has given, and seconds between the first two.
local SAVES, SAVE_PAUSE = 6, 0.25

-- With these no later attempt can succeed.
local FINAL = {
  invalid_refresh_token = true, token_revoked = true, token_expired = true, invalid_auth = true,
  account_inactive = true, team_disabled = true, invalid_grant = true,
}

---@class slack.oauth.Rotation
---@field is_running boolean
---@field flights table<string, slack.Task> refreshes under way
---@field failures table<string, { count: integer, next_at: number }>
---@field unsaved table<string, table> what Slack gave and no storage has
local Rotation = {}
Rotation.__index = Rotation
Rotation.__name = "slack.oauth.rotation"

---@class slack.oauth.RotationParts
---@field installations slack.Installations
---@field settings slack.OauthOptions as read
---@field client slack.Client
---@field log slack.Logger
---@field clock? fun(): number seconds since the epoch

---@param parts slack.oauth.RotationParts
---@return slack.oauth.Rotation
function Rotation.new(parts)
  return setmetatable({
    installations = parts.installations, settings = parts.settings, client = parts.client,
    log = parts.log, clock = parts.clock or loop.time, before = parts.settings.rotate_before,
    flights = {}, failures = {}, unsaved = {}, is_running = false, is_stopping = false,
    paused_until = 0, save_pause = SAVE_PAUSE, look_period = LOOK_PERIOD,
  }, Rotation)
end

-- One token ------------------------------------------------------------------------

local function name_of(where)
  return ("%s:%s:%s"):format(where.enterprise_id or "-", where.team_id or "-",
    where.user_id or "-")
end

local function half_of(where)
  return where.user_id and "user_" or "bot_"
end

-- The record as it is kept now. Where there is none at that very place, another that
-- a query would fall back to is none of ours.
local function read(self, where)
  local find = where.user_id and self.installations.find_user or self.installations.find_bot
  local record, err, place = find(self.installations, where)
  if err then
    return nil, err
  elseif not record or place.path ~= records.place_of(where).path then
    return nil, errors.new { code = "not_installed", message = "no such installation" }
  end
  return record
end

local function is_fresh(self, record, half)
  local expires_at = record[half .. "token_expires_at"]
  return not expires_at or expires_at - self.clock() > self.before
end

-- Whoever took the place of these tokens meanwhile has better ones.
local function is_overtaken(err)
  return err.code == "conflict" or err.code == "not_installed"
end

local function save(self, where, used, tokens)
  local seconds = self.save_pause
  for attempt = 1, SAVES do
    local record, err = self.installations:update(where, used, tokens)
    if record then
      return record
    elseif is_overtaken(err) then
      return read(self, where)
    elseif attempt == SAVES then
      return nil, err
    end
    tasks.sleep(seconds * (0.5 + math.random()))
    seconds = seconds * 2
  end
end

-- What could not be kept is held here until it can be: it is all there is.
local function keep(self, name, where, used, tokens)
  self.unsaved[name] = { used = used, tokens = tokens }
  local record, err = save(self, where, used, tokens)
  if not record and not is_overtaken(err) then
    self.log:error("the new token of %s could not be kept, which is tried again: %s", name, err)
    return nil, err
  end
  self.unsaved[name] = nil
  return record, err
end

local function mark_dead(self, name, where, record, half, refused)
  self.log:error("Slack will not refresh the token of %s (%s): the app must be installed "
    .. "there anew", name, refused.code)
  local _, err = self.installations:mark_dead(where, record[half .. "token"], refused.code)
  if err and not is_overtaken(err) then
    self.log:error("a dead installation could not be marked: %s", err)
  end
end

local function dead(name, reason, cause)
  return nil, errors.new {
    code = "token_dead", reason = reason, cause = cause,
    message = ("Slack has refused to refresh the token of %s (%s)"):format(name, reason),
  }
end

local function refresh(self, name, where, record)
  local half = half_of(where)
  local used = record[half .. "refresh_token"]
  local tokens, err = exchange.refresh(self.client, self.settings, used, self.clock)
  if tokens then
    return keep(self, name, where, used, tokens)
  elseif FINAL[err.code] then
    mark_dead(self, name, where, record, half, err)
    return dead(name, err.code, err)
  end
  return nil, err
end

-- With the lock of this token.
local function rotate_alone(self, name, where, refused)
  local record, err = read(self, where)
  if not record then
    return nil, err
  end
  local half, unsaved = half_of(where), self.unsaved[name]
  if unsaved then
    return keep(self, name, where, unsaved.used, unsaved.tokens)
  elseif record[half .. "dead"] then
    return dead(name, record[half .. "dead"])
  elseif not record[half .. "refresh_token"]
    or is_fresh(self, record, half) and record[half .. "token"] ~= refused then
    return record
  end
  return refresh(self, name, where, record)
end

local function rotate(self, name, where, refused)
  local lock <close>, problem = self.installations:lock("rotate:" .. name, LOCK)
  if not lock then
    return nil, problem
  end
  local record, err = rotate_alone(self, name, where, refused)
  lock:give_back()
  return record, err
end

local function note_failure(self, name, err)
  local failure = self.failures[name] or { count = 0 }
  failure.count = failure.count + 1
  local seconds = math.min(BACKOFF_FIRST * 2 ^ (failure.count - 1), BACKOFF_MOST)
  failure.next_at = self.clock() + seconds * (0.5 + math.random() / 2)
  self.failures[name] = failure
  if err.code ~= "locked" then
    self.log:warn("the token of %s could not be refreshed, next attempt in %d s: %s", name,
      math.ceil(failure.next_at - self.clock()), err)
  end
end

-- Which is no fault of this token's: the others wait as well.
local function pause(self, err)
  local now = self.clock()
  if now >= self.paused_until then
    self.log:warn("Slack lets no more tokens be refreshed for now: going on in %g s",
      err.retry_after or RATE_PAUSE)
  end
  self.paused_until = math.max(self.paused_until, now + (err.retry_after or RATE_PAUSE))
end

local function settle(self, name, record, err)
  if not record and retry.is_rate_limit(err) then
    pause(self, err)
  elseif not record and err.code ~= "token_dead" and not is_overtaken(err) then
    note_failure(self, name, err)
  else
    self.failures[name] = nil
  end
  return record, err
end

-- A store of the program's own may raise: that is a failure like others.
local function caught(ok, value, err)
  if ok then
    return value, err
  end
  return nil, errors.is(value) and value or errors.new {
    code = "rotation", message = raised.text(value),
  }
end

---Replaces one token that expires soon, unless somebody has done so already.
---Whoever asks for the same meanwhile gets the same.
---@async
---@param where slack.InstallationQuery with a user_id: that user's token, else the bot's
---@param refused? string a token of which Slack said that it has expired, whatever we think
---@return slack.Installation? record with tokens that last
---@return slack.Error? err code "token_dead" with Slack's word as `reason`; others are tried
---  again later
function Rotation:rotate(where, refused)
  local name = name_of(where)
  local flight = self.flights[name]
  if not flight then
    flight = tasks.spawn(function()
      local landing <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
        self.flights[name] = nil
      end })
      return settle(self, name, caught(pcall(rotate, self, name, where, refused)))
    end)
    self.flights[name] = not flight:is_done() and flight or nil
  end
  local ok, record, err = flight:join()
  return caught(ok, record, err)
end

-- On demand ------------------------------------------------------------------------

---The record with a token that can be used now: refreshed if it has expired or is
---about to. Nothing is asked as long as it lasts.
---@async
---@param record slack.Installation
---@param half "bot"|"user"
---@return slack.Installation? record the same, or a newer one
---@return slack.Error? err
function Rotation:fresh(record, half)
  local expires_at = record[half .. "_token_expires_at"]
  local left = expires_at and expires_at - self.clock()
  if not left or not record[half .. "_refresh_token"] or left > URGENT then
    return record
  end
  local place = records.place_of(record)
  local renewed, err = self:rotate {
    enterprise_id = place.enterprise_id, team_id = place.team_id,
    is_enterprise_install = place.team_id == nil,
    user_id = half == "user" and record.user_id or nil,
  }
  if not renewed and left > 0 and err.code ~= "token_dead" then
    return record -- it works for these seconds
  end
  return renewed, err
end

-- In the background ----------------------------------------------------------------

local function is_waiting(self, where)
  local failure = self.failures[name_of(where)]
  return failure ~= nil and failure.next_at > self.clock()
end

-- Until the list is empty.
local function work(self, list)
  while true do
    local where = table.remove(list, 1)
    if not where or self.is_stopping or self.clock() < self.paused_until then
      return
    elseif not is_waiting(self, where) then
      self:rotate(where)
    end
  end
end

-- Of what is not due any more others have taken care, or it was removed.
local function forget_failures(self, due)
  local is_due = {}
  for _, where in ipairs(due) do
    is_due[name_of(where)] = true
  end
  for name in pairs(self.failures) do
    if not is_due[name] then
      self.failures[name] = nil
    end
  end
end

---Refreshes what expires soon; waits for all of it.
---@async
---@return integer? count that were due
---@return slack.Error? err of the storage
function Rotation:look()
  local list, err = self.installations:due(self.clock() + self.before)
  if not list then
    return nil, err
  end
  forget_failures(self, list)
  local count, workers = #list, {}
  for i = 1, math.min(AT_ONCE, count) do
    workers[i] = function() work(self, list) end
  end
  tasks.all(workers)
  return count
end

-- Sooner when an attempt is due sooner, later by chance, so that the processes of one
-- app do not look at the same moment.
local function next_look(self)
  local now, seconds = self.clock(), self.look_period * (0.8 + 0.4 * math.random())
  local function sooner(at)
    seconds = math.min(seconds, math.max(at - now, 1))
  end
  for _, failure in pairs(self.failures) do
    sooner(failure.next_at)
  end
  if self.paused_until > now then
    sooner(self.paused_until)
  end
  return seconds
end

local function plan(self, seconds)
  self.timer = loop.after(seconds, function()
    self.task = tasks.spawn(function()
      local _, err = caught(pcall(self.look, self))
      if err then
        self.log:warn("it cannot be seen which tokens expire: %s", err)
      end
      if self.is_running then
        plan(self, next_look(self))
      end
    end)
  end)
end

---Looks now and then, until stop.
function Rotation:start()
  if not self.is_running then
    self.is_running, self.is_stopping = true, false
    plan(self, math.random())
  end
end

---Begins no refresh any more.
function Rotation:stop()
  self.is_running, self.is_stopping = false, true
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
end

---Waits for the refreshes under way, whose outcome would be lost.
---@async
---@param timeout number seconds
---@return boolean all have ended
function Rotation:finish(timeout)
  self:stop()
  local deadline = loop.now() + timeout
  local _, flight = next(self.flights)
  while flight and loop.now() < deadline do
    flight:join(deadline - loop.now())
    _, flight = next(self.flights)
  end
  return flight == nil
end

return Rotation
