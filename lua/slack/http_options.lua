-- The option `http` of slack.app: where the HTTP side listens, which paths are
-- for what, what it puts up with.

local checks = require "slack.option_checks"
local errors = require "slack.errors"
local merged = require "slack.merged"

local DEFAULTS = {
  host = "0.0.0.0", port = 3000, path = "/slack/events", answer_events = "received",
  max_body = 1024 * 1024, max_bodies = 64 * 1024 * 1024, max_head = 16 * 1024,
  head_timeout = 10, body_timeout = 10, idle_timeout = 60,
  max_connections = 1024, max_requests = 1000,
  health = "/health", ready = "/ready", metrics = "/metrics",
}

-- Where Slack's configuration pages say what goes to which URL, and what that is
-- to the receiver.
local PATH_KINDS = {
  events = "event", commands = "command", interactions = "interaction", options = "interaction",
}
local ALL_KINDS = { "event", "command", "interaction" }

local check_port = checks.integer_from(0, 65535)

local PATH_FIELDS = {}
for name in pairs(PATH_KINDS) do
  PATH_FIELDS[name] = { check = checks.path }
end

local function paths(value)
  if type(value) ~= "table" then
    return checks.path(value)
  elseif next(value) == nil then
    return "it has no path: give events, commands, interactions or options"
  end
  return checks.all(value, PATH_FIELDS, "http.path.")
end

local function path_or_false(value)
  if value ~= false then
    return checks.path(value)
  end
end

local TLS_FIELDS = { cert = { check = checks.file }, key = { check = checks.file } }

local function tls(value)
  if type(value) ~= "table" then
    return "a table with cert and key expected"
  end
  for name in pairs(TLS_FIELDS) do
    if value[name] == nil then
      return ('option "http.tls.%s" is missing: the path of a PEM file'):format(name), true
    end
  end
  return checks.all(value, TLS_FIELDS, "http.tls.")
end

local WHOLE_SECONDS = { check = checks.integer_from(1) }
local FIELDS = {
  host = { check = checks.of_type "string" },
  port = { check = check_port },
  path = { check = paths },
  tls = { check = tls },
  answer_events = { check = checks.one_of("received", "handled") },
  max_body = { check = checks.integer_from(1024) },
  max_bodies = { check = checks.integer_from(1024) },
  max_head = { check = checks.integer_from(1024) },
  head_timeout = WHOLE_SECONDS, body_timeout = WHOLE_SECONDS, idle_timeout = WHOLE_SECONDS,
  max_connections = { check = checks.integer_from(1) },
  max_requests = { check = checks.integer_from(1) },
  health = { check = path_or_false },
  ready = { check = path_or_false },
  metrics = { check = path_or_false },
}

---@class slack.HttpOptions
---@field host? string address to listen on, "0.0.0.0"
---@field port? integer 0 for any; PORT in the environment, else 3000
---@field path? string|slack.HttpPaths of Slack's requests, "/slack/events"
---@field tls? { cert: string, key: string } PEM files; watched, and loaded again when they change
---@field answer_events? "received"|"handled" when an event is answered: at once, or when its
---  handlers have finished
---@field max_body? integer bytes, 1 MiB
---@field max_bodies? integer bytes of all requests together that are on their way and not yet
---  known to be Slack's, 64 MiB; at least what one may have
---@field max_head? integer bytes, 16 KiB
---@field head_timeout? integer seconds, 10
---@field body_timeout? integer seconds, 10
---@field idle_timeout? integer seconds, 60
---@field max_connections? integer 1024
---@field max_requests? integer waiting for an answer, 1000
---@field health? string|false path, "/health"
---@field ready? string|false path, "/ready"
---@field metrics? string|false path, "/metrics"

---A path for each kind of request URL; kinds without one are not served.
---@class slack.HttpPaths
---@field events? string
---@field commands? string
---@field interactions? string
---@field options? string option loads; may be that of interactions

local M = {}

---@type slack.Option
M.option = { check = checks.table_of(FIELDS, "http."), fields = FIELDS }

---Whether Slack delivers over HTTP: with RTM only what RTM does not bring, where both a
---secret and the HTTP side are there.
---@param options slack.AppOptions
---@return boolean
function M.receives(options)
  if options.transport == "rtm" then
    return options.http ~= nil and options.signing_secret ~= nil
  end
  return options.transport ~= "socket" and options.transport ~= "none"
end

---Whether there is a connection to Slack by which deliveries come.
---@param options slack.AppOptions
---@return boolean
function M.has_socket(options)
  return options.transport ~= "http" and options.transport ~= "none"
end

---For the receiver: each path with the kinds of deliveries it is for.
---@param path string|slack.HttpPaths
---@return { path: string, kinds: string[] }[]
function M.served_paths(path)
  if type(path) == "string" then
    return { { path = path, kinds = ALL_KINDS } }
  end
  local by_path = {}
  for name, kind in pairs(PATH_KINDS) do
    local at = path[name]
    if at then
      by_path[at] = by_path[at] or {}
      by_path[at][kind] = true
    end
  end
  local list = {}
  for at, set in pairs(by_path) do
    local entry = { path = at, kinds = {} }
    for _, kind in ipairs(ALL_KINDS) do
      entry.kinds[#entry.kinds + 1] = set[kind] and kind or nil
    end
    list[#list + 1] = entry
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

local function port_from_environment()
  local text = os.getenv "PORT"
  if not text or text == "" then
    return nil
  end
  local port = math.tointeger(tonumber(text))
  if check_port(port) then
    return nil, ("environment variable PORT: an integer from 0 to 65535 expected, got %q")
      :format(text)
  end
  return port
end

---With defaults filled in.
---@param given slack.HttpOptions checked
---@return slack.HttpOptions? options
---@return string? problem
function M.complete(given)
  local options = merged(DEFAULTS, given)
  if given.port == nil then
    local port, problem = port_from_environment()
    if problem then
      return nil, problem
    end
    options.port = port or options.port
  end
  return options
end

---Which paths are taken, by which option.
---@param options slack.HttpOptions complete
---@return { option: string, path: string }[]
function M.paths(options)
  local list = {}
  for i, served in ipairs(M.served_paths(options.path)) do
    list[i] = { option = "http.path", path = served.path }
  end
  for _, name in ipairs { "health", "ready", "metrics" } do
    if options[name] then
      list[#list + 1] = { option = "http." .. name, path = options[name] }
    end
  end
  return list
end

---Why nothing can listen there, for who has to do something about it.
---@param message string of the core
---@param code string
---@return slack.Error
function M.cannot_listen(message, code)
  local what_to_do = code == "address_in_use"
    and ": give another port, http.port or PORT in the environment" or ""
  return errors.new { code = code, message = "HTTP: " .. message .. what_to_do }
end

return M
