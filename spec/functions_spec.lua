local blocks = require "slack.blocks"
local errors = require "slack.errors"
local json = require "slack.json"
local live_app = require "support.live_app"
local offline_app = require "support.offline_app"

local WORKFLOW_TOKEN = "xwfp-1-offline"

describe("a custom function", function()
  local offline, app

  before_each(function()
    offline = offline_app.new()
    app = offline.app
  end)

  local function execute(callback_id, more)
    local event = {
      type = "function_executed", ["function"] = { id = "Fn1", callback_id = callback_id },
      inputs = { text = "hello" }, function_execution_id = "Fx1",
      bot_access_token = WORKFLOW_TOKEN, event_ts = "1700000001.000200",
    }
    for name, value in pairs(more or {}) do
      event[name] = value
    end
    return offline:event(event)
  end

  local function click(action_id)
    return offline:click(action_id, {
      bot_access_token = WORKFLOW_TOKEN,
      function_data = {
        execution_id = "Fx1", ["function"] = { callback_id = "reverse" },
        inputs = { text = "hello" },
      },
      interactivity = { interactivity_pointer = "9.9" },
    })
  end

  local function completions()
    return offline:calls_of "functions.completeSuccess"
  end

  local function failures()
    return offline:calls_of "functions.completeError"
  end

  it("is found by its callback_id, and another one is not (S149)", function()
    local seen = {}
    app:func("reverse", function(c) table.insert(seen, c.function_execution_id) end)
    execute "reverse"
    execute "other"
    execute("reverse", { type = "function_of_another_kind" })
    assert.same({ "Fx1" }, seen)
  end)

  for name, case in pairs {
    ["no callback_id"] = { function() app:func(nil, print) end, "callback_id expected" },
    ["no handler"] = { function() app:func "reverse" end, "handler: function expected" },
    ["an unknown constraint"] = {
      function() app:func({ callbak_id = "reverse" }, print) end, 'did you mean "callback_id"?',
    },
  } do
    it("raises at registration with " .. name .. " (S149)", function()
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
    end)
  end

  it("has its inputs, and none where the payload has none", function()
    local seen = {}
    app:func("reverse", function(c) table.insert(seen, c.inputs) end)
    execute "reverse"
    execute("reverse", { inputs = json.null })
    assert.same({ { text = "hello" }, {} }, seen)
  end)

  it("is completed with its outputs and the token of its payload", function()
    app:func("reverse", function(c) assert(c:complete { reversed = c.inputs.text:reverse() }) end)
    execute "reverse"
    local call = assert(completions()[1], offline:log())
    assert.same({ function_execution_id = "Fx1", outputs = { reversed = "olleh" } },
      call.arguments)
    assert.equal(WORKFLOW_TOKEN, call.token)
  end)

  it("is completed with an empty object of outputs where there are none", function()
    app:func("tick", function(c) c:complete() end)
    execute "tick"
    assert.equal("{}", json.encode(completions()[1].arguments.outputs))
  end)

  it("is ended with an error for people", function()
    app:func("reverse", function(c) c:fail "There is no text." end)
    execute "reverse"
    assert.same({ function_execution_id = "Fx1", error = "There is no text." },
      failures()[1].arguments)
  end)

  it("may go on after its handler has returned, whatever that returns", function()
    app:func("reverse", function() return { reversed = "olleh" } end)
    execute "reverse"
    assert.same({}, completions())
    assert.same({}, failures())
  end)

  it("takes a second end for an error, and logs it (S270)", function()
    local second, err
    app:func("reverse", function(c)
      c:complete {}
      second, err = c:fail "too late"
    end)
    execute "reverse"
    assert.is_nil(second)
    assert.equal("completed", err.code)
    assert.truthy(offline:log():find("c:fail failed: the step was ended by c:complete", 1, true))
    assert.same({}, failures())
  end)

  it("can be ended again when the first call failed", function()
    offline.answers["functions.completeSuccess"] = errors.new {
      code = "parameter_validation_failed", message = "missing required output: reversed",
    }
    app:func("reverse", function(c)
      local _, err = c:complete {}
      c:fail(err)
    end)
    execute "reverse"
    assert.equal("missing required output: reversed", failures()[1].arguments.error)
  end)

  it("is failed where its outputs cannot be sent, told at the handler's line", function()
    app:func("reverse", function(c) c:complete { reversed = print } end)
    execute "reverse"
    assert.same({}, completions())
    assert.equal(1, #failures())
    assert.matches("functions_spec.lua:%d+: c:complete: outputs: JSON: reversed: a function",
      offline:log())
  end)

  it("raises for outputs that are no table by name, and for no text of an error", function()
    local problems = {}
    app:func("reverse", function(c)
      for _, misuse in ipairs {
        function() c:complete "olleh" end, function() c:complete { "olleh" } end,
        function() c:fail() end, function() c:fail "" end, function() c.fail "x" end,
      } do
        table.insert(problems, (select(2, pcall(misuse))))
      end
    end)
    execute "reverse"
    assert.equal(5, #problems)
    for i, expected in ipairs {
      "got string", "got a list", "got nil", "got an empty one", "c:fail(…)",
    } do
      assert.truthy(problems[i]:find("functions_spec.lua", 1, true), problems[i])
      assert.truthy(problems[i]:find(expected, 1, true), problems[i])
    end
  end)

  it("says where there is no function", function()
    local err
    app:message("hello", function(c) err = select(2, c:complete()) end)
    offline:message "hello"
    assert.equal("no_function", err.code)
  end)

  it("is nobody's when its payload makes no sense, and its fields are what they can be", function()
    local seen = {}
    app:event("function_executed", function(c)
      table.insert(seen, { c.inputs, c.function_execution_id, (select(2, c:complete())).code })
    end)
    app:func("reverse", function() table.insert(seen, "a listener") end)
    for _, strange in ipairs { json.null, "x", 1, { callback_id = json.null } } do
      offline:event {
        type = "function_executed", ["function"] = strange, inputs = strange,
        function_execution_id = 1, bot_access_token = 2,
      }
    end
    assert.equal(4, #seen)
    assert.same({ {}, nil, "no_function" }, { seen[1][1], seen[1][2], seen[1][3] })
    assert.is_nil(offline:log():find("ERROR", 1, true), offline:log())
  end)

  describe("whose buttons are used", function()
    it("has its inputs, execution and token there (S182)", function()
      app:action("approve", function(c)
        c:ack()
        assert(c:complete { reversed = c.inputs.text:reverse() })
      end)
      click "approve"
      local call = assert(completions()[1], offline:log())
      assert.same({ function_execution_id = "Fx1", outputs = { reversed = "olleh" } },
        call.arguments)
      assert.equal(WORKFLOW_TOKEN, call.token)
    end)

    it("gives other clicks none of it (S182, S272)", function()
      local seen = {}
      app:action("approve", function(c)
        table.insert(seen, { c.inputs or false, c.function_execution_id or false })
        c:say "done"
      end)
      click "approve"
      offline:click "approve"
      assert.same({ { { text = "hello" }, "Fx1" }, { false, false } }, seen)
      local tokens = {}
      for _, call in ipairs(offline:calls_of "chat.postMessage") do
        table.insert(tokens, call.token or "the app's")
      end
      assert.same({ WORKFLOW_TOKEN, "the app's" }, tokens)
    end)
  end)

  describe("whose handler raises", function()
    it("fails with a text that tells nothing of the program", function()
      app:func("reverse", function() error "secret detail" end)
      execute "reverse"
      local call = assert(failures()[1], offline:log())
      assert.equal("The app could not do this step: an error came up.", call.arguments.error)
      assert.truthy(offline:log():find("secret detail", 1, true))
    end)

    it("fails with what app:on_error returns", function()
      app:func("reverse", function() error "x" end)
      app:on_error(function() return "Try again tomorrow." end)
      execute "reverse"
      assert.equal("Try again tomorrow.", failures()[1].arguments.error)
    end)

    it("goes on when app:on_error returns false, or has ended it", function()
      app:func("reverse", function(c) error(c.inputs.text) end)
      app:on_error(function(_, c)
        return c.inputs.text == "hello" and c:complete {} or false
      end)
      execute "reverse"
      execute("reverse", { inputs = { text = "other" } })
      assert.equal(1, #completions())
      assert.same({}, failures())
    end)

    it("stays completed when it was before", function()
      app:func("reverse", function(c)
        c:complete {}
        error "x"
      end)
      execute "reverse"
      assert.equal(1, #completions())
      assert.same({}, failures())
    end)

    it("is not failed by another listener of the event", function()
      app:event("function_executed", function() error "x" end)
      execute "reverse"
      assert.same({}, failures())
    end)

    it("is not delivered again, where events are answered when handled (S200)", function()
      app:func("reverse", function() error "x" end)
      local request = offline:deliver({
        type = "event_callback", team_id = "T02MOON4XYZ", event_id = "EvHeld1",
        event = {
          type = "function_executed", ["function"] = { callback_id = "reverse" },
          function_execution_id = "Fx1", bot_access_token = WORKFLOW_TOKEN,
        },
      }, { acked = true, held = true })
      assert.equal(1, #failures())
      assert.same({ true, true }, { request.refused, request.no_retry })
    end)

    it("is reported once, also below middleware", function()
      app:use(function(_, next) return next() end)
      app:func("reverse", function() error "x" end)
      execute "reverse"
      assert.equal(1, #failures())
    end)
  end)

  it("is completed by a modal that one of its buttons opened, with its inputs there", function()
    live_app.run(function(here, new_app)
      local there = new_app()
      there:func("ask", function(c)
        c:say {
          channel = c.inputs.who, text = "Tell",
          blocks = { blocks.actions { blocks.button("Tell", "tell") } },
        }
      end)
      there:action("tell", function(c)
        c:open(blocks.modal {
          callback_id = "telling", title = "Tell", submit = "Send",
          blocks.input("What", blocks.plain_text_input "what"),
        })
      end)
      there:view("telling", function(c)
        c:complete { text = c.inputs.greeting .. ", " .. c.values.what }
      end)
      live_app.start(here, there)
      local step = here:run_step {
        callback_id = "ask", outputs = { text = "string" },
        inputs = { who = here.workspace:find_user "ada".id, greeting = "Hello" },
      }
      local question = assert(here:wait_message { channel = "@ada", text = "Tell" })
      here:click { message = question, action_id = "tell" }
      assert(here:wait(function() return here:view() end))
      here:submit { values = { what = "moon" } }
      assert(here:wait_step(step))
      assert.same({ text = "Hello, moon" }, step.outputs)
    end)
  end)

  for _, transport in ipairs(live_app.TRANSPORTS) do
    it("waits for a click, which ends it with its own token, over " .. transport, function()
      live_app.run(function(here, new_app)
        local there, again = new_app { transport = transport }, nil
        there:func("approval", function(c)
          assert(c:say {
            channel = c.inputs.approver, text = "Approve?",
            blocks = { blocks.actions { blocks.button("Approve", "approve") } },
          })
        end)
        there:action("approve", function(c)
          local ok, err = c:complete { by = c.user_id }
          again = not ok and err.code
        end)
        live_app.start(here, there)
        local ada = here.workspace:find_user "ada".id
        local step = here:run_step {
          callback_id = "approval", inputs = { approver = ada }, outputs = { by = "string" },
        }
        local question = assert(here:wait_message { channel = "@ada", text = "Approve?" })
        assert.equal("running", step.state)
        here:click { message = question, action_id = "approve" }
        assert(here:wait_step(step))
        assert.same({ by = ada }, step.outputs)
        assert.equal(step.token, here:calls "functions.completeSuccess" [1].token)
        here:click { message = question, action_id = "approve" }
        live_app.wait(function() return again end)
        assert.equal("execution_not_in_running_state", again)
        there.client.auth.test()
        local tests = here:calls "auth.test"
        assert.equal(here.bot_token, tests[#tests].token) -- S272
      end)
    end)
  end
end)
