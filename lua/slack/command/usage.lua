-- What `--help` says, of groups of commands and of single ones.

local columns = require "slack.command.columns"

local M = {}

local HELP = { "  --help", "this text" }

---What may be written, on one line.
---@param command table a group, or one that does something
---@param path string the words that lead to it
---@return string
function M.line(command, path)
  if command.commands then
    return ("usage: %s COMMAND"):format(path)
  end
  return ("usage: %s%s%s"):format(path, command.options and " [options]" or "",
    command.words and " " .. command.words or "")
end

---@param group table
---@param path string the words that lead to it
---@return string
function M.group(group, path)
  local rows = {}
  for _, entry in ipairs(group.commands) do
    table.insert(rows, { "  " .. entry[1], require(entry[2]).summary })
  end
  table.insert(rows, HELP)
  return ("%s\n\n%s\n\n%s\n`%s COMMAND --help` says more of one.\n"):format(
    group.summary, M.line(group, path), columns.format(rows), path)
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
  return ("%s\n\n%s\n\n%s%s"):format(command.summary, M.line(command, path),
    columns.format(rows), command.notes and "\n" .. command.notes or "")
end

return M
