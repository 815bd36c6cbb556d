-- A bot that any workspace installs, at /slack/install of its public URL; "/where" says
-- where it was called from. It needs SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and
-- SLACK_SIGNING_SECRET; examples/many_workspaces is one with more to it.
--
--   lua5.4 examples/oauth/bot.lua

local slack = require "slack"

local app = slack.app { storage = "sqlite:oauth.db", oauth = { scopes = { "commands" } } }

app:command("/where", function(c) return "In " .. c.team_id .. "." end)

os.exit(app:run() or 1, true)
