-- The local Slack's newer surfaces, used by Bolt for JavaScript: modals, menus, home tab,
-- assistants, streams, steps of workflows, files, and every block that its SDK knows.
local bolts = require "peers.bolts"
local sandbox = require "support.local_slack"

local function offers(name, over_http)
  local slack_here, bolt

  setup(function()
    slack_here = assert(sandbox.start { tls = false })
    bolt = bolts.start("bolt_features.js", slack_here, name, over_http)
  end)

  teardown(function()
    if bolt then
      getmetatable(bolt).__close(bolt)
    end
    slack_here:stop()
  end)

  local function expect(what)
    what.timeout = what.timeout or 10
    return assert(slack_here:wait_message(what),
      ("no message with %q; Bolt says:\n%s"):format(what.text, bolt:output()))
  end

  local function wait(condition)
    return assert(slack_here:wait(condition, 10), bolt:output())
  end

  local function title_in_front()
    local view = slack_here:view()
    return view and view.title.text
  end

  local function wait_title(title)
    wait(function() return title_in_front() == title end)
  end

  local function open_form()
    slack_here:shortcut { callback_id = "order", user = "ada" }
    wait_title "Order"
  end

  local function submit(values)
    local outcome = slack_here:submit { values = values, user = "ada" }
    assert.is_nil(outcome.failure, outcome.detail)
    return outcome
  end

  local function clear_views()
    slack_here:close_view { is_cleared = true }
  end

  describe("modals", function()
    it("with errors stay, and are replaced by an update", function()
      open_form()
      local outcome = submit { number = 0 }
      assert.same({ count = "At least one." }, outcome.ack.errors)
      assert.equal("Order", title_in_front())
      submit { number = 1 }
      assert.equal("Updated", title_in_front())
      assert.equal("kept", slack_here:view().blocks[1].text.text)
      clear_views()
    end)

    it("are stacked by an ack and by a call, and show again what was below", function()
      open_form()
      submit { number = 2 }
      assert.equal("Stacked", title_in_front())
      slack_here:close_view()
      assert.equal("Order", title_in_front())
      slack_here:click { view = slack_here:view(), action_id = "deeper", user = "ada" }
      wait_title "Pushed"
      clear_views()
    end)

    it("are updated by a call with their hash, and not with a stale one", function()
      open_form()
      local view = slack_here:view()
      slack_here:click { view = view, action_id = "refresh", user = "ada" }
      wait_title "Refreshed"
      assert.equal(view.id, slack_here:view().id)
      expect { text = "hash_conflict" }
      clear_views()
    end)

    it("bring what was chosen of external options", function()
      open_form()
      local found = slack_here:suggest {
        view = slack_here:view(), action_id = "fruit", value = "Ap", user = "ada",
      }
      assert.equal(2, #found.ack.options)
      local groups = slack_here:suggest {
        view = slack_here:view(), action_id = "groups", value = "", user = "ada",
      }
      assert.equal("Apple", groups.ack.option_groups[1].options[1].text.text)
      submit { number = 3, fruit = found.ack.options[2] }
      assert.is_nil(slack_here:view())
      local ada = slack_here.workspace:find_user "ada"
      local direct = slack_here.workspace:direct_channel(ada.id)
      expect { channel = direct.id, text = "3 of Apricot ordered." }
    end)

    it("tell of being closed", function()
      open_form()
      slack_here:close_view { is_cleared = true, user = "ada" }
      expect { text = "Closed: true." }
    end)
  end)

  it("home tabs are published, and pressed in", function()
    local function home_says(text)
      return wait(function()
        local home = slack_here.workspace:find_user("grace").home
        return home and home.blocks[1].text.text == text and home
      end)
    end
    slack_here:open_home { user = "grace" }
    home_says "Welcome."
    slack_here:open_home { user = "grace" }
    local home = home_says "Welcome back."
    slack_here:click { view = home, action_id = "at_home", user = "grace" }
    home_says "Pressed in view."
  end)

  describe("assistants", function()
    it("greet with prompts, keep the context, and answer in a stream", function()
      local general = slack_here.workspace:find_channel "general"
      local random = slack_here.workspace:find_channel "random"
      local thread = slack_here:open_assistant { user = "ada", looking_at = "general" }
      local greeting = expect { channel = thread.channel, text = "How can I help?" }
      assert.equal(thread.thread_ts, greeting.thread_ts)
      assert.same({ { title = "Sum up", message = "Sum up this channel." } },
        wait(function() return thread.prompts end))
      assert.equal("Perhaps", thread.prompts_title)
      assert.equal(general.id, greeting.metadata.event_payload.channel_id)

      slack_here:change_context { thread = thread, looking_at = "random" }
      wait(function() return greeting.metadata.event_payload.channel_id == random.id end)

      slack_here:say {
        user = "ada", channel = thread.channel, thread_ts = thread.thread_ts, text = "Sum up",
      }
      expect { channel = thread.channel, text = ("You look at <#%s>."):format(random.id) }
      assert.equal("Sum up", thread.title)
      assert.equal("", thread.status)
      local answer = expect { channel = thread.channel, text = "Looking it up." }
      assert.equal("**Looking it up.** " .. ("x"):rep(300) .. " Done.", answer.text)
      assert.equal(thread.thread_ts, answer.thread_ts)
    end)

    it("show what they are at while they think", function()
      local thread = slack_here:open_assistant { user = "ada" }
      expect { channel = thread.channel, text = "How can I help?", after = thread.thread_ts }
      slack_here:say {
        user = "ada", channel = thread.channel, thread_ts = thread.thread_ts, text = "Think",
      }
      wait(function() return thread.status == "is thinking…" end)
      assert.same({ "Reading…", "Writing…" }, thread.loading_messages)
    end)
  end)

  it("streams work in channels, end with buttons, and take nothing afterwards", function()
    local asked = slack_here:say { user = "ada", text = "stream" }
    expect { text = "message_not_in_streaming_state" }
    local answer = expect { text = "Looking it up.", after = asked.ts }
    assert.equal(asked.ts, answer.thread_ts)
    local stream = slack_here.workspace:stream_of(answer.ts)
    assert.equal("complete", stream.tasks[1].status)
    assert.equal("Two pages", stream.tasks[1].output)
    local block = answer.blocks[#answer.blocks]
    assert.equal("context_actions", block.type)
    slack_here:click {
      message = answer, action_id = "feedback", user = "ada", fields = { value = "good" },
    }
    expect { text = "It was good.", user = "ada", ephemeral = true }
  end)

  describe("steps of workflows", function()
    local function run(callback_id, inputs, outputs)
      return slack_here:run_step {
        callback_id = callback_id, inputs = inputs, outputs = outputs, user = "ada",
      }
    end

    local function await(step)
      return assert(slack_here:wait_step(step, 10), bolt:output())
    end

    it("complete and fail", function()
      local step = await(run("add", { a = 1, b = 2 }, { sum = "number" }))
      assert.equal("completed", step.state)
      assert.same({ sum = 3 }, step.outputs)
      step = await(run("add", { a = "x", b = 2 }, { sum = "number" }))
      assert.equal("failed", step.state)
      assert.equal("Numbers, please.", step.error)
    end)

    it("end by a button of a message that came of them", function()
      local general = slack_here.workspace:find_channel "general"
      local after = "0"
      for action_id, state in pairs { approve = "completed", deny = "failed" } do
        local step = run("approve", { channel = general.id }, { channel = "string" })
        local question = expect { text = "Do you approve?", after = after }
        slack_here:click { message = question, action_id = action_id, user = "ada" }
        assert.equal(state, await(step).state)
        after = question.ts
      end
    end)
  end)

  it("files are uploaded together, into a thread", function()
    local asked = slack_here:say { user = "ada", text = "send files" }
    local message = expect { text = "Two files.", after = asked.ts }
    assert.equal(asked.ts, message.thread_ts)
    assert.equal("First", message.files[1].title)
    assert.equal("two.bin", message.files[2].name)
    assert.equal("one", slack_here.uploads.files[message.files[1].id].content)
    assert.equal("\0\255\n", slack_here.uploads.files[message.files[2].id].content)
  end)

  it("every block and element of its SDK is taken, in messages, modals and home tabs", function()
    slack_here:say { user = "grace", text = "samples" }
    expect { text = "All samples sent." }
    slack_here:shortcut { callback_id = "samples", user = "grace" }
    wait(function()
      local home = slack_here.workspace:find_user("grace").home
      return home and home.callback_id == "samples" or bolt:output():find "refused"
    end)
    assert.is_nil(bolt:output():find "refused", bolt:output())
    assert.equal("Samples", title_in_front())
    assert.is_nil(slack_here:submit({ user = "grace" }).failure)
    assert.is_nil(slack_here:view())
  end)

  it("gives it nothing to complain about", function()
    assert.is_nil(bolt:output():find "error", bolt:output())
    assert.is_nil(bolt:output():find "WARN", bolt:output())
  end)
end

for _, bolt in ipairs(bolts.all()) do
  describe("what the local Slack offers to " .. bolt.name, function()
    if bolt.lack then
      pending(bolt.lack)
      return
    end
    for way, over_http in pairs { ["over Socket Mode"] = false, ["over signed HTTP"] = true } do
      describe(way, function() offers(bolt.name, over_http) end)
    end
  end)
end
