-- The ends of jobs that do not come by themselves: when the app stops.

local tasks = require "slack.tasks"

local M = {}

---Ends what still runs, but for what is excused.
---@param dispatch slack.Dispatch
---@return integer count how many were cut off
---@return string? example the name of one of them
function M.cancel_all(dispatch)
  local jobs, listener = {}, nil
  for job in pairs(dispatch.jobs) do
    if job.beside ~= "excused" then
      jobs[#jobs + 1] = job
    end
  end
  for _, job in ipairs(jobs) do
    listener = listener or job.listener or job.c.listener
    job.delivery.is_cut_off = true
    job:cancel()
    job:close() -- by itself it does so a little later
  end
  return #jobs, listener and tostring(listener) or nil
end

---Ends what waits for people, now and from now on: nobody knows when they answer.
---@param dispatch slack.Dispatch
---@return integer count how many there were
function M.cancel_waiting(dispatch)
  dispatch.is_stopping = true
  local jobs = {}
  for job in pairs(dispatch.jobs) do
    if job.wait_began then
      jobs[#jobs + 1] = job
    end
  end
  for _, job in ipairs(jobs) do
    job:cancel()
  end
  if dispatch.waits then
    dispatch.waits:cancel_all() -- of tasks that have outlived their job
  end
  return #jobs
end

---The calling task is going to wait for all others: nobody waits for its job, nor
---for the one that waits for that, and others have their places.
---@param dispatch slack.Dispatch
function M.excuse_caller(dispatch)
  local job = tasks.current()
  while job and not dispatch.jobs[job] do
    job = job.caller
  end
  if job then
    job:excuse()
    job.delivery:excuse()
  end
end

---Whether nothing runs but what is excused.
---@param dispatch slack.Dispatch
---@return boolean
function M.is_idle(dispatch)
  return dispatch.running == dispatch.excused
end

return M
