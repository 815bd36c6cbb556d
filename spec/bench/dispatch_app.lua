-- An app with so many listeners of a kind, alone in its process and its heap, which takes events
-- when it is told to. Reads lines, "turn EVENTS" or "still EVENTS", and answers each with the
-- microseconds of CPU that one of those events took.
--   lua5.4 spec/bench/dispatch_app.lua BUILD_DIRECTORY KIND LISTENERS    KIND: its name
package.cpath = arg[1] .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local kinds = require "bench.kinds"
local offline = require "bench.offline"

local BATCH <const> = 16

local cycles, made, taken = 0, 0, 0

-- Counts the collector's cycles: each frees one of these, which leaves another one behind.
local function watch()
  setmetatable({}, { __gc = function()
    cycles = cycles + 1
    watch()
  end })
end

local function handler() taken = taken + 1 end

local function app_with(kind, count)
  local app = offline.new()
  for i = 1, count do
    kinds.listen(app, kind, i, handler)
  end
  return app
end

-- Hands on so many of the bodies.
local function runner(kind, count)
  local app, bodies, place = app_with(kind, count), kinds.bodies(kind, count), 0
  return function(events)
    for _ = 1, events do
      local body = bodies[place % #bodies + 1]
      place = place + 1
      if body.event then
        made = made + 1
        body.event_id = "Ev" .. made -- else it is passed over as handled before
      end
      offline.deliver(app, body, kind.came_as)
    end
    assert(taken == place, "not every event met its listener")
  end
end

-- From the end of one of the collector's cycles to the end of another, after so many events at
-- least: a part of a cycle would be more to the one heap than to the other.
local function turn(run, events)
  local began, first, done = os.clock(), cycles, 0
  repeat
    run(BATCH)
    done = done + BATCH
  until done >= events and cycles > first
  return (os.clock() - began) / done * 1e6
end

-- The caches are those of events, not of the walk before them.
local function still(run, events)
  collectgarbage()
  collectgarbage "stop"
  run(events // 4)
  local began = os.clock()
  run(events)
  local took = os.clock() - began
  collectgarbage "restart"
  return took / events * 1e6
end

local ORDERS <const> = { turn = turn, still = still }

watch()
local run = runner(kinds.find(arg[2]), math.tointeger(arg[3]))
turn(run, 1) -- what is made at its first use is made, and a cycle has ended
io.stdout:setvbuf "line"
for line in io.lines() do
  local order, events = line:match "^(%l+) (%d+)$"
  print(ORDERS[order](run, math.tointeger(events)))
end
