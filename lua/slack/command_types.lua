-- The types that a word of a slash command's route may have: what is a value of
-- each, and what to say of a word that is none.

local calendar = require "slack.calendar"
local command_words = require "slack.command_words"
local duration = require "slack.duration"
local mrkdwn = require "slack.mrkdwn.reading"

local M = {}

-- What Slack's settings of a slash command call it.
local ESCAPING = '"Escape channels, users, and links sent to your app"'

---@class slack.CommandType
---@field read fun(text: string, command: string): any, string?, boolean? a value, or nil, what
---  is wrong, as continuation of "name: ", and whether the app's settings are to blame
---@field values? table<string, string> of a choice, by lower case

-- What people type around a mention in a sentence.
local function bare(text)
  return text:match "^.*[^,;:.]" or ""
end

local function got(text)
  return ", got " .. command_words.quote(text)
end

-- Without the setting a mention comes as the text that was typed.
local function unresolved(text, command)
  return ("%s came as plain text, and nobody can tell whom or what it means: switch on %s "
    .. "for %s in the app's settings at Slack"):format(command_words.quote(text), ESCAPING, command)
end

local function reads_mention(what, mark, token, id)
  return function(text, command)
    local word = bare(text)
    local found = word:match(token) or word:match(id)
    if found then
      return found
    elseif word:sub(1, #mark) == mark and #word > #mark then
      return nil, unresolved(text, command), true
    end
    return nil, ("%s expected%s"):format(what, got(text))
  end
end

local function reads_integer(text)
  local value = text:find "^[+-]?%d+$" and math.tointeger(tonumber(text))
  if value then
    return value
  end
  return nil, "a whole number expected" .. got(text)
end

local function reads_number(text)
  local value = text:find "^[+-]?%.?%d" and not text:find "[xX]" and tonumber(text)
  if value then
    return value
  end
  return nil, "a number like 2.5 expected" .. got(text)
end

local function reads_date(text)
  if calendar.parse(text) then
    return text
  end
  return nil, "a date like 2026-03-31 expected" .. got(text)
end

local function reads_duration(text)
  local value = duration.parse(text)
  if value then
    return value
  end
  return nil, "a span of time like 90s, 5m or 1h30m expected" .. got(text)
end

local function reads_link(text)
  local value = text:match "^<(https?://[^|>]+)%f[|>]|?[^>]*>$" or text:match "^https?://[^%s<>]+$"
  if value then
    return mrkdwn.unescape(value)
  end
  return nil, "a link that begins with https:// expected" .. got(text)
end

local function reads_email(text)
  local value = text:match "^<mailto:([^|>]+)%f[|>]|?[^>]*>$" or text
  local domain = value:match "^[^%s@<>|]+@([^%s@<>|]+)$"
  local dot = domain and domain:find(".", 2, true)
  if dot and dot < #domain then
    return mrkdwn.unescape(value)
  end
  return nil, "an e-mail address expected" .. got(text)
end

---@type table<string, slack.CommandType>
M.TYPES = {
  text = { read = function(text) return text end },
  integer = { read = reads_integer },
  number = { read = reads_number },
  user = {
    read = reads_mention("a person like @ada", "@", "^<@([UW]%w+)%f[|>]|?[^>]*>$",
      "^[UW]%u*%d[%u%d]+$"),
  },
  channel = {
    read = reads_mention("a channel like #general", "#", "^<#([CGD]%w+)%f[|>]|?[^>]*>$",
      "^[CGD]%u*%d[%u%d]+$"),
  },
  usergroup = {
    read = reads_mention("a user group like @marketing", "@", "^<!subteam%^(S%w+)%f[|>]|?[^>]*>$",
      "^S%u*%d[%u%d]+$"),
  },
  date = { read = reads_date },
  duration = { read = reads_duration },
  link = { read = reads_link },
  email = { read = reads_email },
}

-- A type that takes some words alone, in whatever case, and gives them as they are
-- written in the route.
---@param list string[]
---@return slack.CommandType
function M.choice(list)
  local values = {}
  for _, value in ipairs(list) do
    values[value:lower()] = value
  end
  local names = table.concat(list, ", ", 1, #list - 1) .. " or " .. list[#list]
  return {
    values = values,
    read = function(text)
      local value = values[mrkdwn.unescape(text):lower()]
      if value then
        return value
      end
      return nil, names .. " expected" .. got(text)
    end,
  }
end

return M
