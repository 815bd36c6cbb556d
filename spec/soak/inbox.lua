-- The parts of `make soak` about the durable inbox: what its specs do with a few events and
-- kills, here with many. They fail when anything was lost, or handled twice without reason.
local Redis = require "support.redis"
local Trial = require "support.inbox_trial"
local faults = require "support.inbox_faults"
local files = require "support.files"
local tasks = require "slack.tasks"

local RATE <const> = 500 -- events a second
local LEASE <const> = 2 -- seconds
local LONGEST <const> = 1.6 -- seconds that a bot lives, until it is killed
local A_KILL <const> = 1 -- seconds that one takes, with the start of the next bot
local A_STOP <const> = 1.6 -- seconds of a bot's life, with its stop and start
local WORK <const> = 0.02 -- seconds that a handler takes at most
local LONGEST_OUTAGE <const> = 10 -- seconds
local TOLD_AFTER <const> = 25 -- kills

local function count_keys(set)
  local count = 0
  for _ in pairs(set) do
    count = count + 1
  end
  return count
end

local function add_up(trial, outcome)
  local account = trial:account()
  outcome.events, outcome.lost = account.sent, #account.lost
  outcome.twice, outcome.unexplained = account.twice, #account.unexplained
  outcome.kills = count_keys(trial.kills)
  for _, name in ipairs { "lost", "unexplained" } do
    if #account[name] > 0 then
      table.insert(outcome.problems, ("%s: %s"):format(name,
        table.concat(account[name], " ", 1, math.min(#account[name], 20))))
    end
  end
end

-- Each part gets its trial, the seconds that it has, and who is told how far it is; and gives
-- words about what it measured.
local function with_trial(storage, transport, fn, seconds, say)
  local outcome = { problems = {} }
  local trial <close> = Trial.start {
    storage = storage, transport = transport, work = WORK, ack_timeout = 3,
    app = { inbox = { lease = LEASE } }, forget_after = 30,
  }
  local ok, result = xpcall(fn, debug.traceback, trial, seconds, say)
  add_up(trial, outcome)
  if not ok then
    table.insert(outcome.problems, result)
  end
  outcome.words = ok and result or nil
  return outcome
end

local function with_sqlite(transport, fn)
  return function(seconds, say)
    local directory <close> = files.temporary()
    return with_trial("sqlite:" .. directory.path .. "/bot.db", transport, fn, seconds, say)
  end
end

local function with_redis(transport, fn)
  return function(seconds, say)
    if not Redis.is_installed() then
      return { problems = {}, words = "left out: " .. Redis.MISSING }
    end
    local redis <close> = Redis.start { "appendonly yes", "appendfsync everysec" }
    return with_trial(redis.url, transport, function(trial, ...)
      trial.redis = redis
      return fn(trial, ...)
    end, seconds, say)
  end
end

local function kill_loop(bots)
  return function(trial, seconds, say)
    local kills = math.max(seconds // A_KILL | 0, 3)
    faults.kill_again_and_again(trial, {
      kills = kills, rate = RATE, longest = LONGEST, bots = bots,
      told = function(i)
        if i % TOLD_AFTER == 0 then
          say("%d of %d kills, %d acked, %d handled", i, kills, trial.acked, trial.handled)
        end
      end,
    })
    return ("%d kills, at most %.3f s after the handler's end"):format(kills,
      trial:account().latest)
  end
end

local function interrupt(begin, stop, says)
  return function(trial, seconds)
    local outage = math.min(seconds / 2, LONGEST_OUTAGE)
    local back = faults.interrupt_store(trial, {
      rate = RATE, seconds = outage, begin = function() begin(trial) end,
      stop = function() stop(trial) end, says = says,
    })
    return ("for %.1f s, acks again after %.2f s"):format(outage, back)
  end
end

local function lose_a_worker(trial, seconds)
  local after, count = faults.lose_a_worker(trial, { rate = RATE, seconds = seconds / 2 })
  return ("a worker's %d entries taken over after %.2f s (lease %g s)"):format(count, after, LEASE)
end

local function restart(trial, seconds)
  local stops = math.max(seconds // A_STOP | 0, 2)
  faults.stop_again_and_again(trial, { stops = stops, rate = RATE, seconds = 1 })
  return ("%d graceful stops, %d handled twice"):format(stops, trial:account().twice)
end

local function fill_disk(seconds, say)
  local disk <close>, problem = faults.small_disk "16m"
  if not disk then
    return { problems = {}, words = "left out: " .. problem }
  end
  return with_trial("sqlite:" .. disk.path .. "/bot.db", "both",
    interrupt(disk.fill, disk.free, "not be stored: .* the disk is full"), seconds, say)
end

local PARTS <const> = {
  { "sqlite kills", 4, with_sqlite("socket", kill_loop(1)) },
  { "redis kills", 4, with_redis("both", kill_loop(1)) },
  { "sqlite kills, two bots", 1.5, with_sqlite("socket", kill_loop(2)) },
  { "redis kills, two bots", 1.5, with_redis("socket", kill_loop(2)) },
  { "sqlite stops", 1, with_sqlite("both", restart) },
  { "redis stops", 1, with_redis("both", restart) },
  { "sqlite takeover", 0.5, with_sqlite("socket", lose_a_worker) },
  { "redis takeover", 0.5, with_redis("socket", lose_a_worker) },
  { "redis away", 1, with_redis("both", interrupt(function(trial) trial.redis:kill() end,
    function(trial) assert(trial.redis:run()) end)) },
  { "redis still", 1, with_redis("both", interrupt(function(trial) trial.redis:signal "STOP" end,
    function(trial) trial.redis:signal "CONT" end)) },
  { "sqlite disk full", 1, fill_disk },
}

local parts = {}
for i, part in ipairs(PARTS) do
  parts[i] = { name = "inbox, " .. part[1], share = part[2], run = function(...)
    return tasks.run(part[3], ...)
  end }
end
return parts
