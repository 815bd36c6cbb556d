-- How workspaces install the app, and people sign in with Slack: the routes, and the
-- rotation of the tokens that come of it.

local Installer = require "slack.oauth.installer"
local LogLimit = require "slack.log_limit"
local Rotation = require "slack.oauth.rotation"
local SignIn = require "slack.oauth.sign_in"
local exchange = require "slack.oauth.exchange"
local loop = require "slack.loop"

local PREFIX = "oauth:"
-- Seconds between two lines about failures of one sort: anybody can cause them.
local PERIOD = 60

---@class slack.Oauth
---@field app slack.App
---@field settings slack.OauthOptions as read
---@field store? slack.Store its part of the storage, while the app runs
---@field installations? slack.Installations
---@field rotation? slack.oauth.Rotation
local Oauth = {}
Oauth.__index = Oauth
Oauth.__name = "slack.oauth"

local function add(self, path, what, handler)
  self.app.routes:add {
    method = "GET", path = path, what = what,
    handler = function(c)
      if c.method == "HEAD" then -- whoever only looks uses up no state
        return { status = 200, headers = { ["Cache-Control"] = "no-store" } }
      end
      return handler(c)
    end,
  }
end

local function add_routes(self)
  local settings = self.settings
  add(self, settings.install_path, "people install the app", function(c)
    return self.installer:begin(c)
  end)
  add(self, settings.redirect_path, "installing ends", function(c)
    return self.installer:finish(c)
  end)
  local openid = settings.openid
  if openid then
    add(self, openid.sign_in_path, "people sign in", function(c)
      return self.sign_in:begin(c)
    end)
    add(self, openid.redirect_path, "signing in ends", function(c)
      return self.sign_in:finish(c)
    end)
  end
end

---Takes the paths of the option oauth on the app's HTTP side.
---@param app slack.App whose settings.oauth is the option as read
---@param options? { clock?: fun(): number } seconds since the epoch
---@return slack.Oauth
function Oauth.new(app, options)
  local self = setmetatable({
    app = app, settings = app.settings.oauth, api_url = app.settings.api_url,
    log = app.log:with { component = "oauth" }, clock = options and options.clock or loop.time,
    failures = LogLimit.new(loop.now, PERIOD),
  }, Oauth)
  add_routes(self)
  return self
end

---Begins to serve, and to refresh tokens before they expire.
---@param store slack.Store
---@param installations slack.Installations
function Oauth:open(store, installations)
  self.store, self.installations = store:scope(PREFIX), installations
  self.rotation = Rotation.new {
    installations = installations, settings = self.settings, client = self.app.client,
    log = self.log, clock = self.clock,
  }
  self.installer = Installer.new(self)
  self.sign_in = self.settings.openid and SignIn.new(self)
  self.app.authorization.rotation = self.rotation
  self.rotation:start()
end

---Refreshes under way may end, whose outcome would be lost.
---@async
---@param timeout number seconds
---@return boolean all have ended
function Oauth:finish(timeout)
  return not self.rotation or self.rotation:finish(timeout)
end

---The storage is of no use any more.
function Oauth:close()
  if self.rotation then
    self.rotation:stop()
  end
end

---Says that somebody has failed, once in a while.
---@param err slack.Error
---@param what string "installing"
function Oauth:note(err, what)
  local sort = err.stage == "return" and "return" or err.code -- whose words are anybody's
  local is_due, more = self.failures:is_due(what .. " " .. sort)
  if not is_due then
    return
  end
  local level = err.code == "access_denied" and "info" or err.stage == "storage" and "error"
    or "warn"
  self.log[level](self.log, "%s failed (%s): %s%s", what, err.code, tostring(err),
    more > 0 and ("; %d more like it since the last line"):format(more) or "")
end

---Where people install it, as browsers see it: a cookie of another host than that of
---redirect_uri would not come back.
---@param origin string of the HTTP side, when no redirect_uri tells
---@return string url
function Oauth:install_url(origin)
  local settings = self.settings
  local uri = settings.redirect_uri
  return (uri and uri:sub(1, #uri - #settings.redirect_path) or origin) .. settings.install_path
end

---Turns a token that lasts into one that expires, for an app in whose configuration
---token rotation has been switched on; there is no way back. What it gives is still to
---be kept.
---@async
---@param token string
---@return slack.TokenUpdate? tokens token, refresh_token, expires_at, scopes
---@return slack.Error? err
function Oauth:exchange(token)
  if type(token) ~= "string" or token == "" or token:find "[%s%c]" then
    error("oauth:exchange: a token expected, got " .. (type(token) == "string"
      and "text that is none" or type(token)), 2)
  end
  return exchange.exchange(self.app.client, self.settings, token, self.clock)
end

return Oauth
