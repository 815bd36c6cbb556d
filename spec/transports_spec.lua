-- The same app behaves alike on Socket Mode, on HTTP and on both at once: every
-- behavior here is shown on each, and on both by way of either; and over RTM with an
-- HTTP side, but for what only the Events API has.

local Process = require "support.process"
local json = require "slack.json"
local live = require "support.live_app"
local tasks = require "slack.tasks"

local TRANSPORTS = live.TRANSPORTS
local HTTP = { host = "127.0.0.1", port = 0 }

local FORM = {
  type = "modal", callback_id = "order",
  title = { type = "plain_text", text = "Order" },
  submit = { type = "plain_text", text = "Send" },
  blocks = { {
    type = "input", block_id = "amount", label = { type = "plain_text", text = "How many?" },
    element = { type = "plain_text_input", action_id = "number" },
  }, {
    type = "section", block_id = "where", text = { type = "mrkdwn", text = "Where?" },
    accessory = { type = "external_select", action_id = "place", min_query_length = 0,
      placeholder = { type = "plain_text", text = "Choose" } },
  } },
}

local BUTTON = { {
  type = "actions", elements = { {
    type = "button", action_id = "press", value = "v",
    text = { type = "plain_text", text = "Press" },
  } },
} }

-- Runs fn once on an app of one transport; on "both" deliveries take turns.
local function on(transport, given, fn)
  live.run(function(here, new_app, lines)
    local options = { transport = transport, http = transport == "rtm" and HTTP or nil }
    for name, value in pairs(given.options or {}) do
      options[name] = value
    end
    local app = new_app(options)
    given.register(app)
    live.start(here, app)
    for _ = 1, transport == "both" and 2 or 1 do
      fn(here, app, lines)
    end
    for _, line in ipairs(lines) do
      assert.not_matches("ERROR", given.fails and "" or line)
    end
  end)
end

-- What is registered, then what is done and seen.
local BEHAVIORS = {
  ["answers a message, with what it captured"] = {
    register = function(app)
      app:message(require("slack").pattern "^deploy (%w+)", function(c)
        c:say("Deploying " .. c.matches[1])
      end)
    end,
    run = function(here)
      local said = here:say { user = "ada", channel = "general", text = "deploy shop" }
      assert(here:wait_message { channel = "general", text = "Deploying shop", after = said.ts })
    end,
  },
  ["answers a mention in its thread"] = {
    is_of_events_api = true,
    register = function(app)
      app:event("app_mention", function(c) c:reply "At your service" end)
    end,
    run = function(here, app)
      local said = here:say { user = "ada", channel = "general",
        text = ("<@%s> hi"):format(app.identity.user_id) }
      local answer = assert(here:wait_message { text = "At your service", after = said.ts })
      assert.equal(said.ts, answer.thread_ts)
    end,
  },
  ["asks a person, and has their answer and nobody else's"] = {
    register = function(app)
      app:message("deploy", function(c)
        local branch = c:ask "Which branch?"
        c:say("Deploying " .. branch.text .. " for " .. branch.user_id)
      end)
    end,
    run = function(here)
      local said = here:say { user = "ada", channel = "general", text = "deploy" }
      assert(here:wait_message { text = "Which branch?", after = said.ts })
      here:say { user = "grace", channel = "general", text = "hers" }
      here:say { user = "ada", channel = "general", text = "main" }
      local answer = assert(here:wait_message { text = "Deploying main for ", after = said.ts })
      assert.truthy(answer.text:find(said.user, 1, true))
    end,
  },
  ["acks a command with text, whatever its letters"] = {
    register = function(app)
      app:command("/echo", function(c) c:ack("„" .. c.command.text .. "“") end)
    end,
    run = function(here)
      local outcome = here:command { command = "/echo", text = "a+b & ü = 100%" }
      assert.equal("„a+b & ü = 100%“", outcome.ack.text)
    end,
  },
  ["takes what the handler returns for the ack, and sends one of two"] = {
    register = function(app)
      app:command("/back", function() return { text = "returned" } end)
      app:command("/twice", function(c)
        c:ack "first"
        c:ack "second"
      end)
    end,
    run = function(here)
      assert.equal("returned", here:command({ command = "/back" }).ack.text)
      assert.equal("first", here:command({ command = "/twice" }).ack.text)
    end,
  },
  ["changes a message whose button is pressed"] = {
    register = function(app)
      app:command("/button", function(c)
        c:ack()
        c:say { text = "A button", blocks = BUTTON }
      end)
      app:action("press", function(c)
        c:ack()
        c:update("Pressed: " .. c.action.value)
      end)
    end,
    run = function(here)
      here:command { command = "/button", channel = "general" }
      local message = assert(here:wait_message { text = "A button" })
      assert.equal(json.null, here:click({ message = message, action_id = "press" }).ack)
      assert(here:wait_message { text = "Pressed: v" })
      here:delete { message = message }
    end,
  },
  ["answers a modal with errors, then takes it; its menu with options"] = {
    register = function(app)
      app:command("/order", function(c)
        c:ack()
        c:open(FORM)
      end)
      app:options("place", function(c)
        local text = { type = "plain_text", text = c.options.value }
        c:ack { { text = text, value = "x" } }
      end)
      app:view("order", function(c)
        if not tonumber(c.view.state.values.amount.number.value) then
          return c:ack { response_action = "errors", errors = { amount = "A number, please" } }
        end
        c:ack()
      end)
    end,
    run = function(here)
      here:command { command = "/order" }
      local view = assert(here:wait(function() return here:view() end))
      local found = here:suggest { view = view, action_id = "place", value = "Par" }
      assert.equal("Par", found.ack.options[1].text.text)
      local refused = here:submit { values = { number = "many" } }
      assert.same({ amount = "A number, please" }, refused.ack.errors)
      assert.is_table(here:view())
      assert.equal(json.null, here:submit({ values = { number = "3" } }).ack)
      assert.is_nil(here:view())
    end,
  },
  ["takes shortcuts, of the workspace and of a message"] = {
    register = function(app)
      app:shortcut("note", function(c)
        c:ack()
        c:open(FORM)
      end)
    end,
    run = function(here)
      local message = here:say { user = "ada", channel = "general", text = "note this" }
      for _, about in ipairs { message, false } do
        here:shortcut { callback_id = "note", message = about or nil }
        here:close_view { view = assert(here:wait(function() return here:view() end)) }
      end
    end,
  },
  ["warns of what no listener takes, with the listener to write, and runs none"] = {
    register = function(app)
      app:command("/known", function() error "not this one" end)
    end,
    run = function(here, app, lines)
      local before = app:stats().unmatched
      local command = tasks.spawn(here.command, here, { command = "/unknown" })
      local shortcut = tasks.spawn(here.shortcut, here, { callback_id = "nowhere" })
      live.wait(function() return app:stats().unmatched == before + 2 end)
      command:cancel() -- over Socket Mode they are not answered
      shortcut:cancel()
      local log = table.concat(lines, "\n")
      assert.truthy(log:find('app:command("/unknown", function(c)', 1, true))
      assert.truthy(log:find('app:shortcut("nowhere", function(c)', 1, true))
    end,
  },
  ["tells of a command that failed, without its reasons, and lets a form stay open"] = {
    fails = true,
    register = function(app)
      app:command("/broken", function() error "the secret reason" end)
      app:shortcut("form", function(c)
        c:ack()
        c:open(FORM)
      end)
      app:view("order", function() error "the secret reason" end)
    end,
    run = function(here, _, lines)
      local outcome = here:command { command = "/broken" }
      assert.matches("did not work", outcome.ack.text)
      assert.not_matches("secret", json.encode(outcome.ack))
      here:shortcut { callback_id = "form" }
      local view = assert(here:wait(function() return here:view() end))
      local submission = tasks.spawn(here.submit, here, { values = { number = "3" } })
      live.wait(function() return table.concat(lines):find('view "order".-the secret reason') end)
      submission:cancel() -- not answered over Socket Mode
      assert.is_table(here:view())
      here:close_view { view = view }
      for i = 1, #lines do -- so that the next round waits for its own
        lines[i] = ""
      end
    end,
  },
  ["handles an event once that comes twice"] = {
    is_of_events_api = true,
    register = function(app)
      app:event("app_mention", function(c) table.insert(app:state "seen", c.event.ts) end)
    end,
    run = function(here, app)
      app.states.seen = {}
      local before = app:stats().duplicates
      local first = here:deliver_event { type = "app_mention", user = "U1", ts = "1.1" }
      assert(first:await_ack())
      assert(here:deliver("events_api", first.envelope.payload):await_ack())
      live.wait(function() return app:stats().duplicates == before + 1 end)
      assert.same({ "1.1" }, app.states.seen)
    end,
  },
  ["answers empty at the deadline for who has not, and warns by name"] = {
    options = { ack_deadline = 0.05 },
    register = function(app)
      app:command("/slow", function(c)
        live.wait(function() return c.request.deadline_passed end)
        c:ack "too late"
      end)
    end,
    run = function(here, _, lines)
      assert.equal(json.null, here:command({ command = "/slow" }).ack)
      live.wait(function() return table.concat(lines):find "c:ack: after the deadline" end)
      assert.matches('no ack in time from app:command "/slow"', table.concat(lines))
      for i = 1, #lines do -- so that the next round waits for its own
        lines[i] = ""
      end
    end,
  },
}

for name, behavior in pairs(BEHAVIORS) do
  describe("an app", function()
    for _, transport in ipairs(TRANSPORTS) do
      it(("%s (%s)"):format(name, transport), function()
        on(transport, behavior, behavior.run)
      end)
    end
    if not behavior.is_of_events_api then
      it(("%s (rtm)"):format(name), function()
        on("rtm", behavior, behavior.run)
      end)
    end
  end)
end

describe("an app on both transports", function()
  it("handles once what comes over both", function()
    local seen = 0
    on("both", {
      register = function(app) app:event("app_mention", function() seen = seen + 1 end) end,
    }, function(here, app)
      local before = app:stats().duplicates
      local first = here:deliver_event { type = "app_mention", user = "U1", channel = "C1" }
      assert(first:await_ack())
      assert(here:deliver("events_api", first.envelope.payload):await_ack())
      live.wait(function() return app:stats().duplicates == before + 1 end)
    end)
    assert.equal(2, seen)
  end)

  it("counts what came over each, and holds both when as many handlers run as may", function()
    local is_open, handled = false, 0
    on("both", {
      options = { max_in_flight = 2 },
      register = function(app)
        app:event("app_mention", function()
          handled = handled + 1
          live.wait(function() return is_open end)
        end)
      end,
    }, function(here, app)
      for _ = 1, 6 do
        here:deliver_event({ type = "app_mention", user = "U1", channel = "C1" }):await_ack()
      end
      if handled == 2 then
        live.wait(function() return app.transports:waiting() == 4 end)
        for _, transport in ipairs(app.transports) do
          assert.is_true(transport:waiting() > 0)
        end
        is_open = true
      end
      live.wait(function() return handled % 6 == 0 and app:stats().running == 0 end)
      live.wait(function() -- the connections' thread tells its counts after each round
        local stats = app:stats()
        return stats.http.accepted.event == handled // 2
          and stats.socket_mode.envelopes == handled // 2
      end)
    end)
  end)
end)

-- Its file is the same on every transport: the environment alone decides.
describe("examples/hello", function()
  local function environment(here, transport)
    local given = {
      SLACK_API_URL = here.api_url, SSL_CERT_FILE = here.ca_file, PORT = "0",
      SLACK_BOT_TOKEN = here.bot_token,
    }
    if transport ~= "http" then
      given.SLACK_APP_TOKEN = here.app_token
    end
    if transport ~= "socket" then
      given.SLACK_SIGNING_SECRET = here.signing_secret
    end
    given.SLACK_TRANSPORT = (transport == "both" or transport == "rtm") and transport or nil
    return given
  end

  local function start(here, transport)
    local bot = Process.lua("examples/hello/bot.lua",
      { environment = environment(here, transport) })
    local url
    live.wait(function()
      local line = bot:output():match "running as [^\n]*"
      url = line and line:match "HTTP on (%S+)"
      return line
    end)
    if transport == "http" or transport == "both" then
      here:deliver_over_http((assert(url, bot:output())))
    end
    here.delivery = transport == "both" and "alternate" or nil
    return bot
  end

  local function converse(here)
    local said = here:say { user = "ada", channel = "general", text = "hello" }
    assert(here:wait_message { text = "Hello, <@", after = said.ts })
    assert.matches("Where to%?", here:command({ command = "/lunch" }).ack.text)
    local asked = here:say { user = "ada", channel = "general", text = "I am hungry" }
    here:command { command = "/lunch", text = "Luigi's", channel = "general" }
    local question = assert(here:wait_message { text = "Lunch at Luigi's", after = asked.ts })
    here:click { message = question, action_id = "join_lunch", user = "grace" }
    assert(here:wait(function()
      local message = here:messages "general"
      for i = #message, 1, -1 do
        if message[i].ts == question.ts then
          return message[i].text:find("comes along? <@", 1, true)
        end
      end
    end))
    here:click { message = here:wait_message { text = "comes along? <@", after = asked.ts },
      action_id = "join_lunch", user = "grace" }
    assert(here:wait_message { text = "You are on the list", user = "grace", ephemeral = true,
      after = asked.ts })
  end

  for _, transport in ipairs(TRANSPORTS) do
    it("holds its conversation, chosen by the environment alone: " .. transport, function()
      tasks.run(function()
        local here <close> = assert(require("support.local_slack").start())
        local bot <close> = start(here, transport)
        for _ = 1, transport == "both" and 2 or 1 do
          converse(here)
        end
        bot:signal()
        live.wait(function() return not bot:is_running() end) -- with a Slack that answers it
        assert.equal(0, bot:wait(), bot:output())
      end)
    end)
  end

  it("hears and answers over RTM, chosen by the environment alone", function()
    tasks.run(function()
      local here <close> = assert(require("support.local_slack").start())
      local bot <close> = start(here, "rtm")
      local said = here:say { user = "ada", channel = "general", text = "hello" }
      assert(here:wait_message { text = "Hello, <@", after = said.ts })
      assert.equal(1, #here:calls "rtm.connect")
      bot:signal()
      live.wait(function() return not bot:is_running() end)
      assert.equal(0, bot:wait(), bot:output())
    end)
  end)
end)
