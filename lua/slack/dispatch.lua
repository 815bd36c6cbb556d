-- From a request to its handlers: which listeners run, in which tasks, through
-- which middleware, and what happens to their errors.
--
-- Any transport can feed it. A request is a table of its making:
--
--   body            the decoded payload
--   came_as         what Slack says that it is: "event", "command" or "interaction"
--   retry           { number =, reason = } of a redelivery, or nil
--   acked           true when nothing is owed any more (an event)
--   takes_payload   false when an ack can carry nothing
--   held            true of an event that is answered when its handlers have ended
--                   (held_events.lua)
--   has_status      true when a refusal can say why
--   request:ack(json)     answers, with JSON or nil; true, or nil and an error
--                         with code "too_large" when it is still owed
--   request:refuse(why)   "unmatched", "failed" or "unauthorized": the answer is a
--                         failure, or none
--
-- Work for one request is a delivery: its jobs are the tasks that handlers run in.

local Admission = require "slack.admission"
local Context = require "slack.context"
local Crowding = require "slack.crowding"
local Dedupe = require "slack.dedupe"
local Failures = require "slack.failures"
local HeldEvents = require "slack.held_events"
local Job = require "slack.job"
local LogLimit = require "slack.log_limit"
local acks = require "slack.acks"
local chain = require "slack.chain"
local matching = require "slack.matching"
local payload = require "slack.payload"
local tasks = require "slack.tasks"
local unmatched = require "slack.unmatched"

local trace, caught_in = Failures.trace, Failures.of

-- Seconds between two lines about events that one listener keeps longer than Slack waits.
local PERIOD = 60

-- Of the bot's own doings these are wanted.
local KEPT_OF_SELF = { member_joined_channel = true, member_left_channel = true }

---@class slack.Request
---@field body table
---@field came_as? slack.DeliveryKind
---@field retry? { number: integer, reason: string }
---@field acked? boolean
---@field takes_payload? boolean
---@field held? boolean
---@field has_status? boolean
---@field no_retry? boolean see slack.Context.no_retry
---@field is_unknown? boolean of a held event: no listener is there for its type
---@field context? slack.Context set here
---@field ack fun(self: slack.Request, text: string?): true?, slack.Error?
---@field refuse fun(self: slack.Request, why: string?)

---@class slack.Dispatch
---@field index slack.Index swapped as a whole when scripts are reloaded
---@field middleware function[] never changed in place
---@field on_error? function
---@field running integer jobs
---@field excused integer jobs among them whose end nobody waits for
---@field aside integer jobs among the others that take no room, those of routes
---@field waiting integer jobs among the others that wait for people (Job.begin_wait)
---@field waits slack.Waits|false what they wait for, which is offered first what comes
---@field is_stopping boolean nobody is waited for any more
---@field limit integer of jobs; told of by on_full, and by on_room when there is room again
---@field on_job_end? fun()
local Dispatch = {}
Dispatch.__index = Dispatch
Dispatch.__name = "slack.dispatch"

local function nothing() end

---@param app slack.App
---@param clock fun(): number
---@return slack.Dispatch
function Dispatch.new(app, clock)
  local self = setmetatable({
    app = app,
    dedupe = Dedupe.new(clock),
    held = HeldEvents.new(),
    unmatched = unmatched.new(app, clock),
    measures = app.measures,
    failures = Failures.new(app),
    matching = matching.new(),
    jobs = {}, -- job -> true
    running = 0,
    excused = 0,
    aside = 0,
    waiting = 0,
    waits = false,
    is_stopping = false,
    limit = app.settings.max_in_flight,
    crowding = Crowding.new(app, app.settings.max_in_flight, clock),
    slow_events = LogLimit.new(clock, PERIOD),
    is_full = false,
    on_full = nothing,
    on_room = nothing,
    counts = {
      handled = 0, failed = 0, unmatched = 0, duplicates = 0, ignored = 0, unknown = 0,
      unauthorized = 0,
    },
  }, Dispatch)
  self.admission = Admission.new(self, clock)
  return self
end

-- Running ---------------------------------------------------------------------------

local function handle(_, c, listener)
  local value = listener.handler(c, nothing)
  c:_settle(value)
  return value
end

local function run_listener(job, c, listener)
  c.listener = listener
  local value
  if listener.middleware[1] then
    value = chain({
      layers = listener.middleware, c = c, job = job, listener = listener, last = handle,
    }, 1)
  else
    value = listener.handler(c, nothing)
  end
  if not c.request.acked then
    c:_settle(value)
  end
  return value
end

-- Outcomes -----------------------------------------------------------------------

local function note_finished(delivery, listener)
  if delivery.event_id then
    local finished = delivery.finished
    if not finished then
      finished = {}
      delivery.finished = finished
    end
    finished[listener] = true
  end
end

local function run_alone(job)
  local _ <close> = job
  local ok, failure = xpcall(run_listener, trace, job, job.c, job.listener)
  local counts = job.dispatch.counts
  if ok then
    job.completed = true
    counts.handled = counts.handled + 1
    if job.delivery.several then
      note_finished(job.delivery, job.listener)
    end
  else
    counts.failed = counts.failed + 1
    job.dispatch.failures:report(job.c, caught_in(failure, job.listener))
  end
end

-- Below global middleware an error goes up to it, and is reported only if it
-- comes out at the top.
local function run_below(job)
  local _ <close> = job
  local ok, failure = xpcall(run_listener, trace, job, job.c, job.listener)
  job.completed = ok
  if ok then
    note_finished(job.delivery, job.listener)
  else
    failure = caught_in(failure, job.listener)
    failure.c = job.c
    table.insert(job.delivery.failures, failure)
  end
end

local function run_all_below(job, c)
  local listeners, delivery = job.listeners, job.delivery
  local started = {}
  for i = 1, #listeners do
    local own = i == #listeners and c or c:_fork()
    own.matches, own.listener = listeners.matches[i], listeners[i]
    started[i] = Job.new(job.dispatch, own, listeners[i], delivery):start(run_below)
  end
  for i = 1, #started do
    started[i].task:join()
  end
  local first = delivery.failures[1]
  if first then
    error(first.err, 0)
  end
end

-- A handler that waits for this very thing has it; whoever took it owes the ack.
local function take_up(self, c)
  self.counts.handled = self.counts.handled + 1
  c.is_taken = true
end

-- What lies behind the last global middleware.
local function run_matches(job, c)
  local waits = job.dispatch.waits
  if waits and waits.count > 0 and waits:offer(c) then
    return take_up(job.dispatch, c)
  end
  local listeners = job.listeners
  local count = #listeners
  if count == 0 then
    local failure = job.failures[1]
    if failure then
      error(failure.err, 0)
    end
    job.outcome = job.outcome or "unmatched"
    return job.dispatch:_nobody(c, listeners.named)
  elseif count == 1 then
    c.matches = listeners.matches[1]
    return run_listener(job, c, listeners[1])
  end
  return run_all_below(job, c)
end

local function report_chain(job, failure)
  local failures = job.delivery.failures
  failure = caught_in(failure, job.c.listener)
  local known = failures[1] and failures[1].err == failure.err
  if not known then
    table.insert(failures, 1, failure)
  end
end

local function run_chain(job)
  local _ <close> = job
  local delivery, dispatch, c = job.delivery, job.dispatch, job.c
  local ok, failure = xpcall(chain, trace, {
    layers = job.middleware, c = c, job = job, last = run_matches,
  }, 1)
  if ok then
    if delivery.failures[1] then
      table.remove(delivery.failures, 1) -- a middleware has seen to it
    end
    if not c.is_taken then
      c:_settle(failure)
    end
  else
    report_chain(job, failure)
  end
  job.completed = ok
  local name = ok and "handled" or "failed"
  dispatch.counts[name] = dispatch.counts[name] + 1
  for _, one in ipairs(delivery.failures) do
    dispatch.failures:report(one.c or c, one)
  end
end

-- Beginning ----------------------------------------------------------------------

---Refuses what is still owed. Does nothing when it has been answered.
---@param request slack.Request
---@param why "unmatched"|"failed"|"unauthorized"
function Dispatch:refuse(request, why)
  if request.held then
    self.held:finish(request, why)
  elseif not request.acked then
    request.acked = true
    request:refuse(why)
  end
end

-- Nothing to do but to say so once in a while.
function Dispatch:_nobody(c, named)
  local counts = self.counts
  counts.unmatched = counts.unmatched + 1
  local request = c.request
  if not c.is_seen_to then
    self.unmatched:note(c, named)
  end
  if request.held then
    -- An event of a known type that no listener wanted this time is no failure.
    request.is_unknown = not named and not c.is_seen_to
  elseif request.acked then
    return
  elseif request.has_status or c.kind == "view" and c.type == "view_submission"
    or c.kind == "options" then
    self:refuse(request, "unmatched")
  elseif c.kind == "command" then
    c:ack(acks.unknown_command(tostring(c.payload.command)))
  else
    c:ack()
  end
end

local function is_own(identity, event)
  local user, bot = event.user, event.bot_id
  return user ~= nil and user == identity.bot_user_id or bot ~= nil and bot == identity.bot_id
end

local function unknown_payload(self, request)
  self.counts.unknown = self.counts.unknown + 1
  self.measures:delivered("unknown", request.body, "unknown")
  self.unmatched:note_unknown(request.body)
  if request.has_status and request.body.type ~= "app_rate_limited" then
    self:refuse(request, "unmatched")
  elseif request.held or not request.acked then
    request.acked = true
    request:ack(nil)
  end
end

-- All that match, each in a task of its own.
local function run_each(self, c, event_id, done, listeners, count)
  local delivery = Job.new(self, c)
  delivery.event_id, delivery.finished, delivery.several = event_id, done, true
  delivery.outcome = listeners.failed and "failed"
  delivery.left = 1 -- until all are started
  for i = 1, count do
    local own = i == count and c or c:_fork()
    own.matches = listeners.matches[i]
    Job.new(self, own, listeners[i], delivery):start(run_alone)
  end
  delivery.left = delivery.left - 1
  if delivery.left == 0 then
    Job.end_delivery(delivery)
  elseif delivery.parked then
    Job.review(delivery)
  end
end

local function run_report(job)
  local _ <close> = job
  job.dispatch.failures:report(job.c, job.failure, job.is_other_asked)
end

-- Predicates that failed; what they were asked for does not concern them.
local function report_failed(self, c, event_id, failed, is_other_asked)
  for i, failure in ipairs(failed) do
    local job = Job.new(self, c, failure.listener)
    if is_other_asked or i > 1 then
      job.outcome = false -- counted as what becomes of the rest
    end
    job.event_id = event_id
    job.failure, job.is_other_asked = failure, is_other_asked
    job:start(run_report)
  end
end

local function begin_chain(self, c, event_id, done, listeners)
  local job = Job.new(self, c)
  job.event_id, job.finished, job.failures = event_id, done, {}
  job.listeners, job.middleware = listeners, self.middleware
  if listeners.failed and #listeners == 0 then
    job.failures = listeners.failed -- raised below the middleware
  elseif listeners.failed then
    job.outcome = "failed"
    report_failed(self, c, event_id, listeners.failed, true)
  end
  job:start(run_chain) -- which keeps the list
end

local function nobody(self, c, named)
  self.measures:delivered(c.kind, c.payload, "unmatched")
  self:_nobody(c, named)
  if c.request.held then
    self.held:finish(c.request)
  end
end

local function taken_up(self, c)
  take_up(self, c)
  self.measures:delivered(c.kind, c.payload, "handled")
  if c.request.held then
    self.held:finish(c.request)
  end
end

-- The middleware, if any, then a handler that waits for it, else the listeners.
local function begin(self, c, event_id, done, is_past_middleware)
  local waits, has_middleware = self.waits, self.middleware[1] and not is_past_middleware
  if waits and waits.count > 0 and not has_middleware and waits:offer(c) then
    return taken_up(self, c)
  end
  local listeners = self.matching:find(self.index, c, done)
  local count = #listeners
  if has_middleware then
    return begin_chain(self, c, event_id, done, listeners)
  end
  if listeners.failed then
    report_failed(self, c, event_id, listeners.failed, count > 0)
  elseif count == 0 then
    nobody(self, c, listeners.named)
  end
  if count == 1 then
    c.matches = listeners.matches[1]
    local job = Job.new(self, c, listeners[1])
    job.event_id, job.finished = event_id, done
    if listeners.failed then
      job.several, job.outcome = true, "failed"
    end
    job:start(run_alone)
  elseif count > 1 then
    run_each(self, c, event_id, done, listeners, count)
  end
  self.matching:give_back(listeners)
end

local function duplicate(self, request, event, event_id)
  self.counts.duplicates = self.counts.duplicates + 1
  self.measures:delivered("event", event, "duplicate")
  if request.held then
    self.held:join(request, event_id)
  end
end

---Takes a request. Handlers begin here and now when this is called from the loop,
---and go on in tasks of their own.
---@param request slack.Request
function Dispatch:request(request)
  local app = self.app
  local kind, part = payload.kind(request.body, request.came_as)
  if not kind then
    return unknown_payload(self, request)
  elseif not app.authorization.is_fixed then
    return self.admission:request(request, kind, part)
  elseif not self:ignores(request, kind, part, app.identity) then
    return self:admit(Context.new(app, request, kind, part))
  end
end

---Whether it is the bot's own doing, which is passed over.
---@param request slack.Request
---@param kind slack.Kind
---@param part table
---@param identity? table with bot_id and bot_user_id
---@return boolean
function Dispatch:ignores(request, kind, part, identity)
  if kind ~= "event" or not identity or not is_own(identity, part) or KEPT_OF_SELF[part.type]
    or self.app.settings.ignore_self == false then
    return false
  end
  self.counts.ignored = self.counts.ignored + 1
  self.measures:delivered(kind, part, "ignored")
  if request.held then
    request:ack(nil)
  end
  return true
end

---Goes on with a request of which it is known whose token serves it.
---@param c slack.Context
function Dispatch:admit(c)
  local request, event_id, done = c.request, nil, nil
  if c.kind == "event" then
    event_id = payload.present(c.body.event_id)
    if type(event_id) == "string" then
      local go_on
      go_on, done = self.dedupe:begin(event_id)
      if not go_on then
        return duplicate(self, request, c.payload, event_id)
      end
    end
    if request.held then
      self.held:begin(request, event_id)
    end
  end
  request.context = c
  begin(self, c, event_id, done)
end

---What a handler that waited has taken was not for it after all.
---@param c slack.Context
function Dispatch:give_back(c)
  self.counts.handled = self.counts.handled - 1
  c.is_taken, c.listener, c.matches, c.log = nil, nil, nil, nil
  begin(self, c, c.event_id, nil, true)
end

---Ends what still runs, but for what is excused.
---@return integer count how many were cut off
---@return string? example the name of one of them
function Dispatch:cancel_all()
  local jobs, listener = {}, nil
  for job in pairs(self.jobs) do
    if job.beside ~= "excused" then
      jobs[#jobs + 1] = job
    end
  end
  for _, job in ipairs(jobs) do
    listener = listener or job.listener or job.c.listener
    if job.task then
      job:cancel()
    end
    job:__close() -- by itself it does so a little later, or never if it had not begun
  end
  return #jobs, listener and tostring(listener) or nil
end

---Ends what waits for people, now and from now on: it must not be waited for.
---@return integer count how many there were
function Dispatch:cancel_waiting()
  self.is_stopping = true
  local jobs = {}
  for job in pairs(self.jobs) do
    if job.beside == "waiting" and job.waits then
      jobs[#jobs + 1] = job
    end
  end
  for _, job in ipairs(jobs) do
    job:cancel()
  end
  if self.waits then
    self.waits:cancel_all() -- of tasks that have outlived their job
  end
  return #jobs
end

---The calling task is going to wait for all others: nobody waits for its job, nor
---for the one that waits for that, and others have their places.
function Dispatch:excuse_caller()
  local current = tasks.current()
  if not current then
    return
  end
  for job in pairs(self.jobs) do
    if (job.task or current) == current then -- without one it is just beginning, here
      job:excuse()
      job.delivery:excuse()
    end
  end
end

---Whether nothing runs but what is excused.
---@return boolean
function Dispatch:is_idle()
  return self.running == self.excused
end

-- Whom the answer was waited for; whether that was a listener.
local function slow_one(self, c)
  if c and c.is_authorizing then
    return ("%s, which has not said yet whose token is to serve %s"):format(
      self.app.authorization.authorize and "authorize" or "the storage of installations",
      tostring(c.team_id or c.enterprise_id)), false
  end
  return tostring(c and c.listener or "a listener that was not reached"), true
end

local function slow_event(self, who)
  local is_due, more = self.slow_events:is_due(who)
  if is_due then
    self.app.log:warn("%s takes longer than Slack waits: the event was answered with 200, and will "
      .. "not be delivered again if it fails%s", who,
      more > 0 and ("; %d more like it since the last line"):format(more) or "")
  end
end

---The transport says that the deadline has answered for the handler.
---@param request slack.Request
---@param why? string in words
function Dispatch:deadline(request, why)
  request.acked, request.deadline_passed = true, true
  local who, is_listener = slow_one(self, request.context)
  if request.held then
    return slow_event(self, who)
  end
  self.app.log:warn("no ack in time from %s: acked empty. %s", who,
    not is_listener and "It took long itself, no listener did: let it answer sooner"
    or why or "Ack first, then do what takes long")
end

---The transport says that Slack has hung up before it had an answer.
---@param request slack.Request
function Dispatch:gone(request)
  request.acked, request.gone = true, true
  local c = request.context
  self.app.log:warn("Slack hung up before %s had answered",
    tostring(c and c.listener or "a listener that was not reached"))
end

return Dispatch
