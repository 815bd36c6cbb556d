local Redis = require "support.redis"
local Trial = require "support.inbox_trial"
local faults = require "support.inbox_faults"
local files = require "support.files"
local tasks = require "slack.tasks"

local IS_LONG = os.getenv "STRESS" ~= nil
local SECONDS = IS_LONG and 10 or 0.3
local RATE = 100 -- events a second
local INBOX = { lease = 1, backoff = 0.1 }

local function try(storage, options, fn)
  options.storage, options.app = storage, options.app or { inbox = INBOX }
  Trial.loses_nothing(options, fn)
end

describe("an inbox in Redis", function()
  if not Redis.is_installed() then
    return pending(Redis.MISSING)
  end
  local redis

  after_each(function()
    redis:stop()
  end)

  -- Each: how it begins and ends, what the log says of it meanwhile, and a transport; with
  -- STRESS each of them.
  local FAULTS = {
    ["that crashes and comes again with what it has on its disk"] = {
      begin = function() redis:kill() end,
      stop = function() assert.is_true(redis:run()) end,
      says = "Redis at [%d.:]+: no connection: ",
      transport = "socket",
    },
    ["that stands still"] = {
      begin = function() redis:signal "STOP" end,
      stop = function() redis:signal "CONT" end,
      transport = "http",
    },
    ["that is out of memory"] = {
      begin = function() redis:ask "config set maxmemory 1" end,
      stop = function() redis:ask "config set maxmemory 0" end,
      says = "could not be stored: .* maxmemory .* not acked",
      transport = "http",
    },
    ["that can only be read"] = {
      begin = function() redis:ask "replicaof 127.0.0.1 1" end,
      stop = function() redis:ask "replicaof no one" end,
      says = "could not be stored: .* not acked",
      transport = "socket",
    },
  }

  for name, fault in pairs(FAULTS) do
    for _, transport in ipairs(IS_LONG and { "socket", "http" } or { fault.transport }) do
      it(name .. " has nothing acked that is lost, over " .. transport, function()
        redis = Redis.start { "appendonly yes", "appendfsync everysec" }
        try(redis.url, { transport = transport }, function(trial)
          faults.interrupt_store(trial, {
            rate = RATE, seconds = SECONDS, begin = fault.begin, stop = fault.stop,
            says = fault.says,
          })
        end)
      end)
    end
  end

  it("that is away does not keep a bot from ending, which says what is left, and ends with 1",
    function()
      redis = Redis.start()
      tasks.run(function()
        local trial <close> = Trial.start {
          storage = redis.url, work = 0.1, app = { inbox = INBOX, shutdown_timeout = 0.2 },
        }
        local bot = trial:start_bot()
        trial:wait_up(bot)
        trial:send(20)
        trial:wait("a handler", function() return next(trial.handlings) end)
        redis:kill()
        assert.equal(1, trial:stop(bot))
        assert.matches("could not be marked so in the store", bot:output())
      end)
    end)

  it("that is empty again, in whatever way, takes new events as before", function()
    redis = Redis.start()
    tasks.run(function()
      local trial <close> = Trial.start { storage = redis.url, app = { inbox = INBOX } }
      local bot = trial:start_bot()
      trial:wait_up(bot)
      trial:send(20)
      trial:settle()
      redis:kill()
      assert.is_true(redis:run())
      trial:send(20)
      trial:settle()
      redis:ask "flushall"
      trial:send(20)
      trial:settle()
      assert.equal(0, trial:stop(bot))
      assert.same({}, trial:account().unexplained)
    end)
  end)
end)

describe("an inbox in SQLite", function()
  local function try_on_disk(size, fn)
    local disk <close>, problem = faults.small_disk(size)
    if not disk then
      return pending(problem)
    end
    fn(disk)
  end

  for _, transport in ipairs(IS_LONG and { "socket", "http" } or { "http" }) do
    it("acks nothing while the disk is full, says so, and goes on when there is room, over "
      .. transport, function()
        try_on_disk("6m", function(disk)
          try("sqlite:" .. disk.path .. "/bot.db", { transport = transport }, function(trial)
            faults.interrupt_store(trial, {
              rate = RATE, seconds = SECONDS, begin = disk.fill, stop = disk.free,
              says = "could not be stored: .* the disk is full: .* not acked",
            })
          end)
        end)
      end)
  end

  it("goes on after a start on a full disk, with the room that its own log had taken", function()
    try_on_disk("6m", function(disk)
      try("sqlite:" .. disk.path .. "/bot.db", { work = 0.1 }, function(trial)
        local bot = trial:start_bot()
        trial:wait_up(bot)
        trial:begin_sending(RATE)
        trial:wait("some acks", function() return trial.acked > 20 end)
        disk.fill()
        trial:kill(bot)
        bot = trial:start_bot()
        trial:wait("a line of why", function() return bot:output():find "the disk is full" end)
        disk.free()
        trial:wait("acks again", function() return trial.acked > 200 end)
        trial:stop_sending()
        trial:settle()
        assert.equal(0, trial:stop(bot))
      end)
    end)
  end)

  it("acks nothing beyond the size that its file may have, and goes on when it may", function()
    local directory <close> = files.temporary()
    try("sqlite:" .. directory.path .. "/bot.db", {}, function(trial)
      local bot = trial:start_bot(nil, "ulimit -S -f 600")
      trial:wait_up(bot)
      trial:begin_sending(200)
      trial:wait("a line of why", function()
        return bot:output():find "could not be stored: .* not acked"
      end)
      assert(files.run("prlimit --fsize=unlimited:unlimited --pid " .. bot.pid))
      trial:stop_sending()
      trial:settle()
      assert.equal(0, trial:stop(bot))
    end)
  end)

  it("in a file that cannot be written refuses to start, naming it", function()
    try_on_disk("6m", function(disk)
      local path = disk.path .. "/bot.db"
      tasks.run(function()
        local trial <close> = Trial.start { storage = "sqlite:" .. path }
        local bot = trial:start_bot()
        trial:wait_up(bot)
        trial:send(5)
        trial:settle()
        assert.equal(0, trial:stop(bot))
        assert(files.run("mount -o remount,ro " .. disk.path))
        bot = trial:start_bot()
        trial:wait("its end", function() return not bot:is_running() end)
        assert.equal(1, bot:wait())
        assert.matches("cannot start: .*" .. path:gsub("%W", "%%%0"), bot:output())
      end)
    end)
  end)
end)
