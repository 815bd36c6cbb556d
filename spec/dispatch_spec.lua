local Offline = require "support.offline_app"
local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("dispatch", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app = offline.app
    seen = {}
  end)

  local function note(name)
    return function() table.insert(seen, name) end
  end

  describe("of events", function()
    it("runs every listener that matches, in the order of registration (S152)", function()
      app:event("message", note "event")
      app:message("hello", note "hello")
      app:event(slack.pattern "^mess", note "pattern")
      app:message("nothing like it", note "other")
      app:event("reaction_added", note "reaction")
      app:message(note "all")
      offline:message "oh, hello there"
      assert.same({ "event", "hello", "pattern", "all" }, seen)
    end)

    it("reaches listeners of its type and of all types once each (S213)", function()
      app:event("reaction_added", note "its type")
      app:event(slack.pattern "", note "all types")
      offline:event { type = "reaction_added", user = "U03ADA5K1QW", reaction = "wave" }
      assert.same({ "its type", "all types" }, seen)
    end)

    it("hands a failed answer to on_error when the handler insists on it (S192)", function()
      local caught
      offline.answers["chat.postMessage"] = errors.new { code = "channel_not_found", message = "x" }
      app:on_error(function(err) caught = err end)
      app:message(function(c)
        local sent, err = c:say "hello"
        return sent or error(err)
      end)
      offline:message "x"
      Offline.settle()
      assert.equal("channel_not_found", caught.code)
    end)

    it("goes on when on_error itself is broken (S227)", function()
      app:on_error(function() error "on_error is broken" end)
      app:message("boom", function() error "boom" end)
      app:message("fine", note "fine")
      offline:message "boom"
      offline:message "fine"
      Offline.settle()
      assert.same({ "fine" }, seen)
      assert.matches("on_error is broken", offline:log())
    end)

    it("lets each listener fail alone", function()
      local failures = {}
      app:on_error(function(err, c, failure)
        table.insert(failures, { tostring(err), c.type, tostring(failure.listener),
          failure.traceback })
      end)
      app:message(function() error("first is broken", 0) end)
      app:message(note "second")
      offline:message "x"
      assert.same({ "second" }, seen)
      assert.equal(1, #failures)
      assert.equal("first is broken", failures[1][1])
      assert.matches("app:message %(.*dispatch_spec.lua:%d+%)", failures[1][3])
      assert.matches("stack traceback", failures[1][4])
    end)

    it("gives each listener a context of its own, and middleware's data to all (S176)", function()
      app:use(function(c, next)
        c.data.who = "middleware"
        return next()
      end)
      local function take(c) table.insert(seen, { c.matches and c.matches[1], c.data.who }) end
      app:message(slack.pattern "(%d+)", take)
      app:message(slack.pattern "(%a+)", take)
      offline:message "abc 123"
      Offline.settle()
      assert.same({ { "123", "middleware" }, { "abc", "middleware" } }, seen)
    end)

    it("passes over the bot's own doings but for joining and leaving (S157)", function()
      app:event(slack.pattern ".", function(c) table.insert(seen, c.type) end)
      offline:message("mine", { user = "U05BOTUSR01" })
      offline:message("mine too", { user = json.null, bot_id = "B05BOT", subtype = "bot_message" })
      offline:event { type = "reaction_added", user = "U05BOTUSR01" }
      offline:event { type = "member_joined_channel", user = "U05BOTUSR01", channel = "C1" }
      offline:message("another bot's", { bot_id = "B0OTHER" })
      assert.same({ "member_joined_channel", "message" }, seen)
      assert.equal(3, app:stats().ignored)
    end)

    it("routes everything with ignore_self = false (S158)", function()
      offline = Offline.new { ignore_self = false }
      offline.app:message(note "own")
      offline:message("mine", { user = "U05BOTUSR01" })
      assert.same({ "own" }, seen)
    end)

    it("warns about what nobody takes, with the code to take it, once in a while (S153)", function()
      local now = 0
      offline = Offline.new({}, function() return now end)
      offline:event { type = "team_join", user = { id = "U1" } }
      offline:event { type = "team_join", user = { id = "U2" } }
      assert.equal(1, #offline.lines)
      assert.matches('app:event("team_join", function(c)', offline:log(), 1, true)
      now = 601
      offline:event { type = "team_join", user = { id = "U3" } }
      assert.equal(2, #offline.lines)
    end)

    it("does not crash on outer bodies without an event (S156)", function()
      local outer = { type = "app_rate_limited", team_id = "T1" }
      local request = offline:deliver(outer, { acked = true })
      assert.same({}, request.answers)
      assert.matches("app_rate_limited", offline:log())
      request = offline:deliver { type = "some_future_thing" }
      assert.same({ "empty" }, request.answers)
      assert.matches('unknown type "some_future_thing"', offline:log())
    end)
  end)

  describe("of what comes before listeners", function()
    local function taker(name, method)
      return { count = 1, [method] = function() table.insert(seen, name) return true end }
    end

    -- Each is the first that the app has, after events that went straight to the listener.
    local features = {
      waits = function(dispatch) dispatch.waits = taker("waits", "offer") end,
      wait_routes = function(dispatch) dispatch.wait_routes = taker("wait_routes", "offer") end,
      receiver = function(dispatch) dispatch.receiver = taker("receiver", "request") end,
      shared_dedupe = function(dispatch)
        dispatch.shared_dedupe = taker("shared_dedupe", "claim")
      end,
      middleware = function()
        app:use(function() table.insert(seen, "middleware") end)
      end,
      tap = function()
        require("slack.tap").attach(app, taker("tap", "delivery"))
      end,
    }

    for name, begin in pairs(features) do
      it("has " .. name .. " from the moment that it is there", function()
        app:message(note "listener")
        offline:message "before"
        begin(app.dispatch)
        offline:message "after"
        Offline.settle()
        assert.equal("listener", seen[1])
        assert.equal(name, seen[2])
      end)
    end

    it("does without it when it has gone", function()
      app:message(note "listener")
      app.dispatch.waits = taker("waits", "offer")
      offline:message "during"
      app.dispatch.waits = false
      offline:message "after"
      assert.same({ "waits", "listener" }, seen)
    end)
  end)

  it("survives payloads whose fields are of the wrong kind (S156)", function()
    local names = {
      "type", "user", "team", "channel", "authorizations", "container", "message", "view", "text",
      "subtype", "item", "response_urls", "action_id", "block_id", "callback_id", "bot_id",
      "actions",
    }
    local function use(c)
      tostring(c)
      for _, name in ipairs { "user_id", "channel_id", "team_id", "thread_ts", "message_ts" } do
        table.insert(seen, c[name])
      end
    end
    local any = slack.pattern ""
    app:event(any, use)
    app:message(any, use)
    app:message("x", use)
    app:command({ command = any, text = any }, use)
    app:action({ action_id = any, callback_id = any }, use)
    app:options({ block_id = any }, use)
    app:shortcut(any, use)
    app:view(any, use)
    for _, value in ipairs { json.null, 5, "message", false, {}, { {} }, { { 1 } } } do
      for _, base in ipairs {
        { event = {} }, { command = "/x" }, { actions = { {} } }, { type = "block_suggestion" },
        { type = "shortcut" }, { type = "view_submission", view = {} },
      } do
        for _, name in ipairs(names) do
          local body = { event = base.event and { [name] = value } or nil }
          for key, own in pairs(base) do
            body[key] = body[key] or own
          end
          if body[name] == nil then
            body[name] = value
          end
          offline:deliver(body, { acked = base.event ~= nil })
        end
      end
    end
    assert.not_matches("error in", offline:log())
    assert.equal(0, app:stats().running)
  end)

  describe("of redeliveries", function()
    local function deliver(id, attempt)
      offline:event({ type = "app_mention", user = "U1", channel = "C1", ts = "1.2" }, {
        body = { event_id = id }, retry = attempt and { number = attempt, reason = "timeout" },
      })
    end

    it("does not repeat what was handled", function()
      app:event("app_mention", note "run")
      deliver "EvA"
      deliver("EvA", 1)
      deliver "EvB"
      assert.same({ "run", "run" }, seen)
      assert.equal(1, app:stats().duplicates)
    end)

    it("does not start what is still running once more", function()
      local gate = tasks.waiter()
      app:event("app_mention", function() table.insert(seen, "run") gate:await() end)
      deliver "EvC"
      deliver("EvC", 1)
      gate:resolve()
      Offline.settle()
      deliver("EvC", 2)
      assert.same({ "run" }, seen)
    end)

    it("makes up for what failed, and for that alone", function()
      local attempts = 0
      app:event("app_mention", function(c)
        attempts = attempts + 1
        table.insert(seen, c.retry and c.retry.number or 0)
        if attempts == 1 then
          error "the database is away"
        end
      end)
      app:event("app_mention", note "other")
      deliver "EvD"
      deliver("EvD", 1)
      deliver("EvD", 2)
      assert.same({ 0, "other", 1 }, seen)
    end)

    it("makes up for what was cut off", function()
      local blocked = true
      app:event("app_mention", function()
        table.insert(seen, "run")
        if blocked then
          tasks.sleep(100)
        end
      end)
      deliver "EvE"
      assert.equal(1, app.dispatch:cancel_all())
      assert.equal(0, app:stats().running)
      blocked = false
      deliver("EvE", 1)
      assert.same({ "run", "run" }, seen)
    end)
  end)

  describe("of commands and interactions", function()
    it("goes on after its ack, beside others (S196, S197)", function()
      local gate = tasks.waiter()
      app:command("/long", function(c)
        c:ack "Working on it."
        gate:await()
        table.insert(seen, c.command.text)
      end)
      local first = offline:command("/long", "one")
      Offline.settle()
      local second = offline:command("/other")
      Offline.settle()
      assert.same({ '{"text":"Working on it."}' }, first.answers)
      assert.equal(1, #second.answers)
      assert.same({}, seen)
      gate:resolve()
      Offline.settle()
      assert.same({ "one" }, seen)
    end)

    it("runs the first that matches alone", function()
      app:command("/other", note "other")
      app:command(slack.pattern "^/de", note "pattern")
      app:command("/deploy", note "exact")
      offline:command "/deploy"
      assert.same({ "pattern" }, seen)
    end)

    it("does not run listeners of other kinds", function()
      app:action("x", note "action")
      app:options("x", note "options")
      app:shortcut("x", note "shortcut")
      app:view("x", note "view")
      app:view_closed("x", note "closed")
      offline:click "x"
      offline:deliver { type = "block_suggestion", action_id = "x", block_id = "b", value = "" }
      offline:deliver { type = "shortcut", callback_id = "x" }
      offline:deliver { type = "message_action", callback_id = "x" }
      offline:deliver { type = "view_submission", view = { callback_id = "x" } }
      offline:deliver { type = "view_closed", view = { callback_id = "x" } }
      assert.same({ "action", "options", "shortcut", "shortcut", "view", "closed" }, seen)
    end)

    it("tells a person that nobody knows a command, and warns once (S153)", function()
      local request = offline:command "/nobody"
      assert.matches("does not know", request.answers[1])
      assert.matches('app:command("/nobody", function(c)', offline:log(), 1, true)
    end)

    it("leaves a form that nobody takes open, and acks other clicks (S154)", function()
      local request = offline:deliver { type = "view_submission", view = { callback_id = "gone" } }
      assert.is_true(request.refused)
      assert.same({}, request.answers)
      assert.same({ "empty" }, offline:click("gone").answers)
    end)
  end)

  describe("with middleware", function()
    it("runs the global ones in order, then the listener's, then it (S170)", function()
      for _, name in ipairs { "a", "b" } do
        app:use(function(_, next)
          table.insert(seen, name)
          next()
          table.insert(seen, "after " .. name)
        end)
      end
      app:message("x", function(_, next) table.insert(seen, "own") next() end, note "handler")
      offline:message "x"
      assert.same({ "a", "b", "own", "handler", "after b", "after a" }, seen)
    end)

    it("stops where next is not called (S140)", function()
      app:message("x", function() end, note "handler")
      app:message("x", note "other")
      offline:message "x"
      assert.same({ "other" }, seen)
    end)

    it("raises when next is called twice (S172)", function()
      app:use(function(_, next)
        next()
        local ok, message = pcall(next)
        table.insert(seen, tostring(ok) .. " " .. message:match "next called twice")
      end)
      app:message(note "handler")
      offline:message "x"
      assert.same({ "handler", "false next called twice" }, seen)
    end)

    it("lets a handler call next without harm (S173)", function()
      app:message(function(_, next) next() next() table.insert(seen, "handler") end)
      offline:message "x"
      assert.same({ "handler" }, seen)
    end)

    it("shows errors to those before, who may swallow them (S174)", function()
      local reported = {}
      app:on_error(function(err) table.insert(reported, err) end)
      local swallow = true
      app:use(function(_, next)
        local _, err = pcall(next)
        table.insert(seen, err)
        if not swallow then
          error(err, 0)
        end
      end)
      app:message(function() tasks.sleep(0) error({ code = "mine" }) end)
      offline:message "x"
      loop.step(0.1)
      Offline.settle()
      assert.same({ { code = "mine" } }, seen)
      assert.same({}, reported)
      swallow = false
      offline:message "x"
      loop.step(0.1)
      Offline.settle()
      assert.same({ { code = "mine" } }, reported)
    end)

    it("shows the first error of several listeners and reports the others", function()
      local reported = {}
      app:on_error(function(err) table.insert(reported, err) end)
      app:use(function(_, next) table.insert(seen, (select(2, pcall(next)))) end)
      app:message(function() error("one", 0) end)
      app:message(function() error("two", 0) end)
      offline:message "x"
      Offline.settle()
      assert.same({ "one" }, seen)
      assert.same({ "two" }, reported)
    end)

    it("reports an error of the middleware itself (S181)", function()
      app:use(function() error("broken middleware", 0) end)
      app:command("/x", note "handler")
      local request = offline:command "/x"
      assert.same({}, seen)
      assert.matches("did not work", request.answers[1])
      assert.matches("broken middleware", offline:log())
    end)

    it("may answer by itself", function()
      app:use(function() return "not today" end)
      app:command("/x", note "handler")
      assert.same({ '{"text":"not today"}' }, offline:command("/x").answers)
    end)
  end)

  describe("under load", function()
    it("says when it is full and when there is room", function()
      offline = Offline.new { max_in_flight = 2 }
      app = offline.app
      local gates = {}
      app:message(function() local gate = tasks.waiter() table.insert(gates, gate) gate:await() end)
      app.dispatch.on_full = note "full"
      app.dispatch.on_room = note "room"
      offline:message "1"
      assert.same({}, seen)
      offline:message "2"
      assert.same({ "full" }, seen)
      gates[1]:resolve()
      Offline.settle()
      assert.same({ "full", "room" }, seen)
      gates[2]:resolve()
      Offline.settle()
      assert.equal(0, app:stats().running)
    end)

    it("costs the same with one listener and with ten thousand", function()
      local tested = 0
      for i = 1, 10000 do
        app:command("/c" .. i, note(i))
        app:action("a" .. i, note(i))
        app:event("event_" .. i, note(i))
      end
      app:command({ command = "/c9999", text = function() tested = tested + 1 return false end },
        note "never")
      offline:command "/c9999"
      offline:click "a5"
      offline:event { type = "event_77" }
      assert.same({ 9999, 5, 77 }, seen)
      local visited = 0
      app.dispatch.index:visit({
        kind = "action", body = {}, payload = { action_id = "a7", block_id = "b" },
      }, function() visited = visited + 1 end)
      assert.equal(1, visited)
    end)
  end)

  it("warns when nearly as many handlers run as may, and names the commonest", function()
    local now, gate = 0, tasks.waiter()
    offline = Offline.new({ max_in_flight = 5 })
    offline.app.dispatch.crowding.warnings.clock = function() return now end
    local function hang() tasks.waiter():await(10) end
    offline.app:message("x", hang)
    offline.app:message("y", function() gate:await() end)
    offline:message "y"
    for _ = 1, 2 do offline:message "x" end
    assert.equal(0, #offline.lines)
    for _ = 1, 2 do offline:message "x" end
    assert.equal(2, #offline.lines)
    assert.matches('4 of at most 5 handlers run. 3 of them are app:message "x" %(.-dispatch_spec',
      offline.lines[1])
    assert.matches("nothing more is taken .*max_in_flight", offline.lines[2])
    gate:resolve()
    Offline.settle()
    offline:message "x"
    assert.equal(2, #offline.lines)
    now = 61
    offline.app.dispatch:cancel_all()
    for _ = 1, 4 do offline:message "x" end
    assert.equal(3, #offline.lines)
    offline.app.dispatch:cancel_all()
  end)

  it("counts the listener that is behind middleware in that warning", function()
    offline = Offline.new({ max_in_flight = 2 })
    offline.app:use(function(_, next) return next() end)
    offline.app:message("x", function() tasks.waiter():await(10) end)
    for _ = 1, 2 do offline:message "x" end
    assert.matches('2 of at most 2 handlers run.- 2 of them are app:message "x"', offline:log())
    offline.app.dispatch:cancel_all()
    offline = Offline.new({ max_in_flight = 1 })
    offline.app:message("x", function() tasks.waiter():await(10) end)
    offline:message "x"
    assert.matches('1 of them is app:message "x"', offline:log())
    offline.app.dispatch:cancel_all()
  end)

  it("warns now and then of listeners that keep an event longer than Slack waits", function()
    local now = 1000
    local slow = Offline.new(nil, function() return now end)
    slow.app.dispatch.late.slow_events.clock = function() return now end
    slow.app:event("app_mention", function() tasks.waiter():await() end)
    for i = 1, 4 do
      local request = slow:deliver({
        type = "event_callback", team_id = "T1", event_id = "EvSlow" .. i,
        event = { type = "app_mention", user = "U1" },
      }, { acked = true, held = true })
      now = now + (i == 4 and 60 or 0)
      slow.app.dispatch:deadline(request)
    end
    local _, lines = slow:log():gsub("WARN[^\n]*app:event [^\n]*answered with 200", "")
    assert.equal(2, lines, slow:log())
    assert.matches("2 more like it", slow:log())
    slow.app.dispatch:cancel_all()
  end)
end)
