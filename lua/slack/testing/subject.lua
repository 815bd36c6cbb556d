-- The app that is tested: made from what the author names, and taken off the network and the
-- disk.

local hosting = require "slack.hosting"
local merged = require "slack.merged"
local program = require "slack.command.program"
local sorted_keys = require "slack.sorted_keys"

local M = {}

local CLASS = "slack.app"

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

---Its storage is in memory, its log goes to a function, and scripts are loaded but not watched.
---@param app slack.App
---@param options { storage: any, log: fun(line: string, record: slack.LogRecord) }
---@return function undo
function M.isolate(app, options)
  local settings, root = app.settings, app.log.root
  local before = {
    storage = settings.storage, workers = settings.workers, inbox = settings.inbox,
    role = settings.role, sink = root.sink, color = root.color,
  }
  if type(settings.storage) == "string" then
    settings.storage = options.storage or "memory:"
  end
  settings.workers, settings.inbox, settings.role = 1, false, nil
  root.sink, root.color = options.log, false
  if app.scripts then
    app.scripts.start = app.scripts.load_all
  end
  return function()
    settings.storage, settings.workers, settings.inbox = before.storage, before.workers,
      before.inbox
    settings.role, root.sink, root.color = before.role, before.sink, before.color
    if app.scripts then
      app.scripts.start = nil
    end
    app.transports.listen, app.transports.open = nil, nil
  end
end

return M
