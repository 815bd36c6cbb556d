-- Any value as text for people, of a bounded size, without what is secret.

local json = require "slack.json"
local sorted_keys = require "slack.sorted_keys"

local M = {}

local DEPTH, ENTRIES, TEXT, LINE = 4, 60, 1000, 90
local INDENT = "  "

-- What is under such a name is not shown: no pattern tells a signing secret from any other word.
local SECRETS = { "token", "secret", "password", "authorization", "cookie", "private_key" }

local function is_secret(key, value)
  if type(key) ~= "string" or type(value) ~= "string" and type(value) ~= "table" then
    return false
  end
  key = key:lower()
  for _, word in ipairs(SECRETS) do
    if key:find(word, 1, true) then
      return true
    end
  end
  return false
end

local function shortened(text, most)
  if #text <= most then
    return text, ""
  end
  local last = utf8.offset(text, 0, most + 1) or most + 1
  return text:sub(1, last - 1), ("… (%d bytes)"):format(#text)
end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quoted(text)
  local start, more = shortened(text, TEXT)
  start = start:gsub('[%c"\\\127]', function(char)
    return ESCAPES[char] or ("\\x%02x"):format(char:byte())
  end)
  return '"' .. start .. '"' .. more
end

local function of_function(fn)
  local info = debug.getinfo(fn, "S")
  return info.what == "C" and "a function of C"
    or ("a function (%s:%d)"):format(info.short_src, info.linedefined)
end

local function own_text(value)
  local metatable = getmetatable(value)
  if type(metatable) ~= "table" or not metatable.__tostring then
    return nil
  end
  local ok, text = pcall(tostring, value)
  return ok and shortened(text, TEXT) or "a value whose __tostring fails"
end

local of_value

local function of_key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then
    return key
  end
  return "[" .. (type(key) == "string" and quoted(key) or tostring(key)) .. "]"
end

-- The list first, then the rest by name; what exceeds the room is counted.
local function items_of(value, depth, seen)
  local items, length = {}, rawlen(value)
  for i = 1, math.min(length, ENTRIES) do
    items[i] = of_value(rawget(value, i), depth, seen)
  end
  local rest = {}
  for key, item in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then
      rest[key] = item
    end
  end
  local keys = sorted_keys(rest)
  local room = math.max(ENTRIES - #items, 0)
  for i = 1, math.min(#keys, room) do
    local key = keys[i]
    items[#items + 1] = of_key(key) .. " = " .. (is_secret(key, rest[key]) and "<hidden>"
      or of_value(rest[key], depth, seen))
  end
  local left = length + #keys - #items
  if left > 0 then
    items[#items + 1] = ("… %d more"):format(left)
  end
  return items
end

local function of_items(items)
  local line = "{ " .. table.concat(items, ", ") .. " }"
  if #items == 0 then
    return "{}"
  elseif #line <= LINE and not line:find "\n" then
    return line
  end
  return "{\n" .. INDENT .. table.concat(items, ",\n"):gsub("\n", "\n" .. INDENT) .. "\n}"
end

local function of_table(value, depth, seen)
  local text = depth < DEPTH and own_text(value)
  if text then
    return text
  elseif seen[value] then
    return "{ … seen above }"
  elseif depth == 0 then
    return next(value) == nil and "{}" or "{ … }"
  end
  seen[value] = true
  local shown = of_items(items_of(value, depth - 1, seen))
  seen[value] = nil
  return shown
end

function of_value(value, depth, seen)
  if value == json.null then
    return "null"
  elseif type(value) == "string" then
    return quoted(value)
  elseif type(value) == "table" then
    return of_table(value, depth, seen)
  elseif type(value) == "function" then
    return of_function(value)
  end
  return own_text(value) or tostring(value)
end

---A table is shown by what is in it, even if it has a text of its own; what is in it by that.
---@param value any
---@return string
function M.text(value)
  local metatable = getmetatable(value)
  if type(value) == "table" and type(metatable) == "table" and metatable.__tostring
    and metatable.__name then
    return own_text(value)
  end
  local ok, text = pcall(of_value, value, DEPTH, {})
  return ok and text or "a value that cannot be shown: " .. tostring(text)
end

return M
