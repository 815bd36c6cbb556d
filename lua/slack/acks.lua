-- What an ack says: from what a handler gives to the JSON that goes to Slack.

local lazy = require "slack.lazy"
local Message = lazy "slack.message"
local json = require "slack.json"
local merged = require "slack.merged"
local message_fields = require "slack.message_fields"
local reading = lazy "slack.mrkdwn.reading"
local sorted_keys = require "slack.sorted_keys"
local view_answers = lazy "slack.view_answers"

local null = json.null

local M = {}

local LISTS = { "options", "option_groups" }

local function is_list(t)
  return json.is_list(t) or t[1] ~= nil or next(t) == nil
end

-- Options may be given bare, and an empty list of them is a list.
local function as_options(payload)
  if is_list(payload) then
    return { options = json.list(merged(payload)) }
  end
  payload = merged(payload)
  for _, name in ipairs(LISTS) do
    local list = payload[name]
    if type(list) == "table" and next(list) == nil and not json.is_list(list) then
      payload[name] = json.list {}
    end
  end
  return payload
end

-- Of what Slack takes no content in the ack.
local EMPTY = {
  block_actions = true, shortcut = true, message_action = true, view_closed = true,
  dialog_cancellation = true,
}

---Whether Slack does anything with what an ack says.
---@param c slack.Context
---@return boolean
function M.takes_content(c)
  return c.request.takes_payload ~= false and (c.kind == "command" or not EMPTY[c.type])
end

-- Errors of a dialog may be given as those of a view are: by name.
local function as_dialog_answer(payload)
  local by_name = payload.errors
  if type(by_name) ~= "table" or by_name[1] then
    return payload
  end
  local list = {}
  for _, name in ipairs(sorted_keys(by_name)) do
    list[#list + 1] = { name = name, error = by_name[name] }
  end
  return list[1] and { errors = list }
end

-- Slack shows nothing of fields that it does not know.
local function check_message(c, payload)
  local is_known, problem = false, nil
  for name in pairs(payload) do
    is_known = is_known or message_fields.KNOWN[name]
    problem = problem or not message_fields.KNOWN[name] and message_fields.problem(name)
  end
  if problem or not is_known then
    c.app.dispatch.late:no_message(c, problem
      or "it has no field of a message, as text, blocks or response_type")
  end
  return payload
end

local function read_table(c, payload)
  if c.kind == "options" then
    return as_options(payload)
  elseif next(payload) == nil then
    return nil
  elseif c.type == "view_submission" then
    return view_answers.read(c.view, payload, function(text) c.log:warn("c:ack: %s", text) end)
  elseif c.type == "dialog_submission" then
    return as_dialog_answer(payload)
  elseif c.kind == "command" then
    return check_message(c, payload)
  end
  return payload
end

---What an ack says, as Slack takes it; nil for an empty one.
---@param c slack.Context
---@param payload string|table|nil
---@return table? answer
---@return string? problem when the payload cannot be one
function M.read(c, payload)
  if payload == nil or payload == null then
    return nil
  elseif type(payload) == "table" then
    return read_table(c, payload)
  elseif type(payload) ~= "string" then
    return nil, "text, a table or nothing expected, got " .. type(payload)
  elseif c.kind == "view" and c.type == "view_submission" then
    return nil, "errors, update, push or clear expected, got text: it closes with an empty ack, "
      .. "and text goes by c:say"
  end
  return { text = payload }
end

---Whether what a handler returned is meant as its ack. An answer of the Web API
---or a message that was sent, passed on by `return c:say(…)`, is not.
---@param value any
---@return boolean
function M.is_answer(value)
  if type(value) == "table" then
    return not Message.is(value) and type(value.ok) ~= "boolean" and value.status == nil
  end
  return type(value) == "string"
end

---What app:on_error returned, as an ack of this kind: text for a view is shown at its first
---input.
---@param c slack.Context
---@param answer any
---@return string|table|nil content nil: nothing that can be acked
function M.after_failure(c, answer)
  if not M.is_answer(answer) then
    return nil
  elseif type(answer) == "string" and c.type == "view_submission" then
    return view_answers.text(c.view or {}, answer)
  end
  return answer
end

---What the person sees when the handler of a command failed before its ack.
---@param command string
---@return table
function M.failure_text(command)
  return {
    response_type = "ephemeral",
    text = ("Sorry, %s did not work: an error came up, and it was noted in the bot's log.")
      :format(command),
  }
end

---What the person sees whose request finds as many waiting as may.
---@param command? string|false
---@return string
function M.overload_text(command)
  return ("Sorry, %s has too much to do right now. Please try again in a moment.")
    :format(command or "this bot")
end

---What the person sees who types a command that no listener takes.
---@param command string
---@return table
function M.unknown_command(command)
  return {
    response_type = "ephemeral",
    text = ("Sorry, this bot does not know %s."):format(reading.escape(command)),
  }
end

return M
