local Offline = require "support.offline_app"

describe("a warning of what no listener takes (S153)", function()
  local offline

  before_each(function()
    offline = Offline.new()
  end)

  for _, case in ipairs {
    { "an event", { event = { type = "team_join" } },
      'event "team_join". To handle it: app:event("team_join", function(c) … end)' },
    { "a message", { event = { type = "message", text = "x" } },
      'event "message". To handle it: app:message(function(c) … end)' },
    { "an edit", { event = { type = "message", subtype = "message_changed" } },
      'message "message_changed". To handle it: '
        .. 'app:message({ subtype = "message_changed" }, function(c) … end)' },
    { "a function (S149)",
      { event = { type = "function_executed", ["function"] = { callback_id = "f" } } },
      'function "f". To handle it: app:func("f", function(c) … end)' },
    { "an action", { type = "block_actions", actions = { { action_id = "a" } } },
      'action "a". To handle it: app:action("a", function(c) … end)' },
    { "a button of an attachment (S150)",
      { type = "interactive_message", callback_id = "cb", actions = { { name = "n" } } },
      'interactive_message "cb". To handle it: app:action({ type = "interactive_message", '
        .. 'callback_id = "cb" }, function(c) … end)' },
    { "a dialog (S150)", { type = "dialog_submission", callback_id = "cb", submission = {} },
      'dialog_submission "cb". To handle it: app:action({ type = "dialog_submission", '
        .. 'callback_id = "cb" }, function(c) … end)' },
    { "a dialog's end (S150)", { type = "dialog_cancellation", callback_id = "cb" },
      'dialog_cancellation "cb". To handle it: app:action({ type = "dialog_cancellation", '
        .. 'callback_id = "cb" }, function(c) … end)' },
    { "a dialog's menu (S150)",
      { type = "dialog_suggestion", callback_id = "cb", name = "city", value = "" },
      'options "city". To handle it: app:options({ callback_id = "cb", name = "city" }, '
        .. "function(c) … end)" },
    { "a menu of an attachment (S150)",
      { type = "interactive_message", callback_id = "cb", name = "city", value = "" },
      'options "city". To handle it: app:options({ callback_id = "cb", name = "city" }, '
        .. "function(c) … end)" },
    { "a menu", { type = "block_suggestion", action_id = "m", block_id = "b", value = "" },
      'options "m". To handle it: app:options("m", function(c) … end)' },
    { "a view that was closed", { type = "view_closed", view = { callback_id = "v" } },
      'view_closed "v". To handle it: app:view_closed("v", function(c) … end)' },
    { "a dialog without an id", { type = "dialog_submission", callback_id = {} },
      'dialog_submission "(no text)". To handle it: '
        .. 'app:action({ type = "dialog_submission" }, function(c) … end)' },
  } do
    it("has the code to take " .. case[1], function()
      offline:deliver(case[2])
      assert.matches("no listener for " .. case[3], offline:log(), 1, true)
    end)

    it("has code that does take " .. case[1], function()
      local code = case[3]:match "To handle it: (.*)$":gsub("…", "taken()")
      local count = 0
      local environment = { app = offline.app, taken = function() count = count + 1 end }
      load(code, "suggestion", "t", environment)()
      offline:deliver(case[2])
      assert.equal(1, count)
    end)
  end

  it("has no code for a view without a callback_id", function()
    offline:deliver { type = "view_submission", view = { callback_id = "" } }
    assert.matches('view_submission "". To handle it: give the view a callback_id', offline:log(),
      1, true)
  end)

  it("shows and remembers the beginning of ids that are too long", function()
    local long = ("x"):rep(1000000)
    offline:event { type = long }
    offline:command("/" .. long)
    offline:click(long)
    offline:deliver { type = "block_actions", actions = { { name = long } }, callback_id = long }
    offline:deliver { type = long }
    local warned = 0
    for _, line in ipairs(offline.lines) do
      warned = warned + (line:find " WARN " and 1 or 0)
      assert.is_true(line:find " WARN " == nil or #line < 2000)
    end
    assert.equal(5, warned)
    for what in pairs(offline.app.dispatch.unmatched.warnings.said) do
      assert.is_true(#what < 1000)
    end
  end)

  it("is none when a listener is there for it and a condition of its does not hold", function()
    offline.app:func("f", function() end)
    offline.app:action({ action_id = "a", block_id = "b" }, function() end)
    offline:deliver { type = "block_actions", actions = { { action_id = "a", block_id = "c" } } }
    assert.not_matches("To handle it", offline:log())
    offline:event { type = "function_executed", ["function"] = { callback_id = "g" } }
    assert.matches('app:func("g"', offline:log(), 1, true)
  end)
end)
