-- What values of options must be like. A check is check(value) -> the problem in
-- words, or nil; with true as second value when the words name the option already.

local core = require "slack.core"
local near_miss = require "slack.near_miss"

local M = {}

---@alias slack.OptionCheck fun(value: any): string?, boolean?

---@param expected type
---@return slack.OptionCheck
function M.of_type(expected)
  return function(value)
    if type(value) ~= expected then
      return expected .. " expected"
    end
  end
end

---@param least number
---@param most? number
---@return slack.OptionCheck
function M.number_from(least, most)
  local wanted = most and ("a number from %g to %g expected"):format(least, most)
    or ("a number of at least %g expected"):format(least)
  return function(value)
    if type(value) == "string" then
      return wanted .. ", got string"
    elseif type(value) ~= "number" or value ~= value or value < least
      or (most and value > most) then
      return wanted
    end
  end
end

---@param least integer
---@param most? integer
---@return slack.OptionCheck
function M.integer_from(least, most)
  local wanted = most and ("an integer from %d to %d expected"):format(least, most)
    or ("an integer of at least %d expected"):format(least)
  return function(value)
    if type(value) == "string" then
      return wanted .. ", got string"
    elseif math.type(value) ~= "integer" or value < least or (most and value > most) then
      return wanted
    end
  end
end

---Seconds that the client thread can count.
M.seconds = M.number_from(0, 1e8)
---The same as a timeout, which for the client thread is none when it is 0.
M.timeout = M.number_from(0.001, 1e8)

---@param ... string
---@return slack.OptionCheck
function M.one_of(...)
  local allowed, words = {}, {}
  for i, word in ipairs { ... } do
    allowed[word], words[i] = true, ("%q"):format(word)
  end
  local last = table.remove(words)
  local wanted = table.concat(words, ", ") .. " or " .. last .. " expected"
  return function(value)
    if not allowed[value] then
      return wanted .. (type(value) == "string" and near_miss(value, allowed) or "")
    end
  end
end

-- Kinds of token by their prefix; what has no known one is let through.
local TOKEN_KINDS = {
  { "^xoxb%-", "a bot token (xoxb-…)" }, { "^xapp%-", "an app-level token (xapp-…)" },
  { "^xoxp%-", "a user token (xoxp-…)" }, { "^xoxe%-", "a refresh token (xoxe-…)" },
}

---@param expected string
---@param accepted table<string, true> by prefix pattern
---@return slack.OptionCheck
function M.token(expected, accepted)
  return function(value)
    if type(value) ~= "string" then
      return "string expected"
    elseif value == "" then
      return "it is empty"
    elseif value:find "[%s%c]" then
      return "it has spaces or line ends in it"
    end
    for _, kind in ipairs(TOKEN_KINDS) do
      if value:find(kind[1]) and not accepted[kind[1]] then
        return expected .. " expected, this is " .. kind[2]
      end
    end
  end
end

---A console: whether there is one, or the path of its socket.
---@type slack.OptionCheck
function M.console(value)
  if type(value) == "string" then
    return value == "" and "it is empty" or nil
  elseif type(value) ~= "boolean" then
    return "true, false or the path of a socket expected"
  end
end

local one_secret = M.token("a signing secret", {})

---A signing secret, or a list of them while one takes the place of another.
---@type slack.OptionCheck
function M.signing_secret(value)
  if type(value) == "string" then
    return one_secret(value)
  elseif type(value) ~= "table" then
    return "a string or a list of strings expected"
  elseif #value == 0 then
    return "the list is empty"
  end
  for i, secret in ipairs(value) do
    local problem = one_secret(secret)
    if problem then
      return ("option \"signing_secret\": number %d: %s"):format(i, problem), true
    end
  end
end

---@type slack.OptionCheck
function M.url(value)
  if type(value) ~= "string" or not value:find "^https?://[^/%s]+" then
    return "a URL that begins with https:// expected"
  end
end

---@type slack.OptionCheck
function M.directory(value)
  if type(value) ~= "string" then
    return "the path of a directory expected"
  end
  local _, kind = core.stat(value)
  if kind ~= "directory" then
    return ("there is no directory %q"):format(value)
  end
end

---How changes of scripts are noticed.
---@type slack.OptionCheck
function M.watch(value)
  if type(value) ~= "boolean" and value ~= "poll" then
    return 'true, false or "poll" expected'
  end
end

local function is_seconds(value)
  return type(value) == "number" and value > 0 and value <= 86400
end

---What becomes of handlers that keep the Lua thread.
---@type slack.OptionCheck
function M.watchdog(value)
  if value == false or is_seconds(value) then
    return nil
  elseif type(value) ~= "table" then
    return "seconds, { limit =, stop = } or false expected"
  end
  for name, seconds in pairs(value) do
    if name ~= "limit" and name ~= "stop" then
      return ("unknown field %q: limit and stop expected"):format(tostring(name))
    elseif not is_seconds(seconds) then
      return ("%s: seconds expected, got %s"):format(name, tostring(seconds))
    end
  end
  if value.stop and value.stop < (value.limit or 1) then
    return "stop comes after limit"
  end
end

---@type slack.OptionCheck
function M.file(value)
  if type(value) ~= "string" then
    return "the path of a file expected"
  elseif value:find "%c" or value:find("-----BEGIN", 1, true) then -- a key: nothing of it is shown
    return "the path of a file expected, not what is in it"
  end
  local _, kind = core.stat(value)
  if kind ~= "file" then
    return ("there is no file %q"):format(value)
  end
end

---The path of an HTTP request, without a query.
---@type slack.OptionCheck
function M.path(value)
  if type(value) ~= "string" then
    return "a path that begins with / expected"
  elseif not value:find "^/[%w%-._~!$&'()*+,;=:@/]*$" then
    return ("a path that begins with / expected, of characters that need no encoding: %q")
      :format(value)
  elseif value:find "/[:*]" then
    return ("a path without parameters expected: %q"):format(value)
  end
end

---What there is instead, to be put behind the problem: no strings, as one may be a secret.
---@param problem string
---@param value any
---@return string
function M.got(problem, value)
  if type(value) == "string" or not problem:find " expected$" then
    return ""
  end
  return ", got " .. (type(value) == "number" and tostring(value) or type(value))
end

-- "clientId" as it is written here.
local function snake_case(name)
  return (tostring(name):gsub("(%l)(%u)", "%1_%2"):lower())
end

-- What to do about a name that is none of these: it may be a field of one, or that of another
-- library.
local function hint(name, known, other_names)
  local other = other_names and other_names[name]
  if other then
    return "; here it is " .. other
  end
  local here = snake_case(name)
  for outer, option in pairs(known) do
    if option.fields and option.fields[here] then
      return ("; it belongs in %q: %s = { %s = … }"):format(outer, outer, here)
    end
  end
  return near_miss(name, known)
end

---@class slack.Option
---@field check slack.OptionCheck
---@field fields? table<string, slack.Option> of an option that is a table

---The problem with a table of options, with the option's name in it.
---@param values table<any, any>
---@param known table<string, slack.Option>
---@param prefix string before each name
---@param other_names? table<string, string> what other libraries call otherwise: what it is here
---@return string? problem
---@return boolean? is_whole
function M.all(values, known, prefix, other_names)
  for name, value in pairs(values) do
    local option = known[name]
    if not option then
      return ("unknown option %q%s"):format(prefix .. tostring(name), hint(name, known,
        other_names)), true
    end
    local problem, is_whole = option.check(value)
    if is_whole then
      return problem, true
    elseif problem then
      return ("option %q: %s%s"):format(prefix .. name, problem, M.got(problem, value)), true
    end
  end
end

---What is wrong with the last argument of a function, its options.
---@param options any
---@param known table<string, slack.Option>
---@return string? problem
function M.argument(options, known)
  if type(options) ~= "table" then
    return "a table of options expected, got " .. type(options)
  end
  return (M.all(options, known, ""))
end

---@param known table<string, slack.Option>
---@param prefix string
---@return slack.OptionCheck
function M.table_of(known, prefix)
  return function(value)
    if type(value) ~= "table" then
      return "table expected"
    end
    return M.all(value, known, prefix)
  end
end

---A token for the Web API.
M.web_token = M.token("a bot token (xoxb-…)", { ["^xoxb%-"] = true, ["^xoxp%-"] = true })

local LOG_FIELDS = {
  level = { check = M.one_of("debug", "info", "warn", "error", "off") },
  format = { check = M.one_of("text", "json") },
  sink = { check = M.of_type "function" },
  color = { check = M.of_type "boolean" },
  name = { check = M.of_type "string" },
}

local function is_logger(value)
  return type(value) == "table" and type(value.with) == "function"
    and type(value.core) == "function"
end

local check_log_fields = M.table_of(LOG_FIELDS, "log.")

---A level, a table of options of a logger, or a logger.
---@type slack.OptionCheck
function M.log(value)
  if is_logger(value) then
    return nil
  elseif type(value) == "string" then
    return LOG_FIELDS.level.check(value)
  elseif type(value) == "table" then
    return check_log_fields(value)
  end
  return "a level, a table with level, format and sink, or a logger expected"
end

return M
