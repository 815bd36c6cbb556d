-- HTTP for the Lua thread: requests run on the client thread, the calling task
-- waits for the answer.

local core = require "slack.core"
local errors = require "slack.errors"
local form = require "slack.form"
local json = require "slack.json"
local loop = require "slack.loop"
local tasks = require "slack.tasks"
local version = require "slack.version"

local parse_headers = require("slack.headers").parse
local find_header = core.find_header

local USER_AGENT = "lua-slack/" .. version
local MAX_REDIRECTS = 10
local DEFAULT_TIMEOUT = 30
local NET_OPTIONS = { "proxy", "no_proxy", "ca_file", "insecure" }
local FETCH_OPTIONS = {
  method = "string", headers = "table", body = "string", json = "any", form = "table",
  query = "table", timeout = "number", connect_timeout = "number",
  idle_timeout = "number", follow = "any", max_response = "number", http2 = "boolean",
  proxy = "string", no_proxy = "string",
  ca_file = "string", insecure = "boolean",
}
-- Headers that speak for the caller and must not reach another host.
local CREDENTIALS = { authorization = true, cookie = true, ["proxy-authorization"] = true }
-- Headers that describe a body that is not sent again.
local OF_BODY = { ["content-type"] = true, ["content-length"] = true, ["content-encoding"] = true }

local M = {}

-- Responses --------------------------------------------------------------------

---@class slack.Response
---@field status integer
---@field ok boolean the status is in 200..299
---@field headers table<string, string> looked up in any case
---@field body string decompressed
---@field seconds number from request to answer
---@field version string of HTTP
---@field redirect? string where a 3xx points to
---@field url string what was asked for last
local Response = { __name = "slack.response" }

function Response:__index(key)
  if key == "headers" then
    local headers = parse_headers(self.header_lines)
    self.headers = headers
    return headers
  elseif key == "ok" then
    return self.status >= 200 and self.status < 300
  end
  return Response[key]
end

---One header, found without making a table of all of them.
---@param name string in any case
---@return string? value
function Response:header(name)
  return find_header(self.header_lines, name)
end

---The body decoded from JSON.
---@return any value nil when it is not JSON
---@return slack.Error? err
function Response:json()
  local value, message = json.decode(self.body)
  if message then
    return nil, errors.new {
      code = "invalid_json",
      message = ("the answer with status %d is not JSON: %s"):format(self.status, message),
      status = self.status,
      body = self.body,
    }
  end
  return value
end

local function new_response(fields, url)
  fields.header_lines, fields.headers = fields.headers, nil
  fields.url = url
  return setmetatable(fields, Response)
end

-- The client thread ------------------------------------------------------------

-- One for each loop, which is one in all outside of specs.
local clients = setmetatable({}, { __mode = "k" })

local function start_client()
  local waiting = {}
  local source = loop.register(function(_, id, response, message, code)
    local waiter = waiting[id]
    waiting[id] = nil
    if not waiter then
      return
    elseif response then
      waiter:resolve(response)
    else
      waiter:resolve(nil, message, code)
    end
  end)
  local client, message = core.http_client(loop.mailbox(), source,
    require("slack.log").default():core())
  if not client then
    loop.unregister(source)
    error(message, 0)
  end
  return { core = client, waiting = waiting }
end

local function client_of_loop()
  local key = loop.default()
  local client = clients[key]
  if not client then
    client = start_client()
    clients[key] = client
  end
  return client
end

---The client thread that all of this Lua state shares.
---@return slack.core.http_client
function M.core_client()
  return client_of_loop().core
end

-- How to reach the network -------------------------------------------------------

local nets = {}

---Proxy, CA and rules from options; equal options share one object.
---@param options? { proxy: string?, no_proxy: string?, ca_file: string?, insecure: boolean? }
---@return slack.core.net?
---@return slack.Error? err a proxy that is no URL, a CA file that cannot be read
function M.net(options)
  options = options or {}
  local key, settings = {}, {}
  for i, name in ipairs(NET_OPTIONS) do
    settings[name] = options[name]
    key[i] = type(options[name]) .. ":" .. tostring(options[name])
  end
  key = table.concat(key, "\0")
  if not nets[key] then
    local net, message, code = core.net(settings)
    if not net then
      return nil, errors.new { code = code, message = message }
    end
    nets[key] = net
  end
  return nets[key]
end

-- Requests ---------------------------------------------------------------------

---@class slack.HttpRequest
---@field method? string "GET"
---@field url string
---@field headers? string[] alternating name and value
---@field body? string
---@field timeout? number seconds for the exchange, from when its turn has come, 30
---@field deadline? number seconds for everything, waiting for a turn included
---@field connect_timeout? number seconds
---@field idle_timeout? number seconds in which no byte goes either way
---@field max_response? integer bytes, 64 MiB
---@field max_requests? integer under way to its host at a time, 16
---@field http2? boolean
---@field urgent? boolean
---@field net? slack.core.net

local function give_up(waiter)
  waiter.client.waiting[waiter.id] = nil
  waiter.client.core:cancel(waiter.id)
end

---Makes one request and waits for the answer, whatever its status; redirects
---are not followed. A task that is cancelled meanwhile ends the transfer too.
---@async
---@param request slack.HttpRequest
---@return slack.Response?
---@return slack.Error? err codes: see fetch
function M.request(request)
  local client = client_of_loop()
  if not request.net then
    local net, err = M.net()
    if not net then
      return nil, err
    end
    request.net = net
  end
  local id, message, code = client.core:request(request)
  if not id then
    return nil, errors.new { code = code, message = message }
  end
  local waiter = tasks.waiter()
  waiter.client, waiter.id, waiter.on_abandon = client, id, give_up
  client.waiting[id] = waiter
  local response, text, word = waiter:await()
  if not response then
    return nil, errors.new { code = word, message = text }
  end
  return new_response(response, request.url)
end

---Of the requests that begin from now on, those under way can be counted later.
---@return fun(): integer
function M.count_new()
  local waiting, before = client_of_loop().waiting, {}
  for id in pairs(waiting) do
    before[id] = true
  end
  return function()
    local count = 0
    for id in pairs(waiting) do
      count = count + (before[id] and 0 or 1)
    end
    return count
  end
end

-- fetch ------------------------------------------------------------------------

local function misuse(format, ...)
  error(("fetch: " .. format):format(...), 5) -- misuse, helper, prepare, fetch, caller
end

local function check_fetch(url, options)
  if type(url) ~= "string" then
    misuse("url: string expected, got %s", type(url))
  elseif type(options) ~= "table" then
    misuse("options: table expected, got %s", type(options))
  end
  for name, value in pairs(options) do
    local expected = FETCH_OPTIONS[name]
    if not expected then
      misuse("unknown option '%s'", tostring(name))
    elseif expected ~= "any" and type(value) ~= expected then
      misuse("option '%s': %s expected, got %s", name, expected, type(value))
    end
  end
  local bodies = (options.body and 1 or 0) + (options.form and 1 or 0)
    + (options.json ~= nil and 1 or 0)
  if bodies > 1 then
    misuse("only one of the options 'body', 'json' and 'form' can be given")
  end
end

local function redirect_limit(follow)
  if follow == false then
    return 0
  elseif math.type(follow) == "integer" and follow >= 0 then
    return math.min(follow, MAX_REDIRECTS)
  elseif follow ~= nil and follow ~= true then
    misuse("option 'follow': boolean or number of redirects expected, got %s", type(follow))
  end
  return MAX_REDIRECTS
end

local function body_of(options)
  if options.json ~= nil then
    local text, message = json.encode(options.json)
    if not text then
      misuse("option 'json': %s", message)
    end
    return text, "application/json; charset=utf-8"
  elseif options.form then
    return form.encode(options.form), "application/x-www-form-urlencoded"
  end
  return options.body
end

-- Header names in lower case, so that none is sent twice.
local function headers_of(options, content_type)
  local headers = { ["user-agent"] = USER_AGENT, ["content-type"] = content_type }
  for name, value in pairs(options.headers or {}) do
    if type(name) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then
      misuse("option 'headers': names with strings expected")
    end
    headers[name:lower()] = tostring(value)
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

local function origin_of(url)
  local scheme, authority = url:match "^(%a[%w+.-]*)://([^/?#]*)"
  local host = (authority or ""):gsub("^.*@", ""):lower()
  return (scheme or ""):lower() .. "://" .. host
end

local function refuse_redirect(response, message)
  return errors.new { code = "redirect", message = message, status = response.status }
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
    return refuse_redirect(response, "the server redirects from https to plain text")
  end
  local status = response.status
  if status == 303 and request.method ~= "HEAD"
    or (status == 301 or status == 302) and request.method == "POST" then
    request.method, request.body = "GET", nil
    drop(headers, OF_BODY)
  end
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

local function perform(request, headers, limit, insecure)
  local deadline = loop.now() + request.timeout
  local count = 0
  while true do
    local response, err = M.request(request)
    if not response or not is_redirect(response) or limit == 0 then
      return response, err
    elseif count == limit then
      return nil, refuse_redirect(response, ("more than %d redirects"):format(limit))
    end
    local refused = follow(request, headers, response, insecure)
    if refused then
      return nil, refused
    end
    count = count + 1
    request.timeout = math.max(deadline - loop.now(), 0.001)
    request.deadline = request.timeout
  end
end

local function prepare(url, options)
  check_fetch(url, options)
  local body, content_type = body_of(options)
  local headers = headers_of(options, content_type)
  local timeout = options.timeout or DEFAULT_TIMEOUT
  local request = {
    method = (options.method or (body and "POST" or "GET")):upper(),
    url = add_query(url, options.query),
    headers = flatten(headers),
    body = body,
    timeout = timeout,
    deadline = timeout,
    connect_timeout = options.connect_timeout,
    idle_timeout = options.idle_timeout,
    max_response = options.max_response,
    http2 = options.http2,
  }
  return request, headers, redirect_limit(options.follow)
end

---@class slack.FetchOptions
---@field method? string "GET", or "POST" when there is a body
---@field headers? table<string, string>
---@field body? string sent as it is
---@field json? any sent as JSON
---@field form? table<string, any> sent as a form
---@field query? table<string, any> added to the URL
---@field timeout? number seconds for everything, 30
---@field connect_timeout? number seconds
---@field idle_timeout? number seconds in which no byte comes or goes
---@field follow? boolean|integer follow redirects, at most so many (10); true
---@field max_response? integer bytes of the decompressed body, 64 MiB
---@field http2? boolean offer HTTP/2
---@field proxy? string URL; "" for none
---@field no_proxy? string hosts, separated by commas
---@field ca_file? string PEM
---@field insecure? boolean allow plain http to other hosts than this one

---Asks any HTTP server, with the same connections, proxy and CA rules as the
---Web API. An answer with any status is a response.
---@async
---@param url string
---@param options? slack.FetchOptions
---@return slack.Response?
---@return slack.Error? err code is "dns", "connection" (nothing was sent), "timeout", "tls",
---  "proxy", "interrupted" (it may have been received), "too_large", "redirect",
---  "invalid_url", "cancelled" or "closed"
function M.fetch(url, options)
  options = options or {}
  local request, headers, limit = prepare(url, options)
  local net, err = M.net(options)
  if not net then
    return nil, err
  end
  request.net = net
  return perform(request, headers, limit, options.insecure)
end

return M
