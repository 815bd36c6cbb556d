local Dedupe = require "slack.dedupe"

describe("dedupe", function()
  local now, dedupe

  before_each(function()
    now = 0
    dedupe = Dedupe.new(function() return now end, 600, 100)
  end)

  it("lets an event through once", function()
    assert.is_true((dedupe:begin "a"))
    assert.is_false((dedupe:begin "a"))
    assert.is_true((dedupe:begin "b"))
  end)

  it("lets one that failed through again, with what was done of it", function()
    dedupe:begin "a"
    dedupe:failed("a", { one = true })
    local go_on, done = dedupe:begin "a"
    assert.is_true(go_on)
    assert.same({ one = true }, done)
    assert.is_false((dedupe:begin "a"))
  end)

  it("remembers for at least its age, also over the change of generations", function()
    dedupe:begin "a"
    now = 599
    assert.is_false((dedupe:begin "a"))
    now = 601
    dedupe:begin "b"
    assert.is_false((dedupe:begin "a"))
    now = 1202
    dedupe:begin "c"
    assert.is_false((dedupe:begin "b"))
    assert.is_true((dedupe:begin "a"))
  end)

  it("remembers twenty thousand for ten minutes, unless it is told otherwise", function()
    dedupe = Dedupe.new(function() return now end)
    for i = 1, 19000 do
      dedupe:begin("e" .. i)
    end
    for i = 1, 5 do
      now = i * 110
      dedupe:begin("later " .. i)
    end
    now = 599
    assert.is_false((dedupe:begin "e1"))
    assert.is_false((dedupe:begin "e19000"))
  end)

  it("remembers a bounded number", function()
    for i = 1, 10000 do
      dedupe:begin("e" .. i)
    end
    assert.is_true((dedupe:begin "e1"))
    assert.is_true((dedupe:begin "e9000"))
    assert.is_false((dedupe:begin "e10000"))
  end)
end)
