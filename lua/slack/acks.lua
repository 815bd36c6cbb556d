-- What an ack says: from what a handler gives to the JSON that goes to Slack.

local Message = require "slack.message"
local json = require "slack.json"
local merged = require "slack.merged"

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

---The JSON of an ack; nil for an empty one.
---@param kind slack.Kind
---@param payload string|table|nil
---@return string? text
---@return string? problem when the payload cannot be one
function M.encode(kind, payload)
  if payload == nil or payload == null then
    return nil
  elseif type(payload) == "string" then
    payload = { text = payload }
  elseif type(payload) ~= "table" then
    return nil, "text, a table or nothing expected, got " .. type(payload)
  elseif kind == "options" then
    payload = as_options(payload)
  elseif next(payload) == nil then
    return nil
  end
  return json.encode(payload)
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

---What the person sees who types a command that no listener takes.
---@param command string
---@return table
function M.unknown_command(command)
  return {
    response_type = "ephemeral",
    text = ("Sorry, this bot does not know %s."):format(command),
  }
end

return M
