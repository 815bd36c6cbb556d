local Process = require "support.process"
local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local sanitizer = require "support.sanitizer"

-- A script that finds the modules of this program.
local function write_script(directory, text)
  local path = directory.path .. "/script.lua"
  files.write(path, ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath)
    .. text)
  return path
end

-- By popen, because os.execute ignores SIGINT while it waits.
local function raise(name)
  assert(io.popen(("kill -%s %d"):format(name, core.pid()))):close()
end

describe("signals", function()
  local signals

  before_each(function()
    signals = assert(core.signals { "INT", "TERM", "HUP" })
  end)

  after_each(function()
    signals:close()
  end)

  it("makes its descriptor readable instead of ending the process", function()
    local poller, ready = core.poller(), {}
    assert(poller:add(signals:fd()))
    assert.equal(0, poller:wait(0, ready))
    raise("TERM")
    assert.equal(1, poller:wait(5, ready))
    assert.equal("TERM", signals:take())
    assert.is_nil(signals:take())
    assert.equal(0, poller:wait(0, ready))
    poller:close()
  end)

  it("gives them in the order they came, each time they came", function()
    raise("HUP")
    raise("INT")
    raise("HUP")
    assert.same({ "HUP", "INT", "HUP" }, { signals:take(), signals:take(), signals:take() })
  end)

  it("gives a second TERM too when the first has been taken", function()
    for _, name in ipairs { "TERM", "INT", "TERM" } do
      raise(name)
      assert.equal(name, signals:take())
      core.poller():wait(0.25, {})
    end
  end)

  it("takes those that come together for one, however late Lua looks at them", function()
    local ok, output = child.run [[
      local core = require "slack.core"
      local signals = core.signals { "INT", "TERM" }
      io.popen(("kill -TERM %d; kill -INT %d"):format(core.pid(), core.pid())):close()
      local name = signals:take()
      assert(name == "TERM" or name == "INT") -- ThreadSanitizer has an order of its own
      assert(signals:take() == nil)
    ]]
    assert.is_true(ok, output)
  end)

  it("exists once per process", function()
    assert.error_matches(function()
      core.signals { "INT" }
    end, "taken already")
    signals:close()
    signals = assert(core.signals { "INT" })
  end)

  it("raises on names it does not know", function()
    signals:close()
    for _, names in ipairs { { "KILL" }, {}, { 15 }, { "INT", "TERM", "HUP", "CHLD", "INT" } } do
      assert.has_error(function()
        core.signals(names)
      end)
    end
    signals = assert(core.signals { "INT" })
  end)
end)

describe("signals that Lua does not take", function()
  -- Sees the first one without taking it, and is busy for ever. ThreadSanitizer
  -- delivers signals only within functions that it knows, such as monotonic's.
  local BUSY <const> = [[
    local core = require "slack.core"
    local signals, poller = core.signals { "INT", "TERM", "HUP" }, core.poller()
    poller:add(signals:fd())
    io.stderr:write("ready\n")
    while poller:wait(0, {}) == 0 do end
    io.stderr:write("seen\n")
    while true do core.monotonic() end]]

  local function wait_for_output(process, text)
    local deadline = core.monotonic() + 60
    while not process:output():find(text, 1, true) do
      assert(core.monotonic() < deadline, "waited in vain for " .. text)
    end
  end

  local function start_busy(directory)
    local script = directory.path .. "/busy.lua"
    files.write(script, BUSY)
    local process = Process.lua(script)
    wait_for_output(process, "ready\n")
    return process
  end

  -- The status it ends with, by our KILL if it does not end by itself.
  local function status(process)
    local deadline = core.monotonic() + 20
    while process:is_running() and core.monotonic() < deadline do end
    process:signal "KILL"
    return process:wait()
  end

  for _, case in ipairs {
    { "TERM", "TERM", 143 }, { "INT", "INT", 130 }, { "INT", "TERM", 143 },
  } do
    it(("end the process: %s, then %s"):format(table.unpack(case)), function()
      local directory <close> = files.temporary()
      local process <close> = start_busy(directory)
      process:signal(case[1])
      wait_for_output(process, "seen\n")
      core.poller():wait(0.3, {})
      process:signal(case[2])
      assert.equal(case[3], status(process))
      assert.matches("seen\nslack: told to end again [^\n]+\n$", process:output())
    end)
  end

  it("end it, too, when it waits for somebody to read what it says", function()
    if sanitizer() == "thread" then
      return pending "ThreadSanitizer calls no handler while a call blocks"
    end
    local directory <close> = files.temporary()
    local script = write_script(directory, [[
      local signals = require("slack.core").signals { "TERM" }
      io.stdout:write "ready\n"
      io.stdout:flush()
      repeat until not io.stderr:write(("a line"):rep(10000))]])
    local ok, output = files.run(([[
      d=%s; mkfifo $d/pipe $d/ready && exec 3<>$d/pipe
      %s %s >$d/ready 2>&3 3>&- & bot=$!
      read line <$d/ready
      for signal in TERM TERM KILL; do
        sleep 0.3
        kill -$signal $bot 2>/dev/null
      done
      wait $bot; test $? = 143]]):format(directory.path, child.interpreter(), script))
    assert.is_true(ok, output)
  end)

  it("do not end it when several come together, which mean one end", function()
    local directory <close> = files.temporary()
    local process <close> = start_busy(directory)
    for _, name in ipairs { "TERM", "INT", "TERM" } do
      process:signal(name)
    end
    wait_for_output(process, "seen\n")
    assert.is_true(process:is_running())
    assert.not_matches("told to end again", process:output())
    process:signal "KILL"
  end)

  it("do not end it while only one of them asks for an end", function()
    local directory <close> = files.temporary()
    local process <close> = start_busy(directory)
    process:signal "HUP"
    wait_for_output(process, "seen\n")
    process:signal "HUP"
    process:signal "TERM"
    process:signal "HUP"
    assert.is_true(process:is_running())
    process:signal "KILL"
  end)
end)

describe("a log that cannot be written any more", function()
  local function run(command, text)
    local directory <close> = files.temporary()
    local ended = directory.path .. "/ended"
    local script = write_script(directory, ([[
      local signals = require("slack.core").signals { "TERM" }
      %s
      local written
      repeat
        written = io.stderr:write "a line\n"
      until not written
      io.open(%q, "w"):close()]]):format(text, ended))
    files.run(command:gsub("BOT", child.interpreter() .. " " .. script)
      :gsub("FOLDER", directory.path))
    return core.stat(ended) ~= nil
  end

  for what, command in pairs {
    ["a pipe that nobody reads"] = "BOT 2>&1 | true",
    ["a file that may not grow"] = "ulimit -c 0; ulimit -f 1; BOT 2>FOLDER/log",
  } do
    it(("as %s, ends nobody"):format(what), function()
      assert.is_true(run(command, ""))
    end)

    it(("as %s, ends the program as before when signals are closed"):format(what), function()
      assert.is_false(run(command, "signals:close()"))
    end)
  end
end)

describe("signals:close", function()
  it("puts back what a signal did before", function()
    local ok, output = child.run [[
      local core = require "slack.core"
      local signals = core.signals { "TERM" }
      os.execute("kill -TERM " .. core.pid())
      print("survived", signals:take())
      io.stdout:flush()
      signals:close()
      os.execute("kill -TERM " .. core.pid())
      print("not reached")
    ]]
    assert.is_false(ok)
    assert.matches("survived\tTERM", output)
    assert.not_matches("not reached", output)
  end)

  it("is done by the garbage collector too", function()
    local ok, output = child.run [[
      local core = require "slack.core"
      core.signals { "INT" }
      collectgarbage()
      assert(core.signals { "INT" })
      print("again")
    ]]
    assert.is_true(ok, output)
    assert.matches("again", output)
  end)
end)
