-- One wait of a handler for what a person does next, or for one of several such things.
-- A to-be-closed variable of the task that waits, so that nothing is left of it however
-- that ends.

local Waits = require "slack.waits"
local tasks = require "slack.tasks"

---One thing that is waited for. It stands in a place (place.lua).
---@class slack.Wait: slack.Place
---@field c slack.Context of the handler
---@field kind slack.Kind
---@field test fun(wait: slack.Wait, c: slack.Context): integer?, any[]? how near what comes
---  is (place.rank), nil when it is not for this wait; then captures
---@field waiter slack.Waiter gets the context of what came
---@field id? string of its own, by which what comes names it
---@field user? string whose alone it can be
---@field compiled? slack.Compiled tests of what it waits for
---@field filter? function
---@field early? slack.Context[] what may be for it, while that cannot be told yet
---@field held? slack.Context[] what came for it after it was settled
---@field others? slack.Wait[] alternatives of the same wait, itself among them
---@field turn_away? fun(wait: slack.Wait, c: slack.Context): boolean whether it
---  has seen to what came, so that the task is not to have it
---@field asked_ts? string of the question, or what is older than that, until it is known
---@field choices? slack.Choice[]
---@field form? slack.FormConversation
---@field pass? boolean what it gets goes on to others too
---@field race? table of the task that waits (slack.race)
---@field number? integer the newest has the highest
---@field map? table<string, slack.Wait> the chain it is in, under its key
---@field newer? slack.Wait
---@field older? slack.Wait
---@field is_counted? boolean its job has been told that it waits
---@field has_ended? boolean what came has reached the task
local Wait = {}
Wait.__index = Wait
Wait.__name = "slack.wait"

local function current_race()
  local task = tasks.current()
  return task and task.race
end

---@param wait table the fields above that say what for
---@return slack.Wait
function Wait.new(wait)
  wait.waiter, wait.race = tasks.waiter(), current_race()
  Waits.of(wait.c):add(setmetatable(wait, Wait))
  return wait
end

---@param list table[] the same for several things of which one is enough
---@return slack.Wait first
function Wait.any(list)
  local waiter, waits, race = tasks.waiter(), Waits.of(list[1].c), current_race()
  for _, wait in ipairs(list) do
    wait.waiter, wait.others, wait.race = waiter, list, race
    waits:add(setmetatable(wait, Wait))
  end
  return list[1]
end

---Waits until other processes know of it, to which the answer may come: to be called before
---somebody is asked.
---@async
function Wait:await_told()
  local routes = self.c.app.dispatch.wait_routes
  if routes then
    routes:await_told()
  end
end

---A handler is going to wait for a person. People take longer than Slack waits: the answer
---to what it began with is not kept from it meanwhile.
---@param c slack.Context
function Wait.enter(c)
  local job, task = c._job, c.app.dispatch.is_stopping and tasks.current()
  if not c.request.acked then
    c:ack()
  end
  if job then
    job:begin_wait()
  end
  if task then
    task:cancel() -- it may have outlived its job, which would see to that
  end
end

---It waits no more.
---@param c slack.Context
function Wait.leave(c)
  if c._job then
    c._job:end_wait()
  end
end

local function leave(self)
  if self.is_counted then
    self.is_counted = false
    Wait.leave(self.c)
  end
end

---@async
---@param timeout? number seconds; nil: as long as it takes
---@return slack.Context? c of what came; nil, "timeout"
---@return string? why
function Wait:await(timeout)
  local waiter = self.waiter
  self.is_counted = true
  Wait.enter(self.c)
  local came, caught = waiter:await(timeout)
  leave(self)
  self.has_ended = true
  if came then
    return came
  elseif waiter.timed_out then
    return nil, "timeout"
  end
  error(caught.err, 0)
end

-- What came for it too late, or too early to be told, is for others.
local function release(self)
  local others = self.others
  for i = 1, others and #others or 1 do
    local wait = others and others[i] or self
    if wait.held then
      Waits.release(wait.held)
    end
  end
  local early = self.early
  for i = 1, early and #early or 0 do
    Waits.give_back(early[i])
  end
end

function Wait:__close()
  Waits.of(self.c):remove(self)
  leave(self)
  local waiter = self.waiter
  if not self.has_ended and waiter.count == 1 and not waiter.wait.pass then
    Waits.give_back(waiter.value)
  end
  release(self)
end

return Wait
