local WebServer = require "support.web_server"
local json = require "slack.json"
local log = require "slack.log"
local made_up_http = require "support.made_up_http"
local tasks = require "slack.tasks"
local webhook = require "slack.webhook"

describe("webhook", function()
  local server
  local default_log = log.default

  before_each(function()
    local silent = log.new { level = "off" }
    log.default = function() return silent end
  end)

  local function start(answers, options)
    server = WebServer.start(function()
      local answer = answers[#server.requests] or answers[#answers]
      return answer[1], answer[2], answer[3]
    end)
    local all = { proxy = "", retries = 1 }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return webhook.new(server.url .. "/services/T0/B0/secret", all)
  end

  after_each(function()
    log.default = default_log
    server = server and server:stop()
  end)

  it("posts a text", function()
    assert.is_true(start { { 200, "ok" } }:send "Hello")
    local got = server.requests[1]
    assert.same({ "POST", "/services/T0/B0/secret", '{"text":"Hello"}' },
      { got.method, got.target, got.body })
    assert.equal("application/json; charset=utf-8", got.headers["content-type"])
  end)

  it("follows no redirect, so that nobody else gets the message", function()
    local other = WebServer.start(function() return 200, "ok" end)
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      local hook = start { { status, "", { "Location", other.url } } }
      assert.equal(status, select(2, hook:send "private").status)
      assert.equal(1, #server.requests)
      server:stop()
    end
    server = other
    assert.equal(0, #other.requests)
  end)

  it("posts a message", function()
    local message = { text = "x", blocks = json.list {} }
    assert.is_true(start { { 200, "ok" } }:send(message))
    assert.same({ text = "x", blocks = {} }, json.decode(server.requests[1].body))
  end)

  for _, case in ipairs {
    { 404, "no_service", "no_service" },
    { 400, "invalid_payload", "invalid_payload" },
    { 410, "channel_is_archived\n", "channel_is_archived" },
    { 500, "rollup_error", "rollup_error" },
    { 502, "<html>Bad gateway</html>", "http_error" },
    { 200, '{"ok":false,"error":"used_url"}', "used_url" },
    { 404, '{"ok":false,"error":"expired_url"}', "expired_url" },
    { 302, "", "http_error" },
  } do
    it(("takes status %d with %q for %s"):format(table.unpack(case)), function()
      local ok, err = start { { case[1], case[2] } }:send "x"
      assert.is_nil(ok)
      assert.same({ case[3], case[1], case[2] }, { err.code, err.status, err.body })
      assert.equal(1, #server.requests)
      assert.is_nil(tostring(err):find("secret", 1, true))
    end)
  end

  it("keeps no secret of an answer in the error", function()
    local answer = "no way to /services/T0ONE/B0ONE/secret, token=abcdef1"
    local _, err = start { { 502, answer } }:send "x"
    assert.equal("http_error", err.code)
    assert.not_matches("B0ONE/secret", err.body, 1, true)
    assert.not_matches("abcdef1", err.body, 1, true)
  end)

  for _, body in ipairs { "ok", "", '{"ok":true}', "ok\n" } do
    it(("takes %q for success"):format(body), function()
      assert.is_true(start { { 200, body } }:send "x")
    end)
  end

  it("waits as long as a 429 says and goes on", function()
    local hook = start { { 429, "rate_limited", { "Retry-After", "0" } }, { 200, "ok" } }
    assert.is_true(hook:send "x")
    assert.equal(2, #server.requests)
  end)

  it("gives up when it is limited for longer than it may wait", function()
    local hook = start({ { 429, "", { "Retry-After", "0" } } }, { max_wait = 0.4 })
    local _, err = hook:send "x"
    assert.same({ "ratelimited", 0 }, { err.code, err.retry_after })
    assert.equal(2, #server.requests)
  end)

  it("never waits when it is told not to", function()
    local hook = start({ { 429, "", { "Retry-After", "20" } } }, { max_wait = 0 })
    local _, err = hook:send "x"
    assert.same({ "ratelimited", 20 }, { err.code, err.retry_after })
    assert.equal(1, #server.requests)
  end)

  describe("of Slack", function()
    local slack, wait

    before_each(function()
      slack = made_up_http.start(function() return 200, "ok" end)
    end)

    after_each(function()
      slack:stop()
    end)

    local function send_all(hooks, count)
      wait = tasks.run(function()
        local calls = {}
        for i = 1, count do
          calls[i] = tasks.spawn(function() assert(hooks[i % #hooks + 1]:send(tostring(i))) end)
        end
        for _, call in ipairs(calls) do
          assert(call:join())
        end
        return slack.requests[count].at
      end)
    end

    it("posts one message a second and URL after a burst, in order (S256)", function()
      local url = "https://hooks.slack.com/services/T0/B0/"
      send_all({ webhook.new(url .. "one"), webhook.new(url .. "one") }, 13)
      assert.equal(3, wait)
      for i, request in ipairs(slack.requests) do
        assert.equal(('{"text":"%d"}'):format(i), request.body)
      end
    end)

    it("has each URL for itself", function()
      local url = "https://hooks.slack.com/services/T0/B0/"
      send_all({ webhook.new(url .. "two"), webhook.new(url .. "three") }, 20)
      assert.equal(0, wait)
    end)

    it("is not paced when told so (S256)", function()
      local url = "https://hooks.slack.com/services/T0/B0/four"
      send_all({ webhook.new(url, { pacing = false }) }, 40)
      assert.equal(0, wait)
    end)

    it("starts workflows ten times a minute (S256)", function()
      send_all({ webhook.new "https://hooks.slack.com/triggers/T0/1/x" }, 11)
      assert.equal(6, wait)
    end)
  end)

  for _, body in ipairs { ("a"):rep(1e6), json.encode { ok = false, error = ("e"):rep(1e6) } } do
    it("takes no megabyte for a word: " .. body:sub(1, 5), function()
      local _, err = start { { 400, body } }:send "x"
      assert.equal("webhook: http_error (status 400)", tostring(err))
      assert.equal(4096, #err.body)
    end)
  end

  it("does not repeat what may have been received", function()
    local hook = start { { 0 } }
    local _, err = hook:send "x"
    assert.equal("interrupted", err.code)
    assert.equal(1, #server.requests)
  end)

  it("names the field that was meant where there is no text", function()
    local _, err = start { { 400, "no_text" } }:send { txt = "x" }
    assert.matches("^webhook: no_text .*: no field 'txt' is known here; did you mean \"text\"%?$",
      err.message)
  end)

  it("raises for misuse at the caller's line", function()
    local hook = start { { 200, "ok" } }
    for _, misuse in ipairs {
      function() hook:send(5) end,
      function() hook.send "hi" end,
      function() hook:send { f = print } end,
      function() webhook.new(nil) end,
      function() webhook.new("http://slack.example/x") end,
      function() webhook.new("https://slack.example/x", { time = 1 }) end,
    } do
      local ok, message = pcall(misuse)
      assert.is_false(ok)
      assert.matches("^spec/webhook_spec.lua:%d+: ", message)
    end
  end)
end)
