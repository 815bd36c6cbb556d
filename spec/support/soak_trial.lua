-- The mixed trial of `make soak`: all that happens to bots in the field, at the same time, with
-- an account of every event. Three sides (soak_side.lua), each with a local Slack of its own:
--
--   sqlite   a bot that lives through it all, with its inbox in SQLite
--   killed   one that is killed and started again and again, with its inbox in SQLite
--   redis    two that share a Redis, which goes away and comes back: one lives, one is killed
--
-- The bots that live are measured, and must in the end hold what they held in the beginning.
local Redis = require "support.redis"
local Side = require "support.soak_side"
local core = require "slack.core"
local faults = require "support.soak_faults"
local figures = require "support.soak_figures"
local flat = require "support.flat"
local tasks = require "slack.tasks"

local LOOK <const>, TELL_PAUSE <const> = 0.5, 30 -- seconds
local LEAST_LOOKS <const>, LONGER <const> = 10, 180 -- at each bot; seconds that they may take
local LAG <const> = 2 -- seconds that a machine may take longer than it was asked to

-- By how much a bot may have grown between the first third and the last one, measured at rest.
-- In Lua's heap an event that left 20 bytes behind would show in 30,000; what people have chosen
-- is remembered for half a minute, and a conversation that a fault cut off holds its version of
-- the script for 20 s. Connections come and go: up to 16 to the Web API at a time.
local BANDS <const> = {
  heap = 512 << 10, sqlite = 2560 << 10, allocated = 1536 << 10, resident = 8 << 20, threads = 0,
  descriptors = 20, queue = 20,
}
local ORDER <const> = {
  "resident", "heap", "sqlite", "allocated", "descriptors", "threads", "queue",
}

local OF_PROCESS <const> = { "kills", "kills", "kills", "restarts", "freezes", "hangups" }
local OF_SLACK <const> = { "refreshes", "refreshes", "refreshes", "failing methods" }

local function all_of(...)
  local names = {}
  for _, list in ipairs { ... } do
    table.move(list, 1, #list, #names + 1, names)
  end
  return names
end

local SIDES <const> = {
  { name = "sqlite", bots = { { name = "lives", is_measured = true } },
    faults = all_of(OF_SLACK, faults.OF_NETWORK, { "freezes", "hangups" }) },
  { name = "killed", bots = { { name = "dies", is_killed = true } },
    faults = all_of(OF_SLACK, OF_PROCESS, { "cuts" }) },
  { name = "redis", needs_redis = true,
    bots = { { name = "lives", is_measured = true }, { name = "dies", is_killed = true } },
    faults = all_of(OF_SLACK, OF_PROCESS, faults.OF_NETWORK, faults.OF_STORE) },
}

local M = {}

---@class support.SoakOptions
---@field seconds number
---@field rate number events a second, on each side
---@field people integer on each side
---@field fault_pause? number seconds between two faults of a side, at most; no faults without
---@field save_pause number seconds between two saves of a script
---@field look_pause number seconds between two measurements
---@field sides? string[] names of those that there are; all
---@field edit? fun(script: string): string makes another script of the bots'
---@field patience? number seconds until what must come is taken for lost, 60
---@field events? integer that are sent at least, on each side
---@field looks? integer how often each bot that lives is measured at least, 10; 0: it is not judged
---@field told? fun(format: string, ...) how far it is
---@field tell_pause? number seconds between two of these, 30

---What the trial came to.
---@class support.SoakResult
---@field seconds number
---@field sides table[]
---@field sums table<string, integer>
---@field problems string[] empty, or the trial has failed
---@field words string what happened, and what the measured bots held

local function new_side(options, given, closing)
  local redis = given.needs_redis and Redis.start { "appendonly yes", "appendfsync everysec" }
  table.insert(closing, redis or nil)
  local bots = {}
  for i, bot in ipairs(given.bots) do
    bots[i] = { name = given.name .. " " .. bot.name, is_killed = bot.is_killed,
      is_measured = bot.is_measured }
  end
  local side = Side.start {
    name = given.name, bots = bots, redis = redis or nil, storage = redis and redis.url or nil,
    people = options.people, rate = options.rate, edit = options.edit,
    patience = options.patience,
  }
  side.faults = given.faults
  table.insert(closing, side)
  return side
end

local function is_wanted(options, given)
  for _, name in ipairs(options.sides or {}) do
    if name == given.name then
      return true
    end
  end
  return not options.sides and (not given.needs_redis or Redis.is_installed())
end

local function new_sides(options, closing)
  local sides = {}
  for _, given in ipairs(SIDES) do
    if is_wanted(options, given) then
      table.insert(sides, new_side(options, given, closing))
    end
  end
  return sides
end

-- Measures one side after the other until they end.
local function begin_looking(options, sides)
  return tasks.spawn(function()
    while not sides[1].is_ending do
      for _, side in ipairs(sides) do
        figures.measure(side)
      end
      faults.rest(sides[1], options.look_pause)
    end
  end)
end

-- Ends those that still run when something went wrong.
local Running = {}

function Running:__close()
  for _, task in ipairs(self) do
    task:cancel()
  end
end

local function begin_all(options, sides, closing)
  local running = setmetatable({}, Running)
  table.insert(closing, running)
  for _, side in ipairs(sides) do
    side:begin()
    if options.fault_pause then
      table.insert(running, faults.begin(side, side.faults, options.fault_pause))
    end
    table.insert(running, faults.begin_saving(side, options.save_pause))
  end
  table.insert(running, begin_looking(options, sides))
  return running
end

local function add_up(sides)
  local sums = {}
  local function add(name, count)
    sums[name] = (sums[name] or 0) + count
  end
  for _, side in ipairs(sides) do
    local account = side.trial:account()
    for _, name in ipairs { "sent", "acked", "handled", "twice" } do
      add(name, account[name])
    end
    add("lost", #account.lost)
    add("unexplained", #account.unexplained)
    for _, name in ipairs { "right", "cut", "wrong" } do
      add(name, side[name])
    end
    for name, count in pairs(side.counts) do
      add(name, count)
    end
  end
  return sums
end

-- What has become of the events, as problems.
local function judge_events(side, problems)
  local account = side.trial:account()
  for _, name in ipairs { "lost", "unexplained" } do
    local list = account[name]
    if #list > 0 then
      table.insert(problems, ("%s: %d %s: %s"):format(side.name, #list,
        name == "lost" and "lost" or "handled twice without reason",
        table.concat(list, " ", 1, math.min(#list, 10))))
    end
  end
  if account.acked < account.sent then
    table.insert(problems, ("%s: %d not acked"):format(side.name, account.sent - account.acked))
  end
end

local function looks_of(options)
  return options.looks or LEAST_LOOKS
end

-- Whether a bot grew, as problems.
local function judge_bot(options, bot, problems)
  for _, name in ipairs(ORDER) do
    local values = bot.series[name]
    local first, last = flat.ends(values)
    if #values < looks_of(options) then
      table.insert(problems, ("%s: measured %d times only"):format(bot.name, #values))
      return
    elseif first and not flat.is_flat(values, BANDS[name]) then
      table.insert(problems, ("%s: %s grew from %d to %d"):format(bot.name, name, first, last))
    end
  end
end

local UNITS <const> = {
  resident = 1 << 20, heap = 1 << 20, sqlite = 1 << 20, allocated = 1 << 20,
}
local WORDS <const> = {
  resident = "memory %.1f -> %.1f MB", heap = "Lua %.2f -> %.2f MB",
  sqlite = "SQLite %.2f -> %.2f MB", allocated = "other allocated %.2f -> %.2f MB",
  descriptors = "descriptors %d -> %d", threads = "threads %d -> %d", queue = "queues %d -> %d",
}

local function bot_words(bot)
  local words = {}
  for _, name in ipairs(ORDER) do
    local first, last = flat.ends(bot.series[name])
    local unit = UNITS[name]
    if first and (last > 0 or not unit) then
      table.insert(words, WORDS[name]:format(unit and first / unit or first,
        unit and last / unit or last))
    end
  end
  return ("%s: %s"):format(bot.name, table.concat(words, ", "))
end

local function words_of(result)
  local sums = setmetatable(result.sums, { __index = function() return 0 end })
  local function sum_of(names)
    local sum = 0
    for _, name in ipairs(names) do
      sum = sum + sums[name]
    end
    return sum
  end
  local words = {
    ("%d conversations and commands, %d wrong, %d cut off by a fault"):format(sums.right,
      sums.wrong, sums.cut),
    ("%d saves of scripts (%d broken)"):format(sums.saves, sums.broken),
    ("%d restarts, %d freezes, %d refreshes, %d faults of the network, %d of Redis"):format(
      sums.restarts, sums.freezes, sums.refreshes, sum_of(faults.OF_NETWORK),
      sum_of(faults.OF_STORE)),
    ("%d Web API calls, %d of them refused"):format(sums.calls + sums["failed calls"],
      sums["failed calls"]),
  }
  if not Redis.is_installed() then
    table.insert(words, "redis left out: " .. Redis.MISSING)
  end
  for _, side in ipairs(result.sides) do
    for _, bot in ipairs(side.bots) do
      if bot.is_measured then
        table.insert(words, bot_words(bot))
      end
    end
  end
  return table.concat(words, "; ")
end

local function judge(options, sides, began)
  local result = { seconds = core.monotonic() - began, sides = sides, problems = {},
    sums = add_up(sides) }
  for _, side in ipairs(sides) do
    judge_events(side, result.problems)
    table.move(side.problems, 1, #side.problems, #result.problems + 1, result.problems)
    for _, bot in ipairs(side.bots) do
      if bot.is_measured then
        judge_bot(options, bot, result.problems)
      end
    end
  end
  result.words = words_of(result)
  return result
end

local function tell(options, sides)
  local sums = add_up(sides)
  options.told("%d events sent, %d acked, %d handled, %d twice, %d kills, %d saves, %d answers",
    sums.sent, sums.acked, sums.handled, sums.twice, sums.kills or 0, sums.saves or 0, sums.right)
end

-- Whether what must happen has, however slow the machine is.
local function is_enough(options, sides)
  for _, side in ipairs(sides) do
    if side.trial.count < (options.events or 0) then
      return false
    end
    for _, bot in ipairs(side.bots) do
      if bot.is_measured and #bot.series.heap < looks_of(options) then
        return false
      end
    end
  end
  return true
end

-- Looks at all sides; raises what a task has raised.
local function look(options, sides, running, lag)
  for _, side in ipairs(sides) do
    side:look_at_posts()
    if lag > LAG then
      side:lag(lag)
    end
  end
  if lag > LAG and options.told then
    options.told("the local Slacks stood still for %.1f s", lag)
  end
  for _, task in ipairs(running) do
    if task:is_done() then
      assert(task:join())
    end
  end
end

-- Passes the time.
local function pass(options, sides, running)
  local now, pause = core.monotonic(), options.tell_pause or TELL_PAUSE
  local till, tell_at = now + options.seconds, now + pause
  while now < till or not is_enough(options, sides) and now < till + LONGER do
    tasks.sleep(LOOK)
    look(options, sides, running, core.monotonic() - now - LOOK)
    local was_in_time = now < till
    now = core.monotonic()
    if options.told and was_in_time and now >= till and not is_enough(options, sides) then
      options.told("goes on for up to %d s: bots have not been measured often enough", LONGER)
    end
    if options.told and now > tell_at then
      tell_at = now + pause
      tell(options, sides)
    end
  end
end

---@async
---@param options support.SoakOptions
---@return support.SoakResult
function M.run(options)
  local closing <close> = setmetatable({}, { __close = function(list) -- luacheck: ignore 211
    for i = #list, 1, -1 do
      getmetatable(list[i]).__close(list[i])
    end
  end })
  local began = core.monotonic()
  local sides = new_sides(options, closing)
  local running = begin_all(options, sides, closing)
  pass(options, sides, running)
  for _, side in ipairs(sides) do
    side.is_ending = true
  end
  if options.told then
    options.told "no more events; what is under way comes to its end"
  end
  for _, task in ipairs(running) do
    assert(task:join())
  end
  for _, side in ipairs(sides) do
    side:finish()
  end
  return judge(options, sides, began)
end

return M
