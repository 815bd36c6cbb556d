-- Finds the listeners for a body without looking at the others. It is a tree: from the
-- kind through the exact ids that listeners name, one field a level, in the order that
-- kinds.lua gives; plain texts of messages are the last level. A node's own list has
-- the listeners that name nothing further. Fields that nobody names cost nothing.

local lazy = require "slack.lazy"
local TextIndex = lazy "slack.text_index"
local kinds = require "slack.kinds"
local ordered = require "slack.ordered"

---@class slack.IndexNode: slack.ListHolder
---@field named integer listeners here and below that name what has led here
---@field fields? slack.IndexField[] that lead on
---@field texts? slack.TextIndex
---@field only? slack.IndexField the only way on, where there is nothing else
---@field is_end boolean whether there is no way on

---@class slack.IndexField
---@field name string
---@field get fun(payload: table, c: slack.Context): any
---@field plain? string the field of the payload that get gives, to be read without it
---@field nodes table<any, slack.IndexNode|slack.Listener>

---@class slack.Index
---@field count integer listeners
---@field readings integer visits that have begun
---@field spare? table[] lists to be used again
local Index = {}
Index.__index = Index
Index.__name = "slack.index"

local function new_node(reading)
  local node = ordered.new(reading)
  node.named, node.is_end = 0, true
  return node
end

local function review(node)
  local fields = node.fields
  node.is_end = not (fields or node.texts)
  node.only = fields and not fields[2] and not node.texts and not node.list[1] and fields[1] or nil
end

---@return slack.Index
function Index.new()
  local tops = {}
  for kind in pairs(kinds.INDEXED) do
    tops[kind] = new_node(0)
  end
  return setmetatable({ tops = tops, count = 0, readings = 0 }, Index)
end

-- Adding and removing -------------------------------------------------------------

local function field_of(node, name, kind)
  node.fields = node.fields or {}
  for _, field in ipairs(node.fields) do
    if field.name == name then
      return field
    end
  end
  local get = kinds.GETTERS[kind][name]
  local field = { name = name, get = get, plain = kinds.PLAIN_NAMES[get], nodes = {} }
  table.insert(node.fields, field)
  return field
end

local add_below

-- Puts it into the node that the key leads to.
local function add_to_node(self, node, listener, key)
  if key.names then
    node.named = node.named + 1
  end
  add_below(self, node, listener, key.next)
end

local function last_key(listener)
  local key = listener.key
  while key.next do
    key = key.next
  end
  return key
end

-- A listener that is alone behind an id needs no node, of which there would be thousands.
local function as_node(self, inner)
  local alone = inner and inner.plan and inner
  local node = not alone and inner or new_node(self.readings)
  if alone then
    add_to_node(self, node, alone, last_key(alone))
  end
  return node
end

local function add_to_fields(self, node, listener, key)
  local nodes = field_of(node, key.field, listener.kind).nodes
  for _, value in ipairs(listener:values_of(key)) do
    local inner = nodes[value]
    if not inner and not key.next then
      nodes[value] = listener
    else
      inner = as_node(self, inner)
      nodes[value] = inner
      add_to_node(self, inner, listener, key)
    end
  end
end

function add_below(self, node, listener, key)
  if not key then
    ordered.insert(node, listener, self.readings)
  elseif key.is_text then
    node.texts = node.texts or TextIndex.new()
    node.texts:add(listener:values_of(key), listener, self.readings)
  else
    add_to_fields(self, node, listener, key)
  end
  review(node)
end

---@param listener slack.Listener
function Index:add(listener)
  local plan = listener.plan
  if plan.ledger then
    plan.ledger.index = self
  end
  self.count = self.count + 1
  self.takes_own = self.takes_own or plan.takes_own
  add_below(self, self.tops[plan.kind], listener, plan.key)
end

local function is_bare(node)
  return not (node.list[1] or node.fields or node.texts)
end

local function drop_field(node, field)
  if next(field.nodes) then
    return
  end
  for i, one in ipairs(node.fields) do
    if one == field then
      table.remove(node.fields, i)
      break
    end
  end
  if not node.fields[1] then
    node.fields = nil
  end
end

---Whether there is any listener of a kind.
---@param kind slack.Kind
---@return boolean
function Index:has(kind)
  return not is_bare(self.tops[kind])
end

local remove_below

-- Nodes that lead nowhere go, so that ids made up for a while leave nothing behind.
local function remove_from_fields(self, node, listener, key)
  local field = field_of(node, key.field, listener.kind)
  for _, value in ipairs(listener:values_of(key)) do
    local inner = field.nodes[value]
    if inner ~= listener then
      inner.named = inner.named - (key.names and 1 or 0)
      remove_below(self, inner, listener, key.next)
    end
    if inner == listener or is_bare(inner) then
      field.nodes[value] = nil
    end
  end
  drop_field(node, field)
end

function remove_below(self, node, listener, key)
  if not key then
    ordered.remove(node, listener, self.readings)
  elseif key.is_text then
    node.texts:remove(listener:values_of(key), listener, self.readings)
    if node.texts.count == 0 then
      node.texts = nil
    end
  else
    remove_from_fields(self, node, listener, key)
  end
  review(node)
end

---@param listener slack.Listener one that was added
function Index:remove(listener)
  self.count = self.count - 1
  remove_below(self, self.tops[listener.kind], listener, listener.key)
end

-- Visiting ------------------------------------------------------------------------

-- Adds the lists of candidates at a node and below it to those found.
local function gather(node, c, lists, count, named)
  named = named or node.named > 0
  if node.list[1] then
    count = count + 1
    lists[count] = node.list
  end
  local fields = node.fields
  if fields then
    local part = c.payload
    for i = 1, #fields do
      local field = fields[i]
      local value = field.get(part, c)
      local inner = value ~= nil and field.nodes[value]
      if inner and inner.plan then
        count, named = count + 1, named or inner.plan.is_named
        lists[count] = { inner }
      elseif inner then
        count, named = gather(inner, c, lists, count, named)
      end
    end
  end
  if node.texts then
    count = node.texts:find(c.payload.text, lists, count)
  end
  return count, named
end

-- The list with the candidate of the lowest order, at their cursors.
local function least(lists, cursors, count)
  local best, best_order
  for i = 1, count do
    local listener = lists[i][cursors[i]]
    if listener and (not best or listener.order < best_order) then
      best, best_order = i, listener.order
    end
  end
  return best
end

-- One that stands in several lists is visited once.
local function merge(lists, count, visit, c, out)
  local cursors, last = {}, nil
  for i = 1, count do
    cursors[i] = 1
  end
  local i = least(lists, cursors, count)
  while i do
    local listener = lists[i][cursors[i]]
    cursors[i] = cursors[i] + 1
    if listener ~= last and visit(c, listener, out) then
      return
    end
    last = listener
    i = least(lists, cursors, count)
  end
end

local function visit_all(list, visit, c, out)
  for i = 1, #list do
    if visit(c, list[i], out) then
      return
    end
  end
end

local function visit_branches(self, node, c, named, visit, out)
  -- While a visit dispatches something itself, another list takes its place.
  local lists = self.spare or {}
  self.spare = nil
  local count
  count, named = gather(node, c, lists, 0, named)
  if count == 1 then
    visit_all(lists[1], visit, c, out)
  elseif count > 1 then
    merge(lists, count, visit, c, out)
  end
  for i = count, 1, -1 do
    lists[i] = nil
  end
  self.spare = lists
  return named
end

---Where the listeners for it stand, as far as there is one way to them.
---@param c slack.Context
---@param kind slack.Kind|"any" that of the context
---@return slack.IndexNode|slack.Listener|nil place a listener that is alone there; nil: none is
---@return boolean named whether there was one that names this very id
function Index:place(c, kind)
  local node, named, part = self.tops[kind], false, c.payload
  local only = node.only
  while only do
    local plain = only.plain
    if plain then
      node = only.nodes[part[plain]]
    else
      node = only.nodes[only.get(part, c)]
    end
    local plan = node and node.plan
    if plan then
      return node, named or plan.is_named
    elseif not node then
      return nil, named
    end
    named, only = named or node.named > 0, node.only
  end
  return node, named
end

---Calls visit(c, listener, out) with each listener that may match, in the order
---of registration, until it gives true. Meanwhile listeners may come and go.
---@param c slack.Context
---@param visit fun(c: slack.Context, listener: slack.Listener, out: any): boolean?
---@param out any
---@param kind? slack.Kind|"any" that of the context
---@return boolean any whether there was one that names this very id
function Index:visit(c, visit, out, kind)
  self.readings = self.readings + 1
  local node, named = self:place(c, kind or c.kind)
  if not node then
    return named
  elseif node.plan then
    visit(c, node, out)
  elseif node.is_end then
    visit_all(node.list, visit, c, out)
  else
    return visit_branches(self, node, c, named, visit, out)
  end
  return named
end

---Whether there are listeners for what no other took.
---@return boolean
function Index:has_any()
  return not is_bare(self.tops.any)
end

return Index
