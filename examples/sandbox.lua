-- A local Slack for a bot in another terminal: prints what to export there, then
-- lets you talk to the bot. Ctrl-C ends it.
--
--   lua5.4 examples/sandbox.lua [PORT]
--
-- The Web API is on PORT (8765), Socket Mode on the next one; 0 takes any free ones.

package.path = (arg[0]:match "^(.*)/" or ".") .. "/demo/?.lua;" .. package.path

local Screen = require "screen"
local core = require "slack.core"
local sandbox = require "slack.sandbox"
local stay = require "stay"
local tasks = require "slack.tasks"

local PORT = 8765

local EXPORTS = [[
export SLACK_API_URL='%s'
export SSL_CERT_FILE='%s'
export SLACK_BOT_TOKEN='%s'
export SLACK_APP_TOKEN='%s'
]]

local function start(port)
  return sandbox.start {
    port = port,
    websocket_port = port == 0 and 0 or port + 1,
    bot_token = "xoxb-local",
    app_token = "xapp-local",
  }
end

local function main()
  local port = math.tointeger(tonumber(arg[1] or PORT))
  if not port then
    io.stderr:write("usage: lua5.4 examples/sandbox.lua [PORT]\n")
    return false
  end
  local slack_here <close>, message = start(port)
  if not slack_here then
    io.stderr:write(message, "\n")
    return false
  end
  io.stdout:write(EXPORTS:format(slack_here.api_url, slack_here.ca_file, slack_here.bot_token,
    slack_here.app_token), "\n")
  stay {
    slack = slack_here,
    screen = Screen.new(slack_here, core.is_terminal(1) and not os.getenv "NO_COLOR", 0),
  }
  return true
end

os.exit(tasks.run(main) and 0 or 1, true)
