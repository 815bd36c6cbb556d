-- Stores: values by key, in memory, in a file or in a server, behind one interface.
--
--   "memory:"        gone with the process
--   "sqlite:PATH"    a file, which several processes may share
--   "redis://HOST"   a server, which several machines may share; redis_url.lua has the rest
--   a table          with the methods of slack.Store: a store of your own

local lazy = require "slack.lazy"
local Store = require "slack.storage.store"
local checks = require "slack.option_checks"
local near_miss = require "slack.near_miss"
local redis_url = lazy "slack.storage.redis_url"

local METHODS = {
  "get", "set", "add", "replace", "delete", "delete_if", "incr", "keys", "scope", "close",
}

local function check_redis(_, url)
  local settings, problem = redis_url.read(url)
  if not settings then
    return nil, problem
  end
  return "slack.storage.redis", url
end

local function lacks_support(what)
  return function()
    return nil, what .. ' is not supported: give the URL of one server, "redis://HOST"'
  end
end

-- What opens a store, by the scheme of its URL: a module and what it is given, the rest
-- after the colon; or nil and the problem.
local BACKENDS = {
  memory = function(rest)
    if rest ~= "" then
      return nil, '"memory:" takes nothing after the colon'
    end
    return "slack.storage.memory"
  end,
  sqlite = function(rest)
    if rest == "" then
      return nil, '"sqlite:PATH": the path is missing'
    elseif rest:find("%z") then
      return nil, '"sqlite:PATH": there is a zero byte in the path'
    elseif rest == ":memory:" then
      return nil, '"memory:" is the store that is in memory'
    elseif rest:find "^//[^/]" then
      return nil, '"sqlite:PATH" has no slashes of its own: "sqlite:/var/lib/bot.db"'
    end
    return "slack.storage.sqlite"
  end,
  redis = check_redis,
  rediss = check_redis,
  ["redis+unix"] = check_redis,
  ["redis-sentinel"] = lacks_support "Redis Sentinel",
  ["redis+sentinel"] = lacks_support "Redis Sentinel",
  ["redis-cluster"] = lacks_support "Redis Cluster",
  ["redis+cluster"] = lacks_support "Redis Cluster",
}

local FORMS = '"memory:", "sqlite:PATH" or "redis://HOST" expected'

local OPTIONS = {
  clock = { check = checks.of_type "function" }, log = { check = checks.of_type "table" },
  synchronous = { check = checks.one_of("full", "normal") },
  busy_timeout = { check = checks.number_from(0, 3600) },
  timeout = { check = checks.number_from(0.001, 3600) },
  ca_file = { check = checks.of_type "string" },
  inbox = { check = checks.of_type "table" },
}

local M = {}

-- The module that serves the URL and what it is given; or the problem.
local function read_url(url)
  local scheme, rest = url:match "^(%a[%w+.-]*):(.*)$"
  local backend = scheme and BACKENDS[scheme:lower()]
  if not backend then
    local shown = scheme and scheme .. ":" or url:find("@", 1, true) and "…" or url:sub(1, 40)
    local hint = scheme and near_miss(scheme, BACKENDS)
      or url ~= "" and ('; did you mean "sqlite:%s"?'):format(shown)
    return nil, ("%s, got %q%s"):format(FORMS, shown, hint or "")
  end
  local module, given = backend(rest, url)
  return module, given or rest
end

local function lacking(object)
  local names = {}
  for _, name in ipairs(METHODS) do
    if type(object[name]) ~= "function" then
      names[#names + 1] = name
    end
  end
  return names
end

---What is wrong with a URL or store object, or nil.
---@param value any
---@return string? problem
function M.check(value)
  if type(value) == "string" then
    local module, problem = read_url(value)
    return not module and problem or nil
  elseif type(value) ~= "table" then
    return ("a URL or a store expected, got %s"):format(type(value))
  end
  local names = lacking(value)
  if #names > 0 then
    return "a store has the methods " .. table.concat(METHODS, ", ") .. "; this one lacks "
      .. table.concat(names, ", ")
  end
end

---@class slack.StorageOptions
---@field clock? fun(): number seconds since the epoch, by which entries expire
---@field log? slack.Logger
---@field synchronous? "full"|"normal" sqlite: "normal" does not sync the disk at each commit;
---  the last ones may be lost with the power, not with the process
---@field busy_timeout? number sqlite: seconds to wait while another process has the file
---  locked, 5
---@field timeout? number redis: seconds that an operation waits for a connection, and then
---  for its answer, 5
---@field ca_file? string rediss: as of slack.app
---@field inbox? slack.storage.InboxSettings sqlite and redis: keeps deliveries, too

---Opens the store that a URL names; a store is given back as it is. A wrong URL
---or an incomplete store raises. Redis is waited for.
---@async
---@param url string|slack.Store
---@param options? slack.StorageOptions
---@return slack.Store?
---@return slack.Error? err what is in the way, with the path or the host
function M.open(url, options)
  options = options or {}
  local problem = M.check(url) or checks.argument(options, OPTIONS)
  if problem then
    error("slack.storage.open: " .. problem, 2)
  elseif type(url) == "table" then
    return url
  end
  local module, given = read_url(url)
  local backend, err = require(module).open(given, options)
  if not backend then
    return nil, err
  end
  return Store.new(backend, options.clock)
end

return M
