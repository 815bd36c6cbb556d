local Wire = require "support.wire_slack"
local json = require "slack.json"

describe("what comes in", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  local function wait_for_envelope(bot, id)
    return wire:wait("the envelope " .. id, function()
      return bot:envelope(id)
    end)
  end

  local function wait_for_ack(id)
    local text, socket
    wire:wait("the ack of " .. id, function()
      text, socket = wire:ack_of(id)
      return text
    end)
    return text, socket
  end

  it("is acked at once when it is an event, and handed over with its fields (S214)", function()
    local bot, socket = wire:ready_bot()
    wire:act(
      socket,
      "text",
      [[{"type":"events_api","envelope_id":"E-1","accepts_response_payload":false,]]
        .. [["retry_attempt":2,"retry_reason":"timeout","payload":{"a":[1,"\u00e9"]}}]]
    )
    local envelope = wait_for_envelope(bot, "E-1")
    assert.equal("events_api", envelope.type)
    assert.equal([[{"a":[1,"\u00e9"]}]], envelope.payload)
    assert.equal(0, envelope.ack_token)
    assert.equal(2, envelope.retry_attempt)
    assert.equal("timeout", envelope.retry_reason)
    assert.is_false(envelope.accepts)
    assert.equal('{"envelope_id":"E-1"}', wait_for_ack "E-1")
  end)

  describe("with an event", function()
    local function send(bot, socket, payload)
      local before = #bot.envelopes
      wire:act(socket, "text", '{"type":"events_api","envelope_id":"E-1","retry_attempt":1,'
        .. '"retry_reason":"timeout","payload":' .. payload .. "}")
      wire:wait("the event", function()
        return #bot.envelopes > before
      end)
      return bot.envelopes[before + 1]
    end

    it("has it decoded, and all around it as text", function()
      local bot, socket = wire:ready_bot()
      local got = send(bot, socket,
        '{"token":"t","event":{"text":"\\u00e9","blocks":[]},"event_id":"Ev1","event_time":7}')
      assert.same({ text = "é", blocks = json.list() }, got.event)
      assert.equal("Ev1", got.event_id)
      assert.equal('{"token":"t","event":null,"event_id":"Ev1","event_time":7}', got.rest)
      assert.equal(1, got.retry_attempt)
      assert.equal("timeout", got.retry_reason)
      assert.is_nil(got.entry)
      assert.equal('{"envelope_id":"E-1"}', wait_for_ack "E-1")
      assert.is_nil(send(bot, socket, '{"event":{}}').event_id)
    end)

    it("is as long as it may be", function()
      local bot, socket = wire:ready_bot()
      local long = ("x"):rep(300000)
      local got = send(bot, socket,
        ('{"pad":"%s","event":{"pad":"%s"},"more":"%s"}'):format(long, long, long))
      assert.equal(long, got.event.pad)
      assert.equal(('{"pad":"%s","event":null,"more":"%s"}'):format(long, long), got.rest)
    end)

    it("is handed over as text where its parts could not be told apart", function()
      local bot, socket = wire:ready_bot()
      for _, payload in ipairs {
        '{"event":{},"deep":' .. ("["):rep(600) .. ("]"):rep(600) .. "}",
        '{"event":{},"event_id":"Ev\\u0031"}', '{"event":[]}', '{"event":{},"event":7}',
      } do
        local got = send(bot, socket, payload)
        assert.equal(payload, got.payload)
        assert.is_nil(got.event)
      end
    end)
  end)

  it("is acked and handed over however deep it is nested", function()
    local bot, socket = wire:ready_bot()
    local nest = ("["):rep(400000) .. ("]"):rep(400000)
    wire:act(socket, "text", '{"type":"events_api","envelope_id":"E-1","payload":' .. nest .. "}")
    assert.equal(nest, wait_for_envelope(bot, "E-1").payload)
    assert.equal('{"envelope_id":"E-1"}', wait_for_ack "E-1")
    assert.equal(0, bot.mode:stats().bad_frames)
  end)

  it("is acked at once when it is an event, even one that would take a payload", function()
    local bot, socket = wire:ready_bot()
    wire:act(
      socket,
      "text",
      '{"type":"events_api","envelope_id":"E-1","accepts_response_payload":true,"payload":{}}'
    )
    wait_for_ack "E-1"
    assert.equal(0, wait_for_envelope(bot, "E-1").ack_token)
  end)

  it("waits for its handler when it is a command or an interaction", function()
    local bot, socket = wire:ready_bot()
    for id, kind in pairs { C = "slash_commands", I = "interactive" } do
      wire:act(
        socket,
        "text",
        ('{"type":"%s","envelope_id":"%s","payload":{},"accepts_response_payload":%s}'):format(
          kind,
          id,
          tostring(id == "C")
        )
      )
      local envelope = wait_for_envelope(bot, id)
      assert.not_equal(0, envelope.ack_token)
      assert.equal(id == "C", envelope.accepts)
    end
    wire:pass(0.05)
    assert.is_nil(wire:ack_of "C")
    assert.is_nil(wire:ack_of "I")
  end)

  it("is acked empty and handed over when its type is unknown", function()
    local bot, socket = wire:ready_bot()
    wire:act(socket, "text", '{"type":"surprise","envelope_id":"U","payload":{"x":1}}')
    assert.equal('{"envelope_id":"U"}', wait_for_ack "U")
    local envelope = wait_for_envelope(bot, "U")
    assert.equal("surprise", envelope.type)
    assert.equal('{"x":1}', envelope.payload)
    assert.equal(0, envelope.ack_token)
  end)

  it("has an empty payload when Slack sends none", function()
    local bot, socket = wire:ready_bot()
    wire:act(socket, "text", '{"type":"events_api","envelope_id":"N"}')
    assert.equal("{}", wait_for_envelope(bot, "N").payload)
  end)

  local nest = ("["):rep(5000) .. ("]"):rep(5000)
  local unusable = {
    { "text", "{broken", "no JSON object" },
    { "text", "[1]", "no JSON object" },
    { "text", "", "no JSON object" },
    { "text", '{"type":"x","envelope_id":"X","payload":' .. nest .. "]}", "no JSON object" },
    { "text", '{"type":"events_api","payload":{}}', "no usable envelope_id" },
    { "text", '{"type":"events_api","envelope_id":7,"payload":{}}', "no usable envelope_id" },
    { "text", '{"type":"x","envelope_id":"a\\"b","payload":{}}', "no usable envelope_id" },
    { "text", '{"envelope_id":"X","payload":{}}', "no type" },
    { "text", "{}", "no type" },
    { "binary", "\0\1\2", "binary" },
  }
  for _, case in ipairs(unusable) do
    it("is ignored with one line when it is " .. case[3] .. ": " .. case[2]:sub(1, 50), function()
      local bot, socket = wire:ready_bot()
      wire:act(socket, case[1], case[2])
      wire:event(socket, "after")
      wait_for_envelope(bot, "after") -- S212: the loop goes on
      assert.equal(1, #bot.envelopes)
      wire:wait("one bad frame", function()
        return bot.mode:stats().bad_frames == 1
      end)
      wire:wait("the line", function()
        return wire:logged("^warn socket_mode: connection 1: ignored .*" .. case[3])
      end)
      assert.equal(0, bot:count "closed")
    end)
  end

  it("is never acked when it is hello or disconnect", function()
    local bot, socket = wire:ready_bot()
    wire:act(socket, "text", '{"type":"hello","envelope_id":"H"}')
    wire:act(socket, "text", '{"type":"disconnect","envelope_id":"D","reason":"warning"}')
    wire:wait("the replacement", function()
      return bot:count "ready" == 2
    end)
    assert.is_nil(wire:ack_of "H")
    assert.is_nil(wire:ack_of "D")
    assert.equal(0, #bot.envelopes)
  end)

  it("floods no log: a few lines a second, then how many more there were", function()
    local bot, socket = wire:ready_bot()
    for _ = 1, 200 do
      wire:act(socket, "text", "nonsense")
    end
    wire:event(socket, "after")
    wait_for_envelope(bot, "after")
    wire:wait("the count", function()
      return wire:logged "more unusable frames were ignored"
    end)
    local lines, more = 0, 0
    for _, line in ipairs(wire.log_lines) do
      lines = lines + (line:find "ignored a text frame" and 1 or 0)
      more = more + (tonumber(line:match "(%d+) more unusable") or 0)
    end
    assert.truthy(lines <= 10)
    assert.equal(200, lines + more)
  end)

  it("goes to Lua in the order of arrival", function()
    local bot, socket = wire:ready_bot()
    for i = 1, 500 do
      wire:event(socket, "E-" .. i)
    end
    wire:wait("500 envelopes", function()
      return #bot.envelopes == 500
    end)
    for i, envelope in ipairs(bot.envelopes) do
      assert.equal("E-" .. i, envelope.id)
    end
    wire:wait("500 acks", function()
      return wire:count_acks() == 500
    end)
    wire:wait("the counters", function()
      local stats = bot.mode:stats()
      return stats.envelopes == 500 and stats.acks == 500
    end)
  end)

  it("shows no token or ticket in any log line or notice (S224)", function()
    local bot, socket = wire:ready_bot()
    wire:act(socket, "text", '{"type":"events_api","payload":{"token":"xoxb-1-secret"}}')
    wire:act(socket, "reset")
    wire:wait("a new connection", function()
      return bot:count "ready" == 2
    end)
    local said = table.concat(wire.log_lines, "\n")
    for _, change in ipairs(bot.changes) do
      said = said .. "\n" .. change.message
    end
    for _, secret in ipairs { "abcdef", "secret", "ticket=" } do
      assert.falsy(said:find(secret, 1, true))
    end
  end)
end)
