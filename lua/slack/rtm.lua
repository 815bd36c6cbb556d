-- The RTM transport, for classic apps that still have it: flat events, put into the
-- body that the Events API would send, become requests for the dispatch. Nothing is
-- acked; what Slack sends while no connection is ready is lost.

local SocketTransport = require "slack.socket_transport"
local core = require "slack.core"
local json = require "slack.json"
local loop = require "slack.loop"

---@class slack.RtmRequest: slack.Delivery nothing is owed for it
---@field transport slack.RtmTransport
local Request = { number = 0, came_as = "event", acked = true }
Request.__index = Request
Request.__name = "slack.rtm.request"

---@return true
function Request.ack()
  return true
end

function Request.refuse() end

---@class slack.RtmTransport: slack.SocketTransport
---@field settings slack.RtmSettings
---@field alive_until? number when the last connection was last heard of, since it ended
---@field finished_at? number no event is taken that came later
---@field gaps integer
local Rtm = SocketTransport.class {
  name = "rtm", label = "RTM", component = "rtm", new_core = core.rtm,
}

local open, finish, close, stats = Rtm.open, Rtm.finish, Rtm.close, Rtm.stats

---@class slack.RtmSettings: slack.SocketTransportSettings
---@field token string
---@field sender slack.Rtm
---@field identity fun(): table? whose token it is, as auth.test says

---@param settings slack.RtmSettings
---@return slack.RtmTransport
function Rtm.new(settings)
  local self = SocketTransport.new(Rtm, settings)
  self.gaps = 0
  return self
end

---@return true? ok
---@return slack.Error? err
function Rtm:open()
  self.settings.sender:open()
  return open(self)
end

function Rtm:own_settings()
  return { token = self.settings.token }
end

-- Events -----------------------------------------------------------------------------

-- What the Events API says and RTM leaves out, as far as the event itself tells.
local function complete(event)
  local channel = event.channel
  if event.type == "message" and event.channel_type == nil and type(channel) == "string"
    and channel:byte() == 68 then -- "D"
    event.channel_type = "im"
  end
  return event
end

local function on_event(self, text, received)
  if self.finished_at and received > self.finished_at then
    return
  end
  local event, problem = json.decode(text)
  local body = {}
  if type(event) == "table" then
    local identity = self.settings.identity() or {}
    body.type, body.event = "event_callback", complete(event)
    body.team_id, body.enterprise_id = identity.team_id, identity.enterprise_id
  else
    problem = problem or "no object"
  end
  self.dispatch:request(setmetatable({
    transport = self, received = received, body = body, problem = problem,
  }, Request))
end

function Rtm:taker()
  return function(_, what, _, text, _, _, _, _, _, received)
    if what == "envelope" then
      on_event(self, text, received)
    end
  end
end

---Replies come as envelopes of no type.
function Rtm:notice(kind, _, text)
  local reply = kind == "envelope" and json.decode(text)
  if type(reply) == "table" then
    self.settings.sender:reply(reply)
  end
end

-- Connections ------------------------------------------------------------------------

local function tell_gap(self, ready_at)
  local seconds = ready_at - self.alive_until
  self.gaps, self.alive_until = self.gaps + 1, nil
  self.log:warn("there was no connection for %.1f s: events of that time are lost to RTM; look in "
    .. "conversations.history for messages that must not be missed", seconds)
end

function Rtm:changed(state, info)
  local sender = self.settings.sender
  if state == "ready" then
    if self.alive_until then
      tell_gap(self, info.at)
    end
    sender:connected(self.core, info.connection)
  elseif state == "draining" then
    sender:pause(info.connection)
  elseif state == "closed" then
    if info.last_input > 0 then
      self.alive_until = info.last_input
    end
    sender:lost(info.connection)
  end
end

-- Life -------------------------------------------------------------------------------

---Takes no more events; handlers that run may still send and get their replies.
function Rtm:finish()
  self.finished_at = loop.now()
  if not self.started.settled then
    finish(self, 0)
  end
end

---@async
---@param timeout number seconds
function Rtm:wait_stopped(timeout)
  if self.core then
    self.core:stop(0)
    self.stopped:await(timeout)
  end
end

function Rtm:close()
  self.settings.sender:close()
  close(self)
end

---@return table<string, number>
function Rtm:stats()
  local all = stats(self)
  all.gaps = self.gaps
  return all
end

return Rtm
