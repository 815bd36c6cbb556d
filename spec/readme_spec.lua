-- Every Lua block of README.md is run: files (their first line is a name) as one
-- bot against the local Slack, the others as programs of their own.
local Lanes = require "slack.lanes"
local Process = require "support.process"
local Redis = require "support.redis"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
local kinds = require "slack.kinds"
local live_app = require "support.live_app"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local README = files.read "README.md"
local SOURCES = files.read "src/README.md"

local function blocks()
  local named, programs = {}, {}
  for text in README:gmatch "```lua\n(.-)```" do
    local name = text:match "^%-%- ([%w_/]+%.lua)\n"
    if name then
      assert(not named[name], name)
      named[name] = text
    else
      table.insert(programs, text)
    end
  end
  return named, programs
end

-- What workspaces install has no token of its own.
local function environment_of(slack_here, text)
  local is_installed = text and text:find("oauth =", 1, true)
  return {
    SLACK_API_URL = slack_here.api_url,
    SLACK_BOT_TOKEN = not is_installed and slack_here.bot_token or nil,
    SLACK_APP_TOKEN = slack_here.app_token,
    SLACK_CLIENT_ID = is_installed and slack_here.client_id or nil,
    SLACK_CLIENT_SECRET = is_installed and slack_here.client_secret or nil,
    SSL_CERT_FILE = slack_here.ca_file,
  }
end

-- What `print(...) -- text` is to print; two spaces stand for a tab.
local function promised_lines(text)
  local lines = {}
  for comment in text:gmatch "print%b() %-%- ([^\n]+)" do
    table.insert(lines, (comment:gsub("  ", "\t")))
  end
  return lines
end

-- Ends with its status and output; look(slack_here) sees what it has done.
local function run_program(text, look)
  local directory <close> = files.temporary()
  local slack_here <close> = assert(sandbox.start())
  files.write(directory.path .. "/program.lua", text)
  local process <close> = Process.lua("program.lua", {
    directory = directory.path,
    environment = environment_of(slack_here, text),
  })
  for _ = 1, 2000 do
    if not process:is_running() then
      break
    end
    tasks.sleep(0.01)
  end
  process:signal()
  if look then
    look(slack_here)
  end
  return process:wait(), process:output()
end

describe("README", function()
  local named, programs = blocks()

  for position, text in ipairs(programs) do
    it("has a program " .. position .. " that runs and prints what it says", function()
      local status, output = run_program(text)
      assert.equal(0, status, output)
      for _, line in ipairs(promised_lines(text)) do
        assert.truthy(output:find(line, 1, true), ("%q is not in:\n%s"):format(line, output))
      end
    end)
  end

  it("has a script without an app that lists channels, posts and uploads", function()
    local text = README:match "\n### Scripts without an app\n.-```lua\n(.-)```"
    local status, output = run_program(text, function(slack_here)
      local messages = slack_here:messages "general"
      assert.equal("Channels:", messages[1].text)
      local id = messages[2].files[1].id
      assert.equal("general\nrandom", slack_here.uploads.files[id].content)
    end)
    assert.equal(0, status, output)
    assert.matches("^posted to C%w+\n$", output)
  end)

  it("has a script that ends with one line when something fails", function()
    local text = README:match "\n### Scripts without an app\n.-```lua\n(.-)```"
    local status, output = run_program((text:gsub("general", "nowhere")))
    assert.equal(1, status)
    assert.matches("^%S+: chat.postMessage: channel_not_found[^\n]*\n$", output)
  end)

  local function write_named()
    local directory = files.temporary()
    assert(os.execute(("mkdir %s/handlers %s/spec"):format(directory.path, directory.path)))
    for name, text in pairs(named) do
      files.write(directory.path .. "/" .. name, text)
    end
    return directory
  end

  it("has specs of its bot, which pass", function()
    local directory <close> = write_named()
    files.write(directory.path .. "/run.lua", [[
arg = { [0] = "run.lua", "spec" }
require "busted.runner" { standalone = false }
]])
    local process <close> = Process.lua("run.lua", { directory = directory.path })
    live_app.wait(function() return not process:is_running() end)
    assert.matches("4 successes / 0 failures / 0 errors", process:output())
    assert.equal(0, (process:wait()))
  end)

  describe("as a bot", function()
    local directory, slack_here, bot

    setup(function()
      directory, slack_here = write_named(), assert(sandbox.start())
      bot = Process.lua("bot.lua", {
        directory = directory.path,
        environment = environment_of(slack_here),
      })
      assert(slack_here:wait_connections(1, 20), bot:output())
    end)

    teardown(function()
      getmetatable(bot).__close(bot)
      slack_here:stop()
      getmetatable(directory).__close(directory)
    end)

    local function answer(text, expected)
      local said = slack_here:say { user = "ada", text = text }
      return slack_here:wait_message { after = said.ts, text = expected },
        ("no %q after %q:\n%s"):format(expected, text, bot:output())
    end

    it("answers hello", function()
      assert(answer("hello", "Hello, <@"))
    end)

    it("uses what a pattern captured", function()
      assert(answer("weather in Paris", "I have no window to Paris."))
    end)

    it("replies in a thread to a mention", function()
      local mention = ("<@%s> are you there"):format(slack_here.workspace.bot.user_id)
      assert.truthy(assert(answer(mention, "You called")).thread_ts)
    end)

    it("holds a conversation of a question and a choice", function()
      assert(answer("deploy", "Which branch?"))
      local question = assert(answer("main", "Deploy *main*?"))
      local actions = question.blocks[#question.blocks]
      slack_here:click { message = question, action_id = actions.elements[1].action_id }
      assert(slack_here:wait_message { text = "Deploying main." }, bot:output())
    end)

    it("holds a conversation in a modal that is checked", function()
      slack_here:command { command = "/order" }
      local view = assert(slack_here:wait(function() return slack_here:view() end), bot:output())
      assert.same({ [view.blocks[1].block_id] = "At least one." },
        slack_here:submit({ values = { count = "0" } }).ack.errors)
      slack_here:submit { values = { count = "3" } }
      assert(slack_here:wait_message { text = "Ordered: 3" }, bot:output())
    end)

    it("takes an order", function()
      assert(answer("order 5", "Ordered: 5"))
    end)

    it("keeps what it knows when a module of a script is saved", function()
      assert(answer("idea: tea", "Noted, that makes 1."))
      files.write(directory.path .. "/handlers/words.lua", 'return { thanks = "Now %d." }')
      live_app.wait(function() return bot:output():find "reloaded ideas.lua" end)
      assert(answer("idea: cake", "Now 2."), bot:output())
    end)

    it("counts visits", function()
      slack_here:command { command = "/visit" }
      local outcome = slack_here:command { command = "/visit" }
      assert.truthy(outcome.message.text:find("You were here 2 times.", 1, true))
    end)

    it("talks in an assistant's thread", function()
      local thread = slack_here:open_assistant { user = "ada", looking_at = "random" }
      assert(slack_here:wait_message { channel = thread.channel, text = "What would" })
      slack_here:say {
        user = "ada", channel = thread.channel, thread_ts = thread.thread_ts,
        text = "the moon, please",
      }
      assert(slack_here:wait_message { channel = thread.channel, text = "384,400 km." })
      assert.equal("the moon, please", thread.title)
    end)

    it("writes an answer while it is made", function()
      local said = slack_here:say { user = "ada", text = "count to 20" }
      local answer_there = assert(slack_here:wait(function()
        local stop = slack_here:calls "chat.stopStream" [1]
        return stop and slack_here.workspace.find_message(
          slack_here.workspace.channels[said.channel], stop.args.ts)
      end), bot:output())
      assert.equal("1 2 3", answer_there.text:sub(1, 5))
      assert.truthy(answer_there.text:find "20 That is all.$")
    end)

    it("does the step of a workflow", function()
      local step = slack_here:run_step {
        callback_id = "reverse", inputs = { text = "moon" }, outputs = { reversed = "string" },
      }
      assert(slack_here:wait_step(step), bot:output())
      assert.same({ "completed", "noom" }, { step.state, step.outputs.reversed })
    end)

    it("routes a command by its words", function()
      local function answer_to(text)
        return slack_here:command({ command = "/release", text = text }).message.text
      end
      assert.equal("Releasing web to prod.", answer_to "to prod web")
      assert.equal("Undoing 2.", answer_to "undo 2")
      assert.matches('count: a whole number expected, got "x"', answer_to "undo x", 1, true)
      assert.matches("who hears of the next release", answer_to "help", 1, true)
    end)

    it("answers a command and its button", function()
      local outcome = slack_here:command { command = "/deploy", text = "web" }
      assert.truthy(outcome.message.text:find "Starting")
      local question = assert(slack_here:wait_message { text = "Deploy web?" })
      slack_here:click { message = question, action_id = "deploy" }
      assert(slack_here:wait_message { text = "Deployed." })
    end)
  end)

  it("has a classic app, which answers over RTM", function()
    local directory <close> = write_named()
    local slack_here <close> = assert(sandbox.start())
    local environment = environment_of(slack_here)
    environment.SLACK_APP_TOKEN = nil
    local bot <close> = Process.lua("classic.lua", {
      directory = directory.path, environment = environment,
    })
    assert(slack_here.rtm:wait_ready(1, 20), bot:output())
    slack_here:say { user = "ada", text = "ping" }
    assert(slack_here:wait_message { text = "pong" }, bot:output())
  end)

  it("has a program of which a receiver and a worker run, with a Redis", function()
    if not Redis.is_installed() then
      return pending(Redis.MISSING)
    end
    local directory <close> = write_named()
    local redis <close> = Redis.start()
    local slack_here <close> = assert(sandbox.start())
    local environment = environment_of(slack_here)
    environment.STORAGE = redis.url
    local function start(role)
      environment.ROLE = role
      return Process.lua("machine.lua", { directory = directory.path, environment = environment })
    end
    local receiver <close> = start "receiver"
    local worker <close> = start "worker"
    assert(slack_here:wait_connections(1, 20), receiver:output())
    live_app.wait(function() return worker:output():find "running as a worker" end)
    live_app.wait(function()
      return slack_here:command { command = "/survey" }.ack == json.null
        and slack_here:wait_message { text = "How was it?", timeout = 1 }
    end)
    local question = assert(slack_here:wait_message { text = "How was it?" })
    slack_here:say { text = "Fine.", user = "ada", thread_ts = question.ts }
    assert(slack_here:wait_message { text = "Noted: Fine." }, worker:output())
  end)

  -- The lines of a transcript as one program for the shell, and what they print.
  local function transcripts()
    local all = {}
    for text in README:gmatch "```console\n(.-)```" do
      local commands, printed = {}, {}
      local is_command = false
      for line in text:gmatch "[^\n]+" do
        local command = line:match "^%$ (.*)" or is_command and line
        is_command = command and command:sub(-1) == "\\"
        table.insert(command and commands or printed, command or line)
      end
      table.insert(all, { table.concat(commands, "\n"), table.concat(printed, "\n") .. "\n" })
    end
    return all
  end

  describe("over HTTP", function()
    local directory, slack_here, bot, url

    local function start()
      local environment = environment_of(slack_here)
      environment.SLACK_APP_TOKEN, environment.PORT = nil, 0
      environment.SLACK_SIGNING_SECRET = slack_here.signing_secret
      bot = Process.lua("bot.lua", { directory = directory.path, environment = environment })
      live_app.wait(function()
        url = bot:output():match "HTTP on http://[%d.]+:(%d+)/"
        return url or not bot:is_running()
      end)
      url = "http://127.0.0.1:" .. assert(url, bot:output())
    end

    before_each(function()
      directory, slack_here = write_named(), assert(sandbox.start())
      start()
    end)

    after_each(function()
      getmetatable(bot).__close(bot)
      slack_here:stop()
      getmetatable(directory).__close(directory)
    end)

    it("answers the signed requests of the transcript as printed", function()
      assert.is_true(#transcripts() > 0)
      for _, transcript in ipairs(transcripts()) do
        local script = directory.path .. "/transcript.sh"
        files.write(script, (transcript[1]:gsub("http://127%.0%.0%.1:3000", url)))
        local shell <close> = Process.start("bash " .. script, {
          environment = { SLACK_SIGNING_SECRET = slack_here.signing_secret },
        })
        live_app.wait(function() return not shell:is_running() end)
        assert.equal(transcript[2], shell:output(), bot:output())
      end
    end)

    it("is the same bot as over Socket Mode", function()
      slack_here:deliver_over_http(url .. "/slack/events")
      assert.is_true(slack_here:verify_url(url .. "/slack/events"))
      slack_here:say { user = "ada", text = "hello" }
      assert(slack_here:wait_message { text = "Hello, <@" }, bot:output())
    end)
  end)

  -- Names that a source declares and README is to have; calls as "c:say".
  local function declared(path, pattern, prefix)
    local names = {}
    for name in files.read(path):gmatch(pattern) do
      if not name:find "^_" then
        table.insert(names, prefix .. name)
      end
    end
    assert.is_true(#names > 3, path)
    return names
  end

  for path, source in pairs {
    ["lua/slack/storage/store.lua"] = { "\nfunction Store:([%w_]+)", "store:" },
    ["lua/slack/message.lua"] = { "\nfunction Message:([%w_]+)", "message:" },
    ["lua/slack/options.lua"] = { "%-%-%-@field ([%w_]+)%?", "`" },
    ["lua/slack/init.lua"] = { "%-%-%-@field ([%w_]+) ", "slack." },
  } do
    it("has every name that " .. path .. " offers", function()
      for _, name in ipairs(declared(path, source[1], source[2])) do
        assert.truthy(README:find(name, 1, true), name)
      end
    end)
  end

  it("names every field of the tables of options", function()
    for path, class in pairs {
      ["lua/slack/http_options.lua"] = "HttpOptions", ["lua/slack/inbox/options.lua"] =
      "InboxOptions", ["lua/slack/oauth/options.lua"] = "OauthOptions",
      ["lua/slack/client.lua"] = "ClientOptions", ["lua/slack/fetch.lua"] = "FetchOptions",
      ["lua/slack/retry.lua"] = "RetryOptions", ["lua/slack/log.lua"] = "LogOptions",
      ["lua/slack/testing/init.lua"] = "TestingOptions",
      ["lua/slack/sandbox/options.lua"] = "SandboxOptions",
    } do
      local text = files.read(path):match("@class slack%." .. class .. "[^\n]*\n(.-)\n\n")
      for name in assert(text, class):gmatch "%-%-%-@field ([%w_]+)%?" do
        assert.truthy(README:find("%f[%w_]" .. name .. "%f[^%w_]"), class .. "." .. name)
      end
    end
  end)

  -- As README writes numbers: as they are, with thousands, in MiB and KiB, in days.
  local function ways_to_write(value)
    local text = ("%g"):format(value)
    local ways = { text, tostring(value), (tostring(value):reverse():gsub("(%d%d%d)", "%1,")
      :reverse():gsub("^,", "")) }
    for unit, size in pairs { MiB = 1 << 20, KiB = 1 << 10, days = 86400 } do
      if value % size == 0 and value > 0 then
        table.insert(ways, ("%d %s"):format(value // size, unit))
      end
    end
    return ways
  end

  -- The second cell of an option's row, in the tables with this head.
  local function default_in_readme(head, name)
    for rows in README:gmatch("\n| " .. head .. " | default[^\n]*\n(.-)\n\n") do
      for row in rows:gmatch "[^\n]+" do
        local first, second = row:match "^| (.-) | (.*)"
        if first and first:find("`" .. name .. "`", 1, true) then
          return second
        end
      end
    end
    error(("%s has no row"):format(name))
  end

  local function check_default(head, name, value)
    local text = default_in_readme(head, name)
    for _, way in ipairs(ways_to_write(value)) do
      if (" " .. text):find("[%s`]" .. way:gsub("%p", "%%%0") .. "%f[^%w]") then
        return
      end
    end
    error(("%s: %g is not in: %s"):format(name, value, text))
  end

  it("says the defaults that are in the code", function()
    local options = require("slack.options").read {
      token = "xoxb-1", app_token = "xapp-1", signing_secret = ("0"):rep(32), transport = "both",
      storage = "sqlite:bot.db", inbox = {},
    }
    for _, name in ipairs { "connections", "workers", "authorization_cache", "ack_deadline",
      "shutdown_timeout", "max_in_flight", "watchdog" } do
      check_default("option", name, options[name])
    end
    for name, value in pairs(options.http) do
      if math.type(value) then
        check_default("`http`", name, value)
      end
    end
    for name, value in pairs(options.inbox) do
      if math.type(value) then
        check_default("`inbox.`", name, value)
      end
    end
    local count = 0
    for name, value in files.read "src/lua_socket_mode.c":gmatch
      '_seconds%(L, [%d, ]*"([%w_]+)", ([%d.]+)%)' do
      if name ~= "ack_deadline" then
        count = count + 1
        check_default("`socket_mode.`", name, tonumber(value))
      end
    end
    assert.is_true(count >= 7)
  end)

  it("has every method that a context offers", function()
    for name in pairs(require "slack.context") do
      assert.truthy(name:find "^_" or name == "new" or README:find("c:" .. name, 1, true), name)
    end
  end)

  -- Which fields the table of filters has for each method, but those of the listener.
  local function filters_of_readme()
    local all = {}
    for method in pairs(kinds.METHODS) do
      all[method] = {}
    end
    local section = README:match "#### Filter\n(.-)\n####"
    for fields, where in section:gmatch "\n| (`[^|]+) | ([^|]+) | [^\n]*" do
      for method, has in pairs(all) do
        if where == "every method" or where:find("`" .. method .. "`", 1, true) then
          for field in fields:gmatch "`([%w_]+)`" do
            has[field] = not Lanes.OPTIONS[field] or nil
          end
        end
      end
    end
    return all
  end

  it("says by which fields each method filters", function()
    local known = {}
    for name, method in pairs(kinds.METHODS) do
      known[name] = {}
      for field in pairs(method.fields) do
        known[name][field] = true
      end
    end
    assert.same(known, filters_of_readme())
  end)

  it("names each chapter in its contents, in their order", function()
    local contents = README:match "\n| | |\n| %-%-%- | %-%-%- |\n(.-)\n\n"
    local listed, chapters = {}, {}
    for title in contents:gmatch "%[([^%]]+)%]%(#" do
      table.insert(listed, title)
    end
    for marks, title in README:gmatch "\n(###?) ([^\n]+)" do
      if marks == "###" or title ~= "Day by day" and title ~= "Reference" then
        table.insert(chapters, title)
      end
    end
    assert.same(chapters, listed)
  end)

  it("says of each folder of the Lua sources what it holds", function()
    local tree = README:match "\n## The tree\n(.+)"
    for _, name in ipairs(assert(core.list_directory "lua/slack")) do
      local path = "lua/slack/" .. name
      if select(2, core.stat(path)) == "directory" then
        assert.truthy(tree:find(("\n| `%s/` |"):format(path), 1, true), path)
      end
    end
  end)

  it("leads where its links point to", function()
    local anchors = {}
    for heading in README:gmatch "\n##+ ([^\n]+)" do
      anchors["#" .. heading:lower():gsub(" ", "-")] = true
    end
    for target in README:gmatch "%]%(([^)]+)%)" do
      assert.truthy(anchors[target] or not target:find "^#" and io.open(target), target)
    end
  end)

  it("names make targets that are there", function()
    local makefile = files.read "Makefile"
    for target in README:gmatch "%f[^`\n]make ([a-z][a-z-]*)[ `]" do
      assert.truthy(makefile:find("\n" .. target .. ":", 1, true), target)
    end
  end)

  it("installs on Debian what make installs there, and luarocks", function()
    local line = README:match("| Debian[^\n]*"):gsub("`", " ")
    local packages = files.read("Makefile"):match "DEPS_BUILD = (.-)\n[%w]":gsub("\\\n", " ")
    for package in (packages .. " luarocks"):gmatch "%S+" do
      if package ~= "libc6-dev" then -- which gcc recommends
        assert.truthy(line:find(" " .. package .. " ", 1, true), package)
      end
    end
  end)

  it("names spec files that are there", function()
    for path in README:gmatch "`(spec/[%w_/]+%.lua)`" do
      assert.truthy(io.open(path), path)
    end
  end)

  -- What libcurl, OpenSSL and the system say.
  local OF_OTHERS <const> = {
    ["Connection reset by peer"] = true, ["Failed to connect to"] = true,
    ["Connection refused"] = true, ["No route to host"] = true,
    ["Network is unreachable"] = true, ["Could not resolve host"] = true,
    ["Could not resolve proxy"] = true, ["certificate has expired"] = true,
    ["unable to get local issuer certificate"] = true,
  }

  -- All texts of the sources, those over several lines in one.
  local function texts_of_sources()
    local texts = {}
    for _, path in ipairs(files.list("src", "%.c$")) do
      table.insert(texts, (files.read(path):gsub('"%s*\n%s*"', "")))
    end
    for _, path in ipairs(files.tree "lua/slack") do
      if path:find "%.lua$" then
        table.insert(texts, (files.read(path):gsub('"%s*%.%.%s*"', "")))
      end
    end
    return table.concat(texts, "\n")
  end

  it("quotes lines of the log that are written", function()
    local sources, count = texts_of_sources(), 0
    local chapter = README:match "\n## When things break\n(.-\n)## "
    for lines in chapter:gmatch "| in the log.-\n\n" do
      for first in lines:gmatch "\n| (`.-`) |" do
        for quoted in first:gmatch "`([^`]*)`" do
          local fixed = quoted:gsub("%b()", "\0"):gsub("%d+%.?%d* m?s%f[%W]", "\0")
            :gsub("%d+", "\0"):gsub("…", "\0"):gsub("Socket Mode connections", "\0")
            :gsub("apps%.connections%.open", "\0"):gsub("deliveries", "\0")
          for piece in fixed:gmatch "[^%z]+" do
            piece = piece:match "^[%s:]*(.-)[%s:]*$"
            count = count + 1
            assert.truthy(#piece < 4 or OF_OTHERS[piece] or sources:find(piece, 1, true),
              quoted .. ": " .. piece)
          end
        end
      end
    end
    assert.is_true(count >= 40, count)
  end)

  it("says what each source file is for", function()
    for _, path in ipairs(files.list("src", "%.c$")) do
      local name = path:match "([%w_]+)%.c$"
      assert.truthy(SOURCES:find("`" .. name .. "`", 1, true), name)
    end
  end)

  it("lists no source file that is gone", function()
    local source_table = SOURCES:match "| source file.*$"
    for name in source_table:gmatch "`([%w_]+)`" do
      assert.truthy(io.open("src/" .. name .. ".c") or io.open("src/" .. name .. ".h"), name)
    end
  end)
end)
