-- JSON: texts are decoded by the core and encoded by lua-cjson, made alike and
-- exact whichever version of it is installed:
--
-- * null is json.null
-- * a table with #t > 0 is a list; any other is an object; json.list(t) marks a
--   table that is a list even when it is empty; an empty list comes back marked
-- * whole numbers are integers, of up to 19 digits; fractions keep 17 digits
--
-- What lua-cjson cannot encode passes it as strings that begin with a mark nobody
-- else knows. Ordinary values contain nothing of the kind and go straight
-- through.

local cjson = require "cjson"
local core = require "slack.core"

local MAX_DEPTH = 1000

local is_plain = core.json_is_plain

---@class slack.json
local M = {}

---@class slack.json.null: userdata
M.null = cjson.null

-- An instance of our own, so that the program's settings of cjson stay its own.
local codec = cjson.new()
codec.encode_invalid_numbers(false)
codec.encode_max_depth(MAX_DEPTH)
local encode = codec.encode

local List = core.json_list

---Marks a table as a list, so that it is encoded as one even when it is empty.
---@generic T
---@param t? T[] a new one when nil
---@return T[] t
function M.list(t)
  if t == nil then
    t = {}
  elseif type(t) ~= "table" then
    error("json.list: table expected, got " .. type(t), 2)
  end
  local metatable = getmetatable(t)
  if metatable ~= nil and metatable ~= List then
    error("json.list: the table has a metatable already", 2)
  end
  return setmetatable(t, List)
end

---Whether the table was marked by json.list or decoded from an empty list.
---@param t any
---@return boolean
function M.is_list(t)
  return type(t) == "table" and getmetatable(t) == List
end

-- Not to be guessed, so that no text from outside can pretend to be marked.
local MARK
local function get_mark()
  if not MARK then
    local file = io.open("/dev/urandom", "rb")
    local bytes = file and file:read(16)
    if file then
      file:close()
    end
    bytes = bytes or tostring({}) .. os.time() .. os.clock()
    MARK = "slack-json-" .. bytes:gsub(".", function(c)
      return ("%02x"):format(c:byte())
    end) .. ":"
  end
  return MARK
end

local function clean(message)
  return "JSON: " .. tostring(message):gsub("^%u", string.lower)
end

---The value of a text; nil when the text is not valid JSON, and what is wrong at which character.
---@type fun(text: string): any, string?
M.decode = core.json_decode

-- Encoding what is not plain ------------------------------------------------------

local function refuse(path, what)
  local place = path == "" and "" or path:gsub("^%.", "") .. ": "
  error({ refused = place .. what }, 0)
end

local function number_text(number, path)
  if math.type(number) == "integer" then
    return ("%d"):format(number)
  elseif number ~= number or number == math.huge or number == -math.huge then
    refuse(path, (number ~= number and "NaN" or "infinity") .. " has no form in JSON")
  end
  local integer = math.tointeger(number)
  if integer then
    return ("%d"):format(integer)
  end
  for precision = 15, 17 do
    local text = ("%." .. precision .. "g"):format(number)
    if tonumber(text) == number then
      return (text:gsub(",", ".")) -- the locale's comma
    end
  end
end

local marked_copy

local function copy_list(list, path, depth)
  local copy, length, count = {}, rawlen(list), 0
  for key, value in next, list do
    if math.type(key) ~= "integer" or key < 1 or key > length then
      local kind = type(key) == "string" and "both a list and an object" or "a list with holes"
      refuse(path, ("a table that is %s (key %s) has no form in JSON"):format(kind, tostring(key)))
    end
    count = count + 1
    copy[key] = marked_copy(value, ("%s[%d]"):format(path, key), depth)
  end
  if count < length then
    refuse(path, "a list with holes has no form in JSON")
  end
  return copy
end

local function copy_object(object, path, depth)
  local copy = {}
  for key, value in next, object do
    if type(key) == "number" then
      refuse(path, ("a list with holes (key %s) has no form in JSON"):format(key))
    elseif type(key) ~= "string" then
      refuse(path, ("a key of type %s has no form in JSON"):format(type(key)))
    end
    copy[key] = marked_copy(value, path .. "." .. key, depth)
  end
  return copy
end

function marked_copy(value, path, depth)
  local kind = type(value)
  if kind == "number" then
    return get_mark() .. number_text(value, path)
  elseif kind == "table" then
    if depth > MAX_DEPTH then
      refuse("", ("nested more than %d deep; does a table contain itself?"):format(MAX_DEPTH))
    elseif rawlen(value) > 0 then
      return copy_list(value, path, depth + 1)
    elseif getmetatable(value) == List then
      copy_list(value, path, depth + 1) -- refuses keys
      return get_mark() .. "[]"
    end
    return copy_object(value, path, depth + 1)
  elseif kind == "string" or kind == "boolean" or value == M.null then
    return value
  end
  refuse(path, ("a %s has no form in JSON"):format(kind))
end

local function encode_marked(value)
  local text = encode(marked_copy(value, "", 1))
  local prefix = get_mark():gsub("%-", "%%-")
  return (text:gsub('"' .. prefix .. '([^"]*)"', "%1"))
end

---The table is left as it is.
---@param value any
---@return string? text
---@return string? err which value has no form in JSON, and where it is
function M.encode(value)
  if is_plain(value, List) then
    return encode(value)
  end
  local ok, text = pcall(encode_marked, value)
  if ok then
    return text
  end
  return nil, type(text) == "table" and "JSON: " .. text.refused or clean(text)
end

return M
