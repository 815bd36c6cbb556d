-- Rows of texts as aligned columns, for people.

local M = {}

local GAP = "  "

-- Characters, or bytes of what is no UTF-8.
local function width(text)
  return utf8.len(text) or #text
end

---One line of at most so many characters, in which nothing moves the cursor.
---@param text string
---@param maximum integer
---@return string
function M.one_line(text, maximum)
  text = text:gsub("%s+", " "):gsub("%c", "?")
  if width(text) <= maximum then
    return text
  end
  local at = utf8.len(text) and utf8.offset(text, maximum) or maximum
  return text:sub(1, at - 1) .. "…"
end

---Lines, in which the last column is as wide as it is.
---@param rows string[][] of equal length
---@return string
function M.format(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, width(text))
    end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i, text in ipairs(row) do
      cells[i] = text .. (" "):rep(widths[i] - width(text))
    end
    table.insert(lines, (table.concat(cells, GAP):gsub(" +$", "")))
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
