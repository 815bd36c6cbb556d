-- What becomes of a client's calls: counted, logged, and told to who wants to know.

local http = require "slack.http"
local logs = require "slack.log"

-- Codes that are counted apart; the others are one.
local MOST_CODES = 200
local OTHER = "other"

---@class slack.web_api.Stats
---@field app slack.App|false whose client it is
local Stats = {}
Stats.__index = Stats
Stats.__name = "slack.web_api.stats"

---@param options { log: slack.Logger?, on_wait: function? } of the client
---@return slack.web_api.Stats
function Stats.new(options)
  return setmetatable({
    logger = options.log, on_wait = options.on_wait, app = false, tap = false,
    call_count = 0, failures = {}, code_count = 0,
    retry_count = 0, limit_count = 0, wait_count = 0, seconds = 0.0,
  }, Stats)
end

---@return slack.Logger
function Stats:log()
  return self.logger or logs.default()
end

---The end of a call.
---@param err? slack.Error
function Stats:called(err)
  self.call_count = self.call_count + 1
  if err then
    local failures, code = self.failures, err.code
    if not failures[code] then
      code = self.code_count < MOST_CODES and code or OTHER -- a server says what it likes
      self.code_count = self.code_count + 1
    end
    failures[code] = (failures[code] or 0) + 1
  end
end

---A wait of about so many seconds begins.
---@param method string
---@param seconds number
---@param reason "pacing"|"ratelimited"|"retry"
function Stats:waits(method, seconds, reason)
  local on_wait = self.on_wait
  if on_wait then
    local fine, problem = pcall(on_wait, method, seconds, reason)
    if not fine then
      self:log():error("on_wait: %s", problem)
    end
  end
end

---A wait is over.
---@param seconds number
---@param reason "pacing"|"ratelimited"|"retry"
function Stats:waited(seconds, reason)
  self.wait_count, self.seconds = self.wait_count + 1, self.seconds + seconds
  if self.app then
    self.app.measures:call_waited(seconds, reason)
  end
end

---Slack has answered "too many".
---@param method string
function Stats:limited(method)
  self.limit_count = self.limit_count + 1
  if self.app then
    self.app.measures:call_limited(method)
  end
end

---An attempt follows a failed one.
---@param method string
function Stats:retried(method)
  self.retry_count = self.retry_count + 1
  if self.app then
    self.app.measures:call_retried(method)
  end
end

---@class slack.ClientStats
---@field calls integer that have ended
---@field failures table<string, integer> of these, by the error's code
---@field retries integer attempts after a failed one
---@field rate_limits integer how often Slack has said "too many"
---@field waits integer waits for pacing, pauses and retries
---@field waited number seconds of these in all
---@field waiting integer calls that wait for their turn now
---@field transfers slack.core.http_client_stats of the client thread, which all clients share

---@param waiting integer calls that wait for their turn now
---@return slack.ClientStats
function Stats:read(waiting)
  local failures = {}
  for code, count in pairs(self.failures) do
    failures[code] = count
  end
  return {
    calls = self.call_count, failures = failures, retries = self.retry_count,
    rate_limits = self.limit_count, waits = self.wait_count, waited = self.seconds,
    waiting = waiting, transfers = http.core_client():stats(),
  }
end

return Stats
