-- Reads the part of YAML in which manifests are written: maps and lists in blocks or in one
-- line, texts with and without quotes, texts over several lines, comments. What is not among
-- that (anchors, tags, several documents) is refused with its line.

local json = require "slack.json"

local M = {}

local ESCAPES = {
  n = "\n", t = "\t", r = "\r", ["0"] = "\0", e = "\27", ["/"] = "/", b = "\b", f = "\f", a = "\a",
  v = "\v",
}
-- Deeper than any manifest.
local MAX_DEPTH = 100
-- In characters; what is longer is a text.
local LONGEST_NUMBER = 400
local WORDS = { ["true"] = true, ["false"] = false, null = json.null, ["~"] = json.null }

local Reader = {}
Reader.__index = Reader

function Reader:fail(text, line)
  error({ problem = ("line %d: %s"):format(line or self.at, text) }, 0)
end

-- Scalars ------------------------------------------------------------------------------

local function word_value(text)
  if WORDS[text:lower()] ~= nil then
    return WORDS[text:lower()]
  elseif #text > LONGEST_NUMBER then
    return text
  elseif text:find "^[-+]?%d+$" then
    return math.tointeger(tonumber(text)) or text
  elseif text:find "^[-+]?%d+%.%d+$" or text:find "^[-+]?%d+%.?%d*[eE][-+]?%d+$" then
    local number = tonumber(text)
    return math.abs(number) < math.huge and number or text
  elseif text == "" then
    return json.null
  end
  return text
end

-- The character of \uXXXX, or of two such halves of one, and where the text goes on; as in our
-- JSON the half of one is U+FFFD.
local function unicode_at(text, at)
  local code = tonumber(text:match("^u(%x%x%x%x)", at), 16)
  local low = tonumber(text:match("^\\u([dD][c-fC-F]%x%x)", at + 5) or "", 16)
  if code >= 0xD800 and code < 0xDC00 and low then
    return utf8.char(0x10000 + ((code & 0x3FF) << 10 | low & 0x3FF)), at + 11
  end
  return code >= 0xD800 and code < 0xE000 and "\u{FFFD}" or utf8.char(code), at + 5
end

local function unescape(text)
  local parts, from = {}, 1
  local slash = text:find("\\", 1, true)
  while slash do
    parts[#parts + 1] = text:sub(from, slash - 1)
    local char = text:sub(slash + 1, slash + 1)
    if text:find("^u%x%x%x%x", slash + 1) then
      parts[#parts + 1], from = unicode_at(text, slash + 1)
    else
      parts[#parts + 1], from = ESCAPES[char] or char, slash + 2
    end
    slash = text:find("\\", from, true)
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

-- A text in quotes that begins here, and what comes behind it.
function Reader:quoted(text, at)
  local quote, start = text:sub(at, at), at + 1
  at = start
  while at <= #text do
    local char = text:sub(at, at)
    if quote == '"' and char == "\\" then
      at = at + 1
    elseif char == quote and quote == "'" and text:sub(at + 1, at + 1) == "'" then
      at = at + 1
    elseif char == quote then
      local inner = text:sub(start, at - 1)
      return quote == '"' and unescape(inner) or inner:gsub("''", "'"), at + 1
    end
    at = at + 1
  end
  self:fail("the quote is not closed in its line")
end

local function without_blanks_behind(text)
  return text:match "^.*%S" or ""
end

-- Without the comment behind it.
local function without_comment(text)
  local at = 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "#" and (at == 1 or text:find("^%s", at - 1)) then
      return without_blanks_behind(text:sub(1, at - 1))
    elseif (char == '"' or char == "'") and (at == 1 or text:find("^[%s%[{,:-]", at - 1)) then
      local close = at + 1
      while close <= #text and text:sub(close, close) ~= char do
        close = close + (char == '"' and text:sub(close, close) == "\\" and 2 or 1)
      end
      at = close
    end
    at = at + 1
  end
  return without_blanks_behind(text)
end

-- In one line ----------------------------------------------------------------------------

local function skip_spaces(text, at)
  return text:match("^%s*()", at)
end

-- Where the next item of a list or map begins, or what closes it stands.
function Reader:flow_next(text, at, kind, close)
  at = skip_spaces(text, at)
  if text:sub(at, at) == "," then
    return skip_spaces(text, at + 1)
  elseif text:sub(at, at) ~= close then
    self:fail(("the %s is not closed in its line by a %s"):format(kind, close))
  end
  return at
end

-- One level deeper, until what is given back is closed.
function Reader:enter()
  self.depth = self.depth + 1
  if self.depth > MAX_DEPTH then
    self:fail(("nested more than %d levels deep"):format(MAX_DEPTH))
  end
  return self.leaving
end

function Reader:flow_list(text, at)
  local _ <close> = self:enter()
  local list = json.list()
  at = skip_spaces(text, at + 1)
  while text:sub(at, at) ~= "]" do
    list[#list + 1], at = self:flow(text, at)
    at = self:flow_next(text, at, "list", "]")
  end
  return list, at + 1
end

function Reader:flow_map(text, at)
  local _ <close> = self:enter()
  local map = {}
  at = skip_spaces(text, at + 1)
  while text:sub(at, at) ~= "}" do
    local key
    key, at = self:flow(text, at, true)
    at = skip_spaces(text, at)
    if text:sub(at, at) ~= ":" then
      self:fail "a key with a : expected between { and }"
    end
    map[tostring(key)], at = self:flow(text, skip_spaces(text, at + 1))
    at = self:flow_next(text, at, "map", "}")
  end
  return map, at + 1
end

function Reader:flow(text, at, is_key)
  local char = text:sub(at, at)
  if char == "[" then
    return self:flow_list(text, at)
  elseif char == "{" then
    return self:flow_map(text, at)
  elseif char == '"' or char == "'" then
    return self:quoted(text, at)
  end
  local word = text:match(is_key and "^[^,%]}:]*" or "^[^,%]}]*", at)
  if word == "" then
    self:fail "a value expected"
  end
  local trimmed = without_blanks_behind(word)
  return is_key and trimmed or word_value(trimmed), at + #word
end

function Reader:value(text)
  local first = text:sub(1, 1)
  if first:find "[&*!%%@`]" then
    self:fail(("%s is not understood here: put the text in quotes"):format(first))
  elseif not first:find "[%[{\"']" then
    return word_value(text)
  end
  local value, after = self:flow(text, 1)
  if after <= #text then
    self:fail(("nothing expected behind the value, got %q"):format(text:sub(after)))
  end
  return value
end

-- Blocks ------------------------------------------------------------------------------------

-- The lines that say something: number, indent, text.
local function significant_lines(self, text)
  local lines, number = {}, 0
  for line in (text:gsub("\r", "") .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    local indent, rest = line:match "^( *)(.*)$"
    self.raw[number] = line
    rest = without_comment(rest)
    if rest:find "^\t" then
      self:fail("a tab at its beginning: spaces expected", number)
    elseif rest ~= "" and not (rest == "---" and #lines == 0) then
      lines[#lines + 1] = { number = number, indent = #indent, text = rest }
    end
  end
  return lines
end

function Reader:peek()
  local line = self.lines[self.next]
  self.at = line and line.number or self.at
  return line
end

-- Text over several lines, behind "|" or ">".
function Reader:long_text(mark, indent)
  local first, parts = self.at + 1, {}
  local own
  local number = first
  while self.raw[number] and (self.raw[number]:find "^%s*$"
    or #self.raw[number]:match "^ *" > indent) do
    own = own or self.raw[number]:find "%S" and #self.raw[number]:match "^ *" or nil
    parts[#parts + 1] = self.raw[number]:sub((own or 0) + 1)
    number = number + 1
  end
  while self.lines[self.next] and self.lines[self.next].number < number do
    self.next = self.next + 1
  end
  local text = without_blanks_behind(table.concat(parts, "\n"))
  if mark:sub(1, 1) == ">" then
    text = text:gsub("([^\n])\n([^\n])", "%1 %2")
  end
  return mark:find "%-" and text or text .. "\n"
end

-- What follows a key or a hyphen: in its line, or as a block below it.
function Reader:behind(text, indent, may_be_level)
  if text:find "^[|>][-+]?$" then
    return self:long_text(text, indent)
  elseif text ~= "" then
    return self:value(text)
  end
  local line = self:peek()
  if line and (line.indent > indent or may_be_level and line.indent == indent
    and line.text:find "^%-%f[%s\0]") then
    return self:block(line.indent)
  end
  return json.null
end

-- Key and rest of a line; nil when it is none of a map.
function Reader:key_of(text)
  if text:find "^[\"']" then
    local key, after = self:quoted(text, 1)
    local rest = text:match("^%s*:%s*(.*)$", after)
    return rest and key, rest
  end
  local colon = text:find("^[^%[{]") and (text:find(":%s", 2) or text:find(":$", 2))
  if not colon then
    return nil
  end
  return without_blanks_behind(text:sub(1, colon - 1)), text:match("^%s*(.*)$", colon + 1)
end

function Reader:list(indent)
  local list = json.list()
  while true do
    local line = self:peek()
    if not line or line.indent ~= indent or not line.text:find "^%-%f[%s\0]" then
      return list
    end
    local gap, rest = line.text:match "^%-(%s*)(.*)$"
    if rest:find "^%-%f[%s\0]" or rest ~= "" and self:key_of(rest) then
      line.indent, line.text = indent + 1 + #gap, rest
      list[#list + 1] = self:block(line.indent)
    else
      self.next = self.next + 1
      list[#list + 1] = self:behind(rest, indent)
    end
  end
end

function Reader:map(indent)
  local map = {}
  while true do
    local line = self:peek()
    if not line or line.indent ~= indent or line.text:find "^%-%f[%s\0]" then
      return map
    end
    local key, rest = self:key_of(line.text)
    if not key then
      self:fail(("a key with a : expected, got %q"):format(line.text))
    elseif map[key] ~= nil then
      self:fail(("the key %q is there twice"):format(key))
    end
    self.next = self.next + 1
    map[key] = self:behind(rest, indent, true)
  end
end

function Reader:block(indent)
  local _ <close> = self:enter()
  local line = self:peek()
  local is_item = line.text:find "^%-%f[%s\0]"
  if not is_item and not self:key_of(line.text) then
    self.next = self.next + 1
    return self:value(line.text)
  end
  local value = self[is_item and "list" or "map"](self, indent)
  line = self:peek()
  if line and line.indent > indent then
    self:fail "it is indented further than what it would belong to"
  end
  return value
end

function Reader:document(text)
  self.lines = significant_lines(self, text)
  local line = self:peek()
  if not line then
    return json.null
  end
  local value = self:block(line.indent)
  if self:peek() then
    self:fail "it is indented less than what it would belong to"
  end
  return value
end

---@param text string
---@return any value
---@return string? problem "line 3: …"; with nil as the value
function M.read(text)
  local reader = setmetatable({ at = 1, next = 1, raw = {}, depth = 0 }, Reader)
  reader.leaving = setmetatable({}, { __close = function() reader.depth = reader.depth - 1 end })
  local ok, value = pcall(reader.document, reader, text)
  if ok then
    return value
  elseif type(value) ~= "table" or not value.problem then
    error(value, 0)
  end
  return nil, value.problem
end

return M
