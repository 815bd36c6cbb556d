-- One side of the mixed trial (soak_trial.lua): a local Slack, the bots of one store that are
-- connected to it, events and people; and what is known of them all.
local FaultProxy = require "support.fault_proxy"
local Person = require "support.soak_people"
local Process = require "support.process"
local Trial = require "support.inbox_trial"
local allocated = require "support.allocated"
local core = require "slack.core"
local figures = require "support.soak_figures"
local files = require "support.files"
local lasting_port = require "support.lasting_port"
local saves = require "support.reload_trial".SAVES
local tasks = require "slack.tasks"

-- Seconds: until what must come is taken for lost, and an answer for none.
local PATIENCE <const>, ANSWERED_WITHIN <const> = 60, 45
-- Seconds: that a handler takes at most, after which an event that is done is only counted, in
-- which a saved script must be in force, and before an act in which a fault may have its cause.
local WORK <const>, FORGET_AFTER <const>, IN_FORCE <const>, BEFORE <const> = 0.02, 20, 10, 1
local LEASE <const> = 10 -- seconds; longer than the store is ever away
-- Seconds; under sanitizers all takes many times as long.
local PONG_TIMEOUT <const> = (os.getenv "SLACK_SLOW" or "") ~= "" and 10 or 3
-- Seconds: a connection that stalls before its first pong is given ten times as long.
local CONNECTED_WITHIN <const> = 10 * PONG_TIMEOUT + PATIENCE
-- Among so many events one is to be posted, kept, or failed at first.
local DEEDS <const> = { [7] = "keep", [13] = "post", [31] = "fail" }
local REMEMBERED <const>, AROUND <const> = 50, 5 -- of what befell a side; seconds before an act
local BROKEN <const> = {
  "local app = ...\nif then", "local app = ...\napp:event('message', error)\nerror 'on purpose'",
}
local SCRIPT <const> = files.read "spec/soak/handlers.lua"
local WORDS <const> = 'return { echo = "echo %s %d" }\n'

local Side = {}
Side.__index = Side
Side.__name = "soak_side"

local function text_of(number)
  for every, deed in pairs(DEEDS) do
    if number % every == 0 then
      return ("%s EvTrial%d"):format(deed, number)
    end
  end
  return ("count EvTrial%d"):format(number)
end

local function people_names(count)
  local names = {}
  for i = 1, count do
    names[i] = "p" .. i
  end
  return names
end

-- Bots, and how they are reached ---------------------------------------------------------------

-- Slack has one URL of the app. Behind a balancer that can be any of its processes.
local function balance(here, bots)
  local deliver, turn = here.deliver, 0
  function here.deliver(...)
    turn = turn % #bots + 1
    for name in pairs(here.http.urls) do
      here.http.urls[name] = bots[turn].url
    end
    return deliver(...)
  end
end

-- All that goes to and fro goes through a relay, which can spoil it.
local function start_relay(self)
  local here = self.here
  local targets = { api = here.server:port(), ws = here.server:websocket_port() }
  for i, bot in ipairs(self.bots) do
    bot.port = lasting_port()
    bot.route = "bot" .. i
    targets[bot.route] = bot.port
  end
  self.relay = FaultProxy.start(targets)
  self.relay:stand_before(here)
  for _, bot in ipairs(self.bots) do
    bot.url = ("http://127.0.0.1:%d/slack/events"):format(self.relay.ports[bot.route])
  end
end

local function app_options(self, bot)
  return {
    scripts = self.scripts, ack_deadline = 3, shutdown_timeout = 20, connections = 2,
    http = { host = "127.0.0.1", port = bot.port },
    inbox = { lease = LEASE, backoff = 0.2, durability = "full" },
    socket_mode = {
      backoff_first = 0.02, backoff_maximum = 0.5, ping_interval = 1,
      pong_timeout = PONG_TIMEOUT, stagger = 0.1, drain_timeout = 5,
    },
  }
end

---@class support.SoakSideOptions
---@field name string
---@field storage? string a file of SQLite of its own
---@field people integer
---@field rate number events a second
---@field bots { name: string, is_killed: boolean?, is_measured: boolean? }[] is_killed: again and
---  again; is_measured: it lives, and must not grow
---@field redis? table the server of its store
---@field edit? fun(script: string): string makes it another script
---@field patience? number seconds until what must come is taken for lost, 60

local function new(options)
  return setmetatable({
    name = options.name, options = options, redis = options.redis, bots = options.bots,
    patience = options.patience or PATIENCE, folder = files.temporary(), version = 1,
    saves = { { version = 1, at = 0 } }, troubles = {}, open_troubles = 0, people = {}, acting = 0,
    problems = {}, counts = {}, right = 0, cut = 0, wrong = 0, did = {}, posted = {}, ticked = {},
    stuck = {}, acts = {}, began = core.monotonic(),
  }, Side)
end

local function start_slack(self)
  local options = self.options
  local names = people_names(options.people)
  self.trial = Trial.start {
    storage = options.storage or "sqlite:" .. self.folder.path .. "/bot.db", transport = "both",
    work = WORK, ack_timeout = 3, forget_after = FORGET_AFTER, text_of = text_of,
    script = "spec/soak/bot.lua",
    on_note = function(...) self:take_note(...) end,
    slack = {
      tls = true, users = names, channels = { "posts", table.unpack(names) }, most_calls = 100,
    },
  }
  self.here = self.trial.here
  self.posts = self.here.workspace:find_channel "posts"
  self.trial.posts, self.trial.probe = self.posts.id, allocated.build(self.folder.path)
end

---@param options support.SoakSideOptions
---@return table side closed by its value's end
function Side.start(options)
  local self = new(options)
  start_slack(self)
  self.scripts = self.folder.path .. "/handlers"
  assert(core.make_directory(self.scripts, true))
  files.write(self.scripts .. "/words.lua", WORDS)
  files.write(self.scripts .. "/bot.lua", self:script_text())
  start_relay(self)
  for _, bot in ipairs(self.bots) do
    bot.series = figures.new_series()
  end
  balance(self.here, self.bots)
  return self
end

---Starts a bot, again where it has ended, and waits until it is up.
---@async
function Side:run(bot)
  bot.process = self.trial:start_bot(app_options(self, bot))
  self.trial:wait_up(bot.process)
end

---Waits until every bot has its connections.
---@async
---@param dead? table<table, true> connections that do not count
function Side:wait_connected(dead)
  local act = self.acts[#self.acts]
  local what = ("connections of %s after %s"):format(self.name, act and act.name or "its start")
  self.trial:wait(what, function()
    local count = 0
    for _, connection in ipairs(self.here:connections()) do
      if connection.ready and not connection.leaving and not (dead and dead[connection]) then
        count = count + 1
      end
    end
    return count >= 2 * #self.bots
  end, CONNECTED_WITHIN)
end

---Ends a bot, with what it has written.
---@async
---@param bot table
---@param is_killed boolean
function Side:halt(bot, is_killed)
  local process = bot.process
  if is_killed then
    self.trial:kill(process)
  else
    local status = self.trial:stop(process)
    self.trial.ledger:finish(process.pid, self.trial.take)
    if status ~= 0 then
      self:fail("%s ended with status %d: %s", bot.name, status, process:output():sub(-1000))
    end
  end
  Process.__close(process)
end

---Begins: bots, events, people.
---@async
function Side:begin()
  for _, bot in ipairs(self.bots) do
    self:run(bot)
  end
  self:wait_connected()
  self.trial:begin_sending(self.options.rate)
  for i, name in ipairs(people_names(self.options.people)) do
    self.people[i] = Person.start(self, self.here, name,
      math.min(ANSWERED_WITHIN, self.patience))
  end
end

-- Trouble -------------------------------------------------------------------------------------

---Notes that something is not as it must be.
function Side:fail(format, ...)
  table.insert(self.problems, self.name .. ": " .. format:format(...))
end

---Notes that something befalls the side.
---@param name string
---@return { name: string, from: number, till: number? } act till is set when it is over
function Side:note_act(name)
  local act = { name = name, from = core.monotonic() }
  table.insert(self.acts, act)
  if #self.acts > REMEMBERED then
    table.remove(self.acts, 1)
  end
  return act
end

-- What befell it since a little before, in seconds from then on: "cuts -1.2 to 0.6, stalls 3.0 on".
local function acts_words(self, began)
  local words = {}
  for _, act in ipairs(self.acts) do
    if not act.till or act.till > began - AROUND then
      table.insert(words, ("%s %.1f %s"):format(act.name, act.from - began,
        act.till and ("to %.1f"):format(act.till - began) or "on"))
    end
  end
  return #words > 0 and table.concat(words, ", ") or "nothing"
end

---Runs what may leave people without an answer, and waits until all is connected again.
---@async
---@param fn fun()
function Side:trouble(fn)
  local trouble = { from = core.monotonic(), till = math.huge }
  table.insert(self.troubles, trouble)
  self.open_troubles = self.open_troubles + 1
  fn()
  self:wait_connected()
  trouble.till = core.monotonic()
  self.open_troubles = self.open_troubles - 1
  if #self.troubles > 100 then
    table.remove(self.troubles, 1)
  end
end

---Notes that the local Slack, and those who act in it, stood still.
---@param seconds number until now
function Side:lag(seconds)
  local now = core.monotonic()
  table.insert(self.troubles, { from = now - seconds, till = now })
end

---Whether people may begin with something.
function Side:is_calm()
  return self.open_troubles == 0 and not self.is_resting
end

local function was_in_trouble(self, from, till)
  for _, trouble in ipairs(self.troubles) do
    if trouble.from <= till and trouble.till >= from - BEFORE then
      return true
    end
  end
  return false
end

-- Says what was asked, what came of it, and what befell the bot.
local function act_words(self, what, began, missed)
  local now = core.monotonic()
  return ("%s, at %.1f s, for %.1f s: expected %s, got %s; the bot: %s; befallen by %s"):format(
    what, began - self.began, now - began, missed.what, missed.came or missed.said or "nothing",
    self.stuck[what:match "%w+$"] or "said nothing of it", acts_words(self, began))
end

---Takes what came of an act of a person.
---@param what string
---@param began number
---@param missed? { what: string, came: string?, said: string? }
function Side:count_act(_, what, began, missed)
  if not missed then
    self.right = self.right + 1
  elseif missed.came == nil and was_in_trouble(self, began, core.monotonic()) then
    self.cut = self.cut + 1
  else
    self.wrong = self.wrong + 1
    self:fail("%s", act_words(self, what, began, missed))
  end
end

-- Scripts -------------------------------------------------------------------------------------

function Side:script_text()
  local edit = self.options.edit
  local text = SCRIPT:gsub("VERSION <const> = 0", ("VERSION <const> = %d"):format(self.version), 1)
  return edit and edit(text) or text
end

---Saves the script, in one of the ways in which editors do; sometimes first a broken text.
---@async
---@param is_broken boolean
function Side:save(is_broken)
  local path, save = self.scripts .. "/bot.lua", saves[math.random(#saves)]
  if is_broken then
    save(path, BROKEN[math.random(#BROKEN)])
    tasks.sleep(0.4)
    self:count "broken"
  end
  self.version = self.version + 1
  save(path, self:script_text())
  table.insert(self.saves, { version = self.version, at = core.monotonic() })
  if #self.saves > 100 then
    table.remove(self.saves, 1)
  end
  self:count "saves"
end

---Sees to it that who answered was of a version that may still be in force.
---@param version integer
---@param asked_at number
function Side:check_version(version, asked_at)
  local least = 1
  for _, saved in ipairs(self.saves) do
    if saved.at < asked_at - IN_FORCE then
      least = saved.version
    end
  end
  if version < least or version > self.version then
    self.wrong = self.wrong + 1
    self:fail("version %d answered, %d was saved %d s before", version, least, IN_FORCE)
  end
end

-- Notes of bots --------------------------------------------------------------------------------

---Counts one more of something.
---@param name string
function Side:count(name)
  self.counts[name] = (self.counts[name] or 0) + 1
end

local NOTES = {}

-- A conversation that the bot could not go on with.
function NOTES.stuck(self, id, _, why)
  self.stuck[id] = why:gsub("_", " ")
end

-- A command, which never comes twice.
function NOTES.did(self, id)
  if self.did[id] then
    self:fail("a command was handled twice: %s", id)
  end
  self.did[id] = true
end

function NOTES.wrong(self, _, _, event_id)
  self.wrong = self.wrong + 1
  self:fail("the body of %s was another one's", event_id)
end

-- A timer, whose times never come twice in a process.
function NOTES.ticked(self, _, pid, scheduled_at)
  if self.ticked[pid] == scheduled_at then
    self:fail("a timer ran twice for %s", scheduled_at)
  end
  self.ticked[pid] = scheduled_at
  self:count "ticks"
end

function NOTES.called(self, _, _, outcome)
  self:count(outcome == "ok" and "calls" or "failed calls")
end

function NOTES.kept(self, _, _, outcome)
  self:count(outcome == "ok" and "kept" or "not kept")
end

---Takes what a bot has noted that is not about an event.
function Side:take_note(what, id, pid, _, detail)
  local note = NOTES[what]
  if note then
    note(self, id, pid, detail)
  else
    self:count(what)
  end
end

---Sees to it that no process posted anything twice, and forgets it.
function Side:look_at_posts()
  for _, message in ipairs(self.posts.messages) do
    if self.posted[message.text] then
      self:fail("it was posted twice: %s", message.text)
    end
    self.posted[message.text] = true
  end
  self.posts.messages = {}
end

-- The end -------------------------------------------------------------------------------------

---Ends sending and acting, and waits until nothing is left to do.
---@async
function Side:finish()
  self.is_ending = true
  for _, task in ipairs(self.people) do
    assert(task:join())
  end
  self.trial:stop_sending()
  local ok, why = pcall(self.trial.settle, self.trial, self.patience)
  if not ok then
    self:fail("%s", why)
  end
  figures.check_rest(self)
  for _, bot in ipairs(self.bots) do
    self:halt(bot, false)
  end
  self:look_at_posts()
end

function Side:__close()
  self.is_ending = true
  for _, task in ipairs(self.people) do
    task:cancel()
  end
  Trial.__close(self.trial)
  self.relay:stop()
  getmetatable(self.folder).__close(self.folder)
end

return Side
