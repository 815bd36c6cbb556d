local exposition = require "support.exposition"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local serving = require "support.serving"
local signed = require "support.signed"
local slack = require "slack"
local tasks = require "slack.tasks"

local HTTP <const> = { host = "127.0.0.1", port = 0 }

local function get(app, path)
  return assert(slack.fetch(app.http_server:url() .. path))
end

local function ready(app)
  local answer = get(app, "/ready")
  local page = json.decode(answer.body)
  assert.equal(#page.missing == 0, page.ready)
  assert.equal(page.ready and 200 or 503, answer.status)
  assert.equal("no-store", answer.headers["cache-control"])
  return page.missing, page.phase
end

describe("/health", function()
  it("is ok while the Lua thread runs", function()
    serving.run(function(on)
      local answer = on.request "/health"
      assert.same({ 200, "ok", "no-store" },
        { answer.status, answer.body, answer.headers["cache-control"] })
      assert.equal(405, on.request("/health", { method = "POST" }).status)
    end)
  end)

  it("and its neighbors are where the options say, or nowhere", function()
    serving.run(function(on)
      assert.equal("ok", on.request("/alive").body)
      assert.equal(404, on.request("/health").status)
      assert.equal(404, on.request("/metrics").status)
      assert.equal(503, on.request("/ready").status)
    end, { http = { health = "/alive", metrics = false } })
  end)
end)

describe("/ready", function()
  it("is so on a Socket Mode app with all that it needs", function()
    live.run(function(_, new_app)
      local app = new_app { http = HTTP }
      app:message(print)
      assert(app:start())
      local missing, phase = ready(app)
      assert.same({}, missing)
      assert.equal("running", phase)
    end)
  end)

  it("names the token while Slack cannot be asked about it; nothing is taken so long", function()
    live.run(function(here, new_app)
      local app = new_app { http = HTTP, transport = "http", signing_secret = signed.SECRET }
      local said
      app:event("app_mention", function() said = true end)
      app:route("GET", "/a", function() return "a" end)
      here:fail("auth.test", { status = 503, body = "away" })
      local starting = tasks.spawn(app.start, app)
      live.wait(function() return app.http_server and app.http_server.is_open end)
      local missing, phase = ready(app)
      assert.same({ "running", "token", "http" }, missing)
      assert.equal("starting", phase)
      assert.equal(200, get(app, "/health").status)
      assert.equal(503, get(app, "/a").status)
      local url = app.http_server:url() .. "/slack/events"
      local event = signed.event({ type = "app_mention", user = "U1" }, "Ev1")
      assert.equal(503, signed.post(url, event).status)
      assert.is_nil(said)
      app.health.clock = function() return math.huge end
      here:fail "auth.test"
      assert.is_true((select(2, starting:join())))
      assert.same({}, (ready(app)))
      assert.equal("a", get(app, "/a").body)
      assert.equal(200, signed.post(url, event).status)
      live.wait(function() return said end)
    end)
  end)

  it("names Socket Mode while no connection is there; metrics count that it came back", function()
    live.run(function(here, new_app)
      local app = new_app { http = HTTP, connections = 1 }
      local now = 0
      app.health.clock = function()
        now = now + 10
        return now
      end
      assert(app:start())
      here:refuse_upgrades(503)
      here:connections()[1]:reset()
      live.wait(function() return app.transports[1].ready == 0 end)
      assert.same({ "socket" }, (ready(app)))
      here:refuse_upgrades(0)
      live.wait(function() return app.transports[1]:is_ready() end)
      assert.same({}, (ready(app)))
      live.wait(function()
        local _, value = exposition.parse(get(app, "/metrics").body)
        return value "slack_socket_reconnects_total" >= 1
          and value "slack_socket_connections_ready" == 1
      end)
    end)
  end)

  for name, get_of in pairs {
    ["that fails"] = function() return nil, { code = "io", message = "disk full" } end,
    ["that raises"] = function() error "broken" end,
    ["that never answers"] = function() tasks.waiter():await() end,
  } do
    it("names a storage " .. name, function()
      serving.run(function(on)
        on.app.phase, on.app.store = "running", { get = get_of }
        on.app.health.storage_timeout = 0.02
        assert.same({ "storage" }, (ready(on.app)))
      end)
    end)
  end

  it("asks the storage once, however many want to know", function()
    serving.run(function(on)
      local gate, asked, now = tasks.waiter(), 0, 100
      on.app.health.clock = function() return now end
      on.app.phase, on.app.store = "running", { get = function()
        asked = asked + 1
        gate:await()
      end }
      local first, second = tasks.spawn(ready, on.app), tasks.spawn(ready, on.app)
      live.wait(function() return on.server.counts.requests == 2 end)
      gate:resolve()
      assert.is_true((first:join()))
      assert.is_true((second:join()))
      assert.same({}, (ready(on.app)))
      assert.equal(1, asked)
      now = 102
      assert.same({}, (ready(on.app)))
      assert.equal(2, asked)
    end)
  end)

  it("is not so from the moment the app stops", function()
    live.run(function(_, new_app)
      local app = new_app { http = HTTP }
      local gate = tasks.waiter()
      app:route("GET", "/a", function() gate:await() end)
      assert(app:start())
      assert.same({}, (ready(app)))
      tasks.spawn(get, app, "/a")
      live.wait(function() return app.dispatch.running == 1 end)
      local stopping = tasks.spawn(app.stop, app)
      live.wait(function() return app.phase == "stopping" end)
      assert.same({ "running" }, app.health:missing())
      gate:resolve()
      stopping:join()
    end)
  end)
end)

describe("/metrics", function()
  local function read(app)
    local answer = get(app, "/metrics")
    assert.equal("text/plain; version=0.0.4; charset=utf-8", answer.headers["content-type"])
    return exposition.parse(answer.body)
  end

  it("tells of a Socket Mode app: deliveries, handlers, acks, calls, connections", function()
    live.run(function(here, new_app)
      local app = new_app { http = HTTP }
      app:event("app_mention", function() end)
      app:event("app_mention", function() end)
      app:message("fail", function() error "on purpose" end)
      app:on_error(function() end)
      app:command("/go", function(c) c:ack "going" end)
      assert(app:start())
      here:say { user = "ada", channel = "general", text = "fail" }
      here:say { user = "ada", channel = "general", text = "nobody" }
      here:command { user = "ada", channel = "general", command = "/go" }
      here:deliver_event { type = "app_mention", user = "U1", channel = "C1", text = "x" }
      app.client.api.test()
      app.client.nothing.such()
      local value
      live.wait(function()
        value = select(2, read(app))
        return value("slack_events_total", { type = "app_mention", outcome = "handled" }) == 1
          and value("slack_ack_seconds_count", { transport = "socket" }) == 1
      end)
      assert.equal(1, value("slack_events_total", { type = "message", outcome = "failed" }))
      assert.equal(1, value("slack_events_total", { type = "message", outcome = "unmatched" }))
      assert.equal(1, value("slack_events_total", { type = "command", outcome = "handled" }))
      assert.equal(3, value("slack_handler_seconds_count", { kind = "event" }))
      assert.equal(1, value("slack_handler_seconds_count", { kind = "command" }))
      assert.equal(1, value("slack_api_calls_total", { method = "auth.test", outcome = "ok" }))
      assert.equal(1, value("slack_api_calls_total", {
        method = "nothing.such", outcome = "refused",
      }))
      assert.is_true(value "slack_socket_connections_ready" >= 1)
      assert.equal(0, value "slack_socket_reconnects_total")
      assert.equal(0, value("slack_queue_depth", { queue = "socket" }))
    end)
  end)

  it("tells of Web API calls: failures by code, retries, limits, waits, transfers", function()
    live.run(function(here, new_app)
      local app = new_app { http = HTTP, retries = { first_delay = 0.001 } }
      assert(app:start())
      here:fail("users.info", { status = 500, times = 1 })
      local _, err = app.client.users.info { user = "U0NOBODY" }
      here:fail("users.list", { error = "ratelimited", retry_after = 0, times = 1 })
      assert(app.client.users.list())
      local _, value = read(app)
      assert.equal(1, value("slack_api_failures_total", { code = err.code }))
      assert.equal(1, value("slack_api_retries_total", { method = "users.info" }))
      assert.equal(1, value("slack_api_rate_limits_total", { method = "users.list" }))
      assert.equal(1, value("slack_api_wait_seconds_count", { reason = "retry" }))
      assert.equal(0, value "slack_api_calls_waiting")
      assert.equal(0, value "slack_client_waiting")
      assert.is_true(value "slack_client_opened_total" >= 1)
      assert.is_true(value "slack_client_bytes_sent_total" > 0)
    end)
  end)

  it("tells of an HTTP app: deliveries, refusals, acks, routes", function()
    live.run(function(_, new_app)
      local app = new_app { http = HTTP, transport = "http", signing_secret = signed.SECRET }
      app:event("app_mention", function() end)
      app:route("GET", "/a/:b", function() return "a" end)
      assert(app:start())
      local url = app.http_server:url() .. "/slack/events"
      local event = { type = "app_mention", user = "U1" }
      assert.equal(200, signed.post(url, signed.event(event, "Ev1")).status)
      assert.equal(200, signed.post(url, signed.event(event, "Ev1")).status)
      assert.equal(401, slack.fetch(url, { method = "POST", body = "{}" }).status)
      get(app, "/a/1")
      get(app, "/a/2")
      get(app, "/nowhere")
      local value
      live.wait(function()
        value = select(2, read(app))
        return value("slack_events_total", { type = "app_mention", outcome = "duplicate" }) == 1
      end)
      assert.equal(1, value("slack_events_total", { type = "app_mention", outcome = "handled" }))
      assert.equal(2, value("slack_http_deliveries_total", { kind = "event" }))
      assert.equal(1, value("slack_http_unverified_total", { reason = "unsigned" }))
      assert.equal(2, value("slack_ack_seconds_count", { transport = "http" }))
      assert.equal(2, value("slack_route_requests_total", { route = "/a/:b", status = "200" }))
      assert.equal(1, value("slack_route_requests_total", { route = "none", status = "404" }))
      assert.is_true(value "slack_http_connections_total" >= 1)
      assert.is_true(value "slack_http_requests_total" >= 6)
      assert.equal(1, value "slack_http_requests_waiting") -- the one that asks
    end)
  end)

  it("tells of the process and of how it was built", function()
    serving.run(function(on)
      local families, value = read(on.app)
      assert.is_true(value "process_resident_memory_bytes" > 1024 * 1024)
      assert.is_true(value "process_cpu_seconds_total" > 0)
      assert.is_true(value "slack_lua_memory_bytes" > 1024)
      local labels = families.slack_build_info.samples[1].labels
      assert.equal(require "slack.version", labels.version)
      assert.matches("^%d+%.%d+", labels.libwebsockets)
    end)
  end)

  it("tells of scripts that were loaded, and that were not", function()
    local folder <close> = files.temporary()
    files.write(folder.path .. "/a.lua", "local app = ...\napp:message(print)")
    files.write(folder.path .. "/b.lua", "local")
    serving.run(function(on)
      assert(on.app.scripts:start())
      local _, value = read(on.app)
      assert.equal(1, value("slack_script_loads_total", { outcome = "ok" }))
      assert.equal(1, value("slack_script_loads_total", { outcome = "failed" }))
      assert.equal(1, value "slack_listeners")
      on.app.scripts:stop()
    end, { scripts = folder.path })
  end)

  it("tells of what was due by the clock, where something is", function()
    serving.run(function(on)
      local _, value = read(on.app)
      assert.is_nil(value("slack_schedule_runs_total", { outcome = "ok" }))
      local ended = tasks.waiter()
      on.app:every("10ms", function()
        if on.app.schedule.counts.run == 1 then
          ended:resolve(true)
        end
        error "broken"
      end)
      on.app.schedule:start()
      ended:await()
      on.app.schedule:stop()
      _, value = read(on.app)
      assert.equal(0, value("slack_schedule_runs_total", { outcome = "ok" }))
      assert.is_true(value("slack_schedule_runs_total", { outcome = "failed" }) >= 1)
    end)
  end)

  it("keeps what strangers send from filling it", function()
    serving.run(function(on)
      for i = 1, 600 do
        on.offline:event { type = "type" .. i, user = "U1" }
      end
      on.offline:event { type = 'a"b\\c\nd', user = "U1" }
      local families, value = read(on.app)
      assert.equal(501, #families.slack_events_total.samples)
      assert.equal(101, value("slack_events_total", { type = "other", outcome = "unmatched" }))
    end)
  end)

  it("has the program's own numbers too", function()
    serving.run(function(on)
      on.app.metrics:counter("bot_deploys_total", "Deploys.", { "branch" }):add(1, "main")
      local _, value = read(on.app)
      assert.equal(1, value("bot_deploys_total", { branch = "main" }))
    end)
  end)
end)
