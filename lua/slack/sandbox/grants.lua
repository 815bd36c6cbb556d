-- Where the app is installed, and the tokens that came of it (protocol §15, §16).
-- A token belongs to one installation: of a workspace, or of a whole organization.

local Workspace = require "slack.sandbox.workspace"

local TOKEN_LIFE = 12 * 3600 -- of a rotating token

---What a token stands for.
---@class slack.sandbox.Identity
---@field type "bot"|"user"|"app"|"none"
---@field token? string
---@field place slack.sandbox.Workspace|slack.sandbox.Organization
---@field installation? slack.sandbox.Installation
---@field user_id? string whom it acts as
---@field scopes string[]
---@field expires_at? number
---@field refresh_token? string
---@field dead? string Slack's word for why it works no more

---@class slack.sandbox.Installation
---@field place slack.sandbox.Workspace|slack.sandbox.Organization
---@field is_org boolean
---@field installed_at number
---@field bot? slack.sandbox.Identity nil when only user scopes were asked for
---@field users table<string, slack.sandbox.Identity> who gave the app user scopes, by id

---@class slack.sandbox.Grants
local Grants = {}
Grants.__index = Grants
Grants.__name = "slack.sandbox.grants"

---@param options { clock: fun(): number, rotates: fun(): boolean }
---@return slack.sandbox.Grants
function Grants.new(options)
  return setmetatable({
    clock = options.clock,
    rotates = options.rotates,
    installations = {}, -- by id of the workspace or organization
    tokens = {},
    refresh_tokens = {},
  }, Grants)
end

---Three groups of letters and digits after a prefix.
---@param prefix string
---@return string
function Grants.new_token(prefix)
  local parts = { prefix }
  for _ = 1, 3 do
    table.insert(parts, Workspace.new_id "":sub(2))
  end
  return table.concat(parts, "-")
end

local new_token = Grants.new_token

---Makes a token of one's own choice known.
---@param token string
---@param identity slack.sandbox.Identity
---@return slack.sandbox.Identity
function Grants:know(token, identity)
  identity.token = token
  identity.scopes = identity.scopes or {}
  self.tokens[token] = identity
  return identity
end

local PREFIXES = { bot = "xoxb", user = "xoxp" }

-- A fresh token for an identity, and a refresh token when tokens rotate.
local function issue(self, identity, token)
  if self.rotates() and not token then
    self:know(new_token(("xoxe.%s-1"):format(PREFIXES[identity.type])), identity)
    identity.expires_at = self.clock() + TOKEN_LIFE
    identity.refresh_token = new_token "xoxe-1"
    self.refresh_tokens[identity.refresh_token] = identity
  else
    self:know(token or new_token(PREFIXES[identity.type]), identity)
  end
  return identity
end

local function is_usable(self, identity)
  return identity and not identity.dead
    and not (identity.expires_at and identity.expires_at <= self.clock())
end

-- Scopes only add up.
local function merge(old, new)
  local merged, known = {}, {}
  for _, list in ipairs { old or {}, new or {} } do
    for _, scope in ipairs(list) do
      if not known[scope] then
        known[scope] = true
        table.insert(merged, scope)
      end
    end
  end
  return merged
end

-- The identity after a grant: the same token as before, unless tokens rotate.
local function grant(self, before, identity, token)
  identity.scopes = merge(before and before.scopes, identity.scopes)
  if not token and not self.rotates() and is_usable(self, before) and not before.expires_at then
    before.scopes = identity.scopes
    return before
  end
  return issue(self, identity, token)
end

---@class slack.sandbox.Grant
---@field scopes? string[] of the bot
---@field user_id? string who installs
---@field user_scopes? string[] of that person's token
---@field token? string of the bot; nil: a new one

-- Views tell where the app that owns them is installed.
local function mark(place, id)
  for _, workspace in ipairs(place.is_org and place.workspaces or { place }) do
    workspace.app_installed_team_id = id
  end
end

---Installs the app, or adds to its installation.
---@param place slack.sandbox.Workspace|slack.sandbox.Organization
---@param what slack.sandbox.Grant
---@return slack.sandbox.Installation
function Grants:install(place, what)
  local installation = self.installations[place.id]
  if not installation then
    installation = { place = place, is_org = place.is_org or false, users = {} }
    self.installations[place.id] = installation
  end
  installation.installed_at = self.clock()
  mark(place, place.id)
  if what.scopes and #what.scopes > 0 then
    installation.bot = grant(self, installation.bot, {
      type = "bot", place = place, installation = installation, user_id = place.bot.user_id,
      scopes = what.scopes,
    }, what.token)
  end
  if what.user_scopes and #what.user_scopes > 0 then
    installation.users[what.user_id] = grant(self, installation.users[what.user_id], {
      type = "user", place = place, installation = installation, user_id = what.user_id,
      scopes = what.user_scopes,
    })
  end
  return installation
end

---The installation that a workspace is reached by: its own, or its organization's.
---@param workspace slack.sandbox.Workspace
---@return slack.sandbox.Installation?
function Grants:installation_of(workspace)
  local organization = workspace.organization
  return self.installations[workspace.id]
    or organization and self.installations[organization.id] or nil
end

---@param token string
---@return slack.sandbox.Identity? identity, string? error Slack's word
function Grants:find(token)
  local identity = self.tokens[token]
  if not identity then
    return nil, "invalid_auth"
  elseif identity.dead then
    return nil, identity.dead
  elseif identity.expires_at and identity.expires_at <= self.clock() then
    return nil, "token_expired"
  end
  return identity
end

-- The place of an identity in its installation goes to another.
local function replace(identity, other)
  local installation = identity.installation
  if installation.bot == identity then
    installation.bot = other
  elseif installation.users[identity.user_id] == identity then
    installation.users[identity.user_id] = other
  end
end

local function successor(identity)
  return {
    type = identity.type, place = identity.place, installation = identity.installation,
    user_id = identity.user_id, scopes = identity.scopes,
  }
end

---Spends a refresh token. The access token that came with it works until it expires.
---@param refresh_token string
---@return slack.sandbox.Identity? identity with a new pair
function Grants:refresh(refresh_token)
  local identity = self.refresh_tokens[refresh_token]
  if not identity or identity.dead then
    return nil
  end
  self.refresh_tokens[refresh_token] = nil
  local fresh = issue(self, successor(identity))
  replace(identity, fresh)
  return fresh
end

---Turns a lasting token into a rotating pair, once.
---@param token string
---@return slack.sandbox.Identity? identity, string? error
function Grants:exchange(token)
  local identity, err = self:find(token)
  if not identity then
    return nil, err
  elseif not self.rotates() then
    return nil, "token_rotation_not_enabled"
  elseif identity.expires_at or not identity.installation then
    return nil, "token_already_exchanged"
  end
  identity.dead = "token_revoked"
  local fresh = issue(self, successor(identity))
  replace(identity, fresh)
  return fresh
end

-- No token of that identity works any more, older ones of a rotation neither.
local function kill(self, installation, word, user_id)
  for _, identity in pairs(self.tokens) do
    if identity.installation == installation and (not user_id or identity.user_id == user_id) then
      identity.dead = identity.dead or word
    end
  end
end

---Revokes a person's tokens, or the bot's.
---@param identity slack.sandbox.Identity
function Grants:revoke(identity)
  identity.dead = "token_revoked"
  if identity.installation then
    kill(self, identity.installation, "token_revoked", identity.user_id)
    replace(identity, nil)
  end
end

---Takes the app away: every token of the installation is dead.
---@param installation slack.sandbox.Installation
---@return { oauth: string[], bot: string[] } tokens whose there were, as tokens_revoked tells
function Grants:uninstall(installation)
  local tokens = { oauth = {}, bot = {} }
  for user_id in pairs(installation.users) do
    table.insert(tokens.oauth, user_id)
  end
  table.sort(tokens.oauth)
  if installation.bot then
    table.insert(tokens.bot, installation.bot.user_id)
  end
  kill(self, installation, "account_inactive")
  self.installations[installation.place.id] = nil
  mark(installation.place, nil)
  return tokens
end

return Grants
