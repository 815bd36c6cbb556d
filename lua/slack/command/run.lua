-- `lua-slack run`

local arguments = require "slack.command.arguments"
local bot = require "slack.command.bot"
local program = require "slack.command.program"
local reporting = require "slack.command.reporting"

-- What is done with an app before it runs.
local function prepare(app, given)
  if given.log then
    app.log:set_level(given.log)
  end
  reporting.start(app)
end

return {
  summary = "runs a bot",
  words = bot.WORDS,
  takes_rest = true,
  notes = bot.NOTES .. "\nThe process ends as the program says: os.exit(app:run() or 1).\n",
  options = {
    bot.ENV_OPTION,
    {
      name = "log", value = "LEVEL", text = "debug, info, warn, error or off",
      check = arguments.one_of("debug", "info", "warn", "error", "off"),
    },
  },
  run = function(given, terminal)
    local path, problem = bot.path(given.words)
    if not path then
      return 2, problem
    end
    local _, err = bot.read_environment(path, given.env)
    if err then
      return 2, err.message
    end
    local ok
    ok, err = program.run(path, function(app) prepare(app, given) end, { arguments = given.rest })
    if not ok then
      bot.complain(terminal, err, path, given.env)
      return 1
    end
    return 0
  end,
}
