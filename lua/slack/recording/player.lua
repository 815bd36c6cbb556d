-- Gives what was recorded to an app in this process, which has no network: its calls are
-- answered out of the recording, its storage is in memory, its time passes as it did then.

local Answers = require "slack.recording.answers"
local Authorization = require "slack.authorization"
local Clock = require "slack.testing.clock"
local FakeNetwork = require "slack.fake_network"
local Side = require "slack.testing.side"
local errors = require "slack.errors"
local fetched = require "slack.recording.fetched"
local merged = require "slack.merged"
local raised = require "slack.raised"
local subject = require "slack.testing.subject"
local tap = require "slack.tap"
local tasks = require "slack.tasks"

-- Seconds of its own time that a handler may go on before the next delivery comes.
local PATIENCE = 600
-- A longer pause between two deliveries is passed over.
local LONGEST_PAUSE = 86400

local SIDE_KINDS = {
  event = "events_api", command = "slash_commands", interaction = "interactive",
}

-- By which it came: what nobody takes is answered otherwise over HTTP.
local TRANSPORTS = { socket = "socket", http = "http" }

---What became of a delivery this time.
---@class slack.recording.Report
---@field delivery slack.recording.Delivery
---@field listeners slack.Listener[] that ran, in their order
---@field resumed boolean a handler that waited for it had it
---@field fate? "unmatched"|"duplicate"|"ignored"|"unknown" why none ran
---@field ack any its ack now; nil: none
---@field is_ack_same boolean
---@field refused? string
---@field calls { method: string, args: table, err: slack.Error?, state: string,
---  recorded: slack.recording.Call? }[] state: "same", "other" or "new" (not recorded)
---@field missing slack.recording.Call[] that were recorded and not made
---@field outside string[] requests to other servers whose answers were not recorded
---@field errors { message: string, traceback: string, listener: slack.Listener? }[]
---@field is_waiting boolean a handler waits for people
---@field is_running boolean a handler did not come to an end

---@class slack.recording.Player
---@field app slack.App
---@field recording slack.Recording
local Player = {}
Player.__index = Player
Player.__name = "slack.recording.player"

-- Who the bot is --------------------------------------------------------------------------

-- By what Slack says in events, where auth.test was not recorded.
local function identity_of(recording)
  for _, delivery in ipairs(recording.deliveries) do
    local list = delivery.body.authorizations
    local first = type(list) == "table" and list[1]
    if type(first) == "table" and first.is_bot ~= false then
      return {
        ok = true, user_id = first.user_id, team_id = first.team_id,
        enterprise_id = first.enterprise_id, bot_id = "BREPLAY", user = "bot", team = "replay",
      }
    end
  end
  return { ok = true, user_id = "UREPLAY", bot_id = "BREPLAY", team_id = "TREPLAY", user = "bot",
    team = "replay" }
end

-- Whose token serves a workspace is not recorded: here it is one for all.
local function authorize_all(self)
  local app, identity = self.app, self.answers.identity
  if app.authorization.is_fixed then
    return
  end
  app.settings.oauth, app.oauth = nil, nil
  app.settings.authorize = function(query)
    return {
      bot_token = "xoxb-replay", bot_id = identity.bot_id, bot_user_id = identity.user_id,
      team_id = query.team_id, enterprise_id = query.enterprise_id,
    }
  end
  app.authorization = Authorization.new(app)
end

-- What it asks ----------------------------------------------------------------------------

local function method_of(self, asked)
  local url, root = asked.url, self.app.settings.api_url
  if url:sub(1, #root) == root then
    return url:sub(#root + 1):match "^[^?]*"
  elseif url:find "^https://hooks%.slack" then
    return "response_url"
  end
end

local function delivery_of(self, request)
  return request and request.delivery and self.by_side[request.delivery]
end

local function answer(self, asked)
  local method = method_of(self, asked)
  local delivery = delivery_of(self, tap.request_of(self.app, asked.task))
  if method then
    return self.answers:told(self.answers:find(delivery, method, asked.task), method)
  elseif asked.url:find "^https://files%.slack%.com/hidden/" and asked.method ~= "GET" then
    return { status = 200, headers = {}, body = "OK" }
  end
  local recorded = fetched.take({ delivery and delivery.fetches or {}, self.recording.fetches },
    self.used, asked)
  if recorded then
    return fetched.told(recorded)
  end
  local what = ("%s %s%s"):format(asked.method, asked.host, asked.path)
  table.insert(self.report.outside, what)
  return { code = "not_recorded", message = what .. ": a replay asks no other servers" }
end

-- What it does ----------------------------------------------------------------------------

-- As the app's tap: deliveries and acks are seen elsewhere.
function Player.delivery() end
function Player.ack() end

function Player:call(made)
  local delivery = delivery_of(self, made.request)
  local recorded = self.answers:find(delivery, made.method, tasks.current())
  local state = "new"
  if recorded then
    self.answers:finish(recorded)
    self.answers:learn_ids(recorded.args, made.args)
    state = self.answers:is_same(recorded.args, made.args) and "same" or "other"
  end
  table.insert(self.report.calls, {
    method = made.method, args = self.answers.redaction:apply(made.args), err = made.err,
    state = state, recorded = recorded,
  })
end

local function watch_jobs(self)
  local dispatch = self.app.dispatch
  dispatch.jobs = setmetatable({}, { __newindex = function(jobs, job, is_there)
    rawset(jobs, job, is_there)
    job.is_special = true -- it is kept
    table.insert(self.report.jobs, job)
  end })
  local report = dispatch.failures.report
  function dispatch.failures.report(of, c, failure, ...)
    table.insert(self.report.errors, {
      message = raised.text(failure.err), traceback = raised.own_part(failure.traceback),
      listener = failure.listener,
    })
    return report(of, c, failure, ...)
  end
end

-- Making ----------------------------------------------------------------------------------

local function new_report(delivery)
  return {
    delivery = delivery, jobs = {}, listeners = {}, calls = {}, missing = {}, outside = {},
    errors = {},
    resumed = false, is_ack_same = true, is_waiting = false, is_running = false,
  }
end

---@param app slack.App unstarted
---@param recording slack.Recording
---@param log fun(line: string)
---@return slack.recording.Player
function Player.new(app, recording, log)
  local first = recording.deliveries[1]
  local self = setmetatable({
    app = app, recording = recording, answers = Answers.new(recording), side = Side.new(),
    clock = Clock.new(first and first.at or recording.head.at, {}), report = new_report(nil),
    used = {}, -- recorded answers of slack.fetch
    unended = {}, -- reports of deliveries whose handlers may wait for people
    by_side = setmetatable({}, { __mode = "k" }),
  }, Player)
  self.answers.identity = identity_of(recording)
  self.clock.on_error = function(err, traceback)
    table.insert(self.report.errors, {
      message = raised.text(err), traceback = raised.own_part(traceback),
    })
  end
  FakeNetwork.attach(self.clock.loop, function(asked) return answer(self, asked) end)
  subject.isolate(app, { clock = self.clock, log = log })
  app.schedule.start = function() end -- what it did by the clock is not what came
  app.settings.transport = first and TRANSPORTS[first.transport] or app.settings.transport
  self.side:serve(app)
  return self
end

---Starts the app: its scripts are loaded.
---@return true? ok
---@return slack.Error? err
function Player:start()
  local guard <close> = self.clock:enter() -- luacheck: ignore 211
  authorize_all(self)
  watch_jobs(self)
  tap.attach(self.app, self)
  local task = tasks.spawn(self.app.start, self.app)
  self.clock:settle()
  if not task:is_done() then
    return nil, errors.new { code = "start", message = "the app does not come to an end of its "
      .. "start without a network" }
  end
  local ran, ok, err = task:join()
  if not ran or not ok then
    return nil, errors.is(err) and err or errors.new {
      code = "start", message = "the app does not start: " .. raised.text(err or ok),
    }
  end
  return true
end

-- Playing ---------------------------------------------------------------------------------

-- Until no handler goes on by itself; how long that may take is told by its own clock.
local function come_to_rest(self)
  local clock, dispatch = self.clock, self.app.dispatch
  local ends = clock.seconds + PATIENCE
  clock:settle()
  while dispatch.in_use > 0 do
    local next_at = clock.loop.timers:next_at()
    if not next_at or next_at > ends then
      return false
    end
    clock:pass(math.max(0, next_at - clock.seconds))
  end
  return true
end

local FATES = { "unmatched", "duplicates", "ignored", "unknown" }

local function fate_between(before, after)
  for _, name in ipairs(FATES) do
    if after[name] > before[name] then
      return name == "duplicates" and "duplicate" or name
    end
  end
end

-- Below middleware a job has its listener in the context.
local function listeners_of(jobs)
  local list, seen = {}, {}
  for _, job in ipairs(jobs) do
    local listener = job.listener or job.c.listener
    if listener and not seen[listener] then
      seen[listener] = true
      table.insert(list, listener)
    end
  end
  return list
end

-- Of an event nobody waits for an answer.
local function is_ack_same(self, delivery, given)
  local recorded = delivery.ack
  if delivery.acked or not recorded then
    return true
  elseif recorded.refused or given.refused then
    return recorded.refused == given.refused
  end
  return given.ack ~= nil and self.answers:is_same(recorded.payload, given.ack)
end

local function missing_of(self, delivery)
  local missing = {}
  for _, call in ipairs(delivery.calls) do
    if not self.answers.ended[call] then
      table.insert(missing, call)
    end
  end
  return missing
end

local function deliver(self, delivery)
  local given = self.side:deliver(SIDE_KINDS[delivery.kind] or "events_api",
    self.answers:with_ids(delivery.body), { accepts_response_payload = true })
  self.by_side[given] = delivery
  return given
end

local function pass_pause(self, delivery)
  local pause = delivery.at - self.clock:now()
  if pause > 0 then
    self.clock:pass(math.min(pause, LONGEST_PAUSE))
  end
end

---Gives the app one delivery, and lets it do what it does about it.
---@param delivery slack.recording.Delivery
---@return slack.recording.Report
function Player:play(delivery)
  local guard <close> = self.clock:enter() -- luacheck: ignore 211
  local dispatch, report = self.app.dispatch, new_report(delivery)
  pass_pause(self, delivery)
  self.report = report
  local before = merged(dispatch.counts)
  local given = deliver(self, delivery)
  report.is_running = not come_to_rest(self)
  report.is_waiting = dispatch.waiting > 0
  report.listeners = listeners_of(report.jobs)
  report.fate = not report.listeners[1] and fate_between(before, dispatch.counts) or nil
  report.resumed = not report.listeners[1] and dispatch.counts.handled > before.handled
  report.ack, report.refused = given.ack, given.refused
  report.is_ack_same = is_ack_same(self, delivery, given)
  if report.is_waiting then
    table.insert(self.unended, report)
  else
    report.missing = missing_of(self, delivery)
  end
  return report
end

---What handlers that waited for people have not called, now that all has come.
---@return slack.recording.Report[] with `missing`
function Player:rest()
  local rest = {}
  for _, report in ipairs(self.unended) do
    report.missing = missing_of(self, report.delivery)
    if report.missing[1] then
      table.insert(rest, report)
    end
  end
  return rest
end

---Ends the app.
function Player:close()
  local guard <close> = self.clock:enter() -- luacheck: ignore 211
  self.app:close()
  self.clock:settle()
end

Player.__close = Player.close

return Player
