-- Starts and ends servers with connections in every state, two at a time.
local MailboxReader = require "support.mailbox_reader"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local files = require "support.files"
local footprint = require "support.footprint"
local frames = require "support.frames"

local mailbox = core.mailbox()
local log = core.log(mailbox, 0, "debug")
local folder = files.temporary()
for name, text in pairs(assert(core.certificate {})) do
  files.write(("%s/%s.pem"):format(folder.path, name), text)
end

local function new_server(secure)
  return assert(core.http_server {
    mailbox = mailbox,
    source = 1,
    log = log,
    port = 0,
    websocket_port = 0,
    max_body = 1000,
    max_connections = 5,
    max_requests = 2,
    cert_file = secure and folder.path .. "/certificate.pem" or nil,
    key_file = secure and folder.path .. "/key.pem" or nil,
  })
end

local function one_round()
  local server <close> = new_server(false)
  local secure <close> = new_server(true)
  local clients = {}
  local function connect(port, bytes)
    clients[#clients + 1] = RawClient.connect(port)
    clients[#clients]:send(bytes)
  end
  server:admit "/link"
  connect(server:port(), "GET / HT")
  connect(server:port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n")
  connect(secure:port(), "no TLS")
  connect(server:websocket_port(), "GET")
  connect(server:websocket_port(), frames.upgrade "/link" .. frames.masked(1, "half", true))
  MailboxReader.take_until(mailbox, function(kind, websocket, happening)
    if kind == "websocket" and happening == "open" then
      server:act(websocket, "text", ("x"):rep(1000000))
      return true
    end
  end)
  connect(server:port(), ("GET / HTTP/1.1\r\nHost: x\r\n\r\n"):rep(3))
  MailboxReader.take_until(mailbox, function(kind, request)
    return kind == "request" and server:respond(request, 200, { "A", "b" }, ("y"):rep(1000000))
  end)
  connect(server:port(), "GET /unanswered HTTP/1.1\r\nHost: x\r\n\r\n")
  MailboxReader.take_until(mailbox, function(kind, _, _, target)
    return kind == "request" and target == "/unanswered"
  end)
  assert(secure:reload_certificate())
  connect(server:port(), "GET /too-many HTTP/1.1\r\nHost: x\r\n\r\n")
  connect(server:port(), "")
  connect(server:port(), "")
  server:finish()
  server:close()
  secure:close()
  for _, client in ipairs(clients) do
    client:close()
  end
end

footprint.rounds(6, one_round, core.versions().libwebsockets:find "^4%.3" and 12 or 0)
getmetatable(folder).__close(folder)
