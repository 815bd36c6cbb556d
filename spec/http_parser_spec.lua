local core = require "slack.core"
local feeding = require "support.feeding"

local MAX_HEAD, MAX_BODY = 2000, 5000

local function parser()
  return core.http_parser(MAX_HEAD, MAX_BODY)
end

local function parse(bytes)
  return feeding.at_every_cut(parser, bytes)
end

local function request(lines, body)
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

local function chunked(body)
  return request({ "POST /c HTTP/1.1", "Host: a", "Transfer-Encoding: chunked" }, body)
end

-- Checks that a good request comes through and the bytes after it are refused.
local function assert_refused(status, bytes)
  local results = parse("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" .. bytes)
  assert.equal("/first", results[1].target)
  local last = results[#results]
  assert.equal(status, last.refused)
  assert.is_string(last.why)
  for i = 2, #results - 1 do
    assert.is_true(results[i].continue) -- nothing but this may come in between
  end
end

describe("http_parser", function()
  it("reads a request without a body", function()
    assert.same(
      {
        {
          method = "GET",
          target = "/slack/events?x=%20y",
          headers = "Host: example.com\r\nX-Thing:  padded \t\r\nEmpty:\r\n",
          body = "",
          keep_alive = true,
        },
      },
      parse(request {
        "GET /slack/events?x=%20y HTTP/1.1",
        "Host: example.com",
        "X-Thing:  padded \t",
        "Empty:",
      })
    )
  end)

  it("reads a body of the given length, whatever its bytes", function()
    local body = "line\r\n\r\nGET / HTTP/1.1\r\n\0\xff"
    local head = { "POST / HTTP/1.1", "Host: a", "Content-Length: " .. #body }
    local results = parse(request(head, body))
    assert.equal(1, #results)
    assert.equal(body, results[1].body)
  end)

  it("takes a request without a length for one without a body", function()
    assert.equal("", parse(request { "POST / HTTP/1.1", "Host: a" })[1].body)
    assert.equal("", parse(request { "POST / HTTP/1.1", "Host: a", "Content-Length: 0" })[1].body)
  end)

  it("reads pipelined requests in their order", function()
    local bytes, targets = {}, {}
    for i = 1, 20 do
      local body = ("b"):rep(i % 5)
      local head = { "POST /" .. i .. " HTTP/1.1", "Host: a", "Content-Length: " .. #body }
      bytes[i] = request(head, body)
    end
    for i, result in ipairs(parse(table.concat(bytes))) do
      targets[i] = result.target
      assert.equal(i % 5, #result.body)
    end
    assert.equal(20, #targets)
    assert.equal("/20", targets[20])
  end)

  it("passes over one empty line before a request", function()
    local results = parse("\r\n" .. request { "GET /1 HTTP/1.1", "Host: a" } .. "\r\n"
      .. request { "GET /2 HTTP/1.1", "Host: a" })
    assert.equal("/1", results[1].target)
    assert.equal("/2", results[2].target)
    assert.equal("Host: a\r\n", results[2].headers)
    assert_refused(400, "\r\n\r\n" .. request { "GET / HTTP/1.1", "Host: a" })
  end)

  it("keeps a connection alive unless told to close it", function()
    local function keep_alive(version, ...)
      return parse(request { "GET / HTTP/" .. version, "Host: a", ... })[1].keep_alive
    end
    assert.is_true(keep_alive("1.1"))
    assert.is_true(keep_alive("1.1", "Connection: keep-alive"))
    assert.is_false(keep_alive("1.1", "Connection: close"))
    assert.is_false(keep_alive("1.1", "connection: Upgrade,\tCLOSE "))
    assert.is_false(keep_alive("1.1", "Connection: x", "Connection: close"))
    assert.is_true(keep_alive("1.1", "Connection: closed"))
    assert.is_false(keep_alive("1.0"))
    assert.is_false(keep_alive("1.0", "Connection: keep-alive"))
  end)

  it("accepts every form of target that may come to an origin server", function()
    local targets = {
      "/", "//", "/a?b=c&d", "http://example.com/x", "HTTPS://example.com", "/%00%zz",
      "/!$&'()*+,;=:@[]{}|\\^`\"<>",
    }
    for _, target in ipairs(targets) do
      assert.equal(target, parse(request { "GET " .. target .. " HTTP/1.1", "Host: a" })[1].target)
    end
    assert.equal("*", parse(request { "OPTIONS * HTTP/1.1", "Host: a" })[1].target)
  end)

  it("accepts any token as method and header name", function()
    local token = "!#$%&'*+-.^_`|~09azAZ"
    local result = parse(request { token .. " / HTTP/1.1", "Host: a", token .. ": x" })[1]
    assert.equal(token, result.method)
    assert.equal("Host: a\r\n" .. token .. ": x\r\n", result.headers)
  end)

  it("does without a Host in HTTP/1.0 and accepts an empty one", function()
    assert.equal("/", parse(request { "GET / HTTP/1.0" })[1].target)
    assert.equal("/", parse(request { "GET / HTTP/1.1", "Host:" })[1].target)
    assert.equal("/", parse(request { "GET / HTTP/1.1", "hOST: [::1]:80" })[1].target)
  end)

  it("asks for the body when the client waits for that", function()
    local head = { "POST / HTTP/1.1", "Host: a", "Expect: 100-Continue", "Content-Length: 2" }
    local results = parse(request(head, "ok"))
    assert.same({ continue = true }, results[1])
    assert.equal("ok", results[2].body)

    results = parse(
      request({ "PUT / HTTP/1.1", "Host: a", "Expect: 100-continue", "Transfer-Encoding: chunked" },
        "1\r\nx\r\n0\r\n\r\n")
    )
    assert.same({ continue = true }, results[1])
    assert.equal("x", results[2].body)
  end)

  it("does not ask for a body that is empty or comes by HTTP/1.0", function()
    local results = parse(request { "GET / HTTP/1.1", "Host: a", "Expect: 100-continue" })
    assert.equal(1, #results)
    assert.equal("/", results[1].target)
    local head = { "POST / HTTP/1.0", "Expect: 100-continue", "Content-Length: 1" }
    results = parse(request(head, "x"))
    assert.equal(1, #results)
    assert.equal("x", results[1].body)
  end)

  describe("decodes chunks", function()
    local bodies = {
      { "0\r\n\r\n", "" },
      { "5\r\nhello\r\n0\r\n\r\n", "hello" },
      { "1\r\na\r\n2\r\nbc\r\n003\r\ndef\r\n000\r\n\r\n", "abcdef" },
      { "A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n", "0123456789abcdefghij" },
      { "2\r\n\r\n\r\n0\r\n\r\n", "\r\n" },
      { '3;name=value;other="quoted"\r\nabc\r\n0;last\r\n\r\n', "abc" },
      { "3 ; name\r\nabc\r\n0\r\n\r\n", "abc" },
      { "3\r\nabc\r\n0\r\nTrailer: x\r\nOther:\r\n\r\n", "abc" },
      { "3\r\nabc\r\n0\r\nContent-Length: 99\r\n\r\n", "abc" },
    }
    for _, case in ipairs(bodies) do
      it(("%q"):format(case[1]), function()
        local results = parse(chunked(case[1]) .. request { "GET /next HTTP/1.1", "Host: a" })
        assert.equal(case[2], results[1].body)
        assert.equal("Host: a\r\nTransfer-Encoding: chunked\r\n", results[1].headers)
        assert.equal("/next", results[2].target)
        assert.equal(2, #results)
      end)
    end

    it("up to the limit of the body, however small they are", function()
      local body = ("1\r\nx\r\n"):rep(MAX_BODY) .. "0\r\n\r\n"
      local results = feeding.all(parser(), feeding.pieces(chunked(body), 100))
      assert.equal(("x"):rep(MAX_BODY), results[1].body)
    end)
  end)

  describe("refuses", function()
    local function with(...)
      return request { "POST / HTTP/1.1", "Host: a", ... }
    end
    local breaches = {
      { 400, "a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n" },
      { 400, "a bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n" },
      { 400, "a bare LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n" },
      { 400, "a bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n" },
      { 400, "a bare CR in a header", with "X: a\rb" },
      { 400, "CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n" },
      { 400, "NUL in a header", with "X: a\0b" },
      { 400, "a control character in a header", with "X: a\x1fb" },
      { 400, "DEL in a header", with "X: a\x7f" },
      { 400, "a folded header", with("X: a", " b") },
      { 400, "a header folded by a tab", with("X: a", "\tb: c") },
      { 400, "a space before the colon", with "X : a" },
      { 400, "a header without a colon", with "X" },
      { 400, "a header without a name", with ": a" },
      { 400, "a header name with a space", with "X Y: a" },
      { 400, "a header name with non-ASCII", with "X\u{e9}: a" },
      { 400, "a header name in quotes", with '"X": a' },
      { 400, "no Host in HTTP/1.1", request { "GET / HTTP/1.1" } },
      { 400, "two Hosts", request { "GET / HTTP/1.1", "Host: a", "host: a" } },
      { 400, "two Hosts in HTTP/1.0", request { "GET / HTTP/1.0", "Host: a", "Host: b" } },
      { 400, "a Host with a path", request { "GET / HTTP/1.1", "Host: a/b" } },
      { 400, "a Host with a user", request { "GET / HTTP/1.1", "Host: u@a" } },
      { 400, "a Host with a space", request { "GET / HTTP/1.1", "Host: a b" } },
      { 400, "a Host with a comma", request { "GET / HTTP/1.1", "Host: a, b" } },
      { 400, "a Host with non-ASCII", request { "GET / HTTP/1.1", "Host: \u{e9}" } },
      { 400, "no version", request { "GET /", "Host: a" } },
      { 400, "no target", request { "GET HTTP/1.1", "Host: a" } },
      { 400, "an empty target", request { "GET  HTTP/1.1", "Host: a" } },
      { 400, "two spaces", request { "GET  / HTTP/1.1", "Host: a" } },
      { 400, "a space at the end", request { "GET / HTTP/1.1 ", "Host: a" } },
      { 400, "a space at the start", request { " GET / HTTP/1.1", "Host: a" } },
      { 400, "a tab between", request { "GET\t/\tHTTP/1.1", "Host: a" } },
      { 400, "a method that is no token", request { "G(T / HTTP/1.1", "Host: a" } },
      { 400, "a target without a slash", request { "GET x HTTP/1.1", "Host: a" } },
      { 400, "a target of another scheme", request { "GET ftp://a/ HTTP/1.1", "Host: a" } },
      { 400, "a target without an origin", request { "GET http:///x HTTP/1.1", "Host: a" } },
      { 400, "a backslash in the origin", request { "GET http://a\\/x HTTP/1.1", "Host: a" } },
      { 400, "a user in the origin", request { "GET http://a@b/x HTTP/1.1", "Host: a" } },
      { 400, "a tunnel", request { "CONNECT a:443 HTTP/1.1", "Host: a" } },
      { 400, "a star without OPTIONS", request { "GET * HTTP/1.1", "Host: a" } },
      { 400, "a fragment in the target", request { "GET /#x HTTP/1.1", "Host: a" } },
      { 400, "non-ASCII in the target", request { "GET /\u{e9} HTTP/1.1", "Host: a" } },
      { 400, "a control character in the target", request { "GET /\1 HTTP/1.1", "Host: a" } },
      { 400, "another protocol", request { "GET / HTTPS/1.1", "Host: a" } },
      { 400, "a lower-case protocol", request { "GET / http/1.1", "Host: a" } },
      { 400, "a version without a minor number", request { "GET / HTTP/1", "Host: a" } },
      { 400, "a version of three digits", request { "GET / HTTP/1.11", "Host: a" } },
      { 505, "HTTP/2.0", request { "GET / HTTP/2.0", "Host: a" } },
      { 505, "HTTP/1.2", request { "GET / HTTP/1.2", "Host: a" } },
      { 505, "HTTP/0.9", request { "GET / HTTP/0.9", "Host: a" } },
      { 505, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
      { 400, "a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n" },
      { 400, "a length that is no number", with "Content-Length: x" },
      { 400, "an empty length", with "Content-Length:" },
      { 400, "a negative length", with "Content-Length: -1" },
      { 400, "a length with a sign", with "Content-Length: +1" },
      { 400, "a length in hex", with "Content-Length: 0x1" },
      { 400, "a length with a fraction", with "Content-Length: 1.0" },
      { 400, "a list of lengths", with "Content-Length: 1, 1" },
      { 400, "a length with a space inside", with "Content-Length: 1 1" },
      { 400, "two lengths that differ", with("Content-Length: 1", "Content-Length: 2") },
      { 400, "two lengths that are the same", with("Content-Length: 1", "content-length: 1") },
      { 413, "a body over the limit", with("Content-Length: " .. MAX_BODY + 1) },
      { 413, "a length beyond 64 bits", with("Content-Length: 1" .. ("0"):rep(40)) },
      { 413, "a length of 2^64", with "Content-Length: 18446744073709551616" },
      { 400, "a length with chunks", with("Content-Length: 1", "Transfer-Encoding: chunked") },
      { 400, "chunks with a length", with("Transfer-Encoding: chunked", "Content-Length: 0") },
      { 400, "chunks in HTTP/1.0", request { "POST / HTTP/1.0", "Transfer-Encoding: chunked" } },
      { 501, "another coding", with "Transfer-Encoding: gzip" },
      { 501, "several codings", with "Transfer-Encoding: gzip, chunked" },
      { 501, "chunked twice", with "Transfer-Encoding: chunked, chunked" },
      { 501, "the identity coding", with "Transfer-Encoding: identity" },
      { 501, "a coding that only looks like chunked", with "Transfer-Encoding: xchunked" },
      { 501, "a quoted coding", with 'Transfer-Encoding: "chunked"' },
      { 400, "an empty coding", with "Transfer-Encoding:" },
      { 400, "two coding lines", with("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") },
      { 417, "another expectation", with("Content-Length: 1", "Expect: 200-ok") },
      { 431, "a request line over the limit", "GET /" .. ("x"):rep(MAX_HEAD) .. " HTTP/1.1\r\n" },
      { 431, "a request line without an end", "GET /" .. ("x"):rep(MAX_HEAD) },
      { 431, "a header over the limit", with("X: " .. ("x"):rep(MAX_HEAD)) },
      { 431, "many headers over the limit", with(("X: y\r\n"):rep(MAX_HEAD // 6) .. "X: y") },
      { 400, "a chunk size that is no number", chunked "x\r\n" },
      { 400, "a chunk without a size", chunked "\r\nabc" },
      { 400, "a chunk size with a prefix", chunked "0x3\r\nabc\r\n0\r\n\r\n" },
      { 400, "a chunk size with a sign", chunked "+3\r\nabc\r\n0\r\n\r\n" },
      { 400, "a negative chunk size", chunked "-3\r\nabc\r\n0\r\n\r\n" },
      { 400, "a space before a chunk size", chunked " 3\r\nabc\r\n0\r\n\r\n" },
      { 400, "a space after a chunk size", chunked "3 \r\nabc\r\n0\r\n\r\n" },
      { 400, "a bare LF after a chunk size", chunked "3\nabc\r\n0\r\n\r\n" },
      { 400, "a bare CR in a chunk extension", chunked "3;a\rb\r\nabc\r\n0\r\n\r\n" },
      { 400, "a control character in an extension", chunked "3;a\1\r\nabc\r\n0\r\n\r\n" },
      { 400, "a chunk longer than its size", chunked "3\r\nabcd\r\n0\r\n\r\n" },
      { 400, "a chunk ended by LF", chunked "3\r\nabc\n0\r\n\r\n" },
      { 400, "a chunk ended by CR", chunked "3\r\nabc\rx0\r\n\r\n" },
      { 400, "a chunk line over the limit", chunked("3;" .. ("x"):rep(1100) .. "\r\nabc") },
      { 400, "too many extensions", chunked(("1;" .. ("x"):rep(900) .. "\r\na\r\n"):rep(3)) },
      { 413, "chunks over the limit", chunked(("3e8\r\n" .. ("x"):rep(1000) .. "\r\n"):rep(6)) },
      { 413, "a chunk over the limit", chunked(("%x\r\n"):format(MAX_BODY + 1)) },
      { 413, "a chunk size of 64 bits", chunked "ffffffffffffffff\r\n" },
      { 413, "a chunk size beyond 64 bits", chunked(("f"):rep(40) .. "\r\n") },
      { 413, "a chunk size that is a small one in 64 bits",
        chunked("1" .. ("0"):rep(15) .. "3\r\nabc\r\n0\r\n\r\n") },
      { 400, "a trailer without a colon", chunked "0\r\nx\r\n\r\n" },
      { 400, "a folded trailer", chunked "0\r\nX: y\r\n z\r\n\r\n" },
      { 400, "a bare LF after a trailer", chunked "0\r\nX: y\n\r\n" },
      { 431, "trailers over the limit", chunked("0\r\n" .. ("X: y\r\n"):rep(400) .. "\r\n") },
      { 431, "a trailer without an end", chunked("0\r\nX: " .. ("y"):rep(MAX_HEAD)) },
    }
    for _, breach in ipairs(breaches) do
      local status, name, bytes = table.unpack(breach)
      it(("%s (%d)"):format(name, status), function()
        assert_refused(status, bytes)
      end)
    end

    it("all that follows what it has refused", function()
      local one = parser()
      assert.equal(400, one:feed("x\r\n")[1].refused)
      assert.equal(400, one:feed(request { "GET / HTTP/1.1", "Host: a" })[1].refused)
    end)
  end)

  it("accepts a head that fills its limit to the last byte", function()
    local head = request { "GET / HTTP/1.1", "Host: a", "X: " }
    local padding = ("x"):rep(MAX_HEAD - #head)
    local exact = request { "GET / HTTP/1.1", "Host: a", "X: " .. padding }
    assert.equal(MAX_HEAD, #exact)
    assert.equal("/", parse(exact)[1].target)
    assert.equal(431, parse(request { "GET / HTTP/1.1", "Host: a", "X: x" .. padding })[1].refused)
  end)

  it("accepts a body that fills its limit to the last byte", function()
    local head = { "POST / HTTP/1.1", "Host: a", "Content-Length: " .. MAX_BODY }
    local bytes = request(head, ("x"):rep(MAX_BODY))
    local results = feeding.all(parser(), feeding.pieces(bytes, 1000))
    assert.equal(MAX_BODY, #results[1].body)
  end)

  it("gives the same for random requests at random cuts", function()
    math.randomseed(20251106)
    for _ = 1, 200 do
      local bytes, expected = {}, {}
      for i = 1, math.random(1, 5) do
        local pieces, body = {}, {}
        for j = 1, math.random(0, 4) do
          local piece = ("x"):rep(math.random(1, 40))
          body[j], pieces[j] = piece, ("%x\r\n%s\r\n"):format(#piece, piece)
        end
        local all = table.concat(body)
        expected[i] = all
        bytes[i] = math.random(2) == 1 and chunked(table.concat(pieces) .. "0\r\n\r\n")
          or request({ "POST / HTTP/1.1", "Host: a", "Content-Length: " .. #all }, all)
      end
      local feed = feeding.random_pieces(table.concat(bytes), 150)
      local got = {}
      for i, result in ipairs(feeding.all(parser(), feed)) do
        got[i] = result.body
      end
      assert.same(expected, got)
    end
  end)
end)
