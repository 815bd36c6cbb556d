local core = require "slack.core"

local function name(i)
  return ("Ev%010d"):format(i)
end

describe("recent_ids", function()
  it("says of each id whether it is new", function()
    local ids = core.recent_ids(10)
    assert.is_true(ids:add "Ev1")
    assert.is_true(ids:add "Ev2")
    assert.is_false(ids:add "Ev1")
  end)

  it("refuses what is no set of ids, and one that has been closed", function()
    local ids = core.recent_ids(10)
    local lookalike = setmetatable({}, getmetatable(ids))
    assert.error_matches(function()
      ids.add(lookalike, "Ev1")
    end, "slack.core.recent_ids expected")
    ids:close()
    assert.error_matches(function()
      ids:add "Ev1"
    end, "has been closed")
  end)

  it("tells ids apart that differ in length, in a NUL or in one byte anywhere", function()
    local ids = core.recent_ids(10000)
    local long = ("x"):rep(40)
    for length = 0, #long do
      assert.is_true(ids:add(long:sub(1, length)))
      assert.is_true(ids:add(("\0"):rep(length + 1)))
    end
    for i = 1, #long do
      assert.is_true(ids:add(long:sub(1, i - 1) .. "y" .. long:sub(i + 1)))
    end
  end)

  it("knows every id of a full generation and of the one before", function()
    local ids = core.recent_ids(1000)
    for i = 1, 2000 do
      assert.is_true(ids:add(name(i)))
    end
    for i = 1, 2000 do
      assert.is_false(ids:add(name(i)))
    end
  end)

  it("forgets the oldest when more come than two generations hold", function()
    local ids = core.recent_ids(100)
    local new = 0
    for i = 1, 100000 do
      new = new + (ids:add(name(i)) and 1 or 0)
    end
    assert.equal(100000, new)
    assert.is_true(ids:add(name(1)))
    assert.is_false(ids:add(name(100000)))
  end)

  it("forgets an id after two turns, not after one", function()
    local ids = core.recent_ids(10)
    ids:add "Ev1"
    ids:turn()
    assert.is_false(ids:add "Ev1")
    ids:turn()
    assert.is_true(ids:add "Ev1")
  end)

  it("forgets what is removed, and only that", function()
    local ids = core.recent_ids(500)
    for i = 1, 600 do
      ids:add(name(i))
    end
    for i = 1, 600, 2 do
      ids:remove(name(i))
    end
    for i = 1, 600 do
      assert.equal(i % 2 == 1, ids:add(name(i)), name(i))
    end
  end)

  it("refuses limits that make no sense", function()
    assert.has_error(function() core.recent_ids(0) end)
    assert.has_error(function() core.recent_ids(1 << 30) end)
  end)
end)
