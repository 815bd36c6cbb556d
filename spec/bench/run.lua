-- Measures lua-slack beside bare C clients and, when installed, its peers: each
-- in turn as a child of the load server, several rounds, medians with extremes.
--   lua5.4 spec/bench/run.lua [BUILD_DIRECTORY]
-- BENCH_PART is "socket_mode", "http", "web_api", "dispatch", "conversations" or "inbox" for a
-- part; BENCH_QUICK=1 makes it a smoke run; BENCH_ROUNDS sets the rounds (5); BENCH_ONLY is a
-- comma-separated list of who is measured (lua-slack, bare lws, bare curl, Bolt, slack-go,
-- @slack/web-api);
-- BENCH_PROFILE=1 lists functions too where the time of dispatch goes.
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local cjson = require "cjson"
local clients = require "bench.clients"
local core = require "slack.core"
local figures = require "bench.figures"
local json = require "slack.json"
local receivers = require "bench.receivers"

local IS_QUICK = (os.getenv "BENCH_QUICK" or "") ~= ""
local ROUNDS = tonumber(os.getenv "BENCH_ROUNDS") or (IS_QUICK and 1 or 5)

local app, run = clients.app, clients.run
local collect, figure, heading, row, show =
  figures.collect, figures.figure, figures.heading, figures.row, figures.show

local function cpu_per_100k(result)
  return result.cpu_s / result.acked * 1e5
end

local COLUMNS = {
  { "acks/s", "%.0f", function(r) return r.acks_per_second end },
  { "CPU s per 100k", "%.2f", cpu_per_100k },
  { "ack p50 ms", "%.2f", function(r) return r.ack_us.p50 / 1e3 end },
  { "ack p99 ms", "%.2f", function(r) return r.ack_us.p99 / 1e3 end },
  { "RSS connected MB", "%.1f", function(r) return r.rss_connected_kb / 1024 end },
  { "RSS peak MB", "%.1f", function(r) return r.rss_peak_kb / 1024 end },
  { "connected after ms", "%.0f", function(r) return r.connected_ms end },
}

local function print_comparison(title, wanted, results)
  figures.compare(title, "client", wanted, results, COLUMNS, cpu_per_100k)
end

-- The runs --------------------------------------------------------------------

local function bench_closed_loop(wanted)
  local results = figures.rounds(wanted, ROUNDS, function(client)
    local events = IS_QUICK and client.events // 10 or client.events
    return run(client, ("--total %d --in-flight 64"):format(events))
  end)
  print_comparison("wss, 64 events in flight, one connection", wanted, results)
  if wanted[1].name == "lua-slack" then
    figures.threads("100k events", "100k", results[wanted[1]], function(result)
      return 1e5 / result.acked
    end, "%.2f", 0.005)
  end
end

local function bench_rate(wanted)
  local results = figures.rounds(wanted, IS_QUICK and 1 or 3, function(client)
    return run(client, ("--rate 1000 --total %d"):format(IS_QUICK and 1000 or 5000))
  end)
  print_comparison("wss, 1,000 events per second, one connection", wanted, results)
end

local function bench_listeners(ours)
  heading("lua-slack by number of listeners", "listeners", "CPU s per 100k")
  for _, listeners in ipairs { 3, 100, 10000 } do
    local results = {}
    for i = 1, IS_QUICK and 1 or 3 do
      local options = ("--total %d"):format(IS_QUICK and 10000 or 100000)
      results[i] = run(ours, options, app("listeners=" .. listeners))
    end
    row(("%d"):format(listeners), show(collect(results, cpu_per_100k), "%.2f"))
  end
end

local function microseconds(fn, payloads, count)
  local begun = os.clock()
  for i = 1, count do
    fn(payloads[i % #payloads + 1])
  end
  return (os.clock() - begun) / count * 1e6
end

local function bench_decoding()
  local payloads = {}
  local pipe = assert(io.popen(clients.LOAD_SERVER .. " --mix"))
  for line in pipe:lines() do
    payloads[#payloads + 1] = line:match '"payload":(.*),"type":"events_api"'
  end
  pipe:close()
  local ours, theirs, count = {}, {}, IS_QUICK and 10000 or 100000
  for i = 1, ROUNDS do
    ours[i] = microseconds(json.decode, payloads, count)
    theirs[i] = microseconds(cjson.decode, payloads, count)
  end
  heading("Decoding the payload of an event", "decoder", "microseconds")
  row("slack.json", show(figure(ours), "%.1f"))
  row("lua-cjson alone", show(figure(theirs), "%.1f"))
end

local function bench_burn(ours)
  local seconds = IS_QUICK and 1 or 5
  local options = ("--rate 200 --total %d --burn-at 100 --ping-ms 500 --in-flight 100000"):format(
    200 * (seconds + 2)
  )
  local result = run(ours, options, app("burn=" .. seconds))
  heading(
    ("A handler burns CPU for %d s under 200 events/s"):format(seconds),
    "acked",
    "latest ack ms",
    "pongs",
    "latest pong ms"
  )
  row(
    ("%d of %d"):format(result.acked, result.sent),
    ("%.1f"):format(result.ack_us.max / 1e3),
    ("%d of %d"):format(result.pongs, result.pings),
    ("%.1f"):format(result.pong_ms_max)
  )
end

-- One break for each run: connections that break again and again meet backoff.
local function breaks(client, kind, count)
  local options = ("--rate 100 --total 100000 --break-ms 300 --%s 1"):format(kind)
  local values = {}
  for i = 1, count do
    values[i] = run(client, options).breaks_ms[1]
    if not values[i] then
      return "not replaced"
    end
  end
  return show(figure(values), "%.0f")
end

local function is_bare(client)
  return client.name:find "^bare" ~= nil
end

local function bench_recovery(wanted)
  heading("Under 100 events/s, ms until ready again after", "client", "TCP reset", "silence")
  for _, client in ipairs(wanted) do
    local is_ours = client.name == "lua-slack"
    if is_ours or not (IS_QUICK or is_bare(client)) then
      local count = is_ours and ROUNDS or 1
      local silence = IS_QUICK and "–" or breaks(client, "silences", count)
      row(client.name, breaks(client, "resets", count), silence)
    end
  end
end

local function refresh(client)
  local is_ours = client.name == "lua-slack"
  local refreshes = is_ours and (IS_QUICK and 30 or 1000) or 5
  local options = "--rate 500 --total 200000 --refresh-ms 50 --timeout 300 --refreshes %d"
  local command = is_ours and app "count=1 forgiving=1" or nil
  local result = run(client, options:format(refreshes), command)
  local lost, twice = result.lost, "–"
  if is_ours then
    local distinct = result.client.handled - result.client.repeated
    lost, twice = result.sent - distinct, ("%d"):format(result.client.repeated)
  end
  row(
    client.name,
    ("%d"):format(result.refreshes),
    ("%d"):format(result.sent),
    ("%d"):format(lost),
    ("%d"):format(result.redelivered),
    twice,
    ("%.1f"):format(result.without_ready_ms)
  )
end

local function bench_refresh(wanted)
  heading(
    "Planned refreshes under 500 events/s, one connection",
    "client",
    "refreshes",
    "events",
    "lost",
    "delivered again",
    "handled twice",
    "ms without a ready connection"
  )
  for _, client in ipairs(wanted) do
    if client.name == "lua-slack" or not (IS_QUICK or is_bare(client)) then
      refresh(client)
    end
  end
end

-- HTTP ------------------------------------------------------------------------

local function http_cpu(result)
  return result.cpu_s / result.requests * 1e5
end

local HTTP_COLUMNS = {
  { "requests/s", "%.0f", function(r) return r.per_second end },
  { "CPU s per 100k", "%.2f", http_cpu },
  { "p50 ms", "%.2f", function(r) return r.us.p50 / 1e3 end },
  { "p99 ms", "%.2f", function(r) return r.us.p99 / 1e3 end },
  { "RSS started MB", "%.1f", function(r) return r.rss_started_kb / 1024 end },
  { "RSS peak MB", "%.1f", function(r) return r.rss_peak_kb / 1024 end },
  { "refused", "%.0f", function(r) return r.refused end },
}

-- Every receiver in turn, round by round; also what lua-slack's threads cost.
local function bench_http(wanted, connections)
  local results = figures.rounds(wanted, ROUNDS, function(receiver)
    local total = receiver.name == "Bolt" and 20000 or 100000
    return receivers.run(receiver, ("--total %d --connections %d"):format(
      IS_QUICK and total // 10 or total, connections))
  end)
  figures.compare(("Signed POSTs over HTTP, %d keep-alive connections"):format(connections),
    "receiver", wanted, results, HTTP_COLUMNS, http_cpu)
  if wanted[1].name == "lua-slack" then
    figures.threads("100k requests", "100k", results[wanted[1]], function(result)
      return 1e5 / result.requests
    end, "%.2f")
  end
end

local function bench_idle_connections(wanted)
  heading("Memory of an idle keep-alive connection, after one request", "receiver", "bytes")
  for _, receiver in ipairs(wanted) do
    local result = receivers.run(receiver,
      ("--connections 1 --idle %d"):format(IS_QUICK and 100 or 900))
    row(receiver.name, ("%.0f"):format(result.bytes_per_idle_connection))
  end
end

local function print_circumstances()
  local _, processors = (io.open("/proc/cpuinfo"):read "a"):gsub("\nprocessor", "")
  local versions = core.versions()
  print(("%s, %d processors, libcurl %s, libwebsockets %s, %s; medians of %d (extremes)")
    :format(os.date "!%Y-%m-%d", processors + 1, versions.libcurl, versions.libwebsockets,
      versions.openssl, ROUNDS))
end

local function bench_socket_mode()
  local wanted = clients.wanted()
  bench_closed_loop(wanted)
  bench_rate(wanted)
  if wanted[1].name == "lua-slack" then
    bench_listeners(wanted[1])
    bench_decoding()
    bench_burn(wanted[1])
  end
  bench_recovery(wanted)
  bench_refresh(wanted)
end

local function bench_receivers()
  local wanted = receivers.wanted()
  bench_http(wanted, 32)
  bench_http(wanted, 200)
  bench_idle_connections(wanted)
end

io.stdout:setvbuf "line"
print_circumstances()
local part = os.getenv "BENCH_PART" or ""
if part == "" or part == "socket_mode" then
  bench_socket_mode()
end
if part == "" or part == "http" then
  bench_receivers()
end
if part == "" or part == "web_api" then
  require "bench.web_api"(ROUNDS, IS_QUICK)
end
if part == "" or part == "dispatch" then
  require "bench.dispatch"(ROUNDS, IS_QUICK)
end
if part == "" or part == "conversations" then
  require "bench.conversations"(IS_QUICK and 10000 or 100000)
end
if part == "" or part == "inbox" then
  require "bench.inbox"(ROUNDS, IS_QUICK)
end
