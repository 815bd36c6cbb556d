-- A program that runs beside this one, seen from the loop: what it writes comes as lines, its
-- end as a call.

local core = require "slack.core"
local loop = require "slack.loop"
local sorted_keys = require "slack.sorted_keys"
local tasks = require "slack.tasks"

-- A longer line is cut into several.
local MAX_LINE = 64 * 1024
-- Where no descriptor tells of the end: how often it is looked for once the output has ended.
local LOOK_INTERVAL = 0.05

---@class slack.ChildProcessOptions
---@field arguments string[] the program, looked for in PATH, and what it gets
---@field environment? table<string, string|false> on top of this process's; false: unset
---@field directory? string where it runs
---@field on_line? fun(line: string) of what it writes to either stream; must not wait
---@field on_end? fun(child: slack.ChildProcess) must not wait

---@class slack.ChildProcess
---@field pid integer
---@field how? "exit"|"signal" once it has ended
---@field code? integer then: its status, or the number of the signal
local ChildProcess = {}
ChildProcess.__index = ChildProcess
ChildProcess.__name = "slack.child_process"

local function changes_of(environment)
  local changes = {}
  for i, name in ipairs(sorted_keys(environment or {})) do
    local value = environment[name]
    changes[i] = value and name .. "=" .. value or name
  end
  return changes
end

local function hand_out(self, line)
  if self.options.on_line then
    self.options.on_line(line)
  end
end

local function take_lines(self, bytes)
  local text, from = self.rest .. bytes, 1
  local at = text:find("\n", #self.rest + 1, true)
  while at do
    hand_out(self, text:sub(from, at - 1))
    from = at + 1
    at = text:find("\n", from, true)
  end
  self.rest = text:sub(from)
  if #self.rest >= MAX_LINE then
    hand_out(self, self.rest)
    self.rest = ""
  end
end

local function close_output(self)
  if self.output then
    loop.unwatch(self.output)
    self.output = nil
    if self.rest ~= "" then
      hand_out(self, self.rest)
      self.rest = ""
    end
  end
end

-- Some of it, so that who writes without end holds nothing else up.
local function read_some(self)
  local bytes = self.core:read()
  if not bytes then
    close_output(self)
    return false
  end
  take_lines(self, bytes)
  return bytes ~= ""
end

-- It is gone.
local function release(self)
  if self.watched_end then
    loop.unwatch(self.watched_end)
  end
  self.core:close()
  for _, waiter in ipairs(self.waiters) do
    waiter:resolve(true)
  end
end

local function on_ended(self)
  self.how, self.code = self.core:ended()
  if not self.how then
    return false
  end
  -- What it wrote last; a process that it has left behind may go on writing.
  for _ = 1, 64 do
    if not self.output or not read_some(self) then
      break
    end
  end
  close_output(self)
  release(self)
  if self.options.on_end then
    self.options.on_end(self)
  end
  return true
end

local function look_for_end(self)
  if not self.how and not on_ended(self) then
    self.timer = loop.after(LOOK_INTERVAL, look_for_end, self)
  end
end

local function watch(self)
  self.output = self.core:output_fd()
  loop.watch(self.output, function()
    read_some(self)
    if not self.output and not self.watched_end then
      look_for_end(self)
    end
  end)
  self.watched_end = self.core:end_fd()
  if self.watched_end then
    loop.watch(self.watched_end, function() on_ended(self) end)
  end
end

---Starts a program. Its input is empty, it is out of reach of the terminal's Ctrl-C, and it is
---told to end when this process dies.
---@param options slack.ChildProcessOptions
---@return slack.ChildProcess?, string? message, string? code
function ChildProcess.start(options)
  local started, message, code = core.child_process {
    arguments = options.arguments, environment = changes_of(options.environment),
    directory = options.directory,
  }
  if not started then
    return nil, message, code
  end
  local self = setmetatable({
    core = started, pid = started:pid(), options = options, rest = "", waiters = {},
  }, ChildProcess)
  watch(self)
  return self
end

---@return boolean
function ChildProcess:is_running()
  return self.how == nil
end

---@param name "TERM"|"INT"|"HUP"|"KILL"
---@return boolean sent false: it has ended
function ChildProcess:signal(name)
  return self.how == nil and self.core:signal(name)
end

---Waits for its end.
---@async
---@param timeout? number seconds
---@return boolean ended false when the time is over
function ChildProcess:wait(timeout)
  if self.how then
    return true
  end
  local waiter = tasks.waiter()
  table.insert(self.waiters, waiter)
  return waiter:await(timeout) == true
end

---Ends it: SIGTERM, and after so many seconds SIGKILL.
---@async
---@param patience number seconds
---@return boolean gracefully false when it had to be killed
function ChildProcess:stop(patience)
  self:signal "TERM"
  if self:wait(patience) then
    return true
  end
  self:signal "KILL"
  self:wait()
  return false
end

---Kills it if it runs; nothing is told.
function ChildProcess:close()
  if self.how then
    return
  end
  self.how, self.code, self.rest = "signal", 9, ""
  close_output(self)
  release(self)
end

ChildProcess.__close = ChildProcess.close

local SIGNAL_NAMES = {
  [1] = "SIGHUP", [2] = "SIGINT", [6] = "SIGABRT", [9] = "SIGKILL", [11] = "SIGSEGV",
  [15] = "SIGTERM",
}

---How a process has ended, in words: "ended with status 1".
---@param how "exit"|"signal"
---@param code integer
---@return string
function ChildProcess.describe(how, code)
  if how == "signal" then
    return "was ended by " .. (SIGNAL_NAMES[code] or "signal " .. code)
  end
  return code == 0 and "ended" or ("ended with status %d"):format(code)
end

return ChildProcess
