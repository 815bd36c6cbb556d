-- The Lua files in a folder and below it, compared with what was known of them.

local core = require "slack.core"

local MISSING_FOR = 0.1 -- seconds until a file that is not there counts as removed
local MAX_DEPTH = 16
-- Seconds in which a file may change again without its stamp showing it.
local GRAIN = 2
-- Of a stamp, which is "device:inode:size:seconds.nanoseconds".
local IDENTITY, SECONDS = "^%d+:%d+:", ":(%d+)%.%d+$"

---@class slack.Folder
---@field path string
---@field files table<string, string> path below the folder -> stamp
---@field recent table<string, string> text of those whose stamp is too young to be trusted
local Folder = {}
Folder.__index = Folder
Folder.__name = "slack.folder"

---@param path string
---@param log slack.Logger
---@param clock fun(): number
---@return slack.Folder
function Folder.new(path, log, clock)
  path = path:gsub("(.)/+$", "%1")
  return setmetatable({
    path = path, log = log, clock = clock, files = {}, recent = {}, missing = {},
    directories = {}, unreadable = {},
  }, Folder)
end

---The text of one of its files.
---@param name string path below the folder
---@return string? text
---@return string? message
function Folder:read(name)
  local file, message = io.open(self.path .. "/" .. name, "rb")
  if not file then
    return nil, message
  end
  local text
  text, message = file:read "a"
  file:close()
  return text, message
end

-- Looking -----------------------------------------------------------------------------

local function watch_directory(self, path)
  if self.watch and not self.directories[path] then
    local number, message = self.watch:add(path)
    self.directories[path] = number
    if not number then
      self.log:debug("%s sends no notices of changes: %s", path, message)
    end
  end
end

-- What cannot be looked at is taken to be as it was.
local function keep_known(self, prefix, message, found)
  if not self.unreadable[prefix] then
    self.unreadable[prefix] = true
    self.log:warn("%s; the scripts in it stay as they were", message)
  end
  for name, stamp in pairs(self.files) do
    if name:sub(1, #prefix) == prefix then
      found[name] = stamp
    end
  end
end

local look

local function look_at(self, prefix, name, found, seen, depth)
  local stamp, kind = core.stat(self.path .. "/" .. prefix .. name)
  if kind == "directory" and depth < MAX_DEPTH then
    local identity = stamp:match(IDENTITY) -- links may lead in circles
    if not seen[identity] then
      seen[identity] = true
      look(self, prefix .. name .. "/", found, seen, depth + 1)
    end
  elseif kind == "file" and name:find "%.lua$" then
    found[prefix .. name] = stamp
  end
end

function look(self, prefix, found, seen, depth)
  local path = prefix == "" and self.path or self.path .. "/" .. prefix:sub(1, -2)
  watch_directory(self, path)
  local names, message = core.list_directory(path)
  if not names and prefix ~= "" and not core.stat(path) then
    return -- gone since its folder was read
  elseif not names then
    return keep_known(self, prefix, message, found)
  end
  self.unreadable[prefix] = nil
  for _, name in ipairs(names) do
    if name:sub(1, 1) ~= "." then
      look_at(self, prefix, name, found, seen, depth)
    end
  end
end

-- Comparing ---------------------------------------------------------------------------

-- A file that is replaced is away for a moment.
local function removed_files(self, found)
  local removed, now, is_unsure = {}, self.clock(), false
  for name in pairs(self.files) do
    if found[name] then
      self.missing[name] = nil
    elseif not self.missing[name] then
      self.missing[name], is_unsure = now, true
    elseif now - self.missing[name] >= MISSING_FOR then
      removed[name] = true
      self.missing[name], self.files[name], self.recent[name] = nil, nil, nil
    else
      is_unsure = true
    end
  end
  return removed, is_unsure
end

local function note_recent(self, name, stamp)
  local changed_at = math.tointeger(stamp:match(SECONDS))
  local is_recent = os.time() - changed_at <= GRAIN
  self.recent[name] = is_recent and (self:read(name) or "") or nil
end

local function is_changed(self, name, stamp)
  if self.files[name] ~= stamp then
    return true
  end
  local text = self.recent[name]
  return text ~= nil and text ~= self:read(name)
end

local function changed_files(self, found)
  local changed = {}
  for name, stamp in pairs(found) do
    local is_other = is_changed(self, name, stamp)
    if is_other then
      changed[name] = true
      self.files[name] = stamp
    end
    if is_other or self.recent[name] then
      note_recent(self, name, stamp)
    end
  end
  return changed
end

---Looks through the folder.
---@return table<string, true> changed files that are new or other than at the last look
---@return table<string, true> removed
---@return number? again in so many seconds it will be clear whether a file is gone
function Folder:changes()
  local found, stamp = {}, core.stat(self.path)
  look(self, "", found, { [stamp and stamp:match(IDENTITY) or ""] = true }, 0)
  local removed, is_unsure = removed_files(self, found)
  return changed_files(self, found), removed, is_unsure and MISSING_FOR or nil
end

-- Notices -----------------------------------------------------------------------------

---The system's notices of changes are asked for from the next look on.
---@param watch? slack.core.file_watch
function Folder:watch_with(watch)
  self.watch, self.directories = watch, {}
end

---Takes the notices that have come. They say no more than that a look is due.
function Folder:take_notices()
  local watch = self.watch
  local number, _, what, is_directory = watch:take()
  while number do
    if is_directory and what == "gone" then
      self.directories = {} -- their watches ended with them; the next look renews them
    end
    number, _, what, is_directory = watch:take()
  end
end

---Forgets all that is known.
function Folder:forget()
  self.files, self.recent, self.missing, self.unreadable = {}, {}, {}, {}
end

return Folder
