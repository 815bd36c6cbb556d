-- What every store promises of loops, batches and tasks: a part of store_conformance.lua.

local assert = require "luassert"
local busted = require "busted"
local json = require "slack.json"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

local describe, it = busted.describe, busted.it

---@param now fun(): slack.Store, fun(seconds: number) the store of the spec that runs, and
---  what makes time pass
return function(now)
  local function fill(store, count)
    local added = assert(store:batch(function(b)
      for i = 1, count do
        b:set(("k%04d"):format(i), { number = i })
      end
    end))
    assert.equal(count, #added)
  end

  local function collect(scan)
    local keys, values = {}, {}
    for key, value in scan do
      keys[#keys + 1], values[key] = key, value
    end
    table.sort(keys)
    return keys, values
  end

  describe("scan", function()
    it("gives each entry that begins with a prefix, and its value", function()
      local store = now()
      for key, value in pairs { ["b:1"] = 1, ["b:2"] = false, ["b:3"] = json.null, b = 4,
        ["a:1"] = 5, ["b;"] = 6, ["b:\255\0x"] = "é", ["b:*"] = json.list() } do
        store:set(key, value)
      end
      local keys, values = collect(store:scan "b:")
      assert.same({ "b:*", "b:1", "b:2", "b:3", "b:\255\0x" }, keys)
      assert.equal(false, values["b:2"])
      assert.equal(json.null, values["b:3"])
      assert.equal("é", values["b:\255\0x"])
      assert.is_true(json.is_list(values["b:*"]))
      assert.same({}, (collect(store:scan "x")))
      assert.equal(8, #collect(store:scan()))
    end)

    it("goes over many pages, and each entry comes", function()
      local store = now()
      fill(store, 777)
      local keys, values = collect(store:scan "k")
      assert.equal(777, #keys)
      for i, key in ipairs(keys) do
        assert.equal(("k%04d"):format(i), key)
        assert.equal(i, values[key].number)
      end
    end)

    it("leaves out what has expired", function()
      local store, pass = now()
      store:set("k1", 1, { ttl = 1 })
      store:set("k2", 2, { ttl = 100 })
      pass(2)
      assert.same({ "k2" }, (collect(store:scan "k")))
    end)

    it("ends at a limit", function()
      local store = now()
      fill(store, 250)
      assert.equal(1, #collect(store:scan("k", { limit = 1 })))
      assert.equal(120, #collect(store:scan("k", { limit = 120 })))
      assert.equal(250, #collect(store:scan("k", { limit = 1000 })))
    end)

    it("of a scope is of its keys alone, without the prefix", function()
      local store = now()
      store:set("k", 1)
      store:scope("s:"):set("x:k", 2)
      assert.same({ "x:k" }, (collect(store:scope("s:"):scan())))
      assert.same({ "k" }, (collect(store:scope("s:"):scope("x:"):scan "k")))
    end)

    it("keeps what is there while others come and go", function()
      local store = now()
      fill(store, 300)
      local seen = {}
      for key in store:scan "k" do
        if not seen[key] and not key:find "new" then
          seen[key] = true
          store:set(key .. "new", 1)
          if key > "k0150" then
            store:delete(key)
          end
        end
      end
      for i = 1, 300 do
        assert.is_true(seen[("k%04d"):format(i)])
      end
    end)

    it("may be left, and be shared by several tasks", function()
      local store = now()
      fill(store, 250)
      local scan, seen = store:scan "k", {}
      for key in scan do
        seen[key] = true
        if key then
          break
        end
      end
      tasks.run(function()
        local function work()
          for key in scan do
            assert.is_nil(seen[key])
            seen[key] = true
            tasks.sleep(0)
          end
        end
        tasks.all { work, work, work }
      end)
      local count = 0
      for _ in pairs(seen) do
        count = count + 1
      end
      assert.equal(250, count)
    end)

    it("raises in a loop what keeps it from going on, which next gives", function()
      local store = now()
      fill(store, 10)
      local scan = store:scan "k"
      store:close()
      local raised = select(2, pcall(function()
        for _ in scan do
          error "no entry is to be had"
        end
      end))
      assert.equal("closed", raised.code)
      local key, err = store:scan("k"):next()
      assert.is_nil(key)
      assert.equal("closed", err.code)
    end)
  end)

  describe("batch", function()
    it("does all its steps, in order, and gives what each came to", function()
      local store = now()
      store:set("there", 1)
      local results = assert(store:batch(function(b)
        b:set("k", { 1 })
        b:add("k", 2)
        b:add("new", "n")
        b:set("there", 2, { if_absent = true })
        b:incr("n", 5)
        b:incr("n", -7)
        b:incr("max", math.maxinteger)
        b:delete "there"
        b:delete "there"
        b:incr "there"
      end))
      assert.same({ true, false, true, false, 5, -2, math.maxinteger, true, false, 1 }, results)
      assert.equal("integer", math.type(results[5]))
      assert.same({ 1 }, store:get "k")
      assert.equal("n", store:get "new")
      assert.equal(1, store:get "there")
      assert.same({}, store:batch(function() end))
    end)

    it("does nothing when one step fails", function()
      local store, pass = now()
      store:set("text", "x")
      store:set("old", { "o" })
      store:set("brief", 1, { ttl = 20 })
      local results, err = store:batch(function(b)
        b:set("old", 1)
        b:set("new", 2)
        b:delete "brief"
        b:incr("n", 3)
        b:incr "text"
        b:set("after", 1)
      end)
      assert.is_nil(results)
      assert.equal("not_an_integer", err.code)
      assert.matches("step 5 of the batch: ", err.message)
      assert.same({ "brief", "old", "text" }, store:keys())
      assert.same({ "o" }, store:get "old")
      pass(21)
      assert.is_nil(store:get "brief")
      assert.same({ "o" }, store:get "old")
    end)

    it("that fails leaves what others ask for at the same time as it is", function()
      local store = now()
      store:set("text", "x")
      local failed
      tasks.run(function()
        tasks.all {
          function() return store:set("before", 1) end,
          function()
            local _, err = store:batch(function(b) b:set("in", 1) b:incr "text" end)
            failed = err.code
            return true
          end,
          function() return store:incr "after" end,
          function() return store:batch(function(b) b:set("also", 1) b:incr "after" end) end,
        }
      end)
      assert.equal("not_an_integer", failed)
      assert.same({ "after", "also", "before", "text" }, store:keys())
      assert.equal(2, store:get "after")
    end)

    it("gives its entries a time to live", function()
      local store, pass = now()
      store:batch(function(b)
        b:set("a", 1, { ttl = 10 })
        b:add("b", 1, { ttl = 10 })
        b:incr("c", 1, { ttl = 10 })
        b:set("d", 1)
      end)
      pass(11)
      assert.same({ "d" }, store:keys())
    end)

    it("of a scope is of its keys, of any bytes", function()
      local store = now()
      local scope = store:scope "s:"
      scope:batch(function(b)
        b:set("a\0b", "\0é")
        b:incr "\255"
      end)
      assert.equal("\0é", scope:get "a\0b")
      assert.same({ "s:a\0b", "s:\255" }, store:keys())
    end)

    it("is never seen half done", function()
      local store = now()
      local seen = 0
      store:batch(function(b) b:set("x", 0) b:set("y", 0) end)
      tasks.run(function()
        local function write()
          for _ = 1, 25 do
            assert(store:batch(function(b) b:incr "x" b:incr("y", -1) end))
          end
        end
        local function read()
          for _ = 1, 25 do
            local both = assert(store:batch(function(b) b:incr("x", 0) b:incr("y", 0) end))
            assert.equal(0, both[1] + both[2])
            seen = seen + 1
          end
        end
        tasks.all { write, read, write, read }
      end)
      assert.equal(50, seen)
      assert.equal(50, store:get "x")
    end)

    it("is an error when it is too large, and nothing is done", function()
      local store = now()
      local function code_of(fn)
        local results, err = store:batch(fn)
        assert.is_nil(results)
        return err.code
      end
      assert.equal("too_large", code_of(function(b) b:set(("k"):rep(1025), 1) end))
      assert.equal("too_large", code_of(function(b)
        for i = 1, 1001 do
          b:set("k" .. i, 1)
        end
      end))
      assert.equal("too_large", code_of(function(b)
        for i = 1, 9 do
          b:set("k" .. i, ("v"):rep(2 * 1024 * 1024))
        end
      end))
      assert.same({}, store:keys())
    end)

    it("does nothing when its function raises, and is over when that has returned", function()
      local store = now()
      local kept
      assert.has_error(function()
        store:batch(function(b) b:set("k", 1) error("no", 0) end)
      end, "no")
      store:batch(function(b) kept = b end)
      assert.matches("batch:set: the batch is over", runtime.raised(kept.set, kept, "k", 1))
      assert.same({}, store:keys())
    end)
  end)

  describe("many tasks", function()
    it("count together, and lose nothing", function()
      local store = now()
      tasks.run(function()
        local list = {}
        for i = 1, 200 do
          list[i] = function()
            assert(store:incr "n")
            assert(store:set("k" .. i, { i }))
            assert.same({ i }, store:get("k" .. i))
          end
        end
        tasks.all(list)
      end)
      assert.equal(200, store:get "n")
      assert.equal(200, #store:keys "k")
    end)

    it("that add one key are told apart: one has it", function()
      local store = now()
      local winners = 0
      tasks.run(function()
        local list = {}
        for i = 1, 50 do
          list[i] = function()
            local has_it = store:add("lock", i, { ttl = 60 })
            winners = winners + (has_it and 1 or 0)
          end
        end
        tasks.all(list)
      end)
      assert.equal(1, winners)
    end)
  end)

  describe("values that are large or deep", function()
    it("come back whole", function()
      local store = now()
      local deep, list = {}, {}
      local at = deep
      for _ = 1, 200 do
        at.x = {}
        at = at.x
      end
      for i = 1, 5000 do
        list[i] = { i, tostring(i), i / 3 }
      end
      assert.is_true(store:set("deep", deep))
      assert.is_true(store:set("list", list))
      assert.is_true(store:set("text", ("\0\255é"):rep(100000)))
      assert.same(json.encode(deep), json.encode(store:get "deep"))
      local back = store:get "list"
      assert.equal(5000, #back)
      assert.same({ 5000, "5000", 5000 / 3 }, back[5000])
      assert.equal(("\0\255é"):rep(100000), store:get "text")
    end)

    it("keep what numbers and lists are", function()
      local store = now()
      for _, value in ipairs { 0, -1, math.maxinteger, math.mininteger, 2^53, 1e100, 0.1, -2.5 } do
        store:set("n", value)
        assert.equal(value, store:get "n")
        assert.equal(math.tointeger(value) and "integer" or "float", math.type(store:get "n"))
      end
      store:set("k", { none = json.null, empty = json.list(), object = {} })
      assert.matches('"empty":%[%]', json.encode(store:get "k"))
      assert.equal(json.null, store:get "k".none)
    end)
  end)

  it("raises misuse of loops and batches at the caller's line", function()
    local store = now()
    local here = "spec/support/store_batch_conformance.lua:%d+: "
    for message, ask in pairs {
      ["store:scan: prefix: string expected, got number"] = function() store:scan(1) end,
      ["store:scan: options: table expected, got number"] = function() store:scan("k", 10) end,
      ['store:scan: unknown option "limt"; did you mean "limit"?'] = function()
        store:scan("k", { limt = 10 })
      end,
      ['store:scan: option "limit": an integer'] = function() store:scan("k", { limit = 0 }) end,
      ["what store:scan gives is no table"] = function()
        return pairs(store:scan())
      end,
      ["store:batch: a function expected, which notes the steps"] = function() store:batch {} end,
      ["batch:set: key: it is empty"] = function() store:batch(function(b) b:set("", 1) end) end,
      ["batch:set: value expected, got nil"] = function()
        store:batch(function(b) b:set "k" end)
      end,
      ['batch:add: unknown option "if_absent"; there is "ttl"'] = function()
        store:batch(function(b) b:add("k", 1, { if_absent = true }) end)
      end,
      ["batch:incr: by: integer expected, got string"] = function()
        store:batch(function(b) b:incr("k", "1") end)
      end,
      ["batch:get: a batch has the methods set, add, delete and incr"] = function()
        store:batch(function(b) b:get "k" end)
      end,
      ["batch.delete: call it with a colon: batch:delete(…)"] = function()
        store:batch(function(b) b.delete "k" end)
      end,
    } do
      local raised = runtime.raised(ask)
      assert.matches(here, raised)
      assert.truthy(raised:find(message, 1, true), raised)
    end
    assert.same({}, store:keys())
  end)
end
