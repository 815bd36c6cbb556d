-- From a request to its handlers: which listeners are to run (execution.lua says how), and
-- what becomes of what none takes.
--
-- Any transport can feed it. A request is a table of its making:
--
--   body            the decoded payload
--   event           its event, for who can have it without the rest; then also
--   event_id        its event_id, if that is a string
--   came_as         what Slack says that it is: "event", "command" or "interaction"
--   retry           { number =, reason = } of a redelivery, or nil
--   acked           true when nothing is owed any more (an event)
--   takes_payload   false when an ack can carry nothing
--   held            true of an event that is answered when its handlers have ended
--                   (held_events.lua)
--   has_status      true when a refusal can say why
--   problem         why the body could not be decoded, and is an empty table
--   is_moved        true when another process has handed it over: it goes no further
--   entry           the id of its entry in the inbox, whose end is to be told (inbox/init.lua)
--   request:ack(json)     answers, with JSON or nil; true, or nil and an error
--                         with code "too_large" when it is still owed
--   request:refuse(why)   "unmatched", "failed", "unauthorized" or "undecodable": the
--                         answer is a failure, or none
--
-- Work for one request is a delivery: its jobs are the tasks that handlers run in.

local lazy = require "slack.lazy"
local Admission = require "slack.admission"
local Assistant = lazy "slack.assistant"
local Context = require "slack.context"
local Crowding = require "slack.crowding"
local Dedupe = require "slack.dedupe"
local Failures = require "slack.failures"
local HeldEvents = lazy "slack.held_events"
local LateAnswers = require "slack.late_answers"
local Matching = require "slack.matching"
local Overload = require "slack.overload"
local acks = require "slack.acks"
local ending = require "slack.ending"
local execution = require "slack.execution"
local ignore_self = require "slack.ignore_self"
local payload = require "slack.payload"
local stale = lazy "slack.stale"
local tap = lazy "slack.tap"
local unmatched = require "slack.unmatched"

local is_own, may_be_own = ignore_self.is_own, ignore_self.may_be_own
local kind_of = payload.kind
-- Called for every event: a function costs half of what a method does.
local find, list, give_back = Matching.find, Matching.list, Matching.give_back
local new_context, run_one, begin_event = Context.new, execution.one, Dedupe.begin

---@class slack.Request
---@field body table
---@field event? table
---@field event_id? string
---@field came_as? slack.DeliveryKind
---@field retry? { number: integer, reason: string }
---@field acked? boolean
---@field takes_payload? boolean
---@field held? boolean
---@field has_status? boolean
---@field no_retry? boolean see slack.Context.no_retry
---@field problem? string why its body cannot be read, and is empty
---@field is_moved? boolean it goes to no other process any more
---@field relay? slack.Relay another process has it
---@field has_nobody? boolean no process is there that could handle it
---@field max_ack? integer an ack has fewer bytes than this
---@field entry? string|false its id in the inbox
---@field claim? string the event_id that this process has claimed (shared_dedupe.lua)
---@field attempts? integer how often an entry has failed
---@field is_live? boolean of an entry: somebody waits for the answer
---@field is_parked? boolean of an entry: its handlers wait for people
---@field is_unknown? boolean of a held event: no listener is there for its type
---@field context? slack.Context set here
---@field ack fun(self: slack.Request, text: string?): true?, slack.Error?
---@field refuse fun(self: slack.Request, why: string?)

---@class slack.Dispatch
---@field index slack.Index swapped as a whole when scripts are reloaded
---@field middleware function[] never changed in place
---@field on_error? function
---@field spare_job slack.Job|false one that has ended, to be used again
---@field running integer jobs
---@field in_use integer jobs among them that take room
---@field excused integer jobs among the others whose end nobody waits for
---@field aside integer jobs among the others, those of routes
---@field queued integer jobs among the others that wait for their turn (lanes.lua)
---@field waiting integer jobs among the others that wait for people (Job.begin_wait)
---@field waits slack.Waits|false what they wait for, which is offered first what comes
---@field wait_routes slack.WaitRoutes|false what other processes wait for
---@field receiver slack.Receiver|false has what comes, in place of handlers (option role)
---@field shared_dedupe slack.SharedDedupe|false in place of that, which knows what other
---  processes have handled
---@field inbox slack.Inbox|false keeps deliveries until they have ended
---@field is_stopping boolean nobody is waited for any more
---@field limit integer of jobs; told of by on_full, and by on_room when there is room again
---@field on_job_end fun()|false
---@field streams slack.RunningStreams|false there from the first c:stream on
---@field is_tapped boolean the app has a tap
---@field has_middleware boolean
---@field is_bare boolean whether none of FEATURES has ever been in use, and one token serves all
local Dispatch = {}
Dispatch.__index = Dispatch
Dispatch.__name = "slack.dispatch"

-- What may stand between a request and its listeners. Most apps have little of it, and an event
-- is not to pay for each: until the first is set all are absent from the dispatch itself.
local FEATURES = {
  "is_tapped", "receiver", "has_middleware", "waits", "wait_routes", "streams", "inbox",
  "shared_dedupe",
}
local IS_FEATURE = {}
for _, name in ipairs(FEATURES) do
  IS_FEATURE[name], Dispatch[name] = true, false
end

local function add_features(self)
  self.is_bare = false
  for _, name in ipairs(FEATURES) do
    rawset(self, name, false)
  end
end

function Dispatch:__newindex(name, value)
  if IS_FEATURE[name] then
    if not value then
      return -- it was not in use
    end
    add_features(self)
  end
  rawset(self, name, value)
end

local function nothing() end

-- Of an event that needs no handler (any more).
local function end_claim(self, request)
  if self.shared_dedupe and request.claim then
    self.shared_dedupe:ended(request.claim)
  end
end

---@param app slack.App
---@param clock fun(): number
---@return slack.Dispatch
function Dispatch.new(app, clock)
  local self = setmetatable({
    app = app,
    dedupe = Dedupe.new(clock),
    held = HeldEvents.new(),
    unmatched = unmatched.new(app, clock),
    measures = app.measures,
    failures = Failures.new(app),
    matching = Matching.new(),
    jobs = {}, -- job -> true
    spare_job = false,
    running = 0,
    in_use = 0,
    excused = 0,
    aside = 0,
    queued = 0,
    waiting = 0,
    is_bare = true,
    on_job_end = false,
    is_stopping = false,
    limit = app.settings.max_in_flight,
    ignore_self = app.settings.ignore_self ~= false,
    crowding = Crowding.new(app, app.settings.max_in_flight, clock),
    late = LateAnswers.new(app, clock),
    overload = Overload.new(app, clock),
    is_full = false,
    on_full = nothing,
    on_room = nothing,
    counts = {
      handled = 0, failed = 0, unmatched = 0, duplicates = 0, ignored = 0, unknown = 0,
      unauthorized = 0, overloaded = 0, moved = 0,
    },
  }, Dispatch)
  self.admission = Admission.new(self, clock)
  if app.settings.authorize or app.settings.oauth then
    add_features(self)
  end
  self.is_tapped = app.tap and true
  return self
end

-- What nobody takes ------------------------------------------------------------------

---Refuses what is still owed. Does nothing when it has been answered.
---@param request slack.Request
---@param why "unmatched"|"failed"|"unauthorized"|"undecodable"
function Dispatch:refuse(request, why)
  if request.held then
    self.held:finish(request, why)
  elseif not request.acked then
    request.acked = true
    request:refuse(why)
  end
end

-- Of no kind that listeners are for.
local function answer_unknown(self, c)
  local request = c.request
  if request.has_status and c.type ~= "app_rate_limited" then
    self:refuse(request, request.problem and "undecodable" or "unmatched")
  elseif request.held or not request.acked then
    request.acked = true
    request:ack(nil)
  end
end

---Nothing to do but to answer, and to say so once in a while.
---@param c slack.Context
---@param named boolean whether there are listeners that name this very id
function Dispatch:nobody(c, named)
  local counts, request = self.counts, c.request
  if c.kind == "unknown" then
    return answer_unknown(self, c)
  elseif c.kind ~= "event" and stale.answer(c) then
    return
  end
  counts.unmatched = counts.unmatched + 1
  if not c.is_seen_to then
    self.unmatched:note(c, named)
  end
  if request.held then
    -- An event of a known type that no listener wanted this time is no failure.
    request.is_unknown = not named and not c.is_seen_to
  elseif request.acked then
    return
  elseif c.is_seen_to then -- a handler that waited had it, and passes it on (pass = true)
    c:ack()
  elseif request.has_status or c.kind == "view" and c.type == "view_submission"
    or c.kind == "options" then
    self:refuse(request, "unmatched")
  elseif c.kind == "command" then
    c:ack(acks.unknown_command(tostring(c.payload.command)))
  else
    c:ack()
  end
end

local function nobody(self, c, named)
  self.measures:delivered(c.kind, c.payload, c.kind == "unknown" and "unknown" or "unmatched")
  self:nobody(c, named)
  end_claim(self, c.request)
  if c.request.held then
    self.held:finish(c.request)
  elseif self.inbox then
    self.inbox:ended(c.request)
  end
end

-- Beginning ----------------------------------------------------------------------

---Whether a handler waits for this very thing, and has it now: who took it owes the ack.
---@param c slack.Context
---@return boolean
function Dispatch:is_awaited(c)
  local waits = self.waits
  return waits and waits.count > 0 and waits:offer(c)
end

local function is_taken_up(self, c)
  if not self:is_awaited(c) then
    return false
  end
  self.counts.handled = self.counts.handled + 1
  self.measures:delivered(c.kind, c.payload, "handled")
  end_claim(self, c.request)
  if c.request.held then
    self.held:finish(c.request)
  end
  return true
end

---Whether a handler in another process waits for it, which has it now.
---@param c slack.Context that nobody wants who waits here
---@return boolean
function Dispatch:is_awaited_elsewhere(c)
  local routes = self.wait_routes
  return routes and routes:offer(c, true)
end

local function run_found(self, c, done, found)
  local count, failed = found.count, found.failed
  if failed then
    execution.report_failed(self, c, failed, count > 0)
  end
  if count == 1 then
    run_one(self, c, found[1], found.matches[1], done, failed)
  elseif count > 1 then
    execution.each(self, c, done, found)
  elseif not failed then
    nobody(self, c, found.named)
  end
end

local function run_listeners(self, c, done)
  local matching = self.matching
  local listener, captures, found = find(matching, self.index, c, done)
  if listener then
    run_one(self, c, listener, captures)
  else
    run_found(self, c, done, found)
    give_back(matching, found)
  end
end

---Goes on with a request that is this process's to handle: the middleware, if any, then a
---handler that waits for it, here or in another process, else the listeners.
---@param c slack.Context
---@param done? table<string, true> listeners that had finished with it
---@param is_past_middleware? boolean
function Dispatch:proceed(c, done, is_past_middleware)
  local waits = self.waits
  c.request.context = c
  if self.streams and c.payload.type == "agent_session_stopped" then
    self.streams:note(c)
  end
  if self.has_middleware and not is_past_middleware then
    return execution.behind_middleware(self, c, done, list(self.matching, self.index, c, done))
  elseif waits and waits.count > 0
    and (is_taken_up(self, c) or self:is_awaited_elsewhere(c)) then
    return
  end
  run_listeners(self, c, done)
end

-- Of an event.
local function id_of(request)
  local event_id = request.event_id
  if not (event_id or request.event) then
    event_id = request.body.event_id
    return type(event_id) == "string" and event_id or nil
  end
  return event_id
end

local function duplicate(self, request, event, event_id)
  self.counts.duplicates = self.counts.duplicates + 1
  self.measures:delivered("event", event, "duplicate")
  if request.held then
    self.held:join(request, event_id)
  end
end

-- It is said once in a while; then it goes the way of all, for who listens to anything.
local function unknown(self, request)
  self.counts.unknown = self.counts.unknown + 1
  self.unmatched:note_unknown(request.body, request.problem)
  return "unknown", request.body
end

-- Else nobody needs to know whose token would serve it.
local function hears_unknown(self)
  return self.has_middleware or self.index:has_any()
end

-- The same as admit and proceed, where there is nothing between a request and its listeners.
local function run_bare(self, c, request)
  local done
  if c.kind == "event" then
    local event_id = request.event_id or id_of(request)
    if event_id then
      local is_new
      is_new, done = begin_event(self.dedupe, event_id)
      if not is_new then
        return duplicate(self, request, c.payload, event_id)
      end
    end
    if request.held then
      self.held:begin(request, event_id)
    end
  end
  request.context = c
  run_listeners(self, c, done) -- calls that are no results of this one cost less
end

---Takes a request. Handlers begin here and now when this is called from the loop,
---and go on in tasks of their own.
---@param request slack.Request
function Dispatch:request(request)
  local app, is_bare = self.app, self.is_bare
  if not is_bare then
    if app.tap then
      tap.begin(app.tap, request)
    end
    if self.receiver then
      return self.receiver:request(request)
    end
  end
  local kind, part = "event", request.event
  if not part then
    kind, part = kind_of(request.body, request.came_as)
  end
  if not kind then
    kind, part = unknown(self, request)
  end
  if not app.authorization.is_fixed and (kind ~= "unknown" or hears_unknown(self)) then
    return self.admission:request(request, kind, part)
  elseif kind == "event" and may_be_own(part, app.identity)
    and self:ignores(request, part, app.identity) then
    return
  end
  local c = new_context(app, request, kind, part)
  if is_bare then
    run_bare(self, c, request)
  else
    Dispatch.admit(self, c)
  end
end

---Whether an event is the bot's own doing, which is passed over.
---@param request slack.Request
---@param event table
---@param identity? table with bot_id and bot_user_id
---@return boolean
function Dispatch:ignores(request, event, identity)
  if not self.ignore_self or not is_own(identity, request.body, event)
    or self.index.takes_own and Assistant.is_thread_message(event) then
    return false
  end
  self.counts.ignored = self.counts.ignored + 1
  self.measures:delivered("event", event, "ignored")
  if request.held then
    request:ack(nil)
  elseif self.inbox then
    self.inbox:ended(request)
  end
  return true
end

---Goes on with a request of which it is known whose token serves it.
---@param c slack.Context
function Dispatch:admit(c)
  local request, done = c.request, nil
  local routes = self.wait_routes
  if routes and routes:offer(c) then
    return
  end
  if c.kind == "event" then
    local event_id = id_of(request)
    if event_id and self.inbox and request.entry then -- it was not known when it was put there
      done = self.inbox.retries:take_finished(event_id)
    elseif event_id then
      local is_new
      is_new, done = begin_event(self.dedupe, event_id)
      if not is_new then
        return duplicate(self, request, c.payload, event_id)
      end
    end
    if request.held then
      self.held:begin(request, event_id)
    end
    if event_id and self.shared_dedupe and not request.entry then
      return self.shared_dedupe:claim(c, event_id, done)
    end
  end
  Dispatch.proceed(self, c, done)
end

---Goes on with what could not be handed over to another process.
---@param c slack.Context
---@param is_refused boolean what lies before the listeners is done
function Dispatch:keep(c, is_refused)
  if is_refused then
    c.is_taken = nil
    self:proceed(c, nil, true)
  else
    self:admit(c)
  end
end

---What a handler that waited has taken was not for it after all.
---@param c slack.Context
function Dispatch:give_back(c)
  self.counts.handled = self.counts.handled - 1
  c.is_taken, c.listener, c.matches, c.log = nil, nil, nil, nil
  self:proceed(c, nil, true)
end

-- Ending -------------------------------------------------------------------------

for name, fn in pairs(ending) do
  Dispatch[name] = fn
end

---The transport says that the deadline has answered for the handler.
---@param request slack.Request
---@param why? string in words
function Dispatch:deadline(request, why)
  request.acked, request.deadline_passed = true, true
  if self.app.tap then
    self.app.tap:ack(request, nil, "deadline")
  end
  self.late:deadline(request, why)
  if request.relay then
    request.relay:lost "deadline"
  end
end

---The transport says that Slack has hung up before it had an answer.
---@param request slack.Request
function Dispatch:gone(request)
  request.acked, request.gone = true, true
  self.late:gone(request)
  if request.relay then
    request.relay:lost "gone"
  end
end

return Dispatch
