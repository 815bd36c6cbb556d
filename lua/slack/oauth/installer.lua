-- Installing the app: the page where it begins, and the way back from Slack.

local Visits = require "slack.oauth.visits"
local errors = require "slack.errors"
local exchange = require "slack.oauth.exchange"
local hooks = require "slack.oauth.hooks"
local pages = require "slack.oauth.pages"
local urls = require "slack.oauth.urls"

local COOKIE = "slack-app-oauth-state"
-- What makes a table an answer, and not headers to be added to ours.
local ANSWERS = { "status", "text", "html", "json", "body", "redirect" }

---@class slack.oauth.Installer
local Installer = {}
Installer.__index = Installer
Installer.__name = "slack.oauth.installer"

---@param oauth slack.Oauth
---@return slack.oauth.Installer
function Installer.new(oauth)
  local settings = oauth.settings
  return setmetatable({
    oauth = oauth, settings = settings,
    visits = Visits.new {
      app = oauth.app, store = oauth.store, purpose = "install", cookie = COOKIE,
      secret = settings.state_secret, redirect_uri = settings.redirect_uri, clock = oauth.clock,
    },
  }, Installer)
end

-- Where somebody may begin anew.
local function begin_url(self)
  local settings = self.settings
  return urls.of_ours(settings.install_path, settings.redirect_uri, settings.redirect_path)
end

-- A page or function of the program's own, else the default.
local function own_page(self, name, status, default, c, ...)
  local given = self.settings[name]
  if type(given) == "function" then
    given = hooks.page(c, self.oauth.log, "oauth." .. name, given, c, ...)
  end
  return Visits.page(given, status) or default()
end

local function fail(self, c, err)
  self.oauth:note(err, "installing")
  local status = pages.problem(err)
  local response = own_page(self, "failure", status, function()
    return pages.failure(err, begin_url(self))
  end, c, err)
  return self.visits:finish(c, response, err)
end

-- Beginning ------------------------------------------------------------------------

local function is_answer(value)
  if type(value) ~= "table" then
    return value ~= nil and value ~= true
  end
  for _, name in ipairs(ANSWERS) do
    if value[name] ~= nil then
      return true
    end
  end
  return false
end

local function refused(message)
  return errors.new { code = "refused", message = message, stage = "hook" }
end

-- An answer that stops, or headers and cookies to be added.
local function before(self, c)
  local hook = self.settings.before_install
  local value
  if hook then
    value = hooks.decide(c, "oauth.before_install", hook, c)
  end
  if value == false then
    return fail(self, c, refused "before_install has refused it")
  elseif is_answer(value) then
    return Visits.page(value, 200) or value
  end
  return nil, type(value) == "table" and value or {}
end

local function metadata_of(self, c)
  local metadata = self.settings.metadata
  if type(metadata) == "function" then
    return hooks.call(c, "oauth.metadata", metadata, c)
  end
  return metadata
end

-- A state, and where Slack is asked with it.
local function begin(self, c)
  local visits, settings = self.visits, self.settings
  local state, err = visits.states:issue(metadata_of(self, c))
  local verifier
  if state and settings.pkce then
    verifier, err = visits.states:derive(state, "pkce")
    state = verifier and state
  end
  if not state then
    err.stage = "storage"
    return nil, err
  end
  return state, urls.authorize(settings, self.oauth.api_url, state.text, verifier)
end

---The install path.
---@async
---@param c slack.RouteContext
---@return any response
function Installer:begin(c)
  local answer, more = before(self, c)
  if answer ~= nil then
    return answer
  end
  local state, url = begin(self, c)
  if not state then
    return fail(self, c, url)
  end
  local response
  if self.settings.direct then
    response = pages.redirect(url)
  else
    response = own_page(self, "install_page", 200, function()
      return pages.install(url, self.oauth.app.settings.name)
    end, c, url)
  end
  return self.visits:send(c, state, Visits.merge(response, more))
end

-- Finishing ------------------------------------------------------------------------

-- The record of an installation, still in no storage.
local function install(self, code, state)
  local oauth, settings = self.oauth, self.settings
  local verifier, err
  if settings.pkce and state then
    verifier, err = self.visits.states:derive(state, "pkce")
    if not verifier then
      err.stage = "storage"
      return nil, err
    end
  end
  local installation
  installation, err = exchange.install(oauth.app.client, settings, code, verifier, oauth.clock)
  if not installation then
    err.stage, err.is_network = "exchange", exchange.is_network(err)
    return nil, err
  end
  return installation
end

local function succeed(self, c, installation)
  local oauth = self.oauth
  local place = installation.team_name or installation.enterprise_name
  oauth.log:info("installed in %s (%s)%s", tostring(place), tostring(installation.team_id
    or installation.enterprise_id), installation.user_id and " by " .. installation.user_id or "")
  return own_page(self, "success", 200, function()
    local app_url, browser_url = urls.after_install(installation, oauth.api_url)
    return pages.success(app_url, browser_url, place, oauth.app.settings.name)
  end, c, installation)
end

-- The response, or what went wrong.
local function finish(self, c)
  local code, state = self.visits:take(c, self.settings.allow_without_state)
  if not code then
    return nil, state
  end
  local metadata = state and state.data
  local installation, err = install(self, code, state)
  if installation then
    installation.metadata = metadata
    local hook = self.settings.after_install
    local value
    if hook then
      value = hooks.decide(c, "oauth.after_install", hook, installation, c)
    end
    if value == false then
      err = refused "after_install has refused it"
    elseif is_answer(value) then
      return Visits.page(value) or value
    else
      local ok
      ok, err = self.oauth.installations:save(installation)
      if ok then
        return succeed(self, c, installation)
      end
      err.stage = "storage"
    end
  end
  err.metadata = metadata
  return nil, err
end

---The redirect path.
---@async
---@param c slack.RouteContext
---@return any response
function Installer:finish(c)
  local response, err = finish(self, c)
  if not response then
    return fail(self, c, err)
  end
  return self.visits:finish(c, response)
end

return Installer
