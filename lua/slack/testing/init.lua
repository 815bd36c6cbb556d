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
local FakeNetwork = require "slack.fake_network"
local Result = require "slack.testing.result"
local Sandbox = require "slack.sandbox"
local Server = require "slack.testing.server"
local Side = require "slack.testing.side"
local Test = require "slack.testing.test"
local Web = require "slack.testing.web"
local acting = require "slack.testing.acting"
local logs = require "slack.log"
local near_miss = require "slack.near_miss"
local people = require "slack.testing.people"
local raised = require "slack.raised"
local rtm = require "slack.testing.rtm"
local said = require "slack.testing.said"
local subject = require "slack.testing.subject"

local refuse = acting.refuse
local ROOT = "https://slack.com/" -- of URLs that Slack makes
local TEAM = "Moonbase"
local PATIENCE = 60 -- seconds that a start may take

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

-- Types; true: looked at below.
local OPTIONS = {
  now = true, users = "table", channels = "table", env = "table", storage = "table",
  installed = "boolean", errors = "string",
}

-- What somebody may have meant by another type.
local HINTS = {
  storage = ": a store; the URL that the app's own option names is \"memory:\" here without it",
}

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
      refuse("testing.new: option %q: %s expected, got %s%s", name, expected, type(value),
        HINTS[name] or "")
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
    api_url = function() return self.app and self.app.settings.api_url or ROOT .. "api/" end,
    on_call = function(call)
      table.insert(self.calls, call)
      table.insert(self.result.calls, call)
    end,
    on_fetch = function(asked)
      table.insert(self.fetched, asked)
      table.insert(self.result.fetched, asked)
    end,
    on_answered = function(asked, status)
      local one, message = said.replaced(self.slack, asked, status)
      if one then
        note_said(self, one, message)
      end
    end,
    on_unknown = function(text) note_error(self, { message = text, traceback = "" }) end,
  }
  FakeNetwork.attach(self.clock.loop, function(asked) return self.web:ask(asked) end)
end

-- What no listener takes, and errors of handlers, whatever the app does about them.
local function watch_dispatch(self)
  local dispatch = self.app.dispatch
  local failures, nobody = dispatch.failures, dispatch.nobody
  function dispatch.nobody(of, c, ...)
    if self.result then
      self.result.unmatched = true
    end
    return nobody(of, c, ...)
  end
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
    refuse("testing.new: a script does not load: %s", table.concat(texts, "\n"))
  end
end

local function start(self, is_installed)
  self:_act("the start of the app", { patience = PATIENCE }, function()
    local ok, err = self.app:start()
    if not ok then
      refuse("%s", err.cause and tostring(err.cause) or tostring(err))
    end
  end)
  if self.app.phase ~= "running" then
    refuse("testing.new: the app has not started within %d s", PATIENCE)
  end
  raise_problems(self)
  if self.app.oauth and is_installed then
    local page = self:install().page
    if not self.slack:installation() then
      refuse("testing.new: the app could not be installed: %d %s", page.status, page.body)
    end
  end
  self.calls, self.said, self.fetched = {}, {}, {}
end

local function make(self, what, options)
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
  self.side.on_open = function()
    if app.rtm then
      rtm.connect(app, self.slack)
    end
  end
  if app.oauth then
    prepare_oauth(self, app)
  end
  watch_dispatch(self)
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
  local ok, problem = pcall(function()
    make(self, what, options)
    start(self, options.installed ~= false)
  end)
  if not ok then
    self:close()
    error(problem, 0)
  end
  return self
end

return M
