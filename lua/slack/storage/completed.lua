-- A store of the program's own need not have the methods that came later: they are made
-- from those it has. A loop then asks for each value by itself, and the steps of a batch are
-- done one after the other, up to one that fails.

local lazy = require "slack.lazy"
local Scan = lazy "slack.storage.scan"
local arguments = lazy "slack.storage.arguments"
local errors = require "slack.errors"

local M = {}

-- What was noted, to be done with the store's own methods.
local Notes = {}
Notes.__index = Notes
Notes.__name = "slack.batch"

for _, name in ipairs { "set", "add", "delete", "incr" } do
  Notes[name] = function(self, key, ...)
    arguments.check_key("batch:" .. name, key)
    table.insert(self, table.pack(name, key, ...))
  end
end

local Completed = {}

function Completed:scan(prefix, options)
  prefix = arguments.prefix("store:scan", prefix)
  local keys, at = nil, 0
  return Scan.new(options, function(_, count)
    local err
    if not keys then
      keys, err = self:keys(prefix)
    end
    if not keys then
      return nil, err
    end
    local page = {}
    for i = at + 1, math.min(at + count, #keys) do
      table.insert(page, keys[i])
      table.insert(page, keys[i])
    end
    at = at + #page // 2
    return page, at < #keys or nil
  end, function(key)
    return self:get(key)
  end)
end

function Completed:batch(fn)
  local notes, results = setmetatable({}, Notes), {}
  arguments.check_batch(fn)
  fn(notes)
  for i, step in ipairs(notes) do
    local name <const> = step[1]
    local result, err = self[name](self, table.unpack(step, 2, step.n))
    if result == nil then
      return nil, errors.new {
        code = err and err.code, message = ("step %d of the batch: %s"):format(i,
          err and err.message or tostring(err)),
      }
    end
    results[i] = result
  end
  return results
end

function Completed:set(key, value, options)
  if type(options) == "table" and options.if_absent then
    return self:add(key, value, { ttl = options.ttl })
  end
  local store = self._store
  return store:set(key, value, type(options) == "table" and { ttl = options.ttl } or options)
end

function Completed:scope(prefix)
  return M.of(self._store:scope(prefix))
end

-- Its methods are called with the store that they are of.
local function own_member(self, name)
  local store = rawget(self, "_store")
  local member = store[name]
  if type(member) ~= "function" then
    return member
  end
  return function(of, ...)
    return member(of == self and store or of, ...)
  end
end

---The store, with all methods of slack.Store.
---@param store slack.Store|table
---@return slack.Store
function M.of(store)
  if type(store.scan) == "function" and type(store.batch) == "function" then
    return store
  end
  return setmetatable({ _store = store }, {
    __index = function(self, name)
      local method = Completed[name]
      if method and (name == "set" or name == "scope" or type(store[name]) ~= "function") then
        return method
      end
      return own_member(self, name)
    end,
  })
end

return M
