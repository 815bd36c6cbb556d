-- "/report" takes longer than the three seconds that Slack waits: the handler acks at once
-- and goes on, beside all others.
--
--   lua5.4 examples/long_work/bot.lua
--
-- WORK_SECONDS   how long it takes, 5

local slack = require "slack"

local app = slack.app()

app:command("/report", function(c)
  c:ack "Counting…"
  slack.sleep(tonumber(os.getenv "WORK_SECONDS") or 5) -- slack.fetch, the Web API: whatever waits
  c:respond "Counted: 42."
end)

os.exit(app:run() or 1, true)
