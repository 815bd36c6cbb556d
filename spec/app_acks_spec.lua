local core = require "slack.core"
local json = require "slack.json"
local live = require "support.live_app"
local tasks = require "slack.tasks"

local function block(seconds)
  local until_time = core.monotonic() + seconds
  repeat until core.monotonic() > until_time
end

local COMMAND = { command = "/x", user_id = "U1", channel_id = "C1" }
local TAKES_PAYLOAD = { accepts_response_payload = true }

describe("an ack", function()
  it("that was owed when the deadline passed unseen is not remembered for ever", function()
    live.run(function(here, new_app)
      local app = new_app { ack_deadline = 0.02 }
      app:view("form", function()
        block(0.06)
        error "after the deadline"
      end)
      app:command("/x", function()
        block(0.06)
        return "late"
      end)
      assert(app:start())
      local form = {
        type = "view_submission", user = { id = "U1" }, view = { callback_id = "form" },
      }
      assert(here:deliver("interactive", form, TAKES_PAYLOAD):await_ack())
      assert(here:deliver("slash_commands", COMMAND, TAKES_PAYLOAD):await_ack())
      live.wait(function() return app:stats().running == 0 and app:stats().handled == 1 end)
      here:deliver("slash_commands", COMMAND, TAKES_PAYLOAD):await_ack() -- all notices are in
      local deliveries = app.transports[1].deliveries
      assert.same({ {}, {} }, { deliveries.owed, deliveries.expired })
    end)
  end)

  it("is empty for what nobody can be asked about, and the app goes on (S156)", function()
    live.run(function(here, new_app, lines)
      local app, seen = new_app(), 0
      app:message(function() seen = seen + 1 end)
      assert(app:start())
      for _, envelope in ipairs {
        { "some_future_envelope", { type = "some_future_thing" } },
        { "interactive", json.list { 1, 2 } },
        { "interactive", {} },
        { "slash_commands", { command = 5 } },
        { "interactive", { type = "block_actions", actions = json.list {} } },
        { "interactive", { type = "block_actions" } },
        { "interactive", { type = "block_actions", actions = "none" } },
      } do
        local ack = here:deliver(envelope[1], envelope[2], TAKES_PAYLOAD):await_ack()
        assert.equal(json.null, ack, json.encode(envelope))
      end
      assert(here:deliver("events_api", { type = "app_rate_limited", team_id = "T1",
        minute_rate_limited = 1 }):await_ack())
      here:say { user = "ada", channel = "general", text = "still there?" }
      live.wait(function() return seen == 1 end)
      local log = table.concat(lines, "\n")
      assert.matches("app_rate_limited", log, 1, true)
      assert.matches('unknown type "some_future_thing"', log, 1, true)
      assert.not_matches("ERROR", log)
    end)
  end)

  it("that a computing handler gives too late is warned of, with its name and how long", function()
    live.run(function(here, new_app, lines)
      local app = new_app { ack_deadline = 0.4 } -- a slow machine begins within that
      app:command("/x", function(c)
        block(0.6)
        c:ack "late"
      end)
      assert(app:start())
      here:deliver("slash_commands", COMMAND, TAKES_PAYLOAD):await_ack()
      live.wait(function() return table.concat(lines):find "no ack in time" end)
      assert.matches('no ack in time from app:command "/x" %(.-app_acks_spec.lua:%d+%).*'
        .. "busy with it for [01].%d s", table.concat(lines))
    end)
  end)

  it("of what has not begun, for too many handlers run, is warned of", function()
    live.run(function(here, new_app, lines)
      local app, gate = new_app { ack_deadline = 0.05, max_in_flight = 1 }, tasks.waiter()
      app:event("app_mention", function() gate:await() end)
      app:command("/x", function() end)
      assert(app:start())
      here:deliver_event { type = "app_mention", user = "U1", channel = "C1" }
      live.wait(function() return app:stats().running == 1 end)
      here:deliver("slash_commands", COMMAND, TAKES_PAYLOAD):await_ack()
      live.wait(function() return table.concat(lines):find "before its handler began" end)
      gate:resolve()
      live.wait(function() return table.concat(lines):find "no ack in time" end)
      assert.matches('from app:command "/x" .*It had waited', table.concat(lines))
    end)
  end)
end)
