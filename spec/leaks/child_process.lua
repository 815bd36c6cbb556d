-- Starts programs, hears them out, kills them in the middle, lets them go, and fails to start.
local ChildProcess = require "slack.child_process"
local core = require "slack.core"
local footprint = require "support.footprint"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local function shell(text, options)
  options = options or {}
  options.arguments = { "sh", "-c", text }
  return assert(ChildProcess.start(options))
end

local function one_round()
  loop.use(nil)
  tasks.run(function()
    local lines = 0
    local child = shell("echo one; echo two >&2; exit 3", {
      environment = { A = "b", HOME = false }, directory = "/",
      on_line = function() lines = lines + 1 end,
    })
    assert(child:wait(60) and child.code == 3 and lines == 2)
    assert(shell "exec sleep 600":stop(60))
    shell "exec sleep 600":close()
  end)
  assert(not ChildProcess.start { arguments = { "/nowhere/at/all" } })
  assert(not ChildProcess.start { arguments = { "true" }, directory = "/nowhere" })
  -- left to the garbage collector
  assert(core.child_process { arguments = { "sleep", "600" } })
  assert(not pcall(core.child_process, { arguments = { "true", 1 } }))
end

footprint.rounds(8, one_round)
