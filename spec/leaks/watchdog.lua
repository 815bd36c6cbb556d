-- Watches work that ends in time, is named, is stopped, and is left with its watchdog.
local core = require "slack.core"
local footprint = require "support.footprint"

local function one_round()
  local told = 0
  local dog = core.watchdog(0.01, function(traceback)
    assert(traceback:find "leaks/watchdog.lua")
    told = told + 1
    return 0.02
  end)
  local resume = dog:resumer()
  assert(resume(coroutine.create(function() return 1 end)))
  local ok, message = resume(coroutine.create(function() while true do end end))
  assert(not ok and message:find "stopped by the watchdog" and told == 1)
  local enter, leave = dog:section()
  enter()
  leave()
  assert(resume(coroutine.create(function() dog:close() end)))
  core.watchdog(10, print) -- left to the garbage collector
end

footprint.rounds(30, one_round)
