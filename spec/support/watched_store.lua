-- A store that counts what is asked of it, and can be slow or out of order.

local errors = require "slack.errors"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local M = {}

local function wrap(store, watch)
  return setmetatable({
    scope = function(_, prefix) return wrap(store:scope(prefix), watch) end,
  }, {
    __index = function(_, name)
      return function(_, ...)
        watch[name] = (watch[name] or 0) + 1
        if watch.delay then
          tasks.sleep(watch.delay)
        end
        if watch.is_failing then
          return nil, errors.new { code = "storage", message = "the disk is full" }
        end
        return store[name](store, ...)
      end
    end,
  })
end

---@param clock? fun(): number
---@return slack.Store store
---@return { [string]: integer, delay: number?, is_failing: boolean? } watch calls by method
function M.new(clock)
  local watch = {}
  return wrap(storage.open("memory:", { clock = clock }), watch), watch
end

return M
