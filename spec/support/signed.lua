-- Requests to an app as Slack sends them, or nearly so: for specs of the receiver.

local core = require "slack.core"
local form = require "slack.form"
local fetch = require "slack.fetch"
local json = require "slack.json"

local M = {}

M.SECRET = "8f742231b10e8888abcd99yyyzzz85a5"

---Waits for the answer.
---@param url string
---@param body string
---@param given? { secret: string?, timestamp: string?, type: string?, headers: table?, method:
---  string?, ca_file: string? }
---@return slack.Response
function M.post(url, body, given)
  given = given or {}
  local timestamp = given.timestamp or tostring(os.time())
  local headers = {
    ["Content-Type"] = given.type or "application/json",
    ["X-Slack-Request-Timestamp"] = timestamp,
    ["X-Slack-Signature"] = core.sign(given.secret or M.SECRET, timestamp, body),
  }
  for name, value in pairs(given.headers or {}) do
    headers[name] = value
  end
  return assert(fetch(url, {
    method = given.method or "POST", headers = headers, body = body, follow = false,
    ca_file = given.ca_file, proxy = "",
  }))
end

---The same as the bytes of a request, for a client that sends them as it likes.
---@param target string
---@param body string
---@param given? { secret: string?, timestamp: string?, type: string?, lines: string?,
---  length: integer?, signature: string? } lines: more of the head, each with its CRLF
---@return string head up to and with the empty line
---@return string body
function M.bytes(target, body, given)
  given = given or {}
  local timestamp = given.timestamp or tostring(os.time())
  local head = {
    ("POST %s HTTP/1.1\r\nHost: bot.example\r\n"):format(target),
    ("Content-Type: %s\r\n"):format(given.type or "application/json"),
    ("X-Slack-Request-Timestamp: %s\r\n"):format(timestamp),
    ("X-Slack-Signature: %s\r\n"):format(given.signature
      or core.sign(given.secret or M.SECRET, timestamp, body)),
    given.lines or ("Content-Length: %d\r\n"):format(given.length or #body), "\r\n",
  }
  return table.concat(head), body
end

local last_event = 0

---The body of an event.
---@param event table
---@param event_id? string
function M.event(event, event_id)
  last_event = last_event + 1
  return (assert(json.encode {
    type = "event_callback", team_id = "T1", event_id = event_id or "EvHttp" .. last_event,
    event = event,
  }))
end

---@param url string
---@param fields table<string, string>
---@param given? table
function M.form(url, fields, given)
  given = given or {}
  given.type = given.type or "application/x-www-form-urlencoded"
  return M.post(url, form.encode(fields), given)
end

---A slash command.
function M.command(url, command, more, given)
  local fields = {
    command = command, text = "", user_id = "U1", channel_id = "C1", team_id = "T1",
    trigger_id = "1.2",
  }
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  return M.form(url, fields, given)
end

---An interaction.
---@param payload table
function M.interaction(url, payload, given)
  return M.form(url, { payload = assert(json.encode(payload)) }, given)
end

return M
