-- RTM at wire level: the C side alone, against a Slack that sends what the spec says.
local Wire = require "support.wire_slack"
local core = require "slack.core"
local frames = require "support.frame_builder"

describe("an RTM connection", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  local function bot(settings, options)
    options = options or {}
    options.rtm = true
    return wire:bot(settings, options)
  end

  local function ready_bot(settings, options)
    options = options or {}
    options.rtm = true
    return wire:ready_bot(settings, options)
  end

  local function wait_for(one, state, nth)
    return wire:wait(("%s number %d"):format(state, nth or 1), function()
      return one:change(state, nth)
    end)
  end

  local function text(socket, frame)
    wire:act(socket, "text", frame)
  end

  it("is asked for by rtm.connect with the token, and for presences on demand", function()
    ready_bot()
    local call = wire.opens[1]
    assert.equal("/api/rtm.connect", call.target)
    assert.matches("Authorization: Bearer xoxb%-1%-abcdef", call.headers)
    assert.equal("batch_presence_aware=1&presence_sub=true", call.body)
  end)

  it("gives each flat event as it came, whatever its fields, and acks nothing", function()
    local one, socket = ready_bot()
    local sent = {
      '{"type":"message","channel":"C1","text":"hi \\"you\\"","ts":"1.2"}',
      '{"user":"U1","type":"presence_change","presence":"away"}',
      '{"type":"error","error":{"code":2,"msg":"odd"}}',
      '{"type":"events_api","envelope_id":"E1","payload":{}}',
      '{"type":"disconnect","reason":"warning"}',
      '{"type":"error","error":"1"}',
    }
    for _, frame in ipairs(sent) do
      text(socket, frame)
    end
    wire:wait("the events", function()
      return #one.envelopes == #sent
    end)
    for i, frame in ipairs(sent) do
      assert.equal(frame, one.envelopes[i].payload)
      assert.equal(0, one.envelopes[i].ack_token)
    end
    assert.equal("message", one.envelopes[1].type)
    assert.equal(0, #socket.texts)
    assert.equal(0, one:count "closed")
  end)

  it("passes over pongs, URLs for reconnecting, and what is no frame of RTM", function()
    local one, socket = ready_bot()
    for _, frame in ipairs {
      '{"type":"pong","reply_to":7}', '{"type":"reconnect_url","url":"wss://x/"}',
      "no JSON", "[]", "{}", '{"type":null}', '{"ok":true}', '"text"',
    } do
      text(socket, frame)
    end
    text(socket, '{"type":"last"}')
    wire:wait("the event", function()
      return one.envelopes[1]
    end)
    assert.equal("last", one.envelopes[1].type)
    assert.same({}, one.replies)
    wire:wait("the count", function() -- made known after the frames of a round
      return one.mode:stats().bad_frames == 6
    end)
    wire:wait("the line", function()
      return wire:logged "^warn rtm: connection 1: ignored .*neither type nor reply_to"
    end)
  end)

  it("sends frames as they are, and gives replies while no events may be taken", function()
    local one, socket = ready_bot(nil, { mark_count = 2, unread = true })
    for i = 1, 10 do
      text(socket, ('{"type":"message","text":"%d"}'):format(i))
    end
    wire:wait("more events than may wait", function()
      return one.events:load() > 2 and wire:logged "reading pauses"
    end)
    one.mode:send(1, '{"id":1,"type":"message"}', true)
    wire:wait("the frame", function()
      return socket.texts[1]
    end)
    assert.equal('{"id":1,"type":"message"}', socket.texts[1].text)
    text(socket, '{"ok":true,"reply_to":1,"ts":"1.1"}')
    wire:wait("the reply", function()
      return one.replies[1]
    end)
    assert.equal('{"ok":true,"reply_to":1,"ts":"1.1"}', one.replies[1])
  end)

  it("sends nothing on another connection than the one that was meant", function()
    local one, socket = ready_bot()
    assert.is_true(one.mode:send(2, "for another"))
    assert.is_true(one.mode:send(1, "for this"))
    wire:wait("the frame", function()
      return socket.texts[1]
    end)
    assert.equal("for this", socket.texts[1].text)
    one.mode:send(1, "in vain")
    wire:act(socket, "reset")
    wait_for(one, "ready", 2)
    one.mode:send(1, "of the one before")
    one.mode:send(2, "of this one")
    wire:wait("the frame", function()
      return wire.sockets[2].texts[1]
    end)
    assert.equal("of this one", wire.sockets[2].texts[1].text)
  end)

  it("pings in JSON when nothing comes, by ids apart from those of messages", function()
    local one, socket = ready_bot({ ping_interval = 0.05, pong_timeout = 0.2 })
    local answered = 0
    wire:wait("pings", function()
      for i = answered + 1, #socket.texts do
        local id = socket.texts[i].text:match '^{"id":(%d+),"type":"ping"}$'
        assert.equal(1000000000 + i, tonumber(id))
        text(socket, ('{"type":"pong","reply_to":%s}'):format(id))
        answered = i
      end
      return answered >= 6
    end)
    assert.equal(0, one:count "closed")
    assert.same({}, socket.pings)
  end)

  it("is replaced when its peer falls silent, and says since when (S208, S222)", function()
    local one, socket = ready_bot { ping_interval = 0.1, pong_timeout = 0.2 }
    text(socket, '{"type":"message"}')
    wire:wait("the event", function()
      return one.envelopes[1]
    end)
    wire:act(socket, "silence", "", 1)
    local closed = wait_for(one, "closed")
    assert.equal("timeout", closed.code)
    assert.truthy(closed.at - closed.last_input >= 0.2)
    assert.truthy(closed.last_input >= one:change("ready").at)
    wait_for(one, "ready", 2)
  end)

  for name, frame in pairs {
    ["says goodbye"] = '{"type":"goodbye","source":"gateway_server"}',
    ["moves the workspace"] = '{"type":"team_migration_started"}',
    ["finds the URL expired"] = '{"type":"error","error":{"code":1,"msg":"URL has expired"}}',
  } do
    it("is closed, then followed by another, when Slack " .. name, function()
      local one, socket = ready_bot()
      text(socket, frame)
      wait_for(one, "ready", 2)
      assert.is_true(socket.closed) -- before the next, which would get the same events
      assert.equal(1000, socket.close_code)
      assert.truthy(wire.sockets[2].at >= socket.closed_at)
      assert.equal("", one:change("closed").code)
      assert.equal(2, #wire.opens)
    end)
  end

  it("still gives what comes until its peer has closed, too", function()
    local one, socket = ready_bot()
    local bytes = {}
    for _, frame in ipairs { '{"type":"goodbye"}', '{"type":"message"}', '{"reply_to":1}' } do
      table.insert(bytes, frames.build { opcode = 1, data = frame })
    end
    wire:act(socket, "raw", table.concat(bytes))
    wait_for(one, "ready", 2)
    assert.equal("message", one.envelopes[1].type)
    assert.equal(1, #one.replies)
  end)

  it("gets a new URL when Slack says no hello but that the old one has expired", function()
    wire.no_hello = true
    local one = bot()
    local socket = wire:socket(1)
    wire.no_hello = false
    text(socket, '{"type":"error","error":{"code":1,"msg":"Socket URL has expired"}}')
    wait_for(one, "ready")
    assert.equal(2, #wire.opens)
    assert.equal("disconnect", one:change("closed").code)
  end)

  for _, case in ipairs {
    { "invalid_auth", "RTM connections %(invalid_auth%): check the token" },
    { "not_allowed_token_type", "only tokens of classic apps may use RTM" },
    { "missing_scope", "give other apps Socket Mode or HTTP" },
    { "account_inactive", "no longer active" },
  } do
    it("is given up when rtm.connect answers " .. case[1], function()
      wire:answer_next(200, ('{"ok":false,"error":"%s"}'):format(case[1]))
      local fatal = wait_for(bot(), "fatal")
      assert.equal(case[1], fatal.code)
      assert.matches(case[2], fatal.message)
      assert.not_matches("app%-level", fatal.message)
    end)
  end

  it("is tried again while the workspace moves, and when Slack asks for patience", function()
    wire:answer_next(200, '{"ok":false,"error":"migration_in_progress"}')
    wire:answer_next(500, "<html>")
    local one = bot()
    wait_for(one, "ready")
    assert.equal(3, #wire.opens)
    wire:wait("the line", function()
      return wire:logged "rtm.connect answered 200 with the error migration_in_progress"
    end)
  end)

  it("keeps its URL and token out of the log (S208)", function()
    local one, socket = ready_bot()
    wire:act(socket, "reset")
    wait_for(one, "ready", 2)
    for _, line in ipairs(wire.log_lines) do
      assert.not_matches("secret%-", line)
      assert.not_matches("xoxb", line)
    end
  end)

  it("raises where its settings are wrong, and after close", function()
    assert.error_matches(function()
      core.rtm { api_url = "http://127.0.0.1/" }
    end, "field 'token': string expected, got nil")
    local one = ready_bot()
    one:close()
    assert.error_matches(function()
      one.mode:send(1, "x")
    end, "has been closed")
  end)
end)
