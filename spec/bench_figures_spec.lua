local figures = require "bench.figures"

describe("bench.figures", function()
  it("has the median and the extremes, and keeps the values in the order of the rounds", function()
    local figure = figures.new { 5, 1, 4, 2, 3 }
    assert.same({ 3, 1, 5 }, { figure.median, figure.least, figure.most })
    assert.same({ 5, 1, 4, 2, 3 }, figure.values)
  end)

  it("takes the middle of two values where they are even in number", function()
    assert.equal(2.5, figures.new({ 4, 1, 2, 3 }).median)
  end)

  it("shows the median with the extremes, and alone when they look alike", function()
    assert.equal("2.0 (1.0–3.0)", figures.new({ 1, 2, 3 }):show "%.1f")
    assert.equal("2", figures.new({ 1.9, 2, 2.1 }):show "%.0f")
  end)

  it("takes a ratio round by round, so that a slow round is in neither side", function()
    local theirs, ours = figures.new { 10, 40, 20 }, figures.new { 5, 20, 10 }
    local ratio = figures.ratio(theirs, ours)
    assert.same({ 2, 2, 2 }, ratio.values)
    assert.equal("2.00", ratio:show "%.2f")
  end)

  it("has no ratio to nothing", function()
    assert.is_nil(figures.ratio(figures.new { 1 }, figures.new { 0 }))
  end)

  it("has no figure of results of which one lacks the value", function()
    local function get(result) return result.value end
    assert.equal(2, figures.collect({ { value = 1 }, { value = 3 } }, get).median)
    assert.is_nil(figures.collect({ { value = 1 }, {} }, get))
    assert.is_nil(figures.collect({ {}, { value = 1 } }, get))
    assert.is_nil(figures.collect({ { value = 0 / 0 }, { value = 1 } }, get))
    assert.is_nil(figures.collect({ { value = 1 }, { value = math.huge } }, get))
    assert.is_nil(figures.collect({}, get))
  end)

  it("runs each in turn, round by round", function()
    local order = {}
    local one, other = { name = "a" }, { name = "b" }
    local results = figures.rounds({ one, other }, 2, function(each)
      order[#order + 1] = each.name
      return { number = #order }
    end)
    assert.same({ "a", "b", "a", "b" }, order)
    assert.same({ { number = 2 }, { number = 4 } }, results[other])
  end)
end)
