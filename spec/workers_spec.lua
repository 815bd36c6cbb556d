local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"
local live = require "support.live_app"
local options = require "slack.options"
local sandbox = require "support.local_slack"
local signed = require "support.signed"
local slack = require "slack"
local tasks = require "slack.tasks"

-- A program of workers that say their number and process and what signals they get.
local PROGRAM = [[
local log = require "slack.log"
local workers = require "slack.workers"
local ok, err = workers.run {
  count = 2, shutdown_timeout = 30, log = log.new { level = "debug" },
  backoff_first = 0.01, backoff_maximum = 0.05,
  work = function(number)
    local core = require "slack.core"
    local interrupts = require "slack.interrupts"
    local waiter = require("slack.tasks").waiter()
    local guard <close> = interrupts.listen(function(name)
      io.stderr:write(("<%d got %s>\n"):format(number, name))
      if name ~= "HUP" and not STUBBORN then
        waiter:resolve()
      end
    end)
    BEFORE(number)
    io.stderr:write(("<%d runs as %d>\n"):format(number, core.pid()))
    waiter:await()
    return true
  end,
}
print("<run gave " .. tostring(ok) .. " " .. tostring(err) .. ">")
os.exit(ok and 0 or 1)
]]

local function start(before)
  local directory = files.temporary()
  local path = directory.path .. "/main.lua"
  files.write(path, (before or "BEFORE = function() end") .. "\n" .. PROGRAM)
  local program = Process.lua(path)
  return setmetatable({ program = program }, {
    __index = program,
    __close = function()
      getmetatable(program).__close(program)
      getmetatable(directory).__close(directory)
    end,
  })
end

local function wait_for(program, pattern, count)
  for _ = 1, 2000 do
    local found, last = 0, nil
    for capture in program.program:output():gmatch(pattern) do
      found, last = found + 1, capture
    end
    if found >= (count or 1) then
      return last
    end
    tasks.sleep(0.005)
  end
  error(("no %q in:\n%s"):format(pattern, program.program:output()), 2)
end

local function kill(pid)
  assert(os.execute("kill -KILL " .. pid))
end

describe("slack.workers", function()
  it("runs so many processes, and ends with 0 when they have stopped at SIGTERM", function()
    local program <close> = start()
    wait_for(program, "<%d runs as (%d+)>", 2)
    program.program:signal "TERM"
    assert.equal(0, program.program:wait(), program.program:output())
    wait_for(program, "<%d got TERM>", 2)
    assert.truthy(program.program:output():find("<run gave true nil>", 1, true))
  end)

  it("passes SIGINT on as what it is", function()
    local program <close> = start()
    wait_for(program, "<%d runs as (%d+)>", 2)
    program.program:signal "INT"
    assert.equal(0, program.program:wait(), program.program:output())
    wait_for(program, "<%d got INT>", 2)
  end)

  it("gives each of them chances of its own", function()
    local program <close> = start [[
      BEFORE = function()
        local core = require "slack.core"
        io.stderr:write(("<draws %d and %d>\n"):format(math.random(0),
          (string.unpack("=j", core.random(8)))))
      end
    ]]
    wait_for(program, "<draws (%-?%d+)", 2)
    local seen = {}
    for a, b in program.program:output():gmatch "<draws (%-?%d+) and (%-?%d+)>" do
      for _, draw in ipairs { a, b } do
        assert.is_nil(seen[draw])
        seen[draw] = true
      end
    end
  end)

  it("starts another one for a worker that died, and reports its exit", function()
    local program <close> = start()
    local first = wait_for(program, "<1 runs as (%d+)>")
    kill(first)
    wait_for(program, "<1 runs as (%d+)>", 2)
    wait_for(program, ("worker 1 %%(process %s%%) was ended by SIGKILL"):format(first))
  end)

  it("waits longer and longer before it starts one that dies again and again", function()
    local program <close> = start [[BEFORE = function(n) if n == 2 then os.exit(3) end end]]
    wait_for(program, "worker 2 %(process %d+%) ended with status 3; another one starts at once")
    wait_for(program, "worker 2 %(process %d+%) ended with status 3; another one starts in ", 3)
    wait_for(program, "<1 runs as (%d+)>", 1)
  end)

  it("passes SIGHUP on to every worker", function()
    local program <close> = start()
    wait_for(program, "<%d runs as (%d+)>", 2)
    program.program:signal "HUP"
    wait_for(program, "<1 got HUP>")
    wait_for(program, "<2 got HUP>")
  end)

  it("stops them all when one says that it cannot run", function()
    local program <close> = start [[
      local work = require "slack.workers".run
      require "slack.workers".run = function(settings)
        local inner = settings.work
        settings.work = function(number)
          if number == 2 then return nil end
          return inner(number)
        end
        return work(settings)
      end
      BEFORE = function() end]]
    assert.equal(1, program.program:wait(), program.program:output())
    assert.truthy(program.program:output():find("worker 2 could not run", 1, true))
  end)

  it("kills workers that do not end, when it is told to for the third time", function()
    local program <close> = start "STUBBORN = true BEFORE = function() end"
    wait_for(program, "<%d runs as (%d+)>", 2)
    program.program:signal "TERM"
    program.program:signal "TERM" -- as in a group of processes: the same one
    for count = 2, 4, 2 do
      wait_for(program, "<%d got TERM>", count)
      files.run "sleep 0.3"
      program.program:signal "TERM"
    end
    assert.equal(1, program.program:wait(), program.program:output())
    wait_for(program, "was ended by SIGKILL", 2)
  end)

  it("ends its workers when it dies itself", function()
    local program <close> = start()
    wait_for(program, "<%d runs as (%d+)>", 2)
    program.program:signal "KILL"
    wait_for(program, "<1 got TERM>")
    wait_for(program, "<2 got TERM>")
  end)

  it("refuses when a loop runs already, for that cannot be forked", function()
    local ok, output = child.run [[
      local loop = require "slack.loop"
      loop.default()
      local ok, err = require("slack.workers").run {
        count = 2, shutdown_timeout = 1, log = require("slack.log").default(), work = print }
      assert(ok == nil and tostring(err):find("before app:run", 1, true), err)]]
    assert.truthy(ok, output)
  end)
end)

describe("an app with workers", function()
  local APP = [[
    local app = require("slack").app {
      workers = 2, http = { host = "127.0.0.1", port = 0 }, signing_secret = "0123456789abcdef",
      transport = "http",
    }
    app:route("GET", "/who", function() return tostring(require("slack.core").pid()) end)
    os.exit(app:run() or 1)]]

  -- Its script counts how often this process has loaded it; its command waits for a file.
  local SCRIPTED = [[
    local app = require("slack").app {
      workers = 2, http = { host = "127.0.0.1", port = 0 }, signing_secret = "0123456789abcdef",
      transport = "http", scripts = os.getenv "FOLDER" .. "/handlers", shutdown_timeout = 60,
    }
    os.exit(app:run() or 1)]]
  local SCRIPT = [[
    local app = ...
    local core = require "slack.core"
    app.states.loads = (app.states.loads or 0) + 1
    local loads = app.states.loads
    app:route("GET", "/who", function() return core.pid() .. " " .. loads end)
    app:command("/wait", function()
      app.log:info("waiting")
      repeat
        require("slack").sleep(0.005)
      until core.stat(os.getenv "FOLDER" .. "/go")
      return "gone " .. core.pid()
    end)]]

  local function run(fn, environment, text)
    tasks.run(function()
      local here <close> = assert(sandbox.start { tls = false })
      local directory <close> = files.temporary()
      files.write(directory.path .. "/app.lua", text or APP)
      local all = {
        SLACK_API_URL = here.api_url, SLACK_BOT_TOKEN = here.bot_token, FOLDER = directory.path,
      }
      for name, value in pairs(environment or {}) do
        all[name] = value
      end
      assert(files.run(("mkdir '%s/handlers'"):format(directory.path)))
      files.write(directory.path .. "/handlers/script.lua", SCRIPT)
      local program <close> = Process.lua(directory.path .. "/app.lua", { environment = all })
      fn({ program = program }, directory.path)
    end)
  end

  local function url_of(program)
    return wait_for(program, "HTTP on (http://127%.0%.0%.1:%d+)/")
  end

  -- Asks until so many different ones have answered.
  local function ask(program, count)
    local url = url_of(program)
    local seen, found = {}, 0
    for _ = 1, 2000 do
      local response = slack.fetch(url .. "/who", { headers = { Connection = "close" } })
      if response and response.ok and not seen[response.body] then
        seen[response.body], found = true, found + 1
      end
      if found == count then
        return seen
      end
    end
    error(("only %d answered:\n%s"):format(found, program.program:output()), 2)
  end

  -- Its status; the local Slack goes on meanwhile.
  local function status_of(program)
    while program.program:is_running() do
      tasks.sleep(0.005)
    end
    return program.program:wait()
  end

  it("answers on one port from all of them, also after one was killed", function()
    run(function(program)
      wait_for(program, "(running as)", 2)
      local before = ask(program, 2)
      kill((next(before)))
      wait_for(program, "(running as)", 3)
      ask(program, 2)
      program.program:signal "TERM"
      assert.equal(0, status_of(program), program.program:output())
    end)
  end)

  it("does things by the clock in the first of them, and what is meant for each in each", function()
    run(function(program)
      wait_for(program, "(running as)", 2)
      wait_for(program, "INFO%s+worker 1 .-(alone)")
      wait_for(program, "INFO%s+worker 1 .-(every one)")
      wait_for(program, "INFO%s+worker 2 .-(every one)")
      program.program:signal "TERM"
      assert.equal(0, status_of(program), program.program:output())
      assert.not_matches("worker 2[^\n]*alone", program.program:output())
    end, nil, (APP:gsub("os%.exit", [[
      app:every(0.02, function() app.log:info "alone" end)
      app:every(0.02, { each_worker = true }, function() app.log:info "every one" end)
      os.exit]])))
  end)

  it("loads its scripts again in all of them on SIGHUP", function()
    run(function(program)
      wait_for(program, "(running as)", 2)
      local before = ask(program, 2)
      program.program:signal "HUP"
      wait_for(program, "SIGHUP: passed on to (2) workers")
      local seen = before
      repeat
        for answer in pairs(ask(program, 2)) do
          seen[answer] = true
        end
        local loads = { [1] = 0, [2] = 0 }
        for answer in pairs(seen) do
          local count = tonumber(answer:match " (%d+)$")
          loads[count] = loads[count] + 1
        end
      until loads[1] == 2 and loads[2] == 2
    end, nil, SCRIPTED)
  end)

  it("answers what has come before it ends on SIGTERM, in all of them", function()
    run(function(program, folder)
      wait_for(program, "(running as)", 2)
      local url, answers, who = url_of(program) .. "/slack/events", {}, {}
      local asked = 0
      repeat
        asked = asked + 1
        tasks.spawn(function()
          local response = signed.command(url, "/wait", nil, { secret = "0123456789abcdef",
            headers = { Connection = "close" } })
          table.insert(answers, response.body)
        end)
        wait_for(program, "waiting", asked)
        for number in program.program:output():gmatch "worker (%d)[^\n]* waiting" do
          who[number] = true
        end
      until who["1"] and who["2"]
      program.program:signal "TERM"
      wait_for(program, "(SIGTERM: stopping)", 3)
      assert.same({}, answers)
      files.write(folder .. "/go", "")
      assert.equal(0, status_of(program), program.program:output())
      live.wait(function() return #answers == asked end)
      for _, answer in ipairs(answers) do
        assert.matches('{"text":"gone %d+"}', answer)
      end
    end, nil, SCRIPTED)
  end)

  it("is warned of at the start that a storage in memory is not shared", function()
    run(function(program)
      wait_for(program, 'WARN[^\n]*(2) workers with storage = "memory:"')
    end)
  end)

  it("ends with a failure when its token is refused", function()
    run(function(program)
      assert.equal(1, status_of(program), program.program:output())
      assert.truthy(program.program:output():find("invalid_auth", 1, true))
    end, { SLACK_BOT_TOKEN = "xoxb-unknown" })
  end)

  it("is refused where the workers could not share what they need", function()
    local given = { app_token = "xapp-1", token = "xoxb-1", workers = 6 }
    assert.truthy(select(2, options.read(given)):find("12 Socket Mode connections", 1, true))
    local shared = {
      signing_secret = "0123456789abcdef", workers = 2, transport = "http",
      oauth = { client_id = "1", client_secret = "2", scopes = "commands" },
    }
    assert.truthy(select(2, options.read(shared)):find("storage that processes share", 1, true))
  end)
end)

describe("core.reserve_port", function()
  local core = require "slack.core"

  it("keeps a port for processes that share it, and tells which", function()
    local reserved <close> = assert(core.reserve_port("127.0.0.1", 0))
    local port = reserved:port()
    local second <close> = assert(core.reserve_port("127.0.0.1", port))
    assert.equal(port, second:port())
  end)

  for name, is_shared in pairs {
    ["that does not share"] = false,
    ["that would, as one started before"] = true,
  } do
    it("says when a program has the port " .. name, function()
      local mailbox = core.mailbox()
      local server = assert(core.http_server {
        mailbox = mailbox, source = 1, log = core.log(mailbox, 2, "off"), reuse_port = is_shared,
      })
      local reserved, message, code = core.reserve_port("127.0.0.1", server:port())
      server:close()
      assert.is_nil(reserved)
      assert.equal("address_in_use", code)
      assert.truthy(message:find("cannot listen on 127.0.0.1", 1, true))
    end)
  end
end)
