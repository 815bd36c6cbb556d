-- Posts of messages to URLs that are secrets: incoming webhooks and response URLs. They take no
-- token, and Slack answers with a plain word, sometimes with the JSON of the Web API.

local attempts = require "slack.web_api.attempts"
local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local retry = require "slack.retry"

local MAX_KEPT_BODY = 4096
local HINTS = {
  no_service = "the webhook has been removed",
  invalid_token = "the webhook's URL is wrong or no longer valid",
  channel_is_archived = "its channel is archived",
  used_url = "a response URL works five times",
  expired_url = "a response URL works for 30 minutes",
}

---@class slack.web_api.HookCall: slack.web_api.Repeated
---@field who string for errors: "webhook"
---@field request slack.HttpRequest

local M = {}

local function word_of(response)
  local body = response.body
  local answer = body:find "^%s*{" and json.decode(body)
  if type(answer) == "table" then
    local word = type(answer.error) == "string" and answer.error or nil
    return answer.ok ~= false and response.ok and "ok" or word, answer
  end
  return body:match "^%s*([%a_]+)%s*$"
end

local function read(call, response)
  local word, answer = word_of(response)
  if response.ok and (word == "ok" or response.body == "") then
    return true
  end
  local status = response.status
  local code = status == 429 and "ratelimited" or word
    or response.ok and "invalid_response" or "http_error"
  local hint = HINTS[code] and ": " .. HINTS[code] or ""
  return nil, errors.new {
    code = code,
    message = ("%s: %s (status %d)%s"):format(call.who, code, status, hint),
    status = status,
    retry_after = status == 429 and retry.pause(response:header "retry-after") or nil,
    response = answer,
    body = core.redact(response.body:sub(1, MAX_KEPT_BODY)),
  }
end

local function attempt(_, call)
  local response, err = http.request(call.request)
  if not response then
    return nil, errors.new {
      code = err.code, message = call.who .. ": " .. err.message, cause = err,
    }
  end
  return read(call, response)
end

---Posts until that succeeds or fails for good. What may have arrived is not sent again.
---@async
---@param host slack.web_api.Host
---@param call slack.web_api.HookCall
---@return true?
---@return slack.Error? err
function M.post(host, call)
  call.is_repeatable, call.waited = false, 0
  return attempts.run(host, call, attempt)
end

return M
