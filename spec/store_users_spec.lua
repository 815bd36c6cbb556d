-- What the project itself keeps in a store, on each kind of store: two handles of the same one
-- stand for two processes.

local Installations = require "slack.installations"
local OfflineApp = require "support.offline_app"
local Redis = require "support.redis"
local SharedDedupe = require "slack.shared_dedupe"
local States = require "slack.oauth.states"
local ThreadContexts = require "slack.thread_contexts"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

-- Both handles, and the URL for an app, nil in memory.
local function in_memory()
  local store = assert(storage.open "memory:")
  return store, store
end

local function opened_twice(url)
  return assert(storage.open(url)), assert(storage.open(url)), url
end

local redis, directory
local count = 0

local KINDS = {
  memory = in_memory,
  sqlite = function()
    return opened_twice("sqlite:" .. directory.path .. "/bot.db")
  end,
  redis = Redis.is_installed() and function()
    count = count + 1
    return opened_twice(("%s/2?prefix=%d:"):format(redis.url, count))
  end or nil,
}

describe("kept in a store", function()
  setup(function() redis = KINDS.redis and Redis.start() end)
  teardown(function() return redis and redis:stop() end)

  for kind, open in pairs(KINDS) do
    describe("of the kind " .. kind .. ",", function()
      local one, other, url

      before_each(function()
        directory = files.temporary()
        one, other, url = open()
      end)
      after_each(function()
        one:close()
        other:close()
        getmetatable(directory).__close(directory)
      end)

      it("installations are found, listed, due, and deleted by both", function()
        local mine, theirs = Installations.new(one), Installations.new(other)
        for i = 1, 3 do
          assert.is_true(mine:save {
            team_id = "T" .. i, bot_token = "xoxb-" .. i, bot_user_id = "U0BOT", user_id = "U0ADA",
            user_token = "xoxp-" .. i, bot_refresh_token = "xoxe-" .. i, enterprise_id = "E1",
            bot_token_expires_at = 5000 + i, metadata = { tags = json.list(), n = i },
          })
        end
        local found = theirs:find { enterprise_id = "E1", team_id = "T2" }
        assert.equal("xoxb-2", found.bot_token)
        assert.is_true(json.is_list(found.metadata.tags))
        assert.equal("integer", math.type(found.metadata.n))
        assert.equal(3, #assert(theirs:list()))
        local due = assert(theirs:due(5003))
        assert.equal(2, #due)
        assert.equal("xoxb-1", due[1].token)
        assert(theirs:delete { enterprise_id = "E1", team_id = "T2" })
        assert.is_nil(mine:find { enterprise_id = "E1", team_id = "T2" })
        local teams = {}
        for record in mine:each() do
          table.insert(teams, record.team_id)
        end
        table.sort(teams)
        assert.same({ "T1", "T3" }, teams)
      end)

      it("an installation that several save at once is whole", function()
        tasks.run(function()
          local list = {}
          for i = 1, 10 do
            list[i] = function()
              assert(Installations.new(i % 2 == 0 and one or other):save {
                team_id = "T1", bot_token = "xoxb-" .. i, bot_user_id = "UBOT" .. i,
                installed_at = i,
              })
            end
          end
          tasks.all(list)
        end)
        local record = Installations.new(one):find { team_id = "T1" }
        assert.equal("UBOT" .. record.bot_token:match "%d+$", record.bot_user_id)
      end)

      it("an OAuth state is good once, for both together (S065)", function()
        local mine = States.new { store = one:scope "oauth:", purpose = "install" }
        local theirs = States.new { store = other:scope "oauth:", purpose = "install" }
        for _ = 1, 5 do
          local state = assert(mine:issue { from = "x" })
          local results = tasks.run(function()
            return tasks.all {
              function() return mine:consume(state.text, state.cookie) or false end,
              function() return theirs:consume(state.text, state.cookie) or false end,
            }
          end)
          assert.is_true((results[1] == false) ~= (results[2] == false))
          assert.same({ from = "x" }, (results[1] or results[2]).data)
        end
        assert.equal(1, #one:keys "oauth:")
      end)

      it("Slack's limits are kept to together", function()
        live.run(function(_, new_app)
          local answered = 0
          for _, store in ipairs { one, other, one } do
            local app = new_app {
              max_wait = 0, pacing = { store = store, methods = { ["users.list"] = 1 } },
            }
            answered = answered + (app.client.users.list() and 1 or 0)
          end
          assert.equal(1, answered)
        end)
      end)

      it("what a person looks at is found by both, until it is forgotten", function()
        local mine, theirs = ThreadContexts.of(one:scope "x:"), ThreadContexts.of(other:scope "x:")
        local c = { team_id = "T1", channel_id = "D1", thread_ts = "1.2" }
        assert.is_nil(mine:get(c))
        assert.is_true(mine:save(c, { channel_id = "C1", team_id = "T1" }))
        assert.same({ channel_id = "C1", team_id = "T1" }, theirs:get(c))
        assert.is_true(theirs:save(c, {}))
        assert.same({}, mine:get(c))
        assert.is_nil(mine:get { team_id = "T2", channel_id = "D1", thread_ts = "1.2" })
      end)

      it("an event is handled by one, and by the other when that failed", function()
        local said = {}
        local apps = {}
        for i, store in ipairs { one, other } do
          apps[i] = OfflineApp.new()
          local dispatch = apps[i].app.dispatch
          dispatch.shared_dedupe = SharedDedupe.new(dispatch, store:scope "dedupe:")
          apps[i].app:message(function(c)
            table.insert(said, i .. c.message.text)
            if c.message.text == "fail" and i == 1 then
              error "no"
            end
          end)
        end
        tasks.run(function()
          local function deliver(i, text)
            local request = apps[i]:deliver({
              type = "event_callback", team_id = "T1", event_id = "Ev" .. text,
              event = { type = "message", text = text, user = "U1", channel = "C1" },
            }, { acked = true, held = true, has_status = true })
            wait_until("an answer", function() return request.answers[1] or request.refused end)
            return request.refused_as or "ok"
          end
          assert.equal("ok", deliver(1, "well"))
          assert.equal("ok", deliver(2, "well"))
          assert.equal("failed", deliver(1, "fail"))
          assert.equal("ok", deliver(2, "fail"))
          assert.equal("ok", deliver(1, "fail"))
        end)
        assert.same({ "1well", "1fail", "2fail" }, said)
      end)

      if kind ~= "memory" then
        it("a durable state is there at the next start, and the last who stores has it", function()
          live.run(function(_, new_app)
            local options = { storage = url, inbox = false }
            local a, b = new_app(options), new_app(options)
            assert(a:start())
            assert(b:start())
            local in_a = assert(a:state("x", {}, { durable = true }))
            local in_b = assert(b:state("x", {}, { durable = true }))
            in_a.who = "a"
            assert(a:stop())
            in_b.who = "b"
            assert(b:stop())
            assert.same({ who = "b" }, one:get "state:x")
            assert.same({ who = "b" }, new_app(options):state("x", {}, { durable = true }))
          end)
        end)
      end
    end)
  end
end)
