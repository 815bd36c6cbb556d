-- What every store has in common: keys and values are checked, values become
-- JSON text, a time to live becomes a time of the wall clock. The texts are kept
-- by a backend (memory.lua, sqlite.lua, redis.lua), whose methods are
--
--   get(key, now) -> text | nil                 set(key, now, text, expires_at) -> true
--   add(key, now, text, expires_at) -> boolean  incr(key, now, by, expires_at) -> integer
--   replace(key, now, text, expires_at, old_text) -> boolean
--   delete(key, now, old_text | nil) -> boolean
--   keys(prefix, now) -> sorted list            close()
--
-- Each is atomic, over all processes that share the store, and gives nil, err
-- when it fails. Times are milliseconds; expires_at nil is never. Redis goes by the
-- difference of the two, and its keys are no snapshot. A field is_shared is true where
-- machines may have the store in common.

local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"

local MAX_KEY = 1024
local MAX_VALUE = 16 * 1024 * 1024
local MAX_TTL = 1e10 -- seconds; more than 300 years
local MAX_ATTEMPTS = 100

---@class slack.StoreOptions
---@field ttl? number seconds until the entry is gone; none: it stays

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
    backend = backend, clock = clock or core.time, prefix = prefix or "", is_scope = false,
  }, Store)
end

-- Arguments ---------------------------------------------------------------------

local THIS_FILE = debug.getinfo(1, "S").source

-- Raises where the store's method was called.
local function raise(text)
  local level = 2
  local caller = debug.getinfo(level, "S")
  while caller and caller.source == THIS_FILE do -- none: called as a task's own function
    level = level + 1
    caller = debug.getinfo(level, "S")
  end
  error(text, level)
end

local function misuse(name, format, ...)
  raise(("store:%s: " .. format):format(name, ...))
end

local function check_self(self, name)
  if type(self) ~= "table" then
    raise(("store.%s: call it with a colon: store:%s(…)"):format(name, name))
  end
end

local function full_key(self, name, key)
  check_self(self, name)
  if type(key) ~= "string" then
    misuse(name, "key: string expected, got %s", type(key))
  elseif key == "" then
    misuse(name, "key: it is empty")
  end
  return self.prefix .. key
end

-- A key made from what somebody sent may be too long: no reason to raise.
local function refuse_key(key)
  if #key > MAX_KEY then
    return errors.new {
      code = "too_large",
      message = ("a key of %d bytes, of at most %d"):format(#key, MAX_KEY),
    }
  end
end

local function encoded(name, what, value)
  if value == nil then
    misuse(name, "%s expected, got nil", what)
  end
  local text, problem = json.encode(value)
  if not text then
    misuse(name, "%s: %s", what, problem)
  end
  return text
end

local function refuse_text(text)
  if #text > MAX_VALUE then
    return errors.new {
      code = "too_large",
      message = ("a value of %d bytes as JSON, of at most %d"):format(#text, MAX_VALUE),
    }
  end
end

local function milliseconds(self)
  return math.floor(self.clock() * 1000)
end

local function expiry(name, options, now)
  if options == nil then
    return nil
  elseif type(options) ~= "table" then
    misuse(name, "options: table expected, got %s", type(options))
  end
  for option in pairs(options) do
    if option ~= "ttl" then
      misuse(name, "unknown option %q; there is \"ttl\"", tostring(option))
    end
  end
  local ttl = options.ttl
  if ttl == nil then
    return nil
  elseif type(ttl) ~= "number" or not (ttl > 0 and ttl <= MAX_TTL) then
    misuse(name, 'option "ttl": seconds above 0 expected, got %s',
      type(ttl) == "string" and ("the string %q"):format(ttl) or tostring(ttl))
  end
  return now + math.ceil(ttl * 1000)
end

-- Values ------------------------------------------------------------------------

-- Keys are in no error: one may be a secret as well.
local function decoded(text)
  local value, problem = json.decode(text)
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
  key = full_key(self, "get", key)
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

-- set and add differ in what they call.
local function write(self, name, key, value, options)
  key = full_key(self, name, key)
  local text, now = encoded(name, "value", value), milliseconds(self)
  local expires_at = expiry(name, options, now)
  local refused = refuse_key(key) or refuse_text(text)
  if refused then
    return nil, refused
  end
  return self.backend[name](self.backend, key, now, text, expires_at)
end

---Puts a value under a key, in place of the one before and its time to live.
---@async
---@param key string
---@param value any what slack.json can encode, not nil
---@param options? slack.StoreOptions
---@return true? ok
---@return slack.Error? err
function Store:set(key, value, options)
  local ok, err = write(self, "set", key, value, options)
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
  local added, err = write(self, "add", key, value, options)
  return added, err
end

---Removes a key. Of several that try, in whatever process, one gets true: what is
---good for one use is consumed by this.
---@async
---@param key string
---@return boolean? was_there
---@return slack.Error? err
function Store:delete(key)
  key = full_key(self, "delete", key)
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
  key = full_key(self, "replace", key)
  old = json.decode(encoded("replace", "old value", old))
  local text, now = encoded("replace", "value", value), milliseconds(self)
  local expires_at = expiry("replace", options, now)
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
  key = full_key(self, "delete_if", key)
  old = json.decode(encoded("delete_if", "old value", old))
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
  key = full_key(self, "incr", key)
  by = by == nil and 1 or by
  if math.type(by) ~= "integer" then
    misuse("incr", "by: integer expected, got %s", type(by))
  end
  local now = milliseconds(self)
  local expires_at = expiry("incr", options, now)
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
  check_self(self, "keys")
  if prefix ~= nil and type(prefix) ~= "string" then
    misuse("keys", "prefix: string expected, got %s", type(prefix))
  end
  local list, err = self.backend:keys(self.prefix .. (prefix or ""), milliseconds(self))
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

---The part of the store whose keys begin with a prefix, as a store of its own:
---there the prefix is not seen. Closing it does nothing.
---@param prefix string
---@return slack.Store
function Store:scope(prefix)
  check_self(self, "scope")
  if type(prefix) ~= "string" then
    error("store:scope: prefix: string expected, got " .. type(prefix), 2)
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
