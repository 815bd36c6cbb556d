-- One call of a method: checked arguments become a request, which is made until it succeeds,
-- fails for good, or has failed too often.

local answers = require "slack.web_api.answer"
local arguments = require "slack.web_api.arguments"
local client_options = require "slack.web_api.options"
local errors = require "slack.errors"
local http = require "slack.http"
local methods = require "slack.web_api.methods"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

---@class slack.web_api.Call
---@field name string of the method
---@field args table the caller's
---@field method? slack.Method nil when the table does not have it
---@field token? string
---@field has_own_token boolean another one than the client's
---@field hints? table<string, string>
---@field key string what rate limits go by
---@field is_repeatable boolean
---@field retries integer
---@field request slack.HttpRequest

local M = {}

local function attempt(client, call)
  local response, err = http.request(call.request)
  if not response then
    return nil, errors.new { code = err.code, message = err.message, method = call.name }
  end
  local answer, refused = answers.read(call, response)
  if answer then
    answers.warn_once(client, call, answer)
    return answer
  end
  return nil, refused
end

local function wait_before_retry(client, call, ticket, err, failures)
  if retry.is_rate_limit(err) then
    client:_log():warn("%s: rate limited, going on in %g s", call.name, err.retry_after)
    ticket:hold(err.retry_after)
    return true
  elseif retry.is_worthwhile(err, call.is_repeatable) then
    local delay = retry.delay(failures)
    client:_log():info("%s; trying again in %.1f s", err, delay)
    tasks.sleep(delay)
    return true
  end
  return false
end

local function perform(client, call)
  local ticket <close> = client._gates:ticket(call.key)
  ticket:enter()
  local failures = 0
  while true do
    local answer, err = attempt(client, call)
    if answer then
      return answer
    end
    failures = failures + 1
    if failures > call.retries or not wait_before_retry(client, call, ticket, err, failures) then
      return nil, err
    end
  end
end

-- Those of the options go before ours.
local function headers_of(client, token)
  local list, given = {}, client._headers
  for name, value in pairs(given) do
    list[#list + 1] = name
    list[#list + 1] = value
  end
  local function add(name, value)
    if value and not given[name] then
      list[#list + 1] = name
      list[#list + 1] = value
    end
  end
  add("user-agent", client._user_agent)
  add("content-type", "application/x-www-form-urlencoded")
  add("authorization", token and "Bearer " .. token)
  return list
end

---A call ready to be made.
---@param client slack.Client
---@param name string
---@param args? table<string, any>
---@param options? slack.CallOptions
---@return slack.web_api.Call?
---@return string? problem what is wrong with the arguments
function M.new(client, name, args, options)
  if type(name) ~= "string" or not name:find "^%a[%w_.]*$" then
    return nil, ("the name of a Web API method expected, got %s"):format(tostring(name))
  elseif args ~= nil and type(args) ~= "table" then
    return nil, ("%s: a table of arguments expected, got %s"):format(name, type(args))
  elseif options ~= nil and type(options) ~= "table" then
    return nil, ("%s: a table of options expected, got %s"):format(name, type(options))
  end
  args, options = args or {}, options or {}
  local problem = client_options.problem_of_call(options, name)
  local body, unfit = arguments.encode(args)
  if problem or not body then
    return nil, problem or name .. ": " .. unfit
  end
  local token = options.token or args.token or client._options.token
  if token ~= nil and type(token) ~= "string" then
    return nil, ("%s: argument 'token': string expected, got %s"):format(name, type(token))
  elseif token and token:find "[%s%c]" then
    return nil, name .. ": argument 'token': it has spaces or line ends in it"
  end
  local method = methods.find(name)
  return {
    name = name, args = args, method = method,
    token = token, has_own_token = (options.token or args.token) ~= nil,
    hints = client._options.hints,
    key = name .. " " .. (token or ""),
    is_repeatable = method ~= nil and method.is_repeatable,
    retries = options.retries or client._options.retries,
    request = {
      method = "POST",
      url = client._options.api_url .. name,
      headers = headers_of(client, token),
      body = body,
      timeout = options.timeout or client._options.timeout,
      http2 = client._options.http2,
      net = client._net,
    },
  }
end

-- A slip of the program's, and a handler seldom looks at the error.
local function warn_of_unknown(client, name)
  client:_log():warn("%s: Slack knows no such method%s", name, methods.near(name))
end

---Makes the call and waits for its end.
---@async
---@param client slack.Client
---@param call slack.web_api.Call
---@return table? answer
---@return slack.Error? err
function M.run(client, call)
  if not call.token and (not call.method or call.method.needs_token) then
    return nil, errors.new {
      code = "not_authed",
      message = call.name .. ": there is no token: " .. answers.hint(call, "not_authed"),
      method = call.name,
    }
  end
  local answer, err = perform(client, call)
  local on_call = client._options.on_call
  if on_call then
    on_call(call.name, err)
  end
  if err and err.code == "unknown_method" then
    warn_of_unknown(client, call.name)
  end
  if err and client._on_refusal and call.token == client._options.token then
    client._on_refusal(err.code)
  end
  return answer, err
end

return M
