local files = require "support.files"
local live_app = require "support.live_app"
local lua_slack = require "support.lua_slack"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

-- The action_id of the button with that text.
local function id_of(message, text)
  for _, block in ipairs(message.blocks) do
    for _, element in ipairs(block.elements or {}) do
      if type(element.text) == "table" and element.text.text == text then
        return element.action_id
      end
    end
  end
end

-- People use a new bot: a greeting, a modal with a mistake, a conversation.
local function use(here)
  here:say { user = "ada", text = "hello" }
  assert(here:wait_message { text = "Hello, <@" })
  here:command { user = "ada", command = "/lunch" }
  live_app.wait(function() return here:view() end)
  here:submit { user = "ada", values = { place = "Luigi's", guests = 40 } }
  here:submit { user = "ada", values = { place = "Luigi's", guests = 4 } }
  assert(here:wait_message { text = "Luigi's: 4 places" })
  here:say { user = "ada", text = "book a table" }
  assert(here:wait_message { text = "Which day?" })
  here:say { user = "ada", text = "Friday" }
  local question = assert(here:wait_message { text = "For how many?" })
  here:click { user = "ada", message = question, action_id = id_of(question, "4") }
  assert(here:wait_message { text = "A table for 4, Friday." })
end

describe("lua-slack replay", function()
  local directory, demo

  setup(function()
    directory = files.temporary()
    demo = directory.path .. "/demo"
    assert.equal(0, (lua_slack.run(directory.path, { "new", "demo" })))
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local bot <close> = lua_slack.start(demo, { "run", "--record", "r.jsonl" }, {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SSL_CERT_FILE = here.ca_file,
      })
      assert(here:wait_connections(1, 20), bot:output())
      use(here)
      bot:signal()
      live_app.wait(function() return not bot:is_running() end)
    end)
  end)

  teardown(function()
    getmetatable(directory).__close(directory)
  end)

  local function replay(...)
    return lua_slack.run(demo, { "replay", "r.jsonl", ... })
  end

  local function with_handler(name, text, fn)
    local path = demo .. "/handlers/" .. name
    local kept = files.read(path)
    files.write(path, text)
    local ok, err = pcall(fn)
    files.write(path, kept)
    assert(ok, err)
  end

  it("runs the handlers again, a conversation too, and says that all is as it was", function()
    local status, output = replay()
    assert.equal(0, status, output)
    for _, line in ipairs {
      "  ./handlers/hello.lua:5  app:message slack.pattern \"^[Hh]ello\"\n"
        .. "   chat.postMessage  same\n",
      "command /lunch\n   ./handlers/lunch.lua:6  app:command \"/lunch\"\n   ack  same\n"
        .. "   views.open  same\n",
      "interaction view_submission lunch\n",
      "event message\n   -  a handler that waited for it goes on\n   chat.postMessage  same\n",
      "   chat.update  same\n   chat.postMessage  same\n",
      ": the bot's own doing: passed over\n",
    } do
      assert.truthy(output:find(line, 1, true), output)
    end
    assert.matches("\n(%d+) deliveries: %1 as recorded, 0 other, 0 failed\n$", output)
  end)

  it("says what a changed handler answers and calls otherwise", function()
    with_handler("lunch.lua", [[
      local app = ...
      app:command("/lunch", function(c)
        c:ack "Not today"
        c.client.users.info { user = c.user_id }
      end)
    ]], function()
      local status, output = replay "--only=/lunch"
      assert.equal(0, status, output)
      assert.matches('ack  other: {"text":"Not today"}, recorded null\n', output)
      assert.matches("users.info  not in the recording: it got the error not_recorded; ", output)
      assert.matches("views.open  recorded, and not called now: ", output)
      assert.matches("\n1 delivery: 0 as recorded, 1 other, 0 failed\n$", output)
    end)
    with_handler("hello.lua", [[
      local app = ...
      app:message("hello", function(c) c:say "Good evening" end)
    ]], function()
      local _, output = replay "--only=1"
      assert.matches('chat.postMessage  other: text "Good evening", recorded "Hello, <@%w+>!"\n',
        output)
    end)
  end)

  it("shows where a handler fails, and ends with 1", function()
    with_handler("hello.lua", [[
      local app = ...
      app:message("hello", function(c) c:say(c.nothing.there) end)
    ]], function()
      local status, output = replay "--only=event"
      assert.equal(1, status)
      assert.matches("error  ./handlers/hello.lua:2: attempt to index a nil value", output)
      assert.matches(", 1 failed\n$", output)
    end)
    with_handler("hello.lua", [[
      local app = ...
      app:message("hello", function() error "what they wrote: \27[2J\u{9b}2J" end)
    ]], function()
      local _, output = replay "--only=event"
      assert.matches("what they wrote: ?[2J?2J", output, 1, true) -- the cursor stays
    end)
    with_handler("hello.lua", "local app = ...\napp:mesage()", function()
      local status, output = replay()
      assert.equal(1, status)
      assert.matches("hello.lua does not load: .*hello.lua:2: ", output)
    end)
  end)

  it("takes what --only names", function()
    for only, count in pairs {
      ["view_submission"] = 2, ["lunch"] = 2, ["command,1"] = 2, ["1-2"] = 2, ["interaction"] = 3,
    } do
      local _, output = replay("--only", only)
      assert.truthy(output:find(("\n%d deliveries: "):format(count), 1, true), output)
    end
    local status, output = replay "--only=nothing"
    assert.equal(1, status)
    assert.matches("none of the %d+ deliveries is chosen by %-%-only", output)
    assert.equal(2, (replay "--only=,"))
  end)

  it("asks no other server, and touches no storage", function()
    with_handler("hello.lua", [[
      local app = ...
      local slack = require "slack"
      app:message("hello", function(c)
        local answer, err = slack.fetch "http://127.0.0.1:1/deploy"
        app.store:set("a", 1)
        c:say(tostring(err))
      end)
    ]], function()
      local bot = files.read(demo .. "/bot.lua")
      files.write(demo .. "/bot.lua", (bot:gsub("slack.app {", '%0 storage = "sqlite:x.db",')))
      local _, output = replay "--only=1"
      files.write(demo .. "/bot.lua", bot)
      assert.matches("fetch  GET 127.0.0.1:1/deploy: not asked in a replay", output)
      assert.matches("a replay asks no other servers", output)
      assert.same({}, files.list(demo, "x%.db"))
    end)
  end)

  it("replays again when a handler is saved, until Ctrl-C", function()
    with_handler("hello.lua", [[
      local app = ...
      app:message("hello", function() error "not yet" end)
    ]], function()
      tasks.run(function()
        local process <close> = lua_slack.start(demo,
          { "replay", "--watch", "--only=1", "r.jsonl" })
        live_app.wait(function() return process:output():find ", 1 failed\n.*Ctrl%-C ends" end)
        files.write(demo .. "/handlers/hello.lua", [[
          local app = ...
          app:message("hello", function(c) c:say "Mended" end)
        ]])
        live_app.wait(function() return process:output():find ", 0 failed\n.*Ctrl%-C ends" end)
        process:signal "INT"
        live_app.wait(function() return not process:is_running() end)
        assert.equal(0, process:wait(), process:output())
      end)
    end)
  end)

  it("names the line of a malformed recording, and a file that is not there", function()
    files.write(demo .. "/bad.jsonl", '{"type":"recording","format":1}\n{"type":"delivery"}\n')
    local status, output = lua_slack.run(demo, { "replay", "bad.jsonl" })
    assert.equal(1, status)
    assert.matches('bad.jsonl:2: "[%w]+" of delivery: ', output)
    files.write(demo .. "/empty.jsonl", '{"type":"recording","format":1}\n')
    status, output = lua_slack.run(demo, { "replay", "empty.jsonl" })
    assert.same({ 1, "lua-slack replay: the recording has no deliveries\n" }, { status, output })
    assert.equal(2, (lua_slack.run(demo, { "replay", "none.jsonl" })))
    assert.equal(2, (lua_slack.run(demo, { "replay" })))
  end)
end)
