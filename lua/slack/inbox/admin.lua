-- What a program can see and do of its inbox, app.inbox: the methods of slack.Inbox for it.
-- `lua-slack inbox` does the same from outside.

local checks = require "slack.option_checks"
local core = require "slack.core"
local json = require "slack.json"
local listing = require "slack.inbox.listing"
local loop = require "slack.loop"
local misuse = require "slack.misuse"
local tasks = require "slack.tasks"

local FOLDER = misuse.folder()
local MOST_LISTED = 100
-- Seconds for which what the store has said holds, for who asks again and again.
local HOLDS_FOR = 2
-- Seconds without a delivery stored before the app counts as not ready.
local PATIENCE = 10

local QUERY = {
  state = { check = checks.one_of("waiting", "taken", "delayed", "dead", "all") },
  limit = { check = checks.integer_from(1) },
}

---@class slack.Inbox
local M = {}

---How the inbox is: what lies in the store, for all its processes, and what this one has done.
---@class slack.InboxStats
---@field waiting? integer entries nobody has; the first six are there once the store was asked
---@field taken? integer in the hands of a process
---@field delayed? integer failed, to be handled again
---@field dead? integer given up
---@field oldest? number age in seconds of the oldest that is neither done nor dead
---@field owners? integer processes that take entries
---@field in_hand integer handed out by this process and not ended
---@field stored integer deliveries that it has stored
---@field known integer redeliveries among what came
---@field unstored integer deliveries that could not be stored, or not in time, and were not acked
---@field retried integer handled again after a failure
---@field taken_over integer handled again after a process had died or was stopped
---@field given_up integer that have become dead
---@field put_seconds number from receipt until stored, added up over those that were

-- Arguments ------------------------------------------------------------------------------

local function check_query(query)
  local problem
  if type(query) ~= "table" then
    problem = "a table with state and limit expected, got " .. type(query)
  else
    problem = checks.all(query, QUERY, "")
  end
  if problem then
    misuse.raise(FOLDER, "inbox:list: " .. problem)
  end
end

local function ids_problem(ids)
  if type(ids) ~= "table" then
    return 'an id, a list of ids, or "all" expected, got ' .. type(ids)
  elseif ids[1] == nil then
    return 'the list of ids is empty; "all" means all that are dead'
  end
  for i, id in ipairs(ids) do
    if type(id) ~= "string" or id == "" then
      return ("number %d of the ids: text expected, got %s"):format(i, type(id))
    end
  end
end

-- One id is a list of one; nil stands for all.
local function check_ids(name, ids)
  if ids == "all" then
    return nil
  elseif type(ids) == "string" and ids ~= "" then
    return { ids }
  end
  local problem = ids_problem(ids)
  if problem then
    misuse.raise(FOLDER, ("inbox:%s: %s"):format(name, problem))
  end
  return ids
end

-- Methods --------------------------------------------------------------------------------

---Entries, the oldest first.
---@async
---@param query? { state?: "waiting"|"taken"|"delayed"|"dead"|"all", limit?: integer } all states
---  and at most 100, unless it says otherwise
---@return slack.InboxEntry[]? entries
---@return slack.Error? err
function M:list(query)
  query = query == nil and {} or query
  check_query(query)
  return listing.list(self.store, {
    state = query.state or "all", limit = query.limit or MOST_LISTED,
  })
end

---Has entries that were given up handled again, as if they had just come.
---@async
---@param ids string|string[] "all" for all that are dead
---@return integer? count how many there were
---@return slack.Error? err
function M:retry(ids)
  local count, err = listing.retry(self.store, check_ids("retry", ids))
  if self.claims then -- else it begins with them
    self.claims:wake()
  end
  return count, err
end

---Drops entries for good: those with these ids, whatever their state, but for what a live process
---has in hand, this one included.
---@async
---@param ids string|string[] "all" for all that are dead
---@return integer? count how many were dropped
---@return slack.Error? err
function M:drop(ids)
  return listing.drop(self.store, check_ids("drop", ids))
end

-- Numbers --------------------------------------------------------------------------------

local function ask_store(self)
  local text, err = self.ask("stats", {})
  if not text then
    return nil, err
  end
  local numbers = json.decode(text)
  numbers.oldest = numbers.oldest / 1000
  self.store_numbers, self.asked_at = numbers, loop.now()
  return true
end

---What this process has counted, and what the store said when it was last asked.
---@return slack.InboxStats
function M:numbers()
  local counts, failures, own = self.counts, self.retries.counts, self:core_stats()
  local numbers = {
    in_hand = self.in_hand, stored = own.stored, known = own.known,
    unstored = own.failed + own.late, retried = counts.retried, taken_over = counts.taken_over,
    given_up = failures.dead, put_seconds = own.latency_sum,
  }
  for name, value in pairs(self.store_numbers or {}) do
    numbers[name] = value
  end
  return numbers
end

---How the inbox is, in the store and in this process.
---@async
---@return slack.InboxStats? numbers
---@return slack.Error? err
function M:stats()
  local ok, err = ask_store(self)
  if not ok then
    return nil, err
  end
  return self:numbers()
end

---Asks the store how it is, unless it is not open yet or that was done a moment ago, for at most
---so long.
---@async
---@param timeout number seconds
function M:refresh(timeout)
  if self.ask and (not self.asked_at or loop.now() - self.asked_at >= HOLDS_FOR) then
    tasks.timeout(timeout, ask_store, self)
  end
end

---Why deliveries are not acked, in words; nil: all is well, or it may pass.
---@return string?
function M:problem()
  local since = self:core_stats().failing_since
  local seconds = since and core.monotonic() - since or 0
  if seconds >= PATIENCE then
    return ("the store has taken no delivery for %.0f s: Slack is not answered, and delivers again")
      :format(seconds)
  end
end

return M
