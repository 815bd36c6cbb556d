-- Handler scripts: a folder of files that are loaded at the start and again when
-- they change. A change is compiled and run aside; only when that went well does
-- it replace what was there, in one step between two events. Otherwise all stays
-- as it was, and the log says where the mistake is.
--
-- What a notice from the system says is only that something happened: the folder
-- is then looked through and compared with what is known of it. The same is done
-- every few seconds, for file systems that send no notices.

local Folder = require "slack.folder"
local FolderWatch = require "slack.folder_watch"
local Modules = require "slack.modules"
local Reload = require "slack.reload"
local ScriptReports = require "slack.script_reports"
local core = require "slack.core"
local errors = require "slack.errors"
local loop = require "slack.loop"
local sorted_keys = require "slack.sorted_keys"
local tasks = require "slack.tasks"

-- Seconds from the last of several changes to the look at them, and from the first.
local DEBOUNCE, MOST_DEBOUNCE = 0.02, 0.2
-- Seconds between looks that nothing gives cause for.
local INTERVALS = { behind_notices = 2, without_notices = 0.5 }

---@class slack.Scripts
---@field folder slack.Folder
---@field live table<string, slack.Script> by path below the folder
---@field generations table<string, integer> of each the last one, also when it is gone
---@field kept_back table<string, true> scripts that others keep from being replaced (reload.lua)
---@field modules slack.Modules
---@field reports slack.ScriptReports
---@field loading? slack.Script
---@field watch? slack.FolderWatch
---@field intervals { behind_notices: number, without_notices: number } specs have their own
---@field task? slack.Task that looks through the folder
local Scripts = {}
Scripts.__index = Scripts
Scripts.__name = "slack.scripts"

---@param app slack.App
---@param path string of the folder
---@return slack.Scripts
function Scripts.new(app, path)
  local logger = app.log:with { component = "scripts" }
  local folder = Folder.new(path, logger, loop.now)
  return setmetatable({
    app = app, folder = folder, log = logger, live = {}, generations = {}, kept_back = {},
    intervals = INTERVALS,
    modules = Modules.new(folder, app.log), reports = ScriptReports.new(logger),
  }, Scripts)
end

---@param ledgers slack.Ledger[] those of the scripts are added
function Scripts:add_ledgers(ledgers)
  for _, name in ipairs(sorted_keys(self.live)) do
    ledgers[#ledgers + 1] = self.live[name].ledger
  end
end

-- When to look ---------------------------------------------------------------------------

-- Seconds until there is more to see, if there will be.
local function check_once(self)
  local changed, removed, again_in = self.folder:changes(not self.started)
  if self.all then
    self.all = false
    for name in pairs(self.folder.files) do
      changed[name] = true
    end
  end
  if next(changed) or next(removed) then
    Reload.run(self, changed, removed)
  end
  return again_in
end

local function check(self)
  local again_in
  repeat
    self.again = false
    again_in = check_once(self)
  until not self.again
  if again_in then
    self:look_again(again_in)
  end
end

-- In a task that stop can end wherever it is, so that nothing of it comes later.
local function check_in_task(self)
  local task = tasks.spawn(check, self)
  self.task = task
  return task
end

local function check_soon(self)
  self.timer, self.noticed_at = nil, nil
  if self.task and not self.task:is_done() then
    self.again = true
    if self.loading then
      self.loading:check_text()
    end
  else
    check_in_task(self)
  end
end

local function look_at(self, moment)
  if self.timer then
    self.timer:cancel()
  end
  self.timer, self.looks_at = loop.after(moment - loop.now(), check_soon, self), moment
end

---Looks through the folder in so many seconds at the latest.
---@param seconds number
function Scripts:look_again(seconds)
  local moment = loop.now() + seconds
  if self.started and (not self.timer or moment < self.looks_at) then
    look_at(self, moment)
  end
end

---Loads all scripts again, changed or not.
function Scripts:reload_all()
  self.all = true
  self:look_again(0)
end

-- Often where notices may be missing, else seldom.
local function poll_interval(self)
  local is_told = self.watch and not self.watch.has_gaps
  return is_told and self.intervals.behind_notices or self.intervals.without_notices
end

local function poll(self)
  self.poll_timer = loop.after(poll_interval(self), poll, self)
  self:look_again(0)
end

-- Files that are saved together are told of one by one.
local function on_notice(self)
  local now = loop.now()
  self.watch:take()
  self.noticed_at = self.noticed_at or now
  look_at(self, math.min(now + DEBOUNCE, self.noticed_at + MOST_DEBOUNCE))
end

local function open_watch(self)
  local watch = self.app.settings.watch ~= "poll" and core.file_watch()
  if watch then
    self.watch = FolderWatch.new(watch, self.log)
    loop.watch(self.watch:fd(), function() on_notice(self) end)
  elseif self.app.settings.watch ~= "poll" then
    self.log:info("this system sends no notices of changed files: looking every %g seconds",
      self.intervals.without_notices)
  end
  self.folder:watch_with(self.watch)
end

local function start_watching(self)
  if self.app.settings.watch ~= false then
    open_watch(self)
    self.poll_timer = loop.after(poll_interval(self), poll, self)
  end
end

local function check_folder(self)
  local path = self.folder.path
  local _, kind = core.stat(path)
  if kind ~= "directory" then
    return nil, errors.new {
      code = "no_scripts", message = ("the scripts' folder %q is not there"):format(path),
    }
  end
  return true
end

---Loads every script that is not loaded as it is, at once and without watching them: to look at
---what they register, or to call it. A script that fails keeps no other from being loaded.
---@async
---@return true? ok
---@return slack.Error? err when there is no such folder
function Scripts:load_all()
  local ok, err = check_folder(self)
  if not ok then
    return nil, err
  end
  if self.task and not self.task:is_done() then
    self.again = true
  else
    check_in_task(self)
  end
  ok, err = self.task:join()
  if not ok then
    error(err, 0)
  end
  return true
end

---Loads every script and begins to watch. A script that fails keeps no other from
---running.
---@async
---@return true? ok
---@return slack.Error? err when there is no such folder
function Scripts:start()
  local ok, err = check_folder(self)
  if not ok then
    return nil, err
  end
  self.started = true
  start_watching(self)
  return self:load_all()
end

---Calls fn with what becomes of the scripts from now on: it must not wait.
---@param fn fun(report: slack.ScriptReport)
---@return fun() unsubscribe
function Scripts:subscribe(fn)
  return self.reports:subscribe(fn)
end

---The scripts whose last text did not load, by name.
---@return slack.ScriptProblem[]
function Scripts:problems()
  return self.reports:problems()
end

---Ends watching, and every script.
function Scripts:stop()
  if not self.started and not next(self.live) then
    return
  end
  self.started, self.all, self.noticed_at = false, false, nil
  for _, name in ipairs { "timer", "poll_timer", "task" } do
    if self[name] then
      self[name]:cancel()
      self[name] = nil
    end
  end
  self.folder:watch_with(nil)
  if self.watch then
    loop.unwatch(self.watch:fd())
    self.watch:close()
    self.watch = nil
  end
  local live = self.live
  self.live, self.kept_back = {}, {}
  self.folder:forget()
  self.reports:forget()
  self.modules = Modules.new(self.folder, self.app.log)
  self.app:_apply()
  for _, name in ipairs(sorted_keys(live)) do
    live[name]:retire()
  end
end

---How many handlers go on on the code of a script that has been replaced.
---@param script? slack.Script nil: of all
---@return integer
function Scripts:running_on(script)
  local count = 0
  for job in pairs(self.app.dispatch.jobs) do
    local ledger = job.listener and job.listener.ledger
    if ledger and ledger.is_retired and (not script or ledger == script.ledger) then
      count = count + 1
    end
  end
  return count
end

---@return { reloads: integer, failures: integer, generations: table<string, integer> }
function Scripts:stats()
  local generations = {}
  for name, script in pairs(self.live) do
    generations[name] = script.generation
  end
  return {
    reloads = self.reports.reloads, failures = self.reports.failures, generations = generations,
  }
end

return Scripts
