-- What happens to an error of a handler: the program's own on_error gets it, or the
-- log a line with everything needed to find it; then what the person gets to see.

local acks = require "slack.acks"
local raised = require "slack.raised"
local watchdog = require "slack.watchdog"

---What was raised, caught by `xpcall(fn, Failures.trace)`.
---@class slack.Caught
---@field err any
---@field traceback string
---@field listener? slack.Listener
---@field c? slack.Context of the listener
---@field answer? fun(c: slack.Context) in place of the default answer
---@field is_logged? boolean the log has been told

---What app:on_error gets as its third argument.
---@class slack.Failure
---@field listener? slack.Listener tostring gives its name with file and line
---@field script? string
---@field kind slack.Kind
---@field type string
---@field acked boolean whether Slack had its answer by then
---@field retry? { number: integer, reason: string }
---@field traceback string

---@class slack.Failures
---@field on_report? fun(failure: slack.Caught, info: slack.Failure) is told of each one, too
local Failures = {}
Failures.__index = Failures
Failures.__name = "slack.failures"

---@param app slack.App
---@return slack.Failures
function Failures.new(app)
  return setmetatable({ app = app }, Failures)
end

local function trace_text(err)
  return debug.traceback(raised.text(err), 2)
end

-- What a __close variable raises when its task is cancelled comes to nobody else than the
-- log of tasks.
local Caught = {
  __tostring = function(self)
    return raised.text(self.err) .. raised.own_part(self.traceback)
  end,
}

---The handler for xpcall.
---@param err any
---@return slack.Caught
function Failures.trace(err)
  watchdog.spare()
  return setmetatable({ err = err, traceback = debug.traceback("", 2) }, Caught)
end

---What xpcall gave: not from trace when memory or stack had run out.
---@param caught slack.Caught|string
---@param listener? slack.Listener
---@return slack.Caught
function Failures.of(caught, listener)
  watchdog.calm()
  if type(caught) ~= "table" then
    caught = { err = caught, traceback = "" }
  end
  caught.listener = listener
  return caught
end

local function is_answered(request)
  return request.acked == true
    and not (request.held and not request.deadline_passed and not request.gone)
end

local function details(c, failure)
  local listener, own = failure.listener, c.listener
  if listener and own and own.of == listener then
    listener = own -- the route of a command
  end
  return {
    listener = listener,
    script = listener and listener.script,
    kind = c.kind,
    type = c.type,
    acked = is_answered(c.request),
    retry = c.retry,
    traceback = raised.own_part(failure.traceback),
  }
end

-- The default when nobody has answered: text for a command, failure for the rest.
local function answer_for(c, failure, answer)
  local request = c.request
  if request.acked then
    return
  end
  local content = acks.after_failure(c, answer)
  if content then
    c:ack(content)
  elseif failure.answer then
    failure.answer(c)
  elseif c.kind == "command" then
    c:ack(acks.failure_text(tostring(c.payload.command)))
  end
  c.app.dispatch:refuse(request, "failed")
end

local function log_failure(app, failure, info)
  app.log:error("error in %s: %s%s", tostring(info.listener or "middleware"),
    raised.text(failure.err), info.traceback)
end

-- What the program does about it takes the place of our line.
local function tell(app, c, failure, info)
  local on_error = app.dispatch.on_error
  if not on_error then
    if not failure.is_logged then
      log_failure(app, failure, info)
    end
    return nil
  end
  local ok, value = xpcall(on_error, trace_text, failure.err, c, info)
  if ok then
    return value
  end
  log_failure(app, failure, info)
  app.log:error("error in app:on_error: %s", value)
end

---Calls app:on_error or logs, and answers what is still owed. Never raises.
---@param c slack.Context
---@param failure slack.Caught
---@param is_other_asked? boolean another listener is there to answer
function Failures:report(c, failure, is_other_asked)
  local app, info = self.app, details(c, failure)
  if self.on_report then
    self.on_report(failure, info)
  end
  local answer = tell(app, c, failure, info)
  if failure.listener and failure.listener.method == "func" then
    c:_fail_step(answer)
  end
  if is_other_asked then
    return
  end
  local ok, problem = xpcall(answer_for, trace_text, c, failure, answer)
  if not ok then
    app.log:error("error while answering for a failed handler: %s", problem)
  end
end

return Failures
