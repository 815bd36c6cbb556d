local Process = require "support.process"
local Proxy = require "support.proxy"
local core = require "slack.core"
local files = require "support.files"
local Wire = require "support.wire_slack"

describe("the WebSocket of a socket mode connection", function()
  local function wait_for(wire, bot, state, nth)
    return wire:wait(("%s number %d"):format(state, nth or 1), function()
      return bot:change(state, nth)
    end)
  end

  local function wait_for_envelope(wire, bot, id)
    return wire:wait("the envelope " .. id, function()
      return bot:envelope(id)
    end)
  end

  local function server_frame(opcode, data)
    assert(#data < 126)
    return string.char(0x80 | opcode, #data) .. data
  end

  describe("over TLS", function()
    it("delivers and acks (S228)", function()
      local wire <close> = Wire.start { tls = { names = "DNS:localhost,IP:127.0.0.1" } }
      local bot, socket = wire:ready_bot()
      for i = 1, 200 do
        wire:event(socket, "E-" .. i, ("x"):rep(i * 37))
      end
      wire:wait("everything", function()
        return #bot.envelopes == 200 and wire:count_acks() == 200
      end)
    end)

    it("takes 10 MB in one message", function()
      local wire <close> = Wire.start { tls = { names = "IP:127.0.0.1" } }
      local bot, socket = wire:ready_bot()
      wire:event(socket, "big", ("x"):rep(10 * 1024 * 1024))
      assert.truthy(#wait_for_envelope(wire, bot, "big").payload > 10 * 1024 * 1024)
    end)

    -- A server that may choose HTTP/2 does, and knows no upgrade then.
    it("offers no other protocol", function()
      local directory <close> = files.temporary()
      for name, text in pairs(assert(core.certificate { names = "IP:127.0.0.1" })) do
        files.write(("%s/%s.pem"):format(directory.path, name), text)
      end
      local port = Proxy.free_port()
      local server <close> = Process.start(("openssl s_server -accept 127.0.0.1:%d"
        .. " -cert certificate.pem -key key.pem -rev -tlsextdebug"):format(port),
        { directory = directory.path })
      local api <close> = Wire.start()
      api:wait("the server", function() return server:output():find "ACCEPT" end)
      local net = assert(core.net { ca_file = directory.path .. "/authority.pem", proxy = "" })
      api:answer_next(200, ('{"ok":true,"url":"wss://127.0.0.1:%d/link"}'):format(port))
      local bot = api:bot { net = net } -- luacheck: ignore 211
      api:wait("the handshake", function() return server:output():find "ESTABLISHED" end)
      assert.is_nil(server:output():find "application layer protocol")
    end)

    for name, tls in pairs {
      ["another host"] = { names = "DNS:slack.example" },
      ["a time that has passed"] = { names = "IP:127.0.0.1", starts_in = -7200, ends_in = -3600 },
    } do
      it("is refused when the certificate is for " .. name, function()
        local api <close> = Wire.start()
        local slack <close> = Wire.start { tls = tls }
        local bot = api:bot { net = slack.net }
        api:answer_next(200, ('{"ok":true,"url":"%s"}'):format(slack:ticket_url()))
        local closed = wait_for(api, bot, "closed")
        assert.equal("tls", closed.code)
        assert.equal(0, #slack.sockets)
        wait_for(api, bot, "ready") -- the next URL is a good one
        assert.falsy(api:logged "secret")
      end)
    end
  end)

  describe("over plain text on loopback", function()
    local wire

    before_each(function()
      wire = Wire.start()
    end)

    after_each(function()
      wire:close()
    end)

    it("pieces messages together however they are fragmented (S218)", function()
      local bot, socket = wire:ready_bot()
      for fragments = 1, 9 do
        local text = ('{"type":"events_api","envelope_id":"F%d","payload":{"t":"%s"}}'):format(
          fragments,
          ("grün €"):rep(1000)
        )
        wire:act(socket, "text", text, fragments)
      end
      for fragments = 1, 9 do
        local payload = wait_for_envelope(wire, bot, "F" .. fragments).payload
        assert.equal(('{"t":"%s"}'):format(("grün €"):rep(1000)), payload)
      end
    end)

    it("reads frames that are cut anywhere or merged (S218)", function()
      local bot, socket = wire:ready_bot()
      local frames = server_frame(1, '{"type":"events_api","envelope_id":"S1","payload":{}}')
        .. server_frame(9, "ping")
        .. server_frame(1, '{"type":"events_api","envelope_id":"S2","payload":{}}')
      for i = 1, #frames do
        wire:act(socket, "raw", frames:sub(i, i))
      end
      wire:act(socket, "raw", (frames:gsub("S1", "M1"):gsub("S2", "M2")))
      for _, id in ipairs { "S1", "S2", "M1", "M2" } do
        wait_for_envelope(wire, bot, id)
      end
      wire:wait("a pong", function()
        return #socket.pongs > 0
      end)
    end)

    it("takes messages of all three length encodings (S218)", function()
      local bot, socket = wire:ready_bot()
      local overhead = #'{"type":"events_api","envelope_id":"L00000","payload":""}'
      for _, size in ipairs { 125, 126, 127, 65535, 65536, 65537 } do
        local text = ('{"type":"events_api","envelope_id":"L%05d","payload":"%s"}'):format(
          size,
          ("x"):rep(size - overhead)
        )
        assert.equal(size, #text)
        wire:act(socket, "text", text)
      end
      for _, size in ipairs { 125, 126, 127, 65535, 65536, 65537 } do
        local envelope = wait_for_envelope(wire, bot, ("L%05d"):format(size))
        assert.equal(size - overhead + 2, #envelope.payload)
      end
    end)

    it("refuses a message over the limit with 1009 and goes on anew (S221)", function()
      local bot, socket, other = wire:ready_bot { connections = 2, max_message = 50000 }
      wire:event(socket, "just fits", ("x"):rep(49000))
      wire:event(socket, "too big", ("x"):rep(50000))
      local closed = wait_for(wire, bot, "closed")
      assert.equal("protocol", closed.code)
      assert.matches("larger than 50000 bytes (option max_message)", closed.message, 1, true)
      wire:wait("the close frame", function()
        return socket.closed
      end)
      assert.equal(1009, socket.close_code)
      assert.truthy(wait_for_envelope(wire, bot, "just fits"))
      assert.is_nil(bot:envelope "too big")
      wait_for(wire, bot, "ready", 3)
      assert.is_nil(other.closed) -- the others are not touched
    end)

    it("delivers what came before a breach", function()
      local bot, socket = wire:ready_bot()
      wire:act(
        socket,
        "raw",
        server_frame(1, '{"type":"events_api","envelope_id":"before","payload":{}}') .. "\xC1\x00"
      )
      wait_for_envelope(wire, bot, "before")
      wire:wait("the ack", function()
        return wire:ack_of "before"
      end)
    end)

    it("ends when the server closes it, and says with which code", function()
      local bot, socket = wire:ready_bot()
      wire:act(socket, "close", "bye", 4001)
      local closed = wait_for(wire, bot, "closed")
      assert.equal("closed", closed.code)
      assert.truthy(closed.message:find "4001")
    end)

    it("gives up when connecting takes too long", function()
      local url = ("ws://127.0.0.1:%d/silence"):format(wire.server:port())
      wire:answer_next(200, ('{"ok":true,"url":"%s"}'):format(url))
      local bot = wire:bot { open_timeout = 0.2 }
      local closed = wait_for(wire, bot, "closed")
      assert.equal("timeout", closed.code)
      assert.truthy(closed.message:find "connecting")
      wait_for(wire, bot, "ready")
    end)

    it("names a proxy that refuses, and its status (S228)", function()
      local proxy = ("http://127.0.0.1:%d"):format(wire.server:port())
      local bot = wire:bot { net = assert(core.net { proxy = proxy }) }
      local closed = wait_for(wire, bot, "closed")
      assert.equal("proxy", closed.code)
      assert.truthy(closed.message:find "answered CONNECT with status 4", closed.message)
    end)
  end)
end)
