-- What becomes of events when the bots that handle them are killed and their stores fail:
-- a local Slack in this process that sends events and keeps account of the acks, bots in
-- processes of their own that write down what they handle before and after, in a file that
-- outlives them, and the account of both.
--
-- An event is lost when it was acked and no handler ended with it. It is handled twice with
-- reason when each of its handlings but the last was in flight when its process was killed:
-- it had not ended, or so shortly before that it could not be marked as done.
local Process = require "support.process"
local assert = require "luassert"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
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
local FIRST_PORT <const>, LAST_PORT <const> = 10000, 32000

local BOT <const> = [[
local core = require "slack.core"
local json = require "slack.json"
local slack = require "slack"

local given = assert(json.decode(os.getenv "TRIAL"))
local handled, pid = assert(io.open(given.handled, "ab")), core.pid()
handled:setvbuf "no"
local function note(what, c)
  assert(handled:write(("%s %s %d %.6f %d\n"):format(what, c.body.event_id, pid, core.monotonic(),
    c.retry and c.retry.number or 0)))
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

---@param options { storage: string, transport: "socket"|"http"|"both"|nil, work: number?,
---  app: table?, ack_timeout: number? } work: seconds that a handler takes at most, 0;
---  app: more options of slack.app
---@return table trial closed by its value's end
function Trial.start(options)
  local self = setmetatable({
    options = options, transport = options.transport or "socket", bots = {}, kills = {},
    sent = {}, unacked = {}, acked = 0, acked_at = {}, handlings = {}, handled = 0, offset = 0,
    directory = files.temporary(),
  }, Trial)
  local retry_delays = { 0.1, 0.3, 1, 2 }
  for i = #retry_delays + 1, 1000 do
    retry_delays[i] = 4
  end
  self.here = assert(sandbox.start {
    tls = false, ack_timeout = options.ack_timeout or 1, retry_delays = retry_delays,
    patience = PATIENCE,
  })
  self.port = math.random(FIRST_PORT, LAST_PORT)
  if self.transport ~= "socket" then
    self.here:deliver_over_http(("http://127.0.0.1:%d/slack/events"):format(self.port))
    self.here.delivery = self.transport == "both" and "alternate" or "http"
  end
  self.handled_file = self.directory.path .. "/handled"
  files.write(self.handled_file, "")
  self.script = self.directory.path .. "/bot.lua"
  files.write(self.script, BOT)
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
    transport = self.transport, api_url = here.api_url, storage = self.options.storage,
    connections = 1, shutdown_timeout = 20,
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
      handled = self.handled_file, work = self.options.work or 0,
      options = app_options(self, more),
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
  for _ = 1, count or 1 do
    local number = #self.sent + 1
    local id = ("EvTrial%d"):format(number)
    local delivery = self.here:deliver_event({
      type = "app_mention", user = "U1", channel = "C" .. number % 20, text = text or "count me",
      ts = ("%d.%06d"):format(1700000000 + number // 1000000, number % 1000000),
    }, { outer = { event_id = id } })
    self.sent[number] = id
    self.unacked[id] = delivery
  end
end

---Sends events until stop_sending; but none while too many are unanswered.
---@param rate number of a second
function Trial:begin_sending(rate)
  local last, due = core.monotonic(), 0
  self.is_sending = true
  self.sender = tasks.spawn(function()
    while self.is_sending do
      local now = core.monotonic()
      due, last = due + (now - last) * rate, now
      local count = math.max(math.min(due // 1 | 0, MAX_UNACKED - self:count_unacked()), 0)
      self:send(count)
      due = math.min(due - count, rate)
      tasks.sleep(0.005)
    end
  end)
end

function Trial:count_unacked()
  return #self.sent - self.acked
end

---@async
function Trial:stop_sending()
  self.is_sending = false
  self.sender:join()
end

-- The account ------------------------------------------------------------------------------

local function take_line(self, line)
  local what, id, pid, at, retry = line:match "^(%l+) (%w+) (%d+) ([%d.]+) (%d+)$"
  assert(what, line)
  local of_id = self.handlings[id]
  if not of_id then
    of_id = {}
    self.handlings[id] = of_id
  end
  if what == "begun" then
    table.insert(of_id, { pid = tonumber(pid), begun = tonumber(at), retry = tonumber(retry) })
    return
  end
  for i = #of_id, 1, -1 do
    if of_id[i].pid == tonumber(pid) and not of_id[i].ended then
      of_id[i].ended = tonumber(at)
      break
    end
  end
  if not of_id.is_handled then
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
  local file <close> = assert(io.open(self.handled_file, "rb"))
  file:seek("set", self.offset)
  local text = file:read "a"
  local whole = text:match "^.*\n" or ""
  self.offset = self.offset + #whole
  for line in whole:gmatch "[^\n]+" do
    take_line(self, line)
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
    return self.acked == #self.sent and self.handled >= self.acked
  end, patience)
end

-- Whether a handling may be followed by another one.
local function was_in_flight(self, handling)
  local killed = self.kills[handling.pid]
  return killed and (not handling.ended or killed - handling.ended < MARKED_WITHIN)
end

---What has become of all that was sent.
---@return { sent: integer, acked: integer, handled: integer, lost: string[], twice: integer,
---  unexplained: string[], latest: number } twice: handled more than once, in flight at a kill;
---  latest: of those the longest time from the handler's end to the kill
function Trial:account()
  self:look()
  local account = {
    sent = #self.sent, acked = self.acked, handled = self.handled, lost = {}, twice = 0,
    unexplained = {}, latest = 0,
  }
  for _, id in ipairs(self.sent) do
    local of_id = self.handlings[id] or {}
    if not self.unacked[id] and not of_id.is_handled then
      table.insert(account.lost, id)
    end
    local has_reason = true
    for i = 1, #of_id - 1 do
      has_reason = has_reason and was_in_flight(self, of_id[i])
      if has_reason and of_id[i].ended then
        account.latest = math.max(account.latest, self.kills[of_id[i].pid] - of_id[i].ended)
      end
    end
    if not has_reason then
      table.insert(account.unexplained, id)
    elseif #of_id > 1 then
      account.twice = account.twice + 1
    end
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
