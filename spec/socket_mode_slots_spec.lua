local core = require "slack.core"
local Wire = require "support.wire_slack"

describe("socket mode slots", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  local function wait_for_close(socket)
    return wire:wait("the end of a WebSocket", function()
      return socket.closed
    end)
  end

  ---From the first hello on there was always a ready connection.
  local function assert_no_gap(bot)
    local was_ready = false
    for _, change in ipairs(bot.changes) do
      was_ready = was_ready or change.ready > 0
      assert.truthy(not was_ready or change.ready > 0)
    end
  end

  ---The states that a connection went through, in order.
  local function life(bot, number)
    local states = {}
    for _, change in ipairs(bot.changes) do
      if change.connection == number then
        states[#states + 1] = change.state
      end
    end
    return table.concat(states, " ")
  end

  it("open as many connections as wanted and tell each step (S201, S202)", function()
    local bot = wire:ready_bot { connections = 3 }
    assert.equal(3, #wire.opens)
    assert.equal(3, #wire.sockets)
    for number = 1, 3 do
      assert.equal("opening connecting ready", life(bot, number))
    end
    assert.equal(3, bot:change("ready", 3).ready)
    local counts = {}
    for i = 1, 3 do
      counts[#counts + 1] = bot:change("ready", i).num_connections
    end
    table.sort(counts)
    assert.same({ 1, 2, 3 }, counts)
    wire:wait("counters", function()
      local stats = bot.mode:stats()
      return stats.ready == 3 and stats.open == 3 and stats.reconnects == 0
    end)
  end)

  it("stagger the first connections when asked to", function()
    local bot = wire:ready_bot { connections = 3, stagger = 0.1 }
    local apart = bot:change("opening", 3).at - bot:change("opening", 1).at
    assert.truthy(apart > 0.1 and apart < 10)
    assert.near(0.1, bot:change("waiting").delay, 0.001)
  end)

  it("are not ready before hello", function()
    wire.no_hello = true
    local bot = wire:bot()
    local socket = wire:socket(1)
    wire:pass(0.05)
    assert.equal("opening connecting", life(bot, 1))
    assert.equal(0, bot.mode:stats().ready)
    wire:hello(socket)
    bot:wait("ready")
  end)

  it("give up a connection that gets no hello, with a new URL for the next", function()
    wire.no_hello = true
    local bot = wire:bot { hello_timeout = 0.1 }
    wait_for_close(wire:socket(1))
    assert.equal("timeout", bot:wait("closed").code)
    assert.truthy(bot:change("closed").message:find "hello")
    local second = wire:socket(2)
    assert.not_equal(wire.sockets[1].target, second.target)
    wire:hello(second)
    bot:wait("ready")
  end)

  it("keep exactly one reconnect in flight while upgrades are refused (S205)", function()
    wire.server:refuse_upgrades(409)
    local bot = wire:bot()
    local refused = bot:wait("closed", 4)
    assert.equal("upgrade", refused.code)
    assert.truthy(refused.message:find "409")
    -- Each attempt ends before the next begins, and each has asked for its own URL.
    local open = 0
    for _, change in ipairs(bot.changes) do
      open = open + (change.state == "opening" and 1 or change.state == "closed" and -1 or 0)
      assert.truthy(open == 0 or open == 1)
    end
    assert.truthy(#wire.opens >= 4)
    wire.server:refuse_upgrades(0)
    bot:wait("ready")
  end)

  for _, reason in ipairs { "warning", "refresh_requested", "container_moved", "" } do
    it(("replace before letting go at the reason %q (S206)"):format(reason), function()
      local bot, old = wire:ready_bot()
      wire:disconnect(old, reason)
      bot:wait("ready", 2)
      assert.is_nil(old.closed)
      assert.equal("opening connecting ready", life(bot, 2))
      bot:wait("draining")
      assert.equal(0, #bot.envelopes) -- not forwarded
      if reason == "warning" then
        wire:act(old, "close", "", 1000) -- Slack closes it itself
      end
      wait_for_close(old)
      wire:wait("the end of the old one", function()
        return life(bot, 1) == "opening connecting ready draining closed"
      end)
      assert.equal("", bot:change("closed").code)
      assert_no_gap(bot)
    end)
  end

  it("read and ack on the old connection until it is let go (S226)", function()
    local bot, old = wire:ready_bot()
    wire.hold_opens = true
    wire:disconnect(old, "refresh_requested")
    wire:wait("the replacement's call", function()
      return wire.held
    end)
    wire:event(old, "during")
    wire:wait("the ack", function()
      return wire:ack_of "during"
    end)
    wire:answer_open(wire.held)
    bot:wait("ready", 2)
    wire:event(old, "after")
    wire:wait("the ack", function()
      return wire:ack_of "after"
    end)
    local _, on = wire:ack_of "after"
    assert.equal(old, on)
    wait_for_close(old)
    assert.equal(1000, old.close_code)
    assert.equal(2, #bot.envelopes)
  end)

  it("ack elsewhere what arrives after the old connection said goodbye (S226)", function()
    local bot, old = wire:ready_bot { drain_timeout = 0.05 }
    wire:act(old, "silence", "", 1) -- it does not see our close frame
    wire:disconnect(old, "refresh_requested")
    bot:wait("ready", 2)
    wire:pass(0.1)
    wire:event(old, "crossing")
    wire:wait("the ack", function()
      return wire:ack_of "crossing"
    end)
    local _, on = wire:ack_of "crossing"
    assert.equal(wire.sockets[2], on)
    assert.equal(1, #bot.envelopes)
  end)

  it("let an old connection drain while a handler owes an ack on it", function()
    local bot, old = wire:ready_bot()
    wire:command(old, "C")
    wire:wait("the command", function()
      return bot:envelope "C"
    end)
    wire:disconnect(old, "refresh_requested")
    bot:wait("ready", 2)
    wire:pass(0.25) -- longer than it would stay otherwise
    assert.is_nil(old.closed)
    bot.mode:ack(bot:envelope("C").ack_token, "{}")
    wait_for_close(old)
    local _, on = wire:ack_of "C"
    assert.equal(old, on)
  end)

  it("let no old connection live longer than drain_timeout", function()
    local bot, old = wire:ready_bot { drain_timeout = 0.15, ack_deadline = 30 }
    wire:command(old, "C")
    wire:disconnect(old, "refresh_requested")
    local replaced = bot:wait("ready", 2).at
    wait_for_close(old)
    local drained = old.closed_at - replaced
    assert.truthy(drained > 0.14 and drained < 4)
    bot.mode:ack(bot:envelope("C").ack_token, "{}")
    wire:wait("the ack on the new one", function()
      return wire:ack_of "C"
    end)
  end)

  it("drop an old connection whose peer does not answer the close (S210)", function()
    local bot, old = wire:ready_bot { drain_timeout = 0.05 }
    wire:act(old, "silence", "", 1)
    wire:disconnect(old, "refresh_requested")
    bot:wait("ready", 2)
    local closed = wire:wait("the drop", function()
      return bot:change "closed"
    end)
    assert.truthy(closed.at - bot:change("ready", 2).at < 10)
  end)

  it("keep one replacement when warning is followed by refresh_requested", function()
    local bot, old = wire:ready_bot()
    wire.hold_opens = true
    wire:disconnect(old, "warning")
    wire:disconnect(old, "refresh_requested")
    wire:disconnect(old, "refresh_requested")
    wire:wait("the replacement's call", function()
      return wire.held
    end)
    wire:pass(0.05)
    wire.hold_opens = false
    wire:answer_open(wire.held)
    wait_for_close(old)
    assert.equal(2, #wire.opens)
    assert.equal(2, bot:count "ready")
  end)

  it("say once for each reason that Slack wants an end, however often it says so", function()
    local _, old = wire:ready_bot()
    wire.hold_opens = true
    for i = 1, 6 do
      wire:disconnect(old, i % 2 == 1 and "warning" or "refresh_requested")
      wire:event(old, "E")
      local acks = wire:count_acks()
      wire:wait("the ack", function()
        return wire:count_acks() > acks
      end)
    end
    assert.equal(1, wire:count_logged "Slack disconnects %(it closes soon%)")
    assert.equal(1, wire:count_logged "Slack disconnects %(a refresh is wanted%)")
  end)

  it("retry slowly and tell the operator when Socket Mode is switched off", function()
    local bot, old = wire:ready_bot { backoff_maximum = 0.3 }
    wire:disconnect(old, "link_disabled")
    local waiting = bot:wait("waiting")
    assert.equal("link_disabled", waiting.code)
    assert.truthy(waiting.delay >= 0.3 and waiting.delay <= 0.6)
    local line = wire:wait("the operator's line", function()
      return wire:logged "^error socket_mode: Socket Mode is switched off"
    end)
    local seconds = line:match "; next attempt in ([%d.]+) s$"
    assert.truthy(math.abs(tonumber(seconds) - waiting.delay) < 0.1)
    wire:act(old, "close", "", 1000)
    wait_for_close(old)
    wire:pass(0.1)
    assert.equal(1, #wire.opens) -- its end is no reason to hurry
    bot:wait("ready", 2)
  end)

  it("say once for all that Socket Mode is switched off, and again when it still is", function()
    local bot, one, two = wire:ready_bot { connections = 2, backoff_maximum = 0.3 }
    wire:disconnect(one, "link_disabled")
    wire:disconnect(two, "link_disabled")
    bot:wait("ready", 4)
    assert.equal(1, wire:count_logged "^error socket_mode: Socket Mode is switched off")
    wire:disconnect(wire.sockets[3], "link_disabled")
    wire:wait("the second line", function()
      return wire:count_logged "^error socket_mode: Socket Mode is switched off" == 2
    end)
  end)

  it("make do with one connection less when Slack counts too many", function()
    local bot, one, two = wire:ready_bot { connections = 2 }
    wire:disconnect(two, "too_many_websockets")
    wait_for_close(two)
    wire:pass(0.3) -- several times backoff_maximum
    assert.equal(2, #wire.opens)
    assert.is_nil(one.closed)
    assert.equal(1, bot.mode:stats().ready)
    wire:wait("the line", function()
      return wire:logged "^warn socket_mode: Slack says .* too many connections"
    end)
    wire:act(one, "reset")
    bot:wait("ready", 3)
    wire:pass(0.05)
    assert.equal(3, #wire.sockets)
  end)

  it("drop a replacement under way when Slack then counts too many", function()
    local bot, one, two = wire:ready_bot { connections = 2 }
    wire.no_hello = true
    wire:disconnect(one, "refresh_requested")
    local replacement = wire:socket(3)
    wire:disconnect(one, "too_many_websockets")
    wait_for_close(one)
    wait_for_close(replacement)
    wire:wait("the count of one", function()
      return bot.mode:stats().open == 1
    end)
    wire:event(two, "E")
    wire:wait("an event on the other one", function()
      return bot:envelope "E"
    end)
    assert.equal(3, #wire.opens)
  end)

  it("come back with a delay when the last connection is one too many", function()
    local bot, socket = wire:ready_bot()
    wire:disconnect(socket, "too_many_websockets")
    wait_for_close(socket)
    assert.truthy(bot:wait("waiting").delay > 0)
    bot:wait("ready", 2)
  end)

  it("treat too_many_websockets instead of hello alike", function()
    wire.no_hello = true
    local bot = wire:bot()
    local socket = wire:socket(1)
    wire:disconnect(socket, "too_many_websockets")
    wait_for_close(socket)
    assert.truthy(bot:wait("waiting").delay > 0)
    wire.no_hello = false
    bot:wait("ready")
    assert.truthy(wire:count_live() <= 1)
  end)

  for name, act in pairs {
    ["a TCP reset"] = { "reset" },
    ["a close"] = { "close", "", 1000 },
    ["a close that tells an error"] = { "close", "", 1011 },
  } do
    it("reconnect at once after " .. name .. " without a disconnect frame", function()
      local bot, socket = wire:ready_bot()
      local began = core.monotonic()
      wire:act(socket, table.unpack(act))
      local ready = bot:wait("ready", 2)
      assert.truthy(ready.at - began < 10)
      assert.equal(0, bot:count "waiting")
      assert.not_equal("", bot:change("closed").code)
      wire:wait("the count", function()
        return bot.mode:stats().reconnects == 1
      end)
    end)
  end

  it("do not race when fresh connections keep breaking", function()
    local bot = wire:ready_bot { stable_after = 60, backoff_first = 0.1, backoff_maximum = 10 }
    for i = 1, 4 do
      wire:act(wire.sockets[i], "reset")
      bot:wait("ready", i + 1)
    end
    assert.equal(3, bot:count "waiting") -- all but the first
    local limit = 0.1
    for i = 1, 3 do
      local delay = bot:change("waiting", i).delay
      assert.truthy(delay >= limit / 2 and delay <= limit)
      limit = limit + delay
    end
  end)

  it("do not race when Slack asks for a refresh right after each hello", function()
    local bot = wire:ready_bot { stable_after = 60, backoff_first = 0.05, backoff_maximum = 10 }
    for i = 1, 9 do
      wire:disconnect(wire.sockets[i], "refresh_requested")
      bot:wait("ready", i + 1)
    end
    assert.equal(3, bot:count "waiting") -- five in a row are taken for planned
  end)

  it("forget failures once a connection has proved stable", function()
    local bot = wire:ready_bot { stable_after = 0.1, backoff_first = 5, backoff_maximum = 5 }
    for i = 1, 3 do
      wire:pass(0.12)
      wire:act(wire.sockets[i], "reset")
      bot:wait("ready", i + 1)
    end
    assert.equal(0, bot:count "waiting")
  end)

  it("never hold more sockets than connections and their replacements", function()
    local bot = wire:ready_bot { connections = 2 }
    local most = 0
    for round = 1, 10 do
      for i = #wire.sockets - 1, #wire.sockets do
        wire:disconnect(wire.sockets[i], "refresh_requested")
      end
      wire:wait("the replacements", function()
        most = math.max(most, wire:count_live())
        return bot:count "ready" == 2 + 2 * round
      end)
    end
    assert.truthy(most <= 4)
    wire:wait("the old ones' end", function()
      return wire:count_live() == 2
    end)
    wire:wait("two sockets", function()
      return bot.mode:stats().open == 2
    end)
  end)

  it("leave no moment without a ready connection, lose nothing and double nothing over "
    .. "many refreshes under load", function()
    local rounds = tonumber(os.getenv "REFRESHES") or 40
    local bot, current = wire:ready_bot({}, {})
    local sent = 0
    for round = 1, rounds do
      wire:disconnect(current, "refresh_requested")
      local began = core.monotonic()
      wire:wait("the replacement", function()
        sent = sent + 1
        wire:event(current, "R-" .. sent)
        wire:pass(0.001)
        return bot:count "ready" == round + 1
      end)
      assert.truthy(core.monotonic() - began < 10)
      current = wire.sockets[#wire.sockets]
    end
    wire:wait("all events and acks", function()
      return #bot.envelopes >= sent and wire:count_acks() >= sent
    end)
    local seen = {}
    for _, envelope in ipairs(bot.envelopes) do
      assert.is_nil(seen[envelope.id])
      seen[envelope.id] = true
    end
    local acks, by_id = wire:count_acks()
    assert.equal(sent, acks)
    for i = 1, sent do
      assert.equal(1, by_id["R-" .. i])
      assert.is_true(seen["R-" .. i])
    end
    assert_no_gap(bot)
  end)
end)
