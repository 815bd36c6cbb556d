local Process = require "support.process"
local files = require "support.files"
local live = require "support.live_app"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

-- STRESS=seconds: for so long.
local SECONDS <const> = math.max(tonumber(os.getenv "STRESS") or 0, 2)

-- The short times with which an app notices that a peer is gone, so that they pass meanwhile.
local BOT <const> = [[
  local slack = require "slack"
  local app = slack.app {
    api_url = os.getenv "API_URL", ca_file = os.getenv "CA_FILE", token = os.getenv "TOKEN",
    app_token = os.getenv "APP_TOKEN", signing_secret = os.getenv "SECRET", transport = "both",
    http = { host = "127.0.0.1", port = 0 }, storage = os.getenv "STORE", watchdog = 60,
    log = "debug", socket_mode = { ping_interval = 0.2, pong_timeout = 1 },
  }
  local function note(...)
    local file <close> = assert(io.open(os.getenv "NOTES", "a"))
    file:write(table.concat({ ... }, " "), "\n")
  end
  app:message("wait", function()
    note "waits"
    slack.sleep(0.5)
    note "has waited"
  end)
  app:message(slack.pattern "^n%d+", function(c) note(c.message.text) end)
  app:command("/late", function(c) c:ack() note "command" end)
  slack.spawn(function()
    repeat slack.sleep(0.01) until app.phase == "running"
    note("url", app.http_server:url())
  end)
  os.exit(app:run() or 1)
]]

-- As a container is frozen, a laptop sleeps, a machine is moved: SIGSTOP, later SIGCONT.
describe("a bot that is suspended", function()
  local function run(store, fn)
    local directory <close> = files.temporary()
    local path = directory.path
    files.write(path .. "/bot.lua", BOT)
    files.write(path .. "/notes", "")
    live.run(function(here)
      local bot <close> = Process.lua(path .. "/bot.lua", { environment = {
        API_URL = here.api_url, CA_FILE = here.ca_file, TOKEN = here.bot_token,
        APP_TOKEN = here.app_token, SECRET = here.signing_secret, NOTES = path .. "/notes",
        STORE = store:gsub("DIRECTORY", path),
      } })
      local awake <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
        bot:signal "CONT"
      end })
      local function notes()
        return files.read(path .. "/notes")
      end
      local function count(text)
        return select(2, notes():gsub(text .. "\n", ""))
      end
      local function wait_note(text)
        wait_until(text, function()
          assert(bot:is_running(), bot:output())
          return count(text) > 0
        end)
      end
      wait_note "url %S+"
      assert(here:wait_connections(2, 60))
      fn { here = here, bot = bot, notes = notes, count = count, wait_note = wait_note }
      bot:signal()
      wait_until("the end", function() return not bot:is_running() end)
      assert.equal(0, bot:wait(), bot:output())
    end)
  end

  for _, store in ipairs { "memory:", "sqlite:DIRECTORY/store" } do
    it("goes on where it was, loses no event and handles none twice, with " .. store:match "%a+",
      function()
        run(store, function(on)
          local here = on.here
          here:deliver_over_http { url = on.notes():match "url (%S+)" .. "/slack/events" }
          here.delivery = "alternate"
          for i = 1, 10 do
            here:say { text = "n" .. i }
          end
          here:say { text = "wait" }
          on.wait_note "waits"
          on.bot:signal "STOP"
          local calls, ends_at = {}, os.time() + SECONDS
          for i = 11, 30 do
            here:say { text = "n" .. i }
          end
          calls[1] = tasks.spawn(here.command, here, { command = "/late", timeout = 0.2 })
          repeat tasks.sleep(0.1) until os.time() > ends_at
          on.bot:signal "CONT"
          for i = 31, 40 do
            here:say { text = "n" .. i }
          end
          on.wait_note "has waited"
          for i = 1, 40 do
            on.wait_note("n" .. i)
          end
          assert(here:wait_connections(2, 60))
          calls[1]:join()
          for i = 1, 40 do
            assert.equal(1, on.count("n" .. i), i)
          end
        end)
      end)
  end
end)
