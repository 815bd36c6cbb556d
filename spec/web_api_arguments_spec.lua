local arguments = require "slack.web_api.arguments"
local core = require "slack.core"
local json = require "slack.json"

local POST <const> = {
  json = true,
  arguments = {
    channel = "channel_id", text = "string", blocks = "json", metadata = "json",
    thread_ts = "string", unfurl_links = "boolean", limit = "integer", users = "string",
    user_ids = "array", files = "array", latest = "timestamp", expiration_ts = "integer",
  },
}
local LIST <const> = { arguments = { types = "string", exclude = "string", latest = "timestamp" } }

local function encode_one(name, value, method)
  local text = assert(arguments.encode({ [name] = value }, method))
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
    { "tiniest", 2^-1074, "tiniest=0." .. ("0"):rep(323) .. "494065645841247" },
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

  it("tells whether all of them are texts by names that the method has", function()
    local function is_plain(args)
      local body, _, _, plain = arguments.encode(args, POST)
      assert.is_string(body)
      return plain == true
    end
    assert.is_true(is_plain { channel = "C1", text = "a" })
    for _, other in ipairs {
      { channel = "C1", txt = "a" }, { channel = "C1", thread_ts = 1.5 }, { text = { id = "C1" } },
      { channel = "C1", text = json.null }, { unfurl_links = true }, { blocks = {} },
      { channel = "C1", text = "\255" }, {},
    } do
      assert.is_false(is_plain(other))
    end
  end)

  it("knows UTF-8 as utf8.len does", function()
    for _, text in ipairs {
      "", "text", "\0", "\127", "\128", "\u{e4}\u{20ac}\u{1f600}", "\u{10ffff}", "\u{7ff}\u{d7ff}",
      "\xc3", "\xe2\x82", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
      ("x"):rep(100) .. "\xc3", ("\u{e4}"):rep(50) .. "x",
    } do
      assert.equal(utf8.len(text) ~= nil, core.is_utf8(text), ("%q"):format(text))
    end
  end)

  it("leaves out the token", function()
    assert.equal("", arguments.encode { token = "xoxb-1" })
  end)

  it("sends null as an empty value, which clears what it is about", function()
    assert.equal("topic=", encode_one("topic", json.null))
  end)

  it("keeps null inside of nested values", function()
    assert.equal('profile={"a":null}', encode_one("profile", { a = json.null }))
  end)

  it("joins arguments by ampersands", function()
    local text = arguments.encode { channel = "C1", text = "a&b" }
    assert.is_true(text == "channel=C1&text=a%26b" or text == "text=a%26b&channel=C1")
  end)

  for name, value in pairs {
    f = print, inf = math.huge, nan = 0 / 0, ts = 0 / 0, thread_ts = math.huge,
    users = { "U1", nil, "U3" }, channels = { "C1", "C2", more = "C3" },
  } do
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

  it("sends the ts of a message with all six digits, also when it is a number", function()
    assert.equal("ts=1712345678.120000", encode_one("ts", 1712345678.12))
    assert.equal("thread_ts=1712345678.123456", encode_one("thread_ts", 1712345678.123456, POST))
    assert.equal("latest=1712345678.500000", encode_one("latest", 1712345678.5, LIST))
    assert.equal("latest=1712345678", encode_one("latest", 1712345678, LIST))
    assert.equal("part=0.5", encode_one("part", 0.5, LIST))
  end)

  it("joins a list by commas where the method takes a text", function()
    assert.equal("exclude=a,b", encode_one("exclude", { "a", "b" }, LIST))
    assert.equal("exclude=", encode_one("exclude", json.list {}, LIST))
    assert.equal('loose=["a"]', encode_one("loose", { "a" }, LIST))
  end)

  it("sends an empty table as [] where only a list can be meant", function()
    for _, method in ipairs { LIST, POST } do
      assert.equal("blocks=[]", encode_one("blocks", {}, method))
      assert.equal("attachments=[]", encode_one("attachments", {}, method))
    end
    assert.equal("files=[]", encode_one("files", {}, POST))
    assert.equal("profile={}", encode_one("profile", {}))
  end)

  it("sends an empty list of ids or words as empty text", function()
    for _, name in ipairs { "users", "types", "channel_ids" } do
      assert.equal(name .. "=", encode_one(name, {}))
    end
    assert.equal("users=", encode_one("users", {}, POST))
    assert.equal("types=", encode_one("types", {}, LIST))
  end)

  it("sends empty fields of blocks and views that are lists as lists", function()
    local view = { type = "home", blocks = {}, state = { values = {} } }
    local method = { json = true, arguments = { view = "json", profile = "json" } }
    local body = assert(arguments.encode({ view = view }, method))
    assert.same({ type = "home", blocks = json.list {}, state = { values = {} } },
      json.decode(body).view)
    assert.truthy(body:find('"blocks":[]', 1, true))
    assert.truthy(body:find('"values":{}', 1, true))
    assert.truthy(encode_one("view", view):find('"blocks":[]', 1, true))
    assert.equal('attachments=[{"actions":[]}]', encode_one("attachments", { { actions = {} } }))
    assert.equal('blocks=[{"elements":[]}]',
      encode_one("blocks", json.list { { elements = {} } }))
    assert.equal('profile={"fields":{}}', encode_one("profile", { fields = {} }))
    assert.is_nil(getmetatable(view.blocks))
  end)

  describe("as JSON", function()
    local function encode(args, wanted)
      local body, is_json = arguments.encode(args, POST, wanted)
      assert.is_true(is_json, body)
      return json.decode(body)
    end

    for name, args in pairs {
      texts = { channel = "C1", text = "a & b", thread_ts = "1.2" },
      ["nested values"] = { blocks = { { type = "divider" } }, metadata = { n = { 0.1, 2^60 } } },
      ["false"] = { unfurl_links = false, limit = 10 },
      null = { text = json.null, blocks = json.null },
      ["a marked list"] = { blocks = json.list {}, files = { { id = "F1" } } },
      ["unknown names"] = { new_thing = "x", other = 5, third = true, fourth = { a = 1 } },
      ["a list of objects"] = { files = { { id = "F1" } } },
    } do
      it(("goes what the method takes so: %s"):format(name), function()
        assert.same(args, encode(args))
      end)
    end

    it("has no exponents", function()
      assert.equal('{"limit":1000000000000000}', arguments.encode({ limit = 1e15 }, POST))
    end)

    for name, args in pairs {
      ["a number for a text"] = { text = 5 }, ["a text for a number"] = { limit = "5" },
      ["a text for true"] = { unfurl_links = "true" }, ["true for a text"] = { text = true },
      ["JSON already"] = { blocks = "[]" }, ["a list of ids"] = { user_ids = { "U1" } },
      ["a list for a text"] = { users = { "U1", "U2" } }, ["a ts as a number"] = { ts = 1.5 },
      ["an unmarked empty list"] = { blocks = {} }, ["a token"] = { token = "xoxb-1" },
      ["an unknown list of ids"] = { team_ids = { "T1" } }, ["no UTF-8"] = { text = "a\xffb" },
      ["nothing"] = {},
    } do
      it(("does not go what a form says better: %s"):format(name), function()
        assert.is_false(select(2, arguments.encode(args, POST)))
      end)
    end

    it("goes what a call asks to be sent so, with lists as lists", function()
      local args = {
        user_ids = { "U1" }, blocks = {}, ts = 1.5, token = "xoxb-1", limit = "5",
        gone = json.null,
      }
      assert.same({
        user_ids = { "U1" }, blocks = {}, ts = "1.500000", limit = "5", gone = json.null,
      }, encode(args, "json"))
      assert.truthy(json.is_list(encode(args, "json").blocks))
      assert.equal("xoxb-1", args.token)
      assert.equal("limit=5", arguments.encode({ limit = 5 }, POST, "form"))
    end)

    it("names where a nested value cannot be sent", function()
      for _, wanted in pairs { "json", "form" } do
        local text, problem = arguments.encode({ blocks = { { text = print } } }, POST, wanted)
        assert.is_nil(text)
        assert.matches("argument 'blocks'.*%[1%]%.text", problem)
      end
    end)
  end)

  it("leaves the caller's table as it is (S260)", function()
    local args = { channel = "C1", channels = { "a", "b" }, n = 1.0, gone = json.null }
    for _, wanted in pairs { false, "form", "json" } do
      assert(arguments.encode(args, POST, wanted))
    end
    assert.same({ channel = "C1", channels = { "a", "b" }, n = 1.0, gone = json.null }, args)
  end)
end)
