local Generations = require "slack.generations"

local function fill(kept, from, to)
  for i = from, to do
    kept:put(i, "value " .. i)
  end
end

describe("generations", function()
  it("keep no more than they may", function()
    local kept = Generations.new(10)
    fill(kept, 1, 1000)
    assert.is_true(kept:size() <= 10)
    assert.equal("value 1000", kept:get(1000))
    assert.is_nil(kept:get(1))
  end)

  it("keep what is asked for again and again", function()
    local kept = Generations.new(10)
    kept:put("often", "here")
    for i = 1, 1000 do
      kept:put(i, i)
      assert.equal("here", kept:get "often")
    end
    assert.is_true(kept:size() <= 10)
  end)

  it("give the last value of a key, in whichever generation the first one stands", function()
    local kept = Generations.new(4)
    fill(kept, 1, 3)
    kept:put(1, "new")
    fill(kept, 4, 4)
    assert.equal("new", kept:get(1))
    kept:remove(1)
    assert.is_nil(kept:get(1))
  end)

  it("do not count what was removed or forgotten", function()
    local kept = Generations.new(10)
    kept:put("rare", "here")
    for i = 1, 100 do
      kept:put("short", i)
      if i % 2 == 0 then
        kept:remove "short"
      else
        kept:clear(function(_, key) return key == "short" end)
      end
      kept:remove "never there"
    end
    assert.equal("here", kept:get "rare")
    fill(kept, 1, 1000)
    assert.is_true(kept:size() <= 10)
  end)

  it("forget what is meant, or all", function()
    local kept = Generations.new(10)
    fill(kept, 1, 8)
    kept:clear(function(value, key) return key % 2 == 0 and value == "value " .. key end)
    assert.is_nil(kept:get(2))
    assert.is_nil(kept:get(8))
    assert.equal("value 3", kept:get(3))
    kept:clear()
    assert.is_nil(kept:get(3))
  end)
end)
