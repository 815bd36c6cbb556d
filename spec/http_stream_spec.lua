local OwnClient = require "support.own_client"
local Proxy = require "support.proxy"
local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local http = require "slack.http"
local tasks = require "slack.tasks"
local transfers = require "support.transfers"
local wait_until = require "support.wait_until"

local request, assert_failure = transfers.request, transfers.assert_failure
local ENDLESS <const>, FLOOD <const> = transfers.ENDLESS, transfers.FLOOD

local OK <const> = "send HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
local PIECE <const> = 128 * 1024 -- as in src/http_stream.h

-- A function that gives one part after another.
local function parts(...)
  local list, at = { ... }, 0
  return function()
    at = at + 1
    return list[at]
  end
end

local function in_task(fn)
  return function()
    tasks.run(fn)
  end
end

describe("http_stream", function()
  local server

  after_each(function()
    server = server and server:stop()
  end)

  local function echo()
    server = transfers.echo()
    return server.url
  end

  local function scripted(...)
    server = ScriptedServer.start(...)
    return server.url
  end

  describe("a body from a function", function()
    it("is sent part by part, in order, in chunks", function()
      local response = assert(request {
        method = "POST", url = echo(), body = parts("one ", "", "two ", "three"),
      })
      assert.same({ "one two three", "none" }, { response.body, response.headers["x-length"] })
    end)

    it("is sent with its length when that is known", function()
      local response = assert(request {
        method = "PUT", url = echo(), body = parts("12345", "67890"), length = 10,
      })
      assert.same({ "1234567890", "10" }, { response.body, response.headers["x-length"] })
    end)

    it("may be empty", function()
      local url = echo()
      assert.equal("", assert(request { method = "POST", url = url, body = parts() }).body)
      local response = assert(request { method = "POST", url = url, body = parts(), length = 0 })
      assert.same({ "", "0" }, { response.body, response.headers["x-length"] })
    end)

    it("may have parts of any length", function()
      local long = ("0123456789abcdef"):rep(20000) .. "end"
      local response = assert(request {
        method = "POST", url = echo(), body = parts(long, "x", long:sub(1, PIECE), long),
      })
      assert.is_true(response.body == long .. "x" .. long:sub(1, PIECE) .. long)
    end)

    it("may be waited for", in_task(function()
      local others = 0
      local other = tasks.spawn(function()
        while true do
          tasks.sleep(0.001)
          others = others + 1
        end
      end)
      local give = parts("a", "b", "c")
      local response = assert(request {
        method = "POST", url = echo(), body = function()
          tasks.sleep(0.02)
          return give()
        end,
      })
      other:cancel()
      assert.equal("abc", response.body)
      assert.is_true(others > 3)
    end))

    it("is not asked again after its length", function()
      local calls = 0
      assert(request {
        method = "POST", url = echo(), length = 4, body = function()
          calls = calls + 1
          return "four"
        end,
      })
      assert.equal(1, calls)
    end)

    for name, case in pairs {
      ["raises"] = { body = function() error "no more paper" end, is = "raised: .*no more paper" },
      ["fails"] = { body = function() return nil, "no ink" end, is = "failed: no ink" },
      ["gives no string"] = { body = function() return 5 end, is = "gave a number" },
      ["ends early"] = { body = parts "abc", length = 5, is = "after 3 of the 5 bytes" },
      ["gives too much"] = { body = parts("abc", "def"), length = 5, is = "more than the 5 bytes" },
    } do
      it("that " .. name .. " ends the request, which the server never sees whole", function()
        local url = scripted { "head", "body", OK }
        assert_failure("body", case.is, request {
          method = "POST", url = url, body = case.body, length = case.length,
        })
        wait_until("the request", function()
          return server:count() == 1
        end)
        assert.is_nil(server.program:output():find "body")
      end)
    end

    it("that raises brings what it raised and where", function()
      local raised = { "a table" }
      local _, err = request {
        method = "POST", url = echo(), body = function() error(raised) end,
      }
      assert.equal(raised, err.cause)
      assert.matches("http_stream_spec", err.traceback)
    end)

    it("makes a request that cannot be made again S248", function()
      local made = { method = "POST", url = echo(), body = parts "x" }
      assert.is_true(http.is_repeatable(made))
      assert(request(made))
      assert.is_false(http.is_repeatable(made))
      assert_failure("body", "cannot be made again", request(made))
      for _, body in pairs { "text", { file = arg[0] } } do
        made = { method = "POST", url = server.url .. "/", body = body }
        request(made)
        assert.is_true(http.is_repeatable(made))
      end
    end)

    it("can be given again to a request that never reached a server", function()
      local made = { method = "POST", url = "http://127.0.0.1:1/", body = parts "x" }
      assert_failure("connection", "no connection", request(made))
      assert.is_true(http.is_repeatable(made))
    end)

    it("is not sent again over another connection", function()
      local answer = "send HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
      local url = scripted({ "read", answer, "head", "body" }, { "head", "body", answer })
      assert(request { url = url })
      assert_failure("interrupted", "a body from a function cannot be sent again", request {
        method = "PUT", url = url, body = parts("x"),
      })
      assert.equal(2, server:count())
    end)

    it("is not read on when the server refuses it", function()
      local url = scripted { "head", "take 1000", "send HTTP/1.1 413 Too Much\\r\\n"
        .. "Connection: close\\r\\nContent-Length: 3\\r\\n\\r\\nbig", "hang" }
      local calls = 0
      local response = assert(request {
        method = "POST", url = url, body = function()
          calls = calls + 1
          tasks.sleep(0.001)
          return ("x"):rep(1000)
        end,
      })
      assert.same({ 413, "big" }, { response.status, response.body })
      assert.is_true(calls < 10000)
    end)

    it("is sent to its end when the server has agreed before", function()
      local url = scripted { "head", OK, "body", "hang" }
      local answered
      local response = assert(request {
        method = "POST", url = url, on_head = function() answered = true end,
        body = function()
          if not answered then
            return ("x"):rep(100)
          end
        end,
      })
      assert.same({ 200, "ok" }, { response.status, response.body })
      wait_until("the body", function()
        return server.program:output():find "body %d+"
      end)
    end)

    it("waits for the server when the caller expects that", function()
      local calls = 0
      local url = scripted { "head", "send HTTP/1.1 100 Continue\\r\\n\\r\\n", "body", OK }
      local response = assert(request {
        method = "POST", url = url, headers = { "Expect", "100-continue" }, body = function()
          calls = calls + 1
          return calls == 1 and "x" or nil
        end,
      })
      assert.equal("ok", response.body)
    end)

    it("is not asked for what the server did not want to have", function()
      local url = scripted { "head", "send HTTP/1.1 403 No\\r\\nContent-Length: 0\\r\\n"
        .. "Connection: close\\r\\n\\r\\n" }
      local response = assert(request {
        method = "POST", url = url, headers = { "Expect", "100-continue" },
        body = function() error "asked" end,
      })
      assert.equal(403, response.status)
    end)
  end)

  describe("a sink", function()
    it("gets the body, which is not in memory then", function()
      local got = {}
      local response = assert(request {
        url = echo(), method = "POST", body = "all of it",
        sink = function(bytes) table.insert(got, bytes) end,
      })
      assert.same({ "all of it", "", 9 },
        { table.concat(got), response.body, response.received })
    end)

    it("holds up the transfer while it waits, and gets every byte", in_task(function()
      local block = ("0123456789abcdef"):rep(4096)
      local url = scripted { "read",
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 3276800\\r\\n\\r\\n",
        "repeat 50 " .. block }
      local got, longest = {}, 0
      local response = assert(request {
        url = url, sink = function(bytes)
          tasks.sleep(0.002)
          longest = math.max(longest, #bytes)
          table.insert(got, bytes)
        end,
      })
      assert.is_true(table.concat(got) == block:rep(50))
      assert.equal(50 * #block, response.received)
      assert.is_true(longest <= PIECE)
    end))

    it("gets nothing of an answer that tells of a failure", function()
      server = WebServer.start(function()
        return 404, "nothing here"
      end)
      local response = assert(request { url = server.url, sink = error })
      assert.same({ 404, "nothing here" }, { response.status, response.body })
    end)

    for _, case in ipairs { { "HEAD", 200 }, { "GET", 204 }, { "GET", 304 }, { "GET", 200 } } do
      it(("is not called for %s with status %d and no body"):format(case[1], case[2]), function()
        server = WebServer.start(function()
          return case[2], ""
        end)
        local response = assert(request { method = case[1], url = server.url, sink = error })
        assert.same({ case[2], "", 0 }, { response.status, response.body, response.received })
      end)
    end

    it("gets the body decompressed", function()
      local pipe <close> = io.popen("head -c 600000 /dev/zero | gzip -c", "r")
      local packed = pipe:read "a"
      server = WebServer.start(function()
        return 200, packed, { "Content-Encoding", "gzip" }
      end)
      local count = 0
      local response = assert(request {
        url = server.url, sink = function(bytes)
          assert(not bytes:find "[^\0]")
          count = count + #bytes
        end,
      })
      assert.same({ 600000, 600000 }, { count, response.received })
    end)

    for name, case in pairs {
      ["raises"] = { function() error "the tape is full" end, "raised: .*the tape is full" },
      ["fails"] = { function() return nil, "no space" end, "failed: no space" },
      ["says no"] = { function() return false end, "failed: it returned false" },
    } do
      it("that " .. name .. " ends the request", function()
        assert_failure("sink", case[2], request {
          url = echo(), method = "POST", body = "x", sink = case[1],
        })
      end)
    end

    it("gets no more than is allowed", function()
      local url = scripted { "read", ENDLESS, FLOOD }
      local count = 0
      assert_failure("too_large", "larger than 100000 bytes", request {
        url = url, max_response = 100000, sink = function(bytes)
          count = count + #bytes
        end,
      })
      assert.is_true(count <= 100000)
    end)

    it("is told when the body breaks off", function()
      local url = scripted { "read",
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf" }
      local got = ""
      assert_failure("interrupted", "broke", request {
        url = url, sink = function(bytes) got = got .. bytes end,
      })
      assert.equal("half", got)
    end)

    it("may take longer than a silent server would be given", in_task(function()
      local has_waited
      local response = assert(request {
        url = echo(), method = "POST", body = ("x"):rep(500000), idle_timeout = 0.5,
        sink = function()
          tasks.sleep(has_waited and 0 or 0.7)
          has_waited = true
        end,
      })
      assert.equal(500000, response.received)
    end))
  end)

  describe("on_head", function()
    it("sees status and headers before the first byte of the body", function()
      local seen
      assert(request {
        url = echo(), method = "POST", body = "x",
        on_head = function(response)
          seen = { response.status, response.ok, response.headers["X-Length"], response.body }
        end,
        sink = function() assert(seen) end,
      })
      assert.same({ 200, true, "1", "" }, seen)
    end)

    it("refuses the body with false", function()
      local url = scripted { "read", ENDLESS, FLOOD }
      local response, err = request {
        url = url, on_head = function() return false end, sink = error,
      }
      assert_failure("refused", "refused by on_head", response, err)
      assert.equal(200, err.status)
    end)

    it("is not shown interim answers", function()
      local url = scripted { "read", "send HTTP/1.1 103 Early Hints\\r\\nLink: x\\r\\n\\r\\n", OK }
      local seen = {}
      assert(request { url = url, on_head = function(response)
        table.insert(seen, response.status)
      end })
      assert.same({ 200 }, seen)
    end)

    it("is shown the head once, whatever comes after the body", function()
      local url = scripted { "read", "send HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n"
        .. "\\r\\n2\\r\\nok\\r\\n0\\r\\nX-Trailer: 1\\r\\n\\r\\n" }
      local calls, got = 0, ""
      assert(request {
        url = url, on_head = function() calls = calls + 1 end,
        sink = function(bytes) got = got .. bytes end,
      })
      assert.same({ 1, "ok" }, { calls, got })
    end)

    it("that raises ends the request", function()
      assert_failure("on_head", "raised: .*not that", request {
        url = echo(), on_head = function() error "not that" end,
      })
    end)
  end)

  describe("on_progress", function()
    it("is told how much has gone and come, at the end as well", function()
      local last
      assert(request {
        url = echo(), method = "POST", body = parts(("x"):rep(300000)), length = 300000,
        on_progress = function(...) last = { ... } end,
      })
      assert.same({ 300000, 300000, 300000, 300000 }, last)
    end)

    it("that raises ends the request", function()
      assert_failure("on_progress", "raised", request { url = echo(), on_progress = error })
    end)
  end)

  describe("a task that is cancelled", function()
    -- Ends the task when reached() is true, and waits until its request is forgotten.
    local function cancel_when(reached, settings)
      local count = http.count_new()
      local task = tasks.spawn(request, settings)
      wait_until("the moment", reached)
      assert.equal(1, count())
      assert.is_true(task:cancel())
      local _, err = task:join()
      assert.equal("cancelled", err.code)
      assert.equal(0, count())
    end

    it("inside the body's function ends the request", in_task(function()
      local inside
      cancel_when(function() return inside end, {
        url = echo(), method = "POST", body = function()
          inside = true
          tasks.sleep(60)
        end,
      })
    end))

    it("inside the sink ends the request", in_task(function()
      local inside
      cancel_when(function() return inside end, {
        url = echo(), method = "POST", body = ("x"):rep(900000), sink = function()
          inside = true
          tasks.sleep(60)
        end,
      })
    end))

    it("before the answer ends the request", in_task(function()
      local url = scripted { "read", "hang" }
      cancel_when(function() return server:count() == 1 end, { url = url, sink = error })
    end))

    it("between two parts of the answer ends the request", in_task(function()
      local some
      local url = scripted { "read", "send HTTP/1.1 200 OK\\r\\n\\r\\nsome", "hang" }
      cancel_when(function() return some end, { url = url, sink = function() some = true end })
    end))
  end)

  it("goes through a proxy, whose own answer is no head", function()
    if not Proxy.is_installed() then
      pending "tinyproxy is not installed"
      return
    end
    local proxy <close> = Proxy.start { user = "ada", password = "secret" }
    server = WebServer.start(function(got)
      return 200, got.body
    end, { tls = { names = "IP:127.0.0.1" } })
    local heads, got = 0, ""
    assert(http.request {
      method = "POST", url = server.url, body = parts("one ", "two"), timeout = 20,
      net = assert(http.net {
        proxy = "http://ada:secret@127.0.0.1:" .. proxy.port, ca_file = server.ca_file,
      }),
      on_head = function() heads = heads + 1 end,
      sink = function(bytes) got = got .. bytes end,
    })
    assert.same({ 1, "one two" }, { heads, got })
  end)

  it("ends when the client thread does", function()
    local url = scripted { "read", "send HTTP/1.1 200 OK\\r\\n\\r\\nsome", "hang" }
    local client <close> = OwnClient.new()
    client:request { url = url, stream = { pieces = true, feed = true }, method = "POST" }
    client.client:close()
    local kind, code
    repeat
      local message = table.pack(client:next())
      kind, code = message[2], message[6]
    until kind == "http"
    assert.equal("closed", code)
  end)

  it("has no use for pieces where nothing streams", function()
    local url = scripted { "read", "hang" }
    local client <close> = OwnClient.new()
    local id = client:request { url = url }
    while client.client:stats().running == 0 do
      client.poller:wait(0.01, {})
    end
    client.client:feed(id, "bytes")
    client.client:feed(id)
    client.client:hand_on(id)
    client.client:cancel(id)
    assert.equal("cancelled", select(6, client:next()))
  end)

  it("is not made with the name of a file that C would cut short", function()
    local client <close> = OwnClient.new()
    for _, side in ipairs { "source", "sink" } do
      assert.error_matches(function()
        client:request { url = "https://slack.com/", stream = { [side] = "/tmp/a\0b" } }
      end, ("field '%s': a zero byte inside"):format(side))
    end
  end)

  it("leaves a turn to others while it waits for its caller", in_task(function()
    local url = scripted { "read", ENDLESS, FLOOD }
    local held = {}
    for i = 1, 2 do
      held[i] = tasks.spawn(request, {
        url = url, max_requests = 2, sink = function() tasks.sleep(60) end,
      })
    end
    local got
    local _, err = request { url = url, max_requests = 2, sink = function()
      got = true
      return false
    end }
    assert.same({ true, "sink" }, { got, err.code })
    for _, task in ipairs(held) do
      task:cancel()
    end
  end))

  it("runs a hundred at once", in_task(function()
    local url = echo()
    local list = {}
    for i = 1, 100 do
      list[i] = function()
        local text, got = ("%03d"):format(i):rep(1000), {}
        local response = assert(request {
          url = url, method = "POST", body = parts(text:sub(1, 100), text:sub(101)),
          sink = function(bytes) table.insert(got, bytes) end,
        })
        return response.ok and table.concat(got) == text
      end
    end
    for _, ok in ipairs(assert(tasks.all(list))) do
      assert.is_true(ok)
    end
  end))
end)
