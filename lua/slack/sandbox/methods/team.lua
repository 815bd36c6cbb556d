-- Methods about the workspace and the app's bot in it.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["bots.info"] = function(workspace, call)
  local bot, id = workspace.bot, call.args.bot
  if id and id ~= bot.id then
    return nil, "bot_not_found"
  end
  return { bot = {
    id = bot.id, deleted = false, name = bot.name, updated = 0, app_id = workspace.app_id,
    user_id = bot.user_id, team_id = workspace.id, icons = {
      image_36 = "https://avatars.example.com/bot/36.png",
      image_48 = "https://avatars.example.com/bot/48.png",
      image_72 = "https://avatars.example.com/bot/72.png",
    },
  } }
end

methods["team.info"] = function(workspace, call)
  if call.args.team and call.args.team ~= workspace.id
    or call.args.domain and call.args.domain ~= workspace.team.domain then
    return nil, "team_not_found"
  end
  local organization = workspace.organization
  return {
    team = {
      id = workspace.id,
      name = workspace.team.name,
      domain = workspace.team.domain,
      url = ("https://%s.slack.com/"):format(workspace.team.domain),
      email_domain = "example.com",
      icon = { image_default = true },
      enterprise_id = organization and organization.id,
      enterprise_name = organization and organization.name,
    },
  }
end

methods["team.profile.get"] = function()
  return { profile = { fields = json.list {}, sections = json.list {} } }
end

methods["team.preferences.list"] = function()
  return {
    allow_message_deletion = true, display_real_names = true, disable_file_uploads = "allow_all",
    msg_edit_window_mins = -1, who_can_post_general = "ra",
  }
end

methods["emoji.list"] = function(workspace, call)
  local answer = {
    emoji = next(workspace.emoji) and workspace.emoji or json.decode "{}",
    cache_ts = ("%d.000000"):format(math.floor(workspace.clock())),
  }
  if arguments.is_set(call.args.include_categories) then
    answer.categories = json.list {}
  end
  return answer
end

return methods
