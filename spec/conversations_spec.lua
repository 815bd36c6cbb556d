local Many = require "support.many_workspaces"
local Talk = require "support.talk"
local clock = require "support.clock"
local errors = require "slack.errors"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local ADA, GRACE, GENERAL, RANDOM = Talk.ADA, Talk.GRACE, Talk.GENERAL, Talk.RANDOM

describe("c:ask", function()
  local talk, app, got, heard

  before_each(function()
    talk = Talk.new()
    app, got, heard = talk.app, {}, {}
  end)

  -- Has "ask" ask a question and note what came.
  local function ask(options, question)
    app:message("ask", function(c)
      local answer, why = c:ask(question or "Well?", options)
      got[#got + 1] = answer and answer.text or tostring(why)
    end)
    app:message(function(c) heard[#heard + 1] = c.text end)
  end

  local function posted_ts(i)
    return ("1700000100.%06d"):format(tonumber(Talk.new_ts():match "%d+$") - (i or 1))
  end

  it("gives this person's next message, which no listener gets", function()
    ask()
    talk:say "ask"
    assert.same({ "Well?" }, talk:posted())
    talk:say "main"
    assert.same({ "main" }, got)
    assert.same({ "ask" }, heard)
    talk:say "after"
    assert.same({ "ask", "after" }, heard)
  end)

  it("gives a full context", function()
    app:message("ask", function(c)
      local answer = c:ask "Well?"
      answer:say("You said " .. answer.text)
      answer:react "eyes"
      local other = answer:ask "And?"
      other:reply(other.message.text)
    end)
    talk:say "ask"
    local _, said = talk:say "this"
    talk:say "that"
    assert.same({ "Well?", "You said this", "And?", "that" }, talk:posted())
    assert.equal(said.ts, talk:called "reactions.add"[1].timestamp)
  end)

  it("asks one thing after another in straight code", function()
    app:message("ask", function(c)
      local first = c:ask "One?"
      local second = c:ask "Two?"
      c:say(first.text .. second.text)
    end)
    talk:say "ask"
    talk:say "a"
    talk:say "b"
    assert.same({ "One?", "Two?", "ab" }, talk:posted())
  end)

  describe("takes as answers", function()
    it("in a channel what stands beside the question and what stands in its thread", function()
      ask()
      talk:say "ask"
      talk:say("elsewhere", { channel = RANDOM })
      talk:say("other thread", { thread_ts = "1700000000.000001" })
      assert.same({}, got)
      talk:say("beside")
      assert.same({ "beside" }, got)
      talk:say "ask"
      talk:say("below", { thread_ts = posted_ts() })
      assert.same({ "beside", "below" }, got)
    end)

    it("in a thread only what stands in that thread", function()
      ask()
      talk:say("ask", { thread_ts = "1700000000.000001" })
      assert.equal("1700000000.000001", talk:called "chat.postMessage"[1].thread_ts)
      talk:say "beside"
      talk:say("other thread", { thread_ts = "1700000000.000002" })
      assert.same({}, got)
      talk:say("here", { thread_ts = "1700000000.000001" })
      talk:say("too late", { thread_ts = "1700000000.000001" })
      assert.same({ "here" }, got)
    end)

    it("in a thread also what is sent to the channel besides", function()
      ask()
      talk:say("ask", { thread_ts = "1700000000.000001" })
      talk:say("here", { thread_ts = "1700000000.000001", subtype = "thread_broadcast" })
      assert.same({ "here" }, got)
    end)

    it("in a direct message what comes there", function()
      ask()
      talk:say("ask", { channel = "D1", channel_type = "im" })
      talk:say "in a channel"
      talk:say("here", { channel = "D1", channel_type = "im" })
      assert.same({ "here" }, got)
    end)

    it("in an assistant's thread what is said there", function()
      app:event("assistant_thread_started", function(c)
        got[1] = c:ask("Where to?").text
      end)
      talk.offline:event {
        type = "assistant_thread_started",
        assistant_thread = { user_id = ADA, channel_id = "D1", thread_ts = "1700000000.000009" },
      }
      assert.equal("1700000000.000009", talk:called "chat.postMessage"[1].thread_ts)
      talk:say("not here", { channel = "D1", channel_type = "im" })
      talk:say("home", { channel = "D1", channel_type = "im", thread_ts = "1700000000.000009" })
      assert.same({ "home" }, got)
    end)

    it("after a slash command what is said in its channel; the command is acked", function()
      app:command("/deploy", function(c)
        got[1] = c:ask("Which?").text
        return "too late to be an ack"
      end)
      local request = talk.offline:command "/deploy"
      assert.same({ "empty" }, request.answers)
      talk:say "main"
      assert.same({ "main" }, got)
      assert.same({ "empty" }, request.answers)
    end)

    it("files, /me and text that names the bot, without the name", function()
      ask()
      talk:say "ask"
      talk:say("", { subtype = "file_share", files = { { id = "F1" } } })
      talk:say "ask"
      talk:say("waves", { subtype = "me_message" })
      talk:say "ask"
      talk:say "<@U05BOTUSR01> main"
      assert.same({ "", "waves", "main" }, got)
    end)
  end)

  it("never takes edits, deletions, bots, other people, or what was said before", function()
    ask()
    talk:say "ask"
    talk:say("other", { user = GRACE })
    talk:say("bot", { bot_id = "B1" })
    talk:say("bot", { subtype = "bot_message", bot_id = "B1" })
    talk:say("early", { ts = "1700000000.000001" })
    talk.offline:event {
      type = "message", subtype = "message_changed", channel = GENERAL, ts = Talk.new_ts(),
      message = { user = ADA, text = "edited", ts = "1.1" },
    }
    talk.offline:event {
      type = "message", subtype = "message_deleted", channel = GENERAL, ts = Talk.new_ts(),
      user = ADA, deleted_ts = "1.1",
    }
    talk.offline:event { type = "reaction_added", user = ADA, reaction = "x",
      item = { channel = GENERAL, ts = "1.1" } }
    talk.settle()
    assert.same({}, got)
    talk:say "mine"
    assert.same({ "mine" }, got)
  end)

  describe("of several conversations of one person", function()
    local function ask_name()
      app:message(slack.pattern "^ask (%w+)", function(c)
        local answer = c:ask(c.matches[1] .. "?")
        got[#got + 1] = c.matches[1] .. "=" .. answer.text
      end)
      app:command("/ask", function(c)
        local answer = c:ask(c.text .. "?")
        got[#got + 1] = c.text .. "=" .. answer.text
      end)
    end

    it("each gets what is said in its place", function()
      ask_name()
      talk:say "ask a"
      talk:say("ask b", { channel = RANDOM })
      talk:say("ask c", { thread_ts = "1700000000.000001" })
      talk:say("ask d", { channel = "D1", channel_type = "im" })
      talk:say("4", { channel = "D1", channel_type = "im" })
      talk:say("3", { thread_ts = "1700000000.000001" })
      talk:say("2", { channel = RANDOM })
      talk:say "1"
      assert.same({ "d=4", "c=3", "b=2", "a=1" }, got)
    end)

    it("in one place the newest gets it, unless it stands in the thread of another", function()
      ask_name()
      talk.offline:command("/ask", "a")
      local first = posted_ts()
      talk.offline:command("/ask", "b")
      talk.offline:command("/ask", "c")
      talk:say("1", { thread_ts = first })
      talk:say "3"
      talk:say "2"
      assert.same({ "a=1", "c=3", "b=2" }, got)
    end)

    it("never two get one answer", function()
      ask_name()
      talk.offline:command("/ask", "a")
      talk.offline:command("/ask", "b")
      talk:say "x"
      assert.equal(1, #got)
    end)
  end)

  it("is a person's own for each of two in the same place", function()
    app:message("ask", function(c)
      got[c.user_id] = c:ask("Well?").text
    end)
    talk:say "ask"
    talk:say("ask", { user = GRACE })
    talk:say("from ada")
    talk:say("from grace", { user = GRACE })
    assert.same({ [ADA] = "from ada", [GRACE] = "from grace" }, got)
  end)

  describe("from", function()
    it("somebody else waits for that person", function()
      ask { from = GRACE }
      talk:say "ask"
      talk:say "not me"
      talk:say("me", { user = GRACE })
      assert.same({ "me" }, got)
    end)

    it("several takes the first of them", function()
      ask { from = { GRACE, "U2" } }
      talk:say "ask"
      talk:say "not me"
      talk:say("me", { user = "U2" })
      assert.same({ "me" }, got)
    end)

    it("anyone takes whoever answers, but no bot", function()
      ask { from = "anyone" }
      talk:say "ask"
      talk:say("beep", { bot_id = "B1", user = "U9" })
      talk:say("me", { user = "U8" })
      assert.same({ "me" }, got)
    end)

    it("defaults to who is asked in a direct message", function()
      ask(nil, { channel = GRACE, text = "May I?" })
      talk:say "ask"
      assert.equal(GRACE, talk:called "chat.postMessage"[1].channel)
      talk:say "not me"
      talk:say("yes", { user = GRACE, channel = "D" .. GRACE, channel_type = "im" })
      assert.same({ "yes" }, got)
    end)
  end)

  it("with pass = true leaves the answer to listeners too", function()
    ask { pass = true }
    talk:say "ask"
    talk:say "main"
    assert.same({ "main" }, got)
    assert.same({ "ask", "main" }, heard)
  end)

  it("takes an answer that comes before the posting is known, and nothing older", function()
    local gate = tasks.waiter()
    local older, asked_ts
    talk.offline.answers["chat.postMessage"] = function(arguments)
      older, asked_ts = Talk.new_ts(), Talk.new_ts()
      gate:await()
      return { ok = true, ts = asked_ts, channel = arguments.channel }
    end
    ask()
    talk:say "ask"
    talk:say("said meanwhile", { ts = older })
    talk:say "quick"
    talk:say("in its thread", { thread_ts = asked_ts })
    assert.same({ "ask" }, heard)
    gate:resolve()
    talk.settle()
    assert.same({ "quick" }, got)
    assert.same({ "ask", "said meanwhile", "in its thread" }, heard)
  end)

  it("with pass = true too", function()
    local gate = tasks.waiter()
    talk.offline.answers["chat.postMessage"] = function(arguments)
      gate:await()
      return { ok = true, ts = "1700000000.000001", channel = arguments.channel }
    end
    ask { pass = true }
    talk:say "ask"
    talk:say "quick"
    assert.same({}, got)
    gate:resolve()
    talk.settle()
    assert.same({ "quick" }, got)
    assert.same({ "ask", "quick" }, heard)
  end)

  it("that cannot post gives the error, and what was said goes to listeners", function()
    local gate = tasks.waiter()
    talk.offline.answers["chat.postMessage"] = function()
      gate:await()
      return nil, errors.new {
        code = "not_in_channel", message = "chat.postMessage: not_in_channel",
      }
    end
    ask()
    talk:say "ask"
    talk:say "meanwhile"
    gate:resolve()
    talk.settle()
    assert.same({ "chat.postMessage: not_in_channel" }, got)
    talk:say "after"
    assert.same({ "ask", "meanwhile", "after" }, heard)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("asks whom and where it is told when no person is behind it (app:every)", function()
    local Context = require "slack.context"
    local body = {}
    tasks.spawn(function()
      local c = Context.new(app, { acked = true, body = body }, "schedule", body)
      app.identity.team_id = "T02MOON4XYZ"
      local answer = c:ask({ channel = GENERAL, text = "Who is on duty?" }, { from = "anyone" })
      got[1] = answer.user_id
    end)
    talk:say("me", { user = GRACE })
    assert.same({ GRACE }, got)
  end)

  it("passes over messages that lack what all have", function()
    ask()
    talk:say "ask"
    for _, broken in ipairs { { ts = 7 }, { ts = { 1 } }, { user = { 1 } }, { channel = 1 } } do
      talk:say("x", broken)
    end
    assert.same({}, got)
    talk:say "x"
    assert.same({ "x" }, got)
  end)

  it("without a channel says so", function()
    app:shortcut("s", function(c)
      local _, err = c:ask "Well?"
      got[1] = err.code
    end)
    talk.offline:deliver { type = "shortcut", callback_id = "s", user = { id = ADA }, team = {} }
    assert.same({ "no_channel" }, got)
  end)

  it("takes a mention of the bot once, though it comes as two events", function()
    ask()
    app:event("app_mention", function(c) heard[#heard + 1] = "mention " .. c.text end)
    talk:say "ask"
    local _, event = talk:say "<@U05BOTUSR01> main"
    talk:say(event.text, { type = "app_mention", ts = event.ts })
    assert.same({ "main" }, got)
    assert.same({ "ask" }, heard)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("takes a mention once that is faster than the answer to the posting", function()
    local gate = tasks.waiter()
    talk.offline.answers["chat.postMessage"] = function(arguments)
      local ts = Talk.new_ts()
      gate:await()
      return { ok = true, ts = ts, channel = arguments.channel }
    end
    ask()
    app:event("app_mention", function(c) heard[#heard + 1] = "mention " .. c.text end)
    talk:say "ask"
    local _, event = talk:say "<@U05BOTUSR01> main"
    talk:say(event.text, { type = "app_mention", ts = event.ts })
    gate:resolve()
    talk.settle()
    assert.same({ "main" }, got)
    assert.same({ "ask" }, heard)
  end)

  it("takes a mention where the app hears nothing else", function()
    ask()
    talk:say "ask"
    talk:say("<@U05BOTUSR01>: main", { type = "app_mention" })
    assert.same({ "main" }, got)
  end)

  it("is behind global middleware like all that comes", function()
    app:use(function(c, next)
      c.data.seen = c.text
      if c.text ~= "secret" then
        return next()
      end
    end)
    app:message("ask", function(c)
      local answer = c:ask "Well?"
      got[1] = answer.data.seen
    end)
    talk:say "ask"
    talk:say "secret"
    talk:say "main"
    assert.same({ "main" }, got)
  end)

  it("raises misuse at the line of the call", function()
    local messages = {}
    app:message("ask", function(c)
      for i, arguments in ipairs {
        { 7 }, { "x", { form = "U1" } }, { "x", { timeout = "1" } }, { "x", { from = 7 } },
        { "x", 1 }, { { text = "x", timeout = 5 } }, { "x", { from = "ada" } },
      } do
        local _, message = pcall(function() c:ask(table.unpack(arguments)) end)
        messages[i] = message
      end
    end)
    talk:say "ask"
    for i, expected in ipairs {
      "c:ask: text or a table with a message expected, got number",
      'c:ask: unknown option "form"; did you mean "from"?',
      "c:ask: timeout: seconds expected, or false for as long as it takes, got string",
      "c:ask: from: the id of a person",
      "c:ask: options: a table expected, got number",
      "c:ask: timeout: it belongs in a second table: c:ask(message, { timeout = … })",
      'c:ask: from: "ada" is a name; what comes from Slack has ids, like "U0123456789"',
    } do
      assert.truthy(tostring(messages[i]):find("conversations_spec.lua:%d+: "), messages[i])
      assert.truthy(messages[i]:find(expected, 1, true), messages[i])
    end
  end)
end)

describe("c:ask by a made-up clock", function()
  local talk, previous, time

  before_each(function()
    local made
    made, time = clock.loop()
    previous = loop.use(made)
    talk = Talk.new()
  end)

  after_each(function()
    loop.use(previous)
  end)

  local function run_until(at)
    while time.now < at do
      loop.step(at - time.now)
    end
    talk.settle()
  end

  it("gives up after ten minutes, or when the call says", function()
    local got = {}
    talk.app:message("ask", function(c)
      local options = c.user_id == "U5" and { timeout = 5 }
        or c.user_id == "U6" and { timeout = false } or nil
      local answer, why = c:ask("Well?", options)
      got[#got + 1] = ("%s %s %d"):format(tostring(answer), tostring(why), time.now - 1000)
    end)
    talk:say "ask"
    talk:say("ask", { user = "U5" })
    talk:say("ask", { user = "U6" })
    run_until(1700)
    assert.same({ "nil timeout 5", "nil timeout 600" }, got)
    assert.equal(1, talk.app.dispatch.waits.count)
    talk:say("x", { user = "U6" })
    assert.equal(0, talk.app.dispatch.waits.count)
  end)

  it("forgets after a while that a mention was taken", function()
    talk.app:message("ask", function(c) c:ask "Well?" end)
    talk:say "ask"
    talk:say "<@U05BOTUSR01> main"
    assert.equal(1, talk.app.dispatch.waits.count)
    run_until(1100)
    assert.equal(0, talk.app.dispatch.waits.count)
  end)
end)

describe("c:ask in apps of many workspaces", function()
  local function asks(offline)
    local got = {}
    offline.answers["chat.postMessage"] = function(arguments)
      return { ok = true, ts = "1700000000.000100", channel = arguments.channel }
    end
    offline.app:message("ask", function(c)
      local answer = c:ask "Well?"
      got[#got + 1] = ("%s %s %s"):format(c.team_id, answer.team_id, answer.text)
    end)
    return got
  end

  local function say(offline, text, body)
    offline:event({
      type = "message", text = text, user = "U1", channel = "C1", ts = Talk.new_ts(),
    }, { body = body })
    Talk.settle()
  end

  it("keeps the same person's id in two workspaces apart", function()
    local offline, installations = Many.new()
    assert(installations:save(Many.record "T1"))
    assert(installations:save(Many.record "T2"))
    local got = asks(offline)
    say(offline, "ask", { team_id = "T1" })
    say(offline, "ask", { team_id = "T2" })
    say(offline, "one", { team_id = "T1" })
    say(offline, "two", { team_id = "T2" })
    say(offline, "three", { team_id = "T2" })
    assert.same({ "T1 T1 one", "T2 T2 two" }, got)
  end)

  local function organization()
    local offline, installations = Many.new()
    assert(installations:save(Many.record("T1", {
      team_id = false, enterprise_id = "E1", is_enterprise_install = true,
    })))
    return offline, function(team)
      return {
        team_id = team, enterprise_id = "E1",
        authorizations = { { enterprise_id = "E1", team_id = team, is_enterprise_install = true } },
      }
    end
  end

  it("takes from an organization's person what has no channel in the same workspace alone",
    function()
      local offline, body = organization()
      local got
      offline.app:message("go", function(c) got = c:wait({ shortcut = "note" }).team_id end)
      say(offline, "go", body "T1")
      for _, team in ipairs { "T2", "T1" } do
        assert.is_nil(got)
        offline:deliver {
          type = "shortcut", callback_id = "note", user = { id = "U1" }, team = { id = team },
          enterprise = { id = "E1" }, is_enterprise_install = true,
        }
        Talk.settle()
      end
      assert.equal("T1", got)
    end)

  it("finds a person of an organization in a channel of several workspaces", function()
    local offline, body = organization()
    local got = asks(offline)
    say(offline, "ask", body "T1")
    say(offline, "two", body "T2")
    assert.same({ "T1 T2 two" }, got)
  end)

  it("keeps two workspaces of an organization apart that have installed it each", function()
    local offline, installations = Many.new()
    for _, team in ipairs { "T1", "T2" } do
      assert(installations:save(Many.record(team, { enterprise_id = "E1" })))
    end
    local got = asks(offline)
    say(offline, "ask", { team_id = "T1", enterprise_id = "E1" })
    say(offline, "two", { team_id = "T2", enterprise_id = "E1" })
    assert.same({}, got)
    say(offline, "one", { team_id = "T1", enterprise_id = "E1" })
    assert.same({ "T1 T1 one" }, got)
  end)
end)

describe("a conversation", function()
  local talk, app

  before_each(function()
    talk = Talk.new()
    app = talk.app
  end)

  it("never gets what is another's, whatever the order (STRESS=1: longer)", function()
    local posts, got, asked, heard = {}, {}, {}, 0
    talk.offline.answers["chat.postMessage"] = function(arguments)
      local ts, gate = Talk.new_ts(), tasks.waiter()
      posts[#posts + 1] = gate
      gate:await()
      return { ok = true, ts = ts, channel = arguments.channel }
    end
    app:message("ask", function(c)
      local place = ("%s %s %s"):format(c.user_id, c.channel_id, c.thread_ts or "")
      asked[place] = true
      local answer = c:ask("Well?")
      asked[place] = nil
      got[#got + 1] = { place, answer.text }
    end)
    app:message(slack.pattern "^U", function() heard = heard + 1 end)
    local function any(list) return list[math.random(#list)] end
    local said, count = 0, os.getenv "STRESS" and 100000 or 2000
    for _ = 1, count do
      local user, channel = any { "U1", "U2", "U3" }, any { "C1", "C2", "D3" }
      local thread = any { false, "1600000000.000001", "1600000000.000002" } or nil
      local place = ("%s %s %s"):format(user, channel, thread or "")
      local event = {
        type = "message", user = user, channel = channel, thread_ts = thread, ts = Talk.new_ts(),
        channel_type = channel == "D3" and "im" or "channel", text = place,
      }
      local chance = math.random(10)
      if chance <= 3 and not asked[place] then
        event.text = "ask"
      elseif chance <= 6 and posts[1] then
        table.remove(posts, math.random(#posts)):resolve()
        event = nil
      elseif chance == 7 then
        Talk.settle()
        event = nil
      else
        said = said + 1
      end
      if event then
        talk.offline:event(event)
      end
    end
    for _, gate in ipairs(posts) do
      gate:resolve()
    end
    Talk.settle()
    for _, pair in ipairs(got) do
      assert.equal(pair[1], pair[2])
    end
    assert.is_true(#got > 20)
    assert.equal(said, #got + heard)
    local waiting = 0
    for _ in pairs(asked) do
      waiting = waiting + 1
    end
    assert.equal(waiting, app.dispatch.waits.count)
  end)

  it("is cancelled at once when the app stops, and cleans up", function()
    local log = {}
    app:message("ask", function(c)
      local _ <close> = setmetatable({}, { __close = function() log[#log + 1] = "closed" end })
      c:ask "Well?"
      log[#log + 1] = "went on"
    end)
    talk:say "ask"
    app.phase = "running"
    tasks.run(function() assert(app:stop(60)) end)
    assert.same({ "closed" }, log)
    assert.equal(0, app.dispatch.waits.count)
    assert.equal(0, app.dispatch.running)
  end)

  it("in a task that has outlived its handler is cancelled as well", function()
    local task
    app:message("ask", function(c)
      task = tasks.spawn(function() c:ask "Well?" end)
    end)
    talk:say "ask"
    assert.equal(1, app.dispatch.waits.count)
    app.phase = "running"
    tasks.run(function() assert(app:stop(60)) end)
    talk.settle()
    assert.is_true(task:is_done())
  end)

  it("that begins while the app stops ends there", function()
    local gate, went_on = tasks.waiter(), false
    for name, begin in pairs {
      ask = function(c) return c:ask "Well?" end,
      form = function(c) return c:form({ title = {} }):next() end,
    } do
      app:command("/" .. name, function(c)
        c:ack()
        tasks.spawn(function()
          gate:await()
          begin(c)
          went_on = true
        end)
      end)
    end
    talk.offline:command "/ask"
    app.dispatch.is_stopping = true
    gate:resolve()
    talk.settle()
    gate = tasks.waiter()
    talk.offline:command "/form"
    gate:resolve()
    talk.settle()
    assert.is_false(went_on)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("warns once when there are several workers", function()
    app.settings.workers = 2
    app:message("ask", function(c) c:ask "Well?" end)
    talk:say "ask"
    talk:say("ask", { user = GRACE })
    local _, count = talk.offline:log():gsub("there are 2 workers", "")
    assert.equal(1, count)
  end)

  it("takes no room of max_in_flight", function()
    talk = Talk.new { max_in_flight = 2 }
    local is_full = false
    talk.app.dispatch.on_full = function() is_full = true end
    talk.app:message("ask", function(c) c:ask "Well?" end)
    for i = 1, 10 do
      talk:say("ask", { user = "U" .. i })
    end
    assert.is_false(is_full)
    assert.equal(10, talk.app.dispatch.waiting)
    for i = 1, 10 do
      talk:say("x", { user = "U" .. i })
    end
    assert.same({ 0, 0 }, { talk.app.dispatch.waiting, talk.app.dispatch.running })
  end)

  it("that is cancelled between answer and turn leaves the answer to others", function()
    local heard, task = {}, nil
    app:message("ask", function(c)
      task = tasks.current()
      c:ask "Well?"
    end)
    app:message(function(c) heard[#heard + 1] = c.text end)
    talk:say "ask"
    talk.offline:message("main", { ts = Talk.new_ts() })
    task:cancel()
    talk.settle()
    assert.same({ "ask", "main" }, heard)
    assert.equal(2, app:stats().handled)
  end)

  it("leaves its turn to others while it waits", function()
    local log = {}
    app:message({ "ask", order = "channel" }, function(c)
      log[#log + 1] = "asked " .. c.user_id
      local answer = c:ask "Well?"
      log[#log + 1] = answer.text
    end)
    talk:say "ask"
    talk:say("ask", { user = GRACE })
    assert.same({ "asked " .. ADA, "asked " .. GRACE }, log)
    talk:say "one"
    talk:say("two", { user = GRACE })
    assert.same({ "one", "two" }, { log[3], log[4] })
  end)

  it("that passes on what it took leaves nothing to be delivered again", function()
    app:command("/ask", function(c) c:ask("Well?", { pass = true }) end)
    talk.offline:command "/ask"
    local request = talk.offline:deliver({
      event_id = "EvHeld", team_id = "T02MOON4XYZ", event = {
        type = "message", text = "main", user = ADA, channel = GENERAL, ts = Talk.new_ts(),
      },
    }, { acked = true, held = true, has_status = true })
    Talk.settle()
    assert.same({ { "empty" } }, { request.answers, request.refused_as })
  end)

  it("that is cancelled there leaves nothing twice that it passed on", function()
    local heard, task = {}, nil
    app:message("ask", function(c)
      task = tasks.current()
      c:ask("Well?", { pass = true })
    end)
    app:message(function(c) heard[#heard + 1] = c.text end)
    talk:say "ask"
    talk.offline:message("main", { ts = Talk.new_ts() })
    task:cancel()
    talk.settle()
    assert.same({ "ask", "main" }, heard)
  end)

  it("that races gets what comes first, and the rest is for others", function()
    local got, heard = {}, {}
    app:message("ask", function(c)
      local first = slack.race {
        function() return c:wait { message = true } end,
        function() return c:wait { event = "reaction_added" } end,
      }
      got[#got + 1] = first.type
    end)
    app:event("reaction_added", function() heard[#heard + 1] = "reaction" end)
    app:message(function(c) heard[#heard + 1] = c.text end)
    talk:say "ask"
    -- Both within one step of the loop.
    talk.offline:message("main", { ts = Talk.new_ts() })
    talk.offline:event {
      type = "reaction_added", user = ADA, item = { channel = GENERAL, ts = "1.1" },
    }
    talk.settle()
    assert.same({ "message" }, got)
    assert.same({ "ask", "reaction" }, heard)
    assert.equal(0, app.dispatch.waits.count)
  end)

  it("that races takes one alone of an early answer and what comes with it", function()
    local gate, got, heard = tasks.waiter(), {}, {}
    talk.offline.answers["chat.postMessage"] = function(arguments)
      gate:await()
      return { ok = true, ts = "1700000000.000001", channel = arguments.channel }
    end
    app:message("ask", function(c)
      got[1] = slack.race {
        function() return (c:ask "Well?") end,
        function() return (c:wait { event = "reaction_added" }) end,
      }.type
    end)
    app:event("reaction_added", function() heard[#heard + 1] = "reaction_added" end)
    app:message("main", function() heard[#heard + 1] = "message" end)
    talk:say "ask"
    talk:say "main"
    gate:resolve()
    talk.offline:event {
      type = "reaction_added", user = ADA, item = { channel = GENERAL, ts = "1.1" },
    }
    talk.settle()
    assert.equal(1, #heard)
    assert.not_equal(heard[1], got[1])
  end)

  it("that races and goes on waiting in the same task misses nothing", function()
    local got = {}
    app:message("ask", function(c)
      slack.race {
        function()
          for _ = 1, 3 do
            local text = c:wait { message = true }.text
            got[#got + 1] = text
          end
        end,
        function()
          local kind = c:wait { event = "reaction_added" }.type
          got[#got + 1] = kind
          tasks.waiter():await()
        end,
      }
    end)
    talk:say "ask"
    talk.offline:message("a", { ts = Talk.new_ts() })
    talk.offline:event {
      type = "reaction_added", user = ADA, item = { channel = GENERAL, ts = "1.1" },
    }
    talk.offline:message("b", { ts = Talk.new_ts() })
    talk.settle()
    talk:say "c"
    table.sort(got)
    assert.same({ "a", "b", "c", "reaction_added" }, got)
  end)
end)
