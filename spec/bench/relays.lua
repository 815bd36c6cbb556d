-- Measures what it costs when another process answers: a command from the local Slack to its
-- ack, by the process that has the connection, and by a worker behind a receiver; and a click
-- that a handler there waits for.
--   lua5.4 spec/bench/relays.lua [BUILD_DIRECTORY]
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local Machines = require "support.machines"
local Redis = require "support.redis"
local core = require "slack.core"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

local WARM_UP <const>, IN_TURN <const> = 100, 500
local AT_A_TIME <const>, ROUNDS <const> = 16, 50

local BOT <const> = [[
app:command("/who", function(c) c:ack "here" end)
app:command("/wait", function(c)
  while true do
    c:wait({ action = "ok", from = "anyone", timeout = false }):ack()
  end
end)
app:command("/buttons", function(c)
  c:say { text = "buttons", blocks = { { type = "actions", elements = { {
    type = "button", action_id = "ok", text = { type = "plain_text", text = "OK" },
  } } } } }
end)
]]

local function print_figures(what, times)
  table.sort(times)
  print(("%-64s p50 %.2f ms, p99 %.2f ms"):format(what, times[#times // 2] * 1e3,
    times[math.ceil(#times * 0.99)] * 1e3))
end

local function timed(times, call)
  local began = core.monotonic()
  assert(call().ack ~= nil, "no ack came")
  times[#times + 1] = core.monotonic() - began
end

local function in_turn(what, call)
  local times = {}
  for i = 1, WARM_UP + IN_TURN do
    timed(i > WARM_UP and times or {}, call)
  end
  print_figures(what .. ", one after the other", times)
end

local function at_a_time(what, call)
  local times, list = {}, {}
  for i = 1, AT_A_TIME do
    list[i] = tasks.spawn(function()
      for _ = 1, ROUNDS do
        timed(times, call)
      end
    end)
  end
  for _, task in ipairs(list) do
    task:join()
  end
  print_figures(("%s, %d at a time"):format(what, AT_A_TIME), times)
end

local function measure(name, here)
  local function command() return here:command { command = "/who" } end
  in_turn(name .. ": command", command)
  at_a_time(name .. ": command", command)
  here:command { command = "/buttons" }
  local message = assert(here:wait_message { text = "buttons" })
  here:command { command = "/wait" }
  in_turn(name .. ": click that is waited for", function()
    return here:click { message = message, action_id = "ok" }
  end)
end

local function run(name, roles)
  local redis <close> = Redis.start()
  live_app.run(function(here)
    local machines <close> = Machines.new(here, redis, BOT)
    for i, role in ipairs(roles) do
      machines:start("p" .. i, role or nil)
    end
    assert(here:wait_connections(1))
    machines:wait_peers(#roles - 1)
    measure(name, here)
  end)
end

if not Redis.is_installed() then
  print(Redis.MISSING)
  os.exit(0)
end
run("the same process", { false })
run("a worker", { "receiver", "worker" })
