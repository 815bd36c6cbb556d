-- SIGINT, SIGTERM and SIGHUP for all apps that run in this process.

local core = require "slack.core"
local loop = require "slack.loop"

local M = {}

local listeners = {} -- guard -> function
local signals

local function hand_out()
  local name = signals:take()
  while name do
    local now = {}
    for _, listener in pairs(listeners) do
      now[#now + 1] = listener
    end
    for _, listener in ipairs(now) do
      listener(name)
    end
    name = signals and signals:take()
  end
end

local Guard = {}

function Guard:__close()
  listeners[self] = nil
  if signals and next(listeners) == nil then
    loop.unwatch(signals:fd())
    signals:close()
    signals = nil
  end
end

---Calls fn(name) with each signal instead of what it did before, until the returned
---value is closed.
---@param fn fun(name: "INT"|"TERM"|"HUP") must not wait
---@return table guard to be closed
function M.listen(fn)
  local guard = setmetatable({}, Guard)
  listeners[guard] = fn
  if not signals then
    signals = assert(core.signals { "INT", "TERM", "HUP" })
    loop.watch(signals:fd(), hand_out)
  end
  return guard
end

return M
