-- Who is behind a request: the question that authorize and the installations answer.

local payload = require "slack.payload"

local M = {}

---@class slack.AuthorizationQuery: slack.InstallationQuery
---@field enterprise_id? string of the installation
---@field team_id? string of the installation; nil in org-wide events
---@field user_id? string who did it
---@field channel_id? string
---@field is_enterprise_install boolean
---@field app_installed_team_id? string of the view, when that says where the app is installed
---@field actor_enterprise_id? string of who did it, in a channel shared with others
---@field actor_team_id? string the same
---@field actor_user_id? string the same
---@field app_id? string of the app that Slack has sent it to
---@field authorizing_user_id? string the user, not the bot, for whom Slack sends an event

---Where the installation is that a body came to.
---@param body table
---@return string? enterprise_id
---@return string? team_id
---@return boolean is_enterprise_install
function M.place(body)
  local enterprise_id, team_id = payload.enterprise_id(body), payload.team_id(body)
  if payload.is_organization(team_id) then
    enterprise_id, team_id = enterprise_id or team_id, nil
  end
  return enterprise_id, team_id, payload.is_enterprise_install(body)
end

-- The user of whose token an event tells, when it is not the bot's.
local function authorizing_user(body)
  local authorization = payload.authorization(body)
  if authorization and authorization.is_bot == false then
    return payload.text_of(authorization.user_id)
  end
end

---@param body table
---@return slack.AuthorizationQuery
function M.of(body)
  local enterprise_id, team_id, is_enterprise_install = M.place(body)
  local actor_enterprise_id, actor_team_id = payload.actor_place(body)
  local user_id = payload.user_id(body)
  return {
    enterprise_id = enterprise_id, team_id = team_id, user_id = user_id,
    channel_id = payload.channel_id(body), is_enterprise_install = is_enterprise_install,
    app_installed_team_id = payload.app_installed_team_id(body),
    actor_enterprise_id = actor_enterprise_id, actor_team_id = actor_team_id,
    app_id = type(body.api_app_id) == "string" and body.api_app_id or nil,
    actor_user_id = user_id, authorizing_user_id = authorizing_user(body),
  }
end

return M
