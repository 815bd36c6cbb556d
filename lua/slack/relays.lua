-- Deliveries whose answer is owed, handled by another process of the app: commands and
-- interactions go there, the handler's ack comes back and is sent to Slack from here.
--
--   deliver  id, body, came_as, retry, headers, takes_payload, has_status, max_ack, age
--            (seconds since it came)
--   answer   id and ack (JSON text), or refuse (why) with no_retry, or back: it is not handled
--            there, and was not begun
--   expired  id, fate: Slack has had the deadline's answer, or has hung up
--   ended    id, outcome: what was kept in the inbox has been handled, "failed" or was "left"
--
-- The deadline stays here, where the delivery has come; so does its entry in the inbox (with the
-- option inbox.interactive), until the other process has said how it ended, or is gone.

local Job = require "slack.job"
local errors = require "slack.errors"
local loop = require "slack.loop"
local owner = require "slack.inbox.owner"
local tasks = require "slack.tasks"

-- Seconds beyond the deadline after which nothing is waited for any more.
local MARGIN <const> = 1
-- Seconds without an answer after which a process is asked for a sign of life.
local PATIENCE <const> = 0.5
local MAX_ACK <const> = 20480

-- Codes of failures after which it may have been sent all the same: an answer may come.
local MAY_HAVE_COME = { unknown_outcome = true, timeout = true }

---@class slack.Relays
---@field peers slack.Peers
---@field app slack.App
---@field sent table<integer, slack.Relay> by id, until they are answered
---@field kept table<integer, { name: string, c: slack.Context }> by id: entries of the inbox
---@field taken table<string, slack.RelayedRequest> by process and id, until they are
---@field counts { sent: integer, answered: integer, back: integer, taken: integer }
local Relays = {}
Relays.__index = Relays
Relays.__name = "slack.relays"

-- Sending -----------------------------------------------------------------------------------

---A delivery that another process has now.
---@class slack.Relay
---@field relays slack.Relays
---@field id integer
---@field request slack.Request
---@field name string of the process
---@field is_sent? boolean
---@field timer slack.Timer
---@field waiter slack.Waiter gets "answered", "back" or "lost"
local Relay = {}
Relay.__index = Relay
Relay.__name = "slack.relay"

local function settle(self, fate)
  self.timer:cancel()
  self.relays.sent[self.id] = nil
  self.request.relay = nil
  self.waiter:resolve(fate)
end

---Slack has been answered, or has hung up: nobody waits any more.
---@param fate "deadline"|"gone"
function Relay:lost(fate)
  self.relays.peers:tell(self.name, { type = "expired", id = self.id, fate = fate })
  settle(self, "lost")
end

local function message_of(request, id)
  local age = request.received and loop.now() - request.received or 0
  return {
    type = "deliver", id = id, body = request.body, came_as = request.came_as,
    retry = request.retry, headers = request.headers, takes_payload = request.takes_payload,
    has_status = request.has_status, max_ack = request.max_ack, age = math.max(age, 0),
    is_kept = request.entry and true or nil,
  }
end

local OUTCOMES = { failed = true, left = true }

-- Of an entry: what the inbox is to make of it.
local function end_entry(self, c, outcome)
  local inbox = self.app.inbox
  if not inbox then
    return
  elseif outcome == "failed" then
    inbox:failed(c, { err = "it failed in another process, whose log says why" })
  elseif outcome == "left" then
    inbox:leave(c.request)
  else
    inbox:done(c.request)
  end
end

-- Its handler may be slow; or it was killed, and its lease is not over yet.
local function doubt(relay)
  local peers = relay.relays.peers
  local peer = peers.by_name[relay.name]
  if peer then
    peers:doubt(peer)
  end
end

-- One process is given it; what becomes of it there.
local function try(self, c, peer)
  local request = c.request
  self.made = self.made + 1
  local relay = setmetatable({
    relays = self, id = self.made, request = request, name = peer.name, waiter = tasks.waiter(),
  }, Relay)
  relay.timer = loop.after(PATIENCE, doubt, relay)
  self.sent[relay.id], request.relay = relay, relay
  self.counts.sent = self.counts.sent + 1
  if request.entry then
    self.kept[relay.id] = { name = peer.name, c = c }
  end
  local sent, err = self.peers:send(peer.name, message_of(request, relay.id))
  relay.is_sent = sent
  if not sent and not (err and MAY_HAVE_COME[err.code]) then
    settle(relay, "back")
  end
  local fate = relay.waiter:await(self.app.settings.ack_deadline + MARGIN)
  if not fate then
    settle(relay, "lost")
  end
  if fate == "back" then
    self.kept[relay.id] = nil
  elseif not sent and self.kept[relay.id] then
    self.kept[relay.id] = nil
    end_entry(self, c, "left") -- nobody may ever say how it ended
  end
  return fate
end

local function run(job)
  local request, self, tried = job.c.request, job.relays, {}
  local peer = job.choose(tried)
  while peer and not request.acked and not self.peers.is_cut do
    tried[peer] = true
    if try(self, job.c, peer) ~= "back" then
      job.completed = true
      return
    end
    self.counts.back = self.counts.back + 1
    peer = job.choose(tried)
  end
  job.completed = true
  if not request.acked then
    job.otherwise(job.c)
  elseif request.entry then
    end_entry(self, job.c, "left")
  end
end

---Has another process handle what has come.
---@param c slack.Context
---@param choose fun(tried: table<slack.Peer, true>): slack.Peer? who is to have it, again when that
---  one does not take it
---@param otherwise fun(c: slack.Context) what to do when nobody takes it
function Relays:begin(c, choose, otherwise)
  local job = Job.new(self.app.dispatch, c)
  job.outcome, job.began = false, false -- it handles nothing itself
  job.relays, job.choose, job.otherwise = self, choose, otherwise
  job:start(run)
end

local REFUSALS = { unmatched = true, failed = true, unauthorized = true, undecodable = true }

local function answer(self, request, message)
  if REFUSALS[message.refuse] then
    request.no_retry = message.no_retry == true
    self.app.dispatch:refuse(request, message.refuse)
    return
  end
  local text = type(message.ack) == "string" and message.ack or nil
  local ok, err = request:ack(text)
  if ok then
    request.acked, request.acked_by = true, true
  else
    self.app.log:error("what the process %s has answered could not be sent: %s",
      owner.label(message.from), err)
  end
end

function Relays:_answer(message)
  local relay = self.sent[message.id]
  if not relay or relay.name ~= message.from then
    return -- it came too late
  elseif message.back then
    return settle(relay, "back")
  end
  self.counts.answered = self.counts.answered + 1
  settle(relay, "answered")
  if not relay.request.acked then
    answer(self, relay.request, message)
  end
end

function Relays:_ended(message)
  local kept = self.kept[message.id]
  if kept and kept.name == message.from then
    self.kept[message.id] = nil
    end_entry(self, kept.c, OUTCOMES[message.outcome] and message.outcome)
  end
end

---Whether answers of other processes are waited for.
---@return boolean
function Relays:are_waiting()
  return next(self.sent) ~= nil
end

-- Taking ------------------------------------------------------------------------------------

---A delivery that has come to another process.
---@class slack.RelayedRequest: slack.Request
---@field relays slack.Relays
---@field key string
---@field id integer
---@field from string
local Request = { is_moved = true }
Request.__index = Request
Request.__name = "slack.relayed_request"

local function reply(self, message)
  self.relays.taken[self.key] = nil
  message.type, message.id = "answer", self.id
  self.relays.peers:tell(self.from, message)
end

---@param text? string JSON
---@return true? ok
---@return slack.Error? err
function Request:ack(text)
  if text and #text >= self.max_ack then
    return nil, errors.new {
      code = "too_large", message = "the answer is too large", limit = self.max_ack,
    }
  end
  reply(self, { ack = text })
  return true
end

---@param why? string
function Request:refuse(why)
  reply(self, { refuse = why or "unmatched", no_retry = self.no_retry })
end

---The inbox says how its handling has ended.
---@param outcome? "failed"|"left"
function Request:ended(outcome)
  self.entry = false
  self.relays.peers:insist(self.from, { type = "ended", id = self.id, outcome = outcome })
end

local CAME_AS = { command = true, interaction = true }

local function read(self, message)
  local retry = type(message.retry) == "table" and message.retry or nil
  return setmetatable({
    relays = self, key = message.from .. " " .. message.id, id = message.id, from = message.from,
    body = message.body, came_as = CAME_AS[message.came_as] and message.came_as or nil,
    retry = retry, acked = false, takes_payload = message.takes_payload ~= false,
    has_status = message.has_status == true or nil,
    max_ack = math.tointeger(message.max_ack) or MAX_ACK,
    headers = type(message.headers) == "string" and message.headers or nil,
    received = loop.now() - (tonumber(message.age) or 0),
    entry = message.is_kept == true and "relayed" or nil,
  }, Request)
end

local function has_room(app)
  return app.phase == "running" and not app.dispatch.is_full
end

function Relays:_deliver(message)
  if math.type(message.id) ~= "integer" or type(message.body) ~= "table" then
    return false
  end
  local request = read(self, message)
  if self.app.settings.role == "receiver" or not has_room(self.app) then
    return reply(request, { back = true })
  end
  self.taken[request.key] = request
  self.counts.taken = self.counts.taken + 1
  self.app.dispatch:request(request)
end

local function expire(self, request, fate)
  self.taken[request.key] = nil
  if request.acked then
    return
  elseif fate == "deadline" then
    self.app.dispatch:deadline(request)
  else
    self.app.dispatch:gone(request)
  end
end

function Relays:_expired(message)
  local request = self.taken[("%s %s"):format(message.from, message.id)]
  if request then
    expire(self, request, message.fate)
  end
end

---Nobody waits for the answers that a process was owed which is gone; what it had is for others.
---@param peer slack.Peer
function Relays:died(peer)
  for id, kept in pairs(self.kept) do
    if kept.name == peer.name then
      self.kept[id] = nil
      end_entry(self, kept.c, "left")
    end
  end
  for _, request in pairs(self.taken) do
    if request.from == peer.name then
      expire(self, request, "gone")
    end
  end
end

---@param app slack.App
---@param peers slack.Peers
---@return slack.Relays
function Relays.new(app, peers)
  local self = setmetatable({
    app = app, peers = peers, sent = {}, kept = {}, taken = {}, made = 0,
    counts = { sent = 0, answered = 0, back = 0, taken = 0 },
  }, Relays)
  for type, method in pairs {
    answer = Relays._answer, deliver = Relays._deliver, expired = Relays._expired,
    ended = Relays._ended,
  } do
    peers:on(type, function(_, _, message) return method(self, message) end)
  end
  peers:watch(self)
  return self
end

return Relays
