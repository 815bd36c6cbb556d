-- What goes out over RTM as JSON: checked where a program is wrong, and refused where
-- Slack would end the connection (protocol §17).

local errors = require "slack.errors"
local json = require "slack.json"
local near_miss = require "slack.near_miss"

local MAX_CHARACTERS, MAX_FRAME = 4000, 16 * 1024

local FIELDS = {
  channel = "string", text = "string", thread_ts = "string", reply_broadcast = "boolean",
}
local REQUIRED = { "channel", "text" }

local M = {}

---@param code string
---@param message string after "app.rtm:"
---@return slack.Error
function M.failure(code, message)
  return errors.new { code = code, message = "app.rtm:" .. message }
end

---@param frame table
---@param name string of the function
---@return string? json
---@return slack.Error? err code "too_large"
function M.encode(frame, name)
  local text = assert(json.encode(frame))
  if #text > MAX_FRAME then
    return nil, M.failure("too_large", ("%s: a frame of %d bytes is too large: Slack ends the "
      .. "connection at more than %d"):format(name, #text, MAX_FRAME))
  end
  return text
end

---What is wrong with what a program sends, or nil.
---@param message any
---@return string?
function M.message_problem(message)
  if type(message) ~= "table" then
    return "a table with channel and text expected, got " .. type(message)
  end
  for _, name in ipairs(REQUIRED) do
    if message[name] == nil then
      return ("field %q is missing"):format(name)
    end
  end
  for name, value in pairs(message) do
    if name == "blocks" or name == "attachments" then
      return ("field %q: RTM takes text only: use c:say or client.chat.postMessage"):format(name)
    elseif not FIELDS[name] then
      return ("unknown field %q%s"):format(tostring(name), near_miss(name, FIELDS))
    elseif type(value) ~= FIELDS[name] or value == "" then
      return ("field %q: %s expected, got %s"):format(name, FIELDS[name],
        value == "" and "an empty one" or type(value))
    end
  end
end

---@param id integer
---@param message table without a problem
---@return table? frame
---@return slack.Error? err code "invalid_text" or "msg_too_long"
function M.message(id, message)
  local characters = utf8.len(message.text)
  if not characters then
    return nil, M.failure("invalid_text", "send: the text is no valid UTF-8")
  elseif characters > MAX_CHARACTERS then
    return nil, M.failure("msg_too_long", ("send: a text of %d characters is too long: RTM takes "
      .. "%d; use c:say or client.chat.postMessage"):format(characters, MAX_CHARACTERS))
  end
  local frame = { id = id, type = "message" }
  for name in pairs(FIELDS) do
    frame[name] = message[name]
  end
  return frame
end

---What is wrong with a list of users, or nil.
---@param ids any
---@return string?
function M.ids_problem(ids)
  if type(ids) ~= "table" then
    return "list of user ids expected, got " .. type(ids)
  end
  for i, id in ipairs(ids) do
    if type(id) ~= "string" or id == "" then
      return ("item %d: id of a user expected, got %s"):format(i, id == "" and "an empty string"
        or type(id))
    end
  end
  if next(ids) ~= nil and #ids == 0 then
    return "list of user ids expected, got a table of fields"
  end
end

return M
