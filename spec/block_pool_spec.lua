local core = require "slack.core"
local own_states = require "support.own_states"

describe("the pool of blocks", function()
  local function run(text, limit)
    return own_states.run("local core = require 'slack.core'\n" .. text, limit)
  end

  -- Where errors of the heap are looked for there is none, and nothing to see.
  local function is_there()
    return core.pool_blocks() ~= nil
  end

  local GARBAGE <const> = [[
    local function litter(count)
      local list = {}
      for i = 1, count do list[i] = { tostring(i) } end
    end
  ]]

  it("comes with the loop's first use, not with the module, and leaves with the state", function()
    local said, left = run [[
      local slack = require "slack"
      local before = is_own()
      slack.run(slack.sleep, 0.01)
      return tostring(before) .. " " .. tostring(is_own())
    ]]
    assert.equal(is_there() and "true false" or "true true", said)
    assert.equal(0, left)
  end)

  it("leaves nothing behind, however many states there were", function()
    for i = 1, 20 do
      local said, left = run(GARBAGE .. [[
        core.pool_blocks()
        core.pool_blocks()
        litter(2000)
        keep = setmetatable({}, { __gc = function() litter(200) core.pool_blocks() end })
        collectgarbage()
        local late = setmetatable({}, { __gc = function() litter(200) core.trim() end })
        return "fine"
      ]])
      assert.same({ "fine", 0 }, { said, left }, i)
    end
  end)

  it("keeps what the collector frees, up to its bound, until core.trim", function()
    if not is_there() then
      return pending "no pool where errors of the heap are looked for"
    end
    local said = run(GARBAGE .. [[
      core.pool_blocks()
      litter(100000)
      collectgarbage()
      local kept = core.pool_blocks()
      core.trim()
      return (kept > 1e6 and kept <= 2 << 20) and core.pool_blocks() < 1000 and "fine" or kept
    ]])
    assert.equal("fine", said)
  end)

  it("stays where another allocator was put in front of it, and keeps nothing then", function()
    local said, left = run(GARBAGE .. [[
      core.pool_blocks()
      cover()
      litter(5000)
      collectgarbage()
      return "fine"
    ]])
    assert.equal("fine", said)
    assert.is_true(left < 8192) -- itself: whoever is in front calls it to the end
  end)

  it("changes nothing of a limit on memory: errors come, and what is kept is used", function()
    local said, left = run(GARBAGE .. [[
      core.pool_blocks()
      litter(30000)
      collectgarbage()
      local ok = pcall(string.rep, "x", 2 << 20)
      local ended, message = pcall(litter, 1e7)
      litter(1000)
      return tostring(ok) .. " " .. tostring(ended) .. " " .. message
    ]], 6 << 20)
    assert.equal("true false not enough memory", said)
    assert.equal(0, left)
  end)
end)
