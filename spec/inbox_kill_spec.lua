local Trial = require "support.inbox_trial"
local each_redis = require "support.each_redis"
local faults = require "support.inbox_faults"
local files = require "support.files"
local tasks = require "slack.tasks"

local IS_LONG = os.getenv "STRESS" ~= nil
local KILLS = IS_LONG and 50 or 3
local RATE = 150 -- events a second
local LEASE = 1 -- second
local INBOX = { inbox = { lease = LEASE } }

local function try(storage, options, fn)
  options.storage, options.app, options.work = storage, INBOX, options.work or 0.01
  assert.is_true(Trial.loses_nothing(options, fn).sent > 30)
end

-- By one of the transports, or with STRESS by each.
local function behaves_under_kills(new_url, transport)
  for _, way in ipairs(IS_LONG and { "socket", "http", "both" } or { transport }) do
    it("are all handled, and twice only those in flight, over " .. way, function()
      try(new_url(), { transport = way }, function(trial)
        faults.kill_again_and_again(trial, { kills = KILLS, rate = RATE, longest = 0.5 })
      end)
    end)

    it("are handled once each when it is only stopped, over " .. way, function()
      try(new_url(), { transport = way }, function(trial)
        faults.stop_again_and_again(trial, { stops = 1, rate = RATE, seconds = 0.2 })
        assert.equal(0, trial:account().twice)
      end)
    end)
  end

  it("are taken over by another process within the lease", function()
    try(new_url(), { work = 0.2 }, function(trial)
      local seconds, count = faults.lose_a_worker(trial, { rate = RATE, seconds = 0.3 })
      assert.is_true(count > 0)
      assert.is_true(seconds < LEASE + 20, seconds) -- on a machine that does much else
    end)
  end)
end

describe("the trial of an inbox", function()
  it("sees what is lost where nothing is kept", function()
    tasks.run(function()
      local trial <close> = Trial.start { storage = "memory:", work = 0.3 }
      local bot = trial:start_bot()
      trial:wait_up(bot)
      trial:send(20)
      trial:wait("acks", function() return trial.acked == 20 end)
      trial:kill(bot)
      local account = trial:account()
      assert.is_true(#account.lost > 10)
      assert.same({}, account.unexplained)
    end)
  end)

  it("sees what is handled twice without reason", function()
    tasks.run(function()
      local trial <close> = Trial.start { storage = "memory:", ack_timeout = 60 }
      local bots = { trial:start_bot(), trial:start_bot() }
      trial:wait_up(bots[1])
      trial:wait_up(bots[2])
      trial:send(1)
      trial:settle()
      trial.here.delivery = nil
      trial.here:deliver_event({ type = "app_mention", user = "U1", channel = "C1", ts = "1.1" },
        { outer = { event_id = "EvTrial1" } }) -- to the other one, which knows nothing of it
      trial:wait("the second handling", function()
        return trial.handlings.EvTrial1[2]
      end)
      assert.same({ "EvTrial1" }, trial:account().unexplained)
    end)
  end)
end)

describe("events whose bot is killed again and again, kept in SQLite,", function()
  local directory

  before_each(function()
    directory = files.temporary()
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  behaves_under_kills(function() return "sqlite:" .. directory.path .. "/bot.db" end, "socket")

  it("are given up when five processes died of them, and their handlers see it come", function()
    tasks.run(function()
      local trial <close> = Trial.start {
        storage = "sqlite:" .. directory.path .. "/bot.db", app = INBOX, ack_timeout = 60,
      }
      for i = 1, 5 do
        local bot = trial:start_bot()
        if i == 1 then
          trial:wait_up(bot)
          trial:send(1, "die")
        end
        trial:wait("a bot that dies", function() return not bot:is_running() end)
      end
      local bot = trial:start_bot()
      trial:wait("the end of it", function() return bot:output():find "entry 1 is given up" end)
      local numbers = {}
      for i, handling in ipairs(trial.handlings.EvTrial1) do
        numbers[i] = handling.retry
      end
      assert.same({ 0, 1, 2, 3, 4 }, numbers)
      assert.equal(0, trial:stop(bot))
    end)
  end)
end)

describe("events whose bot is killed again and again, kept in Redis,", function()
  local redis = each_redis()
  if redis then
    behaves_under_kills(function() return redis().url end, "http")
  end
end)
