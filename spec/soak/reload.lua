-- The large trial of hot reload: a script is saved a thousand times while two thousand events a
-- second come. Prints one line of what became of them. Ends with 1 when an event was lost, was
-- handled twice, or was handled by listeners of two versions.
--
--   SOAK_SAVES=1000   how often the script is saved
--   SOAK_RATE=2000    events a second
--   SOAK_PAUSE=0.05   seconds between saves
--   SOAK_WATCH=poll   without the system's notices
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local tasks = require "slack.tasks"
local trial = require "support.reload_trial"

local result = tasks.run(trial.run, {
  saves = math.tointeger(tonumber(os.getenv "SOAK_SAVES" or 1000)),
  rate = math.tointeger(tonumber(os.getenv "SOAK_RATE" or 2000)),
  pause = tonumber(os.getenv "SOAK_PAUSE" or 0.05), watch = os.getenv "SOAK_WATCH",
})
local bot = result.client
local lost = result.total - bot.pairs

print(("reload: %d events in %.0f s, %d reloads, %d refused texts; %d lost, %d handled twice, %d "
  .. "by two versions; acks p50 %.2f ms, p99 %.2f ms, longest %.1f ms; Lua %.0f -> %.0f KiB, "
  .. "handlers of old versions left: %d"):format(result.total, result.seconds, bot.reloads,
  bot.failures, lost, bot.doubled, bot.mixed, result.ack_us.p50 / 1e3, result.ack_us.p99 / 1e3,
  result.ack_us.max / 1e3, bot.first_memory, bot.last_memory, bot.functions))
os.exit(lost + result.lost + bot.doubled + bot.mixed + bot.functions == 0, true)
