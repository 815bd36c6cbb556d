local Timers = require "slack.timers"

-- Numbers of the timers due at `now`, in the order they are given out.
local function take_all(timers, now)
  local taken = {}
  local timer = timers:take_due(now, math.huge)
  while timer do
    taken[#taken + 1] = timer.arg
    timer = timers:take_due(now, math.huge)
  end
  return taken
end

describe("timers", function()
  local timers

  before_each(function()
    timers = Timers.new()
  end)

  it("gives out what is due, earliest first, and nothing else", function()
    timers:add(3, print, "c")
    timers:add(1, print, "a")
    timers:add(2, print, "b")
    assert.equal(1, timers:next_at())
    assert.same({}, take_all(timers, 0.9))
    assert.same({ "a", "b" }, take_all(timers, 2))
    assert.equal(3, timers:next_at())
    assert.same({ "c" }, take_all(timers, 3))
    assert.is_nil(timers:next_at())
  end)

  it("keeps the order of making among timers of one time", function()
    local expected = {}
    for i = 1, 50 do
      timers:add(1, print, i)
      expected[i] = i
    end
    assert.same(expected, take_all(timers, 1))
  end)

  it("takes a cancelled timer out at once, wherever it stands", function()
    for cancelled = 1, 31 do
      local made, expected = {}, {}
      for i = 1, 31 do
        local at = i * 7 % 31
        made[i] = timers:add(at, print, at)
      end
      local gone = made[cancelled].arg
      made[cancelled]:cancel()
      made[cancelled]:cancel()
      assert.equal(30, timers.count)
      for at = 0, 30 do
        expected[#expected + 1] = at ~= gone and at or nil
      end
      assert.same(expected, take_all(timers, 100))
    end
  end)

  it("keeps order through any mixture of adding, cancelling and taking", function()
    math.randomseed(42)
    local live = {}
    for round = 1, 3000 do
      local choice = math.random(3)
      if choice == 1 and #live > 0 then
        table.remove(live, math.random(#live)):cancel()
      elseif choice == 2 and #live > 0 then
        table.sort(live, function(a, b)
          return a.at < b.at or (a.at == b.at and a.number < b.number)
        end)
        local first = table.remove(live, 1)
        assert.equal(first, timers:take_due(math.huge, math.huge))
      else
        live[#live + 1] = timers:add(math.random(100), print, round)
      end
      assert.equal(#live, timers.count)
    end
  end)
end)
