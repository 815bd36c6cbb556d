-- The record of an installation: its fields, its two halves, and where they are
-- kept. Everything is written defensively, because a store may be edited by hand
-- or have been filled by an older version.

local json = require "slack.json"
local payload = require "slack.payload"

local null, text = json.null, payload.text_of

local MAX_ID = 64
local MAX_TIME = 1e12 - 1

local M = {}

---@class slack.Installation
---@field app_id? string
---@field enterprise_id? string
---@field enterprise_name? string
---@field enterprise_url? string
---@field team_id? string nil for an org-wide install
---@field team_name? string
---@field bot_token? string
---@field bot_id? string
---@field bot_user_id? string
---@field bot_scopes? string[]
---@field bot_refresh_token? string
---@field bot_token_expires_at? number seconds since the epoch
---@field user_id? string who installed it
---@field user_token? string
---@field user_scopes? string[]
---@field user_refresh_token? string
---@field user_token_expires_at? number
---@field incoming_webhook_url? string
---@field incoming_webhook_channel? string
---@field incoming_webhook_channel_id? string
---@field incoming_webhook_configuration_url? string
---@field is_enterprise_install? boolean
---@field token_type? string
---@field installed_at? number seconds since the epoch; set by save when it is missing
---@field bot_installed_at? number when the bot's half came; set by save
---@field user_installed_at? number when the user's half came; set by save
---@field bot_dead? string Slack's word for why the bot token is of no use any more
---@field user_dead? string the same of the user token
---@field has_user_tokens? boolean whether anybody's user token may be kept there; set by save
---@field [string] any free values, kept as they are

local function flag(value)
  if type(value) == "boolean" then
    return value
  end
end

local function time(value)
  value = tonumber(value)
  return value and value >= 0 and value <= MAX_TIME and value or nil
end

---A list of words; Slack and others write it as one text with commas.
---@param value any
---@return string[]?
local function words(value)
  local list = json.list {}
  if type(value) == "string" then
    for word in value:gmatch "[^,%s]+" do
      list[#list + 1] = word
    end
    return list
  elseif type(value) ~= "table" then
    return nil
  end
  for _, word in ipairs(value) do
    if type(word) == "string" then
      list[#list + 1] = word
    end
  end
  return list
end
M.words = words

-- What a field of that name can be; others are free.
local FIELDS = {
  bot_scopes = words, user_scopes = words, is_enterprise_install = flag,
  bot_token_expires_at = time, user_token_expires_at = time, installed_at = time,
  bot_installed_at = time, user_installed_at = time, has_user_tokens = flag,
}
for name in ([[
  app_id enterprise_id enterprise_name enterprise_url team_id team_name bot_token bot_id
  bot_user_id bot_refresh_token user_id user_token user_refresh_token incoming_webhook_url
  incoming_webhook_channel incoming_webhook_channel_id incoming_webhook_configuration_url
  token_type bot_dead user_dead]]):gmatch "%S+" do
  FIELDS[name] = text
end

local BOT_FIELDS = {
  "bot_token", "bot_id", "bot_user_id", "bot_scopes", "bot_refresh_token",
  "bot_token_expires_at", "bot_installed_at", "bot_dead",
}
local USER_FIELDS = {
  "user_token", "user_scopes", "user_refresh_token", "user_token_expires_at",
  "user_installed_at", "user_dead",
}
M.HALVES = { bot = BOT_FIELDS, user = USER_FIELDS }

---A copy without nulls, and without what cannot be the value of its field.
---@param given any what a store or a program gave
---@return slack.Installation? record
function M.clean(given)
  if type(given) ~= "table" then
    return nil
  end
  local record = {}
  for name, value in pairs(given) do
    local read = FIELDS[name]
    if value ~= null and type(name) == "string" then
      if read then
        value = read(value)
      end
      record[name] = value
    end
  end
  return record
end

---Takes the fields of one half from another record.
---@param record slack.Installation changed
---@param half "bot"|"user"
---@param other slack.Installation? nil: they are taken away
function M.take_half(record, half, other)
  for _, name in ipairs(M.HALVES[half]) do
    record[name] = other and other[name] or nil
  end
end

-- Places -------------------------------------------------------------------------

-- Ids come from outside, and become parts of keys.
local function is_id(value)
  return type(value) == "string" and #value <= MAX_ID and value ~= "-"
    and value:find "^[%w_.-]+$" ~= nil
end
M.is_id = is_id

---Where an installation is kept: in a workspace, or in a whole organization.
---@class slack.Place
---@field enterprise_id? string
---@field team_id? string
---@field path string part of the keys of all that is kept there

---@param enterprise_id? string
---@param team_id? string
---@return slack.Place? place nil when neither is an id
function M.place(enterprise_id, team_id)
  enterprise_id = is_id(enterprise_id) and enterprise_id or nil
  team_id = is_id(team_id) and team_id or nil
  if enterprise_id or team_id then
    return {
      enterprise_id = enterprise_id, team_id = team_id,
      path = (enterprise_id or "-") .. ":" .. (team_id or "-"),
    }
  end
end

---The place of a record.
---@param record slack.Installation
---@return slack.Place?
function M.place_of(record)
  if record.is_enterprise_install and is_id(record.enterprise_id) then
    return M.place(record.enterprise_id)
  end
  return M.place(record.enterprise_id, record.team_id)
end

---@param path string "E1:T1", with "-" for what there is not
---@return slack.Place?
function M.place_at(path)
  local enterprise_id, team_id = path:match "^([^:]+):([^:]+)$"
  if not enterprise_id then
    return nil
  end
  return M.place(enterprise_id ~= "-" and enterprise_id or nil, team_id ~= "-" and team_id or nil)
end

-- Keys ---------------------------------------------------------------------------

function M.place_key(place)
  return "place:" .. place.path
end

function M.user_key(place, user_id)
  return "user:" .. place.path .. ":" .. user_id
end

function M.history_key(place)
  return "history:" .. place.path
end

function M.team_key(place)
  return "team:" .. place.team_id
end

function M.due_key(place, user_id, expires_at)
  return ("due:%012d:%s:%s"):format(math.max(math.floor(expires_at), 0), place.path,
    user_id or "-")
end

return M
