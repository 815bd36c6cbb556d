local Context = require "slack.context"
local Job = require "slack.job"
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

  describe("whose handler ends at once", function()
    local offline, app, gate

    before_each(function()
      offline = Offline.new()
      app, gate = offline.app, tasks.waiter()
    end)

    local function counts()
      local stats = app:stats()
      return { stats.running, stats.waiting, app.dispatch.in_use }
    end

    it("is of no concern to a context that is kept", function()
      local kept, answer
      app:message(function(c)
        if c.text == "first" then
          kept = c
        else
          gate:await()
        end
      end)
      offline:message "first"
      offline:message "second"
      tasks.spawn(function() answer = kept:ask "And now?" end)
      Offline.settle()
      assert.same({ 1, 0, 1 }, counts()) -- it is not the second handler that waits for a person
      offline:message "answer"
      Offline.settle()
      assert.equal("answer", answer.text)
      gate:resolve()
      Offline.settle()
      assert.same({ 0, 0, 0 }, counts())
    end)

    it("stays what it is for a handler that has asked for its task", function()
      local held
      app:message(function(c)
        if c.text == "ask" then
          held = tasks.current()
        else
          gate:await()
        end
      end)
      offline:message "ask"
      offline:message "wait"
      assert.is_true(held:is_done())
      assert.is_false(held:cancel())
      assert.same({ 1, 0, 1 }, counts())
      gate:resolve()
      Offline.settle()
      assert.same({ 0, 0, 0 }, counts())
    end)

    it("is accounted for with what its handler dispatches and spawns", function()
      local seen = {}
      app:message(function(c)
        table.insert(seen, c.text)
        if c.text == "outer" then
          offline:message "inner"
          tasks.spawn(function() table.insert(seen, "spawned by " .. c.text) end)
        end
      end)
      offline:message "outer"
      Offline.settle()
      assert.same({ "outer", "inner", "spawned by outer" }, seen)
      assert.equal(2, app:stats().handled)
      assert.same({ 0, 0, 0 }, counts())
    end)

    it("leaves nothing to the next one when it was cut off meanwhile", function()
      app:message(function(c)
        if c.text == "stop" then
          app.dispatch:cancel_all()
        else
          gate:await()
        end
      end)
      offline:message "stop"
      assert.same({ 0, 0, 0 }, counts())
      offline:message "x"
      Offline.settle()
      assert.same({ 1, 0, 1 }, counts())
      gate:resolve()
      Offline.settle()
      assert.same({ 0, 0, 0 }, counts())
    end)

    it("leaves nothing to the next one when it failed", function()
      local infos = {}
      app:on_error(function(_, c, info) table.insert(infos, { c.text, info.acked }) end)
      app:message(function(c) return c.text == "bad" and error "broken" end)
      for _, text in ipairs { "bad", "good", "bad", "good" } do
        offline:message(text)
      end
      assert.same({ { "bad", true }, { "bad", true } }, infos)
      assert.same({ 2, 2 }, { app:stats().handled, app:stats().failed })
      assert.same({ 0, 0, 0 }, counts())
    end)

    it("passes over a listener that another one of the same event has removed", function()
      local seen, second = {}, nil
      app:message(function()
        table.insert(seen, "first")
        second:remove()
      end)
      second = app:message(function() table.insert(seen, "second") end)
      app:message(function() table.insert(seen, "third") end)
      offline:message "x"
      offline:message "y"
      assert.same({ "first", "third", "first", "third" }, seen)
      assert.same({ 0, 0, 0 }, counts())
    end)
  end)

  it("that raises outside of any handler is reported, unwound and accounted for", function()
    local app, told, unwound = Offline.new().app, {}, false
    local before = tasks.on_error
    tasks.on_error = function(_, err, traceback) -- luacheck: ignore 122
      table.insert(told, tostring(err) .. traceback)
    end
    local c = Context.new(app, { acked = true, body = {} }, "event", {})
    Job.new(app.dispatch, c):start(function()
      local _ <close> = setmetatable({}, { __close = function() unwound = true end })
      error "broken inside"
    end)
    Offline.settle()
    tasks.on_error = before -- luacheck: ignore 122
    assert.equal(1, #told)
    assert.matches("broken inside.*\nstack traceback:.*job_spec.lua", told[1])
    assert.is_true(unwound)
    assert.same({ 0, 0 }, { app:stats().running, app.dispatch.in_use })
  end)

  it("is accounted for once, also when what follows its end is interrupted", function()
    local app, told = Offline.new().app, 0
    local before = tasks.on_error
    tasks.on_error = function() told = told + 1 end -- luacheck: ignore 122
    app.dispatch.on_job_end = function()
      app.dispatch.on_job_end = false
      error "stopped" -- as by the watchdog
    end
    local c = Context.new(app, { acked = true, body = {} }, "event", {})
    local job = Job.new(app.dispatch, c):start(function(job) job.completed = true end)
    Offline.settle()
    tasks.on_error = before -- luacheck: ignore 122
    assert.equal(1, told)
    assert.is_true(job:is_done())
    assert.same({ 0, 0 }, { app:stats().running, app.dispatch.in_use })
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
