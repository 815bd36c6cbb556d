local Semaphore = require "slack.semaphore"
local tasks = require "slack.tasks"

describe("semaphore", function()
  -- Takes a place and keeps it until the task is cancelled.
  local function hold(semaphore, name, got)
    return tasks.spawn(function()
      local place <close> = semaphore:acquire() -- luacheck: ignore place (closed)
      table.insert(got, name)
      tasks.sleep(60)
    end)
  end

  local function settle()
    for _ = 1, 10 do
      tasks.sleep(0)
    end
  end

  it("has so many places, and gives each that is given back to the first in line", function()
    tasks.run(function()
      local semaphore, got = Semaphore.new(2), {}
      local first = hold(semaphore, "first", got)
      local others = { hold(semaphore, "second", got), hold(semaphore, "third", got),
        hold(semaphore, "fourth", got) }
      settle()
      assert.same({ "first", "second" }, got)
      assert.same({ false, 2 }, { semaphore:take(), semaphore.length })
      first:cancel()
      settle()
      assert.same({ "first", "second", "third" }, got)
      for _, task in ipairs(others) do
        task:cancel()
      end
      settle()
      assert.same({ 0, 0 }, { semaphore.count, semaphore.length })
    end)
  end)

  it("passes over who is cancelled in line, or in the moment of its turn", function()
    tasks.run(function()
      local semaphore, got = Semaphore.new(1), {}
      local first, second = hold(semaphore, "first", got), hold(semaphore, "second", got)
      local third, fourth = hold(semaphore, "third", got), hold(semaphore, "fourth", got)
      settle()
      second:cancel()
      first:cancel() -- now it is the third one's turn, which has not noticed yet
      third:cancel()
      settle()
      assert.same({ "first", "fourth" }, got)
      fourth:cancel()
      settle()
      assert.same({ 0, 0 }, { semaphore.count, semaphore.length })
    end)
  end)
end)
