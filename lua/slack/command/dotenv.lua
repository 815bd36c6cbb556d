-- Files of environment variables, `.env`: NAME=VALUE a line.
--
--   # a comment                       export NAME=value   # the same as without export
--   NAME=value # a comment            NAME='as it is, ${} and \n, over lines'
--   EMPTY=                            NAME="with \n \t \\ \" \$, over lines"
--
-- Values are never part of an error: most are secrets.

local core = require "slack.core"
local errors = require "slack.errors"

local M = {}

---@class slack.command.Variable
---@field name string
---@field value string
---@field line integer

local ESCAPES = { n = "\n", r = "\r", t = "\t" }
local UNCLOSED = "the quote that begins here is not closed"

local function count_lines(text)
  return select(2, text:gsub("\n", ""))
end

-- Up to the quote's end; where that is.
local function quoted(text, at, quote)
  local from = at + 1
  local stop = from
  while true do
    stop = text:find(quote == '"' and '["\\]' or "'", stop)
    if not stop then
      return nil, UNCLOSED
    elseif text:sub(stop, stop) == quote then
      break
    end
    stop = stop + 2
  end
  local value = text:sub(from, stop - 1)
  if quote == '"' then
    value = value:gsub("\\(.)", function(c) return ESCAPES[c] or c end)
  end
  return value, stop + 1
end

-- The value that begins there, and where the rest of its line does.
local function value_at(text, at)
  local quote = text:match("^[\"']", at)
  if not quote then
    local line = text:match("^[^\n]*", at)
    local comment = line:find "^#" or line:find "%s#"
    local value = line:sub(1, comment and comment - 1 or -1):match "^.*%S" or ""
    return value, at + #line
  end
  local value, stop = quoted(text, at, quote)
  if not value then
    return nil, stop
  end
  local rest = text:match("^[^\n]*", stop)
  if rest:find "%S" and not rest:find "^%s+#" then
    return nil, "nothing but a comment may follow the quote that ends here"
  end
  return value, stop + #rest
end

local function name_at(text, at)
  local line = text:match("^[^\n]*", at)
  local before = line:match "^([^=]*)="
  local name = before and before:match "^%s*([%a_][%w_]*)%s*$"
    or before and before:match "^%s*export%s+([%a_][%w_]*)%s*$"
  if name then
    local start = at + #before + 1
    return name, start + #text:match("^[ \t]*", start)
  elseif not before then
    return nil, "NAME=VALUE expected, or # and a comment"
  end
  return nil, 'a name of letters, digits and "_" expected before the "="'
end

---What a text says.
---@param text string
---@return slack.command.Variable[]? list in their order
---@return string? problem
---@return integer? line of it
function M.parse(text)
  text = text:gsub("^\239\187\191", ""):gsub("\r\n", "\n")
  local list, at, line = {}, 1, 1
  if text:find("\0", 1, true) then
    return nil, "this is no text", 1
  end
  while at <= #text do
    local stop
    if text:find("^[ \t]*#", at) or text:find("^[ \t]*\n", at) or not text:find("%S", at) then
      stop = at + #text:match("^[^\n]*", at)
    else
      local name, start = name_at(text, at)
      local value, ended
      if name then
        value, ended = value_at(text, start)
      end
      if not value then
        return nil, ended or start, line
      end
      table.insert(list, { name = name, value = value, line = line })
      stop = ended
    end
    line = line + count_lines(text:sub(at, stop))
    at = stop + 1
  end
  return list
end

---What a file says.
---@param path string
---@return slack.command.Variable[]? list
---@return slack.Error? err code "missing" when there is none, "dotenv" with file and line
function M.read(path)
  local _, kind = core.stat(path)
  if kind == nil then
    return nil, errors.new { code = "missing", message = ("there is no file %s"):format(path) }
  end
  local file <close>, message = io.open(path, "rb")
  local text = kind ~= "directory" and file and file:read "a"
  if not text then
    return nil, errors.new {
      code = "dotenv", message = ("%s cannot be read%s"):format(path,
        message and ": " .. message:gsub("^.*: ", "") or ""),
    }
  end
  local list, problem, line = M.parse(text)
  if not list then
    return nil, errors.new {
      code = "dotenv", line = line, message = ("%s:%d: %s"):format(path, line, problem),
    }
  end
  return list
end

---Makes them part of this process's environment, but for those that are there already.
---Before anything connects.
---@param list slack.command.Variable[]
function M.apply(list)
  local present, last = {}, {}
  for _, variable in ipairs(list) do
    local name = variable.name
    if present[name] == nil then
      present[name] = os.getenv(name) ~= nil
    end
    last[name] = not present[name] and variable.value or nil
  end
  for name, value in pairs(last) do
    core.set_environment(name, value)
  end
end

return M
