local Lanes = require "slack.lanes"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

describe("lanes", function()
  describe("checks options and", function()
    local function problem_of(options)
      local ok, problem = Lanes.check(options)
      assert.is_nil(ok)
      return problem
    end

    it("takes what is right, beside fields of others", function()
      assert.is_true(Lanes.check { channel = "C1" })
      assert.is_true(Lanes.check {
        order = "thread", concurrency = 3, queue = 0, overload = "Later!", text = "x",
      })
      assert.is_true(Lanes.check { order = function() end, overload = false })
    end)

    it("names the option and what was expected", function()
      assert.matches('order: unknown key "chanel"; did you mean "channel"?',
        problem_of { order = "chanel" }, 1, true)
      assert.matches("function expected, got boolean$", problem_of { order = true })
      assert.matches("^concurrency: an integer of at least 1 expected, got 0$",
        problem_of { concurrency = 0 })
      assert.matches("^concurrency: .* got string$", problem_of { concurrency = "2" })
      assert.matches("^queue: .* got %-1$", problem_of { order = "user", queue = -1 })
      assert.matches("^overload: .* got number$", problem_of { order = "user", overload = 5 })
    end)

    it("says what a queue goes with", function()
      assert.matches("^queue: it goes with order or concurrency", problem_of { queue = 5 })
      assert.matches("^overload: it goes with order", problem_of { overload = "x" })
    end)

    it("has none where none is wanted", function()
      assert.is_false(Lanes.of { channel = "C1" })
    end)
  end)

  describe("of one key at a time", function()
    local function context(channel)
      return { channel_id = channel }
    end

    it("give turns in the order of the tickets, each key for itself", function()
      local lanes = Lanes.of { order = "channel" }
      local first, second = lanes:ticket(context "C1"), lanes:ticket(context "C1")
      local third, other = lanes:ticket(context "C1"), lanes:ticket(context "C2")
      assert.same({ true, false, false, true },
        { first.has_turn, second.has_turn, third.has_turn, other.has_turn })
      first:leave()
      assert.same({ true, false }, { second.has_turn, third.has_turn })
      second:leave()
      assert.is_true(third.has_turn)
    end)

    it("forget a key that has no tickets", function()
      local lanes = Lanes.of { order = "channel" }
      for i = 1, 100 do
        local one, two = lanes:ticket(context("C" .. i)), lanes:ticket(context("C" .. i))
        one:leave()
        two:leave()
        two:leave()
      end
      assert.is_nil(next(lanes.behind))
      assert.same({ 0, 0 }, { lanes.taken, lanes.waiting })
    end)

    it("let pass what has no key", function()
      local lanes = Lanes.of { order = "channel" }
      assert.is_true(lanes:ticket(context(nil)).has_turn)
      assert.is_true(lanes:ticket(context(nil)).has_turn)
    end)

    it("tell threads by channel and root, of which a message may be one", function()
      local lanes = Lanes.of { order = "thread" }
      local root = lanes:ticket { channel_id = "C1", message_ts = "1.1" }
      local reply = lanes:ticket { channel_id = "C1", message_ts = "1.2", thread_ts = "1.1" }
      local elsewhere = lanes:ticket { channel_id = "C2", message_ts = "1.1" }
      assert.same({ true, false, true }, { root.has_turn, reply.has_turn, elsewhere.has_turn })
    end)

    it("pass over a ticket that was left before its turn", function()
      local lanes = Lanes.of { order = "channel" }
      local first, second, third = lanes:ticket(context "C1"), lanes:ticket(context "C1"),
        lanes:ticket(context "C1")
      second:leave()
      first:leave()
      assert.is_true(third.has_turn)
      assert.is_false(second.has_turn)
    end)
  end)

  describe("with room for few", function()
    it("give no more turns at a time, first come first served", function()
      local lanes = Lanes.of { concurrency = 2 }
      local tickets = {}
      for i = 1, 4 do
        tickets[i] = lanes:ticket {}
      end
      assert.same({ 2, 2 }, { lanes.taken, lanes.waiting })
      tickets[2]:leave()
      assert.same({ true, false }, { tickets[3].has_turn, tickets[4].has_turn })
    end)

    it("are not held up by a key that is busy", function()
      local lanes = Lanes.of { concurrency = 2, order = "user" }
      lanes:ticket { user_id = "U1" }
      local behind = lanes:ticket { user_id = "U1" }
      local other = lanes:ticket { user_id = "U2" }
      assert.same({ false, true }, { behind.has_turn, other.has_turn })
    end)

    it("keep the order of a key when its head was left while it waited for room", function()
      local lanes = Lanes.of { concurrency = 1, order = "user" }
      local running = lanes:ticket { user_id = "U1" }
      local head, behind = lanes:ticket { user_id = "U2" }, lanes:ticket { user_id = "U2" }
      head:leave()
      assert.is_false(behind.has_turn)
      running:leave()
      assert.is_true(behind.has_turn)
      behind:leave()
      assert.is_nil(next(lanes.behind))
    end)

    it("give no ticket when as many wait as may", function()
      local lanes = Lanes.of { concurrency = 1, queue = 2, order = "user" }
      lanes:ticket { user_id = "U1" }
      lanes:ticket { user_id = "U1" }
      lanes:ticket { user_id = "U2" }
      assert.is_nil(lanes:ticket { user_id = "U2" })
      assert.is_nil(lanes:ticket { user_id = "U3" })
      lanes = Lanes.of { order = "user", queue = 0 }
      assert.is_true(lanes:ticket({ user_id = "U1" }).has_turn)
      assert.is_nil(lanes:ticket { user_id = "U1" })
      assert.is_true(lanes:ticket({ user_id = "U2" }).has_turn)
    end)

    it("never exceed room or order, whatever comes and goes", function()
      math.randomseed(7)
      local lanes = Lanes.of { concurrency = 3, order = "user", queue = 20 }
      local held, number, last = {}, 0, {}
      for _ = 1, 5000 do
        if math.random() < 0.55 then
          local key = "U" .. math.random(5)
          local ticket = lanes:ticket { user_id = key }
          if ticket then
            number = number + 1
            ticket.number = number
            held[#held + 1] = ticket
          end
        elseif held[1] then
          table.remove(held, math.random(#held)):leave()
        end
        local turns, busy, waiting = 0, {}, 0
        for _, ticket in ipairs(held) do
          if ticket.has_turn then
            turns = turns + 1
            assert(not busy[ticket.key], "two of one key have a turn")
            busy[ticket.key] = ticket.number
          else
            waiting = waiting + 1
          end
        end
        for key, had in pairs(busy) do
          assert(had >= (last[key] or 0), "not in order")
          last[key] = had
        end
        assert(turns <= 3 and waiting <= 20, "more than there is room for")
        assert(turns == lanes.taken and waiting == lanes.waiting, "counted wrongly")
        assert(turns > 0 or waiting == 0, "all wait")
      end
      while held[1] do
        table.remove(held):leave()
      end
      assert.same({ 0, 0 }, { lanes.taken, lanes.waiting })
      assert.is_nil(next(lanes.behind))
    end)
  end)

  it("wake the task that waits for its turn", function()
    local lanes, seen = Lanes.of { concurrency = 1 }, {}
    local gate = tasks.waiter()
    local function enter(name, wait)
      local ticket <close> = lanes:ticket {}
      ticket:await()
      table.insert(seen, name)
      if wait then
        gate:await()
      end
    end
    tasks.spawn(enter, "first", true)
    tasks.spawn(enter, "cut off"):cancel()
    tasks.spawn(enter, "second")
    assert.same({ "first" }, seen)
    gate:resolve()
    for _ = 1, 3 do
      loop.step(0)
    end
    assert.same({ "first", "second" }, seen)
    assert.same({ 0, 0 }, { lanes.taken, lanes.waiting })
  end)
end)
