-- The local Slack's Web API over HTTP: decodes a request, checks its token,
-- runs the method, encodes the answer. Knows no sockets: a request comes in as
-- a table, status, headers and body go out.

local json = require "slack.json"
local methods = require "slack.sandbox.methods"
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
---@field tokens table<string, { type: "bot"|"app", user_id: string? }>
---@field calls { method: string, args: table, token: string?, at: number, ok: boolean }[]
local Api = {}
Api.__index = Api
Api.__name = "slack.sandbox.api"

---@class slack.sandbox.ApiOptions
---@field workspace slack.sandbox.Workspace
---@field tokens table<string, { type: "bot"|"app", user_id: string? }>
---@field scopes? string granted scopes, comma-separated
---@field open_connection fun(): string
---@field use_trigger fun(id: string): true?, string?

---@param options slack.sandbox.ApiOptions
---@return slack.sandbox.Api
function Api.new(options)
  return setmetatable({
    workspace = options.workspace,
    tokens = options.tokens,
    scopes = options.scopes or "chat:write,commands,app_mentions:read,channels:history",
    open_connection = options.open_connection,
    use_trigger = options.use_trigger,
    calls = {},
    failures = {},
  }, Api)
end

local function percent_decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

---Decodes application/x-www-form-urlencoded text; of repeated names the last counts.
---@param text string
---@return table<string, string>
function Api.decode_form(text)
  local fields = {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    fields[percent_decode(name)] = percent_decode(value)
  end
  return fields
end

local function media_type(request)
  local value = request.headers["content-type"] or "application/x-www-form-urlencoded"
  return value:match "^%s*([^;%s]*)":lower()
end

local function decode_arguments(request)
  local args = Api.decode_form(request.query or "")
  if request.body == "" then
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
  for name, value in pairs(Api.decode_form(request.body)) do
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

function Api:authorize(method, token)
  if method == "api.test" then
    return { type = "none" }
  elseif not token then
    return nil, "not_authed"
  end
  local known = self.tokens[token]
  if not known then
    return nil, "invalid_auth"
  elseif (known.type == "app") ~= (method == "apps.connections.open") then
    return nil, "not_allowed_token_type"
  end
  return known
end

function Api:run(method, args, token)
  local identity, err = self:authorize(method, token)
  if not identity then
    return nil, err
  end
  local run = methods[method]
  if not run then
    return nil, "unknown_method", { req_method = method }
  end
  return run(self.workspace, {
    args = args,
    token_type = identity.type,
    user_id = identity.user_id or self.workspace.bot.user_id,
    open_connection = self.open_connection,
    use_trigger = self.use_trigger,
  })
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

local function answer(self, status, fields, more_headers)
  local json_type = "application/json; charset=utf-8"
  local headers = { "Content-Type", json_type, "X-OAuth-Scopes", self.scopes }
  table.move(more_headers or {}, 1, #(more_headers or {}), #headers + 1, headers)
  return status, headers, assert(json.encode(fields))
end

-- Plays a failure; gives nothing when it only delays.
local function play(self, how)
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
    return answer(self, status, { ok = false, error = word }, retry_after)
  end
end

---Answers one request to /api/METHOD.
---@async
---@param request slack.sandbox.Request
---@return integer|"drop" status, string[] headers alternating name and value, string body
function Api:handle(request)
  local method = request.path:match "^/api/([%w%.]+)$"
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
    local status, headers, body = play(self, failure)
    if status then
      return status, headers, body
    end
  end
  local result, err, more
  if args then
    result, err, more = self:run(method, args, token)
  else
    err = decode_error
  end
  if result then
    call.ok = true
    result.ok = true
    return answer(self, 200, result)
  end
  local refusal = { ok = false, error = err }
  for key, value in pairs(more or {}) do
    refusal[key] = value
  end
  return answer(self, 200, refusal)
end

return Api
