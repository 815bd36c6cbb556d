local cjson = require "cjson"
local core = require "slack.core"
local json = require "slack.json"

-- The message of an encoding that must fail.
local function refused(value)
  local text, err = json.encode(value)
  assert.is_nil(text)
  return err
end

-- Equal in value and in kind of number, so that 3 is not 3.0.
local function alike(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  for key, value in pairs(a) do
    if not alike(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return json.is_list(a) == json.is_list(b) or #a > 0
end

describe("json", function()
  describe("round trip", function()
    for name, text in pairs {
      ["an empty list"] = "[]",
      ["an empty object"] = "{}",
      ["lists in lists"] = "[[],[[]],[1,[]]]",
      ["an empty list in an object"] = '{"blocks":[]}',
      ["null"] = "[null,1,null]",
      ["null alone"] = "null",
      ["integers"] = "[0,1,-1,1515449522]",
      ["integers of 15 digits"] = "[123456789012345,-123456789012345]",
      ["integers of 16 digits"] = "[1234567890123456,9007199254740993]",
      ["the largest integers"] = "[9223372036854775807,-9223372036854775808]",
      ["fractions of 17 digits"] = "[0.30000000000000004,3.1415926535897931]",
      ["a fraction"] = "[0.5,-2.25]",
      ["booleans and strings"] = '[true,false,"","text"]',
      ["escapes"] = [=["\"\\\n\t\u0001"]=],
    } do
      it("keeps " .. name, function()
        local value, err = json.decode(text)
        assert.is_nil(err)
        local again = assert(json.encode(value))
        assert.is_true(alike(value, (json.decode(again))))
        if not text:find("\\u", 1, true) and not text:find("3.14", 1, true) then
          assert.equal(text, again)
        end
      end)
    end

    it("keeps every byte, also of text that is not UTF-8", function()
      local bytes = {}
      for i = 0, 255 do
        bytes[#bytes + 1] = string.char(i)
      end
      local text = table.concat(bytes)
      assert.equal(text, json.decode(assert(json.encode(text))))
    end)

    it("keeps any double exactly", function()
      math.randomseed(7)
      for _ = 1, 500 do
        local number = string.unpack("<d", string.pack("<I8", math.random(0)))
        if number == number and math.abs(number) ~= math.huge then
          local text = assert(json.encode { number })
          assert.equal(number, json.decode(text)[1], text)
        end
      end
    end)

    it("keeps any integer exactly", function()
      math.randomseed(8)
      for _ = 1, 500 do
        local number = math.random(0) >> math.random(0, 63)
        local decoded = json.decode(assert(json.encode { number }))[1]
        assert.equal(number, decoded)
        assert.equal("integer", math.type(decoded))
      end
    end)
  end)

  describe("encode", function()
    it("writes whole numbers without exponent or fraction", function()
      for number, text in pairs {
        [3.0] = "3", [1e15] = "1000000000000000", [123456789012345] = "123456789012345",
        [-2.0 ^ 53] = "-9007199254740992", [1e14] = "100000000000000", [math.mininteger] =
        "-9223372036854775808",
      } do
        assert.equal("[" .. text .. "]", json.encode { number })
      end
    end)

    it("makes a marked list [] and any other empty table {}", function()
      assert.equal("{}", json.encode {})
      assert.equal("[]", json.encode(json.list {}))
      assert.equal("[]", json.encode(json.list()))
      assert.equal('{"a":{"b":[[],[]]}}',
        json.encode { a = { b = { json.list(), json.list() } } })
      assert.equal("[1]", json.encode(json.list { 1 }))
    end)

    it("leaves the caller's tables as they are", function()
      local inner = setmetatable({ 12345678901234567 }, { __name = "theirs" })
      local value = { list = json.list(), number = 0.1, inner = inner }
      assert(json.encode(value))
      assert.equal(0.1, value.number)
      assert.equal(inner, value.inner)
      assert.equal(12345678901234567, inner[1])
      assert.is_true(json.is_list(value.list))
    end)

    it("says where the value is that has no form in JSON", function()
      for _, case in ipairs {
        { { blocks = { { text = print } } }, "blocks[1].text: a function has no form" },
        { { a = { b = { 1, nil, 3 } } }, "a.b: a list with holes" },
        { { [3] = "c" }, "a list with holes (key 3)" },
        { { a = { 1, 2, n = 2 } }, "a: a table that is both a list and an object (key n)" },
        { { a = { [true] = 1 } }, "a: a key of type boolean" },
        { { a = { [1.5] = 1 } }, "a: a list with holes (key 1.5)" },
        { { { 0 / 0 } }, "[1][1]: NaN has no form" },
        { { x = 1 / 0 }, "x: infinity has no form" },
        { { x = -1 / 0 }, "x: infinity has no form" },
        { { x = coroutine.create(print) }, "x: a thread has no form" },
        { { x = io.stdout }, "x: a userdata has no form" },
        { json.list { 1, x = 2 }, "a table that is both a list and an object (key x)" },
        { setmetatable({ x = 1 }, getmetatable(json.list())),
          "a table that is both a list and an object (key x)" },
        { nil, "a nil has no form" },
      } do
        local err = refused(case[1])
        assert.equal("JSON: " .. case[2], err:sub(1, 6 + #case[2]))
      end
    end)

    it("refuses a table that contains itself", function()
      local ring = {}
      ring.ring = ring
      assert.matches("JSON: nested more than 1000 deep", refused(ring))
      local list = {}
      list[1] = list
      assert.matches("JSON: nested more than 1000 deep", refused(list))
    end)

    it("is not fooled by text that looks like its own marks", function()
      local value = { json.list(), 0.1, "slack-json-" .. ("0"):rep(32) .. ":[]" }
      assert.same(value, json.decode(assert(json.encode(value))))
    end)

    it("writes fractions with a point whatever the locale", function()
      local before = os.setlocale(nil, "numeric")
      for _, name in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" } do
        if os.setlocale(name, "numeric") then
          break
        end
      end
      local text = json.encode { 0.5 }
      local value = json.decode "[0.5]"
      os.setlocale(before, "numeric")
      assert.equal("[0.5]", text)
      assert.same({ 0.5 }, value)
    end)
  end)

  describe("decode", function()
    it("makes integers of whole numbers, however they are written", function()
      for text, number in pairs {
        ["3"] = 3, ["3.0"] = 3, ["1e3"] = 1000, ["-0"] = 0, ["10.50e1"] = 105,
      } do
        local decoded = json.decode("[" .. text .. "]")[1]
        assert.equal(number, decoded)
        assert.equal("integer", math.type(decoded))
      end
      assert.equal(9223372036854775808.0, json.decode "9223372036854775808")
    end)

    it("gives json.null, which is lua-cjson's", function()
      assert.equal(json.null, json.decode '{"a":null}'.a)
      assert.equal(cjson.null, json.null)
    end)

    it("gives nil and the place of the mistake (S212)", function()
      for _, case in ipairs {
        { "", 1 }, { "nul", 1 }, { '{"a":}', 6 }, { '{"a":[],}', 9 }, { "[1 2]", 4 },
        { '{"a":1', 7 }, { "[1]x", 4 }, { '["a\nb"]', 4 }, { "{[]:1}", 2 }, { "[NaN]", 2 },
        { "[01]", 3 }, { "[0x10]", 3 }, { "\239\187\191{}", 1 },
      } do
        local value, err = json.decode(case[1])
        assert.is_nil(value)
        assert.matches("^JSON: .* at character " .. case[2] .. "$", err)
      end
    end)

    it("never repeats the text in its error", function()
      local _, err = json.decode '{"token":"xoxb-secret" "next":1}'
      assert.not_matches("secret", err)
    end)

    it("stops at a nesting bomb", function()
      local value, err = json.decode(("["):rep(100000))
      assert.is_nil(value)
      assert.matches("nested too deep", err)
      assert.is_table((json.decode(("["):rep(900) .. ("]"):rep(900))))
    end)

    it("takes 4,194,304 fields and items of others, and as many as there are of its own", function()
      local MOST <const> = 1 << 22
      local half = ("1,"):rep(MOST // 2 - 1) .. "1"
      local all, one_more = "[" .. half .. "," .. half .. "]", "[[" .. half .. "]," .. half .. "]"
      assert.equal(MOST, #json.decode(all))
      for _, text in ipairs { one_more, '{"a":' .. all .. "}", all:sub(1, -2) .. ",1]" } do
        local value, err = json.decode(text)
        assert.equal("nil", type(value)) -- who shows it has no end
        assert.matches("^JSON: too many values at character %d+$", err)
      end
      assert.equal(MOST // 2 + 1, #json.decode_own(one_more))
    end)

    it("raises on what is not text", function()
      local ok, err = pcall(json.decode, nil)
      assert.is_false(ok)
      assert.matches("json.decode: string expected, got nil", err)
    end)
  end)

  describe("list", function()
    it("gives the table it was given, marked", function()
      local t = { 1 }
      assert.equal(t, json.list(t))
      assert.equal(t, json.list(t))
      assert.is_true(json.is_list(t))
      assert.is_false(json.is_list { 1 })
      assert.is_false(json.is_list "text")
    end)

    it("marks empty lists that were decoded", function()
      assert.is_true(json.is_list(json.decode "[]"))
      assert.is_false(json.is_list(json.decode "{}"))
    end)

    it("refuses what cannot be marked", function()
      assert.has_error(function()
        json.list "text"
      end, "json.list: table expected, got string")
      assert.has_error(function()
        json.list(setmetatable({}, {}))
      end, "json.list: the table has a metatable already")
    end)
  end)

  it("leaves the program's own lua-cjson as it was configured", function()
    cjson.encode_max_depth(5)
    local deep = { { { { { { {} } } } } } }
    assert.is_string(json.encode(deep))
    assert.has_error(function()
      cjson.encode(deep)
    end)
    cjson.encode_max_depth(1000)
  end)

  describe("of texts alone", function()
    local KINDS <const> = { a = "string", b = "timestamp", n = "integer" }
    local OTHERS <const> = { integer = {} }

    local function of_texts(fields)
      return core.json_encode_texts(fields, KINDS, OTHERS)
    end

    it("is what it is of any object", function()
      for _, fields in ipairs {
        { a = "" }, { a = "x", b = "1.5" }, { b = '"\\/\n\0{}[] \u{2028}ü' },
        { a = ("ü"):rep(20000) },
      } do
        assert.equal(json.encode(fields), of_texts(fields))
      end
    end)

    it("is none where there is something else", function()
      for _, fields in ipairs {
        {}, { "a" }, { a = 1 }, { a = "x", b = true }, { a = {} }, { c = "x" }, { n = "1" },
        { a = "\255" }, { a = "cut \xC3" }, json.list { a = "x" }, { [true] = "x" },
      } do
        assert.is_nil(of_texts(fields))
      end
    end)

    it("wants tables", function()
      assert.has_error(function() core.json_encode_texts("a", KINDS, OTHERS) end)
      assert.has_error(function() core.json_encode_texts({ a = "x" }, KINDS) end)
    end)
  end)
end)
