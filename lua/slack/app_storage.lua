-- The storage of an app, from its start to its end.

local lazy = require "slack.lazy"
local Inbox = lazy "slack.inbox"
local Installations = lazy "slack.installations"
local SharedDedupe = lazy "slack.shared_dedupe"
local app_peers = lazy "slack.app_peers"
local completed = require "slack.storage.completed"
local errors = require "slack.errors"
local storage = require "slack.storage"

local M = {}

-- What app.storage and app.store are until the app starts.
M.NONE = setmetatable({}, { __index = function()
  error("the app's storage is open from app:start on", 2)
end })

local function is_shared(self, store)
  return store.is_shared and store:is_shared()
    or self.settings.workers > 1 and self.settings.storage ~= "memory:"
end

-- Where processes have it in common they keep to Slack's limits together, and, without an
-- inbox, know of each other's events.
local function share(self, store)
  local pacing = self.settings.pacing
  if not is_shared(self, store) then
    return
  elseif not (type(pacing) == "table" and pacing.store) then
    self.client._pacing:share(store)
  end
  if not self.inbox then
    self.dispatch.shared_dedupe = SharedDedupe.new(self.dispatch, store:scope "dedupe:")
  end
end

local function open_inbox(self, inbox, store)
  self.inbox, self.dispatch.inbox = inbox, inbox
  local ok, err = inbox:open(store)
  if not ok then
    return nil, errors.new { code = err.code, message = "inbox: " .. tostring(err) }
  end
  app_peers.make(self, inbox.owner)
  return true
end

---Opens it, with what the app keeps in it.
---@async
---@param self slack.App
---@return true? ok
---@return slack.Error? err
function M.open(self)
  local inbox = self.settings.inbox and Inbox.new(self) or nil
  local store, err = storage.open(self.memory or self.settings.storage,
    inbox and inbox:storage_options() or { log = self.log, ca_file = self.settings.ca_file })
  if not store then
    return nil, errors.new { code = err.code, message = "storage: " .. tostring(err) }
  end
  store = completed.of(store)
  self.storage, self.store = store, store:scope "data:"
  if inbox then
    local ok
    ok, err = open_inbox(self, inbox, store)
    if not ok then
      return nil, err
    end
  end
  share(self, store)
  if self.durable_state then
    self.durable_state:open(store)
  end
  if self.oauth then
    self.installations = Installations.new(store, { log = self.log })
    self.authorization:use(self.installations)
    self.oauth:open(store, self.installations)
  end
  return true
end

---Closes it: but what is in memory outlives a stop, and a store of the program's own is its
---to close.
---@param self slack.App
function M.close(self)
  local store, given = self.storage, self.settings.storage
  if self.peers then
    app_peers.close(self)
  end
  if self.inbox then
    self.inbox:close()
    self.inbox, self.dispatch.inbox = nil, false
  end
  if self.dispatch.shared_dedupe then
    self.dispatch.shared_dedupe:close()
    self.dispatch.shared_dedupe = false
  end
  self.storage, self.store = M.NONE, M.NONE
  self.client._pacing:unshare(store)
  if store == M.NONE then
    return
  elseif type(given) == "table" then
    if self.durable_state then
      self.durable_state:close()
    end
  elseif given == "memory:" then
    self.memory = store
  elseif self.durable_state then
    self.durable_state:close(store)
  else
    store:close()
  end
end

return M
