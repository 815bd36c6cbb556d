-- Warnings when nearly as many handlers run as may: beyond that the app takes
-- nothing more, which from outside looks like a bot that is deaf.

local LogLimit = require "slack.log_limit"

local SHARE = 0.8
local PERIOD = 60 -- seconds between two warnings of one sort

---@class slack.Crowding
---@field threshold integer jobs from which on to call note
local Crowding = {}
Crowding.__index = Crowding
Crowding.__name = "slack.crowding"

---@param app slack.App
---@param limit integer
---@param clock fun(): number
---@return slack.Crowding
function Crowding.new(app, limit, clock)
  return setmetatable({
    app = app, limit = limit, threshold = math.ceil(limit * SHARE),
    warnings = LogLimit.new(clock, PERIOD),
  }, Crowding)
end

local function commonest(jobs)
  local counts, best, most = {}, nil, 0
  for job in pairs(jobs) do
    if not job.beside then
      local found = job.found -- known before the middleware lets it through
      local listener = job.listener or job.c.listener
        or found and not found[2] and found[1]
      local name = listener and tostring(listener) or "middleware"
      counts[name] = (counts[name] or 0) + 1
      if counts[name] > most then
        best, most = name, counts[name]
      end
    end
  end
  return best, most
end

---Says so once in a while.
---@param in_use integer
---@param jobs table<slack.Job, true>
function Crowding:note(in_use, jobs)
  local is_full = in_use >= self.limit
  if not self.warnings:is_due(is_full and "full" or "near") then
    return
  end
  local name, count = commonest(jobs)
  self.app.log:warn("%d of at most %d handlers run%s. %d of them %s %s. "
    .. "The option max_in_flight sets how many may", in_use, self.limit,
    is_full and ": nothing more is taken until one has ended" or "",
    count, count == 1 and "is" or "are", name)
end

return Crowding
