-- Measures what the durable inbox costs: the same events with each kind of storage, over
-- Socket Mode and over HTTP; a part of spec/bench/run.lua. Each kind in turn, round by round.
-- BENCH_DIRECTORY is where the SQLite files and Redis's append-only file are put.

local Redis = require "support.redis"
local clients = require "bench.clients"
local core = require "slack.core"
local figures = require "bench.figures"
local files = require "support.files"
local receivers = require "bench.receivers"

local IN_FLIGHT <const> = 64
local PATIENCE <const> = 600 -- seconds; a disk may need long for each event
-- Milliseconds without work after which a bot has finished, not merely waited for its disk.
local QUIET <const> = (os.getenv "BENCH_QUICK" or "") ~= "" and 300 or 1500

local heading, row, show = figures.heading, figures.row, figures.show

---@class bench.Kind
---@field name string
---@field durability? string
---@field path? string of its SQLite file
---@field redis? table its server

local function environment_of(kind)
  local storage = kind.path and "sqlite:" .. kind.path or kind.redis and kind.redis.url
    or "memory:"
  return ("BENCH_STORAGE=%s BENCH_DURABILITY=%s %s"):format(storage, kind.durability or "",
    clients.LUA_ENVIRONMENT)
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
  return { name = "redis, " .. name, redis = Redis.start(lines) }
end

---@return bench.Kind[] memory first
local function all_kinds(directory)
  local kinds = {
    { name = "memory" }, sqlite(directory, "normal"), sqlite(directory, "full"),
  }
  if Redis.is_installed() then
    table.insert(kinds, redis(directory, "in memory", {}))
    table.insert(kinds, redis(directory, "everysec", { "appendonly yes", "appendfsync everysec" }))
    table.insert(kinds, redis(directory, "always", { "appendonly yes", "appendfsync always" }))
  else
    print("(Redis is not measured: redis-server is not installed)")
  end
  return kinds
end

-- A directory on a disk, with the servers of the kinds that have one.
local Stage = {}
Stage.__index = Stage

local function new_stage()
  local directory = files.temporary()
  local path = os.getenv "BENCH_DIRECTORY" or directory.path
  return setmetatable({ directory = directory, path = path, kinds = all_kinds(path) }, Stage)
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

-- Figures ----------------------------------------------------------------------

-- Rows of all kinds, each figure beside that of memory in the same run.
local function print_kinds(title, kinds, results, of)
  heading(title, "storage", "events/s", "of memory's", "ack p50 ms", "added", "ack p99 ms",
    "added", "CPU s per 100k", "of memory's", "CPU s of Redis", "RSS peak MB")
  local function median(kind, get)
    return figures.collect(results[kind], get).median
  end
  local memory = kinds[1]
  for _, kind in ipairs(kinds) do
    local function value(get, format)
      return show(figures.collect(results[kind], get), format)
    end
    local function times(get)
      return ("%.2f"):format(median(kind, get) / median(memory, get))
    end
    local function added(get)
      return ("%.2f"):format(median(kind, get) - median(memory, get))
    end
    row(kind.name, value(of.rate, "%.0f"), times(of.rate), value(of.p50, "%.2f"), added(of.p50),
      value(of.p99, "%.2f"), added(of.p99), value(of.cpu, "%.2f"), times(of.cpu),
      value(of.server_cpu, "%.2f"), value(of.peak, "%.1f"))
  end
end

local function print_threads(kinds, results)
  local threads = { "lua5.4", "slack-socket", "slack-storage" }
  heading("CPU seconds of the bot's threads per 100k events", "storage", table.unpack(threads))
  for _, kind in ipairs(kinds) do
    local cells = {}
    for i, name in ipairs(threads) do
      cells[i] = show(figures.collect(results[kind], function(result)
        return (result.threads[name] or 0) / result.acked * 1e5
      end), "%.2f")
    end
    row(kind.name, table.unpack(cells))
  end
end

local function peak(r) return r.rss_peak_kb / 1024 end

local SOCKET <const> = {
  rate = function(r) return r.acks_per_second end,
  p50 = function(r) return r.ack_us.p50 / 1e3 end,
  p99 = function(r) return r.ack_us.p99 / 1e3 end,
  cpu = function(r) return r.cpu_s / r.acked * 1e5 end,
  server_cpu = function(r) return r.server_cpu_s / r.acked * 1e5 end,
  peak = peak,
}

local HTTP <const> = {
  rate = function(r) return r.per_second end,
  p50 = function(r) return r.us.p50 / 1e3 end,
  p99 = function(r) return r.us.p99 / 1e3 end,
  cpu = function(r) return r.cpu_s / r.requests * 1e5 end,
  server_cpu = function(r) return r.server_cpu_s / r.requests * 1e5 end,
  peak = peak,
}

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

local function bench_socket(kinds, rounds, events)
  local results = figures.rounds(kinds, rounds, function(kind)
    return over_socket(kind, ("--total %d --in-flight %d"):format(events, IN_FLIGHT))
  end)
  print_kinds(("Socket Mode, %d events in flight"):format(IN_FLIGHT), kinds, results, SOCKET)
  print_threads(kinds, results)
end

local function bench_rate(kinds, rounds, rate, events)
  local results = figures.rounds(kinds, rounds, function(kind)
    return over_socket(kind, ("--rate %d --total %d --in-flight 100000"):format(rate, events))
  end)
  print_kinds(("Socket Mode, %d events a second"):format(rate), kinds, results, SOCKET)
  print_threads(kinds, results)
end

local function bench_http(kinds, rounds, events)
  local results = figures.rounds(kinds, rounds, function(kind)
    return measured(kind, function(environment)
      local receiver = {
        name = kind.name, environment = environment,
        command = clients.LUA .. " spec/bench/app_http.lua {api} {port}",
      }
      local result = receivers.run(receiver,
        ("--total %d --connections %d"):format(events, IN_FLIGHT))
      assert(result.refused == 0, ("%s: %d events were refused"):format(kind.name, result.refused))
      return result
    end)
  end)
  print_kinds(("HTTP, %d connections"):format(IN_FLIGHT), kinds, results, HTTP)
end

-- Roles ------------------------------------------------------------------------

-- Starts a worker beside the receiver, which the load server sees.
local BOTH <const> = ([['%s spec/bench/app_role.lua worker "$@" & ]]
  .. [[exec %s spec/bench/app_role.lua receiver "$@"']]):format(clients.LUA, clients.LUA)

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
      name = "receiver and worker", environment = clients.LUA_ENVIRONMENT,
      command = ("sh -c %s sh {api} %s %s %d %s"):format(BOTH, clients.CA, kind.redis.url, events,
        path),
    }, ("--total %d --in-flight %d --quiet-ms %d"):format(events, IN_FLIGHT, QUIET))
    result.worker_cpu_s = assert(wait_figure(path), "the worker did not handle all") * events
    return result
  end)
end

-- What an event costs where roles are apart: the receiver, the worker, and Redis.
local function bench_roles(kind, directory, rounds, events)
  local results = {}
  for i = 1, rounds do
    results[i] = run_roles(kind, directory .. "/worker.figure", events)
  end
  heading(("A receiver and a worker, %s, %d events in flight"):format(kind.name, IN_FLIGHT),
    "events/s", "receiver, CPU s per 100k", "worker", "Redis")
  local function value(get, format)
    return show(figures.collect(results, get), format)
  end
  row(value(SOCKET.rate, "%.0f"), value(SOCKET.cpu, "%.2f"),
    value(function(r) return r.worker_cpu_s / r.acked * 1e5 end, "%.2f"),
    value(SOCKET.server_cpu, "%.2f"))
end

-- What the disk can do: small writes that are each made to last.
local function print_disk(directory)
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
  print(("\nA transaction of SQLite on this disk, made to last: %s ms")
    :format(show(figures.figure(took), "%.2f")))
end

---Prints the figures.
---@param rounds integer
---@param is_quick boolean
return function(rounds, is_quick)
  local stage <close> = new_stage()
  print_disk(stage.path)
  bench_socket(stage.kinds, rounds, is_quick and 2000 or 30000)
  bench_rate(stage.kinds, is_quick and 1 or 3, 1000, is_quick and 500 or 5000)
  local everysec = stage.kinds[5]
  if everysec then
    bench_roles(everysec, stage.path, rounds, is_quick and 2000 or 30000)
  end
  bench_http(stage.kinds, rounds, is_quick and 2000 or 30000)
end
