local OwnClient = require "support.own_client"
local Process = require "support.process"
local Proxy = require "support.proxy"
local ScriptedServer = require "support.scripted_server"
local WebServer = require "support.web_server"
local clients = require "slack.client"
local files = require "support.files"
local http = require "slack.http"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local REFUSED <const>, INTERNAL <const> = 7, 2

-- Frames of a server.
local function frame(kind, flags, stream, content)
  return "send " .. ScriptedServer.text((">I3BBI4"):pack(#content, kind, flags, stream) .. content)
end

local SETTINGS <const> = frame(4, 0, 0, "")
local SETTINGS_SEEN <const> = "frame 4\n" .. frame(4, 1, 0, "")

local function answer(stream, body)
  return frame(1, 4, stream, "\x88") .. "\n" .. frame(0, 1, stream, body) -- \x88: status 200
end

local function reset(stream, code)
  return frame(3, 0, stream, (">I4"):pack(code))
end

local function goaway(last_stream, code)
  return frame(7, 0, 0, (">I4I4"):pack(last_stream, code))
end

local HEADERS <const>, BODY <const> = "frame 1", "frame 0"
local PATIENCE <const> = 60

describe("http2", function()
  describe("with nghttpd", function()
    if not files.run("PATH=$PATH:/usr/sbin; command -v nghttpd") then
      pending "nghttpd (nghttp2-server) is not installed"
      return
    end

    local certificates, nghttpd, url

    local function get(settings)
      settings = settings or {}
      if settings.http2 == nil then
        settings.http2 = true
      end
      settings.url, settings.timeout = url, 10
      settings.net = assert(http.net {
        proxy = settings.proxy or "", ca_file = certificates.ca_file,
      })
      settings.proxy = nil
      return http.request(settings)
    end

    -- Its port is one that was free a moment ago.
    local function start(options)
      certificates = WebServer.start(function() end, { tls = { names = "IP:127.0.0.1" } })
      local folder = certificates.directory.path
      files.write(folder .. "/hello", "over two")
      local port = Proxy.free_port()
      url = ("https://127.0.0.1:%d/hello"):format(port)
      local command = ("nghttpd -a 127.0.0.1 %s -d %s %d %s/key.pem %s/certificate.pem"):format(
        options or "", folder, port, folder, folder)
      nghttpd = Process.start(command, {
        environment = { PATH = os.getenv "PATH" .. ":/usr/sbin" },
      })
      local deadline = loop.now() + PATIENCE
      while not get() do
        assert(loop.now() < deadline, nghttpd:output())
        tasks.sleep(0.02)
      end
    end

    after_each(function()
      if nghttpd then
        Process.__close(nghttpd)
        certificates:stop()
        nghttpd = nil
      end
    end)

    describe("bodies that stream", function()
      local long, path

      before_each(function()
        start "--echo-upload"
        long, path = ("0123456789abcdef"):rep(40000), certificates.directory.path .. "/body"
        files.write(path, long)
      end)

      local function by_parts()
        local at = 0
        return function()
          at = at + 1
          return at <= 5 and long:sub((at - 1) * 128000 + 1, at * 128000) or nil
        end
      end

      it("are sent from a function, with and without a length, and from a file", function()
        for _, settings in ipairs {
          { body = by_parts() }, { body = by_parts(), length = #long }, { body = { file = path } },
        } do
          settings.method = "POST"
          local response = assert(get(settings))
          assert.same({ "2", true }, { response.version, response.body == long })
        end
      end)

      it("go to a file", function()
        local response = assert(get {
          method = "POST", body = { file = path }, sink = { file = path .. "2" },
        })
        assert.same({ "2", #long }, { response.version, response.received })
        assert.is_true(files.read(path .. "2") == long)
      end)

      it("that fail leave the connection to others", function()
        local _, err = get { method = "POST", body = function() error "no more" end }
        assert.equal("body", err.code)
        assert.equal("2", assert(get()).version)
      end)
    end)

    -- So many requests at once, each answered; gives the client's stats.
    local function request_many(count)
      local own <close> = OwnClient.new { proxy = "", ca_file = certificates.ca_file }
      for _ = 1, count do
        own:request { url = url, http2 = true, max_requests = count }
      end
      for _ = 1, count do
        local _, _, _, response, message = own:next()
        assert.same({ "2", 200 }, { assert(response, message).version, response.status })
      end
      return own.client:stats()
    end

    it("is spoken when asked for", function()
      start()
      local response = assert(get())
      assert.same({ "2", 200, "over two" }, { response.version, response.status, response.body })
    end)

    it("is not spoken unless asked for", function()
      start()
      assert.is_truthy(select(2, get { http2 = false })) -- this server knows nothing else
    end)

    it("is spoken by a client that is told so", function()
      start()
      local folder = certificates.directory.path
      assert(files.run(("mkdir %s/api && echo '{\"ok\":true}' >%s/api/auth.test"):format(folder,
        folder)))
      for _, http2 in ipairs { true, false } do
        local client = clients.new {
          token = "xoxb-1", api_url = url:gsub("hello", "api/"), ca_file = certificates.ca_file,
          proxy = "", log = "off", retries = 0, http2 = http2,
        }
        assert.equal(http2, client.auth.test() ~= nil) -- nghttpd speaks nothing else
      end
    end)

    it("shares one connection among many requests", function()
      start()
      local stats = request_many(50)
      assert.same({ 1, 49 }, { stats.opened, stats.reused })
    end)

    it("keeps to the number of streams that a server wants", function()
      start "--max-concurrent-streams=4"
      request_many(50)
    end)

    it("goes through a proxy", function()
      if not Proxy.is_installed() then
        pending "tinyproxy is not installed"
        return
      end
      start()
      local proxy <close> = Proxy.start { user = "ann", password = "secret" }
      local response = assert(get { proxy = "http://ann:secret@127.0.0.1:" .. proxy.port })
      assert.same({ "2", "over two" }, { response.version, response.body })
    end)
  end)

  describe("with a server that", function()
    local server

    after_each(function()
      server = server and server:stop()
    end)

    local function start(...)
      local scripts = { ... }
      for _, steps in ipairs(scripts) do
        table.insert(steps, 1, SETTINGS)
        table.insert(steps, 2, SETTINGS_SEEN)
      end
      server = ScriptedServer.start_http2(table.unpack(scripts))
    end

    local function request(method)
      return http.request {
        method = method, url = server.url .. "/", body = method == "POST" and "x=1" or nil,
        timeout = 10, http2 = true,
        net = assert(http.net { proxy = "", ca_file = server.ca_file }),
      }
    end

    -- What it does instead of an answer to the request on that stream.
    local MISDEEDS <const> = {
      ["refuses a request"] = function(stream) return reset(stream, REFUSED) end,
      ["fails"] = function(stream) -- and goes on
        return table.concat({
          reset(stream, INTERNAL), HEADERS, BODY, answer(stream + 2, "the next"),
        }, "\n")
      end,
      ["goes away first"] = function(stream) return goaway(math.max(stream - 2, 0), 0) end,
      ["ends the connection"] = function() return "reset" end,
    }

    for what, misdeed in pairs(MISDEEDS) do
      it(what .. " gets a POST once, be it the first on its connection or a later one", function()
        for _, stream in ipairs { 1, 3 } do
          local steps = { HEADERS, BODY, misdeed(stream), "hang" }
          if stream == 3 then
            table.insert(steps, 1, table.concat({ HEADERS, BODY, answer(1, "one") }, "\n"))
          end
          start(steps, { HEADERS, BODY, answer(1, "the next"), "hang" })
          if stream == 3 then
            assert.equal("one", assert(request "POST").body)
          end
          local response, err = request "POST"
          assert.is_nil(response)
          assert.equal("interrupted", err.code, tostring(err))
          assert.equal((stream + 1) // 2, server:count())
          assert.equal("the next", assert(request "POST").body)
          server:stop()
        end
        server = nil
      end)
    end

    it("refuses a request gets one again that may be made twice", function()
      start({ HEADERS, answer(1, "one"), HEADERS, reset(3, REFUSED), "hang" },
        { HEADERS, answer(1, "two"), "hang" })
      assert.equal("one", assert(request "GET").body)
      assert.equal("two", assert(request "GET").body)
    end)

    it("goes away has its answers taken, and gets nothing more on that connection", function()
      start({ HEADERS, BODY, goaway(1, 0), "pause 20", answer(1, "one"), HEADERS, "hang" },
        { HEADERS, BODY, answer(1, "two"), "hang" })
      assert.equal("one", assert(request "POST").body)
      assert.equal("two", assert(request "POST").body)
    end)
  end)
end)
