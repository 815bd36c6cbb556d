-- Runs what app:every and app:at have registered, while the app runs.
--
-- Intervals go by the clock that never goes back, on a grid that starts with the app:
-- what a run takes does not move the next one. Timetables go by the time of day, which
-- people and machines change: a machine may sleep, a clock be put forward or back. So
-- the time is looked at once in a while, however long there is to wait.
--
-- Of an entry one run is under way at a time. What was due meanwhile, or while nothing
-- could run, is made up for by one run; the rest is skipped, and counted.

local lazy = require "slack.lazy"
local Context = lazy "slack.context"
local Failures = lazy "slack.failures"
local Job = lazy "slack.job"
local loop = require "slack.loop"

-- Seconds between two looks at the time of day.
local LOOK = 30
-- A clock that is put back by less runs nothing twice; by more it was wrong before, and
-- everything is planned anew.
local SET_BACK = 3 * 3600
-- Seconds of being late that nobody is told of.
local PUNCTUAL = 5

---@class slack.Schedule
---@field app slack.App
---@field entries slack.ScheduleEntry[]
---@field is_running boolean
---@field counts { run: integer, failed: integer, skipped: integer }
local Schedule = {}
Schedule.__index = Schedule
Schedule.__name = "slack.schedule"

---@param app slack.App
---@return slack.Schedule
function Schedule.new(app)
  return setmetatable({
    app = app, log = app.log, entries = {}, is_running = false,
    counts = { run = 0, failed = 0, skipped = 0 },
    -- Clocks and timers; specs have their own.
    now = loop.now, time = loop.time, after = loop.after,
  }, Schedule)
end

local function now_of(self, entry)
  return entry.interval and self.now() or self.time()
end

---A time on the entry's clock as seconds since the epoch, whole ones, as os.date and %d
---want them.
---@param entry slack.ScheduleEntry
---@param at? number
---@return integer?
function Schedule:time_of(entry, at)
  if at and entry.interval then
    return math.floor(self.time() + (at - self.now()) + 0.5)
  end
  return at
end

-- Runs ------------------------------------------------------------------------------------

local Guard = {}

function Guard:__close()
  self.state.is_running = false
end

local function call_handler(c)
  return c.listener.handler(c)
end

local function run(job)
  local c, schedule = job.c, job.c.app.schedule
  local guard <close> = setmetatable({ state = c.listener.state }, Guard) -- luacheck: ignore 211
  local ok, failure = xpcall(call_handler, Failures.trace, c)
  job.completed = true
  schedule.counts.run = schedule.counts.run + 1
  if not ok then
    schedule.counts.failed = schedule.counts.failed + 1
    c.app.dispatch.failures:report(c, Failures.of(failure, c.listener))
  end
end

-- In place of what Slack would send: whose app it is, when it is one workspace's.
local function body_of(self)
  local identity = self.app.identity or {}
  return { team_id = identity.team_id, enterprise_id = identity.enterprise_id }
end

local function begin(self, entry, due)
  local state, body = entry.state, body_of(self)
  local c = Context.new(self.app, { acked = true, body = body }, "schedule", body)
  c.listener, c.missed, c.scheduled_at = entry, state.missed, self:time_of(entry, due)
  state.is_running, state.missed, state.is_told = true, 0, nil
  local job = Job.new(self.app.dispatch, c, entry)
  job.outcome = false
  job:start(run, "aside")
end

local function skip(self, entry, count)
  entry.state.missed = entry.state.missed + count
  self.counts.skipped = self.counts.skipped + count
end

local function run_due(self, entry, now)
  local state = entry.state
  local due, skipped = entry:take_due(now)
  local late = now - due
  skip(self, entry, skipped)
  if state.is_running then
    skip(self, entry, 1)
    if not state.is_told then
      state.is_told = true
      self.log:warn("%s is due, but its last run has not ended: skipped until then", entry)
    end
  elseif entry.options.grace and late > entry.options.grace then
    skip(self, entry, 1)
    self.log:warn("%s was due %.0f s ago, which is more than its grace: skipped", entry, late)
  else
    if late > PUNCTUAL or skipped > 0 then
      self.log:warn("%s runs %.0f s late%s", entry, late,
        skipped > 0 and ("; earlier runs that were missed: %d"):format(skipped) or "")
    end
    begin(self, entry, due)
  end
end

-- Waiting ---------------------------------------------------------------------------------

local look

local function set_timer(self, entry)
  local due = entry.state.due
  if not due then
    return
  end
  local seconds = math.max(due - now_of(self, entry), 0) -- now: a run may have begun and taken long
  if entry.timetable then
    seconds = math.min(seconds, LOOK)
  end
  entry.timer = self.after(seconds, look, entry)
end

-- The clock was wrong before, or is now.
local function note_set_back(self, entry, now)
  local state = entry.state
  if entry.timetable and now < state.latest - SET_BACK then
    self.log:info("the clock was put back by %.0f s: %s is planned anew", state.latest - now, entry)
    entry:plan(now)
  end
  state.latest = math.max(state.latest, now)
end

function look(entry)
  local self = entry.schedule
  local now = now_of(self, entry)
  entry.timer = nil
  note_set_back(self, entry, now)
  if entry.state.due and now >= entry.state.due then
    run_due(self, entry, now)
    if entry.schedule and not entry.state.due then
      entry:remove() -- a date that is over: nothing of it is kept
    end
  end
  if self.is_running and entry.schedule then -- its handler may have removed it, or stopped the app
    set_timer(self, entry)
  end
end

-- Life ------------------------------------------------------------------------------------

local function is_wanted(self, entry)
  return entry.options.each_worker or (self.app.worker or 1) == 1
end

local function start(self, entry)
  if not is_wanted(self, entry) then
    return
  end
  entry.schedule = self
  if not entry.state.due then
    entry:plan(now_of(self, entry))
  end
  if entry.state.due then
    set_timer(self, entry)
  else
    self.log:warn("%s is never due: the time is over", entry)
  end
end

local function stop(entry)
  if entry.timer then
    entry.timer:cancel()
    entry.timer = nil
  end
  entry.schedule = nil
end

---Plans all entries; they are run until stop.
function Schedule:start()
  self.is_running = true
  for _, entry in ipairs(self.entries) do
    start(self, entry)
  end
end

---Begins no run any more. What runs is for the dispatch to wait for.
function Schedule:stop()
  self.is_running = false
  for _, entry in ipairs(self.entries) do
    stop(entry)
    entry.state.due = nil
  end
end

-- Those that are there no more, by what they were registered with, the first first.
local function leaving(self, list)
  local stays, by_key = {}, {}
  for _, entry in ipairs(list) do
    stays[entry] = true
  end
  for _, entry in ipairs(self.entries) do
    if not stays[entry] then
      stop(entry)
      by_key[entry.key] = by_key[entry.key] or {}
      table.insert(by_key[entry.key], entry)
    end
  end
  return by_key
end

---What is registered from now on. An entry that differs from one that goes only in its
---handler goes on where that was: a reload of its script moves nothing.
---@param list slack.ScheduleEntry[]
function Schedule:replace(list)
  if not list[1] and not self.entries[1] then
    return
  end
  local gone, known = leaving(self, list), {}
  for _, entry in ipairs(self.entries) do
    known[entry] = true
  end
  self.entries = list
  for _, entry in ipairs(list) do
    if not known[entry] then
      local old = gone[entry.key] and table.remove(gone[entry.key], 1)
      entry.state = old and old.state or entry.state
      if self.is_running then
        start(self, entry)
      end
    end
  end
end

return Schedule
