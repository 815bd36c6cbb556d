-- Measures the dispatch alone, in this process and without a network: what an event costs
-- with few and with many listeners of its kind, beside Bolt when that is installed; how many
-- events a second of CPU time is enough for, and where that time goes.

local cjson = require "cjson"
local figures = require "bench.figures"
local kinds = require "bench.kinds"
local offline = require "bench.offline"
local profile = require "bench.profile"
local settings = require "bench.settings"

local BOLT = settings.NODE_MODULES .. "/@slack/bolt/package.json"
local OUR_COUNTS, BOLT_COUNTS = { 1, 100, 10000 }, { 1, 100 }

local KINDS = kinds.KINDS

-- Ours -------------------------------------------------------------------------------------

local made = 0

local function deliver_all(app, kind, bodies, events)
  for i = 1, events do
    local body = bodies[i % #bodies + 1]
    if body.event then
      made = made + 1
      body.event_id = "Ev" .. made -- else it is passed over as handled before
    end
    offline.deliver(app, body, kind.came_as)
  end
end

local function app_with(kind, count, handler)
  local app = offline.new()
  for i = 1, count do
    kinds.listen(app, kind, i, handler)
  end
  return app
end

-- An app whose handlers count what they take, with what is made at its first use.
local function counting_app(kind, count)
  local taken = {}
  local app = app_with(kind, count, function() taken.count = taken.count + 1 end)
  local bodies = kinds.bodies(kind, count)
  taken.count = 0
  deliver_all(app, kind, bodies, 10 * #bodies)
  taken.count = 0
  return function(events)
    deliver_all(app, kind, bodies, events)
    assert(taken.count == events, "not every event met its listener")
    taken.count = 0
  end
end

-- Alone in its heap, as the collector walks over all listeners.
local function microseconds(kind, count, events)
  local run = counting_app(kind, count)
  return offline.seconds_of(function() run(events) end) / events * 1e6
end

-- How much more 10,000 cost than 1 while the collector stands still: the least of blocks
-- that take turns, so that both meet the same weather.
local function ratio_without_collector(kind, blocks, events)
  local counts = { OUR_COUNTS[1], OUR_COUNTS[3] }
  local runs, least = {}, { math.huge, math.huge }
  for i, count in ipairs(counts) do
    runs[i] = counting_app(kind, count)
  end
  for _ = 1, blocks do
    for i, run in ipairs(runs) do
      least[i] = math.min(least[i], offline.seconds_of(function()
        collectgarbage "stop"
        run(events)
      end))
      collectgarbage "restart"
    end
  end
  return least[2] / least[1]
end

-- What one round gives for a kind: by the number of listeners, and the two ratios.
local function measure_kind(kind, events, blocks)
  local result = { alone = ratio_without_collector(kind, blocks, events // 50) }
  for i, count in ipairs(OUR_COUNTS) do
    result[i] = microseconds(kind, count, events)
  end
  result.ratio = result[3] / result[1]
  return result
end

-- Bolt -------------------------------------------------------------------------------------

local BOLT_KINDS = {}
for _, kind in ipairs(KINDS) do
  if not kind.what then
    BOLT_KINDS[#BOLT_KINDS + 1] = kind
  end
end

local function bolt_plan(events)
  local plan = {}
  for i, kind in ipairs(BOLT_KINDS) do
    local cases = {}
    for j, count in ipairs(BOLT_COUNTS) do
      local ids = {}
      for k = 1, count do
        ids[k] = kind.id:format(k)
      end
      local bodies = kinds.bodies(kind, count)
      cases[j] = { ids = ids, bodies = bodies, events = math.max(20, events // count) }
    end
    plan[i] = { method = kind.method == "func" and "function" or kind.method, cases = cases }
  end
  return plan
end

-- One process for each round: what a program is measured by does not age with it.
local function measure_bolt(report, events)
  local file = settings.wants "Bolt" and io.open(BOLT)
  if not file then
    report:say "(Bolt's dispatch is not measured: see make bench-deps)"
    return nil
  end
  file:close()
  local path = settings.BENCH .. "/dispatch.json"
  local plan <close> = assert(io.open(path, "w"))
  assert(plan:write(cjson.encode(bolt_plan(events))))
  assert(plan:flush())
  local results = {}
  for i = 1, report.rounds do
    local pipe <close> = assert(io.popen(("NODE_PATH=%s node spec/bench/peers/%s %s"):format(
      settings.NODE_MODULES, "bolt_dispatch.js", path)))
    results[i] = cjson.decode((pipe:read "a"))
  end
  return results
end

-- The table --------------------------------------------------------------------------------

local LISTENERS <const> = { "1", "100", "10,000" }

local function cells_of_ours(report, kind, results)
  local cells = { kind.name }
  local function cell(what, format, key)
    local figure = figures.collect(results, function(result) return result[key] end)
    cells[#cells + 1] = report:cell(format, kind.name, "lua-slack", what, figure, "less")
  end
  for i, count in ipairs(LISTENERS) do
    cell("us of CPU with " .. count, "%.1f", i)
  end
  cell("10,000 : 1", "%.2f", "ratio")
  cell("10,000 : 1 while the collector stands still", "%.2f", "alone")
  return cells
end

local function cells_of_bolt(report, kind, results, place)
  local cells = {}
  for i, count in ipairs(BOLT_COUNTS) do
    local figure = figures.collect(results, function(result) return result[place][i] end)
    cells[i] = report:add(kind.name, "Bolt", "us of CPU with " .. count, figure)
  end
  return ("%.0f, %.0f"):format(cells[1].median, cells[2].median)
end

local function print_table(report, ours, bolt)
  local heads = { "kind", "us with 1", "100", "10,000 listeners", "10,000 : 1",
    "the same while the collector stands still", bolt and "Bolt: us with 1, 100" }
  local rows, places = {}, {}
  for place, kind in ipairs(BOLT_KINDS) do
    places[kind] = place
  end
  for i, kind in ipairs(KINDS) do
    rows[i] = cells_of_ours(report, kind, ours[kind])
    if bolt then
      table.insert(rows[i], places[kind] and cells_of_bolt(report, kind, bolt, places[kind]) or "–")
    end
  end
  report:table {
    title = "Dispatch by the number of listeners of an event's kind, on the Lua thread",
    note = "from the decoded payload to the end of a handler that counts", heads = heads,
    rows = rows,
  }
end

---@param report bench.Report
return function(report)
  local events, blocks = report.is_quick and 1000 or 10000, report.is_quick and 1 or 10
  local ours = report:run(KINDS, function(kind) return measure_kind(kind, events, blocks) end)
  print_table(report, ours, measure_bolt(report, report.is_quick and 100 or 1000))
  profile(report)
end
