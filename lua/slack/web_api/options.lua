-- What a client and its calls can be told.

local checks = require "slack.option_checks"
local limits = require "slack.web_api.limits"
local logs = require "slack.log"
local merged = require "slack.merged"
local retry = require "slack.retry"
local roots = require "slack.web_api.roots"

local DEFAULT_TIMEOUT = 30
local DEFAULT_MAX_WAIT = 600

local M = {}

---@param token any
---@return string? problem
function M.token_problem(token)
  if type(token) ~= "string" then
    return "string expected, got " .. type(token)
  elseif token == "" then
    return "it is empty"
  elseif token:find "[%s%c]" then
    return "it has spaces or line ends in it"
  end
end

local function hints_problem(value)
  if type(value) ~= "table" then
    return "table expected"
  end
  for word, hint in pairs(value) do
    if type(hint) ~= "string" then
      return ("a text for each word expected, got %s for %q"):format(type(hint), tostring(word))
    end
  end
end

local text, flag = { check = checks.of_type "string" }, { check = checks.of_type "boolean" }
local fn, fields = { check = checks.of_type "function" }, { check = checks.of_type "table" }
local seconds, retries = { check = checks.timeout }, { check = retry.problem }
local max_wait = { check = checks.number_from(0) }

local OPTIONS = {
  token = { check = checks.web_token }, api_url = text, govslack = flag,
  timeout = seconds, connect_timeout = seconds, idle_timeout = seconds,
  retries = retries, proxy = text, no_proxy = text, ca_file = text, insecure = flag,
  http2 = flag, max_requests = { check = checks.integer_from(1, 10000) },
  headers = fields, user_agent = text, log = { check = checks.log }, on_call = fn,
  hints = { check = hints_problem }, pacing = { check = limits.check "pacing" },
  max_wait = max_wait, on_wait = fn,
}

---What a call can be told.
M.CALL_OPTIONS = {
  token = { check = M.token_problem }, timeout = seconds, retries = retries, max_wait = max_wait,
  body = { check = checks.one_of("form", "json") },
}

---@param options any
---@return string? problem
function M.problem_of_call(options)
  return checks.argument(options, M.CALL_OPTIONS)
end

---What differs between those who make calls.
---@class slack.web_api.OptionRules
---@field name string of the function that the program calls
---@field token? slack.OptionCheck
---@field token_variable? string of the environment
---@field more? table<string, slack.Option> options besides the usual ones
---@field root? fun(options: table): string?, string? the URL in front of all paths, or a problem

-- The token of the environment; else what is wrong with it.
local function token_of_environment(rules)
  local token = rules.token_variable and os.getenv(rules.token_variable)
  if not token or token == "" then
    return nil
  end
  local problem = checks.web_token(token)
  return token, problem and ("environment variable %s: %s"):format(rules.token_variable, problem)
end

local function known_to(rules)
  return rules.token and merged(OPTIONS, { token = { check = rules.token } }, rules.more) or OPTIONS
end

local function set_defaults(settings, options)
  settings.timeout = options.timeout or DEFAULT_TIMEOUT
  settings.retry_policy = retry.policy(options.retries)
  settings.retries = settings.retry_policy.count
  settings.max_wait = options.max_wait or DEFAULT_MAX_WAIT
  if options.pacing == nil then
    settings.pacing = roots.is_slack(settings.api_url) -- elsewhere its limits are not known
  end
  settings.log = options.log and logs.of(options.log)
end

---Checked options with defaults.
---@param options any
---@param rules slack.web_api.OptionRules
---@return table? settings
---@return string? problem
function M.read(options, rules)
  local name = rules.name
  if type(options) ~= "table" then
    return nil, ("%s: a table of options expected, got %s"):format(name, type(options))
  end
  local problem = checks.all(options, known_to(rules), "")
  if problem then
    return nil, ("%s: %s"):format(name, problem)
  end
  local settings = merged(options)
  if not settings.token then
    settings.token, problem = token_of_environment(rules)
  end
  if not problem then
    settings.api_url, problem = (rules.root or roots.api_url)(options)
  end
  if problem then
    return nil, ("%s: %s"):format(name, problem)
  end
  set_defaults(settings, options)
  return settings
end

return M
