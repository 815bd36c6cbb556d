-- Tests of a bot without Slack, network and waiting: people say and do things in a local
-- workspace, and each call gives what the bot made of it.
--
--   local testing = require "slack.testing"
--   local t <close> = testing.new "bot.lua"
--   local r = t:message("hello", { user = "ada" })
--   assert(r.said[1].text == "Hello, <@UADA>!")
--
-- A test has a loop, a clock and a workspace of its own, which the app sees instead of the
-- real ones while the test does something. The local Slack, the Web API client and all above
-- it are those of every day; only the exchange of bytes with a server is replaced.

local Clock = require "slack.testing.clock"
local Network = require "slack.testing.network"
local Result = require "slack.testing.result"
local Sandbox = require "slack.sandbox"
local Server = require "slack.testing.server"
local Side = require "slack.testing.side"
local Web = require "slack.testing.web"
local acting = require "slack.testing.acting"
local logs = require "slack.log"
local misuse = require "slack.misuse"
local answers = require "slack.testing.answers"
local near_miss = require "slack.near_miss"
local people = require "slack.testing.people"
local person = require "slack.testing.person"
local playing = require "slack.testing.playing"
local raised = require "slack.raised"
local said = require "slack.testing.said"
local subject = require "slack.testing.subject"
local tasks = require "slack.tasks"
local visiting = require "slack.testing.visiting"

local FOLDER = misuse.folder()
local refuse = acting.refuse
local ROOT = "https://slack.com/" -- of URLs that Slack makes
local TEAM = "Moonbase"

---@class slack.TestingOptions
---@field now? number|string when the test begins: seconds since the epoch, or
---  "2026-01-05 09:00" in the time zone of the machine, which is what it is by default
---@field users? string[] people, the first of whom does what nobody is named for; ada, grace
---@field channels? string[] the first is where it is done; general, random
---@field env? table<string, string|false> what os.getenv gives; false: nothing
---@field storage? slack.Store what the app has for its storage, in memory
---@field installed? boolean false: the app has to be installed first (t:install)
---@field errors? "fail"|"collect" whether an error of a handler fails the test where it came
---  up, or is only in what the call gives; "fail"

local OPTIONS = {
  now = true, users = "table", channels = "table", env = "table", storage = "table",
  installed = "boolean", errors = "string",
}

---A bot in a workspace of its own.
---@class slack.Test: slack.testing.Actions
---@field app slack.App the bot's
---@field slack slack.Sandbox the local Slack, for what the test has no method for
---@field team_id string of the workspace
---@field bot { id: string, user_id: string, name: string }
---@field calls slack.testing.Call[] of the Web API since the app has started
---@field fetched slack.testing.Asked[] requests to other servers
---@field said slack.testing.Said[] what the bot has said
local Test = {}
Test.__index = Test
Test.__name = "slack.test"

for _, methods in ipairs { person.actions, answers, playing, visiting } do
  for name, method in pairs(methods) do
    Test[name] = method
  end
end

local M = {}

-- Making ----------------------------------------------------------------------------------

local function check_options(options)
  if type(options) ~= "table" then
    refuse("testing.new: a table of options expected, got %s", type(options))
  end
  for name, value in pairs(options) do
    local expected = OPTIONS[name]
    if not expected then
      refuse("testing.new: unknown option %q%s", tostring(name), near_miss(name, OPTIONS))
    elseif type(expected) == "string" and type(value) ~= expected then
      refuse("testing.new: option %q: %s expected, got %s", name, expected, type(value))
    end
  end
  if options.now ~= nil and not Clock.read_time(options.now) then
    refuse('testing.new: option "now": "2026-01-05 09:00" or seconds expected, got %s',
      tostring(options.now))
  elseif options.errors and options.errors ~= "fail" and options.errors ~= "collect" then
    refuse('testing.new: option "errors": "fail" or "collect" expected, got %q', options.errors)
  end
end

-- It is installed by its own pages, with what it shows there.
local function prepare_oauth(self, app)
  local slack_here, settings = self.slack, app.settings.oauth
  local installation = slack_here:installation()
  if installation then
    slack_here.grants:uninstall(installation)
  end
  slack_here.client_id, slack_here.client_secret = settings.client_id, settings.client_secret
  slack_here.redirect_urls = { settings.redirect_uri
    or ("http://127.0.0.1:%d%s"):format(app.settings.http.port or 3000, settings.redirect_path) }
end

-- What a program finds in its environment: nothing of the developer's own apps.
local function environment_of(options, slack_here)
  local environment = {
    SLACK_BOT_TOKEN = false, SLACK_APP_TOKEN = false, SLACK_API_URL = false,
    SLACK_TRANSPORT = false, SLACK_SIGNING_SECRET = false,
    SLACK_CLIENT_ID = slack_here.client_id, SLACK_CLIENT_SECRET = slack_here.client_secret,
  }
  for name, value in pairs(options.env or {}) do
    environment[name] = value
  end
  return environment
end

local function on_line(self, line)
  table.insert(self.lines, line)
  if self.result then
    table.insert(self.result.log, line)
  end
end

local NOBODY = { tell = function() end, wait_ready = function() end }

local function new_slack(self, options)
  local slack_here = Sandbox.without_network({
    clock = function() return self.clock:now() end, team_name = TEAM, users = {}, channels = {},
    bot = people.BOT, installed = options.installed,
    log = logs.new { sink = function(line) on_line(self, line) end, level = "warn" },
  }, { url = ROOT, socket = self.side, rtm = NOBODY })
  self.first_user = people.move_in(slack_here.workspace, options)
  return slack_here
end

local function note_said(self, one, message)
  if self.result then
    table.insert(self.result.said, one)
    self.result.live[one] = message
  end
  table.insert(self.said, one)
end

local function note_removed(self, one)
  if self.result then
    table.insert(self.result.deleted, one)
  end
end

local function note_error(self, failure)
  local list = self.result and self.result.errors or self.stray_errors
  table.insert(list, failure)
end

local function watch(self)
  said.watch(self.slack.workspace, function(one, message) note_said(self, one, message) end,
    function(one) note_removed(self, one) end)
  self.clock.on_error = function(err, traceback)
    note_error(self, { message = raised.text(err), traceback = raised.own_part(traceback) })
  end
  self.web = Web.new {
    slack = self.slack,
    server = function() return self.server end,
    api_url = function() return self.app and self.app.settings.api_url or ROOT end,
    on_call = function(call)
      table.insert(self.calls, call)
      table.insert(self.result.calls, call)
    end,
    on_fetch = function(asked)
      table.insert(self.fetched, asked)
      table.insert(self.result.fetched, asked)
    end,
    on_unknown = function(text) note_error(self, { message = text, traceback = "" }) end,
  }
  Network.attach(self.clock.loop, function(asked) return self.web:ask(asked) end)
end

-- Errors of handlers, whatever the app does about them.
local function watch_failures(self)
  local failures = self.app.dispatch.failures
  local report = failures.report
  function failures.report(of, c, failure, ...)
    note_error(self, {
      message = raised.text(failure.err), traceback = raised.own_part(failure.traceback),
      listener = failure.listener and tostring(failure.listener) or nil,
    })
    return report(of, c, failure, ...)
  end
end

local function raise_problems(self)
  local problems = self.app.scripts and self.app.scripts:problems() or {}
  if problems[1] then
    local texts = {}
    for i, problem in ipairs(problems) do
      texts[i] = problem.message
    end
    self:close()
    refuse("testing.new: a script does not load: %s", table.concat(texts, "\n"))
  end
end

local function start(self, is_installed)
  self:_act("the start of the app", {}, function()
    local ok, err = self.app:start()
    if not ok then
      refuse("%s", err.cause and tostring(err.cause) or tostring(err))
    end
  end)
  raise_problems(self)
  if self.app.oauth and is_installed then
    local page = self:install().page
    if not self.slack:installation() then
      self:close()
      refuse("testing.new: the app could not be installed: %d %s", page.status, page.body)
    end
  end
  self.calls, self.said, self.fetched = {}, {}, {}
end

---A bot in a workspace of its own, started: what people do there reaches it.
---@param what string|slack.AppOptions|slack.App path of the bot's program; options of slack.app
---  (without tokens: `{ scripts = "handlers" }`); or an app that has not been started
---@param options? slack.TestingOptions
---@return slack.Test
function M.new(what, options)
  options = options or {}
  if what == M or type(what) ~= "string" and type(what) ~= "table" then
    refuse("testing.new: the path of a bot, options of slack.app, or an app expected, got %s",
      what == M and "itself: call it with a dot, not with a colon" or type(what))
  end
  check_options(options)
  local self = setmetatable({
    calls = {}, fetched = {}, said = {}, lines = {}, stray_errors = {}, side = Side.new(),
    errors = options.errors or "fail", undo = {},
    result = Result.new "testing.new",
  }, Test)
  self.clock = Clock.new(Clock.read_time(options.now), {})
  self.slack = new_slack(self, options)
  self.bot, self.team_id = self.slack.workspace.bot, self.slack.team_id
  self.clock.environment = environment_of(options, self.slack)
  watch(self)
  self:_make(what, options)
  start(self, options.installed ~= false)
  return self
end

function Test:_make(what, options)
  local app, undo
  do
    local guard <close> = self.clock:enter() -- luacheck: ignore 211
    app, undo = subject.make(what)
  end
  if not app then
    refuse("testing.new: %s", undo)
  end
  self.app = app
  self.undo = {
    subject.isolate(app, {
      storage = options.storage, clock = self.clock, log = function(line) on_line(self, line) end,
    }),
    undo,
  }
  self.side:serve(app)
  self.side.on_listen = function() self.server = Server.open(app) end
  if app.oauth then
    prepare_oauth(self, app)
  end
  watch_failures(self)
end

-- Doing -----------------------------------------------------------------------------------

local function text_of(failure)
  local where = failure.listener and ("\n  in %s"):format(failure.listener) or ""
  return failure.message .. where .. failure.traceback
end

local function check_errors(self, result, expected)
  local first = result.errors[1]
  if expected == nil then
    expected, self.expected = self.expected, nil
  end
  if expected == nil and self.errors == "fail" and first then
    refuse("%s: the bot failed: %s", result.what, text_of(first))
  elseif expected and not first then
    refuse("%s: an error was expected, and none came\n%s", result.what, tostring(result))
  elseif type(expected) == "string" and not first.message:find(expected)
    and not first.message:find(expected, 1, true) then
    refuse("%s: an error with %q was expected, and it is: %s", result.what, expected,
      text_of(first))
  end
end

-- What a message says at the end, when it was written on meanwhile.
local function refresh(result, streams)
  for one, message in pairs(result.live) do
    if streams[message.ts] and not one.is_update then
      one.text, one.blocks = message.text, message.blocks
    end
  end
  result.live = nil
end

local function check_free(self, what)
  if self.is_closed then
    refuse("%s: the test has been closed", what)
  elseif self.clock:is_inside() then
    refuse("%s: called by the bot that is tested: the test itself calls it", what)
  end
end

---Does something, and all that the app can do about it without time passing.
---@param what string for people
---@param who { user: table?, fails: boolean|string|nil, seconds: number? } seconds: that pass
---@param run fun(result: slack.testing.Result) in a task
---@return slack.testing.Result
function Test:_act(what, who, run)
  check_free(self, what)
  local result = Result.new(what)
  result.live, result.errors, self.stray_errors = {}, self.stray_errors, {}
  local rests, task
  do
    local guard <close> = self.clock:enter() -- luacheck: ignore 211
    self.result = result
    task = tasks.spawn(run, result)
    task.joined = true
    rests = self.clock:pass(who.seconds or 0)
  end
  self.result = nil
  refresh(result, self.slack.workspace.streams)
  result.view = self.slack.workspace:top_view(who.user and who.user.id)
  if task.failed then
    misuse.raise(FOLDER, what .. ": " .. raised.text(task.err):gsub("^[^\n]-:%d+: ", "", 1)
      :gsub("^sandbox: ", ""))
  elseif not rests then
    refuse("%s: the bot does not come to rest: it does something again and again without time "
      .. "passing", what)
  end
  check_errors(self, result, who.fails)
  return result
end

---The next thing that is done makes a handler fail, as with `fails` in its options.
---@param text? string found in the error
function Test:expect_error(text)
  self.expected = text or true
end

---Runs what the test itself asks of the app, its client or its storage, by the test's clock:
---`t:run(function() return t.app.store:get "visits" end)`.
---@param fn function
---@return any ... what it returns
function Test:run(fn, ...)
  if type(fn) ~= "function" then
    refuse("t:run: a function expected, got %s", type(fn))
  end
  local arguments, results = table.pack(...), nil
  self:_act("t:run", {}, function()
    results = table.pack(fn(table.unpack(arguments, 1, arguments.n)))
  end)
  if not results then
    refuse "t:run: it waits for something that needs time to pass: t:advance"
  end
  return table.unpack(results, 1, results.n)
end

---One of the people, who does what the test has methods for: `ada:message "hello"`.
---@param name string somebody new when there is nobody of that name
---@return slack.testing.Person
function Test:user(name)
  if type(name) ~= "string" then
    refuse("t:user: a name expected, got %s", type(name))
  end
  return person.new(self, name)
end

-- Time and log ------------------------------------------------------------------------------

---Seconds since the epoch, by the clock of the test.
---@return number
function Test:now()
  return self.clock:now()
end

---Passes time: timers, timeouts, sleeps and what is due by the clock come when they are due.
---@param time string|number "5m", "1h30m", seconds
---@param options? { fails: boolean|string }
---@return slack.testing.Result of all that came meanwhile
function Test:advance(time, options)
  local seconds = Clock.seconds_of(time)
  if not seconds then
    refuse('t:advance: "5m", "1h30m" or seconds expected, got %s', tostring(time))
  end
  local what = ("t:advance(%s)"):format(type(time) == "string" and ("%q"):format(time) or time)
  local result = self:_act(what, { fails = options and options.fails, seconds = seconds },
    function() end)
  return result
end

---The lines of the log so far.
---@return string[]
function Test:log()
  return self.lines
end

---Ends the test: the app is closed, and what its start has changed in this process is put back.
function Test:close()
  if self.is_closed then
    return
  end
  do
    local guard <close> = self.clock:enter() -- luacheck: ignore 211
    if self.app then
      self.app:close()
      self.app.dispatch.failures.report = nil
    end
    self.slack.scheduled:stop()
    self.clock:settle()
  end
  self.is_closed = true
  for _, undo in pairs(self.undo) do
    undo()
  end
end

Test.__close = Test.close

return M
