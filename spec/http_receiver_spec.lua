local HttpReceiver = require "slack.http_receiver"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local errors = require "slack.errors"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local loop = require "slack.loop"
local offline_app = require "support.offline_app"
local signed = require "support.signed"
local slack = require "slack"
local tasks = require "slack.tasks"

local PATH = "/slack/events"
local MENTION = { type = "app_mention", user = "U1", channel = "C1", ts = "1.1", text = "hi" }

-- An app on HTTP alone, by options of http; register(app) before it starts.
local function with_app(given, fn)
  live.run(function(here, new_app, lines)
    local http = { host = "127.0.0.1", port = 0 }
    for name, value in pairs(given.http or {}) do
      http[name] = value
    end
    local app = new_app {
      transport = "http", signing_secret = given.secret or signed.SECRET, http = http,
      ack_deadline = given.ack_deadline, shutdown_timeout = given.shutdown_timeout,
      max_in_flight = given.max_in_flight,
    }
    given.register(app)
    assert(app:start())
    local function log() return table.concat(lines, "\n") end
    fn(app.http_server:url() .. PATH, app, log, here)
  end)
end

local function on(what, ...)
  local arguments = table.pack(...)
  return function(app)
    app[what](app, table.unpack(arguments, 1, arguments.n))
  end
end

local function block(seconds)
  local until_time = core.monotonic() + seconds
  repeat until core.monotonic() > until_time
end

local function answer_of(response)
  return { response.status, response.body, response.headers["content-type"] }
end

describe("an ack over HTTP", function()
  it("is the answer, as JSON with its length in bytes (S109, S124)", function()
    with_app({ register = on("command", "/x", function(c) c:ack("Grüße, " .. c.command.text) end) },
      function(url)
        local response = signed.command(url, "/x", { text = "日本 & \"co\"" })
        assert.same({ 200, "application/json" },
          { response.status, response.headers["content-type"] })
        assert.same({ text = "Grüße, 日本 & \"co\"" }, json.decode(response.body))
        assert.equal(tostring(#response.body), response.headers["content-length"])
      end)
  end)

  it("that is empty is an empty 200 (S114)", function()
    with_app({ register = on("command", "/x", function(c) c:ack() end) }, function(url)
      assert.same({ 200, "" }, answer_of(signed.command(url, "/x")))
    end)
  end)

  it("may be what the handler returns, for each kind of request", function()
    with_app({
      register = function(app)
        app:action("a", function() end)
        app:view("v", function() return { response_action = "clear" } end)
        app:options("o", function() return {} end)
        app:shortcut("s", function(c) c:ack() end)
      end,
    }, function(url)
      local user = { id = "U1" }
      local function answer(payload) return answer_of(signed.interaction(url, payload)) end
      assert.same({ 200, "" }, answer { type = "block_actions", user = user,
        actions = { { action_id = "a", type = "button" } } })
      assert.same({ 200, '{"response_action":"clear"}', "application/json" },
        answer { type = "view_submission", user = user, view = { callback_id = "v" } })
      assert.same({ 200, '{"options":[]}', "application/json" },
        answer { type = "block_suggestion", user = user, action_id = "o" })
      assert.same({ 200, "" }, answer { type = "shortcut", user = user, callback_id = "s" })
    end)
  end)

  it("goes out while the handler goes on", function()
    local gate = tasks.waiter()
    with_app({ register = on("command", "/x", function(c)
      c:ack "soon"
      gate:await()
    end) }, function(url, app)
      assert.equal(200, signed.command(url, "/x").status)
      assert.equal(1, app:stats().running)
      gate:resolve()
    end)
  end)

  it("is given once; the second is noted and not sent (S116)", function()
    with_app({ register = on("command", "/x", function(c)
      c:ack "one"
      c:ack "two"
    end) }, function(url, _, log)
      assert.equal('{"text":"one"}', signed.command(url, "/x").body)
      live.wait(function() return log():find "acked already" end)
    end)
  end)

  it("may be larger than Socket Mode takes, up to a megabyte", function()
    local size, outcome
    with_app({ register = on("command", "/x", function(c)
      outcome = { c:ack(("x"):rep(size)) }
    end) }, function(url, _, log)
      size = 100000
      assert.equal(size + #'{"text":""}', #signed.command(url, "/x").body)
      size = 1024 * 1024
      assert.same({ 200, "" }, answer_of(signed.command(url, "/x")))
      assert.equal("too_large", outcome[2].code)
      assert.matches("Slack takes less than 1048576", log())
    end)
  end)
end)

describe("the deadline over HTTP", function()
  it("answers empty for a handler that has not, which is warned of by name", function()
    local outcome
    with_app({ ack_deadline = 0.05, register = on("command", "/slow", function(c)
      live.wait(function() return c.request.deadline_passed end)
      outcome = { c:ack "late" }
    end) }, function(url, app, log)
      assert.same({ 200, "" }, answer_of(signed.command(url, "/slow")))
      live.wait(function() return outcome end)
      assert.matches('no ack in time from app:command "/slow"', log())
      assert.matches("c:ack: after the deadline: .*use c:respond", log())
      assert.same({ {}, {} },
        { app.transports[1].deliveries.owed, app.transports[1].deliveries.expired })
    end)
  end)

  it("holds while a handler computes, and the warning says so", function()
    with_app({ ack_deadline = 0.05, register = on("command", "/x", function(c)
      block(0.15)
      c:ack "late"
    end) }, function(url, app, log)
      assert.same({ 200, "" }, answer_of(signed.command(url, "/x")))
      live.wait(function() return log():find "no ack in time" end)
      assert.matches('from app:command "/x".*busy with it for 0.[12] s', log())
      assert.same({}, app.transports[1].deliveries.tardy)
    end)
  end)

  it("answers what waits because as many handlers run as may", function()
    local gate = tasks.waiter()
    with_app({ ack_deadline = 0.05, max_in_flight = 1, register = function(app)
      app:event("app_mention", function() gate:await() end)
      app:command("/x", function() end)
    end }, function(url, app, log)
      signed.post(url, signed.event(MENTION))
      live.wait(function() return app:stats().running == 1 end)
      assert.same({ 200, "" }, answer_of(signed.command(url, "/x")))
      live.wait(function() return log():find "before its handler began" end)
      gate:resolve()
      live.wait(function() return log():find 'no ack in time from app:command "/x"' end)
      assert.same({}, app.transports[1].deliveries.expired)
    end)
  end)
end)

describe("Slack that hangs up before its answer", function()
  it("is warned of with the listener's name, whose ack then does nothing", function()
    local gate, outcome = tasks.waiter(), nil
    with_app({ register = on("command", "/x", function(c)
      gate:await()
      outcome = { c:ack "nobody hears" }
    end) }, function(_, app, log)
      local body = "command=%2Fx&user_id=U1"
      local timestamp = tostring(os.time())
      local client = RawClient.connect(app.http_server:port())
      client:send(("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
        .. "\r\nContent-Length: %d\r\nX-Slack-Request-Timestamp: %s\r\nX-Slack-Signature: %s\r\n"
        .. "\r\n%s"):format(PATH, #body, timestamp, core.sign(signed.SECRET, timestamp, body),
        body))
      live.wait(function() return app:stats().running == 1 end)
      client:close()
      live.wait(function() return log():find "hung up" end)
      gate:resolve()
      live.wait(function() return outcome end)
      assert.same({ nil, "gone" }, { outcome[1], outcome[2].code })
      assert.matches('Slack hung up before app:command "/x"', log())
      assert.same({}, app.transports[1].deliveries.owed)
    end)
  end)
end)

describe("a refusal over HTTP", function()
  local function refused(response, status)
    assert.same({ status, "" }, answer_of(response))
    return response
  end

  it("is 404 when no listener matches, with the one to write in the log (S110, S154)", function()
    with_app({ register = on("command", "/known", function() end) }, function(url, app, log)
      refused(signed.command(url, "/other"), 404)
      refused(signed.interaction(url, { type = "block_actions", user = { id = "U1" },
        actions = { { action_id = "lost", type = "button" } } }), 404)
      refused(signed.interaction(url, { type = "view_submission", user = { id = "U1" },
        view = { callback_id = "form" } }), 404)
      refused(signed.interaction(url, { type = "shortcut", callback_id = "away" }), 404)
      assert.equal(4, app:stats().unmatched)
      for _, line in ipairs { 'app:command("/other", function(c)', 'app:action("lost", function(c)',
        'app:view("form", function(c)', 'app:shortcut("away", function(c)' } do
        assert.truthy(log():find(line, 1, true), line)
      end
    end)
  end)

  it("is 404 for an interaction of no known kind, and the app goes on (S156)", function()
    with_app({ register = on("command", "/x", function() return "here" end) }, function(url)
      refused(signed.interaction(url, { type = "future_thing" }), 404)
      assert.equal(200, signed.command(url, "/x").status)
    end)
  end)

  it("is 500 without a word when the handler fails before its ack (S117)", function()
    with_app({ register = function(app)
      app:action("a", function() error "secret reasons" end)
      app:command("/x", function(c)
        c:ack "fine"
        error "later"
      end)
    end }, function(url, _, log)
      refused(signed.interaction(url, { type = "block_actions", user = { id = "U1" },
        actions = { { action_id = "a", type = "button" } } }), 500)
      assert.matches("secret reasons", log())
      assert.equal('{"text":"fine"}', signed.command(url, "/x").body) -- (S118)
    end)
  end)

  it("gives way to what app:on_error returns; a command's failure is in words (S276)", function()
    with_app({ register = function(app)
      app:view("v", function() error "x" end)
      app:command("/x", function() error "x" end)
      app:on_error(function(_, c)
        return c.kind == "view" and { errors = { b = "sorry" } } or nil
      end)
    end }, function(url)
      local response = signed.interaction(url, { type = "view_submission",
        view = { callback_id = "v" } })
      assert.same({ 200, { response_action = "errors", errors = { b = "sorry" } } },
        { response.status, json.decode(response.body) })
      local text = json.decode(signed.command(url, "/x").body)
      assert.equal("ephemeral", text.response_type)
    end)
  end)

  it("asks Slack not to come again where the handler wishes that", function()
    with_app({ register = function(app)
      app:view("v", function(c)
        c:no_retry()
        error "x"
      end)
    end }, function(url)
      local response = signed.interaction(url, { type = "view_submission",
        view = { callback_id = "v" } })
      assert.same({ 500, "1" }, { response.status, response.headers["x-slack-no-retry"] })
    end)
  end)
end)

describe("an event over HTTP", function()
  it("is answered before its handlers have ended", function()
    local gate = tasks.waiter()
    with_app({ register = on("event", "app_mention", function() gate:await() end) },
      function(url, app)
        assert.same({ 200, "" }, answer_of(signed.post(url, signed.event(MENTION))))
        live.wait(function() return app:stats().running == 1 end)
        gate:resolve()
      end)
  end)

  it("tells its handler of the retry and the headers (S102, S122)", function()
    local seen
    with_app({ register = on("event", "app_mention", function(c) seen = c end) }, function(url)
      signed.post(url, signed.event(MENTION), { headers = {
        ["X-Slack-Retry-Num"] = "2", ["X-Slack-Retry-Reason"] = "http_timeout", ["X-Odd"] = "Yes",
      } })
      live.wait(function() return seen end)
      assert.same({ number = 2, reason = "http_timeout" }, seen.retry)
      assert.same({ "Yes", "Yes" }, { seen.headers["x-odd"], seen.headers["X-Odd"] })
      assert.equal("application/json", seen.headers["content-type"])
    end)
  end)

  it("has in c.data what middleware makes of its headers, beside all else (S130)", function()
    local seen
    with_app({ register = function(app)
      app:use(function(c, next)
        c.data.tenant, c.data.team_id = c.headers["x-tenant"], "no reserved name"
        next()
      end)
      app:event("app_mention", function(c)
        seen = { c.data.tenant, c.data.team_id, c.team_id }
      end)
    end }, function(url)
      signed.post(url, signed.event(MENTION), { headers = { ["X-Tenant"] = "blue" } })
      live.wait(function() return seen end)
      assert.same({ "blue", "no reserved name", "T1" }, seen)
    end)
  end)

  it("that comes again is handled once", function()
    local count = 0
    with_app({ register = on("event", "app_mention", function() count = count + 1 end) },
      function(url, app)
        local body = signed.event(MENTION)
        assert.equal(200, signed.post(url, body).status)
        local again = { headers = { ["X-Slack-Retry-Num"] = "1" } }
        assert.equal(200, signed.post(url, body, again).status)
        live.wait(function() return app:stats().duplicates == 1 end)
        assert.equal(1, count)
      end)
  end)
end)

describe("an event that is answered when it has been handled", function()
  local HANDLED = { answer_events = "handled" }

  it("gets 200 then, and a failure 500 so that it comes again (S113)", function()
    local gate, is_broken = tasks.waiter(), true
    with_app({ http = HANDLED, register = on("event", "app_mention", function()
      gate:await()
      if is_broken then
        error "not yet"
      end
    end) }, function(url, app, log)
      local body, status = signed.event(MENTION), nil
      tasks.spawn(function() status = signed.post(url, body).status end)
      live.wait(function() return app:stats().running == 1 end)
      assert.is_nil(status)
      gate:resolve()
      live.wait(function() return status end)
      assert.equal(500, status)
      is_broken = false
      assert.equal(200, signed.post(url, body).status)
      assert.equal(200, signed.post(url, body).status)
      assert.not_matches("takes longer than Slack waits", log())
    end)
  end)

  it("is handled again only by the listeners that failed", function()
    local runs, fails = { 0, 0, 0 }, true
    with_app({ http = HANDLED, register = function(app)
      for i = 1, 3 do
        app:event("app_mention", function(c)
          runs[i] = runs[i] + 1
          if i == 2 and fails then
            assert.is_false(c.request.deadline_passed == true)
            error "once"
          end
        end)
      end
    end }, function(url, app)
      local body = signed.event(MENTION)
      assert.equal(500, signed.post(url, body).status)
      fails = false
      assert.equal(200, signed.post(url, body).status)
      assert.equal(200, signed.post(url, body).status)
      assert.same({ 1, 2, 1 }, runs)
      assert.equal(1, app:stats().duplicates)
    end)
  end)

  it("may end at once by c:no_retry", function()
    with_app({ http = HANDLED, register = on("event", "app_mention", function(c)
      c:no_retry()
      error "in vain"
    end) }, function(url)
      local response = signed.post(url, signed.event(MENTION))
      assert.same({ 500, "1" }, { response.status, response.headers["x-slack-no-retry"] })
    end)
  end)

  it("gets 404 when no listener is there for it, and 200 when one passed it over", function()
    with_app({ http = HANDLED, register = on("message", "deploy", function() end) },
      function(url, _, log)
        local response = signed.post(url, signed.event(MENTION))
        assert.same({ 404, "1" }, { response.status, response.headers["x-slack-no-retry"] })
        assert.truthy(log():find('app:event("app_mention", function(c)', 1, true))
        local message = { type = "message", user = "U1", channel = "C1", text = "hi", ts = "1.2" }
        assert.equal(200, signed.post(url, signed.event(message)).status)
      end)
  end)

  it("gets 400, once and for all, when it cannot be read", function()
    with_app({ http = HANDLED, register = on("message", "deploy", function() end) }, function(url)
      local deep = ("["):rep(2000) .. ("]"):rep(2000)
      local response = signed.post(url, ('{"event":{"type":"x","deep":%s}}'):format(deep))
      assert.same({ 400, "1" }, { response.status, response.headers["x-slack-no-retry"] })
    end)
  end)

  it("gets 200 when it is the bot's own doing, or a notice of Slack", function()
    with_app({ http = HANDLED, register = on("event", "app_mention", error) },
      function(url, app)
        local own = { type = "app_mention", user = app.identity.user_id, ts = "1.1" }
        assert.equal(200, signed.post(url, signed.event(own)).status)
        assert.equal(200, signed.post(url, '{"type":"app_rate_limited","team_id":"T1"}').status)
        assert.equal(404, signed.post(url, '{"type":"something_new","team_id":"T1"}').status)
      end)
  end)

  it("gets 200 at the deadline, and its failure then is not repeated", function()
    with_app({ http = HANDLED, ack_deadline = 0.05,
      register = on("event", "app_mention", function(c)
        live.wait(function() return c.request.deadline_passed end)
        error "too late to tell"
      end) }, function(url, app, log)
        assert.equal(200, signed.post(url, signed.event(MENTION)).status)
        live.wait(function() return log():find "too late to tell" end)
        assert.matches("WARN[^\n]*takes longer than Slack waits", log())
        assert.same({ {}, {} },
          { app.transports[1].deliveries.owed, app.transports[1].deliveries.tardy })
      end)
  end)

  it("of a workflow's step has its answer at a deadline too, and goes on (S200)", function()
    local seconds
    with_app({ http = HANDLED, ack_deadline = 0.05, register = on("func", "reverse", function(c)
      live.wait(function() return c.request.deadline_passed end)
      seconds = c.request.ack_deadline
    end) }, function(url, app, log)
      local step = { type = "function_executed", ["function"] = { callback_id = "reverse" } }
      assert.equal(200, signed.post(url, signed.event(step)).status)
      live.wait(function() return seconds end)
      assert.equal(0.1, seconds)
      assert.matches("WARN[^\n]*takes longer than Slack waits", log())
      assert.same({ {}, {} },
        { app.transports[1].deliveries.owed, app.transports[1].deliveries.tardy })
    end)
  end)

  it("that comes twice at once is handled once, and both get its answer", function()
    local gate, runs = tasks.waiter(), 0
    with_app({ http = HANDLED, register = on("event", "app_mention", function()
      runs = runs + 1
      gate:await()
      error "x"
    end) }, function(url, app)
      local body, statuses = signed.event(MENTION), {}
      for _ = 1, 2 do
        tasks.spawn(function() table.insert(statuses, signed.post(url, body).status) end)
      end
      live.wait(function() return app:stats().duplicates == 1 end)
      gate:resolve()
      live.wait(function() return #statuses == 2 end)
      assert.same({ 500, 500 }, statuses)
      assert.equal(1, runs)
    end)
  end)

  it("waits for all of a chain of middleware, and for a predicate that fails", function()
    with_app({ http = HANDLED, register = function(app)
      app:use(function(c, next)
        c.data.seen = true
        return next()
      end)
      app:event("app_mention", function(c) assert(c.event.text == "hi", "odd") end)
      app:event({ type = "app_mention", channel = function() error "a bad predicate" end }, print)
    end }, function(url)
      assert.equal(500, signed.post(url, signed.event(MENTION)).status)
    end)
  end)

  it("tells app:on_error that Slack has no answer yet", function()
    local seen
    with_app({ http = HANDLED, register = function(app)
      app:event("app_mention", function() error "x" end)
      app:on_error(function(_, _, failure) seen = failure.acked end)
    end }, function(url)
      signed.post(url, signed.event(MENTION))
      assert.is_false(seen)
    end)
  end)
end)

describe("an app on HTTP", function()
  local function http_only(new_app, http, more)
    http.host = "127.0.0.1"
    local options = { transport = "http", signing_secret = signed.SECRET, http = http }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return new_app(options)
  end

  it("says where it listens, and needs no app token", function()
    with_app({ register = on("command", "/x", print) }, function(url, app, log)
      assert.truthy(log():find("running as lander in Moonbase, HTTP on " .. url, 1, true), log())
      assert.is_nil(app:stats().socket_mode)
      assert.is_table(app:stats().http)
    end)
  end)

  it("names the address that it is bound to, and a URL for callers on this machine", function()
    for host, names in pairs {
      ["0.0.0.0"] = { "0.0.0.0", "127.0.0.1" }, ["127.0.0.1"] = { "127.0.0.1", "127.0.0.1" },
    } do
      live.run(function(_, new_app, lines)
        local app = new_app {
          transport = "http", signing_secret = signed.SECRET, http = { host = host, port = 0 },
        }
        app:command("/x", print)
        assert(app:start())
        local port = app.http_server:port()
        local bound = ("HTTP on http://%s:%d%s"):format(names[1], port, PATH)
        local log = table.concat(lines, "\n")
        assert.truthy(log:find(bound, 1, true), log)
        assert.equal(("http://%s:%d"):format(names[2], port), app.http_server:url())
      end)
    end
  end)

  it("names a request of Slack's that nobody takes, once in a while", function()
    with_app({ register = on("command", "/x", print) }, function(_, app, log)
      local base = app.http_server:url()
      local plain = { method = "POST", body = "x" }
      assert.equal(404, slack.fetch(base .. "/other", plain).status)
      for _, path in ipairs { "/slack/event?token=xoxb-1-2", "/" .. ("x"):rep(300) } do
        assert.equal(404, signed.post(base .. path, signed.event(MENTION)).status)
      end
      local line = log():match "[^\n]*nobody takes[^\n]*"
      assert.matches("INFO .*nobody takes POST /slack/event: "
        .. "the Request URL's path is /slack/events$", line)
      assert.equal(1, select(2, log():gsub("nobody takes", "")))
    end)
  end)

  it("shows little of a long path", function()
    with_app({ register = on("command", "/x", print) }, function(_, app, log)
      signed.post(app.http_server:url() .. "/" .. ("x"):rep(300), signed.event(MENTION))
      assert.matches("POST /" .. ("x"):rep(99) .. "…:", log(), 1, true)
    end)
  end)

  it("does not start where something else listens, and says so", function()
    with_app({ register = on("command", "/x", print) }, function(_, app)
      live.run(function(_, new_app)
        local port = app.http_server:port()
        local other = http_only(new_app, { port = port })
        local ok, err = other:start()
        assert.is_nil(ok)
        assert.is_true(errors.is(err))
        assert.matches(tostring(port), tostring(err), 1, true)
        assert.equal("idle", other.phase)
      end)
    end)
  end)

  it("does not start with a certificate that is none", function()
    local folder <close> = files.temporary()
    local path = folder.path .. "/bad.pem"
    files.write(path, "no certificate")
    live.run(function(_, new_app)
      local app = http_only(new_app, { port = 0, tls = { cert = path, key = path } })
      local ok, err = app:start()
      assert.is_nil(ok)
      assert.matches("bad.pem", tostring(err), 1, true)
    end)
  end)

  it("serves TLS with a certificate and key (S121)", function()
    local folder <close> = files.temporary()
    local pem = assert(core.certificate { names = "DNS:localhost,IP:127.0.0.1" })
    for name, text in pairs(pem) do
      files.write(("%s/%s.pem"):format(folder.path, name), text)
    end
    with_app({ http = { tls = { cert = folder.path .. "/certificate.pem",
      key = folder.path .. "/key.pem" } }, register = on("command", "/x", function() end) },
      function(url)
        assert.matches("^https://", url)
        local response = signed.command(url, "/x", nil,
          { ca_file = folder.path .. "/authority.pem" })
        assert.equal(200, response.status)
      end)
  end)

  it("takes requests signed with any of its secrets, and no other", function()
    with_app({ secret = { "old-secret", "new-secret" },
      register = on("command", "/x", function() end) }, function(url, app)
        for secret, status in pairs { ["old-secret"] = 200, ["new-secret"] = 200, other = 401 } do
          assert.equal(status, signed.command(url, "/x", nil, { secret = secret }).status)
        end
        assert.equal(2, app:stats().handled)
      end)
  end)

  it("serves a path for each kind where it is given several", function()
    local paths = { events = "/e", commands = "/c", interactions = "/i", options = "/o" }
    local mentioned
    with_app({ http = { path = paths },
      register = function(app)
        app:command("/x", function() end)
        app:shortcut("s", function() end)
        app:options("o", function() return {} end)
        app:event("app_mention", function() mentioned = true end)
      end }, function(_, app, log)
        local url = app.http_server:url()
        assert.equal(200, signed.command(url .. "/c", "/x").status)
        assert.equal(404, signed.command(url .. "/i", "/x").status)
        assert.equal(200, signed.interaction(url .. "/i",
          { type = "shortcut", callback_id = "s" }).status)
        assert.equal('{"options":[]}', signed.interaction(url .. "/o",
          { type = "block_suggestion", action_id = "o" }).body)
        assert.equal(404, signed.post(url .. "/i", signed.event(MENTION)).status)
        assert.equal(404, signed.post(url .. PATH, signed.event(MENTION)).status)
        assert.is_nil(mentioned)
        assert.equal(200, signed.post(url .. "/e", signed.event(MENTION)).status)
        live.wait(function() return mentioned end)
        assert.matches("HTTP on " .. url .. "/c and /e and /i and /o", log(), 1, true)
      end)
  end)

  it("takes nothing for another kind than Slack has sent it as", function()
    local seen = {}
    local function see(c) seen[#seen + 1] = c.kind end
    with_app({ http = { path = { events = "/e", commands = "/c", interactions = "/i" } },
      register = function(app)
        app:event("app_mention", see)
        app:command("/x", see)
        app:action("a", see)
      end }, function(_, app)
        local url = app.http_server:url()
        assert.equal(404, signed.interaction(url .. "/i",
          { type = "event_callback", event = MENTION, event_id = "Ev1", team_id = "T1" }).status)
        assert.equal(404, signed.interaction(url .. "/i",
          { type = "workflow_step_edit", command = "/x", team_id = "T1" }).status)
        assert.equal(200, signed.post(url .. "/e", assert(json.encode {
          type = "app_rate_limited", command = "/x", team_id = "T1",
          actions = { { action_id = "a" } },
        })).status)
        assert.equal(200, signed.interaction(url .. "/i",
          { type = "block_actions", event = MENTION, actions = { { action_id = "a" } } }).status)
        assert.same({ "action" }, seen)
      end)
  end)

  it("answers what has come when it is stopped, then closes; and starts again (S120)", function()
    local gate = tasks.waiter()
    with_app({ shutdown_timeout = 20, register = on("command", "/x", function()
      gate:await()
      return "done"
    end) }, function(url, app)
      local response, stopped
      tasks.spawn(function() response = signed.command(url, "/x") end)
      live.wait(function() return app:stats().running == 1 end)
      tasks.spawn(function() stopped = app:stop() end)
      live.wait(function() return app.phase == "stopping" end)
      tasks.sleep(0)
      gate:resolve()
      live.wait(function() return response and stopped end)
      assert.equal('{"text":"done"}', response.body)
      assert.is_nil(app.http_server)
      assert(app:start())
      assert.equal(200, signed.command(app.http_server:url() .. PATH, "/x").status)
    end)
  end)

  it("turns away with 503 what comes in to the end only when it is being stopped", function()
    local gate, seen = tasks.waiter(), 0
    with_app({ shutdown_timeout = 20, register = on("event", "app_mention", function()
      seen = seen + 1
      gate:await()
    end) }, function(url, app)
      local client = RawClient.connect(tonumber(url:match ":(%d+)/"))
      local body = signed.event(MENTION)
      client:send((signed.bytes(PATH, body, {
        lines = ("Content-Length: %d\r\nExpect: 100-continue\r\n"):format(#body),
      })))
      live.wait(function() return client:received():find "100 Continue" end)
      assert.equal(200, signed.post(url, signed.event(MENTION)).status)
      live.wait(function() return seen == 1 end)
      local stopped
      tasks.spawn(function() stopped = app:stop() end)
      live.wait(function() return app.phase == "stopping" end)
      tasks.sleep(0)
      client:send(body)
      live.wait(function() return client:received():find "\r\n\r\nHTTP/1.1 %d+ .*\r\n\r\n" end)
      assert.matches("\nHTTP/1.1 503 .*\r\nRetry%-After: 1\r\n", client:received())
      gate:resolve()
      live.wait(function() return stopped end)
      assert.equal(1, seen)
      client:close()
    end)
  end)

  it("takes Slack's requests only where HTTP is a transport of it", function()
    live.run(function(_, new_app)
      local seen
      local app = new_app { signing_secret = signed.SECRET, transport = "socket",
        http = { host = "127.0.0.1", port = 0 } }
      app:event("app_mention", function() seen = true end)
      app:command("/x", function() seen = true end)
      assert(app:start())
      local url = app.http_server:url() .. PATH
      assert.equal(404, signed.post(url, signed.event(MENTION)).status)
      assert.equal(404, signed.command(url, "/x").status)
      assert.is_nil(seen)
    end)
  end)

  it("leaves nothing behind when Socket Mode beside it cannot start", function()
    live.run(function(_, new_app)
      local app = http_only(new_app, { port = 0 }, { transport = "both", app_token = "xapp-1-no" })
      local ok, err = app:start()
      assert.is_nil(ok)
      assert.equal("invalid_auth", err.code)
      assert.is_nil(app.http_server)
      assert.equal(0, #app.transports)
    end)
  end)

  it("answers an event that the C side has left to it as soon as it takes it", function()
    local it = offline_app.new { http = { port = 0 } }
    local order = {}
    it.app:event("app_mention", function() table.insert(order, "handled") end)
    local receiver = HttpReceiver.new {
      signing_secret = signed.SECRET, paths = {}, log = it.app.log, dispatch = it.app.dispatch,
    }
    receiver.server = { respond = function(_, number, status)
      table.insert(order, number .. " " .. status)
    end }
    local body = { type = "event_callback", event_id = "Ev1", event = MENTION }
    receiver.deliveries.take(1, "delivery", 7, "event", json.encode(body), 0, nil, "", loop.now())
    assert.same({ "7 200", "handled" }, order)
    assert.same({ {}, {} }, { receiver.deliveries.owed, receiver.deliveries.expired })
  end)
end)
