local OwnClient = require "support.own_client"
local WebServer = require "support.web_server"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local footprint = require "support.footprint"
local loop = require "slack.loop"
local tasks = require "slack.tasks"
local transfers = require "support.transfers"
local wait_until = require "support.wait_until"

local request, assert_failure = transfers.request, transfers.assert_failure

local HOST_LIMIT <const> = 16 -- as in src/http_turns.c

local function free_port()
  local server <close> = WebServer.start(function() end)
  return server.port
end

local HAS_PROC <const> = files.run "test -r /proc/self/net/tcp"

---Established TCP connections to the server of a URL.
local function count_connections(url)
  local port = tonumber(url:match ":(%d+)")
  local wanted = ("^%%s*%%d+: %%x+:%%x+ %%x+:%04X 01 "):format(port)
  local count = 0
  for line in io.lines "/proc/self/net/tcp" do
    count = count + (line:find(wanted) and 1 or 0)
  end
  return count
end

describe("http_client", function()
  local server

  after_each(function()
    server = server and server:stop()
  end)

  describe("a request", function()
    it("brings status, headers and body", function()
      server = WebServer.start(function()
        return 418, "short and stout", { "X-Pot", "tea" }
      end)
      local response = assert(request { url = server.url .. "/pot?a=b" })
      assert.same({ 418, "short and stout", "tea", false, "1.1" },
        { response.status, response.body, response.headers["x-POT"], response.ok,
          response.version })
      assert.equal("/pot?a=b", server.requests[1].target)
      assert.is_true(response.seconds > 0 and response.seconds < 10)
    end)

    it("sends body and headers as they are, and nothing of its own", function()
      server = WebServer.start(function()
        return 200
      end)
      local body = "\0\r\n\255 end"
      assert(request { method = "POST", url = server.url, body = body,
        headers = { "X-A", "1", "X-Empty", "" } })
      local got = server.requests[1]
      assert.equal(body, got.body)
      assert.same({ "1", "", nil, nil },
        { got.headers["x-a"], got.headers["x-empty"], got.headers["expect"],
          got.headers["content-type"] })
    end)

    it("shares headers with others, which outlive the program's hold of them", function()
      server = WebServer.start(function()
        return 200
      end)
      local shared = core.http_headers { "X-A", "1", "Content-Type", "text/plain" }
      local begun = {}
      for i = 1, 40 do -- more than there are connections, so that some wait
        begun[i] = tasks.spawn(request, {
          method = "POST", url = server.url, headers = shared, body = "b" .. i,
        })
      end
      shared = nil -- luacheck: ignore 311
      collectgarbage()
      for _, task in ipairs(begun) do
        assert(task:join())
      end
      for _, got in ipairs(server.requests) do
        assert.same({ "1", "text/plain", nil },
          { got.headers["x-a"], got.headers["content-type"], got.headers["expect"] })
      end
      assert.equal(40, #server.requests)
    end)

    it("has nothing of the one before it on the same connection", function()
      server = WebServer.start(function()
        return 200
      end)
      local shared = core.http_headers { "X-A", "1", "Content-Type", "text/plain" }
      local list = {
        { "POST", "one", shared }, { "POST", "and two", shared }, { "POST" },
        { "POST", "three", { "X-B", "2" } }, { "GET" }, { "POST", "four", shared },
        { "PUT", "five" }, { "POST", "six" }, { "HEAD" }, { "POST" }, { "GET" },
      }
      for i, one in ipairs(list) do
        assert(request { method = one[1], url = server.url .. "/" .. i, body = one[2],
          headers = one[3] })
      end
      for i, one in ipairs(list) do
        local got, is_shared = server.requests[i], one[3] == shared
        assert.same({ one[1], "/" .. i, one[2] or "", is_shared and "1" or nil,
          is_shared and "text/plain" or nil, i == 4 and "2" or nil },
          { got.method, got.target, got.body, got.headers["x-a"], got.headers["content-type"],
            got.headers["x-b"] })
      end
    end)

    it("raises for headers to be shared that are malformed, without their values", function()
      local ok, message = pcall(core.http_headers, { "a", "1", "b", "secret\r\nEvil: 1" })
      assert.is_false(ok)
      assert.matches("header number 2 is malformed", message)
      assert.not_matches("secret", message)
    end)

    for _, case in ipairs {
      { "GET" }, { "HEAD" }, { "POST" }, { "POST", "x" }, { "PUT", "x" }, { "DELETE" },
      { "PATCH", "" }, { "GET", "x" },
    } do
      local method, body = case[1], case[2]
      it(("speaks %s with %s"):format(method, body and #body .. " bytes" or "no body"), function()
        server = WebServer.start(function()
          return 200
        end)
        assert(request { method = method, url = server.url, body = body })
        assert.same({ method, body or "" },
          { server.requests[1].method, server.requests[1].body })
      end)
    end

    it("carries megabytes both ways", function()
      server = WebServer.start(function(got)
        return 200, got.body
      end)
      local body = ("0123456789abcdef"):rep(60000)
      local response = assert(request { method = "POST", url = server.url, body = body })
      assert.is_true(response.body == body)
    end)

    it("decompresses what comes compressed", function()
      server = WebServer.start(function()
        local pipe <close> = io.popen("printf 'squeezed' | gzip -c", "r")
        return 200, pipe:read "a", { "Content-Encoding", "gzip" }
      end)
      assert.equal("squeezed", assert(request { url = server.url }).body)
      assert.matches("gzip", server.requests[1].headers["accept-encoding"])
    end)

    it("reuses connections", function()
      if not HAS_PROC then
        pending "no /proc here"
        return
      end
      server = WebServer.start(function()
        return 200
      end)
      for _ = 1, 30 do
        assert(request { url = server.url })
      end
      assert.equal(1, count_connections(server.url))
    end)

    it("keeps its sockets from programs that the process starts", function()
      server = WebServer.start(function() end)
      local function inherited()
        local pipe <close> = io.popen "ls -l /proc/self/fd"
        return select(2, pipe:read "a":gsub("socket:", ""))
      end
      local before = inherited()
      local running = tasks.spawn(request, { url = server.url })
      wait_until("the request", function()
        return #server.requests == 1
      end)
      assert.equal(before, inherited())
      running:cancel()
    end)

    it("tells where a redirect points and does not follow it", function()
      server = WebServer.start(function()
        return 302, "", { "Location", "/next?x=1" }
      end)
      local response = assert(request { url = server.url .. "/first" })
      assert.equal(server.url .. "/next?x=1", response.redirect)
      assert.equal(1, #server.requests)
    end)

    for name, settings in pairs {
      ["a header name with a space"] = { headers = { "a b", "c" } },
      ["a header value with a line end"] = { headers = { "a", "x\r\nEvil: 1" } },
      ["a header value with a zero byte"] = { headers = { "a", "x\0" } },
      ["a header that is no string"] = { headers = { "a", {} } },
      ["a method in small letters"] = { method = "get" },
      ["a method with a line end"] = { method = "GET\n" },
      ["a negative timeout"] = { timeout = -1 },
      ["a body that is no string"] = { body = {} },
    } do
      it("raises for " .. name, function()
        settings.url = "http://127.0.0.1:1/"
        assert.has_error(function()
          request(settings)
        end)
      end)
    end
  end)

  describe("a limit", function()
    it("of the body ends what is larger", function()
      server = WebServer.start(function()
        return 200, ("x"):rep(1001)
      end)
      assert.equal(1001, #assert(request { url = server.url, max_response = 1001 }).body)
      assert_failure("too_large", "the response body is larger than 1000 bytes",
        request { url = server.url, max_response = 1000 })
    end)

    it("of the body counts what has been decompressed", function()
      server = WebServer.start(function()
        local pipe <close> = io.popen("head -c 20000000 /dev/zero | gzip -c", "r")
        return 200, pipe:read "a", { "Content-Encoding", "gzip" }
      end)
      assert_failure("too_large", "larger than 1000000 bytes",
        request { url = server.url, max_response = 1000000 })
    end)

    it("of requests to one host makes the others wait in order (S250)", function()
      local held = {}
      server = WebServer.start(function(got)
        table.insert(held, got)
      end)
      local finished = {}
      for i = 1, 40 do
        tasks.spawn(function()
          assert(request { url = server.url .. "/" .. i })
          table.insert(finished, i)
        end)
      end
      wait_until("the first requests", function()
        return #held == HOST_LIMIT
      end)
      loop.step(0.05)
      assert.equal(HOST_LIMIT, #held)
      for i = 1, 40 do
        server:respond(held[i], 200)
        wait_until("the next request", function()
          return #held == math.min(HOST_LIMIT + i, 40)
        end)
      end
      wait_until("all answers", function()
        return #finished == 40
      end)
      -- Those that run side by side arrive in any order, those that waited in theirs.
      for i = HOST_LIMIT + 1, 40 do
        assert.equal("/" .. i, held[i].target)
      end
    end)

    it("of requests to one host does not hold back urgent ones", function()
      server = WebServer.start(function(got)
        if got.target == "/urgent" then
          return 200
        end
      end)
      local running = {}
      for i = 1, HOST_LIMIT + 1 do
        running[i] = tasks.spawn(request, { url = server.url .. "/" .. i })
      end
      assert(request { url = server.url .. "/urgent", urgent = true })
      for _, task in ipairs(running) do
        task:cancel()
      end
    end)
  end)

  describe("a failure", function()
    it("is 'connection' when nobody listens", function()
      local port = free_port()
      assert_failure("connection",
        "^GET 127%.0%.0%.1:" .. port .. "/path: no connection: .*connect",
        request { url = ("http://127.0.0.1:%d/path?secret=1"):format(port) })
    end)

    it("is 'dns' when the name does not resolve", function()
      local name = ("a"):rep(64) .. ".invalid" -- no label may be so long: nobody is asked
      assert_failure("dns", "check the name", request { url = "https://" .. name .. "/" })
    end)

    it("says of a short time how short it was", function()
      server = WebServer.start(function() end)
      local _, err = request { url = server.url, timeout = 0.004 }
      assert.matches("timed out after %S+ s", err.message)
      assert.not_matches("after 0%.0 s", err.message)
    end)

    it("is 'timeout' when the server is silent", function()
      server = WebServer.start(function() end)
      local before = loop.now()
      assert_failure("timeout", "timed out after .* while waiting for the answer",
        request { url = server.url, timeout = 0.15 })
      local took = loop.now() - before
      assert.is_true(took > 0.14 and took < 20, took)
    end)

    it("is 'timeout' also while waiting for a turn, when there is a deadline", function()
      server = WebServer.start(function() end)
      local running = {}
      for i = 1, HOST_LIMIT do
        running[i] = tasks.spawn(request, { url = server.url })
      end
      assert_failure("timeout", "after 0%.1 s while waiting for earlier requests",
        request { url = server.url, deadline = 0.1 })
      for _, task in ipairs(running) do
        assert.is_false(task:is_done()) -- it was not its turn that ended it
        task:cancel()
      end
    end)

    it("is 'interrupted' when the server hangs up on a request", function()
      server = WebServer.start(function()
        return 0
      end)
      assert_failure("interrupted", "broke before the answer was whole",
        request { method = "POST", url = server.url, body = "x" })
    end)

    -- Answers the first request and ends its connection at the next one.
    local function start_dropping()
      server = WebServer.start(function()
        return #server.requests == 2 and 0 or 200
      end)
      assert(request { url = server.url })
    end

    for _, case in ipairs {
      { "POST", "x" }, { "POST", "" }, { "POST" }, { "PATCH", "x" }, { "POST", ("x"):rep(1 << 20) },
    } do
      local method, body = table.unpack(case)
      it(("is 'interrupted' when a used connection ends at a %s with %s"):format(method,
        body and #body .. " bytes" or "no body"), function()
        start_dropping()
        assert_failure("interrupted", "broke before the answer was whole",
          request { method = method, url = server.url, body = body })
        assert.equal(2, #server.requests)
        assert.equal(200, request({ method = method, url = server.url, body = body }).status)
      end)
    end

    it("is none when a used connection ends at a request that may be made twice", function()
      start_dropping()
      assert.equal(200, request({ url = server.url }).status)
      assert.equal(3, #server.requests)
    end)

    it("is 'interrupted' also when the server is gone after that", function()
      server = WebServer.start(function()
        if #server.requests == 1 then
          return 200
        end
        server:stop()
      end)
      assert(request { url = server.url })
      assert_failure("interrupted", "broke before the answer was whole",
        request { method = "POST", url = server.url, body = "x" })
    end)

    it("is 'interrupted' when the body ends early", function()
      server = WebServer.start(function()
        return 200, "5\r\nhello\r\n", { "Transfer-Encoding", "chunked" } -- no last chunk
      end)
      assert_failure("interrupted", "broke before the answer was whole",
        request { url = server.url, headers = { "Connection", "close" } })
    end)

    it("is 'invalid_url' for plain text to another host, and nothing is sent", function()
      assert_failure("invalid_url", "refusing to speak unencrypted http",
        request { url = "http://slack.example/" })
      assert_failure("invalid_url", "not a WebSocket", request { url = "wss://slack.example/" })
      assert_failure("invalid_url", "zero byte", request { url = "https://slack.example/\0" })
    end)

    it("says so when descriptors have run out, and only then", function()
      local _, output = child.run([[
        local WebServer = require "support.web_server"
        local http = require "slack.http"
        local server = WebServer.start(function() end, { tls = {} })
        local net = http.net { proxy = "", ca_file = server.ca_file }

        local function try(url)
          print(select(2, http.request { url = url, net = net, timeout = 10 }))
        end

        local held = {}
        try "http://127.0.0.1:1/before"
        repeat
          held[#held + 1] = io.open "/dev/null"
          local one_more = io.open "/dev/null"
          held[#held + 1] = one_more
        until not one_more
        try "http://127.0.0.1:1/none-left"
        print(select(2, http.net { ca_file = server.ca_file, no_proxy = "x" }))
        table.remove(held):close()
        try "http://127.0.0.1:1/one-left"
        try(server.url .. "/one-left-for-tls")
        for _, file in ipairs(held) do
          file:close()
        end
        server:stop()
      ]], "ulimit -n 64")
      for line, pattern in pairs {
        ["/before:"] = "Connection refused",
        ["/none%-left:"] = "no connection: too many open files: raise ulimit %-n",
        ["CA file"] = "cannot be read: too many open files: raise ulimit %-n",
        ["/one%-left:"] = "Connection refused",
        ["/one%-left%-for%-tls:"] = "no connection: too many open files: raise ulimit %-n",
      } do
        assert.matches(line .. "[^\n]*" .. pattern, output)
      end
    end)

    it("says so, too, when an authority could not be read that was not needed before", function()
      local plain <close> = WebServer.start(function() end)
      server = WebServer.start(function() end, { tls = {} })
      local _, output = child.run(([[
        local http = require "slack.http"
        local net, held = http.net { proxy = "", ca_file = %q }, {}
        http.request { url = %q, net = net, timeout = 10 }
        repeat
          held[#held + 1] = io.open "/dev/null" or nil
        until not io.open "/dev/null"
        table.remove(held):close()
        print(select(2, http.request { url = %q, net = net, timeout = 10 }))
      ]]):format(server.ca_file, plain.url:gsub("^http:", "https:"), server.url), "ulimit -n 64")
      assert.matches("no connection: too many open files: raise ulimit %-n", output)
    end)

    it("says at once that it could never be woken, for want of descriptors", function()
      local ok, output = child.run([[
        local core = require "slack.core"
        local log = core.log(core.mailbox(), 0, "error")
        local mailbox, held, outcomes = core.mailbox(), {}, {}
        repeat
          held[#held + 1] = io.open "/dev/null" or nil
        until not io.open "/dev/null"
        for _ = 1, 4 do
          local began = core.monotonic()
          local client, message = core.http_client(mailbox, 0, log)
          if client then
            client:close()
          end
          outcomes[client and "made" or message:match "cannot be woken: .*"] = true
          assert(core.monotonic() - began < 5, "its end took long")
          table.remove(held):close()
        end
        assert(outcomes.made)
        assert(outcomes["cannot be woken: too many open files: raise ulimit -n"])
      ]], "ulimit -n 64")
      assert.is_true(ok, output)
    end)

    it("never shows query, credentials or the path of a webhook", function()
      local port = free_port()
      local url = ("http://me:secret1@127.0.0.1:%d/a?t=secret2#secret3"):format(port)
      local _, err = request { url = url }
      assert.is_nil(tostring(err):find "secret")
      _, err = request { url = "http://hooks.slack.com/services/T0/B0/secret" }
      assert.is_nil(tostring(err):find "secret")
      assert.matches("hooks.slack.com", err.message, 1, true)
    end)
  end)

  describe("over TLS", function()
    local function start(tls)
      server = WebServer.start(function()
        return 200, "private"
      end, { tls = tls })
    end

    it("trusts the authority of ca_file", function()
      start { names = "IP:127.0.0.1" }
      assert.equal("private", assert(request { url = server.url, ca_file = server.ca_file }).body)
    end)

    it("refuses an unknown authority and hints at ca_file", function()
      start { names = "IP:127.0.0.1" }
      assert_failure("tls", "issuer certificate.*ca_file", request { url = server.url })
    end)

    it("refuses a certificate for another name", function()
      start { names = "DNS:other.example" }
      assert_failure("tls", "certificate.*name",
        request { url = server.url, ca_file = server.ca_file })
    end)

    it("refuses an expired certificate", function()
      start { names = "IP:127.0.0.1", starts_in = -7200, ends_in = -3600 }
      assert_failure("tls", "certificate has expired.*clock",
        request { url = server.url, ca_file = server.ca_file })
    end)

    it("refuses a certificate that is not valid yet", function()
      start { names = "IP:127.0.0.1", starts_in = 3600, ends_in = 7200 }
      assert_failure("tls", "not yet valid.*clock",
        request { url = server.url, ca_file = server.ca_file })
    end)

    it("refuses a server that does not speak TLS", function()
      server = WebServer.start(function()
        return 200
      end)
      local response, err = request { url = "https://127.0.0.1:" .. server.port .. "/" }
      assert.is_nil(response)
      assert.is_true(err.code == "tls" or err.code == "connection", err.code)
    end)

    it("speaks HTTP/1.1 where HTTP/2 is offered and not known", function()
      start { names = "IP:127.0.0.1" }
      local response = assert(request { url = server.url, ca_file = server.ca_file, http2 = true })
      assert.equal("1.1", response.version)
    end)
  end)

  describe("a time", function()
    local held

    before_each(function()
      held = {}
      server = WebServer.start(function(got)
        table.insert(held, got)
      end)
    end)

    it("timeout begins when the request's turn has come", function()
      local waiting = tasks.spawn(request, { url = server.url, max_requests = 1, timeout = 60 })
      local second = tasks.spawn(request, { url = server.url, max_requests = 1, timeout = 0.3 })
      tasks.sleep(0.4)
      server:respond(held[1], 200)
      assert(waiting:join())
      wait_until("the second request", function()
        return #held == 2
      end)
      server:respond(held[2], 200)
      assert.equal(200, select(2, assert(second:join())).status)
    end)

    it("deadline counts from the call, and says how long it had to wait", function()
      local first = tasks.spawn(request, { url = server.url, max_requests = 1, timeout = 0.3 })
      local response, err = request {
        url = server.url, max_requests = 1, timeout = 60, deadline = 0.6,
      }
      assert_failure("timeout",
        "timed out after %S+ s while waiting for the answer, having waited %S+ s for earlier",
        response, err)
      first:join()
    end)

    it("idle_timeout ends a request through which nothing goes", function()
      local response, err = request { url = server.url, idle_timeout = 0.2, timeout = 60 }
      assert_failure("timeout",
        "nothing came or went for 0%.2 s while waiting for the answer %(idle_timeout%)",
        response, err)
    end)
  end)

  describe("an end", function()
    it("comes as 'cancelled' when asked for, once", function()
      server = WebServer.start(function() end)
      local own = OwnClient.new()
      local id = own:request { url = server.url }
      own.client:cancel(id)
      own.client:cancel(id)
      local source, kind, got_id, response, message, code = own:next()
      assert.same({ 7, "http", id, nil, "cancelled" }, { source, kind, got_id, response, code })
      assert.matches("cancelled$", message)
      own.client:close()
      assert.is_nil(own.mailbox:take())
    end)

    it("comes as 'closed' for all that is outstanding", function()
      server = WebServer.start(function() end)
      local own = OwnClient.new()
      for _ = 1, HOST_LIMIT + 5 do
        own:request { url = server.url }
      end
      own.client:close()
      for id = 1, HOST_LIMIT + 5 do
        local _, _, got, _, _, code = own:next()
        assert.is_true(got >= 1 and got <= HOST_LIMIT + 5, id)
        assert.equal("closed", code)
      end
      assert.has_error(function()
        own:request { url = server.url }
      end, "slack.core.http_client has been closed")
    end)

    it("of a cancelled task ends its transfer", function()
      server = WebServer.start(function() end)
      local task = tasks.spawn(request, { url = server.url })
      wait_until("the request", function()
        return #server.requests == 1
      end)
      task:cancel()
      local _, err = task:join()
      assert.equal("cancelled", err.code)
    end)

    it("leaves no thread and no descriptor behind, however often", function()
      server = WebServer.start(function()
        return 200
      end)
      local before
      for round = 1, 30 do
        local own = OwnClient.new()
        own:request { url = server.url }
        own:request { url = server.url }
        wait_until("an answer", function()
          loop.step(0.001)
          return own.mailbox:load() > 0
        end)
        own.client:close()
        own.poller:close()
        own.mailbox:close()
        own = nil -- luacheck: ignore 311 (for the collector)
        collectgarbage()
        if round == 5 then
          before = footprint.take()
        end
      end
      -- The server notices closed connections a moment later.
      local ok = pcall(wait_until, "descriptors to be closed", function()
        return footprint.is_back_at(before)
      end)
      assert.is_true(ok, before.list .. "\n" .. footprint.take().list)
    end)
  end)
end)
