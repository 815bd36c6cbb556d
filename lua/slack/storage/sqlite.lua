-- Texts in a file of SQLite, on a storage thread of its own: what several tasks ask
-- for at a time is committed together.

local Thread = require "slack.storage.thread"
local core = require "slack.core"

local M = {}

---@param path string
---@param options slack.StorageOptions
---@return slack.storage.Thread?
---@return slack.Error? err
function M.open(path, options)
  local backend, result = Thread.new(core.sqlite, Thread.add_inbox(options, {
    path = path,
    sync_each = options.synchronous ~= "normal",
    busy_timeout = options.busy_timeout,
    log = options.log and options.log.core and options.log:core(),
  }))
  if not backend then
    return nil, result
  elseif result == true and options.log then
    options.log:warn("%s can be read by other users: chmod go= it, there may be tokens in it", path)
  end
  return backend
end

return M
