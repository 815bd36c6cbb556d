-- The bot's own doings, which a bot that hears them would answer for ever.

local json = require "slack.json"
local payload = require "slack.payload"

local null = json.null
local as_table, text_of = payload.as_table, payload.text_of

-- Of the bot's own doings these are wanted.
local KEPT = { member_joined_channel = true, member_left_channel = true }
-- What tells of a message, and by which app that was sent.
local TELLS_APP = { message = true, app_mention = true }

local M = {}

-- The bot's user, where no identity says it: events name it beside the workspace.
local function authorized_bot(body)
  local authorization = payload.authorization(body)
  return authorization and authorization.is_bot == true and text_of(authorization.user_id) or nil
end

-- What goes through a response URL or an incoming webhook may come from another bot user
-- of the same app.
local function is_of_app(body, message)
  local app_id = text_of(body.api_app_id)
  local profile = as_table(message.bot_profile)
  return app_id ~= nil
    and (message.app_id == app_id or profile ~= nil and profile.app_id == app_id)
end

local function is_by_bot(identity, body, object)
  local user, bot = object.user, object.bot_id
  if user ~= nil and user ~= null
    and user == (identity and identity.bot_user_id or authorized_bot(body)) then
    return true
  elseif bot == nil or bot == null then
    return false
  end
  return identity ~= nil and bot == identity.bot_id
    or TELLS_APP[object.type] == true and is_of_app(body, object)
end

---Whether an event is the bot's own doing. An edit of its own message is one as well: also
---chat.update and links that unfold make such events.
---@param identity? table with bot_id and bot_user_id
---@param body table
---@param event table
---@return boolean
function M.is_own(identity, body, event)
  if KEPT[event.type] then
    return false
  elseif event.user == nil and event.subtype == "message_changed" then
    local message = as_table(event.message)
    return message ~= nil and is_by_bot(identity, body, message)
  end
  return is_by_bot(identity, body, event)
end

---Whether to look closer: false for what people do, which is nearly all that comes.
---@param event table
---@param identity? table
---@return boolean
function M.may_be_own(event, identity)
  local user = event.user
  return event.bot_id ~= nil or user == nil or not identity or user == identity.bot_user_id
    or not identity.bot_user_id
end

---For apps with the option ignore_self = false: what stands behind it does not meet what
---the bot has done itself.
---@param c slack.Context
---@param next fun(): any
function M.middleware(c, next)
  if c.kind ~= "event" or not M.is_own(c.authorization, c.body, c.payload) then
    return next()
  end
end

return M
