local cjson = require "cjson"
local core = require "slack.core"

local encode = core.json_encode

-- Another each time; a failure names it.
local SEED = os.time() * 1000 + math.floor(os.clock() * 1e6) % 1000

local function make_string(random)
  local bytes = {}
  for i = 1, random(0, random(20) == 1 and 300 or 20) do
    bytes[i] = string.char(random(4) == 1 and random(0, 255) or random(97, 122))
  end
  return table.concat(bytes)
end

-- What lua-cjson writes exactly: neither fractions nor empty lists.
local function make_value(random, depth)
  local kind = random(depth > 4 and 4 or 8)
  if kind <= 2 then
    return make_string(random)
  elseif kind == 3 then
    return random(-10 ^ 12 // 1, 10 ^ 12 // 1) + (random(2) == 1 and 0.0 or 0)
  elseif kind == 4 then
    return ({ true, false, cjson.null })[random(3)]
  end
  local value = {}
  for i = 1, random(kind > 6 and 0 or 1, 7) do
    value[kind > 6 and make_string(random) or i] = make_value(random, depth + 1)
  end
  return value
end

describe("core.json_encode", function()
  it("writes byte for byte what lua-cjson writes", function()
    math.randomseed(SEED)
    for _ = 1, 500 do
      local value = make_value(math.random, 1)
      local ours, theirs = encode(value), cjson.encode(value)
      if ours ~= theirs then
        error(("with seed %d: %s in place of %s"):format(SEED, ours, theirs))
      end
    end
  end)

  it("escapes each byte as lua-cjson does, wherever it stands", function()
    for byte = 0, 255 do
      local char = string.char(byte)
      for _, text in ipairs { char, "a" .. char, char .. "a", ("long "):rep(9) .. char .. "/" } do
        assert.equal(cjson.encode { text }, encode { text })
        assert.equal(cjson.encode { [text] = text }, encode { [text] = text })
      end
    end
  end)

  it("writes a list in its order, whichever order its items were put in", function()
    local list = {}
    for i = 20, 1, -1 do
      list[i] = i
    end
    assert.equal("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]", encode(list))
  end)

  it("gives nil for what has no form, and the next text whole", function()
    local wrong = { "text", { print } }
    assert.is_nil(encode(wrong))
    assert.is_nil(encode { 1, 2, n = 3 })
    assert.equal('{"a":1}', encode { a = 1 })
  end)

  it("writes texts of any size, one after the other", function()
    for _, size in ipairs { 1, 255, 256, 257, 100000, 3, 1000000, 0 } do
      assert.equal(size + 4, #encode { ("x"):rep(size) })
      assert.equal(2 * size + 4, #encode { ('"'):rep(size) })
    end
  end)

  it("stays whole when a finalizer encodes right after it", function()
    local finalized = 0
    for i = 1, 500 do
      setmetatable({}, { __gc = function()
        finalized = finalized + 1
        assert(encode { "other", i } == ('["other",%d]'):format(i))
      end })
      assert.equal(('["%s"]'):format(("x"):rep(i % 50)), encode { ("x"):rep(i % 50) })
    end
    collectgarbage()
    assert.equal(500, finalized)
  end)
end)
