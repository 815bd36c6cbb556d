local core = require "slack.core"
local feeding = require "support.feeding"
local frames = require "support.frame_builder"

local TEXT, BINARY, CONTINUATION = frames.TEXT, frames.BINARY, frames.CONTINUATION
local CLOSE, PING, PONG = frames.CLOSE, frames.PING, frames.PONG
local KEY = "\x37\xfa\x21\x3d"
local MAXIMUM = 70000

local function client()
  return core.websocket_parser("client", MAXIMUM)
end

local function server()
  return core.websocket_parser("server", MAXIMUM)
end

-- What a client makes of frames that a server sends, at every cut.
local function received(...)
  local bytes = {}
  for i, frame in ipairs { ... } do
    bytes[i] = type(frame) == "string" and frame or frames.build(frame)
  end
  return feeding.at_every_cut(client, table.concat(bytes))
end

local function last_of(results)
  return results[#results]
end

local function escape(byte)
  return ("\\x%02x"):format(byte:byte())
end

describe("websocket parser", function()
  it("gives messages and control frames in their order", function()
    assert.same(
      {
        { opcode = TEXT, data = "one" },
        { opcode = PING, data = "are you there" },
        { opcode = BINARY, data = "\0\xff" },
        { opcode = PONG, data = "" },
        { opcode = TEXT, data = "" },
        { opcode = CLOSE, data = "bye", close_code = 1000 },
      },
      received(
        { opcode = TEXT, data = "one" },
        { opcode = PING, data = "are you there" },
        { opcode = BINARY, data = "\0\xff" },
        { opcode = PONG },
        { opcode = TEXT },
        { opcode = CLOSE, data = frames.close_payload(1000, "bye") }
      )
    )
  end)

  it("joins fragments, with control frames between them (S218)", function()
    assert.same(
      {
        { opcode = PING, data = "p" },
        { opcode = TEXT, data = "hello world" },
        { opcode = TEXT, data = "next" },
      },
      received(
        { opcode = TEXT, data = "hel", last = false },
        { opcode = CONTINUATION, data = "", last = false },
        { opcode = PING, data = "p" },
        { opcode = CONTINUATION, data = "lo wor", last = false },
        { opcode = CONTINUATION, data = "ld" },
        { opcode = TEXT, data = "next" }
      )
    )
  end)

  it("joins empty fragments to an empty message", function()
    assert.same(
      { { opcode = BINARY, data = "" } },
      received(
        { opcode = BINARY, last = false },
        { opcode = CONTINUATION, last = false },
        { opcode = CONTINUATION }
      )
    )
  end)

  it("reads all three length forms at their edges (S218)", function()
    local parser = client()
    for _, length in ipairs { 0, 1, 125, 126, 127, 65535, 65536, MAXIMUM } do
      local data = ("x"):rep(length)
      local bytes = frames.build { opcode = TEXT, data = data }
      for _, size in ipairs { #bytes, 1000, 9 } do
        local results = feeding.all(parser, feeding.pieces(bytes, size))
        assert.equal(1, #results)
        assert.equal(length, #results[1].data)
        assert.equal(data, results[1].data)
      end
    end
  end)

  it("unmasks what a client sends, whatever the cut", function()
    local text = "masked, and long enough for eight bytes at a time \u{1F680}"
    assert.same(
      {
        { opcode = TEXT, data = text },
        { opcode = PING, data = "ping" },
        { opcode = TEXT, data = text .. text },
      },
      feeding.at_every_cut(
        server,
        frames.build { opcode = TEXT, data = text, key = KEY }
          .. frames.build { opcode = PING, data = "ping", key = "\1\2\3\4" }
          .. frames.build { opcode = TEXT, data = text, key = KEY, last = false }
          .. frames.build { opcode = CONTINUATION, data = text, key = "\0\xff\0\xff" }
      )
    )
  end)

  describe("refuses", function()
    local long = ("x"):rep(126)
    local breaches = {
      { "reserved bit 1", { opcode = TEXT, data = "x", reserved = 4 }, 1002 },
      { "reserved bit 2", { opcode = TEXT, data = "x", reserved = 2 }, 1002 },
      { "reserved bit 3", { opcode = PING, reserved = 1 }, 1002 },
      { "a masked frame from a server", { opcode = TEXT, data = "x", key = KEY }, 1002 },
      { "a fragmented ping", { opcode = PING, last = false }, 1002 },
      { "a fragmented pong", { opcode = PONG, last = false }, 1002 },
      { "a fragmented close", { opcode = CLOSE, last = false }, 1002 },
      { "a ping of 126 bytes", { opcode = PING, data = long }, 1002 },
      { "a pong of 126 bytes", { opcode = PONG, data = long }, 1002 },
      { "a close of 126 bytes", { opcode = CLOSE, data = "\x03\xe8" .. long:sub(3) }, 1002 },
      { "a ping with a 64 bit length", { opcode = PING, form = 64 }, 1002 },
      { "125 bytes with a 16 bit length", { opcode = TEXT, announced = 125, form = 16 }, 1002 },
      { "0 bytes with a 16 bit length", { opcode = TEXT, announced = 0, form = 16 }, 1002 },
      { "125 bytes with a 64 bit length", { opcode = TEXT, announced = 125, form = 64 }, 1002 },
      { "65535 bytes with a 64 bit length", { opcode = TEXT, announced = 65535, form = 64 }, 1002 },
      { "a length with its top bit set", { opcode = TEXT, announced = -1 << 63, form = 64 }, 1002 },
      { "a length of all ones", { opcode = BINARY, announced = -1, form = 64 }, 1002 },
      { "a continuation of nothing", { opcode = CONTINUATION, data = "x" }, 1002 },
      { "a close with half a code", { opcode = CLOSE, data = "\x03" }, 1002 },
      { "a close reason that is not UTF-8", { opcode = CLOSE, data = "\x03\xe8\xff" }, 1007 },
      { "a close reason that is cut short", { opcode = CLOSE, data = "\x03\xe8\xe2\x82" }, 1007 },
      { "more than the maximum", { opcode = TEXT, announced = MAXIMUM + 1 }, 1009 },
      { "far more than the maximum", { opcode = BINARY, announced = math.maxinteger }, 1009 },
    }
    for opcode = 3, 15 do
      if opcode <= 7 or opcode >= 11 then
        breaches[#breaches + 1] = { "opcode " .. opcode, { opcode = opcode, data = "x" }, 1002 }
      end
    end
    local codes =
      { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535 }
    for _, code in ipairs(codes) do
      local frame = { opcode = CLOSE, data = frames.close_payload(code) }
      breaches[#breaches + 1] = { "close code " .. code, frame, 1002 }
    end

    for _, breach in ipairs(breaches) do
      local name, frame, code = table.unpack(breach)
      it(name, function()
        local results = received({ opcode = TEXT, data = "before" }, frame)
        assert.equal(2, #results)
        assert.same({ opcode = TEXT, data = "before" }, results[1])
        assert.is_string(results[2].failed)
        assert.equal(code, results[2].close_code)
      end)
    end

    it("an unmasked frame from a client", function()
      local results = feeding.at_every_cut(server, frames.build { opcode = TEXT, data = "x" })
      assert.equal(1002, results[1].close_code)
      assert.is_string(results[1].failed)
    end)

    it("a new message inside a fragmented one", function()
      for _, opcode in ipairs { TEXT, BINARY } do
        local results = received(
          { opcode = TEXT, data = "x", last = false },
          { opcode = opcode, data = "y" }
        )
        assert.equal(1, #results)
        assert.equal(1002, results[1].close_code)
      end
    end)

    it("a second continuation after the message's end", function()
      local results = received(
        { opcode = TEXT, data = "x", last = false },
        { opcode = CONTINUATION, data = "y" },
        { opcode = CONTINUATION, data = "z" }
      )
      assert.same({ opcode = TEXT, data = "xy" }, results[1])
      assert.equal(1002, results[2].close_code)
    end)

    it("fragments that add up to more than the maximum, from the head that shows it", function()
      local parser = client()
      local piece = frames.build { opcode = TEXT, data = ("x"):rep(MAXIMUM), last = false }
      assert.same({}, parser:feed(piece))
      local results = parser:feed(frames.build { opcode = CONTINUATION, announced = 1 })
      assert.equal(1009, results[1].close_code)
    end)

    it("a too long message before any of its bytes have come", function()
      local results = client():feed(frames.build { opcode = TEXT, announced = 1 << 40 })
      assert.equal(1009, results[1].close_code)
    end)
  end)

  it("accepts every close code that may be sent, with or without reason", function()
    local codes = { 1000, 1001, 1002, 1003, 3000, 3999, 4000, 4999 }
    for code = 1007, 1014 do
      codes[#codes + 1] = code
    end
    for _, code in ipairs(codes) do
      assert.same(
        { { opcode = CLOSE, data = "", close_code = code } },
        client():feed(frames.build { opcode = CLOSE, data = frames.close_payload(code) })
      )
      assert.same(
        { { opcode = CLOSE, data = "grüße", close_code = code } },
        client():feed(frames.build { opcode = CLOSE, data = frames.close_payload(code, "grüße") })
      )
    end
  end)

  it("names a close frame without a code 1005", function()
    assert.same({ { opcode = CLOSE, data = "", close_code = 1005 } }, received { opcode = CLOSE })
  end)

  it("drops what comes after a close frame", function()
    local results = received(
      { opcode = CLOSE },
      { opcode = TEXT, data = "too late" },
      "\xff\xff\xff"
    )
    assert.same({ { opcode = CLOSE, data = "", close_code = 1005 } }, results)
  end)

  it("takes a close in the middle of a message for the end", function()
    local results = received(
      { opcode = TEXT, data = "begun", last = false },
      { opcode = CLOSE, data = frames.close_payload(1001) },
      { opcode = CONTINUATION, data = "never given out" }
    )
    assert.same({ { opcode = CLOSE, data = "", close_code = 1001 } }, results)
  end)

  it("gives binary messages out as such, for others to ignore (S212)", function()
    local data = "\0\x80\xff not UTF-8"
    assert.same({ { opcode = BINARY, data = data } }, received { opcode = BINARY, data = data })
  end)

  it("fails on what is no frame at all", function()
    local texts = { "HTTP/1.1 502 Bad Gateway\r\n", "<html></html>", '{"ok":false}', "\0\0\0\0" }
    for _, text in ipairs(texts) do
      assert.equal(1002, received(text)[1].close_code)
    end
  end)

  it("stays failed once the peer has broken the protocol", function()
    local parser = client()
    local first = parser:feed(frames.build { opcode = 3 })[1]
    local again = parser:feed(frames.build { opcode = TEXT, data = "fine" })[1]
    assert.same(first, again)
  end)

  describe("text", function()
    local valid = {
      "", "ascii", "Grüße", "世界", "🚀", "\0", "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}",
      "\u{10000}\u{10ffff}", "\u{d7ff}\u{e000}", ("a"):rep(31) .. "ü", ("a"):rep(32) .. "ü",
      ("ü"):rep(40), ("世"):rep(40), ("a"):rep(7) .. "🚀" .. ("b"):rep(9),
    }
    local invalid = {
      "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x00", "\xc2\xc2",
      "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xe2\x28\xa1", "\xed\xa0\x80",
      "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x9a",
      "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
      ("a"):rep(8) .. "\x80", ("a"):rep(32) .. "\xff" .. ("a"):rep(32), ("世"):rep(11) .. "\xe4\xb8",
      "\u{10ffff}\x80",
    }

    for _, text in ipairs(valid) do
      it(("may be %q"):format(text), function()
        assert.same({ { opcode = TEXT, data = text } }, received { opcode = TEXT, data = text })
      end)
    end

    for _, text in ipairs(invalid) do
      it("may not be " .. text:gsub("[^\32-\126]", escape) .. " (1007)", function()
        local results = received { opcode = TEXT, data = text }
        assert.equal(1, #results)
        assert.equal(1007, results[1].close_code)
      end)
    end

    it("may have its characters cut by fragments (S218)", function()
      local text = "ü世🚀"
      for cut = 0, #text do
        local results = received(
          { opcode = TEXT, data = text:sub(1, cut), last = false },
          { opcode = PING },
          { opcode = CONTINUATION, data = text:sub(cut + 1) }
        )
        assert.same({ opcode = TEXT, data = text }, results[2])
      end
    end)

    it("fails at the fragment that shows it is not UTF-8", function()
      local results = received(
        { opcode = TEXT, data = "a\xff", last = false },
        { opcode = PING },
        { opcode = CONTINUATION, data = "b" }
      )
      assert.equal(1, #results)
      assert.equal(1007, results[1].close_code)
    end)

    it("may not end within a character at its last fragment", function()
      local results = received(
        { opcode = TEXT, data = "\xe4\xb8", last = false },
        { opcode = CONTINUATION, data = "" }
      )
      assert.equal(1007, last_of(results).close_code)
    end)

    it("is checked anew in each message", function()
      assert.same(
        {
          { opcode = TEXT, data = "ü" },
          { opcode = BINARY, data = "\xc3" },
          { opcode = TEXT, data = "a" },
        },
        received(
          { opcode = TEXT, data = "ü" },
          { opcode = BINARY, data = "\xc3" },
          { opcode = TEXT, data = "a" }
        )
      )
    end)
  end)

  it("gives the same for random messages, fragments and cuts", function()
    math.randomseed(20251103)
    local alphabet = { "a", "ü", "世", "🚀", "xxxxxxxxxxxxxxxx" }
    for _ = 1, 200 do
      local expected, bytes, masked = {}, {}, {}
      for _ = 1, math.random(1, 6) do
        local parts = {}
        for i = 1, math.random(0, 60) do
          parts[i] = alphabet[math.random(#alphabet)]
        end
        local text = table.concat(parts)
        local opcode = math.random(2)
        local pieces = feeding.random_pieces(text, #text + 1)
        if #pieces == 0 then
          pieces = { "" }
        end
        for i, piece in ipairs(pieces) do
          local frame = { opcode = CONTINUATION, data = piece, last = i == #pieces }
          frame.opcode = i == 1 and opcode or CONTINUATION
          bytes[#bytes + 1] = frames.build(frame)
          frame.key = string.pack("I4", math.random(0, 0xffffffff))
          masked[#masked + 1] = frames.build(frame)
        end
        expected[#expected + 1] = { opcode = opcode, data = text }
      end
      local plain_feed = feeding.random_pieces(table.concat(bytes), 200)
      local masked_feed = feeding.random_pieces(table.concat(masked), 200)
      assert.same(expected, feeding.all(client(), plain_feed))
      assert.same(expected, feeding.all(server(), masked_feed))
    end
  end)

  it("reads a 10 MB message that comes in pieces", function()
    local parser = core.websocket_parser("client", 16 << 20)
    local data = ("0123456789abcdef"):rep(10 << 16)
    local bytes = frames.build { opcode = TEXT, data = data }
    local results = feeding.all(parser, feeding.pieces(bytes, 16384))
    assert.equal(1, #results)
    assert.is_true(results[1].data == data)
    local next_one = { opcode = TEXT, data = "next" }
    assert.same({ next_one }, parser:feed(frames.build(next_one)))
  end)

  it("does not take the memory that a head announces", function()
    local parsers = {}
    for i = 1, 64 do
      parsers[i] = core.websocket_parser("client", 1 << 40)
      local head = frames.build { opcode = TEXT, announced = 1 << 39 }
      assert.same({}, parsers[i]:feed(head .. "some"))
    end
  end)

  it("refuses what is no role or no maximum", function()
    assert.has_error(function()
      core.websocket_parser("both", 10)
    end)
    assert.has_error(function()
      core.websocket_parser("client", -1)
    end)
  end)

  it("is of no use once it is closed", function()
    local parser = client()
    parser:close()
    parser:close()
    assert.error_matches(function()
      parser:feed "x"
    end, "closed")
  end)
end)

describe("websocket_frame", function()
  it("writes a server's frames as RFC 6455 shows them", function()
    assert.equal("\x81\x05Hello", core.websocket_frame("server", TEXT, "Hello"))
    assert.equal("\x89\x05Hello", core.websocket_frame("server", PING, "Hello"))
    local data = ("x"):rep(256)
    assert.equal("\x82\x7e\x01\x00" .. data, core.websocket_frame("server", BINARY, data))
    data = ("x"):rep(65536)
    assert.equal("\x82\x7f\0\0\0\0\0\1\0\0" .. data, core.websocket_frame("server", BINARY, data))
  end)

  it("chooses the shortest length form", function()
    for _, length in ipairs { 0, 1, 125, 126, 127, 65535, 65536 } do
      local data = ("x"):rep(length)
      assert.equal(
        frames.build { opcode = BINARY, data = data },
        core.websocket_frame("server", BINARY, data)
      )
    end
  end)

  it("masks a client's frames, each with its own mask", function()
    local seen = {}
    for length = 0, 40 do
      local data = ("0123456789"):rep(5):sub(1, length)
      local frame = core.websocket_frame("client", BINARY, data)
      local key = frame:sub(3, 6)
      assert.equal(frames.build { opcode = BINARY, data = data, key = key }, frame)
      assert.is_nil(seen[key])
      seen[key] = true
    end
  end)

  it("is read back by the other end", function()
    for _, length in ipairs { 0, 3, 125, 126, 65535, 65536 } do
      local data = ("x"):rep(length)
      local expected = { { opcode = TEXT, data = data } }
      assert.same(expected, server():feed(core.websocket_frame("client", TEXT, data)))
      assert.same(expected, client():feed(core.websocket_frame("server", TEXT, data)))
    end
  end)

  it("refuses control frames over 125 bytes", function()
    for _, opcode in ipairs { CLOSE, PING, PONG } do
      assert.equal(127, #core.websocket_frame("server", opcode, ("x"):rep(125)))
      assert.error_matches(function()
        core.websocket_frame("server", opcode, ("x"):rep(126))
      end, "125 bytes")
    end
  end)
end)
