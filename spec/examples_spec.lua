local Browser = require "slack.sandbox.browser"
local Process = require "support.process"
local WebServer = require "support.web_server"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local http = require "slack.http"
local json = require "slack.json"
local live_app = require "support.live_app"
local log = require "slack.log"
local loop = require "slack.loop"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local silent = log.new { level = "off" }

-- The demo, with these modules, as `make demo` runs it.
local function demo(settings, input)
  return files.run(("printf '%s' | %s LUA_PATH='%s' LUA_CPATH='%s' %s examples/demo/main.lua")
    :format(input or "", settings or "", package.path, package.cpath, child.interpreter()))
end

describe("examples/demo", function()
  it("plays its conversation with examples/hello to the end and exits with 0", function()
    local ok, output = demo()
    assert.truthy(ok, output)
    for _, line in ipairs { "Hello, @ada!", "Lunch at Luigi's", "Ahoy, @ada!", "status 0" } do
      assert.truthy(output:find(line, 1, true), output)
    end
  end)

  it("keeps both connections through the saves of a script", function()
    local _, output = demo()
    assert.truthy(output:find("2 connections over TLS, the same ones from first to last", 1, true),
      output)
  end)

  it("leaves the example's own files as they are", function()
    local before = files.read "examples/hello/handlers/greet.lua"
    demo()
    assert.equal(before, files.read "examples/hello/handlers/greet.lua")
  end)

  it("with STAY=1 takes lines as messages and commands, and ends with its input", function()
    local ok, output = demo("STAY=1", "hello\\n/as grace\\n/as nobody\\n/click 9\\n")
    assert.truthy(ok, output)
    for _, line in ipairs { "grace>", "there is nobody called nobody", "there is no button 9" } do
      assert.truthy(output:find(line, 1, true), output)
    end
  end)
end)

-- From here: what is bound to every address is bound to the loopback's too.
local function url_of(bot)
  local url = bot:output():match "HTTP on (http%S+)"
  return url and (url:gsub("0%.0%.0%.0", "127.0.0.1", 1))
end

-- Runs an example in a process of its own, against a local Slack of this one; waits
-- until its log says that it runs, and where it is reached over HTTP if it is.
local function run_bot(script, slack_here, environment)
  local all = {
    SLACK_API_URL = slack_here.api_url, SSL_CERT_FILE = slack_here.ca_file,
    SLACK_SIGNING_SECRET = slack_here.signing_secret, PORT = "0", NO_COLOR = "1",
    SLACK_APP_TOKEN = "", SLACK_BOT_TOKEN = "",
  }
  for name, value in pairs(environment) do
    all[name] = value
  end
  local bot = Process.lua(script, { environment = all })
  live_app.wait(function()
    return bot:output():find "running[^\n]*\n" or not bot:is_running() and bot:output()
  end)
  return bot, url_of(bot)
end

describe("examples/hello", function()
  local slack_here

  before_each(function()
    slack_here = assert(sandbox.start { log = silent })
  end)

  after_each(function()
    slack_here:stop()
  end)

  for name, case in pairs {
    ["Socket Mode"] = { SLACK_APP_TOKEN = true },
    ["HTTP"] = { SLACK_SIGNING_SECRET = true },
    ["both at once"] = {
      SLACK_APP_TOKEN = true, SLACK_SIGNING_SECRET = true, SLACK_TRANSPORT = "both",
    },
  } do
    it("answers over " .. name .. ", by its environment alone", function()
      local bot <close>, url = run_bot("examples/hello/bot.lua", slack_here, {
        SLACK_BOT_TOKEN = slack_here.bot_token,
        SLACK_APP_TOKEN = case.SLACK_APP_TOKEN and slack_here.app_token or "",
        SLACK_SIGNING_SECRET = case.SLACK_SIGNING_SECRET and slack_here.signing_secret or "",
        SLACK_TRANSPORT = case.SLACK_TRANSPORT or "",
      })
      assert.equal(case.SLACK_SIGNING_SECRET or false, url ~= nil, bot:output())
      if url then
        slack_here:deliver_over_http(url)
        slack_here.delivery = case.SLACK_TRANSPORT and "alternate" or nil
      end
      for _ = 1, 2 do
        local said = slack_here:say { text = "hello", channel = "random" }
        assert(slack_here:wait_message { text = "Hello", channel = "random", after = said.ts })
        assert.equal(json.null, slack_here:command({ command = "/lunch", text = "Luigi's" }).ack)
        local question = assert(slack_here:wait_message { text = "Luigi's" })
        assert.equal(json.null,
          slack_here:click({ message = question, action_id = "join_lunch", user = "grace" }).ack)
        local grace = slack_here.workspace:find_user "grace".id
        assert(slack_here:wait(function() return question.text:find(grace, 1, true) end))
        slack_here:delete { message = question }
      end
      bot:signal()
      live_app.wait(function() return not bot:is_running() end)
      assert.equal(0, bot:wait(), bot:output())
    end)
  end

  it("says which variable to set when there is no token", function()
    local ok, output = files.run((
      "env -u SLACK_BOT_TOKEN LUA_PATH='%s' LUA_CPATH='%s' %s examples/hello/bot.lua"
    ):format(package.path, package.cpath, child.interpreter()))
    assert.is_false(ok)
    assert.truthy(output:find("SLACK_BOT_TOKEN", 1, true), output)
  end)
end)

-- Examples that are one file each, over Socket Mode.
describe("the example", function()
  local slack_here

  before_each(function()
    slack_here = assert(sandbox.start { log = silent })
  end)

  after_each(function()
    slack_here:stop()
  end)

  -- Runs fn(bot) while it runs, and ends it as Ctrl-C would.
  local function with_example(name, fn, environment, promise)
    it(name .. " " .. (promise or "does what it says"), function()
      local all = { SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_APP_TOKEN = slack_here.app_token,
        SLACK_SIGNING_SECRET = "" }
      for key, value in pairs(environment or {}) do
        all[key] = value
      end
      local bot <close> = run_bot(("examples/%s/bot.lua"):format(name), slack_here, all)
      fn(bot)
      bot:signal()
      live_app.wait(function() return not bot:is_running() end)
      assert.equal(0, bot:wait(), bot:output())
      assert.is_nil(bot:output():find "ERROR", bot:output())
    end)
  end

  with_example("mention", function(bot)
    local said = slack_here:say {
      text = ("<@%s> are you there?"):format(slack_here.workspace.bot.user_id),
    }
    local answer = assert(slack_here:wait_message { text = "You called, <@" }, bot:output())
    assert.equal(said.ts, answer.thread_ts)
  end)

  -- The button of a question that has this text on it.
  local function press(question, text)
    for _, block in ipairs(question.blocks) do
      for _, element in ipairs(block.type == "actions" and block.elements or {}) do
        if element.text.text == text then
          return slack_here:click { message = question, action_id = element.action_id }
        end
      end
    end
    error("there is no button " .. text)
  end

  with_example("ask", function(bot)
    local last = slack_here:say { text = "book a table, please" }
    local function wait_for(text)
      last = assert(slack_here:wait_message { text = text, after = last.ts }, bot:output())
      return last
    end
    wait_for "Which day?"
    slack_here:say { text = "never you mind", user = "grace" }
    last = slack_here:say { text = "Friday" }
    local question = wait_for "For how many?"
    slack_here:say { text = "a few", thread_ts = question.ts }
    wait_for "one to twelve"
    last = slack_here:say { text = "4" }
    question = wait_for "A table for 4, Friday: shall I book it?"
    press(question, "Book it")
    wait_for "Booked."
    assert.truthy(question.text:find("chose *Book it*", 1, true))
  end, nil, "asks one thing after another")

  with_example("ask", function(bot)
    slack_here:command { command = "/book" }
    local view = live_app.wait(function() return slack_here:view() end)
    local values = { day = "2026-12-24", guests = "13" }
    local ack = slack_here:submit({ values = values }).ack
    assert.same({ [view.blocks[2].block_id] = "One to twelve." }, ack.errors)
    values.guests = "2"
    assert.equal(json.null, slack_here:submit({ values = values }).ack)
    local question = assert(slack_here:wait_message { text = "for 2, 2026-12-24" }, bot:output())
    press(question, "Never mind")
    assert(slack_here:wait_message { text = "Nothing is booked." }, bot:output())
  end, nil, "asks until what is filled in can be")

  with_example("approve", function(bot)
    for button, outcome in pairs { approve = "approved", reject = "rejected" } do
      slack_here:command { command = "/approve", text = "the " .. outcome .. " logo" }
      local question = assert(slack_here:wait_message { text = "Approve *the " .. outcome },
        bot:output())
      slack_here:click { message = question, action_id = button, user = "grace" }
      local text = ("*the %s logo* was %s by <@%s>."):format(outcome, outcome,
        slack_here.workspace:find_user("grace").id)
      local changed = assert(slack_here:wait_message { text = text }, bot:output())
      assert.equal(question.ts, changed.ts)
      assert.is_nil((changed.blocks or {})[1])
    end
  end)

  with_example("upload", function(bot)
    local said = slack_here:say { text = "members, please" }
    local message = assert(slack_here:wait_message { text = "3 are here:" }, bot:output())
    assert.equal(said.ts, message.thread_ts)
    assert.equal("members.csv", message.files[1].name)
    local content = slack_here.uploads.files[message.files[1].id].content
    assert.truthy(content:find(slack_here.workspace:find_user("ada").id, 1, true), content)
  end)

  -- What an answer came to that was written while it was made.
  local function streamed(bot, thread, count)
    assert(slack_here:wait(function() return slack_here:calls "chat.stopStream" [count] end),
      bot:output())
    local messages = slack_here:messages(thread.channel)
    return messages[#messages]
  end

  local function ask(thread, text)
    slack_here:say {
      user = "ada", channel = thread.channel, thread_ts = thread.thread_ts, text = text,
    }
  end

  with_example("assistant", function(bot)
    local thread = slack_here:open_assistant { user = "ada" }
    assert(slack_here:wait_message { channel = thread.channel, text = "What would" },
      bot:output())
    ask(thread, "Is there life?")
    local answer = streamed(bot, thread, 1)
    assert.truthy(answer.text:find("You ask: *Is there life?*", 1, true), answer.text)
    answer.channel = thread.channel
    slack_here:click { message = answer, action_id = "judge", fields = { value = "positive" } }
    assert(slack_here:wait_message {
      channel = thread.channel, text = "noted", ephemeral = true, user = "ada",
    }, bot:output())
  end)

  describe("of an assistant, with a model,", function()
    local questions, environment, model = {}, {}, nil

    local function answer(request)
      local given = json.decode(request.body)
      table.insert(questions, given.messages)
      if given.messages[#given.messages].content == "and now?" then
        return 503, "overloaded"
      end
      return 200, json.encode {
        choices = { { message = { role = "assistant", content = "384,400 km.\n" } } },
      }
    end

    setup(function()
      model = WebServer.start(answer)
      environment.MODEL_URL = model.url .. "/v1/chat/completions"
    end)

    teardown(function()
      model:stop()
    end)

    with_example("assistant", function(bot)
      local thread = slack_here:open_assistant { user = "ada" }
      assert(slack_here:wait_message { channel = thread.channel, text = "What would" },
        bot:output())
      ask(thread, "How far is the moon?")
      assert.equal("384,400 km.\n", streamed(bot, thread, 1).text)
      assert.same({
        { role = "assistant", content = "What would you like to know?" },
        { role = "user", content = "How far is the moon?" },
      }, questions[1])
      ask(thread, "and now?")
      assert(slack_here:wait_message { channel = thread.channel, text = "I cannot think" },
        bot:output())
      assert.truthy(bot:output():find("the model: status 503", 1, true), bot:output())
    end, environment)
  end)

  with_example("workflow_step", function(bot)
    local ada = slack_here.workspace:find_user "ada".id
    local function run(what)
      local step = slack_here:run_step {
        callback_id = "approval", inputs = { what = what, approver = ada },
        outputs = { approved = "boolean", by = "slack#/types/user_id" },
      }
      local question = assert(slack_here:wait_message { channel = "@ada", text = what },
        bot:output())
      assert.equal("running", step.state)
      return step, question
    end
    for button, approved in pairs { approve_step = true, reject_step = false } do
      local step, question = run(button)
      slack_here:click { message = question, action_id = button }
      assert(slack_here:wait_step(step), bot:output())
      assert.same({ "completed", { approved = approved, by = ada } }, { step.state, step.outputs })
      assert(slack_here:wait_message { channel = "@ada",
        text = approved and "was approved" or "was rejected" }, bot:output())
    end
  end)

  with_example("long_work", function(bot)
    local first = slack_here:command { command = "/report" }
    assert.equal("Counting…", first.ack.text)
    slack_here:command { command = "/report", user = "grace" } -- meanwhile
    for _, user in ipairs { "ada", "grace" } do
      assert(slack_here:wait_message { text = "Done after", user = user, ephemeral = true },
        bot:output())
    end
  end, { WORK_SECONDS = "0.1" })

  with_example("commands", function()
    local function answer_to(text)
      return slack_here:command({ command = "/todo", text = text }).message.text
    end
    local grace = slack_here.workspace:find_user "grace".id
    assert.equal("Nothing to do.", answer_to "list")
    assert.equal("1. water the plants", answer_to "add water the plants")
    assert.equal("1. water the plants\n2. feed the cat", answer_to 'add "feed the cat"')
    assert.matches("^1%. water the plants <@" .. grace .. ">\n",
      answer_to(("give 1 <@%s|grace>"):format(grace)))
    assert.equal("1. feed the cat", answer_to "done 1")
    assert.equal("There is no number 7.", answer_to "done 7")
    assert.matches('number: a whole number expected, got "all"', answer_to "done all", 1, true)
    assert.matches("switch on .* for /todo", answer_to "give 1 @grace")
    assert.matches("what there is to do here", answer_to "help", 1, true)
  end)

  with_example("schedule", function(bot)
    local function wait_for(text, after)
      return assert(slack_here:wait_message { text = text, channel = "random", after = after },
        bot:output())
    end
    local first = wait_for "Stand-up!"
    assert.equal(first.ts, wait_for("Planned for").thread_ts)
    wait_for("Stand-up!", first.ts)
    local function answer_to(text)
      return slack_here:command({ command = "/standup", text = text }).message.text
    end
    assert.matches("^The next stand%-up is on <!date^%d+^", answer_to "when")
    assert.equal("No more reminders.", answer_to "stop")
    assert.equal("There were none.", answer_to "stop")
    assert.equal("There is none.", answer_to "when")
  end, { STANDUP_EVERY = "300ms", STANDUP_CHANNEL = "random" })

  with_example("schedule", function()
    local answer = slack_here:command({ command = "/standup", text = "when" }).message.text
    local at = assert(math.tointeger(answer:match "<!date^(%d+)^"))
    assert.equal("09:15:00", os.date("!%H:%M:%S", at))
    assert.is_truthy(tonumber(os.date("!%u", at)) <= 5)
  end, { STANDUP_AT = "Mon-Fri 09:15", TZ = "UTC" }, "waits for its time of the week")

  -- The modal in front once the app has opened one.
  local function wait_view(bot)
    return assert(slack_here:wait(function() return slack_here:view() end), bot:output())
  end

  with_example("modal", function(bot)
    slack_here:command { command = "/order" }
    local view = wait_view(bot)
    local outcome = slack_here:submit { values = { what = "tea & cake", amount = "10" } }
    local block_id = view.blocks[2].block_id
    assert.same({ response_action = "errors", errors = { [block_id] = "From one to nine" } },
      outcome.ack)
    slack_here:submit { values = { what = "tea & cake", amount = "2", day = "2026-12-01" } }
    local ada = slack_here.workspace:find_user "ada"
    assert(slack_here:wait_message {
      channel = slack_here.workspace:direct_channel(ada.id).id,
      text = "Ordered: 2 × *tea &amp; cake*, 2026-12-01.",
    }, bot:output())
    assert.is_nil(slack_here:view())
  end)

  with_example("menu", function(bot)
    slack_here:command { command = "/city" }
    local message = assert(slack_here:wait_message { text = "Which city?" }, bot:output())
    local function offered(typed)
      local ack = slack_here:suggest { message = message, action_id = "city", value = typed }.ack
      local names = {}
      for i, option in ipairs(ack.options) do
        names[i] = option.text.text
      end
      return names, ack.options[1]
    end
    assert.same({ "Amsterdam", "Rotterdam" }, (offered "DAM"))
    assert.same({}, (offered "x"))
    local _, chosen = offered "lag"
    slack_here:click {
      message = message, action_id = "city", fields = { selected_option = chosen },
    }
    assert(slack_here:wait_message { text = "goes to *Lagos*." }, bot:output())
  end)

  with_example("home", function(bot)
    local ada = slack_here.workspace:find_user "ada"
    -- Waits until the home tab shows a text.
    local function wait_home(text)
      return assert(slack_here:wait(function()
        local block = ada.home and ada.home.blocks[2]
        return block and block.text.text:find(text, 1, true)
      end), bot:output())
    end
    slack_here:open_home {}
    wait_home "None."
    slack_here:say { channel = slack_here.workspace:direct_channel(ada.id).id, text = "buy *milk*" }
    wait_home "• buy milk"
    slack_here:click { view = ada.home, action_id = "forget" }
    wait_home "None."
  end)

  with_example("shortcut", function(bot)
    local said = slack_here:say { channel = "random", text = "the *lift* is stuck" }
    for message, about in pairs { [said] = "the lift is stuck", [false] = "it rains <in>" } do
      slack_here:shortcut { callback_id = "report", message = message or nil, user = "grace" }
      local view = wait_view(bot)
      assert.equal(message and about or nil, view.blocks[1].element.initial_value)
      slack_here:submit { user = "grace", values = {
        about = about, where = slack_here.workspace:find_channel "general".id,
      } }
      local expected = "reports:\n> " .. about:gsub("<in>", "&lt;in&gt;")
      assert(slack_here:wait_message { channel = "general", text = expected }, bot:output())
    end
  end)
end)

describe("examples/many_workspaces", function()
  local SCRIPT <const> = "examples/many_workspaces/bot.lua"
  local slack_here, mars, orbit, directory

  before_each(function()
    directory = files.temporary()
    slack_here = assert(sandbox.start { log = silent, installed = false })
    mars = slack_here:add_workspace { team_name = "Mars" }
    orbit = slack_here:add_workspace { team_name = "Orbit One", enterprise = { name = "Orbit" } }
  end)

  after_each(function()
    slack_here:stop()
    getmetatable(directory).__close(directory)
  end)

  local function run()
    local bot, url = run_bot(SCRIPT, slack_here, {
      SLACK_CLIENT_ID = slack_here.client_id, SLACK_CLIENT_SECRET = slack_here.client_secret,
      STORAGE = ("sqlite:%s/bot.db"):format(directory.path), DASHBOARD_KEY = "dashboard-key",
    })
    local base = assert(url, bot:output()):match "^http://[^/]+"
    slack_here:deliver_over_http(url)
    slack_here.redirect_urls = { base .. "/slack/oauth_redirect" }
    return bot, base
  end

  local function stop(bot)
    bot:signal()
    live_app.wait(function() return not bot:is_running() end)
    assert.equal(0, bot:wait(), bot:output())
  end

  local function install(base, what)
    what.install_url = base .. "/slack/install"
    local page = assert(slack_here:install(what))
    assert.equal(200, page.status, page.body)
  end

  -- What the bot says to a point for somebody.
  local function give(team, name)
    local said = team:say { text = name .. "++" }
    return assert(team:wait_message { after = said.ts }).text
  end

  it("is installed by click in two workspaces and an organization, each for itself", function()
    local bot <close>, base = run()
    install(base, {})
    install(base, { workspace = mars, user = "grace" })
    install(base, { workspace = orbit, org = true })
    assert.equal("ada has 1 point", give(slack_here, "ada"))
    assert.equal("ada has 2 points", give(slack_here, "ada"))
    assert.equal("ada has 1 point", give(mars, "ada"))
    assert.equal("ada has 1 point", give(orbit, "ada"))
    assert.equal("1. ada: 2", slack_here:command({ command = "/points" }).message.text)
    assert.equal("1. ada: 1", mars:command({ command = "/points" }).message.text)
    stop(bot)
  end)

  it("keeps installations and points over its starts, until the bot is taken away", function()
    local first <close>, base = run()
    install(base, { workspace = mars })
    assert.equal("ada has 1 point", give(mars, "ada"))
    stop(first)
    local second <close> = run()
    assert.equal("ada has 2 points", give(mars, "ada"))
    slack_here:uninstall { workspace = mars }
    live_app.wait(function() return second:output():find("forgot the points", 1, true) end)
    install(url_of(second):match "^http://[^/]+", { workspace = mars })
    assert.equal("ada has 1 point", give(mars, "ada"))
    stop(second)
  end)

  it("shows the points as JSON to who has the key", function()
    local bot <close>, base = run()
    install(base, { workspace = mars })
    give(mars, "ada")
    local url = ("%s/teams/%s/points"):format(base, mars.team_id)
    assert.equal(401, assert(http.fetch(url, { proxy = "" })).status)
    local answer = assert(http.fetch(url, {
      proxy = "", headers = { Authorization = "Bearer dashboard-key" },
    }))
    assert.same({ { name = "ada", points = 1 } }, answer:json())
    stop(bot)
  end)
end)

describe("examples/sandbox.lua", function()
  local directory, slack_here, typed

  -- On any free ports; what is typed comes through a pipe.
  local function start(arguments)
    local input = directory.path .. "/input"
    slack_here = Process.start(child.interpreter() .. " examples/sandbox.lua 0 " .. arguments, {
      environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath },
      input = input,
    })
    typed = assert(io.open(input, "w"))
    typed:setvbuf "no"
  end

  before_each(function()
    directory = files.temporary()
    assert(os.execute(("mkfifo %s/input"):format(directory.path)))
    start ""
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

  local function exports()
    wait_for "export SLACK_APP_TOKEN="
    return exports_now()
  end

  it("is the Slack of a bot in another process, to which one can talk", function()
    local environment = exports()
    local bot <close> = Process.lua("examples/hello/bot.lua", { environment = environment })
    wait_for "a bot has connected"
    typed:write "hello\n"
    wait_for "Hello, @ada!"
    typed:write "/lunch Luigi's\n"
    wait_for "Lunch at Luigi's"
    typed:write "mumble\n"
    wait_for "the bot has no answer to that"
    bot:signal()
    assert.equal(0, bot:wait(), bot:output())
    wait_for "the bot has gone"
  end)

  it("opens modals, menus and the home tab of such a bot", function()
    local environment = exports()
    local function with(name, lines)
      local from = #slack_here:output()
      local bot <close> = Process.lua("examples/" .. name .. "/bot.lua",
        { environment = environment })
      wait_for("a bot has connected", from)
      for _, line in ipairs(lines) do
        from = #slack_here:output()
        typed:write(line[1], "\n")
        wait_for(line[2], from)
      end
      bot:signal()
      bot:wait()
      wait_for("the bot has gone", from)
    end
    with("modal", {
      { "/order", "amount: How many?" },
      { "/fill what tea & cake\n/fill amount 20\n/submit", "amount: From one to nine" },
      { "/fill amount 2\n/submit", "Ordered: 2 × *tea & cake*, soon." },
    })
    typed:write "/as grace\n"
    with("menu", {
      { "/city", "[1: Type a letter]" },
      { "/click 1 am", "which one? Amsterdam, Hamburg, Rotterdam" },
      { "/click 1 lag", "@grace goes to *Lagos*." },
      { "/fill a b", "there is no modal open" },
    })
    with("home", { { "/home", "None. Send me" }, { "/dm buy milk\n/home", "• buy milk" } })
  end)

  it("has tokens that stay the same over its starts", function()
    local environment = exports()
    assert.same({ "xoxb-local", "xapp-local" },
      { environment.SLACK_BOT_TOKEN, environment.SLACK_APP_TOKEN })
  end)

  it("ends at Ctrl-C and leaves no files behind", function()
    local authority = exports().SSL_CERT_FILE
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

  -- Another one in its place, with these arguments.
  local function restart(arguments)
    typed:close()
    getmetatable(slack_here).__close(slack_here)
    start(arguments)
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
      restart(("--http=http://localhost:%d/slack/events"):format(port))
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
      restart(("--oauth --http=http://localhost:%d/slack/events"):format(port))
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
      restart(("--both --http=http://localhost:%d/slack/events"):format(port))
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
      restart "--rtm"
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

  for arguments, expected in pairs {
    ["--http=http://localhost:3000"] =
      "the path is missing: --http=http://localhost:3000/slack/events",
    ["--http=localhost"] = "a URL expected",
    ["99999"] = "99999: a port from 0 to 65534 expected",
    ["--ca=/nowhere/ca.pem"] = "--ca=/nowhere/ca.pem: it cannot be read",
    ["--oauth --both"] = "over HTTP alone",
    ["--rtm --http"] = "over RTM alone",
    ["--htpp"] = "usage: ",
  } do
    it("says what is wrong with " .. arguments, function()
      restart(arguments)
      assert.equal(1, slack_here:wait())
      assert.truthy(slack_here:output():find(expected, 1, true), slack_here:output())
      assert.is_nil(slack_here:output():find "traceback")
    end)
  end

  it("goes on when its input has ended", function()
    wait_for "ada>"
    typed:write "hello\n"
    typed:close()
    wait_for "no bot is connected"
    typed = assert(io.open("/dev/null", "w"))
    assert.is_true(slack_here:is_running())
  end)
end)
