-- `lua-slack run`

local Recorder = require "slack.recording.recorder"
local arguments = require "slack.command.arguments"
local bot = require "slack.command.bot"
local core = require "slack.core"
local paint = require "slack.command.paint"
local program = require "slack.program"
local reporting = require "slack.command.reporting"
local script_notes = require "slack.command.script_notes"

local UNITS = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30 }

local function size(text)
  local digits, unit = text:lower():match "^(%d+)([kmg]?)$"
  local bytes = digits and math.tointeger(tonumber(digits)) or 0
  if bytes < 1 or bytes > 1 << 40 then
    return nil, ("a size such as 500k, 20M or 2G expected, got %q"):format(text)
  end
  return bytes * UNITS[unit]
end

-- The recorder that is asked for; nil, err when there cannot be one.
local function open_recorder(given, terminal)
  if not given.record then
    return nil
  end
  local recorder, err = Recorder.open(given.record, {
    redaction = given.raw and "raw" or given["redact-texts"] and "texts" or "default",
    max_bytes = given["record-max"],
  })
  if recorder and given.raw then
    terminal.complain(paint(terminal, 2, "yellow", ("lua-slack: %s will hold everything but "
      .. "tokens and secrets: what people write, their addresses, private URLs: give it to nobody")
      :format(given.record)) .. "\n")
  end
  return recorder, err
end

-- Options that say something of a recording that is not asked for.
local function problem_of(given)
  if given.raw and given["redact-texts"] then
    return "--raw and --redact-texts exclude each other"
  end
  for _, name in ipairs { "raw", "redact-texts", "record-max" } do
    if given[name] and not given.record then
      return ("--%s is about a recording: give --record=FILE, too"):format(name)
    end
  end
end

local function run(given, terminal, path, recorder)
  local ok, err = program.run(path, function(app)
    if given.log then
      app.log:set_level(given.log)
    end
    if recorder then
      recorder:attach(app)
    end
    if app.settings.console == nil then
      app.settings.console = not given["no-console"]
    end
    script_notes.watch(app, terminal)
  end, { arguments = given.rest, on_start = function(app) reporting.start(app) end })
  if not ok then
    bot.complain(terminal, err, path, given.env)
    return 1
  end
  return 0
end

return {
  summary = "runs a bot",
  words = bot.WORDS,
  takes_rest = true,
  notes = bot.NOTES .. "\nThe process ends as the program says: os.exit(app:run() or 1).\n\n"
    .. "A recording has neither tokens and secrets nor trigger IDs, response URLs, e-mail\n"
    .. "addresses and private URLs of files. It goes on where FILE is one already.\n"
    .. "`lua-slack replay FILE` gives it to the handlers again.\n",
  options = {
    bot.ENV_OPTION,
    {
      name = "log", value = "LEVEL", text = "debug, info, warn, error or off",
      check = arguments.one_of("debug", "info", "warn", "error", "off"),
    },
    {
      name = "record", value = "FILE",
      text = "write down what Slack sends, and what the bot answers and calls",
    },
    {
      name = "record-max", value = "SIZE", check = size,
      text = "the recording ends there (100M); 500k, 20M, 2G",
    },
    { name = "no-console", text = "no prompt for `lua-slack console`" },
    { name = "redact-texts", text = "record x in place of the letters that people wrote" },
    { name = "raw", text = "record all but tokens and secrets" },
  },
  run = function(given, terminal)
    local path, problem = bot.path(given.words)
    problem = problem or problem_of(given)
    if problem then
      return 2, problem
    end
    local _, err = bot.read_environment(path, given.env)
    if err then
      return 2, err.message
    end
    local recorder
    if core.stat(path) then
      recorder, err = open_recorder(given, terminal)
    end
    if err then
      return 1, err
    end
    return run(given, terminal, path, recorder)
  end,
}
