local core = require "slack.core"
local headers = require "slack.headers"

local LINES = "Content-Type: application/json\r\nX-Empty:\r\n"
  .. "x-oauth-scopes: \t chat:write,users:read \r\nVia: one\r\nvia:two\r\nX-Cut: no line end"

describe("core.find_header", function()
  it("finds a value by its name in any case, without the blanks around it", function()
    assert.equal("application/json", core.find_header(LINES, "content-type"))
    assert.equal("chat:write,users:read", core.find_header(LINES, "X-OAuth-Scopes"))
    assert.equal("", core.find_header(LINES, "x-empty"))
    assert.equal("no line end", core.find_header(LINES, "x-cut"))
  end)

  it("joins repeated ones by commas", function()
    assert.equal("one, two", core.find_header(LINES, "via"))
  end)

  it("takes no longer or shorter name for it, nor a value", function()
    assert.is_nil(core.find_header(LINES, "content-typ"))
    assert.is_nil(core.find_header(LINES, "content-types"))
    assert.is_nil(core.find_header(LINES, "application/json"))
    assert.is_nil(core.find_header(LINES, "chat"))
    assert.is_nil(core.find_header("", "via"))
  end)

  it("gives what the table of all headers has", function()
    local all = headers.parse(LINES)
    for name, value in pairs(all) do
      assert.equal(value, core.find_header(LINES, name))
    end
  end)
end)

describe("headers.parse", function()
  it("has repeated ones joined in their order, cookies by semicolons", function()
    local all = headers.parse "A: 1\r\nb: x\r\na:\r\nA:  3 \r\nCookie: a=1\r\ncookie: b=2\r\n"
    assert.same({ "1, , 3", "x", "a=1; b=2" }, { all.a, all.B, all.COOKIE })
  end)

  it("passes over what is no header's line", function()
    assert.same({ ["x"] = "1" }, headers.parse "no colon\r\n: y\r\nX: 1\r\n\r\n")
  end)

  -- Each of these would take minutes where a byte is looked at for each other one.
  it("takes no time over what was made to take some", function()
    local long = 256 * 1024
    assert.same({}, headers.parse(("x"):rep(long)))
    assert.same({ a = "" }, headers.parse("a:" .. (" "):rep(long)))
    assert.same({ a = "b" .. (" "):rep(long) .. "c" },
      headers.parse("a:b" .. (" "):rep(long) .. "c" .. ("\t"):rep(long)))
    assert.same({ a = ("b, "):rep(long) .. "b" }, headers.parse(("a: b\r\n"):rep(long + 1)))
  end)
end)
