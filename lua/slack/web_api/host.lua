-- Who makes calls: what a client of the Web API has in common with those of Slack's REST
-- interfaces. The fields stand in the object that the program holds, so they begin with "_".

local client_options = require "slack.web_api.options"
local Generations = require "slack.generations"
local header_lines = require "slack.headers"
local http = require "slack.http"
local Pacing = require "slack.web_api.pacing"
local Stats = require "slack.web_api.stats"
local version = require "slack.version"

-- Kinds of warnings that are remembered.
local MAX_TOLD = 2000

local GIVEN_TOKEN_HINTS = { invalid_auth = "check the token that with_token was given" }

---@class slack.web_api.ApiHost: slack.web_api.Host
---@field _options table checked, with defaults
---@field _headers table<string, string> of the options, by lower-case name
---@field _header_lists table<string, slack.core.http_headers> of requests with the own
---  token, by content type
---@field _plans table<string, slack.web_api.Plan> of calls with the own token, by method
---@field _user_agent string
---@field _workspace string|false what limits are counted by, instead of the token
---@field _net slack.core.net
---@field _told slack.Generations kinds of warnings
---@field _transfers slack.web_api.Host of uploads and downloads. Calls are made while one is under
---  way, by itself and by functions of the program: it must not hold a place that they wait for
local methods = {}

local M = { methods = methods }

-- Words ---------------------------------------------------------------------------

---@return slack.Logger
function methods:_log()
  return self._stats:log()
end

-- Whether the kind of thing has not been told yet by any client of the family.
function methods:_is_new(kind)
  local told = self._told
  if told:get(kind) then
    return false
  end
  told:put(kind, true)
  return true
end

function methods:_warn_once(kind, format, ...)
  if self:_is_new(kind) then
    self:_log():warn(format, ...)
  end
end

---The end of a call.
---@param name string
---@param err? slack.Error
function methods:_called(name, err)
  self._stats:called(err)
  local on_call = self._options.on_call
  if on_call then
    local fine, problem = pcall(on_call, name, err)
    if not fine then -- what was posted is there all the same
      self:_log():error("on_call: %s", problem)
    end
  end
end

-- Headers -------------------------------------------------------------------------

-- Those of the options go before ours.
local function new_headers(host, token, content_type)
  local list, given = {}, host._headers
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
  add("user-agent", host._user_agent)
  add("content-type", content_type)
  add("authorization", token and "Bearer " .. token)
  return list
end

---Headers of a request. Those with the host's own token are made once and shared.
---@param token? string
---@param content_type? string
---@return string[]|slack.core.http_headers
function methods:_headers_of(token, content_type)
  if token ~= self._options.token then
    return new_headers(self, token, content_type)
  end
  local lists, key = self._header_lists, content_type or ""
  local list = lists[key]
  if not list then
    list = http.headers(new_headers(self, token, content_type))
    lists[key] = list
  end
  return list
end

-- Requests ------------------------------------------------------------------------

---A request of a call, by the options.
---@param verb string
---@param url string
---@param headers string[]|slack.core.http_headers
---@param body? string
---@param timeout? number instead of the host's
---@return slack.HttpRequest
function methods:_new_request(verb, url, headers, body, timeout)
  local settings = self._options
  return {
    method = verb, url = url, headers = headers, body = body,
    timeout = timeout or settings.timeout, connect_timeout = settings.connect_timeout,
    idle_timeout = settings.idle_timeout, http2 = settings.http2,
    max_requests = settings.max_requests, net = self._net,
  }
end

---Adds to the request of a transfer, which may take as long as it moves, what the options say.
---@param request slack.HttpRequest
---@param timeout? number of the call: seconds in which no byte moves
---@return slack.HttpRequest request
function methods:_new_transfer(request, timeout)
  local settings = self._options
  request.net, request.http2, request.timeout = self._net, settings.http2, 0
  request.connect_timeout = settings.connect_timeout or settings.timeout
  request.idle_timeout = timeout or settings.idle_timeout or settings.timeout
  return request
end

-- Making --------------------------------------------------------------------------

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

---@param options any the program's
---@param rules slack.web_api.OptionRules
---@return table? fields
---@return string? problem
function M.new(options, rules)
  local settings, problem = client_options.read(options, rules)
  if not settings then
    return nil, problem
  end
  local net, err = http.net(settings)
  if not net then
    return nil, ("%s: %s"):format(rules.name, err)
  end
  local ok, message = net:check_url(settings.api_url)
  if not ok then
    return nil, ('%s: option "api_url": %s'):format(rules.name, message)
  end
  local headers
  headers, problem = header_lines.of_option(settings.headers)
  if not headers then
    return nil, ('%s: option "headers": %s'):format(rules.name, problem)
  end
  local stats = Stats.new(settings)
  return {
    _options = settings,
    _headers = headers,
    _header_lists = {}, _plans = {},
    _user_agent = (settings.user_agent and settings.user_agent .. " " or "")
      .. ("lua-slack/%s lua/5.4 %s"):format(version, operating_system()),
    _net = net,
    _workspace = false,
    _pacing = Pacing.new(settings.pacing, stats, settings.max_requests),
    _stats = stats,
    _told = Generations.new(MAX_TOLD),
    _transfers = { _stats = stats, _pacing = Pacing.new(false, stats, math.huge) },
  }
end

---The fields of one with another token, which shares all else.
---@param host slack.web_api.ApiHost
---@param token string
---@return table fields
function M.with_token(host, token)
  return {
    _options = setmetatable({
      token = token, hints = host._options.hints or GIVEN_TOKEN_HINTS,
    }, { __index = host._options }),
    _headers = host._headers, _user_agent = host._user_agent,
    _header_lists = {}, _plans = {},
    _workspace = false,
    _net = host._net, _pacing = host._pacing, _stats = host._stats, _told = host._told,
    _transfers = host._transfers,
  }
end

return M
