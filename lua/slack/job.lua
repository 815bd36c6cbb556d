-- A job is one task's work on a delivery. It is a to-be-closed variable of that
-- task, so that it is accounted for also when the task is cancelled.

local Measures = require "slack.measures"
local core = require "slack.core"
local tasks = require "slack.tasks"

local monotonic = core.monotonic
-- Called for every event: a function costs half of what a method does.
local delivered, handled = Measures.delivered, Measures.handled

---@class slack.Job
---@field delivery slack.Job whose fields say how the whole delivery stands
---@field left integer jobs of the delivery that have not ended
---@field event_id string|false
---@field finished? table<slack.Listener, true> listeners that need not see a redelivery
---@field completed boolean
---@field began number|false false: it waits before any handler begins, or reports
---@field outcome? "failed"|"unmatched"|false of the delivery; nil: handled; false: it is counted
---  elsewhere
---@field beside? "aside"|"excused" the count of the dispatch that it is in, as it takes no room
---  from what Slack delivers (http_server.lua, Dispatch.excuse_caller)
local Job = {}
Job.__index = Job
Job.__name = "slack.job"

---Called when the last job of a delivery has ended.
---@param delivery slack.Job
function Job.end_delivery(delivery)
  local outcome = delivery.outcome
  if outcome == false then
    return
  end
  local c, dispatch = delivery.c, delivery.dispatch
  if outcome == "failed" and delivery.event_id then
    dispatch.dedupe:failed(delivery.event_id, delivery.finished)
  end
  delivered(dispatch.measures, c.kind, c.payload, outcome or "handled")
  if c.request.held then
    dispatch.held:finish(c.request, outcome == "failed" and "failed" or nil)
  end
end

---Some of its delivery failed or was given up.
function Job:fail()
  local delivery = self.delivery
  if delivery.outcome ~= false then
    delivery.outcome = "failed"
  end
end

local function in_use(dispatch)
  return dispatch.running - dispatch.excused - dispatch.aside
end

local function check_room(dispatch)
  if dispatch.is_full and in_use(dispatch) < dispatch.limit then
    dispatch.is_full = false
    dispatch.on_room()
  end
end

---Leaves it out of account from now on.
function Job:excuse()
  local dispatch, beside = self.dispatch, self.beside
  if dispatch.jobs[self] and beside ~= "excused" then
    if beside then
      dispatch[beside] = dispatch[beside] - 1
    end
    self.beside = "excused"
    dispatch.excused = dispatch.excused + 1
    check_room(dispatch)
  end
end

function Job:__close()
  local dispatch, delivery = self.dispatch, self.delivery
  if not dispatch.jobs[self] then
    return -- given up before
  end
  dispatch.jobs[self] = nil
  dispatch.running = dispatch.running - 1
  local beside = self.beside
  if beside then
    dispatch[beside] = dispatch[beside] - 1
  end
  if not self.completed then
    self:fail()
  end
  if self.began then
    handled(dispatch.measures, self.c.kind, monotonic() - self.began)
  end
  delivery.left = delivery.left - 1
  if delivery.left == 0 then
    Job.end_delivery(delivery)
  end
  check_room(dispatch)
  if dispatch.on_job_end then
    dispatch.on_job_end()
  end
end

---@param dispatch slack.Dispatch
---@param c slack.Context
---@param listener? slack.Listener
---@param delivery? slack.Job nil: it is alone, and its own delivery
---@return slack.Job
function Job.new(dispatch, c, listener, delivery)
  local job = setmetatable({
    dispatch = dispatch, c = c, listener = listener, left = 0, completed = false,
    event_id = false, delivery = false, task = false, began = monotonic(),
  }, Job)
  job.delivery = delivery or job
  return job
end

---Runs run(job) in a task.
---@param run fun(job: slack.Job)
function Job:start(run)
  local dispatch, delivery, beside = self.dispatch, self.delivery, self.beside
  dispatch.running = dispatch.running + 1
  dispatch.jobs[self] = true
  delivery.left = delivery.left + 1
  if beside then
    dispatch[beside] = dispatch[beside] + 1
  end
  local count = in_use(dispatch)
  if count >= dispatch.crowding.threshold and not beside then
    dispatch.crowding:note(count, dispatch.jobs)
  end
  if not dispatch.is_full and count >= dispatch.limit then
    dispatch.is_full = true
    dispatch.on_full()
  end
  self.task = tasks.spawn(run, self)
  return self
end

return Job
