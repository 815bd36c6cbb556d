-- A job is a task that works on a delivery, and is accounted for until it ends: also when it
-- is cancelled.

local Measures = require "slack.measures"
local core = require "slack.core"
local finished = require "slack.finished"
local scheduler = require "slack.scheduler"
local tasks = require "slack.tasks"

local cancel_task, join_task = tasks.methods.cancel, tasks.methods.join
local monotonic = core.monotonic
local announce_end, start_task = scheduler.announce_end, scheduler.start
-- Called for every event: a function costs half of what a method does.
local delivered, handled = Measures.delivered, Measures.handled

---@class slack.Job: slack.Task
---@field dispatch slack.Dispatch
---@field c slack.Context whose `_job` it is while it runs
---@field listener? slack.Listener
---@field delivery slack.Job whose fields say how the whole delivery stands
---@field left integer jobs of the delivery that have not ended
---@field finished? table<slack.Listener|string, true> listeners that need not see a redelivery
---@field completed boolean
---@field began number|false false: it waits before any handler begins, or reports
---@field is_plain boolean whether it is alone in its delivery, which had not failed before (run)
---@field is_special boolean whether it has what few jobs have (`beside`, `width`, `tickets`, a
---  turn, waits for people, tasks that join it), has failed or been cancelled
---@field outcome? "failed"|"unmatched"|"unknown"|"overloaded"|false of the delivery; nil: handled;
---  false: it is counted elsewhere
---@field beside "aside"|"excused"|"queued"|"waiting"|false the count of the dispatch that it is in,
---  as it takes no room from what Slack delivers (http_server.lua, excuse, queue, begin_wait)
---@field waits? integer waits for people that are under way in it
---@field wait_began number|false while there are some
---@field parked? integer of a delivery: jobs that wait for people
---@field ticket? slack.LaneTicket its turn
---@field is_past? boolean of one of global middleware: what lies behind that has ended
---@field several boolean of a delivery: it has jobs of several listeners
---@field is_overloaded boolean
---@field is_admission? boolean of what is counted elsewhere: the delivery goes on from here
---@field is_cut_off? boolean of a delivery: the app stops, or closes
---@field is_unbegun? boolean of one that is cut off: its handler had not had its turn
---@field caught? slack.Caught of a delivery: why it failed
---@field width? integer room that it takes besides
---@field tickets table<slack.Listener, slack.LaneTicket|false>|false of a delivery below
---  middleware: places kept for listeners that have not been reached
local Job = {}
Job.__index = Job
Job.__name = "slack.job"
Job.is_done = tasks.methods.is_done

-- What a job has for a start stands here, so that making one costs little.
Job.several, Job.beside, Job.wait_began, Job.left = false, false, false, 1
Job.is_overloaded, Job.tickets = false, false

-- Of what is counted elsewhere the entry ends there, too, unless it never comes to that.
local function end_entry(dispatch, delivery, outcome)
  if outcome ~= false then
    dispatch.inbox:ended(delivery.c.request, delivery, outcome)
  elseif delivery.is_admission and not delivery.completed then
    dispatch.inbox:ended(delivery.c.request, delivery, "failed")
  end
end

-- A redelivery of the event is for those that have not finished with it.
local function forget_event(dispatch, delivery, c)
  local event_id = c.kind == "event" and c.event_id
  if type(event_id) == "string" and c.request.entry == nil then
    dispatch.dedupe:failed(event_id, finished.keep(delivery.finished))
  end
end

---Called when the last job of a delivery has ended.
---@param delivery slack.Job
local function end_delivery(delivery)
  local outcome = delivery.outcome
  local c, dispatch = delivery.c, delivery.dispatch
  if dispatch.inbox and c.request.entry then
    end_entry(dispatch, delivery, outcome)
  end
  if outcome == false then
    return
  end
  local is_undone = outcome == "failed" or outcome == "overloaded"
  if is_undone then
    forget_event(dispatch, delivery, c)
  end
  if dispatch.shared_dedupe and c.request.claim then
    dispatch.shared_dedupe:ended(c.request.claim, is_undone)
  end
  delivered(dispatch.measures, c.kind, c.payload, outcome or "handled")
  if c.request.held then
    dispatch.held:finish(c.request, is_undone and "failed" or nil)
  end
end

Job.end_delivery = end_delivery

---Some of its delivery failed or was given up.
function Job:fail()
  local delivery = self.delivery
  self.is_special = true
  if delivery.outcome ~= false then
    delivery.outcome = "failed"
  end
end

---There was no place for its listener. What failed besides says more.
function Job:overload()
  local delivery = self.delivery
  self.is_overloaded, self.is_special = true, true
  delivery.outcome = delivery.outcome or "overloaded"
end

-- Room --------------------------------------------------------------------------------

local function check_room(dispatch)
  if dispatch.is_full and dispatch.in_use < dispatch.limit then
    dispatch.is_full = false
    dispatch.on_room()
  end
end

-- Another one takes room, and these are many now.
local function check_full(dispatch, count)
  dispatch.crowding:note(count, dispatch.jobs)
  if not dispatch.is_full and count >= dispatch.limit then
    dispatch.is_full = true
    dispatch.on_full()
  end
end

---Moves it to another count of the dispatch, or (nil) among those that take room: also
---if none is free, as what goes on is not held back. What comes anew then is.
---@param beside? "aside"|"excused"|"queued"|"waiting"
function Job:move(beside)
  local dispatch, before = self.dispatch, self.beside
  if before then
    dispatch[before] = dispatch[before] - 1
    dispatch.in_use = dispatch.in_use + 1
  end
  self.beside, self.is_special = beside or false, true
  if beside then
    dispatch[beside] = dispatch[beside] + 1
    dispatch.in_use = dispatch.in_use - 1
    check_room(dispatch)
  elseif dispatch.in_use >= dispatch.crowding.threshold then
    check_full(dispatch, dispatch.in_use)
  end
end

---Takes room for so many more (or fewer) than it does by itself.
---@param count integer
function Job:widen(count)
  local dispatch = self.dispatch
  self.width, self.is_special = (self.width or 0) + count, true
  dispatch.in_use = dispatch.in_use + count
  if count < 0 then
    check_room(dispatch)
  elseif dispatch.in_use >= dispatch.crowding.threshold then
    check_full(dispatch, dispatch.in_use)
  end
end

---Leaves it out of account from now on.
function Job:excuse()
  if self.dispatch.jobs[self] and self.beside ~= "excused" then
    self:move "excused"
  end
end

---It stands in a queue for its turn (lanes.lua), which holds up nobody else.
---@return number began to be given back
function Job:queue()
  if not self.beside and self.dispatch.jobs[self] then
    self:move "queued"
  end
  return monotonic()
end

---It has its turn. How long it stood there is no concern of the measures.
---@param queued number
function Job:unqueue(queued)
  if self.began then
    self.began = self.began + monotonic() - queued
  end
  if self.beside == "queued" then
    self:move()
  end
end

-- Waiting for people -----------------------------------------------------------------

---Called when the jobs of a delivery have changed. Once all of them wait for people, Slack
---need not wait for its answer; nor does the job take room that waits for the others, below
---global middleware.
---@param delivery slack.Job one with `parked`
local function review(delivery)
  local dispatch = delivery.dispatch
  local is_above = dispatch.jobs[delivery] and not delivery.wait_began
  local all_wait = delivery.parked > 0 and delivery.parked >= delivery.left - (is_above and 1 or 0)
  if is_above and all_wait and not delivery.beside then
    delivery:move "waiting"
  elseif is_above and not all_wait and delivery.beside == "waiting" then
    delivery:move()
  end
  local request = delivery.c.request
  if all_wait and request and request.held then
    dispatch.held:finish(request)
  elseif all_wait and request and request.entry then
    dispatch.inbox:parked(request)
  end
end
Job.review = review

---The job is going to wait for a person, maybe for long: it takes no room meanwhile, others
---have its turn (lanes.lua), and a stop ends it at once. While the app stops that is now: its
---task ends when it waits. Waits may overlap, as in slack.race; each is ended by an end_wait
---of its own.
function Job:begin_wait()
  self.waits, self.is_special = (self.waits or 0) + 1, true
  local dispatch, delivery = self.dispatch, self.delivery
  if self.waits > 1 or not dispatch.jobs[self] then
    return
  end
  self.wait_began = monotonic()
  delivery.parked = (delivery.parked or 0) + 1
  if not self.beside then
    self:move "waiting"
  end
  review(delivery)
  if self.ticket then
    self.ticket:leave()
  end
  if dispatch.is_stopping then
    self:cancel()
  end
end

---What it waited for has come, or is given up.
function Job:end_wait()
  self.waits = self.waits - 1
  if self.waits > 0 or not self.wait_began then
    return
  end
  if self.began then -- how long people take is no concern of the measures
    self.began = self.began + monotonic() - self.wait_began
  end
  self.wait_began = false
  local delivery = self.delivery
  delivery.parked = delivery.parked - 1
  if self.beside == "waiting" then
    self:move()
  end
  review(delivery)
end

---Ends its task. What waits for a person is cut off by no fault of its own, and has not failed.
---@return boolean cancelled false: it had ended
function Job:cancel()
  if self.done then
    return false
  end
  self.delivery.is_cut_off, self.is_special = true, true
  if self.wait_began then
    self.completed = true
  end
  return cancel_task(self)
end

-- Its life ----------------------------------------------------------------------------

local function leave_tickets(self)
  for _, ticket in pairs(self.tickets) do
    if ticket then
      ticket:leave()
    end
  end
end

-- Gives back the room that it has.
local function leave_room(self, dispatch)
  local beside = self.beside or "in_use"
  dispatch[beside] = dispatch[beside] - 1
  if self.width then
    dispatch.in_use = dispatch.in_use - self.width
  end
  if self.tickets then
    leave_tickets(self)
  end
end

-- It was one of several of its delivery.
local function leave_others(self, delivery)
  delivery.left = delivery.left - 1
  if delivery.parked then
    if self.wait_began then
      delivery.parked = delivery.parked - 1
    end
    review(delivery)
  end
end

-- Its work has ended, or counts no more: it may yet have to unwind.
local function close(self)
  local dispatch, delivery, is_special = self.dispatch, self.delivery, self.is_special
  local jobs = dispatch.jobs
  if not jobs[self] then
    return -- it was before, as what follows may be interrupted
  end
  jobs[self] = nil
  dispatch.running = dispatch.running - 1
  if is_special then
    leave_room(self, dispatch)
  else
    dispatch.in_use = dispatch.in_use - 1
  end
  if not self.completed then
    self:fail()
  end
  local began = self.began
  if began then
    handled(dispatch.measures, self.c.kind, (is_special and self.wait_began or monotonic()) - began)
  end
  if delivery == self and not is_special or delivery.left == 1 then
    end_delivery(delivery)
  else
    leave_others(self, delivery)
  end
  if is_special and self.wait_began then -- in a task of its own, which outlives it
    self.wait_began, self.beside = false, false
  end
  if dispatch.is_full then
    check_room(dispatch)
  end
  if dispatch.on_job_end then
    dispatch.on_job_end()
  end
end

Job.close = close

-- The same where nothing but measures concerns the end of the delivery, as for nearly all.
local function close_plain(self, dispatch)
  local jobs, c = dispatch.jobs, self.c
  if not jobs[self] then
    return
  end
  jobs[self] = nil
  dispatch.running, dispatch.in_use = dispatch.running - 1, dispatch.in_use - 1
  handled(dispatch.measures, c.kind, monotonic() - self.began)
  delivered(dispatch.measures, c.kind, c.payload, "handled")
  if c.request.held then
    dispatch.held:finish(c.request)
  end
  if dispatch.is_full then
    check_room(dispatch)
  end
  if dispatch.on_job_end then
    dispatch.on_job_end()
  end
end

-- Called by the scheduler.
function Job:ended()
  local dispatch = self.dispatch
  if self.is_plain and self.completed and not self.is_special and dispatch.is_bare then
    close_plain(self, dispatch)
  else
    close(self)
  end
  self.done = true
  if self.is_special then
    announce_end(self)
  end
end

---See slack.Task:join.
---@async
---@return true? ok
---@return any err
function Job:join()
  self.is_special = true
  return join_task(self)
end

---@param dispatch slack.Dispatch
---@param c slack.Context
---@param listener? slack.Listener
---@param delivery? slack.Job nil: it is alone, and its own delivery
---@return slack.Job
function Job.new(dispatch, c, listener, delivery)
  local job = dispatch.spare_job
  if job then
    dispatch.spare_job = false
    job.c, job.listener, job.began = c, listener, monotonic()
    job.done, job.completed, job.is_plain = false, false, false
  else
    job = setmetatable({
      dispatch = dispatch, c = c, listener = listener, delivery = false, done = false,
      worker = false, began = monotonic(), completed = false, is_special = false,
      is_plain = false,
    }, Job)
  end
  job.delivery = delivery or job
  return job
end

---Nobody goes on with a job that has been started: it is used again when it has ended and
---nobody else can have got hold of it, as its handler has neither waited nor asked which
---task it is. A context that is kept has no job from then on.
function Job:give_back()
  if self.done and not self.is_special and not self.worker.is_known then
    self.c._job = nil
    self.c, self.listener, self.delivery = false, false, false
    self.dispatch.spare_job = self
  end
end

---Begins run(job) as its task.
---@param run fun(job: slack.Job)
---@param beside? "aside" takes no room from what Slack delivers
---@return slack.Job itself
function Job:start(run, beside)
  local dispatch, delivery = self.dispatch, self.delivery
  dispatch.running = dispatch.running + 1
  dispatch.jobs[self] = true
  self.c._job = self
  if delivery ~= self then
    delivery.left = delivery.left + 1
  end
  if beside then
    self.beside, self.is_special = beside, true
    dispatch[beside] = dispatch[beside] + 1
  else
    local count = dispatch.in_use + 1
    dispatch.in_use = count
    if count >= dispatch.crowding.threshold then
      check_full(dispatch, count)
    end
  end
  start_task(self, run)
  return self
end

local new_job = Job.new

---The same as new, start and give_back, for one that is alone in a delivery that has not failed:
---in one function, as nearly all that comes is handled by such a job.
---@param dispatch slack.Dispatch
---@param c slack.Context
---@param listener slack.Listener
---@param run fun(job: slack.Job)
function Job.run(dispatch, c, listener, run)
  local job, count = dispatch.spare_job or new_job(dispatch, c, listener), dispatch.in_use + 1
  dispatch.spare_job = false
  job.c, job.listener, job.delivery, job.began = c, listener, job, monotonic()
  job.done, job.completed, job.is_plain = false, false, true
  c._job, dispatch.jobs[job] = job, true
  dispatch.running, dispatch.in_use = dispatch.running + 1, count
  if count >= dispatch.crowding.threshold then
    check_full(dispatch, count)
  end
  start_task(job, run)
  if job.done and not job.is_special and not job.worker.is_known then
    c._job, job.c, job.listener = nil, false, false
    dispatch.spare_job = job
  end
end

return Job
