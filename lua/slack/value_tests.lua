-- Tests over one value of a payload: test(value, wanted) -> matched, captures.

local json = require "slack.json"

local find = string.find
local null = json.null

local M = {}

---@param value any
---@return boolean
local function is_callable(value)
  if type(value) == "function" then
    return true
  end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and type(metatable.__call) == "function"
end

---Whether it is a pattern, one of LPeg for instance.
---@param value any
---@return boolean
local function has_match(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then
    return false
  end
  local ok, method = pcall(function() return value.match end)
  return ok and is_callable(method)
end

---Whether a table is a list of something, without gaps.
---@param value table
---@return boolean
local function is_list(value)
  local count = 0
  for _ in pairs(value) do
    count = count + 1
    if value[count] == nil then
      return false
    end
  end
  return count > 0
end

local function equals(value, wanted)
  return value == wanted
end

local function contains(value, wanted)
  return type(value) == "string" and find(value, wanted, 1, true) ~= nil
end

local function captures_of(first, ...)
  if first == nil or first == false then
    return false
  end
  return true, { first, ... }
end

local function matches(value, wanted)
  if type(value) ~= "string" then
    return false
  end
  return captures_of(wanted:match(value))
end

local function satisfies(value, wanted)
  return (wanted(value)) -- what string.find gives besides is no capture
end

local function is_missing(value)
  return value == nil
end

local function is_there(value)
  return value ~= nil
end

local function is_any(value, wanted)
  for _, one in ipairs(wanted) do
    local ok, captures = one.test(value, one.wanted)
    if ok then
      return true, captures
    end
  end
  return false
end

-- A list holds no lists.
local function alternatives(list, loose)
  local tests, may_raise = {}, false
  for i, item in ipairs(list) do
    local test, wanted, raises = M.compile(item, loose)
    if not test or test == is_any then
      return nil
    end
    tests[i], may_raise = { test = test, wanted = wanted }, may_raise or raises
  end
  return is_any, tests, may_raise
end

---@param wanted any
---@param loose? boolean a plain string is found anywhere
---@return function? test nil: no test can be made of it
---@return any wanted for the test
---@return boolean may_raise whether the test runs code that may
function M.compile(wanted, loose)
  if type(wanted) == "string" then
    return loose and contains or equals, wanted, false
  elseif has_match(wanted) then
    return matches, wanted, true
  elseif is_callable(wanted) then
    return satisfies, wanted, true
  elseif wanted == false or wanted == null then
    return is_missing, nil, false
  elseif wanted == true then
    return is_there, nil, false
  elseif type(wanted) == "table" and is_list(wanted) then
    return alternatives(wanted, loose)
  end
  return nil, nil, false
end

---A test that holds when it does for one of a list of values.
---@param test function
---@return function
function M.of_several(test)
  return function(values, wanted)
    if values == nil then
      return test(nil, wanted)
    end
    for i = 1, #values do
      local ok, captures = test(values[i], wanted)
      if ok then
        return true, captures
      end
    end
    return false
  end
end

---The plain strings, one or several, that a constraint is; nil when it is something else.
---@param wanted any
---@return string[]? strings each once
function M.strings(wanted)
  if type(wanted) == "string" then
    return { wanted }
  elseif type(wanted) ~= "table" or getmetatable(wanted) ~= nil or has_match(wanted)
    or not is_list(wanted) then
    return nil
  end
  local strings, seen = {}, {}
  for _, item in ipairs(wanted) do
    if type(item) ~= "string" then
      return nil
    elseif not seen[item] then
      seen[item] = true
      strings[#strings + 1] = item
    end
  end
  return strings
end

M.is_callable, M.has_match, M.is_list = is_callable, has_match, is_list

return M
