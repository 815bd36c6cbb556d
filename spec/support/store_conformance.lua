-- What every store promises, whatever keeps its values.

local assert = require "luassert"
local batch_conformance = require "support.store_batch_conformance"
local busted = require "busted"
local json = require "slack.json"
local runtime = require "support.runtime"

local after_each, before_each, describe, it =
  busted.after_each, busted.before_each, busted.describe, busted.it

---@param open fun(clock: fun(): number): slack.Store, fun(seconds: number)? the second
---  makes time pass where the clock given does not count
return function(open)
  local store, now, pass_there

  before_each(function()
    now = 1700000000.5
    store, pass_there = open(function() return now end)
  end)

  local function pass(seconds)
    now = now + seconds
    if pass_there then
      pass_there(seconds)
    end
  end

  after_each(function()
    store:close()
  end)

  describe("values", function()
    it("are given back as they were set, each time as a copy of one's own", function()
      local value = {
        text = "é\0\n", list = json.list(), object = { deep = { 1, 2.5, true, json.null } },
        big = math.maxinteger,
      }
      assert.is_true(store:set("k", value))
      value.object.deep[1] = 99
      local first = store:get "k"
      assert.same({ 1, 2.5, true, json.null }, first.object.deep)
      assert.equal(math.maxinteger, first.big)
      assert.equal("é\0\n", first.text)
      assert.is_true(json.is_list(first.list))
      first.object.deep = nil
      assert.same({ 1, 2.5, true, json.null }, store:get "k".object.deep)
    end)

    it("may be any that JSON knows, false and null too", function()
      for _, value in ipairs { false, json.null, 0, "", -1.25 } do
        assert.is_true(store:set("k", value))
        assert.equal(value, store:get "k")
      end
    end)

    it("of a key that has none are nil, without an error", function()
      local value, err = store:get "none"
      assert.is_nil(value)
      assert.is_nil(err)
    end)

    it("are replaced by the next set", function()
      store:set("k", 1)
      store:set("k", { 2 })
      assert.same({ 2 }, store:get "k")
    end)

    it("may have any bytes in their keys", function()
      for _, key in ipairs { "a\0b", "a\0c", "\255\254", "'; DROP TABLE entries; --", "é" } do
        assert.is_true(store:set(key, key == "é"))
        assert.equal(key == "é", store:get(key))
      end
      assert.is_true(store:delete "a\0b")
      assert.is_false(store:get "a\0c")
    end)

    it("and keys that are too large are an error, not a raise", function()
      local _, err = store:set(("k"):rep(1025), 1)
      assert.equal("too_large", err.code)
      _, err = store:get(("k"):rep(1025))
      assert.equal("too_large", err.code)
      _, err = store:set("k", ("v"):rep(16 * 1024 * 1024))
      assert.equal("too_large", err.code)
      assert.is_nil(tostring(err):find "vvv")
      assert.is_true(store:set(("k"):rep(1024), ("v"):rep(100000)))
      assert.equal(100000, #store:get(("k"):rep(1024)))
    end)
  end)

  describe("a time to live", function()
    it("ends an entry for every method (S030)", function()
      store:set("k", 1, { ttl = 10 })
      pass(9)
      assert.equal(1, store:get "k")
      assert.is_false(store:add("k", 2))
      pass(1)
      assert.is_nil(store:get "k")
      assert.same({}, store:keys())
      assert.is_false(store:delete "k")
      assert.is_false(store:delete_if("k", 1))
      assert.is_false(store:replace("k", 1, 2))
      assert.equal(5, store:incr("k", 5))
    end)

    it("of a key that is set again is the new one, or none", function()
      store:set("longer", 1, { ttl = 10 })
      store:set("longer", 2, { ttl = 100 })
      store:set("forever", 1, { ttl = 10 })
      store:set("forever", 2)
      pass(50)
      assert.equal(2, store:get "longer")
      assert.equal(2, store:get "forever")
      pass(50)
      assert.is_nil(store:get "longer")
      assert.equal(2, store:get "forever")
    end)

    it("lets add have the key when it is over", function()
      assert.is_true(store:add("lock", "a", { ttl = 5 }))
      pass(5)
      assert.is_true(store:add("lock", "b", { ttl = 5 }))
      assert.equal("b", store:get "lock")
    end)

    it("of a counter counts from the first time", function()
      assert.equal(1, store:incr("n", 1, { ttl = 10 }))
      pass(6)
      assert.equal(2, store:incr("n", 1, { ttl = 10 }))
      pass(6)
      assert.equal(1, store:incr("n", 1, { ttl = 10 }))
    end)

    it("ends to the millisecond by the clock that counts it", function()
      if pass_there then
        return -- the server has its own
      end
      store:set("k", 1, { ttl = 0.25 })
      pass(0.249)
      assert.equal(1, store:get "k")
      pass(0.001)
      assert.is_nil(store:get "k")
    end)

    it("may be shorter than a millisecond", function()
      store:set("k", 1, { ttl = 1e-9 })
      pass(0.01)
      assert.is_nil(store:get "k")
    end)
  end)

  describe("add", function()
    it("puts a value where there is none, and only there", function()
      assert.is_true(store:add("k", { 1 }))
      assert.is_false(store:add("k", { 2 }))
      assert.same({ 1 }, store:get "k")
      store:delete "k"
      assert.is_true(store:add("k", { 3 }))
    end)

    it("is what set with if_absent is", function()
      assert.is_true(store:set("k", 1, { if_absent = true, ttl = 10 }))
      assert.is_false(store:set("k", 2, { if_absent = true }))
      assert.equal(1, store:get "k")
      assert.is_true(store:set("k", 3, { if_absent = false }))
      assert.equal(3, store:get "k")
    end)
  end)

  describe("delete", function()
    it("tells the one that removed a key from those that came late", function()
      store:set("once", 1)
      assert.is_true(store:delete "once")
      assert.is_false(store:delete "once")
      assert.is_nil(store:get "once")
    end)
  end)

  describe("delete_if", function()
    it("removes a value that is still the same, in whatever order its keys are", function()
      store:set("k", { a = 1, b = { c = 2, d = { 3 } }, e = 5, f = 6 })
      assert.is_false(store:delete_if("k", { a = 1 }))
      assert.is_false(store:delete_if("k", { a = 1, b = { c = 2, d = { 3, 4 } }, e = 5, f = 6 }))
      assert.is_true(store:delete_if("k", { f = 6, e = 5, b = { d = { 3 }, c = 2 }, a = 1 }))
      assert.is_false(store:delete_if("k", { a = 1 }))
    end)

    it("gives a lock back only to its owner", function()
      store:add("lock", "a", { ttl = 5 })
      assert.is_false(store:delete_if("lock", "b"))
      pass(5)
      store:add("lock", "b", { ttl = 5 })
      assert.is_false(store:delete_if("lock", "a"))
      assert.equal("b", store:get "lock")
      assert.is_true(store:delete_if("lock", "b"))
    end)
  end)

  describe("replace", function()
    it("changes a value that is still the same", function()
      store:set("k", { token = "old", n = 1 })
      assert.is_true(store:replace("k", { n = 1, token = "old" }, { token = "new" }))
      assert.is_false(store:replace("k", { n = 1, token = "old" }, { token = "newer" }))
      assert.same({ token = "new" }, store:get "k")
      assert.is_false(store:replace("none", 1, 2))
      assert.is_nil(store:get "none")
    end)

    it("gives the entry its own time to live", function()
      store:set("k", 1, { ttl = 10 })
      assert.is_true(store:replace("k", 1, 2, { ttl = 100 }))
      pass(50)
      assert.equal(2, store:get "k")
      assert.is_true(store:replace("k", 2, 3))
      pass(500)
      assert.equal(3, store:get "k")
    end)
  end)

  describe("incr", function()
    it("counts from 0, up and down", function()
      assert.equal(1, store:incr "n")
      assert.equal(11, store:incr("n", 10))
      assert.equal(-9, store:incr("n", -20))
      assert.equal(-9, store:get "n")
      store:set("m", 41)
      assert.equal(42, store:incr "m")
      assert.equal("integer", math.type(store:get "m"))
    end)

    it("refuses what is no integer, and sums that are none", function()
      for _, value in ipairs { "1", 1.5, { 1 }, true, math.maxinteger, json.null } do
        store:set("k", value)
        local sum, err = store:incr "k"
        assert.is_nil(sum)
        assert.equal("not_an_integer", err.code)
        assert.same(value, store:get "k")
      end
      store:set("k", math.mininteger)
      assert.equal("not_an_integer", select(2, store:incr("k", -1)).code)
      assert.equal(math.mininteger + 1, store:incr("k", 1))
    end)
  end)

  describe("keys", function()
    it("are those that begin with a prefix, sorted, without what has expired", function()
      for _, key in ipairs { "b:2", "b:10", "b", "a:1", "c:1", "b;", "B:1", "b:\255\255" } do
        store:set(key, 1)
      end
      store:set("b:gone", 1, { ttl = 1 })
      pass(2)
      assert.same({ "b:10", "b:2", "b:\255\255" }, store:keys "b:")
      assert.same({ "b:\255\255" }, store:keys "b:\255")
      assert.same({}, store:keys "x")
      assert.same({ "B:1", "a:1", "b", "b:10", "b:2", "b:\255\255", "b;", "c:1" }, store:keys())
    end)
  end)

  describe("a scope", function()
    it("is a store of its own within the store", function()
      local data = store:scope "data:"
      local inner = data:scope "x:"
      assert.is_true(data:set("k", 1))
      assert.is_true(inner:add("k", 2))
      store:set("k", 3)
      assert.equal(1, data:get "k")
      assert.same({ "k", "x:k" }, data:keys())
      assert.same({ "k" }, inner:keys())
      assert.same({ "data:k", "data:x:k", "k" }, store:keys())
      assert.is_true(inner:delete "k")
      assert.equal(2, data:incr "k")
      assert.equal(3, store:get "k")
    end)

    it("leaves the store open when it is closed", function()
      store:scope("data:"):close()
      assert.is_true(store:set("k", 1))
    end)
  end)

  it("gives an error for whatever is asked of it after close", function()
    local scope = store:scope "s:"
    store:close()
    store:close()
    for _, ask in ipairs {
      function() return store:get "k" end,
      function() return store:set("k", 1) end,
      function() return store:add("k", 1) end,
      function() return store:replace("k", 1, 2) end,
      function() return store:delete "k" end,
      function() return store:delete_if("k", 1) end,
      function() return store:incr "k" end,
      function() return store:keys() end,
      function() return store:scan():next() end,
      function() return store:batch(function(b) b:set("k", 1) end) end,
      function() return scope:get "k" end,
    } do
      local value, err = ask()
      assert.is_nil(value)
      assert.equal("closed", err.code)
    end
  end)

  it("says what is wrong also when nobody's line called it", function()
    local _, raised = pcall(coroutine.wrap(store.get), store, 5)
    assert.equal("store:get: key: string expected, got number", raised)
  end)

  it("raises misuse at the caller's line, without the value", function()
    local here = "spec/support/store_conformance.lua:%d+: "
    for message, ask in pairs {
      ["store:get: key: string expected, got nil"] = function() store:get() end,
      ["store:get: key: it is empty"] = function() store:get "" end,
      ["store:set: key: string expected, got number"] = function() store:set(1, 1) end,
      ["store:set: value expected, got nil"] = function() store:set("k") end,
      ["store:set: value: JSON: a: a function has no form in JSON"] = function()
        store:set("k", { a = print })
      end,
      ['store:set: option "ttl": seconds above 0 expected, got the string "3"'] = function()
        store:set("a", 1, { ttl = "3" })
      end,
      ['store:set: option "ttl": seconds above 0 expected, got 0'] = function()
        store:set("k", 1, { ttl = 0 })
      end,
      ['store:add: unknown option "tll"; there is "ttl"'] = function()
        store:add("k", 1, { tll = 1 })
      end,
      ['store:set: unknown option "tll"; there are "if_absent" and "ttl"'] = function()
        store:set("k", 1, { tll = 1 })
      end,
      ['store:set: option "if_absent": boolean expected, got number'] = function()
        store:set("k", 1, { if_absent = 1 })
      end,
      ["store:add: options: table expected, got number"] = function() store:add("k", 1, 10) end,
      ["store:replace: old value expected, got nil"] = function() store:replace("k", nil, 2) end,
      ["store:delete_if: old value expected, got nil"] = function() store:delete_if "k" end,
      ["store:incr: by: integer expected, got number"] = function() store:incr("k", 1.5) end,
      ["store:keys: prefix: string expected, got number"] = function() store:keys(1) end,
      ["store:scope: prefix: string expected, got nil"] = function() store:scope() end,
    } do
      local raised = runtime.raised(ask)
      assert.matches(here, raised)
      assert.truthy(raised:find(message, 1, true), raised)
    end
  end)

  batch_conformance(function() return store, pass end)
end
