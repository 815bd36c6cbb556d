-- Whether what was measured again and again stayed what it was: the median of the last third
-- beside that of the first one. Medians, as a collection or a reconnect moves single values.

local WARM_UP <const> = 0.1 -- of the values: until all there is has been set up

local flat = {}

---@param list number[] not empty; is left as it is
---@return number
function flat.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

---@param values number[]
---@return number? first median of the first third; nil: too few values
---@return number? last median of the last third
function flat.ends(values)
  local skipped = math.ceil(#values * WARM_UP)
  local third = (#values - skipped) // 3
  if third == 0 then
    return nil
  end
  local first = table.move(values, skipped + 1, skipped + third, 1, {})
  local last = table.move(values, #values - third + 1, #values, 1, {})
  return flat.median(first), flat.median(last)
end

---@param values number[]
---@param band number by which it may have grown
---@return boolean
function flat.is_flat(values, band)
  local first, last = flat.ends(values)
  return first ~= nil and last - first <= band
end

return flat
