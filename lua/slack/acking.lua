-- A context's answer to Slack itself: c:ack, and what becomes of the handler's result.

local acks = require "slack.acks"
local calls = require "slack.context_calls"
local errors = require "slack.errors"

local check_self = calls.check_self

---@class slack.Context
local methods = {}

local function unsent(code, message)
  return errors.new { code = code, message = "c:ack: " .. message }
end

-- What an ack is told that comes when none is owed any more; nothing for an event, of
-- which none ever was.
local function why_not_owed(c)
  local request = c.request
  if request.held then
    return nil
  elseif request.deadline_passed then
    local err = unsent("deadline",
      "after the deadline: the person has had an empty answer; use c:respond")
    if not request.acked_late then
      request.acked_late = true
      c.log:warn("%s", err)
    end
    return err
  elseif request.gone then
    local err = unsent("gone", "Slack has hung up, nobody gets it")
    c.log:debug("%s", err)
    return err
  elseif request.acked_by then
    local err = unsent("acked", "acked already, nothing is sent")
    c.log:warn("%s", err)
    return err
  end
end

local function too_large(c, text, err)
  local message = ("the ack of %d bytes is too large: Slack takes less than %d. ")
    :format(#text, err.limit) .. (c.kind == "view" and "Ack without it and call views.update"
    or "Ack without it and use c:respond or c:say")
  c.log:error("%s: %s", tostring(c.listener or c.kind), message)
  return nil, errors.new { code = err.code, message = message }
end

---Answers a command, an interaction: with nothing, text, or a table (a message, a
---view's response_action, options). What was answered before stays.
---Events are acked before the handler runs; then there is nothing to do.
---@param content? string|table
---@return true? ok
---@return slack.Error? err code "too_large": still to be acked; "acked", "deadline" or "gone":
---  nothing is sent, because it was answered before, by the deadline, or Slack has hung up
function methods:ack(content)
  check_self(self, "ack")
  local text, problem = acks.encode(self.kind, content)
  if problem then
    error("c:ack: " .. problem, 2)
  end
  local request = self.request
  if request.acked then
    local err = why_not_owed(self)
    return not err or nil, err
  end
  if text and request.takes_payload == false then
    self.log:debug("this kind of payload takes no content in its ack: acked without")
    text = nil
  end
  local ok, err = request:ack(text)
  if ok then
    request.acked, request.acked_by = true, true
    return true
  elseif err.code == "too_large" then
    return too_large(self, text, err)
  end
  return nil, err
end

---Should this delivery be refused, because a handler of it fails, Slack is asked not
---to send it again (X-Slack-No-Retry). Only over HTTP is there a refusal, and of events
---only with the option http.answer_events = "handled".
function methods:no_retry()
  check_self(self, "no_retry")
  self.request.no_retry = true
end

-- What the handler returned is the ack if it has not acked.
function methods:_settle(value)
  if not self.request.acked then
    local kind = type(value)
    if kind == "number" or kind == "function" then
      self.log:warn("the handler returned a %s, which can be no ack: acked empty", kind)
    end
    self:ack(acks.is_answer(value) and value or nil)
    if not self.request.acked then -- the value was too large
      self:ack()
    end
  end
end

return { methods = methods }
