-- The Web API: any method by its name.
--
--   local client = require("slack.client").new { token = "xoxb-..." }
--   local sent, err = client.chat.postMessage { channel = "C123", text = "Hello" }

local arguments = require "slack.arguments"
local core = require "slack.core"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local logs = require "slack.log"
local misuse = require "slack.misuse"
local near_miss = require "slack.near_miss"
local option_checks = require "slack.option_checks"
local RateGates = require "slack.rate_gate"
local refusals = require "slack.blocks.refusals"
local retry = require "slack.retry"
local tasks = require "slack.tasks"
local upload = require "slack.upload"
local version = require "slack.version"

local DEFAULT_API_URL = "https://slack.com/api/"
local DEFAULT_TIMEOUT = 30
local DEFAULT_RETRIES = 5
-- Without a Retry-After header.
local DEFAULT_RETRY_AFTER = 30
local EXCERPT_LENGTH = 120
local FOLDER = misuse.folder()

-- What each must be: a type, or a function that gives the problem.
local OPTIONS = {
  token = option_checks.web_token, api_url = "string", timeout = "number", retries = "integer",
  proxy = "string", no_proxy = "string", ca_file = "string", insecure = "boolean",
  http2 = "boolean", headers = "table", user_agent = "string", log = option_checks.log,
  on_call = "function", hints = "table",
}
local CALL_OPTIONS = { token = "string", timeout = "number", retries = "integer" }

-- Methods that are called before there is a token.
local NEEDS_NO_TOKEN = {
  ["api.test"] = true, ["oauth.access"] = true, ["oauth.v2.access"] = true,
  ["oauth.v2.user.access"] = true,
  ["oauth.v2.exchange"] = true, ["openid.connect.token"] = true,
}

-- Writes that may be made twice without harm, besides everything that reads.
local REPEATABLE = {
  ["apps.connections.open"] = true, ["chat.update"] = true, ["conversations.mark"] = true,
  ["conversations.open"] = true, ["reactions.add"] = true, ["reactions.remove"] = true,
  ["views.publish"] = true, ["views.update"] = true,
}
local READING = {
  "^get", "^list", "^info$", "^history$", "^replies$", "^members$", "^test$", "^lookup", "^find",
  "^search", "^count$", "^set%u", "^permalink$", "^teams$",
}

-- What to do about Slack's words; the option `hints` has those of an app whose tokens
-- come from elsewhere.
local HINTS = {
  not_authed = "give the option 'token' or set SLACK_BOT_TOKEN",
  invalid_auth = "check the option 'token' or SLACK_BOT_TOKEN",
  token_revoked = "install the app again and use its new token",
  token_expired = "refresh the token or install the app again",
  account_inactive = "the token belongs to a removed user or workspace",
  not_in_channel = "invite the bot to the channel",
}

---@class slack.Client
---@field _on_refusal? fun(code: string) told of each call with its own token that failed
---@field [string] any methods by their dotted names
local Client = { __name = "slack.client" }

local M = {}

-- Dotted names -----------------------------------------------------------------

local Node = { __name = "slack.client.method" }

function Node:__index(name)
  local child = setmetatable({
    _client = self._client, _name = self._name .. "." .. tostring(name),
  }, Node)
  rawset(self, name, child)
  return child
end

function Client:__index(name)
  local method = Client[name]
  if method or type(name) ~= "string" or name:find("^_") then
    return method
  end
  local node = setmetatable({ _client = self, _name = name }, Node)
  rawset(self, name, node)
  return node
end

function Node:__tostring()
  return "Web API method " .. self._name
end

function Client:__tostring()
  return "slack.client: " .. self._options.api_url
end

-- Answers ----------------------------------------------------------------------

local function split(text)
  local list = {}
  for word in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

local function excerpt(body)
  local text = body:gsub("[%c%s]+", " "):gsub("[\128-\255]+", "?")
  if #text > EXCERPT_LENGTH then
    text = text:sub(1, EXCERPT_LENGTH) .. "…"
  end
  return text
end

-- What is no answer of the Web API: error pages, proxies' notices, other servers.
local function foreign_answer(call, response)
  local status = response.status
  local hint = ""
  if status == 404 or (status >= 300 and status < 400) then
    hint = ": check the option 'api_url'"
  end
  return errors.new {
    code = status == 429 and "ratelimited" or status ~= 200 and "http_error" or "invalid_response",
    message = ("%s: an answer with status %d that is not the Web API's%s: %s"):format(call.name,
      status, hint, response.body == "" and "(empty)" or excerpt(response.body)),
    method = call.name,
    status = status,
    body = core.redact(response.body), -- it may say again what it was asked with
  }
end

-- A token of the call's own is not that of the client.
local function hint_for(call, word)
  if word == "invalid_auth" and call.has_own_token then
    return "check the token that the call was given"
  end
  return call.hints and call.hints[word] or HINTS[word]
end

local function explain(call, answer)
  local parts = { answer.error }
  local metadata = answer.response_metadata
  for _, message in ipairs(type(metadata) == "table" and metadata.messages or {}) do
    parts[#parts + 1] = tostring(message)
  end
  if type(answer.needed) == "string" then
    parts[#parts + 1] = ("the token lacks the scope %s"):format(answer.needed)
      .. (type(answer.provided) == "string" and ", it has " .. answer.provided or "")
  end
  parts[#parts + 1] = hint_for(call, answer.error)
  return table.concat(parts, ": ", 1, math.min(#parts, 2))
    .. (#parts > 2 and "; " .. table.concat(parts, "; ", 3) or "")
end

local function add_scopes(answer, response)
  local headers = response.headers
  local granted, accepted = headers["x-oauth-scopes"], headers["x-accepted-oauth-scopes"]
  if granted or accepted then
    local metadata = answer.response_metadata
    if type(metadata) ~= "table" then
      metadata = {}
      answer.response_metadata = metadata
    end
    metadata.scopes = granted and split(granted)
    metadata.accepted_scopes = accepted and split(accepted)
  end
end

local function refusal(call, response, answer)
  return refusals.explain(errors.new {
    code = answer.error,
    message = call.name .. ": " .. explain(call, answer),
    method = call.name,
    status = response.status,
    response = answer,
  }, call.args)
end

local function read_answer(call, response)
  local kind = response.headers["content-type"] or ""
  if response.status == 200 and kind:find "^application/gzip" then -- admin.analytics.getFile
    return { ok = true, content = response.body }
  end
  local answer = json.decode(response.body)
  if type(answer) ~= "table" or type(answer.ok) ~= "boolean" then
    return nil, foreign_answer(call, response)
  end
  add_scopes(answer, response)
  if answer.ok then
    return answer
  end
  if type(answer.error) ~= "string" then
    answer.error = "unknown_error"
  end
  return nil, refusal(call, response, answer)
end

local function warn_once(client, call, answer)
  local metadata = answer.response_metadata
  local warnings = split(type(answer.warning) == "string" and answer.warning or nil)
  for _, warning in ipairs(type(metadata) == "table" and metadata.warnings or {}) do
    warnings[#warnings + 1] = tostring(warning)
  end
  for _, warning in ipairs(warnings) do
    local kind = call.name .. " " .. warning
    if not client._warned[kind] then
      client._warned[kind] = true
      client:_log():warn("%s: Slack warns: %s", call.name, warning)
    end
  end
end

-- Calls ------------------------------------------------------------------------

local function is_repeatable(name)
  if REPEATABLE[name] then
    return true
  end
  local last = name:match "[^.]*$"
  for _, pattern in ipairs(READING) do
    if last:find(pattern) then
      return true
    end
  end
  return name:find("^search%.") ~= nil
end

function Client:_log()
  return self._options.log or logs.default()
end

local function attempt(client, call)
  local response, err = http.request(call.request)
  if not response then
    return nil, errors.new { code = err.code, message = err.message, method = call.name }
  end
  local answer, refused = read_answer(call, response)
  if answer then
    warn_once(client, call, answer)
    return answer
  end
  if retry.is_rate_limit(refused) then
    local seconds = tonumber(response.headers["retry-after"])
    refused.retry_after = seconds and seconds >= 0 and seconds or DEFAULT_RETRY_AFTER
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

local function problem_of(value, expected)
  if type(expected) == "function" then
    return expected(value)
  end
  local kind = expected == "integer" and math.type(value) or type(value)
  if kind ~= expected then
    return ("%s expected, got %s"):format(expected, type(value))
  end
end

local function check_options(options, known, what)
  for name, value in pairs(options) do
    local expected = known[name]
    if not expected then
      return ("%s: unknown option '%s'%s"):format(what, tostring(name), near_miss(name, known))
    end
    local problem = problem_of(value, expected)
    if problem then
      return ("%s: option '%s': %s"):format(what, name, problem)
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

-- A call ready to be made, or what is wrong with its arguments.
local function new_call(client, name, args, options)
  if type(name) ~= "string" or not name:find "^%a[%w_.]*$" then
    return nil, ("the name of a Web API method expected, got %s"):format(tostring(name))
  elseif getmetatable(args) == Node or getmetatable(args) == Client then
    return nil, ("%s: call it with a dot, not with a colon"):format(name)
  elseif args ~= nil and type(args) ~= "table" then
    return nil, ("%s: a table of arguments expected, got %s"):format(name, type(args))
  elseif options ~= nil and type(options) ~= "table" then
    return nil, ("%s: a table of options expected, got %s"):format(name, type(options))
  end
  args, options = args or {}, options or {}
  local problem = check_options(options, CALL_OPTIONS, name)
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
  return {
    name = name, args = args,
    token = token, has_own_token = (options.token or args.token) ~= nil,
    hints = client._options.hints,
    key = name .. " " .. (token or ""),
    is_repeatable = is_repeatable(name),
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
  client:_log():warn("%s: Slack knows no such method%s", name,
    require "slack.web_api_names"(name))
end

local function run(client, call)
  if not call.token and not NEEDS_NO_TOKEN[call.name] then
    return nil, errors.new {
      code = "not_authed",
      message = call.name .. ": there is no token: " .. hint_for(call, "not_authed"),
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

---@class slack.CallOptions
---@field token? string instead of the client's
---@field timeout? number seconds for each attempt
---@field retries? integer attempts after the first

---Calls a Web API method and waits for its answer. 429 is waited out; failures
---where nothing was sent are repeated, and others where repeating does no harm.
---@async
---@param name string "chat.postMessage"
---@param args? table<string, any> left as it is
---@param options? slack.CallOptions
---@return table? answer decoded
---@return slack.Error? err with Slack's word or ours as its code
function Client:call(name, args, options)
  local call, problem = new_call(self, name, args, options)
  if not call then
    misuse.raise(FOLDER, problem) -- also where c:say or the like has called
  end
  return run(self, call)
end

function Node:__call(args, options)
  local call, problem = new_call(self._client, self._name, args, options)
  if not call then
    misuse.raise(FOLDER, problem)
  end
  return run(self._client, call)
end

---Uploads a file, and shows it in a channel if one is named. The message with it comes a
---moment later: its ts is not known yet.
---@async
---@param what slack.Upload
---@return { id: string, title: string }? file
---@return slack.Error? err Slack's word; "file" when it cannot be read, "empty_file",
---  "upload_failed" when Slack did not take the bytes
function Client:upload(what)
  local problem = upload.problem(what)
  if problem then
    error("client:upload: " .. problem, 2)
  end
  return upload.run(self, what)
end

-- Making -----------------------------------------------------------------------

local system_name

local function operating_system()
  if not system_name then
    local file = io.open "/proc/sys/kernel/ostype"
    local name = file and file:read "l"
    if file then
      file:close()
    end
    system_name = name and name:gsub("[^%w]", ""):lower() or "unknown"
  end
  return system_name
end

local function lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers or {}) do
    lowered[tostring(name):lower()] = tostring(value)
  end
  return lowered
end

local function new_client(options, net, gates)
  return setmetatable({
    _options = options,
    _headers = lower_names(options.headers),
    _net = net,
    _gates = gates,
    _warned = {},
    _user_agent = (options.user_agent and options.user_agent .. " " or "")
      .. ("lua-slack/%s lua/5.4 %s"):format(version, operating_system()),
  }, Client)
end

---The same client with another token; rate limits are kept apart by token.
---@param token string
---@return slack.Client
function Client:with_token(token)
  if type(token) ~= "string" or token:find "[%s%c]" then
    error("client:with_token: a token expected, got " .. (type(token) == "string"
      and "one with spaces or line ends in it" or type(token)), 2)
  end
  local options = setmetatable({ token = token }, { __index = self._options })
  return new_client(options, self._net, self._gates)
end

---@class slack.ClientOptions
---@field token? string SLACK_BOT_TOKEN
---@field api_url? string SLACK_API_URL, else "https://slack.com/api/"
---@field timeout? number seconds for one attempt, 30
---@field retries? integer attempts after the first, 5
---@field proxy? string URL; "" for none; HTTPS_PROXY and the like
---@field no_proxy? string hosts, separated by commas; NO_PROXY
---@field ca_file? string PEM; SSL_CERT_FILE, else the system's
---@field insecure? boolean allow plain http to other hosts than this one
---@field http2? boolean offer HTTP/2
---@field headers? table<string, string> added to every request
---@field user_agent? string put before ours
---@field log? slack.LogLevel|slack.LogOptions|slack.Logger
---@field on_call? fun(method: string, err: slack.Error?) told of the end of each call
---@field hints? table<string, string> by Slack's word: what to do about it, for errors

-- The token of the environment; else what is wrong with it.
local function token_of_environment()
  local token = os.getenv "SLACK_BOT_TOKEN"
  if not token or token == "" then
    return nil
  end
  local problem = option_checks.web_token(token)
  return token, problem and "slack.client: environment variable SLACK_BOT_TOKEN: " .. problem
end

-- Checked options with defaults, or what is wrong with them.
local function read_options(options)
  if type(options) ~= "table" then
    return nil, "slack.client: a table of options expected, got " .. type(options)
  end
  local settings, problem = {}, check_options(options, OPTIONS, "slack.client")
  for name, value in pairs(options) do
    settings[name] = value
  end
  if not problem and not options.token then
    settings.token, problem = token_of_environment()
  end
  if problem then
    return nil, problem
  end
  settings.api_url = (options.api_url or os.getenv "SLACK_API_URL" or DEFAULT_API_URL)
    :gsub("([^/])$", "%1/")
  settings.timeout = options.timeout or DEFAULT_TIMEOUT
  settings.retries = options.retries or DEFAULT_RETRIES
  settings.log = options.log and logs.of(options.log)
  return settings
end

---@param options? slack.ClientOptions
---@return slack.Client
function M.new(options)
  local settings, problem = read_options(options or {})
  if not settings then
    error(problem, 2)
  end
  local net, err = http.net(settings)
  if not net then
    error("slack.client: " .. err, 2)
  end
  local ok, message = net:check_url(settings.api_url)
  if not ok then
    error("slack.client: option 'api_url': " .. message, 2)
  end
  return new_client(settings, net, RateGates.new())
end

return M
