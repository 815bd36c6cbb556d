-- Starts and stops the local Slack with a client that talks to it, many times.
local client = require "slack.client"
local footprint = require "support.footprint"
local sandbox = require "slack.sandbox"

footprint.rounds(10, function(round)
  local slack_here <close> = assert(sandbox.start { tls = round % 2 == 0 })
  local api = client.new {
    token = slack_here.bot_token,
    api_url = slack_here.api_url,
    ca_file = slack_here.ca_file,
  }
  local sent = assert(api.chat.postMessage { channel = "general", text = "hello" })
  assert(not api.chat.update { channel = sent.channel, ts = "1.000000", text = "nothing" })
  slack_here:say { text = "an event that nobody takes" }
  slack_here:deliver_over_http "http://127.0.0.1:9/nobody"
  slack_here:add_workspace({ installed = true }):say { text = "an event that nobody gets" }
  assert(slack_here:install({ install_url = slack_here.url .. "oauth/v2/authorize" }).status == 400)
end)
