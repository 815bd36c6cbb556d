-- Medians with their extremes, and Markdown tables of them.

local M = {}

---@class bench.Figure
---@field median number
---@field least number
---@field most number

---@param values number[]
---@return bench.Figure
function M.figure(values)
  table.sort(values)
  local middle = (#values + 1) // 2
  local median = #values % 2 == 1 and values[middle] or (values[middle] + values[middle + 1]) / 2
  return { median = median, least = values[1], most = values[#values] }
end

---The figure of get(result) over all results.
---@param results table[]
---@param get fun(result: table): number
---@return bench.Figure
function M.collect(results, get)
  local values = {}
  for i, result in ipairs(results) do
    values[i] = get(result)
  end
  return M.figure(values)
end

---"median (least–most)"
---@param value bench.Figure
---@param format string of each number
---@return string
function M.show(value, format)
  if value.least == value.most then
    return format:format(value.median)
  end
  return (format .. " (" .. format .. "–" .. format .. ")"):format(
    value.median,
    value.least,
    value.most
  )
end

---@param ... string cells
function M.row(...)
  print("| " .. table.concat({ ... }, " | ") .. " |")
end

---@param title string
---@param ... string names of the columns
function M.heading(title, ...)
  print("\n" .. title .. "\n")
  M.row(...)
  print("|" .. (" --- |"):rep(select("#", ...)))
end

return M
