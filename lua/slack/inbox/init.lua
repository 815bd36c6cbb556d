-- The durable inbox of an app: what Slack delivers is in the store before Slack is answered,
-- and stays there until its handlers have ended. Whatever was not done when a process died, or
-- was stopped, is handled again.
--
--   transports -- entry with the request --+
--                                          +--> take --> dispatch --> ended --> marks --> store
--   store -- claims: what nobody has ------+
--
-- The C side puts what comes into the store, and takes it for this process in the same step
-- while Lua keeps up. A request whose `entry` is set is in hand until its mark is in the store.

local Claims = require "slack.inbox.claims"
local Marks = require "slack.inbox.marks"
local Retries = require "slack.inbox.retries"
local admin = require "slack.inbox.admin"
local core = require "slack.core"
local ends = require "slack.inbox.ends"
local errors = require "slack.errors"
local loop = require "slack.loop"
local owner = require "slack.inbox.owner"
local requests = require "slack.inbox.requests"
local stopping = require "slack.inbox.stopping"
local storage = require "slack.storage"

-- What is held of an entry whose handlers have ended well.
local ENDED = "ended"
-- Seconds that a claim waits for what comes, where the store can.
local BLOCK = 1
-- What the C side has counted before there is one.
local NOTHING_PUT <const> = { stored = 0, known = 0, failed = 0, late = 0, latency_sum = 0 }

---One operation on the store's inbox: thread.lua says which there are.
---@alias slack.InboxAsk fun(operation: string, request: table): any, slack.Error?

---@class slack.Inbox
---@field app slack.App
---@field settings slack.InboxOptions
---@field owner string names this process in the store
---@field log slack.Logger
---@field store slack.Store
---@field reader? slack.Store where claims wait, if the store can
---@field ask slack.InboxAsk
---@field core slack.core.inbox|false
---@field claims? slack.InboxClaims from start() on
---@field marks slack.InboxMarks
---@field retries slack.InboxRetries
---@field in_hand integer entries that were handed out, and of whose end the store does not know
---@field held table<string, true|string> ids of those that run, or have ended well and wait for
---  their mark
---@field counts { claimed: integer, taken_over: integer, retried: integer, left: integer }
---@field is_stopping boolean
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "slack.inbox"

for _, part in ipairs { admin, ends, stopping } do
  for name, method in pairs(part) do
    Inbox[name] = method
  end
end

-- Making -----------------------------------------------------------------------------------

local function new_ask(store)
  return function(operation, request)
    request.now = math.floor(core.time() * 1000)
    return store.backend:inbox(operation, request)
  end
end

---@param app slack.App
---@return slack.Inbox
function Inbox.new(app)
  local settings = app.settings.inbox
  local log = app.log:with { component = "inbox" }
  return setmetatable({
    app = app, settings = settings, log = log, owner = owner.new(),
    retries = Retries.new(settings, log), in_hand = 0, held = {}, is_stopping = false,
    counts = { claimed = 0, taken_over = 0, retried = 0, left = 0 },
    last_core_stats = NOTHING_PUT,
  }, Inbox)
end

---What the store is to be opened with.
---@return slack.StorageOptions
function Inbox:storage_options()
  local app, settings = self.app, self.settings
  return {
    log = app.log, ca_file = app.settings.ca_file, synchronous = settings.durability,
    inbox = {
      owner = self.owner, lease = settings.lease, max_entries = settings.max_entries,
      keep_dead = settings.keep_dead,
    },
  }
end

local function new_core(self, store)
  local settings = self.settings
  self.source = loop.register(function(kind)
    if kind == "backlog" and self.claims then
      self.claims:fall_behind()
    end
  end)
  return core.inbox {
    storage = store.backend.thread, log = self.log:core(), notices = loop.mailbox(),
    source = self.source, interactive = settings.interactive, takes = not store:is_shared(),
    order_by_channel = settings.order == "channel",
  }
end

-- From then on nothing is stored; what is under way ends.
function Inbox:_close_core()
  if self.core then
    self.last_core_stats = self.core:stats()
    self.core:close()
    self.core = false
  end
end

---What the C side has counted.
---@return table<string, any>
function Inbox:core_stats()
  return self.core and self.core:stats() or self.last_core_stats
end

---Works on a store, with the part of it that is in C.
---@param store slack.Store
---@param in_core slack.core.inbox
function Inbox:use(store, in_core)
  self.store, self.ask, self.core = store, new_ask(store), in_core
  self.marks = Marks.new {
    ask = self.ask, log = self.log, on_marked = function(...) self:_marked(...) end,
  }
end

---Opens it in a store that was opened with its options.
---@async
---@param store slack.Store is not its to close
---@return true? ok
---@return slack.Error? err
function Inbox:open(store)
  if store:is_shared() then -- to wait for entries on a connection of their own
    local reader, err = storage.open(self.app.settings.storage, self:storage_options())
    if not reader then
      return nil, err
    end
    self.reader = reader
  end
  local in_core, message, code = new_core(self, store)
  if not in_core then
    return nil, errors.new { code = code, message = message }
  end
  self:use(store, in_core)
  return true
end

-- Taking -----------------------------------------------------------------------------------

---How many entries there is room for: as many handlers as may run, without those that wait
---for people.
---@return integer
function Inbox:room()
  local app, dispatch = self.app, self.app.dispatch
  if self.is_stopping or dispatch.is_full then
    return 0
  end
  return dispatch.limit - dispatch.in_use - dispatch.queued - app.transports:waiting()
end

---A delivery is handed out, whose entry this process has.
---@param request slack.Request
---@param entry string its id
---@return boolean is_ours false: the app stops, it is left for others
function Inbox:take(request, entry)
  self.in_hand = self.in_hand + 1
  return self:_hold(request, entry)
end

function Inbox:_hold(request, entry)
  request.entry, request.is_live, self.held[entry] = entry, not request.acked, true
  if self.is_stopping and not request.is_live then
    self:leave(request)
    return false
  end
  return true
end

-- From another process: no delivery.
local function take_message(self, id, text)
  self.marks:done(id)
  if self.app.peers then
    self.app.peers:receive(text)
  end
end

local function hand_out_one(self, texts, i)
  if self.held[texts[i]] then
    return -- the lease ran out: it was claimed once more, from this very process
  end
  self.in_hand = self.in_hand + 1
  local request = requests.of(texts, i)
  if request.kind == "peer" then
    return take_message(self, request.entry, texts[i + 3])
  elseif not self:_hold(request, request.entry) then
    return
  end
  local reason = texts[i + 5]
  local name = reason == "failed" and "retried" or reason == "interrupted" and "taken_over"
    or "claimed"
  self.counts[name] = self.counts[name] + 1
  self.app.dispatch:request(request)
end

-- What a fault of ours raises must not keep the others from their handlers.
local function report(self, problem, id)
  local text = core.redact(tostring(problem))
  self.marks:failed(id, text, -1, false, function(where)
    self.log:error("a delivery could not be handled: %s. %s", text, where)
  end)
end

local function hand_out(self, texts)
  local count = 0
  for i = 1, #texts, requests.FIELDS do
    count = count + 1
    local ok, problem = xpcall(hand_out_one, debug.traceback, self, texts, i)
    if not ok then
      report(self, problem, texts[i])
    end
  end
  return count
end

---Begins to take what waits in the store.
function Inbox:start()
  local is_receiver = self.app.settings.role == "receiver"
  self.claims = Claims.new {
    ask = self.reader and new_ask(self.reader) or self.ask, log = self.log,
    block = self.reader and BLOCK or 0,
    room = function() return is_receiver and 0 or self:room() end,
    hand_out = function(texts) return hand_out(self, texts) end,
    caught_up = not self.reader and function() return self.core and self.core:caught_up() end
      or nil,
    only_own = is_receiver,
    hears = function() return self.app.peers ~= nil and self.app.peers.list[1] ~= nil end,
  }
  self.claims:start()
end

-- The store has been told of the ends of so many; one that failed is due before it would be
-- asked again.
function Inbox:_marked(ids, delay)
  self.in_hand = self.in_hand - #ids
  for i = 1, #ids do
    local id = ids[i]
    if self.held[id] == ENDED then
      self.held[id] = nil
    end
  end
  if delay and delay >= 0 and delay < 1 and self.claims then
    loop.after(delay, self.claims.wake, self.claims)
  elseif self.claims and (self.claims.is_crowded or self.settings.order) then
    self.claims:wake()
  end
end

return Inbox
