-- Measures Web API clients: chat.postMessage over TLS connections that are kept alive, each
-- client in turn as a child of the call server; a part of spec/bench/run.lua.

local clients = require "bench.clients"
local figures = require "bench.figures"
local json = require "cjson"
local wanted = require "bench.wanted"

local BENCH, LUA, CA = clients.BENCH, clients.LUA, clients.CA
local WARM_UP <const>, AT_A_TIME <const> = 2000, 32

local heading, row = figures.heading, figures.row

---@class bench.Caller
---@field name string
---@field command string with the calls of the warm-up, those that are measured, and the sum of
---  both, as {warm_up}, {calls} and {all}; {api} is the call server's
---@field environment string?
---@field file string what must be there for it to be measured
---@field calls integer

local NODE_MODULES = BENCH .. "/node_modules"

---@type bench.Caller[]
local callers = {
  {
    name = "lua-slack",
    command = ("%s spec/bench/calls.lua {api} %s {warm_up} {calls} {at_a_time}"):format(LUA, CA),
    environment = clients.LUA_ENVIRONMENT,
    file = "spec/bench/calls.lua",
    calls = 20000,
  },
  {
    name = "bare curl",
    command = ("%s/bare_curl_post {api} %s {all} {at_a_time}"):format(BENCH, CA),
    file = BENCH .. "/bare_curl_post",
    calls = 20000,
  },
  {
    name = "@slack/web-api",
    command = "node spec/bench/peers/web_api.js {api} {all} {at_a_time}",
    environment = ("NODE_EXTRA_CA_CERTS=%s NODE_PATH=%s"):format(CA, NODE_MODULES),
    file = NODE_MODULES .. "/@slack/web-api/package.json",
    calls = 10000,
  },
  {
    name = "slack-go",
    command = BENCH .. "/slack_go_web_api {api} {all} {at_a_time}",
    environment = "SSL_CERT_FILE=" .. CA,
    file = BENCH .. "/slack_go_web_api",
    calls = 20000,
  },
}

-- What the call server printed.
local function serve(caller, command, warm_up, calls)
  local line = ("%s %s/call_server %s --warm-up %d --total %d -- %s"):format(
    caller.environment or "", BENCH, clients.TLS, warm_up, calls, command)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  pipe:close()
  local ok, result = pcall(json.decode, text)
  if not ok or not result.ok or result.client == json.null or result.client.failed > 0 then
    io.stderr:write(("%s did not call: %s\n%s"):format(caller.name, line, text))
    os.exit(1)
  end
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
  })), WARM_UP, calls)
end

local function cpu_of(result)
  return result.cpu_s / result.calls * 1e4
end

local COLUMNS = {
  { "calls/s", "%.0f", function(r) return r.calls / r.seconds end },
  { "CPU s per 10k calls", "%.3f", cpu_of },
  { "RSS connected MB", "%.1f", function(r) return r.rss_connected_kb / 1024 end },
  { "RSS peak MB", "%.1f", function(r) return r.rss_peak_kb / 1024 end },
  { "connections", "%.0f", function(r) return r.connections end },
}

local function bench_callers(rounds, is_quick)
  local there = wanted(callers, "not measured as a Web API client")
  local results = figures.rounds(there, rounds, function(caller)
    return run(caller, is_quick and caller.calls // 10 or caller.calls, AT_A_TIME)
  end)
  figures.compare(("chat.postMessage over TLS, %d at a time"):format(AT_A_TIME), "client", there,
    results, COLUMNS, cpu_of)
  if there[1] == callers[1] then
    figures.threads("10k calls", "10k", results[callers[1]], function(result)
      return 1e4 / result.calls
    end, "%.3f")
  end
  return there
end

-- Started in one go: what they take while they wait, and whether each keeps its place.
local function bench_at_once(calls, chosen)
  heading(("%d calls started at once"):format(calls), "client", "answered", "calls/s",
    "CPU s per 10k calls", "RSS connected MB", "RSS peak MB", "places out of order, at most")
  for _, caller in ipairs(chosen) do
    local result = run(caller, calls, calls)
    row(caller.name, ("%d"):format(result.calls), ("%.0f"):format(result.calls / result.seconds),
      ("%.3f"):format(cpu_of(result)), ("%.1f"):format(result.rss_connected_kb / 1024),
      ("%.1f"):format(result.rss_peak_kb / 1024), ("%d"):format(result.farthest))
  end
end

local function new_file(name, bytes)
  local path = BENCH .. "/" .. name
  local file <close> = assert(io.open(path, "wb"))
  file:seek("set", bytes - 1)
  file:write "x" -- all before it is a hole, which costs no space
  return path
end

-- A small file first, so that the connection and the code are there: three requests each.
local function bench_upload(megabytes)
  local small, large = new_file("small", 1000), new_file("large", megabytes << 20)
  local command = ("%s spec/bench/upload.lua {api} %s %s %s"):format(LUA, CA, small, large)
  local result = serve(callers[1], command, 3, 3)
  os.remove(small)
  os.remove(large)
  heading(("client:upload of a file of %d MiB"):format(megabytes), "MB/s", "CPU s",
    "RSS before MB", "RSS peak MB")
  row(("%.0f"):format(result.bytes / result.seconds / 1e6), ("%.2f"):format(result.cpu_s),
    ("%.1f"):format(result.rss_connected_kb / 1024), ("%.1f"):format(result.rss_peak_kb / 1024))
end

---Prints the figures.
---@param rounds integer
---@param is_quick boolean
return function(rounds, is_quick)
  if bench_callers(rounds, is_quick)[1] == callers[1] then
    bench_at_once(is_quick and 1000 or 10000, { callers[1] })
    bench_upload(is_quick and 64 or 1024)
  end
end
