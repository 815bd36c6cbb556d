-- What stands around an event, an interaction or a command: whose workspace it is,
-- and by which installation the app may see it (protocol §3.3, §5.1, §6, §16).

local json = require "slack.json"

local M = {}

local function organization_fields(organization)
  return organization and { id = organization.id, name = organization.name } or json.null
end

-- At most one installation that may see the event.
local function authorizations(workspace, installation)
  if not installation then
    return json.list {}
  end
  local identity = installation.bot or select(2, next(installation.users))
  return json.list {
    identity and {
      enterprise_id = workspace.organization and workspace.organization.id or json.null,
      team_id = installation.is_org and json.null or workspace.id,
      user_id = identity.user_id,
      is_bot = identity.type == "bot",
      is_enterprise_install = installation.is_org,
    },
  }
end

---The body of the Events API around an inner event.
---@param workspace slack.sandbox.Workspace
---@param installation slack.sandbox.Installation?
---@param event table
---@param more table? fields that are to be otherwise
---@return table
function M.event(workspace, installation, event, more)
  local organization = workspace.organization
  local body = {
    type = "event_callback",
    token = "verification-token",
    team_id = workspace.id,
    enterprise_id = organization and organization.id,
    context_team_id = workspace.id,
    context_enterprise_id = organization and organization.id or json.null,
    api_app_id = workspace.app_id,
    event = event,
    event_id = workspace.new_id "Ev",
    event_time = math.floor(workspace.clock()),
    authorizations = authorizations(workspace, installation),
    is_ext_shared_channel = false,
    event_context = "4-" .. workspace.new_id "",
  }
  for name, value in pairs(more or {}) do
    body[name] = value
  end
  return body
end

---The fields that each interaction has.
---@param workspace slack.sandbox.Workspace
---@param installation slack.sandbox.Installation?
---@param kind string
---@param user table
---@return table
function M.interaction(workspace, installation, kind, user)
  local organization = workspace.organization
  local is_org = installation ~= nil and installation.is_org
  return {
    type = kind,
    user = { id = user.id, username = user.name, name = user.name, team_id = workspace.id },
    team = is_org and json.null or {
      id = workspace.id,
      domain = workspace.team.domain,
      enterprise_id = organization and organization.id,
      enterprise_name = organization and organization.name,
    },
    enterprise = organization_fields(organization),
    api_app_id = workspace.app_id,
    token = "verification-token",
    is_enterprise_install = is_org,
  }
end

---A channel as interactions and commands name it: the names of private ones are not told.
---@param channel table
---@return { id: string, name: string }
function M.channel(channel)
  local is_hidden = channel.is_private and not channel.is_mpim
  return { id = channel.id, name = is_hidden and "privategroup" or channel.name }
end

---The fields that each slash command has; a form knows text only.
---@param workspace slack.sandbox.Workspace
---@param installation slack.sandbox.Installation?
---@return table<string, string>
function M.command(workspace, installation)
  local organization = workspace.organization
  return {
    token = "verification-token",
    team_id = workspace.id,
    team_domain = workspace.team.domain,
    enterprise_id = organization and organization.id,
    enterprise_name = organization and organization.name,
    api_app_id = workspace.app_id,
    is_enterprise_install = tostring(installation ~= nil and installation.is_org),
  }
end

return M
