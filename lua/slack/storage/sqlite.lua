-- Texts in a file of SQLite, on a storage thread of its own: the calling task waits
-- for the answer, and what several tasks ask for at a time is committed together.

local core = require "slack.core"
local errors = require "slack.errors"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Operations under way at a time. More would be a program that never waits.
local MAX_WAITING = 100000

local Sqlite = {}
Sqlite.__index = Sqlite
Sqlite.__name = "slack.storage.sqlite"

local M = {}

-- Once closed, the source is kept until the last answer has been handed out.
local function let_go(self)
  if self.is_closed and self.waiting_count == 0 then
    loop.unregister(self.source)
  end
end

local function receive(self)
  return function(_, id, value, message, code)
    local waiter = self.waiting[id]
    self.waiting[id] = nil
    self.waiting_count = self.waiting_count - 1
    if message then
      waiter:resolve(nil, message, code)
    else
      waiter:resolve(value)
    end
    let_go(self)
  end
end

---@param path string
---@param options slack.StorageOptions
function M.open(path, options)
  local self = setmetatable({ waiting = {}, waiting_count = 0, is_closed = false }, Sqlite)
  self.source = loop.register(receive(self))
  local thread, message, code = core.sqlite {
    path = path,
    mailbox = loop.mailbox(),
    source = self.source,
    sync_each = options.synchronous ~= "normal",
    busy_timeout = options.busy_timeout,
  }
  if not thread then
    loop.unregister(self.source)
    return nil, errors.new { code = code, message = message }
  elseif message == true and options.log then
    options.log:warn("%s can be read by other users: chmod go= it, there may be tokens in it", path)
  end
  self.thread = thread
  return self
end

local function ask(self, operation, ...)
  if self.is_closed then
    return nil, errors.new { code = "closed", message = "the store has been closed" }
  elseif self.waiting_count >= MAX_WAITING then
    local message = ("%d operations of the store are under way already"):format(MAX_WAITING)
    return nil, errors.new { code = "overloaded", message = message }
  end
  local id, message, code = self.thread:submit(operation, ...)
  if not id then
    return nil, errors.new { code = code, message = message }
  end
  local waiter = tasks.waiter()
  self.waiting[id] = waiter
  self.waiting_count = self.waiting_count + 1
  local value, failure, word = waiter:await()
  if failure then
    return nil, errors.new { code = word, message = failure }
  end
  return value
end

function Sqlite:get(key, now)
  return ask(self, "get", key, now)
end

function Sqlite:set(key, now, text, expires_at)
  return ask(self, "set", key, now, text, expires_at)
end

function Sqlite:add(key, now, text, expires_at)
  return ask(self, "add", key, now, text, expires_at)
end

function Sqlite:replace(key, now, text, expires_at, old_text)
  return ask(self, "replace", key, now, text, expires_at, old_text)
end

function Sqlite:delete(key, now, old_text)
  return ask(self, "delete", key, now, nil, nil, old_text)
end

function Sqlite:incr(key, now, by, expires_at)
  return ask(self, "incr", key, now, by, expires_at)
end

function Sqlite:keys(prefix, now)
  return ask(self, "keys", prefix, now)
end

---What the thread has done so far.
---@return { jobs: integer, batches: integer, commits: integer }
function Sqlite:stats()
  return self.is_closed and self.last_stats or self.thread:stats()
end

function Sqlite:close()
  if not self.is_closed then
    self.is_closed = true
    self.last_stats = self.thread:stats()
    self.thread:close()
    let_go(self)
  end
end

return M
