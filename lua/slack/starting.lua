-- The start of an app, from its storage to the first connection, and what the log says of it.

local LogLimit = require "slack.log_limit"
local lazy = require "slack.lazy"
local app_storage = require "slack.app_storage"
local errors = require "slack.errors"
local loop = require "slack.loop"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

local TOLD_AFTER, TOLD_EVERY = 5, 30 -- seconds

local M = {}

-- What handling and the end take: no file needs to be read for them later.
local function load_the_rest(self)
  if self.phase == "starting" then
    self.transports:load()
    lazy.load "slack.stopping"
    assert(self.dispatch and self.authorization and self.schedule)
  end
end

---The function `on` of a policy of retries: what keeps an app from its start for longer than a
---moment is a warning, where each attempt is but a remark.
---@param log slack.Logger
---@param clock fun(): number
---@param on? fun(err: slack.Error, failures: integer): boolean? the app's own
---@return fun(err: slack.Error, failures: integer): boolean?
function M.told(log, clock, on)
  local began, limit = clock(), LogLimit.new(clock, TOLD_EVERY)
  return function(err, failures)
    local wanted = on and on(err, failures)
    local goes_on = wanted or wanted == nil and retry.is_worthwhile(err, true)
    local seconds = clock() - began
    if goes_on and seconds >= TOLD_AFTER and limit:is_due "start" then
      log:warn("still starting after %.0f s, trying on: %s", seconds, err)
    end
    return wanted
  end
end

-- Goes on trying while Slack cannot be reached; a stop ends that.
local function check_token(self)
  if not self.settings.token then
    load_the_rest(self)
    return true
  end
  loop.defer(load_the_rest, self) -- once Slack has been asked
  local own = retry.policy(self.settings.retries).on
  local answer, err = self.client.auth.test(nil, {
    retries = { count = math.maxinteger, on = M.told(self.log, loop.now, own) },
    max_wait = math.huge,
  })
  if not answer then
    return nil, err
  end
  load_the_rest(self) -- where that has failed before, it fails here, as the start does
  answer.bot_user_id = answer.user_id
  self.identity = answer
  return true
end

local function on_fatal(self, err)
  self.fatal = err
  self.log:error("%s", err)
  tasks.spawn(function()
    self:stop()
  end)
end

-- Before all else that may take its time: one wants to look into that.
local function open_console(self)
  local console, err = require("slack.console").open(self, self.settings.console)
  if not console then
    self.log:warn("%s", err)
  end
  self.console = console or false
end

local function start_up(self)
  if self.settings.console then
    open_console(self)
  end
  local ok, err = app_storage.open(self)
  if ok then
    ok, err = self.transports:listen()
  end
  if ok then
    ok, err = check_token(self)
  end
  if ok and self.scripts then
    ok, err = self.scripts:start()
  end
  if ok then
    ok, err = self.transports:open(function(fatal) on_fatal(self, fatal) end)
  end
  return ok, err
end

---A start that is under way ends, wherever it is.
---@param self slack.App
function M.cancel(self)
  local task = self.start_task
  if task then
    self.start_task = nil
    task:cancel()
  end
end

-- Who waits for the start may be cancelled itself.
local function guard_of(self, task)
  return setmetatable({}, { __close = function()
    if self.start_task == task then
      self:close()
    end
  end })
end

---Opens, listens, loads and connects, in a task of its own.
---@async
---@param self slack.App
---@return true? ok
---@return slack.Error? err code "stopped" when a stop or a close came first
function M.run(self)
  local task = tasks.spawn(start_up, self)
  self.start_task = task
  local guard <close> = guard_of(self, task) -- luacheck: ignore 211
  local ended, ok, err = task:join()
  if self.start_task ~= task then -- it was ended, though it may have come to its end before
    return nil, errors.new {
      code = "stopped", message = "the app was stopped before it had started",
    }
  end
  if not ended then
    error(ok, 0) -- and the app is closed
  end
  self.start_task = nil
  return ok, err
end

local function warn_if_idle(self)
  if self.settings.role == "receiver" then
    return -- others handle what it takes
  end
  local dispatch, routes = self.dispatch, self.routes.registered
  if routes[1] and not self.settings.http and self.settings.role ~= "worker" then
    self.log:warn("%s will not be served: the app has no HTTP side; give the option http",
      tostring(routes[1]))
  elseif routes[1] or self.schedule.entries[1] then
    return
  end
  if dispatch.index.count == 0 and not dispatch.middleware[1] then
    self.log:warn("no listener is registered%s: nothing will be handled", self.settings.scripts
      and (", and no script in %q registers any"):format(self.settings.scripts) or "")
  end
end

local function announce(self)
  local identity, endpoint = self.identity, self.transports:endpoint()
  local who = identity and (" as %s in %s"):format(tostring(identity.user or identity.user_id),
    tostring(identity.team or identity.team_id)) or ""
  local role = self.settings.role
  self.log:info("running%s%s%s", role and " as a " .. role or "", who,
    endpoint and ", HTTP on " .. endpoint or "")
  if self.oauth and role ~= "worker" then
    self.log:info("people install it at %s", self.oauth:install_url(self.http_server:url()))
  end
end

---Says that the app runs, and what of it will never be called.
---@param self slack.App
function M.tell(self)
  announce(self)
  warn_if_idle(self)
  self.transports:warn_of_deaf_listeners()
end

return M
