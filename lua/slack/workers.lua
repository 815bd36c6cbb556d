-- Several processes of one program that share a port: a supervisor that forks
-- them, starts again those that die, passes signals on, and reports each exit.
-- The supervisor itself has no loop and no threads, so that it can fork again at
-- any time.

local ChildProcess = require "slack.child_process"
local core = require "slack.core"
local errors = require "slack.errors"
local http_options = require "slack.http_options"
local loop = require "slack.loop"
local merged = require "slack.merged"

-- A worker ends with it when there is no use in starting another.
local FATAL_STATUS = 78

-- What the workers get on top of their own time to stop, before they are ended.
local STOP_MARGIN = 2

local DEFAULTS = { backoff_first = 0.1, backoff_maximum = 30, stable_after = 10 }

---@class slack.WorkersSettings
---@field count integer of processes
---@field log slack.Logger
---@field shutdown_timeout number seconds
---@field work fun(number: integer): true?, any runs in the worker; if it fails all are stopped
---@field backoff_first? number seconds before a worker that died at once is started again, 0.1
---@field backoff_maximum? number seconds, 30
---@field stable_after? number seconds after which a death counts as the first one, 10

---@class slack.Workers
---@field pids table<integer, integer> process -> number of the worker
---@field deaths table<integer, integer> worker -> deaths in a row
---@field due table<integer, number> worker -> when it is started again
---@field stops integer how often it was told to end
local Workers = {}
Workers.__index = Workers
Workers.__name = "slack.workers"

local M = {}

-- In the worker ------------------------------------------------------------------

local function be_worker(self, parent, number)
  self.signals:close()
  self.poller:close()
  core.begin_process(parent)
  -- Lua's own seed is the time in seconds and an address: the same in every worker.
  math.randomseed(string.unpack("=jj", core.random(16)))
  local ok = self.settings.work(number)
  os.exit(ok and 0 or FATAL_STATUS, true)
end

-- In the supervisor ----------------------------------------------------------------

local function start_worker(self, number)
  io.stdout:flush()
  io.stderr:flush()
  local parent = core.pid()
  local pid, message = core.fork()
  if pid == 0 then
    be_worker(self, parent, number)
  end
  self.due[number] = nil
  if pid then
    self.pids[pid], self.started[number] = number, core.monotonic()
    self.log:debug("worker %d is process %d", number, pid)
  else
    self.log:error("worker %d: %s", number, message)
    self:_plan(number)
  end
end

---When it is to be started again: at once after a long life, later and later
---after short ones.
function Workers:_plan(number)
  local settings = self.settings
  local now = core.monotonic()
  local lived = now - (self.started[number] or now)
  local deaths = lived >= settings.stable_after and 0 or self.deaths[number] or 0
  local delay = 0
  if deaths > 0 then
    delay = math.min(settings.backoff_maximum, settings.backoff_first * 2 ^ (deaths - 1))
    delay = delay * (0.5 + math.random() / 2)
  end
  self.deaths[number], self.due[number] = deaths + 1, now + delay
  return delay
end

local function on_exit(self, pid, number, how, code)
  self.pids[pid] = nil
  local text = ("worker %d (process %d) %s"):format(number, pid, ChildProcess.describe(how, code))
  if self.stops > 0 then
    self.log:info("%s", text)
    self.unclean = self.unclean or how == "signal" or code ~= 0
  elseif how == "exit" and code == FATAL_STATUS then
    self.log:error("%s: no use in starting another", text)
    self.fatal = errors.new {
      code = "worker", message = ("worker %d could not run: its log says why"):format(number),
    }
    self:_stop()
  else
    local delay = self:_plan(number)
    self.log:warn("%s; another one starts %s", text,
      delay > 0 and ("in %.1f s"):format(delay) or "at once")
  end
end

local function look_for_exits(self)
  local ended = {}
  for pid, number in pairs(self.pids) do
    local how, code = core.process_ended(pid)
    if how then
      ended[#ended + 1] = { pid, number, how, code }
    end
  end
  for _, one in ipairs(ended) do
    on_exit(self, table.unpack(one))
  end
end

local function signal_all(self, name)
  for pid in pairs(self.pids) do
    core.signal_process(pid, name)
  end
end

---Tells the workers to stop; a second time: at once; then they are killed.
---@param name? "INT"|"TERM" the signal that says so, which they name in their log
function Workers:_stop(name)
  self.stops = self.stops + 1
  self.due = {}
  signal_all(self, self.stops > 2 and "KILL" or name or "TERM")
  local patience = self.stops == 1 and self.settings.shutdown_timeout or 0
  self.patience_ends = core.monotonic() + patience + STOP_MARGIN
end

local function take_signals(self)
  local name = self.signals:take()
  while name do
    if name == "HUP" then
      self.log:info("SIGHUP: passed on to %d workers", self.settings.count)
      signal_all(self, "HUP")
    elseif name ~= "CHLD" then
      self.log:info("SIG%s: stopping %s", name, self.stops > 0 and "at once" or "the workers")
      self:_stop(name)
    end
    name = self.signals:take()
  end
end

local function start_due(self)
  local now = core.monotonic()
  for number = 1, self.settings.count do
    local at = self.due[number]
    if at and at <= now then
      start_worker(self, number)
    end
  end
end

-- Until a signal comes, or something is due.
local function wait(self)
  local next_at = self.patience_ends
  for _, at in pairs(self.due) do
    next_at = next_at and math.min(next_at, at) or at
  end
  self.poller:wait(next_at and math.max(next_at - core.monotonic(), 0), {})
end

local function supervise(self)
  while next(self.pids) or next(self.due) do
    start_due(self)
    wait(self)
    take_signals(self)
    look_for_exits(self)
    if self.patience_ends and core.monotonic() >= self.patience_ends and next(self.pids) then
      self.log:warn("some workers have not ended in time: ending them")
      self:_stop()
    end
  end
end

---Runs work(number) in so many processes, until they are told to stop by SIGINT or
---SIGTERM. SIGHUP is passed on. A worker does not return from here: its process ends
---with the end of its work.
---@param settings slack.WorkersSettings
---@return true? ok
---@return slack.Error? err a worker that cannot run, or something that has started before
function M.run(settings)
  if loop.is_made() then
    return nil, errors.new {
      code = "started", message = "workers: something has started before app:run(), a call of the "
        .. "Web API for instance: make it in a handler, or after the start",
    }
  end
  local self = setmetatable({
    settings = merged(DEFAULTS, settings), log = settings.log, pids = {}, deaths = {}, due = {},
    started = {}, stops = 0, poller = assert(core.poller()),
    signals = assert(core.signals { "INT", "TERM", "HUP", "CHLD" }),
  }, Workers)
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
    self.signals:close()
    self.poller:close()
  end })
  assert(self.poller:add(self.signals:fd()))
  for number = 1, settings.count do
    self.due[number] = core.monotonic()
  end
  self.log:info("%d workers", settings.count)
  supervise(self)
  if self.fatal then
    return nil, self.fatal
  elseif self.unclean then
    return nil, errors.new {
      code = "shutdown_timeout", message = "not every worker ended cleanly",
    }
  end
  return true
end

local function reserve_port(http)
  if not http then
    return nil
  end
  local reserved, message, code = core.reserve_port(http.host, http.port)
  if not reserved then
    return nil, http_options.cannot_listen(message, code)
  end
  http.port, http.reuse_port = reserved:port(), true
  return reserved
end

---Runs an app in so many processes as it wants, on one port.
---@param app slack.App
---@param run fun(app: slack.App): true?, slack.Error? runs it in one process
---@return true? ok
---@return slack.Error? err
function M.run_app(app, run)
  local options = app.settings
  local reserved <close>, err = reserve_port(options.http) -- luacheck: ignore 211
  if err then
    app.log:error("%s", err)
    return nil, err
  end
  if options.storage == "memory:" then
    app.log:warn('%d workers with storage = "memory:": each has its own app.store and app.storage, '
      .. 'which differ; storage = "sqlite:PATH" is one for all', options.workers)
  end
  local ok
  ok, err = M.run {
    count = options.workers, log = app.log:with { component = "workers" },
    shutdown_timeout = options.shutdown_timeout,
    work = function(number)
      app.worker = number
      if app.log.rename then
        app.log:rename(("%s worker %d"):format(options.name or "", number):match "^%s*(.*)")
      end
      local ran, problem = run(app)
      return ran or problem == app.stop_error
    end,
  }
  if not ok then
    app.log:error("%s", err)
  end
  return ok, err
end

return M
