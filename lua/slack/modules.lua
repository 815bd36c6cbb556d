-- The files below the scripts' folder that others `require`: who needs which, which are
-- loaded, and which of these have another text by now. How they are loaded is in
-- module_loader.lua.

local core = require "slack.core"
local merged = require "slack.merged"

-- A name in quotes behind the word; a line for people to read requires nothing.
local COMMENT <const>, REQUIRED <const> =
  "%-%-[^\n]*", "require%s*%(?%s*[\"']([%w_%.%-/]+)[\"']"

local NONE <const> = {}

---@class slack.Modules
---@field folder slack.Folder
---@field log slack.Logger
---@field loaded table<string, slack.Module> by path below the folder; what the live scripts have
---@field outdated table<string, true> of these, those that have changed since
---@field held table<string, true> those that the live scripts have, also such as their last
---  texts, which did not load, name no more
---@field stated table<string, table<string, true>> file -> what its text requires, by path
---@field asked table<string, table<string, true>> file -> what it has required, as long as it is
---  there: a name may be made at run time
---@field users table<string, table<string, true>> the same the other way round: path -> files
local Modules = {}
Modules.__index = Modules
Modules.__name = "slack.modules"

---@param folder slack.Folder
---@param log slack.Logger
---@return slack.Modules
function Modules.new(folder, log)
  return setmetatable({
    folder = folder, log = log, loaded = {}, outdated = {}, held = {}, stated = {}, asked = {},
    users = {},
  }, Modules)
end

-- Names -----------------------------------------------------------------------------------

-- The files that a name may mean, the first that is there being it.
local function candidates(name)
  local path = name:gsub("%.", "/")
  return path .. ".lua", path .. "/init.lua"
end

---The file below the folder that a module's name means, if there is one.
---@param name any
---@return string? path
function Modules:find(name)
  if type(name) ~= "string" or name == "slack" or name:find "^slack%." then
    return nil
  end
  local file, package_file = candidates(name)
  for _, path in ipairs { file, package_file } do
    local _, kind = core.stat(self.folder.path .. "/" .. path)
    if kind == "file" then
      return path
    end
  end
end

-- Who needs which -------------------------------------------------------------------------

-- Also those of its files that are not there: they change what it means when they come.
local function note_name(self, uses, name)
  local path = self:find(name)
  local file, package_file = candidates(name)
  uses[file] = true
  if path ~= file then
    uses[package_file] = true
  end
end

local function add_user(self, path, file)
  local users = self.users[path] or {}
  self.users[path], users[file] = users, true
end

-- Of these it uses no more what it neither states nor has asked for.
local function drop_user(self, file, uses)
  local stated, asked = self.stated[file] or NONE, self.asked[file] or NONE
  for path in pairs(uses or NONE) do
    local users = not stated[path] and not asked[path] and self.users[path]
    if users then
      users[file] = nil
      self.users[path] = next(users) and users or nil
    end
  end
end

---Notes what a file requires, as far as its text shows it.
---@param file string below the folder
function Modules:scan(file)
  local uses, text, before = {}, self.folder:read(file) or "", self.stated[file]
  for name in text:gsub(COMMENT, ""):gmatch(REQUIRED) do
    note_name(self, uses, name)
  end
  self.stated[file] = uses
  for path in pairs(uses) do
    add_user(self, path, file)
  end
  drop_user(self, file, before)
end

---Notes that a file has required another, which its text need not show.
---@param file string
---@param path string
function Modules:note_asked(file, path)
  if (self.stated[file] or {})[path] then
    return
  end
  local asked = self.asked[file]
  if not asked then
    asked = {}
    self.asked[file] = asked
  end
  asked[path] = true
  add_user(self, path, file)
end

---Notes that a file has required what is nowhere: a file of that name is what it wants.
---@param file string
---@param name string
function Modules:note_missing(file, name)
  for _, path in ipairs { candidates(name) } do
    self:note_asked(file, path)
  end
end

local function add_to(list, seen, uses)
  for path in pairs(uses or {}) do
    if not seen[path] then
      seen[path] = true
      list[#list + 1] = path
    end
  end
end

---What a file requires, directly or through others.
---@param file string
---@return table<string, true> paths
function Modules:reach(file)
  local list, seen, i = { file }, {}, 1
  while list[i] do
    add_to(list, seen, self.stated[list[i]])
    add_to(list, seen, self.asked[list[i]])
    i = i + 1
  end
  return seen
end

local function uses_any(uses, files)
  for path in pairs(uses or {}) do
    if files[path] then
      return true
    end
  end
  return false
end

---The files that hold any of these, directly or through others, and these.
---@param files table<string, true>
---@return table<string, true>
function Modules:dependents(files)
  local list, found, i = {}, {}, 1
  add_to(list, found, files)
  while list[i] do
    add_to(list, found, self.users[list[i]])
    i = i + 1
  end
  return found
end

---Whether another file requires it, so that it is no handler script.
---@param file string
---@return boolean
function Modules:is_module(file)
  for user in pairs(self.users[file] or NONE) do
    if user ~= file then
      return true
    end
  end
  return false
end

-- What is loaded --------------------------------------------------------------------------

---Those of these files that are loaded are not what they should be any more. What nobody
---needs is dropped.
---@param files table<string, true>
function Modules:mark_outdated(files)
  for file in pairs(files) do
    if self.loaded[file] then
      if self.held[file] or self:is_module(file) then
        self.outdated[file] = true
      else
        self.loaded[file] = nil
      end
    end
  end
end

---The files that a change of these concerns: also those that share with them a module which
---could not be replaced before.
---@param touched table<string, true>
---@param live table<string, slack.Script>
---@return table<string, true>
function Modules:spread(touched, live)
  local grew = true
  while grew do
    local more = {}
    for file in pairs(touched) do
      local had = live[file] and live[file].modules
      for path in pairs(merged(self:reach(file), had)) do
        if self.outdated[path] and not touched[path] then
          more[path] = true
        end
      end
    end
    grew = next(more) ~= nil
    touched = grew and self:dependents(merged(touched, more)) or touched
  end
  return touched
end

---@param files table<string, true> that are gone
function Modules:forget(files)
  for file in pairs(files) do
    local stated, asked = self.stated[file], self.asked[file]
    self.stated[file], self.asked[file] = nil, nil
    drop_user(self, file, stated)
    drop_user(self, file, asked)
  end
end

---Takes what was loaded in place of what was there, but for what is to stay.
---@param fresh table<string, slack.Module>
---@param kept table<string, true> modules that scripts go on with which have not been replaced
---@param used table<string, true> modules that the scripts have which are live from now on
function Modules:take_over(fresh, kept, used)
  self.held = used
  for path, module in pairs(fresh) do
    if used[path] and not kept[path] and not uses_any(self:reach(path), kept) then
      self.loaded[path], self.outdated[path] = module, nil
    end
  end
  for path in pairs(self.loaded) do
    if self.outdated[path] and not kept[path] or not used[path] and not self:is_module(path) then
      self.loaded[path], self.outdated[path] = nil, nil
    end
  end
end

return Modules
