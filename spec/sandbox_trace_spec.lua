local PageClient = require "support.page_client"
local Trace = require "slack.sandbox.trace"
local json = require "slack.json"
local live_app = require "support.live_app"
local local_slack = require "support.local_slack"
local logs = require "slack.log"
local page_app = require "support.page_app"
local slack = require "slack"
local wait_until = require "support.wait_until"

-- The newest record that accept(record) takes.
local function find(here, accept)
  local list = here:trace()
  for i = #list, 1, -1 do
    if accept(list[i]) then
      return list[i]
    end
  end
end

local function named(kind, name)
  return function(record) return record.kind == kind and record.name == name end
end

describe("the trace of the local Slack", function()
  -- With an app of that transport.
  local function traced(name, transport, build, fn)
    it(name, function()
      live_app.run(function(here, new_app)
        local app = new_app { transport = transport }
        build(app, here)
        live_app.start(here, app)
        fn(here, app)
      end)
    end)
  end

  local function pong(app)
    app:message("ping", function(c) c:say "pong" end)
    app:command("/hi", function(c) c:ack "hi there" end)
  end

  local function ping(here)
    here:say { text = "ping" }
    assert(here:wait_message { text = "pong" })
  end

  traced("has hellos, envelopes, acks and calls, with their times", "socket", pong, function(here)
    ping(here)
    local envelope = assert(here:wait(function()
      local record = find(here, function(r) return r.name == "message" and r.summary == "ping"
        and r.kind == "envelope" end)
      return record and record.state == "acked" and record
    end))
    assert.equal("out", envelope.way)
    assert.equal("ping", envelope.body.payload.event.text)
    assert.is_true(envelope.repeatable)
    assert.truthy(envelope.seconds >= 0 and envelope.seconds < 60)
    local ack = find(here, function(r) return r.ref == envelope.n end)
    assert.same({ "ack", "in", "acked", envelope.seconds },
      { ack.kind, ack.way, ack.state, ack.seconds })
    assert.equal(envelope.body.envelope_id, ack.body.envelope_id)
    local call = find(here, named("call", "chat.postMessage"))
    assert.same({ "in", "ok", "pong", "pong", true },
      { call.way, call.state, call.body.text, call.summary, call.answer.ok })
    assert.equal("hello", find(here, named("hello", "hello")).body.type)
    local list = here:trace()
    for i, record in ipairs(list) do
      assert.equal(i, record.n)
      assert.truthy(i == 1 or record.at >= list[i - 1].at)
    end
    assert.equal(#list - 2, #here:trace(3))
  end)

  traced("has what an ack says, and what a response URL is sent", "socket", function(app)
    app:command("/hi", function(c)
      c:ack "hi there"
      c:respond "and more"
    end)
  end, function(here)
    here:command { command = "/hi", text = "you" }
    local record = find(here, named("envelope", "/hi"))
    assert.same({ "you", "hi there" }, { record.summary,
      find(here, function(r) return r.ref == record.n end).body.payload.text })
    wait_until("the response", function()
      return find(here, function(r) return r.kind == "response_url" and r.state == "ok" end)
    end)
    assert.equal("and more", find(here, named("response_url", "response_url")).summary)
  end)

  traced("has signed requests with their answers", "http", pong, function(here)
    ping(here)
    here:command { command = "/hi" }
    local record = find(here, named("http", "/hi"))
    assert.same({ "out", "acked", "/hi" },
      { record.way, record.state, record.body.payload.command })
    local ack = find(here, function(r) return r.ref == record.n end)
    assert.equal("hi there", ack.body.text or ack.body)
  end)

  traced("has what goes over RTM", "rtm", pong, function(here)
    ping(here)
    assert.equal("RTM", find(here, named("hello", "hello")).summary)
    local record = find(here, named("envelope", "message"))
    assert.same({ "out", false }, { record.way, record.repeatable })
  end)

  traced("has refused and failed calls", "socket", pong, function(here, app)
    here:fail("chat.postMessage", { error = "fatal_error", times = 1 })
    app.client:call("chat.postMessage", { channel = "general", text = "x" })
    local call = find(here, named("call", "chat.postMessage"))
    assert.same({ "error", "fatal_error" }, { call.state, call.error })
  end)

  traced("has connections that end", "socket", pong, function(here)
    local connection = here:connections()[1]
    connection:disconnect "warning"
    connection:close()
    assert(here:wait(function() return find(here, named("disconnect", "closed")) end))
    assert.equal("warning", find(here, named("disconnect", "disconnect")).summary)
  end)

  it("marks what is acked late, or never, and counts deliveries", function()
    slack.run(function()
      local here <close> = assert(local_slack.start {
        ack_timeout = 0.05, retry_delays = { 0, 60, 300 }, log = logs.new { level = "off" },
      })
      local connected = slack.fetch(here.api_url .. "apps.connections.open", {
        method = "POST", headers = { Authorization = "Bearer " .. here.app_token },
        ca_file = here.ca_file,
      })
      assert(connected:json().ok)
      local record = here.recorder:deliver("envelope", {
        type = "events_api", payload = { event = { type = "message" } },
      }, '{"payload":{"event":{"type":"message"}}}')
      assert.equal("waiting", here:trace()[record.n].state)
      wait_until("lateness", function() return here:trace()[record.n].state == "late" end)
      here.recorder:acked(record, 7, '{"envelope_id":"1"}')
      assert.same({ "late", 7, "late" }, { here:trace()[record.n].state,
        here:trace()[record.n].seconds, here:trace()[record.n + 1].state })
      local again = here.recorder:deliver("envelope", {
        type = "events_api", payload = { event = { type = "message" } }, retry_attempt = 2,
        retry_reason = "timeout",
      }, "{}")
      assert.same({ 2, "timeout" }, { here:trace()[again.n].retry, here:trace()[again.n].error })
    end)
  end)

  it("says what does not set out as there is no app", function()
    slack.run(function()
      local here <close> = assert(local_slack.start { patience = 600 })
      local outcome = here:command { command = "/x" }
      assert.same({ nil, "dispatch_failed", "the app is not connected" },
        { outcome.ack, outcome.failure, outcome.detail })
      assert.equal("connection_error", here:shortcut({ callback_id = "x" }).failure)
      assert.same({ "note", "/x", "not sent: the app is not connected" },
        { here:trace()[1].kind, here:trace()[1].name, here:trace()[1].summary })
    end)
  end)

  it("says what is kept until the app is there", function()
    slack.run(function()
      local here <close> = assert(local_slack.start {})
      here:say { text = "hello?" }
      assert.same({ "note", "message", "the app is not connected: sent when it is" },
        { here:trace()[1].kind, here:trace()[1].name, here:trace()[1].summary })
      here:deliver_over_http { commands = "http://127.0.0.1:1/" }
      here:say { text = "and now?" }
      assert.equal("not sent: the app has no Request URL for it", here:trace()[2].summary)
    end)
  end)

  it("has no token or secret in it, as a value or as a name", function()
    slack.run(function()
      local here <close> = assert(local_slack.start {})
      local client = slack.client {
        token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
      }
      client:call("chat.postMessage", { channel = "general", text = "see " .. here.bot_token })
      client:call("chat.postMessage", { channel = "general", text = "x", metadata = {
        event_type = "x", event_payload = { [here.bot_token] = 1 },
      } })
      client:call("oauth.v2.access", { code = "code-1", client_id = here.client_id,
        client_secret = here.client_secret })
      client:call("apps.connections.open", { token = here.app_token })
      client:call("views.open", { trigger_id = "1.2.abc", view = json.encode {
        type = "modal", private_metadata = here.app_token,
      } })
      local text = json.encode(here:trace())
      assert.truthy(text:find("chat.postMessage", 1, true))
      for _, secret in ipairs {
        here.bot_token, here.app_token, here.client_secret, "code-1", here.signing_secret,
      } do
        assert.is_nil(text:find(secret, 1, true))
      end
    end)
  end)

  it("has no URL in it by which anybody could answer or upload", function()
    slack.run(function()
      local here <close> = assert(local_slack.start { log = logs.new { level = "off" } })
      here:deliver("slash_commands", {
        command = "/x", response_url = here.url .. "commands/T1/RSECRET1",
        hook = here.url .. "services/T1/B1/SECRET2",
      })
      here.recorder:deliver("envelope", { type = "slash_commands", payload = {} }, json.encode {
        payload = { response_urls = { { response_url = here.url .. "commands/T1/RSECRET3" } },
          url = here.url .. "services/T1/B1/SECRET4" },
      })
      here.recorder:add { kind = "call", way = "in", name = "x", answer_text = json.encode {
        upload_url = here.url .. "upload/v1/SECRET5", incoming_webhook = {
          url = here.url .. "services/T1/B1/SECRET6",
        },
      } }
      assert.is_nil(json.encode(here:trace()):find "SECRET")
    end)
  end)

  it("tells who looks what is new and what has changed, once", function()
    local trace = Trace.new(os.time, 3)
    trace:add { kind = "note", way = "in", name = "before" }
    assert.same({}, trace:take_dirty())
    trace:watch(true)
    local first = trace:add { kind = "note", way = "in", name = "a", state = "waiting" }
    trace:add { kind = "note", way = "in", name = "b" }
    local list = trace:take_dirty()
    assert.same({ 2, 3, nil }, { list[1].n, list[2].n, list[3] })
    trace:change(first, { state = "acked" })
    list = trace:take_dirty()
    assert.same({ 2, "acked", nil }, { list[1].n, list[1].state, list[2] })
    assert.same({}, trace:take_dirty())
  end)

  it("keeps the newest ones, in bounded memory", function()
    local trace = Trace.new(os.time, 3)
    for i = 1, 2500 do
      trace:add { kind = "note", way = "in", name = tostring(i) }
    end
    local list = trace:list()
    assert.same({ 2000, 501, "2500" }, { #list, list[1].n, list[2000].name })
    local text = ("x"):rep(1000000)
    for _ = 1, 40 do
      trace:add { kind = "call", way = "in", name = "big", text = text }
    end
    assert.truthy(trace.bytes <= 16 * 1024 * 1024)
    assert.equal(trace.last - 2, trace:first_of(3, 16000000))
    assert.equal(trace.last - 1, trace:first_of(500, 2500000))
    assert.equal(trace.last + 1, trace:first_of(500, 10))
    assert.truthy(#trace:list() < 20)
    local old = trace.records[trace.first]
    for _ = 1, 3000 do
      trace:add { kind = "note", way = "in", name = "new" }
    end
    trace:change(old, { state = "ok", answer_text = "late" })
    assert.equal(0, trace.bytes)
  end)

  it("tells what a bot reports of its scripts", function()
    slack.run(function()
      local here <close> = assert(local_slack.start {})
      here:take_report { app = "bot", pid = 1, scripts = { { name = "a", generation = 1 } } }
      here:take_report { app = "bot", pid = 1, scripts = { { name = "a", generation = 2 } } }
      here:take_report { app = "bot", pid = 1, scripts = { { name = "a", generation = 2 } },
        problems = { { script = "b", file = "b.lua", line = 7, message = "no" } } }
      here:take_report { app = "bot", pid = 1, scripts = { { name = "b", generation = 1 } } }
      local told = {}
      for i, record in ipairs(here:trace()) do
        told[i] = ("%s: %s %s"):format(record.name, record.state, record.summary)
        assert.equal("reload", record.kind)
      end
      assert.same({ "bot: ok started", "a: ok generation 2", "b: failed b.lua:7", "b: ok new",
        "a: ok removed" }, told)
    end)
  end)
end)

describe("a record", function()
  it("is made of anything that is delivered", function()
    local trace = Trace.new(os.time, 3)
    for _, payload in ipairs {
      slack.null, 7, "x", {}, { event = slack.null }, { event = "x" }, { type = {} },
      { actions = "x", view = 7 }, { actions = { 1 } }, { command = slack.null, text = {} },
      { event = { type = {}, text = 7, reaction = {} } }, { view = { title = "x" } },
    } do
      for _, kind in ipairs { "events_api", "interactive", "slash_commands", "strange" } do
        local envelope = { type = kind, payload = payload }
        local text = json.encode(envelope)
        trace:acked(trace:deliver("envelope", envelope, text), 1, text)
        trace:settled(trace:deliver("http", envelope, text), { seconds = 1, text = "[]" })
      end
    end
    assert.equal(192, #trace:list())
  end)
end)

describe("sending again", function()
  local function counting(app, seen)
    app:message("ping", function(c)
      seen[#seen + 1] = c.body.event_id
      c:say("pong " .. #seen)
    end)
    app:command("/hi", function(c) c:ack("hi " .. c.payload.text) end)
    app:command("/open", function(c)
      seen[#seen + 1] = c.payload.trigger_id
      c:ack()
      local ok, err = c:respond "answered"
      seen.problem = not ok and err or nil
    end)
  end

  local function sends(name, fn)
    local seen = {}
    it(name, function()
      for i in pairs(seen) do
        seen[i] = nil
      end
      page_app.run({}, function(app) counting(app, seen) end, function(page, here)
        fn(page, here, seen)
      end)
    end)
  end

  sends("delivers an event once more, as a new one", function(page, here, seen)
    page:act("say", { channel = page:id "general", text = "ping" })
    page:message(function(m) return m.text == "pong 1" end)
    local record = find(here, function(r) return r.kind == "envelope" and r.summary == "ping" end)
    assert.same({}, page:act("send_again", { n = record.n }))
    page:message(function(m) return m.text == "pong 2" end)
    assert.not_equal(seen[1], seen[2])
    assert(here:send_again(record.n, { same_id = true }):await_ack())
    assert.equal(1, find(here, named("envelope", "message")).retry)
    page:act("say", { channel = page:id "general", text = "ping" })
    page:message(function(m) return m.text == "pong 3" end) -- the same id was no new event
    assert.not_equal(seen[1], seen[3])
  end)

  sends("shows what a command answers, and gives it URLs of its own", function(page, here, seen)
    page:act("command", { channel = page:id "general", command = "/hi", text = "one" })
    page:message(function(m) return m.text == "hi one" end)
    assert(here:send_again(find(here, named("envelope", "/hi")).n))
    here:wait(function() return #here:ephemeral("ada", "general") == 2 end)
    page:act("command", { channel = page:id "general", command = "/open" })
    here:wait(function() return #here:ephemeral("ada", "general") == 3 end)
    assert(here:send_again(find(here, named("envelope", "/open")).n))
    here:wait(function() return #here:ephemeral("ada", "general") == 4 end)
    assert.not_equal(seen[1], seen[2])
    assert.is_nil(seen.problem)
  end)

  sends("is for deliveries alone", function(page, here)
    local hello = find(here, named("hello", "hello"))
    for n, expected in pairs {
      [hello.n] = "only what was delivered to the app can be sent again",
      [100000] = "this record is kept no longer",
    } do
      local result, problem = page:act("send_again", { n = n })
      assert.is_nil(result)
      assert.equal(expected, problem)
    end
  end)
end)

describe("control in the page", function()
  it("ends connections, which the app makes again", function()
    page_app.run({}, function(app)
      app:message("ping", function(c) c:say "pong" end)
    end, function(page, here)
      for _, what in ipairs { "drop", "disconnect", "refresh" } do
        local before = here:wait_connections(2)
        assert.same({}, page:act("control", { what = what }))
        assert(here:wait(function()
          for _, connection in ipairs(here:connections()) do
            if connection ~= before[1] and connection ~= before[2] and connection.ready then
              return true
            end
          end
        end))
      end
      page:wait("trace", function(frame)
        for _, record in ipairs(frame.records) do
          if named("note", "refresh")(record) then
            return true
          end
        end
      end)
    end)
  end)

  it("refreshes connections as Slack does: a warning, and the end ten seconds later", function()
    page_app.run({ ping_interval = 60 }, function() end, function(page, here)
      here:wait_connections(2)
      local after, planned = here.socket.after, {}
      function here.socket:after(seconds, fn)
        if seconds == 10 then
          return table.insert(planned, fn)
        end
        return after(self, seconds, fn)
      end
      assert.same({}, page:act("control", { what = "refresh" }))
      here.socket.after = nil
      assert.equal(2, #planned)
      assert.equal("refresh_requested", find(here, named("disconnect", "disconnect")).summary)
      for _, close in ipairs(planned) do
        close()
      end
      assert(here:wait(function() return find(here, named("disconnect", "closed")) end))
    end)
  end)

  it("makes calls fail, and lets them be again", function()
    page_app.run({}, function() end, function(page, here, app)
      local function post()
        return app.client:call("chat.postMessage", { channel = "general", text = "x" })
      end
      assert.same({}, page:act("control", {
        what = "fail", method = "chat.postMessage", error = "fatal_error", times = 2,
      }))
      assert.equal("fatal_error", select(2, post()).code)
      assert.same({}, page:act("control", { what = "clear", method = "chat.postMessage" }))
      assert.truthy(post())
      page:act("control", { what = "rate_limit", method = "chat.postMessage", retry_after = 1 })
      assert.truthy(post())
      assert.truthy(find(here, function(record) return record.error == "ratelimited" end))
    end)
  end)

  it("says what it cannot do", function()
    slack.run(function()
      local here <close> = assert(local_slack.start { page = true })
      local page <close> = PageClient.open(here)
      for fields, expected in pairs {
        [{ what = "drop" }] = "the app is not connected",
        [{ what = "explode" }] = "there is no such control",
        [{ what = "fail", method = "a b" }] = 'the name of a method or "*" expected, got a b',
        [{ what = "fail", method = "x", times = 0 }] = 'field "times": at least 1 expected, got 0',
      } do
        local result, problem = page:act("control", fields)
        assert.is_nil(result)
        assert.equal(expected, problem)
      end
      assert.equal("the app was started elsewhere: start it again there",
        select(2, page:act "restart"))
    end)
  end)
end)
