local moves = require "bench.moves"

local function verdict(old, new, better)
  return moves.of(old, new, better).verdict
end

describe("bench.moves", function()
  local low, high = { 1, 2, 3, 4, 5 }, { 6, 7, 8, 9, 10 }

  it("marks a figure whose spreads do not overlap, with the way that is good", function()
    assert.equal("better", verdict(high, low, "less"))
    assert.equal("worse", verdict(low, high, "less"))
    assert.equal("worse", verdict(high, low, "more"))
    assert.equal("better", verdict(low, high, "more"))
    assert.equal("moved", verdict(low, high))
  end)

  it("calls noise what overlaps, if only in one value", function()
    assert.equal("same", verdict(low, { 5, 7, 8, 9, 10 }, "less"))
    assert.equal("same", verdict(low, { 0, 2, 3, 4, 100 }, "less"))
    assert.equal("same", verdict(low, low, "less"))
  end)

  it("says nothing where so few rounds may lie apart by chance", function()
    assert.equal("too few rounds", verdict({ 1 }, { 9 }, "less"))
    assert.equal("too few rounds", verdict({ 1, 2, 3 }, { 7, 8, 9 }, "less"))
    assert.equal("worse", verdict({ 1, 2, 3, 4 }, high, "less"))
  end)

  it("knows how often values lie apart by chance", function()
    assert.near(2 / 252, moves.chance(5, 5), 1e-12)
    assert.near(2 / 20, moves.chance(3, 3), 1e-12)
    assert.equal(1, moves.chance(1, 1))
  end)

  it("says by how much the median has moved", function()
    assert.near(0.1, moves.of({ 10 }, { 11 }).change, 1e-12)
    assert.is_nil(moves.of({ 0 }, { 11 }).change)
  end)

  describe("between two files", function()
    local function file(...)
      local list = {}
      for i, one in ipairs { ... } do
        list[i] = { part = "p", group = "g", who = "w", what = one[1], values = one[2],
          better = "less" }
      end
      return { figures = list }
    end

    it("compares what is in both, and names the rest", function()
      local list, gone, come = moves.compare(
        file({ "same", low }, { "slower", low }, { "gone", low }),
        file({ "come", low }, { "slower", high }, { "same", low }))
      assert.same({ "p: g: w: slower", "worse" }, { list[1].name, list[1].verdict })
      assert.same({ "p: g: w: same", "same" }, { list[2].name, list[2].verdict })
      assert.same({ { "p: g: w: gone" }, { "p: g: w: come" } }, { gone, come })
    end)
  end)
end)
