-- The options of slack.app: which there are, what each must be, where it comes
-- from when it is not given. A new option is a line in the table.

local core = require "slack.core"
local near_miss = require "slack.near_miss"

local DEFAULT_API_URL = "https://slack.com/api/"

-- Checks ------------------------------------------------------------------------
-- check(value) -> the problem, or nil

local function of_type(expected)
  return function(value)
    if type(value) ~= expected then
      return expected .. " expected"
    end
  end
end

local function number_from(least, most)
  local wanted = most and ("a number from %g to %g expected"):format(least, most)
    or ("a number of at least %g expected"):format(least)
  return function(value)
    if type(value) == "string" then
      return wanted .. ", got string"
    elseif type(value) ~= "number" or value ~= value or value < least
      or (most and value > most) then
      return wanted
    end
  end
end

local function integer_from(least, most)
  local wanted = most and ("an integer from %d to %d expected"):format(least, most)
    or ("an integer of at least %d expected"):format(least)
  return function(value)
    if type(value) == "string" then
      return wanted .. ", got string"
    elseif math.type(value) ~= "integer" or value < least or (most and value > most) then
      return wanted
    end
  end
end

local function one_of(...)
  local allowed, words = {}, {}
  for i, word in ipairs { ... } do
    allowed[word], words[i] = true, ("%q"):format(word)
  end
  local wanted = table.concat(words, " or ") .. " expected"
  return function(value)
    if not allowed[value] then
      return wanted
    end
  end
end

-- Kinds of token by their prefix; what has no known one is let through.
local TOKEN_KINDS = {
  { "^xoxb%-", "a bot token (xoxb-…)" }, { "^xapp%-", "an app-level token (xapp-…)" },
  { "^xoxp%-", "a user token (xoxp-…)" }, { "^xoxe%-", "a refresh token (xoxe-…)" },
}

local function token(expected, accepted)
  return function(value)
    if type(value) ~= "string" then
      return "string expected"
    elseif value == "" then
      return "it is empty"
    elseif value:find "[%s%c]" then
      return "it has spaces or line ends in it"
    end
    for _, kind in ipairs(TOKEN_KINDS) do
      if value:find(kind[1]) and not accepted[kind[1]] then
        return expected .. " expected, this is " .. kind[2]
      end
    end
  end
end

local function url(value)
  if type(value) ~= "string" or not value:find "^https?://[^/%s]+" then
    return "a URL that begins with https:// expected"
  end
end

local function directory(value)
  if type(value) ~= "string" then
    return "the path of a directory expected"
  end
  local _, kind = core.stat(value)
  if kind ~= "directory" then
    return ("there is no directory %q"):format(value)
  end
end

-- The problem in words, and true: it needs no name before it.
local function check_all(values, known, prefix)
  for name, value in pairs(values) do
    local option = known[name]
    if not option then
      return ("unknown option %q%s"):format(prefix .. tostring(name), near_miss(name, known)), true
    end
    local problem, is_whole = option.check(value)
    if is_whole then
      return problem, true
    elseif problem then
      local got = type(value) == "string" and "" or ", got " .. (type(value) == "number"
        and tostring(value) or type(value))
      return ("option %q: %s%s"):format(prefix .. name, problem, got), true
    end
  end
end

local function table_of(known, prefix)
  return function(value)
    if type(value) ~= "table" then
      return "table expected"
    end
    return check_all(value, known, prefix)
  end
end

local LEVELS = { "debug", "info", "warn", "error", "off" }
local LOG_FIELDS = {
  level = { check = one_of(table.unpack(LEVELS)) },
  format = { check = one_of("text", "json") },
  sink = { check = of_type "function" },
  colour = { check = of_type "boolean" },
  name = { check = of_type "string" },
}

local function is_logger(value)
  return type(value) == "table" and type(value.with) == "function"
    and type(value.core) == "function"
end

local check_level = LOG_FIELDS.level.check
local check_log_fields = table_of(LOG_FIELDS, "log.")

local function log(value)
  if is_logger(value) then
    return nil
  elseif type(value) == "string" then
    return check_level(value)
  elseif type(value) == "table" then
    return check_log_fields(value)
  end
  return "a level, a table with level, format and sink, or a logger expected"
end

local SECONDS = { check = number_from(0.001) }
local TIMINGS = {
  max_message = { check = integer_from(1024) },
  open_timeout = SECONDS, hello_timeout = SECONDS, ping_interval = SECONDS,
  pong_timeout = SECONDS, backoff_first = SECONDS, backoff_maximum = SECONDS,
  stable_after = SECONDS, drain_timeout = SECONDS, stagger = { check = number_from(0) },
}

-- The table ----------------------------------------------------------------------

---@class slack.AppOptions
---@field token? string of the bot; SLACK_BOT_TOKEN
---@field app_token? string app-level, for Socket Mode; SLACK_APP_TOKEN
---@field api_url? string SLACK_API_URL, else "https://slack.com/api/"
---@field scripts? string directory of handler scripts
---@field connections? integer Socket Mode connections, 1 to 10; 2
---@field transport? "socket"
---@field name? string of the app in the log
---@field proxy? string URL; "" for none; HTTPS_PROXY and the like
---@field no_proxy? string
---@field ca_file? string PEM
---@field insecure? boolean allow plain http and ws to other hosts than this one
---@field timeout? number seconds for one Web API request, 30
---@field ignore_self? boolean pass over the bot's own events; true
---@field ack_deadline? number seconds until an ack that a handler owes goes out empty, 2.5
---@field shutdown_timeout? number seconds that running handlers have at a stop, 10
---@field max_in_flight? integer handlers running at once, 1000
---@field log? string|slack.LogOptions|slack.Logger
---@field socket_mode? table<string, number> fine timings

local check_token = token("a bot token (xoxb-…)", { ["^xoxb%-"] = true, ["^xoxp%-"] = true })

local OPTIONS = {
  token = {
    check = check_token,
    environment = "SLACK_BOT_TOKEN",
  },
  app_token = {
    check = token("an app-level token (xapp-…)", { ["^xapp%-"] = true }),
    environment = "SLACK_APP_TOKEN",
  },
  api_url = { check = url, environment = "SLACK_API_URL", default = DEFAULT_API_URL },
  scripts = { check = directory },
  connections = { check = integer_from(1, 10), default = 2 },
  transport = { check = one_of "socket", default = "socket" },
  name = { check = of_type "string" },
  proxy = { check = of_type "string" },
  no_proxy = { check = of_type "string" },
  ca_file = { check = of_type "string" },
  insecure = { check = of_type "boolean" },
  timeout = { check = number_from(0.001), default = 30 },
  ignore_self = { check = of_type "boolean", default = true },
  ack_deadline = { check = number_from(0.01, 3), default = 2.5 },
  shutdown_timeout = { check = number_from(0), default = 10 },
  max_in_flight = { check = integer_from(1), default = 1000 },
  log = { check = log, default = "info" },
  socket_mode = { check = table_of(TIMINGS, "socket_mode.") },
}

local REQUIRED = {
  { "token", "a bot token (xoxb-…)" },
  { "app_token", "an app-level token (xapp-…) with the scope connections:write" },
}

local M = {}

---The problem with a token for the Web API or with an option `log`, or nil: these
---hold without an app too.
M.token_problem, M.log_problem = check_token, log

local function from_environment(options)
  for name, option in pairs(OPTIONS) do
    if options[name] == nil and option.environment then
      local value = os.getenv(option.environment)
      if value and value ~= "" then
        local problem = option.check(value)
        if problem then
          return nil, ("environment variable %s: %s"):format(option.environment, problem)
        end
        options[name] = value
      end
    end
  end
  return true
end

---Checked options with defaults filled in.
---@param given any
---@return slack.AppOptions? options
---@return string? problem
function M.read(given)
  if given ~= nil and type(given) ~= "table" then
    return nil, "a table of options expected, got " .. type(given)
  end
  local problem = check_all(given or {}, OPTIONS, "")
  if problem then
    return nil, problem
  end
  local options = {}
  for name, value in pairs(given or {}) do
    options[name] = value
  end
  local ok
  ok, problem = from_environment(options)
  if not ok then
    return nil, problem
  end
  for name, option in pairs(OPTIONS) do
    if options[name] == nil then
      options[name] = option.default
    end
  end
  for _, required in ipairs(REQUIRED) do
    local name, what = required[1], required[2]
    if options[name] == nil then
      return nil, ("option %q is missing: give %s, or set %s in the environment"):format(name, what,
        OPTIONS[name].environment)
    end
  end
  options.api_url = options.api_url:gsub("/*$", "/", 1)
  return options
end

return M
