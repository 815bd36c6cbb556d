-- Starts and stops the local Slack with a client that talks to it, many times.
local client = require "slack.client"
local sandbox = require "slack.sandbox"

for round = 1, 6 do
  local slack_here <close> = assert(sandbox.start { tls = round % 2 == 0 })
  local api = client.new {
    token = slack_here.bot_token,
    api_url = slack_here.api_url,
    ca_file = slack_here.ca_file,
  }
  local sent = assert(api.chat.postMessage { channel = "general", text = "hello" })
  assert(not api.chat.update { channel = sent.channel, ts = "1.000000", text = "nothing" })
  slack_here:say { text = "an event that nobody takes" }
  collectgarbage()
end
