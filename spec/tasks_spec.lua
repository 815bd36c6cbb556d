local loop = require "slack.loop"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

local noted, raised, settle = runtime.noted, runtime.raised, runtime.settle

describe("tasks", function()
  local time, uncaught, restore

  before_each(function()
    local state = runtime.replace()
    time, uncaught, restore = state.time, state.uncaught, state.restore
  end)

  after_each(function()
    restore()
  end)

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
      assert.matches("^spec/tasks_spec.lua:%d+: slack.spawn: function expected, got table",
        raised(function()
          tasks.spawn {}
        end))
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
      assert.matches("^spec/tasks_spec.lua:%d+: slack.sleep: seconds expected, got nil",
        raised(function()
          tasks.sleep()
        end))
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

    it("raises what the first that fails raises, and cancels the others", function()
      for _, delay in ipairs { 0, 1 } do
        local closed = {}
        local problem = raised(tasks.all, {
          function()
            local _ <close> = noted(closed, "other")
            tasks.sleep(50)
          end,
          function()
            tasks.sleep(delay)
            error({ code = "bad" })
          end,
        })
        assert.equal("bad", problem.code)
        assert.same({ "other" }, closed)
      end
      settle()
      assert.same({}, uncaught)
      assert.is_false(loop.is_alive())
    end)

    it("gives nil and the error of a task that was cancelled", function()
      local task = tasks.spawn(tasks.sleep, 5)
      task:cancel()
      local results, err = tasks.all { task }
      assert.is_nil(results)
      assert.equal("cancelled", err.code)
    end)

    it("gives the first failure that is returned, and cancels the others", function()
      for _, fail in ipairs {
        function() return nil, { code = "bad" } end,
        function() tasks.sleep(1) return nil, { code = "bad" } end,
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
      assert.matches("^spec/tasks_spec.lua:%d+: slack.all: item 2: function or task expected, got",
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

    it("raises what the first one raises", function()
      assert.equal("bad", raised(tasks.race, { function() error({ code = "bad" }) end }).code)
      settle()
      assert.same({}, uncaught)
    end)

    it("raises on an empty list, which nobody can win", function()
      assert.matches("^spec/tasks_spec.lua:%d+: slack.race: at least one", raised(function()
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

  for _, name in ipairs { "spawn", "run", "wrap", "timeout" } do
    it(name .. " blames its caller's line when it gets no function", function()
      local ok, message = pcall(function()
        if name == "timeout" then tasks.timeout(1) else tasks[name]() end
      end)
      assert.is_false(ok)
      assert.matches("tasks_spec.lua:%d+: slack." .. name .. ": function expected", message)
    end)
  end

  it("say what to do to who gets a wait out of coroutine.wrap", function()
    tasks.run(function()
      local value = coroutine.wrap(function() tasks.sleep(0) end)()
      assert.matches("use slack.wrap", tostring(value), 1, true)
    end)
  end)

  for name, drain in pairs {
    ["coroutine.wrap"] = function(generate)
      for value in coroutine.wrap(generate) do
        assert.is_truthy(value)
      end
    end,
    ["coroutine.resume"] = function(generate)
      local co = coroutine.create(generate)
      local ok, problem = true, nil
      while ok do
        ok, problem = coroutine.resume(co)
      end
      error(problem, 0)
    end,
  } do
    it("raise where a wait inside " .. name .. " would spin for ever", function()
      local waiter = tasks.waiter()
      local ok, message = pcall(tasks.run, drain, function()
        waiter:await()
        coroutine.yield(1)
      end)
      assert.is_false(ok)
      assert.matches("tasks_spec.lua:%d+: slack: a wait inside coroutine.wrap .*use slack.wrap",
        message)
      assert.is_true(waiter.settled)
    end)
  end

  it("all gives a list that JSON takes", function()
    local results = tasks.run(tasks.all, { function() return 1 end, function() return 2 end })
    assert.equal("[1,2]", require("slack.json").encode(results))
    assert.equal(2, results.n)
  end)
end)
