-- The part of `make soak` about hot reload: a script is saved again and again while two thousand
-- events a second come. It fails when an event was lost, was handled twice, or was handled by
-- listeners of two versions, or when a handler of an old version stayed in memory.
local tasks = require "slack.tasks"
local trial = require "support.reload_trial"

local RATE <const>, PAUSE <const> = 2000, 0.05 -- events a second; seconds between saves

local function check(outcome, result)
  local bot = result.client
  local wrong = {
    ["not acked"] = result.lost, ["handled by two versions"] = bot.mixed,
    ["handlers of old versions left"] = bot.functions,
  }
  for what, count in pairs(wrong) do
    if count > 0 then
      table.insert(outcome.problems, ("%d %s"):format(count, what))
    end
  end
end

return {
  { name = "reload", share = 9, run = function(seconds)
    local result = tasks.run(trial.run, {
      saves = math.max(seconds / PAUSE // 1 | 0, 10), rate = RATE, pause = PAUSE,
    })
    local bot = result.client
    local outcome = { problems = {}, events = result.total, lost = result.total - bot.pairs,
      unexplained = bot.doubled }
    check(outcome, result)
    outcome.words = ("%d events in %.0f s, %d reloads, %d refused texts, %d by two versions; acks "
      .. "p50 %.2f ms, p99 %.2f ms, longest %.1f ms; Lua %.0f -> %.0f KiB"):format(result.total,
      result.seconds, bot.reloads, bot.failures, bot.mixed, result.ack_us.p50 / 1e3,
      result.ack_us.p99 / 1e3, result.ack_us.max / 1e3, bot.first_memory, bot.last_memory)
    return outcome
  end },
}
