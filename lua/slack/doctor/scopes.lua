-- What the token was granted, against what listeners and called methods need.

local difference = require "slack.manifest.difference"
local needed_by = require "slack.manifest.needed_by"
local tokens = require "slack.doctor.tokens"

local MOST_SHOWN = 2

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

local function check_scopes(case, report)
  local token, needs = tokens.value_of(case, "token"), case:needs()
  if not token or not needs or case:reach().failure then
    return
  end
  local answer = case:call("auth.test", token)
  if not answer.ok then
    return
  elseif not answer.scopes then
    return report:warning("Slack does not tell which scopes the token has",
      "lua-slack manifest --explain shows which are needed")
  end
  local identity = token:find "^xoxp" and "user" or "bot"
  local missing, perhaps = difference.missing_scopes(needs, identity, set_of(answer.scopes))
  for _, scope in ipairs(missing) do
    report:problem(("the token lacks the scope %s, for %s"):format(
      table.concat(scope.any_of, " or "), needed_by(scope.reasons, MOST_SHOWN)),
      'add it on the app\'s page "OAuth & Permissions", then install the app again')
  end
  for _, scope in ipairs(perhaps) do
    report:warning(("without the scope %s no messages of that kind of channel come, which %s "
      .. "would take"):format(scope.any_of[1], needed_by(scope.reasons, MOST_SHOWN)),
      "add it, or let the listener name what it takes: { channel_type = \"channel\" }")
  end
  if not missing[1] then
    report:ok(("the token has what listeners and calls need: %d granted"):format(
      #answer.scopes))
  end
end

local function check_sources(case, report)
  local needs = case:needs()
  for _, note in ipairs(needs and needs.notes or {}) do
    report:warning((note.place and note.place .. ": " or "") .. note.what,
      "what it needs cannot be checked: see that the app has it")
  end
end

return {
  { name = "scopes", run = check_scopes },
  { name = "sources", run = check_sources },
}
