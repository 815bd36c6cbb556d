-- Servers that misbehave, each at some stage: every call ends with its error in time, and
-- those after it go on as if nothing had been. What else may break a connection is in the
-- specs of http_client (certificates, names, used connections) and http2.
local OwnClient = require "support.own_client"
local ScriptedServer = require "support.scripted_server"
local Client = require "slack.client"
local core = require "slack.core"
local footprint = require "support.footprint"

local HEAD <const> = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
local GOOD <const> = HEAD .. 'Content-Length: 11\r\n\r\n{"ok":true}'

local text = ScriptedServer.text

local function send(bytes)
  return "send " .. text(bytes)
end

local PATIENCE <const> = 30 -- seconds within which each must have ended, however busy the machine

---@class spec.Fault
---@field does string what the server does
---@field steps string[]
---@field code string
---@field message string
---@field settings table? of the request
---@field url string? its scheme
---@field dead integer? connections that are kept though they are of no use

---@type spec.Fault[]
local FAULTS <const> = {
  -- Resets.
  { does = "resets the connection before it reads", steps = { "pause 20", "reset" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "resets it after it has read the request", steps = { "read", "reset" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "resets it within the status line", steps = { "read", "send HTTP/1.1 2", "reset" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "resets it within the head", steps = { "read", send(HEAD), "pause 20", "reset" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "resets it within the body",
    steps = { "read", send(HEAD .. 'Content-Length: 100\r\n\r\n{"ok"'), "pause 20", "reset" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "resets it within a TLS handshake", steps = { "pause 20", "reset" }, url = "https",
    code = "connection", message = "no connection" },
  -- Ends.
  { does = "ends the connection without a word", steps = { "read" },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "ends it within the head", steps = { "read", send(HEAD) },
    dead = 1, -- libcurl finds that out when it looks for a connection next
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "ends it within a chunk",
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\n20\r\n{\"ok\"") },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  -- Stalls.
  { does = "never answers", steps = { "read", "hang" }, settings = { timeout = 0.15 },
    code = "timeout", message = "after %d+%.%d s while waiting for the answer" },
  { does = "stalls within the head", steps = { "read", send(HEAD), "hang" },
    settings = { timeout = 0.15 }, code = "timeout", message = "while the answer came in" },
  { does = "stalls within the body",
    steps = { "read", send(HEAD .. 'Content-Length: 100\r\n\r\n{"ok"'), "hang" },
    settings = { idle_timeout = 0.15 }, code = "timeout",
    message = "nothing came or went for %d+%.%d s while the answer came in %(idle_timeout%)" },
  { does = "never answers a TLS handshake", steps = { "hang" }, url = "https",
    settings = { connect_timeout = 0.15 }, code = "timeout_unsent",
    message = "after %d+%.%d s while [%a ]+ %(connect_timeout%)" },
  { does = "dribbles a body for longer than there is time",
    steps = { "read", send(HEAD .. "Content-Length: 1000\r\n\r\n"), "slow 20 " .. ("x"):rep(999) },
    settings = { timeout = 0.15, idle_timeout = 5 }, code = "timeout",
    message = "while the answer came in" },
  { does = "dribbles a head for longer than there is time",
    steps = { "read", "slow 20 " .. text(HEAD) }, settings = { timeout = 0.15 },
    code = "timeout", message = "while waiting for the answer" },
  -- Lies.
  { does = "promises a longer body than it sends",
    steps = { "read", send(HEAD .. 'Content-Length: 12\r\n\r\n{"ok":true}') },
    code = "interrupted", message = "the connection broke before the answer was whole" },
  { does = "promises a body of less than nothing",
    steps = { "read", send(HEAD .. 'Content-Length: -5\r\n\r\n{"ok":true}') },
    code = "interrupted", message = "Invalid Content%-Length" },
  { does = "sends a chunk of no length",
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), "hang" },
    code = "interrupted", message = "the answer was whole" },
  { does = "calls what it sends gzip", steps = { "read",
    send(HEAD .. 'Content-Encoding: gzip\r\nContent-Length: 11\r\n\r\n{"ok":true}'), "hang" },
    code = "interrupted", message = "the answer is no proper HTTP" },
  -- Floods.
  { does = "sends a body of 100 MB",
    steps = { "read", send(HEAD .. "Content-Length: 104857600\r\n\r\n"),
      "repeat 102400 " .. ("x"):rep(1024) },
    settings = { max_response = 1 << 20 },
    code = "too_large", message = "the response body is larger than 1048576 bytes" },
  { does = "sends a body without an end", steps = { "read", send(HEAD .. "\r\n"),
    "repeat 0 " .. ("x"):rep(16384) }, -- over what is usual
    code = "too_large", message = "the response body is larger than 67108864 bytes" },
  { does = "announces a body of 1 GB, and sends it",
    steps = { "read", send(HEAD .. "Content-Length: 1073741824\r\n\r\n"),
      "repeat 65536 " .. ("x"):rep(16384) },
    settings = { max_response = 1 << 20 },
    code = "too_large", message = "the response body is larger than 1048576 bytes" },
  { does = "announces a body beyond all measure, and sends none", settings = { timeout = 0.3 },
    steps = { "read", send(HEAD .. "Content-Length: 99999999999999999999999\r\n\r\n"), "hang" },
    code = "timeout", message = "while the answer came in" },
  { does = "sends chunks without an end",
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\n"),
      "repeat 0 " .. text("4000\r\n" .. ("x"):rep(16384) .. "\r\n") },
    settings = { max_response = 1 << 20 },
    code = "too_large", message = "the response body is larger than 1048576 bytes" },
  { does = "sends a chunk of more bytes than there are",
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
      "hang" },
    code = "interrupted", message = "the answer was whole" },
  { does = "sends an extension of a chunk without an end", settings = { timeout = 0.3 },
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\n5;"),
      "repeat 0 " .. ("x"):rep(1024) },
    code = "timeout", message = "while the answer came in" },
  { does = "sends trailers without an end",
    steps = { "read", send(HEAD .. "Transfer-Encoding: chunked\r\n\r\n0\r\n"),
      "repeat 0 " .. text("X-Again: " .. ("x"):rep(90) .. "\r\n") },
    code = "too_large", message = "the response head is larger than 256 KiB" },
  { does = "sends headers without an end",
    steps = { "read", send(HEAD), "repeat 0 " .. text("X-Again: " .. ("x"):rep(90) .. "\r\n") },
    code = "too_large", message = "the response head is larger than 256 KiB" },
  { does = "sends a header line without an end",
    steps = { "read", send(HEAD .. "X-Long: "), "repeat 0 " .. ("x"):rep(1024) },
    code = "too_large", message = "the response head is larger than" },
  { does = "sends interim responses without an end",
    steps = { "read", "repeat 0 " .. text "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" },
    code = "too_large", message = "the response head is larger than 256 KiB" },
  -- No HTTP at all.
  { does = "sends garbage", steps = { "read", send("\0\1\2\255garbage\r\n\r\n"), "hang" },
    code = "interrupted", message = "the answer is no proper HTTP" },
  { does = "greets like a mail server", steps = { send "220 mail ESMTP\r\n", "read", "hang" },
    code = "interrupted", message = "the answer is no proper HTTP" },
  { does = "speaks plain HTTP where TLS is wanted", steps = { send(GOOD), "hang" }, url = "https",
    code = "tls", message = "the TLS connection was refused" },
}

describe("web_api faults: a server that", function()
  local own, good, bad

  setup(function()
    good = ScriptedServer.start { "read", send(GOOD), "hang" }
  end)

  teardown(function()
    good:stop()
  end)

  before_each(function()
    own = OwnClient.new()
  end)

  after_each(function()
    own:close()
    if bad then
      bad:stop()
      bad = nil
    end
  end)

  local function post(url, settings)
    local request = { method = "POST", url = url, body = "channel=C1&text=hi", timeout = 20 }
    for name, value in pairs(settings or {}) do
      request[name] = value
    end
    own:request(request)
    local _, _, _, response, message, code = own:next()
    return response, message, code
  end

  local function assert_works(server)
    local response, message = post(server.url)
    assert(response, message)
    assert.equal('{"ok":true}', response.body)
  end

  -- Nothing is under way, and what goes wrong leaves no connection that could be used again.
  local function assert_idle(connections)
    local stats = own.client:stats()
    assert.same({ 0, 0 }, { stats.running, stats.waiting })
    assert.is_true(stats.connections <= connections, stats.connections)
  end

  for _, fault in ipairs(FAULTS) do
    it(fault.does, function()
      bad = ScriptedServer.start(fault.steps)
      local url = fault.url and bad.url:gsub("^http", fault.url) or bad.url
      local before = core.monotonic()
      local response, message, code = post(url, fault.settings)
      assert.is_nil(response)
      assert.matches(fault.message, message)
      assert.equal(fault.code, code, message)
      assert.is_true(core.monotonic() - before < PATIENCE)
      assert.is_true(bad:count() <= 1) -- nothing is posted twice
      assert_idle(fault.dead or 0)
      assert_works(good)
      assert_idle(1 + (fault.dead or 0))
    end)
  end

  it("falls silent meets a client's own times", function()
    bad = ScriptedServer.start { "hang" }
    local function call(url, name)
      local client = Client.new {
        token = "xoxb-1", api_url = url, retries = 0, log = "off", proxy = "", [name] = 0.1,
      }
      local answer, err = client:call "auth.test"
      assert.is_nil(answer)
      assert.equal("timeout", err.code)
      assert.matches(name, err.message, 1, true)
      assert.is_true(tonumber(err.message:match " ([%d.]+) s while") < 20) -- of the 30 in all
    end
    call(bad.url .. "/", "idle_timeout")
    call(bad.url:gsub("^http", "https") .. "/", "connect_timeout")
  end)

  it("refuses a certificate in TLS's own words gets no request", function()
    bad = ScriptedServer.start_tls { "read", send(GOOD), "hang" }
    local _, message, code = post(bad.url) -- of an authority that nobody knows
    assert.equal("tls", code, message)
    assert.equal(0, bad:count())
    assert_idle(0)
    assert_works(good)
  end)

  it("dribbles but goes on is waited for", function()
    bad = ScriptedServer.start { "read", "slow 2 " .. text(GOOD), "hang" }
    local response = assert(post(bad.url, { idle_timeout = 5 }))
    assert.equal('{"ok":true}', response.body)
  end)

  it("sends interim responses first is understood", function()
    bad = ScriptedServer.start {
      "read", send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" .. GOOD), "hang",
    }
    local response = assert(post(bad.url))
    assert.same({ 200, '{"ok":true}' }, { response.status, response.body })
    assert.is_nil(response.headers:find("Link", 1, true))
  end)

  it("sends more than it promised has the rest ignored, also by the next call", function()
    local steps = { "read", send(GOOD .. '{"ok":false}'), "hang" }
    bad = ScriptedServer.start(steps, steps)
    assert_works(bad)
    assert_works(bad)
    assert.equal(2, bad:count())
  end)

  it("says that it closes each connection gets every call on a new one", function()
    bad = ScriptedServer.start { "read", send((GOOD:gsub("\r\n", "%0Connection: close\r\n", 1))) }
    for _ = 1, 10 do
      assert_works(bad)
    end
    assert.equal(10, bad:count())
  end)

  it("closes connections that are not in use loses no call", function()
    bad = ScriptedServer.start { "read", send(GOOD), "pause 10" }
    for _ = 1, 5 do
      assert_works(bad)
      os.execute "sleep 0.05"
    end
    assert.equal(5, bad:count())
  end)

  it("does all that leaves no thread and no descriptor behind", function()
    bad = ScriptedServer.start({ "read", "reset" }, { "read", send(HEAD) },
      { "read", send "garbage\r\n\r\n" }, { "read", "hang" })
    footprint.rounds(4, function()
      local client <close> = OwnClient.new()
      for _ = 1, 4 do
        client:request { url = bad.url, timeout = 0.05 }
        client:next()
      end
    end)
  end)
end)

describe("web_api faults: a proxy that", function()
  local CONNECTED <const> = send "HTTP/1.1 200 OK\r\n\r\n"

  ---@type spec.Fault[]
  local OF_PROXIES <const> = {
    { does = "cannot reach the server", steps = { "read", send "HTTP/1.1 502 Bad Gateway\r\n\r\n" },
      code = "proxy", message = "answered CONNECT with status 502$" },
    { does = "wants credentials and says so without an end", steps = { "read",
      send "HTTP/1.1 407 Authenticate\r\n\r\n", "repeat 0 " .. ("x"):rep(1024) },
      code = "proxy", message = "status 407: it wants credentials" },
    { does = "resets the connection", steps = { "read", "reset" },
      code = "connection", message = "no connection through the proxy" },
    { does = "ends the connection", steps = { "read" },
      code = "connection", message = "no connection through the proxy" },
    { does = "answers with garbage", steps = { "read", send "\0\1garbage\r\n\r\n", "hang" },
      code = "connection", message = "no connection through the proxy" },
    { does = "never answers", steps = { "read", "hang" }, settings = { timeout = 0.15 },
      code = "timeout_unsent", message = "after %d+%.%d s while connecting" },
    { does = "sends headers without an end",
      steps = { "read", send "HTTP/1.1 200 OK\r\n", "repeat 0 " .. text "X-A: again\r\n" },
      code = "connection", message = "no connection through the proxy" },
    { does = "sends a line without an end",
      steps = { "read", send "HTTP/1.1 200 OK\r\nX: ", "repeat 0 " .. ("x"):rep(1024) },
      code = "connection", message = "no connection through the proxy" },
    { does = "answers in the server's place", steps = { "read", CONNECTED, send(GOOD), "hang" },
      code = "tls", message = "the TLS connection was refused" },
    { does = "loses the server in the TLS handshake",
      steps = { "read", CONNECTED, "pause 20", "reset" },
      code = "connection", message = "no connection through the proxy" },
  }

  for _, fault in ipairs(OF_PROXIES) do
    it(fault.does .. " lets nothing be sent", function()
      local proxy <close> = ScriptedServer.start(fault.steps)
      local own <close> = OwnClient.new { proxy = proxy.url }
      own:request {
        method = "POST", url = "https://slack.invalid/api/chat.postMessage", body = "text=secret",
        timeout = fault.settings and fault.settings.timeout or 20,
      }
      local _, _, _, response, message, code = own:next()
      assert.is_nil(response)
      assert.equal(fault.code, code, message)
      assert.matches(fault.message, message)
      assert.is_true(proxy:count() <= 1) -- CONNECT
      local stats = own.client:stats()
      assert.same({ 0, 0, 0 }, { stats.running, stats.waiting, stats.connections })
    end)
  end
end)
