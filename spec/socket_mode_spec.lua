local core = require "slack.core"
local footprint = require "support.footprint"
local Wire = require "support.wire_slack"

describe("socket mode", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  local function deliver(bot, socket, id)
    wire:command(socket, id)
    return wire:wait("the envelope " .. id, function()
      return bot:envelope(id)
    end)
  end

  it("stops with close frames, and says so once", function()
    local bot = wire:ready_bot { connections = 3 }
    bot.mode:stop(1)
    bot.mode:stop(1)
    local stopped = bot:wait("stopped")
    assert.equal(0, stopped.connection)
    assert.equal(0, stopped.ready)
    wire:wait("the closes", function()
      return wire:count_live() == 0
    end)
    for _, socket in ipairs(wire.sockets) do
      assert.equal(1000, socket.close_code)
    end
    wire:pass(0.05)
    assert.equal(1, bot:count "stopped")
    assert.equal(3, bot:count "closed")
    assert.equal(3, #wire.opens)
  end)

  it("lets owed acks go out before it stops, and takes no new deliveries", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    bot.mode:stop(5)
    wire:pass(0.02)
    wire:event(socket, "too late")
    wire:pass(0.1)
    assert.is_nil(socket.closed)
    assert.is_true(bot.mode:ack(envelope.ack_token, '{"text":"done"}'))
    bot:wait("stopped")
    assert.equal('{"envelope_id":"C","payload":{"text":"done"}}', (wire:ack_of "C"))
    assert.is_nil(wire:ack_of "too late")
    assert.is_nil(bot:envelope "too late")
  end)

  it("stops without acks that do not come within the grace", function()
    local bot, socket = wire:ready_bot()
    deliver(bot, socket, "C")
    local began = core.monotonic()
    bot.mode:stop(0.1)
    local took = bot:wait("stopped").at - began
    assert.truthy(took >= 0.1 and took < 1.9)
    assert.is_nil(wire:ack_of "C")
  end)

  it("takes no acks after it has stopped", function()
    local bot, socket = wire:ready_bot()
    local envelope = deliver(bot, socket, "C")
    bot.mode:stop(0)
    bot:wait("stopped")
    wire:wait("the refusal", function()
      local ok, _, code = bot.mode:ack(envelope.ack_token)
      return not ok and code == "closed"
    end)
  end)

  it("stops within a moment when Slack answers no close (S210)", function()
    local bot, socket = wire:ready_bot()
    wire:act(socket, "silence", "", 1)
    wire:pass(0.05) -- before the close frame is there
    local began = core.monotonic()
    bot.mode:stop(0)
    local took = bot:wait("stopped").at - began
    assert.truthy(took >= 1 and took < 10)
  end)

  it("stops at once while it waits for the next attempt (S230)", function()
    wire:answer_next(429, "", { "Retry-After", "60" })
    local bot = wire:bot()
    bot:wait("waiting")
    local began = core.monotonic()
    bot.mode:stop(50)
    assert.truthy(bot:wait("stopped").at - began < 10)
  end)

  it("stops at once while apps.connections.open is unanswered", function()
    wire.hold_opens = true
    local bot = wire:bot()
    wire:wait("the call", function()
      return wire.held
    end)
    bot.mode:stop(5)
    bot:wait("stopped")
    wire:answer_open(wire.held)
    wire:pass(0.05)
    assert.equal(0, #wire.sockets)
  end)

  it("stops at once after a fatal error", function()
    wire:answer_next(200, '{"ok":false,"error":"invalid_auth"}')
    local bot = wire:bot()
    bot:wait("fatal")
    bot.mode:stop(5)
    bot:wait("stopped")
  end)

  it("is gone quickly whenever it is closed", function()
    local moments = {
      at_once = function() end,
      while_opening = function()
        wire:wait("a call", function()
          return wire.held
        end)
      end,
      ready = function(bot)
        bot:wait("ready")
      end,
      stopping = function(bot)
        bot:wait("ready")
        deliver(bot, wire.sockets[#wire.sockets], "C")
        bot.mode:stop(100)
      end,
    }
    for name, reach in pairs(moments) do
      wire.hold_opens = name == "while_opening"
      local bot = wire:bot { connections = 2 }
      reach(bot)
      local began = core.monotonic()
      bot:close()
      assert.truthy(core.monotonic() - began < 10, name)
    end
    wire.hold_opens = false
    wire:wait("all sockets closed", function()
      return wire:count_live() == 0
    end)
  end)

  it("raises when it is used after close, and closes twice without harm", function()
    local bot = wire:ready_bot()
    bot:close()
    bot.mode:close()
    assert.error_matches(function()
      bot.mode:ack(1)
    end, "has been closed")
    assert.error_matches(function()
      bot.mode:stats()
    end, "has been closed")
  end)

  it("reports before its first connection that none is ready (S229)", function()
    wire.hold_opens = true
    local bot = wire:bot()
    local stats = bot.mode:stats()
    assert.equal(0, stats.ready)
    assert.equal(0, stats.last_frame)
    assert.is_true(bot.mode:ack(12345)) -- nothing is owed under it
    wire:wait("the notice", function()
      return bot.fates[12345] == "late"
    end)
  end)

  it("serves several apps in one process, each for itself", function()
    local one, first = wire:ready_bot { app_token = "xapp-one" }
    local two, second = wire:ready_bot { app_token = "xapp-two" }
    wire:event(first, "for one")
    wire:event(second, "for two")
    wire:wait("both", function()
      return one:envelope "for one" and two:envelope "for two"
    end)
    assert.equal(1, #one.envelopes)
    one:close()
    wire:event(second, "for two again")
    wire:wait("the other", function()
      return two:envelope "for two again"
    end)
  end)

  it("counts what happens", function()
    local bot, socket = wire:ready_bot()
    wire:event(socket, "E")
    wire:act(socket, "ping", "x")
    wire:act(socket, "binary", "y")
    wire:wait("the counters", function()
      local stats = bot.mode:stats()
      return stats.envelopes == 1
        and stats.acks == 1
        and stats.pongs_sent == 1
        and stats.bad_frames == 1
        and stats.last_frame > 0
        and stats.thread_cpu > 0
    end)
    assert.truthy(core.monotonic() - bot.mode:stats().last_frame < 5)
  end)

  it("can be started and stopped any number of times without leaving anything", function()
    if not footprint.IS_KNOWN then
      pending "no /proc here"
      return
    end
    local function round(graceful)
      local bot, socket = wire:ready_bot { connections = 2 }
      wire:event(socket, "E")
      wire:wait("the event", function()
        return bot:envelope "E"
      end)
      if graceful then
        bot.mode:stop(1)
        bot:wait("stopped")
      end
      wire:drop(bot)
    end
    round(true)
    wire:wait("closed sockets", function()
      return wire:count_live() == 0
    end)
    local before = footprint.take()
    for i = 1, 30 do
      round(i % 2 == 0)
    end
    wire:wait("flat counts", function()
      -- The HTTP client may keep another connection or two, with both ends here.
      return wire:count_live() == 0 and footprint.is_back_at(before, 6)
    end)
  end)
end)
