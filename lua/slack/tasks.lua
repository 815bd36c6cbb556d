-- Tasks: functions that may wait without holding up anything else.
--
-- One task runs at a time and is never interrupted: between two waits nothing
-- else happens. Outside of tasks a task begins inside spawn; spawned by another
-- task it begins when that one waits.
--
-- A wait parks its task: the waiter remembers the task, then the coroutine
-- yields PARKED. Whoever resumes it, it goes on only once the waiter is
-- settled. What ends a task is done by its own coroutine, so that a task also
-- works when another scheduler has resumed it; and what it yields for another
-- scheduler travels up when our loop is run by that one.

local errors = require "slack.errors"
local loop = require "slack.loop"

local create, resume, yield, close = coroutine.create, coroutine.resume, coroutine.yield,
  coroutine.close
local status, running, isyieldable = coroutine.status, coroutine.running, coroutine.isyieldable
local pack, unpack = table.pack, table.unpack

-- What coroutines yield to the scheduler.
local PARKED = setmetatable({}, { __name = "slack.tasks: parked" })
local IDLE = setmetatable({}, { __name = "slack.tasks: idle" })

local MAX_IDLE = 64

local M = {}

local current -- the task whose coroutine was resumed here, if any
local worker_of = setmetatable({}, { __mode = "k" }) -- coroutine -> worker
local idle, idle_count = {}, 0 -- workers whose task has ended well
local closing = {} -- tasks to be unwound
local is_closing = false

local function new_error(code, message)
  return errors.new { code = code, message = message }
end

local OWN_SOURCE = debug.getinfo(1, "S").source

-- Raises at the line outside of this file that asked to wait.
local function misuse(message)
  local level = 2
  while debug.getinfo(level + 1, "S") and debug.getinfo(level, "S").source == OWN_SOURCE do
    level = level + 1
  end
  error(message, level)
end

-- Waiters ----------------------------------------------------------------------

---One wait for one happening. Somebody calls resolve, somebody awaits.
---@class slack.Waiter
---@field on_abandon? fun(waiter: slack.Waiter) called when the wait ends otherwise: its
---  time is over or its task is cancelled; what was waited for can then be given up
local Waiter = {}
Waiter.__index = Waiter
Waiter.__name = "slack.waiter"

---@return slack.Waiter
function M.waiter()
  return setmetatable({ settled = false, task = false, timer = false, count = 0 }, Waiter)
end

-- The waiter may have been settled and awaited anew, or the task cancelled.
local function go_on(task)
  local waiter = task.waiting
  if waiter and waiter.settled and not task.done then
    M._resume(task)
  end
end

local function settle(self)
  self.settled = true
  if self.timer then
    self.timer:cancel()
    self.timer = false
  end
  if self.task then
    loop.defer(go_on, self.task)
  end
end

local function abandon(self)
  if self.on_abandon then
    self:on_abandon()
  end
end

---Ends the wait; its await gives the values. The first call counts.
---@return boolean first false: it was settled or given up before
function Waiter:resolve(...)
  if self.settled then
    return false
  end
  local count = select("#", ...)
  self.count = count
  if count == 1 then
    self.value = ...
  elseif count > 1 then
    self.value = { ... }
  end
  settle(self)
  return true
end

local function time_out(self)
  if not self.settled then
    self.timed_out = true
    settle(self)
    abandon(self)
  end
end

local function outcome_of_wait(self)
  if self.timed_out then
    return nil, "timeout"
  elseif self.count <= 1 then
    return self.value
  end
  return unpack(self.value, 1, self.count)
end

local request_close

local function park(self, task)
  self.task, task.waiting = task, self
  if task.cancelled then
    request_close(task)
  end
  repeat
    yield(PARKED)
  until self.settled
  task.waiting = nil
end

-- Outside of tasks there is nothing to suspend: the loop is run from here.
local function block(self)
  while not self.settled do
    if loop.is_stepping() then
      misuse("cannot wait in a callback of the loop: use slack.spawn")
    end
    if not loop.is_alive() then
      time_out(self)
      misuse("waiting for what can never happen: no timer, task or connection is left")
    end
    loop.step()
  end
end

---Waits for resolve; only the calling task is suspended. Outside of tasks the
---loop runs meanwhile.
---@async
---@param timeout? number seconds
---@return any ... the values of resolve; nil, "timeout" when the time is over
function Waiter:await(timeout)
  if not self.settled then
    local worker = worker_of[running()]
    local task = worker and worker.task or current
    if self.task then
      error("this waiter is awaited already", 2)
    end
    if task and not isyieldable() then
      misuse("cannot wait here: inside a __close while cancelled, or inside a C function")
    end
    if timeout then
      self.timer = loop.after(timeout, time_out, self)
    end
    if task then
      park(self, task)
    else
      block(self)
    end
  end
  return outcome_of_wait(self)
end

-- Tasks ------------------------------------------------------------------------

---@class slack.Task
---@field name? string for logs
local Task = {}
Task.__index = Task
Task.__name = "slack.task"

---What happens to an error that ends a task which nobody joins. Replaceable.
---@param task slack.Task
---@param err any what was raised
---@param traceback string
function M.on_error(task, err, traceback)
  local name = task.name and " " .. task.name or ""
  require("slack.log").default():error("error in task%s: %s%s", name, tostring(err), traceback)
end

-- Deferred, so that a join right after spawn counts.
local function report_unless_joined(task)
  if not task.joined then
    M.on_error(task, task.err, task.traceback)
  end
end

local function announce_end(task)
  task.done = true
  local listeners = task.listeners
  if listeners then
    task.listeners = nil
    for _, listener in ipairs(listeners) do
      listener(task)
    end
  end
end

local Failure = {}

local function trace(err)
  return setmetatable({ err = err, traceback = debug.traceback("", 2) }, Failure)
end

-- What was raised and its traceback; without one when not even trace could run.
local function unwrap(failure)
  if getmetatable(failure) == Failure then
    return failure.err, failure.traceback
  end
  return failure, ""
end

local function fail(task, failure)
  task.failed = true
  task.err, task.traceback = unwrap(failure)
  announce_end(task)
  loop.defer(report_unless_joined, task)
end

local function finish(task, ok, ...)
  if not ok then
    fail(task, (...))
    return false
  end
  local count = select("#", ...)
  if count > 0 then
    task.count, task.values = count, { ... }
  end
  announce_end(task)
  return true
end

-- A worker is a coroutine that runs one task after another; one that has seen
-- an error is not used again.
local function work(task, fn, ...)
  if finish(task, xpcall(fn, trace, ...)) and idle_count < MAX_IDLE then
    local worker = task.worker
    worker.task = nil
    idle_count = idle_count + 1
    idle[idle_count] = worker
    return work(yield(IDLE))
  end
end

local function take_worker()
  if idle_count > 0 then
    local worker = idle[idle_count]
    idle[idle_count] = nil
    idle_count = idle_count - 1
    return worker
  end
  local worker = { co = create(work) }
  worker_of[worker.co] = worker
  return worker
end

local pass_up

local function after_resume(task, previous, ok, signal, ...)
  current = previous
  if signal == PARKED or task.done then
    return
  elseif ok then
    pass_up(task, signal, ...)
  else
    fail(task, signal)
  end
end

local function resume_task(task, ...)
  local previous = current
  current = task
  return after_resume(task, previous, resume(task.worker.co, ...))
end
M._resume = resume_task

local function pass_down(task, ...)
  if not task.done then
    resume_task(task, ...)
  end
end

-- A yield that is not ours: for the scheduler that runs our loop, or, when
-- there is none, for somebody who will resume the coroutine.
function pass_up(task, ...)
  if isyieldable() then
    pass_down(task, yield(...))
  end
end

local function start(task, fn, ...)
  local worker = take_worker()
  worker.task, task.worker = task, worker
  resume_task(task, task, fn, ...)
end

local function start_queued(task)
  local args = task.queued
  task.queued = nil
  if not task.done and not task.cancelled then
    start(task, unpack(args, 1, args.n))
  end
end

---Runs fn(...) as a task of its own.
---@param fn function
---@return slack.Task
function M.spawn(fn, ...)
  if type(fn) ~= "function" then
    error("tasks.spawn: function expected, got " .. type(fn), 2)
  end
  local task = setmetatable({ done = false, worker = false }, Task)
  if current then
    task.queued = pack(fn, ...)
    loop.defer(start_queued, task)
  else
    start(task, fn, ...)
  end
  return task
end

---The task that is running, or nil.
---@return slack.Task?
function M.current()
  local worker = worker_of[running()]
  return worker and worker.task or current
end

---Whether it has ended, in whatever way.
---@return boolean
function Task:is_done()
  return self.done
end

local function abandon_wait(task)
  local waiter = task.waiting
  if waiter and not waiter.settled then
    waiter.task = false
    settle(waiter)
    local ok, err = xpcall(abandon, trace, waiter)
    if not ok then
      M.on_error(task, unwrap(err))
    end
  end
end

local function close_task(task)
  if task.done then
    return
  end
  local co = task.worker and task.worker.co
  if co and status(co) ~= "suspended" then
    return -- it is unwound at its next wait
  end
  abandon_wait(task)
  if co then
    local ok, err = close(co)
    if not ok then -- a Failure when xpcall's handler has seen it
      M.on_error(task, unwrap(err))
    end
  end
  task.failed, task.joined = true, true
  task.err = new_error("cancelled", "the task was cancelled")
  announce_end(task)
end

-- One after another, never one inside the other: __close variables may cancel
-- more tasks, and nested coroutine.close overflows the C stack of Lua 5.4.4.
local function close_requested()
  if is_closing then
    return
  end
  is_closing = true
  while closing[1] do
    local task = table.remove(closing)
    local ok, err = xpcall(close_task, trace, task)
    if not ok then
      M.on_error(task, unwrap(err))
    end
  end
  is_closing = false
end

function request_close(task)
  table.insert(closing, task)
  loop.defer(close_requested)
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
  self.cancelled = true
  if current then
    request_close(self)
  else
    table.insert(closing, self)
    close_requested()
  end
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
    local waiter = M.waiter()
    local function listener()
      waiter:resolve()
    end
    waiter.on_abandon = function()
      forget(self, listener)
    end
    on_end(self, listener)
    waiter:await(timeout)
    if not self.done then
      return nil, new_error("timeout", "the task did not end in time")
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
    error("tasks.sleep: seconds expected, got " .. type(seconds), 2)
  end
  local waiter = M.waiter()
  waiter.timer = loop.after(seconds, waiter.resolve, waiter)
  waiter:await()
end

local function as_tasks(list, name)
  if type(list) ~= "table" then
    error(("tasks.%s: list expected, got %s"):format(name, type(list)), 3)
  end
  for i, item in ipairs(list) do
    if type(item) ~= "function" and getmetatable(item) ~= Task then
      error(("tasks.%s: item %d: function or task expected, got %s"):format(name, i, type(item)), 3)
    end
  end
  local tasks = {}
  for i, item in ipairs(list) do
    tasks[i] = type(item) == "function" and M.spawn(item) or item
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
  local gate = M.waiter()
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

-- Like everywhere in slack, nil followed by something is a failure.
local function failure_of(task)
  if task.failed then
    return task.err
  elseif task.values and task.values[1] == nil then
    return task.values[2]
  end
end

---Runs functions (or waits for tasks) side by side until all have ended.
---@async
---@param list (function|slack.Task)[]
---@return any[]? results the first result of each, in the order of the list, `n` of them
---@return any err what the first that failed raised or returned after nil; the
---  others have then been cancelled
function M.all(list)
  local tasks = as_tasks(list, "all")
  local left, err = #tasks, nil
  if left > 0 then
    watch_until(tasks, function(ended)
      left = left - 1
      err = failure_of(ended)
      return left == 0 or err ~= nil
    end)
  end
  if err ~= nil then
    return nil, err
  end
  local results = { n = #tasks }
  for i, task in ipairs(tasks) do
    results[i] = task.values and task.values[1]
  end
  return results
end

---Runs functions (or waits for tasks) side by side until the first has ended,
---and cancels the others.
---@async
---@param list (function|slack.Task)[]
---@return any ... what the first returned; nil, err when it raised
function M.race(list)
  local tasks = as_tasks(list, "race")
  if #tasks == 0 then
    error("tasks.race: at least one function or task expected", 2)
  end
  local first
  watch_until(tasks, function(ended)
    first = ended
    return true
  end)
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
    error("tasks.timeout: seconds expected, got " .. type(seconds), 2)
  end
  local task = M.spawn(fn, ...)
  local gate = M.waiter()
  gate.on_abandon = function()
    task:cancel()
  end
  on_end(task, function()
    gate:resolve()
  end)
  gate:await(seconds)
  if gate.timed_out then
    return nil, new_error("timeout", ("not done within %g seconds"):format(seconds))
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
    close(guard.co)
  end
end

local Guard = { __close = close_unfinished }

local function pump(co, ok, signal, ...)
  if not ok then
    error(signal, 0)
  elseif signal == PARKED then
    return pump(co, resume(co, yield(PARKED)))
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
  local co = create(fn)
  return function(...)
    local guard <close> = setmetatable({ co = co }, Guard)
    return release(guard, pump(co, resume(co, ...)))
  end
end

return M
