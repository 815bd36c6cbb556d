-- Finds the listeners for a body by its kind and ids, without looking at the
-- others: buckets by exact id, and one for those that name none. All buckets
-- are in the order of registration.

local kinds = require "slack.kinds"

local INDEXED, GETTERS = kinds.INDEXED, kinds.GETTERS

---@class slack.Index
local Index = {}
Index.__index = Index
Index.__name = "slack.index"

local function new_kind(kind)
  local exact, getters = {}, {}
  for i, field in ipairs(INDEXED[kind]) do
    exact[i] = {}
    getters[i] = GETTERS[kind][field]
  end
  return { fields = INDEXED[kind], exact = exact, getters = getters, rest = {} }
end

---@return slack.Index
function Index.new()
  local by_kind = {}
  for kind in pairs(INDEXED) do
    by_kind[kind] = new_kind(kind)
  end
  return setmetatable({ by_kind = by_kind, count = 0 }, Index)
end

local function insert(bucket, listener)
  local i = #bucket
  while i > 0 and bucket[i].order > listener.order do
    i = i - 1
  end
  table.insert(bucket, i + 1, listener)
end

local function bucket_of(entry, listener)
  for i, field in ipairs(entry.fields) do
    if field == listener.key_field then
      local exact = entry.exact[i]
      local bucket = exact[listener.key]
      if not bucket then
        bucket = {}
        exact[listener.key] = bucket
      end
      return bucket
    end
  end
  return entry.rest
end

---@param listener slack.Listener
function Index:add(listener)
  insert(bucket_of(self.by_kind[listener.kind], listener), listener)
  self.count = self.count + 1
end

-- The candidate of the lowest order in up to four buckets, at their cursors.
local function least(buckets, cursors, count)
  local best, best_order
  for i = 1, count do
    local listener = buckets[i][cursors[i]]
    if listener and (not best or listener.order < best_order) then
      best, best_order = i, listener.order
    end
  end
  return best
end

local function merge(buckets, count, visit, context, out)
  local cursors = {}
  for i = 1, count do
    cursors[i] = 1
  end
  local i = least(buckets, cursors, count)
  while i do
    local listener = buckets[i][cursors[i]]
    cursors[i] = cursors[i] + 1
    if visit(context, listener, out) then
      return
    end
    i = least(buckets, cursors, count)
  end
end

local function visit_all(bucket, visit, context, out)
  for i = 1, #bucket do
    if visit(context, bucket[i], out) then
      return
    end
  end
end

---Calls visit(c, listener, out) with each listener that may match, in the order
---of registration, until it gives true.
---@param c slack.Context
---@param visit fun(c: slack.Context, listener: slack.Listener, out: any): boolean?
---@param out any
---@return boolean any whether there was one that names this very id
function Index:visit(c, visit, out)
  local entry = self.by_kind[c.kind]
  local body, part = c.body, c.payload
  local getters, exact = entry.getters, entry.exact
  local one, several, count = nil, nil, 0
  for i = 1, #getters do
    local key = getters[i](body, part)
    local bucket = key ~= nil and exact[i][key]
    if bucket then
      count = count + 1
      if count == 2 then
        several = { one }
      end
      if several then
        several[count] = bucket
      end
      one = bucket
    end
  end
  local named = count > 0
  local rest = entry.rest
  if count == 0 then
    visit_all(rest, visit, c, out)
  elseif count == 1 and #rest == 0 then
    visit_all(one, visit, c, out)
  else
    several = several or { one }
    several[count + 1] = rest
    merge(several, count + 1, visit, c, out)
  end
  return named
end

return Index
