-- What the methods of a store are given: what is wrong with it raises at the program's
-- line; what may come from outside, as a key made of what somebody sent, is an error.

local errors = require "slack.errors"
local json = require "slack.json"
local misuse = require "slack.misuse"

local MAX_KEY = 1024
local MAX_VALUE = 16 * 1024 * 1024
local MAX_TTL = 1e10 -- seconds; more than 300 years

local FOLDER = misuse.folder()

local M = { MAX_VALUE = MAX_VALUE }

---@param text string
function M.raise(text)
  misuse.raise(FOLDER, text)
end

---@param name string of the method
---@param format string
function M.misuse(name, format, ...)
  M.raise(("%s: " .. format):format(name, ...))
end

---@param self any
---@param name string "store:get"
function M.check_self(self, name)
  if type(self) ~= "table" then
    M.raise(("%s: call it with a colon: %s(…)"):format(name:gsub(":", "."), name))
  end
end

---@param name string
---@param key any
function M.check_key(name, key)
  if type(key) ~= "string" then
    M.misuse(name, "key: string expected, got %s", type(key))
  elseif key == "" then
    M.misuse(name, "key: it is empty")
  end
end

---@param name string
---@param prefix any
---@return string prefix "" when it is nil
function M.prefix(name, prefix)
  if prefix ~= nil and type(prefix) ~= "string" then
    M.misuse(name, "prefix: string expected, got %s", type(prefix))
  end
  return prefix or ""
end

---@param key string with all its prefixes
---@return slack.Error?
function M.refuse_key(key)
  if #key > MAX_KEY then
    return errors.new {
      code = "too_large",
      message = ("a key of %d bytes, of at most %d"):format(#key, MAX_KEY),
    }
  end
end

---@param text string
---@return slack.Error?
function M.refuse_text(text)
  if #text > MAX_VALUE then
    return errors.new {
      code = "too_large",
      message = ("a value of %d bytes as JSON, of at most %d"):format(#text, MAX_VALUE),
    }
  end
end

---@param name string
---@param what string "value"
---@param value any
---@return string text JSON
function M.encoded(name, what, value)
  if value == nil then
    M.misuse(name, "%s expected, got nil", what)
  end
  local text, problem = json.encode(value)
  if not text then
    M.misuse(name, "%s: %s", what, problem)
  end
  return text
end

local TTL_ONLY = { ttl = true }
local NAMES = { [TTL_ONLY] = 'there is "ttl"' }

---Those of set; the others take a ttl alone.
M.SET_OPTIONS = { ttl = true, if_absent = true }
NAMES[M.SET_OPTIONS] = 'there are "if_absent" and "ttl"'

---@param name string
---@param options any
---@param known? table<string, true>
function M.check_options(name, options, known)
  if options == nil then
    return
  elseif type(options) ~= "table" then
    M.misuse(name, "options: table expected, got %s", type(options))
  end
  known = known or TTL_ONLY
  for option in pairs(options) do
    if not known[option] then
      M.misuse(name, "unknown option %q; %s", tostring(option), NAMES[known])
    end
  end
  local if_absent = options.if_absent
  if if_absent ~= nil and type(if_absent) ~= "boolean" then
    M.misuse(name, 'option "if_absent": boolean expected, got %s', type(if_absent))
  end
end

---When an entry expires.
---@param name string
---@param options any checked
---@param now integer
---@return integer? expires_at milliseconds; nil: it does not
function M.expiry(name, options, now)
  local ttl = options and options.ttl
  if ttl == nil then
    return nil
  elseif type(ttl) ~= "number" or not (ttl > 0 and ttl <= MAX_TTL) then
    M.misuse(name, 'option "ttl": seconds above 0 expected, got %s',
      type(ttl) == "string" and ("the string %q"):format(ttl) or tostring(ttl))
  end
  return now + math.ceil(ttl * 1000)
end

---@param name string
---@param by any
---@return integer by 1 when it is nil
function M.by(name, by)
  by = by == nil and 1 or by
  if math.type(by) ~= "integer" then
    M.misuse(name, "by: integer expected, got %s", type(by))
  end
  return by
end

---@param fn any
function M.check_batch(fn)
  if type(fn) ~= "function" then
    M.misuse("store:batch", "a function expected, which notes the steps: function(b) "
      .. "b:set(…) end; got %s", type(fn))
  end
end

return M
