local Inbox = require "support.inbox_calls"
local Redis = require "support.redis"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

local PATIENT <const> = "?timeout=60"
local HASTY <const> = "?timeout=0.4"

-- What it gives once it is no error any more.
local function try(fn)
  local result
  tasks.run(function()
    live_app.wait(function()
      result = fn()
      return result
    end)
  end)
  return result
end

describe("an inbox whose Redis server", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local redis

  before_each(function() redis = Redis.start() end)
  after_each(function() redis:stop() end)

  -- The inbox takes no such entry, hands out none, and says why.
  local function refuses(inbox, key, code)
    assert.equal(code, select(2, inbox:put(key)).code)
    assert.equal(code, inbox:claim_keys())
  end

  it("forgets all scripts goes on", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    for i = 1, 3 do
      local before, after = "k" .. i, "l" .. i
      assert.is_true(a:put(before))
      redis:ask "script flush"
      assert.is_true(a:put(after))
      redis:ask "script flush"
      local entries = a:claim()
      assert.same({ before, after }, { entries[1].key, entries[2].key })
      redis:ask "script flush"
      assert.is_true(a:done(table.unpack(entries)))
    end
    assert.same({}, a.lines)
  end)

  it("is emptied while a claim waits goes on", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    local claims <close> = Inbox.open(redis.url .. PATIENT, "a")
    a:put "k"
    local entry = claims:claim()[1]
    assert.equal("l", Inbox.during(function() return claims:claim_keys(10, 60) end, function()
      redis:ask "flushall"
      assert.is_false(a:fail(entry, 0))
      assert.is_true(a:done(entry))
      assert.is_true(a:put "l")
    end))
  end)

  it("stands still while something is taken at once has it undone: its sender went on", function()
    local a <close> = Inbox.open(redis.url .. HASTY, "a", { lease = 30 })
    assert.same({}, a:claim())
    redis:signal "STOP"
    local id, err = a:put("k", { take = true })
    redis:signal "CONT"
    assert.same({ nil, "timeout" }, { id, err.code })
    assert.matches("^hand:", try(function() return a:put("l", { take = true }) end))
    assert(try(function() return a:counts() == "0 1 0 0" end))
    assert.equal("l", a:list()[1].body)
  end)

  it("is killed and comes back empty: a claim that waits goes on, and so do puts", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    local claims <close> = Inbox.open(redis.url .. PATIENT, "a")
    assert.is_true(a:put "k" and claims:claim_keys() == "k")
    assert.equal("l", Inbox.during(function() return claims:claim_keys(10, 60) end, function()
      redis:kill()
      live_app.wait(function() return claims.lines[1] end)
      assert(redis:run())
      assert.is_true(a:put "l")
    end))
  end)

  it("is gone fails puts and claims when their time is over", function()
    local a <close> = Inbox.open(redis.url .. HASTY, "a")
    redis:kill()
    assert.equal("connection", select(2, a:put "k").code)
    assert.equal("connection", a:claim_keys(10, 60))
  end)

  it("is paused loses nothing it has kept, and keeps once what it was asked to", function()
    local a <close> = Inbox.open(redis.url .. HASTY, "a")
    local claims <close> = Inbox.open(redis.url .. HASTY, "a")
    assert.is_true(a:put "k")
    redis:signal "STOP"
    assert.equal("timeout", select(2, a:put "l").code)
    redis:signal "CONT"
    assert.is_false(try(function()
      local is_new, err = a:put "l"
      return err == nil and { is_new }
    end)[1])
    assert.equal("k l", claims:claim_keys())
  end)

  it("is paused gets no message twice: that it may have it is said", function()
    local a <close> = Inbox.open(redis.url .. HASTY, "a")
    local b <close> = Inbox.open(redis.url .. PATIENT, "b")
    assert.equal("", b:claim_keys())
    local function send(text)
      return a:ask("send", { key = "b", meta = "{}", value = text })
    end
    assert.is_true(send "1")
    redis:signal "STOP"
    assert.equal("unknown_outcome", select(2, send "2").code)
    redis:signal "CONT"
    assert.is_true(try(function() return send "3" end))
    local texts = {}
    for i, message in ipairs(b:claim()) do
      texts[i] = message.body
    end
    assert.equal("1 2 3", table.concat(texts, " "))
  end)

  it("answers a claim too late: the next has what was in it", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    local claims <close> = Inbox.open(redis.url .. HASTY, "a")
    a:put "had"
    local had = claims:claim()[1]
    tasks.run(function() tasks.sleep(0.005) end)
    a:put "k"
    redis:signal "STOP"
    assert.equal("timeout", claims:claim_keys())
    redis:signal "CONT"
    local entries = try(function() return claims:claim() end)
    assert.same({ 1, "k" }, { #entries, entries[1].key })
    assert.equal("", claims:claim_keys())
    assert.is_true(a:done(had, entries[1]))
    assert.equal("0 0 0 0", a:counts())
  end)

  it("was away for longer than the leases takes nothing from who is back with it", function()
    local a <close> = Inbox.open(redis.url .. "?timeout=0.1", "a", { lease = 0.6 })
    local b <close> = Inbox.open(redis.url .. "?timeout=0.1", "b", { lease = 0.6 })
    a:put "k"
    assert.equal("k", a:claim_keys())
    assert.equal("", b:claim_keys())
    redis:signal "STOP"
    os.execute "sleep 0.8"
    redis:signal "CONT"
    assert.same({}, try(function() return b:claim() end))
    try(function() return a:put "l" end)
    local entries = try(function()
      local list = b:claim()
      return list and list[1] and list
    end)
    assert.same({ 1, "l" }, { #entries, entries[1].key })
    tasks.run(function() live_app.wait(function() return #a:ask "owners" == 1 end) end)
  end)

  it("saw a lease end hears of that owner again, and it says so", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a", { lease = 0.3 })
    assert.equal("", a:claim_keys())
    tasks.run(function()
      redis:ask "zadd lua-slack:inbox:owners 1 a"
      live_app.wait(function() return a.lines[1] end)
    end)
    assert.matches("WARN +inbox +the lease of this process had run out", a.lines[1])
    assert.equal("13", tostring(#redis:ask "zscore lua-slack:inbox:owners a"))
  end)

  it("has no memory left keeps no more, but hands out what it has and lets it go", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    for _, key in ipairs { "d", "e", "f", "g" } do
      a:put(key, { order = key == "g" and "C" or "" })
    end
    a:put("h", { order = "C" })
    redis:ask "config set maxmemory 1"
    assert.equal("memory_full", select(2, a:put "l").code)
    local entries = a:claim(4)
    assert.equal(4, #entries)
    assert.is_true(a:done(entries[1]))
    assert.is_true(a:fail(entries[2], 0))
    assert.matches("^dead:", a:fail(entries[3], -1))
    assert.is_true(a:done(entries[4]))
    assert.equal("h e", a:claim_keys())
    assert.equal(2, a:ask("back", { value = "" }))
    redis:ask "config set maxmemory 0"
    assert.is_true(a:put "l")
  end)

  it("is a replica keeps nothing until it is none", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    assert.is_true(a:put "k")
    redis:ask "replicaof 127.0.0.1 1"
    refuses(a, "l", "read_only")
    redis:ask "replicaof no one"
    assert.is_true(a:put "l")
    assert.equal("k l", a:claim_keys())
  end)

  it("cannot save to its disk keeps nothing until it can", function()
    local other <close> = Redis.start { "dir /proc", "save 3600 1000000" }
    local a <close> = Inbox.open(other.url .. PATIENT, "a")
    assert.is_true(a:put "k")
    other:ask "bgsave"
    local count, _, err = 0, nil, nil
    tasks.run(function()
      live_app.wait(function()
        count = count + 1
        _, err = a:put("l" .. count)
        return err
      end)
    end)
    assert.equal("disk_full", err.code)
    assert.equal("disk_full", a:claim_keys())
    other:ask "config set stop-writes-on-bgsave-error no"
    assert.is_true(a:put "m")
  end)

  it("holds something else under a key of ours says so, and keeps nothing by halves", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    redis:ask "set lua-slack:inbox:queue 1"
    refuses(a, "k", "foreign")
    redis:ask "del lua-slack:inbox:queue"
    assert.is_true(a:put "k")
    assert.equal("k", a:claim_keys())
  end)

  it("cuts connections all the time keeps each once, and hands out all", function()
    local a <close> = Inbox.open(redis.url .. PATIENT, "a")
    local claims <close> = Inbox.open(redis.url .. PATIENT, "a")
    local kept, done, again, cuts = 0, {}, 0, 0
    local function work()
      while true do
        for _, entry in ipairs(claims:claim(10, 1) or {}) do
          again = again + (done[entry.key] and 1 or 0)
          done[entry.key] = true
          assert(a:done(entry))
        end
      end
    end
    tasks.run(function()
      local worker, list = tasks.spawn(work), {}
      list[1] = function()
        for _ = 1, 15 do
          cuts = cuts + tonumber(redis:ask "client kill type normal")
          tasks.sleep(0.01)
        end
      end
      for i = 1, 20 do
        list[i + 1] = function()
          local n = 0
          repeat
            n = n + 1
            assert(a:put(("%d-%d"):format(i, n)) ~= nil)
            kept = kept + 1
          until cuts >= 15
        end
      end
      assert(tasks.all(list))
      live_app.wait(function()
        local count = 0
        for _ in pairs(done) do
          count = count + 1
        end
        return count == kept
      end)
      worker:cancel()
    end)
    assert.is_true(again <= cuts, again)
  end)

  it("does not let this user says what an inbox needs", function()
    redis:ask "acl setuser bot on '>pw' '~bot:*' +@all -@stream"
    local url = redis.url:gsub("//", "//bot:pw@") .. "?prefix=bot:"
    local a <close> = Inbox.open(url, "a")
    local _, err = a:put "k"
    assert.equal("denied", err.code)
    assert.matches("an inbox evalsha, time, @stream, .* and @hash too", tostring(err))
    redis:ask "acl setuser bot -@all +ping +select +client +info +get +set +del +exists +eval \z
      +evalsha +time +@stream +@sortedset +@list +@hash"
    assert.is_true(a:put("k", { order = "C" }))
    local entry = a:claim()[1]
    assert.is_true(a:fail(entry, 0))
    assert.equal("k", a:claim_keys())
    assert.equal("0 1 0 0", a:counts())
    assert.equal(1, #a:list())
  end)
end)
