-- The end of the inbox of an app that stops, or is closed: methods of slack.Inbox.

local core = require "slack.core"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

-- Seconds that the store has for the last marks.
local LAST_MARKS = 5
local LEAST_FOR_BACK = 0.1

---@class slack.Inbox
local M = {}

-- Handlers that wait for their turn have not begun.
local function leave_queued(self)
  local queued = {}
  for job in pairs(self.app.dispatch.jobs) do
    if job.beside == "queued" and not job.delivery.several and job.c.request.entry then
      queued[#queued + 1] = job
    end
  end
  for _, job in ipairs(queued) do
    job.delivery.is_unbegun = true
    job:cancel()
  end
end

---Takes nothing more: what no handler has begun with is for others at once. Other processes
---are still heard, as handlers that run may need what they have to say.
function M:stop()
  self.is_stopping = true
  local relays = self.app.relays
  if self.claims and not (relays and relays:are_waiting()) then
    self.claims:stop()
  end
  leave_queued(self)
end

-- A claim that the store has yet to answer is answered when its connection closes.
local function end_claims(self, timeout)
  if not self.claims then
    return
  end
  self.claims:stop()
  if self.reader then
    self.reader:close()
  end
  self.claims:wait_stopped(timeout)
end

-- Handlers that wait for the stop itself have ended as far as anybody can tell: handled again,
-- they would stop the app again.
local function end_excused(self)
  for job in pairs(self.app.dispatch.jobs) do
    if job.beside == "excused" then
      self:done(job.delivery.c.request)
    end
  end
end

local function tell_left(self, count)
  if count > 0 then
    self.log:info("%s left for %s", count == 1 and "1 delivery is" or count .. " deliveries are",
      self.reader and "other processes, or the next start" or "the next start")
  end
end

---Tells the store of the last ends, and gives back what is left.
---@async
---@param timeout number seconds for the store
---@return integer count of deliveries of whose end the store does not know
function M:finish(timeout)
  local ends = loop.now() + math.min(timeout, LAST_MARKS)
  self:_close_core()
  end_claims(self, ends - loop.now())
  end_excused(self)
  if not self.marks:flush(math.max(ends - loop.now(), 0)) then
    self.log:warn("the store was not told in time of %d deliveries that have ended: they are "
      .. "handled again, with what is left, after %g s", self.marks.count, self.settings.lease)
    return self.marks.count
  end
  local count, err = tasks.timeout(math.max(ends - loop.now(), LEAST_FOR_BACK), self.ask, "back",
    { value = "" })
  self.is_given_back = count ~= nil
  if count then
    tell_left(self, self.counts.left + count)
  else
    self.log:warn("what is left could not be given back, and is taken over after %g s: %s",
      self.settings.lease, err)
  end
  return 0
end

---Ends at once. The store is still open, and sees to what it is told here.
function M:close()
  local now = math.floor(core.time() * 1000)
  self.is_stopping = true
  if self.claims then
    self.claims:close()
  end
  if self.reader then
    self.reader:close()
  end
  self:_close_core()
  if self.marks then
    self.marks:close(self.store.backend, now)
    if not self.is_given_back then
      self.store.backend:tell_inbox("back", { value = "", now = now })
    end
  end
  if self.source then
    loop.unregister(self.source)
  end
end

return M
