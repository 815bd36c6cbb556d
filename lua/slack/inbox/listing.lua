-- What lies in the inbox of a store, for who looks at it from outside: no process that
-- handles anything.

local core = require "slack.core"
local json = require "slack.json"

---@class slack.InboxEntry
---@field id string
---@field state "waiting"|"taken"|"delayed"|"dead"
---@field meta table how it came: kind, via, …
---@field body string as Slack sent it
---@field attempts integer how often its handlers have run
---@field error? string what the last of them said
---@field received number seconds since the epoch
---@field due? number seconds since the epoch at which it is tried again

-- Texts of an entry in the list that the storage thread gives.
local FIELDS = 8
-- Of all that are dead a store changes at least so many at a time.
local AT_ONCE = 1000

local M = {}

local function seconds(text)
  local milliseconds = tonumber(text)
  return milliseconds and milliseconds / 1000
end

local function read(list, at)
  local meta = json.decode(list[at + 2])
  return {
    id = list[at], state = list[at + 1], meta = type(meta) == "table" and meta or {},
    body = list[at + 3], attempts = math.tointeger(tonumber(list[at + 4])) or 0,
    error = list[at + 5] ~= "" and list[at + 5] or nil,
    received = seconds(list[at + 6]) or 0, due = seconds(list[at + 7]),
  }
end

local function ask(store, operation, request)
  request.now = math.floor(core.time() * 1000)
  return store.backend:inbox(operation, request)
end

-- All are over once fewer come than the store does at a time: what dies anew meanwhile is not
-- waited for, as it may do so without end.
local function change(store, operation, ids)
  local all = 0
  repeat
    local count, err = ask(store, operation, { value = ids and table.concat(ids, "\n") or "" })
    if not count then
      return nil, err
    end
    all = all + count
  until ids or count < AT_ONCE
  return all
end

---@async
---@param store slack.Store
---@param query { state: "waiting"|"taken"|"delayed"|"dead"|"all", limit: integer, after?: string }
---  after: the id of the entry that the first follows
---@return slack.InboxEntry[]? entries oldest first
---@return slack.Error? err
function M.list(store, query)
  local list, err = ask(store, "list", {
    key = query.state ~= "all" and query.state or "", limit = query.limit, value = query.after,
  })
  if not list then
    return nil, err
  end
  local entries = {}
  for at = 1, #list, FIELDS do
    table.insert(entries, read(list, at))
  end
  return entries
end

---Lets dead entries be handled again.
---@async
---@param store slack.Store
---@param ids? string[] nil: all that are dead
---@return integer? count
---@return slack.Error? err
function M.retry(store, ids)
  return change(store, "retry", ids)
end

---Those of the ids whose entries a process has in hand.
---@async
---@param store slack.Store
---@param ids string[]
---@return string[]? taken
---@return slack.Error? err
function M.taken(store, ids)
  local is_meant, taken, after = {}, {}, nil
  for _, id in ipairs(ids) do
    is_meant[id] = true
  end
  repeat
    local page, err = M.list(store, { state = "taken", limit = AT_ONCE, after = after })
    if not page then
      return nil, err
    end
    for _, entry in ipairs(page) do
      if is_meant[entry.id] then
        table.insert(taken, entry.id)
      end
      after = entry.id
    end
  until #page == 0
  return taken
end

---Removes entries for good.
---@async
---@param store slack.Store
---@param ids? string[] whatever their state, but for what a live process has in hand; nil: all
---  that are dead
---@return integer? count
---@return slack.Error? err
function M.drop(store, ids)
  return change(store, "drop", ids)
end

return M
