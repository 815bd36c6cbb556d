-- The store that a command is about: from its words, or from the environment. A file is
-- not made by looking into it.

local core = require "slack.core"
local errors = require "slack.errors"
local owner = require "slack.inbox.owner"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local VARIABLE = "SLACK_STORAGE"
local SCHEMES = { memory = true, sqlite = true, redis = true, rediss = true, ["redis+unix"] = true }

local M = {}

M.NOTES = 'STORE is as the app\'s option "storage": sqlite:PATH or redis://HOST; without it\n'
  .. "SLACK_STORAGE of the environment is taken.\n"

-- What is wrong with it as the store of an inbox, if anything.
local function problem_of(url, where)
  local problem = storage.check(url)
  if problem then
    return ("%s: %s"):format(where, problem)
  elseif url:lower():find "^memory:" then
    return ("%s: what is in memory is seen by its process alone"):format(where)
  end
end

local function from_environment(terminal)
  local url = terminal.environment(VARIABLE)
  if not url or url == "" then
    return nil, "which store? Give STORE, sqlite:PATH for instance, or set " .. VARIABLE
  end
  local problem = problem_of(url, VARIABLE)
  if problem then
    return nil, problem
  end
  return url
end

---The store of a command that takes no other words.
---@param words string[]
---@param terminal slack.command.Terminal
---@return string? url
---@return string? problem
function M.only(words, terminal)
  if #words > 1 then
    return nil, ("one STORE expected, got %d words"):format(#words)
  elseif #words == 0 then
    return from_environment(terminal)
  end
  local problem = problem_of(words[1], "STORE")
  if problem then
    return nil, problem
  end
  return words[1]
end

-- IDs may have colons, too.
local function is_store(word)
  local scheme = word:match "^(%a[%w+.-]*):"
  return scheme ~= nil and (SCHEMES[scheme:lower()] or word:find("//", 1, true) ~= nil)
end

---The store of a command that takes IDs, too, and those.
---@param words string[]
---@param terminal slack.command.Terminal
---@return string? url
---@return string[]? ids
---@return string? problem
function M.split(words, terminal)
  local ids, given = {}, {}
  for _, word in ipairs(words) do
    if (word:find "/" or word:find "^[^:]+%.%a%w*$") and not is_store(word) then
      return nil, nil, ("%q is no ID; did you mean %q?"):format(word, "sqlite:" .. word)
    end
    table.insert(is_store(word) and given or ids, word)
  end
  local url, problem = M.only(given, terminal)
  return url, ids, problem
end

---Its name for people, without a password.
---@param url string
---@return string
function M.shown(url)
  return core.redact(url)
end

local function missing_file(url)
  local path = url:match "^[sS][qQ][lL][iI][tT][eE]:(.*)$"
  if path and not core.stat(path) then
    return errors.new { code = "missing", message = ("there is no file %s"):format(path) }
  end
end

---Calls work(store) with the open store.
---@param url string
---@param work fun(store: slack.Store): integer, any
---@return integer status
---@return any err
function M.with(url, work)
  return tasks.run(function()
    local err = missing_file(url)
    local store
    if not err then
      store, err = storage.open(url, { inbox = { owner = owner.new() } })
    end
    if not store then
      return 1, err
    end
    local closing <close> = setmetatable({}, { -- luacheck: ignore 211
      __close = function() store:close() end,
    })
    return work(store)
  end)
end

return M
