-- Measures conversations: what one costs that waits, what its beginning and its end cost,
-- and what becomes of the cost of other events while many wait. All in this process, without
-- a network; a part of spec/bench/run.lua.

local figures = require "bench.figures"
local json = require "slack.json"
local loop = require "slack.loop"
local offline = require "bench.offline"
local tasks = require "slack.tasks"

local EVENTS <const>, TASKS <const>, BATCH <const> = 50000, 100000, 100

local row = figures.row

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

local function us(value)
  return ("%.1f us of CPU"):format(value)
end

-- Figures ----------------------------------------------------------------------------------

local function bench_tasks()
  local function nothing() end
  local seconds = seconds_of(function()
    for _ = 1, TASKS do
      tasks.spawn(nothing)
    end
    run_loop()
  end)
  row("a task: begun and ended", us(seconds / TASKS * 1e6))
  seconds = seconds_of(function()
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
  end)
  row("a task: begun, waiting, woken and ended", us(seconds / TASKS * 1e6))
end

-- A message of somebody who is not waited for, to a no-op listener.
local function dispatch_cost(app)
  local best = math.huge
  for _ = 1, 3 do
    best = math.min(best, seconds_of(function()
      for i = 1, EVENTS do
        deliver(app, "hello", "U9", "C9")
        if i % BATCH == 0 then
          run_loop()
        end
      end
    end))
  end
  return best / EVENTS * 1e6
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

local function bench_waiting(count)
  local app, answered = offline.new(), 0
  app:event("message", function() end)
  app:message("ask", function(c)
    local answer = c:ask("Which branch?", { timeout = 86400 })
    answered = answered + (answer.text == "main" and 1 or 0)
  end)
  local none = dispatch_cost(app)
  local before, resident_before = bytes_now(), resident()
  local asking = say_all(app, "ask", count)
  assert(app.dispatch.waits.count == count, "not all wait")
  local each = (bytes_now() - before) / count
  local resident_each = (resident() - resident_before) / count
  local many = dispatch_cost(app)
  local answering = say_all(app, "main", count)
  assert(answered == count and app.dispatch.waits.count == 0, "not all were answered")
  row("an event of 1.3 KB, decoded and handled, while none waits", us(none))
  row(("the same while %d conversations wait"):format(count), us(many))
  row("one that begins a conversation, which asks and waits", us(asking))
  row("one that answers, and ends it", us(answering))
  row("Lua memory of a conversation that waits", ("%.0f bytes"):format(each))
  row("resident memory of one", ("%.0f bytes"):format(resident_each))
end

---Prints the figures.
---@param count integer of conversations that wait
return function(count)
  figures.heading("Conversations, on the Lua thread alone", "what", "costs")
  bench_tasks()
  bench_waiting(count)
end
