-- A bot as it is deployed: what differs from machine to machine is in the environment. The
-- other files of this folder run it, as README.md says under "Deploy".
--
--   lua5.4 examples/deploy/bot.lua
--
-- STORAGE   "sqlite:bot.db"; for several machines "redis://host:6379/0"
-- ROLE      "receiver" or "worker"; neither: both in one process
-- PORT      of /health, /ready and /metrics, and of Slack's requests over HTTP; 3000

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."
local role = os.getenv "ROLE"

local app = slack.app {
  scripts = here .. "/handlers",
  storage = os.getenv "STORAGE" or "sqlite:bot.db",
  role = role ~= "" and role or nil,
  http = {},
  shutdown_timeout = 20, -- what stops it waits longer: TimeoutStopSec, stop_grace_period
  log = { format = "json" },
}

os.exit(app:run() or 1, true)
