-- How often Slack lets an app call what: calls a minute by method and workspace, and
-- messages a minute by channel. Slack names tiers; the numbers of the special methods are
-- those that its pages and answers show. A minute's worth at once is tolerated.

local checks = require "slack.option_checks"
local methods = require "slack.web_api.methods"

-- By tier. The first one's methods are called seldom, and then a few together.
local TIERS = { { 1, 5 }, { 20, 20 }, { 50, 50 }, { 100, 100 } }
-- What has no tier, or less than its tier.
local SPECIAL = {
  ["assistant.threads.setStatus"] = { 600, 600 }, ["auth.test"] = { 600, 600 },
  ["chat.getPermalink"] = { 600, 600 }, ["chat.postMessage"] = { 300, 300 },
  ["users.profile.set"] = { 30, 30 },
}
-- What posts, and so counts by channel as well: by the argument that has it. One message a
-- second; more is tolerated in a short burst.
local POSTING = {
  ["assistant.threads.setStatus"] = "channel_id", ["chat.meMessage"] = "channel",
  ["chat.postEphemeral"] = "channel", ["chat.postMessage"] = "channel",
}
local PER_CHANNEL = { 60, 10 }
-- What is no method: posts to URLs of hooks.slack.com by their kind, and requests to REST
-- interfaces, which count for a whole organization.
local OTHERS = {
  ["incoming webhook"] = { 60, 10 }, ["workflow webhook"] = { 10, 10 },
  ["audit_logs.logs"] = { 50, 50 },
}
for _, kind in ipairs { "users", "groups" } do
  OTHERS[("scim.%s.get"):format(kind)] = { 300, 300 }
  for _, action in ipairs { "create", "patch", "replace", "delete" } do
    OTHERS[("scim.%s.%s"):format(kind, action)] = { 180, 20 }
  end
end

local M = { POSTING = POSTING }

---@class slack.PacingOptions
---@field tiers? table<integer, slack.CallLimit> calls a minute, by tier
---@field methods? table<string, slack.CallLimit> calls a minute, by method
---@field per_channel? slack.CallLimit messages a minute, by channel; 60, of which 10 at once
---@field share? number of Slack's limits that are this process', 1
---@field store? slack.Store in which processes share what is used up

---@alias slack.CallLimit number|false|{ per_minute: number, burst: integer? } false: none

local function is_positive(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

local LIMIT = {
  per_minute = {
    check = function(value)
      return not is_positive(value) and "a number above 0 expected" or nil
    end,
  },
  burst = { check = checks.integer_from(1) },
}

local function check_limit(name, value)
  if value == false or is_positive(value) then
    return nil
  elseif type(value) ~= "table" then
    local problem = "calls a minute, false, or { per_minute =, burst = } expected"
    return ("option %q: %s%s"):format(name, problem, checks.got(problem, value)), true
  elseif value.per_minute == nil then
    return ("option %q is missing"):format(name .. ".per_minute"), true
  end
  return checks.all(value, LIMIT, name .. ".")
end

local function limits_check(name, is_key, keys)
  return function(list)
    if type(list) ~= "table" then
      return "table expected"
    end
    for key, value in pairs(list) do
      local full_name = ("%s.%s"):format(name, key)
      if not is_key(key) then
        return ("unknown option %q; there are %s"):format(full_name, keys), true
      end
      local problem, is_whole = check_limit(full_name, value)
      if problem then
        return problem, is_whole
      end
    end
  end
end

local function is_tier(key)
  return TIERS[key] ~= nil
end

local function is_method(key)
  return type(key) == "string"
end

local function check_share(value)
  return not (is_positive(value) and value <= 1) and "a number above 0, at most 1, expected" or nil
end

local function check_store(value)
  return (type(value) ~= "table" or not value.replace)
    and "a store expected, as slack.storage gives it" or nil
end

---The check of the option `pacing`, or of another one that is like it.
---@param name string of the option
---@return slack.OptionCheck
function M.check(name)
  local check_fields = checks.table_of({
    tiers = { check = limits_check(name .. ".tiers", is_tier, "the tiers 1 to 4") },
    methods = { check = limits_check(name .. ".methods", is_method, "names of methods") },
    per_channel = { check = function(value) return check_limit(name .. ".per_channel", value) end },
    share = { check = check_share }, store = { check = check_store },
  }, name .. ".")
  return function(value)
    if type(value) == "table" then
      return check_fields(value)
    elseif type(value) ~= "boolean" then
      return "true, false or a table expected" .. (type(value) == "string" and ", got string" or "")
    end
  end
end

-- Seconds between calls, and how far ahead of that pace a burst may be.
local function pace(per_minute, burst, share)
  local interval = 60 / (per_minute * share)
  return { interval = interval, slack = (math.max(burst * share // 1, 1) - 1) * interval }
end

-- given: the option's, if it says something about it; usual: ours.
local function choose(given, usual, share)
  if given == nil then
    return usual and pace(usual[1], usual[2], share) or false
  elseif given == false then
    return false
  elseif type(given) == "number" then
    return pace(given, math.max(given // 1, 1), share)
  end
  return pace(given.per_minute, given.burst or math.max(given.per_minute // 1, 1), share)
end

---@class slack.web_api.Limits
---@field by_method table<string, slack.web_api.Pace|false>
---@field per_channel slack.web_api.Pace|false
local Limits = {}
Limits.__index = Limits

---@class slack.web_api.Pace
---@field interval number seconds
---@field slack number seconds

---@param options? slack.PacingOptions
---@return slack.web_api.Limits
function M.new(options)
  options = options or {}
  local share = options.share or 1
  return setmetatable({
    options = options, share = share, by_method = {},
    per_channel = choose(options.per_channel, PER_CHANNEL, share),
  }, Limits)
end

---How often a method may be called, or false when no limit is known.
---@param name string
---@return slack.web_api.Pace|false
function Limits:of(name)
  local found = self.by_method[name]
  if found == nil then
    local method = methods.find(name)
    local tier = method and method.tier
    local given = (self.options.methods or {})[name]
    if given == nil and not SPECIAL[name] then
      given = (self.options.tiers or {})[tier]
    end
    found = choose(given, SPECIAL[name] or OTHERS[name] or TIERS[tier], self.share)
    if method or given ~= nil or OTHERS[name] then -- other names are as many as anyone makes up
      self.by_method[name] = found
    end
  end
  return found
end

return M
