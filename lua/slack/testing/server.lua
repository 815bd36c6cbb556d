-- The HTTP side of an app in a test: its routes and the pages of oauth, without a port.

local HttpServer = require "slack.http_server"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local PORT = 3000 -- of an app that names none

---@class slack.testing.Server
---@field server slack.HttpServer
---@field waiting table<integer, slack.Waiter> by number of the request
local Server = {}
Server.__index = Server
Server.__name = "slack.testing.server"

-- In place of slack.core.http_server.
local Core = {}
Core.__index = Core

function Core:respond(number, status, headers, body)
  local waiter = self.waiting[number]
  self.waiting[number] = nil
  if waiter then
    waiter:resolve { status = status, headers = headers or {}, body = body or "" }
  end
end

function Core:port()
  return self.bound
end

function Core:close()
  for number in pairs(self.waiting) do
    self:respond(number, 503, {}, "")
  end
end

function Core.finish() end

function Core.reload_certificate()
  return true
end

function Core.stats()
  return { connections = 0 }
end

---Serves an app that has an HTTP side; nil for another one.
---@param app slack.App
---@return slack.testing.Server?
function Server.open(app)
  local options = app.settings.http
  if not options then
    return nil
  end
  local server = HttpServer.new { app = app, options = options, log = app.log }
  local port = options.port ~= 0 and options.port or PORT
  server.core = setmetatable({ waiting = {}, bound = port }, Core)
  server.is_open, server.is_secure = true, options.tls ~= nil
  app.http_server = server
  return setmetatable({ app = app, server = server, core = server.core, last = 0 }, Server)
end

local function origin_of(url)
  return type(url) == "string" and url:match "^%a+://[^/]+" or nil
end

---Whether a URL is one of the app's own.
---@param url string
---@return boolean
function Server:has(url)
  local origin, oauth = origin_of(url), self.app.settings.oauth
  return origin ~= nil
    and (origin == origin_of(self.server:url())
      or origin == origin_of(oauth and oauth.redirect_uri))
end

---Asks the app, and waits for its answer.
---@async
---@param asked { method: string, target: string, headers: string[]?, body: string? } headers:
---  alternating name and value
---@return { status: integer, headers: string[], body: string }
function Server:ask(asked)
  local lines = {}
  for i = 1, #(asked.headers or {}), 2 do
    lines[#lines + 1] = ("%s: %s\r\n"):format(asked.headers[i], asked.headers[i + 1])
  end
  self.last = self.last + 1
  local waiter = tasks.waiter()
  self.core.waiting[self.last] = waiter
  self.server:take(self.last, asked.method, asked.target, table.concat(lines), asked.body or "",
    loop.now())
  return (waiter:await())
end

return Server
