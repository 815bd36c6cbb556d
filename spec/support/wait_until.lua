-- Waits for what a test has brought about, while the loop of this thread goes on.
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local PATIENCE <const> = 60

---@param what string for the failure, if it never comes
---@param condition fun(): any
return function(what, condition)
  local deadline = loop.now() + PATIENCE
  while not condition() do
    if loop.now() > deadline then
      error("waited in vain for " .. what, 2)
    end
    tasks.sleep(0.005)
  end
end
