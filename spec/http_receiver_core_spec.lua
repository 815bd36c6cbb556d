-- The receiver in C behind a server in C, over real sockets; times and limits
-- that no socket can show are in spec/unit/http_receiver_test.c.
local MailboxReader = require "support.mailbox_reader"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"

local PATIENCE <const> = 60

local SERVER <const>, LOG <const>, RECEIVER <const>, CLIENT <const> = 1, 2, 3, 4

local SECRET <const> = "0123456789abcdef0123456789abcdef"
local OLD_SECRET <const> = "c0ffee00c0ffee00c0ffee00c0ffee00"

local JSON <const> = "application/json"
local FORM <const> = "application/x-www-form-urlencoded"

local EVENT <const> = '{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}'
local COMMAND <const> = "command=%2Fdeploy&text=a+b%26c%3Dd&user_id=U03ADA5K1QW"
local CLICK <const> = "payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%5D%7D"

local ALL <const> = { "event", "command", "interaction" }

describe("http_receiver in C", function()
  local reader, mailbox, log, receiver, server, client
  local deliveries, requests, notices, lines, fetched

  local handlers = {
    -- The event of a body comes decoded and apart; here it is put back.
    delivery = function(request, kind, body, retry_number, retry_reason, headers, received, _,
      event, event_id)
      local whole = event and body:gsub('("event"%s*:%s*)null', function(name)
        return name .. json.encode(event)
      end)
      deliveries[#deliveries + 1] = {
        request = request, kind = kind, body = whole or body, retry_number = retry_number,
        retry_reason = retry_reason, headers = headers, received = received,
        event = event, event_id = event_id, rest = event and body,
      }
    end,
    request = function(number, method, target)
      requests[#requests + 1] = { number = number, method = method, target = target }
    end,
    ack = function(token, fate)
      notices[#notices + 1] = { token = token, fate = fate }
    end,
    log = function(level, component, text)
      lines[#lines + 1] = ("%s %s %s"):format(level, component, text)
    end,
    http = function(_, response, message)
      fetched = response or { failed = message }
    end,
  }

  local function wait(...)
    return reader:wait(...)
  end

  local function start(settings)
    settings = settings or {}
    receiver = assert(core.http_receiver {
      secrets = settings.secrets or { SECRET },
      paths = settings.paths or { { path = "/slack/events", kinds = ALL } },
      ack_deadline = settings.ack_deadline or PATIENCE,
      step_deadline = settings.step_deadline or PATIENCE,
      holds_events = settings.holds_events,
      deliveries = mailbox, notices = mailbox, source = RECEIVER, log = log,
    })
    server = assert(core.http_server {
      mailbox = mailbox, source = SERVER, log = log, gate = receiver,
      max_requests = settings.max_requests,
      cert_file = settings.cert_file, key_file = settings.key_file,
    })
  end

  before_each(function()
    reader = MailboxReader.new(function(_, kind, ...) handlers[kind](...) end)
    mailbox = reader.mailbox
    log = core.log(mailbox, LOG, "debug")
    deliveries, requests, notices, lines, fetched = {}, {}, {}, {}, nil
  end)

  after_each(function()
    for _, object in ipairs { client or false, server or false, receiver or false } do
      if object then
        object:close()
      end
    end
    client, server, receiver = nil, nil, nil
    reader:close()
  end)

  -- A request's bytes; `it` may set body, type (false: none), secret, timestamp,
  -- signature, method, target, and further lines as one string.
  local function request_of(it)
    local body = it.body or ""
    local timestamp = it.timestamp or tostring(os.time())
    local signature = it.signature or core.sign(it.secret or SECRET, timestamp, body)
    local text = {
      ("%s %s HTTP/1.1\r\nHost: bot.example\r\n"):format(
        it.method or "POST", it.target or "/slack/events"
      ),
      ("Content-Length: %d\r\n"):format(#body),
    }
    if it.type ~= false then
      text[#text + 1] = ("Content-Type: %s\r\n"):format(
        it.type or body:find "^{" and JSON or FORM
      )
    end
    if not it.unsigned then
      text[#text + 1] = ("X-Slack-Request-Timestamp: %s\r\nX-Slack-Signature: %s\r\n"):format(
        timestamp, signature
      )
    end
    text[#text + 1] = it.lines or ""
    text[#text + 1] = "\r\n" .. body
    return table.concat(text)
  end

  local function send(bytes)
    client = client or RawClient.connect(server:port())
    client:send(bytes)
  end

  local read = 0

  -- The next answer on the connection: status, body, head.
  local function answer()
    local status, body, head
    wait(function()
      local text = client:received():sub(read + 1)
      local finish = select(2, text:find("\r\n\r\n", 1, true))
      head = finish and text:sub(1, finish)
      local length = head and tonumber(head:match "\r\nContent%-Length: (%d+)")
      if length and #text >= finish + length then
        status = tonumber(head:match "^HTTP/1%.1 (%d+) ")
        body = text:sub(finish + 1, finish + length)
        read = read + finish + length
      end
      return status
    end, "an answer")
    return status, body, head
  end

  before_each(function()
    read = 0
  end)

  local function exchange(it)
    send(request_of(it))
    return answer()
  end

  local function delivery()
    return wait(function()
      return table.remove(deliveries, 1)
    end, "a delivery")
  end

  -- The request is answered by this status, an empty body, and nothing comes to Lua.
  local function refused(status, it)
    local got, body = exchange(it)
    assert.are.equal(status, got)
    assert.are.equal("", body)
    reader:take_all()
    assert.are.same({}, deliveries)
    assert.are.same({}, requests)
  end

  describe("lets in what Slack has signed:", function()
    before_each(function() start() end)

    it("an event, answered before Lua sees it (S085)", function()
      local before = core.monotonic()
      local status, body = exchange { body = EVENT }
      assert.are.same({ 200, "" }, { status, body })
      local it = delivery()
      assert.are.same({ 0, "event", EVENT }, { it.request, it.kind, it.body })
      assert.are.same({ 0, "" }, { it.retry_number, it.retry_reason })
      assert.truthy(it.headers:find("Host: bot.example\r\n", 1, true))
      assert.is_true(it.received >= before and it.received <= core.monotonic())
    end)

    it("an event as a table, with its id and the text of all else", function()
      exchange { body = EVENT }
      local it = delivery()
      assert.are.same({ type = "app_mention" }, it.event)
      assert.are.equal("Ev1", it.event_id)
      assert.are.equal('{"type":"event_callback","event_id":"Ev1","event":null}', it.rest)
    end)

    it("an event without an id, or the last of several", function()
      exchange { body = '{"type":"event_callback","event":{"n":1},"event":{"n":[]}}' }
      local it = delivery()
      assert.are.same({ n = json.list {} }, it.event)
      assert.are.equal(getmetatable(json.list {}), getmetatable(it.event.n))
      assert.is_nil(it.event_id)
      assert.are.equal('{"type":"event_callback","event":{"n":1},"event":null}', it.rest)
    end)

    it("an event in its whole text when it cannot be told apart", function()
      for _, body in ipairs {
        '{"type":"event_callback","event_id":"Ev\\u0031","event":{"type":"app_mention"}}',
        '{"type":"app_rate_limited","team_id":"T1"}',
        ('{"type":"event_callback","event":{"n":%s%s}}'):format(("["):rep(1500), ("]"):rep(1500)),
      } do
        assert.are.equal(200, (exchange { body = body }))
        local it = delivery()
        assert.is_nil(it.event)
        assert.are.equal(body, it.body)
      end
    end)

    it("a command, which waits for Lua's answer (S085)", function()
      send(request_of { body = COMMAND })
      local it = delivery()
      assert.are.equal("command", it.kind)
      assert.are.same({ command = "/deploy", text = "a b&c=d", user_id = "U03ADA5K1QW" }, it.body)
      server:respond(it.request, 200, { "Content-Type", JSON }, '{"text":"on it"}')
      local status, body, head = answer()
      assert.are.same({ 200, '{"text":"on it"}' }, { status, body })
      assert.truthy(head:find("\r\nContent-Type: application/json\r\n", 1, true))
    end)

    it("an interaction: the JSON inside of the form's payload (S094)", function()
      send(request_of { body = CLICK })
      local it = delivery()
      assert.are.same({ "interaction", '{"type":"block_actions","actions":[]}' },
        { it.kind, it.body })
      server:respond(it.request, 200)
      assert.are.equal(200, (answer()))
    end)

    it("content types with parameters and in any case (S096)", function()
      for _, kind in ipairs {
        JSON .. "; charset=utf-8", JSON .. ";charset=UTF-8", "Application/JSON ; a=b",
      } do
        assert.are.equal(200, (exchange { body = EVENT, type = kind }))
        assert.are.equal("event", delivery().kind)
      end
      for _, kind in ipairs { FORM .. "; charset=utf-8", FORM:upper(), FORM .. " ;charset=x" } do
        send(request_of { body = COMMAND, type = kind })
        server:respond(delivery().request, 200)
        assert.are.equal(200, (answer()))
      end
    end)

    it("header names in any case, and values with blanks around", function()
      local timestamp = tostring(os.time())
      assert.are.equal(200, (exchange {
        unsigned = true, body = EVENT,
        lines = ("x-slack-REQUEST-timestamp:%s\r\nX-SLACK-SIGNATURE: \t %s \r\n"):format(
          timestamp, core.sign(SECRET, timestamp, EVENT)
        ),
      }))
      assert.are.equal("event", delivery().kind)
    end)

    it("the exact bytes, whatever they encode, and never a re-encoding of them (S097)", function()
      for _, text in ipairs { "Grüße, 世界 🚀", [[Gr\u00fc\u00dfe, \ud83d\ude80]], " \\/ " } do
        local body = ('  {"event" : {"text":"%s"},\n"type":"event_callback"}\r\n'):format(text)
        assert.are.equal(200, (exchange { body = body, type = JSON }))
        local it = delivery()
        assert.are.same(json.decode(body).event, it.event)
        assert.are.equal((body:gsub("{\"text.-}", "null")), it.rest)
        refused(401, {
          body = body:gsub("^%s+", ""), type = JSON, timestamp = tostring(os.time()),
          signature = core.sign(SECRET, tostring(os.time()), body),
        })
      end
    end)

    it("a body of 100,000 bytes that comes in chunks", function()
      local body = EVENT:gsub("app_mention", ("a"):rep(100000))
      local timestamp = tostring(os.time())
      local text = ("POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" ..
        "Content-Type: application/json\r\nX-Slack-Request-Timestamp: %s\r\n" ..
        "X-Slack-Signature: %s\r\n\r\n"):format(timestamp, core.sign(SECRET, timestamp, body))
      send(text)
      for at = 1, #body, 30000 do
        local chunk = body:sub(at, at + 29999)
        send(("%x\r\n%s\r\n"):format(#chunk, chunk))
      end
      send "0\r\n\r\n"
      assert.are.equal(200, (answer()))
      assert.are.equal(body, delivery().body)
    end)

    it("pipelined requests, each answered in its turn", function()
      local event = request_of { body = EVENT }
      send(event .. request_of { body = COMMAND } .. event)
      assert.are.equal(200, (answer()))
      assert.are.equal("event", delivery().kind)
      server:respond(delivery().request, 202)
      assert.are.equal(202, (answer()))
      assert.are.equal(200, (answer()))
      assert.are.equal("event", delivery().kind)
    end)

    it("the notice that Slack limits the rate of events", function()
      local body = '{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1767610800}'
      assert.are.equal(200, (exchange { body = body }))
      assert.are.same({ "event", body }, { deliveries[1].kind, deliveries[1].body })
    end)

    it("nothing of what a proxy calls the host or the scheme", function()
      local target = "https://bot.example/slack/events?a=b"
      assert.are.equal(200, (exchange { body = EVENT, target = target }))
      assert.are.equal("event", delivery().kind)
    end)
  end)

  it("takes the signature of any of its secrets while one is rotated", function()
    start { secrets = { SECRET, OLD_SECRET } }
    for _, secret in ipairs { SECRET, OLD_SECRET, SECRET } do
      assert.are.equal(200, (exchange { body = EVENT, secret = secret }))
      assert.are.equal("event", delivery().kind)
    end
    refused(401, { body = EVENT, secret = "another" })
    refused(401, { body = EVENT, secret = SECRET .. OLD_SECRET })
  end)

  it("takes secrets of any length", function()
    for _, secret in ipairs { "x", ("x"):rep(64), ("x"):rep(65), ("\xff"):rep(500) } do
      start { secrets = { secret } }
      assert.are.equal(200, (exchange { body = EVENT, secret = secret }))
      assert.are.equal("event", delivery().kind)
      refused(401, { body = EVENT, secret = secret .. "x" })
      client:close()
      server:close()
      receiver:close()
      client, read = nil, 0
    end
  end)

  describe("answers 401, without a word,", function()
    before_each(function() start() end)

    it("to a wrong signature (S086)", function()
      refused(401, { body = EVENT, secret = OLD_SECRET })
      refused(401, { body = COMMAND, secret = OLD_SECRET })
      refused(401, { body = EVENT, signature = "v0=" .. ("0"):rep(64) })
      assert.are.equal(3, receiver:stats().mismatched)
    end)

    it("to a signature that is missing or malformed", function()
      local timestamp = tostring(os.time())
      local right = core.sign(SECRET, timestamp, EVENT)
      for _, signature in ipairs {
        "", "v0=", right:upper(), right:sub(4), right:gsub("^v0", "v1"), right .. "00",
        right:sub(1, -2), right .. "," .. right,
      } do
        refused(401, { body = EVENT, timestamp = timestamp, signature = signature })
      end
      refused(401, { body = EVENT, unsigned = true })
      refused(401, { body = EVENT, unsigned = true,
        lines = "X-Slack-Signature: " .. right .. "\r\n" })
      refused(401, { body = EVENT, unsigned = true,
        lines = "X-Slack-Request-Timestamp: " .. timestamp .. "\r\n" })
      assert.are.equal(11, receiver:stats().unsigned)
    end)

    it("to a timestamp that is no number (S088)", function()
      for _, timestamp in ipairs {
        "", "abc", "-1", "+" .. os.time(), os.time() .. ".0", "0x10", "1e9", ("9"):rep(40),
        "9223372036854775807", "9223372036854775808", "18446744073709551616",
      } do
        refused(401, { body = EVENT, timestamp = timestamp })
      end
      assert.are.equal(11, receiver:stats().unsigned)
    end)

    it("to a timestamp too old or too new, its signature right or not (S089, S090)", function()
      for _, timestamp in ipairs { os.time() - 310, os.time() + 310, 0, 999999999999999999 } do
        refused(401, { body = EVENT, timestamp = tostring(timestamp) })
        refused(401, { body = EVENT, timestamp = tostring(timestamp), secret = OLD_SECRET })
      end
      local stats = receiver:stats()
      assert.are.same({ 8, 0 }, { stats.stale, stats.mismatched })
    end)

    it("to lines that come twice, even the same ones", function()
      local timestamp = tostring(os.time())
      local signature = core.sign(SECRET, timestamp, EVENT)
      refused(401, { body = EVENT, timestamp = timestamp,
        lines = "X-Slack-Signature: " .. signature .. "\r\n" })
      refused(401, { body = EVENT, timestamp = timestamp,
        lines = "x-slack-request-timestamp: " .. timestamp .. "\r\n" })
      refused(401, { body = EVENT, timestamp = timestamp,
        lines = "X-Slack-Signature: v0=" .. ("0"):rep(64) .. "\r\n" })
    end)

    it("before it looks at what the body holds", function()
      for _, body in ipairs {
        "", "{", '{"type":"url_verification","challenge":"abc"}', "payload=", "%zz", "\xff",
      } do
        refused(401, { body = body, secret = OLD_SECRET, type = JSON })
        refused(401, { body = body, secret = OLD_SECRET, type = FORM })
        refused(401, { body = body, secret = OLD_SECRET, type = "text/plain" })
      end
    end)
  end)

  describe("answers 400", function()
    before_each(function() start() end)

    it("to signed JSON that is no object (S092, S093)", function()
      for _, body in ipairs {
        "", "{", "[]", "null", '"x"', "{}{}", "{'a':1}", '{"event":{}', '{"a":1,}',
        "\xef\xbb\xbf{}", '{"event":{},"n":1e999}',
        '{"event":{"text":"\xff"}}', '{"event":{"text":"\0"}}', '{"event":\0{}}',
        ('{"event":'):rep(600) .. "{}" .. ("}"):rep(599),
      } do
        refused(400, { body = body, type = JSON })
      end
      assert.are.equal(15, receiver:stats().malformed)
    end)

    it("to an event that is no object", function()
      for _, event in ipairs { '"app_mention"', "1", "[]", "true" } do
        refused(400, { body = ('{"type":"event_callback","event":%s}'):format(event) })
      end
    end)

    it("to forms that Slack does not send (S092)", function()
      for _, body in ipairs {
        "", "&", "=", "text=hi", "command", "command=", "command=&command=", "Command=/x",
        "payload", "payload=", "payload=x", "payload=%5B%5D", "payload={}&payload={}",
        "payload=%7B%7D&pay%6Coad=%7B%7D&command=%2Fx", "payload=%7B", "payload=%22%7B%7D%22",
      } do
        refused(400, { body = body, type = FORM })
      end
    end)

    it("to percent-encoding that is broken, not UTF-8, or hides a NUL", function()
      for _, value in ipairs {
        "%", "%2", "%2x", "%zz", "%-1", "% 1", "%C3", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80",
        "%C0%AF", "\xff", "%00", "\0", "a%00b",
      } do
        refused(400, { body = "command=/x&text=" .. value, type = FORM })
        refused(400, { body = "command=/x&" .. value .. "=1", type = FORM })
        refused(400, { body = "payload={}&text=" .. value, type = FORM })
      end
    end)

    it("to content of other types, codings, or none told", function()
      for _, kind in ipairs {
        "text/plain", "text/json", "application/jsonp", "application/json2", "multipart/form-data",
        "application/x-www-form-urlencoded2", "", ";", "application", "application/json/x",
      } do
        refused(400, { body = EVENT, type = kind })
        refused(400, { body = COMMAND, type = kind })
      end
      refused(400, { body = EVENT, type = FORM })
      refused(400, { body = COMMAND, type = JSON })
      refused(400, { body = EVENT, type = false })
      refused(400, { body = EVENT, lines = "Content-Type: text/plain\r\n" })
      refused(400, { body = EVENT, lines = "Content-Encoding: gzip\r\n" })
      refused(400, { body = EVENT, lines = "content-encoding: identity, gzip\r\n" })
      assert.are.equal(200, (exchange { body = EVENT, lines = "Content-Encoding: identity\r\n" }))
      assert.are.equal("event", delivery().kind)
    end)
  end)

  it("answers 404 to JSON that holds no event", function()
    start()
    for _, body in ipairs {
      "{}", '{"type":"event_callback"}', '{"event":null}', '{"command":"/deploy"}',
      '{"type":"block_actions","actions":[]}', '{"nested":{"event":{}}}', '{"Event":{}}',
    } do
      refused(404, { body = body })
    end
    assert.are.equal(7, receiver:stats().unknown)
  end)

  describe("decodes a form", function()
    local function decoded(body)
      send(request_of { body = body, type = FORM })
      local it = delivery()
      server:respond(it.request, 200)
      assert.are.equal(200, (answer()))
      return it.body
    end

    before_each(function() start() end)

    it("with plus, percent and letters of any script", function()
      assert.are.same(
        { command = "/x", text = "Grüße, 世界 🚀 +%&=", ["na me"] = "" },
        decoded "command=%2fx&text=Gr%C3%BC%c3%9Fe%2C+世界+%F0%9F%9A%80+%2B%25%26%3D&na+me"
      )
    end)

    it("with empty fields, equals signs in values and empty names", function()
      assert.are.same(
        { command = "/x", a = "", b = "=1=", [""] = "y" },
        decoded "&&command=/x&a=&b==1=&=y&"
      )
    end)

    it("whose fields repeat: the last one counts, as in JSON", function()
      assert.are.same({ command = "/y", a = "2" }, decoded "command=/x&a=1&command=/y&a=2")
    end)

    it("whose payload's name or braces are encoded or not", function()
      for _, body in ipairs { "payload={}", "p%61yload=%7b%7D", "a=b&payload=+{+}+&c" } do
        send(request_of { body = body, type = FORM })
        local it = delivery()
        assert.are.equal("interaction", it.kind)
        assert.are.equal("{}", (it.body:gsub("%s", "")))
        server:respond(it.request, 200)
        answer()
      end
    end)
  end)

  describe("answers url_verification (S101)", function()
    before_each(function() start() end)

    it("with the challenge, and Lua never hears of it", function()
      local status, body, head = exchange {
        body = '{"token":"t","challenge":"Lq7o\\/a\\u0062-_.","type":"url_verification"}',
      }
      assert.are.same({ 200, "Lq7o/ab-_." }, { status, body })
      assert.truthy(head:find("\r\nContent-Type: text/plain; charset=utf-8\r\n", 1, true))
      reader:take_all()
      assert.are.same({}, deliveries)
      assert.are.equal(1, receiver:stats().verifications)
    end)

    it("only when it is signed", function()
      refused(401, { body = '{"type":"url_verification","challenge":"c"}', secret = OLD_SECRET })
      refused(401, { body = '{"type":"url_verification","challenge":"c"}', unsigned = true })
    end)

    it("only to a challenge that can be one", function()
      for _, challenge in ipairs {
        "null", "1", "{}", '""', '"a\\nb"', '"\\r\\nSet-Cookie: a"', '"ü"', '"\\u00fc"',
        '"\\u0000"', '"' .. ("x"):rep(1024) .. '"',
      } do
        refused(400, { body = ('{"type":"url_verification","challenge":%s}'):format(challenge) })
      end
      refused(400, { body = '{"type":"url_verification"}' })
      local long = ("x"):rep(1000)
      local _, body = exchange {
        body = ('{"type":"url_verification","challenge":"%s"}'):format(long),
      }
      assert.are.equal(long, body)
    end)

    it("whatever else the body holds", function()
      local status, body = exchange {
        body = '{"event":{"type":"app_mention"},"command":"/x","challenge":"c",' ..
          '"type":"url_verification"}',
      }
      assert.are.same({ 200, "c" }, { status, body })
      reader:take_all()
      assert.are.same({}, deliveries)
    end)

    it("however its name and type are written", function()
      for _, type in ipairs {
        '"\\u0074ype":"url_verification"', '"type":"url\\u005Fverification"',
        '"type":"event_callback","typ\\u0065":"url_verificatio\\u006e"',
      } do
        local _, body = exchange { body = ('{%s,"challenge":"c","event":{}}'):format(type) }
        assert.are.equal("c", body)
      end
      reader:take_all()
      assert.are.same({}, deliveries)
    end)

    it("when the last of several types says so, as Lua would read it", function()
      local _, body = exchange {
        body = '{"type":"event_callback","event":{},"challenge":"c","type":"url_verification"}',
      }
      assert.are.equal("c", body)
      exchange {
        body = '{"type":"url_verification","challenge":"c","type":"event_callback","event":{}}',
      }
      assert.are.equal("event", delivery().kind)
    end)
  end)

  describe("answers ssl_check", function()
    local function passes(it)
      local status, body = exchange(it)
      assert.are.same({ 200, "" }, { status, body })
      reader:take_all()
      assert.are.same({}, deliveries)
      assert.are.same({}, requests)
    end

    before_each(function() start() end)

    it("empty, signed or not, by POST or GET (S098)", function()
      passes { body = "ssl_check=1&token=abc" }
      passes { body = "ssl_check=1&token=abc", unsigned = true }
      passes { body = "token=abc&ssl_check=1", secret = OLD_SECRET, type = FORM .. "; charset=x" }
      passes { method = "GET", target = "/slack/events?ssl_check=1&token=abc", unsigned = true }
      assert.are.equal(4, receiver:stats().ssl_checks)
    end)

    it("and runs nothing that came with it, signed or not (S100)", function()
      for _, body in ipairs {
        "ssl_check=1&" .. COMMAND, COMMAND .. "&ssl_check=1", "ssl_check=1&" .. CLICK,
        CLICK .. "&ssl_check=1", "ssl_check=0&ssl_check=1&command=/x", "payload={}&ssl_check=1&%zz",
      } do
        passes { body = body, unsigned = true, type = FORM }
        passes { body = body, type = FORM }
      end
      assert.are.equal(12, receiver:stats().ssl_checks)
    end)

    it("only when it says 1 in a form, not in JSON or the path's query", function()
      refused(401, { unsigned = true, body = "ssl_check=2&command=/x" })
      refused(401, { unsigned = true, body = "ssl_check=11&command=/x" })
      refused(401, { unsigned = true, body = "ssl_check&command=/x" })
      refused(401, { unsigned = true, body = "ssl_check=&command=/x" })
      refused(401, { unsigned = true, body = "xssl_check=1&command=/x" })
      refused(401, { unsigned = true, body = '{"ssl_check":1}' })
      refused(401, { unsigned = true, body = "ssl_check=1", type = JSON })
      refused(401, { unsigned = true, body = EVENT, target = "/slack/events?ssl_check=1" })
      refused(401, { unsigned = true, body = COMMAND, target = "/slack/events?ssl_check=1" })
      assert.are.equal(0, receiver:stats().ssl_checks)
    end)
  end)

  describe("at a path", function()
    it("takes POST alone, and says so (S104, S125)", function()
      start()
      for _, method in ipairs { "GET", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "BREW" } do
        local status, body, head = exchange { method = method, body = EVENT }
        assert.are.same({ 405, "" }, { status, body })
        assert.truthy(head:find("\r\nAllow: POST\r\n", 1, true))
      end
      send(request_of { method = "HEAD" })
      assert.are.equal(405, (answer()))
      reader:take_all()
      assert.are.same({}, deliveries)
      assert.are.equal(8, receiver:stats().wrong_method)
    end)

    it("leaves every other path to Lua, whatever the method", function()
      start()
      for i, target in ipairs {
        "/", "/slack/events/", "/Slack/events", "/slack%2Fevents", "/slack/events/../events",
        "/health?to=/slack/events",
      } do
        send(request_of { body = EVENT, target = target })
        local request = wait(function() return requests[i] end, "a request")
        assert.are.same({ "POST", target }, { request.method, request.target })
        server:respond(request.number, 204)
        wait(function() return client:received():find("204", read + 1, true) end)
        read = #client:received()
      end
      reader:take_all()
      assert.are.same({}, deliveries)
    end)

    it("takes the kinds that it is for and answers 404 to others", function()
      start {
        paths = {
          { path = "/events", kinds = { "event" } },
          { path = "/commands", kinds = { "command" } },
          { path = "/interactions", kinds = { "interaction" } },
        },
      }
      local bodies = { event = EVENT, command = COMMAND, interaction = CLICK }
      for kind, body in pairs(bodies) do
        for _, path in ipairs { "event", "command", "interaction" } do
          if path ~= kind then
            refused(404, { body = body, target = "/" .. path .. "s" })
          else
            send(request_of { body = body, target = "/" .. path .. "s" })
            local it = delivery()
            assert.are.equal(kind, it.kind)
            if it.request ~= 0 then
              server:respond(it.request, 200)
            end
            assert.are.equal(200, (answer()))
          end
        end
      end
      refused(404, { body = '{"type":"url_verification","challenge":"c"}', target = "/commands" })
      assert.are.equal(7, receiver:stats().unknown)
    end)
  end)

  describe("hands over of the retry headers (S102)", function()
    local function retry(lines_of_it)
      exchange { body = EVENT, lines = lines_of_it }
      local it = delivery()
      return { it.retry_number, it.retry_reason }
    end

    before_each(function() start() end)

    it("number and reason", function()
      assert.are.same({ 1, "http_timeout" },
        retry "X-Slack-Retry-Num: 1\r\nX-Slack-Retry-Reason: http_timeout\r\n")
      assert.are.same({ 24, "" }, retry "x-slack-retry-num: 24\r\n")
      assert.are.same({ 0, "ssl_error" }, retry "X-SLACK-RETRY-REASON:ssl_error\r\n")
      assert.are.same({ 0, "" }, retry "")
    end)

    it("the first of several", function()
      assert.are.same({ 2, "http_error" }, retry(
        "X-Slack-Retry-Num: 2\r\nX-Slack-Retry-Num: 1\r\nX-Slack-Retry-Reason: http_error\r\n" ..
        "X-Slack-Retry-Reason: http_timeout\r\n"
      ))
    end)

    it("nothing that Slack would not say", function()
      for _, number in ipairs { "", "-1", "+1", "1.5", "x", "1, 2", "1 2", "1000", ("9"):rep(9) } do
        assert.are.same({ 0, "" }, retry(("X-Slack-Retry-Num: %s\r\n"):format(number)))
      end
      for _, reason in ipairs { "", "a b", "a,b", "<b>", "ü", "a\tb", ("a"):rep(65) } do
        assert.are.same({ 0, "" }, retry(("X-Slack-Retry-Reason: %s\r\n"):format(reason)))
      end
    end)
  end)

  it("leaves events unanswered until Lua has handled them, when told so", function()
    start { holds_events = true }
    send(request_of { body = EVENT })
    local it = delivery()
    assert.are_not.equal(0, it.request)
    server:respond(it.request, 404, { "X-Slack-No-Retry", "1" })
    local status, _, head = answer()
    assert.are.equal(404, status)
    assert.truthy(head:find("\r\nX-Slack-No-Retry: 1\r\n", 1, true))
  end)

  it("answers empty at the deadline and tells Lua, whose own answer is then too late", function()
    start { ack_deadline = 0.01 }
    send(request_of { body = COMMAND })
    local it = delivery()
    local status, body = answer()
    assert.are.same({ 200, "" }, { status, body })
    wait(function() return notices[1] end, "a notice")
    assert.are.same({ { token = it.request, fate = "deadline" } }, notices)
    server:respond(it.request, 500, nil, "late")
    exchange { body = EVENT }
    assert.is_nil(client:received():find("late", 1, true))
    local stats = receiver:stats()
    assert.are.same({ 1, 0 }, { stats.deadlines, stats.gone })
  end)

  it("waits longer for the step of a workflow, where events are held (S112, S200)", function()
    start { ack_deadline = 0.01, step_deadline = PATIENCE, holds_events = true }
    local other = RawClient.connect(server:port())
    send(request_of {
      body = '{"type":"event_callback","event":{"inputs":{"type":"x"},"type":"function_executed"}}',
    })
    local step = delivery()
    other:send(request_of { body = EVENT })
    local event = delivery()
    wait(function() return notices[1] end, "a notice")
    assert.are.same({ { token = event.request, fate = "deadline" } }, notices)
    server:respond(step.request, 500, {}, "")
    assert.are.equal(500, (answer()))
    other:close()
  end)

  it("tells Lua when Slack has hung up before the answer", function()
    start()
    send(request_of { body = COMMAND })
    local it = delivery()
    client:close()
    client = nil
    wait(function() return notices[1] end, "a notice")
    assert.are.same({ { token = it.request, fate = "gone" } }, notices)
    assert.are.equal(1, receiver:stats().gone)
  end)

  it("answers 503 with Retry-After when too much waits for Lua (and takes events)", function()
    start { max_requests = 2 }
    local waiting = {}
    for i = 1, 2 do
      waiting[i] = RawClient.connect(server:port())
      waiting[i]:send(request_of { body = COMMAND })
      delivery()
    end
    local status, _, head = exchange { body = CLICK }
    assert.are.equal(503, status)
    assert.truthy(head:find("\r\nRetry-After: 1\r\n", 1, true))
    assert.are.equal(200, (exchange { body = EVENT }))
    assert.are.equal("event", delivery().kind)
    assert.are.equal(1, receiver:stats().crowded)
    for _, one in ipairs(waiting) do
      one:close()
    end
  end)

  it("answers 503 while nothing is admitted, but to what it answers itself", function()
    start { holds_events = true }
    receiver:admit(false)
    for _, body in ipairs { EVENT, COMMAND, CLICK } do
      local status, _, head = exchange { body = body }
      assert.are.equal(503, status)
      assert.truthy(head:find("\r\nRetry-After: 1\r\n", 1, true))
    end
    assert.are.equal(3, receiver:stats().crowded)
    local _, challenge = exchange { body = '{"type":"url_verification","challenge":"c"}' }
    assert.are.equal("c", challenge)
    assert.are.equal(200, (exchange { body = "ssl_check=1", unsigned = true }))
    refused(401, { body = EVENT, secret = OLD_SECRET })
    receiver:admit(true)
    send(request_of { body = COMMAND })
    local it = delivery()
    assert.are.equal("command", it.kind) -- and nothing of before
    receiver:admit(false)
    server:respond(it.request, 200, nil, "which was in already")
    assert.are.equal("which was in already", select(2, answer()))
  end)

  describe("when Lua falls behind", function()
    local narrow

    -- A mailbox for four, of which `count` places are taken.
    local function fill(count)
      narrow = core.mailbox(4)
      receiver = assert(core.http_receiver {
        secrets = { SECRET }, paths = { { path = "/slack/events", kinds = ALL } },
        deliveries = narrow, notices = mailbox, source = RECEIVER, log = log,
      })
      server = assert(core.http_server {
        mailbox = mailbox, source = SERVER, log = log, gate = receiver,
      })
      for _ = 1, count do
        local before = narrow:load()
        local another <close> = RawClient.connect(server:port())
        another:send(request_of { body = EVENT })
        wait(function() return narrow:load() > before end, "an event")
      end
    end

    after_each(function()
      narrow:close()
    end)

    it("leaves the answer to an event to Lua once its mailbox is half full", function()
      fill(3)
      send(request_of { body = EVENT })
      wait(function() return narrow:load() == 4 end, "the event")
      for _ = 1, 3 do
        assert.are.equal(0, (select(3, narrow:take())))
      end
      local _, _, number = narrow:take()
      assert.are_not.equal(0, number)
      assert.are.equal("", client:received())
      server:respond(number, 200)
      assert.are.equal(200, (answer()))
    end)

    it("answers 503 over the marks", function()
      fill(5)
      assert.are.equal(503, (exchange { body = EVENT }))
      assert.are.equal(503, (exchange { body = COMMAND }))
      while narrow:take() do end
      assert.are.equal(200, (exchange { body = EVENT }))
    end)
  end)

  it("counts what it let in, and how long Slack waited for the answers", function()
    start()
    exchange { body = EVENT }
    exchange { body = EVENT }
    for _, body in ipairs { COMMAND, CLICK } do
      send(request_of { body = body })
      server:respond(wait(function()
        local it = table.remove(deliveries)
        return it and it.request ~= 0 and it
      end).request, 200)
      answer()
    end
    local stats = receiver:stats()
    assert.are.same({ event = 2, command = 1, interaction = 1 }, stats.accepted)
    assert.are.equal(4, stats.ack_latency.count)
    assert.is_true(stats.ack_latency.sum > 0)
    local before, buckets = { le = 0, count = 0 }, stats.ack_latency.buckets
    for _, bucket in ipairs(buckets) do
      assert.is_true(bucket.le > before.le and bucket.count >= before.count)
      before = bucket
    end
    assert.are.same({ le = 3.0, count = 4 }, buckets[#buckets])
  end)

  it("logs one line for each kind of refusal, with nothing of the request in it", function()
    start()
    for _ = 1, 3 do
      refused(401, { body = "hush=1", secret = "hush", lines = "X-Hush: hush\r\n" })
      refused(401, { body = "hush=1", timestamp = "1234567890", target = "/slack/events?hush" })
      refused(401, { body = "hush=1", signature = "hush" })
      refused(400, { body = "hush=1", type = "hush/hush" })
      refused(404, { body = '{"hush":"hush"}' })
      refused(405, { method = "HUSH" })
    end
    reader:take_all()
    local told = {}
    for _, line in ipairs(lines) do
      assert.is_nil(line:lower():find "hush")
      assert.is_nil(line:find(SECRET, 1, true))
      if line:find "http_receiver" then
        told[#told + 1] = line:match "^warn http_receiver refused a request with (%d+)"
      end
    end
    table.sort(told)
    assert.are.same({ "400", "401", "401", "401", "404", "405" }, told)
  end)

  it("does all that over TLS too", function()
    local directory <close> = files.temporary()
    for name, text in pairs(assert(core.certificate {})) do
      files.write(("%s/%s.pem"):format(directory.path, name), text)
    end
    start {
      cert_file = directory.path .. "/certificate.pem", key_file = directory.path .. "/key.pem",
    }
    local http <close> = assert(core.http_client(mailbox, CLIENT, log))
    local net = core.net { ca_file = directory.path .. "/authority.pem", proxy = "" }
    local function post(body, kind, secret)
      fetched = nil
      local timestamp = tostring(os.time())
      http:request {
        method = "POST", url = ("https://127.0.0.1:%d/slack/events"):format(server:port()),
        headers = {
          "Content-Type", kind, "X-Slack-Request-Timestamp", timestamp,
          "X-Slack-Signature", core.sign(secret or SECRET, timestamp, body),
        },
        body = body, net = net,
      }
    end
    local function status()
      return wait(function() return fetched end, "an answer").status
    end
    post(EVENT, JSON)
    assert.are.equal(200, status())
    assert.are.equal(EVENT, delivery().body)
    post(EVENT, JSON, OLD_SECRET)
    assert.are.equal(401, status())
    post(COMMAND, FORM)
    server:respond(delivery().request, 200, nil, "done")
    assert.are.equal(200, status())
    assert.are.equal("done", fetched.body)
  end)

  describe("is not made", function()
    local function create(changes)
      local settings = {
        secrets = { SECRET }, paths = { { path = "/slack/events", kinds = ALL } },
        deliveries = mailbox, notices = mailbox, source = RECEIVER, log = log,
      }
      for name, value in pairs(changes) do
        settings[name] = value
      end
      return core.http_receiver(settings)
    end

    it("without a secret, or with an empty one", function()
      for _, secrets in ipairs { {}, { "" }, { SECRET, "" }, { 1 }, "x" } do
        assert.error_matches(function() create { secrets = secrets } end, "field 'secrets'")
      end
    end)

    it("without paths, or with what is none", function()
      for _, paths in ipairs {
        {}, { "x" }, { {} }, { { path = "x", kinds = ALL } }, { { path = "/x" } },
        { { path = "/x", kinds = { "message" } } }, { { path = "/x", kinds = {} } },
        { { path = "/x?y", kinds = ALL } },
      } do
        assert.error_matches(function() create { paths = paths } end, "field 'paths'")
      end
    end)

    it("with a deadline that is no time", function()
      assert.error_matches(function() create { ack_deadline = -1 } end, "ack_deadline")
    end)
  end)

  it("closes before or after its server, in any order", function()
    start()
    receiver:close()
    receiver:close()
    assert.are.equal(200, (exchange { body = EVENT }))
    assert.are.equal(json.decode(EVENT).event_id, json.decode(delivery().body).event_id)
    assert.error_matches(function() receiver:stats() end, "closed")
  end)
end)
