-- What befalls the sides of the mixed trial (soak_side.lua), one thing after the other.
local core = require "slack.core"
local tasks = require "slack.tasks"

local PATIENCE <const> = 30 -- seconds
local LOOK <const> = 0.1 -- seconds between two looks at whether it is over
local AWAY <const> = 3 -- seconds that a store or Slack is away, at most: less than the lease

local M = {}

local function pick(list)
  return list[math.random(#list)]
end

-- A connection that Slack can do something to.
local function pick_connection(side)
  local ready = {}
  for _, connection in ipairs(side.here:connections()) do
    if connection.ready and not connection.leaving then
      table.insert(ready, connection)
    end
  end
  return pick(ready)
end

local function pick_killed(side)
  local list = {}
  for _, bot in ipairs(side.bots) do
    if bot.is_killed then
      table.insert(list, bot)
    end
  end
  return pick(list)
end

-- Slack takes a connection back, and says so before: nobody may notice.
local function refresh(side)
  local connection = pick_connection(side)
  connection:disconnect(pick { "warning", "refresh_requested" })
  if not connection:wait_closed(PATIENCE) then
    side:fail "a connection that Slack had taken back was not let go"
  end
  side:wait_connected()
end

-- The network cuts all connections of a kind, at once or in the middle of what comes.
local function cut_route(side, route)
  local fault = pick { "reset", "close" }
  if math.random(2) == 1 then
    fault = ("cut %s %d %s"):format(pick { "up", "down" }, math.random(2000), fault)
  end
  side.relay:tell(route .. " old", fault)
  tasks.sleep(math.random() * 0.5)
  side.relay:tell(route .. " all", "pass")
end

local function cut(side)
  side:trouble(function() cut_route(side, "ws") end)
end

-- Slack ends one without a word before.
local function close(side)
  side:trouble(function()
    local connection = pick_connection(side)
    connection:close(1011, "on purpose")
    connection:wait_closed(PATIENCE)
  end)
end

local function cut_calls(side)
  side:trouble(function() cut_route(side, "api") end)
end

-- What Slack posts to the bots is cut, or what they answer.
local function cut_posts(side)
  side:trouble(function() cut_route(side, pick(side.bots).route) end)
end

-- A new connection breaks before it is there.
local function break_start(side)
  side:trouble(function()
    side.relay:tell(("ws next %s %s"):format(pick { "tcp", "tls", "upgrade", "hello", "frame" },
      pick { "reset", "close" }))
    side.relay:tell("ws old", "reset")
    tasks.sleep(0.5)
    side:wait_connected()
    side.relay:tell("ws all", "pass")
  end)
end

-- Nothing comes through any more, and nobody says so: also in one direction alone.
local function stall(side)
  side:trouble(function()
    local before = {}
    for _, connection in ipairs(side.here:connections()) do
      before[connection] = true
    end
    side.relay:tell("ws old", pick { "stall both", "stall down", "stall up" })
    side:wait_connected(before)
    side.relay:tell("ws all", "pass")
  end)
end

-- All is slow for a while.
local function slow_down(side)
  side:trouble(function()
    local fault = pick { "delay 150 100", "delay 20 20", "rate 60000" }
    side.relay:tell("ws all", fault)
    side.relay:tell("api all", fault)
    tasks.sleep(math.random() * AWAY)
    side.relay:tell("ws all", "pass")
    side.relay:tell("api all", "pass")
  end)
end

-- Slack gives no connection for a while, in one of its ways.
local function refuse(side)
  local how = pick {
    { status = 429, retry_after = 1, times = 2 }, { status = 503, times = 3 }, { drop = true,
      times = 2 }, { error = "internal_error", times = 3 },
  }
  side:trouble(function()
    side.here:fail("apps.connections.open", how)
    pick_connection(side):reset()
    tasks.sleep(0.5)
  end)
end

local function refuse_upgrades(side)
  side:trouble(function()
    side.here:refuse_upgrades(503)
    pick_connection(side):reset()
    tasks.sleep(math.random() * AWAY / 2)
    side.here:refuse_upgrades(0)
  end)
end

-- A method of the Web API is limited, or fails.
local function fail_calls(side)
  side.here:fail("chat.meMessage", pick {
    { status = 429, retry_after = 1, times = 2 }, { status = 500, times = 2 },
    { drop = true, times = 2 }, { error = "fatal_error", times = 2 },
    { delay = 1, times = 5 },
  })
end

local function kill(side)
  local bot = pick_killed(side)
  side:trouble(function()
    side:halt(bot, true)
    side:run(bot)
  end)
end

local function restart(side)
  local bot = pick_killed(side)
  side:trouble(function()
    side:halt(bot, false)
    side:run(bot)
  end)
end

-- Something happens to the Redis for a while; acks go on when it is over.
local function interrupt(side, begin, finish)
  side:trouble(function()
    begin()
    tasks.sleep(0.5 + math.random() * (AWAY - 0.5))
    local acked = side.trial.acked
    finish()
    side.trial:wait("acks after " .. side.name .. " was away", function()
      return side.trial.acked > acked
    end)
  end)
end

local function lose_redis(side)
  interrupt(side, function() side.redis:kill() end, function() assert(side.redis:run()) end)
end

local function stop_redis(side)
  interrupt(side, function() side.redis:signal "STOP" end, function() side.redis:signal "CONT" end)
end

local function fill_redis(side)
  interrupt(side, function() side.redis:ask "config set maxmemory 1" end,
    function() side.redis:ask "config set maxmemory 0" end)
end

local function lock_redis(side)
  interrupt(side, function() side.redis:ask "replicaof 127.0.0.1 1" end,
    function() side.redis:ask "replicaof no one" end)
end

-- A bot stands still, as on a machine that does something else.
local function freeze(side)
  local process = pick(side.bots).process
  side:trouble(function()
    process:signal "STOP"
    tasks.sleep(math.random() * AWAY)
    process:signal "CONT"
  end)
end

-- All scripts are loaded anew: nobody may notice.
local function hang_up(side)
  pick(side.bots).process:signal "HUP"
end

---By the names under which they are counted.
M.ALL = {
  refreshes = refresh, cuts = cut, closes = close, ["cut calls"] = cut_calls,
  ["cut posts"] = cut_posts, ["broken starts"] = break_start, stalls = stall,
  slowdowns = slow_down, refusals = refuse, ["refused upgrades"] = refuse_upgrades,
  ["failing methods"] = fail_calls, kills = kill, restarts = restart, ["lost stores"] = lose_redis,
  ["stopped stores"] = stop_redis, ["full stores"] = fill_redis, ["locked stores"] = lock_redis,
  freezes = freeze, hangups = hang_up,
}

---What the store does of it.
M.OF_STORE = { "lost stores", "stopped stores", "full stores", "locked stores" }

---What the network does of it.
M.OF_NETWORK = {
  "cuts", "closes", "cut calls", "cut posts", "broken starts", "stalls", "slowdowns", "refusals",
  "refused upgrades",
}

---Passes some time, unless the side ends before.
---@async
---@param side table
---@param seconds number
function M.rest(side, seconds)
  local till = core.monotonic() + seconds
  while not side.is_ending and core.monotonic() < till do
    tasks.sleep(math.min(till - core.monotonic(), LOOK))
  end
end

---Has them befall a side, by chance, until it ends.
---@param side table
---@param names string[] each as often as it is named
---@param pause number seconds between two, at most
---@return slack.Task
function M.begin(side, names, pause)
  return tasks.spawn(function()
    while true do
      M.rest(side, math.random() * pause)
      if side.is_ending then
        return
      end
      local name = pick(names)
      side.is_befallen = true
      while side.is_saving or side.is_resting do
        tasks.sleep(0.01)
      end
      local act = side:note_act(name)
      M.ALL[name](side)
      act.till = core.monotonic()
      side.is_befallen = false
      side:count(name)
    end
  end)
end

---Saves the side's script again and again; a broken text stands there only while nothing else
---happens, as a bot that starts with it would have no listeners.
---@param side table
---@param pause number seconds between two saves
---@return slack.Task
function M.begin_saving(side, pause)
  local number = 0
  return tasks.spawn(function()
    while not side.is_ending do
      number = number + 1
      local next_at = core.monotonic() + pause
      if not side.is_befallen then
        side.is_saving = true
        side:save(number % 5 == 0)
        side.is_saving = false
      end
      M.rest(side, math.max(next_at - core.monotonic(), 0.05))
    end
  end)
end

return M
