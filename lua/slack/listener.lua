-- One registered listener: what it waits for, its middleware, its handler.

local Lanes = require "slack.lanes"
local constraints = require "slack.constraints"
local kinds = require "slack.kinds"
local mention = require "slack.mention"
local ordered = require "slack.ordered"
local sorted_keys = require "slack.sorted_keys"
local value_tests = require "slack.value_tests"

local METHODS = kinds.METHODS
-- In place of an empty table for each listener: what lives has to be walked by the collector.
local NONE = {}

---What a registering method gives. It can be removed again.
---@class slack.Listener: slack.Compiled
---@field kind slack.Kind|"any"
---@field method string by which it was registered
---@field what string in words
---@field place? string where it is written, as "file:line"; nil: where its handler is
---@field handler function
---@field middleware function[]
---@field consumes? boolean what it takes is for no other one that does not (assistant.lua)
---@field takes_own? boolean what the bot has done itself, too
---@field lanes slack.Lanes|false whose turns its handlers need
---@field finished_key? string see finished.lua
---@field order integer
---@field script? string
---@field ledger? slack.Ledger until it is removed
---@field index? slack.Index in which it is
local Listener = {}
Listener.__index = Listener
Listener.__name = "slack.listener"

Listener.is_callable = value_tests.is_callable

-- Making --------------------------------------------------------------------------

-- Without addresses, which say nothing, and change with each load of a script.
local function word_for(value)
  if type(value) == "string" then
    return ("%q"):format(value)
  elseif type(value) ~= "table" or getmetatable(value) ~= nil then
    return (tostring(value):gsub(": 0x%x+$", ""))
  end
  local words = {}
  for i, item in ipairs(value) do
    words[i] = word_for(item)
  end
  return "{" .. table.concat(words, ", ") .. "}"
end

-- What it is for, and not how it runs: that may change, and it is still the same.
local function describe(what)
  if what == nil or type(what) == "function" then
    return ""
  elseif type(what) ~= "table" or getmetatable(what) ~= nil then
    return " " .. word_for(what)
  end
  local parts = {}
  for _, field in ipairs(sorted_keys(what)) do
    if not Lanes.OPTIONS[field] then
      local name = type(field) == "string" and field .. " = " or ""
      parts[#parts + 1] = name .. word_for(what[field])
    end
  end
  return parts[1] and " {" .. table.concat(parts, ", ") .. "}" or ""
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

local function check_functions(method, functions, count)
  local has_mentions = method.has_texts or method.kind == "any"
  for i = 1, count do
    if not Listener.is_callable(functions[i]) then
      local what = i == count and "handler" or "middleware " .. i
      return nil, ("%s: function expected, got %s"):format(what, type(functions[i]))
    elseif functions[i] == mention.middleware and not has_mentions then
      return nil, "slack.mention: only events and messages begin with a mention"
    end
  end
  if count == 0 then
    return nil, "handler: function expected, got nothing"
  end
  return true
end

-- Without `what` the handler comes first, or a middleware: unlike a predicate that has
-- a second parameter.
local function is_left_out(what, count)
  if not Listener.is_callable(what) then
    return false
  elseif count == 1 then
    return true
  end
  return type(what) == "function" and what ~= mention.middleware
    and debug.getinfo(what, "u").nparams > 1
end

local function split(method, ...)
  local what, count = (...), select("#", ...)
  if method.optional and is_left_out(what, count) then
    return nil, { ... }, count
  elseif what == nil and not method.optional then
    return nil, nil, ("%s expected, got nil"):format(method.field)
  end
  return what, { select(2, ...) }, math.max(count - 1, 0)
end

---A listener from the arguments of a registering method.
---@param method_name string
---@param ... any [what,] [middleware…,] handler
---@return slack.Listener? listener
---@return string? problem what is wrong with the arguments
function Listener.new(method_name, ...)
  local method = METHODS[method_name]
  local what, functions, count = split(method, ...)
  if not functions then
    return nil, count
  end
  local ok, problem = check_functions(method, functions, count)
  if not ok then
    return nil, problem
  end
  local self
  self, problem = constraints.compile(method_name, what)
  if not self then
    return nil, problem
  end
  self.kind, self.method, self.what, self.order = method.kind, method_name, describe(what), 0
  self.handler = table.remove(functions)
  self.lanes = self.lanes_options and Lanes.of(self.lanes_options) or false
  if self.mention then
    table.insert(functions, 1, mention.middleware)
  end
  self.middleware = functions[1] and functions or NONE
  return setmetatable(self, Listener)
end

---@return string place as "file:line"
function Listener:written_at()
  return self.place or Listener.place_of(self.handler)
end

---Like `app:command "/deploy" (handlers/deploy.lua:3)`.
function Listener:__tostring()
  return ("app:%s%s (%s)"):format(self.method, self.what, self:written_at())
end

-- Removing --------------------------------------------------------------------------

---From now on it takes nothing. Its handlers that run already go on to their ends.
---@return boolean false when it was removed before
function Listener:remove()
  if getmetatable(self) ~= Listener then
    error("listener.remove: call it with a colon: listener:remove()", 2)
  end
  local ledger, index = self.ledger, self.index
  if not ledger then
    return false
  end
  self.ledger = nil
  ordered.remove(ledger.listeners, self, ledger.listeners.made)
  if index then
    index:remove(self)
  end
  return true
end

-- Matching --------------------------------------------------------------------------

-- Of patterns for several fields the captures of the last one are the list; those of the
-- others are there under their fields.
local function add_captures(found, earlier, field)
  for name, captures in pairs(earlier) do
    if type(name) == "string" then
      found[name], earlier[name] = captures, nil
    end
  end
  found[field] = earlier
  return found
end

---Whether it is for this body, which the index has found it for. May raise when a
---predicate does.
---@param c slack.Context
---@return boolean
---@return any[]? captures
function Listener:accepts(c)
  local body, part = c.body, c.payload
  if self.body_test and not self.body_test(body, part) then
    return false
  end
  local captures, captured
  local tests = self.tests
  for i = 1, #tests do
    local test = tests[i]
    local value, other = test.get(body, part, c)
    local ok, found = test.test(value, test.wanted)
    if not ok and other ~= nil then
      ok, found = test.test(other, test.wanted)
    end
    if not ok then
      return false
    end
    if found then
      captures = captures and add_captures(found, captures, captured) or found
      captured = test.field
    end
  end
  local predicate = self.predicate
  if predicate and not predicate(c) then
    return false
  end
  return true, captures
end

return Listener
