-- The options of slack.app: which there are, what each must be, where it comes
-- from when it is not given. A new option is a line in the table.

local lazy = require "slack.lazy"
local bolt_options = lazy "slack.bolt_options"
local checks = require "slack.option_checks"
local hosting = require "slack.hosting"
local http_options = require "slack.http_options"
local inbox_options = lazy "slack.inbox.options"
local limits = require "slack.web_api.limits"
local merged = require "slack.merged"
local oauth_options = lazy "slack.oauth.options"
local roots = require "slack.web_api.roots"
local retry = require "slack.retry"
local storage = require "slack.storage"

local integer_from, number_from, of_type = checks.integer_from, checks.number_from, checks.of_type
local one_of, table_of, token = checks.one_of, checks.table_of, checks.token

-- An option of a module that is loaded when the option is given.
local function later(option)
  return {
    check = function(value) return option().check(value) end,
    fields = setmetatable({}, { __index = function(_, name) return option().fields[name] end }),
  }
end

local TRANSPORTS = { "socket", "http", "both", "rtm" }

local SECONDS = { check = checks.timeout }
local TIMINGS = {
  max_message = { check = integer_from(1024) },
  open_timeout = SECONDS, hello_timeout = SECONDS, ping_interval = SECONDS,
  pong_timeout = SECONDS, backoff_first = SECONDS, backoff_maximum = SECONDS,
  stable_after = SECONDS, drain_timeout = SECONDS, stagger = { check = checks.seconds },
}

-- The table ----------------------------------------------------------------------

---@class slack.AppOptions
---@field token? string of the bot; SLACK_BOT_TOKEN
---@field signing_secret? string|string[] for HTTP; several while one takes another's place;
---  SLACK_SIGNING_SECRET
---@field app_token? string app-level, for Socket Mode; SLACK_APP_TOKEN
---@field api_url? string SLACK_API_URL, else "https://slack.com/api/"
---@field govslack? boolean the app is in GovSlack: "https://slack-gov.com/api/", and its OAuth
---@field scripts? string directory of handler scripts
---@field watch? boolean|"poll" reload them when they change; "poll": look at the files often, and
---  ask for no notices; false: on SIGHUP alone; true
---@field connections? integer Socket Mode connections, 1 to 10; 2
---@field transport? "socket"|"http"|"both"|"rtm" SLACK_TRANSPORT, else "socket" with an app
---  token
---@field http? slack.HttpOptions of the HTTP side; in Socket Mode and with RTM there is one
---  only if this or oauth is given
---@field storage? string|slack.Store "memory:" (the default), "sqlite:PATH", "redis://HOST",
---  or an object
---@field inbox? false|slack.InboxOptions how deliveries are kept until they have been handled,
---  with storage "sqlite:" or "redis:"; false: not
---@field role? "receiver"|"worker" with "redis:": it takes deliveries for others to handle, or
---  handles what others take; both
---@field authorize? fun(query: table): table?, any whose tokens a delivery is handled with
---@field authorization_cache? number seconds that what authorize or the storage said of a
---  workspace or person is believed, 60; 0: it is asked for each request
---@field authorize_error_text? string what people see whose workspace cannot be served
---@field oauth? slack.OauthOptions how workspaces install the app
---@field workers? integer processes that share the work and the port; 1
---@field name? string of the app in the log
---@field proxy? string URL; "" for none; HTTPS_PROXY and the like
---@field no_proxy? string
---@field ca_file? string PEM
---@field insecure? boolean allow plain http and ws to other hosts than this one
---@field timeout? number seconds for one Web API request, 30
---@field retries? integer|slack.RetryOptions see slack.ClientOptions, as the next three
---@field pacing? boolean|slack.PacingOptions its store is the app's where processes share that
---@field max_wait? number
---@field max_requests? integer Web API calls under way to a host at a time, 16
---@field http2? boolean offer HTTP/2 for Web API calls, false
---@field on_wait? fun(method: string, seconds: number, reason: "pacing"|"ratelimited"|"retry")
---@field ignore_self? boolean pass over the bot's own events; true
---@field ack_deadline? number seconds until an ack that a handler owes goes out empty, 2.5
---@field watchdog? number|slack.WatchdogOptions|false seconds in which a handler lets nothing else
---  run, and is then named in the log; 1
---@field shutdown_timeout? number seconds that running handlers have at a stop, 10
---@field max_in_flight? integer handlers running at once, 1000
---@field console? boolean|string a Lua prompt in the app, for `lua-slack console`: true, or the
---  path of its socket
---@field log? string|slack.LogOptions|slack.Logger
---@field socket_mode? table<string, number> fine timings, also of RTM's connection

local OPTIONS = {
  token = {
    check = checks.web_token,
    environment = "SLACK_BOT_TOKEN",
  },
  app_token = {
    check = token("an app-level token (xapp-…)", { ["^xapp%-"] = true }),
    environment = "SLACK_APP_TOKEN",
  },
  signing_secret = { check = checks.signing_secret, environment = "SLACK_SIGNING_SECRET" },
  api_url = {
    check = function(value) return checks.url(value) or roots.problem(value) end,
    environment = "SLACK_API_URL",
  },
  govslack = { check = of_type "boolean" },
  scripts = { check = checks.directory },
  watch = { check = checks.watch },
  watchdog = { check = checks.watchdog, default = 1 },
  connections = { check = integer_from(1, 10), default = 2 },
  transport = {
    check = one_of(table.unpack(TRANSPORTS)), environment = "SLACK_TRANSPORT", is_public = true,
  },
  http = http_options.option,
  storage = { check = storage.check, default = "memory:" },
  inbox = later(function() return inbox_options.option end),
  role = { check = one_of("receiver", "worker") },
  authorize = { check = of_type "function" },
  authorization_cache = { check = number_from(0), default = 60 },
  authorize_error_text = { check = of_type "string" },
  oauth = later(function() return oauth_options.option end),
  workers = { check = integer_from(1, 256), default = 1 },
  name = { check = of_type "string" },
  proxy = { check = of_type "string" },
  no_proxy = { check = of_type "string" },
  ca_file = { check = of_type "string" },
  insecure = { check = of_type "boolean" },
  timeout = { check = checks.timeout, default = 30 },
  retries = { check = retry.problem },
  pacing = { check = limits.check "pacing" },
  max_wait = { check = number_from(0) },
  max_requests = { check = integer_from(1, 10000) },
  http2 = { check = of_type "boolean" },
  on_wait = { check = of_type "function" },
  ignore_self = { check = of_type "boolean", default = true },
  ack_deadline = { check = number_from(0.01, 3), default = 2.5 },
  shutdown_timeout = { check = number_from(0), default = 10 },
  max_in_flight = { check = integer_from(1), default = 1000 },
  console = { check = checks.console },
  log = { check = checks.log, default = "info" },
  socket_mode = { check = table_of(TIMINGS, "socket_mode.") },
}

-- What each option is that may be missing, and what there is instead.
local MISSING = {
  token = "give a bot token (xoxb-…), or set SLACK_BOT_TOKEN in the environment; apps for many "
    .. "workspaces give oauth or authorize instead",
  app_token = "give an app-level token (xapp-…) with the scope connections:write, or set "
    .. "SLACK_APP_TOKEN in the environment",
  signing_secret = "give the signing secret of the app's page (Basic Information), or set "
    .. "SLACK_SIGNING_SECRET in the environment",
}
local OR_HTTP = "; for HTTP give signing_secret (SLACK_SIGNING_SECRET) instead"

local M = {}

local function from_environment(options)
  for name, option in pairs(OPTIONS) do
    if options[name] == nil and option.environment then
      local value = os.getenv(option.environment)
      if value and value ~= "" then
        local problem = option.check(value)
        if problem then
          return ("environment variable %s: %s%s"):format(option.environment, problem,
            option.is_public and (", got %q"):format(value) or "")
        end
        options[name] = value
      end
    end
  end
end

-- Before the environment, which this goes before.
local function choose_govslack(options)
  if options.govslack then
    local problem
    options.api_url, problem = roots.api_url(options)
    return problem
  end
end

local function missing(name, more)
  return ("option %q is missing: %s%s"):format(name, MISSING[name], more or "")
end

local function needed(name, transport)
  return ("option %q is missing, which transport %q needs: %s"):format(name, transport,
    MISSING[name])
end

-- Who hosts the program may do without.
local function lacks(options, name)
  options[name] = options[name] or hosting.placeholder(name)
  return options[name] == nil
end

-- What RTM has no use for, and why; from the environment it is passed over.
local NOT_RTM = {
  { "app_token", 'RTM connects with "token"' },
  { "connections", "RTM has one connection: each would get every event" },
  { "workers", "RTM has one connection: each worker would get every event" },
  { "oauth", "RTM serves the one workspace of its token" },
  { "authorize", "RTM serves the one workspace of its token" },
}

local function check_rtm(options, given)
  for _, case in ipairs(NOT_RTM) do
    local name, why = case[1], case[2]
    if given[name] ~= nil and given[name] ~= 1 then
      return ('options "transport" = "rtm" and %q exclude each other: %s'):format(name, why)
    end
  end
  if given.signing_secret and not options.http then
    return 'option "signing_secret" has no use with transport "rtm" but for commands and '
      .. 'interactions over HTTP: give "http", too'
  end
end

-- The transport that is meant by what is given, and what it lacks. Workers have none.
local function choose_transport(options, given)
  if options.role == "worker" then
    options.transport = "none"
    return nil
  end
  if not options.transport then
    if not options.signing_secret and lacks(options, "app_token") then
      return missing("app_token", OR_HTTP)
    end
    options.transport = options.app_token and "socket" or "http"
  end
  if options.transport == "rtm" then
    return check_rtm(options, given)
  elseif options.transport ~= "http" and lacks(options, "app_token") then
    return needed("app_token", options.transport)
  elseif options.transport ~= "socket" and lacks(options, "signing_secret") then
    return needed("signing_secret", options.transport)
  end
end

-- Where tokens come from: one place.
local function check_authorization(options, given)
  if options.oauth and options.authorize then
    return 'options "oauth" and "authorize" exclude each other: both say whose token to use'
  elseif options.oauth and options.token then
    return ('options "oauth" and "token" exclude each other: with oauth each workspace has a '
      .. "token of its own%s"):format(given.token and ""
      or "; unset SLACK_BOT_TOKEN in the environment")
  elseif not (options.token or options.oauth or options.authorize)
    and options.role ~= "receiver" and lacks(options, "token") then
    return missing "token"
  end
end

-- What each worker has for itself that they must share, or share out.
local function check_workers(options)
  local count = options.workers or 1
  local connections = count * (options.connections or OPTIONS.connections.default)
  if count == 1 then
    return nil
  elseif http_options.has_socket(options) and connections > 10 then
    return ('option "workers": %d workers would have %d Socket Mode connections, Slack allows 10: '
      .. 'give fewer workers or "connections"'):format(count, connections)
  elseif options.oauth and (options.storage or "memory:") == "memory:" then
    return 'options "workers" and "oauth" need a storage that processes share: '
      .. 'storage = "sqlite:PATH" or "redis://HOST"'
  end
end

-- The pages of oauth are where Slack's requests come, too.
local function complete_http(options)
  local has_pages = options.oauth and options.role ~= "worker"
  if options.http or has_pages or http_options.receives(options) then
    local problem
    options.http, problem = http_options.complete(options.http or {})
    return problem
  end
end

-- What is kept in memory alone needs no inbox, if none is asked for.
local function complete_inbox(options, given)
  if not given.inbox and not given.role and (options.storage or "memory:") == "memory:" then
    options.inbox = false
    return nil
  end
  return inbox_options.complete(options, given)
end

local function complete_oauth(options)
  if options.oauth then
    local problem
    options.oauth, problem = oauth_options.read(options.oauth, options)
    return problem
  end
end

-- Two things at one path, of which one would never be reached.
local function check_paths(options)
  local taken = {}
  for _, uses in ipairs {
    options.http and http_options.paths(options.http) or {},
    options.oauth and oauth_options.paths(options.oauth) or {},
  } do
    for _, use in ipairs(uses) do
      if taken[use.path] then
        return ("options %q and %q name the same path %q"):format(taken[use.path], use.option,
          use.path)
      end
      taken[use.path] = use.option
    end
  end
end

---Checked options with defaults filled in; `http` only when there is an HTTP side.
---@param given any
---@return slack.AppOptions? options
---@return string? problem
function M.read(given)
  if given ~= nil and type(given) ~= "table" then
    return nil, "a table of options expected, got " .. type(given)
  end
  given = given or {}
  local problem = checks.all(given, OPTIONS, "", bolt_options)
  if problem then
    return nil, problem
  end
  local options = merged(given)
  problem = choose_govslack(options) or from_environment(options)
    or check_authorization(options, given) or choose_transport(options, given)
    or check_workers(options) or complete_inbox(options, given)
    or complete_http(options)
    or complete_oauth(options) or check_paths(options)
  if problem then
    return nil, problem
  end
  for name, option in pairs(OPTIONS) do
    if options[name] == nil then
      options[name] = option.default
    end
  end
  options.api_url = roots.api_url { api_url = options.api_url }
  return options
end

return M
