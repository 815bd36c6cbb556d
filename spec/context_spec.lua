local Offline = require "support.offline_app"
local errors = require "slack.errors"
local files = require "support.files"
local json = require "slack.json"

describe("the context", function()
  local offline, app

  before_each(function()
    offline = Offline.new()
    app = offline.app
  end)

  local function context_of(body)
    local Context = require "slack.context"
    local payload = require "slack.payload"
    local kind, part = payload.kind(body)
    return Context.new(app, { body = body, acked = true }, kind, part)
  end

  local function called(method)
    local found = {}
    for _, call in ipairs(offline.calls) do
      if call.method == method then
        table.insert(found, call.arguments)
      end
    end
    return found
  end

  describe("finds ids", function()
    local function ids(body)
      local c = context_of(body)
      return { c.user_id, c.channel_id or "-", c.team_id or "-" }
    end

    it("in every shape of payload (S161, S164)", function()
      assert.same({ "U1", "C1", "T1" }, ids { user_id = "U1", channel_id = "C1", team_id = "T1",
        command = "/x" })
      assert.same({ "U1", "C1", "T1" }, ids { type = "block_actions", user = { id = "U1" },
        channel = { id = "C1" }, team = { id = "T1" }, actions = { {} } })
      assert.same({ "U1", "C1", "T2" }, ids { type = "block_actions", user = "U1", channel = "C1",
        team = json.null, actions = { {} }, view = { app_installed_team_id = "T2" } })
      assert.same({ "U1", "C2", "T3" }, ids { type = "block_actions",
        user = { id = "U1", team_id = "T3" }, container = { channel_id = "C2" }, actions = { {} } })
      assert.same({ "U1", "C1", "T1" }, ids { team_id = "T9",
        event = { type = "reaction_added", user = "U1", item = { channel = "C1", ts = "1.1" } },
        authorizations = { { team_id = "T1" } } })
      assert.same({ "U1", "D1", "-" }, ids { event = { type = "assistant_thread_started",
        assistant_thread = { user_id = "U1", channel_id = "D1", thread_ts = "1.1" } } })
      assert.same({ "U1", "C1", "-" }, ids { event = { type = "message", channel = "C1",
        subtype = "message_changed", message = { user = "U1" } } })
      assert.same({ "U1", "-", "-" }, ids { event = { type = "team_join", user = { id = "U1" } } })
      assert.same({ [2] = "C5", [3] = "-" }, ids { event = { type = "channel_created",
        channel = { id = "C5" } } })
    end)

    it("of the enterprise from the authorization, not from the author (S037)", function()
      assert.equal("E1", context_of({ enterprise_id = "E2", event = { type = "x" },
        authorizations = { { enterprise_id = "E1" } } }).enterprise_id)
    end)

    it("of the thread where it is known (S162)", function()
      local function thread(event) return context_of({ event = event }).thread_ts end
      assert.equal("1.1", thread { type = "message", thread_ts = "1.1", ts = "2.2" })
      assert.equal("1.3", thread { type = "message", ts = "2.2", message = { thread_ts = "1.3" } })
      assert.equal("1.4", thread { type = "x", assistant_thread = { thread_ts = "1.4" } })
      assert.is_nil(thread { type = "message", ts = "2.2" })
      assert.equal("1.1", thread {
        type = "message", thread_ts = "1.1", ts = "2.2", message = { thread_ts = "1.3" },
      })
      local function thread_of_click(more)
        more.type, more.actions = "block_actions", { { action_id = "a" } }
        return context_of(more).thread_ts
      end
      assert.equal("1.5", thread_of_click { container = { thread_ts = "1.5" } })
      assert.equal("1.6", thread_of_click { message = { ts = "2.2", thread_ts = "1.6" } })
      assert.is_nil(thread_of_click { message = { ts = "2.2" } })
    end)

    it("of the bot from the identity", function()
      local c = context_of { event = { type = "x" } }
      assert.same({ "U05BOTUSR01", "B05BOT" }, { c.bot_user_id, c.bot_id })
    end)
  end)

  -- Calls fn for each way to put a wrong value into a body.
  local function each_wrong(body, part, fn)
    for name, value in pairs(part) do
      for _, wrong in ipairs { json.null, 5, "", "text", true, {}, { 1 }, { { "x" } } } do
        part[name] = wrong
        fn(body)
      end
      part[name] = value
      if type(value) == "table" then
        each_wrong(body, value, fn)
      end
    end
  end

  it("names in its table of parts to be loaded all that these have", function()
    local Context = require "slack.context"
    local text = files.read("lua/slack/context.lua"):match "local LATER = (%b{})"
    local count = 0
    for module, names in text:gmatch '%["(slack%.[%w_]+)"%] = (%b{})' do
      for kind, values in pairs(require(module)) do
        for name in pairs((kind == "methods" or kind == "fields") and values or {}) do
          assert.truthy(names:find('"' .. name .. '"', 1, true), module .. ": " .. name)
          assert.is_true(kind == "fields" or Context[name] ~= nil)
          count = count + 1
        end
      end
    end
    assert.equal(select(2, text:gsub('"[%w_]+"[ ,]', "")), count)
  end)

  it("has every field whatever the payload is, and raises for none", function()
    local Context = require "slack.context"
    local names = {}
    for name in files.read("lua/slack/context.lua"):gmatch "%-%-%-@field ([%w_]+)" do
      table.insert(names, name)
    end
    local view = {
      id = "V1", app_installed_team_id = "T1", blocks = { { type = "input", block_id = "b" } },
      state = { values = { b = {
        a = { type = "checkboxes", selected_options = { { value = "x" } } },
      } } },
    }
    for _, body in ipairs {
      { event = { type = "message", text = "x", user = "U1", channel = "C1", ts = "1.1",
        message = { user = "U1", ts = "1.1" }, item = { channel = "C1", message = { ts = "1.1" } },
        assistant_thread = { user_id = "U1" }, invite = { inviting_user = { id = "U1" } },
        view = view }, authorizations = { { team_id = "T1" } } },
      { type = "block_actions", user = { id = "U1" }, team = { id = "T1" }, view = view,
        actions = { { action_id = "a" } }, container = { type = "view" }, state = { values = {} } },
      { type = "view_submission", view = view, interactivity = { interactivity_pointer = "1.2" },
        response_urls = { { response_url = "x" } } },
      { type = "dialog_submission", submission = { name = "x" }, original_message = { ts = "1" } },
      { command = "/x", text = "x", user_id = "U1", channel_id = "C1" },
    } do
      each_wrong(body, body, function(wrong)
        if (require "slack.payload").kind(wrong) then
          local c = context_of(wrong)
          for _, name in ipairs(names) do
            local ok, value = pcall(Context.__index, c, name)
            if not ok or value == json.null then
              error(("c.%s: %s"):format(name, value))
            end
          end
        end
      end)
    end
  end)

  it("names the payload after its kind", function()
    local body = { event = { type = "message", text = "x" } }
    local c = context_of(body)
    assert.same({ "event", "message" }, { c.kind, c.type })
    assert.is_true(c.event == body.event and c.message == body.event and c.payload == body.event)
    assert.is_nil(c.command)
    c = context_of { command = "/x", text = "y" }
    assert.equal("y", c.command.text)
    c = context_of { type = "view_submission", view = { id = "V1" } }
    assert.equal("V1", c.view.id)
    assert.equal("view_submission", c.type)
    c = context_of { type = "block_actions", actions = { { value = "v" } }, message = { ts = "1" } }
    assert.same({ "v", "1" }, { c.action.value, c.message.ts })
  end)

  it("uses the token that came with a custom function", function()
    local _ = context_of({ event = { type = "x", bot_access_token = "xwfp-1" } }).client
    assert.same({ "xwfp-1" }, called "with_token")
  end)

  describe("c:ack", function()
    local function ack_of(...)
      local arguments = table.pack(...)
      app:command("/x", function(c) c:ack(table.unpack(arguments, 1, arguments.n)) end)
      return offline:command("/x").answers
    end

    it("sends nothing, text, or a table", function()
      assert.same({ "empty" }, ack_of())
      assert.same({ '{"text":"hi"}' }, (function()
        offline = Offline.new()
        app = offline.app
        return ack_of "hi"
      end)())
    end)

    it("raises for what it cannot send (S186)", function()
      app:command("/x", function(c) c:ack(5) end)
      offline:command "/x"
      assert.matches("context_spec.lua:%d+: c:ack: text, a table or nothing expected, got number",
        offline:log())
    end)

    it("logs a second one and sends nothing (S198)", function()
      app:command("/x", function(c)
        assert.is_true(c:ack "one")
        local ok, err = c:ack "two"
        assert.is_nil(ok)
        assert.equal("acked", err.code)
      end)
      assert.same({ '{"text":"one"}' }, offline:command("/x").answers)
      assert.not_matches("ERROR", offline:log())
      assert.matches("acked already", offline:log())
    end)

    it("is what the handler returns when it has not acked", function()
      app:command("/x", function() return { text = "table" } end)
      assert.same({ '{"text":"table"}' }, offline:command("/x").answers)
    end)

    it("is not what a call returned that the handler passes on", function()
      app:command("/say", function(c) return c:say "x" end)
      app:command("/api", function(c) return c.client.chat.postMessage { channel = "C1" } end)
      app:command("/err", function() return nil, "problem" end)
      app:command("/true", function() return true end)
      for _, name in ipairs { "/say", "/api", "/err", "/true" } do
        assert.same({ "empty" }, offline:command(name).answers)
      end
    end)

    it("is left to the end of a chain of middleware", function()
      app:use(function(_, next) next() end)
      app:command("/x", function() return "inner" end)
      assert.same({ '{"text":"inner"}' }, offline:command("/x").answers)
    end)

    it("gives an error when it is too large, and is still owed", function()
      local err
      app:view("form", function(c)
        local _
        _, err = c:ack { errors = { name = ("x"):rep(21000) } }
      end)
      local request = offline:deliver {
        type = "view_submission", view = { callback_id = "form" },
      }
      assert.equal("too_large", err.code)
      assert.matches('app:view "form" %(.*context_spec.lua:%d+%): the ack of %d+ bytes is too '
        .. "large", offline:log())
      assert.same({ "empty" }, request.answers)
    end)

    it("takes options bare, in a table, and an empty list of them (S146, S185)", function()
      local answer
      app:options("menu", function() return answer end)
      local function ask(value)
        answer = value
        return offline:deliver {
          type = "block_suggestion", action_id = "menu", block_id = "b", value = "",
        }.answers[1]
      end
      assert.equal('{"options":[]}', ask {})
      assert.equal('{"options":[]}', ask { options = {} })
      assert.equal('{"options":[{"value":"a"}]}', ask { { value = "a" } })
      assert.equal('{"option_groups":[]}', ask { option_groups = {} })
    end)

    it("answers a form (S184)", function()
      app:view("form", function() return { response_action = "errors", errors = { b1 = "no" } } end)
      local request = offline:deliver {
        type = "view_submission", view = { callback_id = "form" },
      }
      assert.same({ response_action = "errors", errors = { b1 = "no" } },
        json.decode(request.answers[1]))
    end)

    it("drops content where none can be taken, and does nothing for events (S194)", function()
      app:action("b", function(c) c:ack "x" end)
      local request = offline:deliver(
        { type = "block_actions", actions = { { action_id = "b" } } }, { takes_payload = false })
      assert.same({ "empty" }, request.answers)
      local ran
      app:message(function(c) ran = c:ack() end)
      assert.same({}, offline:message("x").answers)
      assert.is_true(ran)
      assert.not_matches("acked already", offline:log())
    end)

    it("is empty, with a warning, when the handler returns a number", function()
      app:command("/x", function() return 42 end)
      assert.same({ "empty" }, offline:command("/x").answers)
      assert.matches("returned a number", offline:log())
    end)

    it("tells after the deadline that it is too late", function()
      local tasks, loop = require "slack.tasks", require "slack.loop"
      local gate = tasks.waiter()
      local ok, err
      app:command("/slow", function(c)
        gate:await()
        ok, err = c:ack "late"
        c:ack "later"
      end)
      local request = offline:command "/slow"
      app.dispatch:deadline(request)
      assert.matches('no ack in time from app:command "/slow" %(.*context_spec.lua:%d+%)',
        offline:log())
      gate:resolve()
      loop.step(0)
      assert.same({}, request.answers)
      local _, told = offline:log():gsub("c:ack: after the deadline", "")
      assert.equal(1, told)
      assert.is_nil(ok)
      assert.equal("deadline", err.code)
    end)
  end)

  describe("after an error", function()
    it("shows a person who typed a command that it failed, and nothing of why", function()
      app:command("/x", function() error "password is hunter2" end)
      local answer = json.decode(offline:command("/x").answers[1])
      assert.equal("ephemeral", answer.response_type)
      assert.not_matches("hunter2", answer.text)
    end)

    it("answers nothing else, so that a form stays open", function()
      app:view("form", function() error "broken" end)
      local request = offline:deliver {
        type = "view_submission", view = { callback_id = "form" },
      }
      assert.same({}, request.answers)
      assert.is_true(request.refused)
    end)

    it("lets on_error decide the answer", function()
      app:on_error(function(err, c, failure)
        return { text = ("%s: %s %s"):format(c.command.command, err, failure.acked) }
      end)
      app:command("/x", function() error("why", 0) end)
      assert.equal("/x: why false", json.decode(offline:command("/x").answers[1]).text)
    end)

    it("survives an on_error that fails itself", function()
      app:on_error(function() error "on_error is broken" end)
      app:command("/x", function() error "first" end)
      assert.equal(1, #offline:command("/x").answers)
      assert.matches("on_error is broken", offline:log())
    end)

    it("leaves the ack that was sent (S118)", function()
      app:command("/x", function(c)
        c:ack "fine"
        error "later"
      end)
      assert.same({ '{"text":"fine"}' }, offline:command("/x").answers)
    end)
  end)

  describe("c:say and its kin", function()
    it("post where the trigger was, in its thread if it stood in one (S193)", function()
      app:message(function(c) c:say "x" end)
      offline:message "top"
      offline:message("below", { thread_ts = "1.1", ts = "2.2" })
      offline:message("root", { thread_ts = "2.2", ts = "2.2" })
      assert.same({
        { channel = "C07DEPLOY42", text = "x" },
        { channel = "C07DEPLOY42", text = "x", thread_ts = "1.1" },
        { channel = "C07DEPLOY42", text = "x" },
      }, called "chat.postMessage")
    end)

    it("let the thread be chosen (S193), and leave the caller's table alone (S260)", function()
      local message = { text = "x", thread_ts = false }
      app:message(function(c)
        c:say(message)
        c:say { text = "y", thread_ts = "9.9" }
      end)
      offline:message("below", { thread_ts = "1.1", ts = "2.2" })
      assert.same({ text = "x", thread_ts = false }, message)
      assert.same({
        { channel = "C07DEPLOY42", text = "x" },
        { channel = "C07DEPLOY42", text = "y", thread_ts = "9.9" },
      }, called "chat.postMessage")
    end)

    it("leave the thread behind where another channel is named (S193)", function()
      app:message(function(c)
        c:say { text = "x", channel = "C2" }
        c:say { text = "y", channel = "C2", thread_ts = "9.9" }
      end)
      offline:message("below", { thread_ts = "1.1", ts = "2.2" })
      assert.same({
        { channel = "C2", text = "x" }, { channel = "C2", text = "y", thread_ts = "9.9" },
      }, called "chat.postMessage")
    end)

    it("reply in the thread in any case", function()
      app:message(function(c)
        c:reply "x"
        c:reply { text = "y", thread_ts = "9.9" }
      end)
      offline:message("top", { ts = "5.5" })
      offline:message("below", { ts = "7.7", thread_ts = "6.6" })
      local threads = {}
      for i, arguments in ipairs(called "chat.postMessage") do
        threads[i] = arguments.thread_ts
      end
      assert.same({ "5.5", "9.9", "6.6", "9.9" }, threads)
    end)

    it("give a message to go on with", function()
      app:message(function(c)
        local sent = c:say "working"
        sent:update "done"
        sent:reply "details"
        sent:react ":tada:"
        sent:delete()
      end)
      offline:message "x"
      local ts = "1700000000.000100"
      assert.same({
        channel = "C07DEPLOY42", ts = ts, text = "done", blocks = {}, attachments = {},
      }, called "chat.update"[1])
      assert.equal(ts, called "chat.postMessage"[2].thread_ts)
      assert.same({ channel = "C07DEPLOY42", timestamp = ts, name = "tada" },
        called "reactions.add"[1])
      assert.same({ channel = "C07DEPLOY42", ts = ts }, called "chat.delete"[1])
    end)

    it("react to the message and update the one of a button", function()
      app:message(function(c) c:react "eyes" end)
      offline:message("x", { ts = "5.5" })
      assert.same({ channel = "C07DEPLOY42", timestamp = "5.5", name = "eyes" },
        called "reactions.add"[1])
      app:action("b", function(c) c:update "gone" end)
      offline:click "b"
      assert.same({
        channel = "C07DEPLOY42", ts = "1700000001.000200", text = "gone",
        blocks = {}, attachments = {},
      }, called "chat.update"[1])
    end)

    it("update a message that one person alone sees through the response URL", function()
      for _, more in ipairs {
        { container = { type = "message", is_ephemeral = true } },
        { type = "interactive_message", callback_id = "old", container = json.null,
          actions = { { name = "go" } } },
      } do
        offline = Offline.new()
        local seen
        offline.app:action({}, function(c)
          c.respond = function(_, content) seen = content end
          c:update "gone"
        end)
        more.message = json.null
        offline:click("b", more)
        assert.same({ text = "gone", replace_original = true }, seen)
      end
    end)

    it("keep what an update names, and drop nothing for markdown", function()
      app:action("b", function(c)
        c:update { text = "x", blocks = { { type = "divider" } } }
        c:update { markdown_text = "*y*" }
      end)
      offline:click "b"
      assert.same({ { type = "divider" } }, called "chat.update"[1].blocks)
      assert.is_nil(called "chat.update"[2].blocks)
    end)

    it("give an error where there is no channel (S165), and Slack's error as it is", function()
      local results = {}
      app:event("team_join", function(c) table.insert(results, select(2, c:say "x").code) end)
      offline:event { type = "team_join", user = { id = "U1" } }
      offline.answers["chat.postMessage"] = errors.new { code = "not_in_channel" }
      app:message(function(c) table.insert(results, select(2, c:say "x").code) end)
      offline:message "x"
      assert.same({ "no_channel", "not_in_channel" }, results)
    end)

    it("that fail leave one warning that names the listener, the method and the error", function()
      for method, call in pairs {
        ["c:say failed: chat.postMessage"] = function(c) return c:say "x" end,
        ["c:reply failed: chat.postMessage"] = function(c) return c:reply "x" end,
        ["c:react failed: reactions.add"] = function(c) return c:react "eyes" end,
        ["c:update failed: chat.update"] = function(c) return c:update "x" end,
        ["c:open failed: views.open"] = function(c) return c:open { type = "modal" } end,
        ["c:respond failed: "] = function(c) return c:respond "x" end,
      } do
        offline = Offline.new { proxy = "" }
        local name = method:match "%S+$"
        offline.answers[name or ""] = errors.new { code = "channel_not_found", method = name }
        local value, err
        offline.app:action("b", function(c) value, err = call(c) end)
        offline:click("b", { response_url = json.null })
        assert.is_nil(value)
        assert.equal(method:find "respond" and "no_response_url" or "channel_not_found", err.code)
        local _, count = offline:log():gsub("WARN", "")
        assert.equal(1, count, offline:log())
        assert.truthy(offline:log():find(method, 1, true), offline:log())
        assert.matches('listener="app:action[^\n]*context_spec.lua:%d+', offline:log())
      end
    end)

    it("say what fails before Slack is asked, once with the method's name", function()
      app:event("team_join", function(c)
        c:say "x"
        c:react "eyes"
        c:open { type = "modal" }
      end)
      offline:event { type = "team_join", user = { id = "U1" } }
      for _, text in ipairs {
        "WARN .*c:say failed: the trigger has no channel",
        "WARN .*c:react failed: the trigger is not about a message",
        "WARN .*c:open failed: nobody's click",
      } do
        assert.matches(text, offline:log())
      end
    end)

    it("raise for a view that cannot be sent, at the caller's line", function()
      app:command("/x", function(c) c:open { type = print } end)
      offline:command "/x"
      assert.matches("context_spec.lua:%d+: c:open: view: ", offline:log())
    end)

    it("raise for what is no message", function()
      app:message(function(c) c:say(5) end)
      offline:message "x"
      assert.matches("context_spec.lua:%d+: c:say: text or a table", offline:log())
    end)

    it("open a view with the trigger", function()
      app:command("/x", function(c) c:open { type = "modal" } end)
      offline:command "/x"
      assert.same({ trigger_id = "1.2", view = { type = "modal" } }, called "views.open"[1])
    end)
  end)

  it("gives an error for c:respond without a response URL (S188)", function()
    local err
    app:message(function(c) err = select(2, c:respond "x") end)
    offline:message "x"
    assert.equal("no_response_url", err.code)
  end)

  it("that is called with a dot says that a colon is meant, at the caller's line", function()
    for name, call in pairs {
      ["c:ack"] = function(c) c.ack "x" end, ["c:say"] = function(c) c.say "x" end,
      ["log:info"] = function(c) c.log.info "x" end,
      ["app:message"] = function(c) c.app.message("x", print) end,
    } do
      offline = Offline.new()
      offline.app:event("app_mention", call)
      offline:event { type = "app_mention" }
      assert.matches("context_spec.lua:%d+: %a+%.%a+: call it with a colon: " .. name,
        offline:log())
    end
  end)
end)
