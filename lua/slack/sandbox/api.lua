-- The local Slack's Web API over HTTP: decodes a request, checks its token,
-- runs the method, encodes the answer. Knows no sockets: a request comes in as
-- a table, status, headers and body go out.

local catalog = require "slack.web_api.methods"
local json = require "slack.json"
local merged = require "slack.merged"
local methods = require "slack.sandbox.methods"
local new_id = require "slack.sandbox.new_id"
local permissions = require "slack.sandbox.permissions"
local places = require "slack.sandbox.places"
local requests = require "slack.sandbox.requests"
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
---@field enforces_scopes boolean
---@field most_calls? integer
---@field log slack.Logger
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
    enforces_scopes = options.enforces_scopes,
    log = options.log,
    calls = {},
    most_calls = options.most_calls,
    failures = {},
    unplayed = {},
  }, Api)
end

-- What is asked without a token, by the app as such.
local WITHOUT_TOKEN = {
  ["api.test"] = true,
  ["oauth.v2.access"] = true,
  ["oauth.v2.user.access"] = true,
  ["oauth.v2.exchange"] = true, -- has the one to be exchanged
  ["openid.connect.token"] = true,
}
-- What only an app-level token may.
local OF_APP_TOKENS = {
  ["apps.connections.open"] = true, ["apps.event.authorizations.list"] = true,
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
  elseif (known.type == "app") ~= (OF_APP_TOKENS[method] or false) then
    return nil, "not_allowed_token_type"
  end
  return known
end

-- What is used in a message or view that a step made is told with the step.
local function note_step(workspace, step, result)
  local place = result.view and result.view.id or result.ts or result.message_ts
  if place then
    workspace.step_of[place] = step
  end
end

-- Why a method that there is no code for does nothing.
local function refuse_unplayed(self, method, known)
  if not known then
    return nil, "unknown_method", { req_method = method }
  elseif known.status == "removed" then
    return nil, "method_deprecated", {
      response_metadata = { messages = { "[ERROR] Slack has no " .. method .. " any more"
        .. catalog.instead(method, known) } },
    }
  end
  local text = "the local Slack does not play " .. method
  if not self.unplayed[method] then
    self.unplayed[method] = true
    self.log:warn("%s", text)
  end
  return nil, "not_played", { response_metadata = { messages = { "[ERROR] " .. text } } }
end

-- What keeps a call from being made: the token's kind and scopes, the arguments that must be there.
local function refuse_call(self, known, identity, args, workspace)
  if not permissions.takes(known, identity.type) then
    return "not_allowed_token_type"
  end
  local lacking = self.enforces_scopes and identity.type ~= "none"
    and permissions.lacking(known, identity, args, workspace)
  if lacking then
    return "missing_scope", lacking
  elseif identity.type ~= "none" then
    return requests.missing(known, args)
  end
end

-- The arguments with the types that the method gives them.
local function checked_arguments(self, known, identity, args, workspace)
  local refusal, why = refuse_call(self, known, identity, args, workspace)
  if refusal then
    return nil, refusal, why
  end
  return requests.typed(known, args)
end

-- A mistake in a method must not leave its caller without an answer.
local function run_safely(self, method, run, workspace, call)
  local ok, result, word, more = xpcall(run, debug.traceback, workspace, call)
  if not ok then
    self.log:error("%s of the local Slack failed: %s", method, result)
    return nil, "internal_error"
  end
  return result, word, more
end

function Api:run(method, args, token, request)
  local identity, err = self:authorize(method, token)
  if not identity then
    return nil, err
  end
  local known, run = catalog.find(method), methods[method]
  if not run then
    return refuse_unplayed(self, method, known)
  end
  local workspace = self.workspace
  if identity.place then
    workspace, err = places.of(identity, method, args, self.trigger_workspace)
    if not workspace then
      return nil, err
    end
  end
  local result, word, more
  if known then
    args, word, more = checked_arguments(self, known, identity, args, workspace)
    if not args then
      return nil, word, more
    end
  end
  result, word, more = run_safely(self, method, run, workspace, setmetatable({
    args = args,
    token = token,
    basic = requests.basic(request),
    identity = identity,
    token_type = identity.type,
    user_id = identity.user_id or workspace.bot.user_id,
    scopes = self.enforces_scopes and permissions.set(identity.scopes) or nil,
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
  local headers = {
    "Content-Type", "application/json; charset=utf-8", "X-Slack-Req-Id", new_id "":lower(),
  }
  table.move(more_headers or {}, 1, #(more_headers or {}), #headers + 1, headers)
  return status, headers, assert(json.encode(content))
end

-- The answer to a call; a mistake in it must not leave the caller without one.
local function answer_call(self, method, content, headers)
  local ok, status, lines, body = pcall(answer, 200, content, headers)
  if ok then
    return status, lines, body
  end
  self.log:error("%s of the local Slack failed: %s", method, status)
  return answer(200, { ok = false, error = "internal_error" }, headers)
end

-- What the token may do, and what the method needs.
local function scope_headers(self, token, method)
  local identity = token and self.grants:find(token)
  if not identity then
    return nil
  end
  local headers = { "X-OAuth-Scopes", table.concat(identity.scopes, ",") }
  local known = catalog.find(method)
  local accepted = known and permissions.accepted(known, identity) or {}
  if #accepted > 0 then
    table.move({ "X-Accepted-OAuth-Scopes", table.concat(accepted, ",") }, 1, 2, 3, headers)
  end
  return headers
end

local function add_warning(content, warning)
  if not warning then
    return
  end
  content.warning = warning
  content.response_metadata = content.response_metadata or {}
  content.response_metadata.warnings = { warning }
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

-- The oldest go many at a time.
local function remember(self, call)
  local calls, most = self.calls, self.most_calls
  if most and #calls >= 2 * most then
    self.calls = table.move(calls, #calls - most + 2, #calls, 1, {})
  end
  table.insert(self.calls, call)
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
  local args, decode_error = requests.arguments(request)
  local token = requests.token(request, args or {}, method)
  local at = self.workspace.clock()
  local call = { method = method, args = args, token = token, at = at, ok = false }
  remember(self, call)
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
  call.ok = result ~= nil
  local content = merged(result or more, { ok = call.ok, error = not result and err or nil })
  add_warning(content, requests.warning(request))
  return answer_call(self, method, content, scope_headers(self, token, method))
end

return Api
