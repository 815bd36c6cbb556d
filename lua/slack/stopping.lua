-- The end of an app that is stopped gracefully, from the first refusal to its close.

local http = require "slack.http"
local loop = require "slack.loop"
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
local function drain(self)
  while not is_finished(self) do
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

---Waits until all is handled, ends what is not in time, and closes the app.
---@async
---@param self slack.App
---@return integer count of handlers that were cut off
---@return string? example the name of one of them
function M.finish(self)
  if self.start_task then
    self.start_task:cancel()
  end
  self.transports:finish(math.max(self.stop_at - loop.now(), 0))
  end_conversations(self)
  local drained = drain(self)
  local cut_off, example = 0, nil
  if not drained then
    cut_off, example = self.dispatch:cancel_all()
  end
  if cut_off > 0 then
    tasks.sleep(0) -- in which they are unwound
  end
  if self.dispatch.streams then
    self.dispatch.streams:wait_ended(CLOSE_TIMEOUT)
  end
  if drained then
    self.transports:wait_stopped(CLOSE_TIMEOUT)
  elseif cut_off > 0 and self.http_server then
    self.http_server:wait_finished(CLOSE_TIMEOUT) -- in which clients of routes get their 503
  end
  if self.oauth then
    self.oauth:finish(math.max(self.stop_at - loop.now(), CLOSE_TIMEOUT))
  end
  self:close()
  return cut_off, example
end

---@param count integer
---@param example? string
---@return string
function M.cut_off_text(count, example)
  local text = count == 1 and "1 handler had not finished in time and was cut off"
    or ("%d handlers had not finished in time and were cut off"):format(count)
  return example and ("%s: %s%s"):format(text, count > 1 and "among them " or "", example) or text
end

return M
