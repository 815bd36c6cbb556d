-- When a failed request may be made again, and after how long.

local M = {}

-- Failures where nothing has reached the server.
local UNSENT = { connection = true, dns = true }
-- Failures that leave open whether the server has done its work.
local UNCERTAIN = {
  timeout = true, interrupted = true, internal_error = true, fatal_error = true,
  service_unavailable = true, request_timeout = true,
}

local FIRST_DELAY = 0.5
local MAX_DELAY = 20

---Whether it was too much for Slack, which says so by status or by word.
---@param err slack.Error
---@return boolean
function M.is_rate_limit(err)
  return err.status == 429 or err.code == "ratelimited" or err.code == "rate_limited"
end

---@param err slack.Error
---@param is_repeatable boolean doing it twice does no harm
---@return boolean
function M.is_worthwhile(err, is_repeatable)
  if UNSENT[err.code] then
    return true
  end
  return is_repeatable and (UNCERTAIN[err.code] or (err.status or 0) >= 500)
end

---Seconds before the attempt after so many failures: doubling, half of it random.
---@param failures integer
---@return number
function M.delay(failures)
  local ceiling = math.min(FIRST_DELAY * 2 ^ (failures - 1), MAX_DELAY)
  return ceiling * (0.5 + math.random() / 2)
end

return M
