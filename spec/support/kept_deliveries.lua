-- The inbox of an app without a network, on a store that writes down what it is told, and
-- gives what a spec lays into it.

local Inbox = require "slack.inbox"
local Offline = require "support.offline_app"
local json = require "slack.json"

local M = {}
M.__index = M

local COUNTS = { stored = 0, known = 0, failed = 0, late = 0, latency_sum = 0, latency_count = 0 }

-- The part of a store's backend that is asked.
local function new_backend(self)
  local backend = {}
  function backend.inbox(_, operation, request)
    if self.err then
      return nil, self.err
    end
    table.insert(self.told, { operation, request })
    return self["on_" .. operation](self, request)
  end
  function backend.tell_inbox(_, operation, request)
    table.insert(self.told, { operation, request })
  end
  return backend
end

function M:on_claim(request)
  local texts = {}
  for _ = 1, math.min(request.limit, #self.waiting) do
    local entry = table.remove(self.waiting, 1)
    self.last = entry
    table.move(entry, 1, #entry, #texts + 1, texts)
  end
  return texts
end

function M.on_done() return true end
function M:on_fail(request) return request.by >= 0 or request.key end -- luacheck: no self

function M:on_back(request)
  return request.value == "" and self.left or 1
end

function M:on_stats() return json.encode(self.numbers) end

---@param given? table options of the app
---@return table with offline, app and inbox; err: what the store answers with while it is set
function M.new(given)
  local all = { storage = "sqlite:never-opened.db" }
  for name, value in pairs(given or {}) do
    all[name] = value
  end
  local offline = Offline.new(all)
  local self = setmetatable({
    offline = offline, app = offline.app, told = {}, waiting = {}, left = 0, made = 0, core = {},
    numbers = { waiting = 1, taken = 2, delayed = 3, dead = 4, owners = 1, oldest = 1500 },
  }, M)
  local inbox = Inbox.new(offline.app)
  inbox.retries.random = function() return 1 end
  function self.core.stats() return COUNTS end
  function self.core.close() self.core.is_closed = true end
  function self.core.caught_up() self.core.is_told = true end
  inbox:use({ backend = new_backend(self), is_shared = function() return false end }, self.core)
  self.inbox, self.app.inbox, self.app.dispatch.inbox = inbox, inbox, inbox
  inbox:start()
  return self
end

---Lays an entry into the store, which the app finds; gives its id.
---@param body table|string
---@param more? table kind, form, attempts, takeovers, reason, key; retry and
---   reason_of_slack: as Slack said;
---  is_found_later: together with the next
---@return string id
function M:lay(body, more)
  more = more or {}
  self.made = self.made + 1
  local id = "e" .. self.made
  table.insert(self.waiting, {
    id, more.key or id, json.encode {
      kind = more.kind or "event", form = more.form, via = "socket", received = 1700000000000,
      retry = more.retry, reason = more.reason_of_slack,
    }, type(body) == "table" and json.encode(body) or body, tostring(more.attempts or 0),
    more.reason or "", tostring(more.takeovers or 0),
  })
  if not more.is_found_later then
    self.inbox.claims:wake()
    self.settle()
  end
  return id
end

---Lays an event into it.
---@param event table
---@param more? table also event_id
---@return string id
function M:event(event, more)
  return self:lay({
    type = "event_callback", team_id = "T02MOON4XYZ",
    event_id = more and more.event_id or "Ev" .. self.made, event = event,
  }, more)
end

---Lays a message event into it.
---@return string id
function M:message(text, more)
  return self:event({
    type = "message", text = text, user = more and more.user or "U03ADA5K1QW",
    channel = "C07DEPLOY42", ts = ("1700000001.%06d"):format(self.made), channel_type = "channel",
  }, more)
end

---What the store was told of the ends of entries: "done e1", "fail e1 5000", "back e1".
---@return string[]
function M:marks()
  self.settle()
  local list = {}
  for _, one in ipairs(self.told) do
    local operation, request = one[1], one[2]
    if operation == "done" or operation == "back" then
      for id in request.value:gmatch "[^\n]+" do
        table.insert(list, ("%s %s%s"):format(operation, id, request.meta and " " .. request.meta
          or ""))
      end
    elseif operation == "fail" then
      table.insert(list, ("fail %s %d%s"):format(request.key, request.by,
        request.meta and " " .. request.meta or ""))
    end
  end
  return list
end

---Why the last one that failed did, as the store was told.
---@return string?
function M:failure()
  for i = #self.told, 1, -1 do
    if self.told[i][1] == "fail" then
      return self.told[i][2].value
    end
  end
end

---Lets tasks go on until all of them wait for something that is outside.
function M.settle()
  Offline.settle()
  Offline.settle()
end

function M:close()
  self.inbox:close()
end

return M
