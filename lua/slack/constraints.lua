-- What a listener waits for, as its author wrote it, made into tests over fields and
-- into keys by which the index finds it, once, when it is registered.

local Lanes = require "slack.lanes"
local advice = require "slack.advice"
local kinds = require "slack.kinds"
local mention = require "slack.mention"
local merged = require "slack.merged"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"
local value_tests = require "slack.value_tests"

local M = {}

---@class slack.Constraint
---@field field string
---@field get fun(body: table, payload: table, c: slack.Context): any, any
---@field test fun(value: any, wanted: any): boolean, any[]?
---@field wanted any

---@class slack.ListenerKey
---@field [integer] string of which it has one
---@field field string
---@field next? slack.ListenerKey in the order of the index
---@field names? boolean it says what the listener is for
---@field is_text? boolean it stands anywhere in the text

---@class slack.Compiled
---@field tests slack.Constraint[] what the index does not see to
---@field key? slack.ListenerKey the first one
---@field is_named boolean whether one of them says what the listener is for
---@field predicate? fun(c: slack.Context): any
---@field part_test? fun(payload: table): boolean
---@field may_raise boolean whether the tests run code that may
---@field takes boolean|fun(body: table, payload: table): boolean whatever the index finds for
---  it, or what of that this says; false: what M.accept says
---@field mention? boolean its text comes without the mention
---@field lanes_options? slack.LaneOptions

local EXPECTED = "a string, slack.pattern, anything with a match method, a predicate function, "
  .. "a list of these without gaps, or true, false for present, missing expected, got "

-- In place of an empty table for each listener: what lives has to be walked by the collector.
local NONE = {}

-- Reading `what` ------------------------------------------------------------------

-- A table may have plain values for the field of the method beside named ones.
local function split_table(method, what)
  local given, plain = {}, {}
  for name, value in pairs(what) do
    (math.type(name) == "integer" and plain or given)[name] = value
  end
  if next(plain) ~= nil then
    if not value_tests.is_list(plain) then
      return nil, method.field .. ": a value of the list is nil"
    end
    if given[method.field] ~= nil then
      return nil, ("%s: given twice"):format(method.field)
    end
    given[method.field] = plain[2] == nil and plain[1] or plain
  end
  return given
end

-- The constraints by name, and a predicate for the whole.
local function read(method, what)
  if what == nil then
    return {}
  elseif what == mention.middleware then
    return { mention = true }
  elseif value_tests.has_match(what) then
    return { [method.field] = what }
  elseif value_tests.is_callable(what) then
    return {}, nil, what
  elseif type(what) == "table" then
    return split_table(method, what)
  end
  return { [method.field] = what }
end

-- Those that say how handlers run are not about what comes.
local function take_lanes_options(given)
  local options
  for name in pairs(Lanes.OPTIONS) do
    if given[name] ~= nil then
      options = options or {}
      options[name], given[name] = given[name], nil
    end
  end
  if not options then
    return true
  end
  local ok, problem = Lanes.check(options)
  return ok and options, problem
end

-- Checks --------------------------------------------------------------------------

local function check_names(method, given)
  for field in pairs(given) do
    if type(field) ~= "string" or not method.fields[field] then
      local known = merged(method.fields, Lanes.OPTIONS)
      return nil, ("unknown constraint %q%s (known are %s)"):format(tostring(field),
        near_miss(field, known), table.concat(sorted_keys(known), ", "))
    end
  end
  return true
end

local function check_values(name, method, given)
  for _, field in ipairs(sorted_keys(given)) do
    local value = given[field]
    if kinds.FLAGS[field] and type(value) ~= "boolean" then
      return nil, ("%s: true or false expected, got %s"):format(field, type(value))
    end
    for _, text in ipairs(value_tests.strings(value) or {}) do
      local problem = advice(name, method, field, text)
      if problem then
        return nil, problem
      end
    end
  end
  return true
end

-- Keys ----------------------------------------------------------------------------

local function is_text_key(method, given, field)
  return method.has_texts and field == "text" and not given.mention
end

local function has_empty(texts)
  for _, text in ipairs(texts) do
    if text == "" then
      return true
    end
  end
  return false
end

-- Fills in the keys; which fields need no test besides.
local function add_keys(compiled, method, constraints)
  local kind, seen_to, first = method.kind, {}, {}
  local last = first
  local naming
  for _, field in ipairs(kinds.NAMING[kind]) do
    if not naming and value_tests.strings(constraints[field]) then
      naming = field
    end
  end
  compiled.is_named = naming ~= nil
  for _, field in ipairs(kinds.INDEXED[kind]) do
    local values = value_tests.strings(constraints[field])
    if values then
      values.field, values.names = field, field == naming or nil
      last.next, last = values, values
      seen_to[field] = true
    end
  end
  local texts = is_text_key(method, constraints, "text")
    and value_tests.strings(constraints.text)
  if texts and not has_empty(texts) then
    texts.field, texts.is_text = "text", true
    last.next = texts
    seen_to.text = true
  end
  compiled.key = first.next
  return seen_to
end

-- Tests ---------------------------------------------------------------------------

local function getter(method, constraints, field)
  if field == "text" and constraints.mention then
    return kinds.text_without_mention
  end
  return method.fields[field] or kinds.GETTERS[method.kind][field]
end

local function add_test(compiled, method, constraints, field)
  local wanted = constraints[field]
  local test, prepared, may_raise = value_tests.compile(wanted,
    method.has_texts and field == "text")
  if not test then
    return nil, ("%s: %s%s"):format(field, EXPECTED, type(wanted))
  elseif kinds.LISTS[field] then
    test = value_tests.of_several(test)
  end
  table.insert(compiled.tests, {
    field = field, get = getter(method, constraints, field), test = test, wanted = prepared,
  })
  compiled.may_raise = compiled.may_raise or may_raise
  return true
end

-- What the method is for comes last: it is seldom found by looking once, and its captures
-- are those of c.matches.
local function order_of(method, constraints)
  local fields = {}
  for _, field in ipairs(sorted_keys(constraints)) do
    if field ~= method.field then
      fields[#fields + 1] = field
    end
  end
  fields[#fields + 1] = constraints[method.field] ~= nil and method.field or nil
  return fields
end

local function add_tests(compiled, method, constraints, seen_to)
  for _, field in ipairs(order_of(method, constraints)) do
    if not seen_to[field] then
      local ok, problem = add_test(compiled, method, constraints, field)
      if not ok then
        return nil, problem
      end
    end
  end
  return true
end

-- Compiling -----------------------------------------------------------------------

local function checked(name, method, what)
  local given, problem, predicate = read(method, what)
  if not given then
    return nil, problem
  end
  local options, ok
  options, problem = take_lanes_options(given)
  if not options then
    return nil, problem
  end
  ok, problem = check_names(method, given)
  if ok then
    ok, problem = check_values(name, method, given)
  end
  return ok and given, problem, predicate, options ~= true and options or nil
end

---@param name string of the registering method
---@param what any
---@param is_unindexed? boolean no index sees to the keys: they are tested too
---@return slack.Compiled? compiled
---@return string? problem
function M.compile(name, what, is_unindexed)
  local method = kinds.METHODS[name]
  local given, problem, predicate, lanes_options = checked(name, method, what)
  if not given then
    return nil, problem
  end
  local constraints = merged(method.unless, given, method.always)
  local compiled = {
    tests = {}, predicate = predicate, lanes_options = lanes_options,
    part_test = given.subtype == nil and method.test or nil, may_raise = predicate ~= nil,
    mention = given.mention or nil,
  }
  local ok
  local seen_to = add_keys(compiled, method, constraints)
  ok, problem = add_tests(compiled, method, constraints, is_unindexed and {} or seen_to)
  if not ok then
    return nil, problem
  end
  compiled.tests = compiled.tests[1] and compiled.tests or NONE
  -- One field, because each that is read of one of many listeners is likely far away.
  compiled.takes = not (compiled.tests[1] or predicate) and (compiled.part_test or true)
  return compiled
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

---Whether a body is what they are for, as far as the index does not see to that. May raise
---when a predicate does.
---@param compiled slack.Compiled
---@param c slack.Context
---@return boolean
---@return any[]? captures
function M.accept(compiled, c)
  local part = c.payload
  if compiled.part_test and not compiled.part_test(part) then
    return false
  end
  local captures, captured
  local tests = compiled.tests
  for i = 1, #tests do
    local test = tests[i]
    local value, other = test.get(part, c)
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
  local predicate = compiled.predicate
  if predicate and not predicate(c) then
    return false
  end
  return true, captures
end

return M
