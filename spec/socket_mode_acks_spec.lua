local core = require "slack.core"
local Wire = require "support.wire_slack"

describe("acks that handlers owe", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  ---Delivers a command and waits until it has reached Lua.
  local function deliver(bot, socket, id)
    wire:command(socket, id)
    return wire:wait("the envelope " .. id, function()
      return bot:envelope(id)
    end)
  end

  local function wait_for_ack(id)
    local text, socket, at
    wire:wait("the ack of " .. id, function()
      text, socket, at = wire:ack_of(id)
      return text
    end)
    return text, socket, at
  end

  local function wait_for_fate(bot, token)
    return wire:wait("an ack's fate", function()
      return bot.fates[token]
    end)
  end

  it("carry the handler's payload", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    assert.is_true(bot.mode:ack(envelope.ack_token, '{"text":"hé"}'))
    local text, on = wait_for_ack "C"
    assert.equal('{"envelope_id":"C","payload":{"text":"hé"}}', text)
    assert.equal(socket, on)
    wire:pass(0.05)
    assert.is_nil(bot.fates[envelope.ack_token])
  end)

  it("may be empty", function()
    local bot, socket = wire:ready_bot()
    bot.mode:ack(deliver(bot, socket, "C").ack_token)
    assert.equal('{"envelope_id":"C"}', (wait_for_ack "C"))
  end)

  it("go out empty at the deadline, and Lua is told", function()
    local bot, socket = wire:ready_bot { ack_deadline = 0.1 }
    local envelope = deliver(bot, socket, "C")
    local text, _, at = wait_for_ack "C"
    assert.equal('{"envelope_id":"C"}', text)
    assert.truthy(at - envelope.received > 0.099 and at - envelope.received < 1.9)
    assert.equal("deadline", wait_for_fate(bot, envelope.ack_token))
    wire:wait("the counter", function()
      return bot.mode:stats().deadline_acks == 1
    end)
  end)

  it("are dropped when they come after the deadline, and Lua is told", function()
    local bot, socket = wire:ready_bot { ack_deadline = 0.05 }
    local envelope = deliver(bot, socket, "C")
    wait_for_fate(bot, envelope.ack_token)
    bot.mode:ack(envelope.ack_token, '{"text":"late"}')
    wire:wait("the late notice", function()
      return bot.fates[envelope.ack_token] == "late"
    end)
    wait_for_ack "C"
    local _, by_id = wire:count_acks()
    assert.equal(1, by_id.C)
  end)

  it("are sent once however often they are given", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    bot.mode:ack(envelope.ack_token)
    bot.mode:ack(envelope.ack_token)
    assert.equal("late", wait_for_fate(bot, envelope.ack_token))
    wait_for_ack "C"
    wire:pass(0.05)
    local _, by_id = wire:count_acks()
    assert.equal(1, by_id.C)
  end)

  it("can be left out on purpose", function()
    local bot, socket = wire:ready_bot { ack_deadline = 0.1 }
    local envelope = deliver(bot, socket, "C")
    bot.mode:forget(envelope.ack_token)
    deliver(bot, socket, "after")
    wait_for_ack "after" -- its deadline is later
    assert.is_nil(wire:ack_of "C")
    assert.is_nil(bot.fates[envelope.ack_token])
  end)

  it("of 20,480 bytes are refused and stay owed, one byte less is sent (S217)", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    local function payload(size)
      return '"' .. ("x"):rep(size - 2) .. '"'
    end
    local ok, message, code = bot.mode:ack(envelope.ack_token, payload(20480))
    assert.is_nil(ok)
    assert.equal("too_large", code)
    assert.truthy(message:find("20480", 1, true))
    assert.is_true(bot.mode:ack(envelope.ack_token, payload(20479)))
    local text = wait_for_ack "C"
    assert.equal(#'{"envelope_id":"C","payload":}' + 20479, #text)
  end)

  it("go out on another connection when their own has gone (S216)", function()
    local bot, one, two = wire:ready_bot { connections = 2, backoff_first = 5 }
    local envelope = deliver(bot, one, "C")
    wire:act(one, "reset")
    wire:wait("the loss", function()
      return bot:change "closed"
    end)
    bot.mode:ack(envelope.ack_token, "{}")
    local _, on = wait_for_ack "C"
    assert.not_equal(one, on)
    assert.truthy(on == two or on == wire.sockets[3])
  end)

  it("wait for a connection when there is none", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    wire.hold_opens = true
    wire:act(socket, "reset")
    wire:wait("the loss", function()
      return bot:change "closed" and wire.held
    end)
    bot.mode:ack(envelope.ack_token, '{"text":"kept"}')
    wire:pass(0.03)
    wire:answer_open(wire.held)
    local text, on = wait_for_ack "C"
    assert.equal('{"envelope_id":"C","payload":{"text":"kept"}}', text)
    assert.equal(wire.sockets[2], on)
  end)

  it("are given up at their deadline when no connection has come, and Lua is told", function()
    local bot, socket = wire:ready_bot { ack_deadline = 0.15 }
    local answered = deliver(bot, socket, "C1")
    local silent = deliver(bot, socket, "C2")
    wire.hold_opens = true
    wire:act(socket, "reset")
    wire:wait("the loss", function()
      return bot:change "closed"
    end)
    bot.mode:ack(answered.ack_token, "{}")
    assert.equal("unsent", wait_for_fate(bot, answered.ack_token))
    assert.equal("unsent", wait_for_fate(bot, silent.ack_token))
  end)

  it("that wait to be sent when their connection breaks go out on another (S216)", function()
    local bot, one, two = wire:ready_bot { connections = 2, backoff_first = 5, ack_deadline = 20 }
    wire:act(one, "silence", "", 1)
    for i = 1, 380 do
      wire:command(one, "C-" .. i)
    end
    wire:wait("the commands", function()
      return #bot.envelopes == 380
    end)
    -- Far more than the sockets in between can hold.
    local payload = '"' .. ("x"):rep(20000) .. '"'
    for _, envelope in ipairs(bot.envelopes) do
      bot.mode:ack(envelope.ack_token, payload)
    end
    wire:wait("the acks' way", function()
      return bot.mode:stats().acks == 380
    end)
    wire:pass(0.05)
    wire:act(one, "reset")
    wire:wait("the last ack", function()
      local text, on = wire:ack_of "C-380"
      return text and on ~= one and #text > 20000
    end)
    assert.truthy(#two.texts > 1 or #wire.sockets > 2)
  end)

  it("flow while Lua computes: acks, deadlines and pongs (S225)", function()
    local bot, socket = wire:ready_bot { ack_deadline = 0.1 }
    deliver(bot, socket, "C")
    -- Everything below is handled by C threads while this thread does not step.
    for i = 1, 20 do
      wire:event(socket, "E-" .. i)
    end
    wire:act(socket, "ping", "are you there")
    local sent = core.monotonic()
    local woke -- luacheck: ignore 221
    repeat
      woke = core.monotonic()
    until woke - sent > 1
    wire:wait("acks and pong", function()
      return wire:count_acks() == 21 and socket.pongs[1]
    end)
    assert.equal("are you there", socket.pongs[1].payload)
    assert.truthy(socket.pongs[1].at < woke)
    for i = 1, 20 do
      local _, _, at = wire:ack_of("E-" .. i)
      assert.truthy(at < woke)
    end
    local _, _, at = wire:ack_of "C"
    assert.truthy(at < woke)
  end)
end)
