-- Rows of texts as aligned columns, for people.

local clean = require "slack.stream_text".clean

local M = {}

local GAP = "  "

-- Characters of what `one_line` gave.
local function width(text)
  return utf8.len(text) or #text
end

-- Terminals take some characters above ASCII for control characters, too.
local CONTROLS = "\xC2[\x80-\x9F]"

---One line of at most so many characters, in which nothing moves the cursor.
---@param text string
---@param maximum integer
---@return string
function M.one_line(text, maximum)
  text = clean(text, true):gsub("%s+", " "):gsub("%c", "?"):gsub(CONTROLS, "?")
  if width(text) <= maximum then
    return text
  end
  return text:sub(1, utf8.offset(text, maximum) - 1) .. "…"
end

---Text of any lines, in which nothing else moves the cursor, whoever wrote it.
---@param text string
---@return string
function M.harmless(text)
  return (text:gsub("[%c\127]", function(char)
    return (char ~= "\n" and char ~= "\t") and "?" or nil
  end):gsub(CONTROLS, "?"))
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
