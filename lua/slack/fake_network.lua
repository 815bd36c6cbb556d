-- A network that is made up: what slack.core.http_client is elsewhere. What a loop asks for, a
-- function answers; nothing leaves the process.

local headers = require "slack.headers"
local http = require "slack.http"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local PIECE = 128 * 1024 -- bytes of a body that is handed out in pieces

---What an app asks for.
---@class slack.fake_network.Asked
---@field method string
---@field url string
---@field host string in lower case
---@field path string
---@field query string
---@field headers table<string, string> found in any case
---@field body string
---@field task? slack.Task that asks

---What it is told: a status, or how it failed.
---@class slack.fake_network.Told
---@field status? integer
---@field headers? string[] alternating name and value
---@field body? string
---@field code? string of the error
---@field message? string

---@class slack.FakeNetwork
---@field hear fun(kind: string, id: integer, ...)
---@field ask fun(asked: slack.fake_network.Asked): slack.fake_network.Told
---@field exchanges table<integer, table> under way
local FakeNetwork = {}
FakeNetwork.__index = FakeNetwork
FakeNetwork.__name = "slack.fake_network"

---Has all requests that are made on a loop answered by ask, which may wait.
---@param of_loop slack.Loop
---@param ask fun(asked: slack.fake_network.Asked): slack.fake_network.Told
---@return fun() undo
function FakeNetwork.attach(of_loop, ask)
  return http.replace_client(of_loop, function(hear)
    return setmetatable({ hear = hear, ask = ask, exchanges = {}, last_id = 0 }, FakeNetwork)
  end)
end

-- What is asked -----------------------------------------------------------------------

local function take_url(asked, url)
  local authority, rest = url:match "^%a[%w+.-]*://([^/?#]*)([^#]*)"
  asked.url, asked.host = url, (authority or ""):gsub("^.*@", ""):lower()
  asked.path, asked.query = (rest or ""):match "^([^?]*)%??(.*)$"
end

local function header_table(list)
  local lines = {}
  for i = 1, #list, 2 do
    lines[#lines + 1] = ("%s: %s\r\n"):format(list[i], list[i + 1])
  end
  return headers.parse(table.concat(lines))
end

local function read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local bytes = file:read "a"
  file:close()
  return bytes
end

-- The pieces of a body that a function gives, which is asked for them one after another.
local function fed_body(self, exchange)
  exchange.parts = {}
  repeat
    exchange.hunger = tasks.waiter()
    self.hear("http_stream", exchange.id, "hungry")
    local piece = exchange.hunger:await()
    table.insert(exchange.parts, piece)
  until piece == nil
  return table.concat(exchange.parts)
end

local function body_of(self, exchange)
  local settings = exchange.settings
  local stream = settings.stream or {}
  if stream.source then
    return read_file(stream.source)
  elseif stream.feed then
    return fed_body(self, exchange)
  end
  return settings.body or ""
end

-- What is told ------------------------------------------------------------------------

local function end_with(self, exchange, response, message, code)
  if self.exchanges[exchange.id] then
    self.exchanges[exchange.id] = nil
    if exchange.timer then
      exchange.timer:cancel()
    end
    self.hear("http", exchange.id, response, message, code)
  end
end

local function header_lines(list)
  local lines = {}
  for i = 1, #(list or {}), 2 do
    lines[#lines + 1] = ("%s: %s\r\n"):format(list[i], list[i + 1])
  end
  return table.concat(lines)
end

-- Where a redirect leads, relative ones from where it was asked.
local function redirect_of(told, asked, lines)
  local to = told.status >= 300 and told.status < 400 and headers.parse(lines).location
  if to and to:sub(1, 1) == "/" then
    return asked.url:match "^%a[%w+.-]*://[^/?#]*" .. to
  end
  return to or nil
end

local function response_of(exchange, told, asked)
  local lines = header_lines(told.headers)
  return {
    status = told.status, version = "1.1", headers = lines, body = told.body or "",
    seconds = loop.now() - exchange.began, redirect = redirect_of(told, asked, lines),
  }
end

local function to_file(path, bytes)
  local temporary = path .. ".part"
  local file, message = io.open(temporary, "wb")
  if not file then
    return nil, message
  end
  file:write(bytes)
  file:close()
  return {
    commit = function() return os.rename(temporary, path) end,
    close = function() os.remove(temporary) end,
  }
end

-- The body in pieces, each when the one before is dealt with.
local function hand_out(self, exchange, response)
  local body = response.body
  response.body, response.received = "", #body
  for at = 1, #body, PIECE do
    exchange.taken = tasks.waiter()
    self.hear("http_stream", exchange.id, "piece", body:sub(at, at + PIECE - 1))
    exchange.taken:await()
  end
end

local function tell_stream(self, exchange, response)
  local stream = exchange.settings.stream
  local is_good = response.status >= 200 and response.status < 300
  if stream.head then
    local head = {}
    for name, value in pairs(response) do
      head[name] = value
    end
    self.hear("http_stream", exchange.id, "head", head)
  end
  if stream.progress then
    local size = #(exchange.body or "")
    self.hear("http_stream", exchange.id, "progress", size, size, #response.body, #response.body)
  end
  if stream.sink and is_good then
    local file, message = to_file(stream.sink, response.body)
    if not file then
      return nil, message, "file"
    end
    response.file, response.received, response.body = file, #response.body, ""
  elseif stream.pieces and is_good then
    hand_out(self, exchange, response)
  end
  return response
end

local function perform(self, exchange)
  local settings = exchange.settings
  local body, message = body_of(self, exchange)
  if not body then
    return end_with(self, exchange, nil, message, "file")
  end
  local asked = {
    method = settings.method or "GET", headers = header_table(http.header_list(settings.headers)),
    body = body,
  }
  exchange.body = body
  asked.task = exchange.asked_by
  take_url(asked, settings.url)
  local told = self.ask(asked)
  if told.code then
    return end_with(self, exchange, nil, told.message, told.code)
  end
  local response = response_of(exchange, told, asked)
  if not settings.stream then
    return end_with(self, exchange, response)
  end
  end_with(self, exchange, tell_stream(self, exchange, response))
end

-- In place of the core's ----------------------------------------------------------------

local function begin(exchange)
  local self = exchange.network
  if self.exchanges[exchange.id] then
    exchange.task = tasks.spawn(perform, self, exchange)
  end
end

local function time_out(exchange)
  local self = exchange.network
  if exchange.task then
    exchange.task:cancel()
  end
  end_with(self, exchange, nil, ("%s: no answer within %g seconds"):format(
    exchange.settings.url:match "^[^?#]*", exchange.seconds), "timeout")
end

---@param settings table of a request
---@return integer id
function FakeNetwork:request(settings)
  self.last_id = self.last_id + 1
  local seconds = settings.deadline or settings.timeout or 30
  local exchange = {
    network = self, id = self.last_id, settings = settings, began = loop.now(), seconds = seconds,
    asked_by = tasks.current(),
  }
  self.exchanges[exchange.id] = exchange
  if seconds > 0 then
    exchange.timer = loop.after(seconds, time_out, exchange)
  end
  loop.defer(begin, exchange)
  return exchange.id
end

---@param id integer
function FakeNetwork:cancel(id)
  local exchange = self.exchanges[id]
  if exchange then
    self.exchanges[id] = nil
    if exchange.timer then
      exchange.timer:cancel()
    end
    if exchange.task then
      exchange.task:cancel()
    end
  end
end

local function resolve(self, id, name, ...)
  local exchange = self.exchanges[id]
  if exchange and exchange[name] then
    exchange[name]:resolve(...)
  end
end

---@param id integer
---@param piece? string nil: that was all
function FakeNetwork:feed(id, piece)
  resolve(self, id, "hunger", piece)
end

---@param id integer
function FakeNetwork:hand_on(id)
  resolve(self, id, "taken")
end

local NOTHING = setmetatable({}, { __index = function() return 0 end })

---@return table<string, integer>
function FakeNetwork.stats()
  return NOTHING
end

return FakeNetwork
