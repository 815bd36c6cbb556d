local ChildProcess = require "slack.child_process"
local child_lua = require "support.child"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"

describe("child process", function()
  local lines

  -- A shell's.
  local function start(text, options)
    lines = {}
    options = options or {}
    options.arguments = { "sh", "-c", text }
    options.on_line = options.on_line or function(line) table.insert(lines, line) end
    return assert(ChildProcess.start(options))
  end

  it("hands out what is written to both streams line by line", function()
    tasks.run(function()
      local child = start "echo one; echo two >&2; printf 'thr'; sleep 0.01; printf 'ee\nfour'"
      assert.is_true(child:wait(10))
      assert.same({ "one", "two", "three", "four" }, lines)
      assert.same({ "exit", 0, false }, { child.how, child.code, child:is_running() })
    end)
  end)

  it("cuts a line that does not end", function()
    tasks.run(function()
      local child = start "head -c 200000 /dev/zero | tr '\\0' x; echo"
      assert.is_true(child:wait(10))
      assert.equal(200000, #table.concat(lines))
      assert.is_true(#lines > 1)
    end)
  end)

  it("has this environment with changes, and no input", function()
    tasks.run(function()
      local child = start("read line || echo none; echo \"$A-${HOME-unset}-${PATH:+path}\"",
        { environment = { A = "a 'b'=c", HOME = false } })
      child:wait(10)
      assert.same({ "none", "a 'b'=c-unset-path" }, lines)
    end)
  end)

  it("has its three streams also where this process has none", function()
    local ok = child_lua.run([[
      local core = require "slack.core"
      local child = assert(core.child_process {
        arguments = { "sh", "-c", "cat; echo one; echo two >&2" },
      })
      local said, bytes = ""
      repeat
        bytes = child:read()
        said = said .. (bytes or "")
      until not bytes
      os.exit(said == "one\ntwo\n")
    ]], "exec <&- >&- 2>&-")
    assert.is_true(ok)
  end)

  it("runs in a directory", function()
    tasks.run(function()
      start("pwd", { directory = "/" }):wait(10)
      assert.same({ "/" }, lines)
    end)
  end)

  it("tells of its end, by status or signal", function()
    tasks.run(function()
      local ended
      local child = start("exit 7", { on_end = function(one) ended = one end })
      child:wait(10)
      assert.equal(child, ended)
      assert.equal("ended with status 7", ChildProcess.describe(child.how, child.code))
      child = start "kill -9 $$"
      child:wait(10)
      assert.equal("was ended by SIGKILL", ChildProcess.describe(child.how, child.code))
      assert.is_false(child:signal "TERM")
    end)
  end)

  it("notices the end where no descriptor tells of it, and of one that has closed its output",
    function()
      tasks.run(function()
        local core = require "slack.core"
        local real = core.child_process
        core.child_process = function(options) -- as on an older system
          local started = assert(real(options))
          return setmetatable({ end_fd = function() end }, { __index = function(_, name)
            return function(_, ...) return started[name](started, ...) end
          end })
        end
        local guard <close> = setmetatable({}, { -- luacheck: ignore 211
          __close = function() core.child_process = real end,
        })
        local child = start "echo here; exec >&- 2>&-; sleep 0.1; exit 3"
        assert.is_true(child:wait(10))
        assert.same({ 3, "here" }, { child.code, lines[1] })
      end)
    end)

  it("ends gracefully, or is killed when that takes too long", function()
    tasks.run(function()
      local child = start "trap 'exit 4' TERM; echo up; while :; do sleep 0.05; done"
      live_app.wait(function() return lines[1] end)
      assert.is_true(child:stop(10))
      assert.equal(4, child.code)
      child = start "trap '' TERM; echo up; while :; do sleep 0.05; done"
      live_app.wait(function() return lines[1] end)
      assert.is_false(child:stop(0.05))
      assert.same({ "signal", 9 }, { child.how, child.code })
    end)
  end)

  it("is not held up by a process that it leaves behind", function()
    tasks.run(function()
      local child = start "sleep 3 & exit 0"
      assert.is_true(child:wait(2))
    end)
  end)

  it("is killed when it is closed, and leaves no zombie", function()
    tasks.run(function()
      local pid
      do
        local child <close> = start "echo up; sleep 60"
        live_app.wait(function() return lines[1] end)
        pid = child.pid
      end
      assert.is_nil(io.open(("/proc/%d/status"):format(pid)))
    end)
  end)

  it("says why a program cannot be run", function()
    local child, message, code = ChildProcess.start { arguments = { "no-such-program" } }
    assert.same({ nil, "no-such-program cannot be run: No such file or directory", "system" },
      { child, message, code })
    assert.is_nil((ChildProcess.start { arguments = { "sh" }, directory = "/nowhere" }))
    assert.has_error(function() ChildProcess.start { arguments = {} } end)
    assert.has_error(function() ChildProcess.start { arguments = { "sh", 1 } } end)
  end)
end)
