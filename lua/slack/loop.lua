-- The Lua thread's loop: waits for descriptors, hands out the messages of the
-- C threads, runs timers. One step waits once and then runs what is due:
--
--   descriptors -> messages -> timers -> deferred functions
--
-- It can be driven by any other loop: wait until pollfd() is readable or
-- timeout() has passed, then step(0).

local lazy = require "slack.lazy"
local core = require "slack.core"
local Timers = require "slack.timers"
local relief = lazy "slack.relief"

-- Messages of one mailbox in one step, so that a flood starves nobody.
local MESSAGES_PER_STEP = 64

---@class slack.Loop
local Loop = {}
Loop.__index = Loop
Loop.__name = "slack.loop"

---@class slack.LoopOptions
---@field clock? fun(): number seconds that never go back; for specs
---@field wall? fun(): number seconds since the epoch; for specs
---@field sleep? fun(seconds: number) passes the time of a made-up clock instead of waiting

---A loop of its own. Nothing but the default one is needed outside of specs.
---@param options? slack.LoopOptions
---@return slack.Loop
function Loop.new(options)
  options = options or {}
  core.pool_blocks()
  local self = setmetatable({
    clock = options.clock or core.monotonic,
    wall = options.wall or core.time,
    fake_sleep = options.sleep,
    timers = Timers.new(),
    poller = assert(core.poller()),
    ready = {}, -- filled by the poller
    watches = {}, -- descriptor -> function
    watching = 0,
    inlets = {}, -- descriptor -> mailbox with its handler
    inlet_list = {},
    handlers = {}, -- source -> function
    registered = 0,
    last_source = 0,
    deferred = {}, -- function, argument, function, argument, ...
    deferred_end = 0,
    spare = {}, -- takes turns with deferred
    pid = core.pid(),
    relief = false, -- that is due after a burst (relief.lua)
    holders = setmetatable({}, { __mode = "k" }), -- what is made smaller then
    stepping = false,
    watchdog = false,
    interrupt = false,
  }, Loop)
  self.holders[self] = true
  self.step_guard = setmetatable({}, { __close = function()
    self.stepping = false
    if self.watchdog then
      self.watchdog.leave()
    end
  end })
  self.main_mailbox = core.mailbox()
  self:attach(self.main_mailbox, function(source, ...)
    local handler = self.handlers[source]
    if handler then
      return handler(...)
    end
  end)
  return self
end

---Seconds on the monotonic clock.
---@return number
function Loop:now()
  return self.clock()
end

local function check_callable(fn, what)
  if type(fn) ~= "function" then
    error(("%s: function expected, got %s"):format(what, type(fn)), 3)
  end
end

---Runs fn(arg) from the loop in so many seconds. fn must not wait; to do so it
---spawns a task.
---@param seconds number
---@param fn fun(arg: any)
---@param arg any?
---@return slack.Timer
function Loop:after(seconds, fn, arg)
  check_callable(fn, "loop.after")
  if type(seconds) ~= "number" or seconds ~= seconds then
    error("loop.after: seconds expected, got " .. tostring(seconds), 2)
  end
  return self.timers:add(self.clock() + seconds, fn, arg)
end

---Runs fn(arg) at the next step, after what waits already.
---@param fn fun(arg: any)
---@param arg any?
function Loop:defer(fn, arg)
  local last = self.deferred_end
  self.deferred[last + 1] = fn
  self.deferred[last + 2] = arg
  self.deferred_end = last + 2
end

---Calls fn(fd) in each step in which the descriptor is readable.
---@param fd integer
---@param fn fun(fd: integer)
function Loop:watch(fd, fn)
  check_callable(fn, "loop.watch")
  if not self.watches[fd] then
    local ok, message = self.poller:add(fd)
    if not ok then
      error(("loop.watch: descriptor %s: %s"):format(fd, message), 2)
    end
    self.watching = self.watching + 1
  end
  self.watches[fd] = fn
end

---Ends a watch; to be called before the descriptor is closed.
---@param fd integer
function Loop:unwatch(fd)
  if self.watches[fd] then
    self.watches[fd] = nil
    self.watching = self.watching - 1
    self.poller:remove(fd)
  end
end

---The mailbox that C objects send to, without bound. They are given a source
---from register as well.
---@return slack.core.mailbox
function Loop:mailbox()
  return self.main_mailbox
end

---Calls handler(kind, ...) with each message of the main mailbox that carries
---the returned source.
---@param handler fun(kind: string, ...)
---@return integer source
function Loop:register(handler)
  check_callable(handler, "loop.register")
  local source = self.last_source + 1
  self.last_source = source
  self.handlers[source] = handler
  self.registered = self.registered + 1
  return source
end

---Messages of that source that still come are dropped.
---@param source integer
function Loop:unregister(source)
  if self.handlers[source] then
    self.handlers[source] = nil
    self.registered = self.registered - 1
  end
end

---Takes the messages of one more mailbox, a bounded one for instance, and
---calls handler(source, kind, ...) with each.
---@param mailbox slack.core.mailbox
---@param handler fun(source: integer, kind: string, ...)
function Loop:attach(mailbox, handler)
  check_callable(handler, "loop.attach")
  local fd = mailbox:fd()
  self:detach(mailbox)
  assert(self.poller:add(fd))
  -- Another taker may have left messages that no longer make it readable.
  local inlet = { mailbox = mailbox, handler = handler, pending = mailbox:load() > 0 }
  self.inlets[fd] = inlet
  table.insert(self.inlet_list, inlet)
end

---Leaves the mailbox alone from now on: what comes, waits in it. To be called
---before the mailbox is closed.
---@param mailbox slack.core.mailbox
function Loop:detach(mailbox)
  local fd = mailbox:fd()
  local inlet = self.inlets[fd]
  if not inlet then
    return
  end
  self.inlets[fd] = nil
  inlet.detached = true
  mailbox:pause()
  for i, other in ipairs(self.inlet_list) do
    if other == inlet then
      table.remove(self.inlet_list, i)
    end
  end
  self.poller:remove(fd)
end

---A descriptor that is readable when something is to be done; the same for the
---loop's whole life.
---@return integer
function Loop:pollfd()
  return self.poller:fd()
end

---Seconds until something is due even if pollfd stays silent: 0 when it is
---already, nil when never.
---@return number?
function Loop:timeout()
  if self.deferred_end > 0 then
    return 0
  end
  for _, inlet in ipairs(self.inlet_list) do
    if inlet.pending then
      return 0
    end
  end
  local at = self.timers:next_at()
  if not at then
    return nil
  end
  local wait = at - self.clock()
  return wait > 0 and wait or 0
end

---Whether anything can still happen: a timer, a descriptor, an object that
---sends messages.
---@return boolean
function Loop:is_alive()
  return self.timers.count > 0 or self.watching > 0 or self.registered > 0
    or self.deferred_end > 0 or #self.inlet_list > 1
end

local function trace(err)
  return debug.traceback(tostring(err), 2)
end

---What happens to an error that a callback raised. Replaceable.
---@param message string with traceback
function Loop.on_error(message)
  require("slack.log").default():error("error in a callback of the loop: %s", message)
end

-- Ctrl-C, as the program lua raises it wherever the main thread is: no failure of the callback.
local function is_interrupt(message)
  return message:find "^[^\n]*interrupted!\n" ~= nil
end

local function report(self, message)
  if is_interrupt(message) then
    self.interrupt = message:match "^[^\n]*" -- raised when the step is over
    return
  end
  local ok, failure = pcall(self.on_error, message)
  if not ok then
    io.stderr:write("slack.loop: " .. core.redact(tostring(failure)) .. "\n")
  end
end

local function call(self, fn, arg)
  local ok, message = xpcall(fn, trace, arg)
  if not ok then
    report(self, message)
  end
end

-- After an error the rest comes in the next step.
local function drain(self, inlet)
  local mailbox = inlet.mailbox
  local ok, more, is_burst_over = xpcall(mailbox.hand_out, trace, mailbox, inlet.handler,
    MESSAGES_PER_STEP)
  if not ok then
    return report(self, more)
  end
  inlet.pending = more
  if is_burst_over then
    relief.after_burst(self)
  end
end

local function run_descriptors(self, count)
  local ready = self.ready
  for i = 1, count do
    local fd = ready[i]
    local inlet, fn = self.inlets[fd], self.watches[fd]
    if inlet then
      inlet.pending = true
    elseif fn then
      call(self, fn, fd)
    end
  end
end

local function run_messages(self)
  -- A handler may attach or detach: each inlet of this moment gets its turn.
  local list = self.inlet_list
  for i = #list, 1, -1 do
    local inlet = list[i]
    if inlet and inlet.pending and not inlet.detached then
      drain(self, inlet)
    end
  end
end

local function run_timers(self)
  local timers = self.timers
  if timers.count == 0 then
    return
  end
  local now, newest = self.clock(), timers.made
  local timer = timers:take_due(now, newest)
  while timer do
    call(self, timer.fn, timer.arg)
    timer = self.timers:take_due(now, newest) -- they may have moved
  end
end

local function run_deferred(self)
  local last = self.deferred_end
  if last == 0 then
    return
  end
  local queue = self.deferred
  self.deferred, self.deferred_end, self.spare = self.spare, 0, queue
  for i = 1, last, 2 do
    local fn, arg = queue[i], queue[i + 1]
    queue[i], queue[i + 1] = nil, nil
    call(self, fn, arg)
  end
end

local function wait(self, timeout)
  if self.fake_sleep then
    local count = assert(self.poller:wait(0, self.ready))
    if count == 0 and timeout and timeout > 0 then
      self.fake_sleep(timeout)
    end
    return count
  end
  return assert(self.poller:wait(timeout, self.ready))
end

---Waits until something is due, at most `timeout` seconds (nil: as long as it
---takes), and does it.
---@param timeout number?
---@return true
function Loop:step(timeout)
  if self.stepping then
    error("loop.step called from a callback of the loop: spawn a task to wait in", 2)
  end
  if core.pid() ~= self.pid then
    error("the loop was made before a fork: fork before the first use of slack", 2)
  end
  local until_due = self:timeout()
  if until_due and (not timeout or until_due < timeout) then
    timeout = until_due
  end
  local count = wait(self, timeout)
  -- Also when the coroutine that steps is closed in the middle.
  local _ <close> = self.step_guard
  self.stepping = true
  if self.watchdog then
    self.watchdog.enter()
  end
  run_descriptors(self, count)
  run_messages(self)
  run_timers(self)
  run_deferred(self)
  local interrupt = self.interrupt
  if interrupt then
    self.interrupt = false
    error(interrupt, 0)
  end
  return true
end

---Has holder:shrink() called after bursts, to make tables that have grown small again.
---@param holder table not kept alive by this
function Loop:hold(holder)
  self.holders[holder] = true
end

---Makes its own tables small again.
function Loop:shrink()
  self.deferred = table.move(self.deferred, 1, self.deferred_end, 1, {})
  self.spare, self.timers = {}, self.timers:moved()
end

---Gives its descriptors back: it is of no use any more.
function Loop:close()
  self.poller:close()
  self.main_mailbox:close()
end

---Whether a step is under way, that is, whether the caller is a callback.
---@return boolean
function Loop:is_stepping()
  return self.stepping
end

-- The default loop -------------------------------------------------------------

---The default loop as plain functions.
---@class slack.loop
---@field new fun(options: slack.LoopOptions?): slack.Loop
---@field after fun(seconds: number, fn: fun(arg: any), arg: any?): slack.Timer
---@field defer fun(fn: fun(arg: any), arg: any?)
---@field watch fun(fd: integer, fn: fun(fd: integer))
---@field unwatch fun(fd: integer)
---@field mailbox fun(): slack.core.mailbox
---@field register fun(handler: fun(kind: string, ...)): integer
---@field unregister fun(source: integer)
---@field attach fun(mailbox: slack.core.mailbox, handler: fun(source: integer, kind: string, ...))
---@field detach fun(mailbox: slack.core.mailbox)
---@field hold fun(holder: table)
---@field pollfd fun(): integer
---@field timeout fun(): number?
---@field step fun(timeout: number?): true
---@field is_alive fun(): boolean
---@field is_stepping fun(): boolean
local M = { new = Loop.new }

local default
local clock = core.monotonic -- its

---The loop that the functions of this module work on. Made at its first use,
---so that a program may fork before.
---@return slack.Loop
function M.default()
  if not default then
    default = Loop.new()
    clock = default.clock
    lazy.keep_reserve()
  end
  return default
end

---Seconds on the monotonic clock. Needs no loop yet.
---@return number
function M.now()
  local now = clock() -- no tail call: it costs more, and each event comes here
  return now
end

---Seconds since the epoch, with fractions, by the clock of people, which may be put back.
---@return number
function M.time()
  return (default and default.wall or core.time)()
end

---Whether the default loop is in use already.
---@return boolean
function M.is_made()
  return default ~= nil
end

---Whether this process was forked from one that had the default loop in use: it can do nothing
---with that, nor with anything that was made for it.
---@return boolean
function M.is_inherited()
  return default ~= nil and default.pid ~= core.pid()
end

---Makes another loop the default one; for specs with a clock of their own.
---@param other slack.Loop?
---@return slack.Loop? previous
function M.use(other)
  local previous = default
  default, clock = other, other and other.clock or core.monotonic
  return previous
end

-- As below, without the price of `...`: each wait that begins or ends comes here.
function M.defer(fn, arg)
  return (default or M.default()):defer(fn, arg)
end

function M.step(timeout)
  return (default or M.default()):step(timeout)
end

function M.is_alive()
  return (default or M.default()):is_alive()
end

function M.is_stepping()
  return (default or M.default()):is_stepping()
end

for _, name in ipairs {
  "after", "watch", "unwatch", "mailbox", "register", "unregister",
  "attach", "detach", "hold", "pollfd", "timeout",
} do
  local method = Loop[name]
  M[name] = function(...)
    return method(default or M.default(), ...)
  end
end

return M
