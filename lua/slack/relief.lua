-- After a burst: memory that it took is given back. Tables and the heap of the C library grow
-- to what is needed and stay as large; and nothing collects what is garbage while nothing
-- new is made. So once it has been calm for a while the collector goes round, a little at
-- a time, then tables are made anew in the size that they need, and free pages are returned.

local core = require "slack.core"

local M = {}

-- Seconds: without a burst before it begins; between two steps of the collector.
local CALM <const>, PAUSE <const> = 1, 0.005
-- The first round of the collector may have begun before the burst.
local ROUNDS <const> = 2
-- KiB of which one step sees to more, also where the program has made steps small.
local LEAST_STEP <const> = 16

---@class slack.Relief
---@field loop slack.Loop
---@field since number when the last burst was over
---@field rounds integer of the collector that are left
---@field steps integer that may be left

local function finish(relief)
  local loop = relief.loop
  loop.relief = false
  for holder in pairs(loop.holders) do
    holder:shrink()
  end
  core.trim()
end

local function collect(relief)
  relief.steps = relief.steps - 1
  if collectgarbage("step", 0) then
    relief.rounds = relief.rounds - 1
  end
  if relief.rounds > 0 and relief.steps > 0 then
    relief.loop:after(PAUSE, collect, relief)
  else
    finish(relief)
  end
end

local function begin(relief)
  local loop = relief.loop
  local left = relief.since + CALM - loop:now()
  if left > 0 then
    loop:after(left, begin, relief)
  elseif collectgarbage "isrunning" then
    relief.steps = collectgarbage "count" // LEAST_STEP + 100
    collect(relief)
  else -- the program has stopped it
    finish(relief)
  end
end

---A burst is over.
---@param loop slack.Loop
function M.after_burst(loop)
  local relief = loop.relief
  if relief then
    relief.since = loop:now()
  else
    loop.relief = { loop = loop, since = loop:now(), rounds = ROUNDS, steps = 0 }
    loop:after(CALM, begin, loop.relief)
  end
end

return M
