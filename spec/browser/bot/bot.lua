-- The bot that the specs of the page talk with: it uses what the page has to show.

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."
local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
