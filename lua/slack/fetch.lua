-- slack.fetch: any HTTP server, over the client thread that the Web API uses.

local checks = require "slack.option_checks"
local errors = require "slack.errors"
local form = require "slack.form"
local header_lines = require "slack.headers"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local misuse = require "slack.misuse"
local tap = require "slack.tap"
local version = require "slack.version"

local FOLDER = misuse.folder()
local USER_AGENT = "lua-slack/" .. version
local MAX_REDIRECTS = 10
local DEFAULT_TIMEOUT = 30

-- Headers that speak for the caller and must not reach another host.
local CREDENTIALS = { authorization = true, cookie = true, ["proxy-authorization"] = true }
-- Headers that describe a body that is not sent again.
local OF_BODY = { ["content-type"] = true, ["content-length"] = true, ["content-encoding"] = true }

-- Options ----------------------------------------------------------------------------

local function is_file(value)
  return type(value) == "table" and type(value.file) == "string" and not value.file:find "\0"
end

local function check_body(value)
  if type(value) ~= "string" and type(value) ~= "function" and not is_file(value) then
    return "a string, a function or { file = path } expected"
  end
end

local function check_sink(value)
  if type(value) ~= "function" and not is_file(value) then
    return "a function or { file = path } expected"
  end
end

local function check_follow(value)
  if type(value) ~= "boolean" and (math.type(value) ~= "integer" or value < 0) then
    return "boolean or number of redirects expected"
  end
end

local function check_method(value)
  if type(value) ~= "string" or not value:find "^[%a-]+$" or #value > 32 then
    return "a word expected"
  end
end

local function anything() end

local text, flag = { check = checks.of_type "string" }, { check = checks.of_type "boolean" }
local fields = { check = checks.of_type "table" }
local seconds = { check = checks.seconds }

local OPTIONS = {
  method = { check = check_method }, headers = fields, query = fields,
  json = { check = anything }, form = fields, body = { check = check_body },
  length = { check = checks.integer_from(0) }, stream = flag, sink = { check = check_sink },
  on_progress = { check = checks.of_type "function" },
  timeout = seconds, connect_timeout = seconds, idle_timeout = seconds,
  follow = { check = check_follow }, max_response = { check = checks.integer_from(1) },
  http2 = flag, proxy = text, no_proxy = text, ca_file = text, insecure = flag,
  public = flag,
}

-- Of what is no URL at all.
local MAX_SHOWN = 40

local function refuse(format, ...)
  misuse.raise(FOLDER, ("slack.fetch: " .. format):format(...))
end

local function check_together(options)
  local bodies = (options.body and 1 or 0) + (options.form and 1 or 0)
    + (options.json ~= nil and 1 or 0)
  if bodies > 1 then
    refuse('only one of the options "body", "json" and "form" can be given')
  elseif options.length and type(options.body) ~= "function" then
    refuse 'option "length": only a body that is a function needs one'
  elseif options.stream and options.sink then
    refuse 'options "stream" and "sink" exclude each other'
  end
end

local function check(url, options)
  if type(url) ~= "string" then
    refuse("url: string expected, got %s", type(url))
  elseif #url <= MAX_SHOWN and url:find "^[%w_. -]*$" then
    refuse("url: https://host/path expected, got %q", url)
  elseif type(options) ~= "table" then
    refuse("options: table expected, got %s", type(options))
  end
  local problem = checks.all(options, OPTIONS, "")
  if problem then
    refuse("%s", problem)
  end
  check_together(options)
end

local function redirect_limit(follow)
  if follow == nil or follow == true then
    return MAX_REDIRECTS
  end
  return follow and math.min(follow, MAX_REDIRECTS) or 0
end

-- The request ------------------------------------------------------------------------

local function body_of(options)
  if options.json ~= nil then
    local encoded, message = json.encode(options.json)
    if not encoded then
      refuse('option "json": %s', message)
    end
    return encoded, "application/json; charset=utf-8"
  elseif options.form then
    return form.encode(options.form), "application/x-www-form-urlencoded"
  end
  return options.body
end

local function headers_of(options, content_type)
  local headers, problem = header_lines.of_option(options.headers)
  if not headers then
    refuse('option "headers": %s', problem)
  end
  headers["user-agent"] = headers["user-agent"] or USER_AGENT
  headers["content-type"] = headers["content-type"] or content_type
  if headers["content-length"] and type(options.body) == "function" then
    refuse 'option "headers": the option "length" says how long the body is, not Content-Length'
  end
  return headers
end

local function flatten(headers)
  local list = {}
  for name, value in pairs(headers) do
    list[#list + 1] = name
    list[#list + 1] = value
  end
  return list
end

local function add_query(url, query)
  if not query then
    return url
  end
  local base, fragment = url:match "^([^#]*)(.*)$"
  return base .. (base:find("?", 1, true) and "&" or "?") .. form.encode(query) .. fragment
end

-- What streams may go on for as long as it moves.
local function set_timeouts(request, options)
  local streams = options.stream or options.sink or type(options.body) == "function"
    or type(options.body) == "table"
  local timeout = options.timeout or (streams and 0 or DEFAULT_TIMEOUT)
  request.timeout = timeout
  request.deadline = timeout > 0 and timeout or nil
  request.connect_timeout = options.connect_timeout or (timeout == 0 and DEFAULT_TIMEOUT or nil)
  request.idle_timeout = options.idle_timeout or (timeout == 0 and DEFAULT_TIMEOUT or nil)
end

local function prepare(url, options)
  local body, content_type = body_of(options)
  local headers = headers_of(options, content_type)
  local request = {
    method = (options.method or (body and "POST" or "GET")):upper(),
    url = add_query(url, options.query),
    headers = flatten(headers),
    body = body,
    length = options.length,
    sink = options.sink,
    on_progress = options.on_progress,
    max_response = options.max_response,
    http2 = options.http2,
  }
  set_timeouts(request, options)
  return request, headers
end

-- Redirects --------------------------------------------------------------------------

local function origin_of(url)
  local scheme, authority = url:match "^(%a[%w+.-]*)://([^/?#]*)"
  local host = (authority or ""):gsub("^.*@", ""):lower()
  return (scheme or ""):lower() .. "://" .. host
end

local function refuse_redirect(request, response, message)
  local place = request.url:match "^%a[%w+.-]*://([^?#]*)" or ""
  return errors.new {
    code = "redirect", status = response.status,
    message = ("%s %s: %s"):format(request.method, (place:gsub("^[^/]*@", "")), message),
  }
end

local function drop(headers, names)
  for name in pairs(headers) do
    if names[name] then
      headers[name] = nil
    end
  end
end

-- Turns the request into the one that the answer points to, as browsers do.
local function follow(request, headers, response, insecure)
  local from, to = origin_of(request.url), origin_of(response.redirect)
  if from:find("^https:") and not to:find("^https:") and not insecure then
    return refuse_redirect(request, response, "the server redirects from https to plain text")
  end
  local status = response.status
  if status == 303 and request.method ~= "HEAD"
    or (status == 301 or status == 302) and request.method == "POST" then
    request.method, request.body, request.length = "GET", nil, nil
    drop(headers, OF_BODY)
  elseif not http.is_repeatable(request) then
    return refuse_redirect(request, response,
      "the server redirects, and a body that a function gave cannot be sent again")
  end
  request.is_spent = nil
  if from ~= to then
    drop(headers, CREDENTIALS)
  end
  request.url, request.headers = response.redirect, flatten(headers)
end

local function is_redirect(response)
  local status = response.status
  return response.redirect ~= nil
    and (status == 301 or status == 302 or status == 303 or status == 307 or status == 308)
end

local function perform(request, headers, options)
  local make = options.stream and http.open or http.request
  local limit = redirect_limit(options.follow)
  local deadline = request.deadline and loop.now() + request.deadline
  local count = 0
  while true do
    local response, err = make(request)
    if not response or not is_redirect(response) or limit == 0 then
      return response, err
    elseif count == limit then
      return nil, refuse_redirect(request, response, ("more than %d redirects"):format(limit))
    end
    local refused = follow(request, headers, response, options.insecure)
    if refused then
      return nil, refused
    end
    count = count + 1
    if deadline then
      request.timeout = math.max(deadline - loop.now(), 0.001)
      request.deadline = request.timeout
    end
  end
end

-- The same, seen by a recorder.
local function tapped(request, headers, options)
  local began, method, url = loop.now(), request.method, request.url
  local response, err = perform(request, headers, options)
  tap.fetched {
    method = method or "GET", url = url, response = response, err = err,
    seconds = loop.now() - began,
  }
  return response, err
end

---@class slack.FetchOptions
---@field method? string "GET", or "POST" when there is a body
---@field headers? table<string, string>
---@field body? string|{ file: string }|fun(): string? sent as it is. A file is read while it is
---  sent; a function is called for each part until it gives nil, and may wait
---@field length? integer bytes that the function gives in all; without it they go in chunks
---@field json? any sent as JSON
---@field form? table<string, any> sent as a form
---@field query? table<string, any> added to the URL
---@field stream? boolean return as soon as the head is there; see slack.StreamedResponse
---@field sink? { file: string }|fun(bytes: string) where the body of an answer with a status of
---  2xx goes instead of into memory: to a file, which is there when it is whole, or part by part
---  to a function, which may wait
---@field on_progress? fun(sent: integer, total: integer?, received: integer, expected: integer?)
---  a few times a second: bytes as they are transmitted
---@field timeout? number seconds for everything, 30; none when a body streams
---@field connect_timeout? number seconds
---@field idle_timeout? number seconds in which no byte comes or goes; 30 when a body streams
---@field follow? boolean|integer follow redirects, at most so many (10); true
---@field max_response? integer bytes of the decompressed body, 64 MiB; none when it streams
---@field http2? boolean offer HTTP/2
---@field proxy? string URL; "" for none
---@field no_proxy? string hosts, separated by commas
---@field ca_file? string PEM
---@field insecure? boolean allow plain http to other hosts than this one
---@field public? boolean go to addresses of the Internet alone, wherever names and redirects lead:
---  for URLs that others have given. Not over a proxy

---@alias slack.Fetched slack.Response|slack.StreamedResponse

---Asks any HTTP server, with the same connections, proxy and CA rules as the
---Web API. An answer with any status is a response.
---@async
---@param url string
---@param options? slack.FetchOptions
---@return slack.Fetched? response with `stream` a slack.StreamedResponse
---@return slack.Error? err code is "dns", "connection" (nothing was sent), "timeout", "tls",
---  "proxy", "interrupted" (it may have been received), "too_large", "redirect",
---  "private_address", "invalid_url", "file", "body", "sink", "on_progress", "cancelled"
---  or "closed"
return function(url, options)
  options = options or {}
  check(url, options)
  local request, headers = prepare(url, options)
  local net, err = http.net(options)
  if not net then
    return nil, err
  end
  request.net = net
  if tap.sees_fetches then
    return tapped(request, headers, options)
  end
  return perform(request, headers, options)
end
