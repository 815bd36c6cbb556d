-- What the answer to a call of the Web API says: a table, or an error with everything known.

local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"
local refusals = require "slack.blocks.refusals"
local retry = require "slack.retry"

-- Without a Retry-After header.
local DEFAULT_RETRY_AFTER = 30
local EXCERPT_LENGTH = 120

-- What to do about Slack's words; the option `hints` has those of an app whose tokens
-- come from elsewhere.
local HINTS = {
  not_authed = "give the option 'token' or set SLACK_BOT_TOKEN",
  invalid_auth = "check the option 'token' or SLACK_BOT_TOKEN",
  token_revoked = "install the app again and use its new token",
  token_expired = "refresh the token or install the app again",
  account_inactive = "the token belongs to a removed user or workspace",
  not_in_channel = "invite the bot to the channel",
}

local M = {}

local function split(text)
  local list = {}
  for word in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

local function excerpt(body)
  local text = body:gsub("[%c%s]+", " "):gsub("[\128-\255]+", "?")
  if #text > EXCERPT_LENGTH then
    text = text:sub(1, EXCERPT_LENGTH) .. "…"
  end
  return text
end

-- What is no answer of the Web API: error pages, proxies' notices, other servers.
local function foreign_answer(call, response)
  local status = response.status
  local hint = ""
  if status == 404 or (status >= 300 and status < 400) then
    hint = ": check the option 'api_url'"
  end
  return errors.new {
    code = status == 429 and "ratelimited" or status ~= 200 and "http_error" or "invalid_response",
    message = ("%s: an answer with status %d that is not the Web API's%s: %s"):format(call.name,
      status, hint, response.body == "" and "(empty)" or excerpt(response.body)),
    method = call.name,
    status = status,
    body = core.redact(response.body), -- it may say again what it was asked with
  }
end

-- A token of the call's own is not that of the client.
---@param call slack.web_api.Call
---@param word string Slack's
---@return string? what to do about it
function M.hint(call, word)
  if word == "invalid_auth" and call.has_own_token then
    return "check the token that the call was given"
  end
  return call.hints and call.hints[word] or HINTS[word]
end

local function explain(call, answer)
  local parts = { answer.error }
  local metadata = answer.response_metadata
  for _, message in ipairs(type(metadata) == "table" and metadata.messages or {}) do
    parts[#parts + 1] = tostring(message)
  end
  if type(answer.needed) == "string" then
    parts[#parts + 1] = ("the token lacks the scope %s"):format(answer.needed)
      .. (type(answer.provided) == "string" and ", it has " .. answer.provided or "")
  end
  parts[#parts + 1] = M.hint(call, answer.error)
  return table.concat(parts, ": ", 1, math.min(#parts, 2))
    .. (#parts > 2 and "; " .. table.concat(parts, "; ", 3) or "")
end

local function add_scopes(answer, response)
  local headers = response.headers
  local granted, accepted = headers["x-oauth-scopes"], headers["x-accepted-oauth-scopes"]
  if granted or accepted then
    local metadata = answer.response_metadata
    if type(metadata) ~= "table" then
      metadata = {}
      answer.response_metadata = metadata
    end
    metadata.scopes = granted and split(granted)
    metadata.accepted_scopes = accepted and split(accepted)
  end
end

local function refusal(call, response, answer)
  return refusals.explain(errors.new {
    code = answer.error,
    message = call.name .. ": " .. explain(call, answer),
    method = call.name,
    status = response.status,
    response = answer,
  }, call.args)
end

local function decode(call, response)
  local kind = response.headers["content-type"] or ""
  if response.status == 200 and kind:find "^application/gzip" then -- admin.analytics.getFile
    return { ok = true, content = response.body }
  end
  local answer = json.decode(response.body)
  if type(answer) ~= "table" or type(answer.ok) ~= "boolean" then
    return nil, foreign_answer(call, response)
  end
  add_scopes(answer, response)
  if answer.ok then
    return answer
  end
  if type(answer.error) ~= "string" then
    answer.error = "unknown_error"
  end
  return nil, refusal(call, response, answer)
end

---@param call slack.web_api.Call
---@param response slack.Response
---@return table? answer
---@return slack.Error? err
function M.read(call, response)
  local answer, err = decode(call, response)
  if err and retry.is_rate_limit(err) then
    local seconds = tonumber(response.headers["retry-after"])
    err.retry_after = seconds and seconds >= 0 and seconds or DEFAULT_RETRY_AFTER
  end
  return answer, err
end

---Logs what Slack warns of, once for each kind.
---@param client slack.Client
---@param call slack.web_api.Call
---@param answer table
function M.warn_once(client, call, answer)
  local metadata = answer.response_metadata
  local warnings = split(type(answer.warning) == "string" and answer.warning or nil)
  for _, warning in ipairs(type(metadata) == "table" and metadata.warnings or {}) do
    warnings[#warnings + 1] = tostring(warning)
  end
  for _, warning in ipairs(warnings) do
    local kind = call.name .. " " .. warning
    if not client._warned[kind] then
      client._warned[kind] = true
      client:_log():warn("%s: Slack warns: %s", call.name, warning)
    end
  end
end

return M
