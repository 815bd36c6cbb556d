-- The workspaces of one local Slack. What is asked of the local Slack itself is
-- asked of its first workspace.

local Organization = require "slack.sandbox.organization"
local Team = require "slack.sandbox.team"
local Workspace = require "slack.sandbox.workspace"
local checks = require "slack.sandbox.checks"
local json = require "slack.json"

---@class slack.sandbox.Teams
local teams = {}

local WORKSPACE = {
  team_name = "string", bot_name = "string", bot = "table", users = "table", channels = "table",
  enterprise = "table", installed = "boolean",
}
local ENTERPRISE = { id = "string", name = "string" }

local function find_organization(self, wanted)
  for _, organization in ipairs(self.organizations) do
    if wanted.id and wanted.id == organization.id
      or not wanted.id and (not wanted.name or wanted.name == organization.name) then
      return organization
    end
  end
end

local function organization_of(self, wanted, bot_name)
  if not wanted then
    return nil
  end
  local organization = find_organization(self, wanted)
  if not organization then
    organization = Organization.new { id = wanted.id, name = wanted.name, bot_name = bot_name }
    table.insert(self.organizations, organization)
  end
  return organization
end

---@class slack.sandbox.NewWorkspace: slack.sandbox.WorkspaceOptions
---@field enterprise? { id: string?, name: string? } the organization it is in; one that is
---  known by id or name is the same one
---@field installed? boolean the app is installed there as if by install

---Adds a workspace, in which the same app can be installed.
---@param what? slack.sandbox.NewWorkspace
---@return slack.sandbox.Team
function teams:add_workspace(what)
  what = what or {}
  checks.fields("add_workspace", what, WORKSPACE)
  if what.enterprise then
    checks.fields("add_workspace", what.enterprise, ENTERPRISE)
  end
  local count = #self.workspaces
  local bot_name = what.bot_name or self.workspace and self.workspace.bot.name
  local team = Team.new(self, Workspace.new {
    team_name = what.team_name or count > 0 and ("Moonbase %d"):format(count + 1) or nil,
    bot_name = bot_name,
    bot = what.bot,
    users = what.users,
    channels = what.channels,
    clock = self.clock,
    stream_timeout = self.options.stream_timeout,
    app_id = self.workspace and self.workspace.app_id,
    organization = organization_of(self, what.enterprise, bot_name),
    unfurl_domains = self.options.unfurl_domains,
    metadata_events = self.options.metadata_events,
    home_tab = self.options.home_tab,
  })
  table.insert(self.workspaces, team)
  local installation = self.grants:installation_of(team.workspace)
  team.workspace.app_installed_team_id = installation and installation.place.id
  if what.installed then
    self:grant { workspace = team }
  end
  return team
end

---The state of each workspace.
---@return slack.sandbox.Workspace[]
function teams:all_workspaces()
  local list = {}
  for i, team in ipairs(self.workspaces) do
    list[i] = team.workspace
  end
  return list
end

---The workspace with this id.
---@param id string
---@return slack.sandbox.Team?
function teams:team(id)
  for _, team in ipairs(self.workspaces) do
    if team.team_id == id then
      return team
    end
  end
end

---Tells the app of what befell itself, which no installation stands behind.
---@param place slack.sandbox.Workspace|slack.sandbox.Organization
---@param event table
function teams:tell(place, event)
  local workspace = place.is_org and place.workspaces[1] or place
  event.event_ts = workspace:new_ts()
  self:team(workspace.id):deliver_event(event, { outer = { authorizations = json.list {} } })
end

-- The first workspace ---------------------------------------------------------------

---The installation that the app has in the first workspace.
---@return slack.sandbox.Installation?
function teams:installation()
  return self.workspaces[1]:installation()
end

---A token of the app in the first workspace: the bot's, or a person's.
---@param user? string name or id
---@return string?
function teams:token(user)
  return self.workspaces[1]:token(user)
end

---A trigger_id that works once, within three seconds.
---@param user_id? string for whom a view is opened with it
---@return string
function teams:new_trigger(user_id)
  return self.workspaces[1]:new_trigger(user_id)
end

---A URL to answer an interaction with.
---@param user table
---@param channel table
---@param message? table the one that the interaction came from
---@return string url
function teams:new_response_url(user, channel, message)
  return self.workspaces[1]:new_response_url(user, channel, message)
end

---Delivers an inner event to the app, wrapped as Slack does.
---@param event table
---@param options? slack.sandbox.DeliveryOptions with outer: fields of the body to be otherwise
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery
function teams:deliver_event(event, options)
  return self.workspaces[1]:deliver_event(event, options)
end

return teams
