local Offline = require "support.offline_app"
local clock = require "support.clock"
local files = require "support.files"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local SPEC <const> = "spec/schedule_spec.lua"
local HOUR <const>, DAY <const> = 3600, 86400
local BERLIN <const> = "CET-1CEST,M3.5.0,M10.5.0/3"
-- Sunday, 1 March 2026, 00:00 UTC.
local SUNDAY <const> = 1772323200

describe("the schedule", function()
  local offline, app, fake, time, runs

  -- An app whose schedule goes by made-up clocks; the time of day is `offset` ahead of
  -- the one that never goes back.
  local function new_app(options)
    offline = Offline.new(options)
    app, runs = offline.app, {}
    fake, time = clock.loop()
    time.offset = SUNDAY - time.now
    local schedule = app.schedule
    schedule.now = function() return time.now end
    schedule.time = function() return time.now + time.offset end
    schedule.after = function(...) return fake:after(...) end
  end

  before_each(function() new_app() end)

  local function pass(seconds)
    local target = time.now + seconds
    while time.now < target do
      fake:step(target - time.now)
    end
    fake:step(0)
  end

  -- The machine sleeps: time passes, and nobody sees it.
  local function sleep_over(seconds)
    time.now = time.now + seconds
    fake:step(0)
  end

  local function note(c)
    table.insert(runs, { at = time.now + time.offset, due = c.scheduled_at, missed = c.missed })
  end

  -- The moments of the runs, as hours since SUNDAY.
  local function hours()
    local list = {}
    for i, run in ipairs(runs) do
      list[i] = (run.due - SUNDAY) / HOUR
    end
    return list
  end

  local function seconds()
    local list = {}
    for i, run in ipairs(runs) do
      list[i] = run.due - SUNDAY
    end
    return list
  end

  describe("of intervals", function()
    it("runs first when one is over, then on its grid", function()
      app:every("5m", note)
      pass(HOUR)
      assert.same({}, runs)
      app.schedule:start()
      pass(16 * 60)
      assert.same({ 3900, 4200, 4500 }, seconds())
      assert.same({ at = SUNDAY + 3900, due = SUNDAY + 3900, missed = 0 }, runs[1])
    end)

    it("takes seconds, texts of several units, and a first time of its own", function()
      app:every(90, note)
      app:every("1h30m", note)
      app:every("1d", { first = 0 }, note)
      app.schedule:start()
      pass(91)
      assert.same({ 0, 90 }, seconds())
      pass(89 * 60)
      assert.equal(62, #runs)
    end)

    it("is not moved by what a run takes", function()
      app:every(10, function(c)
        note(c)
        time.now = time.now + 4 -- computes
      end)
      app.schedule:start()
      pass(40)
      assert.same({ 10, 20, 30, 40 }, seconds())
    end)

    it("makes up for a sleep by one run, and counts the rest", function()
      app:every(10, note)
      app.schedule:start()
      pass(10)
      sleep_over(37)
      assert.same({ at = SUNDAY + 47, due = SUNDAY + 40, missed = 2 }, runs[2])
      assert.matches("runs 7 s late; earlier runs that were missed: 2", offline:log(), 1, true)
      pass(13)
      assert.same({ 10, 40, 50, 60 }, seconds())
      assert.equal(0, runs[3].missed)
    end)

    it("does not care about the time of day", function()
      app:every(10, note)
      app.schedule:start()
      time.offset = time.offset - DAY
      pass(20)
      assert.same({ 10 - DAY, 20 - DAY }, seconds())
    end)
  end)

  describe("of times", function()
    it("runs at a time of the day, in its zone", function()
      app:at("Mon 09:00", { tz = BERLIN }, note)
      app:at("09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(8 * DAY)
      assert.same({ 9, 32, 33, 57, 81, 105, 129, 153, 177 }, hours())
    end)

    it("runs a cron string, from either method", function()
      app:at("0 9 * * 1-5", { tz = "UTC" }, note)
      app:every("30 */12 * * *", { tz = "UTC" }, note)
      app.schedule:start()
      pass(2 * DAY)
      assert.same({ 0.5, 12.5, 24.5, 33, 36.5 }, hours())
    end)

    it("runs what clocks leap over at the next moment, and what comes twice once", function()
      time.offset = SUNDAY + 27 * DAY - time.now -- 28 March; clocks are put forward on the 29th
      app:at("02:30", { tz = BERLIN }, note)
      app.schedule:start()
      pass(2.5 * DAY)
      assert.same({ 27 * 24 + 1.5, 28 * 24 + 1, 29 * 24 + 0.5 }, hours())
      new_app()
      time.offset = SUNDAY + 237 * DAY - time.now -- 24 October; put back on the 25th
      app:at("02:30", { tz = BERLIN }, note)
      app.schedule:start()
      pass(3 * DAY)
      assert.same({ 237 * 24 + 0.5, 238 * 24 + 0.5, 239 * 24 + 1.5 }, hours())
    end)

    it("runs once, late, after a sleep, and says when it was due", function()
      app:at("09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(HOUR)
      sleep_over(3 * DAY)
      assert.same({ { at = SUNDAY + 3 * DAY + HOUR, due = SUNDAY + 2 * DAY + 9 * HOUR,
        missed = 2 } }, runs)
      pass(DAY)
      assert.same({ 57, 81 }, hours())
    end)

    it("skips what is later than its grace", function()
      app:at("09:00", { tz = "UTC", grace = 600 }, note)
      app.schedule:start()
      pass(HOUR)
      sleep_over(8 * HOUR + 601)
      assert.same({}, runs)
      assert.matches("was due 601 s ago, which is more than its grace: skipped", offline:log(), 1,
        true)
      pass(DAY)
      assert.equal(1, #runs)
      assert.equal(1, runs[1].missed)
      assert.equal(1, app.schedule.counts.skipped)
    end)

    it("sees within half a minute that the clock was put forward", function()
      app:at("09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(HOUR)
      time.offset = time.offset + 9 * HOUR
      pass(30)
      assert.same({ 9 }, hours())
    end)

    it("runs nothing twice when the clock is put back a little", function()
      app:at("09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(9 * HOUR)
      time.offset = time.offset - 2 * HOUR
      pass(DAY)
      assert.same({ 9 }, hours())
      pass(2 * HOUR)
      assert.same({ 9, 33 }, hours())
    end)

    it("plans anew when the clock was wrong by years", function()
      time.offset = time.offset + 4000 * DAY
      app:at("09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(HOUR)
      time.offset = time.offset - 4000 * DAY
      pass(9 * HOUR)
      assert.same({ 9 }, hours())
      assert.matches("is planned anew", offline:log(), 1, true)
    end)

    it("counts very many that were missed without looking at each", function()
      app:at("* * * * *", { tz = "UTC" }, note)
      app.schedule:start()
      sleep_over(400 * DAY + 30)
      assert.equal(SUNDAY + 400 * DAY, runs[1].due)
      assert.is_true(runs[1].missed >= 999)
      pass(60)
      assert.equal(2, #runs)
    end)

    it("runs a date once, and says when it is over", function()
      app:at("2026-03-02 09:00", { tz = "UTC" }, note)
      local entry = app:at("2026-02-01 09:00", { tz = "UTC" }, note)
      app.schedule:start()
      pass(40 * DAY)
      assert.same({ 33 }, hours())
      assert.is_nil(entry:next_at())
      assert.same({ entry }, app.schedule.entries) -- the other is done with
      assert.matches('app:at "2026%-02%-01 09:00" %(.*%) is never due', offline:log())
    end)
  end)

  describe("while a run is under way", function()
    it("skips what is due, with one line, and counts it", function()
      local gate = tasks.waiter()
      app:every(10, function(c)
        note(c)
        if #runs == 1 then
          gate:await()
        end
      end)
      app.schedule:start()
      pass(45)
      assert.same({ 10 }, seconds())
      local _, lines = offline:log():gsub("its last run has not ended", "")
      assert.equal(1, lines)
      gate:resolve(true)
      loop.step(0)
      pass(5)
      assert.same({ 10, 50 }, seconds())
      assert.equal(3, runs[2].missed)
      assert.equal(3, app.schedule.counts.skipped)
    end)

    it("runs other entries", function()
      app:every(10, function() tasks.waiter():await() end)
      app:every(10, note)
      app.schedule:start()
      pass(20)
      assert.equal(2, #runs)
    end)

    it("is waited for when the app stops, and cut off when that takes long", function()
      local closed = false
      slack.run(function()
        app:every(10, function()
          local _ <close> = setmetatable({}, { __close = function() closed = true end })
          tasks.waiter():await()
        end)
        app.schedule:start()
        pass(10)
        tasks.sleep(0) -- in which it begins
        assert.is_false(app.dispatch:is_idle())
        app.phase = "running"
        local ok, err = app:stop(0)
        assert.is_nil(ok)
        assert.matches("1 handler .*app:every 10 %(" .. SPEC, err.message)
      end)
      assert.is_true(closed)
    end)

    it("takes no room from what Slack delivers", function()
      new_app { max_in_flight = 1 }
      app:every(10, function() tasks.waiter():await() end)
      app:message(function() table.insert(runs, "message") end)
      app.schedule:start()
      pass(10)
      assert.is_false(app.dispatch.is_full)
    end)
  end)

  it("gives a context that can post where it is told", function()
    local seen
    app:every(10, function(c)
      seen = { c.kind, c.type, c.app == app, c.client == app.client, c.data, c:say {
        channel = "C1", text = "stand up",
      } ~= nil, select(2, c:say "where to?").code }
    end)
    app.schedule:start()
    pass(10)
    assert.same({ "schedule", "schedule", true, true, {}, true, "no_channel" }, seen)
    assert.equal("C1", offline.calls[1].arguments.channel)
  end)

  it("gives a context that can wait for what people answer", function()
    local answer
    app.identity.team_id = "T02MOON4XYZ"
    app:every(10, function(c)
      answer = c:ask({ channel = "C07DEPLOY42", text = "Well?" }, { from = "anyone" })
    end)
    app.schedule:start()
    pass(10)
    assert.equal("chat.postMessage", offline.calls[1].method)
    offline:message "all is well"
    loop.step(0)
    loop.step(0)
    assert.equal("all is well", answer and answer.text)
  end)

  it("gives errors to app:on_error, with the name of the entry, and goes on", function()
    local failed = {}
    app:every(10, function() error "broken" end)
    app.schedule:start()
    pass(10)
    assert.matches("error in app:every 10 %(" .. SPEC .. ":%d+%): " .. SPEC .. ":%d+: broken",
      offline:log())
    app:on_error(function(err, c, failure)
      table.insert(failed, { err, c.kind, tostring(failure.listener) })
    end)
    pass(10)
    assert.matches("broken", failed[1][1])
    assert.equal("schedule", failed[1][2])
    assert.matches("^app:every 10 %(", failed[1][3])
    assert.same({ run = 2, failed = 2, skipped = 0 }, app.schedule.counts)
  end)

  it("does not run global middleware", function()
    app:use(function() error "not for this" end)
    app:every(10, note)
    app.schedule:start()
    pass(10)
    assert.equal(1, #runs)
  end)

  it("says in whole seconds when a run was due and the next one is, for os.date", function()
    time.offset = time.offset + 0.25
    app.schedule:start()
    local entry = app:every(10, note)
    assert.equal(os.date("!%T", SUNDAY + 10), os.date("!%T", entry:next_at()))
    pass(10)
    assert.equal("integer", math.type(runs[1].due))
  end)

  it("takes entries while the app runs, and gives them up", function()
    app.schedule:start()
    local entry = app:every(10, note)
    assert.equal(SUNDAY + 10, entry:next_at())
    pass(15)
    assert.equal(SUNDAY + 20, entry:next_at())
    assert.is_true(entry:remove())
    assert.is_false(entry:remove())
    assert.is_nil(entry:next_at())
    pass(60)
    assert.equal(1, #runs)
  end)

  it("has one timer for each entry, however many come and go", function()
    local count = 0
    function app.schedule.after(...)
      count = count + 1
      return fake:after(...)
    end
    app.schedule:start()
    for i = 1, 5 do
      app:every(10 * i, note)
    end
    app:every(60, note):remove()
    assert.equal(6, count)
  end)

  it("lets a handler remove its own entry", function()
    local entry
    entry = app:every(10, function(c)
      note(c)
      entry:remove()
    end)
    app.schedule:start()
    pass(60)
    assert.equal(1, #runs)
  end)

  it("begins anew when the app does", function()
    app:every(10, note)
    app.schedule:start()
    pass(15)
    app.schedule:stop()
    pass(100)
    assert.equal(1, #runs)
    app.schedule:start()
    pass(10)
    assert.same({ 10, 125 }, seconds())
  end)

  it("runs in the first worker alone, unless told otherwise", function()
    app.worker = 2
    local entry = app:every(10, note)
    app:every(20, { each_worker = true }, note)
    app.schedule:start()
    pass(20)
    assert.same({ 20 }, seconds())
    assert.is_nil(entry:next_at())
    new_app()
    app.worker = 1
    app:every(10, note)
    app.schedule:start()
    pass(20)
    assert.equal(2, #runs)
  end)

  describe("over a reload", function()
    local registry, Script

    before_each(function()
      registry, Script = require "slack.registry", require "slack.script"
    end)

    -- A new generation of a script, which registers by its facade, in place of all there is.
    local function load_script(register)
      local script = Script.new(app, "remind.lua", { path = "handlers" })
      register(script.facade)
      script:take_over(1)
      registry.apply(app.dispatch, { app._ledger, script.ledger })
      return script
    end

    it("keeps the phase of an entry that stays, with its new handler", function()
      local function register(name)
        return function(its) its:every("10s", function() table.insert(runs, name) end) end
      end
      app.schedule:start()
      load_script(register "old")
      pass(14)
      load_script(register "new")
      pass(6)
      assert.same({ "old", "new" }, runs)
    end)

    it("starts anew one that is another now, and ends one that is gone", function()
      app.schedule:start()
      load_script(function(its)
        its:every("10s", note)
        its:every("7s", note)
      end)
      pass(6)
      load_script(function(its) its:every("12s", note) end)
      pass(11)
      assert.same({}, runs)
      pass(1)
      assert.same({ 18 }, seconds())
    end)

    it("does not start a second run beside one of the old code", function()
      local gate, count = tasks.waiter(), 0
      local function register(its)
        its:every("10s", function()
          count = count + 1
          gate:await()
        end)
      end
      app.schedule:start()
      load_script(register)
      pass(10)
      load_script(register)
      pass(20)
      assert.equal(1, count)
      gate:resolve(true)
      loop.step(0)
      gate = tasks.waiter()
      pass(10)
      assert.equal(2, count)
    end)

    it("goes with the file, and stays when a new text of it fails", function()
      local folder <close> = files.temporary()
      local path = folder.path .. "/remind.lua"
      local function wait_for(name, count)
        while app.scripts:stats()[name] < count do
          slack.sleep(0.001)
        end
      end
      new_app { scripts = folder.path }
      app.states.note = note
      files.write(path, 'local app = ...\napp:every("10s", app.states.note)')
      slack.run(function()
        assert(app.scripts:start())
        app.schedule:start()
        pass(15)
        files.write(path, 'local app = ...\napp:every("1s", app.states.note) error "no"')
        app.scripts:reload_all()
        wait_for("failures", 1)
        pass(5)
        files.write(path, 'local app = ...\napp:every("10s", function(c) app.states.note(c) end)')
        app.scripts:reload_all()
        wait_for("reloads", 2)
        pass(10)
        slack.sleep(0)
        assert.same({ 10, 20, 30 }, seconds())
        assert(os.remove(path))
        app.scripts:reload_all()
        wait_for("reloads", 3)
        pass(20)
        assert.same({}, app.schedule.entries)
        app.scripts:stop()
      end)
      assert.equal(3, #runs)
    end)

    it("makes up once for what was due while it happened", function()
      local function register(its) its:at("09:00", { tz = "UTC" }, note) end
      app.schedule:start()
      load_script(register)
      pass(8 * HOUR)
      time.now = time.now + 2 * HOUR
      load_script(register)
      fake:step(0)
      assert.same({ 9 }, hours())
    end)
  end)

  for problem, call in pairs {
    ['interval: "30s", "5m", "1h30m", seconds or a cron string expected, got "5 minutes"']
      = function() app:every("5 minutes", note) end,
    ['app:every: interval: from 0.01 seconds to 1e+09 expected, got 0']
      = function() app:every(0, note) end,
    ['got "Mon 09:00": use app:at'] = function() app:every("Mon 09:00", note) end,
    ['app:at: when: a time of day expected, got "5m": use app:every']
      = function() app:at("5m", note) end,
    ['got number'] = function() app:at(5, note) end,
    ['cron "61 * * * *": field 1, minute: 0-59, "*"'] = function() app:at("61 * * * *", note) end,
    ['(at character 3)'] = function() app:every("0 99 * * *", note) end,
    ['handler: function expected, got nothing'] = function() app:every("5m") end,
    ['handler: function expected, got string'] = function() app:every("5m", {}, "x") end,
    ['options: table expected, got string'] = function() app:every("5m", "x", note) end,
    ['unknown option "tzz"; did you mean "tz"?']
      = function() app:at("09:00", { tzz = "UTC" }, note) end,
    ['option "tz": time zone "Mars/Olympus": ']
      = function() app:at("09:00", { tz = "Mars/Olympus" }, note) end,
    ['option "tz": an interval goes by no clock']
      = function() app:every("5m", { tz = "UTC" }, note) end,
    ['option "first": only an interval has it']
      = function() app:at("09:00", { first = 5 }, note) end,
    ['app.every: call it with a colon'] = function() app.every("5m", note) end,
  } do
    it("raises misuse at the caller's line: " .. problem, function()
      local ok, message = pcall(function() call() end)
      assert.is_false(ok)
      assert.matches("^" .. SPEC .. ":%d+: ", message)
      assert.matches(problem, message, 1, true)
      assert.same({}, app._ledger.schedules)
    end)
  end
end)
