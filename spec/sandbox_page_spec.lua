local PageClient = require "support.page_client"
local RawClient = require "support.raw_client"
local core = require "slack.core"
local frames = require "support.frames"
local local_slack = require "support.local_slack"
local logs = require "slack.log"
local slack = require "slack"
local wait_until = require "support.wait_until"

-- A local Slack with a page, and a page that is open.
local function with_page(options, fn)
  slack.run(function()
    options.page = true
    local here <close> = assert(local_slack.start(options))
    local page <close> = PageClient.open(here)
    fn(here, page)
  end)
end

describe("a page of the local Slack", function()
  it("begins with all there is", function()
    with_page({}, function(here, page)
      local hello = page.hello
      assert.equal("Moonbase", hello.team.name)
      assert.equal("lander", hello.bot.name)
      assert.equal(here.workspace:find_user("ada").id, hello.me)
      assert.same({ "lander", "ada", "grace" },
        { hello.users[1].name, hello.users[2].name, hello.users[3].name })
      assert.same({ "general", "random" }, { hello.channels[1].name, hello.channels[2].name })
      assert.is_true(hello.channels[1].is_member)
      assert.equal("channel", hello.channels[1].kind)
      assert.equal("/invite", hello.app.own_commands[1].command)
      hello.app.own_commands = nil
      assert.same({ connected = false, connections = 0, transport = slack.null, commands = {},
        shortcuts = {}, problems = {}, scripts = {}, is_running = slack.null }, hello.app)
    end)
  end)

  it("tells the others what one of them does, each its own person's", function()
    with_page({}, function(here, page)
      local grace <close> = PageClient.open(here, { user = page:id "grace" })
      local nobody <close> = PageClient.open(here, { user = "U0NONE", team = "T0NONE" })
      local bot <close> = PageClient.open(here, { user = page.hello.bot.user_id })
      assert.same({ page:id "grace", page:id "ada", page:id "ada" },
        { grace.hello.me, nobody.hello.me, bot.hello.me })
      page:act("say", { channel = page:id "general", text = "to all" })
      for _, one in ipairs { page, grace, nobody } do
        assert.equal(page.hello.me, one:message(function(m) return m.text == "to all" end).user)
      end
    end)
  end)

  it("is in the workspace that it asks for", function()
    slack.run(function()
      local here <close> = assert(local_slack.start { page = true })
      local second = here:add_workspace { team_name = "Second", users = { "eve" } }
      local page <close> = PageClient.open(here, { team = second.team_id })
      assert.same({ "Second", 2 }, { page.hello.team.name, #page.hello.teams })
      page:act("say", { channel = page:id "general", text = "here" })
      assert.equal("here", second:messages "general"[1].text)
      assert.equal(0, #here:messages "general")
    end)
  end)

  it("keeps what others only are shown to itself", function()
    with_page({}, function(here, page)
      local workspace = here.workspace
      local general, grace = workspace:find_channel "general", workspace:find_user "grace"
      workspace:show_ephemeral(general, grace.id, { text = "for grace" })
      here:say { user = "grace", channel = "@grace", text = "to the bot" }
      here:say { user = "ada", channel = "general", text = "last" }
      page:message(function(m) return m.text == "last" end)
      local again <close> = PageClient.open(here)
      for _, frame in ipairs { again.hello, table.unpack(page.frames) } do
        local text = slack.json.encode { frame.messages or {}, frame.upsert or {} }
        assert.is_nil(text:find "for grace")
        assert.is_nil(text:find "to the bot")
      end
    end)
  end)

  it("keeps what others say to the assistant to itself", function()
    with_page({}, function(here, page)
      local grace <close> = PageClient.open(here, { user = page:id "grace" })
      local thread = grace:act "open_assistant"
      grace:wait "assistant"
      page:act("say", { channel = page:id "general", text = "later" })
      page:message(function(m) return m.text == "later" end)
      local again <close> = PageClient.open(here)
      local hers <close> = PageClient.open(here, { user = page:id "grace" })
      assert.same({}, again.hello.assistant)
      assert.equal(thread.thread_ts, hers.hello.assistant[1].thread_ts)
      for _, frame in ipairs(page.frames) do
        assert.not_equal("assistant", frame.type)
      end
    end)
  end)

  it("that takes nothing any more is let go, and can come again", function()
    with_page({}, function(here, page)
      local lines = {}
      here.page.most_under_way = 100000
      here.page.log = logs.new { sink = function(line) lines[#lines + 1] = line end }
      page.pongs = false
      for _ = 1, 30 do
        here:say { text = ("x"):rep(5000) }
      end
      wait_until("the page's end", function() return not next(here.page.lives) end)
      assert.matches("it does not take what it is sent", lines[1], 1, true)
      local again <close> = PageClient.open(here)
      assert.equal(30, #again.hello.messages[page:id "general"])
    end)
  end)

  it("that is silent for long is asked, and let go when it does not answer", function()
    with_page({}, function(here, page)
      here.page.log = logs.new { level = "off" }
      local _, live = next(here.page.lives)
      wait_until("the pong of the greeting", function()
        page:look()
        return not live.pinged_at
      end)
      live:check(core.monotonic() + 5)
      assert.is_nil(live.pinged_at)
      live:check(core.monotonic() + 11)
      assert.truthy(live.pinged_at)
      wait_until("its pong", function()
        page:look()
        return not live.pinged_at
      end)
      page.pongs = false
      live:check(core.monotonic() + 25)
      live:check(core.monotonic() + 26)
      assert.is_falsy(live.is_gone)
      live:check(core.monotonic() + 60)
      assert.is_true(live.is_gone)
    end)
  end)

  it("cannot begin with a ticket that is too old", function()
    with_page({}, function(here)
      local target = here.page:new_ticket {}
      here.page.tickets[target].until_time = 0
      local wire <close> = RawClient.connect(here.page.server:websocket_port())
      wire:send(frames.upgrade(target))
      wait_until("its end", function() return wire:has_ended() end)
      assert.is_nil(wire:received():find("hello", 1, true))
    end)
  end)

  it("does not begin with each ticket that was asked for, and these are forgotten", function()
    with_page({}, function(here)
      local server_page = here.page
      assert.same({}, server_page.tickets) -- that of the open page is used up
      local target = server_page:new_ticket {}
      server_page.tickets[target].until_time = 0
      local newer = server_page:new_ticket {}
      assert.is_nil(server_page.tickets[target])
      assert.truthy(server_page.tickets[newer])
    end)
  end)

  it("leaves nothing behind when it has gone", function()
    with_page({}, function(here, page)
      page:close()
      wait_until("the page's end", function() return not next(here.page.lives) end)
      assert.same({}, here.page.models)
      assert.is_false(here.recorder.dirty)
    end)
  end)

  it("leaves nothing of its workspace behind while others are open", function()
    with_page({}, function(here)
      local second = here:add_workspace { team_name = "Second", users = { "eve" } }
      local page = PageClient.open(here, { team = second.team_id })
      assert.truthy(here.page.models[second])
      page:close()
      wait_until("the page's end", function() return not here.page.models[second] end)
      assert.truthy(here.page.models[here.workspaces[1]])
    end)
  end)

  it("goes on as somebody else with all that has been until then", function()
    with_page({}, function(here, page)
      local _, live = next(here.page.lives)
      here:say { text = "just now" }
      live:act_as(page:id "grace")
      local hello = page:wait("hello", function(frame) return frame.me == page:id "grace" end)
      assert.equal("just now", hello.messages[page:id "general"][1].text)
    end)
  end)

  it("begins with the newest of a long channel", function()
    slack.run(function()
      local here <close> = assert(local_slack.start { page = true })
      for i = 1, 700 do
        here:say { text = tostring(i) }
      end
      local page <close> = PageClient.open(here)
      local list = page.hello.messages[page:id "general"]
      assert.same({ 500, "201", "700" }, { #list, list[1].text, list[500].text })
      local older = page:act("history", { channel = page:id "general", before = list[1].ts })
      assert.same({ 200, "1", "200", false, "rich_text" }, {
        #older.messages, older.messages[1].text, older.messages[200].text, older.has_more,
        here:messages()[1].blocks[1].type,
      })
      assert.is_nil(older.messages[1].blocks)
      older = page:act("history", { channel = page:id "general", before = list[400].ts })
      assert.same({ 500, "100", true },
        { #older.messages, older.messages[1].text, older.has_more })
      assert.equal("there is no such channel",
        select(2, page:act("history", { channel = "CNONE", before = "1" })))
      here:say { text = "701" }
      local frame = page:wait "messages"
      assert.same({ 1, {} }, { #frame.upsert, frame.remove })
    end)
  end)

  it("shows how the app is, and what it reports", function()
    with_page({}, function(here, page)
      here.child = { is_running = false, exit = "killed", restart = function(child)
        child.is_running, child.exit = true, nil
        here:changed()
        return true
      end }
      here:take_report { app = "bot", pid = 7, scripts = { { name = "a", generation = 1 } } }
      local app = page:wait("app", function(frame) return frame.app.pid end).app
      assert.same({ "bot", 7, false, "killed" }, { app.name, app.pid, app.is_running, app.exit })
      here:take_report { pid = 7, scripts = { { name = "a", generation = 1 } }, problems = {
        { script = "a", file = "handlers/a.lua", line = 3, message = "unexpected symbol" },
      } }
      app = page:wait("app", function(frame) return frame.app.problems[1] end).app
      assert.same({ "handlers/a.lua", 3 }, { app.problems[1].file, app.problems[1].line })
      assert(page:act "restart")
      page:wait("app", function(frame) return frame.app.is_running == true end)
    end)
  end)

  it("shows what is said, and what others do to it", function()
    with_page({}, function(here, page)
      local result = page:act("say", { channel = page:id "general", text = "hello" })
      local message = page:message(function(m) return m.ts == result.ts end)
      assert.equal("hello", message.text)
      assert.equal(page.hello.me, message.user)
      assert.matches("^https://moonbase%.slack%.com/archives/C%w+/p%d+$", message.permalink)
      here:react { message = message, name = "eyes", user = "grace" }
      page:message(function(m) return m.reactions and m.reactions[1].name == "eyes" end)
      here:delete { message = message }
      page:wait("messages", function(frame) return frame.remove[1] == message.ts end)
    end)
  end)
end)
