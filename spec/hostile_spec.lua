-- What anybody may send to an app that everybody can reach: each costs its sender the
-- connection and the log a line, and the app goes on as if nothing had been. What makes
-- requests wrong one by one is in the specs of the parser and the receiver; connections
-- by the thousand, slow and half-closed ones are in spec/unit/http_server_test.c.

local RawClient = require "support.raw_client"
local files = require "support.files"
local live = require "support.live_app"
local serving = require "support.serving"
local signed = require "support.signed"

local PATH <const> = "/slack/events"
local FORM <const> = "application/x-www-form-urlencoded"
-- What must be in no log line.
local HUSH <const> = "hush-hush"

local function smuggled(lines)
  return ("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n"):format(PATH,
    lines) .. "0\r\n\r\nPOST /slack/events HTTP/1.1\r\nX-Slack-Signature: " .. HUSH .. "\r\n\r\n"
end

local function whole(head, body)
  return head .. body
end

-- Name -> bytes, and how the answer begins: "" for no answer, nil for a connection that
-- waits for the rest and is left.
local REQUESTS = {
  ["a head that stops"] = { "POST /slack/events HTTP/1.1\r\nX: " .. HUSH },
  ["a body that stops"] = { whole(signed.bytes(PATH, '{"x":"' .. HUSH, { length = 500 })) },
  ["chunks that stop"] = { whole(signed.bytes(PATH, "400\r\n" .. HUSH,
    { lines = "Transfer-Encoding: chunked\r\n" })) },
  ["a head that is too large"] = { "GET / HTTP/1.1\r\nX: " .. HUSH:rep(2000), "HTTP/1.1 431 " },
  ["a body that is too large"] = {
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n" .. HUSH,
    "HTTP/1.1 413 ",
  },
  ["a length and chunks"] = {
    smuggled "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 400 ",
  },
  ["chunks and a length"] = {
    smuggled "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "HTTP/1.1 400 ",
  },
  ["two lengths"] = { smuggled "Content-Length: 5\r\nContent-Length: 6\r\n", "HTTP/1.1 400 " },
  ["a hidden coding"] = { smuggled "Transfer-Encoding: \vchunked\r\n", "HTTP/1.1 400 " },
  ["a space before a colon"] = { smuggled "Content-Length : 5\r\n", "HTTP/1.1 400 " },
  ["bytes that are no text"] = { "\0\255\1\254\r\n\r\n" .. HUSH, "HTTP/1.1 400 " },
  ["a TLS greeting"] = { "\22\3\1\2\0\1\0\1\252\3\3" .. HUSH .. "\n", "HTTP/1.1 400 " },
  ["HTTP/2"] = { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 " },
  ["a tunnel"] = { "CONNECT hush-hush:443 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 " },
  ["an upgrade"] = {
    "GET /slack/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.1 405 ",
  },
  ["a request for all"] = { "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 " },
  ["a path with every byte encoded"] = {
    "GET /%00%ff%2e%2e/" .. HUSH .. " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 40",
  },
  ["no signature"] = {
    "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" .. HUSH, "HTTP/1.1 401 ",
  },
  ["another's signature"] = {
    whole(signed.bytes(PATH, '{"x":"' .. HUSH .. '"}', { secret = "another" })), "HTTP/1.1 401 ",
  },
  ["signed bytes that are no text"] = {
    whole(signed.bytes(PATH, "\0\255\1" .. HUSH)), "HTTP/1.1 400 ",
  },
  ["signed nesting without end"] = {
    whole(signed.bytes(PATH, ('{"event":'):rep(20000))), "HTTP/1.1 400 ",
  },
  ["a signed form with a broken encoding"] = {
    whole(signed.bytes(PATH, "command=%zz" .. HUSH, { type = FORM })), "HTTP/1.1 400 ",
  },
  ["signed events of odd shapes"] = {
    whole(signed.bytes(PATH, '{"type":"event_callback","event":{"type":{},"channel":[1]},"team_id"'
      .. ':7,"authorizations":"x","event_id":{"x":"hush-hush"}}')), "HTTP/1.1 200 ",
  },
  ["signed clicks of odd shapes"] = {
    whole(signed.bytes(PATH, 'payload={"type":"block_actions","actions":[7],"user":[],"team":"'
      .. HUSH .. '"}', { type = FORM })), "HTTP/1.1 404 ",
  },
}

describe("an app that anybody can reach", function()
  local function run(http, fn)
    live.run(function(_, new_app, lines)
      http.host, http.port = "127.0.0.1", 0
      local app = new_app { transport = "http", signing_secret = signed.SECRET, http = http }
      local seen = 0
      app:event("app_mention", function() seen = seen + 1 end)
      app:command("/go", function() return "going" end)
      assert(app:start())
      local clients = setmetatable({}, { __close = function(list)
        for _, client in ipairs(list) do
          client:close()
        end
      end })
      local closing <close> = clients -- luacheck: ignore 211
      local function connect()
        clients[#clients + 1] = RawClient.connect(app.http_server:port())
        return clients[#clients]
      end
      fn(app, connect, lines, function(ca_file)
        local url = app.http_server:url() .. PATH
        local body = signed.command(url, "/go", nil, { ca_file = ca_file }).body
        assert.equal('{"text":"going"}', body)
        assert.equal(0, seen)
      end)
    end)
  end

  local function assert_quiet(lines, most)
    local warnings = 0
    for _, line in ipairs(lines) do
      assert.not_matches(HUSH, line, 1, true)
      assert.not_matches("ERROR", line)
      assert.not_matches("traceback", line)
      warnings = warnings + (line:find("WARN", 1, true) and 1 or 0)
    end
    assert.is_true(warnings <= most, table.concat(lines, "\n"))
  end

  for name, case in pairs(REQUESTS) do
    it("survives " .. name, function()
      run({}, function(_, connect, _, assert_serves)
        local bytes, answer = table.unpack(case)
        local client = connect()
        client:send(bytes)
        if answer then
          live.wait(function() return #client:received() > #answer end)
          assert.equal(answer, client:received():sub(1, #answer))
        end
        assert_serves()
      end)
    end)
  end

  it("survives all of that, time and again, and tells of it in few lines", function()
    run({}, function(app, connect, lines, assert_serves)
      for _, case in pairs(REQUESTS) do
        for _ = 1, 2 do
          connect():send(case[1])
        end
      end
      live.wait(function()
        return app:stats().http.mismatched == 2 and app:stats().http.malformed == 6
          and app.http_server:stats().refused["400"] == 16
      end)
      assert_serves()
      assert_quiet(lines, 12)
    end)
  end)

  it("survives who does not speak TLS where it does", function()
    local folder <close> = files.temporary()
    local paths = serving.write_certificate(folder.path)
    run({ tls = { cert = paths.cert, key = paths.key } }, function(_, connect, lines, assert_serves)
      for _, name in ipairs { "a head that stops", "no signature", "bytes that are no text" } do
        connect():send(REQUESTS[name][1])
      end
      assert_serves(paths.ca)
      assert_quiet(lines, 2)
    end)
  end)
end)
