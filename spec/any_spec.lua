local Offline = require "support.offline_app"
local json = require "slack.json"

describe("app:any", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app, seen = offline.app, {}
  end)

  local function note(name, answer)
    return function(c)
      table.insert(seen, name .. " " .. c.kind)
      return answer
    end
  end

  it("sees what no other listener takes, of every kind (S233)", function()
    app:any(note "any")
    app:message("hello", note "message")
    offline:message "hello"
    offline:message "else"
    offline:event { type = "team_join" }
    offline:command "/x"
    offline:click "a"
    offline:deliver { type = "shortcut", callback_id = "s" }
    offline:deliver { type = "block_suggestion", action_id = "o" }
    offline:deliver { type = "view_closed", view = { callback_id = "v" } }
    assert.same({ "message event", "any event", "any event", "any command", "any action",
      "any shortcut", "any options", "any view" }, seen)
    assert.equal(0, app:stats().unmatched)
    assert.equal(8, app:stats().handled)
  end)

  it("answers in place of the framework: no unknown command, no refused form", function()
    app:any(function(c) return c.kind == "command" and "Pardon?" or nil end)
    assert.same({ '{"text":"Pardon?"}' }, offline:command("/x").answers)
    local form = offline:deliver { type = "view_submission", view = { callback_id = "v" } }
    assert.same({ "empty" }, form.answers)
    assert.is_nil(form.refused)
    local click = offline:deliver({ type = "block_actions", actions = { { action_id = "a" } } },
      { has_status = true })
    assert.same({ "empty" }, click.answers)
  end)

  it("sees payloads of unknown kind, with the body alone, acked by what it gives (S156)", function()
    local bodies = {}
    app:any(function(c)
      table.insert(bodies, { c.kind, c.type, c.body, c.payload, c.user_id })
      return { fine = true }
    end)
    local body = { type = "some_future_thing", user = { id = "U1" } }
    local request = offline:deliver(body, { has_status = true })
    assert.same({ { "unknown", "some_future_thing", body, body, "U1" } }, bodies)
    assert.same({ '{"fine":true}' }, request.answers)
    assert.equal(1, app:stats().unknown)
    assert.matches('slack_events_total{type="unknown",outcome="handled"} 1',
      app.metrics:render(), 1, true)
  end)

  it("leaves as unknown what even it does not want, below middleware too", function()
    app:any({ type = "another_future_thing" }, note "any")
    app:use(function(_, next) return next() end)
    offline:deliver { type = "some_future_thing" }
    assert.matches('slack_events_total{type="unknown",outcome="unknown"} 1',
      app.metrics:render(), 1, true)
  end)

  it("runs all that match for what needs no answer, else the first", function()
    app:any(note("first", "1"))
    app:any(note("second", "2"))
    offline:event { type = "team_join" }
    assert.same({ "first event", "second event" }, seen)
    assert.same({ '{"text":"1"}' }, offline:command("/x").answers)
    offline:deliver { type = "some_future_thing" }
    assert.same({ "first event", "second event", "first command", "first unknown" }, seen)
  end)

  it("may be for some things only", function()
    app:any({ type = "some_future_thing" }, note "future")
    app:any({ channel = "C1" }, note "channel")
    offline:deliver { type = "some_future_thing" }
    offline:deliver { type = "another" }
    offline:event { type = "pin_added", channel_id = "C1" }
    offline:event { type = "pin_added", channel_id = "C2" }
    assert.same({ "future unknown", "channel event" }, seen)
  end)

  it("has its errors reported like those of others (S277)", function()
    app:any(function() error "any is broken" end)
    local request = offline:deliver { type = "some_future_thing" }
    assert.is_true(request.refused)
    assert.same("failed", request.refused_as)
    assert.matches("error in app:any %(.*any is broken", offline:log())
    assert.equal(1, app:stats().failed)
  end)

  it("sees nothing of an event that others have finished with before its redelivery", function()
    local fails = true
    app:any(note "any")
    app:event("team_join", note "fine")
    app:event("team_join", function()
      if fails then
        error "not yet"
      end
    end)
    local event, body = { type = "team_join" }, { body = { event_id = "Ev1" } }
    offline:event(event, body)
    fails = false
    offline:event(event, body)
    offline:event(event, body)
    assert.same({ "fine event" }, seen)
  end)

  it("sees what middleware lets through", function()
    app:use(function(c, next)
      if c.type ~= "secret" then
        return next()
      end
    end)
    app:any(note("any", "yes"))
    assert.same({ '{"text":"yes"}' }, offline:deliver({ type = "other" }).answers)
    assert.same({ "empty" }, offline:deliver({ type = "secret" }).answers)
    Offline.settle()
    assert.same({ "any unknown" }, seen)
  end)

  it("sees what cannot be read, as an empty body, with the reason in the log once", function()
    local function deliver()
      return offline:deliver({}, { has_status = true, problem = "nested too deep" })
    end
    assert.equal("undecodable", deliver().refused_as)
    app:any(note "any")
    assert.same({ "empty" }, deliver().answers)
    assert.same({ "any unknown" }, seen)
    local _, lines = offline:log():gsub("could not be read: nested too deep", "")
    assert.equal(1, lines)
  end)

  describe("in an app of many workspaces", function()
    local asked

    before_each(function()
      asked = 0
      offline = Offline.new { token = false, authorize = function(query)
        asked = asked + 1
        if query.team_id == "T1" then
          return { bot_token = "xoxb-of-1" }
        end
        return nil, "nobody knows it"
      end }
      app = offline.app
    end)

    it("sees unknown kinds also where it is unknown whose they are", function()
      local tokens = {}
      app:any(function(c) table.insert(tokens, c.authorization.bot_token or "none") end)
      offline:deliver { type = "thing", team = { id = "T1" } }
      offline:deliver { type = "thing", team = { id = "T2" } }
      offline:deliver { type = "thing", team = json.null }
      Offline.settle()
      assert.same({ "xoxb-of-1", "none", "none" }, tokens)
    end)

    it("costs no question where nobody listens", function()
      local request = offline:deliver { type = "thing", team = { id = "T1" } }
      assert.same({ "empty" }, request.answers)
      assert.equal(0, asked)
    end)
  end)
end)
