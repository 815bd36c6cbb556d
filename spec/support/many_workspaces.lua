-- An offline app that many workspaces have installed.

local Installations = require "slack.installations"
local Offline = require "support.offline_app"
local watched = require "support.watched_store"

local M = {}

M.OAUTH = { client_id = "1.2", client_secret = "secret-of-the-app", scopes = "chat:write" }

---@param given? table options of the app
---@param clock? fun(): number seconds since the epoch
---@return spec.OfflineApp offline
---@return slack.Installations installations
---@return table watch what is asked of the store
function M.new(given, clock)
  local options = { token = false, oauth = M.OAUTH }
  for name, value in pairs(given or {}) do
    options[name] = value
  end
  local offline = Offline.new(options)
  local store, watch = watched.new()
  local installations = Installations.new(store, { clock = clock, log = offline.app.log })
  offline.app.installations = installations
  offline.app.authorization:use(installations)
  return offline, installations, watch
end

---An installation of a workspace, which is named after it.
---@param id string "T0ONE"
---@param more? table
---@return slack.Installation
function M.record(id, more)
  local record = {
    team_id = id, bot_token = "xoxb-" .. id, bot_id = "B-" .. id, bot_user_id = "U-" .. id,
  }
  for name, value in pairs(more or {}) do
    record[name] = value
  end
  return record
end

return M
