-- A job is one task's work on a delivery. It is a to-be-closed variable of that
-- task, so that it is accounted for also when the task is cancelled.

local core = require "slack.core"
local tasks = require "slack.tasks"

local monotonic = core.monotonic

---@class slack.Job
---@field delivery slack.Job whose fields say how the whole delivery stands
---@field left integer jobs of the delivery that have not ended
---@field event_id string|false
---@field finished? table<slack.Listener, true> listeners that need not see a redelivery
---@field completed boolean
---@field excused? boolean see slack.Dispatch.excuse_caller
---@field began number|false
---@field outcome? string of the delivery, when it is neither handled nor failed
---@field is_counted? boolean the delivery is counted elsewhere
---@field is_handler boolean false: it waits before any handler begins, or reports
---@field is_aside? boolean takes no room from what Slack delivers
local Job = { is_handler = true }
Job.__index = Job
Job.__name = "slack.job"

---Called when the last job of a delivery has ended.
---@param delivery slack.Job
function Job.end_delivery(delivery)
  if delivery.event_id and delivery.incomplete then
    delivery.dispatch.dedupe:failed(delivery.event_id, delivery.finished)
  end
  local c, dispatch = delivery.c, delivery.dispatch
  if delivery.is_counted or c.kind == "route" then
    return
  end
  dispatch.measures:delivered(c.kind, c.payload,
    delivery.incomplete and "failed" or delivery.outcome or "handled")
  if c.request.held then
    dispatch.held:finish(c.request, delivery.incomplete and "failed" or nil)
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
  local dispatch = self.dispatch
  if dispatch.jobs[self] and not self.excused then
    self.excused = true
    dispatch.excused = dispatch.excused + 1
    dispatch.aside = dispatch.aside - (self.is_aside and 1 or 0)
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
  if self.excused then
    dispatch.excused = dispatch.excused - 1
  elseif self.is_aside then
    dispatch.aside = dispatch.aside - 1
  end
  if not self.completed then
    delivery.incomplete = true
  end
  if self.is_handler then
    dispatch.measures.handlers:observe(monotonic() - self.began, self.c.kind)
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
    event_id = false, delivery = false, task = false, began = false,
  }, Job)
  job.delivery = delivery or job
  return job
end

---Runs run(job) in a task.
---@param run fun(job: slack.Job)
function Job:start(run)
  local dispatch, delivery = self.dispatch, self.delivery
  dispatch.running = dispatch.running + 1
  dispatch.jobs[self] = true
  self.began = monotonic()
  delivery.left = delivery.left + 1
  if self.is_aside then
    dispatch.aside = dispatch.aside + 1
  end
  local count = in_use(dispatch)
  if count >= dispatch.crowding.threshold and not self.is_aside then
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
