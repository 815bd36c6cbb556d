-- The Lua files in a folder and below it, compared with what was known of them.

local core = require "slack.core"

local MISSING_FOR = 0.1 -- seconds until a file that is not there counts as removed
-- Seconds in which a file that nobody has reported as whole must not change further, and until
-- that is not waited for any more.
local SETTLED_AFTER, PATIENCE = 0.05, 1
local MAX_DEPTH = 16
-- Seconds in which a file may change again without its stamp showing it.
local GRAIN = 2
-- Of a stamp, which is "device:inode:size:seconds.nanoseconds".
local IDENTITY, SECONDS = "^%d+:%d+:", ":(%d+)%.%d+$"

---@class slack.Folder
---@field path string
---@field files table<string, string> path below the folder -> stamp
---@field recent table<string, string> text of those whose stamp is too young to be trusted
---@field missing table<string, number> since when
---@field changing table<string, table> files that may be written to at the moment
---@field watch? slack.FolderWatch
---@field is_known boolean it was looked at before
---@field is_hasty? boolean the present look waits for nothing
local Folder = {}
Folder.__index = Folder
Folder.__name = "slack.folder"

---@param path string
---@param log slack.Logger
---@param clock fun(): number
---@return slack.Folder
function Folder.new(path, log, clock)
  path = path:gsub("(.)/+$", "%1")
  local self = setmetatable({ path = path, log = log, clock = clock }, Folder)
  self:forget()
  return self
end

---Forgets all that is known.
function Folder:forget()
  self.files, self.recent, self.missing, self.unreadable = {}, {}, {}, {}
  self.changing, self.unclear_since, self.is_known = {}, nil, false
end

---The system's notices of changes are asked for from the next look on.
---@param watch? slack.FolderWatch
function Folder:watch_with(watch)
  self.watch = watch
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
      look(self, prefix .. name .. "/", identity, found, seen, depth + 1)
    end
  elseif kind == "file" and name:find "%.lua$" then
    found[prefix .. name] = stamp
  end
end

function look(self, prefix, identity, found, seen, depth)
  local path = prefix == "" and self.path or self.path .. "/" .. prefix:sub(1, -2)
  if self.watch then
    self.watch:add(path, prefix, identity)
  end
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

local function look_through(self)
  local found, stamp = {}, core.stat(self.path)
  local identity = stamp and stamp:match(IDENTITY)
  if self.watch then
    self.watch:begin_look()
  end
  if not identity then
    keep_known(self, "", self.path .. " is not there", found)
    return found
  end
  look(self, "", identity, found, { [identity] = true }, 0)
  return found
end

-- Comparing ---------------------------------------------------------------------------

-- What tells the file as it is now from all that it was, if it is not what it was.
local function token_of_change(self, name, stamp)
  if self.files[name] ~= stamp then
    return stamp
  end
  local known = self.recent[name]
  local text = known and self:read(name)
  return text ~= known and (text or "") or nil
end

-- Seconds until it is clear that a file is whole; nil: it is.
local function unsettled_for(self, name, token, now)
  if self.is_hasty or not self.is_known or self.watch and self.watch.whole[name] then
    return nil
  end
  local change = self.changing[name] or {}
  self.changing[name] = change
  if change.token ~= token then
    change.token, change.at = token, now
  end
  local left = change.at + SETTLED_AFTER - now
  return left > 0 and left or nil
end

-- A file that is replaced is away for a moment.
local function find_missing(self, found, now)
  local missing, again_in = {}, nil
  for name in pairs(self.files) do
    if found[name] then
      self.missing[name] = nil
    else
      self.missing[name] = self.missing[name] or now
      local left = self.is_hasty and 0 or self.missing[name] + MISSING_FOR - now
      missing[name] = left <= 0 or nil
      again_in = left > 0 and math.max(left, again_in or 0) or again_in
    end
  end
  return missing, again_in
end

local function find_changed(self, found, now)
  local changed, again_in = {}, nil
  for name, stamp in pairs(found) do
    local token = token_of_change(self, name, stamp)
    local left = token and unsettled_for(self, name, token, now)
    if left then
      again_in = math.max(left, again_in or 0)
    elseif token then
      changed[name] = true
    end
  end
  return changed, again_in
end

-- Accepting ---------------------------------------------------------------------------

local function note_recent(self, name, stamp)
  local changed_at = math.tointeger(stamp:match(SECONDS))
  local is_recent = os.time() - changed_at <= GRAIN
  self.recent[name] = is_recent and (self:read(name) or "") or nil
end

local function accept(self, found, changed, removed)
  for name in pairs(removed) do
    self.missing[name], self.files[name], self.recent[name] = nil, nil, nil
  end
  for name in pairs(changed) do
    self.files[name], self.changing[name] = found[name], nil
    note_recent(self, name, found[name])
  end
  for name in pairs(self.recent) do
    if found[name] and not changed[name] and not self.changing[name] then
      note_recent(self, name, found[name])
    end
  end
  for name in pairs(self.changing) do
    self.changing[name] = found[name] and self.changing[name] or nil
  end
end

-- Whatever is being done to the files is done together, so nothing is told of before all of it
-- is; but that is not waited for without end.
local function is_to_wait(self, again_in, now)
  self.unclear_since = again_in and (self.unclear_since or now) or nil
  return again_in ~= nil and now - self.unclear_since < PATIENCE
end

---Looks through the folder.
---@param is_hasty? boolean what is there now counts, whatever may be being done to it
---@return table<string, true> changed files that are new or other than at the last look
---@return table<string, true> removed
---@return number? again in so many seconds more will be clear: whether a file that is missing is
---  gone, whether one that was written to is whole
function Folder:changes(is_hasty)
  self.is_hasty = is_hasty
  local found, now = look_through(self), self.clock()
  local removed, missing_for = find_missing(self, found, now)
  local changed, unsettled = find_changed(self, found, now)
  local again_in = missing_for and math.max(missing_for, unsettled or 0) or unsettled
  if is_to_wait(self, again_in, now) then
    return {}, {}, again_in
  end
  accept(self, found, changed, removed)
  self.unclear_since, self.is_known = nil, true
  if self.watch then
    self.watch:end_look()
  end
  return changed, removed, again_in
end

return Folder
