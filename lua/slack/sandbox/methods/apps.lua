-- Methods about the app and its team.

local arguments = require "slack.sandbox.methods.arguments"
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

methods["bots.info"] = function(workspace, call)
  if call.args.bot and call.args.bot ~= workspace.bot.id then
    return nil, "bot_not_found"
  end
  return { bot = workspace:bot_fields().bot_profile }
end

methods["team.info"] = function(workspace, call)
  if call.args.team and call.args.team ~= workspace.id then
    return nil, "team_not_found"
  end
  local organization = workspace.organization
  return {
    team = {
      id = workspace.id,
      name = workspace.team.name,
      domain = workspace.team.domain,
      url = ("https://%s.slack.com/"):format(workspace.team.domain),
      enterprise_id = organization and organization.id,
      enterprise_name = organization and organization.name,
    },
  }
end

return methods
