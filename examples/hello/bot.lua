-- A bot in Socket Mode. It wants SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the
-- environment, and the listeners are in handlers/: edit them while it runs.
--
--   lua5.4 examples/hello/bot.lua

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."

local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
