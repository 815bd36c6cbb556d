local KeptLog = require "support.kept_log"
local Process = require "support.process"
local WebServer = require "support.web_server"
local clients = require "slack.client"
local files = require "support.files"
local json = require "slack.json"
local loop = require "slack.loop"
local merged = require "slack.merged"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

local TOKEN <const> = "xoxb-111111111111-222222222222-abcdefABCDEF"

describe("client", function()
  local server, kept, delay

  before_each(function()
    kept = KeptLog.new()
    delay = retry.delay
    retry.delay = function()
      return 0
    end
  end)

  after_each(function()
    retry.delay = delay
    server = server and server:stop()
  end)

  -- answer(request, number) gives status, body (a table becomes JSON), headers.
  local function start(answer, options)
    server = WebServer.start(function(request)
      local status, body, headers = answer(request, #server.requests)
      return status, type(body) == "table" and json.encode(body) or body, headers
    end)
    return clients.new(merged({
      token = TOKEN, api_url = server.url .. "/api/", proxy = "", log = kept.log,
    }, options))
  end

  local function ok()
    return 200, { ok = true }
  end

  local function count_lines(pattern)
    return kept:count(pattern)
  end

  describe("a method", function()
    it("is called by its dotted name", function()
      local client = start(function()
        return 200, { ok = true, ts = "1.2", n = 3 }
      end)
      local sent = assert(client.chat.postMessage { channel = "C1", text = "Hi & <>" })
      assert.same({ ok = true, ts = "1.2", n = 3 }, sent)
      local got = server.requests[1]
      assert.same({ "POST", "/api/chat.postMessage", "application/json; charset=utf-8" },
        { got.method, got.target, got.headers["content-type"] })
      assert.same({ channel = "C1", text = "Hi & <>" }, json.decode(got.body))
      assert(client.users.info { user = "U1" })
      assert.same({ "application/x-www-form-urlencoded", "user=U1" },
        { server.requests[2].headers["content-type"], server.requests[2].body })
    end)

    it("is told with its end and its time at level debug, without its arguments", function()
      local client = start(function(request)
        return 200, { ok = request.target:find "auth" ~= nil, error = "no_text" }
      end)
      client.auth.test { team = "hidden" }
      client.chat.postMessage { channel = "C1", text = "hidden" }
      assert.equal(1, count_lines "DEBUG.* auth%.test: ok after %d+ ms$")
      assert.equal(1, count_lines "DEBUG.* chat%.postMessage: no_text after %d+ ms$")
      assert.equal(0, count_lines "hidden")
    end)

    it("that Slack does not know is warned of, with the name that was meant", function()
      local client = start(function()
        return 200, { ok = false, error = "unknown_method" }
      end)
      local _, err = client.chat.postMesage { channel = "C1", text = "Hi" }
      assert.equal("unknown_method", err.code)
      assert.equal(1, count_lines 'WARN.*chat%.postMesage: .*did you mean "chat%.postMessage"')
    end)

    it("is called by any name, deeper ones too", function()
      local client = start(ok)
      assert(client.admin.apps.approved.list())
      assert(client:call("team.new.thing", { a = 1 }))
      assert(client.api.test())
      assert.same({ "/api/admin.apps.approved.list", "/api/team.new.thing", "/api/api.test" },
        { server.requests[1].target, server.requests[2].target, server.requests[3].target })
    end)

    it("can be kept and called again", function()
      local client = start(ok)
      local post = client.chat.postMessage
      assert.equal(post, client.chat.postMessage)
      assert(post { text = "a" })
      assert(post { text = "b" })
      assert.equal('{"text":"b"}', server.requests[2].body)
    end)

    it("does not change the caller's table (S260)", function()
      local args = { channels = { "C1" }, token = TOKEN, n = 1, gone = json.null }
      assert(start(ok).x.y(args))
      assert.same({ channels = { "C1" }, token = TOKEN, n = 1, gone = json.null }, args)
    end)

    for name, misuse in pairs {
      ["a string for arguments"] = function(client) client.chat.postMessage("x") end,
      ["a colon for the dot"] = function(client) client.chat:postMessage { text = "x" } end,
      ["an argument that cannot be sent"] = function(client) client.chat.x { f = print } end,
      ["an unknown option"] = function(client) client.chat.x({}, { tocken = "x" }) end,
      ["an option of a wrong type"] = function(client) client.chat.x({}, { timeout = "5" }) end,
      ["a name with a slash"] = function(client) client:call("../evil", {}) end,
      ["an absolute URL (S238)"] = function(client) client:call("https://evil.example/", {}) end,
      ["a token that is no string"] = function(client) client.chat.x { token = 5 } end,
    } do
      it("raises at the caller's line for " .. name, function()
        local client = start(ok)
        local fine, message = pcall(misuse, client)
        assert.is_false(fine)
        assert.matches("^spec/client_spec.lua:%d+: ", message)
        assert.equal(0, #server.requests)
      end)
    end

    it("is no URL, which is not told again as it may be a secret (S238)", function()
      local fine, message = pcall(function()
        return (start(ok):call("https://hooks.slack.com/services/T1/B1/secret", {}))
      end)
      assert.is_false(fine)
      assert.matches("a Web API method expected, got a URL: .*slack.fetch.*\"api_url\"", message)
      assert.is_nil(message:find("services", 1, true))
    end)
  end)

  describe("the token", function()
    it("travels in the Authorization header only (S236)", function()
      assert(start(ok).auth.test())
      local got = server.requests[1]
      assert.equal("Bearer " .. TOKEN, got.headers.authorization)
      assert.is_nil((got.target .. got.body):find("xoxb", 1, true))
    end)

    it("can be given with a call (S236)", function()
      local client = start(ok)
      assert(client.auth.test({}, { token = "xoxp-one" }))
      assert(client.auth.test { token = "xoxp-two" })
      assert.same({ "Bearer xoxp-one", "Bearer xoxp-two", "" },
        { server.requests[1].headers.authorization, server.requests[2].headers.authorization,
          server.requests[2].body })
    end)

    it("of the client stays out where the app shows its secret, for another one to come", function()
      local client = start(ok)
      local code = { client_id = "1", client_secret = "s", code = "c" }
      assert(client.oauth.v2.access(code))
      assert(client.oauth.v2.access(code, { token = "xoxb-given" }))
      assert.is_nil(server.requests[1].headers.authorization)
      assert.equal("Bearer xoxb-given", server.requests[2].headers.authorization)
    end)

    it("says in the log that on_call has raised, and gives the answer all the same", function()
      local client = start(ok, { on_call = function() error "full" end })
      assert.is_true(client.auth.test().ok)
      assert.equal(1, count_lines "on_call: .*full")
    end)

    it("takes no empty token, and says which token was wrong", function()
      local client = start(function()
        return 200, { ok = false, error = "invalid_auth" }
      end)
      assert.has_error(function()
        client:with_token ""
      end, "client:with_token: a token: it is empty")
      local _, err = client:with_token("xoxb-other").auth.test()
      assert.matches("check the token that with_token was given", err.message)
      _, err = client.auth.test()
      assert.matches("SLACK_BOT_TOKEN", err.message)
    end)

    it("names its own method to who calls it as another library does", function()
      local client = start(ok)
      local fine, problem = pcall(function() client.paginate("users.list") end)
      assert.is_false(fine)
      assert.matches("paginate: a table of arguments expected, got string; "
        .. "call client:each instead$", problem)
    end)

    it("of another installation is used by a derived client", function()
      local client = start(ok)
      assert(client:with_token("xoxb-other").auth.test())
      assert.equal("Bearer xoxb-other", server.requests[1].headers.authorization)
    end)

    it("comes from SLACK_BOT_TOKEN, in a script that is neither app nor task", function()
      local directory <close> = files.temporary()
      files.write(directory.path .. "/script.lua",
        'print(require "slack".client().auth.test().user)')
      tasks.run(function()
        start(function() return 200, { ok = true, user = "ada" } end)
        local script <close> = Process.lua(directory.path .. "/script.lua", {
          environment = { SLACK_BOT_TOKEN = TOKEN, SLACK_API_URL = server.url .. "/api/" },
        })
        while script:is_running() do
          tasks.sleep(0.01)
        end
        assert.equal("ada\n", script:output())
        assert.equal("Bearer " .. TOKEN, server.requests[1].headers.authorization)
      end)
    end)

    it("is asked for when there is none (S032, S236)", function()
      if os.getenv "SLACK_BOT_TOKEN" then
        pending "SLACK_BOT_TOKEN is set"
      end
      start(ok)
      local client = clients.new { api_url = server.url, proxy = "" }
      local answer, err = client.chat.postMessage {}
      assert.is_nil(answer)
      assert.equal("not_authed", err.code)
      assert.matches('option "token" or set SLACK_BOT_TOKEN', err.message, 1, true)
      assert.equal(0, #server.requests)
      assert(client.api.test())
      assert.is_nil(server.requests[1].headers.authorization)
    end)

    it("never appears in a log line or error (S224)", function()
      local client = start(function()
        return 500, "<html>" .. TOKEN .. "</html>"
      end)
      local _, err = client.auth.test({}, { retries = 1 })
      for _, line in ipairs(kept.lines) do
        assert.is_nil(line:find("222222222222", 1, true))
      end
      assert.is_nil(tostring(err):find("222222222222", 1, true))
    end)
  end)

  describe("an answer", function()
    it("with ok = false is an error with Slack's word (S241)", function()
      local client = start(function()
        return 200, {
          ok = false, error = "invalid_blocks",
          response_metadata = { messages = { "[ERROR] no [json-pointer:/blocks/0/text]" } },
        }
      end)
      local answer, err = client.chat.postMessage {}
      assert.is_nil(answer)
      assert.same({ "invalid_blocks", "chat.postMessage", 200, "invalid_blocks" },
        { err.code, err.method, err.status, err.response.error })
      assert.equal("chat.postMessage: invalid_blocks: [ERROR] no [json-pointer:/blocks/0/text]",
        tostring(err))
    end)

    it("names the scope that is missing", function()
      local client = start(function()
        return 200, { ok = false, error = "missing_scope", needed = "chat:write", provided = "a" }
      end)
      local _, err = client.chat.postMessage {}
      assert.matches("missing_scope: the token lacks the scope chat:write, it has a", err.message,
        1, true)
    end)

    it("hints at the token when that is refused", function()
      local client = start(function()
        return 200, { ok = false, error = "invalid_auth" }
      end)
      local _, err = client.chat.postMessage {}
      assert.matches("SLACK_BOT_TOKEN", err.message, 1, true)
      for _, call in ipairs {
        function() return client.chat.postMessage({}, { token = "xoxb-other" }) end,
        function() return client.chat.postMessage { token = "xoxb-other" } end,
      } do
        _, err = call()
        assert.matches("check the token that the call was given", err.message, 1, true)
        assert.not_matches("SLACK_BOT_TOKEN", err.message, 1, true)
      end
    end)

    it("exposes scopes (S244)", function()
      local client = start(function()
        return 200, { ok = true }, { "X-OAuth-Scopes", "chat:write, commands",
          "X-Accepted-OAuth-Scopes", "chat:write" }
      end)
      local answer = assert(client.auth.test())
      assert.same({ scopes = { "chat:write", "commands" }, accepted_scopes = { "chat:write" } },
        answer.response_metadata)
    end)

    for name, case in pairs {
      ["HTML with 502"] = { 502, "<html>\n<b>Bad\tgateway</b>", "http_error", "<b>Bad gateway" },
      ["HTML with 200"] = { 200, "<html>Log in</html>", "invalid_response", "<html>Log in" },
      ["nothing"] = { 200, "", "invalid_response", "(empty)" },
      ["broken JSON"] = { 200, '{"ok":tru', "invalid_response", '{"ok":tru' },
      ["a list"] = { 200, "[1]", "invalid_response", "[1]" },
      ["a number"] = { 200, "5", "invalid_response", "5" },
      ["an object without ok"] = { 200, "{}", "invalid_response", "{}" },
      ["not found"] = { 404, "no such page", "http_error", "api_url" },
      ["a redirect"] = { 302, "", "http_error", "status 302" },
    } do
      it(("that is %s is an error with status and excerpt (S240)"):format(name), function()
        local client = start(function()
          return case[1], case[2]
        end)
        local answer, err = client.chat.postMessage({}, { retries = 0 })
        assert.is_nil(answer)
        assert.same({ case[3], case[1], case[2], "chat.postMessage" },
          { err.code, err.status, err.body, err.method })
        assert.matches(case[4], err.message, 1, true)
        assert.is_nil(tostring(err):find "[\r\n\t]")
      end)
    end

    it("is quoted only in part", function()
      local client = start(function()
        return 400, ("x"):rep(100000)
      end)
      local _, err = client.chat.postMessage {}
      assert.is_true(#tostring(err) < 300)
      assert.equal(100000, #err.body)
    end)

    it("with warnings logs each kind once", function()
      local client = start(function()
        return 200, { ok = true, warning = "missing_charset",
          response_metadata = { warnings = { "superfluous" } } }
      end)
      for _ = 1, 3 do
        assert(client.auth.test())
      end
      assert.equal(1, count_lines "auth.test: Slack warns: missing_charset")
      assert.equal(1, count_lines "auth.test: Slack warns: superfluous")
    end)
  end)

  describe("a rate limit", function()
    it("is waited out (S246)", function()
      local client = start(function(_, number)
        if number == 1 then
          return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "0.2" }
        end
        return 200, { ok = true, number = number }
      end)
      local before = loop.now()
      assert.equal(2, assert(client.chat.postMessage {}).number)
      assert.is_true(loop.now() - before >= 0.2)
      assert.equal(1, count_lines "chat.postMessage: rate limited, going on in 0.2 s")
    end)

    it("ends in an error when there is no end to it", function()
      local client = start(function()
        return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "0" }
      end, { max_wait = 0.4 })
      local _, err = client.chat.postMessage {}
      assert.same({ "ratelimited", 429, 0 }, { err.code, err.status, err.retry_after })
      assert.equal(2, #server.requests)
    end)

    it("is understood from an error page too", function()
      local client = start(function()
        return 429, "<html>slow down</html>", { "Retry-After", "17" }
      end)
      local _, err = client.chat.postMessage({}, { retries = 0 })
      assert.same({ "ratelimited", 429, 17 }, { err.code, err.status, err.retry_after })
    end)

    for name, options in pairs {
      ["; Slack takes it again in 100 s, longer than it may wait (max_wait)"] = { max_wait = 99 },
      ["; Slack takes it again in 100 s"] = { retries = 0 },
    } do
      it("says when Slack takes it again, if it is not waited for" .. name, function()
        local client = start(function()
          return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "100" }
        end)
        local _, err = client.users.list(nil, options)
        assert.equal("users.list: ratelimited" .. name, tostring(err))
        assert.equal(0, count_lines "going on")
        assert.equal(1, count_lines "rate limited, this call is not made again, others wait 100 s")
      end)
    end

    it("holds back the calls of that method, in order, and no others (S246, S250)", function()
      local limited, arrived = true, {}
      local client = start(function(request)
        local name = request.target:match "[^/]+$"
        if name == "chat.postMessage" and limited then
          return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "0.3" }
        end
        table.insert(arrived, name .. " " .. request.body)
        return ok()
      end)
      tasks.run(function()
        local calls = {}
        for i = 1, 20 do
          calls[i] = tasks.spawn(function()
            return assert(client.chat.postMessage { n = i })
          end)
        end
        tasks.sleep(0.1)
        assert(client.users.info {})
        limited = false
        for _, call in ipairs(calls) do
          assert(call:join())
        end
      end)
      local expected = { "users.info " }
      for i = 1, 20 do
        expected[i + 1] = ('chat.postMessage {"n":%d}'):format(i)
      end
      assert.same(expected, arrived)
    end)

    it("is kept apart by token", function()
      local client = start(function(request, number)
        if number == 1 then
          return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "30" }
        end
        return 200, { ok = true, seen = request.headers.authorization }
      end)
      tasks.run(function()
        local stuck = tasks.spawn(function()
          client.chat.postMessage {}
        end)
        while #server.requests == 0 do
          tasks.sleep(0.01)
        end
        tasks.sleep(0.02)
        assert(client.chat.postMessage({}, { token = "xoxb-other" }))
        stuck:cancel()
      end)
    end)

    it("ends at once for a task that is cancelled, and the next goes on (S249)", function()
      local client = start(function(_, number)
        if number == 1 then
          return 429, { ok = false, error = "ratelimited" }, { "Retry-After", "0.2" }
        end
        return ok()
      end)
      tasks.run(function()
        local function post(n)
          return client.chat.postMessage { n = n }
        end
        local first = tasks.spawn(post, 1)
        while count_lines "rate limited" == 0 do
          tasks.sleep(0.01)
        end
        local second = tasks.spawn(post, 2)
        tasks.sleep(0)
        first:cancel()
        assert(second:join(5))
      end)
      assert.equal('{"n":2}', server.requests[2].body)
      assert.equal(2, #server.requests)
    end)
  end)

  for _, most in ipairs { 1, 3 } do
    it(("has %d calls under way when told so, the others in order (S250)"):format(most), function()
      local client = start(function() end, { max_requests = most })
      tasks.run(function()
        local calls = {}
        for i = 1, 12 do
          calls[i] = tasks.spawn(function() return assert(client.x.y { n = i }) end)
        end
        for i, call in ipairs(calls) do
          local expected = math.min(i + most - 1, #calls)
          while #server.requests < expected do
            tasks.sleep(0.001)
          end
          assert.equal(expected, #server.requests)
          local number = tonumber(server.requests[i].body:match "%d+")
          assert.is_true(math.abs(number - i) < most) -- connections overtake each other
          server:respond(server.requests[i], 200, '{"ok":true}')
          if most == 1 then
            assert(call:join())
          end
        end
        for _, call in ipairs(calls) do
          assert(call:join())
        end
      end)
    end)
  end

  describe("a failure", function()
    it("where nothing was sent is repeated", function()
      local client = start(ok, { retries = 2 })
      local port = server.port
      server:stop()
      server = nil
      local answer, err = client.chat.postMessage {}
      assert.is_nil(answer)
      assert.same({ "connection", "chat.postMessage" }, { err.code, err.method })
      assert.matches("127.0.0.1:" .. port, err.message, 1, true)
      assert.equal(2, count_lines "trying again")
    end)

    for _, case in ipairs {
      { "an interrupted", "conversations.list", 2, 0 },
      { "an interrupted", "chat.postMessage", 1, 0 },
      { "a 503", "users.info", 2, 503, "oops" },
      { "a 503", "chat.postMessage", 1, 503, "oops" },
      { "an internal_error", "chat.update", 2, 200, { ok = false, error = "internal_error" } },
      { "an internal_error", "chat.delete", 1, 200, { ok = false, error = "internal_error" } },
      { "a channel_not_found", "conversations.info", 1, 200,
        { ok = false, error = "channel_not_found" } },
    } do
      it(("that is %s answer to %s makes %d calls"):format(table.unpack(case, 1, 3)), function()
        local client = start(function(_, number)
          if number == 1 then
            return case[4], case[5]
          end
          return ok()
        end)
        local answer = client:call(case[2], {})
        assert.equal(case[3], #server.requests)
        assert.equal(case[3] == 2, answer ~= nil)
      end)
    end

    it("by time says so (S242)", function()
      local client = start(function() end)
      local _, err = client.chat.postMessage({}, { timeout = 0.1 })
      assert.same({ "timeout", "chat.postMessage" }, { err.code, err.method })
    end)

    it("waits longer each time, with chance", function()
      for failures = 1, 10 do
        local ceiling = math.min(0.5 * 2 ^ (failures - 1), 20)
        for _ = 1, 20 do
          local seconds = delay(failures)
          assert.is_true(seconds >= ceiling / 2 and seconds <= ceiling)
        end
      end
    end)
  end)

  describe("options", function()
    it("give the URL its slash (S234)", function()
      start(ok)
      for _, url in ipairs { server.url .. "/api", server.url .. "/api/" } do
        assert(clients.new { token = TOKEN, api_url = url, proxy = "" }.auth.test())
      end
      assert.equal("/api/auth.test", server.requests[1].target)
      assert.equal("/api/auth.test", server.requests[2].target)
    end)

    it("take a level or a table as the log, as an app does", function()
      local client = start(function()
        return 200, { ok = true, warning = "old" }
      end, { log = { level = "warn", sink = function(line) table.insert(kept.lines, line) end } })
      assert(client.auth.test())
      assert.equal(1, count_lines "Slack warns: old")
      assert.truthy(clients.new { token = TOKEN, log = "debug" })
    end)

    it("take a token that is rotated", function()
      assert.truthy(clients.new { token = "xoxe.xoxb-1-abc" })
    end)

    for name, mistake in pairs {
      call = function(client) client.auth.test({}, { token = "xoxb-1\n" }) end,
      with_token = function(client) client:with_token "xoxb-1 2" end,
    } do
      it("raise at the caller's line for a token with line ends or spaces in a " .. name, function()
        local client = clients.new { token = TOKEN }
        local fine, message = pcall(mistake, client)
        assert.is_false(fine)
        assert.matches("^spec/client_spec.lua:%d+: .*spaces or line ends in it", message)
        assert.is_nil(message:find("xoxb", 1, true))
      end)
    end

    it("say who calls", function()
      assert(start(ok, { user_agent = "deploybot/1.0" }).auth.test())
      assert.matches("^deploybot/1%.0 lua%-slack/%d[%w.-]* lua/5%.4 %w+$",
        server.requests[1].headers["user-agent"])
    end)

    it("add headers to every call, also in place of ours (S237)", function()
      local headers = { ["X-Team"] = "T1", authorization = "Custom", Accept = "text/x" }
      assert(start(ok, { headers = headers }).auth.test())
      local got = server.requests[1].headers
      assert.same({ "T1", "Custom", "text/x" }, { got["x-team"], got.authorization, got.accept })
    end)

    for problem, options in pairs {
      ['unknown option "tocken"; did you mean "token"?'] = { tocken = "x" },
      ['option "token": it has spaces or line ends in it'] = { token = "xoxb-1\n" },
      ['option "token": a bot token (xoxb-…) expected, this is an app-level token'] =
        { token = "xapp-1-A1-1-a" },
      ['option "token": it is empty'] = { token = "" },
      ['option "log": "debug", "info"'] = { log = "loud" },
      ['option "log": a level, a table with level, format and sink, or a logger'] = { log = 5 },
      ['option "timeout": a number from 0.001 to 1e+08 expected, got string'] = { timeout = "5" },
      ['option "timeout": a number from 0.001 to 1e+08 expected, got 0'] = { timeout = 0 },
      ['option "connect_timeout": a number from 0.001'] = { connect_timeout = 0 / 0 },
      ['option "idle_timeout": a number from 0.001'] = { idle_timeout = math.huge },
      ['option "headers": "x\\\ny" or its value'] = { headers = { ["x\ny"] = "z" } },
      ['option "headers": "x" or its value has characters'] = { headers = { x = "a\r\nb: c" } },
      ['option "headers": names with strings expected'] = { headers = { x = true } },
      ['option "ca_file": the CA file /nowhere cannot be read'] = { ca_file = "/nowhere" },
      ['option "proxy" has the scheme socks5'] = { proxy = "socks5://x" },
      ['option "api_url": refusing to speak unencrypted http'] = { api_url = "http://a.example" },
      ['option "hints": a text for each word expected, got table for "x"'] =
        { hints = { x = {} } },
      ['option "api_url": not a URL'] = { api_url = "slack" },
      ['option "api_url": a URL with a host and a path alone expected'] =
        { api_url = "https://slack.com:443@a.example/" },
      ["a host and a path alone expected: no query"] = { api_url = "https://a.example/api?x=" },
    } do
      it("raise at the caller's line: " .. problem, function()
        local fine, message = pcall(function()
          local client = clients.new(options)
          return client
        end)
        assert.is_false(fine)
        assert.matches("^spec/client_spec.lua:%d+: slack.client: ", message)
        assert.matches(problem, message, 1, true)
      end)
    end
  end)
end)
