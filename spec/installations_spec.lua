local Installations = require "slack.installations"
local files = require "support.files"
local json = require "slack.json"
local runtime = require "support.runtime"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local watched = require "support.watched_store"

local EVERY_FIELD = {
  app_id = "A05LANDER88", enterprise_id = "E0ORG", enterprise_name = "Org",
  enterprise_url = "https://org.enterprise.example/", team_id = "T0ONE", team_name = "One",
  bot_token = "xoxb-bot-1", bot_id = "B0ONE", bot_user_id = "U0BOT",
  bot_scopes = { "chat:write", "commands" }, bot_refresh_token = "xoxe-1-bot",
  bot_token_expires_at = 5000, user_id = "U0ADA", user_token = "xoxp-ada-1",
  user_scopes = { "search:read" }, user_refresh_token = "xoxe-1-ada",
  user_token_expires_at = 6000, incoming_webhook_url = "https://hooks.slack.com/services/T/B/x",
  incoming_webhook_channel = "#deploys", incoming_webhook_channel_id = "C07DEPLOY42",
  incoming_webhook_configuration_url = "https://one.slack.com/services/B",
  is_enterprise_install = false, token_type = "bot", installed_at = 1000.5,
  metadata = { plan = "gold", seats = 5, tags = json.list {} },
}

local function with(fields, more)
  local copy = {}
  for name, value in pairs(fields) do
    copy[name] = value
  end
  for name, value in pairs(more or {}) do
    copy[name] = value
  end
  return copy
end

describe("installations", function()
  local store, watch, installations, now, lines

  before_each(function()
    now = 1000
    lines = {}
    store, watch = watched.new(function() return now end)
    local log = { warn = function(_, ...) table.insert(lines, string.format(...)) end }
    installations = Installations.new(store, { clock = function() return now end, log = log })
  end)

  local function save(record)
    assert.is_true(installations:save(with({
      team_id = "T0ONE", bot_token = "xoxb-bot-1", bot_user_id = "U0BOT",
    }, record)))
  end

  local function user_token(user_id)
    local record = installations:find { team_id = "T0ONE", user_id = user_id }
    return record and record.user_token
  end

  describe("that are saved", function()
    it("come back with every field, by place and by user (S058)", function()
      assert.is_true(installations:save(EVERY_FIELD))
      for _, query in ipairs {
        { enterprise_id = "E0ORG", team_id = "T0ONE" },
        { enterprise_id = "E0ORG", team_id = "T0ONE", user_id = "U0ADA" },
      } do
        local record = installations:find(query)
        for name, value in pairs(EVERY_FIELD) do
          assert.same(value, record[name], name)
        end
      end
    end)

    it("come back from a file just so, in another process's hands too (S058)", function()
      local directory <close> = files.temporary()
      local url = "sqlite:" .. directory.path .. "/bot.db"
      local first, second = assert(storage.open(url)), assert(storage.open(url))
      assert.is_true(Installations.new(first):save(EVERY_FIELD))
      first:close()
      local record = Installations.new(second):find { enterprise_id = "E0ORG", team_id = "T0ONE" }
      second:close()
      for name, value in pairs(EVERY_FIELD) do
        assert.same(value, record[name], name)
      end
    end)

    it("are kept whole or not at all: all that belongs to one is stored in one step", function()
      save(EVERY_FIELD)
      assert.equal(1, watch.batch)
      assert.is_nil(watch.set)
      assert(installations:update({ enterprise_id = "E0ORG", team_id = "T0ONE" }, "xoxe-1-bot",
        { token = "xoxb-bot-2", refresh_token = "xoxe-2-bot", expires_at = 9000 }))
      assert.equal(2, watch.batch)
      assert.is_nil(watch.set)
    end)

    it("keep the time at which it was when none is given", function()
      save {}
      assert.equal(1000, installations:find({ team_id = "T0ONE" }).installed_at)
    end)

    it("are refused without a place or without a token", function()
      for _, record in ipairs {
        { bot_token = "xoxb-1" }, { team_id = "T0ONE" }, { team_id = "T:1", bot_token = "xoxb-1" },
        { team_id = json.null, enterprise_id = json.null, bot_token = "xoxb-1" }, "no table",
      } do
        local ok, err = installations:save(record)
        assert.is_nil(ok)
        assert.equal("invalid_installation", err.code)
      end
      assert.same({}, installations:list())
    end)

    it("give the bot's half of the latest install of anybody, and each user their own", function()
      save { user_id = "U0ADA", user_token = "xoxp-ada", bot_token = "xoxb-old" }
      save { user_id = "U0BOB", user_token = "xoxp-bob", bot_token = "xoxb-new" }
      local ada = installations:find { team_id = "T0ONE", user_id = "U0ADA" }
      assert.same({ "xoxb-new", "xoxp-ada" }, { ada.bot_token, ada.user_token })
      assert.equal("U0ADA", ada.user_id)
      local latest = installations:find { team_id = "T0ONE" }
      assert.same({ "xoxb-new", "xoxp-bob" }, { latest.bot_token, latest.user_token })
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0EVE" })
    end)

    it("keep the half that a later install did not ask for (S050)", function()
      save { user_id = "U0ADA", user_token = "xoxp-ada" }
      assert.is_true(installations:save { team_id = "T0ONE", user_id = "U0ADA",
        user_token = "xoxp-ada-2" })
      assert.equal("xoxb-bot-1", installations:find_bot({ team_id = "T0ONE" }).bot_token)
      save { user_id = "U0ADA", bot_token = "xoxb-bot-2" }
      local record = installations:find { team_id = "T0ONE", user_id = "U0ADA" }
      assert.same({ "xoxb-bot-2", "xoxp-ada-2" }, { record.bot_token, record.user_token })
    end)

    it("are told of", function()
      local changes = {}
      installations:on_change(function(change) table.insert(changes, change) end)
      save { enterprise_id = "E0ORG" }
      assert.same({ { what = "saved", enterprise_id = "E0ORG", team_id = "T0ONE" } }, changes)
    end)

    it("leave a history, the newest first, bounded and without tokens", function()
      for i = 1, 25 do
        now = i
        save { user_id = "U" .. i, user_token = "xoxp-" .. i, bot_scopes = { "chat:write" } }
      end
      local history = installations:history { team_id = "T0ONE" }
      assert.equal(20, #history)
      assert.same({ installed_at = 25, user_id = "U25", bot_scopes = { "chat:write" } }, history[1])
      assert.equal("U6", history[20].user_id)
      assert.is_nil(json.encode(history):find "xox")
    end)
  end)

  describe("are looked for", function()
    local function token(query)
      local record = installations:find_bot(query)
      return record and record.bot_token
    end

    it("by workspace", function()
      save {}
      assert.equal("xoxb-bot-1", token { team_id = "T0ONE" })
      assert.is_nil(token { team_id = "T0TWO" })
      assert.is_nil(token {})
    end)

    it("org-wide in the organization alone, whichever workspace it is about", function()
      save { enterprise_id = "E0ORG", team_id = "T0ONE", bot_token = "xoxb-one" }
      save { enterprise_id = "E0ORG", is_enterprise_install = true, bot_token = "xoxb-org" }
      assert.equal("xoxb-org", token {
        enterprise_id = "E0ORG", team_id = "T0ONE", is_enterprise_install = true,
      })
    end)

    it("in a workspace of an organization: its own install, else the org-wide one", function()
      save { enterprise_id = "E0ORG", is_enterprise_install = true, team_id = json.null,
        bot_token = "xoxb-org" }
      assert.equal("xoxb-org", token { enterprise_id = "E0ORG", team_id = "T0ONE" })
      save { enterprise_id = "E0ORG", bot_token = "xoxb-one" }
      assert.equal("xoxb-one", token { enterprise_id = "E0ORG", team_id = "T0ONE" })
      assert.equal("xoxb-org", token { enterprise_id = "E0ORG", team_id = "T0TWO" })
    end)

    it("where the workspace was before it joined its organization", function()
      save { bot_token = "xoxb-before" }
      assert.equal("xoxb-before", token { enterprise_id = "E0ORG", team_id = "T0ONE" })
    end)

    it("by workspace alone when the organization is not told", function()
      save { enterprise_id = "E0ORG" }
      assert.equal("xoxb-bot-1", token { team_id = "T0ONE" })
    end)

    it("org-wide for events whose workspace is the organization", function()
      save { enterprise_id = "E0ORG", is_enterprise_install = true, bot_token = "xoxb-org" }
      assert.equal("xoxb-org", token { team_id = "E0ORG" })
    end)

    it("for the bot, passing over installs with user scopes alone (S044)", function()
      installations:save { enterprise_id = "E0ORG", team_id = "T0ONE", user_id = "U0ADA",
        user_token = "xoxp-ada" }
      assert.is_nil(token { enterprise_id = "E0ORG", team_id = "T0ONE" })
      save { enterprise_id = "E0ORG", is_enterprise_install = true, bot_token = "xoxb-org" }
      assert.equal("xoxb-org", token { enterprise_id = "E0ORG", team_id = "T0ONE" })
      assert.equal("xoxp-ada", installations:find_user({
        enterprise_id = "E0ORG", team_id = "T0ONE", user_id = "U0ADA",
      }).user_token)
    end)

    it("one by one, all of them", function()
      save { team_id = "T0ONE" }
      save { team_id = "T0TWO" }
      save { enterprise_id = "E0ORG", is_enterprise_install = true, team_id = "T0ONE" }
      local seen = {}
      for record in installations:each() do
        seen[#seen + 1] = record.is_enterprise_install and record.enterprise_id or record.team_id
      end
      table.sort(seen)
      assert.same({ "E0ORG", "T0ONE", "T0TWO" }, seen)
    end)

    it("in a store that was damaged: nulls and wrong kinds are as if not there (S057)", function()
      local scope = store:scope "installation:"
      scope:set("place:-:T0ONE", {
        team_id = "T0ONE", bot_token = "xoxb-1", bot_id = json.null, bot_user_id = 5,
        bot_scopes = "chat:write,commands", is_enterprise_install = "yes", user_token = json.null,
        bot_token_expires_at = "soon",
      })
      assert.same({
        team_id = "T0ONE", bot_token = "xoxb-1", bot_scopes = { "chat:write", "commands" },
      }, installations:find { team_id = "T0ONE" })
      for _, damaged in ipairs { "text", 5, true, json.list {}, json.null } do
        scope:set("place:-:T0TWO", damaged)
        scope:set("history:-:T0TWO", damaged)
        assert.is_nil(token { team_id = "T0TWO" })
        assert.same({}, installations:history { team_id = "T0TWO" })
        save { team_id = "T0TWO" }
        assert.equal("xoxb-bot-1", token { team_id = "T0TWO" })
      end
    end)

    it("with ids that cannot be any, in vain", function()
      save {}
      for _, id in ipairs { "-", "", "T:1", "T 1", ("T"):rep(500), 5, json.null, true } do
        assert.is_nil(token { team_id = id })
        assert.is_nil(installations:find_user { team_id = "T0ONE", user_id = id })
        assert.is_false(installations:delete { team_id = id })
        assert.is_false(installations:delete { team_id = "T0ONE", user_id = id })
      end
      assert.equal("xoxb-bot-1", token { team_id = "T0ONE" })
    end)

    it("and the store's own error is passed on", function()
      save {}
      watch.is_failing = true
      for _, method in ipairs {
        "find", "find_bot", "find_user", "find_latest", "history", "delete",
      } do
        local value, err = installations[method](installations, {
          team_id = "T0ONE", user_id = "U0ADA",
        })
        assert.is_nil(value)
        assert.equal("storage", err.code, method)
      end
      local ok, err = installations:save { team_id = "T0ONE", bot_token = "xoxb-1" }
      assert.is_nil(ok)
      assert.equal("storage", err.code)
    end)

    it("and raised in a loop over all, which would look like its end", function()
      save { team_id = "T0ONE" }
      save { team_id = "T0TWO" }
      local count = 0
      local ok, err = pcall(function()
        for _ in installations:each() do
          count = count + 1
          watch.is_failing = true
        end
      end)
      assert.is_false(ok)
      assert.same({ 1, "storage" }, { count, err.code })
      assert.is_false(pcall(installations.each, installations))
    end)
  end)

  describe("whose tokens rotate", function()
    before_each(function()
      save { user_id = "U0ADA", user_token = "xoxp-1", user_refresh_token = "xoxe-1-ada",
        user_token_expires_at = 9000, bot_refresh_token = "xoxe-1-bot",
        bot_token_expires_at = 5000 }
    end)

    it("get new ones in one half; the other and the rest stay (S050)", function()
      local before = installations:find { team_id = "T0ONE", user_id = "U0ADA" }
      assert.truthy(installations:update({ team_id = "T0ONE" }, "xoxe-1-bot",
        { token = "xoxb-bot-2", refresh_token = "xoxe-2-bot", expires_at = 50000 }))
      local after = installations:find { team_id = "T0ONE", user_id = "U0ADA" }
      assert.same(with(before, {
        bot_token = "xoxb-bot-2", bot_refresh_token = "xoxe-2-bot", bot_token_expires_at = 50000,
      }), after)
      assert.truthy(installations:update({ team_id = "T0ONE", user_id = "U0ADA" }, "xoxe-1-ada",
        { token = "xoxp-2", refresh_token = "xoxe-2-ada", expires_at = 60000 }))
      assert.same(with(after, {
        user_token = "xoxp-2", user_refresh_token = "xoxe-2-ada", user_token_expires_at = 60000,
      }), installations:find { team_id = "T0ONE", user_id = "U0ADA" })
    end)

    it("keep what another has got meanwhile", function()
      local new = { token = "xoxb-bot-2", refresh_token = "xoxe-2-bot", expires_at = 50000 }
      assert.truthy(installations:update({ team_id = "T0ONE" }, "xoxe-1-bot", new))
      local record, err = installations:update({ team_id = "T0ONE" }, "xoxe-1-bot",
        { token = "xoxb-late", refresh_token = "xoxe-late", expires_at = 1 })
      assert.is_nil(record)
      assert.equal("conflict", err.code)
      assert.equal("xoxb-bot-2", installations:find_bot({ team_id = "T0ONE" }).bot_token)
    end)

    it("do not come back when they have been deleted meanwhile", function()
      installations:delete { team_id = "T0ONE" }
      local record, err = installations:update({ team_id = "T0ONE" }, "xoxe-1-bot",
        { token = "xoxb-bot-2" })
      assert.is_nil(record)
      assert.equal("not_installed", err.code)
      assert.is_nil(installations:find { team_id = "T0ONE" })
    end)

    it("are known by the time they expire at, the soonest first, and only those", function()
      save { team_id = "T0TWO", bot_refresh_token = "xoxe-two", bot_token_expires_at = 3000 }
      save { team_id = "T3", bot_token = "xoxb-no-rotation" }
      local function due(before)
        local list = {}
        for i, one in ipairs(installations:due(before)) do
          list[i] = { one.team_id, one.user_id or "bot", one.token, one.refresh_token,
            one.expires_at }
        end
        return list
      end
      assert.same({}, due(3000))
      assert.same({ { "T0TWO", "bot", "xoxb-bot-1", "xoxe-two", 3000 } }, due(3001))
      assert.equal("T0TWO", due(9001)[1][1])
      assert.same({ "T0ONE", "bot" }, { table.unpack(due(9001)[2], 1, 2) })
      assert.same({ "T0ONE", "U0ADA", "xoxp-1", "xoxe-1-ada", 9000 }, due(9001)[3])
      watch.get = 0
      assert.equal(1, #due(3001))
      assert.equal(1, watch.get)
    end)

    it("are due no more once they were replaced, deleted or found dead", function()
      installations:update({ team_id = "T0ONE" }, "xoxe-1-bot",
        { token = "xoxb-bot-2", refresh_token = "xoxe-2-bot", expires_at = 50000 })
      assert.same({}, installations:due(6000))
      installations:mark_dead({ team_id = "T0ONE", user_id = "U0ADA" }, "xoxp-1", "token_revoked")
      assert.same({}, installations:due(10000))
      assert.equal(1, #installations:due(60000))
      installations:delete { team_id = "T0ONE" }
      assert.same({}, installations:due(60000))
      assert.same({}, store:scope("installation:"):keys "due:")
    end)

    it("lose nothing when many change one place at the same time", function()
      local replaced = runtime.replace()
      finally(replaced.restore)
      watch.delay = 0.01
      tasks.run(function()
        local jobs = {}
        for i = 1, 10 do
          jobs[i] = tasks.spawn(function()
            return assert(installations:save { team_id = "T0ONE", user_id = "U" .. i,
              user_token = "xoxp-" .. i, bot_token = i == 5 and "xoxb-five" or nil })
          end)
        end
        jobs[11] = tasks.spawn(function()
          return assert(installations:update({ team_id = "T0ONE", user_id = "U0ADA" }, "xoxe-1-ada",
            { token = "xoxp-ada-2" }))
        end)
        assert(tasks.all(jobs))
        tasks.sleep(0.1) -- the last lock is given back
      end)
      watch.delay = nil
      assert.equal(11, #installations:history { team_id = "T0ONE" })
      assert.equal("xoxb-five", installations:find_bot({ team_id = "T0ONE" }).bot_token)
      assert.equal("xoxp-ada-2", user_token "U0ADA")
      assert.same({}, store:scope("installation:"):keys "lock:")
    end)
  end)

  describe("that are dead", function()
    it("are passed over, until the app is installed anew", function()
      save {}
      assert.truthy(installations:mark_dead({ team_id = "T0ONE" }, "xoxb-bot-1", "token_revoked"))
      assert.is_nil(installations:find_bot { team_id = "T0ONE" })
      assert.equal("token_revoked", installations:find_latest({ team_id = "T0ONE" }).bot_dead)
      save { bot_token = "xoxb-bot-2" }
      assert.equal("xoxb-bot-2", installations:find_bot({ team_id = "T0ONE" }).bot_token)
    end)

    it("are not those that have another token by now, and are noted once", function()
      save { bot_token = "xoxb-bot-2" }
      local _, err = installations:mark_dead({ team_id = "T0ONE" }, "xoxb-bot-1", "invalid_auth")
      assert.equal("conflict", err.code)
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
      assert.truthy(installations:mark_dead({ team_id = "T0ONE" }, "xoxb-bot-2", "invalid_auth"))
      _, err = installations:mark_dead({ team_id = "T0ONE" }, "xoxb-bot-2", "invalid_auth")
      assert.equal("conflict", err.code)
    end)
  end)

  describe("that are deleted", function()
    before_each(function()
      save { user_id = "U0ADA", user_token = "xoxp-ada" }
      save { user_id = "U0BOB", user_token = "xoxp-bob" }
    end)

    local function kept()
      local keys = store:scope("installation:"):keys ""
      return table.concat(keys, " ")
    end

    it("leave nothing behind without a user (S056)", function()
      assert.is_true(installations:delete { team_id = "T0ONE" })
      assert.equal("", kept())
      assert.is_false(installations:delete { team_id = "T0ONE" })
    end)

    it("leave all others with a user (S056)", function()
      assert.is_true(installations:delete { team_id = "T0ONE", user_id = "U0ADA" })
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0ADA" })
      assert.equal("xoxp-bob", user_token "U0BOB")
      assert.truthy(installations:find_bot { team_id = "T0ONE" })
      assert.is_false(installations:delete { team_id = "T0ONE", user_id = "U0ADA" })
    end)

    it("leave the users when only the bot is meant", function()
      assert.is_true(installations:delete { team_id = "T0ONE", bot_only = true })
      assert.is_nil(installations:find_bot { team_id = "T0ONE" })
      assert.equal("xoxp-ada", user_token "U0ADA")
    end)

    it("are of that place only", function()
      save { team_id = "T0ONE1" }
      save { enterprise_id = "E0ORG" }
      installations:delete { team_id = "T0ONE" }
      assert.truthy(installations:find_bot { team_id = "T0ONE1" })
      assert.truthy(installations:find_bot { enterprise_id = "E0ORG", team_id = "T0ONE" })
    end)

    it("are not a fresh install that a late event is not about", function()
      now = 2000.7
      save { user_id = "U0ADA", user_token = "xoxp-ada-2", bot_token = "xoxb-fresh" }
      assert.is_true(installations:delete { team_id = "T0ONE", before = 1999 }) -- that is Bob's
      assert.equal("xoxb-fresh", installations:find_bot({ team_id = "T0ONE" }).bot_token)
      assert.equal("xoxp-ada-2", user_token "U0ADA")
      assert.is_nil(installations:find { team_id = "T0ONE", user_id = "U0BOB" })
      assert.equal(3, #installations:history { team_id = "T0ONE" })
      assert.is_true(installations:delete { team_id = "T0ONE", before = 2000 })
      assert.equal("", kept())
    end)

    it("are the old bot even when somebody has granted a user token since", function()
      now = 2000
      assert.is_true(installations:save { team_id = "T0ONE", user_id = "U0EVE",
        user_token = "xoxp-eve" })
      assert.is_true(installations:delete { team_id = "T0ONE", before = 1500 })
      assert.is_nil(installations:find_bot { team_id = "T0ONE" })
      assert.equal("xoxp-eve", user_token "U0EVE")
    end)
  end)

  it("give a lock that one at a time has, of all that share the store", function()
    local replaced = runtime.replace()
    finally(replaced.restore)
    local shared = storage.open "memory:"
    local first, second = Installations.new(shared), Installations.new(shared)
    local events = {}
    tasks.run(function()
      local function work(who, name)
        return tasks.spawn(function()
          local lock <close> = assert(who:lock "rotation") -- luacheck: ignore 211
          events[#events + 1] = "begin " .. name
          tasks.sleep(0.5)
          events[#events + 1] = "end " .. name
        end)
      end
      assert(tasks.all { work(first, "a"), work(second, "b"), work(first, "c") })
      local lock <close> = assert(first:lock "rotation") -- luacheck: ignore 211
      local other, err = second:lock("rotation", { wait = 0.1 })
      assert.is_nil(other)
      assert.equal("locked", err.code)
      assert.truthy(second:lock "another")
    end)
    assert.equal(6, #events)
    for i = 1, 5, 2 do
      assert.equal(events[i]:gsub("begin", "end"), events[i + 1])
    end
  end)

  it("have a lock free again when the task that asked for it was cancelled on the way", function()
    local directory <close> = files.temporary()
    local file = assert(storage.open("sqlite:" .. directory.path .. "/bot.db", {
      synchronous = "normal",
    }))
    tasks.run(function()
      local first, second = Installations.new(file), Installations.new(file)
      local task = tasks.spawn(first.lock, first, "rotation")
      tasks.sleep(0) -- the store has been asked
      task:cancel()
      assert(second:lock("rotation", { wait = 2 })):give_back()
    end)
    file:close()
  end)

  it("get back the lock of a process that died, in time", function()
    local replaced = runtime.replace()
    finally(replaced.restore)
    local function clock() return replaced.time.now end
    local shared = storage.open("memory:", { clock = clock })
    tasks.run(function()
      assert(Installations.new(shared):lock("rotation", { ttl = 5 })) -- and never given back
      local began = clock()
      assert.truthy(Installations.new(shared):lock("rotation", { wait = 10 }))
      assert.is_true(clock() - began >= 5)
    end)
  end)
end)
