local Offline = require "support.offline_app"
local json = require "slack.json"
local slack = require "slack"

describe("a listener", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app = offline.app
    seen = {}
  end)

  local function take(c)
    table.insert(seen, c.matches or "plain")
  end

  it("is called in words that are the same after each start", function()
    local function words(...)
      return tostring(app:message(...)):match "^app:message ?(.-) ?%(.*listener_spec%.lua:%d+%)$"
    end
    assert.equal('"a"', words("a", take))
    assert.equal('{"a", "b", user = {"U1", function}}',
      words({ "a", "b", user = { "U1", string.len } }, take))
    assert.equal('slack.pattern "^x"', words(slack.pattern "^x", take))
    assert.equal('{dm = true, text = table}',
      words({ text = setmetatable({}, { __call = take }), dm = true }, take))
    assert.equal("", words({ order = string.len, concurrency = 2 }, take))
    assert.equal("", words(string.len, take))
  end)

  describe("of thousands that are like it", function()
    local function forms(id)
      return {
        { "event", "type_" .. id }, { "message", id }, { "command", "/" .. id },
        { "event", { "reaction_added", reaction = id } }, { "view", id },
        { "action", { action_id = id, block_id = "b" } },
        { "message", { channel = "C" .. id, text = { "b", "c" } } },
      }
    end

    it("takes less than 500 bytes", function()
      local all = forms "0"
      for i = 1, #all - 2 do -- the others name several texts, or more behind what varies
        local form = all[i]
        collectgarbage()
        collectgarbage()
        local before = collectgarbage "count"
        for j = 1, 1000 do
          app[form[1]](app, forms(tostring(j))[i][2], function() return j end)
        end
        collectgarbage()
        collectgarbage()
        assert.is_true(collectgarbage "count" - before < 500, form[1])
      end
    end)

    it("has words, a place, and an end of its own", function()
      local words = {}
      for _, id in ipairs { "50%", "%1" } do
        for _, form in ipairs(forms(id)) do
          local listener = app[form[1]](app, form[2], take)
          words[#words + 1] = tostring(listener):match "^(.*) %("
        end
      end
      assert.same({
        'app:event "type_50%"', 'app:message "50%"', 'app:command "/50%"',
        'app:event {"reaction_added", reaction = "50%"}', 'app:view "50%"',
        'app:action {action_id = "50%", block_id = "b"}',
        'app:message {channel = "C50%", text = {"b", "c"}}',
        'app:event "type_%1"', 'app:message "%1"', 'app:command "/%1"',
        'app:event {"reaction_added", reaction = "%1"}', 'app:view "%1"',
        'app:action {action_id = "%1", block_id = "b"}',
        'app:message {channel = "C%1", text = {"b", "c"}}',
      }, words)
      local first = app:message("first", function() table.insert(seen, "first") end)
      app:message("second", function() table.insert(seen, "second") end)
      first:remove()
      assert.is_nil(first.ledger)
      offline:message "first second"
      assert.same({ "second" }, seen)
    end)

    it("is told from those that have the same words in another place", function()
      local function note(name) return function() table.insert(seen, name) end end
      app:action({ "A", user = "A" }, note "both A")
      app:action({ "B", user = "B" }, note "both B")
      app:action({ "A", user = "B" }, note "A by B")
      app:message({ text = { "A", "B" }, channel = "A" }, note "A in A")
      app:view("view_submission", note "view")
      app:view("form", note "form")
      local before = function(_, next) return next() end
      app:action({ "E", user = "A" }, before, note "E by A")
      app:action({ "E", user = "B" }, note "E by B")
      for _, id in ipairs { "A A", "B B", "A B", "B A", "E B", "E A" } do
        local action, user = id:match "(.) (.)"
        offline:click(action, { user = { id = user } })
      end
      offline:message("a B", { channel = "A" })
      for _, id in ipairs { "form", "view_submission", "form" } do
        offline:deliver { type = "view_submission", view = { callback_id = id } }
        offline:deliver { type = "view_closed", view = { callback_id = id } }
      end
      assert.same({ "both A", "both B", "A by B", "E by B", "E by A", "A in A", "form", "view",
        "form" }, seen)
    end)
  end)

  describe("for messages", function()
    it("finds a plain string anywhere, magic characters too (S136)", function()
      app:message("50% (off)", take)
      offline:message "now 50% (off)!"
      offline:message "now 50 off"
      assert.same({ "plain" }, seen)
    end)

    it("gets what a pattern captures (S136)", function()
      app:message(slack.pattern "deploy (%S+) to (%S+)", take)
      offline:message "deploy main to prod"
      app:message(slack.pattern "^only", take)
      offline:message "only this"
      assert.same({ { "main", "prod" }, { "only" } }, seen)
    end)

    it("gets what the pattern for the text captures, those of other fields by name", function()
      app:message({
        slack.pattern "^deploy (%S+)", channel = slack.pattern "^C(.)",
        user = slack.pattern "3(..)",
      }, take)
      offline:message "deploy main"
      app:action({ action_id = slack.pattern "^pick_(%d+)", block_id = slack.pattern "^b(%d)" },
        take)
      offline:click "pick_7"
      assert.same({
        { "main", channel = { "0" }, user = { "AD" } }, { "7", block_id = { "1" } },
      }, seen)
    end)

    it("gets nothing of what predicates give besides their answer", function()
      app:message({ channel = function(id) return id:find "DEPLOY" end }, take)
      offline:message "x"
      assert.same({ "plain" }, seen)
    end)

    it("anchors, takes several lines, and survives missing text (S137)", function()
      app:message(slack.pattern "^two$", take)
      app:message(slack.pattern "b\nc", take)
      offline:message "two"
      offline:message "one two"
      offline:message "a b\nc d"
      offline:message ""
      offline:message(nil)
      offline:message(json.null)
      assert.same({ { "two" }, { "b\nc" } }, seen)
    end)

    it("takes anything with a match method, LPeg for instance", function()
      local grammar = setmetatable({}, { __index = {
        match = function(_, text) return tonumber(text:match "%d+") end,
      } })
      app:message(grammar, take)
      offline:message "it is 42"
      offline:message "nothing"
      assert.same({ { 42 } }, seen)
    end)

    it("takes a predicate, whose error harms nobody else", function()
      app:message(function() error "predicate" end, take)
      app:message(function(c) return c.user_id == "U03ADA5K1QW" end, take)
      offline:message "x"
      offline:message("x", { user = "U1" })
      assert.same({ "plain" }, seen)
    end)

    it("takes ordinary kinds alone unless it names a subtype (S138)", function()
      local subtypes = {}
      app:message(function(c) table.insert(subtypes, c.event.subtype or "none") end)
      for _, subtype in ipairs {
        "bot_message", "thread_broadcast", "file_share", "me_message", "message_changed",
        "message_deleted", "channel_join", "channel_topic",
      } do
        offline:message("x", { subtype = subtype })
      end
      offline:message "x"
      assert.same({ "bot_message", "thread_broadcast", "file_share", "me_message", "none" },
        subtypes)
      app:message({ subtype = "message_changed" }, take)
      offline:message("x", { subtype = "message_changed" })
      assert.same({ "plain" }, seen)
    end)

    it("takes constraints on where and from whom", function()
      app:message({ text = "x", channel = { "C1", "C2" }, user = "U1", thread_ts = false }, take)
      offline:message("axb", { channel = "C2", user = "U1" })
      offline:message("axb", { channel = "C3", user = "U1" })
      offline:message("axb", { channel = "C1", user = "U2" })
      offline:message("axb", { channel = "C1", user = "U1", thread_ts = "1.2" })
      assert.same({ "plain" }, seen)
    end)
  end)

  describe("for events", function()
    it("matches type by pattern (S132), subtype by name, none, list (S134)", function()
      app:event(slack.pattern "^reaction_(%a+)$", take)
      app:event({ type = "message", subtype = false }, function() table.insert(seen, "none") end)
      app:event({ type = "message", subtype = { "me_message", "tombstone" } },
        function() table.insert(seen, "list") end)
      offline:event { type = "reaction_added", user = "U1" }
      offline:message "x"
      offline:message("x", { subtype = "me_message" })
      offline:message("x", { subtype = "channel_join" })
      assert.same({ { "added" }, "none", "list" }, seen)
    end)

    it("refuses the name of a subscription with advice (S133)", function()
      local ok, message = pcall(app.event, app, "message.channels", take)
      assert.is_false(ok)
      assert.matches("app:message(handler)", message, 1, true)
    end)
  end)

  describe("for actions", function()
    it("is found by action_id, block_id, callback_id and type (S144)", function()
      local function noting(name) return function() table.insert(seen, name) end end
      app:action({ action_id = "a", block_id = "b2" }, noting "a in b2")
      app:action({ block_id = "b3" }, noting "b3")
      app:action({ callback_id = "form", type = "block_actions" }, noting "form")
      app:action({ action_id = "menu", type = "static_select" }, noting "menu")
      app:action(slack.pattern "^a", noting "pattern")
      app:action({ type = "interactive_message", callback_id = "legacy" }, noting "legacy")
      local function click(action, more)
        offline:click("", setmetatable({ actions = { action } }, { __index = more }))
      end
      click { action_id = "a", block_id = "b2" }
      click { action_id = "q", block_id = "b3" }
      offline:click("zzz", { view = { callback_id = "form" } })
      click { action_id = "menu", type = "static_select" }
      offline:click "apple"
      offline:deliver {
        type = "interactive_message", callback_id = "legacy", actions = { { name = "n" } },
      }
      assert.same({ "a in b2", "b3", "form", "menu", "pattern", "legacy" }, seen)
    end)

    it("raises for an unknown constraint and does not run (S145)", function()
      local ok, message = pcall(app.action, app, { acton_id = "x" }, take)
      assert.is_false(ok)
      assert.matches('unknown constraint "acton_id"; did you mean "action_id"?', message, 1, true)
    end)
  end)

  describe("for attachments and dialogs of old apps (S150)", function()
    local function noting(name) return function() table.insert(seen, name) end end

    it("is found by type, callback_id and name", function()
      app:action({ type = "interactive_message", callback_id = "cb", name = "yes" }, noting "yes")
      app:action({ type = "dialog_submission", callback_id = "cb" }, noting "submission")
      app:action({ type = "dialog_cancellation", callback_id = "cb" }, noting "cancellation")
      app:action({ type = { "dialog_submission", "dialog_cancellation" } }, noting "another")
      local function attachment(name)
        offline:deliver { type = "interactive_message", callback_id = "cb", user = { id = "U1" },
          actions = { { name = name, type = "button", value = "1" } } }
      end
      attachment "yes"
      attachment "no"
      offline:deliver { type = "dialog_submission", callback_id = "cb", submission = { a = "1" } }
      offline:deliver { type = "dialog_cancellation", callback_id = "cb" }
      offline:deliver { type = "dialog_submission", callback_id = "other", submission = {} }
      assert.same({ "yes", "submission", "cancellation", "another" }, seen)
    end)

    it("of a menu is found by callback_id and name", function()
      app:options({ callback_id = "cb", name = "city" }, noting "city")
      app:options({ type = "dialog_suggestion", name = "country" }, noting "country")
      app:options({ type = "interactive_message", callback_id = "old" }, noting "attachment")
      for _, body in ipairs {
        { type = "dialog_suggestion", callback_id = "cb", name = "city", value = "b" },
        { type = "dialog_suggestion", callback_id = "cb", name = "country", value = "b" },
        { type = "interactive_message", callback_id = "old", name = "n", value = "b" },
        { type = "dialog_suggestion", callback_id = "old", name = "n", value = "b" },
      } do
        offline:deliver(body)
      end
      assert.same({ "city", "country", "attachment" }, seen)
    end)
  end)

  it("of a menu is found by action_id and block_id (S146)", function()
    local function noting(name) return function() table.insert(seen, name) end end
    app:options({ action_id = "m", block_id = "b2" }, noting "m in b2")
    app:options({ block_id = "b3" }, noting "b3")
    app:options("m", noting "m")
    for _, ids in ipairs { { "m", "b2" }, { "x", "b3" }, { "m", "b1" }, { "x", "b1" } } do
      offline:deliver { type = "block_suggestion", action_id = ids[1], block_id = ids[2] }
    end
    assert.same({ "m in b2", "b3", "m" }, seen)
  end)

  it("of a function is found by its callback_id, string or pattern (S149)", function()
    app:func("exact", function() table.insert(seen, "exact") end)
    app:func(slack.pattern "^go_(%a+)", take)
    for _, id in ipairs { "exact", "go_far", "other" } do
      offline:event { type = "function_executed", ["function"] = { callback_id = id } }
    end
    assert.same({ "exact", { "far" } }, seen)
    local ok, message = pcall(app.func, app, 42, take)
    assert.is_false(ok)
    assert.matches("app:func: callback_id: a string, slack.pattern", message, 1, true)
  end)

  it("for whatever no other took may name types and places", function()
    app:message("taken", function() end)
    app:any("reaction_added", function() table.insert(seen, "reaction") end)
    app:any({ kind = "command", user = "U03ADA5K1QW" },
      function() table.insert(seen, "command") end)
    app:any(function(c) table.insert(seen, c.kind .. " " .. c.type) end)
    offline:message "taken"
    offline:message "something else"
    offline:event { type = "reaction_added", user = "U1" }
    offline:command "/nothing"
    offline:deliver { type = "some_future_thing" }
    assert.same({
      "event message", "reaction", "event reaction_added", "command", "unknown some_future_thing",
    }, seen)
  end)

  it("runs when all of its constraints hold, and only then (S141)", function()
    app:message({ text = "deploy", channel = "C07DEPLOY42", user = "U03ADA5K1QW" }, take)
    offline:message("deploy", { channel = "C0OTHER" })
    offline:message("deploy", { user = "U0OTHER" })
    offline:message "something else"
    assert.same({}, seen)
    offline:message "deploy it"
    assert.equal(1, #seen)
  end)

  it("takes views by callback_id, pattern and type, sent off or closed (S148)", function()
    local function noting(name) return function() table.insert(seen, name) end end
    app:view("exact", noting "exact")
    app:view(slack.pattern "^form_", noting "pattern")
    app:view({ callback_id = "typed", type = "view_closed" }, noting "typed")
    app:view_closed("exact", noting "closed")
    local function view(kind, callback_id)
      offline:deliver {
        type = kind, user = { id = "U03ADA5K1QW" }, view = { id = "V1", callback_id = callback_id },
      }
    end
    view("view_submission", "exact")
    view("view_submission", "form_7")
    view("view_submission", "typed")
    view("view_closed", "typed")
    view("view_closed", "exact")
    assert.same({ "exact", "pattern", "typed", "closed" }, seen)
  end)

  it("needs functions, and says which method and argument is wrong (S026)", function()
    local function problem(fn)
      local ok, message = pcall(fn)
      assert.is_false(ok)
      return message
    end
    assert.matches("spec/listener_spec.lua:%d+: app:command: handler: function expected, got nil",
      problem(function() app:command("/x", nil) end))
    assert.matches("app:event: handler: function expected, got nothing",
      problem(function() app:event("x") end))
    assert.matches("app:action: middleware 1: function expected, got string",
      problem(function() app:action("x", "y", take) end))
    assert.matches("app:command: slack.mention: only events and messages",
      problem(function() app:command("/x", slack.mention, take) end))
    assert.matches("app:command: command expected, got nil",
      problem(function() app:command(nil, take) end))
    assert.matches("app:use: middleware: function expected, got table",
      problem(function() app:use {} end))
    assert.matches("spec/listener_spec.lua:%d+: slack.pattern: malformed",
      problem(function() slack.pattern "[" end))
  end)

  it("takes effect when it is registered after others have run (S168)", function()
    offline:message "x"
    app:message(take)
    offline:message "x"
    assert.same({ "plain" }, seen)
  end)

  it("of a command is refused without its slash", function()
    local _, problem = pcall(app.command, app, "deploy", function() end)
    assert.matches('"/deploy"', problem, 1, true)
  end)

  describe("that is removed (S169)", function()
    it("takes nothing any more, and says so once", function()
      local listener = app:message("x", take)
      local other = app:action("a", take)
      offline:message "x"
      assert.is_true(listener:remove())
      assert.is_false(listener:remove())
      assert.is_true(other:remove())
      offline:message "x"
      offline:click "a"
      assert.same({ "plain" }, seen)
      assert.equal(0, app:stats().listeners)
    end)

    it("says so when the colon is missing", function()
      local listener = app:message(take)
      local ok, message = pcall(function() listener.remove() end)
      assert.is_false(ok)
      assert.matches("^spec/listener_spec.lua:%d+: listener.remove: call it with a colon", message)
    end)

    it("may remove itself while it runs", function()
      local listener
      listener = app:message(function(c)
        table.insert(seen, c.event.text)
        assert.is_true(listener:remove())
      end)
      offline:message "once"
      offline:message "twice"
      assert.same({ "once" }, seen)
    end)

    for _, where in ipairs { "", " below middleware" } do
      it("may be removed by a handler that runs before it" .. where, function()
        local second
        if where ~= "" then
          app:use(function(_, next) return next() end)
        end
        app:message(function() second:remove() end)
        second = app:message(take)
        app:message(function() table.insert(seen, "last") end)
        offline:message "x"
        offline:message "y"
        Offline.settle()
        assert.same({ "last", "last" }, seen)
      end)
    end

    it("may be removed by a predicate that is asked before it, others added", function()
      local second, third
      app:message(function()
        if second then
          second:remove()
          second = nil
          third = app:message(take)
        end
        return false
      end, take)
      second = app:message(function() table.insert(seen, "second") end)
      app:message(function() table.insert(seen, "last") end)
      offline:message "x"
      assert.same({ "last" }, seen)
      offline:message "y"
      assert.same({ "last", "last", "plain" }, seen)
      assert.is_true(third:remove())
    end)

    it("stays away when everything is put together anew", function()
      app:message(take):remove()
      app:use(function(_, next) return next() end)
      offline:message "x"
      assert.same({}, seen)
    end)
  end)
end)

describe("a plain text that looks like a pattern", function()

  for _, text in ipairs { "^hello", "%a+ please", "deploy (.*)", "\\d+" } do
    it("is searched for as it is, and warned of when it is registered: " .. text, function()
      local offline = Offline.new()
      offline.app:message(text, function() end)
      assert.matches("WARN.*app:message.*listener_spec%.lua:%d+.*slack%.pattern", offline:log())
    end)
  end

  it("is told from other texts", function()
    local offline = Offline.new()
    for _, text in ipairs { "5$", "100% sure", "what?", "1+1", ":^)", "(see)" } do
      offline.app:message(text, function() end)
    end
    offline.app:message(require "slack.pattern" "^hello", function() end)
    assert.is_nil(offline:log():find "WARN")
  end)
end)
