-- Stores that are open for the length of one function, and those that are not opened.

local logs = require "slack.log"
local storage = require "slack.storage"

local M = {}

---Opens, calls fn(store, lines of the log) and closes.
---@param url string
---@param fn fun(store: slack.Store, lines: string[])
---@param options? slack.StorageOptions
function M.with_store(url, fn, options)
  local lines = {}
  options = options or {}
  options.log = logs.new { sink = function(line) table.insert(lines, line) end }
  local store = assert(storage.open(url, options))
  local closing <close> = setmetatable({}, { -- luacheck: ignore 211
    __close = function() store:close() end,
  })
  fn(store, lines)
end

---What is wrong with a store that cannot be opened.
---@return string code
---@return string text
function M.refused(url, options)
  local store, err = storage.open(url, options)
  assert(store == nil, "it was opened")
  return err.code, tostring(err)
end

---What each function gives, or the code of its error.
---@return any[]
function M.codes(...)
  local list = {}
  for i, ask in ipairs { ... } do
    local value, err = ask()
    list[i] = err and err.code or value
  end
  return list
end

return M
