-- Handler scripts: a folder of files that are loaded at the start and again when
-- they change. A change is compiled and run aside; only when that went well does
-- it replace what was there, in one step between two events. Otherwise all stays
-- as it was, and the log says where the mistake is.
--
-- What a notice from the system says is only that something happened: the folder
-- is then looked through and compared with what is known of it. The same is done
-- every few seconds, for file systems that send no notices.

local Folder = require "slack.folder"
local Modules = require "slack.modules"
local Script = require "slack.script"
local ScriptReports = require "slack.script_reports"
local core = require "slack.core"
local errors = require "slack.errors"
local listing = require "slack.listing"
local loop = require "slack.loop"
local sorted_keys = require "slack.sorted_keys"
local tasks = require "slack.tasks"

local DEBOUNCE = 0.02 -- seconds from a change to the look at it
local POLL = 2
local POLL_WITHOUT_NOTICES = 0.5

---@class slack.Scripts
---@field folder slack.Folder
---@field live table<string, slack.Script> by path below the folder
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
    app = app, folder = folder, log = logger, live = {}, generations = {},
    failures = 0, reloads = 0, reports = ScriptReports.new(logger),
    modules = Modules.new(folder, app.log),
  }, Scripts)
end

---@param ledgers slack.Ledger[] those of the scripts are added
function Scripts:add_ledgers(ledgers)
  for _, name in ipairs(sorted_keys(self.live)) do
    ledgers[#ledgers + 1] = self.live[name].ledger
  end
end

-- Loading ------------------------------------------------------------------------------

local function listener_count(script)
  return script and #script.ledger.listeners.list + #script.ledger.routes
    + #script.ledger.schedules or 0
end

local function report_failure(self, name, message)
  self.failures = self.failures + 1
  local kept = self.live[name]
  self.log:error("%s was not loaded%s: %s", name,
    kept and ("; generation %d stays"):format(kept.generation) or "", message)
  self.reports:fail(name, message, self.folder.path, kept and kept.generation)
end

local function listed(script)
  return script and listing.of_ledger(script.ledger) or {}
end

local function report_of(name, before, after, began)
  local added, removed = listing.difference(listed(before), listed(after))
  return {
    kind = after and (before and "reloaded" or "loaded") or "removed", script = name,
    generation = after and after.generation, added = added, removed = removed,
    seconds = loop.now() - began,
  }
end

local function stage(self, name, loader)
  local script = Script.new(self.app, name, self.folder)
  self.loading = script
  local ok, message = script:run(self.modules:require_for(name, loader))
  self.loading = nil
  if ok then
    return script
  end
  script:retire()
  report_failure(self, name, message)
end

-- Everything at once: the index is made anew and swapped in one assignment.
local function swap(self, staged, removed, began)
  local retired, lines, reports = {}, {}, {}
  for _, script in ipairs(staged) do
    local name, old = script.name, self.live[script.name]
    local generation = (self.generations[name] or 0) + 1
    self.generations[name], self.live[name] = generation, script
    script:take_over(generation, old)
    retired[#retired + 1] = old
    reports[#reports + 1] = report_of(name, old, script, began)
    lines[#lines + 1] = ("%s %s: generation %d, %d -> %d listeners, %.1f ms"):format(
      old and "reloaded" or "loaded", name, generation, listener_count(old),
      listener_count(script), (loop.now() - began) * 1000)
  end
  for _, name in ipairs(removed) do
    retired[#retired + 1] = self.live[name]
    reports[#reports + 1] = report_of(name, self.live[name], nil, began)
    lines[#lines + 1] = ("removed %s: %d -> 0 listeners"):format(name,
      listener_count(self.live[name]))
    self.live[name] = nil
  end
  self.app:_apply()
  for _, script in ipairs(retired) do
    script:retire()
  end
  self.reloads = self.reloads + #lines
  for _, line in ipairs(lines) do
    self.log:info("%s", line)
  end
  for _, report in ipairs(reports) do
    self.reports:succeed(report)
  end
end

local function keep_old(self, staged, failed)
  for _, script in ipairs(staged) do
    script:retire()
    self.log:error("%s stays as it was, because it shares a module with %s", script.name, failed)
  end
end

-- Scripts that share a changed module go together or not at all; otherwise two of
-- them would hold two copies of it. Where nothing old is there, there is nothing
-- to keep.
local function reload_together(self, names, stale, began)
  local loader, staged, failed, is_reload = self.modules:loader(stale), {}, nil, false
  for _, name in ipairs(names) do
    is_reload = is_reload or self.live[name] ~= nil
    local script = stage(self, name, loader)
    staged[#staged + 1] = script
    failed = failed or not script and name
  end
  if failed and is_reload then
    return keep_old(self, staged, failed)
  end
  self.modules:commit(loader)
  swap(self, staged, {}, began)
end

local function reload_alone(self, name, began)
  local loader = self.modules:loader {}
  local script = stage(self, name, loader)
  if script then
    self.modules:commit(loader)
    swap(self, { script }, {}, began)
  end
end

-- Which scripts a change concerns: on their own, and together through modules.
local function sort_out(self, changed)
  local stale, alone, together = {}, {}, {}
  local touched = self.modules:dependents(changed)
  for name in pairs(touched) do
    if self.modules:is_module(name) then
      stale[name] = true
    end
  end
  local shared = self.modules:dependents(stale)
  for _, name in ipairs(sorted_keys(touched)) do
    if self.folder.files[name] and not stale[name] then
      local list = shared[name] and together or alone
      list[#list + 1] = name
    end
  end
  return alone, together, stale
end

-- Scripts that have become modules, and files that are gone.
local function to_remove(self, removed)
  local names = {}
  for _, name in ipairs(sorted_keys(self.live)) do
    if removed[name] or self.modules:is_module(name) then
      names[#names + 1] = name
    end
  end
  return names
end

local function apply_changes(self, changed, removed)
  local began = loop.now()
  for name in pairs(changed) do
    self.modules:scan(name)
  end
  local alone, together, stale = sort_out(self, changed)
  self.modules:forget(removed)
  local gone = to_remove(self, removed)
  if #gone > 0 then
    swap(self, {}, gone, began)
  end
  if #together > 0 then
    reload_together(self, together, stale, began)
  end
  for _, name in ipairs(alone) do
    reload_alone(self, name, loop.now())
  end
end

-- When to look ---------------------------------------------------------------------------

local function check_once(self)
  local changed, removed, again_in = self.folder:changes()
  if again_in then
    self:look_again(again_in)
  end
  if self.all then
    self.all = false
    for name in pairs(self.folder.files) do
      changed[name] = true
    end
  end
  if next(changed) or next(removed) then
    apply_changes(self, changed, removed)
  end
end

local function check(self)
  repeat
    self.again = false
    check_once(self)
  until not self.again
end

-- In a task that stop can end wherever it is, so that nothing of it comes later.
local function check_in_task(self)
  local task = tasks.spawn(check, self)
  self.task = task
  return task
end

local function check_soon(self)
  self.timer = nil
  if self.task and not self.task:is_done() then
    self.again = true
    if self.loading then
      self.loading:check_text()
    end
  else
    check_in_task(self)
  end
end

---Looks through the folder in so many seconds.
---@param seconds number
function Scripts:look_again(seconds)
  if not self.timer and self.started then
    self.timer = loop.after(seconds, check_soon, self)
  end
end

---Loads all scripts again, changed or not.
function Scripts:reload_all()
  self.all = true
  self:look_again(0)
end

local function poll(self)
  self.poll_timer = loop.after(self.watch and POLL or POLL_WITHOUT_NOTICES, poll, self)
  self:look_again(0)
end

local function on_notice(self)
  self.folder:take_notices()
  self:look_again(DEBOUNCE)
end

local function start_watching(self)
  self.watch = core.file_watch()
  self.folder:watch_with(self.watch)
  if self.watch then
    loop.watch(self.watch:fd(), function() on_notice(self) end)
  else
    self.log:info("this system sends no notices of changed files: looking every %g seconds",
      POLL_WITHOUT_NOTICES)
  end
  self.poll_timer = loop.after(self.watch and POLL or POLL_WITHOUT_NOTICES, poll, self)
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

---Loads every script that is not loaded as it is, and watches none of them: to look at what
---they register, or to call it. A script that fails keeps no other from being loaded.
---@async
---@return true? ok
---@return slack.Error? err when there is no such folder
function Scripts:load_all()
  local ok, err = check_folder(self)
  if not ok then
    return nil, err
  end
  ok, err = check_in_task(self):join()
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
  self.started, self.all = false, false
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
  self.live = {}
  self.folder:forget()
  self.modules = Modules.new(self.folder, self.app.log)
  self.app:_apply()
  for _, name in ipairs(sorted_keys(live)) do
    live[name]:retire()
  end
end

---@return table { reloads, failures, generations by script }
function Scripts:stats()
  local generations = {}
  for name, script in pairs(self.live) do
    generations[name] = script.generation
  end
  return { reloads = self.reloads, failures = self.failures, generations = generations }
end

return Scripts
