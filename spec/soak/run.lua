-- The large trials of the durable inbox: what the specs do with a few events and kills, here
-- with many. Prints how far it is, and at last one line of sums. Ends with 1 when anything was
-- lost, or handled twice without reason.
--
--   SOAK_KILLS=200    kills of the bot, with each store, and a quarter of that with two bots
--   SOAK_SECONDS=10   that Redis is away, stands still, or the disk is full
--   SOAK_RATE=500     events a second
--   SOAK_ONLY=redis   only the parts in whose name this stands
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local Redis = require "support.redis"
local Trial = require "support.inbox_trial"
local core = require "slack.core"
local faults = require "support.inbox_faults"
local files = require "support.files"
local tasks = require "slack.tasks"

local KILLS = math.tointeger(tonumber(os.getenv "SOAK_KILLS" or 200))
local SECONDS = tonumber(os.getenv "SOAK_SECONDS" or 10)
local RATE = tonumber(os.getenv "SOAK_RATE" or 500)
local ONLY = os.getenv "SOAK_ONLY" or ""

local LEASE = 2 -- seconds
local LONGEST = 1.6 -- seconds that a bot lives
local WORK = 0.02 -- seconds that a handler takes at most
local TOLD_AFTER = 25 -- kills

local began = core.monotonic()

local function say(format, ...)
  io.stdout:write(("%4.0f s  "):format(core.monotonic() - began), format:format(...), "\n")
  io.stdout:flush()
end

-- What all parts have counted.
local sums = { sent = 0, acked = 0, lost = 0, twice = 0, unexplained = 0, kills = 0, failed = 0 }
local notes = {}

local function note(format, ...)
  local text = format:format(...)
  say("%s", text)
  table.insert(notes, text)
end

local function add_up(trial)
  local account = trial:account()
  sums.sent, sums.acked = sums.sent + account.sent, sums.acked + account.acked
  sums.twice = sums.twice + account.twice
  for _, name in ipairs { "lost", "unexplained" } do
    sums[name] = sums[name] + #account[name]
    if #account[name] > 0 then
      say("%s: %s", name, table.concat(account[name], " ", 1, math.min(#account[name], 20)))
    end
  end
  for _ in pairs(trial.kills) do
    sums.kills = sums.kills + 1
  end
  say("%s; at most %.3f s from a handler's end to the kill", trial:summary(), account.latest)
end

local function with_trial(storage, transport, fn)
  local trial <close> = Trial.start {
    storage = storage, transport = transport, work = WORK, ack_timeout = 3,
    app = { inbox = { lease = LEASE } },
  }
  local ok, message = xpcall(fn, debug.traceback, trial)
  add_up(trial)
  if not ok then
    error(message, 0)
  end
end

local function with_sqlite(transport, fn)
  local directory <close> = files.temporary()
  with_trial("sqlite:" .. directory.path .. "/bot.db", transport, fn)
end

local function with_redis(transport, fn)
  if not Redis.is_installed() then
    return note("left out: %s", Redis.MISSING)
  end
  local redis <close> = Redis.start { "appendonly yes", "appendfsync everysec" }
  with_trial(redis.url, transport, function(trial)
    fn(trial, redis)
  end)
end

local function kill_loop(trial, kills, bots)
  faults.kill_again_and_again(trial, {
    kills = kills, rate = RATE, longest = LONGEST, bots = bots,
    told = function(i)
      if i % TOLD_AFTER == 0 then
        say("%d of %d kills, %d acked, %d handled", i, kills, trial.acked, trial.handled)
      end
    end,
  })
end

local function kill_one(trial) kill_loop(trial, KILLS) end
local function kill_one_of_two(trial) kill_loop(trial, (KILLS + 3) // 4, 2) end

local function interrupt(trial, what, begin, stop, says)
  local back = faults.interrupt_store(trial, {
    rate = RATE, seconds = SECONDS, begin = begin, stop = stop, says = says,
  })
  note("%s for %g s: acks again after %.2f s", what, SECONDS, back)
end

local function lose_a_worker(trial, what)
  local seconds, count = faults.lose_a_worker(trial, { rate = RATE, seconds = 5 })
  note("%s: a worker's %d entries taken over after %.2f s (lease %g s)", what, count, seconds,
    LEASE)
end

local function restart(trial, what)
  faults.stop_again_and_again(trial, { stops = 10, rate = RATE, seconds = 1 })
  note("%s: 10 graceful stops, %d handled twice", what, trial:account().twice)
end

local PARTS = {
  { "sqlite kills", function() with_sqlite("socket", kill_one) end },
  { "redis kills", function() with_redis("both", kill_one) end },
  { "sqlite kills, two bots", function() with_sqlite("socket", kill_one_of_two) end },
  { "redis kills, two bots", function() with_redis("socket", kill_one_of_two) end },
  { "sqlite stops", function()
    with_sqlite("both", function(trial) restart(trial, "SQLite") end)
  end },
  { "redis stops", function()
    with_redis("both", function(trial) restart(trial, "Redis") end)
  end },
  { "sqlite takeover", function()
    with_sqlite("socket", function(trial) lose_a_worker(trial, "SQLite") end)
  end },
  { "redis takeover", function()
    with_redis("socket", function(trial) lose_a_worker(trial, "Redis") end)
  end },
  { "redis away", function()
    with_redis("both", function(trial, redis)
      interrupt(trial, "Redis away", function() redis:kill() end, function()
        assert(redis:run())
      end)
    end)
  end },
  { "redis still", function()
    with_redis("both", function(trial, redis)
      interrupt(trial, "Redis stopped", function() redis:signal "STOP" end, function()
        redis:signal "CONT"
      end)
    end)
  end },
  { "sqlite disk full", function()
    local disk <close>, problem = faults.small_disk "16m"
    if not disk then
      return note("left out: %s", problem)
    end
    with_trial("sqlite:" .. disk.path .. "/bot.db", "both", function(trial)
      interrupt(trial, "disk full", disk.fill, disk.free, "not be stored: .* the disk is full")
    end)
  end },
}

for _, part in ipairs(PARTS) do
  if part[1]:find(ONLY, 1, true) then
    say("--- %s", part[1])
    local ok, message = pcall(tasks.run, part[2])
    if not ok then
      sums.failed = sums.failed + 1
      say("FAILED: %s", message)
    end
  end
end

print(("soak: %d acked, %d lost, %d handled twice (in flight at a kill), %d twice without reason, "
  .. "%d kills%s%s; %.0f s"):format(sums.acked, sums.lost, sums.twice, sums.unexplained, sums.kills,
  #notes > 0 and "; " .. table.concat(notes, "; ") or "",
  sums.failed > 0 and ("; %d parts FAILED"):format(sums.failed) or "", core.monotonic() - began))
os.exit(sums.lost + sums.unexplained + sums.failed == 0, true)
