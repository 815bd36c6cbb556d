local core = require "slack.core"
local Wire = require "support.wire_slack"

describe("a socket mode connection", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  -- For what must not happen within a time: a machine that does much else may be silent
  -- for so long now and then, but not each time. fn gets what times are multiplied by.
  local function at_some_pace(fn)
    for _, pace in ipairs { 1, 3 } do
      if pcall(fn, pace) then
        return
      end
    end
    fn(9)
  end

  it("answers a ping with its payload", function()
    local _, socket = wire:ready_bot()
    wire:act(socket, "ping", "Ping from applink-1")
    wire:wait("the pong", function()
      return socket.pongs[1]
    end)
    assert.equal("Ping from applink-1", socket.pongs[1].payload)
  end)

  it("answers the latest of several pings", function()
    local _, socket = wire:ready_bot()
    for i = 1, 20 do
      wire:act(socket, "ping", "ping " .. i)
    end
    wire:wait("the last pong", function()
      local last = socket.pongs[#socket.pongs]
      return last and last.payload == "ping 20"
    end)
    assert.truthy(#socket.pongs <= 20)
  end)

  it("pings when nothing has come for ping_interval, and lives on the pong (S209)", function()
    local began = core.monotonic()
    local bot = wire:ready_bot { ping_interval = 0.05 }
    local pings = wire:wait("pings", function()
      local pings = bot.mode:stats().pings_sent
      return pings >= 8 and pings
    end)
    assert.truthy(pings <= (core.monotonic() - began) / 0.05)
    assert.equal(0, bot:count "closed")
  end)

  it("waits for the pong as long as it is told, were it for ever", function()
    local bot = wire:ready_bot { ping_interval = 0.05, pong_timeout = 1e9 - 1 }
    wire:wait("pings", function()
      return bot.mode:stats().pings_sent >= 3
    end)
    assert.equal(0, bot:count "closed")
  end)

  it("does not ping while something comes in", function()
    at_some_pace(function(pace)
      local bot, socket = wire:ready_bot { ping_interval = 0.5 * pace }
      for i = 1, 80 do
        wire:event(socket, "E-" .. i)
        wire:pass(0.01 * pace)
      end
      assert.equal(0, bot.mode:stats().pings_sent)
    end)
  end)

  it("is replaced when its peer falls silent, without a close handshake (S208, S222)", function()
    local bot, socket = wire:ready_bot { ping_interval = 0.1, pong_timeout = 0.2 }
    wire:act(socket, "silence", "", 1)
    local silent = core.monotonic()
    local closed = bot:wait("closed")
    assert.equal("timeout", closed.code)
    assert.truthy(closed.message:find "silent")
    assert.truthy(closed.at - silent < 4)
    assert.truthy(closed.at - silent > 0.15)
    bot:wait("ready", 2)
    assert.equal(0, bot:count "waiting")
  end)

  it("is replaced when its peer reads nothing of what is sent", function()
    local bot, socket = wire:ready_bot {
      ping_interval = 0.7,
      pong_timeout = 0.7,
      ack_deadline = 100,
    }
    for i = 1, 380 do
      wire:command(socket, "C-" .. i)
    end
    wire:wait("the commands", function()
      return #bot.envelopes == 380
    end)
    local payload = '"' .. ("x"):rep(20000) .. '"'
    wire:act(socket, "silence", "", 1)
    wire:pass(0.05) -- until it is
    for _, envelope in ipairs(bot.envelopes) do
      bot.mode:ack(envelope.ack_token, payload)
    end
    local closed = bot:wait("closed")
    assert.equal("timeout", closed.code)
    assert.truthy(closed.message:find "read nothing", closed.message)
  end)

  it("lives as long as anything comes, pong or not", function()
    at_some_pace(function(pace)
      local bot, socket = wire:ready_bot { ping_interval = 0.1, pong_timeout = 0.7 * pace }
      wire:act(socket, "silence", "", 1) -- no pongs, but the server goes on sending
      local began, sent = core.monotonic(), 0
      while core.monotonic() - began < 1.2 * pace do
        sent = sent + 1
        wire:event(socket, "E-" .. sent)
        wire:pass(0.01)
      end
      assert.equal(0, bot:count "closed")
      wire:wait("all events", function()
        return #bot.envelopes == sent
      end)
    end)
  end)

  it("is not judged by a clock that ran while the process slept", function()
    at_some_pace(function(pace)
      local bot = wire:ready_bot { ping_interval = 0.1, pong_timeout = 0.8 * pace }
      wire:wait("a ping", function()
        return bot.mode:stats().pings_sent > 0
      end)
      -- Everything stops, both ends; the answer to the last ping may wait unread.
      local pid = core.pid()
      os.execute(("kill -STOP %d; sleep %g; kill -CONT %d"):format(pid, 1.2 * pace, pid))
      wire:pass(0.3)
      assert.equal(0, bot:count "closed")
    end)
  end)

  it("passes no verdict while reading pauses because Lua is behind", function()
    at_some_pace(function(pace)
      local bot, socket = wire:ready_bot(
        { ping_interval = 0.05, pong_timeout = 0.8 * pace },
        { mark_count = 5, unread = true }
      )
      wire.log_lines = {}
      for i = 1, 50 do
        wire:event(socket, "E-" .. i)
      end
      wire:wait("the pause", function()
        return wire:logged "reading pauses"
      end)
      wire:wait("pings", function()
        return bot.mode:stats().pings_sent >= 5 -- output goes on
      end)
      wire:pass(1 * pace)
      assert.equal(0, bot:count "closed")
      wire:wait("all events", function()
        bot:read_events()
        return #bot.envelopes == 50
      end)
      wire:pass(0.1)
      assert.equal(0, bot:count "closed")
    end)
  end)

  it("holds back what Lua cannot take, and loses nothing of it", function()
    local bot, socket = wire:ready_bot({}, { mark_count = 10, unread = true })
    local big = ("x"):rep(20000)
    for i = 1, 300 do
      wire:event(socket, "E-" .. i, big)
    end
    wire:wait("the pause", function()
      return wire:logged "reading pauses"
    end)
    wire:pass(0.1)
    assert.truthy(bot.events:load() < 100) -- the marks, and one read more
    assert.truthy(wire:count_acks() < 100) -- what is not read is not acked
    wire:wait("all events", function()
      bot:read_events(20)
      return #bot.envelopes == 300
    end)
    for i, envelope in ipairs(bot.envelopes) do
      assert.equal("E-" .. i, envelope.id)
    end
    wire:wait("all acks", function()
      return wire:count_acks() == 300
    end)
  end)

  it("holds back by bytes, too", function()
    local bot, socket = wire:ready_bot({}, { mark_bytes = 100000, unread = true })
    for i = 1, 100 do
      wire:event(socket, "E-" .. i, ("x"):rep(10000))
    end
    wire:wait("the pause", function()
      return wire:logged "reading pauses"
    end)
    wire:pass(0.05)
    local _, bytes = bot.events:load()
    assert.truthy(bytes < 300000)
    wire:wait("all events", function()
      bot:read_events()
      return #bot.envelopes == 100
    end)
  end)

  it("sends handlers' acks while reading pauses", function()
    local bot, socket = wire:ready_bot({}, { mark_count = 2, unread = true })
    wire:command(socket, "C")
    for i = 1, 20 do
      wire:event(socket, "E-" .. i)
    end
    wire:wait("the pause", function()
      return wire:logged "reading pauses"
    end)
    bot:read_events(1)
    bot.mode:ack(bot.envelopes[1].ack_token, '{"text":"hi"}')
    wire:wait("the ack", function()
      return wire:ack_of "C"
    end)
  end)
end)
