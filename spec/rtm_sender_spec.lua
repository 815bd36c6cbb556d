-- What goes out over RTM, and when: by a clock and a connection of the spec's own.

local Sender = require "slack.rtm_sender"
local json = require "slack.json"
local tasks = require "slack.tasks"

-- Time that passes when it is told to, and timers on it.
local function new_clock()
  local clock = { now = 100, timers = {} }
  local Timer = {}
  Timer.__index = Timer
  function Timer:cancel()
    self.fn = nil
  end
  function clock.after(seconds, fn)
    local timer = setmetatable({ at = clock.now + seconds, fn = fn }, Timer)
    table.insert(clock.timers, timer)
    return timer
  end
  local function next_due(limit)
    local best
    for _, timer in ipairs(clock.timers) do
      if timer.fn and timer.at <= limit and (not best or timer.at < best.at) then
        best = timer
      end
    end
    return best
  end
  function clock.pass(seconds)
    local limit = clock.now + seconds
    for timer in next_due, limit do
      clock.now = timer.at
      local fn = timer.fn
      timer.fn = nil
      fn()
    end
    clock.now = limit
    tasks.sleep(0) -- in which those that waited go on
  end
  return clock
end

describe("app.rtm", function()
  local sender, clock, frames

  -- What is sent, decoded, with the connection and the time.
  local core = {}
  function core.send(_, connection, text, wants_reply)
    local frame = json.decode(text)
    frame.on, frame.at, frame.wants_reply = connection, clock.now, wants_reply
    table.insert(frames, frame)
  end

  before_each(function()
    clock, frames = new_clock(), {}
    sender = Sender.new {
      client = function() return {} end, timeout = 30, after = clock.after,
      clock = function() return clock.now end,
    }
  end)

  local function connected()
    sender:open()
    sender:connected(core, 1)
  end

  -- Sends in a task of its own; results appear in the table.
  local function send(text)
    local outcome = {}
    tasks.spawn(function()
      outcome.message, outcome.err = sender:send { channel = "C1", text = text }
      outcome.done = true
    end)
    tasks.sleep(0)
    return outcome
  end

  local function on_task(name, fn)
    it(name, function()
      tasks.run(fn)
    end)
  end

  on_task("sends a message at once, with an id of its own, and waits for the reply", function()
    connected()
    local outcome = send "hello"
    assert.same({ id = 1, type = "message", channel = "C1", text = "hello", on = 1, at = 100,
      wants_reply = true }, frames[1])
    assert.is_nil(outcome.done)
    sender:reply { ok = true, reply_to = 2, ts = "0.1" } -- of nothing that was sent
    sender:reply { ok = true, reply_to = 1, ts = "1.1", text = "hello" }
    tasks.sleep(0)
    assert.equal("1.1", outcome.message.ts)
    assert.equal("C1", outcome.message.channel)
    assert.equal("hello", outcome.message.message.text)
  end)

  on_task("sends one message a second, in order, and the first after a pause at once", function()
    connected()
    for i = 1, 3 do
      send(tostring(i))
    end
    assert.equal(1, #frames)
    clock.pass(0.9)
    assert.equal(1, #frames)
    clock.pass(10)
    send "later"
    assert.same({ "1", "2", "3", "later" },
      { frames[1].text, frames[2].text, frames[3].text, frames[4].text })
    assert.same({ 100, 101, 102, 110.9 },
      { frames[1].at, frames[2].at, frames[3].at, frames[4].at })
  end)

  on_task("keeps waiting messages for the next connection", function()
    connected()
    send "one"
    local second = send "two"
    sender:pause(1)
    clock.pass(5)
    sender:lost(1)
    assert.equal(1, #frames)
    sender:connected(core, 2)
    assert.equal(2, frames[2].on)
    sender:reply { ok = true, reply_to = 2, ts = "2.2" }
    tasks.sleep(0)
    assert.equal("2.2", second.message.ts)
  end)

  on_task("has the same patience in each time without a connection", function()
    connected()
    for connection = 1, 2 do
      sender:lost(connection)
      local outcome = send "in time"
      clock.pass(25)
      sender:connected(core, connection + 1)
      clock.pass(2)
      assert.equal(connection, #frames)
      sender:reply { ok = true, reply_to = connection, ts = "1.1" }
      tasks.sleep(0)
      assert.is_table(outcome.message)
    end
    sender:lost(3)
    local outcome = send "in vain"
    clock.pass(29)
    assert.is_nil(outcome.done)
    clock.pass(1)
    assert.equal("connection", outcome.err.code)
  end)

  on_task("keeps nothing of what was replied to, also without a reason", function()
    connected()
    local outcome = send "hello"
    sender:reply { ok = false, reply_to = 1 }
    tasks.sleep(0)
    assert.equal("rtm_error", outcome.err.code)
    assert.matches("no reason given", outcome.err.message)
    assert.is_nil(next(sender.sent))
  end)

  on_task("gives up on those that find no connection for the app's timeout", function()
    sender:open()
    local outcome = send "in vain"
    clock.pass(29)
    assert.is_nil(outcome.done)
    clock.pass(1)
    assert.equal("connection", outcome.err.code)
    assert.matches("was not sent", outcome.err.message)
    sender:connected(core, 1)
    clock.pass(2)
    assert.same({}, frames)
  end)

  on_task("takes a reply for two seconds after the end of its connection", function()
    connected()
    local first = send "one"
    clock.pass(1)
    local second = send "two"
    sender:lost(1)
    sender:connected(core, 2)
    clock.pass(1.9)
    assert.is_nil(second.done)
    sender:reply { ok = true, reply_to = 2, ts = "2.2" }
    clock.pass(0.1)
    assert.equal("2.2", second.message.ts)
    assert.equal("connection", first.err.code)
    assert.matches("may have been posted or not", first.err.message)
  end)

  on_task("waits ten seconds for a reply", function()
    connected()
    local outcome = send "one"
    clock.pass(9.9)
    assert.is_nil(outcome.done)
    clock.pass(0.1)
    assert.equal("timeout", outcome.err.code)
    sender:reply { ok = true, reply_to = 1, ts = "1.1" } -- too late to matter
  end)

  on_task("refuses here what Slack would end the connection for", function()
    connected()
    local too_long = send(("ü"):rep(4001))
    assert.equal("msg_too_long", too_long.err.code)
    assert.matches("4001 characters is too long: RTM takes 4000; use c:say", too_long.err.message)
    assert.is_nil(send(("ü"):rep(4000)).err)
    assert.equal("too_large", send(("\1"):rep(4000)).err.code) -- six bytes each in JSON
    assert.equal("invalid_text", send("\xff").err.code)
    local ids = {}
    for i = 1, 2000 do
      ids[i] = ("U%09d"):format(i)
    end
    local ok, err = sender:presence_sub(ids)
    assert.is_nil(ok)
    assert.equal("too_large", err.code)
    assert.matches("%d+ bytes is too large: .*16384", err.message)
    assert.equal(1, #frames)
  end)

  on_task("takes no more than a hundred waiting messages", function()
    connected()
    for i = 1, 101 do
      assert.is_nil(send(tostring(i)).err)
    end
    assert.equal("queue_full", send("one more").err.code)
  end)

  on_task("forgets a message whose handler has been cut off", function()
    connected()
    send "one"
    local task = tasks.spawn(sender.send, sender, { channel = "C1", text = "two" })
    tasks.sleep(0)
    task:cancel()
    send "three"
    clock.pass(1)
    assert.equal("three", frames[2].text)
  end)

  on_task("shows that it types at most every three seconds in a channel", function()
    assert.equal("closed", select(2, sender:typing "C1").code)
    sender:open()
    assert.equal("connection", select(2, sender:typing "C1").code)
    sender:connected(core, 1)
    assert.is_true(sender:typing "C1")
    assert.is_false(sender:typing "C1")
    assert.is_true(sender:typing "C2")
    clock.pass(2.9)
    assert.is_false(sender:typing "C1")
    clock.pass(0.1)
    assert.is_true(sender:typing "C1")
    assert.equal(3, #frames)
    assert.same({ id = 1, type = "typing", channel = "C1", on = 1, at = 100 }, frames[1])
  end)

  on_task("asks for presences again on each connection, also for those of nobody", function()
    assert.is_true(sender:presence_sub { "U1", "U2" })
    connected()
    assert.same({ "U1", "U2" }, frames[1].ids)
    assert.equal("presence_sub", frames[1].type)
    sender:lost(1)
    sender:connected(core, 2)
    assert.same({ "U1", "U2" }, frames[2].ids)
    assert.is_true(sender:presence_sub {})
    assert.equal("[]", json.encode(frames[3].ids))
  end)

  on_task("ends what waits when the app stops", function()
    connected()
    local sent, waiting = send "one", send "two"
    sender:close()
    tasks.sleep(0)
    assert.equal("closed", sent.err.code)
    assert.equal("closed", waiting.err.code)
    clock.pass(60)
    assert.equal(1, #frames)
    assert.equal("closed", send("three").err.code)
  end)

  it("raises at the caller's line when it is misused", function()
    for _, case in ipairs {
      { "send", "hello", "send: a table with channel and text expected, got string" },
      { "send", { text = "x" }, 'field "channel" is missing' },
      { "send", { channel = "C1" }, 'field "text" is missing' },
      { "send", { channel = "C1", text = "" }, 'field "text": string expected, got an empty one' },
      { "send", { channel = "C1", text = 1 }, 'field "text": string expected, got number' },
      { "send", { channel = "C1", txt = "x", text = "x" }, 'field "txt"; did you mean "text"?' },
      { "send", { channel = "C1", text = "x", blocks = {} }, "RTM takes text only: use c:say" },
      { "typing", nil, "typing: id of a channel expected, got nil" },
      { "presence_sub", "U1", "presence_sub: list of user ids expected, got string" },
      { "presence_sub", { 1 }, "item 1: id of a user expected, got number" },
      { "presence_sub", { users = {} }, "got a table of fields" },
    } do
      local ok, message = pcall(function() sender[case[1]](sender, case[2]) end)
      assert.is_false(ok)
      assert.truthy(message:find("rtm_sender_spec.lua:%d+: app%.rtm:"), message)
      assert.truthy(message:find(case[3], 1, true), message)
    end
  end)
end)
