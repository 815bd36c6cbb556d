-- A loop with made-up time under slack.tasks, for the length of one test.
local clock = require "support.clock"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local runtime = {}

---@return { time: { now: number }, uncaught: table[], restore: fun() }
function runtime.replace()
  local fake, time = clock.loop()
  fake.on_error = function(message)
    error(message)
  end
  local previous_loop, previous_hook = loop.use(fake), tasks.on_error
  local uncaught = {}
  tasks.on_error = function(task, err, traceback)
    uncaught[#uncaught + 1] = { task = task, err = err, traceback = traceback }
  end
  return {
    time = time,
    uncaught = uncaught,
    restore = function()
      loop.use(previous_loop)
      tasks.on_error = previous_hook
    end,
  }
end

---Steps until what is runnable has run.
function runtime.settle()
  for _ = 1, 5 do
    loop.step(0)
  end
end

---What fn raises, with its position, which luassert's error asserts take away.
function runtime.raised(fn, ...)
  return select(2, pcall(fn, ...))
end

---A value whose closing is noted in a list.
function runtime.noted(list, name)
  return setmetatable({}, { __close = function()
    list[#list + 1] = name
  end })
end

return runtime
