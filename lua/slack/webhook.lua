-- Incoming webhooks: posting a message without a token. The URL is the secret, so no error
-- text holds it.

local block_json = require "slack.blocks.json"
local checks = require "slack.option_checks"
local client_misuse = require "slack.client_misuse"
local hooks = require "slack.web_api.hooks"
local http = require "slack.http"
local methods = require "slack.web_api.methods"
local near_miss = require "slack.near_miss"
local refusals = require "slack.blocks.refusals"
local retry = require "slack.retry"

local DEFAULT_RETRIES = { count = 3 }
local DEFAULT_MAX_WAIT = 600
local text, flag = { check = checks.of_type "string" }, { check = checks.of_type "boolean" }
local OPTIONS = {
  timeout = { check = checks.timeout }, retries = { check = retry.problem },
  max_wait = { check = checks.number_from(0) }, pacing = flag, proxy = text, no_proxy = text,
  ca_file = text, insecure = flag,
}

---@class slack.Webhook
local Webhook = {}
Webhook.__index = Webhook
Webhook.__name = "slack.webhook"

local M = {}

local function post(self, body)
  return hooks.post {
    who = "webhook", name = self._kind, url = self._url, body = body, net = self._net,
    timeout = self._timeout, retries = self._retries, max_wait = self._max_wait,
    is_paced = self._is_paced,
  }
end

-- Names the field that was meant.
local function advise(err, message)
  local known = methods.find("chat.postMessage").arguments
  for name in pairs(message) do
    name = tostring(name)
    local advice = not known[name] and near_miss(name, known) or ""
    if advice ~= "" then
      err.message = ("%s: no field '%s' is known here%s"):format(err.message, name, advice)
    end
  end
end

---Posts a message, at most one a second and URL (ten of them at once). 429 is waited out;
---failures where nothing was sent are repeated.
---@async
---@param message string|table text, or a message with text, blocks, …
---@return true?
---@return slack.Error? err code is Slack's word: "no_service", "invalid_payload", …
function Webhook:send(message)
  client_misuse.check_self(self, Webhook, "webhook.send")
  if type(message) == "string" then
    message = { text = message }
  elseif type(message) ~= "table" then
    error("webhook:send: string or table expected, got " .. type(message), 2)
  end
  local body, problem = block_json.encode(message)
  if not body then
    error("webhook:send: " .. problem, 2)
  end
  local ok, err = post(self, body)
  if err and err.code == "no_text" then
    advise(err, message)
  end
  return ok, err and refusals.explain(err, message)
end

---@class slack.WebhookOptions
---@field timeout? number seconds for one attempt, 30
---@field retries? integer|slack.RetryOptions attempts after the first, 3; 429 is not counted
---@field max_wait? number seconds that a message may wait in all, 600; 0: it never waits
---@field pacing? boolean keep to Slack's limit; true for Slack's own hosts
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
  local problem = checks.argument(options, OPTIONS)
  local net, err
  if not problem then
    net, err = http.net(options)
  end
  if not net then
    error("slack.webhook: " .. tostring(problem or err), 2)
  end
  local ok, message = net:check_url(url)
  if not ok then
    error("slack.webhook: " .. message, 2)
  end
  local is_paced = options.pacing
  if is_paced == nil then
    is_paced = url:find "^https://hooks%.slack%.com/" ~= nil
      or url:find "^https://hooks%.slack%-gov%.com/" ~= nil
  end
  return setmetatable({
    _url = url,
    _net = net,
    _kind = url:find "^%a+://[^/]+/services/" and "incoming webhook" or "workflow webhook",
    _is_paced = is_paced,
    _timeout = options.timeout,
    _retries = retry.policy(options.retries or DEFAULT_RETRIES),
    _max_wait = options.max_wait or DEFAULT_MAX_WAIT,
  }, Webhook)
end

return M
