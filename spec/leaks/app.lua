-- Starts an app, has it answer, stops it; many times in one process, and some
-- of them two at a time.
local footprint = require "support.footprint"
local sandbox = require "slack.sandbox"
local slack = require "slack"

local function new_app(slack_here)
  local app = slack.app {
    token = slack_here.bot_token,
    app_token = slack_here.app_token,
    api_url = slack_here.api_url,
    ca_file = slack_here.ca_file,
    scripts = "examples/hello/handlers",
    log = "off",
  }
  app:message("ping", function(c) c:say "pong" end)
  app:command("/fail", function() error "on purpose" end)
  app:on_error(function() end)
  assert(app:start())
  return app
end

local function one_round(round)
  local slack_here <close> = assert(sandbox.start { tls = round % 2 == 0 })
  local apps = {}
  for i = 1, 1 + round % 2 do
    apps[i] = new_app(slack_here)
  end
  assert(slack_here:wait_connections(2 * #apps, 60))
  slack_here:say { text = "ping" }
  slack_here:command { command = "/fail", timeout = 60 }
  assert(slack_here:wait_message { text = "pong", timeout = 60 })
  for _, app in ipairs(apps) do
    app:stop()
  end
end

footprint.rounds(8, function(round)
  slack.run(one_round, round)
end)
