-- An Enterprise Grid organization of the local Slack: its workspaces share their
-- people and, when the app is installed for all of them, one bot.

local Workspace = require "slack.sandbox.workspace"

---@class slack.sandbox.Organization
---@field id string
---@field name string
---@field domain string
---@field is_org true
---@field bot { id: string, user_id: string, name: string } the same in all its workspaces
---@field workspaces slack.sandbox.Workspace[]
---@field user_ids table<string, string> by name
local Organization = {}
Organization.__index = Organization
Organization.__name = "slack.sandbox.organization"

---@param options { id: string?, name: string?, bot_name: string? }
---@return slack.sandbox.Organization
function Organization.new(options)
  local name = options.name or "Orbit"
  return setmetatable({
    id = options.id or Workspace.new_id "E",
    name = name,
    domain = name:lower():gsub("%W", "-"),
    is_org = true,
    bot = {
      id = Workspace.new_id "B", user_id = Workspace.new_id "U",
      name = options.bot_name or "lander",
    },
    workspaces = {},
    user_ids = {},
  }, Organization)
end

---The id of a person, the same in each workspace.
---@param name string
---@return string
function Organization:user_id(name)
  self.user_ids[name] = self.user_ids[name] or Workspace.new_id "U"
  return self.user_ids[name]
end

return Organization
