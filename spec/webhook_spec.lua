local WebServer = require "support.web_server"
local json = require "slack.json"
local webhook = require "slack.webhook"

describe("webhook", function()
  local server

  local function start(answers)
    server = WebServer.start(function()
      local answer = answers[#server.requests] or answers[#answers]
      return answer[1], answer[2], answer[3]
    end)
    return webhook.new(server.url .. "/services/T0/B0/secret", { proxy = "", retries = 1 })
  end

  after_each(function()
    if server then
      server:stop()
      server = nil
    end
  end)

  it("posts a text", function()
    assert.is_true(start { { 200, "ok" } }:send "Hello")
    local got = server.requests[1]
    assert.same({ "POST", "/services/T0/B0/secret", '{"text":"Hello"}' },
      { got.method, got.target, got.body })
    assert.equal("application/json; charset=utf-8", got.headers["content-type"])
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

  it("gives up when it is limited too often", function()
    local hook = start { { 429, "", { "Retry-After", "0" } } }
    local _, err = hook:send "x"
    assert.same({ "ratelimited", 0 }, { err.code, err.retry_after })
    assert.equal(2, #server.requests)
  end)

  it("does not repeat what may have been received", function()
    local hook = start { { 0 } }
    local _, err = hook:send "x"
    assert.equal("interrupted", err.code)
    assert.equal(1, #server.requests)
  end)

  it("raises for misuse at the caller's line", function()
    local hook = start { { 200, "ok" } }
    for _, misuse in ipairs {
      function() hook:send(5) end,
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
