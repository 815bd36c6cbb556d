local Installations = require "slack.installations"
local Process = require "support.process"
local Rotation = require "slack.oauth.rotation"
local WebServer = require "support.web_server"
local errors = require "slack.errors"
local files = require "support.files"
local logs = require "slack.log"
local oauth_app = require "support.oauth_app"
local slack = require "slack"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local HOUR <const> = 3600
local BOT <const> = { team_id = "T1" }
local USER <const> = { team_id = "T1", user_id = "U1" }

-- Looks once, as one process of several.
local LOOK <const> = [[
local slack = require "slack"
local Installations = require "slack.installations"
local Rotation = require "slack.oauth.rotation"
slack.run(function()
  local store = assert(require("slack.storage").open "sqlite:%s")
  local rotation = Rotation.new {
    installations = Installations.new(store),
    client = require("slack.client").new { api_url = "%s/api/", proxy = "" },
    settings = { client_id = "1", client_secret = "s", rotate_before = 7200 },
    log = require("slack.log").new { level = "warn" },
  }
  assert(rotation:look())
  store:close()
end)
print "looked"
]]

describe("rotation", function()
  local now, store, installations, slack_here, lines

  -- A Slack that gives tokens by number; each refresh token is good once.
  local function new_slack()
    local fake = { calls = {}, good = { ["xoxe-1-bot0"] = "bot", ["xoxe-1-user0"] = "user" } }
    function fake:call(method, args)
      assert.equal("oauth.v2.access", method)
      assert.equal("refresh_token", args.grant_type)
      table.insert(self.calls, args.refresh_token)
      if self.pause then
        slack.sleep(self.pause)
      elseif self.gate then
        self.gate:await(60)
      end
      if self.failure then
        return nil, errors.new(self.failure)
      end
      local half = self.good[args.refresh_token]
      if not half then
        return nil, errors.new { code = "invalid_refresh_token" }
      end
      self.good[args.refresh_token] = nil
      local number = #self.calls
      local refresh = ("xoxe-1-%s%d"):format(half, number)
      self.good[refresh] = half
      return {
        ok = true, token_type = half, access_token = ("xoxe.xox%s-1-%d"):format(half:sub(1, 1),
          number), refresh_token = refresh, expires_in = 12 * HOUR, scope = "a,b",
      }
    end
    -- Answers nothing before its gate is resolved; waits until somebody has asked.
    function fake:hold(ask)
      self.gate = tasks.waiter()
      local asking = slack.spawn(ask)
      wait_until("the question", function() return self.calls[1] end)
      return asking
    end
    return fake
  end

  local function new_rotation(with_store)
    local own = with_store and Installations.new(with_store, { clock = function() return now end })
      or installations
    return Rotation.new {
      installations = own, client = slack_here, clock = function() return now end,
      settings = { client_id = "1", client_secret = "s", rotate_before = 2 * HOUR },
      log = logs.new { level = "debug", sink = function(line) table.insert(lines, line) end },
    }
  end

  local function save(bot_left, user_left)
    assert(installations:save {
      team_id = "T1", team_name = "Moon", user_id = "U1", bot_id = "B1", bot_user_id = "UB",
      bot_token = "xoxe.xoxb-1-0", bot_refresh_token = "xoxe-1-bot0",
      bot_token_expires_at = bot_left and now + bot_left,
      user_token = "xoxe.xoxp-1-0", user_refresh_token = "xoxe-1-user0",
      user_token_expires_at = user_left and now + user_left,
      incoming_webhook_url = "https://hooks.example/1",
    })
  end

  before_each(function()
    now, lines = 1767610800, {}
    store = assert(storage.open("memory:", { clock = function() return now end }))
    installations = Installations.new(store, { clock = function() return now end })
    slack_here = new_slack()
  end)

  it("leaves tokens alone that last for more than two hours (S048)", function()
    slack.run(function()
      save(2 * HOUR + 1, 12 * HOUR)
      assert.equal(0, new_rotation():look())
      assert.same({}, slack_here.calls)
    end)
  end)

  it("replaces the half that expires and keeps the other as it is (S048, S050)", function()
    slack.run(function()
      save(2 * HOUR - 1, 12 * HOUR)
      assert.equal(1, new_rotation():look())
      local record = installations:find(BOT)
      assert.same({ "xoxe.xoxb-1-1", "xoxe-1-bot1", now + 12 * HOUR, "B1", "xoxe.xoxp-1-0",
        "xoxe-1-user0", "https://hooks.example/1", "Moon" }, {
        record.bot_token, record.bot_refresh_token, record.bot_token_expires_at, record.bot_id,
        record.user_token, record.user_refresh_token, record.incoming_webhook_url,
        record.team_name,
      })
      assert.same({ "a", "b" }, { table.unpack(record.bot_scopes) })
    end)
  end)

  it("replaces a user's half without touching the bot's (S050)", function()
    slack.run(function()
      save(12 * HOUR, HOUR)
      new_rotation():look()
      local record = installations:find(USER)
      assert.same({ "xoxe.xoxb-1-0", "xoxe-1-bot0", "xoxe.xoxu-1-1", "xoxe-1-user1" }, {
        record.bot_token, record.bot_refresh_token, record.user_token, record.user_refresh_token,
      })
    end)
  end)

  it("goes on for ever, each refresh token used once", function()
    slack.run(function()
      save(HOUR, HOUR)
      local rotation = new_rotation()
      for _ = 1, 5 do
        rotation:look()
        now = now + 11 * HOUR
      end
      local seen = {}
      for _, used in ipairs(slack_here.calls) do
        assert.is_nil(seen[used])
        seen[used] = true
      end
      assert.equal(10, #slack_here.calls)
    end)
  end)

  it("asks once for all who need a token at the same time", function()
    slack.run(function()
      save(0)
      slack_here.pause = 0.01
      local rotation, record = new_rotation(), installations:find_bot(BOT)
      local function fresh() return rotation:fresh(record, "bot") end
      local got = assert(slack.all { fresh, fresh, fresh, function() return rotation:look() end })
      for i = 1, 3 do
        assert.equal("xoxe.xoxb-1-1", got[i].bot_token)
      end
      assert.equal(1, #slack_here.calls)
    end)
  end)

  it("asks once of all processes that share the storage", function()
    slack.run(function()
      save(HOUR, HOUR)
      slack_here.pause = 0.01
      local looks = {}
      for i = 1, 5 do
        local rotation = new_rotation(store)
        looks[i] = function() return rotation:look() end
      end
      assert(slack.all(looks))
      table.sort(slack_here.calls)
      assert.same({ "xoxe-1-bot0", "xoxe-1-user0" }, slack_here.calls)
    end)
  end)

  it("asks once of all processes that share a file", function()
    local web
    web = WebServer.start(function(request)
      slack.spawn(function()
        slack.sleep(0.05) -- in which the others see that it is being done
        web:respond(request, 200, ('{"ok":true,"token_type":"bot","expires_in":43200,'
          .. '"access_token":"xoxe.xoxb-1-new","refresh_token":"%s-next"}'):format(
          request.body:match "refresh_token=([%w%-]+)"), { "Content-Type", "application/json" })
      end)
    end)
    local server <close> = web -- luacheck: ignore 211
    local directory <close> = files.temporary()
    local path = directory.path .. "/bot.db"
    slack.run(function()
      local shared = assert(storage.open("sqlite:" .. path))
      local own = Installations.new(shared)
      for i = 1, 3 do
        assert(own:save {
          team_id = "T" .. i, bot_token = "xoxe.xoxb-1-old", bot_refresh_token = "xoxe-1-" .. i,
          bot_token_expires_at = os.time() + HOUR,
        })
      end
      files.write(directory.path .. "/look.lua", LOOK:format(path, web.url))
      local processes = setmetatable({}, { __close = function(list)
        for _, process in ipairs(list) do
          getmetatable(process).__close(process)
        end
      end })
      local closing <close> = processes -- luacheck: ignore 211
      for i = 1, 3 do
        processes[i] = Process.lua(directory.path .. "/look.lua")
      end
      for _, process in ipairs(processes) do
        oauth_app.wait(function() return process:output():find "looked" end)
      end
      local used = {}
      for _, request in ipairs(web.requests) do
        used[#used + 1] = request.body:match "refresh_token=([%w%-]+)"
      end
      table.sort(used)
      assert.same({ "xoxe-1-1", "xoxe-1-2", "xoxe-1-3" }, used)
      for i = 1, 3 do
        local record = own:find_bot { team_id = "T" .. i }
        assert.same({ "xoxe.xoxb-1-new", ("xoxe-1-%d-next"):format(i) },
          { record.bot_token, record.bot_refresh_token })
      end
      shared:close()
    end)
  end)

  it("lets a fresh install win over tokens that were being refreshed", function()
    slack.run(function()
      save(HOUR)
      local look = slack_here:hold(function() return new_rotation():look() end)
      assert(installations:save {
        team_id = "T1", user_id = "U2", bot_token = "xoxe.xoxb-1-new",
        bot_refresh_token = "xoxe-1-new", bot_token_expires_at = now + 12 * HOUR,
      })
      slack_here.gate:resolve()
      look:join()
      assert.equal("xoxe.xoxb-1-new", installations:find_bot(BOT).bot_token)
      assert.equal(1, #slack_here.calls)
    end)
  end)

  it("replaces an expired token before it is used, and no other", function()
    slack.run(function()
      save(61)
      local rotation = new_rotation()
      local record = installations:find_bot(BOT)
      assert.equal(record, rotation:fresh(record, "bot"))
      now = now + 1
      assert.equal("xoxe.xoxb-1-1", rotation:fresh(record, "bot").bot_token)
      local lasting = { team_id = "T1", bot_token = "xoxb-1" }
      assert.equal(lasting, rotation:fresh(lasting, "bot"))
    end)
  end)

  it("replaces a token of which Slack says that it has expired, once", function()
    slack.run(function()
      save(12 * HOUR)
      local rotation = new_rotation()
      assert.equal("xoxe.xoxb-1-1", rotation:rotate(BOT, "xoxe.xoxb-1-0").bot_token)
      assert.equal("xoxe.xoxb-1-1", rotation:rotate(BOT, "xoxe.xoxb-1-0").bot_token)
      assert.equal(1, #slack_here.calls)
    end)
  end)

  it("marks an installation dead whose refresh token Slack refuses, in one line (S049)", function()
    slack.run(function()
      save(0, 12 * HOUR)
      slack_here.good = {}
      local rotation, record = new_rotation(), installations:find_bot(BOT)
      local got, err = rotation:fresh(record, "bot")
      assert.same({ nil, "token_dead", "invalid_refresh_token" }, { got, err.code, err.reason })
      assert.equal("invalid_refresh_token", err.cause.code)
      assert.equal(0, rotation:look())
      assert.is_nil((rotation:fresh(record, "bot")))
      assert.equal(1, #slack_here.calls)
      assert.equal(1, #lines)
      assert.matches("will not refresh.*installed there anew", lines[1])
      assert.equal("invalid_refresh_token", installations:find_latest(BOT).bot_dead)
      assert.is_nil(installations:find_user(USER).user_dead)
    end)
  end)

  for _, failure in ipairs {
    { code = "connection" }, { code = "interrupted" }, { code = "bad_client_secret" },
  } do
    it("tries again, later and later, after " .. failure.code, function()
      slack.run(function()
        save(HOUR)
        local rotation = new_rotation()
        slack_here.failure = failure
        rotation:look()
        rotation:look()
        assert.equal(1, #slack_here.calls)
        now = now + 16
        rotation:look()
        assert.equal(2, #slack_here.calls)
        slack_here.failure = nil
        now = now + 31
        rotation:look()
        assert.equal("xoxe.xoxb-1-3", installations:find_bot(BOT).bot_token)
        assert.same({}, rotation.failures)
        assert.is_nil(installations:find_bot(BOT).bot_dead)
        assert.equal(2, #lines)
        for _, line in ipairs(lines) do
          assert.not_matches("xoxe-1-", line, 1, true)
        end
      end)
    end)
  end

  it("forgets a failure once others have refreshed the token, or removed it", function()
    slack.run(function()
      save(HOUR, HOUR)
      local rotation = new_rotation()
      slack_here.failure = { code = "connection" }
      rotation:look()
      assert.is_table(rotation.failures["-:T1:-"])
      slack_here.failure = nil
      assert(new_rotation():rotate(BOT))
      assert.equal(1, rotation:look())
      assert.is_nil(rotation.failures["-:T1:-"])
      assert.is_table(rotation.failures["-:T1:U1"])
      assert(installations:delete(BOT))
      assert.equal(0, rotation:look())
      assert.same({}, rotation.failures)
    end)
  end)

  it("tries again later when a store raises", function()
    slack.run(function()
      save(HOUR)
      local rotation = new_rotation()
      local find_bot = installations.find_bot
      installations.find_bot = function() error "no connection to the database" end
      rotation:look()
      assert.matches("could not be refreshed, next attempt in %d+ s: .*no connection", lines[1])
      assert.is_table(rotation.failures["-:T1:-"])
      installations.find_bot = find_bot
      now = now + 16
      rotation:look()
      assert.equal("xoxe.xoxb-1-1", installations:find_bot(BOT).bot_token)
    end)
  end)

  it("looks on when a store has raised", function()
    slack.run(function()
      local rotation, looked = new_rotation(), tasks.waiter()
      local due, count = installations.due, 0
      rotation.look_period = 0.01
      installations.due = function(...)
        count = count + 1
        if count == 1 then
          error "no connection to the database"
        end
        looked:resolve(true)
        return due(...)
      end
      rotation:start()
      assert.is_true(looked:await(10))
      rotation:stop()
      assert.matches("which tokens expire: .*no connection", lines[1])
    end)
  end)

  it("leaves all tokens alone for as long as Slack says, in one line", function()
    slack.run(function()
      save(HOUR, HOUR)
      for i = 2, 20 do
        assert(installations:save {
          team_id = "T" .. i, bot_token = "xoxe.xoxb-1-x", bot_refresh_token = "xoxe-1-x" .. i,
          bot_token_expires_at = now + HOUR,
        })
      end
      local rotation = new_rotation()
      slack_here.failure = { code = "ratelimited", status = 429, retry_after = 40 }
      rotation:look()
      local count = #slack_here.calls
      assert.is_true(count <= 4)
      now = now + 39
      rotation:look()
      assert.same({ count, 1 }, { #slack_here.calls, #lines })
      slack_here.failure = nil
      now = now + 2
      rotation:look()
      assert.equal(count + 21, #slack_here.calls)
    end)
  end)

  it("uses a token to its end when no new one can be had", function()
    slack.run(function()
      save(30)
      slack_here.failure = { code = "connection" }
      local rotation, record = new_rotation(), installations:find_bot(BOT)
      assert.equal(record, rotation:fresh(record, "bot"))
      now = now + 31
      local got, err = rotation:fresh(record, "bot")
      assert.same({ nil, "connection" }, { got, err.code })
    end)
  end)

  it("holds what could not be kept until it can be", function()
    slack.run(function()
      save(HOUR)
      local rotation, update = new_rotation(), installations.update
      local full = errors.new { code = "disk_full", message = "the disk is full" }
      local failures = 0
      installations.update = function(self, ...)
        failures = failures + 1
        if failures == 1 then
          return nil, full
        end
        return update(self, ...)
      end
      rotation:look()
      assert.equal(2, failures)
      assert.equal("xoxe.xoxb-1-1", installations:find_bot(BOT).bot_token)
      assert.same({}, rotation.unsaved)
    end)
  end)

  it("saves what it held, and asks Slack for nothing, when the storage is back", function()
    slack.run(function()
      save(HOUR)
      local rotation, update = new_rotation(), installations.update
      rotation.save_pause = 0.001
      local full = errors.new { code = "disk_full", message = "the disk is full" }
      installations.update = function() return nil, full end
      rotation:look()
      assert.equal(1, #slack_here.calls)
      assert.equal("xoxe.xoxb-1-0", installations:find_bot(BOT).bot_token)
      installations.update = update
      now = now + 60
      rotation:look()
      assert.equal("xoxe.xoxb-1-1", installations:find_bot(BOT).bot_token)
      assert.same({ 1, {} }, { #slack_here.calls, rotation.unsaved })
    end)
  end)

  it("reads nothing of those that last", function()
    slack.run(function()
      for i = 1, 200 do
        assert(installations:save {
          team_id = "T" .. i, bot_token = "xoxe.xoxb-1-x", bot_refresh_token = "xoxe-1-x",
          bot_token_expires_at = now + 12 * HOUR,
        })
      end
      local rotation, reads, get = new_rotation(), 0, store.get
      rotation.installations.store.get = function(...)
        reads = reads + 1
        return get(...)
      end
      assert.equal(0, rotation:look())
      assert.equal(0, reads)
    end)
  end)

  it("ends a refresh that is under way, and begins none after a stop", function()
    slack.run(function()
      save(HOUR, HOUR)
      local rotation = new_rotation()
      slack_here:hold(function() rotation:rotate(BOT) end)
      local finishing = slack.spawn(function() rotation:finish(60) end)
      slack.sleep(0)
      assert.is_false(finishing.done)
      slack_here.gate:resolve()
      finishing:join()
      assert.equal("xoxe.xoxb-1-1", installations:find_bot(BOT).bot_token)
      rotation:look()
      assert.equal(1, #slack_here.calls)
    end)
  end)
end)

describe("an app with tokens that expire", function()
  it("refreshes them in the background, and an event is answered with the new one", function()
    oauth_app.run({ channels = { "general" }, token_rotation = true }, function(here, new)
      local it = new { scopes = { "chat:write", "channels:history" }, rotate_before = 13 * HOUR }
      here:deliver_over_http(it.url .. "/slack/events")
      local used
      it.app:message("hello", function(c)
        used = c.authorization.bot_token
        c:say "hi"
      end)
      assert.equal(200, here:install({ install_url = it.url .. "/slack/install" }).status)
      local first = it.app.installations:each()()
      assert.matches("^xoxe%.xoxb%-1%-", first.bot_token)
      assert.equal(1, it.app.oauth.rotation:look())
      here:say { channel = "general", text = "hello" }
      here:wait_message { channel = "general", text = "hi" }
      local second = it.app.installations:each()()
      assert.are_not.equal(first.bot_token, second.bot_token)
      assert.equal(second.bot_token, used)
    end)
  end)

  it("keeps what comes of a refresh that is under way when the app stops", function()
    oauth_app.run({ token_rotation = true }, function(here, new)
      local it = new { scopes = { "chat:write" }, rotate_before = 13 * HOUR }
      assert.equal(200, here:install({ install_url = it.url .. "/slack/install" }).status)
      local first = it.app.installations:each()().bot_token
      here:fail("oauth.v2.access", { delay = 0.05 })
      local rotation = it.app.oauth.rotation
      slack.spawn(rotation.look, rotation)
      oauth_app.wait(function() return next(rotation.flights) end)
      assert(it.app:stop())
      assert(it.app:start())
      assert.are_not.equal(first, it.app.installations:each()().bot_token)
    end)
  end)

  it("refreshes one that has expired when an event comes for it", function()
    local now = 1767610800
    oauth_app.run({
      channels = { "general" }, token_rotation = true, clock = function() return now end,
    }, function(here, new)
      local it = new { scopes = { "chat:write", "channels:history" } }
      here:deliver_over_http(it.url .. "/slack/events")
      it.app.oauth.clock = function() return now end
      it.app.oauth.rotation:stop()
      it.app.oauth.rotation.clock = it.app.oauth.clock
      it.app:message("hello", function(c) c:say "hi" end)
      assert.equal(200, here:install({ install_url = it.url .. "/slack/install" }).status)
      now = now + 13 * HOUR
      here:say { channel = "general", text = "hello" }
      assert.is_table(here:wait_message { channel = "general", text = "hi" })
      assert.equal(now + 12 * HOUR, it.app.installations:each()().bot_token_expires_at)
    end)
  end)

  it("says why nobody is served whose token cannot be refreshed (S049)", function()
    oauth_app.run(nil, function(_, new)
      local it = new()
      assert(it.app.installations:save {
        team_id = "T1", bot_token = "xoxe.xoxb-1-gone", bot_refresh_token = "xoxe-1-gone",
        bot_token_expires_at = os.time() - 1, bot_id = "B1", bot_user_id = "U1",
      })
      local client, err = it.app:client_for { team_id = "T1" }
      assert.same({ nil, "authorization_failed", "token_dead", "invalid_refresh_token" },
        { client, err.code, err.cause.code, err.cause.reason })
      assert.not_matches("xoxe-1-gone", tostring(err) .. table.concat(it.lines), 1, true)
    end)
  end)

  it("turns a lasting token into one that expires", function()
    oauth_app.run(nil, function(here, new)
      local it = new()
      assert(here:install { install_url = it.url .. "/slack/install" })
      local record = it.app.installations:each()()
      here.token_rotation = true
      local tokens = assert(it.app.oauth:exchange(record.bot_token))
      assert.matches("^xoxe%.xoxb%-1%-", tokens.token)
      assert.matches("^xoxe%-1%-", tokens.refresh_token)
      assert.is_true(tokens.expires_at > os.time())
      local _, err = it.app.oauth:exchange(record.bot_token)
      assert.equal("token_revoked", err.code)
    end)
  end)
end)
