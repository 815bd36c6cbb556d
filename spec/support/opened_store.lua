-- Stores that are open for the length of one function, and those that are not opened.

local assert = require "luassert"
local child = require "support.child"
local logs = require "slack.log"
local loop = require "slack.loop"
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

---Fails unless the loop has something to wait for until the store is closed, and no longer.
function M.check_loop(url, options)
  local previous = loop.use(loop.new())
  local restore <close> = setmetatable({}, { -- luacheck: ignore 211
    __close = function() loop.use(previous) end,
  })
  local store = assert(storage.open(url, options))
  assert.is_true(store:set("k", 1))
  assert.is_true(loop.is_alive())
  store:close()
  assert.is_false(loop.is_alive())
end

---Fails if a store that is opened, used and closed, or that cannot be opened, leaves a thread or
---a descriptor behind.
---@param rounds integer
---@param url string
---@param wrong string of a store that cannot be opened
function M.check_footprint(rounds, url, wrong)
  assert(child.run(([[
    local footprint, storage = require "support.footprint", require "slack.storage"
    footprint.rounds(%d, function(round)
      local store = assert(storage.open(%q))
      assert(store:incr "n" == round)
      store:close()
      assert(not storage.open(%q))
    end)
  ]]):format(rounds, url, wrong)))
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
