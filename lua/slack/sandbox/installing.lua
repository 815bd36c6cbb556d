-- Installing the app in the local Slack, as people do it, and taking it away again.

local Browser = require "slack.sandbox.browser"
local checks = require "slack.sandbox.checks"
local people = require "slack.sandbox.people"
local default_scopes = require "slack.sandbox.scopes"
local revocations = require "slack.sandbox.revocations"

---@class slack.sandbox.Installing
local installing = {}

local INSTALL = {
  workspace = "table", user = "string", install_url = "string", org = "boolean", deny = "boolean",
  browser = "table", ca_file = "string",
}
local GRANT = {
  workspace = "table", user = "string", org = "boolean", scopes = "table", user_scopes = "table",
}
local UNINSTALL = { workspace = "table", org = "boolean" }
local REVOKE = { workspace = "table", user = "string" }
-- Where the local Slack asks for a decision.
local ASKING = { "oauth/v2/authorize?", "oauth/v2_user/authorize?", "openid/connect/authorize?" }

---A browser with no cookies that trusts this local Slack and the app's authority.
---@param ca_file? string of the app; by default the one of deliver_over_http
---@return slack.sandbox.Browser
function installing:browser(ca_file)
  return Browser.new {
    ca_file = function(url)
      if url:sub(1, #self.url) == self.url then
        return self.ca_file
      end
      return ca_file or self.http and self.http.ca_file
    end,
  }
end

local function is_asking(self, url)
  for _, path in ipairs(ASKING) do
    if url:sub(1, #self.url + #path) == self.url .. path then
      return true
    end
  end
end

-- Opens the app's page and, when it is one to click on, clicks.
local function reach_decision(self, browser, url)
  local page, err = browser:open(url)
  if not page then
    return nil, err
  elseif is_asking(self, page.url) then
    return page
  end
  for _, path in ipairs(ASKING) do
    local link = browser:link(self.url .. path)
    if link then
      return browser:open(link)
    end
  end
  return page
end

---@class slack.sandbox.Install
---@field install_url string the app's page, or an authorize URL of this local Slack
---@field workspace? slack.sandbox.Team the first one
---@field user? string who does it; the first person
---@field org? boolean for all workspaces of the organization
---@field deny? boolean they cancel
---@field browser? slack.sandbox.Browser by default a new one
---@field ca_file? string of the app's certificate

---Somebody installs the app with a browser: opens its page, lets it in (or not), and
---is led back.
---@async
---@param what slack.sandbox.Install
---@return slack.sandbox.Page? page where it ended: of the app, or of the local Slack when it
---  refused the request; browser: the one it was done with
---@return slack.Error|string? err
function installing:install(what)
  checks.fields("install", what, INSTALL, "install_url")
  local team = what.workspace or self.workspaces[1]
  local user = people.resolve(team, { user = what.user })
  local browser = what.browser or self:browser(what.ca_file)
  local page, err = reach_decision(self, browser, what.install_url)
  if page and is_asking(self, page.url) and page.status == 200 then
    page, err = browser:send(self.url .. "oauth/decision", {
      request = browser:hidden "request",
      person = team.team_id .. " " .. user.id,
      org = what.org and "1" or "",
      decision = what.deny and "deny" or "allow",
    })
  end
  if page then
    page.browser = browser
  end
  return page, err
end

local function place_of(self, what)
  local workspace = (what.workspace or self.workspaces[1]).workspace
  if not what.org then
    return workspace
  elseif not workspace.organization then
    people.fail(3, "%s is in no organization", workspace.team.name)
  end
  return workspace.organization
end

---@class slack.sandbox.Granted
---@field workspace? slack.sandbox.Team the first one
---@field org? boolean for all workspaces of the organization
---@field scopes? string[] of the bot; {} for none
---@field user? string who installs; the first person
---@field user_scopes? string[] of that person's token

---Installs the app without OAuth: the tokens are there at once.
---@param what slack.sandbox.Granted
---@return table tokens bot_token, bot_id, bot_user_id, user_token, user_id
function installing:grant(what)
  checks.fields("grant", what, GRANT)
  local place = place_of(self, what)
  local user = people.resolve(what.workspace or self.workspaces[1], { user = what.user })
  local installation = self.grants:install(place, {
    scopes = what.scopes or default_scopes, user_id = user.id, user_scopes = what.user_scopes,
  })
  local of_user = installation.users[user.id]
  return {
    bot_token = installation.bot and installation.bot.token,
    bot_id = place.bot.id,
    bot_user_id = place.bot.user_id,
    user_token = of_user and of_user.token,
    user_id = user.id,
  }
end

local function revoker(self)
  return { grants = self.grants, tell = function(place, event) self:tell(place, event) end }
end

---An owner takes the app away: its tokens die, it hears tokens_revoked and
---app_uninstalled.
---@param what? { workspace: slack.sandbox.Team?, org: boolean? }
function installing:uninstall(what)
  what = what or {}
  checks.fields("uninstall", what, UNINSTALL)
  local installation = self.grants.installations[place_of(self, what).id]
  if not installation then
    people.fail(2, "the app is not installed there")
  end
  revocations.uninstall(revoker(self), installation)
end

---Somebody takes their own token back, or, with no user, an owner the bot's.
---@param what? { workspace: slack.sandbox.Team?, user: string? }
function installing:revoke(what)
  what = what or {}
  checks.fields("revoke", what, REVOKE)
  local team = what.workspace or self.workspaces[1]
  local installation = team:installation()
  local identity = installation and installation.bot
  if installation and what.user then
    identity = installation.users[people.resolve(team, { user = what.user }).id]
  end
  if not identity then
    people.fail(2, "there is no such token")
  end
  revocations.revoke(revoker(self), identity)
end

return installing
