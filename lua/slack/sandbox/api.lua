-- The local Slack's Web API over HTTP: decodes a request, checks its token,
-- runs the method, encodes the answer. Knows no sockets: a request comes in as
-- a table, status, headers and body go out.

local base64 = require "slack.base64"
local form = require "slack.form"
local json = require "slack.json"
local methods = require "slack.sandbox.methods"
local places = require "slack.sandbox.places"
local tasks = require "slack.tasks"

---@class slack.sandbox.Request
---@field method string
---@field path string without the query
---@field query string? after the "?"
---@field headers table<string, string> by lower-case name
---@field body string

---What a method is made to do instead of its work; see sandbox:fail.
---@class slack.sandbox.Failure
---@field error? string Slack's error word, answered with status 200 (429 for "ratelimited")
---@field status? integer HTTP status
---@field retry_after? integer seconds, sent as the Retry-After header
---@field body? string sent as it is, with content_type
---@field content_type? string "text/html"
---@field delay? number seconds before the answer; without other fields the method then runs
---@field drop? boolean close the connection without an answer
---@field times? integer how many calls it is for; nil: until cleared

---@class slack.sandbox.Api
---@field calls { method: string, args: table, token: string?, at: number, ok: boolean }[]
local Api = {}
Api.__index = Api
Api.__name = "slack.sandbox.api"

---@class slack.sandbox.ApiOptions
---@field workspace slack.sandbox.Workspace for what no workspace's token is needed for
---@field grants slack.sandbox.Grants
---@field trigger_workspace fun(id: string): slack.sandbox.Workspace?
---@field rate_limits slack.sandbox.RateLimits
---@field services table what methods need besides: see slack.sandbox.Call

---@param options slack.sandbox.ApiOptions
---@return slack.sandbox.Api
function Api.new(options)
  return setmetatable({
    workspace = options.workspace,
    grants = options.grants,
    trigger_workspace = options.trigger_workspace,
    services = { __index = options.services },
    rate_limits = options.rate_limits,
    calls = {},
    failures = {},
  }, Api)
end

local function media_type(request)
  local value = request.headers["content-type"] or "application/x-www-form-urlencoded"
  return value:match "^%s*([^;%s]*)":lower()
end

local function decode_arguments(request)
  local args = form.decode(request.query or "")
  if not args then
    return nil, "invalid_form_data"
  elseif request.body == "" then
    return args
  end
  local kind = media_type(request)
  if kind == "application/json" then
    local decoded = json.decode(request.body)
    if decoded == nil then
      return nil, "invalid_json"
    elseif type(decoded) ~= "table" then
      return nil, "json_not_object"
    end
    return decoded
  elseif kind ~= "application/x-www-form-urlencoded" then
    return nil, "invalid_post_type"
  end
  local fields = form.decode(request.body)
  if not fields then
    return nil, "invalid_form_data"
  end
  for name, value in pairs(fields) do
    args[name] = value
  end
  return args
end

-- The token counts in the header; a bot token also as an argument of a form.
local function find_token(request, args, method)
  local token = (request.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  local is_form = media_type(request) ~= "application/json"
  if not token and is_form and method ~= "apps.connections.open" then
    token = args.token
  end
  args.token = nil
  return token
end

-- What is asked without a token, by the app as such.
local WITHOUT_TOKEN = {
  ["api.test"] = true,
  ["oauth.v2.access"] = true,
  ["oauth.v2.user.access"] = true,
  ["oauth.v2.exchange"] = true, -- has the one to be exchanged
  ["openid.connect.token"] = true,
}
local TOO_MANY = { ok = false, error = "ratelimited" }
local NOBODY = { type = "none", scopes = {} }

function Api:authorize(method, token)
  if WITHOUT_TOKEN[method] then
    return NOBODY
  elseif not token then
    return nil, "not_authed"
  end
  local known, err = self.grants:find(token)
  if not known then
    return nil, err
  elseif (known.type == "app") ~= (method == "apps.connections.open") then
    return nil, "not_allowed_token_type"
  end
  return known
end

local function basic_of(request)
  local text = (request.headers.authorization or ""):match "^[Bb]asic%s+(%S+)$"
  return text and base64.decode(text)
end

-- What is used in a message or view that a step made is told with the step.
local function note_step(workspace, step, result)
  local place = result.view and result.view.id or result.ts or result.message_ts
  if place then
    workspace.step_of[place] = step
  end
end

function Api:run(method, args, token, request)
  local identity, err = self:authorize(method, token)
  if not identity then
    return nil, err
  end
  local run = methods[method]
  if not run then
    return nil, "unknown_method", { req_method = method }
  end
  local workspace = self.workspace
  if identity.place then
    workspace, err = places.of(identity, method, args, self.trigger_workspace)
    if not workspace then
      return nil, err
    end
  end
  local result, word, more = run(workspace, setmetatable({
    args = args,
    token = token,
    basic = basic_of(request),
    identity = identity,
    token_type = identity.type,
    user_id = identity.user_id or workspace.bot.user_id,
  }, self.services))
  if result and identity.step then
    note_step(workspace, identity.step, result)
  end
  return result, word, more
end

---Makes a method fail, or every method with "*"; nil clears it.
---@param method string
---@param failure slack.sandbox.Failure?
function Api:fail(method, failure)
  self.failures[method] = failure and { how = failure, left = failure.times or math.huge } or nil
end

function Api:take_failure(method)
  local key = self.failures[method] and method or "*"
  local failure = self.failures[key]
  if not failure then
    return nil
  end
  failure.left = failure.left - 1
  if failure.left <= 0 then
    self.failures[key] = nil
  end
  return failure.how
end

local function answer(status, content, more_headers)
  local headers = { "Content-Type", "application/json; charset=utf-8" }
  table.move(more_headers or {}, 1, #(more_headers or {}), #headers + 1, headers)
  return status, headers, assert(json.encode(content))
end

local function granted(self, token)
  local identity = token and self.grants:find(token)
  return identity and { "X-OAuth-Scopes", table.concat(identity.scopes, ",") }
end

-- Plays a failure; gives nothing when it only delays.
local function play(how)
  if how.delay then
    tasks.sleep(how.delay)
  end
  local retry_after = how.retry_after and { "Retry-After", tostring(how.retry_after) }
  if how.drop then
    return "drop"
  elseif how.body then
    local headers = { "Content-Type", how.content_type or "text/html" }
    return how.status or 500, table.move(retry_after or {}, 1, 2, 3, headers), how.body
  elseif how.error or how.status then
    local status = how.status or how.error == "ratelimited" and 429 or 200
    local word = how.error or status == 429 and "ratelimited" or "internal_error"
    return answer(status, { ok = false, error = word }, retry_after)
  end
end

---Answers one request to /api/METHOD.
---@async
---@param request slack.sandbox.Request
---@return integer|"drop" status, string[] headers alternating name and value, string body
function Api:handle(request)
  local method = request.path:match "^/api/([%w._]+)$"
  if not method then
    return 404, { "Content-Type", "text/plain" }, "not found"
  elseif request.method ~= "POST" and request.method ~= "GET" then
    return 405, { "Allow", "GET, POST" }, ""
  end
  local args, decode_error = decode_arguments(request)
  local token = find_token(request, args or {}, method)
  local at = self.workspace.clock()
  local call = { method = method, args = args, token = token, at = at, ok = false }
  table.insert(self.calls, call)
  local failure = self:take_failure(method)
  if failure then
    local status, headers, body = play(failure)
    if status then
      return status, headers, body
    end
  end
  local seconds = self.rate_limits:take(method, token or "", args)
  if seconds then
    return answer(429, TOO_MANY, { "Retry-After", tostring(seconds) })
  end
  local result, err, more
  if args then
    result, err, more = self:run(method, args, token, request)
  else
    err = decode_error
  end
  if result then
    call.ok = true
    result.ok = true
    return answer(200, result, granted(self, token))
  end
  local refusal = { ok = false, error = err }
  for key, value in pairs(more or {}) do
    refusal[key] = value
  end
  return answer(200, refusal, granted(self, token))
end

return Api
