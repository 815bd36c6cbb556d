-- `lua-slack run`

local program = require "slack.command.program"

return {
  summary = "runs a bot",
  words = "[BOT] [-- ARGUMENT…]",
  notes = "BOT is the file of its program, bot.lua where none is named.\n",
  options = {},
  run = function(given, terminal)
    local words = given.words
    local arguments = table.move(words, 2, #words, 1, {})
    local ok, err = program.run(words[1], nil, { arguments = arguments })
    if not ok then
      terminal.complain(err.traceback and err.message .. "\n" .. err.traceback .. "\n"
        or err.message .. "\n")
      return 1
    end
    return 0
  end,
}
