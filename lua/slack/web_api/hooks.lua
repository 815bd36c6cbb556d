-- Posts of messages to URLs that are secrets: incoming webhooks and response URLs. They take no
-- token, and Slack answers with a plain word, sometimes with the JSON of the Web API.

local Pacing = require "slack.web_api.pacing"
local Stats = require "slack.web_api.stats"
local attempts = require "slack.web_api.attempts"
local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local retry = require "slack.retry"
local version = require "slack.version"

local HEADERS = {
  "Content-Type", "application/json; charset=utf-8", "User-Agent", "lua-slack/" .. version,
}
local MAX_KEPT_BODY = 4096
local MAX_WORD = 100 -- Slack's have up to forty characters
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
  word = word and #word <= MAX_WORD and word or nil
  if response.ok and (word == "ok" or response.body == "") then
    return true
  end
  local status = response.status
  local code = status == 429 and "ratelimited" or word
    or response.ok and "invalid_response" or "http_error"
  local hint = HINTS[code] and ": " .. HINTS[code] or ""
  return nil, retry.with_pause(errors.new {
    code = code,
    message = ("%s: %s (status %d)%s"):format(call.who, code, status, hint),
    status = status,
    response = answer,
    body = core.redact(response.body:sub(1, MAX_KEPT_BODY)),
  }, response)
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

-- What all of this program have in common, as several webhooks may have one URL: by loop, as
-- http has its threads, and by who logs.
local in_common = setmetatable({}, { __mode = "k" })

local function common(log)
  local key = loop.default()
  local of_loop = in_common[key]
  if not of_loop then
    of_loop = setmetatable({}, { __mode = "k" })
    in_common[key] = of_loop
  end
  local found = of_loop[log or M]
  if not found then
    local stats = Stats.new { log = log }
    found = {
      paced = { _stats = stats, _pacing = Pacing.new(true, stats) },
      unpaced = { _stats = stats, _pacing = Pacing.new(false, stats) },
    }
    of_loop[log or M] = found
  end
  return found
end

---@class slack.web_api.Post
---@field who string for errors: "webhook"
---@field name string what its limits go by: "incoming webhook"
---@field url string
---@field body string JSON
---@field net slack.core.net
---@field timeout? number seconds for one attempt
---@field retries slack.RetryOptions
---@field max_wait number seconds
---@field is_paced boolean
---@field log? slack.Logger

---Posts until that succeeds or fails for good. What may have arrived is not sent again.
---@async
---@param post slack.web_api.Post
---@return true?
---@return slack.Error? err
function M.post(post)
  return attempts.run(common(post.log)[post.is_paced and "paced" or "unpaced"], {
    who = post.who, name = post.name, workspace = post.url, is_repeatable = false,
    retries = post.retries, max_wait = post.max_wait, waited = 0,
    request = {
      method = "POST", url = post.url, headers = HEADERS, body = post.body,
      timeout = post.timeout, net = post.net,
    },
  }, attempt)
end

return M
