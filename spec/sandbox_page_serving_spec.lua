local RawClient = require "support.raw_client"
local files = require "support.files"
local json = require "slack.json"
local local_slack = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("the page's server", function()
  local here, port, secret

  local function served(name, fn)
    it(name, function()
      slack.run(function()
        local sandbox <close> = assert(local_slack.start { page = true })
        here, port, secret = sandbox, sandbox:page_url():match "^http://127%.0%.0%.1:(%d+)/(%x+)/$"
        fn()
      end)
    end)
  end

  -- Status, head and body of the answer to these lines.
  local function ask(line, headers, body)
    local client <close> = RawClient.connect(tonumber(port))
    local lines = { line .. " HTTP/1.1", "Connection: close" }
    headers = headers or { Host = "127.0.0.1:" .. port }
    for name, value in pairs(headers) do
      table.insert(lines, name .. ": " .. value)
    end
    table.insert(lines, "Content-Length: " .. #(body or ""))
    client:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
    while not client:has_ended() do
      tasks.sleep(0.005)
    end
    local head, answer = client:received():match "^(.-\r\n)\r\n(.*)$"
    return tonumber(head:match "^HTTP/1%.1 (%d+)"), head, answer
  end

  local function status(...)
    return (ask(...))
  end

  served("has an address with a secret that is new at each start", function()
    assert.equal(32, #secret)
    local other <close> = assert(local_slack.start { page = true })
    assert.not_equal(secret, other:page_url():match "/(%x+)/$")
  end)

  served("gives nothing away without the secret", function()
    for _, path in ipairs {
      "/", "/index.html", "/live", "/" .. secret:sub(1, -2), "/" .. secret .. "0/",
      "/" .. ("0"):rep(32) .. "/", "//" .. secret .. "/",
    } do
      assert.equal(404, status("GET " .. path))
    end
    assert.equal(404, status "POST /live")
  end)

  served("refuses other names for itself, as pages that have their name lead here use", function()
    for _, host in ipairs {
      "evil.example:" .. port, "evil.example", "127.0.0.1", "127.0.0.1:1",
      "127.0.0.1:" .. port .. "1", "localhost.evil.example:" .. port, "[::1]:" .. port, "",
    } do
      assert.equal(403, status("GET /" .. secret .. "/assets.lua", { Host = host }), host)
    end
    assert.equal(404, status("GET /" .. secret .. "/no.js", { Host = "localhost:" .. port }))
    assert.equal(404, status("GET /" .. secret .. "/no.js", { Host = "LOCALHOST:" .. port }))
  end)

  served("listens where this machine alone reaches it, as the rest of the local Slack", function()
    local function reaches(address, to)
      return os.execute(("bash -c ': </dev/tcp/%s/%d' 2>/dev/null"):format(address, to)) == true
    end
    for _, server in ipairs { here.page.server, here.server } do
      for _, to in ipairs { server:port(), server:websocket_port() } do
        assert.is_true(reaches("127.0.0.1", to))
        assert.is_false(reaches("127.0.0.2", to))
      end
    end
  end)

  served("refuses pages of other origins", function()
    local line = "POST /" .. secret .. "/live"
    for _, origin in ipairs {
      "http://evil.example", "null", "https://127.0.0.1:" .. port, "http://127.0.0.1",
      "http://127.0.0.1:1", "http://localhost:" .. port .. "/",
    } do
      assert.equal(403, status(line, { Host = "127.0.0.1:" .. port, Origin = origin }), origin)
    end
    assert.equal(200, status(line, {
      Host = "localhost:" .. port, Origin = "http://localhost:" .. port,
    }))
  end)

  served("leads on to the address with a slash at its end", function()
    local code, head = ask("GET /" .. secret)
    assert.equal(301, code)
    assert.truthy(head:find("Location: /" .. secret .. "/\r\n", 1, true))
  end)

  served("serves the page's files, and no others", function()
    for _, path in ipairs {
      "init.lua", "../init.lua", "..%2finit.lua", "acts/init.lua", ".html", "/etc/passwd",
      "x/../../../rtm.lua", "no.html", "%69ndex.html",
    } do
      assert.equal(404, status("GET /" .. secret .. "/" .. path), path)
    end
  end)

  served("serves every file that the page needs, as what it is", function()
    local kinds = {
      html = "text/html; charset=utf-8", css = "text/css; charset=utf-8",
      js = "text/javascript; charset=utf-8", svg = "image/svg+xml", json = "application/json",
    }
    local code, head, body = ask("GET /" .. secret .. "/")
    assert.equal(200, code)
    assert.truthy(head:find("Content-Type: text/html; charset=utf-8\r\n", 1, true))
    assert.equal(files.read "lua/slack/sandbox/page/index.html", body)
    for _, path in ipairs(files.list("lua/slack/sandbox/page", "%.%w+$")) do
      local name, ending = path:match "([^/]+%.(%w+))$"
      local response = assert(slack.fetch(here:page_url() .. name))
      assert.equal(kinds[ending] and 200 or 404, response.status, name)
      assert.equal(kinds[ending] or "text/plain; charset=utf-8", response.headers["content-type"])
    end
    local _, _, nothing = ask("HEAD /" .. secret .. "/index.html")
    assert.equal("", nothing)
  end)

  served("says in each answer what browsers may do with it", function()
    local code, head = ask("GET /" .. secret .. "/no.html")
    assert.equal(404, code)
    local wport = here.page.server:websocket_port()
    for _, line in ipairs {
      "Content-Security-Policy: default-src 'self'; img-src 'self' data: https:; connect-src 'self'"
        .. (" ws://127.0.0.1:%d ws://localhost:%d;"):format(wport, wport),
      "frame-ancestors 'none'", "Referrer-Policy: no-referrer\r\n",
      "X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n",
      "Cross-Origin-Resource-Policy: same-origin\r\n",
    } do
      assert.truthy(head:find(line, 1, true), head)
    end
  end)

  served("takes GET and HEAD for files, POST for a WebSocket", function()
    for _, method in ipairs { "POST", "PUT", "DELETE", "OPTIONS" } do
      local code, head = ask(method .. " /" .. secret .. "/index.html")
      assert.equal(405, code)
      assert.truthy(head:find("Allow: GET, HEAD\r\n", 1, true))
    end
    local code, head = ask("GET /" .. secret .. "/live")
    assert.equal(405, code)
    assert.truthy(head:find("Allow: POST\r\n", 1, true))
  end)

  served("gives a URL for one WebSocket, at the name that was asked", function()
    local _, _, body = ask("POST /" .. secret .. "/live", { Host = "localhost:" .. port }, "{}")
    assert.matches("^ws://localhost:%d+/page/%x+$", json.decode(body).url)
    assert.equal(400, status("POST /" .. secret .. "/live", nil, "nonsense"))
    assert.equal(400, status("POST /" .. secret .. "/live", nil, "7"))
  end)

  served("lets nobody in with a URL that was used, or was made up", function()
    local frames = require "support.frames"
    local _, _, body = ask("POST /" .. secret .. "/live")
    local wport, target = json.decode(body).url:match ":(%d+)(/.*)$"
    local function first_line(path)
      local client <close> = RawClient.connect(tonumber(wport))
      client:send(frames.upgrade(path))
      while not client:received():find "\r\n" do
        tasks.sleep(0.005)
      end
      return client:received():match "^HTTP/1%.1 (%d+)"
    end
    assert.equal("403", first_line(target .. "0"))
    assert.equal("101", first_line(target))
    assert.equal("403", first_line(target))
    assert.equal("403", first_line "/page/")
  end)

  served("gives shared files: pictures to look at, all else to keep", function()
    local function share(name, content)
      local message = here:share { filename = name, content = content }
      local code, head, body = ask(("GET /%s/files/%s"):format(secret, message.files[1].id))
      assert.equal(200, code)
      assert.equal(content, body)
      assert.truthy(head:find("Content-Security-Policy: default-src 'none'; sandbox\r\n", 1, true))
      return head
    end
    local head = share("moon.png", "\x89PNG")
    assert.truthy(head:find("Content-Type: image/png\r\n", 1, true))
    assert.truthy(head:find("Content-Disposition: inline", 1, true))
    for _, name in ipairs { "page.html", "picture.svg", "x.js", "a\"\r\nb.png.exe" } do
      head = share(name, "<script>alert(1)</script>")
      assert.truthy(head:find("Content-Type: application/octet-stream\r\n", 1, true))
      assert.truthy(head:find("Content-Disposition: attachment; ", 1, true))
    end
    assert.equal(404, status(("GET /%s/files/F0NONE"):format(secret)))
    assert.equal(404, status(("GET /%s/files/"):format(secret)))
  end)

  served("tells of a port that is in use whose it was to be", function()
    local other, message, code = local_slack.start { page = { port = tonumber(port) } }
    assert.is_nil(other)
    assert.matches("^the page: .*" .. port, message)
    assert.equal("address_in_use", code)
  end)

  it("is there only when it is wanted", function()
    slack.run(function()
      local without <close> = assert(local_slack.start {})
      assert.is_nil(without:page_url())
    end)
  end)

  it("names what is wrong with its option", function()
    for value, text in pairs {
      [7] = "option 'page': true or a table with port expected, got number",
      [{ port = "x" }] = 'option \'page\': field "port": a port from 0 to 65535 expected',
      [{ prot = 1 }] = "option 'page': unknown field \"prot\"; port is what it has",
    } do
      assert.error_matches(function() local_slack.start { page = value } end, text, 1, true)
    end
  end)
end)
