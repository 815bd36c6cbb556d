-- The run of an app, from its start to its end: what signals do, and what its end was.

local lazy = require "slack.lazy"
local interrupts = require "slack.interrupts"
local tasks = require "slack.tasks"
local workers = lazy "slack.workers"

local M = {}

local function on_signal(app, name)
  if name == "HUP" then
    if app.scripts and app.phase == "running" then
      app.scripts:reload_all()
    end
    if app.http_server then
      app.http_server:reload_certificate()
    end
    return
  end
  local hurry = app.phase == "stopping"
  app.log:info("SIG%s: %s", name, hurry and "stopping at once" or "stopping")
  tasks.spawn(app.stop, app, hurry and 0 or nil)
end

local function wait_until_stopped(app)
  app.stop_error = nil
  if app.phase == "idle" then
    local ok, err = app:start()
    if not ok and err.code ~= "stopped" then
      return nil, err
    end
  end
  if app.phase ~= "idle" then
    local ended = tasks.waiter()
    table.insert(app.end_waiters, ended)
    ended:await()
  end
  local err = app.fatal or app.stop_error
  if err then
    return nil, err
  end
  return true
end

local function run_in_process(app)
  local guard <close> = interrupts.listen(function(name) -- luacheck: ignore 211
    on_signal(app, name)
  end)
  local ok, err = wait_until_stopped(app)
  if not ok and err ~= app.stop_error and err ~= app.fatal then -- of these a line has told
    app.log:error("%s", err)
  end
  return ok, err
end

---Runs an app to its end, in one process or in several.
---@async
---@param app slack.App
---@return true? ok
---@return slack.Error? err
function M.run(app)
  if app.settings.workers > 1 then
    return workers.run_app(app, run_in_process)
  end
  return run_in_process(app)
end

return M
