local Offline = require "support.offline_app"
local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

describe("a listener with turns", function()
  local offline, app, seen, gates

  before_each(function()
    offline = Offline.new()
    app, seen, gates = offline.app, {}, {}
  end)

  -- A handler that ends when its gate is opened.
  local function hold(c)
    local name = c.payload.text or c.type
    local gate = tasks.waiter()
    gates[name] = gate
    table.insert(seen, name)
    return gate:await()
  end

  local function open(...)
    for _, name in ipairs { ... } do
      gates[name]:resolve()
      Offline.settle()
    end
  end

  describe("and order", function()
    it("handles what has one key one after the other, as it came", function()
      app:message({ order = "channel" }, hold)
      for i = 1, 3 do
        offline:message("1." .. i, { channel = "C1" })
        offline:message("2." .. i, { channel = "C2" })
      end
      assert.same({ "1.1", "2.1" }, seen)
      open("2.1", "2.2", "1.1")
      assert.same({ "1.1", "2.1", "2.2", "2.3", "1.2" }, seen)
      open("2.3", "1.2", "1.3")
      assert.equal(6, app:stats().handled)
      assert.equal(0, app:stats().queued)
    end)

    it("goes on with the next when one fails", function()
      app:message({ order = "user" }, function(c)
        hold(c)
        error "broken"
      end)
      offline:message "a"
      offline:message "b"
      open("a", "b")
      assert.same({ "a", "b" }, seen)
      assert.equal(2, app:stats().failed)
    end)

    it("keeps it although middleware takes longer for the first than for the second", function()
      local slow = tasks.waiter()
      app:use(function(c, next)
        if c.payload.text == "first" then
          slow:await()
        end
        return next()
      end)
      app:message({ order = "channel" }, function(c) table.insert(seen, c.payload.text) end)
      app:message(function(c) table.insert(seen, "free " .. c.payload.text) end)
      offline:message "first"
      offline:message "second"
      Offline.settle()
      assert.same({ "free second" }, seen)
      slow:resolve()
      Offline.settle()
      assert.same({ "free second", "first", "free first", "second" }, seen)
    end)

    it("gives up the place of what middleware does not let through", function()
      local slow = tasks.waiter()
      app:use(function(c, next)
        if c.payload.text ~= "first" then
          return next()
        end
        slow:await()
      end)
      app:message({ order = "channel" }, function(c) table.insert(seen, c.payload.text) end)
      offline:message "first"
      offline:message "second"
      Offline.settle()
      assert.same({}, seen)
      slow:resolve()
      Offline.settle()
      assert.same({ "second" }, seen)
    end)

    it("takes the key from a function, whose errors are those of the handler", function()
      app:message({ order = function(c) return c.payload.text:sub(1, 1) end }, hold)
      offline:message "a1"
      offline:message "a2"
      offline:message "b1"
      assert.same({ "a1", "b1" }, seen)
      app:command({ command = "/x", order = function() error "no key" end }, hold)
      local request = offline:command "/x"
      assert.matches("did not work", request.answers[1])
      assert.matches("error in app:command .*no key", offline:log())
      app:use(function(_, next) return next() end)
      assert.matches("did not work", offline:command("/x").answers[1])
    end)

    it("lets others have their turn while a conversation waits for a person", function()
      app:message({ order = "channel" }, function(c)
        table.insert(seen, c.payload.text)
        c._job:begin_wait()
        hold(c)
        c._job:end_wait()
      end)
      offline:message "a"
      offline:message "b"
      assert.same({ "a", "a", "b", "b" }, seen)
      open("a", "b")
      assert.equal(0, app:stats().running)
    end)
  end)

  describe("and concurrency", function()
    it("runs no more at a time, and takes no room of max_in_flight for the others", function()
      offline = Offline.new { max_in_flight = 3 }
      app = offline.app
      local is_full = false
      app.dispatch.on_full = function() is_full = true end
      app.dispatch.on_room = function() is_full = false end
      app:message({ concurrency = 2 }, hold)
      for i = 1, 6 do
        offline:message("m" .. i)
      end
      assert.same({ "m1", "m2" }, seen)
      assert.is_false(is_full)
      assert.same({ 6, 4 }, { app:stats().running, app:stats().queued })
      open("m1", "m2", "m3", "m4", "m5", "m6")
      assert.same({ "m1", "m2", "m3", "m4", "m5", "m6" }, seen)
      assert.same({ 0, 0 }, { app:stats().running, app:stats().queued })
      assert.equal(0, app.dispatch.in_use)
    end)

    it("does not count the time in the queue as the handler's", function()
      app:message({ concurrency = 1 }, hold)
      offline:message "a"
      offline:message "b"
      local until_then = loop.now() + 0.05
      while loop.now() < until_then do
        loop.step(0.01)
      end
      open("a", "b")
      local text = app.metrics:render()
      local sum = tonumber(text:match 'slack_handler_seconds_sum{kind="event"} ([%d.e-]+)')
      assert.is_true(sum < 0.1, sum)
    end)

    it("runs behind middleware with other listeners, each in its own time", function()
      app:use(function(_, next) return next() end)
      app:message({ concurrency = 1 }, hold)
      app:message(function(c) table.insert(seen, "free " .. c.payload.text) end)
      offline:message "a"
      offline:message "b"
      Offline.settle()
      assert.same({ "a", "free a", "free b" }, seen)
      open("a", "b")
      assert.same({ "a", "free a", "free b", "b" }, seen)
      assert.equal(0, app:stats().running)
    end)

    it("says at a missed deadline that the command stood in the queue", function()
      app:command({ command = "/x", concurrency = 1 }, hold)
      offline:command("/x", "first")
      local request = offline:command("/x", "second")
      app.dispatch:deadline(request)
      assert.matches("no ack in time from app:command.*waits for its turn", offline:log())
      open("first", "second")
      assert.same({}, request.answers)
    end)
  end)

  describe("whose queue is full", function()
    it("tells who sent a command to try again, once in the log", function()
      app:command({ command = "/x", concurrency = 1, queue = 1 }, hold)
      offline:command("/x", "a")
      offline:command("/x", "b")
      for _ = 1, 3 do
        assert.same({
          response_type = "ephemeral",
          text = "Sorry, /x has too much to do right now. Please try again in a moment.",
        }, json.decode(offline:command("/x", "c").answers[1]))
      end
      local _, lines = offline:log():gsub("app:command [^\n]* is overloaded: 1 run and 1 wait", "")
      assert.equal(1, lines)
      assert.equal(3, app:stats().overloaded)
      open("a", "b")
      assert.same({ "a", "b" }, seen)
    end)

    it("answers with the text, message or function of overload", function()
      local function answer(overload)
        app:command({ command = "/x", concurrency = 1, queue = 0, overload = overload }, hold)
        offline:command("/x", "a")
        local answers = offline:command("/x", "b").answers
        offline = Offline.new()
        app = offline.app
        return json.decode(answers[1] == "empty" and "{}" or answers[1])
      end
      assert.equal("Busy!", answer("Busy!").text)
      assert.same({ response_type = "in_channel", text = "Busy!" },
        answer { response_type = "in_channel", text = "Busy!" })
      assert.equal("Not /x!", answer(function(c) return "Not " .. c.payload.command .. "!" end)
        .text)
      assert.same({}, answer(false))
      assert.same({}, answer(function() end))
    end)

    it("drops events with one warning and counts them, and handles their redelivery", function()
      app:message({ concurrency = 1, queue = 0 }, hold)
      app:message(function(c) table.insert(seen, "free " .. c.payload.text) end)
      offline:message "a"
      local event = { type = "message", text = "b", user = "U1", channel = "C1" }
      local body = { body = { event_id = "EvB" } }
      offline:event(event, body)
      offline:message "c"
      assert.same({ "a", "free a", "free b", "free c" }, seen)
      local _, lines = offline:log():gsub("an event was dropped", "")
      assert.equal(1, lines)
      assert.equal(2, app:stats().overloaded)
      assert.matches('slack_events_total{type="message",outcome="overloaded"} 2',
        app.metrics:render(), 1, true)
      open "a"
      offline:event(event, body)
      assert.same({ "a", "free a", "free b", "free c", "b" }, seen)
    end)

    it("has an event that is answered when handled delivered again", function()
      app:message({ concurrency = 1, queue = 0 }, hold)
      offline:message "a"
      local request = offline:deliver({ event_id = "EvH", event = { type = "message", text = "b",
        user = "U1" } }, { acked = true, held = true })
      assert.equal("failed", request.refused_as)
    end)

    it("is full for what came later, also behind slow middleware", function()
      local slow = tasks.waiter()
      app:use(function(c, next)
        if c.payload.text == "a" then
          slow:await()
        end
        return next()
      end)
      app:command({ command = "/x", concurrency = 1, queue = 0 }, function() return "done" end)
      local first, second = offline:command("/x", "a"), offline:command("/x", "b")
      slow:resolve()
      Offline.settle()
      assert.same({ '{"text":"done"}' }, first.answers)
      assert.matches("too much to do", second.answers[1])
    end)
  end)

  it("and others are accounted for whatever becomes of their handlers", function()
    math.randomseed(11)
    for round = 1, 2 do
      offline = Offline.new { max_in_flight = 5, log = "off" }
      app, gates = offline.app, {}
      if round == 2 then
        app:use(function(_, next) return next() end)
      end
      local function run(c)
        for _ = 1, math.random(3) do
          local is_wait, gate = math.random(2) == 1, tasks.waiter()
          gates[#gates + 1] = gate
          if is_wait then
            c._job:begin_wait()
          end
          gate:await()
          if is_wait then
            c._job:end_wait()
          end
        end
        return math.random(5) == 1 and error "now and then"
      end
      app:message({ order = "channel", queue = 5 }, run)
      app:message({ concurrency = 2, order = "user" }, run)
      app:message(run)
      local dispatch = app.dispatch
      local function check()
        local counts = { excused = 0, aside = 0, queued = 0, waiting = 0, in_use = 0 }
        local running = 0
        for job in pairs(dispatch.jobs) do
          local name = job.beside or "in_use"
          running, counts[name] = running + 1, counts[name] + 1
        end
        for name, count in pairs(counts) do
          assert.equal(count, dispatch[name], name)
        end
        assert.equal(running, dispatch.running)
        assert.equal(dispatch.in_use >= dispatch.limit, dispatch.is_full)
      end
      for _ = 1, 600 do
        local dice = math.random(10)
        if dice <= 3 then
          offline:message("x", { user = "U" .. math.random(3), channel = "C" .. math.random(3) })
        elseif dice == 4 then
          local job = next(dispatch.jobs)
          if job then
            job:cancel()
          end
        elseif gates[1] then
          table.remove(gates, math.random(#gates)):resolve()
        end
        Offline.settle()
        check()
      end
      dispatch:cancel_all()
      Offline.settle()
      check()
      assert.equal(0, dispatch.running)
    end
  end)

  it("handles what is queued before the app stops, or cuts it off in the end", function()
    app:message({ concurrency = 1 }, hold)
    offline:message "a"
    offline:message "b"
    app.dispatch:cancel_waiting()
    assert.is_false(app.dispatch:is_idle())
    open("a", "b")
    assert.is_true(app.dispatch:is_idle())
    offline:message "c"
    offline:message "d"
    assert.equal(2, (app.dispatch:cancel_all()))
    Offline.settle()
    assert.same({ "a", "b", "c" }, seen)
    assert.same({ 0, 0, 0 }, { app:stats().running, app:stats().queued, app.dispatch.in_use })
  end)

  it("keeps the order over a reload of its script: what waits comes first, on its code", function()
    tasks.run(function()
      local folder <close> = files.temporary()
      local function save(word, options)
        files.write(folder.path .. "/a.lua", ([[
          local slack, app = require "slack", ...
          local function by_channel(c) return c.channel_id end
          local here = { "C07DEPLOY42", "C2" }
          app:message({ channel = here, text = slack.pattern "%%d", %s }, function(c)
            table.insert(app:state("said", {}), %q .. c.event.text)
            app:state("gates"):await(c.event.text)
          end)
        ]]):format(options, word))
      end
      local waiting = {}
      save("old ", "order = by_channel")
      offline = Offline.new { scripts = folder.path }
      app = offline.app
      app:state("gates", { await = function(_, name)
        waiting[name] = tasks.waiter()
        waiting[name]:await()
      end })
      local scripts = app.scripts
      local stopping <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function() scripts:stop() end,
      })
      assert(scripts:start())
      offline:message "1"
      offline:message "2"
      tasks.sleep(0)
      save("new ", "order = by_channel, queue = 5")
      scripts:reload_all()
      live.wait(function() return scripts:stats().generations["a.lua"] == 2 end)
      offline:message "3"
      tasks.sleep(0)
      for _, name in ipairs { "1", "2", "3" } do
        live.wait(function() return waiting[name] end)
        assert.equal(name, tostring(#app:state "said"))
        waiting[name]:resolve()
      end
      assert.same({ "old 1", "old 2", "new 3" }, app:state "said")
    end)
  end)

  it("raises at the caller's line for options that cannot be", function()
    local ok, err = pcall(function() app:message({ order = "chanel" }, hold) end)
    assert.is_false(ok)
    assert.matches('^[^\n]*execution_spec.lua:%d+: app:message: order: unknown key "chanel"', err)
  end)
end)
