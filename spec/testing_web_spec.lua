-- The test kit: what Slack and other servers answer, the app's own HTTP side, installations.
local failure_of = require "support.failure_of"
local files = require "support.files"
local slack = require "slack"
local testing = require "slack.testing"

describe("slack.testing", function()
  local t

  before_each(function() t = testing.new {} end)
  after_each(function() t:close() end)

  -- A listener that says what fn gives.
  local function on(text, fn)
    t.app:message(text, function(c) c.client.chat.postEphemeral {
      channel = c.channel_id, user = c.user_id, text = tostring(fn(c)),
    } end)
  end

  describe("t:stub", function()
    it("answers in Slack's place, by a table or a function", function()
      on("who", function(c)
        local answer, err = c.client.users.info { user = c.user_id }
        return answer and answer.user.real_name or err.code
      end)
      assert.equal("Ada", t:message "who".said[1].text)
      t:stub("users.info", { user = { real_name = "Countess Lovelace" } })
      assert.equal("Countess Lovelace", t:message "who".said[1].text)
      t:stub("users.info", function(args) return { user = { real_name = args.user:lower() } } end)
      assert.equal("uada", t:message "who".said[1].text)
      t:stub("users.info", { error = "user_not_found" })
      local r = t:message "who"
      assert.equal("user_not_found", r.said[1].text)
      assert.equal("user_not_found", r.calls[1].error)
      t:stub("users.info", nil)
      assert.equal("Ada", t:message "who".said[1].text)
    end)

    it("lets the client wait out a rate limit", function()
      t:stub("users.info", { status = 429, retry_after = 30, times = 1 })
      on("who", function(c) return assert(c.client.users.info { user = c.user_id }).user.name end)
      t:message "who":expect_silence()
      t:advance "29s":expect_silence()
      assert.equal("ada", t:advance "2s".said[1].text)
    end)

    it("lets the client try again what fails on the way", function()
      t:stub("users.info", { status = 503, times = 2 })
      on("who", function(c) return assert(c.client.users.info { user = c.user_id }).user.name end)
      t:message "who"
      assert.equal("ada", t:advance "1m".said[1].text)
      assert.equal(4, #t.calls)
    end)

    it("knows the methods", function()
      assert.matches('t:stub: there is no method chat.postMesage; did you mean "chat.postMessage"?',
        failure_of(function() t:stub("chat.postMesage", {}) end), 1, true)
    end)

    it("is asked for where the local Slack does nothing", function()
      on("list", function(c) return c.client.admin.users.list { team_id = "T1" } end)
      assert.matches('the local Slack does not do it: t:stub%("admin.users.list"',
        failure_of(function() t:message "list" end))
      t:stub("admin.users.list", { users = {} })
      t:message "list"
    end)
  end)

  describe("t.calls", function()
    it("has every call with its arguments and answer", function()
      on("hi", function() return "Hello" end)
      t:message "hi"
      local call = t.calls[1]
      assert.same({ "chat.postEphemeral", "Hello", "UADA" },
        { call.method, call.args.text, call.args.user })
      assert.is_true(call.answer.ok)
    end)

    it("has those that Slack refuses", function()
      t.app:message("hi", function(c) c.client.chat.postMessage { text = "nowhere" } end)
      assert.equal("invalid_arguments", t:message "hi".calls[1].error)
      assert.matches("argument .channel. is missing", table.concat(t:log(), "\n"))
    end)
  end)

  describe("t:stub_fetch", function()
    it("answers for other servers", function()
      on("deploy", function()
        local answer = assert(slack.fetch("https://ci.example/deploy?now=1", { json = { a = 1 } }))
        return answer.status .. " " .. answer:json().state .. " " .. answer.headers["X-Run"]
      end)
      t:stub_fetch("POST https://ci.example/deploy", function(asked)
        return { status = 202, json = { state = "a" .. asked.json.a }, headers = { ["X-Run"] = 7 } }
      end)
      local r = t:message "deploy"
      assert.equal("202 a1 7", r.said[1].text)
      assert.same({ "POST", "https://ci.example/deploy?now=1", 202 },
        { r.fetched[1].method, r.fetched[1].url, r.fetched[1].status })
    end)

    it("takes a pattern, text for a body, and failures", function()
      on("get", function()
        local answer, err = slack.fetch "https://x.example/items/12"
        return answer and answer.body or err.code
      end)
      t:stub_fetch(slack.pattern "^https://x%.example/items/%d+$", "twelve")
      assert.equal("twelve", t:message "get".said[1].text)
      t:stub_fetch("https://x.example/items/12", { error = "dns" })
      assert.equal("dns", t:message "get".said[1].text)
    end)

    it("is asked for when there is none: nothing leaves the process", function()
      on("get", function() return slack.fetch "https://x.example/a?b=c" end)
      assert.matches("GET https://x.example/a%?b=c: a test asks no server, and no answer is given "
        .. 'for this one: t:stub_fetch%("https://x.example/a"',
        failure_of(function() t:message "get" end))
    end)

    it("times out by the clock of the test", function()
      on("get", function()
        local _, err = slack.fetch("https://x.example/", { timeout = 5 })
        return err.code
      end)
      t:stub_fetch("https://x.example/", { delay = 60, body = "late" })
      t:message "get":expect_silence()
      assert.equal("timeout", t:advance(5).said[1].text)
    end)

    it("ends a function that answers when nobody waits for it any more", function()
      local ended = false
      on("get", function()
        local _, err = slack.fetch("https://x.example/", { timeout = 5 })
        return err.code
      end)
      t:stub_fetch("https://x.example/", function()
        slack.sleep(60)
        ended = true
        return "late"
      end)
      t:message "get"
      assert.equal("timeout", t:advance(5).said[1].text)
      t:advance(60)
      assert.is_false(ended)
    end)

    it("serves what streams, either way", function()
      local directory <close> = files.temporary()
      local path = directory.path .. "/big"
      t:stub_fetch("https://x.example/big", ("x"):rep(300000))
      t:stub_fetch("https://x.example/up", function(asked) return asked.body:upper() end)
      on("stream", function()
        local answer, count = assert(slack.fetch("https://x.example/big", { stream = true })), 0
        for piece in function() return answer:read(1000) end do
          count = count + #piece
        end
        return count
      end)
      on("file", function()
        assert(slack.fetch("https://x.example/big", { sink = { file = path } }))
        return #files.read(path)
      end)
      on("feed", function()
        local parts = { "a", "b" }
        return assert(slack.fetch("https://x.example/up", {
          body = function() return table.remove(parts, 1) end,
        })).body
      end)
      assert.equal("300000", t:message "stream".said[1].text)
      assert.equal("300000", t:message "file".said[1].text)
      assert.equal("AB", t:message "feed".said[1].text)
    end)

    it("follows redirects", function()
      t:stub_fetch("https://x.example/old", { status = 302, headers = { Location = "/new" } })
      t:stub_fetch("https://x.example/new", "here")
      on("get", function() return assert(slack.fetch "https://x.example/old").body end)
      assert.equal("here", t:message "get".said[1].text)
    end)
  end)

  describe("Slack's other servers", function()
    it("take files", function()
      t.app:message("report", function(c)
        assert(c:upload { content = "a,b", filename = "report.csv" })
      end)
      assert.equal("report.csv", t:message "report".said[1].files[1].name)
    end)

    it("take webhooks, and a client with a token of its own", function()
      on("hook", function()
        return slack.webhook "https://hooks.slack.com/services/T1/B1/x":send "from a hook"
      end)
      on("client", function(c)
        local other = slack.client { token = "xoxb-other" }
        return assert(other.chat.postMessage { channel = c.channel_id, text = "other" }).ok
      end)
      t:message "hook":expect_said "from a hook"
      t:message "client":expect_said "other"
    end)
  end)

  describe("t:request", function()
    it("asks the app's own routes", function()
      local own <close> = testing.new { http = { port = 3000 } }
      own.app:route("POST", "/hook/:name", function(c)
        c.client.chat.postMessage { channel = "general", text = c.params.name }
        return { status = 201, json = { got = c.query.x } }
      end)
      local r = own:request("POST", "/hook/ci", { query = { x = "1" }, json = {} })
      assert.same({ 201, "1", "ci" },
        { r.response.status, r.response.json.got, r.said[1].text })
      assert.equal(404, own:request("GET", "/nothing").response.status)
    end)

    it("needs an app with an HTTP side", function()
      assert.matches("the app has no HTTP side",
        failure_of(function() t:request("GET", "/") end))
    end)
  end)

  describe("an app of many workspaces", function()
    local OAUTH = {
      client_id = "1.2", client_secret = "secret", scopes = { "chat:write" },
      redirect_uri = "https://bot.example/slack/oauth_redirect",
    }

    it("is installed through its pages before the test begins", function()
      local own <close> = testing.new { oauth = OAUTH }
      own.app:message("hi", function(c) c:say "Hello" end)
      assert.equal("Hello", own:message "hi".said[1].text)
    end)

    it("is installed, refused and removed by people", function()
      local own <close> = testing.new({ oauth = OAUTH }, { installed = false })
      own.app:message("hi", function(c) c:say "Hello" end)
      own:message "hi":expect_silence()
      assert.is_false(own:install { deny = true }.installed)
      assert.is_true(own:install { user = "grace" }.installed)
      assert.equal("Hello", own:message "hi".said[1].text)
      own:uninstall()
      own:message "hi":expect_silence()
    end)

    it("may say itself whose token to use", function()
      local own <close> = testing.new { authorize = function()
        return { bot_token = "xoxb-theirs", bot_id = "BBOT", bot_user_id = "UBOT" }
      end }
      own.app:message("hi", function(c) c:say "Hello" end)
      assert.equal("xoxb-theirs", own:message "hi".calls[1].token)
    end)
  end)

  describe("an app that is reached over HTTP", function()
    it("answers failures with a status", function()
      local own <close> = testing.new { transport = "http", signing_secret = "secret" }
      own.app:command("/boom", function() error "burst" end)
      own.app:view("boom", function() error "burst" end)
      local r = own:command("/boom", { fails = true })
      assert.matches("did not work", r.said[1].text)
    end)

    it("gets no event again of which it says so", function()
      local own <close> = testing.new {
        transport = "http", signing_secret = "secret", http = { answer_events = "handled" },
      }
      local tries = 0
      own.app:event("team_join", function(c)
        tries = tries + 1
        c:no_retry()
        error "never"
      end)
      own:event("team_join", {}, { fails = "never" })
      own:advance "10m"
      assert.equal(1, tries)
    end)

    it("gets events again that failed, when it holds them", function()
      local own <close> = testing.new {
        transport = "http", signing_secret = "secret", http = { answer_events = "handled" },
      }
      local tries = 0
      own.app:event("team_join", function(c)
        tries = tries + 1
        assert(tries > 2, "not yet")
        c.client.chat.postMessage { channel = "general", text = "try " .. c.retry.number }
      end)
      own:event("team_join", {}, { fails = "not yet" })
      assert.equal("try 2", own:advance "2m".said[1].text)
    end)
  end)
end)
