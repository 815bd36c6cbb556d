local Deliveries = require "slack.deliveries"
local loop = require "slack.loop"

describe("deliveries", function()
  local deliveries, happened, warnings

  before_each(function()
    happened, warnings = {}, {}
    local function note(name)
      return function(_, request, why)
        table.insert(happened, { name, request.number, why })
      end
    end
    deliveries = Deliveries.new {
      ack_deadline = 5,
      log = { warn = function(_, text) table.insert(warnings, text) end },
      take = function() end,
      dispatch = {
        request = note "request", deadline = note "deadline", gone = note "gone",
        measures = { acked = function() end },
      },
    }
  end)

  local function request(number, age)
    local now = loop.now()
    return { number = number, received = now - (age or 0), taken = now, transport = { name = "x" } }
  end

  it("are owed from their beginning until they are answered", function()
    local one = request(1)
    deliveries:begin(one)
    assert.equal(one, deliveries.owed[1])
    deliveries:settle(one)
    assert.same({ {}, {} }, { deliveries.owed, deliveries.tardy })
    assert.is_false(deliveries:lost(1, "deadline"))
    assert.same({ { "request", 1 } }, happened)
  end)

  it("tell the dispatch of what became of them unanswered", function()
    deliveries:begin(request(1))
    deliveries:begin(request(2))
    assert.is_true(deliveries:lost(1, "deadline"))
    assert.is_true(deliveries:lost(2, "gone"))
    assert.same({ "request", "request", "deadline", "gone" },
      { happened[1][1], happened[2][1], happened[3][1], happened[4][1] })
    assert.same({}, deliveries.owed)
  end)

  it("are handled when their deadline was before their turn, which is told then", function()
    assert.is_true(deliveries:lost(7, "deadline"))
    local late = request(7, 6)
    deliveries:begin(late)
    assert.is_true(late.acked and late.deadline_passed)
    assert.same({ "request", 7 }, happened[1])
    assert.matches("It had waited 6.0 s for its turn", happened[2][3])
    assert.same({ {}, {} }, { deliveries.owed, deliveries.expired })
  end)

  it("that are answered before their turn while too many run are told of in one line", function()
    deliveries.holding = true
    for number = 1, 100 do
      assert.is_true(deliveries:lost(number, "deadline"))
    end
    assert.equal(1, #warnings)
    assert.matches("as many handlers run as may", warnings[1])
    for number = 1, 100 do
      deliveries:begin(request(number, 6))
    end
    assert.same({}, deliveries.expired)
  end)

  it("are handled when Slack had gone before their turn", function()
    deliveries:lost(7, "gone")
    local lone = request(7)
    deliveries:begin(lone)
    assert.is_true(lone.acked and lone.gone)
    assert.is_nil(lone.deadline_passed)
    assert.same({ { "request", 7 } }, happened)
  end)

  it("that were answered too late are told of with the time that they waited", function()
    local tardy = request(3, 6)
    deliveries:begin(tardy)
    deliveries:settle(tardy)
    assert.is_false(deliveries:lost(3, "deadline"))
    deliveries:late(3)
    assert.equal("deadline", happened[2][1])
    assert.matches("It had waited 6.0 s", happened[2][3])
    assert.same({}, deliveries.tardy)
  end)

  it("that were answered just as the deadline passed are warned of without a name", function()
    local close = request(3)
    deliveries:begin(close)
    deliveries:settle(close)
    deliveries:late(3)
    assert.matches("just as its deadline passed", warnings[1])
  end)

  it("that cannot be read leave nothing behind", function()
    deliveries:lost(4, "deadline")
    assert.is_false(deliveries:pass_over(4))
    assert.is_true(deliveries:pass_over(5))
    assert.same({}, deliveries.expired)
    assert.is_false(deliveries:lost(5, "deadline"))
  end)

  it("wait in the mailbox while they are held, and come when they go on", function()
    local mailbox = deliveries:open()
    deliveries:hold()
    deliveries:hold()
    assert.is_true(deliveries.holding)
    deliveries:go_on()
    assert.is_false(deliveries.holding)
    assert.equal(0, deliveries:waiting())
    deliveries:close()
    assert.equal(0, deliveries:waiting())
    deliveries:go_on()
    assert.is_userdata(mailbox)
  end)
end)
