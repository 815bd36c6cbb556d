-- What Slack refuses of a manifest, as far as its own limits go.

local json = require "slack.json"

local M = {}

-- Path, with [] for each of a list; most characters, or with a # most entries.
local LIMITS = {
  { "display_information.name", 35 },
  { "display_information.description", 140 },
  { "display_information.long_description", 4000 },
  { "features.bot_user.display_name", 80 },
  { "features.slash_commands#", 50 },
  { "features.slash_commands[].command", 32 },
  { "features.slash_commands[].description", 2000 },
  { "features.slash_commands[].usage_hint", 1000 },
  { "features.shortcuts#", 10 },
  { "features.shortcuts[].name", 24 },
  { "features.shortcuts[].callback_id", 255 },
  { "features.shortcuts[].description", 150 },
  { "features.unfurl_domains#", 5 },
  { "settings.event_subscriptions.bot_events#", 100 },
  { "settings.event_subscriptions.user_events#", 100 },
}

-- Long descriptions have a shortest length, too.
local MIN_LONG_DESCRIPTION = 174

local function check(value, path, shown, limit, problems)
  if value == nil or value == json.null then
    return
  end
  local name, mark, rest = path:match "^([%w_]+)(%[?%]?#?)%.?(.*)$"
  local inner = type(value) == "table" and value[name] or nil
  shown = shown == "" and name or shown .. "." .. name
  if mark == "[]" then
    for i, item in ipairs(type(inner) == "table" and inner or {}) do
      check(item, rest, ("%s[%d]"):format(shown, i), limit, problems)
    end
  elseif rest ~= "" then
    check(inner, rest, shown, limit, problems)
  elseif mark == "#" and type(inner) == "table" and #inner > limit then
    problems[#problems + 1] = ("%s: Slack takes at most %d, there are %d"):format(shown, limit,
      #inner)
  elseif mark == "" and type(inner) == "string" and (utf8.len(inner) or #inner) > limit then
    problems[#problems + 1] = ("%s: Slack takes at most %d characters, there are %d"):format(
      shown, limit, utf8.len(inner) or #inner)
  end
end

---@param manifest table
---@return string[] problems in words
function M.problems(manifest)
  local problems = {}
  for _, limit in ipairs(LIMITS) do
    check(manifest, limit[1], "", limit[2], problems)
  end
  local long = (manifest.display_information or {}).long_description
  if type(long) == "string" and #long < MIN_LONG_DESCRIPTION then
    problems[#problems + 1] = ("display_information.long_description: Slack takes none shorter "
      .. "than %d characters"):format(MIN_LONG_DESCRIPTION)
  end
  return problems
end

return M
