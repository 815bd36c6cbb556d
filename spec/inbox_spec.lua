local Kept = require "support.kept_deliveries"
local errors = require "slack.errors"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

describe("a delivery that is kept in the inbox", function()
  local kept, app, seen

  before_each(function()
    kept = Kept.new()
    app, seen = kept.app, {}
  end)

  after_each(function()
    kept:close()
  end)

  local function fail() error "broken" end

  describe("has ended and is marked done", function()
    for _, case in ipairs {
      { "when its handler has returned", function() app:message(function() end) end },
      { "when all of its listeners have", function()
        app:message(function() end)
        app:message(function() tasks.sleep(0) end)
      end },
      { "behind middleware", function()
        app:use(function(_, next) return next() end)
        app:message(function() end)
      end },
      { "when middleware stops it", function()
        app:use(function() end)
        app:message(fail)
      end },
      { "when middleware has caught what its handler raised", function()
        app:use(function(_, next) pcall(next) end)
        app:message(fail)
      end },
      { "when no listener wants it", function() end },
      { "when no listener behind middleware wants it", function()
        app:use(function(_, next) return next() end)
      end },
      { "when a listener that was to run has been removed", function()
        local second
        app:message(function() second:remove() end)
        second = app:message(fail)
      end },
    } do
      it(case[1], function()
        case[2]()
        local id = kept:message "hello"
        assert.same({ "done " .. id }, kept:marks())
        assert.equal(0, kept.inbox.in_hand)
      end)
    end

    it("when it is the bot's own doing", function()
      app:message(fail)
      local id = kept:message("mine", { user = "U05BOTUSR01" })
      assert.same({ "done " .. id }, kept:marks())
    end)

    it("when it is of a kind that nobody knows", function()
      local id = kept:lay { type = "from_the_future" }
      assert.same({ "done " .. id }, kept:marks())
    end)

    it("not before the last of its handlers has ended", function()
      local gate = tasks.waiter()
      app:message(function() end)
      app:message(function() gate:await() end)
      local id = kept:message "hello"
      assert.same({}, kept:marks())
      assert.equal(1, kept.inbox.in_hand)
      gate:resolve()
      assert.same({ "done " .. id }, kept:marks())
    end)

    it("together with what ends at the same time", function()
      app:message(function() end)
      for _ = 1, 20 do
        table.insert(kept.waiting, 1, nil)
      end
      local gate = tasks.waiter()
      app:event("app_mention", function() gate:await() end)
      kept:event { type = "app_mention", text = "x", user = "U1", channel = "C1", ts = "1.1" }
      for i = 1, 5 do
        kept:message("hello " .. i)
      end
      local jobs = 0
      for _, one in ipairs(kept.told) do
        jobs = jobs + (one[1] == "done" and 1 or 0)
      end
      assert.is_true(jobs <= 5)
      gate:resolve()
      assert.equal(6, #kept:marks())
    end)
  end)

  describe("that failed", function()
    for _, case in ipairs {
      { "because its handler raised", function() app:message(fail) end },
      { "because one of several listeners raised", function()
        app:message(function() end)
        app:message(fail)
      end },
      { "because its handler raised behind middleware", function()
        app:use(function(_, next) return next() end)
        app:message(fail)
      end },
      { "because middleware raised", function() app:use(fail) end },
      { "because a predicate raised, and nobody else wanted it", function()
        app:message(function() error "broken predicate" end, function() end)
      end },
      { "because a predicate raised, though others handled it", function()
        app:message(function() error "broken predicate" end, function() end)
        app:message(function() end)
      end },
    } do
      it("is handled again after a while " .. case[1], function()
        case[2]()
        local id = kept:message "hello"
        assert.same({ "fail " .. id .. " 5000" }, kept:marks())
        assert.equal(0, kept.inbox.in_hand)
        assert.matches("broken", kept:failure())
      end)
    end

    it("waits twice as long each time, up to an hour, less by chance (S241)", function()
      kept:close()
      kept = Kept.new { inbox = { attempts = 50, backoff = 2 } }
      kept.app:message(fail)
      kept:message("1", { attempts = 1, reason = "failed" })
      kept:message("2", { attempts = 2, reason = "failed" })
      kept:message("3", { attempts = 30, reason = "failed" })
      kept.inbox.retries.random = function() return 0 end
      kept:message "4"
      assert.same({ "fail e1 4000", "fail e2 8000", "fail e3 3600000", "fail e4 1000" },
        kept:marks())
    end)

    it("is given up after so many attempts, and the log says where it lies", function()
      app:message(fail)
      local id = kept:message("hello", { attempts = 2, reason = "failed" })
      assert.same({ "fail " .. id .. " -1" }, kept:marks())
      assert.matches('event "message" is given up after 3 attempts: .*broken', kept.offline:log())
      assert.matches("`lua%-slack inbox list` shows it", kept.offline:log())
      assert.equal(1, app:stats().inbox.given_up)
    end)

    it("is given up at once when its handler has asked for that", function()
      app:message(function(c)
        c:no_retry()
        error "broken"
      end)
      assert.same({ "fail " .. kept:message "hello" .. " -1" }, kept:marks())
    end)

    it("runs anew only for the listeners that had not finished", function()
      local is_broken = true
      app:message(function() table.insert(seen, "first") end)
      app:message(function()
        table.insert(seen, "second")
        return is_broken and error "broken"
      end)
      kept:message("hello", { event_id = "Ev1" })
      is_broken = false
      local again = kept:message("hello", { event_id = "Ev1", attempts = 1, reason = "failed" })
      assert.same({ "first", "second", "second" }, seen)
      assert.equal("done " .. again, kept:marks()[2])
    end)

    it("has no secret in what the store is told", function()
      app:message(function() error "the token xoxb-123456-abcdefghijkl is wrong" end)
      kept:message "hello"
      assert.equal(1, #kept:marks())
      assert.is_nil(kept:failure():find "abcdefghijkl")
    end)

    it("is put off without using up an attempt when there was no room (S244)", function()
      local gate = tasks.waiter()
      app:message({ concurrency = 1, queue = 0 }, function() gate:await() end)
      kept:message "1"
      local second = kept:message("2", { attempts = 2 })
      assert.same({ "fail " .. second .. " 5000 keep" }, kept:marks())
      assert.matches("a delivery waits in the inbox", kept.offline:log())
      gate:resolve()
      assert.equal("done e1", kept:marks()[2])
    end)

    it("is dead at once when its body cannot be read, with the reason", function()
      local id = kept:lay "{ this is no JSON"
      assert.same({ "fail " .. id .. " -1" }, kept:marks())
      assert.matches("its body cannot be read", kept.offline:log())
      assert.matches("its body cannot be read", kept:failure())
    end)
  end)

  describe("as the handler sees it", function()
    local function run(more, body, kind)
      local got
      app:any(function(c) got = c end)
      if body then
        kept:lay(body, { kind = kind, form = more and more.form })
      else
        kept:message("hello", more)
      end
      return got
    end

    it("says why it comes once more, and how often it has", function()
      for _, case in ipairs {
        { { attempts = 2, reason = "failed" }, { number = 2, reason = "failed" } },
        { { reason = "interrupted" }, { number = 1, reason = "interrupted" } },
        { { attempts = 1, reason = "interrupted" }, { number = 1, reason = "interrupted" } },
        { {}, nil }, { { reason = "moved" }, nil },
      } do
        assert.same(case[2], run(case[1]).retry)
      end
    end)

    it("is a command, from a form as from Socket Mode, that owes no answer", function()
      local form = "command\0/deploy\0text\0now & here\0user_id\0U1\0"
      app:command("/deploy", function(c)
        table.insert(seen, { c:ack "Checking…", c.text })
      end)
      kept:lay(form, { kind = "command", form = true })
      kept:lay({ command = "/deploy", text = "now & here" }, { kind = "command" })
      assert.same({ { true, "now & here" }, { true, "now & here" } }, seen)
    end)

    it("is an interaction", function()
      local c = run(nil, { type = "shortcut", callback_id = "x", user = { id = "U1" } },
        "interaction")
      assert.same({ "shortcut", "x", "U1" }, { c.kind, c.payload.callback_id, c.user_id })
    end)
  end)

  describe("while there is no room", function()
    it("stays in the store until a handler has ended", function()
      kept:close()
      kept = Kept.new { max_in_flight = 2 }
      local gates = {}
      kept.app:message(function(c)
        table.insert(seen, c.text)
        local gate = tasks.waiter()
        table.insert(gates, gate)
        gate:await()
      end)
      for i = 1, 4 do
        kept:message(tostring(i))
      end
      assert.same({ "1", "2" }, seen)
      assert.equal(2, #kept.waiting)
      gates[1]:resolve()
      kept:marks()
      assert.same({ "1", "2", "3" }, seen)
    end)
  end)

  describe("while the store is away", function()
    local replaced

    before_each(function()
      kept:close()
      replaced = runtime.replace()
      kept = Kept.new()
    end)

    after_each(function()
      replaced.restore()
    end)

    it("is marked when it is there again, and said once", function()
      local ended = 0
      kept.app:message(function() ended = ended + 1 end)
      local gate = tasks.waiter()
      kept.app:event("app_mention", function() gate:await() end)
      kept:event { type = "app_mention", text = "x", user = "U1", channel = "C1", ts = "1.1" }
      kept.err = errors.new { code = "connection", message = "Redis is away" }
      gate:resolve()
      kept:marks()
      assert.equal(1, kept.inbox.in_hand)
      kept.err = nil
      tasks.run(function() tasks.sleep(6) end)
      assert.same({ "done e1" }, kept:marks())
      assert.equal(0, kept.inbox.in_hand)
      local _, lines = kept.offline:log():gsub("cannot be told of", "")
      assert.equal(1, lines)
    end)
  end)
end)
