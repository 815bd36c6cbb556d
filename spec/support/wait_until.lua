-- Waits for what a test has brought about, while the loop of this thread goes on.
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local PATIENCE <const> = 60 -- seconds

---@param what string for the failure, if it never comes
---@param condition fun(): any
---@param level? integer whose line the failure names, as for error()
---@return any value of the condition, once it is true
return function(what, condition, level)
  local deadline = loop.now() + PATIENCE
  local value = condition()
  while not value do
    if loop.now() > deadline then
      error("waited in vain for " .. what, level or 2)
    end
    tasks.sleep(0.005)
    value = condition()
  end
  return value
end
