-- Tokens and secrets: whether they are there, and of the kind that their place wants. What they
-- are is never told.

local hosting = require "slack.hosting"

local PLACES = {
  {
    option = "token", variable = "SLACK_BOT_TOKEN", kinds = { bot = true, user = true },
    expected = "a bot token (xoxb-…)",
    where = 'it is on the app\'s page "OAuth & Permissions", once the app is installed',
  },
  {
    option = "app_token", variable = "SLACK_APP_TOKEN", kinds = { app = true },
    expected = "an app-level token (xapp-…)",
    where = 'make one on the app\'s page "Basic Information", "App-Level Tokens", with the scope '
      .. "connections:write",
  },
  {
    option = "signing_secret", variable = "SLACK_SIGNING_SECRET", kinds = { secret = true },
    expected = "the signing secret",
    where = 'it is on the app\'s page "Basic Information", "App Credentials"',
  },
}

-- The first that fits.
local KINDS = {
  { "^xoxb%-", "bot", "a bot token" },
  { "^xoxe%.xoxb%-", "bot", "a bot token that expires" },
  { "^xapp%-", "app", "an app-level token" },
  { "^xoxp%-", "user", "a user token" },
  { "^xoxe%.xoxp%-", "user", "a user token that expires" },
  { "^xoxe%-", "refresh", "a refresh token" },
  { "^xox[a-z]%-", "other", "a token of a kind that apps do not have any more" },
  { "^https?://", "url", "a URL" },
  { "^" .. ("%x"):rep(32) .. "$", "secret", "a signing secret" },
}

local function kind_of(value)
  for _, kind in ipairs(KINDS) do
    if value:find(kind[1]) then
      return kind[2], kind[3]
    end
  end
  return "unknown", "something else"
end

-- What is there: of the option, which has taken the environment's where it has none.
local function value_of(case, place)
  local value = case.settings[place.option]
  if type(value) == "table" then
    value = value[1]
  end
  if value == nil or value == "" or hosting.is_placeholder(place.option, value) then
    value = case.environment(place.variable)
  end
  return value ~= "" and value or nil
end

local function home_of(kind)
  for _, place in ipairs(PLACES) do
    if place.kinds[kind] then
      return place
    end
  end
end

local function is_needed(case, place)
  local settings = case.settings
  if place.option == "token" then
    return not settings.oauth and not settings.authorize and settings.role ~= "receiver"
  elseif place.option == "app_token" then
    return settings.transport == "socket" or settings.transport == "both"
  end
  return settings.transport == "http" or settings.transport == "both"
end

local function check_value(place, value, report)
  local kind, text = kind_of(value)
  if value:find "^%s" or value:find "%s$" or value:find "^[\"']" then
    return report:problem(("%s begins or ends with a space or a quote"):format(place.variable),
      "take it away: a copy from a page easily brings one along")
  elseif place.kinds[kind] then
    return report:ok(("%s is %s"):format(place.variable, text))
  elseif place.option == "signing_secret" and kind == "unknown" then
    return report:warning(("%s does not look as Slack makes them: 32 characters 0-9, a-f"):format(
      place.variable), place.where)
  end
  local home = home_of(kind)
  report:problem(("%s is %s, where %s is expected"):format(place.variable, text, place.expected),
    (home and ("that one belongs into %s; "):format(home.variable) or "")
    .. place.where)
end

local function is_swapped(values)
  local token, app_token = values.token, values.app_token
  return token and app_token and kind_of(token) == "app" and kind_of(app_token) == "bot"
end

local OAUTH = {
  {
    option = "client_id", variable = "SLACK_CLIENT_ID", pattern = "^%d+%.%d+$",
    like = "two numbers with a dot",
  },
  {
    option = "client_secret", variable = "SLACK_CLIENT_SECRET", pattern = "^" .. ("%x"):rep(32)
      .. "$", like = "32 characters 0-9, a-f",
  },
}
local CREDENTIALS = 'it is on the app\'s page "Basic Information", "App Credentials"'

-- Of apps that are installed in many workspaces.
local function check_oauth(case, report)
  for _, place in ipairs(case.settings.oauth and OAUTH or {}) do
    local value = case.settings.oauth[place.option]
    if not value or hosting.is_placeholder(place.option, value) then
      report:problem(("%s is missing"):format(place.variable), CREDENTIALS)
    elseif not value:find(place.pattern) then
      report:warning(("%s does not look as Slack makes them: %s"):format(place.variable,
        place.like), CREDENTIALS)
    else
      report:ok(("%s is there"):format(place.variable))
    end
  end
end

local function check_tokens(case, report)
  local values = {}
  for _, place in ipairs(PLACES) do
    values[place.option] = value_of(case, place)
  end
  if is_swapped(values) then
    return report:problem("SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped",
      "the bot token begins with xoxb-, the app-level token with xapp-")
  end
  for _, place in ipairs(PLACES) do
    local value = values[place.option]
    if value then
      check_value(place, value, report)
    elseif is_needed(case, place) then
      report:problem(("%s is missing"):format(place.variable), place.where)
    end
  end
end

return {
  { name = "tokens", run = check_tokens },
  { name = "oauth", run = check_oauth },
  value_of = function(case, option)
    for _, place in ipairs(PLACES) do
      if place.option == option then
        return value_of(case, place)
      end
    end
  end,
}
