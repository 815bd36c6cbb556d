-- Methods about the app and its team.

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["api.test"] = function(_, call)
  if call.args.error then
    return nil, tostring(call.args.error), { args = call.args }
  end
  return { args = call.args }
end

methods["auth.test"] = function(workspace)
  return {
    url = ("https://%s.slack.com/"):format(workspace.team.domain),
    team = workspace.team.name,
    user = workspace.bot.name,
    team_id = workspace.team.id,
    user_id = workspace.bot.user_id,
    bot_id = workspace.bot.id,
    is_enterprise_install = false,
  }
end

methods["apps.connections.open"] = function(_, call)
  return { url = call.open_connection() }
end

methods["bots.info"] = function(workspace, call)
  if call.args.bot and call.args.bot ~= workspace.bot.id then
    return nil, "bot_not_found"
  end
  return { bot = workspace:bot_fields().bot_profile }
end

methods["team.info"] = function(workspace)
  return { team = workspace.team }
end

return methods
