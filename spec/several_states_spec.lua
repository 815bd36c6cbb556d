local footprint = require "support.footprint"
local own_states = require "support.own_states"

local STRESS <const> = os.getenv "STRESS"

-- One process may have several Lua states, each with apps of its own: all that they have in
-- common is the thread of the servers, which comes with the first and goes with the last.
describe("several Lua states in one process", function()
  -- An app and its Slack, which say something to each other so many times, and end in the end
  -- as is told: by the app's stop; by its close; not at all, so that only the state is closed;
  -- by an error while the app runs; or by one in the middle of its start.
  local TEXT <const> = [[
    local slack, tasks = require "slack", require "slack.tasks"
    local ending, count, is_tls, lifetimes = %q, %d, %s, %d
    local here, app, heard -- never closed, if nobody does it
    local function talk()
      here = assert(require("slack.sandbox").start { tls = is_tls })
      app = slack.app {
        token = here.bot_token, app_token = here.app_token, signing_secret = here.signing_secret,
        api_url = here.api_url, ca_file = here.ca_file, transport = "both", watchdog = 60,
        http = { host = "127.0.0.1", port = 0 }, log = { level = "off" },
      }
      heard = 0
      app:message("", function(c)
        heard = heard + 1
        c:react "wave"
      end)
      if ending == "in the start" then
        slack.spawn(function() app:start() end)
        slack.sleep(0.001)
        error "on purpose"
      end
      assert(app:start())
      assert(here:wait_connections(1))
      for i = 1, count do
        here:say { text = "n" .. i }
      end
      for _ = 1, 2000 do
        if heard >= count then
          break
        end
        tasks.sleep(0.01)
      end
      assert(heard == count, heard)
      if ending == "error" then
        error "on purpose"
      elseif ending == "stop" then
        assert(app:stop())
      elseif ending == "close" then
        app:close()
      end
      if ending == "stop" or ending == "close" then
        here:stop()
      end
    end
    for _ = 1, lifetimes do
      slack.run(talk)
    end
    return "fine"
  ]]

  local function text(ending, count, is_tls, lifetimes)
    return TEXT:format(ending, count, is_tls, lifetimes or 1)
  end

  local function check(said, ending)
    if ending == "error" or ending == "in the start" then
      assert.matches("on purpose$", said)
    else
      assert.equal("fine", said)
    end
  end

  local ENDINGS <const> = { "stop", "close", "none", "error", "in the start" }

  local function count_threads()
    return select(2, footprint.take().list:gsub("slack%-", ""))
  end

  -- One is seen for a moment after it has been joined.
  local function assert_threads(count)
    for _ = 1, 1000 do
      if count_threads() <= count then
        return
      end
      os.execute "sleep 0.01"
    end
    error(footprint.take().list)
  end

  it("come and go in any order, each in a thread, and leave nothing behind", function()
    local seed <const> = os.time()
    math.randomseed(seed)
    local before = footprint.IS_KNOWN and count_threads()
    footprint.rounds(STRESS and 40 or 3, function()
      local texts, endings = {}, {}
      for i = 1, 4 do
        endings[i] = ENDINGS[math.random(#ENDINGS)]
        texts[i] = text(endings[i], math.random(30), math.random(4) == 1,
          endings[i] == "stop" and math.random(2) or 1)
      end
      local said, left = own_states.run_together(texts)
      for i, ending in ipairs(endings) do
        check(said[i], ending)
        assert.equal(0, left[i], ("%s, seed %d"):format(ending, seed))
      end
    end)
    if before then
      assert_threads(before)
    end
  end)

  it("may be opened and closed many times, however they end", function()
    footprint.rounds(STRESS and 100 or 6, function(round)
      local ending = ENDINGS[round % #ENDINGS + 1]
      local said, left = own_states.run(text(ending, 1, round == 6))
      check(said, ending)
      assert.equal(0, left, ending)
    end)
  end)
end)
