-- A local Slack for a bot in another terminal: prints what to export there, then
-- lets you talk to the bot. Ctrl-C ends it.
--
--   lua5.4 examples/sandbox.lua [PORT] [--http | --http=URL] [--oauth]
--
-- The Web API is on PORT (8765), Socket Mode on the next one; 0 takes any free ones.
-- With --http the bot is reached at its URL (http://localhost:3000/slack/events), with
-- --oauth it is one that is installed first: examples/many_workspaces for instance.

package.path = (arg[0]:match "^(.*)/" or ".") .. "/demo/?.lua;" .. package.path

local Screen = require "screen"
local core = require "slack.core"
local sandbox = require "slack.sandbox"
local stay = require "stay"
local tasks = require "slack.tasks"

local PORT = 8765
local URL = "http://localhost:3000/slack/events"
local USAGE = "usage: lua5.4 examples/sandbox.lua [PORT] [--http | --http=URL] [--oauth]\n"

-- What the command line says, or nil.
local function read_arguments()
  local options = { port = PORT }
  for _, word in ipairs(arg) do
    local url = word:match "^%-%-http=(https?://[^/]+/.*)$"
    if word == "--oauth" then
      options.oauth = true
    elseif word == "--http" or url then
      options.url = url or URL
    else
      options.port = math.tointeger(tonumber(word))
      if not options.port then
        return nil
      end
    end
  end
  if options.oauth then
    options.url = options.url or URL
  end
  return options
end

local function start(options)
  local port = options.port
  local origin = options.oauth and options.url:match "^https?://[^/]+"
  return sandbox.start {
    port = port,
    websocket_port = port == 0 and 0 or port + 1,
    bot_token = "xoxb-local",
    app_token = "xapp-local",
    signing_secret = "local-signing-secret",
    client_id = "local",
    client_secret = "local-client-secret",
    installed = not options.oauth,
    redirect_urls = origin and { origin .. "/slack/oauth_redirect", origin } or nil,
  }
end

-- The lines for the other terminal, in their order.
local function exports(slack_here, options)
  local lines = {}
  local function export(name, value)
    table.insert(lines, value and ("export %s='%s'"):format(name, value) or "unset " .. name)
  end
  export("SLACK_API_URL", slack_here.api_url)
  export("SSL_CERT_FILE", slack_here.ca_file)
  export("SLACK_BOT_TOKEN", not options.oauth and slack_here.bot_token)
  if options.url then
    export "SLACK_APP_TOKEN"
    export("SLACK_SIGNING_SECRET", slack_here.signing_secret)
  else
    export("SLACK_APP_TOKEN", slack_here.app_token)
  end
  if options.oauth then
    export("SLACK_CLIENT_ID", slack_here.client_id)
    export("SLACK_CLIENT_SECRET", slack_here.client_secret)
  end
  return table.concat(lines, "\n")
end

local function main()
  local options = read_arguments()
  if not options then
    io.stderr:write(USAGE)
    return false
  end
  local slack_here <close>, message = start(options)
  if not slack_here then
    io.stderr:write(message, "\n")
    return false
  end
  if options.url then
    slack_here:deliver_over_http(options.url)
  end
  io.stdout:write(exports(slack_here, options), "\n\n")
  stay {
    slack = slack_here,
    screen = Screen.new(slack_here, core.is_terminal(1) and not os.getenv "NO_COLOR", 0),
  }
  return true
end

os.exit(tasks.run(main) and 0 or 1, true)
