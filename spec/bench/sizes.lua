-- The chapter of the project's README on what it takes for how many workspaces, worked out from
-- the figures of a run.

local figures = require "bench.figures"

local M = {}

---Under which heading it stands.
M.HEADING = "#### Sizes\n"

local BUSY <const>, BUSIEST <const> = 1000, 30000 -- events an hour of a workspace
local REMEMBERED <const> = 160 * 600 -- byte seconds of Redis for each event: its id, ten minutes

-- CPU seconds of one event or call: part, group, who, what of the figure, and of how many it is.
local COSTS <const> = {
  receiver = { "inbox", "roles", "redis, everysec", "receiver, CPU s per 100k events", 1e5 },
  worker = { "inbox", "roles", "redis, everysec", "worker, CPU s per 100k events", 1e5 },
  redis = { "inbox", "roles", "redis, everysec", "Redis, CPU s per 100k events", 1e5 },
  alone = { "inbox", "1,000/s", "redis, everysec", "CPU s per 100k events", 1e5 },
  redis_alone = { "inbox", "1,000/s", "redis, everysec", "of Redis", 1e5 },
  sqlite = { "inbox", "1,000/s", "sqlite, normal", "CPU s per 100k events", 1e5 },
  call = { "web_api", "32 at a time", "lua-slack", "CPU s per 10k calls", 1e4 },
}

-- A line that begins with blanks goes on with the one before it.
local TEXT <const> = [[
#### Sizes

Worked out from what was [measured](#measured), where a receiver takes {receiver} CPU seconds
  for 100,000 events, its worker {worker}, Redis {redis}, and an answer by `c:say` {answer}
  times what the event does. 30,000 events an hour and workspace is the most that Slack delivers
  to an app; 1,000 are what some busy channels make. Events that come one by one, below 1,000 a
  second, cost more each.

| workspaces | events a second, at 1,000 and 30,000 an hour each | what handles them | it takes
  | what binds first |
| --- | --- | --- | --- | --- |
| 10 | 3, 83 | one process, SQLite | {ten_busy}, {ten_busiest} of a processor | Slack: one
  message a second and channel. Answers to each event of one busy channel fall behind, and the
  events wait in the inbox |
| 1,000 | 280, 8,300 | two receivers, two workers, a Redis: two of each for restarts, not for
  the load | {thousand_busy}, {thousand_busiest}; Redis {thousand_redis_busy},
  {thousand_redis_busiest} | the handlers. A processor of a worker is good for {answered}
  answered events a second |
| 100,000 | 28,000, 830,000 | two receivers, as many workers as the handlers need, a Redis |
  {all_busy} and more; Redis {all_redis} | Redis, whose commands run on one processor: at
  {limit} events a second, so {limit_busy} workspaces of 1,000 events an hour or {limit_busiest}
  of 30,000. Beyond, the workspaces are divided among apps, each with its Redis |

Slack's 10 connections of Socket Mode bind nobody before that: 28,000 events a second are 2,800
  and 4 MB on each, and {receiving} of one processor for receiving all of them. But Slack's
  Marketplace has no apps that use it.
An event that waits takes 2.1 KB of SQLite's file or 1.8 KB of Redis's memory: ten minutes
  without workers at 280 a second are 0.3 GB. An `event_id` that is remembered takes 160 bytes
  of Redis, for ten minutes 27 MB at that rate, and {remembered} GB at {limit} a second.
]]

local function median(list, place)
  for _, kept in ipairs(list) do
    if kept.part == place[1] and kept.group == place[2] and kept.who == place[3]
      and kept.what == place[4] then
      return figures.new(kept.values).median / place[5]
    end
  end
end

-- To two digits, with commas.
local function round(number)
  local digits = ("%.0f"):format(tonumber(("%.1e"):format(number)))
  return (digits:reverse():gsub("(%d%d%d)(%d)", "%1,%2"):gsub("(%d%d%d)(%d)", "%1,%2"):reverse())
end

local function percent(share)
  return ("%.2g%%"):format(share * 100)
end

local function processors(share)
  return share < 1 and percent(share) or ("%.1f"):format(share)
end

local function per_second(workspaces, per_hour)
  return workspaces * per_hour / 3600
end

local function values_of(cost)
  local apart, limit = cost.receiver + cost.worker, 1 / cost.redis
  local function taken(workspaces, per_hour, each)
    return processors(per_second(workspaces, per_hour) * each)
  end
  return {
    receiver = ("%.1f"):format(cost.receiver * 1e5), worker = ("%.1f"):format(cost.worker * 1e5),
    redis = ("%.1f"):format(cost.redis * 1e5), answer = ("%.1f"):format(cost.call / cost.worker),
    ten_busy = taken(10, BUSY, cost.sqlite), ten_busiest = taken(10, BUSIEST, cost.sqlite),
    thousand_busy = taken(1000, BUSY, cost.alone), thousand_busiest = taken(1000, BUSIEST, apart),
    thousand_redis_busy = taken(1000, BUSY, cost.redis_alone),
    thousand_redis_busiest = taken(1000, BUSIEST, cost.redis),
    answered = round(1 / (cost.worker + cost.call)),
    all_busy = taken(100000, BUSY, apart), all_redis = taken(100000, BUSY, cost.redis),
    limit = round(limit), limit_busy = round(limit / per_second(1, BUSY)),
    limit_busiest = round(limit / per_second(1, BUSIEST)),
    receiving = taken(100000, BUSY, cost.receiver),
    remembered = ("%.1f"):format(limit * REMEMBERED / 1e9),
  }
end

---@param list table[] figures of a run
---@return string? text from its heading on; nil when the run lacks a figure that it needs
function M.text(list)
  local cost = {}
  for name, place in pairs(COSTS) do
    cost[name] = median(list, place)
    if not cost[name] or cost[name] <= 0 then
      return nil
    end
  end
  return (TEXT:gsub("\n +", " "):gsub("{([%w_]+)}", values_of(cost)))
end

return M
