-- A slash command: "/roll" throws a die; the answer is for the one who asked.
--
--   lua5.4 examples/command/bot.lua

local slack = require "slack"

local app = slack.app()

app:command("/roll", function(c)
  return ("<@%s>, it is a %d."):format(c.user_id, math.random(6))
end)

os.exit(app:run() or 1, true)
