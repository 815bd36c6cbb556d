local client = require "slack.client"
local core = require "slack.core"
local http = require "slack.http"
local json = require "slack.json"
local lfs = require "lfs"
local logs = require "slack.log"
local loop = require "slack.loop"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

-- An app that is nothing but the C side of Socket Mode: it notes every envelope
-- and answers those that want an answer with what `answers` holds for their type.
local function connect_app(sb, log, options)
  local app = { envelopes = {}, answers = {}, states = {} }
  app.source = loop.register(function(kind, ...)
    if kind == "event" then
      local event, _, rest, _, _, attempt, reason = ...
      local payload = json.decode(rest)
      payload.event = event
      app.envelopes[#app.envelopes + 1] = {
        type = "events_api", payload = payload, attempt = attempt or 0, reason = reason or "",
      }
      sb:changed()
    elseif kind == "envelope" then
      local type, payload, token, id, attempt, reason = ...
      app.envelopes[#app.envelopes + 1] = {
        type = type, payload = json.decode(payload), id = id, attempt = attempt, reason = reason,
      }
      if token ~= 0 then
        app.mode:ack(token, app.answers[type])
      end
      sb:changed()
    elseif kind == "connection" then
      table.insert(app.states, (...))
    end
  end)
  local settings = {
    api_url = sb.api_url,
    app_token = sb.app_token,
    client = http.core_client(),
    net = assert(http.net { ca_file = sb.ca_file, proxy = "" }),
    log = log:core(),
    notices = loop.mailbox(),
    events = loop.mailbox(),
    source = app.source,
    connections = 1,
  }
  for key, value in pairs(options or {}) do
    settings[key] = value
  end
  app.mode = assert(core.socket_mode(settings))
  function app:close()
    self.mode:close()
    loop.unregister(self.source)
  end
  function app:events(type)
    local found = {}
    for _, envelope in ipairs(self.envelopes) do
      local event = envelope.payload.event
      if event and event.type == type then
        found[#found + 1] = event
      end
    end
    return found
  end
  return app
end

describe("sandbox", function()
  local sb, app, api, log, lines

  local function start(options, app_options)
    options = options or {}
    options.log = log
    sb = assert(sandbox.start(options))
    api = client.new {
      token = sb.bot_token, api_url = sb.api_url, ca_file = sb.ca_file, proxy = "", log = log,
      retries = 0,
    }
    if app_options ~= false then
      app = connect_app(sb, log, app_options)
      assert(sb:wait_connections(app_options and app_options.connections or 1))
    end
    return sb
  end

  local function post(path, headers, body)
    return assert(http.request {
      method = "POST", url = sb.url .. path, headers = headers, body = body,
      net = assert(http.net { ca_file = sb.ca_file, proxy = "" }),
    })
  end

  before_each(function()
    lines = {}
    log = logs.new { level = "debug", sink = function(line) lines[#lines + 1] = line end }
  end)

  after_each(function()
    if app then
      app:close()
      app = nil
    end
    if sb then
      sb:stop()
      sb = nil
    end
  end)

  describe("given what it does not know", function()
    before_each(function() start({}, false) end)

    local message = { ts = "1.2", channel = "general" }
    for problem, mistake in pairs {
      ['sandbox:fail: a table expected, got a string: { error = "ratelimited" }?'] =
        function() sb:fail("chat.postMessage", "ratelimited") end,
      ['sandbox:fail: unknown field "eror"; did you mean "error"?'] =
        function() sb:fail("chat.postMessage", { eror = "fatal_error" }) end,
      ['sandbox:fail: one of error, status, body, delay and drop is needed'] =
        function() sb:fail("chat.postMessage", { times = 1 }) end,
      ['sandbox:fail: field "status": an HTTP status from 200 to 599 expected, got 5'] =
        function() sb:fail("*", { status = 5 }) end,
      ['sandbox:fail: field "times": at least 1 expected, got 0'] =
        function() sb:fail("*", { drop = true, times = 0 }) end,
      ['sandbox:fail: the name of a method or "*" expected, got nil'] =
        function() sb:fail(nil, { drop = true }) end,
      ['sandbox:say: field "text": string expected, got number'] =
        function() sb:say { text = 5 } end,
      ['sandbox: field "text" or "blocks" is needed'] = function() sb:say { user = "ada" } end,
      ['sandbox:say: a table expected, got string'] = function() sb:say "hello" end,
      ['sandbox:wait_message: unknown field "txt"; did you mean "text"?'] =
        function() sb:wait_message { txt = "hello" } end,
      ['sandbox:wait: condition: function expected, got nil'] = function() sb:wait() end,
      ['sandbox:react: field "message" is missing'] = function() sb:react { name = "wave" } end,
      ['sandbox:unreact: field "name" is missing'] =
        function() sb:unreact { message = message } end,
      ['sandbox: there is no message 1.2 in #general'] =
        function() sb:edit { message = message, text = "x" } end,
      ['sandbox:delete: field "message" is missing'] = function() sb:delete {} end,
      ['sandbox:join: field "user" is missing'] = function() sb:join { channel = "general" } end,
      ['sandbox:open_home: unknown field "usr"'] = function() sb:open_home { usr = "ada" } end,
      ['sandbox:command: field "command" is missing'] = function() sb:command { text = "x" } end,
      ['sandbox:click: field "action_id" is missing'] =
        function() sb:click { message = message } end,
      ['sandbox:suggest: field "value": string expected, got number'] =
        function() sb:suggest { message = message, action_id = "a", value = 5 } end,
      ['sandbox:shortcut: field "callback_id" is missing'] = function() sb:shortcut {} end,
      ['sandbox:submit: unknown field "value"; did you mean "values"?'] =
        function() sb:submit { value = {} } end,
      ['sandbox:close_view: unknown field "cleared"'] =
        function() sb:close_view { cleared = true } end,
      ['sandbox: there is no user nobody'] = function() sb:say { user = "nobody", text = "x" } end,
    } do
      it("raises at the caller's line: " .. problem, function()
        local fine, raised = pcall(mistake)
        assert.is_false(fine)
        assert.matches("^spec/sandbox_spec.lua:%d+: ", raised)
        assert.truthy(raised:find(problem, 1, true), raised)
      end)
    end
  end)

  describe("Web API", function()
    before_each(function() start({}, false) end)

    for name, case in pairs {
      ["no token"] = { nil, "auth.test", "not_authed" },
      ["a strange token"] = { "xoxb-none", "auth.test", "invalid_auth" },
      ["a bot token where an app token belongs"] =
        { "bot_token", "apps.connections.open", "not_allowed_token_type" },
      ["an app token where a bot token belongs"] =
        { "app_token", "auth.test", "not_allowed_token_type" },
      ["a method that does not exist"] = { "bot_token", "no.method", "unknown_method" },
      ["a method with another's name"] = { "bot_token", "chat.post_message", "unknown_method" },
    } do
      it(("answers %s with %s"):format(name, case[3]), function()
        local token = case[1] and (sb[case[1]] or case[1])
        local headers = { "Content-Type", "application/x-www-form-urlencoded" }
        if token then
          table.move({ "Authorization", "Bearer " .. token }, 1, 2, 3, headers)
        end
        local answer = assert(post("api/" .. case[2], headers, ""):json())
        assert.are.same({ false, case[3] }, { answer.ok, answer.error })
      end)
    end

    it("takes forms and JSON alike, and tells the granted scopes", function()
      local bearer = "Bearer " .. sb.bot_token
      local form = post("api/chat.postMessage", { "Authorization", bearer },
        "channel=general&text=a+b%26c&blocks=%5B%5D")
      assert.are.equal("a b&c", form:json().message.text)
      assert.truthy(form.headers["X-OAuth-Scopes"]:find("chat:write", 1, true))
      local answer = post("api/chat.postMessage", {
        "Authorization", bearer, "Content-Type", "application/json; charset=utf-8",
      }, '{"channel":"general","text":"from JSON"}')
      assert.are.equal("from JSON", answer:json().message.text)
      assert.are.same({ "a b&c", "from JSON" }, {
        sb:messages("general")[1].text, sb:messages("general")[2].text,
      })
    end)

    it("keeps a message through its life", function()
      local posted = assert(api.chat.postMessage { channel = "general", text = "one" })
      local place = { channel = posted.channel, ts = posted.ts }
      assert(api.chat.update { channel = place.channel, ts = place.ts, text = "two" })
      assert(api.reactions.add { channel = place.channel, timestamp = place.ts, name = "tada" })
      local history = assert(api.conversations.history { channel = place.channel })
      assert.are.same({ "two", "tada" }, {
        history.messages[1].text, history.messages[1].reactions[1].name,
      })
      assert(api.chat.delete(place))
      assert.are.equal(0, #sb:messages "general")
    end)

    it("keeps threads", function()
      local root = assert(api.chat.postMessage { channel = "general", text = "root" })
      assert(api.chat.postMessage { channel = "general", text = "reply", thread_ts = root.ts })
      local replies = assert(api.conversations.replies { channel = root.channel, ts = root.ts })
      assert.are.equal(2, #replies.messages)
      assert.are.equal(1, replies.messages[1].reply_count)
      assert.are.equal(1, #api.conversations.history({ channel = root.channel }).messages)
    end)

    it("takes names of channels, and people, only where Slack does: in what posts", function()
      local sent = assert(api.chat.postMessage { channel = "#general", text = "x" })
      local ada = sb.workspace:find_user "ada".id
      assert(api.chat.postMessage { channel = ada, text = "x" })
      for method, args in pairs {
        ["conversations.history"] = {}, ["conversations.info"] = {}, ["conversations.members"] = {},
        ["conversations.replies"] = { ts = sent.ts },
        ["chat.update"] = { ts = sent.ts, text = "y" },
        ["reactions.add"] = { timestamp = sent.ts, name = "tada" },
      } do
        for _, name in ipairs { "general", "#general", ada } do
          args.channel = name
          local _, err = api:call(method, args)
          assert.equal("channel_not_found", err and err.code, method)
        end
        args.channel = sent.channel
        assert(api:call(method, args))
      end
    end)

    for name, case in pairs {
      channel_not_found = { "chat.postMessage", { channel = "nowhere", text = "x" } },
      no_text = { "chat.postMessage", { channel = "general", text = "" } },
      message_not_found = { "chat.update", { ts = "1.000000", text = "x" } },
      invalid_blocks = { "chat.postMessage", { channel = "general", blocks = { { text = "x" } } } },
      user_not_found = { "users.info", { user = "U0NOBODY" } },
      invalid_trigger_id = { "views.open", {
        trigger_id = "1.2.x",
        view = { type = "modal", title = { type = "plain_text", text = "x" }, blocks = {} },
      } },
    } do
      it(("fails with %s"):format(name), function()
        case[2].channel = case[2].channel or sb.workspace:find_channel "general".id
        local answer, err = api:call(case[1], case[2])
        assert.is_nil(answer)
        assert.are.equal(name, err.code)
      end)
    end

    it("fails on demand, so many times (S246)", function()
      sb:fail("chat.postMessage", { error = "ratelimited", retry_after = 7, times = 1 })
      local answer = post("api/chat.postMessage", { "Authorization", "Bearer " .. sb.bot_token },
        "channel=general&text=x")
      assert.are.same({ 429, "7" }, { answer.status, answer.headers["Retry-After"] })
      assert(api.chat.postMessage { channel = "general", text = "x" })
      sb:fail("chat.postMessage", { status = 502, body = "<h1>Bad</h1>" })
      local _, err = api.chat.postMessage { channel = "general", text = "x" }
      assert.are.equal(502, err.status)
    end)

    it("lists channels page by page", function()
      local first = assert(api.conversations.list { limit = 1 })
      local cursor = first.response_metadata.next_cursor
      assert.are_not.equal("", cursor)
      local second = assert(api.conversations.list { limit = 1, cursor = cursor })
      assert.are.equal("", second.response_metadata.next_cursor)
      assert.are_not.equal(first.channels[1].id, second.channels[1].id)
    end)
  end)

  describe("Socket Mode", function()
    it("greets, delivers what people say, and gets acks (S201, S214)", function()
      start()
      local message = sb:say { user = "ada", channel = "general", text = "hello" }
      local event = sb:wait(function() return app:events "message"[1] end)
      assert.are.same({ "hello", message.ts, message.channel, "channel" },
        { event.text, event.ts, event.channel, event.channel_type })
      local acks = sb:connections()[1].acks
      assert.is_true(sb:wait(function() return #acks == 1 end))
    end)

    it("turns an eleventh connection of the app away, as Slack does", function()
      start({}, { connections = 10, stagger = 0 })
      local ten = { table.unpack(sb:connections()) }
      local another = connect_app(sb, log)
      local function is_told()
        return table.concat(lines, "\n"):find("too many connections", 1, true)
      end
      assert.truthy(sb:wait(is_told), "the eleventh was not turned away")
      another:close()
      assert.truthy(sb:wait(function() return #sb:connections() == 10 end))
      assert.same(ten, sb:connections())
    end)

    it("works in plain text too", function()
      start { tls = false }
      assert.is_nil(sb.ca_file)
      assert.truthy(sb.api_url:find "^http://")
      sb:say { text = "hello" }
      assert.truthy(sb:wait(function() return app:events "message"[1] end))
    end)

    it("tells of a mention twice, as message and as app_mention", function()
      start()
      sb:say { text = ("<@%s> hi"):format(sb.workspace.bot.user_id) }
      local mention = sb:wait(function() return app:events "app_mention"[1] end)
      assert.are.equal(mention.ts, app:events "message"[1].ts)
    end)

    it("tells the app of its own messages, with its bot_id", function()
      start()
      assert(api.chat.postMessage { channel = "general", text = "from the bot" })
      local event = sb:wait(function() return app:events "message"[1] end)
      assert.are.equal(sb.workspace.bot.id, event.bot_id)
    end)

    it("shows a reply in the channel too, of the app and of people, when asked to", function()
      start()
      local root = sb:say { text = "root" }
      assert(api.chat.postMessage {
        channel = "general", text = "hidden", thread_ts = root.ts, reply_broadcast = false,
      })
      assert(api.chat.postMessage {
        channel = "general", text = "shown", thread_ts = root.ts, reply_broadcast = true,
      })
      sb:say { text = "said", thread_ts = root.ts, reply_broadcast = true }
      sb:wait(function() return #app:events "message" == 4 end)
      local subtypes, texts = {}, {}
      for _, event in ipairs(app:events "message") do
        subtypes[event.text] = event.subtype or "none"
      end
      for i, message in ipairs(api.conversations.history({ channel = root.channel }).messages) do
        texts[i] = message.text
      end
      assert.same({
        root = "none", hidden = "none", shown = "thread_broadcast", said = "thread_broadcast",
      }, subtypes)
      assert.same({ "said", "shown", "root" }, texts)
    end)

    it("shows the ack of a command to who typed it", function()
      start()
      app.answers.slash_commands = '{"text":"only for you"}'
      local outcome = sb:command { command = "/go", text = "now", user = "ada" }
      assert.are.equal("only for you", outcome.ack.text)
      assert.are.equal("only for you", sb:ephemeral("ada")[1].text)
      assert.are.equal(0, #sb:messages())
      local payload = app.envelopes[1].payload
      assert.are.same({ "/go", "now" }, { payload.command, payload.text })
    end)

    it("delivers clicks with a response_url that works five times (S188)", function()
      start()
      local posted = assert(api.chat.postMessage {
        channel = "general", text = "choose",
        blocks = { { type = "actions", elements = { {
          type = "button", action_id = "yes", value = "1",
          text = { type = "plain_text", text = "Yes" },
        } } } },
      })
      local outcome = sb:click { message = sb:messages()[1], action_id = "yes", user = "grace" }
      assert.are.equal(json.null, outcome.ack)
      local url = outcome.response_url:sub(#sb.url + 1)
      local headers = { "Content-Type", "application/json" }
      local answer = post(url, headers, '{"replace_original":true,"text":"chosen"}')
      assert.are.equal(200, answer.status)
      assert.are.equal("chosen", sb:messages()[1].text)
      assert.are.equal(posted.ts, sb:messages()[1].ts)
      for _ = 1, 4 do
        assert.are.equal(200, post(url, headers, '{"text":"more"}').status)
      end
      assert.are.equal(404, post(url, headers, '{"text":"too many"}').status)
    end)

    it("delivers in turn to several connections", function()
      start({}, { connections = 2 })
      for i = 1, 4 do
        sb:say { text = "message " .. i }
      end
      sb:wait(function() return #app:events "message" == 4 end)
      for _, connection in ipairs(sb:connections()) do
        assert.is_true(sb:wait(function() return #connection.acks == 2 end))
      end
    end)

    it("keeps what happens while nobody is connected", function()
      start({}, false)
      sb:say { text = "early" }
      app = connect_app(sb, log)
      assert.are.equal("early", sb:wait(function() return app:events "message"[1] end).text)
    end)

    it("replaces a connection on disconnect without losing an event (S206)", function()
      start()
      local old = sb:connections()[1]
      old:disconnect "refresh_requested"
      sb:say { text = "in between" }
      assert.is_true(old:wait_closed())
      assert.truthy(sb:wait(function() return app:events "message"[1] end))
      assert.are.equal(1, #sb:connections())
    end)

    it("delivers again what is not acked, and says why", function()
      start({ ack_timeout = 0.05, retry_delays = { 0, 0.05 } }, false)
      app = connect_app(sb, log)
      assert(sb:wait_connections())
      local silent = sb:connections()[1]
      silent:silence()
      local delivery = sb:deliver_event({ type = "app_mention", text = "x" })
      sb:wait(function() return #delivery.attempts == 3 end)
      assert.are.same({ 2, "timeout" }, {
        delivery.envelope.retry_attempt, delivery.envelope.retry_reason,
      })
    end)

    it("measures acks on the wire, also while Lua is busy", function()
      start()
      local delivery = sb:deliver_event({ type = "app_mention", text = "x" })
      local deadline = core.monotonic() + 60
      repeat -- until the event and its ack wait for Lua
        os.execute "sleep 0.01"
      until loop.mailbox():load() >= 2 or core.monotonic() > deadline
      local noticed = core.monotonic()
      os.execute "sleep 0.05"
      delivery:await_ack()
      assert.is_true(delivery.acked_at <= noticed)
      assert.equal(delivery.acked_at - delivery.attempts[1].at, delivery:ack_time())
    end)

    it("sends frames cut into fragments", function()
      start()
      local delivery = sb:deliver_event({ type = "app_mention", text = "x" }, { fragments = 5 })
      assert.are.equal(json.null, delivery:await_ack())
    end)

    it("refuses upgrades on demand (S205)", function()
      start({}, false)
      sb:refuse_upgrades(409)
      app = connect_app(sb, log, { backoff_first = 0.01, backoff_maximum = 0.05 })
      sb:wait(function() return #sb:calls "apps.connections.open" >= 2 end)
      assert.are.equal(0, #sb:connections())
      sb:refuse_upgrades(0)
      assert.truthy(sb:wait_connections())
    end)

    it("uses a ticket for one connection only", function()
      start()
      local target = sb:connections()[1].target
      local answer = http.request {
        url = sb.url:gsub(":%d+/$", ":" .. sb.server:websocket_port()) .. target,
        net = assert(http.net { ca_file = sb.ca_file, proxy = "" }),
        headers = {
          "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13",
          "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==",
        },
      }
      assert.are.equal(403, answer.status)
    end)
  end)

  describe("views and shortcuts", function()
    local MODAL <const> = {
      type = "modal",
      callback_id = "order",
      title = { type = "plain_text", text = "Order" },
      submit = { type = "plain_text", text = "Go" },
      notify_on_close = true,
      blocks = {
        {
          type = "input", block_id = "what",
          label = { type = "plain_text", text = "What?" },
          element = { type = "plain_text_input", action_id = "item" },
        },
        {
          type = "input", block_id = "kind", optional = true,
          label = { type = "plain_text", text = "Kind?" },
          element = { type = "external_select", action_id = "pick" },
        },
      },
    }

    local function open_modal(view)
      local outcome = sb:shortcut { callback_id = "start", user = "ada" }
      return assert(api.views.open { trigger_id = outcome.trigger_id, view = view or MODAL }).view
    end

    before_each(function() start() end)

    it("opens a modal for a trigger_id, once", function()
      local outcome = sb:shortcut { callback_id = "start" }
      assert(api.views.open { trigger_id = outcome.trigger_id, view = MODAL })
      assert.are.equal("order", sb:view().callback_id)
      local _, err = api.views.open { trigger_id = outcome.trigger_id, view = MODAL }
      assert.are.equal("exchanged_trigger_id", err.code)
      local payload = app.envelopes[1].payload
      assert.are.same({ "shortcut", "start" }, { payload.type, payload.callback_id })
      assert.is_nil(payload.channel)
    end)

    it("submits what people typed; an empty ack closes the modal", function()
      open_modal()
      sb:submit { values = { item = "soup" }, user = "ada" }
      assert.is_nil(sb:view())
      local payload = app.envelopes[2].payload
      assert.are.equal("view_submission", payload.type)
      local values = payload.view.state.values
      assert.are.equal("soup", values.what.item.value)
      assert.are.equal(json.null, values.kind.pick.selected_option)
    end)

    it("keeps the modal open for errors, and replaces or stacks it when told so", function()
      local first = open_modal()
      app.answers.interactive = '{"response_action":"errors","errors":{"what":"no"}}'
      assert.are.equal("no", sb:submit({ values = { item = "soup" } }).ack.errors.what)
      assert.are.equal(first.id, sb:view().id)
      local another = assert(json.encode(MODAL)):gsub("order", "second")
      app.answers.interactive = ('{"response_action":"update","view":%s}'):format(another)
      sb:submit { values = { item = "soup" } }
      assert.are.same({ first.id, "second" }, { sb:view().id, sb:view().callback_id })
      app.answers.interactive = ('{"response_action":"push","view":%s}'):format(another)
      sb:submit { values = { item = "soup" } }
      assert.are.equal(first.id, sb:view().previous_view_id)
      app.answers.interactive = '{"response_action":"clear"}'
      sb:submit { values = { item = "soup" } }
      assert.is_nil(sb:view())
    end)

    it("closes all modals of a stack when they are cleared, else the one in front", function()
      local first = open_modal()
      app.answers.interactive = ('{"response_action":"push","view":%s}'):format(json.encode(MODAL))
      sb:submit { values = { item = "soup" } }
      sb:submit { values = { item = "soup" } }
      assert.are.equal("push", sb:submit({ values = { item = "soup" } }).ack.response_action)
      app.answers.interactive = nil
      sb:close_view()
      assert.are_not.equal(first.id, sb:view().id)
      sb:close_view { is_cleared = true }
      assert.is_nil(sb:view())
    end)

    it("tells that a modal was closed, when the app wants to know", function()
      open_modal()
      sb:close_view { is_cleared = true }
      local payload = app.envelopes[2].payload
      assert.are.same({ "view_closed", true }, { payload.type, payload.is_cleared })
      assert.is_nil(sb:view())
      local quiet = {}
      for key, value in pairs(MODAL) do
        quiet[key] = value
      end
      quiet.notify_on_close = false
      open_modal(quiet)
      assert.is_nil(sb:close_view())
    end)

    it("asks the app for the options of a menu", function()
      local view = open_modal()
      app.answers.interactive = '{"options":[]}'
      local outcome = sb:suggest { view = view, action_id = "pick", value = "so" }
      assert.are.same({}, outcome.ack.options)
      assert.are.equal("so", app.envelopes[2].payload.value)
    end)

    it("shows a message's shortcut with the message", function()
      local message = sb:say { text = "look" }
      sb:shortcut { callback_id = "save", message = message, user = "grace" }
      local payload = app.envelopes[#app.envelopes].payload
      assert.are.same({ "message_action", "look" }, { payload.type, payload.message.text })
    end)

    it("shows each person the home tab that was published for them", function()
      assert.is_nil(sb:open_home { user = "ada" })
      local event = sb:wait(function() return app:events "app_home_opened"[1] end)
      assert(api.views.publish {
        user_id = event.user,
        view = { type = "home", callback_id = "mine", blocks = {} },
      })
      assert.are.equal("mine", sb:open_home({ user = "ada" }).callback_id)
      assert.is_nil(sb:open_home { user = "grace" })
    end)

    it("tells who enters a channel", function()
      local user = sb:join { user = "linus", channel = "general" }
      local event = sb:wait(function() return app:events "member_joined_channel"[1] end)
      assert.are.same({ user.id, "C" }, { event.user, event.channel_type })
    end)
  end)

  describe("life", function()
    it("waits in tasks without holding up others", function()
      start()
      local order = {}
      local waiting = tasks.spawn(function()
        sb:wait(function() return #sb:messages() > 0 end)
        table.insert(order, "seen")
      end)
      tasks.spawn(function()
        table.insert(order, "said")
        sb:say { text = "x" }
      end)
      waiting:join()
      assert.are.same({ "said", "seen" }, order)
    end)

    it("gives up waiting after the time", function()
      start({}, false)
      local value, why = sb:wait(function() return false end, 0.01)
      assert.are.same({ nil, "timeout" }, { value, why })
    end)

    it("waits as long as its patience lasts where no time is given", function()
      start({ patience = 0.01 }, false)
      local ended = {}
      local long = tasks.spawn(function()
        sb:wait(function() return false end, 1)
        table.insert(ended, "a second")
      end)
      local trigger = sb:command({ command = "/x" }).trigger_id
      sb:wait(function() return false end)
      assert.equal("expired_trigger_id", select(2, sb.triggers:use(trigger, sb.workspace)))
      table.insert(ended, "patience")
      long:join()
      assert.same({ "patience", "a second" }, ended)
    end)

    it("keeps its certificate to itself and removes it at the end", function()
      start({}, false)
      local directory = sb.ca_file:match "^(.*)/"
      assert.are.equal("rwx------", lfs.attributes(directory, "permissions"))
      sb:stop()
      assert.is_nil(lfs.attributes(directory))
    end)

    it("raises for options that it does not know, or of a wrong type", function()
      local ok, message = pcall(function() sandbox.start { prot = 1 } end)
      assert.is_false(ok)
      assert.truthy(message:find "^[^:]*sandbox_spec.lua:%d+: .*unknown option 'prot'")
      assert.error_matches(function() sandbox.start { port = "1" } end, "number expected")
    end)

    it("takes tokens that stay the same over its starts", function()
      start({ bot_token = "xoxb-local", app_token = "xapp-local" }, { app_token = "xapp-local" })
      assert.same({ "xoxb-local", "xapp-local" }, { sb.bot_token, sb.app_token })
      assert(api.auth.test {})
    end)

    for name, case in pairs {
      bot_token = { "xapp-1-A", "'bot_token': xoxb%-, then letters" },
      app_token = { "xapp-1 A", "'app_token': xapp%-, then letters" },
    } do
      it(("refuses %q as its %s"):format(case[1], name), function()
        assert.error_matches(function() sandbox.start { [name] = case[1] } end, case[2])
      end)
    end

    it("fails with words when its port is taken", function()
      start({}, false)
      local made, message = sandbox.start { port = sb.server:port(), log = log }
      assert.is_nil(made)
      assert.truthy(message:find "cannot listen")
    end)

    it("runs beside others in one process", function()
      local other <close> = assert(sandbox.start { log = log })
      start()
      assert.are_not.equal(other.api_url, sb.api_url)
      sb:say { text = "here" }
      assert.truthy(sb:wait(function() return app:events "message"[1] end))
      assert.are.equal(0, #other:messages())
    end)

    it("remembers all calls, or as many of the last ones as one says", function()
      start({ most_calls = 3 }, false)
      for i = 1, 20 do
        sb:answer {
          method = "POST", path = "/api/api.test", query = "", headers = {
            ["content-type"] = "application/json",
          }, body = ('{"i":%d}'):format(i),
        }
        local calls = sb:calls()
        assert.equal(i, calls[#calls].args.i)
        assert.equal(i - #calls + 1, calls[1].args.i)
        assert.truthy(#calls >= math.min(i, 3) and #calls <= 6)
      end
    end)

    it("writes no token and no ticket to its log", function()
      start()
      sb:say { text = "hello" }
      sb:wait(function() return app:events "message"[1] end)
      local text = table.concat(lines, "\n")
      for _, secret in ipairs { sb.bot_token, sb.app_token, sb.connections(sb)[1].target } do
        assert.is_nil(text:find(secret, 1, true))
      end
    end)
  end)
end)
