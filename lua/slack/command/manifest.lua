-- `lua-slack manifest`

local bot = require "slack.command.bot"
local columns = require "slack.command.columns"
local difference = require "slack.manifest.difference"
local limits = require "slack.manifest.limits"
local manifest = require "slack.manifest"
local manifest_file = require "slack.manifest.file"
local merge = require "slack.manifest.merge"
local needed_by = require "slack.manifest.needed_by"
local loaded_program = require "slack.command.loaded_program"
local sorted_keys = require "slack.sorted_keys"
local tasks = require "slack.tasks"
local writer = require "slack.manifest.writer"

local MAX_SHOWN = 100

-- Telling why -----------------------------------------------------------------------------

local SECTIONS = {
  { "commands", "command" }, { "shortcuts", "shortcut" }, { "functions", "function" },
  { "features", "switch" },
}

local function explained(needs)
  local rows = {}
  local function add(what, map)
    for _, name in ipairs(sorted_keys(map)) do
      for i, reason in ipairs(map[name].reasons or map[name]) do
        rows[#rows + 1] = {
          i == 1 and what or "", i == 1 and name or "", columns.one_line(reason.what, MAX_SHOWN),
          reason.place or "",
        }
      end
    end
  end
  add("bot scope", needs:chosen_scopes "bot")
  add("user scope", needs:chosen_scopes "user")
  add("event", needs.events)
  for _, section in ipairs(SECTIONS) do
    add(section[2], needs[section[1]])
  end
  return columns.format(rows)
end

local function comments(needs)
  local maps = {
    [".oauth_config.scopes.bot"] = needs:chosen_scopes "bot",
    [".oauth_config.scopes.user"] = needs:chosen_scopes "user",
    [".settings.event_subscriptions.bot_events"] = needs.events,
    [".settings.event_subscriptions.user_events"] = needs.events,
  }
  return function(path, item)
    local reasons = maps[path] and maps[path][item]
    return reasons and reasons[1] and needed_by(reasons, 1)
  end
end

-- Comparing -------------------------------------------------------------------------------

local function rows_of(list, mark)
  local rows = {}
  for i, entry in ipairs(list) do
    rows[i] = { mark, entry.what, entry.name, entry.reasons and needed_by(entry.reasons, 2) or "" }
  end
  return rows
end

local function show_difference(terminal, path, needs, built)
  local given, problem = manifest_file.read(path)
  if not given then
    return 2, problem
  end
  local missing, more, perhaps = difference.of(given, needs, built)
  local rows = rows_of(missing, "missing")
  table.move(rows_of(perhaps, "perhaps"), 1, #perhaps, #rows + 1, rows)
  table.move(rows_of(more, "more"), 1, #more, #rows + 1, rows)
  if rows[1] then
    terminal.write(columns.format(rows))
  else
    terminal.write(path .. " has what is needed, and no more\n")
  end
  return #missing > 0 and 1 or 0
end

-- The command --------------------------------------------------------------------------------

local function complain_of(terminal, needs, built)
  for _, note in ipairs(needs.notes) do
    terminal.complain(("%s%s\n"):format(note.place and note.place .. ": " or "", note.what))
  end
  for _, problem in ipairs(limits.problems(built)) do
    terminal.complain(problem .. "\n")
  end
  if manifest.has_unknown_host(built) then
    terminal.complain(("%s stands where Slack is to reach the app: --url=https://… says it\n")
      :format(manifest.UNKNOWN_HOST))
  end
end

local function show(given, terminal, needs, built)
  if given.base then
    local base, problem = manifest_file.read(given.base)
    if not base then
      return 2, problem
    end
    built = merge.merge(base, built, needs)
  end
  complain_of(terminal, needs, built)
  terminal.write(given.yaml and writer.yaml(built, comments(needs)) or writer.json(built))
  return 0
end

local function name_of_folder(terminal)
  return (terminal.environment "PWD" or ""):match "([^/]+)/*$"
end

local function run(given, terminal, path)
  local program, err = loaded_program.load(path)
  if not program then
    bot.complain(terminal, err, path, given.env)
    return 1
  end
  local needs = manifest.needs(program)
  local built = manifest.build(needs, program, {
    name = given.name, url = given.url, folder = name_of_folder(terminal),
  })
  if given.explain then
    complain_of(terminal, needs, built)
    terminal.write(explained(needs))
    return 0
  elseif given.diff then
    return show_difference(terminal, given.diff, needs, built)
  end
  return show(given, terminal, needs, built)
end

return {
  summary = "the app manifest that a bot's listeners and calls need",
  words = "[BOT]",
  notes = "BOT is the file of its program, bot.lua where none is named. It is loaded and not\n"
    .. "run: no token is needed. Its sources are read for the Web API methods that they call.\n"
    .. "--diff exits with 1 when FILE lacks something, with 2 when it cannot be read.\n",
  options = {
    bot.ENV_OPTION,
    { name = "yaml", text = "YAML, with what needs each scope and event; else JSON" },
    { name = "base", value = "FILE", text = "a manifest whose name, texts and extras stay" },
    { name = "diff", value = "FILE", text = "what FILE lacks, and what it has besides" },
    { name = "explain", text = "what needs each scope, event and feature, and where" },
    { name = "name", value = "NAME", text = "of the app" },
    bot.URL_OPTION,
  },
  run = function(given, terminal)
    local path, problem = bot.path(given.words)
    if not path then
      return 2, problem
    elseif given.diff and (given.explain or given.base) then
      return 2, "--diff and --explain or --base exclude each other"
    end
    local _, err = bot.read_environment(path, given.env)
    if err then
      return 2, err.message
    end
    return tasks.run(run, given, terminal, path)
  end,
}
