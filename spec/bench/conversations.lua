-- Measures conversations: what one costs that waits, what its beginning and its end cost,
-- and what becomes of the cost of other events while many wait. Without a network, each round
-- in a process of its own, as a heap that has been large is another.
--   lua5.4 spec/bench/conversations.lua BUILD_DIRECTORY COUNT EVENTS

local IS_ROUND <const> = ... ~= "bench.conversations"
if IS_ROUND then
  package.cpath = arg[1] .. "/?.so;" .. package.cpath
  package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
end

local figures = require "bench.figures"
local json = require "slack.json"
local loop = require "slack.loop"
local offline = require "bench.offline"
local settings = require "bench.settings"
local tasks = require "slack.tasks"

local TASKS <const>, BATCH <const> = 50000, 100

-- Events -----------------------------------------------------------------------------------

-- A message as Slack sends it, 1.3 KB.
local TEMPLATE = [[{"token":"verification","team_id":"T02MOON4XYZ","context_team_id":"T02MOON4XYZ",
"context_enterprise_id":null,"api_app_id":"A0123456789","event":{"type":"message","user":"%s",
"ts":"1700000%03d.%06d","client_msg_id":"2e1f7d2e-93f4-4a1c-8b44-4c3f2f1b0a17","text":"%s",
"team":"T02MOON4XYZ","blocks":[{"type":"rich_text","block_id":"xYz1","elements":[
{"type":"rich_text_section","elements":[{"type":"text","text":"%s"},{"type":"text","text":"%s"}]}
]}],"channel":"%s","event_ts":"1700000000.000100","channel_type":"channel"},
"type":"event_callback","event_id":"Ev%09d","event_time":1700000000,"authorizations":[
{"enterprise_id":null,"team_id":"T02MOON4XYZ","user_id":"U05BOTUSR01","is_bot":true,
"is_enterprise_install":false}],"is_ext_shared_channel":false,
"event_context":"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMDJNT09ONFhZWiJ9"}]]

local made = 0

local function deliver(app, text, user, channel)
  made = made + 1
  local body = json.decode(TEMPLATE:format(user, made // 1000000, made % 1000000, text, text,
    ("x"):rep(400), channel, made))
  offline.deliver(app, body, "event")
end

local function person(i)
  return ("U%08d"):format(i), ("C%08d"):format(i % 1000)
end

local function run_loop()
  repeat
    loop.step(0)
  until (loop.timeout() or 1) > 0
end

local seconds_of = offline.seconds_of

local function bytes_now()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count" * 1024
end

local function resident()
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read "a":match "VmRSS:%s*(%d+)") * 1024
end

-- A round ----------------------------------------------------------------------------------

local function measure_tasks(result)
  local function nothing() end
  result.task = seconds_of(function()
    for _ = 1, TASKS do
      tasks.spawn(nothing)
    end
    run_loop()
  end) / TASKS * 1e6
  result.waiting_task = seconds_of(function()
    for _ = 1, TASKS // BATCH do
      local waiters = {}
      for i = 1, BATCH do
        waiters[i] = tasks.waiter()
        tasks.spawn(waiters[i].await, waiters[i])
      end
      for i = 1, BATCH do
        waiters[i]:resolve(i)
      end
      run_loop()
    end
  end) / TASKS * 1e6
end

-- A message of somebody who is not waited for, to a listener that does nothing.
local function dispatch_cost(app, events)
  return seconds_of(function()
    for i = 1, events do
      deliver(app, "hello", "U9", "C9")
      if i % BATCH == 0 then
        run_loop()
      end
    end
  end) / events * 1e6
end

local function say_all(app, text, count)
  return seconds_of(function()
    for i = 1, count do
      deliver(app, text, person(i))
      if i % BATCH == 0 then
        run_loop()
      end
    end
    run_loop()
  end) / count * 1e6
end

local function measure_waiting(result, count, events)
  local app, answered = offline.new(), 0
  app:event("message", function() end)
  app:message("ask", function(c)
    local answer = c:ask("Which branch?", { timeout = 86400 })
    answered = answered + (answer.text == "main" and 1 or 0)
  end)
  result.none = dispatch_cost(app, events)
  local before, resident_before = bytes_now(), resident()
  result.asking = say_all(app, "ask", count)
  assert(app.dispatch.waits.count == count, "not all wait")
  result.bytes = (bytes_now() - before) / count
  result.resident = (resident() - resident_before) / count
  result.many = dispatch_cost(app, events)
  result.answering = say_all(app, "main", count)
  assert(answered == count and app.dispatch.waits.count == 0, "not all were answered")
end

if IS_ROUND then
  local result = {}
  measure_tasks(result)
  measure_waiting(result, math.tointeger(arg[2]), math.tointeger(arg[3]))
  print(json.encode(result))
  return
end

-- The table --------------------------------------------------------------------------------

local function round(count, events)
  local pipe <close> = assert(io.popen(("%s spec/bench/conversations.lua %s %d %d"):format(
    settings.LUA, settings.BUILD, count, events)))
  return assert(json.decode((pipe:read "a")))
end

local function thousands(count)
  return (("%d"):format(count):gsub("000$", ",000"))
end

---@param report bench.Report
return function(report)
  local cases, rows = { { count = 10000 }, not report.is_quick and { count = 100000 } or nil }, {}
  local results = report:run(cases, function(case)
    return round(case.count, report.is_quick and 2000 or 30000)
  end)
  local function add(results_, group, text, format, what, key)
    local figure = figures.collect(results_, function(r) return r[key] end)
    rows[#rows + 1] = { text, report:cell(format, group, "lua-slack", what, figure, "less") }
  end
  local first = results[cases[1]]
  add(first, "tasks", "a task, begun and ended", "%.1f us", "begun and ended, us", "task")
  add(first, "tasks", "a task that waits and is woken", "%.1f us", "with a wait, us",
    "waiting_task")
  add(first, "waiting 0", "an event of 1.3 KB, decoded and handled, while none waits", "%.1f us",
    "an event, us", "none")
  for _, case in ipairs(cases) do
    local group, some = "waiting " .. case.count, thousands(case.count)
    add(results[case], group, ("the same while %s conversations wait"):format(some), "%.1f us",
      "an event, us", "many")
  end
  local last = cases[#cases]
  local group, of = "waiting " .. last.count, results[last]
  add(of, group, "an event that begins a conversation", "%.1f us", "beginning, us", "asking")
  add(of, group, "an event that answers and ends it", "%.1f us", "answering, us", "answering")
  add(of, group, "Lua memory of one that waits", "%.0f bytes", "Lua bytes", "bytes")
  add(of, group, "resident memory of one that waits", "%.0f bytes", "resident bytes", "resident")
  report:table {
    title = "Conversations, on the Lua thread", heads = { "what", "costs" }, rows = rows,
  }
end
