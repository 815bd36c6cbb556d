local errors = require "slack.errors"
local files = require "support.files"
local json = require "slack.json"
local live_app = require "support.live_app"
local offline_app = require "support.offline_app"
local tasks = require "slack.tasks"

local DM <const>, THREAD <const> = "D06ADALANDR", "1700000000.000100"
local LOOKED_AT <const> = { channel_id = "C01GENERAL9", team_id = "T02MOON4XYZ" }

local function nothing() end

describe("app:assistant", function()
  local offline, app

  before_each(function()
    offline = offline_app.new()
    app = offline.app
  end)

  local function started(context)
    return offline:event {
      type = "assistant_thread_started",
      assistant_thread = {
        user_id = "U03ADA5K1QW", context = context or LOOKED_AT, channel_id = DM,
        thread_ts = THREAD,
      },
    }
  end

  local function changed(context)
    return offline:event {
      type = "assistant_thread_context_changed",
      assistant_thread = {
        user_id = "U03ADA5K1QW", context = context, channel_id = DM, thread_ts = THREAD,
      },
    }
  end

  local function write(text, more)
    local event = { channel = DM, channel_type = "im", thread_ts = THREAD }
    for name, value in pairs(more or {}) do
      event[name] = value
    end
    return offline:message(text, event)
  end

  -- What each call of a method was given.
  local function arguments_of(method)
    local found = {}
    for i, call in ipairs(offline:calls_of(method)) do
      found[i] = call.arguments
    end
    return found
  end

  -- Registers handlers that note what they got.
  local function listen(more)
    local seen = {}
    local given = {}
    for _, name in ipairs { "thread_started", "user_message", "context_changed" } do
      given[name] = function(c) table.insert(seen, { name, c.text, c.user_id, c.thread_ts }) end
    end
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return seen, app:assistant(given)
  end

  describe("at registration", function()
    for expected, given in pairs {
      ["a table of handlers expected, got function"] = nothing,
      ["thread_started: function expected, got nothing: it is called when somebody opens"] = {
        user_message = nothing,
      },
      ["user_message: function expected, got nothing"] = { thread_started = nothing },
      ["user_message: function expected, got string"] = {
        thread_started = nothing, user_message = "x",
      },
      ['unknown member "user_mesage"; did you mean "user_message"?'] = {
        thread_started = nothing, user_mesage = nothing,
      },
      ["thread_contexts: \"store\", a store, or an object with the methods get and save"] = {
        thread_started = nothing, user_message = nothing, thread_contexts = { get = nothing },
      },
    } do
      it("refuses what is wrong: " .. expected .. " (S261)", function()
        local ok, message = pcall(function() app:assistant(given) end)
        assert.is_false(ok)
        assert.truthy(message:find("assistant_spec.lua", 1, true), message)
        assert.truthy(message:find(expected, 1, true), message)
      end)
    end
  end)

  describe("gives", function()
    it("each handler what it is for (S262)", function()
      local seen = listen()
      started()
      write "hello"
      write("a file", { subtype = "file_share" })
      changed(LOOKED_AT)
      assert.same({
        { "thread_started", nil, "U03ADA5K1QW", THREAD },
        { "user_message", "hello", "U03ADA5K1QW", THREAD },
        { "user_message", "a file", "U03ADA5K1QW", THREAD },
        { "context_changed", nil, "U03ADA5K1QW", THREAD },
      }, seen)
    end)

    it("nobody what else happens in such a thread, without a warning (S262)", function()
      local seen = listen()
      app:event("message", function() table.insert(seen, "a listener of events") end)
      write("New Assistant Thread", { subtype = "assistant_app_thread" })
      write("x", { subtype = "message_changed", message = { text = "x" } })
      write("x", { subtype = "bot_message", bot_id = "B0OTHER", user = json.null })
      write("x", { bot_id = "B0OTHER" })
      assert.same({}, seen)
      assert.is_nil(offline:log():find "WARN")
    end)

    it("listeners of messages nothing of it (S262)", function()
      local seen = listen()
      app:message(function(c) table.insert(seen, { "message", c.text }) end)
      write "hello"
      assert.equal(1, #seen)
      assert.equal("user_message", seen[1][1])
    end)

    it("listeners of messages what stands elsewhere", function()
      local seen = listen()
      app:message(function(c) table.insert(seen, { "message", c.text }) end)
      offline:message "in a channel"
      offline:message("in its thread", { thread_ts = THREAD })
      write("in no thread", { thread_ts = json.null })
      assert.same({
        { "message", "in a channel" }, { "message", "in its thread" },
        { "message", "in no thread" },
      }, seen)
    end)

    it("messages back to their listeners when it is removed", function()
      local seen, assistant = listen()
      app:message(function(c) table.insert(seen, { "message", c.text }) end)
      assert.is_true(assistant:remove())
      assert.is_false(assistant:remove())
      write "hello"
      started()
      assert.same({ { "message", "hello" } }, seen)
    end)

    it("bot_message what apps write, this one too", function()
      local seen = listen { bot_message = nothing }
      listen { bot_message = function(c) table.insert(seen, { "bot_message", c.payload.text }) end }
      write("mine", { user = "U05BOTUSR01", bot_id = "B05BOT" })
      write("another's", { user = "U0OTHER", bot_id = "B0OTHER" })
      write("mine, changed", { user = "U05BOTUSR01", bot_id = "B05BOT",
        subtype = "message_changed" })
      assert.same({ { "bot_message", "mine" }, { "bot_message", "another's" } }, seen)
    end)

    it("nobody what the app itself says elsewhere, also with a bot_message", function()
      local seen = listen { bot_message = nothing }
      app:message(function(c) table.insert(seen, c.text) end)
      write("in a channel", {
        user = "U05BOTUSR01", bot_id = "B05BOT", channel = "C1", channel_type = "channel",
      })
      offline:event {
        type = "app_mention", text = "of itself", user = "U05BOTUSR01", bot_id = "B05BOT",
        channel = DM, channel_type = "im", thread_ts = THREAD, ts = "1.1",
      }
      assert.same({}, seen)
      assert.equal(2, app:stats().ignored)
    end)

    it("errors with the name of the handler", function()
      app:assistant {
        thread_started = nothing, user_message = function() error "no model" end,
      }
      write "hello"
      assert.truthy(offline:log():find("app:assistant user_message (spec/assistant_spec.lua:", 1,
        true), offline:log())
    end)
  end)

  describe("whose thread has", function()
    local function in_thread(handler)
      listen { user_message = handler }
      write "hello"
    end

    it("a status, with messages that change (S268)", function()
      in_thread(function(c)
        assert(c:status("is thinking …", { "Reading", "Counting" }))
        assert(c:status { status = "", username = "oracle" })
      end)
      assert.same({
        {
          channel_id = DM, thread_ts = THREAD, status = "is thinking …",
          loading_messages = { "Reading", "Counting" },
        },
        { channel_id = DM, thread_ts = THREAD, status = "", username = "oracle" },
      }, arguments_of "assistant.threads.setStatus")
    end)

    it("a status elsewhere, where its arguments say so", function()
      in_thread(function(c)
        assert(c:status { status = "x", channel_id = "C1", thread_ts = "1.1" })
        assert(c:status { status = "x", thread_ts = "2.2" })
        assert.equal("no_thread", select(2, c:status { status = "x", channel_id = "C1" }).code)
      end)
      assert.same({
        { channel_id = "C1", thread_ts = "1.1", status = "x" },
        { channel_id = DM, thread_ts = "2.2", status = "x" },
      }, arguments_of "assistant.threads.setStatus")
    end)

    it("a title", function()
      in_thread(function(c) assert(c:title "Stars") end)
      assert.same({ { channel_id = DM, thread_ts = THREAD, title = "Stars" } },
        arguments_of "assistant.threads.setTitle")
    end)

    it("prompts, as texts or pairs, with a title above (S266)", function()
      in_thread(function(c)
        assert(c:prompts {
          "Moon", { "Sun", "How hot is the sun?" }, { title = "Mars", message = "Who is there?" },
          title = "Ask about",
        })
      end)
      assert.same({
        {
          channel_id = DM, thread_ts = THREAD, title = "Ask about",
          prompts = {
            { title = "Moon", message = "Moon" },
            { title = "Sun", message = "How hot is the sun?" },
            { title = "Mars", message = "Who is there?" },
          },
        },
      }, arguments_of "assistant.threads.setSuggestedPrompts")
    end)

    it("all of these in any thread, and in one that the trigger begins", function()
      app:message("go", function(c) c:status "is thinking" end)
      offline:message("go", { thread_ts = "1.1" })
      offline:message "go"
      local seen = arguments_of "assistant.threads.setStatus"
      assert.same({ "1.1", "1700000001.000200" }, { seen[1].thread_ts, seen[2].thread_ts })
    end)

    it("errors that are told", function()
      offline.answers["assistant.threads.setTitle"] = errors.new {
        code = "missing_scope", message = "assistant:write is missing",
      }
      in_thread(function(c)
        assert.equal("missing_scope", select(2, c:title "x").code)
      end)
      local err
      app:command("/x", function(c)
        err = select(2, c:status "x")
        assert.equal("no_thread", select(2, c:save_thread_context {}).code)
      end)
      offline:command "/x"
      assert.equal("no_thread", err.code)
      assert.truthy(offline:log():find("c:title failed: assistant:write is missing", 1, true))
    end)

    it("no misuse", function()
      local problems = {}
      in_thread(function(c)
        for _, misuse in ipairs {
          function() c:status() end,
          function() c:status("x", { "", "", "", "", "", "", "", "", "", "", "" }) end,
          function() c:title "" end, function() c:prompts "x" end, function() c:prompts {} end,
          function() c:prompts { "1", "2", "3", "4", "5" } end,
          function() c:prompts { "1", { "2" } } end, function() c.status "x" end,
          function() c:save_thread_context() end,
        } do
          table.insert(problems, (select(2, pcall(misuse))))
        end
      end)
      for i, expected in ipairs {
        "a text expected, got nil", "at most 10", "an empty one", "got string", "got none",
        "at most 4 prompts expected, got 5", "prompt 2: a text or { title, message }",
        "with a colon", "a table expected, got nil",
      } do
        assert.truthy(problems[i]:find("assistant_spec.lua", 1, true), problems[i])
        assert.truthy(problems[i]:find(expected, 1, true), problems[i])
      end
    end)
  end)

  describe("and what the person looks at", function()
    local contexts

    local function note(c) table.insert(contexts, c.thread_context) end

    before_each(function()
      contexts = {}
    end)

    it("is what the event says, without a question (S265)", function()
      listen { thread_started = note, context_changed = note }
      started()
      started { channel_id = "C1", enterprise_id = json.null }
      started {}
      assert.same({ LOOKED_AT, { channel_id = "C1" }, {} }, contexts)
      assert.same({}, arguments_of "conversations.replies")
    end)

    it("goes with the first reply, and is read from there (S264)", function()
      listen { thread_started = function(c)
        c:say "Hello"
        c:say "How can I help?"
      end }
      started()
      local posted = arguments_of "chat.postMessage"
      assert.same({ event_type = "assistant_thread_context", event_payload = LOOKED_AT },
        posted[1].metadata)
      assert.is_nil(posted[2].metadata)

      offline.answers["conversations.replies"] = function(arguments)
        assert.same({ DM, THREAD, true },
          { arguments.channel, arguments.ts, arguments.include_all_metadata })
        return {
          ok = true,
          messages = {
            { ts = THREAD, subtype = "assistant_app_thread", user = "U05BOTUSR01" },
            { ts = "2.1", user = "U03ADA5K1QW", metadata = { event_type = "x" } },
            { ts = "2.2", user = "U05BOTUSR01", metadata = posted[1].metadata },
          },
        }
      end
      listen { user_message = note }
      write "hello"
      assert.same({ LOOKED_AT }, contexts)
    end)

    it("is known before there is a reply, and goes with a later one", function()
      listen { user_message = function(c)
        note(c)
        c:say "Hello"
      end }
      started()
      write "hello"
      assert.same({ LOOKED_AT }, contexts)
      assert.same(LOOKED_AT, arguments_of "chat.postMessage"[1].metadata.event_payload)
    end)

    it("goes with a question that comes first", function()
      for i, question in ipairs {
        function(c) return c:ask "Where to?" end,
        function(c) return c:choose { text = "Where to?", choices = { "Here" } } end,
      } do
        listen { thread_started = question }
        started()
        assert.same(LOOKED_AT, arguments_of "chat.postMessage"[i].metadata.event_payload)
        app.dispatch.index = require("slack.index").new()
      end
    end)

    it("goes with the end of a streamed reply", function()
      tasks.run(function()
        local done = tasks.waiter()
        listen { thread_started = function(c)
          local stream = c:stream()
          stream:append "Hello"
          stream:finish()
          done:resolve()
        end }
        started()
        done:await(10)
      end)
      assert.same(LOOKED_AT, arguments_of "chat.stopStream"[1].metadata.event_payload)
    end)

    it("waits for the next reply when one could not be posted", function()
      offline.answers["chat.postMessage"] = errors.new { code = "invalid_blocks" }
      listen { thread_started = function(c) c:say "Hello" end,
        user_message = function(c) c:say "Again" end }
      started()
      offline.answers["chat.postMessage"] = nil
      write "hello"
      assert.same(LOOKED_AT, arguments_of "chat.postMessage"[2].metadata.event_payload)
    end)

    it("leaves metadata of one's own alone, and other threads", function()
      local own = { event_type = "mine", event_payload = {} }
      listen { thread_started = function(c)
        c:say { text = "x", metadata = own }
        c:say { text = "x", channel = "C1" }
      end }
      started()
      local posted = arguments_of "chat.postMessage"
      assert.equal(own, posted[1].metadata)
      assert.is_nil(posted[2].metadata)
      listen { user_message = function(c) c:say "y" end }
      write "hello"
      assert.same(LOOKED_AT, arguments_of "chat.postMessage"[3].metadata.event_payload)
    end)

    it("is not written into replies of others, nor over metadata of one's own", function()
      offline.answers["conversations.replies"] = function()
        return {
          ok = true,
          messages = {
            { ts = THREAD }, { ts = "2.1", user = "U03ADA5K1QW" },
            { ts = "2.2", user = "U05OTHER", bot_id = "B05OTHER" },
            { ts = "2.3", user = "U05BOTUSR01", text = "One", metadata = { event_type = "mine" } },
            { ts = "2.4", bot_id = "B05BOT", text = "Two" },
          },
        }
      end
      listen()
      changed(LOOKED_AT)
      assert.same({ "2.4", 1 }, { arguments_of "chat.update"[1].ts, #arguments_of "chat.update" })
    end)

    it("is kept when a program says so, which hears of failures", function()
      offline.answers["conversations.replies"] = function()
        return { ok = true, messages = { { ts = "2.2", user = "U05BOTUSR01", text = "Hello" } } }
      end
      local results = {}
      listen { user_message = function(c)
        table.insert(results, { c:save_thread_context(LOOKED_AT) })
        assert.equal(LOOKED_AT, c.thread_context)
      end }
      write "hello"
      offline.answers["chat.update"] = errors.new { code = "edit_window_closed" }
      write "hello"
      assert.same({ true }, results[1])
      assert.same({ nil, "edit_window_closed" }, { results[2][1], results[2][2].code })
    end)

    it("is written into the first reply when it changes (S264)", function()
      offline.answers["conversations.replies"] = function()
        return {
          ok = true,
          messages = {
            { ts = THREAD }, { ts = "2.2", user = "U05BOTUSR01", text = "Hello", blocks = { 1 } },
          },
        }
      end
      listen()
      changed(LOOKED_AT)
      local update = arguments_of "chat.update"[1]
      assert.same({ DM, "2.2", "Hello", { 1 }, LOOKED_AT }, {
        update.channel, update.ts, update.text, update.blocks, update.metadata.event_payload,
      })
    end)

    it("is found in a later reply, and changed there", function()
      offline.answers["conversations.replies"] = function()
        return {
          ok = true,
          messages = {
            { ts = THREAD }, { ts = "2.1", user = "U05BOTUSR01", text = "One", metadata = 1 },
            { ts = "2.2", user = "U05BOTUSR01", text = "Two", metadata = {
              event_type = "assistant_thread_context", event_payload = LOOKED_AT,
            } },
          },
        }
      end
      listen { user_message = note }
      write "hello"
      changed { channel_id = "C3" }
      assert.same({ LOOKED_AT }, contexts)
      assert.equal("2.2", arguments_of "chat.update"[1].ts)
    end)

    it("is said where it could not be kept or read", function()
      offline.answers["conversations.replies"] = errors.new {
        code = "missing_scope", message = "im:history is missing",
      }
      listen { user_message = note }
      changed(LOOKED_AT)
      write "hello"
      assert.same({ {} }, contexts)
      assert.truthy(offline:log():find("could not be kept: im:history is missing", 1, true))
      assert.truthy(offline:log():find("c.thread_context failed: im:history is missing", 1, true))
    end)

    it("is kept in an object of the program's own (S264, S265)", function()
      local kept = {}
      local store = {}
      function store:get(c) -- luacheck: ignore 212
        return kept[c.thread_ts]
      end
      function store:save(c, context) -- luacheck: ignore 212
        kept[c.thread_ts] = context
        return true
      end
      listen { thread_contexts = store, user_message = function(c)
        note(c)
        c:save_thread_context { channel_id = "C9" }
      end }
      write "before"
      started()
      write "hello"
      write "again"
      assert.same({ {}, LOOKED_AT, { channel_id = "C9" } }, contexts)
      assert.same({}, arguments_of "conversations.replies")
    end)

    it("comes with the message itself, in the newer form", function()
      listen { user_message = note }
      write("hello", { app_context = { entities = {
        { type = "slack#/types/canvas_id", value = "F1" },
        { type = "slack#/types/channel_id", value = "C7", team_id = "T1" },
      } } })
      write("hello", { app_context = { entities = {
        {
          type = "slack#/types/message_context",
          value = { channel_id = "C8", message_ts = "1.1" },
        },
      } } })
      assert.same({ { channel_id = "C7", team_id = "T1" }, { channel_id = "C8" } }, contexts)
    end)

    it("is told of by app_context_changed as Slack gives it", function()
      local seen
      app:event("app_context_changed", function(c) seen = c.app_context end)
      offline:event {
        type = "app_context_changed", channel = DM, user = "U1", context = { entities = {} },
      }
      assert.same({ entities = {} }, seen)
    end)
  end)

  it("is suggested where nothing listens for its threads", function()
    started()
    assert.truthy(offline:log():find("app:assistant { thread_started", 1, true), offline:log())
  end)

  it("is reloaded with its script, and handles each message once", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/talk.lua"
    local function write_script(answer)
      files.write(path, ([[
        local app = ...
        app:assistant {
          thread_started = function() end,
          user_message = function(c) c:say "%s" end,
        }
      ]]):format(answer))
    end
    write_script "one"
    live_app.run(function(here, new_app)
      local bot = live_app.start(here, new_app { scripts = directory.path })
      local thread = here:open_assistant { user = "ada" }
      local function say_there(expected)
        here:say { user = "ada", channel = thread.channel, thread_ts = thread.thread_ts,
          text = "hello" }
        assert(here:wait_message { channel = thread.channel, text = expected })
      end
      say_there "one"
      local before = bot.scripts:stats().reloads
      write_script "two"
      live_app.wait(function() return bot.scripts:stats().reloads > before end)
      say_there "two"
      assert.equal(2, #here:calls "chat.postMessage")
    end)
  end)

  it("is not put out by events that make no sense", function()
    offline.answers["conversations.replies"] = function()
      return { ok = true, messages = { "x", 1, { metadata = 1, user = "U05BOTUSR01" } } }
    end
    local seen = 0
    local function note(c)
      seen = seen + 1
      assert.same({}, c.thread_context)
    end
    listen { thread_started = note, context_changed = note, user_message = note }
    for _, kind in ipairs { "started", "context_changed" } do
      for _, thread in ipairs { json.null, "x", 1, {}, { context = "x", channel_id = {} } } do
        offline:event { type = "assistant_thread_" .. kind, assistant_thread = thread }
      end
    end
    write("x", { app_context = { entities = { 1, "x", json.null, { type = 1 }, { value = {} },
      { type = "slack#/types/message_context", value = "x" } } } })
    write("x", { app_context = { entities = "x" }, subtype = 1 })
    write("x", { user = json.null })
    for _, stopped in ipairs { json.null, "x", { 1, json.null } } do
      offline:event { type = "agent_session_stopped", streaming_message_ts = stopped }
    end
    assert.equal(12, seen)
    assert.is_nil(offline:log():find("ERROR", 1, true), offline:log())
  end)

  it("talks with a person in the local Slack", function()
    live_app.run(function(here, new_app)
      local bot, contexts = new_app { storage = "memory:" }, {}
      local function answer(c)
        c:status "is thinking"
        table.insert(contexts, c.thread_context.channel_id or "nothing")
        c:say("You said " .. c.text)
      end
      bot:assistant {
        thread_started = function(c)
          c:prompts { "What is new?", title = "Ask" }
          c:say "Hello"
        end,
        user_message = answer,
      }
      live_app.start(here, bot)
      local random = here.workspace:find_channel "random".id
      local general = here.workspace:find_channel "general".id
      local thread = here:open_assistant { user = "ada", looking_at = "random" }
      assert(here:wait_message { channel = thread.channel, text = "Hello" })
      local function write_there(text)
        here:say { user = "ada", channel = thread.channel, thread_ts = thread.thread_ts,
          text = text }
        assert(here:wait_message { channel = thread.channel, text = "You said " .. text })
      end
      write_there "one"
      here:change_context { thread = thread, looking_at = "general" }
      assert(here:wait(function() return here:calls "chat.update"[1] end))
      write_there "two"
      assert.same({ random, general }, contexts)
      local shown = here:thread(thread.channel, thread.thread_ts)
      assert.same({ "", "Ask", "What is new?" },
        { shown.status, shown.prompts_title, shown.prompts[1].message })
    end)
  end)

  it("holds a conversation in a thread, whose answers are not offered again", function()
    live_app.run(function(here, new_app)
      local bot, seen = new_app(), {}
      bot:assistant {
        thread_started = nothing,
        user_message = function(c)
          table.insert(seen, c.text)
          local answer = c:ask "Which planet?"
          c:say(answer.text .. " it is.")
        end,
      }
      live_app.start(here, bot)
      local thread = here:open_assistant { user = "ada" }
      local function write_there(text)
        here:say { user = "ada", channel = thread.channel, thread_ts = thread.thread_ts,
          text = text }
      end
      write_there "How far?"
      assert(here:wait_message { channel = thread.channel, text = "Which planet?" })
      write_there "Mars"
      local answer = assert(here:wait_message { channel = thread.channel, text = "Mars it is." })
      assert.equal(thread.thread_ts, answer.thread_ts)
      assert.same({ "How far?" }, seen)
    end)
  end)

  it("keeps what people look at in the app's store, if told to", function()
    live_app.run(function(here, new_app)
      local bot, seen = new_app(), nil
      bot:assistant {
        thread_contexts = "store", thread_started = nothing,
        user_message = function(c) seen = c.thread_context.channel_id end,
      }
      live_app.start(here, bot)
      local thread = here:open_assistant { user = "ada", looking_at = "random" }
      live_app.wait(function() return #bot.storage:keys "data:assistant_thread:" == 1 end)
      here:say { user = "ada", channel = thread.channel, thread_ts = thread.thread_ts, text = "x" }
      live_app.wait(function() return seen end)
      assert.equal(here.workspace:find_channel "random".id, seen)
      assert.same({}, here:calls "conversations.replies")
    end)
  end)
end)
