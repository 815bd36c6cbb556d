-- What programs see of the traffic between the local Slack and the app, and deliveries
-- that are sent once more.

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local people = require "slack.sandbox.people"
local tasks = require "slack.tasks"

---@class slack.sandbox.Traffic
---@field recorder slack.sandbox.Trace
local traffic = {}

---The last 2,000 things that went to and fro, oldest first: envelopes and acks, calls and
---answers, hellos and disconnects. Tokens and secrets are hidden.
---@param from? integer n of the first one
---@return slack.sandbox.Record[]
function traffic:trace(from)
  if from ~= nil then
    checks.type("trace: from", from, "number")
  end
  return self.recorder:list(from)
end

-- The team, user and channel that a command or an interaction is about.
local function place_of(self, payload)
  local user, channel = payload.user or {}, payload.channel or {}
  local team = self:team(payload.team_id or (payload.team or {}).id or user.team_id)
    or self.workspaces[1]
  local workspace = team.workspace
  return team, workspace.users[payload.user_id or user.id],
    workspace.channels[payload.channel_id or channel.id]
end

-- Gives what only works once, or not for long, anew.
local function freshen(self, kind, payload, options)
  local team, user, channel = place_of(self, payload)
  if kind == "events_api" and payload.event_id and not options.same_id then
    payload.event_id = self.workspace.new_id "Ev"
  end
  if payload.trigger_id then
    payload.trigger_id = team:new_trigger(user and user.id)
  end
  if payload.response_url and user and channel then
    local message = payload.message and team.workspace.find_message(channel, payload.message.ts)
    payload.response_url = team:new_response_url(user, channel, message)
  end
  return team, user, channel
end

local AGAIN = { same_id = "boolean" }

---Delivers what a record tells of once more: the same body, but with an event_id,
---trigger_id and response_url of its own, so that the app takes it for new.
---@param n integer of a record with `repeatable`
---@param options? { same_id: boolean? } the same event_id, which apps take for a repetition
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery|nil delivery
---@return string? problem
function traffic:send_again(n, options)
  checks.type("send_again: n", n, "number")
  checks.fields("send_again", options or {}, AGAIN)
  local record = self.recorder.records[n]
  if not record then
    return nil, "this record is kept no longer"
  elseif not record.envelope_type then
    return nil, "only what was delivered to the app can be sent again"
  end
  local envelope = json.decode(record.text)
  local kind, payload = record.envelope_type, envelope.payload
  local team, user, channel = freshen(self, kind, payload, options or {})
  local delivery = team:deliver(kind, payload, {
    accepts_response_payload = envelope.accepts_response_payload,
  })
  if kind == "slash_commands" and user and channel then
    tasks.spawn(function()
      people.show_ack(team, delivery:await_ack(), user, channel)
    end)
  end
  return delivery
end

return traffic
