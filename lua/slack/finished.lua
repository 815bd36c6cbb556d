-- Which listeners have finished with a delivery that has failed for others, so that the next
-- one is for those alone. Kept by what the listeners are for: that holds when their script is
-- reloaded meanwhile, and keeps nothing of it in memory.

local M = {}

-- Of several for the same in one script or program each has a number.
local function number_of(listener)
  local number = 1
  for _, other in ipairs(listener.ledger.listeners.list) do
    if other == listener then
      return number
    elseif other.method == listener.method and other.what == listener.what then
      number = number + 1
    end
  end
  return 0
end

---@param listener slack.Listener
---@return string? key nil: it has been removed
local function key_of(listener)
  if listener.ledger and not listener.finished_key then
    listener.finished_key = ("%s\n%s%s\n%d"):format(listener.script or "", listener.method,
      listener.what, number_of(listener))
  end
  return listener.finished_key
end

---What is to be remembered of those that had finished.
---@param finished? table<slack.Listener|string, true> listeners, and what was remembered before
---@return table<string, true>? done
function M.keep(finished)
  if not finished then
    return nil
  end
  local done = {}
  for listener in pairs(finished) do
    local key = type(listener) == "string" and listener or key_of(listener)
    if key then
      done[key] = true
    end
  end
  return done
end

---@param done table<string, true>
---@param listener slack.Listener
---@return boolean
function M.has(done, listener)
  return done[key_of(listener)] == true
end

return M
