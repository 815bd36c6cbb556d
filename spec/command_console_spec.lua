local Console = require "slack.console"
local Process = require "support.process"
local command = require "slack.command"
local core = require "slack.core"
local files = require "support.files"
local link = require "slack.console.link"
local local_slack = require "support.local_slack"
local offline_app = require "support.offline_app"
local place = require "slack.console.place"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local here = assert(io.popen("pwd", "r")):read "l"

describe("lua-slack console", function()
  local folder, sockets

  before_each(function()
    folder = files.temporary()
    sockets = assert(place.prepare(function() return folder.path end))
  end)

  after_each(function()
    getmetatable(folder).__close(folder)
  end)

  -- Runs it with these lines typed; what it wrote, complained and ended with.
  local function run(lines, ...)
    local written, complained, prompts, at = {}, {}, {}, 0
    local status = command.run({ "console", ... }, {
      write = function(text) written[#written + 1] = text end,
      complain = function(text) complained[#complained + 1] = text end,
      environment = function(name) return name == "XDG_RUNTIME_DIR" and folder.path or nil end,
      read_line = function(prompt)
        prompts[#prompts + 1], at = prompt, at + 1
        return lines[at]
      end,
    })
    return {
      status = status, written = table.concat(written), complained = table.concat(complained),
      prompts = table.concat(prompts),
    }
  end

  -- Runs fn while so many apps have consoles; their sockets are named as those of processes.
  local function with_consoles(count, fn)
    tasks.run(function()
      local consoles = {}
      for i = 1, count do
        consoles[i] = assert(Console.open(offline_app.new({ name = "bot" .. i }).app,
          place.of_process(sockets, core.pid() + i - 1)))
      end
      local closing <close> = setmetatable({}, { __close = function()
        for _, console in ipairs(consoles) do
          console:close()
        end
      end })
      assert(closing)
      fn(consoles)
    end)
  end

  it("talks with the bot that runs, line by line", function()
    with_consoles(1, function()
      local ran = run { "x = 20", "x + 1", "", ".help", "error 'no'", ".exit", "5" }
      assert.equal(0, ran.status)
      assert.matches("^21\n", ran.written)
      assert.matches("%.help, %.exit", ran.written)
      assert.matches("PID " .. core.pid() .. ", idle; %.help", ran.complained)
      assert.matches("console:1: no", ran.complained)
      assert.equal("> > > > > > ", ran.prompts)
    end)
  end)

  it("goes on in the next line where one is not complete, until an empty one", function()
    with_consoles(1, function()
      local ran = run {
        "function double(x)", "return x * 2", "end", "double(4)", "f(", "", "'end'",
      }
      assert.equal('8\n"end"\n', ran.written)
      assert.matches("given up\n", ran.complained)
      assert.equal("> >> >> > > >> > > ", ran.prompts)
    end)
  end)

  it("moves no cursor, whatever people wrote", function()
    with_consoles(1, function()
      assert.equal("a?[2Jb\tc\n", run({ "print('a\\27[2Jb\\tc')" }).written)
      assert.equal("a?2J\n", run({ "print('a\\u{9b}2J')" }).written)
    end)
  end)

  it("runs one chunk for a script", function()
    with_consoles(1, function()
      assert.same({ 0, '"idle"\n' }, { run({}, "--eval=app.phase").status,
        run({}, "--eval=app.phase").written })
      local ran = run({}, "--eval", "error 'no'")
      assert.equal(1, ran.status)
      assert.matches("console:1: no", ran.complained)
      assert.equal(1, run({}, "--eval=f(").status)
    end)
  end)

  it("asks which one where there are several, and lists them", function()
    with_consoles(2, function(consoles)
      local ran = run {}
      assert.equal(2, ran.status)
      assert.matches("which one%? Give its PID:\nPID +PROGRAM +NAME", ran.complained)
      assert.matches("\n%d+ +%S+ +bot1 +idle", run({}, "--list").written)
      assert.matches("\n%d+ +%S+ +bot2 +idle", run({}, "--list").written)
      consoles[1].app.worker = 3
      assert.matches("bot1 %(worker 3%) +idle", run({}, "--list").written)
      ran = run({ "app.settings.name" }, consoles[2].path)
      assert.equal('"bot2"\n', ran.written)
      ran = run({ "1" }, tostring(core.pid()))
      assert.equal("1\n", ran.written)
      ran = run({}, "999999999")
      assert.equal(1, ran.status)
      assert.matches("no bot with the PID 999999999", ran.complained)
    end)
  end)

  it("says what to do where there is none, and removes what is left of those killed", function()
    local stale = place.of_process(sockets, 999999999)
    with_consoles(1, function(consoles)
      os.execute(("cp -a '%s' '%s'"):format(consoles[1].path, stale))
      os.rename(consoles[1].path, stale)
    end)
    local ran = run {}
    assert.equal(1, ran.status)
    assert.matches("lua%-slack run", ran.complained)
    assert.is_nil((core.stat(stale)))
    assert.equal(0, run({}, "--list").status)
    ran = run({}, folder.path .. "/none.socket")
    assert.equal(1, ran.status)
    assert.equal(2, run({}, "1", "2").status)
  end)

  it("says when the bot ends meanwhile", function()
    with_consoles(1, function(consoles)
      local ended = false
      local status = command.run({ "console" }, {
        write = function() end, complain = function() end,
        environment = function() return folder.path end,
        read_line = function()
          consoles[1]:close()
          assert.is_false(ended)
          ended = true
          return "1"
        end,
      })
      assert.equal(1, status)
    end)
  end)

  it("is there in a bot that `lua-slack run` runs", function()
    files.write(folder.path .. "/bot.lua", [[
      local slack = require "slack"
      local app = slack.app {}
      app:command("/deploy", function(c) return "Deploying." end)
      os.exit(app:run() or 1)
    ]])
    files.write(folder.path .. "/entry.lua", ([[
      arg = { [0] = %q, "run" }
      dofile(arg[0])
    ]]):format(here .. "/lua/slack/command/main.lua"))
    tasks.run(function()
      local slack_here <close> = assert(local_slack.start())
      local bot <close> = Process.lua("entry.lua", { directory = folder.path, environment = {
        SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_APP_TOKEN = slack_here.app_token,
        SLACK_API_URL = slack_here.api_url, SSL_CERT_FILE = slack_here.ca_file,
        XDG_RUNTIME_DIR = folder.path,
      } })
      local path = place.of_process(sockets, bot.pid)
      wait_until("the bot runs", function()
        local about = link.about(path)
        return about and about.phase == "running"
      end, 20)
      local ran = run({ 'fire { command = "/deploy" }', "client.auth.test().ok" },
        tostring(bot.pid))
      assert.equal(0, ran.status, ran.complained)
      assert.matches("Deploying%.", ran.written)
      assert.matches("true\n$", ran.written)
      assert.matches("bot.lua, PID %d+, running", ran.complained)
      bot:signal "TERM"
      wait_until("the console is gone", function() return not core.stat(path) end, 20)
    end)
  end)
end)
