-- What has moved between two runs of the bench. A figure has when the values of its rounds do
-- not overlap: had nothing changed, all of one side's would lie above all of the other's once
-- in 126 times with five rounds on each side (2 / C(10, 5)). Where there are so few rounds that
-- this is no more than chance, nothing is said of a figure.

local figures = require "bench.figures"
local results = require "bench.results"

local M = {}

-- The most that the chance may be: four rounds against five are enough, four against four not.
local MAX_CHANCE <const> = 0.02

---@class bench.Move
---@field name string
---@field old bench.Figure
---@field new bench.Figure
---@field change number? 0.1: 10 % more; nil: there was nothing
---@field verdict "better"|"worse"|"moved"|"same"|"too few rounds"

-- In how many ways count of all can be chosen.
local function choices(all, count)
  local product = 1
  for i = 1, count do
    product = product * (all - count + i) / i
  end
  return product
end

---How often so many values lie apart from so many others although all are of one kind.
---@param one integer
---@param other integer
---@return number
function M.chance(one, other)
  return 2 / choices(one + other, one)
end

local function verdict_of(old, new, better)
  if old.least <= new.most and new.least <= old.most then
    return "same"
  elseif M.chance(#old.values, #new.values) > MAX_CHANCE then
    return "too few rounds"
  elseif not better then
    return "moved"
  end
  return (new.median < old.median) == (better == "less") and "better" or "worse"
end

---@param old_values number[]
---@param new_values number[]
---@param better "less"|"more"|nil
---@param name? string
---@return bench.Move
function M.of(old_values, new_values, better, name)
  local old, new = figures.new(old_values), figures.new(new_values)
  return {
    name = name or "", old = old, new = new, verdict = verdict_of(old, new, better),
    change = old.median ~= 0 and new.median / old.median - 1 or nil,
  }
end

local function by_name(document)
  local list = {}
  for _, figure in ipairs(document.figures) do
    list[results.name(figure)] = figure
  end
  return list
end

---@param old bench.Results
---@param new bench.Results
---@return bench.Move[] of what is in both, in the order of new
---@return string[] gone names that new lacks
---@return string[] come names that old lacks
function M.compare(old, new)
  local before, after, moves, gone, come = by_name(old), by_name(new), {}, {}, {}
  for _, figure in ipairs(new.figures) do
    local name = results.name(figure)
    if before[name] then
      moves[#moves + 1] = M.of(before[name].values, figure.values, figure.better, name)
    else
      come[#come + 1] = name
    end
  end
  for _, figure in ipairs(old.figures) do
    local name = results.name(figure)
    gone[#gone + 1] = not after[name] and name or nil
  end
  return moves, gone, come
end

return M
