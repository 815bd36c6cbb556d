-- A bot whose listeners are in handlers/: edit them while it runs. It greets,
-- asks by "/lunch Luigi's" who comes along, books a table and lets lunch be rated.
--
--   lua5.4 examples/hello/bot.lua

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."

local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
