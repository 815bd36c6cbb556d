-- Stores: values by key, in memory or in a file, behind one interface.
--
--   "memory:"       gone with the process
--   "sqlite:PATH"   a file, which several processes may share
--   a table         with the methods of slack.Store: a store of your own

local Store = require "slack.storage.store"

local METHODS = {
  "get", "set", "add", "replace", "delete", "delete_if", "incr", "keys", "scope", "close",
}

-- What opens a store, by the scheme of its URL.
local BACKENDS = {
  memory = function(rest)
    if rest ~= "" then
      return nil, '"memory:" takes nothing after the colon'
    end
    return "slack.storage.memory"
  end,
}

local FORMS = '"memory:" expected'

local M = {}

-- The module that serves the URL and what stands after the colon; or the problem.
local function read_url(url)
  local scheme, rest = url:match "^(%a[%w+.-]*):(.*)$"
  local backend = scheme and BACKENDS[scheme:lower()]
  if not backend then
    return nil, ("%s, got %q"):format(FORMS, scheme and scheme .. ":" or url:sub(1, 40))
  end
  local module, problem = backend(rest)
  if not module then
    return nil, problem
  end
  return module, rest
end

local function lacking(object)
  local names = {}
  for _, name in ipairs(METHODS) do
    if type(object[name]) ~= "function" then
      names[#names + 1] = name
    end
  end
  return names
end

---What is wrong with a URL or store object, or nil.
---@param value any
---@return string? problem
function M.check(value)
  if type(value) == "string" then
    local module, problem = read_url(value)
    return not module and problem or nil
  elseif type(value) ~= "table" then
    return ("a URL or a store expected, got %s"):format(type(value))
  end
  local names = lacking(value)
  if #names > 0 then
    return "a store has the methods " .. table.concat(METHODS, ", ") .. "; this one lacks "
      .. table.concat(names, ", ")
  end
end

---@class slack.StorageOptions
---@field clock? fun(): number seconds since the epoch, by which entries expire
---@field log? slack.Log

---Opens the store that a URL names; a store is given back as it is. A wrong URL
---or an incomplete store raises.
---@param url string|slack.Store
---@param options? slack.StorageOptions
---@return slack.Store?
---@return slack.Error? err what is in the way, with the path
function M.open(url, options)
  local problem = M.check(url)
  if problem then
    error("slack.storage.open: " .. problem, 2)
  elseif type(url) == "table" then
    return url
  end
  local module, rest = read_url(url)
  options = options or {}
  local backend, err = require(module).open(rest, options)
  if not backend then
    return nil, err
  end
  return Store.new(backend, options.clock)
end

return M
