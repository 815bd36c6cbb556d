-- Uses lua-slack as somebody does who has only installed it: run with the
-- installed tree on LUA_PATH and LUA_CPATH, from a directory without anything.
local slack = require "slack"
local sandbox = require "slack.sandbox"
local core = require "slack.core"

slack.run(function()
  local slack_here <close> = assert(sandbox.start { patience = 60, page = true })
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

  -- The page's files have been installed, too.
  local page = assert(slack.fetch(slack_here:page_url()))
  assert(page.ok, "there is no index.html")
  for path in page.body:gmatch '[sh]rc?e?f?="([%w_./-]+%.%w+)"' do
    assert(assert(slack.fetch(slack_here:page_url() .. path)).ok, path .. " is missing")
  end
end)

for _, name in ipairs { "slack", "slack.core", "slack.sandbox" } do
  print(name, package.searchpath(name, package.path) or package.searchpath(name, package.cpath))
end
print("libcurl", core.versions().libcurl)
print "answered"
