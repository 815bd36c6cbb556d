-- `lua-slack replay --watch`: the same replay in a process of its own, again whenever a Lua
-- file beside the bot, or the recording, is saved.

local ChildProcess = require "slack.child_process"
local core = require "slack.core"
local interrupts = require "slack.interrupts"
local paint = require "slack.command.paint"
local tasks = require "slack.tasks"

local LOOK_INTERVAL = 0.2
local MAX_FILES, MAX_DEPTH = 2000, 8

local M = {}

-- What the Lua files below a folder are like now, added to parts.
local function add_stamps(parts, folder, depth)
  for _, name in ipairs(depth <= MAX_DEPTH and core.list_directory(folder) or {}) do
    local path = folder .. "/" .. name
    local stamp, kind = core.stat(path)
    if #parts >= MAX_FILES then
      return
    elseif kind == "directory" and not name:find "^%." then
      add_stamps(parts, path, depth + 1)
    elseif kind == "file" and name:find "%.lua$" then
      parts[#parts + 1] = path .. " " .. stamp
    end
  end
end

local function stamp_of(folder, file)
  local parts = { (core.stat(file)) or "" }
  add_stamps(parts, folder, 1)
  return table.concat(parts, "\n")
end

-- This command without the option, with the modules of this process.
local function arguments_of()
  local place, list = 0, {}
  while arg[place - 1] do
    place = place - 1
  end
  list[1] = arg[place]
  list[2] = assert(package.searchpath("slack.command.main", package.path))
  local is_rest = false
  for _, word in ipairs(arg) do
    is_rest = is_rest or word == "--"
    if is_rest or word ~= "--watch" then
      list[#list + 1] = word
    end
  end
  return list
end

local function run_once(self)
  local ended = tasks.waiter()
  local child, message = ChildProcess.start {
    arguments = arguments_of(),
    environment = { LUA_PATH_5_4 = package.path, LUA_CPATH_5_4 = package.cpath },
    on_line = function(line) self.terminal.write(line .. "\n") end,
    on_end = function() ended:resolve(true) end,
  }
  if not child then
    return nil, message
  end
  self.child = child
  ended:await()
  self.child, self.status = nil, child.how == "exit" and child.code or 1
  return true
end

local function watch(self, folder, file)
  io.stdout:setvbuf "line"
  while not self.is_ended do
    local stamp = stamp_of(folder, file)
    local ok, message = run_once(self)
    if not ok then
      return 1, message
    end
    self.terminal.write(paint(self.terminal, 1, "cyan", "saved files are replayed; Ctrl-C ends")
      .. "\n")
    while not self.is_ended and stamp_of(folder, file) == stamp do
      tasks.sleep(LOOK_INTERVAL)
    end
  end
  return self.status
end

---@param terminal slack.command.Terminal
---@param path string of the bot
---@param file string the recording
---@return integer status of the last replay
---@return string? message
function M.run(terminal, path, file)
  local self = { terminal = terminal, is_ended = false, status = 0 }
  return tasks.run(function()
    local guard <close> = interrupts.listen(function() -- luacheck: ignore 211
      self.is_ended = true
      if self.child then
        self.child:signal "KILL"
      end
    end)
    return watch(self, path:match "^(.*)/[^/]*$" or ".", file)
  end)
end

return M
