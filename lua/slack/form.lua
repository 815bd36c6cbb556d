-- application/x-www-form-urlencoded text.

local M = {}

local function escape_byte(byte)
  return ("%%%02X"):format(byte:byte())
end

---@param text string
---@return string
function M.escape(text)
  return (text:gsub("[^%w%-_%.~]", escape_byte))
end

---Joins names and values; a value that is a list is repeated. Sorted by name.
---@param fields table<string, string|number|boolean|(string|number|boolean)[]>
---@return string
function M.encode(fields)
  local names = {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  local parts = {}
  for _, name in ipairs(names) do
    local value = fields[name]
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      parts[#parts + 1] = M.escape(name) .. "=" .. M.escape(tostring(item))
    end
  end
  return table.concat(parts, "&")
end

return M
