-- Steps that a store does all or none of: what they are is noted first, by the methods of
-- the batch, and then done in one go.

local arguments = require "slack.storage.arguments"
local errors = require "slack.errors"

-- As many as one script of Redis, or one transaction, does without keeping others waiting.
local MAX_STEPS = 1000

---@class slack.BatchStep
---@field operation "set"|"add"|"delete"|"incr"
---@field key string with all its prefixes
---@field text? string JSON
---@field by? integer
---@field expires_at? integer milliseconds

---@class slack.Batch
local Batch = {}
Batch.__name = "slack.batch"

-- What it lacks is asked for as a method, by who takes it for the store.
function Batch.__index(_, name)
  local method = Batch[name]
  if method == nil then
    arguments.misuse("batch:" .. tostring(name), "a batch has the methods set, add, delete and "
      .. "incr; what is read or compared is so before it")
  end
  return method
end

---@param prefix string of all keys
---@param now integer milliseconds
---@return slack.Batch
function Batch.new(prefix, now)
  return setmetatable({
    prefix = prefix, now = now, steps = {}, bytes = 0, err = false, is_closed = false,
  }, Batch)
end

local function refuse(self, err)
  if err and not self.err then
    self.err = Batch.failure(#self.steps, err)
  end
end

local function note(self, name, key, step)
  step.operation, step.key = step.operation or name:match "%a+$", self.prefix .. key
  local steps = self.steps
  steps[#steps + 1] = step
  self.bytes = self.bytes + #step.key + (step.text and #step.text or 0)
  refuse(self, arguments.refuse_key(step.key) or step.text and arguments.refuse_text(step.text))
end

local function check(self, name, key)
  arguments.check_self(self, name)
  if self.is_closed then
    arguments.misuse(name, "the batch is over: its steps are noted in the function that "
      .. "store:batch is given")
  end
  arguments.check_key(name, key)
end

local function write(self, name, key, value, options, known)
  check(self, name, key)
  arguments.check_options(name, options, known)
  note(self, name, key, {
    operation = options and options.if_absent and "add" or nil,
    text = arguments.encoded(name, "value", value),
    expires_at = arguments.expiry(name, options, self.now),
  })
end

---@param key string
---@param value any what slack.json can encode, not nil
---@param options? slack.SetOptions
function Batch:set(key, value, options)
  write(self, "batch:set", key, value, options, arguments.SET_OPTIONS)
end

---Its result is false when there is a value, which is no failure.
---@param key string
---@param value any
---@param options? slack.StoreOptions
function Batch:add(key, value, options)
  write(self, "batch:add", key, value, options)
end

---Its result is false when there is none, which is no failure.
---@param key string
function Batch:delete(key)
  check(self, "batch:delete", key)
  note(self, "batch:delete", key, {})
end

---@param key string
---@param by? integer 1
---@param options? slack.StoreOptions
function Batch:incr(key, by, options)
  local name = "batch:incr"
  check(self, name, key)
  arguments.check_options(name, options)
  note(self, name, key, {
    by = arguments.by(name, by), expires_at = arguments.expiry(name, options, self.now),
  })
end

---No more steps: those there are, or why they are refused.
---@return slack.BatchStep[]?
---@return slack.Error? err
function Batch:close()
  self.is_closed = true
  local steps = self.steps
  if self.err then
    return nil, self.err
  elseif #steps > MAX_STEPS then
    return nil, errors.new {
      code = "too_large",
      message = ("a batch of %d steps, of at most %d"):format(#steps, MAX_STEPS),
    }
  elseif self.bytes > arguments.MAX_VALUE then
    return nil, errors.new {
      code = "too_large",
      message = ("a batch of %d bytes, of at most %d"):format(self.bytes, arguments.MAX_VALUE),
    }
  end
  return steps
end

---What the whole has failed with when one step has.
---@param number integer of the step
---@param err slack.Error
---@return slack.Error
function Batch.failure(number, err)
  return errors.new {
    code = err.code, message = ("step %d of the batch: %s"):format(number, err.message),
  }
end

-- For the storage thread ---------------------------------------------------------------

local LETTERS = { set = "s", add = "a", delete = "d", incr = "i" }

---The steps as src/storage_batch.h has them.
---@param steps slack.BatchStep[]
---@return string
function Batch.packed(steps)
  local parts = {}
  for i, step in ipairs(steps) do
    parts[i] = ("=c1jjss"):pack(LETTERS[step.operation], step.expires_at or math.maxinteger,
      step.by or 0, step.key, step.text or "")
  end
  return table.concat(parts)
end

---@param steps slack.BatchStep[]
---@param texts string[] of each what came of it
---@return (boolean|integer)[] results
function Batch.results(steps, texts)
  local results = {}
  for i, step in ipairs(steps) do
    if step.operation == "incr" then
      results[i] = math.tointeger(tonumber(texts[i]))
    else
      results[i] = texts[i] == "1"
    end
  end
  return results
end

return Batch
