-- Answers a mention in its thread. The app has the bot event app_mention.
--
--   lua5.4 examples/mention/bot.lua

local slack = require "slack"

local app = slack.app()

app:event("app_mention", function(c) c:reply(("You called, <@%s>?"):format(c.user_id)) end)

os.exit(app:run() or 1, true)
