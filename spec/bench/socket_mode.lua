-- Measures Socket Mode: a closed loop with TLS and without, a fixed rate, what a busy handler
-- delays, and how a connection that breaks or is refreshed is replaced.

local clients = require "bench.clients"
local figures = require "bench.figures"
local settings = require "bench.settings"
local wanted = require "bench.wanted"

local app, run = clients.app, clients.run

local function cpu_per_100k(result)
  return result.cpu_s / result.acked * 1e5
end

---@type bench.Column[]
local COLUMNS = {
  { name = "CPU s per 100k events", format = "%.2f", get = cpu_per_100k, better = "less",
    is_cost = true },
  { name = "events/s", format = "%.0f", better = "more",
    get = function(r) return r.acks_per_second end },
  { name = "ack p50 ms", format = "%.2f", better = "less", is_quiet = true,
    get = function(r) return r.ack_us.p50 / 1e3 end },
  { name = "ack p99 ms", format = "%.2f", better = "less",
    get = function(r) return r.ack_us.p99 / 1e3 end },
  { name = "MB resident, peak", format = "%.1f", better = "less",
    get = function(r) return r.rss_peak_kb / 1024 end },
}

-- Closed loop and rate ---------------------------------------------------------------------

local function bench_closed_loop(report, there, group, title, is_plain)
  local results = report:run(there, function(client)
    local events = report.is_quick and client.events // 20 or client.events
    return run(client, ("--total %d --in-flight 64"):format(events), nil, is_plain)
  end)
  report:compare {
    group = group, title = title, kind = "client", of = there, results = results,
    columns = COLUMNS, with_threads = true, is_detail = is_plain,
  }
end

local function bench_rate(report, there)
  local results = report:run(there, function(client)
    return run(client, ("--rate 1000 --total %d"):format(report.is_quick and 500 or 1500))
  end)
  report:compare {
    group = "1,000/s", title = "Socket Mode, wss, 1,000 events a second", kind = "client",
    of = there, results = results, columns = COLUMNS,
  }
end

-- A busy handler -----------------------------------------------------------------------------

local function bench_burn(report, ours)
  local seconds = report.is_quick and 1 or 3
  local options = ("--rate 200 --total %d --burn-at 100 --ping-ms 500 --in-flight 100000"):format(
    200 * (seconds + 1))
  local results = report:run({ ours }, function()
    return run(ours, options, app("burn=" .. seconds))
  end)[ours]
  local function cell(what, get)
    return report:cell("%.1f", "burn", ours.name, what, figures.collect(results, get), "less")
  end
  report:table {
    title = ("A handler computes for %d s under 200 events/s"):format(seconds),
    heads = { "latest ack ms", "latest pong ms", "not acked", "pings without a pong" },
    rows = { {
      cell("latest ack ms", function(r) return r.ack_us.max / 1e3 end),
      cell("latest pong ms", function(r) return r.pong_ms_max end),
      cell("not acked", function(r) return r.sent - r.acked end),
      cell("pings without a pong", function(r) return r.pings - r.pongs end),
    } },
  }
end

-- Recovery -----------------------------------------------------------------------------------

-- One break for each run: connections that break again and again meet backoff.
local function break_options(kind)
  return ("--rate 100 --total 100000 --break-ms 300 --%s 1"):format(kind)
end

local function break_of(result)
  return result.breaks_ms[1] or 60000 -- the patience of the load server
end

-- What waits for its clocks nearly all of the time does so side by side, all rounds at once.
local function side_by_side(report, there, start)
  local waiting, results = {}, {}
  for _ = 1, report.rounds do
    for _, client in ipairs(there) do
      table.insert(waiting, { client, start(client) })
    end
  end
  for _, pair in ipairs(waiting) do
    local client, wait = pair[1], pair[2]
    results[client] = results[client] or {}
    table.insert(results[client], wait())
  end
  return results
end

-- Ours takes milliseconds, in rounds of its own; the peers, of which one takes seconds, together.
local function recoveries(report, there, start)
  local peers = {}
  for _, client in ipairs(there) do
    peers[#peers + 1] = not client.is_ours and client or nil
  end
  local results = side_by_side(report, peers, start)
  if there[1].is_ours then
    results[there[1]] = report:run({ there[1] }, function(ours) return start(ours)() end)[there[1]]
  end
  return results
end

local function start_reset(client)
  return clients.start(client, break_options "resets")
end

local function start_silence(client)
  return clients.start(client, break_options "silences")
end

local function start_refreshes(client)
  local count = not client.is_ours and 2 or settings.is_quick and 20 or 100
  local wait = clients.start(client, ("--rate 500 --total 200000 --refresh-ms 50 --timeout 300 "
    .. "--refreshes %d"):format(count), client.is_ours and app "count=1 forgiving=1" or nil)
  return function()
    local result = wait()
    result.without_ready_ms_each = result.refreshes > 0
      and result.without_ready_ms / result.refreshes or nil
    return result
  end
end

---@type bench.Column[]
local REFRESH_COLUMNS = {
  { name = "ms without a connection, each refresh", format = "%.1f", better = "less",
    get = function(r) return r.without_ready_ms_each end },
  { name = "events not acked", format = "%.0f", better = "less",
    get = function(r) return r.lost end },
  { name = "events delivered again", format = "%.0f", better = "less", is_quiet = true,
    get = function(r) return r.redelivered end },
  { name = "events handled twice", format = "%.0f", better = "less", is_quiet = true,
    get = function(r) return type(r.client) == "table" and r.client.repeated or nil end },
}

-- A peer may die of what is done to it: slack-go 0.11 at times sends on a closed channel.
local function those_with(results, get)
  local list = {}
  for _, result in ipairs(results) do
    list[#list + 1] = get(result) and result or nil
  end
  return list
end

local function bench_recovery(report, there)
  local reset = recoveries(report, there, start_reset)
  local silent = report.is_quick and {} or side_by_side(report, there, start_silence)
  local refreshed = recoveries(report, there, start_refreshes)
  local rows = {}
  for i, client in ipairs(there) do
    local function cell(what, results, format, get, better)
      local figure = figures.collect(those_with(results or {}, get), get)
      return figure and report:cell(format, "recovery", client.name, what, figure,
        not client.is_foreign and better or nil) or "–"
    end
    rows[i] = {
      client.name,
      cell("ms from a TCP reset to ready", reset[client], "%.0f", break_of, "less"),
      cell("ms from silence to ready", silent[client], "%.0f", break_of, "less"),
    }
    for _, column in ipairs(REFRESH_COLUMNS) do
      local text = cell(column.name, refreshed[client], column.format, column.get, column.better)
      table.insert(rows[i], not column.is_quiet and text or nil)
    end
  end
  report:table {
    title = "A connection that ends, under 100 events/s (refreshes under 500)",
    heads = { "client", "ms from a TCP reset to ready", "from silence to ready",
      REFRESH_COLUMNS[1].name, REFRESH_COLUMNS[2].name },
    rows = rows,
  }
end

local function chosen(there, is_chosen)
  local list = {}
  for _, client in ipairs(there) do
    list[#list + 1] = is_chosen(client) and client or nil
  end
  return list
end

local function is_no_peer(client)
  return client.is_ours or client.is_bare
end

local function is_not_bare(client)
  return not client.is_bare
end

---@param report bench.Report
return function(report)
  local there = wanted(report, clients.ALL)
  bench_closed_loop(report, there, "wss", "Socket Mode, wss, 64 events in flight")
  bench_closed_loop(report, chosen(there, is_no_peer), "ws",
    "Socket Mode, ws (no TLS), 64 events in flight", true)
  bench_rate(report, report.is_quick and { there[1] } or there)
  if there[1].is_ours then
    bench_burn(report, there[1])
  end
  bench_recovery(report, report.is_quick and { there[1] } or chosen(there, is_not_bare))
end
