-- The test kit: time that passes when the test says so.
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"
local testing = require "slack.testing"

describe("slack.testing", function()
  local t

  after_each(function() t:close() end)

  local function new(options)
    t = testing.new({}, options)
    return t.app
  end

  describe("t:advance", function()
    it("brings sleeps, timers and os.time on", function()
      local app = new { now = "2026-03-02 08:00" }
      app:message("remind", function(c)
        slack.sleep(90)
        c:say(os.date "%H:%M:%S" .. " " .. os.time() - os.time { year = 2026, month = 3, day = 2,
          hour = 8 })
      end)
      t:message "remind":expect_silence()
      t:advance(89.5):expect_silence()
      t:advance "500ms":expect_said "08:01:30 90"
    end)

    it("runs everything at its time, in its order", function()
      local app, seen = new(), {}
      app:message("go", function()
        for _, seconds in ipairs { 30, 10, 20 } do
          slack.spawn(function()
            slack.sleep(seconds)
            table.insert(seen, { seconds, t:now() })
          end)
        end
      end)
      t:message "go"
      local start = t:now()
      t:advance "1m"
      assert.same({ { 10, start + 10 }, { 20, start + 20 }, { 30, start + 30 } }, seen)
      assert.equal(start + 60, t:now())
    end)

    it("runs what the app does every so often, and by the clock of the day", function()
      local app = new { now = "2026-01-09 16:59" } -- a Friday
      local function post(text)
        return function(c) c.client.chat.postMessage { channel = "general", text = text } end
      end
      app:every("20m", post "tick")
      app:at("0 17 * * mon-fri", post "Time to go.")
      assert.same({ "Time to go.", "tick", "tick", "tick" }, (function()
        local texts = {}
        for i, said in ipairs(t:advance "1h".said) do
          texts[i] = said.text
        end
        return texts
      end)())
      local count = 0
      for _, said in ipairs(t:advance "3d".said) do
        count = count + (said.text == "Time to go." and 1 or 0)
      end
      assert.equal(1, count) -- Monday's
    end)

    it("gives errors of what came meanwhile", function()
      local app = new()
      app:every("1m", function() error "late failure" end)
      local ok, message = pcall(t.advance, t, "1m")
      assert.is_false(ok)
      assert.matches('t:advance%("1m"%): the bot failed: .*late failure', message)
      assert.equal(1, #t:advance("1m", { fails = true }).errors)
    end)

    it("lets messages that were scheduled at Slack come", function()
      local app = new()
      app:message("later", function(c)
        assert(c.client.chat.scheduleMessage {
          channel = c.channel_id, text = "Now.", post_at = os.time() + 120,
        })
      end)
      t:message "later":expect_silence()
      t:advance "2m":expect_said "Now."
    end)
  end)

  describe("an ack", function()
    it("that is not there yet comes when its time has", function()
      local app = new()
      app:command("/slow", function(c)
        slack.sleep(1)
        c:ack "At last."
      end)
      local r = t:command "/slow"
      assert.is_false(r.acked)
      t:advance(1)
      assert.is_true(r.acked)
      assert.same({ text = "At last." }, r.ack)
    end)

    it("has Slack's deadline", function()
      local app = new()
      app:command("/slow", function(c)
        slack.sleep(10)
        c:ack "Too late."
        c:respond "But here."
      end)
      local r = t:command "/slow"
      t:advance(3)
      assert.same({ false, true }, { r.acked, r.was_late })
      assert.matches("acked too late", tostring(r))
      assert.matches("no ack in time from app:command \"/slow\"", table.concat(t:log(), "\n"))
      assert.equal("But here.", t:advance(10).said[1].text)
    end)

    it("has Slack's limit of size", function()
      local app = new()
      app:command("/large", function(c) assert(not c:ack(("x"):rep(21000))) end)
      assert.is_nil(t:command "/large".ack)
      assert.matches("too large", table.concat(t:log(), "\n"))
    end)

    it("may have as many bytes as are fewer than that", function()
      local app, taken = new(), {}
      for _, bytes in ipairs { 20480, 20479 } do
        local text = ("x"):rep(bytes - #'{"text":""}')
        app:command("/of-" .. bytes, function(c) taken[bytes] = (c:ack(text)) == true end)
        t:command("/of-" .. bytes)
      end
      assert.same({ [20480] = false, [20479] = true }, taken)
    end)
  end)

  describe("Slack's limits", function()
    it("hold back what is too much at once", function()
      local app = new()
      app:message("many", function(c)
        for i = 1, 12 do
          c:say(tostring(i))
        end
      end)
      local r = t:message "many"
      assert.same({ 10, 1 }, { #r.said, r.waiting })
      assert.matches("1 call waits by Slack's limits until time passes", tostring(r), 1, true)
      assert.equal(2, #t:advance(2).said)
    end)

    it("are not used up by people, who take no time in a test", function()
      local app = new()
      app:message("one", function(c) c:say "one" end)
      for _ = 1, 30 do
        assert.equal(1, #t:message "one".said)
      end
    end)
  end)

  describe("a trigger", function()
    it("expires after three seconds", function()
      local app = new()
      local err
      app:command("/modal", function(c)
        c:ack()
        slack.sleep(3.5)
        local _
        _, err = c:open(slack.blocks.modal { title = "Late" })
      end)
      t:command "/modal"
      assert.is_nil(t:advance(4).view)
      assert.equal("expired_trigger_id", err.code)
    end)
  end)

  describe("a response URL", function()
    it("works five times, for half an hour", function()
      local app, codes = new(), {}
      app:command("/many", function(c)
        c:ack()
        for _ = 1, 6 do
          local _, err = c:respond "again"
          table.insert(codes, err and err.code or "ok")
        end
      end)
      assert.equal(5, #t:command "/many".said)
      assert.not_equal("ok", codes[6])
    end)

    it("is no use half an hour later", function()
      local app, url = new(), nil
      app:command("/later", function(c)
        url = c.body.response_url
        c:ack()
      end)
      t:command "/later"
      local function post()
        return t:run(function()
          return slack.fetch(url, { method = "POST", json = { text = "x" } }).status
        end)
      end
      t:advance "30m"
      assert.equal(200, post())
      t:advance "1s"
      assert.equal(404, post())
    end)
  end)

  describe("the time of a test", function()
    it("begins on a Monday at nine, in the machine's zone, and is nobody else's", function()
      new()
      assert.equal("Mon 09:00", os.date("%a %H:%M", t:now()))
      assert.is_true(os.time() - t:now() ~= 0)
      t:advance "1s"
      assert.equal("09:00:01", os.date("%H:%M:%S", t:now() // 1))
    end)

    it("leaves the process its own clock, environment and reports of errors", function()
      local function own()
        for _, name in ipairs { "time", "date", "getenv" } do
          assert.equal("C", debug.getinfo(os[name], "S").what, name)
        end
        return { os.time, os.date, os.getenv, tasks.on_error, loop.default() }
      end
      local before = own()
      new()
      t:advance "1s"
      assert.same(before, own())
      t:close()
      assert.same(before, own())
    end)

    it("is in its log", function()
      local app = new { now = "2026-02-03 04:05:06" }
      app:message("log", function(c) c.log:info "here" end)
      assert.matches("^2026%-02%-03 04:05:06", t:message "log".log[1])
    end)
  end)
end)
