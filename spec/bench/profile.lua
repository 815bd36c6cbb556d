-- Where the CPU time of an event goes that comes over Socket Mode: from its text to the end
-- of its handler, all but the socket thread. By stages, and by the instructions of the Lua
-- machine that each file has executed (BENCH_PROFILE=1 lists them).

local figures = require "bench.figures"
local json = require "slack.json"
local offline = require "bench.offline"
local tasks = require "slack.tasks"

local STEP <const> = 97 -- instructions between two samples
local LINES <const> = 24

local IS_WANTED = (os.getenv "BENCH_PROFILE" or "") ~= ""

-- A message as Slack sends it, 1.3 KB.
local TEMPLATE = [[{"token":"verification","team_id":"T02MOON4XYZ","context_team_id":"T02MOON4XYZ",
"context_enterprise_id":null,"api_app_id":"A0123456789","event":{"type":"message",
"user":"U03ADA5K1QW","ts":"1700000001.000200",
"client_msg_id":"2e1f7d2e-93f4-4a1c-8b44-4c3f2f1b0a17",
"text":"hello","team":"T02MOON4XYZ","blocks":[{"type":"rich_text","block_id":"xYz1","elements":[
{"type":"rich_text_section","elements":[{"type":"text","text":"hello"},{"type":"text","text":"%s"}]}
]}],"channel":"C07DEPLOY42","event_ts":"1700000001.000200","channel_type":"channel"},
"type":"event_callback","event_id":"Ev%09d","event_time":1700000001,"authorizations":[
{"enterprise_id":null,"team_id":"T02MOON4XYZ","user_id":"U05BOTUSR01","is_bot":true,
"is_enterprise_install":false}],"is_ext_shared_channel":false,
"event_context":"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMDJNT09ONFhZWiJ9"}]]

local made = 0

-- As the socket thread hands them on.
local function new_events(count)
  local list, filling = {}, ("x"):rep(400)
  for i = 1, count do
    made = made + 1
    list[i] = offline.parts(TEMPLATE:format(filling, made))
  end
  return list
end

local function listen(app)
  app:event("message", function() end)
end

local function take_all(take, list)
  for i = 1, #list do
    take(list[i])
  end
end

-- Stages -----------------------------------------------------------------------------------

local function decoding(list)
  return offline.seconds_of(function()
    for i = 1, #list do
      json.decode(list[i].event)
    end
  end)
end

local function without_dispatch(list)
  local take, app = offline.transport(listen)
  app.dispatch.request = function() end
  return offline.seconds_of(function() take_all(take, list) end)
end

local function whole(list)
  local take, app = offline.transport(listen)
  local seconds = offline.seconds_of(function() take_all(take, list) end)
  assert(app.dispatch.counts.handled == #list, "not every event was handled")
  return seconds
end

local function measure_stages(events)
  local list = new_events(events)
  local decoded, requested, all = decoding(list), without_dispatch(list), whole(list)
  return {
    decoding = decoded / events * 1e6, request = (requested - decoded) / events * 1e6,
    dispatch = (all - requested) / events * 1e6, all = all / events * 1e6,
  }
end

---@type string[][]
local STAGES <const> = {
  { "decoding, in C", "decoding" }, { "the transport's request", "request" },
  { "dispatch: listeners, context, job, task, metrics", "dispatch" }, { "all", "all" },
}

local function print_stages(report, events)
  local one = { name = "stages" }
  local results = report:run({ one }, function() return measure_stages(events) end)[one]
  local rows = {}
  for i, stage in ipairs(STAGES) do
    local figure = figures.collect(results, function(result) return result[stage[2]] end)
    local share = figures.collect(results, function(r) return r[stage[2]] / r.all * 100 end)
    rows[i] = { stage[1], report:cell("%.2f", "stages", "lua-slack", stage[1] .. ", us of CPU",
      figure, "less"), ("%.0f%%"):format(share.median) }
  end
  report:table {
    title = "An event of 1.3 KB on the Lua thread, from its text to its handler's end",
    heads = { "stage", "us of CPU", "share" }, rows = rows, is_detail = true,
  }
end

-- Instructions -----------------------------------------------------------------------------

local function sampler(by_file, by_function)
  return function()
    local info = debug.getinfo(2, "S")
    local file = info.short_src:match "[^/]*$"
    local name = ("%s:%d"):format(file, info.linedefined)
    by_file[file] = (by_file[file] or 0) + 1
    by_function[name] = (by_function[name] or 0) + 1
  end
end

local function print_samples(report, what, samples, events)
  local names, total, rows = {}, 0, {}
  for name, count in pairs(samples) do
    names[#names + 1] = name
    total = total + count
  end
  table.sort(names, function(a, b) return samples[a] > samples[b] end)
  for i = 1, math.min(#names, LINES) do
    local count = samples[names[i]]
    rows[i] = { names[i], ("%.0f"):format(count * STEP / events),
      ("%.1f%%"):format(count / total * 100) }
  end
  report:table {
    title = ("Instructions of the Lua machine by %s: %.0f an event"):format(what,
      total * STEP / events),
    heads = { "where", "instructions", "share" }, rows = rows, is_detail = true,
  }
end

-- The coroutine of a task that has ended runs the next: what is set there, stays.
local function print_instructions(report, events)
  local by_file, by_function = {}, {}
  local sample = sampler(by_file, by_function)
  local take = offline.transport(listen)
  local list = new_events(events)
  tasks.spawn(function() debug.sethook(sample, "", STEP) end)
  debug.sethook(sample, "", STEP)
  take_all(take, list)
  debug.sethook()
  tasks.spawn(function() debug.sethook() end)
  print_samples(report, "file", by_file, events)
  print_samples(report, "function", by_function, events)
end

---@param report bench.Report
return function(report)
  print_stages(report, report.is_quick and 2000 or 20000)
  if IS_WANTED then
    print_instructions(report, report.is_quick and 2000 or 20000)
  end
end
