-- The end of an app that is stopped gracefully, from the first refusal to its close.

local lazy = require "slack.lazy"
local app_peers = lazy "slack.app_peers"
local http = require "slack.http"
local loop = require "slack.loop"
local starting = require "slack.starting"
local tasks = require "slack.tasks"

-- How long the connections get to close after the last ack.
local CLOSE_TIMEOUT = 1
-- Between two looks at what runs and waits.
local STOP_CHECK, SHORT_CHECK = 0.05, 0.01

local M = {}

local function is_finished(self)
  return self.dispatch:is_idle() and self.transports:waiting() == 0
end

-- Whether all has been handled when the time is over.
local function drain(self, ending)
  while self.ending == ending and not is_finished(self) do
    local left = self.stop_at - loop.now()
    if left <= 0 then
      return false
    end
    local gate = tasks.waiter()
    self.stop_gate = gate
    self.dispatch.on_job_end = function() gate:resolve(true) end
    gate:await(math.min(left, STOP_CHECK))
  end
  return true
end

-- Handlers that waited for people are unwound; what their __close variables have sent off
-- gets its time.
local function end_conversations(self)
  local count_new = http.count_new()
  local count = self.dispatch:cancel_waiting()
  if count == 0 then
    return
  end
  self.log:info(count == 1 and "1 handler that waited for a person was ended"
    or "%d handlers that waited for persons were ended", count)
  local ends = math.min(loop.now() + CLOSE_TIMEOUT, self.stop_at)
  repeat
    tasks.sleep(SHORT_CHECK)
  until count_new() == 0 or loop.now() >= ends
end

-- Waits for the end of work(), which would be a pity to lose, as long as the stop may last, and
-- at least for the moment that it usually takes; also a second signal ends that.
local function give_time(self, work, ...)
  local task, least = tasks.spawn(work, ...), loop.now() + CLOSE_TIMEOUT
  repeat
    local left = math.max(self.stop_at, least) - loop.now()
    local ok, result = task:join(math.max(math.min(left, STOP_CHECK), 0))
    if task:is_done() then
      return ok and result
    end
  until left <= 0
  task:cancel()
end

---What was not done when the time was over.
---@class slack.LeftAtStop
---@field handlers integer that were cut off
---@field example? string the name of one of them
---@field deliveries integer that had come and not begun
---@field unmarked integer that have ended, of which the store does not know

local function is_any(left)
  return left.handlers + left.deliveries + left.unmarked > 0
end

local function cut_off(self, left)
  left.deliveries = self.inbox and 0 or self.transports:waiting() -- the inbox tells of its own
  left.handlers, left.example = self.dispatch:cancel_all()
end

-- Lets handlers end, and cuts off those that do not.
local function end_handlers(self, ending)
  end_conversations(self)
  local left = { handlers = 0, deliveries = 0, unmarked = 0 }
  local drained = drain(self, ending)
  if not drained then
    cut_off(self, left)
  end
  if left.handlers > 0 then
    tasks.sleep(0) -- in which they are unwound
  end
  return left, drained
end

-- What has been answered gets out.
local function finish_answers(self, left, drained)
  if self.dispatch.streams then
    self.dispatch.streams:wait_ended(CLOSE_TIMEOUT)
  end
  if drained then
    self.transports:wait_stopped(CLOSE_TIMEOUT)
  elseif left.handlers > 0 and self.http_server then
    self.http_server:wait_finished(CLOSE_TIMEOUT) -- in which clients of routes get their 503
  end
end

-- What would be lost with the process gets into the storage.
local function finish_storage(self, left)
  local shared_dedupe, states, inbox = self.dispatch.shared_dedupe, self.durable_state, self.inbox
  if self.oauth then
    give_time(self, self.oauth.finish, self.oauth, self.settings.shutdown_timeout)
  end
  if shared_dedupe then
    tasks.timeout(CLOSE_TIMEOUT, shared_dedupe.finish, shared_dedupe)
  end
  if states then
    give_time(self, states.save, states)
  end
  if inbox then
    local timeout = math.max(self.stop_at - loop.now(), CLOSE_TIMEOUT)
    left.unmarked = give_time(self, inbox.finish, inbox, timeout) or inbox.marks.count
  end
end

---Waits until all is handled, ends what is not in time, and closes the app.
---@async
---@param self slack.App
---@param ending table self.ending, as long as nobody has closed it meanwhile
---@return slack.LeftAtStop? left nil: all has been handled
function M.finish(self, ending)
  starting.cancel(self)
  self.transports:finish(math.max(self.stop_at - loop.now(), 0))
  if self.peers then
    app_peers.leave(self)
  end
  if self.inbox then
    self.inbox:stop()
  end
  local left, drained
  repeat
    left, drained = end_handlers(self, ending)
    if self.ending ~= ending then
      return nil -- it is closed, and may have been started again
    end
    finish_answers(self, left, drained)
    -- What a thread had acknowledged just before it heard of the stop may have come only now.
  until not drained or self.ending ~= ending or is_finished(self)
  finish_storage(self, left)
  if self.ending == ending then
    self:close()
  end
  return is_any(left) and left or nil
end

---Ends what runs, for want of anybody who waits for its end.
---@param self slack.App
---@return slack.LeftAtStop? left nil: all has been handled
function M.cut_off(self)
  local left = { handlers = 0, deliveries = 0, unmarked = 0 }
  cut_off(self, left)
  return is_any(left) and left or nil
end

local function handlers_text(left)
  local count, example = left.handlers, left.example
  local text = count == 1 and "1 handler had not finished in time and was cut off"
    or ("%d handlers had not finished in time and were cut off"):format(count)
  return example and ("%s: %s%s"):format(text, count > 1 and "among them " or "", example) or text
end

local function deliveries_text(left)
  return left.deliveries == 1 and "1 delivery that had come was not begun"
    or ("%d deliveries that had come were not begun"):format(left.deliveries)
end

local function unmarked_text(left)
  return left.unmarked == 1 and "1 delivery has ended, and could not be marked so in the store"
    or ("%d deliveries have ended, and could not be marked so in the store"):format(left.unmarked)
end

---@param left slack.LeftAtStop
---@return string
function M.text(left)
  local texts = {}
  if left.handlers > 0 then
    table.insert(texts, handlers_text(left))
  end
  if left.deliveries > 0 then
    table.insert(texts, deliveries_text(left))
  end
  if left.unmarked > 0 then
    table.insert(texts, unmarked_text(left))
  end
  return table.concat(texts, "; ")
end

return M
