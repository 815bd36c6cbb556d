-- How often Slack lets an app call what: calls a minute by method and workspace, and
-- messages a minute by channel. Slack names tiers; the numbers of the special methods are
-- those that its pages and answers show. A minute's worth at once is tolerated.

local methods = require "slack.web_api.methods"
local near_miss = require "slack.near_miss"

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

local OPTIONS = {
  tiers = true, methods = true, per_channel = true, share = true, store = true,
}

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

local function limit_problem(name, value)
  if value == false or is_positive(value) then
    return nil
  elseif type(value) ~= "table" then
    return ("%s: calls a minute, false, or { per_minute =, burst = } expected, got %s"):format(name,
      type(value) == "number" and tostring(value) or type(value))
  end
  for key in pairs(value) do
    if key ~= "per_minute" and key ~= "burst" then
      return ("%s: unknown field '%s'"):format(name, tostring(key))
    end
  end
  if not is_positive(value.per_minute) then
    return name .. ".per_minute: a number above 0 expected"
  elseif value.burst ~= nil and (math.type(value.burst) ~= "integer" or value.burst < 1) then
    return name .. ".burst: an integer of at least 1 expected"
  end
end

local function limits_problem(name, list, is_key)
  if list == nil then
    return nil
  elseif type(list) ~= "table" then
    return ("%s: table expected, got %s"):format(name, type(list))
  end
  for key, value in pairs(list) do
    if not is_key(key) then
      return ("%s: no such one: %s"):format(name, tostring(key))
    end
    local problem = limit_problem(("%s[%q]"):format(name, key), value)
    if problem then
      return problem
    end
  end
end

local function is_tier(key)
  return TIERS[key] ~= nil
end

local function is_method(key)
  return type(key) == "string"
end

---What is wrong with the option `pacing`, or nil.
---@param value any
---@return string?
function M.problem(value)
  if type(value) == "boolean" then
    return nil
  elseif type(value) ~= "table" then
    return "true, false or a table expected, got " .. type(value)
  end
  for name in pairs(value) do
    if not OPTIONS[name] then
      return ("unknown field '%s'%s"):format(tostring(name), near_miss(name, OPTIONS))
    end
  end
  if value.share ~= nil and not (is_positive(value.share) and value.share <= 1) then
    return "share: a number above 0, at most 1, expected"
  elseif value.store ~= nil and (type(value.store) ~= "table" or not value.store.replace) then
    return "store: a store expected, as slack.storage gives it"
  end
  return limits_problem("tiers", value.tiers, is_tier)
    or limits_problem("methods", value.methods, is_method)
    or value.per_channel ~= nil and limit_problem("per_channel", value.per_channel) or nil
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
