-- Measures what it costs when another process answers: a command from the local Slack to its
-- ack, by the process that has the connection, and by a worker behind a receiver; and a click
-- that a handler there waits for.

local Machines = require "support.machines"
local Redis = require "support.redis"
local core = require "slack.core"
local figures = require "bench.figures"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

local AT_A_TIME <const> = 16

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

-- Keeps the median and the 99th percentile, in milliseconds.
local function keep(result, what, times)
  table.sort(times)
  result[what .. ", p50 ms"] = times[#times // 2] * 1e3
  result[what .. ", p99 ms"] = times[math.ceil(#times * 0.99)] * 1e3
end

local function timed(times, call)
  local began = core.monotonic()
  assert(call().ack ~= nil, "no ack came")
  times[#times + 1] = core.monotonic() - began
end

local function in_turn(result, what, count, call)
  local times, warm_up = {}, count // 5
  for i = 1, warm_up + count do
    timed(i > warm_up and times or {}, call)
  end
  keep(result, what, times)
end

local function at_a_time(result, what, count, call)
  local times, list = {}, {}
  for i = 1, AT_A_TIME do
    list[i] = tasks.spawn(function()
      for _ = 1, count // 10 do
        timed(times, call)
      end
    end)
  end
  for _, task in ipairs(list) do
    task:join()
  end
  keep(result, what, times)
end

local CASES <const> = { "a command", "a command, 16 at a time", "a click that is waited for" }

local function measure(here, count)
  local result = {}
  local function command() return here:command { command = "/who" } end
  in_turn(result, CASES[1], count, command)
  at_a_time(result, CASES[2], count, command)
  here:command { command = "/buttons" }
  local message = assert(here:wait_message { text = "buttons" })
  here:command { command = "/wait" }
  in_turn(result, CASES[3], count, function()
    return here:click { message = message, action_id = "ok" }
  end)
  return result
end

local function run(roles, count)
  local redis <close> = Redis.start()
  local result
  live_app.run(function(here)
    local machines <close> = Machines.new(here, redis, BOT)
    for i, role in ipairs(roles) do
      machines:start("p" .. i, role or nil)
    end
    assert(here:wait_connections(1))
    machines:wait_peers(#roles - 1)
    result = measure(here, count)
  end)
  return result
end

local KINDS <const> = {
  { name = "the process with the connection", roles = { false } },
  { name = "a worker behind a receiver", roles = { "receiver", "worker" } },
}

---@param report bench.Report
return function(report)
  if not Redis.is_installed() then
    return report:say("(relays are not measured: " .. Redis.MISSING .. ")")
  end
  local results = report:run(KINDS, function(kind)
    return run(kind.roles, report.is_quick and 20 or 200)
  end)
  local heads, rows = { "answered by" }, {}
  for i, kind in ipairs(KINDS) do
    rows[i] = { kind.name }
    for _, case in ipairs(CASES) do
      for _, part in ipairs { "p50 ms", "p99 ms" } do
        local what = case .. ", " .. part
        heads[#heads + 1] = i == 1 and what or nil
        table.insert(rows[i], report:cell("%.1f", "relays", kind.name, what,
          figures.collect(results[kind], function(result) return result[what] end), "less"))
      end
    end
  end
  report:table {
    title = "From a command or click at the local Slack to its ack", heads = heads, rows = rows,
  }
end
