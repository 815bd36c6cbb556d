local json = require "slack.json"
local response = require "slack.response"

-- status, headers by name (lists of several), body
local function read(value, is_secure)
  local status, list, body = response.read(value, is_secure or false)
  if not status then
    return nil, list
  end
  local headers = {}
  for i = 1, #list, 2 do
    local name = list[i]
    headers[name] = headers[name] and headers[name] .. "\n" .. list[i + 1] or list[i + 1]
  end
  return status, headers, body
end

describe("the answer of a route", function()
  it("is 204 for nothing", function()
    assert.same({ 204, {}, "" }, { read(nil) })
    assert.same({ 204, {}, "" }, { read {} })
  end)

  it("is plain text for text", function()
    assert.same({ 200, { ["Content-Type"] = "text/plain; charset=utf-8" }, "grüße" },
      { read "grüße" })
    assert.equal("", select(3, read ""))
  end)

  for name, case in pairs {
    text = { "text/plain; charset=utf-8", "x", "x" },
    html = { "text/html; charset=utf-8", "<p>", "<p>" },
    json = { "application/json", { a = json.list {} }, '{"a":[]}' },
    body = { "application/octet-stream", "\0\255", "\0\255" },
  } do
    it("has a body by the name of " .. name, function()
      local status, headers, body = read { [name] = case[2] }
      assert.same({ 200, case[1], case[3] }, { status, headers["Content-Type"], body })
    end)
  end

  it("is JSON for false too", function()
    assert.equal("false", select(3, read { json = false }))
  end)

  it("has the status and the headers that are given", function()
    local status, headers = read {
      status = 201, text = "x",
      headers = { ["content-type"] = "text/csv", ["X-A"] = { "1", 2 }, ETag = '"a"' },
    }
    assert.equal(201, status)
    assert.same({ ["content-type"] = "text/csv", ["X-A"] = "1\n2", ETag = '"a"' }, headers)
  end)

  it("leads elsewhere", function()
    local status, headers = read { redirect = "https://x.example/a b?c=%20&ü=1" }
    assert.same({ 302, "https://x.example/a%20b?c=%20&%C3%BC=1" }, { status, headers.Location })
    assert.equal(303, (read { redirect = "/", status = 303 }))
  end)

  describe("with cookies", function()
    local function cookie(given, is_secure)
      local status, headers = read({ cookies = { given } }, is_secure)
      return status and headers["Set-Cookie"], headers
    end

    it("keeps them from scripts and other sites unless told otherwise", function()
      assert.equal("a=b; Path=/; HttpOnly; SameSite=Lax", cookie { name = "a", value = "b" })
      assert.equal("a=b; Path=/", cookie {
        name = "a", value = "b", http_only = false, same_site = false,
      })
    end)

    it("marks them as secure where the server speaks TLS", function()
      assert.matches("; Secure;", cookie({ name = "a", value = "b" }, true))
      assert.not_matches("Secure", (cookie({ name = "a", value = "b", secure = false }, true)))
      assert.matches("; Secure;", cookie { name = "a", value = "b", secure = true })
    end)

    it("has all their attributes", function()
      assert.equal("a=; Path=/x; Domain=x.example; Max-Age=0; HttpOnly; SameSite=Strict", cookie {
        name = "a", path = "/x", domain = "x.example", max_age = 0, same_site = "strict",
      })
    end)

    it("encodes what cannot stand in a value", function()
      assert.matches("^a=x%%3B%%20b%%0D%%0A%%C3%%BC;", (cookie { name = "a", value = "x; b\r\nü" }))
    end)

    it("sends each in a header of its own", function()
      local _, headers = read { cookies = { { name = "a" }, { name = "b" } } }
      assert.matches("^a=;.*\nb=;", headers["Set-Cookie"])
    end)

    for name, given in pairs {
      ["no name"] = { value = "x" }, ["a name that is none"] = { name = "a=b" },
      ["an unknown field"] = { name = "a", httponly = true },
      ["a number as value"] = { name = "a", value = 1 },
      ["a path with another attribute"] = { name = "a", path = "/; Domain=x" },
      ["a domain with a line end"] = { name = "a", domain = "x\r\nX: y" },
      ["an unknown same_site"] = { name = "a", same_site = "maybe" },
      ["a fraction as max_age"] = { name = "a", max_age = 1.5 },
    } do
      it("refuses " .. name, function()
        local text, problem = cookie(given)
        assert.is_nil(text)
        assert.matches("^cookies:", problem)
      end)
    end
  end)

  describe("is refused when it is", function()
    for name, case in pairs {
      ["a number"] = { 42, "text or a table expected, got number" },
      ["false"] = { false, "got boolean" },
      ["a function"] = { print, "got function" },
      ["a table with an unknown field"] = { { txt = "x" }, 'unknown field "txt"' },
      ["a list"] = { { "x" }, 'unknown field "1"' },
      ["two bodies"] = { { text = "x", json = {} }, "text and json" },
      ["a number as text"] = { { text = 1 }, "text: string expected" },
      ["a table as html"] = { { html = {} }, "html: string expected" },
      ["a function as JSON"] = { { json = print }, "json:" },
      ["a status that is none"] = { { status = 99 }, "status:" },
      ["a status in words"] = { { status = "200" }, "status:" },
      ["informational"] = { { status = 101 }, "status:" },
      ["204 with a body"] = { { status = 204, text = "x" }, "has no body" },
      ["headers in a text"] = { { headers = "X: y" }, "headers: table expected" },
      ["a redirect to nowhere"] = { { redirect = true }, "redirect:" },
      ["cookies by name"] = { { cookies = { a = "b" } }, "cookies:" },
    } do
      it(name, function()
        local status, problem = read(case[1])
        assert.is_nil(status)
        assert.truthy(problem:find(case[2], 1, true), problem)
      end)
    end
  end)

  it("lets nothing break out of a header", function()
    for _, bad in ipairs {
      { headers = { ["X-A"] = "a\r\nSet-Cookie: b=c" } }, { headers = { ["X-A"] = "a\nb" } },
      { headers = { ["X-A"] = { "a", "b\r" } } }, { headers = { ["X-A"] = "a\0b" } },
      { headers = { ["X-A: b\r\nX-B"] = "a" } }, { headers = { [""] = "a" } },
      { headers = { ["X A"] = "a" } }, { headers = { "X-A: b" } },
      { redirect = "/\r\nSet-Cookie: a=b" }, { redirect = "/\0" },
    } do
      local status, problem = read(bad)
      assert.is_nil(status)
      assert.is_string(problem)
    end
  end)

  it("leaves the framing of messages to the server", function()
    for _, name in ipairs { "Content-Length", "transfer-encoding", "Connection", "Date" } do
      assert.is_nil((read { headers = { [name] = "1" } }))
    end
  end)

  it("tells a number from one that is written as a string", function()
    local _, problem = response.read({ status = "404" }, false)
    assert.equal('status: an integer from 200 to 599 expected, got the string "404"', problem)
  end)
end)
