-- A local Slack for a bot in another terminal: prints what to export there, then
-- lets you talk to the bot. Ctrl-C ends it.
--
--   lua5.4 examples/sandbox.lua [PORT] [--http | --http=URL] [--ca=FILE] [--both] [--oauth] [--rtm]
--
-- The Web API is on PORT (8765), Socket Mode on the next one; 0 takes any free ones.
-- With --http the bot is reached at its URL (http://localhost:3000/slack/events); --ca
-- names the authority of its certificate when that is its own. With --both the bot
-- gets its events by turns over HTTP and Socket Mode, with --oauth it is one that is
-- installed first: examples/many_workspaces for instance. With --rtm it is a classic app.

package.path = (arg[0]:match "^(.*)/" or ".") .. "/demo/?.lua;" .. package.path

local Screen = require "screen"
local core = require "slack.core"
local sandbox = require "slack.sandbox"
local stay = require "stay"
local tasks = require "slack.tasks"

local PORT = 8765
local URL = "http://localhost:3000/slack/events"
local USAGE = "usage: lua5.4 examples/sandbox.lua [PORT] [--http | --http=URL] [--ca=FILE] "
  .. "[--both] [--oauth] [--rtm]"
local FLAGS = {
  ["--oauth"] = "oauth", ["--both"] = "both", ["--http"] = "http", ["--rtm"] = "rtm",
}

local function check_url(url)
  if not url:find "^https?://[^/]" then
    return nil, ("--http=%s: a URL expected, such as %s"):format(url, URL)
  elseif not url:find "^https?://[^/]+/" then
    return nil, ("--http=%s: the path is missing: --http=%s/slack/events"):format(url, url)
  end
  return url
end

local function check_port(word)
  local port = math.tointeger(tonumber(word))
  if not port then
    return nil, USAGE
  elseif port < 0 or port > 65534 then
    return nil, ("%s: a port from 0 to 65534 expected; Socket Mode takes the next one"):format(word)
  end
  return port
end

-- What the command line says; or nil, and what is wrong with it.
local function read_arguments()
  local options, problem = { port = PORT }, nil ---@type table<string, any>, string?
  for _, word in ipairs(arg) do
    local name, value = word:match "^%-%-(%l+)=(.+)$"
    if FLAGS[word] then
      options[FLAGS[word]] = true
    elseif name == "ca" then
      options.ca_file = value
    elseif name == "http" then
      options.url, problem = check_url(value)
    else
      options.port, problem = check_port(word)
    end
    if problem then
      return nil, problem
    end
  end
  if options.oauth and options.both then
    return nil, "--oauth and --both: a bot that is installed first is reached over HTTP alone"
  elseif options.rtm and (options.http or options.oauth or options.both) then
    return nil, "--rtm: a classic app is reached over RTM alone"
  elseif options.http or options.oauth or options.both then
    options.url = options.url or URL
  end
  local ca = options.ca_file and io.open(options.ca_file)
  if options.ca_file and not ca then
    return nil, ("--ca=%s: it cannot be read"):format(options.ca_file)
  elseif ca then
    ca:close()
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
  local is_socket_mode = not options.rtm and (options.both or not options.url)
  export("SLACK_APP_TOKEN", is_socket_mode and slack_here.app_token)
  if options.url then
    export("SLACK_SIGNING_SECRET", slack_here.signing_secret)
  end
  if options.both or options.rtm then
    export("SLACK_TRANSPORT", options.both and "both" or "rtm")
  end
  if options.oauth then
    export("SLACK_CLIENT_ID", slack_here.client_id)
    export("SLACK_CLIENT_SECRET", slack_here.client_secret)
  end
  return table.concat(lines, "\n")
end

local function main()
  if arg[1] == "--help" or arg[1] == "-h" then
    print(USAGE)
    return true
  end
  local options, problem = read_arguments()
  if not options then
    io.stderr:write(problem, "\n")
    return false
  end
  local slack_here <close>, message = start(options)
  if not slack_here then
    io.stderr:write(message, "\n")
    return false
  end
  if options.url then
    slack_here:deliver_over_http { url = options.url, ca_file = options.ca_file }
    slack_here.delivery = options.both and "alternate" or nil
  end
  io.stdout:write(exports(slack_here, options), "\n")
  if options.oauth then
    print("# when the bot runs, install it with a browser: " .. options.url:match "^https?://[^/]+"
      .. "/slack/install")
  end
  print()
  stay {
    slack = slack_here,
    screen = Screen.new(slack_here, core.is_terminal(1) and not os.getenv "NO_COLOR", 0),
  }
  return true
end

os.exit(tasks.run(main) and 0 or 1, true)
