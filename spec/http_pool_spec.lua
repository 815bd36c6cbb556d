local OwnClient = require "support.own_client"
local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local http = require "slack.http"
local loop = require "slack.loop"
local wait_until = require "support.wait_until"

describe("http pool", function()
  local own, server

  local ended -- what the client has said since it was last asked

  before_each(function()
    own, ended = OwnClient.new(), {}
    loop.default():attach(own.mailbox, function(_, _, id, response, message, code)
      ended[#ended + 1] = { id = id, response = response, message = message, code = code }
    end)
  end)

  after_each(function()
    loop.default():detach(own.mailbox)
    own:close()
    server = server and server:stop()
  end)

  -- The ends of so many requests.
  local function collect(count)
    wait_until(count .. " ends", function()
      return #ended == count
    end)
    local got = ended
    ended = {}
    return got
  end

  local function hold()
    local held = {}
    server = WebServer.start(function(got)
      table.insert(held, got)
    end)
    return held
  end

  local function answer()
    server = WebServer.start(function()
      return 200, "hello"
    end)
  end

  describe("stats", function()
    it("are zeros before the first request", function()
      assert.same({
        running = 0, waiting = 0, connections = 0, opened = 0, reused = 0, bytes_sent = 0,
        bytes_received = 0,
      }, own.client:stats())
    end)

    it("tell what is under way and what waits", function()
      local held = hold()
      for _ = 1, 5 do
        own:request { url = server.url, max_requests = 2 }
      end
      wait_until("two requests", function()
        return #held == 2
      end)
      local stats = own.client:stats()
      assert.same({ 2, 3, 2 }, { stats.running, stats.waiting, stats.connections })
      for i = 1, 5 do
        server:respond(held[i], 200)
        collect(1)
        wait_until("the next request", function()
          return #held == math.min(i + 2, 5)
        end)
      end
      stats = own.client:stats()
      assert.same({ 0, 0, 2, 2, 3 },
        { stats.running, stats.waiting, stats.connections, stats.opened, stats.reused })
    end)

    it("count bytes of heads and bodies both ways", function()
      answer()
      own:request { method = "POST", url = server.url .. "/path", body = ("x"):rep(1000) }
      collect(1)
      local stats = own.client:stats()
      assert.is_true(stats.bytes_sent > 1000 and stats.bytes_sent < 1300, stats.bytes_sent)
      assert.is_true(stats.bytes_received > 20 and stats.bytes_received < 300,
        stats.bytes_received)
    end)

    it("go back to nothing under way, however requests end", function()
      local held = hold()
      local cancelled = {}
      for i = 1, 4 do
        cancelled[i] = own:request { url = server.url .. "/held", max_requests = 2 }
      end
      own:request { url = server.url .. "/late", timeout = 0.1 } -- maybe before it is sent
      own:request { url = "http://127.0.0.1:1/" }
      own:request { url = "ftp://127.0.0.1/" }
      wait_until("two that are held", function()
        local count = 0
        for _, got in ipairs(held) do
          count = count + (got.target == "/held" and 1 or 0)
        end
        return count == 2
      end)
      for _, id in ipairs(cancelled) do
        own.client:cancel(id)
      end
      collect(7)
      local stats = own.client:stats()
      assert.same({ 0, 0, 0 }, { stats.running, stats.waiting, stats.connections })
    end)
  end)

  describe("limits", function()
    it("of different requests to one host are apart: few at a time delay no others", function()
      local held = hold()
      for i = 1, 3 do
        own:request { url = server.url .. "/few" .. i, max_requests = 1 }
      end
      for i = 1, 3 do
        own:request { url = server.url .. "/many" .. i, max_requests = 3 }
      end
      wait_until("four requests", function()
        return #held == 4
      end)
      local targets = {}
      for i, got in ipairs(held) do
        targets[i] = got.target
      end
      table.sort(targets)
      assert.equal("/few1 /many1 /many2 /many3", table.concat(targets, " "))
    end)

    it("may be higher than the pool is large at first, and all connections stay", function()
      local held = hold()
      for _ = 1, 100 do
        own:request { url = server.url, max_requests = 100 }
      end
      wait_until("all requests", function()
        return #held == 100
      end)
      for i = 1, 100 do
        server:respond(held[i], 200)
      end
      collect(100)
      assert.equal(100, own.client:stats().connections)
    end)

    it("keep 1,000 requests that are made at once in order", function()
      answer()
      for _ = 1, 1000 do
        own:request { url = server.url, max_requests = 1 }
      end
      for i, got in ipairs(collect(1000)) do
        assert.equal(i, got.id)
        assert.equal("hello", got.response.body)
      end
      local stats = own.client:stats()
      assert.same({ 1, 999 }, { stats.opened, stats.reused })
    end)
  end)

  describe("cancelling", function()
    local AT = {
      ["while it waits"] = function(held)
        own:request { url = server.url .. "/before", max_requests = 1 }
        wait_until("the first", function()
          return #held == 1
        end)
        return own:request { url = server.url, max_requests = 1 }
      end,
      ["while the server works"] = function(held)
        local id = own:request { url = server.url, max_requests = 1 }
        wait_until("the request", function()
          return #held == 1
        end)
        return id
      end,
      ["at once"] = function()
        return own:request { url = server.url, max_requests = 1 }
      end,
      ["after its end"] = function(held)
        local id = own:request { url = server.url, max_requests = 1 }
        wait_until("the request", function()
          return #held == 1
        end)
        server:respond(held[1], 200)
        wait_until("its end", function()
          return #ended == 1
        end)
        return id
      end,
    }

    for when, begin in pairs(AT) do
      it(when .. " ends it once and gives its place to the next", function()
        local held = hold()
        local id = begin(held)
        own:request { url = server.url .. "/next", max_requests = 1 }
        own.client:cancel(id)
        local got = collect(1)[1]
        assert.equal(id, got.id)
        assert.equal(when ~= "after its end" and "cancelled" or nil, got.code)
        if when == "while it waits" then
          server:respond(held[1], 200)
        end
        wait_until("the next request", function()
          return #held > 0 and held[#held].target == "/next"
        end)
      end)
    end
  end)

  describe("connections", function()
    local function get(url, settings)
      settings = settings or {}
      settings.net = assert(http.net { proxy = "", ca_file = settings.ca_file })
      settings.ca_file, settings.url, settings.timeout = nil, url, 10
      return http.request(settings)
    end

    it("to a name with addresses of both kinds use the one that answers", function()
      answer() -- listens on 127.0.0.1 alone; localhost is ::1 too, by libcurl's own word
      assert.equal("hello", assert(get("http://localhost:" .. server.port)).body)
    end)

    -- How many of three connections that are opened side by side after a first one resume
    -- its session. OpenSSL's server refuses one now and then.
    local function count_resumed()
      local text = ScriptedServer.text "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
      local busy <close> = ScriptedServer.start_tls {
        "read", "send " .. text, "read", "pause 100", "send " .. text, "hang",
      }
      local net = assert(http.net { proxy = "", ca_file = busy.ca_file })
      local other <close> = OwnClient.new()
      for i = 1, 5 do
        other:request { url = busy.url, timeout = 20, net = net }
        if i == 1 or i == 5 then
          for _ = 1, i == 1 and 1 or 4 do
            local _, _, _, response, message = other:next()
            assert(response, message)
          end
        end
      end
      assert.equal(4, other.client:stats().opened)
      return busy:count_resumed()
    end

    it("are opened with the TLS session of an earlier one, whichever handle that was", function()
      local most = 0
      for _ = 1, 8 do
        most = math.max(most, count_resumed())
        if most > 1 then -- if each handle had its own, there could be only one
          return
        end
      end
      error "no TLS session is shared"
    end)
  end)

  describe("a response", function()
    it("comes decompressed from gzip, deflate and Brotli", function()
      local encodings
      server = WebServer.start(function(got)
        encodings = got.headers["accept-encoding"]
        local brotli = "\x0b\x02\x80hello\x03"
        return 200, brotli, { "Content-Encoding", "br" }
      end)
      local response = assert(http.request {
        url = server.url, timeout = 10, net = assert(http.net { proxy = "" }),
      })
      assert.matches("gzip", encodings)
      if encodings:find "br" then
        assert.equal("hello", response.body)
      else
        pending "this libcurl does not know Brotli"
      end
    end)
  end)
end)
