-- One workspace of the local Slack, with people who act in it.

local assistants = require "slack.sandbox.assistants"
local outer = require "slack.sandbox.outer"
local people = require "slack.sandbox.interactions"
local people_in_channels = require "slack.sandbox.people_in_channels"
local permissions = require "slack.sandbox.permissions"
local responses = require "slack.sandbox.responses"
local steps = require "slack.sandbox.steps"

---@class slack.sandbox.Team: slack.sandbox.People, slack.sandbox.Assistants, slack.sandbox.Steps,
---  slack.sandbox.PeopleInChannels
---@field sandbox slack.Sandbox
---@field workspace slack.sandbox.Workspace
---@field team_id string
---@field enterprise_id string?
---@field name string
local Team = setmetatable({}, { __index = people })
Team.__index = Team
Team.__name = "slack.sandbox.team"

for _, methods in ipairs { assistants.people, steps, people_in_channels } do
  for name, method in pairs(methods) do
    Team[name] = method
  end
end

-- Whether an event is for the app, by its subscriptions and its scopes.
local function wants(options, installation, event)
  local identity = installation.bot or select(2, next(installation.users))
  if options.scopes and not permissions.lets_come(event, identity and identity.scopes or {}) then
    return false
  end
  return not options.events or permissions.set(options.events)[permissions.subscription(event)]
end

---@param sandbox slack.Sandbox
---@param workspace slack.sandbox.Workspace
---@return slack.sandbox.Team
function Team.new(sandbox, workspace)
  local self = setmetatable({
    sandbox = sandbox,
    workspace = workspace,
    team_id = workspace.id,
    enterprise_id = workspace.organization and workspace.organization.id,
    name = workspace.team.name,
  }, Team)
  -- An app hears of nothing where it is not installed, and of what it may hear and wants to.
  workspace.on_event = function(event)
    local installation = self:installation()
    if installation and wants(sandbox.options, installation, event) then
      self:deliver_event(event)
    end
  end
  return self
end

---The installation that the app has here, its own or the organization's.
---@return slack.sandbox.Installation?
function Team:installation()
  return self.sandbox.grants:installation_of(self.workspace)
end

---A token of the app here: the bot's, or a person's; nil without an installation.
---@param user? string name or id
---@return string?
function Team:token(user)
  local installation = self:installation()
  local identity = installation and installation.bot
  if installation and user then
    identity = installation.users[assert(self.workspace:find_user(user), "no such user").id]
  end
  return identity and identity.token
end

function Team:changed()
  self.sandbox:changed()
end

---Waits until condition() gives a true value; see slack.Sandbox.wait.
---@async
---@param condition fun(): any
---@param timeout? number seconds, 5
---@return any value nil, "timeout" when it never was
function Team:wait(condition, timeout)
  return self.sandbox:wait(condition, timeout)
end

---A trigger_id that works once, within three seconds, in this workspace.
---@param user_id? string for whom a view is opened with it
---@return string
function Team:new_trigger(user_id)
  return self.sandbox.triggers:add(self.workspace, user_id)
end

---A URL to answer an interaction with.
---@param user table
---@param channel table
---@param message? table the one that the interaction came from
---@return string url
function Team:new_response_url(user, channel, message)
  return responses.add(self.sandbox, self, user, channel, message)
end

---Delivers any payload to the app.
---@param kind "events_api"|"interactive"|"slash_commands"|string
---@param payload table
---@param options? slack.sandbox.DeliveryOptions
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery
function Team:deliver(kind, payload, options)
  return self.sandbox:deliver(kind, payload, options)
end

---Delivers an inner event to the app, wrapped as Slack does.
---@param event table
---@param options? slack.sandbox.DeliveryOptions with outer: fields of the body to be otherwise
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery|slack.sandbox.RtmDelivery
function Team:deliver_event(event, options)
  local told = self.sandbox.rtm:tell(self.workspace, event)
  if told and not self.sandbox:has_events_api() then
    return told
  end
  local body = outer.event(self.workspace, self:installation(), event, options and options.outer)
  return self:deliver("events_api", body, options)
end

return Team
