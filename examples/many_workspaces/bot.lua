-- A bot that many workspaces install, at /slack/install: it counts points, for each
-- workspace apart, and shows them on a page. It needs SLACK_CLIENT_ID,
-- SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET.
--
--   lua5.4 examples/many_workspaces/bot.lua
--
-- PORT        where it listens, 3000
-- PUBLIC_URL  how Slack and browsers reach it, "https://bot.example.com"; without it
--             people come back to the first redirect URL of the app's configuration
-- STORAGE     where installations and points are kept, "sqlite:many_workspaces.db"

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."
local public_url = os.getenv "PUBLIC_URL"

local app = slack.app {
  scripts = here .. "/handlers",
  storage = os.getenv "STORAGE" or "sqlite:many_workspaces.db",
  oauth = {
    scopes = { "chat:write", "commands", "channels:history" },
    redirect_uri = public_url and public_url .. "/slack/oauth_redirect",
  },
}

os.exit(app:run() or 1, true)
