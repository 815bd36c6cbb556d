local completed = require "slack.storage.completed"
local live = require "support.live_app"
local runtime = require "support.runtime"
local storage = require "slack.storage"

-- What a program may have written when stores could do less.
local function old_store()
  local inner = storage.open "memory:"
  local function of(store)
    local self = { name = "mine", calls = {} }
    for _, name in ipairs {
      "get", "set", "add", "replace", "delete", "delete_if", "incr", "keys", "close",
    } do
      self[name] = function(own, ...)
        assert(own == self)
        table.insert(self.calls, name)
        return store[name](store, ...)
      end
    end
    function self.scope(own, prefix)
      assert(own == self)
      return of(store:scope(prefix))
    end
    return self
  end
  return of(inner)
end

describe("a store of the program's own", function()
  it("that can all of it is taken as it is", function()
    local store = storage.open "memory:"
    assert.equal(store, completed.of(store))
  end)

  it("has a loop made from its keys and values", function()
    local store = completed.of(old_store())
    for i = 1, 230 do
      store:set(("k%03d"):format(i), i)
    end
    local sum, last = 0, ""
    for key, value in store:scan("k", { limit = 220 }) do
      assert.is_true(key > last)
      sum, last = sum + value, key
      store:delete "k219"
    end
    assert.equal(220 * 221 // 2 - 219 + 221, sum)
    assert.matches("storage_completed_spec.lua:%d+: store:scan: prefix: string expected",
      runtime.raised(function() store:scan {} end))
  end)

  it("does a batch step by step, up to one that fails", function()
    local store = completed.of(old_store())
    assert.same({ true, 4, false, true }, store:batch(function(b)
      b:set("k", 1)
      b:incr("k", 3)
      b:add("k", 2)
      b:set("new", 2, { if_absent = true })
    end))
    local results, err = store:batch(function(b)
      b:set("text", "x")
      b:incr "text"
      b:set("never", 1)
    end)
    assert.is_nil(results)
    assert.equal("not_an_integer", err.code)
    assert.matches("step 2 of the batch: ", err.message)
    assert.same({ "k", "new", "text" }, store:keys())
  end)

  it("keeps its own members, and its scopes are completed too", function()
    local own = old_store()
    local store = completed.of(own)
    assert.equal("mine", store.name)
    assert.is_true(store:scope("s:"):set("k", 5, { if_absent = true }))
    assert.is_false(store:scope("s:"):set("k", 6, { if_absent = true, ttl = 3 }))
    for key, value in store:scope("s:"):scan() do
      assert.same({ "k", 5 }, { key, value })
    end
    assert.is_nil(store.is_shared)
  end)

  it("serves an app, which has all methods of it", function()
    local own = old_store()
    live.run(function(_, new_app)
      local app = new_app { storage = own }
      assert(app:start())
      assert.same({ 1 }, app.store:batch(function(b) b:incr "n" end))
      for key, value in app.store:scan() do
        assert.same({ "n", 1 }, { key, value })
      end
      assert(app:stop())
      assert.equal(1, own:get "data:n")
    end)
  end)
end)
