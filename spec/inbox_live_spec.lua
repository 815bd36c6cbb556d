local Process = require "support.process"
local exposition = require "support.exposition"
local files = require "support.files"
local live = require "support.live_app"
local slack = require "slack"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

-- A bot in a process of its own: it writes what it handles, and what for, into a file, and
-- then does as it is told.
local BOT = [[
local slack = require "slack"
local app = slack.app {
  api_url = os.getenv "API_URL", ca_file = os.getenv "CA_FILE", token = os.getenv "TOKEN",
  app_token = os.getenv "APP_TOKEN", storage = os.getenv "STORAGE", log = "debug",
  shutdown_timeout = 0.2,
}
local function note(text)
  local file = assert(io.open(os.getenv "NOTES", "a"))
  file:write(text, "\n")
  file:close()
end
app:event("app_mention", function(c)
  note(("%s %s"):format(c.event.text, c.retry and c.retry.reason or "first"))
  local what = os.getenv "WHAT"
  if what == "hang" then
    slack.sleep(1000)
  elseif what == "ask" then
    c:ask "Which?"
  end
end)
os.exit(app:run() or 1)
]]

describe("an app with a durable inbox", function()
  local temporary, notes

  before_each(function()
    temporary = files.temporary()
    notes = temporary.path .. "/notes"
    files.write(temporary.path .. "/bot.lua", BOT)
  end)

  after_each(function()
    getmetatable(temporary).__close(temporary)
  end)

  local function url()
    return "sqlite:" .. temporary.path .. "/bot.db"
  end

  local function start_bot(here, what)
    return Process.lua(temporary.path .. "/bot.lua", { environment = {
      API_URL = here.api_url, CA_FILE = here.ca_file, TOKEN = here.bot_token,
      APP_TOKEN = here.app_token, STORAGE = url(), NOTES = notes, WHAT = what or "",
    } })
  end

  local function noted()
    local file = io.open(notes, "r")
    local text = file and file:read "a" or ""
    return file and file:close() and text or text
  end

  local function entries(state)
    local store <close> = setmetatable({ store = assert(storage.open(url())) }, {
      __close = function(self) self.store:close() end,
    })
    return assert(require("slack.inbox.listing").list(store.store, {
      state = state or "all", limit = 10,
    }))
  end

  local function mention(here, text)
    return here:deliver_event {
      type = "app_mention", user = "U1", channel = "C1", ts = "1.1", text = text,
    }
  end

  for _, transport in ipairs(live.TRANSPORTS) do
    it("acks over " .. transport .. " what it has stored, and forgets what was handled", function()
      live.run(function(here, new_app)
        local seen = 0
        local app = new_app { storage = url(), transport = transport }
        app:event("app_mention", function() seen = seen + 1 end)
        live.start(here, app)
        mention(here, "one")
        mention(here, "two")
        live.wait(function() return seen == 2 and app.inbox.in_hand == 0 end)
        local numbers = assert(app.inbox:stats())
        assert.same({ 2, 0, 0 }, { numbers.stored, numbers.waiting, numbers.taken })
        assert.equal(2, app:stats().inbox.stored)
        assert(app:stop())
        assert.same({}, entries())
      end)
    end)
  end

  it("knows what it has handled for ten minutes", function()
    live.run(function(here, new_app)
      local app, id = new_app { storage = url() }, nil
      app:event("app_mention", function(c) id = c.event_id end)
      live.start(here, app)
      mention(here, "one")
      live.wait(function() return id and app.inbox.in_hand == 0 end)
      local later = (os.time() + 598) * 1000
      assert.is_false(app.storage.backend:inbox("put", {
        key = id, value = "{}", meta = "{}", now = later, expires_at = later,
      }))
    end)
  end)

  it("keeps commands, if told so, and goes on with them when nobody waits any more", function()
    for _, transport in ipairs { "socket", "http" } do
      live.run(function(here, new_app)
        local options = { storage = url(), inbox = { interactive = true }, transport = transport }
        local app, seen = new_app(options), {}
        app:command("/deploy", function(c)
          table.insert(seen, { c.text, c:ack "Checking…", c.retry and c.retry.reason })
          return #seen == 1 and tasks.waiter():await()
        end)
        live.start(here, app)
        local answer = here:command { command = "/deploy", text = "this & that", user = "ada" }
        assert.equal("Checking…", answer.ack.text)
        app:stop(0)
        live.start(here, app)
        live.wait(function() return #seen == 2 and app.inbox.in_hand == 0 end)
        assert.same({ { "this & that", true }, { "this & that", true, "interrupted" } }, seen)
      end)
      os.remove(temporary.path .. "/bot.db")
    end
  end)

  it("handles again what was not done when it was killed, and says why", function()
    live.run(function(here)
      local bot <close> = start_bot(here, "hang")
      assert(here:wait_connections(1))
      assert(mention(here, "one"):await_ack())
      live.wait(function() return noted() == "one first\n" end)
      bot:signal "KILL"
      live.wait(function() return not bot:is_running() end)
      assert.equal("taken", entries()[1].state)
      local again <close> = start_bot(here) -- luacheck: ignore 211
      live.wait(function() return noted() == "one first\none interrupted\n" end)
      live.wait(function() return #entries() == 0 end)
    end)
  end)

  it("leaves for the next start what it cuts off when it is stopped (S243)", function()
    live.run(function(here)
      local bot <close> = start_bot(here, "hang")
      assert(here:wait_connections(1))
      assert(mention(here, "one"):await_ack())
      live.wait(function() return noted() == "one first\n" end)
      bot:signal "TERM"
      live.wait(function() return not bot:is_running() end)
      assert.matches("1 delivery is left for the next start", bot:output())
      assert.equal("waiting", entries()[1].state)
      local again <close> = start_bot(here) -- luacheck: ignore 211
      live.wait(function() return #entries() == 0 end)
      assert.equal("one first\none interrupted\n", noted())
    end)
  end)

  it("begins with nothing more once it is told to stop, and says so where it cuts off", function()
    for _, lets_end in ipairs { true, false } do
      live.run(function(here, new_app)
        local app = new_app { storage = url(), max_in_flight = 1 }
        local seen, gate = {}, tasks.waiter()
        app:event("app_mention", function(c)
          table.insert(seen, c.event.text)
          gate:await()
        end)
        live.start(here, app)
        for _, text in ipairs { "one", "two", "three" } do
          assert(mention(here, text):await_ack())
          live.wait(function() return seen[1] end)
        end
        local stop = tasks.spawn(app.stop, app, lets_end and 10 or 0.1)
        live.wait(function() return app.phase == "stopping" end)
        if lets_end then
          gate:resolve()
        end
        local _, ok, err = stop:join()
        assert.same({ "one" }, seen)
        assert.equal(lets_end or nil, ok or nil)
        assert.is_nil(err and tostring(err):find("deliver", 1, true))
        local states = {}
        for i, entry in ipairs(entries()) do
          states[i] = entry.state
        end
        assert.equal(("waiting "):rep(lets_end and 2 or 3), table.concat(states, " ") .. " ")
      end)
      os.remove(temporary.path .. "/bot.db")
    end
  end)

  it("asks again after a stop what it had asked a person", function()
    live.run(function(here, new_app)
      local answered
      local app = new_app { storage = url() }
      app:message("deploy", function(c)
        answered = c:ask "Which?"
      end)
      assert(app:start())
      here:say { text = "deploy", user = "ada" }
      local question = assert(here:wait_message { text = "Which?" })
      assert(app:stop())
      assert(app:start())
      assert(here:wait_message { text = "Which?", after = question.ts })
      here:say { text = "that one", user = "ada" }
      live.wait(function() return answered end)
      assert.equal("that one", answered.text)
      live.wait(function() return app.inbox.in_hand == 0 end)
      assert(app:stop())
      assert.same({}, entries())
    end)
  end)

  it("hands out a channel's deliveries in turn, but for those whose handler asks", function()
    live.run(function(here, new_app)
      local seen, running, most = {}, 0, 0
      local app = new_app { storage = url(), inbox = { order = "channel" }, connections = 1 }
      app:event("app_mention", function(c)
        running = running + 1
        most = math.max(most, running)
        table.insert(seen, c.text)
        tasks.sleep(0.01)
        running = running - 1
      end)
      app:message("deploy", function(c)
        local answer = c:ask "Which?"
        table.insert(seen, answer.text)
      end)
      assert(app:start())
      for i = 1, 4 do
        mention(here, tostring(i))
      end
      live.wait(function() return #seen == 4 end)
      assert.same({ { "1", "2", "3", "4" }, 1 }, { seen, most })
      here:say { text = "deploy", user = "ada" }
      assert(here:wait_message { text = "Which?" })
      here:say { text = "that one", user = "ada" }
      live.wait(function() return #seen == 5 and app.inbox.in_hand == 0 end)
      assert.equal("that one", seen[5])
    end)
  end)

  it("is not stopped again by the event that has stopped it", function()
    live.run(function(here, new_app)
      local app = new_app { storage = url() }
      app:event("app_mention", function() app:stop() end)
      assert(app:start())
      mention(here, "x")
      live.wait(function() return app.phase == "idle" end)
      assert.same({}, entries())
    end)
  end)

  it("handles a delivery once that Slack sends twice, also after a new start", function()
    live.run(function(here, new_app)
      local seen = 0
      local app = new_app { storage = url() }
      app:event("app_mention", function() seen = seen + 1 end)
      assert(app:start())
      local body = {
        type = "event_callback", event_id = "Ev0TWICE", team_id = "T1",
        event = { type = "app_mention", user = "U1", channel = "C1", ts = "1.1", text = "x" },
      }
      assert(here:deliver("events_api", body):await_ack())
      assert(here:deliver("events_api", body):await_ack())
      live.wait(function() return seen == 1 and app.inbox.in_hand == 0 end)
      assert.equal(1, app:stats().inbox.known)
      assert(app:stop())
      assert(app:start())
      assert(here:deliver("events_api", body):await_ack())
      assert.same({ 1, 1 }, { seen, app:stats().inbox.known })
    end)
  end)

  it("gives up what fails again and again, and handles it when somebody says so", function()
    live.run(function(here, new_app, lines)
      local numbers, is_broken = {}, true
      local app = new_app { storage = url(), inbox = { attempts = 2, backoff = 0.01 } }
      app:event("app_mention", function(c)
        table.insert(numbers, c.retry and c.retry.number or 0)
        return is_broken and error "the service is down"
      end)
      assert(app:start())
      mention(here, "x")
      live.wait(function() return #numbers == 2 and app:stats().inbox.given_up == 1 end)
      live.wait(function() return app.inbox.in_hand == 0 end)
      assert.same({ 0, 1 }, numbers)
      local dead = assert(app.inbox:list { state = "dead" })
      local line = table.concat(lines, "\n"):match "is given up after 2 attempts[^\n]*"
      assert.truthy(line:find("shows it as " .. dead[1].id, 1, true), line)
      assert.same({ 1, 2 }, { #dead, dead[1].attempts })
      assert.matches("the service is down", dead[1].error)
      is_broken = false
      assert.equal(1, app.inbox:retry(dead[1].id))
      live.wait(function() return #numbers == 3 and app.inbox.in_hand == 0 end)
      assert.same({}, assert(app.inbox:list()))
    end)
  end)

  it("has dead entries handled again by a script that is just loaded", function()
    live.run(function(_, new_app)
      local folder = files.temporary()
      files.write(folder.path .. "/again.lua", [[
        local app = ...
        app:state("script", {}).count = assert(app.inbox:retry "all")
      ]])
      local app = new_app { storage = url(), scripts = folder.path }
      assert(app:start())
      assert.equal(0, app:state("script").count)
      getmetatable(folder).__close(folder)
    end)
  end)

  it("refuses arguments for its inbox that it cannot read, at the caller's line", function()
    live.run(function(_, new_app)
      local app = new_app { storage = url() }
      assert(app:start())
      for _, case in ipairs {
        { function() app.inbox:list { stat = "dead" } end, 'unknown option "stat"; did you mean' },
        { function() app.inbox:list { state = "deaf" } end, 'or "all" expected' },
        { function() app.inbox:list { limit = 0 } end, "an integer of at least 1" },
        { function() app.inbox:retry() end, "inbox:retry: an id, a list of ids, or" },
        { function() app.inbox:drop {} end, "inbox:drop: the list of ids is empty" },
        { function() app.inbox:drop { 1 } end, "number 1 of the ids: text expected, got number" },
      } do
        local ok, message = pcall(case[1])
        assert.is_false(ok)
        assert.matches("inbox_live_spec.lua:%d+: ", message)
        assert.matches(case[2], message, 1, true)
      end
    end)
  end)

  it("tells Prometheus how its inbox is, and is ready", function()
    live.run(function(here, new_app)
      local app = new_app { storage = url(), http = { host = "127.0.0.1", port = 0 } }
      local gate = tasks.waiter()
      app:event("app_mention", function() gate:await() end)
      assert(app:start())
      mention(here, "x")
      live.wait(function() return app.inbox.in_hand == 1 end)
      local page = assert(slack.fetch(app.http_server:url() .. "/metrics")).body
      local _, value = exposition.parse(page)
      assert.equal(1, value("slack_inbox_entries", { state = "taken" }))
      assert.equal(1, value("slack_inbox_puts_total", { outcome = "stored" }))
      assert.equal(1, value "slack_inbox_in_hand")
      assert.equal(200, assert(slack.fetch(app.http_server:url() .. "/ready")).status)
      gate:resolve()
    end)
  end)
end)
