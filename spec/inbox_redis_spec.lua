local Inbox = require "support.inbox_calls"
local Redis = require "support.redis"
local conformance = require "support.inbox_conformance"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

local LEASE <const> = 0.3 -- seconds
local PATIENT <const> = "?timeout=60"

describe("an inbox in a Redis server", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local shared, url

  setup(function()
    shared = Redis.start()
    url = shared.url .. PATIENT
  end)
  teardown(function() shared:stop() end)
  before_each(function() shared:ask "flushall" end)

  conformance(function(owner, settings)
    return Inbox.open(url, owner, settings)
  end)

  describe("shared by owners", function()
    it("gives each entry to one of them", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      local source <close> = Inbox.open(url, "source")
      local seen, count = {}, 0
      local function work(inbox)
        return function()
          while true do
            for _, entry in ipairs(assert(inbox:claim(7, 1))) do
              assert.is_nil(seen[entry.key])
              seen[entry.key], count = inbox.owner, count + 1
              assert(inbox:done(entry))
            end
          end
        end
      end
      tasks.run(function()
        local workers, puts = { tasks.spawn(work(a)), tasks.spawn(work(b)) }, {}
        for i = 1, 300 do
          puts[i] = function() return assert(source:put("k" .. i)) end
        end
        assert(tasks.all(puts))
        live_app.wait(function() return count == 300 end)
        for _, task in ipairs(workers) do
          task:cancel()
        end
      end)
      assert.equal(300, count)
    end)

    it("wakes a claim that waits when there is an entry", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      assert.equal("k", Inbox.during(function() return a:claim_keys(10, 60) end,
        function() assert.is_true(b:put "k") end))
      assert.equal("message", Inbox.during(function() return a:claim(10, 60)[1].body end, function()
        assert.is_true(b:ask("send", { key = "a", meta = "{}", value = "message" }))
      end))
    end)

    it("answers a claim that waits at once when its store is closed", function()
      local a <close> = Inbox.open(url, "a")
      assert.equal("", Inbox.during(function() return a:claim_keys(10, 600) end,
        function() a:close() end))
    end)

    it("tells who lives, and sends to no other", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      assert.equal("", a:claim_keys())
      assert.equal("", b:claim_keys(0))
      assert.same({ "b" }, a:ask "owners")
      assert.is_false(a:ask("send", { key = "c", meta = "{}", value = "message" }))
      b:ask("back", { value = "" })
      assert.same({}, a:ask "owners")
      assert.is_false(a:ask("send", { key = "b", meta = "{}", value = "message" }))
    end)

    it("hands an entry from one to the other, as moved and before all else", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      a:put "k"
      local entry = a:claim()[1]
      assert.equal("", b:claim_keys())
      assert.is_true(a:ask("move", { key = entry.id, value = "b" }))
      a:put "l"
      local entries = b:claim()
      assert.same({ "k", "moved" }, { entries[1].key, entries[1].reason })
      assert.is_false(a:ask("move", { key = entry.id, value = "b" }))
      assert.is_false(a:fail(entry, 0))
      assert.is_true(b:done(table.unpack(entries)) and b:done(b:claim()[1] or entries[1]))
      assert.equal("0 0 0 0", a:counts())
    end)

    it("gives with limit 0 what was sent to that owner only", function()
      local a <close> = Inbox.open(url, "a")
      a:put "k"
      assert.equal("", a:claim_keys(0))
      assert.is_true(a:ask("send", { key = "a", meta = "m", value = "message" }))
      local entry = a:claim(0)[1]
      assert.same({ "m", "message" }, { entry.meta, entry.body })
      assert(a:done(entry))
      assert.equal("k", a:claim_keys())
    end)

    it("leaves with limit 0 what is due to the others, and asks the server as rarely as ever",
      function()
        local a <close> = Inbox.open(url, "a")
        local b <close> = Inbox.open(url, "b")
        a:put "k"
        a:fail(a:claim()[1], 0)
        shared:ask "config resetstat"
        assert.equal("", b:claim_keys(0, 0.2))
        assert.is_true(tonumber(shared:ask("info commandstats"):match "xgroup|create:calls=(%d+)")
          <= 5)
        assert.equal("k", a:claim_keys())
      end)
  end)

  it("refuses a name of an owner that is too long", function()
    assert.has_error(function() Inbox.open(url, ("x"):rep(256)) end)
  end)

  describe("when an owner dies", function()
    -- A process that takes the entries and is gone, its lease still running.
    local function die_with(count)
      local inbox <close> = Inbox.open(url, "dead")
      assert.equal(count, #inbox:claim())
    end

    local function end_lease(owner)
      shared:ask("zadd lua-slack:inbox:owners 1 " .. owner)
    end

    it("gives its entries to another when the lease is over, in their order", function()
      local a <close> = Inbox.open(url, "a")
      for _, key in ipairs { "k", "l", "m" } do
        a:put(key)
      end
      die_with(3)
      a:put "n"
      assert.equal("n", a:claim_keys(2))
      assert.equal("", a:claim_keys(2))
      end_lease "dead"
      local entries = a:claim(2, 10)
      assert.same({ "k", "interrupted" }, { entries[1].key, entries[1].reason })
      assert.equal("l", entries[2].key)
      assert.equal("m", a:claim_keys(2, 10))
    end)

    it("wakes a claim that waits when the lease is over", function()
      local a <close> = Inbox.open(url, "a", { lease = LEASE })
      a:put "k"
      local dead <close> = Inbox.open(url, "dead", { lease = LEASE })
      assert.equal("k", dead:claim_keys())
      dead:close()
      assert.equal("k", a:claim_keys(10, 60))
    end)

    it("gives what had been moved to it, but not messages", function()
      local a <close> = Inbox.open(url, "a")
      a:put "k"
      local entry = a:claim()[1]
      die_with(0)
      assert.is_true(a:ask("move", { key = entry.id, value = "dead" }))
      assert.is_true(a:ask("send", { key = "dead", meta = "", value = "message" }))
      end_lease "dead"
      local entries = a:claim(10, 10)
      assert.same({ 1, "k", "interrupted" }, { #entries, entries[1].key, entries[1].reason })
      assert(a:done(entries[1]))
      assert.equal("0 0 0 0", a:counts())
      assert.equal("0", shared:ask "exists lua-slack:inbox:own:dead")
    end)

    it("finds an entry dead that too many died of, and says so", function()
      local a <close> = Inbox.open(url, "a", { max_takeovers = 2 })
      a:put "k"
      local b <close> = Inbox.open(url, "b")
      assert.equal("k", b:claim_keys())
      for _, owner in ipairs { "c", "d" } do
        end_lease(owner == "c" and "b" or "c")
        local inbox <close> = Inbox.open(url, owner)
        assert.equal("k", inbox:claim_keys())
      end
      end_lease "d"
      assert.equal("", a:claim_keys())
      local entry = a:list "dead"[1]
      assert.equal("the process that handled this died, 3 times", entry.error)
      assert.truthy(a.lines[1]:find("entry " .. entry.id .. " is given up", 1, true), a.lines[1])
    end)

    it("counts the deaths of who had put and taken it at once, too", function()
      local a <close> = Inbox.open(url, "a", { max_takeovers = 1 })
      local b <close> = Inbox.open(url, "b")
      b:put("k", { take = true })
      end_lease "b"
      local c <close> = Inbox.open(url, "c")
      assert.equal("k", c:claim_keys(1, 10))
      end_lease "c"
      assert.equal("", a:claim_keys())
      assert.equal("the process that handled this died, 2 times", a:list "dead"[1].error)
      assert.equal(1, a:ask("retry", { value = "" })) -- as if nobody had died
      local d <close> = Inbox.open(url, "d")
      assert.equal("k", d:claim_keys())
      end_lease "d"
      assert.equal("k", a:claim_keys(1, 10))
    end)

    it("finds its entries even when the record of its lease was lost", function()
      local a <close> = Inbox.open(url, "a")
      a:put "k"
      die_with(1)
      shared:ask "del lua-slack:inbox:owners"
      assert.equal("k", a:claim_keys(1, 10))
    end)
  end)

  describe("with an order", function()
    local IN_C <const> = { order = "C" }

    local function put_three(inbox)
      for _, key in ipairs { "k", "l", "m" } do
        assert.is_true(inbox:put(key, IN_C))
      end
    end

    it("hands out one entry of it at a time, over all owners", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      put_three(a)
      a:put "x"
      local entries = a:claim()
      assert.same({ 2, "k", "x" }, { #entries, entries[1].key, entries[2].key })
      assert.equal("", b:claim_keys())
      a:done(entries[1])
      entries = b:claim()
      assert.same({ 1, "l" }, { #entries, entries[1].key })
      assert.equal("1 2 0 0", a:counts())
      b:done(entries[1])
      b:done(b:claim()[1])
      assert.equal("0", shared:ask "exists lua-slack:inbox:order lua-slack:inbox:order:C")
      assert.is_true(a:put("n", IN_C))
      assert.equal("n", b:claim_keys())
    end)

    it("keeps it when an owner dies, or gives an entry to another, or back", function()
      local a <close> = Inbox.open(url, "a")
      local b <close> = Inbox.open(url, "b")
      put_three(a)
      assert.equal("", b:claim_keys(0))
      local entry = a:claim()[1]
      assert.is_true(a:ask("move", { key = entry.id, value = "b" }))
      assert.equal("", a:claim_keys())
      assert.equal("k", b:claim_keys())
      shared:ask "zadd lua-slack:inbox:owners 1 b"
      entry = a:claim()[1]
      assert.equal("k", entry.key)
      assert.equal(1, a:ask("back", { value = entry.id }))
      local entries = a:claim(10)
      assert.same({ 1, "k" }, { #entries, entries[1].key })
      a:done(entries[1])
      assert.equal("l", a:claim_keys())
    end)

    it("does not mix up entries of the same id in different streams", function()
      local a <close> = Inbox.open(url, "a")
      for _, stream in ipairs { "queue", "held" } do
        shared:ask(("xadd lua-slack:inbox:%s 9999999999999-0 k v"):format(stream))
        shared:ask(("xdel lua-slack:inbox:%s 9999999999999-0"):format(stream))
      end
      put_three(a)
      assert.is_true(a:fail(a:claim()[1], 30))
      local entry = a:claim()[1]
      assert.equal("l", entry.key)
      tasks.run(function()
        live_app.wait(function() return a:claim_keys() == "" and #a:list "delayed" == 0 end)
      end)
      a:done(entry)
      assert.equal("k", a:claim_keys())
    end)

    it("lets the next pass one that failed, which comes before those behind it when it is due",
      function()
        local a <close> = Inbox.open(url, "a")
        put_three(a)
        local entry = a:claim()[1]
        assert.is_true(a:fail(entry, 30))
        entry = a:claim()[1]
        assert.equal("l", entry.key)
        tasks.run(function()
          live_app.wait(function() return a:claim_keys() == "" and #a:list "delayed" == 0 end)
        end)
        a:done(entry)
        entry = a:claim()[1]
        assert.equal("k", entry.key)
        a:fail(entry, -1)
        assert.equal("m", a:claim_keys())
        assert.equal(1, a:ask("retry", { value = "" }))
        assert.equal("", a:claim_keys())
      end)
  end)

  it("gives what is put to the process that puts it, when that asks for it", function()
    local a <close> = Inbox.open(url, "a")
    local b <close> = Inbox.open(url, "b", { lease = LEASE })
    local id = b:put("k", { take = true })
    assert.equal("string", type(id))
    assert.equal(id, b:put("k", { take = true }))
    assert.is_false(a:put("k", { take = true }))
    assert.equal("", a:claim_keys() .. b:claim_keys())
    assert.equal("0 1 0 0", a:counts())
    assert.is_true(b:fail({ id = id }, 0))
    assert.equal("k", b:claim_keys())
    b:put("l", { take = true })
    assert.equal(2, b:ask("back", { value = "" }))
    assert.equal("k l", a:claim_keys())
    b:claim()
    b:put("m", { take = true })
    b:close()
    local entry = a:claim(10, 10)[1]
    assert.same({ "m", "interrupted" }, { entry.key, entry.reason })
    assert.is_true(a:done(entry))
    assert.equal("0", shared:ask "exists lua-slack:inbox:hand:b")
  end)

  it("tries again soon what failed, though a claim waits already", function()
    local a <close> = Inbox.open(url, "a")
    local claims <close> = Inbox.open(url, "a")
    a:put "k"
    local entry = claims:claim()[1]
    local again = Inbox.during(function() return claims:claim(10, 60)[1] end,
      function() assert.is_true(a:fail(entry, 30)) end)
    assert.same({ "k", "1", "failed" }, { again.key, again.attempts, again.reason })
    assert.is_true(a:fail(again, 0, "put off", "keep"))
    assert.equal("1", claims:claim(10, 5)[1].attempts)
    assert.equal("0", shared:ask "xlen lua-slack:inbox:own:a")
  end)

  it("is full of what is held behind others, or was taken at once, too", function()
    local a <close> = Inbox.open(url, "a", { max_entries = 2 })
    a:put("c1", { order = "C" })
    a:put("c2", { order = "C" })
    assert.equal("full", select(2, a:put "k").code)
    shared:ask "flushall"
    assert.equal("string", type(a:put("t1", { take = true })))
    assert.equal("string", type(a:put("t2", { take = true })))
    assert.equal("full", select(2, a:put("t3", { take = true })).code)
  end)

  it("refuses keys and orders that are too long", function()
    local a <close> = Inbox.open(url, "a")
    assert.equal("too_large", select(2, a:put(("k"):rep(3000), { value = "k" })).code)
    assert.equal("too_large", select(2, a:put("k", { order = ("C"):rep(3000) })).code)
    assert.equal("0 0 0 0", a:counts())
  end)

  it("sends and moves no more to who has not read ten thousand", function()
    local a <close> = Inbox.open(url, "a")
    local b <close> = Inbox.open(url, "b")
    assert.equal("", b:claim_keys())
    a:put "k"
    local entry = a:claim()[1]
    shared:ask([[eval "for i=1,10000 do redis.call('XADD',KEYS[1],'*','s',i) end" 1 ]]
      .. "lua-slack:inbox:own:b")
    local _, err = a:ask("send", { key = "b", meta = "{}", value = "message" })
    assert.equal("full", err.code)
    _, err = a:ask("move", { key = entry.id, value = "b" })
    assert.equal("full", err.code)
    assert.is_true(a:fail(entry, 0)) -- it is still a's
    assert.equal(1, #a:list()) -- messages are no entries
  end)

  it("knows again what took long to be done", function()
    local a <close> = Inbox.open(url, "a")
    shared:ask "xadd lua-slack:inbox:queue 1-1 k k m {} b k" -- long ago
    shared:ask "set lua-slack:inbox:key:k 600000 px 1000000000"
    assert.is_true(a:done(a:claim()[1]))
    assert.is_false(a:put "k")
    local left = math.tointeger(tonumber(shared:ask "pttl lua-slack:inbox:key:k"))
    assert.is_true(left > 500000 and left <= 600000)
  end)

  it("keeps so many dead, and says what it drops", function()
    local a <close> = Inbox.open(url, "a")
    shared:ask([[eval "for i=1,10000 do redis.call('XADD',KEYS[1],'*','k',i) end" 1 ]] ..
      "lua-slack:inbox:dead")
    a:put "k"
    assert.matches("^dead:", a:fail(a:claim()[1], -1))
    assert.equal("0 0 0 10000", a:counts())
    assert.matches("WARN +inbox +there are 10000 dead entries", a.lines[1])
    repeat
      local count = a:ask("drop", { value = "" })
    until count == 0
    assert.equal("0 0 0 0", a:counts())
  end)

  it("is looked into by who is no owner, page by page", function()
    local a <close> = Inbox.open(url, "a")
    for _, key in ipairs { "d", "f", "t", "u" } do
      a:put(key)
    end
    local entries = a:claim(3)
    a:fail(entries[1], -1, "it raised")
    a:fail(entries[2], 60000)
    a:put("h", { order = "C" })
    a:put("i", { order = "C" })
    local viewer <close> = Inbox.open(url, "")
    local after, seen = "", {}
    repeat
      local page = viewer:list("", 1, after)
      for _, entry in ipairs(page) do
        after = entry.id
        table.insert(seen, entry.body .. " " .. entry.state)
      end
    until #page == 0
    assert.same({
      "t taken", "u waiting", "h waiting", "i waiting", "f delayed", "d dead",
    }, seen)
    assert.equal("3 1 1 1", viewer:counts())
    assert.equal("t", viewer:list "taken"[1].body)
    assert.equal("unsupported", select(2, viewer:put "k").code)
    assert.equal(1, viewer:ask("retry", { value = viewer:list "dead"[1].id }))
    assert.equal("0", viewer:list("waiting")[3].attempts)
  end)
end)
