local Shared = require "support.shared_apps"
local clock = require "support.clock"
local json = require "slack.json"
local loop = require "slack.loop"
local slack = require "slack"

describe("a receiver", function()
  local shared, r, got, previous, time

  before_each(function()
    local made
    made, time = clock.loop()
    previous = loop.use(made)
    shared, got = Shared.new(), {}
    r = shared:process("r", { role = "receiver", storage = "redis://127.0.0.1" })
  end)

  after_each(function()
    loop.use(previous)
  end)

  local function worker(name, answers)
    local talk = shared:process(name, { role = "worker", storage = "redis://127.0.0.1" })
    talk.app:command("/who", function(c)
      table.insert(got, name)
      if answers ~= false then
        c:ack(name)
      end
    end)
    return talk
  end

  -- The worker acks /slow after so many seconds, and takes down why that is no use.
  local function handle_slowly(w, seconds)
    w.app:command("/slow", function(c)
      slack.sleep(seconds)
      local _, err = c:ack "thanks"
      table.insert(got, err.code)
    end)
  end

  it("has workers handle what it gets, each in turn, and answers with what they say", function()
    for _, name in ipairs { "w1", "w2", "w3" } do
      worker(name)
    end
    local answers = {}
    for i = 1, 6 do
      answers[i] = json.decode(shared:command("r", "/who").answers[1]).text
    end
    assert.same(answers, got)
    table.sort(answers)
    assert.same({ "w1", "w1", "w2", "w2", "w3", "w3" }, answers)
  end)

  it("runs no handler of its own, though the same program runs in both roles", function()
    r.app:command("/who", function() table.insert(got, "r") end)
    r.app:use(function(_, next) table.insert(got, "middleware") return next() end)
    worker "w"
    shared:command("r", "/who")
    shared:say("r", "an event that should not have come")
    assert.same({ "w" }, got)
  end)

  it("takes a process without a role for one that handles, but no other receiver", function()
    shared:process("r2", { role = "receiver", storage = "redis://127.0.0.1" })
    local both = shared:process "both"
    both.app:command("/who", function(c) c:ack "both" end)
    for _ = 1, 3 do
      assert.matches("both", shared:command("r", "/who").answers[1])
    end
  end)

  it("has the one that waits for it handle it", function()
    worker "w1"
    local w2 = worker "w2"
    w2.app:command("/ask", function(c)
      got[#got + 1] = c:wait({ action = "ok" }).type
    end)
    worker "w3"
    local begun
    repeat
      begun = #shared.bus:sent "waits" > 0
      shared:command("r", "/ask")
    until begun
    for _ = 1, 3 do
      assert.equal("empty", shared:click("r", "ok").answers[1])
    end
    assert.equal("block_actions", got[1])
  end)

  it("gives the options of a menu and what a view says", function()
    local w = shared:process("w", { role = "worker", storage = "redis://127.0.0.1" })
    w.app:options("menu", function() return { { text = "One", value = "1" } } end)
    w.app:view("form", function(c) c:ack { errors = { b = "no" } } end)
    local options = shared:deliver("r", {
      type = "block_suggestion", action_id = "menu", block_id = "b", value = "",
      team = { id = "T02MOON4XYZ" }, user = { id = "U1" },
    })
    assert.matches("One", options.answers[1])
    local view = shared:deliver("r", {
      type = "view_submission", user = { id = "U1" }, team = { id = "T02MOON4XYZ" },
      view = { id = "V1", callback_id = "form", state = { values = {} } },
    })
    assert.same({ response_action = "errors", errors = { b = "no" } },
      json.decode(view.answers[1]))
  end)

  it("keeps what came exactly, also null and lists that are empty", function()
    local body
    local w = shared:process("w", { role = "worker", storage = "redis://127.0.0.1" })
    w.app:command("/x", function(c) body = c.body end)
    local given = {
      command = "/x", text = "ä\0\n\"", nothing = slack.null, none = slack.list(), number = 3.5,
      deep = { { { id = 1 << 60 } } },
    }
    shared:deliver("r", given, { headers = "X-A: 1\r\n", retry = { number = 2, reason = "t" } })
    assert.same(given, body)
    assert.is_true(slack.json.encode(body):find('"none":[]', 1, true) ~= nil)
  end)

  it("asks the next one when one is gone, or has no room", function()
    worker "w1"
    local w2 = worker "w2"
    worker "w3"
    shared:kill "w1"
    w2.app.dispatch.is_full = true
    for _ = 1, 4 do
      assert.matches("w3", shared:command("r", "/who").answers[1])
    end
  end)

  it("asks others while one keeps somebody waiting and is not heard of", function()
    worker "w1"
    worker "w2"
    local reads = shared.bus.alive.w1
    shared.bus.alive.w1 = function() end -- it was killed, or computes
    local unanswered = 0
    local function pass(seconds)
      time.now = time.now + seconds
      Shared.settle()
    end
    for _ = 1, 3 do
      unanswered = unanswered + (shared:command("r", "/who").answers[1] and 0 or 1)
      pass(0.6)
    end
    assert.equal(1, unanswered)
    shared.bus.alive.w1 = reads
    r.app.peers:send("w1", { type = "ping" })
    got = {}
    for _ = 1, 4 do
      shared:command("r", "/who")
    end
    table.sort(got)
    assert.same({ "w1", "w1", "w2", "w2" }, got)
    shared:kill "w2"
    shared.bus.alive.w1 = function() end
    pass(11)
    shared:command("r", "/who")
    pass(0.6)
    local before = #shared.bus:sent "deliver"
    shared:command("r", "/who")
    assert.equal(before + 1, #shared.bus:sent "deliver", "there is nobody else")
  end)

  it("takes an answer, and how it ended, from none but who was asked", function()
    local w = worker("w", false)
    w.app:command("/kept", function() slack.sleep(1) end)
    shared:process("x", { role = "receiver", storage = "redis://127.0.0.1" })
    local request = shared:kept_command("r", "/kept", "e1")
    local id = next(r.app.relays.sent)
    for _, message in ipairs {
      { type = "answer", ack = '{"text":"forged"}' }, { type = "answer", back = true },
      { type = "ended" },
    } do
      message.v, message.from, message.id = 1, "x", id
      r.app.peers:receive(json.encode(message))
      Shared.settle()
    end
    assert.same({ {}, {} }, { request.answers, shared.ends })
    time.now = time.now + 2
    Shared.settle()
    assert.same({ { "empty" }, { "e1 done" } }, { request.answers, shared.ends })
  end)

  it("tells a worker how long ago a delivery has come", function()
    local w = worker "w"
    w.app:command("/age", function(c) table.insert(got, time.now - c.request.received) end)
    shared:deliver("r", { command = "/age" }, { received = time.now - 2 })
    assert.same({ 2 }, got)
  end)

  it("refuses with a status when nobody is there, and says so once", function()
    for _ = 1, 5 do
      local request = shared:deliver("r", { command = "/who" }, { has_status = true })
      assert.equal("unavailable", request.refused_as)
    end
    local _, lines = r.offline:log():gsub("no worker is there", "")
    assert.equal(1, lines)
  end)

  it("leaves the deadline its empty answer where there is no status, with the same line", function()
    local request = shared:command("r", "/who")
    assert.same({ {}, nil }, { request.answers, request.refused_as })
    r.app.dispatch:deadline(request)
    assert.matches("no worker is there, or none has room, to handle a command", r.offline:log())
    assert.is_nil(r.offline:log():find("no ack in time", 1, true))
  end)

  it("leaves a worker that says nothing its deadline", function()
    local w = worker("w", false)
    handle_slowly(w, 5)
    local request = shared:command("r", "/slow")
    r.app.dispatch:deadline(request)
    Shared.settle()
    assert.matches("no ack in time from app:command", w.offline:log())
    assert.matches("no ack in time from the process w", r.offline:log())
    time.now = time.now + 6
    Shared.settle()
    assert.same({ { "deadline" }, {} }, { got, request.answers })
    assert.same({ {}, {} }, { w.app.relays.taken, r.app.relays.sent })
  end)

  it("tells a worker when nobody waits for its answer any more", function()
    local w = worker "w"
    handle_slowly(w, 1)
    local request = shared:command("r", "/slow")
    r.app.dispatch:gone(request)
    Shared.settle()
    time.now = time.now + 2
    Shared.settle()
    assert.same({ "gone" }, got)
  end)

  it("keeps what is in the inbox until the worker has handled it", function()
    local w = worker "w"
    local gate = 0
    w.app:command("/kept", function(c)
      c:ack "at work"
      slack.sleep(10)
      gate = gate + 1
      if gate == 2 then
        error "no"
      end
    end)
    local request = shared:kept_command("r", "/kept", "e1")
    assert.matches("at work", request.answers[1])
    assert.same({}, shared.ends)
    time.now = time.now + 11
    Shared.settle()
    assert.same({ "e1 done" }, shared.ends)
    shared:kept_command("r", "/kept", "e2")
    time.now = time.now + 11
    Shared.settle()
    assert.same({ "e1 done", "e2 failed" }, shared.ends)
    shared:kept_command("r", "/kept", "e3")
    shared:kill "w"
    for _ = 1, 12 do
      time.now = time.now + 1
      Shared.settle()
    end
    assert.same({ "e1 done", "e2 failed", "e3 left" }, shared.ends)
    assert.same({}, r.app.relays.kept)
  end)

  it("hears no more of what is in the inbox from who has given it back", function()
    local full = worker "full"
    full.app.dispatch.is_full = true
    worker("w").app:command("/kept", function(c) c:ack "at work" end)
    shared:kept_command("r", "/kept", "e1")
    shared:kept_command("r", "/kept", "e2")
    assert.is_true(r.app.relays.counts.back > 0)
    assert.same({ { "e1 done", "e2 done" }, {} }, { shared.ends, r.app.relays.kept })
  end)

  it("leaves to others what is in the inbox when nobody knows who has it", function()
    worker "w"
    local backend = r.app.storage.backend
    local reach = backend.inbox
    function backend:inbox(operation, request)
      if operation == "send" and json.decode(request.value).type == "deliver" then
        return nil, { code = "unknown_outcome", message = "the answer was lost" }
      end
      return reach(self, operation, request)
    end
    shared:kept_command("r", "/kept", "e1")
    assert.same({}, shared.ends)
    for _ = 1, 5 do
      time.now = time.now + 1
      Shared.settle()
    end
    assert.same({ { "e1 left" }, {}, {} }, { shared.ends, r.app.relays.kept, r.app.relays.sent })
  end)

  it("hears how what is in the inbox has ended also when that cannot be said at once", function()
    local w = worker "w"
    w.app:command("/kept", function(c)
      c:ack "at work"
      slack.sleep(1)
      shared.bus.is_down = true
    end)
    shared:kept_command("r", "/kept", "e1")
    time.now = time.now + 2
    Shared.settle()
    assert.same({}, shared.ends)
    shared.bus.is_down = false
    time.now = time.now + 2
    Shared.settle()
    assert.same({ "e1 done" }, shared.ends)
  end)

  it("leaves what is in the inbox for others when nobody is there", function()
    shared:kept_command("r", "/kept", "e1")
    assert.same({ "e1 left" }, shared.ends)
  end)

  it("that has died is waited for by no worker any more", function()
    local w = worker "w"
    handle_slowly(w, 30)
    shared:command("r", "/slow")
    assert.is_truthy(next(w.app.relays.taken))
    shared:kill "r"
    for _ = 1, 4 do
      time.now = time.now + 10
      Shared.settle()
    end
    assert.same({ {}, { "gone" } }, { w.app.relays.taken, got })
  end)

  it("gives a worker its answer's limits", function()
    local w = worker "w"
    w.app:command("/long", function(c)
      local _, err = c:ack(("x"):rep(3000))
      got[1] = err.code
      c:ack "short"
    end)
    local request = shared:deliver("r", { command = "/long" }, { max_ack = 1000 })
    assert.equal("too_large", got[1])
    assert.matches("short", request.answers[1])
  end)

  it("refuses what cannot be read itself", function()
    worker "w"
    assert.equal("undecodable", shared:deliver("r", {},
      { problem = "no object", has_status = true }).refused_as)
    assert.same({ "empty" }, shared:deliver("r", {}, { problem = "no object" }).answers)
    assert.same({}, shared.bus:sent "deliver")
  end)

  it("hands on what it does not know, for who listens to anything", function()
    local w = worker "w"
    w.app:any(function(c) got[1] = c.type end)
    shared:deliver("r", { type = "new_thing", team = { id = "T02MOON4XYZ" } },
      { came_as = "interaction" })
    assert.same({ "new_thing" }, got)
  end)
end)

describe("a worker", function()
  it("gives back what is sent to it while it stops", function()
    local shared = Shared.new()
    shared:process("r", { role = "receiver", storage = "redis://127.0.0.1" })
    local w = shared:process("w", { role = "worker", storage = "redis://127.0.0.1" })
    w.app:command("/who", function(c) c:ack "w" end)
    w.app.phase = "stopping"
    local request = shared:deliver("r", { command = "/who" }, { has_status = true })
    assert.equal("unavailable", request.refused_as)
    w.app.phase = "running"
    assert.matches("w", shared:command("r", "/who").answers[1])
  end)
end)
