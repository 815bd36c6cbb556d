local Health = require "slack.health"
local Inbox = require "slack.inbox"
local Kept = require "support.kept_deliveries"
local core = require "slack.core"
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

  local function sorted(list)
    table.sort(list)
    return list
  end

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

    it("once, though it is claimed again because the lease ran out meanwhile", function()
      local gate, runs = tasks.waiter(), 0
      app:message(function()
        runs = runs + 1
        gate:await()
      end)
      local id = kept:message "hello"
      local entry = kept.last
      table.insert(kept.waiting, entry)
      kept.inbox.claims:wake()
      assert.same({}, kept:marks())
      kept.err = errors.new { code = "timeout", message = "Redis does not answer" }
      gate:resolve()
      kept.settle()
      kept.err = nil
      table.insert(kept.waiting, entry)
      kept.inbox.claims:wake()
      tasks.run(function() tasks.sleep(0.3) end)
      assert.same({ "done " .. id }, kept:marks())
      assert.same({ 1, 0, 0 }, { runs, kept.inbox.in_hand, #kept.waiting })
    end)

    it("together with what ends in the same round", function()
      local gates = {}
      app:message(function()
        local gate = tasks.waiter()
        table.insert(gates, gate)
        gate:await()
      end)
      for i = 1, 5 do
        kept:message("hello " .. i)
      end
      for _, gate in ipairs(gates) do
        gate:resolve()
      end
      assert.equal(5, #kept:marks())
      local jobs = 0
      for _, one in ipairs(kept.told) do
        jobs = jobs + (one[1] == "done" and 1 or 0)
      end
      assert.equal(1, jobs)
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
      assert.matches("`lua%-slack inbox list` shows it as " .. id, kept.offline:log())
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

    it("tells the store of a long error its beginning, in whole characters", function()
      app:message(function() error(("é"):rep(2000), 0) end)
      kept:message "hello"
      kept:marks()
      local text = kept:failure()
      assert.is_true(#text > 990 and #text <= 1003)
      assert.truthy(utf8.len(text))
      assert.matches("…$", text)
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
        { { reason = "interrupted", takeovers = 3 }, { number = 3, reason = "interrupted" } },
        { { attempts = 1, reason = "failed", takeovers = 2 }, { number = 3, reason = "failed" } },
        { { attempts = 1, reason = "interrupted" }, { number = 1, reason = "interrupted" } },
        { {}, nil }, { { reason = "moved" }, nil },
      } do
        assert.same(case[2], run(case[1]).retry)
      end
    end)

    it("says what Slack has said when it sent that again", function()
      local got
      app:any(function(c) got = c.retry end)
      local body = { type = "event_callback", event = { type = "app_mention" } }
      kept:lay(body, { retry = 2, reason_of_slack = "timeout" })
      assert.same({ number = 2, reason = "timeout" }, got)
      kept:lay(body, { retry = 2, reason_of_slack = "timeout", attempts = 1, reason = "failed" })
      assert.same({ number = 1, reason = "failed" }, got)
    end)

    it("has the first of two fields of the same name in a form", function()
      app:command("/deploy", function(c) table.insert(seen, c.text) end)
      kept:lay("command\0/deploy\0text\0one\0text\0two\0", { kind = "command", form = true })
      assert.same({ "one" }, seen)
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

  describe("that a handler waited for", function()
    local function ask()
      app:message("deploy", function(c)
        table.insert(seen, c:wait { message = true } and "answered")
      end)
    end

    it("is marked done once the handler has it, and the one that waits when it ends", function()
      ask()
      kept:message "deploy"
      assert.same({}, kept:marks())
      kept:message "main"
      assert.same({ "done e1", "done e2" }, sorted(kept:marks()))
      assert.same({ "answered" }, seen)
    end)

    it("behind middleware is, too", function()
      app:use(function(_, next) return next() end)
      ask()
      kept:message "deploy"
      kept:message "main"
      assert.same({ "answered" }, seen)
      assert.equal(2, #kept:marks())
    end)

    it("is for the listeners if the handler was content with what came just before", function()
      ask()
      app:message("main", function(c) table.insert(seen, c.text) end)
      kept:message "deploy"
      kept:message("main 1", { is_found_later = true })
      kept:message "main 2"
      kept.settle()
      assert.same({ "answered", "main 2" }, seen)
      assert.same({ "done e1", "done e2", "done e3" }, sorted(kept:marks()))
      assert.equal(0, kept.inbox.in_hand)
    end)
  end)

  describe("and needs an answer", function()
    local function live(handler)
      app:command("/deploy", handler)
      local answers = {}
      local request = {
        body = { command = "/deploy", text = "", user_id = "U1" }, acked = false, number = 7,
        ack = function(_, text)
          table.insert(answers, text or "empty")
          return true
        end,
        refuse = function() table.insert(answers, "refused") end,
      }
      assert.is_true(kept.inbox:take(request, "live1"))
      app.dispatch:request(request)
      return answers
    end

    it("is handled as if it were not kept, and marked done", function()
      assert.same({ '{"text":"Checking…"}' }, live(function(c) c:ack "Checking…" end))
      assert.same({ "done live1" }, kept:marks())
    end)

    it("is not handled again when it has failed before a person's eyes, but can be", function()
      assert.equal(1, #live(fail))
      assert.same({ "fail live1 -1" }, kept:marks())
    end)

    it("ends in the inbox of the process that sent it here, and not in this one's", function()
      local outcomes, gate = {}, tasks.waiter()
      app:command({ "/deploy", concurrency = 1, queue = 0 }, function(c)
        gate:await()
        return c.text == "fail" and fail()
      end)
      local function relay(text)
        app.dispatch:request {
          body = { command = "/deploy", text = text, user_id = "U1" }, acked = false,
          entry = "relayed", relays = {}, is_moved = true,
          ack = function() return true end, refuse = function() end,
          ended = function(self, outcome)
            self.entry = false
            table.insert(outcomes, outcome or "done")
          end,
        }
        kept.settle()
      end
      relay "first"
      relay "has no room"
      assert.same({ "done" }, outcomes)
      gate:resolve()
      kept.settle()
      relay "fail"
      assert.same({ "done", "done", "failed" }, outcomes)
      assert.same({}, kept:marks())
    end)

    it("is handled also when the app stops, as somebody waits", function()
      kept.inbox:stop()
      assert.same({ "empty" }, live(function() end))
    end)
  end)

  describe("of a workspace", function()
    local function authorize(answer)
      kept:close()
      kept = Kept.new { token = false, authorize = function(query) return answer(query) end }
      app = kept.app
      app:message(function() table.insert(seen, "handled") end)
      return kept:message "hello"
    end

    it("that has not installed the app is marked done", function()
      local id = authorize(function() return nil end)
      assert.same({ {}, { "done " .. id } }, { seen, kept:marks() })
    end)

    it("of which that cannot be found out now is tried again later", function()
      local id = authorize(function() error "the database is away" end)
      assert.same({ {}, { "fail " .. id .. " 5000" } }, { seen, kept:marks() })
      assert.matches("the database is away", kept:failure())
    end)

    it("that has is handled once that is known", function()
      local gate = tasks.waiter()
      local id = authorize(function()
        gate:await()
        return { bot_token = "xoxb-1", bot_id = "B1", bot_user_id = "U9" }
      end)
      assert.same({}, kept:marks())
      gate:resolve()
      assert.same({ { "done " .. id }, { "handled" } }, { kept:marks(), seen })
    end)
  end)

  describe("when the app stops", function()
    it("is left for others if no handler has begun with it (S245)", function()
      local gate = tasks.waiter()
      app:message({ concurrency = 1 }, function(c)
        table.insert(seen, c.text)
        gate:await()
      end)
      kept:message "1"
      kept:message "2"
      kept.inbox:stop()
      kept:message "3"
      assert.same({ { "1" }, { "back e2" } }, { seen, kept:marks() })
      local late = { acked = true, body = {} }
      assert.is_false(kept.inbox:take(late, "e4"))
      gate:resolve()
      assert.same({ "back e2", "back e4", "done e1" }, sorted(kept:marks()))
      kept.left = 1
      kept.inbox:finish(1)
      assert.matches("3 deliveries are left for the next start", kept.offline:log())
      assert.is_true(kept.core.is_closed)
    end)

    it("is left for others if its handler is cut off, or waits for a person", function()
      app:message("hang", function() tasks.waiter():await() end)
      app:message("ask", function(c) c:wait { message = true } end)
      kept:message("hang", { user = "U1" })
      kept:message("ask", { user = "U2" })
      kept.inbox:stop()
      app.dispatch:cancel_waiting()
      kept.settle()
      app.dispatch:cancel_all()
      assert.same({ "back e1 interrupted", "back e2 interrupted" }, sorted(kept:marks()))
    end)

    it("is left while it is not known whose token serves it", function()
      kept:close()
      kept = Kept.new { token = false, authorize = function() tasks.waiter():await() end }
      local id = kept:message "hello"
      kept.inbox:stop()
      kept.app.dispatch:cancel_all()
      assert.same({ "back " .. id }, kept:marks())
    end)

    it("is left when all ends at once, and given back but once", function()
      local function times_back()
        local count = 0
        for _, one in ipairs(kept.told) do
          count = count + (one[1] == "back" and one[2].value == "" and 1 or 0)
        end
        return count
      end
      kept.inbox:close()
      assert.equal(1, times_back())
      kept = Kept.new()
      kept.inbox:stop()
      kept.inbox:finish(1)
      kept.inbox:close()
      assert.equal(1, times_back())
    end)

    it("is over when its handler waits for the stop", function()
      local gate = tasks.waiter()
      app:message(function()
        app.dispatch:excuse_caller()
        gate:await()
      end)
      local id = kept:message "stop"
      kept.inbox:stop()
      kept.inbox:finish(1)
      assert.equal("done " .. id, kept:marks()[1])
      gate:resolve()
    end)

    it("is told of what could not be told to the store", function()
      app:message(function() end)
      local gate = tasks.waiter()
      app:event("app_mention", function() gate:await() end)
      kept:event { type = "app_mention", text = "x", user = "U1", channel = "C1", ts = "1.1" }
      kept.err = errors.new { code = "connection", message = "Redis is away" }
      gate:resolve()
      kept.settle()
      tasks.run(function() kept.inbox:finish(0.01) end)
      assert.matches("was not told in time of 1 deliver", kept.offline:log())
      assert.matches("handled again, with what is left, after 30 s", kept.offline:log())
    end)
  end)

  describe("that cannot be stored", function()
    it("makes the app unready when that has gone on for a while, and it says why", function()
      local since
      kept.core.stats = function() return { failing_since = since } end
      assert.is_nil(kept.inbox:problem())
      since = core.monotonic() - 5
      assert.is_nil(kept.inbox:problem())
      since = core.monotonic() - 15
      assert.matches("the store has taken no delivery for 15 s", kept.inbox:problem())
      tasks.run(function()
        assert.same("inbox", (function(list) return list[#list] end)(Health.new(app):missing()))
      end)
    end)
  end)

  describe("is counted", function()
    it("also while the store is being opened: as nothing", function()
      local inbox = Inbox.new(app)
      tasks.run(function() inbox:refresh(1) end)
      local numbers = inbox:numbers()
      assert.same({ 0, 0, 0 }, { numbers.stored, numbers.unstored, numbers.in_hand })
      assert.is_nil(numbers.waiting)
      assert.is_nil(inbox:problem())
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

    it("stays there also for what the transports still hold", function()
      kept:close()
      kept = Kept.new { max_in_flight = 3 }
      local held = 2
      kept.app.transports.waiting = function() return held end
      assert.equal(1, kept.inbox:room())
      held = 0
      assert.equal(3, kept.inbox:room())
      kept.inbox:stop()
      assert.equal(0, kept.inbox:room())
    end)
  end)

  describe("of an order", function()
    it("is looked for as soon as the one before it has ended", function()
      kept:close()
      kept = Kept.new { inbox = { order = "channel" } }
      local gate = tasks.waiter()
      kept.app:message(function(c)
        table.insert(seen, c.text)
        gate:await()
      end)
      kept:message "1"
      kept:message("2", { is_found_later = true })
      kept.settle()
      assert.same({ "1" }, seen)
      gate:resolve()
      kept:marks()
      assert.same({ "1", "2" }, seen)
    end)
  end)

  describe("is kept as the options say", function()
    it("in the store that is opened for it", function()
      kept:close()
      kept = Kept.new { inbox = {
        durability = "normal", lease = 7, max_entries = 8, keep_dead = 9,
      } }
      local options = kept.inbox:storage_options()
      assert.equal("normal", options.synchronous)
      assert.same({ owner = kept.inbox.owner, lease = 7, max_entries = 8, keep_dead = 9 },
        options.inbox)
    end)
  end)

  it("is told to the store together with all that have failed meanwhile", function()
    local gates = {}
    function kept.on_fail()
      local gate = tasks.waiter()
      table.insert(gates, gate)
      gate:await()
      return true
    end
    app:message(fail)
    for i = 1, 3 do
      kept:message(tostring(i))
    end
    assert.equal(1, #gates) -- the others wait for how that ends
    gates[1]:resolve(true)
    kept.settle()
    assert.equal(3, #gates)
    assert.equal(2, kept.inbox.marks.count)
    gates[3]:resolve(true)
    gates[2]:resolve(true)
    kept.settle()
    assert.same({ 0, 0 }, { kept.inbox.marks.count, kept.inbox.in_hand })
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
