-- The URLs of Slack that people are sent to. They stand beside the Web API, so that
-- GovSlack and the local Slack need no setting of their own.

local base64 = require "slack.base64"
local core = require "slack.core"
local form = require "slack.form"
local roots = require "slack.web_api.roots"

local M = {}

M.origin = roots.origin

---Whether that is this machine.
---@param authority string a host, with or without a port
---@return boolean
function M.is_loopback(authority)
  local host = authority:lower():gsub(":%d+$", "")
  return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

-- For the parts that are lists; an empty one is no parameter.
local function joined(list, separator)
  return list[1] and table.concat(list, separator) or nil
end

---Where an installation begins.
---@param settings slack.OauthOptions as read
---@param api_url string
---@param state string
---@param verifier? string of PKCE
---@return string
function M.authorize(settings, api_url, state, verifier)
  local fields = {
    client_id = settings.client_id, redirect_uri = settings.redirect_uri, state = state,
    team = settings.team,
  }
  local path = "/oauth/v2/authorize?"
  if settings.user_only then
    path, fields.scope = "/oauth/v2_user/authorize?", joined(settings.user_scopes, ",")
  else
    fields.scope = joined(settings.scopes, ",") or ""
    fields.user_scope = joined(settings.user_scopes, ",")
  end
  if verifier then
    fields.code_challenge = base64.encode_url(core.sha256(verifier))
    fields.code_challenge_method = "S256"
  end
  return M.origin(api_url) .. path .. form.encode(fields)
end

---Where signing in begins.
---@param settings slack.OauthOptions as read
---@param api_url string
---@param state string
---@param nonce string
---@return string
function M.sign_in(settings, api_url, state, nonce)
  local openid = settings.openid
  return M.origin(api_url) .. "/openid/connect/authorize?" .. form.encode {
    response_type = "code", client_id = settings.client_id, scope = joined(openid.scopes, " "),
    redirect_uri = openid.redirect_uri, state = state, nonce = nonce, team = openid.team,
  }
end

-- What comes from an answer of Slack's is put into a page only as a web address.
local function web_address(url)
  return type(url) == "string" and url:find "^https?://[^%s\"'<>]+$" and url or nil
end

---Where somebody goes on once the app is installed: in Slack itself, and in the
---browser.
---@param installation table
---@param api_url string
---@return string app
---@return string browser
function M.after_install(installation, api_url)
  local app_id = installation.app_id or ""
  local enterprise_url = web_address(installation.enterprise_url)
  if installation.is_enterprise_install and enterprise_url then
    local manage = enterprise_url:gsub("/*$", "") .. "/manage/organization/apps/profile/"
      .. form.escape(app_id) .. "/workspaces/add"
    return manage, manage
  end
  local team = installation.team_id or installation.enterprise_id
  return ("slack://app?team=%s&id=%s"):format(form.escape(team), form.escape(app_id)),
    M.origin(api_url) .. "/app_redirect?" .. form.encode { team = team, app = app_id }
end

---A path of ours as the browser sees it: a proxy in front may take off a prefix,
---which then is in redirect_uri.
---@param path string
---@param redirect_uri? string
---@param redirect_path string
---@return string
function M.of_ours(path, redirect_uri, redirect_path)
  local found = redirect_uri and redirect_uri:match "^%a+://[^/]+(/.*)$"
  return (found and found:sub(1, #found - #redirect_path) or "") .. path
end

return M
