-- What becomes of events when the bots that handle them are killed and their stores fail:
-- a local Slack in this process that sends events and keeps account of the acks, bots in
-- processes of their own that write down what they handle before and after (ledger.lua), and
-- the account of both.
--
-- An event is lost when it was acked and no handler ended with it. It is handled twice with
-- reason when each of its handlings but the last was in flight when its process was killed:
-- it had not ended, or so shortly before that it could not be marked as done; and when its
-- handler raised.
local Process = require "support.process"
local assert = require "luassert"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
local lasting_port = require "support.lasting_port"
local ledger = require "support.ledger"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"

-- Seconds that an event has to be marked as done after its handler has ended, on a machine
-- that does much else.
local MARKED_WITHIN <const> = 2
local PATIENCE <const> = 60
-- Events that may be unanswered at a time: who sent on and on, and again, would only measure
-- how many connections there can be.
local MAX_UNACKED <const> = 800
local LOOK <const> = 0.02 -- seconds between two looks at acks and at what bots wrote

local BOT <const> = [[
local json = require "slack.json"
local slack = require "slack"

local given = assert(json.decode(os.getenv "TRIAL"))
local write = require "support.ledger".writer(given.ledger)
local function note(what, c)
  write(what, c.body.event_id, c.retry and c.retry.number)
end

local app = slack.app(given.options)
app:event("app_mention", function(c)
  note("begun", c)
  if given.work > 0 then
    slack.sleep(math.random() * given.work)
  end
  if c.event.text == "die" then
    os.exit(3)
  elseif c.event.text == "fail" then
    error "as it was told to"
  end
  note("ended", c)
end)
os.exit(app:run() or 1)
]]

local Trial = {}
Trial.__index = Trial
Trial.__name = "inbox_trial"

local function start_slack(options)
  local retry_delays = { 0.1, 0.3, 1, 2 }
  for i = #retry_delays + 1, 1000 do
    retry_delays[i] = 4
  end
  local given = {
    tls = false, ack_timeout = options.ack_timeout or 1, retry_delays = retry_delays,
    patience = PATIENCE,
  }
  for name, value in pairs(options.slack or {}) do
    given[name] = value
  end
  return assert(sandbox.start(given))
end

---@class support.InboxTrialOptions
---@field storage string
---@field transport? "socket"|"http"|"both" "socket"
---@field work? number seconds that a handler takes at most, 0
---@field app? table more options of slack.app
---@field ack_timeout? number seconds, 1
---@field slack? table more options of the local Slack
---@field script? string path of another program of the bots; its TRIAL has options, ledger, work,
---  and the trial's posts and probe
---@field text_of? fun(number: integer): string of the events that begin_sending sends
---@field forget_after? number seconds after which what became of an event is only a number in the
---  account, for trials that last; never
---@field on_note? fun(what: string, id: string, pid: integer, at: number, detail: string) for
---  what a bot notes that is not about an event

---@param options support.InboxTrialOptions
---@return table trial closed by its value's end
function Trial.start(options)
  local self = setmetatable({
    options = options, transport = options.transport or "socket", bots = {}, kills = {},
    count = 0, sent = {}, unacked = {}, acked = 0, acked_at = {}, handlings = {}, handled = 0,
    directory = files.temporary(), first = 1,
    past = { lost = {}, twice = 0, unexplained = {}, latest = 0 },
  }, Trial)
  self.here = start_slack(options)
  self.port = lasting_port()
  if self.transport ~= "socket" then
    self.here:deliver_over_http(("http://127.0.0.1:%d/slack/events"):format(self.port))
    self.here.delivery = self.transport == "both" and "alternate" or "http"
  end
  assert(core.make_directory(self.directory.path .. "/ledger", true))
  self.ledger = ledger.reader(self.directory.path .. "/ledger")
  self.take = function(...) self:take_note(...) end
  self.script = options.script or self.directory.path .. "/bot.lua"
  if not options.script then
    files.write(self.script, BOT)
  end
  self.looking = tasks.spawn(function()
    while not self.is_closed do
      self:look()
      tasks.sleep(LOOK)
    end
  end)
  return self
end

---Runs fn(trial) on a trial of its own, and finds in the end that all that was sent was acked,
---nothing lost, and nothing handled twice without reason.
---@param options table as for start
---@param fn fun(trial: table)
---@return table account
function Trial.loses_nothing(options, fn)
  return tasks.run(function()
    local trial <close> = Trial.start(options)
    fn(trial)
    local account = trial:account()
    assert.same({ {}, {}, account.sent }, { account.lost, account.unexplained, account.acked })
    return account
  end)
end

-- Bots -----------------------------------------------------------------------------------

local function app_options(self, more)
  local here, options = self.here, {}
  for _, given in ipairs { {
    token = here.bot_token, app_token = self.transport ~= "http" and here.app_token or nil,
    signing_secret = self.transport ~= "socket" and here.signing_secret or nil,
    transport = self.transport, api_url = here.api_url, ca_file = here.ca_file,
    storage = self.options.storage, connections = 1, shutdown_timeout = 20,
    http = self.transport ~= "socket" and { host = "127.0.0.1", port = self.port } or nil,
    socket_mode = { backoff_first = 0.02, backoff_maximum = 0.2 },
  }, self.options.app or {}, more or {} } do
    for name, value in pairs(given) do
      options[name] = value
    end
  end
  return options
end

---Starts a bot.
---@param more? table options of slack.app
---@param before? string for the shell that becomes the bot, such as "ulimit -f 100"
---@return table bot a process
function Trial:start_bot(more, before)
  local bot = Process.lua(self.script, { before = before, environment = {
    TRIAL = assert(json.encode {
      ledger = self.ledger.folder, work = self.options.work or 0, posts = self.posts,
      probe = self.probe, options = app_options(self, more),
    }),
  } })
  self.bots[bot] = true
  return bot
end

---Waits until a bot says that it is up.
---@async
function Trial:wait_up(bot)
  self:wait("a bot that is up", function()
    assert(bot:is_running(), bot:output())
    return bot:output():find("%f[%w]running%f[%W]")
  end)
end

---Kills a bot as a crash does.
function Trial:kill(bot)
  self.kills[bot.pid] = core.monotonic()
  core.signal_process(bot.pid, "KILL")
  bot:wait()
  self.ledger:finish(bot.pid, self.take)
  self.bots[bot] = nil
end

---Tells a bot to end, and waits until it has.
---@async
---@return integer status
function Trial:stop(bot)
  bot:signal "TERM"
  self:wait("the end of a bot", function() return not bot:is_running() end)
  self.bots[bot] = nil
  return bot:wait()
end

-- Events ---------------------------------------------------------------------------------

---Sends so many events.
---@param count? integer 1
---@param text? string "fail": its handler raises; "die": it ends the process
function Trial:send(count, text)
  local text_of = self.options.text_of
  for _ = 1, count or 1 do
    local number = self.count + 1
    local id = ("EvTrial%d"):format(number)
    local delivery = self.here:deliver_event({
      type = "app_mention", user = "U1", channel = "C" .. number % 20,
      text = text or text_of and text_of(number) or "count me",
      ts = ("%d.%06d"):format(1700000000 + number // 1000000, number % 1000000),
    }, { outer = { event_id = id } })
    self.count, self.sent[number], self.unacked[id] = number, id, delivery
  end
end

---Sends events until stop_sending; but none while too many are unanswered, or is_paused.
---@param rate number of a second
function Trial:begin_sending(rate)
  local last, due = core.monotonic(), 0
  self.is_sending = true
  self.sender = tasks.spawn(function()
    while self.is_sending do
      local now = core.monotonic()
      due, last = self.is_paused and 0 or due + (now - last) * rate, now
      local count = math.max(math.min(due // 1 | 0, MAX_UNACKED - self:count_unacked()), 0)
      self:send(count)
      due = math.min(due - count, rate)
      tasks.sleep(0.005)
    end
  end)
end

function Trial:count_unacked()
  return self.count - self.acked
end

---@async
function Trial:stop_sending()
  self.is_sending = false
  self.sender:join()
end

-- The account ------------------------------------------------------------------------------

-- Bots are read one after the other: what one began later may be read first.
local function add_handling(of_id, handling)
  local place = #of_id + 1
  while place > 1 and of_id[place - 1].begun > handling.begun do
    place = place - 1
  end
  table.insert(of_id, place, handling)
end

local function end_handling(of_id, pid, field, at)
  for i = #of_id, 1, -1 do
    if of_id[i].pid == pid and not of_id[i].ended and not of_id[i].raised then
      of_id[i][field] = at
      return
    end
  end
end

---Takes what a bot has noted.
function Trial:take_note(what, id, pid, at, detail)
  local number = math.tointeger(tonumber(id:match "^EvTrial(%d+)$"))
  if not number then
    local on_note = self.options.on_note -- others may have left something in the store
    return on_note and on_note(what, id, pid, at, detail)
  elseif number < self.first then
    if what == "begun" then
      table.insert(self.past.unexplained, id)
    end
    return
  end
  local of_id = self.handlings[id] or {}
  self.handlings[id] = of_id
  if what == "begun" then
    return add_handling(of_id, { pid = pid, begun = at, retry = math.tointeger(tonumber(detail)) })
  end
  end_handling(of_id, pid, what, at)
  if what == "ended" and not of_id.is_handled then
    of_id.is_handled = true
    self.handled = self.handled + 1
  end
end

---Looks at what has been acked and handled since the last look.
function Trial:look()
  for id, delivery in pairs(self.unacked) do
    if delivery.acked_at then
      self.unacked[id], self.acked_at[id] = nil, delivery.acked_at
      self.acked = self.acked + 1
    end
  end
  self.ledger:read(self.take)
  if self.options.forget_after then
    self:forget()
  end
end

---Waits for what must come.
---@async
---@param what string
---@param condition fun(): any
---@param patience? number seconds, 60
---@return any value
function Trial:wait(what, condition, patience)
  local deadline = core.monotonic() + (patience or PATIENCE)
  while true do
    self:look()
    local value = condition()
    if value then
      return value
    elseif core.monotonic() > deadline then
      error(("waited in vain for %s: %s\n%s"):format(what, self:summary(), self:last_words()), 2)
    end
    tasks.sleep(LOOK)
  end
end

---Waits until every event is acked, and handled.
---@async
---@param patience? number seconds
function Trial:settle(patience)
  self:wait("every event to be handled", function()
    return self.acked == self.count and self.handled >= self.acked
  end, patience)
end

-- Whether a handling may be followed by another one.
local function has_reason(self, handling)
  local killed = self.kills[handling.pid]
  return handling.raised
    or killed and (not handling.ended or killed - handling.ended < MARKED_WITHIN)
end

-- Adds what has become of an event.
local function judge(self, account, id)
  local of_id = self.handlings[id] or {}
  if not self.unacked[id] and not of_id.is_handled then
    table.insert(account.lost, id)
  end
  local is_explained, is_twice = true, false
  for i = 1, #of_id - 1 do
    local handling = of_id[i]
    is_explained = is_explained and has_reason(self, handling)
    is_twice = is_twice or not handling.raised
    if is_explained and handling.ended then
      account.latest = math.max(account.latest, self.kills[handling.pid] - handling.ended)
    end
  end
  if not is_explained then
    table.insert(account.unexplained, id)
  elseif is_twice then
    account.twice = account.twice + 1
  end
end

-- Whether nothing is to come of an event, unless something is wrong.
local function is_over(self, id, now)
  local of_id, acked_at = self.handlings[id], self.acked_at[id]
  if not acked_at or not of_id or not of_id.is_handled then
    return false
  end
  local last = of_id[#of_id]
  return now - math.max(acked_at, last.ended or last.begun) > self.options.forget_after
end

---Judges the oldest events, of which nothing is to come, and keeps of them the sums alone.
function Trial:forget()
  local now = core.monotonic()
  while self.first <= self.count and is_over(self, self.sent[self.first], now) do
    local id = self.sent[self.first]
    judge(self, self.past, id)
    self.sent[self.first], self.handlings[id], self.acked_at[id] = nil, nil, nil
    self.first = self.first + 1
  end
end

---What has become of all that was sent.
---@return { sent: integer, acked: integer, handled: integer, lost: string[], twice: integer,
---  unexplained: string[], latest: number } twice: handled more than once, in flight at a kill;
---  latest: of those the longest time from the handler's end to the kill
function Trial:account()
  self:look()
  local past = self.past
  local account = {
    sent = self.count, acked = self.acked, handled = self.handled,
    lost = { table.unpack(past.lost) }, twice = past.twice,
    unexplained = { table.unpack(past.unexplained) }, latest = past.latest,
  }
  for number = self.first, self.count do
    judge(self, account, self.sent[number])
  end
  return account
end

---The account as a line.
---@return string
function Trial:summary()
  local account = self:account()
  return ("%d sent, %d acked, %d lost, %d handled twice (in flight at a kill), %d twice without "
    .. "reason"):format(account.sent, account.acked, #account.lost, account.twice,
    #account.unexplained)
end

---The end of what each bot that runs has said.
---@return string
function Trial:last_words()
  local words = {}
  for bot in pairs(self.bots) do
    table.insert(words, bot:output():sub(-2000))
  end
  return table.concat(words, "\n")
end

function Trial:__close()
  self.is_closed, self.is_sending = true, false
  self.looking:cancel()
  for bot in pairs(self.bots) do
    core.signal_process(bot.pid, "KILL")
    Process.__close(bot)
  end
  self.here:stop()
  getmetatable(self.directory).__close(self.directory)
end

return Trial
