-- An app: its options, its life, and what is registered with it.

local lazy = require "slack.lazy"
local Authorization = lazy "slack.authorization"
local Dispatch = lazy "slack.dispatch"
local DurableState = lazy "slack.durable_state"
local Health = lazy "slack.health"
local Measures = lazy "slack.measures"
local Oauth = lazy "slack.oauth"
local Routes = require "slack.routes"
local Schedule = lazy "slack.schedule"
local Scripts = lazy "slack.scripts"
local Transports = require "slack.transports"
local app_peers = lazy "slack.app_peers"
local app_storage = require "slack.app_storage"
local client = require "slack.client"
local errors = require "slack.errors"
local hosting = require "slack.hosting"
local http = require "slack.http"
local listing = lazy "slack.listing"
local loading = require "slack.loading"
local log = require "slack.log"
local loop = require "slack.loop"
local method_advice = require "slack.method_advice"
local registry = require "slack.registry"
local running = require "slack.running"
local starting = require "slack.starting"
local stopping = lazy "slack.stopping"
local tasks = require "slack.tasks"
local watchdog = require "slack.watchdog"

local CLIENT_OPTIONS = {
  "token", "api_url", "timeout", "proxy", "no_proxy", "ca_file", "insecure", "retries", "pacing",
  "max_wait", "on_wait", "max_requests", "http2",
}
---@class slack.App: slack.Registrar
---@field settings slack.AppOptions
---@field client slack.Client with the app's own token, if it has one
---@field authorization slack.Authorization
---@field dispatch slack.Dispatch
---@field rtm? slack.Rtm what goes out over RTM, with transport "rtm"
---@field routes slack.Routes of the HTTP side
---@field transports slack.Transports
---@field http_server? slack.HttpServer while the app runs and has an HTTP side
---@field installations? slack.Installations with the option oauth, once it has started
---@field peers? slack.Peers the other processes, while the app runs and shares a Redis with them
---@field relays? slack.Relays
---@field inbox? slack.Inbox while the app runs, if deliveries are kept
---@field storage slack.Store of the option storage, while the app runs
---@field oauth? slack.Oauth
---@field store slack.Store the part of it that is the program's own
---@field health slack.Health|false with an HTTP side
---@field log slack.Logger
---@field identity? table what auth.test said: user_id, bot_id, team_id, …
---@field states table<string, any> of app:state
---@field durable_state slack.DurableState|false
---@field schedule slack.Schedule of app:every and app:at
---@field tap slack.Tap|false who sees what comes and goes; see tap.lua
---@field worker? integer number of this process, with the option workers
---@field console slack.Console|false while the app runs, with the option console
---@field phase "idle"|"starting"|"running"|"stopping"
local App = {}
App.__name = "slack.app"

for name, method in pairs(registry.Registrar) do
  App[name] = method
end

-- What an app may be without.
local FIELDS = {
  "fatal", "http_server", "identity", "inbox", "installations", "memory", "oauth", "peers",
  "relays", "rtm", "scripts", "start_task", "stop_at", "stop_error", "stop_gate", "worker",
}

-- A field that is not there: nil, or advice if a method is meant.
App._missing = method_advice(App, FIELDS)

-- Making -------------------------------------------------------------------------

-- Where tokens come from, for those whose call has none, or one that is no good.
local NOT_AUTHED = "the app has no token of its own: take app:client_for { team_id = … }, or "
  .. "c.client in a handler of a delivery"
local HINTS = {
  oauth = {
    not_authed = NOT_AUTHED, invalid_auth = "install the app there again",
    bad_client_secret = 'check the option "oauth.client_secret" or SLACK_CLIENT_SECRET',
    invalid_client_id = 'check the option "oauth.client_id" or SLACK_CLIENT_ID',
    bad_redirect_uri = 'check the option "oauth.redirect_uri" and the redirect URLs on the page of '
      .. "the app at Slack",
  },
  authorize = { not_authed = NOT_AUTHED, invalid_auth = "check what authorize gives" },
}

local function new_client(self, options, logger)
  local given = {
    log = logger, on_call = function(method, err) self.measures:called(method, err) end,
    hints = options.oauth and HINTS.oauth or options.authorize and HINTS.authorize or nil,
  }
  for _, name in ipairs(CLIENT_OPTIONS) do
    given[name] = options[name]
  end
  local made = client.new(given)
  made._stats.app = self
  return made
end

---@param options slack.AppOptions checked
---@return slack.App? app
---@return slack.Error? err of proxy, CA file or api_url
function App.new(options)
  local net, err = http.net(options)
  if not net then
    return nil, err
  end
  local ok, message, code = net:check_url(options.api_url)
  if not ok then
    return nil, errors.new { code = code, message = 'option "api_url": ' .. message }
  end
  local logger = log.of(options.log, options.name)
  local self = setmetatable({
    settings = options, net = net, log = logger, states = {}, phase = "idle", ending = false,
    end_waiters = {}, storage = app_storage.NONE, store = app_storage.NONE, durable_state = false,
    console = false, tap = false, _ledger = registry.new_ledger(),
  }, App)
  self.client, self.routes = new_client(self, options, logger), Routes.new(options)
  self.oauth = options.oauth and Oauth.new(self) or nil
  self.health = options.http and Health.new(self) or false
  self.transports = Transports.new(self)
  self.scripts = options.scripts and Scripts.new(self, options.scripts) or nil
  hosting.makes()
  return self
end

function App:__tostring()
  return "slack.app: " .. (self.settings.name or self.phase)
end

-- Registered things ----------------------------------------------------------------

local function ledgers_of(self)
  local ledgers = { self._ledger }
  if self.scripts then
    self.scripts:add_ledgers(ledgers)
  end
  return ledgers
end

local function make_dispatch(self)
  local dispatch = Dispatch.new(self, loop.now)
  self.dispatch = dispatch
  self.transports:obey(dispatch)
  registry.apply(dispatch, ledgers_of(self))
  return dispatch
end

-- Made when they are first asked for: a fourth of all that an app loads, for which there is
-- time until Slack's first answer (starting.lua).
local PARTS = {
  authorization = function(self) return Authorization.new(self) end,
  dispatch = make_dispatch,
  measures = function(self) return Measures.new(self) end,
  metrics = function(self) return self.measures.metrics end,
  schedule = function(self) return Schedule.new(self) end,
}

-- A field, made now if it is such a part; nil: it has none of that name.
function App:_field(name)
  local value = rawget(self, name)
  if value == nil and PARTS[name] then
    value = PARTS[name](self)
    self[name] = value
  end
  return value
end

function App:__index(name)
  local method = App[name]
  if method ~= nil then
    return method
  elseif PARTS[name] then
    return App._field(self, name)
  end
  App._missing(name, 2)
end

---Everything registered, by the program first, then by the scripts in the order
---of their names.
function App:_apply()
  registry.apply(self.dispatch, ledgers_of(self))
end

---What is registered now: listeners, routes and jobs of the schedule, as data, the program's
---first, then those of the scripts in the order of their names.
---@return slack.Listed[]
function App:listeners()
  local list = {}
  for _, ledger in ipairs(ledgers_of(self)) do
    listing.of_ledger(ledger, list)
  end
  return list
end

-- A listener needs no new index, and none before there is a dispatch.
function App:_on_change(listener)
  local dispatch = rawget(self, "dispatch")
  if listener and dispatch then
    dispatch.index:add(listener)
  elseif not listener then
    self:_apply()
  end
end

---@class slack.StateOptions
---@field durable? boolean it outlives the process, too: it is kept in the storage

---A value under a name that outlives reloads of scripts. Keep data in it, not
---functions: those stay what they were. One that is durable is loaded from the storage when
---it is asked for the first time, which waits, and stored within a second after it has
---changed and at the end: it is what JSON can hold.
---@generic T
---@param name string
---@param default? T its first value
---@param options? slack.StateOptions
---@return T? value
---@return slack.Error? err of a durable one, when the storage cannot be asked
function App:state(name, default, options)
  if type(name) ~= "string" then
    error("app:state: name: string expected, got " .. type(name), 2)
  end
  local is_durable, problem = DurableState.is_meant(self, name, default, options)
  if problem then
    error("app:state: " .. problem, 2)
  elseif is_durable then
    self.durable_state = self.durable_state
      or DurableState.new(self, self.storage ~= app_storage.NONE and self.storage or nil)
    local value, err = self.durable_state:get(name, default)
    return value, err
  elseif self.states[name] == nil then
    self.states[name] = default
  end
  return self.states[name]
end

---A client for a workspace or an organization, outside of any request; with a user_id,
---with the token that this user has granted.
---@async
---@param query { team_id?: string, enterprise_id?: string, user_id?: string }
---@return slack.Client? client
---@return slack.Error? err code "not_installed", "no_user_token" or "authorization_failed"
function App:client_for(query)
  local found, err = self.authorization:client_for(query) -- no tail call: misuse names the caller
  return found, err
end

-- Starting -------------------------------------------------------------------------

---Checks the token, runs the scripts, connects; waits until the first connection
---is ready. While Slack cannot be reached it goes on trying.
---@async
---@return true? ok
---@return slack.Error? err when there is no use in trying: a refused token, for instance
function App:start(...)
  loading.refuse "app:start"
  if select("#", ...) > 0 then
    error("app:start: it takes no arguments, and needs no port", 2)
  end
  hosting.starts(self)
  if self.phase ~= "idle" then
    return nil, errors.new {
      code = "started", message = "app:start: the app is " .. self.phase .. " already",
    }
  end
  self.phase, self.fatal = "starting", nil
  if rawget(self, "dispatch") then -- it was started before
    self.dispatch.is_stopping = false
  end
  watchdog.start(self)
  local ok, err = starting.run(self)
  if not ok then
    if err.code == "stopped" then
      return nil, err -- it was closed, and may have been started again
    end
    self:close()
    return nil, errors.new {
      code = err.code, method = err.method, status = err.status, cause = err,
      message = "the app cannot start: " .. tostring(err),
    }
  end
  self.phase = "running"
  if self.inbox then
    self.inbox:start()
  end
  if self.peers then
    app_peers.open(self)
  end
  if self.settings.role ~= "receiver" then
    self.schedule:start()
  end
  starting.tell(self)
  return true
end

-- Stopping ---------------------------------------------------------------------------

local function announce_end(self)
  local waiters = self.end_waiters
  self.end_waiters = {}
  for _, waiter in ipairs(waiters) do
    waiter:resolve(true)
  end
end

---Ends at once: handlers are cut off, but for the calling one, and connections dropped. In a
---process that was forked while the app ran it is only forgotten.
function App:close()
  if loop.is_inherited() then
    self.phase = "idle"
    return
  end
  self.dispatch:excuse_caller()
  starting.cancel(self)
  self.schedule:stop()
  self.transports:close()
  self.dispatch:cancel_all()
  self.dispatch.on_job_end, self.dispatch.is_full = nil, false
  if self.scripts then
    self.scripts:stop()
  end
  if self.oauth then
    self.oauth:close()
  end
  if self.console then
    self.console:close()
    self.console = false
  end
  app_storage.close(self)
  watchdog.stop(self)
  self.phase, self.ending = "idle", false
  announce_end(self)
end

App.__close = App.close

-- A stop is under way; it need not wait for who waits for it.
local function wait_for_end(self, timeout)
  self.dispatch:excuse_caller()
  self.stop_at = math.min(self.stop_at, loop.now() + timeout)
  if self.stop_gate then
    self.stop_gate:resolve(true)
  end
  local waiter = tasks.waiter()
  table.insert(self.end_waiters, waiter)
  waiter:await()
  return true
end

-- What a stop has left undone is told by the log, by its result and by that of app:run.
local function note_left(self, left)
  local message = stopping.text(left)
  self.log:warn("stopped: %s", message)
  self.stop_error = errors.new { code = "shutdown_timeout", message = message }
  return self.stop_error
end

-- Whoever stops it may be cancelled meanwhile, or fail: nobody else could end it then.
local function end_of(self)
  local ending = setmetatable({}, { __close = function(ending)
    if self.ending == ending then
      local left = stopping.cut_off(self)
      if left then
        note_left(self, left)
      end
      self:close()
    end
  end })
  self.ending = ending
  return ending
end

---Stops gracefully: no new events are taken, those that have come are handled,
---running handlers may finish. May be called from a handler, which is not waited
---for. What still runs when the time is over is cut off.
---@async
---@param timeout? number seconds; option shutdown_timeout
---@return true? ok
---@return slack.Error? err code "shutdown_timeout" when handlers were cut off, or never begun;
---  "forked" in a process that was forked from the one in which the app runs
function App:stop(timeout)
  timeout = timeout or self.settings.shutdown_timeout
  if type(timeout) ~= "number" then
    error("app:stop: timeout: seconds expected, got " .. type(timeout), 2)
  end
  if self.phase == "idle" then
    return true
  elseif loop.is_inherited() then
    return nil, errors.new {
      code = "forked", message = "app:stop: the app runs in the process that this one was forked "
        .. "from: end this one by os.exit",
    }
  elseif self.phase == "stopping" then
    return wait_for_end(self, timeout)
  end
  self.phase, self.stop_at = "stopping", loop.now() + timeout
  local ending <close> = end_of(self)
  self.schedule:stop()
  self.dispatch:excuse_caller()
  local left = stopping.finish(self, ending)
  if left then
    return nil, note_left(self, left)
  end
  self.log:info("stopped")
  return true
end

-- Running ------------------------------------------------------------------------------

---Starts, runs until it is stopped, and stops gracefully on SIGINT and SIGTERM (at
---once on a second one). SIGHUP reloads the scripts and the certificate.
---`os.exit(app:run() or 1)` tells the shell how it ended. With the option `workers`
---it does so in each of them, and returns only in the process that watches over them.
---@async
---@return true? ok
---@return slack.Error? err what kept it from starting, ended it, or handlers that were cut off
function App:run()
  loading.refuse "app:run"
  local host = hosting.current()
  if host then
    return host(self, function() return running.run(self) end)
  end
  return running.run(self)
end

-- Under another loop ---------------------------------------------------------------------

---A descriptor that is readable when something is to be done; the same for the
---program's whole life.
---@return integer
function App.pollfd()
  return loop.pollfd()
end

---What to wait for on it: always "r".
---@return "r"
function App.events(...)
  if select("#", ...) > 1 then
    error("app:events: it takes no arguments; did you mean app:event?", 2)
  end
  return "r"
end

---Seconds after which step is to be called even if the descriptor stays silent.
---@return number?
function App.timeout()
  return loop.timeout()
end

---Does what is due, after waiting for it at most so long.
---@param timeout? number seconds, 0
---@return true? ok
---@return slack.Error? err when the app has ended by itself: a revoked token, for instance
function App:step(timeout)
  loop.step(timeout or 0)
  if self.fatal then
    return nil, self.fatal
  end
  return true
end

---Counters since the app was made, and how it is now.
---@return table
function App:stats()
  local stats = {
    phase = self.phase, running = self.dispatch.running, waiting = self.dispatch.waiting,
    queued = self.dispatch.queued, listeners = self.dispatch.index.count,
    scripts = self.scripts and self.scripts:stats() or nil,
  }
  for name, count in pairs(self.dispatch.counts) do
    stats[name] = count
  end
  stats.inbox = self.inbox and self.inbox:numbers()
  if self.peers then
    app_peers.add_stats(self, stats)
  end
  self.transports:add_stats(stats)
  return stats
end

return App
