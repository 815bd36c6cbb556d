local RawClient = require "support.raw_client"
local RouteContext = require "slack.route_context"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local offline_app = require "support.offline_app"
local runtime = require "support.runtime"
local serving = require "support.serving"
local tasks = require "slack.tasks"

-- Sends the bytes and gives all that came back when `text` is in it.
local function raw(on, bytes, text)
  local client <close> = RawClient.connect(on.server:port())
  client:send(bytes)
  return live.wait(function()
    local received = client:received()
    return received:find(text, 1, true) and received
  end)
end

describe("app:route", function()
  describe("raises at the line of its caller", function()
    local offline = offline_app.new {
      http = { path = "/slack/here" }, signing_secret = ("0"):rep(32), transport = "both",
    }
    for name, case in pairs { -- S108
      ["without a method"] = { nil, "/a", print, expected = "method:" },
      ["without a path"] = { "GET", nil, print, expected = "path:" },
      ["without a handler"] = { "GET", "/a", nil, expected = "handler:" },
      ["for Slack's own path"] = { "GET", "/slack/here", print, expected = "Slack" },
      ["for the path of a page about health"] = { "POST", "/ready", print, expected = "readiness" },
    } do
      it(name, function()
        local problem = runtime.raised(function()
          offline.app:route(case[1], case[2], case[3])
        end)
        assert.matches("^spec/app_route_spec.lua:%d+: app:route: ", problem)
        assert.truthy(problem:find(case.expected, 1, true), problem)
      end)
    end

    it("called with a dot", function()
      assert.matches("app_route_spec.lua:%d+: app.route: call it with a colon",
        runtime.raised(function() offline.app.route("GET", "/a", print) end))
    end)
  end)

  it("tells of requests of Slack's that come to an app on Socket Mode", function()
    serving.run(function(on)
      local post = { method = "POST", body = "x", headers = { ["X-Slack-Signature"] = "v0=1" } }
      assert.equal(404, on.request("/slack/events", post).status)
      assert.matches("nobody takes POST /slack/events: Slack's come over Socket Mode", on.log())
    end)
  end)

  it("serves its method and path, whatever the query (S105)", function()
    serving.run(function(on)
      local calls = 0
      on.app:route("GET", "/a", function()
        calls = calls + 1
        return "here"
      end)
      assert.equal("here", on.request("/a").body)
      assert.equal("here", on.request("/a?b=c").body)
      assert.equal(404, on.request("/b").status)
      assert.equal(404, on.request("/a/").status)
      local refused = on.request("/a", { method = "POST" })
      assert.same({ 405, "GET, HEAD, OPTIONS" }, { refused.status, refused.headers.allow })
      assert.equal(2, calls)
    end)
  end)

  it("answers HEAD as GET without the body, and OPTIONS with what there is (S125)", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function(c) return c.method .. " grüße" end)
      local head = raw(on, "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\r\n\r\n")
      assert.matches("Content%-Length: 12\r\n", head)
      assert.matches("\r\n\r\n$", head)
      local all = raw(on, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "\r\n\r\n")
      assert.matches("^HTTP/1.1 204 ", all)
      local options = on.request("/a", { method = "OPTIONS" })
      assert.same({ 204, "GET, HEAD, OPTIONS", "" },
        { options.status, options.headers.allow, options.body })
    end)
  end)

  it("hands decoded parameters and queries to its handler (S106)", function()
    serving.run(function(on)
      on.app:route("GET", "/u/:name/*rest", function(c)
        return { json = { c.params, c.query, c.query_values, c.path } }
      end)
      local got = on.request "/u/gr%C3%BC%C3%9Fe/a/b%20c?x=1+2&x=%33&y"
      assert.same({
        { name = "grüße", rest = "a/b c" }, { x = "1 2", y = "" },
        { x = { "1 2", "3" }, y = { "" } }, "/u/gr%C3%BC%C3%9Fe/a/b%20c",
      }, json.decode(got.body))
    end)
  end)

  it("finds the path in a target that names the host too", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function(c) return c.path .. "?" .. (c.query.b or "") end)
      for target, expected in pairs {
        ["http://bot.example/a?b=1"] = "/a?1", ["HTTP://bot.example:80/a"] = "/a?",
        ["hTTps://bot.example/a?b=http://x/"] = "/a?http://x/",
      } do
        local request = ("GET %s HTTP/1.1\r\nHost: x\r\n\r\n"):format(target)
        assert.matches("\r\n\r\n" .. expected, raw(on, request, expected), 1, true)
      end
    end)
  end)

  it("answers 400 to paths and queries that are wrongly encoded, and runs nothing", function()
    serving.run(function(on)
      on.app:route("GET", "/:a", function() error "must not run" end)
      for _, path in ipairs { "/%zz", "/%ff", "/a?b=%", "/a?%ff" } do
        assert.equal(400, on.request(path).status, path)
      end
      assert.equal("", on.log())
    end)
  end)

  it("keeps all values of headers, in whatever spelling their names come (S122)", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function(c)
        return { json = { c.headers["x-one"], c.headers.accept, c.cookies } }
      end)
      local answer = raw(on, "GET /a HTTP/1.1\r\nHost: x\r\nX-ONE: 1 \r\nx-one:2\r\nACCEPT:\r\n"
        .. "Cookie: a=1; b=\"x%20y\"; a=2\r\nCookie: c=100%\r\n\r\n", "]")
      assert.same({ "1, 2", "", { a = "1", b = "x y", c = "100%" } },
        json.decode(answer:match "%[.*%]$"))
    end)
  end)

  it("reads headers and cookies in one go, however they are made", function()
    local blanks = (" "):rep(400000) -- anything slower than that would never end
    for _, text in ipairs {
      "Cookie: a=" .. blanks .. "b", "Cookie: " .. blanks .. "a" .. blanks .. "=" .. blanks,
      "Cookie:" .. blanks, "Cookie: " .. ("a"):rep(400000), "Cookie: a=" .. ("; "):rep(200000),
      "X: a" .. blanks .. "b" .. blanks, "X: " .. ("\t "):rep(200000),
    } do
      local c = RouteContext.new({ headers = text .. "\r\n" }, {}, {}, {})
      assert.is_table(c.cookies)
      assert.not_matches("[ \t]$", c.headers.x or "")
    end
  end)

  describe("reads the body", function()
    local function echo(on, options)
      on.app:route("POST", "/a", function(c)
        return { json = {
          form = c.form, values = c.form_values, form_error = c.form_error and true,
          json = c.json, json_error = c.json_error and true, body = c.body,
        } }
      end)
      return json.decode(on.request("/a", options).body)
    end

    it("of a form, with a parameter in its content type too (S096)", function()
      serving.run(function(on)
        local got = echo(on, { method = "POST", body = "a=%C3%BC&a=2", headers = {
          ["Content-Type"] = "Application/x-www-form-urlencoded; charset=utf-8",
        } })
        assert.same({ { a = "ü" }, { a = { "ü", "2" } } }, { got.form, got.values })
      end)
    end)

    it("of no other type as a form", function()
      serving.run(function(on)
        local got = echo(on, { method = "POST", body = "a=b", headers = {
          ["Content-Type"] = "text/plain",
        } })
        assert.same({ body = "a=b", json_error = true, form_error = true }, got)
        on.app:route("POST", "/why", function(c) return c.form_error end)
        assert.matches("x%-www%-form%-urlencoded expected, got multipart/form%-data",
          on.request("/why", { method = "POST", body = "--x--", headers = {
            ["Content-Type"] = "multipart/form-data; boundary=x",
          } }).body)
      end)
    end)

    it("of a malformed form as none, and says why", function()
      serving.run(function(on)
        local got = echo(on, { method = "POST", body = "a=%zz", headers = {
          ["Content-Type"] = "application/x-www-form-urlencoded",
        } })
        assert.same({ nil, nil, true }, { got.form, got.values, got.form_error })
      end)
    end)

    it("as JSON, null included", function()
      serving.run(function(on)
        local got = echo(on, { json = { b = { 1, "ü" } } })
        assert.same({ { b = { 1, "ü" } }, nil }, { got.json, got.json_error })
      end)
      serving.run(function(on)
        local got = echo(on, { method = "POST", body = "null" })
        assert.same({ json.null, nil }, { got.json, got.json_error })
      end)
    end)
  end)

  it("sends text with its length in bytes, and whatever bytes as they are (S124)", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function() return "grüße 🎉" end)
      on.app:route("GET", "/b", function() return { body = "\0\255\r\n" } end)
      local answer = on.request "/a"
      assert.same({ "12", "grüße 🎉" }, { answer.headers["content-length"], answer.body })
      assert.equal("\0\255\r\n", on.request("/b").body)
    end)
  end)

  it("sets cookies and leads elsewhere", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function()
        return { redirect = "/b", cookies = { { name = "a", value = "1" }, { name = "b" } } }
      end)
      local answer = raw(on, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n")
      assert.matches("^HTTP/1.1 302 Found\r\n", answer)
      assert.matches("\r\nLocation: /b\r\n", answer)
      assert.matches("\r\nSet%-Cookie: a=1; .-\r\nSet%-Cookie: b=; ", answer)
    end)
  end)

  it("waits like any handler, while others are served", function()
    serving.run(function(on)
      local gate = tasks.waiter()
      on.app:route("GET", "/slow", function()
        gate:await()
        return "slow"
      end)
      on.app:route("GET", "/fast", function() return "fast" end)
      local slow = tasks.spawn(on.request, "/slow")
      assert.equal("fast", on.request("/fast").body)
      gate:resolve()
      assert.equal("slow", (select(2, slow:join())).body)
    end)
  end)

  describe("whose handler raises", function()
    it("answers 500 without a word of why; the log has it all (S117)", function()
      serving.run(function(on)
        on.app:route("GET", "/a/:b", function() error "the secret reason" end)
        local answer = on.request "/a/x"
        assert.equal(500, answer.status)
        assert.equal("internal server error", answer.body)
        assert.matches("error in app:route GET /a/:b %(.-app_route_spec.lua:%d+%): "
          .. ".-secret reason.-traceback.-app_route_spec.lua:%d+", on.log())
      end)
    end)

    it("lets app:on_error have the error in place of the log", function()
      serving.run(function(on)
        local got
        on.app:on_error(function(err, c, failure) got = { err, c.path, failure } end)
        on.app:route("GET", "/a", function() error({ code = 42 }) end)
        assert.equal(500, on.request("/a").status)
        assert.same({ { code = 42 }, "/a" }, { got[1], got[2] })
        assert.same({ "route", "route", true }, { got[3].kind, got[3].type, got[3].acked })
        assert.matches("app:route GET /a", tostring(got[3].listener))
        assert.equal("", on.log())
      end)
    end)

    it("goes on serving", function()
      serving.run(function(on)
        on.app:route("GET", "/a", function(c) return c.query.ok or error "no" end)
        assert.equal(500, on.request("/a").status)
        assert.equal("1", on.request("/a?ok=1").body)
      end)
    end)
  end)

  it("answers 500 to what is no answer, and the log names route and mistake", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function() return 42 end)
      on.app:route("GET", "/b", function() return { headers = { ["X-A"] = "x\r\nX-B: y" } } end)
      assert.equal(500, on.request("/a").status)
      local answer = on.request "/b"
      assert.same({ 500, nil }, { answer.status, answer.headers["x-b"] })
      assert.matches("app:route GET /a %(.-%): what it returned is no answer: text or a table",
        on.log())
      assert.matches("app:route GET /b .- headers: X%-A: a control character", on.log())
    end)
  end)

  it("answers 500 to nil and a reason, which the log gets with the route", function()
    serving.run(function(on)
      on.app:route("GET", "/a", function() return nil, "the shop is closed" end)
      on.app:route("GET", "/b", function() return nil, nil end)
      local answer = on.request "/a"
      assert.same({ 500, nil }, { answer.status, answer.body:match "shop" })
      assert.equal(204, on.request("/b").status)
      assert.matches("ERROR.-app:route GET /a %(.-%): the shop is closed", on.log())
      local caught
      on.app:on_error(function(err) caught = err end)
      on.request "/a"
      assert.equal("the shop is closed", caught)
    end)
  end)

  it("goes on when the client hangs up, and drops the answer", function()
    serving.run(function(on)
      local gate, ended = tasks.waiter(), false
      on.app:route("GET", "/a", function()
        gate:await()
        ended = true
        return "too late"
      end)
      on.app:route("GET", "/b", function() return "b" end)
      do
        local client <close> = RawClient.connect(on.server:port())
        client:send "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        live.wait(function() return on.server.running == 1 end)
      end
      assert.equal("b", on.request("/b").body)
      gate:resolve()
      live.wait(function() return ended and on.server.running == 0 end)
      assert.equal("b", on.request("/b").body)
      assert.equal("", on.log())
    end)
  end)

  it("runs no middleware of app:use", function()
    serving.run(function(on)
      on.app:use(function() error "must not run" end)
      on.app:route("GET", "/a", function() return "a" end)
      assert.equal("a", on.request("/a").body)
    end)
  end)

  it("takes no room from Slack's deliveries, and answers 503 beyond as many", function()
    serving.run(function(on)
      local gates, said = {}, 0
      on.app:route("GET", "/a", function()
        table.insert(gates, tasks.waiter())
        gates[#gates]:await()
      end)
      on.app:message(function() said = said + 1 end)
      local first, second = tasks.spawn(on.request, "/a"), tasks.spawn(on.request, "/a")
      live.wait(function() return #gates == 2 end)
      local refused = on.request "/a"
      assert.same({ 503, "1" }, { refused.status, refused.headers["retry-after"] })
      on.request "/a"
      local _, lines = on.log():gsub("app:route GET /a %(.-%): refused with 503: 2 handlers", "")
      assert.equal(1, lines, on.log())
      local metrics = on.request("/metrics").body
      assert.matches('slack_http_refused_total{status="503"} 2', metrics, 1, true)
      assert.equal(200, on.request("/health").status)
      assert.is_false(on.app.dispatch.is_full)
      on.offline:message "hello"
      live.wait(function() return said == 1 end)
      gates[1]:resolve()
      gates[2]:resolve()
      first:join()
      second:join()
      assert.same({ 0, 0 }, { on.app.dispatch.running, on.app.dispatch.aside })
    end, { max_in_flight = 2 })
  end)

  it("is waited for when the app stops", function()
    live.run(function(_, new_app)
      local app = new_app { http = { host = "127.0.0.1", port = 0 } }
      local gate, answer = tasks.waiter(), nil
      app:route("GET", "/a", function()
        gate:await()
        return "in time"
      end)
      assert(app:start())
      local url = app.http_server:url()
      tasks.spawn(function() answer = require("slack").fetch(url .. "/a") end)
      live.wait(function() return app.dispatch.running == 1 end)
      local stopping = tasks.spawn(app.stop, app)
      live.wait(function() return app.phase == "stopping" end)
      gate:resolve()
      assert.is_true((select(2, stopping:join())))
      live.wait(function() return answer end)
      assert.equal("in time", answer.body)
    end)
  end)

  it("that does not end when the app stops is cut off and named", function()
    live.run(function(_, new_app)
      local app = new_app { http = { host = "127.0.0.1", port = 0 }, shutdown_timeout = 0.05 }
      local closed = false
      app:route("GET", "/a", function()
        local note <close> = setmetatable({}, { __close = function() closed = true end })
        tasks.waiter():await()
        return note
      end)
      assert(app:start())
      local asking = tasks.spawn(require("slack").fetch, app.http_server:url() .. "/a")
      live.wait(function() return app.dispatch.running == 1 end)
      local ok, err = app:stop()
      assert.is_nil(ok)
      local _, answer = asking:join()
      assert.equal(503, answer and answer.status)
      assert.matches("app:route GET /a", err.message)
      assert.is_true(closed)
    end)
  end)

  describe("in a script", function()
    local SCRIPT <const> = [[
      local app = ...
      app:route("GET", "/a", function(c)
        if c.query.wait then app:state("gate"):await() end
        return "%s"
      end)]]

    it("is swapped when the script is saved; what runs finishes on the old code", function()
      local folder <close> = files.temporary()
      local path = folder.path .. "/x.lua"
      files.write(path, SCRIPT:format "old")
      serving.run(function(on)
        local scripts <close> = setmetatable({}, { __close = function() on.app.scripts:stop() end })
        local gate = tasks.waiter()
        on.app:state("gate", gate)
        assert(on.app.scripts:start())
        assert.equal("old", on.request("/a").body)
        local waiting = tasks.spawn(on.request, "/a?wait=1")
        live.wait(function() return on.server.running == 1 end)
        files.write(path, SCRIPT:format "new" .. " -- other")
        live.wait(function() return on.request("/a").body == "new" end)
        gate:resolve()
        assert.equal("old", (select(2, waiting:join())).body)
        files.write(path, "syntax error")
        live.wait(function() return on.log():find("was not loaded", 1, true) end)
        assert.equal("new", on.request("/a").body)
        os.remove(path)
        live.wait(function() return on.request("/a").status == 404 end)
        return scripts
      end, { scripts = folder.path })
    end)

    it("that collides keeps the script from being loaded, with file and line", function()
      local folder <close> = files.temporary()
      files.write(folder.path .. "/x.lua", 'local app = ...\napp:route("GET", "/health", print)')
      serving.run(function(on)
        assert(on.app.scripts:start())
        assert.matches("x.lua:2: app:route: path: at \"/health\" the page", on.log())
        on.app.scripts:stop()
      end, { scripts = folder.path })
    end)
  end)

  it("that another keeps from ever being reached is told of once", function()
    local offline = offline_app.new { http = {} }
    local app = offline.app
    app:route({ "GET", "POST" }, "/a/:b", print)
    app:route("PUT", "/a/:c", print)
    app:route("GET", "/a/b", print)
    assert.equal("", offline:log())
    app:route("GET", "/a/:c", print)
    app:route("GET", "/c", print)
    assert.matches("app:route GET /a/:c .- is never reached: app:route GET,POST /a/:b",
      offline:log())
    assert.equal(1, #offline.lines)
  end)

  it("without an HTTP side is told of at the start", function()
    live.run(function(_, new_app, lines)
      local app = new_app()
      app:route("GET", "/a", print)
      app:message(print)
      assert(app:start())
      assert.matches("app:route GET /a .- will not be served: the app has no HTTP side",
        table.concat(lines, "\n"))
    end)
  end)
end)
