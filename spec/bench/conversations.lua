-- Measures conversations: what one costs that waits, what its beginning and its end cost,
-- and what becomes of the cost of other events while many wait. Without a network, each round
-- in a process of its own, as a heap that has been large is another.
--   lua5.4 spec/bench/conversations.lua BUILD_DIRECTORY EVENTS COUNT [COUNT ...]

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

local function say_all(app, text, first, last)
  return seconds_of(function()
    for i = first, last do
      deliver(app, text, person(i))
      if i % BATCH == 0 then
        run_loop()
      end
    end
    run_loop()
  end) / (last - first + 1) * 1e6
end

-- With so many conversations that wait, and then with more; what one costs is that of the last.
local function measure_waiting(result, counts, events)
  local app, answered = offline.new(), 0
  app:event("message", function() end)
  app:message("ask", function(c)
    local answer = c:ask("Which branch?", { timeout = 86400 })
    answered = answered + (answer.text == "main" and 1 or 0)
  end)
  result.none = dispatch_cost(app, events)
  local bytes_before, resident_before, waiting = bytes_now(), resident(), 0
  for _, count in ipairs(counts) do
    result.asking = say_all(app, "ask", waiting + 1, count)
    waiting = count
    assert(app.dispatch.waits.count == count, "not all wait")
    result.bytes = (bytes_now() - bytes_before) / count
    result.resident = (resident() - resident_before) / count
    result["with " .. count] = dispatch_cost(app, events)
  end
  result.answering = say_all(app, "main", 1, waiting)
  assert(answered == waiting and app.dispatch.waits.count == 0, "not all were answered")
end

if IS_ROUND then
  local result = {}
  measure_tasks(result)
  local counts = {}
  for i = 3, #arg do
    counts[i - 2] = math.tointeger(arg[i])
  end
  measure_waiting(result, counts, math.tointeger(arg[2]))
  print(json.encode(result))
  return
end

-- The table --------------------------------------------------------------------------------

local function round(counts, events)
  local pipe <close> = assert(io.popen(("%s spec/bench/conversations.lua %s %d %s"):format(
    settings.LUA, settings.BUILD, events, table.concat(counts, " "))))
  return assert(json.decode((pipe:read "a")))
end

local function thousands(count)
  return (("%d"):format(count):gsub("000$", ",000"))
end

---@param report bench.Report
return function(report)
  local counts, rows = report.is_quick and { 2000 } or { 10000, 100000 }, {}
  local results = report:run({ counts }, function()
    return round(counts, report.is_quick and 2000 or 30000)
  end)[counts]
  local function add(text, group, what, format, key)
    local figure = figures.collect(results, function(result) return result[key] end)
    rows[#rows + 1] = { text, report:cell(format, group, "lua-slack", what, figure, "less") }
  end
  add("a task, begun and ended", "tasks", "begun and ended, us", "%.1f us", "task")
  add("a task that waits and is woken", "tasks", "with a wait, us", "%.1f us", "waiting_task")
  add("an event of 1.3 KB, decoded and handled, while none waits", "waiting 0", "an event, us",
    "%.1f us", "none")
  for _, count in ipairs(counts) do
    add(("the same while %s conversations wait"):format(thousands(count)), "waiting " .. count,
      "an event, us", "%.1f us", "with " .. count)
  end
  local last = "waiting " .. counts[#counts]
  add("an event that begins a conversation", last, "beginning, us", "%.1f us", "asking")
  add("an event that answers and ends it", last, "answering, us", "%.1f us", "answering")
  add("Lua memory of one that waits", last, "Lua bytes", "%.0f bytes", "bytes")
  add("resident memory of one that waits", last, "resident bytes", "%.0f bytes", "resident")
  report:table {
    title = "Conversations, on the Lua thread", heads = { "what", "costs" }, rows = rows,
  }
end
