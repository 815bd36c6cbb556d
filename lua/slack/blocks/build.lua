-- Makes tables that Slack understands of the short forms that people write: text
-- objects of strings, options of strings and pairs, lists of items. What it is given
-- is copied, never changed.

local json = require "slack.json"
local rules = require "slack.blocks.rules"

local MAX_DEPTH = 50

local M = {}

-- Raises, for init.lua to put into words.
local function refuse(text, ...)
  error({ misuse = text:format(...) }, 0)
end

local function copy(value, depth)
  if type(value) ~= "table" or value == json.null then
    return value
  elseif depth > MAX_DEPTH then
    refuse("nested more than %d deep; does a table contain itself?", MAX_DEPTH)
  end
  local copied = {}
  for key, item in pairs(value) do
    copied[key] = copy(item, depth + 1)
  end
  return json.is_list(value) and json.list(copied) or copied
end

local function text_of_number(value)
  return math.tointeger(value) and ("%d"):format(value) or ("%.14g"):format(value)
end

-- Kinds -----------------------------------------------------------------------------

local convert

---@type table<string, fun(kind: slack.blocks.Kind, value: any, depth: integer): any>
local kinds = {}

function kinds.text(kind, value, depth)
  if type(value) == "number" then
    value = text_of_number(value)
  end
  if type(value) == "string" then
    return { type = kind.from_string, text = value }
  end
  return copy(value, depth)
end

function kinds.string(_, value, depth)
  return type(value) == "number" and text_of_number(value) or copy(value, depth)
end

kinds.numeral = kinds.string

function kinds.list(kind, value, depth)
  if type(value) ~= "table" or (rawlen(value) == 0 and next(value) ~= nil) then
    return copy(value, depth)
  end
  local list = json.list()
  for i = 1, rawlen(value) do
    list[i] = convert(kind.of, value[i], depth + 1)
  end
  return list
end

function kinds.object(kind, value, depth)
  local rule = rules.objects[kind.name]
  if type(value) == "string" or type(value) == "number" then
    value = { value }
  end
  return type(value) == "table" and M.object(rule, value, depth) or value
end

function kinds.typed(kind, value, depth)
  if (type(value) == "string" or type(value) == "number") and kind.from_string then
    value = { type = kind.from_string, value }
  end
  local rule = type(value) == "table" and rules[kind.category][value.type]
  return rule and M.object(rule, value, depth) or copy(value, depth)
end

function convert(kind, value, depth)
  if depth > MAX_DEPTH then
    refuse("nested more than %d deep; does a table contain itself?", MAX_DEPTH)
  end
  local by_kind = value ~= json.null and kinds[kind.kind]
  if by_kind then
    return by_kind(kind, value, depth)
  end
  return copy(value, depth)
end

-- Objects ---------------------------------------------------------------------------

local function set_field(rule, object, name, value, depth)
  local kind = rule.fields[name]
  if object[name] ~= nil then
    refuse("%s is given twice", name)
  end
  object[name] = kind and convert(kind, value, depth) or copy(value, depth)
end

-- Items without a name: those of the list that the thing holds, else its main values.
local function set_items(rule, object, source, depth)
  local count = rawlen(source)
  if count == 0 then
    return
  elseif rule.items then
    return set_field(rule, object, rule.items, table.move(source, 1, count, 1, {}), depth)
  elseif count > #rule.args then
    refuse("%s expected, item %d has none", #rule.args == 0 and "fields with names"
      or "names after " .. table.concat(rule.args, ", "), #rule.args + 1)
  end
  for i = 1, count do
    set_field(rule, object, rule.args[i], source[i], depth)
  end
end

---The object that a rule describes, of a table in short form.
---@param rule slack.blocks.Rule
---@param source table
---@param depth integer
---@return table
function M.object(rule, source, depth)
  local object = {}
  set_items(rule, object, source, depth + 1)
  for name, value in pairs(source) do
    if type(name) ~= "number" and not (name == "type" and rule.has_type) then
      set_field(rule, object, name, value, depth + 1)
    end
  end
  if rule.has_type then
    object.type = rule.name
  end
  for name, value in pairs(rule.defaults) do
    if object[name] == nil then
      object[name] = convert(rule.fields[name], value, depth + 1)
    end
  end
  if rule.items and object[rule.items] == nil and rule.fields[rule.items]
    and rule.fields[rule.items].is_required then
    object[rule.items] = json.list()
  end
  if rule.finish then
    rule.finish(object, source)
  end
  return object
end

-- Constructors ----------------------------------------------------------------------

-- A table that says no type, or this one, has fields of the thing itself.
local function has_fields(rule, value)
  return type(value) == "table" and value ~= json.null
    and (value.type == nil or value.type == rule.name and rule.has_type)
end

-- The main values by their names, and items, into the table with the rest.
local function place_values(rule, source, values, count)
  local taken = math.min(count, #rule.args)
  for i = 1, taken do
    local name = rule.args[i]
    if source[name] ~= nil then
      refuse("%s is given twice", name)
    end
    source[name] = values[i]
  end
  if count == taken then
    return
  elseif not rule.items then
    refuse("at most %d value%s and a table expected, got %d", #rule.args,
      #rule.args == 1 and "" or "s", count)
  elseif rawlen(source) > 0 then
    refuse("%s are given twice", rule.items)
  end
  local first = values[taken + 1]
  if count == taken + 1 and type(first) == "table" and first.type == nil then
    table.move(first, 1, rawlen(first), 1, source)
  else
    table.move(values, taken + 1, count, 1, source)
  end
end

---The object of a constructor's arguments: main values in their order, then a table
---with the rest.
---@param rule slack.blocks.Rule
---@param ... any
---@return table
function M.construct(rule, ...)
  local values, count, source = { ... }, select("#", ...), {}
  local last = values[count]
  if count > 0 and has_fields(rule, last) then
    for key, value in pairs(last) do
      source[key] = value
    end
    count = count - 1
  end
  place_values(rule, source, values, count)
  return M.object(rule, source, 0)
end

return M
