-- What commands that take a bot have in common: which program it is, the environment that
-- stands in a file beside it, and how its mistakes are told.

local arguments = require "slack.command.arguments"
local core = require "slack.core"
local dotenv = require "slack.command.dotenv"
local paint = require "slack.command.paint"
local program = require "slack.program"

local M = {}

---Their words, in the help.
M.WORDS = "[BOT] [-- ARGUMENT…]"

M.NOTES = "BOT is the file of a bot's program, bot.lua where none is named. What stands behind\n"
  .. "-- are arguments of the program.\n"

M.ENV_OPTION = {
  name = "env", value = "FILE", text = "environment variables, .env beside the bot by default",
}

M.URL_OPTION = {
  name = "url", value = "URL", text = "where Slack reaches the bot over HTTP",
  check = arguments.origin,
}

-- What a bot lacks that has no tokens: the variable of each option.
local VARIABLES = {
  token = "SLACK_BOT_TOKEN", app_token = "SLACK_APP_TOKEN",
  signing_secret = "SLACK_SIGNING_SECRET",
}

---The bot that words name.
---@param words string[]
---@return string? path
---@return string? problem
function M.path(words)
  if #words > 1 then
    return nil, ("one BOT expected, got %q, too; arguments of the bot stand behind --")
      :format(words[2])
  end
  return words[1] or program.DEFAULT
end

---@param path string of the bot
---@return string path of the file beside it
function M.env_file(path)
  return (path:match "^(.*/)[^/]*$" or "") .. ".env"
end

---Takes over what the file with environment variables says; none need be there unless it is
---named.
---@param path string of the bot
---@param named? string another file than that beside the bot
---@return slack.command.Variable[]? list
---@return slack.Error? err
function M.read_environment(path, named)
  local list, err = dotenv.read(named or M.env_file(path))
  if list then
    dotenv.apply(list)
  elseif named or err.code ~= "missing" then
    return nil, err
  end
  return list or {}
end

-- Where a variable should stand.
local function place_of(name, path, named)
  local file, example = named or M.env_file(path), M.env_file(path) .. ".example"
  local list = dotenv.read(file)
  local line
  for _, variable in ipairs(list or {}) do
    line = variable.name == name and variable.line or line
  end
  if list then
    return line and ("%s:%d leaves it empty:"):format(file, line)
      or ("%s does not have it: add"):format(file)
  end
  return ("there is no %s: "):format(file) .. (not named and core.stat(example)
    and ("install -m 600 %s %s, and fill in"):format(example, file) or "make one with")
end

-- Folders that a program names are looked for where it is started.
local function advise_folder(message, path)
  local name = message:match 'option "scripts": there is no directory "([^"/]+)"'
  local folder = path:match "^(.*)/"
  if name and folder and core.stat(folder .. "/" .. name) then
    return ("it is looked for in the working directory: cd %s"):format(folder)
  end
end

local function advise(message, path, named)
  local name = VARIABLES[message:match 'option "([%l_]+)" is missing']
  if not name then
    return advise_folder(message, path)
  end
  return ("%s %s=…, or try the bot without Slack: lua-slack sandbox%s"):format(
    place_of(name, path, named), name, path ~= program.DEFAULT and " " .. path or "")
end

---Tells what kept a bot from running.
---@param terminal slack.command.Terminal
---@param err slack.Error of program.load or run
---@param path string of the bot
---@param named_env? string
function M.complain(terminal, err, path, named_env)
  local message = err.message
  if err.code == "no_program" and path == program.DEFAULT then
    message = message .. ": name the bot's file, or make a bot by `lua-slack new NAME`"
  end
  terminal.complain(paint(terminal, 2, "red", "lua-slack: " .. message) .. "\n"
    .. (err.traceback and err.traceback:gsub("^\n", "") .. "\n" or ""))
  local advice = err.code == "program" and advise(message, path, named_env)
  if advice then
    terminal.complain(advice .. "\n")
  end
end

return M
