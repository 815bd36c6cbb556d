local clock = require "support.clock"
local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- With its position, which luassert's error asserts take away.
local function raised(fn, ...)
  return select(2, pcall(fn, ...))
end

-- A value whose closing is noted in a list.
local function noted(list, name)
  return setmetatable({}, { __close = function()
    list[#list + 1] = name
  end })
end

describe("tasks", function()
  local previous_loop, previous_hook, time, uncaught

  before_each(function()
    local fake
    fake, time = clock.loop()
    fake.on_error = function(message)
      error(message)
    end
    previous_loop = loop.use(fake)
    previous_hook = tasks.on_error
    uncaught = {}
    tasks.on_error = function(task, err, traceback)
      uncaught[#uncaught + 1] = { task = task, err = err, traceback = traceback }
    end
  end)

  after_each(function()
    loop.use(previous_loop)
    tasks.on_error = previous_hook
  end)

  local function settle()
    for _ = 1, 5 do
      loop.step(0)
    end
  end

  describe("spawn", function()
    it("begins at once outside of tasks", function()
      local got
      tasks.spawn(function(...)
        got = { ... }
      end, 1, nil, 3)
      assert.same({ 1, nil, 3 }, got)
    end)

    it("begins when the spawning task waits, so that nothing interrupts it", function()
      local order = {}
      tasks.run(function()
        tasks.spawn(function(name)
          order[#order + 1] = name
        end, "second")
        order[#order + 1] = "first"
        tasks.sleep(0)
        order[#order + 1] = "third"
      end)
      assert.same({ "first", "second", "third" }, order)
    end)

    it("goes as deep as it likes", function()
      local depth = 0
      local function deeper()
        depth = depth + 1
        if depth < 1000 then
          tasks.spawn(deeper):join()
        end
      end
      tasks.run(deeper)
      assert.equal(1000, depth)
    end)

    it("raises on what is not a function", function()
      assert.matches("^spec/tasks_spec.lua:%d+: tasks.spawn: function expected, got table",
        raised(function()
          tasks.spawn {}
        end))
    end)

    it("uses coroutines again, but none that has seen an error", function()
      local seen = {}
      local function note()
        seen[coroutine.running()] = true
      end
      for _ = 1, 20 do
        tasks.spawn(note)
      end
      local count = 0
      for co in pairs(seen) do
        assert.equal("suspended", coroutine.status(co))
        count = count + 1
      end
      assert.is_true(count < 20)
      local failed
      tasks.spawn(function()
        failed = coroutine.running()
        error "broken"
      end)
      assert.equal("dead", coroutine.status(failed))
    end)
  end)

  describe("current", function()
    it("is the running task, and nil outside", function()
      assert.is_nil(tasks.current())
      local seen
      local task = tasks.spawn(function()
        tasks.sleep(1)
        seen = tasks.current()
      end)
      loop.step()
      settle()
      assert.equal(task, seen)
      assert.is_nil(tasks.current())
    end)

    it("is the same inside a coroutine of the task's own", function()
      tasks.run(function()
        local outer = tasks.current()
        assert.equal(outer, coroutine.wrap(tasks.current)())
      end)
    end)
  end)

  describe("join", function()
    it("gives true and what the function returned, nils included", function()
      local task = tasks.spawn(function()
        tasks.sleep(1)
        return 1, nil, 3, nil
      end)
      assert.is_false(task:is_done())
      local results = table.pack(task:join())
      assert.same({ n = 5, true, 1, nil, 3, nil }, results)
      assert.is_true(task:is_done())
      assert.same(results, table.pack(task:join()))
    end)

    it("gives nil and what the function raised, as it was raised", function()
      local problem = { code = "mine" }
      local task = tasks.spawn(error, problem)
      local ok, err = task:join()
      assert.is_nil(ok)
      assert.equal(problem, err)
      settle()
      assert.same({}, uncaught)
    end)

    it("gives up after its time; the task goes on", function()
      local task = tasks.spawn(function()
        tasks.sleep(10)
        return "late"
      end)
      local ok, err = task:join(3)
      assert.is_nil(ok)
      assert.equal("timeout", err.code)
      assert.same({ true, "late" }, { task:join(30) })
    end)

    it("works for several tasks at a time", function()
      local slow = tasks.spawn(function()
        tasks.sleep(5)
        return "value"
      end)
      local function joiner()
        return select(2, slow:join())
      end
      local results = tasks.all { joiner, joiner, joiner }
      assert.same({ "value", "value", "value", n = 3 }, results)
    end)

    it("is refused to the task itself", function()
      local ok, err = tasks.spawn(function()
        tasks.current():join()
      end):join()
      assert.is_nil(ok)
      assert.matches("a task cannot join itself", err)
    end)
  end)

  describe("an error that nobody joins", function()
    it("goes to tasks.on_error with its traceback", function()
      local task = tasks.spawn(function()
        error "broken"
      end)
      settle()
      assert.equal(1, #uncaught)
      assert.equal(task, uncaught[1].task)
      assert.matches("broken$", uncaught[1].err)
      assert.matches("traceback:.*spec/tasks_spec.lua:%d+: in function", uncaught[1].traceback)
    end)

    it("that fills the stack is caught like any other", function()
      local function endless()
        return 1 + endless()
      end
      local ok, err = tasks.spawn(endless):join()
      assert.is_nil(ok)
      assert.matches("stack overflow", err)
    end)
  end)

  describe("cancel", function()
    it("unwinds a waiting task: closes its variables, runs nothing else of it", function()
      local closed = {}
      local task = tasks.spawn(function()
        local _ <close> = noted(closed, "outer")
        local _ <close> = noted(closed, "inner")
        tasks.sleep(10)
        closed[#closed + 1] = "went on"
      end)
      assert.is_true(task:cancel())
      assert.same({ "inner", "outer" }, closed)
      assert.is_true(task:is_done())
      local ok, err = task:join()
      assert.is_nil(ok)
      assert.equal("cancelled", err.code)
      assert.is_false(task:cancel())
      settle()
      assert.same({}, uncaught)
      assert.is_false(loop.is_alive()) -- its timer has gone
    end)

    it("tells what was waited for, so that it can be given up", function()
      local abandoned = 0
      local task = tasks.spawn(function()
        local waiter = tasks.waiter()
        waiter.on_abandon = function(self)
          assert.equal(waiter, self)
          abandoned = abandoned + 1
        end
        waiter:await()
      end)
      task:cancel()
      task:cancel()
      assert.equal(1, abandoned)
    end)

    it("keeps a task from beginning that has not begun", function()
      local began = false
      tasks.run(function()
        tasks.spawn(function()
          began = true
        end):cancel()
        tasks.sleep(1)
      end)
      assert.is_false(began)
    end)

    it("of the running task takes effect at its next wait", function()
      local steps = {}
      local task = tasks.spawn(function()
        tasks.current():cancel()
        steps[#steps + 1] = "still running"
        tasks.sleep(0)
        steps[#steps + 1] = "never"
      end)
      settle()
      assert.same({ "still running" }, steps)
      local _, err = task:join()
      assert.equal("cancelled", err.code)
    end)

    it("of the running task comes too late when it does not wait again", function()
      local task = tasks.spawn(function()
        tasks.current():cancel()
        return "result"
      end)
      settle()
      assert.same({ true, "result" }, { task:join() })
    end)

    it("wins over a resolve of the same turn", function()
      local waiter = tasks.waiter()
      local went_on = false
      local task = tasks.spawn(function()
        waiter:await()
        went_on = true
      end)
      waiter:resolve()
      task:cancel()
      settle()
      assert.is_false(went_on)
    end)

    it("may come from another task and from closing variables, to any depth", function()
      local count = 0
      local victim
      for _ = 1, 300 do -- each one cancels the next while it is closed itself
        local next_victim = victim
        victim = tasks.spawn(function()
          local _ <close> = setmetatable({}, { __close = function()
            count = count + 1
            if next_victim then
              next_victim:cancel()
            end
          end })
          tasks.sleep(100)
        end)
      end
      tasks.run(function()
        victim:cancel()
        tasks.sleep(1)
      end)
      assert.equal(300, count)
    end)

    it("reports errors of closing variables, and ends the task all the same", function()
      local task = tasks.spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          error "while closing"
        end })
        tasks.sleep(100)
      end)
      task:cancel()
      assert.is_true(task:is_done())
      assert.matches("while closing", uncaught[1].err)
    end)

    it("leaves no way to wait while being unwound", function()
      local problem
      local task = tasks.spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          problem = raised(tasks.sleep, 1)
        end })
        tasks.sleep(100)
      end)
      task:cancel()
      assert.matches("cannot wait here", problem)
    end)
  end)

  describe("sleep", function()
    it("suspends the calling task and nothing else", function()
      local order = {}
      local function sleeper(name, seconds)
        tasks.sleep(seconds)
        order[#order + 1] = name .. time.now - 1000
      end
      tasks.spawn(sleeper, "b", 2)
      tasks.spawn(sleeper, "a", 1)
      tasks.spawn(sleeper, "c", 3):join()
      assert.same({ "a1", "b2", "c3" }, order)
    end)

    it("runs the loop outside of tasks", function()
      local ran = false
      loop.after(1, function()
        ran = true
      end)
      tasks.sleep(2)
      assert.is_true(ran)
      assert.equal(1002, time.now)
    end)

    it("gives nothing, and raises without a time", function()
      assert.equal(0, select("#", tasks.sleep(0)))
      assert.matches("^spec/tasks_spec.lua:%d+: tasks.sleep: seconds expected, got nil",
        raised(function()
          tasks.sleep()
        end))
    end)
  end)

  describe("waiter", function()
    it("gives the values it is resolved with, the first time", function()
      local waiter = tasks.waiter()
      local results
      tasks.spawn(function()
        results = table.pack(waiter:await())
      end)
      assert.is_true(waiter:resolve(nil, 2, nil))
      assert.is_false(waiter:resolve("other"))
      settle()
      assert.same({ n = 3, nil, 2, nil }, results)
    end)

    it("may be resolved before it is awaited", function()
      local waiter = tasks.waiter()
      waiter:resolve("early")
      assert.equal("early", waiter:await())
      assert.equal("early", tasks.run(waiter.await, waiter))
    end)

    it("gives nil and \"timeout\" when the time is over, and tells so", function()
      local abandoned = 0
      local waiter = tasks.waiter()
      waiter.on_abandon = function()
        abandoned = abandoned + 1
      end
      local value, why = tasks.run(waiter.await, waiter, 2)
      assert.is_nil(value)
      assert.equal("timeout", why)
      assert.equal(1, abandoned)
      assert.is_false(waiter:resolve("late"))
      assert.equal(1002, time.now)
    end)

    it("leaves no timer behind when it is resolved in time", function()
      local waiter = tasks.waiter()
      loop.defer(function()
        waiter:resolve(1)
      end)
      assert.equal(1, waiter:await(100))
      assert.is_false(loop.is_alive())
    end)

    it("is awaited once", function()
      local waiter = tasks.waiter()
      tasks.spawn(waiter.await, waiter)
      local ok, err = tasks.spawn(waiter.await, waiter):join()
      assert.is_nil(ok)
      assert.matches("awaited already", err)
    end)

    it("is not taken in by somebody else's resume", function()
      local waiter, co = tasks.waiter(), nil
      local task = tasks.spawn(function()
        co = coroutine.running()
        return waiter:await()
      end)
      assert(coroutine.resume(co, "stray"))
      assert.is_false(task:is_done())
      waiter:resolve("true value")
      assert.same({ true, "true value" }, { task:join() })
    end)

    it("gives up what it cannot wait for", function()
      local abandoned = 0
      loop.defer(function()
        local waiter = tasks.waiter()
        waiter.on_abandon = function()
          abandoned = abandoned + 1
        end
        raised(waiter.await, waiter, 5)
      end)
      settle()
      assert.equal(1, abandoned)
    end)

    it("raises outside of tasks when nothing can ever resolve it", function()
      assert.matches("^spec/tasks_spec.lua:%d+: waiting for what can never happen",
        raised(function()
          tasks.waiter():await()
        end))
    end)

    it("raises at the line that asked to wait, whatever it called to do so", function()
      assert.matches("^spec/tasks_spec.lua:%d+: waiting for what can never happen",
        raised(function()
          tasks.spawn(function()
            tasks.waiter():await()
          end):join()
        end))
    end)

    it("raises in a callback of the loop, which cannot wait", function()
      local problem
      loop.defer(function()
        problem = raised(function()
          tasks.sleep(1)
        end)
      end)
      settle()
      assert.matches("cannot wait in a callback of the loop", problem)
      assert.is_false(loop.is_alive()) -- the sleep's timer has gone
    end)

    it("raises inside of C functions, which cannot be suspended", function()
      local ok, err = tasks.spawn(function()
        table.sort({ 1, 2 }, function()
          tasks.sleep(1)
        end)
      end):join()
      assert.is_nil(ok)
      assert.matches("cannot wait here", err)
    end)

    it("suspends through pcall, metamethods and iterators", function()
      local object = setmetatable({}, { __index = function(_, key)
        tasks.sleep(1)
        return key
      end })
      local function results()
        local collected = {}
        for value in function(_, last) tasks.sleep(1) return not last and object.x or nil end do
          collected[#collected + 1] = value
        end
        return collected
      end
      assert.same({ true, { "x" } }, { tasks.run(pcall, results) })
    end)
  end)

  describe("all", function()
    it("gives the first result of each in the order of the list", function()
      local joined = tasks.spawn(function()
        tasks.sleep(3)
        return "task"
      end)
      local results = tasks.all {
        function() tasks.sleep(2) return "slow", "unused" end,
        joined,
        function() return "quick" end,
        function() end,
      }
      assert.same({ "slow", "task", "quick", nil, n = 4 }, results)
      assert.equal(1003, time.now)
      assert.same({ n = 0 }, tasks.all {})
    end)

    it("gives the first failure, raised or returned, and cancels the others", function()
      for _, fail in ipairs {
        function() error({ code = "bad" }) end,
        function() return nil, { code = "bad" } end,
        function() tasks.sleep(1) error({ code = "bad" }) end,
      } do
        local closed = {}
        local results, err = tasks.all {
          function()
            local _ <close> = noted(closed, "other")
            tasks.sleep(50)
          end,
          fail,
        }
        assert.is_nil(results)
        assert.equal("bad", err.code)
        assert.same({ "other" }, closed)
      end
      settle()
      assert.same({}, uncaught)
      assert.is_false(loop.is_alive())
    end)

    it("cancels what it waits for when it is cancelled", function()
      local closed = {}
      local function child()
        local _ <close> = noted(closed, "child")
        tasks.sleep(50)
      end
      local parent = tasks.spawn(tasks.all, { child, child })
      settle()
      parent:cancel()
      assert.same({ "child", "child" }, closed)
    end)

    it("raises on what cannot be run", function()
      assert.matches("^spec/tasks_spec.lua:%d+: tasks.all: item 2: function or task expected, got",
        raised(function()
          tasks.all { print, "x" }
        end))
    end)
  end)

  describe("race", function()
    it("gives what the first returns and cancels the others", function()
      local closed = {}
      local results = { tasks.race {
        function()
          local _ <close> = noted(closed, "slow")
          tasks.sleep(50)
        end,
        function() tasks.sleep(1) return "first", "second" end,
      } }
      assert.same({ "first", "second" }, results)
      assert.same({ "slow" }, closed)
    end)

    it("gives nil and the error when the first one raises", function()
      local value, err = tasks.race { function() error({ code = "bad" }) end }
      assert.is_nil(value)
      assert.equal("bad", err.code)
      settle()
      assert.same({}, uncaught)
    end)

    it("raises on an empty list, which nobody can win", function()
      assert.matches("^spec/tasks_spec.lua:%d+: tasks.race: at least one", raised(function()
        tasks.race {}
      end))
    end)
  end)

  describe("timeout", function()
    it("gives what the function returns in time", function()
      assert.same({ 1, 2 }, { tasks.timeout(5, function(a, b)
        tasks.sleep(4)
        return a, b
      end, 1, 2) })
      assert.is_false(loop.is_alive())
    end)

    it("cancels the function that takes longer", function()
      local closed = {}
      local value, err = tasks.run(tasks.timeout, 5, function()
        local _ <close> = noted(closed, "slow")
        tasks.sleep(6)
      end)
      assert.is_nil(value)
      assert.equal("timeout", err.code)
      assert.same({ "slow" }, closed)
      assert.equal(1005, time.now)
    end)

    it("raises what the function raises", function()
      assert.matches("mistake", raised(tasks.timeout, 5, function()
        error "mistake"
      end))
    end)

    it("takes the function with it when it is cancelled", function()
      local closed = {}
      local task = tasks.spawn(tasks.timeout, 5, function()
        local _ <close> = noted(closed, "child")
        tasks.sleep(6)
      end)
      settle()
      task:cancel()
      assert.same({ "child" }, closed)
    end)
  end)

  describe("run", function()
    it("gives what the function returns, after any waits", function()
      assert.same({ 1, 2 }, { tasks.run(function(...)
        tasks.sleep(3)
        return ...
      end, 1, 2) })
    end)

    it("raises what the function raises", function()
      local problem = { code = "mine" }
      assert.equal(problem, raised(tasks.run, error, problem))
    end)
  end)

  describe("wrap", function()
    it("makes generators that may wait inside a task", function()
      local values = tasks.run(function()
        local collected = {}
        for value in tasks.wrap(function(count)
          for i = 1, count or 3 do
            tasks.sleep(1)
            coroutine.yield(i)
          end
        end) do
          collected[#collected + 1] = value
        end
        return collected
      end)
      assert.same({ 1, 2, 3 }, values)
      assert.equal(1003, time.now)
    end)

    it("works outside of tasks too", function()
      local generate = tasks.wrap(function(first)
        tasks.sleep(1)
        local second = coroutine.yield(first)
        return second
      end)
      assert.same({ "a", "b" }, { generate "a", generate "b" })
    end)

    it("raises what the generator raises", function()
      assert.matches("inside", raised(tasks.wrap(error), "inside"))
    end)

    it("closes the generator's variables when the task is cancelled", function()
      local closed = {}
      local task = tasks.spawn(function()
        local generate = tasks.wrap(function()
          local _ <close> = noted(closed, "generator")
          tasks.sleep(10)
        end)
        generate()
      end)
      task:cancel()
      assert.same({ "generator" }, closed)
    end)
  end)

  describe("among other schedulers", function()
    it("hands foreign yields to the one that runs our loop, and its answers back", function()
      local answers
      local driver = coroutine.wrap(function()
        tasks.spawn(function()
          answers = { coroutine.yield("foreign", 1) }
          tasks.sleep(1)
          answers[#answers + 1] = "slept"
        end):join()
        return "driver ended"
      end)
      assert.same({ "foreign", 1 }, { driver() })
      assert.equal("driver ended", driver("answer", 2))
      assert.same({ "answer", 2, "slept" }, answers)
    end)

    it("lets somebody else resume a task that yielded to nobody", function()
      local co, value
      local task = tasks.spawn(function()
        co = coroutine.running()
        value = coroutine.yield()
        tasks.sleep(1)
        return tasks.current() ~= nil
      end)
      settle()
      assert.is_false(task:is_done())
      assert(coroutine.resume(co, "from a callback"))
      assert.equal("from a callback", value)
      assert.same({ true, true }, { task:join() })
    end)

    it("cancels a task that waits for somebody else", function()
      local closed = {}
      local task = tasks.spawn(function()
        local _ <close> = noted(closed, "foreign")
        coroutine.yield()
      end)
      task:cancel()
      assert.same({ "foreign" }, closed)
      assert.is_true(task:is_done())
    end)

    it("is driven by a loop that only knows pollfd, timeout and step", function()
      loop.use(nil)
      local outer, ready = core.poller(), {}
      if outer:fd() < 0 then
        pending("poll(2) has no descriptor of its own")
        return
      end
      assert(outer:add(loop.pollfd()))
      local task = tasks.spawn(function()
        tasks.sleep(0.002)
        return tasks.spawn(function()
          tasks.sleep(0.002)
          return "inner"
        end):join()
      end)
      local steps = 0
      while not task:is_done() do
        outer:wait(loop.timeout(), ready)
        loop.step(0)
        steps = steps + 1
      end
      assert.same({ true, true, "inner" }, { task:join() })
      assert.is_true(steps < 20)
      outer:close()
    end)
  end)

  it("lets go of tasks that nothing can wake", function()
    local weak = setmetatable({}, { __mode = "v" })
    weak.task = tasks.spawn(function()
      tasks.waiter():await()
    end)
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak.task)
  end)
end)
