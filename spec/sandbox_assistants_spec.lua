local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"
local slack = require "slack"

local silent = log.new { level = "off" }

describe("sandbox, where people talk with an app,", function()
  local here, client, time

  before_each(function()
    time = 1700000000
    here = assert(sandbox.start { log = silent, clock = function() return time end,
      stream_timeout = 300 })
    client = slack.client {
      token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, retries = 0,
      log = silent,
    }
  end)

  after_each(function()
    here:stop()
  end)

  local function refusal(method, args)
    local answer, err = client:call(method, args)
    assert.is_nil(answer)
    return err.code, tostring(err)
  end

  describe("a thread of the assistant", function()
    local thread

    before_each(function()
      thread = here:open_assistant { user = "ada", looking_at = "random" }
    end)

    local function call(method, args)
      args.channel_id, args.thread_ts = args.channel_id or thread.channel,
        args.thread_ts or thread.thread_ts
      return method, args
    end

    it("has a status until the app replies", function()
      assert(client:call(call("assistant.threads.setStatus", {
        status = "is thinking", loading_messages = { "Counting stars" },
      })))
      assert.equal("is thinking", here:thread(thread.channel, thread.thread_ts).status)
      client.chat.postMessage { channel = thread.channel, thread_ts = thread.thread_ts, text = "x" }
      assert.equal("", here:thread(thread.channel, thread.thread_ts).status)
    end)

    it("loses its status after two minutes", function()
      assert(client:call(call("assistant.threads.setStatus", { status = "is thinking" })))
      time = time + 121
      assert.equal("", here:thread(thread.channel, thread.thread_ts).status)
    end)

    it("has title and prompts, as set", function()
      assert(client:call(call("assistant.threads.setTitle", { title = "Stars" })))
      assert(client:call(call("assistant.threads.setSuggestedPrompts", {
        title = "Ask", prompts = { { title = "Moon", message = "How far is it?" } },
      })))
      local shown = here:thread(thread.channel, thread.thread_ts)
      assert.same({ "Stars", "Ask", "How far is it?" },
        { shown.title, shown.prompts_title, shown.prompts[1].message })
    end)

    for name, case in pairs {
      ["an unknown channel"] = { "assistant.threads.setTitle",
        { channel_id = "C0", title = "x" }, "channel_not_found" },
      ["an unknown thread"] = { "assistant.threads.setTitle",
        { thread_ts = "1.1", title = "x" }, "thread_not_found" },
      ["no status"] = { "assistant.threads.setStatus", {}, "invalid_arguments" },
      ["no title"] = { "assistant.threads.setTitle", {}, "invalid_arguments" },
      ["no prompts"] = { "assistant.threads.setSuggestedPrompts", {}, "invalid_arguments" },
      ["a prompt without message"] = { "assistant.threads.setSuggestedPrompts",
        { prompts = { { title = "x" } } }, "invalid_arguments" },
      ["five prompts"] = { "assistant.threads.setSuggestedPrompts", {
        prompts = {
          { title = "1", message = "1" }, { title = "2", message = "2" },
          { title = "3", message = "3" }, { title = "4", message = "4" },
          { title = "5", message = "5" },
        },
      }, "invalid_arguments" },
      ["eleven loading messages"] = { "assistant.threads.setStatus", {
        status = "x",
        loading_messages = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11" },
      }, "invalid_arguments" },
      ["a session's long title"] = { "agents.sessions.rename", { title = ("x"):rep(201) },
        "invalid_arguments" },
      ["a session that nobody opened"] = { "agents.sessions.rename",
        { thread_ts = "1.1", title = "x" }, "session_not_found" },
    } do
      it("refuses " .. name, function()
        assert.equal(case[3], refusal(call(case[1], case[2])))
      end)
    end

    it("is a session, whose status can be set by that name too", function()
      assert(client:call(call("agents.sessions.setStatus", { status = "is thinking" })))
      assert.equal("is thinking", here:thread(thread.channel, thread.thread_ts).status)
      assert.equal("thread_ts_required",
        refusal("agents.sessions.setStatus", { channel_id = thread.channel, status = "x" }))
    end)
  end)

  describe("a message that is written bit by bit", function()
    local root

    before_each(function()
      root = here:say { user = "ada", channel = "general", text = "tell me" }
    end)

    local function start(args)
      local all = {
        channel = root.channel, thread_ts = root.ts, recipient_team_id = here.team_id,
        recipient_user_id = here.workspace:find_user "ada".id,
      }
      for name, value in pairs(args or {}) do
        all[name] = value or nil
      end
      return all
    end

    it("grows until it is stopped, with blocks and metadata at the end", function()
      local stream = assert(client.chat.startStream(start { markdown_text = "One, " }))
      assert(client.chat.appendStream { channel = stream.channel, ts = stream.ts,
        chunks = {
          { type = "markdown_text", text = "two" },
          { type = "task_update", id = "t", title = "Count", status = "in_progress" },
          { type = "plan_update", title = "Plan" },
        } })
      assert(client.chat.stopStream {
        channel = stream.channel, ts = stream.ts, markdown_text = ".",
        blocks = { { type = "divider" } },
        metadata = { event_type = "counted", event_payload = { to = 2 } },
      })
      local channel = here.workspace.channels[stream.channel]
      local message = here.workspace.find_message(channel, stream.ts)
      assert.equal("One, two.", message.text)
      assert.equal("divider", message.blocks[1].type)
      assert.equal(2, message.metadata.event_payload.to)
      assert.equal("Count", here.workspace.streams[stream.ts].tasks[1].title)
    end)

    for name, case in pairs {
      ["no recipient"] = { { recipient_user_id = false }, "missing_recipient_user_id" },
      ["no team of the recipient"] = { { recipient_team_id = false },
        "missing_recipient_team_id" },
      ["no thread"] = { { thread_ts = false }, "invalid_arguments" },
      ["an unknown thread"] = { { thread_ts = "1.1" }, "thread_not_found" },
      ["too long a text"] = { { markdown_text = ("é"):rep(12001) }, "msg_too_long" },
      ["an unknown chunk"] = { { chunks = { { type = "text" } } }, "invalid_chunks" },
      ["a task without id"] = {
        { chunks = { { type = "task_update", title = "x", status = "pending" } } },
        "invalid_chunks",
      },
      ["an unknown status"] = {
        { chunks = { { type = "task_update", id = "x", title = "x", status = "done" } } },
        "invalid_chunks",
      },
    } do
      it("refuses " .. name, function()
        assert.equal(case[2], refusal("chat.startStream", start(case[1])))
      end)
    end

    it("needs no recipient in a direct conversation", function()
      local said = here:say { user = "ada", channel = "@ada", text = "hi" }
      assert(client.chat.startStream { channel = said.channel, thread_ts = said.ts })
    end)

    it("ends by itself when its time is over", function()
      local stream = assert(client.chat.startStream(start()))
      time = time + 300
      assert.equal("message_not_in_streaming_state",
        refusal("chat.appendStream", { channel = stream.channel, ts = stream.ts,
          markdown_text = "x" }))
    end)

    it("is not to be updated meanwhile, nor appended to afterwards", function()
      local stream = assert(client.chat.startStream(start { markdown_text = "x" }))
      local place = { channel = stream.channel, ts = stream.ts, text = "y" }
      assert.equal("streaming_state_conflict", refusal("chat.update", place))
      assert(client.chat.stopStream { channel = stream.channel, ts = stream.ts })
      assert(client.chat.update(place))
      assert.equal("message_not_in_streaming_state", refusal("chat.stopStream", place))
    end)

    it("refuses an empty piece, one too long, and messages that are none", function()
      local stream = assert(client.chat.startStream(start()))
      local place = { channel = stream.channel, ts = stream.ts }
      assert.equal("no_text", refusal("chat.appendStream", place))
      place.markdown_text = ("x"):rep(12000)
      for _ = 1, 3 do
        assert(client.chat.appendStream(place))
      end
      assert.equal("msg_too_long", refusal("chat.appendStream", place))
      place.ts = root.ts
      assert.equal("message_not_owned_by_app", refusal("chat.appendStream", place))
      place.ts = "1.1"
      assert.equal("message_not_found", refusal("chat.appendStream", place))
    end)

    it("refuses blocks that are none, and goes on", function()
      local stream = assert(client.chat.startStream(start { markdown_text = "x" }))
      local place = { channel = stream.channel, ts = stream.ts }
      place.blocks = { { type = "section" } }
      assert.equal("invalid_blocks", refusal("chat.stopStream", place))
      place.blocks, place.chunks = nil, { { type = "blocks", blocks = { { type = "section" } } } }
      assert.equal("invalid_chunks", refusal("chat.appendStream", place))
      assert(client.chat.stopStream { channel = stream.channel, ts = stream.ts })
    end)

    it("is as Markdown bounded in an ordinary message", function()
      for word, args in pairs {
        msg_too_long = { markdown_text = ("é"):rep(12001) },
        markdown_text_conflict = { markdown_text = "x", text = "y" },
      } do
        args.channel = root.channel
        assert.equal(word, refusal("chat.postMessage", args))
      end
    end)

    it("is stopped by the person it is for", function()
      local thread = here:open_assistant { user = "ada" }
      local stream = assert(client.chat.startStream {
        channel = thread.channel, thread_ts = thread.thread_ts,
      })
      assert.same({ stream.ts }, here:stop_answer { thread = thread })
      assert.equal("stopped_by_user", refusal("chat.appendStream", {
        channel = stream.channel, ts = stream.ts, markdown_text = "x",
      }))
    end)
  end)

  describe("a step of a workflow", function()
    local step, workflow

    before_each(function()
      step = here:run_step { callback_id = "reverse", inputs = { text = "x" },
        outputs = { reversed = "string" } }
      workflow = client:with_token(step.token)
    end)

    local function complete(as, outputs, id)
      local answer, err = as.functions.completeSuccess {
        function_execution_id = id or step.id, outputs = outputs,
      }
      return answer or err.code, err and tostring(err)
    end

    it("is completed once, with the outputs it declares", function()
      assert(workflow.functions.completeSuccess {
        function_execution_id = step.id, outputs = { reversed = "x" },
      })
      assert.same({ "completed", "x" }, { step.state, step.outputs.reversed })
      assert.equal("execution_not_in_running_state", complete(workflow, { reversed = "x" }))
    end)

    it("is failed with a text", function()
      assert(workflow.functions.completeError { function_execution_id = step.id, error = "no" })
      assert.same({ "failed", "no" }, { step.state, step.error })
    end)

    it("refuses outputs that it does not declare, wrong ones and missing ones", function()
      for text, outputs in pairs {
        ["missing required output: reversed"] = {},
        ["output reversed must be of type string"] = { reversed = 1 },
        ["unexpected output: other"] = { reversed = "x", other = 1 },
      } do
        local code, message = complete(workflow, outputs)
        assert.equal("parameter_validation_failed", code)
        assert.truthy(message:find(text, 1, true), message)
      end
      assert.equal("running", step.state)
    end)

    it("takes its own token only, and is found by its id", function()
      assert.equal("access_denied", complete(client, { reversed = "x" }))
      assert.equal("function_execution_not_found", complete(workflow, {}, "Fx0"))
    end)
  end)

  it("tells the app of threads, contexts, stops and steps", function()
    live_app.run(function(there, new_app)
      local seen = {}
      local app = new_app()
      for _, kind in ipairs {
        "assistant_thread_started", "assistant_thread_context_changed", "agent_session_stopped",
        "function_executed",
      } do
        app:event(kind, function(c) table.insert(seen, c.type) end)
      end
      live_app.start(there, app)
      local thread = there:open_assistant { user = "grace", looking_at = "random" }
      live_app.wait(function() return #seen == 1 end)
      there:change_context { thread = thread, looking_at = "general" }
      live_app.wait(function() return #seen == 2 end)
      there:stop_answer { thread = thread }
      live_app.wait(function() return #seen == 3 end)
      there:run_step { callback_id = "x" }
      live_app.wait(function() return #seen == 4 end)
      assert.same({
        "assistant_thread_started", "assistant_thread_context_changed", "agent_session_stopped",
        "function_executed",
      }, seen)
    end)
  end)
end)
