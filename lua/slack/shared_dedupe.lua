-- Which events were handled, of all processes that share a storage: for apps without an
-- inbox, which would know it as well. Each event is claimed in the store before its handlers
-- run, behind what this process knows by itself (dedupe.lua):
--
--   "running"   somebody has it; gone after LEASE unless renewed, so that a redelivery is
--               handled whose first handling died with its process
--   "done"      its handlers have ended, none of them failed; for KEPT
--   nothing     never seen, or its handling failed: the next delivery is handled
--
-- A redelivery that comes while the event is handled elsewhere waits for how that ends. One
-- that is answered after its handlers (held_events.lua) waits for nearly as long as Slack
-- does, and is then refused, so that it comes again.

local Job = require "slack.job"
local LogLimit = require "slack.log_limit"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local LEASE <const> = 45 -- seconds; less than Slack takes to the second redelivery, a minute
local LEASED <const> = { ttl = LEASE }
local RENEWED_EVERY <const> = 15
local KEPT <const> = 900 -- the last redelivery comes after about five minutes
local CLAIM_PATIENCE <const> = 1
local AWAY_FOR <const> = 5 -- seconds without the store after it has failed

local WATCH_MOST <const> = 90 -- seconds; more than a lease
local WATCH_FIRST <const>, WATCH_PAUSE <const> = 0.05, 2 -- between two looks
local HELD_SHARE <const> = 0.8 -- of the ack deadline
local MAX_WATCHED <const> = 100 -- deliveries at a time

local MARKS_AT_ONCE <const> = 500
local MAX_ID <const> = 200 -- bytes; Slack's have about 11
local MAX_MARKS <const> = 20000 -- that wait while the store is away

---@class slack.SharedDedupe
---@field dispatch slack.Dispatch
---@field store slack.Store
---@field running table<string, number> when it began, by event_id
---@field marks table<string, "done"|"failed"> that are not in the store yet
---@field mark_count integer
---@field round? slack.DedupeRound what comes just now
---@field away_until number on the loop's clock
local SharedDedupe = {}
SharedDedupe.__index = SharedDedupe
SharedDedupe.__name = "slack.shared_dedupe"

---@param dispatch slack.Dispatch
---@param store slack.Store for this alone
---@return slack.SharedDedupe
function SharedDedupe.new(dispatch, store)
  return setmetatable({
    dispatch = dispatch, store = store, running = {}, marks = {}, mark_count = 0, watched = 0,
    away_until = 0, is_closed = false, limit = LogLimit.new(loop.now, 60),
  }, SharedDedupe)
end

-- The store --------------------------------------------------------------------------------

local function note_away(self, err)
  self.away_until = loop.now() + AWAY_FOR
  if not self.is_closed and self.limit:is_due "away" then
    self.dispatch.app.log:warn("dedupe: %s; until the storage is back, each process knows its own "
      .. "events alone", err)
  end
end

local function is_away(self)
  return loop.now() < self.away_until
end

local function ask(self, method, ...)
  local value, err = tasks.timeout(CLAIM_PATIENCE, self.store[method], self.store, ...)
  if err then
    note_away(self, err)
  end
  return value, err
end

-- Marks ------------------------------------------------------------------------------------

local function take_marks(self)
  local taken, count = {}, 0
  for id, mark in pairs(self.marks) do
    taken[id], count = mark, count + 1
    if count == MARKS_AT_ONCE then
      break
    end
  end
  for id in pairs(taken) do
    self.marks[id] = nil
  end
  self.mark_count = self.mark_count - count
  return taken, count
end

local function put_mark(self, id, mark)
  if not self.marks[id] then
    if self.mark_count >= MAX_MARKS then
      return -- its claim ends by itself
    end
    self.mark_count = self.mark_count + 1
  end
  self.marks[id] = mark
end

-- What has failed meanwhile says more than what is put back.
local function put_back(self, taken)
  for id, mark in pairs(taken) do
    if not self.marks[id] then
      put_mark(self, id, mark)
    end
  end
end

local function store_marks(self)
  while self.mark_count > 0 do
    local taken = take_marks(self)
    local _, err = self.store:batch(function(b)
      for id, mark in pairs(taken) do
        if mark == "done" then
          b:set(id, "done", { ttl = KEPT })
        else
          b:delete(id)
        end
      end
    end)
    if err then
      put_back(self, taken)
      return note_away(self, err)
    end
  end
end

local plan

local function renew(self)
  local ids, now = {}, loop.now()
  for id, began in pairs(self.running) do
    if now - began >= KEPT then
      self.running[id] = nil -- Slack has given up by now
    elseif now - began >= RENEWED_EVERY / 2 then
      ids[#ids + 1] = id
    end
  end
  for first = 1, #ids, MARKS_AT_ONCE do
    local _, err = self.store:batch(function(b)
      for i = first, math.min(first + MARKS_AT_ONCE - 1, #ids) do
        if self.running[ids[i]] then
          b:set(ids[i], "running", LEASED)
        end
      end
    end)
    if err then
      return note_away(self, err)
    end
  end
end

local function keep_up(self)
  renew(self)
  store_marks(self)
  plan(self)
end

-- Renewals, and marks that could not be stored.
function plan(self)
  local needs_it = next(self.running) ~= nil or self.mark_count > 0
  if needs_it and not self.timer and not self.is_closed then
    self.timer = loop.after(RENEWED_EVERY, function()
      self.timer = nil
      tasks.spawn(keep_up, self)
    end)
  end
end

local function flush(self)
  self.is_flushing = false
  if not is_away(self) then
    tasks.spawn(store_marks, self)
  end
end

---A claimed event's handlers have ended, or nobody wanted it.
---@param id string
---@param is_undone? boolean the next delivery is to be handled
function SharedDedupe:ended(id, is_undone)
  self.running[id] = nil
  put_mark(self, id, is_undone and "failed" or "done")
  if not self.is_flushing then -- all that ends in this round goes together
    self.is_flushing = true
    loop.defer(flush, self)
  end
end

-- Ends of claims ---------------------------------------------------------------------------

local function begin(self, id)
  self.running[id] = loop.now()
  plan(self)
end

-- Of the delivery that is not handled here: done elsewhere, or (why) it may come again.
local function drop(self, c, id, why)
  local dispatch, request = self.dispatch, c.request
  request.claim = nil
  dispatch.counts.duplicates = dispatch.counts.duplicates + 1
  dispatch.measures:delivered("event", c.payload, "duplicate")
  if why then
    dispatch.dedupe:failed(id)
  end
  if request.held then
    dispatch.held:finish(request, why)
  end
end

local function is_over(self, ends)
  return loop.now() >= ends or self.is_closed or self.dispatch.app.phase == "stopping"
end

-- Whether the event is this process's to handle after all; false: done elsewhere; nil: not
-- known.
local function watch(self, job, id)
  local settings = self.dispatch.app.settings
  local patience = job.c.request.held and HELD_SHARE * settings.ack_deadline or WATCH_MOST
  local ends, pause = loop.now() + patience, WATCH_FIRST
  repeat
    local state, err = ask(self, "get", id)
    local is_mine = state == nil and not err and ask(self, "add", id, "running", LEASED)
    if state == "done" then
      return false
    elseif err or is_mine then
      return is_mine or nil
    end
    tasks.sleep(math.min(pause * (0.75 + math.random() / 2), math.max(ends - loop.now(), 0)))
    pause = math.min(pause * 2, WATCH_PAUSE)
  until is_over(self, ends)
end

local function watch_if_room(self, job, id)
  if self.watched >= MAX_WATCHED then
    return nil
  end
  self.watched = self.watched + 1
  local leaving <close> = setmetatable({}, { -- luacheck: ignore 211
    __close = function() self.watched = self.watched - 1 end,
  })
  if not job.c.request.held then
    job:excuse() -- nobody waits for it, and a stop need not either
  end
  return watch(self, job, id)
end

local function run_watch(job)
  local self, c, id = job.claims, job.c, job.claimed
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
    if not job.completed then
      drop(self, c, id, "failed")
    end
  end })
  local is_mine = watch_if_room(self, job, id)
  job.completed = true
  if is_mine and not self.is_closed then
    begin(self, id)
    return self.dispatch:proceed(c, job.finished_before)
  end
  drop(self, c, id, is_mine ~= false and "failed" or nil)
end

-- A job that handles nothing itself.
local function new_job(self, c)
  local job = Job.new(self.dispatch, c)
  job.outcome, job.began, job.claims = false, false, self
  return job
end

-- Claims -----------------------------------------------------------------------------------

-- What comes in one round is claimed together, and waits in one job that takes room for all.
---@class slack.DedupeRound: slack.Job
---@field list table[] { c, id, listeners that had finished }
---@field at integer of those that are settled

local function ask_for(self, list, first, last)
  if first == last then
    local is_mine, err = ask(self, "add", list[first][2], "running", LEASED)
    return { is_mine }, err
  end
  return ask(self, "batch", function(b)
    for i = first, last do
      b:add(list[i][2], "running", LEASED)
    end
  end)
end

local function settle(self, job, claim, is_mine)
  local c, id, done = claim[1], claim[2], claim[3]
  job:widen(-1)
  if is_mine then
    begin(self, id)
    return self.dispatch:proceed(c, done)
  end
  local watching = new_job(self, c)
  watching.claimed, watching.finished_before = id, done
  watching:start(run_watch)
end

-- Cut off before it is known whose they are, they are to come again.
local function give_up_rest(job)
  for i = job.at + 1, #job.list do
    local id = job.list[i][2]
    job.claims:ended(id, true)
    drop(job.claims, job.list[i][1], id, "failed")
  end
end

local function run_claims(job)
  local self, list = job.claims, job.list
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
    give_up_rest(job)
  end })
  tasks.sleep(0) -- until all of this round are there
  self.round = nil
  while job.at < #list do
    local first, last = job.at + 1, math.min(job.at + MARKS_AT_ONCE, #list)
    local results, err = ask_for(self, list, first, last)
    for i = first, last do
      job.at = i
      settle(self, job, list[i], err ~= nil or results[i - first + 1])
    end
  end
  job.completed = true
end

local function can_be_key(id)
  return id ~= "" and #id <= MAX_ID
end

---Finds out whose an event is that this process has not seen, and goes on with it if it is
---this one's. While the store is away it is.
---@param c slack.Context
---@param id string its event_id
---@param done? table<string, true> listeners that had finished with it
function SharedDedupe:claim(c, id, done)
  if not can_be_key(id) then
    return self.dispatch:proceed(c, done)
  end
  c.request.claim = id
  if is_away(self) then
    begin(self, id)
    return self.dispatch:proceed(c, done)
  end
  local round = self.round
  if not round or not self.dispatch.jobs[round] then -- or it was cut off before it began
    round = new_job(self, c)
    round.list, round.at = {}, 0
    self.round = round
    round:start(run_claims)
  end
  round.list[#round.list + 1] = { c, id, done }
  round:widen(1)
end

-- Life -------------------------------------------------------------------------------------

---Stores what is known, before a stop closes the store.
---@async
function SharedDedupe:finish()
  if not is_away(self) then
    store_marks(self)
  end
end

---The store is about to be closed.
function SharedDedupe:close()
  self.is_closed = true
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
  if self.mark_count > 0 and not tasks.current() then
    tasks.spawn(store_marks, self) -- as far as the first batch
  end
end

return SharedDedupe
