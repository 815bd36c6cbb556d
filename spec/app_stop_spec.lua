local live = require "support.live_app"
local loop = require "slack.loop"
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
end)
