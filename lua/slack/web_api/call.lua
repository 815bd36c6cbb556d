-- One call of a method: checked arguments become a request, and its answer a result.

local lazy = require "slack.lazy"
local advice = require "slack.web_api.advice"
local answers = require "slack.web_api.answer"
local arguments = require "slack.web_api.arguments"
local attempts = require "slack.web_api.attempts"
local client_options = require "slack.web_api.options"
local errors = require "slack.errors"
local host = require "slack.web_api.host"
local http = require "slack.http"
local loop = require "slack.loop"
local methods = require "slack.web_api.methods"
local retry = require "slack.retry"
local tap = lazy "slack.tap"

---@class slack.web_api.Call: slack.web_api.Repeated
---@field method? slack.Method nil when the table does not have it
---@field args table the caller's
---@field token? string
---@field has_own_token boolean another one than the client's
---@field hints? table<string, string>
---@field is_broken? boolean there is text in the arguments that is no UTF-8
---@field is_plain? boolean all arguments are texts, which the method has by these names
---@field request slack.HttpRequest
---@field body? string then the request is a shape

local FORM = "application/x-www-form-urlencoded"
local JSON = "application/json; charset=utf-8"

-- Here the app shows its own secret, beside which a token would be another identity.
local BY_SECRET = {
  ["oauth.access"] = true, ["oauth.v2.access"] = true, ["oauth.v2.user.access"] = true,
  ["openid.connect.token"] = true,
}
local NONE = {}
local MAX_NAME = 200

-- Not as client:_called(), which asks a function that makes methods of any name.
local tell_end = host.methods._called

local M = {}

-- Attempts ------------------------------------------------------------------------

local function attempt(client, call)
  local response, err, is_answer = http.request(call.request, call.body)
  if is_answer then
    answers.warn_once(client, call, response)
    return response
  elseif not response then
    return nil, errors.new {
      code = err.code, message = err.message, method = call.name, cause = err,
    }
  end
  local answer, refused = answers.read(call, response)
  if answer then
    answers.warn_once(client, call, answer)
    return answer
  end
  return nil, refused
end

-- Requests ------------------------------------------------------------------------

local function problem_with_name(name)
  if type(name) ~= "string" then
    return ("the name of a Web API method expected, got %s"):format(
      type(name) == "number" and name or type(name))
  elseif #name > MAX_NAME then
    return ("the name of a Web API method expected, got %d characters"):format(#name)
  elseif name:find "^%a[%w_.]*$" then
    return nil
  elseif name:find("://", 1, true) then -- and nothing of it, as it may be a secret
    return "the name of a Web API method expected, got a URL: other servers are asked by "
      .. "slack.fetch, and another root of the Web API is the option \"api_url\""
  end
  return ("the name of a Web API method expected, got %q"):format(name)
end

local function problem_with(name, args, options)
  local problem = problem_with_name(name)
  if problem then
    return problem
  elseif args ~= nil and type(args) ~= "table" then
    return ("%s: a table of arguments expected, got %s%s"):format(name, type(args),
      methods.instead(name))
  end
  problem = options ~= nil and client_options.problem_of_call(options)
  return problem and ("%s: %s"):format(name, problem)
end

local function new_request(client, name, token, body, is_json, timeout)
  return client:_new_request("POST", client._options.api_url .. name,
    client:_headers_of(token, is_json and JSON or FORM), body, timeout)
end

---What calls of one known method have in common that are told no more than its arguments; where
---such a call has no field of its own, it has this one's.
---@class slack.web_api.Plan
---@field json_shape slack.HttpShape|false made when it is first needed
---@field form_shape slack.HttpShape|false
local function new_plan(client, name, method)
  local settings = client._options
  local token = not BY_SECRET[name] and settings.token or nil
  local plan = {
    name = name, method = method, token = token, has_own_token = false, hints = settings.hints,
    workspace = client._workspace or token or "", is_repeatable = method.is_repeatable,
    retries = settings.retry_policy, max_wait = settings.max_wait, waited = 0,
    is_plain = true, is_broken = false,
    json_shape = false, form_shape = false,
  }
  plan.__index = plan
  return plan
end

local function plan_of(client, name)
  local plan = client._plans[name]
  if not plan and type(name) == "string" then
    local method = methods.find(name)
    plan = method and new_plan(client, name, method)
    client._plans[name] = plan -- not of names that anybody makes up
  end
  return plan
end

local function new_shape(client, plan, is_json)
  local shape = http.shape(new_request(client, plan.name, plan.token, nil, is_json))
  plan[is_json and "json_shape" or "form_shape"] = shape
  return shape
end

local function shape_of(client, plan, is_json)
  return (is_json and plan.json_shape or not is_json and plan.form_shape)
    or new_shape(client, plan, is_json)
end

local function planned(client, plan, args)
  local body, is_json, is_broken, is_plain = arguments.encode(args, plan.method)
  if not body then
    return nil, ("%s: %s"):format(plan.name, is_json)
  end
  local call = setmetatable({ -- with four fields, as ten thousand may wait
    args = args, request = shape_of(client, plan, is_json), body = body, number = false,
  }, plan)
  if not is_plain then
    call.is_plain = false
  end
  if is_broken then
    call.is_broken = true
  end
  return call
end

-- Whatever the call is told.
local function unplanned(client, name, args, options)
  local problem = problem_with(name, args, options)
  if problem then
    return nil, problem
  end
  args, options = args or NONE, options or NONE
  problem = args.token ~= nil and client_options.token_problem(args.token)
  if problem then
    return nil, ("%s: argument 'token': %s"):format(name, problem)
  end
  local own_token = options.token or args.token
  local method, settings = methods.find(name), client._options
  local body, is_json, is_broken = arguments.encode(args, method, options.body)
  if not body then
    return nil, ("%s: %s"):format(name, is_json)
  end
  local token = own_token or not BY_SECRET[name] and settings.token or nil
  local plan = not own_token and not options.timeout and plan_of(client, name)
  return {
    name = name, method = method, args = args,
    token = token, has_own_token = own_token ~= nil,
    hints = settings.hints, is_broken = is_broken,
    workspace = own_token or client._workspace or token or "",
    is_repeatable = method ~= nil and method.is_repeatable,
    retries = options.retries and retry.policy(options.retries, settings.retry_policy)
      or settings.retry_policy,
    max_wait = options.max_wait or settings.max_wait, waited = 0,
    request = plan and shape_of(client, plan, is_json)
      or new_request(client, name, token, body, is_json, options.timeout),
    body = plan and body or nil,
  }
end

---A call ready to be made.
---@param client slack.Client
---@param name string
---@param args? table<string, any>
---@param options? slack.CallOptions
---@return slack.web_api.Call?
---@return string? problem what is wrong with the arguments
function M.new(client, name, args, options)
  if not options and type(args) == "table" and args.token == nil then
    local plan = plan_of(client, name)
    if plan then
      return planned(client, plan, args)
    end
  end
  return unplanned(client, name, args, options)
end

-- The whole call --------------------------------------------------------------------

---Makes the call and waits for its end.
---@async
---@param client slack.Client
---@param call slack.web_api.Call
---@return table? answer
---@return slack.Error? err
function M.run(client, call)
  local method = call.method
  if not call.token and (not method or method.needs_token) then
    return nil, errors.new {
      code = "not_authed",
      message = call.name .. ": there is no token: " .. answers.hint(call, "not_authed"),
      method = call.name,
    }
  end
  advice.give(client, call.name, method, call.args, call.is_plain)
  if call.is_broken then
    advice.broken_text(client, call.name, call.args)
  end
  local stats = client._stats
  local log, tapped = stats:log(), stats.tap
  local is_told = log:is_enabled "debug"
  local began = (is_told or tapped) and loop.now()
  local answer, err = attempts.run(client, call, attempt)
  if tapped then
    tap.called(tapped, call, loop.now() - began, answer, err)
  end
  if is_told then
    log:debug("%s: %s after %.0f ms", call.name, err and err.code or "ok",
      (loop.now() - began) * 1000)
  end
  tell_end(client, call.name, err)
  if err and err.code == "unknown_method" then
    advice.unknown_method(client, call.name, answers.hint(call, err.code)) -- few look at errors
  end
  if err and client._on_refusal and call.token == client._options.token then
    client._on_refusal(err.code)
  end
  return answer, err
end

return M
