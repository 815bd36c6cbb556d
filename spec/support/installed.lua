-- Uses lua-slack as somebody does who has only installed it: run with the
-- installed tree on LUA_PATH and LUA_CPATH, from a directory without anything.
local slack = require "slack"
local sandbox = require "slack.sandbox"
local core = require "slack.core"

slack.run(function()
  local slack_here <close> = assert(sandbox.start { patience = 60 })
  local app = slack.app {
    token = slack_here.bot_token,
    app_token = slack_here.app_token,
    api_url = slack_here.api_url,
    ca_file = slack_here.ca_file,
    log = "error",
  }
  app:message("ping", function(c) c:say "pong" end)
  assert(app:start())
  assert(slack_here:wait_connections(1))
  slack_here:say { text = "ping" }
  assert(slack_here:wait_message { text = "pong" })
  app:stop()
end)

for _, name in ipairs { "slack", "slack.core", "slack.sandbox" } do
  print(name, package.searchpath(name, package.path) or package.searchpath(name, package.cpath))
end
print("libcurl", core.versions().libcurl)
print "answered"
