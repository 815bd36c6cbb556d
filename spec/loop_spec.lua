local child = require "support.child"
local clock = require "support.clock"
local core = require "slack.core"
local loops = require "slack.loop"

-- With its position, which luassert's error asserts take away.
local function raised(fn, ...)
  return select(2, pcall(fn, ...))
end

describe("loop", function()
  local loop, time, errors

  before_each(function()
    loop, time = clock.loop()
    errors = {}
    loop.on_error = function(message)
      errors[#errors + 1] = message
    end
  end)

  local function counter()
    local calls = {}
    return calls, function(...)
      calls[#calls + 1] = { ... }
    end
  end

  describe("timers", function()
    it("run when their time has come, not before, with their argument", function()
      local calls, count = counter()
      loop:after(5, count, "five")
      time.now = time.now + 4.9
      loop:step(0)
      assert.same({}, calls)
      time.now = time.now + 0.1
      loop:step(0)
      loop:step(0)
      assert.same({ { "five" } }, calls)
    end)

    it("end the wait of a step", function()
      local calls, count = counter()
      local began = time.now
      loop:after(3, count)
      loop:step()
      assert.equal(1, #calls)
      assert.equal(began + 3, time.now)
      loop:step(2)
      assert.equal(began + 5, time.now)
    end)

    it("do not run once cancelled, even by one that is due together with them", function()
      local calls, count = counter()
      local second
      loop:after(1, function()
        second:cancel()
      end)
      second = loop:after(1, count)
      loop:step()
      loop:step(5)
      assert.same({}, calls)
    end)

    it("that make new ones that are due do not hold up the step", function()
      local runs = 0
      local function again()
        runs = runs + 1
        loop:after(0, again)
      end
      loop:after(0, again)
      loop:step(0)
      assert.equal(1, runs)
      assert.equal(0, loop:timeout())
      loop:step(0)
      assert.equal(2, runs)
    end)

    it("are refused without a function or a time", function()
      assert.matches("^spec/loop_spec.lua:%d+: loop.after: function expected, got nil",
        raised(function()
        loop:after(1)
      end))
      assert.matches("^spec/loop_spec.lua:%d+: loop.after: seconds expected, got soon",
        raised(function()
        loop:after("soon", print)
      end))
      assert.has_error(function()
        loop:after(0 / 0, print)
      end)
    end)

    it("keep to the real clock by default", function()
      local real = loops.new()
      local began, ended = core.monotonic(), nil
      real:after(0.01, function()
        ended = core.monotonic()
      end)
      repeat
        real:step()
      until ended
      assert.is_true(ended - began >= 0.01)
    end)
  end)

  describe("timeout", function()
    it("is nil while nothing is planned", function()
      assert.is_nil((loop:step(0) and loop:timeout()))
    end)

    it("is the time to the next timer, and 0 when it is due", function()
      loop:step(0)
      loop:after(7, print)
      assert.equal(7, loop:timeout())
      time.now = time.now + 8
      assert.equal(0, loop:timeout())
    end)

    it("is 0 while a deferred function or a message waits", function()
      loop:step(0)
      loop:defer(function() end)
      assert.equal(0, loop:timeout())
      loop:step(0)
      assert.is_nil(loop:timeout())
      local log = core.log(loop:mailbox(), loop:register(function() end), "debug")
      for _ = 1, 100 do
        log:write("info", "x")
      end
      loop:step(0)
      assert.equal(0, loop:timeout()) -- some are left, though nothing is readable any more
      loop:step(0)
      assert.is_nil(loop:timeout())
    end)
  end)

  describe("deferred functions", function()
    it("run in order at the next step, those they defer one step later", function()
      local order = {}
      loop:defer(function(name)
        order[#order + 1] = name
        loop:defer(function()
          order[#order + 1] = "later"
        end)
      end, "first")
      loop:defer(function()
        order[#order + 1] = "second"
      end)
      loop:step()
      assert.same({ "first", "second" }, order)
      loop:step()
      assert.same({ "first", "second", "later" }, order)
    end)
  end)

  describe("watched descriptors", function()
    local mailbox, log

    before_each(function()
      mailbox = core.mailbox()
      log = core.log(mailbox, 1, "debug")
    end)

    it("call their function while they are readable", function()
      local calls, count = counter()
      loop:watch(mailbox:fd(), count)
      loop:step(0)
      assert.same({}, calls)
      log:write("info", "x")
      loop:step()
      loop:step()
      assert.same({ { mailbox:fd() }, { mailbox:fd() } }, calls)
    end)

    it("can change their function and end", function()
      local first, count_first = counter()
      local second, count_second = counter()
      loop:watch(mailbox:fd(), count_first)
      loop:watch(mailbox:fd(), count_second)
      log:write("info", "x")
      loop:step(0)
      loop:unwatch(mailbox:fd())
      loop:unwatch(mailbox:fd())
      loop:step(0)
      assert.same({ 0, 1 }, { #first, #second })
    end)

    it("are refused when the system refuses them", function()
      assert.matches("^spec/loop_spec.lua:%d+: loop.watch: descriptor 999999: Bad file",
        raised(function()
        loop:watch(999999, print)
      end))
    end)
  end)

  describe("messages", function()
    it("go to the handler of their source", function()
      local ours, count_ours = counter()
      local theirs, count_theirs = counter()
      local source = loop:register(count_ours)
      local other = loop:register(count_theirs)
      core.log(loop:mailbox(), other, "debug"):write("warn", "theirs")
      core.log(loop:mailbox(), source, "debug"):write("info", "ours")
      loop:step()
      assert.same({ { "log", "info", "lua", "ours" } }, ours)
      assert.same({ { "log", "warn", "lua", "theirs" } }, theirs)
    end)

    it("without a handler are dropped", function()
      local calls, count = counter()
      local source = loop:register(count)
      core.log(loop:mailbox(), source, "debug"):write("info", "x")
      loop:unregister(source)
      loop:unregister(source)
      loop:step()
      assert.same({}, calls)
      assert.same({}, errors)
      assert.not_equal(source, loop:register(count))
    end)

    it("in a flood let timers and other mailboxes have their turn", function()
      local flood, count_flood = counter()
      local other, count_other = counter()
      local timer, count_timer = counter()
      local log = core.log(loop:mailbox(), loop:register(count_flood), "debug")
      for _ = 1, 250 do
        log:write("info", "x")
      end
      local mailbox = core.mailbox()
      loop:attach(mailbox, count_other)
      core.log(mailbox, 9, "debug"):write("info", "y")
      loop:after(0, count_timer)
      loop:step()
      assert.is_true(#flood > 0 and #flood < 250)
      assert.same({ { 9, "log", "info", "lua", "y" } }, other)
      assert.equal(1, #timer)
      for _ = 1, 10 do
        loop:step(0)
      end
      assert.equal(250, #flood)
    end)
  end)

  describe("attached mailboxes", function()
    it("wait untouched while detached, and go on where they stopped", function()
      local mailbox = core.mailbox()
      local log = core.log(mailbox, 3, "debug")
      local texts = {}
      local function handler(_, _, _, _, text)
        texts[#texts + 1] = text
        if #texts == 2 then
          loop:detach(mailbox)
        end
      end
      loop:attach(mailbox, handler)
      for i = 1, 4 do
        log:write("info", tostring(i))
      end
      loop:step(0)
      loop:step(0)
      assert.same({ "1", "2" }, texts)
      assert.equal(2, (mailbox:load()))
      loop:attach(mailbox, handler)
      loop:step(0)
      assert.same({ "1", "2", "3", "4" }, texts)
      loop:detach(mailbox)
      loop:detach(mailbox)
    end)
  end)

  describe("errors", function()
    local function fail()
      error("broken callback")
    end

    it("in any callback are reported with a traceback and break nothing", function()
      local mailbox = core.mailbox()
      core.log(mailbox, 1, "debug"):write("info", "x")
      core.log(loop:mailbox(), loop:register(fail), "debug"):write("info", "x")
      loop:watch(mailbox:fd(), fail)
      loop:after(0, fail)
      loop:defer(fail)
      local calls, count = counter()
      loop:defer(count)
      loop:step()
      assert.equal(1, #calls)
      assert.equal(4, #errors)
      for _, message in ipairs(errors) do
        assert.matches("broken callback.*stack traceback", message)
      end
    end)

    it("of Ctrl-C end the program: they are no failures of what ran just then", function()
      local ok, output = child.run [[
        local core, loop, slack = require "slack.core", require "slack.loop", require "slack"
        local function interrupt()
          io.popen("kill -INT " .. core.pid()):close()
          for _ = 1, 1000000 do end
        end
        loop.defer(interrupt)
        slack.run(function() slack.sleep(0.1) end)
        print "went on"
      ]]
      assert.is_false(ok)
      assert.matches("interrupted!", output)
      assert.falsy(output:find("went on", 1, true) or output:find("ERROR", 1, true), output)
    end)

    it("by Ctrl-C lose nothing else that was due", function()
      local ok, output = child.run [[
        local loop, tasks = require "slack.loop", require "slack.tasks"
        local waiter = tasks.waiter()
        local task = tasks.spawn(function() waiter:await() print "woken" end)
        loop.defer(error, "interrupted!")
        waiter:resolve(true)
        print(pcall(tasks.sleep, 0.1))
        print(task:join(1))
      ]]
      assert.is_true(ok, output)
      assert.matches("woken\nfalse\tinterrupted!\ntrue\n", output)
    end)

    it("of the error hook itself break nothing either, and are seen", function()
      local ok, output = child.run [[
        local loop = require "slack.loop"
        loop.default().on_error = function()
          error "broken hook with xoxb-1234567890-secretsecret"
        end
        loop.defer(error, "broken callback")
        loop.defer(print, "went on")
        loop.step()
      ]]
      assert.is_true(ok, output)
      assert.matches("slack.loop: [^\n]*broken hook with xoxb%-%*%*%*", output)
      assert.matches("went on", output)
    end)
  end)

  describe("step", function()
    it("is refused inside a callback", function()
      loop:defer(function()
        assert.is_true(loop:is_stepping())
        loop:step(0)
      end)
      loop:step()
      assert.matches("loop.step called from a callback", errors[1])
      assert.is_false(loop:is_stepping())
      loop:step(0)
    end)

    it("is possible again when the coroutine that stepped was closed in the middle", function()
      local co = coroutine.create(function()
        loop:defer(coroutine.yield)
        loop:step()
      end)
      assert(coroutine.resume(co))
      assert.is_true(loop:is_stepping())
      coroutine.close(co)
      loop:step(0)
    end)

    it("is refused in a child of the process that made the loop", function()
      loop.pid = loop.pid + 1
      assert.matches("^spec/loop_spec.lua:%d+: .*fork", raised(function()
        loop:step(0)
      end))
    end)
  end)

  -- poll(2) alone has no descriptor that another loop could wait for.
  describe("driven by another loop", core.poller():fd() >= 0 and function()
    it("is readable on one descriptor when something is to be done", function()
      local outer, ready = core.poller(), {}
      local fd = loop:pollfd()
      assert(outer:add(fd))
      local texts = {}
      local source = loop:register(function(_, _, _, text)
        texts[#texts + 1] = text
      end)
      local log = core.log(loop:mailbox(), source, "debug")
      loop:step(0)
      for round = 1, 3 do
        assert.equal(0, outer:wait(0, ready))
        log:write("info", "message " .. round)
        assert.equal(1, outer:wait(nil, ready))
        loop:step(0)
        assert.equal("message " .. round, texts[round])
      end
      assert.equal(fd, loop:pollfd())
      outer:close()
    end)

    it("needs no more than pollfd and timeout to miss nothing", function()
      local real, outer, ready = loops.new(), core.poller(), {}
      assert(outer:add(real:pollfd()))
      local log = core.log(real:mailbox(), real:register(function() end), "debug")
      local done = false
      real:after(0.005, function()
        for _ = 1, 100 do -- more than one step handles
          log:write("info", "x")
        end
        real:defer(function()
          real:after(0.005, function()
            done = true
          end)
        end)
      end)
      local steps = 0
      while not done do
        outer:wait(real:timeout(), ready)
        real:step(0)
        steps = steps + 1
      end
      assert.is_true(steps < 20)
      assert.equal(0, (real:mailbox():load()))
      outer:close()
    end)
  end or function() end)

  describe("is_alive", function()
    it("tells whether anything can still happen", function()
      loop:step(0)
      assert.is_false(loop:is_alive())
      local timer = loop:after(1, print)
      assert.is_true(loop:is_alive())
      timer:cancel()
      assert.is_false(loop:is_alive())
      local source = loop:register(print)
      assert.is_true(loop:is_alive())
      loop:unregister(source)
      local mailbox = core.mailbox()
      loop:attach(mailbox, print)
      assert.is_true(loop:is_alive())
      loop:detach(mailbox)
      assert.is_false(loop:is_alive())
    end)
  end)
end)

describe("the default loop", function()
  local previous, time

  before_each(function()
    local loop
    loop, time = clock.loop()
    previous = loops.use(loop)
  end)

  after_each(function()
    loops.use(previous)
  end)

  it("is what the functions of the module work on", function()
    local ran
    loops.after(2, function(value)
      ran = value
    end, "argument")
    loops.step(0)
    assert.equal(2, loops.timeout())
    loops.step()
    assert.equal("argument", ran)
    assert.equal(time.now, loops.now())
    assert.equal(loops.default():pollfd(), loops.pollfd())
    assert.equal(loops.default():mailbox(), loops.mailbox())
  end)

  it("reports mistakes at the caller's line", function()
    assert.matches("^spec/loop_spec.lua:%d+: loop.after", raised(function()
      loops.after(1)
    end))
  end)
end)
