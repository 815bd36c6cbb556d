-- A Redis server for each spec of a block; where there is none to start, the block is pending.
local Redis = require "support.redis"
local busted = require "busted"

---For the block that is being described.
---@return (fun(): table)? redis the server of the spec that runs; nil where none is installed
return function()
  if not Redis.is_installed() then
    busted.pending(Redis.MISSING)
    return nil
  end
  local redis
  busted.before_each(function() redis = Redis.start() end)
  busted.after_each(function() redis:stop() end)
  return function() return redis end
end
