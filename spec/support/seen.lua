-- All that may be seen of what a program does: lines, the records they were made from,
-- errors with their fields, pages. Searched for what nobody may read there.

local M = {}

---@class support.Seen
---@field texts string[]
local Seen = {}
Seen.__index = Seen

---@return support.Seen
function M.new()
  return setmetatable({ texts = {} }, Seen)
end

---Notes a value, and whatever is in it if it is a table.
---@param value any
function Seen:add(value)
  if type(value) == "table" then
    for name, field in next, value do
      self:add(name)
      self:add(field)
    end
  end
  table.insert(self.texts, tostring(value))
end

---A sink for a log.
---@return fun(line: string, record: table)
function Seen:sink()
  return function(line, record)
    self:add(line)
    self:add(record)
  end
end

---@return string
function Seen:text()
  return table.concat(self.texts, "\n")
end

---Fails unless each of these is there, and none of those.
---@param told string[]
---@param secrets table<any, string>
function Seen:check(told, secrets)
  local text = self:text()
  for _, word in ipairs(told) do
    assert(text:find(word, 1, true), word .. " is not in:\n" .. text)
  end
  for _, secret in pairs(secrets) do
    local at = #secret >= 8 and text:find(secret, 1, true)
    if at then
      error(("%s is in: %s"):format(secret, text:sub(math.max(at - 200, 1), at + 200)), 2)
    end
  end
end

return M
