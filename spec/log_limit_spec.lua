local LogLimit = require "slack.log_limit"

describe("log limit", function()
  local now, limit

  before_each(function()
    now = 0
    limit = LogLimit.new(function() return now end, 60, 2)
  end)

  it("lets one line in a period through for each thing, and tells of the others", function()
    assert.same({ true, 0 }, { limit:is_due "a" })
    assert.is_true(limit:is_due "b")
    assert.is_false(limit:is_due "a")
    now = 59.9
    assert.is_false(limit:is_due "a")
    now = 60
    assert.same({ true, 2 }, { limit:is_due "a" })
    now = 120
    assert.same({ true, 0 }, { limit:is_due "a" })
  end)

  it("remembers no more things than it may", function()
    for i = 1, 1000 do
      assert.is_true(limit:is_due("thing " .. i))
      assert.is_true(limit.count <= 2)
    end
    assert.is_false(limit:is_due "thing 1000")
  end)
end)
