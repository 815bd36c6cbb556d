-- When a failed request may be made again, and after how long.
--
-- What may have reached Slack is repeated only where doing it twice does no harm. No method
-- takes a key of the caller's by which Slack would know a write again, so no other write is.

local checks = require "slack.option_checks"

local M = {}

-- Failures where nothing has reached the server.
local UNSENT = { connection = true, dns = true }
-- Failures that leave open whether the server has done its work.
local UNCERTAIN = {
  timeout = true, interrupted = true, internal_error = true, fatal_error = true,
  service_unavailable = true, request_timeout = true, team_added_to_org = true,
}
-- Those after which it is likely.
local HALF_DONE = { timeout = true, interrupted = true, internal_error = true, fatal_error = true }

local USUAL = { count = 5, first_delay = 0.5, max_delay = 20 }
-- Seconds that a "too many" holds back which does not say how long.
local DEFAULT_PAUSE = 30
-- Whatever a server says.
local LONGEST_PAUSE = 86400

---@class slack.RetryOptions
---@field count? integer attempts after the first; 429 is not counted; 5
---@field first_delay? number seconds, 0.5; doubled each time, half of it random
---@field max_delay? number seconds, 20
---@field on? fun(err: slack.Error, failures: integer): boolean? asked after each failure but
---  429 whether to try again; nil: as usual

local check_fields = checks.table_of({
  count = { check = checks.integer_from(0) }, first_delay = { check = checks.seconds },
  max_delay = { check = checks.seconds }, on = { check = checks.of_type "function" },
}, "retries.")

---The check of the option `retries`.
---@type slack.OptionCheck
function M.problem(value)
  if type(value) == "table" then
    return check_fields(value)
  elseif math.type(value) ~= "integer" or value < 0 then
    return "an integer of at least 0, or a table, expected"
      .. (type(value) == "string" and ", got string" or "")
  end
end

---The option with its defaults.
---@param value? integer|slack.RetryOptions
---@param usual? slack.RetryOptions
---@return slack.RetryOptions
function M.policy(value, usual)
  local given = type(value) == "table" and value or { count = value }
  usual = usual or USUAL
  return {
    count = given.count or usual.count, on = given.on or usual.on,
    first_delay = given.first_delay or usual.first_delay,
    max_delay = given.max_delay or usual.max_delay,
  }
end

---Whether it was too much for Slack, which says so by status or by word.
---@param err slack.Error
---@return boolean
function M.is_rate_limit(err)
  return err.status == 429 or err.code == "ratelimited" or err.code == "rate_limited"
end

---The seconds of a Retry-After header; ours if it is missing or no such number.
---@param header? string
---@return number
function M.pause(header)
  local digits = header and header:match "^%s*(%d[%d.]*)%s*$"
  return math.min(tonumber(digits) or DEFAULT_PAUSE, LONGEST_PAUSE)
end

---What an answer says of how long to wait is put into its error, if that is a "too many".
---@param err slack.Error
---@param response slack.Response
---@return slack.Error err
function M.with_pause(err, response)
  if M.is_rate_limit(err) then
    err.retry_after = M.pause(response:header "retry-after")
  end
  return err
end

local function is_unsent(err)
  local cause = err.cause -- where the error was put into other words
  local is_answered = err.status ~= nil -- by a server, whose words may be the same as ours
  return not is_answered and UNSENT[err.code] or err.is_unsent
    or type(cause) == "table" and cause.is_unsent
end

---@param err slack.Error
---@param is_repeatable boolean doing it twice does no harm
---@return boolean
function M.is_worthwhile(err, is_repeatable)
  return is_unsent(err)
    or is_repeatable and (UNCERTAIN[err.code] or (err.status or 0) >= 500)
end

---Whether it may have been done all the same.
---@param err slack.Error
---@return boolean
function M.is_open(err)
  return not is_unsent(err) and (HALF_DONE[err.code] or (err.status or 0) >= 500)
end

---Seconds before the attempt after so many failures: doubling, half of it random.
---@param failures integer
---@param policy? slack.RetryOptions
---@return number
function M.delay(failures, policy)
  policy = policy or USUAL
  local ceiling = math.min(policy.first_delay * 2 ^ (failures - 1), policy.max_delay)
  return ceiling * (0.5 + math.random() / 2)
end

return M
