-- Sees when the files of a certificate change, in whatever way: written in place,
-- renamed over, a link that leads elsewhere (as in mounted secrets). Both files are
-- changed one after the other, so it acts when they have been left alone for a
-- moment.

local core = require "slack.core"
local loop = require "slack.loop"

local QUIET = 0.25 -- seconds without a further change
local POLL = 5 -- seconds between two looks when the system sends notices
local POLL_WITHOUT_NOTICES = 1

---@class slack.CertificateWatchSettings
---@field files string[]
---@field reload fun(): true?, string? takes them over, or says why not
---@field log slack.Logger
---@field quiet? number seconds, 0.25
---@field poll? number seconds
---@field new_watch? fun(): slack.core.file_watch? for specs

---@class slack.CertificateWatch
---@field tried string stamps of the files that were loaded last, or that failed
---@field seen? string stamps that are waited with
local CertificateWatch = {}
CertificateWatch.__index = CertificateWatch
CertificateWatch.__name = "slack.certificate_watch"

---@param settings slack.CertificateWatchSettings
---@return slack.CertificateWatch
function CertificateWatch.new(settings)
  return setmetatable({
    files = settings.files, take_over = settings.reload, log = settings.log,
    quiet = settings.quiet or QUIET, poll = settings.poll,
    new_watch = settings.new_watch or core.file_watch,
  }, CertificateWatch)
end

-- Links are followed, so that each way of changing a file shows.
local function stamps(self)
  local list = {}
  for i, path in ipairs(self.files) do
    list[i] = core.stat(path) or "none"
  end
  return table.concat(list, " ")
end

---Loads the files now, changed or not.
---@return true? ok
---@return string? message
function CertificateWatch:reload()
  self.tried, self.seen = stamps(self), nil
  local ok, message = self.take_over()
  if ok then
    self.log:info("the certificate %s was loaded again: new connections get it", self.files[1])
    return true
  end
  self.log:warn("the certificate stays the old one: %s", message)
  return nil, message
end

-- Looking -------------------------------------------------------------------------

local function look_soon(self)
  if not self.timer then
    self.timer = loop.after(self.quiet, function()
      self.timer = nil
      self:look()
    end)
  end
end

---Loads the files if they have changed since, and been the same at the last look.
function CertificateWatch:look()
  local now = stamps(self)
  if now == self.tried then
    self.seen = nil
  elseif now == self.seen and not now:find("none", 1, true) then
    self:reload()
  else
    self.seen = now
    look_soon(self)
  end
end

local function poll(self)
  self.poll_timer = loop.after(self.poll, poll, self)
  if not self.timer then
    self:look()
  end
end

local function take_notices(self)
  while self.watch:take() do -- which files they name does not matter
    look_soon(self)
  end
end

-- Life ----------------------------------------------------------------------------

local function watch_folders(self)
  local watch = self.new_watch()
  if not watch then
    return
  end
  for _, path in ipairs(self.files) do
    local folder = path:match "^(.*)/[^/]*$" or "."
    local ok, message = watch:add(folder == "" and "/" or folder)
    if not ok then
      self.log:debug("%s sends no notices of changes: %s", folder, message)
    end
  end
  self.watch = watch
  loop.watch(watch:fd(), function() take_notices(self) end)
end

---Begins to watch; the files as they are now have been loaded.
function CertificateWatch:start()
  self.tried = stamps(self)
  watch_folders(self)
  self.poll = self.poll or (self.watch and POLL or POLL_WITHOUT_NOTICES)
  self.poll_timer = loop.after(self.poll, poll, self)
end

function CertificateWatch:stop()
  for _, name in ipairs { "timer", "poll_timer" } do
    if self[name] then
      self[name]:cancel()
      self[name] = nil
    end
  end
  if self.watch then
    loop.unwatch(self.watch:fd())
    self.watch:close()
    self.watch = nil
  end
end

return CertificateWatch
