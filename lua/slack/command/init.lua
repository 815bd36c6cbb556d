-- The command `lua-slack`: which commands there are, how a line of words finds one of
-- them, and what becomes of its outcome.
--
-- A command is a table, of one of two kinds:
--
--   summary, commands   a group: `commands` is a list of { name, module }
--   summary, words, options, notes, run
--                       one that does something: run(given, terminal) -> status, and its
--                       options and words as arguments.lua reads them

local arguments = require "slack.command.arguments"
local core = require "slack.core"
local near_miss = require "slack.near_miss"
local usage = require "slack.command.usage"

local M = {}

---How the process ends.
M.OK, M.FAILED, M.MISUSED = 0, 1, 2

---The commands.
M.ROOT = {
  summary = "lua-slack: a framework for Slack apps in Lua",
  commands = {
    { "new", "slack.command.new" },
    { "run", "slack.command.run" },
    { "sandbox", "slack.command.sandbox" },
    { "replay", "slack.command.replay" },
    { "inbox", "slack.command.inbox" },
    { "manifest", "slack.command.manifest" },
    { "doctor", "slack.command.doctor" },
    { "console", "slack.command.console" },
    { "completion", "slack.command.completion" },
    { "version", "slack.command.version" },
  },
}

---What a command sees of the world.
---@class slack.command.Terminal
---@field write fun(text: string) to the standard output
---@field complain fun(text: string) to the standard error
---@field ask fun(question: string): string? the line that is typed; nil: nobody is there
---@field read_line fun(prompt: string): string? the next line of the standard input, without
---  the prompt where a program writes it; nil: its end
---@field environment fun(name: string): string?
---@field has_color fun(stream: 1|2): boolean whether colors are wanted there: 1 the standard
---  output, 2 the standard error

-- The answer, or "" at the end of what is typed; nil where a program reads or writes.
local function ask(question)
  if not (core.is_terminal(0) and core.is_terminal(2)) then
    return nil
  end
  io.stderr:write(question)
  return io.stdin:read "l" or ""
end

local function read_line(prompt)
  local is_asked = core.is_terminal(0) and core.is_terminal(2)
  if is_asked then
    io.stderr:write(prompt)
  end
  local line = io.stdin:read "l"
  if is_asked and not line then
    io.stderr:write "\n"
  end
  return line
end

local function has_color(stream)
  return (os.getenv "NO_COLOR" or "") == "" and core.is_terminal(stream)
end

---@return slack.command.Terminal
function M.terminal()
  return {
    has_color = has_color,
    write = function(text) io.stdout:write(text) end,
    complain = function(text) io.stderr:write(text) end,
    ask = ask,
    read_line = read_line,
    environment = os.getenv,
  }
end

local function misused(terminal, command, path, text)
  terminal.complain(("%s: %s\n%s\n`%s --help` says more.\n"):format(path, core.redact(text),
    usage.line(command, path), path))
  return M.MISUSED
end

-- The command of a group that a word names; or nil and what is wrong with the word.
local function choose(group, word)
  local known, names = {}, {}
  for _, entry in ipairs(group.commands) do
    if entry[1] == word then
      return require(entry[2])
    end
    known[entry[1]] = true
    table.insert(names, entry[1])
  end
  local what = word:find "^%-" and "option" or "command"
  local advice = near_miss(word, known)
  return nil, ("there is no %s %q%s"):format(what, word, advice ~= "" and advice
    or "; there are " .. table.concat(names, ", "))
end

local function run_leaf(command, path, words, terminal)
  local given, problem = arguments.read(command, words)
  if not given then
    return misused(terminal, command, path, problem)
  end
  local status, err = command.run(given, terminal)
  if status == M.MISUSED then
    return misused(terminal, command, path, err)
  elseif err then
    terminal.complain(("%s: %s\n"):format(path, core.redact(tostring(err))))
  end
  return status
end

-- `help inbox list` is `inbox list --help`.
local function with_help_last(words)
  if words[1] ~= "help" or not words[2] then
    return words
  end
  local turned = table.move(words, 2, #words, 1, {})
  table.insert(turned, "--help")
  return turned
end

---Runs a line of words.
---@param words string[] without the name of the program
---@param terminal slack.command.Terminal
---@return integer status for the shell
function M.run(words, terminal)
  words = with_help_last(words)
  local command, path, at = M.ROOT, "lua-slack", 1
  while command.commands do
    local word = words[at]
    if word == nil or word == "--help" or word == "-h" or word == "help" then
      (word and terminal.write or terminal.complain)(usage.group(command, path))
      return word and M.OK or M.MISUSED
    elseif word == "--version" and command == M.ROOT then
      word = "version"
    end
    local found, problem = choose(command, word)
    if not found then
      return misused(terminal, command, path, problem)
    end
    command, path, at = found, path .. " " .. word, at + 1
  end
  local rest = table.move(words, at, #words, 1, {})
  if arguments.asks_for_help(rest) then
    terminal.write(usage.command(command, path))
    return M.OK
  end
  return run_leaf(command, path, rest, terminal)
end

return M
