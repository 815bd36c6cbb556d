-- One process of the cluster: "job 7" keeps it busy for a while. run.lua starts two receivers
-- and two workers of this.
--
--   lua5.4 examples/cluster/bot.lua
--
-- NAME      how it calls itself
-- ROLE      "receiver" or "worker"
-- STORAGE   the Redis of them all
-- LEASE     seconds after which others take what a process had that died, 2
-- SECONDS   that a job takes, 0.5

local slack = require "slack"

local name = os.getenv "NAME" or "a bot"

local app = slack.app {
  role = os.getenv "ROLE",
  storage = os.getenv "STORAGE",
  connections = 1,   -- of each receiver; Slack spreads events over all of them
  max_in_flight = 4, -- the rest of the jobs is left to others
  inbox = { lease = tonumber(os.getenv "LEASE") or 2 },
}

app:message(slack.pattern "^job (%d+)$", function(c)
  local job = c.matches[1]
  local message = c:say(("job %s: %s works on it"):format(job, name))
  slack.sleep(tonumber(os.getenv "SECONDS") or 0.5)
  assert(message):update(("job %s: done by %s%s"):format(job, name,
    c.retry and ", again: " .. c.retry.reason or ""))
end)

os.exit(app:run() or 1, true)
