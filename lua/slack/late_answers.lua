-- What is said when Slack was not answered in time: by whose fault; and of answers that
-- nobody gets to see.

local lazy = require "slack.lazy"
local LogLimit = require "slack.log_limit"
local owner = lazy "slack.inbox.owner"

-- Seconds between two lines about events that one listener keeps longer than Slack waits, and
-- about answers that one other process owes.
local PERIOD = 60

---@class slack.LateAnswers
---@field app slack.App
---@field slow_events slack.LogLimit
---@field lost slack.LogLimit
---@field owed slack.LogLimit
local LateAnswers = {}
LateAnswers.__index = LateAnswers
LateAnswers.__name = "slack.late_answers"

---@param app slack.App
---@param clock fun(): number
---@return slack.LateAnswers
function LateAnswers.new(app, clock)
  return setmetatable({
    app = app, slow_events = LogLimit.new(clock, PERIOD), lost = LogLimit.new(clock, PERIOD),
    owed = LogLimit.new(clock, PERIOD),
  }, LateAnswers)
end

local function listener_of(c)
  return tostring(c and c.listener or "a listener that was not reached")
end

-- Whom the answer was waited for; what there is to do about it, if that is known.
local function slow_one(self, request)
  local c = request.context
  if request.relay then
    local relay = request.relay
    return ("the process %s, which %s"):format(owner.label(relay.name),
      relay.is_sent and "has it" or "could not be reached"), "Its own log says more"
  elseif c and c.is_authorizing then
    return ("%s, which has not said yet whose token is to serve %s"):format(
      self.app.authorization.authorize and "authorize" or "the storage of installations",
      tostring(c.team_id or c.enterprise_id)),
      "It took long itself, no listener did: let it answer sooner"
  elseif c and c._job and c._job.beside == "queued" then
    return listener_of(c), "It waits for its turn behind others (its options order and "
      .. "concurrency): overload says what people get to see where too many wait (queue)"
  end
  return listener_of(c)
end

-- Once in a while for each who; the line ends with how many there were meanwhile.
local function warn(self, limit, who, format, ...)
  local is_due, more = limit:is_due(who)
  if is_due then
    self.app.log:warn("%s%s", format:format(...),
      more > 0 and ("; %d more like it since the last line"):format(more) or "")
  end
end

local function slow_event(self, who)
  warn(self, self.slow_events, who, "%s takes longer than Slack waits: the event was answered "
    .. "with 200, and will not be delivered again if it fails", who)
end

-- Once in a while for each listener.
local function lost(self, c, format, ...)
  local who = listener_of(c)
  if self.lost:is_due(who) then
    self.app.log:warn("%s: " .. format, who, ...)
  end
end

---The handler of an event returned a text, which is the answer of a command only.
---@param c slack.Context
function LateAnswers:lost_text(c)
  lost(self, c, "the text that it returned is not posted, as an event has no answer: c:say posts")
end

---A command was answered with what is no message, or not quite.
---@param c slack.Context
---@param problem string
function LateAnswers:no_message(c, problem)
  lost(self, c, "the person may not see what it answered: %s", problem)
end

-- Of one that hangs no more is known than that.
local function late(self, request, who, format, ...)
  if request.relay then
    return warn(self, self.owed, who, format, ...)
  end
  self.app.log:warn(format, ...)
end

---The deadline has answered for the handler.
---@param request slack.Request
---@param why? string in words
function LateAnswers:deadline(request, why)
  local who, advice = slow_one(self, request)
  if request.has_nobody then
    return -- which has been said
  elseif request.held then
    return slow_event(self, who)
  end
  late(self, request, who, "no ack in time from %s: acked empty. %s", who,
    advice or why or "Ack first, then do what takes long")
end

---Slack has hung up before it had an answer.
---@param request slack.Request
function LateAnswers:gone(request)
  local who = slow_one(self, request)
  late(self, request, who, "Slack hung up before %s had answered", who)
end

return LateAnswers
