-- Answers a mention in its thread.
--
--   lua5.4 examples/mention/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua. The app's settings subscribe it
-- to app_mention.

local app = require("slack").app()

app:event("app_mention", function(c)
  c:reply(("You called, <@%s>?"):format(c.user_id))
end)

os.exit(app:run() or 1, true)
