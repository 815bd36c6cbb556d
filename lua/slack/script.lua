-- One handler script, loaded aside: its environment, the app it is given, and the
-- ledger of all that it registers. Nothing of it takes effect before it is taken
-- over as a whole.

local Lanes = require "slack.lanes"
local Listener = require "slack.listener"
local core = require "slack.core"
local loading = require "slack.loading"
local loop = require "slack.loop"
local method_advice = require "slack.method_advice"
local ownership = require "slack.ownership"
local raised = require "slack.raised"
local registry = require "slack.registry"
local tasks = require "slack.tasks"
local watchdog = require "slack.watchdog"

-- Seconds that the top level of a script may take, waiting included.
local TIME_LIMIT = 10
-- Until the log tells that one takes long.
local LONG = 5
-- A text that does not compile may be half-written: it is read again and again for so long.
local PATIENCE, REREAD_AFTER = 0.2, 0.02

-- The app that a script sees ------------------------------------------------------

---@class slack.ScriptApp: slack.Registrar
---@field _app slack.App
---@field _ledger slack.Ledger
local ScriptApp = {}
ScriptApp.__name = "slack.app"

for name, method in pairs(registry.Registrar) do
  ScriptApp[name] = method
end

local missing = method_advice(ScriptApp)

-- Its own methods, then those of the app, called with the app, then the app's fields.
function ScriptApp:__index(name)
  local method = ScriptApp[name]
  if method ~= nil then
    return method
  end
  local app = self._app
  method = rawget(getmetatable(app), name)
  if type(method) ~= "function" then
    local value = app:_field(name)
    if value == nil then
      missing(name, 2)
      app._missing(name, 2)
    end
    return value
  end
  local function forwarded(_, ...)
    return method(app, ...)
  end
  rawset(self, name, forwarded)
  return forwarded
end

-- What is registered later, by a handler for instance, counts from then on; what
-- an old generation still registers does not.
function ScriptApp:_on_change(listener)
  local ledger = self._ledger
  if ledger.is_live then
    self._app:_on_change(listener)
  elseif ledger.is_retired then
    self._app.log:warn("%s was reloaded: what its old generation registers is passed over",
      ledger.script)
  end
end

---Calls fn when this script is reloaded or removed, or the app stops.
---@param fn function
function ScriptApp:on_unload(fn)
  if not Listener.is_callable(fn) then
    error("app:on_unload: function expected, got " .. type(fn), 2)
  end
  table.insert(self._ledger.unloads, fn)
end

-- Loading ---------------------------------------------------------------------------

---@class slack.Script
---@field name string path below the folder
---@field ledger slack.Ledger
---@field generation integer
---@field tasks slack.Ownership those of slack.spawn that its top level has begun
---@field modules table<string, true> that it had required when it was taken over
local Script = {}
Script.__index = Script
Script.__name = "slack.script"

local function warn_global(log, name)
  local info = debug.getinfo(3, "Sl")
  log:warn("%s:%d: assigns the global %q, which only this script sees: make it local",
    info.short_src, info.currentline, tostring(name))
end

-- Globals that are assigned stay in the script.
local function new_environment(log, require_local)
  local warned = {}
  return setmetatable({ require = require_local }, {
    __index = _G,
    __newindex = function(environment, name, value)
      if not warned[name] then
        warned[name] = true
        warn_global(log, name)
      end
      rawset(environment, name, value)
    end,
  })
end

local function compile(folder, name, environment)
  local text, message = folder:read(name)
  if not text then
    return nil, message
  end
  local chunk
  text = text:gsub("^\239\187\191", ""):gsub("^#[^\n]*", "") -- as lua itself does
  local path = ("%s/%s"):format(folder.path, name)
  chunk, message = load(text, "@" .. path, "t", environment)
  return chunk, message and raised.of_load(message, path), text
end

-- Also an empty one may be the first of two steps of writing in place.
local function is_half_written(chunk, text)
  return not chunk or text == ""
end

---Until when a text that does not compile may be half-written.
---@return number
function Script.deadline()
  return loop.now() + PATIENCE
end

---The compiled text of a file; one that may be half-written is read again until it compiles.
---@async
---@param folder slack.Folder
---@param name string path below it
---@param log slack.Logger
---@param require_local fun(name: string): any
---@param deadline? number|false when that ends; it is not done without one
---@return function? chunk
---@return string? message with file and line
---@return string? text
function Script.compile(folder, name, log, require_local, deadline)
  local environment = new_environment(log, require_local)
  local chunk, message, text = compile(folder, name, environment)
  while deadline and is_half_written(chunk, text) and tasks.current()
    and loop.now() < deadline do
    tasks.sleep(REREAD_AFTER)
    chunk, message, text = compile(folder, name, environment)
  end
  return chunk, message, text
end

local function trace(err)
  watchdog.spare()
  local traceback = debug.traceback("", 2)
  local text = raised.text(err)
  return raised.is_misuse(traceback) and text or text .. raised.own_part(traceback)
end

---@param app slack.App
---@param name string
---@param folder slack.Folder
---@return slack.Script
function Script.new(app, name, folder)
  local self = setmetatable({
    app = app, name = name, folder = folder, generation = 0, ledger = registry.new_ledger(name),
    tasks = ownership.new(), modules = {},
  }, Script)
  self.facade = setmetatable({ _app = app, _ledger = self.ledger }, ScriptApp)
  return self
end

-- Waits for the chunk; whether it ended is for the caller to look at.
local function run_within(self, fn)
  local timer = loop.after(LONG, function()
    if self.task and not self.task:is_done() then
      self.app.log:warn("%s has been loading for %d s", self.name, LONG)
    end
  end)
  pcall(tasks.timeout, TIME_LIMIT, function()
    self.task = tasks.current()
    loading.begin(self.name)
    self.tasks:adopt(self.task)
    fn()
  end)
  timer:cancel()
end

---Runs it aside: its registrations go to its ledger.
---@async
---@param require_local fun(name: string): any
---@param deadline number|false of reading again what seems half-written
---@return true? ok
---@return string? message with file and line
function Script:run(require_local, deadline)
  local chunk, message, text = Script.compile(self.folder, self.name, self.app.log, require_local,
    deadline)
  if not chunk then
    return nil, message
  end
  self.text = text
  local done, ok, problem = false, nil, nil
  run_within(self, function()
    ok, problem = xpcall(chunk, trace, self.facade, self.name)
    watchdog.calm()
    done = true
  end)
  self.text, self.task = nil, nil
  if self.is_outdated then
    return nil, "a newer text of it came while it was loading"
  elseif not done then
    return nil, ("its top level did not end within %d seconds"):format(TIME_LIMIT)
  elseif not ok then
    return nil, core.redact(problem)
  end
  return true
end

---Ends its loading if the file has another text by now.
function Script:check_text()
  local task = self.task
  if task and not task:is_done() and self.folder:read(self.name) ~= self.text then
    self.is_outdated = true
    task:cancel()
  end
end

---From now on its registrations count.
---@param generation integer
---@param before? slack.Script whose place it takes
function Script:take_over(generation, before)
  self.generation = generation
  self.ledger.is_live = true
  if before then
    Lanes.hand_over(before.ledger.listeners.list, self.ledger.listeners.list)
  end
end

-- Ending ------------------------------------------------------------------------------

local function call_unload(self, fn)
  local ok, message = xpcall(fn, trace)
  watchdog.calm()
  if not ok then
    self.app.log:error("%s: error in app:on_unload: %s", self.name, message)
  end
end

local function end_tasks(self, unloading)
  local deadline = loop.now() + TIME_LIMIT
  for _, task in ipairs(unloading) do
    task:join(math.max(deadline - loop.now(), 0))
  end
  self.tasks:cancel()
end

---Ends it, taken over or not: calls what it gave to on_unload, the last first, and then ends
---the tasks that its top level has begun.
function Script:retire()
  local ledger, unloading = self.ledger, {}
  ledger.is_live, ledger.is_retired = false, true
  for i = #ledger.unloads, 1, -1 do
    unloading[#unloading + 1] = tasks.spawn(call_unload, self, ledger.unloads[i])
  end
  ledger.unloads = {}
  if unloading[1] then
    tasks.spawn(end_tasks, self, unloading)
  else
    self.tasks:cancel()
  end
end

return Script
