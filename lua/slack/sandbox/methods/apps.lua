-- Methods about the app and its team.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"
local paging = require "slack.sandbox.methods.paging"

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["api.test"] = function(_, call)
  if call.args.error then
    return nil, tostring(call.args.error), { args = call.args }
  end
  return { args = call.args }
end

methods["auth.test"] = function(workspace, call)
  local place, organization = call.identity.place, workspace.organization
  local is_org = place.is_org or false
  local domain = is_org and place.domain .. ".enterprise" or workspace.team.domain
  return {
    url = ("https://%s.slack.com/"):format(domain),
    team = is_org and place.name or workspace.team.name,
    user = workspace.users[call.user_id].name,
    team_id = place.id,
    enterprise_id = organization and organization.id,
    user_id = call.user_id,
    bot_id = call.token_type == "bot" and workspace.bot.id or nil,
    is_enterprise_install = is_org,
    expires_in = call.identity.expires_at
      and math.ceil(call.identity.expires_at - call.clock()) or nil,
  }
end

methods["auth.teams.list"] = function(_, call)
  local place = call.identity.place
  local teams = {}
  for _, workspace in ipairs(place.is_org and place.workspaces or { place }) do
    table.insert(teams, { id = workspace.id, name = workspace.team.name })
  end
  return paging.by_cursor(teams, call, {
    name = "teams", kind = "team", limit_error = "invalid_limit",
    key = function(team) return team.id end,
  })
end

methods["apps.connections.open"] = function(_, call)
  return { url = call.open_connection() }
end

methods["rtm.connect"] = function(workspace, call)
  return {
    url = call.open_rtm(workspace, call.user_id,
      arguments.is_set(call.args.batch_presence_aware)),
    team = { id = workspace.id, name = workspace.team.name, domain = workspace.team.domain },
    self = { id = call.user_id, name = workspace.users[call.user_id].name },
  }
end

-- Who else may see an event; all of them are in its body here.
methods["apps.event.authorizations.list"] = function(workspace, call)
  if not tostring(call.args.event_context):find "^4%-" then
    return nil, "invalid_event_context"
  end
  local installation = call.grants:installation_of(workspace)
  local found = {}
  for _, identity in ipairs(installation and { installation.bot } or {}) do
    table.insert(found, {
      enterprise_id = workspace.organization and workspace.organization.id or json.null,
      team_id = installation.is_org and json.null or workspace.id, user_id = identity.user_id,
      is_bot = true, is_enterprise_install = installation.is_org,
    })
  end
  return paging.by_cursor(found, call, {
    name = "authorizations", kind = "authorization",
    key = function(one) return one.user_id end,
  })
end

-- Dialogs gave way to modals.
methods["dialog.open"] = function()
  return nil, "method_deprecated", {
    response_metadata = { messages = {
      "[ERROR] dialogs are deprecated, and the local Slack shows none: call views.open",
    } },
  }
end

return methods
