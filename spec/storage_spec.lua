local Redis = require "support.redis"
local conformance = require "support.store_conformance"
local core = require "slack.core"
local files = require "support.files"
local runtime = require "support.runtime"
local storage = require "slack.storage"

describe("the memory store", function()
  conformance(function(clock)
    return assert(storage.open("memory:", { clock = clock }))
  end)

  it("frees what has expired as later writes come", function()
    local now = 1000
    local store <close> = setmetatable({
      store = storage.open("memory:", { clock = function() return now end }),
    }, { __close = function(self) self.store:close() end })
    for i = 1, 1000 do
      store.store:set("k" .. i, 1, { ttl = 10 })
    end
    now = now + 10
    for i = 1, 150 do
      store.store:set("n" .. i, 1)
    end
    local held = 0
    for _ in pairs(store.store.backend.entries) do
      held = held + 1
    end
    assert.equal(150, held)
  end)
end)

describe("the sqlite store", function()
  local directory

  before_each(function() directory = files.temporary() end)
  after_each(function() getmetatable(directory).__close(directory) end)

  conformance(function(clock)
    return assert(storage.open("sqlite:" .. directory.path .. "/bot.db", {
      clock = clock, synchronous = "normal", -- the disk may be slow
    }))
  end)
end)

describe("the redis store", function()
  if not Redis.is_installed() then
    pending(Redis.MISSING)
    return
  end

  local redis
  local count = 0

  setup(function() redis = Redis.start() end)
  teardown(function() redis:stop() end)

  conformance(function(clock)
    count = count + 1
    local url = ("%s/1?prefix=%d*%%5Bx%%5D%%3F:"):format(redis.url, count)
    return assert(storage.open(url, { clock = clock })), function(seconds)
      redis:pass(seconds, 1)
    end
  end)
end)

describe("storage.open", function()
  it("goes by the time of day when no clock is given", function()
    local store = assert(storage.open "memory:")
    store:set("k", 1, { ttl = 60 })
    assert.is_true(math.abs(store.clock() - core.time()) < 1)
    assert.equal(1, store:get "k")
  end)

  it("gives every caller a memory of its own", function()
    local a, b = storage.open "memory:", storage.open "memory:"
    a:set("k", 1)
    assert.is_nil(b:get "k")
  end)

  it("raises at the caller's line for a URL that it does not know", function()
    for url, message in pairs {
      [""] = 'expected, got ""',
      ["bot.db"] = 'expected, got "bot.db"',
      ["mongodb://user:secret@host"] = 'expected, got "mongodb:"',
      ["memory:x"] = '"memory:" takes nothing after the colon',
      ["sqlite:"] = "the path is missing",
      ["sqlite:a\0b"] = "zero byte",
      ["sqlite::memory:"] = '"memory:" is the store',
      ["sqlite://bot.db"] = "no slashes of its own",
      [5] = "a URL or a store expected, got number",
    } do
      local raised = runtime.raised(function() storage.open(url) end)
      assert.matches("^spec/storage_spec.lua:%d+: slack.storage.open: ", raised)
      assert.truthy(raised:find(message, 1, true), raised)
    end
  end)

  it("raises at the caller's line for options that it does not know", function()
    for message, options in pairs {
      ['unknown option "clok"; did you mean "clock"?'] = { clok = print },
      ['option "timeout": a number from 0.001 to 3600 expected, got 0'] = { timeout = 0 },
      ['option "synchronous": "full" or "normal" expected, got boolean'] = { synchronous = true },
      ["a table of options expected, got number"] = 5,
    } do
      local raised = runtime.raised(function() storage.open("memory:", options) end)
      assert.matches("^spec/storage_spec.lua:%d+: slack.storage.open: ", raised)
      assert.truthy(raised:find(message, 1, true), raised)
    end
  end)

  it("takes a store of the caller's, and names what it lacks", function()
    local own = {}
    for _, name in ipairs {
      "get", "set", "add", "replace", "delete", "delete_if", "incr", "keys", "scope", "close",
    } do
      own[name] = function() end
    end
    assert.equal(own, storage.open(own))
    assert.is_nil(storage.check(own))
    own.incr, own.keys = nil, true
    assert.matches("this one lacks incr, keys$", storage.check(own))
    assert.matches("this one lacks incr, keys$", runtime.raised(storage.open, own))
  end)
end)
