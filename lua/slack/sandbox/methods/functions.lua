-- Methods by which an app ends a step of a workflow (protocol §10).

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"

---@type table<string, slack.sandbox.Method>
local methods = {}

local function refuse(messages)
  return nil, "parameter_validation_failed", { response_metadata = { messages = messages } }
end

local LUA_TYPES = {
  string = "string", number = "number", integer = "number", boolean = "boolean",
  object = "table", array = "table",
}

-- Types of Slack's own, "slack#/types/user_id", are strings here.
local function check_outputs(step, outputs)
  local problems = {}
  for name, kind in pairs(step.declared) do
    local value = outputs[name]
    if value == nil or value == json.null then
      table.insert(problems, "[ERROR] missing required output: " .. name)
    elseif type(value) ~= (LUA_TYPES[kind] or "string") then
      table.insert(problems, ("[ERROR] output %s must be of type %s"):format(name, kind))
    end
  end
  for name in pairs(outputs) do
    if not step.declared[name] then
      table.insert(problems, ("[ERROR] unexpected output: %s"):format(name))
    end
  end
  table.sort(problems)
  return problems[1] and problems or nil
end

local function on_step(fn)
  return function(workspace, call)
    local step = workspace.steps[tostring(call.args.function_execution_id or "")]
    if not call.args.function_execution_id then
      return nil, "invalid_arguments", {
        response_metadata = {
          messages = { "[ERROR] missing required field: function_execution_id" },
        },
      }
    elseif not step then
      return nil, "function_execution_not_found"
    elseif step.token ~= call.token then
      return nil, "access_denied"
    elseif step.state ~= "running" then
      return nil, "execution_not_in_running_state"
    end
    return fn(step, call)
  end
end

methods["functions.completeSuccess"] = on_step(function(step, call)
  local outputs = arguments.structure(call.args.outputs)
  if type(outputs) ~= "table" then
    return refuse { "[ERROR] missing required field: outputs" }
  end
  local problems = check_outputs(step, outputs)
  if problems then
    return refuse(problems)
  end
  step.state, step.outputs = "completed", outputs
  return {}
end)

methods["functions.completeError"] = on_step(function(step, call)
  local text = call.args.error
  if type(text) ~= "string" or text == "" then
    return refuse { "[ERROR] missing required field: error" }
  end
  step.state, step.error = "failed", text
  return {}
end)

return methods
