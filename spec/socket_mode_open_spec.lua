local Wire = require "support.wire_slack"

local JSON <const> = { "Content-Type", "application/json" }

describe("apps.connections.open", function()
  local wire

  before_each(function()
    wire = Wire.start()
  end)

  after_each(function()
    wire:close()
  end)

  local function wait_for_state(bot, state, nth)
    return wire:wait(state, function()
      return bot:change(state, nth)
    end)
  end

  it("is a POST with the token in the header and an empty body", function()
    wire:ready_bot()
    local open = wire.opens[1]
    assert.equal("POST", open.method)
    assert.equal("/api/apps.connections.open", open.target)
    assert.equal("", open.body)
    assert.truthy(open.headers:find("Authorization: Bearer xapp-1-A1-1-abcdef", 1, true))
  end)

  for code, advice in pairs {
    invalid_auth = "app%-level token",
    not_authed = "app%-level token",
    account_inactive = "no longer active",
    token_revoked = "new app%-level token",
    token_expired = "new app%-level token",
    user_removed_from_team = "has left",
    team_disabled = "disabled",
    not_allowed_token_type = "not a bot token",
    no_permission = "administrator",
    org_login_required = "administrator",
    ekm_access_denied = "administrator",
    forbidden_team = "workspace",
    insecure_request = "https",
    missing_args = "app%-level token",
  } do
    it("ends for good at " .. code .. " and says what to do (S204)", function()
      wire:answer_next(200, ('{"ok":false,"error":"%s"}'):format(code))
      local bot = wire:bot()
      local fatal = wait_for_state(bot, "fatal")
      assert.equal(code, fatal.code)
      assert.equal(0, fatal.connection)
      assert.truthy(fatal.message:find(code, 1, true))
      assert.truthy(fatal.message:find(advice))
      wire:pass(0.05)
      assert.equal(1, #wire.opens)
      assert.equal(1, bot:count "fatal")
    end)
  end

  it("names the scope that the token lacks", function()
    wire:answer_next(
      200,
      '{"ok":false,"error":"missing_scope","needed":"connections:write","provided":"none"}'
    )
    local fatal = wait_for_state(wire:bot(), "fatal")
    assert.equal("missing_scope", fatal.code)
    assert.truthy(fatal.message:find("needed: connections:write", 1, true))
  end)

  it("ends for good at 404, naming api_url", function()
    wire:answer_next(404, "<h1>Not Found</h1>")
    local fatal = wait_for_state(wire:bot(), "fatal")
    assert.equal("not_found", fatal.code)
    assert.truthy(fatal.message:find("check api_url", 1, true))
  end)

  it("ends once when several connections meet the same end", function()
    for _ = 1, 3 do
      wire:answer_next(200, '{"ok":false,"error":"invalid_auth"}')
    end
    local bot = wire:bot { connections = 3 }
    wait_for_state(bot, "fatal")
    wire:pass(0.05)
    assert.equal(1, bot:count "fatal")
    assert.equal(0, bot:count "ready")
  end)

  it("ends for good when the token is revoked while running (S232)", function()
    local bot, socket = wire:ready_bot()
    wire:answer_next(200, '{"ok":false,"error":"token_revoked"}')
    wire:act(socket, "reset")
    assert.equal("token_revoked", wait_for_state(bot, "fatal").code)
    wire:wait("none to be ready", function()
      return bot.mode:stats().ready == 0
    end)
  end)

  for name, answer in pairs {
    ["an internal error"] = { 200, '{"ok":false,"error":"internal_error"}' },
    ["an error it does not know"] = { 200, '{"ok":false,"error":"whatever_next"}' },
    ["a 503 with JSON"] = { 503, '{"ok":false,"error":"service_unavailable"}' },
    ["an error page"] = { 502, "<html>Bad Gateway</html>" },
    ["an answer without a URL"] = { 200, '{"ok":true}' },
    ["a URL that is none"] = { 200, '{"ok":true,"url":"hello"}' },
    ["a URL of another kind"] = { 200, '{"ok":true,"url":"https://127.0.0.1:1/"}' },
    ["broken JSON"] = { 200, '{"ok":true,' },
    ["nothing"] = { 200, "" },
  } do
    it("is repeated after " .. name .. " (S204)", function()
      wire:answer_next(answer[1], answer[2])
      wire:answer_next(answer[1], answer[2])
      local bot = wire:ready_bot()
      assert.equal(3, #wire.opens)
      assert.equal(2, bot:count "closed")
      assert.equal(1, bot:count "waiting") -- the first repetition comes at once
      assert.truthy(bot:change("waiting").delay > 0)
      assert.equal(bot:change("closed", 2).message, bot:change("waiting").message)
    end)
  end

  it("quotes the beginning of an error page", function()
    wire:answer_next(502, "<html>\n<b>Bad Gateway by squid</b>" .. ("x"):rep(500))
    local bot = wire:ready_bot()
    local message = bot:change("closed").message
    assert.truthy(message:find("answered 502 and no JSON: <html> <b>Bad Gateway", 1, true))
    assert.truthy(#message < 160)
    wire:wait("the line", function()
      return wire:logged "Bad Gateway by squid"
    end)
  end)

  it("waits as long as Retry-After says", function()
    wire:answer_next(429, '{"ok":false,"error":"ratelimited"}', { "Retry-After", "1" })
    local bot = wire:ready_bot()
    local waiting = bot:change "waiting"
    assert.equal("ratelimited", waiting.code)
    assert.near(1, waiting.delay, 0.1)
    assert.truthy(wire.opens[2].at - wire.opens[1].at >= 0.99)
  end)

  it("makes all connections wait when Slack limits one", function()
    wire:answer_next(429, "slow down", { "Retry-After", "1" })
    wire:ready_bot { connections = 2, stagger = 0.05 }
    for i = 2, #wire.opens do
      assert.truthy(wire.opens[i].at - wire.opens[1].at >= 0.99)
    end
  end)

  it("waits 30 s when Slack limits it and names no time", function()
    wire:answer_next(429, "", JSON)
    local bot = wire:bot()
    assert.near(30, wait_for_state(bot, "waiting").delay, 0.5)
  end)

  it("is repeated when the server does not answer in time", function()
    wire.hold_opens = true
    local bot = wire:bot { open_timeout = 0.1 }
    assert.equal("timeout", wait_for_state(bot, "closed").code)
    wire.hold_opens = false
    wait_for_state(bot, "ready")
  end)

  it("is repeated when nothing listens", function()
    local bot = wire:bot { api_url = "http://127.0.0.1:1/api/" }
    assert.equal("connection", wait_for_state(bot, "closed", 3).code)
    wire:wait("the line", function()
      return wire:logged "next attempt in"
    end)
  end)

  it("waits longer and longer, with jitter, up to the ceiling", function()
    local bot = wire:bot {
      api_url = "http://127.0.0.1:1/api/",
      backoff_first = 0.01,
      backoff_maximum = 0.03,
    }
    wait_for_state(bot, "waiting", 12)
    local limit, different = 0.01, {}
    for _, change in ipairs(bot.changes) do
      if change.state == "waiting" then
        assert.truthy(change.delay >= limit / 2 and change.delay <= limit)
        limit = math.min(limit + change.delay, 0.03)
        different[change.delay] = true
      end
    end
    assert.equal(0.03, limit)
    assert.truthy(next(different, (next(different))))
  end)

  it("waits no longer than it has failed, however many attempts there were", function()
    local bot = wire:bot {
      api_url = "http://127.0.0.1:1/api/",
      connections = 2,
      backoff_first = 0.01,
      backoff_maximum = 60,
    }
    wait_for_state(bot, "waiting", 10)
    local began = bot.changes[1].at
    for _, change in ipairs(bot.changes) do
      if change.state == "waiting" then
        assert.truthy(change.delay <= 0.01 + change.at - began)
      end
    end
  end)

  it("refuses a plain text URL to another host", function()
    local bot = wire:bot { api_url = "http://192.0.2.1/api/" }
    local fatal = wait_for_state(bot, "fatal")
    assert.equal("invalid_url", fatal.code)
  end)

  it("does not follow a plain text WebSocket URL to another host", function()
    wire:answer_next(200, '{"ok":true,"url":"ws://192.0.2.1/link/?ticket=secret-0"}')
    local bot = wire:bot()
    local closed = wait_for_state(bot, "closed")
    assert.equal("invalid_url", closed.code)
    assert.falsy(closed.message:find "secret")
  end)

  it("raises for settings that cannot be right", function()
    assert.error_matches(function()
      wire:bot { connections = 0 }
    end, "connections")
    assert.error_matches(function()
      wire:bot { connections = 11 }
    end, "connections")
    assert.error_matches(function()
      wire:bot { ping_interval = 0 }
    end, "ping_interval")
    assert.error_matches(function()
      wire:bot { app_token = 5 }
    end, "app_token")
    local core = require "slack.core"
    assert.error_matches(function()
      core.socket_mode { api_url = "http://127.0.0.1/", app_token = "xapp-1" }
    end, "client")
  end)

  it("refuses a token that cannot stand in a header", function()
    assert.error_matches(function()
      wire:bot { app_token = "xapp-1\r\nX-Evil: 1" }
    end, "character no token has")
  end)
end)
