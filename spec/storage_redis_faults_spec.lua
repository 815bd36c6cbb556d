local Redis = require "support.redis"
local child = require "support.child"
local live_app = require "support.live_app"
local opened = require "support.opened_store"
local serving = require "support.serving"
local tasks = require "slack.tasks"

local PATIENT <const> = "?timeout=60"
local HASTY <const> = "?timeout=0.5"
local HURRIED <const> = "?timeout=0.2"

describe("a Redis server that is", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local redis

  before_each(function() redis = Redis.start() end)
  after_each(function() redis:stop() end)

  it("not there when it is opened is waited for, then an error", function()
    redis:kill()
    local code, text = opened.refused(redis.url .. HURRIED)
    assert.equal("connection", code)
    assert.matches("^Redis at 127.0.0.1:%d+: no connection: ", text)
  end)

  it("not there at its socket is told with the system's reason", function()
    local code, text = opened.refused("redis+unix:///nowhere/redis.sock" .. HURRIED)
    assert.equal("connection", code)
    assert.equal("Redis at /nowhere/redis.sock: no connection: No such file or directory", text)
  end)

  -- Its thread could be told of nothing while it waits for the server.
  it("to be used where no descriptors are left is refused, and found when there are", function()
    local _, output = child.run(([[
      local storage = require "slack.storage"
      local function try(what)
        local store, err = storage.open %q
        print(what, store and store:get "k" or tostring(err))
        return store
      end
      local before = try "before"
      local held = {}
      repeat
        local file = io.open "/dev/null"
        held[#held + 1] = file
      until not file
      try "without"
      for _, file in ipairs(held) do
        file:close()
      end
      assert(before:set("k", "found"))
      try "with"
    ]]):format(redis.url), "ulimit -n 64")
    assert.matches(
      "without\tRedis at [%d.:]+ cannot be used: too many open files: raise ulimit %-n", output)
    assert.matches("with\tfound", output)
  end)

  it("killed and comes back, empty: calls wait for it, and the log has two lines", function()
    opened.with_store(redis.url .. PATIENT, function(store, lines)
      assert(store:set("k", 1))
      redis:kill()
      local set
      tasks.run(function()
        local task = tasks.spawn(function() set = assert(store:set("l", 2)) end)
        live_app.wait(function() return lines[1] end)
        assert(redis:run())
        task:join()
      end)
      assert.is_true(set)
      assert.same({ "l" }, store:keys())
      assert.equal(2, #lines, table.concat(lines, "\n"))
      assert.matches("WARN +storage +Redis at 127.0.0.1:%d+: no connection: .*; until it is back",
        lines[1])
      assert.matches("INFO +storage +Redis at 127.0.0.1:%d+ is back after %d+.%d s", lines[2])
    end)
  end)

  it("gone: calls fail when their time is over, however many there are", function()
    opened.with_store(redis.url .. HASTY, function(store)
      redis:kill()
      local failed, asks = {}, {
        function() return store:get "k" end,
        function() return store:incr "k" end,
        function() return store:keys() end,
        function() return store:delete_if("k", 1) end,
      }
      tasks.run(function()
        for i = 1, 1500 do
          tasks.spawn(function()
            tasks.sleep(i / 10000)
            local _, err = asks[i % 4 + 1]()
            failed[#failed + 1] = err.code == "connection" or nil
          end)
        end
        live_app.wait(function() return #failed == 1500 end)
      end)
    end)
  end)

  it("paused: what is read fails, what is written may have been done", function()
    opened.with_store(redis.url .. HASTY, function(store, lines)
      assert.equal(1, store:incr "n")
      redis:signal "STOP"
      local _, written, read
      tasks.run(function()
        tasks.all {
          function() _, written = store:incr "n" end,
          function() _, read = store:get "n" end,
        }
      end)
      assert.equal("unknown_outcome", written.code)
      assert.matches("no answer for 0.5 s; whether this was done is not known$",
        tostring(written))
      assert.equal("timeout", read.code)
      redis:signal "CONT"
      tasks.run(function()
        live_app.wait(function() return store:get "n" end)
      end)
      assert.equal(2, store:get "n")
      assert.equal(2, #lines, table.concat(lines, "\n"))
    end)
  end)

  it("cutting connections all the time does no write twice, and loses none it answered", function()
    opened.with_store(redis.url .. PATIENT, function(store)
      local done, unknown, cuts = 0, 0, 0
      tasks.run(function()
        local list = { function()
          for _ = 1, 15 do
            cuts = cuts + tonumber(redis:ask "client kill type normal")
            tasks.sleep(0.002)
          end
        end }
        for i = 1, 20 do
          list[i + 1] = function()
            repeat
              local sum, err = store:incr "n"
              assert(sum or err.code == "unknown_outcome", err)
              done, unknown = done + (sum and 1 or 0), unknown + (sum and 0 or 1)
              assert(store:get "n" >= done)
            until cuts >= 10
          end
        end
        assert(tasks.all(list))
      end)
      local counted = store:get "n"
      assert.is_true(done <= counted and counted <= done + unknown,
        ("%d done, %d unknown, %d counted"):format(done, unknown, counted))
    end)
  end)

  it("out of memory, a replica, or of another kind is told apart", function()
    opened.with_store(redis.url .. PATIENT, function(store)
      store:set("k", 1)
      redis:ask "config set maxmemory 1"
      local _, err = store:set("l", 1)
      assert.equal("memory_full", err.code)
      assert.matches("^Redis at 127.0.0.1:%d+ has reached its maxmemory", tostring(err))
      assert.equal("memory_full", select(2, store:replace("k", 1, 2)).code)
      assert.equal(1, store:get "k")
      _, err = store:batch(function(b) b:set("k", 2) b:incr "n" end)
      assert.equal("memory_full", err.code)
      redis:ask "config set maxmemory 0"
      assert.equal(0, #store:keys "n")
      redis:ask "replicaof 127.0.0.1 1"
      assert.same({ "read_only", "read_only", 1, "read_only", "read_only" }, opened.codes(
        function() return store:set("l", 1) end,
        function() return store:incr("n", 1, { ttl = 5 }) end,
        function() return store:get "k" end,
        function() return store:delete_if("k", 1) end,
        function() return store:batch(function(b) b:set("k", 2) b:incr "n" end) end))
      redis:ask "replicaof no one"
      assert.is_true(store:set("l", 1))
    end)
  end)

  it("not ours to use says what is missing", function()
    redis:ask "acl setuser bot on '>pw' '~bot:*' +get +set +select +ping"
    local url = redis.url:gsub("//", "//bot:pw@")
    assert.equal("denied", (opened.refused(url .. PATIENT)))
    opened.with_store(url .. "?prefix=bot:", function(store)
      assert(store:set("k", 1))
      local _, err = store:incr "k"
      assert.equal("denied", err.code)
      assert.matches("does not let this user: it needs get, set, del, incrby", tostring(err))
      assert.equal("denied", select(2, store:keys()).code)
    end)
    assert.equal("denied", (opened.refused(redis.url:gsub("//", "//bot:no@") .. PATIENT)))
    local code, text = opened.refused(redis.url:gsub("//", "//:pw@") .. PATIENT)
    assert.equal("denied", code)
    assert.matches("has no password set", text)
    code, text = opened.refused(redis.url .. "/99" .. PATIENT)
    assert.equal("database", code)
    assert.matches("has no database of the URL's number", text)
  end)

  it("no single server says so", function()
    local cluster <close> = Redis.start { "cluster-enabled yes" }
    local code, text = opened.refused(cluster.url .. PATIENT)
    assert.equal("cluster", code)
    assert.matches("is part of a Redis Cluster, which is not spoken here: give one server", text)
    local sentinel <close> = Redis.start({}, "--sentinel")
    code, text = opened.refused(sentinel.url .. PATIENT)
    assert.equal("sentinel", code)
    assert.matches("is a Sentinel, which keeps no data: give the URL of the primary", text)
    serving.run(function(on)
      code, text = opened.refused(("redis://%s%s"):format(on.server:url():match "//(.*)", PATIENT))
      assert.equal("protocol", code)
      assert.matches("is no Redis server, by what it answers: check host, port", text)
    end)
  end)
end)
