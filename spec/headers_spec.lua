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
