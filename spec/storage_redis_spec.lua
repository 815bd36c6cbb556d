local Installations = require "slack.installations"
local Process = require "support.process"
local Redis = require "support.redis"
local files = require "support.files"
local live_app = require "support.live_app"
local opened = require "support.opened_store"
local serving = require "support.serving"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local PATIENT <const> = "?timeout=60"
local HASTY <const> = "?timeout=0.5"

describe("a store in a Redis server", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local shared

  setup(function() shared = Redis.start() end)
  teardown(function() shared:stop() end)
  before_each(function() shared:ask "flushall" end)

  describe("keeps values", function()
    it("as they are, under its prefix, in its database", function()
      opened.with_store(shared.url .. "/2?prefix=bot:", function(store)
        assert(store:set("k", { a = { 1 } }) and store:incr("n", 5))
        assert.is_true(store:is_shared())
      end)
      assert.equal('{"a":[1]}', shared:ask "-n 2 get bot:k")
      assert.equal("5", shared:ask "-n 2 get bot:n")
      assert.equal("0", shared:ask "dbsize")
    end)

    it("and tells what the server says of itself", function()
      opened.with_store(shared.url .. "?prefix=bot:", function(store)
        assert.matches("redis_version:%d+%.%d+", (assert(store.backend:info())))
      end)
      local directory <close> = files.temporary()
      opened.with_store("sqlite:" .. directory.path .. "/a.db", function(store)
        assert.equal("unsupported", select(2, store.backend:info()).code)
      end)
    end)

    it("of which lists and loops are made while others have their turn", function()
      shared:ask [[eval 'for i = 1, 100000 do redis.call("SET", "other" .. i, 1) end' 0]]
      opened.with_store(shared.url, function(store)
        assert(store:set("k", 1))
        for _, list in ipairs {
          function() return #assert(store:keys "k") == 1 end,
          -- One that is there may be found at once.
          function() return store:scan("none"):next() == nil end,
        } do
          local ended = {}
          tasks.run(function()
            tasks.all {
              function()
                assert.is_true(list())
                table.insert(ended, "list")
              end,
              function()
                assert(store:get "k")
                table.insert(ended, "get")
              end,
            }
          end)
          assert.equal("get", ended[1])
        end
      end)
    end)

    it("and leaves those of others alone", function()
      shared:ask "mset other 1 lua-slack 2 LUA-SLACK:x 3"
      opened.with_store(shared.url, function(store)
        store:set("k", 1)
        assert.same({ "k" }, store:keys())
        shared:ask "rpush lua-slack:list 1"
        assert.same({ "foreign", "foreign" }, opened.codes(
          function() return store:get "list" end,
          function() return store:replace("list", 1, 2) end))
      end)
    end)

    it("over a Unix socket", function()
      opened.with_store(("redis+unix://%s?database=3"):format(shared.socket), function(store)
        assert(store:set("k", 1))
      end)
      assert.equal("1", shared:ask "-n 3 get lua-slack:k")
    end)

    it("for as long as they live by the server's clock, whatever that of the store says", function()
      opened.with_store(shared.url, function(store)
        store:set("short", 1, { ttl = 0.02 })
        store:set("long", 1, { ttl = 1000 })
        store:replace("long", 1, 2, { ttl = 2000 })
        live_app.wait(function() return store:get "short" == nil end)
        assert.equal(2, store:get "long")
        assert.matches("^[12]%d%d%d$", shared:ask "ttl lua-slack:long")
      end, { clock = function() return 5 end })
    end)

    it("whose list takes many pages, each once and sorted", function()
      opened.with_store(shared.url, function(store)
        local expected, list = {}, {}
        for i = 1, 3000 do
          expected[i] = ("key:%04d"):format(i)
          list[i] = function() return store:set(expected[i], i) end
        end
        tasks.run(function() assert(tasks.all(list)) end)
        assert.same(expected, store:keys "key:")
      end)
    end)

    it("of any size, more than one round trip's worth at a time", function()
      opened.with_store(shared.url, function(store)
        tasks.run(function()
          local list = {}
          for i = 1, 12 do
            list[i] = function() return store:set("k" .. i, ("v"):rep(i * 100000)) end
          end
          assert(tasks.all(list))
        end)
        for i = 1, 12 do
          assert.equal(i * 100000, #store:get("k" .. i))
        end
      end)
    end)
  end)

  it("does in order what tasks ask for at a time, in few round trips", function()
    opened.with_store(shared.url .. PATIENT, function(store)
      shared:signal "STOP"
      tasks.run(function()
        local list = { function() shared:signal "CONT" end }
        for i = 500, 1, -1 do
          table.insert(list, 1, function() return store:incr("k", 1000) end)
          table.insert(list, 1, function() return store:set("k", i) end)
        end
        assert(tasks.all(list))
      end)
      assert.equal(1500, store:get "k")
      local stats = store.backend:stats()
      assert.equal(1002, stats.jobs)
      assert.is_true(stats.commits <= 4, stats.commits)
    end)
  end)

  it("counts right, and hands out locks once, when processes race", function()
    local directory <close> = files.temporary()
    local script = directory.path .. "/race.lua"
    files.write(script, ([[
      local store = assert(require "slack.storage".open(%q))
      local count = 0
      for i = 1, 100 do
        assert(store:incr("n", 1, { ttl = 60 }))
        count = count + (store:add("lock" .. i, true) and 1 or 0)
      end
      for _ = 1, 20 do
        repeat
          local list = store:get "list" or store:add("list", {}) and {}
          local longer = list and { table.unpack(list) }
          if list then longer[#longer + 1] = 1 end
        until list and store:replace("list", list, longer)
      end
      print(count)
    ]]):format(shared.url .. PATIENT))
    local one <close> = Process.lua(script)
    local other <close> = Process.lua(script)
    assert.equal(0, one:wait(), one:output())
    assert.equal(0, other:wait(), other:output())
    assert.equal(100, tonumber(one:output()) + tonumber(other:output()))
    opened.with_store(shared.url, function(store)
      assert.equal(200, store:get "n")
      assert.equal(40, #store:get "list")
    end)
  end)

  it("goes on when scripts are flushed and idle connections are closed", function()
    opened.with_store(shared.url .. PATIENT, function(store, lines)
      store:set("k", 1)
      assert.is_true(store:replace("k", 1, 2))
      shared:ask "script flush"
      shared:ask "client kill type normal"
      assert.is_true(store:replace("k", 2, 3))
      assert.equal(1, store:incr "n")
      assert.same({}, lines)
    end)
  end)

  it("finishes what waits when it is closed", function()
    local ends = {}
    local store = assert(storage.open(shared.url .. PATIENT))
    tasks.run(function()
      local list = {}
      for i = 1, 100 do
        list[i] = tasks.spawn(function() ends[i] = store:set("k" .. i, i) end)
      end
      tasks.sleep(0)
      store:close()
      assert.equal("closed", select(2, store:get "k1").code)
      tasks.all(list)
    end)
    assert.equal(100, #ends)
    assert.equal("100", shared:ask "dbsize")
  end)

  it("leaves the loop nothing to wait for when it is closed", function()
    opened.check_loop(shared.url)
  end)

  it("leaves no thread and no descriptor behind, opened or not", function()
    opened.check_footprint(6, shared.url, "redis://127.0.0.1:1?timeout=0.02")
  end)

  it("serves an app, and what one kept another finds", function()
    live_app.run(function(here, new_app)
      local options = { storage = shared.url }
      local app = new_app(options)
      app:message("count", function(c) c:say(("%d"):format(app.store:incr "count")) end)
      assert(app:start())
      here:say { text = "count" }
      assert(here:wait_message { text = "1" })
      assert(app:stop())
      local other = new_app(options)
      assert(other:start())
      assert.equal(1, other.store:get "count")
      assert.equal("1", shared:ask "get lua-slack:data:count")
    end)
  end)

  it("keeps installations, for whichever machine asks", function()
    opened.with_store(shared.url, function(store)
      assert(Installations.new(store):save { team_id = "T0ONE", bot_token = "xoxb-1" })
    end)
    opened.with_store(shared.url, function(store)
      local record = Installations.new(store):find { team_id = "T0ONE" }
      assert.equal("xoxb-1", record.bot_token)
    end)
  end)

  describe("over TLS", function()
    local redis, folder, paths

    setup(function()
      folder = files.temporary()
      paths = serving.write_certificate(folder.path)
      redis = Redis.start {
        "requirepass s3cret", "tls-auth-clients no",
        "tls-cert-file " .. paths.cert, "tls-key-file " .. paths.key,
        "tls-ca-cert-file " .. paths.ca,
      }
      redis.tls = redis:listen_with_tls "s3cret"
    end)

    teardown(function()
      redis:stop()
      getmetatable(folder).__close(folder)
    end)

    local function url(host, password)
      return ("rediss://:%s@%s:%d%s"):format(password or "s3cret", host or "localhost", redis.tls,
        PATIENT)
    end

    it("speaks to a server whose certificate a known authority has signed", function()
      opened.with_store(url(), function(store)
        assert(store:set("k", ("v"):rep(200000)))
        assert.equal(200000, #store:get "k")
      end, { ca_file = paths.ca })
    end)

    it("speaks to no other", function()
      local code, text = opened.refused(url())
      assert.equal("tls", code)
      assert.matches("Redis at localhost:%d+: the TLS connection was refused: .*ca_file", text)
    end)

    it("says when TLS is on one side only", function()
      tasks.run(function()
        tasks.all {
          function()
            local code, text = opened.refused(("rediss://localhost:%d%s"):format(redis.port, HASTY))
            assert.equal("timeout", code)
            assert.matches("no TLS handshake for 0.5 s", text)
          end,
          function()
            local code, text = opened.refused(("redis://localhost:%d%s"):format(redis.tls, HASTY))
            assert.equal("connection", code)
            assert.matches("hung up before it answered: does it want TLS", text)
          end,
        }
      end)
    end)

    it("and without, tells a wrong password from a missing one", function()
      local code, text = opened.refused(url(nil, "wr0ng"), { ca_file = paths.ca })
      assert.equal("denied", code)
      assert.matches("does not take the user and password of the URL", text)
      assert.is_nil(text:find "wr0ng")
      code, text = opened.refused(redis.url .. PATIENT)
      assert.equal("denied", code)
      assert.matches("wants a password, which the URL has before the host, as :PASSWORD@", text)
      assert.equal("denied", (opened.refused(redis.url:gsub("//", "//bot:s3cret@") .. PATIENT)))
      opened.with_store(redis.url:gsub("//", "//:s3cret@"), function(store)
        assert(store:set("k", 1))
      end)
    end)
  end)
end)
