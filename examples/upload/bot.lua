-- "your source" gets this file as a snippet. The bot has the scope files:write.
--
--   lua5.4 examples/upload/bot.lua

local slack = require "slack"

local app = slack.app()

app:message("your source", function(c)
  c:upload { file = arg[0], snippet_type = "lua", initial_comment = "All of it:" }
end)

os.exit(app:run() or 1, true)
