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

---A table of who was measured, with the CPU time of each beside the first one's.
---@param title string
---@param kind string what they are
---@param wanted table[]
---@param results table<table, table[]>
---@param columns table[] name, format and a function of a result each
---@param cpu fun(result: table): number
function M.compare(title, kind, wanted, results, columns, cpu)
  local names = {}
  for i, column in ipairs(columns) do
    names[i] = column[1]
  end
  M.heading(title, kind, "CPU, ours = 1", table.unpack(names))
  local ours = wanted[1] and M.collect(results[wanted[1]], cpu).median
  for _, one in ipairs(wanted) do
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = M.show(M.collect(results[one], column[3]), column[2])
    end
    local ratio = M.collect(results[one], cpu).median / ours
    M.row(one.name, ("%.2f"):format(ratio), table.unpack(cells))
  end
end

---What each thread of lua-slack costs.
---@param unit string as in "100k events"
---@param short string the same in the head of a column
---@param results table[]
---@param share fun(result: table): number of a thread's CPU seconds, what goes into the table
---@param format string
---@param least? number what costs less is left out
function M.threads(unit, short, results, share, format, least)
  local names = {}
  for name in pairs(results[1].threads) do
    names[#names + 1] = name
  end
  table.sort(names)
  M.heading("CPU seconds of lua-slack's threads per " .. unit, "thread", "CPU s per " .. short)
  for _, name in ipairs(names) do
    local value = M.collect(results, function(result)
      return (result.threads[name] or 0) * share(result)
    end)
    if value.most >= (least or 0) then
      M.row(name, M.show(value, format))
    end
  end
end

return M
