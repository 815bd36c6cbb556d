-- Several processes of one app, offline, which have an inbox in common (peer_bus.lua).

local Bus = require "support.peer_bus"
local Offline = require "support.offline_app"
local Talk = require "support.talk"
local app_peers = require "slack.app_peers"
local loop = require "slack.loop"

local M = {}
M.__index = M

local Backend = {}
Backend.__index = Backend

function Backend:inbox(operation, request)
  local carrier, shared = self.carrier, self.shared
  if operation == "owners" then
    return carrier:owners()
  elseif operation == "send" then
    return carrier:send(request.key, request.value)
  end
  assert(operation == "move", operation)
  return shared:move(self.name, request.key, request.value)
end

---@return table shared
function M.new()
  return setmetatable({
    bus = Bus.new(), entries = {}, moves = {}, talks = {}, ends = {},
  }, M)
end

-- Stands for the app's inbox, and notes how each entry ended.
local function new_inbox(shared)
  local function nothing() end
  local inbox = { retries = { take_finished = nothing }, moved = nothing, parked = nothing }
  local function note(how)
    return function(_, given)
      local request = given.request or given
      if request.relays and request.entry then
        request:ended(how)
      elseif request.entry then
        table.insert(shared.ends, request.entry .. " " .. (how or "done"))
        request.entry = false
      end
    end
  end
  inbox.done, inbox.leave, inbox.failed = note(), note "left", note "failed"
  function inbox:ended(request, _, outcome)
    (outcome == "failed" and self.failed or self.done)(self, request)
  end
  return inbox
end

function M:move(from, entry, name)
  if self.bus.is_down then
    return nil, { code = "connection", message = "the bus is down" }
  elseif not self.bus.alive[name] then
    return false
  end
  table.insert(self.moves, { entry = entry, from = from, to = name })
  loop.defer(function()
    self:hand_out(name, entry, true)
  end)
  return true
end

---Gives an entry to a process.
function M:hand_out(name, entry, is_moved)
  local request = setmetatable({
    body = self.entries[entry], acked = true, entry = entry, is_moved = is_moved, answers = {},
  }, { __index = { ack = function() return true end, refuse = function() end } })
  self.talks[name].app.dispatch:request(request)
end

---A process that runs.
---@param name string
---@param options? table of the app
---@return spec.Talk
function M:process(name, options)
  local talk = Talk.new(options)
  local app = talk.app
  self.talks[name] = talk
  local carrier = self.bus:carrier(name, function(text)
    if app.peers then
      app.peers:receive(text)
    end
  end)
  app.storage = {
    is_shared = function() return true end,
    backend = setmetatable({ carrier = carrier, shared = self, name = name }, Backend),
  }
  app.settings.inbox, app.phase = { lease = 30 }, "running"
  app.inbox = new_inbox(self)
  app.dispatch.inbox = app.inbox
  app_peers.make(app, name)
  app_peers.open(app)
  M.settle()
  return talk
end

---A crash.
---@param name string
function M:kill(name)
  self.bus:kill(name)
end

local last = 0

---An event comes to a process.
---@param name string
---@param event table
---@param body? table more of it
function M:event(name, event, body)
  last = last + 1
  local id = "entry" .. last
  local all = {
    type = "event_callback", team_id = "T02MOON4XYZ", event_id = "Ev" .. id, event = event,
  }
  for field, value in pairs(body or {}) do
    all[field] = value
  end
  self.entries[id] = all
  self:hand_out(name, id)
  M.settle()
end

---Somebody says something that comes to a process.
---@param name string
---@param text string
---@param more? table fields of the event
function M:say(name, text, more)
  local event = {
    type = "message", text = text, user = Talk.ADA, channel = Talk.GENERAL, ts = Talk.new_ts(),
    channel_type = "channel",
  }
  for field, value in pairs(more or {}) do
    event[field] = value
  end
  self:event(name, event)
  return event
end

---Somebody clicks; the click comes to a process.
---@param name string
---@param action_id string
---@param more? table fields of the body
---@return table request
function M:click(name, action_id, more)
  local request = Offline.click(self.talks[name].offline, action_id, more)
  M.settle()
  return request
end

---@return table request
function M:command(name, command, text)
  local request = Offline.command(self.talks[name].offline, command, text)
  M.settle()
  return request
end

---@return table request
function M:deliver(name, body, given)
  local request = Offline.deliver(self.talks[name].offline, body, given)
  M.settle()
  return request
end

---A command that is kept in the inbox, too (option inbox.interactive).
---@return table request
function M:kept_command(name, command, entry)
  return self:deliver(name, { command = command, team_id = "T02MOON4XYZ" },
    { entry = entry, is_live = true })
end

---Where entries went, as "a>b".
---@return string
function M:moved()
  local list = {}
  for i, move in ipairs(self.moves) do
    list[i] = move.from .. ">" .. move.to
  end
  return table.concat(list, " ")
end

function M.settle()
  for _ = 1, 40 do
    loop.step(0)
  end
end

return M
