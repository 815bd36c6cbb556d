local Browser = require "slack.sandbox.browser"
local PageClient = require "support.page_client"
local Process = require "support.process"
local child = require "support.child"
local command = require "slack.command"
local core = require "slack.core"
local files = require "support.files"
local live_app = require "support.live_app"
local log = require "slack.log"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local silent = log.new { level = "off" }

describe("lua-slack sandbox with --no-bot --talk", function()
  local directory, slack_here, typed

  -- On any free ports; what is typed comes through a pipe.
  local function start(arguments)
    local input = directory.path .. "/input"
    slack_here = Process.start(("%s lua/slack/command/main.lua sandbox --port=0 %s"):format(
      child.interpreter(), arguments), {
      environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath },
      input = input,
    })
    typed = assert(io.open(input, "w"))
    typed:setvbuf "no"
  end

  before_each(function()
    directory = files.temporary()
    assert(os.execute(("mkfifo %s/input"):format(directory.path)))
  end)

  after_each(function()
    typed:close()
    getmetatable(slack_here).__close(slack_here)
    getmetatable(directory).__close(directory)
  end)

  -- From a position of the output on.
  local function wait_for(text, from)
    for _ = 1, 1000 do
      if slack_here:output():find(text, from or 1, true) then
        return
      end
      tasks.sleep(0.01)
    end
    error(("no %q in:\n%s"):format(text, slack_here:output()), 2)
  end

  local function exports_now()
    local environment = {}
    for name, value in slack_here:output():gmatch "export ([%w_]+)='([^']*)'\n" do
      environment[name] = value
    end
    return environment
  end

  local function start_with_exports()
    start "--no-bot --talk"
    wait_for "export SLACK_APP_TOKEN="
    return exports_now()
  end

  it("is the Slack of a bot in another process, to which one can talk", function()
    local environment = start_with_exports()
    local bot <close> = Process.lua("examples/hello/bot.lua", { environment = environment })
    wait_for "a bot has connected"
    typed:write "hello\n"
    wait_for "Hello, @ada!"
    typed:write "/lunch Luigi's\n"
    wait_for "Lunch at Luigi's"
    typed:write "mumble\n"
    wait_for "the bot has no answer to that"
    typed:write "/reply Friday\n"
    wait_for "the bot has written in no thread yet"
    bot:signal()
    assert.equal(0, bot:wait(), bot:output())
    wait_for "the bot has gone"
  end)

  it("opens modals, menus, the home tab and the assistant of such a bot", function()
    local environment = start_with_exports()
    local function with(name, lines, last)
      local from = #slack_here:output()
      local bot <close> = Process.lua("examples/" .. name .. "/bot.lua",
        { environment = environment })
      wait_for("a bot has connected", from)
      for _, line in ipairs(lines) do
        from = #slack_here:output()
        typed:write(line[1], "\n")
        for i = 2, #line do
          wait_for(line[i], from)
        end
      end
      if last then
        last(from)
      end
      bot:signal()
      bot:wait()
      wait_for("the bot has gone", from)
    end
    with("modal", {
      { "/shortcut", "/shortcut ID: the callback_id" },
      { "/as", "/as NAME: ada or grace" },
      { "/order", "amount: How many?" },
      { "/submit", "/submit: what: a value is needed" },
      { "/fill what tea & cake\n/fill amount 20\n/submit", "amount: Nine at most" },
      { "/fill amount 2\n/submit", "Ordered: 2 × tea & cake" },
    })
    with("mention", { { "hi @lander, you", "You called, @ada?" } })
    with("commands", { { "/kudos give @grace 3", "@grace has 3." } })
    typed:write "/as grace\n"
    with("menu", {
      { "/city", "[1: Type a letter]" },
      { "/click 1 am", "which one? Amsterdam, Hamburg, Rotterdam" },
      { "/click 1 lag", "@grace goes to *Lagos*." },
      { "/fill a b", "there is no modal open" },
    })
    with("assistant", {
      { "/assistant Is there life?", "What would you like to know?",
        "(direct message, in a thread)" },
      { "/click 2 bad", "Thank you, noted." },
    })
    with("home", { { "/home", "None. Send me" }, { "/dm buy milk" } }, function(from)
      live_app.wait(function() -- nothing tells when the bot has noted it
        typed:write "/home\n"
        tasks.sleep(0.02)
        return slack_here:output():find("• buy milk", from, true)
      end)
    end)
  end)

  it("answers in the thread in which the bot asks", function()
    local environment = start_with_exports()
    local path = directory.path .. "/bot.lua"
    files.write(path, [[
      local app = require("slack").app {}
      app:message("where", function(c)
        local answer = c:ask { text = "Which way?", thread_ts = c.message_ts }
        c:reply("Off to the " .. answer.text)
      end)
      app:run()
    ]])
    local bot <close> = Process.lua(path, { environment = environment })
    wait_for "a bot has connected"
    typed:write "where to\n"
    wait_for "Which way? (in a thread)"
    typed:write "/reply\n"
    wait_for "/reply TEXT\n"
    typed:write "/reply north\n"
    wait_for "Off to the north (in a thread)"
    bot:signal()
  end)

  it("shows what a script does in any channel, and lets no message command the terminal", function()
    local environment = start_with_exports()
    local script = directory.path .. "/script.lua"
    files.write(script, [[
      local client = require "slack.client".new()
      local sent = assert(client.chat.postMessage { channel = "random", text = "red \27[31m!\0" })
      assert(client:upload { content = "x", filename = "f.txt", channel = sent.channel })
      for user in client:each "users.list" do
        if user.name == "grace" then
          assert(client.chat.postMessage { channel = user.id, text = "psst" })
        end
      end
    ]])
    local run <close> = Process.lua(script, { environment = environment })
    assert.equal(0, run:wait(), run:output())
    wait_for "red ?[31m!? (#random)"
    wait_for "[file f.txt] (#random)"
    wait_for "psst (direct message to grace)"
  end)

  it("has tokens that stay the same over its starts", function()
    local environment = start_with_exports()
    assert.same({ "xoxb-local", "xapp-local" },
      { environment.SLACK_BOT_TOKEN, environment.SLACK_APP_TOKEN })
  end)

  -- Who knew it could sign requests to the bot's port: a page whose name leads here, for instance.
  it("has a signing secret that nobody can know, new at each start", function()
    local function secret()
      start "--no-bot --talk --http"
      wait_for "export SLACK_SIGNING_SECRET="
      return exports_now().SLACK_SIGNING_SECRET
    end
    local first = secret()
    assert.matches("^" .. ("%x"):rep(32) .. "$", first)
    typed:close()
    getmetatable(slack_here).__close(slack_here)
    assert.not_equal(first, secret())
  end)

  it("ends at Ctrl-C and leaves no files behind", function()
    local authority = start_with_exports().SSL_CERT_FILE
    assert.truthy(io.open(authority)):close()
    wait_for "ada>"
    slack_here:signal "INT"
    assert.equal(0, slack_here:wait(), slack_here:output())
    assert.is_nil(io.open(authority))
  end)

  -- A port that was free a moment ago.
  local function free_port()
    local source = loop.register(function() end)
    local server = assert(core.http_server {
      mailbox = loop.mailbox(), source = source, log = silent:core(),
    })
    local port = server:port()
    server:close()
    loop.unregister(source)
    return port
  end

  -- A person clicks through the pages of the bot and of the local Slack.
  local function install_with(browser, url)
    assert(browser:open(url))
    local asking = assert(browser:open(assert(browser:link "/oauth/v2/authorize")))
    local page = assert(browser:send(browser:absolute "/oauth/decision", {
      request = browser:hidden "request", decision = "allow",
      person = asking.body:match '<option value="([^"]*)" selected>',
    }))
    assert.equal(200, page.status, page.body)
  end

  describe("--http", function()
    it("is the Slack of a bot that is reached over HTTP", function()
      local port = free_port()
      start(("--no-bot --talk --http=http://localhost:%d/slack/events"):format(port))
      wait_for "export SLACK_SIGNING_SECRET="
      local environment = exports_now()
      assert.is_nil(environment.SLACK_APP_TOKEN)
      environment.PORT = tostring(port)
      wait_for "ada>"
      typed:write "hello\n"
      wait_for(("no bot answers at http://localhost:%d/slack/events"):format(port))
      local bot <close> = Process.lua("examples/hello/bot.lua", { environment = environment })
      live_app.wait(function() return bot:output():find("HTTP on ", 1, true) end)
      typed:write "hello\n"
      wait_for "Hello, @ada!"
      bot:signal()
      assert.equal(0, bot:wait(), bot:output())
      typed:write "/lunch\n"
      wait_for "/lunch failed: dispatch_failed"
    end)
  end)

  describe("--oauth", function()
    it("is the Slack in which a bot is installed first", function()
      local port = free_port()
      start(("--no-bot --talk --oauth --http=http://localhost:%d/slack/events"):format(port))
      wait_for "ada>"
      wait_for(("install it with a browser: http://localhost:%d/slack/install"):format(port))
      local environment = exports_now()
      environment.PORT, environment.STORAGE = tostring(port), "memory:"
      environment.SLACK_APP_TOKEN, environment.SLACK_BOT_TOKEN = "", ""
      local bot <close> = Process.lua("examples/many_workspaces/bot.lua",
        { environment = environment })
      live_app.wait(function() return bot:output():find("HTTP on ", 1, true) end)
      install_with(Browser.new { ca_file = function() return environment.SSL_CERT_FILE end },
        ("http://localhost:%d/slack/install"):format(port))
      typed:write "ada++\n"
      wait_for "ada has 1 point"
    end)
  end)

  describe("--both", function()
    it("is the Slack of a bot that is reached either way, by turns", function()
      local port = free_port()
      start(("--no-bot --talk --both --http=http://localhost:%d/slack/events"):format(port))
      wait_for "ada>"
      local environment = exports_now()
      environment.PORT = tostring(port)
      local bot <close> = Process.lua("examples/hello/bot.lua", { environment = environment })
      wait_for "a bot has connected"
      live_app.wait(function() return bot:output():find("HTTP on ", 1, true) end)
      typed:write "/lunch here\n"
      wait_for "Lunch at here"
      typed:write "/lunch there\n"
      wait_for "Lunch at there"
    end)
  end)

  describe("--rtm", function()
    it("is the Slack of a classic app", function()
      start "--no-bot --talk --rtm"
      wait_for "export SLACK_TRANSPORT='rtm'"
      wait_for "ada>"
      local bot <close> = Process.lua("examples/hello/bot.lua", { environment = exports_now() })
      wait_for "a bot has connected"
      typed:write "hello\n"
      wait_for "Hello, @ada!"
      bot:signal()
      assert.equal(0, bot:wait(), bot:output())
      wait_for "the bot has gone"
    end)
  end)

  it("goes on when its input has ended", function()
    start "--no-bot --talk"
    wait_for "ada>"
    typed:write "hello\n"
    typed:close()
    wait_for "no bot is connected"
    typed = assert(io.open("/dev/null", "w"))
    assert.is_true(slack_here:is_running())
  end)
end)

describe("lua-slack sandbox", function()
  -- What it complains of, and how it ends.
  local function complaint(line)
    local words, complained = {}, {}
    for word in line:gmatch "%S+" do
      table.insert(words, word)
    end
    local status = command.run(words, {
      write = function() end,
      complain = function(text) table.insert(complained, text) end,
      has_color = function() return false end,
    })
    return table.concat(complained), status
  end

  for arguments, expected in pairs {
    ["--http=http://localhost:3000"] =
      "the path is missing: --http=http://localhost:3000/slack/events",
    ["--http=localhost"] = "a URL expected",
    ["--port=99999"] = "--port: a port from 0 to 65534 expected",
    ["--page-port=x"] = "--page-port: a port from 0 to 65535 expected",
    ["--ca=/nowhere/ca.pem"] = "--ca: there is no file /nowhere/ca.pem",
    ["--host=0.0.0.0"] = "this machine alone may reach it",
    ["nowhere.lua"] = "there is no file nowhere.lua",
    ["bot.lua other.lua"] = 'one bot expected, got "other.lua" as well',
    ["--no-bot bot.lua"] = '--no-bot and "bot.lua" exclude each other',
    ["--oauth --both"] = "over HTTP alone",
    ["--rtm --http"] = "over RTM alone",
    ["--htpp"] = 'there is no option "--htpp"; did you mean "--http"?',
  } do
    it("says what is wrong with " .. arguments, function()
      local text, status = complaint("sandbox " .. arguments)
      assert.equal(2, status)
      assert.truthy(text:find(expected, 1, true), text)
    end)
  end

  it("names the option of a port that is taken", function()
    local source = loop.register(function() end)
    local server = assert(core.http_server {
      mailbox = loop.mailbox(), source = source, log = silent:core(),
    })
    for _, option in ipairs { "--port", "--page-port" } do
      local text, status = complaint(("sandbox --no-bot --port=0 %s=%d"):format(option,
        server:port()))
      assert.equal(1, status)
      assert.truthy(text:find("choose another one with " .. option .. "\n", 1, true), text)
    end
    server:close()
    loop.unregister(source)
  end)
end)

describe("lua-slack sandbox with a bot", function()
  local BOT <const> = [[
    local app = require("slack").app { scripts = %q, log = "info" }
    app:message("which", function(c) c:say "the %s one" end)
    os.exit(app:run() or 1)
  ]]
  local directory, here

  local function write_bot(name)
    files.write(directory.path .. "/bot.lua",
      BOT:format(directory.path .. "/handlers", name))
  end

  local function wait_for(text)
    live_app.wait(function()
      return here:output():find(text, 1, true) or not here:is_running() and error(here:output())
    end)
  end

  local function start(more)
    here = Process.start(("%s lua/slack/command/main.lua sandbox %s %s"):format(
      child.interpreter(), Process.quote(directory.path .. "/bot.lua"), more or ""), {
      environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath },
    })
  end

  before_each(function()
    directory = files.temporary()
    assert(os.execute(("mkdir %s/handlers"):format(directory.path)))
    files.write(directory.path .. "/handlers/greet.lua",
      "local app = ...\napp:message('hi', print)")
    write_bot "first"
  end)

  after_each(function()
    getmetatable(here).__close(here)
    getmetatable(directory).__close(directory)
  end)

  it("runs it, shows its log, and ends it at Ctrl-C without leaving files", function()
    start()
    wait_for "running as lander in Moonbase"
    wait_for "loaded greet.lua"
    wait_for "its page: http://127.0.0.1:"
    here:signal "INT"
    assert.equal(0, here:wait(), here:output())
    assert.truthy(here:output():find "SIGTERM: stopping.*stopped\n", here:output())
    assert.is_nil(here:output():find "\27", here:output())
  end)

  it("learns the commands of a bot that runs in several workers", function()
    files.write(directory.path .. "/bot.lua", [[
      local app = require("slack").app { workers = 2, log = "info" }
      app:command("/lunch", print)
      os.exit(app:run() or 1)
    ]])
    start()
    wait_for "its page: http://127.0.0.1:"
    local url = here:output():match "its page: (http://%S+)"
    tasks.run(function()
      local page <close> = PageClient.open { page_url = function() return url end }
      local function has_command(frame)
        return frame.app.commands[1] and frame.app.commands[1].command == "/lunch"
      end
      assert(has_command(page.hello) or page:wait("app", has_command))
    end)
  end)

  it("starts it again when its file is saved, as often as it takes", function()
    start()
    wait_for "running as lander in Moonbase"
    files.write(directory.path .. "/bot.lua", "error 'a mistake'")
    wait_for "bot.lua has changed: the bot starts again"
    wait_for "bot.lua:1: a mistake"
    wait_for "the bot ended with status 1; it starts again when"
    write_bot "second"
    live_app.wait(function()
      local _, count = here:output():gsub("running as lander in Moonbase", "")
      return count == 2
    end)
  end)

  it("starts it again when its .env is saved", function()
    start()
    wait_for "running as lander in Moonbase"
    files.write(directory.path .. "/.env", "GREETING=hello\n")
    wait_for "the bot starts again"
    live_app.wait(function()
      local _, count = here:output():gsub("running as lander in Moonbase", "")
      return count == 2
    end)
  end)

  it("ends a bot that does not stop by itself, at a second Ctrl-C", function()
    files.write(directory.path .. "/bot.lua", [[
      local app = require("slack").app {}
      local signals = require("slack.core").signals { "TERM" } -- and nobody looks at them
      require("slack.interrupts").listen = function()
        return setmetatable({}, { __close = function() signals:close() end })
      end
      app:run()
    ]])
    start()
    wait_for "running as lander in Moonbase"
    here:signal "INT"
    wait_for "stopping the bot; Ctrl-C once more kills it"
    here:signal "INT"
    assert.equal(0, here:wait(), here:output())
  end)
end)
