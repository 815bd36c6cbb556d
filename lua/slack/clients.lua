-- Web API clients by token. One for each token in use, not one for each that ever was.

local Generations = require "slack.generations"

local LIMIT = 500

-- Slack's words for a token that will never be good again.
local DEAD = { invalid_auth = true, token_revoked = true, account_inactive = true }

---@class slack.Clients
---@field on_dead? fun(token: string, owner: table?, reason: string) a token was refused for good
---@field on_expired? fun(token: string, owner: table?) a token that can be refreshed was refused
local Clients = {}
Clients.__index = Clients
Clients.__name = "slack.clients"

---@param app slack.App whose client's options and rate limits all of them share
---@param limit? integer 500
---@return slack.Clients
function Clients.new(app, limit)
  return setmetatable({
    app = app, by_token = Generations.new(limit or LIMIT),
  }, Clients)
end

-- By what a bot's limits are counted: its token may become another.
local function workspace_of(token, owner)
  if owner and owner.bot_token == token and not owner.is_enterprise_install then
    return owner.team_id
  end
end

local function new_client(self, token, owner)
  local client = self.app.client:with_token(token)
  client._workspace = workspace_of(token, owner) or false
  client._on_refusal = function(code)
    if DEAD[code] and self.on_dead then
      self.on_dead(token, owner, code)
    elseif code == "token_expired" and self.on_expired then
      self.on_expired(token, owner)
    end
  end
  return client
end

---@param token string
---@param owner? table what is told of the token when Slack refuses it
---@return slack.Client
function Clients:of(token, owner)
  local client = self.by_token:get(token)
  if not client then
    client = new_client(self, token, owner)
    self.by_token:put(token, client)
  end
  return client
end

---@param token string
function Clients:forget(token)
  self.by_token:remove(token)
end

return Clients
