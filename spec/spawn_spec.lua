local child = require "support.child"

local function run(text)
  local _, said = child.run('local slack = require "slack"\n' .. text)
  return said
end

describe("slack.spawn", function()
  it("tells of tasks that the program's end has dropped, and where they are", function()
    local said = run [[
      slack.spawn(function() slack.sleep(60) end)
      slack.run(function() slack.sleep(0.001) end)
    ]]
    assert.matches("WARN.- the program has ended before a task of slack%.spawn %(%S+:3%), and "
      .. "drops what was left to do: task:join%(%) waits for a task", said)
    said = run [[
      for _ = 1, 5 do slack.spawn(function() slack.sleep(60) end) end
    ]]
    assert.matches("before 5 tasks of slack%.spawn %([^,]+:3, [^,]+:3, [^,]+:3%)", said)
  end)

  it("says nothing of tasks that have ended, were cancelled or joined", function()
    assert.equal("done\n", run [[
      slack.spawn(function() end)
      slack.spawn(function() slack.sleep(60) end):cancel()
      local _, result = slack.spawn(function() slack.sleep(0.001) return "done" end):join()
      print(result)
    ]])
  end)

  it("raises at the caller's line what is no function", function()
    assert.matches(":3: slack%.spawn: function expected, got nil", run "slack.spawn()")
  end)
end)
