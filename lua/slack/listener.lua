-- One registered listener: what it waits for, its middleware, its handler.
--
-- Of a program there may be thousands, and the collector walks over all that lives. So a
-- listener is one small table: what tells it from others that are for the same kind of thing.
-- The rest is its plan, which those of one ledger share.

local Lanes = require "slack.lanes"
local constraints = require "slack.constraints"
local kinds = require "slack.kinds"
local mention = require "slack.mention"
local merged = require "slack.merged"
local ordered = require "slack.ordered"
local sorted_keys = require "slack.sorted_keys"
local value_tests = require "slack.value_tests"

local METHODS = kinds.METHODS
local NONE = {} -- in place of an empty list for each plan
-- In the words of a plan: where the id of the listener stands.
local MARK = "\0"

---What listeners may have in common. Those that somebody changes (own_plan) have their own.
---@class slack.ListenerPlan: slack.Compiled
---@field kind slack.Kind|"any"
---@field method string by which they were registered
---@field what string in words
---@field place? string where it is written, as "file:line"; nil: where the handler is
---@field middleware function[]
---@field consumes? boolean what it takes is for no other one that does not (assistant.lua)
---@field takes_own? boolean what the bot has done itself, too
---@field lanes slack.Lanes|false whose turns the handlers need
---@field is_plain boolean there is neither middleware nor a turn to wait for
---@field script? string
---@field ledger? slack.Ledger until the listener is removed
---@field sign? string the same for all that can share it; nil: none can

---What a registering method gives. It can be removed again. Fields of its plan are its own.
---@class slack.Listener: slack.ListenerPlan
---@field plan slack.ListenerPlan
---@field handler function
---@field id? string the last value that its keys name, where these lack it
---@field order integer
---@field finished_key? string see finished.lua
local Listener = { __name = "slack.listener" }

Listener.is_callable = value_tests.is_callable

-- For those who are not in a hurry: these read the plan.
function Listener.__index(self, name)
  local method = Listener[name]
  if method ~= nil then
    return method
  end
  local value = self.plan[name]
  if name == "what" and self.id then
    return (value:gsub(MARK, (("%q"):format(self.id):gsub("%%", "%%%%"))))
  end
  return value
end

-- Making --------------------------------------------------------------------------

-- Without addresses, which say nothing, and change with each load of a script.
local function word_for(value, id)
  if type(value) == "string" then
    return value == id and MARK or ("%q"):format(value)
  elseif type(value) ~= "table" or getmetatable(value) ~= nil then
    return (tostring(value):gsub(": 0x%x+$", ""))
  end
  local words = {}
  for i, item in ipairs(value) do
    words[i] = word_for(item, id)
  end
  return "{" .. table.concat(words, ", ") .. "}"
end

-- What it is for, and not how it runs: that may change, and it is still the same.
local function describe(what, id)
  if what == nil or type(what) == "function" then
    return ""
  elseif type(what) ~= "table" or getmetatable(what) ~= nil then
    return " " .. word_for(what, id)
  end
  local parts = {}
  for _, field in ipairs(sorted_keys(what)) do
    if not Lanes.OPTIONS[field] then
      local name = type(field) == "string" and field .. " = " or ""
      parts[#parts + 1] = name .. word_for(what[field], id)
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

local function is_wanted(tests, text)
  for _, test in ipairs(tests) do
    local wanted = test.wanted
    if wanted == text or type(wanted) == "table" and is_wanted(wanted, text) then
      return true
    end
  end
  return false
end

local function is_in(list, text)
  for _, value in ipairs(list) do
    if value == text then
      return true
    end
  end
  return false
end

-- The one value of the last key, when others may be for the same but for that: what else
-- they are for is all in their words.
local function take_id(plan)
  local key, is_again = plan.key, false
  if plan.may_raise or plan.lanes or not key then
    return nil
  end
  local last = key
  while last.next do
    last = last.next
  end
  local id = last[1]
  while key ~= last do
    is_again, key = is_again or is_in(key, id), key.next
  end
  if not last[2] and not is_again and not is_wanted(plan.tests, id) then
    last[1] = nil
    return id
  end
end

local function sign_of(plan)
  local parts = { plan.method, plan.what }
  for _, fn in ipairs(plan.middleware) do
    parts[#parts + 1] = ("%p"):format(fn)
  end
  return table.concat(parts, MARK .. MARK)
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
  local plan
  plan, problem = constraints.compile(method_name, what)
  if not plan then
    return nil, problem
  end
  local handler = table.remove(functions)
  if plan.mention then
    table.insert(functions, 1, mention.middleware)
  end
  plan.kind, plan.method = method.kind, method_name
  plan.lanes = plan.lanes_options and Lanes.of(plan.lanes_options) or false
  plan.middleware = functions[1] and functions or NONE
  plan.is_plain = not plan.lanes and not functions[1]
  local id = take_id(plan)
  plan.what = describe(what, id)
  plan.sign = id and sign_of(plan)
  return setmetatable({ plan = plan, handler = handler, id = id, order = 0 }, Listener)
end

---Gives it the place behind the others of a ledger, and the plan of those that are like it.
---@param ledger slack.Ledger
function Listener:enroll(ledger)
  local plan = self.plan
  local known = plan.sign and ledger.plans[plan.sign]
  if known then
    self.plan = known
  else
    plan.ledger, plan.script = ledger, ledger.script
    if plan.sign then
      ledger.plans[plan.sign] = plan
    end
  end
  ledger.last = ledger.last + 1
  self.order = ledger.rank * ordered.SPAN + ledger.last
  ordered.insert(ledger.listeners, self, 0)
end

---A plan that can be changed, as no other listener has it.
---@return slack.ListenerPlan
function Listener:own_plan()
  self.plan = merged(self.plan)
  self.plan.sign = nil
  return self.plan
end

---The values that one of its keys names.
---@param key slack.ListenerKey
---@return string[]
function Listener:values_of(key)
  return key[1] and key or { self.id }
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
  local ledger = self.plan.ledger
  if not ledger then
    return false
  end
  ordered.remove(ledger.listeners, self, ledger.listeners.made)
  if ledger.index then
    ledger.index:remove(self)
  end
  self:own_plan().ledger = nil
  return true
end

---Whether it is for this body, which the index has found it for. May raise when a
---predicate does.
---@param c slack.Context
---@return boolean
---@return any[]? captures
function Listener:accepts(c)
  return constraints.accept(self.plan, c)
end

return Listener
