local files = require "support.files"
local http = require "slack.http"
local json = require "slack.json"
local live_app = require "support.live_app"
local reporting = require "slack.command.reporting"

describe("reports of a bot", function()
  local directory

  before_each(function()
    directory = files.temporary()
    files.write(directory.path .. "/a.lua", [[
      local app = ...
      app:command("/plain", print)
      app:command("/deploy", {
        ["to <where>"] = { function() end, help = "Deploys." },
        status = function() end,
      })
      app:shortcut("one", print)
      app:shortcut({ "two", type = "message_action" }, print)
    ]])
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  local function with_bot(url_of, check)
    live_app.run(function(here, new_app)
      local app = new_app { scripts = directory.path }
      reporting.start(app, function(name)
        assert.equal("SLACK_SANDBOX_REPORT", name)
        return url_of(here)
      end)
      live_app.start(here, app)
      check(here, app)
    end)
  end

  local function report_url(here)
    return here.url .. "sandbox/report"
  end

  it("tell the local Slack its commands, shortcuts and scripts", function()
    with_bot(report_url, function(here)
      local report = here:wait(function()
        return here.report and here.report.scripts[1] and here.report
      end)
      assert.same({
        { command = "/plain" },
        { command = "/deploy", description = "Deploys.", usage_hint = "to <where> | status" },
      }, report.commands)
      assert.same({
        { callback_id = "one", name = "one" },
        { callback_id = "two", name = "two", type = "message_action" },
      }, report.shortcuts)
      assert.same({ { name = "a.lua", generation = 1 } }, report.scripts)
      assert.same({ 4, {} }, { report.listeners, report.problems })
      assert.equal("integer", math.type(report.pid))
    end)
  end)

  it("come one at a time, with all that has changed together", function()
    for i = 1, 9 do
      files.write(("%s/b%d.lua"):format(directory.path, i), "local _ = ...")
    end
    local taken = 0
    with_bot(function(here)
      local take_report = here.take_report
      function here:take_report(...)
        taken = taken + 1
        return take_report(self, ...)
      end
      return report_url(here)
    end, function(here, app)
      assert(here:wait(function() return here.report and here.report.scripts[10] end))
      app.scripts:reload_all()
      assert(here:wait(function() return here.report.scripts[10].generation == 2 end))
      assert.is_nil(here:wait(function() return taken >= 10 end, 0.15))
    end)
  end)

  it("tell what a handler raised, beside the bot's own log", function()
    files.write(directory.path .. "/b.lua", [[
      local app = ...
      app:message("hello", function() error "no greeting: \255" end)
    ]])
    with_bot(report_url, function(here)
      assert(here:wait(function() return here.report and here.report.scripts[2] end))
      here:say { user = "ada", channel = "general", text = "hello" }
      local raised = here:wait(function()
        local last = here:trace()[#here:trace()]
        return last and last.kind == "error" and last
      end)
      assert.same({ "failed", "in" }, { raised.state, raised.way })
      assert.same({ "b.lua:2", "no greeting: ?" }, { raised.name, raised.error })
      assert.matches('^app:message "hello" %(.*/b%.lua:2%)$', raised.body.listener)
      assert.matches("/b%.lua:2: no greeting: %?$", raised.body.message)
      assert.matches("stack traceback", raised.body.traceback)
    end)
  end)

  it("follow what the scripts become, and name what did not load", function()
    with_bot(report_url, function(here)
      assert(here:wait(function() return here.report and here.report.scripts[1] end))
      files.write(directory.path .. "/a.lua", "local app = ...\nif")
      local problem = here:wait(function() return here.report.problems[1] end)
      assert.same({ "a.lua", 2, 1 }, { problem.script, problem.line, problem.kept })
      files.write(directory.path .. "/a.lua", "local app = ...\napp:command('/new', print)")
      assert(here:wait(function() return not here.report.problems[1] end))
      assert.same({ { command = "/new" } }, here.report.commands)
    end)
  end)

  it("go nowhere but to where the calls of the Web API go", function()
    with_bot(function(here)
      return (here.url:gsub("localhost", "127.0.0.1")) .. "sandbox/report"
    end, function(here)
      assert.is_nil(here:wait(function() return here.report end, 0.15))
    end)
  end)

  it("come from the app itself while it is in no workspace", function()
    live_app.run(function(here, new_app)
      local app = new_app {
        token = false, signing_secret = here.signing_secret, storage = "memory:",
        http = { host = "127.0.0.1", port = 0 },
        oauth = {
          client_id = here.client_id, client_secret = here.client_secret, scopes = "chat:write",
        },
      }
      app:command("/hi", print)
      reporting.start(app, function() return report_url(here) end)
      assert(app:start())
      local report = here:wait(function() return here.report end)
      assert.same({ { command = "/hi" } }, report.commands)
    end, { installed = false })
  end)

  it("come from the first of several workers alone", function()
    live_app.run(function(here, new_app)
      for worker = 2, 1, -1 do
        local app = new_app {}
        app.worker = worker
        app:command("/of-worker-" .. worker, print)
        reporting.start(app, function() return report_url(here) end)
        live_app.start(here, app)
      end
      local report = here:wait(function() return here.report end)
      assert.same({ { command = "/of-worker-1" } }, report.commands)
      assert.is_nil(here:wait(function() return here.report ~= report end, 0.15))
    end)
  end)

  describe("that the local Slack gets", function()
    local function post(here, body, token, method, authorization)
      local response = assert(http.request {
        method = method or "POST", url = report_url(here), body = body,
        net = http.net { ca_file = here.ca_file, proxy = "" },
        headers = {
          "Authorization", authorization or "Bearer " .. (token or here.bot_token),
        },
      })
      return response.status
    end

    it("are refused without the bot's token, and when they are no report", function()
      live_app.run(function(here)
        assert.equal(401, post(here, "{}", "xoxb-other"))
        assert.equal(401, post(here, "{}", here.app_token))
        assert.equal(401, post(here, "{}", nil, nil, "Basic eDp5"))
        assert.equal(400, post(here, "{"))
        assert.equal(400, post(here, "1"))
        assert.equal(400, post(here, '{"app":"' .. ("x"):rep(1024 * 1024) .. '"}'))
        assert.equal(405, post(here, nil, nil, "GET"))
        assert.is_nil(here.report)
      end)
    end)

    it("keep what is known, of its type, in bounds", function()
      live_app.run(function(here)
        local commands = {}
        for i = 1, 1500 do
          commands[i] = { command = "/c" .. i, more = {} }
        end
        commands[1] = { command = 5 }
        commands[2] = "x"
        assert.equal(200, post(here, json.encode {
          app = {}, pid = 7, commands = commands, shortcuts = "x", evil = true,
        }))
        local report = here.report
        assert.same({ nil, 7, nil }, { report.app, report.pid, report.evil })
        assert.equal(1000, #report.commands)
        assert.same({ command = "/c3" }, report.commands[1])
        assert.same({ {}, {}, {} }, { report.shortcuts, report.scripts, report.problems })
      end)
    end)
  end)
end)
