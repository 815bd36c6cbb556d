-- What happens to an error of a handler: a line with everything needed to find
-- it, then the program's own on_error, then what the person gets to see.

local acks = require "slack.acks"

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
local Failures = {}
Failures.__index = Failures
Failures.__name = "slack.failures"

---@param app slack.App
---@return slack.Failures
function Failures.new(app)
  return setmetatable({ app = app }, Failures)
end

local function trace(err)
  return debug.traceback(tostring(err), 2)
end

local function details(c, failure)
  local listener = failure.listener
  return {
    listener = listener,
    script = listener and listener.script,
    kind = c.kind,
    type = c.type,
    acked = c.request.acked == true,
    retry = c.retry,
    traceback = failure.traceback,
  }
end

-- The default when nobody has answered: text for a command, failure for the rest.
local function answer_for(c, answer)
  local request = c.request
  if request.acked then
    return
  elseif acks.is_answer(answer) then
    c:ack(answer)
  elseif c.kind == "command" then
    c:ack(acks.failure_text(tostring(c.payload.command)))
  end
  if not request.acked then
    request.acked = true
    request:refuse()
  end
end

---Logs, calls app:on_error, answers what is still owed. Never raises.
---@param c slack.Context
---@param failure { err: any, traceback: string, listener: slack.Listener? }
function Failures:report(c, failure)
  local app = self.app
  local info = details(c, failure)
  app.log:error("error in %s: %s%s", tostring(info.listener or "middleware"),
    tostring(failure.err), failure.traceback)
  local answer
  local on_error = app.dispatch.on_error
  if on_error then
    local ok, value = xpcall(on_error, trace, failure.err, c, info)
    if ok then
      answer = value
    else
      app.log:error("error in app:on_error: %s", value)
    end
  end
  local ok, problem = xpcall(answer_for, trace, c, answer)
  if not ok then
    app.log:error("error while answering for a failed handler: %s", problem)
  end
end

return Failures
