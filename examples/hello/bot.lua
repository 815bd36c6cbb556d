-- A bot whose listeners are in handlers/: edit them while it runs. The environment
-- decides how Slack reaches it:
--
--   SLACK_BOT_TOKEN and SLACK_APP_TOKEN        over Socket Mode
--   SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET   over HTTP, at /slack/events on port 3000 (PORT)
--   all three and SLACK_TRANSPORT=both         over both at once
--   SLACK_BOT_TOKEN and SLACK_TRANSPORT=rtm    over RTM, messages only, if the app has it
--
--   lua5.4 examples/hello/bot.lua

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."

local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
