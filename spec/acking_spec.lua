local Offline = require "support.offline_app"
local errors = require "slack.errors"
local json = require "slack.json"
local live = require "support.live_app"

local BLOCKS = {
  { type = "section", block_id = "intro", text = { type = "mrkdwn", text = "Hello" } },
  { type = "input", block_id = "name_b",
    element = { type = "plain_text_input", action_id = "name" } },
  { type = "input", block_id = "date_b",
    element = { type = "datepicker", action_id = "date" } },
}

describe("an ack", function()
  local offline, app

  before_each(function()
    offline = Offline.new()
    app = offline.app
  end)

  -- What Slack gets from a view whose handler returns, or acks, this.
  local function answer_to_view(content, more)
    app:view("form", more and more.acks and function(c) c:ack(content) end
      or function() return content end)
    local request = offline:deliver {
      type = "view_submission", user = { id = "U1" },
      view = {
        id = "V1", hash = "1.a", callback_id = "form", blocks = more and more.blocks or BLOCKS,
      },
    }
    local answer = request.answers[1]
    return answer and (json.decode(answer) or answer), request
  end

  describe("of a view", function()
    local VIEW = {
      type = "modal", title = { type = "plain_text", text = "Next" }, blocks = json.list {},
    }

    for name, case in pairs {
      ["errors by block_id"] =
        { { errors = { name_b = "No" } },
          { response_action = "errors", errors = { name_b = "No" } } },
      ["errors by action_id"] =
        { { errors = { name = "No" } },
          { response_action = "errors", errors = { name_b = "No" } } },
      ["errors in Slack's form, by action_id too"] =
        { { response_action = "errors", errors = { date = "No" } },
          { response_action = "errors", errors = { date_b = "No" } } },
      ["two errors of one input, on two lines"] =
        { { errors = { name = "a", name_b = "b" } },
          { response_action = "errors", errors = { name_b = "a\nb" } } },
      ["an update"] = { { update = VIEW }, { response_action = "update", view = VIEW } },
      ["a push"] = { { push = VIEW }, { response_action = "push", view = VIEW } },
      ["a clear"] = { { clear = true }, { response_action = "clear" } },
      ["Slack's own form"] = { { response_action = "clear" }, { response_action = "clear" } },
      ["nothing, when there is no error"] = { { errors = {} }, "empty" },
      ["nothing, when nothing is to be cleared"] = { { clear = false }, "empty" },
    } do
      it("is " .. name .. " (S184)", function()
        assert.same(case[2], (answer_to_view(case[1])))
        offline = Offline.new()
        app = offline.app
        assert.same(case[2], (answer_to_view(case[1], { acks = true })))
        assert.not_matches("WARN", offline:log())
      end)
    end

    it("leaves the handler's tables as they are (S260)", function()
      local given = { errors = { name = "No" } }
      answer_to_view(given)
      assert.same({ errors = { name = "No" } }, given)
    end)

    it("tells of an error at no input what was meant, and shows it all the same", function()
      local answer = answer_to_view { errors = { nmae = "No", date = "Late" } }
      assert.same({ name_b = "No", date_b = "Late" }, answer.errors)
      assert.matches('WARN .*an error for "nmae", which names no input of the view; did you mean '
        .. '"name"%?; there are: date, date_b, name, name_b', offline:log())
      assert.matches('listener="app:view [^\n]*acking_spec', offline:log())
    end)

    it("tells of an error at a block that is no input", function()
      assert.same({ name_b = "No" }, answer_to_view({ errors = { intro = "No" } }).errors)
      assert.matches('an error for "intro", which names no input', offline:log())
    end)

    it("passes errors on where the view's blocks are not known", function()
      assert.same({ b1 = "No" }, answer_to_view({ errors = { b1 = "No" } }, { blocks = {} }).errors)
    end)

    for content, problem in pairs {
      [{ error = { name = "No" } }] = 'unknown field "error"; did you mean "errors"%?',
      [{ errors = { name = 5 } }] = "errors.name: text expected, got number",
      [{ errors = "No" }] = "errors: a table of texts by action_id or block_id expected",
      [{ errors = { name = "No" }, clear = true }] = "one of them expected",
      [{ update = "x" }] = "update: a view expected, got string",
      [{ push = true }] = "push: a view expected, got boolean",
    } do
      it("that cannot be one is no ack: " .. problem, function()
        local answer, request = answer_to_view(content)
        assert.is_nil(answer)
        assert.is_true(request.refused)
        assert.matches("error in app:view .*can be no ack: [^\n]*" .. problem, offline:log())
        offline = Offline.new()
        app = offline.app
        answer_to_view(content, { acks = true })
        assert.matches("acking_spec.lua:%d+: c:ack: [^\n]*" .. problem, offline:log())
      end)
    end

    it("is empty, with a warning, when the handler returns text", function()
      assert.equal("empty", (answer_to_view "done"))
      assert.matches("returned a string, which can be no ack", offline:log())
    end)

    it("is what app:on_error returns; its text is shown at the first input", function()
      app:on_error(function() return "Sorry" end)
      app:view("form", function() error "broken" end)
      local request = offline:deliver { type = "view_submission",
        view = { callback_id = "form", blocks = BLOCKS } }
      assert.same({ response_action = "errors", errors = { name_b = "Sorry" } },
        json.decode(request.answers[1]))
      request = offline:deliver { type = "view_submission", view = { callback_id = "form" } }
      assert.is_true(request.refused)
    end)

    it("raises for text, which Slack would take for a failure (S186)", function()
      answer_to_view("done", { acks = true })
      assert.matches("acking_spec.lua:%d+: c:ack: errors, update, push or clear expected, got text",
        offline:log())
    end)
  end)

  describe("of a dialog", function()
    local function answer_to_dialog(content)
      app:action({ callback_id = "old" }, function() return content end)
      local request = offline:deliver {
        type = "dialog_submission", callback_id = "old", submission = { branch = "x" },
      }
      return json.decode(request.answers[1]) or request.answers[1]
    end

    it("takes errors by name, and Slack's list of them (S150)", function()
      local expected = { errors = { { name = "branch", error = "No such" } } }
      assert.same(expected, answer_to_dialog { errors = { branch = "No such" } })
      offline = Offline.new()
      app = offline.app
      assert.same(expected, answer_to_dialog(expected))
    end)

    it("closes it when there is no error", function()
      assert.equal("empty", answer_to_dialog { errors = {} })
    end)
  end)

  it("that Slack would refuse in silence is told with the path of what is wrong", function()
    local wrong = { type = "section", text = "plain" }
    answer_to_view { update = {
      type = "modal", title = { type = "plain_text", text = "T" }, blocks = { wrong },
    } }
    app:command("/x", function() return { text = "x", blocks = { wrong } } end)
    offline:command "/x"
    app:options("o", function() return { { text = "no object", value = "1" } } end)
    offline:deliver { type = "block_suggestion", action_id = "o" }
    local told, line = {}, "WARN [^\n]*does not take what was answered[^\n]-: ([%w%[%].]+)"
    for path in offline:log():gmatch(line) do
      told[#told + 1] = path
    end
    assert.same({ "view.blocks[1].text", "blocks[1].text", "options[1].text" }, told)
  end)

  it("of a menu takes groups and plain legacy options as they are (S146, S185)", function()
    local answer
    app:options({ callback_id = "old" }, function() return answer end)
    local function ask(value)
      answer = value
      return json.decode(offline:deliver {
        type = "interactive_message", callback_id = "old", name = "branch", value = "ma",
      }.answers[1])
    end
    local legacy = { options = { { text = "main", value = "main" } } }
    assert.same(legacy, ask(legacy))
    local groups = { option_groups = { { label = { type = "plain_text", text = "Hot" },
      options = { { value = "a" } } } } }
    assert.same(groups, ask(groups))
  end)

  for kind, body in pairs {
    block_actions = { type = "block_actions", actions = { { action_id = "x" } } },
    shortcut = { type = "shortcut", callback_id = "x" },
    message_action = { type = "message_action", callback_id = "x" },
    view_closed = { type = "view_closed", view = { callback_id = "x" } },
  } do
    it("of a " .. kind .. " says that what it holds would not be seen", function()
      for _, method in ipairs { "action", "shortcut", "view_closed" } do
        app[method](app, "x", function(c) c:ack { text = "Done" } end)
      end
      assert.same({ "empty" }, offline:deliver(body).answers)
      assert.matches("WARN .*shows nothing of what the ack of " .. kind, offline:log())
    end)

    it("of a " .. kind .. " is empty whatever the handler returns", function()
      for _, method in ipairs { "action", "shortcut", "view_closed" } do
        app[method](app, "x", function() return "Done" end)
      end
      assert.same({ "empty" }, offline:deliver(body).answers)
      assert.not_matches("ERROR", offline:log())
    end)
  end

  it("of a legacy button may replace its message", function()
    app:action({ callback_id = "old" }, function() return "Deployed" end)
    local request = offline:deliver {
      type = "interactive_message", callback_id = "old", actions = { { name = "go" } },
    }
    assert.same({ '{"text":"Deployed"}' }, request.answers)
  end)

  it("that is too large in Socket Mode is empty, and the log names its listener", function()
    live.run(function(here, new_app, lines)
      local bot = new_app { transport = "socket" }
      local size = 20480 - #'{"text":""}'
      bot:command("/below", function() return ("x"):rep(size - 1) end)
      bot:command("/at", function() return ("x"):rep(size) end)
      live.start(here, bot)
      assert.equal(size - 1, #here:command({ command = "/below" }).ack.text)
      assert.equal(json.null, here:command({ command = "/at" }).ack)
      assert.matches('ERROR .*app:command "/at" %(.*acking_spec.lua:%d+%): the ack of 20480 bytes '
        .. "is too large", table.concat(lines, "\n"))
    end)
  end)

  describe("with a view that is too large for it", function()
    local LARGE = {
      type = "modal", title = { type = "plain_text", text = "Large" },
      callback_id = "large",
      blocks = (function()
        local blocks = {}
        for i = 1, 40 do
          blocks[i] = { type = "section", text = { type = "plain_text", text = ("x"):rep(1000) } }
        end
        return blocks
      end)(),
    }
    local SMALL = {
      type = "modal", title = { type = "plain_text", text = "Small" }, callback_id = "small",
      submit = { type = "plain_text", text = "Send" },
      blocks = { { type = "input", block_id = "b", label = { type = "plain_text", text = "?" },
        element = { type = "plain_text_input", action_id = "a" } } },
    }

    for name, content in pairs { update = { update = LARGE }, push = { push = LARGE } } do
      it("shows it all the same, by views.update: " .. name, function()
        live.run(function(here, new_app, lines)
          local bot = new_app { transport = "socket" }
          bot:command("/open", function(c)
            c:ack()
            c:open(SMALL)
          end)
          local acked
          bot:view("small", function(c) acked = c:ack(content) end)
          live.start(here, bot)
          here:command { command = "/open" }
          local before = assert(here:wait(function() return here:view() end))
          local outcome = here:submit { values = { a = "x" } }
          assert.equal(name, outcome.ack.response_action)
          local view = live.wait(function()
            local top = here:view()
            return top and top.callback_id == "large" and acked and top
          end)
          assert.equal(40, #view.blocks)
          assert.equal(name == "update", view.id == before.id)
          assert.is_true(acked)
          local log = table.concat(lines, "\n")
          assert.matches('WARN .*app:view "small" %(.*acking_spec.lua:%d+%): an ack of %d+ bytes '
            .. "is too large", log)
        end)
      end)
    end

    it("goes whole over HTTP, which has no such limit", function()
      live.run(function(here, new_app, lines)
        local bot = new_app { transport = "http" }
        bot:command("/open", function(c)
          c:ack()
          c:open(SMALL)
        end)
        bot:view("small", function() return { update = LARGE } end)
        live.start(here, bot)
        here:command { command = "/open" }
        live.wait(function() return here:view() end)
        assert.equal(40, #here:submit({ values = { a = "x" } }).ack.view.blocks)
        assert.not_matches("too large", table.concat(lines, "\n"))
      end)
    end)

    -- The answers of views.update in their order; what was sent.
    local function replaced(content, answers)
      local sent = {}
      offline.answers["views.update"] = function(arguments)
        table.insert(sent, arguments)
        local answer = answers[#sent] or {}
        if answer.code then
          return nil, errors.new(answer)
        end
        return { ok = true, view = { hash = answer.hash } }
      end
      local result
      app:view("form", function(c) result = table.pack(c:ack(content)) end)
      local request = offline:deliver {
        type = "view_submission", user = { id = "U1" },
        view = { id = "V1", hash = "h0", callback_id = "form", blocks = BLOCKS },
      }
      live.wait(function() return result end)
      return sent, result, request
    end

    it("goes on until Slack has taken the ack, which the view's hash tells", function()
      local tasks = require "slack.tasks"
      tasks.run(function()
        local sent, result = replaced({ update = LARGE },
          { { hash = "h1" }, { code = "hash_conflict" } })
        local seen = {}
        for i, arguments in ipairs(sent) do
          seen[i] = { arguments.view_id, arguments.hash or "-", arguments.view == LARGE }
        end
        assert.same({ { "V1", "h0", true }, { "V1", "h1", true }, { "V1", "-", true } }, seen)
        assert.is_true(result[1])
      end)
    end)

    it("tells why it could not be shown", function()
      local _, result, request = replaced({ update = LARGE }, { { code = "invalid_arguments" } })
      assert.is_nil(result[1])
      assert.equal("invalid_arguments", result[2].code)
      assert.matches("WARN .*c:ack failed: invalid_arguments", offline:log())
      assert.equal("update", json.decode(request.answers[1]).response_action)
    end)
  end)
end)

describe("an answer that nobody gets to see", function()
  local offline

  before_each(function()
    offline = Offline.new()
  end)

  local function lines(pattern)
    local count = 0
    for _, line in ipairs(offline.lines) do
      count = count + (line:find(pattern) and 1 or 0)
    end
    return count
  end

  it("is warned of when it is returned after the deadline, as a late c:ack is", function()
    offline.app:command("/slow", function(c)
      offline.app.dispatch:deadline(c.request)
      return "done"
    end)
    offline:command "/slow"
    assert.equal(1, lines "WARN.*after the deadline: the person has had an empty answer; use c")
  end)

  it("is warned of once when it is a text returned for events", function()
    offline.app:message("hi", function() return "hello" end)
    for _ = 1, 3 do
      offline:message "hi"
    end
    assert.equal(1, lines 'WARN.*app:message "hi".*not posted.*c:say')
  end)

  it("is not spoken of where something was posted, or a handler says nothing", function()
    offline.app:message("hi", function(c) return c:say "hello" end)
    offline.app:message("hi", function() return true end)
    offline.app:command("/x", function() return { response_type = "in_channel", text = "y" } end)
    offline:message "hi"
    offline:command "/x"
    assert.equal(0, lines "WARN")
  end)

  for name, answer in pairs { returned = false, acked = true } do
    it("is warned of when a command has " .. name .. " what is no message", function()
      local content = { txt = "x" }
      offline.app:command("/x", function(c)
        if answer then
          c:ack(content)
        else
          return content
        end
      end)
      offline:command "/x"
      offline:command "/x"
      assert.equal(1, lines 'WARN.*app:command "/x".*no field "txt"; did you mean "text"')
    end)
  end

  it("is warned of when none of its fields is one of a message", function()
    offline.app:command("/x", function() return { { type = "divider" } } end)
    offline:command "/x"
    assert.equal(1, lines 'WARN.*app:command "/x".*no field of a message')
  end)

  it("raises when it is given to the handler's second parameter (Bolt's say)", function()
    local said
    offline.app:command("/x", function(_, say)
      assert.is_nil(say())
      said = select(2, pcall(say, "hi"))
    end)
    offline:command "/x"
    assert.matches("a handler gets c alone.*c:say", said)
  end)
end)
