-- Measures the HTTP receivers: signed events over keep-alive connections.

local figures = require "bench.figures"
local receivers = require "bench.receivers"
local wanted = require "bench.wanted"

---@type bench.Column[]
local COLUMNS = {
  { name = "CPU s per 100k requests", format = "%.2f", better = "less", is_cost = true,
    get = function(r) return r.cpu_s / r.requests * 1e5 end },
  { name = "requests/s", format = "%.0f", better = "more",
    get = function(r) return r.per_second end },
  { name = "p50 ms", format = "%.2f", better = "less", is_quiet = true,
    get = function(r) return r.us.p50 / 1e3 end },
  { name = "p99 ms", format = "%.2f", better = "less",
    get = function(r) return r.us.p99 / 1e3 end },
  { name = "MB resident, started", format = "%.1f", better = "less", is_quiet = true,
    get = function(r) return r.rss_started_kb / 1024 end },
  { name = "MB resident, peak", format = "%.1f", better = "less",
    get = function(r) return r.rss_peak_kb / 1024 end },
  { name = "refused", format = "%.0f", better = "less", is_quiet = true,
    get = function(r) return r.refused end },
}

local function bench_posts(report, there, connections)
  local results = report:run(there, function(receiver)
    return receivers.run(receiver, ("--total %d --connections %d"):format(
      report.is_quick and receiver.requests // 20 or receiver.requests, connections))
  end)
  report:compare {
    group = ("%d connections"):format(connections),
    title = ("HTTP, signed POSTs on %d keep-alive connections"):format(connections),
    kind = "receiver", of = there, results = results, columns = COLUMNS,
    with_threads = connections == 32, is_detail = connections ~= 32,
  }
end

-- The heaps of V8 move by more than the connections take.
local function with_steady_heaps(there)
  local list = {}
  for _, receiver in ipairs(there) do
    list[#list + 1] = receiver.name ~= "Bolt" and receiver or nil
  end
  return list
end

local function bench_idle(report, there)
  local results = report:run(there, function(receiver)
    return receivers.run(receiver, ("--connections 1 --idle %d"):format(
      report.is_quick and 100 or 900))
  end)
  local rows = {}
  for i, receiver in ipairs(there) do
    rows[i] = { receiver.name, report:cell("%.0f", "idle", receiver.name,
      "bytes of an idle connection", figures.collect(results[receiver], function(r)
        return r.bytes_per_idle_connection
      end), not receiver.is_foreign and "less" or nil) }
  end
  report:table {
    title = "Memory of an idle keep-alive connection, after one request",
    heads = { "receiver", "bytes" }, rows = rows, is_detail = true,
  }
end

---@param report bench.Report
return function(report)
  local there = wanted(report, receivers.ALL)
  bench_posts(report, there, 32)
  bench_posts(report, there, 200)
  bench_idle(report, with_steady_heaps(there))
end
