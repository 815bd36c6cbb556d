-- Measures the stores: many operations in flight, and one after the other.
-- BENCH_DIRECTORY is where the file of SQLite is put.

local Redis = require "support.redis"
local core = require "slack.core"
local figures = require "bench.figures"
local files = require "support.files"
local settings = require "bench.settings"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local IN_TURN <const> = settings.is_quick and 30 or 100
local BATCH <const> = 10

-- Like an installation, about 500 bytes; each another one, for SQLite does not write
-- what is there already.
local function value_of(i)
  return {
    team_id = "T02MOON4XYZ", bot_token = ("x"):rep(60), bot_scopes = { "chat:write", "commands" },
    user_token = ("y"):rep(80), installed_at = 1700000000 + i, note = ("z"):rep(200),
  }
end

-- Nanoseconds that the storage threads have computed, nil where the system does not tell.
local function thread_time()
  local sum = 0
  local ok, list = pcall(files.list, "/proc/self/task", "%d")
  for _, path in ipairs(ok and list or {}) do
    if files.read(path .. "/comm") == "slack-storage\n" then
      sum = sum + (tonumber(files.read(path .. "/schedstat"):match "%d+") or 0)
    end
  end
  return sum
end

local function all_at_once(result, what, operation, in_flight)
  local began, spent, cpu = core.monotonic(), thread_time(), os.clock()
  tasks.run(function()
    local list = {}
    for i = 1, in_flight do
      list[i] = tasks.spawn(operation, i)
    end
    for _, task in ipairs(list) do
      local _, done, err = task:join()
      assert(done ~= nil, err)
    end
  end)
  local thread = (thread_time() - spent) / 1e3 / in_flight
  result[what .. " at once/s"] = in_flight / (core.monotonic() - began)
  result[what .. " us of the Lua thread"] = (os.clock() - cpu) * 1e6 / in_flight - thread
  result[what .. " us of the storage thread"] = thread
end

local function in_turn(result, what, operation)
  local took = {}
  for i = 1, IN_TURN do
    local began = core.monotonic()
    operation(i)
    took[i] = (core.monotonic() - began) * 1e6
  end
  table.sort(took)
  result[what .. " alone us"] = took[IN_TURN // 2]
end

local function batches(result, store)
  local began = core.monotonic()
  for i = 1, IN_TURN do
    assert(store:batch(function(b)
      for j = 1, BATCH do
        b:set(("b%d.%d"):format(i, j), value_of(j))
      end
    end))
  end
  result["batches/s"] = IN_TURN / (core.monotonic() - began)
end

local function loop_over(result, store)
  local began, count = core.monotonic(), 0
  for _ in store:scan() do
    count = count + 1
  end
  result["loop/s"] = count / (core.monotonic() - began)
end

local function measure(store, in_flight)
  local result = {}
  local function set(i) return store:set("k" .. i, value_of(i)) end
  local function set_again(i) return store:set("k" .. i, value_of(-i)) end
  local function get(i) return store:get("k" .. i) end
  all_at_once(result, "set", set, in_flight)
  all_at_once(result, "get", get, in_flight)
  in_turn(result, "set", set_again)
  in_turn(result, "get", get)
  batches(result, store)
  loop_over(result, store)
  store:close()
  return result
end

local function sqlite(path, synchronous)
  for _, ending in ipairs { "", "-wal", "-shm" } do
    os.remove(path .. ending)
  end
  return assert(storage.open("sqlite:" .. path, { synchronous = synchronous }))
end

---@class bench.StoreKind
---@field name string
---@field open fun(path: string): table store that is empty, any value to be closed

---@type bench.StoreKind[]
local KINDS <const> = {
  { name = "memory", open = function() return storage.open "memory:" end },
  { name = "sqlite, full", open = function(path) return sqlite(path, "full") end },
  { name = "sqlite, normal", open = function(path) return sqlite(path, "normal") end },
  Redis.is_installed() and { name = "redis", open = function()
    local redis = Redis.start()
    return assert(storage.open(redis.url)), redis
  end } or nil,
}

local function round(kind, path, in_flight)
  local store, server = kind.open(path)
  local result = measure(store, in_flight)
  if server then
    server:stop()
  end
  return result
end

local SHOWN <const> = {
  { "set at once/s", "more" }, { "get at once/s", "more" }, { "set alone us", "less" },
  { "get alone us", "less" }, { "batches/s", "more" }, { "loop/s", "more" },
}
local KEPT <const> = {
  "set us of the Lua thread", "set us of the storage thread",
  "get us of the Lua thread", "get us of the storage thread",
}

local function cells_of(report, kind, results)
  local cells = { kind.name }
  local function add(what, better)
    local figure = figures.collect(results, function(result) return result[what] end)
    return report:cell("%.0f", "stores", kind.name, what, figure, better)
  end
  for i, shown in ipairs(SHOWN) do
    cells[i + 1] = add(shown[1], shown[2])
  end
  for _, what in ipairs(KEPT) do
    add(what, "less")
  end
  return cells
end

---@param report bench.Report
return function(report)
  local directory <close> = files.temporary()
  local path = (os.getenv "BENCH_DIRECTORY" or directory.path) .. "/bench.db"
  local in_flight = report.is_quick and 1000 or 5000
  local results = report:run(KINDS, function(kind) return round(kind, path, in_flight) end)
  local rows = {}
  for i, kind in ipairs(KINDS) do
    rows[i] = cells_of(report, kind, results[kind])
  end
  report:table {
    title = ("Stores, values of 500 bytes: %d operations at once, or one after the other")
      :format(in_flight),
    heads = { "store", "set/s", "get/s", "us of one set", "of one get",
      ("batches of %d set/s"):format(BATCH), "keys of a loop over all/s" },
    rows = rows, is_detail = true,
  }
end
