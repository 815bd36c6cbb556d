-- Texts in a Redis server, on a storage thread of its own: what several tasks ask for at
-- a time goes out together. Entries expire by the server's clock, so that the machines
-- which share it need not agree on the time; a store's clock only measures how long.

local Thread = require "slack.storage.thread"
local core = require "slack.core"
local http = require "slack.http"
local redis_url = require "slack.storage.redis_url"

local TIMEOUT = 5
local KEYS_ALONE = -1 -- without values

local M = {}

-- From many pages, between which others have their turn: the server looks at all it has. It
-- may give a key twice.
local function keys(self, prefix, now)
  local list, seen, cursor = {}, {}, nil
  repeat
    local page, next_page = self:scan(prefix, now, KEYS_ALONE, cursor)
    if not page then
      return nil, next_page
    end
    for i = 1, #page, 2 do
      local key = page[i]
      if not seen[key] then
        seen[key] = true
        list[#list + 1] = key
      end
    end
    cursor = next_page
  until not cursor
  table.sort(list)
  return list
end

---Connects, and waits for that.
---@async
---@param url string
---@param options slack.StorageOptions
---@return slack.storage.Thread?
---@return slack.Error? err
function M.open(url, options)
  local settings = assert(redis_url.read(url))
  local net, err = http.net { proxy = "", ca_file = options.ca_file }
  if not net then
    return nil, err
  end
  settings.net = net
  settings.timeout = options.timeout or settings.timeout or TIMEOUT
  settings.log = options.log and options.log.core and options.log:core()
  local backend, problem = Thread.new(core.redis, Thread.add_inbox(options, settings))
  if not backend then
    return nil, problem
  end
  backend.is_shared, backend.keys = true, keys
  local is_ready = false
  local opening <close> = setmetatable({}, { -- luacheck: ignore 211
    __close = function() -- the task may be cancelled while it waits
      return is_ready or backend:close()
    end,
  })
  local _, failed = backend:get("ready", 0)
  is_ready = not failed
  return is_ready and backend or nil, failed
end

return M
