-- application/x-www-form-urlencoded text, as in forms and in the queries of URLs.

local sorted_keys = require "slack.sorted_keys"

-- More names and values than any form has.
local MAX_FIELDS = 1000

local M = {}

-- A table costs gsub half of what a function does; it gets what is in use.
local ESCAPES = setmetatable({}, { __index = function(escapes, char)
  local escape = ("%%%02X"):format(char:byte())
  escapes[char] = escape
  return escape
end })

---Text with percent-encoding.
---@param text string
---@param bytes? string a set of string.gsub that names what to encode, all that is not
---  unreserved (RFC 3986 §2.3)
---@return string
function M.escape(text, bytes)
  return (text:gsub(bytes or "[^%w%-_%.~]", ESCAPES))
end

---A number in full, without an exponent.
---@param number number
---@return string? text
---@return string? problem
function M.number_text(number)
  if math.type(number) == "integer" then
    return ("%d"):format(number)
  elseif number ~= number or number == math.huge or number == -math.huge then
    return nil, "a finite number expected"
  elseif number == math.floor(number) then
    return ("%.0f"):format(number)
  end
  local text
  for precision = 15, 17 do
    text = ("%." .. precision .. "g"):format(number)
    if tonumber(text) == number then
      break
    end
  end
  local sign, mantissa, exponent = text:match "^(-?)([%d.,]+)e%-(%d+)$"
  if mantissa then -- only tiny ones: large ones are whole
    text = sign .. "0." .. ("0"):rep(tonumber(exponent) - 1) .. mantissa:gsub("%D", "")
  end
  return (text:gsub(",", ".")) -- the locale's comma
end

---Joins names and values; a value that is a list is repeated. Sorted by name.
---@param fields table<string, string|number|boolean|(string|number|boolean)[]>
---@return string
function M.encode(fields)
  local parts = {}
  for _, name in ipairs(sorted_keys(fields)) do
    local value = fields[name]
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      local text = type(item) == "number" and M.number_text(item) or tostring(item)
      parts[#parts + 1] = M.escape(name) .. "=" .. M.escape(text)
    end
  end
  return table.concat(parts, "&")
end

-- Decoding ------------------------------------------------------------------------

local function unescape_byte(hex)
  return string.char(tonumber(hex, 16))
end

---Text with its percent-encoding undone; it must be UTF-8 then.
---@param text string
---@return string? decoded
---@return string? problem
function M.unescape(text)
  if text:find("%", 1, true) then
    local _, marks = text:gsub("%%", "")
    local decoded, count = text:gsub("%%(%x%x)", unescape_byte)
    if count ~= marks then
      return nil, "malformed percent-encoding"
    end
    text = decoded
  end
  if not utf8.len(text) then
    return nil, "not UTF-8"
  end
  return text
end

local function decode_part(text)
  return M.unescape((text:gsub("+", " ")))
end

local function add(fields, values, name, value)
  local list = values[name]
  if list then
    list[#list + 1] = value
  else
    fields[name], values[name] = value, { value }
  end
end

---The names and values of a form or a query.
---@param text string
---@return table<string, string>? fields the first value of each name
---@return table<string, string[]>|string values all of them, or what is wrong with the text
function M.decode(text)
  local fields, values, count = {}, {}, 0
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    local problem
    name, problem = decode_part(name)
    if name then
      value, problem = decode_part(value)
    end
    count = count + 1
    if problem or count > MAX_FIELDS then
      return nil, problem or ("more than %d fields"):format(MAX_FIELDS)
    end
    add(fields, values, name, value)
  end
  return fields, values
end

return M
