-- OAuth on the local Slack's side: what an app asks for, what a person decides, and
-- the codes that come of it (protocol §15.1, §15.3).

local base64 = require "slack.base64"
local core = require "slack.core"
local form = require "slack.form"
local new_id = require "slack.sandbox.new_id"
local page = require "slack.sandbox.authorize_page"

local CODE_LIFE = 600

---What an app asks for.
---@class slack.sandbox.AuthorizeRequest
---@field id string
---@field kind "v2"|"user"|"openid"
---@field app_name string
---@field scopes string[]
---@field user_scopes string[]
---@field redirect_uri string where the answer goes
---@field sent_redirect_uri string? as the request had it
---@field state string?
---@field nonce string?
---@field challenge string?
---@field team_id string?

---@class slack.sandbox.Code
---@field request slack.sandbox.AuthorizeRequest
---@field place slack.sandbox.Workspace|slack.sandbox.Organization
---@field workspace slack.sandbox.Workspace
---@field user table
---@field until_time number

---@class slack.sandbox.OAuth
---@field settings { client_id: string, client_secret: string, redirect_urls: string[]? }
---  without redirect_urls any of this machine will do
local OAuth = {}
OAuth.__index = OAuth
OAuth.__name = "slack.sandbox.oauth"

local KINDS = {
  ["/oauth/v2/authorize"] = "v2",
  ["/oauth/v2_user/authorize"] = "user",
  ["/openid/connect/authorize"] = "openid",
}
local DECISION, APP_REDIRECT = "/oauth/decision", "/app_redirect"

---@param options { settings: table, clock: function, workspaces: function, app_name: string }
---  settings: what holds client_id, client_secret and redirect_urls
---@return slack.sandbox.OAuth
function OAuth.new(options)
  return setmetatable({
    settings = options.settings,
    clock = options.clock,
    workspaces = options.workspaces,
    app_name = options.app_name,
    requests = {},
    codes = {},
  }, OAuth)
end

-- Requests -------------------------------------------------------------------------

local function split(text)
  local scopes = {}
  for scope in (text or ""):gmatch "[^%s,]+" do
    table.insert(scopes, scope)
  end
  return scopes
end

local function starts_with(text, start)
  return text:sub(1, #start) == start
end

local function is_local(url)
  local authority = url:match "^https?://([^/?#]*)/" or url:match "^https?://([^/?#]*)$"
  local host = authority and authority:gsub(":%d*$", "")
  return host == "localhost" or host == "127.0.0.1" or host == "[::1]"
end

-- Equal to a registered URL or below one; without any registered, this machine's.
local function accepts_redirect(self, url)
  local registered = self.settings.redirect_urls
  if not registered then
    return is_local(url)
  end
  for _, start in ipairs(registered) do
    local rest = starts_with(url, start) and url:sub(#start + 1)
    if rest and (rest == "" or start:find "/$" or rest:find "^[/?]") then
      return true
    end
  end
  return false
end

-- What was asked for and what there is, for who set either up.
local function redirect_detail(self, sent)
  local registered = self.settings.redirect_urls
  return ("%s; allowed are %s"):format(
    sent and "redirect_uri is " .. sent or "it has no redirect_uri, and no redirect_urls are given",
    registered and table.concat(registered, ", ") or "URLs of this machine")
end

local function check(self, kind, query)
  local registered = self.settings.redirect_urls
  local redirect_uri = query.redirect_uri or registered and registered[1]
  if query.client_id ~= self.settings.client_id then
    return nil, "invalid_client_id"
  elseif not redirect_uri or not accepts_redirect(self, redirect_uri) then
    return nil, "bad_redirect_uri", redirect_detail(self, query.redirect_uri)
  elseif query.code_challenge and query.code_challenge_method ~= "S256" then
    return nil, "invalid_code_challenge_method"
  end
  local scopes, user_scopes = split(query.scope), split(query.user_scope)
  if kind ~= "v2" then
    scopes, user_scopes = {}, table.move(scopes, 1, #scopes, #user_scopes + 1, user_scopes)
  end
  if #scopes + #user_scopes == 0 then
    return nil, "no_scopes"
  elseif kind == "openid" and query.response_type ~= "code" then
    return nil, "unsupported_response_type"
  elseif kind == "openid" and not (" " .. query.scope:gsub(",", " ") .. " "):find(" openid ") then
    return nil, "invalid_scope"
  end
  return {
    id = new_id "":lower() .. new_id "":lower(), kind = kind, app_name = self.app_name,
    scopes = scopes, user_scopes = user_scopes, redirect_uri = redirect_uri,
    sent_redirect_uri = query.redirect_uri, state = query.state, nonce = query.nonce,
    challenge = query.code_challenge, team_id = query.team,
  }
end

local function html(status, text)
  return status, { "Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store" }, text
end

local function ask(self, kind, query)
  local request, word, detail = check(self, kind, query)
  if not request then
    self.settings.log:warn("nobody is asked to let the app in: %s%s", word,
      detail and ": " .. detail or "")
    return html(400, page.refuse(word, detail))
  end
  self.requests[request.id] = request
  return html(200, page.ask(request, self.workspaces(), DECISION))
end

-- Decisions ------------------------------------------------------------------------

local function redirect(request, answer)
  answer.state = request.state
  local url = request.redirect_uri
  url = url .. (url:find("?", 1, true) and "&" or "?") .. form.encode(answer)
  return 302, { "Location", url, "Cache-Control", "no-store" }, ""
end

local function find_workspace(self, id)
  for _, workspace in ipairs(self.workspaces()) do
    if workspace.id == id then
      return workspace
    end
  end
end

local function find_person(self, text)
  local team_id, user_id = (text or ""):match "^(%w+) (%w+)$"
  local workspace = find_workspace(self, team_id)
  if workspace and workspace.users[user_id] then
    return workspace, workspace.users[user_id]
  end
end

local function new_code(self, request, workspace, user, for_org)
  local code = ("%d.%d.%s"):format(math.random(10 ^ 9 // 1, 10 ^ 10 // 1),
    math.random(10 ^ 9 // 1, 10 ^ 10 // 1), (core.random(16):gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
    end)))
  self.codes[code] = {
    request = request, workspace = workspace, user = user,
    place = for_org and workspace.organization or workspace,
    until_time = self.clock() + CODE_LIFE,
  }
  return code
end

local function decide(self, answer)
  local request = self.requests[answer.request or ""]
  if not request then
    return html(400, page.refuse "invalid_request")
  elseif answer.decision ~= "allow" then
    self.requests[request.id] = nil
    return redirect(request, { error = "access_denied" })
  end
  local workspace, user = find_person(self, answer.person)
  local for_org = answer.org == "1"
  if not workspace then
    return html(400, page.refuse "invalid_user")
  elseif for_org and (request.kind ~= "v2" or not workspace.organization) then
    return html(400, page.refuse "not_an_organization")
  end
  self.requests[request.id] = nil
  return redirect(request, { code = new_code(self, request, workspace, user, for_org) })
end

---Answers a request for one of the pages; nothing for other paths.
---@param request slack.sandbox.Request
---@return integer? status, string[]? headers, string? body
function OAuth:handle(request)
  local kind = KINDS[request.path]
  if not kind and request.path ~= DECISION and request.path ~= APP_REDIRECT then
    return nil
  elseif request.method ~= "GET" and request.method ~= "POST" then
    return 405, { "Allow", "GET, POST" }, ""
  end
  local given = form.decode(request.query or "") or {}
  if request.method == "POST" then
    for name, value in pairs(form.decode(request.body) or {}) do
      given[name] = value
    end
  end
  if kind then
    return ask(self, kind, given)
  elseif request.path == APP_REDIRECT then
    return html(200, page.app_redirect(find_workspace(self, given.team)))
  end
  return decide(self, given)
end

-- Codes ----------------------------------------------------------------------------

-- The client, by Basic or by fields; with PKCE it needs no secret.
local function check_client(self, args, basic, may_be_public)
  local id, secret = args.client_id, args.client_secret
  if basic then
    id, secret = basic:match "^([^:]*):(.*)$"
  end
  if id ~= self.settings.client_id then
    return "invalid_client_id"
  elseif secret ~= self.settings.client_secret and not (may_be_public and secret == nil) then
    return "bad_client_secret"
  end
end

---Whether it is the app that asks.
---@param args table
---@param basic string? user and password of the Authorization header
---@return string? error Slack's word
function OAuth:check_client(args, basic)
  return check_client(self, args, basic, false)
end

---Spends a code.
---@param kind "v2"|"user"|"openid"
---@param args table code, redirect_uri, code_verifier, client_id, client_secret
---@param basic string? user and password of the Authorization header
---@return slack.sandbox.Code? code, string? error Slack's word
function OAuth:spend(kind, args, basic)
  local code = self.codes[args.code or ""]
  local challenge = code and code.request.challenge
  local wrong = check_client(self, args, basic, challenge)
  if wrong then
    return nil, wrong
  elseif not code or code.until_time <= self.clock() then
    return nil, "invalid_code"
  elseif code.request.kind ~= kind then
    return nil, "oauth_authorization_url_mismatch"
  elseif code.request.sent_redirect_uri ~= args.redirect_uri then
    return nil, "bad_redirect_uri"
  elseif challenge and base64.encode_url(core.sha256(args.code_verifier or "")) ~= challenge then
    return nil, "invalid_code_verifier"
  elseif not challenge and args.code_verifier then
    return nil, "pkce_not_allowed"
  end
  self.codes[args.code] = nil
  return code
end

return OAuth
