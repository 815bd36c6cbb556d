-- Measures the start and the memory of Socket Mode clients: until connected, idle, after a burst
-- of events at once, after many events, and by what it is for.

local clients = require "bench.clients"
local figures = require "bench.figures"
local wanted = require "bench.wanted"

local IDLE_MS <const> = 2000 -- connected and left alone before its memory is looked at
local CAUSES <const> = { "libraries", "heap", "stacks", "rest" }

local function megabytes(key)
  return function(result) return result[key] / 1024 end
end

---@type bench.Column[]
local COLUMNS = {
  { name = "ms from start to connected", format = "%.0f", better = "less",
    get = function(r) return r.connected_ms end },
  { name = "CPU ms until connected", format = "%.0f", better = "less",
    get = function(r) return r.connect_cpu_s * 1e3 end },
  { name = "MB resident, connected and idle", format = "%.1f", better = "less", is_cost = true,
    get = megabytes "rss_connected_kb" },
  { name = "peak of the burst", format = "%.1f", better = "less",
    get = megabytes "rss_peak_kb" },
  { name = "after the burst", format = "%.1f", better = "less",
    get = megabytes "rss_after_kb" },
}

local function bench_burst(report, there)
  local events = report.is_quick and 2000 or 20000
  local results = report:run(there, function(client)
    return clients.run(client, ("--total %d --in-flight %d --idle-ms %d"):format(events, events,
      report.is_quick and 300 or IDLE_MS))
  end)
  report:compare {
    group = "start and burst", kind = "client", ratio_of = "idle memory", of = there,
    results = results, columns = COLUMNS,
    title = ("Start and memory; the burst is of %d events at once"):format(events),
  }
  return results
end

local function print_causes(report, there, results)
  local heads, rows = { "client" }, {}
  for i, cause in ipairs(CAUSES) do
    heads[i + 1] = cause .. " MB"
  end
  for i, client in ipairs(there) do
    rows[i] = { client.name }
    for j, cause in ipairs(CAUSES) do
      rows[i][j + 1] = report:cell("%.1f", "by cause", client.name, cause .. " MB",
        figures.collect(results[client], function(r) return r.memory_kb[cause] / 1024 end),
        not client.is_foreign and "less" or nil)
    end
  end
  report:table {
    title = "Resident memory, connected and idle, by what it is for", heads = heads, rows = rows,
    note = "libraries is all that is mapped from files",
  }
end

-- One run, as it is long: what matters is whether the memory of its tenths keeps growing.
local function bench_long_run(report, ours)
  local events = 1000000
  local result = clients.run(ours, ("--total %d --in-flight 64 --timeout 300 --idle-ms %d"):format(
    events, IDLE_MS))
  local heads, row = { "idle" }, {}
  local function add(head, kilobytes)
    heads[#row + 1] = head
    row[#row + 1] = report:cell("%.1f", "1,000,000 events", ours.name, "MB resident, " .. head,
      { kilobytes / 1024 }, "less")
  end
  add("idle", result.rss_connected_kb)
  for i, kilobytes in ipairs(result.rss_samples_kb) do
    if i == 1 or i == 5 or i == 10 then
      add(("after %d0%% of them"):format(i), kilobytes)
    end
  end
  add("after all, idle again", result.rss_after_kb)
  add("peak", result.rss_peak_kb)
  report:table {
    title = "MB resident of lua-slack in one run of 1,000,000 events, 64 in flight",
    heads = heads, rows = { row },
  }
end

---@param report bench.Report
return function(report)
  local there = wanted(report, clients.ALL)
  local results = bench_burst(report, there)
  print_causes(report, there, results)
  if there[1].is_ours and not report.is_quick then
    bench_long_run(report, there[1])
  end
end
