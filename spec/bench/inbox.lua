-- Measures what the durable inbox costs: the same events with each kind of storage, over
-- Socket Mode and over HTTP; each kind in turn, round by round.
-- BENCH_DIRECTORY is where the SQLite files and Redis's append-only file are put.

local Redis = require "support.redis"
local clients = require "bench.clients"
local core = require "slack.core"
local figures = require "bench.figures"
local files = require "support.files"
local receivers = require "bench.receivers"
local settings = require "bench.settings"

local IN_FLIGHT <const> = 64
local PATIENCE <const> = 120 -- seconds; a disk may need long for each event
-- Milliseconds without work after which a bot has finished, not merely waited for its disk.
local QUIET <const> = settings.is_quick and 300 or 500

---@class bench.Kind
---@field name string
---@field durability? string
---@field path? string of its SQLite file
---@field redis? table its server

local function environment_of(kind)
  local storage = kind.path and "sqlite:" .. kind.path or kind.redis and kind.redis.url
    or "memory:"
  return ("BENCH_STORAGE=%s BENCH_DURABILITY=%s %s"):format(storage, kind.durability or "",
    settings.LUA_ENVIRONMENT)
end

-- Nothing of an earlier run is known any more: it had the same events.
local function empty(kind)
  if kind.redis then
    kind.redis:ask "flushall"
  elseif kind.path then
    for _, ending in ipairs { "", "-wal", "-shm" } do
      os.remove(kind.path .. ending)
    end
  end
end

-- CPU seconds of the server so far.
local function server_cpu(kind)
  if not kind.redis then
    return 0
  end
  local info = kind.redis:ask "info cpu"
  return info:match "used_cpu_sys:([%d.]+)" + info:match "used_cpu_user:([%d.]+)"
end

-- fn(environment) gives a result, which gets the CPU time of the server besides.
local function measured(kind, fn)
  empty(kind)
  local before = server_cpu(kind)
  local result = fn(environment_of(kind))
  result.server_cpu_s = server_cpu(kind) - before
  return result
end

-- Kinds ------------------------------------------------------------------------

local function sqlite(directory, durability)
  return {
    name = "sqlite, " .. durability, durability = durability,
    path = ("%s/%s.db"):format(directory, durability),
  }
end

local function redis(directory, name, lines)
  table.insert(lines, "dir " .. directory)
  return { name = name, redis = Redis.start(lines) }
end

local EVERYSEC <const> = "redis, everysec"

---@return bench.Kind[] memory first; in a quick run one of each storage
local function all_kinds(report, directory)
  local kinds = { { name = "memory", is_ours = true }, sqlite(directory, "normal") }
  local function add(kind)
    kinds[#kinds + 1] = kind
  end
  if not report.is_quick then
    add(sqlite(directory, "full"))
  end
  if not Redis.is_installed() then
    report:say "(Redis is not measured: redis-server is not installed)"
    return kinds
  end
  add(redis(directory, EVERYSEC, { "appendonly yes", "appendfsync everysec" }))
  if not report.is_quick then
    add(redis(directory, "redis, in memory", {}))
    add(redis(directory, "redis, always", { "appendonly yes", "appendfsync always" }))
  end
  return kinds
end

-- A directory on a disk, with the servers of the kinds that have one.
local Stage = {}
Stage.__index = Stage

local function new_stage(report)
  local directory = files.temporary()
  local path = os.getenv "BENCH_DIRECTORY" or directory.path
  return setmetatable({
    directory = directory, path = path, kinds = all_kinds(report, path),
  }, Stage)
end

function Stage:__close()
  for _, kind in ipairs(self.kinds) do
    empty(kind)
    if kind.redis then
      kind.redis:stop()
    end
  end
  getmetatable(self.directory).__close(self.directory)
end

-- Columns ----------------------------------------------------------------------

local function columns_of(count, rate, ack_us)
  return {
    { name = "CPU s per 100k events", format = "%.2f", better = "less", is_cost = true,
      get = function(r) return r.cpu_s / r[count] * 1e5 end },
    { name = "of Redis", format = "%.2f", better = "less",
      get = function(r) return r.server_cpu_s / r[count] * 1e5 end },
    { name = "events/s", format = "%.0f", better = "more",
      get = function(r) return r[rate] end },
    { name = "ack p50 ms", format = "%.2f", better = "less",
      get = function(r) return r[ack_us].p50 / 1e3 end },
    { name = "ack p99 ms", format = "%.2f", better = "less", is_quiet = true,
      get = function(r) return r[ack_us].p99 / 1e3 end },
    { name = "MB resident, peak", format = "%.1f", better = "less", is_quiet = true,
      get = function(r) return r.rss_peak_kb / 1024 end },
  }
end

local SOCKET <const> = columns_of("acked", "acks_per_second", "ack_us")
local HTTP <const> = columns_of("requests", "per_second", "us")

-- Runs -------------------------------------------------------------------------

local function check(kind, result, handled, sent)
  assert(handled >= sent, ("%s: %d of %d events were handled"):format(kind.name, handled, sent))
  return result
end

local function over_socket(kind, options)
  return measured(kind, function(environment)
    local client = { name = kind.name, environment = environment, command = clients.app() }
    local result = clients.run(client, ("%s --timeout %d --quiet-ms %d"):format(options, PATIENCE,
      kind.name == "memory" and 100 or QUIET))
    return check(kind, result, result.client.handled, result.acked)
  end)
end

local function compare(report, kinds, group, title, columns, run)
  report:compare {
    group = group, title = title, kind = "storage", of = kinds, columns = columns,
    results = report:run(kinds, run), ratio_better = "less",
  }
end

local function bench_socket(report, kinds, events)
  compare(report, kinds, "64 in flight", "Inbox: Socket Mode, 64 events in flight", SOCKET,
    function(kind)
      return over_socket(kind, ("--total %d --in-flight %d"):format(events, IN_FLIGHT))
    end)
end

local function bench_rate(report, kinds, events)
  compare(report, kinds, "1,000/s", "Inbox: Socket Mode, 1,000 events a second", SOCKET,
    function(kind)
      return over_socket(kind, ("--rate 1000 --total %d --in-flight 100000"):format(events))
    end)
end

local function post(kind, events)
  return measured(kind, function(environment)
    local receiver = {
      name = kind.name, environment = environment,
      command = settings.LUA .. " spec/bench/app_http.lua {api} {port}",
    }
    local result = receivers.run(receiver,
      ("--total %d --connections %d"):format(events, IN_FLIGHT))
    assert(result.refused == 0, ("%s: %d events were refused"):format(kind.name, result.refused))
    return result
  end)
end

local function bench_http(report, kinds, events)
  compare(report, kinds, "HTTP", "Inbox: HTTP, 64 connections", HTTP,
    function(kind) return post(kind, events) end)
end

-- Roles ------------------------------------------------------------------------

-- Starts a worker beside the receiver, which the load server sees.
local BOTH <const> = ([['%s spec/bench/app_role.lua worker "$@" & ]]
  .. [[exec %s spec/bench/app_role.lua receiver "$@"']]):format(settings.LUA, settings.LUA)

-- CPU seconds of a worker for each event, written when it has handled the last.
local function wait_figure(path)
  local deadline = core.monotonic() + PATIENCE
  local value
  repeat
    local file = io.open(path)
    value = file and file:read "n"
    if file then
      file:close()
    end
    os.execute "sleep 0.1"
  until value or core.monotonic() > deadline
  os.remove(path)
  return value
end

local function run_roles(kind, path, events)
  return measured(kind, function()
    local result = clients.run({
      name = "receiver and worker", environment = settings.LUA_ENVIRONMENT,
      command = ("sh -c %s sh {api} %s %s %d %s"):format(BOTH, clients.CA, kind.redis.url, events,
        path),
    }, ("--total %d --in-flight %d --quiet-ms %d"):format(events, IN_FLIGHT, QUIET))
    result.worker_cpu_s = assert(wait_figure(path), "the worker did not handle all") * events
    return result
  end)
end

-- What an event costs where roles are apart: the receiver, the worker, and Redis.
local function bench_roles(report, kind, directory, events)
  local results = report:run({ kind }, function()
    return run_roles(kind, directory .. "/worker.figure", events)
  end)[kind]
  local function cell(what, format, better, get)
    return report:cell(format, "roles", kind.name, what, figures.collect(results, get), better)
  end
  report:table {
    title = ("A receiver and a worker, %s, %d events in flight"):format(kind.name, IN_FLIGHT),
    heads = { "events/s", "CPU s per 100k events: receiver", "worker", "Redis" },
    rows = { {
      cell("events/s", "%.0f", "more", SOCKET[3].get),
      cell("receiver, CPU s per 100k events", "%.2f", "less", SOCKET[1].get),
      cell("worker, CPU s per 100k events", "%.2f", "less",
        function(r) return r.worker_cpu_s / r.acked * 1e5 end),
      cell("Redis, CPU s per 100k events", "%.2f", "less", SOCKET[2].get),
    } },
  }
end

-- What the disk can do: small writes that are each made to last.
local function say_disk(report, directory)
  local path = directory .. "/disk.db"
  local store = assert(require "slack.storage".open("sqlite:" .. path, { synchronous = "full" }))
  local took = {}
  for i = 1, 200 do
    local began = core.monotonic()
    assert(store:set("key", i))
    took[i] = (core.monotonic() - began) * 1e3
  end
  store:close()
  empty { path = path }
  report:table {
    title = "The inbox keeps each event until its listeners have ended, and acknowledges it when "
      .. "it is kept. What the disk can do", heads = { "", "ms" },
    rows = { { "a transaction of SQLite that lasts",
      report:cell("%.2f", "disk", "sqlite", "ms of a transaction", took) } },
  }
end

---@param report bench.Report
return function(report)
  local stage <close> = new_stage(report)
  local events = report.is_quick and 500 or 10000
  say_disk(report, stage.path)
  bench_socket(report, stage.kinds, events)
  bench_rate(report, stage.kinds, report.is_quick and 300 or 1500)
  for _, kind in ipairs(stage.kinds) do
    if kind.name == EVERYSEC then
      bench_roles(report, kind, stage.path, events)
    end
  end
  bench_http(report, stage.kinds, events)
end
