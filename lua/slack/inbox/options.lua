-- The option `inbox` of slack.app: what of the durable inbox can be chosen, and with what else it,
-- and `role`, go together.

local checks = require "slack.option_checks"
local merged = require "slack.merged"

local DAY = 24 * 3600

local DEFAULTS = {
  durability = "full", attempts = 3, backoff = 5, interactive = false, lease = 30,
  keep_dead = 30 * DAY, max_entries = 1000000,
}

local FIELDS = {
  durability = { check = checks.one_of("full", "normal") },
  attempts = { check = checks.integer_from(1, 1000) },
  backoff = { check = checks.number_from(0.001, DAY) },
  interactive = { check = checks.of_type "boolean" },
  order = { check = function(value)
    return value ~= "channel" and '"channel" expected' or nil
  end },
  lease = { check = checks.number_from(1, 3600) },
  keep_dead = { check = checks.number_from(1, 3650 * DAY) },
  max_entries = { check = checks.integer_from(1, 1000000000) },
}

---How deliveries are kept until they have been handled.
---@class slack.InboxOptions
---@field durability? "full"|"normal" sqlite: what is acked outlives a power cut ("full"), or
---  a crash of the process only ("normal")
---@field attempts? integer how often in all a delivery is handled whose handler raises, 3
---@field backoff? number seconds before the second time, doubled before each further one, 5
---@field interactive? boolean keep commands and interactions, too, until they have been
---  handled; false
---@field order? "channel" the deliveries of a channel are handled one after another
---@field lease? number seconds after which other processes take over what a process has that
---  is no longer heard of, 30
---@field keep_dead? number seconds for which what was given up can be looked at, 30 days
---@field max_entries? integer beyond so many deliveries no more are acked, 1,000,000

local M = {}

local check_table = checks.table_of(FIELDS, "inbox.")

---@type slack.Option
M.option = {
  check = function(value)
    if value == false then
      return nil
    elseif value == true then
      return "it is on where the storage can keep it: leave the option out, or give a table"
    elseif type(value) ~= "table" then
      return "false or a table expected"
    end
    return check_table(value)
  end,
  fields = FIELDS,
}

-- What there is to keep deliveries in: "sqlite", "redis", or neither.
local function backend_of(options)
  local url = options.storage
  local scheme = type(url) == "string" and (url:match "^(%a[%w+.-]*):" or ""):lower()
  if scheme == "sqlite" then
    return "sqlite"
  elseif scheme and scheme:find "^redis" then
    return "redis"
  end
end

local function role_problem(options, given, backend)
  if backend ~= "redis" then
    return 'option "role": receivers and workers have a Redis in common: storage = "redis://HOST"'
  elseif given.inbox == false then
    return 'options "role" and "inbox" = false exclude each other: the inbox is the way from '
      .. "receivers to workers"
  elseif options.transport == "rtm" then
    return 'options "role" and "transport" = "rtm" exclude each other: what comes by RTM is '
      .. "handled where it comes"
  end
end

local function answers_late(given)
  return type(given.http) == "table" and given.http.answer_events == "handled"
end

local function inbox_problem(options, given, backend)
  if not backend then
    return 'option "inbox": deliveries are kept in storage = "sqlite:PATH" or "redis://HOST", '
      .. "and in no other store"
  elseif answers_late(given) then
    return 'options "inbox" and "http.answer_events" = "handled" exclude each other: by the one '
      .. "an event is answered when it is stored, by the other when it has been handled"
  elseif options.transport == "rtm" and not options.signing_secret then
    return 'option "inbox" has no use with transport "rtm": Slack never sends an event of RTM '
      .. "again, acked or not"
  end
end

-- Whether there is one when nothing is said of it.
local function is_on(options, given, backend)
  return backend ~= nil and not answers_late(given) and options.transport ~= "rtm"
end

---Completes `inbox`: a table with all its fields, or false.
---@param options slack.AppOptions checked each; storage and transport are chosen
---@param given table what the program gave
---@return string? problem
function M.complete(options, given)
  local backend = backend_of(options)
  local problem = given.role and role_problem(options, given, backend)
    or type(given.inbox) == "table" and inbox_problem(options, given, backend)
  if problem then
    return problem
  elseif given.inbox == false or not given.inbox and not is_on(options, given, backend) then
    if given.role then
      return 'options "role" and "http.answer_events" = "handled" exclude each other: what a '
        .. "receiver answers, a worker handles later"
    end
    options.inbox = false
    return nil
  end
  options.inbox = merged(DEFAULTS, given.inbox or {})
end

return M
