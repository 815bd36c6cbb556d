-- The bot of `lua-slack sandbox`: `lua-slack run bot.lua` as a process beside this one. It is
-- started again when its file changes, or on demand.

local ChildProcess = require "slack.child_process"
local bot = require "slack.command.bot"
local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local LOOK_INTERVAL = 0.25
local PATIENCE = 12 -- seconds, on top of which the bot's own shutdown_timeout of 10 fits

---@class slack.command.SandboxBotOptions
---@field script string path of its program
---@field environment table<string, string|false>
---@field on_line fun(line: string) of its log
---@field on_note fun(text: string) what there is to tell of its life
---@field on_change fun()

---@class slack.command.SandboxBot: slack.sandbox.Child
---@field pid? integer while it runs
local Bot = {}
Bot.__index = Bot
Bot.__name = "slack.command.sandbox_bot"

-- This interpreter.
local function interpreter()
  local place = 0
  while arg[place - 1] do
    place = place - 1
  end
  return arg[place]
end

-- With the modules of this process.
local function arguments_for(script)
  local main = assert(package.searchpath("slack.command.main", package.path))
  return { interpreter(), main, "run", script }
end

local function environment_of(options)
  local environment = { LUA_PATH_5_4 = package.path, LUA_CPATH_5_4 = package.cpath }
  for name, value in pairs(options.environment) do
    environment[name] = value
  end
  return environment
end

-- Its file, and that of the environment it reads.
local function stamp_of(self)
  local script = self.options.script
  return (core.stat(script) or "") .. " " .. (core.stat(bot.env_file(script)) or "")
end

---@param options slack.command.SandboxBotOptions
---@return slack.command.SandboxBot
function Bot.new(options)
  return setmetatable({ options = options, is_running = false, exit = nil }, Bot)
end

local function on_end(self, child)
  if child ~= self.child then
    return
  end
  self.is_running, self.pid = false, nil
  self.exit = ChildProcess.describe(child.how, child.code)
  if not self.is_stopping then
    self.options.on_note(("the bot %s; it starts again when %s is saved"):format(self.exit,
      self.options.script))
  end
  self.options.on_change()
end

local function start(self)
  self.stamp = stamp_of(self)
  local child, message = ChildProcess.start {
    arguments = arguments_for(self.options.script),
    environment = environment_of(self.options),
    on_line = self.options.on_line,
    on_end = function(child) on_end(self, child) end,
  }
  self.child, self.is_running, self.is_stopping = child, child ~= nil, false
  self.pid, self.exit = child and child.pid, message
  self.options.on_change()
  return child ~= nil, message
end

local function stop(self)
  self.is_stopping = true
  if self.child and not self.child:stop(PATIENCE) then
    self.options.on_note "the bot did not end in time: it was killed"
  end
end

local function start_again(self)
  stop(self)
  if not self.is_closed then
    start(self)
  end
  self.restarting = nil
end

---Starts it again, after it has stopped gracefully if it runs. A call while that is under way
---changes nothing.
---@return true? ok
---@return string? message
function Bot:restart()
  if self.is_closed then
    return nil, "the sandbox is ending"
  elseif not self.restarting then
    self.restarting = tasks.spawn(start_again, self)
  end
  return true
end

local function look(self)
  if stamp_of(self) ~= self.stamp and not self.restarting then
    self.options.on_note(self.options.script .. " has changed: the bot starts again")
    self:restart()
  end
  self.timer = loop.after(LOOK_INTERVAL, look, self)
end

---Starts it, and looks after its file from now on.
---@return boolean started
---@return string? message
function Bot:start()
  self.timer = loop.after(LOOK_INTERVAL, look, self)
  return start(self)
end

---Ends it gracefully, for good; a second call while that is under way kills it.
---@async
function Bot:stop()
  if self.is_closed then
    if self.child then
      self.child:signal "KILL"
    end
    return
  end
  self.is_closed = true
  self.timer:cancel()
  stop(self)
end

function Bot:__close()
  if self.timer then
    self.timer:cancel()
  end
  if self.child then
    self.child:close()
  end
end

return Bot
