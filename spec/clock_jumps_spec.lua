local Process = require "support.process"
local files = require "support.files"
local live = require "support.live_app"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

-- A bot in a process whose wall clock is set forward and back while it runs. What lasts so long
-- goes by the clock that never jumps; what is true until then, by that of people.
local BOT <const> = [[
  local slack = require "slack"
  local app = slack.app {
    api_url = os.getenv "API_URL", ca_file = os.getenv "CA_FILE", token = os.getenv "TOKEN",
    app_token = os.getenv "APP_TOKEN", signing_secret = os.getenv "SECRET", transport = "both",
    http = { host = "127.0.0.1", port = 0 }, storage = "sqlite:" .. os.getenv "STORE",
    inbox = { backoff = 1 }, watchdog = 60, log = "debug",
  }
  local function note(...)
    local file <close> = assert(io.open(os.getenv "NOTES", "a"))
    file:write(table.concat({ ... }, " "), "\n")
  end
  local ticks = 0
  app:every(0.05, function() ticks = ticks + 1 end)
  app:message("slow", function() slack.sleep(1) note "slept" end)
  app:message("timeout", function()
    note(tostring(select(2, slack.timeout(1, slack.sleep, 1000)).code))
  end)
  app:message("ticks", function()
    local before = ticks
    repeat slack.sleep(0.02) until ticks > before
    note "ticked"
  end)
  app:message("say", function(c) note(tostring(c:say "limited"), "said") end)
  app:message("keep", function()
    app.store:set("short", 1, { ttl = 3600 })
    app.store:set("long", 1, { ttl = 40 * 86400 })
    note "kept"
  end)
  app:message("kept?", function()
    note(app.store:get "short" or 0, app.store:get "long" or 0, "left")
  end)
  app:message(slack.pattern "^n%d+", function(c) note(c.message.text) end)
  local failures = 0
  app:message("fail", function()
    failures = failures + 1
    note(failures == 1 and "failed" or "again")
    return failures > 1 or error "on purpose"
  end)
  app:message("by HTTP", function() note "over HTTP" end)
  slack.spawn(function()
    repeat slack.sleep(0.01) until app.phase == "running"
    note("url", app.http_server:url())
  end)
  os.exit(app:run() or 1)
]]

local DAY <const> = 86400
local JUMPS <const> = { { "forward", DAY }, { "back", -DAY } }

describe("a bot whose wall clock is set", function()
  local shim

  lazy_setup(function()
    shim = files.temporary()
    local ok, output = files.run(("%s -std=c11 -D_GNU_SOURCE -O1 -fPIC -shared -o %s/shim.so "
      .. "spec/support/clock_shim.c"):format(os.getenv "CC" or "cc", shim.path))
    assert(ok, output)
  end)

  lazy_teardown(function()
    getmetatable(shim).__close(shim)
  end)

  local function run(fn)
    local directory <close> = files.temporary()
    local path = directory.path
    files.write(path .. "/bot.lua", BOT)
    local function set(seconds)
      local file <close> = assert(io.open(path .. "/shift", "r+b"))
      file:write(string.pack("=i8", seconds * 1000000000))
    end
    files.write(path .. "/shift", ("\0"):rep(8))
    files.write(path .. "/notes", "")
    live.run(function(here)
      local bot <close> = Process.lua(path .. "/bot.lua", { environment = {
        API_URL = here.api_url, CA_FILE = here.ca_file, TOKEN = here.bot_token,
        APP_TOKEN = here.app_token, SECRET = here.signing_secret, STORE = path .. "/store",
        NOTES = path .. "/notes", CLOCK_SHIFT = path .. "/shift",
        LD_PRELOAD = shim.path .. "/shim.so",
        ASAN_OPTIONS = "verify_asan_link_order=0:" .. (os.getenv "ASAN_OPTIONS" or ""),
      } })
      local function notes()
        return files.read(path .. "/notes")
      end
      local function wait_note(text, times)
        local deadline = 3000
        while select(2, notes():gsub(text, "")) < (times or 1) do
          deadline = deadline - 1
          assert(deadline > 0 and bot:is_running(), text .. "\n" .. notes() .. bot:output())
          tasks.sleep(0.01)
        end
      end
      wait_note "url"
      assert(here:wait_connections(2, 60))
      fn { here = here, bot = bot, set = set, notes = notes, wait_note = wait_note }
      bot:signal()
      live.wait(function() return not bot:is_running() end)
    end)
  end

  for _, jump in ipairs(JUMPS) do
    local name, seconds = table.unpack(jump)

    it(name .. " keeps its connections, handles what comes, once, and waits no longer", function()
      run(function(on)
        local here = on.here
        local opened = #here:calls "apps.connections.open"
        here:fail("chat.postMessage", { error = "ratelimited", retry_after = 1, times = 1 })
        for _, text in ipairs { "slow", "timeout", "say", "n1" } do
          here:say { text = text }
        end
        on.wait_note "n1"
        on.set(seconds)
        for i = 2, 20 do
          here:say { text = "n" .. i }
        end
        here:say { text = "ticks" }
        for _, text in ipairs { "slept", "timeout", "said", "ticked", "n20\n" } do
          on.wait_note(text)
        end
        on.set(0)
        here:say { text = "ticks" }
        here:say { text = "n21" }
        on.wait_note("ticked", 2)
        on.wait_note "n21"
        for i = 1, 21 do
          assert.equal(1, select(2, on.notes():gsub("n" .. i .. "\n", "")), "n" .. i)
        end
        assert.equal(opened, #here:calls "apps.connections.open")
        assert.equal(2, #here:connections())
      end)
    end)

    it(name .. " refuses what is not of its time, and says so, until it is set right", function()
      run(function(on)
        local here, url = on.here, on.notes():match "url (%S+)"
        here:deliver_over_http { url = url .. "/slack/events" }
        here.delivery = "http"
        on.set(seconds)
        here:say { text = "by HTTP" }
        wait_until("the refusal", function()
          return on.bot:output():find("is this machine's clock right?", 1, true)
        end)
        assert.not_matches("over HTTP", on.notes())
        on.set(0)
        here:say { text = "by HTTP" }
        on.wait_note "over HTTP"
      end)
    end)

    it(name .. " handles what has failed again in its time", function()
      run(function(on)
        on.here:say { text = "fail" }
        on.wait_note "failed"
        on.set(seconds)
        on.wait_note "again"
      end)
    end)

    it(name .. " keeps values until their time, and no shorter", function()
      run(function(on)
        on.here:say { text = "keep" }
        on.wait_note "kept"
        on.set(seconds)
        on.here:say { text = "kept?" }
        on.wait_note(seconds > 0 and "0 1 left" or "1 1 left")
      end)
    end)
  end
end)
