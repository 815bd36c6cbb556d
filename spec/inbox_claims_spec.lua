local Claims = require "slack.inbox.claims"
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
end)
