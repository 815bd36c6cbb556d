local blocks = require "slack.blocks"
local json = require "slack.json"
local page_app = require "support.page_app"
local slack = require "slack"

-- A page with that app, in which `fn` does what the test says.
local function shows(name, build, fn, options)
  it(name, function()
    page_app.run(options, build, fn)
  end)
end

local function refused(expected, page, act, fields)
  local result, problem = page:act(act, fields)
  assert.is_nil(result)
  assert.equal(expected, problem)
end

describe("what is written in the page", function()
  shows("reaches the app, whose answer comes back", function(app)
    app:message("ping", function(c) c:say "pong" end)
  end, function(page)
    assert(page:act("say", { channel = page:id "general", text = "ping" }))
    assert.equal(page.hello.bot.user_id,
      page:message(function(m) return m.text == "pong" end).user)
  end)

  shows("is UTF-8, whatever bytes come from elsewhere", nil, function(page, here)
    here:say { user = "grace", text = "cut \xc3" }
    assert.equal("cut \u{FFFD}", page:message(function(m) return m.text:find "^cut" end).text)
  end)

  shows("is edited and deleted by who wrote it, and by nobody else", nil, function(page, here)
    local general = page:id "general"
    local ts = page:act("say", { channel = general, text = "one" }).ts
    assert(page:act("edit", { channel = general, ts = ts, text = "two" }))
    assert.equal(page.hello.me, page:message(function(m) return m.text == "two" end).edited.user)
    local other = here:say { user = "grace", text = "mine" }
    refused("this is somebody else's message", page, "edit",
      { channel = general, ts = other.ts, text = "yours" })
    refused("this is somebody else's message", page, "delete", { channel = general, ts = other.ts })
    assert(page:act("delete", { channel = general, ts = ts }))
    page:wait("messages", function(frame) return frame.remove[1] == ts end)
    refused("there is no such message", page, "delete", { channel = general, ts = ts })
  end)

  shows("stands in a thread, and in the channel when that is wished", nil, function(page)
    local general = page:id "general"
    local root = page:act("say", { channel = general, text = "root" }).ts
    local reply = page:act("say", {
      channel = general, text = "reply", thread_ts = root, reply_broadcast = true,
    }).ts
    assert.equal("thread_broadcast", page:message(function(m) return m.ts == reply end).subtype)
    assert.equal(1, page:message(function(m) return m.ts == root and m.reply_count end).reply_count)
    refused("there is no such thread", page, "say",
      { channel = general, text = "x", thread_ts = "1.000000" })
  end)

  shows("has reactions and pins", nil, function(page)
    local general = page:id "general"
    local at = { channel = general, ts = page:act("say", { channel = general, text = "one" }).ts }
    local function name(emoji)
      return { channel = general, ts = at.ts, name = emoji }
    end
    assert(page:act("react", name "+1::skin-tone-2"))
    page:message(function(m) return m.reactions end)
    assert(page:act("unreact", name "+1::skin-tone-2"))
    page:message(function(m) return m.ts == at.ts and #page.frames > 3 and not m.reactions end)
    refused("there is no such emoji", page, "react", name "no emoji")
    assert(page:act("pin", at))
    page:message(function(m) return m.ts == at.ts and m.pinned end)
    assert(page:act("unpin", at))
    local _, place = page:wait("messages", function(frame)
      return frame.upsert[1] and frame.upsert[1].pinned
    end)
    page:wait("messages", function(frame)
      return frame.upsert[1].ts == at.ts and not frame.upsert[1].pinned
    end, place + 1)
  end)

  shows("is not empty, not endless, and said by members alone", nil, function(page, here)
    local general = page:id "general"
    refused("there is nothing to send", page, "say", { channel = general, text = " \n" })
    refused("12000 characters at most", page, "say", { channel = general, text = ("ä"):rep(12001) })
    refused("there is no such channel", page, "say", { channel = "C0NONE", text = "x" })
    assert(page:act("leave", { channel = page:id "random" }))
    refused("join #random first", page, "say", { channel = page:id "random", text = "x" })
    here:archive_channel { channel = "random" }
    refused("#random is archived", page, "say", { channel = page:id "random", text = "x" })
  end)

  shows("comes with files", nil, function(page, here)
    local general = page:id "general"
    local result = page:act("upload", {
      channel = general, filename = "note.txt", content = "aGVsbG8=", text = "see",
    })
    local message = page:message(function(m) return m.ts == result.ts end)
    assert.equal("note.txt", message.files[1].name)
    assert.equal("hello", here.uploads.files[message.files[1].id].content)
    local file = page:act("upload", { filename = "b.png", content = "AA==" }).file
    assert.same({ "b.png", 1, "image/png" }, { file.name, file.size, file.mimetype })
    refused("the content is no base64", page, "upload", { filename = "b", content = "%%%" })
    refused("the file is empty", page, "upload", { filename = "b", content = "" })
  end)
end)

describe("commands in the page", function()
  shows("show what the app answers, to who typed them", function(app)
    app:command("/weather", function(c) c:ack("sunny in " .. c.payload.text) end)
  end, function(page)
    local general = page:id "general"
    assert.same({}, page:act("command", { channel = general, command = "/weather", text = "Rome" }))
    local message = page:message(function(m) return m.text == "sunny in Rome" end)
    assert.is_true(message.is_ephemeral)
    assert.is_nil(message.shown_to)
    assert.same({ { command = "/weather" } }, page:wait("app", function(frame)
      return frame.app.commands[1]
    end).app.commands)
  end)

  shows("fail in Slack's words when no answer comes", function() end, function(page, here)
    for _, connection in ipairs(here:connections()) do
      connection:silence()
    end
    local result = page:act("command", { channel = page:id "general", command = "/x" })
    assert.same({ '/x failed with the error "operation_timeout"', "operation_timeout" },
      { result.failure, result.code })
  end, { patience = 0.2 })

  shows("fail at once when the app is not there", nil, function(page, here)
    assert.same({
      failure = '/x failed with the error "dispatch_failed"', code = "dispatch_failed",
      detail = "the app is not connected",
    }, page:act("command", { channel = page:id "general", command = "/x" }))
    assert.equal("We had some trouble connecting. Try again?",
      page:act("shortcut", { callback_id = "s" }).failure)
    assert.same({}, here.socket.waiting) -- nothing comes later, either
  end)

  shows("have a name, and do not work in threads", nil, function(page)
    local general = page:id "general"
    for _, name in ipairs { "/", "x", "/a b" } do
      refused("a command begins with a slash, and has no blanks", page, "command",
        { channel = general, command = name })
    end
    assert.equal("/x is not supported in threads. Sorry!", page:act("command",
      { channel = general, command = "/x", thread_ts = "1.1" }).failure)
  end)

  shows("are those that the bot has told, when it tells", nil, function(page, here)
    here:take_report { commands = { { command = "/known", description = "does it" } } }
    local app = page:wait("app", function(frame) return frame.app.commands[1] end).app
    assert.same({ { command = "/known", description = "does it" } }, app.commands)
    assert.matches("^/unknown is not a valid command%. In Slack, all messages that start with", page
      :act("command", { channel = page:id "general", command = "/unknown" }).failure)
  end)
end)

describe("Slack's own commands in the page", function()
  shows("invite, remove, join, leave, and set topics", nil, function(page, here)
    local channel = here.workspace.channels[page:act("create_channel", { name = "den" }).channel]
    local bot = page.hello.bot.user_id
    local function command(name, text)
      return page:act("command", { channel = channel.id, command = name, text = text })
    end
    assert.same({}, command("/invite", "@lander"))
    assert.is_true(channel.members[bot])
    assert.same({}, command("/remove", "<@" .. bot .. "|lander>"))
    assert.is_nil(channel.members[bot])
    assert.equal("Nobody here is called that.", command("/invite", "nobody").failure)
    assert.equal("Nobody here is called that.", command("/invite").failure)
    assert.same({}, command("/topic", "of bears"))
    page:wait("channels", function(frame)
      return frame.upsert[1] and frame.upsert[1].topic == "of bears"
    end)
    assert.same({}, command "/leave")
    refused("join #den first", page, "say", { channel = channel.id, text = "x" })
    assert.same({}, page:act("command", {
      channel = page:id "general", command = "/join", text = "#den",
    }))
    assert.is_true(channel.members[page.hello.me])
    assert.equal("Nobody leaves #general.", page:act("command", {
      channel = page:id "general", command = "/leave",
    }).failure)
    assert.equal("This command is not for direct messages.", page:act("command", {
      channel = page:act("open_dm", { user = bot }).channel, command = "/invite", text = "@grace",
    }).failure)
  end)
end)

describe("elements in the page", function()
  local function menu_message()
    return {
      text = "choose",
      blocks = {
        blocks.actions({
          blocks.button("Go", { action_id = "go", value = "now" }),
          blocks.static_select({
            action_id = "color",
            options = { blocks.option("Red", "red"), blocks.option("Blue", "blue") },
          }),
        }, { block_id = "b1" }),
      },
    }
  end

  local function with_menu(app, seen)
    app:message("menu", function(c) c:say(menu_message()) end)
    app:action("go", function(c) seen.click = c.body end)
    app:action("color", function(c) seen.choice = c.body end)
  end

  local seen = {}
  before_each(function() seen = {} end)

  local function open_menu(page)
    page:act("say", { channel = page:id "general", text = "menu" })
    return page:message(function(m) return m.text == "choose" end)
  end

  shows("are pressed", function(app) with_menu(app, seen) end, function(page)
    local message = open_menu(page)
    assert.same({}, page:act("click", {
      channel = message.channel, ts = message.ts, block_id = "b1", action_id = "go",
    }))
    assert.same({ "go", "now", "b1" }, { seen.click.actions[1].action_id,
      seen.click.actions[1].value, seen.click.actions[1].block_id })
    assert.equal(page.hello.me, seen.click.user.id)
  end)

  shows("hold what was chosen, also for a page that is loaded again", function(app)
    with_menu(app, seen)
  end, function(page, here)
    local message = open_menu(page)
    assert.same({}, page:act("click", {
      channel = message.channel, ts = message.ts, block_id = "b1", action_id = "color",
      value = "blue",
    }))
    assert.equal("Blue", seen.choice.actions[1].selected_option.text.text)
    local again <close> = require("support.page_client").open(here)
    local list = again.hello.messages[message.channel]
    assert.equal("blue", list[#list].state.values.b1.color.selected_option.value)
    local other <close> = require("support.page_client").open(here,
      { user = page:id "grace" })
    list = other.hello.messages[message.channel]
    assert.is_nil(list[#list].state)
  end)

  shows("offer what they offer, and no more", function(app) with_menu(app, seen) end,
    function(page)
      local message = open_menu(page)
      local at = { channel = message.channel, ts = message.ts, block_id = "b1" }
      local function with(fields)
        for name, value in pairs(at) do
          fields[name] = value
        end
        return fields
      end
      refused('there is no option "green"', page, "click",
        with { action_id = "color", value = "green" })
      refused("there is no such element any more", page, "click", with { action_id = "none" })
      refused("there is no such message", page, "click",
        { channel = message.channel, ts = "1.1", action_id = "go" })
      refused("channel and ts, or view_id, are needed", page, "click", { action_id = "go" })
    end)

  shows("that nobody answers leave Slack's words", function(app)
    app:message("menu", function(c) c:say(menu_message()) end)
  end, function(page, here)
    local message = open_menu(page)
    for _, connection in ipairs(here:connections()) do
      connection:silence()
    end
    local result = page:act("click", {
      channel = message.channel, ts = message.ts, action_id = "go",
    })
    assert.equal("We had some trouble connecting. Try again?", result.failure)
  end, { patience = 0.2 })

  shows("ask the app for options, which can then be chosen", function(app)
    app:message("menu", function(c)
      c:say { text = "choose", blocks = {
        blocks.actions({ blocks.external_select { action_id = "city" } }, { block_id = "b" }),
      } }
    end)
    app:options("city", function(c)
      return { options = { blocks.option(c.payload.value .. "!", c.payload.value) } }
    end)
    app:action("city", function(c) seen.city = c.body.actions[1].selected_option.value end)
  end, function(page)
    local message = open_menu(page)
    local at = { channel = message.channel, ts = message.ts, block_id = "b", action_id = "city" }
    at.value = "rome"
    refused('the app has not offered "rome"', page, "click", at)
    local result = page:act("suggest", at)
    assert.equal("rome!", result.options[1].text.text)
    assert.same({}, page:act("click", at))
    assert.equal("rome", seen.city)
  end)
end)

describe("modals in the page", function()
  local function form()
    return blocks.modal {
      title = "Form", submit = "Save", callback_id = "form", notify_on_close = true,
      blocks = {
        blocks.input("Name", blocks.plain_text_input { action_id = "v" }, { block_id = "name" }),
        blocks.input("Age", blocks.number_input {
          action_id = "v", is_decimal_allowed = false, min_value = "18",
        }, { block_id = "age", optional = true }),
      },
    }
  end

  local seen
  before_each(function() seen = {} end)

  local function with_form(app)
    app:command("/form", function(c) c:ack() c:open(form()) end)
    app:view("form", function(c)
      seen.values = c.body.view.state.values
      if seen.values.name.v.value == "x" then
        return c:ack { response_action = "errors", errors = { name = "Too short" } }
      end
      c:ack()
    end)
    app:view_closed("form", function(c) seen.closed = c.body end)
  end

  local function open_form(page)
    page:act("command", { channel = page:id "general", command = "/form" })
    return page:wait("views", function(frame) return frame.views[1] end).views[1]
  end

  shows("are filled in by block_id and action_id, and go when they are taken", with_form,
    function(page)
      local view = open_form(page)
      assert.equal("Form", view.title.text)
      local _, place = page:wait "views"
      assert.same({}, page:act("submit", {
        view_id = view.id, values = { name = { v = "Ada" }, age = { v = "36" } },
      }))
      assert.same({ "Ada", "36" }, { seen.values.name.v.value, seen.values.age.v.value })
      page:wait("views", function(frame) return #frame.views == 0 end, place + 1)
    end)

  shows("show the app's errors at their fields", with_form, function(page)
    local view = open_form(page)
    local result = page:act("submit", { view_id = view.id, values = { name = { v = "x" } } })
    assert.same({ errors = { name = "Too short" } }, result)
  end)

  shows("are not sent with what Slack's client would not let pass", with_form, function(page)
    local view = open_form(page)
    assert.same({
      name = "Please complete this required field.", age = "18 or more expected, got 7",
    }, page:act("submit", { view_id = view.id, values = { age = { v = "7" } } }).errors)
    assert.is_nil(seen.values)
  end)

  shows("are closed at once when nobody hears of it", nil, function(page, here)
    local user = here.workspace:find_user "ada"
    local view = here.workspace:put_view({
      type = "modal", title = { type = "plain_text", text = "x" }, blocks = {},
      notify_on_close = true,
    }, nil, user.id)
    assert.same({}, page:act("close_view", { view_id = view.id }))
    assert.is_nil(here:view())
    assert.same({ {}, "not sent: the app is not connected" },
      { here.socket.waiting, here:trace()[1].summary })
  end)

  shows("are closed, which the app hears of when it wants to", with_form, function(page, here)
    local view = open_form(page)
    assert.same({}, page:act("close_view", { view_id = view.id }))
    assert(here:wait(function() return seen.closed end))
    assert.same({ view.id, false }, { seen.closed.view.id, seen.closed.is_cleared })
    refused("this view is not open any more", page, "close_view", { view_id = view.id })
  end)

  shows("belong to the one who opened them", function(app)
    with_form(app)
    app:view("other", function() end)
  end, function(page, here)
    local grace <close> = require("support.page_client").open(here, { user = page:id "grace" })
    assert.equal(page:id "grace", grace.hello.me)
    local view = open_form(page)
    refused("this view is not open any more", grace, "submit", { view_id = view.id })
    open_form(grace)
    assert.same({ 1, 1 }, { #here.workspace:open_views(page.hello.me),
      #here.workspace:open_views(grace.hello.me) })
    assert.equal(view.id, here:view("ada").id)
    for _, frame in ipairs(grace.frames) do
      for _, other in ipairs(frame.views or {}) do
        assert.not_equal(view.id, other.id)
      end
    end
  end)
end)

describe("modals of several persons", function()
  -- A modal with a button that pushes another one upon it.
  local function stack(app)
    app:command("/stack", function(c)
      c:ack()
      c:open(blocks.modal {
        title = "Below", callback_id = "below", clear_on_close = c.payload.text == "clear",
        blocks = { blocks.actions { blocks.button("More", { action_id = "more" }) } },
      })
    end)
    app:action("more", function(c)
      c:ack()
      c:push(blocks.modal { title = "Above", blocks = { blocks.section "x" },
        clear_on_close = true })
    end)
  end

  local function open(page)
    page:act("command", { channel = page:id "general", command = "/stack" })
    return page:wait("views", function(frame) return #frame.views == 1 end).views[1]
  end

  shows("grow each for itself, and go with what is below when they say so", stack,
    function(page, here)
      local grace <close> = require("support.page_client").open(here, { user = page:id "grace" })
      local view = open(grace)
      open(page) -- the newest of all
      assert.same({}, grace:act("click", { view_id = view.id, action_id = "more" }))
      local views = grace:wait("views", function(frame) return #frame.views == 2 end).views
      assert.same({ "Below", "Above" }, { views[1].title.text, views[2].title.text })
      assert.equal(1, #here.workspace:open_views(page.hello.me))
      assert(grace:act("close_view", { view_id = views[2].id }))
      assert.same({}, here.workspace:open_views(grace.hello.me))
    end)
end)

describe("files in a modal", function()
  local seen
  shows("are given by id, and reach the app as files", function(app)
    app:command("/file", function(c)
      c:ack()
      c:open { type = "modal", callback_id = "f", title = { type = "plain_text", text = "F" },
        submit = { type = "plain_text", text = "S" }, blocks = { {
          type = "input", block_id = "b", label = { type = "plain_text", text = "File" },
          element = { type = "file_input", action_id = "v", filetypes = { "png" }, max_files = 1 },
        } } }
    end)
    app:view("f", function(c) seen = c.body.view.state.values.b.v.files c:ack() end)
  end, function(page)
    page:act("command", { channel = page:id "general", command = "/file" })
    local id = page:wait("views", function(frame) return frame.views[1] end).views[1].id
    local function submit(...)
      local files = json.list {}
      for i, name in ipairs { ... } do
        files[i] = page:act("upload", { filename = name, content = "AA==" }).file.id
      end
      return page:act("submit", { view_id = id, values = { b = { v = files } } })
    end
    assert.same({ b = "1 files at most" }, submit("a.png", "b.png").errors)
    assert.same({ b = "Files of type png expected, got a.exe" }, submit("a.exe").errors)
    assert.same({ b = "Please complete this required field." }, submit().errors)
    assert.same({}, submit("moon.png"))
    assert.equal("moon.png", seen[1].name)
  end)
end)

describe("places in the page", function()
  shows("are created, entered and left", nil, function(page, here)
    local id = page:act("create_channel", { name = "#New place" }).channel
    local channel = page:wait("channels", function(frame)
      return frame.upsert[1] and frame.upsert[1].id == id
    end).upsert[1]
    assert.same({ "new-place", "channel", true }, { channel.name, channel.kind, channel.is_member })
    assert.equal(page.hello.me, here.workspace.channels[id].creator)
    refused("That name is already taken by a channel, username, or user group.", page,
      "create_channel", { name = "general" })
    assert(page:act("invite", { channel = id, user = page:id "grace" }))
    assert.is_true(here.workspace.channels[id].members[page:id "grace"])
    assert(page:act("leave", { channel = id }))
    refused("join #new-place first", page, "say", { channel = id, text = "x" })
    assert(page:act("join", { channel = id }))
    assert(page:act("say", { channel = id, text = "x" }))
  end)

  shows("are seen by who is in them, when they are private", nil, function(page, here)
    local grace <close> = require("support.page_client").open(here, { user = page:id "grace" })
    local id = grace:act("create_channel", { name = "secret", is_private = true }).channel
    grace:act("say", { channel = id, text = "between us" })
    refused("there is no such channel", page, "say", { channel = id, text = "x" })
    assert(page:act("say", { channel = page:id "general", text = "later" }))
    page:message(function(m) return m.text == "later" end)
    for _, frame in ipairs(page.frames) do
      assert.not_equal(id, frame.channel)
    end
    grace:act("invite", { channel = id, user = page.hello.me })
    page:wait("channels", function(frame) return frame.upsert[1] and frame.upsert[1].id == id end)
    page:message(function(m) return m.text == "between us" end)
    assert(page:act("leave", { channel = id }))
    page:wait("channels", function(frame) return frame.remove[1] == id end)
  end)

  shows("hold messages for one person, which nobody else can use", nil, function(page, here)
    local workspace = here.workspace
    local general = workspace:find_channel "general"
    local function shown_to(name)
      return { channel = general.id, name = "wave",
        ts = workspace:show_ephemeral(general, page:id(name), { text = "x" }).ts }
    end
    refused("only you can see this message", page, "react", shown_to "ada")
    refused("there is no such message", page, "react", shown_to "grace")
  end)

  shows("have pins of those who are in them", nil, function(page, here)
    local ts = here:say({ channel = "random", user = "grace", text = "keep this" }).ts
    page:act("leave", { channel = page:id "random" })
    refused("join #random first", page, "pin", { channel = page:id "random", ts = ts })
    page:act("join", { channel = page:id "random" })
    assert(page:act("pin", { channel = page:id "random", ts = ts }))
  end)

  shows("are direct conversations with the bot and with others", nil, function(page)
    local bot = page:act("open_dm", { user = page.hello.bot.user_id }).channel
    local dm = page:wait("channels", function(frame)
      return frame.upsert[1] and frame.upsert[1].id == bot
    end).upsert[1]
    assert.same({ "im", page.hello.bot.user_id }, { dm.kind, dm.user })
    local other = page:act("open_dm", { user = page:id "grace" }).channel
    assert.not_equal(bot, other)
    assert.equal(other, page:act("open_dm", { user = page:id "grace" }).channel)
    refused("there is no such person to talk with", page, "open_dm", { user = page.hello.me })
  end)

  shows("are the home tab and the assistant", function(app)
    app:event("app_home_opened", function(c)
      c:publish(blocks.home { blocks = { blocks.section "Welcome home" } })
    end)
    app:assistant {
      thread_started = function(c)
        c:prompts({ { title = "Try", message = "try this" } }, { title = "Ideas" })
      end,
      user_message = function(c) c:say("you said " .. c.text) end,
    }
  end, function(page)
    page:act "open_home"
    local home = page:wait("home", function(frame) return frame.home.blocks end).home
    assert.equal("Welcome home", home.blocks[1].text.text)
    local thread = page:act "open_assistant"
    local told = page:wait("assistant", function(frame)
      return frame.upsert[1].prompts
    end).upsert[1]
    assert.same({ thread.channel, thread.thread_ts, "Try" },
      { told.channel, told.thread_ts, told.prompts.prompts[1].title })
    page:act("assistant_say", {
      channel = thread.channel, thread_ts = thread.thread_ts, text = "hello",
    })
    page:message(function(m) return m.text == "you said hello" end)
  end)

  shows("have other persons in them, as one of whom the page goes on", nil, function(page)
    local user = page:act("add_user", { name = "@Linus" }).user
    assert.equal("linus", user.name)
    page:wait("users", function(frame) return frame.upsert[1].id == user.id end)
    refused("there is a linus already", page, "add_user", { name = "linus" })
    assert(page:act("act_as", { user = user.id }))
    local hello = page:wait("hello", function(frame) return frame.me == user.id end)
    assert.equal(4, #hello.users)
    refused("there is no such person", page, "act_as", { user = page.hello.bot.user_id })
  end)
end)

describe("frames of a page", function()
  shows("that make no sense are answered, and harm nothing", nil, function(page)
    for text, expected in pairs {
      ["no json"] = "a JSON object expected",
      ["7"] = "a JSON object expected",
      ['{"id":5}'] = 'there is no act "nil"',
      ['{"id":5,"act":{}}'] = "there is no act",
      ['{"id":5,"act":"sey"}'] = 'there is no act "sey"; did you mean "say"?',
      ['{"id":5,"act":"say"}'] = "say: field",
      ['{"id":5,"act":"say","channel":7,"text":"x"}'] = 'say: field "channel": string expected',
      ['{"id":5,"act":"send_again","n":1.5}'] = 'send_again: field "n": integer expected',
      ['{"id":5,"act":"submit","view_id":"V","values":"x"}'] =
        'submit: field "values": values expected',
      ['{"id":5,"act":"submit","view_id":"V","values":{"b":7}}'] =
        'submit: field "values": values expected',
    } do
      local from = #page.frames + 1
      page:send(text)
      local reply = page:wait("reply", nil, from)
      assert.is_false(reply.ok)
      assert.truthy(reply.error:find(expected, 1, true), reply.error)
      assert.truthy(reply.id == slack.null or reply.id == 5)
    end
    assert(page:act("say", { channel = page:id "general", text = "still there" }))
  end)

  shows("with values of no use are refused", function(app)
    app:command("/form", function(c)
      c:ack()
      c:open(blocks.modal {
        title = "F", submit = "S", callback_id = "f",
        blocks = { blocks.input("N", blocks.plain_text_input { action_id = "v" },
          { block_id = "b" }) },
      })
    end)
    app:view("f", function(c) c:ack() end)
  end, function(page)
    page:act("command", { channel = page:id "general", command = "/form" })
    local id = page:wait("views", function(frame) return frame.views[1] end).views[1].id
    for _, values in ipairs {
      { b = { v = { "a" } } }, { b = { v = true } }, { x = { y = "z" } },
      { b = json.list {} },
    } do
      local result, problem = page:act("submit", { view_id = id, values = values })
      assert.truthy(problem or result.errors)
    end
  end)
end)
