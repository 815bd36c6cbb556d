-- What `inbox retry` and `inbox drop` have in common: which entries, of which store, and
-- how many there were.

local stores = require "slack.command.stores"

local M = {}

M.WORDS = "{ID… | --all} [STORE]"

local function count_text(count)
  return count == 1 and "1 entry" or ("%d entries"):format(count)
end

-- Entries and store; or nil and what is wrong.
local function read(given, terminal)
  local url, ids, problem = stores.split(given.words, terminal)
  if not url then
    return nil, problem
  elseif given.all and #ids > 0 then
    return nil, ("--all and %q exclude each other"):format(ids[1])
  elseif not given.all and #ids == 0 then
    return nil, "which ones? Give their IDs, or --all: `lua-slack inbox list` shows them"
  end
  given.ids = ids
  return url
end

---@class slack.command.InboxChange
---@field apply fun(store: slack.Store, ids: string[]?): integer?, slack.Error?
---@field done string in words
---@field confirm? fun(given: table, terminal: slack.command.Terminal, url: string): boolean
---@field explain fun(store: slack.Store, ids: string[], count: integer): any why only so many
---  entries with these ids were changed

---@param given table
---@param terminal slack.command.Terminal
---@param change slack.command.InboxChange
---@return integer status
---@return any err
function M.run(given, terminal, change)
  local url, problem = read(given, terminal)
  if not url then
    return 2, problem
  elseif change.confirm and not change.confirm(given, terminal, url) then
    return 1, "nothing was changed"
  end
  return stores.with(url, function(store)
    local count, err = change.apply(store, not given.all and given.ids or nil)
    if not count then
      return 1, err
    end
    terminal.write(("%s %s\n"):format(count_text(count), change.done))
    if not given.all and count < #given.ids then
      return 1, change.explain(store, given.ids, count)
    end
    return 0
  end)
end

return M
