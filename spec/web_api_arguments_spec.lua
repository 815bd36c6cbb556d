local arguments = require "slack.web_api.arguments"
local json = require "slack.json"

local function encode_one(name, value)
  local text = assert(arguments.encode { [name] = value })
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

describe("web_api.arguments", function()
  local cases = {
    { "text", "a b", "text=a b" },
    { "unfurl_links", true, "unfurl_links=true" },
    { "unfurl_media", false, "unfurl_media=false" },
    { "limit", 200, "limit=200" },
    { "limit", 200.0, "limit=200" },
    { "post_at", 12345678901234567, "post_at=12345678901234567" },
    { "big", 1e15, "big=1000000000000000" },
    { "huge", 2^60, "huge=1152921504606846976" },
    { "part", 0.1, "part=0.1" },
    { "tiny", 1e-7, "tiny=0.0000001" },
    { "tiny", -2.5e-9, "tiny=-0.0000000025" },
    { "channels", { "C1", "C2" }, "channels=C1,C2" },
    { "user_ids", { "U1" }, "user_ids=U1" },
    { "types", { "public_channel", "im" }, "types=public_channel,im" },
    { "users", { { slack_id = "U1" } }, 'users=[{"slack_id":"U1"}]' },
    { "channels", json.list {}, "channels=[]" },
    { "blocks", json.list {}, "blocks=[]" },
    { "blocks", { { type = "divider" } }, 'blocks=[{"type":"divider"}]' },
    { "loading_messages", { "one, two", "three" }, 'loading_messages=["one, two","three"]' },
    { "users", { "odd,one" }, 'users=["odd,one"]' },
    { "metadata", { event_payload = { n = 3 } }, 'metadata={"event_payload":{"n":3}}' },
  }
  for _, case in ipairs(cases) do
    it(("sends %s"):format(case[3]), function()
      assert.equal(case[3], encode_one(case[1], case[2]))
    end)
  end

  it("leaves out null and the token", function()
    assert.equal("", arguments.encode { thread_ts = json.null, token = "xoxb-1" })
  end)

  it("keeps null inside of nested values", function()
    assert.equal('profile={"a":null}', encode_one("profile", { a = json.null }))
  end)

  it("joins arguments by ampersands", function()
    local text = arguments.encode { channel = "C1", text = "a&b" }
    assert.is_true(text == "channel=C1&text=a%26b" or text == "text=a%26b&channel=C1")
  end)

  for name, value in pairs { f = print, inf = math.huge, nan = 0 / 0 } do
    it(("names an argument that cannot be sent: %s"):format(name), function()
      local text, problem = arguments.encode { [name] = value }
      assert.is_nil(text)
      assert.matches("argument '" .. name .. "'", problem, 1, true)
    end)
  end

  it("names where a nested value cannot be sent", function()
    local text, problem = arguments.encode { blocks = { { text = print } } }
    assert.is_nil(text)
    assert.matches("argument 'blocks'.*%[1%]%.text", problem)
  end)

  it("refuses arguments without names", function()
    local text, problem = arguments.encode { "C1" }
    assert.is_nil(text)
    assert.matches("arguments have names", problem)
  end)

  it("leaves the caller's table as it is (S260)", function()
    local args = { channel = "C1", channels = { "a", "b" }, n = 1.0, gone = json.null }
    assert(arguments.encode(args))
    assert.same({ channel = "C1", channels = { "a", "b" }, n = 1.0, gone = json.null }, args)
  end)
end)
