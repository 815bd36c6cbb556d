-- Incoming webhooks and response URLs: posting a message without a token. The
-- URL is the secret, so no error text holds it.

local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local refusals = require "slack.blocks.refusals"
local retry = require "slack.retry"
local tasks = require "slack.tasks"
local version = require "slack.version"

local DEFAULT_RETRIES = 3
local DEFAULT_RETRY_AFTER = 1
local OPTIONS = {
  timeout = "number", retries = "number", proxy = "string", no_proxy = "string",
  ca_file = "string", insecure = "boolean",
}
local HINTS = {
  no_service = "the webhook has been removed",
  invalid_token = "the webhook's URL is wrong or no longer valid",
  channel_is_archived = "its channel is archived",
  used_url = "a response URL works five times",
  expired_url = "a response URL works for 30 minutes",
}

---@class slack.Webhook
local Webhook = {}
Webhook.__index = Webhook
Webhook.__name = "slack.webhook"

local M = {}

-- Slack answers with a plain word, sometimes with the JSON of the Web API.
local function word_of(response)
  local body = response.body
  local answer = body:find "^%s*{" and json.decode(body)
  if type(answer) == "table" then
    return answer.ok ~= false and response.ok and "ok" or tostring(answer.error), answer
  end
  return body:match "^%s*([%a_]+)%s*$"
end

local function read_answer(response)
  local word, answer = word_of(response)
  if response.ok and (word == "ok" or response.body == "") then
    return true
  end
  local code = response.status == 429 and "ratelimited" or word or "http_error"
  local hint = HINTS[code] and ": " .. HINTS[code] or ""
  return nil, errors.new {
    code = code,
    message = ("webhook: %s (status %d)%s"):format(code, response.status, hint),
    status = response.status,
    retry_after = tonumber(response.headers["retry-after"]),
    response = answer,
    body = response.body,
  }
end

local function attempt(self, body)
  local response, err = http.request {
    method = "POST",
    url = self._url,
    headers = {
      "Content-Type", "application/json; charset=utf-8",
      "User-Agent", "lua-slack/" .. version,
    },
    body = body,
    timeout = self._timeout,
    net = self._net,
  }
  if not response then
    return nil, err
  end
  return read_answer(response)
end

local function post(self, body)
  local failures = 0
  while true do
    local ok, err = attempt(self, body)
    if ok then
      return true
    end
    failures = failures + 1
    local is_limit = retry.is_rate_limit(err)
    if failures > self._retries or not (is_limit or retry.is_worthwhile(err, false)) then
      return nil, err
    end
    tasks.sleep(is_limit and (err.retry_after or DEFAULT_RETRY_AFTER) or retry.delay(failures))
  end
end

---Posts a message. 429 is waited out; failures where nothing was sent are repeated.
---@async
---@param message string|table text, or a message with text, blocks, …
---@return true?
---@return slack.Error? err code is Slack's word: "no_service", "invalid_payload", …
function Webhook:send(message)
  if type(message) == "string" then
    message = { text = message }
  elseif type(message) ~= "table" then
    error("webhook:send: string or table expected, got " .. type(message), 2)
  end
  local body, problem = json.encode(message)
  if not body then
    error("webhook:send: " .. problem, 2)
  end
  local ok, err = post(self, body)
  return ok, err and refusals.explain(err, message)
end

---@class slack.WebhookOptions
---@field timeout? number seconds, 30
---@field retries? integer 3
---@field proxy? string
---@field no_proxy? string
---@field ca_file? string
---@field insecure? boolean

---@param url string
---@param options? slack.WebhookOptions
---@return slack.Webhook
function M.new(url, options)
  options = options or {}
  if type(url) ~= "string" then
    error("slack.webhook: URL expected, got " .. type(url), 2)
  end
  for name, value in pairs(options) do
    if not OPTIONS[name] then
      error(("slack.webhook: unknown option '%s'"):format(tostring(name)), 2)
    elseif type(value) ~= OPTIONS[name] then
      error(("slack.webhook: option '%s': %s expected, got %s"):format(name, OPTIONS[name],
        type(value)), 2)
    end
  end
  local net, err = http.net(options)
  if not net then
    error("slack.webhook: " .. err, 2)
  end
  local ok, message = net:check_url(url)
  if not ok then
    error("slack.webhook: " .. message, 2)
  end
  return setmetatable({
    _url = url,
    _net = net,
    _timeout = options.timeout,
    _retries = options.retries or DEFAULT_RETRIES,
  }, Webhook)
end

return M
