local files = require "support.files"
local live = require "support.live_app"
local slack = require "slack"
local storage = require "slack.storage"

describe("an app's storage", function()
  it("is open from its start to its stop, and what is in memory outlives that", function()
    live.run(function(_, new_app)
      local app = new_app()
      assert.matches("app_storage_spec.lua:%d+: the app's storage is open from app:start on",
        select(2, pcall(function() return app.store:get "n" end)))
      for count = 1, 2 do
        assert(app:start())
        assert.equal(count, app.store:incr("n", 1))
        assert.equal(count, app.storage:get "data:n")
        assert(app:stop())
      end
      assert.is_false((pcall(function() return app.store:get "n" end)))
    end)
  end)

  it("in a file is closed at a stop and there again after a start", function()
    local folder <close> = files.temporary()
    local given = { storage = "sqlite:" .. folder.path .. "/bot.db" }
    live.run(function(_, new_app)
      local app = new_app(given)
      assert(app:start())
      assert(app.store:set("who", { name = "ada" }))
      local store = app.store
      assert(app:stop())
      assert.equal("closed", select(2, store:get "who").code)
      local other = new_app(given)
      assert(other:start())
      assert.same({ name = "ada" }, other.store:get "who")
    end)
  end)

  it("of the program's own making stays open", function()
    local store <const> = assert(storage.open "memory:")
    live.run(function(_, new_app)
      local app = new_app { storage = store }
      assert(app:start())
      assert(app.store:set("n", 5))
      assert(app:stop())
      assert.equal(5, store:get "data:n")
    end)
  end)

  it("that cannot be opened keeps the app from starting, and the error names the file", function()
    live.run(function(here, new_app)
      local app = new_app { storage = "sqlite:/no/such/folder/bot.db" }
      local ok, err = app:start()
      assert.is_nil(ok)
      assert.matches("the app cannot start: storage: .*/no/such/folder/bot.db", tostring(err))
      assert.equal("idle", app.phase)
      assert.equal(0, #here:calls "auth.test")
    end)
  end)

  it("keeps for each conversation what handlers put there (S029)", function()
    live.run(function(here, new_app)
      local app = new_app()
      app:message(slack.pattern "^remember (.+)", function(c)
        assert(app.store:scope("channel:" .. c.channel_id .. ":"):set("topic", c.matches[1]))
        c:react "ok_hand"
      end)
      app:message("what?", function(c)
        c:say("It was " .. tostring(app.store:get("channel:" .. c.channel_id .. ":topic")))
      end)
      assert(app:start())
      here:say { text = "remember cheese", channel = "general" }
      live.wait(function() return here:calls "reactions.add"[1] end)
      here:say { text = "what?", channel = "random" }
      here:say { text = "what?", channel = "general" }
      assert(here:wait_message { text = "It was nil", channel = "random" })
      assert(here:wait_message { text = "It was cheese", channel = "general" })
    end)
  end)

  for _, is_shared in ipairs { true, false } do
    it(("has Slack's limits in it when machines share it: %s"):format(is_shared), function()
      local store <const> = assert(storage.open "memory:")
      function store:is_shared() -- luacheck: ignore self
        return is_shared
      end
      local pacing = { methods = { ["users.list"] = 1 } }
      local options = { storage = store, max_wait = 0, pacing = pacing }
      live.run(function(_, new_app)
        local one, other = new_app(options), new_app(options)
        assert(one:start())
        assert(other:start())
        assert(one.client.users.list())
        local answer, err = other.client.users.list()
        assert.equal(is_shared, answer == nil)
        assert.equal(is_shared and "ratelimited" or nil, err and err.code)
        assert(one:stop())
        assert.is_false(one.client._pacing.shared)
        assert.equal(is_shared, #store:keys "pacing:" > 0)
      end)
    end)
  end

  for workers, is_shared in pairs { [1] = false, [2] = true } do
    it(("in a file has Slack's limits in it with several workers: %d"):format(workers), function()
      local folder <close> = files.temporary()
      live.run(function(_, new_app)
        local app = new_app {
          storage = "sqlite:" .. folder.path .. "/bot.db", workers = workers, pacing = true,
        }
        assert(app:start())
        assert(app.client.users.list())
        assert.equal(is_shared, #app.storage:keys "pacing:" > 0)
      end)
    end)
  end

  it("serves scripts while they load", function()
    local folder <close> = files.temporary()
    files.write(folder.path .. "/x.lua", 'local app = ...\nassert(app.store:set("loaded", true))')
    live.run(function(_, new_app)
      local app = new_app { scripts = folder.path }
      assert(app:start())
      assert.is_true(app.store:get "loaded")
    end)
  end)
end)
