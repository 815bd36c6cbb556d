local Offline = require "support.offline_app"
local clock = require "support.clock"
local core = require "slack.core"
local loops = require "slack.loop"
local memory_trial = require "support.memory_trial"
local sanitizer = require "support.sanitizer"

describe("after a burst", function()
  local function kilobytes()
    collectgarbage()
    collectgarbage()
    return collectgarbage "count"
  end

  local function nothing() end

  -- Each of these is made while another table would be as large.
  local function burst(loop, count)
    local timers = {}
    for i = 1, count do
      loop:defer(nothing)
      timers[i] = loop:after(1000, nothing)
    end
    loop:step(0)
    for _, timer in ipairs(timers) do
      timer:cancel()
    end
  end

  it("a mailbox that was large says so once, when it is empty", function()
    local mailbox = core.mailbox()
    local log = core.log(mailbox, 1, "debug")
    local function drain()
      local more, is_over
      repeat
        more, is_over = mailbox:hand_out(nothing, 100)
      until not more
      return is_over
    end
    log:write("info", "small")
    assert.is_false(drain())
    for _ = 1, 3000 do
      log:write("info", ("x"):rep(5000)) -- cut to 4 KiB
    end
    assert.is_true(drain())
    assert.is_false(drain())
    mailbox:close()
  end)

  it("the loop's tables are small again, and its timers go on", function()
    local loop, time = clock.loop()
    local rang = {}
    local before = kilobytes()
    for i = 1, 3 do
      loop:after(i, function() table.insert(rang, i) end)
    end
    burst(loop, 20000)
    assert.is_true(kilobytes() - before > 500)
    loop:after(0.5, function() loop:shrink() end)
    time.now = time.now + 2.5
    loop:step(0)
    assert.same({ 1, 2 }, rang)
    assert.is_true(kilobytes() - before < 50)
    time.now = time.now + 1
    loop:step(0)
    assert.same({ 1, 2, 3 }, rang)
  end)

  it("what has become garbage is collected in the calm, and holders are told", function()
    local loop, time = clock.loop()
    local relief, told = require "slack.relief", 0
    local holder = { shrink = function() told = told + 1 end }
    loop:hold(holder)
    local alive = setmetatable({ {} }, { __mode = "v" })
    relief.after_burst(loop)
    local function pass(seconds)
      time.now = time.now + seconds
      loop:step(0)
    end
    pass(0.9)
    relief.after_burst(loop) -- another one
    pass(0.9)
    assert.equal(0, told)
    for _ = 1, 20000 do
      pass(0.2)
      if told > 0 then
        break
      end
    end
    assert.same({ 1 }, { told, alive[1] })
    assert.is_nil(loop.timers:next_at())
  end)

  it("conversations that have ended leave no large tables, others go on", function()
    local offline = Offline.new()
    local app, answers = offline.app, {}
    app:message("ask", function(c)
      local answer = c:ask "Which?"
      table.insert(answers, answer.text)
    end)
    offline:message "ask"
    Offline.settle()
    local before = kilobytes()
    for i = 1, 3000 do
      offline:message("ask", { user = "U" .. i })
    end
    Offline.settle()
    for i = 1, 3000 do
      offline:message("x", { user = "U" .. i, ts = "1700000009.000200" })
    end
    Offline.settle()
    local count = #answers
    answers = {}
    for i = 1, #offline.calls do
      offline.calls[i] = nil
    end
    local grown = kilobytes() - before
    loops.default():shrink()
    app.dispatch.waits:shrink()
    assert.equal(3000, count)
    assert.is_true(kilobytes() - before < grown / 2, ("%.0f of %.0f KiB"):format(
      kilobytes() - before, grown))
    offline:message("main", { ts = "1700000009.000200" })
    Offline.settle()
    assert.same({ "main" }, answers)
  end)

  it("and in the course of many events, memory is what it was", function()
    local seen = memory_trial.run { events = 20000, every = 5000, rest = 0.2 }
    local heaps, residents = seen.heaps, seen.residents
    assert.equal(20000, seen.handled)
    assert.is_true(heaps[4] - heaps[2] < 100 << 10, ("Lua grew by %d"):format(heaps[4] - heaps[2]))
    if sanitizer() ~= "address" then -- gives memory back
      assert.is_true(residents[5] - residents[2] < 4 << 20,
        ("%d -> %d"):format(residents[2], residents[5]))
    end
  end)
end)
