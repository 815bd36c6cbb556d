-- What the manifest beside a bot calls it, its commands and its shortcuts: the names that
-- people see in Slack.

local manifest_file = require "slack.manifest.file"

local NAMES = { "manifest.json", "manifest.yaml", "manifest.yml" }

local M = {}

---@class slack.command.ManifestWords
---@field bot_name? string that can stand behind an "@"
---@field commands table<string, { description: string?, usage_hint: string? }>
---@field shortcuts table<string, { name: string?, type: string? }> by callback_id

local function table_at(value, ...)
  for _, name in ipairs { ... } do
    value = type(value) == "table" and value[name] or nil
  end
  return type(value) == "table" and value or {}
end

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- Of a list, by a field of its items.
local function by(list, field)
  local found = {}
  for _, item in ipairs(list) do
    local name = type(item) == "table" and text(item[field])
    if name then
      found[name] = item
    end
  end
  return found
end

local SHORTCUT_TYPES = { global = "shortcut", message = "message_action" }

---@param script string path of the bot
---@return slack.command.ManifestWords
function M.beside(script)
  local manifest
  for _, name in ipairs(NAMES) do
    manifest = manifest or manifest_file.read((script:match "^(.*/)[^/]*$" or "") .. name)
  end
  local commands, shortcuts = {}, {}
  for name, item in pairs(by(table_at(manifest, "features", "slash_commands"), "command")) do
    commands[name] = { description = text(item.description), usage_hint = text(item.usage_hint) }
  end
  for id, item in pairs(by(table_at(manifest, "features", "shortcuts"), "callback_id")) do
    shortcuts[id] = { name = text(item.name), type = SHORTCUT_TYPES[item.type] }
  end
  local name = text(table_at(manifest, "features", "bot_user").display_name)
  return {
    bot_name = name and name:match "^[%w._-]+$", commands = commands, shortcuts = shortcuts,
  }
end

return M
