local cjson = require "cjson"
local core = require "slack.core"

local List, decode = core.json_list, core.json_decode

-- Equal but for what lua-cjson cannot tell: integers and empty lists.
local function is_same(ours, theirs)
  if type(ours) ~= "table" or type(theirs) ~= "table" then
    return ours == theirs
  end
  for key, value in pairs(ours) do
    if not is_same(value, theirs[key]) then
      return false
    end
  end
  for key in pairs(theirs) do
    if ours[key] == nil then
      return false
    end
  end
  return true
end

local WORDS = {
  "true", "false", "null", "0", "-7", "1.25", "6e2", '""', '"a b"', '"\\"\\\\\\/\\n"',
  '"Gr\\u00fc\\u00dfe"', '"\\ud83c\\udf72"', '"Füße"', '"' .. ("long "):rep(300) .. '"',
}

local function make_text(random, depth)
  local kind = random(depth > 4 and 1 or 3)
  if kind == 1 then
    return WORDS[random(#WORDS)]
  end
  local items = {}
  for i = 1, random(0, random(10) == 1 and 150 or 5) do
    local name = kind == 2 and ('"k%d" :'):format(i) or ""
    items[i] = name .. make_text(random, depth + 1)
  end
  local text = table.concat(items, random(2) == 1 and "," or " ,\n\t")
  return kind == 2 and "{" .. text .. "}" or "[ " .. text .. "]"
end

-- Another each time; a failure names it.
local SEED = os.time() * 1000 + math.floor(os.clock() * 1e6) % 1000

local NAMES = { "type", "ts", "user", "team_id", "context_team_id", "is_ext_shared_channel",
  "a_name_of_32_bytes_exactly_so_it", "a_name_of_33_bytes_exactly_so_it_", ("n"):rep(41), "",
  "esc\\u0061ped", "escaped", "Füße" }

local function make_string(random)
  local kind = random(4)
  if kind == 1 then
    return WORDS[random(8, #WORDS)]
  elseif kind == 2 then -- of few, so that they come again
    return ('"U%08d"'):format(random(30))
  end
  return '"' .. ("0123456789abcdef"):rep(4):sub(1, random(0, 45)) .. random(3) .. '"'
end

-- Names may come twice, also in different spelling: the last counts.
local function make_event(random, depth)
  depth = depth or 1
  local fields = {}
  for i = 1, random(0, depth == 1 and 90 or 8) do
    local value = make_string(random)
    if random(3) == 1 and depth < 6 then
      value = make_event(random, depth + 1)
      value = random(2) == 1 and value or "[" .. value .. "," .. make_string(random) .. "]"
    end
    fields[i] = ('"%s":%s'):format(NAMES[random(#NAMES)], value)
  end
  return "{" .. table.concat(fields, ",") .. "}"
end

describe("core.json_decode", function()
  local function compare(text)
    local ours, err = decode(text)
    if err or not is_same(ours, cjson.decode(text)) then
      error(("with seed %d they disagree about %s: %s"):format(SEED, text, err or "other values"))
    end
  end

  it("agrees with lua-cjson about texts made at random", function()
    math.randomseed(SEED)
    for _ = 1, 150 do
      compare(make_text(math.random, 1))
    end
  end)

  it("agrees with lua-cjson about events, the same fields in any order", function()
    math.randomseed(SEED)
    for _ = 1, 400 do
      compare(make_event(math.random))
    end
  end)

  it("refuses every text that is cut short, wherever that is", function()
    local text = '{"a":[1,-2.5e1,"x\\u00e9\\ud83c\\udf72y",true,null,{}],"b":{"c":[]}}'
    for length = 0, #text - 1 do
      local value, why = decode(text:sub(1, length))
      assert.is_nil(value)
      assert.matches("expected at character %d+$", why)
    end
  end)

  it("reads nothing from behind the end of a text", function()
    local ends = { '"abc', '{"a', '{"name', "[1", "[tru", '"0123456789abcdef', '"\\u00e' }
    for _, text in ipairs(ends) do
      for _, behind in ipairs { "", '"', '"}', 'e"]', "\0" } do
        local whole = text .. behind .. (" "):rep(40)
        assert.is_nil((decode(whole:sub(1, #text))))
      end
    end
  end)

  it("agrees with the envelope scan about which spoilt texts are JSON", function()
    local text = '{"type":"events_api","payload":{"text":"F\\u00fc\\u00dfe \\ud83c\\udf72\\"a\\"",'
      .. '"ts":"1767612345.0001","n":[1,-2.50e+3,0.1,true,false,null,[],{}]},"retry_attempt":0}'
    local signs = '{}[]",:\\0123456789.eE+-tfnu \n\1/x'
    math.randomseed(20260106)
    local valid = 0
    for _ = 1, 20000 do
      local at, length, sign = math.random(#text), math.random(0, 2), math.random(#signs)
      local spoilt = text:sub(1, at - 1) .. signs:sub(sign, sign) .. text:sub(at + length)
      local is_json = core.scan_envelope(spoilt) ~= nil
      if is_json ~= (decode(spoilt) ~= nil) then
        error("they disagree about " .. spoilt)
      end
      valid = valid + (is_json and 1 or 0)
    end
    assert.truthy(valid > 2000 and valid < 18000) -- both kinds were met
  end)

  local numbers = {
    ["0"] = 0, ["-0"] = 0, ["12345678901234567"] = 12345678901234567,
    ["9223372036854775807"] = math.maxinteger, ["-9223372036854775808"] = math.mininteger,
    ["3.0"] = 3, ["1e3"] = 1000, ["0.1"] = 0.1, ["1767612345.000100"] = 1767612345.0001,
    ["18446744073709551616"] = 2.0 ^ 64,
  }
  for text, number in pairs(numbers) do
    it("reads the number " .. text .. " exactly", function()
      local value = decode(text)
      assert.equal(number, value)
      assert.equal(math.type(number), math.type(value))
    end)
  end

  local refused = {
    "", " ", "nul", "tru", "-", "+1", "01", "1.", ".5", "1e", "1e999", "0x10", "NaN", "1 2",
    "[1,]", "[,1]", '{"a":1,}', '{"a"}', "{1:2}", "{a:1}", "[1}", '"a', '"\\x"', '"\\u12g4"',
    '"a\nb"', "\0", "'a'", "[1 2]", '{"a" 1}', "]", ("["):rep(1001) .. ("]"):rep(1001),
  }
  for _, text in ipairs(refused) do
    it(("refuses %q"):format(text:sub(1, 20)), function()
      local value, why = decode(text)
      assert.is_nil(value)
      assert.matches("at character %d+$", why)
    end)
  end

  it("takes the last of fields with the same name", function()
    assert.same({ a = 3 }, decode '{"a":1,"a":2,"a":3}')
    assert.same({ a = 3, b = { a = 5 } }, decode '{"a":1,"b":{"a":4,"a":5},"a":3}')
  end)

  it("knows a name again however it is spelled, also a long one", function()
    assert.same({ a = 2 }, decode '{"a":1,"\\u0061":2}')
    assert.same({ a = 2 }, decode '{"\\u0061":1,"a":2}')
    local name = ("n"):rep(50)
    assert.same({ [name] = 2, b = 0 }, decode(('{"%s":1,"b":0,"%s":2}'):format(name, name)))
  end)

  it("takes the last of a name that comes again hundreds of fields later", function()
    for _, between in ipairs { 62, 63, 64, 65, 126, 127, 128, 300 } do
      local fields = {}
      for i = 1, between do
        fields[i] = ('"k%d":%d'):format(i, i)
      end
      local text = '{"k0":"first",' .. table.concat(fields, ",") .. ',"k0":"last"}'
      local object = decode(text)
      assert.equal("last", object.k0)
      assert.equal(between, object["k" .. between])
    end
  end)

  it("turns half a surrogate pair into U+FFFD and keeps the rest", function()
    assert.equal("a\u{FFFD}b", decode '"a\\ud83db"')
    assert.equal("\u{FFFD}", decode '"\\udf72"')
    assert.equal("\u{FFFD}\u{FFFD}", decode '"\\ud83d\\ud83d"')
  end)

  it("marks empty lists, and only those", function()
    assert.equal(List, getmetatable(decode "[]"))
    assert.is_nil(getmetatable(decode "{}"))
    assert.is_nil(getmetatable(decode "[1]"))
  end)

  it("keeps NUL characters in strings", function()
    assert.equal("a\0b", decode '"a\\u0000b"')
  end)

  it("reads lists and objects of any size", function()
    local numbers_text, fields = {}, {}
    for i = 1, 1000 do
      numbers_text[i], fields[i] = tostring(i), ('"k%d":%d'):format(i, i)
    end
    local list = decode("[" .. table.concat(numbers_text, ",") .. "]")
    local object = decode("{" .. table.concat(fields, ",") .. "}")
    for i = 1, 1000 do
      assert.equal(i, list[i])
      assert.equal(i, object["k" .. i])
    end
  end)
end)
