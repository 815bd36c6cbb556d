-- Slack's REST interfaces: Audit Logs and SCIM. They answer with statuses of HTTP and JSON
-- without `ok`; all else, from the network to the retries, is that of the Web API.

local answers = require "slack.web_api.answer"
local arguments = require "slack.web_api.arguments"
local attempts = require "slack.web_api.attempts"
local client_misuse = require "slack.client_misuse"
local client_options = require "slack.web_api.options"
local errors = require "slack.errors"
local form = require "slack.form"
local host = require "slack.web_api.host"
local http = require "slack.http"
local json = require "slack.json"
local merged = require "slack.merged"
local misuse = require "slack.misuse"
local option_checks = require "slack.option_checks"
local pages = require "slack.web_api.pages"
local retry = require "slack.retry"
local roots = require "slack.web_api.roots"

local JSON = "application/json; charset=utf-8"
local FOLDER = misuse.folder()

-- What a status says that comes without a word.
local CODES = {
  [400] = "invalid_request", [401] = "invalid_auth", [403] = "no_permission", [404] = "not_found",
  [409] = "conflict", [429] = "ratelimited",
}
-- Where it is the token that is at fault.
local ABOUT_TOKENS = {
  invalid_auth = true, missing_scope = true, no_permission = true, not_allowed_token_type = true,
  not_authed = true, token_expired = true, token_revoked = true,
}

---@class slack.web_api.RestCall: slack.web_api.Repeated
---@field host slack.web_api.Rest
---@field request slack.HttpRequest

---@class slack.web_api.Rest: slack.web_api.ApiHost
---@field _token_hint string which token it takes

local M = {}

-- Answers -------------------------------------------------------------------------

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- Slack's word and what it explains, out of one of three forms: that of the Web API, that of
-- SCIM 1.1 ("Errors") and that of SCIM 2.0 (RFC 7644 §3.12).
local function words_of(answer)
  local old = answer.Errors
  if type(old) == "table" then
    old = type(old[1]) == "table" and old[1] or old
    local description = text(old.description)
    return description and description:match "^[%a_]+$", description
  end
  return text(answer.error) or text(answer.scimType), text(answer.detail)
end

local function refusal(call, response, answer)
  local status = response.status
  local word, explanation = words_of(answer)
  local code = status == 429 and "ratelimited" or word or CODES[status] or "http_error"
  local parts = { call.name .. ": " .. answers.shown(code) }
  if explanation and explanation ~= code then
    parts[#parts + 1] = answers.shown(explanation)
  end
  if ABOUT_TOKENS[code] then
    parts[#parts + 1] = call.host._token_hint
  end
  return errors.new {
    code = code,
    message = table.concat(parts, ": "),
    method = call.name,
    status = status,
    response = answer,
    needed = text(answer.needed),
    provided = text(answer.provided),
    request_id = response:header "x-slack-req-id",
  }
end

local function read(call, response)
  if response.ok and response.body == "" then
    return true
  end
  local answer, problem = json.decode(response.body)
  if type(answer) ~= "table" then
    return nil, answers.foreign(call, response, problem)
  elseif response.ok and answer.ok ~= false then
    return answer
  end
  return nil, refusal(call, response, answer)
end

local function attempt(_, call)
  local response, err = http.request(call.request)
  if not response then
    return nil, errors.new {
      code = err.code, message = err.message, method = call.name, cause = err,
    }
  end
  local answer, refused = read(call, response)
  return answer, refused and retry.with_pause(refused, response)
end

-- Requests ------------------------------------------------------------------------

---@class slack.web_api.RestRequest
---@field name string for words and statistics: "scim.users.get"
---@field verb "GET"|"POST"|"PUT"|"PATCH"|"DELETE"
---@field path string behind the root
---@field query? table<string, any>
---@field kinds? table<string, string> of what the query may have
---@field body? table
---@field is_open? boolean it needs no token

-- What goes out, or what is wrong with it.
local function encode(what)
  local query, body, problem
  query, problem = arguments.encode(what.query or {}, { arguments = what.kinds or {} }, "form")
  if query and what.body then
    body, problem = json.encode(what.body)
  end
  if not query or what.body and not body then
    return nil, problem
  end
  return query ~= "" and what.path .. "?" .. query or what.path, body
end

local function check(what, options)
  local problem = what.query ~= nil and type(what.query) ~= "table"
    and "a table of parameters expected, got " .. type(what.query)
    or options ~= nil and client_options.problem_of_call(options)
  if problem then
    misuse.raise(FOLDER, ("%s: %s"):format(what.name, problem))
  end
end

local function new_call(self, what, options)
  check(what, options)
  options = options or {}
  local path, body = encode(what)
  if not path then
    misuse.raise(FOLDER, ("%s: %s"):format(what.name, body))
  end
  local settings, token = self._options, options.token or self._options.token
  return {
    host = self, name = what.name, token = token, workspace = token or "",
    is_repeatable = what.verb == "GET" or what.verb == "PUT" or what.verb == "DELETE",
    retries = options.retries and retry.policy(options.retries, settings.retry_policy)
      or settings.retry_policy,
    max_wait = options.max_wait or settings.max_wait, waited = 0,
    request = self:_new_request(what.verb, settings.api_url .. path,
      self:_headers_of(token, body and JSON), body, options.timeout),
  }
end

---Makes a request until it succeeds or fails for good. Misuse raises at the program's line.
---@async
---@param self slack.web_api.Rest
---@param what slack.web_api.RestRequest
---@param options? slack.CallOptions
---@return any answer decoded; true where Slack answers with nothing
---@return slack.Error? err
function M.request(self, what, options)
  local call = new_call(self, what, options)
  if not call.token and not what.is_open then
    return nil, errors.new {
      code = "not_authed", method = what.name,
      message = ("%s: there is no token: %s"):format(what.name, self._token_hint),
    }
  end
  local answer, err = attempts.run(self, call, attempt)
  self:_called(call.name, err)
  return answer, err
end

-- Pages ---------------------------------------------------------------------------

---What comes in pages, for a loop. Misuse raises at the program's line.
---@param name string
---@param ask fun(args: table, options: table): table?, slack.Error? gives a page
---@param options? table
---@param is_each boolean
---@param new_way fun(own: table): slack.web_api.Paging
---@return slack.Pages|slack.Items
function M.loop(name, ask, options, is_each, new_way)
  local caller = {
    call = function(_, _, args, of_call)
      return ask(args, of_call)
    end,
  }
  if options ~= nil and type(options) ~= "table" then
    misuse.raise(FOLDER, ("%s: a table of options expected, got %s"):format(name, type(options)))
  end
  local iterated, problem = pages.over(caller, options, is_each, new_way)
  if not iterated then
    misuse.raise(FOLDER, ("%s: %s"):format(name, problem))
  end
  return iterated, nil, nil, iterated
end

-- Making --------------------------------------------------------------------------

local user_token = option_checks.token("a user token (xoxp-…)", { ["^xoxp%-"] = true })

---@class slack.web_api.RestRules
---@field name string of the function that the program calls
---@field path fun(options: table): string behind the host
---@field more? table<string, slack.Option> options besides the usual ones
---@field token_hint string which token it takes

---The fields of a client. Wrong options raise at the program's line.
---@param options any
---@param rules slack.web_api.RestRules
---@return table fields
function M.new(options, rules)
  local fields, problem = host.new(options or {}, {
    name = rules.name, token = user_token, more = rules.more,
    root = function(given)
      local root, wrong = roots.api_url(given)
      return root and not given.api_url and roots.rest(root) .. rules.path(given) or root, wrong
    end,
  })
  if not fields then
    misuse.raise(FOLDER, problem)
  end
  fields._token_hint = rules.token_hint
  return fields
end

---@param fields table<string, function>
---@param name string
---@return table class whose objects have what a host has
function M.class(fields, name)
  local class = merged(host.methods, fields, { __name = name })
  class.__index = class
  client_misuse.check_selves(class, (name:gsub("^slack%.", "")))
  return class
end

---@param id any of a resource
---@param name string of the function
---@return string escaped
function M.check_id(id, name)
  if type(id) ~= "string" or id == "" then
    misuse.raise(FOLDER, ("%s: an id expected, got %s"):format(name,
      type(id) == "string" and "an empty one" or type(id)))
  end
  return form.escape(id)
end

---@param body any
---@param name string of the function
function M.check_body(body, name)
  if type(body) ~= "table" then
    misuse.raise(FOLDER, ("%s: a table expected, got %s"):format(name, type(body)))
  end
end

return M
