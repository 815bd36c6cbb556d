-- One registered listener: what it waits for, its middleware, its handler.
-- `what` is compiled once, when it is registered, into tests over fields.

local json = require "slack.json"
local kinds = require "slack.kinds"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"

local METHODS, INDEXED = kinds.METHODS, kinds.INDEXED
local null = json.null
local find = string.find

---@class slack.Listener
---@field kind slack.Kind
---@field handler function
---@field middleware function[]
---@field key_field? string the field by which the index finds it
---@field key? string
---@field takes_all boolean whatever the index finds for it
---@field order integer
---@field script? string
local Listener = {}
Listener.__index = Listener
Listener.__name = "slack.listener"

function Listener.is_callable(value)
  if type(value) == "function" then
    return true
  end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and type(metatable.__call) == "function"
end

local function has_match(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then
    return false
  end
  local ok, method = pcall(function() return value.match end)
  return ok and Listener.is_callable(method)
end

-- Tests -------------------------------------------------------------------------
-- test(value, wanted) -> matched, captures

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
  return wanted(value)
end

local function is_missing(value)
  return value == nil
end

local function is_there(value)
  return value ~= nil
end

local test_for

local function is_any(value, wanted)
  for _, one in ipairs(wanted) do
    local ok, captures = one.test(value, one.wanted)
    if ok then
      return true, captures
    end
  end
  return false
end

local function alternatives(list, loose)
  local tests = {}
  for i, item in ipairs(list) do
    local test, wanted = test_for(item, loose)
    if not test or type(item) == "table" and item[1] ~= nil then
      return nil
    end
    tests[i] = { test = test, wanted = wanted }
  end
  return is_any, tests
end

-- loose: a plain string is found anywhere.
function test_for(wanted, loose)
  if type(wanted) == "string" then
    return loose and contains or equals, wanted
  elseif has_match(wanted) then
    return matches, wanted
  elseif Listener.is_callable(wanted) then
    return satisfies, wanted
  elseif wanted == false or wanted == null then
    return is_missing
  elseif wanted == true then
    return is_there
  elseif type(wanted) == "table" and wanted[1] ~= nil then
    return alternatives(wanted, loose)
  end
end

local EXPECTED = "a string, slack.pattern, anything with a match method, a predicate function, "

-- Compiling `what` --------------------------------------------------------------

local function add_test(self, method, field, wanted)
  local test, prepared = test_for(wanted, method.contains and field == method.field)
  if not test then
    return nil, ("%s: %sa list of these, or true, false for present, missing expected, got %s")
      :format(field, EXPECTED, type(wanted))
  end
  local tests = self.tests
  tests[#tests + 1] = { get = method.fields[field], test = test, wanted = prepared }
  return true
end

-- The exact id by which the index finds this listener, if it names one.
local function choose_key(self, constraints)
  for _, field in ipairs(INDEXED[self.kind]) do
    if type(constraints[field]) == "string" then
      self.key_field, self.key = field, constraints[field]
      return
    end
  end
end

local function advice_for_event(name)
  if type(name) == "string" and find(name, "^message%.") then
    return ("%q is the name of a subscription; its events have the type \"message\": ")
      :format(name) .. 'use app:message(handler), or app:event("message", handler) for all subtypes'
  end
end

local function advice_for_command(name)
  if type(name) == "string" and name:sub(1, 1) ~= "/" then
    return ("command: %q begins with no slash: %q is meant?"):format(name, "/" .. name)
  end
end

local function check_names(method, constraints)
  for field in pairs(constraints) do
    if type(field) ~= "string" or not method.fields[field] then
      return nil, ("unknown constraint %q%s (known are %s)"):format(tostring(field),
        near_miss(field, method.fields), table.concat(sorted_keys(method.fields), ", "))
    end
  end
  return true
end

local function with_defaults(method, given)
  local constraints = {}
  for field, wanted in pairs(method.unless or {}) do
    constraints[field] = wanted
  end
  for field, wanted in pairs(given) do
    constraints[field] = wanted
  end
  return constraints
end

local function compile_constraints(self, method, given)
  local ok, problem = check_names(method, given)
  if not ok then
    return nil, problem
  end
  problem = self.method == "event" and advice_for_event(given.type)
    or self.method == "command" and advice_for_command(given.command)
  if problem then
    return nil, problem
  end
  local constraints = with_defaults(method, given)
  for _, field in ipairs(sorted_keys(constraints)) do
    ok, problem = add_test(self, method, field, constraints[field])
    if not ok then
      return nil, problem
    end
  end
  if given.subtype == nil then
    self.body_test = method.test
  end
  for field, wanted in pairs(method.always or {}) do
    constraints[field] = wanted
    if field ~= "type" or self.kind ~= "event" then -- the index has seen to that
      self.tests[#self.tests + 1] = {
        get = kinds.GETTERS[self.kind][field], test = equals, wanted = wanted,
      }
    end
  end
  choose_key(self, constraints)
  return true
end

local function drop_key_test(self, method)
  for i, test in ipairs(self.tests) do
    if test.test == equals and test.wanted == self.key
      and test.get == method.fields[self.key_field] then
      table.remove(self.tests, i)
      return
    end
  end
end

local function compile(self, method, what)
  local given
  if type(what) == "table" and what[1] == nil and not has_match(what)
    and not Listener.is_callable(what) then
    given = what
  elseif what == nil then
    given = {}
  elseif Listener.is_callable(what) then
    self.predicate, given = what, {}
  else
    given = { [method.field] = what }
  end
  local ok, problem = compile_constraints(self, method, given)
  if not ok then
    return nil, problem
  end
  if self.key then
    drop_key_test(self, method) -- the index has compared it already
  end
  self.takes_all = not (self.tests[1] or self.body_test or self.predicate)
  return true
end

-- Making --------------------------------------------------------------------------

local function describe(what)
  if type(what) == "string" then
    return (" %q"):format(what)
  elseif type(what) == "table" and getmetatable(what) == nil then
    local parts = {}
    for _, field in ipairs(sorted_keys(what)) do
      local wanted = what[field]
      parts[#parts + 1] = ("%s = %s"):format(field,
        type(wanted) == "string" and ("%q"):format(wanted) or tostring(wanted))
    end
    return " {" .. table.concat(parts, ", ") .. "}"
  elseif what ~= nil and type(what) ~= "function" then
    return " " .. tostring(what)
  end
  return ""
end

---Where a function was written, as "file:line".
---@param fn any
---@return string
function Listener.place_of(fn)
  if type(fn) ~= "function" then
    fn = (getmetatable(fn) or {}).__call
  end
  local info = debug.getinfo(fn, "S")
  return ("%s:%d"):format(info.short_src, info.linedefined)
end

local function check_functions(functions, count)
  for i = 1, count do
    if not Listener.is_callable(functions[i]) then
      local what = i == count and "handler" or "middleware " .. i
      return nil, ("%s: function expected, got %s"):format(what, type(functions[i]))
    end
  end
  if count == 0 then
    return nil, "handler: function expected, got nothing"
  end
  return true
end

---A listener from the arguments of a registering method.
---@param method_name string
---@param ... any [what,] [middleware…,] handler
---@return slack.Listener? listener
---@return string? problem what is wrong with the arguments
function Listener.new(method_name, ...)
  local method = METHODS[method_name]
  local count, first = select("#", ...), 2
  local what = ...
  if method.optional and count == 1 and Listener.is_callable(what) then
    what, first = nil, 1
  elseif what == nil and not method.optional then
    return nil, ("%s expected, got nil"):format(method.field)
  end
  local functions = { select(first, ...) }
  local ok, problem = check_functions(functions, count - first + 1)
  if not ok then
    return nil, problem
  end
  local self = setmetatable({
    kind = method.kind, method = method_name, tests = {}, what = describe(what), order = 0,
    handler = table.remove(functions), middleware = functions,
  }, Listener)
  ok, problem = compile(self, method, what)
  if not ok then
    return nil, problem
  end
  self.place = Listener.place_of(self.handler)
  return self
end

---Like `app:command "/deploy" (handlers/deploy.lua:3)`.
function Listener:__tostring()
  return ("app:%s%s (%s)"):format(self.method, self.what, self.place)
end

-- Matching --------------------------------------------------------------------------

---Whether it is for this body. May raise when a predicate does.
---@param c slack.Context
---@return boolean
---@return any[]? captures
function Listener:accepts(c)
  local body, part = c.body, c.payload
  if self.body_test and not self.body_test(body, part) then
    return false
  end
  local captures
  local tests = self.tests
  for i = 1, #tests do
    local test = tests[i]
    local value, other = test.get(body, part)
    local ok, found = test.test(value, test.wanted)
    if not ok and other ~= nil then
      ok, found = test.test(other, test.wanted)
    end
    if not ok then
      return false
    end
    captures = captures or found
  end
  local predicate = self.predicate
  if predicate and not predicate(c) then
    return false
  end
  return true, captures
end

return Listener
