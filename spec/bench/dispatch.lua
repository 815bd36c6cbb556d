-- Measures the dispatch alone, in this process and without a network: what an event costs
-- with few and with many listeners of its kind, beside Bolt when that is installed; how many
-- events a second of CPU time is enough for, and where that time goes.

local cjson = require "cjson"
local figures = require "bench.figures"
local files = require "support.files"
local kinds = require "bench.kinds"
local profile = require "bench.profile"
local settings = require "bench.settings"

local BOLT = settings.NODE_MODULES .. "/@slack/bolt/package.json"
local OUR_COUNTS, BOLT_COUNTS = { 1, 100, 10000 }, { 1, 100 }

local KINDS = kinds.KINDS

-- Ours -------------------------------------------------------------------------------------

-- The apps of a kind, each with another number of listeners, in processes that wait for their
-- turn: each is measured beside the others within a tenth of a second.
local function start_apps(directory, kind)
  local apps = {}
  for i, count in ipairs(OUR_COUNTS) do
    local answers = ("%s/%d"):format(directory, count)
    assert(os.execute("mkfifo " .. answers))
    apps[i] = { orders = assert(io.popen(("%s spec/bench/dispatch_app.lua %s '%s' %d >%s"):format(
      settings.LUA, settings.BUILD, kind.name, count, answers), "w")) }
    apps[i].answers = assert(io.open(answers))
  end
  return apps
end

local function stop_apps(apps)
  for i, app in ipairs(apps) do
    app.orders:close()
    app.answers:close()
    apps[i] = nil
  end
end

local function ask(app, order, events)
  assert(app.orders:write(("%s %d\n"):format(order, events)))
  app.orders:flush()
  return assert(app.answers:read "n", "an app of the dispatch has ended")
end

-- Microseconds of each app, turn by turn; every other turn goes backward.
local function take_turns(apps, order, turns, events)
  local times = {}
  for i = 1, #apps do
    times[i] = {}
  end
  for turn = 1, turns do
    local first, last, step = 1, #apps, 1
    if turn % 2 == 0 then
      first, last, step = #apps, 1, -1
    end
    for i = first, last, step do
      times[i][turn] = ask(apps[i], order, events)
    end
  end
  for i = 1, #apps do
    times[i] = figures.new(times[i])
  end
  return times
end

-- What one round gives for a kind: by the number of listeners, and the two ratios.
local function measure_kind(kind, turns, events)
  local directory <close> = files.temporary()
  local apps <close> = setmetatable(start_apps(directory.path, kind), { __close = stop_apps })
  local times, result = take_turns(apps, "turn", turns, events), {}
  for i, figure in ipairs(times) do
    result[i] = figure.median
  end
  result.ratio = figures.ratio(times[#times], times[1]).median
  local still = take_turns({ apps[1], apps[#apps] }, "still", turns // 2 + 1, events // 4)
  result.alone = figures.ratio(still[2], still[1]).median
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
  local turns, events = report.is_quick and 1 or 8, report.is_quick and 500 or 3000
  local ours = report:run(KINDS, function(kind) return measure_kind(kind, turns, events) end)
  print_table(report, ours, measure_bolt(report, report.is_quick and 100 or 1000))
  profile(report)
end
