local KeptLog = require "support.kept_log"
local child = require "support.child"
local errors = require "slack.errors"
local files = require "support.files"
local live = require "support.live_app"
local slack = require "slack"
local starting = require "slack.starting"
local tasks = require "slack.tasks"

describe("an app that starts", function()
  it("without a listener warns of that, and takes no argument, the port for one (S024)", function()
    live.run(function(_, new_app, lines)
      local app = new_app()
      local _, problem = pcall(function() app:start(3000) end)
      assert.matches("app_start_spec.lua:%d+: app:start: it takes no arg", problem)
      assert(app:start())
      assert.matches("no listener is registered", table.concat(lines))
    end)
  end)

  it("loads what handling and the end take while it waits for Slack's first answer", function()
    local ok, output = child.run [[
      local http, loop, slack = require "slack.http", require "slack.loop", require "slack"
      local PARTS = { "slack.dispatch", "slack.socket_mode", "slack.execution", "slack.stopping" }
      local function count_loaded()
        local count = 0
        for _, name in ipairs(PARTS) do
          count = count + (package.loaded[name] and 1 or 0)
        end
        return count
      end
      local asked = {}
      http.replace_client(loop.default(), function()
        return {
          request = function(_, settings)
            table.insert(asked, settings.url:match "[%w.]+$" .. count_loaded())
            return 1
          end,
          cancel = function() end,
        }
      end)
      local app = slack.app { token = "xoxb-1", app_token = "xapp-1" }
      app:message("hi", function() end)
      slack.spawn(app.start, app)
      loop.step(0)
      loop.step(0)
      assert(table.concat(asked, " ") == "auth.test0", table.concat(asked, " "))
      assert(count_loaded() == #PARTS)
      assert(app.dispatch.index.count == 1)
      app:close()
    ]]
    assert.is_true(ok, output)
  end)

  it("says once that its app token is wrong", function()
    live.run(function(_, new_app, lines)
      local app = new_app { app_token = "xapp-wrong" }
      app:message(function() end)
      assert.equal("invalid_auth", select(2, app:run()).code)
      local log = table.concat(lines, "\n")
      assert.equal(1, select(2, log:gsub("ERROR", "")), log)
    end)
  end)

  it("asks Slack for nothing before, and says so to who uses it too early (S018)", function()
    live.run(function(here, new_app)
      local app = new_app { http = { host = "127.0.0.1", port = 0 } }
      app:message(function() end)
      tasks.sleep(0)
      assert.same({ 0, 0, "idle" }, { #here:calls(), #here:connections(), app.phase })
      assert.is_nil(app.http_server)
      local ok, problem = pcall(function() return app.store:get "x" end)
      assert.is_false(ok)
      assert.matches("app_start_spec.lua:%d+: the app's storage is open from app:start", problem)
      assert.is_true(app:stop())
      assert(app:start())
      assert.is_nil((app.store:get "x"))
    end)
  end)

  it("goes on trying while the Web API is away (S204)", function()
    live.run(function(here, new_app)
      local client = require "slack.retry"
      local delay, failures = client.delay, 0
      finally(function() client.delay = delay end)
      client.delay = function(count)
        failures = count
        return 0
      end
      here:fail("auth.test", { status = 503, body = "away" })
      local app, outcome = new_app(), nil
      tasks.spawn(function() outcome = { app:start() } end)
      live.wait(function() return failures >= 20 end)
      assert.is_nil(outcome)
      here:fail "auth.test"
      live.wait(function() return outcome end)
      assert.same({ true }, outcome)
    end)
  end)

  it("warns each half minute while the Web API is away, and of nothing that is over", function()
    local kept, now = KeptLog.new "warn", 0
    local told = starting.told(kept.log, function() return now end)
    local away = errors.new { code = "dns", message = "Could not resolve host" }
    for second = 0, 70 do
      now = second
      told(away)
    end
    assert.equal(3, #kept.lines)
    assert.equal(1, kept:count "still starting after 5 s, trying on: Could not resolve host")
    assert.equal(1, kept:count "still starting after 35 s")
    now = 200
    told(errors.new { code = "invalid_auth", message = "invalid_auth" }) -- which ends the start
    assert.equal(3, #kept.lines)
  end)

  it("asks the app's own retries.on whether to try again", function()
    tasks.run(function()
      local app = slack.app {
        token = "xoxb-1", app_token = "xapp-1", api_url = "http://127.0.0.1:9/api/", log = "off",
        retries = { on = function() return false end },
      }
      local asked = { tasks.timeout(5, app.start, app) }
      assert.equal("connection", asked[2].code)
    end)
  end)

  it("may be stopped, started and stopped again before it has begun", function()
    live.run(function(here, new_app)
      local app, outcomes = new_app { shutdown_timeout = 1 }, {}
      here:fail("auth.test", { status = 503, body = "away" })
      local function start() table.insert(outcomes, select(2, app:start()).code) end
      tasks.spawn(start)
      live.wait(function() return here:calls "auth.test"[1] end)
      assert(app:stop())
      tasks.spawn(start)
      live.wait(function() return here:calls "auth.test"[2] end)
      assert.equal("starting", app.phase)
      assert(app:stop())
      live.wait(function() return #outcomes == 2 end)
      assert.same({ "stopped", "stopped" }, outcomes)
      assert.equal("idle", app.phase)
      here:fail "auth.test"
      assert(app:start())
    end)
  end)

  it("may be closed before it has begun, and does not run then", function()
    live.run(function(here, new_app)
      local app, outcome = new_app { transport = "http" }, nil
      here:fail("auth.test", { status = 503, body = "away" })
      tasks.spawn(function() outcome = { app:start() } end)
      live.wait(function() return here:calls "auth.test"[1] end)
      app:close()
      live.wait(function() return outcome end)
      here:fail "auth.test"
      assert.same({ nil, "stopped", "idle" }, { outcome[1], outcome[2].code, app.phase })
      assert.is_nil(app.http_server)
      assert(app:start())
      assert.equal("running", app.phase)
    end)
  end)

  it("does not run when it is closed, or stopped, at the moment at which it has begun", function()
    for _, name in ipairs { "close", "stop" } do
      live.run(function(_, new_app)
        local app, outcome, ended = new_app { transport = "http" }, nil, nil
        local open = app.transports.open
        function app.transports.open(...)
          local ok = open(...)
          tasks.spawn(function() ended = app[name](app) or true end) -- once this one has ended
          return ok
        end
        tasks.spawn(function() outcome = { app:start() } end)
        live.wait(function() return outcome and ended end)
        assert.same({ nil, "stopped", "idle" }, { outcome[1], outcome[2].code, app.phase }, name)
        assert.is_nil(app.http_server, name)
      end)
    end
  end)

  it("ends with the task that waits for it, and may begin anew", function()
    live.run(function(here, new_app)
      local app = new_app { transport = "http" }
      here:fail("auth.test", { status = 503, body = "away" })
      local start = tasks.spawn(app.start, app)
      live.wait(function() return here:calls "auth.test"[1] end)
      start:cancel()
      live.wait(function() return app.phase == "idle" end)
      here:fail "auth.test"
      assert.is_nil(app.http_server)
      assert(app:start())
      assert.equal("running", app.phase)
    end)
  end)

  it("may be stopped by a script that it loads", function()
    local folder <close> = files.temporary()
    files.write(folder.path .. "/x.lua", "local app = ...\napp:message(print)\napp:stop()")
    live.run(function(here, new_app)
      local app = new_app { scripts = folder.path }
      assert.equal("stopped", select(2, app:start()).code)
      assert.same({ "idle", 0 }, { app.phase, app:stats().listeners })
      assert.equal(0, #here:connections())
    end)
  end)
end)

describe("two apps that run in one process (S033)", function()
  local function signal(name)
    local stat <close> = assert(io.open("/proc/self/stat"))
    io.popen(("kill -%s %d"):format(name, stat:read "n")):close()
  end

  it("both end on SIGTERM", function()
    live.run(function(_, new_app)
      local one, two = new_app { connections = 1 }, new_app { connections = 1 }
      local both = { tasks.spawn(one.run, one), tasks.spawn(two.run, two) }
      live.wait(function() return one.phase == "running" and two.phase == "running" end)
      signal "TERM"
      for _, task in ipairs(both) do
        assert.same({ true, true }, { task:join(5) })
      end
    end)
  end)

  it("reload their own scripts on SIGHUP, the one left too", function()
    local first <close> = files.temporary()
    local second <close> = files.temporary()
    files.write(first.path .. "/a.lua", "")
    files.write(second.path .. "/b.lua", "")
    live.run(function(_, new_app)
      local one = new_app { connections = 1, scripts = first.path }
      local two = new_app { connections = 1, scripts = second.path }
      local first_run = tasks.spawn(one.run, one)
      local second_run = tasks.spawn(two.run, two)
      live.wait(function() return one.phase == "running" and two.phase == "running" end)
      signal "HUP"
      live.wait(function()
        return one.scripts:stats().generations["a.lua"] == 2
          and two.scripts:stats().generations["b.lua"] == 2
      end)
      assert(two:stop())
      assert(second_run:join(5))
      signal "HUP"
      live.wait(function() return one.scripts:stats().generations["a.lua"] == 3 end)
      assert(one:stop())
      assert(first_run:join(5)) -- or the signals stay taken
    end)
  end)
end)
