-- A context's answer through the response URL that came with a command or an interaction.

local Message = require "slack.message"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"

local check_self, told = calls.check_self, calls.told

---@class slack.Context
local methods = {}

local function respond_failure(response)
  local answer = response.body:find "^%s*{" and json.decode(response.body)
  if response.ok and not (type(answer) == "table" and answer.ok == false) then
    return nil
  end
  local word = type(answer) == "table" and type(answer.error) == "string" and answer.error
    or response.body:match "^[%w_]+$"
  return errors.new {
    code = word or "http_error",
    message = ("c:respond: status %d%s"):format(response.status, word and ": " .. word or ""),
    status = response.status,
  }
end

local function post_response(c, text)
  local url = c.response_url
  if not url then
    return nil, errors.new {
      code = "no_response_url",
      message = "c:respond: this " .. c.kind .. " came without a response URL: use c:say",
    }
  end
  local response, err = http.request {
    method = "POST", url = url, headers = { "Content-Type", "application/json; charset=utf-8" },
    body = text, net = c.app.net, timeout = c.app.settings.timeout,
  }
  if not response then
    return nil, errors.new { code = err.code, message = "c:respond: " .. err.message }
  end
  err = respond_failure(response)
  return not err or nil, err
end

---Answers through the response URL of a command or an interaction, for 30
---minutes and at most five times. Works where the bot is no member. Seen by the
---person alone unless response_type is "in_channel".
---@async
---@param content string|table
---@return true? ok
---@return slack.Error? err with status
function methods:respond(content)
  check_self(self, "respond")
  local arguments = Message.arguments(content, "c:respond", 2)
  local text, problem = json.encode(arguments)
  if not text then
    error("c:respond: " .. problem, 2)
  end
  return told(self, "c:respond", post_response(self, text))
end

return { methods = methods }
