local OfflineApp = require "support.offline_app"
local SharedDedupe = require "slack.shared_dedupe"
local clock = require "support.clock"
local files = require "support.files"
local live = require "support.live_app"
local loop = require "slack.loop"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"
local watched_store = require "support.watched_store"

-- Two processes are two apps here, with one store.
describe("events of an app whose processes share a storage", function()
  local time, previous, store, watch, one, other

  before_each(function()
    local fake
    fake, time = clock.loop()
    previous = loop.use(fake)
    store, watch = watched_store.new(function() return time.now end)
    local function process()
      local offline = OfflineApp.new({}, function() return time.now end)
      offline.app.dispatch.shared_dedupe = SharedDedupe.new(offline.app.dispatch, store)
      return offline
    end
    one, other = process(), process()
  end)
  after_each(function() loop.use(previous) end)

  local function pass(seconds)
    tasks.run(function() tasks.sleep(seconds) end)
  end

  local function deliver(offline, held)
    local request = offline:deliver({
      type = "event_callback", team_id = "T1", event_id = "Ev1",
      event = { type = "message", text = "hi", user = "U1", channel = "C1" },
    }, { acked = true, held = held, has_status = true })
    OfflineApp.settle()
    return request
  end

  local function count_handled(...)
    local counts = {}
    for _, offline in ipairs { one, other } do
      offline.app:message(...)
    end
    for i, offline in ipairs { one, other } do
      counts[i] = offline.app.dispatch.counts.handled
    end
    return counts
  end

  it("are handled by one of them, and answered by both", function()
    local handled = 0
    count_handled(function() handled = handled + 1 end)
    assert.same({ "empty" }, deliver(one, true).answers)
    assert.same({ "empty" }, deliver(other, true).answers)
    assert.same({ "empty" }, deliver(one, true).answers)
    assert.equal(1, handled)
    assert.equal(1, other.app.dispatch.counts.duplicates)
    assert.equal("done", store:get "Ev1")
  end)

  it("are known for more than ten minutes", function()
    local handled = 0
    count_handled(function() handled = handled + 1 end)
    deliver(one)
    pass(610)
    deliver(other)
    assert.equal(1, handled)
    pass(1000)
    assert.is_nil(store:get "Ev1")
  end)

  it("are handled elsewhere when the first has failed, and its answer said so", function()
    local handled = {}
    one.app:message(function() error "no" end)
    other.app:message(function() table.insert(handled, "other") end)
    assert.equal("failed", deliver(one, true).refused_as)
    assert.same({ "empty" }, deliver(other, true).answers)
    assert.same({ "other" }, handled)
    assert.same({ "empty" }, deliver(one, true).answers)
    assert.equal(1, one.app.dispatch.counts.duplicates)
  end)

  it("run again here only for the listeners that had not finished", function()
    local said, fails = {}, true
    one.app:message(function() table.insert(said, "well") end)
    one.app:message(function()
      if fails then
        error "no"
      end
      table.insert(said, "at last")
    end)
    assert.equal("failed", deliver(one, true).refused_as)
    fails = false
    assert.same({ "empty" }, deliver(one, true).answers)
    assert.same({ "well", "at last" }, said)
  end)

  it("that no listener wants are done", function()
    deliver(one)
    assert.equal("done", store:get "Ev1")
    deliver(other)
    assert.equal(1, other.app.dispatch.counts.duplicates)
  end)

  describe("while another one handles them", function()
    local gate, handled

    before_each(function()
      gate, handled = tasks.waiter(), {}
      one.app:message(function()
        table.insert(handled, "one")
        if gate:await() == "fail" then
          error "no"
        end
      end)
      other.app:message(function() table.insert(handled, "other") end)
      deliver(one)
    end)

    it("wait for how that ends, and are answered like it", function()
      local request = deliver(other, true)
      assert.same({}, request.answers)
      gate:resolve "well"
      pass(1)
      assert.same({ "empty" }, request.answers)
      assert.same({ "one" }, handled)
    end)

    it("are handled when that fails", function()
      local request = deliver(other, true)
      pass(0.5)
      gate:resolve "fail"
      pass(1)
      assert.same({ "empty" }, request.answers)
      assert.same({ "one", "other" }, handled)
    end)

    it("are refused before the deadline, so that Slack sends them again", function()
      local request, twin = deliver(other, true), deliver(other, true)
      pass(2.4)
      assert.equal("failed", request.refused_as)
      assert.equal("failed", twin.refused_as)
      gate:resolve "well"
      pass(1)
      assert.same({ "empty" }, deliver(other, true).answers)
      assert.same({ "one" }, handled)
    end)

    it("keep their claim for as long as that takes", function()
      for _ = 1, 30 do
        pass(10)
        assert.equal("running", store:get "Ev1")
      end
      gate:resolve "well"
      OfflineApp.settle()
      assert.equal("done", store:get "Ev1")
    end)

    it("keep it no longer than Slack delivers them", function()
      pass(910)
      assert.same({}, one.app.dispatch.shared_dedupe.running)
      pass(46)
      assert.is_nil(store:get "Ev1")
      gate:resolve "well"
      OfflineApp.settle()
      assert.equal("done", store:get "Ev1")
    end)

    it("are handled when its process is gone and the claim has run out", function()
      one.app.dispatch.shared_dedupe:close() -- nobody renews it
      deliver(other)
      pass(43)
      assert.same({ "one" }, handled)
      pass(5)
      assert.same({ "one", "other" }, handled)
    end)

    it("neither take room nor hold up a stop when nobody waits for the answer", function()
      deliver(other)
      assert.equal(0, other.app.dispatch.in_use)
      assert.is_true(other.app.dispatch:is_idle())
      pass(100)
      assert.equal(0, other.app.dispatch.running)
    end)
  end)

  it("of which too many are waited for are refused at once", function()
    for i = 1, 101 do
      store:set("Ev" .. i, "running", { ttl = 1000 })
    end
    local requests = {}
    for i = 1, 101 do
      requests[i] = other:deliver({
        type = "event_callback", team_id = "T1", event_id = "Ev" .. i,
        event = { type = "message", text = "hi", user = "U1", channel = "C1" },
      }, { acked = true, held = true, has_status = true })
    end
    OfflineApp.settle()
    local refused = 0
    for _, request in ipairs(requests) do
      refused = refused + (request.refused_as and 1 or 0)
    end
    assert.equal(1, refused)
  end)

  it("are known to each process alone while the store is away, and one line says so", function()
    local handled = 0
    count_handled(function() handled = handled + 1 end)
    watch.is_failing = true
    deliver(one)
    deliver(one)
    assert.equal(1, handled)
    assert.equal(1, one.app.dispatch.counts.duplicates)
    local calls = watch.add
    for i = 1, 50 do
      one:event { type = "message", text = "x" .. i, user = "U1", channel = "C1" }
      OfflineApp.settle()
    end
    assert.equal(51, handled)
    assert.equal(calls, watch.add) -- it is left alone for a while
    assert.equal(1, select(2, one:log():gsub("until the storage is back", "")))
    watch.is_failing = false
    pass(21)
    assert.equal("done", store:get "Ev1")
    deliver(other)
    assert.equal(51, handled)
  end)

  it("that have ended while the store was away are done once it is back", function()
    local handled = 0
    count_handled(function()
      handled, watch.is_failing = handled + 1, true
    end)
    deliver(one)
    assert.equal(1, handled)
    pass(20)
    watch.is_failing = false
    pass(20)
    assert.equal("done", store:get "Ev1")
    deliver(other)
    assert.equal(1, handled)
  end)

  it("whose ends cannot be stored are noted up to a bound", function()
    local dedupe = one.app.dispatch.shared_dedupe
    watch.is_failing = true
    for i = 1, 20100 do
      dedupe:ended("Ev" .. i)
    end
    assert.equal(20000, dedupe.mark_count)
    dedupe:ended("Ev1", true)
    assert.same({ 20000, "failed" }, { dedupe.mark_count, dedupe.marks.Ev1 })
    watch.is_failing = false
    tasks.run(function() dedupe:finish() end)
    assert.same({ 0, "done" }, { dedupe.mark_count, store:get "Ev20000" })
    assert.is_nil(store:get "Ev1")
  end)

  it("that come together are claimed together, and take room meanwhile", function()
    local handled, limit = 0, one.app.dispatch.limit
    count_handled(function() handled = handled + 1 end)
    watch.delay = 0.1
    store:set("EvMany7", "done")
    watch.add, watch.batch = 0, 0
    tasks.run(function()
      for i = 1, limit + 5 do
        one:deliver({
          type = "event_callback", team_id = "T1", event_id = "EvMany" .. i,
          event = { type = "message", text = "hi", user = "U1", channel = "C1" },
        }, { acked = true })
      end
      assert.is_true(one.app.dispatch.is_full)
      tasks.sleep(1)
    end)
    assert.equal(limit + 4, handled)
    assert.equal(1, one.app.dispatch.counts.duplicates)
    assert.is_false(one.app.dispatch.is_full)
    assert.equal(0, one.app.dispatch.in_use)
    assert.is_true(watch.batch <= 2 * (limit // 500 + 1), watch.batch)
  end)

  it("that are cut off before they are claimed may come again", function()
    local handled = 0
    one.app:message(function() handled = handled + 1 end)
    watch.delay = 0.5
    local request = deliver(one, true)
    one.app.dispatch:cancel_all()
    OfflineApp.settle()
    assert.equal("failed", request.refused_as)
    pass(2)
    watch.delay = nil
    assert.same({ "empty" }, deliver(one, true).answers)
    assert.equal(1, handled)
    assert.equal(0, one.app.dispatch.running)
  end)

  it("with an id that is no key are handled as ever", function()
    local handled = 0
    one.app:message(function() handled = handled + 1 end)
    for _, id in ipairs { "", ("x"):rep(5000), "x\0y" } do
      one:deliver({
        type = "event_callback", team_id = "T1", event_id = id,
        event = { type = "message", text = "hi", user = "U1", channel = "C1" },
      }, { acked = true })
      OfflineApp.settle()
    end
    assert.equal(3, handled)
    assert.equal(1, #store:keys())
  end)

  it("do not wait long for a store that does not answer", function()
    local handled
    one.app:message(function() handled = time.now end)
    watch.delay = 30
    local came = time.now
    deliver(one)
    pass(1.5)
    assert.is_true(handled - came <= 1.1)
  end)
end)

describe("two apps with one file and no inbox", function()
  it("handle an event once that comes to both, and again when it has failed", function()
    local folder <close> = files.temporary()
    local given = {
      storage = "sqlite:" .. folder.path .. "/bot.db", workers = 2, inbox = false,
      transport = "http", http = { host = "127.0.0.1", port = 0, answer_events = "handled" },
    }
    live.run(function(here, new_app)
      local handled, fails = {}, false
      local apps = {}
      for i = 1, 2 do
        apps[i] = new_app(given)
        apps[i]:message(function(c)
          table.insert(handled, c.message.text)
          if fails then
            error "no"
          end
        end)
        live.start(here, apps[i])
        assert.is_truthy(apps[i].dispatch.shared_dedupe)
      end
      local function redeliver(app, id, text)
        local request = setmetatable({
          body = { type = "event_callback", team_id = "T1", event_id = id,
            event = { type = "message", text = text, user = "U1", channel = "C1" } },
          came_as = "event", acked = true, held = true, has_status = true,
        }, { __index = {
          ack = function(self) self.answer = 200 return true end,
          refuse = function(self) self.answer = 500 end,
        } })
        app.dispatch:request(request)
        return wait_until("an answer", function() return request.answer end)
      end
      assert.equal(200, redeliver(apps[1], "EvA", "a"))
      assert.equal(200, redeliver(apps[2], "EvA", "a"))
      fails = true
      assert.equal(500, redeliver(apps[1], "EvB", "b"))
      fails = false
      assert.equal(200, redeliver(apps[2], "EvB", "b"))
      assert.same({ "a", "b", "b" }, handled)
    end)
  end)

  it("ask no store when it is their own alone", function()
    live.run(function(_, new_app)
      local app = new_app {}
      assert(app:start())
      assert.is_false(app.dispatch.shared_dedupe)
    end)
  end)
end)
