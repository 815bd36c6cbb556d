-- HTTP for the Lua thread: requests run on the client thread, the calling task
-- waits for the answer.

local lazy = require "slack.lazy"
local core = require "slack.core"
local errors = require "slack.errors"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local Response = require "slack.http_response"
local Stream = lazy "slack.http_stream"
local Streamed = lazy "slack.streamed_response"

local new_waiter = tasks.waiter

local NET_OPTIONS = { "proxy", "no_proxy", "ca_file", "insecure", "socket", "public" }

local M = {}

-- The client thread ------------------------------------------------------------

-- One for each loop, which is one in all outside of specs.
local clients = setmetatable({}, { __mode = "k" })

-- Of a client: what it says wakes who waits for it.
local function new_hearer(waiting)
  return function(kind, id, a, b, c, d, e)
    local waiter = waiting[id]
    if kind == "http" then
      waiting[id] = nil
      if not waiter then
        Stream.discard(b ~= true and a or nil)
      elseif b == true then
        waiter.is_answer = true
        waiter:give(a)
      elseif a then
        waiter:resolve(a)
      else
        waiter:resolve(nil, b, c)
      end
    elseif waiter then
      waiter:on_event(a, b, c, d, e)
    end
  end
end

local function new_client(core_client, waiting)
  return {
    core = core_client, waiting = waiting,
    give_up = function(waiter)
      waiting[waiter.id] = nil
      core_client:cancel(waiter.id)
    end,
  }
end

local function start_client()
  local waiting = {}
  local source = loop.register(new_hearer(waiting))
  local client, message = core.http_client(loop.mailbox(), source,
    require("slack.log").default():core())
  if not client then
    loop.unregister(source)
    error(message, 0)
  end
  return new_client(client, waiting)
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

local header_lists = setmetatable({}, { __mode = "k" })

---Headers made ready, for many requests.
---@param list string[] alternating name and value
---@return slack.core.http_headers
function M.headers(list)
  local headers = core.http_headers(list)
  header_lists[headers] = list
  return headers
end

---What is in the headers of a request, for what stands in for the network.
---@param headers? string[]|slack.core.http_headers
---@return string[]
function M.header_list(headers)
  return header_lists[headers or false] or headers or {}
end

---From now on requests that are made on this loop go to what make(hear) gives, not to the
---network: it has `request(settings)`, `cancel(id)`, `feed(id, piece)`, `hand_on(id)` and
---`stats()` as slack.core.http_client has, and says by hear(kind, id, …) what that sends.
---@param other slack.Loop
---@param make fun(hear: fun(kind: string, id: integer, ...)): table
---@return fun() undo
function M.replace_client(other, make)
  local waiting, before = {}, clients[other]
  clients[other] = new_client(make(new_hearer(waiting)), waiting)
  clients[other].is_plain = true
  return function() clients[other] = before end
end

---The client thread that all of this Lua state shares.
---@return slack.core.http_client
function M.core_client()
  return client_of_loop().core
end

-- How to reach the network -------------------------------------------------------

local nets = {}

---Proxy, CA and rules from options; equal options share one object.
---@param options? { proxy: string?, no_proxy: string?, ca_file: string?, insecure: boolean?,
---  socket: string?, public: boolean? } socket: path of one of this machine, where all hosts are;
---  public: nothing but addresses of the Internet
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
---@field headers? string[]|slack.core.http_headers alternating name and value
---@field body? string|{ file: string }|fun(): string? a file is read while it is sent; a
---  function is called for each part until it gives nil, and may wait
---@field length? integer bytes that a function gives in all; else they go in chunks
---@field sink? { file: string }|fun(bytes: string) where a body with a status of 2xx goes
---  instead of into memory: to a file that is there when it is whole, or to a function
---@field on_head? fun(response: slack.Response): boolean? sees the response before its body;
---  with false the request ends with code "refused"
---@field on_progress? fun(sent: integer, total: integer?, received: integer, expected: integer?)
---@field progress_name? string what the program that gave it calls it
---@field timeout? number seconds for the exchange, from when its turn has come, 30
---@field deadline? number seconds for everything, waiting for a turn included
---@field connect_timeout? number seconds
---@field idle_timeout? number seconds in which no byte goes either way
---@field max_response? integer bytes, 64 MiB; with a sink no bound for what goes there
---@field max_requests? integer under way to its host at a time, 16
---@field http2? boolean
---@field urgent? boolean
---@field net? slack.core.net
---@field shape? slack.HttpShape whose settings it has, but for the body

---What requests to one method of the Web API have in common, made ready once for all of them.
---@class slack.HttpShape: slack.HttpRequest
---@field prepared? userdata

-- nil, err when the rules for the network cannot be had.
local function set_net(request)
  local err
  if not request.net then
    request.net, err = M.net()
  end
  return request.net, err
end

local function stream(client, request)
  local begun <close>, err = Stream.begin(client, request)
  if not begun then
    return nil, err
  end
  return begun:finish()
end

---Requests by it, M.request(shape, text) or `setmetatable({ body = text }, shape)`, cost a fraction
---of others. Where the answer is one of the Web API that says ok, it is given itself, decoded, with
---the scopes of its head.
---@param settings slack.HttpRequest becomes the shape
---@return slack.HttpShape
function M.shape(settings)
  settings.__index, settings.shape = settings, settings
  return settings
end

-- nil, message, code
local function prepare(client, shape)
  local net, err = set_net(shape)
  if not net then
    return nil, err.message, err.code
  end
  local prepared, message, code = client.core:prepare(shape)
  shape.prepared = prepared
  return prepared, message, code
end

-- The answer to what has begun: id, or nil, message, code.
local function await(client, url, id, message, code)
  if not id then
    return nil, errors.new { code = code, message = message }
  end
  local waiter = new_waiter()
  waiter.id, waiter.on_abandon = id, client.give_up
  client.waiting[id] = waiter
  local response, text, word = waiter:await()
  if not response then
    return nil, Stream.failure(word, text)
  elseif waiter.is_answer then
    return response, nil, true
  end
  return Response.new(response, url)
end

local function request_plainly(client, request)
  local net, failure = set_net(request)
  if not net then
    return nil, failure
  elseif not request.shape and Stream.is_for(request) then
    return stream(client, request)
  end
  return await(client, request.url, client.core:request(request))
end

---Makes one request and waits for the answer, whatever its status; redirects
---are not followed. A task that is cancelled meanwhile ends the transfer too.
---@async
---@param request slack.HttpRequest
---@param body? string of one that is a shape
---@return slack.Response?
---@return slack.Error? err codes: see fetch
---@return true? is_answer what is given is no response but the decoded answer (shape)
function M.request(request, body)
  local client, shape = client_of_loop(), request.shape
  if not shape then
    return request_plainly(client, request)
  elseif client.is_plain then
    return request_plainly(client, body and setmetatable({ body = body }, shape) or request)
  end
  local prepared, message, code = shape.prepared, nil, nil
  if not prepared then
    prepared, message, code = prepare(client, shape)
  end
  if not prepared then
    return await(client, shape.url, nil, message, code)
  end
  return await(client, shape.url, client.core:send(prepared, body or request.body))
end

---Makes one request and waits for the head of the answer; the body is then read from it. Its
---`sink` and `on_head` are of no use here.
---@async
---@param request slack.HttpRequest
---@return slack.StreamedResponse?
---@return slack.Error? err
function M.open(request)
  local net, err = set_net(request)
  if not net then
    return nil, err
  end
  local begun
  begun, err = Stream.begin(client_of_loop(), request, true)
  if not begun then
    return nil, err
  end
  return Streamed.open(begun)
end

---Whether the request may be made once more: not when its body or its sink is a function that
---has been called. (Whether the server may be asked twice is another question.)
---@param request slack.HttpRequest
---@return boolean
function M.is_repeatable(request)
  return Stream.is_repeatable(request)
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

return M
