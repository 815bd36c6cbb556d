-- Each limit of the option http, crossed over a real socket on an app that runs. What a
-- limit does to the last byte is in the specs of the parser and the server.

local RawClient = require "support.raw_client"
local live = require "support.live_app"
local signed = require "support.signed"

local PATH <const> = "/slack/events"
local FORM <const> = "application/x-www-form-urlencoded"
local COMMAND <const> = "command=%2Fgo&user_id=U1&team_id=T1"

describe("the option http limits", function()
  -- Runs fn(it) with an app of these limits; it.connect() gives clients of raw bytes.
  local function with_app(limits, fn)
    live.run(function(_, new_app, lines)
      local http = { host = "127.0.0.1", port = 0 }
      for name, value in pairs(limits) do
        http[name] = value
      end
      local app = new_app { transport = "http", signing_secret = signed.SECRET, http = http }
      local it = { app = app, begun = 0, seen = 0 }
      app:event("app_mention", function() it.seen = it.seen + 1 end)
      app:command("/go", function()
        it.begun = it.begun + 1
        live.wait(function() return it.is_open end)
        return "gone"
      end)
      app:route("GET", "/slow", function()
        live.wait(function() return it.is_open end)
        return "at last"
      end)
      assert(app:start())
      local clients = setmetatable({}, { __close = function(list)
        for _, client in ipairs(list) do
          client:close()
        end
      end })
      local closing <close> = clients -- luacheck: ignore 211
      function it.connect()
        clients[#clients + 1] = RawClient.connect(app.http_server:port())
        return clients[#clients]
      end
      function it.log() return table.concat(lines, "\n") end
      fn(it)
    end)
  end

  local function await(client, text)
    live.wait(function() return client:received():find(text, 1, true) end)
  end

  local function await_end(client)
    live.wait(function() return client:has_ended() end)
    return client:received()
  end

  -- It is served as if nothing had been.
  local function assert_serves(it)
    local url = it.app.http_server:url() .. PATH
    local before = it.seen
    local event = signed.event { type = "app_mention", user = "U1" }
    assert.equal(200, signed.post(url, event).status)
    live.wait(function() return it.seen == before + 1 end)
  end

  it("the head: max_head, 431", function()
    with_app({ max_head = 1024 }, function(it)
      local client = it.connect()
      client:send((signed.bytes(PATH, "{}", { lines = "X: " .. ("x"):rep(1024) .. "\r\n" })))
      assert.matches("^HTTP/1.1 431 .*Connection: close", await_end(client))
      assert_serves(it)
    end)
  end)

  it("the body: max_body, 413, before it has come, whoever has signed it", function()
    with_app({ max_body = 1024 }, function(it)
      local body = signed.event { type = "app_mention", user = "U1", text = ("x"):rep(1024) }
      for _, framing in ipairs { false, "Transfer-Encoding: chunked\r\n" } do
        local client = it.connect()
        local head = signed.bytes(PATH, body, { lines = framing or nil })
        client:send(framing and head .. ("%x\r\n"):format(#body) or head)
        assert.matches("^HTTP/1.1 413 .*Connection: close", await_end(client))
      end
      assert_serves(it)
      assert.equal(1, it.seen)
    end)
  end)

  it("all bodies that nobody has vouched for: max_bodies, 503 for who has been sending the longest",
    function()
      with_app({ max_bodies = 200 * 1024, max_body = 150 * 1024 }, function(it)
        local part, clients = ("x"):rep(100 * 1024), {}
        for i = 1, 4 do
          clients[i] = it.connect()
          clients[i]:send(signed.bytes(PATH, "", { length = #part + 1 }) .. part)
          live.wait(function() return it.app.http_server:stats().unverified > #part end)
          if i > 1 then
            assert.matches("^HTTP/1.1 503 .*close.*max_bodies", await_end(clients[i - 1]))
          end
          assert.is_true(it.app.http_server:stats().unverified <= 200 * 1024)
          assert_serves(it)
        end
        assert.equal("", clients[4]:received())
        clients[4]:send "x" -- signed, but not with these bytes
        await(clients[4], "HTTP/1.1 401 ")
        live.wait(function() return it.app.http_server:stats().unverified == 0 end)
        local _, told = it.log():gsub("refused a request with 503: too many bytes", "")
        assert.equal(1, told)
      end)
    end)

  it("all bodies together, but none of a few bytes for those of others", function()
    with_app({ max_bodies = 200 * 1024, max_body = 150 * 1024 }, function(it)
      local small, clients = it.connect(), {}
      small:send "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx"
      live.wait(function() return it.app.http_server:stats().unverified > 0 end)
      for i = 1, 2 do
        clients[i] = it.connect()
        clients[i]:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n"
          .. ("x"):rep(120 * 1024))
        live.wait(function() return it.app.http_server:stats().unverified > 120 * 1024 end)
      end
      assert.matches("^HTTP/1.1 503 ", await_end(clients[1]))
      small:send "x"
      await(small, "HTTP/1.1 404 ")
    end)
  end)

  it("all bodies together, also those that wait for Lua and those in chunks", function()
    with_app({ max_bodies = 200 * 1024, max_body = 150 * 1024 }, function(it)
      local part = ("x"):rep(120 * 1024)
      local waits, comes, small = it.connect(), it.connect(), it.connect()
      waits:send(("GET /slow HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"):format(#part,
        part))
      live.wait(function() return it.app.http_server.counts.requests == 1 end)
      comes:send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n"
        .. part)
      assert.matches("^HTTP/1.1 503 ", await_end(comes))
      small:send "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
      await(small, "HTTP/1.1 404 ")
      it.is_open = true
      await(waits, "at last")
      live.wait(function() return it.app.http_server:stats().unverified == 0 end)
    end)
  end)

  it("all bodies together, also what is sent behind a request that waits: its connection ends",
    function()
      with_app({ max_bodies = 200 * 1024, max_body = 150 * 1024 }, function(it)
        local first, second = it.connect(), it.connect()
        for i, client in ipairs { first, second } do
          client:send "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
          live.wait(function() return it.app.http_server.counts.requests == i end)
          client:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 130000\r\n\r\n"
            .. ("x"):rep(120000))
          live.wait(function()
            return it.app.http_server:stats().unverified > 120000 or client:has_ended()
          end)
        end
        assert.equal("", await_end(second))
        assert_serves(it)
        it.is_open = true
        await(first, "at last")
      end)
    end)

  it("the time: head_timeout and body_timeout, 408; idle_timeout", function()
    with_app({ head_timeout = 1, body_timeout = 1, idle_timeout = 1 }, function(it)
      local head = signed.bytes(PATH, "{}", { length = 100 })
      local slow_head, slow_body, idle = it.connect(), it.connect(), it.connect()
      slow_head:send(head:sub(1, -3))
      slow_body:send(head .. "{")
      idle:send "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      assert.matches("^HTTP/1.1 408 .*Connection: close", await_end(slow_head))
      assert.matches("^HTTP/1.1 408 .*Connection: close", await_end(slow_body))
      assert.matches("^HTTP/1.1 200 OK.*Connection: keep%-alive.*\r\n\r\nok$", await_end(idle))
      assert_serves(it)
    end)
  end)

  it("the time for who takes nothing of an answer: idle_timeout", function()
    with_app({ idle_timeout = 1 }, function(it)
      it.app:route("GET", "/large", function() return ("x"):rep(32 * 1024 * 1024) end)
      local client = it.connect()
      client:stop_reading()
      client:send "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
      live.wait(function() return it.app.http_server.counts.requests == 1 end)
      live.wait(function() return it.app.http_server:stats().connections == 0 end)
      assert_serves(it)
    end)
  end)

  it("the connections: max_connections, idle ones make room, others are not disturbed", function()
    with_app({ max_connections = 2 }, function(it)
      local head, body = signed.bytes(PATH, COMMAND, { type = FORM })
      local busy, idle = it.connect(), it.connect()
      busy:send(head .. body)
      live.wait(function() return it.begun == 1 end)
      idle:send "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      await(idle, "ok")
      local third = it.connect()
      third:send "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
      await_end(idle)
      live.wait(function() return it.app.http_server:stats().connections_evicted == 1 end)
      assert.equal("", await_end(it.connect()))
      live.wait(function() return it.app.http_server:stats().connections_refused == 1 end)
      it.is_open = true
      await(third, "at last")
      await(busy, '{"text":"gone"}')
    end)
  end)

  it("the connections that never end their request: they make room for who comes", function()
    with_app({ max_connections = 2 }, function(it)
      local head = signed.bytes(PATH, "{}", { length = 100 })
      local slow_head, slow_body = it.connect(), it.connect()
      slow_body:send(head .. "{")
      slow_head:send(head:sub(1, -3))
      live.wait(function() return it.app.http_server:stats().connections == 2 end)
      assert_serves(it)
      local stats = it.app.http_server:stats()
      assert.same({ 1, 0 }, { stats.connections_evicted, stats.connections_refused })
    end)
  end)

  it("the requests that wait for Lua: max_requests, 503 with Retry-After", function()
    with_app({ max_requests = 1 }, function(it)
      local head, body = signed.bytes(PATH, COMMAND, { type = FORM })
      local first, second = it.connect(), it.connect()
      first:send(head .. body)
      live.wait(function() return it.begun == 1 end)
      second:send(head .. body)
      await(second, "Retry-After: 1\r\n")
      assert.matches("^HTTP/1.1 503 ", second:received())
      assert_serves(it) -- events wait for nobody
      it.is_open = true
      await(first, '{"text":"gone"}')
      assert.equal(1, it.begun)
    end)
  end)

  it("the handlers of routes: max_requests, 503; Slack and health checks have their own", function()
    with_app({ max_requests = 1 }, function(it)
      local command, body = signed.bytes(PATH, COMMAND, { type = FORM })
      local visitors, slack = {}, it.connect()
      for i = 1, 3 do
        visitors[i] = it.connect()
        visitors[i]:send "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
        live.wait(function() return it.app.http_server.counts.requests == i end)
      end
      for i = 2, 3 do
        await(visitors[i], "HTTP/1.1 503 ")
        assert.matches("Retry%-After: 1\r\n", visitors[i]:received())
      end
      slack:send(command .. body)
      live.wait(function() return it.begun == 1 end)
      visitors[2]:send "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      await(visitors[2], "HTTP/1.1 200 ")
      it.is_open = true
      await(slack, '{"text":"gone"}')
      await(visitors[1], "at last")
    end)
  end)
end)
