local WebServer = require "support.web_server"
local clients = require "slack.client"
local files = require "support.files"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

local BYTES <const> = "\0\1\2 bytes of every kind \255\r\n"

describe("client:download", function()
  local function with_file(name, fn)
    it(name, function()
      tasks.run(function()
        local here <close> = assert(sandbox.start())
        local client = slack.client {
          token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
        }
        local shown = assert(client:upload { content = BYTES, filename = "a.bin" })
        fn(client, client.files.info({ file = shown.id }).file, here)
      end)
    end)
  end

  with_file("gives the bytes of a file, by its URL, its fields or its id", function(client, file)
    assert.equal(BYTES, client:download(file.url_private))
    assert.equal(BYTES, client:download(file))
    assert.equal(BYTES, client:download(file.id))
    assert.equal(BYTES, client:download { id = file.id, file_access = "check_file_info" })
  end)

  with_file("writes it to a path, where it is when it is whole", function(client, file)
    local directory <close> = files.temporary()
    local path = directory.path .. "/a.bin"
    assert.equal(#BYTES, client:download(file, path))
    assert.equal(BYTES, files.read(path))
    assert.equal(1, #files.list(directory.path, ""))
  end)

  with_file("passes it on to a function, or to an open file", function(client, file)
    local parts = {}
    assert.equal(#BYTES, client:download(file, function(bytes)
      table.insert(parts, bytes)
      tasks.sleep(0)
    end))
    assert.equal(BYTES, table.concat(parts))
    local directory <close> = files.temporary()
    local path = directory.path .. "/a.bin"
    do
      local handle <close> = assert(io.open(path, "wb"))
      assert.equal(#BYTES, client:download(file, handle))
    end
    assert.equal(BYTES, files.read(path))
  end)

  with_file("lets functions make calls, with as many at once as there are", function(_, file, here)
    local client = slack.client {
      token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
      max_requests = 1,
    }
    local downloads = {}
    for i = 1, 8 do
      downloads[i] = function()
        return client:download(file, function() assert(client.auth.test()) end)
      end
    end
    assert.equal(8, #assert(tasks.timeout(10, tasks.all, downloads)))
  end)

  with_file("says that the scope files:read is missing", function(client, file, here)
    local directory <close> = files.temporary()
    local path = directory.path .. "/a.bin"
    local other = here:grant { user = "ada", scopes = {}, user_scopes = { "chat:write" } }
    local bytes, err = client:download(file, path, { token = other.user_token })
    assert.is_nil(bytes)
    assert.same({ "no_access", "files:read" }, { err.code, err.needed })
    assert.matches("client:download: Slack shows its page to sign in .* scope files:read",
      tostring(err))
    assert.same({}, files.list(directory.path, ""))
  end)

  with_file("says that a file was deleted", function(client, file)
    client.files.delete { file = file.id }
    local _, err = client:download(file)
    assert.same({ "download_failed", 404 }, { err.code, err.status })
    assert.matches("client:download: status 404: .* deleted", tostring(err))
    assert.equal("file_deleted", select(2, client:download(file.id)).code)
  end)

  with_file("goes on where the bytes go when those cannot be written", function(client, file)
    local _, err = client:download(file, "/nowhere/a.bin")
    assert.equal("file", err.code)
    assert.matches("/nowhere/a.bin", tostring(err))
    _, err = client:download(file, function() error "full" end)
    assert.equal("sink", err.code)
    assert.matches("full", tostring(err))
    assert.equal(BYTES, client:download(file))
  end)

  it("reads in a handler what somebody has shared", function()
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local app = slack.app {
        token = here.bot_token, app_token = here.app_token, api_url = here.api_url,
        ca_file = here.ca_file, log = "off",
      }
      app:message("count", function(c)
        c:say(#assert(c.client:download(c.message.files[1])) .. " bytes")
      end)
      assert(app:start())
      here:share { filename = "a.bin", content = BYTES, text = "count" }
      assert(here:wait_message { text = #BYTES .. " bytes" })
      app:stop()
    end)
  end)

  describe("from a server", function()
    local server, elsewhere

    after_each(function()
      server:stop()
      if elsewhere then
        elsewhere:stop()
        elsewhere = nil
      end
    end)

    local function start(handler, options)
      server = WebServer.start(handler)
      local all = {
        token = "xoxb-1", api_url = server.url .. "/api/", proxy = "", log = "off",
        retries = { count = 3, first_delay = 0.001 },
      }
      for name, value in pairs(options or {}) do
        all[name] = value
      end
      return clients.new(all), server.url .. "/files-pri/F1/a.bin"
    end

    it("waits no longer for a byte than idle_timeout says", function()
      local client, url = start(function() end, { idle_timeout = 0.05, timeout = 2, retries = 0 })
      local _, err = client:download(url)
      assert.equal("timeout", err.code)
      assert.matches("went for 0.1 s", tostring(err), 1, true)
    end)

    it("sends the token, and with a redirect to another server it stays behind", function()
      elsewhere = WebServer.start(function() return 200, BYTES end)
      local client, url = start(function(request)
        if request.target:find "^/files%-pri" then
          return 302, "", { "Location", "/moved" }
        end
        return 307, "", { "Location", elsewhere.url .. "/b" }
      end)
      assert.equal(BYTES, client:download(url))
      assert.equal("Bearer xoxb-1", server.requests[1].headers.authorization)
      assert.equal("Bearer xoxb-1", server.requests[2].headers.authorization)
      assert.is_nil(elsewhere.requests[1].headers.authorization)
    end)

    it("does not get the token back on a way over another server", function()
      local target
      elsewhere = WebServer.start(function() return 302, "", { "Location", target } end)
      local client, url = start(function(request)
        if request.target == "/back" then
          return 200, BYTES
        end
        return 302, "", { "Location", elsewhere.url }
      end)
      target = server.url .. "/back"
      assert.equal(BYTES, client:download(url))
      assert.is_nil(server.requests[2].headers.authorization)
    end)

    it("does not give the token to a server that leads on to itself", function()
      elsewhere = WebServer.start(function(request)
        if request.target == "/b" then
          return 302, "", { "Location", "/c" }
        end
        return 200, BYTES
      end)
      local client, url = start(function()
        return 302, "", { "Location", elsewhere.url .. "/b" }
      end)
      assert.equal(BYTES, client:download(url))
      assert.equal("/c", elsewhere.requests[2].target)
      assert.is_nil(elsewhere.requests[2].headers.authorization)
    end)

    it("follows none to plain text", function()
      server = WebServer.start(function() return 302, "", { "Location", elsewhere.url } end,
        { tls = { names = "IP:127.0.0.1" } })
      elsewhere = WebServer.start(function() return 200, BYTES end)
      local client = clients.new {
        token = "xoxb-1", api_url = server.url .. "/api/", proxy = "", log = "off",
        ca_file = server.ca_file,
      }
      local bytes, err = client:download(server.url .. "/files-pri/F1/a.bin")
      assert.is_nil(bytes)
      assert.equal("redirect", err.code)
      assert.equal(0, #elsewhere.requests)
    end)

    it("follows five redirects and no more", function()
      local client, url = start(function() return 302, "", { "Location", "/again" } end)
      local _, err = client:download(url)
      assert.equal("redirect", err.code)
      assert.equal(6, #server.requests)
    end)

    for name, location in pairs {
      ["with the way back"] = "/?redir=%2Ffiles-pri%2FF1", ["at the root"] = "/",
      ["to sign in"] = "/signin#/signin",
    } do
      it("knows a redirect to the page to sign in: " .. name, function()
        local client, url = start(function() return 302, "", { "Location", location } end)
        assert.equal("no_access", select(2, client:download(url)).code)
        assert.equal(1, #server.requests)
      end)
    end

    it("takes no page for a file, unless the file is one", function()
      local client, url = start(function()
        return 200, "<html>Sign in</html>", { "Content-Type", "text/html; charset=utf-8" }
      end)
      assert.equal("no_access", select(2, client:download(url)).code)
      local page = { url_private = url, mimetype = "text/html" }
      assert.equal("<html>Sign in</html>", client:download(page))
      assert.equal("<html>Sign in</html>", client:download((url:gsub("bin$", "html"))))
    end)

    it("takes what is to be kept for a file", function()
      local client, url = start(function()
        return 200, "<html>", { "Content-Type", "text/html",
          "Content-Disposition", 'attachment; filename="a"' }
      end)
      assert.equal("<html>", client:download(url))
    end)

    it("refuses more bytes than are wanted", function()
      local client, url = start(function() return 200, ("x"):rep(1000) end)
      for _, to in ipairs { false, function() end, "/dev/shm/never" } do
        local bytes, err = client:download(url, to or nil, { max_bytes = 999 })
        assert.same({ nil, "too_large" }, { bytes, err.code })
      end
      assert.equal(1000, #client:download(url, nil, { max_bytes = 1000 }))
      assert.is_nil(io.open "/dev/shm/never")
    end)

    it("tells how far it is", function()
      local client, url = start(function() return 200, ("x"):rep(300000) end)
      local last, total = 0, nil
      client:download(url, function() end, {
        progress = function(received, all)
          assert.is_true(received >= last)
          last, total = received, all
        end,
      })
      assert.same({ 300000, 300000 }, { last, total })
    end)

    it("asks again where it may: after 5xx, lost connections and too many", function()
      local client, url = start(function()
        local number = #server.requests
        if number == 1 then
          return 503, "busy"
        elseif number == 2 then
          return 0
        elseif number == 3 then
          return 429, "", { "Retry-After", "0" }
        end
        return 200, BYTES
      end)
      local parts = {}
      assert.equal(#BYTES, client:download(url, function(bytes) table.insert(parts, bytes) end))
      assert.equal(BYTES, table.concat(parts))
      assert.equal(4, #server.requests)
    end)

    it("asks no second time when the function has failed (S248)", function()
      local client, url = start(function() return 200, BYTES end)
      local _, err = client:download(url, function() return nil, "no room" end)
      assert.equal("sink", err.code)
      assert.matches("no room", tostring(err))
      assert.equal(1, #server.requests)
    end)

    it("leaves no half file, and what was there before as it was", function()
      local directory <close> = files.temporary()
      local path = directory.path .. "/a.bin"
      files.write(path, "old")
      local client, url = start(function() return 500, "broken" end, { retries = 0 })
      local _, err = client:download(url, path)
      assert.same({ "download_failed", 500 }, { err.code, err.status })
      assert.equal("old", files.read(path))
      while #files.list(directory.path, "") > 1 do -- its thread is about to remove it
        tasks.sleep(0.001)
      end
    end)

    it("fails when nothing arrives for as long as its timeout", function()
      local client, url = start(function() end, { retries = 0 })
      local _, err = client:download(url, nil, { timeout = 0.05 })
      assert.equal("timeout", err.code)
      assert.matches("client:download: ", tostring(err))
    end)

    it("ends with its task", function()
      local asked = false
      local client, url = start(function() asked = true end)
      tasks.run(function()
        local count = require("slack.http").count_new()
        local task = tasks.spawn(function() client:download(url) end)
        while not asked do
          tasks.sleep(0.001)
        end
        assert.equal(1, count())
        task:cancel()
        task:join()
        assert.equal(0, count())
      end)
    end)
  end)

  describe("of a URL", function()
    -- The proxy refuses what gets as far as a connection.
    local function code_of(url)
      local proxy <close> = WebServer.start(function() return 403 end)
      local client = clients.new {
        token = "xoxb-1", api_url = "https://corp.example:8443/api/", proxy = proxy.url,
        log = "off", retries = 0,
      }
      return select(2, client:download(url)).code, #proxy.requests
    end

    for _, url in ipairs {
      "https://files.slack.com/files-pri/T1-F1/a", "https://FILES.SLACK.COM/a",
      "https://slack.com/a", "https://files.slack-gov.com/a", "https://slack-files.com/a",
      "https://corp.example:8443/files/a",
    } do
      it("that is Slack's sends the token: " .. url, function()
        assert.equal("proxy", (code_of(url)))
      end)
    end

    for _, url in ipairs {
      "https://slack.com.evil.example/a", "https://evilslack.com/a", "http://files.slack.com/a",
      "https://files.slack.com@evil.example/a", "https://files.slack.com:1@evil.example/",
      "https://evil.example\\@slack.com/a", "https://slack.com\\.evil.example/a",
      "https://evil.example/?.slack.com", "https://evil.example#.slack.com",
      "https://files.slack.com:444/a", "https://docs.google.com/a", "https://corp.example/a",
      "https://slack.com%2eevil.example/", "https://slack.com\tevil.example/",
    } do
      it("that is not sends nothing: " .. url, function()
        assert.same({ "foreign_url", 0 }, { code_of(url) })
      end)
    end
  end)

  it("raises at the caller's line when it is misused", function()
    local client = clients.new { token = "xoxb-1" }
    for _, case in ipairs {
      { {}, "url_private, a file, or its id expected, got nil" },
      { { "files" }, "url_private, a file, or its id expected, got another text" },
      { { { name = "x" } }, "url_private, a file, or its id expected, got table" },
      { { "F1", 5 }, "a path, a function, an open file or nil expected, got number" },
      { { "F1", "" }, "the path is empty" },
      { { "F1", "x", 5 }, "a table of options expected, got number" },
      { { "F1", "x", { max_byte = 5 } }, 'unknown option "max_byte"; did you mean "max_bytes"?' },
      { { "F1", "x", { max_bytes = 0 } }, 'option "max_bytes": an integer of at least 1 expected' },
      { { "F1", "x", { token = "a\nb" } }, 'option "token": it has spaces or line ends in it' },
      { { "F1", "x", { progress = 5 } }, 'option "progress": function expected' },
    } do
      local ok, message = pcall(function() client:download(table.unpack(case[1], 1, 3)) end)
      assert.is_false(ok)
      assert.matches("web_api_download_spec.lua:%d+: client:download: ", message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("says that there is no token", function()
    local client = clients.new { api_url = "https://slack.com/api/" }
    client._options.token = nil
    assert.equal("not_authed", select(2, client:download "https://files.slack.com/a").code)
  end)
end)
