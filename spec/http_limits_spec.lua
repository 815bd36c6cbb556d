-- What a client may not do to an http_server, and what it costs. Slow, half-closed
-- and very many clients are in spec/unit/http_server_test.c.
local RawClient = require "support.raw_client"
local core = require "slack.core"

local PATIENCE <const> = 60

describe("http_server's limits", function()
  local mailbox, poller, log, server, requests, lines, clients

  local function take_all()
    local function handle(source, kind, ...)
      if kind == "request" then
        requests[#requests + 1] = (...)
      elseif kind == "log" then
        lines[#lines + 1] = select(3, ...)
      end
      return source
    end
    while handle(mailbox:take()) do end
  end

  local function wait(condition, what)
    local deadline = core.monotonic() + PATIENCE
    repeat
      take_all()
      local value = condition()
      if value then
        return value
      end
      poller:wait(0.005, {})
    until core.monotonic() > deadline
    error(("waited in vain for %s"):format(what), 2)
  end

  local function start(settings)
    settings.mailbox, settings.source, settings.log = mailbox, 1, log
    server = assert(core.http_server(settings))
  end

  local function connect()
    local client = RawClient.connect(server:port())
    clients[#clients + 1] = client
    return client
  end

  local function received(client, text)
    wait(function() return client:received():find(text, 1, true) end, text)
  end

  local function ended(client)
    wait(function() return client:has_ended() end, "the end")
  end

  local function request(position)
    return wait(function() return requests[position] end, "request " .. position)
  end

  before_each(function()
    mailbox, poller = core.mailbox(), core.poller()
    poller:add(mailbox:fd())
    log = core.log(mailbox, 2, "debug")
    requests, lines, clients = {}, {}, {}
  end)

  after_each(function()
    if server then
      server:close()
      server = nil
    end
    for _, client in ipairs(clients) do
      client:close()
    end
    poller:close()
    mailbox:close()
  end)

  it("answers 408 when a head or a body does not come in time, and counts it", function()
    start { head_timeout = 1, body_timeout = 1 }
    local head, body = connect(), connect()
    head:send "GET / HT"
    body:send "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"
    ended(head)
    ended(body)
    assert.truthy(head:received():find("^HTTP/1.1 408 Request Timeout\r\n"))
    assert.truthy(body:received():find("^HTTP/1.1 408 Request Timeout\r\n"))
    assert.are.equal(2, server:stats().refused["408"])
    assert.are.equal(0, #requests)
  end)

  it("closes an idle connection without a word", function()
    start { idle_timeout = 1 }
    local client = connect()
    ended(client)
    assert.are.equal("", client:received())
  end)

  it("answers 503 with Retry-After when too many wait, and keeps the connection", function()
    start { max_requests = 1 }
    local first, second = connect(), connect()
    first:send "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
    local number = request(1)
    second:send "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
    received(second, "HTTP/1.1 503 Service Unavailable\r\n")
    assert.truthy(second:received():find("\r\nRetry-After: 1\r\n", 1, true))
    assert.are.equal(1, server:stats().waiting)
    server:respond(number, 200, nil, "done")
    received(first, "done")
    second:send "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
    server:respond(request(2), 200, nil, "now it fits")
    received(second, "now it fits")
    assert.are.equal(1, server:stats().refused["503"])
  end)

  it("closes the connection that was idle longest for a new one", function()
    start { max_connections = 2 }
    local oldest, other = connect(), connect()
    wait(function() return server:stats().connections == 2 end, "both")
    other:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    local number = request(1)
    local newest = connect()
    ended(oldest)
    newest:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    server:respond(request(2), 200, nil, "welcome")
    received(newest, "welcome")
    server:respond(number, 200, nil, "still there")
    received(other, "still there")
    assert.are.equal(1, server:stats().connections_evicted)
  end)

  it("logs one line about many refusals of a kind, without what was sent", function()
    start {}
    for i = 1, 5 do
      local client = connect()
      client:send "xoxb-secret /path-of-theirs\r\n\r\n"
      ended(client)
      wait(function() return server:stats().refused["400"] == i end, "its count")
    end
    take_all()
    local text = table.concat(lines, "\n")
    local _, count = text:gsub("refused", "")
    assert.are.equal(1, count, text)
    assert.is_nil(text:find "secret" or text:find "theirs")
  end)

  it("tells how it is, and how it was", function()
    start {}
    local client = connect()
    client:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    request(1)
    assert.are.same({
      connections = 1, connections_accepted = 1, connections_evicted = 0,
      connections_refused = 0, requests = 1, waiting = 1,
      refused = {
        ["400"] = 0, ["408"] = 0, ["413"] = 0, ["431"] = 0, ["503"] = 0, other = 0,
      },
    }, server:stats())
  end)

  it("finishes what was begun, and lets nobody in any more", function()
    start {}
    local idle, busy = connect(), connect()
    busy:send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    local number = request(1)
    wait(function() return server:stats().connections == 2 end, "both")
    server:finish()
    ended(idle)
    assert.truthy(connect():error():find "refused")
    server:respond(number, 200, nil, "the last")
    ended(busy)
    assert.truthy(busy:received():find("\r\nConnection: close\r\n\r\nthe last", 1, true))
    wait(function() return server:stats().connections == 0 end, "the end of all")
  end)

  for name, value in pairs {
    head_timeout = 0, body_timeout = 0, idle_timeout = 100000, max_connections = 0,
    max_requests = 0, max_body = 0,
  } do
    it("raises for " .. name .. " = " .. value, function()
      assert.has_error(function() start { [name] = value } end)
    end)
  end
end)
