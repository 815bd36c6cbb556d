-- What every inbox promises, whatever keeps its entries.

local assert = require "luassert"
local busted = require "busted"
local json = require "slack.json"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

local after_each, before_each, describe, it =
  busted.after_each, busted.before_each, busted.describe, busted.it

local LEASE <const> = 0.2 -- seconds
-- Of one that has to be kept, on a machine that does much else.
local BUSY_LEASE <const> = 0.6

-- Waits for entries that come by themselves.
local function claim_until(inbox, count)
  local entries = {}
  tasks.run(function()
    live_app.wait(function()
      for _, entry in ipairs(assert(inbox:claim())) do
        table.insert(entries, entry)
      end
      return #entries >= count
    end)
  end)
  return entries
end

---@param open fun(owner: string, settings?: table): table of support.inbox_calls
return function(open)
  local a, b

  before_each(function()
    a, b = open "a", open "b"
  end)

  after_each(function()
    a:close()
    b:close()
  end)

  local function states()
    local list = {}
    for i, entry in ipairs(a:list()) do
      list[i] = entry.body .. " " .. entry.state
    end
    table.sort(list)
    return table.concat(list, ", ")
  end

  describe("what was put", function()
    it("is handed out as it came, once", function()
      local body = '{"text":"é\\n"}' .. ("x"):rep(10000) .. "\0y"
      assert.is_true(a:put("k", { value = body, meta = '{"via":"http"}' }))
      local entries = b:claim()
      assert.equal(1, #entries)
      assert.same({ "k", body, '{"via":"http"}', "0", "" }, {
        entries[1].key, entries[1].body, entries[1].meta, entries[1].attempts, entries[1].reason,
      })
      assert.equal("", a:claim_keys())
      assert.equal("", b:claim_keys())
    end)

    it("comes out in the order in which it came, no more of it than is asked for", function()
      for i = 1, 7 do
        assert.is_true(a:put("k" .. i))
      end
      assert.equal("k1 k2 k3", b:claim_keys(3))
      assert.equal("", b:claim_keys(0))
      assert.equal("k4 k5 k6 k7", a:claim_keys(100))
    end)

    it("is known again while it is there, and as long afterwards as was asked", function()
      local gone = { expires_at = (os.time() - 10) * 1000 }
      assert.is_true(a:put "k")
      assert.is_true(a:put("short", gone))
      assert.is_true(a:put("failed", gone))
      assert.is_false(b:put "k")
      local entries = a:claim()
      assert.is_false(b:put "k")
      a:fail(entries[3], 60000)
      assert.is_false(b:put("short", gone))
      assert.is_false(b:put("failed", gone))
      a:done(entries[1], entries[2])
      assert.is_false(b:put "k")
      assert.is_true(b:put "short")
      assert.equal("1 0 1 0", a:counts())
    end)

    it("is refused by itself when it is too large, or the inbox full", function()
      local small <close> = open("c", { max_entries = 2 })
      local codes = {}
      local function put(key, fields)
        return function()
          local _, err = small:put(key, fields)
          codes[key] = err and err.code or "none"
        end
      end
      tasks.run(function()
        tasks.all {
          put "k", put("large", { value = ("x"):rep(17 * 1024 * 1024) }), put "l",
        }
        tasks.all { put "m", put "k" }
      end)
      assert.same({ k = "none", l = "none", large = "too_large", m = "full" }, codes)
      assert.is_false(small:put "k")
      local entries = small:claim()
      small:fail(entries[1], 60000)
      assert.equal("full", select(2, small:put "m").code)
      small:fail(entries[2], -1)
      assert.is_true(small:put "m")
    end)
  end)

  describe("what has been taken", function()
    it("is gone when it is done, and ids that nobody knows are no matter", function()
      a:put "k"
      a:put "l"
      local entries = a:claim()
      assert.is_true(a:ask("done", { value = entries[1].id .. "\n99999\nnonsense\n\n" }))
      assert.equal("l taken", states())
      assert.is_true(b:done(entries[2], entries[1]))
      assert.equal("0 0 0 0", a:counts())
    end)

    it("comes again when it is due after it failed", function()
      a:put "k"
      local entry = a:claim()[1]
      assert.is_true(a:fail(entry, 3600 * 1000, "no luck"))
      assert.equal("", a:claim_keys())
      local listed = a:list "delayed"[1]
      assert.same({ "delayed", "1", "no luck" }, { listed.state, listed.attempts, listed.error })
      assert.is_true(tonumber(listed.due) - tonumber(listed.received) >= 3600 * 1000)
      a:put "l"
      entry = a:claim()[1]
      assert.is_true(a:fail(entry, 0))
      local again = claim_until(a, 1)[1]
      assert.same({ "l", "1", "failed" }, { again.key, again.attempts, again.reason })
      assert.is_true(a:fail(again, 0, "too much to do", "keep"))
      assert.equal("1", claim_until(a, 1)[1].attempts)
    end)

    it("fails only for the one who has it", function()
      a:put "k"
      local entry = a:claim()[1]
      assert.equal("", b:claim_keys()) -- it is an owner, too
      assert.is_false(b:fail(entry, 0))
      assert.is_false(a:fail({ id = "99999" }, 0))
      local id = a:fail(entry, -1)
      assert.equal(a:list "dead"[1].id, id)
      assert.is_false(a:fail(entry, 0))
      assert.equal("k dead", states())
    end)

    it("can be given back, by whom has it", function()
      for _, key in ipairs { "k", "l", "m" } do
        a:put(key)
      end
      local entries = a:claim()
      assert.equal("", b:claim_keys())
      assert.equal(0, b:ask("back", { value = entries[1].id }))
      assert.equal(1, a:ask("back", { value = entries[2].id, meta = "interrupted" }))
      local again = b:claim()
      assert.same({ "l", "interrupted", "0" }, { again[1].key, again[1].reason, again[1].attempts })
      assert.equal(2, a:ask("back", { value = "" }))
      assert.equal(0, a:ask("back", { value = "" }))
      again = b:claim()
      assert.same({ 2, "" }, { #again, again[1].reason })
    end)
  end)

  describe("entries of one order", function()
    local function put(key, order)
      assert.is_true(a:put(key, { order = order or "C" }))
    end

    it("come out one at a time, whoever asks", function()
      put "c1"
      put "c2"
      put("d1", "D")
      put "c3"
      put("x", "")
      local entries = a:claim()
      assert.same({ "c1", "d1", "x" }, { entries[1].key, entries[2].key, entries[3].key })
      assert.equal("", b:claim_keys())
      a:done(entries[1])
      entries = b:claim()
      assert.same({ 1, "c2" }, { #entries, entries[1].key })
      b:fail(entries[1], -1)
      assert.equal("c3", a:claim_keys())
    end)

    it("come out by a claim that is asked for together with the end of the one before", function()
      put "c1"
      put "c2"
      local entries, keys = a:claim(), nil
      tasks.run(function()
        local task = tasks.spawn(function() a:done(entries[1]) end)
        tasks.sleep(0)
        keys = a:claim_keys()
        task:join()
      end)
      assert.equal("c2", keys)
    end)

    it("pass one that waits to be tried again, and let it go first then", function()
      put "c1"
      put "c2"
      put "c3"
      a:fail(a:claim()[1], 0)
      local entries = claim_until(a, 1)
      assert.equal(1, #entries)
      a:ask("back", { value = "" })
      assert.equal("c1", claim_until(b, 1)[1].key)
    end)

    it("do not wait for one that is parked", function()
      put "c1"
      put "c2"
      put "c3"
      local first = a:claim()[1]
      assert.is_true(a:ask("park", { value = first.id .. "\nnonsense" }))
      assert.equal("c2", b:claim_keys())
      assert.equal("", b:claim_keys())
      a:done(first)
      assert.equal("", b:claim_keys())
      assert.equal("c1 taken, c2 taken, c3 waiting", (states():gsub("^c2", "c1 taken, c2")))
    end)

    it("do not wait for one that was dropped", function()
      for _, key in ipairs { "c1", "c2", "c3" } do
        put(key)
      end
      local ids = a:list()
      assert.equal(1, b:ask("drop", { value = ids[2].id }))
      assert.equal("c1", a:claim_keys())
      assert.equal(1, a:ask("back", { value = "" }))
      assert.equal(1, b:ask("drop", { value = a:list()[1].id }))
      assert.equal("c3", a:claim_keys())
    end)

    it("stay so when they are given back", function()
      put "c1"
      put "c2"
      assert.equal("c1", a:claim_keys())
      assert.equal(1, a:ask("back", { value = "" }))
      put "c3"
      assert.equal("c1", b:claim_keys())
    end)
  end)

  describe("owners", function()
    -- Owners that take the entries and are heard of no more.
    local function vanish(owner, settings)
      settings = settings or {}
      settings.lease = settings.lease or LEASE
      local inbox <close> = open(owner, settings)
      return claim_until(inbox, 1)
    end

    it("that are heard of no more lose what they have, to be handled again", function()
      a:put "k"
      a:put "l"
      assert.equal(2, #vanish "c")
      local entries = claim_until(a, 2)
      assert.same({ "k", "interrupted", "0", "l" }, {
        entries[1].key, entries[1].reason, entries[1].attempts, entries[2].key,
      })
      assert.equal("0 2 0 0", b:counts())
    end)

    it("keep what they have while Lua is busy for longer than the lease", function()
      a:close()
      a = open("a", { lease = BUSY_LEASE })
      a:put "k"
      assert.equal("k", a:claim_keys())
      os.execute(("sleep %g"):format(BUSY_LEASE * 1.5))
      assert.equal("", b:claim_keys())
      assert.same({}, a.lines)
    end)

    it("are told of each other until they go", function()
      a:put "k"
      a:put "l"
      a:claim(1)
      b:claim(1)
      tasks.run(function()
        live_app.wait(function()
          return #a:ask "owners" == 1 and #b:ask "owners" == 1
        end)
      end)
      assert.same({ "b" }, a:ask "owners")
      assert.same({ "a" }, b:ask "owners")
      b:ask("back", { value = "" })
      assert.same({}, a:ask "owners")
    end)

    it("are counted as they die of an entry, also when it fails in between", function()
      a:put "k"
      assert.equal("0", vanish "c"[1].takeovers)
      local entry = vanish("d")[1]
      assert.same({ "1", "interrupted" }, { entry.takeovers, entry.reason })
      entry = claim_until(a, 1)[1]
      assert.same({ "2", "0" }, { entry.takeovers, entry.attempts })
      a:ask("back", { value = entry.id })
      assert.equal("2", claim_until(a, 1)[1].takeovers)
      assert.is_true(a:fail(entry, 0))
      entry = claim_until(b, 1)[1]
      assert.same({ "2", "1", "failed" }, { entry.takeovers, entry.attempts, entry.reason })
      b:fail(entry, -1)
      assert.equal(1, a:ask("retry", { value = "" }))
      assert.equal("0", claim_until(a, 1)[1].takeovers)
    end)

    it("leave what they had when they died to be dropped", function()
      a:put "k"
      vanish "c"
      local entry = a:list()[1]
      assert.equal("taken", entry.state)
      tasks.run(function()
        live_app.wait(function() return a:ask("drop", { value = entry.id }) == 1 end)
      end)
      assert.equal("0 0 0 0", a:counts())
      assert.equal("", b:claim_keys())
    end)

    it("do not die of the same entry more than five times", function()
      a:put "k"
      for i = 1, 5 do
        assert.equal(1, #vanish("c" .. i))
      end
      local last <close> = open "last"
      tasks.run(function()
        live_app.wait(function() return #assert(last:claim()) == 0 and #a:list "dead" == 1 end)
      end)
      assert.equal("0 0 0 1", a:counts())
      assert.matches("died", a:list "dead"[1].error)
    end)
  end)

  describe("a person", function()
    local viewer

    before_each(function()
      viewer = open ""
      for _, key in ipairs { "d1", "d2", "f", "t", "w" } do
        a:put(key)
      end
      local entries = a:claim(4)
      a:fail(entries[1], -1, "it raised")
      a:fail(entries[2], -1, "it raised")
      a:fail(entries[3], 60000)
    end)

    after_each(function() viewer:close() end)

    it("sees what is there, in pages", function()
      local seen, after = {}, ""
      repeat
        local page = viewer:list("", 2, after)
        for _, entry in ipairs(page) do
          after = entry.id
          table.insert(seen, entry.body .. " " .. entry.state)
        end
      until #page == 0
      table.sort(seen)
      assert.same({ "d1 dead", "d2 dead", "f delayed", "t taken", "w waiting" }, seen)
      for state, body in pairs { waiting = "w", taken = "t", delayed = "f", dead = "d1" } do
        assert.equal(body, viewer:list(state)[1].body)
      end
      local first = viewer:list("dead", 1)
      assert.equal("d2", viewer:list("dead", 10, first[1].id)[1].body)
      assert.same({}, viewer:list("dead", 10, viewer:list "dead"[2].id))
    end)

    it("counts it, without being an owner", function()
      local stats = json.decode(viewer:ask "stats")
      assert.same({ 1, 1, 1, 2 }, { stats.waiting, stats.taken, stats.delayed, stats.dead })
      assert.equal(1, stats.owners)
      assert.is_true(stats.oldest >= 0)
      assert.equal("unsupported", select(2, viewer:put "k").code)
      assert.equal("unsupported", select(2, viewer:ask("claim", { limit = 1 })).code)
    end)

    it("has what is dead handled again, as if it had not been tried", function()
      local id = viewer:list "dead"[2].id
      assert.equal(1, viewer:ask("retry", { value = id .. "\nnonsense" }))
      assert.equal(0, viewer:ask("retry", { value = id }))
      assert.equal(1, viewer:ask("retry", { value = "" }))
      assert.equal(0, viewer:ask("retry", { value = "" }))
      local keys = {}
      for _, entry in ipairs(b:claim()) do
        assert.equal("0", entry.attempts)
        table.insert(keys, entry.key)
      end
      table.sort(keys)
      assert.same({ "d1", "d2", "w" }, keys)
    end)

    it("drops what is dead, and nothing else", function()
      assert.equal(2, viewer:ask("drop", { value = "" }))
      assert.equal("1 1 1 0", viewer:counts())
    end)

    it("drops what is named, but not out of the hands of a live process", function()
      local ids = { "nonsense", "99999" }
      for i, state in ipairs { "dead", "taken", "delayed", "waiting" } do
        ids[i + 2] = viewer:list(state)[1].id
      end
      local value = table.concat(ids, "\n")
      assert.equal(0, a:ask("drop", { value = ids[4] }))
      assert.equal(3, viewer:ask("drop", { value = value }))
      assert.equal(0, viewer:ask("drop", { value = value }))
      assert.equal("0 1 0 1", viewer:counts())
      assert.is_false(a:put "w") -- it is known
    end)
  end)
end
