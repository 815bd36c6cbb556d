-- Recorded traffic (slack.recording) as a test: what came then comes again. What the bot
-- reads of Slack is answered as it was; what it writes goes to the local Slack.

local acting = require "slack.testing.acting"
local methods = require "slack.web_api.methods"
local reader = require "slack.recording.reader"
local view_answers = require "slack.sandbox.view_answers"

local KINDS = { event = "events_api", command = "slash_commands", interaction = "interactive" }

---@class slack.Test
local M = {}

-- Those it speaks of ------------------------------------------------------------------------

local function know_user(workspace, id, name)
  if type(id) == "string" and not workspace.users[id] then
    workspace:add_user(type(name) == "string" and name or id, { id = id })
  end
end

local function know_channel(workspace, id, name, user_id)
  if type(id) ~= "string" or workspace.channels[id] then
    return
  end
  local is_direct = id:sub(1, 1) == "D"
  workspace:add_channel(type(name) == "string" and name or id, {
    id = id, is_im = is_direct or nil, user = is_direct and user_id or nil,
  })
  workspace.channels[id].members[workspace.bot.user_id] = true
end

-- A message or view that was acted on is there, so that it can be changed.
local function know_place(workspace, channel_id, message, view, user_id)
  local channel = workspace.channels[channel_id or false]
  if channel and type(message) == "table" and type(message.ts) == "string"
    and not workspace.find_message(channel, message.ts) then
    message.channel = channel_id
    table.insert(channel.messages, message)
  end
  if type(view) == "table" and type(view.id) == "string" and not workspace.views[view.id] then
    workspace:know_view(view, user_id)
  end
end

local function id_and_name(value)
  if type(value) == "table" then
    return value.id, value.name or value.username
  end
  return value
end

local function introduce(workspace, body)
  local event = type(body.event) == "table" and body.event or {}
  local item = type(event.item) == "table" and event.item or {}
  local user_id, user_name = id_and_name(body.user or event.user)
  know_user(workspace, body.user_id or user_id, body.user_name or user_name)
  for _, channel in ipairs { body.channel or false, event.channel or false,
    body.channel_id or false, item.channel or false } do
    local id, name = id_and_name(channel or nil)
    know_channel(workspace, id, name or body.channel_name, body.user_id or user_id)
  end
  local channel_id = id_and_name(body.channel)
  know_place(workspace, channel_id, body.message, body.view, body.user_id or user_id)
  return body.user_id or user_id, body.channel_id or channel_id
end

-- Secrets were not recorded, and triggers are old: new ones take their place.
local function renew(t, body, user_id, channel_id)
  local workspace = t.slack.workspace
  local user, channel = workspace.users[user_id or false], workspace.channels[channel_id or false]
  if body.trigger_id then
    body.trigger_id = t.slack:new_trigger(user_id)
  end
  if body.response_url and user and channel then
    body.response_url = t.slack:new_response_url(user, channel, body.message)
  end
end

-- What was answered ---------------------------------------------------------------------------

-- The answer that was recorded for what the bot reads, in the order of the calls.
local function answer_as_recorded(t, calls)
  local left = {}
  for _, call in ipairs(calls) do
    local known = methods.find(call.method)
    if known and known.is_repeatable and (call.answer or call.error) then
      left[call.method] = left[call.method] or {}
      table.insert(left[call.method], call)
    end
  end
  t.web.recorded = function(method)
    local call = left[method] and table.remove(left[method], 1)
    if not call then
      return nil
    end
    return call.answer or { error = call.error.code, status = call.error.status }
  end
end

-- What the ack of a submission does to the modals; gives what is wrong with it.
local function answer_submission(workspace, view, ack)
  local fault = view_answers.fault(workspace, view, ack)
  if not fault and ack ~= nil then
    view_answers.follow(workspace, view, ack)
  end
  return fault
end

-- What a command's ack puts into the channel, and that of a submission does to the modals.
local function follow_answer(t, delivery, ack, user_id, channel_id)
  local workspace, body = t.slack.workspace, delivery.body
  local view = body.type == "view_submission" and type(body.view) == "table"
    and workspace.views[body.view.id or false]
  if view then
    return answer_submission(workspace, view, ack)
  end
  local user, channel = workspace.users[user_id or false], workspace.channels[channel_id or false]
  local is_message = type(ack) == "table" and (ack.text or ack.blocks or ack.attachments)
  if delivery.kind == "command" and is_message and user and channel then
    t.slack.show_response(t.slack, ack, user, channel)
  end
end

local function deliver(t, delivery, result)
  local body = delivery.body
  local user_id, channel_id = introduce(t.slack.workspace, body)
  renew(t, body, user_id, channel_id)
  local is_event = delivery.kind == "event"
  local sent = t.side:deliver(KINDS[delivery.kind], body, {
    accepts_response_payload = not is_event, retry = delivery.retry,
  })
  result.is_delivery = true
  local ack = sent:await_ack(3)
  local problem = follow_answer(t, delivery, ack, user_id, channel_id)
  acting.take_outcome(result, {
    delivery = sent, ack = ack, failure = sent.refused or problem and "connection_error",
    detail = problem,
  })
end

local function name_of(delivery)
  local body = delivery.body
  local event = type(body.event) == "table" and body.event or {}
  return tostring(event.type or body.command or body.callback_id or body.type or delivery.kind)
end

---Plays a recording (`lua-slack run --record FILE`): its deliveries come one after another, with
---the time between them. People and channels in it are there from then on.
---@param path string
---@param options? { fails: boolean|string|nil, only: string? } only: deliveries of this name (an
---  event's type, a command, a callback_id)
---@return slack.testing.Result[] one for each delivery, with `recorded`: its ack and calls then
function M:play(path, options)
  options = options or {}
  acting.check_text("play", path)
  local recording, err = reader.read(path)
  if not recording then
    acting.refuse("t:play: %s", tostring(err))
  end
  local results, list = {}, {}
  for _, delivery in ipairs(recording.deliveries) do
    if KINDS[delivery.kind] and (not options.only or name_of(delivery) == options.only) then
      list[#list + 1] = delivery
    end
  end
  for i, delivery in ipairs(list) do
    local pause = list[i + 1] and math.max(list[i + 1].at - delivery.at, 0) or 0
    answer_as_recorded(self, delivery.calls)
    results[i] = self:_act(("%s:%d: %s"):format(path, delivery.line, name_of(delivery)),
      { fails = options.fails, seconds = pause },
      function(result) deliver(self, delivery, result) end)
    results[i].recorded = { ack = delivery.ack, calls = delivery.calls, body = delivery.body }
  end
  self.web.recorded = nil
  return results
end

return M
