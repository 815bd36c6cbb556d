-- A bot whose listeners are in handlers/: edit them while it runs. It greets,
-- and asks by "/lunch Luigi's" who comes along.
--
--   lua5.4 examples/hello/bot.lua

local slack = require "slack"

local here = arg[0]:match "^(.*)/" or "."

local app = slack.app { scripts = here .. "/handlers" }

os.exit(app:run() or 1, true)
