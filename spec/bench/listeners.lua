-- Measures what a delivery costs with 1, 100 and 10,000 listeners of its kind: from the
-- decoded payload to the end of its handler, which does nothing.
--   lua5.4 spec/bench/listeners.lua [BUILD_DIRECTORY]
-- The least of many short blocks leaves out the collector, which the last line is with.
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local Offline = require "support.offline_app"

local COUNTS <const> = { 1, 100, 10000 }
local BLOCKS <const> = 100
local BLOCK <const> = 400

local TEXT = "could somebody have a look at the build, it has been red since 7"

local function nothing() end

local Request = { ack = function() return true end, refuse = nothing }
Request.__index = Request

local last_event = 0

local function request_of(came_as, body)
  local request = { came_as = came_as, body = body, acked = came_as == "event" or nil }
  if came_as == "event" then
    last_event = last_event + 1
    request.body = {
      type = "event_callback", team_id = "T1", event_id = "Ev" .. last_event, event = body,
    }
  end
  return setmetatable(request, Request)
end

-- What comes is always what the first listener is for.
local CASES = {
  { "event", "event", function(i) return "type_" .. i end,
    { type = "type_1", user = "U1", channel = "C1" } },
  { "event by reaction", "event",
    function(i) return { "reaction_added", reaction = "r" .. i } end,
    { type = "reaction_added", reaction = "r1", user = "U1", item = { channel = "C1" } } },
  { "message by channel", "message", function(i) return { channel = "C" .. i } end,
    { type = "message", user = "U1", channel = "C1", text = TEXT, ts = "1.1" } },
  { "message by plain text", "message", function(i) return i == 1 and "since" or "w0rd" .. i end,
    { type = "message", user = "U1", channel = "C1", text = TEXT, ts = "1.1" } },
  { "func", "func", function(i) return "f" .. i end,
    { type = "function_executed", ["function"] = { callback_id = "f1" } } },
  { "command", "command", function(i) return "/c" .. i end,
    { command = "/c1", text = "", user_id = "U1", channel_id = "C1" }, "command" },
  { "action", "action", function(i) return "a" .. i end,
    { type = "block_actions", user = { id = "U1" },
      actions = { { type = "button", action_id = "a1", block_id = "b" } } }, "interaction" },
  { "shortcut", "shortcut", function(i) return "s" .. i end,
    { type = "shortcut", callback_id = "s1", user = { id = "U1" } }, "interaction" },
  { "view", "view", function(i) return "v" .. i end,
    { type = "view_submission", view = { id = "V1", callback_id = "v1" } }, "interaction" },
  { "options", "options", function(i) return "o" .. i end,
    { type = "block_suggestion", action_id = "o1", block_id = "b", value = "" }, "interaction" },
}

local function app_with(count, method, what_of)
  local app = Offline.new { log = "error" }.app
  for i = 1, count do
    app[method](app, what_of(i), nothing)
  end
  return app
end

-- Microseconds of each block.
local function run_block(app, came_as, body)
  local began = os.clock()
  for _ = 1, BLOCK do
    app.dispatch:request(request_of(came_as, body))
  end
  return (os.clock() - began) / BLOCK * 1e6
end

-- Each of the three in turns, so that they are measured under the same weather.
local function measure(case)
  local least, apps = {}, {}
  for k, count in ipairs(COUNTS) do
    apps[k], least[k] = app_with(count, case[2], case[3]), math.huge
  end
  for _ = 1, BLOCKS do
    for k in ipairs(COUNTS) do
      least[k] = math.min(least[k], run_block(apps[k], case[5] or "event", case[4]))
    end
  end
  return least
end

-- The mean, in which the collector's walks over all listeners are.
local function with_collector(count)
  local least = math.huge
  local app = app_with(count, CASES[1][2], CASES[1][3])
  for _ = 1, 3 do
    collectgarbage()
    local sum = 0
    for _ = 1, BLOCKS do
      sum = sum + run_block(app, "event", CASES[1][4])
    end
    least = math.min(least, sum / BLOCKS)
  end
  return least
end

print "CPU us of a delivery with 1, 100 and 10,000 listeners; 10,000 to 1"
for _, case in ipairs(CASES) do
  local least = measure(case)
  print(("%-26s %6.2f %6.2f %6.2f %6.2f"):format(case[1], least[1], least[2], least[3],
    least[3] / least[1]))
  collectgarbage()
end
local one, hundred, most = with_collector(1), with_collector(100), with_collector(10000)
print(("%-26s %6.2f %6.2f %6.2f %6.2f"):format("event, with the collector", one, hundred, most,
  most / one))
