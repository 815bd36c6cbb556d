-- Measures the stores: many operations in flight, and one after the other.
--   lua5.4 spec/bench/storage.lua [BUILD_DIRECTORY [DIRECTORY_OF_THE_FILE]]
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local Redis = require "support.redis"
local core = require "slack.core"
local files = require "support.files"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local IN_FLIGHT <const> = 20000
local IN_TURN <const> = 1000
local BATCH <const> = 10

-- Like an installation, about 500 bytes; each another one, for SQLite does not write
-- what is there already.
local function value_of(i)
  return {
    team_id = "T02MOON4XYZ", bot_token = ("x"):rep(60), bot_scopes = { "chat:write", "commands" },
    user_token = ("y"):rep(80), installed_at = 1700000000 + i, note = ("z"):rep(200),
  }
end

local function print_figure(what, format, value)
  print(("%-48s " .. format):format(what, value))
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

local function all_at_once(name, what, operation, stats)
  local began, spent, cpu = core.monotonic(), thread_time(), os.clock()
  tasks.run(function()
    local list = {}
    for i = 1, IN_FLIGHT do
      list[i] = tasks.spawn(operation, i)
    end
    for _, task in ipairs(list) do
      local _, done, err = task:join()
      assert(done ~= nil, err)
    end
  end)
  local thread = (thread_time() - spent) / 1e3 / IN_FLIGHT
  print_figure(("%s: %s, %d in flight"):format(name, what, IN_FLIGHT), "%.0f/s",
    IN_FLIGHT / (core.monotonic() - began))
  print_figure("  CPU of the Lua thread", "%.1f us each",
    (os.clock() - cpu) * 1e6 / IN_FLIGHT - thread)
  if thread > 0 then
    print_figure("  in each transaction, in the mean", "%.1f", stats().jobs / stats().batches)
    print_figure("  CPU of the storage thread", "%.1f us each", thread)
  end
end

local function in_turn(name, what, operation)
  local took = {}
  for i = 1, IN_TURN do
    local began = core.monotonic()
    operation(i)
    took[i] = (core.monotonic() - began) * 1e6
  end
  table.sort(took)
  print_figure(("%s: %s, one after the other, p50"):format(name, what), "%.0f us",
    took[IN_TURN // 2])
  print_figure(("%s: %s, one after the other, p99"):format(name, what), "%.0f us",
    took[IN_TURN * 99 // 100])
end

local function batches(name, store)
  local began = core.monotonic()
  for i = 1, IN_TURN do
    assert(store:batch(function(b)
      for j = 1, BATCH do
        b:set(("b%d.%d"):format(i, j), value_of(j))
      end
    end))
  end
  print_figure(("%s: batches of %d set, one after the other"):format(name, BATCH), "%.0f/s",
    IN_TURN / (core.monotonic() - began))
end

local function loop_over(name, store)
  local began, count = core.monotonic(), 0
  for _ in store:scan() do
    count = count + 1
  end
  print_figure(("%s: a loop over %d"):format(name, count), "%.0f/s",
    count / (core.monotonic() - began))
end

local function measure(name, store)
  local function set(i) return store:set("k" .. i, value_of(i)) end
  local function set_again(i) return store:set("k" .. i, value_of(-i)) end
  local function get(i) return store:get("k" .. i) end
  local function stats() return store.backend:stats() end
  all_at_once(name, "set", set, stats)
  all_at_once(name, "get", get, stats)
  in_turn(name, "set", set_again)
  in_turn(name, "get", get)
  batches(name, store)
  loop_over(name, store)
  store:close()
end

local directory <close> = files.temporary()
local path = (arg[2] or directory.path) .. "/bench.db"
measure("memory", storage.open "memory:")
measure("sqlite, full", assert(storage.open("sqlite:" .. path)))
os.remove(path)
measure("sqlite, normal", assert(storage.open("sqlite:" .. path, { synchronous = "normal" })))
if Redis.is_installed() then
  local redis <close> = Redis.start()
  measure("redis", assert(storage.open(redis.url)))
end
