-- Examples of one file each, as a person uses them; and what examples/README.md says.
local Process = require "support.process"
local WebServer = require "support.web_server"
local example = require "support.example"
local files = require "support.files"
local json = require "slack.json"
local line_count = require "support.line_count"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"

local silent = log.new { level = "off" }

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
      local bot <close> = example.run(("examples/%s/bot.lua"):format(name), slack_here, all)
      fn(bot)
      example.stop(bot)
      assert.is_nil(bot:output():find "ERROR", bot:output())
    end)
  end

  with_example("smallest", function(bot)
    slack_here:say { text = "hello, you", user = "grace" }
    local grace = slack_here.workspace:find_user("grace").id
    assert(slack_here:wait_message { text = ("Hello, <@%s>!"):format(grace) }, bot:output())
  end)

  with_example("mention", function(bot)
    local said = slack_here:say {
      text = ("<@%s> are you there?"):format(slack_here.workspace.bot.user_id),
    }
    local answer = assert(slack_here:wait_message { text = "You called, <@" }, bot:output())
    assert.equal(said.ts, answer.thread_ts)
  end)

  -- The modal in front once the app has opened one.
  local function wait_view(bot)
    return assert(slack_here:wait(function() return slack_here:view() end), bot:output())
  end

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
    slack_here:say { text = "book a table, please" }
    assert(slack_here:wait_message { text = "Which day?" }, bot:output())
    slack_here:say { text = "never you mind", user = "grace" }
    slack_here:say { text = "Friday" }
    local question = assert(slack_here:wait_message { text = "For how many?" }, bot:output())
    press(question, "4")
    assert(slack_here:wait_message { text = "A table for 4, Friday." }, bot:output())
    assert.truthy(question.text:find("chose *4*", 1, true), question.text)
  end)

  with_example("form", function(bot)
    slack_here:command { command = "/book" }
    local view = wait_view(bot)
    local values = { day = "2026-12-24", guests = "13" }
    local ack = slack_here:submit({ values = values }).ack
    assert.same({ [view.blocks[2].block_id] = "One to twelve." }, ack.errors)
    values.guests = "2"
    assert.equal(json.null, slack_here:submit({ values = values }).ack)
    local question = assert(slack_here:wait_message { text = "for 2, 2026-12-24" }, bot:output())
    press(question, "Never mind")
    assert(slack_here:wait_message { text = "Nothing is booked." }, bot:output())
  end)

  with_example("command", function(bot)
    local answer = slack_here:command { command = "/roll" }
    assert.matches("^<@%w+>, it is a [1-6]%.$", answer.message.text, nil, nil, bot:output())
  end)

  with_example("approve", function(bot)
    for _, outcome in ipairs { "approved", "rejected" } do
      slack_here:command { command = "/approve", text = "the " .. outcome .. " logo" }
      local question = assert(slack_here:wait_message { text = "Approve *the " .. outcome },
        bot:output())
      slack_here:click { message = question, action_id = outcome, user = "grace" }
      local text = ("*the %s logo* was %s by <@%s>."):format(outcome, outcome,
        slack_here.workspace:find_user("grace").id)
      local changed = assert(slack_here:wait_message { text = text }, bot:output())
      assert.equal(question.ts, changed.ts)
      assert.is_nil((changed.blocks or {})[1])
    end
    local nothing = slack_here:command { command = "/approve" }
    assert.matches("/approve &lt;what...&gt;", nothing.message.text, 1, true)
  end)

  with_example("upload", function(bot)
    slack_here:say { text = "show me your source" }
    local message = assert(slack_here:wait_message { text = "All of it:" }, bot:output())
    assert.equal("bot.lua", message.files[1].name)
    assert.equal(files.read "examples/upload/bot.lua",
      slack_here.uploads.files[message.files[1].id].content)
  end)

  it("script lists channels, posts and uploads, without an app", function()
    slack_here.workspace:add_channel "engineering"
    local process <close> = Process.lua("examples/script/channels.lua", { environment = {
      SLACK_API_URL = slack_here.api_url, SSL_CERT_FILE = slack_here.ca_file,
      SLACK_BOT_TOKEN = slack_here.bot_token,
    } })
    live_app.wait(function() return not process:is_running() end)
    assert.same({ 0, "posted: 3 channels\n" }, { process:wait(), process:output() })
    local messages = slack_here:messages "general"
    assert.equal(messages[1].ts, messages[2].thread_ts)
    local list = slack_here.uploads.files[messages[2].files[1].id].content
    assert.matches("^id,name,members\nC%w+,general,%d+\n.*engineering", list)
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

  -- A thread with an assistant that has said what one may ask.
  local function open_thread(bot)
    local thread = slack_here:open_assistant { user = "ada" }
    local function prompts()
      return slack_here:thread(thread.channel, thread.thread_ts).prompts
    end
    assert(slack_here:wait(prompts), bot:output())
    return thread
  end

  with_example("assistant", function(bot)
    local thread = open_thread(bot)
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
      local thread = open_thread(bot)
      ask(thread, "How far is the moon?")
      assert.equal("384,400 km.\n", streamed(bot, thread, 1).text)
      assert.same({
        { role = "user", content = "How far is the moon?" },
      }, questions[1])
      ask(thread, "and now?")
      assert.truthy(streamed(bot, thread, 2).text:find "^I cannot think")
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
    for button, approved in pairs { approved = true, rejected = false } do
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
      assert(slack_here:wait_message { text = "Counted: 42.", user = user, ephemeral = true },
        bot:output())
    end
  end, { WORK_SECONDS = "0.1" })

  with_example("commands", function()
    local function answer_to(text)
      return slack_here:command({ command = "/kudos", text = text }).message.text
    end
    local id = slack_here.workspace:find_user("grace").id
    local grace = ("<@%s|grace>"):format(id)
    assert.equal(("<@%s> has 1."):format(id), answer_to("give " .. grace))
    assert.equal(("<@%s> has 4."):format(id), answer_to("give " .. grace .. " 3"))
    assert.equal(("<@%s> has 3."):format(id), answer_to("take back " .. grace))
    assert.equal(("<@%s> has 3."):format(id), answer_to("from " .. grace))
    assert.matches('n: a whole number expected, got "x"', answer_to("give " .. grace .. " x"), 1,
      true)
    assert.matches("switch on .* for /kudos", answer_to "give @grace")
    assert.matches("one of them", answer_to "", 1, true)
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

  with_example("modal", function(bot)
    slack_here:command { command = "/order" }
    local view = wait_view(bot)
    local outcome = slack_here:submit { values = { what = "tea & cake", amount = "10" } }
    local block_id = view.blocks[2].block_id
    assert.same({ response_action = "errors", errors = { [block_id] = "Nine at most" } },
      outcome.ack)
    slack_here:submit { values = { what = "tea & cake", amount = "2" } }
    local ada = slack_here.workspace:find_user "ada"
    assert(slack_here:wait_message {
      channel = slack_here.workspace:direct_channel(ada.id).id,
      text = "Ordered: 2 × tea &amp; cake",
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

describe("examples/README.md", function()
  local TEXT = files.read "examples/README.md"

  -- Rows "| n | task | [name](name/) `kind` | lines | Bolt for JavaScript | for Python |".
  local function rows()
    local all = {}
    for row in TEXT:gmatch "\n(|[%d ]+| [^\n]+%]%([^\n]+)" do
      local name, kind, lines = row:match "| %[([%w_]+)%]%([%w_]+/bot%.lua%), `([%w_]+)` | (%d+) |"
      assert(name, row)
      table.insert(all, { name = name, kind = kind, lines = tonumber(lines) })
    end
    assert.equal(17, #all)
    return all
  end

  it("counts the lines of each task as they are", function()
    for _, row in ipairs(rows()) do
      local text = files.read(("examples/%s/bot.lua"):format(row.name))
      assert.equal(line_count.count(text, row.kind), row.lines, row.name .. " " .. row.kind)
    end
  end)

  it("has every example", function()
    for _, path in ipairs(files.tree "examples") do
      local name = path:match "^examples/([%w_]+)/" or path:match "[%w_]+%.%l+$"
      assert.truthy(name == "README.md" or TEXT:find(("[%s](%s"):format(name, name), 1, true), name)
    end
  end)

  it("is about examples that say in a comment how they are started", function()
    for _, path in ipairs(files.tree "examples") do
      if path:find "/bot%.lua$" and not path:find "/demo/" then
        local head = files.read(path):match "^(.-)\n\n"
        assert.truthy(head:find("--   lua5.4 " .. path, 1, true), path)
      end
    end
  end)
end)

describe("the counting of examples", function()
  it("leaves out blank lines, comments and blocks", function()
    local text = table.concat({
      "-- A comment", 'local slack = require "slack"', "", "local app = slack.app()", "",
      "local form = blocks.modal {", '  title = "A b",', "}", "",
      "local function help(c) -- why", "  return c", "end", "",
      'app:command("/a", function(c)', "  -- why", "", "  c:open(form)", "end)", "",
      "app:action({", '  "a",', "}, function(c)", "  c:say(blocks.message(1,", "    2))", "end)",
    }, "\n")
    assert.same({ 5, 7, 2 }, {
      line_count.count(text, "command") - 1, line_count.count(text, "action") - 1,
      line_count.count(text, "frame"),
    })
  end)
end)
