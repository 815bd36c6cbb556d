-- "/report" takes longer than the three seconds that Slack waits: the handler acks at once
-- and goes on. It waits for what is slow, and other handlers run meanwhile.
--
--   lua5.4 examples/long_work/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua.

local slack = require "slack"

local app = slack.app()
local seconds = tonumber(os.getenv "WORK_SECONDS") or 5

app:command("/report", function(c)
  c:ack "Counting…"
  slack.sleep(seconds) -- or slack.fetch, the Web API, storage: whatever waits
  c:respond(("Done after %g seconds: 42."):format(seconds))
end)

os.exit(app:run() or 1, true)
