-- `lua-slack doctor`

local Case = require "slack.doctor.case"
local bot = require "slack.command.bot"
local columns = require "slack.command.columns"
local core = require "slack.core"
local doctor = require "slack.doctor"
local json = require "slack.json"
local paint = require "slack.command.paint"
local loaded_program = require "slack.command.loaded_program"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local version = require "slack.version"

local MAX_LINE = 400
local COLORS = { ok = "green", warning = "yellow", problem = "red" }
local WIDTHS = { state = 8, check = 17 }

-- What is checked ------------------------------------------------------------------------

local function versions()
  local found = core.versions()
  found["lua-slack"] = version
  return found
end

local function load_program(path)
  local program, err, scripts_error = loaded_program.load(path, { with_broken_scripts = true })
  return program, err, scripts_error
end

local function new_case(given, terminal, path)
  local _, env_error = bot.read_environment(path, given.env)
  local program, err, scripts_error = load_program(path)
  return Case.new {
    environment = terminal.environment, path = path, env_file = given.env or bot.env_file(path),
    env_error = env_error, program = program, program_error = err, scripts_error = scripts_error,
    public_url = given.url, versions = versions(),
    open_storage = function(url)
      return storage.open(url, { timeout = 5, ca_file = program
        and program.apps[1].settings.ca_file })
    end,
  }
end

-- What is told -----------------------------------------------------------------------------

local function padded(text, width)
  return text .. (" "):rep(width - #text)
end

local function show(terminal, finding)
  terminal.write(("%s  %s  %s\n"):format(
    paint(terminal, 1, COLORS[finding.state], padded(finding.state, WIDTHS.state)),
    padded(finding.check, WIDTHS.check), columns.one_line(finding.message, MAX_LINE)))
  if finding.remedy then
    terminal.write(("%s  -> %s\n"):format((" "):rep(WIDTHS.state),
      columns.one_line(finding.remedy, MAX_LINE)))
  end
end

local function counted(findings)
  local counts = { ok = 0, warning = 0, problem = 0 }
  for _, finding in ipairs(findings) do
    counts[finding.state] = counts[finding.state] + 1
  end
  return counts
end

local function plural(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

local function sum_up(terminal, counts)
  terminal.write(("\n%s, %s\n"):format(plural(counts.problem, "problem"),
    plural(counts.warning, "warning")))
end

local function run(given, terminal, path)
  local case, findings = new_case(given, terminal, path), json.list()
  for _, check in ipairs(doctor.checks()) do
    for _, finding in ipairs(doctor.run(check, case)) do
      table.insert(findings, finding)
      if not given.json then
        show(terminal, finding)
      end
    end
  end
  local counts = counted(findings)
  if given.json then
    terminal.write(assert(json.encode {
      checks = findings, problems = counts.problem, warnings = counts.warning,
    }) .. "\n")
  else
    sum_up(terminal, counts)
  end
  return counts.problem > 0 and 1 or 0
end

return {
  summary = "checks what a bot needs: tokens, scopes, network, clock, storage, limits",
  words = "[BOT]",
  notes = "BOT is the file of its program, bot.lua where none is named; it is loaded and not run.\n"
    .. "Slack is asked with the bot's tokens (auth.test, apps.connections.open). No token or\n"
    .. "secret is shown. It ends with 1 when there is a problem.\n",
  options = {
    bot.ENV_OPTION,
    { name = "json", text = "one JSON object" },
    bot.URL_OPTION,
  },
  run = function(given, terminal)
    local path, problem = bot.path(given.words)
    if not path then
      return 2, problem
    end
    return tasks.run(run, given, terminal, path)
  end,
}
