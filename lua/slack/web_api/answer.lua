-- What the answer to a call of the Web API says: a table, or an error with everything known.

local lazy = require "slack.lazy"
local arguments = require "slack.web_api.arguments"
local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"
local methods = require "slack.web_api.methods"
local refusals = lazy "slack.blocks.refusals"
local retry = require "slack.retry"
local roots = require "slack.web_api.roots"
local tokens = require "slack.web_api.tokens"

local EXCERPT_LENGTH = 120
-- Of a file that comes compressed.
local MAX_FILE = 512 * 1024 * 1024
-- Of a body that is none of the Web API's: kept in the error.
local MAX_KEPT_BODY = 128 * 1024
-- Of the warnings or explanations of one answer, and bytes of each: what is shown of them.
local MAX_SHOWN, MAX_SHOWN_LENGTH = 20, 500

-- What to do about Slack's words; the option `hints` has those of an app whose tokens
-- come from elsewhere.
local HINTS = {
  not_authed = 'give the option "token" or set SLACK_BOT_TOKEN',
  invalid_auth = 'check the option "token" or SLACK_BOT_TOKEN',
  token_revoked = "install the app again and use its new token",
  token_expired = "refresh the token or install the app again",
  account_inactive = "the token belongs to a removed user or workspace",
  not_in_channel = "invite the bot to the channel",
  channel_not_found = "check its id; only members find a private one: invite the bot",
  is_archived = "unarchive the channel, or choose another",
  msg_too_long = "client:upload sends long texts as a file",
  expired_trigger_id = "it is good for three seconds: use it before anything that waits",
  cannot_dm_bot = "a bot cannot write to a bot, nor to itself",
}

-- Slack's words for text that it cannot read.
local UNREADABLE = {
  invalid_arguments = true, invalid_charset = true, invalid_form_data = true, invalid_json = true,
}

local M = {}

-- Parts of answers ----------------------------------------------------------------

local function split(text, most)
  local list = {}
  for word in text:gmatch "[^,%s]+" do
    list[#list + 1] = word
    if #list == most then
      break
    end
  end
  return list
end

local function as_list(value)
  return type(value) == "table" and value[1] ~= nil and value or nil
end

local function metadata_of(answer)
  local metadata = answer.response_metadata
  return type(metadata) == "table" and metadata or nil
end

local function messages_of(answer)
  local metadata = metadata_of(answer)
  return metadata and as_list(metadata.messages)
end

---The beginning of what came instead of an answer, for an error's message.
---@param body string
---@return string
function M.excerpt(body)
  local text = body:sub(1, 4 * EXCERPT_LENGTH):gsub("[%c%s]+", " "):gsub("[\128-\255]+", "?")
  if #text > EXCERPT_LENGTH then
    text = text:sub(1, EXCERPT_LENGTH) .. "…"
  end
  return text
end

---What is shown of a server's words.
---@param value any
---@return string
function M.shown(value)
  local text = tostring(value)
  if #text > MAX_SHOWN_LENGTH then
    text = text:sub(1, MAX_SHOWN_LENGTH):gsub("[\192-\255]?[\128-\191]*$", "") .. "…"
  end
  return text
end

local shown = M.shown

-- Refusals ------------------------------------------------------------------------

local function unknown_method(call)
  local method = call.method
  if method and not method.status and not roots.is_slack(call.request.url) then
    return "Slack has it, but not the server at 'api_url' (the local Slack has those of most use)"
  end
  return methods.near(call.name):match "^; (.+)$"
end

-- A token of the call's own is not that of the client.
---@param call slack.web_api.Call
---@param word string Slack's
---@return string? what to do about it
function M.hint(call, word)
  if word == "invalid_auth" and call.has_own_token then
    return "check the token that the call was given"
  elseif word == "not_allowed_token_type" then
    return tokens.advice(call.token, call.method)
  elseif word == "unknown_method" then
    return unknown_method(call)
  end
  return call.hints and call.hints[word] or HINTS[word]
end

-- What errors[] has is a word or a table around one.
local function add_details(parts, answer)
  for i, detail in ipairs(as_list(answer.errors) or {}) do
    if i > MAX_SHOWN then
      break
    elseif type(detail) == "table" then
      detail = detail.message or detail.error or detail.code
    end
    if type(detail) == "string" then
      parts[#parts + 1] = shown(detail)
    end
  end
end

local function explain(call, answer)
  local parts = { shown(answer.error) }
  for i, message in ipairs(messages_of(answer) or {}) do
    if i > MAX_SHOWN then
      break
    end
    parts[#parts + 1] = shown(message)
  end
  add_details(parts, answer)
  if type(answer.needed) == "string" then
    parts[#parts + 1] = ("the token lacks the scope %s"):format(shown(answer.needed))
      .. (type(answer.provided) == "string" and ", it has " .. shown(answer.provided) or "")
  end
  if call.is_broken and UNREADABLE[answer.error] then
    parts[#parts + 1] = arguments.broken_text(call.args)
  end
  parts[#parts + 1] = M.hint(call, answer.error)
  return table.concat(parts, ": ", 1, math.min(#parts, 2))
    .. (#parts > 2 and "; " .. table.concat(parts, "; ", 3) or "")
end

local function refusal(call, response, answer)
  return refusals.explain(errors.new {
    code = answer.error,
    message = call.name .. ": " .. explain(call, answer),
    method = call.name,
    status = response.status,
    response = answer,
    needed = type(answer.needed) == "string" and answer.needed or nil,
    provided = type(answer.provided) == "string" and answer.provided or nil,
    messages = messages_of(answer),
    errors = as_list(answer.errors),
    request_id = response:header "x-slack-req-id",
  }, call.args)
end

-- What is no answer of the Web API: error pages, proxies' notices, other servers, the
-- beginning of an answer.
---@param call slack.web_api.Call
---@param response slack.Response
---@param problem? string with its JSON
---@return slack.Error
function M.foreign(call, response, problem)
  local status, body = response.status, response.body
  local kind = response:header "content-type"
  local hint = ""
  if status == 404 or (status >= 300 and status < 400) then
    hint = ': check the option "api_url"'
  elseif problem and body:find "^%s*{" then
    hint = (": it is cut off or damaged (%s)"):format(problem)
  end
  return errors.new {
    code = status == 429 and "ratelimited" or status ~= 200 and "http_error" or "invalid_response",
    message = ("%s: an answer with status %d%s that is not the Web API's%s: %s"):format(call.name,
      status, kind and (" and type %s"):format(M.excerpt(kind)) or "", hint,
      body == "" and "(empty)" or M.excerpt(body)),
    method = call.name,
    status = status,
    body = core.redact(body:sub(1, MAX_KEPT_BODY)), -- it may say again what it was asked with
    request_id = response:header "x-slack-req-id",
  }
end

-- Answers -------------------------------------------------------------------------

local function is_file(response)
  return response.status == 200
    and (response:header "content-type" or ""):find "^application/gzip" ~= nil
end

-- What admin.analytics.getFile gives: lines of JSON.
local function read_file(call, response)
  local content, problem = core.gunzip(response.body, MAX_FILE)
  if content then
    return { ok = true, content = content }
  end
  return nil, errors.new {
    code = "invalid_response",
    message = ("%s: a file that cannot be decompressed: %s"):format(call.name, problem),
    method = call.name,
    status = response.status,
    request_id = response:header "x-slack-req-id",
  }
end

local function decode(call, response)
  local answer, problem = json.decode(response.body)
  if type(answer) ~= "table" or type(answer.ok) ~= "boolean" then
    if is_file(response) then
      return read_file(call, response)
    end
    return nil, M.foreign(call, response, problem)
  end
  core.add_scopes(answer, response:header "x-oauth-scopes",
    response:header "x-accepted-oauth-scopes")
  if answer.ok then
    return answer
  end
  if type(answer.error) ~= "string" or answer.error == "" then
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
  return answer, err and retry.with_pause(err, response)
end

-- A message about a place in the arguments is of one kind wherever that is.
local function kind_of(message)
  return (message:gsub("%d+", "0"))
end

local function warn_of_words(client, call, words)
  for i, word in ipairs(words) do
    if i > MAX_SHOWN then
      return
    end
    word = shown(word)
    client:_warn_once(call.name .. " " .. word, "%s: Slack warns: %s", call.name, word)
  end
end

local function warn_of_messages(client, call, messages)
  for i, message in ipairs(messages) do
    if i > MAX_SHOWN then
      return
    end
    message = shown(message)
    client:_warn_once(call.name .. " " .. kind_of(message), "%s: Slack says: %s", call.name,
      message)
  end
end

---Logs what Slack warns of, once for each kind.
---@param client slack.Client
---@param call slack.web_api.Call
---@param answer table
function M.warn_once(client, call, answer)
  local metadata, warning = answer.response_metadata, answer.warning
  metadata = type(metadata) == "table" and metadata or nil
  if not warning and not (metadata and (metadata.warnings or metadata.messages)) then
    return
  end
  if type(warning) == "string" then
    warn_of_words(client, call, split(warning, MAX_SHOWN))
  end
  warn_of_words(client, call, metadata and as_list(metadata.warnings) or {})
  warn_of_messages(client, call, metadata and as_list(metadata.messages) or {})
end

return M
