-- What the stores with a storage thread of their own have in common: the calling task
-- waits for the answer, and what several tasks ask for at a time is done together.

local Batch = require "slack.storage.batch"
local errors = require "slack.errors"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Operations under way at a time. More would be a program that never waits.
local MAX_WAITING = 100000

---@class slack.storage.Thread
---@field thread slack.core.storage
---@field is_shared boolean machines may have it in common
local Thread = {}
Thread.__index = Thread
Thread.__name = "slack.storage.thread"

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

---@class slack.storage.InboxSettings
---@field owner string names this process among those which share the inbox
---@field lease? number seconds without a sign of this process until others take its entries, 30
---@field max_entries? integer kept at a time; a put beyond fails with "full", 1,000,000
---@field max_takeovers? integer an entry whose owners died more often is dead, 4
---@field keep_dead? number seconds until dead entries are dropped, 30 days

---The settings, with those of the inbox in options added.
---@param options slack.StorageOptions
---@param settings table
---@return table settings
function Thread.add_inbox(options, settings)
  for name, value in pairs(options.inbox or {}) do
    settings[name] = value
  end
  return settings
end

---@param open fun(settings: table): slack.core.storage?, any, string? of slack.core
---@param settings table for it, besides mailbox and source
---@return slack.storage.Thread?
---@return any result what open gave after it, or a slack.Error
function Thread.new(open, settings)
  local self = setmetatable({
    waiting = {}, waiting_count = 0, is_closed = false, is_shared = false,
  }, Thread)
  self.source = loop.register(receive(self))
  settings.mailbox, settings.source = loop.mailbox(), self.source
  local thread, result, code = open(settings)
  if not thread then
    loop.unregister(self.source)
    return nil, errors.new { code = code, message = result }
  end
  self.thread = thread
  return self, result
end

-- What submit gives is waited for.
local function expect(self, id)
  local waiter = tasks.waiter()
  self.waiting[id] = waiter
  self.waiting_count = self.waiting_count + 1
  return waiter
end

local function ask_by(self, method, ...)
  if self.is_closed then
    return nil, errors.new { code = "closed", message = "the store has been closed" }
  elseif self.waiting_count >= MAX_WAITING then
    local message = ("%d operations of the store are under way already"):format(MAX_WAITING)
    return nil, errors.new { code = "overloaded", message = message }
  end
  local id, message, code = self.thread[method](self.thread, ...)
  if not id then
    return nil, errors.new { code = code, message = message }
  end
  local value, failure, word = expect(self, id):await()
  if failure then
    return nil, errors.new { code = word, message = failure }
  end
  return value
end

local function ask(self, ...)
  return ask_by(self, "submit", ...)
end

function Thread:get(key, now)
  return ask(self, "get", key, now)
end

function Thread:set(key, now, text, expires_at)
  return ask(self, "set", key, now, text, expires_at)
end

function Thread:add(key, now, text, expires_at)
  return ask(self, "add", key, now, text, expires_at)
end

function Thread:replace(key, now, text, expires_at, old_text)
  return ask(self, "replace", key, now, text, expires_at, old_text)
end

function Thread:delete(key, now, old_text)
  return ask(self, "delete", key, now, nil, nil, old_text)
end

function Thread:incr(key, now, by, expires_at)
  return ask(self, "incr", key, now, by, expires_at)
end

function Thread:keys(prefix, now)
  return ask(self, "keys", prefix, now)
end

---@class slack.storage.InboxRequest what an operation needs of it; src/storage_job.h has the rest
---@field now integer milliseconds of the wall clock
---@field key? string put: of the delivery; fail, move: an id; list: a state; send: an owner
---@field value? string put, send: the body; park, done, back, retry, drop: ids, one a line, or
---  "" for all; fail: the error in words; list: the id after which; move: an owner
---@field meta? string put, send: JSON text; back: the reason that the next claim gives; fail:
---  "keep" when it does not count as an attempt
---@field order? string put: entries of the same text are handed out in turn
---@field take? boolean put: this process takes it at once, if nobody has to come before
---@field expires_at? integer put: until then at least the key is remembered
---@field limit? integer claim, list: entries at most
---@field wait? number claim: seconds that a store which can wait for an entry does
---@field by? integer fail: milliseconds until it is due again; negative: it is dead
---@field operation? string set here

---One operation of the inbox. A store that was opened without an owner has those of people:
---list, retry, drop, stats and owners; the others are the error "unsupported".
---
---    put             -> the id of what was taken | true: kept | false: the key is known
---    claim           -> list, of each entry in turn: id, key, meta, body, attempts, reason
---    done, park      -> true            back, retry, drop  -> how many
---    fail            -> boolean         stats              -> JSON text
---    send, move      -> boolean         owners             -> list of names
---    list            -> list, of each entry in turn: id, state, meta, body, attempts, error,
---                       received, due
---@async
---@param operation string
---@param request slack.storage.InboxRequest
---@return string|boolean|integer|string[]|nil
---@return slack.Error? err
function Thread:inbox(operation, request)
  request.operation = operation
  return ask_by(self, "submit_inbox", request)
end

function Thread:scan(prefix, now, count, cursor)
  local list, err = ask(self, "scan", prefix, now, count, nil, cursor or "")
  if not list then
    return nil, err
  end
  local next_cursor = table.remove(list)
  return list, next_cursor ~= "" and next_cursor or nil
end

function Thread:batch(steps, now)
  local texts, err = ask(self, "batch", "", now, Batch.packed(steps))
  if not texts then
    return nil, err
  end
  return Batch.results(steps, texts)
end

---The same without waiting for the answer, which nobody gets: it is done before the store
---is closed.
---@param operation string
---@param request slack.storage.InboxRequest
function Thread:tell_inbox(operation, request)
  request.operation = operation
  local id = not self.is_closed and self.thread:submit_inbox(request)
  if id then
    expect(self, id)
  end
end

---What the server says of itself; of Redis alone, else the error "unsupported".
---@async
---@return string? text of lines NAME:VALUE
---@return slack.Error? err
function Thread:info()
  return ask(self, "info", "", 0)
end

---What the thread has done so far.
---@return { jobs: integer, batches: integer, commits: integer }
function Thread:stats()
  return self.is_closed and self.last_stats or self.thread:stats()
end

function Thread:close()
  if not self.is_closed then
    self.is_closed = true
    self.last_stats = self.thread:stats()
    self.thread:close()
    let_go(self)
  end
end

return Thread
