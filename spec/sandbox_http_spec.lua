local WebServer = require "support.web_server"
local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"
local live_app = require "support.live_app"
local logs = require "slack.log"
local sandbox = require "support.local_slack"

local log = logs.new { level = "off" }

describe("sandbox over HTTP", function()
  local here, app, answers

  -- The app: a server whose answers are told one by one; the last is given again.
  local function start(options, tls)
    options = options or {}
    options.log = log
    options.retry_delays = options.retry_delays or { 0, 0, 0 }
    here = assert(sandbox.start(options))
    app = WebServer.start(function(request)
      local answer = #answers > 1 and table.remove(answers, 1) or answers[1]
      if type(answer) == "function" then
        answer = answer(request)
      end
      if answer then
        return answer[1], answer[2], answer[3]
      end
    end, { tls = tls })
    here:deliver_over_http { url = app.url .. "/slack/events", ca_file = app.ca_file }
  end

  local function request(number)
    return assert(here:wait(function() return app.requests[number] end))
  end

  before_each(function()
    answers = { { 200 } }
  end)

  after_each(function()
    here:stop()
    app:stop()
  end)

  it("signs what it sends, over the very bytes (S085)", function()
    start()
    here:say { user = "ada", text = "Grüße" }
    local got = request(1)
    local headers = got.headers
    assert.same({ "POST", "/slack/events", "application/json" },
      { got.method, got.target, headers["content-type"] })
    assert.matches("^Slackbot 1%.0 ", headers["user-agent"])
    assert.equal(core.sign(here.signing_secret, headers["x-slack-request-timestamp"], got.body),
      headers["x-slack-signature"])
    assert.is_true(math.abs(os.time() - tonumber(headers["x-slack-request-timestamp"])) < 60)
    assert.is_nil(headers["x-slack-retry-num"])
    local body = json.decode(got.body)
    assert.same({ "event_callback", "Grüße" }, { body.type, body.event.text })
  end)

  it("signs with the secret of now, so that one can be changed", function()
    start()
    here.signing_secret = "another"
    here:say { text = "x" }
    local headers = request(1).headers
    assert.equal(core.sign("another", headers["x-slack-request-timestamp"], app.requests[1].body),
      headers["x-slack-signature"])
  end)

  it("sends commands as plain forms, and shows their answers", function()
    start()
    answers = { { 200, '{"text":"only for you"}', { "Content-Type", "application/json" } } }
    local outcome = here:command { command = "/go", text = "a b & ü", user = "ada" }
    local got = request(1)
    local fields = form.decode(got.body)
    assert.same({ "/go", "a b & ü", "false" },
      { fields.command, fields.text, fields.is_enterprise_install })
    assert.equal("application/x-www-form-urlencoded", got.headers["content-type"])
    assert.same({ "only for you", "only for you" },
      { outcome.ack.text, here:ephemeral("ada")[1].text })
    assert.is_true(outcome.seconds > 0)
  end)

  it("takes plain text as the answer to a command", function()
    start()
    answers = { { 200, "done", { "Content-Type", "text/plain; charset=utf-8" } } }
    assert.equal("done", here:command({ command = "/go" }).ack)
    assert.equal("done", here:ephemeral()[1].text)
  end)

  it("sends interactions in the form field payload, and option loads to their URL", function()
    start()
    here:deliver_over_http { url = app.url .. "/all", options = app.url .. "/options" }
    local message = here:say {
      text = "x", blocks = { { type = "actions", block_id = "b", elements = { {
        type = "external_select", action_id = "pick",
      } } } },
    }
    assert.equal(json.null, here:shortcut({ callback_id = "start" }).ack)
    local fields = form.decode(request(2).body)
    assert.equal("start", json.decode(fields.payload).callback_id)
    answers = { { 200, '{"options":[]}', { "Content-Type", "application/json" } } }
    local outcome = here:suggest { message = message, action_id = "pick", value = "so" }
    assert.same({}, outcome.ack.options)
    assert.same({ "/all", "/all", "/options" },
      { app.requests[1].target, app.requests[2].target, app.requests[3].target })
  end)

  it("repeats an event until it is answered with 2xx, and says which and why", function()
    start()
    answers = { { 500 }, { 0 }, { 204 } }
    local delivery = here:deliver_event { type = "app_mention", text = "x" }
    assert.equal(json.null, delivery:await_ack())
    local first, second, third = table.unpack(app.requests)
    assert.same({ "1", "http_error" },
      { second.headers["x-slack-retry-num"], second.headers["x-slack-retry-reason"] })
    assert.same({ "2", "connection_failed" },
      { third.headers["x-slack-retry-num"], third.headers["x-slack-retry-reason"] })
    assert.same({ first.body, first.body }, { second.body, third.body })
    assert.same({ 500, "http_error" },
      { delivery.attempts[1].status, delivery.attempts[1].reason })
  end)

  it("gives an event up after three repetitions", function()
    start()
    answers = { { 404 } }
    local delivery = here:deliver_event { type = "app_mention" }
    assert.same({ nil, "http_error" }, { delivery:await_ack() })
    assert.same({ 4, true }, { #app.requests, delivery.ended })
  end)

  it("repeats nothing that is refused with X-Slack-No-Retry", function()
    start()
    answers = { { 500, "", { "X-Slack-No-Retry", "1" } } }
    local delivery = here:deliver_event { type = "app_mention" }
    assert.same({ nil, "http_error" }, { delivery:await_ack() })
    assert.equal(1, #app.requests)
  end)

  it("waits no longer than ack_timeout", function()
    start { ack_timeout = 0.05, retry_delays = {} }
    answers = { function() end }
    local delivery = here:deliver_event { type = "app_mention" }
    assert.same({ nil, "http_timeout" }, { delivery:await_ack() })
  end)

  for times, expected in pairs { [2] = "ok", [3] = "too_many_redirects" } do
    it(("follows redirects, at most two: %d give %s"):format(times, expected), function()
      start { retry_delays = {} }
      answers = {}
      for i = 1, times do
        answers[i] = { 302, "", { "Location", "/hop/" .. i } }
      end
      table.insert(answers, { 200 })
      local delivery = here:deliver_event { type = "app_mention" }
      local _, why = delivery:await_ack()
      assert.equal(expected, why or "ok")
      assert.same({ "POST", "/hop/2" }, { request(3).method, request(3).target })
      assert.equal(app.requests[1].body, app.requests[3].body)
    end)
  end

  it("does not repeat interactions and commands; the person sees Slack's error", function()
    start { ack_timeout = 0.05 }
    answers = { { 500 }, function() end }
    assert.equal("dispatch_failed", here:command({ command = "/go" }).failure)
    assert.equal("operation_timeout", here:command({ command = "/go", timeout = 0.05 }).failure)
    assert.equal(2, #app.requests)
  end)

  it("says why a delivery failed, by status or by what became of the connection", function()
    start { retry_delays = {} }
    answers = { { 401 }, { 404 } }
    for _, detail in ipairs { "status 401, is the app's signing secret", "status 404, is the" } do
      assert.matches(detail, here:command({ command = "/go" }).detail, 1, true)
    end
    local delivery = here.last_delivery
    local attempt = delivery.attempts[1]
    assert.same({ 404, delivery.detail }, { attempt.status, attempt.detail })
    here:deliver_over_http "http://localhost:1/"
    assert.matches("no connection", here:command({ command = "/go" }).detail)
  end)

  it("delivers nothing of a kind that has no URL, and takes 0.0.0.0 for this machine", function()
    start()
    local port = app.url:match ":(%d+)$"
    here:deliver_over_http { commands = ("http://0.0.0.0:%s/c"):format(port) }
    here:say { text = "hi" }
    local event = here.last_delivery
    assert.same({ "no_request_url", true }, { event.failure, event.ended })
    answers = { { 200 } }
    assert.is_nil(here:command({ command = "/go" }).failure)
    assert.equal(1, #app.requests)
  end)

  for name, answer in pairs {
    ["a status outside of 2xx"] = { 500 },
    ["plain text"] = { 200, "ok", { "Content-Type", "text/plain" } },
    ["broken JSON"] = { 200, "{", { "Content-Type", "application/json" } },
  } do
    it("keeps a modal open when its submission is answered with " .. name, function()
      start()
      answers = { answer }
      local view = here.workspace:put_view {
        type = "modal", callback_id = "order", title = { type = "plain_text", text = "x" },
        blocks = {},
      }
      assert.equal("connection_error", here:submit({ view = view }).failure)
      assert.equal(view.id, here:view().id)
    end)
  end

  it("ends what is under way when it stops", function()
    start { retry_delays = { 0.01 } }
    answers = { function() end }
    local waiting = here:deliver_event { type = "app_mention" }
    live_app.wait(function() return app.requests[1] end)
    here:stop()
    assert.same({ "timeout", false }, { select(2, waiting:await_ack(0)), waiting.ended })
  end)

  it("trusts the app's own certificate when it is given, and no other", function()
    start({ retry_delays = {} }, {})
    local url = app.url:gsub("127%.0%.0%.1", "localhost")
    here:deliver_over_http { url = url, ca_file = app.ca_file }
    assert.equal(json.null, here:deliver_event({ type = "app_mention" }):await_ack())
    here:deliver_over_http(url)
    assert.same({ nil, "ssl_error" }, { here:deliver_event({ type = "app_mention" }):await_ack() })
  end)

  it("delivers over the transport that the field delivery names", function()
    start()
    here.delivery = "socket"
    local waiting = here:deliver_event { type = "app_mention" }
    assert.equal(0, #waiting.attempts)
    here.delivery = "alternate"
    here:deliver_event { type = "app_mention" }
    here:deliver_event { type = "app_mention" }
    here:deliver_event { type = "app_mention" }
    request(2)
    assert.equal(2, #app.requests)
    here.delivery = nil
    here:deliver_over_http(false)
    assert.equal(0, #here:deliver_event({ type = "app_mention" }).attempts)
  end)

  describe("url_verification", function()
    local function challenge(text)
      return json.decode(text).challenge
    end

    for name, answer in pairs {
      ["as text"] = function(text)
        return { 200, challenge(text), { "Content-Type", "text/plain" } }
      end,
      ["as a form"] = function(text) return { 200, "challenge=" .. challenge(text) } end,
      ["as JSON"] = function(text) return { 200, ('{"challenge":%q}'):format(challenge(text)) } end,
    } do
      it("passes an app that echoes the challenge " .. name, function()
        start()
        answers = { function(got) return answer(got.body) end }
        assert.is_true(here:verify_url(app.url .. "/x"))
        local headers = request(1).headers
        assert.equal(core.sign(here.signing_secret, headers["x-slack-request-timestamp"],
          app.requests[1].body), headers["x-slack-signature"])
      end)
    end

    it("fails an app that does not, or cannot be reached", function()
      start()
      assert.same({ false, "challenge_failed" }, { here:verify_url(app.url .. "/x") })
      answers = { { 401 } }
      assert.same({ false, "http_error" }, { here:verify_url(app.url .. "/x") })
      answers = { { 0 } }
      assert.same({ false, "connection_failed" }, { here:verify_url(app.url .. "/x") })
    end)
  end)

  it("probes with ssl_check, not signed (S098)", function()
    start()
    assert.is_true(here:ssl_check(app.url .. "/x"))
    local got = request(1)
    assert.equal("1", form.decode(got.body).ssl_check)
    assert.is_nil(got.headers["x-slack-signature"])
    answers = { { 401 } }
    assert.is_false(here:ssl_check(app.url .. "/x", nil, "GET"))
    assert.same({ "GET", "/x?ssl_check=1&token=verification-token", "" },
      { app.requests[2].method, app.requests[2].target, app.requests[2].body })
  end)

  for problem, where in pairs {
    ['field "events": a URL expected, got localhost:3000'] = "localhost:3000",
    ["deliver_over_http: a URL expected"] = {},
    ['unknown field "event"; did you mean "events"?'] = { event = "http://localhost:1/" },
  } do
    it("raises at the caller's line for a URL that is none: " .. problem, function()
      start()
      local fine, raised = pcall(function() here:deliver_over_http(where) end)
      assert.is_false(fine)
      assert.matches("^spec/sandbox_http_spec.lua:%d+: ", raised)
      assert.truthy(raised:find(problem, 1, true), raised)
    end)
  end
end)
