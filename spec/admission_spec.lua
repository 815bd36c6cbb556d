local Installations = require "slack.installations"
local Offline = require "support.offline_app"
local errors = require "slack.errors"
local json = require "slack.json"
local many = require "support.many_workspaces"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

local record = many.record

describe("a request to an app of many workspaces", function()
  local replaced, offline, app, installations, watch, seen

  before_each(function()
    replaced = runtime.replace()
    offline, installations, watch = many.new({}, function() return 1000 end)
    app, seen = offline.app, {}
  end)

  after_each(function()
    replaced.restore()
  end)

  local function message(team_id, more)
    local body = { team_id = team_id }
    for name, value in pairs(more or {}) do
      body[name] = value
    end
    return offline:event({
      type = "message", text = "hello", user = more and more.by or "U0ADA", channel = "C1",
      ts = "1.1", bot_id = more and more.bot_id,
    }, { body = body })
  end

  local function call_of(method)
    for _, call in ipairs(offline.calls) do
      if call.method == method then
        return call
      end
    end
  end

  describe("that is known", function()
    before_each(function()
      assert(installations:save(record "T0ONE"))
      assert(installations:save(record "T0TWO"))
    end)

    it("is handled with the token and as the bot of its workspace", function()
      app:message(function(c)
        table.insert(seen, { c.bot_id, c.bot_user_id, c.team_id, c.authorization.bot_token })
        c:say "hello"
      end)
      message "T0TWO"
      message "T0ONE"
      runtime.settle()
      assert.same({
        { "B-T0TWO", "U-T0TWO", "T0TWO", "xoxb-T0TWO" },
        { "B-T0ONE", "U-T0ONE", "T0ONE", "xoxb-T0ONE" },
      }, seen)
      local tokens = {}
      for _, call in ipairs(offline.calls) do
        if call.method == "chat.postMessage" then
          table.insert(tokens, call.token)
        end
      end
      assert.same({ "xoxb-T0TWO", "xoxb-T0ONE" }, tokens)
    end)

    it("begins at once, and asks the store no more for a minute (S053)", function()
      app:message(function(c) table.insert(seen, c.team_id) end)
      message "T0ONE"
      runtime.settle()
      watch.get = 0
      message "T0ONE"
      assert.equal(2, #seen) -- without a step of the loop
      replaced.time.now = replaced.time.now + 59
      message("T0ONE", { by = "U0OTHER" })
      assert.equal(3, #seen)
      assert.equal(0, watch.get)
      replaced.time.now = replaced.time.now + 2
      message "T0ONE"
      runtime.settle()
      assert.equal(4, #seen)
      assert.is_true(watch.get > 0)
    end)

    it("is what another process has made of it, within a minute (S053)", function()
      app:message(function(c) table.insert(seen, c.authorization.bot_token) end)
      message "T0ONE"
      runtime.settle()
      local other = Installations.new({ scope = function() return installations.store end })
      assert(other:save(record("T0ONE", { bot_token = "xoxb-of-the-other" })))
      message "T0ONE"
      replaced.time.now = replaced.time.now + 61
      message "T0ONE"
      runtime.settle()
      assert.same({ "xoxb-T0ONE", "xoxb-T0ONE", "xoxb-of-the-other" }, seen)
    end)

    it("passes over what its own bot did, but not what another's did", function()
      app:message(function(c) table.insert(seen, c.team_id) end)
      message("T0ONE", { by = "U-T0ONE" })
      message("T0ONE", { by = json.null, bot_id = "B-T0ONE" })
      message("T0ONE", { by = "U-T0TWO" })
      runtime.settle()
      assert.same({ "T0ONE" }, seen)
      assert.equal(2, app:stats().ignored)
    end)

    it("has a client for each token, and not more than so many for ever", function()
      local clients = app.authorization.clients
      local first = clients:of("xoxb-first")
      assert.equal(first, clients:of "xoxb-first")
      for i = 1, 600 do
        clients:of("xoxb-" .. i)
      end
      assert.is_true(clients.by_token:size() <= 500)
      assert.are_not.equal(first, clients:of "xoxb-first")
    end)

  end)

  describe("that waits to be known", function()
    before_each(function()
      assert(installations:save(record "T0ONE"))
      assert(installations:save(record "T0TWO"))
      watch.delay = 0.1
    end)

    it("asks once for a burst, and keeps its order", function()
      app:message(function(c) table.insert(seen, c.event_id) end)
      watch.get = 0
      local sent = {}
      for i = 1, 50 do
        sent[i] = message("T0ONE", { by = "U" .. i }).body.event_id
      end
      assert.equal(50, app:stats().running)
      tasks.run(tasks.sleep, 1)
      assert.same(sent, seen)
      assert.equal(1, watch.get)
      assert.equal(0, app:stats().running)
    end)

    it("does not hold up another workspace", function()
      app:message(function(c) table.insert(seen, c.team_id) end)
      tasks.run(function() app:client_for { team_id = "T0TWO" } end)
      message "T0ONE"
      message "T0TWO"
      assert.same({ "T0TWO" }, seen)
      tasks.run(tasks.sleep, 1)
      assert.same({ "T0TWO", "T0ONE" }, seen)
    end)

    it("counts among the handlers that may run", function()
      offline, installations, watch = many.new { max_in_flight = 2 }
      app = offline.app
      assert(installations:save(record "T0ONE"))
      watch.delay = 0.1
      local full, room = 0, 0
      app.dispatch.on_full = function() full = full + 1 end
      app.dispatch.on_room = function() room = room + 1 end
      app:message(function(c) table.insert(seen, c.team_id) end)
      message "T0ONE"
      assert.equal(0, full)
      message "T0ONE"
      assert.same({ 1, 0 }, { full, room })
      tasks.run(tasks.sleep, 1)
      assert.is_true(room >= 1)
      assert.equal(2, #seen)
    end)

    it("is waited for, and cut off, when the app stops", function()
      app:message(function(c) table.insert(seen, c.team_id) end)
      message "T0ONE"
      assert.is_false(app.dispatch:is_idle())
      assert.equal(1, (app.dispatch:cancel_all()))
      assert.is_true(app.dispatch:is_idle())
      tasks.run(tasks.sleep, 1)
      assert.same({}, seen)
    end)

    it("runs no handler twice when it is delivered twice meanwhile", function()
      app:message(function(c) table.insert(seen, c.event_id) end)
      message("T0ONE", { event_id = "Ev0SAME" })
      message("T0ONE", { event_id = "Ev0SAME" })
      tasks.run(tasks.sleep, 1)
      assert.same({ "Ev0SAME" }, seen)
      assert.equal(1, app:stats().duplicates)
    end)

    it("tells a deadline that passes meanwhile what took long, and blames no listener", function()
      app:command("/go", function() end)
      local request = offline:command "/go"
      app.dispatch:deadline(request)
      assert.matches("no ack in time from the storage of installations, which has not said yet "
        .. "whose token is to serve T02MOON4XYZ: acked empty", offline:log(), 1, true)
      assert.not_matches("Ack first", offline:log())
      tasks.run(tasks.sleep, 1)
    end)
  end)

  describe("that cannot be authorized", function()
    before_each(function()
      app:message(function() table.insert(seen, "message") end)
      app:command("/go", function() table.insert(seen, "command") end)
      app:action("b", function() table.insert(seen, "action") end)
    end)

    it("reaches no listener, is refused, and logged once a minute (S040)", function()
      message "T0STRANGE"
      runtime.settle()
      message "T0STRANGE"
      local command = offline:command "/go"
      local click = offline:click "b"
      runtime.settle()
      assert.same({}, seen)
      assert.same({ true, "unauthorized" }, { command.refused, command.refused_as })
      assert.same({ true, "unauthorized" }, { click.refused, click.refused_as })
      assert.equal(4, app:stats().unauthorized)
      local _, count = offline:log():gsub("no authorization for T0STRANGE: the app is not", "")
      assert.equal(1, count)
      replaced.time.now = replaced.time.now + 61
      message "T0STRANGE"
      runtime.settle()
      _, count = offline:log():gsub("no authorization for T0STRANGE", "")
      assert.equal(2, count)
    end)

    it("is served with no token of another app that shares the storage", function()
      assert(installations:save(record("T0ONE", {
        app_id = "A0OTHER", user_id = "U0ADA", user_token = "xoxp-ada",
      })))
      assert(installations:save(record("T0TWO", { app_id = "A0THIS" })))
      message("T0ONE", { api_app_id = "A0THIS" })
      message("T0TWO", { api_app_id = "A0THIS" })
      runtime.settle()
      assert.same({ "message" }, seen)
      assert.matches("T0ONE: what is kept of it is another app's (A0OTHER, not A0THIS)",
        offline:log(), 1, true)
    end)

    it("goes to on_error, whose answer is the person's (S040)", function()
      local caught
      app:on_error(function(err, c, failure)
        caught = { err.code, c.type, failure.kind, tostring(failure.listener) }
        return "Please ask your admin to install this app."
      end)
      local request = offline:command "/go"
      runtime.settle()
      assert.same({ "not_installed", "command", "command", "nil" }, caught)
      assert.matches("ask your admin", request.answers[1])
      assert.is_nil(request.refused)
      assert.is_nil(offline:log():find "no authorization")
    end)

    it("lets a middleware see nothing of it", function()
      app:use(function(_, next)
        table.insert(seen, "middleware")
        return next()
      end)
      message "T0STRANGE"
      runtime.settle()
      assert.same({}, seen)
    end)

    it("is tried again when it is delivered again", function()
      message("T0ONE", { event_id = "Ev0AGAIN" })
      runtime.settle()
      assert.same({}, seen)
      assert(installations:save(record "T0ONE"))
      message("T0ONE", { event_id = "Ev0AGAIN" })
      runtime.settle()
      assert.same({ "message" }, seen)
    end)

    it("asks the store no more often than every few seconds", function()
      message "T0STRANGE"
      runtime.settle()
      watch.get = 0
      for _ = 1, 20 do
        message "T0STRANGE"
        runtime.settle()
      end
      assert.equal(0, watch.get)
      replaced.time.now = replaced.time.now + 6
      message "T0STRANGE"
      runtime.settle()
      assert.is_true(watch.get > 0)
    end)

    it("because the store fails keeps the cause, and is better soon (S041)", function()
      assert(installations:save(record "T0ONE"))
      watch.is_failing = true
      local caught
      app:on_error(function(err) caught = err end)
      message "T0ONE"
      runtime.settle()
      assert.same({ "authorization_failed", "storage" }, { caught.code, caught.cause.code })
      watch.is_failing = false
      replaced.time.now = replaced.time.now + 2
      message "T0ONE"
      runtime.settle()
      assert.same({ "message" }, seen)
    end)

    it("shows the person a text when there is one (S060)", function()
      offline, installations = many.new { authorize_error_text = "Please install me first." }
      app = offline.app
      local sent = {}
      local Context = require "slack.context"
      local respond = Context.respond
      Context.respond = function(_, content)
        table.insert(sent, content)
        return true
      end
      finally(function() Context.respond = respond end)
      app:command("/go", function() end)
      local command = offline:command "/go"
      local click = offline:click "b"
      local options = offline:deliver { type = "block_suggestion", action_id = "x",
        team = { id = "T0STRANGE" } }
      runtime.settle()
      assert.same({ response_type = "ephemeral", text = "Please install me first." },
        json.decode(command.answers[1]))
      assert.same({ "empty" }, click.answers)
      assert.equal("Please install me first.", sent[1].text)
      assert.is_false(sent[1].replace_original)
      assert.equal("unauthorized", options.refused_as)
    end)

    it("is refused as such to who holds an event until it is handled", function()
      local request = offline:event({ type = "message", text = "x", user = "U1", channel = "C1" }, {
        body = { team_id = "T0STRANGE" },
      })
      assert.is_nil(request.refused)
      local held = offline:deliver({
        type = "event_callback", event_id = "Ev0HELD", team_id = "T0STRANGE",
        event = { type = "message", text = "x", user = "U1", channel = "C1" },
      }, { acked = true, held = true, has_status = true })
      runtime.settle()
      assert.equal("unauthorized", held.refused_as)
      assert.same({}, held.answers)
    end)
  end)

  describe("that ends an installation", function()
    local function uninstalled(team_id, more)
      return offline:event({ type = "app_uninstalled" }, { body = {
        team_id = team_id, event_time = 2000, authorizations = json.list {},
        enterprise_id = more and more.enterprise_id,
      } })
    end

    local function revoked(team_id, tokens, more)
      return offline:event({ type = "tokens_revoked", tokens = tokens }, { body = {
        team_id = team_id, event_time = more and more.event_time or 2000,
        enterprise_id = more and more.enterprise_id, authorizations = json.list {},
      } })
    end

    before_each(function()
      assert(installations:save(record("T0ONE", { user_id = "U0ADA", user_token = "xoxp-ada" })))
      assert(installations:save(record("T0ONE", { user_id = "U0BOB", user_token = "xoxp-bob" })))
      assert(installations:save(record "T0TWO"))
    end)

    it("removes the bot and its users, and nothing else (S054)", function()
      uninstalled "T0ONE"
      runtime.settle()
      assert.is_nil(installations:find { team_id = "T0ONE" })
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0ADA" })
      assert.truthy(installations:find { team_id = "T0TWO" })
      assert.matches("app_uninstalled: removed what is kept of T0ONE", offline:log())
      assert.is_nil(offline:log():find "no listener")
    end)

    it("makes its workspace unknown at once (S053)", function()
      app:message(function(c) table.insert(seen, c.team_id) end)
      message "T0ONE"
      runtime.settle()
      assert.same({ "T0ONE" }, seen)
      uninstalled "T0ONE"
      message "T0ONE"
      runtime.settle()
      assert.same({ "T0ONE" }, seen)
    end)

    it("removes the tokens it names, and no other (S054)", function()
      revoked("T0ONE", { oauth = { "U0ADA" }, bot = json.list {} })
      runtime.settle()
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0ADA" })
      assert.truthy(installations:find { team_id = "T0ONE", user_id = "U0BOB" })
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
      assert.matches("tokens_revoked: removed what is kept of user U0ADA in T0ONE", offline:log())
      revoked("T0ONE", { bot = { "U-another-bot" } })
      runtime.settle()
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
      revoked("T0ONE", { bot = { "U-T0ONE" } })
      runtime.settle()
      assert.is_nil(installations:find_bot { team_id = "T0ONE" })
      assert.matches("removed what is kept of bot U%-T0ONE in T0ONE", offline:log())
      assert.truthy(installations:find { team_id = "T0ONE", user_id = "U0BOB" })
    end)

    it("does the same in either order, and twice", function()
      for _ = 1, 2 do
        uninstalled "T0ONE"
        revoked("T0ONE", { oauth = { "U0ADA", "U0BOB" }, bot = { "U-T0ONE" } })
        runtime.settle()
        revoked("T0TWO", { oauth = { "U0ADA" }, bot = { "U-T0TWO" } })
        uninstalled "T0TWO"
        runtime.settle()
      end
      assert.same({}, installations:list())
      assert.is_nil(offline:log():find "ERROR")
    end)

    it("and comes late does not remove a fresh install", function()
      assert(installations:save(record("T0ONE", { bot_token = "xoxb-fresh", installed_at = 2001 })))
      revoked("T0ONE", { oauth = { "U0ADA" }, bot = { "U-T0ONE" } })
      uninstalled "T0ONE"
      runtime.settle()
      assert.equal("xoxb-fresh", installations:find_bot({ team_id = "T0ONE" }).bot_token)
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0ADA" })
    end)

    it("finds what is kept for the organization, or from before there was one", function()
      assert(installations:save(record("T0ONE", {
        enterprise_id = "E0ORG", team_id = json.null, is_enterprise_install = true,
        bot_user_id = "U0ORGBOT", user_id = "U0EVE", user_token = "xoxp-eve",
      })))
      revoked("T0ONE", { oauth = { "U0EVE" }, bot = json.list {} }, { enterprise_id = "E0ORG" })
      uninstalled("T0TWO", { enterprise_id = "E0ORG" })
      runtime.settle()
      local org = { enterprise_id = "E0ORG", is_enterprise_install = true }
      assert.is_nil(installations:find_user { enterprise_id = "E0ORG", user_id = "U0EVE" })
      assert.truthy(installations:find_bot(org))
      assert.is_nil(installations:find { team_id = "T0TWO" })
      revoked("T0ONE", { bot = { "U0ORGBOT" } }, { enterprise_id = "E0ORG" })
      runtime.settle()
      assert.is_nil(installations:find_bot(org))
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
    end)

    it("runs its listeners without a token", function()
      for _, kind in ipairs { "app_uninstalled", "tokens_revoked", "team_access_revoked" } do
        app:event(kind, function(c)
          table.insert(seen, { c.type, c.team_id, c.authorization.bot_token or "none",
            c.client == app.client, c.user_client or "none" })
        end)
      end
      uninstalled "T0ONE"
      revoked("T0TWO", { bot = { "U-T0TWO" } })
      offline:event { type = "team_access_revoked", team_ids = { "T0ONE" } }
      runtime.settle()
      assert.same({ "app_uninstalled", "T0ONE", "none", true, "none" }, seen[1])
      assert.same({ "tokens_revoked", "T0TWO", "none", true, "none" }, seen[2])
      assert.equal("team_access_revoked", seen[3][1])
    end)

    it("is made up for when the store fails, and its listeners run all the same", function()
      app:event("app_uninstalled", function() table.insert(seen, "uninstalled") end)
      watch.is_failing = true
      uninstalled "T0ONE"
      runtime.settle()
      assert.same({ "uninstalled" }, seen)
      assert.matches("could not be removed", offline:log())
      watch.is_failing = false
      tasks.run(tasks.sleep, 5)
      assert.is_nil(installations:find { team_id = "T0ONE" })
      assert.matches("has been made up for", offline:log())
    end)

    it("survives events that name nothing, or nonsense", function()
      for _, tokens in ipairs {
        json.null, "x", 5, json.list {}, { oauth = "x", bot = { 5, {} } },
      } do
        revoked("T0ONE", tokens)
        revoked(json.null, tokens)
      end
      offline:event({ type = "app_uninstalled" }, { body = { team_id = 5, event_time = "x" } })
      runtime.settle()
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
      assert.is_nil(offline:log():find "stack traceback")
    end)
  end)

  describe("of a person", function()
    before_each(function()
      assert(installations:save(record("T0ONE", { user_id = "U0ADA", user_token = "xoxp-ada" })))
      app:message(function(c)
        table.insert(seen, { c.user_id, c.authorization.user_token or "none",
          c.user_client and "client" or "none" })
        c.client.chat.postMessage { channel = "C1", text = "x" }
      end)
    end)

    it("comes with that person's token, and the bot's client (S045)", function()
      message("T0ONE", { by = "U0ADA" })
      message("T0ONE", { by = "U0BOB" })
      runtime.settle()
      assert.same({ { "U0ADA", "xoxp-ada", "client" }, { "U0BOB", "none", "none" } }, seen)
      assert.equal("xoxb-T0ONE", call_of("chat.postMessage").token)
    end)

    it("asks the store no more about people than about workspaces (S053)", function()
      message("T0ONE", { by = "U0BOB" })
      runtime.settle()
      watch.get = 0
      message("T0ONE", { by = "U0BOB" })
      assert.equal(2, #seen)
      assert.equal(0, watch.get)
    end)

    it("from another workspace comes with the token granted there (S046)", function()
      assert(installations:save(record("T0TWO", { user_id = "U0EVE", user_token = "xoxp-eve" })))
      offline:event({ type = "message", text = "x", user = "U0EVE", user_team = "T0TWO",
        channel = "C1", ts = "1.1" }, { body = {
        team_id = "T0ONE", is_ext_shared_channel = true,
        authorizations = { { team_id = "T0ONE", user_id = "U-T0ONE", is_bot = true } },
      } })
      runtime.settle()
      assert.same({ { "U0EVE", "xoxp-eve", "client" } }, seen)
      assert.equal("xoxb-T0ONE", call_of("chat.postMessage").token)
    end)

    it("to an app without a bot is served with the token of who let the event in", function()
      assert(installations:save { team_id = "T0USERS", user_id = "U0ADA", user_token = "xoxp-2" })
      local function event(by)
        offline:event({ type = "message", text = "x", user = by, channel = "C1", ts = "1.1" }, {
          body = { team_id = "T0USERS", authorizations = {
            { team_id = "T0USERS", user_id = "U0ADA", is_bot = false },
          } },
        })
      end
      event "U0EVE"
      runtime.settle()
      assert.same({ { "U0EVE", "none", "none" } }, seen)
      assert.equal("xoxp-2", call_of("chat.postMessage").token)
      event "U0ADA"
      runtime.settle()
      assert.same({ "U0ADA", "xoxp-2", "client" }, seen[2])
    end)
  end)

  describe("whose token Slack refuses for good", function()
    before_each(function()
      assert(installations:save(record "T0ONE"))
      app:message(function(c)
        local _, err = c.client.chat.postMessage { channel = "C1", text = "x" }
        table.insert(seen, err and err.code or "sent")
      end)
    end)

    for _, code in ipairs { "invalid_auth", "token_revoked", "account_inactive" } do
      it("is not called with it again after " .. code, function()
        offline.answers["chat.postMessage"] = errors.new { code = code, message = code }
        message "T0ONE"
        message "T0ONE"
        runtime.settle()
        assert.equal(code, installations:find_latest({ team_id = "T0ONE" }).bot_dead)
        message "T0ONE"
        runtime.settle()
        assert.same({ code, code }, seen)
        local _, count = offline:log():gsub("refuses the token of T0ONE for good", "")
        assert.equal(1, count)
        assert.is_nil(offline:log():find("xoxb-T0ONE", 1, true))
        assert.matches("the app must be installed there anew", offline:log())
        offline.answers["chat.postMessage"] = nil
        assert(installations:save(record("T0ONE", { bot_token = "xoxb-new" })))
        message "T0ONE"
        runtime.settle()
        assert.equal("sent", seen[3])
      end)
    end

    it("is not called with it either for a person who has granted one that is good", function()
      assert(installations:save(record("T0ONE", { user_id = "U0ADA", user_token = "xoxp-ada" })))
      assert(installations:mark_dead({ team_id = "T0ONE" }, "xoxb-T0ONE", "token_revoked"))
      message("T0ONE", { by = "U0ADA" })
      message("T0ONE", { by = "U0BOB" })
      runtime.settle()
      assert.same({ "sent" }, seen)
      assert.equal("xoxp-ada", call_of("chat.postMessage").token)
    end)

    it("is not dead when it has been refreshed meanwhile", function()
      assert(installations:save(record("T0ONE", { bot_refresh_token = "xoxe-1" })))
      offline.answers["chat.postMessage"] = function(_, token)
        if token == "xoxb-T0ONE" then
          assert(installations:update({ team_id = "T0ONE" }, "xoxe-1", { token = "xoxb-new" }))
          return nil, errors.new { code = "token_revoked", message = "token_revoked" }
        end
        return { ok = true }
      end
      message "T0ONE"
      runtime.settle()
      message "T0ONE"
      runtime.settle()
      assert.same({ "token_revoked", "sent" }, seen)
      assert.is_nil(offline:log():find "for good")
    end)

    it("is called again after any other error", function()
      offline.answers["chat.postMessage"] = errors.new { code = "channel_not_found", message = "x" }
      message "T0ONE"
      message "T0ONE"
      runtime.settle()
      assert.equal(2, #seen)
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
    end)

    it("reads its token again when it has expired", function()
      offline.answers["chat.postMessage"] = errors.new { code = "token_expired", message = "x" }
      message "T0ONE"
      runtime.settle()
      watch.get = 0
      message "T0ONE"
      runtime.settle()
      assert.equal(1, watch.get)
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
    end)
  end)

  describe("of which the bot's ids are not known", function()
    it("asks Slack for them once for each token (S052)", function()
      offline.answers["auth.test"] = function(_, token)
        return { ok = true, user_id = "U-of-" .. token, bot_id = "B-of-" .. token }
      end
      assert(installations:save { team_id = "T0ONE", bot_token = "xoxb-1" })
      app:message(function(c) table.insert(seen, { c.bot_id, c.bot_user_id }) end)
      for i = 1, 20 do
        message("T0ONE", { by = "U" .. i })
      end
      message("T0ONE", { by = "U-of-xoxb-1" })
      runtime.settle()
      replaced.time.now = replaced.time.now + 120
      message("T0ONE", { by = "U0LATER" })
      runtime.settle()
      assert.equal(21, #seen)
      assert.same({ "B-of-xoxb-1", "U-of-xoxb-1" }, seen[1])
      local count = 0
      for _, call in ipairs(offline.calls) do
        count = count + (call.method == "auth.test" and 1 or 0)
      end
      assert.equal(1, count)
      assert.equal(1, app:stats().ignored)
    end)

    it("is not served when the token is refused", function()
      offline.answers["auth.test"] = errors.new { code = "invalid_auth", message = "invalid_auth" }
      assert(installations:save { team_id = "T0ONE", bot_token = "xoxb-1" })
      app:message(function() table.insert(seen, "message") end)
      message "T0ONE"
      runtime.settle()
      assert.same({}, seen)
      assert.equal("invalid_auth", installations:find_latest({ team_id = "T0ONE" }).bot_dead)
    end)
  end)

  it("of an organization is one question for all its workspaces", function()
    assert(installations:save(record("T0ORG", {
      enterprise_id = "E0ORG", team_id = json.null, is_enterprise_install = true,
    })))
    app:command("/go", function(c)
      table.insert(seen, { c.team_id, c.enterprise_id, c.is_enterprise_install,
        c.authorization.bot_token })
    end)
    for i = 1, 3 do
      offline:deliver { command = "/go", text = "", user_id = "U1", channel_id = "C1",
        team_id = "T" .. i, enterprise_id = "E0ORG", is_enterprise_install = "true" }
      runtime.settle()
      if i == 1 then
        watch.get = 0
      end
    end
    assert.equal(0, watch.get)
    assert.same({ "T3", "E0ORG", true, "xoxb-T0ORG" }, seen[3])
  end)

  it("with the token of a function uses that", function()
    assert(installations:save(record "T0ONE"))
    app:event("function_executed", function(c) c.client.chat.postMessage { text = "x" } end)
    offline:event({ type = "function_executed", bot_access_token = "xwfp-1" }, {
      body = { team_id = "T0ONE" },
    })
    runtime.settle()
    assert.equal("xwfp-1", call_of("chat.postMessage").token)
  end)
end)

describe("a request to an app with one token", function()
  it("asks nobody, and has its client", function()
    local offline = Offline.new()
    local client, user_client
    offline.app:message(function(c) client, user_client = c.client, c.user_client end)
    offline:message "hello"
    assert.equal(offline.app.client, client)
    assert.is_nil(user_client)
    assert.same({}, offline.calls)
  end)
end)
