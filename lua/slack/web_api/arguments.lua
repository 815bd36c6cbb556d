-- Arguments of a Web API method as the form that Slack reads.

local form = require "slack.form"
local json = require "slack.json"

local escape, math_type = form.escape, math.type

-- Lists of these are joined by commas; other lists are sent as JSON.
local JOINED = {
  additional_channels = true, channels = true, emails = true, scopes = true, types = true,
  users = true,
}

local M = {}

local function number_text(number)
  if math_type(number) == "integer" then
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
  local mantissa, exponent = text:match "^-?([%d.,]+)e([-+]%d+)$"
  if mantissa then -- only tiny ones: large ones are whole
    local digits = #mantissa:gsub("%D", "")
    text = ("%." .. digits - 1 - tonumber(exponent) .. "f"):format(number)
  end
  return (text:gsub(",", ".")) -- the locale's comma
end

local function is_joined(name)
  return JOINED[name] or name:find("_ids$") or name:find("channel_types$")
end

-- nil when the list holds more than plain words.
local function join(list)
  local parts = {}
  for i, item in ipairs(list) do
    if math_type(item) == "integer" then
      item = ("%d"):format(item)
    elseif type(item) ~= "string" or item:find(",", 1, true) then
      return nil
    end
    parts[i] = item
  end
  return #parts > 0 and table.concat(parts, ",") or nil
end

local function text_of(name, value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "boolean" then
    return value and "true" or "false"
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "table" then
    local joined = is_joined(name) and join(value)
    if joined then
      return joined
    end
    return json.encode(value)
  end
  return nil, "string, number, boolean or table expected, got " .. kind
end

---The caller's table is left as it is; json.null counts as missing, and so does
---the token, which travels in a header.
---@param args table<string, any>
---@return string? form
---@return string? problem what cannot be sent
function M.encode(args)
  local parts, count = {}, 0
  for name, value in pairs(args) do
    if type(name) ~= "string" then
      return nil, ("arguments have names, got %s as a key"):format(tostring(name))
    elseif name ~= "token" and value ~= json.null then
      local text, problem = text_of(name, value)
      if not text then
        return nil, ("argument '%s': %s"):format(name, problem)
      end
      count = count + 1
      parts[count] = escape(name) .. "=" .. escape(text)
    end
  end
  return table.concat(parts, "&")
end

return M
