-- Measures hot reload under load: a script is saved again and again, in all the ways in which
-- editors do, while events come at a fixed rate; and beside it the same load without a save.

local figures = require "bench.figures"
local settings = require "bench.settings"
local trial = require "support.reload_trial"
local tasks = require "slack.tasks"

local RATE <const>, PAUSE <const> = 2000, 0.05

---@class bench.ReloadCase
---@field name string
---@field saves integer
---@field pause number seconds between saves

local function cases(is_quick)
  local saves = is_quick and 10 or 40
  return {
    { name = "saved every 50 ms", saves = saves, pause = PAUSE },
    { name = "not saved", saves = 1, pause = saves * PAUSE },
  }
end

local function run(case)
  local result = tasks.run(trial.run, {
    saves = case.saves, rate = RATE, pause = case.pause, build = settings.BUILD,
  })
  local bot = result.client
  assert(result.lost + bot.doubled + bot.mixed == 0 and bot.pairs == result.total,
    "an event was lost, or handled twice or by two versions")
  return result
end

---@type bench.Column[]
local COLUMNS = {
  { name = "events/s", format = "%.0f", better = "more",
    get = function(r) return r.acks_per_second end },
  { name = "CPU s per 100k events", format = "%.2f", better = "less", is_cost = true,
    get = function(r) return r.cpu_s / r.acked * 1e5 end },
  { name = "ack p50 ms", format = "%.2f", better = "less",
    get = function(r) return r.ack_us.p50 / 1e3 end },
  { name = "ack p99 ms", format = "%.2f", better = "less",
    get = function(r) return r.ack_us.p99 / 1e3 end },
  { name = "longest ack ms", format = "%.1f", better = "less", is_quiet = true,
    get = function(r) return r.ack_us.max / 1e3 end },
  { name = "reloads", format = "%.0f", get = function(r) return r.client.reloads end },
}

-- What the saves cost beyond the load, by each reload.
local function reload_cost(saved, plain)
  local values = {}
  for i = 1, #saved do
    local reloads = saved[i].client.reloads - plain[i].client.reloads
    local each = plain[i].cpu_s / plain[i].acked
    values[i] = (saved[i].cpu_s - each * saved[i].acked) / reloads * 1e3
  end
  return figures.new(values)
end

---@param report bench.Report
return function(report)
  local list = cases(report.is_quick)
  local results = report:run(list, run)
  report:compare {
    group = "under load", kind = "script", of = list, results = results, columns = COLUMNS,
    title = ("Reload under %d events a second, each taken by two listeners"):format(RATE),
  }
  local cost = report:add("under load", "lua-slack", "CPU ms of a reload",
    reload_cost(results[list[1]], results[list[2]]), "less")
  report:say(("\nA reload costs %s ms of CPU."):format(cost:show("%.1f")))
end
