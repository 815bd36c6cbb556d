-- Makes and drops everything of the Lua runtime many times.
local core = require "slack.core"
local footprint = require "support.footprint"
local json = require "slack.json"
local log = require "slack.log"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local function waiting_lines()
  local mailbox = core.mailbox(100, 10000)
  local lines = core.log(mailbox, 1, "debug")
  for i = 1, 300 do
    lines:write("info", "line " .. i)
  end
  mailbox:take()
  mailbox:take()
  return mailbox
end

local function cancelled_waits()
  local sleeper = tasks.spawn(tasks.sleep, 100)
  local group = tasks.spawn(tasks.all, { function() tasks.sleep(50) end, sleeper })
  loop.step(0)
  group:cancel()
  assert(sleeper:is_done())
end

local function one_round()
  loop.use(nil)
  local signals = assert(core.signals { "INT", "TERM", "HUP" })
  loop.watch(signals:fd(), print)
  local watch = core.file_watch()
  if watch then
    assert(watch:add("."))
    loop.watch(watch:fd(), print)
  end
  waiting_lines():close()
  waiting_lines() -- left to the garbage collector
  log.new({ sink = function() end }):core():write("info", "text")
  cancelled_waits()
  tasks.run(tasks.sleep, 0.001)
  assert(json.decode(assert(json.encode { json.list(), 0.1, 12345678901234567, { a = "é" } })))
  assert(not json.decode '{"a":[1,{"b":"\\u00e9\\n"},')
  assert(#core.list_directory(".") > 0 and core.stat("."))
  signals:close()
  if watch then
    watch:close()
  end
end

footprint.rounds(30, one_round)
