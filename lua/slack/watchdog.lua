-- Names what keeps the Lua thread for too long, as everything else waits meanwhile: a handler
-- that computes or blocks, the top level of a script. A C thread notices; where the work is
-- written in Lua it is interrupted, and says itself where it is.

local core = require "slack.core"
local loop = require "slack.loop"
local raised = require "slack.raised"
local scheduler = require "slack.scheduler"

---@class slack.WatchdogOptions
---@field limit? number seconds in which a handler lets nothing else run; then it is named; 1
---@field stop? number seconds after which it is stopped by an error; nil: never

---@class slack.Watchdog
---@field script_stop number seconds after which the top level of a script is stopped in any
---  case: what it may take in all
local M = { script_stop = 10 }

local watched = {} -- app -> its options
local dog, limit -- of the app that is most impatient

-- Naming ------------------------------------------------------------------------------

local function app_of(task)
  for app in pairs(watched) do
    if app.dispatch.jobs[task] then
      return app
    end
  end
end

local function any_app()
  return (next(watched))
end

-- What runs: in words, its app, and when it is stopped.
local function describe()
  local task = scheduler.current()
  if not task then
    return "what runs on the loop (a predicate, a callback)", any_app()
  elseif task.is_loading then
    return ("the top level of %s"):format(task.is_loading), any_app(), M.script_stop
  end
  local app = app_of(task)
  if not app and task.name then
    return task.name, any_app(), watched[any_app()].stop
  elseif not app then
    return "a task", any_app()
  end
  local listener = task.c.listener or task.listener
  return listener and tostring(listener) or "middleware", app, watched[app].stop
end

local function on_hog(traceback, seconds)
  local what, app, stop = describe()
  app.measures:hogged()
  app.log:warn("%s has kept the Lua thread for %.1f s; nothing else is handled meanwhile%s", what,
    seconds, raised.own_part("\n" .. traceback))
  return stop
end

local function spare()
  if dog then
    dog:spare()
  end
end

local function calm()
  if dog then
    dog:calm()
  end
end

-- Watching ----------------------------------------------------------------------------

local function section_of(new)
  local enter, leave = new:section()
  return { enter = enter, leave = leave }
end

local function watch_with(new)
  if dog then
    dog:close()
  end
  dog = new
  loop.default().watchdog = new and section_of(new) or false
  scheduler.use_resume(new and new:resumer())
  scheduler.spare, scheduler.calm = spare, calm
end

local function review()
  local shortest
  for _, options in pairs(watched) do
    shortest = math.min(shortest or options.limit, options.limit)
  end
  if shortest ~= limit then
    limit = shortest
    watch_with(shortest and core.watchdog(shortest, on_hog))
  end
end

local DEFAULT_LIMIT = 1

---Watches from now on, if the app wants it.
---@param app slack.App
function M.start(app)
  local wanted = app.settings.watchdog
  if type(wanted) == "table" then
    watched[app] = { limit = wanted.limit or DEFAULT_LIMIT, stop = wanted.stop }
  else
    watched[app] = wanted and { limit = wanted } or nil
  end
  review()
end

---@param app slack.App
function M.stop(app)
  watched[app] = nil
  review()
end

---For handlers of xpcall: the error by which it stopped something is on its way.
M.spare = spare

---It has come to where it is reported.
M.calm = calm

return M
