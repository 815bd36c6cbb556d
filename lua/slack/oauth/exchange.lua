-- What Slack gives for a code or a refresh token, and the records made of it.

local errors = require "slack.errors"
local loop = require "slack.loop"
local payload = require "slack.payload"
local records = require "slack.installation_record"

local as_table, text = payload.as_table, payload.text_of

-- Somebody's browser waits: two more attempts, and no minutes.
local ATTEMPT = { timeout = 10, retries = 2 }
-- Others wait for a lock, and the next attempt is planned by who holds it.
local REFRESH = { timeout = 10, retries = 0 }

local UNREACHABLE = {
  dns = true, connection = true, timeout = true, tls = true, proxy = true, interrupted = true,
  closed = true, cancelled = true, http_error = true, invalid_response = true, ratelimited = true,
  rate_limited = true, internal_error = true, fatal_error = true, service_unavailable = true,
  request_timeout = true,
}

local M = {}

---Whether Slack has not decided: it could not be asked, or could not answer.
---@param err slack.Error
---@return boolean
function M.is_network(err)
  return UNREACHABLE[err.code] == true or (err.status or 0) >= 500 or err.status == 429
end

local function list(scopes)
  return text(scopes) and records.words(scopes)
end

---@param seconds any of an answer
---@param now number
---@return integer? seconds since the epoch
local function expiry(seconds, now)
  seconds = tonumber(seconds)
  return seconds and math.floor(now + seconds) or nil
end

-- The fields of one half, "bot" or "user", from where an answer has them.
local function add_half(record, half, source, now)
  record[half .. "_token"] = text(source.access_token)
  record[half .. "_scopes"] = list(source.scope)
  record[half .. "_refresh_token"] = text(source.refresh_token)
  record[half .. "_token_expires_at"] = expiry(source.expires_in, now)
end

local function add_webhook(record, webhook)
  for _, name in ipairs { "url", "channel", "channel_id", "configuration_url" } do
    record["incoming_webhook_" .. name] = text(webhook[name])
  end
end

---The record of an installation from the answer of oauth.v2.access.
---@param answer table
---@param now number seconds since the epoch
---@return slack.Installation
function M.record(answer, now)
  local team, enterprise = as_table(answer.team) or {}, as_table(answer.enterprise) or {}
  local user = as_table(answer.authed_user) or {}
  local record = {
    app_id = text(answer.app_id), enterprise_id = text(enterprise.id),
    enterprise_name = text(enterprise.name), team_id = text(team.id), team_name = text(team.name),
    user_id = text(user.id) or text(answer.user_id),
    is_enterprise_install = answer.is_enterprise_install == true,
    token_type = text(answer.token_type) or text(user.token_type), installed_at = math.floor(now),
  }
  if answer.token_type == "user" then
    add_half(record, "user", answer, now)
  else
    add_half(record, "bot", answer, now)
    add_half(record, "user", user, now)
    record.bot_user_id = text(answer.bot_user_id)
  end
  add_webhook(record, as_table(answer.incoming_webhook) or {})
  return record
end

-- What oauth.v2.access leaves out: the bot's id, the organization's URL.
local function complete(client, record)
  local token = record.bot_token or record.user_token
  local answer, err = client:call("auth.test", nil, {
    token = token, timeout = ATTEMPT.timeout, retries = ATTEMPT.retries,
  })
  if not answer then
    return nil, err
  end
  if record.bot_token then
    record.bot_id = text(answer.bot_id)
    record.bot_user_id = record.bot_user_id or text(answer.user_id)
  end
  if record.is_enterprise_install then
    record.enterprise_url = text(answer.url)
  end
  return record
end

---Makes an installation of the code that somebody came back with.
---@async
---@param client slack.Client
---@param settings slack.OauthOptions as read
---@param code string
---@param verifier? string of PKCE
---@param clock? fun(): number
---@return slack.Installation?
---@return slack.Error? err
function M.install(client, settings, code, verifier, clock)
  local method = settings.user_only and "oauth.v2.user.access" or "oauth.v2.access"
  local answer, err = client:call(method, {
    client_id = settings.client_id, client_secret = settings.client_secret, code = code,
    redirect_uri = settings.redirect_uri, code_verifier = verifier,
  }, ATTEMPT)
  if not answer then
    return nil, err
  end
  local record = M.record(answer, (clock or loop.time)())
  local has_token, has_place = record.bot_token or record.user_token,
    record.team_id or record.enterprise_id
  if not has_token or not has_place then
    return nil, errors.new {
      code = "invalid_response", method = method,
      message = "an answer without a token, or without a workspace",
    }
  end
  return complete(client, record)
end

---@param answer table flat, of a refresh
---@param now number
---@return slack.TokenUpdate?
local function update_of(answer, now)
  local token = text(answer.access_token)
  return token and {
    token = token, refresh_token = text(answer.refresh_token),
    expires_at = expiry(answer.expires_in, now), scopes = list(answer.scope),
  }
end

local function tokens(client, method, fields, options, clock)
  local answer, err = client:call(method, fields, options)
  if not answer then
    return nil, err
  end
  local update = update_of(answer, (clock or loop.time)())
  if not update then
    return nil, errors.new {
      code = "invalid_response", method = method, message = "an answer without a token",
    }
  end
  return update
end

---New tokens for a refresh token, which is of no use from then on.
---@async
---@param client slack.Client
---@param settings slack.OauthOptions as read
---@param refresh_token string
---@param clock? fun(): number
---@return slack.TokenUpdate?
---@return slack.Error? err
function M.refresh(client, settings, refresh_token, clock)
  return tokens(client, "oauth.v2.access", {
    client_id = settings.client_id, client_secret = settings.client_secret,
    grant_type = "refresh_token", refresh_token = refresh_token,
  }, REFRESH, clock)
end

---Turns a token that lasts into one that expires, for an app in whose configuration
---token rotation has been switched on. The old one stops working; there is no way back.
---@async
---@param client slack.Client
---@param settings slack.OauthOptions as read
---@param token string
---@param clock? fun(): number
---@return slack.TokenUpdate?
---@return slack.Error? err
function M.exchange(client, settings, token, clock)
  return tokens(client, "oauth.v2.exchange", {
    client_id = settings.client_id, client_secret = settings.client_secret,
  }, { token = token, timeout = ATTEMPT.timeout, retries = ATTEMPT.retries }, clock)
end

return M
