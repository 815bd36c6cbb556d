-- Texts in a table. No method but scan waits, so each is atomic. An entry that expires is
-- not seen from then on, and taken out as later writes come.

local lazy = require "slack.lazy"
local Batch = lazy "slack.storage.batch"
local Timers = require "slack.timers"
local errors = require "slack.errors"
local tasks = require "slack.tasks"

-- Expired entries that one write takes out: more than it can add.
local SWEPT_AT_ONCE = 8

local Memory = {}
Memory.__index = Memory
Memory.__name = "slack.storage.memory"

local M = {}

function M.open()
  return setmetatable({ entries = {}, expiring = Timers.new(), is_closed = false }, Memory)
end

local function closed()
  return nil, errors.new { code = "closed", message = "the store has been closed" }
end

local function put(self, key, text, expires_at)
  local before = self.entries[key]
  if before and before.timer then
    before.timer:cancel()
  end
  local entry = { text = text, expires_at = expires_at }
  if expires_at then
    entry.timer = self.expiring:add(expires_at, nil, key)
  end
  self.entries[key] = entry
end

local function remove(self, key, entry)
  if entry.timer then
    entry.timer:cancel()
  end
  self.entries[key] = nil
end

local function sweep(self, now)
  for _ = 1, SWEPT_AT_ONCE do
    local timer = self.expiring:take_due(now, self.expiring.made)
    if not timer then
      return
    end
    self.entries[timer.arg] = nil
  end
end

local function find(self, key, now)
  local entry = self.entries[key]
  if entry and (not entry.expires_at or entry.expires_at > now) then
    return entry
  end
end

function Memory:get(key, now)
  if self.is_closed then
    return closed()
  end
  local entry = find(self, key, now)
  return entry and entry.text
end

function Memory:set(key, now, text, expires_at)
  if self.is_closed then
    return closed()
  end
  sweep(self, now)
  put(self, key, text, expires_at)
  return true
end

function Memory:add(key, now, text, expires_at)
  if self.is_closed then
    return closed()
  end
  sweep(self, now)
  if find(self, key, now) then
    return false
  end
  put(self, key, text, expires_at)
  return true
end

function Memory:replace(key, now, text, expires_at, old_text)
  if self.is_closed then
    return closed()
  end
  local entry = find(self, key, now)
  if not entry or entry.text ~= old_text then
    return false
  end
  put(self, key, text, expires_at)
  return true
end

function Memory:delete(key, now, old_text)
  if self.is_closed then
    return closed()
  end
  local entry = find(self, key, now)
  if not entry or (old_text and entry.text ~= old_text) then
    return false
  end
  remove(self, key, entry)
  return true
end

local function not_an_integer()
  return nil, errors.new {
    code = "not_an_integer",
    message = "what is stored there is no integer, or would become too large",
  }
end

function Memory:incr(key, now, by, expires_at)
  if self.is_closed then
    return closed()
  end
  sweep(self, now)
  local entry = find(self, key, now)
  if not entry then
    put(self, key, ("%d"):format(by), expires_at)
    return by
  end
  local number = entry.text:find "^-?%d+$" and math.tointeger(tonumber(entry.text))
  local sum = number and number + by
  if not sum or (sum < number) ~= (by < 0) then
    return not_an_integer()
  end
  entry.text = ("%d"):format(sum)
  return sum
end

function Memory:keys(prefix, now)
  if self.is_closed then
    return closed()
  end
  local list = {}
  for key in pairs(self.entries) do
    if key:sub(1, #prefix) == prefix and find(self, key, now) then
      list[#list + 1] = key
    end
  end
  table.sort(list)
  return list
end

function Memory.inbox()
  return nil, errors.new {
    code = "unsupported",
    message = "a store in memory keeps no inbox: give one in a file or a server",
  }
end

-- The keys are looked for once: what is written later has no part in the loop. Between the
-- pages others have their turn.
local function next_page(self, list, now, count)
  local page, at = {}, list.at
  while at < #list and #page < 2 * count do
    at = at + 1
    local entry = find(self, list[at], now)
    if entry then
      page[#page + 1], page[#page + 2] = list[at], entry.text
    end
  end
  list.at = at
  return page, at < #list and list or nil
end

function Memory:scan(prefix, now, count, cursor)
  if cursor then
    tasks.sleep(0)
  end
  local list, err = cursor, nil
  if not list then
    list, err = self:keys(prefix, now)
  elseif self.is_closed then
    return closed()
  end
  if not list then
    return nil, err
  end
  list.at = list.at or 0
  return next_page(self, list, now, count)
end

local function undo(self, before)
  for key, entry in pairs(before) do
    local now_there = self.entries[key]
    if now_there then
      remove(self, key, now_there)
    end
    if entry then
      put(self, key, entry.text, entry.expires_at)
    end
  end
end

function Memory:batch(steps, now)
  local results, before = {}, {}
  for i, step in ipairs(steps) do
    local key = step.key
    if before[key] == nil then
      local entry = not self.is_closed and find(self, key, now)
      before[key] = entry and { text = entry.text, expires_at = entry.expires_at } or false
    end
    local operation <const> = step.operation
    local result, err = self[operation](self, key, now, step.text or step.by, step.expires_at)
    if err then
      undo(self, before)
      return nil, err.code == "closed" and err or Batch.failure(i, err)
    end
    results[i] = result
  end
  return results
end

function Memory:close()
  self.is_closed = true
  self.entries, self.expiring = {}, Timers.new()
end

return M
