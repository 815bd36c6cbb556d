-- What the bots of a side of the mixed trial (soak_side.lua) hold, when they have nothing to do:
-- what they hold then is left of what they did.
local core = require "slack.core"
local fetch = require "slack.fetch"
local footprint = require "support.footprint"
local tasks = require "slack.tasks"

-- Seconds: that may pass until nothing is left to do, and between two looks at that.
local CALM_WITHIN <const>, LOOK <const> = 10, 0.05
local ANSWERED_WITHIN <const> = 5 -- seconds

local M = {}

---@return table<string, number[]>
function M.new_series()
  return {
    heap = {}, sqlite = {}, allocated = {}, resident = {}, threads = {}, descriptors = {},
    queue = {},
  }
end

local QUEUES <const> = {
  slack_queue_depth = true, slack_handlers_queued = true, slack_inbox_in_hand = true,
}

-- What waits, by the page of metrics.
local function queue_of(metrics)
  local sum = 0
  for name, value in metrics:gmatch "\n([%w_]+)[^\n ]* ([%d.]+)" do
    sum = sum + (QUEUES[name] and tonumber(value) or 0)
  end
  local waiting = metrics:match '\nslack_inbox_entries{state="waiting"} (%d+)'
  return sum + (tonumber(waiting) or 0)
end

local function get(bot, path)
  local response = fetch(("http://127.0.0.1:%d%s"):format(bot.port, path), {
    timeout = ANSWERED_WITHIN, proxy = "",
  })
  return response and response.ok and response.body
end

-- Waits until all that was sent is handled; nothing more is
-- sent or begun meanwhile.
local function calm_down(side)
  local till = core.monotonic() + CALM_WITHIN
  side.is_resting, side.trial.is_paused = true, true
  local is_calm
  repeat
    tasks.sleep(LOOK)
    is_calm = side.open_troubles == 0 and side.trial:count_unacked() == 0
      and side.trial.handled == side.trial.acked
  until is_calm or core.monotonic() > till
  return is_calm
end

local function take(side, bot)
  local bytes, metrics = get(bot, "/held"), get(bot, "/metrics")
  if not bytes or not metrics then
    return side:count "unmeasured"
  end
  local held, series = footprint.take(bot.process.pid, bot.port), bot.series
  local heap, sqlite, allocated = bytes:match "^(%d+) (%d+) (%d+)$"
  table.insert(series.heap, tonumber(heap))
  table.insert(series.sqlite, tonumber(sqlite))
  table.insert(series.allocated, tonumber(allocated))
  table.insert(series.resident, footprint.memory(bot.process.pid))
  table.insert(series.threads, held.threads)
  table.insert(series.descriptors, held.descriptors)
  table.insert(series.queue, queue_of(metrics))
end

---Measures those bots of a side that are to be, once.
---@async
---@param side table
function M.measure(side)
  if calm_down(side) then
    for _, bot in ipairs(side.bots) do
      if bot.is_measured then
        take(side, bot)
      end
    end
  else
    side:count "unmeasured"
  end
  side.is_resting, side.trial.is_paused = false, false
end

---Sees to it that nothing is left in the store, when there is nothing more to do.
---@async
---@param side table
function M.check_rest(side)
  local rest
  local is_empty = pcall(side.trial.wait, side.trial, "an empty inbox", function()
    local metrics = get(side.bots[1], "/metrics") or ""
    rest = metrics:match "\nslack_inbox_entries{[^#]*" or "unknown"
    return not rest:find " [1-9]" and rest:find "waiting"
  end, side.patience)
  if not is_empty then
    side:fail("the inbox has a rest: %s", rest)
  end
end

return M
