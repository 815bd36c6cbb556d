-- How the listeners that were found for a delivery run: each in a task and a job of its
-- own, behind the global middleware, behind its own, when its turn comes; and what becomes
-- of their errors.

local Failures = require "slack.failures"
local Job = require "slack.job"
local chain = require "slack.chain"

local trace, caught_in = Failures.trace, Failures.of
-- Called for every event: a function costs half of what a method does.
local xpcall, run_job, give_back = xpcall, Job.run, Job.give_back

local M = {}

-- Behind a handler nothing follows. Elsewhere a second parameter is what posts.
local function nothing(...)
  if select("#", ...) > 0 then
    error("a handler gets c alone, and what goes on behind it, which takes nothing: post with "
      .. "c:say, answer with c:ack", 2)
  end
end

-- What the handler gave is the ack if none was, or nobody gets to see it.
local function settle(c, value)
  if not c.request.acked then
    c:_settle(value)
  elseif value ~= nil then
    c:_not_shown(value)
  end
end

-- One listener --------------------------------------------------------------------------

local function handle(_, c, listener)
  local value = listener.handler(c, nothing)
  c:_settle(value)
  return value
end

local function run_now(job, c, listener)
  local value
  local middleware = listener.plan.middleware
  if middleware[1] then
    value = chain({
      layers = middleware, c = c, job = job, listener = listener, last = handle,
    }, 1)
  else
    value = listener.handler(c, nothing)
  end
  settle(c, value)
  return value
end

-- A place that was kept when the delivery came, or one now; nil: there is none.
local function ticket_for(job, c, listener)
  local kept = job.delivery.tickets
  if kept and kept[listener] ~= nil then
    return kept[listener] or nil
  end
  return listener.plan.lanes:ticket(c)
end

local function run_in_turn(job, c, listener)
  local ticket <close> = ticket_for(job, c, listener)
  if not ticket then
    job:overload()
    return job.dispatch.overload:answer(c, listener)
  elseif not ticket.has_turn then
    local came = job:queue()
    ticket:await()
    job:unqueue(came)
  end
  job.ticket, job.is_special = ticket, true
  return run_now(job, c, listener)
end

-- Where it is more than its handler, or lies below global middleware.
local function run_listener(job, c, listener)
  local plan = listener.plan
  c.listener = listener
  if plan.lanes then
    return run_in_turn(job, c, listener)
  elseif plan.middleware[1] then
    return run_now(job, c, listener)
  end
  local value = listener.handler(c, nothing)
  settle(c, value)
  return value
end

-- Outcomes ------------------------------------------------------------------------------

local function note_finished(delivery, listener)
  local finished = delivery.finished
  if not finished then
    finished = {}
    delivery.finished = finished
  end
  finished[listener] = true
end

-- Of the listeners of one delivery one that runs before may have removed another.
local function is_removed(job)
  job.completed = not job.listener.plan.ledger
  return job.completed
end

local function note_failed(job, failure)
  local dispatch = job.dispatch
  dispatch.counts.failed = dispatch.counts.failed + 1
  failure = caught_in(failure, job.listener)
  job.delivery.caught = failure
  dispatch.failures:report(job.c, failure)
end

-- The handler of most listeners is called from here: what lies below it, each event pays for,
-- and each handler that waits keeps.
local function run_alone(job)
  local c, listener = job.c, job.listener
  local plan = listener.plan
  local is_plain = plan.is_plain
  local ok, value
  if is_plain then
    c.listener = listener
    ok, value = xpcall(listener.handler, trace, c, nothing)
    if ok and (value ~= nil or not c.request.acked) then
      ok, value = xpcall(settle, trace, c, value)
    end
  else
    ok, value = xpcall(run_listener, trace, job, c, listener)
  end
  job.completed = ok
  if not ok then
    note_failed(job, value)
  elseif is_plain or not job.is_overloaded then
    local counts = job.dispatch.counts
    counts.handled = counts.handled + 1
  end
end

local function run_one_of_several(job)
  if is_removed(job) then
    return
  end
  run_alone(job)
  if job.completed and not job.is_overloaded then
    note_finished(job.delivery, job.listener)
  end
end

-- Below global middleware an error goes up to it, and is reported only if it
-- comes out at the top.
local function run_below(job)
  if is_removed(job) then
    return
  end
  local ok, failure = xpcall(run_listener, trace, job, job.c, job.listener)
  job.completed = ok
  if not ok then
    failure = caught_in(failure, job.listener)
    failure.c = job.c
    table.insert(job.delivery.failures, failure)
  elseif not job.is_overloaded then
    note_finished(job.delivery, job.listener)
  end
end

local function run_all_below(job, c)
  local listeners, delivery = job.found, job.delivery
  local started = {}
  delivery.several = true
  for i = 1, listeners.count do
    local own = i == listeners.count and c or c:_fork()
    own.matches, own.listener = listeners.matches[i], listeners[i]
    started[i] = Job.new(job.dispatch, own, listeners[i], delivery):start(run_below)
  end
  for i = 1, #started do
    started[i]:join()
  end
  c._job = job
  local first = delivery.failures[1]
  if first then
    error(first.err, 0)
  end
end

-- Behind global middleware -----------------------------------------------------------------

-- What lies behind the last of it.
local function run_found(job, c)
  local dispatch, listeners = job.dispatch, job.found
  if dispatch:is_awaited(c) or dispatch:is_awaited_elsewhere(c) then
    c.is_taken = true
    return
  end
  local count = listeners.count
  if count == 0 then
    local failure = job.failures[1]
    if failure then
      error(failure.err, 0)
    end
    job.outcome = job.outcome or c.kind == "unknown" and "unknown" or "unmatched"
    return dispatch:nobody(c, listeners.named)
  elseif count == 1 then
    c.matches = listeners.matches[1]
    return run_listener(job, c, listeners[1])
  end
  return run_all_below(job, c)
end

local function run_matches(job, c)
  local value = run_found(job, c)
  job.is_past = true -- what is raised from here on is the middleware's own
  return value
end

local function report_chain(job, failure)
  local failures = job.delivery.failures
  failure = caught_in(failure, not job.is_past and job.c.listener or nil)
  local known = failures[1] and failures[1].err == failure.err
  if not known then
    table.insert(failures, 1, failure)
  end
end

local function run_chain(job)
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

-- Middleware may take its time: who came first keeps the place.
local function keep_places(c, listeners)
  local tickets = false
  for i = 1, listeners.count do
    local lanes = listeners[i].plan.lanes
    if lanes then
      tickets = tickets or {}
      local ok, ticket = pcall(lanes.ticket, lanes, c)
      if ok then -- what the program's function raises is met again in the listener's task
        tickets[listeners[i]] = ticket or false
      end
    end
  end
  return tickets
end

-- Beginning -----------------------------------------------------------------------------

local function run_report(job)
  local dispatch = job.dispatch
  dispatch.counts.failed = dispatch.counts.failed + 1
  dispatch.failures:report(job.c, job.failure, job.is_other_asked)
end

---Reports predicates that failed; what they were asked for does not concern them.
---@param dispatch slack.Dispatch
---@param c slack.Context
---@param failed slack.Caught[]
---@param is_other_asked boolean whether there are listeners to answer
function M.report_failed(dispatch, c, failed, is_other_asked)
  for i, failure in ipairs(failed) do
    local job = Job.new(dispatch, c, failure.listener)
    if is_other_asked or i > 1 then
      job.outcome = false -- counted as what becomes of the rest
    end
    job.failure, job.is_other_asked = failure, is_other_asked
    job:start(run_report)
  end
end

---Runs global middleware, and what was found behind it.
---@param dispatch slack.Dispatch
---@param c slack.Context
---@param done? table<string, true>
---@param listeners slack.Found is kept
function M.behind_middleware(dispatch, c, done, listeners)
  local job = Job.new(dispatch, c)
  job.finished, job.failures = done, {}
  job.found, job.middleware = listeners, dispatch.middleware
  job.tickets, job.is_special = keep_places(c, listeners), true
  if listeners.failed and listeners.count == 0 then
    job.failures = listeners.failed -- raised below the middleware
  elseif listeners.failed then
    job.outcome, job.caught = "failed", listeners.failed[1]
    M.report_failed(dispatch, c, listeners.failed, true)
  end
  job:start(run_chain)
end

---Runs the one that was found.
---@param dispatch slack.Dispatch
---@param c slack.Context
---@param listener slack.Listener
---@param matches? any[]
---@param done? table<string, true>
---@param failed? slack.Caught[]|false
function M.one(dispatch, c, listener, matches, done, failed)
  if matches then
    c.matches = matches
  end
  if not (done or failed) then
    return run_job(dispatch, c, listener, run_alone)
  end
  local job = Job.new(dispatch, c, listener)
  job.finished = done
  if failed then
    job.several, job.outcome, job.caught = true, "failed", failed[1]
  end
  job:start(failed and run_one_of_several or run_alone)
end

---Runs all that were found, each in a task of its own.
---@param dispatch slack.Dispatch
---@param c slack.Context
---@param done? table<string, true>
---@param listeners slack.Found
function M.each(dispatch, c, done, listeners)
  local delivery = Job.new(dispatch, c)
  delivery.finished, delivery.several = done, true
  if listeners.failed then
    delivery.outcome, delivery.caught = "failed", listeners.failed[1]
  end
  local count = listeners.count
  for i = 1, count do
    local own = i == count and c or c:_fork()
    own.matches = listeners.matches[i]
    give_back(Job.new(dispatch, own, listeners[i], delivery):start(run_one_of_several))
  end
  if delivery.left == 1 then
    return Job.end_delivery(delivery)
  end
  delivery.left = delivery.left - 1
  if delivery.parked then
    Job.review(delivery)
  end
end

return M
