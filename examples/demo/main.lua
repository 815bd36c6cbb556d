-- The local Slack and examples/hello, each in a process of its own, TLS between
-- them: plays a short conversation, then, with STAY=1, lets you talk.
-- `make demo` runs it from the top of the tree.

package.path = arg[0]:match "^(.*)/" .. "/?.lua;" .. package.path

local Bot = require "bot"
local Screen = require "screen"
local core = require "slack.core"
local interrupts = require "slack.interrupts"
local play = require "play"
local sandbox = require "slack.sandbox"
local stay = require "stay"
local tasks = require "slack.tasks"

local CONNECT_WITHIN = 10

-- A person watches: colors, and time to read.
local IS_TERMINAL = core.is_terminal(1)
local PACE = 0.7

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
    :format(stage.bot.pid), core.monotonic() - stage.bot.started_at)
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
  stage.bot:stop()
  stage.slack:wait(function() return #stage.slack:connections() == 0 end, 5)
  local status = stage.bot:collect()
  stage.screen:note(("The bot was asked to stop and ended with status %d"):format(status),
    core.monotonic() - began)
  return status == 0
end

-- Raises as fn does; or false when Ctrl-C comes before its end.
local function unless_interrupted(stage, fn)
  local ok, err = tasks.race {
    function()
      return xpcall(fn, explain, stage)
    end,
    function()
      stage.interrupt:await()
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

local function perform(stage)
  if not unless_interrupted(stage, show) then
    print()
    stage.screen:note("Interrupted")
    stop(stage)
    return false
  end
  local kept = finish(stage)
  if os.getenv "STAY" == "1" then
    stage.screen:pause()
    stay(stage)
  end
  return stop(stage) and kept
end

local function main()
  local interrupt = tasks.waiter()
  local guard <close> = interrupts.listen(function() -- luacheck: ignore 211
    interrupt:resolve()
  end)
  local slack_here <close> = assert(sandbox.start { bot_name = "hello" })
  local screen = Screen.new(slack_here, IS_TERMINAL and not os.getenv "NO_COLOR",
    IS_TERMINAL and PACE or 0)
  screen:pause()
  screen:note("A local Slack listens on " .. slack_here.api_url)
  local bot <close> = Bot.start(slack_here, arg[-1] or "lua5.4")
  local stage = {
    slack = slack_here, bot = bot, screen = screen, interrupt = interrupt, answers = 0, slowest = 0,
  }
  local ok, result = xpcall(perform, explain, stage)
  if not ok then
    screen:line("FAILED", tostring(result), nil, "bad")
    screen:note("What the bot logged:")
    print(bot:log())
  end
  return ok and result
end

os.exit(tasks.run(main) and 0 or 1, true)
