-- JSON, exact both ways:
--
-- * null is json.null
-- * a table with #t > 0 is a list; any other is an object; json.list(t) marks a
--   table that is a list even when it is empty; an empty list comes back marked
-- * whole numbers are integers, of up to 19 digits; fractions keep 17 digits

local core = require "slack.core"

local MAX_DEPTH = 1000

local encode = core.json_encode

---@class slack.json
local M = {}

---@class slack.json.null: userdata lua-cjson's too
M.null = core.json_decode "null"

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

---The value of a text; nil when the text is not valid JSON, and what is wrong at which character.
---One of more than 4,194,304 fields and items is refused: tables take many times its bytes.
---@type fun(text: string): any, string?
M.decode = core.json_decode

---The same for a text that nobody else wrote, whatever it has.
---@type fun(text: string): any, string?
M.decode_own = core.json_decode_own

-- What has no form in JSON -------------------------------------------------------

local find_refused

local function find_in_list(list, path, depth)
  local length, count = rawlen(list), 0
  for key, value in next, list do
    if math.type(key) ~= "integer" or key < 1 or key > length then
      local kind = type(key) == "string" and "both a list and an object" or "a list with holes"
      return path, ("a table that is %s (key %s)"):format(kind, tostring(key))
    end
    count = count + 1
    local place, what = find_refused(value, ("%s[%d]"):format(path, key), depth)
    if place then
      return place, what
    end
  end
  if count < length then
    return path, "a list with holes"
  end
end

local function find_in_object(object, path, depth)
  for key, value in next, object do
    if type(key) == "number" then
      return path, ("a list with holes (key %s)"):format(key)
    elseif type(key) ~= "string" then
      return path, ("a key of type %s"):format(type(key))
    end
    local place, what = find_refused(value, path .. "." .. key, depth)
    if place then
      return place, what
    end
  end
end

-- The place and the words for it; nil when all has a form.
function find_refused(value, path, depth)
  local kind = type(value)
  if kind == "number" then
    if value ~= value or value == math.huge or value == -math.huge then
      return path, value ~= value and "NaN" or "infinity"
    end
  elseif kind == "table" then
    if depth > MAX_DEPTH then
      return "", nil
    elseif rawlen(value) > 0 or getmetatable(value) == List then
      return find_in_list(value, path, depth + 1)
    end
    return find_in_object(value, path, depth + 1)
  elseif kind ~= "string" and kind ~= "boolean" and value ~= M.null then
    return path, "a " .. kind
  end
end

local function refusal(value)
  local path, what = find_refused(value, "", 1)
  if not what then
    return ("nested more than %d deep; does a table contain itself?"):format(MAX_DEPTH)
  end
  local place = path == "" and "" or path:gsub("^%.", "") .. ": "
  return place .. what .. " has no form in JSON"
end

---The table is left as it is.
---@param value any
---@return string? text
---@return string? err which value has no form in JSON, and where it is
function M.encode(value)
  local text = encode(value)
  if text then
    return text
  end
  return nil, "JSON: " .. refusal(value)
end

return M
