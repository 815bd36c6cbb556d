-- `require` inside scripts. Files below the scripts' folder are loaded here, once for all
-- scripts of a reload, and aside until the reload is taken over; everything else is Lua's own.

local Script = require "slack.script"
local tasks = require "slack.tasks"

---A file that is being loaded, or was.
---@class slack.Module
---@field path string below the folder
---@field value? any what require gives; nil: it is being loaded
---@field task? slack.Task in which it is
---@field waiters slack.Waiter[] of other tasks that want it
---@field failure? any what it raised

---What one reload loads; when that is over, what the handlers of its scripts still require.
---@class slack.ModuleLoader
---@field modules slack.Modules
---@field fresh table<string, slack.Module>|false those of this reload; false: it is over
---@field deadline number|false of reading texts again that seem half-written
local ModuleLoader = {}
ModuleLoader.__index = ModuleLoader
ModuleLoader.__name = "slack.module_loader"

---@param modules slack.Modules
---@param deadline number|false
---@return slack.ModuleLoader
function ModuleLoader.new(modules, deadline)
  return setmetatable({ modules = modules, fresh = {}, deadline = deadline }, ModuleLoader)
end

-- Loading -----------------------------------------------------------------------------------

local function settle(module, value, failure)
  module.value, module.failure, module.task = value, failure, nil
  local waiters = module.waiters
  module.waiters = {}
  for _, waiter in ipairs(waiters) do
    waiter:resolve()
  end
end

-- A task that is cut off while it loads leaves nothing behind that others would wait for.
local Loading = {}

function Loading:__close()
  local module = self.module
  local is_cut_off = module.value == nil and module.failure == nil
  if is_cut_off then
    settle(module, nil, self.path .. ": its loading was cut off")
  end
  if module.value == nil and (is_cut_off or not self.keeps_failures) then
    self.map[self.path] = nil
  end
end

local function run(self, module, name, path)
  local modules = self.modules
  local chunk, message = Script.compile(modules.folder, path, modules.log, self:require_for(path),
    self.fresh and self.deadline)
  if not chunk then
    return settle(module, nil, message)
  end
  local ok, value = pcall(chunk, name, modules.folder.path .. "/" .. path)
  if not ok then
    return settle(module, nil, value == nil and "nil" or value)
  end
  settle(module, value == nil and true or value)
end

-- Of a reload the failure is kept, so that each script that needs it meets the same one.
local function load_module(self, name, path)
  local map = self.fresh or self.modules.loaded
  local module = {
    path = path, task = tasks.current(), waiters = {},
  }
  map[path] = module
  local guard <close> = setmetatable({ -- luacheck: ignore 211
    module = module, map = map, path = path, keeps_failures = self.fresh ~= false,
  }, Loading)
  run(self, module, name, path)
  return module
end

local function is_in_circle(module)
  local task, next_one = tasks.current(), module
  while next_one and next_one.value == nil and next_one.failure == nil do
    if next_one.task == task then
      return true
    end
    next_one = next_one.task and next_one.task.wants_module
  end
  return false
end

-- Another task is loading it.
local function wait_for(module)
  local task, waiter = tasks.current(), tasks.waiter()
  table.insert(module.waiters, waiter)
  if task then
    task.wants_module = module
  end
  waiter:await()
  if task then
    task.wants_module = nil
  end
end

-- Requiring ---------------------------------------------------------------------------------

-- Lua's own `require`, except that who asks for what there is not is told so at the
-- program's line, and that the scripts' folder was looked through as well.
local function require_other(folder, name)
  if type(name) ~= "string" or package.loaded[name] ~= nil or package.preload[name]
    or package.searchpath(name, package.path) then
    return true, require(name)
  end
  local missing = ("module '%s' not found:"):format(name)
  local ok, value, where = pcall(require, name)
  if ok then
    return true, value, where
  elseif type(value) ~= "string" or value:sub(1, #missing) ~= missing then
    error(value, 0)
  end
  local path = folder.path .. "/" .. name:gsub("%.", "/")
  return nil, ("%s\n\tno file '%s.lua'\n\tno file '%s/init.lua'%s"):format(missing, path, path,
    value:sub(#missing + 1))
end

-- What others have of it already: during a reload nothing that this replaces.
local function known(self, path)
  local modules = self.modules
  if not self.fresh then
    return modules.loaded[path]
  end
  return self.fresh[path] or not modules.outdated[path] and modules.loaded[path] or nil
end

---The `require` for one file. What it has got once it gets again, also when that has been
---replaced for others.
---@param file string
---@return fun(name: string): any
function ModuleLoader:require_for(file)
  local modules, held = self.modules, {}
  return function(name)
    local path = not held[name] and modules:find(name)
    if held[name] then
      return held[name].value, held[name].path
    elseif not path then
      local found, value, where = require_other(modules.folder, name)
      if not found then
        modules:note_missing(file, name)
        error(value, 2)
      end
      return value, where
    end
    modules:note_asked(file, path)
    local module = known(self, path) or load_module(self, name, path)
    if module.value == nil and module.failure == nil then
      if is_in_circle(module) then
        error(("%s requires itself, directly or through others"):format(path), 2)
      end
      wait_for(module)
    end
    if module.value == nil then
      error(module.failure, 0)
    end
    held[name] = module
    return module.value, path
  end
end

---The reload is over: what it has loaded is given away, or dropped.
---@return table<string, slack.Module> fresh those that have loaded
function ModuleLoader:close()
  local loaded = {}
  for path, module in pairs(self.fresh) do
    loaded[path] = module.value ~= nil and module or nil
  end
  self.fresh = false
  return loaded
end

return ModuleLoader
