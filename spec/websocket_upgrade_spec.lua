-- Servers that answer the upgrade to a WebSocket in every wrong way: no frame is read of them,
-- another URL is asked for, and the log says what was wrong, without the ticket.

local ScriptedServer = require "support.scripted_server"
local Wire = require "support.wire_slack"
local frames = require "support.frame_builder"

local text = ScriptedServer.text

local ACCEPTS <const> = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
-- Of another key.
local WRONG <const> = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
local HELLO <const> = frames.build { opcode = 1, data = '{"type":"hello","num_connections":1}' }
local EVENT <const> = frames.build {
  opcode = 1, data = '{"type":"events_api","envelope_id":"E","payload":{"a":1}}',
}

local function answer(status, lines)
  local head = ("HTTP/1.1 %s\r\n%s\r\n"):format(status, lines)
  return { "head", "send " .. text(head .. HELLO .. EVENT), "hang" }
end

local WRONG_ANSWERS <const> = {
  { "200", answer("200 OK", "Content-Length: 0\r\n"), "refused with HTTP status 200" },
  { "301 to elsewhere", answer("301 Moved", "Location: ws://127.0.0.1:1/\r\n"),
    "refused with HTTP status 301" },
  { "401", answer("401 Unauthorized", "WWW-Authenticate: Basic\r\n"),
    "refused with HTTP status 401" },
  { "404", answer("404 Not Found", ""), "refused with HTTP status 404" },
  { "426", answer("426 Upgrade Required", "Sec-WebSocket-Version: 8\r\n"),
    "refused with HTTP status 426" },
  { "500", answer("500 Internal Server Error", ""), "refused with HTTP status 500" },
  { "101 to another protocol",
    answer("101 x", "Upgrade: h2c\r\nConnection: Upgrade\r\n" .. WRONG),
    'no "Upgrade: websocket"' },
  { "101 without Upgrade", answer("101 x", "Connection: Upgrade\r\n" .. WRONG),
    'no "Upgrade: websocket"' },
  { "101 without Connection", answer("101 x", "Upgrade: websocket\r\n" .. WRONG),
    'no "Upgrade: websocket"' },
  { "101 with the Accept of another key", answer("101 x", ACCEPTS .. WRONG),
    "Sec-WebSocket-Accept does not match" },
  { "101 without an Accept", answer("101 x", ACCEPTS), "Sec-WebSocket-Accept does not match" },
  { "101 with two Accepts", { "head", "accept " .. text(WRONG), "hang" },
    "Sec-WebSocket-Accept does not match" },
  { "101 with compression that was not asked for",
    { "head", "accept " .. text "Sec-WebSocket-Extensions: permessage-deflate\r\n", "hang" },
    "an extension or subprotocol that was not asked for" },
  { "101 with a subprotocol that was not asked for",
    { "head", "accept " .. text "Sec-WebSocket-Protocol: chat\r\n", "hang" },
    "an extension or subprotocol that was not asked for" },
  { "101 with a line that is none", { "head", "accept " .. text "no colon\r\n", "hang" },
    "malformed header line" },
  { "101 with a folded line", { "head", "accept " .. text "X: a\r\n b\r\n", "hang" },
    "malformed header line" },
  { "headers without an end", { "head", "send " .. text "HTTP/1.1 101 x\r\n",
    "repeat 0 " .. text("X-Again: " .. ("x"):rep(100) .. "\r\n") }, "a head over 16384 bytes" },
  { "a line without an end", { "head", "send " .. text "HTTP/1.1 101 x\r\nX: ",
    "repeat 0 " .. ("x"):rep(1000) }, "a head over 16384 bytes" },
  { "interim answers without an end", { "head",
    "repeat 0 " .. text("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n") }, "over 16384 bytes" },
  { "frames at once", { "head", "send " .. text(HELLO .. EVENT), "hang" },
    "not an HTTP/1 response" },
  { "HTTP/2", { "head", "send " .. text("\0\0\0\4\0\0\0\0\0"), "hang" }, "not an HTTP/1 response" },
  { "another version of HTTP", { "head", "send " .. text "HTTP/2.0 101 x\r\n\r\n", "hang" },
    "not an HTTP/1 response" },
  { "the end of the connection", { "head" }, "closed the connection" },
  { "half of an answer", { "head", "send HTTP/1.1 101 Swi" }, "closed the connection" },
  { "a reset", { "head", "reset" }, "failed" },
}

describe("an upgrade that is answered by", function()
  local wire, server

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
    server:stop()
  end)

  -- A bot whose first URL leads to a server that does these steps.
  local function bot_at(steps, settings)
    server = ScriptedServer.start(steps)
    wire:answer_next(200, ('{"ok":true,"url":"ws://127.0.0.1:%d/link?ticket=secret"}'):format(
      server.port))
    return wire:bot(settings)
  end

  for _, case in ipairs(WRONG_ANSWERS) do
    local name, steps, message = table.unpack(case)
    it(name .. " is no connection, and another is made", function()
      local bot = bot_at(steps)
      wire:wait("another", function() return bot:change "ready" end)
      local closed = bot:change "closed"
      assert.matches(message, closed.message, 1, true)
      wire:event(wire:socket(1), "behind")
      wire:wait("the event", function() return bot:envelope "behind" end)
      assert.equal(1, #bot.envelopes)
      assert.equal(1, wire:count_logged "^warn")
      assert.truthy(wire:logged "^warn socket_mode: connection 1: .*; next attempt in %d+ ms$")
      assert.falsy(wire:logged "secret")
    end)
  end

  it("nothing at all is given up in time", function()
    local bot = bot_at({ "head", "hang" }, { open_timeout = 0.2 })
    assert.equal("timeout", wire:wait("the end", function() return bot:change "closed" end).code)
    wire:wait("another", function() return bot:change "ready" end)
  end)

  it("one byte after the other is given up in time", function()
    local bot = bot_at({ "head", "slow 20 " .. text("HTTP/1.1 101 x\r\nX: " .. ("x"):rep(1000)) },
      { open_timeout = 0.2 })
    assert.equal("timeout", wire:wait("the end", function() return bot:change "closed" end).code)
    wire:wait("another", function() return bot:change "ready" end)
  end)

  it("101 and no hello is given up in time", function()
    local bot = bot_at({ "head", "accept", "hang" }, { hello_timeout = 0.2 })
    local closed = wire:wait("the end", function() return bot:change "closed" end)
    assert.equal("timeout", closed.code)
    assert.matches("hello", closed.message)
    wire:wait("another", function() return bot:change "ready" end)
  end)

  it("hints and then a proper 101 is a connection", function()
    local bot = bot_at({ "head", "send " .. text "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n",
      "accept", "send " .. text(HELLO .. EVENT), "hang" })
    wire:wait("the event", function() return bot:envelope "E" end)
    assert.equal(0, bot:count "closed")
  end)

  it("429 is asked for again as late as that says, an hour later at most", function()
    for _, seconds in ipairs { "7200", "99999999" } do
      local bot = bot_at(answer("429 Too Many Requests", ("Retry-After: %s\r\n"):format(seconds)))
      local waiting = wire:wait("its patience", function() return bot:change "waiting" end)
      assert.is_true(waiting.delay <= 3600, waiting.delay)
      bot:close()
      server:stop()
    end
  end)
end)

describe("a URL for the WebSocket that", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  for name, url in pairs {
    ["is of the Web API"] = "https://127.0.0.1:1/",
    ["is a file's"] = "file:///etc/passwd",
    ["is plain text to another host"] = "ws://slack.example/link?ticket=secret",
    ["is plain text to what only looks like this machine"] =
      "ws://127.0.0.1.slack.example/link?ticket=secret",
    ["hides its host behind credentials"] = "ws://127.0.0.1@slack.example/link?ticket=secret",
    ["has no host"] = "wss:///link?ticket=secret",
    ["has a port that is none"] = "ws://127.0.0.1:99999/link?ticket=secret",
    ["has line ends for the head"] = "ws://127.0.0.1:1/link?ticket=secret\\r\\nX: y",
    ["has blanks in it"] = "ws://127.0.0.1:1/li nk?ticket=secret",
    ["is endless"] = "ws://127.0.0.1:1/" .. ("x"):rep(5000),
    ["is a number"] = 5,
  } do
    it(name .. " is not gone to, and another is asked for", function()
      local shown = type(url) == "string" and '"' .. url:gsub("/", "\\/") .. '"' or url
      wire:answer_next(200, ('{"ok":true,"url":%s}'):format(shown))
      local bot, socket = wire:ready_bot()
      assert.equal(2, #wire.opens)
      assert.equal(1, bot:count "closed")
      assert.is_string(bot:change("closed").message)
      assert.equal(1, wire:count_logged "^warn")
      assert.falsy(wire:logged "secret")
      wire:event(socket, "behind")
      wire:wait("the event", function() return bot:envelope "behind" end)
    end)
  end

  it("has credentials is gone to without them", function()
    local url = wire:ticket_url():gsub("^ws://", "ws://me:hush@")
    wire:answer_next(200, ('{"ok":true,"url":"%s"}'):format(url))
    local bot = wire:ready_bot()
    assert.equal(0, bot:count "closed")
    assert.falsy(wire:logged "hush")
  end)
end)
