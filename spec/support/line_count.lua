-- Lines of an example as examples/README.md counts them: not those that are blank, comments
-- or blocks.

local M = {}

-- A call of slack.blocks is no more than a word of the line in which it begins.
local function without_blocks(text)
  return (text:gsub("%f[%w]blocks%.[%w_.]+%s*(%b())", "BLOCKS")
    :gsub("%f[%w]blocks%.[%w_.]+%s*(%b{})", "BLOCKS"))
end

local function count_lines(statement)
  local count = 0
  for line in statement:gmatch "[^\n]+" do
    if line:find "%S" and not line:find "^%s*local [%w_]+ = BLOCKS$" then
      count = count + 1
    end
  end
  return count
end

-- "message" of app:message(…), "function" of local function …, else "frame".
local function kind_of(statement)
  return statement:match "^app:([%w_]+)" or statement:match "^local (function) " or "frame"
end

---Lines by what they are for: a listener's method, "function", or "frame" for all else.
---@param text string of a Lua file whose statements begin at the line's first column
---@return table<string, integer>
function M.by_kind(text)
  text = without_blocks(("\n" .. text):gsub("%s*%-%-[^\n]*", ""))
  local counts, statement = {}, ""
  local function close()
    local kind = kind_of(statement)
    counts[kind] = (counts[kind] or 0) + count_lines(statement)
    statement = ""
  end
  for line in text:gmatch "[^\n]+" do
    local goes_on = line:find "^%s" or line:find "^end" or line:find "^[})]"
    if not goes_on then
      close()
    end
    statement = statement .. line .. "\n"
  end
  close()
  return counts
end

---Lines of the listeners of one method with the functions of the file; or of all else.
---@param text string
---@param kind string "message", …, or "frame"
---@return integer
function M.count(text, kind)
  local counts = M.by_kind(text)
  return (counts[kind] or 0) + (kind ~= "frame" and counts["function"] or 0)
end

return M
