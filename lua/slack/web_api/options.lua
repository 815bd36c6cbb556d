-- What a client and its calls can be told.

local limits = require "slack.web_api.limits"
local logs = require "slack.log"
local merged = require "slack.merged"
local near_miss = require "slack.near_miss"
local option_checks = require "slack.option_checks"
local retry = require "slack.retry"
local roots = require "slack.web_api.roots"

local DEFAULT_TIMEOUT = 30
local DEFAULT_MAX_WAIT = 600

local function max_wait_problem(value)
  if type(value) ~= "number" or value < 0 or value ~= value then
    return "seconds of at least 0 expected, got "
      .. (type(value) == "number" and tostring(value) or type(value))
  end
end

local function seconds_problem(value)
  if type(value) ~= "number" then
    return "number expected, got " .. type(value)
  elseif not (value >= 0 and value < 1e9) then
    return "seconds from 0 to 1e9 expected, got " .. tostring(value)
  end
end

-- What each must be: a type, or a function that gives the problem.
local OPTIONS = {
  token = option_checks.web_token, api_url = "string", govslack = "boolean",
  timeout = seconds_problem, connect_timeout = seconds_problem, idle_timeout = seconds_problem,
  retries = retry.problem, proxy = "string", no_proxy = "string",
  ca_file = "string", insecure = "boolean",
  http2 = "boolean", max_requests = option_checks.integer_from(1, 10000),
  headers = "table", user_agent = "string", log = option_checks.log,
  on_call = "function", hints = "table",
  pacing = limits.problem, max_wait = max_wait_problem, on_wait = "function",
}
local CALL_OPTIONS = {
  token = "string", timeout = seconds_problem, retries = retry.problem, max_wait = max_wait_problem,
  body = option_checks.one_of("form", "json"),
}

local M = { CALL_OPTIONS = CALL_OPTIONS }

local function problem_with(value, expected)
  if type(expected) == "function" then
    return expected(value)
  end
  local kind = expected == "integer" and math.type(value) or type(value)
  if kind ~= expected then
    return ("%s expected, got %s"):format(expected, type(value))
  end
end

---@param options table
---@param known table<string, string|fun(value: any): string?> what each must be
---@param what string whose they are
---@return string? problem
function M.problem(options, known, what)
  for name, value in pairs(options) do
    local expected = known[name]
    if not expected then
      return ("%s: unknown option '%s'%s"):format(what, tostring(name), near_miss(name, known))
    end
    local problem = problem_with(value, expected)
    if problem then
      return ("%s: option '%s': %s"):format(what, name, problem)
    end
  end
end

---@param options slack.CallOptions
---@param name string of the method
---@return string? problem
function M.problem_of_call(options, name)
  return M.problem(options, CALL_OPTIONS, name)
end

---What differs between those who make calls.
---@class slack.web_api.OptionRules
---@field name string of the function that the program calls
---@field token? fun(value: any): string? the check of the token
---@field token_variable? string of the environment
---@field more? table<string, string|function> options besides the usual ones
---@field root? fun(options: table): string?, string? the URL in front of all paths, or a problem

-- The token of the environment; else what is wrong with it.
local function token_of_environment(rules)
  local token = rules.token_variable and os.getenv(rules.token_variable)
  if not token or token == "" then
    return nil
  end
  local problem = option_checks.web_token(token)
  return token, problem and ("environment variable %s: %s"):format(rules.token_variable, problem)
end

local function known_to(rules)
  return (rules.more or rules.token) and merged(OPTIONS, { token = rules.token }, rules.more)
    or OPTIONS
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
  local problem = M.problem(options, known_to(rules), name)
  if problem then
    return nil, problem
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
