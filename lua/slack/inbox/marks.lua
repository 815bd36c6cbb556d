-- What the ends of deliveries leave in the store: their entries are done, failed or given back.
-- What ends in one round of the loop, and while the store is at work, goes there together;
-- while the store is away it is kept and tried again, so that nothing is handled twice that
-- need not be. Only what is in hand can come to stand here, which bounds it.

local LogLimit = require "slack.log_limit"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Ids in one operation, and failures at a time.
local AT_ONCE = 500
-- Seconds before the store is asked again, doubled up to the last.
local RETRY_FIRST, RETRY_LAST = 0.25, 5
local PERIOD = 60 -- seconds between two lines about the same failure

---@class slack.InboxFailure: slack.storage.InboxRequest
---@field on_dead? fun(where: string)
---@field is_told? boolean the store has answered
---@field answer? string|boolean

---@class slack.InboxMarks
---@field ask slack.InboxAsk
---@field on_marked fun(ids: string[], delay: number?) entries are in hand no more; delay:
---  seconds until one that failed is due again, negative: never
---@field ids table<"done"|"back"|"interrupted", string[]>
---@field failures slack.InboxFailure[]
---@field count integer entries whose mark is not in the store yet
local Marks = {}
Marks.__index = Marks
Marks.__name = "slack.inbox.marks"

---@class slack.InboxMarksSettings
---@field ask slack.InboxAsk
---@field log slack.Logger
---@field on_marked fun(ids: string[], delay: number?)

---@param settings slack.InboxMarksSettings
---@return slack.InboxMarks
function Marks.new(settings)
  return setmetatable({
    ask = settings.ask, log = settings.log, on_marked = settings.on_marked,
    warnings = LogLimit.new(loop.now, PERIOD), failures = {},
    ids = { done = {}, back = {}, interrupted = {} },
    count = 0, is_planned = false, task = false, waiters = {},
  }, Marks)
end

-- Writing ----------------------------------------------------------------------------------

-- The first ids of a list, and the rest.
local function take_ids(list)
  if #list <= AT_ONCE then
    return list, {}
  end
  return table.move(list, 1, AT_ONCE, 1, {}), table.move(list, AT_ONCE + 1, #list, 1, {})
end

-- What the store is asked for the ids of a list.
local function operation_of(name, ids)
  local text = table.concat(ids, "\n")
  if name == "interrupted" then
    return "back", { value = text, meta = name }
  end
  return name, { value = text }
end

local function write_ids(self, name)
  while self.ids[name][1] do
    local now, rest = take_ids(self.ids[name])
    self.ids[name] = rest
    local ok, err = self.ask(operation_of(name, now))
    if ok == nil then
      local later = self.ids[name]
      self.ids[name] = table.move(later, 1, #later, #now + 1, now)
      return err
    end
    self.count = self.count - #now
    self.on_marked(now)
  end
end

local function write_failure(self, one, round)
  local answer, err = self.ask("fail", one)
  one.answer, one.is_told, round.err = answer, answer ~= nil, round.err or err
  round.left = round.left - 1
  if round.left == 0 then
    round.waiter:resolve(true)
  end
end

-- The id among the dead need not be the one that it had. What this process no longer had when it
-- gave it up, as its lease had run out, is not dead.
local function tell_of_end(one)
  if one.on_dead and one.answer ~= false then
    local id = one.answer
    one.on_dead("`lua-slack inbox list` shows it" .. (id and " as " .. id or ""))
  end
end

local function forget_told(self)
  local left = {}
  for _, one in ipairs(self.failures) do
    if one.is_told then
      self.count = self.count - 1
      tell_of_end(one)
      self.on_marked({ one.key }, one.by / 1000)
    else
      left[#left + 1] = one
    end
  end
  self.failures = left
end

-- Many at a time, which the store does in one step: one by one they would fall behind a handler
-- that always fails.
local function write_failures(self)
  while self.failures[1] do
    local count = math.min(#self.failures, AT_ONCE)
    local round = { left = count, waiter = tasks.waiter() }
    for i = 1, count do
      tasks.spawn(write_failure, self, self.failures[i], round)
    end
    round.waiter:await()
    forget_told(self)
    if round.err then
      return round.err
    end
  end
end

local function tell(self, err)
  if self.warnings:is_due(tostring(err.code)) then
    self.log:warn("the inbox cannot be told of %d deliveries that have ended, and will be asked "
      .. "again: %s", self.count, err)
  end
end

local function end_waits(self)
  local waiters = self.waiters
  self.waiters = {}
  for _, waiter in ipairs(waiters) do
    waiter:resolve(true)
  end
end

local function run(self)
  local delay = RETRY_FIRST
  while self.count > 0 do
    local err = write_ids(self, "done") or write_ids(self, "back")
      or write_ids(self, "interrupted") or write_failures(self)
    if not err then
      delay = RETRY_FIRST
    elseif err.code == "closed" then
      break
    else
      tell(self, err)
      tasks.sleep(delay)
      delay = math.min(2 * delay, RETRY_LAST)
    end
  end
  self.is_planned, self.task = false, false
  end_waits(self)
end

local function begin(self)
  self.task = tasks.spawn(run, self)
end

local function plan(self)
  self.count = self.count + 1
  if not self.is_planned then
    self.is_planned = true
    loop.defer(begin, self)
  end
end

-- Noting -----------------------------------------------------------------------------------

---It has been handled.
---@param id string
function Marks:done(id)
  local list = self.ids.done
  list[#list + 1] = id
  plan(self)
end

---Others may have it.
---@param id string
---@param is_interrupted boolean its handlers had begun
function Marks:back(id, is_interrupted)
  local list = self.ids[is_interrupted and "interrupted" or "back"]
  list[#list + 1] = id
  plan(self)
end

---Its handling failed.
---@param id string
---@param text string why
---@param delay number seconds until it is due again; negative: it is given up
---@param keeps_attempt? boolean it does not count as an attempt
---@param on_dead? fun(where: string) called once it is among the dead, with where to see it
function Marks:failed(id, text, delay, keeps_attempt, on_dead)
  table.insert(self.failures, {
    key = id, value = text, by = delay < 0 and -1 or math.ceil(delay * 1000),
    meta = keeps_attempt and "keep" or nil, on_dead = on_dead,
  })
  plan(self)
end

-- Ending -----------------------------------------------------------------------------------

---Waits until the store has been told of all, at most so long.
---@async
---@param timeout number seconds
---@return boolean all
function Marks:flush(timeout)
  if self.count > 0 then
    local waiter = tasks.waiter()
    table.insert(self.waiters, waiter)
    waiter:await(timeout)
  end
  return self.count == 0
end

---Tells the store of what is left without waiting for it, and ends.
---@param backend table of the store
---@param now integer milliseconds of the wall clock
function Marks:close(backend, now)
  if self.task then
    self.task:cancel()
  end
  for name, list in pairs(self.ids) do
    self.ids[name] = {}
    if list[1] then
      local operation, request = operation_of(name, list)
      request.now = now
      backend:tell_inbox(operation, request)
    end
  end
  forget_told(self)
  for _, one in ipairs(self.failures) do
    one.now = now
    backend:tell_inbox("fail", one)
    tell_of_end(one)
  end
  self.failures, self.count = {}, 0
  end_waits(self)
end

return Marks
