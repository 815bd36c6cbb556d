-- The bot's mention at the beginning of a text, as people write commands in channels:
-- "<@U05BOTUSR01> deploy main".

local payload = require "slack.payload"

local byte, find, sub = string.byte, string.find, string.sub

local M = {}

-- Spaces come also as no-break spaces, two bytes in UTF-8.
local function skip_spaces(text, at)
  while true do
    at = find(text, "[^%s]", at) or #text + 1
    if sub(text, at, at + 1) ~= "\194\160" then
      return at
    end
    at = at + 2
  end
end

---What follows the mention of a user at the beginning of a text.
---@param text any
---@param user_id? string
---@return string? rest nil: it does not begin so
function M.strip(text, user_id)
  if type(text) ~= "string" or type(user_id) ~= "string" then
    return nil
  end
  local at = skip_spaces(text, 1)
  if byte(text, at) ~= 60 or sub(text, at + 1, at + 1 + #user_id) ~= "@" .. user_id then -- "<"
    return nil
  end
  -- Some clients give the name too: <@U05BOTUSR01|bot>.
  local _, last = find(text, "^|?[^<>]*>", at + 2 + #user_id)
  if not last or not find(text, "^[|>]", at + 2 + #user_id) then
    return nil
  end
  at = skip_spaces(text, last + 1)
  if find(text, "^[:,]", at) then
    at = skip_spaces(text, at + 1)
  end
  return sub(text, at)
end

---The text of a message to the bot, without its mention.
---@param c slack.Context
---@return string? text nil: it does not begin with the mention of this bot
function M.text(c)
  if c.kind ~= "event" then
    return nil
  end
  return M.strip(payload.present(c.payload.text), c.bot_user_id)
end

---A middleware. On a listener it lets through what begins with the mention of the bot
---itself, and takes that off c.text. For the whole app (app:use) it takes it off where
---it is, and lets everything through.
---@param c slack.Context
---@param next fun(): any
function M.middleware(c, next)
  local text = M.text(c)
  if text then
    c.text = text
  elseif c.listener then
    return nil
  end
  return next()
end

return M
