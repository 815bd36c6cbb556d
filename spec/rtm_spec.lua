-- Apps over RTM, against the local Slack.

local Process = require "support.process"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local samples = require "support.samples"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

local TIMINGS = { backoff_first = 0.01, backoff_maximum = 0.05 }

-- Runs fn(here, app, lines) with an app that is connected.
local function with(register, fn, options)
  live.run(function(here, new_app, lines)
    local all = { transport = "rtm", socket_mode = TIMINGS }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    local app = new_app(all)
    register(app)
    live.start(here, app)
    fn(here, app, lines)
  end)
end

local function nothing() end

local function logged(lines, pattern)
  for _, line in ipairs(lines) do
    if line:find(pattern) then
      return line
    end
  end
end

-- Waits until another connection is greeted.
local function reconnected(here, before)
  live.wait(function()
    for _, connection in ipairs(here.rtm.connections) do
      if connection ~= before and connection.ready then
        return true
      end
    end
  end)
end

describe("slack.rtm", function()
  it("is an app over RTM, of a token alone", function()
    live.run(function(here)
      local app <close> = slack.rtm {
        token = here.bot_token, api_url = here.api_url, ca_file = here.ca_file, log = "off",
      }
      app:message("hello", function(c) c:say("hello " .. c.user_id) end)
      assert(app:start())
      local said = here:say { user = "ada", channel = "general", text = "hello there" }
      assert(here:wait_message { text = "hello U", after = said.ts })
      assert.equal(1, #here:calls "rtm.connect")
      assert.equal(0, #here:calls "apps.connections.open")
      assert.is_true(app:stop())
      live.wait(function() return #here.rtm.connections == 0 end)
    end)
  end)

  it("tells at the caller's line what RTM has no use for", function()
    for _, case in ipairs {
      { { transport = "http" }, 'option "transport": for others than "rtm"' },
      { { app_token = "xapp-1-x" }, '"app_token" exclude each other: RTM connects with "token"' },
      { { connections = 2 }, '"connections" exclude each other: RTM has one connection' },
      { { workers = 2 }, '"workers" exclude each other' },
      { { authorize = nothing, token = false }, '"authorize" exclude each other.*one workspace' },
      { { signing_secret = "s" }, '"signing_secret" has no use .* give "http", too' },
      { { token = false }, 'option "token" is missing' },
    } do
      local options = { token = "xoxb-1-x", log = "off" }
      for name, value in pairs(case[1]) do
        options[name] = value
      end
      options.token = options.token or nil
      local ok, message = pcall(function() slack.rtm(options) end)
      assert.is_false(ok)
      assert.matches("rtm_spec.lua:%d+: slack%.rtm: ", message)
      assert.matches(case[2], message)
    end
  end)

  it("says what Slack has against the token", function()
    live.run(function(here, new_app)
      here:fail("rtm.connect", { error = "not_allowed_token_type" })
      local ok, err = new_app({ transport = "rtm" }):start()
      assert.is_nil(ok)
      assert.equal("not_allowed_token_type", err.code)
      assert.matches("RTM: .*only tokens of classic apps", tostring(err))
    end)
  end)
end)

describe("an event over RTM", function()
  it("comes in the body of the Events API, unacked and never a retry", function()
    local seen
    with(function(app)
      app:event("reaction_added", function(c) seen = c end)
    end, function(here, app)
      local message = here:say { user = "ada", channel = "general", text = "x" }
      here:react { message = message, user = "grace", name = "eyes" }
      live.wait(function() return seen end)
      assert.equal("event_callback", seen.body.type)
      assert.equal(app.identity.team_id, seen.team_id)
      assert.equal(message.channel, seen.channel_id)
      assert.equal("eyes", seen.event.reaction)
      assert.is_nil(seen.retry)
    end)
  end)

  it("of a direct message says so, though RTM does not", function()
    local seen
    with(function(app)
      app:event("message", function(c) seen = c end)
    end, function(here)
      here:deliver_event { type = "message", channel = "D012345", user = "U1", text = "psst",
        ts = "1.1" }
      live.wait(function() return seen end)
      assert.equal("im", seen.event.channel_type)
    end)
  end)

  it("of presence comes for several people at once only where batches were asked for", function()
    local seen = {}
    with(function(app)
      app:event("presence_change", function(c) table.insert(seen, c.event) end)
    end, function(here)
      local connection = here.rtm.connections[1]
      local query = json.encode { id = 99, type = "presence_query", ids = { "U1", "U2" } }
      here.rtm:on_text(connection, query, 0)
      live.wait(function() return #seen == 1 end)
      assert.same({ "U1", "U2" }, seen[1].users)
      connection.batches = false
      here.rtm:on_text(connection, query, 0)
      live.wait(function() return #seen == 3 end)
      assert.same({ "U1", "U2" }, { seen[2].user, seen[3].user })
    end)
  end)

  it("of presence, of one or of several people, reaches app:event", function()
    local users = {}
    with(function(app)
      app:event("presence_change", function(c)
        for _, id in ipairs(c.event.users or { c.event.user }) do
          table.insert(users, id)
        end
      end)
    end, function(here, app)
      assert.is_true(app.rtm:presence_sub { "U1", "U2" })
      live.wait(function() return #users == 2 end)
      here:deliver_event { type = "presence_change", user = "U3", presence = "away" }
      live.wait(function() return #users == 3 end)
      local connection = here.rtm.connections[1]
      connection:goodbye()
      reconnected(here, connection)
      live.wait(function() return #users == 5 end) -- subscribed again
      assert.same({ "U1", "U2", "U3", "U1", "U2" }, users)
    end)
  end)

  it("is passed over when the bot itself did it by the Web API", function()
    local seen = {}
    with(function(app)
      app:message(function(c)
        table.insert(seen, c.message.text)
        c:say "by the API"
      end)
    end, function(here, app)
      local said = here:say { user = "ada", channel = "general", text = "go" }
      assert(here:wait_message { text = "by the API", after = said.ts })
      here:say { user = "ada", channel = "general", text = "once more" }
      live.wait(function() return #seen == 2 end)
      assert.same({ "go", "once more" }, seen)
      assert.is_true(app:stats().ignored >= 1)
    end)
  end)

end)

-- The frames of the collection of samples beside the project, where there is one.
describe("a sample frame of RTM", function()
  local EVENTS <const> = {
    channel_joined = { "channel_joined" }, message = { "message", "U03ADA5K1QW" },
    ["desktop_notification-ignore"] = { "desktop_notification" },
    presence_change = { "presence_change", "U03ADA5K1QW" },
    ["presence_change--batched"] = { "presence_change" },
    user_typing = { "user_typing", "U03ADA5K1QW" },
  }

  if not samples.ARE_THERE then
    return
  end

  local function sample(name)
    return files.read(samples.PATH .. "rtm/" .. name .. ".json")
  end

  for name, expected in pairs(EVENTS) do
    it(name .. " reaches app:event with its fields", function()
      local seen
      with(function(app)
        app:event(expected[1], function(c) seen = c end)
      end, function(here)
        here.rtm.connections[1]:send(sample(name))
        live.wait(function() return seen end)
        assert.same(json.decode(sample(name)), seen.event)
        assert.equal(expected[2], seen.user_id)
        assert.equal(name:find "presence" and "" or "C07DEPLOY42", seen.channel_id or "")
      end)
    end)
  end

  for _, name in ipairs { "goodbye", "error-url-expired", "team_migration_started" } do
    it(name .. " leads to another connection", function()
      with(nothing, function(here)
        local before = here.rtm.connections[1]
        before:send(sample(name))
        reconnected(here, before)
      end)
    end)
  end

  it("that is about the connection or a reply harms nobody", function()
    local seen = {}
    with(function(app)
      app:event(slack.pattern ".", function(c) table.insert(seen, c.type) end)
    end, function(here, app)
      local names = { "hello", "pong", "reconnect_url", "reply-ok", "reply-error", "message" }
      for _, name in ipairs(names) do
        here.rtm.connections[1]:send(sample(name))
      end
      live.wait(function() return seen[1] end)
      assert.same({ "message" }, seen)
      assert.equal(1, app:stats().rtm.ready)
    end)
  end)
end)

describe("an RTM connection", function()
  for name, ending in pairs {
    ["a goodbye"] = function(connection) connection:goodbye() end,
    ["team_migration_started"] = function(connection)
      connection:send { type = "team_migration_started" }
    end,
    ["an expired URL"] = function(connection)
      connection:send { type = "error", error = { code = 1, msg = "Socket URL has expired" } }
    end,
    ["a close"] = function(connection) connection:close() end,
    ["a reset"] = function(connection) connection:reset() end,
    ["silence"] = function(connection) connection:silence() end,
  } do
    it("is made again after " .. name .. ", and the gap is told with its length", function()
      local seen = {}
      with(function(app)
        app:message(function(c) table.insert(seen, c.message.text) end)
      end, function(here, app, lines)
        local connection = here.rtm.connections[1]
        connection:send { type = "reconnect_url", url = "wss://elsewhere/" }
        ending(connection)
        reconnected(here, connection)
        live.wait(function() return logged(lines, "there was no connection for %d+%.%d s") end)
        here:say { user = "ada", channel = "general", text = "afterwards" }
        live.wait(function() return seen[1] end)
        assert.same({ "afterwards" }, seen)
        assert.equal(1, app:stats().rtm.gaps)
        for _, line in ipairs(lines) do
          assert.not_matches("/websocket/", line)
        end
      end, { socket_mode = {
        backoff_first = 0.01, backoff_maximum = 0.05, ping_interval = 0.2, pong_timeout = 0.2,
      } })
    end)
  end

  it("is made anew when Slack finds its URL too old", function()
    live.run(function(here, new_app, lines)
      here.rtm.url_lifetime = -1
      local app = new_app { transport = "rtm", socket_mode = TIMINGS }
      local start = tasks.spawn(app.start, app)
      live.wait(function() return logged(lines, "the URL has expired") end)
      here.rtm.url_lifetime = 30
      assert(start:join())
      assert.equal("running", app:stats().phase)
      assert.equal(0, app:stats().rtm.gaps)
    end)
  end)

  it("brings what the handlers that still run wait for, and nothing new, at a stop", function()
    local began, answers, is_open = 0, {}, false
    with(function(app)
      app:message(function(c)
        began = began + 1
        live.wait(function() return is_open end)
        table.insert(answers, (app.rtm:send { channel = c.channel_id, text = "done" }))
      end)
    end, function(here, app)
      here:say { user = "ada", channel = "general", text = "one" }
      live.wait(function() return began == 1 end)
      local stop = tasks.spawn(app.stop, app)
      live.wait(function() return app:stats().phase == "stopping" end)
      here:say { user = "ada", channel = "general", text = "two" }
      is_open = true
      assert(stop:join())
      assert.equal(1, #answers)
      assert.equal(1, began)
      local message, err = app.rtm:send { channel = "C1", text = "x" }
      assert.is_nil(message)
      assert.equal("closed", err.code)
    end)
  end)
end)

describe("an app over RTM", function()
  it("warns of listeners for what RTM never brings", function()
    with(function(app)
      app:command("/x", nothing)
      app:action("press", nothing)
      app:message("x", nothing)
    end, function(_, _, lines)
      assert.truthy(logged(lines, "never called: command, action; for them give http"))
    end)
    with(function(app) app:message("x", nothing) end, function(_, _, lines)
      assert.is_nil(logged(lines, "never called"))
    end)
  end)

  -- Opening a pipe waits in the kernel until somebody opens its other end.
  it("sends its pings while a handler keeps Lua busy", function()
    local directory <close> = files.temporary()
    assert(os.execute(("mkfifo %s/gate"):format(directory.path)))
    files.write(directory.path .. "/bot.lua", [[
      local app = require("slack").rtm {
        socket_mode = { ping_interval = 0.05, pong_timeout = 30 },
      }
      app:message("wait", function(c)
        io.stderr:write "waiting\n"
        io.open("gate"):close()
        c:say "done"
      end)
      app:run()
    ]])
    tasks.run(function()
      local here <close> = assert(sandbox.start())
      local bot <close> = Process.lua("bot.lua", { directory = directory.path, environment = {
        SLACK_API_URL = here.api_url, SSL_CERT_FILE = here.ca_file,
        SLACK_BOT_TOKEN = here.bot_token,
      } })
      assert(here.rtm:wait_ready(), bot:output())
      here:say { text = "wait" }
      live.wait(function() return bot:output():find "waiting" end)
      local connection = here.rtm.connections[1]
      local before = #connection.frames
      live.wait(function() return #connection.frames >= before + 5 end)
      assert.equal("ping", connection.frames[#connection.frames].type)
      assert.equal(0, #here:calls "chat.postMessage")
      assert(io.open(directory.path .. "/gate", "r+")):close()
      assert(here:wait_message { text = "done" })
      assert.equal(connection, here.rtm.connections[1])
    end)
  end)
end)

describe("app.rtm:send", function()
  it("gives the message as soon as Slack has taken it", function()
    with(nothing, function(here, app)
      local channel = here.workspace:find_channel "general"
      local said = here:say { user = "ada", channel = "general", text = "x" }
      local message = assert(app.rtm:send {
        channel = channel.id, text = "ü & <@U1>", thread_ts = said.ts,
      })
      local posted = assert(here:wait_message { text = "ü & <@U1>" })
      assert.equal(posted.ts, message.ts)
      assert.equal(said.ts, message.thread_ts)
      assert(message:update "other words")
      assert(here:wait_message { text = "other words" })
      assert(app.rtm:send {
        channel = channel.id, text = "for all", thread_ts = said.ts, reply_broadcast = true,
      })
      assert.equal("thread_broadcast", assert(here:wait_message { text = "for all" }).subtype)
    end)
  end)

  it("gives Slack's reason when it refuses", function()
    with(nothing, function(_, app)
      local message, err = app.rtm:send { channel = "C404", text = "x" }
      assert.is_nil(message)
      assert.equal("rtm_error", err.code)
      assert.equal(-1, err.number)
      assert.equal("channel_not_found", err.text)
      assert.matches("app.rtm:send: .*channel_not_found", tostring(err))
    end)
  end)

  it("gets replies though as many handlers run as may", function()
    local sent = 0
    with(function(app)
      app:message(function(c)
        if app.rtm:send { channel = c.channel_id, text = "re: " .. c.message.text } then
          sent = sent + 1
        end
      end)
    end, function(here)
      for i = 1, 2 do
        here:say { user = "ada", channel = "general", text = tostring(i) }
      end
      live.wait(function() return sent == 2 end)
    end, { max_in_flight = 1 })
  end)
end)

describe("with an HTTP side an app over RTM", function()
  it("takes commands and interactions there", function()
    with(function(app)
      app:command("/echo", function(c) c:ack(c.command.text) end)
      app:message("hello", function(c) c:say "hello" end)
    end, function(here)
      assert.equal("x", here:command({ command = "/echo", text = "x" }).ack.text)
      local said = here:say { user = "ada", channel = "general", text = "hello" }
      assert(here:wait_message { text = "hello", after = said.ts })
    end, { http = { host = "127.0.0.1", port = 0 } })
  end)
end)

