-- What of the traffic can be shown to people: bodies without secrets, and what they
-- are about in a few words.

local core = require "slack.core"
local json = require "slack.json"

local M = {}

local HIDDEN <const> = "…"
local MOST_DEPTH <const> = 60
local MOST_CHARACTERS <const> = 120 -- of a summary

-- Whose texts are secrets whatever they look like. `state` and `code` are OAuth's when
-- they are texts; the state of a view is a table.
local SECRET = {
  token = true, access_token = true, refresh_token = true, app_token = true, bot_token = true,
  bot_access_token = true, client_secret = true, signing_secret = true, secret = true,
  code = true, code_verifier = true, state = true, ticket = true, id_token = true,
  authed_user_token = true, password = true, interactivity_pointer = true,
}
-- URLs that let whoever has them act.
local KEY_URLS = { response_url = true, upload_url = true }
local WEBHOOK <const> = "(/services/%w+/%w+/)%w+"

local function hide_text(name, text)
  if SECRET[name] and text ~= "" then
    return HIDDEN
  elseif KEY_URLS[name] then
    return (text:gsub("[^/]+$", HIDDEN))
  end
  return core.redact((text:gsub(WEBHOOK, "%1" .. HIDDEN)))
end

local function hide(value, name, depth)
  if type(value) == "string" then
    return hide_text(name, value)
  elseif type(value) ~= "table" then
    return value
  elseif depth > MOST_DEPTH then
    return HIDDEN
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[type(key) == "string" and core.redact(key) or key] = hide(item, key, depth + 1)
  end
  return json.is_list(value) and json.list(copy) or copy
end

---A copy without secrets.
---@generic T
---@param value T JSON value
---@return T
function M.hide(value)
  return hide(value, nil, 0)
end

local function cut(text)
  text = core.redact((text:gsub("%s+", " ")))
  local at = utf8.len(text) and utf8.offset(text, MOST_CHARACTERS + 1)
  return at and at <= #text and text:sub(1, at - 1) .. "…" or text
end

-- Nothing need be of the type it has at Slack.
local function get(value, name)
  local field = type(value) == "table" and value[name]
  return field ~= json.null and field or nil
end

local function text_of(value)
  local text = get(value, "text")
  return type(text) == "string" and text or nil
end

local function string_of(value, name)
  local text = get(value, name)
  return type(text) == "string" and text or nil
end

local function event_words(event)
  local reaction = string_of(event, "reaction")
  return text_of(event) or text_of(get(event, "message")) or reaction and ":" .. reaction .. ":"
end

local function interaction_words(payload)
  local action = get(get(payload, "actions"), 1)
  if action then
    return text_of(get(action, "text")) or text_of(get(get(action, "selected_option"), "text"))
      or string_of(action, "value")
  end
  return text_of(get(get(payload, "view"), "title")) or text_of(get(payload, "message"))
    or string_of(payload, "value")
end

local function delivery_words(payload)
  local event = get(payload, "event")
  if event then
    return event_words(event)
  elseif get(payload, "command") then
    return text_of(payload)
  end
  return interaction_words(payload)
end

local WORDS = {}

function WORDS.envelope(body)
  return delivery_words(body.payload)
end

WORDS.http = WORDS.envelope

function WORDS.ack(body)
  local payload = get(body, "payload") or body
  return type(payload) == "string" and payload or text_of(payload)
    or string_of(payload, "response_action")
end

function WORDS.call(body)
  return text_of(body) or text_of(get(get(body, "view"), "title")) or string_of(body, "status")
    or string_of(body, "title") or string_of(body, "name")
end

WORDS.response_url = text_of

---What a record is about, in a few words.
---@param kind string
---@param body any
---@return string "" when there is nothing to say
function M.summary(kind, body)
  local words = type(body) == "table" and WORDS[kind] and WORDS[kind](body)
  return words and cut(words) or ""
end

return M
