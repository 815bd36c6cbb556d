-- What people do to the app itself: commands, buttons, menus, shortcuts and
-- modals. Each waits for the app's ack and gives back what came of it.

local actions = require "slack.sandbox.actions"
local block_checks = require "slack.sandbox.block_checks"
local checks = require "slack.sandbox.checks"
local inputs = require "slack.sandbox.inputs"
local merged = require "slack.merged"
local outer = require "slack.sandbox.outer"
local people = require "slack.sandbox.people"
local state = require "slack.sandbox.state"
local view_answers = require "slack.sandbox.view_answers"

---@class slack.sandbox.Outcome
---@field ack any payload of the app's ack; json.null when it had none; nil when it never came
---@field seconds number? from sending to ack
---@field message table? what the ack put into the channel
---@field response_url string? for this interaction
---@field trigger_id string?
---@field failure string? what the person sees of a missing or wrong answer: Slack's word
---@field detail string? why there was none, for people: the connection's failure, or the status
---@field delivery slack.sandbox.Delivery|slack.sandbox.HttpDelivery

local COMMAND = {
  command = "string", text = "string", user = "string", channel = "string", timeout = "number",
}
local CLICK = {
  message = "table", view = "table", block_id = "string", action_id = "string", user = "string",
  fields = "table", value = "any", by_block = "table", timeout = "number",
}
local SUGGEST = {
  message = "table", view = "table", block_id = "string", action_id = "string", user = "string",
  value = "string", by_block = "table", timeout = "number",
}
local SHORTCUT = {
  callback_id = "string", message = "table", user = "string", timeout = "number",
}
local SUBMIT = {
  view = "table", values = "table", by_block = "table", user = "string", timeout = "number",
}
local CLOSE = { view = "table", user = "string", is_cleared = "boolean", timeout = "number" }

-- Whose ack may carry something (protocol §2.4).
local ANSWERED = {
  block_actions = true,
  block_suggestion = true,
  view_submission = true,
}

-- What Slack says to the person (protocol §5.3, §6), whatever the transport.
local function failure_of(kind, why)
  if kind == "slash_commands" then
    return (why == "timeout" or why == "http_timeout") and "operation_timeout" or "dispatch_failed"
  end
  return "connection_error"
end

local function deliver_and_wait(self, kind, payload, timeout)
  timeout = timeout or (self.sandbox or self).options.patience
  local delivery = self:deliver(kind, payload, {
    accepts_response_payload = kind == "slash_commands" or ANSWERED[payload.type] or false,
    timeout = timeout,
  })
  local ack, why = delivery:await_ack(timeout or 3)
  return {
    ack = ack,
    failure = ack == nil and failure_of(kind, why) or nil,
    detail = ack == nil and delivery.detail or nil,
    seconds = delivery:ack_time(),
    response_url = payload.response_url,
    trigger_id = payload.trigger_id,
    delivery = delivery,
  }
end

local function is_message(ack)
  return type(ack) == "string" and ack ~= ""
    or type(ack) == "table" and (ack.text or ack.blocks or ack.attachments)
end

---Somebody types a slash command; waits for the app's ack.
---@async
---@param what { command: string, text: string?, user: string?, channel: string?, timeout: number? }
---@return slack.sandbox.Outcome
function people:command(what)
  checks.fields("command", what, COMMAND, "command")
  local user, channel = people.resolve(self, what)
  local payload = outer.command(self.workspace, self:installation())
  local place = outer.channel(channel)
  payload.channel_id, payload.channel_name = place.id, place.name
  payload.user_id, payload.user_name = user.id, user.name
  payload.command, payload.text = what.command, what.text or ""
  payload.response_url = self:new_response_url(user, channel)
  payload.trigger_id = self:new_trigger(user.id)
  local outcome = deliver_and_wait(self, "slash_commands", payload, what.timeout)
  local problem
  outcome.message, problem = people.show_ack(self, outcome.ack, user, channel)
  if problem then
    outcome.failure, outcome.detail = "invalid_command_response", problem
  end
  self:changed()
  return outcome
end

---What an ack of a command puts into the channel, if it is one that does.
---@param ack any
---@param user table
---@param channel table
---@return table? message
---@return string? problem what is wrong with it
function people:show_ack(ack, user, channel)
  local refusal = type(ack) == "table" and block_checks.refusal(block_checks.message(ack))
  if refusal then
    return nil, refusal.messages[1]
  elseif is_message(ack) then
    return people.show_response(self, ack, user, channel)
  end
end

-- The fields of a payload that each interaction has.
local function interaction(self, kind, user)
  local payload = outer.interaction(self.workspace, self:installation(), kind, user)
  payload.trigger_id = self:new_trigger(user.id)
  return payload
end

-- What somebody has chosen in a message so far, which nobody else sees.
local function filled_in(self, user, channel, message, action, by_block)
  local all = self.workspace.filled_in
  local key = ("%s %s %s"):format(channel.id, message.ts, user.id)
  all[key] = state.of(message.blocks, {}, all[key], by_block)
  state.apply(all[key], action or {})
  return all[key]
end

-- Where an element was used: in a message or in a view.
local function add_place(self, payload, place)
  local message, view = place.message, place.view
  local action = payload.actions and payload.actions[1]
  if view then
    view.state = state.of(view.blocks, {}, view.state, place.by_block)
    state.apply(view.state, action or {})
    payload.view = view
    payload.container = { type = "view", view_id = view.id }
    self:add_step(payload, view.id)
    return
  end
  local user, channel = people.resolve(self, { user = place.user, channel = message.channel })
  payload.channel = outer.channel(channel)
  payload.container = actions.container(message, channel, place.attachment)
  payload.app_unfurl = place.attachment and place.attachment.is_app_unfurl and place.attachment
    or nil
  payload.message = not message.is_ephemeral and message or nil
  payload.state = filled_in(self, user, channel, message, action, place.by_block)
  payload.response_url = self:new_response_url(user, channel, message)
  self:add_step(payload, message.ts)
end

local function element_of(what, level)
  local place = what.message or what.view
  if not place then
    people.fail(level + 1, "a message or a view is needed")
  end
  local element, block, attachment = actions.find(place, what.block_id, what.action_id)
  if not element then
    people.fail(level + 1, "there is no element with action_id %s", what.action_id)
  end
  return element, block, attachment
end

-- Where it is remembered what the app offered in a menu of its own.
local function offer_key(place, action_id)
  return ("%s %s"):format(place.id or place.ts, action_id)
end

---@class slack.sandbox.Click
---@field message? table
---@field view? table a modal or home tab, instead of a message
---@field action_id string
---@field block_id? string where several blocks have an element with that action_id
---@field by_block? table<string, table<string, any>> what the other elements hold by now, by
---  block_id and action_id
---@field user? string
---@field fields? table what the action carries besides, selected_option for instance
---@field timeout? number seconds

---Somebody uses a button or menu of a message or view; waits for the app's ack.
---@async
---@param what slack.sandbox.Click
---@return slack.sandbox.Outcome
function people:click(what)
  checks.fields("click", what, CLICK, "action_id")
  local element, block, attachment = element_of(what, 2)
  local user = people.resolve(self, { user = what.user })
  local action = actions.of(element, block, self.workspace:new_ts())
  if what.value ~= nil then
    local field, chosen = state.chosen(element, what.value)
    if not field then
      people.fail(2, "nothing can be chosen in the %s %s", element.type, what.action_id)
    end
    action.value, action.text = nil, nil
    action[field] = chosen
  end
  for key, value in pairs(what.fields or {}) do
    action[key] = value
  end
  local payload = interaction(self, "block_actions", user)
  payload.actions = { action }
  add_place(self, payload, merged(what, { attachment = attachment }))
  local outcome = deliver_and_wait(self, "interactive", payload, what.timeout)
  self:changed()
  return outcome
end

---What Slack's client would not let that person choose.
---@param what slack.sandbox.Click
---@return string? problem
function people:choice_problem(what)
  checks.fields("choice_problem", what, CLICK, "action_id")
  local element = element_of(what, 2)
  local field, chosen = state.chosen(element, what.value)
  if not field then
    return what.value ~= nil and ("nothing can be chosen in the %s"):format(element.type) or nil
  end
  local key = offer_key(what.message or what.view, what.action_id)
  return inputs.problem(element, chosen, self.workspace.offered[key])
end

---Somebody types into a menu whose options the app gives; waits for them.
---@async
---@param what slack.sandbox.Click|{ value: string }
---@return slack.sandbox.Outcome ack.options or ack.option_groups
function people:suggest(what)
  checks.fields("suggest", what, SUGGEST, "action_id")
  local element, block = element_of(what, 2)
  local user = people.resolve(self, { user = what.user })
  local payload = interaction(self, "block_suggestion", user)
  payload.trigger_id = nil
  payload.action_id, payload.block_id = element.action_id, block.block_id
  payload.value = what.value or ""
  add_place(self, payload, what)
  payload.response_url, payload.state = nil, nil
  local outcome = deliver_and_wait(self, "interactive", payload, what.timeout)
  local key = offer_key(what.message or what.view, what.action_id)
  self.workspace.offered[key] = type(outcome.ack) == "table" and outcome.ack or nil
  return outcome
end

---Somebody chooses a shortcut, of the whole workspace or of a message.
---@async
---@param what { callback_id: string, message: table?, user: string?, timeout: number? }
---@return slack.sandbox.Outcome
function people:shortcut(what)
  checks.fields("shortcut", what, SHORTCUT, "callback_id")
  local user = people.resolve(self, { user = what.user })
  local payload = interaction(self, what.message and "message_action" or "shortcut", user)
  payload.callback_id = what.callback_id
  payload.action_ts = self.workspace:new_ts()
  payload.api_app_id = nil
  if what.message then
    local _, channel = people.resolve(self, { channel = what.message.channel })
    payload.channel = outer.channel(channel)
    payload.message, payload.message_ts = what.message, what.message.ts
    payload.response_url = self:new_response_url(user, channel, what.message)
  end
  return deliver_and_wait(self, "interactive", payload, what.timeout)
end

-- Views ------------------------------------------------------------------------

---The modal that is in front, if any.
---@param user? string name or id: of this person's
---@return table? view
function people:view(user)
  return self.workspace:top_view(user and people.resolve(self, { user = user }).id)
end

-- The modal that is meant; without one the one in front, of the person who is named.
local function modal_of(self, what, verb)
  local view = what.view or people.view(self, what.user)
  if not view then
    people.fail(3, "there is no modal to %s", verb)
  end
  local user = people.resolve(self, { user = what.user or self.workspace:viewer(view.id) })
  return view, user
end

-- What would be sent, and what keeps it from that.
local function fill_in(self, view, what)
  local filled = state.of(view.blocks, what.values or {}, view.state, what.by_block)
  return filled, inputs.find_problems(view, filled, function(action_id)
    return self.workspace.offered[offer_key(view, action_id)]
  end)
end

---What keeps a modal from being submitted in Slack's client.
---@param what { view: table?, values: table?, by_block: table?, user: string? } as for submit
---@return { block_id: string, action_id: string, text: string }[] problems empty when it can be
function people:submit_problems(what)
  checks.fields("submit_problems", what, SUBMIT)
  local view = modal_of(self, what, "submit")
  local _, problems = fill_in(self, view, what)
  return problems
end

---Somebody fills in a modal and submits it; waits for the app's ack and does
---what it says. What Slack's client does not send raises: a required input that is empty, a
---value of the wrong form, an option that the menu does not have.
---@async
---@param what? { view: table?, values: table<string, any>?, by_block: table?, user: string?,
---  timeout: number? } values by action_id, or in by_block by block_id and action_id; options by
---  their values; what is not given stays as it was before, or begins; json.null empties it. The
---  view in front when none is given
---@return slack.sandbox.Outcome
function people:submit(what)
  what = what or {}
  checks.fields("submit", what, SUBMIT)
  local view, user = modal_of(self, what, "submit")
  local filled, problems = fill_in(self, view, what)
  if problems[1] then
    people.fail(2, "%s: %s", problems[1].action_id, problems[1].text)
  end
  view.state = filled
  local payload = interaction(self, "view_submission", user)
  payload.view = view
  self:add_step(payload, view.id)
  payload.response_urls = state.response_urls(view, function(channel_id)
    return self:new_response_url(people.resolve(self, { user = user.id, channel = channel_id }))
  end)
  local outcome = deliver_and_wait(self, "interactive", payload, what.timeout)
  local fault = view_answers.fault(self.workspace, view, outcome.ack)
  if fault then
    outcome.failure, outcome.detail = "connection_error", fault
  elseif outcome.ack ~= nil then
    view_answers.follow(self.workspace, view, outcome.ack)
  end
  self:changed()
  return outcome
end

---Somebody closes a modal without submitting it; the app hears of it when the
---view has notify_on_close. Where it has clear_on_close, all above and below go, too.
---@async
---@param what? { view: table?, user: string?, is_cleared: boolean?, timeout: number? }
---  is_cleared: all go
---@return slack.sandbox.Outcome? nil when the app is not told
function people:close_view(what)
  what = what or {}
  checks.fields("close_view", what, CLOSE)
  local view, user = modal_of(self, what, "close")
  local is_cleared = what.is_cleared or view.clear_on_close == true
  if is_cleared then
    self.workspace:clear_views(view)
  else
    self.workspace:drop_view(view)
  end
  self:changed()
  if not view.notify_on_close then
    return nil
  end
  local payload = interaction(self, "view_closed", user)
  payload.trigger_id = nil
  payload.view = view
  self:add_step(payload, view.id)
  payload.is_cleared = is_cleared
  return deliver_and_wait(self, "interactive", payload, what.timeout)
end

return people
