-- The inbox of a store as its storage thread has it, for specs: opened as one of several
-- owners, and its answers as tables.

local logs = require "slack.log"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local REMEMBERED <const> = 600 -- seconds
local FIELDS <const> = {
  "id", "key", "meta", "body", "attempts", "reason", "takeovers",
}
local LISTED <const> = { "id", "state", "meta", "body", "attempts", "error", "received", "due" }

local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "support.inbox_calls"

---@param url string of the store
---@param owner string
---@param settings? table of the inbox, and of the store under store
---@return table inbox with lines, its log
function Inbox.open(url, owner, settings)
  local self = setmetatable({ owner = owner, lines = {} }, Inbox)
  local inbox, options = { owner = owner }, {}
  for name, value in pairs(settings or {}) do
    inbox[name] = value
  end
  for name, value in pairs(inbox.store or {}) do
    options[name] = value
  end
  inbox.store, options.inbox = nil, inbox
  options.log = logs.new { sink = function(line) table.insert(self.lines, line) end }
  self.store = assert(storage.open(url, options))
  return self
end

function Inbox:close()
  self.store:close()
end

Inbox.__close = Inbox.close

---Any operation, as src/storage_job.h has them.
function Inbox:ask(operation, request)
  request = request or {}
  request.now = os.time() * 1000
  return self.store.backend:inbox(operation, request)
end

---@param key string also the body
---@param fields? table
function Inbox:put(key, fields)
  local request = {
    key = key, value = key, meta = "{}", expires_at = (os.time() + REMEMBERED) * 1000,
  }
  for name, value in pairs(fields or {}) do
    request[name] = value
  end
  return self:ask("put", request)
end

local function rows(list, names)
  local result = {}
  for at = 1, #list, #names do
    local row = {}
    for i, name in ipairs(names) do
      row[name] = list[at + i - 1]
    end
    table.insert(result, row)
  end
  return result
end

---@param limit? integer 100
---@param wait? number seconds
---@return table[]? entries
---@return slack.Error? err
function Inbox:claim(limit, wait)
  local list, err = self:ask("claim", { limit = limit or 100, wait = wait })
  if not list then
    return nil, err
  end
  return rows(list, FIELDS)
end

---@param state? string
---@param limit? integer 100
---@param after? string
function Inbox:list(state, limit, after)
  local list = assert(self:ask("list", {
    key = state or "", limit = limit or 100, value = after or "",
  }))
  return rows(list, LISTED)
end

---The keys of what is claimed, or its error's code.
function Inbox:claim_keys(limit, wait)
  local entries, err = self:claim(limit, wait)
  local keys = {}
  for i, entry in ipairs(entries or {}) do
    keys[i] = entry.key
  end
  return err and err.code or table.concat(keys, " ")
end

---@vararg table entries
function Inbox:done(...)
  local ids = {}
  for i, entry in ipairs { ... } do
    ids[i] = entry.id
  end
  return self:ask("done", { value = table.concat(ids, "\n") })
end

function Inbox:fail(entry, milliseconds, text, meta)
  return self:ask("fail", {
    key = entry.id, by = milliseconds, value = text or "it raised", meta = meta,
  })
end

---The counts that stats gives as a line: waiting taken delayed dead.
function Inbox:counts()
  local text = assert(self:ask "stats")
  local function count(name)
    return text:match(('"%s":(%%d+)'):format(name))
  end
  return table.concat({ count "waiting", count "taken", count "delayed", count "dead" }, " ")
end

---Runs what waits while other things happen.
---@param waiting fun(): any
---@param fn fun()
---@return any ... of the first
function Inbox.during(waiting, fn)
  local result
  tasks.run(function()
    local task = tasks.spawn(function() result = table.pack(waiting()) end)
    tasks.sleep(0.02)
    fn()
    task:join()
  end)
  return table.unpack(result, 1, result.n)
end

return Inbox
