-- Tables laid over one another.

---@param ... table? those that are nil are passed over
---@return table new with the fields of all; of those with one name the last one's
local function merged(...)
  local all = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do
      all[name] = value
    end
  end
  return all
end

return merged
