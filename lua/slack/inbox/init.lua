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
local entries = require "slack.inbox.entries"
local errors = require "slack.errors"
local loop = require "slack.loop"
local owner = require "slack.inbox.owner"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

-- Seconds that a claim waits for what comes, where the store can.
local BLOCK = 1
-- Seconds that the store has for the last marks when the app stops.
local LAST_MARKS = 5
local LEAST_FOR_BACK = 0.1

---One operation on the store's inbox: thread.lua says which there are.
---@alias slack.InboxAsk fun(operation: string, request: table): any, slack.Error?

---@class slack.Inbox
---@field app slack.App
---@field settings slack.InboxOptions
---@field owner string names this process in the store
---@field store slack.Store
---@field in_hand integer entries that were handed out, and of whose end the store does not know
---@field counts { claimed: integer, taken_over: integer, retried: integer, left: integer }
---@field is_stopping boolean
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "slack.inbox"

for name, method in pairs(admin) do
  Inbox[name] = method
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
    retries = Retries.new(settings, log), in_hand = 0, is_stopping = false,
    counts = { claimed = 0, taken_over = 0, retried = 0, left = 0 },
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
local function close_core(self)
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
    ask = self.ask, log = self.log, on_marked = function(count) self:_marked(count) end,
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
  request.entry, request.is_live = entry, not request.acked
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
  local request = entries.request(texts, i)
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
  self.log:error("a delivery of the inbox could not be handled: %s", tostring(problem))
  self.marks:failed(id, core.redact(tostring(problem)), -1)
end

local function hand_out(self, texts)
  local count = 0
  for i = 1, #texts, entries.FIELDS do
    count, self.in_hand = count + 1, self.in_hand + 1
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

-- Ends of deliveries ---------------------------------------------------------------------

function Inbox:_marked(count)
  self.in_hand = self.in_hand - count
  if self.claims and (self.claims.is_crowded or self.settings.order) then
    self.claims:wake()
  end
end

-- It is due before the store would be asked again.
local function look_in(self, delay)
  if delay >= 0 and delay < 1 and self.claims then
    loop.after(delay, self.claims.wake, self.claims)
  end
end

-- The id of its entry, of which it is rid.
local function let_go(request)
  local entry = request.entry
  request.entry = false
  return entry
end

-- What another process has in the inbox is ended there.
local function is_relayed(request, outcome)
  if request.entry and request.relays then
    request:ended(outcome)
    return true
  end
  return false
end

---It needs no handling any more.
---@param request slack.Request
function Inbox:done(request)
  if is_relayed(request) then
    return
  end
  local entry = let_go(request)
  if entry then
    self.marks:done(entry)
  end
end

---It is for others, or for the next start.
---@param request slack.Request
function Inbox:leave(request)
  if is_relayed(request, "left") then
    return
  end
  local entry = let_go(request)
  if entry then
    self.counts.left = self.counts.left + 1
    self.marks:back(entry)
  end
end

---Its handling has failed, or it came to no handler.
---@param c slack.Context
---@param caught? slack.Caught
---@param finished? table<slack.Listener, true>
function Inbox:failed(c, caught, finished)
  if not is_relayed(c.request, "failed") and c.request.entry then
    local text, delay = self.retries:failed(c, caught, finished)
    self.marks:failed(let_go(c.request), text, delay)
    look_in(self, delay)
  end
end

local function overloaded(self, request)
  if request.is_live or request.relays then
    return self:done(request) -- the person was asked to try again
  end
  local text, delay = self.retries:overloaded()
  self.marks:failed(let_go(request), text, delay, true)
  look_in(self, delay)
end

local function unreadable(self, request)
  local text = "its body cannot be read: " .. request.problem
  self.log:error("a delivery of the inbox is given up: %s. `lua-slack inbox list` shows it", text)
  self.retries.counts.dead = self.retries.counts.dead + 1
  self.marks:failed(let_go(request), text, -1)
end

---The last handler of a delivery has ended, or nobody wanted it.
---@param request slack.Request
---@param delivery? slack.Job nil: no handler ran
---@param outcome? "failed"|"overloaded"|string
function Inbox:ended(request, delivery, outcome)
  if not request.entry then
    return
  elseif request.problem then
    unreadable(self, request)
  elseif not delivery then
    self:done(request)
  elseif delivery.c.is_taken then
    return -- a handler that waited for it has it; waits.lua says when that is sure
  elseif delivery.is_cut_off then
    self:leave(request)
  elseif outcome == "failed" then
    local failures = delivery.failures
    self:failed(delivery.c, delivery.caught or failures and failures[1] or delivery.failure,
      delivery.finished)
  elseif outcome == "overloaded" then
    overloaded(self, request)
  else
    self:done(request)
  end
end

---It is not known whose token serves it.
---@param c slack.Context
---@param err slack.Error
function Inbox:unauthorized(c, err)
  if err.code == "authorization_failed" then
    self:failed(c, { err = err })
  else
    self:done(c.request) -- where the app is not installed it will not be soon
  end
end

local function park(self, entry)
  local ok, err = self.ask("park", { value = entry })
  if ok then
    self.claims:wake()
  else
    self.log:warn("deliveries wait for one whose handler waits for a person: %s", err)
  end
end

---All of its handlers wait for people: others of its order need not wait for it.
---@param request slack.Request
function Inbox:parked(request)
  if self.settings.order and not request.is_parked and not request.relays then
    request.is_parked = true
    tasks.spawn(park, self, request.entry)
  end
end

---Another process has one of its entries now.
function Inbox:moved()
  self:_marked(1)
end

-- Stopping ---------------------------------------------------------------------------------

-- Handlers that wait for their turn have not begun.
local function leave_queued(self)
  local queued = {}
  for job in pairs(self.app.dispatch.jobs) do
    if job.beside == "queued" and not job.delivery.several and job.c.request.entry then
      queued[#queued + 1] = job
    end
  end
  for _, job in ipairs(queued) do
    job:cancel()
  end
end

---Takes nothing more: what no handler has begun with is for others at once. Other processes
---are still heard, as handlers that run may need what they have to say.
function Inbox:stop()
  self.is_stopping = true
  local relays = self.app.relays
  if self.claims and not (relays and relays:are_waiting()) then
    self.claims:stop()
  end
  leave_queued(self)
end

-- A claim that the store has yet to answer is answered when its connection closes.
local function end_claims(self, timeout)
  if not self.claims then
    return
  end
  self.claims:stop()
  if self.reader then
    self.reader:close()
  end
  self.claims:wait_stopped(timeout)
end

-- Handlers that wait for the stop itself have ended as far as anybody can tell: handled again,
-- they would stop the app again.
local function end_excused(self)
  for job in pairs(self.app.dispatch.jobs) do
    if job.beside == "excused" then
      self:done(job.delivery.c.request)
    end
  end
end

local function tell_left(self, count)
  if count > 0 then
    self.log:info("%s left for %s", count == 1 and "1 delivery is" or count .. " deliveries are",
      self.reader and "other processes, or the next start" or "the next start")
  end
end

---Tells the store of the last ends, and gives back what is left.
---@async
---@param timeout number seconds for the store
---@return integer count of deliveries of whose end the store does not know
function Inbox:finish(timeout)
  local ends = loop.now() + math.min(timeout, LAST_MARKS)
  close_core(self)
  end_claims(self, ends - loop.now())
  end_excused(self)
  if not self.marks:flush(math.max(ends - loop.now(), 0)) then
    self.log:warn("the store was not told in time of %d deliveries that have ended: they are "
      .. "handled again, with what is left, after %g s", self.marks.count, self.settings.lease)
    return self.marks.count
  end
  local count, err = tasks.timeout(math.max(ends - loop.now(), LEAST_FOR_BACK), self.ask, "back",
    { value = "" })
  self.is_given_back = count ~= nil
  if count then
    tell_left(self, self.counts.left + count)
  else
    self.log:warn("what is left could not be given back, and is taken over after %g s: %s",
      self.settings.lease, err)
  end
  return 0
end

---Ends at once. The store is still open, and sees to what it is told here.
function Inbox:close()
  local now = math.floor(core.time() * 1000)
  self.is_stopping = true
  if self.claims then
    self.claims:close()
  end
  if self.reader then
    self.reader:close()
  end
  close_core(self)
  if self.marks then
    self.marks:close(self.store.backend, now)
    if not self.is_given_back then
      self.store.backend:tell_inbox("back", { value = "", now = now })
    end
  end
  if self.source then
    loop.unregister(self.source)
  end
end

return Inbox
