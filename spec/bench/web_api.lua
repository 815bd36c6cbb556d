-- Measures Web API clients: chat.postMessage over TLS connections that are kept alive, each
-- client in turn as a child of the call server.

local clients = require "bench.clients"
local figures = require "bench.figures"
local json = require "cjson"
local program = require "bench.program"
local settings = require "bench.settings"
local wanted = require "bench.wanted"

local BENCH, LUA, CA = settings.BENCH, settings.LUA, clients.CA
local WARM_UP <const>, AT_A_TIME <const> = 2000, 32
-- Over which lua-slack makes its calls, by default; so does its yardstick.
local CONNECTIONS <const> = 16

---@class bench.Caller
---@field name string
---@field is_ours boolean?
---@field is_foreign boolean?
---@field command string with the calls of the warm-up, those that are measured, and the sum of
---  both, as {warm_up}, {calls} and {all}, and {at_a_time}; {api} is the call server's
---@field environment string?
---@field file string what must be there for it to be measured
---@field calls integer

---@type bench.Caller[]
local CALLERS = {
  {
    name = "lua-slack", is_ours = true,
    command = ("%s spec/bench/calls.lua {api} %s {warm_up} {calls} {at_a_time}"):format(LUA, CA),
    environment = settings.LUA_ENVIRONMENT,
    file = "spec/bench/calls.lua",
    calls = 20000,
  },
  {
    name = "bare curl", is_foreign = true,
    command = ("%s/bare_curl_post {api} %s {all} {connections}"):format(BENCH, CA),
    file = BENCH .. "/bare_curl_post",
    calls = 20000,
  },
  {
    name = "@slack/web-api", is_foreign = true,
    command = "node spec/bench/peers/web_api.js {api} {all} {at_a_time}",
    environment = ("NODE_EXTRA_CA_CERTS=%s NODE_PATH=%s"):format(CA, settings.NODE_MODULES),
    file = settings.NODE_MODULES .. "/@slack/web-api/package.json",
    calls = 3000,
  },
  {
    name = "slack-go", is_foreign = true,
    command = BENCH .. "/slack_go_web_api {api} {all} {at_a_time}",
    environment = "SSL_CERT_FILE=" .. CA,
    file = BENCH .. "/slack_go_web_api",
    calls = 10000,
  },
}

-- What the call server printed.
local function serve(caller, command, warm_up, calls)
  local result = program.run {
    who = caller.name, environment = caller.environment, field = "ok", command = command,
    harness = ("%s/call_server %s --warm-up %d --total %d"):format(BENCH, clients.TLS, warm_up,
      calls),
  }
  assert(result.client ~= json.null and result.client.failed == 0, caller.name .. ": calls failed")
  return result
end

---Runs a caller under the call server.
---@param caller bench.Caller
---@param calls integer
---@param at_a_time integer
---@return table result
local function run(caller, calls, at_a_time)
  return serve(caller, (caller.command:gsub("{([%w_]+)}", {
    warm_up = WARM_UP, calls = calls, all = WARM_UP + calls, at_a_time = at_a_time,
    connections = CONNECTIONS,
  })), WARM_UP, calls)
end

---@type bench.Column[]
local COLUMNS = {
  { name = "CPU s per 10k calls", format = "%.3f", better = "less", is_cost = true,
    get = function(r) return r.cpu_s / r.calls * 1e4 end },
  { name = "calls/s", format = "%.0f", better = "more",
    get = function(r) return r.calls / r.seconds end },
  { name = "MB resident, connected", format = "%.1f", better = "less", is_quiet = true,
    get = function(r) return r.rss_connected_kb / 1024 end },
  { name = "MB resident, peak", format = "%.1f", better = "less",
    get = function(r) return r.rss_peak_kb / 1024 end },
  { name = "connections", format = "%.0f", is_quiet = true,
    get = function(r) return r.connections end },
}

local function bench_callers(report, there)
  local results = report:run(there, function(caller)
    return run(caller, report.is_quick and caller.calls // 10 or caller.calls, AT_A_TIME)
  end)
  report:compare {
    group = "32 at a time", kind = "client", of = there, results = results, columns = COLUMNS,
    title = ("Web API: chat.postMessage over TLS, %d at a time"):format(AT_A_TIME),
    with_threads = true,
  }
end

-- Started in one go: what they take while they wait, and whether each keeps its place.
local function at_once(report, caller)
  local calls = report.is_quick and 1000 or 10000
  local results = report:run({ caller }, function() return run(caller, calls, calls) end)[caller]
  local function cell(format, what, better, get)
    return report:cell(format, "at once", caller.name, what, figures.collect(results, get), better)
  end
  return {
    ("%d calls started at once, calls/s"):format(calls),
    cell("%.2f", "CPU s", "less", function(r) return r.cpu_s end),
    cell("%.0f", "calls/s", "more", function(r) return r.calls / r.seconds end),
    cell("%.1f", "MB resident, added at the peak", "less", function(r)
      return (r.rss_peak_kb - r.rss_connected_kb) / 1024
    end),
    cell("%.0f", "places out of order", "less", function(r) return r.farthest end),
  }
end

local function new_file(name, bytes)
  local path = BENCH .. "/" .. name
  local file <close> = assert(io.open(path, "wb"))
  file:seek("set", bytes - 1)
  file:write "x" -- all before it is a hole, which costs no space
  return path
end

-- A small file first, so that the connection and the code are there: three requests each.
local function upload(report, caller)
  local megabytes = report.is_quick and 64 or 256
  local small, large = new_file("small", 1000), new_file("large", megabytes << 20)
  local command = ("%s spec/bench/upload.lua {api} %s %s %s"):format(LUA, CA, small, large)
  local results = report:run({ caller }, function() return serve(caller, command, 3, 3) end)[caller]
  os.remove(small)
  os.remove(large)
  local function cell(format, what, better, get)
    return report:cell(format, "upload", caller.name, what, figures.collect(results, get), better)
  end
  return {
    ("upload of a file of %d MiB, MB/s"):format(megabytes),
    cell("%.2f", "CPU s", "less", function(r) return r.cpu_s end),
    cell("%.0f", "MB/s", "more", function(r) return r.bytes / r.seconds / 1e6 end),
    cell("%.1f", "MB resident, added at the peak", "less", function(r)
      return (r.rss_peak_kb - r.rss_connected_kb) / 1024
    end),
    "–",
  }
end

---@param report bench.Report
return function(report)
  local there = wanted(report, CALLERS)
  bench_callers(report, there)
  if there[1].is_ours then
    report:table {
      title = "Much at once, lua-slack",
      heads = { "what", "CPU s", "rate", "MB resident, added at the peak", "places out of order" },
      rows = { at_once(report, there[1]), upload(report, there[1]) },
    }
  end
end
