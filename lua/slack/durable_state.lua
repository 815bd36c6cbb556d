-- app:state(name, default, { durable = true }): values that are kept in the app's storage
-- as well, so that they outlive the process.
--
-- What is worked with is the value in memory. While tasks run it is looked at once a second:
-- if its JSON has become another, that is stored. Of processes that share a storage each has
-- its own, and whichever stores last is what the next start finds.

local LogLimit = require "slack.log_limit"
local Semaphore = require "slack.semaphore"
local checks = require "slack.option_checks"
local completed = require "slack.storage.completed"
local errors = require "slack.errors"
local json = require "slack.json"
local loop = require "slack.loop"
local scheduler = require "slack.scheduler"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local PERIOD <const> = 1 -- seconds between two looks
local LOG_PERIOD <const> = 60

local PREFIX <const> = "state:"
local MAX_NAME <const> = 512

---@class slack.DurableState
---@field app slack.App
---@field texts table<string, string|false> JSON of what is stored, by name of the state; false:
---  nothing, or it is not known
---@field store? slack.Store while the app's storage is open
---@field timer? slack.Timer
---@field has_failed boolean something could not be stored
---@field turn slack.Semaphore one at a time asks the store
---@field looked_at integer how often tasks had been resumed at the last look
local DurableState = {}
DurableState.__index = DurableState
DurableState.__name = "slack.durable_state"

local OPTIONS = { durable = { check = checks.of_type "boolean" } }

---Whether app:state is asked for a durable one.
---@param app slack.App
---@param name string
---@param default any
---@param options any
---@return boolean? is_meant
---@return string? problem
function DurableState.is_meant(app, name, default, options)
  if options == nil then
    return app.durable_state and app.durable_state.texts[name] ~= nil
  elseif type(options) ~= "table" then
    return nil, "options: table expected, got " .. type(options)
  end
  local problem = checks.all(options, OPTIONS, "")
  if problem or not options.durable then
    return false, problem
  elseif name == "" or #name > MAX_NAME then
    return nil, ("name: 1 to %d bytes expected, got %d"):format(MAX_NAME, #name)
  elseif app.phase == "idle" and app.settings.workers > 1 then
    return nil, "with the option workers each of them loads what is durable: ask for it in a "
      .. "handler script"
  end
  local unfit = default ~= nil and select(2, json.encode(default))
  return true, unfit and "default: " .. unfit or nil
end

-- Storing --------------------------------------------------------------------------------

local function report(self, name, format, ...)
  if self.limit:is_due(name) then
    self.app.log:error("app:state: %q is not stored: " .. format, name, ...)
  end
end

-- What is to be stored, by name: JSON, or false for what is nil now.
local function changes(self)
  local list = {}
  for name, stored in pairs(self.texts) do
    local value = self.app.states[name]
    local text, problem = false, nil
    if value ~= nil then
      text, problem = json.encode(value)
    end
    if problem then
      report(self, name, "%s", problem)
    elseif text ~= stored then
      list[name] = text
    end
  end
  return list
end

local function note(self, name, text, err)
  if err then
    self.has_failed = true
    report(self, name, "%s; it is tried again", err)
  else
    self.texts[name] = text
  end
end

local function store_each(self, store, list)
  for name, text in pairs(list) do
    local _, err
    if text then
      _, err = store:set(name, json.decode_own(text))
    else
      _, err = store:delete(name)
    end
    note(self, name, text, err)
  end
end

-- In one go, so that what belongs together stays so.
local function store_all(self, store, list, to_close)
  local turn <close> = self.turn:acquire() -- luacheck: no unused
  self.has_failed = false
  local _, err = store:batch(function(b)
    for name, text in pairs(list) do
      if text then
        b:set(name, json.decode_own(text))
      else
        b:delete(name)
      end
    end
  end)
  if err and err.code == "too_large" then
    store_each(self, store, list)
  else
    for name, text in pairs(list) do
      note(self, name, text, err)
    end
  end
  if to_close then
    to_close:close()
  end
end

-- Tasks alone make changes. To look needs none, or one look would be the reason for the next.
local function look(self)
  self.timer = loop.after(PERIOD, look, self)
  local resumes = scheduler.resumes()
  if self.task and not self.task:is_done() or not self.has_failed and resumes == self.looked_at then
    return
  end
  self.looked_at = resumes
  local list = changes(self)
  if next(list) ~= nil then
    self.task = tasks.spawn(store_all, self, self.store, list)
  end
end

local function begin_looking(self)
  if self.store and not self.timer and next(self.texts) then
    self.timer = loop.after(PERIOD, look, self)
  end
end

---Stores what has changed, now.
---@async
function DurableState:save()
  if self.store then
    store_all(self, self.store, changes(self))
  end
end

-- Loading --------------------------------------------------------------------------------

-- Before the start, and after the end, it is opened for this alone.
local function read(self, name)
  if self.store then
    return self.store:get(name)
  end
  local app = self.app
  local store, err = storage.open(app.settings.storage, {
    log = app.log, ca_file = app.settings.ca_file,
  })
  if not store then
    return nil, err
  end
  local value
  value, err = store:scope(PREFIX):get(name)
  if store ~= app.settings.storage then
    store:close()
  end
  return value, err
end

local function is_in_memory(self)
  return self.app.settings.storage == "memory:"
end

local function warn_of_memory(self, name)
  if not self.has_warned then
    self.has_warned = true
    self.app.log:warn('app:state: %q is to be durable, but the storage is "memory:", which ends '
      .. "with the process", name)
  end
end

-- Who asked for it before, and not for a durable one, has a table that would be stored in place
-- of what is there.
local function conflict(name)
  return errors.new {
    code = "conflict",
    message = ("app:state: %q was asked for without { durable = true } before, and the storage has "
      .. "another value of it: ask for it alike everywhere"):format(name),
  }
end

-- Its value, and the JSON of what is stored; or nil and an error.
local function load(self, name, default)
  if is_in_memory(self) then
    warn_of_memory(self, name)
    return default, false
  end
  local value, err = read(self, name)
  if err then
    return nil, errors.new {
      code = err.code, cause = err,
      message = ("app:state: %q cannot be loaded: %s"):format(name, tostring(err)),
    }
  end
  local held, text = self.app.states[name], value ~= nil and json.encode(value)
  if held ~= nil then
    if text and text ~= json.encode(held) then
      return nil, conflict(name)
    end
    return held, text
  elseif value == nil then
    return default, default ~= nil and json.encode(default) or false
  end
  return value, text
end

---The state of that name, loaded when it is asked for the first time.
---@async
---@param name string
---@param default any what it is at first, when nothing is stored
---@return any value
---@return slack.Error? err it cannot be had from the storage; "conflict": another is in use
function DurableState:get(name, default)
  local states = self.app.states
  if self.texts[name] ~= nil then
    if states[name] == nil then
      states[name] = default
    end
    return states[name]
  end
  local turn <close> = self.turn:acquire() -- luacheck: no unused
  if self.texts[name] ~= nil then -- another task has loaded it meanwhile
    return states[name]
  end
  local value, text = load(self, name, default)
  if errors.is(text) then
    return nil, text
  elseif states[name] == nil then
    states[name] = value
  end
  self.texts[name] = text
  begin_looking(self)
  return states[name]
end

-- Life -----------------------------------------------------------------------------------

---@param app slack.App
---@param store? slack.Store that the app has open
---@return slack.DurableState
function DurableState.new(app, store)
  local self = setmetatable({
    app = app, texts = {}, looked_at = 0, has_failed = false, turn = Semaphore.new(1),
    limit = LogLimit.new(loop.now, LOG_PERIOD),
  }, DurableState)
  if store then
    self:open(store)
  end
  return self
end

---The app's storage is open now.
---@param store slack.Store
function DurableState:open(store)
  if not is_in_memory(self) then
    self.store = completed.of(store):scope(PREFIX)
    begin_looking(self)
  end
end

---The app's storage is about to be closed, or this does so: what has changed is handed to it
---before.
---@param owned? slack.Store to be closed
function DurableState:close(owned)
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
  local store = self.store
  self.store = nil
  local list = store and changes(self) or {}
  local must_wait = next(list) ~= nil and tasks.current() ~= nil
  if next(list) ~= nil then
    tasks.spawn(store_all, self, store, list, must_wait and owned or nil)
  end
  if owned and not must_wait then -- that task has begun, and its writes come first
    owned:close()
  end
end

return DurableState
