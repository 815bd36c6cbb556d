-- The heart of `make soak`: all that happens to bots in the field, at the same time
-- (support/soak_trial.lua).
local tasks = require "slack.tasks"
local trial = require "support.soak_trial"

local RATE <const> = 150 -- events a second, on each of three sides
local REPORTS <const>, SHORTEST <const> = 20, 30 -- how often it says how far it is; seconds
local ENDING <const> = 10 -- seconds that it takes to come to its end, of the part's time

return {
  { name = "mixed", share = 53, run = function(seconds, say)
    local result = tasks.run(trial.run, {
      seconds = math.max(seconds - ENDING, seconds / 2), rate = RATE, people = 6,
      fault_pause = 4, save_pause = 1, look_pause = 2, told = say,
      tell_pause = math.max(seconds / REPORTS, SHORTEST),
    })
    local sums = result.sums
    return {
      problems = result.problems, words = result.words, events = sums.sent, lost = sums.lost,
      twice = sums.twice, unexplained = sums.unexplained, kills = sums.kills,
    }
  end },
}
