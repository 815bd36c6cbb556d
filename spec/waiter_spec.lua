local loop = require "slack.loop"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

local raised, settle = runtime.raised, runtime.settle

describe("waiter", function()
  local time, restore

  before_each(function()
    local state = runtime.replace()
    time, restore = state.time, state.restore
  end)

  after_each(function()
    restore()
  end)

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
    assert.matches("^spec/waiter_spec.lua:%d+: waiting for what can never happen",
      raised(function()
        tasks.waiter():await()
      end))
  end)

  it("raises at the line that asked to wait, whatever it called to do so", function()
    assert.matches("^spec/waiter_spec.lua:%d+: waiting for what can never happen",
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
    assert.matches("waiter_spec.lua:%d+: cannot wait here", err)
  end)

  it("blames the program's line inside of a C function, whatever is waited for", function()
    local client = require("slack.client").new { token = "xoxb-1", api_url = "http://127.0.0.1:9/" }
    local ok, err = tasks.spawn(string.gsub, "a", "a", function()
      return client.auth.test().user
    end):join()
    assert.is_nil(ok)
    assert.matches("waiter_spec.lua:%d+: cannot wait here: inside a C function", err)
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
