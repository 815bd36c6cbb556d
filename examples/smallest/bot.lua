-- The smallest bot: says hello to who says hello.
--
--   lua5.4 examples/smallest/bot.lua

local slack = require "slack"

local app = slack.app()

app:message("hello", function(c) c:say(("Hello, <@%s>!"):format(c.user_id)) end)

os.exit(app:run() or 1, true)
