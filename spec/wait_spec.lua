local Talk = require "support.talk"
local json = require "slack.json"
local slack = require "slack"
local tasks = require "slack.tasks"

local ADA, GRACE, GENERAL, RANDOM = Talk.ADA, Talk.GRACE, Talk.GENERAL, Talk.RANDOM

describe("c:wait", function()
  local talk, app, offline, got

  before_each(function()
    talk = Talk.new()
    app, offline, got = talk.app, talk.offline, {}
  end)

  -- Has "go" wait, and note what describe(c, more) says of what came.
  local function wait(options, describe_it)
    app:message("go", function(c)
      local came, more = c:wait(type(options) == "function" and options(c) or options)
      local text = describe_it and came and describe_it(came, more)
        or came and (came.text or came.type)
      got[#got + 1] = text or tostring(more)
    end)
    talk:say "go"
  end

  local function click(action_id, more)
    local request = offline:click(action_id, more)
    talk.settle()
    return request
  end

  local function react(more)
    local event = {
      type = "reaction_added", user = ADA, reaction = "eyes",
      item = { type = "message", channel = GENERAL, ts = "1700000000.000001" },
    }
    for name, value in pairs(more or {}) do
      event[name] = value
    end
    offline:event(event)
    talk.settle()
  end

  local function view(kind, more)
    local body = {
      type = kind, user = { id = ADA }, team = { id = "T02MOON4XYZ" },
      view = { id = "V1", callback_id = "order", type = "modal" },
    }
    for name, value in pairs(more or {}) do
      body[name] = value
    end
    local request = offline:deliver(body)
    talk.settle()
    return request
  end

  describe("takes", function()
    it("an event by its type", function()
      wait { event = "reaction_added" }
      talk:say "no"
      react()
      assert.same({ "reaction_added" }, got)
    end)

    it("a message by a text in it, a pattern with captures, a predicate, a list", function()
      wait({ message = "lunch" })
      talk:say "dinner"
      talk:say "and lunch?"
      wait({ message = slack.pattern "^at (%d+)" }, function(c) return c.matches[1] end)
      talk:say "at noon"
      talk:say "at 12"
      wait { message = function(c) return c.text == "me" end }
      talk:say "you"
      talk:say "me"
      wait { message = { "yes", "no" } }
      talk:say "maybe"
      talk:say "oh no"
      assert.same({ "and lunch?", "12" }, { got[1], got[2] })
      assert.truthy(table.concat(got, "|"):find("me", 1, true))
      assert.equal("oh no", got[#got])
    end)

    it("edits only by their subtype", function()
      wait({ message = { subtype = "message_changed" } }, function(c) return c.type end)
      talk:say "no"
      talk:say("x", { subtype = "message_changed", message = { user = ADA, ts = "1.1" } })
      assert.same({ "message" }, got)
    end)

    it("a command, whose ack it owes", function()
      wait({ command = "/go" }, function(c)
        assert(c:ack "Going.")
        return c.text
      end)
      local request = offline:command("/go", "now")
      talk.settle()
      assert.same({ "now" }, got)
      assert.same({ '{"text":"Going."}' }, request.answers)
    end)

    it("a click by the ids of its element", function()
      wait({ action = { action_id = "vote", block_id = "b1" } }, function(c)
        return c.action.value
      end)
      click "other"
      click "vote"
      assert.same({ "v" }, got)
    end)

    it("a global shortcut, which has no place", function()
      wait({ shortcut = "note" })
      offline:deliver {
        type = "shortcut", callback_id = "note", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
      }
      talk.settle()
      assert.same({ "shortcut" }, got)
    end)

    it("a modal that is submitted, and one that is closed", function()
      wait { view = "order" }
      view "view_closed"
      assert.same({}, got)
      local request = view "view_submission"
      assert.same({ "view_submission" }, got)
      assert.same({ "empty" }, request.answers)
      wait { view_closed = "order" }
      view "view_closed"
      assert.same({ "view_submission", "view_closed" }, { got[1], got[#got] })
    end)

    it("any with true", function()
      wait { action = true }
      click "whatever"
      assert.same({ "block_actions" }, got)
    end)

    it("the first of a list of things, and says which", function()
      wait({ { message = true }, { action = "stop" }, timeout = 60 }, function(c, i)
        return i .. " " .. c.type
      end)
      click "stop"
      talk:say "too late"
      assert.same({ "2 block_actions" }, got)
      assert.equal(0, app.dispatch.waits.count)
    end)
  end)

  describe("by default waits for this person here", function()
    it("and not for others, other channels, other threads", function()
      wait { event = "reaction_added" }
      react { user = GRACE }
      react { item = { channel = RANDOM, ts = "1.1" } }
      assert.same({}, got)
      react()
      assert.equal(1, #got)
    end)

    it("in the channel or in the thread of the trigger", function()
      wait(function() return { message = true } end)
      local before = #got
      talk:say("x", { thread_ts = "1600000000.000001" })
      assert.equal(before, #got)
      talk:say "here"
      assert.equal("here", got[#got])
    end)

    it("in a thread there alone; what tells of no thread is taken", function()
      app:message("go", function(c)
        got[1] = c:wait({ action = "vote" }).type
        got[2] = c:wait({ event = "reaction_added" }).type
      end)
      talk:say("go", { thread_ts = "1600000000.000001" })
      click "vote"
      assert.same({}, got)
      click("vote", {
        container = {
          type = "message", message_ts = "1600000000.000002", thread_ts = "1600000000.000001",
        },
        message = { ts = "1600000000.000002", thread_ts = "1600000000.000001" },
      })
      react()
      assert.same({ "block_actions", "reaction_added" }, got)
    end)

    it("in a thread also what is clicked at the message that it began with", function()
      app:message("go", function(c) got[1] = c:wait({ action = "vote" }).message_ts end)
      talk:say("go", { thread_ts = "1600000000.000001" })
      local function click_at(ts)
        click("vote", { container = { type = "message", message_ts = ts }, message = { ts = ts } })
      end
      click_at "1600000000.000009"
      assert.same({}, got)
      click_at "1600000000.000001"
      assert.same({ "1600000000.000001" }, got)
    end)
  end)

  it("waits anywhere, in threads too, when the trigger was nowhere", function()
    app:shortcut("note", function(c) got[1] = c:wait({ message = true }).text end)
    offline:deliver {
      type = "shortcut", callback_id = "note", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
    }
    talk:say("below", { thread_ts = "1600000000.000001" })
    assert.same({ "below" }, got)
  end)

  it("takes from, channel, thread, on and filter in the place of these", function()
    wait({
      event = "reaction_added", from = "anyone", channel = "anywhere", on = "1.7",
      filter = function(c) return c.event.reaction == "ok" end,
    }, function(c) return c.user_id .. c.channel_id end)
    react { user = GRACE, reaction = "ok", item = { channel = RANDOM, ts = "1.6" } }
    react { user = GRACE, reaction = "no", item = { channel = RANDOM, ts = "1.7" } }
    assert.same({}, got)
    react { user = GRACE, reaction = "ok", item = { channel = RANDOM, ts = "1.7" } }
    assert.same({ GRACE .. RANDOM }, got)
  end)

  it("of anyone anywhere takes each of several names, and no other", function()
    for _, word in ipairs { "yes", "no" } do
      wait({ action = { "yes", "no" }, from = "anyone", channel = "anywhere" },
        function(c) return c.action.action_id end)
      click("maybe", { user = { id = GRACE } })
      click(word, { user = { id = GRACE }, channel = { id = RANDOM } })
    end
    assert.same({ "yes", "no" }, got)
  end)

  it("with a channel waits there, in whatever thread; with thread only in that", function()
    wait { message = true, channel = RANDOM }
    talk:say "here"
    talk:say("there", { channel = RANDOM, thread_ts = "1.1" })
    assert.same({ "there" }, got)
    wait { message = true, thread = "1600000000.000001" }
    talk:say "beside"
    talk:say("below", { thread_ts = "1600000000.000001" })
    assert.equal("below", got[#got])
    wait { message = true, thread = true }
    talk:say "beside"
    talk:say("in any", { thread_ts = "1600000000.000005" })
    assert.equal("in any", got[#got])
  end)

  it("takes no second event of the mention that began it", function()
    app:event("app_mention", function(c) got[1] = c:wait({ message = true }).text end)
    local _, mention = talk:say("<@U05BOTUSR01> go", { type = "app_mention" })
    talk:say(mention.text, { ts = mention.ts })
    assert.same({}, got)
    talk:say "next"
    assert.same({ "next" }, got)
  end)

  it("leaves what it takes to listeners too with pass = true", function()
    local clicks = 0
    app:action("vote", function(c)
      clicks = clicks + 1
      return c:ack()
    end)
    wait { action = "vote", pass = true }
    click "vote"
    assert.same({ 1, 1 }, { clicks, #got })
    wait { action = "unheard", pass = true }
    local request = click "unheard"
    assert.same({ "empty" }, request.answers)
    assert.falsy(offline:log():find("no listener for action", 1, true))
  end)

  it("acks what it passes on and no listener takes: a command, a modal", function()
    wait { command = "/go", pass = true }
    assert.same({ "empty" }, offline:command("/go").answers)
    talk.settle()
    wait { view = "order", pass = true }
    local request = view "view_submission"
    assert.same({ { "empty" }, nil }, { request.answers, request.refused_as })
  end)

  it("acks what it took when the handler waits again, if that has not", function()
    local request
    app:message("go", function(c)
      local came = c:wait { view = "order" }
      got[1] = #request.answers
      tasks.waiter():await()
      got[2] = came
    end)
    talk:say "go"
    offline.app.dispatch.on_full = nil
    local deliver = offline.deliver
    request = deliver(offline, {
      type = "view_submission", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
      view = { id = "V1", callback_id = "order" },
    })
    talk.settle()
    assert.same({ 0 }, got)
    assert.same({ "empty" }, request.answers)
  end)

  it("keeps the ack for the handler that raced for it", function()
    app:message("go", function(c)
      local came = slack.race {
        function() return c:wait { view = "order" } end,
        function() return c:wait { message = true } end,
      }
      assert(came:ack { errors = { name = "Taken." } })
    end)
    talk:say "go"
    local request = view("view_submission", {
      view = { id = "V1", callback_id = "order", blocks = {
        {
          type = "input", block_id = "b",
          element = { type = "plain_text_input", action_id = "name" },
        },
      } },
    })
    assert.same({ { response_action = "errors", errors = { b = "Taken." } } },
      { json.decode(request.answers[1]) })
  end)

  it("raises where it waits what its filter raises; what came goes to others", function()
    local heard
    app:message(function(c) heard = c.text end)
    app:message("go", function(c)
      local ok, problem = pcall(c.wait, c, {
        message = true, filter = function() error "broken" end,
      })
      got[1], got[2] = ok, tostring(problem):match "broken"
    end)
    talk:say "go"
    talk:say "x"
    assert.same({ false, "broken" }, got)
    assert.equal("x", heard)
  end)

  it("raises misuse at the line of the call, with advice", function()
    local cases = {
      { {}, "what for? One of action, command, event, message, shortcut, view, view_closed" },
      { { message = true, action = "x" }, "action and message at once" },
      { { mesage = true }, 'unknown option "mesage"; did you mean "message"?' },
      { { event = "message.channels" }, "message.channels" },
      { { action = { actionid = "x" } }, 'did you mean "action_id"?' },
      { { action = { "x", order = "channel" } }, "order, concurrency, queue and overload" },
      { { message = true, from = {} }, "from: the id of a person" },
      { { message = true, channel = 7 }, "channel: the id of a channel" },
      { { message = true, channel = "#general" }, 'channel: "#general" is a name' },
      { { message = true, from = { "U1", "ada" } }, 'from: "ada" is a name' },
      { { message = true, thread = {} }, "thread: the ts of a message" },
      { { message = true, filter = 1 }, "filter: function expected" },
      { { message = true, timeout = -1 }, "timeout: seconds expected" },
      { { { message = true }, { view = 7 } }, "2: view: " },
      { { { message = true }, "x" }, '2: a table like { event = "reaction_added" } expected' },
      { { { message = true, timeout = 5 } }, '1: unknown option "timeout"' },
      { { { message = true }, timeot = 5 }, 'unknown option "timeot"; did you mean "timeout"?' },
      { { { message = true }, action = "x" }, "action: beside a list" },
      { 7, "a table expected, got number" },
    }
    app:message("go", function(c)
      for i, case in ipairs(cases) do
        local _, message = pcall(function() c:wait(case[1]) end)
        got[i] = message
      end
    end)
    talk:say "go"
    for i, case in ipairs(cases) do
      assert.truthy(tostring(got[i]):find("wait_spec.lua:%d+: c:wait: "), i .. tostring(got[i]))
      assert.truthy(got[i]:find(case[2], 1, true), got[i])
    end
  end)

  it("needs a person to wait for when nobody is behind the trigger", function()
    app:event("channel_rename", function(c)
      local _, message = pcall(c.wait, c, { message = true })
      got[1] = message
      got[2] = c:wait({ message = true, from = "anyone" }).text
    end)
    offline:event { type = "channel_rename", channel = { id = GENERAL } }
    talk:say "x"
    assert.truthy(got[1]:find("nobody is behind this event", 1, true))
    assert.equal("x", got[2])
  end)
end)

describe("waits", function()
  -- How many tests an event makes when so many wait.
  local function tests_with(count)
    local talk = Talk.new()
    talk.app:message("go", function(c) c:ask "Well?" end)
    for i = 1, count do
      talk.offline:message("go", { user = "U" .. i, channel = "C" .. i })
    end
    local waits = talk.app.dispatch.waits
    assert.equal(count, waits.count)
    local tests = 0
    for _, wait in pairs(waits.kinds.event.users) do
      local test = wait.test
      wait.test = function(...)
        tests = tests + 1
        return test(...)
      end
    end
    talk:say("x", { user = "U1", channel = "C1" })
    assert.equal(count - 1, waits.count)
    talk:say("x", { user = "nobody" })
    return tests
  end

  it("look at no others than a person's own", function()
    assert.same({ 1, 1, 1 }, { tests_with(1), tests_with(10), tests_with(500) })
  end)

  it("for anyone look at no others than those in its channel", function()
    local talk = Talk.new()
    local names, tests = {}, 0
    talk.app:message("go", function(c)
      c:wait { message = function() tests = tests + 1 end, from = "anyone" }
    end)
    for i = 1, 50 do
      names[i] = "C" .. i
      talk.offline:message("go", { channel = names[i], ts = Talk.new_ts() })
    end
    assert.equal(50, talk.app.dispatch.waits.count)
    talk:say("x", { channel = names[7] })
    assert.equal(1, tests)
  end)

  it("leave nothing behind", function()
    local talk = Talk.new()
    talk.app:message("go", function(c)
      c:wait { { message = true }, { action = "x" }, { event = "reaction_added", from = "anyone" } }
    end)
    for _ = 1, 3 do
      talk:say "go"
    end
    talk:say "1"
    talk:say "2"
    talk:say "3"
    local waits = talk.app.dispatch.waits
    assert.equal(0, waits.count)
    for _, kind in pairs(waits.kinds) do
      for _, map in ipairs { kind.users, kind.ids, kind.channels, kind.rest } do
        assert.is_nil(next(map))
      end
    end
  end)
end)
