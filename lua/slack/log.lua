-- The log: lines from Lua and from the C threads, redacted and written in one place.
--
--   2026-11-21 05:13:45.123  INFO   hello/socket_mode  connected  connection=1
--
-- A line of text never pretends to be two: further lines of a message are
-- indented, and control characters are spelled out.

local core = require "slack.core"
local json = require "slack.json"
local loop = require "slack.loop"
local merged = require "slack.merged"
local sorted_keys = require "slack.sorted_keys"

local RANKS = { debug = 1, info = 2, warn = 3, error = 4, off = 5 }
local COLORS = { debug = "\27[2m", info = "", warn = "\27[33m", error = "\27[31m" }
local COLOR_END = "\27[0m"
local KNOWN_OPTIONS = { level = 1, format = 1, sink = 1, name = 1, color = 1 }

---@alias slack.LogLevel "debug"|"info"|"warn"|"error"|"off"

---@class slack.LogRecord
---@field time number seconds since the epoch
---@field level slack.LogLevel
---@field name? string of the app
---@field component? string
---@field message string redacted
---@field fields table<string, any>

---@class slack.LogOptions
---@field level? slack.LogLevel lines below it are not written; "info"
---@field format? "text"|"json" "text"
---@field sink? fun(line: string, record: slack.LogRecord) what to do with a line, which
---  has no "\n"; nil: to stderr
---@field name? string of the app, shown in each line
---@field color? boolean for terminals; when the sink is a terminal

---@class slack.Logger
local Logger = {}
Logger.__index = Logger
Logger.__name = "slack.logger"

local M = {}

-- stderr has no buffer: each argument would be a write of its own, between which
-- those of other processes go (option workers).
local function to_stderr(line)
  io.stderr:write(line .. "\n")
end

-- depth: how many calls above this one the mistake was made.
local function check_level(level, what, depth)
  if not RANKS[level] then
    error(("%s: \"debug\", \"info\", \"warn\", \"error\" or \"off\" expected, got %s")
      :format(what, tostring(level)), depth + 1)
  end
end

local function check_options(options)
  for key in pairs(options) do
    if not KNOWN_OPTIONS[key] then
      error("log: unknown option " .. tostring(key), 3)
    end
  end
  check_level(options.level or "info", "log: level", 3)
  local format = options.format or "text"
  if format ~= "text" and format ~= "json" then
    error("log: format: \"text\" or \"json\" expected, got " .. tostring(format), 3)
  end
  if options.sink ~= nil and type(options.sink) ~= "function" then
    error("log: sink: function expected, got " .. type(options.sink), 3)
  end
end

local function wants_color(options)
  if options.color ~= nil then
    return options.color
  end
  return not options.sink and (os.getenv "NO_COLOR" or "") == "" and core.is_terminal(2)
end

---@param options? slack.LogOptions
---@return slack.Logger
function M.new(options)
  options = options or {}
  check_options(options)
  -- What all loggers made from this one share.
  local root = {
    rank = RANKS[options.level or "info"],
    level = options.level or "info",
    format = options.format or "text",
    sink = options.sink or to_stderr,
    name = options.name,
    color = wants_color(options),
    width = 12, -- of the column of places, which grows as they come
    emitting = setmetatable({}, { __mode = "k" }),
  }
  return setmetatable({ root = root, fields = {} }, Logger)
end

-- Formatting -------------------------------------------------------------------

local function escape_control(c)
  return ("\\x%02x"):format(c:byte())
end

-- Above ASCII: control characters, as terminals take U+009B for ESC [, and what ends lines or
-- turns the direction of what follows, so that a line is seen in another order.
local STEERING <const> = { "\xC2[\x80-\x9F]", "\xE2\x80[\xA8-\xAE]", "\xE2\x81[\xA6-\xA9]" }

local function spell_out(line, format)
  for _, pattern in ipairs(STEERING) do
    line = line:gsub(pattern, function(c) return format:format(utf8.codepoint(c)) end)
  end
  return line
end

local function message_of(format, ...)
  if select("#", ...) == 0 then
    return tostring(format)
  end
  local ok, text = pcall(string.format, format, ...)
  if ok then
    return text
  end
  local parts = table.pack(format, ...) -- a mistake in a log call must not hide what it says
  for i = 1, parts.n do
    parts[i] = tostring(parts[i])
  end
  return table.concat(parts, " ")
end

local function to_json(value)
  local text = json.encode(value) or json.encode(tostring(value))
  return core.redact((text:gsub("\\/", "/")))
end

local function field_text(value)
  if type(value) == "table" and not (getmetatable(value) or {}).__tostring then
    return to_json(value)
  end
  local text = tostring(value)
  if text == "" or text:find("[%s%c\"=]") then
    return (to_json(text))
  end
  return text
end

local function place_of(record)
  if record.name and record.component then
    return record.name .. "/" .. record.component
  end
  return record.name or record.component or "-"
end

local function text_line(root, record)
  local time = os.date("%Y-%m-%d %H:%M:%S", math.floor(record.time))
  local place = place_of(record)
  root.width = math.min(math.max(root.width, #place), 28)
  local parts = { ("%s.%03d  %-5s  %-" .. root.width .. "s  %s"):format(time,
    math.floor(record.time % 1 * 1000), record.level:upper(), place,
    (record.message:gsub("[%c\127]", function(c)
      return c == "\n" and "\n    " or c == "\t" and c or escape_control(c)
    end))) }
  for _, key in ipairs(sorted_keys(record.fields)) do
    parts[#parts + 1] = ("%s=%s"):format(key, field_text(record.fields[key]))
  end
  return spell_out(table.concat(parts, "  "), "\\u{%02x}")
end

local function json_line(record)
  local parts = {}
  local function add(key, value)
    parts[#parts + 1] = to_json(tostring(key)) .. ":" .. to_json(value)
  end
  add("time", os.date("!%Y-%m-%dT%H:%M:%S", math.floor(record.time))
    .. (".%03dZ"):format(math.floor(record.time % 1 * 1000)))
  add("level", record.level)
  if record.name then
    add("app", record.name)
  end
  if record.component then
    add("component", record.component)
  end
  add("message", record.message)
  for _, key in ipairs(sorted_keys(record.fields)) do
    add(key, record.fields[key])
  end
  return spell_out("{" .. table.concat(parts, ",") .. "}", "\\u%04x")
end

local function line_of(root, record)
  if root.format == "json" then
    return json_line(record)
  end
  local line = core.redact(text_line(root, record))
  local color = root.color and COLORS[record.level] or ""
  return color == "" and line or color .. line .. COLOR_END
end

local function failed_sink(root, line, problem)
  if not root.sink_failed then
    root.sink_failed = true
    to_stderr(core.redact("log: the sink failed: " .. tostring(problem)))
  end
  if root.sink ~= to_stderr then
    to_stderr(line)
  end
end

-- A sink that logs would call itself for ever; its own lines go to stderr. By
-- coroutine, because a sink may wait, and others log meanwhile.
local function emit(root, record)
  local line = line_of(root, record)
  local co = coroutine.running()
  if root.emitting[co] then
    return to_stderr(line)
  end
  root.emitting[co] = true
  local ok, problem = pcall(root.sink, line, record)
  root.emitting[co] = nil
  if not ok then
    failed_sink(root, line, problem)
  end
end

local function write(self, level, component, message)
  local root = self.root
  emit(root, {
    time = loop.time(),
    level = level,
    name = root.name,
    component = component,
    message = core.redact(message),
    fields = self.fields,
  })
end

-- Use --------------------------------------------------------------------------

local function check_self(self, name)
  if type(self) ~= "table" then
    error(("log.%s: call it with a colon: log:%s(…)"):format(name, name), 3)
  end
end

---Writes a line; nothing is formatted when the level is below the logger's.
---@param format any with arguments as for string.format; alone it is taken as it is
function Logger:debug(format, ...)
  check_self(self, "debug")
  if self.root.rank <= 1 then
    write(self, "debug", self.component, message_of(format, ...))
  end
end

---@param format any
function Logger:info(format, ...)
  check_self(self, "info")
  if self.root.rank <= 2 then
    write(self, "info", self.component, message_of(format, ...))
  end
end

---@param format any
function Logger:warn(format, ...)
  check_self(self, "warn")
  if self.root.rank <= 3 then
    write(self, "warn", self.component, message_of(format, ...))
  end
end

---@param format any
function Logger:error(format, ...)
  check_self(self, "error")
  if self.root.rank <= 4 then
    write(self, "error", self.component, message_of(format, ...))
  end
end

---Whether lines of that level are written.
---@param level slack.LogLevel
---@return boolean
function Logger:is_enabled(level)
  local rank = RANKS[level]
  if not rank then
    check_level(level, "logger:is_enabled", 2)
  end
  return self.root.rank <= rank
end

---A logger that adds these fields to each of its lines. The field `component`
---is shown as what speaks.
---@param fields table<string, any>
---@return slack.Logger
function Logger:with(fields)
  local all = merged(self.fields, fields)
  all.component = nil
  return setmetatable({
    root = self.root, fields = all, component = fields.component or self.component,
  }, Logger)
end

---@return slack.LogLevel
function Logger:level()
  return self.root.level
end

---Changes the level of this logger, of all that were made from the same one,
---and of the C threads that log to it.
---@param level slack.LogLevel
function Logger:set_level(level)
  check_level(level, "logger:set_level", 2)
  local root = self.root
  root.level, root.rank = level, RANKS[level]
  if root.core_log then
    root.core_log:set_level(level)
  end
end

---Changes the name shown in each line of this logger and of all made from the same one.
---@param name string
function Logger:rename(name)
  check_self(self, "rename")
  self.root.name = name
end

---Where C objects log to, so that their lines come out here.
---@return slack.core.log
function Logger:core()
  local root = self.root
  if not root.core_log then
    local plain = setmetatable({ root = root, fields = {} }, Logger)
    local source = loop.register(function(_, level, component, text)
      if root.rank <= RANKS[level] then
        write(plain, level, component, text)
      end
    end)
    root.core_log = core.log(loop.mailbox(), source, root.level)
  end
  return root.core_log
end

---The logger that an option `log` asks for.
---@param given slack.LogLevel|slack.LogOptions|slack.Logger
---@param name? string of the app
---@return slack.Logger
function M.of(given, name)
  if type(given) == "string" then
    return M.new { level = given, name = name }
  elseif type(given.with) == "function" then
    return given
  end
  return M.new(merged({ name = name }, given))
end

local default

---The logger of what belongs to no app: errors in callbacks and stray tasks.
---@return slack.Logger
function M.default()
  if not default then
    default = M.new()
  end
  return default
end

return M
