-- The local Slack with its page and examples/hello, each in a process of its own, TLS
-- between them: plays a short conversation, then lets you talk, here and in the page.
-- `make demo` runs it from the top of the tree; STAY=0 ends it behind the play, STAY=1 lets
-- it stay also where no person is at a terminal.

package.path = arg[0]:match "^(.*)/" .. "/?.lua;" .. package.path

local Bot = require "bot"
local Screen = require "slack.command.talk.screen"
local Talk = require "slack.command.talk"
local core = require "slack.core"
local interrupts = require "slack.interrupts"
local play = require "play"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"

local CONNECT_WITHIN = 10

-- A person watches: colors, and time to read.
local IS_TERMINAL = core.is_terminal(1)
local PACE = 0.7

local TRY = [[

  It is your turn, here or in a browser: %s
  Try "book a table", /lunch PLACE, /rate. The bot's handlers are in
  %s: edit one, save, and talk on. Ctrl-C ends it.
]]

-- What is said without a traceback: that an answer did not come, and what has one already.
local function explain(err)
  local is_told = type(err) == "string" and (err:find "^no " or err:find "\nstack traceback:")
  return is_told and err or debug.traceback(err)
end

local function ids(connections)
  local list = {}
  for i, connection in ipairs(connections) do
    list[i] = connection.id
  end
  table.sort(list)
  return table.concat(list, ",")
end

local function connect(stage)
  local first = stage.slack:wait_connections(1, CONNECT_WITHIN)
  if not first then
    error("the bot did not connect in time", 0)
  end
  stage.screen:note(("The bot (pid %d) runs examples/hello/bot.lua and has connected")
    :format(stage.bot.process.pid), core.monotonic() - stage.bot.started_at)
  stage.connections = assert(stage.slack:wait_connections(2, CONNECT_WITHIN),
    "the second connection did not come")
  stage.screen:pause()
end

local function finish(stage)
  local screen = stage.screen
  local kept = ids(stage.slack:connections()) == ids(stage.connections)
  screen:pause()
  screen:note(("%d answers, the slowest after"):format(stage.answers), stage.slowest)
  screen:note(("%d connections over TLS, %s"):format(#stage.connections,
    kept and "the same ones from first to last" or "NOT the same ones from first to last"))
  return kept
end

local function stop(stage)
  local began = core.monotonic()
  local exit = stage.bot:stop()
  stage.screen:note("The bot was asked to stop and " .. exit, core.monotonic() - began)
  return exit == "ended"
end

-- Raises as fn does; or false when Ctrl-C comes before its end.
local function unless_interrupted(stage, fn)
  local ok, err = tasks.race {
    function()
      return xpcall(fn, explain, stage)
    end,
    function()
      stage.interrupt.waiter:await()
      return false
    end,
  }
  if err then
    error(err, 0)
  end
  return ok
end

local function show(stage)
  connect(stage)
  play(stage)
end

local function is_to_stay()
  local wanted = os.getenv "STAY"
  if wanted == "1" or wanted == "0" then
    return wanted == "1"
  end
  return IS_TERMINAL and core.is_terminal(0)
end

-- Of the bot's log only what has to do with its scripts, and troubles.
local function show_log(stage, talk, line)
  if line:find " scripts " or line:find " WARN " or line:find " ERROR " then
    talk:aside(function() stage.screen:log(line, stage.bot.directory) end)
  end
end

local function stay(stage)
  stage.bot:edit("greet.lua", "function%(c\n", "function(c)\n") -- what the play has broken
  local talk = Talk.new {
    slack = stage.slack, screen = stage.screen, ends_with_input = true,
    help = TRY:format(stage.slack:page_url(), stage.bot.directory .. "/handlers"),
  }
  stage.bot.on_line = function(line) show_log(stage, talk, line) end
  stage.interrupt.on_signal = function() talk:stop() end
  talk:run()
end

local function perform(stage)
  if not unless_interrupted(stage, show) then
    print()
    stage.screen:note("Interrupted")
    stop(stage)
    return false
  end
  local kept = finish(stage)
  if is_to_stay() then
    stage.screen:pause()
    stay(stage)
  end
  return stop(stage) and kept
end

local function main()
  local interrupt = { waiter = tasks.waiter() }
  local guard <close> = interrupts.listen(function() -- luacheck: ignore 211
    if interrupt.on_signal then
      interrupt.on_signal()
    end
    interrupt.waiter:resolve()
  end)
  local slack_here <close> = assert(sandbox.start { bot_name = "hello", page = true })
  local screen = Screen.new(slack_here, IS_TERMINAL and not os.getenv "NO_COLOR",
    IS_TERMINAL and PACE or 0)
  screen:pause()
  screen:note("A local Slack listens on " .. slack_here.api_url)
  screen:line("page", slack_here:page_url())
  local bot <close> = Bot.start(slack_here)
  local stage = {
    slack = slack_here, bot = bot, screen = screen, interrupt = interrupt, answers = 0, slowest = 0,
  }
  local ok, result = xpcall(perform, explain, stage)
  if not ok then
    screen:line("FAILED", tostring(result), nil, "bad")
    screen:note("What the bot logged:")
    print(table.concat(bot.lines, "\n"))
  end
  return ok and result
end

os.exit(tasks.run(main) and 0 or 1, true)
