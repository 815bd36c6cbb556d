-- The ends of deliveries that are kept: the methods of slack.Inbox that whoever ends one calls.
-- Each takes the entry from its request, so that it ends but once.

local finished = require "slack.finished"
local tasks = require "slack.tasks"

---@class slack.Inbox
local M = {}

-- The id of its entry, of which it is rid. One that comes again is to be handled again, unless
-- it has ended well.
local function let_go(self, request, state)
  local entry = request.entry
  request.entry = false
  if entry then
    self.held[entry] = state
  end
  return entry
end

-- What another process has in the inbox is ended there.
local function is_relayed(request, outcome)
  if request.entry and request.relays then
    request:ended(outcome)
    return true
  end
  return false
end

---It needs no handling any more.
---@param request slack.Request
function M:done(request)
  if is_relayed(request) then
    return
  end
  local entry = let_go(self, request, "ended")
  if entry then
    self.marks:done(entry)
  end
end

---It is for others, or for the next start.
---@param request slack.Request
---@param is_interrupted? boolean its handlers had begun
function M:leave(request, is_interrupted)
  if is_relayed(request, "left") then
    return
  end
  local entry = let_go(self, request)
  if entry then
    self.counts.left = self.counts.left + 1
    self.marks:back(entry, is_interrupted == true)
  end
end

---Its handling has failed, or it came to no handler.
---@param c slack.Context
---@param caught? slack.Caught
---@param done? table<string, true> listeners that had finished (finished.lua)
function M:failed(c, caught, done)
  if not is_relayed(c.request, "failed") and c.request.entry then
    local text, delay, on_dead = self.retries:failed(c, caught, done)
    self.marks:failed(let_go(self, c.request), text, delay, false, on_dead)
  end
end

local function overloaded(self, request)
  if request.is_live or request.relays then
    return self:done(request) -- the person was asked to try again
  end
  local text, delay = self.retries:overloaded()
  self.marks:failed(let_go(self, request), text, delay, true)
end

local function unreadable(self, request)
  local text = "its body cannot be read: " .. request.problem
  self.retries.counts.dead = self.retries.counts.dead + 1
  self.marks:failed(let_go(self, request), text, -1, false, function(where)
    self.log:error("a delivery is given up: %s. %s", text, where)
  end)
end

---The last handler of a delivery has ended, or nobody wanted it.
---@param request slack.Request
---@param delivery? slack.Job nil: no handler ran
---@param outcome? "failed"|"overloaded"|string
function M:ended(request, delivery, outcome)
  if not request.entry then
    return
  elseif request.problem then
    unreadable(self, request)
  elseif not delivery then
    self:done(request)
  elseif delivery.c.is_taken then
    return -- a handler that waited for it has it; waits.lua says when that is sure
  elseif delivery.is_cut_off then
    self:leave(request, not delivery.is_unbegun and not delivery.is_admission)
  elseif outcome == "failed" then
    local failures = delivery.failures
    self:failed(delivery.c, delivery.caught or failures and failures[1] or delivery.failure,
      finished.keep(delivery.finished))
  elseif outcome == "overloaded" then
    overloaded(self, request)
  else
    self:done(request)
  end
end

---It is not known whose token serves it.
---@param c slack.Context
---@param err slack.Error
function M:unauthorized(c, err)
  if err.code == "authorization_failed" then
    self:failed(c, { err = err })
  else
    self:done(c.request) -- where the app is not installed it will not be soon
  end
end

local function park(self, entry)
  local ok, err = self.ask("park", { value = entry })
  if ok then
    self.claims:wake()
  else
    self.log:warn("deliveries wait for one whose handler waits for a person: %s", err)
  end
end

---All of its handlers wait for people: others of its order need not wait for it.
---@param request slack.Request
function M:parked(request)
  if self.settings.order and not request.is_parked and not request.relays then
    request.is_parked = true
    tasks.spawn(park, self, request.entry)
  end
end

---Another process has one of its entries now.
---@param id string
function M:moved(id)
  self.held[id] = nil
  self:_marked { id }
end

return M
