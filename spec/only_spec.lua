local Offline = require "support.offline_app"
local slack = require "slack"

describe("slack.only", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app, seen = offline.app, {}
  end)

  local function note(name)
    return function(_, next)
      table.insert(seen, name)
      return next and next()
    end
  end

  it("runs a middleware for the kinds it names, and lets the others pass it by", function()
    app:use(slack.only("command", "action", note "checked"))
    app:command("/x", note "command")
    app:action("a", note "action")
    app:message(note "message")
    offline:command "/x"
    offline:click "a"
    offline:message "hello"
    assert.same({ "checked", "command", "checked", "action", "message" }, seen)
  end)

  it("without one lets nothing else through, acked empty", function()
    app:use(slack.only("message", "view_closed"))
    app:message(note "message")
    app:event("team_join", note "event")
    app:view("v", note "submitted")
    app:view_closed("v", note "closed")
    offline:message "hello"
    offline:event { type = "team_join" }
    local submission = offline:deliver { type = "view_submission", view = { callback_id = "v" } }
    offline:deliver { type = "view_closed", view = { callback_id = "v" } }
    assert.same({ "message", "closed" }, seen)
    assert.same({ "empty" }, submission.answers)
  end)

  it("raises at the caller's line for what it does not know, with advice", function()
    local function problem_of(...)
      local ok, err = pcall(slack.only, ...)
      assert.is_false(ok)
      return err
    end
    assert.matches('unknown kind "commands"; did you mean "command"%?', problem_of "commands")
    assert.matches("argument 2: the name of a kind expected, got number", problem_of("view", 5))
    assert.matches("the name of a kind expected", problem_of())
    assert.matches("the name of a kind expected", problem_of(print))
    local ok, err = pcall(function() slack.only "evnt" end)
    assert.is_false(ok)
    assert.matches("^[^\n]*only_spec.lua:%d+: slack.only: ", err)
  end)
end)
