-- The option `oauth` of slack.app: what its fields must be, and where they come
-- from when they are not given. Nothing here needs the other options' rules, which
-- call it.

local checks = require "slack.option_checks"
local hosting = require "slack.hosting"
local merged = require "slack.merged"
local urls = require "slack.oauth.urls"

local of_type = checks.of_type

local DEFAULT_SCOPES_OPENID = { "openid", "profile", "email" }
-- A state secret is no password: nobody types it, so a short one is a mistake.
local SHORTEST_SECRET = 16
-- Seconds that a token has left when it is refreshed.
local ROTATE_BEFORE = 7200

-- Checks ------------------------------------------------------------------------
-- check(value) -> the problem, or nil

local function word(value)
  if type(value) ~= "string" then
    return "string expected"
  elseif value == "" then
    return "it is empty"
  elseif value:find "[%s%c]" then
    return "it has spaces or line ends in it"
  end
end

local function long_secret(value)
  local problem = word(value)
  if not problem and #value < SHORTEST_SECRET then
    problem = ("at least %d characters expected"):format(SHORTEST_SECRET)
  end
  return problem
end

local function to_list(value)
  if type(value) == "table" then
    return { table.unpack(value) }
  end
  local list = {}
  for scope in (value or ""):gmatch "[^,%s]+" do
    list[#list + 1] = scope
  end
  return list
end

local function scopes(value)
  if type(value) ~= "string" and type(value) ~= "table" then
    return "a list of scopes, or one text with commas between them, expected"
  end
  for _, scope in ipairs(to_list(value)) do
    if type(scope) ~= "string" or not scope:find "^[%w%._:%-]+$" then
      return ("%q is no scope"):format(tostring(scope))
    end
  end
end

local function redirect_uri(value)
  if type(value) ~= "string" or not value:find "^https?://[^/%s?#]+/[^%s?#]*$" then
    return "a URL of https with a path, and nothing behind it, expected"
  end
end

local function anything() end

local function page(value)
  local kind = type(value)
  if kind ~= "function" and kind ~= "string" and kind ~= "table" then
    return "a page of HTML, a response or a function that gives one, expected"
  end
end

local function fields_of(list)
  local fields = {}
  for name, check in pairs(list) do
    fields[name] = { check = check }
  end
  return fields
end

-- The fields -----------------------------------------------------------------------

---@class slack.OpenidOptions
---@field sign_in_path? string "/slack/sign_in"
---@field redirect_path? string "/slack/sign_in_redirect"
---@field redirect_uri? string whose path is redirect_path; left out, it stands beside that of
---  installing, which then must be given
---@field scopes? string|string[] "openid,profile,email"
---@field team? string id of the workspace that is offered first
---@field success? fun(c: slack.RouteContext, identity: slack.Identity): any the response
---@field failure? fun(c: slack.RouteContext, err: slack.Error): any the response

local OPENID = fields_of {
  sign_in_path = checks.path, redirect_path = checks.path, redirect_uri = redirect_uri,
  scopes = scopes, team = word, success = of_type "function", failure = of_type "function",
}

---@class slack.OauthOptions
---@field client_id? string SLACK_CLIENT_ID
---@field client_secret? string SLACK_CLIENT_SECRET
---@field scopes? string|string[] of the bot; SLACK_SCOPES
---@field user_scopes? string|string[] of the person who installs
---@field user_only? boolean installs for persons alone, without a bot
---@field redirect_uri? string where Slack sends people back to; its path is redirect_path.
---  Left out, Slack takes the first one of the app's configuration
---@field install_path? string "/slack/install"
---@field redirect_path? string "/slack/oauth_redirect"
---@field direct? boolean the install path leads to Slack at once, without a page
---@field team? string id of the workspace that is offered first
---@field state_secret? string signs states; one in the storage otherwise
---@field allow_without_state? boolean take installs that begin at Slack, without a state of ours
---@field pkce? boolean prove with the code that it was asked for here (S256)
---@field rotate_before? number seconds that a token has left when it is refreshed, 7200
---@field metadata? any|fun(c: slack.RouteContext): any a JSON value that travels to the
---  callbacks, as a field of the installation or the error
---@field install_page? fun(c: slack.RouteContext, url: string): any gives the page; like of all
---  that follow, text is HTML, and a table a response as a route's
---@field success? string|table|fun(c: slack.RouteContext, installation: slack.Installation): any
---@field failure? string|table|fun(c: slack.RouteContext, err: slack.Error): any
---@field before_install? fun(c: slack.RouteContext): any false or a response stops; a table
---  with headers or cookies alone adds them to ours
---@field after_install? fun(installation: slack.Installation, c: slack.RouteContext): any with
---  false or a response nothing is kept, and there is no success page
---@field openid? slack.OpenidOptions people may sign in with Slack

local FIELDS = fields_of {
  client_id = word, client_secret = word, scopes = scopes, user_scopes = scopes,
  user_only = of_type "boolean", redirect_uri = redirect_uri, install_path = checks.path,
  redirect_path = checks.path, direct = of_type "boolean", team = word,
  state_secret = long_secret, allow_without_state = of_type "boolean",
  pkce = of_type "boolean", rotate_before = checks.number_from(0), metadata = anything,
  install_page = of_type "function", success = page, failure = page,
  before_install = of_type "function", after_install = of_type "function",
  openid = checks.table_of(OPENID, "oauth.openid."),
}

local ENVIRONMENT = {
  client_id = "SLACK_CLIENT_ID", client_secret = "SLACK_CLIENT_SECRET", scopes = "SLACK_SCOPES",
}

local WANTED = {
  client_id = "the app's client id", client_secret = "the app's client secret",
}

-- The value given, else the environment's.
local function given(values, name)
  if values[name] ~= nil then
    return values[name]
  end
  local variable = ENVIRONMENT[name]
  local value = variable and os.getenv(variable)
  return value ~= "" and value or hosting.placeholder(name)
end

local function check_environment(values)
  for _, name in ipairs { "client_id", "client_secret", "scopes" } do
    if values[name] == nil then
      local value = given(values, name)
      local problem = value and FIELDS[name].check(value)
      if problem then
        return ("environment variable %s: %s"):format(ENVIRONMENT[name], problem)
      end
    end
  end
end

local function check_missing(values)
  for _, name in ipairs { "client_id", "client_secret" } do
    if not given(values, name) then
      return ("option %q is missing: give %s, or set %s in the environment"):format(
        "oauth." .. name, WANTED[name], ENVIRONMENT[name])
    end
  end
end

local function check_scopes(values)
  local has_user_scopes = to_list(values.user_scopes)[1] ~= nil
  if values.user_only then
    if values.scopes ~= nil then
      return 'options "oauth.user_only" and "oauth.scopes": without a bot there are no scopes of '
        .. 'its own: give "oauth.user_scopes" alone'
    elseif not has_user_scopes then
      return 'option "oauth.user_scopes" is missing: the scopes that "oauth.user_only" asks for'
    end
  elseif not has_user_scopes and not to_list(given(values, "scopes"))[1] then
    return 'option "oauth.scopes" is missing: give the scopes of the bot, or those of the person '
      .. 'in "oauth.user_scopes", or set SLACK_SCOPES in the environment'
  end
end

-- A proxy in front may take a prefix off the path.
local function leads_to(uri, wanted)
  local found = uri:match "^%a+://[^/]+(/.*)$"
  return found == wanted or found:sub(-#wanted) == wanted
end

local function check_redirect(values, redirect_path, prefix)
  if values.redirect_uri and not leads_to(values.redirect_uri, redirect_path) then
    return ("options %q and %q: the URL's path is not %q, so nobody would ever come back there: "
      .. "give both the same path"):format(prefix .. "redirect_uri", prefix .. "redirect_path",
      redirect_path)
  end
end

local function paths_of(values)
  return values.install_path or "/slack/install",
    values.redirect_path or "/slack/oauth_redirect"
end

local function openid_paths_of(values)
  return values.sign_in_path or "/slack/sign_in",
    values.redirect_path or "/slack/sign_in_redirect"
end

-- Slack demands it of those who sign in.
local function openid_redirect_uri(values)
  local uri = values.redirect_uri
  local _, install_redirect_path = paths_of(values)
  local _, redirect_path = openid_paths_of(values.openid)
  return values.openid.redirect_uri
    or uri and uri:sub(1, #uri - #install_redirect_path) .. redirect_path
end

local function check_openid(values)
  local openid = values.openid
  if not openid then
    return nil
  elseif not openid.success then
    return 'option "oauth.openid.success" is missing: the function that gets who has signed in'
  end
  local _, redirect_path = openid_paths_of(openid)
  if not openid_redirect_uri(values) then
    return ('option "oauth.openid.redirect_uri" is missing: the URL of %q as browsers see it')
      :format(redirect_path)
  end
  return check_redirect(openid, redirect_path, "oauth.openid.")
end

local M = {}

---The problem with the option `oauth`, in words that name the field; nil: none.
---@param value any
---@return string? problem
---@return boolean? is_whole
function M.check(value)
  if type(value) ~= "table" then
    return 'option "oauth": table expected, got ' .. type(value), true
  end
  local problem = checks.all(value, FIELDS, "oauth.")
  if not problem then
    local _, redirect_path = paths_of(value)
    problem = check_environment(value) or check_missing(value) or check_scopes(value)
      or check_redirect(value, redirect_path, "oauth.") or check_openid(value)
  end
  if problem then
    return problem, true
  end
end

-- A code that travels in plain text is anybody's.
local function check_plain(uri, name, app_options)
  if uri and uri:find "^http:" and not urls.is_loopback(uri:match "^http://([^/]+)")
    and not app_options.insecure then
    return ("option %q: a URL of https expected: Slack sends codes there"):format(name)
  end
end

local function read_openid(values)
  local value = values.openid
  if not value then
    return nil
  end
  local sign_in_path, redirect_path = openid_paths_of(value)
  return {
    sign_in_path = sign_in_path, redirect_path = redirect_path,
    redirect_uri = openid_redirect_uri(values), team = value.team,
    scopes = value.scopes and to_list(value.scopes) or { table.unpack(DEFAULT_SCOPES_OPENID) },
    success = value.success, failure = value.failure,
  }
end

M.option = { check = M.check, fields = FIELDS }

---Which paths are taken, by which option.
---@param settings table as read
---@return { option: string, path: string }[]
function M.paths(settings)
  local list = {
    { option = "oauth.install_path", path = settings.install_path },
    { option = "oauth.redirect_path", path = settings.redirect_path },
  }
  local openid = settings.openid
  if openid then
    list[3] = { option = "oauth.openid.sign_in_path", path = openid.sign_in_path }
    list[4] = { option = "oauth.openid.redirect_path", path = openid.redirect_path }
  end
  return list
end

---Checked settings with defaults and the environment's values filled in; scopes are
---lists.
---@param value any
---@param app_options? slack.AppOptions
---@return table? settings
---@return string? problem
function M.read(value, app_options)
  app_options = app_options or {}
  local problem = M.check(value)
    or check_plain(value.redirect_uri, "oauth.redirect_uri", app_options)
    or check_plain(value.openid and value.openid.redirect_uri, "oauth.openid.redirect_uri",
      app_options)
  if problem then
    return nil, problem
  end
  local settings = merged(value)
  for name in pairs(ENVIRONMENT) do
    settings[name] = given(value, name)
  end
  settings.scopes = value.user_only and {} or to_list(settings.scopes)
  settings.user_scopes = to_list(value.user_scopes)
  settings.install_path, settings.redirect_path = paths_of(value)
  settings.rotate_before = value.rotate_before or ROTATE_BEFORE
  settings.openid = read_openid(value)
  return settings
end

return M
