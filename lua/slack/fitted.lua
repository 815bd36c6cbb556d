-- Tables never become smaller by what is taken out of them.

---@generic T: table
---@param map T
---@return T new with the same content, as large as that needs
local function fitted(map)
  local new = setmetatable({}, getmetatable(map))
  for key, value in next, map do
    new[key] = value
  end
  return new
end

return fitted
