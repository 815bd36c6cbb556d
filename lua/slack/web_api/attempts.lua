-- One call, made until it succeeds, fails for good, or has failed or waited too often: what
-- the Web API and webhooks have in common. Before each attempt it waits for its turn
-- (pacing.lua).

local http = require "slack.http"
local retry = require "slack.retry"
local tasks = require "slack.tasks"

-- Seconds that a "too many" which comes again holds back at least, whatever it says; doubled
-- each time, up to so many.
local SHORTEST_PAUSE, MOST_OF_SHORTEST = 0.5, 5

---What there has to be of a call for it to be repeated.
---@class slack.web_api.Repeated: slack.web_api.Paced
---@field is_repeatable boolean doing it twice does no harm
---@field retries slack.RetryOptions
---@field request slack.HttpRequest

---Who makes calls: a client, a webhook.
---@class slack.web_api.Host
---@field _pacing slack.web_api.Pacing
---@field _stats slack.web_api.Stats

local M = {}

-- What a function has given is not there a second time.
local function can_repeat(call)
  return http.is_repeatable(call.request)
end

local function is_wanted(call, err, failures)
  local policy = call.retries
  if failures > policy.count or not can_repeat(call) then
    return false
  end
  local wanted = policy.on and policy.on(err, failures)
  if wanted == nil then
    return retry.is_worthwhile(err, call.is_repeatable)
  end
  return wanted
end

-- What is not repeated may be there all the same, and who calls again should know.
local function failed_for_good(call, err, failures)
  if not call.is_repeatable and retry.is_open(err) then
    err.message = ("%s; it may have been done all the same%s"):format(err.message,
      failures == 1 and ", and was not repeated" or "")
  end
  return err
end

local function back_off(host, call, err, failures)
  local delay = retry.delay(failures, call.retries)
  if call.waited + delay > call.max_wait then
    return false
  end
  local stats = host._stats
  stats:log():info("%s; trying again in %.1f s", err, delay)
  stats:waits(call.name, delay, "retry")
  tasks.sleep(delay)
  call.waited = call.waited + delay
  stats:waited(delay, "retry")
  stats:retried(call.name)
  return true
end

-- Why a call that Slack has had too many of is not made again; nil when it is.
local function refusal_to_wait(call, seconds)
  local again = ("; Slack takes it again in %g s"):format(seconds)
  if call.waited + seconds > call.max_wait then
    return ("%s, longer than it may wait (max_wait)"):format(again)
  end
  return (call.retries.count == 0 or not can_repeat(call)) and again or nil
end

-- Holds back what Slack has had too many of. Gives whether this call waits as long.
local function pause(host, call, err, limits)
  local seconds = err.retry_after or retry.pause()
  if limits > 1 then
    seconds = math.max(seconds, math.min(SHORTEST_PAUSE * 2 ^ (limits - 2), MOST_OF_SHORTEST))
  end
  local refusal = refusal_to_wait(call, seconds)
  host._stats:limited(call.name)
  host._pacing:pause(call, seconds, not refusal)
  if refusal then
    err.message = err.message .. refusal
  end
  return not refusal
end

---Makes the call: attempt(host, call) gives a true value, or nil and an error.
---@async
---@generic T
---@param host slack.web_api.Host
---@param call slack.web_api.Repeated
---@param attempt fun(host: slack.web_api.Host, call: slack.web_api.Repeated): T?, slack.Error?
---@return T?
---@return slack.Error?
function M.run(host, call, attempt)
  local failures, limits = 0, 0
  while true do
    local err
    do
      local turn <close>, refused = host._pacing:enter(call) -- luacheck: ignore turn (closed)
      if refused then
        return nil, refused
      end
      local result
      result, err = attempt(host, call)
      if result then
        return result
      elseif retry.is_rate_limit(err) then
        limits = limits + 1
        if not pause(host, call, err, limits) then
          return nil, err
        end
        goto continue
      end
    end
    failures = failures + 1
    if not is_wanted(call, err, failures) or not back_off(host, call, err, failures) then
      return nil, failed_for_good(call, err, failures)
    end
    ::continue::
  end
end

return M
