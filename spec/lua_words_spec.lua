local core = require "slack.core"

local decode = core.json_decode

-- Twice is what makes a string remembered; the third time it comes from memory.
local TIMES = 4

local function quoted(text)
  return '"' .. text .. '"'
end

-- Texts that differ in one byte only, wherever that is.
local function near(length)
  local texts = {}
  for at = 1, length do
    texts[at] = ("x"):rep(at - 1) .. "y" .. ("x"):rep(length - at)
  end
  return texts
end

local function expect(text, value)
  if value ~= text then
    error(("%q came out as %q"):format(text, value), 2)
  end
end

describe("short strings of JSON", function()
  it("are the same whatever their length and however often they came", function()
    for length = 0, 50 do
      for _, text in ipairs(near(length)) do
        for _ = 1, TIMES do
          expect(text, decode(quoted(text)))
          expect(text, decode(" [ " .. quoted(text) .. (" "):rep(20) .. "]")[1])
          expect(text, (next(decode("{" .. quoted(text) .. ":1}"))))
        end
      end
    end
  end)

  it("are found as names of fields, also those of 40 bytes and more", function()
    for length = 1, 45 do
      local name = ("n"):rep(length)
      for i = 1, TIMES do
        assert.equal(i, decode("{" .. quoted(name) .. ":" .. i .. "}")[name])
      end
    end
  end)

  it("do not take another's place, however many there are", function()
    for _, form in ipairs { "U%08d", "a head of sixteen%08d", "%08d a tail of sixteen" } do
      for i = 1, 5000 do
        local text = form:format(i * 7919)
        local value = decode(('{"id":%q,"n":[%q,%q]}'):format(text, text, text .. "Z"))
        expect(text, value.id)
        expect(text, value.n[1])
        expect(text .. "Z", value.n[2])
      end
    end
  end)

  it("keep trailing and inner NUL characters apart", function()
    for _ = 1, TIMES do
      assert.equal("a", decode '"a"')
      assert.equal("a\0", decode '"a\\u0000"')
      assert.equal("a\0\0", decode '"a\\u0000\\u0000"')
      assert.same({ a = 1, ["a\0"] = 2 }, decode '{"a":1,"a\\u0000":2}')
    end
  end)

  it("stay whole under a collector that is always at work, of either kind", function()
    local text = '{"type":"message","user":"U0BENCH3ADA","blocks":[{"type":"rich_text"}],'
      .. '"n":["%s"]}'
    for _, kind in ipairs { "generational", "incremental" } do
      local before = collectgarbage(kind)
      for i = 1, 300 do
        local word = "w" .. i // 3
        local value = decode(text:format(word))
        expect("U0BENCH3ADA", value.user)
        expect("rich_text", value.blocks[1].type)
        expect(word, value.n[1])
        if i % 3 == 0 then
          collectgarbage "step"
        elseif i % 50 == 0 then
          collectgarbage()
        end
      end
      collectgarbage(before)
    end
  end)

  it("stay whole when a finalizer decodes in the middle of a decoding", function()
    local wrong, finalized = 0, 0
    local function check(i)
      local word = "word" .. i % 600
      local value = decode(('{"%s":"%s","a":["%s",{"%s":[1]}],"%s":"last"}')
        :format(word, word, word, word, word))
      wrong = wrong + ((value[word] == "last" and value.a[1] == word) and 0 or 1)
    end
    local function litter(i)
      setmetatable({}, { __gc = function()
        finalized = finalized + 1
        check(i + 300)
      end })
    end
    for i = 1, 1500 do
      litter(i)
      check(i)
    end
    collectgarbage()
    assert.equal(0, wrong)
    assert.truthy(finalized >= 1000)
  end)

  it("are shared by coroutines that decode in turn", function()
    local function decoder(first)
      return coroutine.wrap(function()
        for i = first, first + 200 do
          local word = "turn" .. i % 7
          assert(decode(quoted(word)) == word)
          coroutine.yield(decode('{"' .. word .. '":["' .. word .. '"]}')[word][1])
        end
      end)
    end
    local one, other = decoder(1), decoder(4)
    for i = 1, 200 do
      assert.equal("turn" .. i % 7, one())
      assert.equal("turn" .. (i + 3) % 7, other())
    end
  end)
end)
