-- What a run has found: every figure, for the file, and the tables, which are printed as
-- they come.

local core = require "slack.core"
local figures = require "bench.figures"
local markdown = require "bench.markdown"

---@class bench.Report
---@field rounds integer
---@field is_quick boolean
---@field figures table[] as they go into the file
---@field seconds table<string, number> that each part took
---@field failed table<string, string> parts that could not be measured to their end, and why
---@field tables bench.Table[]
local Report = {}
Report.__index = Report

---@class bench.Column
---@field name string with its unit
---@field format string
---@field get fun(result: table): number?
---@field better "less"|"more"|nil which way is good; nil: neither
---@field is_cost boolean? what the others are beside the first one by; at most one column
---@field is_quiet boolean? for the file alone

---@param settings { rounds: integer, is_quick: boolean }
---@param print_line? fun(text: string)
---@return bench.Report
function Report.new(settings, print_line)
  return setmetatable({
    rounds = settings.rounds, is_quick = settings.is_quick, print_line = print_line or print,
    figures = {}, tables = {}, seconds = {}, failed = {}, part = "",
  }, Report)
end

---Keeps a figure.
---@param group string which measurement of the part it is of
---@param who string
---@param what string with its unit
---@param values number[]|bench.Figure
---@param better? "less"|"more"
---@return bench.Figure
function Report:add(group, who, what, values, better)
  local figure = values.values and values or figures.new(values)
  table.insert(self.figures, {
    part = self.part, group = group, who = who, what = what, better = better,
    values = figure.values,
  })
  return figure
end

---Keeps a figure and gives it as the text of a cell.
---@param format string
---@param group string
---@param who string
---@param what string
---@param values? number[]|bench.Figure nil: there is none
---@param better? "less"|"more"
---@return string
function Report:cell(format, group, who, what, values, better)
  return values and self:add(group, who, what, values, better):show(format) or "–"
end

---Prints a table.
---@param one bench.Table
function Report:table(one)
  table.insert(self.tables, one)
  self.print_line(markdown.table(one))
end

---A line that is no figure, as of who is not measured.
---@param text string
function Report:say(text)
  self.print_line(text)
end

---Measures one part after the other. One that fails is named, with the reason; what it has found
---until then stays, and the next one follows.
---@param parts string[]
---@param load fun(part: string): fun(report: bench.Report)
---@param after_each fun()
function Report:measure(parts, load, after_each)
  for _, part in ipairs(parts) do
    local began = core.monotonic()
    self.part = part
    local ok, err = xpcall(function() load(part)(self) end, debug.traceback)
    self.seconds[part] = core.monotonic() - began
    self:say(("\n(%s took %.0f s)"):format(part, self.seconds[part]))
    if not ok then
      self.failed[part] = tostring(err)
      self:say(("(%s FAILED, and its figures are not all there: %s)"):format(part, err))
    end
    after_each()
  end
end

---Runs each in turn, round by round. What is not ours and fails is told of, and has the results
---of the rounds before: what it shall be compared with is measured to the end.
---@param wanted table[]
---@param run fun(one: table): table
---@return table<table, table[]>
function Report:run(wanted, run)
  local has_failed = {}
  return figures.rounds(wanted, self.rounds, function(one)
    if not one.is_foreign then
      return run(one)
    elseif has_failed[one] then
      return nil
    end
    local ok, result = pcall(run, one)
    if not ok then
      has_failed[one] = true
      self:say(("(%s is not measured from here on: %s)"):format(one.name, result))
    end
    return ok and result or nil
  end)
end

-- The cells of one row, all of whose figures are kept.
local function cells_of(report, comparison, one, costs)
  local cells = { one.name }
  for _, column in ipairs(comparison.columns) do
    local figure = figures.collect(comparison.results[one], column.get)
    if figure then
      report:add(comparison.group, one.name, column.name, figure,
        not one.is_foreign and column.better or nil)
    end
    if column.is_cost then
      costs[one] = figure
    end
    if not column.is_quiet then
      cells[#cells + 1] = figure and figure:show(column.format) or "–"
    end
  end
  return cells
end

local function ratio_of(report, comparison, one, costs)
  local first = comparison.of[1]
  if one == first then
    return "1"
  end
  local ratio = costs[one] and costs[first] and figures.ratio(costs[one], costs[first])
  return ratio and report:cell("%.2f", comparison.group, one.name, comparison.ratio, ratio,
    comparison.ratio_better or "more")
    or "–"
end

-- Rows of what each thread of the first one costs.
local function thread_rows(report, comparison, width)
  local results = comparison.results[comparison.of[1]]
  local names, rows = {}, {}
  for name in pairs(results[1].threads or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  local place, cost = 0, nil
  for _, column in ipairs(comparison.columns) do
    place = place + ((cost or column.is_quiet) and 0 or 1)
    cost = cost or column.is_cost and column or nil
  end
  for _, name in ipairs(names) do
    local figure = figures.collect(results, function(result)
      return (result.threads[name] or 0) * cost.get(result) / result.cpu_s
    end)
    report:add(comparison.group, "thread " .. name, cost.name, figure, "less")
    if cost.format:format(figure.most) ~= cost.format:format(0) then
      local row = { "of which the thread " .. name, "" }
      for i = 3, width do
        row[i] = i == place + 2 and figure:show(cost.format) or ""
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

---@class bench.Comparison
---@field group string which measurement of the part it is
---@field title string
---@field note string?
---@field kind string what those are that are compared
---@field is_detail boolean? see bench.Table
---@field of table[] each with a name; lua-slack first
---@field results table<table, table[]> of each, one a round
---@field columns bench.Column[]
---@field ratio_of string? what the cost is called: "cost"
---@field ratio_better "less"|"more"|nil of the others' cost beside the first one's: "more"
---@field with_threads boolean? rows of the first one's threads; its results have cpu_s

---A table of who was measured, with what each costs beside the first one, in the same round.
---@param comparison bench.Comparison
function Report:compare(comparison)
  local heads, rows, costs = { comparison.kind }, {}, {}
  local has_ratio = comparison.of[1].is_ours
  comparison.ratio = ("%s, %s = 1"):format(comparison.ratio_of or "cost", comparison.of[1].name)
  if has_ratio then
    heads[2] = comparison.ratio
  end
  for _, column in ipairs(comparison.columns) do
    if not column.is_quiet then
      heads[#heads + 1] = column.name
    end
  end
  for _, one in ipairs(comparison.of) do
    local cells = cells_of(self, comparison, one, costs)
    if has_ratio then
      table.insert(cells, 2, ratio_of(self, comparison, one, costs))
    end
    rows[#rows + 1] = cells
    if has_ratio and one == comparison.of[1] and comparison.with_threads then
      table.move(thread_rows(self, comparison, #heads), 1, #heads * 8, #rows + 1, rows)
    end
  end
  self:table {
    title = comparison.title, note = comparison.note, heads = heads, rows = rows,
    is_detail = comparison.is_detail,
  }
end

return Report
