local StreamSlack = require "support.stream_slack"
local live_app = require "support.live_app"
local loop = require "slack.loop"
local offline_app = require "support.offline_app"
local tasks = require "slack.tasks"

local failure = StreamSlack.failure
local CHANNEL <const>, THREAD <const> = "C07DEPLOY42", "1700000001.000200"
-- Seconds between calls: more than none, so that what comes meanwhile goes along.
local SOON <const> = 0.001

describe("c:stream", function()
  local offline, app, slack_there

  before_each(function()
    offline = offline_app.new()
    app, slack_there = offline.app, StreamSlack.new(offline)
  end)

  -- Runs fn(stream, c) as the handler of a message.
  local function handle(fn, options, message)
    local problem
    tasks.run(function()
      local done = tasks.waiter()
      app:message("go", function(c)
        local ok, err = xpcall(function()
          options = options or {}
          options.interval = options.interval or SOON
          fn(assert(c:stream(options)), c)
        end, debug.traceback)
        problem = not ok and err or nil
        done:resolve()
      end)
      offline:message("go", message)
      done:await(20)
    end)
    assert.is_nil(problem)
  end

  local function wait(condition)
    return live_app.wait(condition)
  end

  -- Gives "1 " to "5 ", and counts how many were asked for.
  local function numbers()
    local given = { count = 0 }
    return given, function()
      given.count = given.count + 1
      return given.count <= 5 and given.count .. " " or nil
    end
  end

  it("takes the pieces of an iterator, to its end", function()
    handle(function(stream)
      local _, pieces = numbers()
      assert.is_true(stream:pipe(pieces))
      assert(stream:finish())
    end)
    assert.equal("1 2 3 4 5 ", slack_there:text())
  end)

  it("asks an iterator for no more once it has ended", function()
    handle(function(stream)
      local given, pieces = numbers()
      stream:append "0 "
      stream:finish()
      local ok, err = stream:pipe(pieces)
      assert.same({ nil, "finished", 1 }, { ok, err.code, given.count })
      local _, message = pcall(function() stream:pipe "text" end)
      assert.matches("streaming_spec.lua:%d+: stream:pipe: a function", message)
    end)
  end)

  it("raises at the caller's line for what an iterator should not give", function()
    handle(function(stream)
      local _, message = pcall(function() local _ = stream:pipe(function() return 5 end) end)
      assert.matches("streaming_spec.lua:%d+: stream:append: text or a table", message)
    end)
  end)

  it("starts, appends and stops one message (S254)", function()
    handle(function(stream)
      assert.is_nil(stream.ts)
      stream:append "One, "
      wait(function() return #slack_there.calls == 1 end)
      assert.equal("1700000000.000001", stream.ts)
      stream:append "two, "
      wait(function() return #slack_there.calls == 2 end)
      stream:append "three."
      local message = assert(stream:finish())
      assert.equal(stream.ts, message.ts)
      assert.equal("function", type(message.update))
    end)
    assert.same({ "startStream", "appendStream", "stopStream" }, slack_there:methods_called())
    assert.equal("One, two, three.", slack_there:text())
    assert.is_false(slack_there.messages[1].streaming)
  end)

  it("starts and stops a short answer, with nothing between (S254)", function()
    handle(function(stream)
      stream:append "Yes"
      stream:finish "."
    end)
    assert.same({ "startStream", "stopStream" }, slack_there:methods_called())
    assert.equal("Yes.", slack_there:text())
  end)

  it("waits for 256 characters, and sends these at once (S254)", function()
    handle(function(stream)
      stream:append(("é"):rep(255))
      tasks.sleep(0.01)
      assert.equal(0, #slack_there.calls)
      stream:append "é"
      wait(function() return #slack_there.calls == 1 end)
      stream:finish()
    end, { interval = 60 })
  end)

  it("sends many small pieces in few calls, in their order", function()
    local pieces = {}
    for i = 1, 2000 do
      pieces[i] = i .. " "
    end
    local open, most = 0, 0
    slack_there.on_call = function()
      open = open + 1
      most = math.max(most, open)
      tasks.sleep(0.002)
      open = open - 1
    end
    handle(function(stream)
      for i, piece in ipairs(pieces) do
        stream:append(piece)
        if i % 200 == 0 then
          tasks.sleep(0.001)
        end
      end
      stream:finish()
    end, { interval = 0.01 })
    assert.equal(table.concat(pieces), slack_there:text())
    assert.equal(1, most)
    assert.is_true(#slack_there.calls < 15, #slack_there.calls)
  end)

  it("leaves the interval between two calls, however much comes", function()
    local times = {}
    slack_there.on_call = function() table.insert(times, loop.now()) end
    handle(function(stream)
      stream:task { title = "first" }
      wait(function() return #slack_there.calls == 1 end)
      stream:task { title = "second" }
      wait(function() return #slack_there.calls == 2 end)
      stream:finish()
    end, { interval = 0.03 })
    assert.is_true(times[2] - times[1] >= 0.03)
  end)

  it("calls nothing where nothing was appended", function()
    handle(function(stream)
      local message, err = stream:finish()
      assert.is_nil(message)
      assert.is_nil(err)
    end)
    assert.same({}, slack_there.calls)
  end)

  it("takes no more after its end, and says so (S254)", function()
    handle(function(stream)
      stream:append "x"
      stream:finish()
      for _, name in ipairs { "append", "finish" } do
        local ok, err = stream[name](stream, "y")
        assert.is_nil(ok)
        assert.equal("finished", err.code)
      end
    end)
    assert.truthy(offline:log():find("the stream has been finished", 1, true))
    assert.equal("x", slack_there:text())
  end)

  it("puts a character together whose bytes come in two pieces", function()
    handle(function(stream)
      stream:append "Gr\xC3"
      wait(function() return #slack_there.calls == 1 end)
      assert.equal("Gr", slack_there:text())
      stream:append "\xBC\xC3\x9Fe \xFF\xF0\x9F"
      stream:finish()
    end)
    assert.equal("Grüße \u{FFFD}\u{FFFD}\u{FFFD}", slack_there:text())
  end)

  describe("goes", function()
    local function first_call()
      return slack_there.calls[1].arguments
    end

    local function say_x(stream)
      stream:append "x"
      stream:finish()
    end

    it("to a new thread of a message that stands in none, for its author (S269)", function()
      handle(say_x)
      local arguments = first_call()
      assert.same({ CHANNEL, THREAD, "U03ADA5K1QW", "T02MOON4XYZ" }, {
        arguments.channel, arguments.thread_ts, arguments.recipient_user_id,
        arguments.recipient_team_id,
      })
    end)

    it("to the thread that the trigger stands in", function()
      handle(say_x, nil, { thread_ts = "1600000000.000001" })
      assert.equal("1600000000.000001", first_call().thread_ts)
    end)

    it("without recipient to a direct conversation", function()
      handle(say_x, nil, { channel = "D06ADALANDR", channel_type = "im" })
      assert.is_nil(first_call().recipient_user_id)
      assert.is_nil(first_call().recipient_team_id)
    end)

    it("to where the options say", function()
      handle(say_x, {
        channel = "C2", thread_ts = "1.2", recipient_user_id = "U2", recipient_team_id = "T2",
        task_display_mode = "plan",
      })
      local arguments = first_call()
      assert.same({ "C2", "1.2", "U2", "T2", "plan" }, {
        arguments.channel, arguments.thread_ts, arguments.recipient_user_id,
        arguments.recipient_team_id, arguments.task_display_mode,
      })
    end)

    it("to an ordinary message in the channel for a command, which has no thread", function()
      tasks.run(function()
        local done = tasks.waiter()
        app:command("/ask", function(c)
          c:ack()
          local stream = c:stream { interval = SOON }
          stream:append "x"
          stream:finish()
          done:resolve()
        end)
        offline:command("/ask")
        done:await(10)
      end)
      assert.same({ "postMessage" }, slack_there:methods_called())
      assert.is_nil(first_call().thread_ts)
    end)
  end)

  describe("shows", function()
    it("tasks, a plan and blocks at once, between the text", function()
      handle(function(stream)
        stream:append "Let me see. "
        assert(stream:task { title = "Search", id = "s" })
        wait(function() return #slack_there.calls == 1 end)
        stream:plan "Find it"
        stream:append { blocks = { { type = "divider" } } }
        stream:append { { type = "markdown_text", text = "Done" } }
        assert(stream:task { title = "Search", id = "s", status = "complete", output = "2" })
        stream:finish()
      end, { interval = 60 })
      assert.same({
        { type = "markdown_text", text = "Let me see. " },
        { type = "task_update", id = "s", title = "Search", status = "in_progress" },
      }, slack_there.calls[1].arguments.chunks)
      assert.same({
        { type = "plan_update", title = "Find it" },
        { type = "blocks", blocks = { { type = "divider" } } },
        { type = "markdown_text", text = "Done" },
        { type = "task_update", id = "s", title = "Search", status = "complete", output = "2" },
      }, slack_there.calls[2].arguments.chunks)
    end)

    it("blocks, feedback and metadata at its end", function()
      local metadata = { event_type = "answered", event_payload = { id = 1 } }
      handle(function(stream)
        stream:append "x"
        stream:finish { blocks = { { type = "divider" } }, feedback = true, metadata = metadata }
      end)
      local message = slack_there.messages[1]
      assert.equal("divider", message.blocks[1].type)
      assert.equal("feedback_buttons", message.blocks[2].elements[1].type)
      assert.equal("feedback", message.blocks[2].elements[1].action_id)
      assert.same(metadata, message.metadata)
    end)
  end)

  it("raises for misuse at the caller's line", function()
    handle(function(stream, c)
      for expected, misuse in pairs {
        ["unknown option \"bufer\"; did you mean \"buffer\"?"] = function()
          c:stream { bufer = 1 }
        end,
        ["option \"interval\": a number of at least 0 expected, got string"] = function()
          c:stream { interval = "1" }
        end,
        ["option \"buffer\": a number of at least 1 expected"] = function()
          c:stream { buffer = 0 / 0 }
        end,
        ["option \"channel\": string expected"] = function() c:stream { channel = 5 } end,
        ["a table of options expected, got string"] = function() c:stream "x" end,
        ["\"timeline\" or \"plan\" expected"] = function()
          c:stream { task_display_mode = "list" }
        end,
        ["stream:append: text or a table expected, got nil"] = function() stream:append() end,
        ["unknown field \"txt\"; did you mean \"text\"?"] = function()
          stream:append { txt = "x" }
        end,
        ["a chunk of type"] = function() stream:append { { type = "task" } } end,
        ["title: a text expected"] = function() stream:task {} end,
        ["got \"completed\"; did you mean \"complete\"?"] = function()
          stream:task { title = "x", status = "completed" }
        end,
        ["stream:plan: a title expected"] = function() stream:plan "" end,
        ["unknown field \"block\"; did you mean \"blocks\"?"] = function()
          stream:finish { block = {} }
        end,
        ["chunk 1: blocks: "] = function() stream:append { blocks = { { text = print } } } end,
        ["stream:task: sources: "] = function()
          stream:task { title = "x", sources = { print } }
        end,
        ["stream:finish: the end: "] = function() stream:finish { metadata = { x = print } } end,
        ["call it with a colon: stream:append(…)"] = function() stream.append "x" end,
      } do
        local ok, message = pcall(misuse)
        assert.is_false(ok)
        assert.truthy(message:find("streaming_spec.lua", 1, true), message)
        assert.truthy(message:find(expected, 1, true), message)
      end
    end)
  end)

  it("says where there is no channel", function()
    local err
    app:event("app_uninstalled", function(c) err = select(2, c:stream()) end)
    offline:event { type = "app_uninstalled" }
    assert.equal("no_channel", err.code)
  end)

  local function has_ended()
    local message = slack_there.messages[1]
    return message and not message.streaming
  end

  describe("with <close>", function()
    it("ends with its block", function()
      handle(function(_, c)
        local stream <close> = c:stream { interval = 60 }
        stream:append "x"
      end)
      assert.same({ "startStream", "stopStream" }, slack_there:methods_called())
    end)

    it("ends with what there is when the handler raises", function()
      tasks.run(function()
        app:message("go", function(c)
          local stream <close> = c:stream { interval = 60 }
          stream:append "half an ans"
          error "the model is gone"
        end)
        offline:message "go"
        wait(has_ended)
      end)
      assert.equal("half an ans", slack_there:text())
    end)

    it("ends also when its handler is cut off", function()
      tasks.run(function()
        local is_there = false
        app:message("go", function(c)
          local stream <close> = c:stream { interval = 60 }
          stream:append "x"
          is_there = true
          tasks.sleep(60)
        end)
        offline:message "go"
        wait(function() return is_there end)
        app.dispatch:cancel_all()
        wait(has_ended)
      end)
      assert.equal("x", slack_there:text())
    end)
  end)

  describe("whose handler is cut off while it ends", function()
    it("ends all the same, with all that it was given", function()
      tasks.run(function()
        local is_stopping
        slack_there.on_call = function(method)
          if method == "stopStream" then
            is_stopping = true
            tasks.sleep(0.02)
          end
        end
        app:message("go", function(c)
          local stream <close> = c:stream { interval = 60 }
          stream:append "All "
          stream:finish "of it."
        end)
        offline:message "go"
        wait(function() return is_stopping end)
        app.dispatch:cancel_all()
        app.dispatch.streams:wait_ended(5)
        assert.is_true(has_ended())
      end)
      assert.equal("All of it.", slack_there:text())
    end)
  end)

  describe("where Slack ends the message before its time", function()
    it("goes on in the next message of the thread, without loss", function()
      slack_there.on_call = function(name, _, count)
        if name == "appendStream" and count == 2 then
          slack_there.messages[1].streaming = false
        end
      end
      handle(function(stream)
        for i = 1, 4 do
          local before = #slack_there.calls
          stream:append(i .. " ")
          wait(function() return #slack_there.calls > before end)
        end
        assert(stream:finish())
        assert.equal("1700000000.000001", stream.messages[1].ts)
        assert.equal(stream.ts, stream.messages[2].ts)
      end)
      assert.same({ "1 2 ", "3 4 " },
        { slack_there.messages[1].text, slack_there.messages[2].text })
      assert.equal(THREAD, slack_there.messages[2].thread_ts)
    end)

    it("opens a code block again that was open there", function()
      slack_there.on_call = function(name, _, count)
        if name == "stopStream" and count == 1 then
          slack_there.messages[1].streaming = false
        end
      end
      handle(function(stream)
        stream:append "```lua\nlocal x\n"
        wait(function() return #slack_there.calls == 1 end)
        stream:append "x = 1\n```\n"
        stream:finish()
      end)
      assert.equal("```lua\nlocal x\n", slack_there.messages[1].text)
      assert.equal("```lua\nx = 1\n```\n", (slack_there.messages[2] or {}).text)
    end)

    it("closes it with blocks and metadata all the same", function()
      handle(function(stream)
        stream:append "x"
        wait(function() return #slack_there.calls == 1 end)
        slack_there.messages[1].streaming = false
        assert(stream:finish { feedback = true })
      end)
      assert.equal("x", slack_there:text())
      local blocks = slack_there.messages[1].blocks
      assert.equal("context_actions", blocks[#blocks].type)
    end)

    it("ends quietly when nothing is left to be sent", function()
      handle(function(stream)
        stream:append "x"
        wait(function() return #slack_there.calls == 1 end)
        slack_there.messages[1].streaming = false
        assert(stream:finish())
      end)
      assert.equal("x", slack_there:text())
      assert.is_nil(offline:log():find "WARN")
    end)
  end)

  describe("with more text than a message holds", function()
    local function paragraphs(count)
      local parts = {}
      for i = 1, count do
        parts[i] = ("%04d %s\n\n"):format(i, ("é"):rep(90))
      end
      return table.concat(parts)
    end

    it("goes on in another, cut between paragraphs", function()
      local text = paragraphs(400)
      handle(function(stream)
        stream:append(text)
        assert(stream:finish())
      end)
      assert.equal(text, slack_there:text())
      assert.equal(4, #slack_there.messages)
      for i, message in ipairs(slack_there.messages) do
        assert.is_true(utf8.len(message.text) <= 12000)
        assert.truthy(i == 4 or message.text:find "\n\n$")
        assert.is_false(message.streaming)
      end
    end)

    it("cuts before a code block, when it fits into the next", function()
      local block = "```lua\n" .. ("print(1)\n"):rep(400) .. "```\n"
      handle(function(stream)
        stream:append(("word "):rep(2000) .. "\n")
        stream:append(block)
        stream:finish()
      end)
      assert.equal(block, slack_there.messages[2].text)
    end)

    it("closes a longer code block and opens it again", function()
      handle(function(stream)
        stream:append("```lua\n" .. ("print(1)\n"):rep(2000) .. "```\n")
        stream:finish()
      end)
      local lines = 0
      for _, message in ipairs(slack_there.messages) do
        assert.truthy(message.text:find "^```lua\n", 1)
        assert.truthy(message.text:find "\n```\n?$", 1)
        for _ in message.text:gmatch "print%(1%)\n" do
          lines = lines + 1
        end
      end
      assert.equal(2000, lines)
    end)

    it("finds Slack's limit where that is lower", function()
      slack_there.on_call = function(_, arguments)
        local message = slack_there.messages[#slack_there.messages]
        local is_new = not arguments.ts
        local length = utf8.len((is_new and "" or message.text) .. (arguments.markdown_text or ""))
        if length > 4000 then
          return failure "msg_too_long"
        end
      end
      local text = paragraphs(150)
      handle(function(stream)
        stream:append(text)
        assert(stream:finish())
      end)
      assert.equal(text, slack_there:text())
    end)
  end)

  describe("where it is not known what Slack has done", function()
    for _, is_applied in ipairs { true, false } do
      local name = is_applied and "had" or "had not"
      it("writes the message anew: when it " .. name .. " appended", function()
        slack_there.on_call = function(method, _, count)
          if method == "appendStream" and count == 1 then
            return failure "timeout", is_applied
          end
        end
        handle(function(stream)
          stream:append "One, "
          wait(function() return #slack_there.calls == 1 end)
          stream:append "two, "
          wait(function() return (slack_there.counts.update or 0) == 1 end)
          stream:append "three."
          assert(stream:finish())
        end)
        assert.equal("One, two, three.", slack_there:text())
        assert.equal(1, #slack_there.messages)
      end)

      it("writes the message anew: when it " .. name .. " stopped", function()
        slack_there.on_call = function(method, _, count)
          if method == "stopStream" and count == 1 then
            return failure("internal_error", { status = 200 }), is_applied
          end
        end
        handle(function(stream)
          stream:append "One, "
          wait(function() return #slack_there.calls == 1 end)
          assert(stream:finish { text = "two.", feedback = "judge" })
        end)
        assert.equal("One, two.", slack_there:text())
        assert.equal(1, #slack_there.messages)
      end)
    end

    it("fails when it was the beginning", function()
      slack_there.on_call = function(method)
        if method == "startStream" then
          return failure "timeout", true
        end
      end
      handle(function(stream)
        stream:append "x"
        local message, err = stream:finish()
        assert.is_nil(message)
        assert.equal("timeout", err.code)
      end)
      assert.equal(1, #slack_there.calls)
    end)
  end)

  describe("where streaming is refused", function()
    for _, word in ipairs {
      "feature_not_enabled", "channel_type_not_supported", "unknown_method",
      "message_not_in_streaming_state", -- to the start: not what has ended a message
    } do
      it("posts and updates ordinary messages: " .. word, function()
        slack_there.on_call = function(method)
          return method == "startStream" and failure(word) or nil
        end
        handle(function(stream)
          stream:append "One, "
          wait(function() return #slack_there.calls == 2 end)
          stream:append "two, "
          wait(function() return #slack_there.calls == 3 end)
          stream:task { title = "Look <here>", status = "complete" }
          assert(stream:finish { text = "three.", feedback = true })
        end)
        assert.same({ "startStream", "postMessage", "update" },
          table.move(slack_there:methods_called(), 1, 3, 1, {}))
        assert.equal("One, two, three.", slack_there:text())
        local blocks = slack_there.messages[1].blocks
        assert.equal(":white_check_mark: Look &lt;here&gt;", blocks[1].elements[1].text)
        assert.equal("markdown", blocks[2].type)
        assert.equal("context_actions", blocks[3].type)
        assert.equal(THREAD, slack_there.messages[1].thread_ts)
        assert.truthy(offline:log():find("ordinary messages take its place", 1, true))
      end)
    end

    it("shows each step of the work once, as it stands, and blocks", function()
      slack_there.on_call = function(method)
        return method == "startStream" and failure "feature_not_enabled" or nil
      end
      handle(function(stream)
        stream:task { title = "First", status = "in_progress" }
        stream:task { title = "Second", status = "in_progress" }
        stream:task { title = "First", status = "complete" }
        stream:append { blocks = { { type = "divider" } } }
        assert(stream:finish())
      end)
      local blocks = slack_there.messages[1].blocks
      local lines = blocks[1].elements[1].text
      assert.equal(":white_check_mark: First", lines:match "[^\n]*First[^\n]*")
      assert.equal(2, select(2, lines:gsub("[^\n]+", "")))
      assert.equal("divider", blocks[2].type)
    end)

    it("goes on in the next one when it is full", function()
      slack_there.on_call = function(method)
        return method == "startStream" and failure "feature_not_enabled" or nil
      end
      local text = ("many words\n"):rep(2500)
      handle(function(stream)
        stream:append(text)
        assert(stream:finish())
      end)
      assert.equal(text, slack_there:text())
      assert.equal(3, #slack_there.messages)
    end)

    it("fails where no message could be posted either", function()
      slack_there.on_call = function() return failure "not_in_channel" end
      handle(function(stream)
        stream:append "x"
        assert.equal("not_in_channel", select(2, stream:finish()).code)
      end)
      assert.equal(1, #slack_there.calls)
    end)
  end)

  it("fails with its text kept where Slack refuses the blocks at its end as too long", function()
    slack_there.on_call = function(method, arguments)
      assert(#slack_there.calls < 20, "it goes on for ever")
      return method == "stopStream" and arguments.blocks and failure "msg_blocks_too_long" or nil
    end
    handle(function(stream)
      stream:append "x"
      local message, err = stream:finish { blocks = { { type = "divider" } } }
      assert.is_nil(message)
      assert.equal("msg_blocks_too_long", err.code)
    end)
    assert.equal(1, #slack_there.messages)
    assert.equal("x", slack_there:text())
    assert.is_false(slack_there.messages[1].streaming)
  end)

  describe("where Slack limits the rate", function()
    it("ends it later, and appends nothing meanwhile", function()
      slack_there.on_call = function(method, _, count)
        return method == "stopStream" and count < 3
          and failure("ratelimited", { status = 429, retry_after = 0.001 }) or nil
      end
      handle(function(stream)
        stream:append "1"
        assert(stream:finish { feedback = true })
      end)
      assert.same({ "startStream", "stopStream", "stopStream", "stopStream" },
        slack_there:methods_called())
    end)

    it("waits, and what comes meanwhile goes along", function()
      slack_there.on_call = function(method, _, count)
        if method == "appendStream" and count == 1 then
          return failure("ratelimited", { status = 429, retry_after = 0.02 })
        end
      end
      handle(function(stream)
        stream:append "1"
        wait(function() return #slack_there.calls == 1 end)
        for i = 2, 9 do
          stream:append(tostring(i))
          tasks.sleep(0.002)
        end
        assert(stream:finish())
      end)
      assert.equal("123456789", slack_there:text())
    end)

    it("gives up when that has no end", function()
      slack_there.on_call = function(method)
        return method == "appendStream" and failure("ratelimited",
          { status = 429, retry_after = 0.001 }) or nil
      end
      handle(function(stream)
        stream:append "1"
        wait(function() return #slack_there.calls == 1 end)
        stream:append "2"
        wait(function() return select(2, stream:append "3") end)
        assert.equal("ratelimited", select(2, stream:finish()).code)
      end)
      assert.equal(6, slack_there.counts.appendStream)
      assert.is_false(slack_there.messages[1].streaming)
    end)
  end)

  describe("that fails", function()
    it("says so once in the log, and to every later call", function()
      slack_there.on_call = function(method)
        return method == "appendStream" and failure "invalid_chunks" or nil
      end
      handle(function(stream)
        stream:append "x"
        wait(function() return #slack_there.calls == 1 end)
        stream:append "y"
        wait(function() return select(2, stream:append "z") end)
        for _ = 1, 3 do
          local ok, err = stream:append "z"
          assert.is_nil(ok)
          assert.equal("invalid_chunks", err.code)
        end
        assert.equal("invalid_chunks", select(2, stream:finish()).code)
      end)
      local _, count = offline:log():gsub("c:stream failed", "")
      assert.equal(1, count)
      assert.is_false(slack_there.messages[1].streaming)
    end)
  end)

  it("fails, and holds nobody up, where a call raises", function()
    slack_there.on_call = function(method)
      assert(method ~= "appendStream" and method ~= "stopStream", "out of order")
    end
    handle(function(stream, c)
      stream:append "x"
      wait(function() return #slack_there.calls == 1 end)
      stream:append "y"
      wait(function() return select(2, stream:append "z") end)
      assert.equal("failed", select(2, stream:finish()).code)
      local other = c:stream { interval = SOON }
      other:append "x"
      local message, err = other:finish()
      assert.same({ nil, "failed" }, { message, err.code })
    end)
    assert.matches("c:stream failed: .*out of order", offline:log())
  end)

  describe("that the person stops", function()
    local function stop(more)
      local event = {
        type = "agent_session_stopped", channel = CHANNEL, thread_ts = THREAD,
        user = "U03ADA5K1QW", streaming_message_ts = { "1700000000.000001" },
      }
      for name, value in pairs(more or {}) do
        event[name] = value
      end
      offline:event(event)
    end

    for name, more in pairs {
      ["by its message"] = { thread_ts = "1.1" },
      ["by its thread, with an empty list"] = { streaming_message_ts = {} },
    } do
      it("ends, told of " .. name, function()
        handle(function(stream)
          stream:append "x"
          wait(function() return #slack_there.calls == 1 end)
          stop(more)
          local ok, err = stream:append "y"
          assert.is_nil(ok)
          assert.equal("stopped_by_user", err.code)
          assert.equal("stopped_by_user", select(2, stream:finish()).code)
        end)
        assert.equal(1, #slack_there.calls)
        assert.is_nil(offline:log():find "WARN")
      end)
    end

    it("goes on when another one is meant", function()
      handle(function(stream)
        stream:append "x"
        wait(function() return #slack_there.calls == 1 end)
        stop { streaming_message_ts = { "1.1" }, thread_ts = "1.1" }
        stop { channel = "C2" }
        assert(stream:finish())
      end)
    end)

    it("ends by Slack's word alone, where the event went elsewhere", function()
      slack_there.on_call = function(method)
        return method == "appendStream" and failure "stopped_by_user" or nil
      end
      handle(function(stream)
        stream:append "x"
        wait(function() return #slack_there.calls == 1 end)
        stream:append "y"
        wait(function() return select(2, stream:append "z") end)
        assert.equal("stopped_by_user", select(2, stream:finish()).code)
      end)
      assert.is_nil(offline:log():find "WARN")
    end)
  end)

  it("neither loses nor doubles anything, whatever fails and however it is cut", function()
    local seed = os.time()
    math.randomseed(seed)
    local words = { "message_not_in_streaming_state", "timeout", "ratelimited", "internal_error",
      "msg_too_long" }
    for _ = 1, tonumber(os.getenv "STRESS") and 500 or 12 do
      offline = offline_app.new()
      app, slack_there = offline.app, StreamSlack.new(offline)
      local failed = 0
      slack_there.on_call = function(method, arguments)
        failed = failed + 1
        if failed > 2 or math.random() > 0.3 then
          failed = 0
        end
        if failed == 0 or method == "startStream" or method == "postMessage"
          or method == "update" then
          return nil
        end
        local word = words[math.random(#words)]
        if word == "message_not_in_streaming_state" or word == "msg_too_long" then
          for _, message in ipairs(slack_there.messages) do
            message.streaming = message.streaming and not (message.ts == arguments.ts
              and word == "message_not_in_streaming_state")
          end
          return failure(word)
        end
        return failure(word, { retry_after = word == "ratelimited" and 0.0005 or nil }),
          word ~= "ratelimited" and math.random() < 0.5
      end
      local parts = {}
      for i = 1, math.random(40) do
        parts[i] = ("%d wörter\n"):format(i):rep(math.random(200))
      end
      local text = table.concat(parts)
      handle(function(stream)
        local at = 1
        while at <= #text do
          local size = math.random(400)
          assert(stream:append(text:sub(at, at + size - 1)))
          at = at + size
          if math.random() < 0.05 then
            tasks.sleep(0.0005)
          end
        end
        local message, err = stream:finish()
        assert(message, tostring(err))
      end)
      assert.is_true(text == slack_there:text(), "seed " .. seed)
    end
  end)

  it("shows all in ordinary messages of the local Slack that does not stream", function()
    live_app.run(function(here, new_app)
      local app_there, message = new_app(), nil
      here:fail("chat.startStream", { error = "feature_not_enabled" })
      app_there:message("go", function(c)
        local stream <close> = c:stream { interval = 0.01 }
        stream:plan "Look & see"
        stream:task { title = "Search", status = "complete" }
        stream:append "*one* "
        live_app.wait(function() return stream.ts end)
        stream:append { text = "two", blocks = { { type = "divider" } } }
        message = assert(stream:finish { feedback = true })
      end)
      live_app.start(here, app_there)
      local said = here:say { text = "go", channel = "general" }
      live_app.wait(function() return message end)
      local shown = here.workspace.find_message(here.workspace.channels[said.channel], message.ts)
      local types = {}
      for i, block in ipairs(shown.blocks) do
        types[i] = block.type
      end
      assert.same({ "context", "markdown", "divider", "context_actions" }, types)
      assert.equal("*one* two", shown.blocks[2].text)
      assert.equal("*Look &amp; see*\n:white_check_mark: Search", shown.blocks[1].elements[1].text)
      assert.equal(said.ts, shown.thread_ts)
    end)
  end)

  it("is ended in Slack before an app has stopped that cut its handler off", function()
    live_app.run(function(here, new_app)
      local app_there, stream = new_app(), nil
      app_there:message("go", function(c)
        local closing <close> = c:stream { interval = 0.01 }
        stream = closing
        closing:append "half an ans"
        tasks.sleep(60)
      end)
      live_app.start(here, app_there)
      here:say { text = "go", channel = "general" }
      live_app.wait(function() return stream and stream.ts end)
      app_there:stop(0)
      assert.equal("completed", here.workspace.streams[stream.ts].state)
    end)
  end)

  it("writes into a thread of the local Slack, over its time limit", function()
    live_app.run(function(here, new_app)
      local app_there, done = new_app(), false
      app_there:message("go", function(c)
        local stream <close> = c:stream { interval = 0.01 }
        stream:append "one "
        live_app.wait(function() return stream.ts end)
        for _, running in pairs(here.workspace.streams) do
          running.until_time = 0
        end
        stream:append "two"
        assert(stream:finish { feedback = true })
        done = true
      end)
      live_app.start(here, app_there)
      local said = here:say { text = "go", channel = "general" }
      live_app.wait(function() return done end)
      local texts = {}
      for _, message in ipairs(here:messages "general") do
        if message.thread_ts == said.ts and message.ts ~= said.ts then
          table.insert(texts, message.text)
        end
      end
      assert.same({ "one ", "two" }, texts)
    end)
  end)
end)
