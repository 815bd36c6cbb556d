-- What an app measures of itself. Counted where it happens: deliveries, handlers,
-- acks, API calls, routes. All else is asked of its parts when somebody wants to
-- read it.

local Metrics = require "slack.metrics"
local core = require "slack.core"
local loop = require "slack.loop"
local merged = require "slack.merged"
local sorted_keys = require "slack.sorted_keys"
local version = require "slack.version"

---@class slack.Measures
---@field app slack.App
---@field metrics slack.Metrics
---@field events slack.Counter
---@field event_rows table<string, table<string, integer>> those of events
---@field handler_rows table<string, table> those of handlers
---@field handlers slack.Histogram
---@field hogs slack.Counter
---@field acks slack.Histogram
---@field calls slack.Counter
---@field call_failures slack.Counter
---@field call_retries slack.Counter
---@field call_limits slack.Counter
---@field call_waits slack.Histogram
---@field routes slack.Counter
local Measures = {}
Measures.__index = Measures
Measures.__name = "slack.measures"

-- Called for every event: a function costs half of what a method does.
local count, record = Metrics.count, Metrics.record
local SHORTEST <const> = Metrics.SECONDS[1] -- what most handlers take

-- Counting ------------------------------------------------------------------------

---The end of a delivery.
---@param kind slack.Kind
---@param part table its payload
---@param outcome "handled"|"failed"|"unmatched"|"duplicate"|"ignored"|"unknown"|"unauthorized"
---  |"overloaded"
function Measures:delivered(kind, part, outcome)
  if kind == "event" then
    kind = part.type
  end
  local row = self.event_rows[kind]
  local before = row and row[outcome]
  if before then
    row[outcome] = before + 1
  else
    count(self.events, kind or "event", outcome)
  end
end

---The end of a handler.
---@param kind slack.Kind
---@param seconds number
function Measures:handled(kind, seconds)
  local row = self.handler_rows[kind]
  if row and seconds <= SHORTEST then
    row[1], row.sum = row[1] + 1, row.sum + seconds
  else
    record(self.handlers, seconds, kind)
  end
end

---Something has kept the Lua thread for longer than the option watchdog says.
function Measures:hogged()
  count(self.hogs)
end

---An ack that a handler owed. Over HTTP the server thread measures all answers.
---@param transport string
---@param seconds number since it had come
function Measures:acked(transport, seconds)
  if transport ~= "http" then
    self.acks:record(seconds, transport)
  end
end

-- Slack's own words are too many to be labels.
local FAILURES = { ratelimited = "ratelimited", timeout = "timeout" }

---The end of a Web API call.
---@param method string
---@param err? slack.Error
function Measures:called(method, err)
  self.calls:count(method, not err and "ok" or FAILURES[err.code] or err.response and "refused"
    or "failed")
  if err then
    count(self.call_failures, err.code)
  end
end

---An attempt of a Web API call follows a failed one.
---@param method string
function Measures:call_retried(method)
  count(self.call_retries, method)
end

---A Web API call was answered "too many".
---@param method string
function Measures:call_limited(method)
  count(self.call_limits, method)
end

---A Web API call has waited.
---@param seconds number
---@param reason "pacing"|"ratelimited"|"retry"
function Measures:call_waited(seconds, reason)
  record(self.call_waits, seconds, reason)
end

-- Asking --------------------------------------------------------------------------

-- Where the system tells it.
local function resident_memory()
  local file = io.open "/proc/self/status"
  local text = file and file:read "a"
  if file then
    file:close()
  end
  local kilobytes = text and text:match "VmRSS:%s*(%d+) kB"
  return kilobytes and math.tointeger(kilobytes) * 1024
end

local function write_process(_, write)
  write:single("process_resident_memory_bytes", "gauge", "Resident memory.", resident_memory())
  write:single("process_cpu_seconds_total", "counter", "CPU time of all threads.", os.clock())
  write:single("slack_lua_memory_bytes", "gauge", "Memory that Lua has allocated.",
    collectgarbage "count" * 1024 // 1)
  local labels = { "version", version, "lua", _VERSION:match "[%d.]+" }
  local libraries = core.versions()
  for _, name in ipairs { "libcurl", "libwebsockets", "openssl" } do
    labels[#labels + 1], labels[#labels + 2] = name, libraries[name]
  end
  write:family("slack_build_info", "gauge", "Versions, as labels of a constant 1.")
  write:sample(labels, 1)
end

local function write_dispatch(app, write)
  local dispatch = app.dispatch
  write:single("slack_handlers_running", "gauge", "Handlers that run or wait.", dispatch.running)
  write:single("slack_handlers_waiting", "gauge", "Handlers among them that wait for a person.",
    dispatch.waiting)
  write:single("slack_handlers_queued", "gauge", "Handlers among them that wait for their turn.",
    dispatch.queued)
  write:single("slack_listeners", "gauge", "Registered listeners.", dispatch.index.count)
  write:family("slack_queue_depth", "gauge", "What waits for Lua, by where it comes from.")
  for _, transport in ipairs(app.transports) do
    write:sample({ "queue", transport.name }, transport:waiting())
  end
  write:sample({ "queue", "internal" }, (loop.mailbox():load()))
end

local function write_by_script(write, name, help, numbers)
  write:family(name, "gauge", help)
  for _, script in ipairs(sorted_keys(numbers)) do
    write:sample({ "script", script }, numbers[script])
  end
end

local function write_scripts(app, write)
  local stats = app.scripts and app.scripts:stats()
  if not stats then
    return
  end
  write:family("slack_script_loads_total", "counter", "Scripts loaded, again or not, by outcome.")
  write:sample({ "outcome", "ok" }, stats.reloads)
  write:sample({ "outcome", "failed" }, stats.failures)
  local problems = {}
  for name in pairs(stats.generations) do
    problems[name] = 0
  end
  for _, problem in ipairs(app.scripts:problems()) do
    problems[problem.script] = 1
  end
  write_by_script(write, "slack_script_problem", "1: the last text of the script did not load.",
    problems)
  write_by_script(write, "slack_script_generation", "How often the script has been loaded.",
    stats.generations)
  write:single("slack_handlers_outdated", "gauge",
    "Handlers that go on on the code of a script that has been replaced.", app.scripts:running_on())
end

local function write_schedule(app, write)
  if app.schedule.entries[1] then
    local counts = app.schedule.counts
    write:family("slack_schedule_runs_total", "counter",
      "What was due by app:every and app:at, by what became of it.")
    write:sample({ "outcome", "ok" }, counts.run - counts.failed)
    write:sample({ "outcome", "failed" }, counts.failed)
    write:sample({ "outcome", "skipped" }, counts.skipped)
  end
end

local function transport_stats(app, name)
  for _, transport in ipairs(app.transports) do
    if transport.name == name then
      return transport:stats()
    end
  end
end

local function write_socket_mode(app, write)
  local stats = transport_stats(app, "socket") or transport_stats(app, "rtm")
  if stats then
    write:single("slack_socket_connections_ready", "gauge",
      "Connections of Socket Mode or RTM that are ready.", stats.ready)
    write:single("slack_socket_reconnects_total", "counter",
      "Connections of Socket Mode or RTM made again.", stats.reconnects)
    write:single("slack_socket_envelopes_total", "counter",
      "Deliveries over Socket Mode or RTM.", stats.envelopes)
    write:single("slack_socket_late_acks_total", "counter",
      "Acks that went out empty at their deadline.", stats.deadline_acks)
  end
end

local function write_receiver(app, write)
  local stats = transport_stats(app, "http")
  if not stats then
    return
  end
  write:family("slack_http_deliveries_total", "counter", "Verified deliveries, by kind.")
  for _, kind in ipairs { "event", "command", "interaction" } do
    local accepted = stats.accepted and stats.accepted[kind]
    if accepted then
      write:sample({ "kind", kind }, accepted)
    end
  end
  write:family("slack_http_unverified_total", "counter", "Requests refused with 401, by reason.")
  for _, reason in ipairs { "mismatched", "stale", "unsigned" } do
    if stats[reason] then
      write:sample({ "reason", reason }, stats[reason])
    end
  end
  write:family("slack_http_rejected_total", "counter",
    "Requests for Slack's paths refused with 400, 404, 405 or 503, by reason.")
  for _, reason in ipairs { "malformed", "unknown", "wrong_method", "crowded" } do
    if stats[reason] then
      write:sample({ "reason", reason }, stats[reason])
    end
  end
  write:single("slack_http_late_acks_total", "counter",
    "Requests answered empty at their deadline.", stats.deadlines)
  write:single("slack_http_gone_total", "counter",
    "Requests whose connection ended before the answer.", stats.gone)
end

local function write_server(app, write)
  local server = app.http_server
  local stats = server and server:stats()
  if not stats then
    return
  end
  write:single("slack_http_connections", "gauge", "Open connections.", stats.connections)
  write:single("slack_http_connections_total", "counter", "Connections accepted.",
    stats.connections_accepted)
  write:single("slack_http_connections_refused_total", "counter",
    "Connections over the limit.", stats.connections_refused)
  write:single("slack_http_requests_total", "counter", "Whole requests.", stats.requests)
  write:single("slack_http_requests_waiting", "gauge",
    "Requests that wait for Lua's answer.", stats.waiting)
  local refused = merged(stats.refused)
  if stats.routes.crowded > 0 or refused[503] then
    refused[503] = (refused[503] or 0) + stats.routes.crowded
  end
  if stats.refused then
    write:family("slack_http_refused_total", "counter",
      "Requests that the server itself refused, by status.")
    for _, status in ipairs(sorted_keys(refused)) do
      write:sample({ "status", tostring(status) }, refused[status])
    end
  end
end

local TRANSFERS = {
  { "running", "gauge", "Requests of the client thread that are under way." },
  { "waiting", "gauge", "Requests of the client thread that wait for their turn." },
  { "connections", "gauge", "Open connections of the client thread." },
  { "opened", "counter", "Connections that the client thread has opened." },
  { "reused", "counter", "Requests that found a connection open." },
  { "bytes_sent", "counter", "Bytes of requests." },
  { "bytes_received", "counter", "Bytes of answers." },
}

local function write_client(app, write)
  local stats = app.client:stats()
  write:single("slack_api_calls_waiting", "gauge", "Web API calls that wait for their turn.",
    stats.waiting)
  for _, family in ipairs(TRANSFERS) do
    local name, kind, help = table.unpack(family)
    write:single(("slack_client_%s%s"):format(name, kind == "counter" and "_total" or ""), kind,
      help, stats.transfers[name])
  end
end

local function write_entries(numbers, write)
  if numbers.waiting then
    write:family("slack_inbox_entries", "gauge",
      "Deliveries kept in the store, of all its processes, by state.")
    for _, state in ipairs { "waiting", "taken", "delayed", "dead" } do
      write:sample({ "state", state }, numbers[state])
    end
    write:single("slack_inbox_oldest_seconds", "gauge",
      "Age of the oldest that is neither done nor dead.", numbers.oldest)
  end
end

local function write_inbox(app, write)
  local numbers = app.inbox and app.inbox:numbers()
  if not numbers then
    return
  end
  write_entries(numbers, write)
  write:single("slack_inbox_in_hand", "gauge", "Deliveries of the inbox in hand here.",
    numbers.in_hand)
  write:family("slack_inbox_puts_total", "counter",
    "Deliveries put into the store before their ack, by outcome.")
  for _, outcome in ipairs { "stored", "known", "unstored" } do
    write:sample({ "outcome", outcome }, numbers[outcome])
  end
  write:single("slack_inbox_put_seconds_total", "counter",
    "From receipt until stored, added up over the deliveries that were.", numbers.put_seconds)
  write:single("slack_inbox_retries_total", "counter",
    "Deliveries handled again after a failure.", numbers.retried)
  write:single("slack_inbox_taken_over_total", "counter",
    "Deliveries handled again after a process had died or stopped.", numbers.taken_over)
  write:single("slack_inbox_given_up_total", "counter",
    "Deliveries given up after the last attempt.", numbers.given_up)
end

local function write_peers(app, write)
  if not app.peers then
    return
  end
  write:single("slack_peers", "gauge", "Other processes of the app that live.", #app.peers.list)
  write:single("slack_peer_failures_total", "counter",
    "Messages that could not be sent to other processes.", app.peers.counts.failed)
  write:single("slack_moved_events_total", "counter",
    "Events handed to another process, which waited for them.", app.dispatch.counts.moved)
  write:family("slack_relayed_total", "counter",
    "Commands and interactions handed to other processes, by what became of them, and taken.")
  for _, name in ipairs { "sent", "answered", "back", "taken" } do
    write:sample({ "outcome", name }, app.relays.counts[name])
  end
end

local WRITERS = {
  write_dispatch, write_inbox, write_peers, write_client, write_scripts, write_schedule,
  write_socket_mode, write_receiver, write_server, write_process,
}

---@param app slack.App
---@return slack.Measures
function Measures.new(app)
  local metrics = Metrics.new()
  metrics:collect(function(write)
    for _, fn in ipairs(WRITERS) do
      fn(app, write)
    end
  end)
  local self = setmetatable({
    app = app, metrics = metrics,
    events = metrics:own_counter("slack_events_total",
      "Deliveries from Slack, by type and what became of them.", { "type", "outcome" }),
    handlers = metrics:own_histogram("slack_handler_seconds",
      "From the start of a handler to its end, waiting included.", { "kind" }),
    hogs = metrics:own_counter("slack_hogs_total",
      "Times that the watchdog has named what kept the Lua thread.", {}),
    acks = metrics:own_histogram("slack_ack_seconds",
      "From a delivery to its answer; over Socket Mode those that handlers owed.",
      { "transport" }),
    calls = metrics:own_counter("slack_api_calls_total",
      "Web API calls, by method and outcome.", { "method", "outcome" }),
    call_failures = metrics:own_counter("slack_api_failures_total",
      "Web API calls that failed, by Slack's word or ours.", { "code" }),
    call_retries = metrics:own_counter("slack_api_retries_total",
      "Attempts of Web API calls after a failed one, by method.", { "method" }),
    call_limits = metrics:own_counter("slack_api_rate_limits_total",
      "Answers of the Web API with status 429, by method.", { "method" }),
    call_waits = metrics:own_histogram("slack_api_wait_seconds",
      "Waits of Web API calls, by what for: Slack's limits, its Retry-After, another attempt.",
      { "reason" }),
    routes = metrics:own_counter("slack_route_requests_total",
      "Requests for routes, by path as registered and status.", { "route", "status" }),
  }, Measures)
  self.event_rows, self.handler_rows = self.events.rows, self.handlers.rows
  self.acks.more = function(write) -- those over HTTP, which the server thread sends
    local stats = transport_stats(app, "http")
    if stats and stats.ack_latency then
      write:histogram({ "transport", "http" }, stats.ack_latency)
    end
  end
  return self
end

return Measures
