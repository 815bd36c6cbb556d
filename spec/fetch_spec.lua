local OwnNetwork = require "support.own_network"
local WebServer = require "support.web_server"
local child = require "support.child"
local fetch_url = require "slack.fetch"
local files = require "support.files"
local json = require "slack.json"
local made_up_http = require "support.made_up_http"
local tasks = require "slack.tasks"

local function fetch(url, options)
  options = options or {}
  options.proxy = ""
  return fetch_url(url, options)
end

describe("slack.fetch", function()
  local server, other

  after_each(function()
    for _, running in pairs { server, other } do
      running:stop()
    end
    server, other = nil, nil
  end)

  local function echo()
    server = WebServer.start(function(request)
      return 200, assert(json.encode {
        method = request.method, target = request.target, headers = request.headers,
        body = request.body,
      }), { "Content-Type", "application/json" }
    end)
    return server.url
  end

  describe("a request", function()
    it("gets", function()
      local seen = assert(assert(fetch(echo() .. "/path")):json())
      assert.same({ "GET", "/path", "" }, { seen.method, seen.target, seen.body })
      assert.matches("^lua%-slack/", seen.headers["user-agent"])
    end)

    it("posts JSON", function()
      local seen = assert(fetch(echo(), { json = { a = { 1, json.null } } })):json()
      assert.same({ "POST", '{"a":[1,null]}', "application/json; charset=utf-8" },
        { seen.method, seen.body, seen.headers["content-type"] })
    end)

    it("posts a form", function()
      local seen = assert(fetch(echo(), { form = { b = "x&y", a = { 1, 2 } } })):json()
      assert.same({ "POST", "a=1&a=2&b=x%26y", "application/x-www-form-urlencoded" },
        { seen.method, seen.body, seen.headers["content-type"] })
    end)

    it("sends a body as it is, with any method and headers", function()
      local seen = assert(fetch(echo(), {
        method = "put", body = "raw", headers = { ["Content-Type"] = "text/plain", ["X-N"] = 5 },
      })):json()
      assert.same({ "PUT", "raw", "text/plain", "5" },
        { seen.method, seen.body, seen.headers["content-type"], seen.headers["x-n"] })
    end)

    it("adds a query to the URL", function()
      local url = echo()
      assert.equal("/?a=1%202", assert(fetch(url .. "/", { query = { a = "1 2" } })):json().target)
      assert.equal("/x?b=0&a=1",
        assert(fetch(url .. "/x?b=0#f", { query = { a = 1 } })):json().target)
    end)

    it("gives answers of any status", function()
      server = WebServer.start(function()
        return 503, "down", { "Retry-After", "7", "X-Twice", "a", "X-Twice", "b" }
      end)
      local response = assert(fetch(server.url))
      assert.same({ 503, false, "down", "7", "a, b", server.url },
        { response.status, response.ok, response.body, response.headers["retry-after"],
          response.headers["X-TWICE"], response.url })
      local value, err = response:json()
      assert.is_nil(value)
      assert.same({ "invalid_json", 503, "down" }, { err.code, err.status, err.body })
    end)

    it("suspends only the task that waits", function()
      local held
      server = WebServer.start(function(request)
        held = request
      end)
      local order = {}
      local task = tasks.spawn(function()
        assert(fetch(server.url))
        table.insert(order, "answered")
      end)
      tasks.run(function()
        while not held do
          tasks.sleep(0.001)
        end
        table.insert(order, "meanwhile")
        server:respond(held, 200)
        task:join()
      end)
      assert.same({ "meanwhile", "answered" }, order)
    end)

    it("fails with an error that reads as one line", function()
      server = WebServer.start(function()
        return 0
      end)
      local response, err = fetch(server.url .. "/x?secret")
      assert.is_nil(response)
      assert.equal("interrupted", err.code)
      assert.matches("^GET 127%.0%.0%.1:%d+/x: [^\n]*$", tostring(err))
    end)

    it("says why a CA file cannot be used", function()
      local response, err = fetch("https://127.0.0.1:1/", { ca_file = "/nowhere" })
      assert.is_nil(response)
      assert.equal("tls", err.code)
    end)

    for problem, options in pairs {
      ['unknown option "methud"; did you mean "method"?'] = { methud = "GET" },
      ['option "timeout": a number from 0 to 1e+08 expected, got string'] = { timeout = "5" },
      ['only one of the options "body", "json" and "form"'] = { body = "", json = false },
      ['option "headers": names with strings expected'] = { headers = { "x" } },
      ['option "follow": boolean or number of redirects expected'] = { follow = "yes" },
      ['option "method": a word expected'] = { method = "GET\n" },
      ['option "timeout": a number from 0 to 1e+08 expected, got inf'] = { timeout = math.huge },
      ['option "headers": "a b" or its value has characters'] = { headers = { ["a b"] = "c" } },
      ['option "headers": "a" or its value has characters'] = { headers = { a = "c\r\nd: e" } },
      ['option "json": JSON: a function has no form'] = { json = print },
      ['option "body": a string, a function or { file = path } expected'] = { body = { file = 1 } },
      ['option "sink": a function or { file = path } expected'] = { sink = {} },
      ['option "length": only a body that is a function needs one'] = { body = "x", length = 1 },
      ['the option "length" says how long'] = {
        body = print, headers = { ["Content-Length"] = 5 },
      },
      ['options "stream" and "sink" exclude each other'] = { stream = true, sink = print },
      ['option "on_progress": function expected, got boolean'] = { on_progress = true },
    } do
      it("raises at the caller's line: " .. problem, function()
        local ok, message = pcall(function()
          local response = fetch_url("http://127.0.0.1:1/", options)
          return response
        end)
        assert.is_false(ok)
        assert.matches("spec/fetch_spec.lua:%d+: slack.fetch: ", message)
        assert.matches(problem, message, 1, true)
      end)
    end
  end)

  it("takes no more of a body than max_response", function()
    server = WebServer.start(function() return 200, ("x"):rep(1001) end)
    assert.equal(1001, #assert(fetch(server.url, { max_response = 1001 })).body)
    local response, err = fetch(server.url, { max_response = 1000 })
    assert.is_nil(response)
    assert.equal("too_large", err.code)
  end)

  describe("bodies that stream", function()
    local folder

    before_each(function()
      folder = files.temporary()
    end)

    after_each(function()
      getmetatable(folder).__close()
    end)

    it("are posted from a file or a function", function()
      local path, given = folder.path .. "/body", { "a ", "function" }
      files.write(path, "a file")
      local seen = assert(fetch(echo(), { body = { file = path } })):json()
      assert.same({ "POST", "a file", "6" },
        { seen.method, seen.body, seen.headers["content-length"] })
      seen = assert(fetch(server.url, {
        method = "PUT", body = function() return table.remove(given, 1) end, length = 10,
      })):json()
      assert.same({ "PUT", "a function", "10" },
        { seen.method, seen.body, seen.headers["content-length"] })
    end)

    it("go to a file or a function", function()
      server = WebServer.start(function()
        return 200, "the answer"
      end)
      local path, got = folder.path .. "/answer", ""
      local response = assert(fetch(server.url, { sink = { file = path } }))
      assert.same({ "", 10, "the answer" }, { response.body, response.received, files.read(path) })
      assert(fetch(server.url, { sink = function(bytes) got = got .. bytes end }))
      assert.equal("the answer", got)
    end)

    it("tell how far they are", function()
      local last
      assert(fetch(echo(), { body = "12345", on_progress = function(...) last = { ... } end }))
      assert.same({ 5, 5 }, { last[1], last[2] })
    end)

    it("have no limit of time but that of silence", function()
      server = WebServer.start(function() end)
      local _, err = fetch(server.url, { sink = print, idle_timeout = 0.1 })
      assert.same({ "timeout", true }, { err.code, err.message:find "idle_timeout" ~= nil })
      _, err = fetch(server.url, { sink = print, timeout = 0.1 })
      assert.same({ "timeout", false }, { err.code, err.message:find "idle_timeout" ~= nil })
    end)
  end)

  it("shows what was given for a URL when it is none at all", function()
    local ok, message = pcall(function() return (fetch "json") end)
    assert.is_false(ok)
    assert.matches('fetch_spec.lua:%d+: slack.fetch: url: https://host/path expected, got "json"',
      message)
  end)

  it("lets nothing into a header that would break out of it", function()
    local url = echo()
    for _, headers in ipairs {
      { X = "a\r\nY: b" }, { X = "a\nY: b" }, { X = "a\rY: b" }, { X = "a\0b" },
      { ["X\r\nY"] = "b" }, { ["X: a"] = "b" },
    } do
      local ok, message = pcall(fetch, url, { headers = headers })
      assert.is_false(ok)
      assert.matches("characters that no header has", message)
    end
    local _, err = fetch(url .. "/\r\nY: b")
    assert.equal("invalid_url", err.code)
    assert.equal(0, #server.requests)
  end)

  describe("with public = true", function()
    it("goes to no address of this machine, by whatever name", function()
      local port = echo():match ":(%d+)"
      for _, host in ipairs { "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001",
        "[::ffff:127.0.0.1]", "0.0.0.0" } do
        local _, err = fetch(("http://%s:%s/"):format(host, port),
          { public = true, insecure = true, connect_timeout = 5 })
        assert.equal("private_address", err and err.code, host)
      end
      assert.matches("public = true leads to none", tostring(select(2, fetch(server.url,
        { public = true }))))
      assert.equal(0, #server.requests)
    end)

    it("uses no connection that another request has made", function()
      local url = echo()
      assert(fetch(url, { json = {} }))
      local _, err = fetch(url, { json = {}, public = true })
      assert.equal("private_address", err.code)
      assert(fetch(url, { json = {} }))
      assert.equal(2, #server.requests)
    end)

    it("is not promised over a proxy, which looks names up itself", function()
      local _, err = fetch_url("https://a.example/",
        { public = true, proxy = "http://127.0.0.1:1" })
      assert.equal("proxy", err.code)
      assert.matches('public = true cannot be kept over the proxy of option "proxy"', err.message)
    end)

    -- In a network of its own, in which one address of the Internet is this machine.
    it("reaches the Internet, and is not led from there to a private address", function()
      local own = OwnNetwork.enter() .. "sh -c"
      local can, why = files.run(own .. " 'ip link set lo up && ip addr add 1.2.3.4/32 dev lo'")
      if not can then
        pending("no network of its own can be made here: " .. why:match "[^\n]*")
        return
      end
      local folder <close> = files.temporary()
      local path = folder.path .. "/main.lua"
      files.write(path, ("package.path, package.cpath = %q, %q\n%s"):format(package.path,
        package.cpath, [[
        local WebServer = require "support.web_server"
        local fetch = require "slack.fetch"
        require("slack.tasks").run(function()
          local server
          server = WebServer.start(function(request)
            if request.target == "/away" then
              return 302, "", { "Location", server.url }
            end
            return 200, "the Internet"
          end, { host = "0.0.0.0" })
          local url = server.url:gsub("//[^:]*", "//1.2.3.4")
          local options = { public = true, insecure = true, proxy = "" }
          print(fetch(url, options).body)
          print(fetch(url .. "/away", options))
          print(fetch(url .. "/away", { insecure = true, proxy = "" }).body)
          os.exit(0, false)
        end)]]))
      local _, output = files.run(("%s 'ip link set lo up; ip addr add 1.2.3.4/32 dev lo; %s %s'")
        :format(own, child.interpreter(), path))
      assert.matches("^the Internet\nnil\tGET 127.0.0.1:%d+/: its address.*\nthe Internet\n$",
        output)
    end)
  end)

  describe("a redirect", function()
    -- Answers each path of the table by status and location, others by 200.
    local function start(redirects)
      local started = WebServer.start(function(request)
        local found = redirects[request.target]
        if found then
          return found[1], "", { "Location", found[2] }
        end
        return 200, "arrived"
      end)
      return started
    end

    it("is followed, relative or absolute", function()
      server = start { ["/a"] = { 301, "/b" } }
      other = start { ["/c"] = { 302, server.url .. "/a" } }
      local response = assert(fetch(other.url .. "/c"))
      assert.same({ "arrived", server.url .. "/b" }, { response.body, response.url })
    end)

    for _, case in ipairs {
      { 301, "POST", "GET", "" }, { 302, "POST", "GET", "" }, { 303, "PUT", "GET", "" },
      { 307, "POST", "POST", "data" }, { 308, "PUT", "PUT", "data" }, { 302, "PUT", "PUT", "data" },
    } do
      it(("with %d turns %s into %s"):format(case[1], case[2], case[3]), function()
        server = start { ["/a"] = { case[1], "/b" } }
        assert(fetch(server.url .. "/a", {
          method = case[2], body = "data", headers = { ["Content-Type"] = "text/plain" },
        }))
        local last = server.requests[2]
        assert.same({ case[3], case[4], case[4] ~= "" and "text/plain" or nil },
          { last.method, last.body, last.headers["content-type"] })
      end)
    end

    it("with 307 sends a file again, and cannot do so with what a function gave S248", function()
      server = start { ["/a"] = { 307, "/b" } }
      local folder <close> = files.temporary()
      files.write(folder.path .. "/body", "data")
      assert(fetch(server.url .. "/a", { body = { file = folder.path .. "/body" } }))
      assert.equal("data", server.requests[2].body)
      local given = { "data" }
      local response, err = fetch(server.url .. "/a", {
        body = function() return table.remove(given, 1) end,
      })
      assert.is_nil(response)
      assert.same({ "redirect", 307 }, { err.code, err.status })
      assert.matches("^POST %S+/a: .*a body that a function gave cannot be sent again", err.message)
    end)

    it("with 303 leaves a function's body behind", function()
      server = start { ["/a"] = { 303, "/b" } }
      local given = { "data" }
      assert(fetch(server.url .. "/a", { body = function() return table.remove(given, 1) end }))
      assert.same({ "GET", "" }, { server.requests[2].method, server.requests[2].body })
    end)

    it("leads to a sink or a stream like any answer", function()
      server = start { ["/a"] = { 302, "/b" } }
      local got = ""
      local response = assert(fetch(server.url .. "/a", {
        sink = function(bytes) got = got .. bytes end,
      }))
      assert.same({ "arrived", server.url .. "/b" }, { got, response.url })
      response = assert(fetch(server.url .. "/a", { stream = true }))
      assert.same({ "arrived", server.url .. "/b" }, { response:read "a", response.url })
    end)

    it("keeps credentials for the same host", function()
      server = start { ["/a"] = { 302, "/b" } }
      assert(fetch(server.url .. "/a", { headers = { Authorization = "Bearer x" } }))
      assert.equal("Bearer x", server.requests[2].headers.authorization)
    end)

    it("takes no credentials to another host", function()
      server = start {}
      other = start { ["/a"] = { 302, server.url .. "/b" } }
      assert(fetch(other.url .. "/a", {
        headers = { Authorization = "Bearer x", COOKIE = "c=1", ["X-Kept"] = "yes" },
      }))
      local got = server.requests[1].headers
      assert.same({ nil, nil, "yes" }, { got.authorization, got.cookie, got["x-kept"] })
      assert.equal("Bearer x", other.requests[1].headers.authorization)
    end)

    it("is followed ten times and no further", function()
      server = start { ["/loop"] = { 302, "/loop" } }
      local response, err = fetch(server.url .. "/loop")
      assert.is_nil(response)
      assert.same({ "redirect", 302 }, { err.code, err.status })
      assert.equal(11, #server.requests)
    end)

    it("is not followed when that is switched off", function()
      server = start { ["/a"] = { 302, "/b" } }
      local response = assert(fetch(server.url .. "/a", { follow = false }))
      assert.same({ 302, server.url .. "/b" }, { response.status, response.redirect })
    end)

    it("does not lead to plain text, files or other hosts in plain text", function()
      server = WebServer.start(function(request)
        return 302, "", { "Location", request.target:match "^/%?(.*)$" }
      end, { tls = { names = "IP:127.0.0.1" } })
      other = start {}
      local _, err = fetch(server.url .. "/?" .. other.url, { ca_file = server.ca_file })
      assert.equal("redirect", err.code)
      assert.equal(0, #other.requests)
      _, err = fetch(server.url .. "/?file:///etc/passwd", { ca_file = server.ca_file })
      assert.equal("redirect", err.code)
      local plain <close> = start { ["/a"] = { 302, "http://elsewhere.example/" } }
      _, err = fetch(plain.url .. "/a")
      assert.equal("invalid_url", err.code)
    end)

    it("does not give more time than there is, waiting for a turn included", function()
      local made <close> = made_up_http.start(function(_, number)
        return number < 4 and 302 or 200, "", { location = "https://127.0.0.1/" .. number }
      end, { latency = 1 })
      local response = tasks.run(fetch, "https://127.0.0.1/0", { timeout = 10 })
      assert.equal(200, response.status)
      for i, request in ipairs(made.requests) do
        assert.same({ 11 - i, 11 - i }, { request.timeout, request.deadline })
      end
    end)
  end)
end)
