local core = require "slack.core"
local loop = require "slack.loop"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"
local without_collection = require "support.without_collection"

local noted, raised, settle = runtime.noted, runtime.raised, runtime.settle

describe("scheduler", function()
  local uncaught, restore

  before_each(function()
    local state = runtime.replace()
    uncaught, restore = state.uncaught, state.restore
  end)

  after_each(function()
    restore()
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

    it("wins when it comes from a task in whose turn the wait was resolved", function()
      local waiter, went_on = tasks.waiter(), false
      local task = tasks.spawn(function()
        waiter:await()
        went_on = true
      end)
      tasks.spawn(function()
        waiter:resolve()
        task:cancel()
      end)
      runtime.settle()
      assert.is_false(went_on)
      assert.equal("cancelled", select(2, task:join()).code)
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

  describe("an error that nobody joins", function()
    it("goes to tasks.on_error with its traceback", function()
      local task = tasks.spawn(function()
        error "broken"
      end)
      settle()
      assert.equal(1, #uncaught)
      assert.equal(task, uncaught[1].task)
      assert.matches("broken$", uncaught[1].err)
      assert.matches("traceback:.*spec/scheduler_spec.lua:%d+: in function", uncaught[1].traceback)
    end)

    it("that fills the stack is caught like any other", function()
      local function endless()
        return 1 + endless()
      end
      local ok, err = tasks.spawn(without_collection, endless):join()
      assert.is_nil(ok)
      assert.matches("stack overflow", err)
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

    it("raises at its line when a task yields values that nobody takes", function()
      local closed = {}
      local task = tasks.spawn(function()
        local _ <close> = noted(closed, "yielded")
        tasks.sleep(1)
        coroutine.yield(1)
      end)
      local ok, err = task:join()
      assert.is_nil(ok)
      assert.matches("^spec/scheduler_spec.lua:%d+: coroutine.yield: a handler cannot yield", err)
      assert.matches("slack.wrap", err)
      assert.same({ "yielded" }, closed)
    end)

    it("tells who uses a wait as the value of a generator to take slack.wrap", function()
      local task = tasks.spawn(function()
        return "got " .. coroutine.wrap(function() tasks.sleep(1) end)()
      end)
      local _, err = task:join()
      assert.matches("^spec/scheduler_spec.lua:%d+: .*use slack.wrap", err)
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
