local Process = require "support.process"
local child = require "support.child"
local core = require "slack.core"
local durations = require "support.soak_duration"
local files = require "support.files"
local flat = require "support.flat"
local ledger = require "support.ledger"
local tasks = require "slack.tasks"
local trial = require "support.soak_trial"
local wait_until = require "support.wait_until"

-- Under sanitizers all takes many times as long, and what is freed is held back.
local IS_SLOW <const> = (os.getenv "SLACK_SLOW" or "") ~= ""
local IS_LONG <const> = os.getenv "STRESS" ~= nil

describe("the mixed trial of `make soak`, in small,", function()
  it("loses no event, doubles none without reason, answers right, and leaves nothing behind",
    function()
      local result = tasks.run(trial.run, {
        seconds = IS_LONG and 60 or 2.5, rate = IS_SLOW and 10 or 50, people = 2, fault_pause = 0.5,
        save_pause = 0.5, look_pause = 60, looks = 0,
      })
      local sums = result.sums
      assert.same({}, result.problems)
      assert.equal(sums.sent, sums.handled)
      for _, name in ipairs { "sent", "right", "saves", "calls", "ticks" } do
        assert.is_true(sums[name] > 0, name)
      end
    end)

  -- What one bot with another script comes to, which nothing befalls.
  local function problems_of(edit, look_pause)
    local result = tasks.run(trial.run, {
      seconds = 2, rate = IS_SLOW and 10 or 50, people = 2, save_pause = 60,
      look_pause = look_pause or 60, looks = look_pause and 10 or 0, sides = { "sqlite" },
      edit = edit, patience = 2, events = 20,
    })
    return table.concat(result.problems, "\n")
  end

  it("sees a bot that grows", function()
    assert.matches("sqlite lives: heap grew", problems_of(function(script)
      return (script:gsub('note%("ended", id%)', '%0\napp.trial[id] = ("x"):rep(500000) .. id'))
    end, 0.1))
  end)

  it("sees a bot that forgets an event, and one that does not answer", function()
    local problems = problems_of(function(script)
      script = script:gsub('note%("ended", id%)', 'if id ~= "EvTrial3" then %0 end')
      return (script:gsub('c:say%(', 'select(1, true, '))
    end)
    assert.matches("sqlite: 1 lost: EvTrial3", problems)
    assert.matches("expected a message %l+ p%d+n%d+, got nothing; the bot: said nothing of it; "
      .. "befallen by nothing", problems)
  end)
end)

describe("what was measured", function()
  local function series(fn)
    local values = {}
    for i = 1, 100 do
      values[i] = fn(i)
    end
    return values
  end

  it("is flat when it only went up and down", function()
    assert.is_true(flat.is_flat(series(function(i) return 20 + i % 7 end), 1))
    assert.is_true(flat.is_flat(series(function(i) return i % 10 == 0 and 500 or 20 end), 0))
  end)

  it("is flat when it grew while all was set up, or fell", function()
    assert.is_true(flat.is_flat(series(function(i) return math.min(i, 8) end), 0))
    assert.is_true(flat.is_flat(series(function(i) return 100 - i end), 0))
  end)

  it("is not flat when it grew all the time, or for good in the middle", function()
    assert.is_false(flat.is_flat(series(function(i) return i end), 50))
    assert.is_false(flat.is_flat(series(function(i) return i < 50 and 4 or 5 end), 0))
  end)

  it("is not called flat when it was hardly measured", function()
    assert.is_false(flat.is_flat({ 1, 1 }, 10))
  end)
end)

describe("a ledger", function()
  local folder

  before_each(function()
    folder = files.temporary()
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  it("is read once, in the order in which it was written, and what was read is removed",
    function()
      local note, reader, ids = ledger.writer(folder.path, 20), ledger.reader(folder.path), {}
      local function take(what, id, pid, at, detail)
        assert.same({ "begun", core.pid(), "0" }, { what, pid, detail })
        assert.is_true(at <= core.monotonic())
        table.insert(ids, id)
      end
      for i = 1, 45 do
        note("begun", "Ev" .. i)
        if i % 15 == 0 then
          reader:read(take)
        end
      end
      reader:read(take)
      assert.equal(1, #files.list(folder.path, ""))
      for i = 1, 45 do
        assert(ids[i] == "Ev" .. i)
      end
      reader:finish(core.pid(), take)
      assert.same({ 45, {} }, { #ids, files.list(folder.path, "") })
    end)
end)

describe("a process that a trial has started", function()
  it("ends with it when it is killed", function()
    if not files.run "command -v setpriv >/dev/null" then
      return pending "setpriv is not installed"
    end
    local _, output = child.run [[
      local Process = require "support.process"
      local core = require "slack.core"
      print(Process.start("sleep 100").pid)
      io.stdout:flush()
      core.signal_process(core.pid(), "KILL")
    ]]
    local pid = math.tointeger(tonumber(output:match "^%d+"))
    tasks.run(wait_until, "the end of " .. pid, function()
      return not Process.is_running { pid = pid, pipe = true }
    end)
  end)
end)

describe("the program of `make soak`", function()
  local function run(settings)
    return files.run(("env %s %s spec/soak/run.lua; echo status $?"):format(settings,
      child.interpreter()))
  end

  it("names the parts that there are when another one is wanted", function()
    local _, output = run "SOAK_ONLY=weather SOAK=1s"
    assert.matches("SOAK_ONLY=weather: there is no such part; there are mixed; memory; reload; "
      .. "inbox, sqlite kills; .*\nstatus 2", output)
  end)

  it("ends at once when it is told to, with all that it has started", function()
    if not files.run "command -v setpriv >/dev/null && command -v pgrep >/dev/null" then
      return pending "setpriv or pgrep is not installed"
    end
    local soak <close> = Process.start(child.interpreter() .. " spec/soak/run.lua", {
      environment = { SOAK = "60s", SOAK_ONLY = "mixed" },
    })
    tasks.run(function()
      local started = {}
      wait_until("a bot", function()
        local _, output = files.run("pgrep -P " .. soak.pid)
        started = {}
        for pid in output:gmatch "%d+" do
          table.insert(started, math.tointeger(tonumber(pid)))
        end
        return #started >= 3
      end)
      soak:signal "TERM"
      for _, pid in ipairs(started) do
        wait_until("the end of " .. pid, function()
          return not Process.is_running { pid = pid, pipe = true }
        end)
      end
      assert.matches("interrupted: no sums", soak:output())
      assert.is_false(soak:is_running())
    end)
  end)

  it("says what a time is when SOAK is none", function()
    local _, output = run "SOAK=soon"
    assert.matches('SOAK: a time such as "90s", "30m", "2h" expected; .*\nstatus 2', output)
  end)
end)

describe("SOAK", function()
  it("is a time with its unit, or hours", function()
    local read = {}
    for i, text in ipairs { "90s", "30m", "2h", "1h30m", "2", "0.5" } do
      read[i] = durations.parse(text)
    end
    assert.same({ 90, 1800, 7200, 5400, 7200, 1800 }, read)
    for _, text in ipairs { "", "0", "-1", "soon", "10x", "inf", "nan" } do
      assert.is_nil(durations.parse(text))
    end
  end)
end)
