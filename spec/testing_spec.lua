-- The test kit: what authors of bots write in their specs.
local files = require "support.files"
local slack = require "slack"
local testing = require "slack.testing"

describe("slack.testing", function()
  local t

  after_each(function()
    if t then
      t:close()
      t = nil
    end
  end)

  -- The text of what fn raises.
  local function failure_of(fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    return message
  end

  describe("a message", function()
    it("gives what the bot says because of it", function()
      t = testing.new {}
      t.app:message("hello", function(c) c:say(("Hello <@%s>!"):format(c.user_id)) end)
      local r = t:message("hello there", { user = "ada" })
      assert.equal("Hello <@UADA>!", r.said[1].text)
      assert.same({ "general", "CGENERAL" }, { r.said[1].channel_name, r.said[1].channel })
      assert.same({ "chat.postMessage", "Hello <@UADA>!" },
        { r.calls[1].method, r.calls[1].args.text })
      assert.is_true(r.calls[1].answer.ok)
    end)

    it("is said where and by whom the test wants", function()
      t = testing.new {}
      t.app:message("where", function(c) c:reply(c.user_id) end)
      local first = t:message("where", { user = "linus", channel = "deploys" })
      assert.same({ "ULINUS", "deploys" }, { first.said[1].text, first.said[1].channel_name })
      local second = t:message("where am I", { thread = first.message, user = "grace" })
      assert.same({ first.message.ts, "deploys" },
        { second.said[1].thread_ts, second.said[1].channel_name })
      assert.equal("@ada", t:message("where", { channel = "@ada" }).said[1].channel_name)
    end)

    it("mentions the bot", function()
      t = testing.new {}
      t.app:event("app_mention", function(c) c:say "You called?" end)
      assert.equal("You called?", t:mention "are you there".said[1].text)
    end)

    it("is edited, deleted and reacted to", function()
      t = testing.new {}
      local seen = {}
      t.app:event("message", function(c) table.insert(seen, c.event.subtype or "said") end)
      t.app:event("reaction_added", function(c) table.insert(seen, c.event.reaction) end)
      local said = t:message "helo".message
      t:edit("hello", { message = said })
      t:react(":eyes:", { user = "grace" })
      t:delete { message = said }
      assert.same({ "said", "message_changed", "eyes", "message_deleted" }, seen)
    end)

    it("comes with a file", function()
      t = testing.new {}
      t.app:event("message", function(c)
        local file = c.event.files[1]
        c:say(file.name .. ": " .. assert(c.client:download(file)))
      end)
      assert.equal("a.txt: moon", t:share("a.txt", "moon").said[1].text)
    end)
  end)

  describe("what the bot says", function()
    it("has updates and what only one person sees", function()
      t = testing.new {}
      t.app:message("work", function(c)
        local message = assert(c:say "Working…")
        message:update "Done."
        c.client.chat.postEphemeral { channel = c.channel_id, user = c.user_id, text = "psst" }
      end)
      local r = t:message "work"
      assert.same({ "Working…", "Done.", "psst" },
        { r.said[1].text, r.said[2].text, r.said[3].text })
      assert.is_true(r.said[2].is_update)
      assert.equal(r.said[1].ts, r.said[2].ts)
      assert.equal("ada", r.said[3].ephemeral_to)
      assert.equal(3, #t.said)
    end)

    it("has what was streamed as a whole", function()
      t = testing.new {}
      t.app:message("count", function(c)
        local stream <close> = assert(c:stream())
        for i = 1, 20 do
          stream:append(i .. " ")
        end
      end)
      assert.matches("^1 2 3 .* 20", t:message "count".said[1].text)
    end)

    it("can be looked for, and missing it shows what there was", function()
      t = testing.new {}
      t.app:message("hi", function(c) c:say "Hello there" end)
      local r = t:message "hi"
      assert.equal("Hello there", r:expect_said "there".text)
      assert.equal("Hello there", r:expect_said "^Hello %a+$".text)
      assert.matches('testing_spec.lua:%d+: "Bye" was to be said: ada: "hi"\n'
        .. '  said in #general: "Hello there"', failure_of(function() r:expect_said "Bye" end))
      assert.matches("nothing was to be said", failure_of(function() r:expect_silence() end))
      t:message "ho":expect_silence()
    end)
  end)

  describe("an error of a handler", function()
    before_each(function()
      t = testing.new {}
      t.app:message("boom", function() error "burst" end)
    end)

    it("fails the test at its line, with listener and traceback", function()
      local message = failure_of(function() t:message "boom" end)
      assert.matches('^%S*testing_spec.lua:%d+: ada: "boom": the bot failed: .*burst\n'
        .. '  in app:message "boom" %(%S+testing_spec.lua:%d+%)\nstack traceback:', message)
    end)

    it("is one that would end the process, too", function()
      t.app:message("bye", function() os.exit(0) end)
      assert.matches("testing_spec.lua:%d+: the process would end here: os.exit%(0%)",
        failure_of(function() t:message "bye" end))
    end)

    it("is what the test wants when it says so", function()
      assert.matches("burst", t:message("boom", { fails = true }).errors[1].message)
      assert.matches("burst", t:message("boom", { fails = "burst" }).errors[1].traceback
        and "burst")
      t:expect_error "burst"
      t:message "boom"
      assert.matches("the bot failed", failure_of(function() t:message "boom" end))
    end)

    it("is missed where it was expected, or is another one", function()
      assert.matches("an error was expected, and none came",
        failure_of(function() t:message("fine", { fails = true }) end))
      assert.matches('an error with "leak" was expected, and it is: .*burst',
        failure_of(function() t:message("boom", { fails = "leak" }) end))
    end)

    it("is only collected when the test wants that", function()
      local other <close> = testing.new({}, { errors = "collect" })
      other.app:message("boom", function() error "burst" end)
      assert.equal(1, #other:message "boom".errors)
    end)

    it("is told when a task of the bot's own raises it", function()
      t.app:message("task", function() slack.spawn(function() error "in a task" end) end)
      assert.matches("in a task", failure_of(function() t:message "task" end))
    end)
  end)

  describe("a command", function()
    it("gives its ack and what the person sees of it", function()
      t = testing.new {}
      t.app:command("/deploy", function(c) c:ack("Deploying " .. c.command.text) end)
      local r = t:command "/deploy prod"
      assert.is_true(r.acked)
      assert.same({ text = "Deploying prod" }, r.ack)
      assert.same({ "Deploying prod", "ada" }, { r.said[1].text, r.said[1].ephemeral_to })
      assert.equal("Deploying web now", t:command("/deploy", "web now").said[1].text)
    end)

    it("has a response URL", function()
      t = testing.new {}
      t.app:command("/deploy", function(c)
        c:ack()
        c:respond { text = "Deployed.", response_type = "in_channel" }
      end)
      local r = t:command("/deploy", { channel = "random", user = "grace" })
      assert.is_nil(r.ack)
      assert.same({ "Deployed.", "random" }, { r.said[1].text, r.said[1].channel_name })
    end)

    it("that nobody takes is told to the person as ever", function()
      t = testing.new {}
      assert.matches("does not know /nothing", t:command "/nothing".said[1].text)
    end)
  end)

  describe("an event", function()
    it("is delivered as it is", function()
      t = testing.new {}
      t.app:event("team_join", function(c)
        c.client.chat.postMessage { channel = "general", text = "Welcome " .. c.event.user.name }
      end)
      local r = t:event("team_join", { user = { name = "linus" } })
      assert.equal("Welcome linus", r.said[1].text)
      assert.equal("Welcome ada",
        t:event { type = "team_join", user = { name = "ada" } }.said[1].text)
    end)
  end)

  describe("a result as text", function()
    it("says in a few lines what happened", function()
      t = testing.new {}
      t.app:command("/deploy", function(c)
        c:ack "On it."
        c.client.chat.postMessage { channel = "random", text = "Deployed." }
        c.client.chat.postMessage { channel = "C0NOWHERE", text = "Deployed." }
      end)
      assert.equal([[ada: /deploy web
  acked: {"text":"On it."}
  said in #general to ada only: "On it."
  said in #random: "Deployed."
  called chat.postMessage: ok
  called chat.postMessage: channel_not_found]], tostring(t:command "/deploy web"))
    end)
  end)

  describe("of a bot's file", function()
    local directory

    before_each(function()
      directory = files.temporary()
      files.write(directory.path .. "/greeting.lua", [[return { text = "Hello" }]])
      files.write(directory.path .. "/bot.lua", [[
local slack = require "slack"
local greeting = require "greeting"
local app = slack.app { storage = "sqlite:/nonexistent/bot.db" }
app:message("hello", function(c)
  greeting.text = greeting.text .. "!"
  app.store:incr "greeted"
  c:say(greeting.text .. " " .. app.store:get "greeted")
end)
os.exit(app:run() or 1)
]])
    end)

    after_each(function() getmetatable(directory).__close(directory) end)

    it("runs its listeners, each test with a fresh one", function()
      for _ = 1, 2 do
        local own <close> = testing.new(directory.path .. "/bot.lua")
        assert.equal("Hello! 1", own:message "hello".said[1].text)
      end
    end)

    it("leaves nothing behind in the process", function()
      local before = { package.path, _G.arg, os.time, os.date, os.getenv, os.exit,
        package.loaded.greeting }
      testing.new(directory.path .. "/bot.lua"):close()
      assert.same(before,
        { package.path, _G.arg, os.time, os.date, os.getenv, os.exit, package.loaded.greeting })
    end)

    it("tells where it does not load", function()
      files.write(directory.path .. "/bot.lua", "local app = nil\napp.x = 1\n")
      assert.matches("^%S*testing_spec.lua:%d+: testing.new: %S*bot.lua:2: attempt to index",
        failure_of(function() testing.new(directory.path .. "/bot.lua") end))
      files.write(directory.path .. "/bot.lua", "os.exit(3)")
      assert.matches("testing.new: %S*bot.lua:1: the process would end here: os.exit%(3%)",
        failure_of(function() testing.new(directory.path .. "/bot.lua") end))
      assert.matches("testing.new: there is no file nowhere.lua",
        failure_of(function() testing.new "nowhere.lua" end))
    end)

    it("leaves nothing behind in the process where it does not load", function()
      local search = package.path
      files.write(directory.path .. "/beside.lua", "return {}")
      files.write(directory.path .. "/bot.lua", 'require "beside"\nlocal x = nil\nx.y = 1')
      assert.is_false((pcall(testing.new, directory.path .. "/bot.lua")))
      assert.equal(search, package.path)
      assert.is_nil(package.loaded.beside)
    end)

    it("loads the scripts of a folder, and tells which does not load", function()
      os.execute("mkdir " .. directory.path .. "/handlers")
      files.write(directory.path .. "/handlers/a.lua",
        [[local app = ...  app:message("hi", function(c) c:say "from a script" end)]])
      do
        local own <close> = testing.new { scripts = directory.path .. "/handlers" }
        assert.equal("from a script", own:message "hi".said[1].text)
      end
      files.write(directory.path .. "/handlers/b.lua", "local app = ...\n\nif")
      assert.matches("testing.new: a script does not load: .*b.lua:3:",
        failure_of(function() testing.new { scripts = directory.path .. "/handlers" } end))
    end)
  end)

  describe("of an app", function()
    it("takes one that is made in the spec", function()
      local app = slack.app { token = "xoxb-1", app_token = "xapp-1" }
      app:message("hi", function(c) c:say "Hello" end)
      for _ = 1, 2 do
        local own <close> = testing.new(app)
        assert.equal("Hello", own:message "hi".said[1].text)
        assert.equal("xoxb-1", own.calls[1].token)
      end
    end)

    it("runs it in this process alone, and leaves its settings as they are", function()
      local app = slack.app {
        token = "xoxb-1", app_token = "xapp-1", workers = 2, storage = "sqlite:/nowhere/bot.db",
      }
      app:message("hi", function(c) c:say "Hello" end)
      do
        local own <close> = testing.new(app)
        assert.same({ 1, "memory:" }, { app.settings.workers, app.settings.storage })
        assert.equal("Hello", own:message "hi".said[1].text)
      end
      assert.same({ 2, "sqlite:/nowhere/bot.db" }, { app.settings.workers, app.settings.storage })
    end)

    it("refuses one that runs", function()
      t = testing.new {}
      assert.matches("testing.new: the app is running already",
        failure_of(function() testing.new(t.app) end))
    end)
  end)

  describe("in one process", function()
    it("several live side by side", function()
      local tests = {}
      for i = 1, 3 do
        tests[i] = testing.new({}, { now = 1700000000 + i })
        tests[i].app:message("who", function(c) c:say(i .. " at " .. os.time()) end)
      end
      for i = 3, 1, -1 do
        assert.equal(i .. " at " .. 1700000000 + i, tests[i]:message "who".said[1].text)
      end
      for i = 1, 3 do
        tests[i]:close()
      end
    end)

    it("works inside a task, whose time goes on by itself", function()
      slack.run(function()
        local own <close> = testing.new {}
        own.app:message("wait", function(c)
          slack.sleep(60)
          c:say "Waited."
        end)
        slack.sleep(0.001)
        own:message "wait"
        slack.sleep(0.001)
        assert.equal("Waited.", own:advance "1m".said[1].text)
      end)
    end)

    it("refuses calls from the bot itself, and after its end", function()
      t = testing.new {}
      t.app:message("again", function() t:message "again" end)
      assert.matches("called by the bot that is tested",
        failure_of(function() t:message "again" end))
      t:close()
      assert.matches("the test has been closed", failure_of(function() t:message "again" end))
    end)

    it("tells of a bot that never rests", function()
      t = testing.new {}
      t.app:message("spin", function() while true do slack.sleep(0) end end)
      assert.matches("does not come to rest", failure_of(function() t:message "spin" end))
    end)
  end)

  it("finds nobody where the app has stopped", function()
    t = testing.new {}
    local handled = 0
    t.app:message(nil, function() handled = handled + 1 end)
    t.app:command("/x", function() handled = handled + 1 end)
    t:run(function() t.app:stop() end)
    assert.equal(0, #t:message "hi".said)
    local r = t:command "/x"
    assert.same({ false, 0 }, { r.acked, handled })
  end)

  describe("its surroundings", function()
    it("are not those of the developer", function()
      t = testing.new({}, { env = { CI_URL = "https://ci.example", HOME = false } })
      t.app:message("env", function(c)
        c:say(("%s %s %s"):format(os.getenv "CI_URL", os.getenv "HOME",
          os.getenv "SLACK_BOT_TOKEN"))
      end)
      assert.equal("https://ci.example nil nil", t:message "env".said[1].text)
      assert.is_nil(os.getenv "CI_URL")
    end)

    it("have the app's storage and client for the test itself", function()
      t = testing.new {}
      t.app:message("count", function() t.app.store:incr "count" end)
      t:message "count"
      t:message "count"
      assert.equal(2, t:run(function() return t.app.store:get "count" end))
      t:run(function() t.app.client.chat.postMessage { channel = "general", text = "hi" } end)
      assert.equal("hi", t.said[1].text)
    end)

    it("are left by no call of the test's own", function()
      t = testing.new {}
      local message = failure_of(function() t.app.client.api.test {} end)
      assert.matches("^%S*testing_spec.lua:%d+: api.test: called by the test itself: t:run",
        message)
    end)

    it("keep the log for the test", function()
      t = testing.new {}
      t.app:message("log", function(c) c.log:warn "odd" end)
      assert.matches("WARN .*odd", t:message "log".log[1])
      assert.matches("running as bot in Moonbase", t:log()[1])
    end)
  end)

  describe("wrong arguments", function()
    for what, case in pairs {
      ["an unknown option"] = { 'unknown option "user"; did you mean "users"?',
        function() testing.new({}, { user = "ada" }) end },
      ["a time that is none"] = { '"2026%-01%-05 09:00" or seconds expected, got noon',
        function() testing.new({}, { now = "noon" }) end },
      ["a colon"] = { "call it with a dot", function() testing:new() end },
      ["a URL for a store"] = { 'option "storage": table expected, got string: a store; the URL',
        function() testing.new({}, { storage = "memory:" }) end },
      ["an app's unknown option"] = { 'slack.app: unknown option "script"',
        function() testing.new { script = "x" } end },
    } do
      it("of testing.new raise at the line of the test: " .. what, function()
        local message = failure_of(case[2])
        assert.matches("^%S*testing_spec.lua:%d+: ", message)
        assert.matches(case[1], message)
      end)
    end

    for what, case in pairs {
      ["a misspelt field"] = { 't:message: unknown field "usr"; did you mean "user"?',
        function() t:message("hi", { usr = "ada" }) end },
      ["no text"] = { "t:message: text expected, got nil", function() t:message() end },
      ["no command"] = { "t:command: a command expected", function() t:command "" end },
      ["no time"] = { 't:advance: "5m", "1h30m" or seconds expected, got soon',
        function() t:advance "soon" end },
      ["a message that is none"] = { "t:react: a message expected",
        function() t:react("eyes", { message = {} }) end },
      ["an event without a type"] = { "t:event: an event with its type expected",
        function() t:event {} end },
    } do
      it("of methods raise at the line of the test: " .. what, function()
        t = testing.new {}
        local message = failure_of(case[2])
        assert.matches("^%S*testing_spec.lua:%d+: ", message)
        assert.matches(case[1], message, 1, true)
      end)
    end
  end)
end)
