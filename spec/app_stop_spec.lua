local Process = require "support.process"
local files = require "support.files"
local live = require "support.live_app"
local loop = require "slack.loop"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local MENTION = { type = "app_mention", user = "U1", channel = "C1", ts = "1.1" }
local PLENTY = 20 -- seconds that no stop here may need

describe("an app that is stopped", function()
  local function soon(began)
    assert.is_true(loop.now() - began < PLENTY / 2)
  end

  it("by a handler below middleware does not wait for it, nor for what waits for it", function()
    live.run(function(here, new_app)
      local app, outcome = new_app { shutdown_timeout = PLENTY }, nil
      app:use(function(_, next) return next() end)
      app:event("app_mention", function() outcome = { app:stop() } end)
      app:event("app_mention", function() end)
      assert(app:start())
      local began = loop.now()
      here:deliver_event(MENTION)
      live.wait(function() return outcome end)
      assert.same({ true }, outcome)
      soon(began)
    end)
  end)

  it("lets handlers end, however long they may take", function()
    live.run(function(here, new_app)
      local app, phase = new_app { shutdown_timeout = math.huge }, "idle"
      app:event("app_mention", function()
        phase = "running"
        live.wait(function() return app.phase == "stopping" end)
        phase = "ended"
      end)
      assert(app:start())
      here:deliver_event(MENTION)
      live.wait(function() return phase == "running" end)
      assert(app:stop())
      assert.equal("ended", phase)
    end)
  end)

  it("ends conversations at once, and sends what they have to say to that", function()
    live.run(function(here, new_app, lines)
      local app, is_waiting = new_app { shutdown_timeout = PLENTY }, false
      app:event("app_mention", function(c)
        local _ <close> = setmetatable({}, { __close = function()
          tasks.spawn(c.say, c, "The bot goes home.")
        end })
        is_waiting = true
        c:wait { message = true }
        c:say "never said"
      end)
      assert(app:start())
      here:deliver_event(MENTION)
      live.wait(function() return is_waiting end)
      local began = loop.now()
      assert.is_true(app:stop())
      soon(began)
      local calls = here:calls "chat.postMessage"
      assert.same({ 1, "The bot goes home." }, { #calls, calls[1].args.text })
      assert.matches("1 handler that waited for a person was ended", table.concat(lines, "\n"))
    end)
  end)

  it("is at its end when who stops it waits no longer, and may be started again", function()
    live.run(function(here, new_app)
      local app, is_waiting, outcome = new_app { shutdown_timeout = PLENTY }, false, nil
      app:event("app_mention", function()
        is_waiting = true
        tasks.sleep(PLENTY)
      end)
      for _ = 1, 2 do
        assert(app:start())
        here:deliver_event(MENTION)
        live.wait(function() return is_waiting end)
        local other = tasks.spawn(function()
          live.wait(function() return app.phase == "stopping" end)
          outcome = { app:stop() }
        end)
        assert.is_nil((tasks.timeout(0.05, app.stop, app)))
        assert.equal("idle", app:stats().phase)
        other:join()
        assert.same({ true }, outcome)
        is_waiting, outcome = false, nil
      end
    end)
  end)

  it("tells what was cut off when who stops it waits no longer", function()
    live.run(function(here, new_app, lines)
      local app, is_waiting, outcome = new_app { shutdown_timeout = PLENTY }, false, nil
      app:event("app_mention", function()
        is_waiting = true
        tasks.sleep(PLENTY)
      end)
      tasks.spawn(function() outcome = table.pack(app:run()) end)
      live.wait(function() return app.phase == "running" end)
      here:deliver_event(MENTION)
      live.wait(function() return is_waiting end)
      assert.is_nil((tasks.timeout(0.05, app.stop, app)))
      live.wait(function() return outcome end)
      assert.equal("shutdown_timeout", outcome[2].code)
      assert.matches("1 handler had not finished in time", table.concat(lines, "\n"))
    end)
  end)

  it("closed and started again meanwhile is let alone", function()
    live.run(function(here, new_app)
      local app, is_waiting = new_app { shutdown_timeout = PLENTY }, false
      app:event("app_mention", function()
        is_waiting = true
        tasks.sleep(PLENTY)
      end)
      assert(app:start())
      here:deliver_event(MENTION)
      live.wait(function() return is_waiting end)
      local stop = tasks.spawn(app.stop, app)
      live.wait(function() return app.phase == "stopping" end)
      app:close()
      assert(app:start())
      stop:join()
      assert.equal("running", app:stats().phase)
    end)
  end)

  it("by a handler that waits for that a while only goes on with it", function()
    live.run(function(here, new_app)
      local app, outcome = new_app { shutdown_timeout = PLENTY }, nil
      app:event("app_mention", function() outcome = { tasks.timeout(0.5, app.stop, app) } end)
      assert(app:start())
      here:deliver_event(MENTION)
      live.wait(function() return outcome end)
      assert.same({ true }, outcome)
    end)
  end)

  it("by two handlers at once waits for neither", function()
    live.run(function(here, new_app)
      local app, arrived, outcomes = new_app { shutdown_timeout = PLENTY }, 0, {}
      app:event("app_mention", function()
        arrived = arrived + 1
        live.wait(function() return arrived == 2 end)
        table.insert(outcomes, (app:stop()))
      end)
      assert(app:start())
      local began = loop.now()
      here:deliver_event(MENTION)
      here:deliver_event(MENTION)
      live.wait(function() return #outcomes == 2 end)
      assert.same({ true, true }, outcomes)
      soon(began)
    end)
  end)

  for _, transport in ipairs(live.TRANSPORTS) do
    it(("handles what was acknowledged just before the stop is heard of: %s"):format(transport),
      function()
        live.run(function(here, new_app)
          local app, handled = new_app { transport = transport, shutdown_timeout = PLENTY }, 0
          app:event("app_mention", function()
            tasks.sleep(0.2)
            handled = handled + 1
          end)
          live.start(here, app)
          for _, each in ipairs(app.transports) do
            each:hold()
          end
          assert(here:deliver_event(MENTION):await_ack())
          assert(here:deliver_event(MENTION):await_ack())
          for _, each in ipairs(app.transports) do
            each.waiting = function() -- at the first look nothing has come to Lua
              each.waiting = nil
              each:go_on()
              return 0
            end
          end
          assert(app:stop())
          assert.equal(2, handled)
        end)
      end)
  end

  it("by the only handler that may run still handles what has come", function()
    live.run(function(here, new_app)
      local app = new_app { shutdown_timeout = PLENTY, max_in_flight = 1, connections = 1 }
      local gate, handled, outcome = tasks.waiter(), 0, nil
      app:event("app_mention", function()
        handled = handled + 1
        if handled == 1 then
          gate:await()
          outcome = { app:stop() }
        end
      end)
      assert(app:start())
      for _ = 1, 9 do
        here:deliver_event(MENTION)
      end
      assert(here:deliver_event(MENTION):await_ack())
      gate:resolve()
      live.wait(function() return outcome end)
      assert.same({ true }, outcome)
      assert.equal(10, handled)
    end)
  end)

  it("by a handler lets that one go on, and start it again", function()
    live.run(function(here, new_app)
      local app, restarted = new_app(), nil
      app:command("/restart", function(c)
        c:ack "one moment"
        assert(app:stop())
        restarted = app:start()
      end)
      assert(app:start())
      assert.equal("one moment", here:command { command = "/restart", user = "ada" }.ack.text)
      live.wait(function() return restarted end)
      assert.equal("one moment", here:command { command = "/restart", user = "ada" }.ack.text)
      live.wait(function() return app:stats().running == 0 end)
      assert.equal(0, app.dispatch.excused)
    end)
  end)

  it("at once gives an error to the handler that still acks", function()
    live.run(function(here, new_app)
      local app, result, begun = new_app(), nil, false
      app:command("/slow", function(c)
        begun = true
        app:close()
        result = { c:ack "late" }
      end)
      assert(app:start())
      tasks.spawn(here.command, here, { command = "/slow", user = "ada" })
      live.wait(function() return begun end)
      assert.equal("closed", result[2].code)
    end)
  end)

  it("too soon for what has come names what was cut off and counts what was not begun", function()
    live.run(function(here, new_app, lines)
      local app = new_app { max_in_flight = 1, connections = 1 }
      app:event("app_mention", function() tasks.sleep(PLENTY) end)
      assert(app:start())
      for _ = 1, 4 do
        here:deliver_event(MENTION)
      end
      live.wait(function() return app:stats().running == 1 and app.transports:waiting() == 3 end)
      local ok, err = app:stop(0.01)
      assert.same({ nil, "shutdown_timeout" }, { ok, err.code })
      assert.matches("^1 handler had not finished in time and was cut off: .*; "
        .. "3 deliveries that had come were not begun$", err.message)
      assert.matches("stopped: 1 handler had not finished", table.concat(lines, "\n"))
    end)
  end)

  it("in a hurry waits no longer for tokens that are being refreshed", function()
    live.run(function(_, new_app)
      local app, is_waiting = new_app { shutdown_timeout = PLENTY }, false
      assert(app:start())
      app.oauth = {
        finish = function(_, seconds)
          is_waiting = true
          tasks.sleep(seconds)
          return false
        end,
        close = function() end,
      }
      local began = loop.now()
      local first = tasks.spawn(app.stop, app)
      live.wait(function() return is_waiting end)
      assert(app:stop(0))
      assert.is_true(first:join(PLENTY))
      soon(began)
    end)
  end)
end)

describe("a bot that is told to end", function()
  local BOT <const> = [[
    local slack = require "slack"
    local app = slack.app { shutdown_timeout = tonumber(os.getenv "SHUTDOWN"), connections = 1 }
    app:event("app_mention", function(c)
      io.stderr:write("handling ", c.event.text, "\n")
      slack.sleep(tonumber(c.event.text))
      io.stderr:write("handled ", c.event.text, "\n")
    end)
    os.exit(app:run() or 1)]]

  -- Runs fn(here, bot) with a bot in a process of its own.
  local function with_bot(shutdown_timeout, fn)
    local directory <close> = files.temporary()
    local script = directory.path .. "/bot.lua"
    files.write(script, BOT)
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local bot <close> = Process.lua(script, { environment = {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SSL_CERT_FILE = here.ca_file, SHUTDOWN = shutdown_timeout,
      } })
      assert(here:wait_connections(1))
      fn(here, bot)
    end)
  end

  local function mention(here, seconds)
    return here:deliver_event {
      type = "app_mention", user = "U1", channel = "C1", ts = "1.1", text = seconds,
    }
  end

  local function wait_for(bot, text)
    live.wait(function() return bot:output():find(text, 1, true) end)
  end

  local function ended(bot)
    live.wait(function() return not bot:is_running() end)
    return bot:wait()
  end

  for _, name in ipairs { "TERM", "INT" } do
    it("by SIG" .. name .. " finishes what it has acked, takes no more, and ends with 0", function()
      with_bot(PLENTY, function(here, bot)
        mention(here, "0.3")
        wait_for(bot, "handling 0.3")
        bot:signal(name)
        wait_for(bot, "SIG" .. name .. ": stopping")
        local late = mention(here, "0.01") -- it may just get in
        live.wait(function() return #here:connections() == 0 end)
        local too_late = mention(here, "0.02")
        assert.equal(0, ended(bot))
        assert.matches("handled 0.3", bot:output())
        assert.equal(late.acked_at ~= nil, bot:output():find("handled 0.01", 1, true) ~= nil)
        assert.is_nil(too_late.acked_at)
      end)
    end)
  end

  it("cuts off what lasts too long, and ends with 1", function()
    with_bot(0.05, function(here, bot)
      mention(here, "60")
      wait_for(bot, "handling 60")
      bot:signal "TERM"
      assert.equal(1, ended(bot))
      assert.matches("1 handler had not finished in time", bot:output())
    end)
  end)

  it("a second time ends at once, with 1", function()
    with_bot(60, function(here, bot)
      mention(here, "50")
      wait_for(bot, "handling 50")
      bot:signal "TERM"
      wait_for(bot, "SIGTERM: stopping")
      tasks.sleep(0.3)
      bot:signal "INT"
      assert.equal(1, ended(bot))
      assert.matches("SIGINT: stopping at once", bot:output())
    end)
  end)

  it("twice at the same moment, as in a group of processes, is told once", function()
    with_bot(PLENTY, function(here, bot)
      mention(here, "0.6")
      wait_for(bot, "handling 0.6")
      bot:signal "TERM"
      bot:signal "TERM"
      wait_for(bot, "SIGTERM: stopping")
      bot:signal "INT"
      assert.equal(0, ended(bot))
      assert.matches("handled 0.6", bot:output())
      assert.not_matches("at once", bot:output())
    end)
  end)
end)
