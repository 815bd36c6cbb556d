local redis_url = require "slack.storage.redis_url"
local runtime = require "support.runtime"
local storage = require "slack.storage"

describe("the URL of a Redis server", function()
  for url, expected in pairs {
    ["redis://localhost"] = { host = "localhost", port = 6379 },
    ["REDIS://cache.example:6380/"] = { host = "cache.example", port = 6380 },
    ["redis://[::1]:7000/3"] = { host = "[::1]", port = 7000, database = 3 },
    ["redis://:pw@10.0.0.1"] = { host = "10.0.0.1", port = 6379, password = "pw" },
    ["rediss://bot:p%40s%2Fs:@h:1/2?prefix=bot%3A&timeout=0.5"] = {
      is_encrypted = true, host = "h", port = 1, user = "bot", password = "p@s/s:", database = 2,
      prefix = "bot:", timeout = 0.5,
    },
    ["redis://:a@b@h?prefix="] = { host = "h", port = 6379, password = "a@b", prefix = "" },
    ["redis+unix:///run/my%20redis.sock?database=1"] = {
      path = "/run/my redis.sock", database = 1,
    },
    ["redis+unix://u:pw@/redis.sock"] = { path = "/redis.sock", user = "u", password = "pw" },
  } do
    it("says where, who and how: " .. url, function()
      local all = { is_encrypted = false, prefix = "lua-slack:", database = 0 }
      for name, value in pairs(expected) do
        all[name] = value
      end
      assert.same(all, redis_url.read(url))
      assert.is_nil(storage.check(url))
    end)
  end

  for url, problem in pairs {
    ["redis:localhost"] = 'two slashes come first: "redis://HOST"',
    ["redis://"] = "the host is missing",
    ["redis://:6379"] = "the host is missing",
    ["redis://secret@h"] = "a password stands behind a colon",
    ["redis://secret:@h"] = "the password is empty",
    ["redis://:secret%zz@h"] = 'a "%" in them is written "%25"',
    ["redis://:secret%00@h"] = "zero byte in user or password",
    ["redis://:sec/ret@h"] = "the host is missing",
    ["redis://u:sec/ret@h"] = 'in a password "/" is written "%2F"',
    ["redis://u:1?sec=ret@h"] = 'in a password "?" is written "%3F"',
    ["redis://u:sec#ret@h"] = 'in a password it is written "%23"',
    ["redis://h:0"] = "the port is no number from 1 to 65535",
    ["redis://h:65536"] = "the port is no number from 1 to 65535",
    ["redis://h o"] = "that host is none",
    ["redis://a:1,b:2"] = "one server expected",
    ["redis://h/first"] = 'the database is no number: "redis://HOST/0"',
    ["redis://h?db=1"] = 'there is no "db"',
    ["redis://h?prefx=1"] = 'did you mean "prefix"?',
    ["redis://h?prefix"] = "a parameter has no value",
    ["redis://h?timeout=0"] = "timeout: seconds above 0",
    ["redis://h?timeout=secret"] = "timeout: seconds above 0",
    ["redis://h?prefix=%"] = 'prefix: a "%" in it is written "%25"',
    ["redis://h?prefix=" .. ("x"):rep(257)] = "prefix: at most 256 bytes",
    ["redis+unix://run/redis.sock"] = "three slashes begin the path",
    ["redis+unix:///"] = "the path is missing",
    ["redis-sentinel://u:secret@h"] = "Redis Sentinel is not supported",
    ["redis+cluster://u:secret@h"] = "Redis Cluster is not supported",
    ["reddis://u:secret@h"] = 'got "reddis:"; did you mean "redis"?',
    ["//u:secret@h"] = 'got "…"',
  } do
    it("is refused, without what may be secret: " .. url:sub(1, 40), function()
      local raised = runtime.raised(function() storage.open(url) end)
      assert.matches("^spec/storage_redis_url_spec.lua:%d+: slack.storage.open: ", raised)
      assert.truthy(raised:find(problem, 1, true), raised)
      assert.is_nil(raised:gsub("seconds", ""):find("sec", 1, true), raised)
    end)
  end
end)
