-- The part of `make soak` about memory: very many events, then as many at once as the bot takes
-- while a handler blocks. It fails when memory grew with the events, or did not come back after
-- the burst.
local trial = require "support.memory_trial"

local EVENTS_A_SECOND <const> = 8000 -- that certainly come through
-- Bytes: a leak of 100 for each of a million events would be 100 MB.
local MOST_OF_LUA <const>, MOST_RESIDENT <const> = 256 << 10, 4 << 20
local AFTER_BURST <const> = 4 << 20
local LEAST <const> = 20000 -- events

local function mib(bytes)
  return bytes / (1 << 20)
end

-- Looks: before the first event, at each tenth of the events, and at rest.
local function run_long(events, outcome)
  local long = trial.run { events = events + events // 10, every = events // 10 }
  local heaps, residents = long.heaps, long.residents
  local heap, resident = heaps[#heaps - 1] - heaps[2], residents[#residents - 1] - residents[2]
  outcome.events, outcome.lost = events + events // 10, events + events // 10 - long.handled
  if heap >= MOST_OF_LUA or resident >= MOST_RESIDENT then
    table.insert(outcome.problems, ("memory grew with the events: Lua by %d bytes, resident by %d")
      :format(heap, resident))
  end
  return ("%d events: Lua %.2f -> %.2f MB, resident %.1f -> %.1f MB"):format(events, mib(heaps[2]),
    mib(heaps[#heaps - 1]), mib(residents[2]), mib(residents[#residents - 1]))
end

local function run_burst(outcome)
  local burst = trial.run { events = 10000, every = 10000, burn_at = 2000, blocks = 1,
    in_flight = 5000 }
  local before, most = burst.residents[1], 0
  local after = burst.residents[#burst.residents]
  for _, bytes in ipairs(burst.residents) do
    most = math.max(most, bytes)
  end
  outcome.events, outcome.lost = outcome.events + 10000, outcome.lost + 10000 - burst.handled
  if after - before >= AFTER_BURST then
    table.insert(outcome.problems, ("%d bytes of a burst stayed"):format(after - before))
  end
  return ("a burst: resident %.1f -> %.1f -> %.1f MB"):format(mib(before), mib(most), mib(after))
end

return {
  { name = "memory", share = 21, run = function(seconds)
    local events = math.max(seconds * EVENTS_A_SECOND // 10 * 10 | 0, LEAST)
    local outcome = { problems = {} }
    outcome.words = run_long(events, outcome) .. "; " .. run_burst(outcome)
    return outcome
  end },
}
