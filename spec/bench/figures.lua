-- Figures: the values that rounds gave, in the order of the rounds, with their median and
-- their extremes.

local M = {}

---@class bench.Figure
---@field values number[] one a round
---@field median number
---@field least number
---@field most number
local Figure = {}
Figure.__index = Figure

---@param values number[] at least one
---@return bench.Figure
function M.new(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = (#sorted + 1) // 2
  local median = #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
  return setmetatable({
    values = values, median = median, least = sorted[1], most = sorted[#sorted],
  }, Figure)
end

-- No number that could be compared: of nothing by nothing, as of a program that has died.
local function is_missing(value)
  return value == nil or value ~= value or value == math.huge or value == -math.huge
end

---The figure of get(result) over all results; nil where one of them has none.
---@param results table[]
---@param get fun(result: table): number?
---@return bench.Figure?
function M.collect(results, get)
  local values = {}
  for i, result in ipairs(results) do
    values[i] = get(result)
    if is_missing(values[i]) then
      return nil
    end
  end
  return #values > 0 and M.new(values) or nil
end

---One figure by another, round by round, so that a slow minute that met both is in neither.
---@param one bench.Figure
---@param other bench.Figure
---@return bench.Figure?
function M.ratio(one, other)
  local values = {}
  for i = 1, math.min(#one.values, #other.values) do
    if other.values[i] == 0 then
      return nil
    end
    values[i] = one.values[i] / other.values[i]
  end
  return #values > 0 and M.new(values) or nil
end

---"median (least–most)"
---@param format string of each number
---@return string
function Figure:show(format)
  local median, least, most =
    format:format(self.median), format:format(self.least), format:format(self.most)
  return least == most and median or ("%s (%s–%s)"):format(median, least, most)
end

---Runs each in turn, round by round, so that a slow minute meets all of them.
---@param wanted table[]
---@param count integer of rounds
---@param run fun(one: table): table
---@return table<table, table[]> results of each
function M.rounds(wanted, count, run)
  local results = {}
  for _ = 1, count do
    for _, one in ipairs(wanted) do
      results[one] = results[one] or {}
      table.insert(results[one], run(one))
    end
  end
  return results
end

return M
