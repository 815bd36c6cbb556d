-- Tables as Markdown.

local M = {}

---@class bench.Table
---@field title string
---@field note string? what must be known besides
---@field heads string[]
---@field rows string[][]
---@field is_detail boolean? the README of the project does without it

local function row(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

---@param one bench.Table
---@return string
function M.table(one)
  local lines = { "", one.title .. (one.note and ": " .. one.note or ""), "", row(one.heads) }
  lines[#lines + 1] = "|" .. (" --- |"):rep(#one.heads)
  for _, cells in ipairs(one.rows) do
    lines[#lines + 1] = row(cells)
  end
  return table.concat(lines, "\n")
end

return M
