local Offline = require "support.offline_app"
local errors = require "slack.errors"
local json = require "slack.json"
local many = require "support.many_workspaces"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

describe("authorize", function()
  local replaced, offline, app, queries, seen
  local answer

  local function new_app(given)
    local options = {
      token = false,
      authorize = function(query)
        table.insert(queries, query)
        return answer(query)
      end,
    }
    for name, value in pairs(given or {}) do
      options[name] = value
    end
    offline = Offline.new(options)
    app = offline.app
    app:message(function(c)
      table.insert(seen, c.authorization)
      c:say "hello"
    end)
  end

  before_each(function()
    replaced = runtime.replace()
    queries, seen = {}, {}
    answer = function(query)
      return { bot_token = "xoxb-" .. query.team_id, bot_id = "B0", bot_user_id = "U0BOT" }
    end
    new_app()
  end)

  after_each(function()
    replaced.restore()
  end)

  local function deliver(body)
    body.event = body.event
      or { type = "message", text = "hello", user = "U0ADA", channel = "C1", ts = "1.1" }
    body.type, body.team_id = "event_callback", body.team_id or "T0ONE"
    return offline:deliver(body, { acked = true })
  end

  local function token_of_call()
    for _, call in ipairs(offline.calls) do
      if call.method == "chat.postMessage" then
        return call.token or "none"
      end
    end
  end

  it("is asked with who and where it is about (S036)", function()
    deliver { team_id = "T0ONE", authorizations = {
      { enterprise_id = "E0ORG", team_id = "T0ONE", is_enterprise_install = true },
    } }
    assert.same({
      enterprise_id = "E0ORG", team_id = "T0ONE", user_id = "U0ADA", channel_id = "C1",
      is_enterprise_install = true, actor_enterprise_id = "E0ORG", actor_team_id = "T0ONE",
      actor_user_id = "U0ADA",
    }, queries[1])
  end)

  it("is asked about the organization that lets the event in, not the author's (S037)", function()
    deliver { team_id = "T0ONE", enterprise_id = "E0AUTHOR", is_ext_shared_channel = true,
      context_team_id = "T0ONE",
      authorizations = { { enterprise_id = "E0ORG", team_id = "T0ONE" } },
      event = { type = "message", text = "x", user = "U0EVE", team = "T0EVE", user_team = "T0EVE",
        channel = "C1", ts = "1.1" } }
    local query = queries[1]
    assert.same({ "E0ORG", "T0ONE" }, { query.enterprise_id, query.team_id })
    assert.same({ "T0EVE", "U0EVE" }, { query.actor_team_id, query.actor_user_id })
    assert.is_nil(query.actor_enterprise_id)
    deliver { enterprise_id = "E0AUTHOR", authorizations = { { enterprise_id = json.null,
      team_id = "T0ONE" } } }
    assert.is_nil(queries[2].enterprise_id)
  end)

  it("is asked about the workspace where the app of a view is installed (S038)", function()
    offline:deliver { type = "view_submission", user = { id = "U0EVE", team_id = "T0EVE" },
      team = { id = "T0EVE", enterprise_id = "E0EVE" },
      view = { callback_id = "v", app_installed_team_id = "T0ONE" } }
    local query = queries[1]
    assert.same({ "T0ONE", "T0ONE", "T0EVE", "E0EVE" }, { query.team_id,
      query.app_installed_team_id, query.actor_team_id, query.actor_enterprise_id })
    assert.is_nil(query.enterprise_id)
  end)

  it("is asked with the flag of a command, which is text (S036)", function()
    offline:deliver { command = "/go", team_id = "T0ONE", enterprise_id = "E0ORG", user_id = "U1",
      channel_id = "C1", is_enterprise_install = "true" }
    assert.same({ "E0ORG", true, "C1" }, { queries[1].enterprise_id,
      queries[1].is_enterprise_install, queries[1].channel_id })
  end)

  it("gives what handlers find in c.authorization, and the token of their client", function()
    answer = function()
      return { bot_token = "xoxb-1", bot_id = "B0", bot_user_id = "U0BOT", plan = "gold" }
    end
    deliver {}
    assert.same({ "gold", "T0ONE" }, { seen[1].plan, seen[1].team_id })
    assert.equal("xoxb-1", token_of_call())
  end)

  it("may give a user's token alone", function()
    answer = function() return { user_token = "xoxp-1" } end
    deliver {}
    assert.equal("xoxp-1", token_of_call())
  end)

  it("that gives no token leaves the app's own client (S042)", function()
    answer = function() return { plan = "gold" } end
    new_app { token = "xoxb-own" }
    local client
    app:message(function(c) client = c.client end)
    deliver {}
    deliver { event = { type = "message", user = "U05BOTUSR01", text = "own", channel = "C1" } }
    assert.equal(app.client, client)
    assert.equal(1, app:stats().ignored)
  end)

  it("may wait, while other workspaces are served", function()
    answer = function(query)
      if query.team_id == "T0SLOW" then
        tasks.sleep(1)
      end
      return { bot_token = "xoxb-1", bot_id = "B0", bot_user_id = "U0BOT" }
    end
    deliver { team_id = "T0SLOW" }
    deliver { team_id = "T0ONE" }
    assert.same({ "T0ONE" }, { seen[1].team_id, seen[2] })
    tasks.run(tasks.sleep, 2)
    assert.equal("T0SLOW", seen[2].team_id)
  end)

  it("is asked once a minute for each person, and once for a burst", function()
    answer = function()
      tasks.sleep(0.1)
      return { bot_token = "xoxb-1", bot_id = "B0", bot_user_id = "U0BOT" }
    end
    for _ = 1, 10 do
      deliver {}
    end
    tasks.run(tasks.sleep, 1)
    deliver {}
    assert.same({ 1, 11 }, { #queries, #seen })
    deliver { event = { type = "message", user = "U0BOB", text = "x", channel = "C1" } }
    assert.equal(2, #queries)
    replaced.time.now = replaced.time.now + 61
    deliver {}
    assert.equal(3, #queries)
  end)

  it("is asked each time with authorization_cache = 0 (S052)", function()
    new_app { authorization_cache = 0 }
    for i = 1, 3 do
      deliver {}
      assert.equal(i, #queries)
    end
  end)

  it("is asked again after what was found out is forgotten", function()
    deliver {}
    deliver { team_id = "T0TWO" }
    app.authorization:forget { team_id = "T0ONE" }
    deliver { team_id = "T0TWO" }
    assert.equal(2, #queries)
    deliver {}
    assert.equal(3, #queries)
    app.authorization:forget()
    deliver { team_id = "T0TWO" }
    assert.equal(4, #queries)
  end)

  it("is asked again after the app was uninstalled", function()
    deliver {}
    deliver { event = { type = "app_uninstalled" } }
    deliver {}
    assert.equal(2, #queries)
  end)

  it("keeps no answer that was found out before it was to be forgotten", function()
    answer = function()
      tasks.sleep(1)
      return { bot_token = "xoxb-old", bot_id = "B0", bot_user_id = "U0BOT" }
    end
    deliver {}
    app.authorization:forget { team_id = "T0ONE" }
    answer = function()
      return { bot_token = "xoxb-new", bot_id = "B0", bot_user_id = "U0BOT" }
    end
    deliver {}
    assert.equal("xoxb-new", seen[1].bot_token)
    tasks.run(tasks.sleep, 2)
    deliver {}
    assert.equal("xoxb-new", seen[3].bot_token)
  end)

  it("is remembered for a bounded number of people", function()
    for i = 1, 25000 do
      app.authorization.people:fetch("key" .. i, function() return {} end)
    end
    assert.is_true(app.authorization.people.known:size() <= 10000)
    assert.truthy(app.authorization.people:peek "key25000")
  end)

  describe("that fails", function()
    local caught

    before_each(function()
      caught = nil
      app:on_error(function(err) caught = err end)
    end)

    for name, case in pairs {
      ["raises a text"] = { function() error("no database", 0) end, "no database" },
      ["raises a value (S041)"] = { function() error { reason = 5 } end, { reason = 5 } },
      ["gives nil and a reason"] = { function() return nil, "no such team" end, "no such team" },
      ["gives nil and a value (S041)"] = { function() return nil, 42 end, 42 },
    } do
      it("when it " .. name .. " hands it on as the cause", function()
        answer = case[1]
        deliver {}
        runtime.settle()
        assert.equal("authorization_failed", caught.code)
        assert.same(case[2], caught.cause)
        assert.same({}, seen)
      end)
    end

    it("because rotation was refused hands Slack's error on (S049)", function()
      local refused = errors.new { code = "invalid_refresh_token", message = "no" }
      answer = function() return nil, refused end
      deliver {}
      runtime.settle()
      assert.equal(refused, caught.cause)
    end)

    it("says so when it gives nothing, or no table", function()
      answer = function() end
      deliver {}
      runtime.settle()
      assert.equal("not_installed", caught.code)
      app.authorization:forget()
      answer = function() return "xoxb-secret" end
      deliver {}
      runtime.settle()
      assert.matches("a table expected, got string", caught.message)
      app.authorization:forget()
      answer = function() return { bot_token = 5 } end
      deliver {}
      runtime.settle()
      assert.matches("bot_token: a string", caught.message)
    end)

    it("says so when it gives no token, and the app has none, or one that is none", function()
      for text, given in pairs {
        ['authorize: unknown field "token"; did you mean "bot_token"?'] = { token = "xoxb-1" },
        ['authorize: unknown field "bot_tokn"; did you mean "bot_token"?'] = {
          bot_tokn = "xoxb-1" },
        ["authorize: bot_token or user_token expected, got a table with neither"] = {},
        ["bot_token: a bot token (xoxb-…) expected, this is an app-level token"] = {
          bot_token = "xapp-1", bot_id = "B1", bot_user_id = "U1" },
      } do
        answer = function() return given end
        app.authorization:forget()
        deliver {}
        runtime.settle()
        assert.equal("authorization_failed", caught.code)
        assert.truthy(caught.message:find(text, 1, true), caught.message)
      end
      assert.same({}, seen)
    end)

    it("never shows a token", function()
      answer = function() error("cannot refresh xoxb-1234567890-secret", 0) end
      deliver {}
      runtime.settle()
      assert.is_nil(caught.message:find("1234567890-secret", 1, true))
    end)

    it("by being slow is named when the ack of a command is due", function()
      answer = function() tasks.sleep(5) end
      local request = offline:command "/go"
      app.dispatch:deadline(request)
      assert.matches("no ack in time from authorize, which has not said yet", offline:log())
      runtime.settle()
    end)

    it("by never answering is given up after the time of a request", function()
      answer = function() tasks.sleep(1000) end
      deliver {}
      deliver {}
      tasks.run(tasks.sleep, 31)
      assert.equal("timeout", caught.code)
      assert.equal(0, app:stats().running)
      answer = function() return { bot_token = "xoxb-1", bot_id = "B", bot_user_id = "U" } end
      deliver {}
      assert.same({ 2, 1 }, { #queries, #seen })
    end)

    it("is asked again after a second", function()
      answer = function() error "down" end
      for _ = 1, 10 do
        deliver {}
        runtime.settle()
      end
      assert.equal(1, #queries)
      replaced.time.now = replaced.time.now + 1.5
      answer = function() return { bot_token = "xoxb-1", bot_id = "B", bot_user_id = "U" } end
      deliver {}
      runtime.settle()
      assert.equal(1, #seen)
    end)
  end)
end)

describe("app:client_for", function()
  local replaced

  before_each(function() replaced = runtime.replace() end)
  after_each(function() replaced.restore() end)

  local function token_of(client, offline)
    client.auth.test()
    return offline.calls[#offline.calls].token
  end

  it("gives the client of a workspace, an organization, a person", function()
    local offline, installations = many.new()
    assert(installations:save(many.record("T0ONE", { user_id = "U0ADA", user_token = "xoxp-ada" })))
    assert(installations:save(many.record("T0ORG", {
      enterprise_id = "E0ORG", team_id = json.null, is_enterprise_install = true,
    })))
    tasks.run(function()
      local app = offline.app
      assert.equal("xoxb-T0ONE", token_of(app:client_for { team_id = "T0ONE" }, offline))
      assert.equal("xoxb-T0ORG", token_of(app:client_for { enterprise_id = "E0ORG" }, offline))
      assert.equal("xoxb-T0ORG",
        token_of(app:client_for { enterprise_id = "E0ORG", team_id = "T5" }, offline))
      assert.equal("xoxp-ada",
        token_of(app:client_for { team_id = "T0ONE", user_id = "U0ADA" }, offline))
      local client, err = app:client_for { team_id = "T0ONE", user_id = "U0BOB" }
      assert.same({ nil, "no_user_token" }, { client, err.code })
      client, err = app:client_for { team_id = "T0STRANGE" }
      assert.same({ nil, "not_installed" }, { client, err.code })
    end)
  end)

  it("asks authorize in an app that has one", function()
    local queries = {}
    local offline = Offline.new { token = false, authorize = function(query)
      table.insert(queries, query)
      return { bot_token = "xoxb-1", bot_id = "B", bot_user_id = "U" }
    end }
    tasks.run(function()
      assert.equal("xoxb-1", token_of(offline.app:client_for { team_id = "T0ONE" }, offline))
    end)
    assert.same({ { team_id = "T0ONE", is_enterprise_install = false } }, queries)
  end)

  it("gives the one client of an app with one token, for its workspace", function()
    local offline = Offline.new()
    offline.app.identity.team_id = "T0ONE"
    assert.equal(offline.app.client, offline.app:client_for { team_id = "T0ONE" })
    local client, err = offline.app:client_for { team_id = "T0TWO" }
    assert.same({ nil, "not_installed" }, { client, err.code })
    client, err = offline.app:client_for { team_id = "T0ONE", user_id = "U0ADA" }
    assert.same({ nil, "no_user_token" }, { client, err.code })
  end)

  it("raises at the caller's line for what is no query", function()
    local app = Offline.new().app
    for query, problem in pairs {
      [5] = "got number", [{}] = "team_id or enterprise_id expected",
      [{ team = "T0ONE" }] = 'unknown field "team"', [{ team_id = 5 }] = "team_id: string expected",
    } do
      local message = runtime.raised(function() app:client_for(query) end)
      assert.matches("authorization_spec.lua:%d+: app:client_for: ", message)
      assert.matches(problem, message)
    end
  end)

  it("says why before the app has started", function()
    local offline = Offline.new { token = false, oauth = many.OAUTH }
    local client, err = tasks.run(function()
      return offline.app:client_for { team_id = "T0ONE" }
    end)
    assert.is_nil(client)
    assert.matches("from app:start on", err.message)
  end)
end)

describe("an installation", function()
  local replaced

  before_each(function() replaced = runtime.replace() end)
  after_each(function() replaced.restore() end)

  it("of a workspace is used for no other one of its organization", function()
    local offline, installations = many.new()
    for _, team in ipairs { "T0ONE", "T0TWO" } do
      assert(installations:save(many.record(team, { enterprise_id = "E0ORG" })))
    end
    tasks.run(function()
      for _ = 1, 2 do
        for _, team in ipairs { "T0ONE", "T0TWO" } do
          assert.equal("xoxb-" .. team, offline.app.authorization:of({
            team_id = team, enterprise_id = "E0ORG",
          }).bot_token)
        end
        assert.equal("not_installed", select(2, offline.app.authorization:of {
          team_id = "T0THREE", enterprise_id = "E0ORG",
        }).code)
      end
    end)
  end)
end)
