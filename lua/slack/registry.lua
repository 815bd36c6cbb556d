-- What has been registered: a ledger for the program and one for each script.
-- From all of them together comes the index that the dispatch works with.

local lazy = require "slack.lazy"
local Assistant = lazy "slack.assistant"
local Index = require "slack.index"
local Listener = require "slack.listener"
local Route = lazy "slack.route"
local ScheduleEntry = lazy "slack.schedule_entry"
local command_routes = lazy "slack.command_routes"
local kinds = require "slack.kinds"
local ordered = require "slack.ordered"

---An exact string, a pattern, a predicate, a list of these; true: anything; false: nothing there.
---@alias slack.Wanted string|boolean|slack.Pattern|userdata|table|fun(value: any): any

---What a listener may ask for; which fields a method knows is in kinds.lua. Plain values are
---for the field that the method is for.
---@class slack.Filters: slack.LaneOptions
---@field [integer]? slack.Wanted
---@field channel? slack.Wanted ids, as of user, team and enterprise
---@field user? slack.Wanted
---@field team? slack.Wanted
---@field enterprise? slack.Wanted
---@field dm? boolean in a direct message
---@field thread? boolean in a thread, but not its first message
---@field thread_ts? slack.Wanted
---@field mention? boolean the text begins with the mention of this bot, and comes without it
---@field type? slack.Wanted
---@field subtype? slack.Wanted
---@field text? slack.Wanted of events and messages: found anywhere in it
---@field channel_type? slack.Wanted
---@field bot_id? slack.Wanted
---@field app_id? slack.Wanted
---@field reaction? slack.Wanted
---@field tab? slack.Wanted
---@field domain? slack.Wanted of a link
---@field command? slack.Wanted
---@field action_id? slack.Wanted
---@field block_id? slack.Wanted
---@field callback_id? slack.Wanted
---@field external_id? slack.Wanted
---@field name? slack.Wanted of an element of an attachment or a dialog
---@field kind? slack.Wanted of app:any

---What a listener is for: plain values, a pattern, a predicate, or a table of filters and
---listener options.
---@alias slack.What string|slack.Pattern|slack.Filters|userdata|fun(c: slack.Context): any
---@alias slack.Handler fun(c: slack.Context, next: fun(): any): any
-- The handler comes last; middleware may stand before it.
---@alias slack.Handlers slack.Handler|table
---@alias slack.Register fun(self: slack.Registrar, what: slack.What, b?: slack.Handlers,
---c?: slack.Handlers, d?: slack.Handlers): slack.Listener

-- The methods of app that register; also those of the app that a script gets. Each takes
-- what the listener is for, then middleware, then the handler. Their handlers' contexts are
-- annotated in slack/types.
---@class slack.Registrar
---@field event slack.Register
---@field any slack.Register what may be left out
---@field _ledger slack.Ledger
---@field _on_change fun(self: slack.Registrar, listener: slack.Listener?)
local Registrar = {}

local M = { Registrar = Registrar }

local SPAN = ordered.SPAN

---@class slack.Ledger
---@field listeners slack.ListHolder
---@field plans table<string, slack.ListenerPlan> that several may share, by their signs
---@field index? slack.Index in which they are
---@field last integer number of the listener registered last
---@field rank integer its place among those in use
---@field middleware function[]
---@field routes slack.Route[]
---@field schedules slack.ScheduleEntry[]
---@field on_error? function
---@field unloads function[]
---@field script? string

---@param script? string name of the script it belongs to
---@return slack.Ledger
function M.new_ledger(script)
  return {
    listeners = ordered.new(0), middleware = {}, routes = {}, unloads = {}, script = script,
    schedules = {}, last = 0, rank = 0, plans = setmetatable({}, { __mode = "v" }),
  }
end

local function check_self(self, name)
  if type(self) ~= "table" or not self._ledger then
    error(("app.%s: call it with a colon: app:%s(…)"):format(name, name), 3)
  end
end

local function enroll(self, listener)
  listener:enroll(self._ledger)
  self:_on_change(listener)
end

-- The handler of a command may be a table of routes.
local function new_listener(name, ...)
  local count = select("#", ...)
  local handler = select(math.max(count, 1), ...)
  if name == "command" and count > 1 and type(handler) == "table"
    and not Listener.is_callable(handler) then
    return command_routes.new_listener(name, ...)
  end
  return Listener.new(name, ...)
end

-- A plain text is searched as it is, where others have patterns.
local function warn_of_pattern(self, text, listener)
  if text:find "^%^" or text:find "%%[adlsuw]" or text:find "\\[bdsw]"
    or text:find("(.*)", 1, true) then
    self.log:warn("%s: a plain text is searched for as it is; for a pattern give slack.pattern %q",
      tostring(listener), text)
  end
end

for name in pairs(kinds.METHODS) do
  Registrar[name] = function(self, ...)
    check_self(self, name)
    local listener, problem = new_listener(name, ...)
    if not listener then
      error(("app:%s: %s"):format(name, problem), 2)
    end
    enroll(self, listener)
    local what = ...
    if name == "message" and type(what) == "string" then
      warn_of_pattern(self, what, listener)
    end
    return listener
  end
end

---The threads in which people talk with the app alone: thread_started and user_message
---are called with what they do there, also context_changed when they look at another
---channel, and bot_message with what apps write. All that comes from such threads is
---theirs: app:message does not hear of it.
---@param given slack.AssistantOptions
---@return slack.Assistant
function Registrar:assistant(given)
  check_self(self, "assistant")
  local assistant, problem = Assistant.new(given)
  if not assistant then
    error("app:assistant: " .. problem, 2)
  end
  for _, listener in ipairs(assistant.listeners) do
    enroll(self, listener)
  end
  return assistant
end

---A middleware for everything that comes: called with the context and `next`.
---@param middleware fun(c: slack.Context, next: fun(): any)
function Registrar:use(middleware)
  check_self(self, "use")
  if not Listener.is_callable(middleware) then
    error("app:use: middleware: function expected, got " .. type(middleware), 2)
  end
  table.insert(self._ledger.middleware, middleware)
  self:_on_change()
end

---A path of one's own on the HTTP side, for what does not come from Slack: a web
---hook of another service, a page. The path may have parameters ("/orders/:id") and
---take all that follows ("/files/*path"). What the handler returns is the answer:
---text, or a table with status, headers, text, html, json or body, redirect, cookies;
---nothing is 204. It may wait. Middleware of app:use does not run for it.
---@param method string|string[] "GET", which serves HEAD too; "*": any
---@param path string
---@param handler fun(c: slack.RouteContext): string|slack.RouteResponse|nil
function Registrar:route(method, path, handler)
  check_self(self, "route")
  local route, problem = Route.new(method, path, handler)
  local taken = route and self.routes:taken_by(route)
  if taken then
    problem = ("path: at %q %s already"):format(path, taken)
  end
  if problem then
    error("app:route: " .. problem, 2)
  end
  local ledger = self._ledger
  route.script = ledger.script
  ledger.routes[#ledger.routes + 1] = route
  self:_on_change()
end

local function add_schedule(self, method, ...)
  local ledger = self._ledger
  local entry, problem = ScheduleEntry.new(method, ledger.script, ...)
  if not entry then
    error(("app:%s: %s"):format(method, problem), 3)
  end
  entry.ledger, entry.registrar = ledger, self
  ledger.schedules[#ledger.schedules + 1] = entry
  self:_on_change()
  return entry
end

---Runs a handler again and again while the app runs: first when the interval is over,
---then on a grid that what a run takes does not move. One run at a time; what was due
---meanwhile is skipped, and counted in c.missed. c.scheduled_at says when it was due.
---@param interval number|string seconds, "30s", "5m", "1h30m", or a cron string
---@param ... any [options: slack.ScheduleOptions,] handler: fun(c: slack.Context)
---@return slack.ScheduleEntry entry
function Registrar:every(interval, ...)
  check_self(self, "every")
  local entry = add_schedule(self, "every", interval, ...)
  return entry
end

---Runs a handler at times of the day: "09:00", "Mon 09:00", "Mon-Fri 09:00,17:30",
---"1st 08:00", "last 18:00", "2026-12-24 18:00", or a cron string, in the time zone of
---the option tz.
---@param when string
---@param ... any [options: slack.ScheduleOptions,] handler: fun(c: slack.Context)
---@return slack.ScheduleEntry entry
function Registrar:at(when, ...)
  check_self(self, "at")
  local entry = add_schedule(self, "at", when, ...)
  return entry
end

---What is called with the error of a handler, in place of the line in the log: log
---it yourself, failure.traceback says where it came from. It may ack, or return what
---is to be the ack when none was sent.
---@param handler fun(err: any, c: slack.Context, failure: slack.Failure): any
function Registrar:on_error(handler)
  check_self(self, "on_error")
  if not Listener.is_callable(handler) then
    error("app:on_error: handler: function expected, got " .. type(handler), 2)
  end
  self._ledger.on_error = handler
  self:_on_change()
end

---Gives the dispatch what is in the ledgers, in their order, in one step.
---@param dispatch slack.Dispatch
---@param ledgers slack.Ledger[]
function M.apply(dispatch, ledgers)
  local index, middleware, routes, schedules, on_error = Index.new(), {}, {}, {}, nil
  for rank, ledger in ipairs(ledgers) do
    ledger.rank = rank
    for _, listener in ipairs(ledger.listeners.list) do
      listener.order = rank * SPAN + listener.order % SPAN
      index:add(listener)
    end
    table.move(ledger.middleware, 1, #ledger.middleware, #middleware + 1, middleware)
    table.move(ledger.routes, 1, #ledger.routes, #routes + 1, routes)
    table.move(ledger.schedules, 1, #ledger.schedules, #schedules + 1, schedules)
    on_error = ledger.on_error or on_error
  end
  dispatch.index, dispatch.middleware, dispatch.on_error = index, middleware, on_error
  dispatch.has_middleware = middleware[1] ~= nil
  dispatch.app.routes:replace(routes, dispatch.app.log)
  dispatch.app.schedule:replace(schedules)
end

return M
