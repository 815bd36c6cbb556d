-- Starts once; what the bot does stands in handlers/, which may be edited while it runs.
--
--   lua-slack sandbox     in a local Slack with a page in the browser: no account, no tokens
--   lua-slack run         in the workspace whose tokens stand in .env

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."

local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
