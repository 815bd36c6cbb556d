-- The keys of a table in their order, where pairs gives them in any.

local function by_text(a, b)
  return tostring(a) < tostring(b)
end

---@param map table<any, any>
---@return any[] keys in the order of their texts
local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, by_text)
  return keys
end

return sorted_keys
