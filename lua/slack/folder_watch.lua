-- The system's notices of changes in a folder and those below it. A notice says which file was
-- closed after writing, or moved into its place: one that is whole. All else it says no more
-- than that a look is due.

---@class slack.FolderWatch
---@field watch slack.core.file_watch
---@field by_identity table<string, integer> directory -> its number
---@field prefixes table<integer, string> number -> the directory's path below the folder
---@field seen table<integer, true> directories of the present look
---@field whole table<string, true> files that were reported as whole, by path below the folder
---@field has_gaps boolean some directory sends no notices
local FolderWatch = {}
FolderWatch.__index = FolderWatch
FolderWatch.__name = "slack.folder_watch"

---@param watch slack.core.file_watch
---@param log slack.Logger
---@return slack.FolderWatch
function FolderWatch.new(watch, log)
  return setmetatable({
    watch = watch, log = log, by_identity = {}, prefixes = {}, seen = {}, whole = {},
    has_gaps = false, refused = {},
  }, FolderWatch)
end

---@return integer descriptor, readable while notices wait
function FolderWatch:fd()
  return self.watch:fd()
end

---A look through the folder begins.
function FolderWatch:begin_look()
  self.seen, self.has_gaps = {}, false
end

---A directory that the look comes to is watched from now on.
---@param path string
---@param prefix string its path below the folder, with a slash behind it
---@param identity string of the directory itself, whatever leads to it
function FolderWatch:add(path, prefix, identity)
  local number = self.by_identity[identity]
  if not number then
    local message
    number, message = self.watch:add(path)
    if not number then
      self.has_gaps = true
      if not self.refused[path] then
        self.refused[path] = true
        self.log:warn("%s sends no notices of changes, and is looked at often instead: %s", path,
          message)
      end
      return
    end
    self.by_identity[identity] = number
  end
  self.prefixes[number], self.seen[number] = prefix, true
end

---The look is over, and what it has found is known from now on: directories that it did not
---come to are watched no more.
function FolderWatch:end_look()
  for identity, number in pairs(self.by_identity) do
    if not self.seen[number] then
      self.by_identity[identity] = nil
    end
  end
  for number in pairs(self.prefixes) do
    if not self.seen[number] then
      self.prefixes[number] = nil
      self.watch:remove(number)
    end
  end
  self.whole = {}
end

-- Its watch has ended with it, and its number may come again for another one.
local function forget_directories(self)
  self.by_identity = {}
end

---Takes the notices that have come.
function FolderWatch:take()
  local watch = self.watch
  local number, name, what, is_directory = watch:take()
  while number do
    local prefix = self.prefixes[number]
    if is_directory and what == "gone" then
      forget_directories(self)
    elseif prefix and what == "changed" and not is_directory then
      self.whole[prefix .. name] = true
    end
    number, name, what, is_directory = watch:take()
  end
end

function FolderWatch:close()
  self.watch:close()
end

return FolderWatch
