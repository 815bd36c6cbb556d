local MailboxReader = require "support.mailbox_reader"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local files = require "support.files"
local footprint = require "support.footprint"
local frames = require "support.frames"

local PATIENCE <const> = 60
-- Seconds: libwebsockets gives 10 from a TLS handshake to something that it calls a request.
local LONGER_THAN_LWS <const> = 11

local HTTP <const>, LOG <const>, CLIENT <const> = 1, 2, 3

describe("http_server", function()
  local reader, mailbox, log, server, requests, happenings, lines, answers, clients

  local function handle(_, kind, ...)
    if kind == "request" then
      local number, method, target, headers, body, received = ...
      requests[#requests + 1] = {
        number = number, method = method, target = target,
        headers = headers, body = body, received = received,
      }
    elseif kind == "websocket" then
      local websocket, what, data, close_code, at = ...
      happenings[#happenings + 1] = {
        websocket = websocket, what = what, data = data, close_code = close_code, at = at,
      }
    elseif kind == "log" then
      lines[#lines + 1] = select(3, ...)
    elseif kind == "http" then
      local id, response, message = ...
      answers[id] = response or { failed = message }
    end
  end

  local function wait(...)
    return reader:wait(...)
  end

  local function start(settings)
    settings = settings or {}
    settings.mailbox, settings.source, settings.log = mailbox, HTTP, log
    return core.http_server(settings)
  end

  local function connect(port)
    local client = RawClient.connect(port or server:port())
    clients[#clients + 1] = client
    return client
  end

  local function request(position)
    return wait(function() return requests[position or 1] end, "a request")
  end

  local function happening(position)
    return wait(function() return happenings[position] end, "happening " .. position)
  end

  local function received(client, text)
    return wait(function() return client:received():find(text, 1, true) end, text)
  end

  before_each(function()
    reader = MailboxReader.new(handle)
    mailbox = reader.mailbox
    log = core.log(mailbox, LOG, "debug")
    requests, happenings, lines, answers, clients = {}, {}, {}, {}, {}
  end)

  after_each(function()
    if server then
      server:close()
      server = nil
    end
    for _, client in ipairs(clients) do
      client:close()
    end
    reader:close()
  end)

  describe("over HTTP", function()
    before_each(function()
      server = assert(start { head_timeout = 1, idle_timeout = 1, max_body = 1000, max_head = 500 })
    end)

    it("hands over the request as it was sent", function()
      local before = core.monotonic()
      connect():send "POST /a?b=%20c HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nhi"
      local it = request()
      assert.are.same({ "POST", "/a?b=%20c", "hi" }, { it.method, it.target, it.body })
      assert.are.equal("Host: x\r\nX-One: 1\r\nContent-Length: 2\r\n", it.headers)
      assert.is_true(it.received >= before and it.received <= core.monotonic())
    end)

    it("answers with status, headers and body, and their length", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      server:respond(request().number, 404, { "X-Why", "not here" }, "gone")
      received(client, "gone")
      local answer = client:received()
      assert.are.equal("HTTP/1.1 404 Not Found\r\n", answer:match "^[^\n]+\n")
      assert.truthy(answer:find("\r\nX-Why: not here\r\n", 1, true))
      assert.truthy(answer:find("\r\nContent-Length: 4\r\n", 1, true))
      assert.truthy(answer:find "\r\nDate: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT\r\n")
    end)

    it("names each status as the registry does, and one of your own not at all", function()
      local client = connect()
      local expected = { "201 Created", "303 See Other", "422 Unprocessable Content", "299 " }
      for i, line in ipairs(expected) do
        client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        server:respond(request(i).number, math.tointeger(line:sub(1, 3)), nil, "")
        received(client, "HTTP/1.1 " .. line .. "\r\n")
      end
    end)

    it("answers pipelined requests one after the other on one connection", function()
      local client = connect()
      client:send(("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"):rep(3))
      for i = 1, 3 do
        assert.is_nil(requests[i + 1])
        server:respond(request(i).number, 200, nil, "answer " .. i)
        received(client, "answer " .. i)
      end
      assert.is_false(client:has_ended())
    end)

    it("ends the connection after the answer when the client asks for it", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      server:respond(request().number, 200, nil, "bye")
      wait(function() return client:has_ended() end, "the end")
      assert.truthy(client:received():find("Connection: close\r\n\r\nbye", 1, true))
    end)

    it("sends no body for HEAD and 204", function()
      local client = connect()
      client:send "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"
      server:respond(request(1).number, 200, nil, "four")
      server:respond(request(2).number, 204)
      received(client, "HTTP/1.1 204")
      local head = "Content-Length: 4\r\nConnection: keep-alive\r\n\r\n"
      assert.truthy(client:received():find(head .. "HTTP", 1, true))
    end)

    it("lets a client go on that waits for 100 Continue", function()
      local client = connect()
      client:send("POST / HTTP/1.1\r\nHost: x\r\n"
        .. "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      received(client, "HTTP/1.1 100 Continue\r\n\r\n")
      client:send "hi"
      assert.are.equal("hi", request().body)
    end)

    for name, case in pairs {
      ["no HTTP"] = { "hello\r\n\r\n", 400 },
      ["a head over the limit"] = { "GET / HTTP/1.1\r\nHost: x\r\nX: " .. ("x"):rep(600), 431 },
      ["a body over the limit"] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413,
      },
      ["two framings of one body"] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
          .. "Transfer-Encoding: chunked\r\n\r\n",
        400,
      },
    } do
      it("refuses " .. name .. " and ends the connection", function()
        local client = connect()
        client:send(case[1])
        wait(function() return client:has_ended() end, "the end")
        assert.truthy(client:received():find("^HTTP/1.1 " .. case[2]), client:received())
        assert.are.equal(0, #requests)
      end)
    end

    it("drops a connection without an answer", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      server:drop(request().number)
      wait(function() return client:has_ended() end, "the end")
      assert.are.equal("", client:received())
    end)

    it("forgets an answer whose client has gone, and one given twice", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      local number = request().number
      assert.is_true(server:respond(number, 200, nil, "once"))
      assert.is_true(server:respond(number, 200, nil, "twice"))
      received(client, "once")
      assert.is_nil(client:received():find "twice")
      assert.is_true(server:respond(12345, 200))
    end)

    it("cuts silent clients, and clients that send a byte now and then, in time", function()
      local silent, slow = connect(), connect()
      local begin = core.monotonic()
      wait(function()
        if not slow:has_ended() then
          slow:send "G"
        end
        return silent:has_ended() and slow:has_ended()
      end, "both ends")
      local seconds = core.monotonic() - begin
      assert.is_true(seconds > 0.5 and seconds < 20, seconds)
    end)

    it("gives Lua all the time it wants for an answer", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      local number = request().number
      local until_time = core.monotonic() + 1.3
      wait(function() return core.monotonic() > until_time end)
      server:respond(number, 200, nil, "late")
      received(client, "late")
    end)

    it("delivers a large answer whole", function()
      local body = ("0123456789abcdef"):rep(200000)
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      server:respond(request().number, 200, nil, body)
      wait(function() return client:has_ended() end, "the end")
      assert.is_true(client:received():sub(-#body) == body)
    end)

    it("notes the time of a request while Lua is busy", function()
      local client = connect()
      client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      local deadline = core.monotonic() + PATIENCE
      repeat
        os.execute "sleep 0.01"
      until mailbox:load() > 0 or core.monotonic() > deadline
      local noticed = core.monotonic()
      os.execute "sleep 0.05"
      assert.is_true(request().received <= noticed)
    end)

    it("raises for headers that would break out of their line", function()
      assert.has_error(function() server:respond(1, 200, { "X", "a\r\nSet-Cookie: b" }) end)
      assert.has_error(function() server:respond(1, 200, { "X" }) end)
      assert.has_error(function() server:respond(1, 99) end)
    end)
  end)

  describe("over TLS", function()
    local directory

    local function make_files(settings)
      local pem = assert(core.certificate(settings))
      for name, text in pairs(pem) do
        files.write(("%s/%s.pem"):format(directory.path, name), text)
      end
      return {
        cert_file = directory.path .. "/certificate.pem",
        key_file = directory.path .. "/key.pem",
      }
    end

    -- Trusts the authority that is there now.
    local function new_client()
      local ca_file = ("%s/authority-%d.pem"):format(directory.path, #clients)
      files.write(ca_file, files.read(directory.path .. "/authority.pem"))
      local net = assert(core.net { ca_file = ca_file, proxy = "" })
      local client = assert(core.http_client(mailbox, CLIENT, log))
      clients[#clients + 1] = client
      return { client = client, net = net }
    end

    local function fetch_by(who, host, port)
      local id = assert(who.client:request {
        method = "GET",
        url = ("https://%s:%d/path"):format(host or "localhost", port or server:port()),
        net = who.net,
      })
      answers[id] = nil -- another client's: each counts from one
      return wait(function()
        local waiting = requests[1]
        if waiting then
          table.remove(requests, 1)
          server:respond(waiting.number, 200, nil, waiting.target)
        end
        return answers[id]
      end, "an answer")
    end

    local function fetch(port, host)
      return fetch_by(new_client(), host, port)
    end

    before_each(function() directory = files.temporary() end)

    after_each(function() getmetatable(directory).__close() end)

    it("serves with the given certificate, by name and by address", function()
      server = assert(start(make_files { names = "DNS:localhost,IP:127.0.0.1" }))
      assert.are.equal("/path", fetch(server:port(), "localhost").body)
      assert.are.equal("/path", fetch(server:port(), "127.0.0.1").body)
    end)

    it("keeps a connection for as long as requests come on it", function()
      server = assert(start(make_files { names = "DNS:localhost" }))
      local who, until_time = new_client(), core.monotonic() + LONGER_THAN_LWS
      repeat
        assert.are.equal("/path", fetch_by(who).body)
        local next_at = core.monotonic() + 0.5
        wait(function() return core.monotonic() > next_at end)
      until core.monotonic() > until_time
      assert.are.equal(1, server:stats().connections_accepted)
    end)

    it("shows each client its own server's certificate when there are several", function()
      local settings = make_files {}
      local other_directory <close> = files.temporary()
      for _, name in ipairs { "certificate", "key" } do
        local pem = files.read(("%s/%s.pem"):format(directory.path, name))
        files.write(("%s/%s.pem"):format(other_directory.path, name), pem)
      end
      settings.cert_file = other_directory.path .. "/certificate.pem"
      settings.key_file = other_directory.path .. "/key.pem"
      local first <close> = assert(start(settings))
      assert.are_not.equal(-1, first:port())
      server = assert(start(make_files {}))
      assert.are.equal("/path", fetch(server:port(), "localhost").body)
    end)

    it("says so when the certificate cannot be used", function()
      local made, message, code = start {
        cert_file = directory.path .. "/none.pem", key_file = directory.path .. "/none.pem",
      }
      assert.is_nil(made)
      assert.are.equal("certificate", code)
      assert.truthy(message:find("none.pem", 1, true))
    end)

    it("takes a new certificate for new connections, and keeps the old ones", function()
      server = assert(start(make_files {}))
      local before = new_client()
      assert.are.equal("/path", fetch_by(before).body)
      make_files {}
      assert.is_true(server:reload_certificate())
      local after = new_client()
      assert.are.equal("/path", fetch_by(after).body)
      assert.are.equal("/path", fetch_by(before).body)
      assert.are.equal(2, server:stats().connections_accepted)
    end)

    it("stays with its certificate when the new one cannot be used", function()
      local settings = make_files {}
      server = assert(start(settings))
      local good = files.read(settings.cert_file)
      local key = files.read(settings.key_file)
      for name, pair in pairs {
        ["certificate.pem: there is none in it"] = { "hello", key },
        ["key.pem: there is none in it"] = { good, "hello" },
        ["key.pem: it is not that of the certificate"] =
          { good, assert(core.certificate {}).key },
      } do
        files.write(settings.cert_file, pair[1])
        files.write(settings.key_file, pair[2])
        local done, message, code = server:reload_certificate()
        assert.are.same({ nil, "certificate" }, { done, code }, name)
        assert.truthy(message:find(name, 1, true), message)
        assert.is_nil(message:find "hello")
      end
      os.remove(settings.cert_file)
      assert.truthy(select(2, server:reload_certificate()):find "No such file")
      assert.are.equal("/path", fetch(server:port(), "localhost").body)
    end)

    it("names what handshakes fail of, and is silent about who only looks in", function()
      server = assert(start(make_files {}))
      local function fails(text)
        wait(function() return table.concat(lines, "\n"):find(text, 1, true) end, text)
      end
      RawClient.connect(server:port()):close()
      fetch(server:port(), "localhost")
      assert.is_nil(table.concat(lines, "\n"):find "handshake")
      connect():send "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
      fails "a TLS handshake failed: plain HTTP on the TLS port?"
      connect():send(("junk"):rep(20))
      server:close()
      server = assert(start(make_files {}))
      make_files {} -- another authority, which did not sign what is served
      fetch_by(new_client())
      fails "a TLS handshake failed: the client does not accept the certificate"
    end)

    it("says that a key has a passphrase, and does not ask for it", function()
      local settings = make_files {}
      local command = ("openssl pkey -in %s -aes256 -passout pass:1234 -out %s/locked.pem"):format(
        settings.key_file, directory.path)
      assert(os.execute(command))
      settings.key_file = directory.path .. "/locked.pem"
      local _, message = start(settings)
      assert.truthy(message:find("locked.pem: it has a passphrase", 1, true), message)
    end)

    it("says so when there is no certificate to load again", function()
      server = assert(start())
      assert.are.equal("certificate", select(3, server:reload_certificate()))
    end)

    it("raises for a certificate without its key", function()
      assert.has_error(function() start { cert_file = "a.pem" } end)
    end)
  end)

  describe("over a WebSocket", function()
    before_each(function()
      server = assert(start { port = -1, websocket_port = 0, max_message = 100000 })
    end)

    local function open(target)
      server:admit(target or "/link/?ticket=1&app_id=A1")
      local client = connect(server:websocket_port())
      client:send(frames.upgrade(target or "/link/?ticket=1&app_id=A1"))
      return client, happening(1).websocket
    end

    local function split(client)
      local bytes = client:received()
      local _, last = bytes:find("\r\n\r\n", 1, true)
      return last and frames.split(bytes:sub(last + 1)) or {}
    end

    local function frame(client, position)
      return wait(function() return split(client)[position] end, "frame " .. position)
    end

    it("admits a target once, with more query fields behind it if need be", function()
      server:admit "/link/?ticket=1"
      local target = "/link/?ticket=1&debug_reconnects=true"
      local first = connect(server:websocket_port())
      first:send(frames.upgrade(target))
      local it = happening(1)
      assert.are.same({ "open", target }, { it.what, it.data })
      received(first, "HTTP/1.1 101")
      local second = connect(server:websocket_port())
      second:send(frames.upgrade(target))
      received(second, "HTTP/1.1 403")
      wait(function() return second:has_ended() end, "the end")
    end)

    it("refuses targets that were not admitted, also ones that only begin alike", function()
      server:admit "/link/?ticket=1"
      local strangers = { "/", "/link/?ticket=", "/link/?ticket=12", "/link/?x=1&ticket=1" }
      for _, target in ipairs(strangers) do
        local client = connect(server:websocket_port())
        client:send(frames.upgrade(target))
        received(client, "HTTP/1.1 403")
      end
    end)

    it("refuses every upgrade with a status until it is told to stop", function()
      server:refuse_upgrades(503)
      server:admit "/a"
      local client = connect(server:websocket_port())
      client:send(frames.upgrade "/a")
      received(client, "HTTP/1.1 503")
      server:refuse_upgrades(0)
      open "/a"
    end)

    it("answers plain HTTP with 426, and survives pipelined bodies", function()
      local client = connect(server:websocket_port())
      client:send(("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"):rep(2))
      received(client, "HTTP/1.1 426")
      wait(function() return client:has_ended() end, "the end")
      open()
    end)

    it("sends messages whole or in so many fragments", function()
      local client, websocket = open()
      server:act(websocket, "text", "whole")
      server:act(websocket, "text", "in pieces", 3)
      server:act(websocket, "binary", "\0\1")
      assert.are.same({ opcode = 1, fin = true, payload = "whole" }, frame(client, 1))
      assert.are.same({ opcode = 1, fin = false, payload = "in " }, frame(client, 2))
      assert.are.same({ opcode = 0, fin = false, payload = "pie" }, frame(client, 3))
      assert.are.same({ opcode = 0, fin = true, payload = "ces" }, frame(client, 4))
      assert.are.same({ opcode = 2, fin = true, payload = "\0\1" }, frame(client, 5))
    end)

    it("hands over messages put together from any fragments", function()
      local client = open()
      local long = ("long "):rep(15000)
      client:send(frames.masked(1, "one", true))
      client:send(frames.masked(9, "p") .. frames.masked(0, " two"))
      client:send(frames.masked(1, long))
      client:send(frames.masked(2, "\0"))
      assert.are.same({ "text", "one two" }, { happening(2).what, happening(2).data })
      assert.is_true(happening(3).data == long)
      assert.are.same({ "binary", "\0" }, { happening(4).what, happening(4).data })
      assert.are.same({ opcode = 10, fin = true, payload = "p" }, frame(client, 1))
    end)

    it("closes with 1009 when a message is over the limit", function()
      local client = open()
      client:send(frames.masked(1, ("x"):rep(100001)))
      local close = frame(client, 1)
      assert.are.same({ 8, 1009 }, { close.opcode, (string.unpack(">I2", close.payload)) })
      assert.are.equal("closed", happening(2).what)
    end)

    it("pings, and tells of the pong when it came", function()
      local client, websocket = open()
      server:act(websocket, "ping", "are you there")
      assert.are.same({ opcode = 9, fin = true, payload = "are you there" }, frame(client, 1))
      client:send(frames.masked(10, "are you there"))
      local pong = happening(2)
      assert.are.same({ "pong", "are you there" }, { pong.what, pong.data })
      assert.is_true(pong.at <= core.monotonic() and pong.at > core.monotonic() - PATIENCE)
    end)

    it("puts raw bytes on the wire", function()
      local client, websocket = open()
      server:act(websocket, "raw", "\xff\x01garbage")
      received(client, "\r\n\r\n\xff\x01garbage")
    end)

    it("closes with a code and a reason", function()
      local client, websocket = open()
      server:act(websocket, "close", "enough", 1001)
      local close = frame(client, 1)
      assert.are.equal("\x03\xe9enough", close.payload)
      client:send(frames.masked(8, close.payload))
      assert.are.equal("closed", happening(2).what)
      wait(function() return client:has_ended() end, "the end")
    end)

    it("ends TCP without a close frame for code 0", function()
      local client, websocket = open()
      server:act(websocket, "close", nil, 0)
      wait(function() return client:has_ended() end, "the end")
      assert.are.equal(0, #split(client))
      assert.are.equal(1006, happening(2).close_code)
    end)

    it("tells with which code the client closed", function()
      local client = open()
      client:send(frames.masked(8, string.pack(">I2", 1001) .. "going"))
      local closed = happening(2)
      assert.are.same({ "closed", 1001 }, { closed.what, closed.close_code })
      assert.are.equal(8, frame(client, 1).opcode)
    end)

    it("tells 1006 of a client that vanishes", function()
      local client = open()
      client:close()
      clients = {}
      assert.are.same({ "closed", 1006 }, { happening(2).what, happening(2).close_code })
    end)

    it("resets the TCP connection", function()
      local client, websocket = open()
      server:act(websocket, "reset")
      wait(function() return client:has_ended() end, "the end")
      assert.truthy(client:error():find "reset")
      assert.are.equal(0, #split(client))
      assert.are.same({ "closed", 1006 }, { happening(2).what, happening(2).close_code })
    end)

    it("drops at once what reads nothing, with all that waits for it", function()
      local client, websocket = open()
      client:stop_reading()
      for _ = 1, 20 do
        server:act(websocket, "text", ("x"):rep(1000000))
      end
      server:act(websocket, "drop")
      assert.are.same({ "closed", 1006 }, { happening(2).what, happening(2).close_code })
    end)

    it("answers nothing while silent, and everything afterwards", function()
      local client, websocket = open()
      server:act(websocket, "silence", nil, 1)
      server:act(websocket, "text", "still talking")
      frame(client, 1)
      client:send(frames.masked(9, "p") .. frames.masked(1, "hello?"))
      local until_time = core.monotonic() + 0.2
      wait(function() return core.monotonic() > until_time end)
      assert.are.equal(1, #split(client))
      assert.are.equal(1, #happenings)
      server:act(websocket, "silence", nil, 0)
      assert.are.equal("hello?", happening(2).data)
      assert.are.equal(10, frame(client, 2).opcode)
    end)

    it("keeps what it sends in order when the client reads slowly", function()
      local client, websocket = open()
      for i = 1, 200 do
        server:act(websocket, "text", ("%03d"):format(i) .. ("x"):rep(20000))
      end
      frame(client, 200)
      for i, it in ipairs(split(client)) do
        assert.are.equal(i, tonumber(it.payload:sub(1, 3)))
      end
    end)

    it("refuses control frames that are too long", function()
      local _, websocket = open()
      local done, _, code = server:act(websocket, "ping", ("x"):rep(126))
      assert.are.same({ nil, "too_large" }, { done, code })
    end)
  end)

  describe("life", function()
    it("tells which port is taken", function()
      server = assert(start())
      local made, message, code = start { port = server:port() }
      assert.is_nil(made)
      assert.are.equal("address_in_use", code)
      assert.truthy(message:find(tostring(server:port()), 1, true))
    end)

    it("listens only where it is told to", function()
      server = assert(start { port = -1, websocket_port = 0 })
      assert.are.equal(-1, server:port())
      assert.is_true(server:websocket_port() > 0)
    end)

    it("raises when it is used after close, and closes any number of times", function()
      local closed = assert(start())
      closed:close()
      closed:close()
      assert.has_error(function() closed:port() end)
    end)

    it("closes with connections of every kind still open", function()
      local one = assert(start { websocket_port = 0 })
      one:admit "/a"
      local idle, waiting, websocket =
        connect(one:port()), connect(one:port()), connect(one:websocket_port())
      idle:send "GET"
      waiting:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      websocket:send(frames.upgrade "/a")
      request()
      happening(1)
      one:close()
      wait(function()
        return idle:has_ended() and waiting:has_ended() and websocket:has_ended()
      end, "all ends")
    end)

    it("leaves no descriptor and no thread behind", function()
      if not footprint.IS_KNOWN then
        pending "no /proc here"
        return
      end
      local function cycle()
        local one <close> = assert(start { websocket_port = 0 })
        local two <close> = assert(start { websocket_port = 0 })
        return one, two
      end
      cycle()
      local before = footprint.take()
      for _ = 1, 20 do
        cycle()
      end
      -- libwebsockets 4.3 itself leaves one event descriptor behind per context.
      local is_leaky = core.versions().libwebsockets:find "^4%.3"
      wait(function()
        return footprint.is_back_at(before, is_leaky and 20 or 0)
      end, "what was there before")
    end)

    it("keeps what libwebsockets says out of the program's output", function()
      server = assert(start())
      server:close()
      server = nil
      reader:take_all()
      assert.is_nil(table.concat(lines, "\n"):find "adoption")
    end)
  end)
end)
