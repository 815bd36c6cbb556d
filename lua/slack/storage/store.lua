-- What every store has in common: keys and values are checked, values become
-- JSON text, a time to live becomes a time of the wall clock. The texts are kept
-- by a backend (memory.lua, sqlite.lua, redis.lua), whose methods are
--
--   get(key, now) -> text | nil                 set(key, now, text, expires_at) -> true
--   add(key, now, text, expires_at) -> boolean  incr(key, now, by, expires_at) -> integer
--   replace(key, now, text, expires_at, old_text) -> boolean
--   delete(key, now, old_text | nil) -> boolean
--   keys(prefix, now) -> sorted list            close()
--   scan(prefix, now, count, cursor | nil) -> { key, text, key, text, … }, cursor | nil
--   batch(steps, now) -> list of results        (slack.BatchStep)
--
-- Each is atomic, over all processes that share the store, and gives nil, err
-- when it fails. Times are milliseconds; expires_at nil is never. Redis goes by the
-- difference of the two, and its keys are no snapshot. A field is_shared is true where
-- machines may have the store in common.

local lazy = require "slack.lazy"
local Batch = lazy "slack.storage.batch"
local Scan = lazy "slack.storage.scan"
local arguments = require "slack.storage.arguments"
local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"

local encoded, expiry = arguments.encoded, arguments.expiry
local refuse_key, refuse_text = arguments.refuse_key, arguments.refuse_text

local MAX_ATTEMPTS = 100

---@class slack.StoreOptions
---@field ttl? number seconds until the entry is gone; none: it stays

---@class slack.SetOptions: slack.StoreOptions
---@field if_absent? boolean as add does it: false when there is a value

---@class slack.Store
---@field prefix string of all its keys
local Store = {}
Store.__index = Store
Store.__name = "slack.store"

---@param backend table
---@param clock? fun(): number seconds since the epoch
---@param prefix? string
---@return slack.Store
function Store.new(backend, clock, prefix)
  return setmetatable({
    backend = backend, clock = clock or loop.time, prefix = prefix or "", is_scope = false,
  }, Store)
end

local function full_key(self, name, key)
  arguments.check_self(self, name)
  arguments.check_key(name, key)
  return self.prefix .. key
end

local function milliseconds(self)
  return math.floor(self.clock() * 1000)
end

-- Values ------------------------------------------------------------------------

-- Keys are in no error: one may be a secret as well.
local function decoded(text)
  local value, problem = json.decode_own(text)
  if problem then
    return nil, errors.new {
      code = "corrupt", message = "what is stored there is not a JSON value: " .. problem,
    }
  end
  return value
end

---The value of a key; a table is a copy of your own.
---@async
---@param key string
---@return any value nil when there is none
---@return slack.Error? err
function Store:get(key)
  key = full_key(self, "store:get", key)
  local refused = refuse_key(key)
  if refused then
    return nil, refused
  end
  local text, err = self.backend:get(key, milliseconds(self))
  if text == nil then
    return nil, err
  end
  return decoded(text)
end

local function write(self, name, key, value, options)
  local text, now = encoded(name, "value", value), milliseconds(self)
  local expires_at = expiry(name, options, now)
  local refused = refuse_key(key) or refuse_text(text)
  if refused then
    return nil, refused
  end
  local backend = self.backend
  if name == "store:add" or options and options.if_absent then
    return backend:add(key, now, text, expires_at)
  end
  return backend:set(key, now, text, expires_at)
end

---Puts a value under a key, in place of the one before and its time to live.
---@async
---@param key string
---@param value any what slack.json can encode, not nil
---@param options? slack.SetOptions
---@return boolean? ok false, with if_absent: there is one
---@return slack.Error? err
function Store:set(key, value, options)
  key = full_key(self, "store:set", key)
  arguments.check_options("store:set", options, arguments.SET_OPTIONS)
  local ok, err = write(self, "store:set", key, value, options)
  return ok, err
end

---Puts a value under a key that has none. Of several that try, in whatever process,
---one gets true: a lock that ends by itself is `add(key, owner, { ttl = … })`, given
---back by `delete_if(key, owner)`.
---@async
---@param key string
---@param value any
---@param options? slack.StoreOptions
---@return boolean? added false: there is one
---@return slack.Error? err
function Store:add(key, value, options)
  key = full_key(self, "store:add", key)
  arguments.check_options("store:add", options)
  local added, err = write(self, "store:add", key, value, options)
  return added, err
end

---Removes a key. Of several that try, in whatever process, one gets true: what is
---good for one use is consumed by this.
---@async
---@param key string
---@return boolean? was_there
---@return slack.Error? err
function Store:delete(key)
  key = full_key(self, "store:delete", key)
  local refused = refuse_key(key)
  if refused then
    return nil, refused
  end
  return self.backend:delete(key, milliseconds(self))
end

-- Keys of an object come in any order, so values are compared, not texts.
local function is_equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not is_equal(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- Calls change(text) with the text under the key as long as its value is `old`:
-- the backend compares texts, and a text that became another in between is looked
-- at again.
local function while_equal(self, key, old, change)
  for _ = 1, MAX_ATTEMPTS do
    local text, err = self.backend:get(key, milliseconds(self))
    if err then
      return nil, err
    elseif text == nil then
      return false
    end
    local value, problem = decoded(text)
    if problem then
      return nil, problem
    elseif not is_equal(value, old) then
      return false
    end
    local done
    done, err = change(text)
    if done ~= false then
      return done, err
    end
  end
  return nil, errors.new {
    code = "busy", message = "what is stored there is written anew all the time: try again",
  }
end

---Puts another value in place of one that is still `old`, compared by content:
---what two processes do to one record in turns is lost by neither.
---@async
---@param key string
---@param old any
---@param value any
---@param options? slack.StoreOptions
---@return boolean? replaced false: it is another by now, or none
---@return slack.Error? err
function Store:replace(key, old, value, options)
  key = full_key(self, "store:replace", key)
  old = decoded(encoded("store:replace", "old value", old))
  local text, now = encoded("store:replace", "value", value), milliseconds(self)
  arguments.check_options("store:replace", options)
  local expires_at = expiry("store:replace", options, now)
  local refused = refuse_key(key) or refuse_text(text)
  if refused then
    return nil, refused
  end
  return while_equal(self, key, old, function(old_text)
    return self.backend:replace(key, milliseconds(self), text, expires_at, old_text)
  end)
end

---Removes a key whose value is still `old`.
---@async
---@param key string
---@param old any
---@return boolean? removed false: it is another by now, or none
---@return slack.Error? err
function Store:delete_if(key, old)
  key = full_key(self, "store:delete_if", key)
  old = decoded(encoded("store:delete_if", "old value", old))
  local refused = refuse_key(key)
  if refused then
    return nil, refused
  end
  return while_equal(self, key, old, function(old_text)
    return self.backend:delete(key, milliseconds(self), old_text)
  end)
end

---Adds to a number that starts at 0. Its time to live counts from the first time;
---later ones leave it as it is.
---@async
---@param key string
---@param by? integer 1
---@param options? slack.StoreOptions
---@return integer? sum
---@return slack.Error? err code "not_an_integer": another value is there, or the sum has no form
function Store:incr(key, by, options)
  key = full_key(self, "store:incr", key)
  by = arguments.by("store:incr", by)
  arguments.check_options("store:incr", options)
  local now = milliseconds(self)
  local expires_at = expiry("store:incr", options, now)
  local refused = refuse_key(key)
  if refused then
    return nil, refused
  end
  return self.backend:incr(key, now, by, expires_at)
end

---The keys that begin with a prefix, all without one; sorted.
---@async
---@param prefix? string
---@return string[]?
---@return slack.Error? err
function Store:keys(prefix)
  arguments.check_self(self, "store:keys")
  prefix = arguments.prefix("store:keys", prefix)
  local list, err = self.backend:keys(self.prefix .. prefix, milliseconds(self))
  if not list then
    return nil, err
  end
  local skip = #self.prefix + 1
  if skip > 1 then
    for i, key in ipairs(list) do
      list[i] = key:sub(skip)
    end
  end
  return list
end

---The entries whose keys begin with a prefix, all without one, for a loop that has a page of
---them at a time: `for key, value in store:scan "user:" do`. Sorted by key, but on Redis,
---where a key may come twice. What is written meanwhile may be among them or not. A page that
---cannot be had raises in the loop; `next()` of what this gives has `nil, err`.
---@async
---@param prefix? string
---@param options? slack.ScanOptions
---@return slack.Scan
function Store:scan(prefix, options)
  arguments.check_self(self, "store:scan")
  prefix = self.prefix .. arguments.prefix("store:scan", prefix)
  local skip, backend = #self.prefix + 1, self.backend
  return Scan.new(options, function(cursor, count)
    local list, next_cursor = backend:scan(prefix, milliseconds(self), count, cursor)
    if list and skip > 1 then
      for i = 1, #list, 2 do
        list[i] = list[i]:sub(skip)
      end
    end
    return list, next_cursor
  end, decoded)
end

---Does several things in one step, all or none: the function notes them with `b:set`, `b:add`,
---`b:delete` and `b:incr`, which take what the store's methods take.
---@async
---@param fn fun(b: slack.Batch)
---@return (boolean|integer)[]? results of each step what the store's method gives
---@return slack.Error? err of the step that has failed; nothing has been done
function Store:batch(fn)
  arguments.check_self(self, "store:batch")
  arguments.check_batch(fn)
  local batch = Batch.new(self.prefix, milliseconds(self))
  fn(batch)
  local steps, err = batch:close()
  if not steps then
    return nil, err
  elseif #steps == 0 then
    return {}
  end
  return self.backend:batch(steps, batch.now)
end

---The part of the store whose keys begin with a prefix, as a store of its own:
---there the prefix is not seen. Closing it does nothing.
---@param prefix string
---@return slack.Store
function Store:scope(prefix)
  arguments.check_self(self, "store:scope")
  if type(prefix) ~= "string" then
    arguments.misuse("store:scope", "prefix: string expected, got %s", type(prefix))
  end
  local scope = Store.new(self.backend, self.clock, self.prefix .. prefix)
  scope.is_scope = true
  return scope
end

---Whether several machines may have it in common, not only processes of one.
---@return boolean
function Store:is_shared()
  return self.backend.is_shared == true
end

---Finishes what was begun and gives the store back; to call it twice does nothing.
---What is asked of it afterwards gives nil and an error with code "closed".
function Store:close()
  if not self.is_scope then
    self.backend:close()
  end
end

return Store
