local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local BUTTON = {
  { type = "actions", elements = {
    { type = "button", action_id = "go", text = { type = "plain_text", text = "Go" } },
  } },
}

local function log_of(lines)
  return table.concat(lines, "\n")
end

describe("an app", function()
  it("loads the code of what it uses alone", function()
    local ok, output = child.run [[
      local slack = require "slack"
      local app = slack.app { token = "xoxb-1", app_token = "xapp-1" }
      app:message("hello", function(c) c:say "Hello." end)
      app:command("/hello", function() return "Hello." end)
      for _, name in ipairs { "blocks", "blocks.check", "command_routes", "cron", "rtm",
        "rtm_sender", "schedule_entry", "stream", "time_zone" } do
        assert(not package.loaded["slack." .. name], name)
      end
    ]]
    assert.is_true(ok, output)
  end)

  it("answers a message over TLS", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:message("hello", function(c) c:say(("Hello, <@%s>!"):format(c.user_id)) end)
      assert(app:start())
      local said = here:say { user = "ada", channel = "general", text = "oh, hello" }
      local answer = assert(here:wait_message { channel = "general", text = "Hello, <@" })
      assert.matches(said.user, answer.text, 1, true)
      assert.is_nil(answer.thread_ts)
      assert.is_true(app:stop())
    end)
  end)

  it("answers in the thread, without TLS as well", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:message("deeper", function(c) c:say "In here." end)
      assert(app:start())
      local root = here:say { user = "ada", channel = "general", text = "root" }
      here:say { user = "ada", channel = "general", text = "deeper", thread_ts = root.ts }
      assert.equal(root.ts, assert(here:wait_message { text = "In here." }).thread_ts)
    end, { tls = false })
  end)

  it("acks a command, then responds to it; acks with what the handler returns", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:command("/deploy", function(c)
        c:ack("Deploying " .. c.command.text)
        assert(c:respond "Deployed.")
      end)
      app:command("/ping", function() return "pong" end)
      app:command("/boom", function() error "secret" end)
      assert(app:start())
      local outcome = here:command { command = "/deploy", text = "main", user = "ada" }
      assert.same({ text = "Deploying main" }, outcome.ack)
      assert(here:wait_message { text = "Deployed.", ephemeral = true, user = "ada" })
      assert.same({ text = "pong" }, here:command { command = "/ping", user = "ada" }.ack)
      assert.matches("did not work", here:command { command = "/boom", user = "ada" }.ack.text)
    end)
  end)

  it("gives status and word of a response URL that refuses (S189)", function()
    live.run(function(here, new_app)
      local app, err = new_app(), nil
      app:command("/x", function(c)
        c:ack()
        err = select(2, c:respond { response_type = "ephemeral" })
      end)
      assert(app:start())
      here:command { command = "/x", user = "ada" }
      live.wait(function() return err end)
      assert.same({ "no_text", 400 }, { err.code, err.status })
    end)
  end)

  it("takes the click on a button and changes its message", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:message("buttons", function(c) c:say { text = "Press", blocks = BUTTON } end)
      app:action("go", function(c)
        c:ack()
        c:update "Pressed."
      end)
      assert(app:start())
      here:say { user = "ada", channel = "general", text = "buttons" }
      local posted = assert(here:wait_message { text = "Press" })
      assert.equal(json.null, here:click { message = posted, action_id = "go", user = "ada" }.ack)
      assert(here:wait(function() return here:calls "chat.update"[1] end))
      assert.equal(posted.ts, here:calls "chat.update"[1].args.ts)
      local changed = here:messages "general"[2]
      assert.same({ "Pressed." }, { changed.text, changed.blocks })
    end)
  end)

  it("leaves what a failed click or form owes unanswered", function()
    live.run(function(here, new_app)
      local function answer_with(deadline)
        local app = new_app { ack_deadline = deadline }
        app:view("form", function() error "broken" end)
        assert(app:start())
        local delivery = here:deliver("interactive", {
          type = "view_submission", user = { id = "U1" }, view = { callback_id = "form" },
        }, { accepts_response_payload = true })
        local answer = delivery:await_ack(deadline + 0.1)
        app:close()
        return answer
      end
      -- A slow machine may take longer to fail than the first two allow.
      assert.is_nil(answer_with(0.05) and answer_with(0.5) and answer_with(5))
    end)
  end)

  it("acks empty at the deadline, and names the listener that was slow", function()
    live.run(function(here, new_app, lines)
      local app = new_app { ack_deadline = 0.05 }
      local gate = tasks.waiter()
      app:command("/slow", function(c)
        gate:await(2)
        c:ack "too late"
      end)
      assert(app:start())
      assert.equal(json.null, here:command { command = "/slow", user = "ada" }.ack)
      live.wait(function() return log_of(lines):find "no ack in time" end)
      assert.matches('no ack in time from app:command "/slow" %(.-app_spec.lua:%d+%)',
        log_of(lines))
      gate:resolve()
    end)
  end)

  it("acks and pongs while a handler blocks (S225)", function()
    live.run(function(here, new_app)
      local app = new_app { connections = 1 }
      local second, woke
      app:event("app_mention", function()
        second = here:deliver_event { type = "team_join", user = { id = "U2" } }
        local until_time = core.monotonic() + 1
        local now
        repeat
          now = core.monotonic()
        until now > until_time
        woke = now
      end)
      assert(app:start())
      here:deliver_event { type = "app_mention", user = "U1", channel = "C1", ts = "1.1" }
      live.wait(function() return woke end)
      assert(second:await_ack())
      assert.is_true(second.acked_at < woke)
    end)
  end)

  it("holds events back while too many handlers run, and loses none", function()
    live.run(function(here, new_app)
      local app = new_app { max_in_flight = 2 }
      local running, most, done = 0, 0, 0
      app:event("app_mention", function()
        running = running + 1
        most = math.max(most, running)
        tasks.sleep(0.002)
        running, done = running - 1, done + 1
      end)
      assert(app:start())
      for i = 1, 40 do
        here:deliver_event { type = "app_mention", user = "U1", channel = "C1", ts = i .. ".1" }
      end
      live.wait(function() return done == 40 end)
      assert.is_true(most <= 2)
    end)
  end)

  describe("starts", function()
    it("when the first connection is ready (S201), and no second time (S120)", function()
      live.run(function(here, new_app)
        local app = new_app()
        assert.is_true(app:start())
        assert.is_true(app.transports[1].ready >= 1)
        assert.equal(here.workspace.bot.user_id, app.identity.user_id)
        local ok, err = app:start()
        assert.is_nil(ok)
        assert.equal("started", err.code)
      end)
    end)

    it("not with a token that is refused (S020)", function()
      live.run(function(_, new_app, lines)
        local ok, err = new_app { token = "xoxb-1-wrong" }:start()
        assert.is_nil(ok)
        assert.equal("invalid_auth", err.code)
        assert.matches("the app cannot start: .*invalid_auth.*SLACK_BOT_TOKEN", tostring(err))
        assert.not_matches("xoxb-1-wrong", log_of(lines), 1, true)
      end)
    end)

    it("not with an app token that is refused (S204)", function()
      live.run(function(here, new_app)
        local app = new_app { app_token = "xapp-1-wrong" }
        local ok, err = app:start()
        assert.is_nil(ok)
        assert.equal("invalid_auth", err.code)
        assert.equal("idle", app.phase)
        assert.equal(0, #here:connections())
      end)
    end)

    it("again after a stop (S120), and stops harmlessly when it does not run (S025)", function()
      live.run(function(here, new_app)
        local app = new_app()
        app:message("x", function(c) c:say "again" end)
        assert.is_true(app:stop())
        for _ = 1, 3 do
          assert(app:start())
          assert(app:stop())
        end
        assert(app:start())
        here:say { user = "ada", channel = "general", text = "x" }
        assert(here:wait_message { text = "again" })
      end)
    end)

    it("and stops many times, which the other end hears of", function()
      live.run(function(here, new_app)
        local app = new_app()
        for _ = 1, 30 do
          assert(app:start())
          assert(app:stop())
          -- Less than the ten seconds after which libwebsockets gives up.
          assert(here:wait(function() return #here:connections() == 0 end, 9))
        end
      end)
    end)

    it("beside another in the same process (S033)", function()
      live.run(function(here, new_app)
        local one, two = new_app { connections = 1 }, new_app { connections = 1 }
        local seen = {}
        one:event("app_mention", function() table.insert(seen, 1) end)
        two:event("app_mention", function() table.insert(seen, 2) end)
        assert(one:start())
        assert(two:start())
        assert(here:wait_connections(2))
        assert(one:stop())
        here:deliver_event { type = "app_mention", user = "U1", channel = "C1", ts = "1.1" }
        live.wait(function() return seen[1] end)
        assert.same({ 2 }, seen)
      end)
    end)
  end)

  describe("stops", function()
    it("after running handlers have finished", function()
      live.run(function(here, new_app)
        local app, state = new_app(), "not begun"
        app:event("app_mention", function()
          state = "running"
          tasks.sleep(0.1)
          state = "finished"
        end)
        assert(app:start())
        here:deliver_event { type = "app_mention", user = "U1", channel = "C1", ts = "1.1" }
        live.wait(function() return state == "running" end)
        assert.is_true(app:stop())
        assert.equal("finished", state)
        live.wait(function() return #here:connections() == 0 end)
      end)
    end)

    it("at the end of its time, and says what it cut off", function()
      live.run(function(here, new_app)
        local app, begun, closed = new_app(), false, false
        app:event("app_mention", function()
          local _ <close> = setmetatable({}, { __close = function() closed = true end })
          begun = true
          tasks.sleep(100)
        end)
        assert(app:start())
        here:deliver_event { type = "app_mention", user = "U1", channel = "C1", ts = "1.1" }
        live.wait(function() return begun end)
        local ok, err = app:stop(0.05)
        assert.is_nil(ok)
        assert.equal("shutdown_timeout", err.code)
        assert.matches("^1 handler had not .*: app:%l+ .*%(.-app_spec.lua:%d+%)", err.message)
        assert.is_true(closed)
      end)
    end)

    it("from a handler, which is not waited for", function()
      live.run(function(here, new_app)
        local app, result = new_app(), nil
        app:command("/quit", function(c)
          c:ack "bye"
          result = app:stop(50)
        end)
        assert(app:start())
        local began = loop.now()
        assert.equal("bye", here:command { command = "/quit", user = "ada" }.ack.text)
        live.wait(function() return result ~= nil end)
        assert.is_true(result)
        assert.is_true(loop.now() - began < 30)
      end)
    end)
  end)

  describe("run", function()
    local function run(app)
      local outcome = {}
      local task = tasks.spawn(function() outcome.ok, outcome.err = app:run() end)
      while app.phase ~= "running" and not task:is_done() do tasks.sleep(0.005) end
      return task, outcome
    end

    for _, name in ipairs { "INT", "TERM" } do
      it("ends gracefully on SIG" .. name, function()
        live.run(function(here, new_app)
          local app = new_app()
          local task, outcome = run(app)
          assert(here:wait_connections(1))
          local stat <close> = assert(io.open("/proc/self/stat"))
          io.popen(("kill -%s %d"):format(name, stat:read "n")):close()
          assert(task:join(5))
          assert.is_true(outcome.ok)
          assert.equal("idle", app.phase)
        end)
      end)
    end

    it("ends at once while Slack cannot be reached", function()
      live.run(function(here, new_app)
        local app, outcome = new_app(), nil
        here:stop()
        local task = tasks.spawn(function() outcome = { app:run() } end)
        live.wait(function() return app.phase == "starting" end)
        assert.is_true(app:stop())
        assert(task:join(1))
        assert.same({ true }, outcome)
      end)
    end)

    it("ends with the error that kept the app from starting", function()
      live.run(function(_, new_app)
        local task, outcome = run(new_app { token = "xoxb-1-wrong" })
        assert(task:join(5))
        assert.equal("invalid_auth", outcome.err.code)
      end)
    end)

    it("ends with the error when the token is revoked while running (S232)", function()
      live.run(function(here, new_app)
        local app = new_app { connections = 1 }
        local task, outcome = run(app)
        here:fail("apps.connections.open", { error = "token_revoked" })
        here:connections()[1]:close()
        assert(task:join(5))
        assert.equal("token_revoked", outcome.err.code)
      end)
    end)
  end)

  it("can be driven by another loop", function()
    local app = slack.app { token = "xoxb-1-x", app_token = "xapp-1-x", log = "off" }
    assert.equal("r", app:events())
    assert.equal(loop.pollfd(), app:pollfd())
    local ran
    loop.defer(function() ran = true end)
    assert.equal(0, app:timeout())
    assert.is_true(app:step(0))
    assert.is_true(ran)
  end)

  it("reloads a script under traffic and loses nothing", function()
    local folder <close> = files.temporary()
    local function save(answer)
      files.write(folder.path .. "/new.tmp", ([[
        local app = ...
        local seen = app:state("seen", {})
        app:event("app_mention", function(c) table.insert(seen, c.event.ts .. " %s") end)
      ]]):format(answer))
      assert(os.rename(folder.path .. "/new.tmp", folder.path .. "/answer.lua"))
    end
    save "old"
    live.run(function(here, new_app)
      local app = new_app { scripts = folder.path }
      assert(app:start())
      local connections = #assert(here:wait_connections(2))
      for i = 1, 200 do
        here:deliver_event {
          type = "app_mention", user = "U1", channel = "C1", ts = ("%03d"):format(i),
        }
        if i == 60 then
          save "new"
        end
        tasks.sleep(0.001)
      end
      local seen = app:state "seen"
      live.wait(function() return #seen >= 200 end)
      table.sort(seen)
      assert.equal(200, #seen)
      assert.equal("001 old", seen[1])
      assert.equal("200 new", seen[200])
      for i, line in ipairs(seen) do
        assert.equal(("%03d"):format(i), line:sub(1, 3))
      end
      assert.equal(connections, #here:connections())
    end)
  end)
end)
