-- What `--help` says, of groups of commands and of single ones.

local columns = require "slack.command.columns"

local M = {}

local HELP = { "  --help", "this text" }

---@param group table
---@param path string the words that lead to it
---@return string
function M.group(group, path)
  local rows = {}
  for _, entry in ipairs(group.commands) do
    table.insert(rows, { "  " .. entry[1], require(entry[2]).summary })
  end
  table.insert(rows, HELP)
  return ("%s\n\nusage: %s COMMAND\n\n%s\n`%s COMMAND --help` says more of one.\n"):format(
    group.summary, path, columns.format(rows), path)
end

local function value_part(option)
  local part = option.value and "=" .. option.value or ""
  return option.is_optional and ("[%s]"):format(part) or part
end

---@param command table
---@param path string
---@return string
function M.command(command, path)
  local rows = {}
  for _, option in ipairs(command.options or {}) do
    table.insert(rows, {
      "  --" .. option.name .. value_part(option),
      option.text .. (option.default and (" (%s)"):format(option.default) or ""),
    })
  end
  table.insert(rows, HELP)
  return ("%s\n\nusage: %s%s%s\n\n%s%s"):format(command.summary, path,
    command.options and " [options]" or "", command.words and " " .. command.words or "",
    columns.format(rows), command.notes and "\n" .. command.notes or "")
end

return M
