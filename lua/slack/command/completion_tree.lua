-- What can be typed behind `lua-slack`, for the shells' completions: read off the commands'
-- own tables.

local arguments = require "slack.command.arguments"

local M = {}

---@class slack.command.Completed
---@field path string "lua-slack inbox list"
---@field summary string
---@field commands? { name: string, summary: string }[] of a group
---@field options slack.command.CompletedOption[] of others
---@field words? "file"|"lua"|"values" what its words are, where a shell can know it
---@field values? string[]

---@class slack.command.CompletedOption
---@field name string
---@field text string
---@field value? string its name
---@field is_optional? boolean
---@field kind? "file"|"values"
---@field values? string[]

local function option_of(option)
  local values = option.check and arguments.values_of(option.check)
  return {
    name = option.name, text = option.text, value = option.value,
    is_optional = option.is_optional, values = values,
    kind = values and "values" or option.value == "FILE" and "file" or nil,
  }
end

local HELP = { name = "help", text = "this text" }

local function leaf(command, path)
  local node = { path = path, summary = command.summary, options = {} }
  for _, option in ipairs(command.options or {}) do
    table.insert(node.options, option_of(option))
  end
  table.insert(node.options, HELP)
  local words = command.words or ""
  node.values = command.word_values
  node.words = node.values and "values" or words:find "FILE" and "file"
    or words:find "BOT" and "lua" or nil
  return node
end

local function add(list, command, path)
  if not command.commands then
    table.insert(list, leaf(command, path))
    return
  end
  local node = { path = path, summary = command.summary, commands = {}, options = { HELP } }
  table.insert(list, node)
  for _, entry in ipairs(command.commands) do
    local below = require(entry[2])
    table.insert(node.commands, { name = entry[1], summary = below.summary })
    add(list, below, path .. " " .. entry[1])
  end
end

---Every command, groups before what is in them.
---@param root table
---@return slack.command.Completed[]
function M.of(root)
  local list = {}
  add(list, root, "lua-slack")
  return list
end

return M
