-- The local Slack: a workspace on this machine that speaks Slack's wire
-- protocol (Web API, Socket Mode, response URLs), so that a bot can be run,
-- shown and tested without an account.
--
--   local sandbox = require "slack.sandbox"
--   local slack_here <close> = assert(sandbox.start())
--   -- app: api_url = slack_here.api_url, ca_file = slack_here.ca_file,
--   --      token = slack_here.bot_token, app_token = slack_here.app_token
--   slack_here:say { user = "ada", channel = "general", text = "hello" }

local Api = require "slack.sandbox.api"
local Socket = require "slack.sandbox.socket"
local Workspace = require "slack.sandbox.workspace"
local checks = require "slack.sandbox.checks"
local core = require "slack.core"
local json = require "slack.json"
local logs = require "slack.log"
local loop = require "slack.loop"
local near_miss = require "slack.near_miss"
local people = require "slack.sandbox.interactions"
local responses = require "slack.sandbox.responses"
local tasks = require "slack.tasks"
local transports = require "slack.sandbox.transports"

---@class slack.Sandbox: slack.sandbox.People, slack.sandbox.Transports
---@field api_url string "https://localhost:PORT/api/"
---@field ca_file string? the authority to trust; nil without TLS
---@field bot_token string
---@field app_token string
---@field signing_secret string
---@field workspace slack.sandbox.Workspace
local Sandbox = setmetatable({}, { __index = people })
Sandbox.__index = Sandbox
Sandbox.__name = "slack.sandbox"

for name, method in pairs(transports) do
  Sandbox[name] = method
end

local TRIGGER_LIFE = 3

---@class slack.SandboxOptions: slack.sandbox.WorkspaceOptions
---@field port? integer of the Web API; 0, the default: any free one
---@field websocket_port? integer of Socket Mode; 0: any free one
---@field bot_token? string "xoxb-…"; by default a new one at each start
---@field app_token? string "xapp-…"; by default a new one at each start
---@field tls? boolean false: plain http and ws
---@field certificate? table names, starts_in, ends_in: see core.certificate
---@field hello? boolean false: connections are never greeted
---@field ping_interval? number seconds, 10
---@field ack_timeout? number seconds until an event is delivered again, 3
---@field retry_delays? number[] seconds, { 0, 60, 300 }
---@field log? slack.Logger

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  assert(file:close())
  return path
end

local function make_certificate(settings)
  local pem = assert(core.certificate(settings or {}))
  local directory = assert(core.temporary_directory())
  return {
    directory = directory,
    authority = write_file(directory .. "/authority.pem", pem.authority),
    certificate = write_file(directory .. "/certificate.pem", pem.certificate),
    key = write_file(directory .. "/key.pem", pem.key),
  }
end

local function remove_files(files)
  if files then
    os.remove(files.authority)
    os.remove(files.certificate)
    os.remove(files.key)
    os.remove(files.directory)
  end
end

local function new_token(prefix)
  local parts = { prefix }
  for _ = 1, 3 do
    table.insert(parts, Workspace.new_id "":sub(2))
  end
  return table.concat(parts, "-")
end

local function connect_parts(self, options)
  local scheme = self.files and "s" or ""
  self.workspace.on_event = function(event)
    self:deliver_event(event)
  end
  self.url = ("http%s://localhost:%d/"):format(scheme, self.server:port())
  self.api_url = self.url .. "api/"
  self.socket = Socket.new {
    server = self.server,
    url = ("ws%s://localhost:%d"):format(scheme, self.server:websocket_port()),
    app_id = self.workspace.app_id,
    await = function(condition, timeout) return self:wait(condition, timeout) ~= nil end,
    log = self.log,
    hello = options.hello,
    ping_interval = options.ping_interval,
    ack_timeout = options.ack_timeout,
    retry_delays = options.retry_delays,
  }
  self.api = Api.new {
    workspace = self.workspace,
    tokens = {
      [self.bot_token] = { type = "bot", user_id = self.workspace.bot.user_id },
      [self.app_token] = { type = "app" },
    },
    open_connection = function() return self.socket:open_connection() end,
    use_trigger = function(id) return self:use_trigger(id) end,
  }
end

local OPTIONS = {
  port = "number", websocket_port = "number", tls = "boolean", certificate = "table",
  hello = "boolean", ping_interval = "number", ack_timeout = "number", retry_delays = "table",
  log = "table", team_name = "string", bot_name = "string", users = "table", channels = "table",
  clock = "function", bot_token = "string", app_token = "string",
}

-- Nothing that would not stand in a header as it is.
local TOKENS = { bot_token = "^xoxb%-[%w.-]+$", app_token = "^xapp%-[%w.-]+$" }

local function check_options(options)
  for name, value in pairs(options) do
    local expected = OPTIONS[name]
    if not expected then
      error(("sandbox.start: unknown option '%s'%s"):format(tostring(name),
        near_miss(name, OPTIONS)), 3)
    elseif type(value) ~= expected then
      error(("sandbox.start: option '%s': %s expected, got %s"):format(
        name, expected, type(value)), 3)
    elseif TOKENS[name] and not value:find(TOKENS[name]) then
      error(("sandbox.start: option '%s': %s-, then letters, digits, dots and dashes expected")
        :format(name, TOKENS[name]:sub(2, 5)), 3)
    end
  end
  return options
end

---Starts a local Slack.
---@param options? slack.SandboxOptions
---@return slack.Sandbox?, string? message, string? code
function Sandbox.start(options)
  options = check_options(options or {})
  local self = setmetatable({
    options = options,
    workspace = Workspace.new(options),
    bot_token = options.bot_token or new_token "xoxb",
    app_token = options.app_token or new_token "xapp-1",
    signing_secret = Workspace.new_id "":lower() .. Workspace.new_id "":lower(),
    log = options.log or logs.default(),
    waits = {},
    triggers = {},
    responses = {},
    last_event = 0,
    files = options.tls ~= false and make_certificate(options.certificate) or nil,
  }, Sandbox)
  self.ca_file = self.files and self.files.authority
  self.source = loop.register(function(kind, ...)
    if kind == "request" then
      tasks.spawn(self.on_request, self, ...)
    elseif kind == "websocket" then
      self.socket:on_message(...)
      self:changed()
    end
  end)
  local server, message, code = core.http_server {
    mailbox = loop.mailbox(),
    source = self.source,
    log = self.log:core(),
    port = options.port or 0,
    websocket_port = options.websocket_port or 0,
    cert_file = self.files and self.files.certificate,
    key_file = self.files and self.files.key,
  }
  if not server then
    loop.unregister(self.source)
    remove_files(self.files)
    return nil, message, code
  end
  self.server = server
  connect_parts(self, options)
  return self
end

---Ends it: every connection is closed at once.
function Sandbox:stop()
  if self.stopped then
    return
  end
  self.stopped = true
  self:deliver_over_http(false)
  self.socket:stop()
  self.server:close()
  loop.unregister(self.source)
  remove_files(self.files)
  self:changed()
end

Sandbox.__close = Sandbox.stop

-- Waiting for something to be so ------------------------------------------------

-- Something has happened: looks at every condition that is waited for.
function Sandbox:changed()
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
  return wait.waiter:await(timeout or 5)
end

-- Serving ------------------------------------------------------------------------

local function parse_headers(lines)
  local headers = {}
  for name, value in lines:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)" do
    headers[name:lower()] = value
  end
  return headers
end

function Sandbox:on_request(id, method, target, headers, body)
  local path, query = target:match "^([^?]*)%??(.*)$"
  local request = {
    method = method,
    path = path,
    query = query,
    headers = parse_headers(headers),
    body = body,
  }
  local respond_to = path:match "^/commands/%w+/(%w+)$"
  local status, answer_headers, answer
  if respond_to then
    status, answer_headers, answer = responses.handle(self, respond_to, request)
  else
    status, answer_headers, answer = self.api:handle(request)
  end
  if self.stopped then
    return
  elseif status == "drop" then
    self.server:drop(id)
  else
    self.server:respond(id, status, answer_headers, answer)
  end
  self:changed()
end

-- Triggers and deliveries ----------------------------------------------------------

---A trigger_id that works once, within three seconds.
---@return string
function Sandbox:new_trigger()
  local id = ("%d.%d.%s"):format(
    math.random(10 ^ 12 // 1), math.random(10 ^ 12 // 1), Workspace.new_id "":lower())
  self.triggers[id] = { until_time = loop.now() + TRIGGER_LIFE }
  return id
end

---Spends a trigger_id.
---@param id string
---@return true?, string? error Slack's word
function Sandbox:use_trigger(id)
  local trigger = self.triggers[id]
  if not trigger then
    return nil, "invalid_trigger_id"
  elseif trigger.used then
    return nil, "exchanged_trigger_id"
  elseif loop.now() > trigger.until_time then
    return nil, "expired_trigger_id"
  end
  trigger.used = true
  return true
end

---Delivers an inner event to the app, wrapped as Slack does.
---@param event table
---@param options? slack.sandbox.DeliveryOptions
---@return slack.sandbox.Delivery
function Sandbox:deliver_event(event, options)
  local workspace = self.workspace
  return self:deliver("events_api", {
    type = "event_callback",
    token = "verification-token",
    team_id = workspace.team.id,
    context_team_id = workspace.team.id,
    context_enterprise_id = json.null,
    api_app_id = workspace.app_id,
    event = event,
    event_id = Workspace.new_id "Ev",
    event_time = math.floor(workspace.clock()),
    authorizations = {
      {
        enterprise_id = json.null,
        team_id = workspace.team.id,
        user_id = workspace.bot.user_id,
        is_bot = true,
        is_enterprise_install = false,
      },
    },
    is_ext_shared_channel = false,
    event_context = "4-" .. Workspace.new_id "",
  }, options)
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

---The Web API calls so far, oldest first.
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
