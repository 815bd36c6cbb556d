-- An HTTP server in this process: the C thread reads, a Lua function answers,
-- called from the loop that the spec waits on.
local core = require "slack.core"
local files = require "support.files"
local log = require "slack.log"
local loop = require "slack.loop"

local WebServer = {}
WebServer.__index = WebServer

local silent = log.new { level = "off" }

local function parse_headers(text)
  local headers = {}
  for name, value in text:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)" do
    headers[name:lower()] = value
  end
  return headers
end

-- Writes a fresh authority and certificate; returns their folder.
local function write_certificate(tls)
  local directory = files.temporary()
  local pem = assert(core.certificate(tls))
  for name, text in pairs(pem) do
    files.write(("%s/%s.pem"):format(directory.path, name), text)
  end
  return directory
end

---@class support.Request
---@field number integer for server:respond
---@field method string
---@field target string
---@field headers table<string, string> by lower-case name
---@field body string

---handler returns status, body, headers (alternating names and values); a status
---of 0 drops the connection, nil leaves the request unanswered for now.
---@param handler fun(request: support.Request): integer?, string?, string[]?
---@param options? { tls: table?, directory: table?, port: integer?, host: string? } tls: what
---  core.certificate takes
function WebServer.start(handler, options)
  options = options or {}
  local self = setmetatable({ requests = {}, handler = handler }, WebServer)
  local directory = options.tls and write_certificate(options.tls)
  self.directory = directory
  self.ca_file = directory and directory.path .. "/authority.pem"
  self.source = loop.register(function(_, ...)
    self:on_request(...)
  end)
  self.core = assert(core.http_server {
    mailbox = loop.mailbox(),
    source = self.source,
    log = silent:core(),
    host = options.host, port = options.port,
    cert_file = directory and directory.path .. "/certificate.pem",
    key_file = directory and directory.path .. "/key.pem",
  })
  self.port = self.core:port()
  self.scheme = directory and "https" or "http"
  self.url = ("%s://127.0.0.1:%d"):format(self.scheme, self.port)
  return self
end

function WebServer:on_request(number, method, target, headers, body)
  local request = {
    number = number, method = method, target = target, headers = parse_headers(headers),
    body = body,
  }
  table.insert(self.requests, request)
  local status, text, extra = self.handler(request)
  if status == 0 then
    self.core:drop(number)
  elseif status then
    self.core:respond(number, status, extra or {}, text or "")
  end
end

function WebServer:respond(request, status, body, headers)
  self.core:respond(request.number, status, headers or {}, body or "")
end

function WebServer:stop()
  if self.core then
    self.core:close()
    self.core = nil
    loop.unregister(self.source)
    if self.directory then
      getmetatable(self.directory).__close()
    end
  end
end

WebServer.__close = WebServer.stop

return WebServer
