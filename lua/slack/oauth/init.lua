-- How workspaces install the app, and people sign in with Slack: the routes, and the
-- rotation of the tokens that come of it.

local Installer = require "slack.oauth.installer"
local Rotation = require "slack.oauth.rotation"
local SignIn = require "slack.oauth.sign_in"
local core = require "slack.core"
local exchange = require "slack.oauth.exchange"
local loop = require "slack.loop"

local PREFIX = "oauth:"
-- Seconds between two lines about failures of one sort: anybody can cause them.
local PERIOD = 60

---@class slack.Oauth
---@field app slack.App
---@field settings table the option oauth, read
---@field installations slack.Installations
---@field rotation slack.oauth.Rotation
local Oauth = {}
Oauth.__index = Oauth
Oauth.__name = "slack.oauth"

---@class slack.OauthParts
---@field app slack.App with its routes; settings.oauth is the option as read
---@field store slack.Store
---@field installations slack.Installations
---@field clock? fun(): number seconds since the epoch

---Serves the paths of the option oauth on the app's HTTP side.
---@param parts slack.OauthParts
---@return slack.Oauth
function Oauth.new(parts)
  local app = parts.app
  local self = setmetatable({
    app = app, settings = app.settings.oauth, api_url = app.settings.api_url,
    store = parts.store:scope(PREFIX), installations = parts.installations,
    log = app.log:with { component = "oauth" }, clock = parts.clock or core.time, noted = {},
  }, Oauth)
  self.rotation = Rotation.new {
    installations = self.installations, settings = self.settings, client = app.client,
    log = self.log, clock = self.clock,
  }
  self:_add_routes()
  return self
end

local function add(self, path, what, handler)
  self.app.routes:add { method = "GET", path = path, what = what, handler = handler }
end

-- Whoever only looks whether there is a page uses up no state.
local function unless_head(fn)
  return function(c)
    if c.method == "HEAD" then
      return { status = 200, headers = { ["Cache-Control"] = "no-store" } }
    end
    return fn(c)
  end
end

function Oauth:_add_routes()
  local settings, installer = self.settings, Installer.new(self)
  add(self, settings.install_path, "people install the app", unless_head(function(c)
    return installer:begin(c)
  end))
  add(self, settings.redirect_path, "installing ends", unless_head(function(c)
    return installer:finish(c)
  end))
  local openid = settings.openid
  if openid then
    local sign_in = SignIn.new(self)
    add(self, openid.sign_in_path, "people sign in", unless_head(function(c)
      return sign_in:begin(c)
    end))
    add(self, openid.redirect_path, "signing in ends", unless_head(function(c)
      return sign_in:finish(c)
    end))
  end
end

---Says that somebody has failed, once in a while.
---@param err slack.Error
---@param what string "installing"
function Oauth:note(err, what)
  local key, now = what .. " " .. err.code, loop.now()
  local noted = self.noted[key]
  if noted and now - noted.at < PERIOD then
    noted.more = noted.more + 1
    return
  end
  local more = noted and noted.more or 0
  self.noted[key] = { at = now, more = 0 }
  local level = err.code == "access_denied" and "info" or err.stage == "storage" and "error"
    or "warn"
  self.log[level](self.log, "%s failed (%s): %s%s", what, err.code, tostring(err),
    more > 0 and ("; %d more like it since the last line"):format(more) or "")
end

---Turns a token that lasts into one that expires, for an app in whose configuration
---token rotation has been switched on; there is no way back. What it gives is still to
---be kept.
---@async
---@param token string
---@return slack.TokenUpdate? tokens token, refresh_token, expires_at, scopes
---@return slack.Error? err
function Oauth:exchange(token)
  return exchange.exchange(self.app.client, self.settings, token, self.clock)
end

---Begins to refresh tokens before they expire.
function Oauth:start()
  self.rotation:start()
end

function Oauth:stop()
  self.rotation:stop()
end

return Oauth
