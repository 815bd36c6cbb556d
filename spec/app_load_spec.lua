-- The promises of design.md, section 4, in short; STRESS=1 makes them long.
local Process = require "support.process"
local files = require "support.files"
local live = require "support.live_app"
local loop = require "slack.loop"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local STRESS = os.getenv "STRESS" ~= nil
local PER_SECOND <const> = 500

-- Delivers numbered events at a steady rate; each(i) is called after each of them.
local function deliver_steadily(here, count, each)
  local began, sent = loop.now(), 0
  local deliveries = {}
  while sent < count do
    local due = math.min(count, (loop.now() - began) * PER_SECOND // 1)
    while sent < due do
      sent = sent + 1
      deliveries[sent] = here:deliver_event {
        type = "app_mention", user = "U1", channel = "C1", ts = tostring(sent),
      }
      each(sent)
    end
    tasks.sleep(0.002)
  end
  return deliveries
end

describe("under load, an app", function()
  it("loses and doubles nothing while its connections are refreshed (S206, S226)", function()
    local count = STRESS and 10000 or 500
    live.run(function(here, new_app)
      -- No refresh is taken for a failure because it came soon.
      local app = new_app { log = "off", socket_mode = { stable_after = 0.001 } }
      local seen, handled = {}, 0
      app:event("app_mention", function(c)
        seen[c.event.ts] = (seen[c.event.ts] or 0) + 1
        handled = handled + 1
      end)
      assert(app:start())
      assert(here:wait_connections(2))
      local refreshed, without = 0, 0
      local deliveries = deliver_steadily(here, count, function(i)
        without = without + (app.transports[1].ready == 0 and 1 or 0)
        local ready = i % 10 == 0 and here:wait_connections(2, 0.001)
        if ready then
          ready[1]:disconnect "refresh_requested"
          refreshed = refreshed + 1
        end
      end)
      live.wait(function() return handled >= count end)
      for i, delivery in ipairs(deliveries) do
        assert(delivery:await_ack())
        assert.equal(1, seen[tostring(i)])
        assert.equal(1, #delivery.attempts)
      end
      assert.same({ count, 0 }, { handled, without })
      assert.is_true(refreshed >= count // 50, refreshed .. " refreshes")
      assert(here:wait_connections(2))
    end)
  end)

  it("loses, doubles and mixes nothing while a script is saved all the time", function()
    local saves, count = STRESS and 200 or 40, STRESS and 2000 or 400
    local folder <close> = files.temporary()
    -- Every generation has two listeners or four; some fail to load, some wait, and
    -- now and then the file is away for a moment.
    local function save(generation)
      files.write(folder.path .. "/.new", ([[
        local app = ...
        local generation = %d
        if generation %% 10 == 3 then error "broken on purpose" end
        if generation %% 10 == 7 then require("slack").sleep(0.002) end
        local seen = app:state("seen", {})
        local function take(c)
          local list = seen[c.event.ts] or {}
          seen[c.event.ts] = list
          table.insert(list, generation)
        end
        for _ = 1, generation %% 2 == 0 and 4 or 2 do
          app:event("app_mention", take)
        end
      ]]):format(generation))
      if generation % 20 == 0 then
        os.remove(folder.path .. "/answer.lua")
        tasks.sleep(0.01)
      end
      assert(os.rename(folder.path .. "/.new", folder.path .. "/answer.lua"))
    end
    save(1)
    live.run(function(here, new_app)
      local app = new_app { log = "off", scripts = folder.path }
      assert(app:start())
      local connections = assert(here:wait_connections(2))
      local saver = tasks.spawn(function()
        for generation = 2, saves do
          save(generation)
          tasks.sleep(count / PER_SECOND / saves)
        end
      end)
      deliver_steadily(here, count, function() end)
      assert(saver:join())
      live.wait(function() return app:stats().running == 0 and app.transports:waiting() == 0 end)
      local seen = app:state "seen"
      for i = 1, count do
        local list = assert(seen[tostring(i)], i .. " was lost")
        local generation = list[1]
        local wanted = {}
        for _ = 1, generation % 2 == 0 and 4 or 2 do
          table.insert(wanted, generation)
        end
        assert.same(wanted, list)
      end
      assert.is_true(app:stats().scripts.reloads >= saves // 8)
      assert.same(connections, here:wait_connections(2))
    end)
  end)
end)

describe("a handler that computes for long", function()
  local BOT = [[
    local slack = require "slack"
    local app = slack.app { log = "error", proxy = "", ack_deadline = 0.2 }
    app:event("app_mention", function(c)
      local until_time = os.clock() + tonumber(c.event.text)
      repeat until os.clock() > until_time
    end)
    app:event("reaction_added", function() end)
    app:command("/x", function() return "after that" end)
    app:run()
  ]]

  -- In a process of its own.
  local function with_bot(fn)
    tasks.run(function()
      local folder <close> = files.temporary()
      files.write(folder.path .. "/bot.lua", BOT)
      local here <close> = assert(sandbox.start())
      local bot <close> = Process.lua(folder.path .. "/bot.lua", { environment = {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SSL_CERT_FILE = here.ca_file,
      } })
      fn(here, assert(here:wait_connections(2, 20), bot:output())[1])
    end)
  end

  -- The longest that an ack or a pong took while the bot computed. Both are stamped
  -- by C threads of this process when they arrive.
  local function longest_wait(here, connection, seconds)
    local busy = here:deliver_event { type = "app_mention", user = "U1", text = tostring(seconds) }
    assert(busy:await_ack())
    local began, deliveries, pings = loop.now(), {}, {}
    local pongs_before = #connection.pongs
    repeat
      table.insert(deliveries, here:deliver_event { type = "reaction_added", user = "U1" })
      table.insert(pings, loop.now())
      connection:ping(tostring(#pings))
      tasks.sleep(0.02)
    until loop.now() - began > seconds * 0.8
    assert(here:wait(function() return #connection.pongs - pongs_before >= #pings end))
    local longest = 0
    for i, at in ipairs(pings) do
      longest = math.max(longest, connection.pongs[pongs_before + i].at - at)
    end
    for _, delivery in ipairs(deliveries) do
      assert(delivery:await_ack())
      longest = math.max(longest, delivery:ack_time())
    end
    return longest
  end

  it("delays nobody's acks or pongs by more than 50 ms (S225)", function()
    with_bot(function(here, connection)
      -- A machine with other work may itself delay us now and then, but not each time.
      local waits = {}
      for round = 1, 6 do
        waits[round] = longest_wait(here, connection, STRESS and 5 or 0.8)
        if waits[round] <= 0.05 then
          break
        end
      end
      assert.is_true(waits[#waits] <= 0.05, table.concat(waits, ", ") .. " seconds")
    end)
  end)

  it("leaves the ack that others owe to the deadline, not to its own end", function()
    with_bot(function(here)
      local took = {}
      for round = 1, 3 do -- as above
        here:deliver_event { type = "app_mention", user = "U1", text = "1" }:await_ack()
        local delivery = here:deliver("slash_commands", { command = "/x", user_id = "U1" },
          { accepts_response_payload = true })
        assert(delivery:await_ack())
        took[round] = delivery:ack_time()
        assert.is_true(took[round] >= 0.2)
        if took[round] < 0.8 then
          break
        end
      end
      assert.is_true(took[#took] < 0.8, table.concat(took, ", ") .. " seconds")
    end)
  end)
end)
