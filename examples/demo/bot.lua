-- examples/hello as `lua-slack sandbox` runs it, from a copy whose files may be edited.

local ChildProcess = require "slack.child_process"
local SandboxBot = require "slack.command.sandbox_bot"
local core = require "slack.core"
local environment = require "slack.command.sandbox_environment"

---@class demo.Bot
---@field directory string of the copy that runs
---@field lines string[] of its log
---@field on_line? fun(line: string) sees them, too
---@field started_at number seconds of the monotonic clock
---@field process slack.command.SandboxBot
local Bot = {}
Bot.__index = Bot
Bot.__name = "demo.bot"

local SOURCE = "examples/hello"
local PATIENCE = 10

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function execute(...)
  local child <close> = assert(ChildProcess.start { arguments = { ... } })
  assert(child:wait(PATIENCE) and child.code == 0, (...) .. " failed")
end

local function take_line(self, line)
  table.insert(self.lines, line)
  if self.on_line then
    self.on_line(line)
  end
  self.slack:changed()
end

---@async
---@param slack_here slack.Sandbox where it is to connect to
---@return demo.Bot
function Bot.start(slack_here)
  local directory = assert(core.temporary_directory())
  execute("cp", "-R", SOURCE .. "/.", directory)
  local self = setmetatable({ directory = directory, lines = {}, slack = slack_here }, Bot)
  self.process = SandboxBot.new {
    script = directory .. "/bot.lua",
    environment = environment.of_process(slack_here, {}),
    on_line = function(line) take_line(self, line) end,
    on_note = function(text) take_line(self, text) end,
    on_change = function() slack_here:changed() end,
  }
  slack_here.child = self.process
  self.started_at = core.monotonic()
  assert(self.process:start())
  return self
end

---@param name string of a handler script
function Bot:path(name)
  return self.directory .. "/handlers/" .. name
end

---Saves a handler script with all of `from` replaced by `to`.
function Bot:edit(name, from, to)
  local path = self:path(name)
  write_file(path, (read_file(path):gsub(from, to)))
end

---Waits for a line of the log that has all of these words in it.
---@async
---@param after integer lines of the log that do not count
---@return string? line nil after the time
function Bot:wait_log(after, timeout, ...)
  local words = { ... }
  return self.slack:wait(function()
    for i = after + 1, #self.lines do
      local has_all = true ---@type any
      for _, word in ipairs(words) do
        has_all = has_all and self.lines[i]:find(word, 1, true)
      end
      if has_all then
        return self.lines[i]
      end
    end
  end, timeout)
end

---Ends it, and removes its files.
---@async
---@return string how it has ended, in words
function Bot:stop()
  self.process:stop()
  execute("rm", "-rf", self.directory)
  self.directory = nil
  return self.process.exit
end

function Bot:__close()
  if self.directory then
    self:stop()
  end
end

return Bot
