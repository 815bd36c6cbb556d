-- `make soak`: bots for as long as one likes under all that can befall them. Prints now and then
-- how far it is, what each part came to, and at last one line of sums. Ends with 1 when an event
-- was lost or handled twice without reason, an answer was wrong, or a bot grew.
--
--   SOAK=10m           in all: "90s", "30m", "2h"; a number alone is hours
--   SOAK_ONLY=mixed    only the parts in whose name this stands; they get all of the time
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local core = require "slack.core"
local durations = require "support.soak_duration"
local interrupts = require "slack.interrupts"

local PARTS <const> = { "soak.mixed", "soak.memory", "soak.reload", "soak.inbox" }
local MOST_SHOWN <const> = 20 -- problems of a part

local began = core.monotonic()

local function say(format, ...)
  io.stdout:write(("%5.0f s  "):format(core.monotonic() - began), format:format(...), "\n")
  io.stdout:flush()
end

local function fail(text)
  io.stderr:write("soak: ", text, "\n")
  os.exit(2, true)
end

-- Those that were chosen, and the sum of their shares.
local function choose(only)
  local chosen, names, shares = {}, {}, 0
  for _, name in ipairs(PARTS) do
    for _, part in ipairs(require(name)) do
      table.insert(names, part.name)
      if part.name:find(only, 1, true) then
        table.insert(chosen, part)
        shares = shares + part.share
      end
    end
  end
  if #chosen == 0 then
    fail(("SOAK_ONLY=%s: there is no such part; there are %s"):format(only,
      table.concat(names, "; ")))
  end
  return chosen, shares
end

local sums = { events = 0, lost = 0, twice = 0, unexplained = 0, kills = 0 }
local words, failed = {}, {}

local function run(part, seconds)
  say("--- %s, %.0f s", part.name, seconds)
  local ok, outcome = xpcall(part.run, debug.traceback, seconds, say)
  if not ok then
    outcome = { problems = { outcome } }
  end
  for name in pairs(sums) do
    sums[name] = sums[name] + (outcome[name] or 0)
  end
  for i = 1, math.min(#outcome.problems, MOST_SHOWN) do
    say("FAILED: %s", outcome.problems[i])
  end
  local is_wrong = #outcome.problems > 0 or (outcome.lost or 0) + (outcome.unexplained or 0) > 0
  if is_wrong then
    table.insert(failed, part.name)
  end
  if outcome.words then
    say("%s", outcome.words)
    table.insert(words, ("%s: %s"):format(part.name, outcome.words))
  end
end

local seconds = durations.parse(os.getenv "SOAK" or "10m")
  or fail('SOAK: a time such as "90s", "30m", "2h" expected; a number alone is hours')
local chosen, shares = choose(os.getenv "SOAK_ONLY" or "")
-- The bots and the Redis of a part end with this process, and closing its Lua would wait for them.
interrupts.listen(function()
  say "interrupted: no sums"
  os.exit(130)
end)
for _, part in ipairs(chosen) do
  run(part, seconds * part.share / shares)
end

print(("soak %.0f s: %d events, %d lost, %d twice (in flight at %d kills), %d twice without "
  .. "reason%s; %s"):format(core.monotonic() - began, sums.events, sums.lost, sums.twice,
  sums.kills, sums.unexplained,
  #failed > 0 and "; FAILED: " .. table.concat(failed, ", ") or "", table.concat(words, "; ")))
os.exit(#failed == 0, true)
