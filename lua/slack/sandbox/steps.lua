-- Steps of workflows that the app is to do (protocol §10), and people who run them.

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local merged = require "slack.merged"
local new_id = require "slack.sandbox.new_id"
local people = require "slack.sandbox.people"

---One execution of a custom function.
---@class slack.sandbox.Step
---@field id string function_execution_id
---@field callback_id string
---@field inputs table
---@field declared table<string, string> type of each output
---@field token string "xwfp-…", for this execution alone
---@field state "running"|"completed"|"failed"|"timed_out"
---@field outputs? table
---@field error? string
---@field trigger? string

---@class slack.sandbox.Steps: slack.sandbox.People
local steps = {}

local RUN = { callback_id = "string", inputs = "table", outputs = "table", user = "string" }

local function parameters(types)
  local list = {}
  for name, kind in pairs(types) do
    list[#list + 1] = {
      type = kind, name = name, description = "", title = name, is_required = true,
    }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return json.list(list)
end

local function types_of(inputs)
  local types = {}
  for name, value in pairs(inputs) do
    types[name] = type(value) == "table" and "object" or type(value)
  end
  return types
end

local function execution_event(self, step)
  return {
    type = "function_executed",
    ["function"] = {
      id = new_id "Fn", callback_id = step.callback_id, title = step.callback_id,
      description = "", type = "app", app_id = self.workspace.app_id,
      input_parameters = parameters(types_of(step.inputs)),
      output_parameters = parameters(step.declared),
      date_created = 0, date_updated = 0, date_deleted = 0, form_enabled = false,
    },
    inputs = step.inputs,
    function_execution_id = step.id,
    workflow_execution_id = new_id "Wx",
    bot_access_token = step.token,
    event_ts = self.workspace:new_ts(),
  }
end

---Somebody runs a workflow with a step of the app.
---@param what { callback_id: string, inputs: table?, outputs: table<string, string>? } outputs:
---  their types as the manifest would declare them, all required
---@return slack.sandbox.Step step whose state and outputs change as the app ends it
function steps:run_step(what)
  checks.fields("run_step", what, RUN, "callback_id")
  local installation = self:installation()
  local grants = (self.sandbox or self).grants
  local step = {
    id = new_id "Fx", callback_id = what.callback_id, inputs = what.inputs or {},
    declared = what.outputs or {}, token = grants.new_token "xwfp-1", state = "running",
  }
  local bot = installation and installation.bot
  grants:know(step.token, merged(bot, {
    type = "bot", place = self.workspace, user_id = self.workspace.bot.user_id, step = step,
  }))
  self.workspace.steps[step.id] = step
  self:deliver_event(execution_event(self, step))
  self:changed()
  return step
end

---Waits until the app has ended a step.
---@async
---@param step slack.sandbox.Step
---@param timeout? number seconds
---@return slack.sandbox.Step? step nil, "timeout"
function steps:wait_step(step, timeout)
  return self:wait(function() return step.state ~= "running" and step end, timeout)
end

-- What an interaction carries that came of a step's message or view.
function people:add_step(payload, place)
  local step = self.workspace.step_of[place]
  if step then
    payload.bot_access_token = step.token
    payload.function_data = {
      execution_id = step.id, ["function"] = { callback_id = step.callback_id },
      inputs = step.inputs,
    }
    payload.interactivity = {
      interactor = { id = payload.user.id, secret = new_id "":lower() },
      interactivity_pointer = self:new_trigger(payload.user.id),
    }
  end
end

return steps
