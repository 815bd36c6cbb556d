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
local KEY_URLS = { response_url = true, upload_url = true, url_private = false }

local function hide_text(name, text)
  if SECRET[name] and text ~= "" then
    return HIDDEN
  elseif KEY_URLS[name] then
    return (text:gsub("[^/]+$", HIDDEN))
  end
  return core.redact(text)
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

local function text_of(value)
  return type(value) == "table" and type(value.text) == "string" and value.text or nil
end

local function event_words(event)
  local reaction = type(event.reaction) == "string" and ":" .. event.reaction .. ":"
  return text_of(event) or text_of(event.message) or reaction or nil
end

local function interaction_words(payload)
  local action = payload.actions and payload.actions[1]
  if action then
    local option = type(action.selected_option) == "table" and action.selected_option
    return text_of(action.text) or option and text_of(option.text)
      or type(action.value) == "string" and action.value or nil
  elseif type(payload.view) == "table" then
    return text_of(payload.view.title)
  end
  return text_of(payload.message) or type(payload.value) == "string" and payload.value or nil
end

local function delivery_words(payload)
  if type(payload) ~= "table" then
    return nil
  elseif type(payload.event) == "table" then
    return event_words(payload.event)
  elseif payload.command then
    return text_of(payload)
  end
  return interaction_words(payload)
end

local WORDS = {}

function WORDS.envelope(body)
  return delivery_words(body.payload)
end

function WORDS.http(body)
  return delivery_words(type(body.payload) == "table" and body.payload or body)
end

function WORDS.ack(body)
  local payload = body.payload or body
  if type(payload) ~= "table" then
    return type(payload) == "string" and payload or nil
  end
  return text_of(payload) or type(payload.response_action) == "string" and payload.response_action
    or nil
end

function WORDS.call(body)
  local view = type(body.view) == "table" and body.view
  local words = text_of(body) or view and text_of(view.title) or body.status or body.title
    or body.name
  return type(words) == "string" and words or nil
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
