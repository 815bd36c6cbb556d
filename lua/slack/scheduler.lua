-- The coroutines of tasks.
--
-- A wait parks its task: the waiter remembers the task, then the coroutine
-- yields PARKED. Whoever resumes it, it goes on only once the waiter is
-- settled. What ends a task is done by its own coroutine, so that a task also
-- works when another scheduler has resumed it; and what it yields for another
-- scheduler travels up when our loop is run by that one.

local errors = require "slack.errors"
local fitted = require "slack.fitted"
local loop = require "slack.loop"

local create, resume, yield, close = coroutine.create, coroutine.resume, coroutine.yield,
  coroutine.close
local status, running, isyieldable = coroutine.status, coroutine.running, coroutine.isyieldable
local pack, unpack = table.pack, table.unpack

-- What coroutines yield to the scheduler.
-- Who gets it as a value of their own coroutine, and uses it, is told why.
local HINT = "slack: a wait inside coroutine.wrap came out as its value: use slack.wrap"
local PARKED = {}
do
  local metatable = { __name = "slack.scheduler: parked", __tostring = function() return HINT end }
  local function refuse()
    error(HINT, 2)
  end
  for name in ("concat add sub mul div idiv mod unm len lt le index call"):gmatch "%a+" do
    metatable["__" .. name] = refuse
  end
  setmetatable(PARKED, metatable)
end
local IDLE = setmetatable({}, { __name = "slack.scheduler: idle" })

local UNCLAIMED = "coroutine.yield: a handler cannot yield values, as nobody takes them: "
  .. "slack.wrap makes generators, slack.sleep waits"

local MAX_IDLE = 64

---@class slack.scheduler
---@field report fun(task: slack.Task, err: any, traceback: string) what happens to errors
---  that nobody else gets; set by slack.tasks
---@field spare fun() called with each error that ends a task, before it has; the watchdog's
---@field calm fun() called when it has
local M = { PARKED = PARKED, spare = function() end, calm = function() end }

local current -- the task whose coroutine was resumed here, if any
local worker_of = setmetatable({}, { __mode = "k" }) -- coroutine -> worker
local idle, idle_count = nil, 0 -- workers whose task has ended well: a chain
local resumes = 0
local closing = {} -- tasks to be unwound
local is_closing = false

-- Ends ---------------------------------------------------------------------------

-- Deferred, so that a join right after spawn counts.
local function report_unless_joined(task)
  if not task.joined then
    M.report(task, task.err, task.traceback)
  end
end

---Tells those who wait for the end of a task.
---@param task slack.Task
function M.announce_end(task)
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
  M.spare()
  return setmetatable({ err = err, traceback = debug.traceback("", 2) }, Failure)
end

-- What was raised and its traceback; without one when not even trace could run.
local function unwrap(failure)
  if getmetatable(failure) == Failure then
    return failure.err, failure.traceback
  end
  return failure, ""
end

local function note_failure(task, failure)
  M.calm()
  task.failed, task.worker.is_spoiled = true, true
  task.err, task.traceback = unwrap(failure)
  loop.defer(report_unless_joined, task)
end

local function note_outcome(task, ok, ...)
  local count = select("#", ...)
  if not ok then
    note_failure(task, (...))
  elseif count > 0 then
    task.count, task.values = count, { ... }
  end
end

-- What its coroutine has raised itself, whose stack is still there.
local function fail(task, failure)
  local co = task.worker.co
  if getmetatable(failure) ~= Failure then
    M.spare()
    failure = setmetatable({ err = failure, traceback = debug.traceback(co, "") }, Failure)
  end
  local ok, err = close(co)
  if not ok and err ~= failure.err then -- raised while its to-be-closed variables were closed
    failure.err = err
  end
  note_failure(task, failure)
  task:ended()
end

-- Coroutines -----------------------------------------------------------------------

-- What tasks of functions run. args: the function, and what it is called with.
local function call(task, args)
  note_outcome(task, xpcall(args[1], trace, unpack(args, 2, args.n)))
end

-- A worker is a coroutine that runs one task after another; one that has seen
-- an error is not used again. Its stack holds nothing of the last task while it is idle.
local function work(task, run, args)
  local worker = task.worker
  while true do
    run(task, args)
    task:ended()
    if worker.is_spoiled or idle_count >= MAX_IDLE then
      return
    end
    worker.task, task, args = nil, nil, nil -- luacheck: ignore 311
    idle_count, worker.next, idle = idle_count + 1, idle, worker
    task, run, args = yield(IDLE)
  end
end

local function new_worker()
  local worker = { co = create(work), next = false, is_spoiled = false, is_known = false }
  worker_of[worker.co] = worker
  return worker
end

local pass_up

local function after_resume(task, previous, ok, signal, ...)
  current = previous
  resumes = resumes + 1
  if signal == IDLE or signal == PARKED or task.done then
    return
  elseif ok then
    return pass_up(task, signal, ...)
  else
    fail(task, signal)
  end
end

local function resume_task(task, ...)
  local previous = current
  current = task
  return after_resume(task, previous, resume(task.worker.co, ...))
end

local function pass_down(task, ...)
  if not task.done then
    resume_task(task, ...)
  end
end

local function line_of_yield(co)
  local level = 0
  local info = debug.getinfo(co, level, "Sl")
  while info and info.what == "C" do
    level = level + 1
    info = debug.getinfo(co, level, "Sl")
  end
  return info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
end

-- Goes on with it, to raise where it yielded: it then ends as by any other error.
local function raise_at_yield(task)
  local co = task.worker.co
  local text = line_of_yield(co) .. UNCLAIMED
  local hook, mask, count = debug.gethook(co)
  debug.sethook(co, function()
    debug.sethook(co, type(hook) == "function" and hook or nil, mask, count)
    error(text, 0)
  end, "", 1)
  return resume_task(task)
end

-- A yield that is not ours: for the scheduler that runs our loop, or, when there is
-- none and no values that would be lost, for somebody who will resume the coroutine.
function pass_up(task, ...)
  if isyieldable() then
    pass_down(task, yield(...))
  elseif select("#", ...) > 0 and (...) ~= nil then
    return raise_at_yield(task)
  end
end

local start_queued, request_close

-- Whether one runs now. When memory runs out at its first or last step nobody has said that it
-- does not: it is given up then.
local function is_one_running()
  local task = current
  if not task then
    return false
  end
  local state = status(task.worker.co)
  if state == "running" or state == "normal" then
    return true
  end
  current = nil
  if not task.done and not task.waiting then
    task.cancelled = true
    request_close(task)
  end
  return false
end

-- For want of memory.
local function fail_to_begin(task, err)
  task.failed, task.err, task.traceback = true, err, ""
  loop.defer(report_unless_joined, task)
  task:ended()
end

---Begins run(task) as the task: at once, or, begun by a running one, when that waits. Its end,
---of whatever sort, is told by task:ended().
---@param task slack.Task
---@param run fun(task: slack.Task, args: any) catches what is to be told with a traceback
---@param args any
function M.start(task, run, args)
  if current and is_one_running() then
    task.queued = { run = run, args = args }
    loop.defer(start_queued, task)
    return
  end
  local worker = idle
  if worker then
    idle_count, idle = idle_count - 1, worker.next
  else
    local ok, made = pcall(new_worker)
    if not ok then
      return fail_to_begin(task, made)
    end
    worker = made
  end
  worker.task, worker.is_known, task.worker, current = task, false, worker, task
  after_resume(task, nil, resume(worker.co, task, run, args))
end

-- Also when it is a task that runs the loop (slack.testing).
function start_queued(task)
  local queued, previous = task.queued, current
  task.queued = nil
  if not task.done and not task.cancelled then
    current = nil
    M.start(task, queued.run, queued.args)
    current = previous
  end
end

---The same for fn(...), whose results or error are the task's.
---@param task slack.Task
---@param fn function
function M.spawn(task, fn, ...)
  return M.start(task, call, pack(fn, ...))
end

---Resumes tasks by another function than coroutine.resume; nil: by that again.
---@param fn? function
function M.use_resume(fn)
  resume = fn or coroutine.resume
end

---The task that is running, also when it runs a coroutine of its own; or nil.
---@return slack.Task?
function M.current()
  local worker = worker_of[running()]
  local task = worker and worker.task or is_one_running() and current
  if task then
    task.worker.is_known = true -- who has asked may keep it
  end
  return task or nil
end

---Forgets coroutines that have ended, of which there may have been very many (relief.lua).
function M.shrink()
  worker_of = fitted(worker_of)
end

---How often a task has begun or gone on: as long as it stays the same, none has done anything.
---@return integer
function M.resumes()
  return resumes
end

-- Parking --------------------------------------------------------------------------

---Suspends the running task until waiter.settled, and longer if it was not woken.
---@param task slack.Task
---@param waiter slack.Waiter
---@return string? problem a coroutine inside the task was resumed by somebody who does not wait
function M.park(task, waiter)
  task.waiting = waiter
  if task.cancelled then
    request_close(task)
  end
  yield(PARKED)
  while not waiter.settled do
    if running() ~= task.worker.co then -- it would spin: nothing settles until the task waits
      task.waiting = nil
      return HINT
    end
    yield(PARKED)
  end
  task.waiting = nil
end

---Hands on, to who resumed the running coroutine, that one inside it waits; until that is over.
function M.yield_parked()
  local task = M.current()
  local waiter = task and task.waiting
  repeat
    yield(PARKED)
  until not waiter or waiter.settled
end

-- It may wait for something else by now, or have been cancelled, though it is yet to be unwound.
local function go_on(task)
  local waiter = task.waiting
  if waiter and waiter.settled and not task.done and not task.cancelled then
    resume_task(task)
  end
end

---Has the loop resume a parked task whose waiter was settled.
---@param task slack.Task
function M.wake(task)
  loop.defer(go_on, task)
end

-- Cancelling -----------------------------------------------------------------------

local function give_up_wait(task)
  local waiter = task.waiting
  if waiter and not waiter.settled then
    local ok, failure = xpcall(waiter.give_up, trace, waiter)
    if not ok then
      M.report(task, unwrap(failure))
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
  give_up_wait(task)
  if co then
    local ok, err = close(co)
    if not ok then -- a Failure when xpcall's handler has seen it
      M.report(task, unwrap(err))
    end
  end
  task.failed, task.joined = true, true
  task.err = errors.new { code = "cancelled", message = "the task was cancelled" }
  task:ended()
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
      M.report(task, unwrap(err))
    end
  end
  is_closing = false
end

function request_close(task)
  table.insert(closing, task)
  loop.defer(close_requested)
end

---See slack.Task:cancel.
---@param task slack.Task not done
function M.cancel(task)
  task.cancelled = true
  if is_one_running() then
    request_close(task)
  else
    table.insert(closing, task)
    close_requested()
  end
end

return M
