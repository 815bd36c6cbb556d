-- A context's answer to Slack itself: c:ack, and what becomes of the handler's result.

local lazy = require "slack.lazy"
local acks = require "slack.acks"
local block_answers = lazy "slack.blocks.answers"
local block_json = require "slack.blocks.json"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local json = require "slack.json"
local large_views = lazy "slack.large_views"

local check_self, told = calls.check_self, calls.told

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

local SMALLER = {
  options = "Give fewer options, by what was typed", view = "Say less",
}

local function too_large(c, text, err)
  local message = ("the ack of %d bytes is too large: Slack takes less than %d. %s")
    :format(#text, err.limit, SMALLER[c.kind] or "Ack without it and use c:respond or c:say")
  c.log:error("%s: %s", tostring(c.listener or c.kind), message)
  return nil, errors.new { code = err.code, message = message }
end

local function send(c, text)
  local request = c.request
  local ok, err = request:ack(text)
  if ok then
    request.acked, request.acked_by = true, true
  end
  return ok, err
end

-- It is answered at once, by a small view, and the large one follows.
local function send_large_view(c, answer, text, err)
  c.log:warn("%s: an ack of %d bytes is too large, Slack takes less than %d: acked with a small "
    .. "view, which views.update replaces", tostring(c.listener or c.kind), #text, err.limit)
  local small = large_views.placeholder(answer)
  local ok, failure = send(c, json.encode(small))
  if not ok then
    return nil, failure
  end
  return told(c, "c:ack", large_views.replace(c.client, c.view, small, answer.view))
end

-- What is given where Slack takes nothing would be lost in silence.
local function without_content(c)
  c.log:warn("c:ack: Slack shows nothing of what the ack of %s says: acked without; use c:respond, "
    .. "c:say or c:update", tostring(c.type))
end

local function answer_with(c, answer, text)
  local request = c.request
  if request.acked then
    local err = why_not_owed(c)
    return not err or nil, err
  elseif text and not acks.takes_content(c) then
    without_content(c)
    text = nil
  end
  local ok, err = send(c, text)
  if ok and text then
    block_answers.look_over(c, answer)
  end
  if ok or err.code ~= "too_large" then
    return ok, err
  elseif c.kind == "view" and large_views.fits(c.view, answer) then
    return send_large_view(c, answer, text, err)
  end
  return too_large(c, text, err)
end

-- The answer that a handler means, and its JSON.
local function read(c, content)
  local answer, problem = acks.read(c, content)
  local text
  if answer then
    text, problem = block_json.encode(answer)
  end
  return answer, text, problem
end

---Answers a command, an interaction: with nothing, text, or a table (a message; options; for
---a view errors by action_id or block_id, update, push or clear). What was answered before
---stays. Of a view that is too large for an ack Slack gets a small one, and the large one
---by views.update.
---Events are acked before the handler runs; then there is nothing to do.
---@async
---@param content? string|table
---@return true? ok
---@return slack.Error? err code "too_large": still to be acked; "acked", "deadline" or "gone":
---  nothing is sent, because it was answered before, by the deadline, or Slack has hung up
function methods:ack(content)
  check_self(self, "ack")
  local answer, text, problem = read(self, content)
  if problem then
    error("c:ack: " .. problem, 2)
  end
  return answer_with(self, answer, text)
end

---Should this delivery be refused, because a handler of it fails, Slack is asked not
---to send it again (X-Slack-No-Retry). Only over HTTP is there a refusal, and of events
---only with the option http.answer_events = "handled".
function methods:no_retry()
  check_self(self, "no_retry")
  self.request.no_retry = true
end

-- What no handler means to be an ack.
local function is_stray(c, value)
  local kind = type(value)
  return kind == "number" or kind == "function"
    or kind == "string" and c.kind == "view" and c.type == "view_submission"
end

-- What the handler returned is the ack if it has not acked.
function methods:_settle(value)
  if self.request.acked then
    return
  elseif is_stray(self, value) then
    self.log:warn("the handler returned a %s, which can be no ack: acked empty", type(value))
    value = nil
  elseif not acks.is_answer(value) then
    value = nil
  elseif not acks.takes_content(self) then
    if self.kind == "event" then
      self:_not_shown(value)
    end
    self.log:debug("Slack shows nothing of what the handler returned: acked empty")
    value = nil
  end
  local answer, text, problem = read(self, value)
  if problem then
    error("the handler returned what can be no ack: " .. problem, 0)
  end
  answer_with(self, answer, text)
  if not self.request.acked then -- the value was too large
    send(self)
  end
end

---What the handler returned comes when nothing is owed any more.
---@param value any
function methods:_not_shown(value)
  if self.kind == "event" then
    if type(value) == "string" then
      self.app.dispatch.late:lost_text(self)
    end
  elseif self.request.deadline_passed and acks.is_answer(value) and acks.takes_content(self) then
    why_not_owed(self)
  end
end

return { methods = methods }
