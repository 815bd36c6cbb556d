-- Locks by name, kept in a store, so that of all processes that share it one at a
-- time changes a thing. Inside this process those who wait are served in turn.
--
-- A lock is a key that only one can add. It expires by itself, in case its
-- process dies: what it guards must be done in less time than that.

local core = require "slack.core"
local errors = require "slack.errors"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local DEFAULT_TTL = 30
local DEFAULT_WAIT = 15
-- Between two looks at a lock that another process holds.
local POLL_FIRST, POLL_MOST = 0.02, 0.25

---@class slack.StoreLock.Guard
local Guard = {}
Guard.__index = Guard
Guard.__name = "slack.store_lock.guard"

---@class slack.StoreLock
---@field lines table<string, slack.Waiter[]> who waits in this process, by held name
local StoreLock = {}
StoreLock.__index = StoreLock
StoreLock.__name = "slack.store_lock"

---@param store slack.Store in which the locks are kept
---@return slack.StoreLock
function StoreLock.new(store)
  local owner = ("%016x"):format((string.unpack("=j", core.random(8))))
  return setmetatable({ store = store, owner = owner, lines = {}, last = 0 }, StoreLock)
end

local function timeout(name)
  return nil, errors.new {
    code = "locked", message = ("%s is being changed by another process"):format(name),
  }
end

-- The turn goes to the next in this process.
local function pass_on(self, name)
  local line = self.lines[name]
  while line[1] do
    if table.remove(line, 1):resolve(true) then
      return
    end
  end
  self.lines[name] = nil
end

-- True when it is this one's turn in this process.
local function wait_turn(self, name, deadline)
  local line = self.lines[name]
  if not line then
    self.lines[name] = {}
    return true
  end
  local waiter = tasks.waiter()
  table.insert(line, waiter)
  return waiter:await(math.max(deadline - loop.now(), 0)) == true
end

-- While the store is asked, and after a failure, the lock may be taken: whoever is
-- cancelled there gives it back.
local function take(guard, ttl, deadline)
  local store, name, mark, pause = guard.lock.store, guard.name, guard.mark, POLL_FIRST
  while true do
    guard.taken = true
    local added, err = store:add(name, mark, { ttl = ttl })
    guard.taken = added ~= false
    if added then
      return true
    elseif err then
      return nil, err
    elseif loop.now() >= deadline then
      return timeout(name)
    end
    tasks.sleep(pause * (0.5 + math.random()))
    pause = math.min(pause * 2, POLL_MOST)
  end
end

-- An expired lock may have become another's.
local function give_back(guard)
  local lock, name = guard.lock, guard.name
  if guard.taken then
    lock.store:delete_if(name, guard.mark)
  end
  pass_on(lock, name)
end

-- Closing may happen where nothing can wait.
function Guard:__close()
  if not self.closed then
    self.closed = true
    tasks.spawn(give_back, self)
  end
end

---Gives it back and waits until that is done, so that the store may be closed.
---@async
function Guard:give_back()
  if not self.closed then
    self.closed = true
    give_back(self)
  end
end

---Waits for the lock of that name. Keep what it gives in a to-be-closed variable.
---@async
---@param name string
---@param options? { ttl?: number, wait?: number } seconds until it expires, 30; seconds to
---  wait for it, 15
---@return slack.StoreLock.Guard? guard
---@return slack.Error? err code "locked" when the time is over
function StoreLock:acquire(name, options)
  local ttl = options and options.ttl or DEFAULT_TTL
  local deadline = loop.now() + (options and options.wait or DEFAULT_WAIT)
  if not wait_turn(self, name, deadline) then
    return timeout(name)
  end
  self.last = self.last + 1
  local mark = self.owner .. "." .. self.last
  local guard = setmetatable({ lock = self, name = name, mark = mark, closed = false }, Guard)
  local unfinished <close> = guard -- until it is certain that the caller gets it
  local ok, err = take(guard, ttl, deadline)
  if not ok then
    return nil, err
  end
  local given = setmetatable({ lock = self, name = name, mark = mark, closed = false,
    taken = true }, Guard)
  unfinished.closed = true
  return given
end

return StoreLock
