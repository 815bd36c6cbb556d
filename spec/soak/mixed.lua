-- The heart of `make soak`: all that happens to bots in the field, at the same time
-- (support/soak_trial.lua).
local tasks = require "slack.tasks"
local trial = require "support.soak_trial"

local RATE <const> = 150 -- events a second, on each of three sides
-- How often it says how far it is; and how often the bots come to rest to be measured, about.
-- Each with the shortest and the longest time between two, in seconds.
local REPORTS <const>, SHORTEST_REPORT <const> = 20, 30
local LOOKS <const>, SHORTEST_LOOK <const>, LONGEST_LOOK <const> = 50, 1, 10
local ENDING <const> = 10 -- seconds that it takes to come to its end, of the part's time

return {
  { name = "mixed", share = 53, run = function(seconds, say)
    local result = tasks.run(trial.run, {
      seconds = math.max(seconds - ENDING, seconds / 2), rate = RATE, people = 6,
      fault_pause = 4, save_pause = 1, told = say,
      look_pause = math.max(math.min(seconds / LOOKS, LONGEST_LOOK), SHORTEST_LOOK),
      tell_pause = math.max(seconds / REPORTS, SHORTEST_REPORT),
    })
    local sums = result.sums
    return {
      problems = result.problems, words = result.words, events = sums.sent, lost = sums.lost,
      twice = sums.twice, unexplained = sums.unexplained, kills = sums.kills,
    }
  end },
}
