local Needs = require "slack.manifest.needs"
local command = require "slack.command"
local difference = require "slack.manifest.difference"
local event_generator = require "generate.events"
local events = require "slack.manifest.events"
local files = require "support.files"
local json = require "slack.json"
local limits = require "slack.manifest.limits"
local merge = require "slack.manifest.merge"
local sorted_keys = require "slack.sorted_keys"
local yaml = require "slack.manifest.yaml"

-- Runs the command; what it wrote, complained and ended with.
local function run(...)
  local written, complained = {}, {}
  local status = command.run({ "manifest", ... }, {
    write = function(text) written[#written + 1] = text end,
    complain = function(text) complained[#complained + 1] = text end,
    ask = function() end,
    environment = function(name) return name == "PWD" and "/home/ada/lunch-bot" or nil end,
  })
  return { status = status, written = table.concat(written), complained = table.concat(complained) }
end

describe("lua-slack manifest", function()
  local folder

  before_each(function()
    folder = files.temporary()
  end)

  after_each(function()
    getmetatable(folder).__close()
  end)

  local function write(name, text)
    local path = folder.path .. "/" .. name
    os.execute(("mkdir -p '%s'"):format(path:match "^(.*)/"))
    local file <close> = assert(io.open(path, "w"))
    file:write(text)
    return path
  end

  -- A bot with this between the app's making and its run.
  local function bot(body, options)
    return write("bot.lua", ("local slack = require 'slack'\nlocal app = slack.app { %s }\n%s\n"
      .. "os.exit(app:run() or 1)\n"):format(options or "", body))
  end

  local function manifest_of(body, options, ...)
    local ran = run(bot(body, options), ...)
    assert.equal(0, ran.status, ran.complained)
    return assert(json.decode(ran.written)), ran.complained
  end

  local function bot_scopes(body, options)
    return manifest_of(body, options).oauth_config.scopes.bot
  end

  it("subscribes to the events that are listened for, with their scopes", function()
    local made = manifest_of [[
      app:event("app_mention", function(c) end)
      app:event({ "reaction_added", "team_join" }, function(c) end)
    ]]
    assert.same({ "app_mention", "reaction_added", "team_join" },
      made.settings.event_subscriptions.bot_events)
    assert.same({ "app_mentions:read", "reactions:read", "users:read" },
      made.oauth_config.scopes.bot)
    assert.is_true(made.settings.socket_mode_enabled)
    assert.is_nil(made.settings.event_subscriptions.request_url)
  end)

  it("subscribes to messages by the channels that listeners let through", function()
    for what, expected in pairs {
      [ [["hi"]] ] = { "message.channels", "message.groups", "message.im", "message.mpim" },
      ["{ dm = true }"] = { "message.im" },
      ["{ dm = false }"] = { "message.channels", "message.groups", "message.mpim" },
      [ [[{ channel_type = { "im", "mpim" } }]] ] = { "message.im", "message.mpim" },
      [ [[{ channel = "C0123456789" }]] ] = { "message.channels", "message.groups" },
      [ [[{ channel = "D0123456789" }]] ] = { "message.im" },
    } do
      local made = manifest_of("app:message(" .. what .. ", function(c) end)")
      assert.same(expected, made.settings.event_subscriptions.bot_events, what)
    end
  end)

  it("has commands, shortcuts and functions as they are registered", function()
    local made = manifest_of [[
      app:command("/deploy", { ["status"] = function(c) end, ["to <who:user>"] = function(c) end })
      app:shortcut("new_deploy", function(c) end)
      app:shortcut({ callback_id = "report", type = "message_action" }, function(c) end)
      app:func("approve_it", function(c) end)
    ]]
    assert.same({ {
      command = "/deploy", description = "Deploy", usage_hint = "status | to <who:user>",
      should_escape = true,
    } }, made.features.slash_commands)
    assert.same({ "global", "message" }, { made.features.shortcuts[1].type,
      made.features.shortcuts[2].type })
    assert.equal("New deploy", made.features.shortcuts[1].name)
    assert.equal("Approve it", made.functions.approve_it.title)
    assert.same({ "commands" }, made.oauth_config.scopes.bot)
    assert.same({ true, "remote", true }, { made.settings.org_deploy_enabled,
      made.settings.function_runtime, made.settings.interactivity.is_enabled })
  end)

  it("takes scopes from the methods that the sources call", function()
    assert.same({ "channels:read", "chat:write", "files:write", "im:read", "reactions:write",
      "users:read", "users:read.email" }, bot_scopes [[
        app:every("5m", function(c)
          local user = app.client.users.lookupByEmail { email = "ada@example.com" }
          for _ in app.client:each("conversations.list", { types = "public_channel,im" }) do end
          app.client:upload { content = "x", channel = "C1" }
          c:say "x"
          c:react "eyes"
        end)
      ]])
  end)

  it("asks for one of several scopes that would do, best one that is needed anyway", function()
    assert.same({ "im:history", "im:write" }, bot_scopes [[
      app:message({ dm = true }, function(c)
        c.client.conversations.history { channel = "D1" }
        c.client.conversations.open { users = "U1" }
      end)
    ]])
    assert.same({ "channels:history" }, bot_scopes [[
      app:every("5m", function(c) app.client.conversations.history { channel = "C1" } end)
    ]])
  end)

  it("has the scopes of people apart", function()
    local made = manifest_of [[
      app:command("/find", function(c) c.user_client.search.messages { query = c.text } end)
    ]]
    assert.same({ "commands" }, made.oauth_config.scopes.bot)
    assert.same({ "search:read" }, made.oauth_config.scopes.user)
  end)

  it("reads scripts, and modules beside them and beside the program", function()
    write("handlers/greet.lua", [[
      local app = ...
      local model = require "model"
      app:message("hi", function(c) c:say(model.answer(c)) end)
    ]])
    write("handlers/model.lua", "return { answer = function(c) c.client.team.info() end }")
    write("words.lua", "return function(client) client.emoji.list() end")
    local scopes = table.concat(bot_scopes("local words = require 'words'",
      ("scripts = %q"):format(folder.path .. "/handlers")), " ")
    package.loaded.words = nil
    for _, scope in ipairs { "channels:history", "chat:write", "emoji:read", "team:read" } do
      assert.truthy(scopes:find(scope, 1, true), scopes)
    end
  end)

  it("switches on what the app shows", function()
    local made = manifest_of [[
      app:event("app_home_opened", function(c) c:publish { type = "home", blocks = {} } end)
      app:assistant { thread_started = function(c) end, user_message = function(c) end }
      app:options("where", function(c) end)
    ]]
    assert.same({ home_tab_enabled = true, messages_tab_enabled = true,
      messages_tab_read_only_enabled = false }, made.features.app_home)
    assert.truthy(made.features.assistant_view)
    assert.is_true(made.settings.interactivity.is_enabled)
    assert.same({ "assistant:write", "im:history" }, made.oauth_config.scopes.bot)
  end)

  it("has URLs over HTTP", function()
    local options = "transport = 'http', http = { path = { events = '/e', interactions = '/i' } }"
    local body = [[
      app:event("app_mention", function(c) end)
      app:options("where", function(c) end)
    ]]
    local made, complained = manifest_of(body, options, "--url=https://bot.example")
    assert.equal("", complained)
    assert.is_false(made.settings.socket_mode_enabled)
    assert.equal("https://bot.example/e", made.settings.event_subscriptions.request_url)
    assert.same({ is_enabled = true, request_url = "https://bot.example/i",
      message_menu_options_url = "https://bot.example/i" }, made.settings.interactivity)
    made, complained = manifest_of(body, options)
    assert.equal("https://your-host.example/e", made.settings.event_subscriptions.request_url)
    assert.matches("%-%-url=https", complained)
  end)

  it("asks for what the option oauth asks for, and hears of its end", function()
    local made = manifest_of("", [[transport = "http", oauth = { client_id = "1.2",
      client_secret = "s", scopes = "team:read,chat:write", user_scopes = { "search:read" },
      redirect_uri = "https://bot.example/slack/oauth_redirect" }]])
    assert.same({ "chat:write", "team:read" }, made.oauth_config.scopes.bot)
    assert.same({ "search:read" }, made.oauth_config.scopes.user)
    assert.same({ "https://bot.example/slack/oauth_redirect" }, made.oauth_config.redirect_urls)
    assert.same({ "app_uninstalled", "tokens_revoked" },
      made.settings.event_subscriptions.bot_events)
    assert.equal("https://bot.example/slack/events",
      made.settings.event_subscriptions.request_url)
  end)

  it("names what cannot be told from the sources, and where", function()
    local path = bot [[
      app:event(function(c) return true end, function(c) end)
      app:event("app_mentoin", function(c) end)
      app:event("presence_change", function(c) end)
      app:command("/call", function(c)
        local name = c.text
        app.client:call(name)
        app.client.chat.postMesage {}
      end)
    ]]
    local ran = run(path)
    assert.equal(0, ran.status)
    for _, text in ipairs {
      'there is no event app_mentoin; did you mean "app_mention"?',
      "presence_change comes over RTM only", ":8: which Web API method is called",
      'chat.postMesage is not known; did you mean "chat.postMessage"?',
      ":3: app:event: which events it takes",
    } do
      assert.truthy(ran.complained:find(text, 1, true), ran.complained)
    end
  end)

  it("explains what needs what", function()
    local ran = run(bot [[app:message("hi", function(c) c:say "x" end)]], "--explain")
    assert.equal(0, ran.status)
    assert.matches("bot scope +chat:write +c:say +%S+/bot.lua:3\n", ran.written)
    assert.matches("event +message.im +app:message hi +%S+/bot.lua:3\n", ran.written)
  end)

  it("writes YAML with what needs each scope", function()
    local ran = run(bot [[app:message("hi", function(c) c:say "x" end)]], "--yaml")
    assert.matches("%- chat:write +# c:say %(%S+bot.lua:3%)\n", ran.written)
    assert.same({ "channels:history", "chat:write", "groups:history", "im:history",
      "mpim:history" }, yaml.read(ran.written).oauth_config.scopes.bot)
  end)

  it("has no part in which there is nothing", function()
    local made = manifest_of "app:every('1h', function(c) end)"
    assert.same({ "display_information", "features", "settings" }, sorted_keys(made))
    made = manifest_of("app:func('step', function(c) end)")
    assert.same({}, made.functions.step.input_parameters)
  end)

  it("is named as the option says, else the app, else its folder", function()
    assert.equal("Lunch", manifest_of("", "", "--name=Lunch").display_information.name)
    assert.equal("lunch", manifest_of("", "name = 'lunch'").display_information.name)
    assert.equal(folder.path:match "[^/]+$", manifest_of("").display_information.name)
  end)

  it("keeps what people have written in a base", function()
    local base = write("base.yaml", [[
display_information: { name: Lunch, background_color: "#123456" }
features:
  bot_user: { display_name: lunchbot, always_online: true }
  slash_commands:
    - { command: /lunch, description: Where to eat, usage_hint: "[when]" }
oauth_config: { scopes: { bot: [chat:write.public] } }
settings: { socket_mode_enabled: false, token_rotation_enabled: true }
]])
    local made = manifest_of([[
      app:command("/lunch", function(c) c:say "x" end)
      app:command("/tea", function(c) end)
    ]], "", "--base=" .. base)
    assert.same({ name = "Lunch", background_color = "#123456" }, made.display_information)
    assert.same({ display_name = "lunchbot", always_online = true }, made.features.bot_user)
    assert.same({ "Where to eat", "[when]", "/tea" }, { made.features.slash_commands[1].description,
      made.features.slash_commands[1].usage_hint, made.features.slash_commands[2].command })
    assert.same({ "chat:write.public", "chat:write", "commands" }, made.oauth_config.scopes.bot)
    assert.same({ true, true }, { made.settings.socket_mode_enabled,
      made.settings.token_rotation_enabled })
  end)

  it("leaves the type of a shortcut to people where the listener is for either", function()
    local body = [[
      app:shortcut("report", function(c) end)
      app:shortcut({ callback_id = "copy", type = "message_action" }, function(c) end)
    ]]
    local base = write("base.yaml", "features: { shortcuts: [{ callback_id: report, type: message,"
      .. " name: R, description: r }, { callback_id: copy, type: global }] }")
    local made = manifest_of(body, "", "--base", base)
    assert.same({ "message", "message" }, { made.features.shortcuts[1].type,
      made.features.shortcuts[2].type })
    local ran = run(folder.path .. "/bot.lua", "--diff", base)
    assert.matches("missing +shortcut +copy of type message", ran.written)
    assert.falsy(ran.written:find "missing +shortcut +report")
  end)

  it("of each example is one that Slack would take", function()
    for _, path in ipairs(files.tree "examples") do
      local is_bot = path:find "/bot.lua$" and files.read(path):find("app:run()", 1, true)
      if is_bot and not path:find "cluster" then -- that one needs a Redis
        local ran = run(path)
        assert.same({ 0, "" }, { ran.status, ran.complained }, path)
        local made = assert(json.decode(ran.written))
        assert.same({}, limits.problems(made))
      end
    end
  end)

  describe("beside a manifest", function()
    local BODY = [[
      app:command("/lunch", function(c) c:say "x" end)
      app:event("team_join", function(c) end)
    ]]

    it("finds no difference to its own", function()
      local path = bot(BODY)
      local own = write("manifest.json", run(path).written)
      assert.same({ status = 0, written = own .. " has what is needed, and no more\n",
        complained = "" }, run(path, "--diff=" .. own))
    end)

    it("names what is missing, with what needs it, and what is more", function()
      local own = write("manifest.yaml", [[
oauth_config: { scopes: { bot: [commands, users:read, pins:read] } }
features: { slash_commands: [{ command: /dinner }] }
settings: { event_subscriptions: { bot_events: [pin_added] } }
]])
      local ran = run(bot(BODY), "--diff", own)
      assert.equal(1, ran.status)
      for _, pattern in ipairs {
        "missing +bot scope +chat:write +c:say %(%S+/bot.lua:3%)\n",
        "missing +event +team_join +app:event team_join", "missing +command +/lunch ",
        "missing +switch +settings.socket_mode_enabled: true", "more +bot scope +pins:read\n",
        "more +event +pin_added\n", "more +command +/dinner\n",
      } do
        assert.matches(pattern, ran.written)
      end
      assert.falsy(ran.written:find("users:read", 1, true))
    end)

    it("names the line of one that is broken, which is no difference", function()
      local own = write("manifest.yaml", "a: 1\n\tb: 2\n")
      local ran = run(bot "", "--diff", own)
      assert.equal(2, ran.status)
      assert.matches("manifest.yaml: line 2: a tab", ran.complained)
      ran = run(bot "", "--base", folder.path .. "/none.json")
      assert.matches("none.json: No such file", ran.complained)
      ran = run(bot "", "--base", write("list.json", "{ 1 }"))
      assert.equal(2, ran.status)
    end)

    it("is content with messages of some kinds of channels, and says so", function()
      local path = bot [[app:message("hi", function(c) end)]]
      local own = write("manifest.yaml", "settings: { socket_mode_enabled: true, "
        .. "event_subscriptions: { bot_events: [message.im] } }\n"
        .. "features: { app_home: { messages_tab_enabled: true } }\n"
        .. "oauth_config: { scopes: { bot: [im:history] } }\n")
      local ran = run(path, "--diff", own)
      assert.equal(0, ran.status, ran.written)
      assert.matches("perhaps +bot scope +channels:history +app:message hi", ran.written)
      assert.matches("perhaps +event +message.channels +app:message hi", ran.written)
    end)

    it("takes a scope that does as well", function()
      local path = bot [[app:every("1h", function(c)
        app.client.conversations.history { channel = "C1" } end)]]
      local own = write("manifest.yaml", "settings: { socket_mode_enabled: true }\n"
        .. "oauth_config: { scopes: { bot: [groups:history] } }\n")
      assert.equal(0, run(path, "--diff", own).status)
    end)
  end)

  it("tells of a program or a script that does not load, by file and line", function()
    local ran = run(write("broken.lua", "local x = = 1"))
    assert.equal(1, ran.status)
    assert.matches("broken.lua:1: ", ran.complained)
    write("handlers/bad.lua", "local app = ...\n\nerror 'no'")
    ran = run(bot("", ("scripts = %q"):format(folder.path .. "/handlers")))
    assert.equal(1, ran.status)
    assert.matches("bad.lua:3: no", ran.complained)
    ran = run(folder.path .. "/nothing.lua")
    assert.same({ 1, "" }, { ran.status, ran.written })
  end)

  it("refuses words and options that make no sense together", function()
    assert.equal(2, run("a.lua", "b.lua").status)
    assert.equal(2, run("--diff=x", "--explain").status)
    assert.matches("the beginning of a URL expected", run("--url=bot.example").complained)
  end)
end)

describe("a manifest", function()
  it("is held against Slack's limits", function()
    assert.same({}, limits.problems { display_information = { name = "a" } })
    local commands = {}
    for i = 1, 51 do
      commands[i] = { command = "/a", description = "x" }
    end
    commands[2].command = "/" .. ("a"):rep(32)
    assert.same({
      "display_information.name: Slack takes at most 35 characters, there are 36",
      "features.slash_commands: Slack takes at most 50, there are 51",
      "features.slash_commands[2].command: Slack takes at most 32 characters, there are 33",
    }, limits.problems {
      display_information = { name = ("é"):rep(36) }, features = { slash_commands = commands },
    })
  end)

  it("that is merged is left as it was", function()
    local base = { oauth_config = { scopes = { bot = { "a" } } } }
    local merged = merge.merge(base, { oauth_config = { scopes = { bot = { "b" } } } },
      Needs.new())
    assert.same({ "a", "b" }, merged.oauth_config.scopes.bot)
    assert.same({ "a" }, base.oauth_config.scopes.bot)
  end)

  it("of any shape can be compared", function()
    local built = { settings = { socket_mode_enabled = true } }
    for _, given in ipairs { {}, { oauth_config = 1 }, { settings = { event_subscriptions = "x" } },
      { features = { slash_commands = { "x" } } }, { functions = json.null } } do
      assert.equal(1, #difference.of(given, Needs.new(), built))
    end
  end)
end)

describe("the table of events", function()
  it("is what spec/generate makes of its facts", function()
    assert.equal(event_generator.table_text(), files.read(event_generator.PATH))
  end)

  it("knows scopes, and what cannot be subscribed to", function()
    assert.same({ "reactions:read" }, events.find "reaction_added".scopes)
    assert.same({}, events.find "app_home_opened".scopes)
    assert.is_true(events.find "presence_change".is_rtm)
    assert.is_true(events.find "scope_granted".is_retired)
    for _, name in ipairs { "reaction", "", "a%w", "message.im" } do
      assert.is_nil(events.find(name))
    end
  end)
end)
