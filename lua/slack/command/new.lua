-- `lua-slack new`

local core = require "slack.core"
local lua_paths = require "slack.command.lua_paths"
local manifest = require "slack.manifest"
local paint = require "slack.command.paint"
local loaded_program = require "slack.command.loaded_program"
local texts = require "slack.command.new_bot.texts"
local writer = require "slack.manifest.writer"

-- Slack takes names of apps with so many characters.
local MAX_NAME = 35

-- What is copied as it is.
local SOURCES = {
  "bot.lua", "handlers/hello.lua", "handlers/lunch.lua", "handlers/table.lua", "spec/bot_spec.lua",
}
local FOLDERS = { "", "/handlers", "/spec" }

local HERE = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"

-- Names -----------------------------------------------------------------------------------

local function problem_with(name)
  if not name then
    return "NAME expected: lua-slack new demo"
  elseif name:find "/" then
    return ("a NAME without slashes expected, got %q: the folder is made here"):format(name)
  elseif not name:find "^%a[%w_-]*$" then
    return ("a NAME of letters, digits, \"-\" and \"_\" that begins with a letter expected, got %q")
      :format(name)
  elseif #name > MAX_NAME then
    return ("a NAME of at most %d characters expected, as Slack has it, got %d"):format(MAX_NAME,
      #name)
  end
end

-- Files -----------------------------------------------------------------------------------

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close>, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  local ok, problem = file:write(text)
  if ok then
    ok, problem = file:flush()
  end
  return ok and true or nil, problem and ("%s: %s"):format(path, problem)
end

local function files_of(name)
  local list = {}
  for _, path in ipairs(SOURCES) do
    table.insert(list, { path, read(HERE .. "new_bot/" .. path) })
  end
  for _, path in ipairs { ".env.example", ".gitignore", "README.md" } do
    table.insert(list, { path, (texts[path]:gsub("NAME", name)) })
  end
  return list
end

-- What Slack has to know of the bot, by what stands in its files.
local function add_manifest(name)
  local program, err = loaded_program.load(name .. "/bot.lua")
  if not program then
    return nil, err
  end
  local needs = manifest.needs(program)
  return write(name .. "/manifest.json",
    writer.json(manifest.build(needs, program, { name = name, folder = name })))
end

local function make(name)
  for _, folder in ipairs(FOLDERS) do
    local ok, message = core.make_directory(name .. folder)
    if not ok then
      return nil, message
    end
  end
  for _, file in ipairs(files_of(name)) do
    local ok, message = write(name .. "/" .. file[1], file[2])
    if not ok then
      return nil, message
    end
  end
  return add_manifest(name)
end

-- What is told ----------------------------------------------------------------------------

local MADE = [[
%s/ holds a bot: bot.lua, handlers/, spec/, manifest.json, .env.example, README.md

Try it in a local Slack, in the browser, without an account:

  %s
  %s

Run its tests:

%s  %s

Run it in Slack (README.md says where the tokens are):

  %s
  %s
]]

local function tell(terminal, name)
  local function command(text)
    return paint(terminal, 1, "bold", text)
  end
  local export = lua_paths.export()
  export = export and "  " .. command(export) .. "\n" or ""
  terminal.write(MADE:format(name, command("cd " .. name), command "lua-slack sandbox", export,
    command "lua5.4 spec/bot_spec.lua", command "install -m 600 .env.example .env",
    command "lua-slack run"))
end

return {
  summary = "makes a bot that runs at once, in a folder of its own",
  words = "NAME",
  notes = "NAME is that of the folder, which must not be there yet, and of the app.\n",
  run = function(given, terminal)
    local name = given.words[1]
    local problem = given.words[2] and ("one NAME expected, got %d words"):format(#given.words)
      or problem_with(name)
    if problem then
      return 2, problem
    elseif core.stat(name) then
      return 1, ("%s is there already: nothing was touched"):format(name)
    end
    local ok, err = make(name)
    if not ok then
      return 1, err
    end
    tell(terminal, name)
    return 0
  end,
}
