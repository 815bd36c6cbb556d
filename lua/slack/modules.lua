-- `require` inside scripts: files below the scripts' folder are loaded here, so
-- that a change of one reloads all that hold it. Everything else is Lua's own.

local Script = require "slack.script"
local core = require "slack.core"

---@class slack.Modules
---@field folder slack.Folder
---@field loaded table<string, { value: any }> by path below the folder
---@field uses table<string, table<string, true>> file -> modules it requires, by path
local Modules = {}
Modules.__index = Modules
Modules.__name = "slack.modules"

---@param folder slack.Folder
---@param log slack.Logger
---@return slack.Modules
function Modules.new(folder, log)
  return setmetatable({ folder = folder, log = log, loaded = {}, uses = {} }, Modules)
end

-- The file below the folder that a module's name means, if there is one.
local function find(self, name)
  if name == "slack" or name:find "^slack%." then
    return nil
  end
  local path = name:gsub("%.", "/")
  for _, candidate in ipairs { path .. ".lua", path .. "/init.lua" } do
    local _, kind = core.stat(self.folder.path .. "/" .. candidate)
    if kind == "file" then
      return candidate
    end
  end
end

local function note_use(self, user, path)
  local uses = self.uses[user]
  if not uses then
    uses = {}
    self.uses[user] = uses
  end
  uses[path] = true
end

---Notes what a file requires, as far as its text shows it.
---@param file string below the folder
function Modules:scan(file)
  self.uses[file] = nil
  local text = self.folder:read(file) or ""
  for name in text:gmatch "require%s*%(?%s*[\"']([%w_%.%-/]+)[\"']" do
    local path = find(self, name)
    if path then
      note_use(self, file, path)
    end
  end
end

---Whether another file requires it, so that it is no handler script.
---@param file string
---@return boolean
function Modules:is_module(file)
  for user, uses in pairs(self.uses) do
    if uses[file] and user ~= file then
      return true
    end
  end
  return false
end

---The files that hold any of these, directly or through others, and these.
---@param files table<string, true>
---@return table<string, true>
function Modules:dependents(files)
  local found, grew = {}, true
  for file in pairs(files) do
    found[file] = true
  end
  while grew do
    grew = false
    for user, uses in pairs(self.uses) do
      if not found[user] then
        for path in pairs(uses) do
          if found[path] then
            found[user], grew = true, true
            break
          end
        end
      end
    end
  end
  return found
end

---@param files table<string, true> that are gone
function Modules:forget(files)
  for file in pairs(files) do
    self.uses[file], self.loaded[file] = nil, nil
  end
end

---A loader for one reload: modules in `stale` are loaded anew, into this loader
---alone until commit.
---@param stale table<string, true>
function Modules:loader(stale)
  local known = {}
  for path, module in pairs(self.loaded) do
    if not stale[path] then
      known[path] = module
    end
  end
  return { modules = self, loaded = known }
end

local function load_module(self, loader, name, path)
  local module = { loading = true }
  loader.loaded[path] = module
  local chunk, message = Script.compile(self.folder, path, self.log,
    self:require_for(path, loader))
  if not chunk then
    loader.loaded[path] = nil
    error(message, 0)
  end
  local ok, value = xpcall(chunk, debug.traceback, name, self.folder.path .. "/" .. path)
  if not ok then
    loader.loaded[path] = nil
    error(value, 0)
  end
  module.loading = nil
  module.value = value == nil and true or value
  return module.value
end

-- Lua's own `require`, except that who asks for what there is not is told so at the
-- program's line, and that the scripts' folder was looked through as well.
local function require_other(self, name)
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
  local path = self.folder.path .. "/" .. name:gsub("%.", "/")
  return nil, ("%s\n\tno file '%s.lua'\n\tno file '%s/init.lua'%s"):format(missing, path, path,
    value:sub(#missing + 1))
end

---The `require` for one file.
---@param file string
---@param loader table
---@return fun(name: string): any
function Modules:require_for(file, loader)
  return function(name)
    local path = type(name) == "string" and find(self, name)
    if not path then
      local found, value, where = require_other(self, name)
      if not found then
        error(value, 2)
      end
      return value, where
    end
    note_use(self, file, path)
    local module = loader.loaded[path]
    if not module then
      return load_module(self, loader, name, path)
    elseif module.loading then
      error(("%s requires itself, directly or through others"):format(path), 2)
    end
    return module.value
  end
end

---What the loader has loaded is what everybody gets from now on.
function Modules:commit(loader)
  self.loaded = loader.loaded
end

return Modules
