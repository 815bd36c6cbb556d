-- The app that is tested: made from what the author names, and taken off the network and the
-- disk.

local hosting = require "slack.hosting"
local merged = require "slack.merged"
local misuse = require "slack.misuse"
local program = require "slack.program"
local sorted_keys = require "slack.sorted_keys"

local M = {}

local CLASS = "slack.app"
local FRAMEWORK = misuse.folder():match "^(.*[/\\])[^/\\]+[/\\]$"

---@param value any
---@return boolean
function M.is_app(value)
  return type(value) == "table" and (getmetatable(value) or {}).__name == CLASS
end

-- Made ------------------------------------------------------------------------------------

local function release()
  hosting.take_over(nil)
end

local function refuse_run()
  error("app:run: a test runs the app: it has been started already", 3)
end

local function from_options(options)
  hosting.take_over(refuse_run, { offline = true })
  local guard <close> = setmetatable({}, { __close = release }) -- luacheck: ignore 211
  local ok, app = pcall(require("slack").app, options)
  if not ok then
    return nil, tostring(app):gsub("^[^\n]-:%d+: ", "", 1)
  end
  return app
end

local function modules_beside(folder)
  return ("%s/?.lua;%s/?/init.lua"):format(folder, folder)
end

-- Modules of the program's own, which the next test loads anew.
local function forget_modules(before, folder)
  for _, name in ipairs(sorted_keys(package.loaded)) do
    if not before[name] and package.searchpath(name, modules_beside(folder)) then
      package.loaded[name] = nil
    end
  end
end

-- The app of a bot's file; what loading it has changed in this process is put back by undo.
local function from_file(path)
  local before, search, arguments = merged(package.loaded), package.path, _G.arg
  local loaded, err = program.load(path)
  _G.arg = arguments
  local function undo()
    package.path = search
    forget_modules(before, path:match "^(.*)/[^/]*$" or ".")
  end
  if not loaded then
    undo()
    return nil, tostring(err)
  end
  return loaded.apps[1], undo
end

---@param what string|table|slack.App
---@return slack.App? app
---@return function|string|nil undo or what is wrong
function M.make(what)
  if M.is_app(what) then
    if what.phase ~= "idle" then
      return nil, "the app is " .. what.phase .. " already: a test starts it"
    end
    return what
  elseif type(what) == "string" then
    return from_file(what)
  end
  return from_options(what)
end

-- Taken off -------------------------------------------------------------------------------

-- Sets fields of a table; what is given sets them back.
local function set(t, fields)
  local before = {}
  for name, value in pairs(fields) do
    before[name] = rawget(t, name) == nil and before or t[name]
    t[name] = value
  end
  return function()
    for name, value in pairs(before) do
      if value == before then
        value = nil
      end
      t[name] = value
    end
  end
end

-- Between what a test does the process has its own clock and the machine's network, on which
-- nothing of the app may come.
local function keep_calls_in(pacing, clock)
  local enter = pacing.enter
  return set(pacing, {
    enter = function(self, call)
      if not clock:is_active() then
        misuse.raise(FRAMEWORK, call.name .. ": called by the test itself: "
          .. "t:run(function() … end) does it in the test's time and network")
      end
      return enter(self, call)
    end,
  })
end

---Its storage is in memory, its log goes to a function, it keeps to the clock of the test, and
---its scripts are loaded but not watched.
---@param app slack.App
---@param options { storage: any, log: fun(line: string), clock: slack.testing.Clock }
---@return function undo
function M.isolate(app, options)
  local clock, settings = options.clock, app.settings
  local kept = options.storage or type(settings.storage) == "string" and "memory:"
    or settings.storage
  local undo = {
    set(settings, { storage = kept, workers = 1, inbox = false, role = false }),
    set(app.log.root, { sink = options.log, color = false }),
    -- What the test itself registers is planned while the clock is not that of the process.
    set(app.schedule, {
      now = clock.loop.clock, time = clock.loop.wall,
      after = function(...) return clock.loop:after(...) end,
    }),
    keep_calls_in(app.client._pacing, clock),
    set(app.transports, { listen = app.transports.listen, open = app.transports.open }),
  }
  if app.scripts then
    undo[#undo + 1] = set(app.scripts, { start = app.scripts.load_all })
  end
  local memory = app.memory -- what an earlier test has stored
  app.memory = nil
  return function()
    app.memory = memory
    for _, back in ipairs(undo) do
      back()
    end
  end
end

return M
