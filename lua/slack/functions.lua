-- A context's part for custom functions (steps of workflows): what the step was given,
-- and how it ends. The listener's own token, that of the execution, is the client's.

local calls = require "slack.context_calls"
local errors = require "slack.errors"
local json = require "slack.json"
local payload = require "slack.payload"

local as_table, text_of = payload.as_table, payload.text_of
local check_self, told = calls.check_self, calls.told

-- What somebody who runs the workflow may read of a handler that raised.
local RAISED = "The app could not do this step: an error came up."

---@class slack.Context
---@field inputs? table what the step was given, also in interactions that it gave rise to
---@field function_execution_id? string of the step that this is, or came of
local methods, fields = {}, {}

-- Of an interaction: the step whose message or view it came from.
local function function_data(c)
  return as_table(c.body.function_data)
end

local function is_step(c)
  return c.kind == "event" and c.payload.type == "function_executed"
end

function fields.inputs(c)
  if is_step(c) then
    return as_table(c.payload.inputs) or {}
  end
  local data = function_data(c)
  return data and (as_table(data.inputs) or {})
end

function fields.function_execution_id(c)
  local data = function_data(c)
  return text_of(c.kind == "event" and c.payload.function_execution_id
    or data and data.execution_id)
end

local function refused(name, code, text)
  return nil, errors.new { code = code, message = ("%s: %s"):format(name, text) }
end

-- The first call counts; one that failed may be repeated.
local function finish(c, name, method, arguments)
  local execution_id, request = c.function_execution_id, c.request
  if not execution_id then
    return refused(name, "no_function", "this " .. c.kind .. " is of no custom function")
  elseif request.step_ended_by then
    return refused(name, "completed", "the step was ended by " .. request.step_ended_by
      .. " already: nothing is sent")
  end
  request.step_ended_by = name
  arguments.function_execution_id = execution_id
  local answer, err = c.client.functions[method](arguments)
  if not answer then
    request.step_ended_by = nil
    return nil, err
  end
  return true
end

---Ends the step of a workflow that this listener is for, or the button it was shown.
---The handler need not do so before it returns: a later click can.
---@async
---@param outputs? table<string, any> as the manifest declares them
---@return true? ok
---@return slack.Error? err code "completed" when it was ended before
function methods:complete(outputs)
  check_self(self, "complete")
  if outputs ~= nil and (type(outputs) ~= "table" or outputs[1] ~= nil) then
    error("c:complete: a table of outputs by name expected, got "
      .. (type(outputs) == "table" and "a list" or type(outputs)), 2)
  end
  local text, problem = json.encode(outputs or {})
  if not text then
    error("c:complete: outputs: " .. problem, 2) -- before the step counts as ended
  end
  return told(self, "c:complete", finish(self, "c:complete", "completeSuccess", {
    outputs = outputs or {},
  }))
end

---Ends the step with an error, and with it the workflow.
---@async
---@param problem string|slack.Error shown to people
---@return true? ok
---@return slack.Error? err code "completed" when it was ended before
function methods:fail(problem)
  check_self(self, "fail")
  local text = errors.is(problem) and tostring(problem) or problem
  if type(text) ~= "string" or text == "" then
    error("c:fail: a text for people expected, got " .. (text == "" and "an empty one"
      or type(text)), 2)
  end
  return told(self, "c:fail", finish(self, "c:fail", "completeError", {
    error = text,
  }))
end

-- A handler of app:func has raised. What app:on_error returned is the error of the
-- step; after false it goes on.
function methods:_fail_step(decision)
  local request, inbox = self.request, self.app.inbox
  if decision == false or request.step_ended_by then
    return
  elseif decision == nil and request.entry and inbox and inbox.retries:will_retry(request) then
    return -- it may yet be completed
  end
  local text = type(decision) == "string" and decision ~= "" and decision or RAISED
  if self:fail(text) then
    self:no_retry() -- the step has ended, another delivery would find nothing to do
  end
end

return { methods = methods, fields = fields }
