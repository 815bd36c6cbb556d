-- The local Slack: workspaces on this machine that speak Slack's wire protocol
-- (Web API, Socket Mode, signed HTTP, OAuth, response URLs), so that a bot can be
-- run, shown and tested without an account.
--
--   local sandbox = require "slack.sandbox"
--   local slack_here <close> = assert(sandbox.start())
--   -- app: api_url = slack_here.api_url, ca_file = slack_here.ca_file,
--   --      token = slack_here.bot_token, app_token = slack_here.app_token
--   slack_here:say { user = "ada", channel = "general", text = "hello" }

local Api = require "slack.sandbox.api"
local Grants = require "slack.sandbox.grants"
local OAuth = require "slack.sandbox.oauth"
local Page = require "slack.sandbox.page"
local RateLimits = require "slack.sandbox.rate_limits"
local Rtm = require "slack.sandbox.rtm"
local Scheduled = require "slack.sandbox.scheduled"
local Socket = require "slack.sandbox.socket"
local Trace = require "slack.sandbox.trace"
local Triggers = require "slack.sandbox.triggers"
local Uploads = require "slack.sandbox.uploads"
local Workspace = require "slack.sandbox.workspace"
local assistants = require "slack.sandbox.assistants"
local certificate_files = require "slack.sandbox.certificate_files"
local check_options = require "slack.sandbox.options"
local checks = require "slack.sandbox.checks"
local core = require "slack.core"
local default_scopes = require "slack.sandbox.scopes"
local installing = require "slack.sandbox.installing"
local logs = require "slack.log"
local loop = require "slack.loop"
local people = require "slack.sandbox.interactions"
local people_in_channels = require "slack.sandbox.people_in_channels"
local reports = require "slack.sandbox.reports"
local serving = require "slack.sandbox.serving"
local steps = require "slack.sandbox.steps"
local tasks = require "slack.tasks"
local teams = require "slack.sandbox.teams"
local traffic = require "slack.sandbox.traffic"
local transports = require "slack.sandbox.transports"
local webhooks = require "slack.sandbox.webhooks"

---@class slack.Sandbox: slack.sandbox.People, slack.sandbox.Transports, slack.sandbox.Teams,
---  slack.sandbox.Installing, slack.sandbox.Assistants, slack.sandbox.Steps,
---  slack.sandbox.PeopleInChannels, slack.sandbox.Traffic, slack.sandbox.Reports,
---  slack.sandbox.Serving
---@field api_url string "https://localhost:PORT/api/"
---@field ca_file string? the authority to trust; nil without TLS
---@field bot_token string
---@field app_token string
---@field signing_secret string
---@field client_id string
---@field client_secret string
---@field redirect_urls string[]?
---@field token_rotation boolean
---@field workspace slack.sandbox.Workspace the first one's state
---@field team_id string the first one's
---@field uploads slack.sandbox.Uploads files that were uploaded
---@field scheduled slack.sandbox.Scheduled messages that are to be posted later
---@field rtm slack.sandbox.Rtm its connections, and how it treats them
---@field workspaces slack.sandbox.Team[] the first one first
---@field page? slack.sandbox.Page in the browser
local Sandbox = setmetatable({}, { __index = people })
Sandbox.__index = Sandbox
Sandbox.__name = "slack.sandbox"

for _, methods in ipairs {
  transports, teams, installing, assistants.people, steps, people_in_channels,
  reports, traffic, serving,
} do
  for name, method in pairs(methods) do
    Sandbox[name] = method
  end
end

local function remove_files(self)
  if self.files then
    certificate_files.remove(self.files)
  end
end

-- Where it is reached, and by whom.
local function open_sides(self, options)
  local scheme = self.files and "s" or ""
  self.url = ("http%s://localhost:%d/"):format(scheme, self.server:port())
  self.api_url = self.url .. "api/"
  self.socket = Socket.new {
    server = self.server,
    url = ("ws%s://localhost:%d"):format(scheme, self.server:websocket_port()),
    app_id = self.workspace.app_id,
    trace = self.recorder,
    await = function(condition, timeout) return self:wait(condition, timeout) ~= nil end,
    log = self.log,
    hello = options.hello,
    ping_interval = options.ping_interval,
    ack_timeout = options.ack_timeout,
    retry_delays = options.retry_delays,
  }
  self.rtm = Rtm.new {
    server = self.server, url = self.socket.url, await = self.socket.await, hello = options.hello,
    trace = self.recorder,
  }
end

local function connect_parts(self, options)
  self.oauth = OAuth.new {
    settings = self,
    clock = self.clock,
    workspaces = function() return self:all_workspaces() end,
    app_name = self.workspace.bot.name,
  }
  self.uploads = Uploads.new(self.url, function(token) return self.grants:find(token) end)
  self.scheduled = Scheduled.new(self.clock, function() self:changed() end)
  self.rate_limits = RateLimits.new(options.rate_limits, self.clock)
  self.api = Api.new {
    rate_limits = self.rate_limits,
    enforces_scopes = options.scopes ~= nil,
    most_calls = options.most_calls,
    log = self.log,
    workspace = self.workspace,
    grants = self.grants,
    trigger_workspace = function(id) return self.triggers:workspace(id) end,
    services = {
      grants = self.grants,
      oauth = self.oauth,
      uploads = self.uploads,
      scheduled = self.scheduled,
      clock = self.clock,
      open_connection = function() return self.socket:open_connection() end,
      open_rtm = function(...) return self.rtm:open_connection(...) end,
      use_trigger = function(id, workspace) return self.triggers:use(id, workspace) end,
      trigger_user = function(id) return self.triggers:user(id) end,
      new_webhook = function(workspace) return webhooks.add(self, workspace) end,
      tell = function(place, event) self:tell(place, event) end,
    },
  }
end

-- The first workspace, where the app is installed from the start.
local function found_workspace(self, options)
  self.grants = Grants.new {
    clock = self.clock, rotates = function() return self.token_rotation end,
  }
  self:add_workspace {
    team_name = options.team_name, bot_name = options.bot_name, bot = options.bot,
    users = options.users, channels = options.channels, enterprise = options.enterprise,
  }
  self.workspace, self.team_id = self.workspaces[1].workspace, self.workspaces[1].team_id
  if options.installed ~= false then
    local scopes = options.scopes or default_scopes
    self.grants:install(self.workspace, { scopes = scopes, token = self.bot_token })
  end
  self.grants:know(self.app_token, { type = "app" })
end

-- One that is known opens the bot's own port: to other users, and to a page in a browser whose
-- name leads here.
local function new_secret()
  return (core.random(16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function new(options, has_tls)
  local self = setmetatable({
    options = options,
    workspaces = {},
    organizations = {},
    clock = options.clock or Workspace.wall_clock(),
    bot_token = options.bot_token or Grants.new_token "xoxb",
    app_token = options.app_token or Grants.new_token "xapp-1",
    signing_secret = options.signing_secret or new_secret(),
    client_id = options.client_id or ("%d.%d"):format(math.random(10 ^ 11 // 1),
      math.random(10 ^ 11 // 1)),
    client_secret = options.client_secret or new_secret(),
    redirect_urls = options.redirect_urls,
    token_rotation = options.token_rotation or false,
    log = options.log or logs.default(),
    waits = {},
    triggers = Triggers.new(options.patience),
    responses = {},
    webhooks = {},
    files = has_tls and certificate_files.make(options.certificate) or nil,
  }, Sandbox)
  self.recorder = Trace.new(self.clock, options.ack_timeout or 3)
  found_workspace(self, options)
  return self
end

---One that nothing can connect to: who makes it hands it the app's requests (`answer`), and
---gives it the ways in which the app is reached.
---@param options slack.SandboxOptions
---@param sides { url: string, socket: table, rtm: table } socket and rtm: as slack.sandbox.Socket
---  and slack.sandbox.Rtm are used by the methods of people
---@return slack.Sandbox
function Sandbox.without_network(options, sides)
  local self = new(check_options(options), false)
  self.url, self.api_url = sides.url, sides.url .. "api/"
  self.socket, self.rtm = sides.socket, sides.rtm
  connect_parts(self, options)
  return self
end

-- What the server's threads hand over, told to whom it is for.
local function listen(self)
  return loop.register(function(kind, ...)
    if kind == "request" then
      tasks.spawn(self.on_request, self, ...)
    elseif kind == "websocket" then
      if not self.rtm:on_message(...) then
        self.socket:on_message(...)
      end
      self:changed()
    end
  end)
end

local function start_server(self, options)
  return core.http_server {
    mailbox = loop.mailbox(),
    source = self.source,
    log = self.log:core(),
    port = options.port or 0,
    websocket_port = options.websocket_port or 0,
    cert_file = self.files and self.files.certificate,
    key_file = self.files and self.files.key,
    max_body = Uploads.MAX, max_bodies = 16 * Uploads.MAX,
  }
end

---Starts a local Slack.
---@param options? slack.SandboxOptions
---@return slack.Sandbox?, string? message, string? code
function Sandbox.start(options)
  options = check_options(options or {})
  local self = new(options, options.tls ~= false)
  self.ca_file = self.files and self.files.authority
  self.source = listen(self)
  local server, message, code = start_server(self, options)
  if not server then
    loop.unregister(self.source)
    remove_files(self)
    return nil, message, code
  end
  self.server = server
  open_sides(self, options)
  connect_parts(self, options)
  if options.page then
    self.page, message, code = Page.start(self, options.page ~= true and options.page or {})
    if not self.page then
      self:stop()
      return nil, message, code
    end
  end
  return self
end

---Where people can use it in a browser.
---@return string? url with a secret in it, new at each start; nil without the option `page`
function Sandbox:page_url()
  return self.page and self.page:url()
end

---Ends it: every connection is closed at once.
function Sandbox:stop()
  if self.stopped then
    return
  end
  self.stopped = true
  if self.page then
    self.page:stop()
  end
  self:deliver_over_http(false)
  self.scheduled:stop()
  self.socket:stop()
  self.server:close()
  loop.unregister(self.source)
  remove_files(self)
  self:changed()
end

Sandbox.__close = Sandbox.stop

-- Waiting for something to be so ------------------------------------------------

-- Something has happened: looks at every condition that is waited for.
function Sandbox:changed()
  if self.page then
    self.page:changed()
  end
  local waits = self.waits
  for position = #waits, 1, -1 do
    local wait = waits[position]
    local value = wait.condition()
    if value then
      table.remove(waits, position)
      wait.waiter:resolve(value)
    end
  end
end

---Waits until condition() gives a true value, which is looked at whenever
---something happens here.
---@async
---@param condition fun(): any
---@param timeout? number seconds, 5
---@return any value nil, "timeout" when it never was
function Sandbox:wait(condition, timeout)
  checks.type("wait: condition", condition, "function")
  local value = condition()
  if value then
    return value
  end
  local wait = { condition = condition, waiter = tasks.waiter() }
  wait.waiter.on_abandon = function()
    for position, other in ipairs(self.waits) do
      if other == wait then
        table.remove(self.waits, position)
        return
      end
    end
  end
  table.insert(self.waits, wait)
  return wait.waiter:await(timeout or self.options.patience or 5)
end

-- Looking and steering ------------------------------------------------------------

---The open Socket Mode connections, oldest first.
---@return slack.sandbox.Connection[]
function Sandbox:connections()
  return self.socket.connections
end

---Waits until so many connections are open and greeted.
---@async
---@param count? integer 1
---@param timeout? number seconds, 5
---@return slack.sandbox.Connection[]? connections nil, "timeout"
function Sandbox:wait_connections(count, timeout)
  return self:wait(function()
    local ready = {}
    for _, connection in ipairs(self.socket.connections) do
      if connection.ready and not connection.leaving then
        table.insert(ready, connection)
      end
    end
    return #ready >= (count or 1) and ready
  end, timeout)
end

---The Web API calls so far, oldest first; with the option `most_calls` the last ones.
---@param method? string only this one's
---@return { method: string, args: table, token: string?, at: number, ok: boolean }[]
function Sandbox:calls(method)
  local found = {}
  for _, call in ipairs(self.api.calls) do
    if not method or call.method == method then
      table.insert(found, call)
    end
  end
  return found
end

---Makes a Web API method fail, "*" for all; nil ends it.
---@param method string
---@param failure? slack.sandbox.Failure
function Sandbox:fail(method, failure)
  checks.failure(method, failure)
  self.api:fail(method, failure)
end

---Refuses every WebSocket upgrade with an HTTP status; 0 ends it.
---@param status integer
function Sandbox:refuse_upgrades(status)
  self.server:refuse_upgrades(status)
end

return Sandbox
