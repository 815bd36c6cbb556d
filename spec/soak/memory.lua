-- The large trial of memory: very many events, then as many at once as the bot takes while a
-- handler blocks. Prints one line. Ends with 1 when memory grew with the events, or did not
-- come back after the burst.
--
--   SOAK_EVENTS=1000000   events after a tenth as many to warm up
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local trial = require "support.memory_trial"

local EVENTS <const> = math.tointeger(tonumber(os.getenv "SOAK_EVENTS" or 1000000))
-- Bytes: a leak of 100 for each of a million events would be 100 MB.
local MOST_OF_LUA <const>, MOST_RESIDENT <const> = 256 << 10, 4 << 20
local AFTER_BURST <const> = 4 << 20

local function mib(bytes)
  return bytes / (1 << 20)
end

-- Looks: before the first event, at each tenth of the events, and at rest.
local long = trial.run { events = EVENTS + EVENTS // 10, every = EVENTS // 10 }
local heaps, residents = long.heaps, long.residents
local heap, resident = heaps[#heaps - 1] - heaps[2], residents[#residents - 1] - residents[2]

local burst = trial.run { events = 10000, every = 10000, burn_at = 2000, blocks = 1,
  in_flight = 5000 }
local before, most = burst.residents[1], 0
local after = burst.residents[#burst.residents]
for _, bytes in ipairs(burst.residents) do
  most = math.max(most, bytes)
end

print(("memory: %d events: Lua %.2f -> %.2f MiB, resident %.1f -> %.1f MiB; a burst: resident "
  .. "%.1f -> %.1f -> %.1f MiB"):format(EVENTS, mib(heaps[2]), mib(heaps[#heaps - 1]),
  mib(residents[2]), mib(residents[#residents - 1]), mib(before), mib(most), mib(after)))
os.exit(long.handled == EVENTS + EVENTS // 10 and heap < MOST_OF_LUA
  and resident < MOST_RESIDENT and after - before < AFTER_BURST, true)
