-- Ends with 0 while the bot of this container answers.
local slack = require "slack"

local port = os.getenv "PORT" or "3000"
local answer = slack.fetch(("http://127.0.0.1:%s/health"):format(port), { timeout = 2 })
os.exit(answer ~= nil and answer.status == 200, true)
