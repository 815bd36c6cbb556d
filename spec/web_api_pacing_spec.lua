local Clients = require "slack.clients"
local Semaphore = require "slack.semaphore"
local KeptLog = require "support.kept_log"
local Pacing = require "slack.web_api.pacing"
local Stats = require "slack.web_api.stats"
local clients = require "slack.client"
local made_up_http = require "support.made_up_http"
local merged = require "slack.merged"
local tasks = require "slack.tasks"

local TOKEN <const> = "xoxb-111111111111-222222222222-abcdefABCDEF"

describe("pacing", function()
  local slack, time, answer, kept

  before_each(function()
    kept, answer = KeptLog.new(), false
    slack = made_up_http.start(function(request, number)
      if answer then
        return answer(request.url:match "[^/]+$", request.body, number)
      end
      return 200, { ok = true }
    end)
    time = slack.time
  end)

  after_each(function()
    slack:stop()
  end)

  local function count_lines(pattern)
    return kept:count(pattern)
  end

  -- how(name, body, number) gives a status, a table, headers.
  local function start(options, how)
    answer = how
    return clients.new(merged({ token = TOKEN, log = kept.log }, options)), slack.requests
  end

  local function too_many(seconds)
    return 429, { ok = false, error = "ratelimited" }, { ["retry-after"] = seconds }
  end

  local function ok()
    return 200, { ok = true }
  end

  local function limit_if(is_limited, seconds)
    if is_limited then
      return too_many(seconds)
    end
    return ok()
  end

  -- Makes so many calls at once; each number with what became of it.
  local function call_all(client, count, name, args)
    return tasks.run(function()
      local calls, results = {}, {}
      for i = 1, count do
        calls[i] = tasks.spawn(function()
          local all = args and args(i) or {}
          all.n = i
          results[i] = table.pack(client:call(name, all))
        end)
      end
      for _, call in ipairs(calls) do
        call:join()
      end
      return results
    end)
  end

  local function times(sent)
    local list = {}
    for i, call in ipairs(sent) do
      list[i] = math.floor(call.at * 100 + 0.5) / 100
    end
    return list
  end

  local function bodies(sent)
    local list = {}
    for i, call in ipairs(sent) do
      list[i] = tonumber(call.body:match "n=(%d+)" or call.body:match '"n":(%d+)')
    end
    return list
  end

  local function numbers(first, last)
    local list = {}
    for i = first, last do
      list[#list + 1] = i
    end
    return list
  end

  describe("of a method", function()
    it("lets a minute's worth through at once, then keeps to the tier's pace (S256)", function()
      local client, sent = start {}
      call_all(client, 24, "users.list")
      local expected = {}
      for i = 1, 20 do
        expected[i] = 0
      end
      table.move({ 3, 6, 9, 12 }, 1, 4, 21, expected)
      assert.same(expected, times(sent))
      assert.same(numbers(1, 24), bodies(sent))
      assert.equal(1, count_lines "users.list: calls wait to keep to Slack's limit")
    end)

    it("leaves other methods and other tokens alone", function()
      local client, sent = start { pacing = { tiers = { [2] = 1 } } }
      tasks.run(function()
        client.users.list()
        client.team.info()
        client.users.list({}, { token = "xoxb-other" })
        client:with_token("xoxb-third").users.list()
      end)
      assert.equal(4, #sent)
      assert.is_true(time.now - 1000 < 1)
    end)

    it("fills up again while nothing is called", function()
      local client, sent = start {}
      call_all(client, 20, "users.list")
      time.now = time.now + 30
      call_all(client, 11, "users.list")
      assert.is_true(sent[30].at < 30.1)
      assert.is_true(sent[31].at > 32.8)
    end)

    for _, case in ipairs {
      { "by tier", { tiers = { [2] = 120 } }, 0.5 },
      { "by method", { methods = { ["users.list"] = { per_minute = 60, burst = 120 } } }, 1 },
      { "by a share of Slack's", { share = 0.5, methods = { ["users.list"] = 240 } }, 0.5 },
    } do
      it("takes numbers of its own " .. case[1] .. " (S256)", function()
        local client, sent = start { pacing = case[2] }
        call_all(client, 122, "users.list")
        assert.is_true(sent[120].at < 0.1)
        assert.is_true(math.abs(sent[121].at - case[3]) < 0.05)
        assert.is_true(math.abs(sent[122].at - 2 * case[3]) < 0.05)
      end)
    end

    for name, pacing in pairs {
      ["is off"] = false, ["has no limit for it"] = { methods = { ["users.list"] = false } },
      ["is about a method without a tier"] = true,
    } do
      it("lets everything through when it " .. name .. " (S256)", function()
        local client, sent = start { pacing = pacing }
        call_all(client, 500, pacing == true and "unheard.of" or "users.list")
        assert.equal(500, #sent)
        assert.is_true(sent[500].at < 0.1)
      end)
    end

    it("is on for Slack's hosts and off for others", function()
      for url, is_on in pairs {
        ["https://slack.com/api/"] = true, ["https://slack-gov.com/api/"] = true,
        ["https://acme.slack.com/api/"] = true, ["https://localhost:1/api/"] = false,
        ["https://notslack.com/api/"] = false, ["https://slack.com.example/api/"] = false,
      } do
        local client = clients.new { token = TOKEN, api_url = url }
        assert.equal(is_on, client._pacing.limits ~= false, url)
      end
    end)

    it("is shared by the clients that with_token gives the same token", function()
      local client, sent = start { pacing = { methods = { ["users.list"] = 1 } } }
      tasks.run(function()
        client.users.list()
        client:with_token(TOKEN).users.list()
      end)
      assert.same({ 0, 60 }, times(sent))
    end)
  end)

  it("counts a bot's calls by its workspace when that is known, other tokens' apart", function()
    local client, sent = start { max_wait = 0, pacing = { methods = { ["users.list"] = 1 } } }
    local by_token = Clients.new { client = client }
    local function list(token, owner)
      return by_token:of(token, owner).users.list() ~= nil
    end
    local function bot(token, team, is_enterprise_install)
      return list(token, {
        bot_token = token, team_id = team, is_enterprise_install = is_enterprise_install,
      })
    end
    assert.same({ true, false, true, true, true }, {
      bot("xoxb-1", "T1"), bot("xoxb-2", "T1"), bot("xoxb-3", "T2"),
      list("xoxp-1", { bot_token = "xoxb-1", team_id = "T1" }), bot("xoxb-4", "T1", true),
    })
    assert.equal(4, #sent)
  end)

  describe("of a channel", function()
    it("lets a burst through, then a message a second, beside other channels (S256)", function()
      local client, sent = start {}
      call_all(client, 24, "chat.postMessage", function(i)
        return { channel = i % 2 == 0 and "C2" or "C1", text = "x" }
      end)
      local by_channel = { C1 = {}, C2 = {} }
      for _, call in ipairs(sent) do
        table.insert(by_channel[call.body:match "C%d"], call.at)
      end
      for _, list in pairs(by_channel) do
        assert.equal(0, list[10])
        assert.is_true(math.abs(list[11] - 1) < 0.02 and math.abs(list[12] - 2) < 0.02)
      end
    end)

    it("counts for the workspace, too", function()
      local client, sent = start { pacing = { methods = { ["chat.postMessage"] = 60 } } }
      call_all(client, 62, "chat.postMessage", function(i)
        return { channel = "C" .. i, text = "x" }
      end)
      assert.same({ 0, 1, 2 }, { table.unpack(times(sent), 60) })
    end)

    for name, per_channel in pairs {
      ["slower"] = { per_minute = 30, burst = 1 }, ["not at all"] = false,
    } do
      it("is paced as the program says: " .. name .. " (S256)", function()
        local client, sent = start { pacing = { per_channel = per_channel } }
        call_all(client, 20, "chat.postMessage", function() return { channel = "C1" } end)
        assert.equal(per_channel and 38 or 0, times(sent)[20])
      end)
    end
  end)

  describe("after a 429", function()
    it("keeps the order, loses and doubles none (S246, S250)", function()
      local level, at = 0, 0
      local accepted = {}
      local client, sent = start({ pacing = false }, function(_, body)
        level, at = math.max(level - (time.now - at) * 2, 0), time.now
        if level >= 5 then
          return too_many "3"
        end
        level = level + 1
        table.insert(accepted, tonumber(body:match "%d+"))
        return ok()
      end)
      local results = call_all(client, 100, "chat.postMessage")
      for i = 1, 100 do
        assert(results[i][1], results[i][2])
      end
      assert.same(numbers(1, 100), accepted)
      assert.is_true(#sent >= 150) -- those that were under way, and again
      assert.is_true(#sent < 200) -- but no stampede
    end)

    it("lets a call that comes late not overtake those that wait (S246)", function()
      local client, sent = start({ pacing = false }, function(_, _, number)
        return limit_if(number == 1, "3")
      end)
      tasks.run(function()
        local function call(n)
          return tasks.spawn(client.call, client, "chat.postMessage", { n = n })
        end
        local first = call(1)
        tasks.sleep(0.1)
        local second = call(2)
        tasks.sleep(0.1)
        time.now = time.now + 10 -- a handler that was busy past the end of the pause
        assert(client:call("chat.postMessage", { n = 3 }))
        assert(first:join())
        assert(second:join())
      end)
      assert.same({ 1, 1, 2, 3 }, bodies(sent))
    end)

    it("pauses the method for Retry-After, and no other (S246)", function()
      local client, sent = start({}, function(name, _, number)
        if name == "users.list" and number == 1 then
          return too_many "17"
        end
        return ok()
      end)
      tasks.run(function()
        local limited = tasks.spawn(function() return client.users.list { n = 1 } end)
        tasks.sleep(1)
        assert(client.team.info { n = 2 })
        assert(client.users.list { n = 3 })
        assert(limited:join())
      end)
      assert.same({ 1, 2, 1, 3 }, bodies(sent))
      assert.is_true(math.abs(sent[3].at - 17) < 0.02)
      assert.equal(1, count_lines "users.list: rate limited, going on in 17 s")
    end)

    it("goes on at the pace without a burst", function()
      local client, sent = start({}, function(_, _, number)
        return limit_if(number == 1, "10")
      end)
      tasks.run(function()
        local first = tasks.spawn(function() return client.users.list { n = 1 } end)
        tasks.sleep(1)
        call_all(client, 3, "users.list")
        first:join()
      end)
      local at = times(sent)
      assert.is_true(math.abs(at[2] - 10) < 0.05 and math.abs(at[3] - 13) < 0.05)
      assert.is_true(math.abs(at[5] - 19) < 0.05)
    end)

    it("pauses the channel that was posted to, and others go on", function()
      local client, sent = start({}, function(_, body, number)
        return limit_if(number == 1 and body:find "C1", "30")
      end)
      tasks.run(function()
        local first = tasks.spawn(function() return client.chat.postMessage { channel = "C1" } end)
        tasks.sleep(1)
        assert(client.chat.postMessage { channel = "C2" })
        assert.is_true(time.now - 1000 < 2)
        assert(client.chat.postMessage { channel = "C1" })
        assert(first:join())
      end)
      assert.is_true(sent[3].at > 29.9)
    end)

    it("pauses the method everywhere when a second channel is refused, too", function()
      local client, sent = start({ pacing = false }, function(name)
        return limit_if(name == "chat.postMessage" and time.now < 1020,
          ("%d"):format(math.ceil(1020 - time.now)))
      end)
      tasks.run(function()
        local function post(channel)
          return client.chat.postMessage { channel = channel }
        end
        local calls = { tasks.spawn(post, "C1"), tasks.spawn(post, "C2") }
        tasks.sleep(1)
        calls[3] = tasks.spawn(post, "C3")
        assert(client.team.info())
        for i = 1, 3 do
          assert(select(2, assert(calls[i]:join())))
        end
      end)
      assert.equal(6, #sent) -- two refused, another method, three that have waited
    end)

    for header, seconds in pairs {
      [""] = 30, ["soon"] = 30, ["-5"] = 30, ["0x10"] = 30, ["Wed, 21 Oct 2026 07:28:00 GMT"] = 30,
      [" 2 "] = 2, ["1.5"] = 1.5,
    } do
      it(("takes Retry-After %q for %g s (S246)"):format(header, seconds), function()
        local client, sent = start({}, function(_, _, number)
          return limit_if(number == 1, header)
        end)
        assert(client.users.list())
        assert.is_true(math.abs(sent[2].at - seconds) < 0.05)
      end)
    end

    it("gives up at once when Slack asks for more than max_wait (S246)", function()
      local client, sent = start({ max_wait = 60 }, function() return too_many "999999999" end)
      local _, err = client.users.list()
      assert.same({ "ratelimited", 429, 86400 }, { err.code, err.status, err.retry_after })
      assert.equal(1, #sent)
    end)

    it("refuses later calls without asking Slack, until the pause is over (S246)", function()
      local client, sent = start({ max_wait = 0 }, function(_, _, number)
        return limit_if(number == 1, "30")
      end)
      local _, err = client.users.list()
      assert.same({ 429, 30 }, { err.status, err.retry_after })
      _, err = client.users.list()
      assert.equal("ratelimited", err.code)
      assert.is_true(math.abs(err.retry_after - 30) < 0.1)
      assert.matches("max_wait", err.message, 1, true)
      assert.equal(1, #sent)
      time.now = time.now + 31
      assert(client.users.list())
    end)

    it("that is never to be waited for is an error, also in a line (S246)", function()
      local client, sent = start { max_wait = 0 }
      local results = call_all(client, 25, "users.list")
      local refused = 0
      for _, result in ipairs(results) do
        refused = refused + (result[1] and 0 or 1)
      end
      assert.same({ 20, 5 }, { #sent, refused })
    end)

    it("does not end a call that Slack tells to come back at once, again and again", function()
      local client, sent = start({ max_wait = 5 }, function() return too_many "0" end)
      local _, err = client.users.list()
      assert.equal("ratelimited", err.code)
      assert.is_true(#sent > 2 and #sent < 15)
    end)
  end)

  describe("a wait", function()
    it("ends at once for a cancelled task, and the next goes on (S249)", function()
      local client, sent = start { pacing = { methods = { ["users.list"] = 1 } } }
      tasks.run(function()
        client.users.list { n = 1 }
        local calls = {}
        for i = 2, 4 do
          calls[i] = tasks.spawn(function() client.users.list { n = i } end)
        end
        tasks.sleep(1)
        calls[2]:cancel()
        calls[3]:cancel()
        tasks.sleep(0)
        assert.is_true(calls[2]:is_done() and calls[3]:is_done())
        assert.equal(1, client:stats().waiting)
        calls[4]:join()
      end)
      assert.same({ 1, 4 }, bodies(sent))
      assert.equal(60, times(sent)[2])
    end)

    it("of a cancelled call that was the one after a pause lets the next go (S249)", function()
      local client, sent = start({}, function(_, _, number)
        return limit_if(number == 1, "5")
      end)
      tasks.run(function()
        local first = tasks.spawn(function() client.users.list { n = 1 } end)
        tasks.sleep(1)
        local second = tasks.spawn(function() client.users.list { n = 2 } end)
        while #sent < 2 do
          tasks.sleep(0.005)
        end
        first:cancel() -- in the middle of its second attempt
        assert(second:join())
      end)
      assert.same({ 1, 1, 2 }, bodies(sent))
    end)

    it("is told to on_wait, with the reason (S246)", function()
      local told = {}
      local client = start({
        pacing = { methods = { ["users.list"] = 30 } },
        on_wait = function(...) table.insert(told, table.pack(...)) end,
      }, function(_, _, number)
        return limit_if(number == 31, "7")
      end)
      call_all(client, 31, "users.list")
      assert.same({ "users.list", 2, "pacing", n = 3 }, told[1])
      assert.same({ "users.list", "ratelimited" }, { told[2][1], told[2][3] })
      assert.is_true(math.abs(told[2][2] - 7) < 0.05)
      local stats = client:stats()
      assert.same({ 31, 1, 2, 0, 0 }, { stats.calls, stats.rate_limits, stats.waits,
        stats.retries, stats.waiting })
      assert.is_true(math.abs(stats.waited - 9) < 0.1)
    end)

    it("that is longer than max_wait is refused before it begins", function()
      local client, sent = start { max_wait = 30 }
      local results = call_all(client, 32, "users.list")
      assert.equal(30, #sent)
      assert.matches("its turn would come in 33 s, and it may wait for 30 s",
        results[31][2].message)
      assert.is_true(time.now - 1000 < 31)
    end)

    it("can be bounded for one call", function()
      local client = start { pacing = { methods = { ["users.list"] = 1 } } }
      assert(client.users.list())
      local _, err = client.users.list({}, { max_wait = 1 })
      assert.equal("ratelimited", err.code)
    end)
  end)

  it("holds back what waits when the first of many calls are refused (S250)", function()
    local most, under_way = 0, 0
    local client, sent = start({ pacing = false }, function(_, _, number)
      return limit_if(number <= 64, "1")
    end)
    call_all(client, 1000, "chat.postMessage")
    assert.equal(1064, #sent)
    for _, request in ipairs(sent) do
      under_way = request.at < 1 and under_way + 1 or under_way
      most = math.max(most, under_way)
    end
    assert.equal(64, most)
    assert.same(numbers(1, 1000), { table.unpack(bodies(sent), 65) })
  end)

  it("lets the next go when a call is cancelled in the moment of its turn (S249)", function()
    local pacing = Pacing.new(false, Stats.new { log = kept.log })
    pacing.in_flight = Semaphore.new(1)
    local got = {}
    local function call(i)
      return tasks.spawn(function()
        local _ <close> = pacing:enter { name = "x.y", workspace = "T", waited = 0,
          max_wait = 600 }
        got[i] = true
        tasks.sleep(10)
      end)
    end
    for _, pause in ipairs { 0, 1 } do
      for i in pairs(got) do
        got[i] = nil
      end
      if pause > 0 then
        pacing:pause({ name = "x.y", workspace = "T" }, pause)
      end
      local first, second, third = call(1), call(2), call(3)
      tasks.sleep(2)
      assert.same({ true }, got)
      first:cancel() -- now it is the second one's turn, which has not noticed yet
      second:cancel()
      tasks.sleep(1)
      assert.same({ [1] = true, [3] = true }, got)
      third:cancel()
      tasks.sleep(1)
      assert.same({ 0, 0 }, { pacing.in_flight.count, pacing:waiting() })
    end
  end)

  it("forgets what is idle", function()
    local pacing = Pacing.new(true, Stats.new { log = kept.log })
    for i = 1, 5000 do
      local _ <close> = pacing:enter { name = "chat.postMessage", workspace = "W" .. i % 50,
        waited = 0, max_wait = 0, args = { channel = "C" .. i } }
      time.now = time.now + 1
    end
    assert.is_true(pacing.count < 600)
  end)

  it("keeps many calls that wait, in order", function()
    local client, sent = start { pacing = { per_channel = { per_minute = 60000, burst = 1 },
      methods = { ["chat.postMessage"] = false } } }
    call_all(client, 1000, "chat.postMessage", function() return { channel = "C1" } end)
    assert.same(numbers(1, 1000), bodies(sent))
    assert.equal(0, client:stats().waiting)
  end)

  for problem, pacing in pairs {
    ['option "pacing": true, false or a table expected, got string'] = "fast",
    ['unknown option "pacing.tier"; did you mean "tiers"?'] = { tier = {} },
    ['option "pacing.share": a number above 0, at most 1, expected, got 2'] = { share = 2 },
    ['option "pacing.store": a store expected'] = { store = "redis://" },
    ['option "pacing.methods.x.y": calls a minute, false, or { per_minute'] =
      { methods = { ["x.y"] = 0 } },
    ['option "pacing.per_channel.burst": an integer of at least 1 expected, got 0'] =
      { per_channel = { per_minute = 1, burst = 0 } },
    ['option "pacing.per_channel.per_minute" is missing'] = { per_channel = { burst = 1 } },
    ['unknown option "pacing.tiers.2.brust"; did you mean "burst"?'] =
      { tiers = { [2] = { per_minute = 1, brust = 1 } } },
    ['unknown option "pacing.tiers.7"; there are the tiers 1 to 4'] = { tiers = { [7] = 1 } },
  } do
    it("raises at the caller's line: " .. problem, function()
      local fine, message = pcall(function()
        local client = clients.new { token = TOKEN, pacing = pacing }
        return client
      end)
      assert.is_false(fine)
      assert.matches('^spec/web_api_pacing_spec.lua:%d+: slack.client: ', message)
      assert.matches(problem, message, 1, true)
    end)
  end
end)
