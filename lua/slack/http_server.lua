-- The HTTP side of an app: listens, lets Slack's requests go through the gate, and
-- runs the handlers of routes for all others.

local CertificateWatch = require "slack.certificate_watch"
local Failures = require "slack.failures"
local Job = require "slack.job"
local LogLimit = require "slack.log_limit"
local RouteContext = require "slack.route_context"
local Strays = require "slack.strays"
local core = require "slack.core"
local form = require "slack.form"
local http_options = require "slack.http_options"
local loop = require "slack.loop"
local response = require "slack.response"
local tasks = require "slack.tasks"

-- Between two looks at whether connections are left.
local FINISH_CHECK = 0.01

-- Seconds between two lines about requests that one route had no room for.
local PERIOD = 60

local DEFAULT_HOST = "0.0.0.0"
local LOOPBACK_OF = { ["0.0.0.0"] = "127.0.0.1", ["::"] = "::1" }
-- Handed to the core as they are.
local CORE_OPTIONS = {
  "max_head", "max_body", "max_bodies", "head_timeout", "body_timeout", "idle_timeout",
  "max_connections", "max_requests", "reuse_port",
}
local WORDS = {
  [400] = "bad request", [404] = "not found", [405] = "method not allowed",
  [500] = "internal server error", [503] = "service unavailable",
}

---@class slack.HttpServerSettings
---@field app slack.App with its routes
---@field options? table the option http
---@field gate? slack.core.http_receiver
---@field log? slack.Logger

---@class slack.HttpServer
---@field is_open boolean
---@field running integer handlers of routes
---@field most_running number
---@field strays slack.Strays
---@field counts { requests: integer, failed: integer, crowded: integer }
local HttpServer = {}
HttpServer.__index = HttpServer
HttpServer.__name = "slack.http_server"

---@param settings slack.HttpServerSettings
---@return slack.HttpServer
function HttpServer.new(settings)
  local app = settings.app
  local self = setmetatable({
    app = app, options = settings.options or {}, gate = settings.gate, routes = app.routes,
    log = (settings.log or app.log):with { component = "http" }, is_open = false, running = 0,
    counts = { requests = 0, failed = 0, crowded = 0 }, refusals = LogLimit.new(loop.now, PERIOD),
  }, HttpServer)
  self.strays = Strays.new(app.settings, self.log)
  self.most_running = math.min(app.dispatch.limit, self.options.max_requests or math.huge)
  self.counting = setmetatable({}, { __close = function() self.running = self.running - 1 end })
  return self
end

-- Exchanges -----------------------------------------------------------------------

-- One request and its answer. Closed unanswered, as when its task is cancelled, it
-- is answered that the service has ended.
---@class slack.Exchange
---@field server slack.HttpServer
---@field number integer
---@field acked boolean whether it has been answered
---@field method string and what else a context is made of
local Exchange = {}
Exchange.__index = Exchange
Exchange.__name = "slack.exchange"

function Exchange:answer(status, headers, body)
  if self.acked then
    return
  end
  self.acked = true
  local path = self.route and self.route.path or "none"
  self.server.app.measures.routes:count(path, tostring(status))
  local core_server = self.server.core
  if core_server then
    core_server:respond(self.number, status, headers, body)
  end
end

-- In a word, and nothing about why.
function Exchange:refuse(status, headers)
  headers = headers or {}
  local text = WORDS[status]
  if text then
    headers[#headers + 1], headers[#headers + 2] = "Content-Type", "text/plain; charset=utf-8"
  end
  self:answer(status, headers, text or "")
end

function Exchange:__close()
  self:refuse(503)
end

-- Running -------------------------------------------------------------------------

local function answer_with(exchange, route, value)
  local server = exchange.server
  local status, headers, body = response.read(value, server.is_secure)
  if status then
    return exchange:answer(status, headers, body)
  end
  server.counts.failed = server.counts.failed + 1
  server.log:error("%s: what it returned is no answer: %s", tostring(route), headers)
  exchange:refuse(500)
end

local function call_handler(c)
  return c.listener.handler(c)
end

-- nil with a second value is what fails gives, passed on: no answer without a body.
local function run(exchange, c)
  local _ <close> = exchange
  local ok, value, err = xpcall(call_handler, Failures.trace, c)
  if ok and (value ~= nil or err == nil) then
    return answer_with(exchange, c.listener, value)
  end
  local counts = exchange.server.counts
  counts.failed = counts.failed + 1
  exchange:refuse(500)
  local failure = ok and { err = err, traceback = "", listener = c.listener }
    or Failures.of(value, c.listener)
  c.app.dispatch.failures:report(c, failure, true)
end

-- The job is closed after all else, and tells the app that it has ended.
local function run_job(job)
  local server = job.c.request.server
  server.running = server.running + 1
  local count <close> = server.counting -- luacheck: ignore 211
  run(job.c.request, job.c)
  job.completed = true
end

local function turn_away(self, exchange, route)
  self.counts.crowded = self.counts.crowded + 1
  exchange:refuse(503, { "Retry-After", "1" })
  local is_due, more = self.refusals:is_due(tostring(route))
  if is_due then
    self.log:warn("%s: refused with 503: %s%s", tostring(route), self.app.phase == "starting"
      and "the app is still starting" or ("%d handlers of routes run already, which is all that "
      .. "max_in_flight and http.max_requests let run"):format(self.running),
      more > 0 and ("; %d more like it since the last line"):format(more) or "")
  end
end

-- Routes take no room from what Slack delivers, but as much again at most.
local function begin(self, exchange, c)
  local route = c.listener
  if route.is_probe then
    tasks.spawn(run, exchange, c)
  elseif self.app.phase == "starting" or self.running >= self.most_running then
    turn_away(self, exchange, route)
  else
    local job = Job.new(self.app.dispatch, c, route)
    job.outcome = false
    job:start(run_job, "aside")
  end
end

-- Requests ------------------------------------------------------------------------

local function split_target(target)
  target = target:gsub("^[Hh][Tt][Tt][Pp][Ss]?://[^/?]*", "")
  local path, query = target:match "^([^?]*)%??(.*)$"
  return path == "" and "/" or path, query
end

---Takes a request, which is answered through the core by its number.
---@param number integer
---@param method string
---@param target string
---@param headers string lines as received
---@param body string
---@param received number when it came
function HttpServer:take(number, method, target, headers, body, received)
  self.counts.requests = self.counts.requests + 1
  local path, query = split_target(target)
  local exchange = setmetatable({ server = self, number = number, acked = false }, Exchange)
  local route, params = self.routes:find(method, path)
  if not route then
    local miss = params
    self.strays:note(method, path, headers)
    return exchange:refuse(miss.status, miss.allow and { "Allow", miss.allow })
  end
  local values, all = form.decode(query)
  if not values then
    return exchange:refuse(400)
  end
  exchange.route, exchange.method, exchange.path, exchange.headers = route, method, path, headers
  exchange.query, exchange.query_values = values, all
  exchange.body, exchange.received = body, received
  begin(self, exchange, RouteContext.new(exchange, self.app, route, params))
end

-- Life ----------------------------------------------------------------------------

local function core_settings(self)
  local options = self.options
  local tls = options.tls or {}
  local given = {
    mailbox = loop.mailbox(), source = self.source, log = self.log:core(), gate = self.gate,
    host = options.host or DEFAULT_HOST, port = options.port or 0,
    cert_file = tls.cert, key_file = tls.key,
  }
  for _, name in ipairs(CORE_OPTIONS) do
    given[name] = options[name]
  end
  return given
end

local function watch_certificate(self, tls)
  self.certificate = CertificateWatch.new {
    files = { tls.cert, tls.key }, log = self.log,
    reload = function() return self.core:reload_certificate() end,
  }
  self.certificate:start()
end

---Listens.
---@return true? ok
---@return slack.Error? err
function HttpServer:open()
  self.source = loop.register(function(kind, ...)
    if kind == "request" then
      self:take(...)
    end
  end)
  local server, message, code = core.http_server(core_settings(self))
  if not server then
    self:close()
    return nil, http_options.cannot_listen(message, code)
  end
  self.core, self.is_open, self.is_secure = server, true, self.options.tls ~= nil
  if self.is_secure then
    watch_certificate(self, self.options.tls)
  end
  return true
end

---Loads the files of the certificate again, which happens by itself when they change.
---Connections that are there go on with the old one.
---@return true? ok
---@return string? message why the old one stays
function HttpServer:reload_certificate()
  if self.certificate then
    return self.certificate:reload()
  end
  return true
end

---@return integer? port that was bound
function HttpServer:port()
  return self.core and self.core:port()
end

local function url_with(self, host)
  host = host:find(":", 1, true) and "[" .. host .. "]" or host
  return ("%s://%s:%d"):format(self.is_secure and "https" or "http", host, self:port())
end

---Where it can be reached from this machine, without a path.
---@return string?
function HttpServer:url()
  local host = self.options.host or DEFAULT_HOST
  return self.core and url_with(self, LOOPBACK_OF[host] or host)
end

---The address it is bound to, written as a URL: "http://0.0.0.0:3000" is reached from
---other machines too.
---@return string?
function HttpServer:bound_url()
  return self.core and url_with(self, self.options.host or DEFAULT_HOST)
end

---Accepts no more connections; what was begun is finished.
function HttpServer:finish()
  if self.core then
    self.core:finish()
  end
end

---Answers a request that the gate has given to somebody else.
---@param number integer
---@param status integer
---@param headers string[] alternating names and values
---@param body string
function HttpServer:respond(number, status, headers, body)
  if self.core then
    self.core:respond(number, status, headers, body)
  end
end

---Waits until the last answers are out and every connection is closed, after finish.
---@async
---@param timeout number seconds
function HttpServer:wait_finished(timeout)
  local deadline = loop.now() + timeout
  while self.core and self.core:stats().connections > 0 and loop.now() < deadline do
    tasks.sleep(FINISH_CHECK)
  end
end

---Ends every connection at once.
function HttpServer:close()
  self.is_open = false
  if self.certificate then
    self.certificate:stop()
    self.certificate = nil
  end
  if self.core then
    self.core:close()
    self.core = nil
  end
  if self.source then
    loop.unregister(self.source)
    self.source = nil
  end
end

---@return table
function HttpServer:stats()
  local stats = self.core and self.core:stats() or {}
  stats.running = self.running
  stats.routes = {}
  for name, count in pairs(self.counts) do
    stats.routes[name] = count
  end
  return stats
end

return HttpServer
