local Shared = require "support.shared_apps"
local Talk = require "support.talk"
local clock = require "support.clock"
local json = require "slack.json"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"
local slack = require "slack"
local stubs = require "luassert.stub"

local ADA, GRACE, GENERAL, RANDOM = Talk.ADA, Talk.GRACE, Talk.GENERAL, Talk.RANDOM

describe("conversations over several processes", function()
  local shared, a, b, got, heard, previous, time

  before_each(function()
    local made
    made, time = clock.loop()
    previous = loop.use(made)
    shared, got, heard = Shared.new(), {}, {}
    a, b = shared:process "a", shared:process "b"
  end)

  after_each(function()
    loop.use(previous)
  end)

  local function listen(talk, name)
    talk.app:message(function(c) table.insert(heard, name .. " " .. c.text) end)
  end

  -- Has "go", said at a, do something and note what it gave.
  local function at_a(fn)
    a.app:message("go", function(c)
      local came, why = fn(c)
      table.insert(got, came and (came.text or came.type) or tostring(why))
    end)
    listen(a, "a")
    listen(b, "b")
    shared:say("a", "go")
    heard = {}
  end

  it("bring an answer that comes elsewhere to who waits for it", function()
    at_a(function(c) return c:ask "Well?" end)
    shared:say("b", "main")
    assert.same({ "main" }, got)
    assert.same({}, heard)
    assert.equal("b>a", shared:moved())
    assert.equal(2, #shared.ends) -- each entry once, of the question and of the answer
  end)

  it("leave the rest where it has come", function()
    at_a(function(c) return c:ask "Well?" end)
    shared:say("b", "by somebody else", { user = GRACE })
    shared:say("b", "elsewhere", { channel = RANDOM })
    shared:event("b", { type = "reaction_added", user = ADA,
      item = { type = "message", channel = GENERAL, ts = "1.1" } })
    assert.same({ "b by somebody else", "b elsewhere" }, heard)
    assert.equal("", shared:moved())
  end)

  it("bring an answer below the question, of which nobody knew when it was told", function()
    at_a(function(c) return c:ask "Well?" end)
    local ts = Talk.new_ts()
    ts = ts:sub(1, 11) .. ("%06d"):format(tonumber(ts:sub(12)) - 1)
    shared:say("b", "below", { thread_ts = ts })
    assert.same({ "below" }, got)
  end)

  it("tell of the question before it is posted", function()
    local known
    a.offline.answers["chat.postMessage"] = function(arguments)
      known = next(b.app.dispatch.wait_routes.kinds) ~= nil
      return { ok = true, ts = Talk.new_ts(), channel = arguments.channel }
    end
    at_a(function(c) return c:ask "Well?" end)
    assert.is_true(known)
  end)

  it("leave with who waits here what may be for both", function()
    at_a(function(c) return c:ask "Well?" end)
    b.app:message("here", function(c)
      table.insert(got, "b " .. c:ask("Well?").text)
    end)
    shared:say("b", "here", { user = GRACE })
    shared:say("b", "mine", { user = GRACE })
    b.app:command("/both", function(c)
      table.insert(got, "b " .. c:ask("Well?", { from = ADA }).text)
    end)
    shared:command("b", "/both")
    shared:say("b", "first")
    shared:say("b", "second")
    assert.same({ "b mine", "b first", "second" }, got)
    assert.equal("b>a", shared:moved())
  end)

  it("bring what several wait for to the nearest, of these to the latest", function()
    local other, thread = shared:process "c", Talk.new_ts()
    other.app:message("begin", function(c) table.insert(got, "c " .. c:ask("Well?").text) end)
    other.app:command("/wait", function(c)
      table.insert(got, "c " .. c:wait({ message = true, channel = "anywhere" }).text)
    end)
    shared:say("c", "begin", { thread_ts = thread })
    at_a(function(c) return c:wait { message = true, channel = "anywhere" } end)
    shared:say("b", "near", { thread_ts = thread })
    assert.same({ "c near" }, got)
    shared:command("c", "/wait")
    shared:say("b", "latest")
    shared:say("b", "first")
    assert.same({ "c near", "c latest", "first" }, got)
    assert.same({}, b.app.dispatch.wait_routes.kinds)
  end)

  it("remember of each process a bounded number", function()
    at_a(function(c) return c:ask "Well?" end)
    local told = shared.bus:sent "waits"
    local message, known = told[#told], b.app.dispatch.wait_routes.of_peer
    local filter = message.add[1].filter
    local add = {}
    for i = 1, 100010 do
      add[i] = { number = 10 + i, filter = setmetatable({}, { __index = filter }) }
    end
    b.app.dispatch.wait_routes:_waits(next(known), { add = add })
    assert.equal(100000, select(2, next(known)).count)
    b.app.dispatch.wait_routes:left((next(known)))
    assert.same({}, b.app.dispatch.wait_routes.kinds)
  end)

  it("go on when nobody here wants it who waits", function()
    at_a(function(c) return c:ask "Well?" end)
    b.app:command("/here", function(c)
      table.insert(got, "b " .. c:wait { message = slack.pattern "^x" }.text)
    end)
    shared:command("b", "/here")
    shared:say("b", "main")
    shared:say("b", "x1")
    assert.same({ "main", "b x1" }, got)
  end)

  it("run middleware once, where it is handled, unless somebody waits here too", function()
    local seen = {}
    for name, talk in pairs { a = a, b = b } do
      talk.app:use(function(_, next)
        table.insert(seen, name)
        return next()
      end)
    end
    at_a(function(c) return c:ask "Well?" end)
    seen = {}
    shared:say("b", "main")
    assert.same({ { "a" }, { "main" } }, { seen, got })
  end)

  it("go on behind middleware when nobody here wants it who waits", function()
    b.app:use(function(_, next) return next() end)
    at_a(function(c) return c:ask "Well?" end)
    b.app:command("/here", function(c) c:wait { message = slack.pattern "^x" } end)
    shared:command("b", "/here")
    shared:say("b", "main")
    assert.same({ { "main" }, {} }, { got, heard })
  end)

  it("forget what is not waited for any more", function()
    at_a(function(c) return c:ask("Well?", { timeout = 5 }) end)
    time.now = time.now + 6
    Shared.settle()
    shared:say("b", "late")
    assert.same({ { "timeout" }, { "b late" }, "" }, { got, heard, shared:moved() })
    assert.same({}, b.app.dispatch.wait_routes.kinds)
  end)

  it("bring what is no longer waited for to a listener, and not back", function()
    at_a(function(c) return c:ask "Well?" end)
    b.app:command("/ask", function(c) c:ask("Well?", { from = ADA }) end)
    local drop = stubs(a.app.dispatch.wait_routes, "remove")
    shared:say("a", "taken")
    drop:revert()
    heard = {}
    shared:say("b", "late")
    assert.same({ "taken" }, got)
    assert.same({ "a late" }, heard)
    assert.equal("b>a", shared:moved())
  end)

  it("leave an event here whose process is gone", function()
    at_a(function(c) return c:ask "Well?" end)
    shared:kill "a"
    shared:say("b", "main")
    assert.same({ { "b main" }, {} }, { heard, b.app.peers.list })
    assert.equal(1, #shared.ends)
    shared:say("b", "more")
    assert.same({ "b main", "b more" }, heard)
  end)

  it("leave an event behind middleware here once when it cannot be moved", function()
    local seen = 0
    b.app:use(function(_, next) seen = seen + 1 return next() end)
    at_a(function(c) return c:ask "Well?" end)
    b.app:command("/here", function(c) c:wait { message = slack.pattern "^x" } end)
    shared:command("b", "/here")
    shared.bus.is_down, seen = true, 0
    shared:say("b", "main")
    assert.same({ { "b main" }, 1 }, { heard, seen })
  end)

  it("leave an event here while nothing can be moved", function()
    at_a(function(c) return c:ask "Well?" end)
    shared.bus.is_down = true
    shared:say("b", "main")
    assert.same({ "b main" }, heard)
    assert.matches("could not be moved to the process a", b.offline:log())
  end)

  it("do not post later than a second because nobody can be told", function()
    shared.bus.is_down = true
    at_a(function(c) return c:ask "Well?" end)
    assert.same({ "Well?" }, a:posted())
  end)

  it("bring a message with a mention, and its twin, to the same", function()
    a.app:event("app_mention", function(c)
      if c.text:find "go" then
        table.insert(got, c:ask("Well?").text)
      end
    end)
    for name, talk in pairs { a = a, b = b } do
      talk.app:event("app_mention", function(c) table.insert(heard, name .. " " .. c.text) end)
    end
    local event = { type = "app_mention", text = "<@U05BOTUSR01> go", user = ADA,
      channel = GENERAL, ts = Talk.new_ts() }
    shared:event("a", event)
    heard = {}
    local said = shared:say("b", "<@U05BOTUSR01> main")
    assert.same({ "main" }, got)
    said.type = "app_mention"
    shared:event("b", said)
    assert.same({ {}, "b>a b>a" }, { heard, shared:moved() })
    time.now = time.now + 31
    Shared.settle()
    assert.same({}, b.app.dispatch.wait_routes.kinds)
  end)

  it("stop an answer that another process writes", function()
    a.app:message("go", function(c)
      local stream = c:stream()
      stream:append "one"
      slack.sleep(1)
      local _, err = stream:append "two"
      table.insert(got, err and err.code or "went on")
    end)
    shared:say("a", "go", { thread_ts = "1.1" })
    shared:event("b", { type = "agent_session_stopped", user = GRACE, channel = GENERAL,
      thread_ts = "1.1" })
    assert.equal("b>a", shared:moved())
    time.now = time.now + 2
    Shared.settle()
    assert.same({ "stopped_by_user" }, got)
    assert.same({}, b.app.dispatch.wait_routes.kinds)
  end)

  it("tell a newcomer what is waited for", function()
    at_a(function(c) return c:ask "Well?" end)
    local z = shared:process "z"
    listen(z, "z")
    shared:say("z", "main")
    assert.same({ { "main" }, {}, "z>a" }, { got, heard, shared:moved() })
  end)

  it("tell of many waits in messages of some size, and of nothing twice", function()
    a.app:message("go", function(c) c:wait { message = true, channel = c.text:match "C.*" } end)
    for i = 1, 250 do
      shared.entries["many" .. i] = {
        type = "event_callback", team_id = "T02MOON4XYZ",
        event = {
          type = "message", text = "go C" .. i, user = ADA, channel = "C" .. i,
          ts = Talk.new_ts(),
        },
      }
      shared:hand_out("a", "many" .. i)
    end
    Shared.settle()
    local count = 0
    for _, message in ipairs(shared.bus:sent "waits") do
      assert.is_true(#message.add <= 100)
      count = count + #message.add
    end
    assert.equal(250, count)
    shared:say("b", "main", { channel = "C77" })
    assert.equal("b>a", shared:moved())
  end)

  describe("find by", function()
    local CASES = {
      { "a type of event", { event = "team_join", from = "anyone", channel = "anywhere" },
        { type = "team_join", user = { id = "U1" } } },
      { "a message that it is about", { event = "reaction_added", from = "anyone", on = "5.5" },
        { type = "reaction_added", user = GRACE, item = { channel = GENERAL, ts = "5.5" } } },
      { "a list of persons", { message = true, from = { GRACE, "U9" }, channel = "anywhere" },
        { type = "message", text = "x", user = GRACE, channel = RANDOM, ts = "1800000000.1" } },
      { "a channel", { message = true, from = "anyone", channel = RANDOM },
        { type = "message", text = "x", user = GRACE, channel = RANDOM, ts = "1800000000.1" } },
      { "a thread", { message = true, from = "anyone", thread = "3.3" },
        { type = "message", text = "x", user = GRACE, channel = GENERAL, thread_ts = "3.3",
          ts = "1800000000.1" } },
      { "the workspace's channel in a field", { message = { channel = RANDOM }, from = "anyone",
        channel = "anywhere" },
        { type = "message", text = "x", user = GRACE, channel = RANDOM, ts = "1800000000.1" } },
    }
    for _, case in ipairs(CASES) do
      it(case[1], function()
        at_a(function(c) return c:wait(case[2]) end)
        shared:event("b", case[3])
        assert.equal(1, #got)
        assert.equal("b>a", shared:moved())
      end)
    end

    it("nothing, which stays untold", function()
      at_a(function(c)
        return c:wait { message = true, from = "anyone", channel = "anywhere" }
      end)
      assert.same({}, shared.bus:sent "waits")
      shared:say("b", "main")
      assert.same({ "b main" }, heard)
    end)

    it("each of several alternatives, until one has come", function()
      at_a(function(c)
        return (c:wait { { message = slack.pattern "^x" }, { event = "reaction_added" } })
      end)
      shared:event("b", { type = "reaction_added", user = ADA,
        item = { channel = GENERAL, ts = "1.1" } })
      assert.same({ "reaction_added" }, got)
      assert.same({}, b.app.dispatch.wait_routes.kinds)
    end)
  end)

  describe("relay", function()
    local function at_click(request)
      return request.answers[1], request.refused_as
    end

    it("a click that somebody waits for, and the ack", function()
      at_a(function(c)
        local click = c:wait { action = "ok" }
        click:ack()
        return click
      end)
      local request = shared:click("b", "ok")
      assert.same({ "block_actions" }, got)
      assert.equal("empty", at_click(request))
    end)

    it("a click on one of our buttons, and takes the buttons away", function()
      at_a(function(c) return { text = c:choose { text = "Well?", choices = { "Yes", "No" } } } end)
      local blocks = a:called("chat.postMessage")[1].blocks
      local element = blocks[#blocks].elements[1]
      local request = shared:click("b", element.action_id, {
        actions = { { type = "button", action_id = element.action_id, value = element.value } },
      })
      assert.same({ "Yes" }, got)
      assert.equal("empty", at_click(request))
      assert.same({}, b.offline.calls)
      assert.same({}, shared.bus:sent "waits")
      -- A second click may be on its way.
      local second = shared:click("b", element.action_id)
      assert.equal("empty", at_click(second))
      assert.same({}, b.offline.calls)
    end)

    it("the submissions of a form, with what is wrong with them", function()
      a.app:command("/form", function(c)
        local form = c:form { title = { type = "plain_text", text = "F" }, blocks = {} }
        for submission in form:submissions() do
          if submission.values.n == "1" then
            submission:reject { n = "too few" }
          end
        end
        table.insert(got, form.why)
      end)
      a.offline.answers["views.open"] = function(arguments)
        return { ok = true, view = { id = "V1", root_view_id = "V1",
          external_id = arguments.view.external_id } }
      end
      shared:command("a", "/form")
      local view = a:called("views.open")[1].view
      local function submit(value)
        return shared:deliver("b", {
          type = "view_submission", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
          view = { id = "V1", root_view_id = "V1", external_id = view.external_id,
            state = { values = { b = { n = { type = "plain_text_input", value = value } } } } },
        })
      end
      assert.same({ response_action = "errors", errors = { n = "too few" } },
        json.decode((at_click(submit "1"))))
      assert.equal("empty", (at_click(submit "2")))
      assert.same({ "submitted" }, got)
    end)

    it("a form with an id of the program's own", function()
      a.app:command("/form", function(c)
        local form = c:form {
          external_id = "mine", title = { type = "plain_text", text = "F" }, blocks = {},
        }
        for submission in form:submissions() do
          got[1] = submission.values
        end
      end)
      a.offline.answers["views.open"] = function()
        return { ok = true, view = { id = "V1", root_view_id = "V1", external_id = "mine" } }
      end
      shared:command("a", "/form")
      local request = shared:deliver("b", {
        type = "view_submission", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
        view = { id = "V1", root_view_id = "V1", external_id = "mine", state = { values = {} } },
      })
      assert.is_table(got[1])
      assert.equal("empty", (at_click(request)))
    end)

    it("a command, whose answer is the handler's", function()
      a.app:command("/two", function(c)
        local next_one = c:wait { command = "/more" }
        next_one:ack "thanks"
      end)
      shared:command("a", "/two")
      local request = shared:command("b", "/more")
      assert.matches("thanks", (at_click(request)))
    end)

    it("a refusal", function()
      a.app:message("go", function(c)
        local click = c:wait { action = "ok", filter = function() return false end }
        return click
      end)
      shared:say("a", "go")
      local request = shared:deliver("b", {
        type = "block_actions", user = { id = ADA }, team = { id = "T02MOON4XYZ" },
        channel = { id = GENERAL }, actions = { { action_id = "ok", type = "button" } },
      }, { has_status = true })
      assert.equal("unmatched", request.refused_as)
      assert.equal(1, #shared.bus:sent "deliver")
    end)

    local function wait_for_click()
      at_a(function(c) return c:wait { action = "ok" } end)
    end

    it("what nobody answers in time to nobody else, and say so", function()
      wait_for_click()
      local reads = shared.bus.alive.a
      shared.bus.alive.a = function() end
      local request = shared:click("b", "ok")
      assert.is_nil((at_click(request)))
      b.app.dispatch:deadline(request)
      Shared.settle()
      assert.matches("no ack in time from the process a, which has it", b.offline:log())
      assert.same({}, b.app.relays.sent)
      shared.bus.alive.a = reads
      for _, message in ipairs(shared.bus:sent "deliver") do
        reads(json.encode(message)) -- which it reads at last
      end
      Shared.settle()
      assert.same({}, request.answers)
    end)

    it("to nobody who is gone", function()
      wait_for_click()
      b.app:action("ok", function(c) c:ack() table.insert(got, "b") end)
      shared:kill "a"
      local request = shared:click("b", "ok")
      assert.same({ { "b" }, "empty" }, { got, (at_click(request)) })
    end)

    it("to nobody who keeps somebody waiting, and is not heard of", function()
      wait_for_click()
      b.app:action("ok", function(c) c:ack() table.insert(got, "b") end)
      shared.bus.alive.a = function() end -- it was killed, or computes
      assert.is_nil((at_click(shared:click("b", "ok"))))
      time.now = time.now + 0.6
      Shared.settle()
      local request = shared:click("b", "ok")
      assert.same({ { "b" }, "empty" }, { got, (at_click(request)) })
    end)

    it("to nobody who has no room", function()
      wait_for_click()
      b.app:action("ok", function(c) c:ack() table.insert(got, "b") end)
      a.app.dispatch.is_full = true
      local request = shared:click("b", "ok")
      assert.same({ { "b" }, "empty" }, { got, (at_click(request)) })
    end)

    it("what is not sound to nobody", function()
      local place = { c = {} }
      local filters = {
        1, {}, { kind = "event" }, { kind = "none", id = "x" },
        { kind = "event", place = place, fields = { no = { "x" } } },
        { kind = "event", place = place, people = { {} } },
      }
      local add = { 1, {}, { number = 1 } }
      for number, filter in ipairs(filters) do
        add[#add + 1] = { number = number, filter = filter }
      end
      for _, message in ipairs {
        { type = "deliver" }, { type = "deliver", id = 1 },
        { type = "deliver", id = "1", body = {} }, { type = "answer", id = {} },
        { type = "answer", id = 12345, ack = 5 }, { type = "expired", id = true },
        { type = "waits", add = 7 }, { type = "waits", drop = "x" }, { type = "waits", add = add },
      } do
        message.v, message.from = 1, "a"
        b.app.peers:receive(json.encode(message))
      end
      assert.same({}, b.app.dispatch.wait_routes.kinds)
      assert.is_true(b.app.peers.counts.ignored > 0)
      listen(b, "b")
      shared:say("b", "main")
      assert.same({ "b main" }, heard)
    end)
  end)

  describe("of a process that is gone", function()
    local GONE = "lua_slack:00000000000000ff1"

    it("say that nobody waits", function()
      shared:click("b", GONE, { response_url = "", message = { ts = "1.1", blocks = {
        { type = "actions", elements = { { type = "button", action_id = GONE } } },
      } } })
      assert.matches("Nobody is waiting", json.encode(b.offline.calls))
    end)

    it("do not say so while it cannot be known", function()
      b.app.peers.has_looked = false
      assert.is_nil(b.app.dispatch.wait_routes:is_alive(GONE))
      assert.is_true(b.app.dispatch.wait_routes:is_alive(own_ids.new()))
    end)
  end)
end)
