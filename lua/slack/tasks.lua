-- Tasks: functions that may wait without holding up anything else.
--
-- One task runs at a time and is never interrupted: between two waits nothing
-- else happens. Outside of tasks a task begins inside spawn; spawned by another
-- task it begins when that one waits.

local errors = require "slack.errors"
local loop = require "slack.loop"
local scheduler = require "slack.scheduler"
local Waiter = require "slack.waiter"

local unpack = table.unpack
local announce_end = scheduler.announce_end

---@class slack.Task
---@field name? string for logs
---@field owner? slack.Ownership of what it spawns (ownership.lua)
---@field caller? slack.Task who waits for it (slack.timeout, slack.all, slack.race)
---@field race? table what tasks that race have in common (waits.lua); `above`: of who waits for it
local Task = {}
Task.__index = Task
Task.__name = "slack.task"

local M = {
  waiter = Waiter.new,
  current = scheduler.current,
}

---What happens to an error that ends a task which nobody joins. Replaceable.
---@param task slack.Task
---@param err any what was raised
---@param traceback string
function M.on_error(task, err, traceback)
  local name = task.name and " " .. task.name or ""
  require("slack.log").default():error("error in task%s: %s%s", name, tostring(err), traceback)
end

function scheduler.report(task, err, traceback)
  M.on_error(task, err, traceback)
end

local function check_function(fn, name)
  if type(fn) ~= "function" then
    error(("slack.%s: function expected, got %s"):format(name, type(fn)), 3)
  end
end

---Runs fn(...) as a task of its own.
---@param fn function
---@return slack.Task
function M.spawn(fn, ...)
  check_function(fn, "spawn")
  local task = setmetatable({ done = false, worker = false }, Task)
  scheduler.spawn(task, fn, ...)
  return task
end

-- For what is a task and more (job.lua).
M.methods = Task

-- Called by the scheduler at its end.
function Task:ended()
  self.done = true
  announce_end(self)
end

---Whether it has ended, in whatever way.
---@return boolean
function Task:is_done()
  return self.done
end

---Ends the task at the wait it is in: its to-be-closed variables are closed,
---the rest of it never runs, its join gives nil and an error with code
---"cancelled". A task that cancels itself, or is cancelled while it runs, ends
---at its next wait; if it returns before, its results stand.
---@return boolean cancelled false: it had ended
function Task:cancel()
  if self.done then
    return false
  end
  scheduler.cancel(self)
  return true
end

local function on_end(task, listener)
  task.joined = true
  if task.done then
    listener(task)
    return
  end
  task.listeners = task.listeners or {}
  table.insert(task.listeners, listener)
end

local function forget(task, listener)
  for i, other in ipairs(task.listeners or {}) do
    if other == listener then
      table.remove(task.listeners, i)
      return
    end
  end
end

local function outcome(task)
  if task.failed then
    return nil, task.err
  elseif task.values then
    return true, unpack(task.values, 1, task.count)
  end
  return true
end

---Waits for the end of the task.
---@async
---@param timeout? number seconds
---@return true? ok, any ... then what its function returned; nil, err when it
---  raised (err is what it raised), was cancelled (err.code "cancelled") or the
---  time is over (err.code "timeout"; the task goes on)
function Task:join(timeout)
  if self == M.current() then
    error("a task cannot join itself", 2)
  end
  if not self.done then
    local waiter = Waiter.new()
    local function listener()
      waiter:resolve()
    end
    waiter.on_abandon = function()
      forget(self, listener)
    end
    on_end(self, listener)
    waiter:await(timeout)
    if not self.done then
      return nil, errors.new { code = "timeout", message = "the task did not end in time" }
    end
  end
  self.joined = true
  return outcome(self)
end

-- Together ---------------------------------------------------------------------

---Waits so many seconds; only the calling task.
---@async
---@param seconds number
function M.sleep(seconds)
  if type(seconds) ~= "number" then
    error("slack.sleep: seconds expected, got " .. type(seconds), 2)
  end
  local waiter = Waiter.new()
  waiter.timer = loop.after(seconds, waiter.resolve, waiter)
  waiter:await()
end

local function as_tasks(list, name)
  if type(list) ~= "table" then
    error(("slack.%s: list expected, got %s"):format(name, type(list)), 3)
  end
  for i, item in ipairs(list) do
    if type(item) ~= "function" and getmetatable(item) ~= Task then
      error(("slack.%s: item %d: function or task expected, got %s"):format(name, i, type(item)), 3)
    end
  end
  local tasks, current = {}, M.current()
  for i, item in ipairs(list) do
    if type(item) == "function" then
      tasks[i] = M.spawn(item)
      tasks[i].owner, tasks[i].caller = current and current.owner, current
    else
      tasks[i] = item
    end
  end
  return tasks
end

local function cancel_all(tasks)
  for _, task in ipairs(tasks) do
    task:cancel()
  end
end

-- Waits until decide(task), called with each task that ends, gives true; then
-- cancels those that have not. The same when the wait itself is cancelled.
local function watch_until(tasks, decide)
  local gate = Waiter.new()
  gate.on_abandon = function()
    cancel_all(tasks)
  end
  for _, task in ipairs(tasks) do
    on_end(task, function(ended)
      if not gate.settled and decide(ended) then
        gate:resolve()
      end
    end)
  end
  gate:await()
  cancel_all(tasks)
end

-- What a branch raised is a mistake in the program, and raised again; that it was
-- cancelled is a result.
local function raise_again(task)
  if task.failed and task.traceback then
    error(task.err, 0)
  end
end

-- Like everywhere in slack, nil followed by something is a failure.
local function failure_of(task)
  if task.failed then
    return task.err
  elseif task.values and task.values[1] == nil then
    return task.values[2]
  end
end

---@class slack.Results: any[]
---@field n integer how many there are, those that are nil included

---Runs functions (or waits for tasks) side by side until all have ended.
---@async
---@param list (function|slack.Task)[]
---@return slack.Results? results the first result of each, in the order of the list
---@return any err what the first that failed returned after nil; the others have then
---  been cancelled, as when one raises, which slack.all then raises
function M.all(list)
  local tasks = as_tasks(list, "all")
  local left, err, failed = #tasks, nil, nil
  if left > 0 then
    watch_until(tasks, function(ended)
      left = left - 1
      err = failure_of(ended)
      failed = (ended.failed or err ~= nil) and ended
      return left == 0 or failed
    end)
  end
  if failed then
    raise_again(failed)
  end
  if err ~= nil then
    return nil, err
  end
  local results = setmetatable({}, { __index = { n = #tasks } }) -- JSON has no room for a field
  for i, task in ipairs(tasks) do
    results[i] = task.values and task.values[1]
  end
  return results
end

---Runs functions (or waits for tasks) side by side until the first has ended,
---and cancels the others.
---@async
---@param list (function|slack.Task)[]
---@return any ... what the first returned; nil, err when it was cancelled. What it raised is
---  raised
function M.race(list)
  local tasks = as_tasks(list, "race")
  if #tasks == 0 then
    error("slack.race: at least one function or task expected", 2)
  end
  local current = M.current()
  local race = { above = current and current.race }
  for i, item in ipairs(list) do
    if type(item) == "function" then
      tasks[i].race = race
    end
  end
  local first
  watch_until(tasks, function(ended)
    first = ended
    return true
  end)
  raise_again(first)
  if first.failed then
    return nil, first.err
  end
  return select(2, outcome(first))
end

---Runs fn(...) and gives what it returns; cancels it when it takes longer.
---@async
---@param seconds number
---@param fn function
---@return any ... nil and an error with code "timeout" when the time is over
function M.timeout(seconds, fn, ...)
  if type(seconds) ~= "number" then
    error("slack.timeout: seconds expected, got " .. type(seconds), 2)
  end
  check_function(fn, "timeout")
  local task, current = M.spawn(fn, ...), M.current()
  task.race, task.owner = current and current.race, current and current.owner
  task.caller = current
  local gate = Waiter.new()
  gate.on_abandon = function()
    task:cancel()
  end
  on_end(task, function()
    gate:resolve()
  end)
  gate:await(seconds)
  if gate.timed_out then
    local message = ("not done within %g seconds"):format(seconds)
    return nil, errors.new { code = "timeout", message = message }
  end
  if task.failed then
    error(task.err, 0)
  end
  return select(2, outcome(task))
end

---Runs fn(...) as a task and the loop until it has ended; gives what it
---returns and raises what it raises.
---@async
---@param fn function
---@return any ...
function M.run(fn, ...)
  check_function(fn, "run")
  local task = M.spawn(fn, ...)
  task:join()
  if task.failed then
    error(task.err, 0)
  end
  return select(2, outcome(task))
end

-- Coroutines inside tasks --------------------------------------------------------

local function close_unfinished(guard)
  if guard.co then
    coroutine.close(guard.co)
  end
end

local Guard = { __close = close_unfinished }

local function pump(co, ok, signal, ...)
  if not ok then
    error(signal, 0)
  elseif signal == scheduler.PARKED then
    scheduler.yield_parked()
    return pump(co, coroutine.resume(co))
  end
  return signal, ...
end

local function release(guard, ...)
  guard.co = nil
  return ...
end

---Like coroutine.wrap, for generators that wait: what their function waits for
---suspends the task, where coroutine.wrap would hand it to the caller as a value.
---@param fn function
---@return fun(...): ...
function M.wrap(fn)
  check_function(fn, "wrap")
  local co = coroutine.create(fn)
  return function(...)
    local guard <close> = setmetatable({ co = co }, Guard)
    return release(guard, pump(co, coroutine.resume(co, ...)))
  end
end

return M
