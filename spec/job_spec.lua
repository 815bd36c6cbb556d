local Offline = require "support.offline_app"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

describe("job", function()
  describe("that waits for a person", function()
    local offline, app, gates

    -- A handler's wait, as those of conversations are.
    local function wait(c)
      local gate = tasks.waiter()
      table.insert(gates, gate)
      c._job:begin_wait()
      local value = gate:await()
      c._job:end_wait()
      return value
    end

    before_each(function()
      offline = Offline.new { max_in_flight = 2 }
      app, gates = offline.app, {}
    end)

    local function running()
      local stats = app:stats()
      return { stats.running, stats.waiting }
    end

    it("that is cut off tells the log in words what its cleaning up raises", function()
      local told = {}
      local before = tasks.on_error
      tasks.on_error = function(_, err) -- luacheck: ignore 122
        table.insert(told, tostring(err))
      end
      app:message(function(c)
        local _ <close> = setmetatable({}, { __close = function() error "cannot clean up" end })
        wait(c)
      end)
      offline:message "x"
      app.dispatch:cancel_waiting()
      Offline.settle()
      tasks.on_error = before -- luacheck: ignore 122
      assert.equal(1, #told)
      assert.matches("cannot clean up\nstack traceback:", told[1])
    end)

    it("takes no room of max_in_flight", function()
      local is_full = false
      app.dispatch.on_full = function() is_full = true end
      app:message(wait)
      for _ = 1, 5 do
        offline:message "x"
      end
      assert.is_false(is_full)
      assert.same({ 5, 5 }, running())
      gates[1]:resolve()
      Offline.settle()
      assert.same({ 4, 4 }, running())
    end)

    it("has its room again when it goes on", function()
      local is_full, later = false, {}
      app.dispatch.on_full = function() is_full = true end
      app.dispatch.on_room = function() is_full = false end
      app:message(function(c)
        wait(c)
        later[#later + 1] = tasks.waiter()
        later[#later]:await()
      end)
      offline:message "x"
      offline:message "y"
      gates[1]:resolve()
      gates[2]:resolve()
      Offline.settle()
      assert.same({ 2, 0 }, running())
      assert.is_true(is_full)
      later[1]:resolve()
      later[2]:resolve()
      Offline.settle()
      assert.is_false(is_full)
      assert.same({ 0, 0 }, running())
    end)

    it("takes none with the job above it, below global middleware", function()
      app:use(function(_, next) return next() end)
      local gate = tasks.waiter()
      app:message(wait)
      app:message(function() gate:await() end)
      offline:message "x"
      Offline.settle()
      assert.same({ 3, 1 }, running())
      gate:resolve()
      Offline.settle()
      assert.same({ 2, 2 }, running())
      gates[1]:resolve()
      Offline.settle()
      assert.same({ 0, 0 }, running())
    end)

    it("may wait for several things at once", function()
      app:message(function(c)
        tasks.race { function() wait(c) end, function() wait(c) end }
      end)
      offline:message "x"
      Offline.settle()
      assert.same({ 1, 1 }, running())
      gates[2]:resolve()
      Offline.settle()
      assert.same({ 0, 0 }, running())
    end)

    it("may end while a task that it has spawned still waits", function()
      app:message(function(c)
        tasks.spawn(wait, c)
        tasks.sleep(0)
      end)
      offline:message "x"
      Offline.settle()
      assert.same({ 0, 0, 0 }, { app:stats().running, app:stats().waiting, app.dispatch.in_use })
      gates[1]:resolve()
      Offline.settle()
      assert.same({ 0, 0, 0 }, { app:stats().running, app:stats().waiting, app.dispatch.in_use })
    end)

    it("is not counted with the time that the person took", function()
      app:message(wait)
      offline:message "x"
      local until_then = loop.now() + 0.05
      while loop.now() < until_then do
        loop.step(0.01)
      end
      gates[1]:resolve()
      Offline.settle()
      local text = app.metrics:render()
      local sum = tonumber(text:match 'slack_handler_seconds_sum{kind="event"} ([%d.e-]+)')
      assert.is_true(sum < 0.05, sum)
    end)

    it("has its event answered when that is held until it was handled", function()
      app:message(wait)
      app:message(wait)
      local body = { event_id = "Ev1", event = { type = "message", text = "x", user = "U1" } }
      local request = offline:deliver(body, { acked = true, held = true })
      assert.same({ "empty" }, request.answers)
      local again = offline:deliver(body, { acked = true, held = true })
      assert.same({ "empty" }, again.answers)
      gates[1]:resolve()
      gates[2]:resolve()
      Offline.settle()
      assert.same({ "empty" }, request.answers)
      assert.same({ 0, 0 }, running())
    end)

    it("is ended by a stop at once, unwound, and has not failed", function()
      local unwound = 0
      app:message(function(c)
        local _ <close> = setmetatable({}, { __close = function() unwound = unwound + 1 end })
        wait(c)
      end)
      offline:message "x"
      offline:message "y"
      assert.equal(2, app.dispatch:cancel_waiting())
      Offline.settle()
      assert.equal(2, unwound)
      assert.same({ 0, 0 }, running())
      assert.equal(0, app:stats().failed)
      local text = app.metrics:render()
      assert.matches('slack_events_total{type="message",outcome="handled"} 2', text, 1, true)
    end)

    it("is ended at its next wait while the app stops", function()
      local unwound, gate = false, tasks.waiter()
      app:message(function(c)
        local _ <close> = setmetatable({}, { __close = function() unwound = true end })
        gate:await()
        wait(c)
      end)
      offline:message "x"
      assert.equal(0, app.dispatch:cancel_waiting())
      gate:resolve()
      Offline.settle()
      assert.is_true(unwound)
      assert.same({ 0, 0 }, running())
    end)
  end)

  describe("beside waits", function()
    local offline, app, taken, seen

    before_each(function()
      offline = Offline.new()
      app, taken, seen = offline.app, {}, {}
      app.dispatch.waits = {
        count = 1,
        offer = function(_, c)
          if c.payload.text == "answer" then
            table.insert(taken, c)
            return true
          end
          return false
        end,
      }
      app:message(function(c) table.insert(seen, c.payload.text) end)
    end)

    it("is none where a wait takes what comes", function()
      local request = offline:deliver({ event_id = "Ev1", event = { type = "message",
        text = "answer", user = "U1" } }, { acked = true, held = true })
      offline:message "other"
      assert.equal(1, #taken)
      assert.same({ "other" }, seen)
      assert.same({ "empty" }, request.answers)
      assert.equal(2, app:stats().handled)
      assert.equal(0, app:stats().unmatched)
    end)

    it("lets global middleware see what is taken, and acks nothing for it", function()
      local passed = {}
      app:use(function(c, next)
        table.insert(passed, c.payload.text)
        return next()
      end)
      local request = offline:deliver { command = "/x", text = "answer" }
      offline:message "other"
      assert.same({ "answer", "other" }, passed)
      assert.equal(1, #taken)
      assert.same({}, request.answers)
      assert.same({ "other" }, seen)
    end)
  end)
end)
