local Claims = require "slack.inbox.claims"
local loop = require "slack.loop"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

describe("claims of an inbox", function()
  -- The limits of the first looks, when so many entries wait and so many have room.
  local function limits_of(looks, waiting, room)
    local limits = {}
    tasks.run(function()
      local over = tasks.waiter()
      local claims = Claims.new {
        block = 0, log = {}, room = function() return room end,
        ask = function(_, request)
          table.insert(limits, request.limit)
          if #limits == looks then
            over:resolve(true)
          end
          local count = math.min(request.limit, waiting)
          waiting = waiting - count
          return count
        end,
        hand_out = function(count) return count end,
        caught_up = function() end,
      }
      claims:start()
      over:await(5)
      claims:close()
    end)
    return limits
  end

  it("take more at a time as long as more waits, up to a bound", function()
    assert.same({ 64, 128, 256, 512, 512, 512 }, limits_of(6, math.huge, 1000))
  end)

  it("take less again when all has come", function()
    assert.same({ 64, 128, 256, 64 }, limits_of(4, 300, 1000))
  end)

  it("never take more than there is room for", function()
    assert.same({ 64, 100, 64, 100 }, limits_of(4, math.huge, 100))
  end)

  -- What they do, in a made-up time: the answers are counts, false for a store that fails, or
  -- functions that are called while the claim is under way.
  local function course(answers, settings)
    local list, count, began = {}, 0, nil
    local replaced <close> = setmetatable(runtime.replace(), { -- luacheck: no unused
      __close = function(self) self.restore() end,
    })
    local function note(what)
      began = began or loop.now()
      table.insert(list, ("%s at %g"):format(what, loop.now() - began))
    end
    tasks.run(function()
      local claims
      local over = tasks.waiter()
      local function ask(_, request)
        count = count + 1
        note(request.limit)
        local answer = answers[count]
        if type(answer) == "function" then
          answer = answer(claims)
        end
        if count == #answers then
          over:resolve(true)
        end
        return answer, { code = "connection" }
      end
      local all = {
        ask = ask, block = 0, log = { warn = function() end }, room = function() return 1000 end,
        hand_out = function(found) return found end, caught_up = function() note "caught up" end,
      }
      for name, value in pairs(settings or {}) do
        all[name] = value
      end
      claims = Claims.new(all)
      claims:start()
      over:await(1000)
      claims:close()
    end)
    return list
  end

  it("look once more at once when all has come, for what came during the last look", function()
    assert.same({ "64 at 0", "caught up at 0", "64 at 0", "64 at 1", "64 at 2" },
      course { 3, 2, 0, 0 })
  end)

  it("look again at once when they are woken during a look, and once only", function()
    local function wake(claims)
      claims:wake()
      return 0
    end
    assert.same({ "64 at 0", "caught up at 0", "64 at 0", "64 at 0", "64 at 1" },
      course { 0, wake, 0, 0 })
  end)

  it("tell of the end of each backlog", function()
    local function fall_behind(claims)
      claims:fall_behind()
      return 0
    end
    assert.same({
      "64 at 0", "caught up at 0", "64 at 0", "caught up at 0", "64 at 0", "64 at 0",
    }, course { 0, fall_behind, 0, 0 })
  end)

  it("ask a store that fails less and less often, and as ever when it is back", function()
    local times = { "64 at 0" }
    for _, at in ipairs { 0.25, 0.75, 1.75, 3.75, 7.75, 12.75, 17.75 } do
      table.insert(times, "64 at " .. at)
    end
    table.insert(times, "caught up at 17.75")
    table.insert(times, "64 at 17.75")
    table.insert(times, "64 at 18")
    assert.same(times, course { false, false, false, false, false, false, false, 0, false, 0 })
  end)

  it("ask for messages of other processes alone while there is no room", function()
    local no_room = function() return 0 end
    assert.same({ "0 at 0", "0 at 0.05", "0 at 0.1" },
      course({ 5, 0, 0 }, { room = no_room, hears = function() return true end }))
  end)
end)
