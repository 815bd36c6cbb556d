-- Tokens that are taken back, and what the app hears of it (protocol §16).

local json = require "slack.json"

local M = {}

---@class slack.sandbox.Revoker
---@field grants slack.sandbox.Grants
---@field tell fun(place: table, event: table) an event that no installation stands behind

local function tell_revoked(services, place, tokens)
  services.tell(place, {
    type = "tokens_revoked",
    tokens = { oauth = json.list(tokens.oauth), bot = json.list(tokens.bot) },
  })
end

---Takes the app away from where it is installed.
---@param services slack.sandbox.Revoker
---@param installation slack.sandbox.Installation
function M.uninstall(services, installation)
  tell_revoked(services, installation.place, services.grants:uninstall(installation))
  services.tell(installation.place, { type = "app_uninstalled" })
end

---Takes a token back; with the last one the app is gone.
---@param services slack.sandbox.Revoker
---@param identity slack.sandbox.Identity
function M.revoke(services, identity)
  local installation = identity.installation
  services.grants:revoke(identity)
  if not installation then
    return
  end
  local is_bot = identity.type == "bot"
  tell_revoked(services, identity.place, {
    oauth = is_bot and {} or { identity.user_id },
    bot = is_bot and { identity.user_id } or {},
  })
  if not installation.bot and next(installation.users) == nil then
    services.grants:uninstall(installation)
    services.tell(installation.place, { type = "app_uninstalled" })
  end
end

return M
