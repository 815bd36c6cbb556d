-- By what deliveries belong together, where each is counted or takes its turn: by the
-- person, the channel, the thread, the workspace, or what a function of the program gives.

local near_miss = require "slack.near_miss"
local value_tests = require "slack.value_tests"

local EXPECTED = '"channel", "user", "thread", "team" or a function expected'

local KEYS = {}

function KEYS.channel(c)
  return c.channel_id
end

function KEYS.user(c)
  return c.user_id
end

function KEYS.team(c)
  return c.team_id or c.enterprise_id
end

-- A message that stands in no thread may be the first of one.
function KEYS.thread(c)
  local ts = c.thread_ts or c.message_ts
  return ts and (c.channel_id or "") .. " " .. ts
end

local M = {}

---@alias slack.DeliveryKey "channel"|"user"|"thread"|"team"|fun(c: slack.Context): any

---@param value any
---@return string? problem in words
function M.check(value)
  if type(value) == "string" and not KEYS[value] then
    return ("unknown key %q%s; %s"):format(value, near_miss(value, KEYS), EXPECTED)
  elseif type(value) ~= "string" and not value_tests.is_callable(value) then
    return EXPECTED .. ", got " .. type(value)
  end
end

---The function that gives the key of a delivery; nil from it: it belongs to no other one.
---@param value slack.DeliveryKey checked
---@return fun(c: slack.Context): any
function M.of(value)
  return KEYS[value] or value
end

return M
