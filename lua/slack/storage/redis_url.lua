-- URLs of Redis servers:
--
--   redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=…&timeout=…]
--   rediss://…                                             the same over TLS
--   redis+unix://[[USER]:PASSWORD@]/PATH[?database=…&prefix=…&timeout=…]
--
-- No problem quotes more than scheme, port and names of parameters: there may be a
-- password anywhere in the rest.

local near_miss = require "slack.near_miss"

local PORT = 6379
local PREFIX = "lua-slack:"
local MAX_PREFIX = 256
local MAX_DATABASE = 2^31 - 1
local MAX_TIMEOUT = 3600

local M = {}

-- nil where a "%" begins no byte.
local function decoded(text)
  if text:gsub("%%%x%x", ""):find("%", 1, true) then
    return nil
  end
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function integer(text, maximum)
  local number = text:find "^%d+$" and math.tointeger(tonumber(text))
  return number and number <= maximum and number or nil
end

local function read_credentials(settings, text)
  local user, password = text:match "^([^:]*):(.*)$"
  if not user then
    return 'a password stands behind a colon: "redis://:PASSWORD@HOST", '
      .. '"redis://USER:PASSWORD@HOST"'
  end
  user, password = decoded(user), decoded(password)
  if not user or not password then
    return 'user or password: a "%" in them is written "%25"'
  elseif password == "" then
    return "the password is empty"
  elseif (user .. password):find "%z" then
    return "there is a zero byte in user or password"
  end
  settings.user, settings.password = user ~= "" and user or nil, password
end

local function read_host(settings, text)
  if text:find(",", 1, true) then
    return "one server expected: a Redis Cluster or several Sentinels are not spoken to"
  end
  local host, port = text:match "^(%[[%x:.]+%]):?(.*)$"
  if not host then
    host, port = text:match "^([^:]*):?(.*)$"
  end
  if host == "" then
    return 'the host is missing: "redis://localhost"'
  elseif not host:find "^[%w._-]+$" and not host:find "^%[" then
    return 'that host is none; in a password "/" is written "%2F", "?" "%3F", "#" "%23", '
      .. '"@" "%40" and ":" "%3A"'
  end
  settings.host = host
  settings.port = port == "" and PORT or integer(port, 65535)
  if not settings.port or settings.port == 0 then
    return 'the port is no number from 1 to 65535; in a password "/" is written "%2F"'
  end
end

local function read_database(settings, text)
  settings.database = integer(text, MAX_DATABASE)
  return not settings.database and "the database is no number: \"redis://HOST/0\"" or nil
end

local PARAMETERS = {
  database = read_database,
  prefix = function(settings, text)
    settings.prefix = text
    return (#text > MAX_PREFIX or text:find "%z")
      and ("prefix: at most %d bytes expected, none of them 0"):format(MAX_PREFIX) or nil
  end,
  timeout = function(settings, text)
    settings.timeout = tonumber(text)
    return not (settings.timeout and settings.timeout > 0 and settings.timeout <= MAX_TIMEOUT)
      and ("timeout: seconds above 0, at most %d, expected"):format(MAX_TIMEOUT) or nil
  end,
}

local function read_query(settings, query)
  for part in query:gmatch "[^&]+" do
    local name, text = part:match "^([%w_-]+)=(.*)$"
    local read = PARAMETERS[name]
    if not read then
      return ('%s: there are the parameters "database", "prefix" and "timeout"%s'):format(
        name and ("there is no %q"):format(name:sub(1, 20)) or "a parameter has no value",
        name and near_miss(name, PARAMETERS) or "")
    end
    local value = decoded(text)
    local problem = not value and ('%s: a "%%" in it is written "%%25"'):format(name)
      or read(settings, value)
    if problem then
      return problem
    end
  end
end

local function read_path(settings, path)
  local value = decoded(path)
  if not value or value:find "%z" then
    return 'the path: a "%" in it is written "%25"'
  end
  settings.path = value
  return value == "/" and 'the path is missing: "redis+unix:///run/redis.sock"' or nil
end

local function read_place(settings, scheme, authority, path)
  local credentials, host = authority:match "^(.*)@(.*)$"
  local problem = credentials and read_credentials(settings, credentials)
  if problem then
    return problem
  elseif scheme == "redis+unix" then
    return (host or authority) ~= ""
      and 'three slashes begin the path of a socket: "redis+unix:///run/redis.sock"'
      or read_path(settings, path)
  end
  problem = read_host(settings, host or authority)
  if not problem and path ~= "" and path ~= "/" then
    problem = read_database(settings, path:sub(2))
  end
  return problem
end

---What the URL says, for slack.core.redis; or what is wrong with it.
---@param url string
---@return table? settings
---@return string? problem
function M.read(url)
  local scheme, rest = url:match "^([%w+]+):(.*)$"
  scheme = scheme:lower()
  local settings = {
    is_encrypted = scheme == "rediss", prefix = PREFIX, database = 0,
  }
  local place, query = rest:match "^//([^?]*)%??(.*)$"
  if not place then
    return nil, ('two slashes come first: "%s://HOST"'):format(scheme)
  elseif rest:find("#", 1, true) then
    return nil, 'there is a "#": in a password it is written "%23"'
  elseif query:find("@", 1, true) then
    return nil, 'there is an "@" after "?": in a password "?" is written "%3F"'
  end
  local authority, path = place:match "^([^/]*)(.*)$"
  local problem = read_place(settings, scheme, authority, path) or read_query(settings, query)
  if problem then
    return nil, problem
  end
  return settings
end

return M
