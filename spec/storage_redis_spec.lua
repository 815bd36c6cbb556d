local Process = require "support.process"
local Redis = require "support.redis"
local child = require "support.child"
local files = require "support.files"
local live_app = require "support.live_app"
local logs = require "slack.log"
local loop = require "slack.loop"
local serving = require "support.serving"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local PATIENT <const> = "?timeout=60"
local HASTY <const> = "?timeout=0.15"

describe("a store in a Redis server", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local shared

  setup(function() shared = Redis.start() end)
  teardown(function() shared:stop() end)
  before_each(function() shared:ask "flushall" end)

  -- Opens, calls fn(store, lines of the log) and closes.
  local function with_store(url, fn, options)
    local lines = {}
    options = options or {}
    options.log = logs.new { sink = function(line) table.insert(lines, line) end }
    local store = assert(storage.open(url, options))
    local closing <close> = setmetatable({}, { -- luacheck: ignore 211
      __close = function() store:close() end,
    })
    return fn(store, lines)
  end

  local function codes(...)
    local list = {}
    for i, ask in ipairs { ... } do
      local value, err = ask()
      list[i] = err and err.code or value
    end
    return list
  end

  local function refused(url, options)
    local store, err = storage.open(url, options)
    assert.is_nil(store)
    return err.code, tostring(err)
  end

  describe("keeps values", function()
    it("as they are, under its prefix, in its database", function()
      with_store(shared.url .. "/2?prefix=bot:", function(store)
        assert(store:set("k", { a = { 1 } }) and store:incr("n", 5))
        assert.is_true(store:is_shared())
      end)
      assert.equal('{"a":[1]}', shared:ask "-n 2 get bot:k")
      assert.equal("5", shared:ask "-n 2 get bot:n")
      assert.equal("0", shared:ask "dbsize")
    end)

    it("and leaves those of others alone", function()
      shared:ask "mset other 1 lua-slack 2 LUA-SLACK:x 3"
      with_store(shared.url, function(store)
        store:set("k", 1)
        assert.same({ "k" }, store:keys())
        shared:ask "rpush lua-slack:list 1"
        assert.same({ "foreign", "foreign" }, codes(
          function() return store:get "list" end,
          function() return store:replace("list", 1, 2) end))
      end)
    end)

    it("over a Unix socket", function()
      with_store(("redis+unix://%s?database=3"):format(shared.socket), function(store)
        assert(store:set("k", 1))
      end)
      assert.equal("1", shared:ask "-n 3 get lua-slack:k")
    end)

    it("for as long as they live by the server's clock, whatever that of the store says", function()
      with_store(shared.url, function(store)
        store:set("short", 1, { ttl = 0.02 })
        store:set("long", 1, { ttl = 1000 })
        store:replace("long", 1, 2, { ttl = 2000 })
        live_app.wait(function() return store:get "short" == nil end)
        assert.equal(2, store:get "long")
        assert.matches("^[12]%d%d%d$", shared:ask "ttl lua-slack:long")
      end, { clock = function() return 5 end })
    end)

    it("whose list takes many pages, each once and sorted", function()
      with_store(shared.url, function(store)
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
      with_store(shared.url, function(store)
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
    with_store(shared.url, function(store)
      tasks.run(function()
        local list = {}
        for i = 1, 500 do
          list[2 * i - 1] = function() return store:set("k", i) end
          list[2 * i] = function() return store:incr("k", 1000) end
        end
        assert(tasks.all(list))
      end)
      assert.equal(1500, store:get "k")
      local stats = store.backend:stats()
      assert.equal(1002, stats.jobs)
      assert.is_true(stats.commits < 200, stats.commits)
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
    with_store(shared.url, function(store)
      assert.equal(200, store:get "n")
      assert.equal(40, #store:get "list")
    end)
  end)

  it("goes on when scripts are flushed and idle connections are closed", function()
    with_store(shared.url .. PATIENT, function(store, lines)
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
    local previous = loop.use(loop.new())
    local restore <close> = setmetatable({}, { -- luacheck: ignore 211
      __close = function() loop.use(previous) end,
    })
    local store = assert(storage.open(shared.url))
    assert.is_true(loop.is_alive())
    store:close()
    assert.is_false(loop.is_alive())
  end)

  it("leaves no thread and no descriptor behind, opened or not", function()
    assert(child.run(([[
      local footprint, storage = require "support.footprint", require "slack.storage"
      footprint.rounds(6, function(round)
        local store = assert(storage.open %q)
        assert(store:incr "n" == round)
        store:close()
        assert(not storage.open %q)
      end)
    ]]):format(shared.url, "redis://127.0.0.1:1" .. HASTY)))
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

  describe("over TLS", function()
    local redis, folder, paths

    setup(function()
      folder = files.temporary()
      paths = serving.write_certificate(folder.path)
      redis = Redis.start {
        "requirepass s3cret", "tls-auth-clients no",
        "tls-cert-file " .. paths.cert, "tls-key-file " .. paths.key, "tls-ca-cert-file " .. paths.ca,
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
      with_store(url(), function(store)
        assert(store:set("k", ("v"):rep(200000)))
        assert.equal(200000, #store:get "k")
      end, { ca_file = paths.ca })
    end)

    it("speaks to no other", function()
      local code, text = refused(url())
      assert.equal("tls", code)
      assert.matches("Redis at localhost:%d+: the TLS connection was refused: .*ca_file", text)
      code, text = refused(("rediss://localhost:%d%s"):format(redis.port, HASTY))
      assert.equal("timeout", code)
      assert.matches("no TLS handshake for 0.1 s", text)
      code, text = refused(("redis://localhost:%d%s"):format(redis.tls, HASTY))
      assert.equal("connection", code)
      assert.matches("hung up before it answered: does it want TLS", text)
    end)

    it("and without, tells a wrong password from a missing one", function()
      local code, text = refused(url(nil, "wr0ng"), { ca_file = paths.ca })
      assert.equal("denied", code)
      assert.matches("does not take the user and password of the URL", text)
      assert.is_nil(text:find "wr0ng")
      code, text = refused(redis.url .. PATIENT)
      assert.equal("denied", code)
      assert.matches("wants a password, which the URL has before the host, as :PASSWORD@", text)
      assert.equal("denied", (refused(redis.url:gsub("//", "//bot:s3cret@") .. PATIENT)))
      with_store(redis.url:gsub("//", "//:s3cret@"), function(store)
        assert(store:set("k", 1))
      end)
    end)
  end)

  describe("that is", function()
    local redis

    before_each(function() redis = Redis.start() end)
    after_each(function() redis:stop() end)

    it("not there when it is opened is waited for, then an error", function()
      redis:kill()
      local code, text = refused(redis.url .. HASTY)
      assert.equal("connection", code)
      assert.matches("^Redis at 127.0.0.1:%d+: no connection: ", text)
    end)

    it("killed and comes back, empty: calls wait for it, and the log has two lines", function()
      with_store(redis.url .. PATIENT, function(store, lines)
        assert(store:set("k", 1))
        redis:kill()
        local set
        tasks.run(function()
          local task = tasks.spawn(function() set = assert(store:set("l", 2)) end)
          live_app.wait(function() return lines[1] end)
          redis:run()
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

    it("gone: calls fail after their time, each after its own", function()
      with_store(redis.url .. HASTY, function(store)
        redis:kill()
        assert.same({ "connection", "connection", "connection" }, codes(
          function() return store:get "k" end,
          function() return store:incr "k" end,
          function() return store:keys() end))
        tasks.run(function()
          local failed = 0
          for i = 1, 2000 do
            tasks.spawn(function()
              tasks.sleep(i / 10000)
              local _, err = store:set("k", i)
              failed = failed + (err.code == "connection" and 1 or 0)
            end)
          end
          live_app.wait(function() return failed == 2000 end)
        end)
      end)
    end)

    it("paused: what is read fails, what is written may have been done", function()
      with_store(redis.url .. HASTY, function(store, lines)
        assert.equal(1, store:incr "n")
        redis:signal "STOP"
        local _, err = store:incr "n"
        assert.equal("unknown_outcome", err.code)
        assert.matches("no answer for 0.1 s; whether this was done is not known$", tostring(err))
        assert.equal("timeout", select(2, store:get "n").code)
        redis:signal "CONT"
        tasks.run(function()
          live_app.wait(function() return store:get "n" end)
        end)
        assert.equal(2, store:get "n")
        assert.equal(2, #lines, table.concat(lines, "\n"))
      end)
    end)

    it("out of memory, a replica, or of another kind is told apart", function()
      with_store(redis.url .. PATIENT, function(store)
        store:set("k", 1)
        redis:ask "config set maxmemory 1"
        local _, err = store:set("l", 1)
        assert.equal("memory_full", err.code)
        assert.matches("^Redis at 127.0.0.1:%d+ has reached its maxmemory", tostring(err))
        assert.equal("memory_full", select(2, store:replace("k", 1, 2)).code)
        assert.equal(1, store:get "k")
        redis:ask "config set maxmemory 0"
        redis:ask "replicaof 127.0.0.1 1"
        assert.same({ "read_only", "read_only", 1, "read_only" }, codes(
          function() return store:set("l", 1) end,
          function() return store:incr("n", 1, { ttl = 5 }) end,
          function() return store:get "k" end,
          function() return store:delete_if("k", 1) end))
        redis:ask "replicaof no one"
        assert.is_true(store:set("l", 1))
      end)
    end)

    it("not ours to use says what is missing", function()
      redis:ask "acl setuser bot on '>pw' '~bot:*' +get +set +select +ping"
      local url = redis.url:gsub("//", "//bot:pw@")
      assert.equal("denied", (refused(url .. PATIENT)))
      with_store(url .. "?prefix=bot:", function(store)
        assert(store:set("k", 1))
        local _, err = store:incr "k"
        assert.equal("denied", err.code)
        assert.matches("does not let this user: it needs get, set, del, incrby", tostring(err))
        assert.equal("denied", select(2, store:keys()).code)
      end)
      assert.equal("denied", (refused(redis.url:gsub("//", "//bot:no@") .. PATIENT)))
      local code, text = refused(redis.url:gsub("//", "//:pw@") .. PATIENT)
      assert.equal("denied", code)
      assert.matches("has no password set", text)
      code, text = refused(redis.url .. "/99" .. PATIENT)
      assert.equal("database", code)
      assert.matches("has no database of the URL's number", text)
    end)
  end)

  it("is no cluster, no Sentinel and no other server", function()
    local cluster <close> = Redis.start { "cluster-enabled yes" }
    local code, text = refused(cluster.url .. PATIENT)
    assert.equal("cluster", code)
    assert.matches("is part of a Redis Cluster, which is not spoken here: give one server", text)
    local sentinel <close> = Redis.start({}, "--sentinel")
    code, text = refused(sentinel.url .. PATIENT)
    assert.equal("sentinel", code)
    assert.matches("is a Sentinel, which keeps no data: give the URL of the primary", text)
    serving.run(function(on)
      code, text = refused(("redis://%s%s"):format(on.server:url():match "//(.*)", PATIENT))
      assert.equal("protocol", code)
      assert.matches("is no Redis server, by what it answers: check host, port", text)
    end)
  end)
end)
